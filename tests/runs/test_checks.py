"""What a run must have recorded: declared as data, read strictly, told in words when it does not hold."""

import pytest
from tiny_notebooks import RECORD

from analytics_lib.runs.checks import read_expectations, unmet
from analytics_lib.runs.publish import publish
from analytics_lib.runs.values import Refused

RESULTS = {"users": 74, "share": 0.5, "values": {"csat": 4.2, "a.b": 1}, "currency": "COP", "nps": None}


def problems(declared, results=RESULTS):
    return unmet(results, read_expectations(declared))


@pytest.mark.parametrize(
    "declared",
    [
        {"users": {"least": 74, "most": 74}},
        {"share": {"most": 1}},
        {"values.csat": {"least": 1, "most": 5}},
        {"values.a.b": {"least": 1}},
        {"currency": {"one_of": ["COP", "USD"]}},
        {"users": {}, "values": {}},
    ],
)
def test_a_check_that_holds_says_nothing(declared):
    assert problems(declared) == []


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"users": {"least": 75}}, "users is 74; expected at least 75."),
        ({"share": {"least": 0.6, "most": 1}}, "share is 0.5; expected at least 0.6 and at most 1."),
        ({"values.csat": {"most": 4}}, "values.csat is 4.2; expected at most 4."),
        ({"currency": {"one_of": ["USD"]}}, "currency is 'COP'; expected one of 'USD'."),
        ({"nps": {"least": 0}}, "nps is null (undefined); expected at least 0."),
        ({"nps": {}}, "nps is null (undefined); expected a value."),
        ({"currency": {"least": 1}}, "currency is 'COP', which is no number; expected at least 1."),
        ({"values.nps": {}}, "values.nps was not recorded; expected a value."),
        ({"users": {"one_of": [True]}}, "users is 74; expected one of True."),
    ],
)
def test_a_check_that_does_not_hold_says_what_was_found_and_expected(declared, said):
    (problem,) = problems(declared)
    assert problem.startswith(said[:-1])


def test_every_check_that_does_not_hold_is_told():
    assert len(problems({"users": {"least": 75}, "share": {"least": 1}, "currency": {}})) == 2


def test_true_is_not_one():
    assert problems({"n": {"one_of": [1]}}, {"n": True}) == ["n is True; expected one of 1."]


def test_a_run_that_records_nothing_fails_unasked():
    assert unmet({}, {}) == ["The last cell recorded no result: record_results() names none."]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ([], "expected a mapping such as {users: {least: 1}}"),
        ({}, "expected a mapping such as {users: {least: 1}}"),
        ({"users": 1}, "users: expected a mapping such as {least: 1}, not 1"),
        ({"users": {"lest": 1}}, "Did you mean 'least'?"),
        ({"users": {"least": "1"}}, "users.least: '1' is not a number"),
        ({"users": {"least": True}}, "users.least: True is not a number"),
        ({"users": {"least": float("nan")}}, "users.least: nan is not a number"),
        ({"users": {"least": 2, "most": 1}}, "no number is at least 2 and at most 1"),
        ({"users": {"one_of": []}}, "expected a list of texts, numbers or switches"),
        ({"": {}}, "'' names no result"),
        ({1: {}}, "1 names no result"),
    ],
)
def test_a_declaration_that_is_none_is_refused(declared, said):
    with pytest.raises(Refused) as refused:
        read_expectations(declared)
    assert said in str(refused.value)


def test_a_run_whose_results_miss_a_check_fails_and_what_was_published_stays(execute, tmp_path):
    good = execute(RECORD, expects=read_expectations({"answer": {"least": 42}}))
    page = publish(tmp_path / "outputs", good) / "report.html"
    before = page.read_bytes()
    bad = execute(RECORD, expects=read_expectations({"answer": {"least": 43}}))
    assert (good.status, bad.status, bad.reason) == ("succeeded", "failed", "check_failed")
    assert bad.error == "answer is 42; expected at least 43."
    assert bad.results == {"answer": 42}
    assert page.read_bytes() == before
