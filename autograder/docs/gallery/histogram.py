"""The weight histogram of the section: networks without a penalty, under L1 and under L2."""

from functools import cache, partial

import numpy as np

from autograder.docs.gallery.compare import digits, table
from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.svg import drawn
from utils import figures
from utils.data import flip_labels, load_mnist, split
from utils.network import Network
from utils.training import train
from utils.widgets.recordings import load_weight_histogram
from utils.widgets.runs import BATCH, DIGITS, LR, WIDE

__all__ = ["exhibits", "moved_share"]

EPOCHS = 80
EPOCHS_AGAIN = 10  # trained again with the lesson's own answers
PANELS = {  # rule: title, look, λ
    "none": ("No penalty", "plain", 0.0025),
    "l2": ("L2", "l2", 0.01),
    "l1": ("L1, plain step", "l1", 0.0025),
    "proximal": ("L1, proximal step", "l1", 0.0025),
}
LEAST = 0.5  # of the log axis


@cache
def readings(epochs=EPOCHS):
    """Return what was recorded of each network, by rule."""
    recording = load_weight_histogram()
    return {rule: recording.reading(lam, rule, epochs) for rule, (_, _, lam) in PANELS.items()}


@cache
def moved_share():
    """Return the largest share of weights in another bin if lesson 1's own answers train."""
    lesson = answers("01_l1_l2_updates")
    updates = {
        "none": None,
        "l2": partial(lesson.l2_update, lam=PANELS["l2"][2]),
        "l1": partial(lesson.l1_update, lam=PANELS["l1"][2]),
        "proximal": partial(lesson.proximal_l1_update, lam=PANELS["proximal"][2]),
    }
    recorded = readings(EPOCHS_AGAIN)
    return max(_moved(_trained(update), recorded[rule]) for rule, update in updates.items())


def _trained(update):
    """Return the weights of a network trained as the recorded ones were, from the same seed."""
    rng, mnist = np.random.default_rng(0), load_mnist()
    (X, y), _ = split(mnist.X, mnist.y, (DIGITS, DIGITS), rng)
    y = flip_labels(y, 0.2, rng)
    network = Network((784, 50, 10), rng)
    options = {"epochs": EPOCHS_AGAIN, "lr": LR, "batch_size": BATCH, "progress": False}
    train(network, X, y, rng=rng, update=update, **options)
    return np.concatenate([w.ravel() for w in network.weights])


def _moved(entries, reading):
    return np.abs(np.histogram(entries, WIDE)[0] - reading.wide).sum() / 2 / len(entries)


def exhibits():
    """Return the histograms."""
    found = readings()
    norms = {rule: float(reading.norm) for rule, reading in found.items()}
    values = {
        "histogram_table": _table(found),
        "zeros_proximal": f"{int(found['proximal'].zeros):,}",
    }
    claims = {
        "the lesson's answers train as recorded": moved_share() < 0.001,
        "both penalties pull the weights together": max(norms["l1"], norms["l2"]) < norms["none"],
        "no weight is 0 without the proximal step": all(
            reading.zeros == 0 for rule, reading in found.items() if rule != "proximal"
        ),
    }
    options = {"rows": 2, "columns": 2, "sharex": True, "sharey": True}
    picture = drawn(_draw, size=(9, 5), title="Histograms of weights", **options)
    return [Exhibit(values, {"weight_histogram": picture}, claims)]


def _table(found):
    rows = []
    for rule, (title, _, lam) in PANELS.items():
        one = found[rule]
        total = int(one.wide.sum() + one.beyond)
        strength = "" if rule == "none" else f"{lam:g}"
        shares = (f"{100 * share:.0f} %" for share in (one.zeros / total, one.small / total))
        accuracy = f"{100 * one.accuracy:.0f} %"
        rows.append((title, strength, digits(float(one.norm), 1), *shares, accuracy))
    header = ("network", "λ", "‖w‖", "exactly 0", "below 0.001", "dev accuracy")
    return table(header, rows)


def _draw(axes):
    for ax, (rule, (title, look, lam)) in zip(axes.flat, PANELS.items(), strict=True):
        _draw_bars(ax, readings()[rule], figures.COLORS[look])
        ax.set_title(title if rule == "none" else f"{title}, λ = {lam:g}")
    for ax in axes[1]:
        ax.set_xlabel("weight w")
    for ax in axes[:, 0]:
        ax.set_ylabel("weights in a bar")


def _draw_bars(ax, reading, color):
    """Draw a histogram with counts on a log axis, its norm and exact zeros as text."""
    middle = (WIDE[:-1] + WIDE[1:]) / 2
    counts = np.maximum(reading.wide, LEAST)
    ax.fill_between(middle, LEAST, counts, step="mid", color=color, linewidth=0)
    ax.set(yscale="log", xlim=(-0.4, 0.4), ylim=(LEAST, 1e5))
    ax.minorticks_off()
    text = f"‖w‖ = {digits(float(reading.norm), 1)}\nexactly 0: {int(reading.zeros):,}"
    look = {"xycoords": "axes fraction", "ha": "right", "va": "top", "fontsize": 9}
    ax.annotate(text, (0.98, 0.95), **look)
