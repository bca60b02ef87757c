"""Checks on what a run recorded, declared as data; one that does not hold fails the run.

A job says what it expects of the results that its notebook's last cell records:

    expects:
      users: {least: 1}                    # a number, at least 1
      values.csat: {least: 1, most: 5}     # `csat` in the mapping `values`; both ends included
      currency: {one_of: [COP, USD]}       # one of these values
      as_of: {}                            # recorded, and not null

Whatever is named must be recorded and not null: unknown passes no check. A run that records nothing at all
fails without being asked.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from analytics_lib.runs.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from analytics_lib.runs.results import Json

_PATH = re.compile(r"[^\W\d]\w*(\.[^.]+)*")


@dataclass(frozen=True)
class Expectation:
    """What one result must be: a number from ``least`` to ``most``, or one of some values; else anything."""

    least: float | None = None
    most: float | None = None
    one_of: tuple[Json, ...] | None = None

    def __str__(self) -> str:
        told = [
            "" if self.least is None else f"at least {self.least:g}",
            "" if self.most is None else f"at most {self.most:g}",
            "" if self.one_of is None else f"one of {', '.join(map(repr, self.one_of))}",
        ]
        return " and ".join(filter(None, told)) or "a value"


def read_expectations(declared: object) -> dict[str, Expectation]:
    """Expectations as a file declares them, by the name of the result.

    Raises:
        Refused: If one of them is none; the message names the first.
    """
    if not isinstance(declared, dict) or not declared:
        raise Refused(f"expected a mapping such as {{users: {{least: 1}}}}, not {declared!r:.60}.")
    return {_path(name): _expectation(str(name), rules) for name, rules in declared.items()}


def unmet(results: Mapping[str, Json], expected: Mapping[str, Expectation]) -> list[str]:
    """What does not hold of the results, one sentence each; none where all does."""
    if not results:
        return ["The last cell recorded no result: record_results() names none."]
    found = ((name, _problem(name, results, one)) for name, one in expected.items())
    return [f"{name} {problem}." for name, problem in found if problem]


def _path(name: object) -> str:
    if not isinstance(name, str) or not _PATH.fullmatch(name):
        raise Refused(f"{name!r:.60} names no result; expected users, or values.csat for csat in values.")
    return name


def _expectation(name: str, rules: object) -> Expectation:
    if not isinstance(rules, dict):
        raise Refused(f"{name}: expected a mapping such as {{least: 1}}, not {rules!r:.60}.")
    for rule in rules:
        if rule not in _READERS:
            near = difflib.get_close_matches(str(rule), _READERS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise Refused(f"{name}: there is no check {rule!r:.60}.{hint} There are: {', '.join(_READERS)}.")
    values: dict[str, Any] = {rule: _READERS[rule](f"{name}.{rule}", given) for rule, given in rules.items()}
    read = Expectation(**values)
    if read.least is not None and read.most is not None and read.least > read.most:
        raise Refused(f"{name}: no number is at least {read.least:g} and at most {read.most:g}.")
    return read


def _number(place: str, given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Refused(f"{place}: {given!r:.60} is not a number.")
    return given


def _choices(place: str, given: object) -> tuple[Json, ...]:
    if not isinstance(given, list) or not given or any(isinstance(one, list | dict) for one in given):
        raise Refused(f"{place}: expected a list of texts, numbers or switches, not {given!r:.60}.")
    return tuple(given)


_READERS: dict[str, Callable[[str, object], object]] = {
    "least": _number,
    "most": _number,
    "one_of": _choices,
}


def _problem(name: str, results: Mapping[str, Json], expected: Expectation) -> str | None:
    """What is wrong with one result, put behind its name; nothing where it is as expected."""
    values = list(_values(name, results))
    if not values:
        return f"was not recorded; expected {expected}. Recorded: {', '.join(results)}"
    (value,) = values
    if value is None:
        return f"is null (undefined); expected {expected}"
    bounded = expected.least is not None or expected.most is not None
    if bounded and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"is {value!r:.60}, which is no number; expected {expected}"
    return None if _holds(value, expected) else f"is {value!r:.60}; expected {expected}"


def _holds(value: Json, expected: Expectation) -> bool:
    if expected.one_of is not None and not any(_same(value, one) for one in expected.one_of):
        return False
    number = cast("float", value)
    above = expected.least is None or number >= expected.least
    return above and (expected.most is None or number <= expected.most)


def _same(value: Json, other: Json) -> bool:
    # In Python true is 1; in what a notebook records it is not.
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _values(name: str, results: Mapping[str, Json]) -> Iterator[Json]:
    """The result of that name, or the one that a dotted name leads to; nothing if it was not recorded."""
    if name in results:
        yield results[name]
        return
    first, _, rest = name.partition(".")
    inner = results.get(first)
    if rest and isinstance(inner, dict):
        yield from _values(rest, inner)
