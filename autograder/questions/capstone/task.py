"""The hidden task of lesson 06: few, partly mislabelled digits that nobody has seen before.

Each seed deals out other digits, names them anew and draws them with another pen, so that what
somebody brings along (a table of the digits, a trained network) does not fit, while the methods of
the course work as ever: the paper stays 0, and a digit that is shifted by a few pixels keeps its
label. `python -m autograder.questions.capstone.study` measures both.
"""

from dataclasses import dataclass

import numpy as np

from utils.data import flip_labels, load_mnist
from utils.images import warp

TIERS = {"bronze": 0.74, "silver": 0.79, "gold": 0.82}  # least test accuracy
N_TRAIN, N_DEV, N_TEST = 500, 300, 2_000
WRONG = 0.3  # the share of wrong labels in the training set, and in the dev set
GREYS = 15  # steps from paper to ink, few so that a file of digits is small

SIDE, DIGITS = 28, 10
TURN, SHIFT = 3.0, 0.3  # how much each digit differs: standard deviation in degrees, in pixels
BEND, WAVES = 1.0, 2  # how far the paper is bent (root mean square, pixels); half waves across it
STROKES = (0.8, 0.8, -0.8)  # how dark each stroke's three neighbors are; one is taken away
APART = (3.0, 4.0)  # pixels between a stroke and its neighbors


@dataclass(frozen=True, eq=False)
class Task:
    """Hold one task.

    Attributes
    ----------
    X_train : (500, 784) float64 array
        Digits of 28 × 28 pixels, from 0 (paper) to 1, in steps of 1/15.
    Y_train : (500,) int array
        Labels 0 to 9, of which 30 % are wrong.
    X_dev, Y_dev : arrays of 300 rows
        Others of the same kind, with as many wrong labels.
    X_test, Y_test : arrays of 2,000 rows
        Others again, all labels right; these stay with the judge.
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
        A multiple of 10.

    Returns
    -------
    Task
    """
    parts = _dealt((N_TRAIN, N_DEV, n_test), rng)
    names, redrawn = rng.permutation(DIGITS), pen(rng)
    X_train, X_dev, X_test = (redrawn(X, rng) for X, _ in parts)
    Y_train, Y_dev, Y_test = (names[y] for _, y in parts)
    return Task(X_train, _spoiled(Y_train, rng), X_dev, _spoiled(Y_dev, rng), X_test, Y_test)


def _dealt(sizes, rng):
    """Return digits and labels of each size, as many of each digit: tasks are more alike so."""
    mnist = load_mnist()
    of_each = [np.flatnonzero(mnist.y == digit) for digit in range(DIGITS)]
    piles = np.stack([rng.permutation(rows) for rows in of_each], axis=1)  # a row holds each digit
    ends = np.cumsum(sizes) // DIGITS
    dealt = [rng.permutation(pile.ravel()) for pile in np.split(piles, ends)[:-1]]
    return [(mnist.X[rows], mnist.y[rows]) for rows in dealt]


def _spoiled(labels, rng):
    """Return labels of which the same share is wrong in each class."""
    spoiled = labels.copy()
    for label in range(DIGITS):
        rows = labels == label
        spoiled[rows] = flip_labels(labels[rows], WRONG, rng)
    return spoiled


def pen(rng):
    """Draw a pen, which redraws all digits of a task in the same way.

    It turns them by any angle, mirrors them or not, bends the paper, draws three strokes beside
    each stroke, and changes how dark a grey is. Besides, each digit is turned and shifted a little.

    Returns
    -------
    callable
        ``redrawn(X, rng) -> X`` for X (n, 784) in [0, 1].
    """
    angle, mirrored = rng.uniform(0, 360), rng.random() < 0.5
    bent, stroked, gamma = _bend(rng), _strokes(rng), rng.uniform(0.8, 1.25)

    def redrawn(X, rng):
        images = X.reshape(-1, SIDE, SIDE, 1)[:, :, :: -1 if mirrored else 1]
        turns, shifts = rng.normal(0, TURN, len(X)), rng.normal(0, SHIFT, (len(X), 2))
        images = warp(images, angle + turns, shift=shifts)[..., 0]
        images = stroked(bent(images)).clip(0, 1) ** gamma
        return np.rint(images.reshape(X.shape) * GREYS) / GREYS

    return redrawn


def _bend(rng):
    """Return a function that bends images (n, 28, 28), all in the same way.

    A pixel moves by a sum of cosines with random weights, half a wave to `WAVES` half waves across
    the paper: neighbors move together.
    """
    along = np.cos(np.pi * np.outer(np.arange(WAVES + 1), np.arange(SIDE) + 0.5) / SIDE)
    weights = rng.standard_normal((2, WAVES + 1, WAVES + 1))
    weights[:, 0, 0] = 0  # else everything would be shifted
    moved = np.einsum("cij,ir,jk->crk", weights, along, along)
    moved *= BEND / np.sqrt((moved**2).mean())
    places = np.clip(np.indices((SIDE, SIDE)) + moved, 0, SIDE - 1)
    corner = np.minimum(places.astype(int), SIDE - 2)
    (down, right), (row, column) = places - corner, corner

    def bent(images):
        above = images[:, row, column] * (1 - right) + images[:, row, column + 1] * right
        below = images[:, row + 1, column] * (1 - right) + images[:, row + 1, column + 1] * right
        return above * (1 - down) + below * down

    return bent


def _strokes(rng):
    """Return a function that draws three strokes beside each, 3 to 4 pixels off, a third apart."""
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(3) / 3 + rng.uniform(-0.4, 0.4, 3)
    offsets = rng.uniform(*APART, 3) * np.stack([np.sin(angles), np.cos(angles)])
    darks = rng.permutation(STROKES)

    def stroked(images):
        edge = 4
        wide = np.pad(images, ((0, 0), (edge, edge), (edge, edge)))
        total = images.copy()
        for (down, right), dark in zip(np.rint(offsets.T).astype(int), darks, strict=True):
            rows, columns = (slice(edge - by, edge - by + SIDE) for by in (down, right))
            total += dark * wide[:, rows, columns]
        return np.abs(total)

    return stroked
