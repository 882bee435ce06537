"""A reader's own answers are found in the notebooks beside lesson 06, and only right ones."""

import ast

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.grading.material import ROOT
from utils.answers import own_answers
from utils.earlier import LESSONS

FIRST = {"l2_update": "01_l1_l2_updates"}
ONE = "from utils.earlier import l2_update  # lesson 1 "
RIGHT = "def l2_update(w, grad, lr, lam):\n    return w - lr * (grad + 2 * lam * w)"


def write(folder, *sources, lesson="01_l1_l2_updates"):
    """Write a notebook with these code cells as a reader's copy of a lesson."""
    path = folder / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(exist_ok=True)
    cells = [new_markdown_cell("# A lesson"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_right_answer_comes_as_it_stands(tmp_path):
    write(tmp_path, "import numpy as np\n", RIGHT, "l2_update(np.ones(3), 0, 0.1, 0.1)")
    assert own_answers(FIRST, tmp_path) == RIGHT


def test_helpers_constants_and_imports_come_along_and_nothing_else(tmp_path):
    write(
        tmp_path,
        "from math import fabs, prod\nTWO, THREE = 2, 3\nw = [9]",
        "def unused(x):\n    return x",
        "%matplotlib inline",
        "@staticmethod\ndef double(w):\n    return TWO * w * prod([1])",
        "def l2_update(w, grad, lr, lam):\n    inner = lambda w: double(w)\n"
        "    return w - lr * (grad + lam * inner(w))",
    )
    found = own_answers(FIRST, tmp_path)
    assert found.split("\n\n\n")[:2] == [
        "from math import fabs, prod",
        "TWO, THREE = 2, 3",
    ]
    assert "@staticmethod\ndef double" in found
    assert "unused" not in found
    assert "matplotlib" not in found
    assert "w = [9]" not in found


def test_the_last_of_several_definitions_counts(tmp_path):
    write(tmp_path, "def l2_update(w, grad, lr, lam):\n    return w", RIGHT)
    assert own_answers(FIRST, tmp_path) == RIGHT


def test_a_long_docstring_is_cut_to_its_first_line(tmp_path):
    long = '    """Take a step.\n\n    Parameters\n    ----------\n    """\n'
    write(tmp_path, RIGHT.replace(":\n", ":\n" + long))
    assert own_answers(FIRST, tmp_path) == RIGHT.replace(":\n", ':\n    """Take a step."""\n')
    write(tmp_path, RIGHT.replace(":\n", ":\n" + long.replace("a step", r"a \"step\"")))
    assert "Parameters" in own_answers(FIRST, tmp_path)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = 1", "has no answer yet"),
        ("def l2_update(w, grad, lr, lam):\n    raise NotImplementedError()", "has no answer yet"),
        ("def l2_update(w, grad, lr, lam:", "has no answer yet"),
        (RIGHT.replace("2 * ", ""), "has an answer that is not right yet"),
        (f"X = 1 / 0\n\n{RIGHT.replace('w)', 'w + X)')}", "has an answer that is not right yet"),
    ],
)
def test_what_cannot_be_used_is_replaced_with_the_reason(tmp_path, source, reason):
    write(tmp_path, source)
    assert own_answers(FIRST, tmp_path) == ONE + reason


def test_a_missing_lesson_and_a_file_that_is_no_notebook_are_told(tmp_path):
    assert own_answers(FIRST, tmp_path) == ONE + "is not beside this notebook"
    write(tmp_path).write_text("[1]", encoding="utf-8")
    assert own_answers(FIRST, tmp_path) == ONE + "has no answer yet"


def test_of_a_blank_release_each_name_is_imported():
    names = {}
    exec(own_answers(LESSONS, ROOT / "notebooks"), names)
    assert set(LESSONS) < set(names)
    assert {names[name].__module__ for name in LESSONS} == {"utils.earlier"}


def test_of_the_solutions_each_answer_is_taken_and_runs_alone():
    code, names = own_answers(LESSONS, ROOT / "solutions"), {}
    assert "utils.earlier" not in code
    exec(code, names)
    assert set(LESSONS) < set(names)
    tops = [node.name for node in ast.parse(code).body if hasattr(node, "name")]
    assert sorted(tops) == sorted(set(tops)), "a shared helper stands once"
