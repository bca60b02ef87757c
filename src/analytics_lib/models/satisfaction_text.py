"""A satisfaction model as text: plain JSON around its two fitted models, so that reading it runs nothing."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import ModelDamagedError
from analytics_lib.models.logit import Logit
from analytics_lib.models.logit_text import canonical
from analytics_lib.models.satisfaction_fitting import Fitted
from analytics_lib.models.satisfaction_interval import Errors

if TYPE_CHECKING:
    from analytics_lib.models.satisfaction import SatisfactionModel

KIND, FORMAT = "satisfaction", 2


def written(model: SatisfactionModel) -> str:
    """The model as canonical text."""
    response = model.fitted.response
    known = asdict(model.errors)
    content = {
        "kind": KIND,
        "format": FORMAT,
        "response": None if response is None else json.loads(response.to_json()),
        "response_rate": model.fitted.response_rate,
        "answer": json.loads(model.fitted.answer.to_json()),
        "errors": {name: values.tolist() for name, values in known.items()},
        "level": model.level,
        "cutoff": model.cutoff.isoformat(),
        "as_of": None if model.as_of is None else model.as_of.isoformat(),
        "since": None if model.since is None else model.since.isoformat(),
        "rows": model.rows,
        "evaluation": _rows(model.evaluation),
        "segments": _rows(model.segments),
    }
    return canonical(content)


def read(text: str) -> dict[str, Any]:
    """The fields of the model in this text.

    Raises:
        ModelDamagedError: If it is not JSON, not of this kind and format, or does not fit together.
    """
    try:
        content = json.loads(text)
        if (content["kind"], content["format"]) != (KIND, FORMAT):
            raise ModelDamagedError(
                f"The text holds kind {content['kind']!r}, format {content['format']!r}; expected {KIND!r}, "
                f"{FORMAT}. Load a model of this library, or train a new one."
            )
        return _fields(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelDamagedError(
            f"The text is not a model of kind {KIND!r}: {type(error).__name__} {error}. Load an earlier "
            "version, or train a new one."
        ) from error


def _fields(content: dict[str, Any]) -> dict[str, Any]:
    response = None if content["response"] is None else Logit.from_json(json.dumps(content["response"]))
    answer = Logit.from_json(json.dumps(content["answer"]))
    sizes, weights = (np.array(content["errors"][name], dtype=np.float64) for name in ("sizes", "weights"))
    sound = np.isfinite(sizes).all() and np.isfinite(weights).all() and (np.diff(sizes) >= 0).all()
    if sizes.shape != weights.shape or not sound:
        raise ValueError(f"the {sizes.size} errors and {weights.size} weights do not fit")
    return {
        "fitted": Fitted(response, float(content["response_rate"]), answer),
        "errors": Errors(sizes, weights),
        "level": float(content["level"]),
        "cutoff": pd.Timestamp(content["cutoff"]),
        "as_of": dt.datetime.fromisoformat(content["as_of"]) if content["as_of"] else None,
        "since": dt.date.fromisoformat(content["since"]) if content["since"] else None,
        "rows": {str(name): int(count) for name, count in content["rows"].items()},
        "evaluation": pd.DataFrame(content["evaluation"]),
        "segments": pd.DataFrame(content["segments"]),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; what is undefined is null."""
    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return found
