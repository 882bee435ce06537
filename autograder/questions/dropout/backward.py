"""The question on the backward pass of dropout."""

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions import oracles
from autograder.questions.inputs import number, signed
from utils.checking.judgement import UNCHANGED

GRADIENT = "the gradient"
BROADCAST = "a mask that broadcasts"


def _mask(rng, shape, p):
    """Return a mask in which entries are kept and dropped, both in each row if it has room."""
    mask = (rng.random(shape) < p) / p
    rows = mask.reshape(-1, shape[-1])
    rows[:, 0], rows[:, -1] = 1 / p, 0.0
    return rows[:, rng.permutation(shape[-1])].reshape(shape)


def _cases(rng):
    def case(label, dout, mask, part=GRADIENT):
        return Case(label, {"dout": np.array(dout), "mask": np.array(mask)}, part)

    def drawn(label, shape, p, noise_shape=None):
        part = BROADCAST if noise_shape else GRADIENT
        return case(label, signed(rng, *shape), _mask(rng, noise_shape or shape, p), part)

    rows = np.array([[0.0], [1.25], [1.25], [0.0], [1.25]])
    return [
        case(
            "keep_prob = 0.5, two rows",
            [[1.0, -2.0, 0.5], [3.0, 1.0, -1.0]],
            [[2.0, 0.0, 2.0], [0.0, 2.0, 0.0]],
        ),
        case(
            "keep_prob = 0.8, two rows",
            [[1.0, 2.0, -3.0, 4.0], [-1.0, 0.5, 2.0, 1.0]],
            [[1.25, 0.0, 1.25, 1.25], [0.0, 1.25, 1.25, 0.0]],
        ),
        drawn("random, five rows of four", (5, 4), number(rng, 0.3, 0.9)),
        drawn("most are dropped", (4, 6), 0.25),
        drawn("a gradient of four axes", (2, 3, 2, 4), number(rng, 0.3, 0.9)),
        case("the mask of train=False", signed(rng, 3, 4), np.ones((3, 4))),
        drawn("one mask for all rows", (5, 4), 0.8, (1, 4)),
        case("whole rows dropped", signed(rng, 5, 4), rows, BROADCAST),
        drawn(
            "whole feature maps: (3, 1, 1, 5)",
            (3, 2, 2, 5),
            number(rng, 0.3, 0.9),
            (3, 1, 1, 5),
        ),
    ]


def _oracle(dout, mask):
    """Return the slope of Σ dout·(x·mask) in each entry of x, an exact difference quotient."""
    full = np.broadcast_to(mask, dout.shape)
    return oracles.entrywise(lambda g, m: oracles.slope(lambda x: g * (x * m), g), dout, full)


def _summed(dout, mask):
    """Return dout * mask summed over the axes along which the mask is shared."""
    axes = tuple(axis for axis, size in enumerate(mask.shape) if size < dout.shape[axis])
    return np.sum(dout * mask, axis=axes, keepdims=True) if axes else dout * mask


def _kept(mask):
    return (mask > 0).astype(float)


def _drawn_again(rng):
    def answer(dout, mask):
        p = 1 / mask.max()
        return dout * (rng().random(mask.shape) < p) / p

    return answer


def _fresh_draw(dout, mask):
    return _drawn_again(np.random.default_rng)(dout, mask)


_WRONG = (
    Misconception(
        "drawn again",
        "Two calls with the same mask give two gradients: you draw a mask here. The gradient "
        "belongs to the mask of the forward pass, the one that you are given.",
        _fresh_draw,
    ),
    Misconception(
        "drawn again with a seed",
        "You draw a new mask with a seed of your own. The gradient belongs to the mask of the "
        "forward pass, the one that you are given: no draw is needed here.",
        _drawn_again(lambda: np.random.default_rng(0)),
    ),
    Misconception(
        "all passed on",
        "You pass the whole of dout on. Where the mask is 0, out does not depend on x, so the "
        "gradient is 0 there.",
        lambda dout, mask: dout.copy(),
    ),
    Misconception(
        "divided everywhere",
        "You divide all of dout by keep_prob, also where the entry was dropped. There the gradient "
        "is 0: multiply by the mask.",
        lambda dout, mask: dout * mask.max(),
    ),
    Misconception(
        "kept, not scaled",
        "You pass on what was kept, but without its factor 1/keep_prob. That factor is in the "
        "mask: out = x * mask, so the slope is the mask itself.",
        lambda dout, mask: dout * _kept(mask),
    ),
    Misconception(
        "scaled twice",
        "You divide by keep_prob once more. The factor 1/keep_prob is in the mask already.",
        lambda dout, mask: dout * mask**2,
    ),
    Misconception(
        "times keep_prob",
        "You multiply what was kept by keep_prob. The forward pass divided by it, and its slope is "
        "the mask itself.",
        lambda dout, mask: dout * _kept(mask) / mask.max(),
    ),
    Misconception(
        "dropped in place of kept",
        "You pass the gradient on where the entry was dropped. There the mask is 0, and so is the "
        "slope.",
        lambda dout, mask: dout * (mask == 0) * mask.max(),
    ),
    Misconception(
        "divided by the mask",
        "You divide by the mask, which has zeros. out = x * mask has the slope mask: multiply.",
        lambda dout, mask: dout / mask,
    ),
    Misconception(
        "summed over shared axes",
        "You sum over the axes along which the mask is shared: that is how a gradient with respect "
        "to the mask would look. Asked is the one with respect to x, of the shape of x.",
        _summed,
    ),
    Misconception(
        "mask returned",
        "You return the mask, the slope of out in x. By the chain rule it is multiplied by dout.",
        lambda dout, mask: mask + np.zeros(dout.shape),
    ),
    Misconception(
        "mean over the batch",
        "You divide by the number of rows. A mean over the batch belongs to the loss, and dout has "
        "it already.",
        lambda dout, mask: dout * mask / len(dout),
    ),
    Misconception(
        "mask added",
        "You add the mask to dout. The chain rule multiplies: dout times the slope of x * mask.",
        lambda dout, mask: dout + mask,
    ),
    Misconception(
        "sign turned",
        "The sign is turned. The gradient itself is asked, not a step against it.",
        lambda dout, mask: -dout * mask,
    ),
)


def _in_place(dout, mask):
    result = dout.copy()
    result *= mask
    return result


def _by_loop(dout, mask):
    full = np.broadcast_to(mask, dout.shape)
    result = np.empty_like(dout)
    for index in np.ndindex(dout.shape):
        result[index] = dout[index] * full[index]
    return result


dropout_backward = Question(
    "dropout_backward",
    "The gradient through dropout",
    _cases,
    _oracle,
    driver="often",
    parts={GRADIENT: 0.7, BROADCAST: 0.2, UNCHANGED: 0.1},
    misconceptions=_WRONG,
    hint="Given the mask, out = x * mask is linear in x, entry by entry. What is the slope of one "
    "entry of out in the same entry of x? The chain rule multiplies it by dout.",
    references=(
        lambda dout, mask: dout * mask,
        lambda dout, mask: np.multiply(mask, dout),
        lambda dout, mask: np.where(mask == 0, 0.0, mask) * dout,
        lambda dout, mask: np.where(mask > 0, dout * np.max(mask), 0.0),
        lambda dout, mask: np.float32(dout) * np.float32(mask),
        _in_place,
        _by_loop,
    ),
)

QUESTIONS = (dropout_backward,)
