"""The hidden task of lesson 06, and the study that its tiers rest on."""

import json

import numpy as np
import pytest

from autograder.questions.capstone import study
from autograder.questions.capstone.task import (
    GREYS,
    N_DEV,
    N_TEST,
    N_TRAIN,
    TIERS,
    WRONG,
    make_task,
    pen,
)
from utils.data import load_mnist
from utils.earlier import random_augment

TASK = "autograder.questions.capstone.task"
SIDE = 28
PARTS = ("train", "dev", "test")


def drawn(seed=0, **sizes):
    return make_task(np.random.default_rng(seed), **sizes)


@pytest.fixture(scope="module")
def task():
    return drawn()


@pytest.fixture(scope="module")
def found():
    """The study as it is kept; every way has met its seeds."""
    return study.read()


def test_a_seed_gives_one_task_and_another_seed_another(task):
    again, other = drawn(), drawn(1)
    for name in vars(task):
        assert np.array_equal(getattr(task, name), getattr(again, name))
        assert not np.array_equal(getattr(task, name), getattr(other, name))


def test_sizes_types_and_greys(task):
    for part, n in zip(PARTS, (N_TRAIN, N_DEV, N_TEST), strict=True):
        X, Y = getattr(task, f"X_{part}"), getattr(task, f"Y_{part}")
        assert (X.shape, X.dtype, Y.shape, Y.dtype.kind) == ((n, SIDE**2), np.float64, (n,), "i")
        assert (X.min(), X.max()) == (0, 1)
        assert np.array_equal(X * GREYS, np.rint(X * GREYS))
        assert set(Y) == set(range(10))
    assert len(drawn(n_test=200).X_test) == 200


def test_no_digit_is_there_twice(task):
    X = np.vstack([task.X_train, task.X_dev, task.X_test])
    assert len(np.unique(X, axis=0)) == len(X)


def test_the_same_share_of_labels_is_wrong_and_none_of_the_test(monkeypatch):
    spoiled = drawn()
    monkeypatch.setattr(f"{TASK}.WRONG", 0.0)
    right = drawn()
    assert np.array_equal(spoiled.X_test[:, 300], right.X_test[:, 300])
    for part, n in zip(PARTS[:2], (N_TRAIN, N_DEV), strict=True):
        given, true = (getattr(each, f"Y_{part}") for each in (spoiled, right))
        assert np.sum(given != true) == round(WRONG * n)
        assert np.bincount(true).tolist() == [n // 10] * 10
    assert np.array_equal(spoiled.Y_test, right.Y_test)
    assert np.bincount(spoiled.Y_test).tolist() == [N_TEST // 10] * 10


def test_digits_are_named_anew(monkeypatch):
    monkeypatch.setattr(f"{TASK}.pen", lambda rng: lambda X, rng: X)
    mnist, names = load_mnist(), set()
    digit_of = {x.tobytes(): digit for x, digit in zip(mnist.X, mnist.y.tolist(), strict=True)}
    for seed in range(3):
        task = drawn(seed, n_test=200)
        digits = [digit_of[x.tobytes()] for x in task.X_test]
        pairs = frozenset(zip(digits, task.Y_test.tolist(), strict=True))
        assert len(pairs) == 10  # a name for each digit
        names.add(pairs)
    assert len(names) == 3


def test_the_paper_stays_white_and_a_shift_leaves_ink_on_it(task):
    blank = np.zeros((3, SIDE**2))
    rng = np.random.default_rng(0)
    for _ in range(5):
        assert not pen(rng)(blank, rng).any()
    images = task.X_train.reshape(-1, SIDE, SIDE, 1)
    moved = random_augment(images, np.random.default_rng(0), max_shift=2)
    assert (moved.sum((1, 2, 3)) / images.sum((1, 2, 3))).mean() > 0.93


def test_a_pen_draws_all_digits_in_one_way_but_for_a_jitter():
    X = load_mnist().X[:200]
    redrawn = pen(np.random.default_rng(0))
    one, two = (redrawn(X, np.random.default_rng(seed)) for seed in (1, 2))
    other = pen(np.random.default_rng(3))(X, np.random.default_rng(1))
    alike, unlike = (np.abs(one - each).mean() for each in (two, other))
    assert 0 < alike < 0.5 * unlike


def test_the_study_is_of_this_task_and_complete(found):
    kept = json.loads(study.RESULTS.read_text(encoding="utf-8"))
    assert kept["task"] == study.fingerprint()
    wanted = {name: seeds for name, (_, seeds) in study.ways().items()}
    assert {name: len(row["accuracy"]) for name, row in found.items()} == wanted


@pytest.mark.parametrize(("name", "seed"), [("none", 0), ("none", 7), (study.REFERENCE, 1)])
def test_a_row_comes_out_again(found, name, seed):
    answer, _ = study.ways()[name]
    reached, _ = study.accuracy(answer, study.FIRST + seed)
    assert reached == pytest.approx(found[name]["accuracy"][seed], abs=0.02)  # rounding, amplified


def test_no_naive_way_reaches_a_tier_and_the_reference_reaches_all(found):
    least, most = min(TIERS.values()), max(TIERS.values())
    for name in study.NAIVE:
        row = study.summary(found[name])
        assert row["seeds"] == 50
        assert row["max"] < least
        assert study.false_award(found[name], "bronze") < 0.005
    for name in (study.REFERENCE, "tuned mix"):
        row = study.summary(found[name])
        assert (row["seeds"], row["shares"][max(TIERS, key=TIERS.get)]) == (50, 1.0)
        assert row["min"] >= most


def test_what_is_brought_along_does_not_pay(found):
    honest = study.summary(found["augmentation + dropout"])["mean"]
    for name, row in found.items():
        if "table" in name or "trained network" in name:
            assert study.summary(row)["mean"] < honest
        if "table" in name or name == "trained network, 72 turns":
            assert study.summary(row)["max"] < TIERS["bronze"]


def test_a_study_that_was_stopped_goes_on(tmp_path, monkeypatch):
    asked = []

    def answer(task, rng):
        asked.append(rng)
        return task.Y_test

    path = tmp_path / "study.json"
    monkeypatch.setattr(study, "ways", lambda: {"right": (answer, 1)})
    study.run(path)
    monkeypatch.setattr(study, "ways", lambda: {"right": (answer, 3), "other": (answer, 1)})
    assert study.run(path) == study.read(path)
    assert {name: row["accuracy"] for name, row in study.read(path).items()} == {
        "right": [1.0] * 3,
        "other": [1.0],
    }
    assert len(asked) == 4


def test_a_study_of_another_task_counts_for_nothing(tmp_path):
    path = tmp_path / "study.json"
    assert study.read(path) == {}
    path.write_text('{"task": "another", "ways": {"none": {}}}', encoding="utf-8")
    assert study.read(path) == {}
