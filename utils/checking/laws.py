"""Drivers for randomised functions: many draws in, statistics out.

A randomised answer has no single right result, so a law judges statistics of its results against
intervals. How wide an interval is, and how seldom a right answer falls outside it, is stated where
the question gives the interval; this module holds statistics only.
"""

import numpy as np


def draw_moments(target, inputs):
    """Call a randomised function many times and return the moments of its results.

    Parameters
    ----------
    target : callable
        `target(*arguments, rng)` returns a number or an array of numbers.
    inputs : dict
        "arguments" (list), "draws" (int), the number of calls, and "seed" (int) of the one
        generator that all calls share.

    Returns
    -------
    dict
        "mean" and "sd" (ddof=0) over all draws and entries, "distinct", the fraction of draws that
        differ from the draw before, and "repeats", 1.0 if a new generator with the same seed
        repeats the first draw, else 0.0.
    """
    rng = np.random.default_rng(inputs["seed"])
    arguments = inputs["arguments"]
    draws = np.array([target(*arguments, rng) for _ in range(inputs["draws"])], dtype=float)
    again = target(*arguments, np.random.default_rng(inputs["seed"]))
    flat = draws.reshape(len(draws), -1)
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std()),
        "distinct": float(np.mean(np.any(flat[1:] != flat[:-1], axis=1))),
        "repeats": float(np.array_equal(np.asarray(again, dtype=float), draws[0])),
    }
