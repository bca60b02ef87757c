"""A store stays quick by joining small files, and says when something is wrong with it."""

import json
import os
import re
import shutil
import time

import pytest
from store_rows import append, ask, at, frame, message

from analytics_lib.errors import StoreError
from analytics_lib.store import Store, StoreWarning, delta, upkeep

IDS = "select user_id from users order by 1"
WEEK_AND_A_DAY = 8 * 24 * 3600


def users(root, *names, **columns):
    for name in names:
        append(root, "users", {"user_id": name, **columns})


def commits(root, table="users"):
    return sorted((root / table / "_delta_log").glob("*.json"))


def parts(root, table="users"):
    return sorted((root / table).rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)


def aged(root):
    """Let the store's past be a week and a day longer ago."""
    for commit in (root / "users" / "_delta_log").glob("*.json"):
        commit.write_text(
            re.sub(
                r'(?<="deletionTimestamp":)\d+',
                lambda m: str(int(m[0]) - WEEK_AND_A_DAY * 1000),
                commit.read_text(),
            )
        )
    for part in parts(root):
        os.utime(part, (time.time() - WEEK_AND_A_DAY,) * 2)


def test_many_small_appends_are_joined_and_read_the_same(root):
    most = 0
    for number in range(36):
        append(root, "messages", message(f"m{number:02}"))
        most = max(most, upkeep.info(root)[0].files)
    assert upkeep.info(root)[0].files < most <= 31
    assert ask(root, "select message_id from messages order by 1") == [(f"m{n:02}",) for n in range(36)]


def test_store_compacted_by_hand_holds_the_same_rows_in_one_file(root):
    users(root, "a", "b", "c")
    assert upkeep.compact(root, memory_limit_gb=1) == {"users": (2, 0)}
    assert ask(root, IDS) == [("a",), ("b",), ("c",)]
    described = upkeep.info(root)[0]
    assert (described.table, described.rows, described.files) == ("users", 3, 1)
    assert described.bytes == parts(root)[-1].stat().st_size


def test_compaction_sweeps_old_files_but_those_of_named_and_recent_versions(root):
    for number in range(24):
        users(root, "a", segment=str(number), updated_at=at(number))
    aged(root)
    upkeep.compact(root, memory_limit_gb=1, keep=[{"users": 0}])
    segment = "select segment from users"
    assert ask(root, segment, versions={"users": 0}) == [("0",)]
    assert ask(root, segment, versions={"users": 10}) == [("10",)]  # one of the last twenty
    assert ask(root, segment) == [("23",)]
    with pytest.raises(StoreError, match="FILE_MISSING: table users has lost 1 file"):
        Store.open(root, versions={"users": 1})


def test_compaction_sweeps_an_orphan_once_it_is_old(root):
    users(root, "a")
    old, young = (root / "users" / f"part-{name}.parquet" for name in ("old", "young"))
    old.write_bytes(b"P")
    aged(root)
    young.write_bytes(b"P")
    upkeep.compact(root, memory_limit_gb=1)
    assert (old.exists(), young.exists()) == (False, True)
    assert ask(root, IDS) == [("a",)]


def test_whole_store_has_no_problem(root):
    assert upkeep.verify(root) == []
    users(root, "a", "b")
    append(root, "messages", message("m1", confidence=7), message("m2"))
    assert upkeep.verify(root) == []


def test_info_counts_the_rows_of_every_table(root):
    users(root, "a", "b")
    append(root, "messages", message("m1", confidence=7), message("m2"))
    assert [(t.table, t.version, t.rows) for t in upkeep.info(root)] == [
        ("messages", 0, 1),
        ("users", 1, 2),
        ("quarantine", 0, 1),
    ]


def torn(root):
    commits(root)[-1].write_bytes(commits(root)[-1].read_bytes()[:200])


def emptied(root):
    commits(root)[-1].write_bytes(b"")


def last_commit_gone(root):
    commits(root)[-1].unlink()


def gap(root):
    commits(root)[1].unlink()


def first_commit_gone(root):
    commits(root)[0].unlink()


def table_gone(root):
    shutil.rmtree(root / "users")


def older_copy(root):
    """The table as a backup held it, one version ago."""
    commits(root)[-1].unlink()
    parts(root)[-1].unlink()


def another_table(root):
    other = root.with_name("other")
    users(other, "x", "y", "z", "w")
    shutil.rmtree(root / "users")
    shutil.copytree(other / "users", root / "users")


def newest_file_gone(root):
    parts(root)[-1].unlink()


def oldest_file_gone(root):
    parts(root)[0].unlink()


def newest_file_cut(root):
    parts(root)[-1].write_bytes(parts(root)[-1].read_bytes()[:-100])


def record_gone(root):
    (root / "_meta" / "versions.json").unlink()


def record_torn(root):
    record = root / "_meta" / "versions.json"
    record.write_text(record.read_text()[:60])


READS_OLDER = [
    (torn, "LOG_DAMAGED"),
    (emptied, "LOG_DAMAGED"),
    (newest_file_gone, "FILE_MISSING"),
    (newest_file_cut, "FILE_DAMAGED"),
]
REFUSED = [
    (last_commit_gone, "VERSION_WENT_BACK"),
    (older_copy, "VERSION_WENT_BACK"),
    (table_gone, "VERSION_WENT_BACK"),
    (another_table, "VERSION_WENT_BACK"),
    (first_commit_gone, "LOG_DAMAGED"),
    (oldest_file_gone, "FILE_MISSING"),
    (record_gone, "LOG_DAMAGED"),
    (record_torn, "LOG_DAMAGED"),
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("written") / "store"
    users(root, "a", "b", "c")
    return root


@pytest.fixture
def three(written, root):
    """A store whose table of users was written three times."""
    return shutil.copytree(written, root)


@pytest.mark.parametrize(("damage", "code"), [*READS_OLDER, *REFUSED, (gap, "LOG_DAMAGED")])
def test_damage_is_found(three, damage, code):
    damage(three)
    assert code in {problem.code for problem in upkeep.verify(three)}


@pytest.mark.parametrize(("damage", "code"), READS_OLDER)
def test_damaged_newest_state_gives_way_to_the_last_good_one_with_a_warning(three, damage, code):
    damage(three)
    with pytest.warns(StoreWarning, match=f"older state of the store is shown: {code}"):
        store = Store.open(three)
    with store:
        assert store.query(IDS).user_id.tolist() == ["a", "b"]
        assert store.versions == {"users": 1}


def test_gap_in_a_log_gives_way_to_the_state_before_it(three):
    gap(three)
    with pytest.warns(StoreWarning, match="LOG_DAMAGED"):
        store = Store.open(three)
    with store:
        assert store.query(IDS).user_id.tolist() == ["a"]


@pytest.mark.parametrize(("damage", "code"), REFUSED)
def test_store_without_a_good_state_to_show_is_refused(three, damage, code):
    damage(three)
    with pytest.raises(StoreError, match=code):
        Store.open(three)


@pytest.mark.parametrize("damage", [damage for damage, _ in READS_OLDER + REFUSED if damage != record_gone])
def test_nothing_is_written_on_top_of_damage(three, damage):
    with Store.open(three) as store:
        damage(three)
        record = three / "_meta" / "versions.json"
        before = record.read_text()
        with pytest.raises(StoreError):
            store.append("users", _one("d"))
        assert record.read_text() == before


def test_next_write_makes_a_lost_record_anew(three):
    with Store.open(three) as store:
        record_gone(three)
        assert store.append("users", _one("d")).accepted == 1
    assert ask(three, IDS) == [("a",), ("b",), ("c",), ("d",)]


def test_commit_torn_anywhere_is_found(three):
    whole = commits(three)[-1].read_bytes()
    for length in range(1, len(whole) - 1, 150):
        commits(three)[-1].write_bytes(whole[:length])
        assert "LOG_DAMAGED" in {problem.code for problem in upkeep.verify(three)}, length


def test_folder_of_no_table_is_found_and_harmless(three):
    (three / "mesages").mkdir()
    assert [(p.table, p.code) for p in upkeep.verify(three)] == [("mesages", "UNKNOWN_FOLDER")]
    assert ask(three, IDS) == [("a",), ("b",), ("c",)]


def test_checkpoint_keeps_a_log_whole_whose_beginning_is_gone(three):
    opened = delta.open_table(three, "users")
    opened.create_checkpoint()
    for commit in commits(three)[:-1]:
        commit.unlink()
    assert upkeep.verify(three) == []
    assert ask(three, IDS) == [("a",), ("b",), ("c",)]


def test_record_names_the_version_of_every_table(three):
    sets = json.loads((three / "_meta" / "versions.json").read_text())["sets"]
    assert [known["users"]["version"] for known in sets if known] == [2, 1, 0]


def _one(name):
    return frame({"user_id": name})
