"""Judge a solution of an optimization problem by what makes it one, whatever method found it.

A problem is plain data. Its "kind" names the condition: the subgradient condition of the lasso, or
a cost that is as low as it gets within a ball. Nothing here solves a problem.
"""

import numpy as np


def fault(problem, w):
    """Return "" if `w` solves the problem, else a sentence that says what is wrong with it.

    Parameters
    ----------
    problem : dict
        Plain data with a "kind" in `KINDS`.
    w : (d,) array
    """
    w = np.asarray(w, dtype=float)
    if not np.all(np.isfinite(w)):
        place = int(np.argmin(np.isfinite(w)))
        return f"{w[place]} at index {place}"
    return KINDS[problem["kind"]](problem, w)


def _lasso_fault(problem, w):
    """Check w = argmin ‖y − Xw‖² + λ‖w‖₁ by its subgradient condition.

    With the slopes g = 2Xᵀ(Xw − y): g_j = −λ sign(w_j) where w_j ≠ 0, and |g_j| ≤ λ where w_j = 0,
    both to `share` of max(λ, λ_max). A weight that is nearly 0 in place of 0 breaks the first.
    """
    X, y, lam = problem["X"], problem["y"], problem["lam"]
    slopes = 2 * X.T @ (X @ w - y)
    scale = max(lam, float(np.max(np.abs(2 * X.T @ y))))
    beyond = np.where(w == 0, np.abs(slopes) - lam, np.abs(slopes + lam * np.sign(w)))
    place = int(np.argmax(beyond))
    if beyond[place] <= problem["share"] * scale:
        return ""
    if w[place] == 0:
        return (
            f"at index {place}, where w is 0, the slope of ‖y - Xw‖² is beyond ±λ by "
            f"{beyond[place]:.3g}"
        )
    if abs(w[place]) < 1e-4 * np.max(np.abs(w)) and abs(slopes[place]) < lam:
        return f"{w[place]:.3g} instead of exactly 0 at index {place}"
    return (
        f"at index {place}, where w is not 0, the slope of ‖y - Xw‖² is off from -λ sign(w) by "
        f"{beyond[place]:.3g}"
    )


def _ball_fault(problem, w):
    """Check w = argmin ‖y − Xw‖² over a ball: inside to `beyond`, the cost to `share` of ‖y‖²."""
    X, y = problem["X"], problem["y"]
    ratio = ball_size(problem["ball"], w) / problem["radius"]
    if ratio > 1 + problem["beyond"]:
        return f"w is outside the region: {ratio:.10g} times as far from 0 as its boundary"
    excess = float(np.sum((y - X @ w) ** 2)) - problem["least"]
    if excess > problem["share"] * float(np.sum(y**2)):
        return f"w is in the region, but ‖y - Xw‖² is {excess:.3g} above the least that is possible"
    return ""


def ball_size(ball, w):
    """Return the smallest radius of a ball of this form that holds `w`.

    Parameters
    ----------
    ball : dict
        "form" is "box", with "sides" (d,), for |w_j| ≤ sides_j · radius, or "discs", for pairs
        (w_0, w_1), (w_2, w_3), … that are each of length `radius` at most.
    w : (d,) array

    Examples
    --------
    >>> float(ball_size({"form": "box", "sides": np.array([1.0, 0.5])}, np.array([-1.0, 2.0])))
    4.0
    >>> float(ball_size({"form": "discs"}, np.array([3.0, 4.0, 1.0, 0.0])))
    5.0
    """
    if ball["form"] == "box":
        return np.max(np.abs(w) / ball["sides"])
    return np.max(np.abs(w[0::2] + 1j * w[1::2]))


KINDS = {"lasso": _lasso_fault, "ball": _ball_fault}
