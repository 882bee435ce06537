"""The questions of lesson 05: the listing with its flaws, models that follow a script, oracles."""

import copy
import itertools
import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from autograder.grading.judge import checked_record
from autograder.lesson import read_lesson
from autograder.questions import questions_of
from autograder.questions.early_stopping import listing, patience, quadratic, stopping
from autograder.questions.early_stopping.listing import FLAWED, INSIDE, MENDS, left, mended
from tests.outsiders import Outsiders
from tests.test_questions import ROOT
from utils.checking.codec import encode
from utils.checking.drivers import observe
from utils.checking.judgement import judge
from utils.checking.messages import render
from utils.checking.models import DATA, Script, ScriptedModel, arguments_of, digest

LESSON = "05_early_stopping"
ASKED = Outsiders(LESSON)
outcome = ASKED.outcome
PARTS = list(listing.fixed_listing.parts)
FLAWS = ("E1", "E2", "E3", "E4", "E5", "E6")
SUBSETS = [subset for size in range(1, 7) for subset in itertools.combinations(range(1, 7), size)]
SEEDS = (None, 0, 1, 2)


# The listing.


def failed(result):
    return [part for part, good in result.parts.items() if not good]


@pytest.mark.parametrize("flaws", SUBSETS[:-1], ids=str)
def test_each_flaw_fails_its_own_part_whatever_the_others(flaws):
    for seed in SEEDS:
        result = outcome("fixed_listing", left(*flaws), seed)
        if 1 in flaws:
            assert failed(result) == PARTS
        elif 2 in flaws:
            assert failed(result) == PARTS[1:]
        else:
            assert failed(result) == [PARTS[flaw - 1] for flaw in flaws]
        assert result.diagnosis.startswith(FLAWS[flaws[0] - 1]), "the first one is named"
        assert result.points < result.max_points


def test_the_flaws_are_met_one_at_a_time():
    met = [outcome("fixed_listing", mended(*range(1, count + 1))) for count in range(1, 7)]
    assert [result.diagnosis[:2] for result in met] == ["E2", "E3", "E4", "E5", "E6", ""]
    points = [result.points for result in met]
    assert points == sorted(points)
    assert points[0] > 0
    assert met[-1].status == "right"


@pytest.mark.parametrize("flaws", [s for s in SUBSETS if min(s) > 2], ids=str)
def test_a_return_inside_the_loop_is_named_whatever_the_other_flaws(flaws):
    for seed in SEEDS:
        result = outcome("fixed_listing", left(*flaws).replace(*INSIDE), seed)
        assert result.diagnosis.startswith("E1: return inside the loop"), flaws


def test_each_mend_fits_once():
    for wrong, _ in MENDS:
        assert FLAWED.count(wrong) == 1
    assert left() == mended(6, 5, 4, 3, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        FLAWED,
        FLAWED.strip("\n"),
        FLAWED + "\n\n",
        FLAWED.replace("\n", "  \n"),
        FLAWED.replace("\n", "\r\n"),
    ],
)
def test_an_untouched_listing_is_not_answered(text):
    result = outcome("fixed_listing", text)
    assert result.status == "unanswered"
    assert "Mend the text of fixed_listing" in render(result)


def test_a_listing_with_any_other_change_is_answered():
    for text in (FLAWED + "# a comment", FLAWED.replace("1", "2", 1), FLAWED.replace("    ", "\t")):
        assert digest(text) != digest(FLAWED)
        assert outcome("fixed_listing", text).status == "wrong"


def test_the_message_of_a_listing_names_its_line():
    text = left().replace("waited += eval_freq", "waited += eval_freq.real.imaginary")
    message = render(outcome("fixed_listing", text))
    assert "has no attribute 'imaginary'" in message
    assert "Your code stopped at line 19: waited += eval_freq.real.imaginary" in message
    message = render(outcome("fixed_listing", left(1)))
    assert "IndentationError: unindent does not match any outer indentation level" in message
    assert "line 23" in message


@pytest.mark.parametrize("answer", [3, listing, len, ["def"], b"def f(): pass"])
def test_something_else_than_a_text_is_refused_in_words(answer):
    assert "a text, in three quotes" in render(outcome("fixed_listing", answer))


def test_a_listing_leaves_no_trace():
    before = {name: array.tobytes() for name, array in DATA.items()}
    spoiled = left().replace("    step, waited", "    X_train *= 2\n    step, waited")
    assert outcome("fixed_listing", spoiled).status == "partly"
    assert {name: array.tobytes() for name, array in DATA.items()} == before
    assert outcome("fixed_listing", left()).status == "right"


def test_the_lesson_hands_out_this_listing():
    lesson = read_lesson(ROOT / "lessons" / f"{LESSON}.py", questions_of(LESSON))
    source = next(cell.source for cell in lesson.notebook.cells if cell.id == "fixed_listing")
    handed_out, solved = {}, {}
    exec(source.partition("# BEGIN SOLUTION")[0], handed_out)
    assert handed_out["fixed_listing"] == FLAWED
    exec(source, solved)
    assert outcome("fixed_listing", solved["fixed_listing"]).status == "right"


# Models that follow a script.


def model_of(errors, **numbers):
    return arguments_of({"model": stopping.scripted(errors), **numbers})


def test_a_scripted_model_follows_its_script():
    model, *data, freq, wait = model_of([9, 2, math.nan, 4], eval_freq=1, stop_wait=2)
    assert (freq, wait) == (1, 2)
    train, dev = data[:2], data[2:]
    errors = [model.eval(*dev)]
    for _ in range(5):
        assert model.train(*train) is None
        errors.append(model.eval(*dev))
    np.testing.assert_array_equal(errors, [9, 2, math.nan, 4, 4, 4])
    assert model.eval(*train) < 1
    assert all(type(error) is float for error in errors)


def test_copies_are_apart_and_shallow_ones_are_not():
    model, X, Y, *_ = model_of([3, 2, 1], eval_freq=1, stop_wait=2)
    twin, deep, alias = model.copy(), copy.deepcopy(model), copy.copy(model)
    model.train(X, Y)
    assert [repr(m) for m in (twin, deep)] == ["a model after 0 steps"] * 2
    assert repr(alias) == repr(model) == "a model after 1 step"
    assert twin.script is deep.script is model.script


@pytest.mark.parametrize(
    ("X", "Y"),
    [("X_train", "Y_dev"), ("Y_train", "X_train"), ("X_dev", "Y_train")],
)
def test_other_data_are_refused(X, Y):
    model = ScriptedModel(Script({"model": stopping.scripted([1.0])}))
    with pytest.raises(ValueError, match="it takes X_train and Y_train, or X_dev and Y_dev"):
        model.train(DATA[X], DATA[Y])
    with pytest.raises(ValueError, match="unchanged"):
        model.eval(DATA["X_dev"] + 1, DATA["Y_dev"])


def test_lists_and_other_dtypes_of_the_data_are_taken():
    model, X, Y, *_ = model_of([3, 2, 1], eval_freq=1, stop_wait=2)
    model.train(X.tolist(), Y.tolist())
    model.train(X.astype(np.float32), Y.astype(int))
    model.train(np.asfortranarray(X), tuple(Y))
    assert repr(model) == "a model after 3 steps"


def test_a_training_that_never_ends_is_stopped_soon():
    def endless(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
        while True:
            model.train(X_train, Y_train)

    def evaluates(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
        while model.eval(X_dev, Y_dev) != -1:
            pass

    start = time.perf_counter()
    for answer, method in ((endless, "train"), (evaluates, "eval")):
        message = render(outcome("early_stopping", answer))
        assert f"RuntimeError: {method} was called more than" in message
        assert "this does not end" in message
    assert time.perf_counter() - start < 5


def test_a_wrong_signature_is_shown_the_call():
    message = render(outcome("early_stopping", lambda model: None))
    call = "It is called as early_stopping(model, X_train, Y_train, X_dev, Y_dev, eval_freq,"
    assert call in message
    message = render(outcome("PatienceMonitor", lambda: None))
    assert "It is called as PatienceMonitor(patience, min_delta), in this order." in message


# Every misconception is recognised by the trusted judge, too, which sees fewer words.


@pytest.mark.parametrize("name", sorted(ASKED.functions()))
def test_the_judge_of_the_grader_recognises_each_misconception(name):
    for seed in (0, 1):
        question = ASKED.compiled(name, seed)
        for misconception in ASKED.questions[name].misconceptions:
            records = [observe(c.driver, misconception.answer, c.inputs) for c in question.cases]
            data = json.loads(json.dumps([encode(record) for record in records], allow_nan=False))
            result = judge(question, [checked_record(record, "") for record in data])
            assert result.diagnosis == misconception.name
            assert misconception.sentence.split()[0] in render(result, hidden=True)


# Oracles against other routes.

ERRORS = st.lists(
    st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, 4.0, math.inf, math.nan]), min_size=1, max_size=30
)


@settings(max_examples=300, deadline=None)
@given(ERRORS, st.integers(1, 6), st.integers(1, 12))
def test_the_walk_agrees_with_a_training(errors, eval_freq, stop_wait):
    best, best_step, step = math.inf, 0, 0
    while True:
        step += eval_freq
        error = errors[min(step, len(errors) - 1)]
        if error < best:
            best, best_step = error, step
        if step - best_step >= stop_wait:
            break
    assert stopping.walk(errors, eval_freq, stop_wait) == (best, best_step, step)
    inputs = {"model": stopping.scripted(errors), "eval_freq": eval_freq, "stop_wait": stop_wait}
    for reference in stopping.early_stopping.references:
        for driver in ("stopping", "stopping_model", "stopping_steps", "stopping_given"):
            expected = stopping._expected(driver, inputs)
            value = observe(driver, reference, inputs)["value"]
            assert repr(value) == repr(expected) or value == expected


@settings(max_examples=300, deadline=None)
@given(ERRORS, st.integers(1, 5), st.sampled_from([0.0, 0.5, 1.0]))
def test_the_monitor_oracle_agrees_with_a_monitor(errors, limit, min_delta):
    inputs = {"patience": limit, "min_delta": min_delta, "errors": errors}
    best, wait, seen = math.inf, 0, {"update": [], "best": [], "wait": [], "should_stop": []}
    for error in errors:
        better = error < best - min_delta
        best, wait = (error, 0) if better else (best, wait + 1)
        for name, value in zip(seen, (better, best, wait, wait >= limit), strict=True):
            seen[name].append(value)
    for driver, names in (
        ("monitor_best", ("update", "best")),
        ("monitor_wait", ("wait",)),
        ("monitor_stop", ("wait", "should_stop")),
    ):
        expected = patience._expected(driver, inputs)
        assert expected == {name: seen[name] for name in names}


EIGENVALUES = st.lists(st.floats(0.01, 1.9).filter(lambda h: abs(h - 1) > 1e-3), min_size=1)


@settings(max_examples=200, deadline=None)
@given(EIGENVALUES, st.floats(0.01, 5), st.integers(1, 12), st.integers(0, 10**6))
def test_the_oracles_of_the_quadratic_agree_with_closed_forms(pulls, lr, steps, seed):
    h = np.array(pulls) / lr
    goal = np.random.default_rng(seed).normal(size=len(h))
    path = quadratic.gradient_descent_path.oracle(h, goal, lr, steps)
    closed = (1 - (1 - lr * h) ** np.arange(steps + 1)[:, None]) * goal
    np.testing.assert_allclose(path, closed, rtol=1e-9, atol=1e-12)
    a = quadratic.equivalent_l2.oracle(h, lr, steps)
    reached = 1 - (1 - lr * h) ** steps
    np.testing.assert_allclose(h, reached * (h + a), rtol=1e-9)
    for weight, c, share in zip(a, h, reached, strict=True):
        root = brentq(lambda x: c - share * (c + x), -c, 1e3 / lr)  # noqa: B023
        assert math.isclose(weight, root, rel_tol=1e-6, abs_tol=1e-9 * c)


def test_no_case_costs_the_plain_formula_more_than_six_digits():
    """Of the 16 digits of 1 − (1 − lr·h)^steps as many are lost as lr·h·steps is small."""
    for seed in range(50):
        for case in ASKED.compiled("equivalent_l2", seed).cases:
            h, lr, steps = case.inputs.values()
            assert np.min(lr * h * steps) >= 1e-6


def test_random_dev_errors_have_one_best():
    for seed, freq, falls in itertools.product(range(100), (1, 2, 3), (4, 5, 6)):
        errors = stopping.drawn_errors(np.random.default_rng(seed), freq, falls)
        seen = [errors[min(step, len(errors) - 1)] for step in range(freq, 15 * freq, freq)]
        assert seen.count(min(seen)) == 1
        assert np.argmin(seen) == falls - 1
        assert errors[0] > max(seen[:falls])
        assert min(errors) > 0
        best = stopping.walk(errors, freq, 3 * freq)
        assert best[:2] == (min(seen), falls * freq)
