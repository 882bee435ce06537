"""Questions on the soft threshold and the proximal update."""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import number, signed
from autograder.questions.oracles import entrywise, proximal_point
from utils.checking.codec import Zeros
from utils.checking.judgement import UNCHANGED

SHRINK = "the threshold"
STEP = "gradient step, then threshold"
ZEROS = "exact zeros"
SHAPES = "any shape"


def _soft_threshold_cases(rng):
    def case(label, z, threshold, part=SHRINK):
        inputs = {"z": np.array(z), "threshold": threshold}
        expected = _soft_threshold(**inputs)
        return Case(label, inputs, part, Zeros(expected) if part == ZEROS else expected)

    def drawn(label, *shape, part=SHAPES):
        return case(label, signed(rng, *shape), number(rng, 0.5, 1.0) + 0.005, part)

    return [
        case("outside the threshold, both signs", [3.0, -2.0, 1.5], 1.0),
        case("inside and outside", [0.3, -0.2, 2.0, -1.25], 0.5),
        case("a small threshold", [0.5, -0.25, 0.125], 0.01),
        case("many decimals", [0.61803, -1.41421, 0.07], 0.12345),
        case("a threshold larger than 1", [4.0, -6.0, 1.5], 2.5),
        drawn("eight random numbers", 8, part=SHRINK),
        drawn("twelve random numbers", 12, part=SHRINK),
        case("all inside the threshold", [0.1, -0.7, 0.3, -0.9], 1.0, ZEROS),
        case("|z| equal to the threshold", [0.5, -0.5, 0.75], 0.5, ZEROS),
        case("z = 0", [0.0, -0.0, 1.5], 0.25, ZEROS),
        case("a threshold of 0", [0.5, -1.5, 0.0], 0.0, ZEROS),
        drawn("twenty random numbers", 20, part=ZEROS),
        drawn("a matrix", 3, 4),
        drawn("a column", 5, 1),
        drawn("three axes", 2, 3, 2),
        drawn("one number", 1),
    ]


def _soft_threshold(z, threshold):
    return entrywise(lambda z: proximal_point(z, Fraction(threshold)), z)


_DIRECTION = (
    "The threshold comes out as a distance without its sign: results for negative numbers must "
    "stay negative."
)

_WRONG_THRESHOLD = (
    Misconception(
        "hard threshold",
        "You kept the numbers outside as they are: that is the hard threshold. The soft one also "
        "moves them toward 0 by the threshold, so that there is no jump.",
        lambda z, t: np.where(np.abs(z) > t, z, 0.0),
    ),
    Misconception(
        "no max",
        "Numbers inside the threshold came out beyond 0, with the other sign: |z| - threshold is "
        "negative there. Something has to stop it at 0.",
        lambda z, t: np.sign(z) * (np.abs(z) - t),
    ),
    Misconception("no sign", _DIRECTION, lambda z, t: np.maximum(np.abs(z) - t, 0.0)),
    Misconception(
        "positive side only",
        "Every negative number came out as 0: you compared z with the threshold, not |z|. It works "
        "on both sides of 0.",
        lambda z, t: np.maximum(z - t, 0.0),
    ),
    Misconception(
        "negative numbers kept",
        "You treated the positive numbers only: negative ones outside the threshold must move up "
        "toward 0.",
        lambda z, t: np.where(np.abs(z) <= t, 0.0, np.where(z > 0, z - t, z)),
    ),
    Misconception(
        "same direction for all",
        "You subtracted the threshold from every number outside: negative ones then move away from"
        " 0.",
        lambda z, t: np.where(np.abs(z) <= t, 0.0, z - t),
    ),
    Misconception(
        "away from 0",
        "You added the threshold: numbers outside move away from 0. They should move toward it.",
        lambda z, t: np.sign(z) * (np.abs(z) + t) * (np.abs(z) > t),
    ),
    Misconception(
        "clip",
        "You cut the numbers off at ±threshold: the large ones came out small and the small ones "
        "unchanged. It is the other way round: what you cut off is what should stay.",
        lambda z, t: np.clip(z, -t, t),
    ),
    Misconception(
        "inside kept",
        "Numbers inside the threshold came back as they were. They become exactly 0.",
        lambda z, t: np.where(np.abs(z) > t, z - t * np.sign(z), z),
    ),
    Misconception(
        "inside at the threshold",
        "Numbers inside came out as ±threshold. They become exactly 0.",
        lambda z, t: np.sign(z) * np.maximum(np.abs(z) - t, t),
    ),
    Misconception(
        "half the threshold",
        "You moved the numbers by half the threshold. It is the threshold itself that is "
        "subtracted here.",
        lambda z, t: np.sign(z) * np.maximum(np.abs(z) - t / 2, 0.0),
    ),
    Misconception(
        "scaled",
        "You multiplied by 1 - threshold: that shrinks large numbers more than small ones. The "
        "soft threshold takes the same amount from all.",
        lambda z, t: z * max(1 - t, 0.0),
    ),
    Misconception(
        "nearly 0",
        "The values are right, but inside the threshold they are only nearly 0: rounding left "
        "something. Choose 0 there, do not compute it.",
        lambda z, t: np.where(np.abs(z) > t, z - t * np.sign(z), 1e-12 * z + 1e-15),
    ),
    Misconception(
        "nan at 0",
        "You divided by |z|, which is 0/0 at z = 0 with a threshold of 0.",
        lambda z, t: z * np.maximum(1 - t / np.abs(z), 0.0),
    ),
)


def _soft_by_loop(z, threshold):
    result = np.zeros_like(z)
    for index in np.ndindex(z.shape):
        if z[index] > threshold:
            result[index] = z[index] - threshold
        elif z[index] < -threshold:
            result[index] = z[index] + threshold
    return result


def _soft_by_masks(z, threshold):
    result = z.copy()
    result[np.abs(z) <= threshold] = 0
    result[z > threshold] -= threshold
    result[z < -threshold] += threshold
    return result


def _soft_by_float32(z, threshold):
    z = z.astype(np.float32)
    return np.sign(z) * np.maximum(np.abs(z) - np.float32(threshold), 0)


def _soft_by_piecewise(z, threshold):
    conditions = [z > threshold, z < -threshold]
    return np.piecewise(z, conditions, [lambda x: x - threshold, lambda x: x + threshold, 0.0])


def _soft_by_comprehension(z, threshold):
    sizes = [max(abs(x) - threshold, 0.0) for x in z.ravel()]
    return np.copysign(np.reshape(sizes, z.shape), z)


def _proximal_cases(rng):
    def case(label, w, grad, lr, lam, *, part=STEP):
        inputs = {"w": np.array(w), "grad": np.array(grad), "lr": lr, "lam": lam}
        expected = _proximal_l1_update(**inputs)
        return Case(label, inputs, part, Zeros(expected) if part == ZEROS else expected)

    def drawn(label, *shape, part=SHAPES):
        lr, lam = number(rng, 0.2, 0.6), number(rng, 1.2, 1.8)
        w, grad = signed(rng, *shape), signed(rng, *shape)
        w += _clearance(w - lr * grad, lr * lam)
        return case(label, w, grad, lr, lam, part=part)

    return [
        case("weights of both signs", [1.0, -2.0, 0.5], [0.5, 0.5, -0.25], 0.1, 0.3),
        case("a small weight among large ones", [1.0, 0.02, -1.5], [0.5, 0.1, 0.0], 0.1, 0.5),
        case("the gradient carries weights past 0", [0.25, -0.5], [5.0, -8.0], 0.1, 0.4),
        case("λ = 0: plain gradient descent", [1.0, -0.5], [0.2, -0.4], 0.5, 0.0),
        case("a large learning rate and a large λ", [1.0, -0.5, 6.0], [0.2, -4.0, 1.0], 1.5, 2.0),
        case("weights that start at 0", [0.0, 0.0, 0.5], [3.0, -0.2, 0.25], 0.2, 0.5),
        drawn("eight random weights", 8, part=STEP),
        drawn("fifteen random weights", 15, part=STEP),
        case("all within αλ of 0", [0.03, -0.02, 0.0], [0.1, 0.1, -0.1], 0.1, 0.6, part=ZEROS),
        case("exactly αλ from 0", [0.5, -0.5, 0.25], [0.5, -0.5, 2.0], 0.5, 0.5, part=ZEROS),
        drawn("twenty random weights", 20, part=ZEROS),
        case("a matrix, past 0", [[0.25, -1.0]], [[5.0, 0.5]], 0.1, 0.4, part=SHAPES),
        drawn("a random matrix", 3, 4),
        drawn("a column", 5, 1),
        drawn("three axes", 2, 3, 2),
    ]


def _clearance(z, threshold):
    """Return what to add so that no |z| is within rounding of the threshold."""
    return np.where(np.abs(np.abs(z) - threshold) < 0.005, 0.01, 0.0)


def _proximal_l1_update(w, grad, lr, lam):
    lr, lam = Fraction(lr), Fraction(lam)
    return entrywise(lambda w, g: proximal_point(w - lr * g, lr * lam), w, grad)


def _soft(z, t):
    return np.sign(z) * np.maximum(np.abs(z) - t, 0.0)


_WRONG_PROXIMAL = (
    Misconception(
        "threshold λ",
        "Your threshold is λ. The pull of the penalty acts for one step only, so it is scaled by "
        "the learning rate like the gradient.",
        lambda w, g, lr, lam: _soft(w - lr * g, lam),
    ),
    Misconception(
        "threshold 2αλ",
        "Your threshold is twice too large. The slope of |w| is ±1: the 2 belongs to L2.",
        lambda w, g, lr, lam: _soft(w - lr * g, 2 * lr * lam),
    ),
    Misconception(
        "threshold αλ/2",
        "Your threshold is half of αλ. The ½ belongs to another objective; here the pull of λ|w| "
        "over one step is αλ.",
        lambda w, g, lr, lam: _soft(w - lr * g, lr * lam / 2),
    ),
    Misconception(
        "threshold α",
        "Your threshold does not depend on λ. Without λ nobody could set how strong the penalty "
        "is.",
        lambda w, g, lr, lam: _soft(w - lr * g, lr),
    ),
    Misconception(
        "threshold first",
        "You applied the threshold to w and then took the gradient step, which moves weights off "
        "0 again. The threshold comes last.",
        lambda w, g, lr, lam: _soft(w, lr * lam) - lr * g,
    ),
    Misconception(
        "plain L1 step",
        "You took the plain L1 step, which subtracts αλ·sign(w) and can carry a weight past 0. "
        "Here the gradient step on J alone comes first, then the threshold.",
        lambda w, g, lr, lam: w - lr * (g + lam * np.sign(w)),
    ),
    Misconception(
        "L1 step and threshold",
        "You took the L1 step and then applied the threshold: the penalty counts twice. The first "
        "step is on J alone.",
        lambda w, g, lr, lam: _soft(w - lr * (g + lam * np.sign(w)), lr * lam),
    ),
    Misconception(
        "gradient without the learning rate",
        "Your gradient step is not multiplied by the learning rate.",
        lambda w, g, lr, lam: _soft(w - g, lr * lam),
    ),
    Misconception(
        "uphill",
        "You added the gradient: that climbs. Descent subtracts it.",
        lambda w, g, lr, lam: _soft(w + lr * g, lr * lam),
    ),
    Misconception(
        "no gradient step",
        "You applied the threshold to w itself: the gradient has no effect. Take the step on J "
        "first.",
        lambda w, g, lr, lam: _soft(w, lr * lam),
    ),
    Misconception(
        "λ forgotten",
        "Your step is plain gradient descent: the threshold has no effect.",
        lambda w, g, lr, lam: w - lr * g,
    ),
    Misconception(
        "hard threshold",
        "You set the small weights to 0 and kept the others as they were after the step: a hard "
        "threshold. The soft one also moves the others toward 0 by αλ.",
        lambda w, g, lr, lam: np.where(np.abs(w - lr * g) > lr * lam, w - lr * g, 0.0),
    ),
    Misconception(
        "no max",
        "Weights within αλ of 0 came out beyond it, with the other sign. There the threshold gives"
        " exactly 0.",
        lambda w, g, lr, lam: np.sign(w - lr * g) * (np.abs(w - lr * g) - lr * lam),
    ),
    Misconception(
        "sign of the old weight",
        "You put the sign of the old w on the result. The gradient step may have carried the "
        "weight past 0: the sign to keep is that of the point it led to.",
        lambda w, g, lr, lam: np.sign(w) * np.maximum(np.abs(w - lr * g) - lr * lam, 0.0),
    ),
    Misconception(
        "no sign",
        _DIRECTION,
        lambda w, g, lr, lam: np.maximum(np.abs(w - lr * g) - lr * lam, 0.0),
    ),
    Misconception(
        "stop at 0",
        "You took the plain L1 step and set weights that crossed 0 to 0. That also stops a weight "
        "which the gradient itself carries past 0, and it moves a weight of 0 without the penalty.",
        lambda w, g, lr, lam: np.where(
            w * (w - lr * (g + lam * np.sign(w))) < 0, 0.0, w - lr * (g + lam * np.sign(w))
        ),
    ),
    Misconception(
        "L2 in place of L1",
        "You shrank the weights by a factor: that is the proximal step of L2, which never gives a "
        "zero.",
        lambda w, g, lr, lam: (w - lr * g) / (1 + 2 * lr * lam),
    ),
)


def _proximal_by_loop(w, grad, lr, lam):
    result = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        z = w[index] - lr * grad[index]
        if abs(z) > lr * lam:
            result[index] = z - lr * lam if z > 0 else z + lr * lam
    return result


def _proximal_by_clip(w, grad, lr, lam):
    z = w - lr * grad
    return z - np.clip(z, -lr * lam, lr * lam)


def _proximal_by_two_sides(w, grad, lr, lam):
    z = np.subtract(w, lr * grad)
    return np.maximum(z - lr * lam, 0) + np.minimum(z + lr * lam, 0)


def _proximal_by_float32(w, grad, lr, lam):
    z = w.astype(np.float32) - np.float32(lr) * grad.astype(np.float32)
    return _soft(z, np.float32(lr * lam))


def _proximal_in_steps(w, grad, lr, lam):
    w = np.array(w)
    w -= lr * grad
    inside = np.abs(w) <= lr * lam
    w -= lr * lam * np.sign(w)
    w[inside] = 0.0
    return w


soft_threshold = Question(
    "soft_threshold",
    "The soft threshold",
    _soft_threshold_cases,
    _soft_threshold,
    parts={SHRINK: 0.5, ZEROS: 0.25, SHAPES: 0.15, UNCHANGED: 0.1},
    misconceptions=_WRONG_THRESHOLD,
    hint="Take one number outside the threshold and one inside, of both signs, and work out "
    "sign(z)·max(|z| - threshold, 0) on paper.",
    references=(
        lambda z, threshold: np.sign(z) * np.maximum(np.abs(z) - threshold, 0),
        lambda z, threshold: z - np.clip(z, -threshold, threshold),
        lambda z, t: np.where(z > t, z - t, np.where(z < -t, z + t, 0.0)),
        lambda z, t: np.maximum(z - t, 0) - np.maximum(-z - t, 0),
        lambda z, t: np.vectorize(lambda x: (abs(x) > t) * (x - t * np.sign(x)))(z),
        _soft_by_loop,
        _soft_by_masks,
        _soft_by_float32,
        _soft_by_piecewise,
        _soft_by_comprehension,
    ),
)

proximal_l1_update = Question(
    "proximal_l1_update",
    "The proximal L1 update",
    _proximal_cases,
    _proximal_l1_update,
    parts={STEP: 0.6, ZEROS: 0.2, SHAPES: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG_PROXIMAL,
    hint="Do it in two steps on paper: first z, the gradient step on J alone; then the soft "
    "threshold of z at αλ.",
    references=(
        lambda w, grad, lr, lam: _soft(w - lr * grad, lr * lam),
        lambda w, g, a, b: np.where(
            np.abs(w - a * g) > a * b, w - a * g - a * b * np.sign(w - a * g), 0
        ),
        _proximal_by_loop,
        _proximal_by_clip,
        _proximal_by_two_sides,
        _proximal_by_float32,
        _proximal_in_steps,
    ),
)

QUESTIONS = (soft_threshold, proximal_l1_update)
