"""Make the recorded runs of this folder again.

It takes some ten seconds. Another platform may differ in the last digits of a training, and so in
a few counts; `tests/test_widget_histogram.py` says by how much at most:

    python -m utils.widgets.recordings.make
"""

from pathlib import Path

import numpy as np

from utils.widgets.runs import BATCHES, RULES, Reading, Runs

FOLDER = Path(__file__).parent
LAMS = (0.0003, 0.0025, 0.01, 0.03)
EPOCHS = (0, 1, 2, 5, 10, 20, 40, 80)


def record(lams=LAMS, epochs=EPOCHS, seed=0):
    """Train with each strength; return an array (n_lams, n_rules, n_epochs, …) per measured field.

    Parameters
    ----------
    lams : sequence of float
    epochs : sequence of int
        When to measure, in increasing order.
    seed : int
        As in `Runs`.

    Returns
    -------
    dict of str -> array
        By the fields of `Reading`, and "lams" and "epochs".
    """
    runs = Runs(seed)
    readings = [list(zip(*_one_run(runs, lam, epochs), strict=True)) for lam in lams]
    measured = {
        field: np.array(
            [[[reading[place] for reading in of] for of in rules] for rules in readings]
        )
        for place, field in enumerate(Reading._fields)
    }
    return {"lams": np.array(lams), "epochs": np.array(epochs), **measured}


def _one_run(runs, lam, epochs):
    """Yield the readings of all rules at each of the epochs."""
    runs.reset()
    for epoch in epochs:
        runs.advance(lam, BATCHES * epoch - runs.steps)
        yield [runs.read(rule, lam) for rule in RULES]


if __name__ == "__main__":
    arrays = record()
    whole = {name: a.astype(np.int32) for name, a in arrays.items() if a.dtype.kind == "i"}
    np.savez_compressed(FOLDER / "weight_histogram.npz", **(arrays | whole))
