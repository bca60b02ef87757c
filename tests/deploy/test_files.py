"""The files of the deployment: what is locked, and what Dagster's homes say."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"


def locked(path):
    """Versions of a lock, with their markers, and the hashes of each."""
    blocks = re.split(r"\n(?=[a-z0-9])", path.read_text())
    pinned = [(re.match(r"([a-z0-9._-]+)==(\S+)", block), block) for block in blocks]
    return {
        (found[1], found[2]): set(re.findall(r"sha256:\w{64}", block)) for found, block in pinned if found
    }


@pytest.fixture(scope="module")
def lock():
    return locked(DEPLOY / "requirements.lock")


def wanted():
    lines = (DEPLOY / "requirements.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_extra_of_the_project_is_what_the_lock_is_made_from():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"]["dagster"] == wanted()


def test_dagster_is_no_dependency_of_the_library():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert [one for one in project["dependencies"] if "dagster" in one] == []


def test_what_is_wanted_is_locked_within_its_range(lock):
    versions = dict(lock)
    for one in map(Requirement, wanted()):
        assert [version for name, version in versions if name == one.name and one.specifier.contains(version)]


def test_every_locked_version_has_a_hash(lock):
    assert lock
    assert [name for name, hashes in lock.items() if not hashes] == []


def test_both_locks_agree_on_what_they_share(lock):
    core = locked(PROJECT / "requirements.lock")
    shared = {name for name, _ in core} & {name for name, _ in lock}
    assert {"click", "jinja2"} <= shared
    assert [pin for pin in lock if pin[0] in shared and pin not in core] == []


def test_every_line_of_the_lock_is_a_pinned_version_or_its_hash():
    lines = [
        line.strip().rstrip("\\").strip() for line in (DEPLOY / "requirements.lock").read_text().splitlines()
    ]
    kinds = re.compile(r"[a-z0-9._-]+==\S+(?: ;.*)?|--hash=sha256:[0-9a-f]{64}|#.*|")
    assert [line for line in lines if not kinds.fullmatch(line)] == []


def test_both_homes_send_nothing_out_and_run_no_job_beside_itself():
    homes = [
        yaml.safe_load((DEPLOY / home / "dagster.yaml").read_text())
        for home in ("one_machine", "several_machines")
    ]
    for home in homes:
        assert home["telemetry"] == {"enabled": False}
        assert home["concurrency"]["pools"]["default_limit"] == 1
    assert homes[0]["concurrency"]["runs"]["max_concurrent_runs"] == 2
    assert homes[0].keys() ^ homes[1].keys() == {"storage"}
