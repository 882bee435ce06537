"""The question on windows at an offset, with noise where they leave the image."""

import math
from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.data_augmentation import noise
from autograder.questions.data_augmentation.noise import NOISE, noise_case, signature_of
from autograder.questions.data_augmentation.pixels import random_images
from autograder.questions.data_augmentation.resize import NEAR
from utils.checking.codec import Interval
from utils.checking.judgement import UNCHANGED

DEFAULT = "normalized and centered"
MODES = "the other three modes"
MARGIN = Fraction(1, 200)  # from a start to a whole number, unless it is exactly one


def _case(label, images, size, offsets, *modes, part=DEFAULT):
    inputs = {"images": images, "size": list(size), "offsets": np.array(offsets, dtype=float)}
    return Case(label, inputs | dict(zip(["centered", "normalized"], modes, strict=False)), part)


def _mode(centered, normalized):
    words = {
        (True, False): "centered only",
        (False, True): "normalized only",
        (False, False): "neither",
    }

    def case(label, images, size, offsets):
        label = f"{words[centered, normalized]}: {label}"
        return _case(label, images, size, offsets, centered, normalized, part=MODES)

    return case


def _offsets(rng, images, size, low, high, modes=(True, True)):
    """Return random offsets, no start of which is near a whole number, and no two starts equal."""
    while True:
        offsets = np.round(rng.uniform(low, high, (len(images), 2)), 2)
        starts = _starts(images.shape[1:3], size, offsets, *modes)
        parts = [abs(start - round(start)) for pair in starts for start in pair]
        if min(parts) > MARGIN and all(math.floor(a) != math.floor(b) for a, b in starts):
            return offsets


def _cases(rng):
    def some(*shape, dtype="float64"):
        return random_images(rng, *shape, dtype=dtype)

    def random(label, images, size, low, high):
        return _case(label, images, size, _offsets(rng, images, size, low, high))

    centered, normalized, neither = _mode(True, False), _mode(False, True), _mode(False, False)
    return [
        _case("the middle of 5 × 5", some(1, 5, 5, 1), (3, 3), [[0, 0]]),
        _case("a start of 0.5 and 1.5", some(1, 4, 6, 1), (3, 3), [[0, 0]]),
        _case("up and right", some(1, 6, 4, 1), (2, 2), [[-0.5, 0.5]]),
        random("within two images", some(2, 5, 7, 1), (2, 3), -0.35, 0.35),
        random("three images in color, float32", some(3, 4, 5, 3, dtype="float32"), (2, 2), -1, 1),
        _case("starts of -1.3 and -0.3", some(1, 4, 6, 1), (3, 3), [[-0.9, -0.6]]),
        _case("a window larger than the image", some(1, 2, 3, 2), (5, 4), [[0.3, -0.4]]),
        _case("one window wholly beyond", some(2, 3, 4, 1), (2, 3), [[-3.2, 0.1], [0.4, -0.3]]),
        centered("a window of the whole size", some(1, 4, 4, 1), (4, 4), [[1, 0]]),
        centered("two images", some(2, 5, 4, 1), (3, 2), [[-2, -1], [-1.25, 0.25]]),
        centered("a start below 0", some(1, 3, 6, 1), (3, 4), [[-3.25, -4]]),
        normalized("two images", some(2, 4, 5, 1), (2, 3), [[0.25, 0.45], [0.6, 0.1]]),
        normalized("starts below 0", some(1, 5, 4, 2), (3, 3), [[-0.25, -0.4]]),
        neither("fractions are dropped", some(2, 4, 5, 1), (2, 2), [[1.75, 2], [0.5, 1.25]]),
        neither("starts of -1.5 and -0.75", some(1, 3, 4, 1), (4, 3), [[-1.5, -0.75]]),
        neither("wholly beyond", some(1, 3, 4, 2), (2, 2), [[-1, 9]]),
        noise_case(rng, "uniform noise", "uniform", noise.uneven(some(2, 2, 4, 2))),
        noise_case(rng, "gaussian noise", "gaussian", noise.few_pixels(rng)),
        noise_case(rng, "gaussian noise, float32", "gaussian", noise.skewed(rng)),
    ]


def _starts(shape, size, offsets, centered=True, normalized=True):
    """Return the exact place where each window begins, before it is made whole."""

    def start(offset, old, new):
        offset = Fraction(offset)
        match normalized, centered:
            case True, True:
                return (offset + 1) / 2 * old - Fraction(new, 2)
            case True, False:
                return offset * old
            case False, True:
                return offset + Fraction(old, 2)
        return offset

    return [
        [start(*row) for row in zip(pair, shape, size, strict=True)] for pair in offsets.tolist()
    ]


def _glimpses(images, size, offsets, centered=True, normalized=True):
    """Return the windows, each pixel looked up by itself; 0 beyond the image."""
    height, width, channels = images.shape[1:]
    windows = np.zeros((len(images), *size, channels))
    starts = _starts((height, width), size, offsets, centered, normalized)
    for n, (top, left) in enumerate(starts):
        for i, j in np.ndindex(*size):
            row, column = math.trunc(top) + i, math.trunc(left) + j
            if row in range(height) and column in range(width):
                windows[n, i, j] = images[n, row, column]
    return windows


# Wrong answers are made of three choices: where a window begins, how that is made whole, and what
# is around the image.


def _begin(shape, size, offsets, centered, normalized):
    shape, size = np.array(shape), np.array(size)
    if normalized and centered:
        return (offsets + 1) / 2 * shape - size / 2
    if normalized:
        return offsets * shape
    return offsets + shape / 2 if centered else offsets


def _paste(windows, images, starts):
    """Copy of each image what is in its window."""
    shape, size = np.array(images.shape[1:3]), np.array(windows.shape[1:3])
    for window, image, start in zip(windows, images, starts, strict=True):
        first, last = np.maximum(start, 0), np.minimum(start + size, shape)
        if np.all(first < last):
            (top, left), (bottom, right) = first - start, last - start
            window[top:bottom, left:right] = image[first[0] : last[0], first[1] : last[1]]
    return windows


def _wrong(begin=_begin, whole=np.trunc, background=noise.background, paste=_paste):
    def answer(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
        starts = whole(begin(images.shape[1:3], size, offsets, centered, normalized))
        windows = background(images, size, noise, rng)
        return paste(windows, images, starts.astype(int))

    return answer


def _begin_tf1(shape, size, offsets, centered, normalized):
    """Turn the offset into pixels; if centered, halve it and add half the image; take off half."""
    pixels = offsets * shape if normalized else offsets
    middle = pixels / 2 + np.array(shape) / 2 if centered else pixels
    return middle - np.array(size) / 2


def _begin_half_window(shape, size, offsets, centered, normalized):
    start = _begin(shape, size, offsets, centered, normalized)
    return start - np.array(size) / 2 if centered and not normalized else start


def _begin_whole_halves(shape, size, offsets, centered, normalized):
    if not centered:
        return _begin(shape, size, offsets, centered, normalized)
    if not normalized:
        return offsets + np.array(shape) // 2
    return (offsets + 1) / 2 * shape - np.array(size) // 2


def _begin_without_window(shape, size, offsets, centered, normalized):
    if centered and normalized:
        return (offsets + 1) / 2 * np.array(shape)
    return _begin(shape, size, offsets, centered, normalized)


def _begin_last_pixel(shape, size, offsets, centered, normalized):
    shape = np.array(shape) - normalized
    return _begin(shape, size, offsets, centered, normalized)


def _begin_x_first(shape, size, offsets, *modes):
    return _begin(shape, size, offsets[:, ::-1], *modes)


def _begin_always(centered=None, normalized=None):
    def begin(shape, size, offsets, *modes):
        forced = [m if f is None else f for m, f in zip(modes, (centered, normalized), strict=True)]
        return _begin(shape, size, offsets, *forced)

    return begin


def _paste_within(windows, images, starts):
    """Move each window back into the image."""
    room = np.maximum(np.array(images.shape[1:3]) - windows.shape[1:3], 0)
    return _paste(windows, images, np.clip(starts, 0, room))


def _paste_round(windows, images, starts):
    for n, (top, left) in enumerate(starts):
        rows, columns = (np.arange(k) for k in windows.shape[1:3])
        windows[n] = np.take(images[n], rows + top, 0, mode="wrap").take(
            columns + left, 1, mode="wrap"
        )
    return windows


def _width_first(images, size, *rest):
    return _right(images, size[::-1], *rest)


def _never_pasted(windows, images, starts):
    return windows if windows.any() else _paste(windows, images, starts)


def _misconception(name, sentence, answer, laws=None, **changes):
    return Misconception(name, sentence, answer, signature_of(answer, laws, **changes))


def _filled(background):
    return _wrong(background=background)


_right = _wrong()
_SAME = Interval(1.0, 1.0)
_PLACES = (
    _misconception(
        "TensorFlow 1",
        "Those are the rules of TensorFlow 1, which always takes off half the window and halves "
        "offsets in pixels, too. Write those of version 2: four modes, four formulas.",
        _wrong(_begin_tf1),
    ),
    _misconception(
        "floor",
        "You made a start below 0 whole by the floor: -1.3 became -2. It is cut toward zero, to "
        "-1, as `int` and `np.trunc` do.",
        _wrong(whole=np.floor),
    ),
    _misconception(
        "rounded",
        "You rounded the start of the window. It is cut toward zero: 1.75 becomes 1.",
        _wrong(whole=np.rint),
    ),
    _misconception(
        "x before y",
        "You read an offset as (x, y). It is (y, x): rows first, as in the shape.",
        _wrong(_begin_x_first),
    ),
    _misconception(
        "width first",
        "You took size for (width, height). It is (height, width).",
        _width_first,
    ),
    _misconception(
        "half the window kept",
        "With both flags your window begins at the offset. The offset is its center: take off half "
        "the window, h/2 and w/2.",
        _wrong(_begin_without_window),
    ),
    _misconception(
        "halves made whole first",
        "You halved with `//`. Half of an odd size is no whole number; only the start as a whole "
        "is cut toward zero.",
        _wrong(_begin_whole_halves),
    ),
    _misconception(
        "1 is H - 1",
        "You multiply a normalized offset by H - 1. Here it is by H: an image goes from border to "
        "border, not from pixel center to pixel center.",
        _wrong(_begin_last_pixel),
    ),
    _misconception(
        "half the window off for pixels",
        "With centered=True and normalized=False you take off half the window. In version 2 the "
        "corner is offset + H/2 there, whatever the window.",
        _wrong(_begin_half_window),
    ),
    _misconception(
        "always centered",
        "`centered` changes nothing in your function. With centered=False the offset counts from "
        "the corner of the image, and leads to the corner of the window.",
        _wrong(_begin_always(centered=True)),
    ),
    _misconception(
        "always normalized",
        "`normalized` changes nothing in your function. With normalized=False an offset counts "
        "pixels and is not multiplied by H or W.",
        _wrong(_begin_always(normalized=True)),
    ),
    _misconception(
        "moved into the image",
        "You moved windows that leave the image back into it. They stay where they are; what is "
        "beyond the image is filled.",
        _wrong(paste=_paste_within),
    ),
    _misconception(
        "round the image",
        "Beyond the border your windows come in again on the other side: a negative index counts "
        "from the end. Copy the overlap of window and image only.",
        _wrong(paste=_paste_round),
    ),
)

_NOISES = (
    Misconception(
        "no noise",
        "Around the image there is always 0. With noise of “uniform” or “gaussian” the window is "
        "filled with it first.",
        _filled(noise.zeros),
    ),
    _misconception(
        "noise over the image",
        "Your noise covers the image, too. Fill the window first, then copy the overlap into it.",
        _wrong(paste=_never_pasted),
        image=Interval(NEAR, math.inf),
        bins=None,
        pairs=None,
    ),
    _misconception(
        "between 0 and 1",
        "Your uniform noise is between 0 and 1. It lies between the smallest and the largest "
        "number of that image.",
        _filled(noise.but_for("uniform", unit=True)),
        noise.UNIT,
    ),
    _misconception(
        "ends of each channel",
        "Your uniform noise has ends of its own in each channel. They are the smallest and the "
        "largest number of the whole image, all channels together.",
        _filled(noise.but_for("uniform", ends=(1, 2))),
        noise.CHANNEL_ENDS,
    ),
    _misconception(
        "not clipped",
        "Your gaussian noise goes beyond the darkest and the brightest pixel of its channel. Clip "
        "it to them.",
        _filled(noise.but_for("gaussian", clipped=False)),
        noise.UNCLIPPED,
    ),
    _misconception(
        "ddof = 1",
        "The spread of your gaussian noise is a little too large: you divided by n - 1. Take the "
        "sd with ddof=0, which is NumPy's default.",
        _filled(noise.but_for("gaussian", moments=noise.over((1, 2), ddof=1))),
        noise.DDOF,
    ),
    _misconception(
        "moments of the image",
        "The mean or the spread of your gaussian noise is that of the whole image. Each channel "
        "has its own: take both over the rows and columns only.",
        _filled(noise.but_for("gaussian", moments=noise.over((1, 2, 3)))),
        noise.IMAGE_MOMENTS,
    ),
    _misconception(
        "numbers of the batch",
        "Your noise takes its numbers from the whole batch. Each image has its own: the ends of "
        "that image for uniform noise, the moments of each of its channels for gaussian noise.",
        _filled(noise.of_the_batch),
        noise.BATCH,
    ),
    _misconception(
        "variance for sd",
        "The spread of your gaussian noise is the variance of the channel. `rng.normal` asks for "
        "the standard deviation, the root of the variance.",
        _filled(noise.but_for("gaussian", moments=noise.variance_for_sd)),
        noise.VARIANCE,
    ),
    _misconception(
        "standard normal",
        "Your gaussian noise has the standard deviation 1 before it is clipped, whatever the "
        "image. Multiply by the sd of the channel and add its mean.",
        _filled(noise.but_for("gaussian", moments=noise.standard)),
        noise.STANDARD,
    ),
    _misconception(
        "fixed seed",
        "Two calls with one rng give the same noise: something inside starts anew each time. Draw "
        "from the rng that is handed in, and make none of your own.",
        _filled(noise.fixed_seed),
        calls=_SAME,
    ),
    _misconception(
        "another generator",
        "The same seed gives other noise: it does not come from `rng`. Draw with `rng.uniform` and "
        "`rng.normal`, not with `np.random`.",
        _filled(noise.other_generator),
        same_seed=False,
    ),
)


def _by_overlap(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    """Copy the overlap as slices, image by image."""
    (height, width), (h, w) = images.shape[1:3], size
    result = np.zeros((len(images), h, w, images.shape[3]))
    for n in range(len(images)):
        y, x = offsets[n]
        if normalized:
            y, x = y * height, x * width
            if centered:
                y, x = (y + height) / 2 - h / 2, (x + width) / 2 - w / 2
        elif centered:
            y, x = y + height / 2, x + width / 2
        top, left = int(y), int(x)
        low, high = images[n].min(axis=(0, 1)), images[n].max(axis=(0, 1))
        if noise == "uniform":
            result[n] = rng.uniform(low.min(), high.max(), size=result[n].shape)
        elif noise == "gaussian":
            mean, sd = images[n].mean(axis=(0, 1)), images[n].std(axis=(0, 1))
            result[n] = np.clip(rng.normal(mean, sd, size=result[n].shape), low, high)
        r0, r1 = max(top, 0), min(top + h, height)
        c0, c1 = max(left, 0), min(left + w, width)
        if r0 < r1 and c0 < c1:
            result[n, r0 - top : r1 - top, c0 - left : c1 - left] = images[n, r0:r1, c0:c1]
    return result


def _by_masks(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    """All images at once: gather clipped places, then write noise where they were clipped."""
    shape, size = np.array(images.shape[1:3]), np.array(size)
    starts = {
        (True, True): (offsets + 1) * shape / 2 - size / 2,
        (False, True): offsets * shape,
        (True, False): offsets + shape / 2,
        (False, False): offsets,
    }[bool(centered), bool(normalized)]
    starts = np.fix(starts).astype(int)
    rows = starts[:, :1] + np.arange(size[0])
    columns = starts[:, 1:] + np.arange(size[1])
    inside = ((rows >= 0) & (rows < shape[0]))[:, :, None]
    inside = inside & ((columns >= 0) & (columns < shape[1]))[:, None]
    rows, columns = rows.clip(0, shape[0] - 1), columns.clip(0, shape[1] - 1)
    found = images[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None]]
    fill = np.zeros_like(found)
    if noise == "uniform":
        low = images.min(axis=(1, 2, 3), keepdims=True)
        fill = rng.random(found.shape) * (images.max(axis=(1, 2, 3), keepdims=True) - low) + low
    if noise == "gaussian":
        draws = rng.standard_normal(found.shape)
        draws = draws * images.std((1, 2), keepdims=True) + images.mean((1, 2), keepdims=True)
        fill = np.maximum(draws, images.min((1, 2), keepdims=True))
        fill = np.minimum(fill, images.max((1, 2), keepdims=True))
    return np.where(inside[..., None], found, fill)


def _by_padding(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    """Paste each image on a large canvas and cut the window out of it."""
    windows = []
    for image, offset in zip(images.astype(np.float32), offsets, strict=True):
        place = []
        for o, n, k in zip(offset, image.shape, size, strict=False):
            if normalized:
                s = (o + 1) / 2 * n - k / 2 if centered else o * n
            else:
                s = o + n / 2 if centered else o
            place.append(math.trunc(s))
        margin = max(size) + max(image.shape) + max(abs(p) for p in place)
        shape = (image.shape[0] + 2 * margin, image.shape[1] + 2 * margin, image.shape[2])
        canvas = np.zeros(shape, dtype=np.float32)
        cut = tuple(slice(margin + p, margin + p + k) for p, k in zip(place, size, strict=True))
        if noise == "uniform":
            canvas[cut] = rng.uniform(image.min(), image.max(), size=(*size, image.shape[2]))
        if noise == "gaussian":
            for c in range(image.shape[2]):
                plane = image[..., c]
                draws = rng.normal(plane.mean(), plane.std(), size=size)
                canvas[(*cut, c)] = np.clip(draws, plane.min(), plane.max())
        canvas[margin : margin + image.shape[0], margin : margin + image.shape[1]] = image
        windows.append(canvas[cut])
    return np.stack(windows)


def _by_pixels(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    """Decide pixel by pixel, and draw only where it is needed."""
    _, height, width, channels = images.shape
    out = np.zeros((len(images), *size, channels))
    begin = _begin((height, width), size, offsets, centered, normalized)
    for n, image in enumerate(images.tolist()):
        top, left = (int(s) for s in begin[n])
        planes = [images[n, :, :, c].astype(float) for c in range(channels)]
        ends = [(p.min(), p.max(), p.mean(), p.std()) for p in planes]
        low, high = min(e[0] for e in ends), max(e[1] for e in ends)
        for i in range(size[0]):
            for j in range(size[1]):
                if 0 <= top + i < height and 0 <= left + j < width:
                    out[n, i, j] = image[top + i][left + j]
                elif noise == "uniform":
                    out[n, i, j] = [low + (high - low) * rng.random() for _ in range(channels)]
                elif noise == "gaussian":
                    out[n, i, j] = [
                        min(max(rng.normal(mean, sd), darkest), brightest)
                        for darkest, brightest, mean, sd in ends
                    ]
    return out


extract_glimpse = Question(
    "extract_glimpse",
    "A window of each image, at an offset",
    _cases,
    _glimpses,
    driver="images",
    parts={DEFAULT: 0.4, MODES: 0.3, NOISE: 0.2, UNCHANGED: 0.1},
    misconceptions=_PLACES + _NOISES,
    hint="Work out on paper where the window begins, then which of its rows and columns lie in the "
    "image. Fill the window first, and copy that part into it. The noise of an image is uniform "
    "between its smallest and its largest number, or normal with mean and sd of each channel, "
    "clipped to the ends of the channel. Where it is counted, the fault names the first share that "
    "is off.",
    references=(_by_overlap, _by_masks, _by_padding, _by_pixels, _right),
    rtol=0.0,
    atol=NEAR,
)

QUESTIONS = (extract_glimpse,)
