"""Questions on ridge regression and on how much it shrinks each direction."""

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions import oracles
from autograder.questions.inputs import design, number, signed
from utils.checking.judgement import UNCHANGED

MINIMIZER = "the minimizer"
FACTORS = "the factors"
FLAT = "n < d, collinear columns"
NO_PENALTY = "λ = 0"


def _collinear(rng, n, d):
    """Return a matrix whose last column is twice its first, and whose others are independent."""
    X = design(rng, n, d - 1)
    return np.column_stack([X, 2 * X[:, 0]])


def _ridge_cases(rng):
    def case(label, X, y, lam, part=MINIMIZER):
        return Case(label, {"X": np.array(X), "y": np.array(y), "lam": lam}, part)

    def drawn(label, n, d, lam, part=MINIMIZER):
        return case(label, design(rng, n, d), signed(rng, n, high=4.0), lam, part)

    return [
        case("one column, xᵀx = 9 and xᵀy = 6", [[1.0], [2.0], [2.0]], [3.0, 1.5, 0.0], 3.0),
        case("two orthogonal columns", [[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [4.0, 1.0, 7.0], 1.0),
        case("two correlated columns", [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]], [2.0, -1.0, 3.0], 2.0),
        case("a small λ", [[1.0, 0.5], [0.0, 2.0], [1.5, -1.0]], [1.0, 3.0, -2.0], 0.05),
        case(
            "columns in other units", [[200.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [4.0, 3.0, 1.0], 0.5
        ),
        drawn("six rows, three columns", 6, 3, number(rng, 1.2, 4.0)),
        drawn("nine rows, four columns", 9, 4, number(rng, 1.2, 4.0)),
        drawn("a large λ", 7, 3, 50.0 + number(rng, 1.2, 4.0)),
        case("a huge λ", [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]], [2e3, -1e3, 3e3], 1e7),
        case(
            "small columns, a tiny λ",
            [[0.01, 0.01], [0.0, 0.01], [0.02, 0.005]],
            [200.0, -100.0, 300.0],
            2e-4,
        ),
        case("two rows, three columns", [[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], [1.0, 3.0], 0.5, FLAT),
        case("two equal columns", [[1.0, 1.0], [2.0, 2.0], [0.5, 0.5]], [2.0, 1.0, 0.0], 0.5, FLAT),
        case(
            "a column of zeros", [[1.0, 0.0], [2.0, 0.0], [0.5, 0.0]], [2.0, 1.0, -1.0], 1.5, FLAT
        ),
        drawn("one row", 1, 3, number(rng, 1.2, 3.0), FLAT),
        drawn("three rows, five columns", 3, 5, number(rng, 1.2, 3.0), FLAT),
        case(
            "a column that is twice another",
            _collinear(rng, 6, 3),
            signed(rng, 6, high=4.0),
            number(rng, 0.1, 0.6),
            FLAT,
        ),
        case(
            "λ = 0: least squares",
            [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]],
            [2.0, -1.0, 3.0],
            0.0,
            NO_PENALTY,
        ),
        drawn("λ = 0, random", 7, 3, 0.0, NO_PENALTY),
        drawn("λ = 0, as many rows as columns", 3, 3, 0.0, NO_PENALTY),
    ]


def _solve(A, b):
    """Return a solution of A w = b, the shortest one where A is singular."""
    return np.linalg.lstsq(A, b, rcond=None)[0]


def _with_penalty(matrix):
    """Return the answer that adds `matrix(X, lam)` to XᵀX."""
    return lambda X, y, lam: _solve(X.T @ X + matrix(X, lam), X.T @ y)


def _times(factor):
    """Return the answer that uses λ times `factor(X)`."""
    return _with_penalty(lambda X, lam: lam * factor(X) * np.eye(X.shape[1]))


def _least_squares(X, y):
    return np.linalg.lstsq(X, y, rcond=None)[0]


def _centered(X, y, lam):
    return oracles.ridge(X - X.mean(axis=0), y - y.mean(), lam)


def _with_intercept(X, y, lam):
    return oracles.ridge(np.column_stack([np.ones(len(X)), X]), y, lam)


def _first_free(X, lam):
    penalty = lam * np.eye(X.shape[1])
    penalty[0, 0] = 0.0
    return penalty


def _standardized(X, y, lam):
    sd = X.std(axis=0)
    return oracles.ridge((X - X.mean(axis=0)) / np.where(sd == 0, 1.0, sd), y, lam)


def _cost(X, y, lam):
    w = oracles.ridge(X, y, lam)
    return float(np.sum((y - X @ w) ** 2) + lam * np.sum(w**2))


_WRONG_RIDGE = (
    Misconception(
        "λ/2",
        "You added λ/2 to the diagonal. The gradient is 2XᵀXw - 2Xᵀy + 2λw: the 2 is in every term "
        "and drops out.",
        _times(lambda X: 0.5),
    ),
    Misconception(
        "2λ",
        "You added 2λ to the diagonal. The 2 from differentiating ‖w‖² is there, but "
        "‖y - Xw‖² gives one, too, and both drop out.",
        _times(lambda X: 2.0),
    ),
    Misconception(
        "mean of the squares",
        "You added nλ to the diagonal, which fits a mean of squares. Here J is their sum, without "
        "1/n.",
        _times(len),
    ),
    Misconception(
        "λ/n",
        "You added λ/n to the diagonal. J is the sum of the squares and the penalty is λ‖w‖²: no n "
        "is in either.",
        _times(lambda X: 1 / len(X)),
    ),
    Misconception(
        "least squares",
        "Your result does not depend on λ: it is the least-squares solution. Add the penalty's "
        "part of the gradient.",
        lambda X, y, lam: _least_squares(X, y),
    ),
    Misconception(
        "square root of λ",
        "You added √λ to the diagonal of XᵀX. The root belongs to rows under X, where it gets "
        "squared; XᵀX takes λ itself.",
        _with_penalty(lambda X, lam: np.sqrt(lam) * np.eye(X.shape[1])),
    ),
    Misconception(
        "λ squared",
        "λ came in squared. If you put rows λI under X, the squares make λ² of it: put √λ·I there.",
        _with_penalty(lambda X, lam: lam**2 * np.eye(X.shape[1])),
    ),
    Misconception(
        "λ everywhere",
        "You added λ to every entry of XᵀX: that is what `A + lam` does. Only the diagonal gets "
        "it: λ times the identity.",
        _with_penalty(lambda X, lam: lam * np.ones((X.shape[1], X.shape[1]))),
    ),
    Misconception(
        "sign of λ",
        "You subtracted λ from the diagonal, so the weights grow. Both gradients add up: "
        "2Xᵀ(Xw - y) + 2λw = 0.",
        _times(lambda X: -1.0),
    ),
    Misconception(
        "share of the diagonal",
        "You multiplied the diagonal of XᵀX by 1 + λ, a penalty that depends on how long a column "
        "is. λ‖w‖² treats all weights alike: add λ.",
        _with_penalty(lambda X, lam: lam * np.diag(np.sum(X**2, axis=0))),
    ),
    Misconception(
        "orthonormal columns",
        "You divided least squares by 1 + λ. That holds when XᵀX is the identity; in general each "
        "direction shrinks by its own factor.",
        lambda X, y, lam: _least_squares(X, y) / (1 + lam),
    ),
    Misconception(
        "centered",
        "You subtracted the means first. `ridge` knows no intercept: it takes X and y as they are, "
        "and whoever calls it centers.",
        _centered,
    ),
    Misconception(
        "standardized",
        "You scaled the columns first, and the weights belong to the scaled ones. `ridge` takes X "
        "as it is.",
        _standardized,
    ),
    Misconception(
        "with an intercept",
        "Your result has one weight too many: you added a column of ones. `ridge` knows no "
        "intercept.",
        _with_intercept,
    ),
    Misconception(
        "first weight free",
        "You left the first weight out of the penalty, as one does with an intercept. Here X has "
        "no column of ones, and every weight is penalized.",
        _with_penalty(_first_free),
    ),
    Misconception(
        "cost",
        "You returned the least cost, one number. What is asked is where it is reached: the "
        "weights.",
        _cost,
    ),
    Misconception(
        "predictions",
        "You returned the predictions Xw. What is asked are the weights w, one for each column.",
        lambda X, y, lam: X @ oracles.ridge(X, y, lam),
    ),
    Misconception(
        "two axes",
        "The numbers are right, but the result has two axes. The weights are a vector of shape "
        "(d,), as y is one of shape (n,).",
        lambda X, y, lam: oracles.ridge(X, y, lam)[:, None],
    ),
)


def _ridge_by_svd(X, y, lam):
    U, d, Vt = np.linalg.svd(X, full_matrices=False)
    kept = d > 1e-10
    factors = np.zeros(d.shape)
    factors[kept] = d[kept] / (d[kept] ** 2 + lam)
    return Vt.T @ (factors * (U.T @ y))


def _ridge_by_rows(X, y, lam):
    n, d = X.shape
    rows = np.zeros((n + d, d))
    rows[:n], rows[n:] = X, np.sqrt(lam) * np.identity(d)
    Q, R = np.linalg.qr(rows)
    return np.linalg.solve(R, Q.T @ np.r_[y, np.zeros(d)])


def _ridge_by_dual(X, y, lam):
    if lam == 0:
        return np.linalg.pinv(X) @ y
    return X.T @ np.linalg.solve(X @ X.T + lam * np.eye(len(X)), y)


def _ridge_by_eigenvectors(X, y, lam):
    values, axes = np.linalg.eigh(X.T @ X)
    return sum((a @ (X.T @ y)) / (v + lam) * a for v, a in zip(values, axes.T, strict=True))


def _ridge_by_conjugate_gradients(X, y, lam):
    w = np.zeros(X.shape[1])
    r = X.T @ y
    p = r.copy()
    for _ in range(5 * len(w)):
        if r @ r < 1e-26:
            break
        q = X.T @ (X @ p) + lam * p
        step = (r @ r) / (p @ q)
        w, r, old = w + step * p, r - step * q, r @ r
        p = r + (r @ r) / old * p
    return w


def _ridge_by_elimination(X, y, lam):
    d = X.shape[1]
    rows = [
        [
            sum(a * b for a, b in zip(X[:, i], X[:, j], strict=True)) + lam * (i == j)
            for j in range(d)
        ]
        + [sum(a * b for a, b in zip(X[:, i], y, strict=True))]
        for i in range(d)
    ]
    for i in range(d):
        rows[i] = [entry / rows[i][i] for entry in rows[i]]
        for k in range(d):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return np.array([row[d] for row in rows])


def _ridge_by_scikit_learn(X, y, lam):
    from sklearn.linear_model import LinearRegression, Ridge

    model = Ridge(alpha=lam, fit_intercept=False) if lam else LinearRegression(fit_intercept=False)
    return model.fit(X, y).coef_


def _ridge_by_inverse(X, y, lam):
    return np.linalg.inv(X.T.dot(X) + np.diag([lam] * X.shape[1])) @ X.T @ y


def _ridge_by_sweeps(X, y, lam):
    w = np.zeros(X.shape[1])
    for _ in range(3000):
        for j in range(len(w)):
            rest = y - X @ w + X[:, j] * w[j]
            w[j] = X[:, j] @ rest / (X[:, j] @ X[:, j] + lam)
        if np.abs(X.T @ (X @ w - y) + lam * w).max() < 1e-9:
            break
    return w


ridge = Question(
    "ridge",
    "Ridge regression",
    _ridge_cases,
    oracles.ridge,
    parts={MINIMIZER: 0.6, FLAT: 0.2, NO_PENALTY: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG_RIDGE,
    hint="Put your result into the gradient 2Xᵀ(Xw - y) + 2λw: at the minimum every entry is 0. "
    "With one column of numbers you can solve that on paper.",
    references=(
        lambda X, y, lam: np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y),
        _ridge_by_svd,
        _ridge_by_rows,
        _ridge_by_dual,
        _ridge_by_eigenvectors,
        _ridge_by_conjugate_gradients,
        _ridge_by_elimination,
        _ridge_by_scikit_learn,
        _ridge_by_inverse,
        _ridge_by_sweeps,
    ),
)


def _shrinkage_cases(rng):
    def case(label, X, lam, part=FACTORS):
        return Case(label, {"X": np.array(X), "lam": lam}, part)

    return [
        case(
            "orthogonal columns of length 3 and 2, the longer one last",
            [[2.0, 0.0], [0.0, 3.0], [0.0, 0.0]],
            4.0,
        ),
        case("one column of length 3", [[1.0], [2.0], [2.0]], 1.0),
        case("two correlated columns", [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]], 2.0),
        case("six rows, three columns", design(rng, 6, 3), number(rng, 1.2, 4.0)),
        case("nine rows, four columns", design(rng, 9, 4), number(rng, 1.2, 4.0)),
        case("a large λ", design(rng, 7, 3), 60.0 + number(rng, 1.2, 4.0)),
        case("two rows, three columns", [[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], 0.5, FLAT),
        case("two equal columns", [[1.0, 1.0], [2.0, 2.0], [0.5, 0.5]], 0.75, FLAT),
        case("three rows, six columns", design(rng, 3, 6), number(rng, 1.2, 3.0), FLAT),
        case("as many rows as columns", design(rng, 3, 3), number(rng, 1.2, 3.0)),
        case("one row", signed(rng, 1, 4), number(rng, 1.2, 3.0), FLAT),
        case("λ = 0: nothing shrinks", [[2.0, 0.0], [0.0, 3.0], [1.0, 0.0]], 0.0, NO_PENALTY),
        case("λ = 0, random", design(rng, 6, 3), 0.0, NO_PENALTY),
        case("hardly any λ: little shrinks", design(rng, 7, 4), number(rng, 0.1, 0.3), NO_PENALTY),
    ]


def _shrinkage_factors(X, lam):
    """Return the eigenvalues of the map from y to the fitted values of ridge, largest first.

    It is symmetric, with eigenvalues d_j²/(d_j² + λ), and 0 for what X does not reach.
    """
    n, d = X.shape
    fits = np.column_stack([X @ oracles.ridge(X, unit, lam) for unit in np.eye(n)])
    return np.linalg.eigvalsh((fits + fits.T) / 2)[::-1][: min(n, d)]


def _of_values(function):
    """Return the answer that applies `function(d, lam)` to the singular values, largest first."""
    return lambda X, lam: function(np.linalg.svd(X, compute_uv=False), lam)


def _right_factors(d, lam):
    return d**2 / (d**2 + lam)


def _padded(length):
    """Return the right factors with zeros up to `length(X)` entries."""

    def answer(X, lam):
        factors = _of_values(_right_factors)(X, lam)
        return np.concatenate([factors, np.zeros(length(X) - len(factors))])

    return answer


def _of_columns(X, lam):
    squares = np.sum(X**2, axis=0)
    return squares / (squares + lam)


def _of_diagonal(X, lam):
    return np.sort(_of_columns(X, lam))[::-1]


def _rank_only(X, lam):
    d = np.linalg.svd(X, compute_uv=False)
    return _right_factors(d[d > 1e-10], lam)


_WRONG_FACTORS = (
    Misconception(
        "not squared",
        "You used d/(d + λ) with the singular values d of X. The eigenvalues of XᵀX are d², and "
        "those meet λ.",
        _of_values(lambda d, lam: d / (d + lam)),
    ),
    Misconception(
        "squared twice",
        "You used d⁴/(d⁴ + λ): the eigenvalues of XᵀX are d² already, so they must not be squared "
        "again.",
        _of_values(lambda d, lam: d**4 / (d**4 + lam)),
    ),
    Misconception(
        "smallest first",
        "The factors are right but in the wrong order: the largest comes first. `eigvalsh` sorts "
        "the other way.",
        _of_values(lambda d, lam: _right_factors(d, lam)[::-1]),
    ),
    Misconception(
        "d factors",
        "Your result has one factor for each column. X has min(n, d) singular values, so with "
        "n < d the extra zeros must go.",
        _padded(lambda X: X.shape[1]),
    ),
    Misconception(
        "n factors",
        "Your result has one factor for each row, those of XXᵀ. X has min(n, d) singular values.",
        _padded(len),
    ),
    Misconception(
        "zeros dropped",
        "You left out the singular values that are 0. Their factor is 0, and it counts: "
        "min(n, d) factors in all.",
        _rank_only,
    ),
    Misconception(
        "factor of the solution",
        "You gave d/(d² + λ), which turns uᵀy into a weight. Asked is its ratio to that of least "
        "squares, 1/d.",
        _of_values(lambda d, lam: d / (d**2 + lam)),
    ),
    Misconception(
        "complement",
        "You gave λ/(d² + λ), the share that is taken away. Asked is the share that is left, 1 "
        "minus that.",
        _of_values(lambda d, lam: lam / (d**2 + lam)),
    ),
    Misconception(
        "1/(d² + λ)",
        "You gave 1/(d² + λ). The factor is relative to least squares, which has 1/d² there.",
        _of_values(lambda d, lam: 1 / (d**2 + lam)),
    ),
    Misconception(
        "orthonormal columns",
        "You gave 1/(1 + λ) for each direction. That holds when all singular values are 1; look at "
        "those of X.",
        _of_values(lambda d, lam: np.ones(d.shape) / (1 + lam)),
    ),
    Misconception(
        "column lengths",
        "You used the squared lengths of the columns, the diagonal of XᵀX. Ridge shrinks along "
        "singular directions; correlated columns mix.",
        _of_diagonal,
    ),
    Misconception(
        "column lengths, unsorted",
        "You used the squared lengths of the columns, in the order of the columns. It is the "
        "singular values that count, largest first.",
        _of_columns,
    ),
    Misconception(
        "λ squared",
        "You used d²/(d² + λ²). In (XᵀX + λI)w = Xᵀy it is λ itself that is added to d².",
        _of_values(lambda d, lam: d**2 / (d**2 + lam**2)),
    ),
    Misconception(
        "λ/2",
        "You used d²/(d² + λ/2). The 2 of both gradients drops out, so λ is added in full.",
        _of_values(lambda d, lam: d**2 / (d**2 + lam / 2)),
    ),
    Misconception(
        "2λ",
        "You used d²/(d² + 2λ). The 2 of both gradients drops out, so λ is added once.",
        _of_values(lambda d, lam: d**2 / (d**2 + 2 * lam)),
    ),
    Misconception(
        "mean of the squares",
        "You used d²/(d² + nλ), which fits a mean of squares. Here J is their sum.",
        lambda X, lam: _of_values(_right_factors)(X, len(X) * lam),
    ),
    Misconception(
        "sum",
        "You added the factors up: that is the effective degrees of freedom. Return the factors "
        "themselves.",
        _of_values(lambda d, lam: float(np.sum(_right_factors(d, lam)))),
    ),
    Misconception(
        "singular values",
        "You returned the singular values. The factors are d²/(d² + λ), between 0 and 1.",
        _of_values(lambda d, lam: d),
    ),
    Misconception(
        "eigenvalues",
        "You returned the squares of the singular values. The factors are d²/(d² + λ), between 0 "
        "and 1.",
        _of_values(lambda d, lam: d**2),
    ),
    Misconception(
        "centered",
        "You centered the columns first. The functions of this lesson take X as it is: whoever "
        "calls them centers.",
        lambda X, lam: _of_values(_right_factors)(X - X.mean(axis=0), lam),
    ),
)


def _factors_by_eigenvalues(X, lam):
    values = np.linalg.eigvalsh(X @ X.T if X.shape[0] < X.shape[1] else X.T @ X)
    return (values / (values + lam))[::-1]


def _factors_by_ratio(X, lam):
    """Compare ridge with least squares along each singular direction."""
    Vt = np.linalg.svd(X, full_matrices=False)[2]
    inverse = np.linalg.pinv(X.T @ X + lam * np.eye(X.shape[1]))
    return np.array([v @ inverse @ (X.T @ X) @ v for v in Vt])


def _factors_by_loop(X, lam):
    factors = []
    for value in sorted(np.linalg.svd(X)[1], reverse=True):
        factors.append(value * value / (value * value + lam))
    return np.array(factors)


def _factors_by_hat(X, lam):
    hat = X @ np.linalg.pinv(X.T @ X + lam * np.eye(X.shape[1])) @ X.T
    return np.sort(np.linalg.eigvals(hat).real)[::-1][: min(X.shape)]


def _factors_by_float32(X, lam):
    d = np.linalg.svd(X.astype(np.float32), compute_uv=False)
    return np.float32(1) - np.float32(lam) / (d * d + np.float32(lam))


def _factors_by_complement(X, lam):
    d = np.linalg.svd(X, compute_uv=False, full_matrices=False)
    return 1 - lam / (np.power(d, 2) + lam)


shrinkage_factors = Question(
    "shrinkage_factors",
    "How much ridge shrinks each direction",
    _shrinkage_cases,
    _shrinkage_factors,
    parts={FACTORS: 0.6, FLAT: 0.2, NO_PENALTY: 0.1, UNCHANGED: 0.1},
    misconceptions=_WRONG_FACTORS,
    hint="Take the first case: the columns are orthogonal, so its singular values are their "
    "lengths. Work out d²/(d² + λ) for each, and write the largest first.",
    references=(
        lambda X, lam: (d2 := np.linalg.svd(X, compute_uv=False) ** 2) / (d2 + lam),
        _factors_by_eigenvalues,
        _factors_by_ratio,
        _factors_by_loop,
        _factors_by_hat,
        _factors_by_float32,
        _factors_by_complement,
    ),
)

QUESTIONS = (ridge, shrinkage_factors)
