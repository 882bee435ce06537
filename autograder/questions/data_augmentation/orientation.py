"""Questions on mirrored and turned images."""

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.data_augmentation.pixels import random_images
from utils.checking.judgement import UNCHANGED

MIRRORED = "mirrored"
TURNED = "turned"
WHOLE = "any whole k"


def _flip_cases(rng):
    return [
        Case("one row: 1, 2, 3", {"images": np.array([[[[1.0], [2.0], [3.0]]]])}),
        Case("two rows, two columns", {"images": np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]])}),
        Case("wider than high", {"images": random_images(rng, 1, 2, 5, 1)}),
        Case("higher than wide", {"images": random_images(rng, 1, 4, 3, 1)}),
        Case("three images in color", {"images": random_images(rng, 3, 2, 4, 3)}),
        Case("two images, two channels, float32", {"images": _float32(rng, 2, 3, 3, 2)}),
        Case("a single column", {"images": random_images(rng, 2, 3, 1, 2)}),
        Case("negative numbers", {"images": random_images(rng, 2, 3, 2, 1, lowest=-0.6)}),
    ]


def _float32(rng, *shape):
    return random_images(rng, *shape, dtype="float32")


def _mirrored(images):
    """Return the images with each pixel carried to its mirror place, one at a time."""
    result = np.zeros(images.shape)
    for n, i, j, c in np.ndindex(images.shape):
        result[n, i, images.shape[2] - 1 - j, c] = images[n, i, j, c]
    return result


def _first_image_only(function):
    def answer(images, *rest):
        result = images.copy()
        result[0] = function(images, *rest)[0]
        return result

    return answer


def _overwritten(images):
    result, width = images.copy(), images.shape[2]
    for j in range(width):
        result[:, :, j] = result[:, :, width - 1 - j]
    return result


_WRONG_FLIP = (
    Misconception(
        "upside down",
        "You mirrored the height. Axis 1 of (N, H, W, C) is the height, axis 2 the width; "
        "`np.fliplr` turns axis 1, too, for it knows nothing of batches.",
        lambda x: x[:, ::-1],
    ),
    Misconception(
        "turned by 180 degrees",
        "You mirrored both height and width: that is a half turn. Mirror the width alone.",
        lambda x: x[:, ::-1, ::-1],
    ),
    Misconception(
        "order of the images",
        "You turned the order of the images around, axis 0. Each stays in its place of the batch; "
        "mirror axis 2.",
        lambda x: x[::-1],
    ),
    Misconception(
        "order of the channels",
        "You turned the order of the channels around: red is now blue. Mirror axis 2, the width; "
        "the last axis holds the channels.",
        lambda x: x[..., ::-1],
    ),
    Misconception(
        "all axes",
        "You turned every axis around, batch and channels included. `np.flip` does so without "
        "`axis`.",
        np.flip,
    ),
    Misconception(
        "width and channels",
        "You mirrored the width and turned the order of the channels around as well. One axis is "
        "enough: axis 2.",
        lambda x: x[:, :, ::-1, ::-1],
    ),
    Misconception(
        "transposed",
        "You exchanged rows and columns. A mirrored image has the same rows, each read backward.",
        lambda x: np.swapaxes(x, 1, 2),
    ),
    Misconception(
        "overwritten",
        "Half of your image is the mirror of the other half: you wrote over pixels that were still "
        "to be read. Write into a new array.",
        _overwritten,
    ),
    Misconception(
        "first image only",
        "You mirrored the first image only. Axis 0 counts the images; take all of them.",
        _first_image_only(lambda x: x[:, :, ::-1]),
    ),
    Misconception(
        "moved round",
        "You moved each row round by one pixel. Its order is to be reversed.",
        lambda x: np.roll(x, 1, axis=2),
    ),
    Misconception(
        "nothing done",
        "You returned the images as they are. Read axis 2, the width, backward.",
        lambda x: x.copy(),
    ),
)


def _flip_by_matrix(images):
    exchange = np.fliplr(np.eye(images.shape[2]))
    return np.einsum("nhwc,wv->nhvc", images, exchange)


def _flip_one_by_one(images):
    return np.stack([np.fliplr(image) for image in images])


def _flip_by_loop(images):
    result = np.empty_like(images)
    for j in range(images.shape[2]):
        result[:, :, -1 - j] = images[:, :, j]
    return result


horizontal_flip = Question(
    "horizontal_flip",
    "Mirror images left and right",
    _flip_cases,
    _mirrored,
    parts={MIRRORED: 0.8, UNCHANGED: 0.2},
    misconceptions=_WRONG_FLIP,
    hint="The axes are (N, H, W, C). Which of them runs from left to right? Read that one "
    "backward, and leave the others.",
    references=(
        lambda images: images[:, :, ::-1],
        lambda images: np.flip(images, axis=2),
        lambda images: np.take(images, np.arange(images.shape[2] - 1, -1, -1), axis=-2),
        lambda images: images[:, :, np.argsort(-np.arange(images.shape[2])), :],
        _flip_by_matrix,
        _flip_one_by_one,
        _flip_by_loop,
        lambda images: images.astype(np.float32)[..., ::-1, :].copy(),
    ),
)


def _turn_case(label, images, part=TURNED, **k):
    return Case(label, {"images": images, **k}, part)


def _turn_cases(rng):
    square = np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]])
    return [
        _turn_case("a quarter turn of 1 2 / 3 4", square, k=1),
        _turn_case("k = 1, wider than high", random_images(rng, 1, 2, 3, 1), k=1),
        _turn_case("k = 1, higher than wide, two images", random_images(rng, 2, 3, 2, 1), k=1),
        _turn_case("k = 2, in color", random_images(rng, 2, 2, 3, 3), k=2),
        _turn_case("k = 3, two channels", random_images(rng, 1, 4, 3, 2), k=3),
        _turn_case("k = 1, square, float32", _float32(rng, 3, 3, 3, 2), k=1),
        _turn_case("k not given", random_images(rng, 2, 2, 4, 1)),
        _turn_case("k = 0", random_images(rng, 2, 3, 2, 2), WHOLE, k=0),
        _turn_case("k = -1", random_images(rng, 1, 2, 3, 2), WHOLE, k=-1),
        _turn_case("k = -2, square", random_images(rng, 2, 3, 3, 1), WHOLE, k=-2),
        _turn_case("k = 4", random_images(rng, 1, 3, 2, 2), WHOLE, k=4),
        _turn_case("k = 6", random_images(rng, 2, 2, 3, 1), WHOLE, k=6),
        _turn_case("k = -7", random_images(rng, 2, 3, 4, 1), WHOLE, k=-7),
        _turn_case("k = 43", random_images(rng, 1, 2, 4, 1), WHOLE, k=43),
    ]


def _turned(images, k=1):
    """Return the images with each pixel turned about the center as a complex number, i^k times."""
    n, height, width, channels = images.shape
    shape = (width, height) if k % 2 else (height, width)
    result = np.zeros((n, *shape, channels))
    turn = {0: 1, 1: 1j, 2: -1, 3: -1j}[k % 4]
    for i, j in np.ndindex(height, width):
        point = turn * ((2 * j - (width - 1)) - 1j * (2 * i - (height - 1)))  # up is positive
        row = (round(-point.imag) + shape[0] - 1) // 2
        result[:, row, (round(point.real) + shape[1] - 1) // 2] = images[:, i, j]
    return result


def _quarter(x):
    return np.swapaxes(x, 1, 2)[:, ::-1]


def _turns(x, count):
    for _ in range(count):
        x = _quarter(x)
    return x


def _shape_kept(x, k=1):
    return np.ascontiguousarray(_turns(x, k % 4)).reshape(x.shape)


def _three_branches(x, k=1):
    return _turns(x, k) if k in {1, 2, 3} else x.copy()


def _half_turn_mirrors(wrong):
    return lambda x, k=1: wrong(x) if k % 4 == 2 else _turns(x, k % 4)


_WRONG_TURN = (
    Misconception(
        "clockwise",
        "You turned clockwise. Counter-clockwise, the right end of the top row comes to the left "
        "end of it: 1 2 / 3 4 becomes 2 4 / 1 3.",
        lambda x, k=1: _turns(x, -k % 4),
    ),
    Misconception(
        "batch and height",
        "You turned the plane of axes 0 and 1, the batch and the height: `np.rot90` does so "
        "without `axes`. The pixels are on axes 1 and 2.",
        np.rot90,
    ),
    Misconception(
        "width and channels",
        "You turned the plane of the last two axes, the width and the channels. The pixels are on "
        "axes 1 and 2.",
        lambda x, k=1: np.rot90(x, k, axes=(2, 3)),
    ),
    Misconception(
        "k ignored",
        "You made one quarter turn whatever k was.",
        lambda x, k=1: _quarter(x),
    ),
    Misconception(
        "transposed",
        "You exchanged rows and columns for each quarter turn: that is a mirror image. Read the "
        "new rows from bottom to top as well.",
        lambda x, k=1: np.swapaxes(x, 1, 2) if k % 2 else x.copy(),
    ),
    Misconception(
        "shape kept",
        "Your result always has the shape (H, W). After an odd number of quarter turns an image is "
        "as high as it was wide.",
        _shape_kept,
    ),
    Misconception(
        "half turn upside down",
        "For k = 2 you mirrored the height only. A half turn mirrors both height and width.",
        _half_turn_mirrors(lambda x: x[:, ::-1]),
    ),
    Misconception(
        "half turn left and right",
        "For k = 2 you mirrored the width only. A half turn mirrors both height and width.",
        _half_turn_mirrors(lambda x: x[:, :, ::-1]),
    ),
    Misconception(
        "negative k as 0",
        "For a negative k you turned nothing: `range(k)` is empty then. -1 is a quarter turn "
        "clockwise, the same as 3: use k % 4.",
        lambda x, k=1: _turns(x, k),
    ),
    Misconception(
        "sign of k ignored",
        "You turned a negative k the same way as a positive one. -1 is a quarter turn clockwise, "
        "the same as 3.",
        lambda x, k=1: _turns(x, abs(k) % 4),
    ),
    Misconception(
        "1, 2 and 3 only",
        "Your function turns for k = 1, 2 and 3 only. Four quarter turns are none, so k % 4 brings "
        "any whole number to 0..3.",
        _three_branches,
    ),
    Misconception(
        "1, 2 and 3 only, else an error",
        "Your function ends without a result unless k is 0, 1, 2 or 3. Four quarter turns are "
        "none, so k % 4 brings any whole number to 0..3.",
        lambda x, k=1: _turns(x, k) if k in {0, 1, 2, 3} else None,
    ),
    Misconception(
        "nothing done",
        "You returned the images as they are.",
        lambda x, k=1: x.copy(),
    ),
)


def _turn_by_branches(images, k=1):
    match k % 4:
        case 0:
            return images
        case 1:
            return images.transpose(0, 2, 1, 3)[:, ::-1]
        case 2:
            return images[:, ::-1, ::-1]
    return images.transpose(0, 2, 1, 3)[:, :, ::-1]


def _turn_one_by_one(images, k=1):
    return np.array([np.rot90(image, k) for image in images])


def _turn_by_loop(images, k=1):
    for _ in range(k % 4):
        n, height, width, channels = images.shape
        turned = np.zeros((n, width, height, channels))
        for i in range(height):
            for j in range(width):
                turned[:, width - 1 - j, i, :] = images[:, i, j, :]
        images = turned
    return images


def _turn_by_matrices(images, k=1):
    turned = images
    for _ in range(k & 3):
        turned = np.einsum("nhwc,wv->nvhc", turned, np.eye(turned.shape[2])[::-1])
    return turned


def _turn_by_scipy(images, k=1):
    from scipy.ndimage import rotate

    return rotate(images, 90 * (k % 4), axes=(2, 1), order=0)


rot90 = Question(
    "rot90",
    "Turn images by quarter turns",
    _turn_cases,
    _turned,
    driver="images",
    parts={TURNED: 0.6, WHOLE: 0.25, UNCHANGED: 0.15},
    misconceptions=_WRONG_TURN,
    hint="Draw 1 2 / 3 4 on paper and turn the paper counter-clockwise. The pixels are on axes 1 "
    "and 2; `np.rot90` has an argument that says which plane to turn.",
    references=(
        lambda images, k=1: np.rot90(images, k, axes=(1, 2)),
        lambda images, k=1: np.rot90(images, -k, (2, 1)).astype(np.float32),
        _turn_by_branches,
        _turn_one_by_one,
        _turn_by_loop,
        _turn_by_matrices,
        _turn_by_scipy,
    ),
)

QUESTIONS = (horizontal_flip, rot90)
