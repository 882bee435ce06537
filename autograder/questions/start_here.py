"""The questions of lesson 00."""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Choice, Misconception, Question
from autograder.questions.inputs import signed
from utils.checking.codec import Raises
from utils.checking.judgement import UNCHANGED

VALUES = "the mean of the squares"
SHAPES = "any shape"
REFUSED = "different shapes refused"


def _mean_squared_error_cases(rng):
    def case(label, y_true, y_pred, part=VALUES):
        return Case(label, {"y_true": np.array(y_true), "y_pred": np.array(y_pred)}, part)

    def drawn(label, *shape, part=VALUES):
        return case(label, signed(rng, *shape), signed(rng, *shape), part)

    return [
        case("three values, errors 0, 2 and 3", [1.0, 2.0, 3.0], [1.0, 4.0, 6.0]),
        case("errors of both signs, 1 and -2", [0.5, -1.5], [-0.5, 0.5]),
        case("one value", [2.5], [-1.0]),
        case("a perfect prediction", [0.5, -1.0, 2.0], [0.5, -1.0, 2.0]),
        drawn("six values", 6),
        drawn("nine values", 9),
        case(
            "a matrix",
            [[1.0, 2.0, 0.0], [4.0, 6.0, 1.0]],
            [[1.0, 0.0, 0.5], [4.0, 5.0, 3.0]],
            SHAPES,
        ),
        drawn("a column", 4, 1, part=SHAPES),
        drawn("a matrix of four rows", 4, 3, part=SHAPES),
        drawn("three axes", 2, 3, 2, part=SHAPES),
        *_refused_cases(rng),
        drawn("equal shapes are not refused", 5, part=REFUSED),
    ]


def _refused_cases(rng):
    pairs = [((3,), (3, 1)), ((4,), (1,)), ((2, 3), (3,)), ((3, 2), (1, 2)), ((2, 3), (3, 2))]
    pairs += [((2, 2), (4,)), ((3,), (2,)), ((3,), ())]
    return [
        Case(
            f"shapes {a} and {b}",
            {"y_true": signed(rng, *a), "y_pred": np.asarray(signed(rng, *b))},
            REFUSED,
            Raises("ValueError"),
        )
        for a, b in pairs
    ]


def _mean_squared_error(y_true, y_pred):
    pairs = list(zip(y_true.ravel().tolist(), y_pred.ravel().tolist(), strict=True))
    return float(sum((Fraction(a) - Fraction(b)) ** 2 for a, b in pairs) / len(pairs))


def _guarded(function):
    """Return `function` with the refusal of different shapes, which most answers have."""

    def answer(y_true, y_pred):
        if y_true.shape != y_pred.shape:
            raise ValueError("shapes differ")
        return function(y_true, y_pred)

    return answer


def _after(refuse):
    def answer(y_true, y_pred):
        refuse(y_true, y_pred)
        return np.mean((y_true.ravel() - y_pred.ravel()) ** 2)

    return answer


def _compare_sizes(y_true, y_pred):
    if y_true.size != y_pred.size:
        raise ValueError("sizes differ")


def _compare_lengths(y_true, y_pred):
    if len(y_true) != len(y_pred):
        raise ValueError("lengths differ")
    return np.mean((y_true - y_pred) ** 2)


def _assert_shapes(y_true, y_pred):
    assert y_true.shape == y_pred.shape


def _return_none(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2) if y_true.shape == y_pred.shape else None


def _in_place(y_true, y_pred):
    y_pred -= y_true
    return np.mean(y_pred**2)


_WRONG_ERRORS = (
    Misconception(
        "sum in place of mean",
        "You added the squares up. The mean also divides by how many there are, so that 1,000 "
        "digits can be compared with 100.",
        _guarded(lambda a, b: np.sum((a - b) ** 2)),
    ),
    Misconception(
        "half",
        "Your result is half the mean. Some texts put a ½ in front to make the derivative shorter; "
        "this course does not.",
        _guarded(lambda a, b: np.mean((a - b) ** 2) / 2),
    ),
    Misconception(
        "root",
        "You took the square root at the end: that is the root mean squared error. Here the mean "
        "of the squares is the result itself.",
        _guarded(lambda a, b: np.sqrt(np.mean((a - b) ** 2))),
    ),
    Misconception(
        "absolute error",
        "You averaged the sizes of the errors. The squared error squares each of them first, so "
        "an error of 3 counts 9.",
        _guarded(lambda a, b: np.mean(np.abs(a - b))),
    ),
    Misconception(
        "mean before square",
        "You took the mean first and squared it: errors of different sign then cancel. Square each "
        "error, then take the mean.",
        _guarded(lambda a, b: np.mean(a - b) ** 2),
    ),
    Misconception(
        "difference of the squares",
        "You squared the two arrays and then subtracted. Subtract first: the error is a "
        "difference, and it is the error that gets squared.",
        _guarded(lambda a, b: np.mean(a**2 - b**2)),
    ),
    Misconception(
        "no square",
        "You averaged the errors without squaring them, so errors of different sign cancel.",
        _guarded(lambda a, b: np.mean(a - b)),
    ),
    Misconception(
        "variance",
        "You subtracted the mean error before squaring, as a variance does. A prediction that is "
        "off by the same amount everywhere would then count as perfect.",
        _guarded(lambda a, b: np.var(a - b)),
    ),
    Misconception(
        "first axis only",
        "On a matrix your mean runs over the first axis alone and leaves one number a column. "
        "The mean runs over all elements and gives one number.",
        _guarded(lambda a, b: np.mean((a - b) ** 2, axis=0)),
    ),
    Misconception(
        "number of rows",
        "You divided by the number of rows. On a matrix there are more elements than rows: divide "
        "by how many squares you added up.",
        _guarded(lambda a, b: np.sum((a - b) ** 2) / len(a)),
    ),
    Misconception(
        "broadcasting",
        "The numbers are right, but NumPy stretched two different shapes to fit each other: (3,) "
        "minus (3, 1) is a (3, 3) table of wrong pairs. Compare the shapes first.",
        lambda a, b: np.mean((a - b) ** 2),
    ),
    Misconception(
        "sizes compared",
        "You compared how many elements there are, not the shapes: (3,) and (3, 1) both hold "
        "three.",
        _after(_compare_sizes),
    ),
    Misconception(
        "lengths compared",
        "You compared the lengths, that is the first axis only. Two arrays can agree on it and "
        "differ in the rest of their shape.",
        _compare_lengths,
    ),
    Misconception(
        "assert",
        "You refuse different shapes with another kind of exception. Raise a ValueError: an "
        "`assert` is for your own slips and can be switched off.",
        _after(_assert_shapes),
    ),
    Misconception(
        "None for different shapes",
        "For different shapes you return None, and whoever called goes on with it. Raise a "
        "ValueError, so that the mistake is seen where it was made.",
        _return_none,
    ),
)


@_guarded
def _by_loop(y_true, y_pred):
    total = 0.0
    for index in np.ndindex(y_true.shape):
        total += (y_true[index] - y_pred[index]) ** 2
    return total / y_true.size


@_guarded
def _by_comprehension(y_true, y_pred):
    squares = [(p - t) ** 2 for t, p in zip(y_true.flat, y_pred.flat, strict=True)]
    return sum(squares) / len(squares)


@_guarded
def _by_dot(y_true, y_pred):
    error = (y_true - y_pred).ravel()
    return error @ error / len(error)


def _by_reduce_late_refusal(y_true, y_pred):
    if np.shape(y_true) == np.shape(y_pred):
        return np.square(np.subtract(y_true, y_pred)).mean(keepdims=False)
    raise ValueError(f"{np.shape(y_true)} is not {np.shape(y_pred)}")


mean_squared_error = Question(
    "mean_squared_error",
    "Mean squared error",
    _mean_squared_error_cases,
    _mean_squared_error,
    parts={VALUES: 0.5, SHAPES: 0.2, REFUSED: 0.2, UNCHANGED: 0.1},
    misconceptions=_WRONG_ERRORS,
    hint="Write the errors of the case on paper, square each, add them up and divide by how many "
    "there are; then compare each step with your code.",
    references=(
        _guarded(lambda a, b: np.mean((a - b) ** 2)),
        _guarded(lambda a, b: np.linalg.norm(a - b) ** 2 / a.size),
        _guarded(lambda a, b: np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2)),
        _guarded(lambda a, b: np.asarray(np.average((b - a) ** 2))),
        _by_loop,
        _by_comprehension,
        _by_dot,
        _by_reduce_late_refusal,
    ),
)

memorization = Choice(
    "memorization",
    "Predict: long training on partly wrong labels",
    {
        "a": "The network has more weights than there are labels: it can store the wrong ones as "
        "well. In the figure below, see where the training error ends.",
        "b": "The training error does go to 0. But a network that outputs the wrong labels on the "
        "training digits has not seen through them: watch the dev error in the figure below.",
        "c": "Early on the network learns what the digits share; later it stores single wrong "
        "labels, and pays for that on new digits.",
        "d": "Each step lowers the training loss, wrong labels or not, so the training error does "
        "not rise. Only one of the two curves turns.",
    },
    "c",
)

QUESTIONS = (mean_squared_error, memorization)
