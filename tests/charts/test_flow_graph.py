import itertools
import re

import pandas as pd
from charted_journeys import transitions
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.charts.flow_graph import choose_lines, transition_graph
from analytics_lib.charts.flow_graph_layout import MOST_IN_ROW, place_events

CHAIN = [("start", "a", 10), ("a", "b", 9), ("b", "c", 8), ("c", "end", 8)]


def rows_of(*each):
    spots = place_events({(source, target): float(n) for source, target, n in each})
    return {name: spot.row for name, spot in spots.items()}


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def thirty():
    """Thirty events, each followed by the next and by three more."""
    names = [f"evento_{place:02d}" for place in range(30)]
    pairs = [
        (one, other, 100 - step + place % 7)
        for place, one in enumerate(names)
        for step, other in enumerate(names[place + 1 : place + 5])
    ]
    return transitions(("start", names[0], 500), *pairs, (names[-1], "end", 90))


def test_a_chain_stands_in_its_order_from_start_to_end():
    assert rows_of(*CHAIN) == {"start": 0, "a": 1, "b": 2, "c": 3, "end": 4}


def test_what_leads_back_does_not_turn_the_order():
    assert rows_of(*CHAIN, ("c", "a", 7)) == rows_of(*CHAIN)


def test_layout_does_not_depend_on_the_order_of_rows():
    frame = thirty()

    assert choose_lines(frame).spots == choose_lines(frame.sample(frac=1, random_state=3)).spots


def test_lines_are_as_thick_as_their_transitions_and_the_thickest_is_on_top():
    figure = transition_graph(transitions(*CHAIN))
    widths = [trace.line.width for trace in traces(figure, "line")]

    assert widths == sorted(widths)
    assert widths[-1] == 11
    assert "<b>inicio</b> → <b>a</b>" in traces(figure, "line")[-1].hovertext[0]


def test_lines_back_up_are_dotted_and_lines_down_solid():
    figure = transition_graph(transitions(*CHAIN, ("c", "a", 2)))
    dashes = {trace.hovertext[0].partition("<br>")[0]: trace.line.dash for trace in traces(figure, "line")}

    assert dashes["<b>c</b> → <b>a</b>"] == "dot"
    assert dashes["<b>a</b> → <b>b</b>"] == "solid"


def test_repetition_is_a_ring_and_is_counted_under_the_name():
    figure = transition_graph(transitions(*CHAIN, ("b", "b", 6)))
    (ring,) = traces(figure, "loop")
    under = [note.text for note in figure.layout.annotations if note.text.startswith("b<br>")]

    assert ring.marker.symbol == "circle-open"
    assert "6 transiciones" in ring.hovertext[0].replace("\u00a0", " ")
    assert "↻ 6" in under[0]


def test_hover_gives_both_shares_with_their_denominators():
    frame = transitions(("a", "b", 3), ("a", "c", 1)).assign(users=2, source_users=3, reach=2 / 3)
    (line,) = [trace for trace in traces(transition_graph(frame), "line") if "<b>b</b>" in trace.hovertext[0]]
    said = line.hovertext[0].replace("\u00a0", " ")

    assert "3 transiciones: 75,0 % de las 4 que salen" in said
    assert "2 usuarios: 66,7 % de los 3 que estuvieron ahí" in said
    assert "1 min 30 s" in said


def test_what_is_not_drawn_is_counted_in_the_title():
    pairs = [
        (f"e{one}", f"e{other}", 50 - one - other) for one in range(8) for other in range(8) if one != other
    ]
    frame = transitions(*pairs)
    graph = choose_lines(frame)
    title = re.sub(r"<[^>]+>", " ", transition_graph(frame).layout.title.text).replace("\u00a0", " ")
    hidden = frame["transitions"].sum() - graph.lines["transitions"].sum()

    assert len(graph.lines) == 30
    assert "se dibujan 30 de 56 pares" in " ".join(title.split())
    assert hidden == 1050
    assert "sin dibujar, 1.050" in " ".join(title.split())


def test_event_without_a_strong_line_keeps_its_strongest():
    strong = [("a", f"b{place}", 100) for place in range(30)]
    drawn = choose_lines(transitions(*strong, ("a", "z", 1))).lines

    assert "z" not in set(drawn["target"])  # the 30 most frequent events are drawn, z is the 32nd

    few = choose_lines(transitions(*[("a", "b", 9)], ("c", "d", 1))).lines
    assert set(few["target"]) == {"b", "d"}


def test_thirty_events_have_a_place_each_and_room_for_their_names_on_a_phone():
    spots = choose_lines(thirty()).spots
    by_row = {}
    for spot in spots.values():
        by_row.setdefault(spot.row, []).append(spot.x)

    assert len(spots) == 32
    for places in by_row.values():
        assert len(places) <= max(MOST_IN_ROW)
        # Twelve letters of this size are 76 pixels wide; the plot of a phone is 348.
        assert min((b - a for a, b in itertools.pairwise(sorted(places))), default=1) * 348 > 76


def test_frame_without_transitions_says_so():
    figure = transition_graph(transitions())

    assert [note.text for note in figure.layout.annotations] == ["Sin datos en esta ventana"]


def test_hostile_names_are_inert(hostile):
    figure = transition_graph(transitions(("start", hostile, 3), (hostile, hostile, 2), (hostile, "end", 1)))
    shown = [note.text for note in figure.layout.annotations]
    shown += [text for trace in figure.data for text in trace.hovertext]

    for text in shown:
        assert not re.search(r"<(?!/?(b|br|span)[ >])", text)
        assert "$" not in text


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["start", *"abcdefgh"]), st.sampled_from([*"abcdefgh", "end"])),
        st.integers(1, 1000),
        min_size=1,
        max_size=60,
    )
)
def test_every_event_of_any_graph_has_a_place_of_its_own(edges):
    frame = transitions(*((source, target, n) for (source, target), n in edges.items()))
    spots = choose_lines(frame).spots
    taken = pd.Series([(spot.row, round(spot.x, 3)) for spot in spots.values()])

    assert set(spots) == {name for edge in edges for name in edge}
    assert taken.is_unique
    assert all(spots[name].row == 0 for name in {"start"} & set(spots))
