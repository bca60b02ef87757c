"""What is installed is said three times, for three tools; the three must agree, and tie nobody to a place."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
CONDA_NAMES = {"bleach-with-css": "bleach", "python-duckdb": "duckdb", "python-tzdata": "tzdata"}
# Written in pieces, so that this file does not hold what it looks for.
HOSTS = [
    "py" + "pi.org",
    "python" + "hosted",
    "ana" + "conda.org",
    "npm" + "js",
    "yarn" + "pkg.com",
    "conda" + ".io",
]
HOME = re.compile(r"(?<![\w.~/])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me")) + r")/\w")


def ranges(requirements):
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(one.name): one.specifier for one in parsed}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def declared(project):
    return ranges(project["dependencies"] + project["optional-dependencies"]["dev"])


@pytest.fixture(scope="module")
def conda():
    return yaml.safe_load((PROJECT / "environment.yml").read_text())


@pytest.fixture(scope="module")
def locked():
    """Each locked package with its versions and the number of hashes of each."""
    found = {}
    for block in re.split(r"\n(?=[a-z0-9])", (PROJECT / "requirements.lock").read_text()):
        if pinned := re.match(r"([a-z0-9._-]+)==(\S+)", block):
            hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)
            found.setdefault(canonicalize_name(pinned[1]), {})[pinned[2]] = len(hashes)
    return found


@pytest.fixture(scope="module")
def files():
    if shutil.which("git") is None or not (PROJECT / ".git").exists():
        pytest.skip("needs the git repository to tell the project's files from others")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout.decode().split("\0")
    return [PROJECT / name for name in sorted(set(listed)) if name and (PROJECT / name).is_file()]


def test_conda_has_the_packages_and_ranges_of_the_project(declared, conda):
    *packages, from_pip = conda["dependencies"]
    given = ranges(
        [one for one in packages if one != "pip" and not one.startswith("python>")] + from_pip["pip"]
    )
    assert {CONDA_NAMES.get(name, name): span for name, span in given.items()} == declared


def test_conda_has_the_python_of_the_project(project, conda):
    assert f"python{project['requires-python']}" in conda["dependencies"]


def test_conda_asks_one_channel_only(conda):
    assert conda["channels"] == ["conda-forge"]


def test_every_declared_package_is_locked_within_its_range(declared, locked):
    outside = {
        name: sorted(locked.get(name, {}))
        for name, span in declared.items()
        if name not in locked or not all(span.contains(version) for version in locked[name])
    }
    assert outside == {}


def test_every_locked_version_has_a_hash(locked):
    bare = [name for name, versions in locked.items() if not all(versions.values())]
    assert locked
    assert bare == []


def test_every_line_of_the_lock_is_a_pinned_version_or_its_hash():
    lines = [
        line.strip().rstrip("\\").strip() for line in (PROJECT / "requirements.lock").read_text().splitlines()
    ]
    kinds = re.compile(r"[a-z0-9._-]+==\S+(?: ;.*)?|--hash=sha256:[0-9a-f]{64}|#.*|")
    assert [line for line in lines if not kinds.fullmatch(line)] == []


def test_no_file_names_the_host_of_a_registry(files):
    naming = [
        (file.name, host)
        for file in files
        for host in HOSTS
        if host in file.read_text(errors="ignore").lower()
    ]
    assert naming == []


def test_no_file_names_a_folder_of_one_machine(files):
    naming = [
        (str(file), found[0]) for file in files if (found := HOME.search(file.read_text(errors="ignore")))
    ]
    assert naming == []


def test_no_lock_that_records_download_addresses(files):
    assert {file.name for file in files}.isdisjoint({"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"})


@pytest.mark.parametrize(
    ("text", "found"),
    [("/ho" + "me/ana/shop", True), ("~/ho" + "me/shop", False), ("https://shop.co/ro" + "ot/x", False)],
)
def test_folder_of_one_machine_is_told_from_other_paths(text, found):
    assert bool(HOME.search(text)) == found
