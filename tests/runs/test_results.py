import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.runs import artifact_path, record_results


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch, tmp_path):
    monkeypatch.delenv("ANALYTICS_RUN_FOLDER", raising=False)
    monkeypatch.setenv("ANALYTICS_OUTPUTS", str(tmp_path))


def test_analyst_at_work_sees_the_results():
    assert record_results(users=74) == {"users": 74}


def test_numbers_of_numpy_and_pandas_become_plain():
    found = record_results(
        n=np.int64(3), share=np.float64(0.5), ok=np.arange(3)[1] == 1, days=[dt.date(2026, 1, 1)]
    )
    assert found == {"n": 3, "share": 0.5, "ok": True, "days": ["2026-01-01"]}
    assert type(found["n"]) is int


def test_undefined_is_null():
    assert record_results(a=float("nan"), b=pd.NA, c=pd.NaT, d={"e": np.nan}) == {
        "a": None,
        "b": None,
        "c": None,
        "d": {"e": None},
    }


@pytest.mark.parametrize(
    "value", [pd.DataFrame({"a": [1]}), object(), float("inf"), {1, 2}, np.array([1, 2])]
)
def test_what_json_does_not_know_is_refused_by_name(value):
    with pytest.raises(RequestError, match="The result answer"):
        record_results(answer=value)


def test_run_writes_its_results_and_files_into_its_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("ANALYTICS_RUN_FOLDER", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    assert record_results(users=74) is None
    assert (tmp_path / "run/results.json").read_text() == '{\n "users": 74\n}'
    assert artifact_path("cohorts.csv") == tmp_path / "run/artifacts/cohorts.csv"


def test_artifact_of_an_analyst_goes_to_the_scratch_folder(tmp_path):
    assert artifact_path("cohorts.csv") == tmp_path / "scratch/cohorts.csv"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "~", "a/b", "", ".hidden", "\\\\host\\x", "a\nb"])
def test_artifact_outside_the_folder_is_refused(name):
    with pytest.raises(RequestError, match="cannot name an artifact"):
        artifact_path(name)
