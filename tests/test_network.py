"""The network: forward pass, loss and gradients, against independent routes."""

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from utils.network import Network, softmax_cross_entropy

DEPTHS = [(5, 3), (5, 7, 3), (5, 7, 6, 4, 3)]


def batch(n=8, n_inputs=5, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, n_inputs)), rng.integers(0, n_classes, n)


def differences(f, array, eps=1e-6):
    """Return the central differences of f() with respect to every entry of an array in place."""
    gradient = np.zeros_like(array)
    for i in np.ndindex(array.shape):
        kept = array[i]
        array[i] = kept + eps
        above = f()
        array[i] = kept - eps
        gradient[i] = (above - f()) / (2 * eps)
        array[i] = kept
    return gradient


def assert_gradients(network, X, y, dropout=None):
    """Compare every gradient with differences of the loss under a mask that never changes."""
    for b in network.biases:  # away from 0, where biases look alike and a ReLU without input bends
        np.copyto(b, np.random.default_rng(2).normal(0, 0.3, b.shape))
    _, weight_grads, bias_grads = network.gradients(X, y, dropout)
    for parameter, grad in zip(
        network.weights + network.biases, weight_grads + bias_grads, strict=True
    ):
        expected = differences(lambda: network.gradients(X, y, dropout)[0], parameter)
        np.testing.assert_allclose(grad, expected, atol=1e-8)


class FixedDropout:
    """Inverted dropout whose masks depend on the layer's width only."""

    def __init__(self, keep_prob, shared_rows=False):
        self.keep_prob, self.shared_rows = keep_prob, shared_rows

    def __call__(self, x, rng):
        shape = (1, x.shape[1]) if self.shared_rows else x.shape
        kept = np.random.default_rng(x.shape[1]).random(shape) < self.keep_prob
        mask = kept / self.keep_prob
        return x * mask, mask


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("sizes", DEPTHS)
def test_gradients_are_those_of_the_loss(sizes, activation):
    network = Network(sizes, np.random.default_rng(1), activation, np.float64)
    assert_gradients(network, *batch())


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("shared_rows", [False, True])
def test_gradients_with_a_fixed_dropout_mask(activation, shared_rows):
    network = Network((5, 9, 8, 3), np.random.default_rng(1), activation, np.float64)
    assert_gradients(network, *batch(), FixedDropout(0.6, shared_rows))


def test_dropped_units_get_no_gradient():
    network = Network((5, 4, 3), np.random.default_rng(1), "tanh", np.float64)
    mask = np.array([[2.0, 0.0, 2.0, 0.0]])
    _, (first, second), (bias, _) = network.gradients(*batch(), lambda x, rng: (x * mask, mask))
    assert not first[:, [1, 3]].any()
    assert not bias[[1, 3]].any()
    assert not second[[1, 3]].any()
    assert first[:, [0, 2]].all()
    assert second[[0, 2]].all()


def test_dropout_is_handed_each_hidden_activation_and_the_generator():
    network = Network((5, 7, 6, 3), np.random.default_rng(1))
    X, y = batch()
    seen = []

    def dropout(x, rng):
        seen.append((x.copy(), rng))
        return x, np.ones_like(x)

    rng = np.random.default_rng(3)
    network.gradients(X, y, dropout, rng)
    first = np.maximum(X.astype(np.float32) @ network.weights[0], 0)
    assert [(x.shape, x.dtype, r is rng) for x, r in seen] == [
        ((8, 7), np.float32, True),
        ((8, 6), np.float32, True),
    ]
    np.testing.assert_allclose(seen[0][0], first, rtol=1e-6)


def test_dropout_in_float64_leaves_the_network_in_float32():
    network = Network((5, 7, 3), np.random.default_rng(1))
    _, weight_grads, bias_grads = network.gradients(*batch(), FixedDropout(0.5))
    assert {grad.dtype for grad in weight_grads + bias_grads} == {np.dtype(np.float32)}


def test_a_network_worked_by_hand():
    """One ReLU unit of two is off; logits (2, 0), so the loss of class 0 is log(1 + e⁻²)."""
    network = Network((1, 2, 2), np.random.default_rng(0), dtype=np.float64)
    network.weights = [np.array([[1.0, -1.0]]), np.array([[1.0, 0.0], [5.0, 7.0]])]
    network.biases = [np.array([1.0, -1.0]), np.array([0.0, 0.0])]
    X, y = np.array([[1.0]]), np.array([0])
    np.testing.assert_allclose(network.logits(X), [[2.0, 0.0]])
    loss, (first, second), (bias, last_bias) = network.gradients(X, y)
    q = 1 / (1 + np.exp(2))  # the probability of class 1
    assert loss == pytest.approx(np.log(1 + np.exp(-2)))
    np.testing.assert_allclose(last_bias, [-q, q])
    np.testing.assert_allclose(second, [[-2 * q, 2 * q], [0, 0]])
    np.testing.assert_allclose(bias, [-q, 0])
    np.testing.assert_allclose(first, [[-q, 0]])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_agrees_with_scikit_learn(activation):
    """MLPClassifier with our weights gives the same probabilities, and log_loss the same loss."""
    X, y = batch(n=40)
    network = Network((5, 7, 6, 3), np.random.default_rng(1), activation, np.float64)
    peer = MLPClassifier((7, 6), activation=activation, solver="sgd", random_state=0)
    peer.partial_fit(X, y, classes=range(3))
    peer.coefs_, peer.intercepts_ = network.weights, network.biases
    probabilities = peer.predict_proba(X)
    assert network.loss(X, y) == pytest.approx(log_loss(y, probabilities, labels=range(3)))
    np.testing.assert_array_equal(network.predict(X), peer.predict(X))
    assert network.error(X, y) == pytest.approx(1 - peer.score(X, y))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gradients_agree_with_torch(activation):
    torch = pytest.importorskip("torch", reason="./course bench installs PyTorch")
    X, y = batch()
    network = Network((5, 7, 6, 3), np.random.default_rng(1), activation, np.float64)
    weights = [torch.tensor(w, requires_grad=True) for w in network.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in network.biases]
    x = torch.tensor(X)
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = getattr(torch, activation)(x @ w + b)
    expected = torch.nn.functional.cross_entropy(x @ weights[-1] + biases[-1], torch.tensor(y))
    expected.backward()
    loss, weight_grads, bias_grads = network.gradients(X, y)
    assert loss == pytest.approx(expected.item())
    for grad, parameter in zip(weight_grads + bias_grads, weights + biases, strict=True):
        np.testing.assert_allclose(grad, parameter.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2), ("tanh", 1)])
def test_weights_start_with_the_variance_of_their_activation(activation, gain):
    network = Network((400, 500, 10), np.random.default_rng(0), activation)
    assert network.weights[0].var() * 400 / gain == pytest.approx(1, abs=0.02)
    assert network.weights[0].mean() == pytest.approx(0, abs=1e-3)
    assert not any(b.any() for b in network.biases)


def test_the_same_seed_gives_the_same_network_in_both_types():
    single, double = (Network((5, 7, 3), np.random.default_rng(4), dtype=t) for t in ("f4", "f8"))
    assert single.weights[0].dtype == single.logits(batch()[0]).dtype == np.float32
    assert double.weights[0].dtype == double.logits(batch()[0]).dtype == np.float64
    np.testing.assert_allclose(single.weights[1], double.weights[1], rtol=1e-6)


def test_a_copy_is_independent():
    network = Network((5, 7, 3), np.random.default_rng(0))
    twin = network.copy()
    before = network.logits(batch()[0])
    for parameter in twin.weights + twin.biases:
        np.add(parameter, 1, out=parameter)
    np.testing.assert_array_equal(network.logits(batch()[0]), before)
    assert (twin.logits(batch()[0]) != before).any()


def test_nothing_handed_in_is_changed():
    X, y = batch()
    X = X.astype(np.float32)
    kept = X.copy(), y.copy()
    network = Network((5, 7, 3), np.random.default_rng(0))
    weights = [w.copy() for w in network.weights]
    network.gradients(X, y, FixedDropout(0.5))
    np.testing.assert_array_equal(X, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    for w, before in zip(network.weights, weights, strict=True):
        np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_huge_logits_is_exact_and_its_gradient_has_no_denormals(dtype):
    logits = np.array([[0, 1000, -1000], [0, -95, -90]], dtype)
    loss, gradient = softmax_cross_entropy(logits, np.array([0, 1]))
    assert loss == pytest.approx((1000 + 95) / 2)
    np.testing.assert_allclose(gradient, [[-0.5, 0.5, 0], [0.5, -0.5, 0]], atol=1e-7)
    assert (np.abs(gradient) >= np.finfo(np.float32).tiny).all()


def test_repr_tells_what_it_is():
    network = Network([5, 3], np.random.default_rng(0))
    assert repr(network) == "Network((5, 3), activation='relu', dtype=float32)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sizes": (5,)}, r"sizes must be .*it was \(5,\)"),
        ({"sizes": (5, 0)}, r"sizes must be .*it was \(5, 0\)"),
        ({"sizes": (5, 2.5)}, r"sizes must be .*it was \(5, 2.5\)"),
        ({"sizes": 5}, r"sizes must be .*it was 5"),
        ({"activation": "sigmoid"}, r"activation must be 'relu' or 'tanh'; it was 'sigmoid'"),
        ({"dtype": int}, r"dtype must be 'float32' or 'float64'; it was 'int64'"),
    ],
)
def test_bad_settings_are_named(arguments, words):
    settings = {"sizes": (5, 3), "rng": np.random.default_rng(0)} | arguments
    with pytest.raises(ValueError, match=words):
        Network(**settings)


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator; it was 0\. Make"):
        Network((5, 3), 0)


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (np.zeros((2, 4)), [0, 1], r"X must have shape \(n, 5\), n ≥ 1; it was \(2, 4\)"),
        (np.zeros((2, 5, 1)), [0, 1], r"it was \(2, 5, 1\).*reshape\(len\(images\), -1\)"),
        (np.zeros((0, 5)), [], r"n ≥ 1; it was \(0, 5\)"),
        ("digits", [0], r"X must hold numbers; it was str"),
        (np.zeros((2, 5)), [0], r"y must have shape \(2,\), .*; it was \(1,\)"),
        (np.zeros((2, 5)), [0.0, 1.0], r"y must hold integers; it was float64"),
        (np.zeros((2, 5)), [0, 3], r"y must lie in 0\.\.2; it was 0\.\.3"),
        (np.zeros((2, 5)), [-1, 2], r"y must lie in 0\.\.2; it was -1\.\.2"),
    ],
)
@pytest.mark.parametrize("method", ["loss", "error", "gradients"])
def test_bad_data_are_named(method, X, y, words):
    network = Network((5, 3), np.random.default_rng(0))
    with pytest.raises(ValueError, match=words):
        getattr(network, method)(X, y)


@pytest.mark.parametrize(
    ("dropout", "words"),
    [
        (lambda x, rng: x, "must return the pair .*; it returned"),
        (lambda x, rng: None, "must return the pair .*; it returned"),
        (lambda x, rng: (x[:, :2], x), r"for x \(8, 7\) it returned out \(8, 2\), mask \(8, 7\)"),
        (lambda x, rng: (x, np.ones((1, 8, 7))), r"mask \(1, 8, 7\)"),
        (lambda x, rng: (x, np.ones(3)), r"for x \(8, 7\) .* mask \(3,\)"),
    ],
)
def test_a_bad_dropout_is_told_its_contract(dropout, words):
    network = Network((5, 7, 3), np.random.default_rng(0))
    with pytest.raises(ValueError, match=words):
        network.gradients(*batch(), dropout)
