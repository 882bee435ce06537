"""Table 3.4 of The Elements of Statistical Learning: three rules for orthonormal columns."""

from functools import cache
from itertools import combinations

import numpy as np

from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.svg import drawn
from utils import figures

__all__ = ["exhibits"]

W_HAT = np.linspace(-3, 3, 61)
LAM = 1.0  # of the book, whose lasso goes with ½J
KEPT = 1.25  # what is smaller falls out of the drawn best subset


@cache
def estimates():
    """Return what `ridge` and `lasso` make of each least-squares weight, (61,) by name."""
    lesson = answers("02_constraint_geometry")
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(80, 61)))[0]
    y = Q @ W_HAT
    return {"ridge": lesson.ridge(Q, y, LAM), "lasso": lesson.lasso(Q, y, 2 * LAM)}


def exhibits():
    """Return the three rules."""
    soft = np.sign(W_HAT) * np.maximum(np.abs(W_HAT) - LAM, 0)
    claims = {
        "ridge scales orthonormal columns": _near(estimates()["ridge"], W_HAT / (1 + LAM)),
        "the lasso is the soft threshold": _near(estimates()["lasso"], soft),
        "the best subset keeps the largest": all(_keeps_largest(seed) for seed in range(3)),
    }
    picture = drawn(_draw, size=(8.4, 3.1), title="Three rules", columns=3, sharey=True)
    return [Exhibit({}, {"table_3_4": picture}, claims)]


def _near(ours, rule):
    return bool(np.abs(ours - rule).max() < 1e-12)


def _keeps_largest(seed, d=6, size=3):
    """Say whether the best of all subsets of a size keeps the largest least-squares weights."""
    ridge, rng = answers("02_constraint_geometry").ridge, np.random.default_rng(seed)
    Q, w_hat = np.linalg.qr(rng.normal(size=(12, d)))[0], rng.normal(size=d)
    y = Q @ w_hat + rng.normal(size=12)
    fits = np.zeros((20, d))
    for fit, subset in zip(fits, map(list, combinations(range(d), size)), strict=True):
        fit[subset] = ridge(Q[:, subset], y, 0.0)
    best = min(fits, key=lambda w: np.sum((y - Q @ w) ** 2))
    squares = ridge(Q, y, 0.0)
    return _near(best, squares * (np.abs(squares) >= np.sort(np.abs(squares))[-size]))


def _draw(axes):
    lines = {
        "Best subset keeps or drops": (np.where(np.abs(W_HAT) > KEPT, W_HAT, 0.0), "plain"),
        "Ridge scales": (estimates()["ridge"], "l2"),
        "Lasso moves and stops": (estimates()["lasso"], "l1"),
    }
    for ax, (title, (line, look)) in zip(axes, lines.items(), strict=True):
        ax.plot(W_HAT, W_HAT, color="#AAAAAA", linewidth=1.2, linestyle="-")
        jumps = np.flatnonzero(np.abs(np.diff(line)) > 0.5) + 1
        ax.plot(
            np.insert(W_HAT, jumps, np.nan),
            np.insert(line, jumps, np.nan),
            **figures.series_style(look),
        )
        ax.set(xlabel="ŵ", title=title, xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    axes[0].set_ylabel("weight of the method")
