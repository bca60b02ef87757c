"""What a run of the overview of conversations leaves for the ledger: its numbers, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.analysis.overview_agents import apart

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.analysis.overview_durations import Durations
    from analytics_lib.analysis.overview_moods import Moods
    from analytics_lib.analysis.overview_places import Places
    from analytics_lib.analysis.overview_scope import Asked


def first_results(
    asked: Asked, activity: pd.DataFrame, resolution: pd.Series, lasting: Durations
) -> dict[str, object]:
    """The window, the filters, and the numbers of the first row of the page."""
    now = activity[activity["side"] == "window"].iloc[0]
    return {
        **asked.days,
        "as_of": asked.as_of,
        "channel": asked.channel,
        "segment": asked.segment,
        **{name: int(now[name]) for name in ("conversations", "started", "users", "messages")},
        "resolution_rate": resolution["value"],
        "resolution_n": int(resolution["denominator"]),
        "median_duration_seconds": lasting.median_seconds,
        "open": lasting.open,
    }


def more_results(
    moods: Moods, places: Places, reasons: pd.DataFrame, agents: pd.DataFrame, failing: pd.DataFrame
) -> dict[str, object]:
    """The numbers of the rest of the page; places are those that are shown."""
    whole = moods.rows[moods.rows["period"].isna()]
    shown = places.rows[~places.rows["level"].isin(["other", "unknown"])]
    return {
        "moods": dict(zip(whole["mood"], whole["value"], strict=True)),
        "mood_n": moods.known,
        "moods_scored": moods.scored,
        "places": dict(zip(shown["place"], shown["users"], strict=True)),
        "places_pooled": places.pooled,
        "escalations": dict(zip(reasons["reason"], reasons["escalations"], strict=True)),
        "agents": int(agents["agent_id"].nunique()),
        "agents_apart": len(apart(agents)),
        "failing_intents": failing.loc[failing["real"].astype(bool), "intent"].tolist(),
    }
