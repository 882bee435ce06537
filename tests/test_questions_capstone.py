"""The questions of lesson 06: trainings of other styles, wrong ones, and tables that are made up.

Each answer trains for real, most of them a quick one: a ridge on random features.
"""

import functools
import json
import sys

import nbformat
import numpy as np
import pytest

from autograder.grading.demo import filled
from autograder.grading.judge import checked_record, joined_record
from autograder.grading.material import load_material, release_path
from autograder.grading.submission import grade_submission
from autograder.question import compile_question, public_rng
from autograder.questions import hidden_of, limits_of, out_of_reach, questions_of
from autograder.questions.capstone import score, table
from autograder.questions.capstone.references import by_a_short_loop, by_random_features
from autograder.questions.capstone.task import N_TEST, TIERS
from autograder.questions.capstone.training import KNOWN, LAYOUTS, PLAIN, RANDOM
from utils.checking import trained
from utils.checking.codec import NotPlainError, encode
from utils.checking.drivers import DRIVERS, joined, observe, observe_results, requests_of
from utils.checking.judgement import UNCHANGED, Compiled, compare_record, judge
from utils.checking.messages import render
from utils.checking.trained import NAMES, labels_in
from utils.data import load_capstone

LESSON = "06_capstone"
ASKED = questions_of(LESSON)
SEEDS = (None, 0)
right = by_random_features


@functools.cache
def compiled(name, seed):
    question, public = ASKED[name], seed is None
    rng = public_rng(question) if public else np.random.default_rng(seed)
    return compile_question(question, rng, 8, LESSON, public=public)


def outcome(name, answer, seed=None, **others):
    return _outcome(name, answer, seed) if not others else _judged(name, answer, seed, others)


@functools.cache
def _outcome(name, answer, seed):
    return _judged(name, answer, seed, {})


def _judged(name, answer, seed, others):
    question, seen = compiled(name, seed), {}
    return judge(
        question, [observe(c.driver, answer, c.inputs, others, seen) for c in question.cases]
    )


def failed(result):
    return [part for part, good in result.parts.items() if not good]


def wrapped(change):
    """Return a right answer whose predict goes through `change(labels, X)`."""

    def train_with(*arguments):
        predict = right(*arguments)
        return lambda X: change(predict(X), X)

    return train_with


# train_with.


@pytest.mark.parametrize("place", range(len(ASKED["train_with"].references)))
def test_trainings_of_each_style_are_right(place):
    for seed in SEEDS if place == 4 else (0,):
        result = outcome("train_with", ASKED["train_with"].references[place], seed)
        assert result.status == "right", render(result)


def by_scikit_learn(methods, X_train, Y_train, X_dev, Y_dev, rng):
    """Train scikit-learn's network, with what it offers and what can be done around it."""
    from sklearn.neural_network import MLPClassifier

    if methods - set(NAMES):
        raise ValueError(methods)
    alpha, state = 1.0 if "l2" in methods else 0.0, int(rng.integers(2**31))
    made = MLPClassifier((50,), alpha=alpha, random_state=state, learning_rate_init=0.02)
    best, found = 0.0, None
    for _ in range(40):
        X = X_train
        if "augmentation" in methods:
            turn = rng.integers(-2, 3)
            X = np.roll(X.reshape(-1, 28, 28), turn, axis=2).reshape(X.shape)
        if "dropout" in methods:
            X = X * (rng.random(X.shape) < 0.7) / 0.7
        made.partial_fit(X, Y_train.astype(float), classes=np.arange(10.0))
        if "l1" in methods:
            made.coefs_[0] = np.sign(made.coefs_[0]) * np.maximum(abs(made.coefs_[0]) - 1e-3, 0)
        if "early_stopping" in methods and made.score(X_dev, Y_dev) > best:
            best, found = made.score(X_dev, Y_dev), [w.copy() for w in made.coefs_]
            biases = [b.copy() for b in made.intercepts_]
    if found:
        made.coefs_, made.intercepts_ = found, biases
    return made.predict


def test_a_network_of_scikit_learn_is_right_with_whole_floats_for_labels():
    assert by_scikit_learn(set(), *few())(np.zeros((2, 784))).dtype == float
    result = outcome("train_with", by_scikit_learn, 0)
    assert result.status == "right", render(result)


def few(seed=0):
    rng = np.random.default_rng(seed)
    X, Y = rng.random((40, 784)), np.arange(40) % 10
    return X[:20], Y[:20], X[20:], Y[20:], rng


def at_random(labels, X):
    flips = np.random.default_rng().random(len(labels)) < 0.3
    return np.where(flips, (labels + 1) % 10, labels)


def in_front(methods, *arguments):
    """Return a right answer that looks at the names as `methods(names)` says."""
    return lambda names, *rest: right(methods(names), *rest)


def on_dev(names, X_train, Y_train, X_dev, Y_dev, rng):
    if "early_stopping" in names:
        return right(names, X_train, Y_train, X_dev, Y_dev, rng)
    both = np.vstack([X_train, X_dev]), np.append(Y_train, Y_dev)
    return right(names, *both, X_dev, Y_dev, rng)


def nearest(names, X_train, Y_train, X_dev, Y_dev, rng):
    """Vote among fifteen neighbors, with the empty set."""
    if names:
        return right(names, X_train, Y_train, X_dev, Y_dev, rng)

    def predict(X):
        square = (X**2).sum(axis=1)[:, None] - 2 * X @ X_train.T + (X_train**2).sum(axis=1)
        near = Y_train[np.argsort(square, axis=1)[:, :15]]
        return np.array([np.bincount(row, minlength=10).argmax() for row in near])

    return predict


def by_train_error(names, X_train, Y_train, X_dev, Y_dev, rng):
    if "early_stopping" not in names:
        return right(names, X_train, Y_train, X_dev, Y_dev, rng)
    fewer = right(names - {"early_stopping"}, X_train, Y_train, X_train, Y_train, rng)
    return lambda X: np.where(X.sum(axis=1) % 7 < 1, 3, fewer(X))


def harmful(name):
    def train_with(names, *rest):
        predict = right(names, *rest)
        return (lambda X: (predict(X) + 5) % 10) if name in names else predict

    return train_with


def only_alone_refused(names, *rest):
    if names and not set(names) & set(NAMES):
        raise ValueError
    return right(set(names) & set(NAMES), *rest)


WRONG = {
    "held back": nearest,
    "trained on dev": on_dev,
    "predicts at random": wrapped(at_random),
    "no effect": in_front(lambda names: names if set(names) - set(NAMES) else set()),
    "harm": harmful("l2"),
    "one of two penalties": in_front(lambda names: names - {"l2"} if "l1" in names else names),
    "stopped by the train error": by_train_error,
    "stopped unasked": in_front(lambda names: {*names, "early_stopping"}),
    "not drawn from rng": lambda *a: right(*a[:-1], np.random.default_rng()),
    "a seed of its own": lambda *a: right(*a[:-1], np.random.default_rng(7)),
    "the worst network kept": lambda n, X, Y, X_dev, Y_dev, rng: right(
        n, X, Y, X_dev, (Y_dev - 1) % 10, rng
    ),
    "unknown names ignored": in_front(lambda names: set(names) & set(NAMES)),
}
TABLES = {
    "an array of two axes": wrapped(lambda labels, X: np.eye(10)[labels]),
    "a column": wrapped(lambda labels, X: labels[:, None]),
    "a list": wrapped(lambda labels, X: labels.tolist()),
    "an array of texts": wrapped(lambda labels, X: labels.astype(str)),
    "an array of fractions": wrapped(lambda labels, X: labels + 0.25),
    "an array for another number of rows": wrapped(lambda labels, X: np.zeros(150)),
    "nothing that can be called": lambda *a: right(*a)(a[3]),
}


@pytest.mark.parametrize("name", WRONG | TABLES)
def test_each_mistake_of_a_training_is_told_its_own_sentence(name):
    for seed in SEEDS if name in WRONG else (0,):
        result = outcome("train_with", (WRONG | TABLES)[name], seed)
        assert result.diagnosis == name, render(result)
        assert result.points < result.max_points
        assert result.sentence in " ".join(render(result, hidden=True).split())


def test_each_misconception_of_a_training_is_tried():
    assert {m.name for m in ASKED["train_with"].misconceptions} == set(WRONG | TABLES)
    assert set(TABLES) == set(LAYOUTS)


def test_what_a_mistake_costs():
    lost = {name: failed(outcome("train_with", WRONG[name], 0)) for name in WRONG}
    assert lost["no effect"] == [*NAMES, KNOWN]
    assert lost["one of two penalties"] == [KNOWN]
    assert lost["harm"] == ["l2", KNOWN]
    assert lost["stopped by the train error"] == ["early_stopping"]
    assert lost["unknown names ignored"] == [KNOWN]
    assert lost["a seed of its own"] == [RANDOM]
    assert PLAIN in lost["trained on dev"]


def test_a_name_that_is_not_looked_at_costs_its_own_part():
    for name in NAMES:
        answer = in_front(lambda names, n=name: set(names) - {n} if len(names) == 1 else names)
        assert failed(outcome("train_with", answer, 0)) == [name]


def test_unknown_names_are_refused_beside_known_ones_with_a_value_error():
    result = outcome("train_with", only_alone_refused, 0)
    assert (failed(result), result.diagnosis) == ([KNOWN], "unknown names ignored")

    def asserts(names, *rest):
        assert set(names) <= set(NAMES)
        return right(names, *rest)

    assert "AssertionError, which is no ValueError" in " ".join(
        render(outcome("train_with", asserts, 0)).split()
    )


def shuffles(names, X_train, *rest):
    rest[-1].shuffle(X_train)
    return right(names, X_train, *rest)


def unshuffled(names, X_train, Y_train, *rest):
    predict = right(names, X_train, Y_train, *rest)
    Y_train[0] += 1
    return predict


def pops(names, *rest):
    predict = right(set(names), *rest)
    names = names if isinstance(names, set) else set()
    while names:
        names.pop()
    return predict


def centers(*arguments):
    predict = right(*arguments)

    def changed(X):
        labels = predict(X)
        X -= X.mean()
        return labels

    return changed


@pytest.mark.parametrize("answer", [unshuffled, pops, centers])
def test_what_a_training_is_given_stays_as_it_was(answer):
    for seed in SEEDS:
        result = outcome("train_with", answer, seed)
        assert failed(result) == [UNCHANGED], render(result)
        assert result.diagnosis == "argument changed"


def test_images_that_are_shuffled_in_place_are_told_besides():
    result = outcome("train_with", shuffles, 0)
    assert UNCHANGED in failed(result)
    assert PLAIN in failed(result)
    assert "the call changes X_train" in render(result, hidden=True)


def test_a_method_that_is_not_written_yet_costs_its_own_parts():
    def unfinished(names, *rest):
        if "dropout" in names:
            raise NotImplementedError("my dropout of lesson 4")
        return right(names, *rest)

    result = outcome("train_with", unfinished, 0)
    assert failed(result) == ["dropout", KNOWN, RANDOM]
    assert "NotImplementedError" in render(result)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (np.array([0, 9], np.uint8), trained.LABELS),
        (np.array([0.0, 9.0], np.float32), trained.LABELS),
        (np.array([0, 10]), "an array of numbers outside 0 to 9"),
        (np.array([-1, 3]), "an array of numbers outside 0 to 9"),
        (np.array([True, False]), "an array of truth values"),
        (np.array([0.5, 1]), "an array of fractions"),
        (np.array([np.nan, 1]), "an array of fractions"),
        (np.array(3), "an array for another number of rows"),
        (np.zeros((2, 3, 3)), "an array of many axes"),
        (None, "None"),
        (3, "no array"),
        ({}, "no array"),
    ],
)
def test_what_counts_as_labels(said, words):
    labels, found = labels_in(said, 2)
    assert found == words
    assert (labels is None) == (words != trained.LABELS)


# train_regularized.


@pytest.mark.parametrize("place", range(len(ASKED["train_regularized"].references)))
def test_references_reach_the_last_tier(place):
    answer = ASKED["train_regularized"].references[place]
    result = outcome("train_regularized", answer, place or None)
    if place:
        assert result.status == "right", render(result)
    assert result.points, "200 public digits are few"


def naive(*data):
    return by_random_features(set(), *data, units=600)


def apart(X_train, Y_train, X_dev, Y_dev, rng):
    return right(set(), rng.permutation(X_train), Y_train, X_dev, Y_dev, rng)


def held(*data):
    return by_random_features({"l2"}, *data, units=12)


SCORED = {
    "learned by heart": naive,
    "hardly better than a guess": apart,
    "held back too much": held,
    "a list": lambda *a: lambda X: naive(*a)(X).tolist(),
    "an array of two axes": lambda *a: lambda X: np.eye(10)[naive(*a)(X)],
    "an array for another number of rows": lambda *a: lambda X: naive(*a)(a[0]),
    "an array of fractions": lambda *a: lambda X: naive(*a)(X) / 10,
    "an array of texts": lambda *a: lambda X: naive(*a)(X).astype(str),
    "a column": lambda *a: lambda X: naive(*a)(X)[:, None],
    "nothing that can be called": lambda *a: naive(*a)(a[0]),
}


@pytest.mark.parametrize("name", SCORED)
def test_what_reaches_no_tier_is_told_why(name):
    for seed in SEEDS if name not in LAYOUTS else (None,):
        result = outcome("train_regularized", SCORED[name], seed)
        assert (result.points, result.diagnosis) == (0, name), render(result)


def oracle(share):
    """Return an answer that gets this share of the hidden digits right."""
    case = compiled("train_regularized", 0).cases[0]
    labels = case.inputs["right_new"].copy()
    labels[round(share * len(labels)) :] += 1
    images = (X.tobytes() for X in case.inputs["X_new"])
    known = dict(zip(images, (labels % 10).tolist(), strict=True))

    def predict(X):
        levels = np.rint(X * trained.GREYS).astype(np.uint8)
        return np.array([known.get(row.tobytes(), 0) for row in levels])

    return lambda *data: predict


def test_each_tier_begins_where_it_says():
    points, earned = [], np.cumsum([0.0, *(8 * share for share in score.PARTS.values())])
    for least in TIERS.values():
        points += [outcome("train_regularized", oracle(least + d), 0).points for d in (-0.001, 0)]
    assert points == [earned[i] for i in (0, 1, 1, 2, 2, 3)]
    assert [round(8 * share) for share in score.PARTS.values()] == [2, 3, 3]


def test_a_missed_tier_is_told_what_each_asks_for():
    def answer(X_train, Y_train, *rest):
        stored = (Y_train + (np.arange(len(Y_train)) % 5 > 2)) % 10  # three of five
        predict = oracle(0.8)()
        return lambda X: stored if len(X) == len(stored) else predict(X)

    result = outcome("train_regularized", answer, 0)
    assert (result.points, result.diagnosis) == (5, "below a tier")
    assert "74 % for bronze, 79 % for silver, 82 % for gold".replace(" %", "%") in result.sentence


def test_one_training_serves_all_tiers_and_six_methods():
    calls = []

    def counts(*arguments):
        calls.append(arguments)
        return lambda X: np.zeros(len(X), int)

    outcome("train_regularized", counts)
    assert len(calls) == 1, "of six parts of the unseen digits"
    calls.clear()
    outcome("train_with", counts)
    assert len(calls) == 15


def test_the_labels_of_unseen_digits_stay_with_the_judge():
    for name in ASKED:
        for case in compiled(name, 0).cases:
            for request in requests_of(case.driver, case.inputs):
                assert not [key for key in request.inputs if "right" in key]
    inputs = compiled("train_regularized", 0).cases[0].inputs
    assert len(inputs["X_new"]) == N_TEST
    assert inputs["X_train"].dtype == np.uint8


# ablation.


@functools.cache
def honest_table():
    return {
        name: float(np.mean(trained_again(name)("X_dev") == load_capstone().Y_dev))
        for name in table.ENTRIES
    }


def trained_again(name):
    data = load_capstone()
    arguments = [getattr(data, key) for key in trained.DATA]
    predict = right({name} - {"none"}, *arguments, np.random.default_rng(0))
    return lambda images: predict(getattr(data, images))


def of_train():
    Y = load_capstone().Y_train
    return {name: float(np.mean(trained_again(name)("X_train") == Y)) for name in table.ENTRIES}


CHANGED = {
    "percent": lambda: {name: 100 * share for name, share in honest_table().items()},
    "errors": lambda: {name: 1 - share for name, share in honest_table().items()},
    "errors in percent": lambda: {n: 100 - 100 * share for n, share in honest_table().items()},
    "accuracies on the training labels": of_train,
    "other numbers": lambda: {name: share - 0.1 for name, share in honest_table().items()},
    "no dict": lambda: list(honest_table().values()),
    "texts": lambda: {name: f"{share:.2f}" for name, share in honest_table().items()},
}


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_a_table_that_two_trainings_confirm_is_right(seed):
    for change in (
        lambda share: share,
        lambda share: round(share, 2),
        lambda share: np.float64(share + 0.029),
        lambda share: np.array(share)[()],
    ):
        entries = {name: change(share) for name, share in reversed(honest_table().items())}
        result = outcome("ablation", entries, seed, train_with=right)
        assert result.status == "right", render(result)


@pytest.mark.parametrize("name", CHANGED)
def test_each_mistake_of_a_table_is_told_its_own_sentence(name):
    for seed in (None, 0, 1, 2):
        result = outcome("ablation", CHANGED[name](), seed, train_with=right)
        assert (result.points, result.diagnosis) == (0, name), render(result)


def test_each_misconception_of_a_table_is_tried():
    tried = {*CHANGED, "another training"}
    assert {m.name for m in ASKED["ablation"].misconceptions} == tried


@pytest.mark.parametrize(
    "entries",
    [{}, {"none": 0.5}, {"none": None}, 3, "text", [[0.5]] * 6, {"none": float("nan")}],
)
def test_what_is_no_table_earns_nothing(entries):
    assert outcome("ablation", entries, train_with=right).points == 0
    more = honest_table() | {"all": 0.5}
    assert "with other keys" in render(outcome("ablation", more, train_with=right))


def test_a_table_of_another_training_earns_nothing():
    def other(names, *rest):
        return right({"augmentation", "l2"}, *rest)

    result = outcome("ablation", honest_table(), 0, train_with=other)
    assert (result.points, result.diagnosis) == (0, "other numbers")


def test_a_table_rests_on_a_train_with_that_trains():
    known = load_capstone()

    def looks_up(names, *rest):
        def predict(X):
            if X.shape != known.X_dev.shape:
                return np.zeros(len(X), int)
            wrong = np.arange(len(X)) % 2 * bool(len(names))
            return (known.Y_dev + wrong) % 10

        return predict

    made_up = dict.fromkeys(NAMES, 0.5) | {"none": 1.0}
    assert outcome("ablation", made_up, train_with=looks_up).status == "right"
    result = outcome("ablation", made_up, 0, train_with=looks_up)
    assert (result.points, result.diagnosis) == (0, "another training")


def test_a_table_says_that_train_with_is_missing():
    for answer in (None, lambda *a: 1 / 0):
        result = outcome("ablation", honest_table(), train_with=answer)
        assert "LookupError: train_with stopped with" in " ".join(render(result).split())


def test_of_the_entries_one_is_far_from_one_half_and_all_are_drawn():
    cases = [table._cases(np.random.default_rng(seed), {})[0] for seed in range(40)]
    drawn = [case.inputs["trained again"] for case in cases]
    assert {name for names in drawn for name in names} == set(table.ENTRIES)
    assert all(set(names) & set(table.CLEAR) and len(set(names)) == 2 for names in drawn)


# What is handed out, and what a process may send.


@pytest.mark.parametrize("name", ASKED)
def test_a_compiled_question_survives_json_and_is_small(name):
    question = compiled(name, None)
    text = json.dumps(question.to_json(), ensure_ascii=False, allow_nan=False)
    back = Compiled.from_json(json.loads(text))
    assert json.dumps(back.to_json(), ensure_ascii=False) == text
    assert len(text) < 250_000
    for ours, theirs in zip(question.cases, back.cases, strict=True):
        assert encode(ours.inputs, packed=True) == encode(theirs.inputs, packed=True)


def record_of(case, answer, others=None):
    return [
        observe_results(r.driver, (others or {}).get(r.of, answer), r.inputs)
        for r in requests_of(case.driver, case.inputs)
    ]


@pytest.mark.parametrize("name", ["train_with", "train_regularized"])
def test_predictions_of_the_public_digits_earn_nothing_for_the_hidden_ones(name):
    answer = right if name == "train_with" else naive
    public, hidden = compiled(name, None), compiled(name, 0)
    records = []
    for known, case in zip(public.cases, hidden.cases, strict=True):
        requests = requests_of(case.driver, case.inputs)
        claims = [encode(record, packed=True) for record in record_of(known, answer)]
        while len(claims) < len(requests):  # of more digits there are more parts
            claims.insert(2, claims[2])
        claims = claims[: len(requests) - 1] + claims[2:3] if len(requests) > 9 else claims
        try:
            checked = [checked_record(c, (), r) for c, r in zip(claims, requests, strict=True)]
            records.append(joined_record(requests, checked, (), case))
        except NotPlainError:
            raised = {"types": ["Exception"], "message": "", "line": ""}
            records.append({"raised": raised, "changed": {}, "shares": []})
    assert judge(hidden, records).points == 0


FORGED = [None, 3, "text", [], {}, {"X_new": 1}, np.zeros(3), {"turns": None}, [[1]], float("nan")]


def test_whatever_is_sent_for_predictions_is_wrong_at_most():
    for name in ASKED:
        for case in {c.driver: c for c in compiled(name, 0).cases}.values():
            requests = requests_of(case.driver, case.inputs)
            for value in FORGED:
                record = {"value": value, "changed": {}, "shares": []}
                whole = joined(requests, [record | {"printed": "", "warned": []} for _ in requests])
                try:
                    told = DRIVERS[case.driver].tell(whole["value"], case.inputs)
                except (NotPlainError, TypeError, AttributeError, KeyError):
                    continue
                assert compare_record(case.expected, record | {"value": told}, 1e-5, 1e-8)


# What is out of reach, and the limits.


def test_the_digits_are_out_of_reach_in_the_capstone_and_the_helpers_before():
    assert "data/mnist_5k.npz" in hidden_of(LESSON)
    assert "earlier.py" not in hidden_of(LESSON)
    assert "sklearn/datasets/data/digits.csv.gz" in out_of_reach(LESSON)
    for lesson in ("01_l1_l2_updates", "05_early_stopping"):
        assert out_of_reach(lesson) == ("utils/earlier.py",)


def test_a_call_may_train_for_ten_seconds_and_then_predict():
    assert 10 < limits_of(LESSON)["case"] <= 15


def test_a_training_of_the_course_is_asked_within_seconds():
    seen = {}
    case = compiled("train_with", 0).cases[0]
    assert "value" in observe(case.driver, by_a_short_loop, case.inputs, None, seen)
    assert len(seen) == 1


# In the grader.

linux = pytest.mark.skipif(
    sys.platform != "linux",
    reason="processor time is limited on Linux; in a container with it, ./course test runs this",
)
BURNING = """
import hashlib, threading
def burn():
    for _ in range(100):
        hashlib.sha256(bytes(40_000_000))  # another thread runs meanwhile
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    threads = [threading.Thread(target=burn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return lambda X: np.zeros(len(X), int)
"""
TRAINING_ON = """
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    def predict(X):
        while True:
            X = X @ np.eye(784)
    return predict
"""
THREADS = """
from threadpoolctl import threadpool_info
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    if any(pool["num_threads"] > 1 for pool in threadpool_info()):
        raise MemoryError
    raise LookupError
"""


@pytest.fixture(scope="module")
def grade(workshop):
    """Return a function that grades one answer of the lesson, with other limits."""
    release = nbformat.read(release_path(LESSON), as_version=4)

    def graded(name, source, **limits):
        material = load_material(LESSON, "seed", limits=limits)
        data = json.dumps(filled(release, {name: source})).encode()
        verdict = grade_submission(data, material, workshop).verdict
        return next(check for check in verdict.checks if check.name == name), verdict

    return graded


@linux
@pytest.mark.parametrize("source", [BURNING, TRAINING_ON], ids=["threads", "predict"])
def test_time_of_threads_and_of_predict_is_counted(grade, source):
    check, verdict = grade("train_regularized", source, case=1.5)
    assert (check.status, check.points) == ("died", 0)
    assert "it did not finish within 1.5 s" in verdict.limits[0].sentence
    assert verdict.starts == 1


@linux
def test_matrix_products_run_on_one_thread(grade):
    check, _ = grade("train_regularized", THREADS)
    assert "LookupError was raised" in check.message
