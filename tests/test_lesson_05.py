"""The lesson on early stopping, as its solution has it: simulations, fractions, linear solves."""

import itertools
import math
from fractions import Fraction

import nbformat
import numpy as np
import pytest

from autograder.grading.material import ROOT
from autograder.questions.early_stopping.listing import FIXED, FLAWED, left, mended
from autograder.solutions import functions_of
from utils.data import flip_labels, load_diabetes, load_mnist, load_prostate, split
from utils.golden import load_golden
from utils.network import Network
from utils.training import train

LESSON = "05_early_stopping"
NAN, INF = math.nan, math.inf
DATA = ("X_train", "Y_train", "X_dev", "Y_dev")  # the models of this file look only which is which


@pytest.fixture(scope="module")
def solution():
    return nbformat.read(ROOT / "solutions" / LESSON / f"{LESSON}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def student():
    """Return what a student's notebook holds once every answer is right."""
    return functions_of(LESSON)


@pytest.fixture(scope="module")
def lesson(solution):
    """Return the functions and classes with which the lesson tries a listing."""
    names = {}
    for cell in solution.cells:
        if cell.source.startswith(("class Script", "class FreshScript", "def trial", "valley =")):
            exec(cell.source, names)
    return names


# ---- the listing


def run_tests(lesson, text):
    return [passed for _, passed, _ in lesson["six_tests"](text)]


def test_the_listing_is_the_one_that_its_question_knows(solution, student):
    cell = next(cell for cell in solution.cells if cell.id == "fixed_listing")
    names = {}
    exec(cell.source.partition("# BEGIN SOLUTION")[0], names)
    assert names["fixed_listing"] == FLAWED
    assert student["fixed_listing"] == FIXED


def test_the_fix_passes_all_six_tests(lesson, student):
    assert run_tests(lesson, student["fixed_listing"]) == [True] * 6


@pytest.mark.parametrize("flaw", range(1, 7))
def test_each_flaw_is_the_first_that_shows_once_those_before_are_mended(lesson, flaw):
    passed = run_tests(lesson, mended(*range(1, flaw)))
    assert passed.index(False) == flaw - 1


@pytest.mark.parametrize("flaw", range(3, 7))
def test_a_flaw_that_runs_fails_its_own_test_when_alone(lesson, flaw):
    assert not run_tests(lesson, left(flaw))[flaw - 1]


def test_what_the_lesson_says_of_the_flaws(lesson):
    seen = [lesson["six_tests"](mended(*range(1, n + 1))) for n in range(6)]
    assert seen[0][0][2]["fault"].startswith("IndentationError")
    assert "line 24" in seen[0][0][2]["fault"]
    assert seen[1][1][2]["fault"] == "NameError: name 'eval_every' is not defined"
    assert seen[2][2][2]["fault"].startswith("TimeoutError: no end")
    assert seen[3][3][2] == {"trained": 8, "error": 1, "step": 5, "step of the model": 8}
    assert seen[4][4][2]["trained"] == 16
    assert seen[5][5][2]["step of the model"] == 0
    inside = FIXED.replace("    return best_model", "        return best_model")
    assert lesson["trial"](inside, lesson["Script"](lesson["valley"]), stop_wait=3)["step"] == 1


# ---- early stopping against a simulation


class Acting:
    """A model whose dev error after k steps is curve[k], inf after its end; it knows its data."""

    def __init__(self, curve, log, steps=0):
        self.curve, self.log, self.steps = curve, log, steps

    def train(self, X, Y):
        assert DATA[:2] == (X, Y)
        self.steps += 1
        self.log.append(self.steps)

    def eval(self, X, Y):
        assert DATA[2:] == (X, Y)
        return self.curve[self.steps] if self.steps < len(self.curve) else INF

    def copy(self):
        return Acting(self.curve, self.log, self.steps)


def simulate(curve, eval_freq, stop_wait):
    """Return best error, best step and last step, looking at all evaluations anew each time."""
    last, step, error = 0, 0, INF
    while last - step < stop_wait:
        last += eval_freq
        seen = range(eval_freq, last + 1, eval_freq)
        errors = [curve[k] if k < len(curve) else INF for k in seen]
        error = min((e for e in errors if not math.isnan(e)), default=INF)
        step = seen[errors.index(error)] if error < INF else 0
    return error, step, last


def random_curve(rng):
    """Return 1 to 60 errors: rising, falling, tied, with nan, inf or -inf among them."""
    length = int(rng.integers(1, 60))
    kind = rng.integers(4)
    if kind == 0:
        curve = rng.integers(0, 4, length).astype(float)  # many ties
    elif kind == 1:
        curve = np.cumsum(rng.normal(size=length))
    elif kind == 2:
        curve = np.abs(np.arange(length) - rng.integers(0, length)) + rng.normal(size=length)
    else:
        curve = rng.normal(size=length)
    strange = rng.random(length) < rng.choice([0.0, 0.2, 0.9])
    curve[strange] = rng.choice([NAN, NAN, INF], size=int(strange.sum()))
    return curve.tolist()


@pytest.mark.parametrize("block", range(10))
def test_early_stopping_on_random_curves(student, block):
    for seed in range(60 * block, 60 * block + 60):
        check_a_curve(student["early_stopping"], np.random.default_rng(seed))


def check_a_curve(early_stopping, rng):
    curve, log = random_curve(rng), []
    eval_freq, stop_wait = int(rng.integers(1, 9)), int(rng.integers(1, 25))
    model = Acting(curve, log)
    best, error, step = early_stopping(model, *DATA, eval_freq, stop_wait)
    assert (error, step, len(log)) == simulate(curve, eval_freq, stop_wait)
    assert (best.steps, model.steps) == (step, 0)
    assert best is not model
    assert log == list(range(1, len(log) + 1))  # one model is trained, straight on
    assert len(log) - step == eval_freq * math.ceil(Fraction(stop_wait, eval_freq))


def test_the_defaults_are_one_and_a_hundred(student):
    log = []
    result = student["early_stopping"](Acting([9, 5, 7], log), *DATA)
    assert (result[1:], len(log)) == ((5, 1), 101)


# ---- the monitor against a history


def fold(errors, min_delta):
    """Return best and wait after the errors, in exact fractions."""
    best, wait = None, 0
    for error in errors:
        exact = None if not math.isfinite(error) else Fraction(error)
        lower = best is None or (exact is not None and exact < best - Fraction(min_delta))
        if exact is not None and lower:
            best, wait = exact, 0
        else:
            wait += 1
    return (INF if best is None else best), wait


@pytest.mark.parametrize("block", range(10))
def test_the_monitor_on_random_errors(student, block):
    for seed in range(40 * block, 40 * block + 40):
        check_a_monitor(student["PatienceMonitor"], np.random.default_rng(seed))


def check_a_monitor(PatienceMonitor, rng):
    errors = [round(error * 8) / 8 for error in rng.normal(3, 1, size=30)]  # exact, with many ties
    errors = [float(rng.choice([error, NAN, INF], p=[0.8, 0.1, 0.1])) for error in errors]
    patience, min_delta = int(rng.integers(1, 6)), float(rng.choice([0.0, 0.125, 0.5]))
    monitor = PatienceMonitor(patience, min_delta)
    assert (monitor.best, monitor.wait, monitor.should_stop) == (INF, 0, False)
    for count, error in enumerate(errors, 1):
        before = monitor.best
        better = monitor.update(error)
        best, wait = fold(errors[:count], min_delta)
        assert (monitor.best, monitor.wait) == (best, wait)
        assert monitor.should_stop == (wait >= patience)
        assert better == (wait == 0)
        assert better or monitor.best == before


def test_the_monitor_and_the_loop_agree_where_each_step_is_evaluated(student):
    for seed in range(200):
        rng = np.random.default_rng(seed)
        curve, patience = [0.0, *random_curve(rng)], int(rng.integers(1, 20))
        monitor = student["PatienceMonitor"](patience)
        for error in itertools.chain(curve[1:], itertools.repeat(INF)):
            monitor.update(error)
            if monitor.should_stop:
                break
        loop = student["early_stopping"](Acting(curve, []), *DATA, 1, patience)
        assert loop[1] == monitor.best


def test_the_monitor_is_keras_callback_where_they_agree(student):
    golden = load_golden()
    compared = 0
    for i, errors in enumerate(golden["stopping_errors"]):
        patience, start = int(golden["stopping_patience"][i]), int(golden["stopping_start"][i])
        if math.isnan(errors[0]):
            assert np.isnan(golden["stopping_best"][i]).all()  # nothing is below its first nan
            continue
        # Keras does not look at the first epochs, and a patience of 0 acts like 1 there.
        monitor = student["PatienceMonitor"](max(patience, 1), golden["stopping_min_delta"][i])
        for epoch in range(start, len(errors)):
            monitor.update(errors[epoch])
            assert monitor.best == pytest.approx(golden["stopping_best"][i, epoch], rel=1e-6)
            assert monitor.wait == golden["stopping_wait"][i, epoch]
            assert monitor.should_stop == golden["stopping_stop"][i, epoch]
        compared += 1
    assert compared == len(golden["stopping_errors"]) - 1


# ---- the quadratic


def test_the_path_is_gradient_descent_step_by_step(student):
    for seed in range(200):
        check_a_path(student["gradient_descent_path"], np.random.default_rng(seed))


def check_a_path(gradient_descent_path, rng):
    n, steps = int(rng.integers(1, 6)), int(rng.integers(0, 40))
    h, w_star, lr = rng.uniform(0.01, 5, n), rng.normal(size=n), float(rng.uniform(0.001, 0.4))
    path = gradient_descent_path(h, w_star, lr, steps)
    assert path.shape == (steps + 1, n)
    w = np.zeros(n)
    for row in path:
        assert row == pytest.approx(w, rel=1e-9, abs=1e-12)
        w = w - lr * h * (w - w_star)


def test_the_equivalent_penalty_in_fractions(student):
    for seed in range(200):
        check_a_penalty(student["equivalent_l2"], np.random.default_rng(seed))


def check_a_penalty(equivalent_l2, rng):
    steps, lr = int(rng.integers(1, 30)), Fraction(int(rng.integers(1, 64)), 64)
    h = [Fraction(int(k), 8) for k in rng.integers(1, 8, 4)]  # lr·h below 1
    exact = [float(x * (1 - lr * x) ** steps / (1 - (1 - lr * x) ** steps)) for x in h]
    found = equivalent_l2(np.array(h, dtype=float), float(lr), steps)
    assert found == pytest.approx(exact, rel=1e-9)
    rule = 1 / (float(lr) * steps)
    if steps == 1:  # a = 1/lr − h
        assert found == pytest.approx(rule - np.array(h, dtype=float), rel=1e-9)
    assert np.all(found < rule)


def test_stopping_is_a_penalized_minimum_in_turned_directions(student):
    for seed in range(200):
        check_a_minimum(student["equivalent_l2"], np.random.default_rng(seed))


def check_a_minimum(equivalent_l2, rng):
    n, steps = int(rng.integers(2, 7)), int(rng.integers(1, 60))
    h, Q = rng.uniform(0.2, 5, n), np.linalg.qr(rng.normal(size=(n, n)))[0]
    w_star, H, w = rng.normal(size=n), (Q * h) @ Q.T, np.zeros(n)
    for _ in range(steps):
        w = w - 0.1 * H @ (w - w_star)
    lams = equivalent_l2(h, 0.1, steps) / 2
    # The minimum of ½ (w − w*)ᵀH(w − w*) + Σ λⱼ (qⱼᵀw)², in the course's convention.
    assert np.linalg.solve(H + 2 * (Q * lams) @ Q.T, H @ w_star) == pytest.approx(w, abs=1e-9)


def test_an_arrival_needs_no_penalty_and_a_jump_a_negative_one(student):
    assert student["equivalent_l2"](np.array([2.0]), 0.5, 3) == 0
    assert student["equivalent_l2"](np.array([3.0]), 0.5, 3) < 0
    assert student["equivalent_l2"](np.array([3.0]), 0.5, 4) > 0


def test_the_numbers_of_the_rule_of_thumb(student):
    h = np.arange(1.0, 6.0)
    short, long = (student["equivalent_l2"](h, 0.05, steps) for steps in (20, 100))
    assert short.round(3).tolist() == [0.559, 0.277, 0.121, 0.047, 0.016]
    assert long.max() / 0.2 < 1 / 30
    z = np.array([0.01, 0.1, 1.0, 5.0])
    quotient = student["equivalent_l2"](z, 1e-5, 100_000)
    assert quotient == pytest.approx(z / np.expm1(z), rel=1e-3)
    assert quotient[1] > 0.95
    assert 0.5 < quotient[2] < 0.6
    assert quotient[3] < 1 / 29
    assert 5 < math.log(0.75) / math.log(0.95) < 6


# ---- real data


def scaled(X):
    return (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)


def descent(X, y, lr, steps):
    w, path = np.zeros(X.shape[1]), []
    for _ in range(steps):
        path.append(w)
        w = w - lr * (-2 * X.T @ (y - X @ w))
    return np.array([*path, w])


def ridge(X, y, lam):
    return np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y)


@pytest.mark.parametrize("name", ["prostate", "diabetes"])
def test_stopping_is_ridge_with_a_price_for_each_direction(student, name):
    data = load_prostate() if name == "prostate" else load_diabetes()
    rows = data.train if data.train is not None else slice(None)
    X, y = scaled(data.X[rows]), data.y[rows] - data.y[rows].mean()
    h, V = np.linalg.eigh(2 * X.T @ X)
    path = descent(X, y, 0.5 / h.max(), 100)
    for steps in (1, 10, 100):
        lams = student["equivalent_l2"](h, 0.5 / h.max(), steps) / 2
        found = np.linalg.solve(X.T @ X + (V * lams) @ V.T, X.T @ y)
        assert found == pytest.approx(path[steps], rel=1e-8, abs=1e-8)
    assert lams.max() / lams.min() > 100
    one_price = [ridge(X, y, lam) for lam in np.geomspace(1e-2, 1e5, 200)]
    nearest = np.linalg.norm(one_price - path[10], axis=1).min()
    assert nearest > 0.03 * np.linalg.norm(ridge(X, y, 0.0))  # no single price will do


def test_the_best_points_of_both_ways_are_about_as_good():
    data = load_diabetes()
    for seed in range(20, 30):  # not the seeds of the lesson
        rows = np.random.default_rng(seed).permutation(442)
        fit, new = rows[:60], rows[60:]
        mean, scale = data.X[fit].mean(axis=0), data.X[fit].std(axis=0)
        X, X_new = (data.X[fit] - mean) / scale, (data.X[new] - mean) / scale
        y, y_new = data.y[fit] - data.y[fit].mean(), data.y[new] - data.y[fit].mean()
        ways = [
            descent(X, y, 0.5 / np.linalg.eigvalsh(2 * X.T @ X).max(), 3000),
            np.array([ridge(X, y, lam) for lam in np.geomspace(1e-2, 1e4, 300)]),
        ]
        stopped, penalized = (np.mean((y_new - way @ X_new.T) ** 2, axis=1).min() for way in ways)
        assert stopped / penalized == pytest.approx(1, abs=0.05)


# ---- wrong labels, with other seeds than the lesson's


def errors_of(seed, share):
    """Return train (40,) and whether each of 2,500 other digits is wrong after an epoch."""
    mnist, rng = load_mnist(), np.random.default_rng(seed)
    (X, y), (X_rest, y_rest) = split(mnist.X, mnist.y, (1000, 2500), rng)
    y, X_rest = flip_labels(y, share, rng), X_rest.astype(np.float32)
    track = {
        "train": lambda net: net.error(X, y),
        "wrong": lambda net: net.predict(X_rest) != y_rest,
    }
    network = Network((784, 50, 10), rng)
    record = train(
        network, X, y, epochs=40, lr=0.2, rng=rng, batch_size=50, track=track, progress=False
    )
    return np.array(record["train"]), np.array(record["wrong"])


@pytest.fixture(scope="module")
def records():
    return {share: [errors_of(seed, share) for seed in range(10, 15)] for share in (0.0, 0.12)}


def rises(records, share):
    """Return the rise of the dev error to the end, and what stopping gains on test, in points."""
    found = []
    for _, wrong in records[share]:
        dev, test = 100 * wrong[:, :500].mean(axis=1), 100 * wrong[:, 500:].mean(axis=1)
        best = dev.argmin()
        found.append((dev[-1] - dev[best], test[-1] - test[best]))
    return np.mean(found, axis=0)


def test_wrong_labels_make_the_dev_error_rise_and_right_ones_hardly(records):
    assert np.all(rises(records, 0.12) > 2)
    assert np.all(rises(records, 0.0) < 1.5)
    assert all(errors[-1] < 0.03 for runs in records.values() for errors, _ in runs)


def test_a_patience_of_one_keeps_worse_networks_than_five(student, records):
    for share in (0.0, 0.12):
        kept = {1: [], 5: []}
        for (_, wrong), patience in itertools.product(records[share], kept):
            monitor, best = student["PatienceMonitor"](patience), 0
            for epoch, dev in enumerate(wrong[:, :500].mean(axis=1)):
                best = epoch if monitor.update(dev) else best
                if monitor.should_stop:
                    break
            kept[patience].append(100 * wrong[best, 500:].mean())
        assert np.mean(kept[1]) > np.mean(kept[5]) + 1


def test_the_lowest_dev_error_is_optimistic_and_a_fixed_epoch_is_not(records):
    rng = np.random.default_rng(0)
    for size, least in ((100, 2.0), (1000, 0.1)):
        for _, wrong in records[0.12]:
            gaps = []
            for _ in range(200):
                order = rng.permutation(2500)
                dev = 100 * wrong[:, order[:size]].mean(axis=1)
                other = 100 * wrong[:, order[size:]].mean(axis=1)
                gap = other - dev
                gaps.append((gap[dev.argmin()], gap[19]))
            optimism, fixed = np.mean(gaps, axis=0)
            assert optimism > least
            assert abs(fixed) < 1
