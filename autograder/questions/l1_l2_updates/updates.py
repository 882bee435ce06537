"""Questions on the two update rules."""

from fractions import Fraction
from functools import partial

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import number, signed
from autograder.questions.oracles import entrywise, slope
from utils.checking.judgement import NEW_ARRAY, UNCHANGED

STEP = "the step"
KINK = "sign(0) = 0"
SHAPES = "any shape"


def _case(label, w, grad, lr, lam, *, part=STEP):
    return Case(label, {"w": np.array(w), "grad": np.array(grad), "lr": lr, "lam": lam}, part)


def _drawn(rng, label, *shape, part=STEP):
    lr, lam = number(rng, 0.1, 0.5), number(rng, 0.2, 0.8)
    return _case(label, signed(rng, *shape), signed(rng, *shape), lr, lam, part=part)


def _step_cases(rng):
    return [
        _case("weights of both signs", [1.0, -2.0, 0.5], [0.5, 0.5, -0.25], 0.1, 0.3),
        _case("a flat loss: the gradient is 0", [0.4, -0.3], [0.0, 0.0], 0.5, 0.1),
        _case("λ = 0: plain gradient descent", [1.0, -0.5], [0.2, -0.4], 0.5, 0.0),
        _case("a large learning rate and a large λ", [1.0, -0.5, 2.0], [0.2, -0.4, 3.0], 1.5, 2.0),
        _case("weights that the gradient carries past 0", [0.25, -0.5], [5.0, -8.0], 0.1, 0.3),
        _case("weights smaller than αλ", [0.01, -0.02], [0.0, 0.1], 0.1, 0.5),
        _drawn(rng, "five random weights", 5),
        _drawn(rng, "nine random weights", 9),
    ]


def _shape_cases(rng):
    w, grad = [[0.25, -1.0], [0.02, 0.5]], [[5.0, 0.5], [0.0, -0.25]]
    return [
        _case("a matrix, a weight carried past 0", w, grad, 0.1, 0.3, part=SHAPES),
        _drawn(rng, "one weight", 1, part=SHAPES),
        _drawn(rng, "a matrix", 3, 4, part=SHAPES),
        _drawn(rng, "a square matrix", 3, 3, part=SHAPES),
        _drawn(rng, "a column", 4, 1, part=SHAPES),
        _drawn(rng, "three axes", 2, 3, 2, part=SHAPES),
    ]


def _kink_cases(rng):
    with_zeros = signed(rng, 3, 2) * np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return [
        _case("a weight that is exactly 0", [0.0, 1.0, -1.0], [0.5, 0.5, 0.5], 0.1, 0.3, part=KINK),
        _case("a weight of 0 and a flat loss", [0.0, 0.5], [0.0, 0.0], 0.5, 0.4, part=KINK),
        _case("nothing to change", [0.0, 0.0], [0.0, 0.0], 0.5, 0.4, part=KINK),
        _case("a weight that is -0.0", [-0.0, 0.5], [0.25, -0.25], 0.2, 0.5, part=KINK),
        _case("tiny weights that are not 0", [1e-6, -1e-6], [0.25, 0.25], 0.5, 0.4, part=KINK),
        _case(
            "a matrix with zeros",
            with_zeros,
            signed(rng, 3, 2),
            0.5,
            number(rng, 0.2, 0.8),
            part=KINK,
        ),
    ]


def _l1_update_cases(rng):
    return _step_cases(rng) + _kink_cases(rng) + _shape_cases(rng)


def _l2_update_cases(rng):
    return [
        *_step_cases(rng),
        _case("weights of exactly 0", [0.0, -0.0, 1.0], [0.5, -0.5, 0.0], 0.1, 0.3),
        *_shape_cases(rng),
    ]


def _descend(penalty, w, grad, lr, lam):
    """Return one step on J + λ·Σ penalty(w), the slope taken from the penalty itself."""
    lr, lam = Fraction(lr), Fraction(lam)
    return entrywise(lambda w, g: w - lr * (g + lam * slope(penalty, w)), w, grad)


_WRONG_L1 = (
    Misconception(
        "factor 2",
        "You subtracted 2αλ·sign(w). The 2 belongs to L2, where it comes from differentiating w²; "
        "the slope of |w| is sign(w) alone.",
        lambda w, g, lr, lam: w - lr * (g + 2 * lam * np.sign(w)),
    ),
    Misconception(
        "sign of λ",
        "You added the penalty's pull, so each weight is pushed away from 0. A step goes against "
        "the whole gradient: both of its terms are subtracted.",
        lambda w, g, lr, lam: w - lr * (g - lam * np.sign(w)),
    ),
    Misconception(
        "λ without the learning rate",
        "You subtracted λ·sign(w) in full. The penalty is part of the cost, so its slope is "
        "multiplied by the learning rate like the slope of J.",
        lambda w, g, lr, lam: w - lr * g - lam * np.sign(w),
    ),
    Misconception(
        "gradient without the learning rate",
        "You subtracted the gradient of J in full: the learning rate multiplies both terms.",
        lambda w, g, lr, lam: w - g - lr * lam * np.sign(w),
    ),
    Misconception(
        "no learning rate",
        "Your step does not depend on the learning rate. Multiply the whole gradient by it.",
        lambda w, g, lr, lam: w - (g + lam * np.sign(w)),
    ),
    Misconception(
        "learning rate twice",
        "The learning rate multiplies your penalty term twice. Write the whole gradient down "
        "first; one factor α then stands in front of it.",
        lambda w, g, lr, lam: w - lr * (g + lr * lam * np.sign(w)),
    ),
    Misconception(
        "penalty in place of its slope",
        "You subtracted αλ|w|, the penalty itself. A step needs its derivative: how fast does |w| "
        "change when w does?",
        lambda w, g, lr, lam: w - lr * (g + lam * np.abs(w)),
    ),
    Misconception(
        "sum of the penalty",
        "You subtracted one number, λΣ|w|, from every weight. The derivative with respect to one "
        "weight keeps that weight's own term only.",
        lambda w, g, lr, lam: w - lr * (g + lam * np.sum(np.abs(w))),
    ),
    Misconception(
        "slope of L2",
        "You subtracted 2αλw, which depends on how large w is: that is the rule for the squared "
        "penalty. The slope of |w| is the same for 0.1 and for 10.",
        lambda w, g, lr, lam: w - lr * (g + 2 * lam * w),
    ),
    Misconception(
        "w for sign(w)",
        "You subtracted αλw. The slope of |w| does not depend on how large w is, only on its side "
        "of 0.",
        lambda w, g, lr, lam: w - lr * (g + lam * w),
    ),
    Misconception(
        "one sign for all",
        "You subtracted αλ from every weight, so the negative ones move away from 0. The pull "
        "goes toward 0: it changes its sign with w.",
        lambda w, g, lr, lam: w - lr * (g + lam),
    ),
    Misconception(
        "λ forgotten",
        "Your step is plain gradient descent: λ has no effect. Add the slope of the penalty.",
        lambda w, g, lr, lam: w - lr * g,
    ),
    Misconception(
        "sign of the gradient",
        "You took the sign of the gradient. The penalty is λΣ|w|, so its slope has the sign of w.",
        lambda w, g, lr, lam: w - lr * (g + lam * np.sign(g)),
    ),
    Misconception(
        "sign after the step",
        "You took the sign after the gradient step. Both slopes belong to one point, the w that "
        "was handed in.",
        lambda w, g, lr, lam: w - lr * g - lr * lam * np.sign(w - lr * g),
    ),
    Misconception(
        "uphill",
        "You added the gradient: that climbs. Descent subtracts it.",
        lambda w, g, lr, lam: w + lr * (g + lam * np.sign(w)),
    ),
    Misconception(
        "change only",
        "You returned the change, not the new weights. Start from w.",
        lambda w, g, lr, lam: -lr * (g + lam * np.sign(w)),
    ),
    Misconception(
        "threshold",
        "Your result is exactly 0 for small weights: that is the proximal step, which comes later "
        "in the lesson. The plain step subtracts αλ·sign(w) even if that carries w past 0.",
        lambda w, g, lr, lam: np.sign(w - lr * g) * np.maximum(np.abs(w - lr * g) - lr * lam, 0.0),
    ),
    Misconception(
        "stop at 0",
        "You set weights to 0 when the step carries them past it. The plain step does not look "
        "where it lands.",
        lambda w, g, lr, lam: np.where(
            w * (w - lr * (g + lam * np.sign(w))) < 0, 0.0, w - lr * (g + lam * np.sign(w))
        ),
    ),
    Misconception(
        "sign(0) = 1",
        "Your sign is +1 at w = 0, so a weight that is already 0 gets pushed off it. The course "
        "takes sign(0) = 0.",
        lambda w, g, lr, lam: w - lr * (g + lam * np.where(w >= 0, 1.0, -1.0)),
    ),
    Misconception(
        "sign(0) = -1",
        "Your sign is -1 at w = 0, so a weight that is already 0 gets pushed off it. The course "
        "takes sign(0) = 0.",
        lambda w, g, lr, lam: w - lr * (g + lam * np.where(w > 0, 1.0, -1.0)),
    ),
    Misconception(
        "division by |w|",
        "You divided by |w|, which is 0/0 at w = 0 and gives nan there. The course takes sign(0) ="
        " 0.",
        lambda w, g, lr, lam: w - lr * (g + lam * w / np.abs(w)),
    ),
    Misconception(
        "a zero stays",
        "You leave a weight of 0 where it is. Only the penalty has slope 0 there: the gradient of "
        "J still moves it.",
        lambda w, g, lr, lam: np.where(w == 0, 0.0, w - lr * (g + lam * np.sign(w))),
    ),
)

_WRONG_L2 = (
    Misconception(
        "factor 2 forgotten",
        "You subtracted αλw. The derivative of w² is 2w, and in this course the penalty has no ½ "
        "that would cancel the 2.",
        lambda w, g, lr, lam: w - lr * (g + lam * w),
    ),
    Misconception(
        "factor 4",
        "The 2 is in your step twice. The derivative of λw² is 2λw.",
        lambda w, g, lr, lam: w - lr * (g + 4 * lam * w),
    ),
    Misconception(
        "sign of λ",
        "You added the penalty's pull, so each weight grows. A step goes against the whole "
        "gradient: both of its terms are subtracted.",
        lambda w, g, lr, lam: w - lr * (g - 2 * lam * w),
    ),
    Misconception(
        "sign(w)",
        "You subtracted αλ·sign(w), the same amount from large and small weights: that is the L1 "
        "rule. The slope of w² grows with w.",
        lambda w, g, lr, lam: w - lr * (g + lam * np.sign(w)),
    ),
    Misconception(
        "2 sign(w)",
        "You multiplied the 2 with sign(w). The derivative of w² is 2 times w itself.",
        lambda w, g, lr, lam: w - lr * (g + 2 * lam * np.sign(w)),
    ),
    Misconception(
        "λ without the learning rate",
        "You subtracted 2λw in full. The penalty is part of the cost, so its slope is multiplied "
        "by the learning rate like the slope of J.",
        lambda w, g, lr, lam: w - lr * g - 2 * lam * w,
    ),
    Misconception(
        "gradient without the learning rate",
        "You subtracted the gradient of J in full: the learning rate multiplies both terms.",
        lambda w, g, lr, lam: w - g - 2 * lr * lam * w,
    ),
    Misconception(
        "no learning rate",
        "Your step does not depend on the learning rate. Multiply the whole gradient by it.",
        lambda w, g, lr, lam: w - (g + 2 * lam * w),
    ),
    Misconception(
        "learning rate twice",
        "The learning rate multiplies your penalty term twice. Write the whole gradient down "
        "first; one factor α then stands in front of it.",
        lambda w, g, lr, lam: w - lr * (g + 2 * lr * lam * w),
    ),
    Misconception(
        "λ squared",
        "λ stands in your step squared. It multiplies the penalty, and so its slope, once.",
        lambda w, g, lr, lam: w - lr * (g + 2 * lam**2 * w),
    ),
    Misconception(
        "λ forgotten",
        "Your step is plain gradient descent: λ has no effect. Add the slope of the penalty.",
        lambda w, g, lr, lam: w - lr * g,
    ),
    Misconception(
        "penalty in place of its slope",
        "You subtracted αλw², the penalty itself. A step needs its derivative, which is negative "
        "for a negative weight.",
        lambda w, g, lr, lam: w - lr * (g + lam * w**2),
    ),
    Misconception(
        "absolute value",
        "You subtracted 2αλ|w|, which pushes negative weights away from 0. The derivative of w² "
        "keeps the sign of w.",
        lambda w, g, lr, lam: w - lr * (g + 2 * lam * np.abs(w)),
    ),
    Misconception(
        "sum over the weights",
        "You subtracted one number, made of all weights, from each of them. The derivative with "
        "respect to one weight keeps that weight's own term only.",
        lambda w, g, lr, lam: w - lr * (g + 2 * lam * np.sum(w)),
    ),
    Misconception(
        "gradient shrunk too",
        "You took the gradient step first and shrank its result. Both slopes belong to the w that "
        "was handed in: only w is multiplied by 1 - 2αλ, not the gradient.",
        lambda w, g, lr, lam: (1 - 2 * lr * lam) * (w - lr * g),
    ),
    Misconception(
        "division",
        "You divided by 1 + 2αλ: that is the proximal step of L2. The gradient step multiplies w "
        "by 1 - 2αλ.",
        lambda w, g, lr, lam: (w - lr * g) / (1 + 2 * lr * lam),
    ),
    Misconception(
        "uphill",
        "You added the gradient: that climbs. Descent subtracts it.",
        lambda w, g, lr, lam: w + lr * (g + 2 * lam * w),
    ),
    Misconception(
        "change only",
        "You returned the change, not the new weights. Start from w.",
        lambda w, g, lr, lam: -lr * (g + 2 * lam * w),
    ),
)


def _l1_by_loop(w, grad, lr, lam):
    new = np.empty_like(w)
    for index in np.ndindex(w.shape):
        pull = lam if w[index] > 0 else -lam if w[index] < 0 else 0.0
        new[index] = w[index] - lr * (grad[index] + pull)
    return new


def _l1_by_copysign(w, grad, lr, lam):
    return w - lr * grad - np.where(w == 0, 0.0, np.copysign(lr * lam, w))


def _l1_by_masks(w, grad, lr, lam):
    new = w - lr * grad
    new[w > 0] -= lr * lam
    new[w < 0] += lr * lam
    return new


def _l1_by_comparison(w, grad, lr, lam):
    total = grad + lam * ((w > 0).astype(float) - (w < 0))
    result = np.copy(w)
    result -= lr * total
    return result


def _l1_by_vectorize(w, grad, lr, lam):
    return np.vectorize(lambda a, b: a - lr * (b + lam * np.sign(a)))(w, grad)


def _l1_by_float32(w, grad, lr, lam):
    w, grad = w.astype(np.float32), grad.astype(np.float32)
    return w - np.float32(lr) * (grad + np.float32(lam) * np.sign(w))


def _l1_by_recursion(w, grad, lr, lam):
    if w.ndim == 0:
        return np.asarray(w - lr * (grad + lam * ((w > 0) * 1.0 - (w < 0) * 1.0)))
    return np.stack([_l1_by_recursion(a, b, lr, lam) for a, b in zip(w, grad, strict=True)])


def _general_step(slope_of, w, grad, lr, lam):
    return np.subtract(w, np.multiply(lr, np.add(grad, lam * slope_of(w))))


def _l2_by_loop(w, grad, lr, lam):
    new = w.copy()
    for index, value in np.ndenumerate(w):
        new[index] = value - lr * grad[index] - 2 * lr * lam * value
    return new


def _l2_by_comprehension(w, grad, lr, lam):
    pairs = zip(w.flat, grad.flat, strict=True)
    return np.array([a - lr * (b + 2 * lam * a) for a, b in pairs]).reshape(w.shape)


def _l2_by_nditer(w, grad, lr, lam):
    with np.nditer([w, grad, None]) as rows:
        for a, b, out in rows:
            out[...] = a * (1 - 2 * lr * lam) - lr * b
        return rows.operands[2]


def _l2_by_float32(w, grad, lr, lam):
    w, grad = w.astype(np.float32), grad.astype(np.float32)
    return w - np.float32(lr) * (grad + np.float32(2 * lam) * w)


l1_update = Question(
    "l1_update",
    "The L1 update",
    _l1_update_cases,
    partial(_descend, abs),
    parts={STEP: 0.5, KINK: 0.15, SHAPES: 0.15, UNCHANGED: 0.1, NEW_ARRAY: 0.1},
    misconceptions=_WRONG_L1,
    hint="Work out the first entry by hand: the slope of J, plus λ times the slope of |w|, times "
    "the learning rate. Then compare with your code.",
    references=(
        lambda w, grad, lr, lam: w - lr * (grad + lam * np.sign(w)),
        partial(_general_step, np.sign),
        _l1_by_loop,
        _l1_by_copysign,
        _l1_by_masks,
        _l1_by_comparison,
        _l1_by_vectorize,
        _l1_by_float32,
        _l1_by_recursion,
    ),
)

l2_update = Question(
    "l2_update",
    "The L2 update",
    _l2_update_cases,
    partial(_descend, lambda w: w * w),
    parts={STEP: 0.6, SHAPES: 0.2, UNCHANGED: 0.2},
    misconceptions=_WRONG_L2,
    hint="Work out the first entry by hand: the slope of J, plus λ times the slope of w², times "
    "the learning rate. Then compare with your code.",
    references=(
        lambda w, grad, lr, lam: w - lr * (grad + 2 * lam * w),
        lambda w, grad, lr, lam: (1 - 2 * lr * lam) * w - lr * grad,
        partial(_general_step, lambda w: w + w),
        _l2_by_loop,
        _l2_by_comprehension,
        _l2_by_nditer,
        _l2_by_float32,
    ),
)

QUESTIONS = (l1_update, l2_update)
