"""Jobs: which notebook runs by itself, when, with which parameters, and what becomes of what it makes.

``params/jobs.yaml`` holds them. The file is judged as a whole: every problem is told at once, with its line.
A value of a parameter may hold names in braces, which stand for dates of the run's slot (see ``DATES``); a
job with ``each`` is run once for every value, as ``<job>__<value>``.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analytics_lib.errors import RequestError
from analytics_lib.runs.job_values import filled, read_key, slug
from analytics_lib.runs.parameters import declared, default_parameters, resolve
from analytics_lib.runs.values import Refused
from analytics_lib.yaml_files import Problems, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from analytics_lib.runs.checks import Expectation

_UNTOLD = "0 0 * * *"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ANY_DAY = dt.date(2026, 1, 31)


@dataclass(frozen=True)
class ScheduledJob:
    """One job.

    Attributes:
        name: Names its folders; of a fanned-out job with its value.
        notebook: Stem of the notebook's file.
        cron: Five fields: minute, hour, day of month, month, weekday (names, or 0 to 7 from Sunday).
        time_zone: The clock that ``cron`` and the dates in braces are read on.
        parameters: As written, with names in braces.
        timeout_minutes: For the whole run.
        cell_timeout_minutes: For each of its cells; null = as long as the run.
        expects: What must hold of the results, by their names; else the run has failed.
        reuse: Whether an unchanged run that succeeded stands for the slot, instead of being run again.
        retries: How often a run is begun again, by the reason it failed for; nothing else is.
        after: Jobs whose newest slot up to this one must have succeeded first.
        publish: Whether its last good run is shown to readers.
        most_missed: How many slots missed while no scheduler ran are made up for, the newest ones: 0 = none.
        keep_runs: So many of its run folders are kept; null = all.
    """

    name: str
    notebook: str
    cron: str
    time_zone: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    timeout_minutes: float = 30.0
    cell_timeout_minutes: float | None = None
    expects: Mapping[str, Expectation] = field(default_factory=dict)
    reuse: bool = False
    retries: Mapping[str, int] = field(default_factory=lambda: {"kernel_died": 1})
    after: tuple[str, ...] = ()
    publish: bool = True
    most_missed: int = 1
    keep_runs: int | None = None

    def parameters_at(self, day: dt.date) -> dict[str, object]:
        """The values of its parameters for a slot of this day, on the job's wall clock."""
        return {name: filled(value, day) for name, value in self.parameters.items()}


def load_jobs(path: Path, *, notebooks: Path, time_zone: str) -> list[ScheduledJob]:
    """The jobs of a file, in its order, fanned out.

    Args:
        path: ``params/jobs.yaml``; the values of a notebook's own file beside it are its defaults.
        notebooks: Folder of the notebooks.
        time_zone: Of jobs that name none.

    Raises:
        RequestError: If anything in the file is wrong; the message lists every problem with its line.
    """
    found = read_yaml(path) or {}
    if not isinstance(found, dict) or not isinstance(found.get("jobs"), dict) or set(found) != {"jobs"}:
        raise RequestError(f"{path} must hold one mapping `jobs:` of names to jobs.")
    problems = Problems(path, "jobs")
    read = [_jobs(str(name), given, problems, time_zone) for name, given in found["jobs"].items()]
    jobs = [job for members in read for job in members]
    for job in jobs:
        _check_parameters(job, path.parent, notebooks, problems)
    _check_order(jobs, {str(name) for name in found["jobs"]}, problems)
    problems.refuse()
    return _joined(jobs)


def family(name: str) -> str:
    """The name a job has in the file: without the value it was fanned out for."""
    return name.partition("__")[0]


def _jobs(name: str, given: object, problems: Problems, time_zone: str) -> list[ScheduledJob]:
    """The job of one entry, or one a value of its ``each``; none where it cannot be read."""
    if not _NAME.fullmatch(name) or "__" in name:
        problems.note("use a-z, 0-9 and single _ (at most 40), such as kpis_daily.", name)
        return []
    if not isinstance(given, dict):
        problems.note(f"expected a mapping with notebook and cron, not {given!r:.60}.", name)
        return []
    # What is wrong is noted and left out, so that the rest of the job is judged as well.
    values: dict[str, Any] = {"time_zone": time_zone, "cron": _UNTOLD}
    for key, value in given.items():
        try:
            values |= read_key(str(key), value)
        except (Refused, RequestError) as problem:
            problems.note(problem, name, str(key))
    for key in sorted({"notebook", "cron"} - given.keys()):
        problems.note(f"{key} is missing.", name)
    return list(_fanned(name, values)) if "notebook" in values else []


def _fanned(name: str, values: dict[str, Any]) -> Iterator[ScheduledJob]:
    """The job, or one for each value it is to be run for."""
    if "each" not in values:
        yield ScheduledJob(name, **values)
        return
    parameter, chosen = values.pop("each")
    shared = values.pop("parameters", {})
    for value in chosen:
        yield ScheduledJob(f"{name}__{slug(value)}", **values, parameters={**shared, parameter: value})


def _check_parameters(job: ScheduledJob, params: Path, notebooks: Path, problems: Problems) -> None:
    try:
        known = declared(notebooks / f"{job.notebook}.ipynb")
    except RequestError as problem:
        problems.note(problem, family(job.name), "notebook")
        return
    try:
        resolve(known, default_parameters(params / f"{job.notebook}.yaml") | job.parameters_at(_ANY_DAY))
    except RequestError as problem:
        wrong = [line.strip(" -") for line in str(problem).splitlines() if line.startswith("  - ")]
        for line in wrong or [str(problem)]:
            problems.note(line, family(job.name), "parameters")


def _check_order(jobs: list[ScheduledJob], known: set[str], problems: Problems) -> None:
    """Every job that another waits for exists, and none waits for itself in the end."""
    waits = {family(job.name): set(job.after) for job in jobs}
    for name, others in waits.items():
        for other in sorted(others - known):
            near = difflib.get_close_matches(other, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            problems.note(f"there is no job {other!r}.{hint}", name, "after")
        if name in _all_before(name, waits):
            problems.note("it waits for itself in the end.", name, "after")


def _all_before(name: str, waits: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = set(waits[name])
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead |= waits.get(one, set())
    return found


def _joined(jobs: list[ScheduledJob]) -> list[ScheduledJob]:
    """The jobs, each waiting for all members of the families it names."""
    members: dict[str, list[str]] = {}
    for job in jobs:
        members.setdefault(family(job.name), []).append(job.name)
    return [replace(job, after=tuple(one for name in job.after for one in members[name])) for job in jobs]
