"""How satisfied the silent are, as a page asks it; what cannot be said is null, with the reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import registry
from analytics_lib.models.card import Card, records
from analytics_lib.models.features import CLOSED_FEATURES
from analytics_lib.models.registry_use import usable
from analytics_lib.models.satisfaction import LEVEL, SatisfactionModel, fit_rows
from analytics_lib.models.satisfaction_response import estimates
from analytics_lib.models.satisfaction_rows import answered, closed_rows, slices
from analytics_lib.models.satisfaction_text import KIND
from analytics_lib.periods import day_of, local_moment, utc_moment

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from analytics_lib.store import Store

NAME = "satisfaction"
UNSATISFIED_BELOW = 3.0
LAST_DAY = """
select max(day) as last_day
from (
    select sent_local::date as day from messages
    union all
    select started_local::date as day from conversations
) as days
"""
_INTENDED = (
    "Para quien cuida el servicio: cuánta satisfacción hay si casi nadie califica, y a quién volver a llamar."
)
_NOT_FOR = "Para juzgar a un agente o a una persona por una sola conversación."
_LIMITS = (
    "Supone que, entre conversaciones iguales en lo que se sabe, quien califica está igual de satisfecho.",
    "El intervalo es del conjunto: en un grupo pequeño puede fallar más.",
)


@dataclass(frozen=True)
class Asked:
    """What a page is asked: conversations that started in ``[since, as_of)``, as known at ``as_of``."""

    since: dt.date | None
    as_of: dt.date
    level: float = LEVEL


@dataclass(frozen=True)
class Life:
    """Where the model in use is from.

    Attributes:
        source: ``used`` (kept; none was fitted), ``fitted`` (not published), ``first``, ``replaced``,
            ``kept`` (the earlier one is not beaten), ``stored`` (nothing could be learned), ``none``.
        reason: Empty, or why nothing could be learned.
        missing: Why no kept model answers (see ``registry_use.Usable``), with ``problem`` likewise.
    """

    source: str
    reason: str = ""
    missing: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        rows: Ended conversations (see ``satisfaction_rows.closed_rows``).
        model: What expects; null where there is none, and ``life.reason`` says why.
        silent: Those without an answer, with ``expected low high``; empty without a model.
        whole: The satisfaction of all, four ways (see ``satisfaction_response.estimates``); ``corrected`` is
            null without a model.
        groups: The same of each channel: ``channel`` and the columns of ``whole``.
        life: Where the model is from.
    """

    rows: pd.DataFrame
    model: SatisfactionModel | None
    silent: pd.DataFrame
    whole: pd.DataFrame
    groups: pd.DataFrame
    life: Life

    @property
    def evaluation(self) -> pd.DataFrame:
        """How the model did (see ``satisfaction_evaluation``); empty without one."""
        if self.model is None:
            return pd.DataFrame(columns=["metric", "value", "low", "high", "n"])
        return self.model.evaluation


def choose(
    store: Store,
    *,
    since: dt.date | str | None = None,
    as_of: dt.date | str | None = None,
    level: float = LEVEL,
) -> Asked:
    """The question somebody asked; without ``as_of`` it ends with the day of the last message.

    Where messages are not stored, with that of the last start of a conversation.

    Raises:
        RequestError: If a day cannot be read, ``since`` is not before ``as_of``, or the level is no share.
        NotTrainableError: If the end is left open and there is neither.
    """
    end = day_of(as_of, "as_of") or _day_after_last(store)
    begin = day_of(since, "since")
    if begin is not None and begin >= end:
        raise RequestError(f"since is {begin}, which is not before as_of, {end}. Choose an earlier day.")
    if not 0.5 <= level < 1:
        raise RequestError(f"level is {level}; expected a share of 0.5 or more and below 1.")
    return Asked(begin, end, level)


def read(
    store: Store,
    asked: Asked,
    *,
    folder: Path | None = None,
    kept: Path | None = None,
    code_hash: str = "",
) -> Found:
    """Everything the page shows, by a kept model or one fitted now, which is published if it is not worse.

    Args:
        store: Read as it was known at ``asked.as_of``.
        asked: See ``choose``.
        folder: Of all models, where one is to be fitted and published; null = nothing is.
        kept: Of all models, where one is looked for if nothing is to be published; null = one is fitted.
        code_hash: Of the library's sources, for the card.
    """
    rows = closed_rows(store, as_of=asked.as_of, since=asked.since)
    use = usable(
        (folder or kept, NAME),
        kind=KIND,
        as_of=asked.as_of,
        read=SatisfactionModel.from_json,
        fits=lambda model: (model.level, model.since) == (asked.level, asked.since),
    )
    if use.model and folder is None:
        life = Life("used")
        return _found(rows, use.model, replace(life, problem=use.problem))
    life = Life("none", missing=use.missing, problem=use.problem)
    try:
        model = fit_rows(rows, level=asked.level)
    except NotTrainableError as error:
        source = "stored" if use.model else "none"
        return _found(rows, use.model, replace(life, source=source, reason=str(error)))
    model = replace(model, as_of=utc_moment(asked.as_of), since=asked.since)
    if folder is None:
        return _found(rows, model, replace(life, source="fitted"))
    card = card_of(model, asked=asked, versions=store.versions, code_hash=code_hash)
    made = _publish(model, folder, card, _tested(rows))
    if made.outcome == "kept" and (use.model is None or made.entry.published_at > asked.as_of.isoformat()):
        # What is current knows later days or answers another question: the one fitted now is not published.
        return _found(rows, model, replace(life, source="fitted"))
    in_use = use.model if made.outcome == "kept" else model
    return _found(rows, in_use, replace(life, source=made.outcome))


def _tested(rows: pd.DataFrame) -> pd.DataFrame:
    return answered(slices(rows[rows["survey_over"]]).test)


def _publish(model: SatisfactionModel, folder: Path, card: Card, test: pd.DataFrame) -> registry.Decision:
    """Make the model the current one unless an earlier one expects the latest answers better."""
    given = test["csat"].to_numpy(dtype=np.float64)

    def losses(text: str) -> NDArray[np.float64]:
        found: NDArray[np.float64] = (SatisfactionModel.from_json(text).fitted.expected(test) - given) ** 2
        return found

    held = registry.Holdout(losses, groups=test["user_id"], metric="squared_error")
    moment = str(card.data["as_of"])
    return registry.publish(folder, NAME, model.to_json(), card, holdout=held, published_at=moment)


def card_of(model: SatisfactionModel, *, asked: Asked, versions: dict[str, int], code_hash: str) -> Card:
    """What is to be known of the model."""
    known = {name: CLOSED_FEATURES[name] for name in model.fitted.answer.features}
    return Card(
        title="Satisfacción esperada",
        intended_use=_INTENDED,
        not_for=_NOT_FOR,
        data={"since": str(asked.since or ""), "as_of": str(asked.as_of), "versions": versions, **model.rows},
        training={"level": model.level, "cutoff": model.cutoff.isoformat()},
        code_hash=code_hash,
        features=[
            {"name": name, "family": one.family, "known_when": one.known_when} for name, one in known.items()
        ],
        evaluation=records(model.evaluation),
        segments=records(model.segments),
        limits=_LIMITS,
    )


def figures(found: Found, *, asked: Asked) -> dict[str, Any]:
    """The numbers of the page, for its sentences and for the record of the run; null where unknown."""
    over = found.rows[found.rows["survey_over"]]
    told = {
        "since": asked.since,
        "as_of": asked.as_of,
        "level": asked.level,
        **vars(found.life),
        **_age(found.model, asked),
        "closed": len(over),
        "answered": len(answered(over)),
        "open_surveys": len(found.rows) - len(over),
        "silent": len(found.silent),
        "unsatisfied": int((found.silent["expected"] < UNSATISFIED_BELOW).sum()),
    }
    for row in found.whole.to_dict("records"):
        for part in ("value", "low", "high"):
            told[f"{row['measure']}_{row['estimate']}_{part}"] = _known(row[part])
    test = found.evaluation.set_index("metric")["value"].to_dict()
    return told | {f"test_{name}": _known(value) for name, value in test.items()}


def _found(rows: pd.DataFrame, model: SatisfactionModel | None, life: Life) -> Found:
    over = rows[rows["survey_over"]]
    silent = rows[rows["csat"].isna()]
    expected = model.expect(silent) if model else silent.iloc[:0].assign(expected=0.0, low=0.0, high=0.0)
    groups = [
        _whole(part, model).assign(channel=str(name))
        for name, part in over.groupby(over["channel"].fillna("unknown"), observed=True)
    ]
    whole = _whole(over, model)
    empty = whole.iloc[:0].assign(channel="")
    return Found(rows, model, expected, whole, pd.concat(groups) if groups else empty, life)


def _whole(over: pd.DataFrame, model: SatisfactionModel | None) -> pd.DataFrame:
    if model is not None:
        return model.overall(over)
    found = estimates(over["csat"], np.ones(len(over)), over["user_id"])
    unknown = found["estimate"] == "corrected"
    return found.assign(**{name: found[name].mask(unknown) for name in ("value", "low", "high")})


def _age(model: SatisfactionModel | None, asked: Asked) -> dict[str, Any]:
    """Until when the model learned, how old that is, and on what it was measured."""
    if model is None or model.as_of is None:
        return dict.fromkeys(("model_as_of", "model_age_days", "cutoff", "tested"))
    return {
        "model_as_of": local_moment(model.as_of).date(),
        "model_age_days": (utc_moment(asked.as_of) - model.as_of).days,
        "cutoff": model.cutoff.date(),
        "tested": int(model.evaluation.loc[model.evaluation["metric"] == "rmse", "n"].iloc[0]),
    }


def _known(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _day_after_last(store: Store) -> dt.date:
    last = store.query(LAST_DAY)["last_day"].iloc[0]
    if pd.isna(last):
        raise NotTrainableError(
            "The store holds no conversation, so there is no last day. Ingest or simulate first."
        )
    day: dt.date = pd.Timestamp(last).date()
    return day + dt.timedelta(days=1)
