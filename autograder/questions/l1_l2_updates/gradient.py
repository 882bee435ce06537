"""The question on the numerical gradient."""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import number, signed
from utils.checking.judgement import UNCHANGED

CENTRAL = "central differences"
SHAPES = "any shape"
DEFAULT = "eps left out"


def _function(text, cubic=0.0, square=0.0, linear=0.0, mixed=0.0):
    """Return f as the driver "differentiate" takes it; `text` is what a student reads."""
    return {"text": text, "cubic": cubic, "square": square, "linear": linear, "mixed": mixed}


def _drawn(rng, label, *shape, eps=0.25, part=SHAPES):
    text = "Σ (a w³ + b w² + c w) + m (Σ w)², random a, b, c of the shape of w"
    coefficients = [signed(rng, *shape) for _ in range(3)]
    f = _function(text, *coefficients, number(rng, 0.5, 1.5))
    return Case(label, {"f": f, "w": signed(rng, *shape), "eps": eps}, part)


def _cases(rng):
    return [
        Case("squares", _inputs(_function("Σ w²", square=1.0), [3.0, -1.0, 0.0], 0.5)),
        Case("cubes", _inputs(_function("Σ w³", cubic=1.0), [2.0, -1.0, 0.0], 0.5)),
        Case(
            "a product of weights", _inputs(_function("(Σ w)²", mixed=1.0), [1.5, 2.0, -4.0], 0.2)
        ),
        Case("a line", _inputs(_function("Σ 3 w", linear=3.0), [-2.0, 0.0, 5.0], 0.1)),
        Case("one weight", _inputs(_function("Σ (w³ - w)", cubic=1.0, linear=-1.0), [0.5], 0.25)),
        _drawn(rng, "five random weights", 5, eps=0.5, part=CENTRAL),
        _drawn(rng, "a small eps", 4, eps=1e-3, part=CENTRAL),
        _drawn(rng, "a matrix", 2, 3),
        _drawn(rng, "a square matrix", 3, 3),
        _drawn(rng, "a column", 3, 1),
        _drawn(rng, "three axes", 2, 3, 2, eps=0.5),
        _default_case(rng),
        _steep_case(),
    ]


def _inputs(f, w, eps):
    return {"f": f, "w": np.array(w), "eps": eps}


def _default_case(rng):
    """Return a case at small weights, where a forward difference shows even with a small eps."""
    f = _function("Σ (a w³ + b w²), random a, b of the shape of w", signed(rng, 6, low=1.0))
    f["square"] = signed(rng, 6, low=1.0)
    return Case("eps is left out: 1e-5", {"f": f, "w": signed(rng, 6) / 20}, DEFAULT)


def _steep_case():
    """Return a case whose difference is 10⁶ eps², so that another default shows."""
    f = _function("Σ 1000000 w³", cubic=1e6)
    return Case("eps is left out, at 0", {"f": f, "w": np.zeros(2)}, DEFAULT)


def _numerical_gradient(f, w, eps=1e-5):
    """Return the central difference of each entry, expanded by hand.

    ((w + e)³ − (w − e)³) / 2e = 3w² + e²; for w², w and (Σw)² it is 2w, 1 and 2Σw.
    """
    columns = [np.broadcast_to(f[name], w.shape) for name in ("cubic", "square", "linear")]
    rows = zip(w.ravel().tolist(), *(c.ravel().tolist() for c in columns), strict=True)
    shared = 2 * Fraction(f["mixed"]) * sum(map(Fraction, w.ravel().tolist()))
    results = []
    for row in rows:
        x, cubic, square, linear = map(Fraction, row)
        own = cubic * (3 * x**2 + Fraction(eps) ** 2) + 2 * square * x + linear
        results.append(float(own + shared))
    return np.array(results).reshape(w.shape)


def _differences(quotient):
    """Return the gradient that applies `quotient(f, w, unit, eps)` to the unit of each entry."""

    def answer(f, w, eps=1e-5):
        gradient = np.zeros(w.shape)
        for index in np.ndindex(w.shape):
            unit = np.zeros(w.shape)
            unit[index] = 1.0
            gradient[index] = quotient(f, w, unit, eps)
        return gradient

    return answer


def _relative_quotient(scale):
    def quotient(f, w, unit, eps):
        step = eps * scale(np.sum(w * unit))
        return (f(w + step * unit) - f(w - step * unit)) / (2 * step)

    return quotient


def _relative_guarded(w):
    return max(1.0, abs(w))


def _all_at_once(f, w, eps=1e-5):
    return (f(w + eps) - f(w - eps)) / (2 * eps) * np.ones(w.shape)


def _rows(f, w, eps=1e-5):
    gradient = np.zeros(w.shape)
    for row in range(len(w)):
        up, down = w.copy(), w.copy()
        up[row] += eps
        down[row] -= eps
        gradient[row] = (f(up) - f(down)) / (2 * eps)
    return gradient


def _first_axes_sum(f, w, eps=1e-5):
    return np.array([np.sum(row) for row in _RIGHT(f, w, eps)])


def _never_restored(f, w, eps=1e-5):
    gradient = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        w[index] += eps
        above = f(w)
        w[index] -= 2 * eps
        gradient[index] = (above - f(w)) / (2 * eps)
    return gradient


def _alias(f, w, eps=1e-5):
    gradient = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        up = down = w.copy()
        up[index] += eps
        down[index] -= eps
        gradient[index] = (f(up) - f(down)) / (2 * eps)
    return gradient


def _kept_copy(f, w, eps=1e-5):
    gradient, up, down = np.zeros(w.shape), w.copy(), w.copy()
    for index in np.ndindex(w.shape):
        up[index] += eps
        down[index] -= eps
        gradient[index] = (f(up) - f(down)) / (2 * eps)
    return gradient


def _fixed_eps(f, w, eps=1e-5):
    return _RIGHT(f, w, 1e-5)


def _vectors_only(f, w, eps=1e-5):
    return np.array([(f(w + eps * e) - f(w - eps * e)) / (2 * eps) for e in np.eye(w.size)])


_RIGHT = _differences(lambda f, w, u, e: (f(w + e * u) - f(w - e * u)) / (2 * e))

_WRONG = (
    Misconception(
        "forward difference",
        "You compared f(w + eps) with f(w): a forward difference, whose error shrinks only like "
        "eps. A central difference looks to both sides, and its error shrinks like eps².",
        _differences(lambda f, w, u, e: (f(w + e * u) - f(w)) / e),
    ),
    Misconception(
        "backward difference",
        "You compared f(w) with f(w - eps): a backward difference, whose error shrinks only like "
        "eps. A central difference looks to both sides.",
        _differences(lambda f, w, u, e: (f(w) - f(w - e * u)) / e),
    ),
    Misconception(
        "divided by eps",
        "You divided by eps. From w - eps to w + eps the distance is twice that.",
        _differences(lambda f, w, u, e: (f(w + e * u) - f(w - e * u)) / e),
    ),
    Misconception(
        "not divided",
        "You did not divide by the distance between the two points, so the result is a "
        "difference, not a slope.",
        _differences(lambda f, w, u, e: f(w + e * u) - f(w - e * u)),
    ),
    Misconception(
        "order of operations",
        "`/ 2 * eps` divides by 2 and then multiplies by eps. Put the whole distance in brackets.",
        _differences(lambda f, w, u, e: (f(w + e * u) - f(w - e * u)) / 2 * e),
    ),
    Misconception(
        "sign",
        "Your gradient has the opposite sign: subtract the value on the left of w from the one on "
        "its right.",
        _differences(lambda f, w, u, e: (f(w - e * u) - f(w + e * u)) / (2 * e)),
    ),
    Misconception(
        "half step",
        "You moved each entry by eps/2. Here eps is the step to each side, so the two points are "
        "2 eps apart.",
        _differences(lambda f, w, u, e: (f(w + e / 2 * u) - f(w - e / 2 * u)) / e),
    ),
    Misconception(
        "relative step",
        "Your step grows with the weight, and is 0 where the weight is 0. The step is eps itself.",
        _differences(_relative_quotient(abs)),
    ),
    Misconception(
        "step relative above 1",
        "Your step grows with the weight once |w| is above 1. The step is eps itself for every "
        "entry.",
        _differences(_relative_quotient(_relative_guarded)),
    ),
    Misconception(
        "eps ignored",
        "Your result hardly depends on eps, although f curves. Take one point on each side, at the "
        "distance eps that was handed in, and no others.",
        _fixed_eps,
    ),
    Misconception(
        "all entries at once",
        "You moved all entries together, which gives the slope along one diagonal. Each entry "
        "needs its own two points, the others held still.",
        _all_at_once,
    ),
    Misconception(
        "rows moved together",
        "On a matrix you moved a whole row at a time. Each entry needs its own two points: visit "
        "every index of every axis.",
        _rows,
    ),
    Misconception(
        "one sum a row",
        "Your result has one number a row. The gradient has the shape of w: one number an entry.",
        _first_axes_sum,
    ),
    Misconception(
        "flattened",
        "The numbers are right, but the gradient came back flat. It has the shape of w.",
        lambda f, w, eps=1e-5: _RIGHT(f, w, eps).ravel(),
    ),
    Misconception(
        "vectors only",
        "You moved w by something that fits only when w is a vector, as the rows of an identity "
        "matrix or a flattened w do. Find a way to move one entry of an array of any shape.",
        _vectors_only,
    ),
    Misconception(
        "not put back",
        "You moved an entry of w and went on to the next without putting it back, so f then sees "
        "both moved. Put the entry back before the next, or move a copy.",
        _never_restored,
    ),
    Misconception(
        "copies moved for good",
        "You made the two copies once, so entries moved earlier stay moved. Start from w for "
        "each entry.",
        _kept_copy,
    ),
    Misconception(
        "two names for one copy",
        "Your result is 0 everywhere, as it is when both calls of f see the same point. For "
        "instance, `up = down = w.copy()` makes one array with two names: make two copies.",
        _alias,
    ),
)


def _restoring(f, w, eps=1e-5):
    gradient = np.empty_like(w)
    for index in np.ndindex(*w.shape):
        kept = w[index]
        w[index] = kept + eps
        above = f(w)
        w[index] = kept - eps
        below = f(w)
        w[index] = kept
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def _by_nditer(f, w, eps=1e-5):
    work = w.copy()
    gradient = np.zeros_like(work)
    for entry, slope in np.nditer([work, gradient], op_flags=["readwrite"]):
        kept = entry.copy()
        entry[...] = kept + eps
        slope[...] = f(work)
        entry[...] = kept - eps
        slope[...] = (slope - f(work)) / (2 * eps)
        entry[...] = kept
    return gradient


def _by_flat(f, w, eps=1e-5):
    slopes = []
    for place in range(w.size):
        values = []
        for sign in (1, -1):
            moved = w.ravel().copy()
            moved[place] += sign * eps
            values.append(f(moved.reshape(w.shape)))
        slopes.append((values[0] - values[1]) / eps * 0.5)
    return np.array(slopes).reshape(w.shape)


def _by_identity(f, w, eps=1e-5):
    units = np.eye(w.size).reshape(-1, *w.shape)
    return np.reshape([(f(w + eps * u) - f(w - eps * u)) / (2 * eps) for u in units], w.shape)


def _by_map(f, w, eps=1e-5):
    def slope(index):
        mask = np.arange(w.size).reshape(w.shape) == index
        return (f(np.where(mask, w + eps, w)) - f(np.where(mask, w - eps, w))) / eps / 2

    return np.vectorize(slope, otypes=[float])(np.arange(w.size).reshape(w.shape))


def _by_two_sided_average(f, w, eps=1e-5):
    here = f(w)
    ahead = _differences(lambda f, w, u, e: (f(w + e * u) - here) / e)(f, w, eps)
    behind = _differences(lambda f, w, u, e: (here - f(w - e * u)) / e)(f, w, eps)
    return (ahead + behind) / 2


numerical_gradient = Question(
    "numerical_gradient",
    "Numerical gradient",
    _cases,
    _numerical_gradient,
    driver="differentiate",
    parts={CENTRAL: 0.45, SHAPES: 0.25, DEFAULT: 0.1, UNCHANGED: 0.2},
    misconceptions=_WRONG,
    hint="Work out the first entry by hand: f with this entry raised by eps, f with it lowered by "
    "eps, and the distance between the two points.",
    references=(
        _RIGHT,
        _restoring,
        _by_nditer,
        _by_flat,
        _by_identity,
        _by_map,
        _by_two_sided_average,
    ),
)

QUESTIONS = (numerical_gradient,)
