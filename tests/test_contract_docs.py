import subprocess
import sys
from pathlib import Path

from analytics_lib.contract_docs import schema_markdown
from analytics_lib.schema import EVERY_TABLE

PROJECT = Path(__file__).parents[1]


def section(heading):
    """The lines of the page below a heading, up to the next heading."""
    after = schema_markdown().split(f"\n{heading}\n", 1)[1]
    return after.split("\n#", 1)[0].strip().splitlines()


def test_page_in_docs_is_the_one_the_contract_gives():
    written = (PROJECT / "docs" / "schema.md").read_text(encoding="utf-8")
    assert written == schema_markdown(), "docs/schema.md is stale: run python -m analytics_lib.contract_docs"


def test_table_says_what_a_row_is_its_key_and_its_times():
    assert section("### probes")[0] == (
        "A row is one check of one endpoint from outside. Key: `endpoint`, `probed_at`. "
        "Event time: `probed_at`, on the wall clock `probed_local`."
    )


def test_column_says_type_null_range_and_meaning():
    assert "| `csat` | int | yes | 1 to 5 | answer to the satisfaction survey |" in section(
        "### conversations"
    )
    assert "| `price` | float | yes | at least 0 | list price |" in section("### products")


def test_column_with_a_closed_vocabulary_lists_it():
    row = next(line for line in section("### messages") if line.startswith("| `sender`"))
    assert row == "| `sender` | text |  | user, bot, agent | who wrote it |"


def test_personal_column_says_so():
    row = next(line for line in section("### users") if line.startswith("| `user_id`"))
    assert row.endswith("(personal: id) |")


def test_every_table_has_its_section_once():
    headings = [line for line in schema_markdown().splitlines() if line.startswith("### ")]
    assert [headings.count(f"### {name}") for name in EVERY_TABLE] == [1] * len(EVERY_TABLE)


def test_stages_are_numbered_in_order():
    stages = section("## Funnel stages, in order")
    assert stages[0] == "1. `conversation_started`"
    assert stages[-1] == "8. `purchase_completed`"


def test_statuses_are_ranked_from_low_to_high():
    ranks = section("## Rank of a delivery status")
    assert ranks[-6:] == [
        "| 1 | accepted |",
        "| 2 | processing, pending, queued |",
        "| 3 | sent |",
        "| 4 | delivered |",
        "| 5 | read |",
        "| 9 | rejected, failed, sending_failed, delivery_failed, deleted |",
    ]


def test_code_is_told_with_its_meaning():
    assert "| `BAD_ENCODING` | the bytes are not UTF-8 |" in section("### Why a record was quarantined")


def test_angle_bracket_in_a_meaning_does_not_vanish_as_html():
    row = "| `UNKNOWN_VALUE` | a value outside the known ones was kept as unknown:&lt;value> |"
    assert row in section("### What was mended in a row that was kept")


def test_command_writes_the_page(tmp_path):
    subprocess.run([sys.executable, "-m", "analytics_lib.contract_docs"], cwd=tmp_path, check=True)
    assert (tmp_path / "docs" / "schema.md").read_text(encoding="utf-8") == schema_markdown()
