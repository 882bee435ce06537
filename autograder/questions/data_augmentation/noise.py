"""The law of the noise around a glimpse, and noise that breaks it."""

import math

import numpy as np

from autograder.question import Case
from autograder.questions.bounds import average
from autograder.questions.data_augmentation.resize import NEAR
from utils.checking.codec import Interval
from utils.checking.drivers import observe

NOISE = "noise"
BINS = {
    "uniform": [
        "below the image's minimum",
        "in the lowest quarter",
        "in the second quarter",
        "in the third quarter",
        "in the highest quarter",
        "above the image's maximum",
    ],
    "gaussian": [
        "below the channel's minimum",
        "at its minimum",
        "between minimum and mean",
        "between mean and maximum",
        "at its maximum",
        "above its maximum",
    ],
}
ANY = Interval(0.0, 1.0)


def few_pixels(rng):
    """Return images of two pixels beside each other, as few as there can be: there ddof shows."""
    levels = rng.permutation(np.arange(1, 20))[:8] / 20
    return levels.reshape(2, 1, 2, 2)


def skewed(rng):
    """Return images in float32 of one bright pixel in each channel: there the mean is no middle."""
    pixels = rng.permuted(np.tile(np.arange(1, 17), (2, 2, 1)), axis=2)[..., :8] / 64
    pixels[..., 0] = rng.integers(48, 65, (2, 2)) / 64
    pixels = rng.permuted(pixels, axis=2).reshape(2, 2, 4, 2)
    return np.moveaxis(pixels, 1, 3).astype(np.float32)


def uneven(images):
    """Return images whose channels are of different ranges, some of it below 0."""
    darkest = np.array([[-0.4, -0.1], [0.0, 0.1]])[:, None, None]  # of images and channels
    return np.round(images * [0.3, 0.4] + darkest, 4)


def noise_case(rng, label, noise, images):
    """Return a case under the law of the noise.

    The window is large, so that there is much noise around a small image. What is counted is the
    noise of a pixel in all images and channels, of which each is drawn from its own distribution
    but may depend on the others: TensorFlow uses the same random numbers for all images, and for
    all channels of gaussian noise. The pixels are independent, so each share is an average of
    independent numbers in 0..1. A right answer is outside an interval with a probability of 2·10⁻⁹
    at most (`autograder.questions.bounds.average`); 9 intervals in each of 3 cases make less than
    6·10⁻⁸ for the whole check. A wrong answer is found with a probability of 0.999 at least:
    `tests/test_questions_images.py` works it out for each.
    """
    corner = (2 * rng.integers([2, 6], [6, 10])).tolist()
    inputs = {
        "images": images,
        "size": [30, 40],
        "offsets": np.tile(-np.array(corner, dtype=float), (2, 1)),
        "centered": False,
        "normalized": False,
        "noise": noise,
        "seed": int(rng.integers(2**31)),
        "corner": corner,
        "levels": _levels(images.astype(float), noise),
        "bins": BINS[noise],
    }
    return Case(label, inputs, NOISE, law(inputs, RIGHT[noise]), driver="noise")


def _levels(images, noise):
    """Return for each image and channel where the bins end: shape (N, C, 5)."""
    if noise == "uniform":
        low, high = images.min(axis=(1, 2, 3)), images.max(axis=(1, 2, 3))
        parts = (-NEAR, 0.25, 0.5, 0.75, 1 + NEAR)
        levels = np.stack([low + part * (high - low) for part in parts], axis=1)
        return np.repeat(np.round(levels, 8)[:, None], images.shape[3], axis=1)
    low, high = images.min(axis=(1, 2)), images.max(axis=(1, 2))
    levels = [low - NEAR, low + NEAR, images.mean(axis=(1, 2)), high - NEAR, high + NEAR]
    return np.round(np.stack(levels, axis=2), 8)


def law(inputs, distribution, **changes):
    """Return the intervals of the shares of noise that is drawn from a distribution.

    Parameters
    ----------
    inputs : dict
        Of the case.
    distribution : callable
        `distribution(images, n, c)` returns the function v → P(noise ≤ v) of image n, channel c.
    **changes
        What is different all the same: "image" for the interval of the error within the image,
        "bins" for all bins, "pairs" for all pairs, "calls" for these, and "same_seed".
    """
    images, levels = inputs["images"].astype(float), inputs["levels"]
    below = np.array(
        [[[distribution(images, n, c)(v) for v in levels[n, c]] for c in (0, 1)] for n in (0, 1)]
    )
    bins = np.diff(below, axis=2, prepend=0, append=1).mean(axis=(0, 1)).clip(0, 1)
    low = below[..., levels.shape[2] // 2]  # P(noise ≤ middle)
    alike = float(np.mean(low**2 + (1 - low) ** 2))
    (height, width), (old_height, old_width) = inputs["size"], images.shape[1:3]
    pixels = height * width - old_height * old_width
    pairs = {
        "beside each other": pixels,  # half of the pixels in two calls
        "one below the other": height * width - (old_height + old_height % 2) * old_width,
        "in two calls": pixels,
    }
    in_bins = [changes.get("bins") or average(2 * pixels, float(p)) for p in bins]
    in_pairs = {
        f"alike {name}": changes.get(name.split()[-1])
        or changes.get("pairs")
        or average(count, alike)
        for name, count in pairs.items()
    }
    return {
        "shape right": True,
        "off within the image": changes.get("image", Interval(0.0, NEAR)),
        **dict(zip(inputs["bins"], in_bins, strict=True)),
        **in_pairs,
        "same seed, same result": changes.get("same_seed", True),
    }


def _flat_of(part):
    """Return the uniform distribution between the ends of a part of the images."""

    def distribution(images, n, c):
        low, high = part(images, n, c).min(), part(images, n, c).max()
        return lambda v: float(np.clip((v - low) / (high - low), 0, 1))

    return distribution


def _bell_of(part, clipped=True, ddof=0):
    """Return the normal distribution of a part of the images, clipped to its ends or not."""

    def distribution(images, n, c):
        pixels = part(images, n, c)
        low, high = (pixels.min(), pixels.max()) if clipped else (-math.inf, math.inf)
        mean, sd = pixels.mean(), pixels.std(ddof=ddof)

        def at_most(v):
            return (
                0.0 if v < low else 1.0 if v > high else 0.5 * math.erfc((mean - v) / sd / 2**0.5)
            )

        return at_most

    return distribution


def _channel(images, n, c):
    return images[n, :, :, c]


def _image(images, n, c):
    return images[n]


RIGHT = {"uniform": _flat_of(_image), "gaussian": _bell_of(_channel)}


def background(images, size, noise, rng, *, unit=False, axes=None, ddof=0, clipped=True):
    """Return windows that are filled before the images are copied into them.

    The keywords make it wrong: uniform noise between 0 and 1, the axes over which ends and moments
    are taken, gaussian noise of another sd or without its ends.
    """
    shape = (len(images), *size, images.shape[3])
    if noise == "zero":
        return np.zeros(shape)
    images = images.astype(float)
    axes = axes or {"uniform": (1, 2, 3), "gaussian": (1, 2)}[noise]
    low, high = images.min(axis=axes, keepdims=True), images.max(axis=axes, keepdims=True)
    if noise == "uniform":
        return rng.random(shape) if unit else low + (high - low) * rng.random(shape)
    mean = images.mean(axis=axes, keepdims=True)
    draws = mean + images.std(axis=axes, ddof=ddof, keepdims=True) * rng.standard_normal(shape)
    return np.clip(draws, low, high) if clipped else draws


def but_for(noise, **changes):
    """Return a background that is right but for one kind of noise."""

    def wrong(images, size, kind, rng):
        return background(images, size, kind, rng, **(changes if kind == noise else {}))

    return wrong


def fixed_seed(images, size, noise, rng):
    """Return noise from a generator of its own that starts anew in each call."""
    return background(images, size, noise, np.random.default_rng(0))


def other_generator(images, size, noise, rng):
    """Return noise that does not come from `rng`."""
    return background(images, size, noise, np.random.default_rng())


def zeros(images, size, noise, rng):
    """Return no noise at all."""
    return background(images, size, "zero", rng)


UNIT = {"uniform": lambda images, n, c: lambda v: float(np.clip(v, 0, 1))}
CHANNEL_ENDS = {"uniform": _flat_of(_channel)}
BATCH_ENDS = {"uniform": _flat_of(lambda images, n, c: images)}
UNCLIPPED = {"gaussian": _bell_of(_channel, clipped=False)}
DDOF = {"gaussian": _bell_of(_channel, ddof=1)}
IMAGE_MOMENTS = {"gaussian": _bell_of(_image)}


def signature_of(answer, laws=None, **changes):
    """Return the signature of an answer on the cases under the law.

    Where it puts the image into the right place, its noise is drawn from the distributions of
    `laws`, else from the right one, with these changes of the intervals. Where it does not, nothing
    is said of the noise.
    """

    def signature(case):
        if case.driver != "noise":
            return None
        record = observe(case.driver, answer, case.inputs)
        if "raised" in record:
            return None
        placed = record["value"]["off within the image"] <= NEAR
        lost = {"image": Interval(NEAR, math.inf), "bins": ANY, "pairs": ANY}
        distribution = ({} if laws is None else laws).get(case.inputs["noise"])
        intervals = law(
            case.inputs,
            distribution or RIGHT[case.inputs["noise"]],
            **(changes if placed else changes | lost),
        )
        return intervals | {"shape right": record["value"]["shape right"]}

    return signature
