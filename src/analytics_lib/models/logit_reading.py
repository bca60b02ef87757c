"""A model's parts read from JSON: each of the type, the size and the range that it must have, or refused.

Everything here raises ValueError, TypeError or KeyError where a part is not what was written;
``logit_text.read`` says so of the whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics_lib.models.drift import Bins
from analytics_lib.models.logit_fitting import Training
from analytics_lib.models.logit_terms import CategoryTerm, CrossTerm, NumberTerm, Term

Floats = NDArray[np.float64]
Object = dict[str, Any]

# Far beyond what training gives, and far from where sums overflow.
_LARGEST, _SMALLEST, _HEAVIEST = 1e101, 1e-101, 1e6


def texts(value: object) -> tuple[str, ...]:
    """Different texts."""
    found = tuple(_text(one) for one in _list(value))
    if len(set(found)) < len(found):
        raise ValueError(f"{found} has one twice")
    return found


def weights(value: object, rows: int, columns: int) -> Floats:
    """A table of weights of this shape."""
    found = np.array([_floats(row, columns, largest=_HEAVIEST) for row in _list(value)], dtype=np.float64)
    if found.shape != (rows, columns):
        raise ValueError(f"the weights have the shape {found.shape}, not {(rows, columns)}")
    return found


def term(content: Object, before: list[Term]) -> Term:
    """A term; an interaction's features are among those before it."""
    if content["type"] == "number":
        return _number(content)
    if content["type"] == "category":
        return _category(content)
    if content["type"] == "cross":
        single = {one.feature: one for one in before if not isinstance(one, CrossTerm)}
        return _cross(content, single[_text(content["first"])], single[_text(content["second"])])
    raise ValueError(f"there is no term of type {content['type']!r}")


def training(content: Object) -> Training:
    """What the model was fitted on."""
    counts = {_text(name): _count(rows) for name, rows in content["counts"].items()}
    rows, used, seed = (_count(content[name]) for name in ("rows", "rows_used", "seed"))
    if not isinstance(content["converged"], bool):
        raise TypeError("converged is neither true nor false")
    return Training(rows, used, seed, counts, _float(content["penalty"]), content["converged"])


def bins(content: Object) -> Bins:
    """A spread that drift compares with."""
    edges, levels = _floats(content["edges"]), _levels(content["levels"])
    kind = content["kind"]
    if kind not in ("number", "category", "score"):
        raise ValueError(f"there are no bins of kind {kind!r}")
    size = len(levels) + 1 if kind == "category" else len(edges) + 2
    rows = _count(content["rows"])
    if rows == 0 or list(edges) != sorted(set(edges)):
        raise ValueError("the bins have no rows, or edges that do not rise")
    return Bins(_text(content["feature"]), kind, edges, levels, _shares(content["shares"], size), rows)


def _number(content: Object) -> NumberTerm:
    bends = _floats(content["bends"])
    size = len(bends) + 1 if content["centers"] else 0
    points = _floats(content["points"])
    if not points:
        raise ValueError("a number has no points")
    return NumberTerm(
        feature=_text(content["feature"]),
        low=_float(content["low"]),
        high=_float(content["high"]),
        bends=bends,
        centers=_floats(content["centers"], size),
        scales=_scales(content["scales"], size),
        missing=_share(content["missing"]),
        points=points,
    )


def _category(content: Object) -> CategoryTerm:
    levels = _levels(content["levels"])
    shares = _shares(content["shares"], len(levels))
    return CategoryTerm(_text(content["feature"]), levels, shares, _share(content["other"]))


def _cross(content: Object, first: NumberTerm | CategoryTerm, second: NumberTerm | CategoryTerm) -> CrossTerm:
    width = np.prod([1 if isinstance(one, NumberTerm) else one.columns for one in (first, second)])
    kept = tuple(_count(place) for place in _list(content["kept"]))
    if not kept or list(kept) != sorted(set(kept)) or kept[-1] >= width:
        raise ValueError(f"the places {kept} are not among {width}")
    centers, scales = _floats(content["centers"], len(kept)), _scales(content["scales"], len(kept))
    return CrossTerm(first, second, kept, centers, scales)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"a list is expected where there is {type(value).__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected where there is {type(value).__name__}")
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} is no number of rows or place")
    return value


def _float(value: object, *, largest: float = _LARGEST) -> float:
    if type(value) not in (int, float) or not -largest <= value <= largest:  # type: ignore[operator]  # a number
        raise ValueError(f"{value!r} is no number between {-largest:g} and {largest:g}")
    return float(value)  # type: ignore[arg-type]  # a number


def _floats(value: object, size: int | None = None, *, largest: float = _LARGEST) -> tuple[float, ...]:
    found = tuple(_float(one, largest=largest) for one in _list(value))
    if size is not None and len(found) != size:
        raise ValueError(f"there are {len(found)} numbers where {size} are expected")
    return found


def _scales(value: object, size: int) -> tuple[float, ...]:
    found = _floats(value, size)
    if not all(scale >= _SMALLEST for scale in found):
        raise ValueError("a scale is not above 0")
    return found


def _shares(value: object, size: int) -> tuple[float, ...]:
    found = _floats(value, size, largest=1.0)
    if not all(share >= 0 for share in found):
        raise ValueError("a share is below 0")
    return found


def _share(value: object) -> float | None:
    return None if value is None else _shares([value], 1)[0]


def _levels(value: object) -> tuple[str | None, ...]:
    return tuple(None if one is None else _text(one) for one in _list(value))
