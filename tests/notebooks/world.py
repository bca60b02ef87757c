"""A small stored world for notebooks, with one conversation that tries to do harm, in a project."""

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from warm_kernels import warm_specs

from analytics_lib import simulate
from analytics_lib.config import Settings
from analytics_lib.ingest import Source, ingest
from analytics_lib.runs.record import all_records
from analytics_lib.store import Store
from commanding import status
from once import made_for_all

ROOT = Path(__file__).parents[2]
UNTIL = dt.date(2026, 6, 1)
MEGABYTE = "muy largo " * 100_000
HOSTILE = [
    "<script>alert('bubble')</script>",
    "<img src=x onerror=alert(1)> <b>negrita</b>",
    '=HYPERLINK("http://example.com","clic")',
    "\u202egnp.exe\u202c y \u2067derecha\u2069",
    "[clic](javascript:alert(2)) {{ 7*7 }}",
    MEGABYTE,
]


def make_project(folder):
    """A folder as the project's root: its notebooks and their parameters, and a store of the small world."""
    for name in ("notebooks", "params"):
        (folder / name).symlink_to(ROOT / name)
    make_store(folder / "data")
    return folder


def run_notebook(name, project, outputs, **parameters):
    """The record of ``analytics run NAME`` in the project: by ``params/NAME.yaml``, and these over it.

    Its kernel is a warm one (``warm_kernels``); the rest is as anybody's.
    """
    given = [word for key, value in parameters.items() for word in ("-p", f"{key}={value}")]
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(project)
        patched.setenv("ANALYTICS_OUTPUTS", str(outputs))
        patched.setenv("JUPYTER_PATH", str(warm_specs()))
        ended = status("run", name, *given)
    (record,) = all_records(outputs)
    assert ended == (0 if record.status == "succeeded" else 1)
    return record


def make_store(folder):
    """A simulated world of 300 conversations and the hostile one; the store's folder."""
    return shutil.copytree(made_for_all("small_world", _make_store), folder / "store")


def _make_store(folder):
    """The store that all tests copy; it takes seconds to make."""
    settings = replace(Settings(), store=folder / "store", keys=folder / "keys")
    simulate.write_world(folder / "world", conversations=300, seed=5, until=UNTIL)
    now = dt.datetime.combine(UNTIL, dt.time(), tzinfo=dt.UTC)
    files = sorted((folder / "world").glob("*.ndjson"))
    ingest(Source(name="contract", time_zone="UTC"), files, now=now, settings=settings)
    with Store.open(settings.store) as store:
        store.append("conversations", _conversation())
        store.append("messages", _messages())
    return settings.store


def _conversation():
    start = pd.Timestamp("2026-05-20T15:00:00Z")
    return pd.DataFrame(
        {
            "conversation_id": ["hostile"],
            "user_id": ["u" * 32],
            "channel": ["web"],
            "started_at": [start],
            "ended_at": [start + pd.Timedelta(minutes=30)],
            "outcome": ["abandoned"],
        }
    )


def _messages():
    start = pd.Timestamp("2026-05-20T15:00:00Z")
    return pd.DataFrame(
        {
            "message_id": [f"hostile-{at}" for at in range(len(HOSTILE))],
            "conversation_id": "hostile",
            "user_id": "u" * 32,
            "sent_at": [start + pd.Timedelta(minutes=at) for at in range(len(HOSTILE))],
            "sender": ["user", "bot"] * (len(HOSTILE) // 2),
            "kind": "text",
            "text": HOSTILE,
            "intent": ["<i>greeting</i>", None] * (len(HOSTILE) // 2),
            "confidence": [0.5, None] * (len(HOSTILE) // 2),
        }
    )
