"""What the frameworks gave, by the plainest loops; `test_parity` compares the answers with it."""

import itertools
import math
import re

import numpy as np
import pytest

from utils.golden import load_golden, make

GLIMPSES = {  # name: (centered, normalized)
    "glimpse_tf2": (True, True),
    "glimpse_tf2_corner": (False, True),
    "glimpse_tf2_pixels": (True, False),
    "glimpse_tf2_pixel_corner": (False, False),
}


@pytest.fixture(scope="module")
def stored():
    return load_golden()


def test_the_file_is_small_and_says_what_made_it(stored):
    assert make.FILE.stat().st_size < 150_000
    for text in stored["versions"]:
        assert re.fullmatch(r"(tensorflow|keras|torch|numpy) \d+\.\d+\.\d+", text), text


def test_what_it_was_made_from_is_still_the_same(stored):
    for name, given in make.inputs().items():
        np.testing.assert_array_equal(stored[name], given, err_msg=name)


def test_each_call_gives_new_arrays(stored):
    load_golden()["images"][:] = 0
    assert load_golden()["images"].any()


# ---- images, by loops


def pixel(image, y, x):
    """Return the image between its pixels, those at the border going on forever."""
    last_row, last_column = image.shape[0] - 1, image.shape[1] - 1
    total = 0
    for row, column in itertools.product(
        (math.floor(y), math.floor(y) + 1), (math.floor(x), math.floor(x) + 1)
    ):
        share = (1 - abs(y - row)) * (1 - abs(x - column))
        inside = image[min(max(row, 0), last_row), min(max(column, 0), last_column)]
        total = total + share * inside.astype(float)
    return total


def resized(images, size, place):
    """Return images of another size; `place(i, n_in, n_out)` is where output pixel i looks."""
    height, width = images.shape[1:3]
    ys = [place(i, height, size[0]) for i in range(size[0])]
    xs = [place(i, width, size[1]) for i in range(size[1])]
    return np.array([[[pixel(image, y, x) for x in xs] for y in ys] for image in images])


PLACES = {
    "resize_tf1": lambda i, n_in, n_out: i * n_in / n_out,
    "resize_tf1_smaller": lambda i, n_in, n_out: i * n_in / n_out,
    "resize_tf1_ratio": lambda i, n_in, n_out: i * n_in / n_out,
    "resize_tf1_corners": lambda i, n_in, n_out: i * (n_in - 1) / (n_out - 1),
    "resize_torch_corners": lambda i, n_in, n_out: i * (n_in - 1) / (n_out - 1),
    "resize_tf2": lambda i, n_in, n_out: (i + 0.5) * n_in / n_out - 0.5,
    "resize_torch": lambda i, n_in, n_out: (i + 0.5) * n_in / n_out - 0.5,
}


@pytest.mark.parametrize("name", PLACES)
def test_resizing_looks_where_the_rule_says(stored, name):
    images, result = stored["images"], stored[name]
    expected = resized(images, result.shape[1:3], PLACES[name])
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_the_ratio_of_height_and_width_is_kept(stored):
    """Asked for (14, 14): the smaller of 14 / 9 and 14 / 13 makes 9 to 9.7, so to 10."""
    assert stored["resize_tf1_ratio"].shape == (2, 10, 14, 3)


@pytest.mark.parametrize(("name", "outside"), [("crop_tf", 0.5), ("crop_tf_point", 0.0)])
def test_boxes_count_between_the_centers_of_the_corner_pixels(stored, name, outside):
    result = stored[name]
    height, width = result.shape[1:3]
    for crop, (y1, x1, y2, x2), i in zip(
        result, stored["boxes"].astype(float), stored["box_indices"], strict=True
    ):
        image = stored["images"][i]
        last_row, last_column = image.shape[0] - 1, image.shape[1] - 1
        for row, column in np.ndindex(height, width):
            down = row / (height - 1) if height > 1 else 0.5
            right = column / (width - 1) if width > 1 else 0.5
            y, x = (y1 + (y2 - y1) * down) * last_row, (x1 + (x2 - x1) * right) * last_column
            inside = 0 <= y <= last_row + 1e-6 and 0 <= x <= last_column + 1e-6
            expected = pixel(image, y, x) if inside else outside
            np.testing.assert_allclose(crop[row, column], expected, atol=1e-6)


def window(image, size, top, left):
    """Return the window at a whole pixel, zero outside the image."""
    result = np.zeros((*size, image.shape[2]))
    for row, column in np.ndindex(*size):
        if 0 <= top + row < image.shape[0] and 0 <= left + column < image.shape[1]:
            result[row, column] = image[top + row, left + column]
    return result


def start(offset, n_image, n_window, centered, normalized):
    if normalized and centered:
        return math.trunc((offset + 1) / 2 * n_image - n_window / 2)
    if normalized:
        return math.trunc(offset * n_image)
    return math.trunc(offset + n_image / 2) if centered else math.trunc(offset)


@pytest.mark.parametrize("name", GLIMPSES)
def test_glimpses_are_windows_at_a_whole_pixel(stored, name):
    centered, normalized = GLIMPSES[name]
    offsets = stored["offsets" if normalized else "pixel_offsets"].astype(float)
    for result, image, offset in zip(stored[name], stored["images"], offsets, strict=True):
        sizes = zip(offset, image.shape, result.shape, strict=False)
        corner = [start(*each, centered, normalized) for each in sizes]
        np.testing.assert_array_equal(result, window(image, result.shape[:2], *corner))


def test_tensorflow_1_halves_a_centered_offset_of_pixels(stored):
    """The flaw that lesson 03 shows: and half of the window is taken off too."""
    result = stored["glimpse_tf1_pixels"]
    for glimpse, image, offset in zip(
        result, stored["images"], stored["pixel_offsets"].astype(float), strict=True
    ):
        sizes = zip(offset, image.shape, glimpse.shape, strict=False)
        corner = [math.trunc(o / 2 + n / 2 - n_window / 2) for o, n, n_window in sizes]
        np.testing.assert_array_equal(glimpse, window(image, glimpse.shape[:2], *corner))


def test_flips_and_turns_only_move_pixels(stored):
    images = stored["images"]
    for (i, row, column), _ in np.ndenumerate(images[..., 0]):
        np.testing.assert_array_equal(
            stored["flip_tf"][i, row, 12 - column], images[i, row, column]
        )
        for name, place in (
            ("rot90_tf", (12 - column, row)),
            ("rot90_tf_half", (8 - row, 12 - column)),
            ("rot90_tf_back", (column, 8 - row)),
        ):
            np.testing.assert_array_equal(stored[name][i][place], images[i, row, column])


# ---- dropout


DROPPED = {  # input: output, probability of keeping, shape of the mask
    "dropout_torch_x": ("dropout_torch_out", 0.8, (4, 6)),
    "dropout_torch_maps_x": ("dropout_torch_maps_out", 0.5, (2, 8, 1, 1)),
    "dropout_tf_maps_x": ("dropout_tf_maps_out", 0.8, (2, 1, 1, 8)),
    "dropout_keras_x": ("dropout_keras_train", 0.8, (4, 6)),
    "dropout_keras_shared_x": ("dropout_keras_shared_out", 0.5, (3, 1, 6)),
}


def mask_of(x, out, keep_prob, shape):
    """Return the mask that made `out`, and assert that it is one of dropout with this shape."""
    mask = np.where(out == 0, 0.0, 1 / keep_prob)
    np.testing.assert_allclose(out, x * mask, rtol=1e-6)
    cut = mask[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]
    np.testing.assert_array_equal(mask, np.broadcast_to(cut, x.shape))
    return mask


def assert_dropped(results):
    """The same for what is stored and for what the frameworks of today give."""
    for given, (name, keep_prob, shape) in DROPPED.items():
        mask = mask_of(results[given], results[name], keep_prob, shape)
        assert 0 < mask.mean() < 1 / keep_prob, f"{name}: another seed shows more"
    mask = mask_of(results["dropout_torch_x"], results["dropout_torch_out"], 0.8, (4, 6))
    expected = mask * results["dropout_torch_dout"]
    np.testing.assert_allclose(results["dropout_torch_dx"], expected, rtol=1e-6)
    maps = (results[f"dropout_torch_maps_{name}"] for name in ("x", "out", "dout", "dx"))
    x, out, dout, dx = maps
    np.testing.assert_allclose(dx, mask_of(x, out, 0.5, (2, 8, 1, 1)) * dout, rtol=1e-6)
    first, second = results["dropout_keras_seed"]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(results["dropout_keras_eval"], results["dropout_keras_x"])
    for name, keep_prob in (("dropout_tf1_flip", 0.8), ("dropout_tf2_flip", 0.2)):
        mask = mask_of(np.ones(1000), results[name], keep_prob, (1000,))
        assert abs(np.mean(mask > 0) - keep_prob) < 0.08  # six standard deviations


def test_the_frameworks_drop_as_they_say(stored):
    assert_dropped(stored)


# ---- early stopping


def patience(errors, patience, min_delta, start):
    """Yield (best, best epoch, wait, stop) after each error, as Keras has them."""
    best, best_epoch, wait = math.inf, 0, 0
    for epoch, error in enumerate(errors):
        if epoch < start:
            yield best, best_epoch, wait, False
            continue
        better = best == math.inf or error < best - min_delta  # the first, even if it is a NaN
        best, best_epoch, wait = (error, epoch, 0) if better else (best, best_epoch, wait + 1)
        yield best, best_epoch, wait, not better and wait >= patience


def test_keras_counts_as_the_rule_says(stored):
    settings = zip(
        *(stored[f"stopping_{name}"] for name in ("errors", "patience", "min_delta", "start")),
        strict=True,
    )
    for run, setting in enumerate(settings):
        for name, expected in zip(
            ("best", "best_epoch", "wait", "stop"),
            zip(*patience(*setting), strict=True),
            strict=True,
        ):
            np.testing.assert_array_equal(stored[f"stopping_{name}"][run], expected)
