"""Classical item statistics: how hard a question is, and whether it tells students apart."""

from dataclasses import dataclass

import numpy as np

ENOUGH = 10  # students, below which a correlation says nothing
FEW = 3  # students who differ from the others, below which one of them decides the correlation
Z95 = 1.959964  # the 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Item:
    """What the marks say on one question.

    `full`, `part` and `none` count students, `mean` is the mean share of the points, `r` the
    corrected item-total correlation with the 95 % interval `low` to `high`; where `r` would mean
    nothing it is None and `why` says so. `waiting` counts marks that are not there yet.
    """

    n: int
    full: int
    part: int
    none: int
    mean: float
    waiting: int = 0
    r: float | None = None
    low: float = 0.0
    high: float = 0.0
    why: str = ""


def items(scores, full):
    """Return the statistics of each question.

    Parameters
    ----------
    scores : (n, k) array
        Points of n students on k questions, nan where a mark is not there yet.
    full : (k,) array
        The points of each question.

    Returns
    -------
    list of Item
        The mean share is nan where nobody has a mark.
    """
    scores, full = np.asarray(scores, float), np.asarray(full, float)
    r = discrimination(scores)
    return [_item(scores[:, j], full[j], r[j]) for j in range(scores.shape[1])]


def _item(column, full, r):
    marks = column[~np.isnan(column)]
    complete = int(np.sum(marks >= full - 1e-9))
    none = int(np.sum((marks <= 1e-9) & (marks < full - 1e-9)))
    mean = float(np.mean(marks) / full) if len(marks) and full > 0 else float("nan")
    waiting = len(column) - len(marks)
    why = _reason(column, r)
    r, low, high = (None, 0.0, 0.0) if why else (float(r), *interval(float(r), len(column)))
    counts = (len(marks), complete, len(marks) - complete - none, none)
    return Item(*counts, mean, waiting, r, low, high, why)


def _reason(column, r):
    """Return why a correlation would mean nothing, "" where it means something."""
    if np.isnan(column).any():
        return "waits for manual grades"
    if len(column) < ENOUGH:
        return f"too few students ({len(column)})"
    most = np.unique(column, return_counts=True)[1].max()
    if len(column) - most < FEW:
        return "nearly all have the same mark"
    return "the other marks do not vary" if np.isnan(r) else ""


def discrimination(scores):
    r"""Return the corrected item-total correlation of each question.

    .. math:: r_j = \operatorname{corr}(x_j, t - x_j), \qquad t = \sum_i x_i

    It is Pearson's correlation between the points on question j and the sum of the points on all
    other questions. With the question itself in the sum it would be too large, the more so the
    fewer questions there are. Near 0, the question tells nothing about how a student does
    elsewhere; below 0, good students fail it: look at the question first.

    Parameters
    ----------
    scores : (n, k) array
        Points; a question with a nan gets nan and is not part of the rest of the others.

    Returns
    -------
    (k,) array
        nan where a question or the rest does not vary.

    References
    ----------
    S. Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28,
    211-218 (1963).

    Examples
    --------
    >>> discrimination([[0, 0, 1], [1, 2, 1], [1, 2, 1]])
    array([ 1.,  1., nan])
    """
    scores = np.asarray(scores, float)
    n, k = scores.shape
    r = np.full(k, np.nan)
    there = ~np.isnan(scores).any(axis=0)
    if n < 2 or not there.any():
        return r
    x = scores[:, there]
    rest = x.sum(axis=1, keepdims=True) - x
    x, rest = x - x.mean(axis=0), rest - rest.mean(axis=0)
    size = np.sqrt(np.sum(x**2, axis=0) * np.sum(rest**2, axis=0))
    varies = size > 1e-9
    r[np.flatnonzero(there)[varies]] = np.sum(x * rest, axis=0)[varies] / size[varies]
    return np.clip(r, -1, 1)


def interval(r, n):
    r"""Return the 95 % interval of a correlation of n pairs, by Fisher's transformation.

    .. math:: \tanh(\operatorname{artanh} r ± 1.96 / \sqrt{n - 3})

    References
    ----------
    R. A. Fisher, "On the probable error of a coefficient of correlation deduced from a small
    sample", Metron 1, 3-32 (1921).
    """
    z, width = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)), Z95 / np.sqrt(n - 3)
    return float(np.tanh(z - width)), float(np.tanh(z + width))


def quartiles(values):
    """Return lowest, lower quartile, median, upper quartile and highest of some values."""
    return [float(x) for x in np.quantile(values, [0, 0.25, 0.5, 0.75, 1])]
