"""The notebooks as a student runs them: a blank release, and the demo class's perfect one."""

import subprocess

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.grading.demo import LESSONS, answers_in, submission
from autograder.grading.material import ROOT


def read(kind, lesson):
    return nbformat.read(ROOT / kind / lesson / f"{lesson}.ipynb", as_version=4)


def errors_of(cell):
    return [output for output in cell.get("outputs", ()) if output.output_type == "error"]


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_blank_release_fails_only_where_an_answer_is_missing(lesson, tmp_path):
    notebook = read("notebooks", lesson)
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=300, allow_errors=True, resources=resources)
    client.execute(stderr=subprocess.DEVNULL)
    errors = [(cell, error) for cell in notebook.cells for error in errors_of(cell)]
    names = {"NotImplementedError", "NotAnswered"}
    assert [(cell.id, e.ename, e.evalue) for cell, e in errors if e.ename not in names] == []
    graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    checks = {cell.id for cell in graded if cell.cell_type == "code"}
    asked = {cell.id for cell, error in errors if error.ename == "NotAnswered"}
    assert asked == checks
    assert all("not answered yet" in e.evalue for _, e in errors if e.ename == "NotAnswered")


def code_of(notebook):
    """Return the id and the source of each code cell, without the markers of a solution."""
    lines = [(c.id, c.source.splitlines()) for c in notebook.cells if c.cell_type == "code"]
    return [(name, [line for line in source if "SOLUTION" not in line]) for name, source in lines]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_perfect_submission_is_the_code_of_the_solution(lesson):
    """So it runs to its end: `./course test` runs each solution, and compares what it prints."""
    solution = read("solutions", lesson)
    text = submission("ada-perfect", lesson, read("notebooks", lesson), answers_in(solution))
    assert code_of(nbformat.reads(text, as_version=4)) == code_of(solution)
