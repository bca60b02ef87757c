"""Scenes with a planted trouble: each adds a few messages to a conversation and records what it planted.

Troubles that come along are recorded too: a bot that did not understand twice in the same words is a loop,
a reply that took two minutes is a silence (by the clock, see ``trouble_script.say``).
"""

from __future__ import annotations

from collections.abc import Callable

from analytics_lib.simulate.telemetry import ERRORS
from analytics_lib.simulate.trouble_phrases import typed_again
from analytics_lib.simulate.trouble_script import (
    SILENCE_SECONDS,
    Call,
    Question,
    Script,
    answer,
    ask,
    dressed,
    fresh,
    new_question,
    phrase,
    plant,
    reply,
    say,
    write,
)

LONGEST_SILENCE_SECONDS = 900.0
REWORDED_SHARE = 0.45


def exchange(script: Script) -> None:
    """A question and its answer."""
    question = new_question(script)
    ask(script, question)
    answer(script, question)


def repeated_question(script: Script) -> None:
    """The user asks again, once or twice: after a reply beside the point, after none, or after other talk."""
    question = new_question(script)
    ask(script, question, sure="wrong")
    for _ in range(script.rng.choice((1, 1, 1, 2))):
        _reply_beside_the_point(script)
        _ask_again(script, question)
    answer(script, question)


def bot_loop(script: Script) -> None:
    """The bot says the same text two or three times although the user writes something else in between."""
    ask(script, new_question(script), sure="wrong")
    _loop(script)
    write(script, phrase(script, "loop_fillers"), "search_product", sure="wrong")
    reply(script, phrase(script, "go_on_answers"))


def not_understood(script: Script) -> None:
    """The bot does not understand; the user puts it another way, or asks the same again."""
    question = new_question(script)
    ask(script, question, sure="fallback")
    _say_not_understood(script)
    if script.rng.random() < 0.3:
        _ask_again(script, question)
        answer(script, question)
    else:
        write(script, phrase(script, "go_on"), "search_product")
        reply(script, phrase(script, "go_on_answers"))


def long_silence(script: Script) -> None:
    """The reply takes two minutes or more, or the user, still waiting, writes again after so long."""
    question = new_question(script)
    ask(script, question)
    if script.rng.random() < 0.7:
        answer(script, question, gap=silence(script))
    else:
        write(script, phrase(script, "follow_ups"), "greeting", gap=silence(script))
        answer(script, question)


def failed_action(script: Script) -> None:
    """A call fails; the bot says so, or answers without it."""
    question = new_question(script)
    ask(script, question)
    error = script.rng.choice(ERRORS)
    name = question.family.action or "search_catalog"
    script.calls.append(Call(len(script.lines), name, succeeded=False, error=error))
    plant(script, "failed_action", call=len(script.calls) - 1)
    reply(script, phrase(script, "failed"), gap=script.rng.uniform(3, 12))
    if script.rng.random() < 0.7:
        write(script, phrase(script, "wait_ok"), "thanks")
    answer(script, question)


def escalation_request(script: Script, *, silent: bool = False) -> None:
    """The user asks for a person and gets one; ``silent`` agents let the user wait at one point."""
    write(script, phrase(script, "escalation_request"), "talk_to_person")
    plant(script, "escalation_request")
    early = script.rng.random() < 0.5
    hand_over(script, silent=silent and early)
    agent_exchange(script, silent=silent and not early)


def hand_over(script: Script, *, silent: bool = False) -> None:
    """An agent takes over; a ``silent`` one lets the user wait."""
    say(script, "bot", phrase(script, "handover"))
    script.handed_over, script.agent, script.waiting = len(script.lines) - 1, True, True
    say(script, "agent", phrase(script, "agent_hello"), gap=silence(script) if silent else None)


def agent_exchange(script: Script, *, silent: bool = False) -> None:
    """A question to the agent, who looks it up before answering; a ``silent`` one takes minutes."""
    question = new_question(script)
    ask(script, question)
    reply(script, phrase(script, "agent_wait"))
    # The user still waits: an agent who looks something up has not answered.
    script.waiting = True
    answer(script, question, gap=silence(script) if silent else None)


def sentiment_fall(script: Script) -> None:
    """A friendly user turns angry and stays so."""
    write(script, phrase(script, "angry_turn"), "complaint")
    plant(script, "sentiment_fall")
    for _ in range(script.rng.randint(0, 1)):
        reply(script, phrase(script, "calm"))
        write(script, phrase(script, "angry_more"), "complaint")
    reply(script, phrase(script, "calm"))
    write(script, phrase(script, "angry_more"), "complaint")
    reply(script, phrase(script, "resolutions"))


def dead_end(script: Script) -> None:
    """The last word is the bot's and helps nobody: not understood, not able to, or said before."""
    if script.falls:
        write(script, phrase(script, "angry_more"), "complaint", sure="fallback")
    else:
        ask(script, new_question(script), sure="fallback")
    kind = script.rng.choice(("not_understood", "cannot") if script.falls else _LAST_WORDS)
    if kind == "not_understood":
        _say_not_understood(script)
    elif kind == "cannot":
        reply(script, phrase(script, "cannot"))
    else:
        _loop(script)
    plant(script, "dead_end")


def unanswered_question(script: Script) -> None:
    """The last word is the user's, who asked and got nothing, though perhaps nudged once or twice."""
    ask(script, new_question(script))
    plant(script, "unanswered_question")
    for _ in range(script.rng.choice((0, 0, 1, 2))):
        write(script, phrase(script, "follow_ups"), "greeting", gap=script.rng.uniform(5, 240))


def silence(script: Script) -> float:
    """Seconds of a long silence; some are just as long as one has to be."""
    if script.rng.random() < 0.1:
        return SILENCE_SECONDS
    return script.rng.uniform(SILENCE_SECONDS, LONGEST_SILENCE_SECONDS)


Scene = Callable[[Script], None]

MIDDLE: dict[str, Scene] = {
    "repeated_question": repeated_question,
    "bot_loop": bot_loop,
    "not_understood": not_understood,
    "long_silence": long_silence,
    "failed_action": failed_action,
}
"""Troubles that may come anywhere while the bot serves the user."""

LAST: dict[str, Scene] = {"dead_end": dead_end, "unanswered_question": unanswered_question}
"""Troubles that end a conversation."""

KINDS = (*MIDDLE, "escalation_request", "sentiment_fall", *LAST)

_LAST_WORDS = ("not_understood", "cannot", "cannot", "repeat")


def _reply_beside_the_point(script: Script) -> None:
    kind = script.rng.random()
    if kind < 0.5:
        reply(script, phrase(script, "unhelpful"))
    elif kind < 0.65:
        _say_not_understood(script)
    elif kind < 0.8:
        reply(script, phrase(script, "unhelpful"))
        exchange(script)
    # Otherwise nobody says anything before the user asks again.


def _ask_again(script: Script, question: Question) -> None:
    others = [wording for wording in question.group if wording != question.wording]
    if others and script.rng.random() < REWORDED_SHARE:
        text = script.rng.choice(others).format(**question.values)
    else:
        text = typed_again(script.rng, question.text)
    sure = script.rng.choice(("right", "wrong"))
    write(script, dressed(script, text), question.family.intent, sure=sure)
    plant(script, "repeated_question")


def _say_not_understood(script: Script) -> None:
    reply(script, phrase(script, "not_understood"))
    plant(script, "not_understood")


def _loop(script: Script) -> None:
    """The bot's text, then once or twice the user's next try and the same text again."""
    pool = "not_understood" if script.rng.random() < 0.25 else "loops"
    text = fresh(script, script.book.pools[pool])
    shown = text
    for turn in range(script.rng.choice((2, 2, 3))):
        if turn:
            write(script, phrase(script, "loop_fillers"), "search_product", sure="fallback")
            shown = script.rng.choice((text, text, text.rstrip(".").lower()))
        reply(script, shown)
        if pool == "not_understood":
            plant(script, "not_understood")
        if turn:
            plant(script, "bot_loop")
