"""The scorers against messages labelled by somebody who had not seen them (see LABELS.md)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics_lib.text.language import languages
from analytics_lib.text.sentiment import sentiments

CLASSES = ("negative", "neutral", "positive")


@pytest.fixture(scope="module")
def scored():
    rows = pd.read_csv(
        Path(__file__).parent / "labelled_messages.tsv",
        sep="\t",
        keep_default_na=False,
        quoting=3,
        dtype="str",
    )
    return rows.assign(score=sentiments(rows["text"], languages=languages(rows["text"])))


def macro_f1(rows):
    """The mean over the classes of 2 · hits / (labelled + found); unknown feeling counts as neutral."""
    labels = rows["label"].replace("unknown", "neutral")
    found = pd.Series(
        np.select([rows["score"] <= -0.1, rows["score"] >= 0.1], ["negative", "positive"], "neutral"),
        rows.index,
    )
    each = [
        2 * ((labels == name) & (found == name)).sum() / ((labels == name).sum() + (found == name).sum())
        for name in CLASSES
    ]
    return sum(each) / len(each)


# Measured 0.90 and 0.81 when the scorers first met the labels; what falls far below has lost something.
@pytest.mark.parametrize(("language", "least"), [("es", 0.87), ("en", 0.77), ("mixed", 0.77)])
def test_most_messages_are_scored_as_a_reader_labelled_them(scored, language, least):
    rows = scored[(scored["language"] == language) & (scored["irony"] == "no")]

    assert macro_f1(rows) >= least


def test_unknown_is_said_of_texts_that_carry_no_feeling(scored):
    nothing = scored[scored["label"] == "unknown"]

    assert nothing["score"].isna().all()


def test_irony_is_out_of_reach(scored):
    ironic = scored[(scored["irony"] == "yes") & (scored["label"] == "negative")]

    assert (ironic["score"] <= -0.1).mean() < 0.5
