"""The files of a world: same seed, same bytes; the contract's shape; every row in its place and its time."""

import datetime as dt
import hashlib

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recovery import read_table, read_world

from analytics_lib import simulate
from analytics_lib.errors import RequestError
from analytics_lib.schema import FUNNEL_STAGES, TABLES
from analytics_lib.simulate.columns import picked
from analytics_lib.simulate.write import write_ndjson
from planted import UNTIL

PYTHON_TYPES = {"id": str, "text": str, "int": int, "float": (int, float), "bool": bool, "at": str}


def hashes(folder, *, seed):
    simulate.write_world(folder, conversations=200, seed=seed, until=UNTIL)
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_gives_the_same_bytes(tmp_path):
    assert hashes(tmp_path / "a", seed=3) == hashes(tmp_path / "b", seed=3)


def test_another_seed_gives_other_rows_in_every_table_that_is_drawn(tmp_path):
    first, second = hashes(tmp_path / "a", seed=3), hashes(tmp_path / "b", seed=4)
    same = {name for name in first if first[name] == second[name]}

    assert same == {"truth/funnel.parquet", "truth/calendar.parquet", "truth/confusions.parquet"} | {
        "truth/effects.parquet"
    }


@pytest.mark.parametrize("conversations", [1, 10])
def test_tiny_world_has_every_table_and_exactly_its_conversations(tmp_path, conversations):
    truth = simulate.write_world(tmp_path, conversations=conversations, seed=1, until=UNTIL)

    lines = {path.stem: path.read_bytes().count(b"\n") for path in tmp_path.glob("*.ndjson")}
    assert lines == truth.rows
    assert set(lines) == set(TABLES)
    assert lines["conversations"] == conversations
    assert lines["messages"] >= 2 * conversations


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    conversations=st.integers(1, 60),
    seed=st.integers(0, 2**40),
    until=st.dates(dt.date(2015, 1, 1), dt.date(2030, 1, 1)),
    days=st.integers(28, 60),
)
def test_any_small_world_keeps_to_its_size_and_window(tmp_path, conversations, seed, until, days):
    simulate.write_world(tmp_path, conversations=conversations, seed=seed, until=until, days=days)
    frames = read_world(tmp_path)

    end = pd.Timestamp(until).tz_localize("America/Bogota")
    assert len(frames["conversations"]) == conversations
    assert frames["conversations"]["started_at"].min() >= end - pd.Timedelta(days=days)
    for frame in frames.values():
        for name in (name for name in frame.columns if str(name).endswith("_at")):
            assert not (frame[name] >= end).any(), name


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"conversations": 0}, "conversations is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"days": 27}, "days is 27"),
    ],
)
def test_impossible_world_is_refused_with_the_value(tmp_path, wrong, said):
    request = {"conversations": 5, "seed": 1, "until": UNTIL} | wrong

    with pytest.raises(RequestError, match=said):
        simulate.write_world(tmp_path, **request)


def test_progress_names_each_table(tmp_path):
    told = []
    simulate.write_world(tmp_path, conversations=2, seed=1, until=UNTIL, progress=told.append)

    assert [line.split()[-1] for line in told] == [
        *("conversations", "users", "products", "conversations", "messages", "actions", "events", "orders"),
        *("api_requests", "samples", "probes"),
    ]


def test_truth_file_says_what_the_returned_truth_says(world):
    truth, _, folder = world
    written = orjson.loads((folder / "truth" / "truth.json").read_bytes())

    assert written["parameters"] == truth.parameters
    assert written["rows"] == truth.rows
    assert [effect["ratio"] for effect in written["effects"]] == [effect.ratio for effect in truth.effects]
    assert {effect.name for effect in truth.effects} == {
        *("api_outage", "checkout_bug", "faster_bot", "churning_segment", "telling_behaviour"),
    }


def test_every_value_fits_its_column_of_the_contract(world):
    _, _, folder = world
    for path in folder.glob("*.ndjson"):
        columns = TABLES[path.stem].column
        with path.open("rb") as file:
            for line in file.readlines()[:3000]:
                check_row(orjson.loads(line), columns)


def check_row(row, columns):
    required = {name for name, column in columns.items() if column.required and column.type != "local"}
    assert required <= set(row) <= set(columns)
    for name, value in row.items():
        column = columns[name]
        assert isinstance(value, PYTHON_TYPES.get(column.type, object)), (name, value)
        assert column.low is None or column.low <= value <= column.high if column.high else True
        assert not column.values or value in column.values, (name, value)


def test_keys_are_unique(world):
    _, frames, _ = world
    for name, table in TABLES.items():
        keys = frames[name][[key for key in table.key if key != "labels"]]
        assert not keys.duplicated().any(), name


@pytest.mark.parametrize("table", ["messages", "actions", "events", "orders", "conversations"])
def test_every_row_belongs_to_a_conversation_and_its_user(world, table):
    _, frames, _ = world
    rows, chats = frames[table], frames["conversations"]

    if "user_id" in rows:
        assert rows["user_id"].isin(frames["users"]["user_id"]).all()
    of_chat = rows[rows["conversation_id"].notna()]
    joined = of_chat.merge(chats, on="conversation_id", how="left", suffixes=("", "_chat"))
    assert joined["channel"].notna().all()
    if table in ("messages", "events", "orders"):
        assert (joined["user_id"] == joined["user_id_chat"]).all()


@pytest.mark.parametrize(
    ("table", "time"), [("messages", "sent_at"), ("actions", "started_at"), ("events", "occurred_at")]
)
def test_times_lie_within_their_conversation(world, table, time):
    _, frames, _ = world
    chats = frames["conversations"].set_index("conversation_id")
    rows = frames[table]
    started = rows["conversation_id"].map(chats["started_at"])
    ended = rows["conversation_id"].map(chats["ended_at"])

    assert (rows[time] >= started).all()
    assert not (rows[time] > ended).any()


def test_first_message_is_the_users_at_the_start(world):
    _, frames, _ = world
    first = frames["messages"].sort_values("message_id").groupby("conversation_id").first()
    chats = frames["conversations"].set_index("conversation_id")

    assert (first["sender"] == "user").all()
    assert (first["sent_at"] == chats["started_at"].reindex(first.index)).all()


def test_order_of_message_ids_is_order_of_time(world):
    _, frames, _ = world
    messages = frames["messages"].sort_values("message_id")
    step = messages.groupby("conversation_id")["sent_at"].diff()

    assert not (step < pd.Timedelta(0)).any()


def test_stages_come_in_order_without_gaps(world):
    _, frames, _ = world
    events = frames["events"].sort_values(["conversation_id", "occurred_at"], kind="stable")
    stages = events[events["name"].isin(FUNNEL_STAGES)]
    first = stages.drop_duplicates(["conversation_id", "name"])
    position = first.groupby("conversation_id").cumcount()

    assert (first["name"] == position.map(dict(enumerate(FUNNEL_STAGES)))).all()
    assert set(first["conversation_id"]) == set(frames["conversations"]["conversation_id"])


def test_each_purchase_in_chat_is_one_order_of_the_same_moment_and_amount(world):
    _, frames, _ = world
    orders = frames["orders"]
    bought = frames["events"][frames["events"]["name"] == "purchase_completed"]
    in_chat = orders[orders["conversation_id"].notna()]
    pairs = bought.merge(in_chat, on="conversation_id", how="outer", validate="one_to_one")

    assert (pairs["occurred_at"] == pairs["ordered_at"]).all()
    assert (pairs["value"] == pairs["amount"]).all()


def test_refunds_give_back_the_whole_order_later(world):
    _, frames, _ = world
    orders = frames["orders"].set_index("order_id")
    refunds = orders[orders["amount"] < 0]
    original = orders.loc[refunds.index.str.removesuffix("-refund")]

    assert len(refunds) > 10
    assert (refunds["amount"].to_numpy() == -original["amount"].to_numpy()).all()
    assert (refunds["ordered_at"].to_numpy() > original["ordered_at"].to_numpy()).all()


def test_outcome_end_and_resolution_agree(world):
    _, frames, _ = world
    chats = frames["conversations"]
    bought = frames["events"].loc[frames["events"]["name"] == "purchase_completed", "conversation_id"]
    closed = chats[chats["ended_at"].notna()]

    assert (chats["ended_at"].isna() == chats["outcome"].isna()).all()
    assert chats.loc[chats["ended_at"].isna(), ["resolved", "csat", "nps"]].isna().all(axis=None)
    assert ((closed["outcome"] == "purchase") == closed["conversation_id"].isin(bought)).all()
    assert closed.loc[closed["outcome"] == "escalated", "escalated_at"].notna().all()
    assert (closed.loc[closed["outcome"].isin(["purchase", "resolved"]), "resolved"].dropna() == 1).all()
    assert (closed.loc[closed["outcome"] == "abandoned", "resolved"].dropna() == 0).all()


def test_conversations_of_the_last_hours_are_open_more_often(tmp_path):
    simulate.write_world(tmp_path, conversations=5000, seed=2, until=UNTIL, days=28)
    chats = read_table(tmp_path / "conversations.ndjson")
    late = chats["started_at"] >= pd.Timestamp(UNTIL).tz_localize("America/Bogota") - pd.Timedelta("3h")

    assert chats.loc[late, "ended_at"].isna().mean() > 0.1
    assert chats.loc[~late, "ended_at"].isna().mean() == pytest.approx(0.01, abs=0.01)


def test_texts_hold_hostile_and_personal_ones(world):
    truth, frames, _ = world
    texts = frames["messages"]["text"].dropna()
    personal = texts.str.contains(r"@example\.com|mi cel es|me llaman al|mi cédula es")

    assert texts.str.contains("<script>", regex=False).sum() == 1
    assert texts.str.startswith("=HYPERLINK(").sum() == 1
    assert texts.str.contains("\u202e").sum() == 1
    assert personal.sum() == truth.facts["messages_with_personal_data"] > 100


def test_only_what_the_shop_sends_has_a_delivery_status(world):
    _, frames, _ = world
    messages = frames["messages"]

    assert (messages["status"].isna() == (messages["sender"] == "user")).all()


def test_agents_wait_shows_in_the_queue(world):
    _, frames, _ = world
    waits = frames["messages"].merge(
        frames["conversations"].loc[frames["conversations"]["agent_id"].notna()], on="conversation_id"
    )
    joined = waits[waits["sender"] == "agent"].groupby("conversation_id")["sent_at"].min()
    called = frames["conversations"].set_index("conversation_id")["escalated_at"].reindex(joined.index)
    at = frames["samples"]["sampled_at"].iloc[30_000]

    waiting = ((called <= at) & (joined > at)).sum()
    assert frames["samples"]["value"].iloc[30_000] == waiting


def test_writer_escapes_leaves_nulls_out_and_writes_times_as_iso(tmp_path):
    rows = pa.table(
        {
            "id": ["a", "b"],
            "text": pa.array(['say "hi"\\\n<b>', None]),
            "kind": picked(np.array([1, 0]), ["x", 'y"'], np.array([True, False])),
            "at": pa.array([0, 1], type=pa.timestamp("ms", tz="UTC")),
            "ok": [True, False],
            "share": pa.array([0.125, None]),
        }
    )

    assert write_ndjson(rows, tmp_path / "t.ndjson") == 2
    first, second = (tmp_path / "t.ndjson").read_bytes().splitlines()
    assert orjson.loads(first) == {
        "id": "a",
        "text": 'say "hi"\\\n<b>',
        "kind": 'y"',
        "at": "1970-01-01T00:00:00.000Z",
        "ok": True,
        "share": 0.125,
    }
    assert orjson.loads(second) == {"id": "b", "at": "1970-01-01T00:00:00.001Z", "ok": False}


def test_every_row_written_is_ingested_and_none_quarantined(world, stored_world):
    truth, frames, reports = stored_world

    assert {report.file.split(".")[0]: report.accepted for report in reports} == truth.rows
    assert sum(report.quarantined + report.duplicates for report in reports) == 0
    assert {table: len(rows) for table, rows in frames.items()} == truth.rows
