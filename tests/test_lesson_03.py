"""The functions of lesson 03, as its solution has them, and what the lesson claims."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from PIL import Image

from autograder.solutions import functions_of
from utils.data import load_mnist, load_photographs, split
from utils.golden import load_golden
from utils.images import warp
from utils.network import Network
from utils.training import train

LESSON = "03_data_augmentation"
CASES = range(300)
OTHER_SEEDS = (20, 21, 22)  # than the lesson's own


@pytest.fixture(scope="module")
def student():
    """Return what a student's notebook holds once every answer is right."""
    return functions_of(LESSON)


def some_images(rng, dtype=np.float32, most=12):
    shape = (rng.integers(1, 4), *rng.integers(1, most, size=2), rng.choice([1, 3]))
    return rng.normal(size=shape).astype(dtype)


# ---- TensorFlow, to the bit


def results(student):
    """Return what the functions make of the stored inputs, by the names of the stored results."""
    golden = load_golden()
    images, boxes = golden["images"], (golden["boxes"], golden["box_indices"])
    resize, crop = student["resize_bilinear"], student["crop_and_resize"]
    glimpse, at = student["extract_glimpse"], golden["offsets"]
    in_pixels = {"offsets": golden["pixel_offsets"], "normalized": False}
    return {
        "flip_tf": student["horizontal_flip"](images),
        "rot90_tf": student["rot90"](images),
        "resize_tf1": resize(images, (14, 20)),
        "resize_tf1_corners": resize(images, (14, 20), align_corners=True),
        "resize_tf1_ratio": resize(images, (14, 14), preserve_aspect_ratio=True),
        "resize_tf1_smaller": resize(images, (4, 6)),
        "crop_tf": crop(images, *boxes, (5, 6), extrapolation_value=0.5),
        "crop_tf_point": crop(images, *boxes, (1, 1)),
        "glimpse_tf2": glimpse(images, (6, 8), at),
        "glimpse_tf2_corner": glimpse(images, (6, 8), at, centered=False),
        "glimpse_tf2_pixels": glimpse(images, (6, 8), **in_pixels),
        "glimpse_tf2_pixel_corner": glimpse(images, (6, 8), centered=False, **in_pixels),
    }


def test_each_result_is_tensorflows_to_the_bit(student):
    golden = load_golden()
    for name, ours in results(student).items():
        assert ours.dtype == golden[name].dtype, name
        assert np.array_equal(ours, golden[name]), name


# ---- pixel by pixel


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mirror_and_turn_move_each_pixel_where_the_formula_says(student, dtype):
    rng = np.random.default_rng(0)
    for _ in CASES:
        images = some_images(rng, dtype)
        _, height, width, _ = images.shape
        mirrored, turned = student["horizontal_flip"](images), student["rot90"](images)
        assert mirrored.dtype == turned.dtype == dtype
        for i, j in np.ndindex(height, width):
            assert np.array_equal(mirrored[:, i, j], images[:, i, width - 1 - j])
        for i, j in np.ndindex(width, height):
            assert np.array_equal(turned[:, i, j], images[:, j, width - 1 - i])
        k = int(rng.integers(-9, 10))
        expected = images
        for _ in range(k % 4):
            expected = student["rot90"](expected)
        assert np.array_equal(student["rot90"](images, k), expected)


def hat(places, n):
    """Return the weights of n pixels at these places, (m, n), with the edge's outside."""
    inside = np.clip(np.array([float(p) for p in places]), 0, n - 1)
    return np.maximum(0, 1 - np.abs(inside[:, None] - np.arange(n)))


def interpolated(image, rows, columns):
    """Return an image at exact places of its rows and columns, as a product of matrices."""
    weights = hat(rows, image.shape[0]), hat(columns, image.shape[1])
    return np.einsum("ij,jkc,lk->ilc", weights[0], image.astype(float), weights[1])


def resize_places(n, m, align_corners):
    step = Fraction(n - 1, m - 1) if align_corners and m > 1 else Fraction(n, m)
    return [i * step for i in range(m)]


@pytest.mark.parametrize("align_corners", [False, True])
def test_resizing_agrees_with_exact_places(student, align_corners):
    rng = np.random.default_rng(1)
    for case in CASES:
        images = some_images(rng, (np.float32, np.float64)[case % 2])
        size = tuple(int(n) for n in rng.integers(1, 20, size=2))
        resized = student["resize_bilinear"](images, size, align_corners)
        rows, columns = (
            resize_places(n, m, align_corners) for n, m in zip(images.shape[1:3], size, strict=True)
        )
        expected = np.array([interpolated(image, rows, columns) for image in images])
        assert resized == pytest.approx(expected, abs=1e-4)
        same = size == images.shape[1:3]
        assert resized.dtype == (images.dtype if same else np.float32)


def test_the_ratio_is_kept_to_the_nearest_whole_number(student):
    sizes = {(3, 5): ((7, 7), (4, 7)), (1, 2): ((5, 5), (2, 5)), (10, 7): ((5, 5), (5, 4))}
    for old, (size, new) in sizes.items():  # TensorFlow's own, ties among them
        resized = student["resize_bilinear"](np.ones((1, *old, 1)), size, False, True)
        assert resized.shape[1:3] == new
    rng = np.random.default_rng(2)
    for _ in CASES:
        images = some_images(rng)
        old, size = images.shape[1:3], rng.integers(1, 20, size=2)
        ratio = min(Fraction(int(m), n) for m, n in zip(size, old, strict=True))
        exact = [ratio * n for n in old]
        if any(e % 1 == Fraction(1, 2) or e < Fraction(1, 2) for e in exact):
            continue
        resized = student["resize_bilinear"](images, tuple(size), preserve_aspect_ratio=True)
        assert resized.shape[1:3] == tuple(round(e) for e in exact)
        assert resized == pytest.approx(student["resize_bilinear"](images, resized.shape[1:3]))


def test_crops_agree_with_exact_places(student):
    rng = np.random.default_rng(3)
    compared = 0
    for _ in CASES:
        images, n_boxes = some_images(rng, most=10), int(rng.integers(1, 4))
        boxes = rng.integers(-8, 25, size=(n_boxes, 4)) / 16  # exact in float32
        which, size = rng.integers(len(images), size=n_boxes), rng.integers(1, 9, size=2)
        crops = student["crop_and_resize"](images, boxes, which, tuple(size), -7.0)
        assert crops.dtype == np.float32
        for crop, box, number in zip(crops, boxes, which, strict=True):
            expected, decided = one_crop(images[number], box, size)
            assert crop[decided] == pytest.approx(expected[decided], abs=1e-4)
            compared += decided.sum()
    assert compared > 5_000


def one_crop(image, box, size):
    """Return a crop, and which of its pixels do not lie within rounding of the border."""
    places, inside, decided = [], [], []
    for ends_of_box, n, m in zip(box.reshape(2, 2).T, image.shape[:2], size, strict=True):
        start, stop = (Fraction(float(end)) * (n - 1) for end in ends_of_box)
        step = (stop - start) / int(m - 1) if m > 1 else 0
        at = [start + i * step if m > 1 else (start + stop) / 2 for i in range(m)]
        places.append(at)
        inside.append(np.array([0 <= p <= n - 1 for p in at]))
        ends = [min(abs(p), abs(p - n + 1)) for p in at]
        decided.append(np.array([end > 1e-4 for end in ends]) | (m == 1) * (n == 1))
    crop = interpolated(image, *places)
    crop[~(inside[0][:, None] & inside[1])] = -7.0
    return crop, decided[0][:, None] & decided[1]


def first_row(offset, n, m, centered, normalized):
    """Return where a glimpse starts on one axis, by TensorFlow 2's rules, in exact fractions."""
    offset = Fraction(float(np.float32(offset)))
    if normalized:
        start = (offset + 1) / 2 * n - Fraction(m, 2) if centered else offset * n
    else:
        start = offset + Fraction(n, 2) if centered else offset
    return int(start)  # toward zero


@pytest.mark.parametrize(("centered", "normalized"), list(product((True, False), repeat=2)))
def test_glimpses_agree_pixel_by_pixel(student, centered, normalized):
    rng = np.random.default_rng(4)
    for _ in CASES:
        images, size = some_images(rng), tuple(int(n) for n in rng.integers(1, 12, size=2))
        offsets = rng.integers(-24, 25, size=(len(images), 2)) / (16 if normalized else 2)
        glimpses = student["extract_glimpse"](images, size, offsets, centered, normalized)
        expected = np.zeros_like(glimpses)
        for n, (image, offset) in enumerate(zip(images, offsets, strict=True)):
            at = [
                first_row(*each, centered, normalized)
                for each in zip(offset, image.shape, size, strict=False)
            ]
            for i, j in np.ndindex(size):
                row, column = at[0] + i, at[1] + j
                if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
                    expected[n, i, j] = image[row, column]
        assert glimpses.dtype == images.dtype
        assert np.array_equal(glimpses, expected)


@pytest.mark.parametrize("seed", range(5))
def test_noise_fills_the_outside_only(student, seed):
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(2, 6, 6, 2)) * [1.0, 3.0] + [[[[0.0, 5.0]]], [[[-2.0, 1.0]]]]
    outside = np.ones((120, 120), dtype=bool)
    outside[7:13, 9:15] = False
    for noise in ("uniform", "gaussian"):
        at = {"offsets": np.array([[-7.0, -9.0]] * 2), "centered": False, "normalized": False}
        glimpses = student["extract_glimpse"](images, (120, 120), **at, noise=noise, rng=rng)
        assert np.array_equal(glimpses[:, 7:13, 9:15], images)
        for image, glimpse in zip(images, glimpses[:, outside], strict=True):  # (6, 6, 2), (n, 2)
            if noise == "uniform":
                low, high = image.min(), image.max()
                expected = [(low + high) / 2] * 2, [(high - low) / 12**0.5] * 2
            else:
                low, high = image.min(axis=(0, 1)), image.max(axis=(0, 1))
                draws = rng.normal(image.mean(axis=(0, 1)), image.std(axis=(0, 1)), (200_000, 2))
                draws = np.clip(draws, low, high)
                expected = draws.mean(axis=0), draws.std(axis=0)
            assert np.all((glimpse >= low) & (glimpse <= high))
            assert glimpse.mean(axis=0) == pytest.approx(expected[0], abs=0.06 * np.ptp(image) / 3)
            assert glimpse.std(axis=0) == pytest.approx(expected[1], rel=0.05)


# ---- random shifts


def all_versions(image, k):
    """Return the shifts of an image (H, W, C) and those of its mirror image, ((2k + 1)² · 2, …)."""
    height, width, _ = image.shape
    versions = []
    for mirrored in (image, image[:, ::-1]):
        around = np.pad(mirrored, ((k, k), (k, k), (0, 0)))
        versions += [
            around[a : a + height, b : b + width] for a, b in np.ndindex(2 * k + 1, 2 * k + 1)
        ]
    return np.array(versions)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("flip_prob", [0.0, 0.3, 1.0])
def test_each_shift_is_as_likely_as_the_others(student, flip_prob, dtype):
    rng, n = np.random.default_rng(5), 25_000
    image = rng.random((5, 7, 2)).astype(dtype) + 1
    versions = all_versions(image, 2)
    drawn = student["random_augment"](np.broadcast_to(image, (n, 5, 7, 2)), rng, 2, flip_prob)
    assert drawn.shape == (n, 5, 7, 2)
    assert drawn.dtype == dtype
    counts = np.array([(drawn == version).all(axis=(1, 2, 3)).sum() for version in versions])
    assert counts.sum() == n
    expected = n / 25 * np.repeat([1 - flip_prob, flip_prob], 25)
    assert np.all(np.abs(counts - expected) <= 6 * np.sqrt(expected))


def test_images_are_shifted_by_their_own_offsets(student):
    rng = np.random.default_rng(6)
    for _ in CASES:
        images = some_images(rng, most=6) + 10
        k = int(rng.integers(0, min(images.shape[1:3])))
        drawn = student["random_augment"](images, rng, max_shift=k, flip_prob=0.5)
        for image, one in zip(images, drawn, strict=True):
            assert (all_versions(image, k) == one).all(axis=(1, 2, 3)).any()


# ---- what the lesson says


def by_pillow(images, size):
    """Resize images by Pillow, whose pixels have their centers at one half."""
    shape = (images.shape[3], *size)
    return np.array(
        [
            np.reshape(
                [Image.fromarray(c).resize(size[::-1], Image.BILINEAR) for c in image], shape
            )
            for image in np.moveaxis(images, 3, 1)
        ]
    ).transpose(0, 2, 3, 1)


@pytest.mark.parametrize("s", [3, 5, 7])
def test_two_conventions_lie_half_of_s_minus_one_pixels_apart(student, s):
    detail = load_photographs()[:, 200:240, 300:350].astype(np.float32)
    size, k = (40 * s, 50 * s), (s - 1) // 2
    ours, theirs = student["resize_bilinear"](detail, size), by_pillow(detail, size)
    edge = slice(0, -2 * s)
    assert np.abs(ours - theirs)[:, edge, edge].max() > 0.1
    after = np.abs(ours[:, :-k, :-k] - theirs[:, k:, k:])[:, edge, edge]
    assert after.max() < 1e-4


def test_frameworks_keep_to_the_conventions_that_the_lesson_tells(student):
    golden = load_golden()
    images, offsets = golden["images"], golden["pixel_offsets"]
    half_pixel = by_pillow(images, (14, 20))
    assert golden["resize_tf2"] == pytest.approx(half_pixel, abs=1e-4)
    assert golden["resize_torch"] == pytest.approx(half_pixel, abs=1e-4)
    aligned = student["resize_bilinear"](images, (14, 20), align_corners=True)
    assert golden["resize_torch_corners"] == pytest.approx(aligned, abs=1e-4)
    starts = offsets / 2 + np.float32([9, 13]) / 2 - np.float32([6, 8]) / 2
    glimpse = student["extract_glimpse"](images, (6, 8), starts, centered=False, normalized=False)
    assert np.array_equal(golden["glimpse_tf1_pixels"], glimpse)


def test_the_last_row_of_a_full_box_falls_outside_for_ten_sizes(student):
    image, box = np.ones((1, 28, 28, 1), np.float32), np.array([[0, 0, 1, 1.0]])
    outside = [
        m
        for m in range(2, 101)
        if student["crop_and_resize"](image, box, np.zeros(1, int), (m, 2), -1.0)[0, -1].min() < 0
    ]
    assert outside == [26, 42, 46, 51, 52, 54, 76, 83, 91, 92]


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_over_all_shifts_is_a_loss_and_a_penalty(seed):
    rng = np.random.default_rng(seed)
    images, y, w = rng.random((6, 5, 5, 1)), rng.normal(size=6), rng.normal(size=25)
    copies = np.array([all_versions(image, 2)[:25].reshape(25, 25) for image in images])
    expected = sum(np.mean((target - x @ w) ** 2) for target, x in zip(y, copies, strict=True))
    covariance = sum(np.cov(x.T, ddof=0) for x in copies)
    formula = np.sum((y - copies.mean(axis=1) @ w) ** 2) + w @ covariance @ w
    assert expected == pytest.approx(formula)


@pytest.fixture(scope="module")
def accuracies(student):
    """Return the dev accuracy in % for each way to augment 200 digits, of other seeds."""
    mnist, augment = load_mnist(), student["random_augment"]

    def turned(images, rng, most, zoom):
        n = len(images)
        angle, factor = rng.uniform(-most, most, size=n), 1 + rng.uniform(-zoom, zoom, size=n)
        return warp(images, angle=angle, zoom=factor)

    ways = {
        "none": lambda images, rng: images,
        "shift": augment,
        "zoom": lambda images, rng: turned(images, rng, 0, 0.15),
        "turn": lambda images, rng: turned(images, rng, 15, 0),
        "together": lambda images, rng: turned(augment(images, rng), rng, 15, 0.15),
        "mirror": lambda images, rng: augment(images, rng, 0, 0.5),
        "any angle": lambda images, rng: turned(images, rng, 180, 0),
    }

    def accuracy(way, seed):
        rng = np.random.default_rng(seed)
        (X, y), dev = split(mnist.X, mnist.y, (200, 2000), rng)
        network = Network((784, 50, 10), rng)

        def transform(X, rng):
            return ways[way](X.reshape(-1, 28, 28, 1), rng).reshape(X.shape)

        options = {"epochs": 60, "lr": 0.2, "batch_size": 25, "progress": False}
        train(network, X, y, rng=rng, transform=transform, **options)
        return 100 * (1 - network.error(*dev))

    return {way: np.array([accuracy(way, seed) for seed in OTHER_SEEDS]) for way in ways}


def test_each_change_helps_in_each_seed_and_all_together_help_most(accuracies):
    gains = {way: found - accuracies["none"] for way, found in accuracies.items()}
    for way, most in (("shift", 5), ("zoom", 3), ("turn", 3.5), ("together", 7.5)):
        assert gains[way].min() > 0, way
        assert 1 < gains[way].mean() < most, way
    best = [max(accuracies, key=lambda way: accuracies[way][k]) for k in range(len(OTHER_SEEDS))]
    assert best == ["together"] * len(OTHER_SEEDS)
    parts = sum(gains[way].mean() for way in ("shift", "zoom", "turn"))
    assert gains["together"].mean() < parts


def test_what_does_not_keep_a_label_or_does_not_come_up_harms_in_each_seed(accuracies):
    assert np.all(accuracies["mirror"] < accuracies["none"])
    assert np.all(accuracies["any angle"] < accuracies["none"] - 15)
