"""Drivers and laws of lesson 06: what a trained network predicts.

Images are kept and sent as whole levels from 0 to `GREYS`, and handed over as floats from 0 to 1.
A training takes seconds, so each is asked once, however many cases look at it (`Joint`); what a
process sends is what the network predicted, and the judge counts. The right labels that it counts
with stay with the judge.

What a process could make up are predictions: of training data it knows the labels, of new digits
nothing but the pixels. To predict those well is to answer.
"""

import math
from dataclasses import replace

import numpy as np

from utils.checking.codec import NotPlainError, Other, plain
from utils.checking.laws import Request, joint

GREYS = 15
NAMES = ("l1", "l2", "augmentation", "dropout", "early_stopping")
DATA = ("X_train", "Y_train", "X_dev", "Y_dev")
FORM = "predict(X)"
LABELS = "an array of labels 0 to 9, one a row"
ALIKE = "share alike when predict is called twice"
BY_HEART = "share of the wrong labels learned by heart"
DEV_BY_HEART = "share of wrong dev labels learned by heart"
EFFECT = "changes predictions"
AGAINST = "right on new digits, as a share of those of the empty set"
DECIDES = "when it stops is decided by"
DEV_DATA, NOBODY = "the dev data", "nobody: it trains as with the empty set"
KEPT = "dev data that agree for longer do not keep one that knows less"
ALONE = "without it the dev data decide nothing"
TOGETHER = "differs from each of them alone"
AGAIN = "same seed, same predictions"
OTHER = "another seed, other predictions"
RIGHT = "share right on unseen digits"
OF_TRAINING = "share of the training labels, wrong ones included"
TABLE = "ablation"
SHARES = "none and the five names, each with a share from 0 to 1"
READING = "they are"
DEV = "dev accuracies"
TRAINS = "train_with trains plainly with the empty set"
NO_FUNCTION = {"no function": True}
TRAINING, FURTHER = "training", "predicting"
CAPSTONE, LOOKED_UP = "training_capstone", "table"
CALL = "methods, X_train, Y_train, X_dev, Y_dev, rng"
SHOWN = ("methods", "seed")
LESS = 0.2  # of the training labels: so many fewer are no chance
SAME = 0.99  # of the predictions of two trainings alike: rounding may turn a close one
CLOSE = 0.03  # between an entry of the table and the accuracy of another training
SLACK = 1e-9
LEARNED = 0.5  # of the wrong labels, at least, by a network that nothing holds back
MOST_OF_DEV = 0.5  # of the wrong dev labels, by one that was not trained on them
AT_ONCE = 100  # unseen images that are predicted in one call
HALVINGS = 14  # of the way from one image to another


# What runs beside the student's code: train, then predict.


def train(target, inputs):
    """Call `target` and return what its `predict` says of each set of images.

    Parameters
    ----------
    target : callable
        `train_with`, or `train_regularized` where there are no "methods".
    inputs : dict
        "methods" (list of str), `X_train`, `Y_train`, `X_dev`, `Y_dev`, `X_new` (levels) and
        "seed"; what else there is tells requests apart.
    """
    sets = {name: levels / GREYS for name, levels in inputs.items() if name.startswith("X_")}
    labels = {name: inputs[name].astype(int) for name in ("Y_train", "Y_dev")}
    given = {name: (sets | labels)[name].copy() for name in DATA}
    methods = [_set_of(inputs["methods"])] if "methods" in inputs else []
    _kept.clear()
    predict = target(*methods, *given.values(), np.random.default_rng(inputs["seed"]))
    _put_back(inputs, given, sets | labels)
    if methods and set(inputs["methods"]) != methods[0]:
        inputs["methods"] = sorted(map(str, methods[0]))
    if not callable(predict):
        return dict(NO_FUNCTION)
    if "X_new" in inputs:
        return _predictions(predict, sets, inputs)
    _kept.append(predict)
    return {"X_train": predict(sets["X_train"])}


def predict_further(target, inputs):
    """Return what the `predict` that was trained last says of further images.

    They come after the training, few at a time: a network is judged by what it has learned, not by
    what can be told from the unseen images of a whole test set.
    """
    return _kept[0](inputs["X"] / GREYS) if _kept else dict(NO_FUNCTION)


_kept = []  # the latest predict function


def _set_of(methods):
    """Return the names as a set; all five as a frozenset, which is a set as well."""
    return frozenset(methods) if len(methods) == len(NAMES) else set(methods)


def _put_back(inputs, given, before):
    """Put arrays that were changed into the inputs, as levels, so that it is seen."""
    for name, array in given.items():
        if array.tobytes() != before[name].tobytes():
            inputs[name] = array * (GREYS if array.dtype.kind == "f" else 1)


def _predictions(predict, sets, inputs):
    new = sets["X_new"]
    asked = sets | {"again": new[_again(inputs)], "one row": new[:1]}
    said = {}
    for name, X in asked.items():
        X_given = X.copy()
        said[name] = plain(predict(X_given))
        if X_given.tobytes() != X.tobytes():
            inputs["X_new"] = X_given * GREYS
    return said | {"turns": _turns(predict, new)}


def _again(inputs):
    """Return the rows of `X_new` that are predicted again, more than there are to train on."""
    return np.arange(len(inputs["X_train"]) + 1) % len(inputs["X_new"])


def _turns(predict, X):
    """Return where the label turns on the way from each image to the next, by bisection.

    Two networks that agree on every image still turn at other places, unless they are the same.
    """
    start, way = X[:-1], np.diff(X, axis=0)
    first, _ = labels_in(plain(predict(start.copy())), len(start))
    low = np.zeros(len(start))
    for step in 0.5 ** np.arange(1, HALVINGS + 1) if first is not None else ():
        labels, _ = labels_in(plain(predict(start + (low + step)[:, None] * way)), len(start))
        low = low if labels is None else low + step * (labels == first)
    return low


def train_on_capstone(target, inputs):
    """Call `train_with` on the data of the lesson; return what it predicts of both sets."""
    from utils.data import load_capstone

    if target is None:
        raise NotImplementedError("there is no train_with yet")
    data = load_capstone()
    given = [getattr(data, name).copy() for name in DATA]
    predict = target(set(inputs["methods"]), *given, np.random.default_rng(0))
    sets = {name: getattr(data, name).copy() for name in ("X_train", "X_dev")}
    return {name: plain(predict(X)) for name, X in sets.items()}


def look_up(target, inputs):
    """Return `target` itself: the answer is a variable."""
    return target


# What the judge counts.


def labels_in(said, n):
    """Return n labels as an array, or None, and in words what was said.

    Whole numbers 0 to 9 of any real dtype are labels.

    >>> labels_in(np.array([3.0, 7.0]), 2)
    (array([3, 7]), 'an array of labels 0 to 9, one a row')
    >>> labels_in(np.array([[0.1, 0.9]]), 1)
    (None, 'an array of two axes')
    """
    if not isinstance(said, np.ndarray):
        return None, _no_array(said)
    if said.shape != (n,):
        return None, _of_another_shape(said, n)
    if said.dtype.kind == "b":
        return None, "an array of truth values"
    if not np.all(np.isfinite(said)) or np.any(said != np.floor(said)):
        return None, "an array of fractions"
    if np.any((said < 0) | (said > 9)):
        return None, "an array of numbers outside 0 to 9"
    return said.astype(int), LABELS


def _no_array(said):
    if isinstance(said, Other):
        texts = said.type == "array of texts" or "dtype <U" in said.type
        return "an array of texts" if texts else "no array"
    if said is None:
        return "None"
    return "a list" if isinstance(said, list) else "no array"


def _of_another_shape(said, n):
    if said.shape == (n, 1):
        return "a column"
    if said.shape[:1] == (n,):
        return "an array of two axes" if said.ndim == 2 else "an array of many axes"
    return "an array for another number of rows"


def _read(result, inputs):
    """Return the labels that were predicted of each set, or None, and what was said in words."""
    if not isinstance(result, dict):
        raise NotPlainError("these are no predictions of the sets of images")
    if result == NO_FUNCTION:
        return None, "nothing that can be called"
    rows = {name: len(inputs[name]) for name in ("X_train", "X_dev", "X_new")}
    rows |= {"again": len(_again(inputs)), "one row": 1}
    if set(rows) - set(result):
        raise NotPlainError("these are no predictions of the sets of images")
    read = {name: labels_in(result[name], n) for name, n in rows.items()}
    words = next((words for labels, words in read.values() if labels is None), LABELS)
    return (None if words != LABELS else {name: r[0] for name, r in read.items()}), words


def _turned(result):
    """Return where labels turn, as `_turns` sends it."""
    turns = result.get("turns") if isinstance(result, dict) else None
    if turns is None and result == NO_FUNCTION:
        return np.zeros(0)
    if not isinstance(turns, np.ndarray) or turns.dtype != np.float64:
        raise NotPlainError("these are no places where labels turn")
    return turns


def _training(inputs, methods, **more):
    """Return the request for a training on the data of a case, with these methods."""
    given = {"methods": list(methods)}
    given |= {name: inputs[name] for name in (*DATA, "seed", "X_new")}
    return Request(TRAINING, given | more)


def _share(same):
    return float(np.mean(same))


def _wrong_learned(labels, given, right):
    """Return the share of wrong labels that are predicted as given."""
    wrong = given != right
    return _share(labels[wrong] == given[wrong])


def _nothing(words, *names):
    return {FORM: words} | dict.fromkeys(names, math.nan)


@joint(lambda inputs: [_training(inputs, ())], CALL, shown=SHOWN)
def plainly(results, inputs):
    """Return what a network that is trained with no method has learned.

    Parameters
    ----------
    results : list
        The predictions of `train` for the empty set.
    inputs : dict
        As for `train`; and the right labels, "right_train", "right_dev" and "right_new".
    """
    labels, words = _read(results[0], inputs)
    if labels is None:
        return _nothing(words, ALIKE, BY_HEART, DEV_BY_HEART)
    return {
        FORM: words,
        ALIKE: _alike(labels, inputs),
        BY_HEART: _wrong_learned(labels["X_train"], inputs["Y_train"], inputs["right_train"]),
        DEV_BY_HEART: _wrong_learned(labels["X_dev"], inputs["Y_dev"], inputs["right_dev"]),
    }


def _alike(labels, inputs):
    """Return the share of images that are given the same label when they are asked again."""
    return _share(labels["X_new"][_again(inputs)] == labels["again"])


def _with_and_without(inputs):
    return [_training(inputs, ()), _training(inputs, inputs["methods"])]


@joint(_with_and_without, CALL, shown=SHOWN)
def with_methods(results, inputs):
    """Return what methods change in the predictions, against the empty set with the same seed."""
    (without, word), (labels, words) = (_read(result, inputs) for result in results)
    if labels is None or without is None:
        return _nothing(words if labels is None else word, ALIKE, EFFECT, AGAINST)
    right = [np.sum(each["X_new"] == inputs["right_new"]) for each in (labels, without)]
    return {
        FORM: words,
        ALIKE: _alike(labels, inputs),
        EFFECT: not np.array_equal(*map(_turned, results[:2])),
        AGAINST: float(right[0] / max(right[1], 1)),
    }


def _both_and_each(inputs):
    return [_training(inputs, methods) for methods in (inputs["methods"], *zip(inputs["methods"]))]


@joint(_both_and_each, CALL, shown=SHOWN)
def together(results, inputs):
    """Return whether methods together give another network than each of them alone."""
    read = [_read(result, inputs) for result in results]
    words = next((words for labels, words in read if labels is None), LABELS)
    if words != LABELS:
        return _nothing(words, TOGETHER)
    both, *each = map(_turned, results)
    return {FORM: words, TOGETHER: not any(np.array_equal(both, alone) for alone in each)}


def _early_and_late(inputs):
    """Return also what is asked with dev data on which the first network is best, or the last."""
    late = inputs | {"X_dev": inputs["X_train"], "Y_dev": inputs["Y_train"]}
    early = late | {"Y_dev": (inputs["Y_train"] + 1) % 10}
    stopped = [_training(data, inputs["methods"]) for data in (late, early)]
    return [*_with_and_without(inputs), *stopped, _training(early, ())]


@joint(_early_and_late, CALL, shown=SHOWN)
def stopped_early(results, inputs):
    """Return the same of early stopping, and whether other dev data stop it at another step."""
    told = with_methods.tell(results[:2], inputs)
    told.pop(EFFECT)  # the last step may be the best
    plain, *stopped, again = map(_turned, results)
    who = NOBODY if np.array_equal(stopped[0], plain) else "something else"
    who = who if all(np.array_equal(stopped[0], other) for other in stopped) else DEV_DATA
    kept = {KEPT: _knows_no_less(*results[2:4], inputs)}
    return told | {DECIDES: who, ALONE: np.array_equal(plain, again)} | kept


def _knows_no_less(late, early, inputs):
    """Return whether the network kept late knows no fewer training labels, but for chance."""
    known = []
    for result in (late, early):
        said = result.get("X_train") if isinstance(result, dict) else None
        labels, _ = labels_in(said, len(inputs["Y_train"]))
        known.append(math.nan if labels is None else _share(labels == inputs["Y_train"]))
    return not known[0] < known[1] - LESS


def _twice(inputs):
    again = inputs | {"seed": inputs["seed"] + 2}
    return [
        _training(inputs, NAMES),
        _training(inputs, NAMES, again=1),
        _training(inputs, ["dropout"]),
        _training(again, ["dropout"]),
    ]


@joint(_twice, CALL, shown=SHOWN)
def drawn_from_rng(results, inputs):
    """Return whether the seed of `rng`, and nothing else, decides on the predictions."""
    read = [_read(result, inputs) for result in results]
    words = next((words for labels, words in read if labels is None), LABELS)
    if words != LABELS:
        return _nothing(words, AGAIN, OTHER)
    first, again = (labels for labels, _ in read[:2])
    return {
        FORM: words,
        AGAIN: _share(first["X_new"] == again["X_new"]) >= SAME,
        OTHER: not np.array_equal(*map(_turned, results[2:])),
    }


@joint(lambda inputs: [_training(inputs, inputs["methods"])], CALL, shown=SHOWN)
def refused(results, inputs):
    """Return that methods were not refused; where they were, an exception stands for it."""
    return {"refused": False}


def _regularized(inputs):
    ends = [1, *range(AT_ONCE, len(inputs["X_new"]), AT_ONCE)]
    chunks = np.split(inputs["X_new"], ends)
    training = Request(TRAINING, {name: inputs[name] for name in (*DATA, "seed")})
    return [training, *(Request(FURTHER, {"X": chunk}) for chunk in chunks)]


@joint(_regularized, "X_train, Y_train, X_dev, Y_dev, rng")
def regularized(results, inputs):
    """Return how much a network got right of digits that it has never seen."""
    first, *said = results
    if not isinstance(first, dict) or not {"X_train", *NO_FUNCTION} & set(first):
        raise NotPlainError("these are no predictions of the training images")
    if "X_train" not in first:
        return _nothing("nothing that can be called", RIGHT, OF_TRAINING)
    rows = [len(inputs["X_train"]), *(len(r.inputs["X"]) for r in _regularized(inputs)[1:])]
    read = [labels_in(*pair) for pair in zip([first["X_train"], *said], rows, strict=True)]
    words = next((words for labels, words in read if labels is None), LABELS)
    if words != LABELS:
        return _nothing(words, RIGHT, OF_TRAINING)
    of_training, *new = (labels for labels, _ in read)
    return {
        FORM: words,
        RIGHT: _share(np.concatenate(new) == inputs["right_new"]),
        OF_TRAINING: _share(of_training == inputs["Y_train"]),
    }


def _table_again(inputs):
    def training(name):
        methods = [] if name == "none" else [name]
        return Request(CAPSTONE, {"methods": methods}, "train_with")

    requests = [Request(LOOKED_UP, {}), *map(training, inputs["trained again"])]
    if "X_train" in inputs:
        requests.append(replace(_training(inputs, ()), of="train_with"))
    return requests


def gap_of(name):
    """Return what the difference of an entry from the accuracy trained again is called."""
    return f"{name}: in the table, less trained again"


@joint(_table_again, "", ("train_with",), ("trained again",))
def table(results, inputs):
    """Return what the numbers of a table are, two of them beside a training with `train_with`.

    Where there are digits among the inputs, also whether `train_with` trains at all: one that knows
    the lesson's data could have any accuracy.
    """
    from utils.data import load_capstone

    names = inputs["trained again"]
    given, *trainings = results[: 1 + len(names)]
    trains = {TRAINS: _trains(results[-1], inputs)} if "X_train" in inputs else {}
    words = _table_in_words(given)
    if not isinstance(given, dict) or not all(_is_number(given.get(name)) for name in names):
        missing = {gap_of(name): math.nan for name in names}
        return {TABLE: words, READING: "no numbers"} | missing | trains
    data = load_capstone()
    dev, train = (
        [_accuracy(said, f"X_{kind}", getattr(data, f"Y_{kind}")) for said in trainings]
        for kind in ("dev", "train")
    )
    entries = np.array([float(given[name]) for name in names])
    gaps = dict(zip(map(gap_of, names), (entries - dev).tolist(), strict=True))
    reading = _reading(entries, np.array(dev), np.array(train))
    return {TABLE: words, READING: reading} | gaps | trains


def _trains(result, inputs):
    told = plainly.tell([result], inputs)
    return bool(told[BY_HEART] >= LEARNED and told[DEV_BY_HEART] <= MOST_OF_DEV)


def _accuracy(said, name, labels):
    """Return the share of labels that were predicted, nan where none were."""
    if not isinstance(said, dict) or name not in said:
        raise NotPlainError("these are no predictions of the sets of images")
    predicted, _ = labels_in(said[name], len(labels))
    return math.nan if predicted is None else _share(predicted == labels)


def _is_number(entry):
    return isinstance(entry, (int, float)) and not isinstance(entry, bool)


def _table_in_words(given):
    if not isinstance(given, dict):
        return "no dict"
    missing = [name for name in ("none", *NAMES) if name not in given]
    if missing:
        return f"without {missing[0]}"
    if len(given) > 1 + len(NAMES):
        return "with other keys besides"
    if not all(map(_is_number, given.values())):
        return "with entries that are no numbers"
    inside = all(0 <= entry <= 1 for entry in given.values())
    return SHARES if inside else "with numbers outside 0 to 1"


def _reading(entries, dev, train):
    """Return what numbers are, given the accuracies of trainings: the first that is close."""
    readings = {
        DEV: dev,
        "percent": 100 * dev,
        "errors, not accuracies": 1 - dev,
        "errors in percent": 100 * (1 - dev),
        "accuracies on the training labels": train,
    }
    for words, accuracies in readings.items():
        unit = 100 if "percent" in words else 1
        if np.all(np.abs(entries - accuracies) <= unit * CLOSE + SLACK):
            return words
    return "something else"


DRIVERS = {
    TRAINING: train,
    FURTHER: predict_further,
    CAPSTONE: train_on_capstone,
    LOOKED_UP: look_up,
    "trained_plainly": plainly,
    "trained_with": with_methods,
    "trained_together": together,
    "trained_stopped": stopped_early,
    "trained_from_rng": drawn_from_rng,
    "trained_or_refused": refused,
    "trained_regularized": regularized,
    "trained_table": table,
}
train.call = train_on_capstone.call = predict_further.call = CALL
