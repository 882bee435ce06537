"""Table 3.3 of The Elements of Statistical Learning: four fits to the prostate data."""

from functools import cache
from itertools import combinations
from types import SimpleNamespace

import numpy as np

from autograder.docs.gallery.compare import Comparison, digits, table, tally
from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.printed import (
    BASE_ERROR,
    LASSO_S,
    LASSO_ZEROS,
    METHODS,
    RIDGE_DF,
    TABLE_3_3,
)

__all__ = [
    "LASSO_LAM",
    "exhibits",
    "four_columns",
    "lam_of_freedom",
    "lam_of_ratio",
    "lasso_weights",
    "men",
    "printed_weights",
    "ratio_of",
    "table_comparisons",
]

LASSO_LAM = 27.814  # of ‖y − Zw‖² + λ‖w‖₁: gives the printed column


@cache
def men():
    """Return the data: X scaled over all men; Z is X centered and scaled again over the 67."""
    lesson = answers("02_constraint_geometry")
    X, y, train = lesson.standardize(lesson.prostate.X), lesson.prostate.y, lesson.prostate.train
    return SimpleNamespace(
        lesson=lesson,
        names=lesson.prostate.names,
        X=X[train],
        mean=X[train].mean(axis=0),
        sd=X[train].std(axis=0, ddof=1),
        Z=lesson.standardize(X[train]),
        y_mean=y[train].mean(),
        y=y[train] - y[train].mean(),
        X_test=X[~train],
        y_test=y[~train],
    )


# ---- the fits


@cache
def four_columns():
    """Return the intercept and the weights of each method, (9,) arrays by name."""
    m = men()
    centered, pair = m.X - m.mean, list(best_pair())
    w = {name: np.zeros(8) for name in METHODS}
    w["least squares"] = m.lesson.ridge(centered, m.y, 0.0)
    w["best subset"][pair] = m.lesson.ridge(centered[:, pair], m.y, 0.0)
    w["ridge"] = m.lesson.ridge(m.X, m.y, lam_of_freedom(m.X, float(RIDGE_DF)))
    w["lasso"] = lasso_weights(LASSO_LAM)
    intercepts = {name: m.y_mean - m.mean @ weights for name, weights in w.items()}
    intercepts["ridge"] = m.y_mean  # as printed, not the best one: X is not centered again
    return {name: np.append(intercepts[name], w[name]) for name in METHODS}


def best_pair():
    """Return the two columns with the smallest residual sum of squares, out of all 28 pairs."""
    m = men()
    centered = m.X - m.mean

    def loss(pair):
        columns = centered[:, pair]
        return np.sum((m.y - columns @ m.lesson.ridge(columns, m.y, 0.0)) ** 2)

    return min(combinations(range(8), 2), key=loss)


def lasso_weights(lam):
    """Return the lasso's weights on the scale of the table, (8,)."""
    m = men()
    return m.lesson.lasso(m.Z, m.y, lam) / m.sd


def lam_of_freedom(X, df):
    """Return the λ at which the shrinkage factors of X sum to df."""
    return _falling_to(df, lambda lam: men().lesson.shrinkage_factors(X, lam).sum())


def lam_of_ratio(ratio):
    """Return the λ at which the lasso takes this part of the budget of least squares."""
    return _falling_to(ratio, lambda lam: ratio_of(lasso_weights(lam)))


def ratio_of(w):
    """Return ‖w‖₁ / ‖ŵ‖₁ on the scale of the 67 men, on which the lasso ran."""
    sd = men().sd
    return np.abs(w * sd).sum() / np.abs(four_columns()["least squares"][1:] * sd).sum()


def _falling_to(target, falling, low=1e-4, high=1e5):
    """Return where a falling function has a value, by bisection."""
    for _ in range(45):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if falling(middle) > target else (low, middle)
    return low


def squared_errors(column):
    """Return the squared errors of an intercept with weights on the 30 test men, (30,)."""
    m = men()
    return (m.y_test - column[0] - m.X_test @ column[1:]) ** 2


# ---- beside the printed numbers


def table_comparisons(printed):
    """Set each printed number of Table 3.3 against ours.

    Parameters
    ----------
    printed : dict
        As `printed.TABLE_3_3`.

    Returns
    -------
    dict of (row, method) -> Comparison
        Without the cells that are blank.
    """
    found = {}
    for place, method in enumerate(METHODS):
        column = four_columns()[method]
        misses = squared_errors(column)
        error = misses.std(ddof=1) / len(misses) ** 0.5
        ours = dict(zip(printed, [*column, misses.mean(), error], strict=True))
        for row, cells in printed.items():
            if cells[place]:
                found[row, method] = Comparison(f"{row}, {method}", cells[place], ours[row])
    return found


def printed_weights(method):
    """Return the eight weights of a method as the table prints them; 0 where it is blank, (8,)."""
    place = METHODS.index(method)
    return np.array([float(TABLE_3_3[name][place] or 0) for name in men().names])


def exhibits(printed=TABLE_3_3):
    """Return the table, beside what is printed."""
    compared = table_comparisons(printed)
    rows = [
        (row, *(compared[row, m].cell if (row, m) in compared else "" for m in METHODS))
        for row in printed
    ]
    base = Comparison("base", BASE_ERROR, np.mean((men().y_test - men().y_mean) ** 2))
    everything = (*compared.values(), base)
    left_out = _left_out(printed)
    values = {
        "table_3_3": table(("term", *METHODS), rows),
        "table_tally": tally(everything),
        "base_error": base.cell,
        "blank": str(len(left_out)),
        "blank_zero": str(sum(w == 0 for w in left_out)),
        **_centered_ridge(),
        **_budget(),
    }
    return [Exhibit(values, comparisons=everything)]


def _left_out(printed):
    """Return our weights where the table is blank."""
    return [
        four_columns()[method][1 + place]
        for place, name in enumerate(men().names)
        for method, cell in zip(METHODS, printed[name], strict=True)
        if not cell
    ]


def _centered_ridge():
    """Return what becomes of ridge's column if the inputs of the 67 men are centered again."""
    m = men()
    lam = lam_of_freedom(m.X, float(RIDGE_DF))
    again = m.lesson.ridge(m.X - m.mean, m.y, lam)
    column = np.append(m.y_mean - m.mean @ again, again)
    return {
        "ridge_lam": digits(lam, 4),
        "ridge_intercept": digits(column[0], 3),
        "ridge_moves": digits(np.abs(column - four_columns()["ridge"])[1:].max(), 3),
        "ridge_error": digits(squared_errors(column).mean(), 3),
    }


def _budget():
    """Return which budgets give the lasso's column, and what the stated one gives."""
    low, high = _ratios_that_print()
    w = lasso_weights(lam_of_ratio(float(LASSO_S)))
    named = [one for one in _beside_lasso(w) if float(one.printed) > 0]
    lasso, squares = (np.abs(printed_weights(m)).sum() for m in ("lasso", "least squares"))
    return {
        "s_book": LASSO_S,
        "s_ours": digits(ratio_of(lasso_weights(LASSO_LAM)), 3),
        "s_low": digits(low, 4),
        "s_high": digits(high, 4),
        "zeros_at_book": str(int(np.sum(w == 0))),
        "zeros_in_book": str(LASSO_ZEROS),
        "hits_at_book": str(sum(one.equal for one in named) or "none"),
        "named_weights": str(len(named)),
        "s_of_table": digits(lasso / squares, 3),
    }


def _beside_lasso(w):
    place = METHODS.index("lasso")
    cells = [TABLE_3_3[name][place] or "0.000" for name in men().names]
    return [Comparison("", cell, ours) for cell, ours in zip(cells, w, strict=True)]


def _ratios_that_print():
    """Return the least and the largest ratio at which the lasso's printed weights come out."""
    paths = [lasso_weights(lam) for lam in np.arange(27.7, 27.95, 0.002)]
    ratios = [ratio_of(w) for w in paths if all(one.equal for one in _beside_lasso(w))]
    return min(ratios), max(ratios)
