"""The question on `train_regularized`: how much is right of digits that nobody has seen.

One training serves all tiers: their cases differ in nothing but the least accuracy.
"""

import math

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.capstone.references import by_the_loop
from autograder.questions.capstone.task import N_TEST, TIERS, make_task
from autograder.questions.capstone.training import COARSE, LAYOUTS, levels
from utils.checking.codec import Interval
from utils.checking.trained import FORM, LABELS, OF_TRAINING, RIGHT

N_PUBLIC = 450  # digits that a lesson's own check predicts: they have to be handed out
SHARES = dict(zip(TIERS, (0.25, 0.375, 0.375), strict=True))
PARTS = {f"{tier}: {least:.0%} of the unseen digits": SHARES[tier] for tier, least in TIERS.items()}
BY_HEART = 0.93  # of the training labels, right ones and wrong ones: learned by heart
GUESS = 0.2  # of the digits: hardly better than a guess
HELD = 0.45  # of the training labels: too little of the right ones
SHARE = Interval(0.0, 1.0)
WIDE = (784, 300, 10)


def _cases(rng, n_test=N_TEST, step=1):
    task = make_task(rng, n_test)
    data = {
        "X_train": levels(task.X_train, step),
        "Y_train": task.Y_train.astype(np.uint8),
        "X_dev": levels(task.X_dev, step),
        "Y_dev": task.Y_dev.astype(np.uint8),
        "seed": int(rng.integers(10_000)),
        "X_new": levels(task.X_test, step),
        "right_new": task.Y_test.astype(np.uint8),
    }
    return [
        Case(f"{len(task.Y_test)} unseen digits, for {tier}", data, part, _expected(least))
        for (tier, least), part in zip(TIERS.items(), PARTS, strict=True)
    ]


def _expected(least):
    return {FORM: LABELS, RIGHT: Interval(least, 1.0), OF_TRAINING: SHARE}


def _wrong(name, sentence, right, of_training=SHARE):
    return Misconception(
        name, sentence, None, {FORM: LABELS, RIGHT: right, OF_TRAINING: of_training}
    )


def _layout(words):
    return {FORM: words, RIGHT: math.nan, OF_TRAINING: math.nan}


_LEAST, _MOST = min(TIERS.values()), max(TIERS.values())
_WRONG = (
    *(Misconception(words, text, None, _layout(words)) for words, text in LAYOUTS.items()),
    _wrong(
        "learned by heart",
        "Your network has learned nearly all training labels by heart, the wrong ones included. "
        "Which method keeps it from that?",
        Interval(GUESS, _MOST),
        Interval(BY_HEART, 1.0),
    ),
    _wrong(
        "hardly better than a guess",
        "Your network gets hardly more right than a guess would. Do images and labels stay pairs "
        "when you shuffle, and does predict scale X as training does?",
        Interval(0.0, GUESS),
    ),
    _wrong(
        "held back too much",
        "Your network has learned too little even of the right labels: the methods hold it back "
        "too much together, or it trains for too few steps.",
        Interval(GUESS, _MOST),
        Interval(0.0, HELD),
    ),
    _wrong(
        "below a tier",
        "Your network gets fewer of the unseen digits right than the next tier asks for: "
        + ", ".join(f"{least:.0%} for {tier}" for tier, least in TIERS.items())
        + ".",
        Interval(GUESS, _MOST),
    ),
)


def mix(*methods, **settings):
    """Return a training with these methods, as an answer."""

    def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
        if "early_stopping" not in methods:  # nothing else looks at the dev data
            X_train, Y_train = np.vstack([X_train, X_dev]), np.append(Y_train, Y_dev)
        return by_the_loop(set(methods), X_train, Y_train, X_dev, Y_dev, rng, **settings)

    return train_regularized


train_regularized = Question(
    "train_regularized",
    "As much right as you can",
    _cases,
    None,
    driver="trained_regularized",
    parts=PARTS,
    misconceptions=_WRONG,
    hint="Look at the error on the dev data for each method alone, then for two together. Which "
    "two hold different things back?",
    references=(
        mix("augmentation", "dropout", size=WIDE),
        mix("augmentation", "dropout", size=(784, 250, 10), steps=2_500),
        mix("augmentation", "dropout", "l2", size=WIDE, lam={"l2": 1e-4}),
        mix("augmentation", "dropout", "l1", size=WIDE, lam={"l1": 1e-5}),
    ),
    public_cases=lambda rng: _cases(rng, N_PUBLIC, COARSE),
)

QUESTIONS = (train_regularized,)
