"""Why a conversation deserves reading: five reasons, each with its measure and its evidence in words.

- ``longest_wait``: the longest time the user waited for a reply, seconds: from the first message of a stretch
  that is no mere courtesy, or from the call for a person, to the reply ("one moment" is none). From two
  minutes on; a question that nobody ever answered has no wait.
- ``most_repeats``: how often the user asked again and the bot said the same again (see ``key_moments``).
- ``lost_at_checkout``: the cart was filled or the purchase begun, nothing was bought, and it is over. The
  furthest stage counts first, then the value of the cart, in the currency of its events or of the catalogue.
- ``lowest_sentiment``: the mean sentiment of the user's messages, at least two of them known, if negative.
- ``escalated_without_need``: a person was called in although nothing had failed, nobody had asked for one and
  nothing negative was said (see ``performance.needs_person``); the fewer turns before, the less the bot had
  tried. The value is turns.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from analytics_lib.analysis.business import bought
from analytics_lib.analysis.detectors import NEGATIVE
from analytics_lib.analysis.key_moments import LONG_SILENCE_SECONDS
from analytics_lib.analysis.performance import needs_person, turns
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from analytics_lib.analysis.detectors import Row

REPEATS = ("repeated_question", "bot_loop")


class Case(NamedTuple):
    """One conversation as plain rows, read closely."""

    conversation: Row
    messages: list[Row]
    events: list[Row]
    orders: list[Row]
    moments: list[Row]
    over: bool
    prices: Mapping[str, float]


class Finding(NamedTuple):
    """Why a conversation deserves reading; the smallest ``severity`` comes first."""

    severity: tuple[float, ...]
    value: float
    position: int | None
    evidence: str


def _longest_wait(case: Case) -> Finding | None:
    waits = [*_waits_for_reply(case.messages), *_waits_for_person(case)]
    if not waits:
        return None
    seconds, message = max(waits, key=lambda wait: wait[0])
    if seconds < LONG_SILENCE_SECONDS:
        return None
    who = "an agent" if message["sender"] == "agent" else "the bot"
    position = message["position"]
    return Finding(
        (-seconds,), seconds, position, f"waited {seconds:,.0f} s for {who} before message {position}"
    )


def _waits_for_reply(messages: list[Row]) -> Iterator[tuple[float, Row]]:
    since = None
    for message in messages:
        if message["sender"] == "user":
            since = message["seconds"] if since is None and not message["courtesy"] else since
        elif message["keeps_waiting"]:
            continue
        elif since is not None:
            yield message["seconds"] - since, message
            since = None


def _waits_for_person(case: Case) -> Iterator[tuple[float, Row]]:
    called = case.conversation["escalated_seconds"]
    # Nothing is at or after a time that is not a number, so who was never called is never waited for.
    came = (row for row in case.messages if row["sender"] == "agent" and row["seconds"] >= called)
    return ((message["seconds"] - called, message) for message in [*came][:1])


def _most_repeats(case: Case) -> Finding | None:
    asked, said = ([row for row in case.moments if row["kind"] == kind] for kind in REPEATS)
    if not (asked or said):
        return None
    first = min(row["position"] for row in [*asked, *said])
    parts = [f"the user asked again {_times(asked)}"] if asked else []
    parts += [f"the bot said the same again {_times(said)}"] if said else []
    repeats = len(asked) + len(said)
    return Finding((-repeats,), repeats, first, f"{' and '.join(parts)}, first at message {first}")


def _times(rows: list[Row]) -> str:
    return "once" if len(rows) == 1 else f"{len(rows)} times"


def _lost_at_checkout(case: Case) -> Finding | None:
    names = {event["name"] for event in case.events}
    done = FUNNEL_STAGES[-1] if FUNNEL_STAGES[-1] in names else None
    if bought(done, (order["amount"] for order in case.orders)) or not case.over:
        return None
    if not names & {"cart_added", "purchase_initiated"}:
        return None
    stage = "purchase_initiated" if "purchase_initiated" in names else "cart_added"
    step = next(row for row in case.moments if row["kind"] == "purchase_step" and row["name"] == stage)
    value = _cart_value(case)
    place: object = step["position"]
    position = int(place) if isinstance(place, int) else None
    reached = "began to pay" if stage == "purchase_initiated" else "filled the cart"
    at = "" if position is None else f" at message {position}"
    worth = "" if math.isnan(value) else f" ({value:,.0f})"
    severity = (0.0 if stage == "purchase_initiated" else 1.0, 1.0 if math.isnan(value) else -value)
    return Finding(severity, value, position, f"{reached}{at}{worth} and bought nothing")


def _cart_value(case: Case) -> float:
    """What was about to be paid; else the sum of what was put into the cart; NaN where no price is known.

    A product that is put into the cart again, on a second try to pay, is carried once.
    """
    agreed = [event["value"] for event in case.events if event["name"] == "purchase_initiated"]
    known = [value for value in agreed if not math.isnan(value)]
    if known:
        return float(max(known))
    prices: defaultdict[str, list[float]] = defaultdict(list)
    for event in case.events:
        if event["name"] == "cart_added" and not math.isnan(price := _price(event, case.prices)):
            product = event["product_id"]
            prices[product if isinstance(product, str) else event["event_id"]].append(price)
    priced = [max(known) for known in prices.values()]
    return float(sum(priced)) if priced else math.nan


def _price(event: Row, prices: Mapping[str, float]) -> float:
    value = float(event["value"])
    return prices.get(event["product_id"], math.nan) if math.isnan(value) else value


def _lowest_sentiment(case: Case) -> Finding | None:
    known = [row for row in case.messages if row["sender"] == "user" and not math.isnan(row["sentiment"])]
    if len(known) < 2:
        return None
    mean = sum(row["sentiment"] for row in known) / len(known)
    if mean > NEGATIVE:
        return None
    worst = min(known, key=lambda row: row["sentiment"])
    evidence = (
        f"sentiment {mean:.2f} on average over {len(known)} messages, "
        f"lowest at message {worst['position']} ({worst['sentiment']:.2f})"
    )
    return Finding((mean, -len(known)), mean, worst["position"], evidence)


def _escalated_without_need(case: Case) -> Finding | None:
    called = case.conversation["escalated_seconds"]
    before = [row for row in case.messages if row["seconds"] <= called]
    users = [row for row in before if row["sender"] == "user"]
    reason = case.conversation["escalation_reason"]
    earlier = [row for row in case.moments if row["seconds"] <= called]
    if not users or needs_person(before, earlier, reason):
        return None
    tried_turns = turns(before)
    position = before[-1]["position"]
    why = f" ({reason})" if isinstance(reason, str) else ""
    tried = "1 turn" if tried_turns == 1 else f"{tried_turns or 'no'} turns"
    evidence = f"a person was called after message {position}{why} and {tried}, though nothing had failed"
    return Finding((tried_turns, len(users)), tried_turns, position, evidence)


REASONS: Mapping[str, Callable[[Case], Finding | None]] = {
    "longest_wait": _longest_wait,
    "most_repeats": _most_repeats,
    "lost_at_checkout": _lost_at_checkout,
    "lowest_sentiment": _lowest_sentiment,
    "escalated_without_need": _escalated_without_need,
}
