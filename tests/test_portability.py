import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from analytics_lib.portability import RULES, check, check_mapping, check_project, collect, misplaced
from analytics_lib.schema import TABLES

PROJECT = Path(__file__).parents[1]

EXAMPLES = yaml.safe_load(Path(__file__).with_name("portability.yaml").read_text(encoding="utf-8"))
REFUSED = [(rule, row["sql"]) for rule, rows in EXAMPLES["refused"].items() for row in rows]
REWRITTEN = [row["instead"] for rows in EXAMPLES["refused"].values() for row in rows if "instead" in row]
PASSING = REWRITTEN + EXAMPLES["accepted"]


@pytest.fixture(scope="module")
def engine():
    """The contract's tables, empty, on DuckDB."""
    types = {
        "id": "varchar", "text": "varchar", "json": "varchar", "int": "bigint", "float": "double",
        "bool": "boolean", "at": "timestamptz", "local": "timestamp",
    }  # fmt: skip
    with duckdb.connect() as connection:
        for table in TABLES.values():
            columns = ", ".join(f'"{column.name}" {types[column.type]}' for column in table.columns)
            connection.execute(f'create table "{table.name}" ({columns})')
        yield connection


@pytest.fixture
def package(tmp_path):
    """Writes Python files into a package folder: package(analysis="…")."""

    def write(**files):
        for name, text in files.items():
            file = tmp_path / "package" / f"{name.replace('__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path / "package"

    return write


def rules_of(problems):
    return {problem.rule for problem in problems}


@pytest.mark.parametrize(("rule", "sql"), REFUSED)
def test_construct_that_differs_on_spark_is_refused(rule, sql):
    assert rules_of(check(sql)) == {rule}


@pytest.mark.parametrize("sql", PASSING)
def test_what_agrees_on_both_passes(sql):
    assert check(sql) == []


@pytest.mark.parametrize("sql", PASSING)
def test_what_passes_is_valid_on_duckdb(engine, sql):
    names = {"since", "until", "as_of", "step"}
    given = {name: None for name in names if f"${name}" in sql}
    assert engine.execute(sql, given).description


def test_every_rule_has_an_example_that_is_refused():
    assert set(EXAMPLES["refused"]) == {rule.name for rule in RULES}


def test_unknown_column_is_refused_with_the_nearest_name():
    (problem,) = check("select sent_locl from messages")
    assert (problem.rule, problem.found, problem.instead) == ("unknown_column", "sent_locl", "sent_local")


def test_every_unknown_column_is_named():
    problems = check("with m as (select sender as who from messages) select whom, who, sendr from m")
    assert {problem.found for problem in problems} == {"whom", "sendr"}


def test_column_that_a_step_did_not_pass_on_is_refused():
    (problem,) = check("with m as (select sender from messages) select intent from m")
    assert problem.rule == "unknown_column"


def test_column_that_two_tables_have_is_refused_without_its_table():
    (problem,) = check("select user_id from users, orders")
    assert problem.rule == "unknown_column"
    assert "more than one table" in problem.why


def test_unknown_table_is_refused_with_the_nearest_name():
    (problem,) = check("select text from mesages")
    assert (problem.rule, problem.found, problem.instead) == ("unknown_table", "mesages", "messages")


@pytest.mark.parametrize(
    "sql", ["select * from 'file.csv'", "select * from read_csv('file.csv')", "select * from other.messages"]
)
def test_table_outside_the_contract_is_refused(sql):
    assert rules_of(check(sql)) == {"unknown_table"}


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as a; select 2 as b",
        "delete from users",
        "create table t as select 1 as a",
        "",
        "summarize users",
    ],
)
def test_anything_but_one_select_is_refused(sql):
    assert rules_of(check(sql)) == {"one_select"}


def test_sql_that_cannot_be_parsed_is_refused_with_its_line():
    (problem,) = check("select user_id\nfrom users\nwhere (city = 'Cali'")
    assert (problem.rule, problem.line) == ("syntax", 3)


def test_problem_tells_the_line_of_the_construct():
    (problem,) = check("select\n    user_id,\n    log(amount) as v\nfrom orders")
    assert problem.line == 3


def test_window_named_without_an_order_is_refused():
    sql = "select row_number() over w as v from users window w as (partition by city)"
    assert rules_of(check(sql)) == {"rank_without_order"}


def test_sum_over_all_rows_needs_no_order():
    assert check("select sum(amount) over () as v from orders") == []


def test_division_by_a_number_that_is_not_zero_passes():
    assert check("select amount / 100 as v, amount / (60 * 60) as w from orders") == []


def test_constants_are_found_by_their_upper_case_names(package):
    folder = package(
        analysis__funnels='FUNNEL = """\nselect user_id\nfrom users\n"""\n'
        '_STEPS: str = "with a as (select 1 as b) select b from a"\n'
    )
    found = [(constant.name, constant.line, constant.sql.split()[0]) for constant in collect(folder)]
    assert found == [("FUNNEL", 1, "select"), ("_STEPS", 5, "with")]


def test_constant_joined_from_adjacent_strings_is_one_query(package):
    folder = package(a='QUERY = (\n    "select user_id "\n    "from users"\n)\n')
    assert [constant.sql for constant in collect(folder)] == ["select user_id from users"]


def test_texts_that_only_begin_like_a_query_are_left_alone(package):
    folder = package(
        a='"""select nothing from anything."""\n'
        'NOTE = "Select a day from the list"\nWORDS = ("with", "select")\n'
    )
    assert collect(folder) == []
    assert misplaced(folder) == []


def test_query_inside_a_function_is_refused(package):
    folder = package(a='def rows(store):\n    return store.query("select user_id from users")\n')
    (problem,) = misplaced(folder)
    assert (problem.rule, problem.line) == ("sql_is_a_constant", 2)


def test_query_under_a_lower_case_name_is_refused(package):
    assert rules_of(misplaced(package(a='query = "select user_id from users"\n'))) == {"sql_is_a_constant"}


@pytest.mark.parametrize(
    "expression",
    [
        'f"select {name} from users"',
        'f"select user_id from {name}"',
        '"select user_id from " + name',
        '"select %s from users" % name',
        '"select {} from users".format(name)',
    ],
)
def test_query_put_together_at_run_time_is_refused(package, expression):
    folder = package(
        a=f'name = "city"\nQUERY = {expression}\n', b=f"def query(name):\n    return {expression}\n"
    )
    assert [problem.rule for problem in misplaced(folder)] == ["sql_is_literal", "sql_is_literal"]
    assert collect(folder) == []


def test_engine_of_the_store_is_left_out(package):
    folder = package(
        store__delta='def merge():\n    return "select a from batch"\n',
        store='Q = "select log(a) as b from c"\n',
    )
    assert collect(folder) == []
    assert misplaced(folder) == []


def test_project_tells_file_line_and_constant(package, tmp_path):
    folder = package(a='LOGS = """\nselect\n    log(amount) as v\nfrom orders\n"""\n')
    checked, (problem,) = check_project(folder, tmp_path / "none")
    assert checked == 1
    assert str(problem).startswith(
        f"{folder / 'a.py'}:3 LOGS: log: `LOG(amount)`: log10 in DuckDB, ln in Spark."
    )


MAPPING = """
source: shop
raw:
  id: varchar
  at: varchar
tables:
  users: |
    select
      line,
      id as user_id,
      {column} as first_seen_at,
      extra
    from raw
"""


def test_mapping_may_use_what_only_duckdb_has(tmp_path, package):
    (tmp_path / "shop.yaml").write_text(MAPPING.format(column="epoch_ms(at::bigint)"))
    assert check_project(package(a=""), tmp_path) == (1, [])


def test_mapping_of_a_column_that_the_raw_rows_lack_is_refused_in_its_line(tmp_path, package):
    (tmp_path / "shop.yaml").write_text(MAPPING.format(column="att"))
    _, (problem,) = check_project(package(a=""), tmp_path)
    assert (problem.rule, problem.instead) == ("unknown_column", "at")
    assert str(problem).startswith(f"{tmp_path / 'shop.yaml'}:11 tables.users: ")


def test_mapping_to_a_column_that_the_contract_lacks_is_refused():
    (problem,) = check_mapping("select line, id as userid from raw", "users", raw=["id"])
    assert (problem.rule, problem.found, problem.instead) == ("unknown_column", "userid", "user_id")


def test_mapping_to_a_table_that_the_contract_lacks_is_refused():
    (problem,) = check_mapping("select line, id as user_id from raw", "user", raw=["id"])
    assert (problem.rule, problem.instead) == ("unknown_table", "users")


def test_mapping_that_does_not_say_where_a_row_came_from_is_refused():
    (problem,) = check_mapping("select id as user_id from raw", "users", raw=["id"])
    assert problem.rule == "line_missing"


def test_mapping_that_groups_says_how_many_records_a_row_stands_for():
    sql = "select min(line) as line, count(*) as records, id as user_id from raw group by id"
    assert check_mapping(sql, "users", raw=["id"]) == []


def test_command_ends_with_1_and_names_the_place_where_something_is_found(tmp_path):
    folder = tmp_path / "src" / "analytics_lib"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text('LOGS = "select log(amount) as v from orders"\n')
    command = [sys.executable, "-m", "analytics_lib.portability"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a.py:1 LOGS: log:" in done.stdout


def test_sql_of_this_project_is_portable():
    _, problems = check_project(PROJECT / "src" / "analytics_lib", PROJECT / "params" / "sources")
    assert [str(problem) for problem in problems] == []
