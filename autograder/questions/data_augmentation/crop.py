"""The question on boxes that are cut out of images and brought to one size."""

from fractions import Fraction
from functools import partial

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.data_augmentation.pixels import random_images
from autograder.questions.data_augmentation.resize import NEAR
from autograder.questions.oracles import between_pixels, exact_image
from utils.checking.judgement import UNCHANGED

INSIDE = "boxes within the image"
BEYOND = "flipped boxes and the world beyond"
SINGLE = "crop size 1"
MARGIN = Fraction(1, 200)  # in pixels, from a sample to the border, unless it is exactly on it


def _case(label, images, boxes, size, *, at=None, part=INSIDE, value=None):
    at = list(range(len(boxes))) if at is None else at
    inputs = {
        "images": images,
        "boxes": np.array(boxes, dtype=float),
        "box_indices": np.array(at),
        "crop_size": list(size),
    }
    if value is not None:
        inputs["extrapolation_value"] = value
    return Case(label, inputs, part)


_beyond = partial(_case, part=BEYOND)
_single = partial(_case, part=SINGLE)


def _inner_box(rng):
    """Return a random box within the image, wide enough to tell rules apart."""
    while True:
        y1, x1 = np.round(rng.uniform(0.05, 0.35, 2), 2).tolist()
        y2, x2 = np.round(rng.uniform(0.6, 0.95, 2), 2).tolist()
        if abs(y1 + y2 - x1 - x2) > 0.05:
            return [y1, x1, y2, x2]


def _outer_box(rng, shape, size):
    """Return a random box beyond two sides, no sample of which is near the border."""
    while True:
        y1, x2 = np.round([rng.uniform(-0.6, -0.2), rng.uniform(1.2, 1.6)], 2).tolist()
        y2, x1 = np.round([rng.uniform(0.5, 0.8), rng.uniform(0.15, 0.4)], 2).tolist()
        ends = zip([(y1, y2), (x1, x2)], shape, size, strict=True)
        samples = [(_samples(*pair, n, count), n) for pair, n, count in ends]
        if all(border_distance(place, n) > MARGIN for places, n in samples for place in places):
            return [y1, x1, y2, x2]


def border_distance(place, n):
    """Return how far a place is from the nearer border, the center of pixel 0 or n - 1."""
    return min(abs(place), abs(place - (n - 1)))


def _cases(rng):
    def some(*shape, dtype="float64", lowest=0.0):
        return random_images(rng, *shape, dtype=dtype, lowest=lowest)

    ramp = np.tile(np.array([[0.0], [0.25], [0.5], [0.75], [1.0]]), (1, 2, 1, 1))
    wide, high, turned = (_inner_box(rng) for _ in range(3))
    y1, x1, y2, x2 = turned
    three = [[0.3, 0.1, 0.8, 0.6], [0.2, 0.3, 0.6, 0.9], [0.1, 0.2, 0.9, 0.7]]
    outer = [_outer_box(rng, (4, 5), (4, 3)), wide]
    column = [wide, [0.3, 0.9, 0.8, 0.2]]
    left, half_out, out = [-0.4, -0.3, 0.6, 0.7], [0.5, 0.2, 1.4, 0.8], [1.2, 0.1, 1.9, 0.8]
    around, half, corner = [1.3, 1.4, -0.5, -0.2], [0.4, -0.3, 1.3, 0.9], [0.9, 0.1, 1.6, 0.6]
    return [
        _case("a ramp, its middle half", ramp, [[0.25, 0.25, 0.75, 0.75]], (2, 3)),
        _case("a part", some(1, 4, 5, 1), [[0.1, 0.2, 0.7, 0.9]], (3, 4)),
        _case("a random box, two channels", some(1, 3, 4, 2), [wide], (2, 3)),
        _case("a random box, float32", some(1, 5, 3, 1, dtype="float32"), [high], (4, 2)),
        _case("boxes not in order", some(2, 4, 3, 1), three, (2, 3), at=[1, 0, 1]),
        _case("one of three images, in color", some(3, 3, 4, 3), [high], (2, 2), at=[2]),
        _beyond("the whole image, to its border", some(1, 3, 5, 1), [[0, 0, 1, 1]], (5, 3)),
        _beyond("upside down", some(1, 4, 3, 1), [[y2, x1, y1, x2]], (3, 2)),
        _beyond("left and right exchanged", some(1, 3, 5, 1), [[y1, x2, y2, x1]], (2, 3)),
        _beyond("above and left", some(1, 4, 5, 1, lowest=-0.4), [left], (4, 5)),
        _beyond("below, value 0.5", some(1, 4, 3, 2), [half_out], (4, 2), value=0.5),
        _beyond("wholly beyond, value -1", some(1, 3, 3, 1), [out], (2, 3), value=-1.0),
        _beyond("random, value 2", some(2, 4, 5, 1), outer, (4, 3), value=2.0),
        _beyond("flipped, beyond all sides", some(1, 4, 4, 1), [around], (4, 4), value=0.25),
        _single("a row", some(1, 5, 4, 1), [[0.2, 0.1, 0.9, 0.8]], (1, 3)),
        _single("a column, two boxes of one image", some(2, 4, 5, 1), column, (3, 1), at=[1, 1]),
        _single("a single pixel, in the image", some(1, 4, 4, 2), [half], (1, 1), value=0.5),
        _single("a single pixel, beyond", some(1, 4, 4, 1), [corner], (1, 1), value=0.5),
    ]


def _samples(start, stop, n, count):
    """Return `count` exact places from start to stop, where 1 is the center of the last pixel."""
    start, stop = Fraction(start) * (n - 1), Fraction(stop) * (n - 1)
    if count == 1:
        return [(start + stop) / 2]
    return [start + (stop - start) * Fraction(i, count - 1) for i in range(count)]


def _cropped(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """Return the crops pixel by pixel in exact arithmetic; beyond the border the value."""
    height, width, channels = images.shape[1:]
    crops = np.full((len(boxes), *crop_size, channels), float(extrapolation_value))
    for n, (y1, x1, y2, x2) in enumerate(boxes.tolist()):
        image = exact_image(images[box_indices[n]])
        for i, y in enumerate(_samples(y1, y2, height, crop_size[0])):
            for j, x in enumerate(_samples(x1, x2, width, crop_size[1])):
                if 0 <= y <= height - 1 and 0 <= x <= width - 1:
                    crops[n, i, j] = between_pixels(image, y, x)
    return crops


# Wrong answers are made of three choices: where the samples are, how the pixels of one axis are
# weighted at a sample, and which samples get the value.


def _even(start, stop, n, count):
    last = n - 1
    if count == 1:
        return np.array([(start + stop) / 2 * last])
    return start * last + np.arange(count) * (stop - start) * last / (count - 1)


def _tents(places, n):
    return np.maximum(1 - np.abs(np.clip(places, 0, n - 1)[:, None] - np.arange(n)), 0)


def _nearest(places, n):
    return np.eye(n)[np.clip(np.rint(places), 0, n - 1).astype(int)]


def _black_around(places, n):
    """Return weights that fall to 0 within a pixel beyond the border."""
    return np.maximum(1 - np.abs(places[:, None] - np.arange(n)), 0)


def _outside(places, n):
    return (places < 0) | (places > n - 1)


def _wrong(places=_even, weights=_tents, outside=_outside, both=np.logical_or):
    def answer(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
        height, width, channels = images.shape[1:]
        crops = np.zeros((len(boxes), *crop_size, channels))
        for n, (y1, x1, y2, x2) in enumerate(boxes):
            y = places(y1, y2, height, crop_size[0])
            x = places(x1, x2, width, crop_size[1])
            image, rows, columns = images[box_indices[n]], weights(y, height), weights(x, width)
            crops[n] = np.einsum("ih,hwc,jw->ijc", rows, image, columns)
            beyond = both(outside(y, height)[:, None], outside(x, width)[None])
            crops[n][beyond] = extrapolation_value
        return crops

    return answer


def _to_the_edge(start, stop, n, count):
    return _even(start * n / max(n - 1, 1), stop * n / max(n - 1, 1), n, count)


def _end_left_out(start, stop, n, count):
    return start * (n - 1) + np.arange(count) * (stop - start) * (n - 1) / count


def _pixel_centers(start, stop, n, count):
    return start * (n - 1) + (np.arange(count) + 0.5) * (stop - start) * (n - 1) / count


def _from_start(start, stop, n, count):
    return _even(start, start, n, 1) if count == 1 else _even(start, stop, n, count)


def _from_image_center(start, stop, n, count):
    return np.array([(n - 1) / 2]) if count == 1 else _even(start, stop, n, count)


def _never_flipped(start, stop, n, count):
    return _even(min(start, stop), max(start, stop), n, count)


def _division_by_0(start, stop, n, count):
    if count == 1:
        raise ZeroDivisionError("float division by zero")
    return _even(start, stop, n, count)


def _nan_for_one(start, stop, n, count):
    return np.full(1, np.nan) if count == 1 else _even(start, stop, n, count)


def _not_inside(places, n):
    return ~((places >= 0) & (places <= n - 1))


def _never(places, n):
    return np.zeros(len(places), dtype=bool)


def _last_counts_as_outside(places, n):
    return (places < 0) | (places >= n - 1) & (n > 1)


def _blended_with_the_value(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    value = extrapolation_value
    black = _wrong(weights=_black_around, outside=_never)
    return value + black(images - value, boxes, box_indices, crop_size)


def _flipped_is_empty(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    crops = _right(images, boxes, box_indices, crop_size, extrapolation_value)
    crops[(boxes[:, 0] > boxes[:, 2]) | (boxes[:, 1] > boxes[:, 3])] = extrapolation_value
    return crops


def _box_read_as(order):
    def answer(images, boxes, *rest):
        return _right(images, boxes[:, order], *rest)

    return answer


def _boxes_clipped(images, boxes, *rest):
    return _right(images, np.clip(boxes, 0, 1), *rest)


def _corner_and_size(images, boxes, *rest):
    y1, x1, height, width = boxes.T
    return _right(images, np.stack([y1, x1, y1 + height, x1 + width], axis=1), *rest)


def _index_is_box(images, boxes, box_indices, *rest):
    return _right(images, boxes, np.arange(len(boxes)) % len(images), *rest)


def _first_image(images, boxes, box_indices, *rest):
    return _right(images, boxes, 0 * box_indices, *rest)


def _width_first(images, boxes, box_indices, crop_size, *rest):
    return _right(images, boxes, box_indices, crop_size[::-1], *rest)


def _sides_exchanged(images, boxes, box_indices, crop_size, *rest):
    """Scale the rows by the width of the image and the columns by its height."""
    height, width = images.shape[1] - 1, images.shape[2] - 1
    down, across = width / max(height, 1), height / max(width, 1)
    return _right(images, boxes * [down, across, down, across], box_indices, crop_size, *rest)


def _whole_pixels(images, boxes, box_indices, crop_size, value=0.0):
    """Cut whole pixels out first and sample those."""

    def places(start, stop, n, count):
        return np.rint(_even(start, start, n, 1)) + _even(
            0, 1, 1 + np.rint(stop * (n - 1)) - np.rint(start * (n - 1)), count
        )

    return _wrong(places=places)(images, boxes, box_indices, crop_size, value)


_right = _wrong()
_MISCONCEPTIONS = (
    Misconception(
        "1 is H",
        "You multiply the box by H and W. Its numbers count from the center of the first pixel to "
        "that of the last: 1 is H - 1 and W - 1.",
        _wrong(places=_to_the_edge),
    ),
    Misconception(
        "x before y",
        "You read a box as (x1, y1, x2, y2). It is (y1, x1, y2, x2).",
        _box_read_as([1, 0, 3, 2]),
    ),
    Misconception(
        "rows, then columns",
        "You read a box as (y1, y2, x1, x2). It is (y1, x1, y2, x2): one corner, then the "
        "opposite one.",
        _box_read_as([0, 2, 1, 3]),
    ),
    Misconception(
        "corner and size",
        "You read a box as a corner, a height and a width. It is two corners: (y1, x1, y2, x2).",
        _corner_and_size,
    ),
    Misconception(
        "end left out",
        "Your last sample is one step before the end of the box. The first sample is on one side "
        "and the last on the other: count - 1 steps.",
        _wrong(places=_end_left_out),
    ),
    Misconception(
        "middles of cells",
        "You divided the box into cells and took their middles. The samples go from one side of "
        "the box to the other, both included: count - 1 steps.",
        _wrong(places=_pixel_centers),
    ),
    Misconception(
        "nearest pixel",
        "You took the nearest pixel of each sample. Bilinear blends the two on either side, first "
        "along one axis, then along the other.",
        _wrong(weights=_nearest),
    ),
    Misconception(
        "whole pixels cut out",
        "You cut out whole pixels first and resized them. The box ends between pixels: its first "
        "sample is at y1·(H - 1), wherever that is.",
        _whole_pixels,
    ),
    Misconception(
        "sides exchanged",
        "You multiply the rows by W - 1 and the columns by H - 1. It is the other way round, and "
        "shows where the image is not square.",
        _sides_exchanged,
    ),
    Misconception(
        "box i of image i",
        "You took box i from image i. It is to be taken from image box_indices[i]; one image may "
        "have many boxes.",
        _index_is_box,
    ),
    Misconception(
        "first image only",
        "You took every box from the first image. Box i is to be taken from image box_indices[i].",
        _first_image,
    ),
    Misconception(
        "width first",
        "You took crop_size for (width, height). It is (height, width).",
        _width_first,
    ),
    Misconception(
        "border repeated",
        "Beyond the border you repeat the last pixel. A sample outside [0, H - 1] or [0, W - 1] "
        "gets extrapolation_value.",
        _wrong(outside=_never),
    ),
    Misconception(
        "boxes clipped",
        "You clipped the boxes to 0..1, so that the crop shows less of the world than was asked "
        "for. Leave the box as it is; a sample outside gets extrapolation_value.",
        _boxes_clipped,
    ),
    Misconception(
        "blended with the value",
        "Within a pixel beyond the border you blend the image with extrapolation_value. A sample "
        "outside gets the value as a whole.",
        _blended_with_the_value,
    ),
    Misconception(
        "both sides must be out",
        "You give extrapolation_value only to samples that are outside in y and in x. One of the "
        "two is enough.",
        _wrong(both=np.logical_and),
    ),
    Misconception(
        "value ignored",
        "Beyond the border you always write 0. Write extrapolation_value.",
        lambda images, boxes, at, size, value=0.0: _right(images, boxes, at, size),
    ),
    Misconception(
        "last pixel outside",
        "You take a sample on the last pixel, at H - 1 exactly, for outside. It is inside: only "
        "what is above H - 1 is not. Its upper neighbor is itself.",
        _wrong(outside=_last_counts_as_outside),
    ),
    Misconception(
        "never flipped",
        "You sorted the ends of a box. With y1 > y2 the crop is upside down: start at y1 and go "
        "to y2 with a negative step.",
        _wrong(places=_never_flipped),
    ),
    Misconception(
        "flipped is empty",
        "You took a box with y1 > y2 or x1 > x2 for empty. It is read backward: the step is "
        "negative, and the rule the same.",
        _flipped_is_empty,
    ),
    Misconception(
        "start for one sample",
        "With a crop size of 1 you sample the start of the box. A single sample is at its "
        "middle, ½(y1 + y2)(H - 1).",
        _wrong(places=_from_start),
    ),
    Misconception(
        "image center for one sample",
        "With a crop size of 1 you sample the middle of the image. Sample the middle of the box, "
        "½(y1 + y2)(H - 1).",
        _wrong(places=_from_image_center),
    ),
    Misconception(
        "division by 0 for one sample",
        "With a crop size of 1 you divide by count - 1 = 0. A single sample is at the middle of "
        "the box, ½(y1 + y2)(H - 1).",
        _wrong(places=_division_by_0),
    ),
    Misconception(
        "nan for one sample",
        "With a crop size of 1 your samples are nan: NumPy divided by count - 1 = 0 and went on. A "
        "single sample is at the middle of the box, ½(y1 + y2)(H - 1).",
        _wrong(places=_nan_for_one),
    ),
    Misconception(
        "nan is not inside",
        "With a crop size of 1 your crop is all extrapolation_value: a division by count - 1 = 0 "
        "gave nan, which is not inside. Sample the middle of the box, ½(y1 + y2)(H - 1).",
        _wrong(places=_nan_for_one, outside=_not_inside),
    ),
)


def _by_loops(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    height, width = images.shape[1], images.shape[2]
    h, w = crop_size
    out = np.zeros((len(boxes), h, w, images.shape[3]))
    for b in range(len(boxes)):
        y1, x1, y2, x2 = boxes[b]
        for i in range(h):
            y = (y1 + y2) / 2 if h == 1 else y1 + i / (h - 1) * (y2 - y1)
            y *= height - 1
            for j in range(w):
                x = (x1 + x2) / 2 if w == 1 else x1 + j / (w - 1) * (x2 - x1)
                x *= width - 1
                if not (0 <= y <= height - 1 and 0 <= x <= width - 1):
                    out[b, i, j] = extrapolation_value
                    continue
                r, c = int(y), int(x)
                r2, c2 = min(r + 1, height - 1), min(c + 1, width - 1)
                image = images[box_indices[b]]
                top = image[r, c] + (x - c) * (image[r, c2] - image[r, c])
                bottom = image[r2, c] + (x - c) * (image[r2, c2] - image[r2, c])
                out[b, i, j] = top + (y - r) * (bottom - top)
    return out


def _by_linspace(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    height, width = images.shape[1:3]
    crops = []
    for (y1, x1, y2, x2), index in zip(boxes, box_indices, strict=True):
        y = np.linspace(y1, y2, crop_size[0]) * (height - 1)
        x = np.linspace(x1, x2, crop_size[1]) * (width - 1)
        if crop_size[0] == 1:
            y = np.array([(y1 + y2) / 2 * (height - 1)])
        if crop_size[1] == 1:
            x = np.array([(x1 + x2) / 2 * (width - 1)])
        rows = np.clip(1 - np.abs(y[:, None] - np.arange(height)), 0, 1)
        columns = np.clip(1 - np.abs(x[:, None] - np.arange(width)), 0, 1)
        crop = np.tensordot(rows, images[index], axes=1)
        crop = np.swapaxes(np.tensordot(columns, np.swapaxes(crop, 0, 1), axes=1), 0, 1)
        inside_y, inside_x = (y >= 0) & (y <= height - 1), (x >= 0) & (x <= width - 1)
        crops.append(np.where((inside_y[:, None] & inside_x)[..., None], crop, extrapolation_value))
    return np.array(crops)


def _by_gather(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """All boxes at once."""
    last = np.array(images.shape[1:3]) - 1
    neighbors = []
    for axis in (0, 1):
        start, stop = boxes[:, axis, None] * last[axis], boxes[:, axis + 2, None] * last[axis]
        n = crop_size[axis]
        t = np.arange(n) / (n - 1) if n > 1 else np.array([0.5])
        place = start + t * (stop - start)  # (boxes, n)
        lower = np.clip(np.floor(place), 0, last[axis]).astype(int)
        upper = np.clip(lower + 1, 0, last[axis])
        neighbors.append((lower, upper, place - lower, (place < 0) | (place > last[axis])))
    (top, bottom, fy, no_y), (left, right, fx, no_x) = neighbors
    at = np.asarray(box_indices)[:, None, None]
    fy, fx = fy[:, :, None, None], fx[:, None, :, None]
    out = (
        images[at, top[:, :, None], left[:, None]] * (1 - fy) * (1 - fx)
        + images[at, top[:, :, None], right[:, None]] * (1 - fy) * fx
        + images[at, bottom[:, :, None], left[:, None]] * fy * (1 - fx)
        + images[at, bottom[:, :, None], right[:, None]] * fy * fx
    )
    out[no_y[:, :, None] | no_x[:, None, :]] = extrapolation_value
    return out


def _by_scipy(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    from scipy.ndimage import map_coordinates

    crops = np.empty((len(boxes), *crop_size, images.shape[-1]))
    for k, (box, index) in enumerate(zip(boxes, box_indices, strict=True)):
        places = []
        for axis in range(2):
            last = images.shape[1 + axis] - 1
            ends = box[axis] * last, box[2 + axis] * last
            n = crop_size[axis]
            places.append([sum(ends) / 2] if n == 1 else np.linspace(*ends, n))
        grid = np.meshgrid(*places, indexing="ij")
        for c in range(images.shape[-1]):
            crops[k, ..., c] = map_coordinates(
                images[index, ..., c], grid, order=1, mode="constant", cval=extrapolation_value
            )
    return crops


def _by_float32(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """As TensorFlow counts, in float32 throughout."""
    f = np.float32
    boxes, (height, width) = boxes.astype(f), images.shape[1:3]

    def sample(start, stop, n, count):
        if count == 1:
            return f(0.5) * (start + stop)[:, None] * f(n - 1)
        step = (stop - start) * f(n - 1) / f(count - 1)
        return start[:, None] * f(n - 1) + np.arange(count, dtype=f) * step[:, None]

    y = sample(boxes[:, 0], boxes[:, 2], height, crop_size[0])
    x = sample(boxes[:, 1], boxes[:, 3], width, crop_size[1])
    out = np.full((len(boxes), *crop_size, images.shape[3]), extrapolation_value, dtype=f)
    for b, i, j in np.ndindex(out.shape[:3]):
        if 0 <= y[b, i] <= height - 1 and 0 <= x[b, j] <= width - 1:
            r = np.array([np.floor(y[b, i]), np.ceil(y[b, i])], dtype=int)
            c = np.array([np.floor(x[b, j]), np.ceil(x[b, j])], dtype=int)
            corners = images[box_indices[b]][np.ix_(r, c)].astype(f)
            left_right = corners[:, 0] + (corners[:, 1] - corners[:, 0]) * (x[b, j] - c[0])
            out[b, i, j] = left_right[0] + (left_right[1] - left_right[0]) * (y[b, i] - r[0])
    return out


crop_and_resize = Question(
    "crop_and_resize",
    "Boxes of images, brought to one size",
    _cases,
    _cropped,
    driver="images",
    parts={INSIDE: 0.45, BEYOND: 0.25, SINGLE: 0.2, UNCHANGED: 0.1},
    misconceptions=_MISCONCEPTIONS,
    hint="Write down the places of the samples for the first case, from x1·(W - 1) to x2·(W - 1). "
    "Then blend as in resize_bilinear, and give what is outside its value.",
    references=(_by_loops, _by_linspace, _by_gather, _by_scipy, _by_float32),
    rtol=0.0,
    atol=NEAR,
)

QUESTIONS = (crop_and_resize,)
