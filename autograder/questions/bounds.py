"""How wide an interval a law needs, so that a right answer falls outside it almost never.

A law counts: in how many of n independent draws something happened that has the probability p.
That count is binomial, and its tails are summed exactly; nothing is approximated by a bell curve.
Where draws come in groups that may depend on each other, an inequality bounds the tails.
"""

import math

import numpy as np

from utils.checking.codec import Interval

TAIL = 1e-9


def counts(n, p, tail=TAIL):
    """Return the least and the largest count of n draws that either tail leaves.

    P(count < low) ≤ tail and P(count > high) ≤ tail for the binomial distribution of n and p.

    >>> counts(10, 0.5, tail=0.011)  # P(0 of 10) = 1/1024, P(0 or 1 of 10) = 11/1024 = 0.0107
    (2, 8)
    >>> counts(10, 0.0), counts(10, 1.0)
    ((0, 0), (10, 10))
    """
    chances = _chances(n, p)
    below, above = np.cumsum(chances), np.cumsum(chances[::-1])[::-1]  # P(count ≤ k), P(count ≥ k)
    return int(np.flatnonzero(below > tail)[0]), int(np.flatnonzero(above > tail)[-1])


def share(n, p, tail=TAIL):
    """Return the interval of the share of n draws in which something of probability p happened.

    Its ends are about half a count beyond what `counts` allows, so that rounding decides nothing.

    >>> share(10, 0.5, tail=0.011)
    Interval(low=0.15, high=0.85)
    """
    if p in (0, 1):
        return Interval(float(p), float(p))
    low, high = counts(n, p, tail)
    ends = max(low - 0.5, 0) / n, min(high + 0.5, n) / n
    return Interval(*(round(end, len(str(n)) + 2) for end in ends))


def average(n, p, tail=TAIL):
    """Return the interval of the average of n independent numbers in 0..1 whose mean is p.

    P(average ≥ a) ≤ exp(−n·(a log(a/p) + (1 − a) log((1 − a)/(1 − p)))) for a > p, and the same
    below (Hoeffding, 1963, theorem 1). Where the means differ, p is the mean of them. A share is
    such an average, also one of draws in groups, of which only the groups are independent.

    >>> average(100, 0.5, tail=0.01)
    Interval(low=0.34943, high=0.65057)
    >>> average(100, 0.0)
    Interval(low=0.0, high=0.0)
    """
    if p in (0, 1):
        return Interval(float(p), float(p))
    reach = -math.log(tail) / n
    ends = (_reach(p, 0.0, reach), _reach(p, 1.0, reach))
    return Interval(*(round(end, len(str(n)) + 2) for end in ends))


def _reach(p, end, divergence):
    """Return how far toward an end the divergence from p stays below a bound."""
    inside = p
    for _ in range(60):
        middle = (inside + end) / 2
        if not 0 < middle < 1:
            break
        apart = middle * math.log(middle / p) + (1 - middle) * math.log((1 - middle) / (1 - p))
        inside, end = (middle, end) if apart < divergence else (inside, middle)
    return inside


def miss(n, p, interval):
    """Return the chance that the share of n draws of probability p is inside an interval.

    The power of a law against a wrong answer is 1 minus this, or more.

    >>> round(miss(10, 0.5, Interval(0.15, 0.85)), 4)
    0.9785
    """
    shares = np.arange(n + 1) / n
    return float(_chances(n, p)[(interval.low <= shares) & (shares <= interval.high)].sum())


def _chances(n, p):
    """Return P(count = k) for k = 0..n."""
    if p in (0, 1):
        return (np.arange(n + 1) == n * p).astype(float)
    return np.exp(log_chances(n, p))


def log_chances(n, p):
    """Return log P(count = k) for k = 0..n, the count binomial, 0 < p < 1."""
    k = np.arange(n + 1)
    factorials = np.cumsum(np.log(np.maximum(k, 1)))
    logs = factorials[n] - factorials - factorials[::-1] + k * math.log(p)
    return logs + (n - k) * math.log1p(-p)
