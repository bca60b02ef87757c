"""Scenes that look like a trouble and are none: what a detector must leave alone."""

from __future__ import annotations

from analytics_lib.simulate.trouble_scenes import Scene, exchange, hand_over
from analytics_lib.simulate.trouble_script import (
    Call,
    Script,
    answer,
    ask,
    fresh,
    new_question,
    new_values,
    phrase,
    reply,
    say,
    write,
)


def other_thing(script: Script) -> None:
    """The same question and the same answer about another product, size, city or order."""
    question = new_question(script, slotted=True)
    template = fresh(script, question.family.telling)
    for values in (question.values, new_values(script)):
        write(script, question.wording.format(**values), question.family.intent)
        reply(script, template.format(**values))


def button_twice(script: Script) -> None:
    """The same menu button is pressed twice, and shows two things."""
    button = phrase(script, "buttons")
    for _ in range(2):
        say(script, "user", button, kind="button", taken=("search_product", 1.0))
        reply(script, phrase(script, "unhelpful"))


def courtesies(script: Script) -> None:
    """The user says thanks or yes twice, and the bot its short courtesy twice."""
    word, courtesy = phrase(script, "user_thanks"), phrase(script, "courtesies")
    write(script, word, "thanks")
    reply(script, courtesy)
    exchange(script)
    write(script, word, "thanks")
    reply(script, courtesy)


def pictures(script: Script) -> None:
    """The bot sends a picture without a text after each of two answers, at the moment of the answer."""
    for _ in range(2):
        exchange(script)
        say(script, "bot", None, kind="image", gap=0)


def talk_of_understanding(script: Script) -> None:
    """Somebody speaks of understanding, and nobody says that the bot did not."""
    write(script, phrase(script, "user_understand"), "complaint", sure="wrong")
    reply(script, phrase(script, "bot_understand"))


def pause_of_the_user(script: Script) -> None:
    """The user comes back long after an answer."""
    exchange(script)
    question = new_question(script)
    ask(script, question, gap=script.rng.uniform(300, 900))
    answer(script, question)


def reminder(script: Script) -> None:
    """The bot, which waits for nobody's question, asks the silent user whether they are there."""
    exchange(script)
    reply(script, phrase(script, "nudges"), gap=script.rng.uniform(300, 900))
    write(script, phrase(script, "back_again"), "greeting")
    reply(script, phrase(script, "courtesies"))


def almost_a_silence(script: Script) -> None:
    """A reply after 95 to 118 seconds."""
    question = new_question(script)
    ask(script, question)
    answer(script, question, gap=script.rng.uniform(95, 118))


def call_of_unknown_end(script: Script) -> None:
    """A call of which nobody knows whether it succeeded, or one that is slow and succeeds."""
    question = new_question(script)
    ask(script, question)
    succeeded = script.rng.choice((None, True))
    script.calls.append(Call(len(script.lines), "check_stock", succeeded=succeeded))
    reply(
        script, fresh(script, question.family.answers).format(**question.values), gap=15 + script.rng.random()
    )


def mention_of_a_person(script: Script) -> None:
    """The user speaks of an agent or another person without asking for one."""
    write(script, phrase(script, "escalation_near"), "complaint", sure="wrong")
    reply(script, phrase(script, "bot_understand"))


def mild_word(script: Script) -> None:
    """One regret, and the conversation goes on as before; left out where the mood falls later."""
    if not script.falls:
        write(script, phrase(script, "mild"), "price", sure="wrong")
        reply(script, phrase(script, "unhelpful"))


def apology_midway(script: Script) -> None:
    """The bot cannot do it, says so, and the user goes on to something that it can."""
    ask(script, new_question(script), sure="wrong")
    reply(script, phrase(script, "cannot"))
    exchange(script)


def greeting_again(script: Script) -> None:
    """The user greets again in the same words."""
    hello = phrase(script, "user_hello")
    for _ in range(2):
        write(script, hello, "greeting")
        reply(script, phrase(script, "bot_hello"))
        exchange(script)


def agent_asks_again(script: Script) -> None:
    """The bot hands over unasked; the agent, not the bot, says that they did not understand."""
    ask(script, new_question(script), sure="fallback")
    hand_over(script)
    reply(script, phrase(script, "agent_unclear"))
    write(script, phrase(script, "agent_clear"), "search_product")
    reply(script, phrase(script, "agent_answers"))


def angry_from_the_start(script: Script) -> None:
    """A conversation that begins in anger has no mood to fall."""
    write(script, phrase(script, "angry_turn"), "complaint")
    for _ in range(script.rng.randint(1, 2)):
        reply(script, phrase(script, "calm"))
        write(script, phrase(script, "angry_more"), "complaint")
    reply(script, phrase(script, "resolutions"))


ANYWHERE: tuple[Scene, ...] = (
    other_thing,
    button_twice,
    courtesies,
    pictures,
    talk_of_understanding,
    pause_of_the_user,
    reminder,
    almost_a_silence,
    call_of_unknown_end,
    mention_of_a_person,
    mild_word,
    apology_midway,
    greeting_again,
)
"""Near-misses that may come anywhere while the bot serves the user; other_thing is the most telling one."""
