"""A row of the parity table: one operation, and what it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

LIBRARIES = ("TensorFlow", "Keras", "PyTorch", "scikit-learn")


@dataclass(frozen=True)
class Row:
    """One operation or algorithm that the section names.

    Parameters
    ----------
    key : str
        A short name, the same in the tests.
    name : str
        What the section calls it.
    lesson : str
    functions : tuple of str
        The graded names that are compared.
    original : str
        The call of the section's time with its arguments, or the formula or figure.
    today : dict of str -> str
        The present name in each of `LIBRARIES`; "none" where there is none.
    against : str
        What it is compared with.
    bounds : dict of str -> float
        What is compared, and how large a difference may be. 0 is "bit for bit", dtype included.
    compare : callable
        ``compare(ours, theirs)`` yields triples (a key of `bounds`, our result, the other one).
        `ours` holds the names of the lesson's answers, `theirs` the results of the frameworks.
    unseen : callable, optional
        ``unseen(ours)`` yields more of them, computed by the frameworks on random cases.
    """

    key: str
    name: str
    lesson: str
    functions: tuple[str, ...]
    original: str
    today: dict[str, str]
    against: str
    bounds: dict[str, float]
    compare: Callable
    unseen: Callable | None = field(default=None)

    def beyond(self, found):
        """Return what is farther apart than its bound allows, of what `measure` returned."""
        return [what for what, bound in self.bounds.items() if not found[what] <= bound]


def measure(row, ours, theirs, live=False):
    """Return the largest difference of each thing that a row compares.

    Parameters
    ----------
    row : Row
    ours : dict
        The answers.
    theirs : dict of str -> array
        What the frameworks gave.
    live : bool
        Whether the frameworks are there to be asked about unseen cases.

    Returns
    -------
    dict of str -> float
        By the keys of the row's bounds; all of them, or it is an error.
    """
    found = dict.fromkeys(row.bounds, -1.0)
    compared = list(row.compare(ours, theirs))
    if live and row.unseen:
        compared += row.unseen(ours)
    for what, our_result, their_result in compared:
        apart = difference(our_result, their_result, exact=row.bounds[what] == 0)
        found[what] = max(found[what], apart)
    if left := [what for what, apart in found.items() if apart < 0]:
        raise ValueError(f"{row.key}: nothing was compared for {left}")
    return found


def difference(ours, theirs, exact=False):
    """Return the largest difference of two results; infinite if they are of another kind.

    Parameters
    ----------
    ours, theirs : array, number, bool or str
    exact : bool
        Whether arrays of floats must have the same dtype, too.

    Examples
    --------
    >>> difference(np.array([1.0, 2.0]), np.array([1.0, 2.5])), difference("a", "b")
    (0.5, 1.0)
    >>> difference(np.zeros(2), np.zeros(3)), difference(np.nan, 0.0)
    (inf, inf)
    """
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape or (
        exact and ours.ndim and ours.dtype.kind == "f" and ours.dtype != theirs.dtype
    ):
        return float("inf")
    if ours.dtype.kind not in "fiub" or theirs.dtype.kind not in "fiub":
        return float(np.any(ours != theirs))
    apart = np.abs(ours.astype(float) - theirs.astype(float))
    apart = np.where(ours == theirs, 0.0, apart)  # two infinities are equal
    return float("inf") if np.isnan(apart).any() else float(apart.max(initial=0.0))


def holds(row, ours, theirs):
    """Tell whether all differences of a row are within its bounds; look no farther than needed."""
    return all(
        difference(our_result, their_result, exact=row.bounds[what] == 0) <= row.bounds[what]
        for what, our_result, their_result in row.compare(ours, theirs)
    )
