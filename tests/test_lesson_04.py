"""The functions of lesson 04, as its solution has them: every mask enumerated, and other seeds."""

import copy
import itertools

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from autograder.solutions import functions_of
from utils.data import flip_labels, load_mnist, load_prostate, split
from utils.golden import load_golden
from utils.network import Network, softmax_cross_entropy
from utils.training import train

LESSON = "04_dropout"
KEEP_PROBS = (0.05, 0.3, 0.5, 0.8, 0.97)


@pytest.fixture(scope="module")
def student():
    """Return what a student's notebook holds once every answer is right."""
    return functions_of(LESSON)


def all_masks(shape, keep_prob):
    """Return every inverted mask of a shape, (2ⁿ, *shape), and its probability, one by one."""
    masks, chances = [], []
    for kept in itertools.product((False, True), repeat=int(np.prod(shape))):
        masks.append(np.reshape([1 / keep_prob if k else 0.0 for k in kept], shape))
        chances.append(keep_prob ** sum(kept) * (1 - keep_prob) ** (len(kept) - sum(kept)))
    return np.array(masks), np.array(chances)


def some_shape(rng, most=5):
    return tuple(int(size) for size in rng.integers(1, most + 1, size=rng.integers(1, 5)))


def shared(rng, shape):
    """Return a noise_shape for a shape: each axis its size or 1."""
    return tuple(size if rng.random() < 0.5 else 1 for size in shape)


# ---- forward


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("keep_prob", KEEP_PROBS)
def test_the_output_is_the_input_times_a_mask_of_its_shape(student, keep_prob, dtype):
    rng = np.random.default_rng(int(100 * keep_prob))
    for _ in range(60):
        shape = some_shape(rng)
        x = rng.normal(size=shape).astype(dtype)
        noise_shape = shared(rng, shape) if rng.random() < 0.5 else None
        before = x.copy()
        out, mask = student["dropout_forward"](x, keep_prob, rng, noise_shape=noise_shape)
        assert mask.shape == (shape if noise_shape is None else noise_shape)
        assert np.all(np.isclose(mask, 0, atol=0) | np.isclose(mask, 1 / keep_prob))
        assert out.shape == shape
        for index in np.ndindex(shape):
            of_mask = tuple(min(i, n - 1) for i, n in zip(index, mask.shape, strict=True))
            assert out[index] == pytest.approx(x[index] * mask[of_mask], rel=1e-6)
        assert np.array_equal(x, before)


@pytest.mark.parametrize("keep_prob", KEEP_PROBS)
def test_coins_are_independent_with_the_probability_of_keeping(student, keep_prob):
    rng = np.random.default_rng(3)
    mask = student["dropout_forward"](np.ones((400, 300)), keep_prob, rng)[1]
    kept, variance = mask > 0, keep_prob * (1 - keep_prob)
    assert abs(kept.mean() - keep_prob) < 6 * np.sqrt(variance / kept.size)
    for axis in (0, 1):  # the number kept along an axis is binomial, not fixed and not all or none
        ratio = kept.sum(axis=axis).var(ddof=1) / (kept.shape[axis] * variance)
        assert 0.6 < ratio < 1.6
    neighbors = np.corrcoef(kept[:, 1:].ravel(), kept[:, :-1].ravel())[0, 1]
    assert abs(neighbors) < 6 / np.sqrt(kept.size)


def test_draws_come_from_the_generator_alone(student):
    def draw(seed):
        return student["dropout_forward"](np.ones((9, 9)), 0.5, np.random.default_rng(seed))[1]

    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))
    rng = np.random.default_rng(1)
    pair = [student["dropout_forward"](np.ones((9, 9)), 0.5, rng)[1] for _ in range(2)]
    assert not np.array_equal(*pair)


@pytest.mark.parametrize("noise_shape", [None, (4, 1, 2)])
@pytest.mark.parametrize("options", [{"keep_prob": 1.0}, {"keep_prob": 0.3, "train": False}])
def test_nothing_happens_without_dropout(student, options, noise_shape):
    x = np.random.default_rng(0).normal(size=(4, 3, 2))
    out, mask = student["dropout_forward"](
        x, rng=np.random.default_rng(0), noise_shape=noise_shape, **options
    )
    assert np.array_equal(out, x)
    assert np.array_equal(mask, np.ones(noise_shape or x.shape))


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("keep_prob", [0.0, -0.2, 1.0001, 5.0, float("nan")])
def test_what_is_no_probability_is_refused(student, keep_prob, train):
    with pytest.raises(ValueError, match="keep_prob"):
        student["dropout_forward"](np.ones(3), keep_prob, np.random.default_rng(0), train=train)


# ---- backward


@pytest.mark.parametrize("seed", range(200))
def test_the_gradient_is_that_of_the_masked_loss(student, seed):
    rng = np.random.default_rng(seed)
    shape = some_shape(rng, most=3)
    x, target = rng.normal(size=(2, *shape))
    noise_shape = shared(rng, shape) if seed % 2 else None
    out, mask = student["dropout_forward"](x, 0.6, rng, noise_shape=noise_shape)
    dout = out - target  # of ½‖out − target‖²
    gradient = student["dropout_backward"](dout, mask)
    assert gradient.shape == shape
    for index in np.ndindex(shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = x.copy()
            moved[index] += step
            ends.append(0.5 * np.sum((moved * mask - target) ** 2))
        assert gradient[index] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


def test_the_gradient_is_that_of_pytorch(student):
    golden = load_golden()
    mask = golden["dropout_torch_out"] / golden["dropout_torch_x"]
    ours = student["dropout_backward"](golden["dropout_torch_dout"], mask)
    assert ours == pytest.approx(golden["dropout_torch_dx"], rel=1e-5)


# ---- moments


@pytest.mark.parametrize("keep_prob", [*KEEP_PROBS, 1.0])
@pytest.mark.parametrize("seed", range(50))
def test_moments_are_those_over_all_masks(student, seed, keep_prob):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=((7,), (2, 3), (1, 2, 2))[seed % 3]) * rng.uniform(0.1, 10)
    masks, chances = all_masks(x.shape, keep_prob)
    mean = np.tensordot(chances, masks * x, axes=1)
    variance = np.tensordot(chances, (masks * x - mean) ** 2, axes=1)
    before = x.copy()
    found = student["dropout_moments"](x, keep_prob)
    assert found[0] == pytest.approx(mean, rel=1e-10)
    assert found[1] == pytest.approx(variance, rel=1e-10, abs=1e-12)
    assert np.array_equal(x, before)


@pytest.mark.parametrize("seed", range(50))
def test_the_noise_of_a_sum_is_as_derived(student, seed):
    rng = np.random.default_rng(seed)
    x, w, keep_prob = rng.normal(size=8), rng.normal(size=8), rng.uniform(0.1, 1)
    masks, chances = all_masks((8,), keep_prob)
    sums = (masks * x) @ w
    assert chances @ sums == pytest.approx(x @ w, rel=1e-10, abs=1e-10)
    own = chances @ sums**2 - (chances @ sums) ** 2
    assert own == pytest.approx(w**2 @ student["dropout_moments"](x, keep_prob)[1], rel=1e-9)
    coin, of_coin = all_masks((1,), keep_prob)
    together = of_coin @ (coin[:, 0] * (x @ w) - x @ w) ** 2
    assert together == pytest.approx((1 - keep_prob) / keep_prob * (x @ w) ** 2, rel=1e-9)


# ---- adaptive ridge


def problem(seed, shape):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=shape) * rng.uniform(0.2, 5, size=shape[1])
    return X, rng.normal(size=shape[0]), float(rng.uniform(0.1, 0.95))


@pytest.mark.parametrize("seed", range(75))
@pytest.mark.parametrize("shape", [(5, 2), (4, 3), (2, 5), (9, 1)])
def test_marginalized_weights_minimize_the_mean_over_all_masks(student, seed, shape):
    X, y, keep_prob = problem(seed, shape)
    masks, chances = all_masks(shape, keep_prob)
    thinned = masks * X  # (2ⁿᵈ, n, d): a quadratic in w, added up
    curvature = np.einsum("m,mij,mik->jk", chances, thinned, thinned)
    slope = np.einsum("m,mij,i->j", chances, thinned, y)
    expected = np.linalg.solve(curvature, slope)
    before = X.copy(), y.copy()
    w = student["marginalized_dropout_weights"](X, y, keep_prob)
    assert w == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert all(np.array_equal(*pair) for pair in zip((X, y), before, strict=True))


@pytest.mark.parametrize("seed", range(50))
def test_both_forms_of_the_identity_hold(seed):
    X, y, p = problem(seed, (3, 3))
    w = np.random.default_rng(seed + 1).normal(size=3)
    masks, chances = all_masks(X.shape, p)
    squares = np.sum(X**2, axis=0) @ w**2
    inverted = chances @ np.sum((y - (masks * X) @ w) ** 2, axis=1)
    assert inverted == pytest.approx(np.sum((y - X @ w) ** 2) + (1 - p) / p * squares, rel=1e-11)
    plain = chances @ np.sum((y - ((masks > 0) * X) @ w) ** 2, axis=1)
    assert plain == pytest.approx(np.sum((y - p * X @ w) ** 2) + p * (1 - p) * squares, rel=1e-11)


@pytest.mark.parametrize("seed", range(100))
def test_marginalized_weights_are_ridge_on_columns_of_length_one(student, seed):
    X, y, p = problem(seed, ((30, 6), (6, 10))[seed % 2])
    lengths = np.linalg.norm(X, axis=0)
    library = Ridge(alpha=(1 - p) / p, fit_intercept=False, solver="svd").fit(X / lengths, y)
    w = student["marginalized_dropout_weights"](X, y, p)
    assert w * lengths == pytest.approx(library.coef_, rel=1e-8, abs=1e-10)


def test_keeping_everything_is_least_squares(student):
    X, y, _ = problem(0, (30, 4))
    expected = np.linalg.lstsq(X, y, rcond=None)[0]
    assert student["marginalized_dropout_weights"](X, y, 1.0) == pytest.approx(expected)


def test_a_unit_changes_ridge_and_not_dropout(student):
    X, y = np.diag([1.0, 10.0]), np.array([1.0, 1.0])  # least squares gives 1 and 0.1
    assert student["marginalized_dropout_weights"](X, y, 0.8) == pytest.approx([0.8, 0.08])
    ridge = Ridge(alpha=0.25, fit_intercept=False).fit(X, y).coef_
    assert ridge / [1, 0.1] == pytest.approx([0.8, 0.998], abs=5e-4)


def test_scaled_columns_make_it_plain_ridge(student):
    data = load_prostate()
    X = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0, ddof=1)
    y = data.y - data.y.mean()
    library = Ridge(alpha=96 * 0.25, fit_intercept=False, solver="svd").fit(X, y).coef_
    assert student["marginalized_dropout_weights"](X, y, 0.8) == pytest.approx(library, rel=1e-8)


def test_copies_of_the_data_leave_the_weights_alone(student):
    X, y, p = problem(0, (20, 4))
    once = student["marginalized_dropout_weights"](X, y, p)
    many = student["marginalized_dropout_weights"](np.tile(X, (10, 1)), np.tile(y, 10), p)
    assert many == pytest.approx(once, rel=1e-10)


# ---- thinned networks


def test_the_ensemble_on_paper_is_right(student):
    masks, chances = all_masks((3,), 0.5)
    outputs = (masks * [1.0, 2.0, 3.0]) @ np.array([2.0, 1.0, -1.0])
    expected = {
        "networks": len(masks),
        "mean": chances @ outputs,
        "relu_mean": chances @ np.maximum(outputs, 0),
    }
    assert student["network_ensemble"] == pytest.approx(expected)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("keep_prob", [0.3, 0.5, 0.8])
def test_evaluation_mode_is_exact_where_the_lesson_says_so(seed, keep_prob):
    rng = np.random.default_rng(seed)
    a, V, b = np.maximum(rng.normal(size=9), 0), rng.normal(size=(9, 3)), rng.normal(size=3)
    masks, chances = all_masks((9,), keep_prob)
    each, whole = (masks * a) @ V + b, a @ V + b
    assert chances @ each == pytest.approx(whole, rel=1e-10, abs=1e-10)
    geometric = np.prod(softmax(each) ** chances[:, None], axis=0)
    assert geometric / geometric.sum() == pytest.approx(softmax(whole), rel=1e-9)
    assert np.abs(chances @ softmax(each) - softmax(whole)).max() > 1e-4


# ---- Monte-Carlo dropout


@pytest.mark.parametrize("seed", range(100))
def test_mean_and_spread_are_those_of_the_calls(student, seed):
    rng = np.random.default_rng(seed)
    n_samples, shape = int(rng.integers(1, 12)), some_shape(rng)
    returned = [rng.normal(5, 2, size=shape) for _ in range(n_samples)]
    waiting, handed, x = copy.deepcopy(returned), [], rng.normal(size=4)

    def predict(values):
        handed.append(values.copy())
        return waiting.pop(0)

    mean, std = student["mc_dropout_predict"](predict, x, n_samples)
    assert not waiting
    assert all(np.array_equal(values, x) for values in handed)
    for index in np.ndindex(shape):
        values = [float(array[index]) for array in returned]
        center = sum(values) / n_samples
        assert mean[index] == pytest.approx(center)
        spread = (sum((v - center) ** 2 for v in values) / n_samples) ** 0.5
        assert std[index] == pytest.approx(spread, abs=1e-12)


def test_the_spread_of_a_linear_model_knows_nothing_of_the_number_of_examples(student):
    X, y, p = problem(3, (30, 4))
    w = student["marginalized_dropout_weights"](X, y, p)
    rng = np.random.default_rng(0)

    def predict(values):
        return student["dropout_forward"](values, p, rng)[0] @ w

    std = student["mc_dropout_predict"](predict, X, 20_000)[1]
    assert std == pytest.approx(np.sqrt((1 - p) / p * X**2 @ w**2), rel=0.06)


# ---- the lesson's claims about networks, from seeds that it does not use


def trained(student, seed, *, scale=1.0, n=1000, wrong=0.0, epochs=40, inputs=False, hidden=True):
    """Return a network, trained as in the lesson, and 2,000 other digits with their labels."""
    mnist, rng = load_mnist(), np.random.default_rng(seed)
    (X, y), others = split(mnist.X, mnist.y, (n, 2000), rng)
    network, y = Network((784, 100, 10), rng), flip_labels(y, wrong, rng)

    def dropout(x, rng):
        out, mask = student["dropout_forward"](x, 0.5, rng)
        return out * scale, mask * scale

    def transform(x, rng):
        return student["dropout_forward"](x, 0.8, rng)[0]

    plugs = {"dropout": dropout if hidden else None, "transform": transform if inputs else None}
    train(network, X, y, epochs=epochs, lr=0.2, rng=rng, batch_size=100, progress=False, **plugs)
    return network, others


def scores(network, X, change=lambda a: a):
    a = change(np.maximum(X @ network.weights[0] + network.biases[0], 0))
    return a @ network.weights[1] + network.biases[1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20, 21, 22])
def test_the_wrong_mode_shows_as_the_lesson_says(student, seed):
    rng = np.random.default_rng(seed)
    network, (X, y) = trained(student, seed)
    left_on = scores(network, X, lambda a: student["dropout_forward"](a, 0.5, rng)[0])
    assert np.mean(left_on.argmax(axis=1) != y) > network.error(X, y) + 0.01
    plain, (X, y) = trained(student, seed, scale=0.5)
    right, wrong = scores(plain, X, lambda a: 0.5 * a), scores(plain, X)
    assert softmax_cross_entropy(wrong, y)[0] > 1.05 * softmax_cross_entropy(right, y)[0]
    errors = [np.mean(z.argmax(axis=1) != y) for z in (right, wrong)]
    assert errors[1] == pytest.approx(errors[0], abs=0.012)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20, 21, 22])
def test_doubt_tells_misread_digits_but_no_better_than_a_single_pass(student, seed):
    rng = np.random.default_rng(seed)
    network, (X, y) = trained(student, seed)

    def predict(X):
        return softmax(scores(network, X, lambda a: student["dropout_forward"](a, 0.5, rng)[0]))

    mean, std = student["mc_dropout_predict"](predict, X, 30)
    answers = mean.argmax(axis=1)
    s = std[np.arange(len(X)), answers]
    single = 1 - softmax(scores(network, X)).max(axis=1)
    assert roc_auc_score(answers != y, s) > 0.75
    assert roc_auc_score(answers != y, single) > roc_auc_score(answers != y, s)


@pytest.mark.slow
@pytest.mark.parametrize(("wrong", "gain"), [(0.0, 0.0), (0.2, 0.03)])
def test_dropout_helps_on_few_digits(student, wrong, gain):
    errors = []
    for seed in (20, 21, 22):
        for dropout in (False, True):
            network, others = trained(
                student, seed, wrong=wrong, epochs=30, inputs=dropout, hidden=dropout
            )
            errors.append(network.error(*others))
    without, with_it = np.reshape(errors, (3, 2)).T
    assert np.all(without - with_it > 0)
    assert np.mean(without - with_it) > gain
