import re

from charted_journeys import paths
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.charts.flow import flow, pool_small, to_bands
from analytics_lib.charts.flow_layout import NAME_HEIGHT, PLOT_HEIGHT, place_nodes


def plain(text):
    return re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " ")


def bands(frame):
    drawn = pool_small(to_bands(frame))
    return {(row[0], row[1], row[2]): row[3] for row in drawn.bands.itertuples(index=False)}


def names(figure):
    return [plain(note.text) for note in figure.layout.annotations]


def test_journeys_flow_from_the_start_through_each_event_to_the_end():
    assert bands(paths((["a", "b"], 3), (["a"], 2))) == {
        (1, "start", "a"): 5,
        (2, "a", "b"): 3,
        (2, "a", "end"): 2,
        (3, "b", "end"): 3,
    }


def test_path_that_was_cut_does_not_end():
    assert bands(paths((["a", "b", "…"], 3))) == {(1, "start", "a"): 3, (2, "a", "b"): 3}


def test_paths_that_are_not_listed_flow_as_the_others_at_every_step():
    found = bands(paths((["a"], 6), total=10))

    assert found[1, "start", "other"] == 4
    assert [found[step, "other", "other"] for step in (2, 3, 4, 5)] == [4, 4, 4, 4]
    assert not any(source == "other" and target == "end" for _, source, target in found)


def test_event_named_other_that_ends_is_not_the_rest():
    assert bands(paths((["other"], 3), (["a"], 2)))[2, "other", "end"] == 3


def test_event_called_start_is_an_event_like_any_other():
    listed = [(["start", name], 20 - place) for place, name in enumerate("abcdefgh")]
    figure = flow(paths(*listed, (["a", "start"], 1)))

    assert "inicio" in " ".join(names(figure))


def test_seventh_event_of_a_step_flows_with_the_others():
    found = bands(paths(*[([name], 20 - place) for place, name in enumerate("abcdefgh")]))

    assert found[1, "start", "other"] == 13 + 14
    assert found[1, "start", "f"] == 15
    assert found[2, "other", "end"] == 27


def test_only_the_first_five_steps_are_drawn():
    assert max(step for step, _, _ in bands(paths((list("abcdefg"), 1)))) == 5


def test_every_event_is_named_with_its_share_of_all_journeys():
    figure = flow(paths((["cart_added", "purchase_completed"], 3), (["cart_added"], 1)))

    assert "agrega al carrito 100,0 %" in " ".join(" ".join(names(figure)).split())
    assert "compra terminada 75,0 %" in " ".join(" ".join(names(figure)).split())
    assert "fin 25,0 %" in " ".join(" ".join(names(figure)).split())
    assert "n = 4 conversaciones" in plain(figure.layout.title.text)


def test_hover_says_of_how_many_with_counts():
    figure = flow(paths((["a", "b"], 3), (["a"], 1)), unit="user", language="en")
    hovers = [plain(text) for text in figure.data[0].link.customdata]

    assert any("3 users: 75.0% of 4 that were there" in text for text in hovers)


def test_window_without_journeys_says_so():
    assert names(flow(paths())) == ["Sin datos en esta ventana"]


def test_hostile_names_are_inert(hostile):
    figure = flow(paths(([hostile, hostile + "2"], 3)))
    shown = [note.text for note in figure.layout.annotations]
    shown += [*figure.data[0].node.customdata, *figure.data[0].link.customdata]

    for text in shown:
        assert not re.search(r"<(?!/?(b|br)>)", text)
        assert "$" not in text


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=6), st.integers(1, 500)),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 300),
)
def test_nothing_is_lost_and_no_name_lies_on_another(listed, rest):
    frame = paths(*listed, total=sum(n for _, n in listed) + rest)
    pooled = pool_small(to_bands(frame))
    drawn, (places, _) = pooled.bands, place_nodes(pooled.bands, pooled.order)
    arrived = drawn.groupby(["step", "target"])["journeys"].sum()
    left = drawn.groupby([drawn["step"] - 1, "source"])["journeys"].sum()
    columns = {}
    for place in places:
        columns.setdefault(place.step, []).append(place.y * PLOT_HEIGHT)

    assert drawn.loc[drawn["step"] == 1, "journeys"].sum() == frame["journeys"].sum()
    assert all(arrived[key] >= n for key, n in left.items() if key[0] > 0)
    for places in columns.values():
        apart = [low - high for low, high in zip(sorted(places)[1:], sorted(places), strict=False)]
        assert min(apart, default=NAME_HEIGHT) >= NAME_HEIGHT - 1e-6
        assert 0 <= min(places) <= max(places) <= PLOT_HEIGHT


def test_columns_stand_from_left_to_right_in_the_order_of_steps():
    figure = flow(paths((list("abcde"), 1)))
    stands = {
        plain(note.text).strip(): note.x for note in figure.layout.annotations if note.yanchor == "bottom"
    }

    assert sorted(stands, key=stands.get) == ["inicio", *(f"paso {step}" for step in range(1, 6))]
