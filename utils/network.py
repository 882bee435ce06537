"""A fully connected network for classification: forward pass, loss, backward pass.

Every hidden layer computes ``a = activation(x @ W + b)``, the last one ``logits = x @ W + b``, and
the loss is the mean cross-entropy of the softmax of the logits. Nothing here regularizes:
penalties, dropout and augmentation are handed in by the lessons (see `utils.training.train`).

The formulas are those of Goodfellow, Bengio and Courville, *Deep Learning* (2016), algorithms 6.3
and 6.4.
"""

import copy
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# exp(-80) is about 1.8e-35. Below 1.2e-38 float32 turns to denormal numbers, with which a matrix
# product is some forty times slower, so smaller probabilities count as this one in the gradient.
SMALLEST_LOG_PROBABILITY = -80.0


class Activation(NamedTuple):
    """A hidden layer's function, its way back, and the variance that keeps its signal alive."""

    gain: float  # the weights start with variance gain / fan_in
    apply: Callable  # z -> a, in place
    backprop: Callable  # (dJ/da, a) -> dJ/dz, in place


def _relu(z):
    return np.maximum(z, 0, out=z)


def _relu_backprop(delta, a):
    delta *= a > 0
    return delta


def _tanh(z):
    return np.tanh(z, out=z)


def _tanh_backprop(delta, a):
    delta *= 1 - a * a
    return delta


ACTIVATIONS = {
    "relu": Activation(2.0, _relu, _relu_backprop),
    "tanh": Activation(1.0, _tanh, _tanh_backprop),
}


class Network:
    """A fully connected network with a softmax output.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer, from the inputs to the classes, e.g. ``(784, 256, 128, 10)``.
    rng : numpy.random.Generator
        Draws the weights: normal with variance 2 / fan_in for "relu" (He et al., 2015,
        arXiv:1502.01852) and 1 / fan_in for "tanh" (LeCun et al., *Efficient BackProp*, 1998).
        Biases start at 0. The same seed gives the same network in either dtype, up to rounding.
    activation : {"relu", "tanh"}
        The function of every hidden layer.
    dtype : {numpy.float32, numpy.float64}
        Type of weights and arithmetic; float64 is slower and there for gradient checks.

    Attributes
    ----------
    weights : list of ndarray
        ``weights[i]`` has shape (sizes[i], sizes[i + 1]); `utils.training.train` writes into it.
    biases : list of ndarray
        ``biases[i]`` has shape (sizes[i + 1],).

    Raises
    ------
    TypeError
        If `rng` is no Generator.
    ValueError
        If `sizes`, `activation` or `dtype` is none of the above.

    Examples
    --------
    >>> import numpy as np
    >>> network = Network((2, 3, 2), np.random.default_rng(0))
    >>> [w.shape for w in network.weights]
    [(2, 3), (3, 2)]
    >>> network.predict(np.array([[0.0, 0.0]])).shape
    (1,)
    """

    def __init__(self, sizes, rng, activation="relu", dtype=np.float32):
        self.sizes = _checked_sizes(sizes)
        self.activation = _one_of("activation", activation, ACTIVATIONS)
        self.dtype = np.dtype(_one_of("dtype", np.dtype(dtype).name, ("float32", "float64")))
        require_generator(rng)
        gain = ACTIVATIONS[activation].gain
        self.weights = [
            (rng.standard_normal((n_in, n_out)) * np.sqrt(gain / n_in)).astype(self.dtype)
            for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False)
        ]
        self.biases = [np.zeros(n_out, self.dtype) for n_out in self.sizes[1:]]

    def __repr__(self):
        return f"Network({self.sizes}, activation={self.activation!r}, dtype={self.dtype.name})"

    def logits(self, X):
        """Return the scores before the softmax, (n, n_classes), for `X` of shape (n, n_inputs)."""
        return self._forward(self.checked_inputs(X), None, None)[0]

    def predict(self, X):
        """Return the most probable class of each row of `X`, shape (n,)."""
        return self.logits(X).argmax(axis=1)

    def loss(self, X, y):
        """Return the mean cross-entropy, −1/n Σᵢ log softmax(logits(xᵢ))[yᵢ]."""
        logits = self.logits(X)
        return softmax_cross_entropy(logits, self.checked_labels(y, len(logits)))[0]

    def error(self, X, y):
        """Return the fraction of the rows of `X` whose predicted class is not the label in `y`."""
        predicted = self.predict(X)
        return float(np.mean(predicted != self.checked_labels(y, len(predicted))))

    def copy(self):
        """Return an independent network with the same weights and biases."""
        return copy.deepcopy(self)

    def gradients(self, X, y, dropout=None, rng=None):
        """Return the loss of a batch and its gradients, by backpropagation.

        With δ the gradient with respect to a layer's ``z = x W + b`` (the softmax gives
        δ = (p − onehot(y)) / n at the output): ∂J/∂W = xᵀδ, ∂J/∂b = Σ_rows δ, ∂J/∂x = δWᵀ, and one
        layer further down δ = ∂J/∂x ∘ mask ∘ activation′(z).

        Parameters
        ----------
        X : ndarray of shape (n, n_inputs)
        y : ndarray of int, shape (n,)
        dropout : callable, optional
            ``dropout(x, rng) -> (out, mask)`` for the activations ``x`` (n, units) of each hidden
            layer; ``out`` goes on to the next layer, the gradient is multiplied by ``mask``.
        rng : numpy.random.Generator, optional
            Handed to `dropout`.

        Returns
        -------
        loss : float
        weight_grads, bias_grads : list of ndarray
            In the shapes of `weights` and `biases`.

        Raises
        ------
        ValueError
            If shapes or labels do not fit the network, or `dropout` does not return such a pair.
        """
        X = self.checked_inputs(X)
        y = self.checked_labels(y, len(X))
        logits, inputs, hidden = self._forward(X, dropout, rng)
        loss, delta = softmax_cross_entropy(logits, y)
        return loss, *self._backward(delta, inputs, hidden)

    def _forward(self, X, dropout, rng):
        """Return the logits, each layer's input, and each hidden layer's (activation, mask)."""
        activate = ACTIVATIONS[self.activation].apply
        inputs, hidden = [X], []
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            a = activate(_affine(inputs[-1], w, b))
            out, mask = (a, None) if dropout is None else _drop(dropout, a, rng)
            inputs.append(out)
            hidden.append((a, mask))
        return _affine(inputs[-1], self.weights[-1], self.biases[-1]), inputs, hidden

    def _backward(self, delta, inputs, hidden):
        """Return the gradients of weights and biases, given that of the logits."""
        weight_grads, bias_grads = [inputs[-1].T @ delta], [delta.sum(axis=0)]
        for i in reversed(range(len(hidden))):
            delta = self._backprop(delta @ self.weights[i + 1].T, *hidden[i])
            weight_grads.insert(0, inputs[i].T @ delta)
            bias_grads.insert(0, delta.sum(axis=0))
        return weight_grads, bias_grads

    def _backprop(self, delta, a, mask):
        """Take the gradient back through dropout and the activation, in place."""
        if mask is not None:
            delta *= mask
        return ACTIVATIONS[self.activation].backprop(delta, a)

    def checked_inputs(self, X, name="X"):
        """Return `X` in the network's dtype, or raise a ValueError that says what it should be."""
        try:
            X = np.asarray(X, dtype=self.dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must hold numbers; it was {type(X).__name__}") from error
        if X.ndim != 2 or X.shape[1] != self.sizes[0] or not len(X):
            raise ValueError(
                f"{name} must have shape (n, {self.sizes[0]}), n ≥ 1; it was {X.shape}. "
                f"Images are flattened with images.reshape(len(images), -1)"
            )
        return X

    def checked_labels(self, y, n):
        """Return `y` as an array, or raise a ValueError that says what it should be."""
        y, n_classes = np.asarray(y), self.sizes[-1]
        if y.shape != (n,):
            raise ValueError(f"y must have shape ({n},), one label a row of X; it was {y.shape}")
        if not np.issubdtype(y.dtype, np.integer):
            raise ValueError(f"y must hold integers; it was {y.dtype}. Try y.astype(int)")
        if y.min() < 0 or y.max() >= n_classes:
            raise ValueError(f"y must lie in 0..{n_classes - 1}; it was {y.min()}..{y.max()}")
        return y


def softmax_cross_entropy(logits, y):
    """Return the mean cross-entropy of the softmax and its gradient with respect to the logits.

    With p = softmax(logits): J = −1/n Σᵢ log p[i, yᵢ] and ∂J/∂logits = (p − onehot(y)) / n
    (Goodfellow et al., 2016, section 6.2.2.3).

    Parameters
    ----------
    logits : ndarray of shape (n, n_classes)
    y : ndarray of int, shape (n,)

    Returns
    -------
    loss : float
    gradient : ndarray of shape (n, n_classes)

    Examples
    --------
    Odds of 3 : 1 for class 0, which is right, so the loss is −log(3/4):

    >>> import numpy as np
    >>> loss, gradient = softmax_cross_entropy(np.log([[3.0, 1.0]]), np.array([0]))
    >>> round(loss, 4), gradient.round(2).tolist()
    (0.2877, [[-0.25, 0.25]])
    """
    rows = np.arange(len(y))
    shifted = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(np.maximum(shifted, SMALLEST_LOG_PROBABILITY))
    total = p.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - shifted[rows, y])
    p /= total
    p[rows, y] -= 1
    p /= len(y)
    return float(loss), p


def require_generator(rng):
    """Raise a TypeError that says how to make one unless `rng` is a numpy.random.Generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator; it was {rng!r}. "
            f"Make one with np.random.default_rng(0)"
        )


def _affine(x, w, b):
    z = x @ w
    z += b
    return z


def _drop(dropout, a, rng):
    """Call the reader's dropout; return its pair in the network's dtype, for masks are float64."""
    pair = dropout(a, rng)
    try:
        out, mask = (np.asarray(array, dtype=a.dtype) for array in pair)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{_DROPOUT_CONTRACT}; it returned {type(pair).__name__}") from error
    if out.shape != a.shape or not _broadcasts(mask.shape, a.shape):
        raise ValueError(
            f"{_DROPOUT_CONTRACT}; for x {a.shape} it returned out {out.shape}, mask {mask.shape}"
        )
    return out, mask


def _broadcasts(shape, target):
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


_DROPOUT_CONTRACT = (
    "dropout(x, rng) must return the pair (out, mask), "
    "out in the shape of x and a mask that broadcasts to it"
)


def _checked_sizes(sizes):
    whole = isinstance(sizes, list | tuple) and all(isinstance(s, int | np.integer) for s in sizes)
    if not whole or len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"sizes must be at least two whole numbers ≥ 1, inputs first and classes last, "
            f"like (784, 256, 10); it was {sizes!r}"
        )
    return tuple(int(size) for size in sizes)


def _one_of(name, value, choices):
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be {expected}; it was {value!r}")
    return value
