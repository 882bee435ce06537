"""The notebooks as a student runs them: a blank release, and the demo class's perfect one."""

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.grading.demo import LESSONS, answers_in, submission
from autograder.grading.material import ROOT

pytestmark = pytest.mark.slow


def read(kind, lesson):
    return nbformat.read(ROOT / kind / lesson / f"{lesson}.ipynb", as_version=4)


def errors_of(cell):
    return [output for output in cell.get("outputs", ()) if output.output_type == "error"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_blank_release_fails_only_where_an_answer_is_missing(lesson, tmp_path):
    notebook = read("notebooks", lesson)
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=300, allow_errors=True, resources=resources)
    client.execute(stderr=subprocess.DEVNULL)
    errors = [(cell, error) for cell in notebook.cells for error in errors_of(cell)]
    names = {"NotImplementedError", "NotAnswered"}
    assert [(cell.id, e.ename, e.evalue) for cell, e in errors if e.ename not in names] == []
    checks = {c.id for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")}
    asked = {cell.id for cell, error in errors if error.ename == "NotAnswered"}
    assert asked == checks
    assert all("not answered yet" in e.evalue for _, e in errors if e.ename == "NotAnswered")


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_perfect_submission_runs_to_its_end(lesson, tmp_path):
    path = tmp_path / f"{lesson}.ipynb"
    right = answers_in(read("solutions", lesson))
    text = submission("ada-perfect", lesson, read("notebooks", lesson), right)
    path.write_text(text, encoding="utf-8")
    words = [
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-cell-timeout=300",
        "--rootdir",
        tmp_path,
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
