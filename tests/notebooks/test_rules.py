"""What every notebook keeps to, so that one reads like the other; the library holds all the rest."""

import ast
import json
import re
from pathlib import Path

import pytest

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
        assert not any(isinstance(node, LOOPS_AND_DEFINITIONS) for node in ast.walk(ast.parse(source))), source
        assert not CLOCK.search(source), source
        assert not re.search(r"""["'](/|[A-Z]:)""", source), source


def test_it_opens_with_its_question_and_ends_by_recording_its_results(cells):
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]

    assert cells[0]["cell_type"] == "markdown"
    assert all(word in "".join(cells[0]["source"]) for word in ("Pregunta", "Lector", "Método"))
    assert [cell["metadata"].get("tags") for cell in cells].count(["parameters"]) == 1
    assert code[-1].startswith("record_results(")


def test_a_parameter_file_stands_beside_it():
    for notebook in NOTEBOOKS:
        assert (notebook.parents[1] / "params" / f"{notebook.stem}.yaml").is_file()
