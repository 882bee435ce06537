"""Honest but odd work gets the full marks of what is right."""

import copy
import json

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.grading.submission import grade_submission
from tests.toy import RIGHT, answered, cell_of, file_of, material

FULL = {"double": 2.0, "half": 1.0, "pick": 1.0}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return material(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def points(workshop, toy):
    """Return a function from a submitted file to the points of each check."""

    def earned(data):
        verdict = grade_submission(data, toy, workshop).verdict
        assert not verdict.refused
        return {check.name: check.points for check in verdict.checks}

    return earned


DOUBLE = {
    "a warning on stderr": """
        import sys, warnings
        def double(x):
            warnings.warn("slow"); print("hm", file=sys.stderr); return 2 * x""",
    "prints": "def double(x):\n    print('x is', x); return 2 * x\nprint(double(np.ones(2)))",
    "megabytes of prints": """
        print("y" * 5_000_000)
        def double(x):
            print("x" * 3_000_000); return 2 * x""",
    "a plot": """
        import matplotlib.pyplot as plt
        def double(x):
            return 2 * x
        plt.plot([1, 2]); plt.title("mine"); plt.show()""",
    "magics": """
        %matplotlib inline
        def double(x):
            return 2 * x
        %timeit -n 1 -r 1 double(np.ones(3))""",
    "a cell magic": "%%time\ndef double(x):\n    return 2 * x",
    "an unknown magic after it": "def double(x):\n    return 2 * x\n%no_such_magic",
    "a shell command before it": "!ls\nfiles = !ls\ndef double(x):\n    return 2 * x",
    "an install before it": "%pip install numpy\ndef double(x):\n    return 2 * x",
    "a help line": "np.sum?\ndef double(x):\n    return 2 * x",
    "a helper": "def twice(v):\n    return v + v\ndef double(x):\n    return twice(x)",
    "an import inside": "def double(x):\n    from numpy import multiply as m\n    return m(x, 2)",
    "type hints": """
        from __future__ import annotations
        from typing import Callable
        def double(x: np.ndarray | None, f: Callable[[int], int] = abs) -> "np.ndarray":
            return 2 * x""",
    "a class with __call__": """
        class Doubler:
            def __call__(self, x): return 2 * x
        double = Doubler()""",
    "a dataclass": """
        from dataclasses import dataclass
        @dataclass(frozen=True)
        class Scale:
            factor: float = 2.0
            def __call__(self, x): return self.factor * x
        double = Scale()""",
    "a partial": "from functools import partial\ndouble = partial(np.multiply, 2)",
    "a lambda": "double = lambda x: 2 * x",
    "a ufunc": "double = np.frompyfunc(lambda v: 2 * v, 1, 1)\nd = double\n"
    "def double(x): return d(x).astype(float)",
    "a decorator": """
        import functools
        def noisy(f):
            @functools.wraps(f)
            def g(*args):
                print(args); return f(*args)
            return g
        @noisy
        def double(x): return 2 * x""",
    "an lru_cache inside": """
        from functools import lru_cache
        @lru_cache
        def times(v): return 2 * v
        def double(x): return np.array([times(float(v)) for v in x])""",
    "njit that is not there": """
        try:
            from numba import njit
        except ImportError:
            njit = lambda f: f
        @njit
        def double(x): return 2 * x""",
    "recursion": """
        def double(x):
            return x if len(x) == 0 else np.append(2 * x[0], double(x[1:]))""",
    "globals of its own": """
        calls = 0
        seen = []
        def double(x):
            global calls
            calls += 1; seen.append(len(x)); return 2 * x""",
    "names in another alphabet": "def zwölf(größe):\n    return größe * 2\ndouble = zwölf\nλ = 3",
    "a main guard": """
        def double(x): return 2 * x
        if __name__ == "__main__":
            print(double(np.ones(1)))""",
    "asserts below": "def double(x): return 2 * x\nassert double(2) == 4\nassert double(1) == 2",
    "asserts below that fail": "def double(x): return 2 * x\nassert double(2) == 5, 'what?'",
    "a try around everything": """
        def double(x):
            try:
                return 2 * x
            except Exception as e:
                print(e)
            finally:
                pass""",
    "a generator": "def parts(x):\n    for v in x: yield 2 * v\n"
    "def double(x): return np.array(list(parts(x)))",
    "a seed": "np.random.seed(0)\nimport random; random.seed(1)\ndef double(x): return 2 * x",
    "a comment of many lines": "# why\n" * 9000 + "def double(x): return 2 * x",
    "tabs": "def double(x):\n\tif x is None:\n\t\treturn None\n\treturn 2 * x",
    "CRLF": "def double(x):\r\n    y = 2 * x\r\n    return y\r\n",
    "a backslash": "def double(x):\n    '''A \\d of \\alpha.'''\n    return 2 * \\\n        x",
    "a walrus and a match": "def double(x):\n    match x:\n        case y: return 2 * y",
    "a star import": "from math import *\ndef double(x): return 2 * x",
    "an async helper": "async def nothing(): pass\nawait nothing()\ndef double(x): return 2 * x",
    "a shadowed name of the set-up": "import math as np\nimport numpy\n"
    "def double(x): return numpy.add(x, x)\nimport numpy as np",
    "display": "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\n"
    "def double(x):\n    display(x)\n    return 2 * x",
    "a thread": """
        import threading
        def double(x):
            out = []
            t = threading.Thread(target=lambda: out.append(2 * x)); t.start(); t.join()
            return out[0]""",
    "a file of its own": """
        open("notes.txt", "w").write("2")
        def double(x): return int(open("notes.txt").read()) * x""",
    "errstate": "np.seterr(all='raise')\nnp.set_printoptions(precision=2)\n"
    "def double(x): return 2 * x",
    "sys.exit below": "def double(x): return 2 * x\nimport sys\nsys.exit()",
    "input below": "def double(x): return 2 * x\nname = input('your name?')",
    "a list of float32": "def double(x): return (2 * x).astype(np.float32)",
    "a subclass of float": "class F(float): pass\n"
    "def double(x): return np.array([F(2 * v) for v in x])",
}


def dedent(source):
    from textwrap import dedent

    return dedent(source).strip("\n") if source.startswith("\n") else source


@pytest.mark.parametrize("source", DOUBLE.values(), ids=DOUBLE.keys())
def test_odd_answers_earn_all(points, source):
    assert points(file_of(answered(**RIGHT | {"double": dedent(source)}))) == FULL


def added(place, *sources):
    """A right notebook with added cells before the cell of this id."""
    notebook = answered(**RIGHT)
    index = [cell.get("id") for cell in notebook.cells].index(place)
    notebook.cells[index:index] = [new_code_cell(source) for source in sources]
    return notebook


def with_answer(notebook, **sources):
    for name, source in sources.items():
        cell_of(notebook, name)["source"] = source
    return notebook


def helper_in_an_added_cell():
    return with_answer(
        added("double", "def twice(v):\n    return v + v"), double="def double(x): return twice(x)"
    )


def split_over_several_cells():
    notebook = added("check_double", "def double(x): return factor * x", "factor = 2")
    return with_answer(notebook, double="factor = 1  # see below")


def deleted_np():
    return added("half", "del np", "import numpy as np")


def redefined_builtins():
    return added(
        "double", "def sum(v):\n    total = 0\n    for w in v: total += w\n    return total"
    )


def a_python_2_leftover():
    notebook = answered(**RIGHT)
    cell_of(notebook, "90-005")["source"] += "\nprint 'spent', spent"
    return notebook


def an_added_cell_with_python_2():
    return added("double", "print 'hello'", "import urllib2")


def a_cell_twice():
    notebook = answered(**RIGHT)
    index = notebook.cells.index(cell_of(notebook, "double"))
    notebook.cells.insert(index, copy.deepcopy(notebook.cells[index]))
    return notebook


def a_stale_copy_first():
    notebook = a_cell_twice()
    first = next(cell for cell in notebook.cells if cell.get("id") == "double")
    first["source"] = "def double(x):\n    return x ** 2  # old"
    return notebook


def an_answer_in_the_wrong_cell():
    both = RIGHT["double"] + "\n" + RIGHT["half"]
    return answered(**RIGHT | {"half": "# above", "double": both})


def an_answer_further_down():
    return answered(**RIGHT | {"double": "# below", "half": RIGHT["double"] + "\n" + RIGHT["half"]})


def an_answer_at_the_end():
    notebook = answered(**RIGHT | {"half": "# at the end"})
    notebook.cells.append(new_code_cell(RIGHT["half"]))
    return notebook


def a_helper_at_the_end():
    notebook = answered(**RIGHT | {"half": "def half(x): return divide(x, 2)"})
    notebook.cells.append(new_code_cell("def divide(a, b): return a / b"))
    return notebook


def reordered():
    notebook = answered(**RIGHT)
    notebook.cells[1:] = notebook.cells[:0:-1]
    return notebook


def regenerated_ids():
    notebook = answered(**RIGHT)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    return notebook


def without_metadata():
    notebook = answered(**RIGHT)
    for cell in notebook.cells:
        cell["metadata"] = {}
    return notebook


def as_colab_saves_it():
    notebook = answered(**RIGHT)
    notebook["metadata"]["colab"] = {"provenance": []}
    for cell in notebook.cells:
        cell["metadata"] = cell.metadata | {"id": "aBcD", "outputId": "12", "colab": {}}
        cell.pop("id")
    return notebook | {"nbformat_minor": 0}


def with_widgets():
    notebook = answered(**RIGHT)
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "w"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell["outputs"] = [new_output("display_data", widget)]
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    return notebook


def with_prose():
    notebook = answered(**RIGHT)
    notebook.cells.insert(3, new_markdown_cell("My notes: <b>2x</b> ![](attachment:x.png)"))
    notebook.cells.insert(3, nbformat.v4.new_raw_cell("raw"))
    return notebook


def a_broken_added_cell():
    return added("double", "def broken(:", "1 / 0", "nothing_here", "%%bash\nls", "!sleep 0")


def an_edited_set_up():
    notebook = answered(**RIGHT)
    cell_of(notebook, "90-002")["source"] = "import numpy as np\nimport math\nplease = 2"
    return with_answer(notebook, double="def double(x): return please * x")


def imports_in_an_explore_cell():
    notebook = answered(**RIGHT | {"half": "def half(x): return operator.truediv(x, 2)"})
    cell_of(notebook, "90-005")["source"] = "import operator\n" + cell_of(notebook, "90-005").source
    return notebook


NOTEBOOKS = [
    helper_in_an_added_cell,
    split_over_several_cells,
    deleted_np,
    redefined_builtins,
    a_python_2_leftover,
    an_added_cell_with_python_2,
    a_cell_twice,
    a_stale_copy_first,
    an_answer_in_the_wrong_cell,
    an_answer_further_down,
    an_answer_at_the_end,
    a_helper_at_the_end,
    reordered,
    regenerated_ids,
    without_metadata,
    as_colab_saves_it,
    with_widgets,
    with_prose,
    a_broken_added_cell,
    an_edited_set_up,
    imports_in_an_explore_cell,
]


@pytest.mark.parametrize("make", NOTEBOOKS, ids=lambda make: make.__name__)
def test_odd_notebooks_earn_all(points, make):
    assert points(file_of(make())) == FULL


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_format_earns_all(points, minor):
    notebook = json.loads(file_of(answered(**RIGHT))) | {"nbformat_minor": minor}
    for cell in notebook["cells"]:
        if minor < 5:
            cell.pop("id")
        cell["source"] = cell["source"].splitlines(keepends=True)
    assert points(json.dumps(notebook).encode()) == FULL


def test_a_notebook_of_format_3_earns_all(points):
    old = nbformat.convert(answered(**RIGHT), 3)
    assert points(nbformat.writes(old, 3).encode()) == FULL


def test_a_byte_order_mark_and_windows_line_ends_earn_all(points):
    text = json.dumps(answered(**RIGHT), indent=1).replace("\n", "\r\n")
    assert points(b"\xef\xbb\xbf" + text.encode()) == FULL


def test_sources_with_windows_line_ends_earn_all(points):
    notebook = json.loads(file_of(answered(**RIGHT)))
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    assert points(json.dumps(notebook).encode()) == FULL


@pytest.mark.parametrize(
    "deed",
    ["del np", "np = None", "float = None", "x = 3\nlen = x", "np.ones = None", "np.seterr(all=3)"],
)
def test_what_one_answer_broke_costs_no_other(points, deed):
    """Names of the set-up and of Python that a cell spoils are whole for an answer without it."""
    half = "def half(x):\n    return float(np.ones(len([x]))[0] * x / 2)"
    found = points(
        file_of(answered(**RIGHT | {"double": f"{RIGHT['double']}\n{deed}", "half": half}))
    )
    assert (found["half"], found["pick"]) == (1.0, 1.0)


def test_random_draws_without_a_seed_are_the_same_each_time(workshop, toy):
    """An answer may draw: graded again, it earns the same."""
    source = "def double(x):\n    return 2 * x + (np.random.rand() < 0.5)"
    data = file_of(answered(**RIGHT | {"double": source}))
    one, two = (grade_submission(data, toy, workshop).verdict.findings() for _ in range(2))
    assert one == two
    assert np.isfinite(one["points"])
