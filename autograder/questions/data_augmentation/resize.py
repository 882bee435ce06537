"""The question on images in another size."""

from fractions import Fraction

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.data_augmentation.pixels import random_images
from autograder.questions.oracles import between_pixels, exact_image
from utils.checking.judgement import UNCHANGED

DEFAULT = "the default rule"
CORNERS = "corners aligned"
RATIO = "the ratio kept"
NEAR = 1e-4  # of the range of brightness, which is 1 but in one case


def _case(label, images, size, part=DEFAULT, **flags):
    return Case(label, {"images": images, "size": list(size), **flags}, part)


def _corners(label, images, size):
    return _case(f"{label}, corners aligned", images, size, CORNERS, align_corners=True)


def _ratio(label, images, size, align_corners=False):
    flags = {"align_corners": align_corners, "preserve_aspect_ratio": True}
    return _case(label, images, size, RATIO, **flags)


def _cases(rng):
    def some(*shape, dtype="float64"):
        return random_images(rng, *shape, dtype=dtype)

    def either(*pairs):
        return pairs[rng.integers(len(pairs))]

    old, new = either(((3, 4), (4, 7)), ((4, 3), (7, 5)), ((3, 5), (5, 7)))
    less, least = either(((5, 4), (3, 2)), ((4, 7), (2, 5)), ((5, 6), (4, 4)))
    start, end = either(((3, 4), (5, 3)), ((5, 3), (3, 4)), ((4, 3), (2, 5)))
    return [
        _case("one row, 0 and 1, twice as wide", np.array([[[[0.0], [1.0]]]]), (1, 4)),
        _case("one column of three, five high", np.array([[[[0.0]], [[1.0]], [[0.25]]]]), (5, 1)),
        _case("larger, two channels", some(1, 2, 3, 2), (3, 4)),
        _case("smaller, two images", some(2, 5, 3, 1), (3, 2)),
        _case("higher and narrower, -0.4 to 3", _beyond_1(some(1, 3, 4, 1)), (5, 3)),
        _case("larger, sizes at random", some(1, *old, 1), new),
        _case("smaller, sizes at random, float32", some(1, *less, 2, dtype="float32"), least),
        _case("the same size", some(2, 2, 3, 1), (2, 3)),
        _case("one row left", some(1, 4, 3, 1), (1, 2)),
        _case("one column left, three images in color", some(3, 3, 4, 3), (2, 1)),
        _case("a single pixel", np.array([[[[0.0, 1.0]]]]), (2, 3)),
        _corners("one row, 0 and 1, twice as wide", np.array([[[[0.0], [1.0]]]]), (1, 4)),
        _corners("larger", some(1, 2, 3, 1), (4, 5)),
        _corners("smaller, two images, two channels", some(2, 5, 4, 2), (3, 3)),
        _corners("sizes at random, float32", some(1, *start, 1, dtype="float32"), end),
        _corners("one row left", some(1, 3, 4, 1), (1, 3)),
        _corners("one column left", some(2, 3, 2, 1), (4, 1)),
        _corners("the same size", some(1, 2, 3, 2), (2, 3)),
        _ratio("3 × 5 into 7 × 7: 4 × 7", some(1, 3, 5, 1), (7, 7)),
        _ratio("1 × 2 into 5 × 5: 2.5 rows, rounded to the even 2", some(1, 1, 2, 2), (5, 5)),
        _ratio("10 × 7 into 5 × 5: 3.5 columns, rounded to the even 4", some(1, 10, 7, 1), (5, 5)),
        _ratio("3 × 7 into 4 × 4: 1.7 rows, rounded to 2; two images", some(2, 3, 7, 1), (4, 4)),
        _ratio("2 × 3 into 2 × 9: the same size", some(1, 2, 3, 2), (2, 9)),
        _ratio("3 × 2 into 5 × 5, corners aligned", some(1, 3, 2, 2), (5, 5), align_corners=True),
    ]


def _beyond_1(images):
    """Return images between -0.4 and 3: brightness need not be between 0 and 1."""
    return np.round(3.4 * images - 0.4, 3)


def _new_size(shape, size, preserve_aspect_ratio):
    """Return the new height and width; `round` takes an exact half to the even number."""
    if not preserve_aspect_ratio:
        return tuple(size)
    factor = min(Fraction(new, old) for new, old in zip(size, shape, strict=True))
    return tuple(round(factor * old) for old in shape)


def _places(old, new, align_corners):
    step = Fraction(old - 1, new - 1) if align_corners and new > 1 else Fraction(old, new)
    return [min(i * step, Fraction(old - 1)) for i in range(new)]


def _resized(images, size, align_corners=False, preserve_aspect_ratio=False):
    """Return the images in another size, pixel by pixel, in exact arithmetic.

    Beyond the last row the last row is repeated: so a place beyond it may as well be on it.
    """
    shape = images.shape[1:3]
    height, width = _new_size(shape, size, preserve_aspect_ratio)
    rows = _places(shape[0], height, align_corners)
    columns = _places(shape[1], width, align_corners)
    exact = [exact_image(image) for image in images]
    return np.array(
        [[[between_pixels(image, y, x) for x in columns] for y in rows] for image in exact]
    )


# Wrong answers are made of four choices: the new size, the step from pixel to pixel, the place of
# a pixel, and the blend of its neighbors.


def _step(old, new, align):
    return (old - 1) / (new - 1) if align and new > 1 else old / new


def _place(i, step):
    return i * step


def _blend(old, place):
    """Return the weight of each of the old pixels at a place."""
    lower = min(max(int(np.floor(place)), 0), old - 1)
    upper = min(max(int(np.ceil(place)), 0), old - 1)
    return _weights(old, lower, upper, place - np.floor(place))


def _weights(old, lower, upper, fraction):
    row = np.zeros(old)
    row[lower] += 1 - fraction
    row[upper] += fraction
    return row


def _matrix(old, new, align, *, step=_step, place=_place, blend=_blend):
    return np.array([blend(old, place(i, step(old, new, align))) for i in range(new)])


def _wrong(sized=_new_size, **rules):
    def answer(images, size, align_corners=False, preserve_aspect_ratio=False):
        shape = images.shape[1:3]
        new = sized(shape, size, preserve_aspect_ratio)
        rows = _matrix(shape[0], new[0], align_corners, **rules)
        columns = _matrix(shape[1], new[1], align_corners, **rules)
        return np.einsum("ih,nhwc,jw->nijc", rows, images, columns)

    return answer


def _extrapolated(old, place):
    lower = min(int(place), max(old - 2, 0))
    return _weights(old, lower, min(lower + 1, old - 1), place - lower)


def _wrapped(old, place):
    lower = int(place)
    return _weights(old, lower, (lower + 1) % old, place - lower)


def _black_beyond(old, place):
    lower = int(place)
    return _weights(old + 1, lower, lower + 1, place - lower)[:old]


def _nearest(old, place):
    return np.eye(old)[min(int(place), old - 1)]


def _rounded(old, place):
    return np.eye(old)[min(round(place), old - 1)]


def _swapped_weights(old, place):
    lower = int(place)
    return _weights(old, lower, min(lower + 1, old - 1), 1 - (place - lower))


def _next_pixel_missing(old, place):
    if int(place) + 1 >= old and place > int(place):
        raise IndexError(f"index {old} is out of bounds for axis 0 with size {old}")
    return _blend(old, place)


def _half_pixels(images, size, align_corners=False, preserve_aspect_ratio=False):
    if align_corners:
        return _right(images, size, align_corners, preserve_aspect_ratio)
    return _wrong(place=lambda i, step: max((i + 0.5) * step - 0.5, 0))(
        images, size, align_corners, preserve_aspect_ratio
    )


def _corner_step(step):
    return lambda old, new, align: step(old, new) if align else old / new


def _centered_when_single(images, size, align_corners=False, preserve_aspect_ratio=False):
    def blend_of(old, new):
        if align_corners and new == 1:
            return [_blend(old, (old - 1) / 2)]
        return _matrix(old, new, align_corners)

    shape = images.shape[1:3]
    new = _new_size(shape, size, preserve_aspect_ratio)
    rows, columns = (np.array(blend_of(*pair)) for pair in zip(shape, new, strict=True))
    return np.einsum("ih,nhwc,jw->nijc", rows, images, columns)


def _steps_swapped(images, size, align_corners=False, preserve_aspect_ratio=False):
    old = images.shape[1:3]
    new = _new_size(old, size, preserve_aspect_ratio)
    down, across = (_step(*pair, align_corners) for pair in zip(old, new, strict=True))
    rows = np.array([_blend(old[0], i * across) for i in range(new[0])])
    columns = np.array([_blend(old[1], j * down) for j in range(new[1])])
    return np.einsum("ih,nhwc,jw->nijc", rows, images, columns)


def _scale_of_the_height(images, size, align_corners=False, preserve_aspect_ratio=False):
    old = images.shape[1:3]
    new = _new_size(old, size, preserve_aspect_ratio)
    step = _step(old[0], new[0], align_corners)
    rows, columns = (
        np.array([_blend(o, i * step) for i in range(n)]) for o, n in zip(old, new, strict=True)
    )
    return np.einsum("ih,nhwc,jw->nijc", rows, images, columns)


def _places_by_the_factor(images, size, align_corners=False, preserve_aspect_ratio=False):
    factor = min(new / old for new, old in zip(size, images.shape[1:3], strict=True))
    kept = preserve_aspect_ratio and not align_corners
    function = _wrong(step=lambda old, new, align: 1 / factor) if kept else _right
    return function(images, size, align_corners, preserve_aspect_ratio)


def _one_axis(images, size, align_corners=False, preserve_aspect_ratio=False):
    old = images.shape[1:3]
    new = _new_size(old, size, preserve_aspect_ratio)
    rows = _matrix(old[0], new[0], False, blend=_nearest)
    columns = _matrix(old[1], new[1], align_corners)
    return np.einsum("ih,nhwc,jw->nijc", rows, images, columns)


def _first_image(images, *rest, **flags):
    return np.repeat(_right(images[:1], *rest, **flags), len(images), axis=0)


def _ratio_by(rule):
    """Return a rule for the new size that differs where the ratio is kept."""

    def sized(shape, size, preserve):
        return rule(shape, size) if preserve else tuple(size)

    return sized


def _times(factor_of, whole):
    def rule(shape, size):
        factor = factor_of(new / old for new, old in zip(size, shape, strict=True))
        return tuple(max(whole(factor * old), 1) for old in shape)

    return _ratio_by(rule)


def _half_up(x):
    return int(x + 0.5)


def _raising_when_single(old, new, align):
    return (old - 1) / (new - 1) if align else old / new


_right = _wrong()
_MISCONCEPTIONS = (
    Misconception(
        "half-pixel centers",
        "You look at (i + ½)·scale - ½: that is TensorFlow 2, which takes a pixel for a square. "
        "Here output pixel i looks at i·scale, without the halves.",
        _half_pixels,
    ),
    Misconception(
        "corners always aligned",
        "Your scale is always (in - 1)/(out - 1). That is for align_corners=True; without it the "
        "scale is in/out.",
        _wrong(step=lambda old, new, align: _step(old, new, True)),
    ),
    Misconception(
        "corners never aligned",
        "align_corners changes nothing in your function. With it the scale is (in - 1)/(out - 1), "
        "so that the last pixel looks at the last one.",
        _wrong(step=lambda old, new, align: old / new),
    ),
    Misconception(
        "nearest pixel below",
        "You took the pixel at the floor of the place, with no blend. Bilinear blends it with the "
        "next one: the fraction of the place is the next one's weight.",
        _wrong(blend=_nearest),
    ),
    Misconception(
        "nearest pixel",
        "You rounded the place to a pixel. Bilinear blends the two on either side of it: the "
        "fraction of the place is the weight of the upper one.",
        _wrong(blend=_rounded),
    ),
    Misconception(
        "weights exchanged",
        "Your weights are exchanged: at place 1.25 the pixel 1 has the weight 0.75 and the pixel 2 "
        "has 0.25.",
        _wrong(blend=_swapped_weights),
    ),
    Misconception(
        "beyond the last pixel",
        "Beyond the last pixel you went on along the line through the last two. There the last "
        "pixel is repeated: clip the upper neighbor, not the lower one.",
        _wrong(blend=_extrapolated),
    ),
    Misconception(
        "round to the first pixel",
        "Beyond the last pixel you blend with the first one, as if the image were a ring. Clip the "
        "upper neighbor to in - 1.",
        _wrong(blend=_wrapped),
    ),
    Misconception(
        "black beyond the border",
        "Beyond the last pixel you blend with 0, so the border gets dark. The last pixel is "
        "repeated: clip the upper neighbor to in - 1.",
        _wrong(blend=_black_beyond),
    ),
    Misconception(
        "no next pixel",
        "Your code looks for the neighbor of the last pixel. There is none: clip the upper "
        "neighbor to in - 1.",
        _wrong(blend=_next_pixel_missing),
    ),
    Misconception(
        "scale upside down",
        "Your scale is out/in. The loop runs over the new pixels and asks for the place in the old "
        "image: in/out old pixels for each new one.",
        _wrong(step=lambda old, new, align: (new - 1) / max(old - 1, 1) if align else new / old),
    ),
    Misconception(
        "width first",
        "You took `size` for (width, height). It is (height, width), as in the shape.",
        _wrong(lambda shape, size, preserve: _new_size(shape, size[::-1], preserve)),
    ),
    Misconception(
        "scales exchanged",
        "You used the scale of the width for the rows and that of the height for the columns. That "
        "shows where the two differ.",
        _steps_swapped,
    ),
    Misconception(
        "one scale for both axes",
        "You used the scale of the height for the columns, too. Each axis has its own: H/h for "
        "the rows, W/w for the columns.",
        _scale_of_the_height,
    ),
    Misconception(
        "clipped to 0..1",
        "You clipped the result to 0..1. A blend of two pixels lies between them, so nothing is to "
        "be clipped; and the numbers of an image need not be between 0 and 1.",
        lambda *rest: np.clip(_right(*rest), 0, 1),
    ),
    Misconception(
        "columns only",
        "You blend along the width only; of the rows you take the nearest. Blend along the height, "
        "too.",
        _one_axis,
    ),
    Misconception(
        "first image only",
        "Every image of your result is the first one. Axis 0 counts the images; blend each.",
        _first_image,
    ),
    Misconception(
        "in - 1 over out",
        "With align_corners your scale is (in - 1)/out. Between `out` pixels there are out - 1 "
        "steps.",
        _wrong(step=_corner_step(lambda old, new: (old - 1) / new if new > 1 else old)),
    ),
    Misconception(
        "division by 0 for one pixel",
        "With align_corners and a single row or column you divide by out - 1 = 0. The single one "
        "looks at place 0: use in/out there.",
        _wrong(step=_raising_when_single),
    ),
    Misconception(
        "middle for one pixel",
        "With align_corners and a single row or column you look at the middle. TensorFlow's "
        "resize looks at place 0 (it is crop_and_resize that takes the middle).",
        _centered_when_single,
    ),
    Misconception(
        "ratio ignored",
        "preserve_aspect_ratio changes nothing in your function. With it both sides get the same "
        "factor: the smaller of h/H and w/W.",
        _wrong(lambda shape, size, preserve: tuple(size)),
    ),
    Misconception(
        "larger factor",
        "You kept the ratio with the larger of h/H and w/W, so the image does not fit into `size`. "
        "Take the smaller one.",
        _wrong(_times(max, round)),
    ),
    Misconception(
        "sides cut off",
        "With the ratio kept you cut the fraction off the new sides. Round them: `np.rint` and "
        "`round` do, an exact half to the even number.",
        _wrong(_times(min, lambda x: int(x + 1e-9))),
    ),
    Misconception(
        "halves upward",
        "With the ratio kept you round 2.5 to 3. TensorFlow takes an exact half to the even "
        "number, 2, as `np.rint` and `round` do.",
        _wrong(_times(min, _half_up)),
    ),
    Misconception(
        "places by the factor",
        "With the ratio kept your places are i divided by the factor. The new sides have been "
        "rounded since: the scale is in/out with these, one for each axis.",
        _places_by_the_factor,
    ),
)


def _by_gather(images, size, align_corners=False, preserve_aspect_ratio=False):
    """Four corners at once, by fancy indexing."""
    old_h, old_w = images.shape[1:3]
    h, w = size
    if preserve_aspect_ratio:
        s = min(h / old_h, w / old_w)
        h, w = int(np.round(s * old_h)), int(np.round(s * old_w))
    sy = (old_h - 1) / (h - 1) if align_corners and h > 1 else old_h / h
    sx = (old_w - 1) / (w - 1) if align_corners and w > 1 else old_w / w
    y, x = np.arange(h) * sy, np.arange(w) * sx
    y0, x0 = np.floor(y).astype(int), np.floor(x).astype(int)
    y1, x1 = np.minimum(y0 + 1, old_h - 1), np.minimum(x0 + 1, old_w - 1)
    fy, fx = (y - y0)[:, None, None], (x - x0)[:, None]
    top = images[:, y0][:, :, x0] * (1 - fx) + images[:, y0][:, :, x1] * fx
    bottom = images[:, y1][:, :, x0] * (1 - fx) + images[:, y1][:, :, x1] * fx
    return top * (1 - fy) + bottom * fy


def _by_loops(images, size, align_corners=False, preserve_aspect_ratio=False):
    n, old_h, old_w, channels = images.shape
    h, w = size[0], size[1]
    if preserve_aspect_ratio:
        factor = min(h / old_h, w / old_w)
        h, w = round(factor * old_h), round(factor * old_w)
    out = np.zeros((n, h, w, channels))
    for b in range(n):
        for i in range(h):
            for j in range(w):
                y = i * (old_h - 1) / (h - 1) if align_corners and h > 1 else i * old_h / h
                x = j * (old_w - 1) / (w - 1) if align_corners and w > 1 else j * old_w / w
                r, c = int(y), int(x)
                r2, c2 = min(r + 1, old_h - 1), min(c + 1, old_w - 1)
                a, d = y - r, x - c
                out[b, i, j] = (
                    (1 - a) * (1 - d) * images[b, r, c]
                    + (1 - a) * d * images[b, r, c2]
                    + a * (1 - d) * images[b, r2, c]
                    + a * d * images[b, r2, c2]
                )
    return out


def _by_tents(images, size, align_corners=False, preserve_aspect_ratio=False):
    """Two matrix products: the weight of pixel p at place s is max(0, 1 − |s − p|)."""
    old = np.array(images.shape[1:3])
    new = np.array(size)
    if preserve_aspect_ratio:
        new = np.rint(old * np.min(new / old)).astype(int)

    def tents(n_old, n_new):
        last = n_old - 1
        places = np.linspace(0, last, n_new) if align_corners else np.arange(n_new) * n_old / n_new
        return np.clip(1 - np.abs(np.minimum(places, last)[:, None] - np.arange(n_old)), 0, None)

    across = np.tensordot(images, tents(old[1], new[1]), axes=(2, 1))  # (N, H, C, w)
    return np.einsum("nhcw,ih->niwc", across, tents(old[0], new[0]))


def _by_scipy(images, size, align_corners=False, preserve_aspect_ratio=False):
    from scipy.ndimage import map_coordinates

    (old_h, old_w), (h, w) = images.shape[1:3], size
    if preserve_aspect_ratio:
        factor = min(h / old_h, w / old_w)
        h, w = int(np.rint(factor * old_h)), int(np.rint(factor * old_w))
    y = np.arange(h) * ((old_h - 1) / max(h - 1, 1) if align_corners else old_h / h)
    x = np.arange(w) * ((old_w - 1) / max(w - 1, 1) if align_corners else old_w / w)
    grid = np.meshgrid(y, x, indexing="ij")
    planes = [
        [map_coordinates(image[..., c], grid, order=1, mode="nearest") for image in images]
        for c in range(images.shape[3])
    ]
    return np.stack(planes, axis=-1)


def _by_interp(images, size, align_corners=False, preserve_aspect_ratio=False):
    """Interpolate along one axis, then along the other; np.interp repeats the last value."""
    old = images.shape[1:3]
    if preserve_aspect_ratio:
        size = [round(side * min(size[0] / old[0], size[1] / old[1])) for side in old]
    for axis, (n_old, n_new) in enumerate(zip(old, size, strict=True), start=1):
        step = (n_old - 1) / (n_new - 1) if align_corners and n_new != 1 else n_old / n_new
        images = np.apply_along_axis(
            lambda line, at, pixels: np.interp(at, pixels, line),
            axis,
            images,
            step * np.arange(n_new),
            np.arange(n_old),
        )
    return images


def _by_float32(images, size, align_corners=False, preserve_aspect_ratio=False):
    """As TensorFlow counts: everything in float32, columns first, the input if nothing changes."""
    f = np.float32
    old = np.array(images.shape[1:3], dtype=f)
    if preserve_aspect_ratio:
        size = tuple(int(side) for side in np.rint(np.min(np.array(size, dtype=f) / old) * old))
    if tuple(size) == images.shape[1:3]:
        return images
    result = images.astype(f)
    for axis in (2, 1):
        n_old, n_new = result.shape[axis], size[axis - 1]
        step = f(n_old - 1) / f(n_new - 1) if align_corners and n_new > 1 else f(n_old) / f(n_new)
        place = np.arange(n_new, dtype=f) * step
        lower = np.floor(place)
        upper = np.minimum(np.ceil(place), n_old - 1)
        fraction = (place - lower).reshape([-1 if a == axis else 1 for a in range(4)])
        first = result.take(lower.astype(int), axis)
        result = first + (result.take(upper.astype(int), axis) - first) * fraction
    return result


resize_bilinear = Question(
    "resize_bilinear",
    "Images in another size, bilinear",
    _cases,
    _resized,
    driver="images",
    parts={DEFAULT: 0.45, CORNERS: 0.25, RATIO: 0.2, UNCHANGED: 0.1},
    misconceptions=_MISCONCEPTIONS,
    hint="Take one row and one new pixel i: at which place of the old row does it look, which two "
    "pixels are beside that place, and how much of each? Compare with the first case.",
    references=(
        _by_gather,
        _by_loops,
        _by_tents,
        _by_scipy,
        _by_interp,
        _by_float32,
    ),
    rtol=0.0,
    atol=NEAR,
)

QUESTIONS = (resize_bilinear,)
