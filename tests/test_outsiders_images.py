"""Answers to lesson 03 that the authors of the questions did not have in mind.

The right ones are in unusual styles; each wrong one goes wrong in a corner only.
"""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.interpolate
import scipy.ndimage
import scipy.sparse

from tests.outsiders import SEEDS, Outsiders, label

ASKED = Outsiders("03_data_augmentation")
RIGHT, WRONG = ASKED.rights, ASKED.wrongs
TOLD = []  # wrong answers as well: the name, the answer, the diagnosis expected
outcome = ASKED.outcome


def right(name, **answers):
    """Decorate a right answer, or collect some that are short, by what they do."""
    return _collect(ASKED.right(name), answers)


def wrong(name, **answers):
    """Decorate a wrong answer, or collect some that are short, by what they do."""
    return _collect(ASKED.wrong(name), answers)


def told(name, diagnosis, **answers):
    """Collect wrong answers that should be told a misconception, or with "" none of them."""
    for title, answer in answers.items():
        answer.__name__ = title
        wrong(name)(answer)
        TOLD.append((name, answer, diagnosis))


def _collect(keep, answers):
    for title, answer in answers.items():
        answer.__name__ = title
        keep(answer)
    return keep


# horizontal_flip


def flip_by_swaps(images):
    result = images.copy()
    for j in range(images.shape[2] // 2):
        result[:, :, [j, -1 - j]] = result[:, :, [-1 - j, j]]
    return result


def flip_line_by_line(images):
    return np.apply_along_axis(lambda line: line[::-1], 2, images)


def flip_by_recursion(images):
    width = images.shape[2]
    if width == 1:
        return images
    rest = flip_by_recursion(images[:, :, 1:])
    return np.concatenate([rest, images[:, :, :1]], axis=2)


def flip_by_scipy(images):
    last = images.shape[2] - 1
    return scipy.ndimage.affine_transform(images, [1, 1, -1, 1], [0, 0, last, 0], order=0)


def flip_by_lists(images):
    return np.array([[row[::-1] for row in image] for image in images.tolist()])


def flip_by_a_dictionary(images):
    result = np.empty(images.shape)
    for (n, i, j, c), value in np.ndenumerate(images):
        result[n, i, ~j, c] = value
    return result


right(
    "horizontal_flip",
    swaps=flip_by_swaps,
    line_by_line=flip_line_by_line,
    recursion=flip_by_recursion,
    affine=flip_by_scipy,
    lists=flip_by_lists,
    entries=flip_by_a_dictionary,
    turned_and_upside_down=lambda x: np.rot90(x, 2, (1, 2))[:, ::-1],
    axes_moved=lambda x: np.moveaxis(np.moveaxis(x, 2, 0)[::-1], 0, 2),
    columns_joined=lambda x: np.stack([x[:, :, -j] for j in range(1, x.shape[2] + 1)], axis=2),
    meshgrid=lambda x: x[
        np.ix_(*map(range, x.shape[:2]), range(x.shape[2])[::-1], range(x.shape[3]))
    ],
    matrix=lambda x: (x.swapaxes(2, 3) @ np.eye(x.shape[2])[::-1]).swapaxes(2, 3),
    compress=lambda x: np.take_along_axis(x, np.arange(x.shape[2])[None, None, ::-1, None], axis=2),
)
wrong(
    "horizontal_flip",
    first_channel_only=lambda x: np.concatenate([x[:, :, ::-1, :1], x[..., 1:]], axis=3),
    other_channels_only=lambda x: np.concatenate([x[..., :1], x[:, :, ::-1, 1:]], axis=3),
    every_other_image=lambda x: np.where(
        np.arange(len(x))[:, None, None, None] % 2, x, x[:, :, ::-1]
    ),
    every_other_row=lambda x: np.where(np.arange(x.shape[1])[:, None, None] % 2, x, x[:, :, ::-1]),
    column_lost=lambda x: x[:, :, :0:-1],
    last_column_lost=lambda x: x[:, :, -2::-1],
    squeezed=lambda x: np.squeeze(x[:, :, ::-1]),
    in_place=lambda x: x.__setitem__(slice(None), x[:, :, ::-1].copy()) or x,
    list_of_images=lambda x: [image[:, ::-1].tolist() for image in x],
    only_if_even=lambda x: x[:, :, ::-1] if x.shape[2] % 2 == 0 else x,
    only_if_square=lambda x: x[:, :, ::-1] if x.shape[1] == x.shape[2] else x[:, ::-1],
    sorted_rows=lambda x: np.sort(x, axis=2),
    positive=lambda x: np.clip(x[:, :, ::-1], 0, 1),
    bytes=lambda x: (255 * x[:, :, ::-1]).astype(np.uint8) / 255,
    half_precision=lambda x: x[:, :, ::-1].astype(np.float16),
    channels_first=lambda x: x[..., ::-1] if x.shape[3] > 3 else x[:, ::-1, ::-1],
    one_image=lambda x: x[:1, :, ::-1],
    around_the_middle_column=lambda x: np.roll(x[:, :, ::-1], 1, axis=2),
)


# rot90


def turn_by_indices(images, k=1):
    height, width = images.shape[1:3]
    i, j = np.indices((width, height) if k % 2 else (height, width))
    match k % 4:
        case 1:
            i, j = j, width - 1 - i
        case 2:
            i, j = height - 1 - i, width - 1 - j
        case 3:
            i, j = height - 1 - j, i
    return images[:, i, j]


def turn_by_lists(images, k=1):
    turned = [image.tolist() for image in images]
    for _ in range(k % 4):
        turned = [[list(row) for row in zip(*image, strict=True)][::-1] for image in turned]
    return np.array(turned)


def turn_by_flips(images, k=1):
    if k % 4 in {1, 2}:
        images = np.flip(images, 2)
    if k % 4 in {2, 3}:
        images = np.flip(images, 1)
    return np.swapaxes(images, 1, 2) if k % 2 else images


def turn_by_recursion(images, k=1):
    if k == 0:
        return images
    if k < 0 or k > 3:
        return turn_by_recursion(images, k - 4 * (k // 4))
    return turn_by_recursion(images[:, :, ::-1].transpose(0, 2, 1, 3), k - 1)


def turn_step_by_step(images, k=1):
    """Take one quarter turn off k, also where k is large."""
    if k < 0:
        return turn_step_by_step(images, k + 4)
    if k == 0:
        return images
    return turn_step_by_step(np.flip(images.transpose(0, 2, 1, 3), 1), k - 1)


def turn_by_three_for_minus_one(images, k=1):
    k = int(math.fmod(k, 4))
    return np.rot90(images, k + 4 if k < 0 else k, axes=(1, 2))


def turn_by_scipy(images, k=1):
    return np.stack(
        [scipy.ndimage.rotate(x, 90 * (k % 4), order=1, prefilter=False) for x in images]
    )


right(
    "rot90",
    indices=turn_by_indices,
    lists=turn_by_lists,
    flips=turn_by_flips,
    recursion=turn_by_recursion,
    step_by_step=turn_step_by_step,
    remainder=turn_by_three_for_minus_one,
    scipy=turn_by_scipy,
    three_times_the_other_way=lambda x, k=1: np.rot90(x, 3 * k, (2, 1)),
    binary=lambda x, k=1: np.rot90(np.rot90(x, k & 1, (1, 2)), k & 2, (1, 2)),
    channels_last=lambda x, k=1: np.moveaxis(np.rot90(np.moveaxis(x, 0, -1), k), -1, 0),
    einsum=lambda x, k=1: np.einsum("hwnc->nhwc", np.rot90(np.einsum("nhwc->hwnc", x), k)),
    float32=lambda x, k=1: np.ascontiguousarray(np.rot90(x.astype("f4"), k, (-3, -2))),
)
wrong(
    "rot90",
    first_image_turned=lambda x, k=1: np.rot90(x[0], k)[None],
    one_turn_by_default_two=lambda x, k=2: np.rot90(x, k, (1, 2)),
    default_none=lambda x, k=0: np.rot90(x, k, (1, 2)),
    modulo_three=lambda x, k=1: np.rot90(x, k % 3, (1, 2)),
    modulo_two=lambda x, k=1: np.rot90(x, k % 2, (1, 2)),
    last_two_axes_of_an_image=lambda x, k=1: np.stack([np.rot90(i, k, (1, 2)) for i in x]),
    clockwise_below_0=lambda x, k=1: np.rot90(x, abs(k), (1, 2)),
    clockwise_above_3=lambda x, k=1: np.rot90(x, k if abs(k) < 4 else -k, (1, 2)),
    nothing_above_3=lambda x, k=1: np.rot90(x, k, (1, 2)) if abs(k) < 4 else x,
    odd_turns_alike=lambda x, k=1: np.rot90(x, 1 if k % 2 else k, (1, 2)),
    half_turn_is_none=lambda x, k=1: np.rot90(x, k, (1, 2)) if k % 2 else x,
    cropped_to_a_square=lambda x, k=1: np.rot90(
        x[:, : min(x.shape[1:3]), : min(x.shape[1:3])], k, (1, 2)
    ),
    channels_turned_along=lambda x, k=1: np.rot90(x, k, (1, 2))[..., :: 1 if k % 2 else -1],
    batch_turned_along=lambda x, k=1: np.rot90(x, k, (1, 2))[:: -1 if k % 2 else 1],
    refuses_negative_k=lambda x, k=1: (
        np.rot90(x, [0, 1, 2, 3][k] if k < 4 else k, (1, 2)) if k >= 0 else x[:0]
    ),
    radians=lambda x, k=1: np.rot90(x, round(k * math.pi / 2), (1, 2)),
    mirrored_when_negative=lambda x, k=1: (
        np.rot90(x, k, (1, 2)) if k >= 0 else np.rot90(x[:, :, ::-1], -k, (1, 2))
    ),
)


# resize_bilinear


def new_sides(images, size, keep):
    height, width = images.shape[1:3]
    if not keep:
        return tuple(size)
    factor = min(size[0] / height, size[1] / width)
    return round(factor * height), round(factor * width)


def positions(old, new, align):
    return np.arange(new) * ((old - 1) / (new - 1) if align and new > 1 else old / new)


def along(images, axis, places):
    """Blend an axis at places; beyond the last pixel it is repeated."""
    last = images.shape[axis] - 1
    low = np.minimum(np.floor(places).astype(int), last)
    part = (places - low).reshape([-1 if a == axis else 1 for a in range(4)])
    part = np.where(part < 1, part, 1)
    below, above = np.take(images, low, axis), np.take(images, np.minimum(low + 1, last), axis)
    return (1 - part) * below + part * above


def resized(images, size, align=False, keep=False, sides=new_sides, places=positions, blend=along):
    new = sides(images, size, keep)
    for axis in (1, 2):
        images = blend(images, axis, places(images.shape[axis], new[axis - 1], align))
    return images


@right("resize_bilinear")
def resize_in_whole_numbers(images, size, align_corners=False, preserve_aspect_ratio=False):
    """Count in parts of a pixel: i·in = whole·out + rest."""
    new = new_sides(images, size, preserve_aspect_ratio)
    for axis in (1, 2):
        lines, n_old, n_new = [], images.shape[axis], new[axis - 1]
        up, down = (n_old - 1, n_new - 1) if align_corners and n_new > 1 else (n_old, n_new)
        for i in range(n_new):
            whole, rest = divmod(i * up, down)
            first = images.take(whole, axis)
            second = images.take(min(whole + 1, n_old - 1), axis)
            lines.append((first * (down - rest) + second * rest) / down)
        images = np.stack(lines, axis)
    return images


@right("resize_bilinear")
def resize_with_sparse_matrices(images, size, align_corners=False, preserve_aspect_ratio=False):
    new = new_sides(images, size, preserve_aspect_ratio)
    for axis in (1, 2):
        n_old, n_new = images.shape[axis], new[axis - 1]
        places = positions(n_old, n_new, align_corners)
        low = places.astype(int)
        rows = np.r_[np.arange(n_new), np.arange(n_new)]
        columns = np.minimum(np.r_[low, low + 1], n_old - 1)
        weights = np.r_[low + 1 - places, places - low]
        matrix = scipy.sparse.coo_array((weights, (rows, columns)), shape=(n_new, n_old)).tocsr()
        lines = np.moveaxis(images, axis, 0)
        images = np.moveaxis(
            (matrix @ lines.reshape(n_old, -1)).reshape(-1, *lines.shape[1:]), 0, axis
        )
    return images


@right("resize_bilinear")
def resize_with_a_grid_interpolator(images, size, align_corners=False, preserve_aspect_ratio=False):
    height, width = images.shape[1:3]
    new = new_sides(images, size, preserve_aspect_ratio)
    padded = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), mode="edge")
    grid = (np.arange(height + 1), np.arange(width + 1))
    y, x = (positions(o, n, align_corners) for o, n in zip((height, width), new, strict=True))
    points = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1)
    return np.stack(
        [scipy.interpolate.RegularGridInterpolator(grid, image)(points) for image in padded]
    )


@right("resize_bilinear")
def resize_by_slopes(images, size, align_corners=False, preserve_aspect_ratio=False):
    """Start at the first pixel and add the slopes on the way: a line of ramps."""
    new = new_sides(images, size, preserve_aspect_ratio)
    for axis in (1, 2):
        slopes = np.diff(images, axis=axis)
        places = positions(images.shape[axis], new[axis - 1], align_corners)
        ramps = np.clip(places[:, None] - np.arange(slopes.shape[axis]), 0, 1)
        climbed = np.moveaxis(np.tensordot(ramps, slopes, axes=(1, axis)), 0, axis)
        images = images.take([0], axis) + climbed
    return images


@right("resize_bilinear")
def resize_pixel_by_pixel_in_fractions(
    images, size, align_corners=False, preserve_aspect_ratio=False
):
    old, new = images.shape[1:3], new_sides(images, size, preserve_aspect_ratio)
    result = np.empty((len(images), *new, images.shape[3]))
    for i, j in product(*map(range, new)):
        corner = []
        for at, n_old, n_new in zip((i, j), old, new, strict=True):
            step = (
                Fraction(n_old - 1, n_new - 1)
                if align_corners and n_new > 1
                else Fraction(n_old, n_new)
            )
            corner.append(
                (int(at * step), min(int(at * step) + 1, n_old - 1), float(at * step % 1))
            )
        (r0, r1, a), (c0, c1, b) = corner
        upper = images[:, r0, c0] + b * (images[:, r0, c1] - images[:, r0, c0])
        lower = images[:, r1, c0] + b * (images[:, r1, c1] - images[:, r1, c0])
        result[:, i, j] = upper + a * (lower - upper)
    return result


@right("resize_bilinear")
def resize_by_kronecker(images, size, align_corners=False, preserve_aspect_ratio=False):
    old, new = images.shape[1:3], new_sides(images, size, preserve_aspect_ratio)
    both = []
    for n_old, n_new in zip(old, new, strict=True):
        eye = np.eye(n_old)
        places = positions(n_old, n_new, align_corners)
        both.append(
            np.array([[np.interp(s, np.arange(n_old), pixel) for pixel in eye] for s in places])
        )
    flat = np.einsum(
        "op,npc->noc", np.kron(*both), images.reshape(len(images), -1, images.shape[3])
    )
    return flat.reshape(len(images), *new, -1)


@right("resize_bilinear")
def resize_rows_first_in_float32(images, size, align_corners=False, preserve_aspect_ratio=False):
    return resized(images.astype("f4"), size, align_corners, preserve_aspect_ratio).astype("f4")


@right("resize_bilinear")
def resize_by_scipy_zoomed_lines(images, size, align_corners=False, preserve_aspect_ratio=False):
    new = new_sides(images, size, preserve_aspect_ratio)
    for axis in (1, 2):
        old = images.shape[axis]
        step = positions(old, new[axis - 1], align_corners)[1:2]
        shape, scale = list(images.shape), np.ones(4)
        shape[axis], scale[axis] = new[axis - 1], step[0] if step.size else 1.0
        images = scipy.ndimage.affine_transform(
            images, scale, output_shape=tuple(shape), order=1, mode="nearest"
        )
    return images


@right("resize_bilinear")
def resize_returns_the_input_if_it_can(
    images, size, align_corners=False, preserve_aspect_ratio=False
):
    if new_sides(images, size, preserve_aspect_ratio) == images.shape[1:3]:
        return images
    return resized(images, size, align_corners, preserve_aspect_ratio)


@right("resize_bilinear")
def resize_one_at_a_time(images, size, align_corners=False, preserve_aspect_ratio=False):
    flags = (align_corners, preserve_aspect_ratio)
    planes = [[resized(x[None, ..., c : c + 1], size, *flags)[0, ..., 0] for c in range(x.shape[2])]
              for x in images]  # fmt: skip
    return np.moveaxis(np.array(planes), 1, -1)


def sides_by(rule):
    def sides(images, size, keep):
        return rule(images.shape[1:3], size) if keep else tuple(size)

    return sides


def scaled_by(factor, whole=round):
    def rule(old, size):
        f = factor(size[0] / old[0], size[1] / old[1])
        return max(whole(f * old[0]), 1), max(whole(f * old[1]), 1)

    return sides_by(rule)


def wrongly(**rules):
    def answer(images, size, align_corners=False, preserve_aspect_ratio=False):
        return resized(images, size, align_corners, preserve_aspect_ratio, **rules)

    return answer


def smooth(images, axis, places):
    low = np.floor(places)
    part = places - low
    return along(images, axis, low + part * part * (3 - 2 * part))


def cubic(images, axis, places):
    if images.shape[axis] < 4:
        return smooth(images, axis, places)
    line = scipy.interpolate.CubicSpline(np.arange(images.shape[axis]), images, axis=axis)
    return line(np.minimum(places, images.shape[axis] - 1))


def padded_to_size(images, size, align_corners=False, preserve_aspect_ratio=False):
    result = resized(images, size, align_corners, preserve_aspect_ratio)
    room = [(0, max(s - n, 0)) for s, n in zip(size, result.shape[1:3], strict=True)]
    return np.pad(result, [(0, 0), *room, (0, 0)])


def in_place_when_the_same(images, size, align_corners=False, preserve_aspect_ratio=False):
    result = resized(images, size, align_corners, preserve_aspect_ratio)
    images *= 0.5
    return result


def batch_in_the_wrong_order(images, size, align_corners=False, preserve_aspect_ratio=False):
    result = resized(images, size, align_corners, preserve_aspect_ratio)
    n, height, width, channels = result.shape
    return result.transpose(3, 0, 1, 2).reshape(n, height, width, channels)


wrong(
    "resize_bilinear",
    last_pixel_for_one=wrongly(
        places=lambda o, n, a: np.array([o - 1.0]) if a and n == 1 else positions(o, n, a)
    ),
    last_pixel_lost=wrongly(
        blend=lambda x, axis, p: along(x, axis, np.minimum(p, max(x.shape[axis] - 2, 0)))
    ),
    middle_without_corners=wrongly(
        places=lambda o, n, a: np.array([(o - 1) / 2]) if n == 1 and not a else positions(o, n, a)
    ),
    scale_in_whole_numbers=wrongly(
        places=lambda o, n, a: (
            positions(o, n, a) if a else np.arange(n) * (o // n if o >= n else o / n)
        )
    ),
    smoothstep=wrongly(blend=smooth),
    cubic=wrongly(blend=cubic),
    ratio_up=wrongly(sides=scaled_by(min, math.ceil)),
    ratio_never_larger=wrongly(sides=scaled_by(lambda a, b: min(a, b, 1.0))),
    ratio_by_height=wrongly(sides=scaled_by(lambda a, b: a)),
    ratio_by_width=wrongly(sides=scaled_by(lambda a, b: b)),
    ratio_by_mean=wrongly(sides=scaled_by(lambda a, b: (a + b) / 2)),
    ratio_square=wrongly(sides=sides_by(lambda old, size: (min(size), min(size)))),
    ratio_of_size=wrongly(
        sides=sides_by(lambda old, size: (size[0], round(size[0] * old[1] / old[0])))
    ),
    ratio_without_corners=lambda x, s, a=False, k=False: resized(x, s, a and not k, k),
    padded=padded_to_size,
    changes_its_input=in_place_when_the_same,
    channels_before_images=batch_in_the_wrong_order,
    corners_of_columns_only=lambda x, s, a=False, k=False: resized(
        resized(x, (x.shape[1], new_sides(x, s, k)[1]), a), new_sides(x, s, k)
    ),
    two_digits=lambda *rest: np.round(resized(*rest), 2),
    bytes=lambda *rest: np.round(255 * resized(*rest)) / 255,
    half_pixel_for_smaller=wrongly(
        places=lambda o, n, a: (
            positions(o, n, a) if a or n >= o else (np.arange(n) + 0.5) * o / n - 0.5
        )
    ),
    squeezed=lambda *rest: np.squeeze(resized(*rest)),
    gray=lambda *rest: resized(*rest).mean(axis=3, keepdims=True),
)


def height_scale(images, size, align=False, keep=False):
    old, new = images.shape[1:3], new_sides(images, size, keep)
    step = (old[0] - 1) / (new[0] - 1) if align and new[0] > 1 else old[0] / new[0]
    for axis in (1, 2):
        places = np.arange(new[axis - 1]) * step
        images = along(images, axis, np.minimum(places, images.shape[axis] - 1))
    return images


told("resize_bilinear", "clipped to 0..1", clipped=lambda *rest: resized(*rest).clip(0, 1))
told("resize_bilinear", "one scale for both axes", height_scale=height_scale)


# crop_and_resize


def lines(start, stop, n, count):
    if count == 1:
        return np.array([(start + stop) / 2]) * (n - 1)
    return (start + (stop - start) * np.arange(count) / (count - 1)) * (n - 1)


def cropped(
    images, boxes, at, size, value=0.0, places=lines, out=lambda p, n: (p < 0) | (p > n - 1)
):
    crops = []
    for (y1, x1, y2, x2), index in zip(boxes, at, strict=True):
        y, x = places(y1, y2, images.shape[1], size[0]), places(x1, x2, images.shape[2], size[1])
        crop = images[index : index + 1]
        for axis, p in ((1, y), (2, x)):
            crop = along(crop, axis, np.clip(p, 0, crop.shape[axis] - 1))
        beyond = out(y, images.shape[1])[:, None, None] | out(x, images.shape[2])[None, :, None]
        crops.append(np.where(beyond, value, crop[0]))
    return np.stack(crops)


@right("crop_and_resize")
def crop_through_nan(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """Let np.interp mark what is outside."""
    crops = []
    for (y1, x1, y2, x2), index in zip(boxes, box_indices, strict=True):
        crop = images[index].astype(float)
        for axis, ends in enumerate([(y1, y2), (x1, x2)]):
            n = crop.shape[axis]
            places = lines(*ends, n, crop_size[axis])
            crop = np.apply_along_axis(
                lambda line, p=places: np.interp(p, np.arange(len(line)), line, np.nan, np.nan),
                axis,
                crop,
            )
        crops.append(np.nan_to_num(crop, nan=extrapolation_value))
    return np.array(crops)


@right("crop_and_resize")
def crop_on_a_padded_canvas(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    result = np.full(
        (len(boxes), *crop_size, images.shape[3]), extrapolation_value, dtype=np.float64
    )
    for k, i, j in np.ndindex(result.shape[:3]):
        place = []
        for axis, at in enumerate((i, j)):
            low, high = boxes[k, axis], boxes[k, axis + 2]
            t = at / (crop_size[axis] - 1) if crop_size[axis] > 1 else 0.5
            place.append(((1 - t) * low + t * high) * (images.shape[axis + 1] - 1))
        if all(0 <= p <= n - 1 for p, n in zip(place, images.shape[1:3], strict=True)):
            canvas = np.pad(images[box_indices[k]], ((0, 1), (0, 1), (0, 0)))
            (r, a), (c, b) = ((int(p), p % 1) for p in place)
            weights = np.outer([1 - a, a], [1 - b, b])
            result[k, i, j] = np.einsum("rc,rcd->d", weights, canvas[r : r + 2, c : c + 2])
    return result


@right("crop_and_resize")
def crop_by_matrices(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    n = len(boxes)
    both, outside = [], []
    for axis in (0, 1):
        places = np.array(
            [lines(b[axis], b[axis + 2], images.shape[axis + 1], crop_size[axis]) for b in boxes]
        )
        pixels = np.arange(images.shape[axis + 1])
        both.append(np.maximum(0, 1 - abs(places[..., None] - pixels)))
        outside.append(abs(places - pixels[-1] / 2) > pixels[-1] / 2)
    crops = np.einsum("nih,nhwc,njw->nijc", both[0], images[np.array(box_indices)], both[1])
    mask = outside[0].reshape(n, -1, 1, 1) + outside[1].reshape(n, 1, -1, 1)
    return crops * ~mask + extrapolation_value * mask


@right("crop_and_resize")
def crop_flips_first(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """Bring each box into order, crop, and mirror the crop."""
    crops = []
    for box, index in zip(boxes, box_indices, strict=True):
        ordered = [
            min(box[0], box[2]),
            min(box[1], box[3]),
            max(box[0], box[2]),
            max(box[1], box[3]),
        ]
        crop = cropped(images, [ordered], [index], crop_size, extrapolation_value)[0]
        crop = crop[::-1] if box[0] > box[2] else crop
        crops.append(crop[:, ::-1] if box[1] > box[3] else crop)
    return np.array(crops)


@right("crop_and_resize")
def crop_with_a_grid_interpolator(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    crops = []
    for box, index in zip(boxes, box_indices, strict=True):
        grid = [np.arange(n) for n in images.shape[1:3]]
        find = scipy.interpolate.RegularGridInterpolator(
            grid, images[index].astype(float), bounds_error=False, fill_value=extrapolation_value
        )
        y, x = (lines(box[a], box[a + 2], len(grid[a]), crop_size[a]) for a in (0, 1))
        crops.append(find(np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1)))
    return np.array(crops)


@right("crop_and_resize")
def crop_adds_steps(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """Walk from sample to sample, and round off what the walk adds up."""

    def walk(start, stop, n, count):
        place, step = start * (n - 1), (stop - start) * (n - 1) / max(count - 1, 1)
        if count == 1:
            return np.array([place + step / 2])
        found = []
        for _ in range(count):
            found.append(round(place, 9))
            place += step
        return np.array(found)

    return cropped(images, boxes, box_indices, crop_size, extrapolation_value, walk)


@right("crop_and_resize")
def crop_in_float32(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    f = np.float32
    return cropped(f(images), f(boxes), box_indices, crop_size, f(extrapolation_value)).astype(f)


@right("crop_and_resize")
def crop_like_a_sampler(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """Go through coordinates from -1 to 1, as grid samplers do."""

    def places(start, stop, n, count):
        centers = np.linspace(start, stop, count) if count > 1 else np.array([(start + stop) * 0.5])
        return ((2 * centers - 1) + 1) / 2 * (n - 1)

    return cropped(images, boxes, box_indices, crop_size, extrapolation_value, places)


@right("crop_and_resize")
def crop_box_by_box_into_place(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    h, w = crop_size
    out = np.zeros([len(boxes), h, w, images.shape[-1]], dtype=images.dtype)
    for k in range(len(out)):
        out[k] = cropped(
            images, boxes[k][None], box_indices[k : k + 1], (h, w), extrapolation_value
        )[0]
    return out


@right("crop_and_resize")
def crop_channel_by_channel(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    planes = [
        cropped(
            images[..., c : c + 1],
            boxes.tolist(),
            list(map(int, box_indices)),
            crop_size,
            extrapolation_value,
        )
        for c in range(images.shape[3])
    ]
    return np.concatenate(planes, axis=-1)


def wrong_crop(**rules):
    def answer(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
        return cropped(images, boxes, box_indices, crop_size, extrapolation_value, **rules)

    return answer


def ends_for_two(start, stop, n, count):
    return lines(start, stop, n, count) if count != 2 else lines(start, stop, n, 4)[1:3]


def single(rule):
    return lambda a, b, n, count: (
        rule(a, b, n) * np.ones(1) if count == 1 else lines(a, b, n, count)
    )


def changed_boxes(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    crops = cropped(images, boxes, box_indices, crop_size, extrapolation_value)
    boxes *= images.shape[1] - 1
    return crops


def sorted_by_image(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    order = np.argsort(box_indices, kind="stable")
    return cropped(images, boxes[order], box_indices[order], crop_size, extrapolation_value)


def each_image_once(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    found = dict(zip(box_indices.tolist(), boxes, strict=True))
    return np.array(
        [
            cropped(images, [found[i]], [i], crop_size, extrapolation_value)[0]
            for i in box_indices.tolist()
        ]
    )


def clipped_box(images, boxes, *rest):
    return cropped(images, np.clip(boxes, 0, 1), *rest)


def cut_then_resized(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    crops = []
    for (y1, x1, y2, x2), i in zip(np.clip(boxes, 0, 1), box_indices, strict=True):
        h, w = images.shape[1] - 1, images.shape[2] - 1
        rows, columns = sorted((y1, y2)), sorted((x1, x2))
        cut = images[i : i + 1, int(rows[0] * h) : math.ceil(rows[1] * h) + 1]
        cut = cut[:, :, int(columns[0] * w) : math.ceil(columns[1] * w) + 1]
        crops.append(resized(cut, crop_size, align=True)[0])
    return np.array(crops)


wrong(
    "crop_and_resize",
    two_samples_inside=wrong_crop(places=ends_for_two),
    end_for_one=wrong_crop(places=single(lambda a, b, n: b * (n - 1))),
    half_length_for_one=wrong_crop(places=single(lambda a, b, n: (b - a) / 2 * (n - 1))),
    middle_in_pixels_of_the_whole=wrong_crop(places=single(lambda a, b, n: (a + b) / 2 * n)),
    floor_for_one=wrong_crop(places=single(lambda a, b, n: np.floor((a + b) / 2 * (n - 1)))),
    first_pixel_outside=wrong_crop(out=lambda p, n: (p <= 0) | (p > n - 1)),
    half_a_pixel_more=wrong_crop(out=lambda p, n: (p < -0.5) | (p > n - 0.5)),
    a_whole_pixel_more=wrong_crop(out=lambda p, n: (p <= -1) | (p >= n)),
    last_row_outside=wrong_crop(out=lambda p, n: (p < 0) | (p > n - 2)),
    only_above=wrong_crop(out=lambda p, n: p < 0),
    only_below=wrong_crop(out=lambda p, n: p > n - 1),
    value_times_two=lambda x, b, i, s, v=0.0: cropped(x, b, i, s, 2 * v),
    default_one=lambda x, b, i, s, v=1.0: cropped(x, b, i, s, v),
    whole_box_beyond=lambda x, b, i, s, v=0.0: np.where(
        ((b < 0) | (b > 1)).any(axis=1)[:, None, None, None], v, cropped(x, b, i, s, v)
    ),
    cut_then_resized=cut_then_resized,
    sorted_by_image=sorted_by_image,
    each_image_once=each_image_once,
    changed_boxes=changed_boxes,
    rows_flipped_only=lambda x, b, *rest: cropped(
        x, np.stack([b[:, 0], b[:, [1, 3]].min(1), b[:, 2], b[:, [1, 3]].max(1)], 1), *rest
    ),
    first_box_only=lambda x, b, *rest: cropped(x, np.repeat(b[:1], len(b), 0), *rest),
    box_in_float16=lambda x, b, *rest: cropped(x, b.astype(np.float16).astype(float), *rest),
    all_images=lambda x, b, i, s, v=0.0: np.stack(
        [cropped(x, b, 0 * i + k, s, v) for k in range(len(x))]
    ).mean(0),
)


def without_a_rule_for_one(start, stop, n, count):
    step = np.float64(stop - start) * (n - 1) / np.float64(count - 1)
    return np.array([start * (n - 1) + i * step for i in range(count)])


def crop_by_inside(images, boxes, box_indices, crop_size, extrapolation_value=0.0, nan=False):
    """Fill first, and write what is inside; nan is not, or with `nan` it goes on as nan."""
    shape = images.shape[1:3]
    crops = np.full((len(boxes), *crop_size, images.shape[3]), extrapolation_value)
    for k, (box, at) in enumerate(zip(boxes, box_indices, strict=True)):
        ends = [(box[0], box[2]), (box[1], box[3])]
        y, x = (
            without_a_rule_for_one(*e, n, count)
            for e, n, count in zip(ends, shape, crop_size, strict=True)
        )
        for i, j in np.ndindex(*crop_size):
            if 0 <= y[i] <= shape[0] - 1 and 0 <= x[j] <= shape[1] - 1:
                line = along(images[at : at + 1], 1, y[i : i + 1])
                crops[k, i, j] = along(line, 2, x[j : j + 1])[0, 0, 0]
            elif nan and not (y[i] < 0 or y[i] > shape[0] - 1 or x[j] < 0 or x[j] > shape[1] - 1):
                crops[k, i, j] = np.nan
    return crops


told("crop_and_resize", "boxes clipped", clipped_box=clipped_box)
told(
    "crop_and_resize",
    "nan is not inside",
    divided_by_0=crop_by_inside,
)
told(
    "crop_and_resize",
    "nan for one sample",
    divided_by_0_on=lambda *rest: crop_by_inside(*rest, *[0.0][len(rest) - 4 :], nan=True),
)
wrong(
    "crop_and_resize",
    minimum_for_no_value=lambda x, b, i, s, v=0.0: cropped(x, b, i, s, v or x.min()),
    clipped_to_1=lambda x, b, i, s, v=0.0: np.clip(cropped(x, b, i, s, v), 0, 1),
)


# extract_glimpse


def begins(images, size, offsets, centered, normalized):
    sides, window = np.array(images.shape[1:3]), np.array(size)
    if normalized:
        return (offsets + 1) / 2 * sides - window / 2 if centered else offsets * sides
    return offsets + sides / 2 * centered


def filling(images, size, noise, rng):
    shape = (*size, images.shape[3])
    for image in images:
        low, high = image.min(), image.max()
        mean, sd = image.mean((0, 1)), image.std((0, 1))
        if noise == "zero":
            yield np.zeros(shape)
        elif noise == "uniform":
            yield rng.uniform(low, high, shape)
        else:
            yield rng.normal(mean, sd, shape).clip(image.min((0, 1)), image.max((0, 1)))


def glimpsed(images, size, offsets, modes=(True, True), noise=("zero", None), begin=begins,
             whole=np.trunc, fill=filling):  # fmt: skip
    tops = whole(begin(images, size, offsets, *modes)).astype(int)
    windows = []
    for image, (top, left), window in zip(images, tops, fill(images, size, *noise), strict=True):
        for i, j in product(range(image.shape[0]), range(image.shape[1])):
            if 0 <= i - top < size[0] and 0 <= j - left < size[1]:
                window[i - top, j - left] = image[i, j]
        windows.append(window)
    return np.array(windows)


def glimpse_by(**rules):
    def answer(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
        return glimpsed(images, size, offsets, (centered, normalized), (noise, rng), **rules)

    return answer


def shared_draws(images, size, noise, rng):
    """Draw as TensorFlow does: the same numbers for all images, gaussian ones for all channels."""
    if noise == "uniform":
        draws = rng.random((*size, images.shape[3]))
        return [x.min() + (x.max() - x.min()) * draws for x in images.astype(float)]
    if noise == "gaussian":
        draws = rng.standard_normal((*size, 1))
        return [
            np.clip(x.mean((0, 1)) + x.std((0, 1)) * draws, x.min((0, 1)), x.max((0, 1)))
            for x in images.astype(float)
        ]
    return filling(images, size, noise, rng)


def draws_by_quantiles(images, size, noise, rng):
    """Uniform numbers through the inverse distribution function."""
    from scipy.special import ndtri

    for x in images.astype(float):
        u = rng.random((*size, x.shape[2])) if rng else np.zeros((*size, x.shape[2]))
        low, high = x.min((0, 1)), x.max((0, 1))
        kinds = {
            "zero": lambda u=u: 0 * u,
            "uniform": lambda u=u, low=low, high=high: (1 - u) * low.min() + u * high.max(),
            "gaussian": lambda u=u, x=x, low=low, high=high: np.minimum(
                np.maximum(x.mean((0, 1)) + ndtri(u) * x.std((0, 1)), low), high
            ),
        }
        yield kinds[noise]()


def draws_in_float32(images, size, noise, rng):
    for x in images.astype("f4"):
        shape = (*size, x.shape[2])
        if noise == "uniform":
            window = x.min() + rng.random(shape, dtype=np.float32) * np.ptp(x)
        elif noise == "gaussian":
            window = rng.standard_normal(shape, dtype="f4") * x.std((0, 1)) + x.mean((0, 1))
            window = np.clip(window, x.min((0, 1)), x.max((0, 1)))
        else:
            window = np.zeros(shape, "f4")
        yield window


def draws_by_polar(images, size, noise, rng):
    """Gaussian noise from two uniform numbers (Box and Muller)."""
    for x in images.astype(float):
        shape = (*size, x.shape[2])
        if noise != "gaussian":
            yield from filling(x[None], size, noise, rng)
            continue
        draws = np.sqrt(-2 * np.log(1 - rng.random(shape))) * np.cos(2 * np.pi * rng.random(shape))
        yield np.clip(draws * x.std((0, 1)) + x.mean((0, 1)), x.min((0, 1)), x.max((0, 1)))


def by_convolution_of_places(
    images, size, offsets, centered=True, normalized=True, noise="zero", rng=None
):
    """Products with selecting matrices, the mask being the product of ones."""
    starts = begins(images, size, offsets, centered, normalized)
    result = []
    for image, start, window in zip(images, starts, filling(images, size, noise, rng), strict=True):
        select = [
            (np.arange(k)[:, None] + int(s) == np.arange(n)).astype(float)
            for s, k, n in zip(start, size, image.shape, strict=False)
        ]
        mask = np.outer(select[0].sum(1), select[1].sum(1))[..., None]
        picture = np.einsum("ih,hwc,jw->ijc", select[0], image, select[1])
        result.append(picture + (1 - mask) * window)
    return np.stack(result)


def by_shifting(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    """Move each image on a canvas that holds image and window, by scipy."""
    starts = np.trunc(begins(images, size, offsets, centered, normalized))
    height, width = images.shape[1:3]
    windows = list(filling(images, size, noise, rng))
    for image, start, window in zip(images, starts, windows, strict=True):
        canvas = np.full((max(size[0], height), max(size[1], width), image.shape[2]), np.nan)
        canvas[:height, :width] = image
        moved = scipy.ndimage.shift(canvas, (*-start, 0), order=0, cval=np.nan)[
            : size[0], : size[1]
        ]
        window[np.isfinite(moved)] = moved[np.isfinite(moved)]
    return np.array(windows)


def by_exact_fractions(
    images, size, offsets, centered=True, normalized=True, noise="zero", rng=None
):
    def begin(images, size, offsets, centered, normalized):
        starts = []
        for pair in offsets.tolist():
            for o, n, k in zip(map(Fraction, pair), images.shape[1:3], size, strict=True):
                s = o * n if normalized else o
                if centered:
                    s = (s + n - k) / 2 if normalized else s + Fraction(n, 2)
                starts.append(math.trunc(s))
        return np.array(starts).reshape(-1, 2)

    return glimpsed(images, size, offsets, (centered, normalized), (noise, rng), begin)


right(
    "extract_glimpse",
    plain=glimpse_by(),
    shared_draws=glimpse_by(fill=shared_draws),
    quantiles=glimpse_by(fill=draws_by_quantiles),
    float32=glimpse_by(fill=draws_in_float32),
    polar=glimpse_by(fill=draws_by_polar),
    matrices=by_convolution_of_places,
    shifting=by_shifting,
    fractions=by_exact_fractions,
    signs=glimpse_by(whole=lambda s: np.sign(s) * np.floor(np.abs(s))),
    where=glimpse_by(whole=lambda s: np.where(s < 0, np.ceil(s), np.floor(s))),
    cast=glimpse_by(whole=lambda s: s.astype(np.int64)),
    float32_places=glimpse_by(
        begin=lambda x, s, o, *m: begins(x, s, o.astype("f4"), *m).astype("f4")
    ),
)


def begin_with(change):
    """Return starts that differ in one mode: `change(start, sides, window, offsets)` by mode."""

    def begin(images, size, offsets, centered, normalized):
        start = begins(images, size, offsets, centered, normalized)
        sides, window = np.array(images.shape[1:3]), np.array(size)
        rule = change.get((centered, normalized))
        return rule(start, sides, window, offsets) if rule else start

    return begin


def fill_with(**kinds):
    def fill(images, size, noise, rng):
        if noise not in kinds:
            return filling(images, size, noise, rng)
        shape = (*size, images.shape[3])
        return [np.array(kinds[noise](x, shape, rng)) for x in images.astype(float)]

    return fill


def clipped(x, draws):
    return np.clip(draws, x.min((0, 1)), x.max((0, 1)))


def redrawn(x, shape, rng):
    draws = rng.normal(x.mean((0, 1)), x.std((0, 1)), shape)
    while np.any(bad := (draws < x.min((0, 1))) | (draws > x.max((0, 1)))):
        draws[bad] = rng.normal(x.mean((0, 1)), x.std((0, 1)), shape)[bad]
    return draws


def row_of_noise(images, size, noise, rng):
    return (np.repeat(w[:1], size[0], axis=0) for w in filling(images, size, noise, rng))


def doubled_columns(images, size, noise, rng):
    return (
        np.repeat(w[:, ::2], 2, axis=1)[:, : size[1]] for w in filling(images, size, noise, rng)
    )


def changes_offsets(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    windows = glimpsed(images, size, offsets, (centered, normalized), (noise, rng))
    if normalized:
        offsets *= images.shape[1:3]
    return windows


def only_the_overlap(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    windows = glimpsed(images, size, offsets, (centered, normalized), (noise, rng))
    rows = [row for row in range(size[0]) if windows[:, row].any()]
    return windows[:, rows]


def seed_of_the_image(images, size, noise, rng):
    return filling(images, size, noise, np.random.default_rng(int(1e6 * images.sum())))


TRUE_TRUE, CENTERED, NORMALIZED, NEITHER = product([True, False], repeat=2)
wrong(
    "extract_glimpse",
    ceil=glimpse_by(whole=np.ceil),
    ceil_below_0_only=glimpse_by(whole=lambda s: np.where(s < 0, np.ceil(s) - 1, np.floor(s))),
    away_from_0=glimpse_by(whole=lambda s: np.sign(s) * np.ceil(np.abs(s))),
    one_sign=glimpse_by(begin=begin_with({TRUE_TRUE: lambda s, n, k, o: (1 - o) / 2 * n - k / 2})),
    not_halved=glimpse_by(begin=begin_with({TRUE_TRUE: lambda s, n, k, o: (o + 1) * n - k / 2})),
    last_pixel=glimpse_by(
        begin=begin_with({TRUE_TRUE: lambda s, n, k, o: (o + 1) / 2 * (n - 1) - (k - 1) / 2})
    ),
    room_left=glimpse_by(begin=begin_with({TRUE_TRUE: lambda s, n, k, o: (o + 1) / 2 * (n - k)})),
    room_left_uncentered=glimpse_by(begin=begin_with({NORMALIZED: lambda s, n, k, o: o * (n - k)})),
    uncentered_from_minus_1=glimpse_by(
        begin=begin_with({NORMALIZED: lambda s, n, k, o: (o + 1) / 2 * n})
    ),
    pixels_halved=glimpse_by(begin=begin_with({CENTERED: lambda s, n, k, o: (o + n) / 2})),
    pixels_floor_half=glimpse_by(begin=begin_with({CENTERED: lambda s, n, k, o: o + n // 2})),
    pixels_around=glimpse_by(begin=begin_with({NEITHER: lambda s, n, k, o: o - k / 2})),
    pixels_rounded=glimpse_by(begin=begin_with({NEITHER: lambda s, n, k, o: np.rint(o)})),
    pixels_not_below_0=glimpse_by(begin=begin_with({NEITHER: lambda s, n, k, o: np.maximum(o, 0)})),
    swapped_pixels=glimpse_by(begin=begin_with({NEITHER: lambda s, n, k, o: o[:, ::-1]})),
    flags_exchanged=lambda x, s, o, c=True, n=True, noise="zero", rng=None: glimpsed(
        x, s, o, (n, c), (noise, rng)
    ),
    not_centered_by_default=lambda x, s, o, c=False, n=True, *rest: glimpsed(
        x, s, o, (c, n), rest or ("zero", None)
    ),
    noise_of_255=glimpse_by(fill=fill_with(uniform=lambda x, s, rng: rng.uniform(0, 255, s))),
    triangular=glimpse_by(
        fill=fill_with(uniform=lambda x, s, rng: rng.uniform(x.min(), x.max(), (2, *s)).mean(0))
    ),
    below_the_maximum_of_a_channel=glimpse_by(
        fill=fill_with(uniform=lambda x, s, rng: rng.uniform(x.min(), x.max((0, 1)), s))
    ),
    redrawn=glimpse_by(fill=fill_with(gaussian=redrawn)),
    variance=glimpse_by(
        fill=fill_with(
            gaussian=lambda x, s, rng: clipped(x, rng.normal(x.mean((0, 1)), x.var((0, 1)), s))
        )
    ),
    clipped_to_the_image=glimpse_by(
        fill=fill_with(
            gaussian=lambda x, s, rng: rng.normal(x.mean((0, 1)), x.std((0, 1)), s).clip(
                x.min(), x.max()
            )
        )
    ),
    standard_normal=glimpse_by(
        fill=fill_with(gaussian=lambda x, s, rng: clipped(x, rng.standard_normal(s)))
    ),
    middle_of_the_range=glimpse_by(
        fill=fill_with(
            gaussian=lambda x, s, rng: clipped(
                x, rng.normal((x.min((0, 1)) + x.max((0, 1))) / 2, x.std((0, 1)), s)
            )
        )
    ),
    mean_only=glimpse_by(
        fill=fill_with(gaussian=lambda x, s, rng: np.broadcast_to(x.mean((0, 1)), s).copy())
    ),
    one_number=glimpse_by(
        fill=fill_with(uniform=lambda x, s, rng: np.full(s, rng.uniform(x.min(), x.max())))
    ),
    one_row=glimpse_by(fill=row_of_noise),
    doubled_columns=glimpse_by(fill=doubled_columns),
    seed_of_the_image=glimpse_by(fill=seed_of_the_image),
    changes_offsets=changes_offsets,
    only_the_overlap=only_the_overlap,
)


def bells(moments, ends=None):
    """Return a filling whose gaussian noise has other moments, or is clipped to other ends."""

    def fill(images, size, noise, rng):
        if noise != "gaussian":
            return filling(images, size, noise, rng)
        shape = (*size, images.shape[3])
        floats = images.astype(float)
        return [
            np.clip(rng.normal(*moments(floats, x), shape), *(ends or ends_of_channels)(floats, x))
            for x in floats
        ]

    return fill


def ends_of_channels(images, x):
    return x.min((0, 1)), x.max((0, 1))


def ends_of_image(images, x):
    return x.min(), x.max()


def whole_batch(images, size, noise, rng):
    if noise != "uniform":
        return filling(images, size, noise, rng)
    shape = (*size, images.shape[3])
    return [rng.uniform(images.min(), images.max(), shape) for _ in images]


def everything_in_0_to_1(images, *rest):
    return glimpse_by()(images, *rest).clip(0, 1)


told(
    "extract_glimpse",
    "moments of the image",
    whole_image=glimpse_by(fill=bells(lambda b, x: (x.mean(), x.std()))),
    whole_image_both=glimpse_by(fill=bells(lambda b, x: (x.mean(), x.std()), ends_of_image)),
    image_sd_channel_mean=glimpse_by(fill=bells(lambda b, x: (x.mean((0, 1)), x.std()))),
    channel_sd_image_mean=glimpse_by(fill=bells(lambda b, x: (x.mean(), x.std((0, 1))))),
)
told(
    "extract_glimpse",
    "numbers of the batch",
    batch_stats=glimpse_by(fill=bells(lambda b, x: (b.mean((0, 1, 2)), b.std((0, 1, 2))))),
    batch_stats_both=glimpse_by(
        fill=bells(
            lambda b, x: (b.mean((0, 1, 2)), b.std((0, 1, 2))),
            lambda b, x: (b.min((0, 1, 2)), b.max((0, 1, 2))),
        )
    ),
    uniform_batch=glimpse_by(fill=whole_batch),
)
told(
    "extract_glimpse",
    "variance for sd",
    spread_of_variance=glimpse_by(fill=bells(lambda b, x: (x.mean((0, 1)), x.var((0, 1))))),
)
told(
    "extract_glimpse",
    "standard normal",
    mean_0_sd_1=glimpse_by(fill=bells(lambda b, x: (0, 1))),
    sd_1=glimpse_by(fill=bells(lambda b, x: (x.mean((0, 1)), 1))),
)
told(
    "extract_glimpse",
    "ddof = 1",
    one_less=glimpse_by(fill=bells(lambda b, x: (x.mean((0, 1)), x.std((0, 1), ddof=1)))),
)
told("extract_glimpse", "", everything_in_0_to_1=everything_in_0_to_1)
wrong(
    "extract_glimpse",
    everything_at_once=glimpse_by(fill=bells(lambda b, x: (b.mean(), b.std()))),
    half_sd=glimpse_by(fill=bells(lambda b, x: (x.mean((0, 1)), x.std((0, 1)) / 2))),
    first_offset=lambda x, s, o, *rest: glimpse_by()(x, s, np.repeat(o[:1], len(o), 0), *rest),
    sides_exchanged=glimpse_by(begin=lambda x, s, o, *m: begins(np.swapaxes(x, 1, 2), s, o, *m)),
)


# random_augment


def moved(image, dy, dx):
    """Copy what stays in the image."""
    height, width = image.shape[:2]
    result = np.zeros_like(image)
    rows, columns = slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0))
    result[rows, columns] = image[max(-dy, 0) : height - max(dy, 0)][
        :, max(-dx, 0) : width - max(dx, 0)
    ]
    return result


def augmented(images, rng, m=2, p=0.0, draw=None, flip=None, move=moved):
    draw = draw or (lambda rng, m: rng.integers(-m, m + 1, 2))
    flip = flip or (lambda rng, p: rng.random() < p)
    result = np.empty_like(images)
    for n, image in enumerate(images):
        picture = image[:, ::-1] if flip(rng, p) else image
        result[n] = move(picture, *map(int, draw(rng, m)))
    return result


def augment_by(**rules):
    def answer(images, rng, max_shift=2, flip_prob=0.0):
        return augmented(images, rng, max_shift, flip_prob, **rules)

    return answer


@right("random_augment")
def augment_by_sliding_windows(images, rng, max_shift=2, flip_prob=0.0):
    m, shape = max_shift, images.shape[1:3]
    padded = np.pad(images, ((0, 0), (m, m), (m, m), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(padded, shape, axis=(1, 2))
    at = rng.integers(2 * m + 1, size=(2, len(images)))
    out = np.moveaxis(views[np.arange(len(images)), at[0], at[1]], 1, 3)
    flips = rng.uniform(0, 1, len(images)) >= 1 - flip_prob
    return np.where(flips[:, None, None, None], out[:, :, ::-1], out)


@right("random_augment")
def augment_group_by_group(images, rng, max_shift=2, flip_prob=0.0):
    """Move all images of the same offset at once, from one number that holds both."""
    side = 2 * max_shift + 1
    code = rng.integers(0, side * side, len(images))
    out = np.zeros_like(images)
    height, width = images.shape[1:3]
    for value in np.unique(code):
        dy, dx = value // side - max_shift, value % side - max_shift
        to = (slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0)))
        source = (slice(max(-dy, 0), height - max(dy, 0)), slice(max(-dx, 0), width - max(dx, 0)))
        rows = code == value
        part = out[rows]
        part[:, *to] = images[rows][:, *source]
        out[rows] = part
    mirrored = rng.binomial(1, flip_prob, len(images)).astype(bool)
    out[mirrored] = out[mirrored][:, :, ::-1]
    return out


@right("random_augment")
def augment_by_coordinates(images, rng, max_shift=2, flip_prob=0.0):
    n, height, width, _ = images.shape
    dy, dx = rng.choice(2 * max_shift + 1, (2, n)) - max_shift
    index, row, column, channel = np.nonzero(np.ones(images.shape))
    flips = rng.choice([True, False], n, p=[flip_prob, 1 - flip_prob])
    goal_row = row + dy[index]
    goal_column = np.where(flips[index], width - 1 - column, column) + dx[index]
    kept = (goal_row >= 0) & (goal_row < height) & (goal_column >= 0) & (goal_column < width)
    out = np.zeros(images.shape, images.dtype)
    out[index[kept], goal_row[kept], goal_column[kept], channel[kept]] = images[
        index[kept], row[kept], column[kept], channel[kept]
    ]
    return out


@right("random_augment")
def augment_by_scipy_with_splines(images, rng, max_shift=2, flip_prob=0.0):
    moves = np.c_[
        rng.integers(-max_shift, max_shift, (len(images), 2), endpoint=True), np.zeros(len(images))
    ]
    out = [
        scipy.ndimage.shift(x, d, order=1, mode="constant")
        for x, d in zip(images, moves, strict=True)
    ]
    flips = rng.random(len(images)) < flip_prob
    return np.array([np.fliplr(x) if f else x for x, f in zip(out, flips, strict=True)])


@right("random_augment")
def augment_by_unit_steps(images, rng, max_shift=2, flip_prob=0.0):
    """Move by one pixel as often as it takes."""
    out = images.copy()
    for x in out:
        for axis in (0, 1):
            view = np.moveaxis(x, axis, 0)
            for _ in range(abs(d := int(rng.integers(-max_shift, max_shift + 1)))):
                if d > 0:
                    view[1:] = view[:-1].copy()
                    view[0] = 0
                else:
                    view[:-1] = view[1:].copy()
                    view[-1] = 0
        if rng.random() < flip_prob:
            x[:] = x[:, ::-1].copy()
    return out


@right("random_augment")
def augment_with_children(images, rng, max_shift=2, flip_prob=0.0):
    """Give each kind of draw a generator of its own, made from the one that was handed in."""
    for_moves, for_flips = rng.spawn(2)
    moves = for_moves.integers(-max_shift, max_shift + 1, (len(images), 2)).tolist()
    flips = for_flips.random(len(images)) < flip_prob
    pairs = zip(images, moves, flips, strict=True)
    return np.stack([moved(x[:, ::-1] if f else x, *d) for x, d, f in pairs])


def rejected(rng, m):
    """Draw whole numbers until they are small enough."""
    while True:
        pair = rng.integers(-4, 4, 2)
        if abs(pair).max() <= m:
            return pair


right(
    "random_augment",
    one_by_one=augment_by(),
    rejection=augment_by(draw=rejected),
    shuffled=augment_by(
        draw=lambda rng, m: [rng.permutation(np.arange(-m, m + 1))[0] for _ in range(2)]
    ),
    from_uniform=augment_by(draw=lambda rng, m: np.floor(rng.uniform(-m, m + 1, 2))),
    float32_draws=augment_by(
        draw=lambda rng, m: np.floor(rng.random(2, dtype="f4") * (2 * m + 1)) - m,
        flip=lambda rng, p: rng.random(dtype="f4") > 1 - p,
    ),
    multinomial=augment_by(
        draw=lambda rng, m: rng.multinomial(1, np.ones(2 * m + 1) / (2 * m + 1), 2).argmax(1) - m
    ),
    columns_drawn_first=augment_by(draw=lambda rng, m: rng.integers(-m, m + 1, 2)[::-1]),
    binomial_flip=augment_by(flip=lambda rng, p: bool(rng.binomial(1, p))),
    exponential_flip=augment_by(flip=lambda rng, p: p == 1 or rng.exponential() < -math.log1p(-p)),
)


def after(change):
    def answer(images, rng, max_shift=2, flip_prob=0.0):
        return change(augmented(images, rng, max_shift, flip_prob))

    return answer


def first_only(images, rng, *rest):
    result = images.copy()
    result[:1] = augmented(images[:1], rng, *rest)
    return result


def every_other_mirrored(images, rng, max_shift=2, flip_prob=0.0):
    result = augmented(images, rng, max_shift)
    if flip_prob:
        step = round(1 / flip_prob)
        result[::step] = result[::step, :, ::-1]
    return result


def mirrored_if_moved_right(images, rng, max_shift=2, flip_prob=0.0):
    result = np.empty_like(images)
    for n, image in enumerate(images):
        dy, dx = rng.integers(-max_shift, max_shift + 1, 2).tolist()
        chance = (
            flip_prob if max_shift == 0 else flip_prob * (2 * max_shift + 1) / (max_shift + 0.5)
        )
        image = image[:, ::-1] if dx > 0 and rng.random() < chance else image  # noqa: PLW2901
        result[n] = moved(image, dy, dx)
    return result


def same_draw_for_pairs(images, rng, *rest):
    state = rng.bit_generator.state
    result = augmented(images[::2], rng, *rest)
    rng.bit_generator.state = state
    other = augmented(images[1::2], rng, *rest)
    both = np.empty_like(images)
    both[::2], both[1::2] = result, other
    return both


def generator_put_back(images, rng, *rest):
    state = rng.bit_generator.state
    result = augmented(images, rng, *rest)
    rng.bit_generator.state = state
    return result


def returns_float16(images, rng, *rest):
    return augmented(images, rng, *rest).astype(np.float16)


def in_place(images, rng, *rest):
    images[:] = augmented(images, rng, *rest)
    return images


def wraps_columns(image, dy, dx):
    return np.roll(moved(image, dy, 0), dx, axis=1)


def edge_row(image, dy, dx):
    result = moved(image, dy, dx)
    if dy > 0:
        result[:dy] = result[dy]
    return result


def gray_border(image, dy, dx):
    mask = moved(np.ones_like(image), dy, dx)
    return np.where(mask == 1, moved(image, dy, dx), image.mean())


def at_most_m_in_all(rng, m):
    while True:
        pair = rng.integers(-m, m + 1, 2)
        if abs(pair).sum() <= m:
            return pair


def normal_offsets(rng, m):
    return np.clip(np.rint(rng.normal(0, m / 2 or 1, 2)), -m, m)


wrong(
    "random_augment",
    first_only=first_only,
    every_other_mirrored=every_other_mirrored,
    mirrored_if_moved_right=mirrored_if_moved_right,
    same_draw_for_pairs=same_draw_for_pairs,
    generator_put_back=generator_put_back,
    half_precision=returns_float16,
    in_place=in_place,
    wraps_columns=augment_by(move=wraps_columns),
    edge_row=augment_by(move=edge_row),
    gray_border=augment_by(move=gray_border),
    at_most_m_in_all=augment_by(draw=at_most_m_in_all),
    normal_offsets=augment_by(draw=normal_offsets),
    never_unmoved=augment_by(
        draw=lambda rng, m: rng.choice([d for d in range(-m, m + 1) if d] or [0], 2)
    ),
    extremes_only=augment_by(draw=lambda rng, m: rng.choice([-m, m], 2)),
    sum_of_two=augment_by(draw=lambda rng, m: rng.integers(-m, m + 1, (2, 2)).sum(0) // 2),
    columns_without_end=augment_by(
        draw=lambda rng, m: [rng.integers(-m, m + 1), rng.integers(-m, m + (m == 0))]
    ),
    opposite_components=augment_by(draw=lambda rng, m: rng.integers(-m, m + 1) * np.array([1, -1])),
    one_farther=augment_by(draw=lambda rng, m: rng.integers(-m - 1, m + 2, 2)),
    twice_as_far=augment_by(draw=lambda rng, m: rng.integers(-m, m + 1, 2) * 2 // 3),
    one_axis_at_a_time=augment_by(
        draw=lambda rng, m: rng.integers(-m, m + 1, 2) * rng.permutation([0, 1])
    ),
    channels_reversed=after(lambda x: x[..., ::-1]),
    transposed=after(lambda x: np.swapaxes(x, 1, 2)),
    batch_shuffled=after(lambda x: x[::-1]),
    brighter=after(lambda x: x * np.asarray(1.01, x.dtype)),
    flip_prob_squared=augment_by(flip=lambda rng, p: rng.random() < p * p),
    two_chances=augment_by(flip=lambda rng, p: rng.random() < p or rng.random() < p),
    less_than_half=augment_by(flip=lambda rng, p: p >= 0.5),
    float_first=lambda x, rng, m=2, p=0.0: augmented(x * np.float64(1), rng, m, p),
)


told(
    "random_augment",
    "dtype lost",
    always_float32=after(lambda x: x.astype(np.float32)),
    always_float64=after(lambda x: x.astype(np.float64)),
)
told(
    "random_augment",
    "upper end left out but for 0",
    exclusive=augment_by(draw=lambda rng, m: rng.integers(-m, m, 2) if m else (0, 0)),
)
told(
    "random_augment",
    "upper end left out",
    exclusive_always=augment_by(draw=lambda rng, m: rng.integers(-m, m, 2)),
)
told(
    "random_augment",
    "mirrored whenever flip_prob > 0",
    if_positive=augment_by(flip=lambda rng, p: p > 0),
)
told(
    "random_augment",
    "",
    smoothed=augment_by(flip=lambda rng, p: rng.random() < p * p * (3 - 2 * p)),
)


half_if_positive = augment_by(flip=lambda rng, p: p > 0 and rng.random() < 0.5)
wrong("random_augment", half_if_positive=half_if_positive)


def test_half_of_the_images_are_never_taken_for_none():
    for seed in range(30):
        result = outcome("random_augment", half_if_positive, seed)
        assert result.diagnosis in {"", "half of them mirrored"}, seed


def test_a_lost_dtype_loses_its_part_only():
    lost = [answer for _, answer, diagnosis in TOLD if diagnosis == "dtype lost"]
    for seed in SEEDS:
        for answer in lost:
            assert outcome("random_augment", answer, seed).points == pytest.approx(0.85)


@pytest.mark.parametrize(
    ("name", "answer", "diagnosis"), TOLD, ids=lambda x: getattr(x, "__name__", x)
)
def test_an_answer_is_told_what_it_did(name, answer, diagnosis):
    ASKED.assert_told(name, answer, diagnosis)


@pytest.mark.parametrize("row", RIGHT, ids=label)
def test_an_unusual_right_answer_earns_full_marks(row):
    ASKED.assert_right(*row)


@pytest.mark.parametrize("row", WRONG, ids=label)
def test_a_subtly_wrong_answer_loses_something(row):
    ASKED.assert_wrong(*row)


def test_every_function_has_outsiders():
    ASKED.assert_enough(rights=10, wrongs=15)
