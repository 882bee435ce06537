"""Questions of lesson 02 that are answered by a letter or by a few numbers on paper."""

import itertools

import numpy as np

from autograder.question import Case, Choice, Misconception, Question
from autograder.questions import oracles

inactive_constraint = Choice(
    "inactive_constraint",
    "Predict: a budget that is too large",
    {
        "a": "That holds for t < 2 only. ŵ itself is allowed now, and no other point has a smaller "
        "J: why go farther?",
        "b": "A price is never negative: the constraint may only push inward. ŵ is allowed, and "
        "nothing beats it.",
        "c": "ŵ lies inside, where ∇J = 0 already. A budget that is not used up has the price 0.",
        "d": "The place is right. But how steep is J at ŵ, and which λ then meets ∇J + 2λw = 0?",
    },
    "c",
)

why_corners = Choice(
    "why_corners",
    "Predict: why the diamond gives zeros",
    {
        "a": "Make the disc as small as you like: its optimum is still off the axes. It is the "
        "shape that counts, not the size.",
        "b": "The optimum is where -∇J is an outward normal. The corner (t, 0) has all (g₁, g₂) "
        "with |g₂| ≤ g₁, so -∇J may turn and the optimum stays.",
        "c": "Tilted contours touch at corners, too. Ask which way -∇J may point at a corner.",
        "d": "Not for every w: at |w| = 2 the slope of w² is 4, that of |w| is 1. What counts is "
        "the slope near 0, and that is what makes the corner.",
    },
    "b",
)

map_prior = Choice(
    "map_prior",
    "Derive: the λ of a Gaussian prior",
    {
        "a": "The other way round. A narrow prior, a small τ², is a strong belief in small "
        "weights: it needs a large λ.",
        "b": "That is the factor of ‖w‖² in -log q(w | y), where ‖y - Xw‖² has the factor 1/(2σ²). "
        "Multiply by 2σ² to free it.",
        "c": "The log of a Gaussian is -w²/(2τ²), which is flat at 0: ridge. |w| comes from a "
        "Laplace prior.",
        "d": "-log q(w | y) is ‖y - Xw‖²/(2σ²) + ‖w‖²/(2τ²) plus a constant; times 2σ² it is the "
        "ridge cost. Much noise or a narrow prior: a large λ.",
    },
    "d",
)


def _orthonormal_estimates():
    """Return the three estimates by brute force on four orthonormal columns."""
    signs = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    X = np.array(signs) / 2
    y = X @ np.array([3.0, -1.0, 0.5, -0.25])

    def fitted(pair):
        w = np.zeros(4)
        w[list(pair)] = oracles.ridge(X[:, list(pair)], y, 0.0)
        return w

    subsets = [fitted(pair) for pair in itertools.combinations(range(4), 2)]
    best = min(subsets, key=lambda w: float(np.sum((y - X @ w) ** 2)))
    return _estimates(best, oracles.ridge(X, y, 1.0), oracles.lasso_by_signs(X, y, 1.0))


def _estimates(subset, ridge, lasso):
    return {"subset": np.array(subset), "ridge": np.array(ridge), "lasso": np.array(lasso)}


_SUBSET, _RIDGE, _LASSO = [3.0, -1.0, 0.0, 0.0], [1.5, -0.5, 0.25, -0.125], [2.5, -0.5, 0.0, 0.0]


def _wrong_subset(name, sentence, subset):
    return Misconception(name, sentence, _estimates(subset, _RIDGE, _LASSO))


def _wrong_ridge(name, sentence, ridge):
    return Misconception(name, sentence, _estimates(_SUBSET, ridge, _LASSO))


def _wrong_lasso(name, sentence, lasso):
    return Misconception(name, sentence, _estimates(_SUBSET, _RIDGE, lasso))


_WRONG_ESTIMATES = (
    _wrong_lasso(
        "threshold λ",
        "Your lasso moves each estimate by λ. The slope of ‖y - Xw‖² has a 2, so the threshold is "
        "λ/2.",
        [2.0, 0.0, 0.0, 0.0],
    ),
    _wrong_lasso(
        "threshold 2λ",
        "Your lasso moves each estimate by 2λ. Solve 2(w - ŵ) + λ sign(w) = 0 for w.",
        [1.0, 0.0, 0.0, 0.0],
    ),
    _wrong_lasso(
        "threshold λ/4",
        "Your lasso moves each estimate by λ/4. Solve 2(w - ŵ) + λ sign(w) = 0: the 2 goes under λ "
        "once.",
        [2.75, -0.75, 0.25, 0.0],
    ),
    _wrong_lasso(
        "past 0",
        "Your lasso moves the small estimates past 0 to the other side. A weight stops at 0.",
        [2.5, -0.5, 0.0, 0.25],
    ),
    _wrong_lasso(
        "hard threshold",
        "Your lasso keeps the large estimates in full, as best subset does. It moves those, too, "
        "by λ/2 toward 0.",
        [3.0, -1.0, 0.0, 0.0],
    ),
    _wrong_lasso(
        "hard threshold, edge kept",
        "Your lasso keeps the large estimates in full. It moves those, too, by λ/2 toward 0, and "
        "0.5 then arrives at 0.",
        [3.0, -1.0, 0.5, 0.0],
    ),
    _wrong_lasso(
        "sign lost",
        "The second estimate of the lasso keeps its sign: it is negative.",
        [2.5, 0.5, 0.0, 0.0],
    ),
    _wrong_lasso(
        "λ/2 from all",
        "Your lasso subtracts λ/2 from negative estimates, too, which moves them away from 0.",
        [2.5, -1.5, 0.0, -0.75],
    ),
    _wrong_lasso(
        "positive only",
        "Your lasso sets the negative estimates to 0. It compares |ŵ| with λ/2.",
        [2.5, 0.0, 0.0, 0.0],
    ),
    _wrong_ridge(
        "ridge with λ/2",
        "Your ridge divides by 1 + λ/2. In 2(w - ŵ) + 2λw = 0 both terms have the 2: it drops out.",
        [2.0, -2 / 3, 1 / 3, -1 / 6],
    ),
    _wrong_ridge(
        "ridge with 2λ",
        "Your ridge divides by 1 + 2λ. In 2(w - ŵ) + 2λw = 0 both terms have the 2: it drops out.",
        [1.0, -1 / 3, 1 / 6, -1 / 12],
    ),
    _wrong_ridge(
        "ridge subtracts",
        "Your ridge moves each estimate by the same amount, as the lasso does. The slope 2λw grows "
        "with w, so ridge divides.",
        [2.5, -0.5, 0.0, 0.0],
    ),
    _wrong_ridge(
        "ridge unchanged",
        "Your ridge gives least squares again. Solve 2(w - ŵ) + 2λw = 0 for w.",
        [3.0, -1.0, 0.5, -0.25],
    ),
    _wrong_subset(
        "signed order",
        "Your subset keeps the two largest with their sign. What counts is how much each brings "
        "the residual down: ŵ².",
        [3.0, 0.0, 0.5, 0.0],
    ),
    _wrong_subset(
        "shrunk subset",
        "Best subset fits the two columns that it keeps by least squares: with orthonormal columns "
        "their estimates stay as they were.",
        [2.5, -0.5, 0.0, 0.0],
    ),
    _wrong_subset(
        "subset of one",
        "Your subset keeps one estimate. Its size is two.",
        [3.0, 0.0, 0.0, 0.0],
    ),
    _wrong_subset(
        "subset of three",
        "Your subset keeps three estimates. Its size is two.",
        [3.0, -1.0, 0.5, 0.0],
    ),
    Misconception(
        "ridge and lasso swapped",
        "Your ridge and your lasso are swapped: it is the lasso that has zeros.",
        _estimates(_SUBSET, _LASSO, _RIDGE),
    ),
)

orthonormal_estimates = Question(
    "orthonormal_estimates",
    "Derive: three estimates on orthonormal columns",
    lambda rng: [Case("least squares (3, -1, 0.5, -0.25), λ = 1")],
    _orthonormal_estimates,
    driver="value",
    misconceptions=_WRONG_ESTIMATES,
    hint='A dictionary with the keys "subset", "ridge" and "lasso", four numbers each. With '
    "XᵀX = I the cost falls apart: (w - ŵ)² plus the penalty, for one weight at a time.",
    references=(
        {"subset": _SUBSET, "ridge": _RIDGE, "lasso": _LASSO},
        {"lasso": tuple(_LASSO), "ridge": tuple(_RIDGE), "subset": tuple(_SUBSET)},
        _estimates(_SUBSET, np.array([3, -1, 0.5, -0.25]) / 2, _LASSO),
        {"subset": [3, -1, 0, 0], "ridge": np.float32(_RIDGE), "lasso": [2.5, -1 / 2, 0, -0.0]},
    ),
)

QUESTIONS = (inactive_constraint, why_corners, orthonormal_estimates, map_prior)
