"""How many agents each half-hour needs so that people do not wait long: from a whole forecast, not its mean.

Contacts = conversations of the forecast times the share that is escalated. Each of many draws takes one
course of arrivals that may come, one escalation rate and one handle time; Erlang-C (Erlang-A, where a
patience is given) says how many agents that draw needs. The number chosen is the smallest with which the
service level is held in at least the asked share of draws (``confidence``, four in five unless asked
otherwise).

An agent with ``concurrency`` chats at once counts as so many servers; the handle time is then that of a chat
while the agent has that many. The arrivals of a step (an hour) fall evenly on its half-hours. Each half-hour
is taken as settled: who still waits at its end is not carried over, so that after a half-hour with too few
agents the next one is worse than shown. A count that is drawn is taken for the rate of its step, and the
service level of a draw is the expected one at that rate; the chance of a few contacts coming close together
is Erlang's, and moves single half-hours further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.models.staffing_study import Study, study
from analytics_lib.models.staffing_terms import Assumptions, Service

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.models.staffing_draws import Uncertain

__all__ = ["Assumptions", "Service", "Study", "staffing", "study"]


def staffing(
    forecast: object,
    *,
    handle_time_seconds: Uncertain,
    escalation_rate: Uncertain,
    concurrency: int,
    target_wait_seconds: float,
    service_level: float,
    assumptions: Assumptions | None = None,
) -> pd.DataFrame:
    """Agents for each half-hour of a forecast, and what led to the number.

    Args:
        forecast: What ``load.forecast`` gives; also anything with a ``.frame``, or the frame itself (see
            ``staffing_draws.arrivals`` for what is drawn then).
        handle_time_seconds: Mean time of a chat while the agent has ``concurrency`` of them: a number, or
            ``(value, low, high)`` with its 95 % limits.
        escalation_rate: Share of the conversations that need an agent: a number, counts ``(numerator,
            denominator)``, or ``(value, low, high)``.
        concurrency: Chats that an agent has at once, a whole number from 1.
        target_wait_seconds: Longest wait that counts as in time, 0 or more.
        service_level: Share of the contacts that are to be in time, above 0 and below 1.
        assumptions: Shrinkage, confidence, patience and how it is drawn; null = the defaults.

    Returns:
        One row a half-hour: ``at`` (its start, as in the forecast), ``agents`` (that answer at that time),
        ``rostered`` (agents by 1 - shrinkage, rounded up), ``conversations`` (expected), ``contacts`` (of
        them, for agents; with ``contacts_low`` and ``contacts_high``, between which 80 % of the draws lie),
        ``load_erlangs`` (expected), ``agents_expected`` (what the expected values alone would ask for),
        ``held`` (share of the draws in which ``agents`` hold the service level; ``held_one_less``, null where
        there are 0, ``held_one_more``, ``held_expected`` with ``agents_expected``), ``in_time`` (share of all
        contacts of the draws that are in time; null where none comes), and at the expected load:
        ``service_level`` (by the formula; null where nobody is expected; ``service_level_one_less``,
        ``service_level_one_more``), ``wait_probability``, ``mean_wait_seconds`` (null where load comes up to
        the servers), ``occupancy``, ``abandoned`` (null without a patience).

    Raises:
        RequestError: If anything given is no number of its kind, missing or not finite.
    """
    return study(
        forecast,
        handle_time_seconds=handle_time_seconds,
        escalation_rate=escalation_rate,
        service=Service(target_wait_seconds, service_level, concurrency),
        assumptions=assumptions,
    ).frame
