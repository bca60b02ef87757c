"""A model's card: what it is for, on what it was fitted, how good it was, for whom less, and its limits.

After Mitchell et al. 2019, Model cards for model reporting. The card is data (JSON) and a page to read
(Markdown); it holds counts and rates only, nothing of single people.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.models.logit_terms import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]

_HEADINGS = {
    "en": {
        "intended_use": "Intended use",
        "not_for": "Not for",
        "data": "Data",
        "training": "Training",
        "features": "Features",
        "evaluation": "Evaluation",
        "baselines": "Baselines",
        "segments": "By segment",
        "decision": "Why it was published",
        "limits": "Limits",
    },
    "es": {
        "intended_use": "Para qué sirve",
        "not_for": "Para qué no",
        "data": "Datos",
        "training": "Entrenamiento",
        "features": "Variables",
        "evaluation": "Evaluación",
        "baselines": "Puntos de comparación",
        "segments": "Por segmento",
        "decision": "Por qué se publicó",
        "limits": "Límites",
    },
}
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~$])")


@dataclass(frozen=True)
class Card:
    """What is to be known of one model.

    Attributes:
        title: Its name for people.
        intended_use: Who may decide what with it; ``not_for`` what nobody may.
        data: Facts about the rows: window (since, until), as_of, rows, users, table versions.
        training: How it was fitted: rows used, seed, penalty, what was left out.
        code_hash: Of the library's sources.
        features: One entry a feature: name, family, when it is known.
        evaluation: One entry a metric: metric value low high n; ``baselines`` and ``segments`` alike, with
            a column that names which.
        limits: Sentences.
        language: Of the headings: es or en.
        decision: Set when it is published, with ``version`` and ``published_at``.
    """

    title: str
    intended_use: str
    not_for: str
    data: Mapping[str, Any]
    training: Mapping[str, Any]
    code_hash: str
    evaluation: Sequence[Row]
    features: Sequence[Row] = ()
    baselines: Sequence[Row] = ()
    segments: Sequence[Row] = ()
    limits: Sequence[str] = ()
    language: str = "es"
    decision: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    published_at: str = ""

    def to_json(self) -> str:
        """The card as text; what is undefined is null."""
        return json.dumps(_plain(asdict(self)), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)

    def markdown(self) -> str:
        """The card as a page; names and values from the data cannot mark it up."""
        words = _HEADINGS[self.language]
        facts = {"version": self.version, "published_at": self.published_at, "code": self.code_hash[:12]}
        parts = [f"# {_safe(self.title)}", _facts(facts)]
        for name, heading in words.items():
            body = _body(getattr(self, name))
            if body:
                parts.append(f"## {heading}\n\n{body}")
        return "\n\n".join(parts) + "\n"


def records(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame as a card holds them: what is not a number is null."""
    return [_plain(row) for row in frame.to_dict("records")]


def _body(value: str | Mapping[str, Any] | Sequence[str] | Sequence[Row]) -> str:
    if isinstance(value, str):
        return _safe(value)
    if isinstance(value, Mapping):
        return _facts(value)
    sentences = [f"- {_safe(one)}" for one in value if isinstance(one, str)]
    return "\n".join(sentences) or _table([one for one in value if not isinstance(one, str)])


def _facts(values: Mapping[str, Any]) -> str:
    return "\n".join(
        f"- {_safe(name)}: {_safe(_shown(value))}" for name, value in values.items() if value != ""
    )


def _table(rows: list[Row]) -> str:
    if not rows:
        return ""
    names = list(rows[0])
    lines = ["| " + " | ".join(map(_safe, names)) + " |", "| " + " | ".join("---" for _ in names) + " |"]
    lines += ["| " + " | ".join(_safe(_shown(row.get(name))) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    return str(value)


def _safe(text: str) -> str:
    """The text with nothing that Markdown or HTML would act on, in one line."""
    return _MARKS.sub(r"\\\1", escape(" ".join(text.split()), quote=False))


def _plain(value: object) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return value if isinstance(value, (str, int)) else str(value)
