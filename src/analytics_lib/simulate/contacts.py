"""Who writes when, and who buys: users before their first order, and buyers after it.

Before the first order a user comes back at a constant rate while a churn clock runs: P(gone after a gap g)
= 1 - exp(-rate * g). The first order starts a BG/NBD process (Fader, Hardie, Lee 2005) of repeat orders, a
share of them placed in conversations. A buyer's other conversations are drawn so that each conversation is a
purchase with exactly the probability of its funnel: attempts come at (rate of orders in chat) / P(purchase)
while the buyer is alive. A faster bot therefore means fewer attempts for the same repeat orders, while the
checkout bug turns orders into failed attempts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics_lib.simulate import funnel
from analytics_lib.simulate.arrivals import Clock, first_contacts
from analytics_lib.simulate.world import CHANNELS, MS_PER_DAY, SEGMENTS, World

SMALLEST_BATCH = 64


@dataclass(frozen=True)
class People:
    """Users of one batch: their channel and segment (as positions) and first contact (operational days)."""

    channel: np.ndarray
    segment: np.ndarray
    first_days: np.ndarray


@dataclass(frozen=True)
class Contacts:
    """Everything that happens between users and the shop, times as milliseconds since the epoch.

    Attributes:
        conversations: In order of time: ``user channel segment started_ms stages lost_to_bug``.
        shop_orders: Orders outside conversations: ``user ordered_ms``.
        users: Number of users, numbered from 0.
    """

    conversations: pd.DataFrame
    shop_orders: pd.DataFrame
    users: int


def simulate_contacts(world: World, clock: Clock) -> Contacts:
    """Users one after the other until the world has its conversations; the last user's surplus is cut."""
    rng = world.stream("contacts")
    size = max(SMALLEST_BATCH, world.conversations // 6)
    chats, orders, found, users = [], [], 0, 0
    while found < world.conversations:
        chat, order = _batch(rng, world, clock, size)
        chats.append(chat.assign(user=chat["user"] + users))
        orders.append(order.assign(user=order["user"] + users))
        found, users = found + len(chat), users + size
    return _cut(pd.concat(chats), pd.concat(orders), world, clock)


def _cut(chats: pd.DataFrame, orders: pd.DataFrame, world: World, clock: Clock) -> Contacts:
    chats = chats.sort_values(["user", "days"], kind="stable").iloc[: world.conversations]
    last = chats.iloc[-1]
    within = (orders["user"] < last["user"]) | (
        (orders["user"] == last["user"]) & (orders["days"] <= last["days"])
    )
    orders = orders[within].sort_values("days", kind="stable", ignore_index=True)
    chats = chats.sort_values("days", kind="stable", ignore_index=True)
    return Contacts(
        conversations=chats.assign(started_ms=clock.moments_ms(chats["days"].to_numpy())).drop(
            columns="days"
        ),
        shop_orders=orders.assign(ordered_ms=clock.moments_ms(orders["days"].to_numpy())).drop(
            columns="days"
        ),
        users=int(last["user"]) + 1,
    )


def _batch(
    rng: np.random.Generator, world: World, clock: Clock, size: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    people = People(
        channel=rng.choice(len(CHANNELS), size, p=list(CHANNELS.values())),
        segment=rng.choice(len(SEGMENTS), size, p=list(SEGMENTS.values())),
        first_days=first_contacts(rng, world, size),
    )
    before = _before_first_order(rng, world, clock, people)
    bought = before[before["stages"] == funnel.STAGES]
    after, orders = _after_first_order(rng, world, clock, people, bought)
    chats = pd.concat([before, after], ignore_index=True)
    user = chats["user"].to_numpy()
    return chats.assign(channel=people.channel[user], segment=people.segment[user]), orders


def _before_first_order(rng: np.random.Generator, world: World, clock: Clock, people: People) -> pd.DataFrame:
    sizes = world.parameters
    churn = np.full(len(SEGMENTS), sizes.churn_rate_per_day)
    churn[list(SEGMENTS).index(sizes.churn_segment)] *= sizes.churn_hazard_ratio
    user, days, rounds = np.arange(people.channel.size), people.first_days, []
    while user.size:
        stages, lost = _stages(rng, world, people, user, clock.moments_ms(days))
        rounds.append(pd.DataFrame({"user": user, "days": days, "stages": stages, "lost_to_bug": lost}))
        gap = rng.exponential(1 / sizes.return_rate_per_day, user.size)
        alive_for = rng.exponential(1 / churn[people.segment[user]])
        back = (stages < funnel.STAGES) & (alive_for > gap) & (days + gap < world.days)
        user, days = user[back], (days + gap)[back]
    return pd.concat(rounds, ignore_index=True)


def _stages(
    rng: np.random.Generator, world: World, people: People, user: np.ndarray, moments_ms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    channel = people.channel[user]
    reach = funnel.reach_probabilities(world, channel, people.segment[user], moments_ms)
    stages = funnel.stages_reached(rng.random(user.size), reach)
    lost = (stages == funnel.STAGES) & funnel.lost_to_bug(rng, world, channel, moments_ms)
    return stages - lost, lost


def _after_first_order(
    rng: np.random.Generator, world: World, clock: Clock, people: People, bought: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    user, born = bought["user"].to_numpy(), bought["days"].to_numpy()
    shape = world.parameters.bg_nbd
    rate_per_day = rng.gamma(shape["r"], 1 / shape["alpha"], user.size) / 7
    dropout = rng.beta(shape["a"], shape["b"], user.size)
    repeats, end = _repeat_orders(rng, world, clock, (people.channel[user], born, rate_per_day, dropout))
    repeats = repeats.assign(user=user[repeats["buyer"].to_numpy()])
    attempts = _failed_attempts(rng, world, clock, people, (user, born, end, rate_per_day))
    in_chat = repeats["stages"] > 0
    repeated = repeats.loc[in_chat, ["user", "days", "stages", "lost_to_bug"]]
    chats = pd.concat([repeated, attempts], ignore_index=True)
    return chats, repeats.loc[~in_chat, ["user", "days"]]


def _repeat_orders(
    rng: np.random.Generator, world: World, clock: Clock, buyers: tuple[np.ndarray, ...]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Repeat orders (``stages`` 0 outside chat, 8 in chat, 7 ``lost_to_bug``) and each buyer's end."""
    channel, born, rate_per_day, dropout = buyers
    days, end = born.copy(), np.full(born.size, float(world.days))
    active, rounds = np.arange(born.size), []
    while active.size:
        later = days[active] + rng.exponential(1 / rate_per_day[active])
        days[active] = _not_on_the_same_day(clock, days[active], later)
        active = active[days[active] < world.days]
        in_chat = rng.random(active.size) < world.parameters.chat_share
        lost = in_chat & funnel.lost_to_bug(rng, world, channel[active], clock.moments_ms(days[active]))
        stages = np.where(in_chat, funnel.STAGES, 0) - lost
        tried = {"buyer": active, "days": days[active], "stages": stages, "lost_to_bug": lost}
        rounds.append(pd.DataFrame(tried))
        leaves = ~lost & (rng.random(active.size) < dropout[active])
        end[active[leaves]] = days[active[leaves]]
        active = active[~leaves]
    empty = pd.DataFrame({"buyer": active, "days": days[active], "stages": active, "lost_to_bug": active < 0})
    return pd.concat([empty, *rounds], ignore_index=True), end


def _not_on_the_same_day(clock: Clock, before: np.ndarray, later: np.ndarray) -> np.ndarray:
    """A second order of the same day is placed a day later.

    Lifetime models count the days with an order; two on one day would be seen as one.
    """
    before_ms, later_ms = clock.moments_ms(before), clock.moments_ms(later)
    origin_ms = clock.edges_ms[0]
    same = (before_ms - origin_ms) // MS_PER_DAY == (later_ms - origin_ms) // MS_PER_DAY
    # The end of the window is a moment too: what would lie behind it stays behind it.
    same &= later < clock.edges_days[-1]
    return np.where(same, clock.operational_days(later_ms + MS_PER_DAY), later)


def _failed_attempts(
    rng: np.random.Generator, world: World, clock: Clock, people: People, buyers: tuple[np.ndarray, ...]
) -> pd.DataFrame:
    user, born, end, rate_per_day = buyers
    base = funnel.step_probabilities().prod(axis=2)[people.channel[user], people.segment[user]]
    # A Poisson process at the highest rate of the window, thinned to the rate of each moment.
    highest = rate_per_day * world.parameters.chat_share * (1 - base) / base
    row = np.repeat(np.arange(user.size), rng.poisson(highest * (end - born)))
    days = born[row] + rng.random(row.size) * (end - born)[row]
    who = user[row]
    reach = funnel.reach_probabilities(
        world, people.channel[who], people.segment[who], clock.moments_ms(days)
    )
    purchase = reach[:, -1]
    kept = rng.random(row.size) < (1 - purchase) / purchase * (base / (1 - base))[row]
    uniforms = purchase + (1 - purchase) * rng.random(row.size)
    stages = np.minimum(funnel.stages_reached(uniforms, reach), funnel.STAGES - 1)
    return pd.DataFrame({"user": who[kept], "days": days[kept], "stages": stages[kept], "lost_to_bug": False})
