"""The hidden task of lesson 06: few, partly mislabelled digits that nobody has seen before.

Each seed deals out other digits, names them anew and draws them anew, so that nothing brought along
(a table of the digits, a trained network) fits them, while every method of the course still works:
the paper stays 0, and a digit that is shifted by a few pixels keeps its label.
"""

from dataclasses import dataclass

import numpy as np

from utils.data import flip_labels, load_mnist, split
from utils.images import warp

TIERS = {"bronze": 0.67, "silver": 0.74, "gold": 0.80}  # least test accuracy
N_TRAIN, N_DEV, N_TEST = 500, 300, 2_000
WRONG = 0.3  # the share of wrong labels in the training set
GREYS = 255


@dataclass(frozen=True, eq=False)
class Task:
    """Hold one task.

    Attributes
    ----------
    X_train : (500, 784) float64 array
        Digits of 28 × 28 pixels, from 0 (paper) to 1, in steps of 1/255.
    Y_train : (500,) int array
        Labels 0 to 9, of which 30 % are wrong.
    X_dev, Y_dev : arrays of 300 rows
        Others of the same kind, all labels right.
    X_test, Y_test : arrays of 2,000 rows
        Others again, all labels right; they stay with the judge.
    """

    X_train: np.ndarray
    Y_train: np.ndarray
    X_dev: np.ndarray
    Y_dev: np.ndarray
    X_test: np.ndarray
    Y_test: np.ndarray


def make_task(rng, n_test=N_TEST):
    """Deal out digits, then name and draw them in a secret way.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_test : int

    Returns
    -------
    Task
    """
    mnist = load_mnist()
    parts = split(mnist.X, mnist.y, (N_TRAIN, N_DEV, n_test), rng)
    names, redrawn = rng.permutation(10), _pen(rng)
    (X_train, Y_train), (X_dev, Y_dev), (X_test, Y_test) = (
        (redrawn(X, rng), names[y]) for X, y in parts
    )
    return Task(X_train, flip_labels(Y_train, WRONG, rng), X_dev, Y_dev, X_test, Y_test)


def _pen(rng):
    """Return a function that draws digits anew, in one way that is drawn from `rng`."""
    angle, mirrored, gamma = rng.uniform(0, 360), rng.random() < 0.5, rng.uniform(0.7, 1.4)

    def redrawn(X, rng):
        images = X.reshape(-1, 28, 28, 1)[:, :, :: -1 if mirrored else 1]
        turns, shifts = rng.normal(0, 3, len(X)), rng.normal(0, 0.3, (len(X), 2))
        images = warp(images, angle + turns, shift=shifts).clip(0, 1) ** gamma
        return np.rint(images.reshape(X.shape) * GREYS) / GREYS

    return redrawn
