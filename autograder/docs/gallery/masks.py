"""Dropout on the inputs of a linear model as ridge: lesson 4, by enumerating every mask."""

from functools import cache
from itertools import product

import numpy as np

from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.svg import drawn
from utils import figures

__all__ = ["EXACT", "all_masks", "exhibits", "gaps"]

EXACT = 1e-10  # relative; what sums over thousands of masks keep of 16 digits
KEEP_PROBS = (0.9, 0.5, 0.2)
SEEDS = range(5)


def all_masks(n, keep_prob):
    """Return all inverted masks of n units, (2ⁿ, n), and their probabilities, (2ⁿ,)."""
    kept = np.array(list(product((0, 1), repeat=n)))
    return kept / keep_prob, np.prod(np.where(kept, keep_prob, 1 - keep_prob), axis=1)


def problem(seed):
    """Return X (3, 4), y (3,) and weights (4,), all random."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)


def mean_losses(X, y, w, keep_prob):
    """Return E‖y − (M∘X)w‖² over all masks M, and E‖y − (R∘X)w‖² for R = pM, (2,)."""
    masks, chance = all_masks(X.size, keep_prob)
    masks = masks.reshape(-1, *X.shape)
    return [chance @ np.sum((y - (c * masks * X) @ w) ** 2, axis=1) for c in (1, keep_prob)]


def penalized_losses(X, y, w, keep_prob):
    """Return both by the formulas of the paper's section 9.1, (2,)."""
    squares = np.sum(X**2, axis=0) @ w**2
    inverted = np.sum((y - X @ w) ** 2) + (1 - keep_prob) / keep_prob * squares
    plain = np.sum((y - keep_prob * X @ w) ** 2) + keep_prob * (1 - keep_prob) * squares
    return [inverted, plain]


@cache
def gaps():
    """Return the largest gap of each statement, over all seeds and keep_prob."""
    found = [_gaps_of(*problem(seed), p) for seed in SEEDS for p in KEEP_PROBS]
    statements = (
        "the mean loss over inverted masks is ridge's",
        "the mean loss over plain masks is ridge's",
        "marginalized weights are least squares over all masks",
        "dropout_moments are mean and variance over the masks",
    )
    return dict(zip(statements, np.max(found, axis=0).tolist(), strict=True))


def _gaps_of(X, y, w, keep_prob):
    counted, formula = mean_losses(X, y, w, keep_prob), penalized_losses(X, y, w, keep_prob)
    marginalized = answers("04_dropout").marginalized_dropout_weights(X, y, keep_prob)
    best = _best_over_masks(X, y, keep_prob)
    return (
        *(abs(a / b - 1) for a, b in zip(counted, formula, strict=True)),
        np.abs(best / marginalized - 1).max(),
        _gap_of_moments(X, keep_prob),
    )


def _best_over_masks(X, y, keep_prob):
    """Return the least-squares weights of all masked copies of the data, each by its chance."""
    masks, chance = all_masks(X.size, keep_prob)
    root = np.sqrt(chance)[:, None]
    rows = root[:, :, None] * masks.reshape(-1, *X.shape) * X
    return np.linalg.lstsq(rows.reshape(-1, X.shape[1]), (root * y).ravel(), rcond=None)[0]


def _gap_of_moments(X, keep_prob):
    masks, chance = all_masks(X.size, keep_prob)
    outputs = masks * X.ravel()
    mean = chance @ outputs
    variance = chance @ (outputs - mean) ** 2
    moments = answers("04_dropout").dropout_moments(X, keep_prob)
    return max(
        np.abs(ours.ravel() - theirs).max()
        for ours, theirs in zip(moments, (mean, variance), strict=True)
    )


def exhibits():
    """Return the identity."""
    claims = {statement: gap < EXACT for statement, gap in gaps().items()}
    ridge, dropout = _shares(np.array([0.1, 1.0, 10.0]))
    claims["ridge shrinks a longer column less"] = bool(np.all(np.diff(ridge) > 0))
    claims["dropout leaves 0.8"] = bool(np.abs(dropout - 0.8).max() < 1e-12)
    values = {"dropout_cases": str(len(SEEDS) * len(KEEP_PROBS))}
    picture = drawn(_draw, size=(10, 3.6), title="Dropout and ridge", columns=2)
    return [Exhibit(values, {"dropout_ridge": picture}, claims)]


def _shares(lengths):
    """Return what ridge and dropout leave of a weight as its column gets longer, (2, n)."""
    ridge = answers("02_constraint_geometry").ridge
    dropout = answers("04_dropout").marginalized_dropout_weights
    columns = [np.diag([1.0, length]) for length in lengths]
    fits = ((ridge, 0.25), (dropout, 0.8))
    return np.array([[fit(X, X @ np.ones(2), s)[1] for X in columns] for fit, s in fits])


def _draw(axes):
    _draw_losses(axes[0])
    lengths = np.geomspace(0.1, 10, 41)
    for line, name, look in zip(
        _shares(lengths), ("ridge", "dropout"), ("l2", "train"), strict=True
    ):
        axes[1].plot(lengths, line, label=name, **figures.series_style(look))
    axes[1].set(xscale="log", xlabel="length of the column", ylabel="share of the weight left")
    axes[1].set(ylim=(0, 1.05), title="Dropout adapts to the column")
    for ax in axes:
        figures.label_lines(ax)


def _draw_losses(ax):
    X, y, w = problem(0)
    keeps, few = np.linspace(0.15, 1, 60), np.linspace(0.2, 1, 9)
    lines = np.array([penalized_losses(X, y, w, p) for p in keeps]).T
    rings = np.array([mean_losses(X, y, w, p) for p in few]).T
    names = {"inverted masks": "l2", "plain masks": "plain"}
    for (name, look), line, ring in zip(names.items(), lines, rings, strict=True):
        ax.plot(keeps, line, label=name, **figures.series_style(look))
        ax.plot(few, ring, "o", color=figures.INK, fillstyle="none", label="_")
    ax.set(xlabel="keep_prob p", ylabel="mean loss", title="Rings: 4,096 masks; lines: ridge")
