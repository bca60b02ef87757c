"""A fitted model as text: plain JSON that holds numbers and names only, so that reading it runs nothing.

The text is canonical: keys in order, every number written so that it reads back exactly. The same model
therefore always has the same SHA-256.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analytics_lib.errors import ModelDamagedError
from analytics_lib.models import logit_reading
from analytics_lib.models.logit_terms import CrossTerm, Term

if TYPE_CHECKING:
    from analytics_lib.models.logit import Logit

KIND, FORMAT = "logit", 1


def canonical(content: dict[str, Any]) -> str:
    """The one JSON text of this content."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def written(model: Logit) -> str:
    """The model as canonical text."""
    content = {
        "kind": KIND,
        "format": FORMAT,
        "classes": model.classes,
        "known": model.known,
        "terms": [_term(term) for term in model.terms],
        "intercepts": model.intercepts.tolist(),
        "coefficients": model.coefficients.tolist(),
        "left_out": model.left_out,
        "training": asdict(model.training),
        "reference": [asdict(bins) for bins in model.reference],
    }
    return canonical(content)


def read(text: str) -> dict[str, Any]:
    """The fields of the model in this text.

    Raises:
        ModelDamagedError: If it is not JSON, not of this kind and format, or does not fit together.
    """
    try:
        content = json.loads(text, parse_constant=_refused)
        if (content["kind"], content["format"]) != (KIND, FORMAT):
            raise ModelDamagedError(
                f"The text holds kind {content['kind']!r}, format {content['format']!r}; expected "
                f"{KIND!r}, {FORMAT}. Load a model of this library, or train a new one."
            )
        return _checked(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelDamagedError(
            f"The text is not a model of kind {KIND!r}: {type(error).__name__} {error}. Load an earlier "
            "version, or train a new one."
        ) from error


def _checked(content: dict[str, Any]) -> dict[str, Any]:
    terms: list[Term] = []
    for one in content["terms"]:
        terms.append(logit_reading.term(one, terms))
    known, classes = logit_reading.texts(content["known"]), logit_reading.texts(content["classes"])
    if len(known) < 2 or not set(known) <= set(classes) or not terms:
        raise ValueError(f"the classes {known} are not two or more of {classes}, or nothing tells them apart")
    width = sum(term.columns for term in terms)
    return {
        "classes": classes,
        "known": known,
        "terms": tuple(terms),
        "intercepts": logit_reading.weights([content["intercepts"]], 1, len(known))[0],
        "coefficients": logit_reading.weights(content["coefficients"], len(known), width),
        "left_out": logit_reading.texts(content["left_out"]),
        "training": logit_reading.training(content["training"]),
        "reference": tuple(logit_reading.bins(one) for one in content["reference"]),
    }


def _term(term: Term) -> dict[str, Any]:
    if isinstance(term, CrossTerm):
        named = {"first": term.first.feature, "second": term.second.feature}
        rest = {"type": term.type, "kept": term.kept, "centers": term.centers, "scales": term.scales}
        return named | rest
    return asdict(term)


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
