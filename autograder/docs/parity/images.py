"""Rows on images, against TensorFlow's operations."""

import math

import numpy as np

from autograder.docs.parity.row import Row
from utils.golden.make import CROP, LARGER, NOISY_CORNER, NOISY_WINDOW, SMALLER, SQUARE, WINDOW

LESSON = "03_data_augmentation"
RESIZED = {
    "resize_tf1": {"size": LARGER},
    "resize_tf1_corners": {"size": LARGER, "align_corners": True},
    "resize_tf1_smaller": {"size": SMALLER},
    "resize_tf1_ratio": {"size": SQUARE, "preserve_aspect_ratio": True},
}
GLIMPSES = {  # centered, normalized
    "glimpse_tf2": (True, True),
    "glimpse_tf2_corner": (False, True),
    "glimpse_tf2_pixels": (True, False),
    "glimpse_tf2_pixel_corner": (False, False),
}


def _cases(seed, n):
    """Yield a generator and images of up to 23 × 23 pixels, float32 and float64."""
    rng = np.random.default_rng(seed)
    for case in range(n):
        shape = (rng.integers(1, 4), *rng.integers(1, 24, size=2), rng.integers(1, 5))
        images = rng.normal(size=shape) * 10.0 ** rng.integers(-2, 3)
        yield rng, images.astype(np.float32 if case % 4 else np.float64)


# ---- resize and crop


def _resize(ours, theirs):
    resize, images = ours["resize_bilinear"], theirs["images"]
    for name, options in RESIZED.items():
        yield "pixels", resize(images, **options), theirs[name]
    corners = resize(images, LARGER, align_corners=True)
    yield "PyTorch, corners aligned", corners, theirs["resize_torch_corners"]


def _unseen_resize(ours):
    import tensorflow as tf

    for rng, images in _cases(seed=31, n=300):
        old = images.shape[1:3]
        size = tuple(rng.integers(1, 30, size=2).tolist()) if rng.random() < 0.95 else old
        options = {"align_corners": bool(rng.integers(2))}
        options["preserve_aspect_ratio"] = bool(rng.integers(2))
        if np.divide(size, old).min() * min(old) < 0.6:  # TensorFlow refuses a side of 0
            options["preserve_aspect_ratio"] = False
        theirs = tf.compat.v1.image.resize_images(images, size, **options).numpy()
        yield "pixels", ours["resize_bilinear"](images, size, **options), theirs


def _crop(ours, theirs):
    crop, given = ours["crop_and_resize"], [theirs[n] for n in ("images", "boxes", "box_indices")]
    yield "pixels", crop(*given, CROP, extrapolation_value=0.5), theirs["crop_tf"]
    yield "pixels", crop(*given, (1, 1)), theirs["crop_tf_point"]


def _unseen_crop(ours):
    import tensorflow as tf

    for rng, images in _cases(seed=32, n=300):
        low, high = ((0, 1), (-0.5, 1.5))[rng.integers(2)]
        boxes = rng.uniform(low, high, size=(rng.integers(1, 5), 4)).astype(np.float32)
        indices = rng.integers(0, len(images), size=len(boxes)).astype(np.int32)
        size = tuple(rng.integers(1, 12, size=2).tolist())
        given = {"extrapolation_value": -2.5}
        theirs = tf.image.crop_and_resize(images, boxes, indices, size, **given).numpy()
        yield "pixels", ours["crop_and_resize"](images, boxes, indices, size, **given), theirs


# ---- glimpses


def _glimpse(ours, theirs):
    glimpse, images = ours["extract_glimpse"], theirs["images"]
    for name, (centered, normalized) in GLIMPSES.items():
        offsets = theirs["offsets" if normalized else "pixel_offsets"]
        yield "pixels", glimpse(images, WINDOW, offsets, centered, normalized), theirs[name]
    # In TensorFlow 1 a centered offset in pixels is halved, and half the window is taken off.
    halves = [np.float32(size) / 2 for size in (images.shape[1:3], WINDOW)]
    first = theirs["pixel_offsets"] / 2 + halves[0] - halves[1]
    found = glimpse(images, WINDOW, first, centered=False, normalized=False)
    yield "pixels", found, theirs["glimpse_tf1_pixels"]


def _unseen_glimpse(ours):
    import tensorflow as tf

    for rng, wide_images in _cases(seed=33, n=300):
        images = wide_images.astype(np.float32)
        size = tuple(rng.integers(1, 30, size=2).tolist())
        centered, normalized = rng.integers(2, size=2).astype(bool).tolist()
        reach = 1.5 if normalized else 30
        offsets = rng.uniform(-reach, reach, size=(len(images), 2)).astype(np.float32)
        options = {"centered": centered, "normalized": normalized, "noise": "zero"}
        theirs = tf.image.extract_glimpse(images, size, offsets, **options).numpy()
        yield "pixels", ours["extract_glimpse"](images, size, offsets, **options), theirs


def noise_law(images, noise):
    """Return where the bins of the noise end, and what share of it each has by the law.

    Uniform noise is spread evenly between the ends of the whole image, all channels. Gaussian
    noise has the mean and the standard deviation of the channel and is clipped to its ends, where
    the rest piles up.

    Parameters
    ----------
    images : (N, H, W, C) array
    noise : {"uniform", "gaussian"}

    Returns
    -------
    edges : (N, C, 5) array
    shares : (N, C, 6) array
        Below the first edge, between two edges, above the last.

    Examples
    --------
    >>> edges, shares = noise_law(np.array([[[[0.0], [4.0]]]]), "uniform")
    >>> edges.ravel().round(2).tolist(), shares.ravel().tolist()
    ([-0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 0.25, 0.25, 0.25, 0.25, 0.0])
    """
    axes = (1, 2, 3) if noise == "uniform" else (1, 2)
    low, high = (
        np.broadcast_to(end(images, axis=axes, keepdims=True)[:, 0, 0], images[:, 0, 0].shape)
        for end in (np.min, np.max)
    )
    rim = 1e-5 * (high - low)
    if noise == "uniform":
        inner = [low + part * (high - low) for part in (0.25, 0.5, 0.75)]
        edges = np.stack([low - rim, *inner, high + rim], axis=2)
        return edges, np.broadcast_to([0, 0.25, 0.25, 0.25, 0.25, 0], (*low.shape, 6))
    mean, sd = images.mean(axis=axes), images.std(axis=axes)
    edges = np.stack([low - rim, low + rim, mean, high - rim, high + rim], axis=2)
    at_low, at_high = _tail((mean - low) / sd), _tail((high - mean) / sd)
    nothing = np.zeros_like(mean)
    shares = [nothing, at_low, 0.5 - at_low, 0.5 - at_high, at_high, nothing]
    return edges, np.stack(shares, axis=2)


def _tail(z):
    """Return the probability that a standard normal number is above z, entry by entry."""
    return np.vectorize(lambda value: 0.5 * math.erfc(value / 2**0.5))(z)


def _noise(noise):
    """Return the comparer of one kind of noise."""

    def compare(ours, theirs):
        images = theirs["noisy_images"]
        offsets, rng = np.float32([NOISY_CORNER] * 2), np.random.default_rng(7)
        at = {"centered": False, "normalized": False, "noise": noise, "rng": rng}
        glimpse = ours["extract_glimpse"]
        found = np.array([glimpse(images, NOISY_WINDOW, offsets, **at) for _ in range(10)])
        theirs = theirs[f"glimpse_tf2_{noise}"]
        rows, columns = (
            slice(-int(corner), -int(corner) + side)
            for corner, side in zip(NOISY_CORNER, images.shape[1:3], strict=True)
        )
        inside = (slice(None), rows, columns)
        yield "pixels of the image", found[0][inside], theirs[inside]
        outside = np.ones(NOISY_WINDOW, dtype=bool)
        outside[rows, columns] = False
        edges, law = noise_law(images.astype(float), noise)
        for what, shares in (
            ("share of the noise, the law", law),
            ("share of the noise, TensorFlow", _shares(theirs[None], outside, edges)),
        ):
            yield what, _shares(found, outside, edges).mean(axis=0), shares.mean(axis=0)

    return compare


def _shares(windows, outside, edges):
    """Return which share of the noise of each image and channel is in each bin, (N, C, 6)."""
    noise = np.moveaxis(windows[:, :, outside], 0, 1)  # (N, calls, pixels, C)
    bins = (noise[..., None] >= edges[:, None, None]).sum(axis=-1)
    counts = [(bins == k).mean(axis=(1, 2)) for k in range(6)]
    return np.stack(counts, axis=2)


# ---- mirror and turn


def _turn(ours, theirs):
    turn, images = ours["rot90"], theirs["images"]
    yield "pixels", turn(images), theirs["rot90_tf"]
    yield "pixels", turn(images, 2), theirs["rot90_tf_half"]
    yield "pixels", turn(images, -1), theirs["rot90_tf_back"]
    yield "pixels", turn(images, 7), theirs["rot90_tf_back"]


def _unseen_turn(ours):
    import tensorflow as tf

    for rng, images in _cases(seed=34, n=60):
        k = int(rng.integers(-9, 10))
        theirs = [tf.image.rot90(image, k=k).numpy() for image in images]
        yield "pixels", ours["rot90"](images, k), np.stack(theirs)


def _flip(ours, theirs):
    yield "pixels", ours["horizontal_flip"](theirs["images"]), theirs["flip_tf"]


def _unseen_flip(ours):
    import tensorflow as tf

    for _, images in _cases(seed=35, n=60):
        theirs = tf.image.flip_left_right(images).numpy()
        yield "pixels", ours["horizontal_flip"](images), theirs


# ---- the rows


def _glimpse_row(noise, original, bounds, compare, unseen=None):
    laws = {
        "zero": "zeros outside the image; `tf.raw_ops.ExtractGlimpse` for TensorFlow 1's offsets",
        "uniform": "between the ends of the image; the law of its documentation",
        "gaussian": "mean and sd of the channel, clipped to its ends; the law of its documentation",
    }
    return Row(
        f"glimpse_{noise}",
        f"extract_glimpse, {noise} noise",
        LESSON,
        ("extract_glimpse",),
        original,
        {
            "TensorFlow": f'`tf.image.extract_glimpse(images, size, offsets, noise="{noise}")`',
            "Keras": "none",
            "PyTorch": "none",
            "scikit-learn": "none",
        },
        f"`tf.image.extract_glimpse`: {laws[noise]}",
        bounds,
        compare,
        unseen,
    )


_CALL = "`tf.image.extract_glimpse(input, size, offsets, centered=True, normalized=True, {})`"
_SHARES = {
    "pixels of the image": 0.0,
    "share of the noise, the law": 0.03,
    "share of the noise, TensorFlow": 0.08,
}
ROWS = (
    Row(
        "resize",
        "resize",
        LESSON,
        ("resize_bilinear",),
        "`tf.image.resize_images(images, size, method=ResizeMethod.BILINEAR, "
        "align_corners=False, preserve_aspect_ratio=False)`",
        {
            "TensorFlow": '`tf.image.resize(images, size, method="bilinear")`, half-pixel centers; '
            "the old rule: `tf.compat.v1.image.resize_images(images, size)`",
            "Keras": '`keras.ops.image.resize(images, size, interpolation="bilinear")`, '
            "half-pixel centers",
            "PyTorch": '`torch.nn.functional.interpolate(images, size, mode="bilinear", '
            "align_corners=False)`, half-pixel centers",
            "scikit-learn": "none",
        },
        "`tf.compat.v1.image.resize_images`, and `torch.nn.functional.interpolate` with corners "
        "aligned",
        {"pixels": 0.0, "PyTorch, corners aligned": 1e-5},
        _resize,
        _unseen_resize,
    ),
    Row(
        "crop_and_resize",
        "crop_and_resize",
        LESSON,
        ("crop_and_resize",),
        '`tf.image.crop_and_resize(image, boxes, box_ind, crop_size, method="bilinear", '
        "extrapolation_value=0)`",
        {
            "TensorFlow": "`tf.image.crop_and_resize(images, boxes, box_indices, crop_size)`",
            "Keras": "none",
            "PyTorch": "none; by other rules in torchvision: `torchvision.ops.roi_align`",
            "scikit-learn": "none",
        },
        "`tf.image.crop_and_resize`",
        {"pixels": 0.0},
        _crop,
        _unseen_crop,
    ),
    _glimpse_row(
        "zero",
        "none in TensorFlow 1, which had noise only; TensorFlow 2: " + _CALL.format('noise="zero"'),
        {"pixels": 0.0},
        _glimpse,
        _unseen_glimpse,
    ),
    _glimpse_row("uniform", _CALL.format("uniform_noise=True"), _SHARES, _noise("uniform")),
    _glimpse_row("gaussian", _CALL.format("uniform_noise=False"), _SHARES, _noise("gaussian")),
    Row(
        "rot90",
        "rot90",
        LESSON,
        ("rot90",),
        "`tf.image.rot90(image, k=1)`",
        {
            "TensorFlow": "`tf.image.rot90(images, k=1)`",
            "Keras": "`keras.ops.rot90(images, k=1, axes=(1, 2))`",
            "PyTorch": "`torch.rot90(images, k=1, dims=(2, 3))`",
            "scikit-learn": "none",
        },
        "`tf.image.rot90`",
        {"pixels": 0.0},
        _turn,
        _unseen_turn,
    ),
    Row(
        "flip",
        "flip_left_right",
        LESSON,
        ("horizontal_flip",),
        "`tf.image.flip_left_right(image)`",
        {
            "TensorFlow": "`tf.image.flip_left_right(images)`; at random "
            "`tf.image.random_flip_left_right(images, seed=None)`",
            "Keras": "`keras.ops.flip(images, axis=2)`; at random "
            '`keras.layers.RandomFlip(mode="horizontal", seed=None)`',
            "PyTorch": "`torch.flip(images, dims=(3,))`",
            "scikit-learn": "none",
        },
        "`tf.image.flip_left_right`",
        {"pixels": 0.0},
        _flip,
        _unseen_flip,
    ),
)
