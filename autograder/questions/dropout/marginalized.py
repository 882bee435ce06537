"""The question on least squares with dropout on the inputs, averaged over all masks."""

import itertools

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import design, number, signed
from utils.checking.judgement import UNCHANGED

MINIMIZER = "the minimizer"
FLAT = "n < d, collinear columns"
SURE = "keep_prob = 1"


def _cases(rng):
    def case(label, X, y, p, part=MINIMIZER):
        return Case(label, {"X": np.array(X), "y": np.array(y), "keep_prob": p}, part)

    def drawn(label, n, d, p, part=MINIMIZER):
        return case(label, design(rng, n, d), signed(rng, n, high=4.0), p, part)

    units = design(rng, 7, 3) * np.array([100.0, 1.0, 0.1])
    three = design(rng, 6, 2)
    twice = np.column_stack([three, 2 * three[:, 0]])
    return [
        case("one column, xᵀx = 9 and xᵀy = 6", [[1.0], [2.0], [2.0]], [3.0, 1.5, 0.0], 0.75),
        case("two orthogonal columns", [[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [4.0, 1.0, 7.0], 0.8),
        case("two correlated columns", [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]], [2.0, -1.0, 3.0], 0.8),
        drawn("six rows, three columns", 6, 3, number(rng, 0.6, 0.9)),
        drawn("nine rows, four columns", 9, 4, number(rng, 0.6, 0.9)),
        drawn("most are dropped", 7, 3, number(rng, 0.15, 0.35)),
        case("columns in other units", units, signed(rng, 7, high=4.0), number(rng, 0.6, 0.9)),
        case("two rows, three columns", [[1.0, 0.0, 2.0], [0.5, 1.0, 1.0]], [1.0, 3.0], 0.8, FLAT),
        case("two equal columns", [[1.0, 1.0], [2.0, 2.0], [0.5, 0.5]], [2.0, 1.0, 0.0], 0.8, FLAT),
        drawn("one row", 1, 3, number(rng, 0.6, 0.9), FLAT),
        drawn("three rows, five columns", 3, 5, number(rng, 0.6, 0.9), FLAT),
        case(
            "a column that is twice another",
            twice,
            signed(rng, 6, high=4.0),
            number(rng, 0.6, 0.9),
            FLAT,
        ),
        drawn("nothing is dropped: least squares", 7, 3, 1.0, SURE),
        drawn("nothing is dropped, as many rows as columns", 3, 3, 1.0, SURE),
    ]


def _over_all_masks(X, y, keep_prob):
    """Return argmin over w of the mean of ‖y − (M∘X)w‖² over all masks, by least squares.

    The cost is a sum over rows, and a row has 2^d masks: stacked under each other, each with the
    root of its probability, all masked rows are one problem of least squares.
    """
    rows, targets = [], []
    for kept in itertools.product([0.0, 1.0], repeat=X.shape[1]):
        chance = np.prod([keep_prob if k else 1 - keep_prob for k in kept])
        rows.append(np.sqrt(chance) * X * np.array(kept) / keep_prob)
        targets.append(np.sqrt(chance) * y)
    return np.linalg.lstsq(np.vstack(rows), np.concatenate(targets), rcond=None)[0]


def _solve(A, b):
    """Return a solution of A w = b, the shortest one where A is singular."""
    return np.linalg.lstsq(A, b, rcond=None)[0]


def _with_penalty(matrix):
    """Return the answer that adds `matrix(X, p)` to XᵀX."""
    return lambda X, y, keep_prob: _solve(X.T @ X + matrix(X, keep_prob), X.T @ y)


def _diagonal(X):
    return np.diag(np.sum(X**2, axis=0))


def _times(factor):
    """Return the answer whose penalty is `factor(p)` times diag(XᵀX)."""
    return _with_penalty(lambda X, p: factor(p) * _diagonal(X))


def _identity(factor):
    """Return the answer whose penalty is `factor(X, p)` times the identity."""
    return _with_penalty(lambda X, p: factor(X, p) * np.eye(X.shape[1]))


_right = _times(lambda p: (1 - p) / p)


def _sampled(X, y, keep_prob):
    rng = np.random.default_rng()
    masked = np.vstack([X * (rng.random(X.shape) < keep_prob) / keep_prob for _ in range(200)])
    return _solve(masked.T @ masked, masked.T @ np.tile(y, 200))


def _cost(X, y, keep_prob):
    w = _right(X, y, keep_prob)
    shrunk = (1 - keep_prob) / keep_prob * np.sum(X**2, axis=0) @ w**2
    return float(np.sum((y - X @ w) ** 2) + shrunk)


_WRONG = (
    Misconception(
        "1 - p",
        "Your penalty has the factor 1 - p. A mask entry is 1/p or 0, with the variance "
        "p(1 - p)/p²: that is (1 - p)/p.",
        _times(lambda p: 1 - p),
    ),
    Misconception(
        "p(1 - p)",
        "Your penalty has the factor p(1 - p), the variance of a mask of 0 and 1. The inverted "
        "mask is divided by p: (1 - p)/p.",
        _times(lambda p: p * (1 - p)),
    ),
    Misconception(
        "p/(1 - p)",
        "Your penalty has p/(1 - p), upside down. The less is kept, the more it has to shrink: "
        "(1 - p)/p.",
        _times(lambda p: p / (1 - p) if p < 1 else 0.0),
    ),
    Misconception(
        "1/p",
        "Your penalty has the factor 1/p, the mean square of a mask entry. XᵀX holds the square of "
        "its mean, 1, already: add the variance, 1/p - 1.",
        _times(lambda p: 1 / p),
    ),
    Misconception(
        "diagonal as a vector",
        "np.diag of a matrix is a vector, which is added to each row of XᵀX, so to all its "
        "entries. np.diag of that vector is the diagonal matrix.",
        _with_penalty(lambda X, p: (1 - p) / p * np.diag(X.T @ X)),
    ),
    Misconception(
        "plain ridge",
        "You added (1 - p)/p times the identity: plain ridge. The noise on a column is as large as "
        "the column is, so each weight has its own penalty, the diagonal of XᵀX.",
        _identity(lambda X, p: (1 - p) / p),
    ),
    Misconception(
        "all of XᵀX",
        "Your penalty has all of XᵀX, which shrinks least squares by p. Masks of two columns are "
        "independent: only the diagonal has a variance.",
        _with_penalty(lambda X, p: (1 - p) / p * X.T @ X),
    ),
    Misconception(
        "mean of the diagonal",
        "You gave all weights the same penalty, the mean of the diagonal of XᵀX. Each has its own "
        "entry.",
        _identity(lambda X, p: (1 - p) / p * np.mean(np.sum(X**2, axis=0))),
    ),
    Misconception(
        "trace",
        "You gave all weights the same penalty, the sum of the diagonal of XᵀX. Each has its own "
        "entry.",
        _identity(lambda X, p: (1 - p) / p * np.sum(X**2)),
    ),
    Misconception(
        "mean of the squares",
        "You divided the diagonal by n. The cost is a sum over the rows, and so is its noise: "
        "diag(XᵀX) as it is.",
        _with_penalty(lambda X, p: (1 - p) / p * _diagonal(X) / len(X)),
    ),
    Misconception(
        "lengths not squared",
        "Your penalty has the lengths of the columns. The diagonal of XᵀX holds their squares.",
        _with_penalty(lambda X, p: (1 - p) / p * np.sqrt(_diagonal(X))),
    ),
    Misconception(
        "variance of the columns",
        "Your penalty has the squares of the centered columns. The noise of dropout is a share of "
        "x itself, its mean included: diag(XᵀX).",
        _with_penalty(lambda X, p: (1 - p) / p * _diagonal(X - X.mean(axis=0))),
    ),
    Misconception(
        "doubled",
        "Your penalty is twice as large. The 2 of the gradient is in every term and drops out.",
        _times(lambda p: 2 * (1 - p) / p),
    ),
    Misconception(
        "halved",
        "Your penalty is half as large. The 2 of the gradient is in every term and drops out.",
        _times(lambda p: (1 - p) / p / 2),
    ),
    Misconception(
        "factor squared",
        "Your penalty has ((1 - p)/p)². The variance of a mask entry is (1 - p)/p itself.",
        _times(lambda p: ((1 - p) / p) ** 2),
    ),
    Misconception(
        "mask of 0 and 1",
        "Your weights are 1/p times the right ones: they fit masks of 0 and 1. With inverted masks "
        "the mean of M∘X is X.",
        lambda X, y, p: _right(X, y, p) / p,
    ),
    Misconception(
        "scaled by p",
        "Your weights are p times the right ones. Inverted masks have the mean 1: nothing is left "
        "to scale.",
        lambda X, y, p: _right(X, y, p) * p,
    ),
    Misconception(
        "least squares",
        "Your result does not depend on keep_prob: it is least squares. The mean over the masks "
        "adds the variance of (M∘X)w to the cost.",
        lambda X, y, p: _solve(X, y),
    ),
    Misconception(
        "sampled",
        "Two calls give two results: you average over drawn masks. The mean over all masks is "
        "exact: the cost at the mean mask plus a variance.",
        _sampled,
    ),
    Misconception(
        "off-diagonal dropped",
        "You kept only the diagonal of XᵀX on the left side. That is the penalty; the data term "
        "has all of XᵀX.",
        lambda X, y, p: X.T @ y / np.sum(X**2, axis=0) * p,
    ),
    Misconception(
        "cost",
        "You returned the least cost. Asked are the weights that have it.",
        _cost,
    ),
)


def _by_solve(X, y, keep_prob):
    A = X.T @ X
    A[np.diag_indices_from(A)] /= keep_prob
    return np.linalg.solve(A, X.T @ y)


def _by_rows(X, y, keep_prob):
    """Put a row under X for each weight: its noise."""
    noise = np.sqrt((1 - keep_prob) / keep_prob) * np.linalg.norm(X, axis=0)
    rows = np.vstack([X, np.diag(noise)])
    return np.linalg.lstsq(rows, np.append(y, np.zeros(len(noise))), rcond=None)[0]


def _by_units(X, y, keep_prob):
    """Solve plain ridge on columns of length 1."""
    lengths = np.sqrt((X**2).sum(axis=0))
    Z = X / lengths
    lam = (1 - keep_prob) / keep_prob
    return np.linalg.solve(Z.T @ Z + lam * np.eye(len(lengths)), Z.T @ y) / lengths


def _by_elements(X, y, keep_prob):
    d = X.shape[1]
    A = np.array([[X[:, i] @ X[:, j] for j in range(d)] for i in range(d)])
    for j in range(d):
        A[j, j] += (1 / keep_prob - 1) * A[j, j]
    return np.linalg.inv(A) @ (X.T @ y)


def _by_sweeps(X, y, keep_prob):
    w, squares = np.zeros(X.shape[1]), (X**2).sum(axis=0)
    for _ in range(20_000):
        before = w.copy()
        for j in range(len(w)):
            rest = y - X @ w + X[:, j] * w[j]
            w[j] = X[:, j] @ rest * keep_prob / squares[j]
        if np.abs(w - before).max() <= 1e-13 * np.abs(w).max():
            break
    return w


marginalized_dropout_weights = Question(
    "marginalized_dropout_weights",
    "Least squares with dropout on the inputs",
    _cases,
    _over_all_masks,
    driver="twice",
    parts={MINIMIZER: 0.65, FLAT: 0.15, SURE: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG,
    hint="For one row the mean of (y - Σ m_j x_j w_j)² is the square of its mean plus its "
    "variance. The mean of each m_j is 1; what is its variance, and what does it multiply? Work it "
    "out for one column of numbers.",
    references=(
        _right,
        _by_solve,
        _by_rows,
        _by_units,
        _by_elements,
        _by_sweeps,
        lambda X, y, keep_prob: (
            np.linalg.pinv(X.T @ X + (1 - keep_prob) / keep_prob * np.diag(np.diag(X.T @ X)))
            @ X.T
            @ y
        ),
    ),
)

QUESTIONS = (marginalized_dropout_weights,)
