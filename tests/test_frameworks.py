"""What the lessons say of TensorFlow, Keras and PyTorch, against the real ones."""

import numpy as np
import pytest

from autograder.solutions import functions_of
from tests.test_golden import assert_counts_alike, assert_dropped
from utils.golden import load_golden, make

LR, LAM = 0.1, 0.03
W = np.array([[1.5, -0.25, 0.0], [-2.0, 0.75, 1e-3]])
GRAD = np.array([[0.2, -0.1, 0.3], [0.0, 0.5, -0.4]])  # ∂J/∂w of J(w) = Σ GRAD·w

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def answers():
    """Return the names that the answer cells of lesson 01's solution define."""
    return functions_of("01_l1_l2_updates")


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


# ---- what is stored of the frameworks, and lessons 03 to 05 on cases that nobody has seen


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip(
        "tensorflow", reason="./course test --frameworks installs TensorFlow"
    )


def test_the_stored_results_are_still_those_of_the_frameworks(tf):
    pytest.importorskip("torch", reason="./course test --frameworks installs PyTorch")
    stored = load_golden()
    for name, result in make.fixed().items():
        np.testing.assert_allclose(result, stored[name], rtol=1e-6, atol=1e-6, err_msg=name)
    assert_dropped(make.drawn())
    assert {*make.fixed(), *make.drawn(), "versions"} == set(stored)


def cases(seed, n=300):
    """Yield a generator and images of up to 23 x 23 pixels, float32 and float64."""
    rng = np.random.default_rng(seed)
    for case in range(n):
        shape = (rng.integers(1, 4), *rng.integers(1, 24, size=2), rng.integers(1, 5))
        images = rng.normal(size=shape) * 10.0 ** rng.integers(-2, 3)
        yield rng, images.astype(np.float32 if case % 4 else np.float64)


def assert_same(ours, theirs):
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_array_equal(ours, theirs)


def test_resize_bilinear_is_tensorflow_1_bit_for_bit(tf):
    resize = functions_of("03_data_augmentation")["resize_bilinear"]
    for rng, images in cases(seed=31):
        size = tuple(rng.integers(1, 30, size=2).tolist()) if rng.random() < 0.95 else None
        options = {"align_corners": bool(rng.integers(2))}
        options["preserve_aspect_ratio"] = bool(rng.integers(2))
        size = size or images.shape[1:3]
        scale = np.divide(size, images.shape[1:3]).min()
        if scale * min(images.shape[1:3]) < 0.6:  # a side would be 0, which TensorFlow refuses
            options["preserve_aspect_ratio"] = False
        theirs = tf.compat.v1.image.resize_images(images, size, **options).numpy()
        assert_same(resize(images, size, **options), theirs)


def test_crop_and_resize_is_tensorflows_bit_for_bit(tf):
    crop = functions_of("03_data_augmentation")["crop_and_resize"]
    for rng, images in cases(seed=32):
        low, high = ((0, 1), (-0.5, 1.5))[rng.integers(2)]
        boxes = rng.uniform(low, high, size=(rng.integers(1, 5), 4)).astype(np.float32)
        indices = rng.integers(0, len(images), size=len(boxes)).astype(np.int32)
        size = tuple(rng.integers(1, 12, size=2).tolist())
        theirs = tf.image.crop_and_resize(images, boxes, indices, size, extrapolation_value=-2.5)
        ours = crop(images, boxes, indices, size, extrapolation_value=-2.5)
        assert_same(ours, theirs.numpy())


def test_extract_glimpse_is_tensorflow_2_bit_for_bit(tf):
    glimpse = functions_of("03_data_augmentation")["extract_glimpse"]
    for rng, wide_images in cases(seed=33):
        images = wide_images.astype(np.float32)
        size = tuple(rng.integers(1, 30, size=2).tolist())
        centered, normalized = rng.integers(2, size=2).astype(bool).tolist()
        reach = 1.5 if normalized else 30
        offsets = rng.uniform(-reach, reach, size=(len(images), 2)).astype(np.float32)
        ours = glimpse(images, size, offsets, centered, normalized)
        options = {"centered": centered, "normalized": normalized, "noise": "zero"}
        assert_same(ours, tf.image.extract_glimpse(images, size, offsets, **options).numpy())


def test_flips_and_turns_are_tensorflows(tf):
    student = functions_of("03_data_augmentation")
    flip, turn = student["horizontal_flip"], student["rot90"]
    for rng, images in cases(seed=34, n=60):
        assert_same(flip(images), tf.image.flip_left_right(images).numpy())
        k = int(rng.integers(-9, 10))
        theirs = [tf.image.rot90(image, k=k).numpy() for image in images]
        assert_same(turn(images, k), np.stack(theirs))


def test_dropout_backward_is_pytorchs_gradient():
    torch = pytest.importorskip("torch", reason="./course test --frameworks installs PyTorch")
    backward = functions_of("04_dropout")["dropout_backward"]
    torch.manual_seed(41)
    for _ in range(100):
        x = torch.randn(5, 7, requires_grad=True)
        out = torch.nn.functional.dropout(x, p=0.3, training=True)
        dout = torch.randn(5, 7)
        out.backward(dout)
        mask = (out / x).detach().numpy()
        np.testing.assert_allclose(backward(dout.numpy(), mask), x.grad.numpy(), rtol=1e-5)


def test_patience_monitor_counts_as_keras_does(tf):
    monitor_class = functions_of("05_early_stopping")["PatienceMonitor"]
    rng = np.random.default_rng(51)
    errors = rng.integers(0, 64, size=(200, 20)) / 64  # with ties; differences are exact
    errors[:, 1:][rng.random((200, 19)) < 0.1] = np.nan
    patience, min_delta = rng.integers(1, 5, size=200), rng.integers(0, 9, size=200) / 64
    settings = [(row, patience[row], min_delta[row], 0) for row in range(200)]
    assert_counts_alike(monitor_class, make.stopping_in_keras(errors, settings))
