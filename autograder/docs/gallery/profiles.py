"""Figures 3.8 and 3.10 of The Elements of Statistical Learning: profiles of ridge and lasso."""

from functools import cache

import numpy as np

from autograder.docs.gallery.compare import digits, tally
from autograder.docs.gallery.exhibit import Exhibit
from autograder.docs.gallery.printed import LASSO_S, RIDGE_DF, TABLE_3_3
from autograder.docs.gallery.prostate import (
    LASSO_LAM,
    lasso_weights,
    men,
    printed_weights,
    ratio_of,
    table_comparisons,
)
from autograder.docs.gallery.svg import drawn
from autograder.docs.gallery.validation import FOLDINGS, values_of
from utils import figures

__all__ = ["exhibits"]


@cache
def ridge_path():
    """Return df(λ) and the weights of ridge by the recipe of the table, (161,) and (161, 8)."""
    m = men()
    lams = np.geomspace(1e5, 1e-2, 161)
    freedom = [m.lesson.shrinkage_factors(m.X, lam).sum() for lam in lams]
    return np.array(freedom), np.array([m.lesson.ridge(m.X, m.y, lam) for lam in lams])


@cache
def lasso_path():
    """Return s and the weights of the lasso on the table's scale, (321,) and (321, 8)."""
    w = np.array([lasso_weights(lam) for lam in np.geomspace(117, 0.01, 321)])
    return np.array([ratio_of(each) for each in w]), w


def exhibits():
    """Return the profiles of ridge and of the lasso, beside the printed weights."""
    return [_ridge(), _lasso()]


def _of_weights(methods):
    """Return the comparisons of the weights of methods, without the intercepts and the errors."""
    return tuple(
        one
        for (row, method), one in table_comparisons(TABLE_3_3).items()
        if method in methods and row in men().names
    )


# ---- Figure 3.8


def _ridge():
    compared, (freedom, path) = _of_weights(["ridge"]), ridge_path()
    values = {
        "ridge_tally": tally(compared),
        "crossing": digits(_crossing(freedom, path), 2),
        "ridge_end": digits(np.abs(path[-1] - printed_weights("least squares")).max(), 3),
        "foldings": str(FOLDINGS),
        **values_of("ridge"),
    }
    claims = {
        "lcp rises first, then falls, under ridge": _rises_and_falls(path),
        "no line leaves 0 later under ridge": bool(np.all(np.abs(path[5]) > 0)),
    }
    picture = drawn(_draw_ridge, size=(7, 4.2), title="Profiles of ridge")
    return Exhibit(values, {"figure_3_8": picture}, claims, compared)


def _crossing(freedom, path):
    """Return the degrees of freedom at which the weight of lcp falls through 0."""
    w = path[:, men().names.index("lcp")]
    k = np.flatnonzero((w[:-1] > 0) & (w[1:] <= 0))[-1]
    return freedom[k] + (freedom[k + 1] - freedom[k]) * w[k] / (w[k] - w[k + 1])


def _rises_and_falls(path):
    steps = np.diff(path[:, men().names.index("lcp")])
    top = np.flatnonzero(steps < 0)[0]
    return bool(top > 0 and np.all(steps[top:] < 0))


def _draw_ridge(ax):
    _draw_lines(ax, *ridge_path(), "l2")
    ax.axvline(float(RIDGE_DF), color=figures.COLORS["plain"], linestyle="--", linewidth=1.2)
    _tag(ax, float(RIDGE_DF), f"df = {RIDGE_DF}", side=-1)
    _draw_rings(ax, {float(RIDGE_DF): "ridge", 8: "least squares"}, key="upper left")
    ax.set(xlabel="effective degrees of freedom df(λ)", ylabel="weight", xlim=(0, 8.1))
    ax.set_title("Ridge: our lines pass through the printed weights at df = 5.0")
    figures.label_lines(ax)


# ---- Figure 3.10


def _lasso():
    compared, (_, path) = _of_weights(["least squares", "lasso"]), lasso_path()
    first = (path != 0).argmax(axis=0)
    shrinks = np.all(np.diff(np.abs(path), axis=0) >= -1e-9, axis=0)
    values = {
        "lasso_tally": tally(compared),
        "entry_order": ", ".join(men().names[j] for j in np.argsort(first)),
        "monotone": str(int(shrinks.sum())),
        **values_of("lasso"),
    }
    claims = {"lcavol is the first in the lasso": men().names[first.argmin()] == "lcavol"}
    picture = drawn(_draw_lasso, size=(7, 4.2), title="Profiles of the lasso")
    return Exhibit(values, {"figure_3_10": picture}, claims, compared)


def _draw_lasso(ax):
    ours, book = ratio_of(lasso_weights(LASSO_LAM)), float(LASSO_S)
    _draw_lines(ax, *lasso_path(), "l1")
    ax.axvline(book, color=figures.COLORS["plain"], linestyle="--", linewidth=1.2)
    ax.axvline(ours, color=figures.COLORS["l1"], linewidth=1.2)
    _tag(ax, book, f"the book's\ns = {LASSO_S}", side=-1)
    _tag(ax, ours, f"ours, {digits(ours, 3)}")
    _draw_rings(ax, {ours: "lasso", 1: "least squares"}, key="lower left")
    ax.set(xlabel="s = ‖w‖₁ / ‖ŵ‖₁", ylabel="weight", xlim=(0, 1.01))
    ax.set_title(f"Lasso: the printed weights lie on our lines a little beyond s = {LASSO_S}")
    figures.label_lines(ax)


# ---- both


def _draw_lines(ax, along, path, look):
    """Draw a line for each weight; that of lcp, the odd one, is thick."""
    for name, weight in zip(men().names, path.T, strict=True):
        width = 2.6 if name == "lcp" else 1.3
        ax.plot(along, weight, color=figures.COLORS[look], linewidth=width, label=name)
    ax.axhline(0, color=figures.INK, linewidth=0.8)


def _draw_rings(ax, methods, key):
    """Mark the printed weights of methods at their places, and say what the rings are."""
    look = {"color": figures.INK, "fillstyle": "none", "markersize": 5, "markeredgewidth": 1.1}
    for place, method in methods.items():
        rings = ax.plot(np.full(8, place), printed_weights(method), "o", label="_", **look)
    ax.legend(rings, ["printed in the book"], loc=key)


def _tag(ax, x, text, side=1):
    """Write beside a vertical line, near the top of the axes."""
    ax.annotate(
        text,
        (x, 0.99),
        (4 * side, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="top",
        fontsize=9,
        color=figures.INK,
    )
