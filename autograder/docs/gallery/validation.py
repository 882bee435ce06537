"""Ten-fold cross-validation of ridge and the lasso on the prostate data, divided at random."""

from functools import cache

import numpy as np

from autograder.docs.gallery.compare import digits
from autograder.docs.gallery.printed import LASSO_S, RIDGE_DF
from autograder.docs.gallery.prostate import lam_of_freedom, lam_of_ratio, men

__all__ = ["FOLDINGS", "chosen", "values_of"]

FOLDINGS = 10  # random divisions of the 67 men into ten parts


@cache
def chosen(method):
    """Return what is chosen by the minimum and by the one-standard-error rule, (FOLDINGS, 2).

    Parameters
    ----------
    method : {"ridge", "lasso"}
        Ridge is measured by its degrees of freedom, in halves, the lasso by s, in steps of 0.04.
    """
    if method == "ridge":
        marks = np.arange(0.5, 8.0, 0.5)
        lams = [lam_of_freedom(men().Z, df) for df in marks]
    else:
        marks = np.arange(0.04, 1.0, 0.04)
        lams = [lam_of_ratio(s) for s in marks]
    fit = getattr(men().lesson, method)
    return np.array([marks[_one_folding(fit, lams, seed)] for seed in range(FOLDINGS)])


def _one_folding(fit, lams, seed):
    """Return the places of the lowest mean error and of the simplest within a standard error."""
    part = np.random.default_rng(seed).permutation(len(men().y)) % 10
    errors = np.array([_errors_of_part(fit, lams, part == k) for k in range(10)])
    mean, error = errors.mean(axis=0), errors.std(axis=0, ddof=1) / 10**0.5
    lowest = mean.argmin()
    return [lowest, np.flatnonzero(mean <= mean[lowest] + error[lowest])[0]]


def _errors_of_part(fit, lams, out):
    """Return the mean squared error on a part, of fits to the others, for each λ."""
    m = men()
    mean, y_mean = m.Z[~out].mean(axis=0), m.y[~out].mean()
    X, y = m.Z[~out] - mean, m.y[~out] - y_mean
    w = np.array([fit(X, y, lam) for lam in lams])
    return np.mean((m.y[out] - y_mean - w @ (m.Z[out] - mean).T) ** 2, axis=1)


def values_of(method):
    """Return the values of the page on what cross-validation chooses."""
    decimals, printed = (1, RIDGE_DF) if method == "ridge" else (2, LASSO_S)
    at_minimum, by_rule = chosen(method).T
    return {
        f"{method}_cv_low": digits(at_minimum.min(), decimals),
        f"{method}_cv_high": digits(at_minimum.max(), decimals),
        f"{method}_rule_low": digits(by_rule.min(), decimals),
        f"{method}_rule_high": digits(by_rule.max(), decimals),
        f"{method}_rule_hits": str(int(np.isclose(by_rule, float(printed)).sum()) or "none"),
    }
