"""The conversions that lesson 01 teaches, against the real TensorFlow, Keras and PyTorch."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
LR, LAM = 0.1, 0.03
W = np.array([[1.5, -0.25, 0.0], [-2.0, 0.75, 1e-3]])
GRAD = np.array([[0.2, -0.1, 0.3], [0.0, 0.5, -0.4]])  # ∂J/∂w of J(w) = Σ GRAD·w

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def answers():
    """Return the names that the answer cells of lesson 01's solution define."""
    path = ROOT / "solutions" / "01_l1_l2_updates" / "01_l1_l2_updates.ipynb"
    names = {"np": np}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            exec(cell.source, names)
    return names


def torch_step(optimizer, loss, **options):
    """Return W after one step of a PyTorch optimizer on Σ GRAD·w + loss(w)."""
    torch = pytest.importorskip("torch", reason="./course test --frameworks installs PyTorch")
    w = torch.tensor(W, requires_grad=True)
    step = getattr(torch.optim, optimizer)([w], lr=LR, **options)
    (torch.tensor(GRAD).mul(w).sum() + loss(torch, w)).backward()
    step.step()
    return w.detach().numpy()


def tensorflow_step(loss):
    """Return W after one step of plain gradient descent in TensorFlow on Σ GRAD·w + loss(w)."""
    tf = pytest.importorskip("tensorflow", reason="./course test --frameworks installs TensorFlow")
    w = tf.Variable(W)
    with tf.GradientTape() as tape:
        cost = tf.reduce_sum(GRAD * w) + loss(tf, w)
    return W - LR * tape.gradient(cost, w).numpy()


def test_pytorchs_weight_decay_is_twice_our_lambda(answers):
    stepped = torch_step("SGD", lambda torch, w: 0.0, weight_decay=2 * LAM)
    np.testing.assert_allclose(answers["l2_update"](W, GRAD, LR, LAM), stepped, rtol=1e-12)


def test_pytorchs_gradient_of_the_l1_penalty_is_ours_at_zero_too(answers):
    stepped = torch_step("SGD", lambda torch, w: LAM * w.abs().sum())
    np.testing.assert_allclose(answers["l1_update"](W, GRAD, LR, LAM), stepped, rtol=1e-12)


def test_tensorflows_l2_loss_takes_twice_our_lambda(answers):
    stepped = tensorflow_step(lambda tf, w: 2 * LAM * tf.nn.l2_loss(w))
    np.testing.assert_allclose(answers["l2_update"](W, GRAD, LR, LAM), stepped, rtol=1e-12)


@pytest.mark.parametrize("kind", ["L1", "L2"])
def test_keras_regularizers_take_our_lambda(answers, kind):
    keras = pytest.importorskip("keras", reason="./course test --frameworks installs Keras")
    regularizer = getattr(keras.regularizers, kind)(LAM)
    stepped = tensorflow_step(lambda tf, w: tf.cast(regularizer(w), w.dtype))
    ours = answers[f"{kind.lower()}_update"](W, GRAD, LR, LAM)
    np.testing.assert_allclose(ours, stepped, rtol=1e-6)


def test_adamw_decays_apart_from_the_gradient_and_adam_does_not():
    plain = torch_step("Adam", lambda torch, w: 0.0)
    decoupled = torch_step("AdamW", lambda torch, w: 0.0, weight_decay=2 * LAM)
    inside = torch_step("Adam", lambda torch, w: LAM * (w**2).sum())
    np.testing.assert_allclose(decoupled, plain - LR * 2 * LAM * W, rtol=1e-9, atol=1e-12)
    assert np.abs(inside - decoupled).max() > 1e-3
