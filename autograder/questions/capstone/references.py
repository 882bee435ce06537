"""Right answers to lesson 06, as different as students write them.

`by_the_loop` plugs the methods into the course's own training; `by_hand` returns answers in plain
NumPy: other depths, other optimizers, batches or all data at once.
"""

from itertools import pairwise

import numpy as np

from utils.checking.trained import NAMES
from utils.network import Network
from utils.training import train

SIDE = 28
LAM = {"l1": 2e-4, "l2": 5e-3}
KEEP, MOST = 0.5, 2  # of dropout; pixels of a shift


def require_known(methods):
    """Raise a ValueError where a name is none of the five."""
    unknown = sorted(set(methods) - set(NAMES))
    if unknown:
        raise ValueError(f"methods must be among {', '.join(NAMES)}; {unknown[0]!r} is not")


def by_the_loop(
    methods, X_train, Y_train, X_dev, Y_dev, rng, steps=2_000, size=(784, 100, 10), lam=LAM
):
    """Train with `utils.training.train`, keep the best network where dev data stop it."""
    require_known(methods)
    network, best = Network(size, rng), [None, np.inf]

    def keep_the_best(epoch, current):
        error = current.error(X_dev, Y_dev)
        if error < best[1]:
            best[:] = current.copy(), error

    batches = -(-len(X_train) // 50)
    plugs = {
        "update": _update(methods, lam) if {"l1", "l2"} & methods else None,
        "transform": shifted if "augmentation" in methods else None,
        "dropout": dropped if "dropout" in methods else None,
        "on_epoch": keep_the_best if "early_stopping" in methods else None,
    }
    epochs = max(1, steps // batches)
    train(network, X_train, Y_train, epochs=epochs, lr=0.1, rng=rng, progress=False, **plugs)
    return network.predict if best[0] is None else best[0].predict


def _update(methods, lam):
    def update(w, grad, lr):
        if "l2" in methods:
            grad = grad + 2 * lam["l2"] * w
        w = w - lr * grad
        return _nearer_to_0(w, lr * lam["l1"]) if "l1" in methods else w

    return update


def _nearer_to_0(w, step):
    return np.sign(w) * np.maximum(np.abs(w) - step, 0)


def shifted(X, rng):
    """Shift each image by up to two pixels."""
    images = np.pad(X.reshape(-1, SIDE, SIDE), [(0, 0), (MOST, MOST), (MOST, MOST)])
    starts = rng.integers(0, 2 * MOST + 1, (len(X), 2))
    pairs = zip(images, starts, strict=True)
    return np.array([i[a : a + SIDE, b : b + SIDE] for i, (a, b) in pairs]).reshape(len(X), -1)


def dropped(x, rng):
    """Drop half of the units."""
    mask = (rng.random(x.shape) < KEEP) / KEEP
    return x * mask, mask


def by_hand(hidden=(), batch=50, steps=600, lr=0.1, adam=False):
    """Return an answer in plain NumPy: tanh units, a softmax, full batches where `batch` is 0."""

    def train_with(methods, X_train, Y_train, X_dev, Y_dev, rng):
        require_known(methods)
        X_train, X_dev = X_train.astype(np.float32), X_dev.astype(np.float32)
        sizes = (X_train.shape[1], *hidden, 10)
        w = [rng.normal(0, i**-0.5, (i, j)) for i, j in pairwise(sizes)]
        w = [each.astype(np.float32) for each in w]
        if not hidden:
            w = [0 * w[0]]
        moments, best = [[0 * a, 0 * a] for a in w], (np.inf, w)
        for step in range(1, steps + 1):
            rows = rng.permutation(len(X_train))[: batch or len(X_train)]
            X = shifted(X_train[rows], rng) if "augmentation" in methods else X_train[rows]
            slopes = _slopes(w, X, Y_train[rows], "dropout" in methods and rng)
            each = zip(w, slopes, moments, strict=True)
            w = [_step(*one, methods, step, lr, adam) for one in each]
            if "early_stopping" in methods and step % 5 == 0:
                error = np.mean(_layers(w, X_dev)[-1].argmax(axis=1) != Y_dev)
                best = (error, w) if error < best[0] else best
        kept = best[1] if "early_stopping" in methods else w
        return lambda X: _layers(kept, X.astype(np.float32))[-1].argmax(axis=1)

    return train_with


def _layers(w, X, rng=None):
    """Return the input of each layer and the scores; units of all inputs are dropped by `rng`."""
    layers = [X]
    for place, each in enumerate(w):
        if rng:
            keep = 0.8 if place == 0 else KEEP
            layers[-1] = layers[-1] * (rng.random(layers[-1].shape, np.float32) < keep) / keep
        z = layers[-1] @ each
        layers.append(z if place == len(w) - 1 else np.tanh(z))
    return layers


def _slopes(w, X, Y, rng):
    *inputs, scores = _layers(w, X, rng)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    delta = (p / p.sum(axis=1, keepdims=True) - np.eye(10, dtype=np.float32)[Y]) / len(Y)
    slopes = []
    for each, x in zip(reversed(w), reversed(inputs), strict=True):
        slopes.insert(0, x.T @ delta)
        delta = (delta @ each.T) * np.where(x == 0, 0, 1 - np.clip(x, -1, 1) ** 2)
    return slopes


def _step(w, slope, moments, methods, step, lr, adam):
    if "l2" in methods:
        slope = slope + 2 * LAM["l2"] * w
    if adam:
        moments[0] = 0.9 * moments[0] + 0.1 * slope
        moments[1] = 0.999 * moments[1] + 0.001 * slope**2
        unbiased = [moments[0] / (1 - 0.9**step), moments[1] / (1 - 0.999**step)]
        slope = unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    w = w - lr * slope
    return _nearer_to_0(w, lr * LAM["l1"]) if "l1" in methods else w


def by_a_short_loop(methods, X_train, Y_train, X_dev, Y_dev, rng):
    """Train for fewer steps."""
    return by_the_loop(methods, X_train, Y_train, X_dev, Y_dev, rng, steps=600)


def by_random_features(methods, X_train, Y_train, X_dev, Y_dev, rng, units=400):
    """Fit a ridge on random features at once: an L2 penalty as small as may be where none is named.

    Early stopping is that of gradient descent on a quadratic, the penalty with the least dev error.
    """
    require_known(methods)
    X, Y = X_train, np.eye(10)[Y_train]
    if "augmentation" in methods:
        X, Y = np.vstack([X, *(shifted(X, rng) for _ in range(4))]), np.tile(Y, (5, 1))
    draw = rng.normal(0, 0.7, (_shrunk(X).shape[1], units))
    features = np.tanh(_shrunk(X) @ draw)
    if "dropout" in methods:
        features = dropped(features, rng)[0]
    lams = np.geomspace(1e-6, 1e4, 5) if "early_stopping" in methods else [1e-6]
    found, more = [], 1.0 if "l2" in methods else 0.0
    for lam in lams:
        square = features.T @ features + (lam + more) * np.eye(units)
        w = np.linalg.solve(square, features.T @ Y)
        w = _nearer_to_0(w, 0.01) if "l1" in methods else w
        scores = np.tanh(_shrunk(X_dev) @ draw) @ w
        found.append((np.mean(scores.argmax(axis=1) != Y_dev), w))
    w = min(found, key=lambda pair: pair[0])[1]
    return lambda X: (np.tanh(_shrunk(X) @ draw) @ w).argmax(axis=1)


def _shrunk(X):
    """Return images of 7 × 7 pixels, each the mean of 16."""
    return X.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(len(X), -1)


REFERENCES = (
    by_a_short_loop,
    by_hand((64,), batch=0, steps=150, lr=0.01, adam=True),
    by_hand((48, 32), batch=32, steps=500),
    by_hand((), batch=0, steps=300, lr=0.5),
    by_random_features,
)
