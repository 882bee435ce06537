"""Questions of lesson 04 that are answered by a letter or by a few numbers on paper."""

import itertools
from fractions import Fraction

import numpy as np

from autograder.question import Case, Choice, Misconception, Question

keep_or_rate = Choice(
    "keep_or_rate",
    "Predict: one line, two versions of TensorFlow",
    {
        "a": "Under TF2 the second argument is no longer what is kept: it is the rate, what is "
        "dropped. Both divide by the probability of keeping, but it is another one.",
        "b": "The counts are right. But TF1 divided by the probability of keeping, too: look at "
        "the mean of its result.",
        "c": "0.8 was keep_prob and became rate = 1 - keep_prob. Both results have a mean of about "
        "1, so no sum looks wrong: only far more is dropped.",
        "d": "It would if the argument had been given by its old name. Given by its place, it is "
        "taken for the new one, silently.",
    },
    "c",
)

shared_mask = Choice(
    "shared_mask",
    "Predict: what a shared mask drops",
    {
        "a": "32 · 1 · 1 · 16 draws. The mask has size 1 along the two axes of the image, so all "
        "784 places of a map share their draw.",
        "b": "The mask has the shape noise_shape, not that of x. Multiply its four sizes.",
        "c": "That would be (1, 1, 1, 16). Here the first axis has its full size, 32: each image "
        "has its own draws.",
        "d": "The other way round. Where noise_shape has a 1, the axis shares its draw, and these "
        "are the two axes of the places. That would be (1, 28, 28, 1).",
    },
    "a",
)

evaluation_mode = Choice(
    "evaluation_mode",
    "Predict: the wrong mode",
    {
        "a": "The mean of the scores is right in A only, and there it is a mean over many calls: "
        "one call has the whole noise. In B not even the mean is right.",
        "b": "A reads each digit with one thinned network drawn at random. B has twice as many "
        "units at work as in training: the order of the classes hardly changes, but the network "
        "is far too sure.",
        "c": "Swapped. What is still random in A? And by what are the sums in B larger once all "
        "units are there?",
        "d": "Thinned networks were trained, but a single one of them is worse than all together: "
        "the cell below measures it. And in B, count the units at work.",
    },
    "b",
)

adaptive_shrinkage = Choice(
    "adaptive_shrinkage",
    "Predict: another unit of length",
    {
        "a": "That is ridge. The penalty of dropout is 0.25 · ‖x₂‖² w₂², and it has grown a "
        "hundredfold with the column, just as the data term has.",
        "b": "Swapped: which of the two penalties contains the length of the column?",
        "c": "The penalty is 25 w₂² now. But the data term is 100 (w₂ - 0.1)², a hundred times as "
        "large as well.",
        "d": "Ridge leaves 100/(100 + 0.25). Dropout leaves 100/(100 + 25) = 0.8: its penalty "
        "grows with the column just as the data term does, so units do not matter.",
    },
    "d",
)

ACTIVATIONS, WEIGHTS = (1, 2, 3), (2, 1, -1)


def _ensemble(
    *, kept=Fraction(2), dropped=0, masks=None, relu=lambda output: max(output, 0), mean=None
):
    """Return the numbers of the ensemble by going through all thinned networks."""
    masks = list(itertools.product([0, 1], repeat=3)) if masks is None else masks
    outputs = [
        sum(
            w * a * (kept if m else dropped)
            for w, a, m in zip(WEIGHTS, ACTIVATIONS, mask, strict=True)
        )
        for mask in masks
    ]
    mean = mean or (lambda values: sum(values) / Fraction(len(values)))
    return _numbers(len(masks), mean(outputs), mean([relu(output) for output in outputs]))


def _numbers(networks, mean, relu_mean):
    return {"networks": networks, "mean": float(mean), "relu_mean": float(relu_mean)}


_SOME = [mask for mask in itertools.product([0, 1], repeat=3) if any(mask)]

_WRONG_ENSEMBLE = (
    Misconception(
        "without the empty network",
        "You left out the network without any unit. Its output is 0, and it counts: each of the "
        "three units is there or not, 2 · 2 · 2.",
        _ensemble(masks=_SOME),
    ),
    Misconception(
        "seven counted",
        "The means are right, but the network without any unit counts as well: each of the three "
        "units is there or not, 2 · 2 · 2.",
        _numbers(7, 1, 2.25),
    ),
    Misconception(
        "6 networks",
        "The means are right, but the number is not 2 times 3: each unit doubles the number, so it "
        "is a power of 2.",
        _numbers(6, 1, 2.25),
    ),
    Misconception(
        "9 networks",
        "The means are right, but the number is not 3²: three units, each of which is there or "
        "not, make a power of 2.",
        _numbers(9, 1, 2.25),
    ),
    Misconception(
        "output counted",
        "The means are right, but you counted four units. The output is not dropped: three units "
        "are there or not.",
        _numbers(16, 1, 2.25),
    ),
    Misconception(
        "no 1/p",
        "You left what is kept as it was. Inverted dropout divides it by keep_prob: the three "
        "contributions double.",
        _ensemble(kept=Fraction(1)),
    ),
    Misconception(
        "times p",
        "You multiplied what is kept by keep_prob. Inverted dropout divides it: the three "
        "contributions double.",
        _ensemble(kept=Fraction(1, 2)),
    ),
    Misconception(
        "sums",
        "You gave the sums over the networks. Divide both by their number.",
        _ensemble(mean=sum),
    ),
    Misconception(
        "relu of the mean",
        "Your relu_mean is max(mean, 0), what the full network gives. Take max(output, 0) of each "
        "network first, and then the mean: that is more.",
        _numbers(8, 1, 1),
    ),
    Misconception(
        "mean over the positive",
        "Your relu_mean is a mean over the networks with a positive output. The others count with "
        "0: divide by 8.",
        _numbers(8, 1, Fraction(18, 5)),
    ),
    Misconception(
        "mean over the nonzero",
        "You divided the sum of max(output, 0) by 7. The network without any unit has the output "
        "0 and counts: divide by 8.",
        _numbers(8, 1, Fraction(18, 7)),
    ),
    Misconception(
        "means swapped",
        "Your two means are swapped: mean is that of the outputs as they are.",
        _numbers(8, 2.25, 1),
    ),
    Misconception(
        "max of each contribution",
        "For relu_mean you took max(·, 0) of each unit's contribution. It is taken of the output, "
        "their sum.",
        _numbers(8, 1, 4),
    ),
    Misconception(
        "relu before the mean in both",
        "Your mean is that of max(output, 0), too. It is the mean of the outputs as they are, the "
        "negative ones included.",
        _numbers(8, 2.25, 2.25),
    ),
    Misconception(
        "sign of the third weight",
        "You took the third weight for +1. It is -1: that unit takes away 3 · 1/0.5 = 6.",
        _numbers(8, 7, 7),
    ),
    Misconception(
        "no 1/p for relu_mean",
        "mean is right, but for relu_mean you left what is kept as it was. Inverted dropout "
        "doubles the contributions there, too.",
        _numbers(8, 1, 1.125),
    ),
)

network_ensemble = Question(
    "network_ensemble",
    "Derive: eight thinned networks on paper",
    lambda rng: [Case("activations (1, 2, 3), weights (2, 1, -1), keep_prob = 0.5")],
    _ensemble,
    driver="value",
    misconceptions=_WRONG_ENSEMBLE,
    hint='A dictionary with the keys "networks", "mean" and "relu_mean", a number each. What does '
    "each unit add to the output where it is kept? Then write down the output of each network.",
    references=(
        {"networks": 8, "mean": 1, "relu_mean": 2.25},
        {"networks": 2**3, "mean": 1.0, "relu_mean": 18 / 8},
        {"relu_mean": np.float64(2.25), "mean": np.int64(1), "networks": 8.0},
        {"networks": np.array(8), "mean": np.float32(1), "relu_mean": Fraction(9, 4)},
    ),
)

QUESTIONS = (keep_or_rate, shared_mask, evaluation_mode, network_ensemble, adaptive_shrinkage)
