"""What a hidden check tells of a result, and how much of a long one a lesson's check shows."""

import numpy as np
import pytest

from utils.checking.codec import Interval, Optimum, Other, Raises, Zeros
from utils.checking.judgement import UNCHANGED, Compiled, CompiledCase, judge
from utils.checking.messages import render

A = np.array([1.5, -2.5])
PARTS = {"the result": 0.9, UNCHANGED: 0.1}
LASSO = {"kind": "lasso", "X": np.eye(2), "y": A, "lam": 0.5, "share": 1e-6}


def outcome(expected, value, changed=None, hint="Look."):
    case = CompiledCase("a case", "the result", "function", {"x": 1.0}, expected)
    question = Compiled("f", "a function", "90_toy", 1, PARTS, [case], hint=hint)
    record = {"changed": changed or {}, "shares": [], "printed": "", "warned": []}
    given = value if isinstance(value, dict) and "raised" in value else {"value": value}
    return judge(question, [record | given])


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (1.5, 1.6, "not the right value"),
        (1.5, np.array(1.6), "not the right value"),
        (1.5, float("nan"), "nan came back"),
        (1.5, None, "None came back, not a number; is a return missing?"),
        (1.5, "1.6", "a text came back, not a number"),
        (1.5, np.ones(7), "an array came back, not a number"),
        (Interval(0.5, 1.5), 7.25, "not the right value"),
        (A, A + 1, "not the right values"),
        (A, np.ones(77), "an array of another shape came back"),
        (A, np.full(2, np.nan), "nan came back"),
        (A, [1.5, -2.5], "a list came back; np.array(…) makes an array of it"),
        (A, [9.0, [1.0]], "a list came back, not an array"),
        (A, [1.0] * 77, "a list of another shape came back"),
        (A, 7.25, "a number came back, not an array"),
        (A, np.array(7.25), "an array of another shape came back"),
        (A, {"7.25": 1}, "a dict came back, not an array"),
        (A, Other("array of texts"), "an array of texts came back, not an array"),
        (Zeros(np.array([0.0, 2.0])), np.array([1e-9, 2.0]), "not exactly 0 where it should be"),
        (Optimum(A, LASSO), A, "not the right values"),
        (True, False, "not the right value"),
        (True, "yes 7", "a text came back, not a bool"),
        ("a", "7.25", "not the right value"),
        ([1.0, A], [1.0, A + 1], "item 1: not the right values"),
        ([1.0, 2.0], [1.0] * 77, "a list of another length came back"),
        ([1.0, 2.0], np.array([1.0, 7.25]), "item 1: not the right value"),
        ({"kept": Interval(0, 1), "n": 3}, {"kept": 7.25, "n": 3}, "kept: not the right value"),
        ({"kept": 1.0}, {"7.25": 1.0}, "a dict with other keys came back"),
        (Raises("ValueError"), 7.25, "no ValueError was raised"),
        (
            1.5,
            {"raised": {"types": ["KeyError"], "message": "", "line": ""}},
            "KeyError was raised",
        ),
    ],
)
def test_a_hidden_check_tells_the_kind_and_no_number(expected, got, words):
    text = render(outcome(expected, got), hidden=True)
    line = next(line for line in text.splitlines() if line.startswith("  result"))
    assert line == f"  result    {words}"
    assert "7" not in text
    assert "2.5" not in text


def test_a_hidden_check_gives_the_hint_where_the_shape_is_wrong():
    text = render(outcome(A, np.ones(77)), hidden=True)
    assert text.endswith("  result    an array of another shape came back\n  next      Look.")
    assert "next" not in render(outcome(A, np.ones(77), hint=""), hidden=True)
    assert "next" not in render(outcome(A, np.ones(77)))  # the shape that it should be is told
    assert "next" not in render(outcome(A, A.tolist()), hidden=True)


def test_a_hidden_check_says_that_an_argument_was_changed_besides():
    text = render(outcome(A, A + 1, {"x": "values"}), hidden=True)
    assert "  besides   the call changes x, which should stay as before" in text
    assert "besides" not in render(outcome(A, A + 1), hidden=True)
    assert "besides" not in render(outcome(A, A, {"x": "values"}), hidden=True)  # a part missed


def test_a_long_result_is_shown_by_the_share_that_fails():
    wanted = {name: Interval(0.25, 0.5) for name in ("kept", "first", "second", "third")}
    text = render(outcome(wanted, dict.fromkeys(wanted, 0.3) | {"second": 0.75}))
    assert "  expected  second: between 0.25 and 0.5\n  got       second: 0.75\n" in text
    assert "kept" not in text
    whole = render(outcome(wanted, {"kept": 0.3}))
    assert "first" in whole
