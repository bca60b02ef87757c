"""Publishers that die or race, run as a process of their own: `python publishing_models.py kill|race FOLDER`.

A model here is a text with the loss it makes on every row. Children are forked from this process, which has
one thread.
"""

import json
import os
import signal
import sys
from pathlib import Path

from analytics_lib.models.card import Card
from analytics_lib.models.registry import Holdout, load, publish

USERS = 60
RACERS, EACH = 2, 8


def text_of(loss):
    return json.dumps({"kind": "constant", "format": 1, "loss": loss})


def card():
    facts = {"rows": 100}
    return Card(
        "Model", "Tests", "Anything else", facts, facts, "0" * 64, [{"metric": "roc_auc", "value": 0.7}]
    )


def holdout():
    return Holdout(losses=lambda text: [json.loads(text)["loss"]] * USERS)


def published(folder, loss, at="2026-01-01"):
    return publish(folder, "churn", text_of(loss), card(), holdout=holdout(), published_at=at)


def forked(task):
    child = os.fork()
    if child:
        return child
    task()
    os._exit(0)


def killed_before(step, task):
    """Run the task in a child that kills itself before its n-th rename; whether it got so far."""
    done = 0

    def counted(rename):
        def renamed(*given):
            nonlocal done
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return rename(*given)

        return renamed

    def dying():
        Path.replace, Path.rename = counted(Path.replace), counted(Path.rename)
        task()

    _, status = os.waitpid(forked(dying), 0)
    return os.WIFSIGNALED(status)


def kill(folder):
    """What is current after a death before each rename in turn, and after the one that came through."""
    published(folder, 0.9)
    found = []
    for step in range(20):
        died = killed_before(step, lambda: published(folder, 0.5, at="2026-02-01"))
        stored = load(folder, "churn")
        found.append([died, json.loads(stored.text)["loss"], stored.entry.number])
        if not died:
            break
    left = [path.name for path in (folder / "churn").iterdir() if path.name.startswith(".")]
    return {"found": found, "left": sorted(left)}


def race(folder):
    """What is current, and the numbers of what was stored, after publishers at once."""

    def publishing(racer):
        for step in range(EACH):
            published(folder, 0.9 - 0.02 * (RACERS * step + racer))

    children = [forked(lambda racer=racer: publishing(racer)) for racer in range(RACERS)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    entries = [json.loads(path.read_text()) for path in (folder / "churn").glob("*/entry.json")]
    return {
        "statuses": statuses,
        "current": json.loads(load(folder, "churn").text)["loss"],
        "numbers": sorted(entry["number"] for entry in entries),
    }


if __name__ == "__main__":
    print(json.dumps({"kill": kill, "race": race}[sys.argv[1]](Path(sys.argv[2]))))
