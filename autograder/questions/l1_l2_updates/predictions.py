"""Questions that are answered by a letter, a number or a few numbers."""

import numpy as np

from autograder.question import Case, Choice, Misconception, Question

rule_difference = Choice(
    "rule_difference",
    "Predict: what differs between the rules",
    {
        "a": "That is L1 alone: αλ = 0.01 from each. L2 takes 2αλw, which depends on w: work it "
        "out for 2.0 and for 0.02.",
        "b": "The other way round: sign(w) does not know how large w is, and 2λw does.",
        "c": "L2 takes 0.04 from the large weight and 0.0004 from the small one. L1 takes "
        "αλ·sign(w), the same 0.01 from each.",
        "d": "L1 subtracts the same constant, which is much for a small weight. L2 multiplies by "
        "1 - 2αλ = 0.98, which is the same share for both.",
    },
    "d",
)

zero_condition = Choice(
    "zero_condition",
    "Derive: when zero is the best place",
    {
        "a": "That is the condition without the penalty. Here the slope of λ|w| at 0 may be any "
        "number in [-λ, λ], so it can balance a g that is not 0.",
        "b": "Then 0 lies in g + λ[-1, 1]: to the left the slope g - λ is at most 0, to the right "
        "g + λ is at least 0, so 0 is the bottom.",
        "c": "Then one side still leads downhill: with g = 2λ the slope to the left of 0 is "
        "g - λ = λ > 0, so going left lowers the cost.",
        "d": "A minimum needs no derivative: |w| itself has its minimum at 0. Use the interval of "
        "slopes [-λ, λ].",
    },
    "b",
)

exact_zeros = Choice(
    "exact_zeros",
    "Predict: zeros of the plain L1 step",
    {
        "a": "A step has length αλ whatever the distance to 0, so a weight steps over 0, turns, "
        "steps over 0 again, forever.",
        "b": "sign(0) = 0 would keep it, but it must hit 0 first: that takes a start that is an "
        "exact multiple of αλ, and random starts are not.",
        "c": "About half are on each side of 0 after any step, but on 0 itself is another matter: "
        "work out two steps from w = 0.4αλ.",
        "d": "Try one: from w = 0.4αλ one step leads to -0.6αλ, the next back to 0.4αλ. It never "
        "lands on 0.",
    },
    "a",
)

lambda_effect = Choice(
    "lambda_effect",
    "Predict: what a larger λ does",
    {
        "a": "The penalty competes with fitting the training labels, so the training error does "
        "not fall. And with a huge λ all weights go to 0: what does such a network predict?",
        "b": "The training error does rise. But here the minimum of J is a network that stores "
        "wrong labels, so moving away from it first helps on new digits.",
        "c": "A little λ costs the memorized labels, which is a gain on new digits; too much costs "
        "the digits themselves.",
        "d": "The same weights have to please J and the penalty, so a larger penalty leaves less "
        "room to fit the training labels.",
    },
    "c",
)

tensorflow_lambda = Choice(
    "tensorflow_lambda",
    "Convert: the λ of l2_loss",
    {
        "a": "The factor goes the other way: β·½Σw² is to equal λΣw².",
        "b": "β·½Σw² = λΣw² gives λ = β/2. Both rules then subtract αβw = 2αλw.",
        "c": "Then your step would subtract 2·0.02·αw, twice what TensorFlow subtracts: l2_loss "
        "has a ½ in it.",
        "d": "α multiplies the whole gradient in both programs, so it drops out. Compare the two "
        "penalties themselves.",
    },
    "b",
)


def _slopes(l1, l2):
    return {"l1": np.array(l1), "l2": np.array(l2)}


def _penalty_slopes():
    """Return the slopes of λΣ|w| and λΣw² by central differences, which are exact here."""
    w, lam, h = np.array([-2.0, 0.5, 3.0]), 0.1, 0.25
    l1 = lam * (np.abs(w + h) - np.abs(w - h)) / (2 * h)
    return _slopes(l1, lam * ((w + h) ** 2 - (w - h) ** 2) / (2 * h))


_L1, _L2 = [-0.1, 0.1, 0.1], [-0.4, 0.1, 0.6]
_L2_SENTENCE = "The L1 slopes are right. In L2, the derivative of w² is 2w: a factor 2 is missing."
_WRONG_SLOPES = (
    Misconception("factor 2 forgotten", _L2_SENTENCE, _slopes(_L1, [-0.2, 0.05, 0.3])),
    Misconception(
        "λ forgotten",
        "You gave the slopes of Σ|w| and Σw². The penalty is λ times that, and so is its slope.",
        _slopes([-1.0, 1.0, 1.0], [-4.0, 1.0, 6.0]),
    ),
    Misconception(
        "sign forgotten",
        "The first weight is negative: when it rises toward 0, |w| falls. So its L1 slope is "
        "negative.",
        _slopes([0.1, 0.1, 0.1], _L2),
    ),
    Misconception(
        "both signs forgotten",
        "The first weight is negative: when it rises toward 0, both |w| and w² fall. So both its "
        "slopes are negative.",
        _slopes([0.1, 0.1, 0.1], [0.4, 0.1, 0.6]),
    ),
    Misconception(
        "L2 sign forgotten",
        "The L1 slopes are right. In L2, w² falls when the negative first weight rises toward 0, "
        "so its slope is negative.",
        _slopes(_L1, [0.4, 0.1, 0.6]),
    ),
    Misconception(
        "downhill",
        "You gave the direction of a step, which goes against the slope. Here the slope itself is "
        "asked: positive where the penalty rises with w.",
        _slopes([0.1, -0.1, -0.1], [0.4, -0.1, -0.6]),
    ),
    Misconception(
        "L1 proportional to w",
        "The L2 slopes are right. But the L1 slope does not grow with w: |w| rises by the same "
        "amount from 0.5 to 0.6 as from 3 to 3.1.",
        _slopes([-0.2, 0.05, 0.3], _L2),
    ),
    Misconception(
        "factor 2 in L1",
        "The L2 slopes are right. But no 2 comes out of |w|: from w to w + h it rises by h.",
        _slopes([-0.2, 0.2, 0.2], _L2),
    ),
    Misconception("swapped", "The two lists are swapped.", _slopes(_L2, _L1)),
    Misconception(
        "penalty in place of its slope",
        "You gave the penalties λ|w| and λw² themselves. Their slope is how fast they change with "
        "w.",
        _slopes([0.2, 0.05, 0.3], [0.4, 0.025, 0.9]),
    ),
)

penalty_slopes = Question(
    "penalty_slopes",
    "Derive: the slopes of both penalties",
    lambda rng: [Case("w = (-2, 0.5, 3), λ = 0.1")],
    _penalty_slopes,
    driver="value",
    misconceptions=_WRONG_SLOPES,
    hint='A dictionary with the keys "l1" and "l2", three numbers each. Take one weight at a time: '
    "the slope of λ|w|, then the slope of λw², with their signs.",
    references=(
        {"l1": [-0.1, 0.1, 0.1], "l2": [-0.4, 0.1, 0.6]},
        {"l2": (-0.4, 0.1, 0.6), "l1": (-0.1, 0.1, 0.1)},
        {"l1": 0.1 * np.sign([-2, 0.5, 3]), "l2": 2 * 0.1 * np.array([-2, 0.5, 3])},
        {
            "l1": np.array([-0.1, 0.1, 0.1], dtype=np.float32),
            "l2": [-2 / 5, np.float64(0.1), 3 / 5],
        },
    ),
)


def _minimum(cost):
    """Return the argmin of a convex cost by ternary search."""
    low, high = -10.0, 10.0
    for _ in range(200):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return round((low + high) / 2, 6)


def _number(name, title, oracle, hint, references, *wrong):
    return Question(
        name,
        title,
        lambda rng: [Case("h = 4, w* = 3, λ = 2")],
        oracle,
        driver="value",
        misconceptions=tuple(Misconception(*row) for row in wrong),
        hint=hint,
        references=references,
    )


ridge_minimizer = _number(
    "ridge_minimizer",
    "Derive: the minimum under L2",
    lambda: _minimum(lambda w: 2 * (w - 3) ** 2 + 2 * w**2),
    "Set the derivative of ½h(w - w*)² + λw² to 0 and solve for w, with letters first.",
    (1.5, np.float64(1.5), 3 / 2, np.array(1.5), np.float32(12 / 8)),
    ("not moved", "That is w*, the minimum of J alone. The penalty has slope 4w there.", 3.0),
    (
        "½ convention",
        "That is h w*/(h + λ), the answer for a penalty ½λw². Here it is λw², with derivative 2λw.",
        2.0,
    ),
    ("factor alone", "That is the factor h/(h + 2λ). It multiplies w*.", 0.5),
    (
        "L1 minimum",
        "That is the minimum under λ|w|: a fixed amount less than w*. The slope of λw² is 2λw.",
        2.5,
    ),
    ("λ doubled again", "That is h w*/(h + 4λ): the 2 is in it twice.", 1.0),
    ("sign of λ", "The penalty pulls toward 0, so the minimum lies between 0 and w*.", 4.5),
    ("no minimum but 0", "At 0 the slope of J is -h w* = -12 and that of the penalty is 0.", 0.0),
)

lasso_minimizer = _number(
    "lasso_minimizer",
    "Derive: the minimum under L1",
    lambda: _minimum(lambda w: 2 * (w - 3) ** 2 + 2 * abs(w)),
    "For w > 0 set the derivative of ½h(w - w*)² + λw to 0 and solve for w, with letters first.",
    (2.5, np.float64(2.5), 5 / 2, np.array(2.5), np.float32(3 - 2 / 4)),
    ("not moved", "That is w*, the minimum of J alone. The penalty has slope λ = 2 there.", 3.0),
    (
        "threshold λ",
        "You moved w* by λ. The slope of J is h(w - w*), so the shift is divided by h.",
        1.0,
    ),
    ("threshold 2λ/h", "You moved w* by 2λ/h. The slope of λ|w| is λ: the 2 belongs to L2.", 2.0),
    (
        "threshold λ/2h",
        "You moved w* by λ/(2h). J is ½h(w - w*)², whose slope has no 2 left.",
        2.75,
    ),
    ("L2 minimum", "That is the minimum under λw². The slope of λ|w| does not depend on w.", 1.5),
    ("away from 0", "You moved w* away from 0. The penalty pulls toward 0.", 3.5),
    (
        "exactly 0",
        "0 is best only if the slope of J there is at most λ in size; it is -h w* = -12.",
        0.0,
    ),
)

QUESTIONS = (
    penalty_slopes,
    rule_difference,
    zero_condition,
    exact_zeros,
    ridge_minimizer,
    lasso_minimizer,
    lambda_effect,
    tensorflow_lambda,
)
