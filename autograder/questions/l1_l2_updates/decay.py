"""The question on the path of one weight."""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import number, signed
from utils.checking.codec import Raises, Zeros

START = "w_0 to w_steps"
L2 = "the L2 path"
L1 = "the L1 path"
ZEROS = "exact zeros"
REFUSED = "other penalties refused"


def _cases(rng):
    return [
        _case("no step: only the start", START, 2.0, 0.1, 0.5, 0, "l2"),
        _case("no step: only the start, L1", START, 0.5, 0.1, 0.5, 0, "l1"),
        _case("λ = 0: nothing moves", START, abs(_weight(rng)), 0.1, 0.0, 3, "l2"),
        _case("λ = 0: nothing moves, L1", START, 1.5, 0.1, 0.0, 4, "l1"),
        _case("three L2 steps of 1 - 2αλ = 0.9", L2, 2.0, 0.1, 0.5, 3, "l2"),
        _case("a negative weight", L2, -2.0, 0.2, 0.5, 4, "l2"),
        _case("2αλ = 1", L2, 1.5, 0.5, 1.0, 3, "l2"),
        _case("2αλ > 1: the sign alternates", L2, 2.0, 1.0, 0.8, 5, "l2"),
        _case("close to 0, but never 0", L2, 1.0, 0.5, 0.75, 8, "l2"),
        _case(
            "a random L2 path",
            L2,
            _weight(rng),
            number(rng, 0.1, 0.3),
            number(rng, 0.3, 1.2),
            7,
            "l2",
        ),
        _case("three L1 steps of αλ = 0.25", L1, 1.0, 0.5, 0.5, 3, "l1"),
        _case("a negative weight, L1", L1, -1.0, 0.1, 1.5, 4, "l1"),
        _case("past 0", L1, 0.5, 0.1, 1.5, 6, "l1"),
        _case("past 0 from below", L1, -0.5, 0.2, 0.8, 7, "l1"),
        _case(
            "a random L1 path",
            L1,
            _weight(rng),
            number(rng, 0.1, 0.3),
            number(rng, 0.8, 1.4),
            8,
            "l1",
        ),
        *_zero_cases(rng),
        *_refused_cases(rng),
        _case("L2, only the start: not refused", REFUSED, _weight(rng), 0.1, 0.5, 0, "l2"),
    ]


def _weight(rng):
    return float(signed(rng, low=0.6)[()])


def _zero_cases(rng):
    return [
        _case("αλ does not divide w0", ZEROS, 0.7, 0.2, 1.0, 8, "l1"),
        _case("αλ divides w0", ZEROS, 0.3, 0.1, 1.0, 8, "l1"),
        _case("αλ divides w0, from below", ZEROS, -0.75, 0.5, 0.5, 6, "l1"),
        _case("one step is longer than the way", ZEROS, -0.2, 0.5, 1.0, 4, "l1"),
        _case("a start at 0", ZEROS, 0.0, 0.1, 0.5, 3, "l1"),
        _case("a random path to 0", ZEROS, _weight(rng), 0.5, number(rng, 1.1, 1.9), 9, "l1"),
    ]


def _refused_cases(rng):
    return [
        Case(
            f'penalty "{penalty}"',
            _inputs(_weight(rng), 0.1, 0.5, 3, penalty),
            REFUSED,
            Raises("ValueError"),
        )
        for penalty in ("elastic", "l", "none")
    ]


def _inputs(w0, lr, lam, steps, penalty):
    return {"w0": w0, "lr": lr, "lam": lam, "steps": steps, "penalty": penalty}


def _case(label, part, *values):
    inputs = _inputs(*values)
    path = _decay_path(**inputs)
    return Case(label, inputs, part, Zeros(path, _settled(path)) if part == ZEROS else path)


def _settled(path):
    """Return where the path must be exactly 0: from one step after its crossing on.

    In the step of the crossing itself rounding may leave a last digit.
    """
    crossed = np.abs(path) < 1e-9
    return np.concatenate([[False], crossed[:-1]])


def _decay_path(w0, lr, lam, steps, penalty):
    """Return the path in closed form: w_0 (1 − 2αλ)^k, or sign(w_0) max(|w_0| − kαλ, 0)."""
    start, pull = Fraction(w0), Fraction(lr) * Fraction(lam)
    if penalty == "l2":
        return np.array([float(start * (1 - 2 * pull) ** k) for k in range(steps + 1)])
    side = (start > 0) - (start < 0)
    return np.array([float(side * max(abs(start) - k * pull, 0)) for k in range(steps + 1)])


def _walk(l1_step, l2_step, otherwise=None):
    """Return the path made of two step rules; `otherwise` is the rule for any other penalty."""

    def answer(w0, lr, lam, steps, penalty):
        rule = {"l1": l1_step, "l2": l2_step}.get(penalty, otherwise)
        if rule is None:
            raise ValueError(penalty)
        path = [w0]
        for _ in range(steps):
            path.append(rule(path[-1], lr, lam))
        return np.array(path)

    return answer


def _l1(w, lr, lam):
    return np.sign(w) * max(abs(w) - lr * lam, 0.0)


def _l2(w, lr, lam):
    return w - 2 * lr * lam * w


_RIGHT = _walk(_l1, _l2)


def _stopping(w0, lr, lam, steps, penalty):
    path = _RIGHT(w0, lr, lam, steps, penalty)
    settled = np.flatnonzero(path == 0)
    return path[: settled[0] + 1] if penalty == "l1" and len(settled) else path


def _straight(line):
    """Return the answer whose L1 path is `line(w0, way)`, `way` being kαλ for each step k."""

    def answer(w0, lr, lam, steps, penalty):
        if penalty != "l1":
            return _RIGHT(w0, lr, lam, steps, penalty)
        return line(w0, lr * lam * np.arange(steps + 1))

    return answer


def _negative_as_zero(w, lr, lam):
    return max(w - lr * lam, 0.0)


def _linear_l2(w0, lr, lam, steps, penalty):
    if penalty != "l2":
        return _RIGHT(w0, lr, lam, steps, penalty)
    return w0 * (1 - 2 * lr * lam * np.arange(steps + 1))


def _no_error(w0, lr, lam, steps, penalty):
    return _RIGHT(w0, lr, lam, steps, penalty) if penalty in ("l1", "l2") else None


def _other_error(w0, lr, lam, steps, penalty):
    return _walk(*{"l1": (_l1, _l2), "l2": (_l1, _l2)}[penalty])(w0, lr, lam, steps, penalty)


_WRONG = (
    Misconception(
        "factor 2 forgotten",
        "Your L2 path shrinks by 1 - αλ a step. The derivative of λw² is 2λw, and here nothing "
        "cancels the 2.",
        _walk(_l1, lambda w, lr, lam: w - lr * lam * w),
    ),
    Misconception(
        "growing L2 path",
        "Your L2 path grows: the step goes against the slope of the penalty, so its factor is "
        "below 1.",
        _walk(_l1, lambda w, lr, lam: w + 2 * lr * lam * w),
    ),
    Misconception(
        "exponential",
        "You used exp(-2αλk), the limit of many short steps. A single step multiplies by 1 - 2αλ.",
        _walk(_l1, lambda w, lr, lam: w * np.exp(-2 * lr * lam)),
    ),
    Misconception(
        "division",
        "Your L2 path divides by 1 + 2αλ: that is the proximal step of L2. Here it is the plain "
        "step.",
        _walk(_l1, lambda w, lr, lam: w / (1 + 2 * lr * lam)),
    ),
    Misconception(
        "straight L2 path",
        "Your L2 path is a straight line: each step takes 2αλ of the start. It takes 2αλ of the "
        "weight as it is by then.",
        _linear_l2,
    ),
    Misconception(
        "L2 without the learning rate",
        "Your L2 step does not depend on the learning rate.",
        _walk(_l1, lambda w, lr, lam: w - 2 * lam * w),
    ),
    Misconception(
        "penalties swapped",
        'Your two paths are swapped: "l1" is the straight one, "l2" the geometric one.',
        _walk(_l2, _l1),
    ),
    Misconception(
        "L2 for all",
        "Your path is the geometric one whatever `penalty` says. Look at its value first.",
        _walk(_l2, _l2, otherwise=_l2),
    ),
    Misconception(
        "L1 for all",
        "Your path is the straight one whatever `penalty` says. Look at its value first.",
        _walk(_l1, _l1, otherwise=_l1),
    ),
    Misconception(
        "start missing",
        "Your path begins with w_1. It begins with w_0, the start, and so has steps + 1 entries.",
        lambda *args: _RIGHT(*args)[1:],
    ),
    Misconception(
        "last step missing",
        "Your path has steps entries. From w_0 to w_steps there are steps + 1.",
        lambda *args: _RIGHT(*args)[:-1],
    ),
    Misconception(
        "last weight only",
        "You returned the last weight only. The path holds every weight on the way, w_0 included.",
        lambda *args: float(_RIGHT(*args)[-1]),
    ),
    Misconception(
        "plain L1 step",
        'Your L1 path steps over 0 and rattles around it: that is the plain step. "l1" is the '
        "proximal step, which stops at 0.",
        _walk(lambda w, lr, lam: w - lr * lam * np.sign(w), _l2),
    ),
    Misconception(
        "L1 without the learning rate",
        "Your L1 path takes λ from the weight in each step. It takes αλ.",
        _walk(lambda w, lr, lam: np.sign(w) * max(abs(w) - lam, 0.0), _l2),
    ),
    Misconception(
        "L1 with factor 2",
        "Your L1 path takes 2αλ a step. The slope of |w| is ±1: the 2 belongs to L2.",
        _walk(lambda w, lr, lam: np.sign(w) * max(abs(w) - 2 * lr * lam, 0.0), _l2),
    ),
    Misconception(
        "negative start to 0",
        "A negative start jumps to 0 in your L1 path. It climbs to 0 by αλ a step: work with the "
        "size of the weight and keep its sign.",
        _walk(_negative_as_zero, _l2),
    ),
    Misconception(
        "sign lost",
        "Your L1 path of a negative start is positive. Keep the sign of the weight.",
        _walk(lambda w, lr, lam: max(abs(w) - lr * lam, 0.0), _l2),
    ),
    Misconception(
        "negative start to 0 at once",
        "Your L1 path of a negative start is 0 from w_0 on. It climbs to 0 by αλ a step: work with "
        "the size of the weight and keep its sign.",
        _straight(lambda w0, way: np.maximum(w0 - way, 0.0)),
    ),
    Misconception(
        "straight on past 0",
        "Your L1 path goes straight on past 0. The proximal step stops there: once the weight is "
        "0, it stays 0.",
        _straight(lambda w0, way: w0 - np.sign(w0) * way),
    ),
    Misconception(
        "ends at 0",
        "Your path ends when it gets to 0. It has steps + 1 entries: the weight stays 0 for the "
        "rest.",
        _stopping,
    ),
    Misconception(
        "nearly 0",
        "Your L1 path comes near 0 but is not exactly 0 after it has crossed: rounding left "
        "something.",
        _walk(lambda w, lr, lam: _l1(w, lr, lam) or 1e-13, _l2),
    ),
    Misconception(
        "others as L1",
        'You treated every other name as "l1". A typing error would then pass unseen: raise a '
        "ValueError.",
        _walk(_l1, _l2, otherwise=_l1),
    ),
    Misconception(
        "others as L2",
        'You treated every other name as "l2". A typing error would then pass unseen: raise a '
        "ValueError.",
        _walk(_l1, _l2, otherwise=_l2),
    ),
    Misconception(
        "others ignored",
        "For an unknown penalty you return None, and whoever called goes on with it. Raise a "
        "ValueError.",
        _no_error,
    ),
    Misconception(
        "another error",
        "You refuse an unknown penalty with another kind of exception. Raise a ValueError that "
        "names it.",
        _other_error,
    ),
)


def _by_power(w0, lr, lam, steps, penalty):
    k = np.arange(steps + 1)
    if penalty == "l2":
        return w0 * (1 - 2 * lr * lam) ** k
    if penalty == "l1":
        return np.sign(w0) * np.maximum(abs(w0) - k * lr * lam, 0)
    raise ValueError(f"penalty is {penalty!r}; it should be 'l1' or 'l2'")


def _by_filling(w0, lr, lam, steps, penalty):
    path = np.zeros(steps + 1)
    path[0] = w0
    for k in range(1, steps + 1):
        w = path[k - 1]
        if penalty == "l2":
            path[k] = w * (1 - 2 * lr * lam)
        elif penalty == "l1":
            path[k] = 0 if abs(w) <= lr * lam else w - np.sign(w) * lr * lam
        else:
            raise ValueError(penalty)
    return path


def _by_recursion(w0, lr, lam, steps, penalty):
    if penalty not in {"l1", "l2"}:
        raise ValueError("penalty")
    if steps == 0:
        return np.array([w0])
    new = w0 - 2 * lr * lam * w0 if penalty == "l2" else w0 - np.clip(w0, -lr * lam, lr * lam)
    return np.append(w0, _by_recursion(new, lr, lam, steps - 1, penalty))


def _by_cumulation(w0, lr, lam, steps, penalty):
    match penalty:
        case "l2":
            return np.cumprod([w0] + [1 - 2 * lr * lam] * steps)
        case "l1":
            ways = np.cumsum([abs(w0)] + [-lr * lam] * steps)
            return np.copysign(ways.clip(min=0), w0)
    raise ValueError(penalty)


def _by_float32(w0, lr, lam, steps, penalty):
    return _RIGHT(np.float32(w0), np.float32(lr), np.float32(lam), steps, penalty).astype("f4")


class _PenaltyError(ValueError):
    """A kind of ValueError."""


def _by_geomspace(w0, lr, lam, steps, penalty):
    if penalty == "l1":
        line = np.linspace(abs(w0), abs(w0) - steps * lr * lam, steps + 1)
        return np.where(line > 0, line, 0) * np.sign(w0)
    if penalty != "l2":
        raise _PenaltyError
    return np.array([w0 * (1 - 2 * lr * lam) ** k for k in range(steps + 1)])


decay_path = Question(
    "decay_path",
    "The path of one weight",
    _cases,
    _decay_path,
    parts={START: 0.1, L2: 0.35, L1: 0.3, ZEROS: 0.15, REFUSED: 0.1},
    misconceptions=_WRONG,
    hint="Write w_0, w_1 and w_2 of the case down by hand: for L2 each is 1 - 2αλ times the one "
    "before, for L1 each is αλ nearer to 0, and stops there.",
    references=(
        _RIGHT,
        _by_power,
        _by_filling,
        _by_recursion,
        _by_cumulation,
        _by_float32,
        _by_geomspace,
    ),
)

QUESTIONS = (decay_path,)
