"""The door to the engine reads one SELECT over the store's tables, and nothing else."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from store_rows import append, ask, at, frame, message

from analytics_lib.config import Settings
from analytics_lib.errors import RequestError, StoreError
from analytics_lib.schema import TABLES
from analytics_lib.store import Store
from analytics_lib.store.engine import Engine, empty

secret = pd.DataFrame({"a": [1]})


@pytest.fixture(scope="module")
def store():
    rows = [message("m1", text="hola", confidence=0.5), message("m2", sent_at=at(60))]
    with Store.in_memory(messages=frame(*rows)) as opened:
        yield opened


@pytest.fixture
def on_disk(root):
    append(root, "messages", message("m1"))
    with Store.open(root) as opened:
        yield opened


@pytest.mark.parametrize(
    "sql",
    [
        "copy messages to '{outside}'",
        "copy (select 1) to '{inside}'",
        "insert into messages select * from messages",
        "delete from messages",
        "drop view messages",
        "create table t (a int)",
        "attach '{outside}' as other",
        "export database '{outside}'",
        "set memory_limit = '99GB'",
        "reset allowed_directories",
        "pragma database_list",
        "call pragma_version()",
        "load json",
        "install httpfs",
        "select 1; select 2",
        "",
        "with gone as (delete from messages returning *) select * from gone",
    ],
)
def test_statement_that_is_not_one_select_is_refused(on_disk, root, tmp_path, sql):
    text = sql.format(outside=tmp_path / "out.csv", inside=root / "messages" / "out.csv")
    with pytest.raises(RequestError):
        on_disk.query(text)
    assert not list(tmp_path.rglob("out.csv"))
    assert on_disk.query("select count(*) as n from messages").n[0] == 1


def test_footer_of_a_file_is_kept_for_the_next_question(on_disk):
    assert on_disk.query("select current_setting('parquet_metadata_cache') as kept").kept[0]


def test_file_that_lacks_a_column_or_holds_it_elsewhere_is_read_by_name(tmp_path):
    files = [str(tmp_path / name) for name in ("new.parquet", "old.parquet")]
    whole = pa.table({"product_id": ["p1"], "name": ["Aura"], "category": ["shoes"]})
    new = pa.concat_tables([empty(TABLES["products"]), whole], promote_options="default")
    old = new.drop_columns("category")
    pq.write_table(new, files[0])
    pq.write_table(old.select(old.column_names[::-1]), files[1])
    engine = Engine(memory_limit_gb=1)
    engine.view(TABLES["products"], files)
    found = engine.arrow("select name, category from products order by category nulls last").to_pylist()
    engine.close()
    assert found == [{"name": "Aura", "category": "shoes"}, {"name": "Aura", "category": None}]


def test_delete_inside_a_select_takes_no_row_of_a_store_in_memory(store):
    with pytest.raises(RequestError, match="read-only"):
        store.query("with gone as (delete from messages returning *) select * from gone")
    assert store.query("select count(*) as n from messages").n[0] == 2


@pytest.mark.parametrize(
    "read",
    [
        "read_text('{secret}')",
        "read_blob('{secret}')",
        "read_csv('{secret}')",
        "'{secret}'",
        "read_text('{root}/messages/../../secret.csv')",
        "read_text('{root}/_meta/versions.json')",
        "read_text('{root}/messages/link.csv')",
        "read_text('{root}/messages/folder/secret.csv')",
        "glob('{folder}/*')",
        "glob('/etc/*')",
    ],
)
def test_file_outside_the_tables_cannot_be_read(on_disk, root, tmp_path, read):
    secret_file = tmp_path / "secret.csv"
    secret_file.write_text("a\n1\n")
    (root / "messages" / "link.csv").symlink_to(secret_file)
    (root / "messages" / "folder").symlink_to(tmp_path)
    path = read.format(secret=secret_file, root=root, folder=tmp_path)
    with pytest.raises((RequestError, StoreError)):
        on_disk.query(f"select * from {path}")


def test_variable_of_the_caller_is_no_table(store):
    local = secret  # a name the engine could find in this frame
    assert len(local) == 1
    for name in ("local", "secret"):
        with pytest.raises(RequestError, match="does not exist"):
            store.query(f"select * from {name}")


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (np.int64(7), "bigint", "7"),
        (np.float32(0.5), "double", "0.5"),
        (np.bool_(1), "boolean", "true"),
        (np.str_("ñ"), "varchar", "ñ"),
        (pd.Timestamp("2024-05-12 07:00", tz="America/Bogota"), "timestamptz", "2024-05-12 12:00:00+00"),
        (dt.datetime(2024, 5, 12, 12, tzinfo=dt.UTC), "timestamptz", "2024-05-12 12:00:00+00"),
        (pd.Timestamp("2024-05-12 12:00"), "timestamp", "2024-05-12 12:00:00"),
        (np.datetime64("2024-05-12T12:00:00", "ns"), "timestamp", "2024-05-12 12:00:00"),
        (np.datetime64("2024-05-12", "D"), "date", "2024-05-12"),
        (dt.date(2024, 5, 12), "date", "2024-05-12"),
        (np.timedelta64(90, "m"), "interval", "01:30:00"),
        (pd.Timedelta("1h"), "interval", "01:00:00"),
        (pd.NaT, "timestamp", None),
        (pd.NA, "bigint", None),
        ([np.int64(1), np.int64(2)], "bigint[]", "[1, 2]"),
        (np.array(["a", "b"]), "varchar[]", "[a, b]"),
        (pd.Series([3, 4]), "bigint[]", "[3, 4]"),
        ("'; drop table messages", "varchar", "'; drop table messages"),
    ],
)
def test_value_is_bound_as_what_it_is(store, value, kind, text):
    answer = store.query(f"select $value::{kind}::varchar as given", value=value).given[0]
    assert (None if pd.isna(answer) else answer) == text


def test_aware_and_naive_bounds_find_the_same_message(store):
    sql = "select message_id from messages where sent_at >= $since"
    for since in (at(30), pd.Timestamp("2024-05-12 12:30"), pd.Timestamp("2024-05-12 07:30-05:00")):
        assert store.query(sql, since=since).message_id.tolist() == ["m2"]


@pytest.mark.parametrize(
    ("sql", "given", "words"),
    [
        ("select $a as a", {}, "not provided.*: a"),
        ("select 1 as a", {"b": 2}, "mismatch"),
        ("select $a as a", {"b": 2}, "not provided.*: a"),
        ("select $a as a", {"a": object()}, "object"),
        ("select sendr from messages", {}, "sender"),
        ("select * from mesages", {}, "messages"),
        ("select 'a'::int", {}, "Could not convert"),
        ("selec 1", {}, "cannot be read"),
    ],
)
def test_question_that_cannot_be_answered_is_refused_and_says_why(store, sql, given, words):
    with pytest.raises(RequestError, match=words):
        store.query(sql, **given)


def test_four_threads_may_ask_at_once(store):
    sql = "select count(*) as n, $k::int as k from messages, range(200000)"
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda k: store.query(sql, k=k), range(16)))
    assert [(a.n[0], a.k[0]) for a in answers] == [(400_000, k) for k in range(16)]


def test_question_beyond_the_memory_limit_spills_or_says_what_to_do(root):
    append(root, "users", {"user_id": "u1"})
    small = Settings(memory_limit_gb=0.1)
    with Store.open(root, settings=small) as store:
        large = "select r as k, md5(r::varchar) as t from range(2500000) g(r)"
        sorted_rows = (
            f"with s as (select *, row_number() over (order by t) as n from ({large})) select max(n) as n"
        )
        assert store.query(f"{sorted_rows} from s").n[0] == 2_500_000
        with pytest.raises(StoreError, match=r"Ask for a shorter window .* ANALYTICS_MEMORY_LIMIT_GB"):
            store.query(f"select list(t) as all_texts from ({large})")
        assert store.query("select count(*) as n from users").n[0] == 1


@pytest.mark.parametrize(
    ("sql", "kind", "value"),
    [
        ("select count(*) as x from messages", "int64", 2),
        ("select sum(1::bigint) as x from messages", "int64", 2),
        ("select sum(9223372036854775807) as x from messages", "float64", 2.0**64),
        ("select sum(confidence) as x from messages", "float64", 0.5),
        ("select 1.25::decimal(5, 2) as x", "float64", 1.25),
        ("select max(sent_at) as x from messages", "datetime64[us, UTC]", pd.Timestamp(at(60))),
        ("select max(sent_local) as x from messages", "datetime64[us]", pd.Timestamp("2024-05-12 13:00")),
        ("select max(text) as x from messages", "str", "hola"),
        ("select true as x", "bool", True),
        ("select date '2024-05-12' as x", "object", dt.date(2024, 5, 12)),
    ],
)
def test_answer_has_the_type_of_its_column(store, sql, kind, value):
    answer = store.query(sql).x
    assert str(answer.dtype) == kind
    assert answer[0] == value


def test_whole_numbers_with_nulls_are_floats_and_truths_with_nulls_objects(store):
    answer = store.query("select * from (values (1, true), (null, null)) v(number, truth)")
    assert answer.number.dtype == "float64"
    assert answer.number.isna().tolist() == [False, True]
    assert answer.truth.tolist() == [True, None]


def test_empty_answer_keeps_its_columns(root):
    assert ask(root, "select message_id, sent_at from messages") == []
    with Store.open(root) as store:
        answer = store.query("select message_id, sent_at from messages")
    assert [str(kind) for kind in answer.dtypes] == ["str", "datetime64[us, UTC]"]
