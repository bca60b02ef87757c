"""Names and values of what models know, as readers see them."""

import numpy as np
import pandas as pd
import pytest

from analytics_lib.charts.feature_words import feature_name, feature_value, reasons
from analytics_lib.models import churn_rows, outcome_rows
from analytics_lib.models.features import CLOSED_FEATURES, TURN_FEATURES, USER_FEATURES

FEATURES = sorted({*TURN_FEATURES, *CLOSED_FEATURES, *USER_FEATURES, *churn_rows.KINDS, *outcome_rows.KINDS})


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_has_a_name_for_readers(feature, language):
    assert feature_name(feature, language) != feature


def test_an_interaction_is_both_of_its_features():
    assert feature_name("channel x stage", "en") == "Channel and Furthest stage of the funnel"


@pytest.mark.parametrize(
    ("feature", "value", "said"),
    [
        ("channel", "web", "web chat"),
        ("outcome", "abandoned", "Abandoned"),
        ("last_outcome", "none", "none"),
        ("last_intent", "other", "others"),
        ("segment", "vip", "vip"),
        ("segment", None, "unknown"),
        ("fallback_share", np.nan, "unknown"),
        ("mean_confidence", 0.25, "25.0%"),
        ("least_confidence", "0.181", "18.1%"),
        ("escalated", 1.0, "yes"),
        ("escalated", 0.0, "no"),
        ("turns", 3.0, "3"),
        ("duration_seconds", "1234.6", "1,235"),
        ("mean_sentiment", -0.31, "-0.3"),
        ("seconds_to_escalation", "missing", "unknown"),
    ],
)
def test_a_value_is_written_as_its_feature_is(feature, value, said):
    assert feature_value(feature, value, "en").replace("\u2212", "-").replace("\u00a0", "") == said


def test_reasons_are_the_largest_parts_whatever_their_sign():
    parts = pd.DataFrame({"base": [9.0, 9.0], "a": [0.1, -2.0], "b": [-0.5, 0.0], "c": [0.3, 1.0]})

    assert reasons(parts, most=2) == [[("b", -0.5), ("c", 0.3)], [("a", -2.0), ("c", 1.0)]]
