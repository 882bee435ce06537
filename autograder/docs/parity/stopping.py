"""Rows on early stopping, against Keras' callback."""

import numpy as np

from autograder.docs.parity.row import Row
from utils.golden import make

LESSON = "05_early_stopping"
DATA = ("train", "labels", "dev", "labels")


class Script:
    """A model that acts out dev errors, one an evaluation; it learns nothing from the dev set."""

    def __init__(self, errors, eval_freq, step=0):
        self.errors, self.eval_freq, self.step = errors, eval_freq, step

    def train(self, X, Y):
        """Take a step, in place, and return the model."""
        self.step += X == "train"
        return self

    def eval(self, X, Y):
        """Return the error of the present step, or raise an error beyond the script."""
        return self.errors[self.step // self.eval_freq - 1] if X == "dev" else float("nan")

    def copy(self):
        """Return the same model."""
        return type(self)(self.errors, self.eval_freq, self.step)

    def __deepcopy__(self, memo):
        return self.copy()


class FreshScript(Script):
    """The same, but train leaves the model as it is and returns a new one."""

    def train(self, X, Y):
        """Return a model that has taken a step more."""
        return Script.train(self.copy(), X, Y)


def _alike(seen):
    """Return the runs in which Keras means what the lesson means: no late start, some patience.

    Keras keeps a NaN as its first best, and takes a patience of 0 for 1.
    """
    alike = (seen["stopping_start"] == 0) & (seen["stopping_patience"] > 0)
    return np.flatnonzero(alike & ~np.isnan(seen["stopping_errors"][:, 0]))


def _monitor(ours, seen):
    for run in _alike(seen):
        settings = (seen[f"stopping_{name}"][run].item() for name in ("patience", "min_delta"))
        monitor, found = ours["PatienceMonitor"](*settings), []
        for error in seen["stopping_errors"][run].tolist():
            better = monitor.update(error)
            found.append((monitor.best, monitor.wait, monitor.should_stop, better))
        best, wait, stop, better = zip(*found, strict=True)
        yield "best", np.array(best), seen["stopping_best"][run]
        yield "wait", np.array(wait), seen["stopping_wait"][run]
        yield "stop", np.array(stop), seen["stopping_stop"][run]
        yield "better", np.array(better), seen["stopping_wait"][run] == 0


def _loop(ours, seen):
    listing = {}
    exec(compile(ours["fixed_listing"], "fixed_listing", "exec"), listing)
    loops = [(listing["stop_early"], kind) for kind in (Script, FreshScript)]
    loops.append((ours["early_stopping"], Script))
    for run in _alike(seen):
        stops = np.flatnonzero(seen["stopping_stop"][run])
        if seen["stopping_min_delta"][run] or not len(stops):
            continue
        patience, end = int(seen["stopping_patience"][run]), stops[0]
        best, best_epoch = (seen[f"stopping_{name}"][run, end] for name in ("best", "best_epoch"))
        errors = seen["stopping_errors"][run, : end + 1].tolist()
        for function, kind in loops:
            for freq in (1, 3):
                model, step = kind(errors, freq), freq * (best_epoch + 1)
                found = function(model, *DATA, eval_freq=freq, stop_wait=freq * patience)
                yield "best error", found[1], best
                yield "steps", [found[2], found[0].step, model.step], [step, step, 0]


def _unseen(comparer, n=200):
    """Return a comparer on random errors, with ties and NaN, that Keras is asked about."""

    def unseen(ours):
        rng = np.random.default_rng(51)
        errors = rng.integers(0, 64, size=(n, 20)) / 64  # differences are exact
        errors[:, 1:][rng.random((n, 19)) < 0.1] = np.nan
        patience = rng.integers(1, 5, size=n)
        min_delta = rng.integers(0, 9, size=n) / 64 * (np.arange(n) % 2)
        settings = [(row, patience[row], min_delta[row], 0) for row in range(n)]
        return comparer(ours, make.stopping_in_keras(errors, settings))

    return unseen


_TODAY = {
    "TensorFlow": '`tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=10)`',
    "Keras": '`keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, min_delta=0.0, '
    "restore_best_weights=True)`",
    "PyTorch": "none; write the loop",
    "scikit-learn": "`sklearn.neural_network.MLPClassifier(early_stopping=True, "
    "n_iter_no_change=10, tol=1e-4)`",
}
ROWS = (
    Row(
        "early_stopping",
        "early_stopping",
        LESSON,
        ("early_stopping", "fixed_listing"),
        "`early_stopping(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100)`, a "
        "listing of the section that does not run",
        _TODAY,
        "`keras.callbacks.EarlyStopping` on the same dev errors: best error, step, and that the "
        "model is of that step; the mended listing, too",
        {"best error": 1e-6, "steps": 0.0},
        _loop,
        _unseen(_loop),
    ),
    Row(
        "patience",
        "early_stopping: what waits",
        LESSON,
        ("PatienceMonitor",),
        "in the section a counter of evaluations that its text calls steps, without `min_delta`",
        _TODAY,
        "`keras.callbacks.EarlyStopping` after each error: best, wait, stop",
        {"best": 1e-6, "wait": 0.0, "stop": 0.0, "better": 0.0},
        _monitor,
        _unseen(_monitor),
    ),
)
