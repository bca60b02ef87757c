"""A card says what it is given, and what comes from data cannot mark it up."""

import json

import numpy as np
import pandas as pd
import pytest

from analytics_lib.models.card import Card, records

EVALUATION = pd.DataFrame({"metric": ["roc_auc", "ece"], "value": [0.71234, np.nan], "n": [120, np.int64(0)]})


def card(**more):
    given = {
        "title": "Who may leave",
        "intended_use": "Choose whom to write to.",
        "not_for": "Refuse service to anybody.",
        "data": {"rows": 120, "versions": {"messages": 3, "users": 1}},
        "training": {"penalty": 10.0},
        "code_hash": "a" * 64,
        "evaluation": records(EVALUATION),
        "segments": [{"segment": "Bogotá", "roc_auc": 0.7}],
        "limits": ["One shop only."],
        "language": "en",
    }
    return Card(**given | more)


def test_json_holds_every_field_and_null_where_undefined():
    told = json.loads(card().to_json())

    assert told["evaluation"] == [
        {"metric": "roc_auc", "value": 0.71234, "n": 120},
        {"metric": "ece", "value": None, "n": 0},
    ]
    assert told["data"] == {"rows": 120, "versions": {"messages": 3, "users": 1}}
    assert told["limits"] == ["One shop only."]


def test_page_has_a_heading_for_each_part_that_says_something():
    lines = card().markdown().splitlines()

    assert lines[0] == "# Who may leave"
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == [
        f"## {name}"
        for name in ("Intended use", "Not for", "Data", "Training", "Evaluation", "By segment", "Limits")
    ]
    assert "- versions: messages 3, users 1" in lines
    assert r"| roc\_auc | 0.7123 | 120 |" in lines
    assert "| ece | - | 0 |" in lines


def test_page_speaks_spanish_unless_asked_otherwise():
    assert "## Para qué sirve" in card(language="es").markdown()


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "a | b", "[x](javascript:1)", "`x`\n# y", "![x](y)"]
)
def test_values_from_the_data_cannot_mark_the_page_up(hostile):
    page = card(segments=[{"segment": hostile, hostile: 1.0}], title=hostile).markdown()

    assert "<script>" not in page
    assert "](" not in page.replace(r"\](", "")
    assert "\n# y" not in page
    table = [line for line in page.splitlines() if line.startswith("| ") and "segment" in line]
    assert table[0].replace(r"\|", "").count("|") == 3


def test_moments_and_missing_values_are_text_and_null():
    frame = pd.DataFrame(
        {"at": [pd.Timestamp("2026-01-02", tz="UTC"), pd.NaT], "n": pd.array([1, None], "Int64")}
    )

    assert records(frame) == [{"at": "2026-01-02 00:00:00+00:00", "n": 1}, {"at": None, "n": None}]
