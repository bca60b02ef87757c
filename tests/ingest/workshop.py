"""A store, an inbox and a clock that a test can set: files in, reports and rows out."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from analytics_lib.config import Settings
from analytics_lib.ingest import Source, ingest
from analytics_lib.store import Store, upkeep

ROOT = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
CONTRACT = Source("contract", time_zone="UTC")


@dataclass(frozen=True)
class Workshop:
    folder: Path

    @property
    def settings(self) -> Settings:
        return Settings(store=self.folder / "store", keys=self.folder / "keys", memory_limit_gb=1.0)

    def write(self, name, content, *, seconds_old=3600) -> Path:
        """A file in the inbox: bytes as they are, a list as JSON lines (gzipped if the name says so)."""
        path = self.folder / "inbox" / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, list):
            content = b"".join(orjson.dumps(record) + b"\n" for record in content)
            content = gzip.compress(content) if name.endswith(".gz") else content
        path.write_bytes(content)
        return self.age(path, seconds_old)

    def age(self, path, seconds_old) -> Path:
        changed = NOW.timestamp() - seconds_old
        os.utime(path, (changed, changed))
        return path

    def ingest(self, *paths, source=CONTRACT, now=NOW, **more):
        """The reports; of one file its report."""
        reports = ingest(source, paths, now=now, settings=self.settings, **more)
        for report in reports:
            assert report.records == report.accepted + report.duplicates + report.quarantined
            assert min(report.accepted, report.duplicates, report.quarantined) >= 0
            assert sum(report.codes.values()) == report.quarantined
        return reports[0] if len(reports) == 1 else reports

    def query(self, sql, **parameters):
        with Store.open(self.settings.store) as store:
            return store.query(sql, **parameters)

    def rows(self, table, columns="*", order="all"):
        return self.query(f"select {columns} from {table} order by {order}").to_dict("records")

    def count(self, table):
        return int(self.query(f"select count(*) as n from {table}")["n"][0])

    def is_whole(self):
        return upkeep.verify(self.settings.store.resolve()) == []

    def stored_bytes(self):
        return b"".join(path.read_bytes() for path in self.settings.store.rglob("*") if path.is_file())


def message(number=1, **fields):
    """A message of the contract; ``number`` is its id and its minute."""
    return {
        "message_id": f"m{number}",
        "conversation_id": "c1",
        "user_id": "ana",
        "sent_at": f"2026-06-01T10:{number % 60:02}:00Z",
        "sender": "user",
        "kind": "text",
        "text": f"hola {number}",
    } | fields


def conversation(number=1, **fields):
    return {
        "conversation_id": f"c{number}",
        "user_id": "ana",
        "channel": "whatsapp",
        "started_at": f"2026-06-01T10:{number % 60:02}:00Z",
    } | fields


def order(number=1, **fields):
    return {
        "order_id": f"o{number}",
        "user_id": "ana",
        "ordered_at": f"2026-06-01T10:{number % 60:02}:00Z",
        "amount": 50_000,
        "currency": "COP",
    } | fields
