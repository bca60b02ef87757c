"""What sets two groups apart, in figures: the tables, and what to do where a difference is large."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.compared import KINDS, SIDES, Found, Kind, change, limits_of, points, row_name
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.texts import cut
from analytics_lib.charts.words import Language, absent, count, duration, label, number, say, share

if TYPE_CHECKING:
    from analytics_lib.charts.style import Record

_LEAST_P = 0.001
_HEAD_LENGTH = 30


def share_table(
    frame: pd.DataFrame, names: tuple[str, str], *, kind: Kind, language: Language = "es"
) -> Html:
    """Shares in figures: each group with its count and n, the difference with its interval, the corrected p.

    Args:
        frame: As for ``comparison.shares``, with ``p_value`` and ``few``.
        names: What readers call the two groups.
        kind: intents, stages or moments.
        language: es or en.
    """
    rows = [
        [
            row_name(kind, row["name"], language),
            *(_share_cell(row, side, language) for side in SIDES),
            say("compare.cell.points", language, **limits_of(row, "", points, language)),
            *_judgement(row, language),
        ]
        for row in frame.to_dict("records")
    ]
    return _table(rows, names, f"compare.table.{kind}", language)


def wait_table(frame: pd.DataFrame, names: tuple[str, str], *, language: Language = "es") -> Html:
    """Median waits in figures.

    Args:
        frame: As for ``comparison.response_times``, with ``p_value`` and ``few``.
        names: What readers call the two groups.
        language: es or en.
    """
    rows = [
        [
            label("replier", row["replier"], language),
            *(_wait_cell(row, side, language) for side in SIDES),
            say("compare.cell.change", language, **limits_of(row, "_seconds", change, language)),
            *_judgement(row, language),
        ]
        for row in frame.to_dict("records")
    ]
    return _table(rows, names, "compare.table.waits", language)


def word_table(frame: pd.DataFrame, names: tuple[str, str], *, language: Language = "es") -> Html:
    """The words that mark a group in figures; those that do not are left out.

    Args:
        frame: As for ``comparison.words``, with ``p_value``.
        names: What readers call the two groups.
        language: es or en.
    """
    rows = [
        [
            row["word"],
            *(_user_cell(row, side, language) for side in SIDES),
            number(row["z"], language),
            *_judgement({**row, "few": False}, language),
        ]
        for row in frame[frame["real"].astype(bool)].to_dict("records")
    ]
    return _table(rows, names, "compare.table.words", language, measure="z")


def advice(found: Found, *, limit: float, language: Language = "es") -> Html:
    """Of each table the largest real difference against its threshold, and what to do where it is beyond.

    Args:
        found: What was compared.
        limit: From which size on a real difference asks for action: of shares 0 to 1, of a median wait as a
            share of the second group's.
        language: es or en.
    """
    signals = [_share_signal(kind, found[kind], limit, language) for kind in KINDS]
    signals += [_wait_signal(replier, found["waits"], limit, language) for replier in ("bot", "agent")]
    heads = say("compare.advice.head", language).split("|")
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(signals)}</tbody></table>")


def _share_cell(row: Record, side: str, language: Language) -> str:
    counts = {"count": row[f"{side}_conversations"], "n": row[f"{side}_total"]}
    written = {part: count(value, language) for part, value in counts.items()}
    return say("compare.cell.share", language, share=share(row[f"{side}_share"], language), **written)


def _wait_cell(row: Record, side: str, language: Language) -> str:
    median = duration(row[f"{side}_median_seconds"], language)
    return say("compare.cell.wait", language, median=median, n=count(row[f"{side}_replies"], language))


def _user_cell(row: Record, side: str, language: Language) -> str:
    used, total = row[f"{side}_users"], row[f"{side}_total"]
    counts = {"count": count(used, language), "n": count(total, language)}
    return say("compare.cell.share", language, share=share(used / total, language), **counts)


def _judgement(row: Record, language: Language) -> tuple[str, str]:
    tiny = not absent(row["p_value"]) and row["p_value"] < _LEAST_P
    p_value = say("compare.cell.tiny", language) if tiny else number(row["p_value"], language, digits=3)
    if row["few"]:
        return p_value, say("compare.cell.few", language)
    return p_value, say("yes" if row["real"] else "no", language)


def _table(
    rows: list[list[str]],
    names: tuple[str, str],
    title: str,
    language: Language,
    *,
    measure: str = "difference",
) -> Html:
    if not rows:
        caption = say("compare.table.empty", language, title=say(title, language))
        return Html(f"<p>{html.escape(caption)}</p>")
    keys = ("name", measure, "p_value", "real")
    name, middle, *rest = (say(f"compare.column.{key}", language) for key in keys)
    groups = [cut(group, _HEAD_LENGTH, language) for group in names]
    return table(pd.DataFrame(rows, columns=[name, *groups, middle, *rest]), title=title, language=language)


def _share_signal(kind: Kind, frame: pd.DataFrame, limit: float, language: Language) -> str:
    shown = say("compare.cell.only_points", language, points=number(100 * limit, language))
    known = frame[frame["difference"].notna()]
    real = known[known["real"].astype(bool)]
    if real.empty:
        name = say(f"compare.advice.{kind}.any", language)
        return _signal([name, say(_why_none(known["few"]), language), "", shown, ""])
    row = real.iloc[int(real["difference"].abs().argmax())]
    beyond = abs(row["difference"]) >= limit
    name = say(f"compare.advice.{kind}", language, name=row_name(kind, row["name"], language))
    todo = say(f"compare.advice.{kind}.do" if beyond else "compare.advice.none", language)
    value = say("compare.cell.only_points", language, points=points(row["difference"], language))
    n = " / ".join(count(row[f"{side}_total"], language) for side in SIDES)
    return _signal([name, todo, value, shown, n], bold=beyond)


def _wait_signal(replier: str, waits: pd.DataFrame, limit: float, language: Language) -> str:
    name, shown = say(f"compare.advice.{replier}", language), share(limit, language)
    known = waits[(waits["replier"] == replier) & waits["difference_seconds"].notna()]
    real = known[known["real"].astype(bool)]
    if real.empty:
        return _signal([name, say(_why_none(known["few"]), language), "", shown, ""])
    row = real.iloc[0]
    middle = row["second_median_seconds"]
    relative = row["difference_seconds"] / middle if middle else math.inf
    beyond = abs(relative) >= limit
    todo = say(f"compare.advice.{replier}.do" if beyond else "compare.advice.none", language)
    value = say(
        "compare.cell.relative",
        language,
        change=change(row["difference_seconds"], language),
        percent=points(relative, language),
    )
    n = " / ".join(count(row[f"{side}_replies"], language) for side in SIDES)
    return _signal([name, todo, value, shown, n], bold=beyond)


def _why_none(few: pd.Series) -> str:
    """The key of what to say where no difference is real: without data, with too few, with enough."""
    if few.empty:
        return "compare.advice.no_data"
    return "advice.few" if bool(few.all()) else "compare.advice.none"


def _signal(cells: list[str], *, bold: bool = False) -> str:
    name, todo, value, limit, n = cells
    widths = [
        ' style="min-width:9rem;max-width:13rem"',
        ' style="min-width:12rem;max-width:20rem"',
        *[' style="white-space:nowrap"'] * 2,
        "",
    ]
    weight = ' style="font-weight:bold"' if bold else ""
    columns = zip(widths, (name, todo, value, f"≥ {limit}", n), strict=True)
    return f"<tr{weight}>{''.join(f'<td{width}>{html.escape(cell)}</td>' for width, cell in columns)}</tr>"
