"""Real dialogues (STAR): who will leave before the task is done, after so many turns, against the base rate.

It is hard, and said so: over all turns of the last fifth of the dialogues the AUC is about 0.69 (0.60 to
0.78). After four turns (0.70, of 254 dialogues eleven are left) and eight (0.72, of 80 two) it lies above
chance, but its interval does not; the probabilities are no better than the base rate by more than noise.
"""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from analytics_lib.errors import AnalyticsError
from analytics_lib.models import outcome
from analytics_lib.sources import star
from analytics_lib.store import Store

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared/data/conversations-star/star_dialogues_early.jsonl.gz"
OPTIONS = yaml.safe_load((ROOT / "params/sources/star.yaml").read_text())["options"]
AT = {"conversations": ("started_at", "ended_at"), "messages": ("sent_at",), "actions": ("started_at",)}

pytestmark = pytest.mark.skipif(
    not PUBLISHED.is_file(), reason="the STAR dialogues are not beside the project"
)


@pytest.fixture(scope="module")
def model():
    found = {table: [] for table in AT}
    with gzip.open(PUBLISHED, "rt", encoding="utf-8") as lines:
        for line in lines:
            try:
                for table, row in star.rows(json.loads(line), OPTIONS):
                    found[table].append({name: value for name, value in row.items() if name != "extra"})
            except AnalyticsError:
                # Without any moment: ingest puts them aside.
                continue
    frames = {table: pd.DataFrame(rows) for table, rows in found.items()}
    for table, columns in AT.items():
        for column in columns:
            frames[table][column] = pd.to_datetime(frames[table][column], unit="s", utc=True)
    return outcome.fit(Store.in_memory(**frames), as_of=pd.Timestamp("2020-06-01", tz="UTC").to_pydatetime())


def measured(model, metric, turn=None):
    rows = model.evaluation
    wanted = (rows["metric"] == metric) & (rows["outcome"] == "abandoned") & (rows["population"] == "all")
    return rows[wanted & (rows["turn"].isna() if turn is None else rows["turn"] == turn)].iloc[0]


def test_those_without_a_known_end_are_counted_and_left_out(model):
    # Of 3,788 dialogues with a moment, 1,435 were resolved, 384 abandoned; 1,969 have no known outcome.
    assert model.counts["conversations"] == 3_788
    assert model.counts["unlabelled"] == 1_969
    assert model.final.logit.known == ("resolved", "abandoned")


def test_leaving_is_told_above_chance_but_barely(model):
    whole = measured(model, "roc_auc")

    assert whole["low"] > 0.5
    assert 0.6 < whole["value"] < 0.8
    for turn in (4, 8):
        assert measured(model, "roc_auc", turn)["value"] > 0.6
        assert abs(measured(model, "brier_skill", turn)["value"]) < 0.05


def test_nothing_too_good_is_seen(model):
    assert model.alarms == []
