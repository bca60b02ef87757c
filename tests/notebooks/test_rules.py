"""What every notebook keeps to, so that one reads like the other; the library holds all the rest."""

import ast
import json
import re
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).parent.glob("test_*.py"))
# Files of params/ that hold something else than the values of a notebook.
OTHER_PARAMS = {"dashboards", "jobs", "outcome_actions", "staffing", "rates"}
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LOOPS_AND_DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While)
CLOCK = re.compile(r"\b(now|utcnow|today|time)\(\)")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def cells(request):
    return json.loads(request.param.read_text())["cells"]


def test_code_is_short_and_only_asks(cells):
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]

    assert len(code) <= 12
    assert max(source.count("\n") + 1 for source in code) <= 12
    for source in code:
        assert not [n for n in ast.walk(ast.parse(source)) if isinstance(n, LOOPS_AND_DEFINITIONS)], source
        assert not CLOCK.search(source), source
        assert not re.search(r"""["'](/|[A-Z]:)""", source), source


def test_it_opens_with_its_question_and_ends_by_recording_its_results(cells):
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]

    assert cells[0]["cell_type"] == "markdown"
    assert all(word in "".join(cells[0]["source"]) for word in ("Pregunta", "Lector", "Método"))
    assert [cell["metadata"].get("tags") for cell in cells].count(["parameters"]) == 1
    assert code[-1].startswith("record_results(")


def test_each_has_a_parameter_file_and_each_such_file_a_notebook():
    found = {path.stem for path in (NOTEBOOKS[0].parents[1] / "params").glob("*.yaml")}
    assert found - OTHER_PARAMS == {notebook.stem for notebook in NOTEBOOKS}


def test_each_is_run_with_its_parameter_file_and_what_it_records_is_asserted():
    """``NOTEBOOK`` names what a test module is about; ``world.run_notebook`` is ``analytics run``."""
    assert {notebook_run_by(path) for path in TESTS} - {None} == {notebook.stem for notebook in NOTEBOOKS}


def notebook_run_by(path):
    """The notebook that a test module runs and asserts the results of; null where it does not do both."""
    tree = ast.parse(path.read_text())
    told = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]
    named = [re.fullmatch("NOTEBOOK = '([a-z_]+)'", one) for one in told]
    asserted = any(".results" in ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Assert))
    is_run = "run_notebook(NOTEBOOK, " in ast.unparse(tree)
    return next((one[1] for one in named if one and is_run and asserted), None)
