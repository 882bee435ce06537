"""A toy lesson for the tests of grading: small, quick, with one question of each kind."""

import contextlib
import copy
import json

import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.grading.material import load_material
from autograder.grading.tasks import Bench, level_here
from autograder.question import Case, Choice, Misconception, Question
from autograder.sandbox.limits import Limits
from utils.checking.judgement import UNCHANGED

LESSON = "90_toy"
QUICK = {"case": 1.0, "question": 3.0, "answer": 1.5, "added": 1.0, "total": 30.0}
LIMITS = Limits(**QUICK)
STUB = 'raise NotImplementedError("your code here")'
RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "half": "def half(x):\n    return x / 2",
    "pick": 'pick = "b"',
}


def _cases(rng):
    return [
        Case("one", {"x": np.array([1.0])}, "positive"),
        Case("a random one", {"x": rng.uniform(1, 2, 3)}, "positive"),
        Case("minus one", {"x": np.array([-1.0])}, "negative"),
    ]


def _half_cases(rng):
    return [Case("two", {"x": 2.0}), Case("a random one", {"x": float(rng.uniform(1, 2))})]


QUESTIONS = {
    "double": Question(
        "double",
        "twice x",
        _cases,
        lambda x: x + x,
        parts={"positive": 0.5, "negative": 0.4, UNCHANGED: 0.1},
        misconceptions=(
            Misconception("square", "You squared x.", lambda x: x**2),
            Misconception("size", "You doubled the size of x.", lambda x: 2 * np.abs(x)),
        ),
        hint="Add x to itself.",
    ),
    "half": Question("half", "half of x", _half_cases, lambda x: x * 0.5, hint="Divide."),
    "pick": Choice("pick", "a letter", {"a": "No, the other.", "b": "Yes, this."}, "b"),
}


def questions_of(lesson):
    """Return the questions of a lesson: this module stands for `autograder.questions`."""
    return QUESTIONS


def limits_of(lesson):
    """Return the limits that a lesson sets itself."""
    return QUICK


def _settings(name, **kinds):
    blank = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": blank | {"schema_version": 3, "grade_id": name} | kinds}


def answer(name, source):
    """Return an answer cell."""
    return new_code_cell(source, metadata=_settings(name, solution=True), id=name)


def check(name, points):
    """Return a check cell."""
    settings = _settings(f"check_{name}", grade=True, locked=True, points=points)
    return new_code_cell(f'check("{name}")', metadata=settings, id=f"check_{name}")


def release():
    """Return the release of the toy lesson, nbgrader's checksums included."""
    written = _settings("why", grade=True, solution=True, points=3)
    cells = [
        new_markdown_cell("# A toy", id="90-001"),
        new_code_cell("import numpy as np", id="90-002"),
        answer("double", f"def double(x):\n    {STUB}"),
        check("double", 2),
        new_code_cell(
            "spent = [double(np.ones(3)) for _ in range(100)]\nprint(spent)", id="90-005"
        ),
        answer("half", f"def half(x):\n    {STUB}"),
        check("half", 1),
        answer("pick", 'pick = None  # "a" or "b"'),
        check("pick", 1),
        new_markdown_cell("Write your answer here.", metadata=written, id="why"),
        new_code_cell("print('the end')", id="90-011"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return _with_checksums(notebook)


def _with_checksums(notebook):
    from nbgrader.preprocessors import ComputeChecksums

    return ComputeChecksums().preprocess(notebook, {})[0]


def answered(**answers):
    """Return the release with these answers, as a student's notebook."""
    notebook = copy.deepcopy(release())
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def cell_of(notebook, name):
    """Return the cell with this id."""
    return next(cell for cell in notebook.cells if cell.id == name)


def file_of(notebook):
    """Return a notebook as the bytes of a file."""
    return json.dumps(notebook).encode()


def write_course(root):
    """Write the release of the toy lesson under `root` and return `root`."""
    path = root / "notebooks" / LESSON / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(file_of(release()))
    return root


def material(root, seed="secret"):
    """Return what the judge holds of the toy lesson."""
    return load_material(LESSON, seed, write_course(root), __name__)


@contextlib.contextmanager
def here():
    """Give a stand-in for `Pool` that does the tasks in this process, in one workshop."""
    kept = {}

    class Here:
        def __init__(self, setting, workers):
            self.bench, self.levels = Bench(setting), {level_here(setting)}

        def __enter__(self):
            kept["workshop"] = kept.get("workshop") or self.bench.workshop
            self.bench.workshop = kept["workshop"]
            return self

        def __exit__(self, *_):
            pass

        def run(self, tasks):
            return ((task, self.bench.do(task)) for task in tasks)

    yield Here
    if kept:
        kept["workshop"].__exit__(None, None, None)
