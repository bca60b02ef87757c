import datetime as dt
import importlib.resources
import re
import string

import pandas as pd
import pytest
import yaml

from analytics_lib.charts.words import (
    CATALOGUES,
    count,
    counted,
    day,
    days,
    duration,
    label,
    number,
    say,
    share,
)
from analytics_lib.errors import RequestError

FOLDER = importlib.resources.files("analytics_lib.charts")
TEXT = "\n".join(FOLDER.joinpath(name).read_text(encoding="utf-8") for name in CATALOGUES)
CATALOGUE = yaml.load(TEXT, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # safe


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_exists_in_both_languages_with_the_same_holes():
    assert [key for key, texts in CATALOGUE.items() if set(texts) != {"es", "en"}] == []
    assert [key for key, texts in CATALOGUE.items() if holes(texts["es"]) != holes(texts["en"])] == []


def test_catalogue_says_the_same_where_there_is_no_loader_in_c():
    assert yaml.safe_load(TEXT) == CATALOGUE


def test_no_text_would_be_markup_on_a_page():
    said = [text for texts in CATALOGUE.values() for text in texts.values()]
    assert [
        text
        for text in said
        if re.search(r"</?[a-z]", text.replace("<b>", "").replace("</b>", "").replace("<br>", ""))
    ] == []


def test_no_text_is_written_twice():
    keys = re.findall(r'^"?([\w.]+)"?:', TEXT, re.MULTILINE)
    assert sorted(keys) == sorted(set(keys)) == sorted(CATALOGUE)


@pytest.mark.parametrize(
    ("seconds", "es"),
    [
        (0, "0 s"),
        (2.14, "2,1 s"),
        (9.96, "10 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (3 * 86400 + 4 * 3600 + 59, "3 d 4 h"),
        (-65, "-1 min 5 s"),
        (float("nan"), "\N{EN DASH}"),
    ],
)
def test_duration_is_written_in_its_two_largest_units(seconds, es):
    assert duration(seconds, "es").replace("\u00a0", " ") == es


def test_numbers_follow_the_language():
    assert [count(1234567, "es"), count(1234567, "en")] == ["1.234.567", "1,234,567"]
    assert [number(1234.56, "es"), number(1234.56, "en")] == ["1.234,6", "1,234.6"]
    assert [share(0.3125, "es"), share(0.3125, "en")] == ["31,2\u00a0%", "31.2%"]


def test_unknown_number_is_a_dash_and_never_zero():
    assert {count(None, "es"), count(pd.NA, "es"), number(float("nan"), "es"), share(float("inf"), "es")} == {
        "\N{EN DASH}"
    }


def test_noun_agrees_with_its_number():
    assert counted(1, "conversations", "es").replace("\u00a0", " ") == "1 conversación"
    assert counted(0, "conversations", "es").replace("\u00a0", " ") == "0 conversaciones"


def test_window_is_written_with_its_last_day():
    assert days(dt.date(2026, 10, 26), dt.date(2026, 11, 23), "es") == "26 oct al 22 nov 2026"
    assert days(dt.date(2025, 12, 31), dt.date(2026, 1, 2), "en") == "Dec 31, 2025 to Jan 1, 2026"
    assert day(None, "es") == "\N{EN DASH}"


def test_value_without_a_name_keeps_its_own():
    assert [label("outcome", "purchase", "es"), label("outcome", "unknown:x", "es")] == [
        "Compra",
        "unknown:x",
    ]


def test_unknown_text_and_language_are_refused():
    with pytest.raises(RequestError, match="no text 'nothing'"):
        say("nothing", "es")
    with pytest.raises(RequestError, match="Unknown language 'fr'; expected es or en"):
        say("outcomes", "fr")
