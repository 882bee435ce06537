"""The question on images that are moved and mirrored at random."""

from dataclasses import dataclass, replace

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.bounds import share
from autograder.questions.data_augmentation.pixels import random_images
from utils.checking.codec import Interval
from utils.checking.images import named_steps
from utils.checking.judgement import UNCHANGED

MOVED = "each image moved by its own offset"
MIRRORED = "mirrored with the probability asked for"
KEPT = "shape and dtype kept"
ANY = Interval(0.0, 1.0)


@dataclass(frozen=True)
class Setting:
    """How often an augmentation is asked for: `images` in each of `calls`, with m and p."""

    images: int
    calls: int
    channels: int
    m: int = 2
    p: float = 0.0

    @property
    def draws(self):
        """The number of images in all calls."""
        return self.images * self.calls

    @property
    def pairs(self):
        """The number of disjoint pairs of images beside each other."""
        return self.draws // 2

    @property
    def repeats(self):
        """The number of times that an image comes up again in the next call."""
        return self.images * (self.calls - 1)

    @property
    def side(self):
        """The number of offsets along one axis, −m..m."""
        return 2 * self.m + 1


def _setting(inputs):
    given = {"m": "max_shift", "p": "flip_prob"}
    given = {name: inputs[key] for name, key in given.items() if key in inputs}
    images = inputs["images"]
    return Setting(len(images), inputs["calls"], images.shape[3], **given)


def _steps(s, what, probabilities):
    """Return the intervals of the shares of the offsets −m..m along one axis."""
    intervals = [share(s.draws, p) for p in probabilities]
    return dict(zip(named_steps(what, s.m), intervals, strict=True))


def law(s):
    """Return the intervals of the shares that `utils.checking.images.count_moves` counts.

    All (2m + 1)² offsets are equally likely, also among those mirrored, and images are independent.
    So each share is of independent draws: of images, of disjoint pairs of them, or of an image and
    itself in the next call, where the next offset is the same as whichever came before with the
    probability 1/(2m + 1)². A right answer leaves an interval with a probability of 2·10⁻⁹ at most,
    by exact binomial tails; the rarest and the commonest offset may be any of all cells. That makes
    74 tails with m = 2, and 56 at most in each of three cases with m = 1: less than 3·10⁻⁷ for a
    whole check.

    A wrong answer is found with a probability of 0.999 at least, most with that of a right answer
    to pass: see `tests/test_questions_images.py`, which works it out for each.
    """
    cells, even = s.side**2, [1 / s.side] * s.side
    return {
        "shape kept": True,
        "moved whole, zeros behind": share(s.draws, 1),
        **_steps(s, "row", even),
        **_steps(s, "column", even),
        "farther than max_shift": share(s.draws, 0),
        "rarest move": share(s.draws, 1 / cells),
        "commonest move": share(s.draws, 1 / cells),
        "same move as the image beside": share(s.pairs, 1 / cells),
        "same move as in the call before": share(s.repeats, 1 / cells),
        "mirrored": share(s.draws, s.p),
        "rarest move of the mirrored": share(s.draws, s.p / cells),
        "commonest move of the mirrored": share(s.draws, s.p / cells),
        "mirrored as the image beside": share(s.pairs, s.p**2 + (1 - s.p) ** 2),
        "same seed, same result": True,
    }


def _case(label, images, rng, part, **flags):
    inputs = {"images": images, "seed": int(rng.integers(2**31)), **flags}
    return Case(label, inputs, part)


def _law_case(label, shape, calls, rng, part, *, dtype="float64", **flags):
    numbered = np.arange(1, np.prod(shape) + 1, dtype=dtype).reshape(shape)
    inputs = {"images": numbered, "seed": int(rng.integers(2**31)), **flags, "calls": calls}
    return Case(label, inputs, part, law(_setting(inputs)), driver="moves")


def _with_dtype(case):
    """Return the case, with the dtype of the images asked for as well."""
    if case.driver == "moves":
        kept = case.expected | {"dtype kept": True}
    else:
        images = case.inputs["images"]
        kept = {"images": _still(**case.inputs), "dtype": images.dtype.name}
    return replace(case, expected=kept, driver=f"{case.driver or 'images'}_with_dtype")


def _cases(rng):
    square = random_images(rng, 2, 3, 3, 2)
    wide = random_images(rng, 12, 2, 4, 1)
    high = random_images(rng, 2, 3, 2, 1)
    high32 = random_images(rng, 2, 3, 2, 1, dtype="float32")
    half, fifth = {"max_shift": 1, "flip_prob": 0.5}, {"max_shift": 1, "flip_prob": 0.2}
    none, mirror = {"max_shift": 0, "flip_prob": 0.0}, {"max_shift": 0, "flip_prob": 1.0}
    some = {"max_shift": 1, "flip_prob": 0.0, "dtype": "float32"}
    return [
        _case("max_shift 0, flip_prob 0", square, rng, MOVED, **none),
        _law_case("numbered pixels, all as by default", (80, 3, 4, 1), 25, rng, MOVED),
        _case("max_shift 0, flip_prob 1", wide, rng, MIRRORED, **mirror),
        _law_case("numbered pixels, flip_prob 0.5", (60, 2, 4, 2), 26, rng, MIRRORED, **half),
        _law_case("numbered pixels, flip_prob 0.2", (100, 3, 3, 1), 20, rng, MIRRORED, **fifth),
        _with_dtype(_case("nothing to be done, float32", high32, rng, KEPT, **none)),
        _with_dtype(_case("nothing to be done, float64", high, rng, KEPT, **none)),
        _with_dtype(_law_case("numbered pixels, float32", (50, 4, 3, 1), 16, rng, KEPT, **some)),
    ]


def _still(images, seed, max_shift, flip_prob):
    """Return what comes out where nothing moves: the images, or each pixel in its mirror place."""
    last = images.shape[2] - 1
    result = np.zeros(images.shape)
    for n, i, j, c in np.ndindex(images.shape):
        result[n, i, last - j if flip_prob else j, c] = images[n, i, j, c]
    return result


# Wrong answers are made of four choices: the offsets, the flips, how an image is moved, and what
# mirrored is. Each has the shares that tell it.


def _offsets(rng, n, m):
    return rng.integers(-m, m + 1, (n, 2))


def _flips(rng, n, p):
    return rng.random(n) < p


def _moved(images, offsets):
    """Move each image by its offset; what moves in is 0."""
    height, width = images.shape[1:3]
    rows = np.arange(height) - offsets[:, :1]
    columns = np.arange(width) - offsets[:, 1:]
    inside = ((rows >= 0) & (rows < height))[:, :, None, None]
    inside = inside & ((columns >= 0) & (columns < width))[:, None, :, None]
    return np.where(inside, _at(images, rows, columns, "clip"), images.dtype.type(0))


def _at(images, rows, columns, mode):
    """Return the pixels at rows (n, H) and columns (n, W); beyond the border as `mode` says."""
    n, height, width = images.shape[:3]
    if mode == "clip":
        rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    rows, columns = rows % height, columns % width
    return images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None]]


def _without_zeros(mode):
    def moved(images, offsets):
        rows = np.arange(images.shape[1]) - offsets[:, :1]
        return _at(images, rows, np.arange(images.shape[2]) - offsets[:, 1:], mode)

    return moved


def _per_channel(images, rng, max_shift=2, flip_prob=0.0):
    planes = [_right(images[..., c : c + 1], rng, max_shift) for c in range(images.shape[3])]
    return _right(np.concatenate(planes, axis=3), rng, 0, flip_prob)


def _wrong(offsets=_offsets, flips=_flips, moved=_moved, axis=2):
    def answer(images, rng, max_shift=2, flip_prob=0.0):
        mirrored = flips(rng, len(images), flip_prob)
        result = moved(images, offsets(rng, len(images), max_shift))
        return np.where(mirrored[:, None, None, None], np.flip(result, axis), result)

    return answer


def _one_for_all(rng, n, m):
    return np.repeat(_offsets(rng, 1, m), n, axis=0)


def _both_alike(rng, n, m):
    return np.repeat(_offsets(rng, n, m)[:, :1], 2, axis=1)


def _one_axis(axis):
    return lambda rng, n, m: _offsets(rng, n, m) * (np.arange(2) == axis)


def _dtype_lost(images, *rest):
    return _right(images.astype(_OTHER[images.dtype.name]), *rest)


def _own_generator(images, rng, *rest):
    return _right(images, np.random.default_rng(0), *rest)


def _other_generator(images, rng, *rest):
    return _right(images, np.random.default_rng(), *rest)


def _tied(images, rng, max_shift=2, flip_prob=0.0):
    """Use one uniform number for the flip and for the columns."""
    u = rng.random(len(images))
    rows = _offsets(rng, len(images), max_shift)[:, 0]
    columns = np.floor(u * (2 * max_shift + 1)).astype(int) - max_shift
    result = _moved(images, np.stack([rows, columns], axis=1))
    return np.where((u < flip_prob)[:, None, None, None], np.flip(result, 2), result)


def _tell(changes, rest=ANY):
    """Return the signature of which `changes(setting)` tells the intervals.

    Of the other shares nothing is said, or with `rest` None what is right. Where there are no
    changes the answer is right.
    """

    def signature(case):
        if not case.driver.startswith("moves"):
            return None
        told = changes(_setting(case.inputs))
        if not told or rest is None:
            return case.expected | told
        others = {k: rest if isinstance(v, Interval) else v for k, v in case.expected.items()}
        return others | told

    return signature


def _marginal(probabilities):
    """Return changes to both axes: the probabilities of the offsets, given m.

    Which way a mirrored image moved depends on what came first, so that with flips nothing is said
    of the columns.
    """

    def changes(s):
        rows, columns = (_steps(s, what, probabilities(s.m)) for what in ("row", "column"))
        return rows if s.p else rows | columns

    return changes


def _alike_in_call(s):
    return {"same move as the image beside": Interval(0.3 if s.p else 1.0, 1.0)}


def _only_unmoved(s):
    return {"moved whole, zeros behind": share(s.draws, 1 / s.side**2)}


def _only_rows_unmoved(what):
    return lambda s: _steps(s, what, [float(d == 0) for d in range(-s.m, s.m + 1)])


def _both_alike_changes(s):
    even = _marginal(lambda m: [1 / s.side] * s.side)(s)
    unmoved = {"moved by no column": share(s.draws, 1 / s.side), "rarest move": share(s.draws, 0)}
    beside = {"same move as the image beside": share(s.pairs, 1 / s.side)}
    return even | unmoved | ({} if s.p else beside)


def _flip_share(probability):
    """Return changes to the flips; there are none where the share is right."""

    def changes(s):
        p = probability(s.p)
        return {} if p == s.p else {"mirrored": share(s.draws, p)}

    return changes


def _whole_batch_mirrored(s):
    return {"mirrored as the image beside": share(s.pairs, 1)} if s.p else {}


def _tied_changes(s):
    """No mirrored image has the last of the offsets to the right: u < p and u ≥ 2m/(2m + 1)."""
    return {"rarest move of the mirrored": share(s.draws, 0)} if s.p else {}


def _without_the_end(m):
    return [0.5 / m] * (2 * m) + [0.0]


def _rounded_ends(m):
    return [0.25 / m, *[0.5 / m] * (2 * m - 1), 0.25 / m]


def _cut_to_zero(m):
    return [0.0, *[0.5 / m] * (m - 1), 1 / m, *[0.5 / m] * (m - 1), 0.0]


def _dtype_told(case):
    """Return the signature of a dtype that is lost, whichever of the two it was."""
    match case.driver:
        case "moves":
            return case.expected
        case "moves_with_dtype":
            return case.expected | {"dtype kept": False}
        case "images_with_dtype":
            return case.expected | {"dtype": _OTHER[case.expected["dtype"]]}
    return None


_OTHER = {"float32": "float64", "float64": "float32"}
_right = _wrong()
_MISCONCEPTIONS = (
    Misconception(
        "each channel by itself",
        "The channels of an image are moved apart: you drew an offset for each. One offset moves "
        "all channels of an image.",
        _per_channel,
        _tell(lambda s: _only_unmoved(s) if s.channels == 2 else {}),
    ),
    Misconception(
        "no zeros behind",
        "Where an image moved away, something other than 0 came in. `np.roll` brings in what left "
        "on the other side, `np.pad` with a mode repeats the border. Zeros move in.",
        _wrong(moved=_without_zeros("wrap")),
        _tell(_only_unmoved),
    ),
    Misconception(
        "one offset for all",
        "All images of a call are moved by the same offset. Draw one for each image, an array of "
        "shape (N, 2) or N times a pair.",
        _wrong(_one_for_all),
        _tell(_alike_in_call),
    ),
    Misconception(
        "upper end left out",
        "No image is moved by +max_shift, and a max_shift of 0 is an error: "
        "`rng.integers(low, high)` leaves out high. Add 1, or set endpoint=True.",
        _wrong(lambda rng, n, m: rng.integers(-m, m, (n, 2))),
        _tell(_marginal(_without_the_end)),
    ),
    Misconception(
        "upper end left out but for 0",
        "No image is moved by +max_shift: `rng.integers(low, high)` leaves out high. Add 1, or "
        "set endpoint=True; then a max_shift of 0 needs no rule of its own.",
        _wrong(lambda rng, n, m: rng.integers(-m, max(m, 1 - m), (n, 2))),
        _tell(_marginal(_without_the_end)),
    ),
    Misconception(
        "never up or left",
        "No image is moved up or to the left: your offsets are 0..max_shift. They go from "
        "-max_shift to max_shift.",
        _wrong(lambda rng, n, m: rng.integers(0, m + 1, (n, 2))),
        _tell(_marginal(lambda m: [0.0] * m + [1 / (m + 1)] * (m + 1))),
    ),
    Misconception(
        "same for both axes",
        "Each image is moved by as many rows as columns. Draw the two components independently of "
        "each other.",
        _wrong(_both_alike),
        _tell(_both_alike_changes),
    ),
    Misconception(
        "columns only",
        "Your images are moved left and right only. An offset has two components, for rows and for "
        "columns.",
        _wrong(_one_axis(1)),
        _tell(_only_rows_unmoved("row")),
    ),
    Misconception(
        "rows only",
        "Your images are moved up and down only. An offset has two components, for rows and for "
        "columns.",
        _wrong(_one_axis(0)),
        _tell(_only_rows_unmoved("column")),
    ),
    Misconception(
        "rounded",
        "±max_shift come up half as often as the rest: you rounded a uniform number, and only half "
        "an interval rounds to an end. Draw whole numbers.",
        _wrong(lambda rng, n, m: np.rint(rng.uniform(-m, m, (n, 2))).astype(int)),
        _tell(_marginal(_rounded_ends)),
    ),
    Misconception(
        "cut toward 0",
        "An offset of 0 comes up twice as often as the rest, and ±max_shift never: you cut the "
        "fraction off a uniform number. Draw whole numbers.",
        _wrong(lambda rng, n, m: rng.uniform(-m, m, (n, 2)).astype(int)),
        _tell(_marginal(_cut_to_zero)),
    ),
    Misconception(
        "mirrored whenever flip_prob > 0",
        "All images are mirrored as soon as flip_prob is above 0. It is a probability: compare it "
        "with a random number for each image, `rng.random(len(images)) < flip_prob`.",
        _wrong(flips=lambda rng, n, p: np.full(n, p > 0)),
        _tell(_flip_share(lambda p: float(p > 0))),
    ),
    Misconception(
        "batch mirrored as one",
        "In a call either all images are mirrored or none. Draw for each image whether it is: "
        "`rng.random(len(images)) < flip_prob`.",
        _wrong(flips=lambda rng, n, p: np.repeat(rng.random() < p, n)),
        _tell(_whole_batch_mirrored),
    ),
    Misconception(
        "kept with flip_prob",
        "You mirror with the probability 1 - flip_prob. `rng.random() < p` is true with the "
        "probability p.",
        _wrong(flips=lambda rng, n, p: rng.random(n) >= p),
        _tell(_flip_share(lambda p: 1 - p)),
    ),
    Misconception(
        "never mirrored",
        "No image is mirrored, whatever flip_prob is.",
        _wrong(flips=lambda rng, n, p: np.zeros(n, dtype=bool)),
        _tell(_flip_share(lambda p: 0)),
    ),
    Misconception(
        "half of them mirrored",
        "Half of your images are mirrored, whatever flip_prob is.",
        _wrong(flips=lambda rng, n, p: rng.random(n) < 0.5),
        _tell(_flip_share(lambda p: 0.5)),
    ),
    Misconception(
        "upside down",
        "You mirrored the height. Axis 2 of (N, H, W, C) is the width.",
        _wrong(axis=1),
        _tell(lambda s: {"mirrored": share(s.draws, 0)} if s.p else {}),
    ),
    Misconception(
        "flip tied to the offset",
        "Whether an image is mirrored depends on its offset: you used one random number for both. "
        "Draw another one.",
        _tied,
        _tell(_tied_changes),
    ),
    Misconception(
        "dtype lost",
        "Another dtype came out than went in, float64 for float32 or float32 for float64. "
        "`np.zeros_like` has the dtype of what it is like, `np.zeros` is float64 unless it is "
        "told.",
        _dtype_lost,
        _dtype_told,
    ),
    Misconception(
        "fixed seed",
        "Each call moves the images as the call before: something inside starts anew each time. "
        "Draw from the rng that is handed in, and make none of your own.",
        _own_generator,
        _tell(lambda s: {"same move as in the call before": share(s.repeats, 1)}),
    ),
    Misconception(
        "another generator",
        "The same seed gives other offsets: they do not come from `rng`. Draw with "
        "`rng.integers` and `rng.random`, not with `np.random`.",
        _other_generator,
        _tell(lambda s: {"same seed, same result": False}, rest=None),
    ),
)


def _by_padding(images, rng, max_shift=2, flip_prob=0.0):
    """Cut a window out of each padded image."""
    n, height, width, _ = images.shape
    m = max_shift
    padded = np.pad(images, ((0, 0), (m, m), (m, m), (0, 0)))
    starts = rng.integers(0, 2 * m + 1, size=(n, 2))
    flips = rng.random(n) < flip_prob
    result = np.empty_like(images)
    for i, (top, left) in enumerate(starts):
        result[i] = padded[i, top : top + height, left : left + width]
        if flips[i]:
            result[i] = result[i, :, ::-1].copy()
    return result


def _by_loop(images, rng, max_shift=2, flip_prob=0.0):
    """Draw image by image, as one writes it first."""
    out = np.zeros_like(images)
    height, width = images.shape[1:3]
    for n, image in enumerate(images):
        dy = rng.integers(-max_shift, max_shift + 1)
        dx = rng.integers(-max_shift, max_shift, endpoint=True)
        if rng.random() < flip_prob:
            image = np.fliplr(image)  # noqa: PLW2901
        for i in range(height):
            if not 0 <= i - dy < height:
                continue
            for j in range(width):
                if 0 <= j - dx < width:
                    out[n, i, j] = image[i - dy, j - dx]
    return out


def _by_roll(images, rng, max_shift=2, flip_prob=0.0):
    """Roll and then blacken what came round."""
    out = images.copy()
    moves = rng.choice(np.arange(-max_shift, max_shift + 1), size=(2, len(images)))
    for image, dy, dx, flip in zip(
        out, *moves, rng.binomial(1, flip_prob, len(images)), strict=True
    ):
        image[:] = np.roll(image, (dy, dx), axis=(0, 1))
        image[: max(dy, 0)] = 0
        image[len(image) + min(dy, 0) :] = 0
        image[:, : max(dx, 0)] = 0
        image[:, image.shape[1] + min(dx, 0) :] = 0
        if flip:
            image[:] = image[:, ::-1].copy()
    return out


def _by_matrices(images, rng, max_shift=2, flip_prob=0.0):
    """Move by products with matrices of one diagonal, mirror by one of the other diagonal."""
    n, height, width, _ = images.shape
    down = np.floor(rng.random(n) * (2 * max_shift + 1)).astype(int) - max_shift
    right = np.floor(rng.random(n) * (2 * max_shift + 1)).astype(int) - max_shift
    rows = np.array([np.eye(height, k=-d) for d in down])
    columns = np.array([np.eye(width, k=-r) for r in right])
    columns[rng.uniform(size=n) >= 1 - flip_prob] @= np.eye(width)[::-1]
    return np.einsum("nih,nhwc,njw->nijc", rows, images, columns).astype(images.dtype)


def _by_scipy(images, rng, max_shift=2, flip_prob=0.0):
    from scipy.ndimage import shift

    offsets = rng.permuted(
        np.arange((2 * max_shift + 1) ** 2)[None].repeat(len(images), axis=0), axis=1
    )[:, 0]
    rows, columns = np.divmod(offsets, 2 * max_shift + 1)
    pairs = zip(images, rows - max_shift, columns - max_shift, strict=True)
    moved = np.array([shift(image, (dy, dx, 0), order=0) for image, dy, dx in pairs])
    mirrored = rng.random(len(images)) <= flip_prob if flip_prob else np.zeros(len(images), bool)
    moved[mirrored] = moved[mirrored][:, :, ::-1]
    return moved


random_augment = Question(
    "random_augment",
    "Images moved and mirrored at random",
    _cases,
    _still,
    driver="images",
    parts={MOVED: 0.5, MIRRORED: 0.25, KEPT: 0.15, UNCHANGED: 0.1},
    misconceptions=_MISCONCEPTIONS,
    hint="Pixels are numbered, so that a result tells where each came from; the fault names the "
    "first share that is off. Is it of moves or of mirrored images? Then list what your draws can "
    "give, and how often each. Is it of images moved whole? Then move a small image by (1, -1) on "
    "paper: which rows and columns are copied, and where to?",
    references=(_right, _by_padding, _by_loop, _by_roll, _by_matrices, _by_scipy),
    rtol=0.0,
    atol=1e-6,
)

QUESTIONS = (random_augment,)
