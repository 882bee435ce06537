"""Drivers and laws of lesson 04: dropout masks and what they do.

A mask has no single right value. The laws `dropout_values`, `dropout_spread` and `dropout_shared`
call a function many times with one generator and return statistics of what came back; the question
gives the intervals and says how seldom a right answer falls outside. In grading the results
themselves are sent, and counted by the judge (`utils.checking.laws`): who would make them up has to
make up masks that pass as random ones, which is to answer.

The *spread* of kept entries along an axis: count the kept entries along it, take the mean of
(count − m·p)² over all lines, and divide by m·p·(1 − p). For independent entries that is about 1,
for m equal ones m, for a fixed count 0.
"""

import copy

import numpy as np

from utils.checking.codec import Budget, Other, plain
from utils.checking.laws import Law, law, rounds

FORM = "form"
OFF = "largest |out - x * mask|"
OUT = "out / x where kept"
MASK = "mask where kept"
KEPT = "share kept"
UNLIKE = "share unlike its neighbors in a shared axis"
CALLS = "spread over the calls"
TOTAL = "spread of the total"
AGAIN = "same seed, same masks"
OTHER = "another seed, other masks"
FEW = 3  # calls
MANY = 20  # parts of a result
PAIR = "(out, mask)"
VARYING = Other("array that is another one in each call")
CHANGING = "two calls with the same arguments gave different results"
REPEATS = 8  # calls with generators of their own


def _ask(target, inputs, *rest):
    """Return the results of all calls with one generator, as one round."""
    return [_results(target, inputs, _given(inputs), inputs["calls"], inputs["seed"], *rest)]


def _ask_thrice(target, inputs):
    """Return a round of all calls, one with the same seed again and one with another seed."""
    x, seed = _given(inputs), inputs["seed"]
    plan = ((inputs["calls"], seed), (FEW, seed), (FEW, seed + 1))
    return [_results(target, inputs, x, *calls) for calls in plan]


def _ask_shared(target, inputs):
    return _ask(target, inputs, True, tuple(inputs["noise_shape"]))


def _results(target, inputs, x, calls, seed, *rest):
    """Return the results of calls with one generator, each a copy of what came back."""
    rng, budget = np.random.default_rng(seed), Budget()
    return [plain(_call(target, inputs, x, rng, *rest), budget) for _ in range(calls)]


def _given(inputs):
    """Return x in the dtype in which it is handed over."""
    return inputs["x"].astype(inputs.get("dtype", "float64"))


def _call(target, inputs, x, rng, *rest):
    """Call with a copy of x and return the result; a changed copy is put into the inputs."""
    given = x.copy()
    result = target(given, inputs["keep_prob"], rng, *rest)
    if given.tobytes() != x.tobytes():
        inputs["x"] = given.astype(float)
    return result


def along(axis):
    """Return the name of the spread along an axis of x."""
    return f"spread along axis {axis}"


@law(_ask, "x, keep_prob, rng")
def dropout_values(results, inputs):
    """Return what the masks of many calls `target(x, keep_prob, rng)` do to x.

    Parameters
    ----------
    results : list
        One round of pairs `(out, mask)`, with masks that broadcast to the shape of x.
    inputs : dict
        "x" (array), "keep_prob", "calls" (int) and the "seed" of the one generator that all calls
        share; "dtype", where x is handed over in another one.

    Returns
    -------
    dict
        The form of the results; the largest |out − x·mask|; of the ratios out/x and of the mask,
        where the mask is not 0, the one farthest from 1/keep_prob; the share that is not 0.
    """
    names = [OFF, OUT, MASK, KEPT]
    form, outs, masks, x = _draws(*rounds(results, inputs["calls"]), inputs)
    if form != PAIR:
        return {FORM: form} | dict.fromkeys(names, float("nan"))
    kept = masks != 0
    seen = kept & (x != 0)
    ratios = outs[seen] / np.broadcast_to(x, outs.shape)[seen]
    goal = 1 / inputs["keep_prob"]
    return {
        FORM: form,
        OFF: float(np.max(np.abs(outs - x * masks))),
        OUT: _farthest(ratios, goal),
        MASK: _farthest(masks[kept], goal),
        KEPT: float(kept.mean()),
    }


@law(_ask_thrice, "x, keep_prob, rng")
def dropout_spread(results, inputs):
    """Return how the kept entries of many calls `target(x, keep_prob, rng)` spread.

    Parameters
    ----------
    results : list
        Three rounds, each as in `dropout_values`: all calls, a few with the same seed again, and a
        few with another seed.
    inputs : dict
        As in `dropout_values`.

    Returns
    -------
    dict
        The form of the results; whether a new generator with the same seed repeats the first masks,
        and whether one with another seed gives others; the share kept; its spread over the calls,
        along each axis, and of the total of a call.
    """
    names = [KEPT, CALLS, *map(along, range(inputs["x"].ndim)), TOTAL]
    drawn = (_draws(calls, inputs) for calls in rounds(results, inputs["calls"], FEW, FEW))
    (form, _, masks, _), (_, _, again, _), (_, _, other, _) = drawn
    if form != PAIR:
        return {FORM: form, AGAIN: False, OTHER: False} | dict.fromkeys(names, float("nan"))
    kept = masks != 0
    return {
        FORM: form,
        AGAIN: again is not None and np.array_equal(masks[:FEW], again),
        OTHER: other is not None and not np.array_equal(masks[:FEW], other),
        KEPT: float(kept.mean()),
    } | _spreads(kept, inputs["keep_prob"])


@law(_ask_shared, "x, keep_prob, rng, True, noise_shape")
def dropout_shared(results, inputs):
    """Return how the masks of many calls `target(x, keep_prob, rng, True, noise_shape)` are shared.

    Parameters
    ----------
    results, inputs
        As in `dropout_values`, and "noise_shape", a list, handed over as a tuple.

    Returns
    -------
    dict
        As in `dropout_values` without the ratio of out and x; the share of the entries that differ
        from the first one along the axes where noise_shape is 1; spreads of these first ones.
    """
    shared = tuple(size == 1 for size in inputs["noise_shape"])
    own = [axis for axis, one in enumerate(shared) if not one]
    names = [OFF, MASK, UNLIKE, KEPT, CALLS, *map(along, own), TOTAL]
    form, outs, masks, x = _draws(*rounds(results, inputs["calls"]), inputs)
    if form != PAIR:
        return {FORM: form} | dict.fromkeys(names, float("nan"))
    firsts = masks[(slice(None), *(slice(0, 1) if one else slice(None) for one in shared))]
    kept = firsts != 0
    spreads = _spreads(kept, inputs["keep_prob"])
    return {
        FORM: form,
        OFF: float(np.max(np.abs(outs - x * masks))),
        MASK: _farthest(masks[masks != 0], 1 / inputs["keep_prob"]),
        UNLIKE: float(np.mean(np.abs(masks - firsts) > 1e-6)),
        KEPT: float(kept.mean()),
    } | {name: spreads[name] for name in names if name in spreads}


def _rest(inputs):
    """Return the optional arguments that a case has, in their order."""
    noise_shape = [tuple(inputs["noise_shape"])] if "noise_shape" in inputs else []
    return [inputs["train"], *noise_shape]


def _ask_by_seeds(target, inputs):
    x, rest = _given(inputs), _rest(inputs)
    return [[_results(target, inputs, x, 1, seed, *rest)[0] for seed in range(REPEATS)]]


@law(_ask_by_seeds, "x, keep_prob, rng, train")
def dropout_pair(results, inputs):
    """Return what `target(x, keep_prob, rng, train[, noise_shape])` gives without any chance.

    Parameters
    ----------
    results : list
        One round of pairs, each with a generator of its own.
    inputs : dict
        The arguments; "noise_shape" may be left out.

    Returns
    -------
    dict
        "out", and "mask" in the shape of x where it broadcasts to it; each is a text where calls
        with different generators differ.
    """
    shape = inputs["x"].shape
    pairs = [_pair(result, len(shape)) for result in rounds(results, REPEATS)[0]]
    out, mask = (parts[0] if _all_equal(parts) else VARYING for parts in zip(*pairs, strict=True))
    return {"out": out, "mask": _in_shape(mask, shape)}


def dropout_refusal(target, inputs):
    """Call `target(x, keep_prob, rng, train)` and return a text if it returns at all.

    No law: that an error was raised is what a process says, and to raise it is no more work.
    """
    _call(target, inputs, inputs["x"].copy(), np.random.default_rng(0), *_rest(inputs))
    return "a result, and no error"


def repeatedly(times):
    """Return a law that calls a function several times and expects one and the same result.

    Different results become a text that says so: this is how an answer that draws where it should
    not is told from one that is wrong. All calls but the last get copies of the inputs.
    """

    def ask(target, inputs):
        given = [copy.deepcopy(list(inputs.values())) for _ in range(times - 1)]
        copies = [plain(target(*arguments)) for arguments in given]
        return [[*copies, target(*inputs.values())]]

    def tell(results, inputs):
        [calls] = rounds(results, times)
        return calls[-1] if _all_equal(calls) else CHANGING

    return Law(ask, tell)


def scripted_predictions(target, inputs):
    """Call `target(predict, x, n_samples)` with a predict that is built from data.

    No law, for it counts calls of a callback, which a process could claim. How many there should be
    is no secret, and mean and spread of the rows have to be right all the same.

    Parameters
    ----------
    target : callable
        Returns `(mean, std)`.
    inputs : dict
        "predictions", an array whose rows predict returns one after the other, "x", the only array
        that it takes, and "n_samples".

    Returns
    -------
    dict
        "mean", "std" and "calls", how often predict was called.
    """
    predict = _Script(inputs["predictions"], inputs["x"].copy())
    rank = inputs["predictions"].ndim - 1
    mean, std = _pair(target(predict, inputs["x"], inputs["n_samples"]), rank)
    return {"mean": mean, "std": std, "calls": predict.calls}


class _Script:
    """A stochastic `predict(x)`: each call returns the next row of a script."""

    def __init__(self, rows, x):
        self.rows, self.x, self.calls = rows, x, 0

    def __call__(self, x):
        if not isinstance(x, np.ndarray) or x.shape != self.x.shape:
            raise ValueError(f"predict was called with {_kind(x)}; hand it x, {_kind(self.x)}")
        if not np.array_equal(x, self.x):
            raise ValueError("predict was called with other values than those of x")
        if self.calls == len(self.rows):
            raise RuntimeError(f"predict was called more than {len(self.rows)} times")
        self.calls += 1
        return self.rows[self.calls - 1].copy()


def _kind(value):
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"an object of type {type(value).__name__}"


def _draws(results, inputs):
    """Return the form of the results, and of all calls the outs and the masks, and x."""
    x = _given(inputs)
    outs, masks = [], []
    for result in results:
        out, mask = _pair(result, x.ndim)
        form = _form(out, mask, x)
        if form != PAIR:
            return form, None, None, x
        outs.append(out)
        masks.append(np.broadcast_to(mask, x.shape))
    outs, masks = np.array(outs, dtype=float), np.array(masks, dtype=float)
    if np.array_equal(masks, x * outs) and not np.array_equal(outs, x * masks):
        return "(mask, out)", None, None, x
    return PAIR, outs, masks, x


def _form(out, mask, x):
    """Return "(out, mask)" if they are that pair, else what they are in a few words."""
    if mask is None:
        return "no pair (out, mask)"
    for name, array in (("out", out), ("mask", mask)):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "bfiu":
            return f"{name} is no array of numbers"
    if out.shape != x.shape:
        return f"out {out.shape}, x {x.shape}"
    if mask.shape != x.shape and not _broadcasts(mask, x.shape):
        return f"mask {mask.shape}, x {x.shape}"
    return PAIR


def _broadcasts(array, shape):
    try:
        return np.broadcast_shapes(array.shape, shape) == shape
    except ValueError:
        return False


def _farthest(values, goal):
    """Return the value that is farthest from a goal, nan where there is one, 0.0 of none."""
    return float(values[np.argmax(np.abs(values - goal))]) if values.size else 0.0


def _spreads(kept, p):
    """Return the spreads of kept entries (calls, *shape), each with its name."""
    spreads = {CALLS: _spread(kept.sum(axis=0), len(kept), p)}
    for axis in range(1, kept.ndim):
        spreads[along(axis - 1)] = _spread(kept.sum(axis=axis), kept.shape[axis], p)
    totals = kept.reshape(len(kept), -1)
    return spreads | {TOTAL: _spread(totals.sum(axis=1), totals.shape[1], p)}


def _spread(counts, m, p):
    return float(np.mean((counts - m * p) ** 2) / (m * p * (1 - p)))


def _pair(result, rank):
    """Return a pair of arrays of this rank, and anything else as a pair without its second part."""
    stacked = isinstance(result, np.ndarray) and result.ndim == rank + 1
    if (isinstance(result, (tuple, list)) or stacked) and len(result) == 2:
        return tuple(result)
    return result, None


def _in_shape(mask, shape):
    """Return a mask of numbers in a shape that it broadcasts to, anything else as it is."""
    if isinstance(mask, (bool, int, float, np.generic, np.ndarray)):
        array = np.asarray(mask)
        if array.dtype.kind in "bfiu" and _broadcasts(array, shape):
            return np.broadcast_to(array, shape).astype(float)
    return mask


def _all_equal(results):
    return all(_equal(results[0], result) for result in results[1:])


def _equal(one, other, levels=2):
    """Return whether two results of any form are the same, to the rounding of linear algebra.

    The parts of a short list are compared one by one, a long list as a whole: whatever a process
    sends, the judge is quickly through with it.
    """
    if isinstance(one, list) and isinstance(other, list) and levels and len(one) < MANY:
        alike = (_equal(*parts, levels - 1) for parts in zip(one, other, strict=False))
        return len(one) == len(other) and all(alike)
    try:
        one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    except (TypeError, ValueError):
        return True
    if one.shape != other.shape:
        return False
    scale = np.max(np.abs(one[np.isfinite(one)]), initial=0.0)
    return np.allclose(one, other, rtol=0.0, atol=1e-6 * scale, equal_nan=True)


scripted_predictions.call = "predict, x, n_samples"
dropout_refusal.call = "x, keep_prob, rng, train"

DRIVERS = {
    "dropout_values": dropout_values,
    "dropout_spread": dropout_spread,
    "dropout_shared": dropout_shared,
    "dropout_pair": dropout_pair,
    "dropout_refusal": dropout_refusal,
    "twice": repeatedly(2),
    "often": repeatedly(8),
    "scripted_predictions": scripted_predictions,
}
