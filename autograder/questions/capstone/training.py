"""The question on `train_with`: one network, five methods to switch on by name.

Strengths, steps and the network are the student's. What any sensible answer does is asked: with the
empty set it learns even the wrong labels by heart, each name changes something and spoils nothing,
and all chance comes from `rng`.
"""

import math

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.capstone.references import REFERENCES
from autograder.questions.capstone.task import GREYS, make_task
from utils.checking.codec import Interval, Raises
from utils.checking.judgement import UNCHANGED
from utils.checking.trained import (
    AGAIN,
    AGAINST,
    ALIKE,
    ALONE,
    BY_HEART,
    DECIDES,
    DEV_BY_HEART,
    DEV_DATA,
    EFFECT,
    FORM,
    KEPT,
    LABELS,
    LEARNED,
    MOST_OF_DEV,
    NAMES,
    NOBODY,
    OTHER,
    TOGETHER,
)
from utils.data import flip_labels

N_TRAIN, N_DEV, N_NEW = 150, 80, 100
PLAIN = "trains plainly with the empty set"
KNOWN = "all five names, and no other"
RANDOM = "chance comes from rng alone"
NAN = math.nan
COARSE = 3  # levels in one, in what a lesson hands out
WRONG = 0.16  # of the labels
QUARTER, MUCH = 0.25, 1e3  # of what the empty set gets right: less is no regularization
SHARE = Interval(0.0, 1.0)
LAYOUTS = {  # what is wrong with the predictions -> its sentence
    "an array of two axes": "Your predict returns several numbers a row, one for each class. The "
    "label is the place of the largest: `scores.argmax(axis=1)`.",
    "a column": "Your predict returns a column. One label a row is an array of one axis: "
    "`labels.ravel()`.",
    "a list": "Your predict returns a list. `np.array(labels)` makes an array of it.",
    "an array of texts": "Your predict returns texts. A label is a number: `labels.astype(int)`.",
    "an array of fractions": "Your predict returns fractions, such as probabilities. A label is a "
    "whole number 0 to 9.",
    "an array for another number of rows": "Your predict returns another number of labels than X "
    "has rows. Let it compute them from the X that it is given, one row or a thousand.",
    "nothing that can be called": "What you return cannot be called. Return a function that takes "
    "X and returns labels, such as `network.predict`.",
}


def levels(X, step=1):
    """Return images as whole levels, as they are kept and sent; a coarser step takes less room."""
    return (step * np.rint(X * GREYS / step)).astype(np.uint8)


def few_digits(rng, step=1):
    """Return a small task as the inputs of all cases, with the right labels."""
    sizes = (N_TRAIN, N_DEV, N_NEW)
    task = make_task(rng, n_test=sum(sizes))
    images = np.split(levels(task.X_test, step), np.cumsum(sizes)[:-1])
    right = np.split(task.Y_test.astype(np.uint8), np.cumsum(sizes)[:-1])
    given = [flip_labels(labels, WRONG, rng) for labels in right[:2]]
    return {
        "X_train": images[0],
        "Y_train": given[0],
        "X_dev": images[1],
        "Y_dev": given[1],
        "seed": int(rng.integers(10_000)),
        "X_new": images[2],
        "right_train": right[0],
        "right_dev": right[1],
        "right_new": right[2],
    }


def _cases(rng, step=1):
    data = few_digits(rng, step)
    unknown = ("L2", "l3", "drop_out", "early stopping", "noise", "none", "augment")
    alone, beside = rng.choice(unknown, 2, replace=False).tolist()

    def case(label, methods, part, expected, driver="trained_with"):
        return Case(label, {"methods": methods} | data, part, expected, driver)

    return [
        case("the empty set", [], PLAIN, _PLAINLY, "trained_plainly"),
        *(case(f"{name} alone", [name], name, _TRAINED) for name in NAMES[:-1]),
        case("early_stopping alone", [NAMES[-1]], NAMES[-1], _STOPPED, "trained_stopped"),
        case("l1 and l2 together", ["l1", "l2"], KNOWN, _TOGETHER, "trained_together"),
        case("all five, as a frozenset", list(NAMES), KNOWN, _TRAINED),
        case("an unknown name", [alone], KNOWN, Raises("ValueError"), _REFUSED),
        case(
            "an unknown name beside a known one",
            ["l2", beside],
            KNOWN,
            Raises("ValueError"),
            _REFUSED,
        ),
        case("the same again, and with another seed", [], RANDOM, _DRAWN, "trained_from_rng"),
    ]


_REFUSED = "trained_or_refused"
STEADY, UNSTEADY = Interval(0.97, 1.0), Interval(0.0, 0.97)
_PLAINLY = {
    FORM: LABELS,
    ALIKE: STEADY,
    BY_HEART: Interval(LEARNED, 1.0),
    DEV_BY_HEART: Interval(0.0, MOST_OF_DEV),
}
_TRAINED = {FORM: LABELS, ALIKE: STEADY, EFFECT: True, AGAINST: Interval(QUARTER, MUCH)}
_STOPPED = {
    FORM: LABELS,
    ALIKE: STEADY,
    AGAINST: Interval(QUARTER, MUCH),
    DECIDES: DEV_DATA,
    ALONE: True,
    KEPT: True,
}
_TOGETHER = {FORM: LABELS, TOGETHER: True}
_DRAWN = {FORM: LABELS, AGAIN: True, OTHER: True}
# What a wrong answer is known by, driver by driver; where one is not named, it tells nothing.
_NOTHING = {"nothing": True}


def _known_by(**signatures):
    """Return a signature, given that of each driver."""

    def signature(case):
        named = signatures.get(case.driver)
        return _NOTHING if named is None else named

    return signature


def _layout(words):
    nothing = {
        "trained_plainly": (ALIKE, BY_HEART, DEV_BY_HEART),
        "trained_with": (ALIKE, EFFECT, AGAINST),
        "trained_from_rng": (AGAIN, OTHER),
        "trained_together": (TOGETHER,),
    }
    known = {driver: {FORM: words} | dict.fromkeys(n, NAN) for driver, n in nothing.items()}
    stopped = {FORM: words, ALIKE: NAN, AGAINST: NAN, DECIDES: NOBODY, ALONE: True, KEPT: True}
    return _known_by(**known, trained_stopped=stopped)


def _wrong(name, sentence, **signatures):
    return Misconception(name, sentence, None, _known_by(**signatures))


_WRONG = (
    *(Misconception(words, text, None, _layout(words)) for words, text in LAYOUTS.items()),
    _wrong(
        "held back",
        "With the empty set your network does not learn the wrong labels by heart: a method is on "
        "that nobody named, or it trains for too few steps.",
        trained_plainly=_PLAINLY | {BY_HEART: Interval(-0.1, LEARNED)},
    ),
    _wrong(
        "trained on dev",
        "With the empty set your network knows wrong labels of the dev data by heart. Train on "
        "X_train and Y_train alone; the dev data tune and stop.",
        trained_plainly=_PLAINLY | {DEV_BY_HEART: Interval(MOST_OF_DEV, 1.0), BY_HEART: SHARE},
    ),
    _wrong(
        "one of two penalties",
        "With both l1 and l2 the network is the same as with one of them: the update of one "
        "replaces that of the other. Let both pull at each weight.",
        trained_together=_TOGETHER | {TOGETHER: False},
    ),
    _wrong(
        "no effect",
        "With this name every prediction is the same as without it: the name is not looked at, or "
        "its method does nothing.",
        trained_with=_TRAINED | {EFFECT: False},
        trained_together=_TOGETHER | {TOGETHER: False},
        trained_stopped=_STOPPED | {DECIDES: NOBODY},
    ),
    _wrong(
        "harm",
        "With this name the network gets far less right than without it. Is it far too "
        "strong, does a penalty pull toward 0, and is a digit that is augmented still that digit?",
        trained_with=_TRAINED | {AGAINST: Interval(0.0, QUARTER)},
    ),
    _wrong(
        "stopped by the train error",
        "With other dev data your early stopping returns the same network. Stop by the error on "
        "X_dev and Y_dev, not on the training data, and return the network that was best there.",
        trained_stopped=_STOPPED | {DECIDES: "something else"},
    ),
    _wrong(
        "stopped unasked",
        "With the empty set, too, other dev data give another network. Only early_stopping looks "
        "at X_dev and Y_dev; without it the training goes on to its end.",
        trained_stopped=_STOPPED | {ALONE: False},
        trained_plainly=_PLAINLY | {BY_HEART: Interval(-0.1, LEARNED)},
    ),
    _wrong(
        "not drawn from rng",
        "The same seed gives other predictions the second time: something is drawn from elsewhere, "
        "as from np.random or a default_rng() of its own. Draw all of it from rng.",
        trained_from_rng=_DRAWN | {AGAIN: False},
        trained_stopped=_STOPPED | {ALONE: False},
    ),
    _wrong(
        "predicts at random",
        "Two calls of your predict give different labels. Dropout belongs to training: predict "
        "with all units.",
        trained_plainly={FORM: LABELS, ALIKE: UNSTEADY} | {BY_HEART: SHARE, DEV_BY_HEART: SHARE},
        trained_with=_TRAINED | {ALIKE: UNSTEADY, AGAINST: Interval(0.0, MUCH)},
        trained_from_rng=_DRAWN | {AGAIN: False},
        trained_stopped=_STOPPED
        | {ALIKE: UNSTEADY, AGAINST: Interval(0.0, MUCH), DECIDES: DEV_DATA, ALONE: False},
    ),
    _wrong(
        "the worst network kept",
        "Where the dev data agree with the training data, your early stopping returns a network "
        "that knows less of them. The monitor takes the error, which is 1 less the accuracy; keep "
        "the network where it is smallest.",
        trained_stopped=_STOPPED | {KEPT: False},
    ),
    _wrong(
        "a seed of its own",
        "Another seed gives the same predictions: you make a generator with a seed of your own. "
        "Hand rng on to whatever draws.",
        trained_from_rng=_DRAWN | {OTHER: False},
    ),
    _wrong(
        "unknown names ignored",
        "A name that is none of the five is passed over. Who mistypes one would never know: raise "
        "a ValueError, also where other names beside it are known.",
        trained_or_refused={"refused": False},
    ),
)

train_with = Question(
    "train_with",
    "One network, five methods",
    _cases,
    None,
    driver="trained_with",
    parts={PLAIN: 0.4, **dict.fromkeys(NAMES, 0.07), KNOWN: 0.1, RANDOM: 0.1, UNCHANGED: 0.05},
    misconceptions=_WRONG,
    hint="Look at the network: how much of X_train does it get right, and of X_dev? Train with one "
    "name at a time, and compare with the empty set.",
    references=REFERENCES,
    public_cases=lambda rng: _cases(rng, COARSE),
)

QUESTIONS = (train_with,)
