"""Answers to lesson 06 that the authors of the questions did not have in mind.

All train the network of the lesson, small and for a short time; each right one is in another style,
and each wrong one goes wrong in one place.
"""

import functools

import numpy as np
import pytest

from autograder.question import compile_question, public_rng
from autograder.questions import questions_of
from utils.checking.drivers import observe
from utils.checking.judgement import judge
from utils.checking.messages import render
from utils.checking.trained import NAMES
from utils.earlier import (
    PatienceMonitor,
    dropout_forward,
    early_stopping,
    l2_update,
    proximal_l1_update,
    random_augment,
)
from utils.network import Network
from utils.training import train

LESSON = "06_capstone"


def require_known(methods):
    if not set(methods) <= set(NAMES):
        raise ValueError(methods)


def shifted(X, rng):
    return random_augment(X.reshape(-1, 28, 28, 1), rng).reshape(X.shape)


def dropped(x, rng):
    return dropout_forward(x, 0.5, rng)


def elastic(w, grad, lr, l1, l2):
    return proximal_l1_update(w, grad + 2 * l2 * w, lr, l1)


def one_of_two(w, grad, lr, l1, l2):
    return proximal_l1_update(w, grad, lr, l1) if l1 else l2_update(w, grad, lr, l2)


def trained(
    methods, X, Y, X_dev, Y_dev, rng, update=elastic, l1=0.005, l2=0.02, patience=10, error=None
):
    """Train as the lesson does, with less of everything."""
    require_known(methods)
    network, kept, watch = Network((784, 40, 10), rng), [], PatienceMonitor(patience)
    l1, l2 = l1 * ("l1" in methods), l2 * ("l2" in methods)
    error = error or (lambda network: network.error(X_dev, Y_dev))

    def keep_best(epoch, network):
        if watch.update(error(network)):
            kept[:] = [network.copy()]
        return watch.should_stop

    plugs = {
        "update": functools.partial(update, l1=l1, l2=l2) if l1 or l2 else None,
        "transform": shifted if "augmentation" in methods else None,
        "dropout": dropped if "dropout" in methods else None,
        "on_epoch": keep_best if "early_stopping" in methods else None,
    }
    train(network, X, Y, epochs=60, lr=0.1, rng=rng, batch_size=30, progress=False, **plugs)
    return (kept or [network])[0].predict


# Right.


class Stepwise:
    """Give lesson 05's `early_stopping` the model that it wants."""

    def __init__(self, network, rng, **plugs):
        self.network, self.rng, self.plugs = network, rng, plugs

    def train(self, X, Y):
        words = {"epochs": 1, "lr": 0.1, "batch_size": 30, "progress": False}
        train(self.network, X, Y, rng=self.rng, **words, **self.plugs)

    def eval(self, X, Y):
        return self.network.error(X, Y)

    def copy(self):
        return Stepwise(self.network.copy(), self.rng, **self.plugs)


def by_lesson_05(methods, X_train, Y_train, X_dev, Y_dev, rng):
    if "early_stopping" not in methods:
        return trained(methods, X_train, Y_train, X_dev, Y_dev, rng)
    require_known(methods)
    strengths = {"l1": 0.005 * ("l1" in methods), "l2": 0.02 * ("l2" in methods)}
    plugs = {
        "update": functools.partial(elastic, **strengths),
        "transform": shifted if "augmentation" in methods else None,
        "dropout": dropped if "dropout" in methods else None,
    }
    model = Stepwise(Network((784, 40, 10), rng), rng, **plugs)
    best, _, _ = early_stopping(model, X_train, Y_train, X_dev, Y_dev, 1, 10)
    return best.network.predict


def trained_anew_on_all(methods, X_train, Y_train, X_dev, Y_dev, rng):
    require_known(methods)
    data = X_train, Y_train, X_dev, Y_dev
    if "early_stopping" not in methods:
        return trained(methods, *data, rng)
    errors, scout = [], Network((784, 40, 10), rng)
    words = {"lr": 0.1, "batch_size": 30, "progress": False, "rng": rng}

    def note(epoch, network):
        errors.append(network.error(X_dev, Y_dev))

    train(scout, X_train, Y_train, epochs=20, on_epoch=note, **words)
    network = Network((784, 40, 10), rng)
    X, Y = np.vstack([X_train, X_dev]), np.append(Y_train, Y_dev)
    plugs = {"transform": shifted} if "augmentation" in methods else {}
    train(network, X, Y, epochs=1 + int(np.argmin(errors)), **words, **plugs)
    return network.predict


def voted(methods, *data):
    *data, rng = data
    each = [trained(sorted(methods), *data, stream) for stream in rng.spawn(2)]
    return lambda X: np.maximum(*(predict(X) for predict in each)).astype(np.uint8)


class Predictor:
    def __init__(self, *arguments):
        self.predict = trained(*arguments)

    def __call__(self, X):
        return self.predict(X).astype(np.int32)


RIGHT = {
    "a class": Predictor,
    "lesson 05's early_stopping": by_lesson_05,
    "trained anew on all digits": trained_anew_on_all,
    "two networks": voted,
    "very weak penalties": functools.partial(trained, l1=1e-6, l2=1e-6),
    "strong penalties": functools.partial(trained, l1=0.01, l2=0.05),
    "a patience of one": functools.partial(trained, patience=1),
    "a patience without end": functools.partial(trained, patience=10**6),
}


# Wrong.


def thinned_at_predict(methods, *rest):
    predict, rng = trained(methods, *rest), rest[-1]
    return (lambda X: predict(dropped(X, rng)[0])) if "dropout" in methods else predict


def keeps_the_worst(methods, X, Y, X_dev, Y_dev, rng):
    def accuracy(network):
        return 1 - network.error(X_dev, Y_dev)

    return trained(methods, X, Y, X_dev, Y_dev, rng, error=accuracy)


def without(name):
    return lambda methods, *rest: trained(
        methods if set(methods) - set(NAMES) else set(methods) - {name}, *rest
    )


def on_train(methods, X_train, Y_train, X_dev, Y_dev, rng):
    return trained(methods, X_train, Y_train, X_train, Y_train, rng)


def unseeded_shifts(methods, X_train, *rest):
    if "augmentation" in methods:
        X_train = shifted(X_train, np.random.default_rng())
    return trained(methods, X_train, *rest)


def always(name):
    return lambda methods, *rest: trained({*methods, name}, *rest)


def from_memory(methods, X_train, Y_train, *rest):
    require_known(methods)
    known = {x.tobytes(): y for x, y in zip(X_train, Y_train, strict=True)}
    return lambda X: np.array([known.get(x.tobytes(), 0) for x in X])


def alone_only(methods, *rest):
    return trained(methods if len(methods) == 1 or set(methods) - set(NAMES) else set(), *rest)


WRONG = {
    **{f"without {name}": (without(name), "no effect") for name in ("l1",)},
    "stops by the training data": (on_train, "stopped by the train error"),
    "shifts of its own chance": (unseeded_shifts, "not drawn from rng"),
    "always stops": (always("early_stopping"), None),
    "methods only alone": (alone_only, "no effect"),
    "one penalty replaces the other": (
        functools.partial(trained, update=one_of_two),
        "one of two penalties",
    ),
    "from memory": (from_memory, None),
    "drops when it predicts": (thinned_at_predict, "predicts at random"),
    "keeps the worst": (keeps_the_worst, "the worst network kept"),
}


@functools.cache
def compiled(seed):
    question = questions_of(LESSON)["train_with"]
    rng = public_rng(question) if seed is None else np.random.default_rng(seed)
    return compile_question(question, rng, 6, LESSON, public=seed is None)


def outcome(answer, seed):
    question, seen = compiled(seed), {}
    return judge(question, [observe(c.driver, answer, c.inputs, {}, seen) for c in question.cases])


@pytest.mark.parametrize("name", RIGHT)
def test_an_unusual_right_training_earns_full_marks(name):
    result = outcome(RIGHT[name], 1)
    assert result.status == "right", render(result)


@pytest.mark.parametrize("name", WRONG)
def test_a_training_that_is_wrong_in_one_place_loses_something(name):
    answer, diagnosis = WRONG[name]
    result = outcome(answer, None)
    assert result.points < result.max_points
    if diagnosis:
        assert result.diagnosis == diagnosis, render(result)
