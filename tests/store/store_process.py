"""What a process of its own does to a store, for tests that run several or end one: append, read, hold.

Batch number k holds one conversation, five messages, and a newer version of the message "shared", so that
each batch adds rows as well as replacing one.
"""

import multiprocessing
import time
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

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


def write(says, root, name, how, first, last):
    """Append the batches [first, last) and acknowledge each."""
    for number in range(first, last):
        (append_together if how == "together" else append_apart)(root, name, number)
        says.send(number)


def read(says, root, seconds):
    """Open the store again and again, and say what each opening holds."""
    warnings.simplefilter("error")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with Store.open(root) as store:
            states = [store.query(COUNTS) for _ in range(2)]
        says.send(tuple(int(state[column][0]) for state in states for column in "cm"))


def hold(says, root):
    """Be the writer and do nothing."""
    with writing(root):
        says.send("holding")
        time.sleep(600)


@dataclass(frozen=True)
class Child:
    """A process, and what it says."""

    process: BaseProcess
    says: Connection

    def rest(self):
        """All it still says until it ends."""
        said = []
        try:
            while True:
                said.append(self.says.recv())
        except EOFError:
            self.process.join()
        return said

    def killed(self):
        """What it had said, and was not heard yet, when it was killed now."""
        self.process.kill()
        return self.rest()


def started(target, *arguments):
    """Run a function of this module in a process of its own."""
    # Forked from a server that has imported the library and opened nothing, so that it starts in no time.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["analytics_lib.store"])
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(there, *arguments))
    process.start()
    there.close()
    return Child(process, here)
