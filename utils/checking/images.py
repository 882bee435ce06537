"""Drivers and laws of lesson 03: what is done to images.

What a randomised function does to images is counted: which way each was moved, how bright its noise
is. How often a right answer does so is stated where the question gives the intervals. In grading
the images themselves are sent, and counted by the judge (`utils.checking.laws`): who would make
them up has to move images, or to draw noise, as a right answer does.
"""

import numpy as np

from utils.checking.codec import Budget, plain
from utils.checking.laws import law, rounds

SIZES = {"size", "crop_size"}
EXACT = 0.01  # how far a pixel may be off from the number it carries


def call_on_images(target, inputs):
    """Call `target` with the inputs in their order, a size as a tuple, a seed as its generator."""
    return target(*_arguments(inputs))


def _ask_once(target, inputs):
    return [[call_on_images(target, inputs)]]


@law(_ask_once, "images, rng, max_shift, flip_prob")
def call_with_dtype(results, inputs):
    """Return the result of `call_on_images` and the name of its dtype, as a dict."""
    [[images]] = rounds(results, 1)
    return {"images": images, "dtype": str(getattr(images, "dtype", "no array"))}


def _arguments(inputs):
    made = {"seed": np.random.default_rng} | dict.fromkeys(SIZES, tuple)
    return [made[name](value) if name in made else value for name, value in inputs.items()]


class _Calls:
    """Calls of `target` with one generator; each has arrays of its own to change.

    What a call changed is put into `inputs`, so that whoever compares them sees it.
    """

    def __init__(self, target, inputs, names):
        self.target, self.inputs = target, inputs
        self.kept = {name: inputs[name] for name in names if name in inputs}

    def results(self, count):
        """Return the results of `count` calls with one generator, made from the seed."""
        rng, budget = np.random.default_rng(self.kept["seed"]), Budget()
        return [plain(self._result(rng), budget) for _ in range(count)]

    def _result(self, rng):
        lent = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in self.kept.items()}
        arguments = [rng if k == "seed" else a for k, a in zip(lent, _arguments(lent), strict=True)]
        result = self.target(*arguments)
        for name, value in lent.items():
            if isinstance(value, np.ndarray) and not np.array_equal(value, self.kept[name]):
                self.inputs[name] = value
        return result


def _ask_for_moves(target, inputs):
    """Return a round of all calls of an augmentation, and one of the first call once more."""
    calls = _Calls(target, inputs, ["images", "seed", "max_shift", "flip_prob"])
    return [calls.results(inputs["calls"]), calls.results(1)]


@law(_ask_for_moves, "images, rng, max_shift, flip_prob")
def count_moves(results, inputs):
    """Count which way many calls of an augmentation moved and mirrored the images.

    Parameters
    ----------
    results : list
        Two rounds of what `target(images, rng, max_shift, flip_prob)` returned: all calls, and the
        first one of a generator with the same seed.
    inputs : dict
        "images" (N, H, W, C), N even, whose pixels carry the numbers 1, 2, 3, … so that a result
        tells where each came from; "seed" of the generator of all calls; "max_shift" and
        "flip_prob", which are handed over where they are there; "calls", how many.

    Returns
    -------
    dict
        Whether the shape is kept and whether the seed alone decides; and shares of all images, or
        of all pairs of them.
    """
    return _counted_moves(results, inputs)[0]


@law(_ask_for_moves, "images, rng, max_shift, flip_prob")
def count_moves_with_dtype(results, inputs):
    """Count as `count_moves`, and say whether the dtype is kept."""
    counted, dtypes = _counted_moves(results, inputs)
    return counted | {"dtype kept": dtypes == {str(inputs["images"].dtype)}}


def _counted_moves(results, inputs):
    """Return what `count_moves` gives, and the set of the names of all dtypes that came back."""
    images, (found, [again]) = inputs["images"], rounds(results, inputs["calls"], 1)
    shape = all(isinstance(f, np.ndarray) and f.shape == images.shape for f in found)
    stack = np.array(found if shape else np.zeros((len(found), *images.shape)), dtype=float)
    counted = {
        "shape kept": shape,
        **_shares_of_moves(*_moves(stack), inputs.get("max_shift", 2)),
        "same seed, same result": bool(np.array_equal(again, found[0])),
    }
    return counted, {str(getattr(f, "dtype", "no array")) for f in found}


def _moves(stack):
    """Return where the images went: rows down, columns right, mirrored, and moved as a whole.

    The number of a pixel tells its place in the images. As a whole means: all its pixels were moved
    by the same rows, by the same columns or mirrored columns, and 0 is what moved in.
    """
    calls, n, *shape = stack.shape
    row, column, channel = (place.reshape(-1, 1) for place in np.indices(shape))
    pixels = np.ascontiguousarray(stack.reshape(calls * n, -1).T)  # (H·W·C, images): quick sums
    number = np.rint(np.where(np.isfinite(pixels), pixels, -1)).astype(np.int32)
    shown = number != 0
    source = number - 1 - len(pixels) * np.tile(np.arange(n, dtype=np.int32), calls)
    known = (source >= 0) & (source < len(pixels))
    source[~known] = 0
    source_row, source_column, source_channel = np.unravel_index(source, shape)
    known &= source_channel == channel
    straight, is_straight = _common(column - source_column, shown)
    mirrored, is_mirrored = _common(column + source_column - (shape[1] - 1), shown)
    down, is_whole = _common(row - source_row, shown)
    right = np.where(is_straight, straight, mirrored)
    area = (shape[0] - np.abs(down)) * (shape[1] - np.abs(right)) * shape[2]
    is_whole &= (is_straight | is_mirrored) & (np.sum(shown, axis=0) == area) & (area > 0)
    is_whole &= np.all((known | ~shown) & (np.abs(pixels - number) < EXACT), axis=0)
    found = (down, right, ~is_straight, is_whole)
    return [entries.reshape(calls, n) for entries in found]


def _common(values, where):
    """Return the least value of each column, and whether all that count are equal to it."""
    least = np.where(where, values, 999).min(axis=0)
    return least, least == np.where(where, values, -999).max(axis=0)


def _shares_of_moves(down, right, mirrored, whole, most):
    """Return the shares that `count_moves` gives, of arrays (calls, N)."""
    side = 2 * most + 1
    near = whole & (np.abs(down) <= most) & (np.abs(right) <= most)
    cell = np.where(near, (down + most) * side + right + most, -1)
    counts = np.bincount(cell[near], minlength=side**2)
    flipped = np.bincount(cell[near & mirrored], minlength=side**2)
    table, total = counts.reshape(side, side), whole.size
    rows, columns = (table.sum(axis=axis) / total for axis in (1, 0))
    pairs = cell.reshape(len(cell), -1, 2)
    turned = mirrored.reshape(pairs.shape)
    return {
        "moved whole, zeros behind": float(np.mean(whole)),
        **dict(zip(named_steps("row", most), rows.tolist(), strict=True)),
        **dict(zip(named_steps("column", most), columns.tolist(), strict=True)),
        "farther than max_shift": float(np.mean(whole & ~near)),
        "rarest move": float(counts.min() / total),
        "commonest move": float(counts.max() / total),
        "same move as the image beside": float(_alike(pairs[..., 0], pairs[..., 1])),
        "same move as in the call before": float(_alike(cell[1:], cell[:-1])),
        "mirrored": float(np.mean(mirrored & whole)),
        "rarest move of the mirrored": float(flipped.min() / total),
        "commonest move of the mirrored": float(flipped.max() / total),
        "mirrored as the image beside": float(_alike(turned[..., 0], turned[..., 1])),
    }


def named_steps(what, most):
    """Return the names of the shares of the offsets −most..most along an axis."""
    steps = range(-most, most + 1)
    return [f"moved by {d:+d} {what}s" if d else f"moved by no {what}" for d in steps]


def _alike(one, other):
    return np.mean((one == other) & (one >= 0))


def _ask_for_noise(target, inputs):
    """Return a round of two calls for glimpses, and one of the first call once more."""
    names = ["images", "size", "offsets", "centered", "normalized", "noise", "seed"]
    calls = _Calls(target, inputs, names)
    return [calls.results(2), calls.results(1)]


@law(
    _ask_for_noise,
    "images, size, offsets, centered, normalized, noise, rng",
    unseen=("corner", "levels", "bins"),
)
def count_noise(results, inputs):
    """Count how bright the noise is around each image, in two large glimpses of it.

    Parameters
    ----------
    results : list
        Two rounds of what `target(images, size, offsets, centered, normalized, noise, rng)`
        returned: two calls, and the first one of a generator with the same seed.
    inputs : dict
        The arguments, with "seed" for the generator of both calls; "corner", the row and the column
        of the window where the image begins; "levels" (N, C, K), K odd, for each image and channel
        the brightness in rising order where one bin ends and the next begins; "bins", their K + 1
        names. Sizes and the corner are even.

    Returns
    -------
    dict
        Whether the shape is right and whether the seed alone decides; how far the image in the
        window is off; and shares of the pixels around it: in each bin, and how many pairs of
        neighbors are on the same side of the middle level.
    """
    images, (top, left) = inputs["images"], inputs["corner"]
    wanted = (len(images), *inputs["size"], images.shape[3])
    found, [again] = rounds(results, 2, 1)
    shape = all(isinstance(f, np.ndarray) and f.shape == wanted for f in found)
    windows = np.array(found if shape else np.full((2, *wanted), np.nan), dtype=float)
    place = np.s_[..., top : top + images.shape[1], left : left + images.shape[2], :]
    error = float(np.max(np.abs(windows[place] - images)))
    windows[place] = np.nan
    levels = inputs["levels"][:, None, None]
    return {
        "shape right": shape,
        "off within the image": error if np.isfinite(error) else float("inf"),
        **_shares_of_bins(windows, levels, inputs["bins"]),
        **_shares_of_pairs(windows, levels[..., levels.shape[-1] // 2]),
        "same seed, same result": bool(np.array_equal(again, found[0])),
    }


def _shares_of_bins(windows, levels, names):
    noise = windows[..., None]
    total = max(np.count_nonzero(np.isfinite(windows)), 1)
    above = np.count_nonzero((noise >= levels).reshape(-1, levels.shape[-1]), axis=0)
    counts = -np.diff([total, *above, 0])
    return dict(zip(names, (counts / total).tolist(), strict=True))


def _shares_of_pairs(windows, middle):
    """Return the shares of pairs on the same side of the middle: 0.5 if all are independent."""
    side = np.where(np.isfinite(windows), windows > middle, -1)
    pairs = {
        "alike beside each other": (side[..., 0::2, :], side[..., 1::2, :]),
        "alike one below the other": (side[..., 0::2, :, :], side[..., 1::2, :, :]),
        "alike in two calls": (side[0], side[1]),
    }
    return {name: _share_alike(*pair) for name, pair in pairs.items()}


def _share_alike(one, other):
    both = (one >= 0) & (other >= 0)
    return float(np.count_nonzero(both & (one == other)) / max(np.count_nonzero(both), 1))


DRIVERS = {
    "images": call_on_images,
    "images_with_dtype": call_with_dtype,
    "moves": count_moves,
    "moves_with_dtype": count_moves_with_dtype,
    "noise": count_noise,
}
