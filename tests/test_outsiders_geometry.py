"""Answers to lesson 02 that the authors of the questions did not have in mind.

The right ones are in unusual styles; each wrong one goes wrong in a corner only.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.sparse.linalg
from sklearn import linear_model

from tests.outsiders import Outsiders, label
from utils.checking.drivers import projection

ASKED = Outsiders("02_constraint_geometry")
RIGHT, WRONG = ASKED.rights, ASKED.wrongs
right, wrong, outcome = ASKED.right, ASKED.wrong, ASKED.outcome


def soft(z, t):
    return np.sign(z) * np.maximum(np.abs(z) - t, 0)


def solved(X, y, lam):
    return np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y)


# ridge


@right("ridge")
def ridge_by_one_augmented_line(X, y, lam):
    d = X.shape[1]
    return np.linalg.lstsq(np.r_[X, lam**0.5 * np.eye(d)], np.r_[y, np.zeros(d)], rcond=None)[0]


@right("ridge")
def ridge_by_cholesky(X, y, lam):
    factor = scipy.linalg.cho_factor(X.T @ X + lam * np.identity(X.shape[-1]))
    return scipy.linalg.cho_solve(factor, X.T @ y)


@right("ridge")
def ridge_with_a_column_vector(X, y, lam):
    y = y.reshape(-1, 1)
    A = X.T @ X
    for j in range(len(A)):
        A[j, j] += lam
    return np.linalg.solve(A, X.T @ y).ravel()


@right("ridge")
def ridge_by_einsum(X, y, lam):
    gram = np.einsum("ni,nj->ij", X, X)
    np.fill_diagonal(gram, gram.diagonal() + lam)
    return np.linalg.pinv(gram, hermitian=True) @ np.einsum("ni,n->i", X, y)


@right("ridge")
def ridge_by_rows_one_at_a_time(X, y, lam):
    """Update the inverse with each row, from λI or from the first rows of λ = 0."""
    d = X.shape[1]
    if lam == 0:
        return np.linalg.inv(X.T @ X) @ (X.T @ y)
    P, w = np.eye(d) / lam, np.zeros(d)
    for x, target in zip(X, y, strict=True):
        gain = P @ x / (1 + x @ P @ x)
        w = w + gain * (target - x @ w)
        P = P - np.outer(gain, x @ P)
    return w


@right("ridge")
def ridge_by_fractions(X, y, lam):
    d = X.shape[1]
    columns = [[Fraction(v) for v in column] for column in X.T.tolist()]
    target = [Fraction(v) for v in y.tolist()]
    rows = [
        [sum(a * b for a, b in zip(p, q, strict=True)) + (Fraction(lam) if p is q else 0)
         for q in columns] + [sum(a * b for a, b in zip(p, target, strict=True))]
        for p in columns
    ]  # fmt: skip
    for i in range(d):
        pivot = next(k for k in range(i, d) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(d):
            if k != i:
                factor = rows[k][i] / rows[i][i]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return np.array([float(row[d] / row[i]) for i, row in enumerate(rows)])


@right("ridge")
def ridge_by_least_squares_solver(X, y, lam):
    def residuals(w):
        return np.concatenate([X @ w - y, np.sqrt(lam) * w])

    start = np.zeros(X.shape[1])
    return scipy.optimize.least_squares(residuals, start, xtol=1e-14, ftol=1e-14, gtol=1e-14).x


@wrong("ridge")
def ridge_rounded(X, y, lam):
    return np.round(solved(X, y, lam) if lam else np.linalg.pinv(X) @ y, 3)


@wrong("ridge")
def ridge_few_steps(X, y, lam):
    w = np.zeros(X.shape[1])
    for _ in range(100):
        w -= 0.01 * (X.T @ (X @ w - y) + lam * w)
    return w


@wrong("ridge")
def ridge_truncates(X, y, lam):
    U, d, Vt = np.linalg.svd(X, full_matrices=False)
    kept = d > 0.01 * d[0]
    return Vt[kept].T @ ((U.T @ y)[kept] * d[kept] / (d[kept] ** 2 + lam))


@wrong("ridge")
def ridge_inverts_the_data_first(X, y, lam):
    gram = X.T @ X
    return (
        np.linalg.inv(np.eye(len(gram)) + lam * np.linalg.inv(gram))
        @ np.linalg.inv(gram)
        @ (X.T @ y)
    )


@wrong("ridge")
def ridge_centers_in_place(X, y, lam):
    X -= X.mean(axis=0)
    return solved(X, y - y.mean(), lam + 1e-9)


@wrong("ridge")
def ridge_needs_a_penalty(X, y, lam):
    return X.T @ np.linalg.solve(X @ X.T + lam * np.eye(len(X)), y)


@wrong("ridge")
def ridge_by_norm_not_squared(X, y, lam):
    w = np.linalg.pinv(X) @ y
    for _ in range(100):
        w = np.linalg.pinv(X.T @ X + lam / (2 * np.linalg.norm(w)) * np.eye(len(w))) @ X.T @ y
    return w


@wrong("ridge")
def ridge_cuts_small_directions(X, y, lam):
    U, d, Vt = np.linalg.svd(X, full_matrices=False)
    kept = d**2 > lam
    return Vt[kept].T @ (U[:, kept].T @ y / d[kept])


@wrong("ridge")
def ridge_returns_a_list(X, y, lam):
    return [float(v) for v in np.linalg.pinv(X.T @ X + lam * np.eye(X.shape[1])) @ X.T @ y]


@wrong("ridge")
def ridge_default_rcond_and_no_root(X, y, lam):
    d = X.shape[1]
    return np.linalg.lstsq(np.r_[X, lam * np.eye(d)], np.r_[y, np.zeros(d)], rcond=None)[0]


# shrinkage_factors


@right("shrinkage_factors")
def factors_by_qr(X, lam):
    R = np.linalg.qr(X.T if X.shape[0] < X.shape[1] else X, mode="r")
    d = scipy.linalg.svdvals(R)
    return 1 / (1 + lam / d**2) if d.all() else d**2 / (d**2 + lam)


@right("shrinkage_factors")
def factors_sorted_and_cut(X, lam):
    values = np.linalg.eigvals(X.T @ X).real
    values[::-1].sort()
    return np.array([max(v, 0) / (max(v, 0) + lam) for v in values[: min(X.shape)]])


@right("shrinkage_factors")
def factors_by_hypot(X, lam):
    d = np.linalg.svd(X, full_matrices=True)[1]
    return (d / np.hypot(d, np.sqrt(lam))) ** 2


@right("shrinkage_factors")
def factors_by_padding_rows(X, lam):
    """Read them off the upper block of Q in a QR factorization of the augmented matrix."""
    n, d = X.shape
    Q = np.linalg.qr(np.vstack([X, np.sqrt(lam) * np.eye(d)]))[0]
    return np.linalg.svd(Q[:n], compute_uv=False) ** 2


@right("shrinkage_factors")
def factors_as_float32(X, lam):
    d = np.float32(np.linalg.svd(X, compute_uv=False))
    return np.square(d) / (np.square(d) + np.float32(lam))


@wrong("shrinkage_factors")
def factors_unsorted_when_wide(X, lam):
    values = np.linalg.eigvalsh(X @ X.T if len(X) < X.shape[1] else X.T @ X)
    values = values if len(X) < X.shape[1] else values[::-1]
    return values / (values + lam)


@wrong("shrinkage_factors")
def factors_as_a_matrix(X, lam):
    d2 = np.linalg.svd(X, compute_uv=False) ** 2
    return np.diag(d2 / (d2 + lam))


@wrong("shrinkage_factors")
def factors_rounded(X, lam):
    d2 = np.linalg.svd(X, compute_uv=False) ** 2
    return np.round(d2 / (d2 + lam), 3)


@wrong("shrinkage_factors")
def factors_by_covariance(X, lam):
    values = np.linalg.eigvalsh(np.cov(X.T))[::-1] * (len(X) - 1)
    return values / (values + lam)


@wrong("shrinkage_factors")
def factors_norm_the_columns(X, lam):
    lengths = np.linalg.norm(X, axis=0)
    d2 = np.linalg.svd(X / np.where(lengths, lengths, 1), compute_uv=False) ** 2
    return d2 / (d2 + lam)


@wrong("shrinkage_factors")
def factors_of_least_squares_for_no_penalty(X, lam):
    d2 = np.linalg.svd(X, compute_uv=False) ** 2
    return d2 / (d2 + (lam or 1.0))


# project_l2_ball


@right("project_l2_ball")
def l2_by_hypot(w, radius):
    length = math.hypot(*w)
    return w if length <= radius else np.array([x / length * radius for x in w])


@right("project_l2_ball")
def l2_with_a_warning(w, radius):
    return w * np.minimum(1, radius / np.linalg.norm(w))


@right("project_l2_ball")
def l2_by_solver(w, radius):
    """Find the multiplier with a root finder."""
    if np.dot(w, w) <= radius**2:
        return 1.0 * w
    length = np.linalg.norm(w)
    mu = scipy.optimize.brentq(lambda mu: length / (1 + mu) - radius, 0, length / radius)
    return w / (1 + mu)


@right("project_l2_ball")
def l2_by_where(w, radius):
    square = np.sum(w * w)
    return np.where(square > radius * radius, w * radius / np.sqrt(square or 1.0), w)


@wrong("project_l2_ball")
def l2_in_place(w, radius):
    if np.linalg.norm(w) > radius:
        w *= radius / np.linalg.norm(w)
    return w


@wrong("project_l2_ball")
def l2_guards_with_an_epsilon(w, radius):
    return w * min(1.0, radius / (np.linalg.norm(w) + 1e-4))


@wrong("project_l2_ball")
def l2_zero_becomes_a_corner(w, radius):
    length = np.linalg.norm(w)
    return w * min(1, radius / length) if length else np.full(len(w), radius / len(w) ** 0.5)


@wrong("project_l2_ball")
def l2_walks_in_steps(w, radius):
    while np.linalg.norm(w) > radius:
        w = 0.99 * w
    return w


@wrong("project_l2_ball")
def l2_strictly_inside(w, radius):
    return w * min(1.0, 0.999 * radius / max(np.linalg.norm(w), 1e-12))


@wrong("project_l2_ball")
def l2_leaves_a_margin(w, radius):
    return w if np.linalg.norm(w) <= 1.05 * radius else w * radius / np.linalg.norm(w)


@wrong("project_l2_ball")
def l2_python_division(w, radius):
    return w * min(1.0, radius / float(np.linalg.norm(w)))


@wrong("project_l2_ball")
def l2_with_the_mean_square(w, radius):
    return w * min(1.0, radius / max(np.sqrt(np.mean(w**2)), 1e-12))


# project_l1_ball


@right("project_l1_ball")
def l1_by_root_finder(w, radius):
    sizes = np.abs(w)
    if sizes.sum() <= radius:
        return w + 0
    theta = scipy.optimize.brentq(
        lambda t: np.clip(sizes - t, 0, None).sum() - radius, 0, sizes.max()
    )
    return soft(w, theta)


@right("project_l1_ball")
def l1_by_quadratic_program(w, radius):
    """Split w into parts that are not negative, and hand the program to a solver."""
    sizes = np.abs(w)
    if np.sum(sizes) <= radius:
        return w.copy()
    budget = {"type": "eq", "fun": lambda v: v.sum() - radius, "jac": lambda v: np.ones(len(v))}
    found = scipy.optimize.minimize(
        lambda v: np.sum((v - sizes) ** 2),
        np.full(len(w), radius / len(w)),
        jac=lambda v: 2 * (v - sizes),
        bounds=[(0, None)] * len(w),
        constraints=[budget],
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return np.copysign(found.x, w)


@right("project_l1_ball")
def l1_by_recursion(w, radius):
    if np.abs(w).sum() <= radius:
        return np.array(w)
    used = np.flatnonzero(w)
    theta = (np.abs(w[used]).sum() - radius) / len(used)
    if np.all(np.abs(w[used]) >= theta):
        result = np.zeros_like(w)
        result[used] = w[used] - np.sign(w[used]) * theta
        return result
    smaller = np.where(np.abs(w) < theta, 0, w)
    return l1_by_recursion(smaller, radius) if np.abs(smaller).sum() > radius else smaller


@right("project_l1_ball")
def l1_by_largest_threshold(w, radius):
    sizes = sorted(np.abs(w), reverse=True)
    theta = max(0.0, *((sum(sizes[:k]) - radius) / k for k in range(1, len(w) + 1)))
    return np.array([math.copysign(max(abs(x) - theta, 0.0), x) for x in w])


@right("project_l1_ball")
def l1_by_fractions(w, radius):
    sizes = [abs(Fraction(x)) for x in w.tolist()]
    theta = max(
        [Fraction(0)]
        + [(sum(sorted(sizes)[-k:]) - Fraction(radius)) / k for k in range(1, len(sizes) + 1)]
    )
    return np.sign(w) * [float(max(s - theta, 0)) for s in sizes]


@wrong("project_l1_ball")
def l1_ten_halvings(w, radius):
    if np.abs(w).sum() <= radius:
        return w
    low, high = 0.0, np.abs(w).max()
    for _ in range(10):
        theta = (low + high) / 2
        low, high = (theta, high) if np.abs(soft(w, theta)).sum() > radius else (low, theta)
    return soft(w, high)


@wrong("project_l1_ball")
def l1_two_rounds(w, radius):
    for _ in range(2):
        excess = np.abs(w).sum() - radius
        w = soft(w, max(excess, 0) / max(np.count_nonzero(w), 1))
    return w


@wrong("project_l1_ball")
def l1_three_rounds(w, radius):
    left = np.ones(len(w), dtype=bool)
    theta = max((np.abs(w).sum() - radius) / len(w), 0)
    for _ in range(2):
        left &= np.abs(w) > theta
        theta = max((np.abs(w[left]).sum() - radius) / max(left.sum(), 1), 0)
    return soft(w, theta)


@wrong("project_l1_ball")
def l1_sorts_in_place(w, radius):
    result = l1_by_largest_threshold(w, radius)
    w.sort()
    return result


@wrong("project_l1_ball")
def l1_threshold_then_rescale(w, radius):
    if np.abs(w).sum() <= radius:
        return w
    kept = soft(w, (np.abs(w).sum() - radius) / len(w))
    return kept * radius / np.abs(kept).sum()


@wrong("project_l1_ball")
def l1_drops_the_smallest_only(w, radius):
    order, v = np.argsort(np.abs(w)), w.copy()
    for j in order:
        excess = np.abs(v).sum() - radius
        if excess <= 0:
            break
        v[j] = np.sign(v[j]) * max(abs(v[j]) - excess, 0)
    return v


@wrong("project_l1_ball")
def l1_strictly_inside(w, radius):
    return l1_by_largest_threshold(w, 0.999 * radius)


@wrong("project_l1_ball")
def l1_of_a_radius_of_one_after_scaling(w, radius):
    return l1_by_largest_threshold(w / radius, 1.0)


@wrong("project_l1_ball")
def l1_signs_of_sorted_entries(w, radius):
    return np.sign(np.sort(w)) * np.abs(l1_by_largest_threshold(w, radius))


# lasso


@right("lasso")
def lasso_by_elastic_net(X, y, lam, n_sweeps=1000, tol=1e-10):
    model = linear_model.ElasticNet(
        alpha=lam / len(y) / 2, l1_ratio=1.0, fit_intercept=False, tol=1e-13, max_iter=10**5
    )
    return model.fit(X, y).coef_.copy()


@right("lasso")
def lasso_all_sweeps_without_a_stop(X, y, lam, n_sweeps=300, tol=None):
    w = np.zeros(X.shape[1])
    for _ in range(n_sweeps):
        for j, x in enumerate(X.T):
            w[j] = 0.0
            length = x @ x
            w[j] = soft(x @ (y - X @ w), lam / 2) / length if length else 0.0
    return w


@right("lasso")
def lasso_from_ridge_backwards(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = np.linalg.pinv(X.T @ X + 0.1 * np.eye(X.shape[1])) @ X.T @ y
    w[~X.any(axis=0)] = 0
    for _ in range(n_sweeps):
        biggest = 0
        for j in range(X.shape[1] - 1, -1, -1):
            if not X[:, j].any():
                continue
            slope, length = -2 * X[:, j] @ (y - X @ w), 2 * X[:, j] @ X[:, j]
            new = soft(w[j] - slope / length, lam / length)
            biggest, w[j] = max(biggest, abs(new - w[j])), new
        if biggest <= tol:
            return w
    return w


@right("lasso")
def lasso_by_patterns(X, y, lam, n_sweeps=0, tol=0):
    """Try all sets of weights; within a set follow the signs until they agree."""
    d, best = X.shape[1], np.zeros(X.shape[1])

    def cost(w):
        return np.sum((y - X @ w) ** 2) + lam * np.abs(w).sum()

    for code in range(3**d):
        signs = np.array([code // 3**j % 3 - 1 for j in range(d)])
        used = signs != 0
        part = X[:, used]
        if not used.any() or np.linalg.matrix_rank(part) < used.sum():
            continue
        w = np.zeros(d)
        w[used] = np.linalg.solve(part.T @ part, part.T @ y - lam / 2 * signs[used])
        if np.all(np.sign(w) == signs) and cost(w) < cost(best):
            best = w
    return best


@right("lasso")
def lasso_ista_with_backtracking(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, step = np.zeros(X.shape[1]), 1.0
    for _ in range(3 * n_sweeps):
        slope = -2 * X.T @ (y - X @ w)
        while True:
            new = soft(w - step * slope, step * lam)
            move = new - w
            if np.sum((X @ move) ** 2) <= move @ move / (2 * step) + 1e-300:
                break
            step *= 0.7
        w = new
        if np.abs(move).max() < 1e-13:
            break
    return w


@right("lasso")
def lasso_by_reweighted_ridge_then_signs(X, y, lam, n_sweeps=1000, tol=1e-10):
    """Find the zeros by reweighted ridge, then solve for the others with their signs."""
    w = np.ones(X.shape[1])
    for _ in range(3000):
        root = np.sqrt(np.abs(w))
        scaled = X * root
        w = root * np.linalg.solve(
            scaled.T @ scaled + (lam / 2 + 1e-14) * np.eye(len(w)), scaled.T @ y
        )
    used = np.abs(w) > 1e-6 * max(np.abs(w).max(), 1e-3)
    exact, part = np.zeros(len(w)), X[:, used]
    pull = part.T @ y - lam / 2 * np.sign(w[used])
    exact[used] = np.linalg.lstsq(part.T @ part, pull, rcond=None)[0]
    return exact


def sweeps(X, y, lam, n_sweeps=1000, *, tol=1e-12, start=None):
    w = np.zeros(X.shape[1]) if start is None else start
    for _ in range(n_sweeps):
        before = w.copy()
        for j in np.flatnonzero(X.any(axis=0)):
            rest = y - X @ w + X[:, j] * w[j]
            w[j] = soft(X[:, j] @ rest, lam / 2) / (X[:, j] @ X[:, j])
        if np.abs(w - before).max() <= tol:
            break
    return w


@wrong("lasso")
def lasso_jacobi(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, squares = np.zeros(X.shape[1]), np.sum(X**2, axis=0)
    for _ in range(n_sweeps):
        pull = X.T @ (y - X @ w) + squares * w
        w = np.where(squares > 0, soft(pull, lam / 2) / np.where(squares > 0, squares, 1), 0)
    return w


@wrong("lasso")
def lasso_three_sweeps(X, y, lam, n_sweeps=1000, tol=1e-10):
    return sweeps(X, y, lam, 3)


@wrong("lasso")
def lasso_loose_stop(X, y, lam, n_sweeps=1000, tol=1e-10):
    return sweeps(X, y, lam, tol=0.01)


@wrong("lasso")
def lasso_zero_stays_zero(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = sweeps(X, y, lam, 1)
    used = w != 0
    w[used] = sweeps(X[:, used], y, lam)
    return w


@wrong("lasso")
def lasso_subgradient_steps(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, step = np.zeros(X.shape[1]), 0.5 / np.linalg.norm(X, 2) ** 2
    for k in range(2000):
        w = w - step / (1 + 0.01 * k) * (2 * X.T @ (X @ w - y) + lam * np.sign(w))
    return w


@wrong("lasso")
def lasso_reweighted_only(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = np.linalg.pinv(X) @ y
    for _ in range(200):
        w = np.linalg.pinv(X.T @ X + np.diag(lam / 2 / (np.abs(w) + 1e-8))) @ X.T @ y
    return w


@wrong("lasso")
def lasso_drops_small_weights(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = sweeps(X, y, lam)
    return np.where(np.abs(w) < 0.3, 0, w)


@wrong("lasso")
def lasso_without_a_zero_guard(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = np.zeros(X.shape[1])
    for _ in range(50):
        for j in range(len(w)):
            rest = y - X @ w + X[:, j] * w[j]
            w[j] = soft(X[:, j] @ rest, lam / 2) / (X[:, j] @ X[:, j])
    return w


@wrong("lasso")
def lasso_updates_y(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, squares = np.zeros(X.shape[1]), np.sum(X**2, axis=0)
    for _ in range(n_sweeps):
        for j in np.flatnonzero(squares):
            new = soft(X[:, j] @ y + squares[j] * w[j], lam / 2) / squares[j]
            y += X[:, j] * (w[j] - new)
            w[j] = new
    return w


@wrong("lasso")
def lasso_refuses_no_penalty(X, y, lam, n_sweeps=1000, tol=1e-10):
    if lam <= 0:
        raise ValueError("lam should be positive")
    return sweeps(X, y, lam)


@wrong("lasso")
def lasso_random_start_in_a_zero_column(X, y, lam, n_sweeps=1000, tol=1e-10):
    return sweeps(X, y, lam, start=np.full(X.shape[1], 0.1))


@wrong("lasso")
def lasso_ends_at_a_zero_column(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = np.zeros(X.shape[1])
    for _ in range(200):
        for j, x in enumerate(X.T):
            if not x.any():
                break
            w[j] = soft(x @ (y - X @ w) + x @ x * w[j], lam / 2) / (x @ x)
    return w


@wrong("lasso")
def lasso_rounds_weights_below_a_hundredth(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = sweeps(X, y, lam)
    return np.where(np.abs(w) < 0.01, 0, w)


@wrong("lasso")
def lasso_thirty_sweeps(X, y, lam, n_sweeps=1000, tol=1e-10):
    return sweeps(X, y, lam, 30)


# lasso_lambda_max


@right("lasso_lambda_max")
def lambda_max_as_an_array(X, y):
    return np.abs(2 * X.T.dot(y.reshape(-1, 1))).max(axis=0).reshape(())


@right("lasso_lambda_max")
def lambda_max_by_sorting(X, y):
    return sorted(abs(float(np.dot(X[:, j], y))) for j in range(X.shape[1]))[-1] * 2


@right("lasso_lambda_max")
def lambda_max_by_both_signs(X, y):
    return max(np.max(2 * y @ X), np.max(-2 * y @ X))


@right("lasso_lambda_max")
def lambda_max_by_fractions(X, y):
    sums = [
        sum(Fraction(a) * Fraction(b) for a, b in zip(column, y.tolist(), strict=True))
        for column in X.T.tolist()
    ]
    return 2 * max(map(abs, sums))


@right("lasso_lambda_max")
def lambda_max_by_scikit_learn(X, y):
    alphas = linear_model.lars_path(X, y, method="lasso")[0]
    return 2 * len(y) * alphas[0]


@wrong("lasso_lambda_max")
def lambda_max_nearly(X, y):
    return 2 * np.abs(X.T @ y).max() * 1.001


@wrong("lasso_lambda_max")
def lambda_max_of_the_gram_matrix(X, y):
    return 2 * np.linalg.eigvalsh(X.T @ X)[-1]


@wrong("lasso_lambda_max")
def lambda_max_of_positive_columns(X, y):
    return max(2 * np.max(X.T @ y), 0.0)


@wrong("lasso_lambda_max")
def lambda_max_never_zero(X, y):
    return max(2 * np.abs(X.T @ y).max(), 1e-3)


@wrong("lasso_lambda_max")
def lambda_max_by_a_grid(X, y):
    grid = np.logspace(-3, 3, 1000)
    return grid[np.argmax(grid >= 2 * np.abs(X.T @ y).max())]


@wrong("lasso_lambda_max")
def lambda_max_first_column(X, y):
    return 2 * abs(X[:, 0] @ y)


@wrong("lasso_lambda_max")
def lambda_max_rounded(X, y):
    return round(2 * np.abs(X.T @ y).max(), 1)


# ridge_lambda_for_radius


def norm(X, y, lam):
    return np.linalg.norm(solved(X, y, lam))


@right("ridge_lambda_for_radius")
def radius_by_halving_the_logarithm(X, y, radius):
    if norm(X, y, 0) <= radius:
        return 0.0
    low, high = 1e-12, 1e12
    for _ in range(120):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if norm(X, y, middle) > radius else (low, middle)
    return math.sqrt(low * high)


@right("ridge_lambda_for_radius")
def radius_without_looking_inside(X, y, radius):
    """Halve toward 0: where least squares is inside, what is left is within rounding of 0."""
    low, high = 0.0, 10 * np.linalg.norm(X.T @ y) / radius
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if norm(X, y, middle) > radius else (low, middle)
    return low


@right("ridge_lambda_for_radius")
def radius_by_fixed_point(X, y, radius):
    """Multiply λ + v by the ratio of norms, with v the smallest eigenvalue; then polish."""
    if norm(X, y, 0) <= radius:
        return np.float64(0)
    lam = 0.0
    for _ in range(60):
        w = solved(X, y, lam)
        v = np.linalg.solve(X.T @ X + lam * np.eye(len(w)), w)
        lam = lam + (w @ w) / (w @ v) * (np.linalg.norm(w) / radius - 1)
    return lam


@right("ridge_lambda_for_radius")
def radius_by_ridder(X, y, radius):
    bound = np.linalg.norm(X.T @ y) / radius
    if norm(X, y, 0.0) <= radius * (1 + 1e-14):
        return 0.0
    root = scipy.optimize.root_scalar(
        lambda lam: radius / norm(X, y, lam) - 1, bracket=[0, bound], method="toms748", rtol=1e-14
    )
    return root.root


@wrong("ridge_lambda_for_radius")
def radius_thirty_halvings_of_much(X, y, radius):
    low, high = 0.0, 1e10
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if norm(X, y, middle) > radius else (low, middle)
    return middle


@wrong("ridge_lambda_for_radius")
def radius_by_growing(X, y, radius):
    lam = 0.0
    while norm(X, y, lam) > radius:
        lam = 1.01 * lam + 1e-4
    return lam


@wrong("ridge_lambda_for_radius")
def radius_by_a_grid(X, y, radius):
    grid = np.append(0.0, np.logspace(-6, 8, 400))
    return min(grid, key=lambda lam: abs(norm(X, y, lam) - radius))


@wrong("ridge_lambda_for_radius")
def radius_by_minimizing(X, y, radius):
    found = scipy.optimize.minimize_scalar(
        lambda lam: (norm(X, y, lam) - radius) ** 2, bounds=(0, 1e4), method="bounded"
    )
    return found.x


@wrong("ridge_lambda_for_radius")
def radius_stops_at_six_digits(X, y, radius):
    if norm(X, y, 0) <= radius:
        return 0.0
    low, high = 0.0, np.linalg.norm(X.T @ y) / radius
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if norm(X, y, middle) > radius else (low, middle)
    return (low + high) / 2


@wrong("ridge_lambda_for_radius")
def radius_never_quite_inside(X, y, radius):
    return max(radius_by_halving_the_logarithm(X, y, radius), 0.01)


@wrong("ridge_lambda_for_radius")
def radius_of_the_lasso(X, y, radius):
    low, high = 0.0, 2 * np.abs(X.T @ y).max()
    for _ in range(40):
        middle = (low + high) / 2
        inside = np.linalg.norm(sweeps(X, y, middle, 50)) <= radius
        low, high = (low, middle) if inside else (middle, high)
    return high


@wrong("ridge_lambda_for_radius")
def radius_inside_by_largest_entry(X, y, radius):
    if np.abs(solved(X, y, 0)).max() <= radius:
        return 0.0
    return radius_by_halving_the_logarithm(X, y, radius)


@wrong("ridge_lambda_for_radius")
def radius_up_to_ten_million(X, y, radius):
    return min(radius_by_halving_the_logarithm(X, y, radius), 1e7)


# projected_gradient_descent


@right("projected_gradient_descent")
def descent_with_keywords(X, y, project, radius, n_steps=1000):
    w, rate = np.zeros(X.shape[1]), 1 / np.linalg.eigvalsh(2 * X.T @ X).max()
    for _ in range(n_steps):
        w = project(w=w + rate * 2 * (y - X @ w) @ X, radius=radius)
    return w


@right("projected_gradient_descent")
def descent_of_the_mean(X, y, project, radius, n_steps=1000):
    n = len(y)
    step = n / (2 * np.linalg.svd(X)[1][0] ** 2)
    w = np.zeros(X.shape[1])
    for _ in range(n_steps):
        w = project(w - step * (2 / n) * X.T @ (X @ w - y), radius)
    return w


@right("projected_gradient_descent")
def descent_on_scaled_data(X, y, project, radius, n_steps=1000):
    """Bring X to norm 1 first, and count the weights in other units."""
    size = np.linalg.norm(X, 2)
    v = np.zeros(X.shape[1])
    for _ in range(n_steps):
        v = project(v - (X / size).T @ (X @ v / size - y), radius * size)
    return v / size


@right("projected_gradient_descent")
def descent_with_exact_averages(X, y, project, radius, n_steps=1000):
    """Walk along the way to the projected point as far as the loss falls."""
    w, step = np.zeros(X.shape[1]), 1 / np.sum(X**2)
    for _ in range(n_steps):
        way = project(w - step * X.T @ (X @ w - y), radius) - w
        bend = np.sum((X @ way) ** 2)
        if bend < 1e-30 * np.sum(y**2):
            break
        w = w + np.clip(way @ (X.T @ (y - X @ w)) / bend, 0, 1) * way
    return w


@right("projected_gradient_descent")
def descent_from_an_array_of_lists(X, y, project, radius, n_steps=1000):
    w = [0.0] * X.shape[1]
    step = 0.99 / (2 * np.linalg.norm(X.T @ X, 2))
    for _ in range(n_steps):
        residual = [
            sum(a * b for a, b in zip(row, w, strict=True)) - v for row, v in zip(X, y, strict=True)
        ]
        slope = [2 * sum(r * x for r, x in zip(residual, column, strict=True)) for column in X.T]
        w = list(project(np.array([a - step * s for a, s in zip(w, slope, strict=True)]), radius))
    return np.array(w)


@wrong("projected_gradient_descent")
def descent_now_and_then(X, y, project, radius, n_steps=1000):
    w, step = np.zeros(X.shape[1]), 0.5 / np.linalg.norm(X, 2) ** 2
    for k in range(n_steps):
        w = w - step * 2 * X.T @ (X @ w - y)
        if k % 10 == 9:
            w = project(w, radius)
    return w


@wrong("projected_gradient_descent")
def descent_with_falling_steps(X, y, project, radius, n_steps=1000):
    w = np.zeros(X.shape[1])
    for k in range(n_steps):
        w = project(w - 0.1 / (k + 1) * 2 * X.T @ (X @ w - y), radius)
    return w


@wrong("projected_gradient_descent")
def descent_by_frobenius_not_squared(X, y, project, radius, n_steps=1000):
    w = np.zeros(X.shape[1])
    for _ in range(n_steps):
        w = project(w - 0.5 / np.linalg.norm(X) * 2 * X.T @ (X @ w - y), radius)
    return w


@wrong("projected_gradient_descent")
def descent_by_the_number_of_rows(X, y, project, radius, n_steps=1000):
    w = np.zeros(X.shape[1])
    for _ in range(n_steps):
        w = project(w - 0.1 / len(X) * 2 * X.T @ (X @ w - y), radius)
    return w


@wrong("projected_gradient_descent")
def descent_a_little_outside(X, y, project, radius, n_steps=1000):
    return (1 + 1e-7) * descent_with_keywords(X, y, project, radius)


@wrong("projected_gradient_descent")
def descent_tests_the_norm(X, y, project, radius, n_steps=1000):
    w, step = np.zeros(X.shape[1]), 0.5 / np.linalg.norm(X, 2) ** 2
    for _ in range(n_steps):
        w = w - step * 2 * X.T @ (X @ w - y)
        if np.linalg.norm(w) > radius:
            w = w * radius / np.linalg.norm(w)
    return w


def descent_with_bound(bound, stop=0.0):
    """Return projected gradient descent that takes `bound(X)` for the largest eigenvalue."""

    def answer(X, y, project, radius, n_steps=1000):
        w = np.zeros(X.shape[1])
        for _ in range(n_steps):
            before, w = w, project(w - X.T @ (X @ w - y) / bound(X), radius)
            if np.abs(w - before).max() <= stop:
                break
        return w

    return answer


wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.sum(X**2, axis=0).max()))
wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.abs(X.T @ X).max()))
wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.linalg.norm(X, 1) ** 2 / 2))
wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.linalg.norm(X, 2) ** 2, 1e-6))
right("projected_gradient_descent")(descent_with_bound(lambda X: np.sum(X**2)))


@wrong("projected_gradient_descent")
def descent_in_place(X, y, project, radius, n_steps=1000):
    w = descent_with_keywords(X, y, project, radius)
    y -= X @ w
    return w


@wrong("projected_gradient_descent")
def descent_never_keeps_the_projection(X, y, project, radius, n_steps=1000):
    w, step = np.zeros(X.shape[1]), 0.5 / np.linalg.norm(X, 2) ** 2
    for _ in range(n_steps):
        w = w - step * 2 * X.T @ (X @ w - y)
        project(w, radius)
    return w


# Answers of another stranger, who looked for what the cases leave out.


@right("ridge")
def ridge_by_damped_lsqr(X, y, lam):
    return scipy.sparse.linalg.lsqr(X, y, lam**0.5, atol=0, btol=0, conlim=0, iter_lim=5000)[0]


@right("ridge")
def ridge_by_one_newton_step(X, y, lam):
    def cost(w):
        return np.sum((y - X @ w) ** 2) + lam * w @ w

    w = scipy.optimize.minimize(cost, np.zeros(X.shape[1])).x
    return w - np.linalg.solve(X.T @ X + lam * np.eye(len(w)), X.T @ (X @ w - y) + lam * w)


@right("shrinkage_factors")
def factors_by_rotations(X, lam):
    """Turn pairs of columns until all are orthogonal: their lengths are the singular values."""
    A = (X if X.shape[0] >= X.shape[1] else X.T).copy()
    for _ in range(60):
        for p in range(A.shape[1]):
            for q in range(p + 1, A.shape[1]):
                a, b, c = A[:, p] @ A[:, p], A[:, q] @ A[:, q], A[:, p] @ A[:, q]
                angle = 0.5 * math.atan2(2 * c, a - b)
                turn = [
                    [math.cos(angle), -math.sin(angle)],
                    [math.sin(angle), math.cos(angle)],
                ]
                A[:, [p, q]] = A[:, [p, q]] @ turn
    squares = np.sort(np.sum(A**2, axis=0))[::-1]
    return squares / (squares + lam)


@right("project_l2_ball")
def l2_by_a_unit_vector(w, radius):
    if np.dot(w, w) <= radius * radius:
        return w.copy()
    u = w / np.abs(w).max()
    return radius * (u / np.sqrt(u @ u))


@right("project_l1_ball")
def l1_takes_away_a_clipped_part(w, radius):
    theta = 0.0
    for _ in range(len(w) + 1):
        left = np.maximum(np.abs(w) - theta, 0)
        if left.sum() <= radius:
            break
        theta += (left.sum() - radius) / np.count_nonzero(left)
    return w - np.clip(w, -theta, theta)


@right("project_l1_ball")
def l1_from_the_last_candidate(w, radius):
    order = np.argsort(-np.abs(w))
    sums = np.abs(w)[order].cumsum()
    if sums[-1] < radius:
        return w
    k = len(w)
    while abs(w[order[k - 1]]) <= (sums[k - 1] - radius) / k:
        k -= 1
    return soft(w, max((sums[k - 1] - radius) / k, 0))


@right("lasso")
def lasso_on_unit_columns(X, y, lam, n_sweeps=1000, tol=1e-10):
    lengths = np.sqrt(np.sum(X**2, axis=0))
    used = np.flatnonzero(lengths)
    Z, v, w = X[:, used] / lengths[used], np.zeros(len(used)), np.zeros(len(lengths))
    for _ in range(n_sweeps):
        before = v.copy()
        for j in range(len(v)):
            v[j] = 0
            v[j] = soft(Z[:, j] @ (y - Z @ v), lam / 2 / lengths[used[j]])
        if not np.any(np.abs(v - before) > 1e-13):
            break
    w[used] = v / lengths[used]
    return w


@right("lasso")
def lasso_down_a_path(X, y, lam, n_sweeps=1000, tol=1e-10):
    top, w = 2 * np.abs(X.T @ y).max(), np.zeros(X.shape[1])
    if lam >= top:
        return w
    for step in np.r_[np.geomspace(top, max(lam, 1e-4 * top), 20)[:-1], lam]:
        w = sweeps(X, y, step, start=w)
    return w


@right("lasso")
def lasso_by_bounded_halves(X, y, lam, n_sweeps=1000, tol=1e-10):
    """Minimize over the positive and the negative parts, then solve on what is left."""
    d = X.shape[1]
    scale = np.where(X.any(axis=0), np.sqrt(np.sum(X**2, axis=0)), 1)
    Z, size = X / scale, np.linalg.norm(y)

    def cost(u):
        r = Z @ (u[:d] - u[d:]) - y / size
        slope, price = 2 * Z.T @ r, lam / size / scale
        return r @ r + price @ (u[:d] + u[d:]), np.r_[slope + price, price - slope]

    u = scipy.optimize.minimize(
        cost,
        np.zeros(2 * d),
        jac=True,
        bounds=[(0, None)] * (2 * d),
        method="L-BFGS-B",
        options={"ftol": 0, "gtol": 1e-12, "maxiter": 20000, "maxfun": 40000},
    ).x
    v = u[:d] - u[d:]
    used, w = np.abs(v) > 1e-6 * np.abs(v).max(), np.zeros(d)
    pull = X[:, used].T @ y - lam / 2 * np.sign(v[used])
    w[used] = np.linalg.lstsq(X[:, used].T @ X[:, used], pull, rcond=None)[0]
    return w


@right("projected_gradient_descent")
def descent_by_splitting(X, y, project, radius, n_steps=1000):
    d = np.linalg.svd(X, compute_uv=False)
    inverse = np.linalg.inv(X.T @ X + d[0] * d[-1] * np.eye(X.shape[1]))
    z = u = np.zeros(X.shape[1])
    for _ in range(n_steps):
        w = inverse @ (X.T @ y + d[0] * d[-1] * (z - u))
        z = project(w + u, radius)
        u = u + w - z
    return z


@right("projected_gradient_descent")
def descent_with_steps_of_the_secant(X, y, project, radius, n_steps=1000):
    """Take the step from the last move (Barzilai and Borwein) and keep the best point."""
    w = best = np.zeros(X.shape[1])
    slope, step = X.T @ (X @ w - y), 1 / np.linalg.norm(X, 2) ** 2
    for _ in range(n_steps):
        new = project(w - step * slope, radius)
        move, turn = new - w, X.T @ (X @ (new - w))
        if not move.any():
            break
        step = (move @ move) / (move @ turn)
        w, slope = new, slope + turn
        best = min(best, w, key=lambda v: np.sum((y - X @ v) ** 2))
    return best


right("projected_gradient_descent")(descent_with_bound(lambda X: np.linalg.norm(X, 2) ** 2 / 1.9))


@right("ridge_lambda_for_radius")
def radius_to_the_last_float(X, y, radius):
    high = 1.0
    if norm(X, y, 0) <= radius:
        return 0
    while norm(X, y, high) > radius:
        high *= 2
    low = 0 if high == 1 else high / 2
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if norm(X, y, middle) > radius else (low, middle)
    return middle


@right("ridge_lambda_for_radius")
def radius_by_false_position(X, y, radius):
    def excess(lam):
        return 1 / norm(X, y, lam) - 1 / radius

    if excess(0) >= 0:
        return 0.0
    a, b = 0.0, np.linalg.norm(X.T @ y) / radius
    at_a, at_b = excess(a), excess(b)
    for _ in range(300):
        if at_b == at_a or abs(b - a) < 1e-15 * b:
            break
        c = b - at_b * (b - a) / (at_b - at_a)
        at_c = excess(c)
        a, at_a = (b, at_b) if at_c * at_b < 0 else (a, at_a / 2)
        b, at_b = c, at_c
    return b


right("outlier_row")(np.int32(31))
right("orthonormal_estimates")(
    {
        "lasso": (Fraction(5, 2), Fraction(-1, 2), 0, -0.0),
        "subset": np.array([3, -1, 0, 0]),
        "ridge": [np.float32(1.5), -0.5, 0.25, -0.125],
    }
)
right("prostate_ridge")((2.452, 0.420, 0.238, -0.046, 0.162, 0.227, 0.000, 0.040, 0.133))


# Wrong ones


@wrong("ridge")
def ridge_is_least_squares_for_a_tiny_penalty(X, y, lam):
    return np.linalg.pinv(X) @ y if lam < 1e-3 else solved(X, y, lam)


@wrong("ridge")
def ridge_is_zero_for_a_huge_penalty(X, y, lam):
    return solved(X, y, lam) if lam < 1e6 else np.zeros(X.shape[1])


@wrong("ridge")
def ridge_hundred_right_steps(X, y, lam):
    w, step = np.zeros(X.shape[1]), 1 / (np.linalg.norm(X, 2) ** 2 + lam)
    for _ in range(100):
        w = w + step * (X.T @ (y - X @ w) - lam * w)
    return w


@wrong("ridge")
def ridge_shortest_when_wide(X, y, lam):
    return np.linalg.pinv(X) @ y if X.shape[0] < X.shape[1] else solved(X, y, lam)


@wrong("ridge")
def ridge_one_weight_is_a_number(X, y, lam):
    return np.squeeze(solved(X, y, lam))


@wrong("ridge")
def ridge_centers_the_response_only(X, y, lam):
    return solved(X, y - y.mean(), lam)


@wrong("ridge")
def ridge_turns_the_rows_around(X, y, lam):
    w = solved(X, y, lam)
    X[:] = X[::-1]
    return w


@wrong("shrinkage_factors")
def factors_of_a_square_matrix_by_eigenvalues(X, lam):
    square = X.shape[0] == X.shape[1]
    d = np.abs(np.linalg.eigvals(X)) if square else np.linalg.svd(X, compute_uv=False)
    return np.sort(d)[::-1] ** 2 / (np.sort(d)[::-1] ** 2 + lam)


@wrong("shrinkage_factors")
def factors_of_the_first_columns(X, lam):
    d2 = np.linalg.svd(X[:, : X.shape[0]], compute_uv=False) ** 2
    return d2 / (d2 + lam)


@wrong("project_l2_ball")
def l2_compares_with_one(w, radius):
    length = np.linalg.norm(w)
    return w if length <= 1 else w * radius / length


@wrong("project_l2_ball")
def l2_short_is_zero(w, radius):
    length = np.linalg.norm(w)
    return 0 * w if length < 0.1 else w * min(1, radius / length)


@wrong("project_l1_ball")
def l1_sorts_upward(w, radius):
    sizes = np.sort(np.abs(w))
    if sizes.sum() <= radius:
        return w
    return soft(w, np.max((sizes.cumsum() - radius) / np.arange(1, len(w) + 1)))


@wrong("project_l1_ball")
def l1_smallest_positive_threshold(w, radius):
    sizes = np.sort(np.abs(w))[::-1]
    if sizes.sum() <= radius:
        return w
    thetas = (sizes.cumsum() - radius) / np.arange(1, len(w) + 1)
    return soft(w, thetas[thetas > 0].min())


@wrong("project_l1_ball")
def l1_counts_equal_sizes_once(w, radius):
    sizes = np.unique(np.abs(w))[::-1]
    if np.abs(w).sum() <= radius:
        return w
    return soft(w, max(0, np.max((sizes.cumsum() - radius) / np.arange(1, len(sizes) + 1))))


@wrong("project_l1_ball")
def l1_looks_up_to_the_largest_signed_entry(w, radius):
    low, high = 0.0, w.max()
    if np.abs(w).sum() <= radius:
        return w
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.abs(soft(w, middle)).sum() > radius else (low, middle)
    return soft(w, high)


@wrong("lasso")
def lasso_never_returns_to_a_zero(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, closed = np.zeros(X.shape[1]), ~X.any(axis=0)
    for _ in range(n_sweeps):
        before = w.copy()
        for j in np.flatnonzero(~closed):
            w[j] = 0
            w[j] = soft(X[:, j] @ (y - X @ w), lam / 2) / (X[:, j] @ X[:, j])
            closed[j] = w[j] == 0
        if np.abs(w - before).max() <= tol:
            break
    return w


@wrong("lasso")
def lasso_drops_a_thousandth_of_the_largest(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = sweeps(X, y, lam)
    return np.where(np.abs(w) < 1e-3 * np.abs(w).max(), 0, w)


@wrong("lasso")
def lasso_leaves_out_short_columns(X, y, lam, n_sweeps=1000, tol=1e-10):
    return sweeps(np.where(np.sum(X**2, axis=0) < 0.1, 0, X), y, lam)


@wrong("lasso")
def lasso_stops_when_no_weight_grew(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = np.zeros(X.shape[1])
    for _ in range(n_sweeps):
        old, w = w, sweeps(X, y, lam, 1, start=w.copy())
        if (w - old).max() <= tol:
            break
    return w


@wrong("lasso")
def lasso_keeps_the_residual_of_a_dropped_weight(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, r = np.zeros(X.shape[1]), y.copy()
    for _ in range(200):
        for j in np.flatnonzero(X.any(axis=0)):
            x, old = X[:, j], w[j]
            w[j] = soft(x @ r + x @ x * old, lam / 2) / (x @ x)
            if w[j] != 0:
                r = r - (w[j] - old) * x
    return w


@wrong("lasso_lambda_max")
def lambda_max_per_column_when_wide(X, y):
    return 2 * np.abs(X.T @ y).max() / (X.shape[1] if X.shape[0] < X.shape[1] else 1)


@wrong("lasso_lambda_max")
def lambda_max_as_an_int(X, y):
    return int(2 * np.abs(X.T @ y).max())


wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.linalg.eigvals(X.T @ X)[0]))
wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.sum(X**2) / 2))
wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.linalg.norm(X, np.inf) ** 2))
wrong("projected_gradient_descent")(descent_with_bound(lambda X: np.linalg.norm(X, 2) ** 2, 1e-4))


@wrong("projected_gradient_descent")
def descent_returns_the_mean_of_the_way(X, y, project, radius, n_steps=1000):
    w, total, step = np.zeros(X.shape[1]), 0.0, 1 / np.linalg.norm(X, 2) ** 2
    for _ in range(n_steps):
        w = project(w - step * X.T @ (X @ w - y), radius)
        total = total + w
    return total / n_steps


@wrong("projected_gradient_descent")
def descent_ends_on_the_boundary(X, y, project, radius, n_steps=1000):
    return project(1e9 * descent_with_keywords(X, y, project, radius), radius)


@wrong("projected_gradient_descent")
def descent_stops_when_the_cost_falls_little(X, y, project, radius, n_steps=1000):
    w, cost, step = np.zeros(X.shape[1]), y @ y, 1 / np.linalg.norm(X, 2) ** 2
    for _ in range(n_steps):
        w = project(w - step * X.T @ (X @ w - y), radius)
        before, cost = cost, np.sum((y - X @ w) ** 2)
        if before - cost < 1e-3 * y @ y:
            break
    return w


@wrong("ridge_lambda_for_radius")
def radius_halves_to_a_fixed_width(X, y, radius):
    low, high = 0.0, np.linalg.norm(X.T @ y) / radius
    if norm(X, y, 0) <= radius:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if norm(X, y, middle) > radius else (low, middle)
        if high - low < 1e-9:
            break
    return (low + high) / 2


@wrong("ridge_lambda_for_radius")
def radius_searches_by_the_size_of_the_data(X, y, radius):
    low, high = 0.0, 10 * np.linalg.norm(X, 2) ** 2
    if norm(X, y, 0) <= radius:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if norm(X, y, middle) > radius else (low, middle)
    return middle


@wrong("ridge_lambda_for_radius")
def radius_calls_nearly_inside_inside(X, y, radius):
    near = norm(X, y, 0) <= 1.05 * radius
    return 0.0 if near else radius_by_halving_the_logarithm(X, y, radius)


wrong("outlier_row")((np.array([31]),))
wrong("outlier_row")("31")
wrong("orthonormal_estimates")(
    {"Subset": [3, -1, 0, 0], "Ridge": [1.5, -0.5, 0.25, -0.125], "Lasso": [2.5, -0.5, 0, 0]}
)
wrong("prostate_ridge")((2.464, 0.420, 0.238, -0.046, 0.162, 0.227, 0.000, 0.040, 0.133))
wrong("prostate_ridge")((2.45, 0.42, 0.24, -0.05, 0.16, 0.23, 0.00, 0.04, 0.13))


@pytest.mark.parametrize("row", RIGHT, ids=label)
def test_an_unusual_right_answer_earns_full_marks(row):
    ASKED.assert_right(*row)


@pytest.mark.parametrize("row", WRONG, ids=label)
def test_a_subtly_wrong_answer_loses_something(row):
    ASKED.assert_wrong(*row)


def test_every_function_has_outsiders():
    ASKED.assert_enough(rights=4, wrongs=6)


@pytest.mark.parametrize("name", ["project_l2_ball", "project_l1_ball"])
@pytest.mark.parametrize("form", ["box", "discs"])
def test_a_projection_of_the_driver_is_no_answer(name, form):
    def answer(w, radius):
        ball = {"form": form, "sides": np.ones(len(w))}
        return projection(ball, len(w))(w, radius)

    assert outcome(name, answer).status == "wrong"
