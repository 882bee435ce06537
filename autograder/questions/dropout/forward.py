"""The question on inverted dropout: a law, since any way of drawing the mask is right."""

from dataclasses import replace

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.dropout import intervals
from autograder.questions.inputs import number, signed
from utils.checking import masks
from utils.checking.codec import Interval, Raises
from utils.checking.judgement import UNCHANGED

VALUES = "0 or 1/keep_prob, and out = x * mask"
LAW = "each entry on its own, kept with keep_prob, drawn from rng"
SHARED = "more axes, and noise_shape"
EVALUATION = "train=False"
EDGES = "keep_prob = 1, and outside (0, 1]"


def _cases(rng):
    def law(label, driver, part, inputs, calls):
        inputs = inputs | {"calls": calls, "seed": int(rng.integers(2**31))}
        case = Case(label, inputs, part, driver=driver)
        return replace(case, expected=intervals.law(case))

    def values(label, x, p, **more):
        return law(label, "dropout_values", VALUES, {"x": x, "keep_prob": p} | more, 16)

    def spread(label, x, p, part=LAW):
        return law(label, "dropout_spread", part, {"x": x, "keep_prob": p}, 32)

    def shared(label, x, p, noise_shape, calls):
        inputs = {"x": x, "keep_prob": p, "noise_shape": noise_shape}
        return law(label, "dropout_shared", SHARED, inputs, calls)

    def pair(label, part, x, p, train, **more):
        inputs = {"x": x, "keep_prob": p, "train": train} | more
        expected = {"out": x, "mask": np.ones(x.shape)}
        return Case(label, inputs, part, expected, "dropout_pair")

    def refused(label, p, train):
        inputs = {"x": signed(rng, 2, 3), "keep_prob": p, "train": train}
        return Case(label, inputs, EDGES, Raises("ValueError"), "dropout_refusal")

    after_relu = np.abs(signed(rng, 8, 12)) * rng.permuted(np.arange(96) % 2.0).reshape(8, 12)
    return [
        values("keep_prob = 0.8", signed(rng, 8, 12), 0.8),
        values("keep_prob = 0.25: most are dropped", signed(rng, 8, 12), 0.25),
        values("many entries of x are 0, as after a ReLU", after_relu, number(rng, 0.7, 0.9)),
        values("x in float32", signed(rng, 8, 12), number(rng, 0.7, 0.9), dtype="float32"),
        spread("ten rows of sixteen", signed(rng, 10, 16), 0.65),
        spread("most are dropped", signed(rng, 10, 16), number(rng, 0.23, 0.27)),
        spread("three axes", signed(rng, 4, 5, 8), number(rng, 0.73, 0.77), SHARED),
        shared("whole feature maps: (6, 1, 1, 8)", signed(rng, 6, 2, 3, 8), 0.7, [6, 1, 1, 8], 16),
        shared("one mask for all rows: (1, 16)", signed(rng, 10, 16), 0.7, [1, 16], 32),
        shared("whole rows: (10, 1)", signed(rng, 10, 16), number(rng, 0.15, 0.3), [10, 1], 32),
        shared("as the shape of x: (10, 16)", signed(rng, 10, 16), 0.7, [10, 16], 16),
        pair("train=False", EVALUATION, signed(rng, 3, 4), 0.8, False),
        pair("train=False, most were dropped", EVALUATION, signed(rng, 2, 3, 2), 0.25, False),
        pair(
            "train=False with a noise_shape",
            EVALUATION,
            signed(rng, 4, 3),
            number(rng, 0.4, 0.7),
            False,
            noise_shape=[4, 1],
        ),
        pair("keep_prob = 1 keeps all", EDGES, signed(rng, 3, 4), 1.0, True),
        refused("keep_prob = 0", 0.0, True),
        refused("keep_prob = 1.5", 1.5, True),
        refused("keep_prob = -0.5", -0.5, True),
        refused("keep_prob = 0 with train=False", 0.0, False),
        refused("keep_prob = 1.25 with train=False", 1.25, False),
    ]


# Wrong answers are right ones with one thing changed.


def _check(p):
    if not 0 < p <= 1:
        raise ValueError(f"keep_prob is {p}, it should be above 0 and at most 1")


def _bernoulli(p, rng, shape, noise_shape):
    """Return which entries are kept."""
    return rng.random(shape if noise_shape is None else noise_shape) < p


def _inverted(x, kept, p):
    mask = kept / p
    return x * mask, mask


def _unchanged(x, p):
    return x, np.ones(x.shape)


def _answer(draw=_bernoulli, finish=_inverted, evaluate=_unchanged, check=_check):
    """Return the answer that draws, finishes, evaluates and checks in these ways."""

    def answer(x, keep_prob, rng, train=True, noise_shape=None):
        check(keep_prob)
        if not train:
            return evaluate(x, keep_prob)
        return finish(x, draw(keep_prob, rng, x.shape, noise_shape), keep_prob)

    return answer


def _times(of_out, of_mask):
    """Return the finish that multiplies what is kept by these functions of p."""
    return lambda x, kept, p: (x * kept * of_out(p), kept * of_mask(p))


def _two_draws(x, keep_prob, rng, train=True, noise_shape=None):
    right = _answer()
    out = right(x, keep_prob, rng, train, noise_shape)[0]
    return out, right(x, keep_prob, rng, train, noise_shape)[1]


def _dropped(p, rng, shape, noise_shape):
    return ~_bernoulli(p, rng, shape, noise_shape)


def _by_rest(p):
    return 1 / (1 - p) if p < 1 else 0.0


def _fixed_seed(p, rng, shape, noise_shape):
    return _bernoulli(p, np.random.default_rng(0), shape, noise_shape)


def _own_generator(p, rng, shape, noise_shape):
    return _bernoulli(p, np.random.default_rng(), shape, noise_shape)


def _one_for_all_rows(p, rng, shape, noise_shape):
    shape = noise_shape or shape
    return np.broadcast_to(rng.random(shape[1:] or shape) < p, shape)


def _one_for_each_row(p, rng, shape, noise_shape):
    shape = noise_shape or shape
    return np.broadcast_to(rng.random((*shape[:-1], 1) if len(shape) > 1 else shape) < p, shape)


def _fixed_count(p, rng, shape, noise_shape):
    size = int(np.prod(noise_shape or shape))
    return rng.permutation(np.arange(size) < round(p * size)).reshape(noise_shape or shape)


def _fixed_count_in_each_row(p, rng, shape, noise_shape):
    ranks = rng.random(noise_shape or shape).argsort(axis=-1).argsort(axis=-1)
    return ranks < round(p * ranks.shape[-1])


def _noise_shape_ignored(p, rng, shape, noise_shape):
    return rng.random(shape) < p


def _other_axes_shared(p, rng, shape, noise_shape):
    if noise_shape is None:
        return rng.random(shape) < p
    return rng.random([m if k == 1 else 1 for m, k in zip(shape, noise_shape, strict=True)]) < p


def _last_axis_only(p, rng, shape, noise_shape):
    if noise_shape is None:
        return rng.random(shape) < p
    return rng.random([*(1 for _ in shape[1:]), noise_shape[-1]]) < p


def _in_noise_shape(x, keep_prob, rng, train=True, noise_shape=None):
    out, mask = _answer()(x, keep_prob, rng, train)
    if noise_shape is None:
        return out, mask
    first = tuple(slice(0, size) for size in noise_shape)
    return out[first], mask[first]


def _drops_always(x, keep_prob, rng, train=True, noise_shape=None):
    return _answer()(x, keep_prob, rng, True, noise_shape)


def _checks_in_training(x, keep_prob, rng, train=True, noise_shape=None):
    return _answer()(x, keep_prob, rng, True, noise_shape) if train else _unchanged(x, keep_prob)


def _check_without_one(p):
    if not 0 < p < 1:
        raise ValueError("keep_prob")


# What gives a wrong answer away under a law: the right intervals, but for what it changes.


def _signature(changes, *drivers):
    """Return the signature with these changes, on the cases of these drivers.

    `changes(inputs)` returns intervals by name; names that a case does not have are left out. On
    other cases under a law the answer is right, or not to be told by its statistics.
    """

    def signature(case):
        if case.driver not in drivers:
            return _none_under_laws(case)
        right = intervals.law(case)
        return right | {k: v for k, v in changes(case.inputs).items() if k in right}

    return signature


def _none_under_laws(case):
    return {} if case.driver in intervals.LAWS else None


def _loose(inputs):
    """Return the intervals in which all shares and spreads are."""
    spreads = [masks.CALLS, masks.TOTAL, *map(masks.along, range(inputs["x"].ndim))]
    return dict.fromkeys(spreads, Interval(0.0, float("inf"))) | {masks.KEPT: Interval(0.0, 1.0)}


def _near(value):
    return Interval(value * 0.9999, value * 1.0001)


def _about(value):
    return Interval(0.3 * value, 3.0 * value)


def _scale(of_out, of_mask, off=False, share=None):
    """Return the signature of an answer that scales by these functions of p.

    Power: certain, as soon as one entry is kept. Where the share is 1 − p, it is 0.4 or more away
    from p, and by Hoeffding's inequality within 0.15 of it with a probability below 1e-80.
    """

    def changes(inputs):
        p = inputs["keep_prob"]
        changed = {masks.OUT: _near(of_out(p)), masks.MASK: _near(of_mask(p))}
        if off:
            changed[masks.OFF] = Interval(1e-3, float("inf"))
        if share:
            kept = Interval(share(p) - intervals.ROUGH / 2, share(p) + intervals.ROUGH / 2)
            changed |= _loose(inputs) | {masks.KEPT: kept}
        return changed

    drivers = intervals.LAWS if share else ("dropout_values", "dropout_shared")
    return _signature(changes, *drivers)


def _of_mask_from_out(inputs):
    """Return the changes where an entry counts as kept only if out is not 0.

    Power: in the case after a ReLU half of x is 0, so the share is p/2, 0.35 or more below p; by
    Hoeffding's inequality it is within 0.15 of p with a probability below 1e-50.
    """
    seen = inputs["keep_prob"] * np.count_nonzero(inputs["x"]) / inputs["x"].size
    return {masks.KEPT: Interval(seen - intervals.ROUGH / 2, seen + intervals.ROUGH / 2)}


def _of_two_draws(inputs):
    """Return the changes where out and mask come from two draws.

    Power: both masks of a call agree in an entry with p² + (1 − p)² < 0.83, and in all 1,536 of a
    case with a probability below 1e-100.
    """
    return {masks.OFF: Interval(1e-3, float("inf")), masks.OUT: Interval(0.0, 0.0)}


def _of_fixed_seed(inputs):
    """Return the changes where all masks are the same; power: certain, for any seed gives them."""
    return _loose(inputs) | {masks.CALLS: _about(inputs["calls"]), masks.OTHER: False}


def _of_own_generator(inputs):
    """Return the changes where rng is not used.

    Power: three masks of 160 entries are repeated with a probability below 1e-60.
    """
    return {masks.AGAIN: False}


def _alike_along(axis):
    """Return the changes of an answer that draws once for all m entries along an axis.

    Power: certain. Each count is 0 or m, so the spread is m·p/(1 − p) at least or m·(1 − p)/p,
    beyond the interval where m = 10 and p = 0.65.
    """

    def changes(inputs):
        shape = inputs["x"].shape
        place = axis % len(shape)
        calls = Interval(0.0, inputs["calls"] / 4)
        once = {masks.CALLS: calls, masks.along(place): _about(shape[place])}
        return _loose(inputs) | once

    return changes


def _of_fixed_count(inputs):
    """Return the changes where the total is fixed; power: certain, its spread is 0 where p = 0.65.

    It is not quite 0 where m·p is no integer: below (1/2)²/(m·p·(1 − p)).
    """
    last = masks.along(inputs["x"].ndim - 1)
    changing = {masks.CALLS: Interval(0.0, inputs["calls"] / 4), last: Interval(0.4, 3.0)}
    return _loose(inputs) | changing | {masks.TOTAL: Interval(0.0, 0.16)}


def _of_fixed_rows(inputs):
    """Return the changes where the count of a row is fixed; power: certain, as for the total."""
    last = masks.along(inputs["x"].ndim - 1)
    changing = {masks.CALLS: Interval(0.0, inputs["calls"] / 4), last: Interval(0.0, 0.16)}
    return _loose(inputs) | changing | {masks.TOTAL: Interval(0.0, 0.6)}


def _of_no_noise_shape(inputs):
    """Return the changes where each entry has its own draw although the mask is to be shared.

    Power: entries that should be alike are so by chance in all of 16 masks or more, with a
    probability below 1e-100.
    """
    return {masks.UNLIKE: Interval(0.02, 1.0)}


def _of_other_axes(inputs):
    """Return the changes where the other axes are shared; power: as for no noise_shape.

    Where noise_shape has no 1 all entries are alike, and none of them is unlike its neighbors.
    """
    own = next(axis for axis, size in enumerate(inputs["noise_shape"]) if size > 1)
    alike = {masks.along(own): _about(inputs["noise_shape"][own])}
    unlike = Interval(0.02 if 1 in inputs["noise_shape"] else 0.0, 1.0)
    return _loose(inputs) | alike | {masks.UNLIKE: unlike}


def _of_some_axes(inputs):
    """Return the changes where entries are alike along an axis that noise_shape gives in full.

    Power: certain for (6, 1, 1, 8), as one draw for the 6 makes each count along that axis 0 or 6,
    and the spread 6 · 0.3/0.7 = 2.57 at least. The spread of the total is 6 on average or more; in
    16 calls it is below 1 with a probability below 1e-3.
    """
    return _loose(inputs) | {masks.TOTAL: Interval(1.0, float("inf"))}


_WRONG = (
    Misconception(
        "drop for keep",
        "You drop with the probability keep_prob. It is the probability of keeping: an entry stays "
        "where the uniform number is below it.",
        _answer(_dropped),
        _scale(lambda p: 1 / p, lambda p: 1 / p, share=lambda p: 1 - p),
    ),
    Misconception(
        "keep_prob as the rate",
        "You took keep_prob for the rate, the probability of dropping: you keep 1 - keep_prob and "
        "divide by that. It is the probability of keeping.",
        _answer(_dropped, _times(_by_rest, _by_rest)),
        _scale(_by_rest, _by_rest, share=lambda p: 1 - p),
    ),
    Misconception(
        "no 1/p",
        "What you keep stays as it was, so the mean of the result is keep_prob * x. Inverted "
        "dropout divides what is kept by keep_prob: the mask holds 0 or 1/keep_prob.",
        _answer(finish=_times(lambda p: 1, lambda p: 1)),
        _scale(lambda p: 1, lambda p: 1),
    ),
    Misconception(
        "mask of 0 and 1",
        "out is right, but the mask says only what is kept, 0 or 1. It has to hold the factor "
        "1/keep_prob, too: out is x * mask, and the backward pass needs it.",
        _answer(finish=_times(lambda p: 1 / p, lambda p: 1)),
        _scale(lambda p: 1 / p, lambda p: 1, off=True),
    ),
    Misconception(
        "out not scaled",
        "The mask is right, but out is not x * mask: what is kept is not divided by keep_prob.",
        _answer(finish=_times(lambda p: 1, lambda p: 1 / p)),
        _scale(lambda p: 1, lambda p: 1 / p, off=True),
    ),
    Misconception(
        "times p",
        "You multiply what is kept by keep_prob. That makes it smaller still: divide, so that the "
        "mean over all masks is x.",
        _answer(finish=_times(lambda p: p, lambda p: p)),
        _scale(lambda p: p, lambda p: p),
    ),
    Misconception(
        "scaled by 1/(1 - p)",
        "You divide what is kept by 1 - keep_prob, the probability of dropping. Work out the mean: "
        "keep_prob · (x/c) is x for c = keep_prob.",
        _answer(finish=_times(_by_rest, _by_rest)),
        _scale(_by_rest, _by_rest),
    ),
    Misconception(
        "mask read off the result",
        "Your mask is 0 wherever out is 0, also where x was 0 before: the mask says then that a "
        "kept entry was dropped. Draw the mask first, and keep it.",
        _answer(finish=lambda x, kept, p: (x * kept / p, (x * kept != 0) / p)),
        _signature(_of_mask_from_out, "dropout_values"),
    ),
    Misconception(
        "two draws",
        "out is 0 in other places than the mask: the two come from two draws, or out was changed "
        "after the product. Draw once, keep the mask in a variable, and return x * mask as it is.",
        _two_draws,
        _signature(_of_two_draws, "dropout_values", "dropout_shared"),
    ),
    Misconception(
        "a fixed seed inside",
        "Your mask is the same in each call, whatever rng is: a seed is set inside the function. "
        "Draw from rng, and make no generator of your own.",
        _answer(_fixed_seed),
        _signature(_of_fixed_seed, "dropout_spread", "dropout_shared"),
    ),
    Misconception(
        "not drawn from rng",
        "A generator with the same seed does not give the same masks: you draw from np.random or "
        "from a generator of your own. Draw from rng, so that a run can be repeated.",
        _answer(_own_generator),
        _signature(_of_own_generator, "dropout_spread"),
    ),
    Misconception(
        "one mask for all rows",
        "All rows of x have the same mask. Each entry has its own draw: the mask has the shape of "
        "x, not that of a row.",
        _answer(_one_for_all_rows),
        _signature(_alike_along(0), "dropout_spread"),
    ),
    Misconception(
        "one draw for each row",
        "Each row of x is kept or dropped as a whole: there is one draw for a row. Each entry has "
        "its own.",
        _answer(_one_for_each_row),
        _signature(_alike_along(-1), "dropout_spread"),
    ),
    Misconception(
        "fixed count",
        "Your masks all keep the same number of entries. If each entry is kept on its own, their "
        "number varies: compare each uniform number with keep_prob.",
        _answer(_fixed_count),
        _signature(_of_fixed_count, "dropout_spread", "dropout_shared"),
    ),
    Misconception(
        "fixed count in each row",
        "Each row of your masks keeps the same number of entries. If each entry is kept on its "
        "own, that number varies from row to row.",
        _answer(_fixed_count_in_each_row),
        _signature(_of_fixed_rows, "dropout_spread", "dropout_shared"),
    ),
    Misconception(
        "noise_shape ignored",
        "With a noise_shape your mask still has its own draw for each entry. Draw in the shape "
        "noise_shape; where it is 1, broadcasting shares the draw.",
        _answer(_noise_shape_ignored),
        _signature(_of_no_noise_shape, "dropout_shared"),
    ),
    Misconception(
        "other axes shared",
        "You share the mask along the axes that noise_shape gives in full, and draw along those "
        "where it is 1. It is the other way round: a 1 means one draw for the whole axis.",
        _answer(_other_axes_shared),
        _signature(_of_other_axes, "dropout_shared"),
    ),
    Misconception(
        "only some axes of noise_shape",
        "With a noise_shape too many entries have the same draw: they are alike along an axis that "
        "noise_shape gives in full, too. Draw in the whole noise_shape; only its 1s share a draw.",
        _answer(_last_axis_only),
        _signature(_of_some_axes, "dropout_shared"),
    ),
    Misconception(
        "result in noise_shape",
        "With a noise_shape your out has that shape. It is the shape of the draws only: out has "
        "the shape of x, by broadcasting x * mask.",
        _in_noise_shape,
    ),
    Misconception(
        "scaled at test time",
        "With train=False you multiply x by keep_prob. That belongs to dropout without 1/keep_prob "
        "in training; here training has it, and at test time x stays as it is.",
        _answer(evaluate=lambda x, p: (x * p, np.ones(x.shape))),
        _none_under_laws,
    ),
    Misconception(
        "train ignored",
        "With train=False you still drop. Then x comes back unchanged, with a mask of ones.",
        _drops_always,
        _none_under_laws,
    ),
    Misconception(
        "no mask with train=False",
        "With train=False you return no mask. Return a pair there, too: x and a mask of ones.",
        _answer(evaluate=lambda x, p: x),
        _none_under_laws,
    ),
    Misconception(
        "nothing refused",
        "A keep_prob of 0, below 0 or above 1 gives a result. No such probability keeps anything "
        "in the mean: raise a ValueError before you draw.",
        _answer(check=lambda p: None),
        _none_under_laws,
    ),
    Misconception(
        "refused in training only",
        "With train=False a keep_prob outside (0, 1] gives a result. Test it first, before you "
        "look at train.",
        _checks_in_training,
        _none_under_laws,
    ),
    Misconception(
        "1 refused",
        "You refuse keep_prob = 1. It belongs to (0, 1]: all is kept, and nothing is scaled.",
        _answer(check=_check_without_one),
        _none_under_laws,
    ),
)


# Right answers, as different as students write them.


def _by_at_most(x, keep_prob, rng, train=True, noise_shape=None):
    if keep_prob <= 0 or keep_prob > 1:
        raise ValueError("keep_prob should be above 0 and at most 1")
    if not train:
        return x, np.ones_like(x)
    u = rng.uniform(size=noise_shape or x.shape)
    mask = np.where(u <= keep_prob, 1 / keep_prob, 0)
    return x * mask, mask


def _by_above(x, keep_prob, rng, train=True, noise_shape=None):
    _check(keep_prob)
    shape = x.shape if noise_shape is None else noise_shape
    if not train:
        return x.copy(), np.ones(shape)
    mask = np.zeros(shape)
    mask[rng.random(shape) > 1 - keep_prob] = 1 / keep_prob
    return np.multiply(x, mask), mask


def _by_binomial(x, keep_prob, rng, train=True, noise_shape=None):
    if not (keep_prob > 0 and keep_prob <= 1):
        raise ValueError(keep_prob)
    if train is False:
        return x, np.ones(1)
    mask = np.broadcast_to(rng.binomial(1, keep_prob, noise_shape or x.shape), x.shape) / keep_prob
    return mask * x, mask


def _by_choice(x, keep_prob, rng, train=True, noise_shape=None):
    _check(keep_prob)
    if not train:
        return 1.0 * x, 1.0
    values = [0.0, 1 / keep_prob]
    mask = rng.choice(values, size=noise_shape or x.shape, p=[1 - keep_prob, keep_prob])
    return x * mask, mask


def _by_permuted(x, keep_prob, rng, train=True, noise_shape=None):
    _check(keep_prob)
    if not train:
        return x, np.ones(x.shape, dtype=bool)
    u = rng.permuted(rng.random(noise_shape or x.shape), axis=-1)
    mask = (u < keep_prob) * (1 / keep_prob)
    return x * mask, mask


def _by_rows(x, keep_prob, rng, train=True, noise_shape=None):
    _check(keep_prob)
    mask = np.ones(x.shape if noise_shape is None else noise_shape, dtype=x.dtype)
    if train:
        for row in mask:
            row[...] = (rng.random(row.shape) < keep_prob) / keep_prob
    return x * mask, mask


def _by_float32(x, keep_prob, rng, train=True, noise_shape=None):
    _check(keep_prob)
    if not train:
        return x, np.ones(x.shape, dtype=np.float32)
    draws = rng.random(noise_shape or x.shape, dtype=np.float32)
    mask = (draws < keep_prob).astype(np.float32) / np.float32(keep_prob)
    return np.float32(x) * mask, mask


dropout_forward = Question(
    "dropout_forward",
    "Inverted dropout",
    _cases,
    None,
    parts={VALUES: 0.5, LAW: 0.15, SHARED: 0.1, EVALUATION: 0.1, EDGES: 0.05, UNCHANGED: 0.1},
    misconceptions=_WRONG,
    hint="Return out = x * mask and the mask, which holds 1/keep_prob where a uniform number is "
    "below keep_prob, else 0. A spread is the variance of the number kept along an axis, divided "
    "by what independent entries give: about 1 if they are, the length of the axis if all are "
    "alike, 0 if the number is fixed.",
    references=(
        _answer(),
        _by_at_most,
        _by_above,
        _by_binomial,
        _by_choice,
        _by_permuted,
        _by_rows,
        _by_float32,
    ),
)

QUESTIONS = (dropout_forward,)
