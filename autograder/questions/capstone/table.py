"""The question on `ablation`: a table of dev accuracies, two of which are trained again."""

import math

from autograder.question import Case, Misconception, Question
from autograder.questions.capstone.training import few_digits
from utils.checking.codec import Interval
from utils.checking.trained import CLOSE, DEV, NAMES, READING, SHARES, SLACK, TABLE, TRAINS, gap_of

ENTRIES = ("none", *NAMES)
CLEAR = ("augmentation", "early_stopping")
LABEL = "two entries, trained again with train_with"
PART = "two entries as trained again"
WITHIN = Interval(-CLOSE - SLACK, CLOSE + SLACK)
ANY = Interval(-1e6, 1e6)
OUTSIDE = "with numbers outside 0 to 1"


def _cases(rng, data=None):
    clear = rng.choice(CLEAR).item()  # accuracy and error of others are about one half
    other = rng.choice([name for name in ENTRIES if name != clear]).item()
    names = sorted([clear, other], key=ENTRIES.index)
    inputs = {"trained again": names} | (few_digits(rng) if data is None else data)
    return [Case(LABEL, inputs, PART, _told(inputs, SHARES, DEV, WITHIN))]


def _told(inputs, words, reading, gap):
    told = {TABLE: words, READING: reading}
    told |= {gap_of(name): gap for name in inputs["trained again"]}
    return told | {TRAINS: True} if "X_train" in inputs else told


def _wrong(name, sentence, reading, words=SHARES, gap=ANY):
    def signature(case):
        return _told(case.inputs, words, reading, gap)

    return Misconception(name, sentence, None, signature)


def _without_training(case):
    """Return what tells a table that agrees with a `train_with` which does not train."""
    if TRAINS not in case.expected:
        return {"nothing": True}
    return _told(case.inputs, SHARES, DEV, WITHIN) | {TRAINS: False}


_WRONG = (
    Misconception(
        "another training",
        "Your numbers are what your train_with gives, but with the empty set it does not train "
        "plainly, so that they compare nothing. Mend what the check of train_with tells first.",
        None,
        _without_training,
    ),
    _wrong(
        "percent",
        "Your numbers are percent. An accuracy is a share from 0 to 1: 0.61, not 61.",
        "percent",
        OUTSIDE,
    ),
    _wrong(
        "errors",
        "Your numbers are errors. The accuracy is the share that is right: 1 less the error.",
        "errors, not accuracies",
    ),
    _wrong(
        "errors in percent",
        "Your numbers are errors, in percent. The accuracy is the share that is right, 0 to 1.",
        "errors in percent",
        OUTSIDE,
    ),
    _wrong(
        "accuracies on the training labels",
        "Your numbers are accuracies on X_train and Y_train. Predict X_dev, and compare with "
        "Y_dev.",
        "accuracies on the training labels",
    ),
    _wrong(
        "other numbers",
        "Your numbers are not what your train_with reaches. Train on load_capstone()'s data with "
        "np.random.default_rng(0), anew for each entry, and take the accuracy on its dev data.",
        "something else",
    ),
    _wrong(
        "no dict",
        "The table is a dict, from each name to a number: "
        '{"none": 0.5, "l1": 0.5, …}, with your numbers.',
        "no numbers",
        "no dict",
        math.nan,
    ),
    _wrong(
        "texts",
        "Some entries of your table are no numbers, perhaps texts or lists. Each name has one "
        "number.",
        "no numbers",
        "with entries that are no numbers",
        math.nan,
    ),
)

ablation = Question(
    "ablation",
    "What each method brings",
    _cases,
    None,
    driver="trained_table",
    parts={PART: 1.0},
    misconceptions=_WRONG,
    hint='The table has six entries, "none" and the five names: for each the dev accuracy of '
    "train_with on the data of load_capstone(), with np.random.default_rng(0).",
    public_cases=lambda rng: _cases(rng, {}),
)

QUESTIONS = (ablation,)
