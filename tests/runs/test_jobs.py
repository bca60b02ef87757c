"""The file of jobs: read whole, fanned out, every problem told at once with its line."""

import datetime as dt

import pytest
from tiny_notebooks import code, write_notebook

from analytics_lib.errors import RequestError
from analytics_lib.runs.checks import Expectation
from analytics_lib.runs.jobs import load_jobs


@pytest.fixture
def load(tmp_path):
    """Load a text as ``params/jobs.yaml``, beside one notebook ``small``."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "params").mkdir()
    declared = 'channel: str = "web"\nuntil: "date" = "2026-01-31"\ncode: str = ""'
    write_notebook(tmp_path / "notebooks" / "small.ipynb", code(declared, "parameters"))

    def load(text):
        path = tmp_path / "params" / "jobs.yaml"
        path.write_text(text)
        return load_jobs(path, notebooks=tmp_path / "notebooks", time_zone="America/Bogota")

    return load


def problems_of(load, text):
    with pytest.raises(RequestError) as refused:
        load(text)
    return [line.strip() for line in str(refused.value).splitlines()[1:]]


def test_a_job_of_two_keys_has_the_usual_rest(load):
    (job,) = load('jobs:\n  a: {notebook: small, cron: "0 5 * * *"}')
    assert (job.name, job.time_zone, job.timeout_minutes) == ("a", "America/Bogota", 30)
    assert (job.retries, job.after, job.publish) == ({"kernel_died": 1}, (), True)
    assert (job.most_missed, job.keep_runs) == (1, None)
    assert (job.reuse, job.cell_timeout_minutes, job.expects) == (False, None, {})


def test_a_job_may_say_what_it_expects_how_long_a_cell_takes_and_that_it_reuses(load):
    (job,) = load("""
jobs:
  a:
    notebook: small
    cron: "0 5 * * *"
    cell_timeout_minutes: 2.5
    reuse: true
    expects: {users: {least: 1}, currency: {one_of: [COP]}}
""")
    assert (job.reuse, job.cell_timeout_minutes) == (True, 2.5)
    assert job.expects == {"users": Expectation(least=1), "currency": Expectation(one_of=("COP",))}


@pytest.mark.parametrize(("given", "most"), [("none", 0), ("latest", 1), ("7", 7)])
def test_catch_up_is_none_the_latest_or_so_many(load, given, most):
    (job,) = load(f'jobs:\n  a: {{notebook: small, cron: "0 5 * * *", catch_up: {given}}}')
    assert job.most_missed == most


def test_dates_in_braces_are_those_of_the_slots_day(load):
    (job,) = load("""
jobs:
  a:
    notebook: small
    cron: "0 5 * * *"
    parameters:
      until: "{as_of}"
      channel: "{yesterday} {week_ago} {week_start} {month_start}"
      code: "00123"
""")
    # 1 March 2026 was a Sunday.
    assert job.parameters_at(dt.date(2026, 3, 1)) == {
        "until": "2026-03-01",
        "channel": "2026-02-28 2026-02-22 2026-02-23 2026-03-01",
        "code": "00123",
    }


def test_each_gives_one_job_a_value_and_those_after_it_wait_for_all(load):
    jobs = load("""
jobs:
  per: {notebook: small, cron: "0 5 * * *", each: {channel: [WhatsApp, "web chat"]}}
  last: {notebook: small, cron: "0 6 * * *", after: [per]}
""")
    assert [(job.name, job.parameters.get("channel")) for job in jobs] == [
        ("per__whatsapp", "WhatsApp"),
        ("per__web_chat", "web chat"),
        ("last", None),
    ]
    assert jobs[-1].after == ("per__whatsapp", "per__web_chat")


def test_every_problem_is_told_at_once_with_its_line(load):
    told = problems_of(
        load,
        """jobs:
  first:
    notebook: smal
    cron: "61 5 * * *"
    parametres: {}
  Bad-Name: {notebook: small, cron: "0 5 * * *"}
  second:
    notebook: small
    cron: "0 5 * *"
    parameters: {until: "{asof}"}
    after: [frist]
  third:
    notebook: small
    cron: "0 5 * * *"
    parameters: {nope: 1, code: 00123, until: "2026-02-30"}
""",
    )
    starts = [text.split(": ", 2)[:2] for text in told]
    assert starts == [
        ["line 3", "first.notebook"],
        ["line 4", "first.cron"],
        ["line 5", "first.parametres"],
        ["line 6", "Bad-Name"],
        ["line 9", "second.cron"],
        ["line 10", "second.parameters"],
        ["line 11", "second.after"],
        ["line 15", "third.parameters"],
        ["line 15", "third.parameters"],
        ["line 15", "third.parameters"],
    ]
    assert "Did you mean 'small'?" in told[0]
    assert "Did you mean 'parameters'?" in told[2]
    assert "Did you mean 'first'?" in told[6]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('cron: "0 0 30 2 *"', "is no cron expression"),
        ('cron: "@daily"', "has 1 fields; expected 5"),
        ('cron: "* * * * * *"', "has 6 fields; expected 5"),
        ("time_zone: Bogota", "Unknown time zone"),
        ("timeout_minutes: 0", "is not a number above 0"),
        ("timeout_minutes: true", "is not a number above 0"),
        ("retries: {bad_parameter: 3}", "nothing else may go by itself"),
        ("retries: {kernel_died: -1}", "is not a whole number from 0"),
        ("catch_up: always", "neither none, latest nor a number"),
        ("catch_up: 0", "is not a whole number from 1"),
        ("cell_timeout_minutes: -1", "is not a number above 0"),
        ("reuse: sometimes", "neither true nor false"),
        ("retries: {check_failed: 1}", "nothing else may go by itself"),
        ("expects: {users: {lest: 1}}", "Did you mean 'least'?"),
        ("expects: [users]", "expected a mapping such as {users: {least: 1}}"),
        ("publish: perhaps", "neither true nor false"),
        ("each: {channel: []}", "expected a list of values of channel"),
        ('each: {channel: ["a b", "a-b"]}', "give the same folder"),
        ("notebook: ../secret", "is no notebook's name"),
        ("after: [a]", "waits for itself"),
        ("parameters: [until]", "expected a mapping of names to values"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_was_expected(load, line, said):
    keys = {"notebook": "small", "cron": '"0 5 * * *"'}
    rest = "".join(f"\n    {key}: {value}" for key, value in keys.items() if not line.startswith(key))
    told = problems_of(load, f"jobs:\n  a:\n    {line}{rest}\n")
    assert any(said in problem for problem in told), told


@pytest.mark.parametrize("text", ["", "jobs: []", "a: 1", "jobs: {}\nmore: 1", "- jobs"])
def test_a_file_that_is_no_list_of_jobs_is_refused(load, text):
    with pytest.raises(RequestError, match="must hold one mapping"):
        load(text)


@pytest.mark.parametrize("text", ["jobs:\n  a: 1\n  a: 2", "jobs: !!python/object:os.system {}", "jobs: *x"])
def test_yaml_that_says_more_than_values_is_refused(load, text):
    with pytest.raises(RequestError, match="cannot be read as YAML"):
        load(text)


def test_the_jobs_of_this_project_are_fine():
    from pathlib import Path  # noqa: PLC0415

    project = Path(__file__).parents[2]
    jobs = load_jobs(
        project / "params" / "jobs.yaml", notebooks=project / "notebooks", time_zone="America/Bogota"
    )
    assert {"kpis_daily", "conversations_daily__web"} <= {job.name for job in jobs}
