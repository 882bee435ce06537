"""Answers to lessons 00 and 01 that the authors of the questions did not have in mind.

The right ones are in unusual styles; each wrong one goes wrong in a corner only.
"""

import functools
import math
import operator
from fractions import Fraction

import numpy as np
import pytest

from tests.outsiders import SEEDS, Outsiders, label

ASKED = Outsiders("00_start_here", "01_l1_l2_updates")
RIGHT, WRONG = ASKED.rights, ASKED.wrongs
right, wrong, outcome = ASKED.right, ASKED.wrong, ASKED.outcome


# mean_squared_error


def same_shape(y_true, y_pred):
    if y_true.shape != y_pred.shape:
        raise ValueError("shapes")


@right("mean_squared_error")
def mse_by_einsum(t, p):
    same_shape(t, p)
    d = (t - p).reshape(-1)
    return np.einsum("i,i", d, d) / d.size


@right("mean_squared_error")
def mse_by_fractions(t, p):
    same_shape(t, p)
    return (
        sum((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(t.flat, p.flat, strict=True)) / t.size
    )


@right("mean_squared_error")
def mse_by_variance(t, p):
    same_shape(t, p)
    d = t - p
    return d.var() + d.mean() ** 2


@right("mean_squared_error")
def mse_by_running_mean(t, p):
    same_shape(t, p)
    mean = 0.0
    for count, (a, b) in enumerate(zip(t.ravel(), p.ravel(), strict=True), start=1):
        mean += ((a - b) ** 2 - mean) / count
    return mean


@right("mean_squared_error")
def mse_by_ufunc(t, p):
    if np.not_equal(np.ndim(t), np.ndim(p)) or any(map(operator.ne, t.shape, p.shape)):
        raise ValueError(t.shape, p.shape)
    return np.true_divide(np.add.reduce(np.power(p - t, 2), axis=None), math.prod(t.shape))


@wrong("mean_squared_error")
def mse_squeezes_first(t, p):
    t, p = np.squeeze(t), np.squeeze(p)
    same_shape(t, p)
    return np.mean((t - p) ** 2)


@wrong("mean_squared_error")
def mse_allows_scalars(t, p):
    if p.ndim and t.shape != p.shape:
        raise ValueError
    return np.mean((t - p) ** 2)


@wrong("mean_squared_error")
def mse_lets_broadcast_rows(t, p):
    if t.shape[-1:] != p.shape[-1:]:
        raise ValueError
    return np.mean((t - p) ** 2)


@wrong("mean_squared_error")
def mse_divides_by_last_axis(t, p):
    same_shape(t, p)
    return ((t - p) ** 2).sum() / t.shape[-1]


@wrong("mean_squared_error")
def mse_two_axes_only(t, p):
    same_shape(t, p)
    return np.mean((t - p) ** 2, axis=(0, 1) if t.ndim > 1 else None)


@wrong("mean_squared_error")
def mse_raises_type_error(t, p):
    if t.shape != p.shape:
        raise TypeError("shapes differ")
    return np.mean((t - p) ** 2)


@wrong("mean_squared_error")
def mse_overwrites(t, p):
    same_shape(t, p)
    t -= p
    return np.mean(t * t)


@wrong("mean_squared_error")
def mse_flattens_first(t, p):
    same_shape(t.ravel(), p.ravel())
    return np.mean((t.ravel() - p.ravel()) ** 2)


@wrong("mean_squared_error")
def mse_returns_array(t, p):
    same_shape(t, p)
    return np.array([np.mean((t - p) ** 2)])


@wrong("mean_squared_error")
def mse_of_positive_errors(t, p):
    same_shape(t, p)
    return np.mean(np.maximum(t - p, 0) ** 2)


# l1_penalty and l2_penalty


@right("l1_penalty")
def l1_by_reduce(weights, lam):
    return functools.reduce(lambda total, w: total + lam * np.fabs(w).sum(), weights, 0.0)


@right("l1_penalty")
def l1_by_two_sides(weights, lam):
    return lam * sum(np.maximum(w, 0).sum() + np.maximum(-w, 0).sum() for w in weights)


@right("l1_penalty")
def l1_by_fsum(weights, lam):
    return lam * math.fsum(abs(float(x)) for w in weights for x in w.reshape(-1))


@right("l1_penalty")
def l1_by_root(weights, lam):
    return np.sum([np.sqrt(w * w).sum() * lam for w in weights])


@right("l1_penalty")
def l1_by_masks(weights, lam):
    total = np.zeros(())
    for w in weights:
        total += w[w > 0].sum() - w[w < 0].sum()
    return total * lam


def stack_sum(weights, function):
    """Add up by an explicit stack: no recursion, no knowledge of the shapes."""
    stack, total = list(weights), 0.0
    while stack:
        item = stack.pop()
        if np.ndim(item):
            stack.extend(item)
        else:
            total += function(item)
    return total


@right("l1_penalty")
def l1_by_stack(weights, lam):
    return lam * stack_sum(weights, abs)


@wrong("l1_penalty")
def l1_of_two_arrays(weights, lam):
    return lam * sum(np.abs(w).sum() for w in weights[:2])


@wrong("l1_penalty")
def l1_skips_vectors(weights, lam):
    return lam * sum(np.abs(w).sum() for w in weights if w.ndim != 1 or len(weights) == 1)


@wrong("l1_penalty")
def l1_loses_third_axis(weights, lam):
    return float(lam * sum(np.abs(w[..., 0] if w.ndim == 3 else w).sum() for w in weights))


@wrong("l1_penalty")
def l1_absolute_rows(weights, lam):
    return lam * sum(
        np.abs(np.sum(w, axis=-1)).sum() if w.ndim > 1 else np.abs(w).sum() for w in weights
    )


@wrong("l1_penalty")
def l1_default_for_zero(weights, lam):
    return (lam or 1.0) * sum(np.abs(w).sum() for w in weights)


@wrong("l1_penalty")
def l1_caps_lambda(weights, lam):
    return min(lam, 1.0) * sum(np.abs(w).sum() for w in weights)


@wrong("l1_penalty")
def l1_overwrites(weights, lam):
    for w in weights:
        np.abs(w, out=w)
    return lam * sum(w.sum() for w in weights)


@wrong("l1_penalty")
def l1_empties_the_list(weights, lam):
    total = 0.0
    while weights:
        total += lam * np.abs(weights.pop()).sum()
    return total


@wrong("l1_penalty")
def l1_stacks(weights, lam):
    return lam * np.abs(np.vstack(weights)).sum()


@wrong("l1_penalty")
def l1_skips_single_entries(weights, lam):
    return lam * sum(np.abs(w).sum() for w in weights if w.size > 1)


@right("l2_penalty")
def l2_by_hypot(weights, lam):
    return lam * math.hypot(*(x for w in weights for x in w.flat)) ** 2


@right("l2_penalty")
def l2_by_trace(weights, lam):
    rows = [w.reshape(len(w), -1) for w in weights]
    return sum(lam * np.trace(w.T @ w) for w in rows)


@right("l2_penalty")
def l2_by_singular_values(weights, lam):
    rows = [w.reshape(len(w), -1) for w in weights]
    return lam * sum((np.linalg.svd(w, compute_uv=False) ** 2).sum() for w in rows)


@right("l2_penalty")
def l2_by_stack(weights, lam):
    return lam * stack_sum(weights, lambda x: x**2)


@right("l2_penalty")
def l2_by_inner(weights, lam):
    return np.float64(lam) * sum(np.inner(w.ravel(), w.ravel()) for w in weights)


@wrong("l2_penalty")
def l2_of_two_arrays(weights, lam):
    return lam * sum((w**2).sum() for w in weights[:2])


@wrong("l2_penalty")
def l2_keeps_signs(weights, lam):
    return lam * sum((w * np.abs(w)).sum() for w in weights)


@wrong("l2_penalty")
def l2_of_positive_weights(weights, lam):
    return lam * sum((np.maximum(w, 0) ** 2).sum() for w in weights)


@wrong("l2_penalty")
def l2_of_matrix_powers(weights, lam):
    def square(w):
        return w @ w if w.ndim == 2 and w.shape[0] == w.shape[1] else w * w

    return lam * sum(square(w).sum() for w in weights)


@wrong("l2_penalty")
def l2_diagonal(weights, lam):
    return lam * sum((np.diag(w) ** 2).sum() if w.ndim == 2 else (w**2).sum() for w in weights)


@wrong("l2_penalty")
def l2_overwrites(weights, lam):
    total = 0.0
    for w in weights:
        np.square(w, out=w)
        total += lam * w.sum()
    return total


@wrong("l2_penalty")
def l2_loops_over_two_axes(weights, lam):
    return lam * sum(sum(x * x for x in row) for w in weights for row in np.atleast_2d(w))


@wrong("l2_penalty")
def l2_default_for_zero(weights, lam):
    return (lam or 0.5) * sum((w**2).sum() for w in weights)


@wrong("l2_penalty")
def l2_normed_axes(weights, lam):
    return lam * sum(np.sum(np.linalg.norm(np.atleast_2d(w), axis=-1)) ** 2 for w in weights)


# l1_update and l2_update


@right("l1_update")
def step_by_select(w, grad, lr, lam):
    return w - lr * (grad + np.select([w > 0, w < 0], [lam, -lam], 0.0))


@right("l1_update")
def step_by_heaviside(w, grad, lr, lam):
    return w - lr * grad - lr * lam * (2 * np.heaviside(w, 0.5) - 1)


@right("l1_update")
def step_by_safe_division(w, grad, lr, lam):
    sign = np.divide(w, np.abs(w), out=np.zeros_like(w), where=w != 0)
    return np.add(w, -lr * np.add(grad, lam * sign))


@right("l1_update")
def step_by_sorted_places(w, grad, lr, lam):
    new = w.flatten()
    for place, (x, g) in enumerate(zip(w.flat, grad.flat, strict=True)):
        new[place] = x - lr * (g + lam * (int(x > 0) - int(x < 0)))
    return new.reshape(w.shape)


@right("l1_update")
def step_restoring_in_place(w, grad, lr, lam):
    kept = w.copy()
    w -= lr * (grad + lam * np.sign(w))
    new = w.copy()
    w[...] = kept
    return new


@right("l1_update")
class step_by_class:
    def __new__(cls, w, grad, lr, lam):
        return np.asarray(w - (lr * grad + lr * lam * np.sign(w)))


@wrong("l1_update")
def step_moves_no_zero(w, grad, lr, lam):
    return w - lr * (grad + lam * np.sign(w)) * (w != 0)


@wrong("l1_update")
def step_rounds_small_weights(w, grad, lr, lam):
    return w - lr * (grad + lam * np.sign(np.round(w, 4)))


@wrong("l1_update")
def step_smooth_sign(w, grad, lr, lam):
    return w - lr * (grad + lam * np.tanh(100 * w))


@wrong("l1_update")
def step_returns_argument_for_zero(w, grad, lr, lam):
    return w if lam == 0 else w - lr * (grad + lam * np.sign(w))


@wrong("l1_update")
def step_returns_view(w, grad, lr, lam):
    w -= lr * (grad + lam * np.sign(w))
    return w[:]


@wrong("l1_update")
def step_changes_gradient(w, grad, lr, lam):
    grad += lam * np.sign(w)
    return w - lr * grad


@wrong("l1_update")
def step_flattens(w, grad, lr, lam):
    return (w - lr * (grad + lam * np.sign(w))).ravel()


@wrong("l1_update")
def step_broadcasts_columns(w, grad, lr, lam):
    return w - lr * (grad + lam * np.sign(w[:, :1] if w.ndim == 2 else w))


@wrong("l1_update")
def step_clips_the_rate(w, grad, lr, lam):
    return w - min(lr, 1.0) * (grad + lam * np.sign(w))


@wrong("l1_update")
def step_negative_zero(w, grad, lr, lam):
    return w - lr * (grad + lam * np.where(np.signbit(w), -1.0, np.sign(w)))


@wrong("l1_update")
def step_scales_three_axes(w, grad, lr, lam):
    return w - lr * (grad + lam * np.sign(w) / (w.shape[0] if w.ndim == 3 else 1))


@wrong("l1_update")
def step_returns_list(w, grad, lr, lam):
    return (w - lr * (grad + lam * np.sign(w))).tolist()


@right("l2_update")
def decay_then_gradient(w, grad, lr, lam):
    decay = math.fma(-2 * lr, lam, 1) if hasattr(math, "fma") else 1 - 2 * lr * lam
    return np.multiply(decay, w) - np.multiply(lr, grad)


@right("l2_update")
def decay_by_matrix(w, grad, lr, lam):
    flat = (1 - 2 * lr * lam) * np.eye(w.size) @ w.ravel()
    return flat.reshape(w.shape) - lr * grad


@right("l2_update")
def decay_of_a_copy(w, grad, lr, lam):
    new = np.array(w, copy=True)
    new *= 1 - 2 * lr * lam
    new -= grad * lr
    return new


@right("l2_update")
def decay_by_polynomial(w, grad, lr, lam):
    slope = np.polynomial.Polynomial([0, 0, lam]).deriv()
    return w - lr * (grad + slope(w))


@right("l2_update")
def decay_by_map(w, grad, lr, lam):
    rows = map(lambda x, g: x - lr * g - lr * 2 * lam * x, w.ravel(), grad.ravel())
    return np.fromiter(rows, dtype=float).reshape(w.shape)


@wrong("l2_update")
def decay_never_flips(w, grad, lr, lam):
    return max(1 - 2 * lr * lam, 0.0) * w - lr * grad


@wrong("l2_update")
def decay_of_matrices_halved(w, grad, lr, lam):
    return w - lr * (grad + (2 if w.ndim < 3 else 1) * lam * w)


@wrong("l2_update")
def decay_exponential(w, grad, lr, lam):
    return np.exp(-2 * lr * lam) * w - lr * grad


@wrong("l2_update")
def decay_with_momentum(w, grad, lr, lam):
    return w - lr * (grad + 2 * lam * (w - lr * grad))


@wrong("l2_update")
def decay_by_norm(w, grad, lr, lam):
    return w - lr * (grad + 2 * lam * w / np.linalg.norm(w))


@wrong("l2_update")
def decay_averages(w, grad, lr, lam):
    return w - lr * (grad + 2 * lam * w / w.size)


@wrong("l2_update")
def decay_overwrites(w, grad, lr, lam):
    w *= 1 - 2 * lr * lam
    return w - lr * grad


@wrong("l2_update")
def decay_of_vectors(w, grad, lr, lam):
    return np.array(
        [a - lr * (g + 2 * lam * a) for a, g in zip(w.ravel(), grad.ravel(), strict=True)]
    )


@wrong("l2_update")
def decay_keeps_zero(w, grad, lr, lam):
    return np.where(w == 0, w, w - lr * (grad + 2 * lam * w))


# numerical_gradient


@right("numerical_gradient")
def gradient_of_view(f, w, eps=1e-5):
    flat, slopes = w.reshape(-1), []
    for place in range(flat.size):
        kept = flat[place]
        values = []
        for moved in (kept + eps, kept - eps):
            flat[place] = moved
            values.append(f(w))
        flat[place] = kept
        slopes.append((values[0] - values[1]) / (2 * eps))
    return np.reshape(slopes, w.shape)


@right("numerical_gradient")
def gradient_by_put(f, w, eps=1e-5):
    def value(place, x):
        moved = w.copy()
        np.put(moved, place, x)
        return f(moved)

    rows = [(value(i, x + eps) - value(i, x - eps)) / (eps + eps) for i, x in enumerate(w.flat)]
    return np.array(rows).reshape(w.shape)


@right("numerical_gradient")
def gradient_by_recursion(f, w, eps=1e-5):
    if w.ndim == 1:
        one = np.identity(w.size) * eps
        return np.array([f(w + row) - f(w - row) for row in one]) / 2 / eps

    def part(i):
        def inner(x):
            moved = w.copy()
            moved[i] = x
            return f(moved)

        return gradient_by_recursion(inner, w[i], eps)

    return np.stack([part(i) for i in range(len(w))])


@right("numerical_gradient")
def gradient_by_dict(f, w, eps=1e-5):
    out = np.full(w.shape, np.nan)
    moves = {+1: w.copy(), -1: w.copy()}
    for index, x in np.ndenumerate(w):
        for side, moved in moves.items():
            moved[index] = x + side * eps
        out[index] = sum(side * f(moved) for side, moved in moves.items()) / (2 * eps)
        for moved in moves.values():
            moved[index] = x
    return out


@right("numerical_gradient")
def gradient_with_warm_up(f, w, eps=1e-5):
    assert np.isfinite(f(w))
    steps = np.eye(w.size).reshape((w.size, *w.shape)) * eps
    return np.array([f(w + s) - f(w - s) for s in steps]).reshape(w.shape) * (0.5 / eps)


@wrong("numerical_gradient")
def gradient_square_only(f, w, eps=1e-5):
    out = gradient_by_put(f, w, eps)
    return out.T.reshape(w.shape) if w.ndim == 2 and w.shape[0] != w.shape[1] else out


@wrong("numerical_gradient")
def gradient_transposed(f, w, eps=1e-5):
    out = gradient_by_put(f, w, eps)
    return out.T if w.ndim == 2 and w.shape[0] == w.shape[1] else out


@wrong("numerical_gradient")
def gradient_two_axes(f, w, eps=1e-5):
    out = np.zeros_like(w)
    for i in range(w.shape[0]):
        for j in range(w.shape[1] if w.ndim > 1 else 1):
            index = (i, j) if w.ndim > 1 else (i,)
            unit = np.zeros_like(w)
            unit[index] = eps
            out[index] = np.mean((f(w + unit) - f(w - unit)) / (2 * eps))
    return out


@wrong("numerical_gradient")
def gradient_skips_zeros(f, w, eps=1e-5):
    return np.where(w == 0, 0.0, gradient_by_put(f, w, eps))


@wrong("numerical_gradient")
def gradient_small_eps(f, w, eps=1e-5):
    return gradient_by_put(f, w, min(eps, 1e-4))


@wrong("numerical_gradient")
def gradient_restored_by_arithmetic(f, w, eps=1e-5):
    out = np.zeros_like(w)
    for index in np.ndindex(w.shape):
        w[index] += eps
        above = f(w)
        w[index] -= 2 * eps
        out[index] = (above - f(w)) / (2 * eps)
        w[index] += eps
    return out


@wrong("numerical_gradient")
def gradient_last_not_restored(f, w, eps=1e-5):
    out, kept = np.zeros_like(w), w.copy()
    for index in np.ndindex(w.shape):
        w[...] = kept
        w[index] += eps
        above = f(w)
        w[index] = kept[index] - eps
        out[index] = (above - f(w)) / (2 * eps)
    return out


@wrong("numerical_gradient")
def gradient_rounded(f, w, eps=1e-5):
    return np.round(gradient_by_put(f, w, eps), 2)


@wrong("numerical_gradient")
def gradient_needs_eps(f, w, eps):
    return gradient_by_put(f, w, eps)


@wrong("numerical_gradient")
def gradient_other_default(f, w, eps=0.1):
    return gradient_by_put(f, w, eps)


@wrong("numerical_gradient")
def gradient_mixed_sides(f, w, eps=1e-5):
    here = f(w)
    out = gradient_by_put(f, w, eps)
    unit = np.zeros_like(w)
    unit.flat[-1] = eps
    out.flat[-1] = (f(w + unit) - here) / eps
    return out


# soft_threshold and proximal_l1_update


@right("soft_threshold")
def soft_by_median(z, threshold):
    zero = np.zeros_like(z)
    return np.median(np.stack([z - threshold, z + threshold, zero]), axis=0)


@right("soft_threshold")
def soft_by_relu(z, threshold):
    sides = ((s, s * z - threshold) for s in (1, -1))
    return sum(s * x * (x > 0) for s, x in sides)


@right("soft_threshold")
def soft_by_shrinkage(z, threshold):
    size = np.abs(z)
    factor = np.divide(size - threshold, size, out=np.zeros_like(z), where=size > threshold)
    return factor * z


@right("soft_threshold")
def soft_by_sorting(z, threshold):
    return z - np.sort(np.stack([z, z * 0 - threshold, z * 0 + threshold]), axis=0)[1]


@right("soft_threshold")
def soft_by_frompyfunc(z, threshold):
    one = np.frompyfunc(lambda x: math.copysign(max(abs(x) - threshold, 0), x), 1, 1)
    return one(z).astype(float)


@wrong("soft_threshold")
def soft_adds_at_zero(z, threshold):
    return np.where(z >= 0, np.maximum(z - threshold, 0), z + threshold)


@wrong("soft_threshold")
def soft_nearly_zero(z, threshold):
    return z + (np.abs(z - threshold) - np.abs(z + threshold)) / 2 + 1e-12 * z


@wrong("soft_threshold")
def soft_at_most_one(z, threshold):
    return soft_by_sorting(z, min(threshold, 1.0))


@wrong("soft_threshold")
def soft_by_vector_norm(z, threshold):
    size = np.linalg.norm(z)
    return z * max(1 - threshold / size, 0.0)


@wrong("soft_threshold")
def soft_zero_threshold(z, threshold):
    return soft_by_sorting(z, threshold or 0.1)


@wrong("soft_threshold")
def soft_overwrites(z, threshold):
    z[np.abs(z) <= threshold] = 0
    return z - threshold * np.sign(z)


@wrong("soft_threshold")
def soft_of_vectors(z, threshold):
    return np.array([np.sign(x) * max(abs(x) - threshold, 0) for x in z.ravel()])


@wrong("soft_threshold")
def soft_first_axis(z, threshold):
    size = np.abs(z) if z.ndim < 3 else np.abs(z).max(axis=-1, keepdims=True)
    return np.sign(z) * np.maximum(size - threshold, 0)


@wrong("soft_threshold")
def soft_keeps_equal(z, threshold):
    return np.where(
        np.abs(z) >= threshold, z - threshold * np.sign(z) * (np.abs(z) != threshold), 0.0
    )


@wrong("soft_threshold")
def soft_nan(z, threshold):
    return z / np.abs(z) * np.maximum(np.abs(z) - threshold, 0)


@right("proximal_l1_update")
def proximal_by_candidates(w, grad, lr, lam):
    z = w - lr * grad
    points = np.stack([0 * z, z - lr * lam, z + lr * lam])
    costs = (points - z) ** 2 / 2 + lr * lam * np.abs(points)
    return np.take_along_axis(points, costs.argmin(axis=0)[None], axis=0)[0]


@right("proximal_l1_update")
def proximal_by_parts(w, grad, lr, lam):
    z = w - grad * lr
    new = np.zeros(z.shape)
    up, down = z > lam * lr, z < -lam * lr
    new[up], new[down] = z[up] - lam * lr, z[down] + lam * lr
    return new


@right("proximal_l1_update")
def proximal_by_dual(w, grad, lr, lam):
    u = np.subtract(w, np.multiply(lr, grad))
    return u - np.minimum(np.maximum(u, -lam * lr), lam * lr)


@right("proximal_l1_update")
def proximal_by_inner_function(w, grad, lr, lam):
    def shrink(x, by):
        return 0.0 if abs(x) <= by else x - math.copysign(by, x)

    entries = [shrink(a - lr * b, lr * lam) for a, b in zip(w.flat, grad.flat, strict=True)]
    return np.array(entries).reshape(w.shape)


@right("proximal_l1_update")
def proximal_of_a_copy(w, grad, lr, lam):
    w = w.copy()
    np.subtract(w, lr * grad, out=w)
    size = np.abs(w)
    size -= lr * lam
    return np.copysign(size.clip(0), w)


@wrong("proximal_l1_update")
def proximal_overwrites(w, grad, lr, lam):
    w -= lr * grad
    return soft_by_sorting(w, lr * lam)


@wrong("proximal_l1_update")
def proximal_freezes_zeros(w, grad, lr, lam):
    return np.where(w == 0, 0.0, soft_by_sorting(w - lr * grad, lr * lam))


@wrong("proximal_l1_update")
def proximal_no_crossing(w, grad, lr, lam):
    new = soft_by_sorting(w - lr * grad, lr * lam)
    return np.where(new * w < 0, 0.0, new)


@wrong("proximal_l1_update")
def proximal_small_rate(w, grad, lr, lam):
    return soft_by_sorting(w - lr * grad, min(lr, 1.0) * lam)


@wrong("proximal_l1_update")
def proximal_positive_side(w, grad, lr, lam):
    z = w - lr * grad
    return np.where(z > 0, np.maximum(z - lr * lam, 0), z + lr * lam)


@wrong("proximal_l1_update")
def proximal_nearly(w, grad, lr, lam):
    new = soft_by_sorting(w - lr * grad, lr * lam)
    return np.where(new == 0, 1e-14, new)


@wrong("proximal_l1_update")
def proximal_of_vectors(w, grad, lr, lam):
    return soft_by_sorting(w - lr * grad, lr * lam).reshape(-1)


@wrong("proximal_l1_update")
def proximal_block(w, grad, lr, lam):
    z = w - lr * grad
    return z * max(1 - lr * lam / max(np.linalg.norm(z), 1e-12), 0.0)


@wrong("proximal_l1_update")
def proximal_keeps_equal(w, grad, lr, lam):
    z = w - lr * grad
    return np.where(np.abs(z) < lr * lam, 0.0, z - np.sign(z) * lr * lam * (np.abs(z) != lr * lam))


# decay_path


def check_penalty(penalty):
    if penalty not in ("l1", "l2"):
        raise ValueError(f"penalty {penalty!r}")


def l1_next(w, by):
    return math.copysign(max(abs(w) - by, 0.0), w)


@right("decay_path")
def path_by_accumulate(w0, lr, lam, steps, penalty):
    from itertools import accumulate, repeat

    check_penalty(penalty)
    rules = {"l1": lambda w, _: l1_next(w, lr * lam), "l2": lambda w, _: w * (1 - 2 * lr * lam)}
    return np.array(list(accumulate(repeat(None, steps), rules[penalty], initial=w0)))


@right("decay_path")
def path_by_generator(w0, lr, lam, steps, penalty):
    check_penalty(penalty)

    def walk(w):
        for _ in range(steps + 1):
            yield w
            w = w - 2 * lr * lam * w if penalty == "l2" else w - min(max(w, -lr * lam), lr * lam)

    return np.fromiter(walk(w0), dtype=float, count=steps + 1)


@right("decay_path")
def path_until_crossing(w0, lr, lam, steps, penalty):
    path = np.full(steps + 1, float(w0))
    if penalty == "l2":
        for k in range(steps):
            path[k + 1 :] *= 1 - 2 * lr * lam
    elif penalty == "l1":
        w, k = w0, 0
        while k < steps and w != 0:
            k += 1
            w = 0.0 if abs(w) < lr * lam else w - lr * lam * np.sign(w)
            path[k:] = w
    else:
        raise ValueError(penalty)
    return path


@right("decay_path")
def path_by_vander(w0, lr, lam, steps, penalty):
    check_penalty(penalty)
    if penalty == "l2":
        return w0 * np.vander([1 - 2 * lr * lam], steps + 1, increasing=True)[0]
    sizes = abs(w0) - np.arange(steps + 1.0) * (lr * lam)
    return np.where(sizes <= 0, 0, sizes if w0 > 0 else -sizes)


@right("decay_path")
def path_with_step_functions(w0, lr, lam, steps, penalty):
    weights = np.array([[w0]])
    if penalty == "l1":
        step = functools.partial(proximal_by_dual, grad=0.0, lr=lr, lam=lam)
    elif penalty == "l2":
        step = functools.partial(decay_of_a_copy, grad=np.zeros((1, 1)), lr=lr, lam=lam)
    else:
        raise ValueError("unknown penalty")
    path = [weights]
    for _ in range(steps):
        path.append(step(path[-1]))
    return np.concatenate(path).ravel()


@wrong("decay_path")
def path_crosses_once(w0, lr, lam, steps, penalty):
    path = [w0]
    check_penalty(penalty)
    for _ in range(steps):
        w = path[-1]
        if penalty == "l2":
            path.append(w * (1 - 2 * lr * lam))
        else:
            path.append(w if abs(w) < lr * lam else w - lr * lam * np.sign(w))
    return np.array(path)


@wrong("decay_path")
def path_clips_the_factor(w0, lr, lam, steps, penalty):
    factor = max(1 - 2 * lr * lam, 0.0)
    if penalty == "l2":
        return w0 * factor ** np.arange(steps + 1)
    return path_by_generator(w0, lr, lam, steps, penalty)


@wrong("decay_path")
def path_needs_a_step(w0, lr, lam, steps, penalty):
    return path_by_generator(w0, lr, lam, max(steps, 1), penalty)


@wrong("decay_path")
def path_of_sizes(w0, lr, lam, steps, penalty):
    return np.abs(path_by_generator(w0, lr, lam, steps, penalty))


@wrong("decay_path")
def path_nearly_zero(w0, lr, lam, steps, penalty):
    path = path_by_generator(w0, lr, lam, steps, penalty)
    return np.where(np.abs(path) < 1e-12, 1e-12, path)


@wrong("decay_path")
def path_refuses_with_key_error(w0, lr, lam, steps, penalty):
    rule = {"l1": path_by_generator, "l2": path_by_generator}[penalty]
    return rule(w0, lr, lam, steps, penalty)


@wrong("decay_path")
def path_by_first_letter(w0, lr, lam, steps, penalty):
    return path_by_generator(w0, lr, lam, steps, "l2" if penalty[-1] == "2" else "l1")


@wrong("decay_path")
def path_returns_list(w0, lr, lam, steps, penalty):
    return path_by_generator(w0, lr, lam, steps, penalty).tolist()


@wrong("decay_path")
def path_as_column(w0, lr, lam, steps, penalty):
    return path_by_generator(w0, lr, lam, steps, penalty)[:, None]


@wrong("decay_path")
def path_positive_l2(w0, lr, lam, steps, penalty):
    path = path_by_generator(w0, lr, lam, steps, penalty)
    return np.abs(path) * np.sign(w0) if penalty == "l2" else path


# sparsity


@right("sparsity")
def fraction_by_histogram(weights, tol=1e-3):
    total = sum(w.size for w in weights)
    return sum(np.count_nonzero(np.less(np.fabs(w), tol)) for w in weights) / total


@right("sparsity")
def fraction_by_fractions(weights, tol=1e-3):
    sizes = [abs(float(x)) for w in weights for x in np.nditer(w)]
    return Fraction(len([s for s in sizes if s < tol]), len(sizes))


@right("sparsity")
def fraction_by_both_sides(weights, tol=1e-3):
    w = np.hstack([np.ravel(x) for x in weights])
    return ((w > -tol) & (w < tol)).mean()


@right("sparsity")
def fraction_by_stack(weights, tol=1e-3):
    return stack_sum(weights, lambda x: x * x < tol * tol) / stack_sum(weights, lambda x: 1)


@right("sparsity")
def fraction_by_mask_arrays(weights, tol=1e-3):
    masks = [np.ma.masked_where(~(np.abs(w) < tol), w).count() for w in weights]
    return np.array(np.sum(masks) / np.sum([w.size for w in weights]))


@wrong("sparsity")
def fraction_by_isclose(weights, tol=1e-3):
    return np.mean(np.isclose(np.concatenate([w.ravel() for w in weights]), 0, atol=tol))


@wrong("sparsity")
def fraction_without_zeros(weights, tol=1e-3):
    w = np.concatenate([w.ravel() for w in weights])
    return np.mean((np.abs(w) < tol) & (w != 0))


@wrong("sparsity")
def fraction_of_two_axes(weights, tol=1e-3):
    total = sum(np.prod(w.shape[:2]) for w in weights)
    return sum(np.sum(np.abs(w) < tol) for w in weights) / total


@wrong("sparsity")
def fraction_other_default(weights, tol=1e-2):
    return fraction_by_both_sides(weights, tol)


@wrong("sparsity")
def fraction_rounded(weights, tol=1e-3):
    return round(float(fraction_by_both_sides(weights, tol)), 2)


@wrong("sparsity")
def fraction_clears_weights(weights, tol=1e-3):
    for w in weights:
        w[np.abs(w) < tol] = 0
    return sum(np.sum(w == 0) for w in weights) / sum(w.size for w in weights)


@wrong("sparsity")
def fraction_integer_division(weights, tol=1e-3):
    return fraction_by_histogram(weights, tol) // 1


@wrong("sparsity")
def fraction_of_rows(weights, tol=1e-3):
    rows = [row for w in weights for row in w.reshape(len(w), -1)]
    return np.mean([np.all(np.abs(row) < tol) for row in rows])


@wrong("sparsity")
def fraction_of_last_two(weights, tol=1e-3):
    return fraction_by_both_sides(weights[-2:], tol)


@wrong("sparsity")
def fraction_default_for_zero(weights, tol=1e-3):
    return fraction_by_both_sides(weights, tol or 1e-3)


@wrong("l1_penalty")
def l1_cuts_small_weights(weights, lam):
    return lam * sum(np.abs(w[np.abs(w) > 1e-2]).sum() for w in weights)


@wrong("l1_penalty")
def l1_loses_the_last_of_several(weights, lam):
    return lam * sum(np.abs(w).sum() for w in weights[:-1] or weights)


@wrong("l2_penalty")
def l2_clips_large_weights(weights, lam):
    return lam * sum(np.sum(np.clip(w, -10, 10) ** 2) for w in weights)


@wrong("l1_update")
def l1_hands_w_back_unchanged(w, grad, lr, lam):
    new = w - lr * (grad + lam * np.sign(w))
    return w if np.array_equal(new, w) else new


@wrong("soft_threshold")
def soft_rounded(z, threshold):
    return np.round(np.sign(z) * np.maximum(np.abs(z) - threshold, 0), 3)


def central_differences(f, w, eps=1e-5):
    slopes = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        step = np.zeros(w.shape)
        step[index] = eps
        slopes[index] = (f(w + step) - f(w - step)) / (2 * eps)
    return slopes


@wrong("numerical_gradient")
def gradient_with_tiny_default(f, w, eps=1e-12):
    return central_differences(f, w, eps)


@wrong("numerical_gradient")
def gradient_one_sided_at_zero(f, w, eps=1e-5):
    slopes = central_differences(f, w, eps)
    for index in np.argwhere(w == 0):
        ahead = w.copy()
        ahead[tuple(index)] = eps
        slopes[tuple(index)] = (f(ahead) - f(w)) / eps
    return slopes


@wrong("numerical_gradient")
def gradient_by_complex_step(f, w, eps=1e-5):
    units = 1j * eps * np.eye(w.size).reshape(-1, *w.shape)
    return np.reshape([np.imag(f(np.real(w + unit))) / eps for unit in units], w.shape)


def path_in_closed_form(w0, lr, lam, steps, penalty):
    k = np.arange(steps + 1)
    if penalty == "l2":
        return w0 * (1 - 2 * lr * lam) ** k
    return np.sign(w0) * np.maximum(abs(w0) - k * lr * lam, 0)


@wrong("decay_path")
def path_looks_for_a_substring(w0, lr, lam, steps, penalty):
    if penalty not in "l1l2":
        raise ValueError(penalty)
    return path_in_closed_form(w0, lr, lam, steps, penalty)


@wrong("decay_path")
def path_of_l2_reaches_zero(w0, lr, lam, steps, penalty):
    if penalty not in ("l1", "l2"):
        raise ValueError(penalty)
    path = path_in_closed_form(w0, lr, lam, steps, penalty)
    return np.where(np.abs(path) < 1e-3, 0, path)


def path_of_negative_start_is_zero(w0, lr, lam, steps, penalty):
    if penalty == "l1":
        return np.maximum(w0 - np.arange(steps + 1) * lr * lam, 0)
    if penalty == "l2":
        return path_in_closed_form(w0, lr, lam, steps, penalty)
    raise ValueError(penalty)


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("l1_penalty", l1_loses_the_last_of_several, ""),
        ("numerical_gradient", gradient_by_complex_step, "Your result is 0 everywhere"),
        ("decay_path", path_of_negative_start_is_zero, "Your L1 path of a negative start is 0"),
    ],
)
def test_a_diagnosis_says_what_the_answer_does(name, answer, sentence):
    for seed in SEEDS:
        found = outcome(name, answer, seed).sentence
        assert found.startswith(sentence)
        assert bool(found) == bool(sentence)


@pytest.mark.parametrize("row", RIGHT, ids=label)
def test_an_unusual_right_answer_earns_full_marks(row):
    ASKED.assert_right(*row)


@pytest.mark.parametrize("row", WRONG, ids=label)
def test_a_subtly_wrong_answer_loses_something(row):
    ASKED.assert_wrong(*row)


def test_every_function_has_outsiders():
    ASKED.assert_enough(rights=4, wrongs=6)
