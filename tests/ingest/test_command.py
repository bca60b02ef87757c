"""`analytics ingest` as a person or a program calls it, from a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from workshop import ROOT, Workshop, message

ANALYTICS = Path(sys.executable).parent / "analytics"


@pytest.fixture
def analytics(tmp_path):
    """Run the command in an empty project; gives exit status, what it said and what it complained."""
    shutil.copytree(ROOT / "params" / "sources", tmp_path / "params" / "sources")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}

    def analytics(*arguments):
        done = subprocess.run(
            [ANALYTICS, *arguments], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
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
    status, said, _ = analytics("ingest", "contract", "inbox/messages.ndjson")
    assert status == 0
    assert "messages.ndjson: ingested, 3 records = 1 accepted + 1 duplicates + 1 quarantined" in said
    assert "quarantined: BAD_TIME 1" in said
    status, said, _ = analytics("ingest", "contract", "inbox/m*.ndjson")
    assert (status, said.split(",")[0]) == (0, "messages.ndjson: already ingested")


def test_a_program_gets_one_json_object(analytics, inbox):
    status, said, _ = analytics("ingest", "contract", "inbox", "--json")
    assert status == 1
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
def test_a_wrong_request_is_status_2_and_stores_nothing(analytics, inbox, tmp_path, arguments, complaint):
    status, _, complained = analytics("ingest", *arguments)
    assert status == 2
    assert complaint in complained
    assert not (tmp_path / "data").exists()


def test_help_says_what_it_does(analytics):
    status, said, _ = analytics("ingest", "--help")
    assert status == 0
    assert "SOURCE is described by params/sources/SOURCE.yaml" in said
