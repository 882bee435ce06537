"""Networks that start alike and see the same batches, each under its own penalty.

What the weight histogram shows while it trains: nothing is drawn here.
"""

import copy
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from utils.data import flip_labels, load_mnist, split
from utils.network import Network

RULES = ("none", "l1", "proximal", "l2")
LR = 0.1
BATCH = 50
DIGITS = 1000
BATCHES = DIGITS // BATCH  # in an epoch
WIDE = np.linspace(-0.4, 0.4, 82)  # an odd number of bins, so that 0 is the middle of one
NEAR = np.linspace(-0.003, 0.003, 62)


def place_of(steps):
    """Return the epoch of the last of so many batches, and its number in there, both from 1.

    >>> place_of(1), place_of(BATCHES), place_of(BATCHES + 1), place_of(0)
    ((1, 1), (1, 20), (2, 1), (0, 0))
    """
    epoch = -(-steps // BATCHES)
    return epoch, steps - BATCHES * (epoch - 1) if steps else 0


class Reading(NamedTuple):
    """What is measured of one network, over all entries of its weight matrices.

    Attributes
    ----------
    wide, near : (n_bins,) int arrays
        Weights in each bin of `WIDE` and of `NEAR`.
    beyond : int
        Weights outside of `WIDE`.
    accuracy : float
        Share of the dev digits that are read right.
    zeros : int
        Weights that are exactly 0.
    small : int
        Weights with |w| < 0.001.
    inside : int
        Weights with |w| < αλ.
    norm : float
        √Σw².
    """

    wide: np.ndarray
    near: np.ndarray
    beyond: int
    accuracy: float
    zeros: int
    small: int
    inside: int
    norm: float


class Runs:
    """One network per rule: the same digits, labels, first weights and batches for all.

    The network, the data and the order of the batches are those of `utils.training.train` with the
    same generator: 1,000 digits, one label in five wrong, 784-50-10 units, lr 0.1, batches of 50.

    Parameters
    ----------
    seed : int
        Decides on digits, wrong labels, first weights and order.

    Attributes
    ----------
    networks : dict of str -> utils.network.Network
        By rule: "none" pays nothing, "l1" takes the plain L1 step, "proximal" the proximal one,
        "l2" the L2 step. Biases never pay.
    steps : int
        Batches seen since the start.
    """

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        digits = load_mnist()
        (X, y), (X_dev, y_dev) = split(digits.X, digits.y, (DIGITS, DIGITS), rng)
        self._y = flip_labels(y, 0.2, rng)
        self._start = Network((784, 50, 10), rng)
        self._first_order = rng.spawn(1)[0]  # `train` draws the order from its first stream
        self._X = self._start.checked_inputs(X)
        self._dev = self._start.checked_inputs(X_dev), y_dev
        self._libraries = ThreadpoolController()  # finding them takes longer than a batch
        self.size = sum(w.size for w in self._start.weights)
        self.reset()

    def reset(self):
        """Go back to the start."""
        self.networks = {rule: self._start.copy() for rule in RULES}
        self._order = copy.deepcopy(self._first_order)
        self.steps = 0

    def advance(self, lam, n=1):
        """Train every network on the next `n` batches with the strength `lam`.

        Raises
        ------
        FloatingPointError
            If a loss stops being finite.
        """
        with self._one_thread(), np.errstate(over="ignore", invalid="ignore"):
            for _ in range(n):
                rows = self._next_rows()
                for rule, network in self.networks.items():
                    _train_on(network, self._X[rows], self._y[rows], rule, lam)

    def read(self, rule, lam):
        """Measure the network of a rule, with the band of the strength `lam`."""
        network = self.networks[rule]
        entries = np.concatenate([w.ravel() for w in network.weights])
        sizes = np.abs(entries)
        wide = np.histogram(entries, WIDE)[0]
        with self._one_thread(), np.errstate(over="ignore", invalid="ignore"):
            accuracy = 1 - network.error(*self._dev)
        return Reading(
            wide,
            np.histogram(entries, NEAR)[0],
            self.size - int(wide.sum()),
            accuracy,
            int(np.sum(entries == 0)),
            int(np.sum(sizes < 0.001)),
            int(np.sum(sizes < LR * lam)),
            float(np.sqrt(np.sum(np.square(entries, dtype=float)))),
        )

    def _one_thread(self):
        return self._libraries.limit(limits=1, user_api="blas")

    def _next_rows(self):
        place = self.steps % BATCHES
        if place == 0:
            self._rows = self._order.permutation(DIGITS)
        self.steps += 1
        return self._rows[place * BATCH : (place + 1) * BATCH]


def _train_on(network, X, y, rule, lam):
    """Take one step of gradient descent in place, under the penalty of the rule.

    With g = ∂J/∂w + (0, λ·sign(w), 0 or 2λw), w ← w − αg; the proximal rule then moves each weight
    toward 0 by αλ and stops at 0. A weight too small for a normal float32 becomes 0, as in
    `utils.training`.
    """
    loss, weight_grads, bias_grads = network.gradients(X, y)
    if not np.isfinite(loss):
        raise FloatingPointError(
            f"the loss became {loss} with λ = {lam:g}: choose a smaller λ, and reset"
        )
    for w, grad in zip(network.weights, weight_grads, strict=True):
        _charge(w, grad, rule, lam)
        _descend(w, grad)
        if rule == "proximal":
            np.subtract(w, np.clip(w, -LR * lam, LR * lam), out=w)
        if rule != "none":
            np.multiply(w, np.abs(w) >= np.finfo(w.dtype).tiny, out=w)
    for b, grad in zip(network.biases, bias_grads, strict=True):
        _descend(b, grad)


def _charge(w, grad, rule, lam):
    """Add the slope of the penalty to a gradient, in place."""
    if rule == "l1":
        grad += lam * np.sign(w)
    elif rule == "l2":
        grad += 2 * lam * w


def _descend(parameter, grad):
    """Take the step in place; `grad` serves as the scratch space."""
    grad *= LR
    parameter -= grad
