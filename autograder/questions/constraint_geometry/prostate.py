"""Questions on the prostate data: the typing error, and the ridge row of a book's table."""

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions import oracles
from utils.data import load_prostate

LAMBDA = 24.1764  # Σ d²/(d² + λ) = 5 on the 67 training rows


def _outlier_row():
    """Return the row of the largest deviation from its column's median, in spreads around it."""
    X = load_prostate(corrected=False).X
    deviation = np.abs(X - np.median(X, axis=0))
    spread = np.mean(deviation, axis=0)
    return int(np.argmax(np.max(deviation / spread, axis=1)))


_WRONG_ROWS = (
    Misconception(
        "counted from 1",
        "That is the right man, counted from 1. Python counts rows from 0: X[outlier_row] has to "
        "be his row.",
        32,
    ),
    Misconception(
        "place in the flat array",
        "`argmax` of a matrix counts through all its entries, row by row. Divide by the number of "
        "columns, or use np.unravel_index.",
        249,
    ),
    Misconception(
        "column",
        "That is the column in which the error is. Asked is the row.",
        1,
    ),
    Misconception(
        "row and column",
        "You gave row and column. Asked is the row alone, an int.",
        [31, 1],
    ),
    Misconception(
        "array of one",
        "The row is right, but it is an array with one entry. Asked is an int: take that entry.",
        np.array([31]),
    ),
    Misconception(
        "what np.where gives",
        "The row is right, but `np.where` gives an array for each axis, in a tuple. Asked is the "
        "int in it: [0][0].",
        [np.array([31])],
    ),
    Misconception(
        "what np.where gives, two axes",
        "The row is right, but `np.where` gives an array for each axis, in a tuple: the rows and "
        "the columns. Asked is the int in the first: [0][0].",
        [np.array([31]), np.array([1])],
    ),
    Misconception(
        "what np.argwhere gives",
        "The row is right, but `np.argwhere` gives row and column of each place, as a matrix. "
        "Asked is the int in its corner: [0, 0].",
        np.array([[31, 1]]),
    ),
    Misconception(
        "text",
        "The row is right, but it is a text. Leave out the quotes.",
        "31",
    ),
    Misconception(
        "value",
        "That is the wrong value itself. Asked is the row in which it stands.",
        6.1076,
    ),
    Misconception(
        "largest number",
        "That is the row of the largest number, 100 percent in the last column. Each column has "
        "its own unit: compare with its own mean and spread.",
        46,
    ),
    Misconception(
        "smallest weight",
        "That is the man with the smallest prostate. He is 10.8 g, which can be; look at the other "
        "end.",
        37,
    ),
    Misconception(
        "largest response",
        "That is the man with the largest lpsa, the response. The typing error is in X.",
        96,
    ),
    Misconception(
        "largest residual",
        "That is the man whom least squares predicts worst. A far point pulls the fit toward "
        "itself, so look at X, column by column.",
        38,
    ),
    Misconception(
        "highest score",
        "That is another column's largest value, and it can be: gleason goes up to 10. How many "
        "grams is exp(lweight)?",
        40,
    ),
    Misconception(
        "place among the test rows",
        "You counted among the rows that are not for training. Count among all 97.",
        8,
    ),
)

outlier_row = Question(
    "outlier_row",
    "Find the typing error",
    lambda rng: [Case("the row of the typing error")],
    _outlier_row,
    driver="value",
    misconceptions=_WRONG_ROWS,
    hint="Take from each column its mean, divide by its standard deviation, and look for the "
    "entry that is farthest from 0. Then turn the logarithm into grams.",
    references=(31, 31.0, np.int64(31), np.array(31)),
)


def _ridge_row(
    *, rows=None, scaled_by=None, ddof=1, lam=LAMBDA, recenter=False, response=None, corrected=True
):
    """Return intercept and coefficients of ridge on the prostate data.

    Without arguments, as the book does it: inputs scaled by all 97 rows, the training rows kept,
    y centered on them, the inputs not centered again.
    """
    data = load_prostate(corrected)
    rows = data.train if rows is None else rows(data)
    base = data.X if scaled_by is None else data.X[scaled_by(data)]
    X = ((data.X - base.mean(axis=0)) / base.std(axis=0, ddof=ddof))[rows]
    y = data.y[rows]
    mean = y.mean() if response is None else response(data)
    means = X.mean(axis=0) if recenter else np.zeros(X.shape[1])
    w = oracles.ridge(X - means, y - mean, lam)
    return np.concatenate([[mean - means @ w], w])


def _prostate_ridge():
    return _ridge_row()


def _unscaled(centered):
    data = load_prostate()
    X, y = data.X[data.train], data.y[data.train]
    X = X - data.X.mean(axis=0) if centered else X
    return np.concatenate([[y.mean()], oracles.ridge(X, y - y.mean(), LAMBDA)])


def _penalized_intercept():
    data = load_prostate()
    X = ((data.X - data.X.mean(axis=0)) / data.X.std(axis=0, ddof=1))[data.train]
    return oracles.ridge(np.column_stack([np.ones(len(X)), X]), data.y[data.train], LAMBDA)


def _response_as_it_is():
    data = load_prostate()
    mean = data.y[data.train].mean()
    return np.concatenate([[mean], _ridge_row(response=lambda data: 0.0)[1:]])


def _intercept_of_train(row):
    return np.concatenate([_ridge_row()[:1], row[1:]])


def _best_intercept():
    data = load_prostate()
    X = ((data.X - data.X.mean(axis=0)) / data.X.std(axis=0, ddof=1))[data.train]
    return np.mean(data.y[data.train] - X @ _ridge_row()[1:])


def _all_rows(data):
    return np.ones(len(data.y), dtype=bool)


_RIGHT = _ridge_row()
_WRONG_RIDGE = (
    Misconception(
        "penalized intercept",
        "Your intercept is penalized: a column of ones got its share of λ. Take the mean of y off "
        "first; that mean is the intercept.",
        _penalized_intercept(),
    ),
    Misconception(
        "centered twice",
        "You centered the inputs again on the training rows, as a fit with an intercept does, so "
        "the intercept is 2.464. The book centers once, by all 97 rows.",
        _ridge_row(recenter=True),
    ),
    Misconception(
        "centered twice, mean of y",
        "The intercept is right, but you centered the inputs again on the training rows. The book "
        "centers once, by all 97 rows.",
        _intercept_of_train(_ridge_row(recenter=True)),
    ),
    Misconception(
        "best intercept",
        "The coefficients are right, but the intercept is the best one for them, 2.464. The book "
        "prints the mean of y over the training rows.",
        np.concatenate([[_best_intercept()], _RIGHT[1:]]),
    ),
    Misconception(
        "mean of all y as intercept",
        "The coefficients are right, but the intercept is the mean of y over all 97 rows. It is "
        "the mean that you took off, that of the 67.",
        np.concatenate([[load_prostate().y.mean()], _RIGHT[1:]]),
    ),
    Misconception(
        "all rows",
        "You fitted all 97 rows. Keep those where `prostate.train` is True.",
        _ridge_row(rows=_all_rows),
    ),
    Misconception(
        "test rows",
        "You fitted the 30 test rows. Keep the 67 where `prostate.train` is True.",
        _ridge_row(rows=lambda data: ~data.train),
    ),
    Misconception(
        "ddof = 0",
        "You divided by the standard deviation with ddof=0, NumPy's default. The book divides by "
        "n - 1: ddof=1.",
        _ridge_row(ddof=0),
    ),
    Misconception(
        "scaled on the training rows",
        "You took mean and standard deviation of the 67 training rows. The book takes those of all "
        "97, and splits afterwards.",
        _ridge_row(scaled_by=lambda data: data.train),
    ),
    Misconception(
        "scaled on the training rows, ddof = 0",
        "You took mean and standard deviation (ddof=0) of the 67 training rows. The book takes "
        "those of all 97, with ddof=1.",
        _ridge_row(scaled_by=lambda data: data.train, ddof=0),
    ),
    Misconception(
        "typing error left in",
        "The typing error is still in your data. Use `prostate`, which has it mended.",
        _ridge_row(corrected=False),
    ),
    Misconception(
        "least squares",
        "That is ridge with λ = 0: least squares without centering the inputs. Use λ = 24.1764.",
        _ridge_row(lam=0.0),
    ),
    Misconception(
        "λ/2",
        "Your λ is half of 24.1764. J is ‖y - Xw‖² without ½, so λ goes to the diagonal as it is.",
        _ridge_row(lam=LAMBDA / 2),
    ),
    Misconception(
        "2λ",
        "Your λ is twice 24.1764. Both gradients have a factor 2, which drops out.",
        _ridge_row(lam=2 * LAMBDA),
    ),
    Misconception(
        "nλ",
        "Your λ is multiplied by the 67 rows, which fits a mean of squares. J is their sum.",
        _ridge_row(lam=67 * LAMBDA),
    ),
    Misconception(
        "λ = 24",
        "You took λ = 24, as in the units before. Here it is 24.1764, and the third decimal shows "
        "it.",
        _ridge_row(lam=24.0),
    ),
    Misconception(
        "λ/n",
        "Your λ is divided by the 67 rows. J is a sum of squares, and λ stands beside it as it is.",
        _ridge_row(lam=LAMBDA / 67),
    ),
    Misconception(
        "λ = 5",
        "You took λ = 5. Five are the effective degrees of freedom; the λ that gives them is "
        "24.1764.",
        _ridge_row(lam=5.0),
    ),
    Misconception(
        "mean of all y",
        "You took the mean of y over all 97 rows. It is the mean over the 67 training rows, and "
        "that is the intercept.",
        _ridge_row(response=lambda data: data.y.mean()),
    ),
    Misconception(
        "y not centered",
        "You did not take the mean off y before fitting: the coefficients then try to do the "
        "intercept's work.",
        _response_as_it_is(),
    ),
    Misconception(
        "not scaled",
        "You fitted the inputs in their own units. Take off the mean of each column and divide by "
        "its standard deviation first: λ treats all weights alike.",
        _unscaled(centered=False),
    ),
    Misconception(
        "centered, not scaled",
        "You centered the inputs but did not divide by their standard deviations: λ then presses "
        "on columns with small numbers most.",
        _unscaled(centered=True),
    ),
    Misconception(
        "intercept last",
        "The numbers are right, but the intercept is last. It comes first.",
        np.roll(_RIGHT, -1),
    ),
    Misconception(
        "no intercept",
        "The eight coefficients are right. The intercept goes before them: nine numbers.",
        _RIGHT[1:],
    ),
    Misconception(
        "intercept 0",
        "The coefficients are right, but the intercept is 0. It is what you took off y: its mean.",
        np.concatenate([[0.0], _RIGHT[1:]]),
    ),
)

prostate_ridge = Question(
    "prostate_ridge",
    "The ridge row of Table 3.3",
    lambda rng: [Case("intercept and eight coefficients")],
    _prostate_ridge,
    driver="value",
    misconceptions=_WRONG_RIDGE,
    hint="Nine numbers, the intercept first, three decimals at least. Print the means of the "
    "scaled inputs over the training rows: they are not 0, and they stay as they are.",
    references=(
        _RIGHT,
        np.round(_RIGHT, 3),
        list(map(float, _RIGHT)),
        np.array([2.452, 0.420, 0.238, -0.046, 0.162, 0.227, 0.000, 0.040, 0.133]),
        _RIGHT.astype(np.float32),
    ),
    rtol=1e-6,
    atol=6e-4,
)

QUESTIONS = (outlier_row, prostate_ridge)
