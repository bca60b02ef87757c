"""What a process of its own does to a store, for tests that run several or end one: append, read, hold.

Batch number k holds one conversation, five messages, and a newer version of the message "shared", so that
each batch adds rows as well as replacing one.
"""

import sys
import time
from pathlib import Path

import pyarrow as pa
from store_rows import at, conversation, frame, message

from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store import Store
from analytics_lib.store.contract import check
from analytics_lib.store.versions import writing
from analytics_lib.store.writer import open_writer

MESSAGES_A_BATCH = 5
COUNTS = "select (select count(*) from conversations) as c, (select count(*) from messages) as m"


def batch(name, number):
    """The rows of one batch, by table."""
    key = f"{name}{number}"
    ids = [f"{key}-{i}" for i in range(MESSAGES_A_BATCH)]
    shared = message("shared", text=str(number), updated_at=at(number))
    return {
        "conversations": [conversation(key)],
        "messages": [*(message(i, conversation_id=key) for i in ids), shared],
    }


def checked(table, rows):
    """Rows as the writer takes them."""
    return check(
        EVERY_TABLE[table], pa.Table.from_pandas(frame(*rows)), naive_zone="UTC", local_zone="UTC"
    ).rows


def append_together(root, name, number):
    """Both tables of a batch in one recorded set of versions."""
    with open_writer(root, memory_limit_gb=1) as writer:
        for table, rows in batch(name, number).items():
            writer.write(table, checked(table, rows))


def append_apart(root, name, number):
    """Only the messages of a batch, as a caller of the store does it."""
    with Store.open(root) as store:
        store.append("messages", frame(*batch(name, number)["messages"]))


def write(root, name, how, first, last):
    """Append the batches [first, last) and acknowledge each."""
    for number in range(int(first), int(last)):
        (append_together if how == "together" else append_apart)(root, name, number)
        print(number, flush=True)


def read(root, seconds):
    """Open the store again and again, and print what each opening holds."""
    end = time.monotonic() + float(seconds)
    print("ready", flush=True)
    while time.monotonic() < end:
        with Store.open(root) as store:
            once, again = store.query(COUNTS), store.query(COUNTS)
        print(once.c[0], once.m[0], again.c[0], again.m[0], flush=True)


def hold(root):
    """Be the writer and do nothing."""
    with writing(root):
        print("holding", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    {"write": write, "read": read, "hold": hold}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
