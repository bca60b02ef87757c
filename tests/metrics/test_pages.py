from pathlib import Path

from analytics_lib.metrics import CATALOG
from analytics_lib.metrics.pages import metrics_markdown
from analytics_lib.metrics.question import tables_of

PROJECT = Path(__file__).parents[2]


def test_page_in_docs_is_the_one_the_catalogue_gives():
    written = (PROJECT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert written == metrics_markdown(), (
        "docs/metrics.md is stale: run python -m analytics_lib.metrics.pages"
    )


def test_every_metric_has_its_section_once():
    headings = [line for line in metrics_markdown().splitlines() if line.startswith("### ")]
    assert headings == [f"### {name}" for name in CATALOG]


def test_section_says_what_is_counted_and_where_it_comes_from():
    section = metrics_markdown().split("### csat\n", 1)[1].split("\n###", 1)[0]
    assert "- numerator: `count(*) filter (where csat >= 4)`" in section
    assert "- denominator: `count(csat)`" in section
    assert "source: Delighted" in section


def test_tables_a_metric_cannot_do_without_are_named():
    assert tables_of(CATALOG["csat"]) == ["conversations"]
    assert tables_of(CATALOG["containment_rate"]) == ["conversations", "messages"]
    assert tables_of(CATALOG["conversion_rate"]) == ["conversations", "events"]
    assert tables_of(CATALOG["error_rate"]) == ["api_requests"]
