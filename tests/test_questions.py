"""The questions themselves: fair to right answers, and telling misconceptions apart."""

import copy
import functools
import importlib
import json
import math
import pkgutil
import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import utils
from autograder.lesson import lesson_paths, read_lesson
from autograder.question import Choice, Question, compile_question, public_rng
from autograder.questions import HIDDEN, inputs, oracles, questions_of
from utils.checking.codec import Interval, Optimum, Zeros
from utils.checking.drivers import observe, projection, scalar_function
from utils.checking.judgement import NEW_ARRAY, UNCHANGED, Compiled, compare, judge
from utils.checking.messages import render

ROOT = Path(__file__).parent.parent
POINTS = {  # of every lesson there is, from the headers of its checks
    path.stem: read_lesson(path, questions_of(path.stem)).points for path in lesson_paths(ROOT)
}
TRAINED = (
    "06_capstone"  # an answer trains for seconds: `test_questions_capstone` asks as much of it
)
EVERY = {
    name: (question, lesson)
    for lesson in POINTS
    if lesson != TRAINED
    for name, question in questions_of(lesson).items()
}
ASKED = {name: q for name, (q, _) in EVERY.items() if isinstance(q, Question)}
CHOICES = {name: q for name, (q, _) in EVERY.items() if isinstance(q, Choice)}
FUNCTIONS = [name for name, q in ASKED.items() if q.driver != "value"]
WRONG = [(name, m) for name, q in ASKED.items() for m in q.misconceptions]


@functools.cache
def compiled(name, seed=None, wrong=True):
    """Compile a question, with or without its misconceptions, which take most of the time."""
    question, lesson = EVERY[name]
    question = question if wrong else replace(question, misconceptions=())
    rng = public_rng(question) if seed is None else np.random.default_rng(seed)
    return compile_question(question, rng, POINTS[lesson][name], lesson)


def outcome(name, answer, seed=None, wrong=True):
    question = compiled(name, seed, wrong)
    return judge(question, [observe(c.driver, answer, c.inputs) for c in question.cases])


def label(row):
    return f"{row[0]}-{row[1].name}"


@pytest.mark.parametrize("lesson", POINTS)
def test_each_question_of_a_lesson_has_its_check(lesson):
    assert set(questions_of(lesson)) == set(POINTS[lesson])


FULL = {
    "00_start_here": 2,
    "01_l1_l2_updates": 20,
    "02_constraint_geometry": 20,
    "03_data_augmentation": 18,
    "04_dropout": 20,
    "05_early_stopping": 18,
    "06_capstone": 17,  # and 5 for the written argument
}


@pytest.mark.parametrize("lesson", POINTS)
def test_the_points_of_a_lesson_are_those_of_the_course(lesson):
    assert sum(POINTS[lesson].values()) == FULL[lesson]


@pytest.mark.parametrize("name", ASKED)
def test_parts_are_those_of_the_cases(name):
    question = compiled(name)
    assert math.isclose(sum(question.parts.values()), 1)
    named = {case.part for case in question.cases}
    assert set(question.parts) - {UNCHANGED, NEW_ARRAY} == named
    assert question.cases[0].part == next(iter(question.parts))
    labels = [case.label for case in question.cases]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", ASKED)
def test_references_earn_full_marks(name):
    assert len(ASKED[name].references) >= 4
    for seed in [None, *range(50)]:
        compiled_anyway = seed is None or seed in RECOGNISED
        for place, answer in enumerate(ASKED[name].references):
            result = outcome(name, answer, seed, wrong=compiled_anyway)
            assert result.status == "right", f"reference {place}, seed {seed}\n{render(result)}"
            assert result.points == result.max_points


@pytest.mark.parametrize("row", WRONG, ids=label)
def test_a_misconception_is_told_its_own_sentence(row):
    name, misconception = row
    result = outcome(name, misconception.answer)
    assert (result.diagnosis, result.sentence) == (misconception.name, misconception.sentence)
    assert result.points < result.max_points


def wrong_records(question, answer, kept):
    """Return what a misconception gives: as kept, or run again where only a signature is kept."""
    return [
        observe(case.driver, answer, case.inputs) if "signature" in record else record
        for case, record in zip(question.cases, kept.records, strict=True)
    ]


RECOGNISED = range(30)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_misconceptions_are_recognised_under_every_seed(name):
    wrong = [m.answer for m in ASKED[name].misconceptions]
    passed = [outcome(name, answer).parts for answer in wrong]
    for seed in RECOGNISED:
        question = compiled(name, seed)
        for answer, kept, parts in zip(wrong, question.misconceptions, passed, strict=True):
            result = judge(question, wrong_records(question, answer, kept))
            assert result.diagnosis == kept.name
            assert result.parts == parts, f"{kept.name}: the same parts whatever the seed"


@pytest.mark.parametrize("name", ASKED)
def test_misconceptions_have_names_and_sentences_of_their_own(name):
    wrong = ASKED[name].misconceptions
    assert len(wrong) >= 6
    assert len({m.name for m in wrong}) == len({m.sentence for m in wrong}) == len(wrong)
    for misconception in wrong:
        assert 15 <= len(misconception.sentence) <= 220
        assert misconception.sentence.endswith(".") or "?" in misconception.sentence


CORE_RIGHT = {
    "mean_squared_error": {"first axis only", "number of rows", "broadcasting", "sizes compared"},
    "l1_penalty": {"first array only", "last array only", "the list as one array"},
    "l2_penalty": {"first array only", "last array only", "the list as one array"},
    "sparsity": {"at most tol", "mean of the fractions", "sum of the fractions"},
    "numerical_gradient": {"rows moved together", "flattened", "vectors only"},
    "l1_update": {"sign(0) = 1", "sign(0) = -1", "division by |w|", "a zero stays"},
    "decay_path": {"plain L1 step", "factor 2 forgotten", "nearly 0", "others as L1"},
    "soft_threshold": {"nearly 0", "nan at 0"},
    "shrinkage_factors": {"d factors", "zeros dropped"},
    "ridge_lambda_for_radius": {"search up to a million", "negative λ inside", "error inside"},
    "lasso": {"nearly 0", "past 0", "nan for a zero column", "nan from a zero column"},
    "project_l2_ball": {"always to the boundary", "nan at 0"},
    "project_l1_ball": {"always to the boundary"},
    "projected_gradient_descent": {"step 0.01"},
    "rot90": {
        "negative k as 0",
        "sign of k ignored",
        "1, 2 and 3 only",
        "1, 2 and 3 only, else an error",
    },
    "resize_bilinear": {
        "corners never aligned",
        "in - 1 over out",
        "division by 0 for one pixel",
        "middle for one pixel",
        "ratio ignored",
        "larger factor",
        "sides cut off",
        "halves upward",
        "places by the factor",
    },
    "crop_and_resize": {
        "border repeated",
        "blended with the value",
        "both sides must be out",
        "value ignored",
        "last pixel outside",
        "never flipped",
        "flipped is empty",
        "start for one sample",
        "image center for one sample",
        "division by 0 for one sample",
    },
    "extract_glimpse": {
        "TensorFlow 1",
        "half the window off for pixels",
        "always centered",
        "always normalized",
        "no noise",
        "noise over the image",
        "ddof = 1",
        "not clipped",
    },
    "random_augment": {
        "each channel by itself",
        "batch mirrored as one",
        "never mirrored",
        "upside down",
        "flip tied to the offset",
        "dtype lost",
    },
    "fixed_listing": {"E3: the best error never lowered", "E6: the trained model dropped"},
    "early_stopping": {"best model goes on training", "patience in evaluations", "ties count"},
    "PatienceMonitor": {"should_stop is a method", "latched", "ties count", "nan skipped"},
    "gradient_descent_path": {"logarithm", "size of the factor", "stopped at w*"},
    "equivalent_l2": {"logarithm", "size of a", "negative to 0", "nan where w* is reached"},
    "dropout_forward": {
        "a fixed seed inside",
        "not drawn from rng",
        "one mask for all rows",
        "one draw for each row",
        "fixed count",
        "fixed count in each row",
        "noise_shape ignored",
        "other axes shared",
        "only some axes of noise_shape",
        "result in noise_shape",
        "scaled at test time",
        "train ignored",
        "no mask with train=False",
        "nothing refused",
        "refused in training only",
        "1 refused",
    },
    "dropout_backward": {"summed over shared axes"},
}


@pytest.mark.parametrize(("name", "expected"), CORE_RIGHT.items())
def test_a_mistake_in_a_corner_keeps_the_core(name, expected):
    for misconception in ASKED[name].misconceptions:
        result = outcome(name, misconception.answer)
        if misconception.name in expected:
            assert result.status == "partly", misconception.name
            assert sum(not good for good in result.parts.values()) <= 4


def in_place(name):
    """Return a right answer that changes its first array, or None where there is none."""
    right = ASKED[name].references[0]

    def answer(*arguments):
        result = copy.deepcopy(right(*arguments))
        first = next(a for a in arguments if isinstance(a, (np.ndarray, list)))
        first = first[0] if isinstance(first, list) else first
        first += 1.0
        return result

    return answer


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if UNCHANGED in ASKED[n].parts])
def test_a_changed_argument_loses_its_part_only(name):
    result = outcome(name, in_place(name))
    assert [part for part, good in result.parts.items() if not good] == [UNCHANGED]
    assert result.diagnosis == "argument changed"


def test_only_l1_update_asks_for_a_new_array():
    assert [name for name, q in ASKED.items() if NEW_ARRAY in q.parts] == ["l1_update"]

    def kept(w, grad, lr, lam):
        step = w - lr * (grad + lam * np.sign(w))
        return step if lam else w

    def itself(w, grad, lr, lam):
        w[...] = w - lr * (grad + lam * np.sign(w))
        return w

    assert outcome("l1_update", kept).status == "wrong", "λ = 0 with a gradient is a step, too"
    assert outcome("l1_update", itself).points == 1.6


def test_restoring_by_arithmetic_loses_the_unchanged_part_only():
    def answer(f, w, eps=1e-5):
        gradient = np.zeros_like(w)
        for index in np.ndindex(w.shape):
            w[index] += eps
            above = f(w)
            w[index] -= 2 * eps
            gradient[index] = (above - f(w)) / (2 * eps)
            w[index] += eps
        return gradient

    for seed in [None, *range(50)]:
        result = outcome("numerical_gradient", answer, seed)
        assert [part for part, good in result.parts.items() if not good] == [UNCHANGED]
        assert result.diagnosis == "restored by arithmetic"


def test_a_last_digit_is_allowed_in_the_step_of_the_crossing_only():
    right = ASKED["decay_path"].references[0]

    def noisy(late):
        def answer(w0, lr, lam, steps, penalty):
            path = right(w0, lr, lam, steps, penalty)
            zeros = np.flatnonzero(np.abs(path) < 1e-12)
            if penalty == "l1" and len(zeros) > late:
                path[zeros[late]] = 5e-17
            return path

        return answer

    assert outcome("decay_path", noisy(0)).status == "right"
    assert outcome("decay_path", noisy(1)).parts["exact zeros"] is False


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_explains_every_option(name):
    choice, points = CHOICES[name], compiled(name).points
    for letter, explanation in choice.options.items():
        result = outcome(name, letter)
        assert result.sentence == explanation
        assert result.points == (points if letter == choice.right else 0)
    assert outcome(name, "z").status == "wrong"
    assert outcome(name, None).status == "unanswered"
    for form in choice.references:
        assert outcome(name, form).status == "right"


@pytest.mark.parametrize("name", EVERY)
def test_the_compiled_question_survives_json(name):
    question = compiled(name)
    text = json.dumps(question.to_json(), ensure_ascii=False, allow_nan=False)
    back = Compiled.from_json(json.loads(text))
    assert json.dumps(back.to_json(), ensure_ascii=False) == text
    answers = [m.answer for m in getattr(EVERY[name][0], "misconceptions", ())]
    for answer in [*EVERY[name][0].references, *answers]:
        records = [observe(c.driver, answer, c.inputs) for c in question.cases]
        ours, theirs = judge(question, records), judge(back, records)
        assert render(ours) == render(theirs)
        assert ours.points == theirs.points


@pytest.mark.parametrize("name", EVERY)
def test_a_compiled_question_is_small_and_holds_no_code(name):
    text = json.dumps(compiled(name).to_json(), ensure_ascii=False)
    assert len(text) < 200_000
    assert not re.search(r"lambda \w+[,:]|np\.\w+\(", text)


@pytest.mark.parametrize("name", EVERY)
def test_compiling_again_gives_the_same(name):
    question, lesson = EVERY[name]
    again = compile_question(question, public_rng(question), POINTS[lesson][name], lesson)
    assert again.to_json() == compiled(name).to_json()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_hidden_cases_differ_from_the_public_ones_in_the_core(name):
    def core(question):
        first = next(iter(question.parts))
        return [repr(c.inputs) for c in question.cases if c.part == first]

    assert core(compiled(name)) != core(compiled(name, 1)) != core(compiled(name, 2))


DTYPES_IN = {"images": {"float64", "float32"}, "box_indices": {"int64"}}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_cases_keep_to_what_the_course_hands_in(name):
    def each(value):
        if isinstance(value, list):
            return [array for item in value for array in each(item)]
        return [value] if isinstance(value, np.ndarray) else []

    for seed in [None, *range(20)]:
        for case in compiled(name, seed).cases:
            values = {key: v for key, v in case.inputs.items() if key != "f"}
            for key, value in values.items():
                for array in each([value]):
                    assert array.dtype.name in DTYPES_IN.get(key, {"float64"})
                    assert array.size > 0
                    assert np.all(np.isfinite(array))
            numbers = [
                v for k, v in values.items() if k in {"lr", "lam", "tol", "eps", "threshold"}
            ]
            assert all(type(v) is float and v >= 0 for v in numbers)


@pytest.mark.parametrize("name", EVERY)
def test_a_check_is_quick(name):
    question = compiled(name)
    start = time.process_time()
    outcome(name, EVERY[name][0].references[0])
    if name in ASKED:
        outcome(name, ASKED[name].misconceptions[-1].answer)
    assert time.process_time() - start < 1.0, "a bound for slow machines; 0.02 s is usual"
    assert len(question.cases) <= 25
    assert len(question.misconceptions) <= 25


# The oracles against naive loops.

NUMBERS = st.floats(-4, 4, allow_subnormal=False).map(lambda x: round(x, 3))
WEIGHTS = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=NUMBERS)
RATES = st.floats(0, 2).map(lambda x: round(x, 3))


@st.composite
def weights_and_gradient(draw):
    w = draw(WEIGHTS)
    return w, draw(arrays(np.float64, w.shape, elements=NUMBERS))


def naive(function, *both):
    out = np.zeros(both[0].shape)
    for index in np.ndindex(out.shape):
        out[index] = function(*(array[index] for array in both))
    return out


def naive_soft(z, threshold):
    return z - threshold if z > threshold else z + threshold if z < -threshold else 0.0


@settings(max_examples=300, deadline=None)
@given(weights_and_gradient(), RATES, RATES)
def test_update_oracles_agree_with_a_loop(pair, lr, lam):
    w, grad = pair
    l1 = naive(lambda a, g: a - lr * (g + lam * ((a > 0) * 1.0 - (a < 0) * 1.0)), w, grad)
    np.testing.assert_allclose(ASKED["l1_update"].oracle(w, grad, lr, lam), l1, atol=1e-12)
    l2 = naive(lambda a, g: a - lr * (g + 2 * lam * a), w, grad)
    np.testing.assert_allclose(ASKED["l2_update"].oracle(w, grad, lr, lam), l2, atol=1e-12)
    soft = naive(lambda a, g: naive_soft(a - lr * g, lr * lam), w, grad)
    np.testing.assert_allclose(
        ASKED["proximal_l1_update"].oracle(w, grad, lr, lam), soft, atol=1e-12
    )


@settings(max_examples=300, deadline=None)
@given(weights_and_gradient(), RATES)
def test_other_oracles_agree_with_a_loop(pair, lam):
    w, other = pair
    soft = ASKED["soft_threshold"].oracle(w, lam)
    np.testing.assert_allclose(soft, naive(lambda z: naive_soft(z, lam), w), atol=1e-12)
    both = [w, other.ravel()]
    flat = [x for array in both for x in array.ravel().tolist()]
    assert math.isclose(
        ASKED["l1_penalty"].oracle(both, lam), lam * sum(map(abs, flat)), abs_tol=1e-12
    )
    squares = lam * sum(x * x for x in flat)
    assert math.isclose(ASKED["l2_penalty"].oracle(both, lam), squares, abs_tol=1e-12)
    below = sum(abs(x) < lam for x in flat) / len(flat)
    assert math.isclose(ASKED["sparsity"].oracle(both, lam), below)
    error = sum((a - b) ** 2 for a, b in zip(w.flat, other.flat, strict=True)) / w.size
    assert math.isclose(ASKED["mean_squared_error"].oracle(w, other), error, abs_tol=1e-12)


@settings(max_examples=300, deadline=None)
@given(NUMBERS, RATES, RATES, st.integers(0, 12), st.sampled_from(["l1", "l2"]))
def test_the_path_oracle_agrees_with_a_loop(w0, lr, lam, steps, penalty):
    path = [w0]
    for _ in range(steps):
        w = path[-1]
        path.append(naive_soft(w, lr * lam) if penalty == "l1" else w - 2 * lr * lam * w)
    expected = ASKED["decay_path"].oracle(w0, lr, lam, steps, penalty)
    np.testing.assert_allclose(expected, path, rtol=1e-9, atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(weights_and_gradient(), st.floats(0.01, 1), NUMBERS)
def test_the_gradient_oracle_agrees_with_a_loop(pair, eps, mixed):
    w, cubic = pair
    spec = {"cubic": cubic, "square": 0.5, "linear": -cubic, "mixed": mixed}
    f = scalar_function(spec, w.shape)
    slopes = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[index] += eps
        down[index] -= eps
        slopes[index] = (f(up) - f(down)) / (2 * eps)
    expected = ASKED["numerical_gradient"].oracle(spec, w, eps)
    np.testing.assert_allclose(expected, slopes, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["soft_threshold", "proximal_l1_update", "decay_path"])
def test_exact_zeros_are_asked_for_where_nothing_is_near_the_threshold(name):
    for seed in range(50):
        for case in compiled(name, seed).cases:
            if case.part == "exact zeros":
                assert isinstance(case.expected, Zeros)
                nearest = np.abs(case.expected.array[~case.expected.exact])
                assert np.all((nearest == 0) | (nearest > 1e-4))


# The oracles of lesson 02 against what defines a solution, and against other routes.


def problem(seed, n=7, d=3):
    rng = np.random.default_rng(seed)
    return inputs.design(rng, n, d), inputs.signed(rng, n, high=4.0), rng


@pytest.mark.parametrize("seed", range(20))
def test_the_ridge_oracle_has_no_slope_left(seed):
    X, y, rng = problem(seed, *[(7, 3), (3, 5)][seed % 2])
    lam = rng.uniform(0.1, 5)
    w = ASKED["ridge"].oracle(X, y, lam)
    np.testing.assert_allclose(2 * X.T @ (X @ w - y) + 2 * lam * w, 0, atol=1e-12)
    d2 = np.linalg.svd(X, compute_uv=False) ** 2
    factors = ASKED["shrinkage_factors"].oracle(X, lam)
    np.testing.assert_allclose(factors, d2 / (d2 + lam), rtol=1e-10)


@pytest.mark.parametrize("seed", range(20))
def test_the_lasso_oracle_meets_the_subgradient_condition(seed):
    X, y, rng = problem(seed, *[(8, 4), (3, 5)][seed % 2])
    largest = ASKED["lasso_lambda_max"].oracle(X, y)
    assert math.isclose(largest, 2 * np.max(np.abs(X.T @ y)), rel_tol=1e-12)
    lam = rng.uniform(0.02, 1.1) * largest
    w = ASKED["lasso"].oracle(X, y, lam).example
    slopes = 2 * X.T @ (X @ w - y)
    np.testing.assert_allclose(slopes[w != 0], -lam * np.sign(w[w != 0]), rtol=1e-9)
    assert np.all(np.abs(slopes[w == 0]) <= lam)
    assert np.any(w) == (lam < largest)


@settings(max_examples=200, deadline=None)
@given(arrays(np.float64, st.integers(1, 6), elements=NUMBERS), st.floats(0.05, 6))
def test_the_projections_are_nearest_points(w, radius):
    for name, order in (("project_l2_ball", 2), ("project_l1_ball", 1)):
        nearest = ASKED[name].oracle(w, radius)
        assert np.linalg.norm(nearest, order) <= radius * (1 + 1e-12)
        others = np.random.default_rng(0).normal(size=(50, len(w)))
        others *= radius / np.linalg.norm(others, order, axis=1, keepdims=True)
        corners = radius * np.eye(len(w)) if order == 1 else others
        # The angle at the nearest point to any other point of a convex set is not acute.
        assert np.all((np.vstack([others, corners, -corners]) - nearest) @ (w - nearest) <= 1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_the_minimum_in_a_ball_leads_nowhere_else(seed):
    X, y, rng = problem(seed, 8, 4)
    ball = [{"form": "discs"}, {"form": "box", "sides": np.array([1.0, 0.5, 2.0, 1.0])}][seed % 2]
    radius = rng.uniform(0.1, 1)
    w = oracles.least_in_ball(X, y, ball, radius)
    step = w - X.T @ (X @ w - y) / np.linalg.norm(X, 2) ** 2
    np.testing.assert_allclose(projection(ball, 4)(step, radius), w, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_lambda_of_a_radius_brings_the_norm_there(seed):
    X, y, rng = problem(seed)
    length = np.linalg.norm(oracles.ridge(X, y, 0.0))
    radius = length * 10 ** rng.uniform(-4, -0.01)
    ends = ASKED["ridge_lambda_for_radius"].oracle(X, y, radius)
    assert isinstance(ends, Interval)
    norms = [np.linalg.norm(oracles.ridge(X, y, lam)) / radius - 1 for lam in (ends.low, ends.high)]
    np.testing.assert_allclose(norms, [1e-8, -1e-8], rtol=1e-4)
    inside = ASKED["ridge_lambda_for_radius"].oracle(X, y, 1.5 * length)
    assert -1e-6 < inside.low < 0 < inside.high < 1e-6


@pytest.mark.parametrize("name", ["lasso", "projected_gradient_descent"])
def test_an_optimum_is_judged_as_exactly_as_the_course_says(name):
    for seed in range(20):
        for case in compiled(name, seed).cases:
            assert isinstance(case.expected, Optimum)
            example, scale = case.expected.example, np.abs(case.expected.example).max()
            assert compare(case.expected, example, 0, 0) == ""
            assert compare(case.expected, example.astype(np.float32), 0, 0) == "" or name != "lasso"
            if scale and case.inputs.get("lam", 1):
                assert compare(case.expected, example * 1.1, 0, 0)
                assert compare(case.expected, example * 0.9, 0, 0)


def test_random_lassos_keep_off_the_borderline():
    for seed in range(50):
        drawn = [c for c in compiled("lasso", seed).cases if c.inputs["X"].size >= 15]
        for case in drawn:
            X, y, lam = case.inputs.values()
            w = case.expected.example
            slopes = np.abs(2 * X.T @ (X @ w - y))
            assert np.all(slopes[w == 0] < 0.9 * lam)
        assert len(drawn) >= 6


def test_random_inputs_have_both_signs_and_few_digits():
    rng = np.random.default_rng(0)
    for shape in ((2,), (5,), (3, 4), (2, 3, 2)):
        array = inputs.signed(rng, *shape)
        assert array.shape == shape
        assert array.min() < 0 < array.max()
        assert np.all(np.abs(array) >= 0.2)
        np.testing.assert_array_equal(array, np.round(array, 2))


def test_entrywise_takes_arrays_of_one_shape():
    with pytest.raises(ValueError, match="shorter"):
        oracles.entrywise(lambda a, b: a, np.ones(2), np.ones(1))


COMMANDS = {"commands", "lab", "make"}  # these start things, and take no arrays


def things_in_utils():
    """Yield what a notebook can import from utils and call, with its place.

    Of all that is within reach where the lessons before the capstone are graded.
    """
    hidden = {"utils." + name.removesuffix(".py") for name in HIDDEN}
    for found in pkgutil.walk_packages(utils.__path__, "utils."):
        if found.name.rpartition(".")[2] not in COMMANDS and found.name not in hidden:
            module = importlib.import_module(found.name)
            for name, thing in vars(module).items():
                if callable(thing) and getattr(thing, "__module__", "") == found.name:
                    yield f"{found.name}.{name}", thing


# A progress bar that is made with arguments of another kind, as here, ends badly before tqdm 4.70.
@pytest.mark.filterwarnings("ignore:Exception ignored in. .function tqdm")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_in_utils_answers_a_question(name):
    question = compiled(name)
    things = dict(things_in_utils())
    assert len(things) > 200
    for place, thing in things.items():
        records = [observe(case.driver, thing, case.inputs) for case in question.cases[:3]]
        if any("value" in record for record in records):
            assert outcome(name, thing).points == 0, place
