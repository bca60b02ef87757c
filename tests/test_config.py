from pathlib import Path

import pytest

from analytics_lib.config import Settings, check_time_zone, load_settings
from analytics_lib.errors import RequestError

VARIABLES = ("TIME_ZONE", "STORE", "KEYS", "INBOX", "OUTPUTS", "MEMORY_LIMIT_GB")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(f"ANALYTICS_{variable}", raising=False)


def test_without_environment_the_shop_is_in_bogota():
    settings = load_settings()
    assert settings.time_zone == "America/Bogota"
    assert (settings.store, settings.outputs) == (Path("data/store"), Path("outputs"))
    assert settings == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("TIME_ZONE", "America/Santiago", "time_zone", "America/Santiago"),
        ("STORE", "elsewhere/store", "store", Path("elsewhere/store")),
        ("KEYS", "elsewhere/keys", "keys", Path("elsewhere/keys")),
        ("INBOX", "elsewhere/inbox", "inbox", Path("elsewhere/inbox")),
        ("OUTPUTS", "elsewhere/outputs", "outputs", Path("elsewhere/outputs")),
        ("MEMORY_LIMIT_GB", "1.5", "memory_limit_gb", 1.5),
    ],
)
def test_environment_overrides_one_setting(monkeypatch, variable, text, field, value):
    monkeypatch.setenv(f"ANALYTICS_{variable}", text)
    changed = {name: new for name, new in vars(load_settings()).items() if new != getattr(Settings(), name)}
    assert changed == {field: value}


def test_keys_lie_outside_the_store():
    assert not Settings().keys.is_relative_to(Settings().store)


@pytest.mark.parametrize("name", ["America/Bogotá", "Bogota", "", "../etc/passwd"])
def test_unknown_time_zone_is_refused_with_an_example(monkeypatch, name):
    monkeypatch.setenv("ANALYTICS_TIME_ZONE", name)
    with pytest.raises(RequestError, match=r"Unknown time zone .* Give an IANA name such as America/Bogota"):
        load_settings()


def test_known_time_zone_is_accepted():
    assert check_time_zone("Europe/Madrid") == "Europe/Madrid"


@pytest.mark.parametrize("text", ["0", "-1", "much", "nan", "inf", ""])
def test_memory_limit_that_is_no_positive_number_is_refused(monkeypatch, text):
    monkeypatch.setenv("ANALYTICS_MEMORY_LIMIT_GB", text)
    with pytest.raises(
        RequestError, match=f"ANALYTICS_MEMORY_LIMIT_GB is '{text}'; expected a number above 0"
    ):
        load_settings()
