"""Which answers an answer uses, as a running notebook shows it, and what `check` says of it."""

from functools import partial

import numpy as np
import pytest

from utils.checking import CheckFailed, check
from utils.checking.uses import answers_used, raises_not_implemented

ANSWERS = ["base", "other", "top"]


def used(source, name="top"):
    names = {"__name__": "notebook", "np": np, "partial": partial}
    exec("def base(x):\n    return x\ndef other(x):\n    return x", names)
    exec(source, names)
    return answers_used(name, names, ANSWERS)


@pytest.mark.parametrize(
    "source",
    [
        "def top(x): return base(x)",
        "top = lambda x: [base(i) for i in x]",
        "top = partial(base, x=1)",
        "top = partial(map, base)",
        "def top(x, f=base): return f(x)",
        "def top(x, *, f=base): return f(x)",
        "def helper(x): return base(x)\ndef top(x): return helper(x)",
        "def make(f):\n    def g(x): return f(x)\n    return g\ntop = make(base)",
        "class top:\n    def go(self): return base(1)",
        "class A:\n    def __call__(self): return base(1)\ntop = A()",
        "class A:\n    def go(self): return base(1)\nclass top(A): pass",
        "class A:\n    def go(self): return base(1)\ntop = A().go",
        "top = base",
    ],
)
def test_an_answer_that_uses_another_is_seen(source):
    assert used(source) == ["base"]


@pytest.mark.parametrize(
    "source",
    [
        "def top(x): return x.base",
        "def top(base): return base",
        "def top(x):\n    base = 3\n    return base",
        "top = 3",
        "top = np.array([1.0])",
        "def top(x): return np.linalg.norm(x)",
        "def top(x): return top(x - 1)",
        "pass",
    ],
)
def test_an_answer_that_does_not_is_left_alone(source):
    assert used(source) == []


def test_a_stub_is_told_from_an_answer():
    names = {}
    exec("def stub(x): raise NotImplementedError\ndef top(x): return stub(x)", names)
    assert raises_not_implemented(names["stub"], names)
    assert not raises_not_implemented(names["top"], names)


def told(source, capsys):
    """What the check of `ridge_lambda_for_radius` says in a notebook with these answers."""
    names = {"__name__": "notebook", "np": np, "check": check}
    exec(source, names)
    try:
        exec('check("ridge_lambda_for_radius")', names)
    except CheckFailed as failure:
        return " ".join(str(failure).split())
    return " ".join(capsys.readouterr().out.split())


RADIUS = """
def ridge_lambda_for_radius(X, y, radius):
    low, high = 0.0, 1e9
    for _ in range(200):
        middle = (low + high) / 2
        inside = np.linalg.norm(ridge(X, y, middle)) <= radius
        low, high = (low, middle) if inside else (middle, high)
    return high
"""


def test_the_check_says_which_answer_to_mend_first(capsys):
    wrong = (
        "def ridge(X, y, lam): return np.linalg.solve(X.T @ X + lam * np.eye(len(X.T)), y @ X * 2)"
    )
    text = told(wrong + RADIUS, capsys)
    assert "calls ridge, whose own check is not right yet" in text
    stub = "def ridge(X, y, lam): raise NotImplementedError"
    text = told(stub + RADIUS, capsys)
    assert "not right yet, 0 of" in text
    assert "It calls ridge, which is not answered yet; answer that first" in text
