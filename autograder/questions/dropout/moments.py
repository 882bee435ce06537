"""The question on mean and variance of what inverted dropout returns."""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions import oracles
from autograder.questions.inputs import number, signed
from utils.checking.judgement import UNCHANGED

MOMENTS = "mean and variance"
SURE = "keep_prob = 1"


def _cases(rng):
    def case(label, x, p, part=MOMENTS):
        return Case(label, {"x": np.array(x), "keep_prob": p}, part)

    with_zeros = signed(rng, 3, 4)
    with_zeros[with_zeros < 0] = 0.0
    return [
        case("keep_prob = 0.5", [1.0, -2.0, 3.0], 0.5),
        case("keep_prob = 0.8", [[1.0, 2.0], [-0.5, 4.0]], 0.8),
        case("most are dropped", [2.0, -1.0, 0.5], 0.1),
        case("a matrix", signed(rng, 3, 4), number(rng, 0.55, 0.9)),
        case("small numbers", 1e-4 * signed(rng, 5), number(rng, 0.3, 0.45)),
        case("large numbers", 1e4 * signed(rng, 5), number(rng, 0.55, 0.9)),
        case("entries that are 0", with_zeros, number(rng, 0.3, 0.45)),
        case("four axes", signed(rng, 2, 3, 2, 2), number(rng, 0.55, 0.9)),
        case("nothing is dropped", signed(rng, 3, 2), 1.0, SURE),
    ]


def _moments(x, keep_prob):
    """Return both moments by going through the two outcomes of each entry, in exact arithmetic."""
    p = Fraction(keep_prob)

    def mean(entry):
        return p * (entry / p) + (1 - p) * 0

    def variance(entry):
        return p * (entry / p - mean(entry)) ** 2 + (1 - p) * (0 - mean(entry)) ** 2

    return [oracles.entrywise(mean, x), oracles.entrywise(variance, x)]


def _with_variance(variance):
    """Return the answer with the right mean and this variance."""
    return lambda x, keep_prob: (x.copy(), variance(x, keep_prob) + np.zeros(x.shape))


def _right_variance(x, p):
    return (1 - p) / p * x**2


def _with_mean(mean):
    """Return the answer with this mean and the right variance."""
    return lambda x, keep_prob: (mean(x, keep_prob), _right_variance(x, keep_prob))


def _sampled(x, keep_prob):
    draws = x * (np.random.default_rng().random((1000, *x.shape)) < keep_prob) / keep_prob
    return draws.mean(axis=0), draws.var(axis=0)


_WRONG = (
    Misconception(
        "variance without x²",
        "Your variance does not depend on x. (1 - p)/p is the variance of the mask; times x, an "
        "entry's variance is that times x².",
        _with_variance(lambda x, p: (1 - p) / p),
    ),
    Misconception(
        "x not squared",
        "Your variance has |x| in place of x². A factor goes out of a variance squared.",
        _with_variance(lambda x, p: (1 - p) / p * np.abs(x)),
    ),
    Misconception(
        "x with its sign",
        "Your variance has x in place of x², so it can be negative. A factor goes out of a "
        "variance squared.",
        _with_variance(lambda x, p: (1 - p) / p * x),
    ),
    Misconception(
        "variance without 1/p",
        "Your variance is p(1 - p)x², that of a mask of 0 and 1. The inverted mask holds 1/p: "
        "divide by p².",
        _with_variance(lambda x, p: p * (1 - p) * x**2),
    ),
    Misconception(
        "divided by p once",
        "Your variance is (1 - p)x². The mask of 0 and 1 has the variance p(1 - p), and the factor "
        "1/p goes out of it squared.",
        _with_variance(lambda x, p: (1 - p) * x**2),
    ),
    Misconception(
        "not inverted",
        "Your mean is p x and your variance p(1 - p)x²: those of dropout without 1/p. Inverted "
        "dropout divides what is kept by p.",
        lambda x, p: (p * x, p * (1 - p) * x**2),
    ),
    Misconception(
        "mean times p",
        "The variance is right, but your mean is p x. What is kept is x/p: p · x/p.",
        _with_mean(lambda x, p: p * x),
    ),
    Misconception(
        "mean over p",
        "Your mean is x/p, what an entry is if it is kept. It is kept with the probability p only.",
        _with_mean(lambda x, p: x / p),
    ),
    Misconception(
        "mean square",
        "Your variance is x²/p, the mean of the square. Take the square of the mean off.",
        _with_variance(lambda x, p: x**2 / p),
    ),
    Misconception(
        "p/(1 - p)",
        "Your variance has p/(1 - p), with p for the probability of dropping. Here p is that of "
        "keeping: the less is kept, the larger is the variance.",
        lambda x, p: (x.copy(), x**2 * (p / (1 - p) if p < 1 else 0.0)),
    ),
    Misconception(
        "standard deviation",
        "You return the standard deviation. Asked is its square, the variance.",
        _with_variance(lambda x, p: np.sqrt(_right_variance(x, p))),
    ),
    Misconception(
        "sampled",
        "Two calls give two results: you estimate from draws. The moments are exact: each entry is "
        "x/p with the probability p, and 0 otherwise.",
        _sampled,
    ),
    Misconception(
        "moments over the entries",
        "You return two numbers, over all entries of x. Asked is mean and variance of each entry "
        "over the masks: two arrays of the shape of x.",
        lambda x, p: (float(x.mean()), float(x.var())),
    ),
    Misconception(
        "sums over the entries",
        "You return two numbers, for the sum over all entries. Asked is mean and variance of each "
        "entry: two arrays of the shape of x.",
        lambda x, p: (float(x.sum()), float(np.sum(_right_variance(x, p)))),
    ),
    Misconception(
        "swapped",
        "Both are right, but swapped: the mean comes first.",
        lambda x, p: (_right_variance(x, p), x.copy()),
    ),
    Misconception(
        "one of two",
        "You return the variance only. Asked is a pair: mean and variance.",
        _right_variance,
    ),
    Misconception(
        "1 - p for p(1 - p)",
        "Your variance is (1 - p)x²/p². The mask of 0 and 1 has p(1 - p), not 1 - p; divided by p² "
        "that is (1 - p)/p.",
        _with_variance(lambda x, p: (1 - p) * x**2 / p**2),
    ),
)


def _by_outcomes(x, keep_prob):
    kept = x / keep_prob
    mean = keep_prob * kept + (1 - keep_prob) * 0
    square = keep_prob * kept**2
    return mean, square - mean**2


def _by_mask(x, keep_prob):
    mask_variance = keep_prob * (1 - keep_prob) / keep_prob**2
    return 1.0 * x, np.square(x) * mask_variance


def _by_loop(x, keep_prob):
    mean, variance = np.zeros(x.shape), np.zeros(x.shape)
    for index, entry in np.ndenumerate(x):
        for value, probability in ((entry / keep_prob, keep_prob), (0.0, 1 - keep_prob)):
            mean[index] += probability * value
            variance[index] += probability * (value - entry) ** 2
    return mean, variance


dropout_moments = Question(
    "dropout_moments",
    "Mean and variance of inverted dropout",
    _cases,
    _moments,
    driver="twice",
    parts={MOMENTS: 0.8, SURE: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG,
    hint="Take one entry: it becomes x/p with the probability p, and 0 with 1 - p. Write down the "
    "mean of these two, then the mean of their squares, and take off the square of the mean.",
    references=(
        lambda x, keep_prob: (x, x**2 * (1 / keep_prob - 1)),
        lambda x, keep_prob: [x.copy(), (1 - keep_prob) / keep_prob * x * x],
        lambda x, keep_prob: np.stack([x, x * x / keep_prob - x * x]),
        lambda x, keep_prob: (np.float32(x), np.float32(x) ** 2 * np.float32(1 / keep_prob - 1)),
        _by_outcomes,
        _by_mask,
        _by_loop,
    ),
    atol=1e-13,
)

QUESTIONS = (dropout_moments,)
