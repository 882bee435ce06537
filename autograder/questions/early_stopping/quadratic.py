"""Questions on gradient descent that stops early on a quadratic, and the penalty it equals."""

from fractions import Fraction

import numpy as np
from scipy.optimize import brentq

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import number, signed
from utils.checking.judgement import UNCHANGED

PATH = "w_0 to w_steps"
PAST = "steps past w*"
JUMP = "lr·h = 1, and h = 0"
START = "no step"
WEIGHT = "the equivalent a"


def descend(eigenvalues, w_star, lr, steps):
    """Return the exact iterates of gradient descent from 0 on ½ Σ h_i (w_i − w*_i)², step by step.

    >>> descend([0.5], [4.0], 1.0, 2)
    [[Fraction(0, 1)], [Fraction(2, 1)], [Fraction(3, 1)]]
    """
    h, goal, rate = list(map(Fraction, eigenvalues)), list(map(Fraction, w_star)), Fraction(lr)
    path = [[Fraction(0)] * len(h)]
    for _ in range(steps):
        slopes = [c * (w - g) for c, w, g in zip(h, path[-1], goal, strict=True)]
        path.append([w - rate * slope for w, slope in zip(path[-1], slopes, strict=True)])
    return path


def _array(*values):
    return np.array(values, dtype=float)


# gradient_descent_path


def _path_cases(rng):
    def case(label, eigenvalues, w_star, lr, steps, part=PATH):
        inputs = {"eigenvalues": _array(*eigenvalues), "w_star": _array(*w_star)}
        return Case(label, inputs | {"lr": lr, "steps": steps}, part)

    def drawn(label, n, steps, low, high, part=PATH):
        lr = number(rng, 0.1, 0.3)
        h = np.round(rng.uniform(low, high, n) / lr, 2)
        return case(label, h, signed(rng, n), lr, steps, part)

    return [
        case("one direction: 0, 2, 3, 3.5", [0.5], [4.0], 1.0, 3),
        case("two directions, one fast", [2.0, 0.5], [1.0, 1.0], 0.25, 4),
        case("a negative w*", [1.0, 0.5, 2.0], [-2.0, 3.0, -0.5], 0.3, 3),
        case("an entry of w* is 0", [1.0, 2.0], [0.0, -1.5], 0.2, 5),
        case("a single step", [1.0, 3.0], [2.0, -1.0], 0.1, 1),
        case("eigenvalues from 0.01 to 90", [90.0, 1.0, 0.01], [1.0, -2.0, 50.0], 0.01, 6),
        drawn("random, three directions", 3, 5, 0.1, 0.8),
        drawn("random, two directions, seven steps", 2, 7, 0.1, 0.6),
        case("lr·h = 1.5: past w* and back", [1.5, 0.5], [2.0, 1.0], 1.0, 5, PAST),
        case("lr·h = 1.9, and 2.5: ever farther", [19.0, 25.0], [-1.0, 0.5], 0.1, 4, PAST),
        drawn("random, lr·h between 1.2 and 1.8", 3, 6, 1.2, 1.8, PAST),
        case("there in one step", [2.0, 0.5], [3.0, -1.0], 0.5, 3, JUMP),
        case("there in one step, lr = 1", [1.0], [0.5], 1.0, 4, JUMP),
        case("h = 0: a flat direction, no move", [0.0, 1.5], [2.0, -1.0], 0.5, 4, JUMP),
        case("only the start", [2.0, 0.5], [1.0, -3.0], 0.25, 0, START),
        case("only the start, lr·h = 1.5", [1.5], [2.0], 1.0, 0, START),
        case("there in one step, and a random direction", *_jump(rng), 4, JUMP),
        drawn("only the start, so many directions", int(rng.integers(3, 30)), 0, 0.1, 0.8, START),
    ]


def _jump(rng):
    """Return two eigenvalues, the first with lr·h = 1, random w* and lr."""
    lr = float(rng.choice([0.125, 0.25, 0.5]))
    return [1 / lr, number(rng, 0.2, 0.8) / lr], signed(rng, 2), lr


def _gradient_descent_path(eigenvalues, w_star, lr, steps):
    path = descend(eigenvalues.tolist(), w_star.tolist(), lr, steps)
    return np.array([[float(entry) for entry in w] for w in path])


def _left(factor, first=0, more=1):
    """Return the answer w_k = (1 − factor(lr·h, k)) w*, for k from `first` to steps."""

    def answer(eigenvalues, w_star, lr, steps):
        k = np.arange(first, steps + more)[:, None]
        return (1 - factor(lr * eigenvalues, k)) * w_star

    return answer


_PATH = _left(lambda pull, k: (1 - pull) ** k)


def _decaying(eigenvalues, w_star, lr, steps):
    return (1 - lr * eigenvalues) ** np.arange(steps + 1)[:, None] * w_star


def _by_log(eigenvalues, w_star, lr, steps):
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(1 - lr * eigenvalues)
        return (1 - np.exp(np.arange(steps + 1)[:, None] * logs)) * w_star


def _by_size(eigenvalues, w_star, lr, steps):
    return (1 - np.abs(1 - lr * eigenvalues) ** np.arange(steps + 1)[:, None]) * w_star


def _clipped(eigenvalues, w_star, lr, steps):
    return (1 - np.maximum(1 - lr * eigenvalues, 0) ** np.arange(steps + 1)[:, None]) * w_star


def _one_factor(eigenvalues, w_star, lr, steps):
    return (1 - (1 - lr * eigenvalues.mean()) ** np.arange(steps + 1)[:, None]) * w_star


def _power_of_h(eigenvalues, w_star, lr, steps):
    return (1 - (1 - lr * eigenvalues ** np.arange(steps + 1)[:, None])) * w_star


def _uphill(eigenvalues, w_star, lr, steps):
    return (1 - (1 + lr * eigenvalues) ** np.arange(steps + 1)[:, None]) * w_star


_WRONG_PATHS = (
    Misconception(
        "starts at w*",
        "Your path starts at w* and goes to 0. It starts at 0 and goes to w*: what shrinks by "
        "1 - lr·h a step is the distance w - w*.",
        _decaying,
    ),
    Misconception(
        "w* forgotten",
        "Your path goes to 1 in every direction. It goes to w*: multiply by it.",
        lambda h, w, lr, steps: _PATH(h, np.ones_like(w), lr, steps),
    ),
    Misconception(
        "size of w*",
        "Your path goes to |w*|. Where w* is negative it goes down.",
        lambda h, w, lr, steps: _PATH(h, np.abs(w), lr, steps),
    ),
    Misconception(
        "2 lr·h",
        "Your distance shrinks by 1 - 2·lr·h a step. With the ½ in front the slope is h(w - w*), "
        "without a 2.",
        _left(lambda pull, k: (1 - 2 * pull) ** k),
    ),
    Misconception(
        "½ lr·h",
        "Your distance shrinks by 1 - lr·h/2 a step. The slope of ½h(w - w*)² is h(w - w*): the 2 "
        "of the square takes the ½ away.",
        _left(lambda pull, k: (1 - pull / 2) ** k),
    ),
    Misconception(
        "learning rate forgotten",
        "Your path does not depend on lr. A step goes lr times the slope.",
        lambda h, w, lr, steps: _PATH(h, w, 1.0, steps),
    ),
    Misconception(
        "eigenvalues forgotten",
        "Your path does not depend on the eigenvalues. The slope in direction i is h_i times the "
        "distance to w*.",
        lambda h, w, lr, steps: _PATH(np.ones_like(h), w, lr, steps),
    ),
    Misconception(
        "one factor for all",
        "You shrink all directions by the same factor. Each has its own, 1 - lr·h_i.",
        _one_factor,
    ),
    Misconception(
        "exponential",
        "You used exp(-lr·h·k), the limit of many short steps. One step multiplies the distance by "
        "1 - lr·h.",
        _left(lambda pull, k: np.exp(-pull * k)),
    ),
    Misconception(
        "straight line",
        "Your path is a straight line: each step is as long as the first. The slope falls with the "
        "distance, so the steps get shorter.",
        _left(lambda pull, k: 1 - pull * k),
    ),
    Misconception(
        "power of h alone",
        "`1 - lr * h ** k` takes the power of h before anything else. Put 1 - lr * h in brackets.",
        _power_of_h,
    ),
    Misconception(
        "uphill",
        "Your path goes away from w*: the step is minus lr times the slope.",
        _uphill,
    ),
    Misconception(
        "start missing",
        "Your path begins with w_1. It begins with w_0, the start, and so has steps + 1 rows.",
        _left(lambda pull, k: (1 - pull) ** k, first=1),
    ),
    Misconception(
        "last step missing",
        "Your path has steps rows. From w_0 to w_steps there are steps + 1.",
        _left(lambda pull, k: (1 - pull) ** k, more=0),
    ),
    Misconception(
        "one step ahead",
        "Your path begins with w_1, and ends one step too late. The row of step k has the power k.",
        _left(lambda pull, k: (1 - pull) ** (k + 1)),
    ),
    Misconception(
        "last iterate only",
        "You returned the last iterate only. The path holds every one, the start included.",
        lambda *inputs: _PATH(*inputs)[-1],
    ),
    Misconception(
        "one array, many names",
        "All rows of your path are the last iterate: `w -= …` changes the one array that each row "
        "is. `w = w - …` makes a new one.",
        lambda *inputs: np.tile(_PATH(*inputs)[-1], (inputs[-1] + 1, 1)),
    ),
    Misconception(
        "transposed",
        "Your path has one row a direction. It has one row a step: transpose it.",
        lambda *inputs: _PATH(*inputs).T,
    ),
    Misconception(
        "logarithm",
        "Your path is nan where lr·h is 1 or more, as the logarithm of 1 - lr·h is there. Take the "
        "power itself.",
        _by_log,
    ),
    Misconception(
        "size of the factor",
        "You took the size of 1 - lr·h. Where lr·h is above 1 the factor is negative: each step "
        "leads to the other side of w*.",
        _by_size,
    ),
    Misconception(
        "stopped at w*",
        "You let no step go past w*. Where lr·h is above 1 gradient descent does go past it, and "
        "comes back.",
        _clipped,
    ),
)


def _path_by_steps(eigenvalues, w_star, lr, steps):
    path = [np.zeros_like(w_star)]
    for _ in range(steps):
        path.append(path[-1] - lr * eigenvalues * (path[-1] - w_star))
    return np.array(path)


def _path_by_outer(eigenvalues, w_star, lr, steps):
    powers = np.power.outer(1 - lr * eigenvalues, np.arange(steps + 1)).T
    return w_star - powers * w_star


def _path_by_products(eigenvalues, w_star, lr, steps):
    factors = np.vstack([np.ones(len(w_star)), np.tile(1 - lr * eigenvalues, (steps, 1))])
    return w_star * (1 - np.cumprod(factors, axis=0))


def _path_by_loops(eigenvalues, w_star, lr, steps):
    out = np.empty((steps + 1, len(w_star)))
    for k in range(steps + 1):
        for i, (h, goal) in enumerate(zip(eigenvalues, w_star, strict=True)):
            out[k, i] = goal * (1 - (1 - lr * h) ** k)
    return out


def _path_by_matrix(eigenvalues, w_star, lr, steps):
    step = np.eye(len(w_star)) - lr * np.diag(eigenvalues)
    powers = [np.linalg.matrix_power(step, k) for k in range(steps + 1)]
    return np.stack([w_star - power @ w_star for power in powers])


gradient_descent_path = Question(
    "gradient_descent_path",
    "The path of gradient descent",
    _path_cases,
    _gradient_descent_path,
    parts={PATH: 0.6, PAST: 0.1, JUMP: 0.1, START: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG_PATHS,
    hint="Work out one direction by hand: w_1 = 0 - lr·h·(0 - w*). Which factor takes the "
    "distance w - w* to the next one, and what is left of it after k steps?",
    references=(
        _PATH,
        _path_by_steps,
        _path_by_outer,
        _path_by_products,
        _path_by_loops,
        _path_by_matrix,
    ),
)


# equivalent_l2


def _weight_cases(rng):
    def case(label, eigenvalues, lr, steps, part=WEIGHT):
        return Case(label, {"eigenvalues": _array(*eigenvalues), "lr": lr, "steps": steps}, part)

    def drawn(label, n, low, high, steps, part=WEIGHT):
        lr = number(rng, 0.1, 0.3)
        return case(label, np.round(rng.uniform(low, high, n) / lr, 2), lr, steps, part)

    return [
        case("h = 1, lr·h = ½, two steps: a = ⅓", [1.0], 0.5, 2),
        case("two directions", [1.0, 0.5], 0.5, 3),
        case("a single step: a = 1/lr - h", [1.0, 2.0, 4.0], 0.2, 1),
        case("eigenvalues 1 to 5, lr = 0.05", [1.0, 2.0, 3.0, 4.0, 5.0], 0.05, 20),
        case("a slow direction", [0.001, 0.1], 0.5, 10),
        case("100 steps", [0.02, 0.3], 0.1, 100),
        case("lr·h of a millionth", [1e-5], 0.1, 10),
        drawn("random, three directions", 3, 0.05, 0.4, 4),
        drawn("random, nine steps", 2, 0.02, 0.15, 9),
        case("lr·h = 1.5, even steps: a > 0", [1.5, 0.5], 1.0, 2, PAST),
        case("lr·h = 1.5, odd steps: a < 0", [1.5, 0.5], 1.0, 3, PAST),
        drawn("random, lr·h between 1.3 and 1.7, odd steps", 3, 1.3, 1.7, 3, PAST),
        drawn("random, lr·h between 1.3 and 1.7, even steps", 2, 1.3, 1.7, 2, PAST),
        case("w* is reached: a = 0", [2.0, 0.5], 0.5, 3, JUMP),
        case("w* is reached in one step", [4.0, 1.0], 0.25, 1, JUMP),
        case("w* is reached in a direction, the other random", *_jump(rng)[::2], 3, JUMP),
    ]


def _equivalent_l2(eigenvalues, lr, steps):
    """Return the a at which the minimum of ½h(w − 1)² + ½aw² is where `descend` stops.

    A minimum has no slope: h(w − 1) + aw = 0. A root finder looks for the a at which this slope
    changes its sign, with the exact w.
    """
    reached = descend(eigenvalues.tolist(), [1.0] * len(eigenvalues), lr, steps)[-1]
    return np.array(
        [_balance(float(h), w) for h, w in zip(eigenvalues.tolist(), reached, strict=True)]
    )


def _balance(h, w):
    gap, w = float(1 - w), float(w)
    reach = 2 * abs(h * gap / w) + 1
    return brentq(lambda a: a * w - h * gap, -reach, reach, xtol=1e-15, rtol=1e-15)


def _weight(formula):
    """Return the answer a = formula(h, q, lr, steps) with q = (1 − lr·h)^steps."""

    def answer(eigenvalues, lr, steps):
        with np.errstate(all="ignore"):
            return formula(eigenvalues, (1 - lr * eigenvalues) ** steps, lr, steps)

    return answer


def _a(h, q, lr=None, steps=None):
    return h * q / (1 - q)


_WRONG_WEIGHTS = (
    Misconception(
        "rule of thumb",
        "You used 1/(lr·steps), which is near a only where lr·h·steps is small. Solve "
        "h/(h + a) = 1 - (1 - lr·h)^steps for a.",
        _weight(lambda h, q, lr, steps: np.full_like(h, 1 / (lr * steps))),
    ),
    Misconception(
        "rule of thumb, with exact zeros",
        "You used 1/(lr·steps) except where w* is reached. It is near a only where lr·h·steps is "
        "small: solve h/(h + a) = 1 - (1 - lr·h)^steps for a.",
        _weight(lambda h, q, lr, steps: np.where(q == 0, 0.0, 1 / (lr * steps))),
    ),
    Misconception(
        "λ in place of a",
        "You returned a/2, which is the course's λ. Asked for is a, the weight of ½·a·w².",
        _weight(lambda h, q, lr, steps: _a(h, q) / 2),
    ),
    Misconception(
        "twice a",
        "You returned 2a. In ½h(w - w*)² + ½aw² both terms have the ½: it drops out.",
        _weight(lambda h, q, lr, steps: _a(h, q) * 2),
    ),
    Misconception(
        "one step too many",
        "Your power is steps + 1. After k steps the distance to w* is (1 - lr·h)^k of what it was.",
        lambda h, lr, steps: _weight(_a)(h, lr, steps + 1),
    ),
    Misconception(
        "one step too few",
        "Your power is steps - 1. After k steps the distance to w* is (1 - lr·h)^k of what it was.",
        lambda h, lr, steps: _weight(_a)(h, lr, steps - 1),
    ),
    Misconception(
        "share left in place of share reached",
        "You solved h/(h + a) = (1 - lr·h)^steps, which is the share that is still missing. The "
        "share that is reached is 1 minus that.",
        _weight(lambda h, q, lr, steps: h * (1 - q) / q),
    ),
    Misconception(
        "eigenvalue forgotten",
        "You returned q/(1 - q) with q = (1 - lr·h)^steps. Solve h/(h + a) = 1 - q once more: a "
        "is h times that.",
        _weight(lambda h, q, lr, steps: q / (1 - q)),
    ),
    Misconception(
        "h/(1 - q)",
        "You returned h/(1 - q), which is h + a. Take h away from it.",
        _weight(lambda h, q, lr, steps: h / (1 - q)),
    ),
    Misconception(
        "h·q",
        "You returned h·q with q = (1 - lr·h)^steps. Solve h = (h + a)(1 - q) for a: a division by "
        "1 - q is left.",
        _weight(lambda h, q, lr, steps: h * q),
    ),
    Misconception(
        "shrinkage factor",
        "You returned 1 - (1 - lr·h)^steps, the factor itself. Solve h/(h + a) = that for a.",
        _weight(lambda h, q, lr, steps: 1 - q),
    ),
    Misconception(
        "exponential",
        "You used exp(-lr·h·steps), the limit of many short steps, for (1 - lr·h)^steps.",
        lambda h, lr, steps: h / np.expm1(lr * h * steps),
    ),
    Misconception(
        "product for power",
        "You used 1 - lr·h·steps, which is (1 - lr·h)^steps only to first order. Take the power.",
        _weight(lambda h, q, lr, steps: _a(h, 1 - lr * h * steps)),
    ),
    Misconception(
        "power of h alone",
        "`1 - lr * h ** steps` takes the power of h before anything else. Put 1 - lr * h in "
        "brackets.",
        _weight(lambda h, q, lr, steps: _a(h, 1 - lr * h**steps)),
    ),
    Misconception(
        "learning rate forgotten",
        "Your a does not depend on lr. A step shrinks the distance to w* by 1 - lr·h.",
        lambda h, lr, steps: _weight(_a)(h, 1.0, steps),
    ),
    Misconception(
        "2 lr·h",
        "Your distance shrinks by 1 - 2·lr·h a step. The cost is ½h(w - w*)², so its slope has no "
        "2.",
        lambda h, lr, steps: _weight(_a)(h, 2 * lr, steps),
    ),
    Misconception(
        "mean over the directions",
        "You returned one number, the mean. Each direction has its own a: an array, one number an "
        "eigenvalue.",
        lambda *inputs: float(np.mean(_weight(_a)(*inputs))),
    ),
    Misconception(
        "sum over the directions",
        "You returned one number, the sum. Each direction has its own a: an array, one number an "
        "eigenvalue.",
        lambda *inputs: float(np.sum(_weight(_a)(*inputs))),
    ),
    Misconception(
        "mean eigenvalue",
        "All your directions have the same a, that of the mean eigenvalue. Each has its own.",
        lambda h, lr, steps: _weight(_a)(np.full_like(h, h.mean()), lr, steps),
    ),
    Misconception(
        "negative to 0",
        "You set negative weights to 0. Where an odd number of steps ends past w*, a is negative: "
        "such a penalty pushes away from 0.",
        _weight(lambda h, q, lr, steps: np.maximum(_a(h, q), 0)),
    ),
    Misconception(
        "size of the factor",
        "You took the size of 1 - lr·h. Where lr·h is above 1, an odd number of steps ends past "
        "w*, and a is negative.",
        _weight(lambda h, q, lr, steps: _a(h, np.abs(q))),
    ),
    Misconception(
        "size of a",
        "You took the size of a. Where an odd number of steps ends past w*, a is negative.",
        _weight(lambda h, q, lr, steps: np.abs(_a(h, q))),
    ),
    Misconception(
        "logarithm",
        "Your a is nan where lr·h is above 1, as the logarithm of 1 - lr·h is there. Take the "
        "power itself.",
        _weight(lambda h, q, lr, steps: h / np.expm1(-steps * np.log(1 - lr * h))),
    ),
    Misconception(
        "nan where w* is reached",
        "You get nan or inf where lr·h = 1. There w* is reached, 1 - (1 - lr·h)^steps is 1, and "
        "h/(h + a) = 1 leaves a = 0.",
        _weight(lambda h, q, lr, steps: np.where(q == 0, np.nan, _a(h, q))),
    ),
)


def _weight_by_difference(eigenvalues, lr, steps):
    return eigenvalues / (1 - (1 - lr * eigenvalues) ** steps) - eigenvalues


def _weight_by_root(eigenvalues, lr, steps):
    found = []
    for h in eigenvalues:
        reached = 1 - (1 - lr * h) ** steps
        found.append(brentq(lambda a: h - reached * (h + a), -h, 1e3 / lr))  # noqa: B023
    return np.array(found)


def _weight_by_steps(eigenvalues, lr, steps):
    w = np.zeros(len(eigenvalues))
    for _ in range(steps):
        w = w - lr * eigenvalues * (w - 1)
    return eigenvalues * (1 - w) / w


def _weight_by_sum(eigenvalues, lr, steps):
    """Divide by lr·h times the geometric series in place of 1 − q."""
    left = 1 - lr * eigenvalues
    return left**steps / (lr * sum(left**k for k in range(steps)))


def _weight_by_path(eigenvalues, lr, steps):
    ends = _path_by_steps(eigenvalues, np.full(eigenvalues.shape, 3.0), lr, steps)[-1]
    return eigenvalues * (3 / ends - 1)


equivalent_l2 = Question(
    "equivalent_l2",
    "The penalty that early stopping equals",
    _weight_cases,
    _equivalent_l2,
    parts={WEIGHT: 0.6, PAST: 0.2, JUMP: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG_WEIGHTS,
    hint="Let q = (1 - lr·h)^steps. From h = (h + a)(1 - q) you get a on one side. Check it on "
    "h = 1, lr = 0.5, two steps: a = 1/3.",
    references=(
        _weight(_a),
        _weight_by_difference,
        _weight_by_root,
        _weight_by_steps,
        _weight_by_sum,
        _weight_by_path,
    ),
)

QUESTIONS = (gradient_descent_path, equivalent_l2)
