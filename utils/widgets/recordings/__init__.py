"""Recorded training runs, for a live figure in a page without a kernel.

Training differs between platforms in the last digits, so what a page shows is kept as data.
`make.py` makes it again.
"""

from importlib.resources import files
from typing import NamedTuple

import numpy as np

from utils.widgets.runs import RULES, Reading


class Recording(NamedTuple):
    """What `utils.widgets.runs` measured, at some epochs, for some strengths.

    Attributes
    ----------
    lams : (n_lams,) array
        Each was kept from the first batch to the last.
    epochs : (n_epochs,) array
        0 is the start.
    measured : dict of str -> (n_lams, n_rules, n_epochs, ...) array
        By the fields of `Reading`.
    """

    lams: np.ndarray
    epochs: np.ndarray
    measured: dict

    def reading(self, lam, rule, epoch):
        """Return the reading of a rule at the recorded strength and epoch nearest to these."""
        place = (
            np.abs(self.lams - lam).argmin(),
            RULES.index(rule),
            np.abs(self.epochs - epoch).argmin(),
        )
        return Reading(**{field: array[place] for field, array in self.measured.items()})


class Curves(NamedTuple):
    """Errors of a network after every step of its training, for several shares of wrong labels.

    Attributes
    ----------
    shares : (n_shares,) array
        Of the labels to learn from, those that are wrong; dev and test labels are right.
    sizes : (3,) int array
        Train, dev and test digits.
    train, dev, test : (n_shares, n_steps + 1) arrays
        The fraction of digits read wrongly; column 0 is before the first step. The train error
        counts against the labels that were learned from, wrong ones included.
    """

    shares: np.ndarray
    sizes: np.ndarray
    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray


def load_stopping_curves():
    """Load the recorded trainings of the early-stopping curve.

    Examples
    --------
    >>> curves = load_stopping_curves()
    >>> curves.shares.tolist(), curves.dev.shape
    ([0.0, 0.1, 0.2, 0.3, 0.4], (5, 1001))
    >>> float(curves.train[0, -1])
    0.0
    """
    arrays = _arrays("stopping_curves.npz")
    shares, sizes = arrays.pop("shares"), arrays.pop("sizes")
    errors = {name: arrays[name] / n for name, n in zip(arrays, sizes.tolist(), strict=True)}
    return Curves(shares, sizes, **errors)


def load_weight_histogram():
    """Load the recorded runs of the weight histogram.

    Examples
    --------
    >>> recording = load_weight_histogram()
    >>> recording.lams.tolist(), recording.epochs.tolist()
    ([0.0003, 0.0025, 0.01, 0.03], [0, 1, 2, 5, 10, 20, 40, 80])
    >>> int(recording.reading(0.0025, "l1", 0).zeros)
    0
    """
    arrays = _arrays("weight_histogram.npz")
    return Recording(arrays.pop("lams"), arrays.pop("epochs"), arrays)


def _arrays(name):
    """Return the arrays of a file of this folder, in the order in which they were written."""
    with files(__name__).joinpath(name).open("rb") as stream, np.load(stream) as archive:
        return dict(archive)
