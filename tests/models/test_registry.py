"""What replaces what, what is refused on loading, and what a death or a race leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import ModelDamagedError, NotFoundError, RequestError
from analytics_lib.models import registry
from analytics_lib.models.logit import Logit, fit_logit
from analytics_lib.models.registry import Holdout, load, log_losses, prune, publish, versions
from publishing_models import card, published, text_of

SCRIPT = Path(__file__).parents[1] / "publishing_models.py"


def losses(now, then):
    """A hold-out on which the candidate (loss 1 in its text) has these losses, and the current one those."""
    return Holdout(losses=lambda text: now if json.loads(text)["loss"] == 1 else then)


def second(folder, holdout):
    publish(folder, "churn", text_of(0), card(), holdout=Holdout(lambda _: np.ones(100)), published_at="1")
    return publish(folder, "churn", text_of(1), card(), holdout=holdout, published_at="2")


def current_loss(folder, **more):
    return json.loads(load(folder, "churn", **more).text)["loss"]


def test_first_model_is_published_with_its_card_and_loads_as_it_was(tmp_path):
    decision = published(tmp_path, 0.5, at="2026-10-31T05:00:00+00:00")
    stored = load(tmp_path, "churn", kind="constant")

    assert decision.outcome == "first"
    assert stored.text == text_of(0.5)
    assert (stored.entry, stored.warning) == (decision.entry, None)
    assert stored.entry.published_at == "2026-10-31T05:00:00+00:00"
    assert stored.card["decision"]["outcome"] == "first"
    assert (tmp_path / "churn" / stored.entry.version / "card.md").read_text().startswith("# Model\n")


def test_better_model_replaces_and_the_old_one_is_kept(tmp_path):
    published(tmp_path, 0.5)
    decision = published(tmp_path, 0.4)

    assert decision.outcome == "replaced"
    assert (decision.candidate, decision.current) == pytest.approx((0.4, 0.5))
    assert (decision.difference, decision.rows, decision.groups) == (pytest.approx(0.1), 60, 60)
    assert current_loss(tmp_path) == 0.4
    assert versions(tmp_path, "churn")["number"].tolist() == [2, 1]
    assert versions(tmp_path, "churn")["current"].tolist() == [True, False]


def test_worse_model_is_refused_with_the_numbers_and_nothing_is_written(tmp_path):
    published(tmp_path, 0.5)
    decision = published(tmp_path, 0.505)

    assert decision.outcome == "kept"
    assert "The candidate is worse: log_loss 0.5050 against 0.5000" in decision.reason
    assert decision.high == pytest.approx(-0.005)
    assert decision.entry.number == 1
    assert len(versions(tmp_path, "churn")) == 1


def test_model_of_an_earlier_moment_does_not_replace_a_later_one(tmp_path):
    better = losses(np.zeros(100), np.ones(100))
    publish(tmp_path, "churn", text_of(0), card(), holdout=better, published_at="2026-11-01")
    decision = publish(tmp_path, "churn", text_of(1), card(), holdout=better, published_at="2026-10-01")

    assert decision.outcome == "kept"
    assert "2026-11-01, later" in decision.reason
    assert current_loss(tmp_path) == 0


def test_difference_within_the_interval_replaces(tmp_path):
    # A hundredth worse on average, while single rows differ by one: chance.
    noisy = np.where(np.arange(100) % 2, 2.01, 0.01)
    decision = second(tmp_path, losses(now=noisy, then=np.ones(100)))

    assert decision.outcome == "replaced"
    assert decision.low < -0.01 < 0 < decision.high


def test_loss_over_two_percent_higher_is_refused_however_wide_the_interval(tmp_path):
    noisy = np.where(np.arange(100) % 2, 2.03, 0.03)
    decision = second(tmp_path, losses(now=noisy, then=np.ones(100)))

    assert decision.outcome == "kept"
    assert "over 2% higher" in decision.reason
    assert decision.high > 0


def test_models_are_compared_over_users_not_rows(tmp_path):
    # Two users of three hundred rows each are better, sixty of one row are worse.
    users = np.repeat(np.arange(62), [300, 300, *[1] * 60])
    now = np.where(users < 2, 0.99, 1.1)
    decision = second(tmp_path, Holdout(losses(now, np.ones(660)).losses, groups=users))

    assert decision.groups == 62
    # Of rows, the interval would be narrow: 600 better by .01, 60 worse by .1 make 0 on average.
    assert decision.low < -0.02


def test_fewer_than_fifty_users_cannot_replace(tmp_path):
    decision = second(tmp_path, losses(now=np.zeros(49), then=np.ones(49)))

    assert decision.outcome == "kept"
    assert "Fewer than 50 users cannot tell" in decision.reason


def test_same_model_again_stays_without_a_new_version(tmp_path):
    published(tmp_path, 0.5)

    assert published(tmp_path, 0.5).reason == "It is the current model itself."
    assert len(versions(tmp_path, "churn")) == 1


def test_earlier_model_that_comes_back_is_the_newest_again(tmp_path):
    for loss in (0.5, 0.4):
        published(tmp_path, loss)
    back = Holdout(losses=lambda text: [1.0 if json.loads(text)["loss"] == 0.4 else 0.9] * 60)
    publish(tmp_path, "churn", text_of(0.5), card(), holdout=back, published_at="3")

    assert current_loss(tmp_path) == 0.5
    assert versions(tmp_path, "churn")["number"].tolist() == [3, 2]


def test_current_model_that_cannot_predict_these_rows_is_replaced(tmp_path):
    def refusing(text):
        if json.loads(text)["loss"] == 0:
            raise RequestError("The model reads the column 'gone'.")
        return np.ones(100)

    decision = second(tmp_path, Holdout(refusing))
    assert decision.outcome == "replaced"
    assert "cannot predict these rows: The model reads the column 'gone'." in decision.reason


@pytest.mark.parametrize("given", [[np.nan] * 60, [], [[1.0]], [np.inf]])
def test_losses_that_are_not_one_number_a_row_are_refused(tmp_path, given):
    with pytest.raises(RequestError, match="one number a row"):
        publish(tmp_path, "churn", text_of(1), card(), holdout=Holdout(lambda _: given), published_at="1")
    assert not (tmp_path / "churn" / "current.json").exists()


def test_losses_of_different_rows_and_users_without_a_name_are_refused(tmp_path):
    with pytest.raises(RequestError, match="99 rows for the candidate and 100"):
        second(tmp_path, losses(now=np.ones(99), then=np.ones(100)))
    with pytest.raises(RequestError, match="1 of them null"):
        second(tmp_path, Holdout(losses(np.ones(100), np.ones(100)).losses, groups=[None, *range(99)]))


@pytest.mark.parametrize(
    "name", ["../churn", "/churn", "~churn", "a/b", "", "..", "Churn", "c" * 65, "a\\b", "a\0"]
)
def test_name_that_leads_elsewhere_is_refused(tmp_path, name):
    for ask in (
        lambda: publish(tmp_path, name, text_of(1), card(), holdout=losses([1], [1]), published_at="1"),
        lambda: load(tmp_path, name),
        lambda: versions(tmp_path, name),
        lambda: prune(tmp_path, name, keep=1),
    ):
        with pytest.raises(RequestError, match="small letters"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "churn").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(RequestError, match="is a link"):
        published(tmp_path, 0.5)


def test_text_that_says_not_what_it_is_is_refused(tmp_path):
    for text in ("{}", "[]", "no", '{"kind": "churn"}', '{"kind": "churn", "format": "1"}'):
        with pytest.raises(ModelDamagedError):
            publish(tmp_path, "churn", text, card(), holdout=losses([1], [1]), published_at="1")


def test_nothing_published_says_what_there_is(tmp_path):
    published(tmp_path, 0.5)

    with pytest.raises(NotFoundError, match=r"No model 'outcome' is published.*there are: churn"):
        load(tmp_path, "outcome")


def model_file(folder, number):
    rows = versions(folder, "churn").set_index("number")
    return folder / "churn" / rows.loc[number, "version"] / "model.json"


def test_swapped_file_is_refused_by_name_and_the_last_good_model_stands_in(tmp_path):
    published(tmp_path, 0.5)
    published(tmp_path, 0.4)
    file = model_file(tmp_path, 2)
    file.write_text(text_of(0.1))

    with pytest.raises(ModelDamagedError, match="was changed or swapped") as refused:
        load(tmp_path, "churn")
    assert str(file) in str(refused.value)
    stored = load(tmp_path, "churn", fallback=True)
    assert json.loads(stored.text)["loss"] == 0.5
    assert str(file) in stored.warning
    assert versions(tmp_path, "churn")["problem"].notna().tolist() == [True, False]


def relinked(file):
    file.rename(file.with_name("other.json"))
    file.symlink_to(file.with_name("other.json"))


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b"\xff\xfe"),
        lambda file: file.write_text(file.read_text() + " "),
        relinked,
        lambda file: file.with_name("card.json").write_text("{}"),
        lambda file: os.truncate(file, 65 * 1024 * 1024),
        lambda file: (file.parents[1] / "current.json").write_text("{"),
        lambda file: (file.parents[1] / "current.json").write_text('{"sha256": "../../x"}'),
        lambda file: (file.parents[1] / "current.json").unlink(),
    ],
)
def test_harm_of_every_kind_is_seen_and_a_good_model_stands_in(tmp_path, harm):
    published(tmp_path, 0.5)
    published(tmp_path, 0.4)
    harm(model_file(tmp_path, 2))

    with pytest.raises(ModelDamagedError):
        load(tmp_path, "churn")
    assert current_loss(tmp_path, fallback=True) in (0.4, 0.5)


def test_pointer_to_a_hash_that_is_none_is_refused(tmp_path):
    published(tmp_path, 0.5)
    pointer = tmp_path / "churn" / "current.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"sha256": "../" * 22}))

    with pytest.raises(ModelDamagedError, match="64 hexadecimal digits"):
        load(tmp_path, "churn")


def test_model_of_another_kind_is_refused(tmp_path):
    published(tmp_path, 0.5)

    with pytest.raises(ModelDamagedError, match="of kind 'constant'; expected 'logit'"):
        load(tmp_path, "churn", kind="logit")


def test_without_any_good_version_there_is_no_fallback(tmp_path):
    published(tmp_path, 0.5)
    model_file(tmp_path, 1).write_text("{}")

    with pytest.raises(ModelDamagedError, match="changed or swapped"):
        load(tmp_path, "churn", fallback=True)


def test_damaged_current_model_is_replaced_or_the_last_good_one_is_current_again(tmp_path):
    for loss in (0.5, 0.4):
        published(tmp_path, loss)
    model_file(tmp_path, 2).write_text("{}")

    assert published(tmp_path, 0.6).outcome == "kept"
    assert current_loss(tmp_path) == 0.5
    assert published(tmp_path, 0.4).outcome == "replaced"
    assert current_loss(tmp_path) == 0.4


def test_prune_keeps_the_newest_and_the_current(tmp_path):
    for loss in (0.5, 0.4, 0.3, 0.2):
        published(tmp_path, loss)
    oldest = model_file(tmp_path, 1).parent.name

    assert len(prune(tmp_path, "churn", keep=2)) == 2
    assert versions(tmp_path, "churn")["number"].tolist() == [4, 3]
    assert not (tmp_path / "churn" / oldest).exists()
    with pytest.raises(RequestError, match="keep is 0"):
        prune(tmp_path, "churn", keep=0)
    with pytest.raises(NotFoundError):
        prune(tmp_path, "outcome", keep=1)


def ran(task, folder):
    done = subprocess.run([sys.executable, SCRIPT, task, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_publisher_leaves_the_old_model_until_the_pointer_has_moved(tmp_path):
    told = ran("kill", tmp_path)
    died, currents, numbers = zip(*told["found"], strict=True)

    # Four files, the folder, the pointer: six renames, and one more once the sixth try's folder is there.
    assert died == (*[True] * 7, False)
    assert currents == (*[0.9] * 7, 0.5)
    # Numbers are not used twice: two tries had stored theirs before they died.
    assert numbers == (*[1] * 7, 4)
    assert told["left"] == [".lock"]


def test_publishers_at_once_come_one_after_the_other(tmp_path):
    told = ran("race", tmp_path)

    assert told["statuses"] == [0, 0]
    # Losses fall to 0.9 - 0.02 * 15; each publication was measured against what was current then.
    assert told["current"] == pytest.approx(0.6)
    assert told["numbers"] == list(range(1, len(told["numbers"]) + 1))


def test_log_loss_is_that_of_the_class_that_happened():
    found = log_losses(["no", "yes", "yes"], np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]]), ("no", "yes"))

    assert found == pytest.approx([np.log(2), np.log(4), -np.log(1e-15)])
    with pytest.raises(RequestError, match="'maybe' is none of the classes"):
        log_losses(["maybe"], np.ones((1, 2)), ("no", "yes"))


def test_logit_is_published_loaded_and_predicts_as_before(tmp_path):
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"x": random.normal(size=400), "noise": random.normal(size=400)})
    labels = pd.Series(np.where(random.random(400) < 1 / (1 + np.exp(-2 * rows["x"])), "leaves", "stays"))
    classes = ("stays", "leaves")
    early, late = rows[:300], rows[300:]
    models = [
        fit_logit(early, labels[:300], kinds={name: "number"}, classes=classes) for name in ("noise", "x")
    ]
    holdout = Holdout(
        lambda text: log_losses(labels[300:], Logit.from_json(text).probabilities(late), classes)
    )
    blind, seeing = (
        publish(tmp_path, "churn", model.to_json(), card(), holdout=holdout, published_at="1")
        for model in models
    )

    assert (blind.outcome, seeing.outcome) == ("first", "replaced")
    # Log loss of somebody who knows nothing: ln 2.
    assert blind.candidate == pytest.approx(np.log(2), abs=0.05)
    loaded = Logit.from_json(load(tmp_path, "churn", kind="logit").text)
    assert loaded.probabilities(late) == pytest.approx(models[1].probabilities(late), abs=1e-12)


def test_rule_is_in_the_decision_and_in_the_card(tmp_path):
    published(tmp_path, 0.5)
    reason = published(tmp_path, 0.4).reason

    assert load(tmp_path, "churn").card["decision"]["reason"] == reason
    assert registry.library_version() == load(tmp_path, "churn").entry.library
