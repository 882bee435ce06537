"""The intervals of the laws of dropout masks, and how seldom a right answer falls outside.

A right mask has independent entries, each kept with probability p. The drivers of
`utils.checking.masks` count; a count of m entries is then binomial, and lines that share no entry
have independent counts. Two statistics have tails:

- the share kept: binomial tails, summed exactly (`autograder.questions.bounds.share`);
- a spread, the mean over L lines of (count − m·p)²/(m·p·(1 − p)): Chernoff's bound. With M(θ) the
  mean of exp(θ·(count − m·p)²/(m·p·(1 − p))), a finite sum, P(L·spread ≥ t) ≤ M(θ)^L·exp(−θ·t)
  for each θ > 0, and the same with −θ for the lower tail.

Each tail has the probability `TAIL` or less. The cases of one check have fewer than 100 tails: by
the union bound a right answer fails one of them with a probability below 100 · 5e-9 = 5e-7, however
it draws. The rough share of `dropout_values` adds less than 1e-18, another seed with the same masks
less than 1e-80, and every other statistic is certain. Numbers of 24 bits, as float32 draws them,
move p by 6e-8 at most, a thousandth of a standard error of the largest case.
"""

import math
from functools import cache

import numpy as np

from autograder.questions import bounds
from utils.checking import masks
from utils.checking.codec import Interval

TAIL = 5e-9
ROUNDING = 1e-5  # relative, so that float32 passes
ROUGH = 0.15  # on either side of p, where a share is judged roughly
LAWS = ("dropout_values", "dropout_spread", "dropout_shared")


def law(case):
    """Return what a right answer gives on a case: names of statistics and their intervals."""
    return {
        "dropout_values": _values,
        "dropout_spread": _spread,
        "dropout_shared": _shared,
    }[case.driver](case.inputs)


def _values(inputs):
    """Return the intervals of `dropout_values`.

    The share is judged roughly, p ± 0.15, so that an answer whose only fault is that entries
    depend on each other keeps this part. By Hoeffding's inequality a share of 1,000 independent
    entries or more is farther off with a probability of at most 2·exp(−2·1000·0.15²) < 1e-19.
    """
    goal = _near(1 / inputs["keep_prob"])
    return _exact(inputs) | {
        masks.OUT: goal,
        masks.MASK: goal,
        masks.KEPT: rough(inputs["keep_prob"]),
    }


def _spread(inputs):
    """Return the intervals of `dropout_spread`: two tails for the share and for each spread."""
    shape, p = inputs["x"].shape, inputs["keep_prob"]
    return {
        masks.FORM: masks.PAIR,
        masks.AGAIN: True,
        masks.OTHER: True,
        **_tails(shape, inputs["calls"], p),
    }


def _shared(inputs):
    """Return the intervals of `dropout_shared`: those of independent draws of noise_shape."""
    p = inputs["keep_prob"]
    return {
        **_exact(inputs),
        masks.MASK: _near(1 / p),
        masks.UNLIKE: Interval(0.0, 0.0),
        **_tails(inputs["noise_shape"], inputs["calls"], p),
    }


def _exact(inputs):
    largest = float(np.max(np.abs(inputs["x"]))) / inputs["keep_prob"]
    return {masks.FORM: masks.PAIR, masks.OFF: Interval(0.0, ROUNDING * largest)}


def _near(goal):
    return Interval(goal * (1 - ROUNDING), goal * (1 + ROUNDING))


def rough(p):
    """Return the interval of a share that is judged roughly."""
    return Interval(max(p - ROUGH, 0.0), min(p + ROUGH, 1.0))


def _tails(shape, calls, p):
    """Return the intervals of the share and of the spreads of `calls` masks of this shape."""
    size = math.prod(shape)
    entries = calls * size
    spreads = {masks.CALLS: spread(calls, size, p)}
    for axis, m in enumerate(shape):
        if m > 1:
            spreads[masks.along(axis)] = spread(m, entries // m, p)
    return {
        masks.KEPT: bounds.share(entries, p, TAIL),
        **spreads,
        masks.TOTAL: spread(size, calls, p),
    }


@cache
def spread(m, lines, p, tail=TAIL):
    """Return the interval of the spread over independent lines of m independent entries each.

    The spread is 1 on average. Outside the interval, on either side, it is with a probability of
    `tail` or less: for a fixed θ, M(θ)^L·exp(−θ·L·s) is `tail` at
    s = (L·log M(θ) − log tail)/(θ·L), and the θ that gives the narrowest interval is taken.

    >>> ends = spread(m=1, lines=1, p=0.5)  # (count − ½)²/¼ is always 1
    >>> round(ends.low, 3), round(ends.high, 3)
    (0.998, 1.002)
    """
    logs = bounds.log_chances(m, p)
    squares = (np.arange(m + 1) - m * p) ** 2 / (m * p * (1 - p))
    theta = np.geomspace(1e-4, 1e4, 400)[:, None]
    upper = (lines * _log_mean(logs, theta * squares) - math.log(tail)) / (theta[:, 0] * lines)
    lower = (-lines * _log_mean(logs, -theta * squares) + math.log(tail)) / (theta[:, 0] * lines)
    return Interval(max(float(lower.max()), 0.0), float(upper.min()))


def _log_mean(logs, exponents):
    """Return log Σ exp(logs + exponents) over the last axis."""
    terms = logs + exponents
    largest = terms.max(axis=-1, keepdims=True)
    return np.log(np.exp(terms - largest).sum(axis=-1)) + largest[:, 0]
