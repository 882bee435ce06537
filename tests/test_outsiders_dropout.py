"""Answers to lesson 04 that the authors of the questions did not have in mind.

The right ones are in unusual styles; each wrong one goes wrong in a corner only.
"""

import copy
import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.stats
from sklearn import linear_model

from tests.outsiders import Outsiders, label

ASKED = Outsiders("04_dropout")
RIGHT, WRONG = ASKED.rights, ASKED.wrongs
right, wrong, outcome = ASKED.right, ASKED.wrong, ASKED.outcome


# dropout_forward. Most of these differ in how the kept entries are drawn, or in what is done then.


def forward(draw, finish=None):
    """Return the answer that draws `draw(rng, p, shape)` and finishes `finish(x, kept, p)`."""

    def answer(x, keep_prob, rng, train=True, noise_shape=None):
        if not 0 < keep_prob <= 1:
            raise ValueError(f"keep_prob is {keep_prob}")
        if not train:
            return x, np.ones(x.shape)
        kept = draw(rng, keep_prob, x.shape if noise_shape is None else tuple(noise_shape))
        if finish:
            return finish(x, kept, keep_prob)
        mask = kept / keep_prob
        return x * mask, mask

    answer.__name__ = getattr(finish or draw, "__name__", "forward")
    return answer


def right_draw(function):
    """Add the answer with this way of drawing to the right ones."""
    return right("dropout_forward")(forward(function)) and function


def wrong_draw(function):
    """Add the answer with this way of drawing to the wrong ones."""
    return wrong("dropout_forward")(forward(function)) and function


def wrong_finish(function):
    """Add the answer that draws right and finishes like this to the wrong ones."""
    return wrong("dropout_forward")(forward(uniform, function)) and function


def uniform(rng, p, shape):
    return rng.random(shape) < p


@right_draw
def by_scipy(rng, p, shape):
    return scipy.stats.bernoulli.rvs(p, size=shape, random_state=rng)


@right_draw
def by_first_success(rng, p, shape):
    return rng.geometric(p, size=shape) == 1


@right_draw
def by_waiting_time(rng, p, shape):
    return rng.exponential(size=shape) >= -np.log(p)


@right_draw
def by_bell_curve(rng, p, shape):
    return rng.standard_normal(shape) <= scipy.stats.norm.ppf(p)


@right_draw
def by_large_integers(rng, p, shape):
    return rng.integers(0, 2**60, size=shape) < int(p * 2**60)


@right_draw
def by_middle_of_uniform(rng, p, shape):
    return np.abs(rng.uniform(-1, 1, size=shape)) < p


@right_draw
def by_floor(rng, p, shape):
    return np.floor(rng.random(shape) + p)


@right_draw
def by_ceil(rng, p, shape):
    return np.ceil(p - rng.random(shape)).clip(0, 1)


@right_draw
def by_counting_down(rng, p, shape):
    kept = np.ones(shape, dtype=int)
    kept[rng.random(shape) >= p] -= 1
    return kept


@right_draw
def by_dropping_with_masked_array(rng, p, shape):
    return np.ma.masked_less(rng.random(shape), 1 - p).filled(0) > 0


@right_draw
def by_flat_draws(rng, p, shape):
    return np.array([1.0 if u <= p else 0.0 for u in rng.random(math.prod(shape))]).reshape(shape)


@right_draw
def by_fixed_count_of_a_binomial_number(rng, p, shape):
    """Draw how many are kept first, and then which: that is as independent as one by one."""
    size = math.prod(shape)
    return rng.permutation(np.arange(size) < rng.binomial(size, p)).reshape(shape)


@right_draw
def by_spawned_generator(rng, p, shape):
    return rng.spawn(1)[0].random(shape) < p


@right_draw
def by_rate(rng, p, shape):
    return ~(rng.random(shape) < 1 - p)


@right("dropout_forward")
def forward_by_loops(x, keep_prob, rng, train=True, noise_shape=None):
    if math.isnan(keep_prob) or not (keep_prob > 0) or keep_prob > 1:
        raise ValueError("keep_prob must be in (0, 1]")
    shape = noise_shape if noise_shape is not None else x.shape
    mask = np.zeros(shape)
    for index in np.ndindex(*shape):
        mask[index] = 1.0 if not train else (1 / keep_prob if rng.random() < keep_prob else 0.0)
    out = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        out[index] = x[index] * mask[tuple(i % s for i, s in zip(index, shape, strict=True))]
    return out, mask


@right("dropout_forward")
class ForwardAsAClass:
    """Return the pair from the constructor's place: a class that makes a tuple."""

    def __new__(cls, x, keep_prob, rng, train=True, noise_shape=None):
        """Return out and mask."""
        cls.check(keep_prob)
        keep = 1.0 if not train else keep_prob
        noise = rng.random(noise_shape or x.shape)
        mask = np.where(noise < keep, 1.0, 0.0) / keep
        return [x * mask, mask]

    @staticmethod
    def check(keep_prob):
        """Raise an error that is derived from ValueError."""
        if not 0.0 < keep_prob <= 1.0:
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "keep_prob")


@right("dropout_forward")
def forward_stacked(x, keep_prob, rng, train=True, noise_shape=None):
    if not 0 < keep_prob <= 1:
        raise ValueError("keep_prob")
    full = np.ones(x.shape)
    if train:
        full = np.broadcast_to(uniform(rng, keep_prob, noise_shape or x.shape), x.shape) / keep_prob
    return np.stack([x * full, full])


@right("dropout_forward")
def forward_in_float32_with_einsum(x, keep_prob, rng, train=True, noise_shape=None):
    if not 0 < keep_prob <= 1:
        raise ValueError("keep_prob")
    if not train:
        return x.view(), np.ones((1,) * x.ndim)
    mask = np.float32(1 / keep_prob) * uniform(rng, keep_prob, noise_shape or x.shape)
    return np.einsum("...,...->...", x, np.broadcast_to(mask, x.shape)), mask


@right("dropout_forward")
def forward_without_multiplying(x, keep_prob, rng, train=True, noise_shape=None):
    if not 0 < keep_prob <= 1:
        raise ValueError("keep_prob")
    if not train or keep_prob == 1:
        return np.array(x), True
    kept = np.broadcast_to(uniform(rng, keep_prob, noise_shape or x.shape), x.shape)
    out, mask = np.zeros(x.shape), np.zeros(x.shape)
    out[kept] = x[kept] / keep_prob
    mask[kept] = 1 / keep_prob
    return out, mask


@right("dropout_forward")
def forward_draws_in_evaluation_too(x, keep_prob, rng, train=True, noise_shape=None):
    """Draw whatever train is, so that the stream of numbers does not depend on it."""
    if not (0 < keep_prob <= 1):
        raise ValueError("keep_prob")
    mask = uniform(rng, keep_prob, noise_shape or x.shape) / keep_prob
    return (x * mask, mask) if train else (x, np.ones_like(mask))


if True:  # as a notebook's cell may have it

    @right("dropout_forward")
    def forward_with_a_warning(x, keep_prob, rng, train=True, noise_shape=None):
        if not 0 < keep_prob <= 1:
            raise ValueError("keep_prob")
        kept = uniform(rng, keep_prob, noise_shape or x.shape) if train else np.ones(x.shape)
        with np.errstate(divide="warn"):
            np.ones(1) / np.zeros(1)
        print("kept", kept.mean())
        mask = kept / (keep_prob if train else 1)
        return mask * x, mask


@wrong_draw
def normal_for_uniform(rng, p, shape):
    return rng.normal(size=shape) < p


@wrong_draw
def half_always(rng, p, shape):
    return rng.integers(0, 2, size=shape)


@wrong_draw
def tenths_only(rng, p, shape):
    return rng.integers(0, 10, size=shape) < 10 * p


@wrong_draw
def rounded_to_a_tenth(rng, p, shape):
    return rng.random(shape) < math.floor(10 * p) / 10


@wrong_draw
def two_chances(rng, p, shape):
    return (rng.random(shape) < p) & (rng.random(shape) < p)


@wrong_draw
def square_root_of_uniform(rng, p, shape):
    return rng.random(shape) ** 0.5 < p


@wrong_draw
def ten_seeds(rng, p, shape):
    return np.random.default_rng(rng.integers(10)).random(shape) < p


@wrong_draw
def copy_of_rng(rng, p, shape):
    return copy.deepcopy(rng).random(shape) < p


@wrong_draw
def seed_of_the_shape(rng, p, shape):
    return np.random.default_rng(math.prod(shape)).random(shape) < p


@wrong_draw
def legacy_generator(rng, p, shape):
    return np.random.rand(*shape) < p  # noqa: NPY002


@wrong_draw
def legacy_seed(rng, p, shape):
    np.random.seed(7)  # noqa: NPY002
    return np.random.rand(*shape) < p  # noqa: NPY002


@wrong_draw
def pairs_alike(rng, p, shape):
    half = (*shape[:-1], (shape[-1] + 1) // 2)
    return np.repeat(rng.random(half) < p, 2, axis=-1)[..., : shape[-1]]


@wrong_draw
def tiled_rows(rng, p, shape):
    half = ((shape[0] + 1) // 2, *shape[1:])
    return np.concatenate([u := rng.random(half) < p, u])[: shape[0]]


@wrong_draw
def shuffled_within_rows_only(rng, p, shape):
    """Draw one row, and give each row its entries in another order."""
    row = np.broadcast_to(rng.random(shape[-1]) < p, shape)
    return rng.permuted(row, axis=-1)


@wrong_draw
def rolled_rows(rng, p, shape):
    row = rng.random(shape[-1]) < p
    rows = [np.roll(row, k) for k in range(math.prod(shape[:-1]))]
    return np.array(rows).reshape(shape)


@wrong_draw
def evenly_spread(rng, p, shape):
    """Shift a grid by one number: the count hardly varies."""
    size = math.prod(shape)
    grid = (rng.random() + np.arange(size) / size) % 1
    return rng.permutation(grid < p).reshape(shape)


@wrong_draw
def a_choice_without_replacement(rng, p, shape):
    size = math.prod(shape)
    kept = np.zeros(size)
    kept[rng.choice(size, round(size * p), replace=False)] = 1
    return kept.reshape(shape)


@wrong_draw
def at_least_one_in_each_row(rng, p, shape):
    kept = rng.random(shape) < p
    kept[..., 0] |= ~kept.any(axis=-1)
    kept[..., 0] = True
    return kept


@wrong_draw
def last_column_forgotten(rng, p, shape):
    kept = np.ones(shape)
    kept[..., :-1] = rng.random((*shape[:-1], shape[-1] - 1)) < p
    return kept


@wrong_draw
def one_number_for_all(rng, p, shape):
    return np.full(shape, rng.random() < p)


@wrong_draw
def expected_mask(rng, p, shape):
    return np.full(shape, p)


@wrong_draw
def smallest_kept_by_median(rng, p, shape):
    u = rng.random(shape)
    return u <= np.quantile(u, p)


@wrong_finish
def mask_from_out(x, kept, p):
    """Read the mask off the result: entries of x that are 0 look dropped."""
    out = x * kept / p
    return out, (out != 0) / p


@wrong_finish
def mask_as_a_ratio(x, kept, p):
    out = x * kept / p
    return out, np.divide(out, x, out=np.zeros_like(out), where=x != 0)


@wrong_finish
def integer_division(x, kept, p):
    mask = kept // p
    return x * mask, mask


@wrong_finish
def scaled_by_the_share_kept(x, kept, p):
    mask = kept / kept.mean()
    return x * mask, mask


@wrong_finish
def mask_turned(x, kept, p):
    return x * kept / p, ~kept / p


@wrong_finish
def rounded_factor(x, kept, p):
    mask = kept * round(1 / p, 2)
    return x * mask, mask


@wrong_finish
def leaves_a_little(x, kept, p):
    mask = np.where(kept, 1 / p, 1e-3)
    return x * mask, mask


@wrong_finish
def nan_for_dropped(x, kept, p):
    mask = np.where(kept, 1 / p, np.nan)
    return x * mask, mask


@wrong_finish
def three_results(x, kept, p):
    return x * kept / p, kept / p, p


@wrong_finish
def in_a_dict(x, kept, p):
    return {"out": x * kept / p, "mask": kept / p}


@wrong_finish
def lists(x, kept, p):
    return (x * kept / p).tolist(), (kept / p).tolist()


@wrong_finish
def dropped_values_removed(x, kept, p):
    full = np.broadcast_to(kept, x.shape)
    return x[full] / p, kept / p


@wrong("dropout_forward")
def forward_changes_x(x, keep_prob, rng, train=True, noise_shape=None):
    out, mask = forward(uniform)(x, keep_prob, rng, train, noise_shape)
    x[...] = out
    return x, mask


@wrong("dropout_forward")
def forward_asserts(x, keep_prob, rng, train=True, noise_shape=None):
    assert 0 < keep_prob <= 1
    return forward(uniform)(x, keep_prob, rng, train, noise_shape)


@wrong("dropout_forward")
def forward_returns_none_for_bad(x, keep_prob, rng, train=True, noise_shape=None):
    return forward(uniform)(x, keep_prob, rng, train, noise_shape) if 0 < keep_prob <= 1 else None


@wrong("dropout_forward")
def forward_refuses_zero_only(x, keep_prob, rng, train=True, noise_shape=None):
    if keep_prob == 0:
        raise ValueError("keep_prob is 0")
    mask = uniform(rng, keep_prob if train else 1, noise_shape or x.shape)
    mask = mask / (keep_prob if train else 1)
    return x * mask, mask


@wrong("dropout_forward")
def forward_zero_mask_in_evaluation(x, keep_prob, rng, train=True, noise_shape=None):
    out, mask = forward(uniform)(x, keep_prob, rng, train, noise_shape)
    return out, mask if train else np.zeros(x.shape)


@wrong("dropout_forward")
def forward_factor_in_evaluation(x, keep_prob, rng, train=True, noise_shape=None):
    out, mask = forward(uniform)(x, keep_prob, rng, train, noise_shape)
    return out, mask if train else np.full(x.shape, 1 / keep_prob)


@wrong("dropout_forward")
def forward_scales_up_in_evaluation(x, keep_prob, rng, train=True, noise_shape=None):
    out, mask = forward(uniform)(x, keep_prob, rng, train, noise_shape)
    return (out, mask) if train else (x / keep_prob, mask)


@wrong("dropout_forward")
def forward_train_turned(x, keep_prob, rng, train=True, noise_shape=None):
    return forward(uniform)(x, keep_prob, rng, not train, noise_shape)


@wrong("dropout_forward")
def forward_shares_the_first_axis_only(x, keep_prob, rng, train=True, noise_shape=None):
    if noise_shape is not None and noise_shape[0] != 1:
        noise_shape = x.shape
    return forward(uniform)(x, keep_prob, rng, train, noise_shape)


@wrong("dropout_forward")
def forward_averages_over_shared_axes(x, keep_prob, rng, train=True, noise_shape=None):
    _, mask = forward(uniform)(x, keep_prob, rng, train)
    if train and noise_shape is not None:
        shared = tuple(axis for axis, size in enumerate(noise_shape) if size == 1)
        mask = mask.mean(axis=shared, keepdims=True)
    return x * mask, mask


@wrong("dropout_forward")
def forward_noise_shape_out_of_place(x, keep_prob, rng, train=True, noise_shape=None):
    out, mask = forward(uniform)(x, keep_prob, rng, train, noise_shape)
    return out, np.squeeze(mask) if noise_shape is not None else mask


class _Cached:
    """Keep the mask of a shape, as a layer with a state might."""

    def __init__(self):
        self.masks = {}

    def __call__(self, x, keep_prob, rng, train=True, noise_shape=None):
        out, mask = forward(uniform)(x, keep_prob, rng, train, noise_shape)
        if not train:
            return out, mask
        mask = self.masks.setdefault((noise_shape or x.shape, keep_prob), mask)
        return x * mask, mask


wrong("dropout_forward")(_Cached())


@right("dropout_forward")
def forward_refuses_in_two_comparisons(x, keep_prob, rng, train=True, noise_shape=None):
    """Let nan through, which is nothing that the course asks about."""
    if keep_prob <= 0 or keep_prob > 1:
        raise ValueError(keep_prob)
    return forward(uniform)(x, keep_prob, rng, train, noise_shape)


@wrong("dropout_forward")
def forward_of_the_last_axis(x, keep_prob, rng, train=True, noise_shape=None):
    if noise_shape is not None:
        noise_shape = (*[1] * (x.ndim - 1), noise_shape[-1])
    return forward(uniform)(x, keep_prob, rng, train, noise_shape)


@wrong("dropout_forward")
def forward_of_the_first_axis(x, keep_prob, rng, train=True, noise_shape=None):
    if noise_shape is not None:
        noise_shape = (noise_shape[0], *[1] * (x.ndim - 1))
    return forward(uniform)(x, keep_prob, rng, train, noise_shape)


@wrong("dropout_forward")
def forward_of_one_draw(x, keep_prob, rng, train=True, noise_shape=None):
    noise_shape = None if noise_shape is None else (1,) * x.ndim
    return forward(uniform)(x, keep_prob, rng, train, noise_shape)


@wrong("dropout_forward")
def forward_and_relu(x, keep_prob, rng, train=True, noise_shape=None):
    out, mask = forward(uniform)(x, keep_prob, rng, train, noise_shape)
    return np.maximum(out, 0), mask


# dropout_backward


@right("dropout_backward")
def backward_by_einsum(dout, mask):
    return np.einsum("...,...->...", dout, np.broadcast_to(mask, dout.shape))


@right("dropout_backward")
def backward_by_fractions(dout, mask):
    full = np.broadcast_to(mask, dout.shape)
    pairs = zip(dout.ravel().tolist(), full.ravel().tolist(), strict=True)
    return np.array([float(Fraction(a) * Fraction(b)) for a, b in pairs]).reshape(dout.shape)


@right("dropout_backward")
def backward_by_zeroing(dout, mask):
    dx = dout * mask.max()
    dx[np.broadcast_to(mask == 0, dx.shape)] = 0
    return dx


@right("dropout_backward")
def backward_as_a_product_of_diagonals(dout, mask):
    full = (mask + np.zeros_like(dout)).ravel()
    return (np.diag(full) @ dout.ravel()).reshape(dout.shape)


@right("dropout_backward")
def backward_by_differences(dout, mask):
    def f(x):
        return dout * (x * mask)

    return (f(np.ones_like(dout)) - f(-np.ones_like(dout))) / 2


@right("dropout_backward")
def backward_by_ufunc_out(dout, mask):
    out = np.empty(dout.shape, dtype=np.float32)
    np.multiply(dout, mask, out=out, casting="same_kind")
    return out


@right("dropout_backward")
def backward_by_vectorize(dout, mask):
    return np.vectorize(lambda g, m: g * m if m else 0.0)(dout, mask)


@right("dropout_backward")
def backward_with_a_copy_in_place(dout, mask):
    dx = np.array(dout, copy=True)
    dx *= mask
    return dx


@right("dropout_backward")
def backward_by_division_of_the_inverse(dout, mask):
    with np.errstate(divide="ignore"):
        return dout / (1 / mask)


@right("dropout_backward")
def backward_by_rows(dout, mask):
    full = np.broadcast_to(mask, dout.shape)
    return np.stack([g * m for g, m in zip(dout, full, strict=True)])


@right("dropout_backward")
def backward_with_nothing_lost(dout, mask):
    return np.where(np.isclose(mask, 0), 0.0, dout) * mask


wrong("dropout_backward")(lambda dout, mask: dout @ mask.T)
wrong("dropout_backward")(lambda dout, mask: np.sum(dout * mask, axis=0))
wrong("dropout_backward")(lambda dout, mask: dout * mask.astype(bool))
wrong("dropout_backward")(lambda dout, mask: dout * mask.mean())
wrong("dropout_backward")(lambda dout, mask: dout * mask * mask.mean())
wrong("dropout_backward")(lambda dout, mask: dout * np.sign(mask) / 0.5)
wrong("dropout_backward")(lambda dout, mask: (dout * mask).tolist())
wrong("dropout_backward")(lambda dout, mask: (dout * mask, mask))
wrong("dropout_backward")(lambda dout, mask: np.round(dout * mask, 1))
wrong("dropout_backward")(lambda dout, mask: dout * (mask + 1e-3))
wrong("dropout_backward")(lambda dout, mask: dout[mask > 0] * mask.max())
wrong("dropout_backward")(lambda dout, mask: dout * np.ceil(mask))


@wrong("dropout_backward")
def backward_in_place(dout, mask):
    dout *= mask
    return dout


@wrong("dropout_backward")
def backward_changes_the_mask(dout, mask):
    dx = dout * mask
    mask[mask > 0] = 1
    return dx


@wrong("dropout_backward")
def backward_needs_equal_shapes(dout, mask):
    if dout.shape != mask.shape:
        raise ValueError("shapes differ")
    return dout * mask


@wrong("dropout_backward")
def backward_shuffles_the_mask(dout, mask):
    return dout * np.random.default_rng().permuted(mask)


@wrong("dropout_backward")
def backward_by_cells_of_the_mask(dout, mask):
    """Loop over the mask: where it broadcasts, only the first entries are done."""
    dx = np.zeros_like(dout)
    for index in np.ndindex(mask.shape):
        dx[index] = dout[index] * mask[index]
    return dx


@wrong("dropout_backward")
def backward_mean_over_shared(dout, mask):
    shared = tuple(k for k, size in enumerate(mask.shape) if size == 1)
    return dout.mean(axis=shared, keepdims=True) * mask + 0 * dout


# dropout_moments


@right("dropout_moments")
def moments_by_fractions(x, keep_prob):
    p = Fraction(keep_prob)
    rows = [(Fraction(v), Fraction(v) ** 2 * (1 - p) / p) for v in x.ravel().tolist()]
    mean, variance = (
        np.array(list(map(float, r))).reshape(x.shape) for r in zip(*rows, strict=True)
    )
    return mean, variance


@right("dropout_moments")
def moments_by_scipy(x, keep_prob):
    kept = scipy.stats.bernoulli(keep_prob)
    return x * kept.mean() / keep_prob, kept.var() * np.square(x / keep_prob)


@right("dropout_moments")
def moments_by_average(x, keep_prob):
    outcomes = np.stack([x / keep_prob, np.zeros(x.shape)])
    weights = [keep_prob, 1 - keep_prob]
    mean = np.average(outcomes, axis=0, weights=weights)
    return mean, np.average((outcomes - mean) ** 2, axis=0, weights=weights)


@right("dropout_moments")
def moments_as_lists_of_arrays(x, keep_prob):
    rate = 1.0 - keep_prob
    return [np.array(x), rate * x * x / keep_prob]


@right("dropout_moments")
def moments_by_rate(x, keep_prob):
    rate = 1 - keep_prob
    return 1 * x, np.power(x, 2) * rate / (1 - rate)


@right("dropout_moments")
def moments_by_standard_deviation(x, keep_prob):
    std = np.abs(x) * np.sqrt((1 - keep_prob) / keep_prob)
    return x, std**2


@right("dropout_moments")
def moments_by_dot(x, keep_prob):
    values, chances = np.array([1 / keep_prob, 0.0]), np.array([keep_prob, 1 - keep_prob])
    mean, square = values @ chances, values**2 @ chances
    return mean * x, (square - mean**2) * x**2


@right("dropout_moments")
def moments_by_python_numbers(x, keep_prob):
    flat = [(v, v * v * (1 / keep_prob - 1)) for v in x.flat]
    pairs = np.array(flat).reshape(*x.shape, 2)
    return pairs[..., 0], pairs[..., 1]


@right("dropout_moments")
def moments_by_covariance(x, keep_prob):
    flat = x.reshape(-1)
    covariance = np.diag(flat**2) * (1 - keep_prob) / keep_prob
    return flat.reshape(x.shape), covariance.diagonal().reshape(x.shape)


@right("dropout_moments")
def moments_by_statistics(x, keep_prob):
    mean = [statistics.fmean([v / keep_prob, 0.0], [keep_prob, 1 - keep_prob]) for v in x.flat]
    return np.reshape(mean, x.shape), x**2 / keep_prob - x**2


wrong("dropout_moments")(lambda x, p: (x, x**2 * (1 - p) * p**-2 * 0.5))
wrong("dropout_moments")(lambda x, p: (x, np.full(x.shape, (1 - p) / p)))
wrong("dropout_moments")(lambda x, p: (x, (x / p) ** 2 * (1 - p)))
wrong("dropout_moments")(lambda x, p: (x, (x**2 * (1 / p - 1)).sum()))
wrong("dropout_moments")(lambda x, p: (x.mean(), (x**2 * (1 / p - 1)).mean()))
wrong("dropout_moments")(lambda x, p: (x, x**2 * (1 - 1 / p)))
wrong("dropout_moments")(lambda x, p: (np.abs(x), x**2 * (1 / p - 1)))
wrong("dropout_moments")(lambda x, p: (x, x**2 * (1 / p - 1), p))
wrong("dropout_moments")(lambda x, p: {"mean": x, "variance": x**2 * (1 / p - 1)})
wrong("dropout_moments")(lambda x, p: (x, x**2 / p))
wrong("dropout_moments")(lambda x, p: (x, np.round(x**2 * (1 / p - 1), 4)))
wrong("dropout_moments")(lambda x, p: (x, np.maximum(x**2 * (1 / p - 1), 1e-8)))
wrong("dropout_moments")(lambda x, p: (x, x**2 * (1 / p**2 - 1)))
wrong("dropout_moments")(lambda x, p: (x, x @ x.T * (1 / p - 1)))
wrong("dropout_moments")(lambda x, p: (x / p * (1 - p), x**2 * (1 / p - 1)))


@wrong("dropout_moments")
def moments_of_many_draws(x, keep_prob):
    rng = np.random.default_rng(0)
    draws = (rng.random((20_000, *x.shape)) < keep_prob) * x / keep_prob
    return draws.mean(axis=0), draws.var(axis=0)


@wrong("dropout_moments")
def moments_in_place(x, keep_prob):
    mean = x.copy()
    x *= x
    return mean, x * (1 / keep_prob - 1)


@wrong("dropout_moments")
def moments_of_two_axes_only(x, keep_prob):
    if x.ndim > 2:
        x = x.reshape(x.shape[0], -1)
    return x, x**2 * (1 / keep_prob - 1)


@wrong("dropout_moments")
def moments_fail_at_one(x, keep_prob):
    return x, x**2 / (keep_prob / (1 - keep_prob)) if keep_prob < 1 else None


# marginalized_dropout_weights


def noise(X, p):
    return (1 - p) / p * np.sum(X**2, axis=0)


@right("marginalized_dropout_weights")
def weights_over_all_masks(X, y, keep_prob):
    d = X.shape[1]
    A, b = np.zeros((d, d)), np.zeros(d)
    for mask in itertools.product([0, 1 / keep_prob], repeat=d):
        chance = math.prod(keep_prob if m else 1 - keep_prob for m in mask)
        Z = X * mask
        A, b = A + chance * Z.T @ Z, b + chance * Z.T @ y
    return np.linalg.solve(A, b)


@right("marginalized_dropout_weights")
def weights_by_cholesky(X, y, keep_prob):
    A = X.T @ X + np.diag(noise(X, keep_prob))
    return scipy.linalg.cho_solve(scipy.linalg.cho_factor(A), X.T @ y)


@right("marginalized_dropout_weights")
def weights_by_sklearn_on_columns_of_length_one(X, y, keep_prob):
    lengths = np.linalg.norm(X, axis=0)
    if keep_prob == 1:
        return linear_model.LinearRegression(fit_intercept=False).fit(X, y).coef_
    model = linear_model.Ridge(alpha=(1 - keep_prob) / keep_prob, fit_intercept=False)
    return model.fit(X / lengths, y).coef_ / lengths


@right("marginalized_dropout_weights")
def weights_by_dual(X, y, keep_prob):
    if keep_prob == 1:
        return np.linalg.pinv(X) @ y
    inverse = 1 / noise(X, keep_prob)
    K = X * inverse @ X.T
    return inverse * (X.T @ np.linalg.solve(K + np.eye(len(X)), y))


@right("marginalized_dropout_weights")
def weights_by_minimizer(X, y, keep_prob):
    def residuals(w):
        return np.concatenate([X @ w - y, np.sqrt(noise(X, keep_prob)) * w])

    scale = 1 / np.linalg.norm(X, axis=0)
    found = scipy.optimize.least_squares(
        lambda v: residuals(v * scale), np.zeros(X.shape[1]), xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    return found.x * scale


@right("marginalized_dropout_weights")
def weights_by_diagonal_divided(X, y, keep_prob):
    gram = np.einsum("ni,nj->ij", X, X)
    np.fill_diagonal(gram, gram.diagonal() / keep_prob)
    return np.linalg.lstsq(gram, X.T @ y, rcond=None)[0]


@right("marginalized_dropout_weights")
def weights_by_mixing(X, y, keep_prob):
    gram = X.T @ X
    A = np.where(np.eye(len(gram), dtype=bool), gram, keep_prob * gram)
    return keep_prob * np.linalg.inv(A) @ X.T @ y


@right("marginalized_dropout_weights")
def weights_with_a_column_vector(X, y, keep_prob):
    A = X.T.dot(X) + np.diagflat(noise(X, keep_prob))
    return np.linalg.solve(A, X.T.dot(y[:, None]))[:, 0]


@right("marginalized_dropout_weights")
def weights_by_fractions(X, y, keep_prob):
    p, d = Fraction(keep_prob), X.shape[1]
    columns = [[Fraction(v) for v in column] for column in X.T.tolist()]
    rows = [
        [sum(a * b for a, b in zip(one, two, strict=True)) / (p if one is two else 1)
         for two in columns] + [sum(a * Fraction(b) for a, b in zip(one, y.tolist(), strict=True))]
        for one in columns
    ]  # fmt: skip
    for i in range(d):
        for k in range(d):
            if k != i:
                factor = rows[k][i] / rows[i][i]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return np.array([float(row[d] / row[i]) for i, row in enumerate(rows)])


@right("marginalized_dropout_weights")
def weights_by_conjugate_gradients(X, y, keep_prob):
    lengths = np.linalg.norm(X, axis=0)
    Z, lam = X / lengths, (1 - keep_prob) / keep_prob
    w, r = np.zeros(len(lengths)), Z.T @ y
    p = r
    for _ in range(4 * len(w)):
        if r @ r < 1e-28:
            break
        q = Z.T @ (Z @ p) + lam * p
        step = r @ r / (p @ q)
        w, new = w + step * p, r - step * q
        p, r = new + new @ new / (r @ r) * p, new
    return w / lengths


@right("marginalized_dropout_weights")
def weights_by_svd(X, y, keep_prob):
    rows = np.vstack([X, np.diag(np.sqrt(noise(X, keep_prob)))])
    U, d, Vt = np.linalg.svd(rows, full_matrices=False)
    return Vt.T @ (U.T @ np.r_[y, np.zeros(X.shape[1])] / d)


def penalized(penalty):
    return lambda X, y, p: np.linalg.lstsq(X.T @ X + penalty(X, p), X.T @ y, rcond=None)[0]


wrong("marginalized_dropout_weights")(
    penalized(lambda X, p: (1 - p) / p**2 * np.diag(noise(X, 0.5)))
)
wrong("marginalized_dropout_weights")(penalized(lambda X, p: noise(X, p) * np.eye(len(X.T)) / 3))
wrong("marginalized_dropout_weights")(penalized(noise))
wrong("marginalized_dropout_weights")(penalized(lambda X, p: np.diag(noise(X, p)) / X.shape[1]))
wrong("marginalized_dropout_weights")(penalized(lambda X, p: np.diag(noise(X, 1 - p + 1e-9))))
wrong("marginalized_dropout_weights")(penalized(lambda X, p: -np.diag(noise(X, p))))
wrong("marginalized_dropout_weights")(
    penalized(lambda X, p: np.diag(noise(X, p).max() * np.ones(len(X.T))))
)
wrong("marginalized_dropout_weights")(
    penalized(lambda X, p: np.diag((1 - p) / p * X.var(axis=0) * len(X)))
)
wrong("marginalized_dropout_weights")(
    penalized(lambda X, p: np.diag((1 - p) / p * np.abs(X).sum(axis=0)))
)
wrong("marginalized_dropout_weights")(
    penalized(lambda X, p: np.diag(np.sqrt((1 - p) / p) * np.sum(X**2, axis=0)))
)
wrong("marginalized_dropout_weights")(lambda X, y, p: np.linalg.pinv(X) @ y * p)
wrong("marginalized_dropout_weights")(lambda X, y, p: np.round(weights_by_svd(X, y, p), 3))
wrong("marginalized_dropout_weights")(lambda X, y, p: weights_by_svd(X, y, p)[:, None])
wrong("marginalized_dropout_weights")(lambda X, y, p: weights_by_svd(X, y, p).tolist())
wrong("marginalized_dropout_weights")(
    lambda X, y, p: weights_by_svd(X - X.mean(axis=0), y - y.mean(), p)
)
wrong("marginalized_dropout_weights")(
    lambda X, y, p: weights_by_svd(X, y, p) if p < 1 else 0 * X[0]
)


@wrong("marginalized_dropout_weights")
def weights_need_rank(X, y, keep_prob):
    gram = X.T @ X
    return np.linalg.inv(np.eye(len(gram)) + np.linalg.inv(gram) @ np.diag(noise(X, keep_prob))) @ (
        np.linalg.solve(gram, X.T @ y)
    )


@wrong("marginalized_dropout_weights")
def weights_of_few_steps(X, y, keep_prob):
    w = np.zeros(X.shape[1])
    for _ in range(200):
        w -= 0.01 * (X.T @ (X @ w - y) + noise(X, keep_prob) * w)
    return w


@wrong("marginalized_dropout_weights")
def weights_of_many_masks(X, y, keep_prob):
    rng = np.random.default_rng(1)
    masks = (rng.random((2_000, *X.shape)) < keep_prob) / keep_prob
    Z = (X * masks).reshape(-1, X.shape[1])
    return np.linalg.lstsq(Z.T @ Z, Z.T @ np.tile(y, 2_000), rcond=None)[0]


@wrong("marginalized_dropout_weights")
def weights_averaged_over_masks(X, y, keep_prob):
    """Average the minimizers: the minimizer of the average is another thing."""
    total, d = 0.0, X.shape[1]
    for mask in itertools.product([0, 1], repeat=d):
        chance = math.prod(keep_prob if m else 1 - keep_prob for m in mask)
        total = total + chance * np.linalg.pinv(X * mask / keep_prob) @ y
    return total


@wrong("marginalized_dropout_weights")
def weights_in_place(X, y, keep_prob):
    w = weights_by_svd(X, y, keep_prob)
    X /= keep_prob
    return w


# mc_dropout_predict


@right("mc_dropout_predict")
def predict_by_statistics(predict, x, n_samples):
    rows = [predict(x) for _ in range(n_samples)]
    shape = rows[0].shape
    columns = list(zip(*(row.ravel().tolist() for row in rows), strict=True))
    mean = np.reshape([statistics.fmean(column) for column in columns], shape)
    return mean, np.reshape([statistics.pstdev(column) for column in columns], shape)


@right("mc_dropout_predict")
def predict_by_generator(predict, x, n_samples):
    rows = np.stack(list(predict(x) for _ in range(n_samples)))  # noqa: C400
    return rows.mean(0), rows.std(0)


@right("mc_dropout_predict")
def predict_by_preallocated_rows(predict, x, n_samples):
    first = np.asarray(predict(x), dtype=float)
    rows = np.zeros((n_samples, *first.shape))
    rows[0] = first
    for k in range(1, n_samples):
        rows[k] = predict(x)
    return np.average(rows, axis=0), np.sqrt(np.average((rows - rows.mean(axis=0)) ** 2, axis=0))


@right("mc_dropout_predict")
def predict_by_map(predict, x, n_samples):
    rows = np.array(list(map(predict, [x] * n_samples)))
    return rows.sum(axis=0) / n_samples, rows.var(axis=0) ** 0.5


@right("mc_dropout_predict")
def predict_by_while(predict, x, n_samples):
    rows = []
    while len(rows) < n_samples:
        rows += [predict(x)]
    return np.mean(rows, axis=0), np.std(rows, axis=0)


@right("mc_dropout_predict")
def predict_by_iter(predict, x, n_samples):
    rows = np.concatenate([predict(x)[None] for _ in itertools.repeat(None, n_samples)])
    mean = rows.mean(axis=0, keepdims=True)
    return mean[0], np.linalg.norm(rows - mean, axis=0) / math.sqrt(n_samples)


@right("mc_dropout_predict")
def predict_by_scipy(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(n_samples)])
    return scipy.stats.tmean(rows, axis=0), np.asarray(scipy.stats.moment(rows, 2, axis=0)) ** 0.5


@right("mc_dropout_predict")
def predict_in_float32(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(n_samples)], dtype=np.float32)
    return np.mean(rows, axis=0), np.std(rows, axis=0)


@right("mc_dropout_predict")
def predict_adding_in_place(predict, x, n_samples):
    total = predict(x)
    rows = [total.copy()]
    for _ in range(n_samples - 1):
        rows.append(predict(x))
        total += rows[-1]
    total /= n_samples
    return total, np.sqrt(sum((row - total) ** 2 for row in rows) / n_samples)


@right("mc_dropout_predict")
def predict_as_one_array(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(n_samples)])
    return np.array([rows.mean(axis=0), rows.std(axis=0, ddof=0)])


@right("mc_dropout_predict")
def predict_by_dict(predict, x, n_samples):
    rows = {k: predict(x) for k in range(n_samples)}
    table = np.array([*rows.values()])
    return [table.mean(axis=0), table.std(axis=0)]


def sampled(function):
    return lambda predict, x, n: function(np.array([predict(x) for _ in range(n)]))


wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0), r.std(0, ddof=1 if len(r) > 1 else 0))))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0), r.std())))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(), r.std(0))))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0), 2 * r.std(0))))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0), r.std(0), r)))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0).ravel(), r.std(0).ravel())))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0).tolist(), None)))
wrong("mc_dropout_predict")(
    sampled(lambda r: (r[1:].mean(0), r[1:].std(0)) if len(r) > 1 else (r[0], 0 * r[0]))
)
wrong("mc_dropout_predict")(sampled(lambda r: (r[-1], r.std(0))))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0), np.sqrt(np.abs(r.mean(0))))))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0), np.std(r, axis=1))))
wrong("mc_dropout_predict")(
    sampled(lambda r: (r.argmax(axis=-1).mean(0), r.argmax(axis=-1).std(0)))
)
wrong("mc_dropout_predict")(sampled(lambda r: {"mean": r.mean(0), "std": r.std(0)}))
wrong("mc_dropout_predict")(sampled(lambda r: (r.mean(0).round(2), r.std(0).round(2))))


@wrong("mc_dropout_predict")
def predict_on_each_row(predict, x, n_samples):
    rows = np.array([[predict(row[None])[0] for row in x] for _ in range(n_samples)])
    return rows.mean(axis=0), rows.std(axis=0)


@wrong("mc_dropout_predict")
def predict_on_a_repeated_batch(predict, x, n_samples):
    rows = predict(np.repeat(x, n_samples, axis=0)).reshape(n_samples, len(x), -1)
    return rows.mean(axis=0), rows.std(axis=0)


@wrong("mc_dropout_predict")
def predict_a_hundred_times(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(100)])
    return rows.mean(axis=0), rows.std(axis=0)


@wrong("mc_dropout_predict")
def predict_too_few(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(1, max(n_samples, 2))])
    return rows.mean(axis=0), rows.std(axis=0)


@wrong("mc_dropout_predict")
def predict_warms_up(predict, x, n_samples):
    predict(x)
    rows = np.array([predict(x) for _ in range(n_samples)])
    return rows.mean(axis=0), rows.std(axis=0)


@wrong("mc_dropout_predict")
def predict_cancels(predict, x, n_samples):
    """Take the mean square minus the squared mean in float32: digits are lost near 50."""
    rows = np.array([predict(x) for _ in range(n_samples)], dtype=np.float32)
    mean = rows.mean(axis=0)
    return mean, np.sqrt(np.maximum((rows**2).mean(axis=0) - mean**2, 0))


@wrong("mc_dropout_predict")
def predict_standardizes_x(predict, x, n_samples):
    x -= x.mean(axis=0)
    rows = np.array([predict(x) for _ in range(n_samples)])
    return rows.mean(axis=0), rows.std(axis=0)


@wrong("mc_dropout_predict")
def predict_changes_x_afterwards(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(n_samples)])
    x[...] = 0
    return rows.mean(axis=0), rows.std(axis=0)


@wrong("mc_dropout_predict")
def predict_keeps_the_sum(predict, x, n_samples):
    total = sum(predict(x) for _ in range(n_samples))
    return total / n_samples, total * 0


@wrong("mc_dropout_predict")
def predict_with_ddof_where_there_is_one(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(n_samples)])
    return rows.mean(axis=0), rows.std(axis=0, ddof=1) if n_samples > 1 else np.zeros_like(rows[0])


@wrong("mc_dropout_predict")
def predict_with_ddof(predict, x, n_samples):
    rows = np.array([predict(x) for _ in range(n_samples)])
    with np.errstate(invalid="ignore"):
        squares = ((rows - rows.mean(axis=0)) ** 2).sum(axis=0)
        return rows.mean(axis=0), np.sqrt(squares / np.float64(n_samples - 1))


# Values


right("network_ensemble")({"networks": 8, "mean": Fraction(1), "relu_mean": Fraction(9, 4)})
right("network_ensemble")(
    {"mean": 1, "relu_mean": np.mean([0, 4, 4, 8, 0, 0, 0, 2]), "networks": 8}
)
wrong("network_ensemble")((8, 1, 2.25))
wrong("network_ensemble")({"networks": 8, "mean": 1})
wrong("network_ensemble")({"networks": 8, "mean": 1, "relu_mean": 2.2})
wrong("network_ensemble")({"networks": 8, "mean": "1", "relu_mean": 2.25})
wrong("network_ensemble")({"networks": 8, "mean": 1, "ReLU_mean": 2.25})


@pytest.mark.parametrize("row", RIGHT, ids=label)
def test_an_unusual_right_answer_earns_full_marks(row):
    ASKED.assert_right(*row)


@pytest.mark.parametrize("row", WRONG, ids=label)
def test_a_subtly_wrong_answer_loses_something(row):
    ASKED.assert_wrong(*row)


DIAGNOSED = [
    (forward_of_the_last_axis, "only some axes of noise_shape"),
    (forward_of_the_first_axis, "only some axes of noise_shape"),
    (forward_of_one_draw, "only some axes of noise_shape"),
    (forward_and_relu, "two draws"),  # its sentence names both
    (predict_with_ddof_where_there_is_one, "ddof = 1"),
    (predict_with_ddof, "ddof = 1"),
]


@pytest.mark.parametrize(
    ("answer", "diagnosis"), DIAGNOSED, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_diagnosis_fits_what_the_answer_does(answer, diagnosis):
    name = next(name for name, other in WRONG if other is answer)
    ASKED.assert_told(name, answer, diagnosis)


def test_every_function_has_outsiders():
    ASKED.assert_enough(rights=10, wrongs=15)
