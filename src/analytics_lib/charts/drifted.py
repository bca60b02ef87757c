"""Whether what a model reads, and what it says, still looks as it did in training."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.feature_words import feature_name
from analytics_lib.charts.pages import Html
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.words import Language, count, label, number, say, share

if TYPE_CHECKING:
    import pandas as pd

_MOVED = ("act", "watch")
_SHOWN = 6
_SCORE = "score "


def drifted(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """What has moved since training, the farthest first; one sentence where nothing has.

    Args:
        frame: One row per feature or score: ``feature psi noise status n bin share_then share_now`` (see
            ``drift.compare``); without rows where nothing could be compared.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('drift.unknown', language))}</p>")
    moved = frame[frame["status"].isin(_MOVED)].head(_SHOWN)
    n, features = count(frame["n"].iloc[0], language), count(len(frame), language)
    if moved.empty:
        return Html(f"<p>{html.escape(say('drift.none', language, n=n, features=features))}</p>")
    rows = [
        [
            _name(str(row["feature"]), language),
            number(row["psi"], language, digits=2),
            say(f"drift.{row['status']}", language),
            str(row["bin"]),
            share(row["share_then"], language),
            share(row["share_now"], language),
            count(row["n"], language),
        ]
        for row in moved.to_dict("records")
    ]
    return row_table("drift.table", "drift.head", rows, language, texts=(0, 2, 3))


def _name(feature: str, language: Language) -> str:
    if not feature.startswith(_SCORE):
        return feature_name(feature, language)
    outcome = feature.removeprefix(_SCORE)
    return say("drift.score", language, outcome=label("drift.score", outcome, language))
