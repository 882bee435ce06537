"""The path of the lasso on the diabetes data of Efron, Hastie, Johnstone and Tibshirani (2004)."""

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from autograder.docs.gallery.compare import Comparison, digits, signed, table
from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.printed import DIABETES_PRICES, DIABETES_R_SQUARED, DIABETES_STEPS
from autograder.docs.gallery.svg import drawn
from utils import figures

__all__ = ["Step", "exhibits", "steps"]


class Step(NamedTuple):
    """A kink of the path: who moves, the course's λ, and the weights there, (10,)."""

    mover: str
    lam: float
    w: np.ndarray


@cache
def data():
    """Return X (442, 10), the centered y (442,), and the names as in the paper."""
    diabetes = answers("02_constraint_geometry").diabetes
    names = [name.upper() for name in diabetes.names]
    return diabetes.X, diabetes.y - diabetes.y.mean(), names


@cache
def steps():
    """Return the kinks of the path, from the weights that `lasso` finds on a grid of 130 λ.

    The grid tells which inputs are in, and with which signs. Between two kinks the weights are
    linear in λ, so a kink is where a weight, or the slope of an input that is out, arrives.
    """
    X, y, names = data()
    lasso = answers("02_constraint_geometry").lasso
    signs = [np.zeros(10)]
    signs += [np.sign(lasso(X, y, lam, n_sweeps=20_000)) for lam in np.geomspace(2000, 1, 130)]
    found = []
    for before, after in pairwise(signs):
        for j in np.flatnonzero((before != 0) != (after != 0)):
            lam, w = _kink(X, y, before, j, after[j])
            found.append(Step(names[j] if after[j] else f"−{names[j]}", lam, w))
    return found


def _kink(X, y, signs, j, sign):
    """Return the λ at which input j moves, and the weights there, while others keep their signs.

    In there, w = start − λ·pull. Outside of it, an input's slope is 2 x_jᵀ(y − X w), and it enters
    where that is ±λ.
    """
    inside = signs != 0
    start, pull = np.zeros(10), np.zeros(10)
    if inside.any():
        A = X[:, inside]
        start[inside] = np.linalg.solve(A.T @ A, A.T @ y)
        pull[inside] = np.linalg.solve(A.T @ A, signs[inside]) / 2
    if inside[j]:
        lam = start[j] / pull[j]
    else:
        lam = 2 * X[:, j] @ (y - X @ start) / (sign - 2 * X[:, j] @ X @ pull)
    return lam, start - lam * pull


@cache
def least_squares():
    """Return the weights at the end of the path, (10,)."""
    X, y, _ = data()
    return answers("02_constraint_geometry").ridge(X, y, 0.0)


def exhibits(printed_steps=DIABETES_STEPS):
    """Return the path beside the published steps."""
    X, y, _ = data()
    top = answers("02_constraint_geometry").lasso_lambda_max(X, y) / 2
    highest = Comparison("first price", DIABETES_PRICES[0], top)
    explained = 1 - np.sum((y - X @ least_squares()) ** 2) / np.sum(y**2)
    fit = Comparison("R²", DIABETES_R_SQUARED, explained)
    values = {
        "steps_table": _step_table(printed_steps),
        "same_steps": str(sum(s.mover == p for s, p in zip(steps(), printed_steps, strict=True))),
        "all_steps": str(len(printed_steps)),
        "price_gap": f"{_price_gap():.1g}",
        "highest_price": digits(highest.ours, 6),
        "highest_printed": highest.printed,
        "r_squared": digits(fit.ours, 3),
        "r_squared_printed": fit.printed,
        "end_of_path": digits(np.abs(least_squares()).sum(), 1),
    }
    claims = {
        "S3 leaves at step 11 and returns at step 12": _movers()[10:] == ["−S3", "S3"],
        "lars_path gives our prices to a relative 1e-9": _gap_to_lars_path() < 1e-9,
        "BMI and S5 leave 0 first": _movers()[:2] == ["BMI", "S5"],
        "S3 ends above 0": bool(least_squares()[6] > 0),
    }
    picture = drawn(_draw, size=(7, 4.2), title="The lasso's path on the diabetes data")
    return [Exhibit(values, {"diabetes_path": picture}, claims, (highest, fit))]


def _movers():
    return [step.mover for step in steps()]


def _price_gap():
    """Return the largest relative distance from the printed prices."""
    pairs = zip(DIABETES_PRICES, steps(), strict=True)
    return max(abs(step.lam / 2 / float(printed) - 1) for printed, step in pairs)


def _gap_to_lars_path():
    """Return the largest relative distance from what scikit-learn computes now."""
    from sklearn.linear_model import lars_path

    X, y, _ = data()
    theirs = 2 * len(y) * lars_path(X, y, method="lasso")[0][: len(steps())]
    return max(abs(step.lam / lam - 1) for step, lam in zip(steps(), theirs, strict=True))


def _step_table(printed_steps):
    header = ("step", "printed", "ours", "λ / 2", "printed")
    rows = [
        (str(k), _moves(mover), _moves(step.mover), digits(step.lam / 2, 6), signed(price))
        for k, (mover, step, price) in enumerate(
            zip(printed_steps, steps(), DIABETES_PRICES, strict=True), 1
        )
    ]
    return table(header, rows, align="rllrr")


def _moves(mover):
    return f"{mover[1:]} leaves" if mover.startswith("−") else f"{mover} enters"


def _draw(ax):
    path = np.array([*(step.w for step in steps()), least_squares()])
    along = np.abs(path).sum(axis=1)
    for place in along[:-1]:
        ax.axvline(place, color="#BBBBBB", linewidth=0.8)
    for name, weight in zip(data()[2], path.T, strict=True):
        width = 2.6 if name == "S3" else 1.3
        ax.plot(along, weight, color=figures.COLORS["l1"], linewidth=width, label=name)
    ax.axhline(0, color=figures.INK, linewidth=0.8)
    ax.set(xlabel="Σ|w|", ylabel="weight", xlim=(0, along[-1]))
    ax.grid(visible=False)
    ax.set_title("Twelve steps, and S3 crosses 0 on its way")
    figures.label_lines(ax, gap=0.06)
