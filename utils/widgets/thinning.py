"""The live figure "dropout": a small network thinned by draws, and what becomes of its means."""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise, product

import numpy as np
from traitlets import Bool, Int, observe

from utils.network import Network
from utils.widgets.figure import Finite, LiveFigure, button, slider, toggle
from utils.widgets.scene import Axes, Frame, Picture, Strip, mark
from utils.widgets.words import decimal, hundredths

SIZES = (4, 6, 5, 2)
INPUT = np.array([1.0, 0.5, -0.5, 1.0])
WATCHED = 3  # the ringed unit of hidden layer 2
DRAWS = 1000
EVERY = 40  # draws from one point of a running mean to the next
KEEP_PROBS = np.arange(2, 21) / 20
IN_A_PAGE = KEEP_PROBS[::2]  # without a kernel, beside the present one

WIDTH, HEIGHT = 740, 446
LAYERS = ("inputs", "hidden 1", "hidden 2", "outputs")
COLUMNS = (44, 148, 252, 356)  # pixels
MIDDLE, GAP = 130, 33
KEYS = 236  # where the key of the graph stands, in pixels from the top
BARS = Axes(
    *(446, 48, 280, 170),
    x=(0.4, 6.6),
    y=(0, 4),
    xticks=range(1, 7),
    yticks=range(5),
    xlabel="unit",
    title="activations of hidden 1",
)
LEGEND = 274  # where the key of the means stands, in pixels from the top
_BELOW = {"x": (0, DRAWS), "xticks": (0, 500, 1000), "xlabel": "draws"}
MEANS = {
    "z": Axes(40, 312, 190, 96, y=(0, 1.2), title="z of the ringed unit", **_BELOW),
    "relu": Axes(285, 312, 190, 96, y=(0, 1.2), title="ReLU(z), before its own mask", **_BELOW),
    "output": Axes(530, 312, 190, 96, y=(0, 4), title="the upper output", **_BELOW),
}


# ---- the network, and what dropout makes of it


@cache
def network():
    """Return the network: 4-6-5-2 units with ReLU, drawn once from a seed, all biases 0."""
    return Network(SIZES, np.random.default_rng(112), dtype=np.float64)


@cache
def first_activations():
    """Return the activations of hidden layer 1 for the one input, (6,)."""
    return np.maximum(INPUT @ network().weights[0], 0)


def signals(first, second):
    """Return what is watched, with the hidden layers' activations multiplied by masks.

    With a = ReLU(x W₁): z = (first ∘ a) W₂ is the input of hidden layer 2, ReLU(z) its activation
    before its own mask, and (second ∘ ReLU(z)) W₃ the output.

    Parameters
    ----------
    first : (..., 6) array
        What multiplies each activation of hidden layer 1: 0 drops the unit.
    second : (..., 5) array
        The same for hidden layer 2.

    Returns
    -------
    dict of str -> (...) array
        "z" and "relu" of the ringed unit, and the upper "output".
    """
    _, second_weights, third_weights = network().weights
    z = (first * first_activations()) @ second_weights
    relu = np.maximum(z, 0)
    output = (second * relu) @ third_weights
    return {"z": z[..., WATCHED], "relu": relu[..., WATCHED], "output": output[..., 0]}


def expected(keep_prob, divide):
    """Return the expected values over all masks, exact: each of the 2⁶ masks of layer 1 is tried.

    The mask of hidden layer 2 is drawn on its own and multiplies ReLU(z) behind the last bend, so
    its mean takes the place of its 2⁵ masks.

    Parameters
    ----------
    keep_prob : float
        The probability p of keeping a unit.
    divide : bool
        Whether kept activations are divided by p.

    Returns
    -------
    dict of str -> float
        As `signals` names them.

    Examples
    --------
    The mean of z is p times that of the full network, and dividing by p mends it:

    >>> full = signals(np.ones(6), np.ones(5))["z"]
    >>> np.allclose(expected(0.5, divide=False)["z"], 0.5 * full)
    True
    >>> np.allclose(expected(0.5, divide=True)["z"], full)
    True
    """
    masks = _first_masks()
    chances = np.prod(np.where(masks, keep_prob, 1 - keep_prob), axis=1)
    factor = 1 / keep_prob if divide else 1.0
    each = signals(factor * masks, np.full(SIZES[2], keep_prob * factor))
    return {name: float(chances @ values) for name, values in each.items()}


@cache
def _first_masks():
    return np.array(list(product((0, 1), repeat=SIZES[1])))


def running_means(values):
    """Return the means of the first 40, 80, … of values (n,), shape (n / 40,)."""
    counts = np.arange(1, len(values) + 1)
    return (np.cumsum(values) / counts)[EVERY - 1 :: EVERY]


@dataclass(frozen=True)
class Thinning:
    """A network under dropout: 1,000 draws for one probability of keeping a unit."""

    keep_prob: float
    divide: bool
    seed: int

    @cached_property
    def kept(self):
        """Return which of the 11 hidden units each draw keeps, u < keep_prob, bool (1000, 11)."""
        return _uniform(self.seed) < self.keep_prob

    @property
    def factor(self):
        """Return what a kept activation is multiplied by."""
        return 1 / self.keep_prob if self.divide else 1.0

    @cached_property
    def drawn(self):
        """Return what is watched in each draw, by name (1000,)."""
        masks = self.factor * self.kept
        return signals(masks[:, : SIZES[1]], masks[:, SIZES[1] :])

    @cached_property
    def expected(self):
        """Return the exact expected values, by name."""
        return expected(self.keep_prob, self.divide)

    @property
    def after(self):
        """Return the activations of hidden layer 1 in the first draw, (6,)."""
        return self.factor * self.kept[0, : SIZES[1]] * first_activations()

    @property
    def dropped(self):
        """Return how many of the 11 hidden units the first draw drops."""
        return int(np.sum(~self.kept[0]))


@cache
def full():
    """Return what is watched in the full network, by name."""
    return {name: float(value) for name, value in signals(np.ones(6), np.ones(5)).items()}


@cache
def _uniform(seed):
    return np.random.default_rng(seed).random((DRAWS, sum(SIZES[1:3])))


# ---- what is said


def sentence(thinning):
    """Say in two or three sentences what is seen."""
    p = decimal(thinning.keep_prob)
    if thinning.keep_prob == 1:
        return "keep_prob 1: nothing is dropped, and every draw is the full network."
    drops = f"keep_prob {p}: this draw drops {thinning.dropped} of 11 hidden units"
    z, output = hundredths(thinning.expected["z"]), _against_full(thinning, "output")
    if thinning.divide:
        return (
            f"{drops}; what is kept is divided by {p}. Expected z: {z}, as in the full network. "
            f"After the ReLU {_against_full(thinning, 'relu')}; output {output}."
        )
    return (
        f"{drops}; what is kept stays as it is. Expected z: {z}, {p} times the full network's "
        f"{hundredths(full()['z'])}. Output {output}."
    )


def _against_full(thinning, name):
    """Return an expected value and the full network's, with the digits that tell them apart."""
    values = thinning.expected[name], full()[name]
    pairs = [[f"{value:.{digits}f}".replace("-", "−") for value in values] for digits in (2, 3, 4)]
    now, whole = next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1])
    return f"{now}, not {whole}" if now != whole else f"{now}, to four digits the full network's"


# ---- what is drawn


@cache
def places(layer):
    """Return where the units of a layer stand, (n, 2) in pixels."""
    n = SIZES[layer]
    down = MIDDLE + GAP * (np.arange(n) - (n - 1) / 2)
    return np.stack([np.full(n, COLUMNS[layer]), np.round(down)], axis=1)


def edges(kept):
    """Return the edges between units that are kept, as few lines that turn at the units.

    Parameters
    ----------
    kept : (11,) bool array
        The hidden units, layer 1 first.
    """
    there = [np.ones(4, bool), kept[:6], kept[6:], np.ones(2, bool)]
    units = [places(layer)[there[layer]].tolist() for layer in range(4)]
    return [line for starts, stops in pairwise(units) for line in _zigzags(starts, stops)]


def _zigzags(starts, stops):
    """Return lines over all edges between two layers: a₁ b₁ a₂ b₂ a₁ b₃ … for a pair of starts."""
    pairs = zip(starts[::2], starts[1::2], strict=False)
    turning = [
        [x for k, stop in enumerate(stops) for x in (*pair[k % 2], *stop)] + pair[len(stops) % 2]
        for pair in pairs
        if stops
    ]
    alone = starts[-1:] if len(starts) % 2 else []
    return turning + [[*start, *stop] for start in alone for stop in stops]


def bars(heights, half):
    """Return bars over 1, 2, … as one outline that runs along the axis, bars of height 0 left out.

    Parameters
    ----------
    heights : (n,) array
        Those above the axes end there.
    half : float
        Half the width of a bar.
    """
    top = np.minimum(heights, BARS.y[1])
    x = np.arange(1, len(top) + 1)[:, None] + half * np.array([-1, -1, 1, 1])
    y = top[:, None] * [0, 1, 1, 0]
    return np.rint(BARS.px(x, y))[top > 0].ravel().tolist()


def moving_marks(thinning):
    """Return where every mark is that keep_prob moves, by its name."""
    kept = thinning.kept[0]
    hidden = np.vstack([places(1), places(2)])
    off = BARS.px(np.flatnonzero(~kept[:6]) + 1, 0) - [0, 8]
    found = {
        "edges": edges(kept),
        "kept units": hidden[kept].ravel().tolist(),
        "dropped units": hidden[~kept].ravel().tolist(),
        "after": bars(thinning.after, 0.24),
        "dropped bars": np.rint(off).ravel().tolist(),
        "beyond": _beyond(thinning.after.max()),
    }
    for name, axes in MEANS.items():
        found |= _mean_marks(name, axes, thinning.drawn[name], thinning.expected[name])
    return found


def _beyond(highest):
    """Return a word on bars that end at the top of their axes, nothing if none does."""
    words = f"beyond the axis, up to {decimal(highest)}"
    return [BARS.left + BARS.width, BARS.top + 28, words] if highest > BARS.y[1] else None


def _mean_marks(name, axes, values, exact):
    """Return the running mean of one value, the exact expected value, and both as text."""
    down = np.rint(axes.px(0, np.array([exact, *running_means(values)]))[:, 1])
    level, *heights = np.clip(down, axes.top - 9, axes.top + axes.height).tolist()
    right = axes.left + axes.width
    x, y = axes.left + 8, axes.top + 12
    return {
        f"mean {name}": [axes.left, axes.width * EVERY / DRAWS, *heights],
        f"expected {name}": [axes.left, level, right, level],
        f"text {name}": [x, y, f"expected {hundredths(exact)}, mean {hundredths(values.mean())}"],
    }


MOVING = {
    "edges": ("lines", "train thin"),
    "kept units": ("dots", "train circle big"),
    "dropped units": ("dots", "plain cross big"),
    "after": ("area", "train fill outlined"),
    "dropped bars": ("dots", "plain cross"),
    "beyond": ("text", "ink small end"),
}


def _moving():
    """Return the marks that keep_prob moves, without their places."""
    drawn = [mark(name, *style) for name, style in MOVING.items()]
    for name, axes in MEANS.items():
        drawn.append(mark(f"expected {name}", "line", "truth dotted", clip=axes.clip))
        drawn.append(mark(f"mean {name}", "stairs", "train", clip=axes.clip))
        drawn.append(mark(f"text {name}", "text", "ink small"))
    return drawn


@cache
def _graph():
    """Return what of the graph stays: every edge, and every unit as a circle."""
    every_edge = edges(np.ones(11, bool))
    drawn = [mark("every edge", "lines", "plain thin faint decor", every_edge)]
    for layer, name in enumerate(LAYERS):
        at = places(layer)
        drawn.append(mark(f"layer {name}", "text", "ink middle", [COLUMNS[layer], 24, name]))
        if layer in (0, 3):
            drawn.append(mark(f"{name} units", "dots", "ink circle big", at.ravel().tolist()))
        else:
            drawn += [
                mark(f"{name} unit {k}", "ellipse", "muted thin decor", [*center, 10, 10, 0])
                for k, center in enumerate(at.tolist(), start=1)
            ]
    ring = [*places(2)[WATCHED].tolist(), 14, 14, 0]
    return [*drawn, mark("ringed", "ellipse", "ink", ring), *_graph_keys()]


def _graph_keys():
    """Return the key of the graph's symbols."""
    x, y = COLUMNS[0], KEYS - 4
    return [
        mark("key kept", "dots", "train circle big", [x, y]),
        mark("key kept name", "text", "ink small", [x + 12, KEYS, "kept"]),
        mark("key dropped", "dots", "plain cross big", [x + 88, y]),
        mark("key dropped name", "text", "ink small", [x + 100, KEYS, "dropped"]),
        mark("key ringed", "ellipse", "ink", [x + 202, y, 8, 8, 0]),
        mark("key ringed name", "text", "ink small", [x + 216, KEYS, "watched below"]),
    ]


@cache
def _ground():
    """Return the axes, the full network's values, and the keys."""
    a = first_activations()
    drawn = [*BARS.marks("bars"), mark("before", "area", "plain dashed", bars(a, 0.38))]
    left, top = BARS.left + 10, BARS.top + 12
    drawn.append(mark("before key", "line", "plain dashed", [left, top - 4, left + 28, top - 4]))
    drawn.append(mark("before name", "text", "ink small", [left + 34, top, "before"]))
    drawn.append(
        mark("after key", "line", "train thick", [left + 100, top - 4, left + 128, top - 4])
    )
    drawn.append(mark("after name", "text", "ink small", [left + 134, top, "after, in this draw"]))
    for k in np.flatnonzero(a == 0) + 1:
        x, y = BARS.px(k, 0).tolist()
        drawn.append(mark(f"zero {k}", "text", "ink small middle", [x, y - 16, "0"]))
    for name, axes in MEANS.items():
        drawn += axes.marks(name)
        level = axes.flat([0, DRAWS], [full()[name]] * 2)
        drawn.append(mark(f"full {name}", "line", "plain dashed", level))
    return drawn + _legend()


def _legend():
    """Return the key of the three lines that each mean has."""
    rows = (
        ("full", "plain dashed", "full network"),
        ("expected", "truth dotted", "expected value, exact"),
        ("mean", "train", f"mean of the draws so far, of {DRAWS:,}"),
    )
    drawn = []
    for (name, style, words), x in zip(rows, (40, 186, 388), strict=True):
        drawn.append(mark(f"key {name}", "line", style, [x, LEGEND - 4, x + 30, LEGEND - 4]))
        drawn.append(mark(f"key {name} name", "text", "ink", [x + 37, LEGEND, words]))
    return drawn


def picture_of(thinnings):
    """Return the picture with a frame for each of some thinnings."""
    frames = [moving_marks(thinning) for thinning in thinnings]
    strip = Strip(
        np.array([thinning.keep_prob for thinning in thinnings]),
        {name: [at[name] for at in frames] for name in frames[0]},
        says=[sentence(thinning) for thinning in thinnings],
    )
    return Picture(WIDTH, HEIGHT, [*_graph(), *_ground(), *_moving()], {"keep_prob": strip})


class DropoutNetwork(LiveFigure):
    """A small network under dropout: which units a draw keeps, and where the means go.

    A hidden unit is kept where its uniform draw u < keep_prob, the same u for every keep_prob, so
    that a smaller one drops more of the same units. The graph and the bars show the first of 1,000
    draws, the curves below the mean over the first 40, 80, … of them.

    Parameters
    ----------
    keep_prob : float
        The probability of keeping a hidden unit, 0.01 to 1.
    divide : bool
        Whether kept activations are divided by keep_prob.
    seed : int
        Decides on the draws; "draw again" takes the next one.

    Examples
    --------
    >>> figure = DropoutNetwork(keep_prob=1.0)
    >>> figure.thinning().dropped
    0
    """

    keep_prob = Finite(0.5, min=0.01, max=1).tag(sync=True)
    divide = Bool(True).tag(sync=True)
    seed = Int(2296, min=0)  # at 0.1 it keeps a unit of each hidden layer, with its bar in sight

    label = "A small network under dropout, its activations, and means over many draws"
    controls = (
        slider("keep_prob", "keep_prob"),
        toggle("divide", "divide by keep_prob"),
        button("again", "draw again"),
    )

    def thinning(self):
        """Return the network under dropout for the present values."""
        return Thinning(self.keep_prob, self.divide, self.seed)

    def picture(self):
        """Return the picture with a frame for each keep_prob."""
        return picture_of([Thinning(float(p), self.divide, self.seed) for p in KEEP_PROBS])

    def frame(self):
        """Return the frame for a keep_prob between those of the strip."""
        if np.isclose(KEEP_PROBS, self.keep_prob, rtol=1e-6, atol=0).any():
            return None
        return Frame(moving_marks(self.thinning()), says=sentence(self.thinning()))

    def pressed(self, name):
        """Draw again."""
        self.seed += 1

    @observe("seed")
    def _draw(self, change):
        if self._picture:  # not while the figure is made
            self._reshaped(change)

    def alt(self):
        """Return what the still picture shows."""
        return (
            "Above, a network of 4-6-5-2 units with the units that a draw drops crossed out and "
            "their edges gone, beside it the activations of its first hidden layer before and "
            "after. Below, running means over 1,000 draws beside the full network's values. "
            f"{sentence(self.thinning())}"
        )

    def recording(self):
        """Return the same draws, divided and not, with fewer frames than with a kernel."""
        keep_probs = np.unique([*IN_A_PAGE, self.keep_prob])
        return [
            (
                self._values() | {"divide": divide},
                picture_of([Thinning(float(p), divide, self.seed) for p in keep_probs]).plain(),
            )
            for divide in (self.divide, not self.divide)
        ]
