"""How a simulated conversation will end, by Bayes' rule from what the simulator draws.

Hidden are how many stages it reaches, how many turns the bot has, whether it escalates and how it ends. Seen
are, turn after turn, its channel, segment and start, which stage was reached in which turn, what the bot took
each message for and how sure it was, the sentiments, and the telling behaviours. Left out, because they add
next to nothing: rounds at the checkout, and that a behaviour has not been shown in a stay that goes on.
"""

import numpy as np
import pandas as pd
from scipy import stats

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate import funnel, intents, outcomes
from analytics_lib.simulate.behaviours import BEHAVIOURS
from analytics_lib.simulate.messages import SENTIMENT_MEANS
from analytics_lib.simulate.world import CHANNELS, OUTCOMES, SEGMENTS

MOST_TURNS = 40
STAGES = len(FUNNEL_STAGES)
PURCHASE, RESOLVED, ESCALATED, ABANDONED = range(4)
# How it ends, whether it escalates, whether it shops.
FATES = (
    (PURCHASE, 0, 1),
    (PURCHASE, 1, 1),
    *((end, int(end == ESCALATED), shops) for end in (RESOLVED, ESCALATED, ABANDONED) for shops in (0, 1)),
)
ENDS = np.array([fate[0] for fate in FATES])
ESCALATES = np.array([fate[1] for fate in FATES])
SHOPS = np.array([fate[2] for fate in FATES])

SAID = """
with said as (
    select
        conversation_id, intent, confidence, sentiment,
        row_number() over (partition by conversation_id order by sent_at) as turn
    from messages where sender = 'user'
),
replied as (
    select
        conversation_id, sent_at as known_at,
        row_number() over (partition by conversation_id order by sent_at) as turn
    from messages where sender = 'bot' and kind <> 'image'
)
select * from said join replied using (conversation_id, turn) order by turn, conversation_id
"""

EVENTS = """
select conversation_id, name, min(occurred_at) as occurred_at
from events where conversation_id is not null group by conversation_id, name
"""

CHATS = """
select conversation_id, channel, segment, started_at, escalated_at, outcome
from conversations join users using (user_id) where outcome is not null
order by conversation_id
"""


def posterior(store, world, *, since):
    """One row per turn of the conversations started from ``since`` on, while their end is not decided.

    ``conversation_id turn truth`` and the probability of each outcome.
    """
    chats = store.query(CHATS)
    chats = chats[chats["started_at"] >= since].reset_index(drop=True)
    row_of = pd.Series(chats.index, index=chats["conversation_id"])
    said = _known(store.query(SAID), row_of)
    reached, shown = _reached(_known(store.query(EVENTS), row_of), len(chats))
    fates, sizes = _fates(world, chats), _sizes()
    alive = np.broadcast_to(sizes > 0, (len(chats), *sizes.shape)).copy()
    state, stage = np.zeros((len(chats), len(FATES), len(intents.INTENTS))), np.zeros(len(chats), int)
    frames = []
    for turn, now in said.groupby("turn"):
        rows, until = now["row"].to_numpy(), _micros(now["known_at"])
        seen = (reached[rows] <= until[:, None]).sum(axis=1)
        alive[rows] &= _consistent(turn, seen)
        newly = np.where((seen > stage[rows]) & (turn > 1), seen - 1, 0)
        ahead = _walk(state[rows], turn)
        more, last = _emitted(world, now, ahead, newly)
        state[rows], stage[rows] = more, seen
        left = alive[rows] * sizes
        ends = left[:, :, min(turn, MOST_TURNS - 1)]
        ends, goes_on = ends[:, :, None], (left.sum(axis=2) - ends)[:, :, None]
        # Who is handed over after their last turn is decided, and not here.
        fits = goes_on * more.sum(axis=2)[:, None] + ends * np.where(ESCALATES, 0, last)[:, None]
        weight = (fits * fates[rows]).sum(axis=1) * _behaved(shown[rows], reached[rows], until)
        by_end = np.stack([weight[:, end == ENDS].sum(axis=1) for end in range(len(OUTCOMES))], axis=1)
        frame = pd.DataFrame(by_end / by_end.sum(axis=1, keepdims=True), columns=list(OUTCOMES))
        frame = frame.assign(conversation_id=now["conversation_id"].to_numpy(), turn=turn)
        frame["truth"] = chats["outcome"].to_numpy()[rows]
        called = _micros(chats["escalated_at"])[rows]
        frames.append(frame[(called > until) & (seen < STAGES)])
    return pd.concat(frames, ignore_index=True)


def _known(frame, row_of):
    frame = frame[frame["conversation_id"].isin(row_of.index)]
    return frame.assign(row=row_of[frame["conversation_id"]].to_numpy())


def _micros(moments):
    """Microseconds; a moment that never came lies behind all others."""
    return np.where(moments.isna(), np.iinfo(np.int64).max, moments.dt.as_unit("us").astype("int64"))


def _reached(events, count):
    """When each conversation reached each stage, and first showed each planted behaviour."""
    names = [*FUNNEL_STAGES, *(behaviour.name for behaviour in BEHAVIOURS if behaviour.planted)]
    at = np.full((count, len(names)), np.iinfo(np.int64).max)
    kept = events[events["name"].isin(names)]
    at[kept["row"], [names.index(name) for name in kept["name"]]] = _micros(kept["occurred_at"])
    return at[:, :STAGES], at[:, STAGES:]


def _sizes():
    """P(turns of the bot | stages): array [stages - 1, turns]."""
    turns = np.arange(MOST_TURNS)[None]
    return stats.poisson.pmf(turns - np.arange(1, STAGES + 1)[:, None], outcomes.MEAN_FREE_TURNS)


def _fates(world, chats):
    """P(stages, fate | channel, segment, start): array [conversation, stages - 1, fate]."""
    sizes, started = world.parameters, _micros(chats["started_at"]) // 1000
    channel = np.array([list(CHANNELS).index(name) for name in chats["channel"]])
    segment = np.array([list(SEGMENTS).index(name) for name in chats["segment"]])
    reach = funnel.reach_probabilities(world, channel, segment, started)
    reach = np.concatenate([np.ones((len(chats), 1)), reach, np.zeros((len(chats), 1))], axis=1)
    stages = reach[:, :-1] - reach[:, 1:]
    lost = np.where(funnel.bugged(world, channel, started), 1 - sizes.bug_factor, 0) * stages[:, -1]
    stages[:, -1] -= lost
    stages[:, -2] += lost
    rate = np.array([sizes.escalation_rate[name] for name in CHANNELS])[channel]
    rate = rate * np.where(world.outage.holds(started), sizes.outage_escalation_ratio, 1.0)
    given = np.zeros((len(chats), STAGES, len(FATES)))
    for number in range(1, STAGES + 1):
        solved = sizes.resolved_rate_service if number == 1 else sizes.resolved_rate_shopping
        for place, (end, escalates, shops) in enumerate(FATES):
            if shops != (number > 1) or (end == PURCHASE) != (number == STAGES):
                continue
            chance = rate if escalates else 1 - rate
            kept = {RESOLVED: solved, ABANDONED: 1 - solved}.get(end, 1.0)
            given[:, number - 1, place] = stages[:, number - 1] * chance * kept
    return given


def _consistent(turn, seen):
    """Whether so many stages and turns would show what is seen after this turn: [row, stages - 1, turns]."""
    turns = np.arange(MOST_TURNS)
    at = np.stack([(np.arange(n)[:, None] * turns // n < turn).sum(axis=0) for n in range(1, STAGES + 1)])
    return (at[None] == seen[:, None, None]) & (turns >= turn)


def _walk(state, turn):
    """Of what was meant before, the next meaning, fate by fate."""
    chains = np.stack([intents._chain(intents.SERVICE), intents._chain(intents.SHOPPING)])
    if turn > 1:
        return np.einsum("rfi,fij->rfj", state, chains[SHOPS])
    first = 0.4 * chains[:, 0]
    first[:, intents.CODE["greeting"]] += 0.6
    return np.broadcast_to(first[SHOPS], state.shape)


def _emitted(world, now, ahead, newly):
    """Likelihoods of what is seen: with each meaning if the bot goes on, in all if this turn is its last."""
    shown = _likelihoods(world, now)
    fixed = [intents.CODE[name] for name in intents.STAGE_INTENTS]
    by_stage = ahead * np.take_along_axis(shown, np.array(fixed)[newly][:, None, None], axis=2)
    free = ahead * shown
    thanks = shown[:, :, intents.CODE["thanks"]] * ahead.sum(axis=2)
    happy = (ENDS <= RESOLVED) & (now["turn"].iloc[0] > 1)
    last = np.where(happy, 0.5 * thanks + 0.5 * free.sum(axis=2), free.sum(axis=2))
    staged = newly > 0
    more = np.where(staged[:, None, None], by_stage, free)
    return more, np.where(staged[:, None], by_stage.sum(axis=2), last)


def _likelihoods(world, now):
    """P(taken, confidence, sentiment | fate, meant): array [row, fate, meant]; 1 where nothing was read."""
    sizes, names = world.parameters, list(intents.RECOGNISED)
    read = now["intent"].notna().to_numpy()
    taken = np.array(
        [names.index(name) if known else 0 for name, known in zip(now["intent"], read, strict=True)]
    )
    sure = now["confidence"].fillna(0.5).to_numpy(float).clip(0.0005, 0.9995)
    right, wrong, lost = (stats.beta.pdf(sure, *shape) for shape in intents.CONFIDENCE.values())
    wrong = np.where(taken == intents.FALLBACK, lost, wrong)
    rate = np.where(ESCALATES, sizes.misrecognition_rate_escalated, sizes.misrecognition_rate)[None, :, None]
    hit = np.eye(len(names))[: len(intents.INTENTS), taken].T * right[:, None]
    miss = intents._confusions()[:, taken].T * wrong[:, None]
    hit, miss = (1 - rate) * hit[:, None], rate * miss[:, None]
    mood = np.array(SENTIMENT_MEANS)[ENDS][None, :, None]
    calm, cross = (_mood_likelihood(now["sentiment"].to_numpy(float), mean) for mean in (mood, mood - 0.15))
    both = hit * calm + miss * cross
    unread = (1 - rate) * calm + rate * cross
    return np.where(read[:, None, None], both, unread)


def _mood_likelihood(sentiment, mean):
    found = sentiment[:, None, None]
    inside = stats.norm.pdf(found, mean, 0.3)
    at_end = np.where(found > 0, stats.norm.sf(1, mean, 0.3), stats.norm.cdf(-1, mean, 0.3))
    density = np.where(np.abs(found) >= 1, at_end, inside)
    return np.where(np.isnan(found), 1.0, density)


def _behaved(shown, reached, until):
    """Likelihood of the telling behaviours: array [row, fate]; not shown counts once the stay is over."""
    weight = np.ones((until.size, len(FATES)))
    for place, behaviour in enumerate(b for b in BEHAVIOURS if b.planted):
        rate = np.where(ENDS == PURCHASE, behaviour.rate_buyers, behaviour.rate_leavers)[None]
        seen = (shown[:, place] <= until)[:, None]
        over = (reached[:, behaviour.stage + 1] <= until)[:, None]
        weight = weight * np.where(seen, rate, np.where(over, 1 - rate, 1.0))
    return weight
