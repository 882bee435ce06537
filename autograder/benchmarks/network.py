"""One training epoch of the NumPy network against the same epoch in PyTorch on the CPU."""

import os
import sys
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from autograder.benchmarks import MissingPeer, Row, interleaved
from utils.network import Network
from utils.training import train

SIZES = (784, 256, 128, 10)
N_ROWS = 10_000
CHECKED_ROWS = 640  # five steps: rounding, which a ReLU amplifies, has not yet grown
BATCH_SIZE = 128
LR = 0.01
GOAL = 1.2
REPETITIONS = 15
THREADS = (1, 2)


def rows():
    """Time an epoch of both networks at one and at two threads, side by side.

    Raises
    ------
    MissingPeer
        If PyTorch is not installed.
    AssertionError
        If the two networks do not learn the same.
    """
    torch = _import_torch()
    rng = np.random.default_rng(0)
    X, y = rng.random((N_ROWS, SIZES[0]), dtype=np.float32), rng.integers(0, SIZES[-1], N_ROWS)
    return [_row(torch, X, y, n) for n in THREADS if n <= (os.cpu_count() or 1)]


def _row(torch, X, y, n_threads):
    with threads(torch, n_threads):
        assert_same_work(torch, X[:CHECKED_ROWS], y[:CHECKED_ROWS])
        network, peer = pair(torch, X, y)
        ours, theirs = interleaved(
            lambda seed: epoch(network, X, y, seed), peer.epoch, repetitions=REPETITIONS
        )
    name = f"network, {n_threads} thread{'s' if n_threads > 1 else ''}"
    return Row(name, 1000 * ours, 1000 * theirs, "ms/epoch", GOAL)


def pair(torch, X, y):
    """Return our network and PyTorch's with the same weights."""
    network = Network(SIZES, np.random.default_rng(1))
    return network, Peer(torch, network, X, y)


def epoch(network, X, y, seed):
    """Train our network for one epoch and return its loss."""
    rng = np.random.default_rng(seed)
    history = train(network, X, y, epochs=1, lr=LR, rng=rng, batch_size=BATCH_SIZE, progress=False)
    return history.loss[-1]


class Peer:
    """The same network in PyTorch: the weights of `network`, plain SGD, the same batches."""

    def __init__(self, torch, network, X, y):
        self.torch = torch
        self.X, self.y = torch.from_numpy(X), torch.from_numpy(y)
        self.linear = [torch.nn.Linear(*w.shape) for w in network.weights]
        with torch.no_grad():
            for layer, w, b in zip(self.linear, network.weights, network.biases, strict=True):
                layer.weight.copy_(torch.tensor(w.T))
                layer.bias.copy_(torch.tensor(b))
        hidden = [part for layer in self.linear[:-1] for part in (layer, torch.nn.ReLU())]
        self.model = torch.nn.Sequential(*hidden, self.linear[-1])
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=LR)

    def epoch(self, seed):
        """Train for one epoch on the batches that `train` draws from `seed`; return the loss."""
        order_rng = np.random.default_rng(seed).spawn(3)[0]
        order = self.torch.from_numpy(order_rng.permutation(len(self.X)))
        total = 0.0
        for batch in order.split(BATCH_SIZE):
            self.optimizer.zero_grad()
            logits = self.model(self.X[batch])
            loss = self.torch.nn.functional.cross_entropy(logits, self.y[batch])
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(batch)
        return total / len(self.X)

    def weights(self):
        """Return the weight matrices in the course's orientation, (n_in, n_out)."""
        return [layer.weight.detach().numpy().T for layer in self.linear]


def assert_same_work(torch, X, y, tolerance=1e-4):
    """Train both for an epoch from the same weights and require the same loss and weights."""
    network, peer = pair(torch, X, y)
    losses = [epoch(network, X, y, seed=0), peer.epoch(seed=0)]
    np.testing.assert_allclose(*losses, rtol=tolerance, err_msg="the losses differ")
    for ours, theirs in zip(network.weights, peer.weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=tolerance, err_msg="the weights differ")


@contextmanager
def threads(torch, n_threads):
    """Give NumPy's BLAS and PyTorch the same number of threads, and put things back afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        with threadpool_limits(n_threads, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


def _import_torch():
    try:
        import torch
    except ImportError as error:
        raise MissingPeer(
            f"The network is timed against PyTorch, which is not installed: run "
            f"`{sys.executable} -m pip install torch` and try again."
        ) from error
    return torch
