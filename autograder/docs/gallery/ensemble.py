"""Dropout as an average over all thinned networks: lesson 4, by enumerating every mask."""

from functools import cache

import numpy as np

from autograder.docs.gallery.compare import digits, table
from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.masks import EXACT, all_masks
from autograder.docs.gallery.svg import drawn
from utils import figures

__all__ = ["exhibits", "gaps_of"]

ACTIVATIONS = np.array([1.0, 2.0, 3.0])  # of lesson 4's question `network_ensemble`
WEIGHTS = np.array([2.0, 1.0, -1.0])
KINDS = ("the scores", "the probabilities, geometric", "the probabilities, arithmetic")


def thinned_outputs():
    """Return the outputs of the eight thinned networks, (8,)."""
    return all_masks(3, 0.5)[0] @ (ACTIVATIONS * WEIGHTS)


def evaluation():
    """Return the output of the whole network, in evaluation mode."""
    whole, _ = answers("04_dropout").dropout_forward(
        ACTIVATIONS, 0.5, np.random.default_rng(0), train=False
    )
    return float(whole @ WEIGHTS)


@cache
def gaps_of(both_layers):
    """Return how far evaluation mode is from three means over thinned networks, (5, 3): by seed.

    Each network has 4 inputs, tanh layers of 5 and 6 units, and 3 classes. Dropout is on the upper
    layer, or on both; the means are of the scores, and of the probabilities, geometric and not.
    """
    return np.array([_gaps_of_network(seed, both_layers) for seed in range(5)])


def _gaps_of_network(seed, both_layers, keep_prob=0.5):
    rng = np.random.default_rng(seed)
    x, W1, W2, V = (rng.normal(size=shape) for shape in ((4,), (4, 5), (5, 6), (6, 3)))
    masks, chance = all_masks(11 if both_layers else 6, keep_prob)
    lower = np.tanh(x @ W1) * (masks[:, :5] if both_layers else 1)
    thinned = (np.tanh(lower @ W2) * masks[:, -6:]) @ V
    whole = np.tanh(np.tanh(x @ W1) @ W2) @ V
    geometric = np.exp(chance @ np.log(_softmax(thinned)))
    means = chance @ thinned, geometric / geometric.sum(), chance @ _softmax(thinned)
    targets = whole, _softmax(whole), _softmax(whole)
    return [np.abs(mean - target).max() for mean, target in zip(means, targets, strict=True)]


def _softmax(scores):
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def exhibits():
    """Return the eight thinned networks, and where evaluation mode is exact."""
    outputs = thinned_outputs()
    relu_mean = np.maximum(outputs, 0).mean()
    header = ("mean of", "dropout on the last layer", "dropout on both layers")
    rows = [
        (kind, *(_cell(gaps_of(both)[:, k]) for both in (False, True)))
        for k, kind in enumerate(KINDS)
    ]
    values = {
        "ensemble_mean": digits(outputs.mean(), 2),
        "evaluation": digits(evaluation(), 2),
        "ensemble_table": table(header, rows),
        "relu_mean": digits(relu_mean, 2),
        "relu_evaluation": digits(max(evaluation(), 0), 2),
    }
    picture = drawn(_draw, size=(10, 2.6), title="Eight thinned networks", columns=2)
    return [Exhibit(values, {"dropout_ensemble": picture}, _claims(outputs, relu_mean))]


def _claims(outputs, relu_mean):
    """Return what the page says of the lesson's answer, and of what is exact."""
    answer = answers("04_dropout").network_ensemble
    found = {"networks": len(outputs), "mean": outputs.mean(), "relu_mean": relu_mean}
    last, both = gaps_of(False).max(axis=0), gaps_of(True).max(axis=0)
    return {
        "network_ensemble is the enumeration": all(
            abs(found[name] - answer[name]) < EXACT for name in found
        ),
        "scores and geometric means are exact on the last layer": bool(np.all(last[:2] < EXACT)),
        "nothing else is exact": bool(last[2] > 0.01 and np.all(both > 0.01)),
    }


def _cell(gaps):
    if gaps.max() < EXACT:
        return "exact"
    return f"off by {digits(gaps.min(), 2)} to {digits(gaps.max(), 2)}"


def _draw(axes):
    linear, whole = thinned_outputs(), evaluation()
    _draw_dots(axes[0], linear, whole)
    _draw_dots(axes[1], np.maximum(linear, 0), max(whole, 0))
    axes[0].set_title("Linear: the mean of eight is evaluation mode")
    axes[1].set_title("Behind a ReLU it is not")
    _name(axes[0], linear.mean(), "mean = evaluation mode", 1)
    _name(axes[1], np.maximum(linear, 0).mean(), "mean (solid)", 1)
    _name(axes[1], max(whole, 0), "evaluation\nmode (dashed)", -1)


def _draw_dots(ax, values, target):
    """Stack a dot for each value, and draw their mean and the output in evaluation mode."""
    places, counts = np.unique(values, return_counts=True)
    stacked = [(place, k) for place, n in zip(places, counts, strict=True) for k in range(n)]
    ax.plot(*np.transpose(stacked), "o", color=figures.COLORS["plain"], markersize=8)
    ax.axvline(values.mean(), color=figures.COLORS["train"], linewidth=2)
    ax.axvline(target, color=figures.COLORS["dev"], linestyle="--", linewidth=2)
    ax.set(ylim=(-0.6, 4.9), yticks=[], xlim=(-7, 9), xlabel="output")
    ax.grid(visible=False)


def _name(ax, place, text, side):
    """Write beside a vertical line, to its right or to its left."""
    look = {"ha": "left" if side > 0 else "right", "va": "top", "fontsize": 9}
    ax.annotate(text, (place, 4.7), (6 * side, 0), textcoords="offset points", **look)
