"""Turning, zooming and shifting images, against SciPy's affine_transform."""

import numpy as np
import pytest
import scipy.ndimage

from utils.images import warp


def by_scipy(image, angle, zoom, shift):
    """Return one image (H, W, C) turned, zoomed and shifted by SciPy, channel by channel."""
    theta = np.deg2rad(angle)
    back = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]]) / zoom
    center = (np.array(image.shape[:2]) - 1) / 2
    offset = center - back @ (center + shift)
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))  # SciPy cuts off at the border: make it fade
    shape = image.shape[:2]
    offset = offset + 2
    return np.stack(
        [
            scipy.ndimage.affine_transform(padded[..., c], back, offset, shape, order=1)
            for c in range(image.shape[2])
        ],
        axis=-1,
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(3, 9, 9, 1), (4, 7, 12, 3), (2, 1, 5, 2)])
def test_warp_is_what_scipy_does(shape, dtype):
    rng = np.random.default_rng(0)
    for _ in range(40):
        images = rng.random(shape).astype(dtype)
        angle, zoom = rng.uniform(-180, 180, len(images)), rng.uniform(0.5, 2, len(images))
        shift = rng.uniform(-3, 3, (len(images), 2))
        warped = warp(images, angle, zoom, shift)
        assert warped.dtype == dtype
        expected = [by_scipy(*each) for each in zip(images, angle, zoom, shift, strict=True)]
        np.testing.assert_allclose(warped, expected, atol=1e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, -1])
def test_a_quarter_turn_is_numpys(k):
    images = np.random.default_rng(1).random((3, 8, 8, 3))
    expected = np.rot90(images, k, axes=(1, 2))
    np.testing.assert_allclose(warp(images, angle=90 * k), expected, atol=1e-12)


def test_whole_shifts_move_pixels_and_leave_zeros():
    images = np.random.default_rng(2).random((1, 5, 6, 1))
    shifted = warp(images, shift=(2, -1))
    np.testing.assert_array_equal(shifted[:, 2:, :-1], images[:, :-2, 1:])
    assert np.all(shifted[:, :2] == 0)
    assert np.all(shifted[:, :, -1] == 0)


def test_one_value_serves_all_images_and_many_blocks_are_as_one(monkeypatch):
    images = np.random.default_rng(3).random((7, 6, 5, 2))
    whole = warp(images, 20, 1.2, (1, 0.5))
    monkeypatch.setattr("utils.images.BLOCK", 60)
    np.testing.assert_array_equal(warp(images, np.full(7, 20), 1.2, (1, 0.5)), whole)


def test_the_images_stay_as_they_are():
    images = np.random.default_rng(4).random((2, 4, 4, 1))
    before = images.copy()
    warp(images)[:] = -1
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(warp(images), before)


@pytest.mark.parametrize(
    ("images", "zoom", "message"),
    [
        (np.zeros((4, 4)), 1, r"images must be floats of shape .*float64 \(4, 4\)"),
        (np.zeros((1, 4, 4, 1), int), 1, "they are int"),
        (np.zeros((1, 4, 4, 1)), 0, "zoom must be greater than 0; it is"),
    ],
)
def test_warp_says_what_is_wrong(images, zoom, message):
    with pytest.raises(ValueError, match=message):
        warp(images, zoom=zoom)
