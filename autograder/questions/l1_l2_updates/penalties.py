"""Questions on the two penalties and on counting what they make small."""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import number, signed
from autograder.questions.oracles import entries
from utils.checking.judgement import UNCHANGED

ONE = "one array"
SEVERAL = "several arrays"
BELOW = "the fraction"
STRICT = "strictly below tol"
DEFAULT = "tol left out"


def _penalty_cases(rng):
    def case(label, weights, lam, part=ONE):
        return Case(label, {"weights": [np.array(w) for w in weights], "lam": lam}, part)

    def drawn(label, *shapes, part=SEVERAL):
        return case(label, [signed(rng, *shape) for shape in shapes], number(rng, 0.1, 0.6), part)

    return [
        case("one array of three weights", [[1.0, -2.0, 0.5]], 0.1),
        case("one matrix", [[[1.0, -1.5], [2.0, 0.5]]], 0.5),
        case("λ = 0", [[3.0, -2.0]], 0.0),
        case("λ larger than 1", [[0.5, -0.25, 1.5]], 3.0),
        case("one weight, negative", [[-0.5]], 0.2),
        case("weights that are all 0", [[0.0, 0.0]], 0.3),
        case("weights close to 0", [[0.002, -0.005]], 2.0),
        case("large weights", [[40.0, -25.0]], 0.5),
        drawn("one random matrix", (4, 3), part=ONE),
        case("three different shapes", [[[1.0, -2.0]], [3.0, -0.5, 0.5], [-1.5]], 0.1, SEVERAL),
        case("two matrices of one shape", [[[1.0, -2.0]], [[-0.5, 3.0]]], 0.2, SEVERAL),
        drawn("one array with three axes", (2, 3, 2)),
        drawn("a square matrix, a vector and a column", (3, 3), (3,), (3, 1)),
        drawn("four arrays", (1,), (2, 2, 2), (5,), (2, 4)),
    ]


def _l1_penalty(weights, lam):
    return float(Fraction(lam) * sum(abs(w) for w in entries(weights)))


def _l2_penalty(weights, lam):
    return float(Fraction(lam) * sum(w * w for w in entries(weights)))


def _over(function):
    """Return the penalty that adds `function` of each array up."""
    return lambda weights, lam: lam * sum(function(w) for w in weights)


def _flat(weights):
    return np.concatenate([w.ravel() for w in weights])


_FORGOT_LAMBDA = (
    "Your result does not depend on λ. Without the factor λ nobody could set how much the penalty "
    "counts beside the loss."
)
_FIRST_ONLY = (
    "You used the first array of the list only. The penalty covers the weights of all layers: "
    "add up over the whole list."
)
_LAST_ONLY = (
    "Your result is that of the last array in the list. Look at where the sum starts, and at "
    "whether each array adds to it or replaces it."
)
_PER_ARRAY = (
    "You returned one number for each array. The penalty is added to the loss, which is a single "
    "number: add them up as well."
)
_STACKED = (
    "You handed the whole list to one NumPy function, which makes one array of it. That fails "
    "when the shapes differ: treat one array at a time."
)
_MEAN = (
    "You took a mean where the formula has a sum. With a mean, the same λ would press less on a "
    "single weight the more weights there are."
)
_HALF = (
    "Your result is half the penalty. The ½ belongs to other conventions; in this course the "
    "objective has none."
)

_WRONG_L1 = (
    Misconception("λ forgotten", _FORGOT_LAMBDA, lambda ws, lam: sum(np.abs(w).sum() for w in ws)),
    Misconception(
        "signed sum",
        "You added the weights with their signs, so 1 and -2 partly cancel. L1 adds their sizes.",
        _over(np.sum),
    ),
    Misconception(
        "size of the sum",
        "You added first and took the absolute value of the sum: weights of different sign cancel. "
        "Take the absolute value of each weight before adding.",
        _over(lambda w: abs(np.sum(w))),
    ),
    Misconception(
        "squares",
        "You squared the weights: that is the L2 penalty. L1 adds |w|, so a weight of 0.1 costs "
        "ten times what its square does.",
        _over(lambda w: np.sum(w**2)),
    ),
    Misconception("mean", _MEAN, _over(lambda w: np.mean(np.abs(w)))),
    Misconception("half", _HALF, _over(lambda w: np.abs(w).sum() / 2)),
    Misconception(
        "matrix 1-norm",
        "On a matrix `np.linalg.norm(w, 1)` is the largest column sum, not the sum over all "
        "entries. Only on a vector do the two agree.",
        _over(lambda w: np.linalg.norm(w, 1)),
    ),
    Misconception(
        "Euclidean norm",
        "You used the Euclidean norm, the root of the sum of squares. L1 is the sum of the "
        "absolute values.",
        _over(np.linalg.norm),
    ),
    Misconception(
        "largest weight",
        "You took the largest absolute value. L1 adds the absolute values of all weights.",
        _over(lambda w: np.max(np.abs(w))),
    ),
    Misconception("first array only", _FIRST_ONLY, lambda ws, lam: lam * np.abs(ws[0]).sum()),
    Misconception("last array only", _LAST_ONLY, lambda ws, lam: lam * np.abs(ws[-1]).sum()),
    Misconception(
        "one number an array", _PER_ARRAY, lambda ws, lam: [lam * np.abs(w).sum() for w in ws]
    ),
    Misconception("the list as one array", _STACKED, lambda ws, lam: lam * np.sum(np.abs(ws))),
    Misconception(
        "columns summed",
        "On a matrix your sum leaves one number a column. Python's `sum` adds along the first axis"
        " only: the penalty adds up every entry.",
        _over(lambda w: sum(np.abs(w))),
    ),
)

_WRONG_L2 = (
    Misconception("λ forgotten", _FORGOT_LAMBDA, lambda ws, lam: sum((w**2).sum() for w in ws)),
    Misconception(
        "half",
        "Your result is half the penalty. TensorFlow's `l2_loss` has a ½ in it; the penalty of "
        "this course, λΣw², has none.",
        _over(lambda w: (w**2).sum() / 2),
    ),
    Misconception(
        "norm not squared",
        "You used the norm of each array, the root of its sum of squares. The penalty is the "
        "squared norm: Σw² without the root.",
        _over(np.linalg.norm),
    ),
    Misconception(
        "one root over all",
        "You took a root at the end. The penalty is λΣw², without a root.",
        lambda ws, lam: lam * np.linalg.norm(_flat(ws)),
    ),
    Misconception(
        "absolute values",
        "You added absolute values: that is the L1 penalty. L2 adds squares, so a weight of 2 "
        "costs four times what a weight of 1 does.",
        _over(lambda w: np.abs(w).sum()),
    ),
    Misconception(
        "square of the sum",
        "You added first and squared the sum, so weights of different sign cancel. Square each "
        "weight, then add.",
        _over(lambda w: np.sum(w) ** 2),
    ),
    Misconception(
        "λ squared",
        "You multiplied by λ before squaring, so λ is squared too. It multiplies the sum of the "
        "squares once.",
        lambda ws, lam: sum(((lam * w) ** 2).sum() for w in ws),
    ),
    Misconception("mean", _MEAN, _over(lambda w: np.mean(w**2))),
    Misconception(
        "spectral norm",
        "On a matrix `np.linalg.norm(w, 2)` is its largest singular value. The sum of all squares "
        "is the squared Frobenius norm, which is what you get without the second argument.",
        _over(lambda w: np.linalg.norm(w, 2) ** 2),
    ),
    Misconception(
        "norms added before squaring",
        "You added the norms of the arrays and squared the total. Square each norm first: "
        "(a + b)² is more than a² + b².",
        lambda ws, lam: lam * sum(np.linalg.norm(w) for w in ws) ** 2,
    ),
    Misconception(
        "matrix product",
        "`w @ w.T` multiplies matrices: off its diagonal stand products of different rows. The "
        "penalty needs the square of each entry.",
        _over(lambda w: np.sum(w @ w.T)),
    ),
    Misconception("first array only", _FIRST_ONLY, lambda ws, lam: lam * (ws[0] ** 2).sum()),
    Misconception("last array only", _LAST_ONLY, lambda ws, lam: lam * (ws[-1] ** 2).sum()),
    Misconception(
        "one number an array", _PER_ARRAY, lambda ws, lam: [lam * (w**2).sum() for w in ws]
    ),
    Misconception("the list as one array", _STACKED, lambda ws, lam: lam * np.sum(np.square(ws))),
    Misconception(
        "columns summed",
        "On a matrix your sum leaves one number a column. Python's `sum` adds along the first axis"
        " only: the penalty adds up every entry.",
        _over(lambda w: sum(w**2)),
    ),
)


def _l1_by_loop(weights, lam):
    total = 0.0
    for array in weights:
        for index in np.ndindex(*array.shape):
            total += array[index] if array[index] > 0 else -array[index]
    return lam * total


def _l1_by_sign(weights, lam):
    return sum((lam * np.sign(w) * w).sum() for w in weights)


def _l1_by_recursion(weights, lam):
    if not weights:
        return 0.0
    return lam * np.abs(weights[0]).sum() + _l1_by_recursion(weights[1:], lam)


def _l2_by_loop(weights, lam):
    total = 0.0
    for array in weights:
        for entry in np.nditer(array):
            total += entry * entry
    return lam * total


def _l2_by_dot(weights, lam):
    w = _flat(weights)
    return lam * (w @ w)


def _l2_by_recursion(weights, lam):
    if not weights:
        return 0
    return lam * np.vdot(weights[0], weights[0]) + _l2_by_recursion(weights[1:], lam)


_PENALTY_PARTS = {ONE: 0.5, SEVERAL: 0.4, UNCHANGED: 0.1}

l1_penalty = Question(
    "l1_penalty",
    "The L1 penalty",
    _penalty_cases,
    _l1_penalty,
    parts=_PENALTY_PARTS,
    misconceptions=_WRONG_L1,
    hint="Take the first array of the case and write down |w| for each entry. Add them up, over "
    "all arrays, and multiply by λ once.",
    references=(
        lambda weights, lam: lam * sum(np.abs(w).sum() for w in weights),
        lambda weights, lam: lam * np.sum(np.abs(_flat(weights))),
        lambda weights, lam: lam * np.linalg.norm(_flat(weights), 1),
        lambda weights, lam: np.float32(lam) * sum(np.abs(w.astype("f4")).sum() for w in weights),
        lambda weights, lam: np.array(sum(lam * abs(x) for w in weights for x in w.flat)),
        _l1_by_loop,
        _l1_by_sign,
        _l1_by_recursion,
    ),
)

l2_penalty = Question(
    "l2_penalty",
    "The L2 penalty",
    _penalty_cases,
    _l2_penalty,
    parts=_PENALTY_PARTS,
    misconceptions=_WRONG_L2,
    hint="Take the first array of the case and write down w² for each entry. Add them up, over "
    "all arrays, and multiply by λ once.",
    references=(
        lambda weights, lam: lam * sum(np.sum(w**2) for w in weights),
        lambda weights, lam: lam * sum(np.linalg.norm(w) ** 2 for w in weights),
        lambda weights, lam: np.sum([lam * np.tensordot(w, w, w.ndim) for w in weights]),
        lambda weights, lam: lam * sum(np.square(w.astype(np.float32)).sum() for w in weights),
        lambda weights, lam: np.asarray(lam * sum(x * x for w in weights for x in w.ravel())),
        _l2_by_loop,
        _l2_by_dot,
        _l2_by_recursion,
    ),
)


def _sparsity_cases(rng):
    def case(label, weights, tol, part=BELOW):
        return Case(label, {"weights": [np.array(w) for w in weights], "tol": tol}, part)

    def drawn(label, *shapes, part=BELOW):
        return case(label, [_partly_small(rng, shape) for shape in shapes], 0.1, part)

    small = [0.5, -0.2, 0.01, -0.03, 0.4, 0.9, 0.7, 0.0]
    return [
        case("three of eight weights are small", [small], 0.1),
        case("no small weight", [[0.5, -0.25, 2.0]], 0.1),
        case("all weights are exactly 0", [[0.0, 0.0, 0.0]], 0.1),
        case("a matrix with one small entry", [[[0.5, -2.0], [0.001, 1.5]]], 0.01),
        drawn("a random matrix", (5, 4)),
        drawn("a random array with three axes", (2, 3, 3)),
        case("two arrays of different sizes", [[0.0, 0.5], small], 0.1, SEVERAL),
        drawn("three random arrays", (3, 4), (2,), (7, 1), part=SEVERAL),
        drawn("four random arrays", (1,), (2, 2, 2), (5,), (3, 3), part=SEVERAL),
        case("two entries with |w| = tol exactly", [[0.5, -0.5, 0.25, 1.0, 2.0]], 0.5, STRICT),
        case("tol = 0: nothing is below", [[0.0005, 0.5, -0.0005, 2.0]], 0.0, STRICT),
        Case(
            "tol is left out: 0.001",
            {"weights": [np.array([0.0005, -0.0009, 0.002, -0.5, 0.0, 0.005, 0.02, 3.0])]},
            DEFAULT,
        ),
        drawn("a random matrix of nine rows", (9, 7)),
        case("some entries with |w| = tol, random", [_some(rng, 0.25, 0.5)], 0.5, STRICT),
        Case("tol is left out, random", {"weights": [_some(rng, 0.0005, 0.002)]}, DEFAULT),
    ]


def _some(rng, small, large):
    """Return 8 to 24 entries of these two sizes, of both signs, in random order."""
    counts = rng.integers(3, 12), rng.integers(5, 14)
    sizes = rng.permutation(np.repeat([small, large], counts))
    return sizes * signed(rng, sizes.size, low=1.0, high=1.0)


def _partly_small(rng, shape):
    """Return an array with about a third of its entries below 0.1, at least one of them 0."""
    array = signed(rng, *shape) * rng.choice([0.02, 1.0, 1.0], shape)
    array.flat[0] = 0.0
    return array


def _sparsity(weights, tol=1e-3):
    below = [abs(w) < Fraction(tol) for w in entries(weights)]
    return float(Fraction(sum(below), len(below)))


def _fraction(below):
    """Return the sparsity that counts the entries for which `below(w, tol)` holds."""
    return lambda weights, tol=1e-3: np.mean(below(_flat(weights), tol))


_WRONG_SPARSITY = (
    Misconception(
        "exact zeros only",
        "You counted the entries that are exactly 0. Here an entry counts as soon as |w| < tol.",
        _fraction(lambda w, tol: w == 0),
    ),
    Misconception(
        "no absolute value",
        "You compared w with tol, not |w|: a weight of -0.2 is below 0.1, but it is not small.",
        _fraction(lambda w, tol: w < tol),
    ),
    Misconception(
        "the large ones",
        "You counted the weights that are not small. Sparsity is the fraction of the others.",
        _fraction(lambda w, tol: np.abs(w) >= tol),
    ),
    Misconception(
        "at most tol",
        "An entry with |w| = tol exactly does not count: the condition is |w| < tol.",
        _fraction(lambda w, tol: np.abs(w) <= tol),
    ),
    Misconception(
        "squares",
        "You compared w² with tol. Below 1 a square is smaller than |w|, so too many entries "
        "count.",
        _fraction(lambda w, tol: w**2 < tol),
    ),
    Misconception(
        "count",
        "You returned how many entries are small. Divide by how many there are, so that networks "
        "of different size can be compared.",
        lambda weights, tol=1e-3: np.sum(np.abs(_flat(weights)) < tol),
    ),
    Misconception(
        "percent",
        "You returned a percentage. A fraction lies between 0 and 1.",
        lambda weights, tol=1e-3: 100 * np.mean(np.abs(_flat(weights)) < tol),
    ),
    Misconception(
        "mean of the fractions",
        "You averaged the fractions of the arrays, so one entry of a small array counts more than "
        "one of a large array. Count over all arrays, then divide by all entries.",
        lambda weights, tol=1e-3: np.mean([np.mean(np.abs(w) < tol) for w in weights]),
    ),
    Misconception(
        "sum of the fractions",
        "You added the fractions of the arrays up, which can exceed 1. Count over all arrays, then "
        "divide by all entries.",
        lambda weights, tol=1e-3: sum(np.mean(np.abs(w) < tol) for w in weights),
    ),
    Misconception(
        "first array only",
        "You used the first array of the list only. The fraction is over the entries of all "
        "arrays.",
        lambda weights, tol=1e-3: np.mean(np.abs(weights[0]) < tol),
    ),
    Misconception(
        "one number an array",
        "You returned one number for each array. The result is a single fraction over all entries.",
        lambda weights, tol=1e-3: [np.mean(np.abs(w) < tol) for w in weights],
    ),
    Misconception(
        "number of rows",
        "You divided by the number of rows. A matrix has more entries than rows.",
        lambda weights, tol=1e-3: (
            sum(np.sum(np.abs(w) < tol) for w in weights) / sum(len(w) for w in weights)
        ),
    ),
    Misconception(
        "the list as one array",
        _STACKED,
        lambda weights, tol=1e-3: np.mean(np.abs(weights) < tol),
    ),
    Misconception(
        "tol ignored",
        "Your result does not change with tol: 0.001 seems to stand in the code. Use the argument.",
        lambda weights, tol=1e-3: np.mean(np.abs(_flat(weights)) < 1e-3),
    ),
)


def _sparsity_by_loop(weights, tol=1e-3):
    small = total = 0
    for array in weights:
        for entry in array.flat:
            total += 1
            if -tol < entry < tol:
                small += 1
    return small / total


def _sparsity_by_clearing(weights, tol=1e-3):
    kept = [np.where(np.abs(w) < tol, 0.0, 1.0) for w in weights]
    return 1 - sum(map(np.count_nonzero, kept)) / sum(k.size for k in kept)


def _sparsity_by_sizes(weights, tol=1e-3):
    counts = [np.array([np.count_nonzero(abs(w) < tol), w.size]) for w in weights]
    small, total = np.sum(counts, axis=0)
    return small / total


def _sparsity_by_sorting(weights, tol=1e-3):
    sizes = np.sort(np.abs(_flat(weights)))
    return np.searchsorted(sizes, tol, side="left") / sizes.size


sparsity = Question(
    "sparsity",
    "Sparsity",
    _sparsity_cases,
    _sparsity,
    parts={BELOW: 0.45, SEVERAL: 0.25, STRICT: 0.1, DEFAULT: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG_SPARSITY,
    hint="Mark the entries of the case with |w| < tol. How many are there, out of how many, over "
    "all arrays together?",
    references=(
        _fraction(lambda w, tol: np.abs(w) < tol),
        _fraction(lambda w, tol: np.abs(w.astype(np.float32)) < np.float32(tol)),
        lambda weights, tol=1e-3: np.asarray(1 - np.mean(~(np.abs(_flat(weights)) < tol))),
        lambda weights, tol=1e-3: np.average(
            [np.mean(np.abs(w) < tol) for w in weights], weights=[w.size for w in weights]
        ),
        _sparsity_by_loop,
        _sparsity_by_clearing,
        _sparsity_by_sizes,
        _sparsity_by_sorting,
    ),
)

QUESTIONS = (l1_penalty, l2_penalty, sparsity)
