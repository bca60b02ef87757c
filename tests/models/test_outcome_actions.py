"""What to do about a conversation at risk, on rows the eye can check."""

from pathlib import Path

import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models.outcome_actions import Action, read_actions, recommended

LISTED = Path(__file__).parents[2] / "params" / "outcome_actions.yaml"
SAYS = {"es": "sí", "en": "yes"}
RISKS = ("abandoned",)


def action(name, **more):
    return Action(name=name, risks=RISKS, says=SAYS, **{"cost": 10.0, "effect": 0.5, **more})


ROWS = pd.DataFrame({"abandoned": [0.9, 0.9, 0.1], "repeats": [2.0, 0.0, 2.0], "stage": [6.0, 2.0, None]})
PARTS = pd.DataFrame({"base": 0.0, "repeats": [0.4, 0.4, 0.4], "stage": [0.4, -0.4, 0.4]})


def chosen(*actions, missed_cost=100.0):
    found = recommended(ROWS, PARTS, actions=actions, risk="abandoned", missed_cost=missed_cost)
    return found["action"].where(found["action"].notna(), None).tolist(), found["saving"].tolist()


def test_the_action_that_saves_most_is_chosen_and_none_where_none_is_worth_its_cost():
    names, savings = chosen(action("cheap", cost=5.0, effect=0.2), action("dear", cost=30.0, effect=0.6))

    assert names == ["dear", "dear", None]
    assert savings[:2] == pytest.approx([0.9 * 0.6 * 100 - 30] * 2)
    assert pd.isna(savings[2])


def test_an_action_needs_its_feature_in_bounds_and_raising_the_risk():
    assert chosen(action("again", feature="repeats", at_least=1))[0] == ["again", None, None]
    assert chosen(action("pay", feature="stage", values=("6", "2")))[0] == ["pay", None, None]
    assert chosen(action("mute", feature="silence"))[0] == [None, None, None]


def test_actions_of_the_project_are_whole():
    actions = read_actions(LISTED)

    assert len({one.name for one in actions}) == len(actions) >= 5
    assert {"abandoned", "escalated"} == {risk for one in actions for risk in one.risks}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cost: -1", "cost -1"),
        ("effect: 2", "effect 2"),
        ("feature: shoe", "'shoe'"),
        ("risk: [sadness]", "sadness"),
        ("says: {es: hola}", "says"),
        ("colour: red", "'colour'"),
    ],
)
def test_an_action_that_is_none_is_refused(tmp_path, line, said):
    given = {
        "name": "name: one",
        "risk": "risk: [abandoned]",
        "says": "says: {es: hola, en: hi}",
        "cost": "cost: 1",
        "effect": "effect: 0.1",
    }
    given[line.partition(":")[0]] = line
    body = "\n    ".join(given.values())
    path = tmp_path / "actions.yaml"
    path.write_text(f"actions:\n  - {body}\n")

    with pytest.raises(RequestError, match=said):
        read_actions(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RequestError, match=r"nothing\.yaml"):
        read_actions(tmp_path / "nothing.yaml")
