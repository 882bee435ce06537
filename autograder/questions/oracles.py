"""Exact arithmetic for oracles: every float is a fraction, so nothing is rounded on the way.

The routes differ from those of a solution: a slope comes from the cost itself, a proximal point
from comparing costs.
"""

from fractions import Fraction

import numpy as np


def entries(weights):
    """Return all entries of a list of arrays as exact fractions."""
    return [Fraction(entry) for array in weights for entry in array.ravel().tolist()]


def entrywise(function, *arrays):
    """Return `function` of the exact entries of arrays of one shape, as an array of floats.

    >>> entrywise(lambda a, b: a * b, np.array([0.5, 2.0]), np.array([4.0, 0.25]))
    array([2. , 0.5])
    """
    rows = zip(*(array.ravel().tolist() for array in arrays), strict=True)
    results = [float(function(*map(Fraction, row))) for row in rows]
    return np.array(results).reshape(arrays[0].shape)


def slope(function, x):
    """Return the slope of a cost at `x` as the exact symmetric difference quotient.

    (f(x + h) − f(x − h)) / 2h is exact for a square, and for |x| as long as h < |x|; at the kink
    of |x| it is 0, the convention sign(0) = 0.

    >>> slope(abs, Fraction(-3)), slope(abs, Fraction(0)), slope(lambda x: x * x, Fraction(3))
    (Fraction(-1, 1), Fraction(0, 1), Fraction(6, 1))
    """
    h = abs(x) / 2 or Fraction(1)
    return (function(x + h) - function(x - h)) / (2 * h)


def proximal_point(z, threshold):
    """Return argmin over x of ½(x − z)² + threshold·|x|: the cheapest of its three candidates.

    >>> proximal_point(Fraction(3), Fraction(1)), proximal_point(Fraction(-1), Fraction(2))
    (Fraction(2, 1), Fraction(0, 1))
    """

    def cost(x):
        return (x - z) ** 2 / 2 + threshold * abs(x)

    return min((Fraction(0), z - threshold, z + threshold), key=cost)
