"""Versions are whole or not there, and the pointer moves last."""

import pytest

from analytics_lib.errors import ModelDamagedError
from analytics_lib.store import model_files
from analytics_lib.store.model_files import Entry

TEXT = '{"kind": "churn", "format": 1}\r\n'
CARD = '{"title": "Card"}'


def entry(text=TEXT, *, number=1, card=CARD):
    hashes = model_files.sha256_of(text), model_files.sha256_of(card)
    return Entry("churn", number, *hashes, "churn", 1, "2026-01-01", "0.1.0")


def written(home, text=TEXT, **more):
    home.mkdir(exist_ok=True)
    model_files.write_version(home, entry(text, **more), {"model.json": text, "card.json": CARD})
    return entry(text, **more)


@pytest.fixture
def home(tmp_path):
    return model_files.home_of(tmp_path, "churn")


def test_version_reads_as_it_was_written_to_the_last_byte(home):
    one = written(home)

    assert model_files.read_model(home, one) == TEXT
    assert model_files.read_card(home, one) == {"title": "Card"}
    assert model_files.current(home) == one
    assert model_files.history(home) == [one]
    assert (home / one.version).stat().st_mode & 0o777 == 0o755


def test_nothing_is_current_where_nothing_was_published(home):
    assert model_files.current(home) is None
    assert model_files.history(home) == []


def test_full_disk_leaves_the_old_version_and_no_rest(home, monkeypatch):
    one = written(home)

    def full(path, text):
        if path.name == "card.json":
            raise OSError(28, "No space left on device")
        path.write_text(text)

    monkeypatch.setattr(model_files, "write_atomically", full)
    with pytest.raises(OSError, match="No space left"):
        written(home, TEXT + " ", number=2)
    assert model_files.current(home) == one
    assert sorted(path.name for path in home.iterdir()) == sorted([one.version, "current.json"])


def test_version_that_was_damaged_can_be_written_again(home):
    one = written(home)
    (home / one.version / "model.json").write_text("{}")
    with pytest.raises(ModelDamagedError, match="changed or swapped"):
        model_files.read_model(home, one)

    written(home, number=2)
    assert model_files.read_model(home, one) == TEXT
    assert [found.number for found in model_files.history(home)] == [2]


def test_folder_under_another_versions_name_is_no_history(home):
    one = written(home)
    (home / one.version).rename(home / "0123456789ab")

    assert model_files.history(home) == []
    with pytest.raises(ModelDamagedError, match="cannot be read"):
        model_files.read_model(home, one)


def test_sweep_takes_what_the_dead_left_and_nothing_else(home):
    one = written(home)
    (home / ".abc-1").mkdir()
    (home / ".current.json-x").write_text("")

    with model_files.alone(home):
        model_files.sweep(home)
    assert sorted(path.name for path in home.iterdir()) == sorted([".lock", one.version, "current.json"])
