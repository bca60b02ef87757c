"""A conversation while it is being written: who says what after how long, and which troubles that makes.

No phrase and no slot value is used twice in a conversation unless a scene says it again on purpose, so that
every repetition is a planted one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analytics_lib.simulate.phrases import SLOTS
from analytics_lib.simulate.trouble_phrases import Family, Phrasebook, phrasebook, without_accents

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

SILENCE_SECONDS = 120.0
SIZES = (*SLOTS["{talla}"], "6", "14", "30", "34", "36")
ACTION_SHARE = 0.7
HURRIED_SHARE = 0.3
DRESSED_SHARE = 0.15
# Median seconds, spread of their logarithm, and the most: below a silence for whoever is waited for.
PACE = {"user": (16.0, 0.8, 100.0), "bot": (2.4, 0.45, 30.0), "agent": (45.0, 0.5, 105.0)}
# Beta parameters of the bot's confidence: sure of it, unsure, lost.
CONFIDENCE = {"right": (12.0, 2.0), "wrong": (4.0, 4.0), "fallback": (2.0, 5.0)}


@dataclass(frozen=True)
class Line:
    """One message, ``gap_ms`` after the one before."""

    sender: str
    kind: str
    text: str | None
    gap_ms: int
    intent: str | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Call:
    """A call of the bot made before it says ``line``, in share of the gap before that line."""

    line: int
    name: str
    succeeded: bool | None
    error: str | None = None


@dataclass(frozen=True)
class Trouble:
    """A planted trouble and the line (or the call) a reader would point at."""

    kind: str
    line: int | None = None
    call: int | None = None


@dataclass(frozen=True)
class Question:
    """What the user asked: its family, the group of wordings, the wording taken and what fills its slots."""

    family: Family
    group: tuple[str, ...]
    wording: str
    values: dict[str, str]

    @property
    def text(self) -> str:
        """The question as it was asked."""
        return self.wording.format(**self.values)


@dataclass
class Script:
    """A conversation so far.

    Attributes:
        rng: Random numbers of this conversation.
        book: Phrases of its language.
        used: Phrases and slot values that were taken.
        lines: Messages in order.
        calls: Calls of the bot.
        troubles: What was planted.
        waiting: Whether the user waits for somebody's reply.
        agent: Whether an agent has taken over.
        handed_over: Line of the handover, if there is one.
        falls: Whether the user's mood falls later on, so that nothing sours it before.
    """

    rng: random.Random
    book: Phrasebook
    used: set[str] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    waiting: bool = False
    agent: bool = False
    handed_over: int | None = None
    falls: bool = False


def new_script(rng: random.Random, language: str) -> Script:
    """An empty conversation in a language, ``es`` or ``en``."""
    return Script(rng, phrasebook(language))


def fresh(script: Script, choices: Sequence[str]) -> str:
    """One of the choices that this conversation has not used yet."""
    taken = script.rng.choice([choice for choice in choices if choice not in script.used])
    script.used.add(taken)
    return taken


def phrase(script: Script, pool: str) -> str:
    """A phrase of a pool of the catalogue that was not said yet."""
    return fresh(script, script.book.pools[pool])


def plant(script: Script, kind: str, *, call: int | None = None) -> None:
    """Record a trouble at the last line, or at a call."""
    script.troubles.append(
        Trouble(kind, call=call) if call is not None else Trouble(kind, len(script.lines) - 1)
    )


def say(
    script: Script,
    sender: str,
    text: str | None,
    *,
    gap: float | None = None,
    kind: str = "text",
    taken: tuple[str, float] | None = None,
) -> None:
    """Add a message; a silence of two minutes while the user waits is planted by the clock alone.

    Args:
        script: The conversation.
        sender: user, bot or agent. After a user's message the user waits, after a reply not.
        text: What is said; null for a picture.
        gap: Seconds since the message before; drawn from the sender's pace where none is given.
        kind: text, image or button.
        taken: The intent the bot took it for and its confidence.
    """
    seconds = _pause(script, sender) if gap is None else gap
    intent, confidence = taken or (None, None)
    script.lines.append(Line(sender, kind, text, round(seconds * 1000), intent, confidence))
    if script.waiting and seconds >= SILENCE_SECONDS:
        plant(script, "long_silence")
    script.waiting = sender == "user"


def write(
    script: Script,
    text: str,
    intent: str,
    *,
    sure: str = "right",
    gap: float | None = None,
    waits: bool = True,
) -> None:
    """The user writes a text; ``sure`` is how well the bot takes it: right, wrong or fallback."""
    confidence = round(script.rng.betavariate(*CONFIDENCE[sure]), 3)
    hurried = script.rng.random() < HURRIED_SHARE
    shown = without_accents(text) if hurried else text
    say(script, "user", shown, gap=gap, taken=("fallback" if sure == "fallback" else intent, confidence))
    script.waiting = waits


def reply(script: Script, text: str, *, gap: float | None = None) -> None:
    """Whoever serves the user at this point, bot or agent, says a text."""
    say(script, "agent" if script.agent else "bot", text, gap=gap)


def new_values(script: Script) -> dict[str, str]:
    """A value for every slot, none of which this conversation has used."""
    rng = script.rng
    numbers = [f"{rng.randrange(10_000, 99_999)}" for _ in range(20)]
    return {
        "producto": phrase(script, "products"),
        "ciudad": phrase(script, "cities"),
        "talla": fresh(script, SIZES),
        "pedido": fresh(script, [f"KJ-{number}" for number in numbers]),
        "ref": fresh(script, [number[:4] for number in numbers]),
        "valor": fresh(script, [f"{price}.900" for price in range(29, 250, 10)]),
    }


def questions_left(script: Script) -> int:
    """How many families of questions this conversation has not touched."""
    return sum(family.intent not in script.used for family in script.book.families)


def new_question(script: Script, *, slotted: bool = False) -> Question:
    """A question of a family this conversation has not touched; ``slotted`` ones name what they are about."""
    families = [family for family in script.book.families if family.intent not in script.used]
    family = script.rng.choice([family for family in families if family.telling] if slotted else families)
    script.used.add(family.intent)
    groups = [group for group in family.groups if not slotted or "{" in group[0]]
    group = script.rng.choice(groups)
    return Question(family, group, script.rng.choice(group), new_values(script))


def ask(script: Script, question: Question, *, sure: str = "right", gap: float | None = None) -> None:
    """The user asks it."""
    write(script, dressed(script, question.text), question.family.intent, sure=sure, gap=gap)


def dressed(script: Script, text: str) -> str:
    """The text, now and then with a word to open it, or one to close it."""
    rng, pools = script.rng, script.book.pools
    opener = rng.choice(pools["openers"]) if rng.random() < DRESSED_SHARE else ""
    closer = rng.choice(pools["closers"]) if rng.random() < DRESSED_SHARE else ""
    return f"{opener}{text}{closer}"


def answer(script: Script, question: Question, *, gap: float | None = None) -> None:
    """It is answered: by the bot from the family's answers, often after a call; by an agent in short."""
    if script.agent:
        reply(script, phrase(script, "agent_answers"), gap=gap)
        return
    text = fresh(script, question.family.answers).format(**question.values)
    name = question.family.action
    if name and script.rng.random() < ACTION_SHARE:
        script.calls.append(Call(len(script.lines), name, succeeded=True))
    reply(script, text, gap=gap)


def _pause(script: Script, sender: str) -> float:
    if not script.lines:
        return 0.0
    median, spread, most = PACE[sender]
    return min(most, 0.4 + script.rng.lognormvariate(math.log(median), spread))
