"""The question on predicting with dropout left on."""

import math
from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import signed
from utils.checking.judgement import UNCHANGED

MOMENTS = "mean and standard deviation"
SINGLE = "n_samples = 1"


def _cases(rng):
    def case(label, predictions, n_samples, part=MOMENTS):
        x = signed(rng, predictions.shape[1], 2)
        spare = signed(rng, n_samples + 2, *predictions.shape[1:])
        script = np.concatenate([predictions, spare])
        return Case(label, {"predictions": script, "x": x, "n_samples": n_samples}, part)

    def drawn(label, n_samples, *shape, part=MOMENTS):
        return case(label, signed(rng, n_samples, *shape), n_samples, part)

    by_hand = np.array([[1.0, 2.0, 0.0], [3.0, 2.0, 4.0]])
    narrow = 50 + 0.1 * signed(rng, 6, 4)
    return [
        case("two calls, worked by hand", by_hand, 2),
        drawn("five calls, four predictions", 5, 4),
        drawn("seven calls, three rows of two outputs", 7, 3, 2),
        drawn("as many calls as predictions", 4, 4),
        drawn("twelve calls, five rows of three outputs", 12, 5, 3),
        case("predictions near 50 that differ little", narrow, 6),
        drawn("one prediction", 5, 1),
        drawn("outputs of two axes", 4, 3, 2, 2),
        drawn("one call", 1, 4, part=SINGLE),
        drawn("one call, three rows of two outputs", 1, 3, 2, part=SINGLE),
    ]


def _oracle(predictions, x, n_samples):
    """Return mean and spread of the first predictions of the script, entry by entry, exactly."""
    rows = predictions[:n_samples]
    mean, std = np.zeros(rows.shape[1:]), np.zeros(rows.shape[1:])
    for index in np.ndindex(mean.shape):
        values = [Fraction(row[index]) for row in rows]
        center = sum(values) / n_samples
        mean[index] = center
        std[index] = math.sqrt(sum((v - center) ** 2 for v in values) / n_samples)
    return {"mean": mean, "std": std, "calls": n_samples}


def _stack(predict, x, n_samples):
    return np.array([predict(x) for _ in range(n_samples)])


def _of_stack(function):
    """Return the answer that applies `function` to the predictions (n_samples, ...)."""
    return lambda predict, x, n_samples: function(_stack(predict, x, n_samples))


def _ddof(rows):
    """Divide by n_samples − 1, with 0 for one call: an answer may give nan there, or look out."""
    return rows.mean(axis=0), rows.std(axis=0, ddof=min(1, len(rows) - 1))


def _once(predict, x, n_samples):
    rows = np.array([predict(x)] * n_samples)
    return rows.mean(axis=0), rows.std(axis=0)


def _one_more(predict, x, n_samples):
    total = np.zeros_like(predict(x))
    squares = total.copy()
    for _ in range(n_samples):
        row = predict(x)
        total, squares = total + row, squares + row**2
    mean = total / n_samples
    return mean, np.sqrt(np.maximum(squares / n_samples - mean**2, 0))


def _one_too_many(predict, x, n_samples):
    rows = _stack(predict, x, n_samples + 1)
    return rows.mean(axis=0), rows.std(axis=0)


def _drawn_twice(predict, x, n_samples):
    mean = _stack(predict, x, n_samples).mean(axis=0)
    return mean, _stack(predict, x, n_samples).std(axis=0)


def _root_mean_square(rows):
    return rows.mean(axis=0), np.sqrt(np.mean(rows**2, axis=0))


_WRONG = (
    Misconception(
        "ddof = 1",
        "You divided by n_samples - 1. Here the standard deviation is that of the samples at hand, "
        "with ddof=0: divide by n_samples. With one call it is 0.",
        _of_stack(_ddof),
    ),
    Misconception(
        "variance",
        "Your second result is the variance. Asked is its square root, in the unit of the "
        "predictions.",
        _of_stack(lambda rows: (rows.mean(axis=0), rows.var(axis=0))),
    ),
    Misconception(
        "error of the mean",
        "You divided by √n_samples: that is how well the mean is known. Asked is how much the "
        "predictions differ from each other.",
        _of_stack(lambda rows: (rows.mean(axis=0), rows.std(axis=0) / np.sqrt(len(rows)))),
    ),
    Misconception(
        "root mean square",
        "Your second result is the root of the mean square, without taking the mean off first.",
        _of_stack(_root_mean_square),
    ),
    Misconception(
        "mean distance",
        "Your second result is the mean distance from the mean. The standard deviation squares the "
        "distances, and takes the root of their mean.",
        _of_stack(lambda rows: (rows.mean(axis=0), np.abs(rows - rows.mean(axis=0)).mean(axis=0))),
    ),
    Misconception(
        "range",
        "Your second result is the distance from the smallest to the largest prediction. Asked is "
        "the standard deviation.",
        _of_stack(lambda rows: (rows.mean(axis=0), np.ptp(rows, axis=0))),
    ),
    Misconception(
        "mean over the rows of x",
        "You took the mean over the rows of x, within each call. It goes over the calls: axis 0 if "
        "you stack the predictions on top of each other.",
        _of_stack(lambda rows: (rows.mean(axis=1), rows.std(axis=1))),
    ),
    Misconception(
        "mean over the last axis",
        "You took the mean over the last axis. It goes over the calls: axis 0 if you stack the "
        "predictions on top of each other.",
        _of_stack(lambda rows: (rows.mean(axis=-1), rows.std(axis=-1))),
    ),
    Misconception(
        "mean over everything",
        "You took the mean over calls and predictions together. Each prediction has its own mean "
        "and spread: axis=0.",
        _of_stack(lambda rows: (float(rows.mean()), float(rows.std()))),
    ),
    Misconception(
        "one call",
        "You called predict once and used its result n_samples times. Each call draws new masks: "
        "call it anew for each sample.",
        _once,
    ),
    Misconception(
        "a call for the shape",
        "The results are off since you called predict once more than n_samples times, to see its "
        "shape. Each call draws: use all of them, and make no other.",
        _one_more,
    ),
    Misconception(
        "n_samples + 1 calls",
        "You called predict n_samples + 1 times. range(n_samples) has n_samples entries already.",
        _one_too_many,
    ),
    Misconception(
        "n_samples ignored",
        "You call predict more often than n_samples says. How often is for whoever calls to "
        "decide: range(n_samples).",
        lambda predict, x, n_samples: _one_too_many(predict, x, 99),
    ),
    Misconception(
        "drawn twice",
        "You called predict n_samples times for the mean and again for the spread. Keep the "
        "predictions of one round, and take both from them.",
        _drawn_twice,
    ),
    Misconception(
        "mean only",
        "You returned the mean only. Asked is a pair: mean and standard deviation.",
        _of_stack(lambda rows: rows.mean(axis=0)),
    ),
    Misconception(
        "all predictions",
        "You returned all predictions. Asked is a pair: their mean and standard deviation over the "
        "calls.",
        _of_stack(lambda rows: rows),
    ),
    Misconception(
        "swapped",
        "Both are right, but swapped: the mean comes first.",
        _of_stack(lambda rows: (rows.std(axis=0), rows.mean(axis=0))),
    ),
    Misconception(
        "median",
        "You took the median over the calls. Asked is the mean.",
        _of_stack(lambda rows: (np.median(rows, axis=0), rows.std(axis=0))),
    ),
    Misconception(
        "sum",
        "You added the predictions up. Divide by n_samples for the mean.",
        _of_stack(lambda rows: (rows.sum(axis=0), rows.std(axis=0))),
    ),
    Misconception(
        "classes",
        "You rounded the predictions before you averaged. Average them as they are: how far they "
        "differ is what is asked.",
        _of_stack(lambda rows: (np.round(rows).mean(axis=0), np.round(rows).std(axis=0))),
    ),
)


def _welford(predict, x, n_samples):
    mean, squares = 0.0, 0.0
    for count in range(1, n_samples + 1):
        row = predict(x)
        step = row - mean
        mean = mean + step / count
        squares = squares + step * (row - mean)
    return mean, np.sqrt(squares / n_samples)


def _by_sums(predict, x, n_samples):
    total, squares = 0, 0
    for _ in range(n_samples):
        row = predict(x)
        total = total + row
        squares = squares + row * row
    mean = total / n_samples
    return mean, np.sqrt(np.maximum(squares / n_samples - mean * mean, 0))


def _in_place(predict, x, n_samples):
    rows = []
    for _ in range(n_samples):
        rows.append(predict(x.copy()))
    mean = sum(rows) / len(rows)
    for k in range(n_samples):
        rows[k] -= mean
        rows[k] **= 2
    return mean, (sum(rows) / len(rows)) ** 0.5


def _last_axis(predict, x, n_samples):
    rows = np.stack([predict(x) for _ in range(n_samples)], axis=-1)
    return np.mean(rows, axis=-1), np.std(rows, axis=-1, ddof=0)


mc_dropout_predict = Question(
    "mc_dropout_predict",
    "Predict with dropout left on",
    _cases,
    _oracle,
    driver="scripted_predictions",
    parts={MOMENTS: 0.8, SINGLE: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG,
    hint="predict is a function: call it n_samples times with x, stack what it returns, and take "
    "mean and standard deviation over the calls. Here it returns the rows of `predictions`, one "
    "after the other.",
    references=(
        _of_stack(lambda rows: (rows.mean(axis=0), rows.std(axis=0))),
        _of_stack(lambda rows: np.stack([rows.mean(0), np.sqrt(rows.var(0))])),
        _welford,
        _by_sums,
        _in_place,
        _last_axis,
    ),
    atol=1e-6,
)

QUESTIONS = (mc_dropout_predict,)
