"""Where a notebook finds the models that were kept."""

import pytest

from analytics_lib.errors import NotFoundError
from analytics_lib.runs.inputs import kept_models


def test_kept_models_lie_beside_the_store_of_the_settings_and_no_other_store_has_any(tmp_path, monkeypatch):
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("ANALYTICS_STORE", str(tmp_path / "store"))

    assert kept_models("data/store") == tmp_path / "models"
    assert kept_models(str(tmp_path / "other")) is None


def test_without_a_store_there_is_no_place_for_models(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYTICS_STORE", str(tmp_path / "none"))

    with pytest.raises(NotFoundError, match="no store"):
        kept_models("data/store")
