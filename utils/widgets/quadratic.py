"""Closed forms for two weights: the least of a quadratic loss under a penalty, or under a budget.

The loss is J(w) = (w − w*)ᵀA(w − w*), what ‖y − Xw‖² is up to a constant for A = XᵀX, and the
penalty is P(w) = mix·‖w‖₁ + (1 − mix)·‖w‖²: the lasso for mix = 1, ridge for mix = 0, an elastic
net between. Two problems have the same solutions: the least J(w) + λ P(w), and the least J(w) with
the budget P(w) ≤ t (ridge: ‖w‖ ≤ t). With two weights both have closed forms on each face of the
region, so that all strengths, or all budgets, are solved in one call.
"""

import numpy as np

__all__ = [
    "budget",
    "disc_strength",
    "kkt_residual",
    "quadratic_form",
    "solve_constrained",
    "solve_penalized",
    "zero_from",
]

NEGLIGIBLE = 1e-14  # what counts as rounding, relative to the largest of its kind


def quadratic_form(correlation, eccentricity):
    """Return A = XᵀX of two columns with this correlation, the first of length 1, (2, 2).

    The second has the length √(1 − eccentricity²); so the contours of J have this eccentricity
    where the correlation is 0, and a larger one elsewhere.

    >>> quadratic_form(0.5, 0.6).round(2).tolist()
    [[1.0, 0.4], [0.4, 0.64]]
    """
    length = np.sqrt(1 - eccentricity**2)
    return np.array([[1.0, correlation * length], [correlation * length, length**2]])


def budget(w, mix):
    """Return what of a budget weights take: mix·‖w‖₁ + (1 − mix)·‖w‖², and ‖w‖ for mix = 0.

    Parameters
    ----------
    w : (..., 2) array
    mix : float
        The part of L1 in the penalty, from 0 (ridge) to 1 (lasso).

    Returns
    -------
    (...) array

    Examples
    --------
    >>> [float(budget(np.array([3.0, -4.0]), mix)) for mix in (1, 0, 0.5)]
    [7.0, 5.0, 16.0]
    """
    if mix == 0:
        return np.hypot(w[..., 0], w[..., 1])
    return mix * np.abs(w).sum(axis=-1) + (1 - mix) * np.square(w).sum(axis=-1)


def solve_penalized(A, optimum, lam, mix):
    """Return argmin (w − w*)ᵀA(w − w*) + λ P(w) for each λ, with exact zeros.

    With H = A + λ(1 − mix)I, b = Aw* and the threshold c = λ·mix/2 the solution is one of seven:
    0; soft(bᵢ, c)/Hᵢᵢ on axis i; H⁻¹(b − c·s) for the signs s. The one that is optimal is taken.

    Parameters
    ----------
    A : (2, 2) array
        Symmetric and positive definite.
    optimum : (2,) array
        w*, where J is least.
    lam : (n,) array
    mix : float

    Returns
    -------
    (n, 2) array

    Examples
    --------
    >>> solve_penalized(np.eye(2), np.array([3.0, 1.0]), np.array([0.0, 2.0]), 1).tolist()
    [[3.0, 1.0], [2.0, 0.0]]
    """
    lam = np.asarray(lam, dtype=float)
    b = A @ optimum
    H = A + (lam * (1 - mix))[:, None, None] * np.eye(2)
    threshold = (lam * mix / 2)[:, None]
    soft = np.sign(b) * np.maximum(np.abs(b) - threshold, 0) / np.diagonal(H, axis1=1, axis2=2)
    faces = [np.zeros_like(soft), soft * [1, 0], soft * [0, 1]]
    faces += [_solve(H, b - threshold * signs) for signs in _signs(mix)]
    w = np.stack(faces)
    slope = b - (H @ w[..., None])[..., 0]
    off = np.where(w == 0, np.abs(slope) - threshold, np.abs(slope - threshold * np.sign(w)))
    return _best(off.max(axis=-1) / _scale(b), w)


def solve_constrained(A, optimum, t, mix):
    """Return argmin (w − w*)ᵀA(w − w*) within the budget t, and the λ that has the same solution.

    Corners and edges (arcs) of the region are tried alike; the one that is optimal is taken.
    On an arc of an elastic net, v = w + c·s with c = mix/(2(1 − mix)) and the signs s of w turns
    the budget into a disc, ‖v‖² ≤ t/(1 − mix) + 2c², so that `disc_strength` solves it.

    Parameters
    ----------
    A, optimum, mix
        As in `solve_penalized`.
    t : (n,) array
        Budgets, positive; 0 only for mix > 0, since no finite λ makes both weights of ridge 0.

    Returns
    -------
    w : (n, 2) array
    lam : (n,) array
        0 where the optimum is within the budget; the least λ where t is 0.

    Examples
    --------
    >>> w, lam = solve_constrained(np.eye(2), np.array([3.0, 1.0]), np.array([2.0, 9.0]), 1)
    >>> w.tolist(), lam.tolist()
    ([[2.0, 0.0], [3.0, 1.0]], [2.0, 0.0])
    """
    t = np.asarray(t, dtype=float)
    active = t < budget(optimum, mix)
    w, lam = np.tile(np.asarray(optimum, dtype=float), (len(t), 1)), np.zeros(len(t))
    if active.any():
        w[active], lam[active] = _solve_active(A, optimum, t[active], mix)
    return w, lam


def _solve_active(A, optimum, t, mix):
    """Return weights (n, 2) and λ (n,) for budgets that the optimum exceeds."""
    b = A @ optimum
    corners = [_corner(A, b, t, mix, axis) for axis in (0, 1)]
    corners = [np.stack(parts) for parts in zip(*corners, strict=True)]
    w, lam = map(np.concatenate, zip(corners, _arcs(A, optimum, t, mix), strict=True))
    threshold = lam[..., None] * mix / 2
    slope = b - w @ A - lam[..., None] * (1 - mix) * w
    off = np.where(w == 0, np.abs(slope) - threshold, np.abs(slope - threshold * np.sign(w)))
    off = np.maximum(off.max(axis=-1), -lam) / _scale(b)
    off = np.maximum(off, np.abs(budget(w, mix) - t) / budget(optimum, mix))
    return _best(off, w), _best(off, lam)


def _corner(A, b, t, mix, axis):
    """Return the point of the region farthest along an axis, toward b, and the λ that fits."""
    smooth = 1 - mix
    squares = t**2 if mix == 0 else t
    length = 2 * squares / np.maximum(mix + np.sqrt(mix**2 + 4 * smooth * squares), 1e-300)
    w = np.zeros((len(t), 2))
    w[:, axis] = np.sign(b[axis]) * length
    slope = 2 * (np.abs(b[axis]) - A[axis, axis] * length)
    return w, slope / np.maximum(mix + 2 * smooth * length, 1e-300)


def _arcs(A, optimum, t, mix):
    """Return, for each pattern of signs, weights (k, n, 2) and λ (k, n) on the boundary's curve.

    The curve is a line for mix = 1, else a circle. Beyond its quadrant it is no boundary.
    """
    signs = _signs(mix)
    if mix == 1:
        toward = _solve(A[None], signs)
        lam = 2 * ((signs @ optimum)[:, None] - t) / (signs * toward).sum(axis=1)[:, None]
        return optimum - lam[..., None] / 2 * toward[:, None], lam
    shift = mix / (2 * (1 - mix)) * signs
    radius = np.sqrt((t**2 if mix == 0 else t / (1 - mix)) + shift[0] @ shift[0])
    radius = np.tile(radius, len(signs))
    shift = np.repeat(shift, len(t), axis=0)
    center = optimum + shift
    lam = disc_strength(A, center, radius)
    w = _solve(A + lam[:, None, None] * np.eye(2), center @ A) - shift
    return w.reshape(-1, len(t), 2), lam.reshape(-1, len(t)) / (1 - mix)


def disc_strength(A, optimum, radius):
    """Return the λ ≥ 0 with ‖(A + λI)⁻¹Aw*‖ = radius, and 0 where w* is within the radius.

    With eigenvalues d and u = Qᵀw* the norm is φ(λ) = √Σ(dᵢuᵢ/(dᵢ + λ))². 1/φ is nearly a line
    and concave, so Newton's method on 1/φ = 1/radius climbs from λ = 0 to the solution; a bracket
    guards against rounding.

    Parameters
    ----------
    A : (2, 2) array
    optimum : (n, 2) array
        w*.
    radius : (n,) array
        Positive.

    Returns
    -------
    (n,) array

    Examples
    --------
    >>> optimum = np.array([[3.0, 4.0], [3.0, 4.0]])
    >>> disc_strength(np.eye(2), optimum, np.array([2.5, 6.0])).round(12).tolist()
    [1.0, 0.0]
    """
    d, Q = np.linalg.eigh(A)
    pull = np.square(d * (optimum @ Q))
    lam, low = np.zeros(len(radius)), np.zeros(len(radius))
    high = np.sqrt(pull.sum(axis=1)) / radius
    outside = np.hypot(optimum[:, 0], optimum[:, 1]) > radius
    for _ in range(60):
        share = pull / (d + lam[:, None]) ** 2
        norm = np.sqrt(share.sum(axis=1))
        low, high = np.where(norm > radius, lam, low), np.where(norm < radius, lam, high)
        fall = (share / (d + lam[:, None])).sum(axis=1)
        step = (norm / radius - 1) * norm**2 / np.where(fall > 0, fall, 1)
        inside = (lam + step >= low) & (lam + step <= high)
        new = np.where(outside, np.where(inside, lam + step, (low + high) / 2), 0)
        settled = np.abs(new - lam) <= 4e-15 * (new + d[0])
        lam = new
        if settled.all():
            break
    return lam


def _signs(mix):
    """Return the signs that the weights of an arc may have; on a disc they make no difference."""
    return np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])[: 1 if mix == 0 else 4]


def _solve(H, right):
    """Solve 2 × 2 systems by Cramer's rule: H (n, 2, 2), right (n, 2) or (2,)."""
    determinant = H[:, 0, 0] * H[:, 1, 1] - H[:, 0, 1] ** 2
    first = H[:, 1, 1] * right[..., 0] - H[:, 0, 1] * right[..., 1]
    second = H[:, 0, 0] * right[..., 1] - H[:, 0, 1] * right[..., 0]
    return np.stack([first, second], axis=-1) / determinant[:, None]


def _scale(b):
    return max(np.abs(b).max(), 1e-300)


def _best(off, candidates):
    """Return the candidate that is least off, of equals the first, (n, …) of (k, n, …)."""
    first = np.argmin(np.where(off < NEGLIGIBLE, 0, off), axis=0)
    return candidates[first, np.arange(off.shape[1])]


def kkt_residual(A, optimum, w, lam, t, *, mix):
    """Say how far weights are from meeting the conditions of Karush, Kuhn and Tucker.

    They are: −∇J(w) ∈ λ∂P(w); P(w) ≤ t; λ ≥ 0; and λ = 0 unless P(w) = t. Each is written down
    anew here, whatever way led to the solution. The first counts relative to ‖∇J(0)‖∞, the
    budget relative to that of w*.

    Parameters
    ----------
    A : (2, 2) array
    optimum : (2,) array
    w : (n, 2) array
    lam, t : (n,) array
    mix : float

    Returns
    -------
    (n,) array
        The largest violation.

    Examples
    --------
    >>> w, lam, t = np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([2.0, 2.0]), np.array([2.0, 2.0])
    >>> kkt_residual(np.eye(2), np.array([3.0, 1.0]), w, lam, t, mix=1).round(2).tolist()
    [0.0, 0.33]
    """
    pull = -2 * (w - optimum) @ A
    smooth = pull - 2 * (lam * (1 - mix))[:, None] * w
    edge = (lam * mix)[:, None]
    stationarity = np.where(
        w == 0, np.maximum(np.abs(smooth) - edge, 0), np.abs(smooth - edge * np.sign(w))
    ).max(axis=1)
    excess = budget(w, mix) - t
    excess = np.where(lam > 0, np.abs(excess), np.maximum(excess, 0))
    stationarity = stationarity / (np.abs(2 * A @ optimum).max() or 1)
    excess = excess / (budget(np.asarray(optimum, dtype=float), mix) or 1)
    return np.maximum(np.maximum(stationarity, excess), np.maximum(-lam, 0))


def zero_from(A, optimum, mix):
    """Return for each weight the λ from which on it is exactly 0, (2,); ∞ for mix = 0.

    Where only weight j is left, wⱼ = soft(bⱼ, c)/Hⱼⱼ with b, c, H as in `solve_penalized`, and
    wᵢ stays 0 as long as |bᵢ − Aᵢⱼwⱼ| ≤ c. Both borders are quadratic equations in λ.

    Examples
    --------
    >>> zero_from(np.eye(2), np.array([3.0, 1.0]), 1).tolist()
    [6.0, 2.0]
    """
    if mix == 0:
        return np.full(2, np.inf)
    b = A @ optimum
    last = 2 * np.abs(b) / mix
    j = int(np.argmax(last))
    i = 1 - j
    half, smooth = mix / 2, 1 - mix
    toward = A[i, j] * np.sign(b[j])
    rest = np.array([b[i] * smooth + toward * half, b[i] * A[j, j] - toward * abs(b[j])])
    room = np.array([half * smooth, half * A[j, j]])  # c·Hⱼⱼ = room·(λ², λ), rest for (λ, 1)
    borders = []
    for side in (1, -1):
        roots = np.roots([room[0], room[1] - side * rest[0], -side * rest[1]])
        borders += [root.real for root in roots if root.imag == 0 and root.real <= last[j]]
    borders = [border for border in borders if border > NEGLIGIBLE * last[j]]
    last[i] = max([0.0, *borders]) if last[i] < last[j] else last[j]
    return last
