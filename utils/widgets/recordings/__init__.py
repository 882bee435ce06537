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
    path = files(__name__).joinpath("weight_histogram.npz")
    with path.open("rb") as stream, np.load(stream) as archive:
        arrays = dict(archive)
    return Recording(arrays.pop("lams"), arrays.pop("epochs"), arrays)
