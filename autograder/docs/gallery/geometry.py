"""Figure 3.11 of The Elements of Statistical Learning: the diamond and the disc."""

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.patches import Circle, Polygon

from autograder.docs.gallery.compare import digits
from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.svg import drawn
from utils import figures

__all__ = ["exhibits"]

LEAST_SQUARES = np.array([0.5, 1.9])
GRAM = np.array([[1.0, -0.4], [-0.4, 1.0]])  # XᵀX of two columns of length 1
BUDGET = 1.0


@cache
def contacts():
    """Return where the contours touch the two regions, found by a price and by a budget."""
    lesson = answers("02_constraint_geometry")
    X = np.linalg.cholesky(GRAM).T
    y = X @ LEAST_SQUARES
    lam = {"lasso": _lasso_price(X, y), "ridge": lesson.ridge_lambda_for_radius(X, y, BUDGET)}
    priced = {name: getattr(lesson, name)(X, y, price) for name, price in lam.items()}
    balls = {"lasso": lesson.project_l1_ball, "ridge": lesson.project_l2_ball}
    budgeted = {
        name: lesson.projected_gradient_descent(X, y, ball, BUDGET) for name, ball in balls.items()
    }
    gap = max(np.abs(priced[name] - budgeted[name]).max() for name in priced)
    return SimpleNamespace(lam=lam, w=priced, gap=gap)


def _lasso_price(X, y):
    """Return a λ at which the lasso just uses up the budget, by bisection."""
    lesson, low, high = answers("02_constraint_geometry"), 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        over = np.abs(lesson.lasso(X, y, middle)).sum() > BUDGET
        low, high = (middle, high) if over else (low, middle)
    return high


def exhibits():
    """Return the two regions with the contours that touch them."""
    found = contacts()
    values = {
        "least_squares": _point(LEAST_SQUARES),
        "correlation": digits(GRAM[0, 1], 1),
        "corner": _point(found.w["lasso"]),
        "touch": _point(found.w["ridge"]),
        "lasso_price": digits(found.lam["lasso"], 3),
        "ridge_price": digits(found.lam["ridge"], 3),
    }
    claims = {
        "the lasso is at a corner": found.w["lasso"][0] == 0,
        "ridge is off the axes": bool(np.abs(found.w["ridge"]).min() > 0.01),
        "the downhill direction points out of the disc": _angle(found.w["ridge"]) < 0.001,
        "price and budget give the same points": found.gap < 1e-6,
    }
    picture = drawn(_draw, size=(8, 4.1), title="Diamond and disc", columns=2, sharey=True)
    return [Exhibit(values, {"figure_3_11": picture}, claims)]


def _point(w):
    return f"({digits(w[0], 2)}, {digits(w[1], 2)})"


def _angle(w):
    """Return the angle between weights and the downhill direction there, in degrees."""
    down = 2 * GRAM @ (LEAST_SQUARES - w)
    return abs(np.degrees(np.arctan2(down[0] * w[1] - down[1] * w[0], down @ w)))


def _draw(axes):
    for ax, name in zip(axes, ("lasso", "ridge"), strict=True):
        _draw_region(ax, name, contacts().w[name])
    axes[0].set(ylabel="w₂", title="Lasso: the contour meets a corner, w₁ = 0")
    axes[1].set_title("Ridge: it touches beside the axis")


def _draw_region(ax, name, w):
    """Draw the region of a budget, contours up to the one that touches it, and the two points."""
    color = figures.COLORS["l1" if name == "lasso" else "l2"]
    fill = {"facecolor": color, "edgecolor": color, "alpha": 0.35}
    corners = BUDGET * np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
    region = Polygon(corners, **fill) if name == "lasso" else Circle((0, 0), BUDGET, **fill)
    ax.add_patch(region)
    for share in (0.15, 0.5, 1.0):
        line = {"color": figures.COLORS["train"], "linewidth": 1.8 if share == 1 else 0.9}
        ax.plot(*_contour(share * _excess(w)), linestyle="-", **line)
    ax.axhline(0, color=figures.INK, linewidth=0.8)
    ax.axvline(0, color=figures.INK, linewidth=0.8)
    ax.plot(*LEAST_SQUARES, "*", color=figures.COLORS["truth"], markersize=11)
    ax.plot(*w, "D" if name == "lasso" else "^", color=figures.INK, markersize=7)
    ax.annotate("ŵ", LEAST_SQUARES, (7, 3), textcoords="offset points")
    ax.annotate(_point(w), w, (-11, -13), textcoords="offset points", ha="right", fontsize=9)
    ax.set(xlabel="w₁", aspect="equal", xlim=(-1.6, 2.2), ylim=(-1.2, 3.2))


def _excess(w):
    """Return J(w) − J(ŵ) = (w − ŵ)ᵀXᵀX(w − ŵ)."""
    away = w - LEAST_SQUARES
    return away @ GRAM @ away


def _contour(height):
    """Return the points with J − J(ŵ) = height, (2, 121)."""
    turn = np.linspace(0, 2 * np.pi, 121)
    circle = np.sqrt(height) * np.array([np.cos(turn), np.sin(turn)])
    return LEAST_SQUARES[:, None] + np.linalg.solve(np.linalg.cholesky(GRAM).T, circle)
