"""How conversations will end in sentences, each with its n: how sure, who is at risk, what acting brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics_lib.charts import trust
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, absent, count, counted, day, label, number, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, Any]

_NO_BETTER = 0.01


def answer(told: Figures, *, language: Language = "es") -> Markdown:
    """Who is at risk now, whether that can be trusted, what stepping in would have brought.

    Args:
        told: ``as_of risk reason source in_progress alarms threshold``, and of the model in use ``model_as_of
            model_age_days missing problem judged judged_from auc auc_low auc_high auc_state ece ece_noise
            cost cost_of_none cost_of_all recall precision turns_before recovery counts alarm_codes``.
        language: es or en.
    """
    parts = [_now(told, language)] if told["source"] != "none" else []
    if told["reason"]:
        parts.append(say("outcome.answer.untrained", language, reason=inert(str(told["reason"]))))
    if told.get("judged"):
        parts += [_trust(told, language), _worth(told, language)]
        judged = counted(told["judged"], "conversations", language)
        parts.append(trust.made(told, n=judged, since=told["judged_from"], language=language))
    return Markdown("\n\n".join(parts))


def advice(told: Figures, *, most_ece: float, language: Language = "es") -> Markdown:
    """What to do, each line tied to a figure and its threshold.

    Args:
        told: As of ``answer``.
        most_ece: A calibration farther off asks for another training.
        language: es or en.
    """
    if not told.get("judged"):
        return Markdown(f"- {say('outcome.advice.untrained', language)}")
    lines = []
    if told["ece"] > max(most_ece, told["ece_noise"]):
        lines.append(say("outcome.advice.ece", language, ece=number(told["ece"], language, digits=3)))
    if told["auc"] < told["auc_state"] + _NO_BETTER:
        lines.append(say("outcome.advice.no_better", language))
    if told["alarm_codes"]:
        lines.append(say("outcome.advice.suspect", language))
    if told["threshold"] > 1:
        lines.append(say("outcome.advice.never", language))
    elif told["alarms"]:
        lines.append(
            say("outcome.advice.act", language, n=counted(told["alarms"], "conversations", language))
        )
    lines.append(say("outcome.advice.trial", language))
    return Markdown("\n".join(f"- {line}" for line in lines))


def _now(told: Figures, language: Language) -> str:
    about = {
        "as_of": f"{day(told['as_of'], language)}, {told['as_of']:%H:%M}",
        "n": counted(told["in_progress"], "conversations", language),
        "risk": _risk(told, language),
    }
    if absent(told["threshold"]):
        return say("outcome.answer.now.open", language, **about)
    if told["threshold"] > 1:
        return say("outcome.answer.now.never", language, **about)
    limit = share(told["threshold"], language)
    return say("outcome.answer.now", language, alarms=count(told["alarms"], language), limit=limit, **about)


def _trust(told: Figures, language: Language) -> str:
    said = say(
        "outcome.answer.trust",
        language,
        n=counted(told["judged"], "conversations", language),
        since=day(told["judged_from"], language),
        risk=_risk(told, language),
        **{
            name: number(told[name], language, digits=2)
            for name in ("auc", "auc_low", "auc_high", "auc_state")
        },
        **{name: number(told[name], language, digits=3) for name in ("ece", "ece_noise")},
    )
    left = told["counts"]["unlabelled"]
    if not left:
        return said
    return f"{said} {say('outcome.answer.left', language, n=counted(left, 'conversations', language))}"


def _worth(told: Figures, language: Language) -> str:
    if told["threshold"] > 1:
        return say("outcome.answer.never", language)
    return say(
        "outcome.answer.worth",
        language,
        **{name: share(told[name], language) for name in ("recall", "precision", "recovery")},
        **{name: count(told[name], language) for name in ("cost", "cost_of_none", "cost_of_all")},
        turns=number(told["turns_before"], language),
    )


def _risk(told: Figures, language: Language) -> str:
    return label("outcome.risk", told["risk"], language)
