"""Which names of a notebook rest on which others, from the text of its cells."""

import pytest

from autograder.grading.names import Names, spoils, statements
from autograder.grading.run import FAR


def reach(name, *sources):
    return Names(sources).reach(name) - {name}


@pytest.mark.parametrize(
    "source",
    [
        "def top(x):\n    return base(x) + 1",
        "top = lambda x: base(x)",
        "top = partial(base, lam=1)",
        "def top(x, f=base):\n    return f(x)",
        "@wrapped(base)\ndef top(x):\n    return x",
        "class top:\n    rule = base",
        "class top:\n    def go(self):\n        return [base(i) for i in self.x]",
        "class top(base):\n    pass",
        "def top(x):\n    def inner(y):\n        return base(y)\n    return inner(x)",
        "def top(x): return x\ntop.helper = base",
        "top = []\ntop.append(base)",
        "top = {}\ntop['rule'] = base",
        "if True:\n    top = base(1)",
        "try:\n    top = 1\nexcept ValueError:\n    top = base",
        "top = 1\ntop = base(top)",
        "top: int = base(1)",
        "%time top = 3\n%matplotlib inline\ndef top(x): return base(x)",
        "%%time\ndef top(x):\n    return base(x)",
        "files = !ls\ntop = base",
        "def helper(x): return base(x)\ndef top(x): return helper(x)",
        "def top(x):\r\n    return base(x)\r\n",
        "def top(x):\n    global base\n    base = 3\n    return base",
        "async def top(x):\n    return await base(x)",
        "top = [base(base) for base in [base]]",
        "top = [x for x in range(3) if base(x)]",
        "top = {x: base(x) for x in range(3)}",
    ],
)
def test_an_answer_that_uses_another_rests_on_it(source):
    assert "base" in reach("top", "def base(x):\n    return x", source)


@pytest.mark.parametrize(
    "source",
    [
        "def top(x):\n    return x\nassert base(3) == 3",
        "def top(x):\n    return x\nprint(base(3))",
        "def top(base):\n    return base",
        "def top(x):\n    base = x\n    return base",
        "top = lambda base: base",
        "def top(x):\n    '''Like base.'''\n    return x  # base",
        "def top(x):\n    return x.base",
        "def top(x):\n    return base(x)\ndef top(x):\n    return x",
        "top = [base for base in range(3)]",
        "top = {base: 1 for base in range(3)}, {base for base in 'ab'}",
        "top = [[base for base in row] for row in [[1]]]",
        "def top(x): return x\ndef other(x): return base(x)",
        "def top(: base",
    ],
)
def test_another_answer_that_is_only_near_is_no_use(source):
    assert "base" not in reach("top", "def base(x):\n    return x", source)


def test_the_cells_of_an_answer_are_those_that_it_rests_on():
    names = Names(["import numpy as np", "from math import *", "a = 1", "b = np.ones(a)", "c = 1"])
    assert names.places("b") == {0, 1, 2, 3}
    assert names.places("c") == {1, 4}
    assert "b" in names
    assert "print" not in names


def test_a_later_definition_replaces_one_and_a_change_adds_to_it():
    names = Names(["a = b = c = 1", "top = a", "top = b", "top.x = c", "for top in c: pass"])
    assert names.reach("top") == {"top", "b", "c"}
    assert names.places("top") == {0, 2, 3, 4}


@pytest.mark.parametrize(
    ("source", "spoilt"),
    [
        ("import numpy as np\nfrom math import pi", False),
        ("total = np.ones(3)\ndef f(np, len): np = 3", False),
        ("np = 3", True),
        ("import math as np", True),
        ("np.ones = None", True),
        ("np.abs, np.mean = 1, 2", True),
        ("if True:\n    np.random.seed = 3", True),
        ("with open('x') as np.mean: pass", True),
        ("from numpy import *; float = None", True),
        ("def f(x):\n    y = x.copy()\n    y.shape = (3,)", False),
        ("data.X[:] = 0", True),
        ("sum = 0", True),
        ("def f():\n    global data\n    data = 3", True),
        ("del np", True),
    ],
)
def test_a_cell_that_changes_what_the_set_up_gave_is_known(source, spoilt):
    assert spoils(source, "import numpy as np\ndata = np.ones(3)") is spoilt


def test_names_that_use_each_other_end():
    assert reach("a", "def a(): return b()", "def b(): return a()") == {"b"}


@pytest.mark.parametrize(
    "source",
    ["(" * 5000, "-" * 90_000 + "1", "x = '\0'", "a if " * 3000, "x" + ".y" * 30_000, "é = 1; ñ"],
)
def test_a_cell_that_cannot_be_read_stops_nothing(source):
    assert len(statements(source)) <= 1


def test_a_cell_of_many_statements_is_not_read():
    assert len(statements("a=(\n1);" * 500)) == 1
    assert statements("x=1\n" * 5000) == []
    assert "x" not in Names(["x=1\n" * 2_000] * 500)


HOSTILE = (
    "\n" * 90_000 + "(",
    " \n" * 45_000 + "(",
    "a.a" * 6_000,
    "f'" + "{a}" * 6_000 + "'",
    "a=1;" * 4_900,
    "\n".join(f"x+=a{i}" for i in range(2000)),
    "%" * 19_000,
    "x = !" * 3_000,
)


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_reading_a_hostile_cell_ends(source):
    """Each of these took minutes or seconds where work grows with the square of a length."""
    assert Names([source] * 20).reach("no such name") == set()
    FAR.search(source[:20_000])
    assert not spoils(source, "import numpy as np")
