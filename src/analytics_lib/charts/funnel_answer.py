"""A funnel in sentences: who gets through, where most are lost, how long it takes, which group differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.funnel_words import allowed, stage_before, stage_name, worst_step, written
from analytics_lib.charts.measures import group_name
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, absent, count, days, duration, label, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from analytics_lib.charts.style import Record

_MOST_GROUPS = 2


def answer(  # noqa: PLR0913  # what the sentences are made of
    rows: pd.DataFrame,
    percentiles: pd.DataFrame,
    compared: pd.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    within: dt.timedelta | None = None,
    by: str | None = None,
    language: Language = "es",
) -> Markdown:
    """The conversion with its denominator, the worst step, the time it takes, and groups that really differ.

    Args:
        rows: One row per stage in order, as for ``funnel.funnel``; none where no events are recorded.
        percentiles: One row per ``share``: ``seconds`` of all who entered, null where they do not get there.
        compared: One row per group and stage against all others, as for ``funnel_compared.groups``; may be
            empty.
        since: First day of the window.
        until: The day after its last.
        within: How long a journey may take.
        by: The dimension of ``compared``.
        language: es or en.
    """
    shown = days(since, until, language)
    if not len(rows):
        return Markdown(say("funnel.answer.unrecorded", language))
    if not rows["entered"].iloc[0]:
        return Markdown(say("funnel.answer.none", language, days=shown))
    first, last = rows.iloc[0].to_dict(), rows.iloc[-1].to_dict()
    names = {"first": _named(first["stage"], language), "last": _named(last["stage"], language)}
    opening = say(
        "funnel.answer",
        language,
        days=shown,
        within=allowed(within, language),
        **names,
        **written(last, language),
    )
    parts = [opening, _worst(rows, language), _time(last, percentiles, language)]
    parts += [_groups(compared, by, language)] if by and len(compared) else []
    return Markdown("\n\n".join(part for part in parts if part))


def _named(stage: object, language: Language) -> str:
    return inert(stage_name(stage, language))


def _worst(rows: pd.DataFrame, language: Language) -> str:
    worst = worst_step(rows)
    if worst is None:
        return ""
    names = {
        "before": _named(stage_before(rows, worst), language),
        "stage": _named(worst["stage"], language),
    }
    return say("funnel.answer.worst", language, **names, **written(worst, language))


def _time(last: Record, percentiles: pd.DataFrame, language: Language) -> str:
    if not last["users"] or last["position"] == 1:
        return ""
    said = [say("funnel.answer.time", language, **written(last, language))]
    reached = percentiles[percentiles["seconds"].notna()]
    if reached.empty:
        least = float(percentiles["share"].min())
        said.append(say("funnel.answer.time.never", language, share=share(least, language)))
    else:
        row = reached.iloc[-1]
        numbers = {"share": share(row["share"], language), "time": duration(row["seconds"], language)}
        said.append(say("funnel.answer.time.all", language, **numbers))
    return " ".join(said)


def _groups(compared: pd.DataFrame, by: str, language: Language) -> str:
    last = compared[compared["position"] == compared["position"].max()]
    known = last[last["difference"].notna()]
    dimension = label("dimension", by, language)
    if known.empty:
        return ""
    real = known[known["real"].astype(bool)]
    if real.empty:
        return say("funnel.answer.groups.none", language, by=dimension, n=count(len(known), language))
    order = real["difference"].abs().sort_values(ascending=False).index
    said = [
        say(
            f"funnel.answer.group.{'more' if row['difference'] > 0 else 'less'}",
            language,
            group=inert(group_name(by, row[by], language)),
            rate=share(row["first_rate"], language),
            n=count(row["first_n"], language),
            rest=share(row["second_rate"], language),
        )
        for row in real.loc[order].head(_MOST_GROUPS).to_dict("records")
        if not absent(row["first_rate"])
    ]
    return say("funnel.answer.groups", language, by=dimension, groups="; ".join(said))
