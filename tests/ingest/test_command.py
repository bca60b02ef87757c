"""`analytics ingest` as a person or a program calls it, from a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from workshop import ROOT, Workshop, message

from commanding import status

ANALYTICS = Path(sys.executable).parent / "analytics"


@pytest.fixture
def project(tmp_path):
    """A project that knows its sources and has nothing in its store."""
    shutil.copytree(ROOT / "params" / "sources", tmp_path / "params" / "sources")
    return tmp_path


@pytest.fixture
def analytics(project):
    """Run the command in the project; gives exit status, what it said and what it complained."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}

    def analytics(*arguments):
        done = subprocess.run(
            [ANALYTICS, *arguments], cwd=project, env=clean, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return analytics


@pytest.fixture
def inbox(tmp_path):
    workshop = Workshop(tmp_path)
    workshop.write("messages.ndjson", [message(1), message(1), message(2, sent_at="never")])
    workshop.write("orders.ndjson.gz", b"\x1f\x8b broken")
    return "inbox"


def test_done_is_status_0_and_the_counts_are_said(analytics, inbox):
    ended, said, _ = analytics("ingest", "contract", "inbox/messages.ndjson")
    assert ended == 0
    assert "messages.ndjson: ingested, 3 records = 1 accepted + 1 duplicates + 1 quarantined" in said
    assert "quarantined: BAD_TIME 1" in said
    ended, said, _ = analytics("ingest", "contract", "inbox/m*.ndjson")
    assert (ended, said.split(",")[0]) == (0, "messages.ndjson: already ingested")


def test_a_program_gets_one_json_object(analytics, inbox):
    ended, said, _ = analytics("ingest", "contract", "inbox", "--json")
    assert ended == 1
    ingested, refused = orjson.loads(said)["files"]
    assert ingested == {
        "file": "messages.ndjson",
        "status": "ingested",
        "records": 3,
        "accepted": 1,
        "duplicates": 1,
        "quarantined": 1,
        "rows": {"messages": 1},
        "codes": {"BAD_TIME": 1},
        "flags": {},
        "reason": None,
    }
    assert (refused["file"], refused["status"], refused["records"]) == ("orders.ndjson.gz", "refused", 0)
    assert refused["reason"].split(":")[0] in ("CORRUPT_GZIP", "NOT_GZIP", "TRUNCATED_GZIP")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["contrct", "inbox"], "Unknown source 'contrct'. Did you mean 'contract'?"),
        (["contract", "absent/*.gz"], "'absent/*.gz' names no file"),
        (["contract"], "Missing argument 'PATHS...'"),
        (["contract", "inbox", "--fast"], "No such option"),
    ],
)
def test_a_wrong_request_is_status_2_and_stores_nothing(project, inbox, capsys, arguments, complaint):
    assert status("ingest", *arguments, folder=project) == 2
    assert complaint in capsys.readouterr().err
    assert not (project / "data").exists()


def test_help_says_what_it_does(project, capsys):
    assert status("ingest", "--help", folder=project) == 0
    said = capsys.readouterr().out
    assert "SOURCE is described by params/sources/SOURCE.yaml" in said
