"""The training loop: minibatch gradient descent with places to plug a lesson's methods in.

Nothing here regularizes. A lesson hands in its own `update` (a penalty), `dropout`, `transform`
(data augmentation) and `on_epoch` (early stopping); without them `train` is plain gradient descent.
"""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from utils.network import require_generator

SECONDS_BEFORE_PROGRESS = 2.0
# Multiplications in a step below which a second thread costs more than it brings; on a machine
# that is busy, threads that wait for each other make such a step twenty times slower.
SMALL_STEP = 15_000_000


@dataclass
class History:
    """What a training run recorded, one number an epoch.

    Attributes
    ----------
    loss : list of float
        Mean over the epoch of the loss of each batch just before its step, with dropout and
        transform on, without any penalty.
    tracked : dict of str to list
        What each function in `track` returned after each epoch.

    Examples
    --------
    >>> history = History(loss=[2.0, 1.0], tracked={"dev_error": [0.5, 0.25]})
    >>> history["dev_error"], len(history)
    ([0.5, 0.25], 2)
    """

    loss: list = field(default_factory=list)
    tracked: dict = field(default_factory=dict)

    def __getitem__(self, name):
        """Return what was recorded under `name`: "loss" or a name in `tracked`."""
        return self.loss if name == "loss" else self.tracked[name]

    def __len__(self):
        """Return the number of epochs run."""
        return len(self.loss)


@dataclass(frozen=True)
class _Recipe:
    """What a step needs besides network and batch, with a random stream for each use."""

    lr: float
    batch_size: int
    update: Callable | None
    dropout: Callable | None
    transform: Callable | None
    order_rng: np.random.Generator
    dropout_rng: np.random.Generator
    transform_rng: np.random.Generator


def train(
    network,
    X,
    y,
    *,
    epochs,
    lr,
    rng,
    batch_size=128,
    update=None,
    dropout=None,
    transform=None,
    track=None,
    on_epoch=None,
    progress=None,
):
    """Train a network in place by minibatch gradient descent, w ← w − lr · ∂J/∂w.

    Batches are drawn without replacement, in a new order each epoch; the last one may be smaller
    (Goodfellow et al., *Deep Learning*, 2016, algorithm 8.1 with a constant rate). Order, dropout
    and transform have separate streams spawned from `rng`, so that runs with and without a method
    see the same batches.

    Parameters
    ----------
    network : utils.network.Network
        Changed in place; hand in ``network.copy()`` to keep the original.
    X : ndarray of shape (n, n_inputs)
    y : ndarray of int, shape (n,)
    epochs : int
        Passes over the data, at least 1.
    lr : float
        Learning rate, greater than 0.
    rng : numpy.random.Generator
    batch_size : int
        Rows in a batch; more than n means all of them.
    update : callable, optional
        ``update(w, grad, lr) -> new w`` takes the step of each weight matrix, with `grad` the
        gradient of the data loss, and must not change its arguments. Biases take the plain step.
    dropout : callable, optional
        ``dropout(x, rng) -> (out, mask)`` for the activations of each hidden layer, in training
        only.
    transform : callable, optional
        ``transform(X_batch, rng) -> X_batch`` for the inputs of each batch, shape kept.
    track : dict of str to callable, optional
        ``track[name](network)`` is called after each epoch, its result kept as ``history[name]``.
    on_epoch : callable, optional
        ``on_epoch(epoch, network)`` is called after each epoch, counted from 1, and after `track`;
        the training ends when it returns True. Keep weights with ``network.copy()``.
    progress : bool, optional
        By default a bar appears on standard output once training has taken 2 seconds. True shows it
        at once, False never; with the environment variable COURSE_PROGRESS=0 there is none.

    Returns
    -------
    History
        The loss of each epoch and what `track` recorded.

    Raises
    ------
    TypeError
        If a plug is not callable or `rng` no Generator.
    ValueError
        If an argument, or what a plug returned, does not fit.
    FloatingPointError
        If the loss stops being finite.

    Examples
    --------
    >>> import numpy as np
    >>> from utils.network import Network
    >>> X, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    >>> network = Network((1, 2), np.random.default_rng(0))
    >>> history = train(network, X, y, epochs=50, lr=1.0, rng=np.random.default_rng(0))
    >>> len(history), history.loss[-1] < history.loss[0], network.error(X, y)
    (50, True, 0.0)
    """
    X, y = _checked_data(network, X, y)
    _check_numbers(epochs, lr, batch_size)
    track = _checked_track(track)
    _check_plugs(update=update, dropout=dropout, transform=transform, on_epoch=on_epoch)
    require_generator(rng)
    recipe = _Recipe(float(lr), batch_size, update, dropout, transform, *rng.spawn(3))
    history = History(tracked={name: [] for name in track})
    batches = -(-len(X) // batch_size)
    with (
        _threads_for(network, min(batch_size, len(X))),
        progress_bar(epochs * batches, progress) as bar,
        np.errstate(over="ignore", invalid="ignore"),
    ):
        for epoch in range(1, epochs + 1):
            bar.set_description_str(f"epoch {epoch} of {epochs}", refresh=False)
            _record(history, _run_epoch(network, X, y, recipe, bar), network, track, lr)
            if on_epoch is not None and _is_true(on_epoch(epoch, network)):
                break
    return history


def _threads_for(network, batch_size):
    """Return a context that keeps the matrix products of a small step on one thread."""
    multiplications = batch_size * sum(w.size for w in network.weights)
    if multiplications < SMALL_STEP:
        return threadpool_limits(limits=1, user_api="blas")
    return nullcontext()


def _run_epoch(network, X, y, recipe, bar):
    """Take one step for every batch and return the mean loss."""
    total = 0.0
    for X_batch, y_batch in _batches(network, X, y, recipe):
        loss, *gradients = network.gradients(X_batch, y_batch, recipe.dropout, recipe.dropout_rng)
        _step(network, *gradients, recipe)
        total += loss * len(y_batch)
        bar.update()
    return total / len(y)


def _batches(network, X, y, recipe):
    order = recipe.order_rng.permutation(len(X))
    for start in range(0, len(X), recipe.batch_size):
        rows = order[start : start + recipe.batch_size]
        X_batch = X[rows]
        if recipe.transform is not None:
            X_batch = _transformed(network, X_batch, recipe)
        yield X_batch, y[rows]


def _step(network, weight_grads, bias_grads, recipe):
    for w, grad in zip(network.weights, weight_grads, strict=True):
        if recipe.update is None:
            _descend(w, grad, recipe.lr)
        else:
            _replace(w, recipe.update(w, grad, recipe.lr))
    for b, grad in zip(network.biases, bias_grads, strict=True):
        _descend(b, grad, recipe.lr)


def _descend(w, grad, lr):
    """Take the plain step in place; `grad` serves as the scratch space."""
    grad *= lr
    w -= grad


def _replace(w, new):
    """Write what `update` returned into `w`."""
    new = np.asarray(new)
    if new.shape != w.shape:
        raise ValueError(
            f"update must return an array of the shape of w, {w.shape}; it was {new.shape}"
        )
    w[...] = new
    # A strong penalty shrinks weights to denormal numbers, forty times slower in a matrix product.
    w[np.abs(w) < np.finfo(w.dtype).tiny] = 0


def _transformed(network, X_batch, recipe):
    new = recipe.transform(X_batch, recipe.transform_rng)
    if np.shape(new) != X_batch.shape:
        raise ValueError(
            f"transform must keep the shape of its batch, {X_batch.shape}; it was {np.shape(new)}"
        )
    return network.checked_inputs(new, "the result of transform")


def _record(history, loss, network, track, lr):
    if not np.isfinite(loss):
        raise FloatingPointError(
            f"the loss became {loss} in epoch {len(history) + 1}: the steps are too large. "
            f"Try an lr smaller than {lr} or, with a penalty, a smaller lam"
        )
    history.loss.append(loss)
    for name, measure in track.items():
        history.tracked[name].append(measure(network))


def _is_true(answer):
    """Tell True, of Python or NumPy, from anything else that an on_epoch may happen to return."""
    return isinstance(answer, bool | np.bool_) and bool(answer)


class _Bar(tqdm):
    monitor_interval = 0  # tqdm's watching thread would outlive the training


def progress_bar(total, progress=None):
    """Return a progress bar over `total` steps on standard output.

    `progress` is True (shown at once), False (never) or None (once it has taken 2 seconds);
    COURSE_PROGRESS=0 in the environment silences all of them.

    Examples
    --------
    >>> with progress_bar(total=3, progress=False) as bar:
    ...     bar.update()
    """
    return _Bar(
        total=total,
        file=sys.stdout,
        disable=progress is False or os.environ.get("COURSE_PROGRESS") == "0",
        delay=0 if progress else SECONDS_BEFORE_PROGRESS,
        mininterval=0.25,
        ncols=79,
        bar_format="{desc}: {percentage:3.0f}% {bar} {remaining} left",
    )


def _checked_data(network, X, y):
    X = network.checked_inputs(X)
    if not np.isfinite(X).all():
        raise ValueError("X must be finite; it holds nan or inf. Look with np.isnan(X).any(axis=1)")
    return X, network.checked_labels(y, len(X))


def _check_numbers(epochs, lr, batch_size):
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} must be a whole number ≥ 1; it was {value!r}")
    if not isinstance(lr, int | float | np.number) or not 0 < lr < np.inf:
        raise ValueError(f"lr must be a number > 0, like 0.1; it was {lr!r}")


def _check_plugs(**plugs):
    for name, plug in plugs.items():
        if plug is not None and not callable(plug):
            raise TypeError(f"{name} must be a function or None; it was {plug!r}")


def _checked_track(track):
    track = {} if track is None else track
    if not isinstance(track, dict) or not all(callable(measure) for measure in track.values()):
        raise TypeError(
            f"track must be a dict from name to function of the network, like "
            f'{{"dev_error": lambda network: network.error(X_dev, y_dev)}}; it was {track!r}'
        )
    if "loss" in track:
        raise ValueError('track must not hold "loss": History records the training loss itself')
    return track
