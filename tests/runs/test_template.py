"""Children of a template process: as separate, as watched and as truthful as any other process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from analytics_lib.runs.template import Template

CHILD = """
import os, random, signal, sys, tempfile, time

tempfile.gettempdir()  # keeps what it finds

def tell():
    own_session = os.getsid(0) == os.getpid()
    print(sys.argv[1:], os.getcwd(), os.environ.get("SHOP"), os.environ.get("HOME"), own_session)

def place():
    print(tempfile.gettempdir())

def number():
    print(random.random())

def seven():
    return 7

def leaves():
    sys.exit(3)

def raises():
    raise ValueError("no such shop")

def killed():
    os.kill(os.getpid(), signal.SIGKILL)

def lines():
    for line in sys.stdin:
        print("got", line.strip(), flush=True)
    print("alone", flush=True)

def sleeps():
    time.sleep(300)
"""


@pytest.fixture
def template(tmp_path, monkeypatch):
    (tmp_path / "shop_child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    template = Template(["shop_child"])
    yield template
    template.close()


@pytest.fixture(params=["forked", "spawned"])
def either(request, template, monkeypatch):
    if request.param == "spawned":
        monkeypatch.delattr(os, "pidfd_open")
    elif not hasattr(os, "pidfd_open"):
        pytest.skip("This system cannot watch a fork of another process (no pidfd_open).")
    return template


def call(template, function, *arguments, say=b"", name="shop", **environment):
    """The exit code of the function and what it printed."""
    environment = {"PYTHONPATH": os.environ["PYTHONPATH"], **environment}
    with Path("log.txt").open("w+b") as log:
        child, line = template.start(
            f"shop_child:{function}", name=name, arguments=arguments, environment=environment, log=log
        )
        # One that reads nothing may have ended by now.
        with line, contextlib.suppress(BrokenPipeError):
            line.sendall(say)
            line.shutdown(socket.SHUT_WR)
        code = child.wait(30)
        log.seek(0)
        return code, log.read().decode()


def test_child_has_the_arguments_folder_environment_and_session_it_was_given(either, tmp_path):
    code, printed = call(either, "tell", "a", "b c", SHOP="koaj")
    assert (code, printed) == (0, f"['a', 'b c'] {tmp_path} koaj None True\n")


@pytest.mark.parametrize(("function", "code"), [("seven", 7), ("leaves", 3), ("raises", 1), ("killed", -9)])
def test_exit_code_is_that_of_the_child(either, function, code):
    assert call(either, function)[0] == code


def test_error_of_a_child_is_in_its_log(either):
    assert "ValueError: no such shop" in call(either, "raises")[1]


def test_child_reads_what_it_is_told_and_learns_that_its_supervisor_is_gone(either):
    assert call(either, "lines", say=b"one\ntwo\n") == (0, "got one\ngot two\nalone\n")


def test_temporary_files_of_a_child_lie_where_its_environment_says(either, tmp_path):
    assert call(either, "place", TMPDIR=str(tmp_path)) == (0, f"{tmp_path}\n")


def test_forks_of_one_template_draw_different_numbers(template):
    assert len({call(template, "number")[1] for _ in range(3)}) == 3


def test_each_child_is_known_by_its_name(template):
    with Path("log.txt").open("wb") as log:
        child, line = template.start("shop_child:sleeps", name="run-one", environment={}, log=log)
    with line:
        assert psutil.Process(child.pid).name() == "run-one"
        assert child.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.05)
        os.kill(child.pid, signal.SIGTERM)
        assert child.wait(10) == -signal.SIGTERM
        assert child.poll() == -signal.SIGTERM


def test_a_killed_template_process_is_replaced(template):
    assert call(template, "seven")[0] == 7
    process = template._process
    process.kill()
    process.wait()
    assert call(template, "seven")[0] == 7
    assert template._process.pid != process.pid


def test_a_template_that_cannot_make_its_imports_still_gives_children(template):
    broken = Template(["no_such_module"])
    assert call(broken, "seven")[0] == 7
    broken.close()


def test_a_child_whose_template_is_killed_lives_on_and_its_end_is_seen(template):
    with Path("log.txt").open("wb") as log:
        child, line = template.start("shop_child:lines", name="shop", environment={}, log=log)
    template._process.kill()
    template._process.wait()
    with line:
        assert child.poll() is None
        line.sendall(b"still here\n")
        line.shutdown(socket.SHUT_WR)
        assert child.wait(10) == 1
    assert Path("log.txt").read_text() == "got still here\nalone\n"


STARTER = """
import sys, time
from analytics_lib.runs.template import Template
log = open("log.txt", "wb")
child, line = Template(["shop_child"]).start("shop_child:lines", name="shop", environment={}, log=log)
print(child.pid, flush=True)
time.sleep(300)
"""


def test_nothing_stays_when_the_process_that_wanted_it_is_killed(template):
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE)
    child = psutil.Process(int(starter.stdout.readline()))
    its_template = child.parent()
    starter.kill()
    starter.communicate()
    deadline = time.monotonic() + 10
    while (child.is_running() or its_template.is_running()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [child.is_running(), its_template.is_running()] == [False, False]
