"""The functions of lesson 02, as its solution has them: a book's table, and scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge, lars_path

from autograder.solutions import functions_of
from utils.data import load_diabetes, load_prostate

LESSON = "02_constraint_geometry"
# Table 3.3 of The Elements of Statistical Learning, 2nd ed., p. 63: intercept, eight weights, test
# error and its standard error, as printed.
LEAST_SQUARES = [2.465, 0.680, 0.263, -0.141, 0.210, 0.305, -0.288, -0.021, 0.267, 0.521, 0.179]
RIDGE = [2.452, 0.420, 0.238, -0.046, 0.162, 0.227, 0.000, 0.040, 0.133, 0.492, 0.165]
LASSO = [2.468, 0.533, 0.169, 0, 0.002, 0.094, 0, 0, 0, 0.479, 0.164]
DF_5 = 24.1764


@pytest.fixture(scope="module")
def student():
    """Return what a student's notebook holds once every answer is right."""
    return functions_of(LESSON)


# ---- the table


def scaled(corrected=True):
    data = load_prostate(corrected=corrected)
    X = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0, ddof=1)
    return X[data.train], data.y[data.train], X[~data.train], data.y[~data.train]


def row(intercept, w, corrected=True):
    """Return a row of the table: intercept, weights, test error, its standard error."""
    _, _, X_test, y_test = scaled(corrected)
    misses = (y_test - intercept - X_test @ w) ** 2
    return np.array([intercept, *w, misses.mean(), misses.std(ddof=1) / len(misses) ** 0.5])


def ridge_row(student, **data):
    X, y, *_ = scaled(**data)
    return row(y.mean(), student["ridge"](X, y - y.mean(), DF_5), **data)


def lasso_row(student, **data):
    X, y, *_ = scaled(**data)
    mean, sd = X.mean(axis=0), X.std(axis=0, ddof=1)
    w = student["lasso"]((X - mean) / sd, y - y.mean(), 27.814) / sd
    return row(y.mean() - mean @ w, w, **data)


def test_ridge_without_a_price_gives_the_row_of_least_squares(student):
    X, y, *_ = scaled()
    w = student["ridge"](X - X.mean(axis=0), y - y.mean(), 0.0)
    assert row(y.mean() - X.mean(axis=0) @ w, w).round(3) == pytest.approx(LEAST_SQUARES, abs=1e-9)


def test_ridge_gives_its_row_to_the_printed_digit(student):
    X = scaled()[0]
    assert student["shrinkage_factors"](X, DF_5).sum() == pytest.approx(5, abs=1e-5)
    assert ridge_row(student).round(3) == pytest.approx(RIDGE, abs=1e-9)
    assert student["prostate_ridge"].round(3) == pytest.approx(RIDGE[:9], abs=1e-9)


def test_lasso_gives_its_row_to_the_printed_digit_with_exact_zeros(student):
    found = lasso_row(student)
    assert found.round(3) == pytest.approx(LASSO, abs=1e-9)
    assert np.flatnonzero(found[:9] == 0).tolist() == [3, 6, 7, 8]


def test_the_typing_error_shows_in_the_test_errors(student):
    errors = [part(student, corrected=False)[9] for part in (ridge_row, lasso_row)]
    assert np.round(errors, 3) == pytest.approx([0.540, 0.504], abs=1e-9)
    wrong = load_prostate(corrected=False).X != load_prostate().X
    assert np.argwhere(wrong).tolist() == [[student["outlier_row"], 1]]


# ---- scikit-learn


def problem(seed, n, d):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, size=d)
    return X, X @ rng.normal(size=d) + rng.normal(size=n)


def objective(X, y, w, lam, power):
    return np.sum((y - X @ w) ** 2) + lam * np.sum(np.abs(w) ** power)


def check_ridge(student, X, y, lam):
    ours = objective(X, y, student["ridge"](X, y, lam), lam, 2)
    theirs = Ridge(alpha=lam, fit_intercept=False, solver="svd").fit(X, y).coef_
    assert ours == pytest.approx(objective(X, y, theirs, lam, 2), rel=1e-8)


def check_lasso(student, X, y, lam):
    alpha = lam / (2 * len(y))
    library = Lasso(alpha=alpha, fit_intercept=False, tol=1e-14, max_iter=1_000_000).fit(X, y)
    ours = student["lasso"](X, y, lam, n_sweeps=100_000)
    theirs = objective(X, y, library.coef_, lam, 1)
    assert objective(X, y, ours, lam, 1) == pytest.approx(theirs, rel=1e-8)
    return ours


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("shape", [(40, 6), (12, 12), (8, 20), (30, 1)])
def test_random_problems_agree_in_the_objective(student, seed, shape):
    X, y = problem(seed, *shape)
    for part in (0.01, 0.3, 0.9):
        lam = part * student["lasso_lambda_max"](X, y)
        check_ridge(student, X, y, lam)
        check_lasso(student, X, y, lam)


@pytest.mark.parametrize("seed", range(5))
def test_collinear_and_zero_columns_agree_in_the_objective(student, seed):
    X, y = problem(seed, 25, 5)
    X[:, 3] = X[:, 0]  # a copy
    X[:, 4] = 0
    check_ridge(student, X, y, 2.0)
    w = check_lasso(student, X, y, 5.0)
    assert w[4] == 0
    assert student["ridge"](X, y, 2.0)[[0, 3]] == pytest.approx(
        np.repeat(student["ridge"](X, y, 2.0)[0], 2)
    )


@pytest.mark.parametrize("seed", range(5))
def test_without_a_price_both_are_least_squares(student, seed):
    X, y = problem(seed, 30, 5)
    squares = np.linalg.lstsq(X, y, rcond=None)[0]
    assert student["ridge"](X, y, 0.0) == pytest.approx(squares, rel=1e-8)
    assert student["lasso"](X, y, 0.0) == pytest.approx(squares, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_price_is_where_the_last_weight_goes(student, seed):
    X, y = problem(seed, 20, 8)
    largest = student["lasso_lambda_max"](X, y)
    assert not student["lasso"](X, y, largest * 1.000001).any()
    assert np.count_nonzero(student["lasso"](X, y, largest * 0.999)) == 1
    first = lars_path(X, y, method="lasso")[0][0]  # scikit-learn's alpha
    assert largest == pytest.approx(2 * len(y) * first)


@pytest.mark.parametrize("seed", range(5))
def test_budget_and_price_lead_to_the_same_weights(student, seed):
    X, y = problem(seed, 40, 5)
    squares = np.linalg.norm(np.linalg.lstsq(X, y, rcond=None)[0])
    lam = student["ridge_lambda_for_radius"](X, y, 0.6 * squares)
    w = Ridge(alpha=lam, fit_intercept=False, solver="svd").fit(X, y).coef_
    assert np.linalg.norm(w) == pytest.approx(0.6 * squares, rel=1e-8)
    assert student["ridge_lambda_for_radius"](X, y, 1.1 * squares) == 0
    by_budget = student["projected_gradient_descent"](
        X, y, student["project_l2_ball"], 0.6 * squares
    )
    assert by_budget == pytest.approx(w, abs=1e-6)


def test_the_lasso_path_of_the_diabetes_data_has_twelve_steps(student):
    data = load_diabetes()
    X, y = data.X, data.y - data.y.mean()
    knots, _, _ = lars_path(X, y, method="lasso")
    events, before = [], np.zeros(10, dtype=bool)
    for low, high in zip(knots[1:], knots, strict=False):  # scikit-learn's knots, our lasso between
        active = student["lasso"](X, y, (low + high) * len(y), n_sweeps=20_000) != 0
        events += [
            (data.names[j].upper(), bool(active[j])) for j in np.flatnonzero(active != before)
        ]
        before = active
    names = ["BMI", "S5", "BP", "S3", "SEX", "S6", "S1", "S4", "S2", "AGE", "S3", "S3"]
    assert [name for name, _ in events] == names
    assert [entered for _, entered in events] == [True] * 10 + [False, True]
