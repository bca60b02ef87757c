"""Ingests the files of a folder again and again, killed in between: ``crash_driver.py FOLDER KILLS SEED``.

Everything is imported once and every attempt is a fork, so that the kills fall into the ingest and not into
its start. Prints a line of JSON: how often it was killed, what a reader saw after each kill, what lay around.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from workshop import Workshop

from analytics_lib.ingest import Source

SEEN = """
select (select count(*) from conversations) as conversations, (select count(*) from messages) as messages,
  (select count(*) from events) as events, (select sum(records) from ingested_files) as records
"""


def fork(work):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def ended_well(pid, *, within=None):
    """Whether the process ended well; after so many seconds it is killed."""
    give_up = None if within is None else time.monotonic() + within
    while give_up is None or time.monotonic() < give_up:
        done, status = os.waitpid(pid, 0 if give_up is None else os.WNOHANG)
        if done:
            assert status == 0, status
            return True
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def main(folder, kills, seed):
    shop = Workshop(folder)
    files = sorted((folder / "inbox").iterdir())
    chance = random.Random(seed)

    def ingest_all():
        shop.ingest(*files, source=Source("chat", python="chat_source"))

    def note():
        (folder / "seen.json").write_text(shop.query(SEEN).to_json(orient="records"))

    seen, leftovers, killed = [], 0, 0
    while killed < kills:
        if ended_well(fork(ingest_all), within=chance.uniform(0.05, 1.3)):
            break
        killed += 1
        ended_well(fork(note))
        seen += json.loads((folder / "seen.json").read_text())
        staging = folder / "store" / "_meta" / "staging"
        leftovers = max(leftovers, len(list(staging.iterdir())) if staging.exists() else 0)
    ended_well(fork(ingest_all))
    print(json.dumps({"killed": killed, "seen": seen, "leftovers": leftovers}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
