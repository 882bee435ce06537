"""Questions on the lasso and on the λ from which on nothing is left of it.

A lasso answer is judged by the subgradient condition, so any method passes that finds the zeros.
Random cases keep off its borderline: no weight and no slope is within a few percent of turning.
"""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions import oracles
from autograder.questions.inputs import design, signed
from utils.checking.codec import Optimum
from utils.checking.judgement import UNCHANGED

MINIMIZER = "the minimizer"
ZEROS = "exact zeros"
FLAT = "zero, equal and many columns"
ENDS = "λ = 0 and λ ≥ λ_max"
LAMBDA = "the smallest λ"
SHARE = 1e-5


def _soft(z, threshold):
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0)


def _case(label, X, y, lam, part):
    return Case(label, {"X": np.array(X), "y": np.array(y), "lam": lam}, part)


def _drawn(rng, label, n, d, *, part, share, most=3.0):
    """Return a case with λ a share of λ_max, weights of 0 only under `ZEROS`, none on the verge."""
    while True:
        X = signed(rng, n, d) if n < d else design(rng, n, d, most)
        y = signed(rng, n, high=4.0)
        slopes = 2 * np.abs(X.T @ y)
        lam = round(float(rng.uniform(*share) * slopes.max()), 2)
        w = oracles.lasso_by_signs(X, y, lam)
        used = w != 0
        if used.all() == (part == MINIMIZER) and _clear(X, y, lam, w, most):
            return _case(label, X, y, lam, part)


def _clear(X, y, lam, w, most):
    """Return whether no weight is about to become 0 or to leave it, and the used columns differ."""
    used = w != 0
    slopes = np.abs(2 * X.T @ (X @ w - y))
    far = np.abs(w[used]).min(initial=np.inf) > 0.1 * np.abs(w).max()
    off = slopes[~used].max(initial=0) < 0.9 * lam
    return used.any() and far and off and np.linalg.cond(X[:, used]) <= most


def _lasso_cases(rng):
    alike = np.vstack([np.full(3, 1.5), 0.5 * np.eye(3)])
    return [
        _case(
            "one column, xᵀx = 9 and xᵀy = 6",
            [[1.0], [2.0], [2.0]],
            [3.0, 1.5, 0.0],
            6.0,
            MINIMIZER,
        ),
        _case(
            "orthogonal columns of length 2 and 0.5",
            [[2.0, 0.0], [0.0, 0.5], [0.0, 0.0]],
            [2.0, 3.0, 1.0],
            2.0,
            MINIMIZER,
        ),
        _case(
            "two correlated columns",
            [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]],
            [2.0, -3.0, 3.0],
            1.0,
            MINIMIZER,
        ),
        _case("three columns with correlation 0.9", alike, [1.0, 3.0, -2.5, 1.0], 0.2, MINIMIZER),
        _case(
            "a weight that is 0 after the first sweep only",
            [[1.5, 2.0], [0.0, 0.5], [-1.5, 0.5]],
            [-2.5, -3.0, -2.0],
            2.0,
            MINIMIZER,
        ),
        _case("a weight of 0.0005", np.eye(3), [3.0, -1.0, 0.5005], 1.0, MINIMIZER),
        _case(
            "short columns",
            [[0.1, 0.2], [0.2, 0.0], [0.0, 0.1]],
            [2.0, -1.0, 3.0],
            0.1,
            MINIMIZER,
        ),
        _drawn(rng, "eight rows, three columns", 8, 3, part=MINIMIZER, share=(0.05, 0.2)),
        _drawn(rng, "ten rows, four columns", 10, 4, part=MINIMIZER, share=(0.05, 0.2)),
        _case("X = I: λ/2 off each", np.eye(3), [3.0, -1.0, 0.5], 1.0, ZEROS),
        _case(
            "correlation brings a weight to 0",
            [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]],
            [2.0, 1.0, 3.0],
            7.0,
            ZEROS,
        ),
        _case(
            "one of three weights is 0",
            [[1.0, 0.5, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, -1.0], [0.5, 0.5, 1.0]],
            [2.0, -1.0, 3.0, 0.5],
            3.0,
            ZEROS,
        ),
        _case("correlation 0.9, one weight is 0", alike, [3.0, 1.0, 0.5, -0.5], 2.0, ZEROS),
        _drawn(
            rng, "eight rows, four columns, some weights 0", 8, 4, part=ZEROS, share=(0.25, 0.6)
        ),
        _drawn(rng, "ten rows, five columns, some weights 0", 10, 5, part=ZEROS, share=(0.25, 0.6)),
        _case(
            "a column of zeros",
            [[1.0, 0.0, 0.5], [2.0, 0.0, -1.0], [0.5, 0.0, 1.0]],
            [2.0, 1.0, 3.0],
            1.0,
            FLAT,
        ),
        _case(
            "two equal columns: any minimizer is right",
            [[1.0, 1.0, 0.0], [2.0, 2.0, 1.0], [0.5, 0.5, -1.0]],
            [2.0, 1.0, -1.0],
            1.0,
            FLAT,
        ),
        _case(
            "a column that is twice another",
            [[1.0, 2.0], [-0.5, -1.0], [0.25, 0.5]],
            [3.0, 1.0, -1.0],
            1.0,
            FLAT,
        ),
        _case(
            "two rows, three columns",
            [[1.0, 0.0, 2.0], [0.0, 2.0, -1.0]],
            [1.0, -3.0],
            0.5,
            FLAT,
        ),
        _drawn(rng, "three rows, five columns", 3, 5, part=FLAT, share=(0.2, 0.5)),
        _case("λ = λ_max = 4", [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [1.0, -1.0, 1.0], 4.0, ENDS),
        _beyond(rng, "λ above λ_max", 6, 3),
        _case(
            "λ = 0: least squares",
            [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]],
            [2.0, -1.0, 3.0],
            0.0,
            ENDS,
        ),
        _case("λ = 0, random", *_design_and_response(rng, 7, 3), 0.0, ENDS),
    ]


def _beyond(rng, label, n, d):
    X, y = _design_and_response(rng, n, d)
    lam = round(1.25 * float(np.max(2 * np.abs(X.T @ y))), 2)
    return _case(label, X, y, lam, ENDS)


def _design_and_response(rng, n, d):
    return design(rng, n, d, 3.0), signed(rng, n, high=4.0)


def _lasso(X, y, lam):
    problem = {"kind": "lasso", "X": X, "y": y, "lam": lam, "share": SHARE}
    return Optimum(oracles.lasso_by_signs(X, y, lam), problem)


def _sweeps(threshold, step=None, count=1000):
    """Return the answer by coordinate descent with another threshold or another step.

    `threshold(X, lam)` is a number; `step(pull, length, old, threshold)` gives the new weight from
    pull = x_jᵀ(y − Xw), without the weight's own part, and length = ‖x_j‖².
    """

    def answer(X, y, lam, n_sweeps=1000, tol=1e-10):
        gram, pulls, t = (X.T @ X).tolist(), (X.T @ y).tolist(), threshold(X, lam)
        w = [0.0] * len(pulls)
        for _ in range(count):
            before = list(w)
            for j, row in enumerate(gram):
                if row[j] > 0:
                    others = sum(g * v for g, v in zip(row, w, strict=True)) - row[j] * w[j]
                    w[j] = (step or _soft_step)(pulls[j] - others, row[j], w[j], t)
            if max(abs(a - b) for a, b in zip(w, before, strict=True)) <= 1e-14:
                break
        return np.array(w)

    return answer


def _shrunk(z, threshold):
    return z - threshold if z > threshold else z + threshold if z < -threshold else 0.0


def _soft_step(pull, length, old, threshold):
    return _shrunk(pull, threshold) / length


def _hard_step(pull, length, old, threshold):
    return pull / length if abs(pull) > threshold else 0.0


def _divided_first(pull, length, old, threshold):
    return _shrunk(pull / length, threshold)


def _own_part_missing(pull, length, old, threshold):
    return _shrunk(pull - length * old, threshold) / length


def _positive_step(pull, length, old, threshold):
    return max(pull - threshold, 0.0) / length


def _sign_lost(pull, length, old, threshold):
    return max(abs(pull) - threshold, 0.0) / length


def _half(X, lam):
    return lam / 2


_RIGHT = _sweeps(_half)


def _least_squares(X, y):
    return np.linalg.lstsq(X, y, rcond=None)[0]


def _each_alone(X, y, lam):
    squares = np.sum(X**2, axis=0)
    return np.divide(_soft(X.T @ y, lam / 2), squares, out=np.zeros(X.shape[1]), where=squares > 0)


def _all_at_once(X, y, lam):
    gram, pull, squares = X.T @ X, X.T @ y, np.sum(X**2, axis=0)
    w = np.zeros(len(pull))
    for _ in range(1000):
        z = _soft(pull - gram @ w + squares * w, lam / 2)
        w = np.divide(z, squares, out=np.zeros(len(w)), where=squares > 0)
    return w


def _elastic_step(lam):
    return lambda pull, length, old, threshold: _shrunk(pull, threshold) / (length + lam)


def _with_ridge(X, y, lam):
    return _sweeps(_half, _elastic_step(lam))(X, y, lam)


def _unit_columns(X, y, lam):
    lengths = np.linalg.norm(X, axis=0)
    return _RIGHT(X / np.where(lengths > 0, lengths, 1.0), y, lam)


def _standardized(X, y, lam):
    sd = X.std(axis=0)
    return _RIGHT((X - X.mean(axis=0)) / np.where(sd > 0, sd, 1.0), y, lam)


def _nan_column(X, y, lam):
    w = _RIGHT(X, y, lam)
    if np.any(np.all(X == 0, axis=0)):
        w[...] = np.nan
    return w


def _nan_weight(X, y, lam):
    w = _RIGHT(X, y, lam)
    w[np.all(X == 0, axis=0)] = np.nan
    return w


def _nearly_zero(X, y, lam):
    w = _RIGHT(X, y, lam)
    return np.where((w == 0) & (lam > 0), 1e-9, w)


def _cut(X, y, lam):
    w = _least_squares(X, y)
    return np.where(np.abs(w) > lam / 2, w, 0.0)


def _past_zero(X, y, lam):
    ls = _least_squares(X, y)
    return np.linalg.lstsq(X.T @ X, X.T @ y - lam / 2 * np.sign(ls), rcond=None)[0]


def _with_intercept(X, y, lam):
    return _RIGHT(np.column_stack([np.ones(len(X)), X]), y, lam)


_WRONG_LASSO = (
    Misconception(
        "threshold λ",
        "You thresholded at λ, which fits ½‖y - Xw‖². Here J has no ½: its slope is 2xᵀ(Xw - y), "
        "so the threshold of xᵀr is λ/2.",
        _sweeps(lambda X, lam: lam),
    ),
    Misconception(
        "threshold λ/4",
        "You thresholded at λ/4. Divide -2xᵀr + λ sign(w) by 2 once: the threshold of xᵀr is λ/2.",
        _sweeps(lambda X, lam: lam / 4),
    ),
    Misconception(
        "threshold nλ",
        "You thresholded at nλ: that is scikit-learn's cost, ‖y - Xw‖²/(2n) + α‖w‖₁. Here it is "
        "‖y - Xw‖² + λ‖w‖₁, so α = λ/(2n).",
        _sweeps(lambda X, lam: len(X) * lam),
    ),
    Misconception(
        "threshold nλ/2",
        "You thresholded at nλ/2, which fits the mean of the squares. Here J is their sum: λ/2.",
        _sweeps(lambda X, lam: len(X) * lam / 2),
    ),
    Misconception(
        "divided first",
        "You divided by ‖x‖² and then thresholded at λ/2. The threshold belongs to xᵀr: "
        "first soft(xᵀr, λ/2), then divide by ‖x‖².",
        _sweeps(_half, _divided_first),
    ),
    Misconception(
        "one sweep",
        "You went through the weights once. Each change moves the best place of the others: sweep "
        "until nothing moves.",
        _sweeps(_half, count=1),
    ),
    Misconception(
        "each weight alone",
        "You took each column alone against y. In r = y - Xw the other weights count: update the "
        "residual after each weight, then go on.",
        _each_alone,
    ),
    Misconception(
        "all at once",
        "You take all weights of a sweep from one residual. Correlated columns then all explain "
        "the same part of y, and the sweeps blow up. Use each new weight at once.",
        _all_at_once,
    ),
    Misconception(
        "own part missing",
        "Your residual still holds the weight's own part. Put it back first: "
        "x_jᵀ(y - Xw) + ‖x_j‖² w_j.",
        _sweeps(_half, _own_part_missing, count=200),
    ),
    Misconception(
        "hard threshold",
        "The weights that stay are not shrunk, as with a hard threshold. The soft one also moves "
        "xᵀr toward 0 by λ/2.",
        _sweeps(_half, _hard_step),
    ),
    Misconception(
        "ridge",
        "That is ridge: every weight shrinks and none is 0. The slope of λ|w| does not fade near "
        "0, which is what makes zeros.",
        oracles.ridge,
    ),
    Misconception(
        "least squares",
        "Your result does not depend on λ: it is the least-squares solution.",
        lambda X, y, lam: _least_squares(X, y),
    ),
    Misconception(
        "least squares thresholded",
        "You thresholded the least-squares solution. That is right for orthonormal columns only; "
        "when one weight shrinks, correlated ones take over.",
        lambda X, y, lam: _soft(_least_squares(X, y), lam / 2),
    ),
    Misconception(
        "least squares cut",
        "You set small least-squares weights to 0 and kept the others. The lasso shrinks those, "
        "too, and correlated columns share what is lost.",
        _cut,
    ),
    Misconception(
        "past 0",
        "You subtracted λ/2·sign everywhere, and some weights went through 0 to the other side. A "
        "weight stops at 0.",
        _past_zero,
    ),
    Misconception(
        "sign lost",
        "No weight of yours is negative: the sign of xᵀr got lost in the threshold.",
        _sweeps(_half, _sign_lost),
    ),
    Misconception(
        "positive only",
        "Weights that should be negative are 0: you thresholded on the positive side only. Compare "
        "|xᵀr| with λ/2.",
        _sweeps(_half, _positive_step),
    ),
    Misconception(
        "also ridge",
        "You added λ to ‖x‖² in the division: that is an elastic net, L1 and L2 at once.",
        _with_ridge,
    ),
    Misconception(
        "nearly 0",
        "Some weights are nearly 0 in place of 0. The soft threshold gives 0 itself; a step that "
        "never thresholds does not.",
        _nearly_zero,
    ),
    Misconception(
        "nan for a zero column",
        "A column of zeros gives you 0/0 = nan. Its weight changes nothing in J and costs λ|w|: "
        "keep it at 0.",
        _nan_weight,
    ),
    Misconception(
        "nan from a zero column",
        "A column of zeros gives you 0/0 = nan, and that spreads to all weights. Skip such a "
        "column: its weight stays 0.",
        _nan_column,
    ),
    Misconception(
        "unit columns",
        "You scaled each column to length 1, and the weights belong to the scaled ones. `lasso` "
        "takes X as it is.",
        _unit_columns,
    ),
    Misconception(
        "centered",
        "You subtracted the means first. `lasso` knows no intercept: whoever calls it centers.",
        lambda X, y, lam: _RIGHT(X - X.mean(axis=0), y - y.mean(), lam),
    ),
    Misconception(
        "standardized",
        "You standardized the columns, and the weights belong to those. `lasso` takes X as it is.",
        _standardized,
    ),
    Misconception(
        "with an intercept",
        "Your result has one weight too many: you added a column of ones. `lasso` knows no "
        "intercept.",
        _with_intercept,
    ),
)


def _by_residual(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, residual = np.zeros(X.shape[1]), y.copy()
    squares = np.sum(X**2, axis=0)
    for _ in range(n_sweeps):
        moved = 0.0
        for j in np.flatnonzero(squares):
            old = w[j]
            w[j] = _soft(X[:, j] @ residual + squares[j] * old, lam / 2) / squares[j]
            residual -= X[:, j] * (w[j] - old)
            moved = max(moved, abs(w[j] - old))
        if moved < tol:
            break
    return w


def _by_ista(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, step = np.zeros(X.shape[1]), 0.5 / np.linalg.norm(X, 2) ** 2
    for _ in range(5 * n_sweeps):
        old = w
        w = _soft(w - step * 2 * X.T @ (X @ w - y), step * lam)
        if np.abs(w - old).max() < 1e-12:
            break
    return w


def _by_fista(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = z = np.zeros(X.shape[1])
    k, lipschitz = 1.0, 2 * np.linalg.eigvalsh(X.T @ X)[-1]
    for _ in range(n_sweeps):
        new = _soft(z - 2 * X.T @ (X @ z - y) / lipschitz, lam / lipschitz)
        following = (1 + np.sqrt(1 + 4 * k * k)) / 2
        if (z - new) @ (new - w) > 0:  # a restart, where momentum points uphill
            following = 1.0
        moved = np.abs(new - w).max() + np.abs(new - z).max()
        z, w, k = new + (k - 1) / following * (new - w), new, following
        if moved < 1e-13:
            break
    return w


def _by_scikit_learn(X, y, lam, n_sweeps=1000, tol=1e-10):
    from sklearn.linear_model import Lasso

    model = Lasso(alpha=lam / (2 * len(y)), fit_intercept=False, tol=1e-12, max_iter=100_000)
    return model.fit(X, y).coef_


def _by_lars(X, y, lam, n_sweeps=1000, tol=1e-10):
    from sklearn.linear_model import lars_path

    if lam == 0:
        return np.linalg.pinv(X) @ y
    w, kept = np.zeros(X.shape[1]), np.unique(X, axis=1, return_index=True)[1]
    alphas, _, path = lars_path(X[:, kept], y, method="lasso", alpha_min=lam / (2 * len(y)))
    if alphas[0] > lam / (2 * len(y)):
        w[kept] = path[:, -1]
    return w


def _by_parts(X, y, lam, n_sweeps=1000, tol=1e-10):
    """Write w = p - q with p, q >= 0 and go down in p and q, one at a time."""
    columns, u = np.hstack([X, -X]), np.zeros(2 * X.shape[1])
    gram, pull = columns.T @ columns, columns.T @ y - lam / 2
    for _ in range(n_sweeps):
        before = u.copy()
        for j in range(len(u)):
            if gram[j, j] > 0:
                u[j] = max(u[j] + (pull[j] - gram[j] @ u) / gram[j, j], 0.0)
        if np.abs(u - before).max() < 1e-13:
            break
    return np.subtract(*np.split(u, 2))


def _by_admm(X, y, lam, n_sweeps=1000, tol=1e-10):
    d = X.shape[1]
    rho = np.trace(X.T @ X) / d
    inverse = np.linalg.inv(2 * X.T @ X + rho * np.eye(d))
    z = u = np.zeros(d)
    for _ in range(5 * n_sweeps):
        w = inverse @ (2 * X.T @ y + rho * (z - u))
        old, z = z, _soft(w + u, lam / rho)
        u = u + w - z
        if max(np.abs(w - z).max(), np.abs(z - old).max()) < 1e-12:
            break
    return z


def _by_float32(X, y, lam, n_sweeps=1000, tol=1e-10):
    X, w = X.astype(np.float32), np.zeros(X.shape[1], dtype=np.float32)
    gram, pull = X.T @ X, X.T @ y.astype(np.float32)
    for _ in range(300):
        before = w.copy()
        for j in reversed(range(len(w))):
            if gram[j, j] > 0:
                w[j] = _soft(pull[j] - gram[j] @ w + gram[j, j] * w[j], lam / 2) / gram[j, j]
        if np.array_equal(w, before):
            break
    return w


def _by_random_order(X, y, lam, n_sweeps=1000, tol=1e-10):
    rng = np.random.default_rng(0)
    w = np.zeros(X.shape[1])
    for _ in range(n_sweeps):
        start = w.copy()
        for j in rng.permutation(len(w)):
            x = X[:, j]
            if np.any(x):
                partial = y - np.delete(X, j, axis=1) @ np.delete(w, j)
                w[j] = _shrunk(x @ partial, lam / 2) / (x @ x)
        if np.linalg.norm(w - start) < tol:
            break
    return w


lasso = Question(
    "lasso",
    "The lasso",
    _lasso_cases,
    _lasso,
    parts={MINIMIZER: 0.45, ZEROS: 0.2, FLAT: 0.15, ENDS: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG_LASSO,
    hint="Hold all weights but one. The cost in that one is a parabola plus λ|w|: its minimum is "
    "soft(x_jᵀr, λ/2)/‖x_j‖², where r is the residual without the weight's own part.",
    references=(
        _by_residual,
        _by_ista,
        _by_fista,
        _by_scikit_learn,
        _by_lars,
        _by_parts,
        _by_admm,
        _by_float32,
        _by_random_order,
    ),
)


def _lambda_max_cases(rng):
    def case(label, X, y):
        return Case(label, {"X": np.array(X), "y": np.array(y)})

    return [
        case("Xᵀy = (6, 2)", [[1.0, 0.0], [2.0, 1.0], [2.0, 0.5]], [2.0, 2.0, 0.0]),
        case("the largest |x_jᵀy| is negative", [[1.0, -3.0], [2.0, 0.5]], [1.5, 0.5]),
        case("every x_jᵀy is negative", [[-1.0, -2.0], [-0.5, -1.0]], [2.0, 1.0]),
        case("one column", [[1.0], [-2.0], [2.0]], [3.0, 1.0, 0.5]),
        case(
            "y orthogonal to each column", [[1.0, 2.0], [1.0, -1.0], [0.0, 1.0]], [1.0, -1.0, -3.0]
        ),
        case("a column of zeros", [[0.0, 1.0], [0.0, 0.5]], [-2.0, 1.0]),
        case("two rows, four columns", [[1.0, 0.5, -2.0, 1.0], [0.0, 2.0, 1.0, -0.5]], [0.5, -1.5]),
        case("a long column with the smaller |x_jᵀy|", [[5.0, 1.0], [-5.0, 0.5]], [1.0, 1.1]),
        case("one row", signed(rng, 1, 3), signed(rng, 1, high=4.0)),
        case("eight rows, four columns", signed(rng, 8, 4), signed(rng, 8, high=4.0)),
        case("three rows, six columns", signed(rng, 3, 6), signed(rng, 3, high=4.0)),
    ]


def _lambda_max(X, y):
    """Return the steepest slope of J at w = 0 along an axis, from differences of J itself.

    J is a parabola along each axis, so (J(e_j) − J(−e_j))/2 is its slope at 0; w = 0 stays the
    minimum of J + λ‖w‖₁ as long as λ balances the steepest.
    """
    rows = [[Fraction(x) for x in row] for row in X.tolist()]
    response = [Fraction(v) for v in y.tolist()]

    def cost(j, w):
        return sum((v - row[j] * w) ** 2 for row, v in zip(rows, response, strict=True))

    return float(max(abs(cost(j, 1) - cost(j, -1)) / 2 for j in range(X.shape[1])))


def _best_alone(X, y):
    squares = np.sum(X**2, axis=0)
    return np.divide(np.abs(X.T @ y), squares, out=np.zeros(X.shape[1]), where=squares > 0)


_WRONG_LAMBDA = (
    Misconception(
        "factor 2 forgotten",
        "You gave max |x_jᵀy|. The slope of ‖y - Xw‖² at w = 0 is -2Xᵀy: there is a 2 in it.",
        lambda X, y: np.max(np.abs(X.T @ y)),
    ),
    Misconception(
        "half",
        "You divided by 2. A weight stays 0 as long as |x_jᵀy| ≤ λ/2: solve that for λ.",
        lambda X, y: np.max(np.abs(X.T @ y)) / 2,
    ),
    Misconception(
        "scikit-learn's α",
        "You divided by n: max |x_jᵀy|/n is the largest α of scikit-learn, whose cost has 1/(2n) "
        "in front of the squares.",
        lambda X, y: np.max(np.abs(X.T @ y)) / len(y),
    ),
    Misconception(
        "mean of the squares",
        "You divided by n, which fits a mean of squares. J is their sum.",
        lambda X, y: 2 * np.max(np.abs(X.T @ y)) / len(y),
    ),
    Misconception(
        "no absolute value",
        "You took the largest x_jᵀy with its sign. A column with a negative one comes in, too, "
        "with a negative weight.",
        lambda X, y: 2 * np.max(X.T @ y),
    ),
    Misconception(
        "absolute value too late",
        "You took the absolute value after the maximum. The largest in size may be negative: "
        "|x_jᵀy| first, then the maximum.",
        lambda X, y: 2 * np.abs(np.max(X.T @ y)),
    ),
    Misconception(
        "smallest",
        "You took the smallest |x_jᵀy|. All weights are 0 only when the one that comes in first "
        "is 0, too.",
        lambda X, y: 2 * np.min(np.abs(X.T @ y)),
    ),
    Misconception(
        "sum",
        "You added up over the columns. Each weight has its own condition |x_jᵀy| ≤ λ/2; the "
        "hardest one counts.",
        lambda X, y: 2 * np.sum(np.abs(X.T @ y)),
    ),
    Misconception(
        "length",
        "You took the length of 2Xᵀy. Each weight has its own condition |x_jᵀy| ≤ λ/2; the "
        "hardest one counts.",
        lambda X, y: 2 * np.linalg.norm(X.T @ y),
    ),
    Misconception(
        "divided by the length of the column",
        "You divided by ‖x_j‖: λ counts against the slope of J itself, whatever the length of the "
        "column.",
        lambda X, y: 2 * np.max(_best_alone(X, y) * np.linalg.norm(X, axis=0)),
    ),
    Misconception(
        "largest weight",
        "You divided by ‖x_j‖²: that is the least-squares weight of a column alone. What stays "
        "below λ is the slope of J at 0.",
        lambda X, y: np.max(_best_alone(X, y)),
    ),
    Misconception(
        "largest weight, twice",
        "You divided by ‖x_j‖². The condition |x_jᵀy| ≤ λ/2 has no division: that comes after the "
        "threshold.",
        lambda X, y: 2 * np.max(_best_alone(X, y)),
    ),
    Misconception(
        "all of them",
        "You returned one number for each column. Asked is the smallest λ for which all weights "
        "are 0.",
        lambda X, y: 2 * np.abs(X.T @ y),
    ),
    Misconception(
        "which column",
        "You returned which column comes in first. Asked is the λ at which it does.",
        lambda X, y: int(np.argmax(np.abs(X.T @ y))),
    ),
    Misconception(
        "centered",
        "You subtracted the means first. The functions of this lesson take X and y as they are.",
        lambda X, y: 2 * np.max(np.abs((X - X.mean(axis=0)).T @ (y - y.mean()))),
    ),
    Misconception(
        "largest response",
        "You took the largest |y|. A weight feels the response through its column: x_jᵀy.",
        lambda X, y: 2 * np.max(np.abs(y)),
    ),
)


def _lambda_max_by_loop(X, y):
    largest = 0.0
    for j in range(X.shape[1]):
        total = 0.0
        for i in range(X.shape[0]):
            total += X[i, j] * y[i]
        largest = max(largest, abs(total))
    return 2 * largest


def _lambda_max_by_bisection(X, y):
    low, high = 0.0, 4 * float(np.abs(X).sum() * np.abs(y).sum()) + 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if np.any(_soft(X.T @ y, middle / 2)):
            low = middle
        else:
            high = middle
    return high


lasso_lambda_max = Question(
    "lasso_lambda_max",
    "The λ from which on all weights are 0",
    _lambda_max_cases,
    _lambda_max,
    parts={LAMBDA: 0.8, UNCHANGED: 0.2},
    misconceptions=_WRONG_LAMBDA,
    hint="At w = 0 the slope of ‖y - Xw‖² in w_j is -2x_jᵀy. How large must λ be to hold it, and "
    "for which column is that hardest?",
    references=(
        lambda X, y: 2 * np.max(np.abs(X.T @ y)),
        lambda X, y: 2.0 * np.linalg.norm(y @ X, np.inf),
        lambda X, y: max(abs(2 * column @ y) for column in X.T),
        lambda X, y: 2 * np.abs(X.astype(np.float32).T @ y.astype(np.float32)).max(),
        _lambda_max_by_loop,
        _lambda_max_by_bisection,
    ),
    atol=1e-6,
)

QUESTIONS = (lasso, lasso_lambda_max)
