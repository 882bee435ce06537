"""Random inputs for cases: few digits, so that a student can follow them by hand."""

import numpy as np


def signed(rng, *shape, low=0.2, high=2.0):
    """Return an array of numbers with two decimals, none nearer to 0 than `low`.

    With two entries or more both signs occur.
    """
    signs = rng.choice([-1.0, 1.0], shape)
    if signs.size > 1:
        signs.flat[-1] = -signs.flat[0]
    return signs * np.round(rng.uniform(low, high, shape), 2)


def number(rng, low, high):
    """Return a number between `low` and `high` with two decimals."""
    return round(float(rng.uniform(low, high)), 2)


def design(rng, n, d, most=4.0):
    """Return a matrix (n, d) of two-decimal numbers, none near 0, of condition `most` or less.

    The ratio of the largest to the smallest singular value is also 1.3 or more, so that the columns
    are neither nearly collinear nor nearly orthogonal.
    """
    while True:
        X = signed(rng, n, d)
        if 1.3 <= np.linalg.cond(X) <= most or min(n, d) == 1:
            return X
