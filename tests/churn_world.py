"""A simulated shop's contacts and orders without what is said in them, and the truth about who stays away.

The truth is P(no contact within the horizon) given what anybody can see: segment, channel, contacts and
orders so far, each at its time. Before the first order a user who has been silent for g days is still there
with

    A = e^-(l+m)g / (e^-(l+m)g + m/(l+m) (1 - e^-(l+m)g)),  l the rate of coming back, m that of leaving,

and comes back within h with A l/(l+m) (1 - e^-(l+m)h). A buyer who has ordered x times after the first, the
last time at t, and written k times in between without ordering, is gone with odds a/(b+x-1)
((alpha+(1+c)T)/(alpha+ (1+c)t))^(r+x+k), c the failed attempts for each order, and surely there if they wrote
after t; then rates of orders and attempts are Gamma(r+x+k), dropout is Beta(a, b+x), over which the silence
of h is averaged. Time is the simulation's own, in which paydays, weekends and campaigns pass faster, as
nobody outside can know.

Left out: attempts that the checkout bug turned away count as attempts, the faster bot's fewer attempts after
its release are not known, and when newcomers arrive (growth, the wave of the launch) says nothing of them.
"""

import datetime as dt

import numpy as np
import pandas as pd
from scipy.special import roots_jacobi

from analytics_lib.simulate import funnel
from analytics_lib.simulate.arrivals import calendar, clock
from analytics_lib.simulate.contacts import simulate_contacts
from analytics_lib.simulate.world import CHANNELS, MS_PER_DAY, SEGMENTS, create_world, local_midnight_ms

AMOUNT = 90_000.0


class ChurnWorld:
    """Contacts of one simulated shop as frames of the contract, and the truth at any day."""

    def __init__(self, conversations, *, seed, until, days=180):
        self.world = create_world(conversations=conversations, seed=seed, until=until, days=days)
        self.clock = clock(self.world, calendar(self.world))
        made = simulate_contacts(self.world, self.clock)
        self.chats = made.conversations.assign(bought=made.conversations["stages"] == funnel.STAGES)
        self.orders = pd.concat(
            [
                self.chats.loc[self.chats["bought"], ["user", "started_ms"]].set_axis(
                    ["user", "ordered_ms"], axis="columns"
                ),
                made.shop_orders[["user", "ordered_ms"]],
            ],
            ignore_index=True,
        )

    def frames(self):
        """conversations, messages (what a user wrote first), orders and users, for ``Store.in_memory``."""
        chats, people = self.chats, self.chats.drop_duplicates("user")
        started = pd.to_datetime(chats["started_ms"], unit="ms", utc=True)
        ids = [f"c{place}" for place in range(len(chats))]
        user = chats["user"].map("{:032x}".format)
        conversations = pd.DataFrame(
            {
                "conversation_id": ids,
                "user_id": user,
                "channel": np.array(list(CHANNELS))[chats["channel"]],
                "started_at": started,
                "ended_at": started + pd.Timedelta(minutes=10),
                "outcome": np.where(chats["bought"], "purchase", "abandoned"),
            }
        )
        messages = pd.DataFrame(
            {"message_id": [f"m{one}" for one in ids], "conversation_id": ids, "user_id": user}
        ).assign(sent_at=started, sender="user", kind="text")
        orders = pd.DataFrame(
            {
                "order_id": [f"o{place}" for place in range(len(self.orders))],
                "user_id": self.orders["user"].map("{:032x}".format),
                "ordered_at": pd.to_datetime(self.orders["ordered_ms"], unit="ms", utc=True),
                "amount": AMOUNT + self.orders["user"] % 7 * 5_000.0,
                "currency": "COP",
            }
        )
        users = pd.DataFrame(
            {
                "user_id": people["user"].map("{:032x}".format),
                "first_seen_at": pd.to_datetime(people["started_ms"], unit="ms", utc=True),
                "segment": np.array(list(SEGMENTS))[people["segment"]],
            }
        )
        return {"conversations": conversations, "messages": messages, "orders": orders, "users": users}

    def truth(self, cutoff, *, horizon_days):
        """P(no contact in the horizon) by ``user_id``, of everybody who wrote before the day."""
        begin = local_midnight_ms(cutoff)
        ends = np.array([begin, begin + horizon_days * MS_PER_DAY])
        now, until = self.clock.operational_days(ends)
        people = self._seen(now)
        gone = 1 - self._back(people, until - now)
        buyer = people["born"].notna().to_numpy()
        gone[buyer] = self._buyers_silent(people[buyer], now, until - now)
        return pd.Series(gone, index=people.index.map("{:032x}".format), name="truth")

    def _seen(self, now):
        """One row a user: what of them can be seen by then, in days of the simulation."""
        chats = self.chats.assign(day=self.clock.operational_days(self.chats["started_ms"].to_numpy()))
        orders = self.orders.assign(day=self.clock.operational_days(self.orders["ordered_ms"].to_numpy()))
        chats, orders = chats[chats["day"] < now], orders[orders["day"] < now]
        seen = chats.groupby("user").agg(
            last=("day", "max"), segment=("segment", "first"), channel=("channel", "first")
        )
        seen = seen.assign(silent=now - seen["last"], born=orders.groupby("user")["day"].min())
        repeats = orders[orders["day"] > orders["user"].map(seen["born"])]
        failed = chats[~chats["bought"] & (chats["day"] > chats["user"].map(seen["born"]))]
        return seen.assign(
            x=repeats.groupby("user").size().reindex(seen.index).fillna(0),
            t=repeats.groupby("user")["day"].max().reindex(seen.index),
            k=failed.groupby("user").size().reindex(seen.index).fillna(0),
            wrote=failed.groupby("user")["day"].max().reindex(seen.index),
        )

    def _back(self, people, span):
        sizes = self.world.parameters
        fast = people["segment"].to_numpy() == list(SEGMENTS).index(sizes.churn_segment)
        leave = sizes.churn_rate_per_day * np.where(fast, sizes.churn_hazard_ratio, 1.0)
        both = leave + sizes.return_rate_per_day
        quiet = np.exp(-both * people["silent"].to_numpy())
        there = quiet / (quiet + leave / both * (1 - quiet))
        return there * sizes.return_rate_per_day / both * (1 - np.exp(-both * span))

    def _buyers_silent(self, people, now, span):
        sizes = self.world.parameters
        r, alpha, a, b = (sizes.bg_nbd[name] for name in ("r", "alpha", "a", "b"))
        buys = funnel.step_probabilities().prod(axis=2)[people["channel"], people["segment"]]
        tries = sizes.chat_share * (1 - buys) / buys
        age, x = (now - people["born"]).to_numpy(), people["x"].to_numpy()
        last = (people["t"] - people["born"]).fillna(0).to_numpy()
        power = r + x + people["k"].to_numpy()
        weight = 7 * alpha + (1 + tries) * age
        odds = a / (b + np.maximum(x, 1) - 1) * (weight / (7 * alpha + (1 + tries) * last)) ** power
        wrote_after = (people["wrote"] > people["t"]).to_numpy()
        there = 1 / (1 + np.where((x > 0) & ~wrote_after, odds, 0.0))
        silent = np.empty(len(people))
        for times in np.unique(x):
            mine = x == times
            points, weights = roots_jacobi(30, b + times - 1, a - 1)
            leaves = (1 + points) / 2 * (1 - sizes.chat_share)
            rate = tries[mine, None] + sizes.chat_share + leaves
            quiet = (weight[mine, None] / (weight[mine, None] + rate * span)) ** power[mine, None]
            silent[mine] = (quiet + leaves / rate * (1 - quiet)) @ (weights / weights.sum())
        return 1 - there * (1 - silent)


def auc(left, scores):
    """P(a score of who left > that of who stayed) + half of P(equal), by ranks."""
    ranks = pd.Series(np.asarray(scores)).rank().to_numpy()
    gone = np.asarray(left, dtype=bool)
    n = gone.sum()
    return (ranks[gone].sum() - n * (n + 1) / 2) / (n * (len(gone) - n))


def ece(left, scores, bins=10):
    """Mean gap of ten bins of equal count, by hand."""
    order = np.argsort(np.asarray(scores), kind="stable")
    gone, said = np.asarray(left, dtype=float)[order], np.asarray(scores)[order]
    parts = np.array_split(np.arange(len(order)), bins)
    return sum(abs(gone[part].mean() - said[part].mean()) * len(part) for part in parts) / len(order)


UNTIL = dt.date(2026, 11, 1)
