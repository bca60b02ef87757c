"""What a page says of whether a score can be trusted."""

import pandas as pd

from analytics_lib.charts.trust import trust
from analytics_lib.models.validation_alarms import Alarm, alarms

SPLITS = {
    "roc_auc_random": 0.9,
    "roc_auc_users_apart": 0.88,
    "roc_auc_temporal": 0.8,
    "roc_auc_gap": 0.1,
    "roc_auc_user_gap": 0.02,
}


def comparison():
    rows = [(name, value, value - 0.01, value + 0.01, 1234) for name, value in SPLITS.items()]
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high", "n"])


def test_gap_is_said_with_both_splits_and_n():
    text = trust(comparison(), [], language="en").html.replace("\u00a0", "")

    assert (
        "at random, the AUC would be 0.900; with users apart, 0.880; in time, which is what counts, 0.800"
        in text
    )
    assert "n = 1,234" in text
    assert "No alarm." in text


def test_each_alarm_of_the_validation_has_a_sentence():
    found = alarms(comparison=comparison())
    assert [alarm.code for alarm in found] == ["random_split_gap"]

    text = trust(comparison(), found, language="en").html
    assert "<strong>Alarm:</strong>" in text
    assert "0.100 more than in time" in text


def test_a_features_name_is_inert():
    alarm = Alarm("telling_feature", {"feature": "<img src=x>", "roc_auc": 0.99, "limit": 0.95})

    assert "<img" not in trust(comparison(), [alarm], language="es").html


def test_nothing_to_compare_is_said():
    empty = pd.DataFrame(columns=["metric", "value", "low", "high", "n"])

    assert "too few rows" in trust(empty, [], language="en").html
