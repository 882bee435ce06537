"""The question engine: data, drivers, judgement, messages, and checks inside a lesson."""

import json
import math
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autograder.question import Case, Choice, Misconception, Question, compile_question
from utils import checking
from utils.checking import codec, optima
from utils.checking.codec import (
    Interval,
    NotPlainError,
    Optimum,
    Other,
    Raises,
    Zeros,
    decode,
    encode,
    plain,
)
from utils.checking.drivers import (
    DRIVERS,
    MAX_PRINTED,
    MAX_PROJECTIONS,
    observe,
    projection,
    scalar_function,
)
from utils.checking.judgement import NEW_ARRAY, UNCHANGED, Compiled, compare, died, judge, kind_of
from utils.checking.messages import WIDTH, render, short
from utils.training import progress_bar

# Data


def same(a, b):
    """Return whether two plain data are the same, type and bits included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return a == b


ARRAYS = st.sampled_from(["float64", "float32", "int64", "uint8", "bool"]).flatmap(
    lambda dtype: arrays(
        dtype,
        array_shapes(min_dims=0, min_side=0, max_side=4),
        elements={"allow_nan": False} if dtype.startswith("f") else None,
    )
)
NUMBERS = st.integers(-(2**63), 2**63) | st.floats()
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | ARRAYS
DATA = st.recursive(
    LEAVES | st.builds(Raises, st.text(max_size=9)) | st.builds(Interval, NUMBERS, NUMBERS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(DATA)
def test_plain_data_survive_json(data):
    text = json.dumps(encode(plain(data)), allow_nan=False)
    back = decode(json.loads(text))
    if isinstance(data, Interval):
        assert repr(back) == repr(data)
    else:
        assert repr(back) == repr(plain(data))
        assert same(back, plain(data)) or "Interval" in repr(data)


def test_special_numbers_in_arrays_survive_json():
    array = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 0.1])
    back = decode(json.loads(json.dumps(encode(array), allow_nan=False)))
    assert same(back, array)


def test_zeros_survive_json():
    for where in (None, np.array([False, True])):
        back = decode(json.loads(json.dumps(encode(Zeros(np.zeros(2), where)))))
        np.testing.assert_array_equal(back.exact, [True, True] if where is None else where)


def test_an_optimum_survives_json():
    optimum = Optimum(np.ones(2), {"kind": "lasso", "X": np.eye(2), "lam": math.inf})
    back = decode(json.loads(json.dumps(encode(plain(optimum)), allow_nan=False)))
    assert same(back.example, optimum.example)
    assert same(back.problem, optimum.problem)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2.5), [1, 2.5]),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (2**63, 2**63),
        (10**30, math.inf),
        (-(10**30), -math.inf),
        ({1: (2,)}, {"1": [2]}),
        (np.arange(3, dtype=np.longdouble), np.arange(3.0)),
        (1j, Other("complex")),
        (np.array([1j]), Other("array of dtype complex128")),
        (np.array([None]), Other("array of dtype object")),
        ({1, 2}, Other("set")),
        (len, Other("builtin_function_or_method")),
    ],
)
def test_plain(value, expected):
    assert same(plain(value), expected)


def test_other_is_the_name_of_a_type_and_nothing_else():
    with pytest.raises(TypeError, match="type is ndarray; it should be the name of a type"):
        Other(np.zeros(3))


def test_plain_refuses_what_is_too_deep():
    value = []
    for _ in range(20):
        value = [value]
    with pytest.raises(NotPlainError, match="deep"):
        plain(value)


def test_plain_refuses_what_is_too_large_over_all_levels(monkeypatch):
    monkeypatch.setattr(codec, "MAX_ENTRIES", 1000)
    row = [0.0] * 50
    with pytest.raises(NotPlainError, match="1000"):
        plain([row] * 50)
    with pytest.raises(NotPlainError, match="1000"):
        plain([np.zeros(600), np.zeros(600)])
    with pytest.raises(NotPlainError, match="1000"):
        decode([[0] * 50] * 50)


def deep_array(levels):
    data = 1.0
    for _ in range(levels):
        data = {"$array": [data], "shape": [1], "dtype": "float64"}
    return data


def deep_zeros(levels):
    data = encode(np.zeros(1))
    for _ in range(levels):
        data = {"$zeros": data, "where": None}
    return data


@pytest.mark.parametrize(
    "data",
    [
        {"no tag": 1},
        {},
        {"$float": "1e5"},
        {"$float": "nan", "more": 1},
        {"$array": [1], "shape": [1]},
        {"$array": [1], "shape": [2], "dtype": "float64"},
        {"$array": [1], "shape": ["1"], "dtype": "float64"},
        {"$array": ["1.5"], "shape": [1], "dtype": "float64"},
        {"$array": [[1.0]], "shape": [1], "dtype": "float64"},
        {"$array": [1], "shape": [1], "dtype": "object"},
        {"$array": [1], "shape": [1], "dtype": "S8"},
        {"$array": [1], "shape": [1], "dtype": "f8,f8"},
        {"$array": [300], "shape": [1], "dtype": "uint8"},
        {"$array": [10**400], "shape": [1], "dtype": "float64"},
        {"$raises": 3},
        {"$interval": [0]},
        {"$interval": ["a", "b"]},
        {"$zeros": {"$dict": {}}, "where": None},
        {"$optimum": {"$dict": {}}, "problem": {"$dict": {}}},
        {"$optimum": encode(np.ones(1)), "problem": encode(np.ones(1))},
        {"$optimum": encode(np.ones(1)), "problem": [1]},
        {"$dict": []},
        10**30,
        [[-(10**30)]],
        deep_array(2),
        deep_array(400),
        deep_zeros(400),
        {1, 2},
    ],
    ids=lambda data: repr(data)[:40],
)
def test_decode_refuses(data):
    with pytest.raises(NotPlainError):
        decode(data)


def test_decode_refuses_what_is_too_deep():
    data = []
    for _ in range(40):
        data = [data]
    with pytest.raises(NotPlainError, match="deep"):
        decode(data)


@pytest.mark.parametrize(
    "images", [np.random.default_rng(0).integers(0, 256, 1_001), np.arange(4_000) % 7]
)
def test_bytes_are_pressed_where_data_are_kept(images):
    images = images.astype(np.uint8)[None]
    data = json.loads(json.dumps(encode(images)))
    assert set(data) == {"$pressed", "shape", "dtype"}
    back = decode(data)
    assert (back.shape, back.dtype) == (images.shape, np.uint8)
    assert np.array_equal(back, images)
    back[...] = 0  # it is no view of something that cannot be written to
    assert "$packed" in encode(images, packed=True)


PRESSED = encode(np.zeros(2_000, np.uint8))


@pytest.mark.parametrize(
    "changed",
    [
        {"$pressed": ""},
        {"$pressed": "no stream"},
        {"$pressed": "äöü"},
        {"$pressed": PRESSED["$pressed"] + "0" * 4_000},
        {"shape": [1_999]},
        {"shape": [2_001]},
        {"shape": [0]},
        {"shape": [-2_000, -1]},
        {"shape": [10**30]},
        {"dtype": "float64"},
        {"more": 1},
    ],
)
def test_bytes_that_are_pressed_wrongly_are_refused(changed):
    with pytest.raises(NotPlainError):
        decode(PRESSED | changed)


def test_encode_refuses_what_is_not_plain():
    with pytest.raises(NotPlainError, match="plain"):
        encode(object())


# Observing


def test_observe_keeps_the_inputs():
    inputs = {"w": np.ones(2), "rows": [np.zeros(2)], "options": {"a": np.zeros(1)}}

    def answer(w, rows, options):
        w += 1
        rows[0][0] = 1.0
        options["a"] = None

    record = observe("function", answer, inputs)
    assert record["changed"] == dict.fromkeys(("w", "rows", "options"), "values")
    assert inputs["w"].tolist() == [1.0, 1.0]
    assert inputs["rows"][0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda a: None, None),
        (lambda a: a.sort(), None),
        (lambda a: a.__setitem__(0, 0.1 + 1e-12), "rounding"),
        (lambda a: a.__setitem__(0, np.nan), "values"),
        (lambda a: a.__setitem__(0, 0.5), "values"),
        (lambda a: a.resize(3, refcheck=False), "values"),
    ],
)
def test_changed_arguments(change, kind):
    record = observe("function", change, {"a": np.array([0.1, 0.2])})
    assert record["changed"].get("a") == kind


def test_a_changed_mask_is_seen():
    record = observe("function", lambda m: m.fill(True), {"m": np.zeros(2, dtype=bool)})
    assert record["changed"] == {"m": "values"}


def test_a_changed_list_is_seen():
    assert observe("function", lambda ws: ws.pop(), {"ws": [1.0, 2.0]})["changed"]
    assert not observe("function", lambda ws: ws[0], {"ws": [1.0, 2.0]})["changed"]


@pytest.mark.parametrize(
    ("answer", "shares"),
    [
        (lambda w: w, ["w"]),
        (lambda w: w[::-1], ["w"]),
        (lambda w: [1.0, w[:1]], ["w"]),
        (lambda w: w.copy(), []),
        (lambda w: 1.0, []),
    ],
)
def test_results_that_share_memory(answer, shares):
    assert observe("function", answer, {"w": np.ones(3)})["shares"] == shares


def test_observe_catches_output_warnings_and_exceptions(capfd):
    def answer(x):
        import sys

        print("x" * 10_000)
        print("to stderr", file=sys.stderr)
        warnings.warn("look out", UserWarning, stacklevel=1)
        raise KeyError("gone")

    record = observe("function", answer, {"x": 1.0})
    assert record["printed"] == "x" * MAX_PRINTED
    assert record["warned"] == ["UserWarning: look out"]
    assert record["raised"]["types"][:2] == ["KeyError", "LookupError"]
    assert 'raise KeyError("gone")' in record["raised"]["line"]
    assert capfd.readouterr() == ("", "")


def test_observe_catches_an_exit():
    def answer():
        raise SystemExit(3)

    assert observe("function", answer, {})["raised"]["types"][0] == "SystemExit"


def test_a_number_in_place_of_a_function_is_named():
    assert "function is asked for; this is int" in observe("function", 3, {})["raised"]["message"]


def test_a_result_that_is_too_deep_is_a_fault_of_the_answer():
    def answer():
        value = []
        value.append(value)
        return value

    assert observe("function", answer, {})["raised"]["types"] == ["NotPlainError"]


def test_scalar_function_refuses_another_shape():
    f = scalar_function({"cubic": 1.0, "square": 2.0, "linear": 3.0, "mixed": 0.5}, (2,))
    assert f(np.array([1.0, 2.0])) == 9 + 2 * 5 + 3 * 3 + 0.5 * 9
    with pytest.raises(ValueError, match=r"shape \(1, 2\); it is defined for shape \(2,\)"):
        f(np.ones((1, 2)))


def test_projections_are_the_nearest_points():
    rng = np.random.default_rng(0)
    for ball in ({"form": "box", "sides": np.array([1.0, 0.5, 2.0, 3.0])}, {"form": "discs"}):
        for _ in range(50):
            w, radius = 3 * rng.normal(size=4), rng.uniform(0.2, 2)
            nearest = projection(ball, 4)(w, radius)
            assert optima.ball_size(ball, nearest) <= radius * (1 + 1e-12)
            inside = 3 * rng.normal(size=(200, 4))
            inside *= radius / np.maximum(radius, [[optima.ball_size(ball, v)] for v in inside])
            # The angle at the nearest point to any other point of a convex set is not acute.
            assert np.all((inside - nearest) @ (w - nearest) <= 1e-9)


def test_a_projection_refuses_another_shape_and_endless_calls():
    project = projection({"form": "discs"}, 2)
    with pytest.raises(ValueError, match=r"w of shape \(2, 1\); .* shape \(2,\)"):
        project(np.ones((2, 1)), 1.0)
    for _ in range(MAX_PROJECTIONS):
        project([1.0, 2.0], 1.0)
    with pytest.raises(RuntimeError, match="more than"):
        project([1.0, 2.0], 1.0)


# Comparing

A = np.array([1.0, -2.0])
ROOT = Interval(2**0.5 * (1 - 1e-8), 2**0.5 * (1 + 1e-8))
LASSO = Optimum(
    np.zeros(3),
    {"kind": "lasso", "X": np.eye(3), "y": np.array([3.0, -1.0, 0.4]), "lam": 1.0, "share": 1e-5},
)
BOX = Optimum(
    np.zeros(2),
    {"kind": "ball", "X": np.eye(2), "y": np.array([2.0, 2.0]), "radius": 1.0, "least": 1.0}
    | {"ball": {"form": "box", "sides": np.array([1.0, 3.0])}, "share": 1e-6, "beyond": 1e-9},
)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1.0, 1),
        (1.0, np.array(1.0)),
        (1.0, 1.0 + 1e-9),
        (0.0, 1e-9),
        (math.nan, math.nan),
        (math.inf, math.inf),
        (A, A.astype(np.float32)),
        (A, A + 1e-6),
        (A, [1, -2]),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (np.array([True, False]), np.array([True, False])),
        (Zeros(np.array([1.0, 0.0])), np.array([1.0, -0.0])),
        (Zeros(np.zeros(2), np.array([False, True])), np.array([1e-17, 0.0])),
        (Interval(0.0, 1.0), 1.0),
        (LASSO, np.array([2.5, -0.5, 0.0])),
        (LASSO, np.array([2.5 - 2e-5, -0.5, -0.0])),
        (BOX, np.array([1.0, 2.0])),
        (BOX, [1.0 - 1e-7, 2.001]),
        (True, True),
        ("a", "a"),
        (None, None),
        ([1.0, "b"], [1.0, "b"]),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        ({"a": 1.0, "b": A}, {"b": [1.0, -2.0], "a": 1.0}),
    ],
)
def test_equal(expected, got):
    assert compare(expected, got, 1e-5, 1e-8) == ""


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (1.0, 1.1, "off by 0.1"),
        (1.0, math.nan, "nan came back"),
        (1.0, math.inf, "off by inf"),
        (1.0, None, "is a return missing?"),
        (1.0, True, "a bool came back, not a number"),
        (1.0, np.ones(1), "an array of shape (1,) came back, not a number"),
        (1.0, "1", "a text came back, not a number"),
        (A, np.array([1.0, -2.1]), "off by up to 0.1 at index 1"),
        (A, np.array([np.nan, -2.0]), "nan at index 0"),
        (A, A[:, None], "an array of shape (2, 1) came back, the shape should be (2,)"),
        (A, None, "None came back, not an array of numbers; is a return missing?"),
        (A, Other("array of dtype object"), "an array of dtype object came back"),
        (A, ["a", "b"], "a list of 2 came back, not an array"),
        (A, np.array([True, False]), "an array of dtype bool"),
        (Zeros(np.zeros(2)), np.array([0.0, 1e-17]), "1e-17 instead of exactly 0 at index 1"),
        (Interval(0.0, 1.0), 2.0, "2 is outside 0 to 1"),
        (Interval(-1e-8, 1e-8), 0.25, "off by 0.25"),
        (Interval(0.0, 1.0), math.nan, "outside"),
        (Interval(1.0, 1.0 + 1e-9), 1.5, "off by 0.5"),
        (Interval(1.0, 1.0 + 1e-9), math.nan, "nan came back"),
        (LASSO, np.array([2.5, -0.5, 1e-9]), "1e-09 instead of exactly 0 at index 2"),
        (LASSO, np.array([2.4, -0.5, 0.0]), "at index 0, where w is not 0, the slope"),
        (LASSO, np.array([2.5, 0.0, 0.0]), "at index 1, where w is 0, the slope"),
        (LASSO, np.array([2.5, -0.5, np.inf]), "inf at index 2"),
        (LASSO, [2.5, -0.5], "the shape should be (3,)"),
        (LASSO, None, "is a return missing?"),
        (BOX, np.array([1.0 + 1e-8, 2.0]), "w is outside the region: 1.00000001 times"),
        (BOX, np.array([0.9, 2.0]), "w is in the region, but ‖y - Xw‖² is 0.21 above the least"),
        (BOX, np.array([np.nan, 2.0]), "nan at index 0"),
        (Interval(0.0, 1.0), [], "not a number"),
        (True, 1, "a number came back"),
        ("a", "b", "'b' came back"),
        ("a", "b" * 99, f"'{'b' * 38}… came back"),
        (None, 0.0, "a number came back"),
        ([1.0], 1.0, "not a list of 1"),
        ([1.0, 2.0], [1.0, 3.0], "item 1: off by 1"),
        ({"a": 1.0}, A, "not a dict with the keys a"),
        ({"a": 1.0}, {"b": 1.0}, "a dict came back; missing keys: a; keys too many: 'b'"),
        ({"a": 1.0, "b": 1.0}, {"b": 1.0}, "a dict came back; missing keys: a"),
        ({"a": 1.0}, {"a": 1.0, 2: 1.0}, "a dict came back; keys too many: 2"),
        ({"a": 1.0}, {"a": 2.0}, "a: off by 1"),
        (Other("set"), A, "an array of shape (2,) came back"),
    ],
)
def test_different(expected, got, words):
    assert words in compare(expected, got, 1e-5, 1e-8)


def test_a_question_cannot_expect_any_object():
    with pytest.raises(TypeError, match="expect"):
        compare(object(), 1.0, 1e-5, 1e-8)


# Judging: a toy function

CORE, SHAPES, EDGE = "double", "any shape", "zero refused"


def double_cases(rng):
    return [
        Case("two numbers", {"w": np.array([1.0, -2.0]), "factor": 2.0}),
        Case("random numbers", {"w": rng.normal(size=3), "factor": 3.0}),
        Case("a matrix", {"w": np.ones((2, 2)), "factor": 2.0}, SHAPES),
        Case("0 is refused", {"w": np.ones(1), "factor": 0.0}, EDGE, Raises("ValueError")),
    ]


def double(w, factor):
    if factor == 0:
        raise ValueError(factor)
    return w * factor


def guarded(function):
    return lambda w, factor: function(w, factor) if factor else double(w, factor)


DOUBLE = Question(
    "double",
    "Double",
    double_cases,
    lambda w, factor: w + (factor - 1) * w,
    parts={CORE: 0.4, SHAPES: 0.2, EDGE: 0.2, UNCHANGED: 0.1, NEW_ARRAY: 0.1},
    misconceptions=(
        Misconception("square", "You squared.", guarded(lambda w, factor: w**factor)),
        Misconception("triple", "You tripled.", guarded(lambda w, factor: w * (factor + 1))),
        Misconception("flat", "You flattened.", lambda w, factor: double(w, factor).ravel()),
    ),
    hint="Write it down.",
)


def compiled(question=DOUBLE, points=2):
    data = compile_question(question, np.random.default_rng(0), points, "90_toy").to_json()
    return Compiled.from_json(json.loads(json.dumps(data, allow_nan=False)))


def outcome(answer, question=DOUBLE, points=2):
    asked = compiled(question, points)
    return judge(asked, [observe(c.driver, answer, c.inputs) for c in asked.cases])


def missed(result):
    return {part for part, good in result.parts.items() if not good}


def test_a_right_answer():
    result = outcome(double)
    assert (result.status, result.points, missed(result)) == ("right", 2.0, set())


def test_nothing_is_earned_without_the_core():
    result = outcome(lambda w, factor: double(w, factor + 5 * (w.ndim == 1 and factor > 0)))
    assert (result.status, result.points) == ("wrong", 0.0)
    assert missed(result) == {CORE}


def test_parts_are_weighed():
    result = outcome(lambda w, factor: w * factor)
    assert (result.status, missed(result)) == ("partly", {EDGE})
    assert result.points == 1.6
    assert result.failure.difference == "no ValueError was raised"


def test_another_exception_is_not_the_one_asked_for():
    def answer(w, factor):
        if factor == 0:
            raise TypeError
        return w * factor

    assert outcome(answer).failure.difference == "TypeError was raised in place of ValueError"


def test_a_derived_exception_is_fine():
    def answer(w, factor):
        if factor == 0:
            raise UnicodeError
        return w * factor

    assert outcome(answer).status == "right"


def test_an_answer_in_place():
    def answer(w, factor):
        w *= double(1.0, factor)
        return w

    result = outcome(answer)
    assert missed(result) == {UNCHANGED, NEW_ARRAY}
    assert result.diagnosis == "argument changed"


def test_the_argument_itself_is_no_new_array():
    def answer(w, factor):
        kept, view = w * double(1.0, factor), w[...]
        return view if np.array_equal(kept, w) else kept

    identity = Question(
        "same",
        "Same",
        lambda rng: [Case("one", {"w": np.ones(2)})],
        lambda w: 1.0 * w,
        parts={CORE: 0.5, NEW_ARRAY: 0.5},
    )
    result = outcome(lambda w: w, identity)
    assert (result.points, result.diagnosis) == (1.0, "no new array")
    assert outcome(answer).status == "right"


def test_a_wrong_result_is_shown_before_a_changed_argument():
    def answer(w, factor):
        w += 0.0 if factor == 0 else 1.0
        return double(w - 1.0, factor).ravel() if factor else double(w, factor)

    result = outcome(answer)
    assert result.failure.case.label == "a matrix"
    assert result.diagnosis == "flat"


def test_a_list_is_no_array_for_a_function_and_one_for_a_value():
    result = outcome(lambda w, factor: double(w, factor).tolist())
    assert "a list of 2 came back" in result.failure.difference
    assert result.diagnosis == ""
    value = Question("v", "V", lambda rng: [Case("")], lambda: np.ones(2), driver="value")
    assert outcome((1, 1), value).status == "right"


def test_records_must_be_as_many_as_cases():
    question = compiled()
    with pytest.raises(ValueError, match="shorter"):
        judge(question, [observe("function", double, question.cases[0].inputs)])


def test_a_stub_is_not_answered():
    def stub(w, factor):
        raise NotImplementedError("your code here")

    assert outcome(stub).status == "unanswered"
    assert outcome(stub).points == 0


def test_an_answer_that_died():
    result = died(compiled(), "it ran for more than 10 s")
    assert (result.status, result.points) == ("died", 0.0)
    assert "more than 10 s" in render(result)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (DOUBLE.misconceptions[0].answer, "square"),
        (DOUBLE.misconceptions[1].answer, "triple"),
        (DOUBLE.misconceptions[2].answer, "flat"),
        (lambda w, factor: w * (factor + 1), "triple"),  # and 0 not refused
        (lambda w, factor: w[:1] * (factor + 1), ""),
        (lambda w, factor: w * factor + (w.ndim == 2), ""),
        (lambda w, factor: double(w, factor + (w.ndim == 2)), ""),  # as "triple", but there only
        (lambda w, factor: 1 / 0, ""),
    ],
)
def test_a_misconception_is_recognised_if_it_explains_most(answer, name):
    assert outcome(answer).diagnosis == name


# Judging: other kinds of questions

COUNTER = Question(
    "Counter",
    "A counter with a limit",
    lambda rng: [
        Case(
            "counts",
            {
                "arguments": [2],
                "script": [["add", 1], ["read", "total"], ["add", 5], ["read", "full"]],
            },
        ),
        Case("starts at 0", {"arguments": [3], "script": [["read", "total"], ["read", "full"]]}),
    ],
    lambda arguments, script: [True, 1, False, True] if len(script) > 2 else [0, False],
    driver="object",
)


class Counter:
    def __init__(self, limit):
        self.limit, self.total = limit, 0

    def add(self, number):
        self.total += number
        return self.total <= self.limit

    @property
    def full(self):
        return self.total > self.limit


class ForgetfulCounter(Counter):
    def add(self, number):
        self.total = number
        return self.total < 1


def test_a_class_with_state():
    assert outcome(Counter, COUNTER).status == "right"
    result = outcome(ForgetfulCounter, COUNTER)
    assert result.status == "wrong"
    assert result.failure.difference == "item 0: False came back"
    assert outcome(3, COUNTER).failure.record["raised"]["types"][0] == "TypeError"


SLOPE = Question(
    "slope",
    "Forward slope",
    lambda rng: [
        Case(
            "a square",
            {
                "f": {"text": "Σ w²", "cubic": 0.0, "square": 1.0, "linear": 0.0, "mixed": 0.0},
                "w": np.array([3.0]),
            },
        )
    ],
    lambda f, w: 6.5,
    driver="differentiate",
    misconceptions=(Misconception("exact", "That is 2w.", lambda f, w: 6.0),),
)


def test_a_callback():
    assert outcome(lambda f, w: (f(w + 0.5) - f(w)) / 0.5, SLOPE).status == "right"
    result = outcome(lambda f, w: 6.0, SLOPE)
    assert result.diagnosis == "exact"
    assert "f =     Σ w²" in render(result)


NUMBER = Question(
    "best",
    "The best number",
    lambda rng: [Case("λ = 2")],
    lambda: 1.5,
    driver="value",
    misconceptions=(Misconception("half", "You halved it.", 0.75),),
    hint="Solve for w.",
)


def test_a_value():
    for right in (1.5, np.float32(1.5), np.array(1.5), 3 / 2):
        assert outcome(right, NUMBER).status == "right"
    assert outcome(0.75, NUMBER).diagnosis == "half"


@pytest.mark.parametrize("wrong", [0.75, 1.0, "1", None, [1.0]])
def test_a_value_is_never_told(wrong):
    for hidden in (True, False):
        text = render(outcome(wrong, NUMBER), hidden)
        assert "1.5" not in text
        assert "off by" not in text
    text = json.dumps(compiled(NUMBER).to_json())
    assert "1.5" not in text
    assert "0.75" not in text


PICK = Choice("pick", "Pick one", {"a": "A is too few.", "b": "Two it is."}, "b")


@pytest.mark.parametrize(
    ("letter", "status", "words"),
    [
        ("b", "right", "Two it is."),
        (" B) ", "right", "Two it is."),
        ("a", "wrong", "A is too few."),
        ("c", "wrong", 'one of the letters "a", "b"'),
        (2, "wrong", 'one of the letters "a", "b"'),
        (None, "unanswered", 'Set pick to one of "a", "b"'),
        ("", "unanswered", 'Set pick to one of "a", "b"'),
    ],
)
def test_a_choice(letter, status, words):
    result = outcome(letter, PICK)
    assert result.status == status
    assert words in render(result)


def test_a_choice_is_not_told_in_the_file():
    text = json.dumps(compiled(PICK).to_json())
    assert "Two it is" not in text
    assert '"b": ' not in text


# A randomised function under a law. The mean of n draws of a uniform number on 0..1 has the
# standard error 1/√(12 n); a right answer is outside six of them twice in a billion checks.


def draw_moments(target, inputs):
    """Call an answer with one generator many times, and again with its like; return statistics."""
    rng = np.random.default_rng(inputs["seed"])
    arguments = inputs["arguments"]
    draws = np.array([target(*arguments, rng) for _ in range(inputs["draws"])], dtype=float)
    again = target(*arguments, np.random.default_rng(inputs["seed"]))
    flat = draws.reshape(len(draws), -1)
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std()),
        "distinct": float(np.mean(np.any(flat[1:] != flat[:-1], axis=1))),
        "repeats": float(np.array_equal(np.asarray(again, dtype=float), draws[0])),
    }


@pytest.fixture(autouse=True)
def a_law(monkeypatch):
    monkeypatch.setitem(DRIVERS, "draw_moments", draw_moments)


DRAWS, SIGMAS = 4000, 6.0
ERROR = SIGMAS / math.sqrt(12 * DRAWS)


def law(rng):
    inputs = {"arguments": [2.0], "draws": DRAWS, "seed": int(rng.integers(2**31))}
    expected = {
        "mean": Interval(1 - 2 * ERROR, 1 + 2 * ERROR),
        "sd": Interval(2 / math.sqrt(12) * 0.9, 2 / math.sqrt(12) * 1.1),
        "distinct": Interval(1.0, 1.0),
        "repeats": Interval(1.0, 1.0),
    }
    return [Case("4,000 draws", inputs, expected=expected)]


SIGNATURE = {
    "mean": Interval(0.4, 0.6),
    "sd": Interval(0.2, 0.4),
    "distinct": Interval(1.0, 1.0),
    "repeats": Interval(1.0, 1.0),
}
UNIFORM = Question(
    "uniform",
    "Uniform on 0..b",
    law,
    None,
    driver="draw_moments",
    misconceptions=(Misconception("b ignored", "You draw on 0..1.", None, SIGNATURE),),
)


def test_the_false_alarm_rate_of_the_law():
    assert math.erfc(SIGMAS / math.sqrt(2)) < 1e-6


@pytest.mark.parametrize(
    "answer",
    [
        lambda b, rng: rng.uniform(0, b),
        lambda b, rng: b * rng.random(),
        lambda b, rng: b - b * rng.random(1)[0],
        lambda b, rng: np.float32(b) * rng.random(dtype=np.float32),
    ],
)
def test_right_draws_follow_the_law(answer):
    for seed in range(20):
        question = compile_question(UNIFORM, np.random.default_rng(seed), 1, "90_toy")
        records = [observe(c.driver, answer, c.inputs) for c in question.cases]
        assert judge(question, records).status == "right"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda b, rng: rng.uniform(0, 1), "b ignored"),
        (lambda b, rng: 1.0, ""),
        (lambda b, rng: np.random.default_rng(0).uniform(0, b), ""),
        (lambda b, rng: np.random.default_rng().uniform(0, b), ""),
        (lambda b, rng: abs(rng.normal(0, b)), ""),
    ],
)
def test_wrong_draws_are_found(answer, name):
    result = outcome(answer, UNIFORM)
    assert (result.status, result.diagnosis) == ("wrong", name)


# Messages


def test_a_message_has_every_part():
    lines = render(outcome(DOUBLE.misconceptions[0].answer)).splitlines()
    assert lines[0] == "✗ double: not right yet, 0 of 2 points"
    assert [line[:11].strip(" =") for line in lines[1:]] == [
        "case",
        "w",
        "factor",
        "expected",
        "got",
        "fault",
        "why",
    ]


def test_a_hidden_message_shows_no_numbers_of_the_case():
    text = render(outcome(DOUBLE.misconceptions[1].answer), hidden=True)
    assert "expected" not in text
    assert "w =" not in text
    assert "You tripled." in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda w, factor: None, "Let the function return its result."),
        (lambda w: w, "It is called as double(w, factor), in this order."),
        (lambda w, factor: w[9], "Your code stopped at line"),
        (lambda w, factor: w * factor + 1, "Write it down."),
        (lambda w, factor: w * factor, "missed    zero refused"),
        (lambda w, factor: print("a\nb") or w, "printed   a b"),
        (lambda w, factor: w / (0 * w), "warned    RuntimeWarning: divide by zero"),
    ],
)
def test_messages(answer, words):
    assert words in render(outcome(answer))


def test_a_case_that_should_be_refused_says_so():
    text = render(outcome(lambda w, factor: w * factor))
    assert "fault     no ValueError was raised" in text
    assert "check them at the start of double" in text
    assert "`raise ValueError(…)`" in text


def refused_with(error):
    """Return the answer that refuses 0 with this exception."""

    def answer(w, factor):
        if factor == 0:
            raise error
        return w * factor

    return answer


def test_a_case_that_is_refused_with_another_exception_names_the_right_one():
    text = " ".join(render(outcome(refused_with(AssertionError))).split())
    assert "got AssertionError" in text
    assert "should be refused with a ValueError: check them at the start of double" in text
    assert "`assert` raises an AssertionError, which is no ValueError." in text
    other = render(outcome(refused_with(ZeroDivisionError)))
    assert "`raise ValueError(…)`" in other
    assert "assert" not in other
    assert DOUBLE.hint not in text + other


def test_a_kind_or_a_shape_that_is_wrong_needs_no_further_hint():
    for answer in (lambda w, factor: list(double(w, factor)), lambda w, factor: w[:1] * factor):
        text = render(outcome(answer))
        assert "came back" in text
        assert "Write it down." not in text


@pytest.mark.parametrize(
    ("expected", "answer", "shown"),
    [
        (ROOT, 1.4142, ("1.41421", "1.4142", "off by 1.36e-05")),
        (ROOT, 1.4142135, ("1.41421356", "1.4142135", "off by 6.24e-08")),
        (1.0, 1.0001, ("1", "1.0001", "off by 0.0001")),
        (1.0, 1.0000001, ("1", "1.0000001", "off by 1e-07")),
        (1.0, 0.99999994, ("1", "0.99999994", "off by 6e-08")),
        (A, np.array([1.0, -2.00001]), ("[ 1. -2.]", "[ 1. -2.00001]", "at index 1")),
        (Zeros(np.zeros(1)), np.array([1e-9]), ("[0.]", "[1.e-09]", "instead of exactly 0")),
    ],
)
def test_expected_and_got_have_the_digits_that_tell_them_apart(expected, answer, shown):
    asked = Question(
        "root", "A root", lambda rng: [Case("2", {"x": 2.0})], lambda x: expected, rtol=1e-9
    )
    lines = render(outcome(lambda x: answer, asked)).splitlines()
    assert f"  expected  {shown[0]}" in lines
    assert f"  got       {shown[1]}" in lines
    assert shown[2] in lines[5]


def test_several_changed_arguments_are_told_in_the_plural():
    def answer(w, factor, more):
        w += 1
        more += 1
        return 1.0

    inputs = {"w": np.zeros(1), "factor": 2.0, "more": np.zeros(1)}
    both = Question(
        "both",
        "Both",
        lambda rng: [Case("1", inputs)],
        lambda **_: 1.0,
        parts={"1": 0.5, UNCHANGED: 0.5},
    )
    assert "after the call w and more are not as before" in render(outcome(answer, both))


def test_a_point_is_singular():
    assert render(outcome(double, points=1)) == "✓ double: right, 1 of 1 point"


def test_a_message_is_short_however_long_the_result():
    for long in ("x" * 5000, "word " * 1000, [[1.0] * 50] * 50, np.zeros((30, 30))):
        lines = render(outcome(lambda w, factor, long=long: long)).splitlines()
        assert len(lines) < 20
        assert sum(map(len, lines)) < 1500


def test_unanswered_says_what_to_do():
    def stub(w, factor):
        raise NotImplementedError

    assert "in place of the line" in render(outcome(stub))
    question = compiled(NUMBER)
    record = {"raised": {"types": ["NotImplementedError"], "message": "", "line": ""}}
    assert "Set best in the cell above" in render(judge(question, [record]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Raises("ValueError"), "a ValueError"),
        (Interval(0.0, 1.0), "between 0 and 1"),
        (Interval(0.5, 0.5 + 1e-9), "0.5"),
        (Interval(-1e-8, 1e-8), "0"),
        (Interval(0.0, 1e-8), "between 0 and 1e-08"),
        (Zeros(np.zeros(2)), "[0. 0.]"),
        (Optimum(np.zeros(2), {}), "[0. 0.]"),
        (Other("set"), "an object of type set"),
        (Other("array of dtype object"), "an array of dtype object"),
        (list(range(9)), "[0, 1, 2, 3, 4, 5, …] (9 entries)"),
        ({"a": 0.1234567}, "a: 0.123457"),
        (np.zeros((2, 3)), "[[0. 0. 0.] [0. 0. 0.]]  shape (2, 3)"),
        (True, "True"),
        ("text", "'text'"),
    ],
)
def test_short(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "words"),
    [({}, "a dict"), (Raises("E"), "Raises"), (np.zeros((1, 2)), "an array of shape (1, 2)")],
)
def test_kind_of(value, words):
    assert kind_of(value) == words


# Checks inside a lesson


@pytest.fixture
def public(tmp_path, monkeypatch):
    folder = tmp_path / "90_toy"
    folder.mkdir()
    for question in (DOUBLE, NUMBER, PICK):
        text = json.dumps(compiled(question).to_json())
        (folder / f"{question.name}.json").write_text(text, encoding="utf-8")
    index = {"points": {"double": 2, "best": 2, "pick": 2}, "by_hand": {"essay": 3}}
    (folder / "lesson.json").write_text(json.dumps(index), encoding="utf-8")
    monkeypatch.setattr(checking, "PUBLIC", tmp_path)
    monkeypatch.setattr(checking, "_earned", {})
    checking.load_question.cache_clear()
    yield folder
    checking.load_question.cache_clear()


def run_cells(source):
    """Run the source as a cell would and return its names."""
    names = {"check": checking.check, "scorecard": checking.scorecard}
    exec(compile(source, "<cell>", "exec"), names)
    return names


@pytest.mark.usefixtures("public")
def test_check_takes_the_name_from_the_calling_cell(capsys):
    names = run_cells("double = lambda w, k: w * (k or 1 / 0)\npoints = check('double')")
    points = names["points"]
    assert points == points.points == 1.6
    assert points.max_points == 2.0
    assert not points.full
    assert "partly right, 1.6 of 2 points" in capsys.readouterr().out
    assert run_cells("best = 1.5\npoints = check('best')")["points"].full


@pytest.mark.usefixtures("public")
def test_check_raises_when_nothing_is_right():
    with pytest.raises(checking.CheckFailed, match="You squared") as caught:
        run_cells("double = lambda w, k: w**k\ncheck('double')")
    assert caught.value._render_traceback_()[0].startswith("✗ double")
    with pytest.raises(checking.CheckFailed, match="A is too few"):
        run_cells("pick = 'a'\ncheck('pick')")


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize(
    "source",
    [
        "check('double')",
        "double = None\ncheck('double')",
        "def double(w, k):\n    raise NotImplementedError\ncheck('double')",
        "pick = None\ncheck('pick')",
        "best = None\ncheck('best')",
    ],
)
def test_check_says_not_answered_yet(source):
    with pytest.raises(checking.NotAnswered, match="not answered yet"):
        run_cells(source)


@pytest.mark.usefixtures("public")
def test_check_of_an_unknown_name():
    for name in ("triple", "../x", 3):
        with pytest.raises(ValueError, match="known are best, double, pick"):
            checking.check(name)


@pytest.mark.usefixtures("public")
def test_scorecard_adds_up_what_was_checked(capsys):
    run_cells("pick = 'b'\ncheck('pick')\ndouble = lambda w, k: w * k\ncheck('double')")
    capsys.readouterr()
    checking.scorecard("90_toy")
    text = capsys.readouterr().out
    assert text.startswith("Scorecard of 90_toy: 3.6 of 6 points")
    assert "✓ pick" in text
    assert "◐ double" in text
    assert "○ best" in text
    assert "essay" in text
    with pytest.raises(ValueError, match="known are 90_toy"):
        checking.scorecard("91_other")


def test_compiling_a_question_refuses_an_unknown_part():
    question = Question("q", "Q", lambda rng: [Case("", part="typo")], lambda: 1.0, driver="value")
    with pytest.raises(ValueError, match="typo"):
        compile_question(question, None, 1, "90_toy")
    unbalanced = Question("q", "Q", lambda rng: [Case("")], lambda: 1.0, "value", {"all": 0.9})
    with pytest.raises(ValueError, match=r"sum to 0\.9"):
        compile_question(unbalanced, None, 1, "90_toy")


@pytest.mark.parametrize("folder", [".", "utils/jupyter"])
def test_validate_shows_the_lines_of_a_message_to_their_end(folder):
    from nbgrader.validator import Validator
    from traitlets.config import PyFileConfigLoader

    path = Path(__file__).parent.parent / folder
    config = PyFileConfigLoader("nbgrader_config.py", path=str(path)).load_config()
    line = "x" * WIDTH
    assert Validator(config=config)._indent(line).strip() == line


def test_no_progress_bar_is_taken_for_what_an_answer_prints(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "1")

    def answer():
        with progress_bar(total=2, progress=True) as bar:
            bar.update()
        print("mine")
        return 1

    assert observe("function", answer, {})["printed"] == "mine\n"
    assert os.environ["COURSE_PROGRESS"] == "1"
