"""The question on the λ that belongs to a radius."""

import math

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions import oracles
from autograder.questions.inputs import design, signed
from utils.checking.codec import Interval
from utils.checking.judgement import UNCHANGED

LAMBDA = "the λ of a radius"
INSIDE = "least squares is inside"
SMALL = "a small radius"
SHARE = 1e-8


def _cases(rng):
    def case(label, X, y, radius, part=LAMBDA):
        return Case(label, {"X": np.array(X), "y": np.array(y), "radius": radius}, part)

    def drawn(label, n, d, *share, part=LAMBDA):
        X, y = design(rng, n, d), signed(rng, n, high=4.0)
        length = np.linalg.norm(oracles.ridge(X, y, 0.0))
        return case(label, X, y, float(f"{rng.uniform(*share) * length:.4g}"), part)

    plain = [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    tilted = [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]]
    return [
        case("orthonormal columns, ‖ŵ‖ = 5", plain, [3.0, 4.0, 1.0], 2.5),
        case("one column, xᵀx = 9 and xᵀy = 6", [[1.0], [2.0], [2.0]], [3.0, 1.5, 0.0], 0.25),
        case("two correlated columns", tilted, [2.0, -1.0, 3.0], 1.2),
        case("‖ŵ‖ = 5, no entry above the radius", plain, [3.0, 4.0, 1.0], 4.5),
        case("small columns", np.divide(tilted, 100), [2.0, -1.0, 3.0], 120.0),
        drawn("six rows, three columns", 6, 3, 0.3, 0.5),
        drawn("nine rows, four columns", 9, 4, 0.6, 0.8),
        drawn("close to least squares", 7, 3, 0.96, 0.98),
        case("columns and response times 30", np.multiply(tilted, 30), [60.0, -30.0, 90.0], 0.8),
        case("a larger radius than ‖ŵ‖ = 5", plain, [3.0, 4.0, 1.0], 6.0, INSIDE),
        case("a radius of ‖ŵ‖ = 5", plain, [3.0, 4.0, 1.0], 5.0, INSIDE),
        case("ten times larger columns", np.multiply(tilted, 10), [20.0, -10.0, 30.0], 4.0, INSIDE),
        case("ŵ = 1/14, a small radius", [[1.0], [2.0], [3.0]], [4.0, 0.0, -1.0], 0.08, INSIDE),
        drawn("six rows, three columns, a larger radius", 6, 3, 1.2, 1.9, part=INSIDE),
        case("a radius of ‖ŵ‖/100,000", plain, [3.0, 4.0, 1.0], 5e-5, SMALL),
        case("large columns", np.multiply(tilted, 1000), [2.0, -1.0, 3.0], 5e-4, SMALL),
        case("a radius of 1e-6", tilted, [2.0, -1.0, 3.0], 1e-6, SMALL),
        drawn("a radius of ‖ŵ‖/1000 or so", 8, 4, 0.5e-3, 2e-3, part=SMALL),
        drawn("one column, a somewhat smaller radius", 7, 1, 0.9, 0.95, part=INSIDE),
    ]


def _length(X, y):
    """Return λ ↦ ‖w(λ)‖ by the eigenvectors of XᵀX: the root of Σ (aᵀXᵀy / (v + λ))²."""
    values, axes = np.linalg.eigh(X.T @ X)
    pull = axes.T @ (X.T @ y)
    return lambda lam: math.hypot(*(pull / (values + lam)).tolist())


def _search(length, radius, low=0.0, high=1e30):
    """Return the λ at which `length` falls to `radius`."""
    return oracles.bisect(lambda lam: length(lam) < radius, low, high)


def _ridge_lambda_for_radius(X, y, radius):
    """Return the λ whose norms are within a relative 1e-8 of the radius, as an interval.

    Where least squares is inside: the λ that change its norm by a relative 1e-8 at most.
    """
    length = _length(X, y)
    least = length(0.0)
    goal = min(radius, least)
    high = _search(length, goal * (1 - SHARE))
    if radius >= least * (1 - SHARE):
        return Interval(-high, high)
    return Interval(_search(length, goal * (1 + SHARE)), high)


def _lambda(X, y, radius, high=1e30):
    length = _length(X, y)
    return 0.0 if length(0.0) <= radius else _search(length, radius, high=high)


def _upto(high):
    return lambda X, y, radius: _lambda(X, y, radius, high)


def _times(factor):
    return lambda X, y, radius: _lambda(X, y, radius) * factor(X)


def _negative_inside(X, y, radius):
    lowest = np.linalg.eigvalsh(X.T @ X)[0]
    return _search(_length(X, y), radius, low=-lowest)


def _nan_inside(X, y, radius):
    return _lambda(X, y, radius) if _length(X, y)(0.0) > radius else math.nan


def _none_inside(X, y, radius):
    return _lambda(X, y, radius) if _length(X, y)(0.0) > radius else None


def _refused_inside(X, y, radius):
    if _length(X, y)(0.0) < radius:
        raise ValueError("f(a) and f(b) must have different signs")
    return _lambda(X, y, radius)


def _l1_norm(X, y, radius):
    values, axes = np.linalg.eigh(X.T @ X)
    pull = axes.T @ (X.T @ y)

    def length(lam):
        return np.sum(np.abs(axes @ (pull / (values + lam))))

    return 0.0 if length(0.0) <= radius else _search(length, radius)


def _largest_entry(X, y, radius):
    values, axes = np.linalg.eigh(X.T @ X)
    pull = axes.T @ (X.T @ y)

    def length(lam):
        return np.max(np.abs(axes @ (pull / (values + lam))))

    return 0.0 if length(0.0) <= radius else _search(length, radius)


def _largest_entry_inside(X, y, radius):
    least = oracles.ridge(X, y, 0.0)
    return 0.0 if np.max(np.abs(least)) <= radius else _lambda(X, y, radius)


def _orthonormal(X, y, radius):
    return max(_length(X, y)(0.0) / radius - 1, 0.0)


def _centered(X, y, radius):
    return _lambda(X - X.mean(axis=0), y - y.mean(), radius)


def _of_fit(X, y, radius):
    """Bring the norm of the predictions down in place of the weights'."""
    U, d, _ = np.linalg.svd(X, full_matrices=False)
    pull = U.T @ y

    def length(lam):
        return math.hypot(*(pull * d**2 / (d**2 + lam)).tolist())

    return 0.0 if length(0.0) <= radius else _search(length, radius)


_WRONG = (
    Misconception(
        "‖w‖² = radius",
        "Your ridge solution has ‖w‖² = radius. Compare the norm itself with the radius, or ‖w‖² "
        "with radius².",
        lambda X, y, radius: _lambda(X, y, math.sqrt(radius)),
    ),
    Misconception(
        "‖w‖ = radius²",
        "Your ridge solution has ‖w‖ = radius². Square both or none.",
        lambda X, y, radius: _lambda(X, y, radius**2),
    ),
    Misconception(
        "search up to 100",
        "Your search ends at λ = 100. For a small radius λ has no bound that fits all: double the "
        "upper end until the norm is below the radius.",
        _upto(100.0),
    ),
    Misconception(
        "search up to 1000",
        "Your search ends at λ = 1000. For a small radius λ is larger: double the upper end until "
        "the norm is below the radius.",
        _upto(1000.0),
    ),
    Misconception(
        "search up to 10,000",
        "Your search ends at λ = 10,000. For a small radius λ is larger: double the upper end "
        "until the norm is below the radius.",
        _upto(1e4),
    ),
    Misconception(
        "search up to a million",
        "Your search ends at λ = 1,000,000. For a small radius λ is larger: double the upper end "
        "until the norm is below the radius.",
        _upto(1e6),
    ),
    Misconception(
        "search up to ten million",
        "Your search ends at λ = 10,000,000. For a small radius or large columns λ is larger: "
        "double the upper end until the norm is below the radius.",
        _upto(1e7),
    ),
    Misconception(
        "negative λ inside",
        "Where least squares is inside, your λ is negative: it blows the weights up to the "
        "radius. The constraint is inactive there, so λ = 0.",
        _negative_inside,
    ),
    Misconception(
        "nan inside",
        "Where least squares is inside, you return nan. No λ ≥ 0 makes the norm larger; the "
        "constraint is inactive there, so λ = 0.",
        _nan_inside,
    ),
    Misconception(
        "nothing inside",
        "Where least squares is inside, you return nothing. The constraint is inactive there: "
        "return 0.",
        _none_inside,
    ),
    Misconception(
        "error inside",
        "Where least squares is inside, your code stops with an error: the search has no root to "
        "find. Return 0 before you search.",
        _refused_inside,
    ),
    Misconception(
        "λ/2",
        "You gave half of λ. In this course the penalty is λ‖w‖², and (XᵀX + λI)w = Xᵀy has λ in "
        "full.",
        _times(lambda X: 0.5),
    ),
    Misconception(
        "2λ",
        "You gave twice λ. In this course the penalty is λ‖w‖², and (XᵀX + λI)w = Xᵀy has λ once.",
        _times(lambda X: 2.0),
    ),
    Misconception(
        "λ/n",
        "You divided λ by n, which fits a mean of squares. Here J is their sum.",
        _times(lambda X: 1 / len(X)),
    ),
    Misconception(
        "L1 norm",
        "Your ridge solution has Σ|w| = radius. The radius bounds ‖w‖ = √Σw².",
        _l1_norm,
    ),
    Misconception(
        "largest entry",
        "Your ridge solution has its largest |w_j| at the radius. The radius bounds ‖w‖ = √Σw².",
        _largest_entry,
    ),
    Misconception(
        "largest entry inside",
        "You take least squares for inside where no |ŵ_j| is above the radius. The radius bounds "
        "the norm: compare ‖ŵ‖.",
        _largest_entry_inside,
    ),
    Misconception(
        "norm of the predictions",
        "You brought ‖Xw‖ down to the radius. The radius bounds the weights, ‖w‖.",
        _of_fit,
    ),
    Misconception(
        "orthonormal columns",
        "You gave ‖ŵ‖/radius - 1. That holds for orthonormal columns; in general each direction "
        "shrinks by its own factor, so λ has to be searched for.",
        _orthonormal,
    ),
    Misconception(
        "centered",
        "You subtracted the means first. The functions of this lesson take X and y as they are.",
        _centered,
    ),
    Misconception(
        "always 0",
        "You return λ = 0 even where least squares is outside. Then the constraint is active, and "
        "λ > 0 brings the norm down to the radius.",
        lambda X, y, radius: 0.0,
    ),
    Misconception(
        "norm",
        "You returned a norm. Asked is the λ whose ridge solution has it.",
        lambda X, y, radius: min(_length(X, y)(0.0), radius),
    ),
)


def _norm_of(X, y, lam):
    return np.linalg.norm(np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y))


def _by_doubling(X, y, radius):
    if _norm_of(X, y, 0.0) <= radius:
        return 0.0
    low, high = 0.0, 1.0
    while _norm_of(X, y, high) > radius:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _norm_of(X, y, middle) > radius else (low, middle)
    return high


def _by_newton(X, y, radius):
    """Newton on 1/‖w‖ − 1/radius, which is concave and nearly straight in λ."""
    lam, gram, pull = 0.0, X.T @ X, X.T @ y
    for _ in range(100):
        A = gram + lam * np.eye(len(pull))
        w = np.linalg.solve(A, pull)
        length = np.sqrt(w @ w)
        if lam == 0 and length <= radius:
            break
        lam += (length / radius - 1) * length**2 / (w @ np.linalg.solve(A, w))
    return float(lam)


def _by_scipy(X, y, radius):
    from scipy.optimize import brentq

    if np.linalg.norm(np.linalg.pinv(X) @ y) <= radius:
        return 0
    bound = np.linalg.norm(X.T @ y) / radius
    return brentq(lambda lam: _norm_of(X, y, lam) - radius, 0.0, bound)


def _by_singular_values(X, y, radius):
    U, d, _ = np.linalg.svd(X, full_matrices=False)
    pull = d * (U.T @ y)
    if np.sum((pull / d**2) ** 2) <= radius**2:
        return 0.0
    low, high = -200.0, 200.0
    for _ in range(200):
        middle = (low + high) / 2
        outside = np.sum((pull / (d**2 + np.exp(middle))) ** 2) > radius**2
        low, high = (middle, high) if outside else (low, middle)
    return np.exp(high)


def _by_secant(X, y, radius):
    def excess(lam):
        return 1 / _norm_of(X, y, lam) - 1 / radius

    before, lam = 0.0, 1.0
    if excess(before) >= 0:
        return before
    for _ in range(200):
        if abs(lam - before) <= 1e-13 * lam:
            break
        slope = (excess(lam) - excess(before)) / (lam - before)
        before, lam = lam, lam - excess(lam) / slope
    return np.array(lam)


def _by_polynomial(X, y, radius):
    """Take the one positive root of Σ_j p_j² Π_{k≠j} (v_k + λ)² = r² Π_k (v_k + λ)²."""
    values, axes = np.linalg.eigh(X.T @ X)
    pull = axes.T @ X.T @ y
    scale = np.linalg.norm(pull) / radius
    values, pull = values / scale, pull / scale / radius
    factors = [np.polynomial.Polynomial([v, 1.0]) ** 2 for v in values]
    product = np.prod(factors)
    total = -product
    for place, p in enumerate(pull):
        total = total + p**2 * np.prod([f for k, f in enumerate(factors) if k != place] + [1.0])
    roots = total.roots()
    real = [r.real for r in roots if abs(r.imag) < 1e-9 and r.real > 0]
    lam = max(real, default=0.0)
    for _ in range(3 if lam else 0):  # polish the root
        w2, slope = np.sum((pull / (values + lam)) ** 2), np.sum(pull**2 / (values + lam) ** 3)
        lam += (w2 - 1) / (2 * slope)
    return float(lam * scale)


ridge_lambda_for_radius = Question(
    "ridge_lambda_for_radius",
    "The λ of a radius",
    _cases,
    _ridge_lambda_for_radius,
    parts={LAMBDA: 0.5, INSIDE: 0.2, SMALL: 0.2, UNCHANGED: 0.1},
    misconceptions=_WRONG,
    hint="Put your λ into ridge and compare the norm with the radius: they agree to a relative "
    "1e-8. The norm falls as λ grows, so halve an interval until nothing is left to halve. "
    "Where ‖ŵ‖ is within the radius already, λ is 0.",
    references=(
        _by_doubling,
        _by_newton,
        _by_scipy,
        _by_singular_values,
        _by_secant,
        _by_polynomial,
    ),
    rtol=1e-6,
    atol=1e-9,
)

QUESTIONS = (ridge_lambda_for_radius,)
