import re
from pathlib import Path

from analytics_lib.analysis.key_moments import MILESTONES, TROUBLES

GLOSSARY = Path(__file__).parents[1] / "docs" / "glossary.md"
WORDS = """
conversation message turn user session channel intent confidence fallback escalation resolution_rate
first_contact_resolution response_time csat nps
sentiment key_moment escalation_request repeated_question bot_loop not_understood dead_end unanswered_question
long_silence failed_action sentiment_fall escalated purchase_step opportunity comparable
journey path step transition funnel stage conversion_rate step_conversion_rate drop_off_rate
anchor within drop_offs recoverable reach loop step_matrix what_if behaviour
pattern support tell structural flow replicated
pain_point abandoned_cart occasion preference recency recommendation
cohort age retention churn duration event_observed horizon cutoff baseline lift
since until as_of period by numerator denominator value low high few complete
metric fact dimension demand closed containment_rate durable_resolution_rate issue health_score
driver mix contribution explained specific
derived number place
activity on_or_after streak mature clock resurrected dormant quick_ratio stickiness usage_interval incidence
monetary probability_alive expected_purchases expected_spend lifetime_value margin hold_out calibration_slope
known_at kept unstamped leak audit calibration ece ece_noise brier_skill recency_rule last_state alarm
warning_horizon recovery threshold score drift model_card turning_point outlook decided due look_back
value_at_risk raw corrected silent
load peak backtest origin mase anomaly contact load_erlangs service_level held shrinkage roster shift
patience replica
page block control view snapshot live gallery active_conversation pace handling differs pooled
"""


def rows():
    """The rows of all its tables: word, Spanish label, meaning."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]


def test_glossary_holds_each_word_once():
    assert sorted(row[0].strip("`") for row in rows()) == sorted(WORDS.split())


def test_every_word_has_a_spanish_label_of_its_own():
    labels = [row[1] for row in rows()]
    assert all(labels)
    assert len(set(labels)) == len(labels)


def test_every_word_has_a_meaning_of_one_line_without_a_full_stop():
    odd = [row[0] for row in rows() if len(row) != 3 or not re.fullmatch(r"[^.]{15,150}", row[2])]
    assert odd == []


def test_every_kind_of_key_moment_is_a_word_of_its_own():
    words = {row[0].strip("`") for row in rows()}
    assert {*TROUBLES, *MILESTONES} <= words
