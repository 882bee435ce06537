"""Other ways to lesson 06's digits, which the study compares with the mixes of the course.

Each takes a `Task` and a generator and returns labels for `X_test`. Some are naive, some are
library models, and some bring along what a student should not have: all digits with their labels,
or a network trained on them.
"""

from functools import cache, partial

import numpy as np
from scipy.optimize import linear_sum_assignment

from autograder.questions.capstone.references import by_hand, by_the_loop, dropped, shifted
from autograder.questions.capstone.task import SIDE
from utils.data import load_mnist
from utils.images import warp
from utils.network import Network
from utils.training import train

ANGLES = range(0, 360, 10)
SYMMETRIES = [(angle, mirrored) for angle in (0, 90, 180, 270) for mirrored in (False, True)]
ALL_ANGLES = [(angle, mirrored) for angle in ANGLES for mirrored in (False, True)]
TRIED = 200  # dev digits with which a turn is chosen


def mixed(*methods, **settings):
    """Return an answer that trains with these methods on the training set."""

    def answer(task, rng):
        data = task.X_train, task.Y_train, task.X_dev, task.Y_dev
        return by_the_loop(set(methods), *data, rng, **settings)(task.X_test)

    return answer


def on_all(train_regularized):
    """Return an answer of `train_regularized`, which may train on the dev set, too."""

    def answer(task, rng):
        data = task.X_train, task.Y_train, task.X_dev, task.Y_dev
        return train_regularized(*data, rng)(task.X_test)

    return answer


def with_dev(*methods, **settings):
    """Return an answer that trains with these methods on training and dev set together."""

    def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
        X, Y = np.vstack([X_train, X_dev]), np.append(Y_train, Y_dev)
        return by_the_loop(set(methods), X, Y, X_dev, Y_dev, rng, **settings)

    return on_all(train_regularized)


def on_dev(task, rng):
    """Train plainly on the dev set alone."""
    data = task.X_dev, task.Y_dev, task.X_dev, task.Y_dev
    return by_the_loop(set(), *data, rng)(task.X_test)


def with_adam(task, rng):
    """Train plainly with Adam."""
    data = task.X_train, task.Y_train, task.X_dev, task.Y_dev
    return by_hand((100,), steps=2_000, lr=1e-3, adam=True)(set(), *data, rng)(task.X_test)


def averaged(methods=(), networks=5, **settings):
    """Return an answer by the vote of several networks, trained with these methods."""

    def answer(task, rng):
        each = mixed(*methods, **settings)
        votes = np.stack([np.eye(10)[each(task, rng)] for _ in range(networks)])
        return votes.sum(axis=0).argmax(axis=1)

    return answer


def tuned(X_train, Y_train, X_dev, Y_dev, rng):
    """Train as well as the course allows: all data, augmentation, dropout, smaller last steps."""
    X, Y = np.vstack([X_train, X_dev]), np.append(Y_train, Y_dev)
    images, n = X.reshape(-1, SIDE, SIDE, 1), len(X)
    turned = [warp(images, rng.uniform(-8, 8, n), rng.uniform(0.92, 1.08, n)) for _ in range(5)]
    X, Y = np.vstack([X, *(each.reshape(n, -1) for each in turned)]), np.tile(Y, 6)
    network = Network((X.shape[1], 300, 10), rng)
    plugs = {"transform": shifted, "dropout": dropped, "batch_size": 50, "progress": False}
    for epochs, lr in ((9, 0.1), (3, 0.02)):
        train(network, X, Y, epochs=epochs, lr=lr, rng=rng, **plugs)
    return network.predict


# ---- library models ----


def fitted(name):
    """Return an answer by a model of scikit-learn."""

    def answer(task, rng):
        return (
            _models(int(rng.integers(2**31)))[name]()
            .fit(task.X_train, task.Y_train)
            .predict(task.X_test)
        )

    return answer


def _models(seed):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    return {
        "nearest neighbor": partial(KNeighborsClassifier, 1),
        "15 nearest neighbors": partial(KNeighborsClassifier, 15),
        "logistic regression, C = 0.01": partial(LogisticRegression, C=0.01, max_iter=500),
        "support vectors": SVC,
        "random forest": partial(RandomForestClassifier, random_state=seed),
    }


# ---- what somebody brings along ----


def looked_up(turns):
    """Return an answer by the nearest of all digits, whose labels are known, after each turn."""
    return lambda task, rng: _best_of(_nearest, task, turns)


def brought(turns):
    """Return an answer by a network that was trained on all digits, after each turn."""
    return lambda task, rng: _best_of(_trained().predict, task, turns)


def tuned_further(turns, *methods):
    """Return an answer by that network, trained further with these methods on the best turn."""

    def answer(task, rng):
        network, turn, names = _trained().copy(), *_turn(_trained().predict, task, turns)
        order = np.argsort(names)
        network.weights[-1][...] = network.weights[-1][:, order]
        network.biases[-1][...] = network.biases[-1][order]
        plugs = {"transform": shifted} if "augmentation" in methods else {}
        plugs |= {"dropout": dropped} if "dropout" in methods else {}
        data = _undone(task.X_train, *turn), task.Y_train
        train(network, *data, epochs=100, lr=0.05, batch_size=50, rng=rng, progress=False, **plugs)
        return network.predict(_undone(task.X_test, *turn))

    return answer


def _best_of(predict, task, turns):
    turn, names = _turn(predict, task, turns)
    return names[predict(_undone(task.X_test, *turn))]


def _turn(predict, task, turns):
    """Return the turn after which the dev labels fit best, and the names of the digits then."""
    found = []
    for turn in turns:
        said = predict(_undone(task.X_dev[:TRIED], *turn))
        counts = np.zeros((10, 10))
        np.add.at(counts, (said, task.Y_dev[:TRIED]), 1)
        rows, names = linear_sum_assignment(-counts)
        found.append((counts[rows, names].sum(), turn, names))
    return max(found, key=lambda each: each[0])[1:]


def _undone(X, angle, mirrored):
    images = warp(X.reshape(-1, SIDE, SIDE, 1), -angle)
    return images[:, :, :: -1 if mirrored else 1].reshape(len(X), -1)


@cache
def _digits():
    mnist = load_mnist()
    X = mnist.X.astype(np.float32)
    return X, mnist.y, (X**2).sum(axis=1)


def _nearest(X):
    known, labels, squares = _digits()
    return labels[np.argmin(squares - 2 * X.astype(np.float32) @ known.T, axis=1)]


@cache
def _trained():
    """Return a network that knows the 5,000 digits, also a little turned and shifted."""
    X, y, _ = _digits()
    network = Network((X.shape[1], 200, 10), np.random.default_rng(0))

    def moved(X, rng):
        images = X.reshape(-1, SIDE, SIDE, 1)
        images = warp(images, rng.normal(0, 8, len(X)), 1.0, rng.normal(0, 1, (len(X), 2)))
        return images.reshape(X.shape)

    words = {"epochs": 80, "lr": 0.1, "batch_size": 50, "transform": moved, "progress": False}
    train(network, X, y, rng=np.random.default_rng(1), **words)
    return network
