"""Make the recorded runs of this folder again.

It takes about a minute. Another platform may differ in the last digits of a training, and so in
a few counts; `tests/test_widget_histogram.py` and `tests/test_widget_stopping.py` say by how much
at most:

    python -m utils.widgets.recordings.make
"""

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from utils.data import flip_labels, load_mnist, split
from utils.network import Network
from utils.widgets.runs import BATCHES, RULES, Reading, Runs

FOLDER = Path(__file__).parent
LAMS = (0.0003, 0.0025, 0.01, 0.03)
EPOCHS = (0, 1, 2, 5, 10, 20, 40, 80)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4)
STEPS = 1000
SIZES = {"train": 400, "dev": 500, "test": 2000}


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


def record_errors(shares=SHARES, steps=STEPS, seed=0):
    """Train with each share of wrong labels; count the errors before the first and after each step.

    A network of 784-50-10 units takes steps of gradient descent with the rate 0.05 on batches of
    20 out of 400 digits. Only the labels differ between the shares; those of dev and test digits
    are right.

    Parameters
    ----------
    shares : sequence of float
        Of the 400 labels to learn from, those that are wrong.
    steps : int
    seed : int
        Decides on digits, wrong labels, first weights and batches.

    Returns
    -------
    dict of str -> array
        "shares"; "sizes", the number of train, dev and test digits; and "train", "dev" and "test",
        wrongly read digits, int (n_shares, steps + 1). The train digits count against the labels
        that the network learned from.
    """
    counts = [list(zip(*_one_curve(share, steps, seed), strict=True)) for share in shares]
    each = {name: np.array([run[place] for run in counts]) for place, name in enumerate(SIZES)}
    return {"shares": np.array(shares), "sizes": np.array(list(SIZES.values())), **each}


def _one_curve(share, steps, seed):
    """Yield the counts of wrongly read train, dev and test digits, from step 0 on."""
    rng = np.random.default_rng(seed)
    digits = load_mnist()
    parts = split(digits.X, digits.y, tuple(SIZES.values()), rng)
    network, order = Network((784, 50, 10), rng), rng.spawn(1)[0]
    (X, y), *others = [(network.checked_inputs(X), y) for X, y in parts]
    y = flip_labels(y, share, rng)
    with threadpool_limits(1, user_api="blas"):
        for step in range(steps + 1):
            if step:
                _descend(network, X, y, order.choice(len(X), 20, replace=False))
            yield [int(np.sum(network.predict(X) != y)) for X, y in ((X, y), *others)]


def _descend(network, X, y, rows, lr=0.05):
    _, weight_grads, bias_grads = network.gradients(X[rows], y[rows])
    parameters, grads = network.weights + network.biases, weight_grads + bias_grads
    for parameter, grad in zip(parameters, grads, strict=True):
        np.subtract(parameter, lr * grad, out=parameter)


def _keep(name, arrays, kind):
    """Write arrays to a file of this folder, whole numbers in the type `kind`."""
    whole = {key: array.astype(kind) for key, array in arrays.items() if array.dtype.kind == "i"}
    np.savez_compressed(FOLDER / name, **(arrays | whole))


if __name__ == "__main__":
    _keep("weight_histogram.npz", record(), np.int32)
    _keep("stopping_curves.npz", record_errors(), np.int16)
