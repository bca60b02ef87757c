"""What may happen with a roster, played out: contacts come one by one and take the first agent who is free.

Erlang's formula gives the share in time that is expected at a rate, half-hour by half-hour. What comes of it
on one day is chance as well, and who still waits when a half-hour ends waits on into the next. Here each draw
is one course of the days: as many contacts as chance sends at its rate, each at its own moment, served in
order by those on duty; an agent whose shift ends finishes what they have. A thousand courses at once, contact
by contact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.staffing_study import Study

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]

# So many numbers are looked at for a roster: of very many contacts and agents fewer courses are played.
_MOST_WORK = 6e7
_FEWEST = 100
_STREAM = 11


class Course(NamedTuple):
    """Draws by slots: contacts that come, and those of them in time."""

    contacts: Floats
    in_time: Floats


def expected(study: Study, answering: Floats, open_at: Flags) -> Course:
    """What Erlang's formula expects of each draw at its rate; nobody while closed."""
    came = np.where(open_at, study.contacts, 0.0)
    return Course(came, came * study.in_time(answering))


def played(study: Study, answering: Floats, open_at: Flags) -> Course:
    """What happens in each draw, by chance as well; contacts while closed are left out.

    Args:
        study: What may come.
        answering: How many answer in each slot.
        open_at: Slots in which contacts count.
    """
    servers = np.where(open_at, answering, 0).astype(np.int64) * study.service.concurrency
    rates = np.where(open_at, study.contacts, 0.0)
    draws = _draws(rates, servers)
    random = np.random.default_rng([study.assumed.seed, _STREAM])
    counts = random.poisson(rates[:draws])
    slots = counts.shape[1]
    came, place = _arrivals(counts, random)
    waited = _waits(study, came, servers, random)
    met = waited <= study.service.target_wait_seconds / study.slot.total_seconds()
    draw, contact = np.nonzero(met & np.isfinite(came))
    in_time = np.bincount(draw * slots + place[draw, contact], minlength=counts.size)
    return Course(counts.astype(float), in_time.reshape(counts.shape).astype(float))


def _draws(rates: Floats, servers: Whole) -> int:
    """How many courses can be played."""
    each = rates.sum(axis=1).mean() * max(int(servers.max(initial=0)), 1)
    return int(min(len(rates), max(_FEWEST, _MOST_WORK / max(each, 1.0))))


def _arrivals(counts: Whole, random: np.random.Generator) -> tuple[Floats, Whole]:
    """When contacts come, in slots, in order of time; infinite beyond the last. And in which slot each."""
    draws, slots = counts.shape
    each = counts.sum(axis=1)
    slot = np.repeat(np.tile(np.arange(slots), draws), counts.ravel())
    draw = np.repeat(np.arange(draws), each)
    at = slot + random.random(slot.size)
    order = np.lexsort((at, draw))
    column = np.arange(slot.size) - np.repeat(np.cumsum(each) - each, each)
    came = np.full((draws, int(each.max(initial=0))), np.inf)
    place = np.zeros(came.shape, dtype=np.int64)
    came[draw, column] = at[order]
    place[draw, column] = slot[order]
    return came, place


def _waits(study: Study, came: Floats, servers: Whole, random: np.random.Generator) -> Floats:
    """How long each contact waits, in slots; infinite for those who are never served or give up."""
    draws, contacts = came.shape
    handled = _lasting(study.handle_seconds, study, came.shape, random)
    patience = study.patience_seconds
    patient = None if patience is None else _lasting(patience, study, came.shape, random)
    most = max(int(servers.max(initial=0)), 1)
    on_duty, free = _next_on_duty(servers, most), np.zeros((draws, most))
    waited, rows, agents = np.full(came.shape, np.inf), np.arange(draws), np.arange(most)
    for contact in range(contacts):
        # Where a draw has no more contacts, one beyond the end finds nobody on duty.
        at = np.minimum(came[:, contact], len(servers))
        ready = np.maximum(free, at[:, None])
        slot = np.minimum(ready, len(servers)).astype(np.int64)
        begins = np.maximum(ready, on_duty[slot, agents])
        first = begins.argmin(axis=1)
        start = begins[rows, first]
        wait = start - at
        served = np.isfinite(start)
        if patient is not None:
            served &= wait <= patient[:, contact]
        waited[served, contact] = wait[served]
        free[rows[served], first[served]] = start[served] + handled[served, contact]
    return waited


def _lasting(seconds: Floats, study: Study, shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    """Times of single contacts around the mean of their draw, in slots."""
    means = seconds[: shape[0], None] / study.slot.total_seconds()
    return np.asarray(means * random.standard_exponential(shape))


def _next_on_duty(servers: Whole, most: int) -> Floats:
    """Slots by servers: when each is on duty from that slot on; infinite where never again."""
    found = np.full((len(servers) + 1, most), np.inf)
    for slot in range(len(servers) - 1, -1, -1):
        found[slot] = np.where(np.arange(most) < servers[slot], float(slot), found[slot + 1])
    return found
