"""A source is a YAML file: read strictly, with every problem named at once."""

import pytest
from workshop import ROOT

from analytics_lib.errors import AnalyticsError, RequestError
from analytics_lib.ingest import Source, load_source

SHOP_SQL = """\
source: tickets
format: csv
delimiter: ";"
time_zone: America/Bogota
raw:
  ticket: id
  telefono: id
  abierto: text
  canal: text
  valor: float
tables:
  conversations: |
    select line, ticket as conversation_id, telefono as user_id, abierto as started_at,
      lower(canal) as channel
    from raw where canal <> 'prueba'
  events: |
    select line, concat(ticket, '-sale') as event_id, telefono as user_id, ticket as conversation_id,
      abierto as occurred_at, 'purchase_completed' as name, valor as value
    from raw where valor > 0
"""
TICKETS = """\
ticket;telefono;abierto;canal;valor;sede
t1;300 123 4567;2026-06-01 10:00;WhatsApp;50000;Cali
t2;+573001234567;2026-06-01 11:00;Web;;Cali
t3;3009999999;2026-06-01 12:00;prueba;;Cali
t4;3009999999;ayer;Web;1;Cali
t5;3009999999;2026-06-01 12:00;Web;mucho;Cali
"""


@pytest.fixture
def declare(tmp_path):
    """Write a source's YAML and load it."""

    def declare(text, name="tickets"):
        (tmp_path / f"{name}.yaml").write_text(text)
        return load_source(name, tmp_path)

    return declare


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "params" / "sources").glob("*.yaml")))
def test_every_source_of_the_project_can_be_loaded(name):
    assert load_source(name, ROOT / "params" / "sources").name == name


def test_a_mapping_in_sql_ingests_a_new_export_without_python(shop, declare):
    report = shop.ingest(shop.write("tickets.csv", TICKETS.encode()), source=declare(SHOP_SQL))
    assert (report.records, report.accepted) == (5, 2)
    assert report.codes == {"LEFT_OUT": 1, "BAD_TIME": 1, "BAD_TYPE": 1}
    assert report.rows == {"conversations": 2, "events": 1}
    rows = shop.rows("conversations", "conversation_id, channel, started_at, extra", order="conversation_id")
    assert [(row["conversation_id"], row["channel"], str(row["started_at"])) for row in rows] == [
        ("t1", "whatsapp", "2026-06-01 15:00:00+00:00"),
        ("t2", "web", "2026-06-01 16:00:00+00:00"),
    ]
    assert rows[0]["extra"] == '{"sede":"Cali"}'
    assert shop.query("select distinct user_id from conversations").shape[0] == 1
    kept = shop.rows("quarantine", "line, code, column_name", order="line")
    assert [(row["line"], row["code"]) for row in kept] == [(4, "LEFT_OUT"), (5, "BAD_TIME"), (6, "BAD_TYPE")]


def test_records_that_a_mapping_leaves_out_are_counted_but_not_bad(shop, declare):
    header = TICKETS.split("\n", maxsplit=1)[0] + "\n"
    rows = "".join(f"t{n};300123456{n % 10};2026-06-01 10:00;prueba;;\n" for n in range(500))
    report = shop.ingest(shop.write("tickets.csv", (header + rows).encode()), source=declare(SHOP_SQL))
    assert (report.status, report.codes) == ("ingested", {"LEFT_OUT": 500})


GROUPED = """\
source: lines
format: ndjson
whole_file: true
raw: {invoice: id, customer: id, day: text, price: float}
tables:
  orders: |
    select min(line) as line, count(*) as records, invoice as order_id, customer as user_id,
      min(day) as ordered_at, sum(price) as amount, 'COP' as currency
    from raw where price <> 0 group by invoice, customer
"""


def invoice_line(invoice, price, day="2026-06-01", **more):
    return {"invoice": invoice, "customer": "ana", "day": day, "price": price} | more


def test_where_records_are_grouped_every_record_of_a_row_is_counted(shop, declare):
    lines = [
        invoice_line("a", 10),
        invoice_line("b", 5),
        invoice_line("a", 20),
        invoice_line("c", 1, day="never"),
        invoice_line("c", 1, day="never"),
        invoice_line("b", 0),
        invoice_line("a", "dear"),
    ]
    source = declare(GROUPED, "lines")
    report = shop.ingest(shop.write("lines.ndjson", lines), source=source)
    assert (report.records, report.accepted, report.quarantined) == (7, 3, 4)
    assert report.codes == {"BAD_TIME": 2, "LEFT_OUT": 1, "BAD_TYPE": 1}
    assert shop.rows("orders", "order_id, amount") == [
        {"order_id": "a", "amount": 30},
        {"order_id": "b", "amount": 5},
    ]
    again = shop.ingest(shop.write("lines-2.ndjson", [*lines, invoice_line("d", 3)]), source=source)
    assert (again.accepted, again.duplicates) == (1, 3)


@pytest.mark.parametrize("name", ["lines.ndjson", "lines.csv", "lines.json"])
def test_an_empty_file_of_a_grouping_source_is_no_error(shop, declare, name):
    """F19."""
    assert shop.ingest(shop.write(name, b""), source=declare(GROUPED, "lines")).records == 0


def test_grouping_without_the_whole_file_is_a_wrong_mapping(shop, declare):
    source = declare(GROUPED.replace("whole_file: true", "whole_file: false"), "lines")
    with pytest.raises(RequestError, match=r"select for orders groups records.* whole_file: true"):
        shop.ingest(shop.write("lines.ndjson", [invoice_line("a", 1)]), source=source)


WRONG_SQL = {
    "order_id, from raw": "Source lines, the select for orders: ",
    "select invoice as order_id from raw": "the select for orders must give the column line",
    "select 99 as line, invoice as order_id from raw": "must give the column line",
    "select null as line, invoice as order_id from raw": "must give the column line",
    "select line, no_such as order_id from raw": "select for orders: .*no_such",
    "select line, * from read_text('/etc/hostname')": "select for orders: ",
    "select line, invoice as order_idx from raw": "orders has no column 'order_idx'. Did you mean 'order_id'",
    "select line, invoice as order_id from raw": "orders needs the columns user_id, ordered_at, amount",
}


@pytest.mark.parametrize(("sql", "message"), WRONG_SQL.items())
def test_wrong_sql_says_which_select_is_wrong(shop, declare, sql, message):
    text = "source: lines\nraw: {invoice: id}\ntables:\n  orders: |\n    " + sql
    with pytest.raises(AnalyticsError, match=message):
        shop.ingest(shop.write("lines.ndjson", [{"invoice": "a"}]), source=declare(text, "lines"))
    assert list((shop.settings.store / "_meta" / "staging").iterdir()) == []


def test_all_problems_of_a_source_are_named_at_once(declare):
    text = """\
source: other
fromat: csv
format: xlsx
time_zone: Bogota
delimiter: "tab"
bad_share_limit: 3
bad_records_allowed: few
python: no.such_module
raw: {a: number, line: int}
tables: {ordres: select 1, orders: 5}
"""
    with pytest.raises(RequestError) as refused:
        declare(text)
    told = str(refused.value)
    for part in (
        "tickets.yaml is wrong:",
        "- source: expected 'tickets', the file's name, given 'other'",
        "- unknown setting 'fromat'",
        "- format: expected one of csv, json, ndjson, parquet, given 'xlsx'",
        "- time_zone: unknown zone 'Bogota'",
        "- delimiter: expected one character, given 'tab'",
        "- bad_share_limit: expected a share from 0 to 1, given 3",
        "- bad_records_allowed: expected int, given 'few'",
        "- python: there is no module 'no.such_module'",
        "- raw: a has the unknown type 'number'",
        "- raw: line is a column that raw has already",
        "- tables: the contract has no table 'ordres'",
        "- tables: orders is to be one select, given 5",
        "- give either python, or raw and tables, not both",
    ):
        assert part in told, part


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source: tickets\nsource: tickets\n", "'source' is given twice"),
        ("source: tickets\nraw: {a: id, a: text}\n", "'a' is given twice"),
        ("source: [", "cannot be read as YAML"),
        ("source: !!python/object/apply:os.system [x]\n", "cannot be read as YAML"),
        ("source: tickets\n---\nsource: other\n", "cannot be read as YAML"),
        ("- tickets\n", "expected a mapping of settings, given list"),
        ("", "expected a mapping of settings, given NoneType"),
        ("source: tickets\ntime_zone: 5\n", "time_zone: expected str, given 5"),
        ("source: tickets\nraw: {a: id}\n", "raw and tables go together"),
    ],
)
def test_a_source_that_cannot_be_read_says_why(declare, text, message):
    with pytest.raises(RequestError, match=message):
        declare(text)


def test_a_source_that_is_not_utf8_is_no_valid_yaml(tmp_path):
    (tmp_path / "tickets.yaml").write_bytes(b"source: tickets # a\xf1o\n")
    with pytest.raises(RequestError, match="cannot be read as YAML"):
        load_source("tickets", tmp_path)


@pytest.mark.parametrize("name", ["tickts", "../tickets", "tickets.yaml", ""])
def test_an_unknown_source_is_refused_with_the_known_ones_and_a_suggestion(declare, tmp_path, name):
    declare(SHOP_SQL)
    with pytest.raises(RequestError, match=r"Unknown source .* Known sources: tickets\."):
        load_source(name, tmp_path)
    with pytest.raises(RequestError, match="Did you mean 'tickets'"):
        load_source("tickts", tmp_path)


def test_a_mended_mapping_is_applied_to_files_ingested_before(shop):
    """Without being asked again, the file is known by its content."""
    path = shop.write("sales.csv", b"id,who,day,eur\n1,ana,2026-06-01,10\n2,ben,2026-06-02,x\n")
    raw = {"id": "id", "who": "id", "day": "text", "eur": "text"}
    select = "select line, id as order_id, who as user_id, day as ordered_at, 'EUR' as currency, {} as amount"
    wrong, right = (
        Source(
            "sales",
            format="csv",
            time_zone="UTC",
            raw=raw,
            tables={"orders": f"{select.format(amount)} from raw"},
        )
        for amount in ("eur", "coalesce(try_cast(eur as double), 0) * 2")
    )
    first = shop.ingest(path, source=wrong)
    assert (first.accepted, first.quarantined) == (1, 1)
    assert shop.ingest(path, source=right).status == "already ingested"

    again = shop.ingest(path, source=right, again=True)
    assert (again.accepted, again.quarantined) == (2, 0)
    assert [row["amount"] for row in shop.rows("orders", "order_id, amount", "order_id")] == [20.0, 0.0]
    assert shop.rows("quarantine") == []
