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


FEW = {"lowest": [[0, 11], [4, 16]], "range": [[2, 4], [3, 1]]}  # of images and channels, in 1/20
SKEWED = {"lowest": [[0, 8], [36, 50]], "range": [[6, 10], [11, 14]]}  # in 1/64


def _exchanged(rng, levels):
    """Return lowest numbers and ranges with images and channels in a random order."""
    images, channels = rng.permutation(2), rng.permutation(2)
    return [np.array(levels[key])[np.ix_(images, channels)] for key in ("lowest", "range")]


def few_pixels(rng):
    """Return images of two pixels beside each other, as few as there can be: there ddof shows.

    No two channels have levels in common, nor the same range; those of one image are far apart, so
    that moments of a whole image are unlike those of its channels.
    """
    lowest, ranges = _exchanged(rng, FEW)
    ends = np.stack([lowest, lowest + ranges], axis=1) + rng.integers(0, 4)  # (images, 2, channels)
    return rng.permuted(ends, axis=1)[:, None] / 20


def skewed(rng):
    """Return images in float32 of one bright pixel in each channel: there the mean is no middle.

    No two channels have levels in common, nor the same range; the two images are far apart, so that
    moments of the batch are unlike those of an image.
    """
    lowest, ranges = _exchanged(rng, SKEWED)
    above = rng.integers(1, ranges[..., None] + 1, (2, 2, 8))  # of 4 times the range
    above[..., 0], above[..., 1] = 0, 4 * ranges
    pixels = rng.permuted(4 * lowest[..., None] + above, axis=2).reshape(2, 2, 2, 4) / 256
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
    6·10⁻⁸ for the whole check.

    A wrong answer is found with a probability of 0.999 at least: the test of the questions on
    images works it out for each. Where the mean or the sd of `few_pixels` is that of the whole
    image or batch, 0.37 to 0.50 of the noise is at its channel's minimum, and the interval begins
    at 0.30 or above; that of a right answer, 0.16 on average, ends at 0.21. Images, channels and
    pixels come in any order, which changes none of these, so no seed lets one of them pass.
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
    pairs = _pairs(inputs)
    in_bins = [changes.get("bins") or average(2 * pairs["in two calls"], float(p)) for p in bins]
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


def _pairs(inputs):
    """Return how many pairs of pixels around an image there are, by how the two lie."""
    (height, width), (old_height, old_width) = inputs["size"], inputs["images"].shape[1:3]
    pixels = height * width - old_height * old_width
    return {
        "beside each other": pixels,  # half of the pixels in two calls
        "one below the other": height * width - (old_height + old_height % 2) * old_width,
        "in two calls": pixels,
    }


def _flat_of(part):
    """Return the uniform distribution between the ends of a part of the images."""

    def distribution(images, n, c):
        low, high = part(images, n, c).min(), part(images, n, c).max()
        return lambda v: float(np.clip((v - low) / (high - low), 0, 1))

    return distribution


def _bell_of(moments, ends):
    """Return the normal distribution of these moments, clipped to the ends of a part of the images.

    `moments(images, n, c)` returns the mean and the standard deviation; without ends nothing is
    clipped.
    """

    def distribution(images, n, c):
        low, high = -math.inf, math.inf
        if ends:
            low, high = ends(images, n, c).min(), ends(images, n, c).max()
        mean, sd = moments(images, n, c)

        def at_most(v):
            return (
                0.0 if v < low else 1.0 if v > high else 0.5 * math.erfc((mean - v) / sd / 2**0.5)
            )

        return at_most

    return distribution


def _moments_of(mean, sd=None, ddof=0):
    """Return the mean of one part of the images and the sd of one, by default of the same."""
    return lambda *at: (mean(*at).mean(), (sd or mean)(*at).std(ddof=ddof))


def _channel(images, n, c):
    return images[n, :, :, c]


def _image(images, n, c):
    return images[n]


def _batch(images, n, c):
    return images


def _channel_of_batch(images, n, c):
    return images[..., c]


RIGHT = {"uniform": _flat_of(_image), "gaussian": _bell_of(_moments_of(_channel), _channel)}


def over(axes, ddof=0):
    """Return a function from images to means and standard deviations over these axes."""
    return lambda x: (x.mean(axis=axes, keepdims=True), x.std(axis=axes, ddof=ddof, keepdims=True))


def background(images, size, noise, rng, *, unit=False, ends=None, moments=None, clipped=True):
    """Return windows that are filled before the images are copied into them.

    The keywords make it wrong: uniform noise between 0 and 1, the axes over which the ends are
    taken, gaussian noise of other moments or without its ends.
    """
    shape = (len(images), *size, images.shape[3])
    if noise == "zero":
        return np.zeros(shape)
    images = images.astype(float)
    axes = ends or {"uniform": (1, 2, 3), "gaussian": (1, 2)}[noise]
    low, high = images.min(axis=axes, keepdims=True), images.max(axis=axes, keepdims=True)
    if noise == "uniform":
        return rng.random(shape) if unit else low + (high - low) * rng.random(shape)
    mean, sd = (moments or over((1, 2)))(images)
    draws = mean + sd * rng.standard_normal(shape)
    return np.clip(draws, low, high) if clipped else draws


def of_the_batch(images, size, noise, rng):
    """Return noise of the ends of the whole batch, or of the moments of its channels."""
    ends = (0, 1, 2, 3) if noise == "uniform" else None
    return background(images, size, noise, rng, ends=ends, moments=over((0, 1, 2)))


def variance_for_sd(images):
    """Return the means of the channels and their variances."""
    mean, sd = over((1, 2))(images)
    return mean, sd**2


def standard(images):
    """Return the moments of standard normal numbers."""
    return 0.0, 1.0


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


def _variance(*at):
    mean, sd = _moments_of(_channel)(*at)
    return mean, sd**2


# What the noise of a misconception may be drawn from: distributions for each kind.

UNIT = {"uniform": [lambda images, n, c: lambda v: float(np.clip(v, 0, 1))]}
CHANNEL_ENDS = {"uniform": [_flat_of(_channel)]}
UNCLIPPED = {"gaussian": [_bell_of(_moments_of(_channel), None)]}
DDOF = {"gaussian": [_bell_of(_moments_of(_channel, ddof=1), _channel)]}
IMAGE_MOMENTS = {
    "gaussian": [
        _bell_of(_moments_of(_image), _channel),
        _bell_of(_moments_of(_image), _image),
        _bell_of(_moments_of(_image, _channel), _channel),
        _bell_of(_moments_of(_channel, _image), _channel),
    ]
}
BATCH = {
    "uniform": [_flat_of(_batch)],
    "gaussian": [
        _bell_of(_moments_of(_channel_of_batch), _channel),
        _bell_of(_moments_of(_channel_of_batch), _channel_of_batch),
    ],
}
VARIANCE = {"gaussian": [_bell_of(_variance, _channel)]}
STANDARD = {
    "gaussian": [
        _bell_of(lambda *at: (0.0, 1.0), _channel),
        _bell_of(lambda *at: (_channel(*at).mean(), 1.0), _channel),
    ]
}


def signature_of(answer, laws=None, **changes):
    """Return the signature of an answer on the cases under the law.

    Where it puts the image into the right place, its noise is drawn from one of the distributions
    of `laws`, else from the right one, with these changes of the intervals. Where it does not,
    nothing is said of the noise unless it is among the changes: None is what is right.
    """

    def signature(case):
        if case.driver != "noise":
            return None
        record = observe(case.driver, answer, case.inputs)
        if "raised" in record:
            return None
        placed = record["value"]["off within the image"] <= NEAR
        lost = {"image": Interval(NEAR, math.inf), "bins": ANY, "pairs": ANY}
        kind = case.inputs["noise"]
        told = changes if placed else lost | changes
        every = [law(case.inputs, d, **told) for d in (laws or {}).get(kind, [RIGHT[kind]])]
        return _hull(every) | {"shape right": record["value"]["shape right"]}

    return signature


def _hull(laws):
    """Return the intervals that hold those of all laws."""
    return {
        key: Interval(min(each[key].low for each in laws), max(each[key].high for each in laws))
        if isinstance(value, Interval)
        else value
        for key, value in laws[0].items()
    }
