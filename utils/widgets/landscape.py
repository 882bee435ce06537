"""The live figure "loss landscape": what a penalty does to a loss of two weights.

Contour lines of J + λ·penalty, every minimizer in the box, a descent path, and beside them the
weights of the lowest point against λ. The mathematics is in `losses`.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import contourpy
import numpy as np
from matplotlib.path import Path
from traitlets import Enum

from utils.widgets.figure import Finite, LiveFigure, choice, slider
from utils.widgets.losses import (
    LANDSCAPES,
    STEPS,
    descent,
    grid,
    lost,
    minimizers,
    objective,
    within,
)
from utils.widgets.scene import Axes, Frame, Picture, Strip, mark
from utils.widgets.words import decimal, hundredths

__all__ = ["LossLandscape"]

WIDTH, HEIGHT = 740, 376
LEFT, TOP, SIDE = 46, 36, 300  # of the landscape
SMALLEST = 5  # pixels of a line that is worth drawing
GRID = 151  # of the contour lines
FRAMES = 16  # of the λ slider
STRONGEST = 40.0
NEAR = 0.01  # of the box: there a path has arrived,
REST = 10  # if it has been there for so many steps
SLOW = 0.001  # of the box in so many steps is hardly a move
PANEL = (438, TOP, 262, 164)  # of the panel beside: left, top, width and height
WALKS = {"L1": "proximal", "L2": "gradient"}
PENALTIES = {"L1": "λ(|w₁| + |w₂|)", "L2": "λ(w₁² + w₂²)"}


@dataclass(frozen=True)
class Sight:
    """What there is at some strengths λ, whatever the start of the path.

    Parameters
    ----------
    lams : (n,) array
    points : list of n (k, 2) arrays
        The minimizers in the box, the lowest first.
    tied : list of n int
        How many of them are the lowest.
    lower_outside : (n,) bool
        Where the objective is lower still outside the box.
    contours : list of n lists
        For each level, the lowest first, a list of lines in pixels, (m, 2) arrays.
    """

    lams: np.ndarray
    points: list
    tied: list
    lower_outside: np.ndarray
    contours: list


def strengths(landscape):
    """Return the positions of the λ slider: 0, and steps of a constant factor up to 40."""
    steps = np.geomspace(landscape.weakest, STRONGEST, FRAMES - 1)
    return np.array([0.0, *(float(f"{step:.2g}") for step in steps)])


@cache
def axes_of(name):
    """Return the axes that a landscape is drawn in, the unit as long upward as across."""
    landscape = LANDSCAPES[name]
    width, height = SIDE * landscape.span / landscape.span.max()
    return Axes(
        LEFT + (SIDE - width) / 2,
        TOP,
        width,
        height,
        x=landscape.x,
        y=landscape.y,
        xlabel="w₁",
        ylabel="w₂",
    )


@lru_cache(maxsize=64)
def look(name, penalty, lams):
    """Return the `Sight` of a landscape at a tuple of strengths; kept, since it takes a while."""
    landscape, lams = LANDSCAPES[name], np.array(lams)
    points = minimizers(landscape, penalty, lams)
    heights = [
        objective(landscape, penalty, lam, *w.T) for lam, w in zip(lams, points, strict=True)
    ]
    tied = [int(np.sum(found - found[0] < 1e-9 * (1 + abs(found[0])))) for found in heights]
    outside = _lowest_outside(landscape, penalty, lams) < [found[0] - 1e-9 for found in heights]
    contours = [_contours(name, penalty, lam) for lam in lams]
    return Sight(lams, points, tied, outside, contours)


@cache
def minimizers_without(name):
    """Return the minimizers of a landscape without a penalty, (k, 2)."""
    return minimizers(LANDSCAPES[name], "L2", [0.0])[0]


def _lowest_outside(landscape, penalty, lams):
    """Return the lowest value on a coarse grid around the box, three times its size, (n,)."""
    (left, right), (bottom, top) = landscape.x, landscape.y
    across, up = landscape.span
    x, y = np.meshgrid(
        np.linspace(left - across, right + across, 91), np.linspace(bottom - up, top + up, 91)
    )
    outside = (x < left) | (x > right) | (y < bottom) | (y > top)
    x, y = x[outside], y[outside]
    return objective(landscape, penalty, lams[:, None], x, y).min(axis=1)


def _contours(name, penalty, lam):
    """Return lines in pixels, each level around a fixed share of the box, the lowest first."""
    landscape, axes = LANDSCAPES[name], axes_of(name)
    x, y = grid(landscape.x, GRID - 1), grid(landscape.y, GRID - 1)
    heights = objective(landscape, penalty, lam, x, y[:, None])
    across, down = axes.px(x, y[0])[:, 0], axes.px(x[0], y)[:, 1]
    generator = contourpy.contour_generator(across, down, heights)
    levels = np.quantile(heights, landscape.shares)
    return [
        [np.round(piece) for line in generator.lines(level) for piece in _pieces(line)]
        for level in levels
    ]


def _pieces(line, box=None, tolerance=1.3):
    """Return a line in pixels without the points that hardly matter, cut at the edges of a box."""
    path = Path(line)
    path.simplify_threshold = tolerance
    cleaned = path.cleaned(simplify=True, clip=box)
    drawn = cleaned.codes != Path.STOP
    vertices, codes = cleaned.vertices[drawn], cleaned.codes[drawn]
    pieces = np.split(vertices, np.flatnonzero(codes == Path.MOVETO)[1:])
    return [piece for piece in pieces if np.ptp(piece, axis=0).max() > SMALLEST]


def _track(sight):
    """Return the lowest point at each λ, (n, 2); of ties, the one that goes on to the next λ."""
    track = [sight.points[-1][0]]
    for points, tied in zip(sight.points[-2::-1], sight.tied[-2::-1], strict=True):
        distances = np.abs(points[:tied] - track[-1]).sum(axis=1)
        track.append(points[np.argmin(distances)])
    return np.array(track[::-1])


def _runs(sight, track, span):
    """Return slices of λ along which the lowest point moves without a jump to another one."""
    cuts = [0]
    for place in range(1, len(track)):
        away = np.abs((sight.points[place] - track[place - 1]) / span).max(axis=1)
        followed = np.abs(sight.points[place][np.argmin(away)] - track[place]).max() == 0
        if not followed or away.min() > 0.2:
            cuts.append(place)
    return [slice(*ends) for ends in zip(cuts, [*cuts[1:], len(track)], strict=True)]


# ---- what is seen, in words


def _point(w):
    return f"({hundredths(w[0])}, {hundredths(w[1])})"


def _count(points, lam, without):
    found = "1 minimizer" if len(points) == 1 else f"{len(points)} minimizers"
    if lam > 0:
        return f"{found} in the picture, {without} without a penalty."
    return f"{found} in the picture." if len(points) > 1 else "It is the only one in the picture."


def _lowest(points, tied, lower_outside, penalty, still):
    """Say where the objective is lowest, and which weights are exactly 0 there."""
    if tied > 1:
        return f"{tied} points tie for the lowest, " + ", ".join(map(_point, points[:tied])) + "."
    if lower_outside:
        said = f"within the picture {_point(points[0])} is lowest; outside it goes lower still"
    else:
        said = f"the lowest point is {_point(points[0])}"
    if still:
        return f"{said}, and no λ moves it."
    zeros = [name for name, w in zip(("w₁", "w₂"), points[0], strict=True) if w == 0]
    if penalty == "L1" and zeros:
        are = "both weights are" if len(zeros) == 2 else f"{zeros[0]} is"
        return f"{said}; {are} exactly 0."
    return f"{said}."


def _journey(landscape, path, points, tied):
    """Say where a path, (steps + 1, 2), ends."""
    if lost(landscape, path[-1]):
        return "The path diverges: its steps are too long."
    away = (np.abs(path[:, None] - points) / landscape.span).max(axis=2)
    goal = int(np.argmin(away[-1]))
    steps = int(np.max(np.flatnonzero(away[:, goal] > NEAR), initial=-1)) + 1
    if steps > len(path) - REST:
        place = _point(path[-1])
        if not within(landscape, path[-1]):
            place += ", outside the picture,"
        moved = (np.ptp(path[-REST:], axis=0) / landscape.span).max()
        pace = "still moves" if moved > SLOW else "hardly moves"
        return f"After {len(path) - 1} steps the path is at {place} and {pace}."
    lowest = "the lowest point" if tied == 1 else f"one of them, {_point(points[goal])}"
    end = lowest if goal < tied else f"another minimizer, {_point(points[goal])}"
    return f"The path takes {steps} {'step' if steps == 1 else 'steps'} to {end}."


# ---- the figure


@dataclass(frozen=True)
class View:
    """One setting of the controls without λ: what is drawn for any λ.

    Parameters
    ----------
    name : str
        A key of `LANDSCAPES`.
    penalty : {"L1", "L2"}
    start : pair of float
        Where the path starts, as shares of the picture's width and height.
    rate : float
        The learning rate, as a multiple of the landscape's own.
    """

    name: str
    penalty: str
    start: tuple[float, float]
    rate: float

    @property
    def landscape(self):
        """What `LANDSCAPES` has under this name."""
        return LANDSCAPES[self.name]

    @property
    def start_weights(self):
        """The weights at which the path starts, (2,)."""
        corner = np.array([self.landscape.x[0], self.landscape.y[0]])
        return corner + self.landscape.span * self.start

    @property
    def lr(self):
        """The learning rate α."""
        return self.rate * self.landscape.lr

    def picture(self, lams):
        """Return the picture with a frame for each λ."""
        moving, says = self.moving(lams)
        shows = {"lam": [decimal(lam) for lam in lams]}
        strip = Strip(np.array(lams), marks=moving, shows=shows, says=says)
        marks = [*self._landscape_marks(), *self._panel_marks(), *self._legend()]
        return Picture(WIDTH, HEIGHT, marks, strips={"lam": strip}, shows=self._readouts())

    def moving(self, lams):
        """Return what moves with λ, a list over all λ for each mark, and the sentences."""
        sight = look(self.name, self.penalty, tuple(float(lam) for lam in lams))
        paths = descent(self.landscape, self.penalty, lams, start=self.start_weights, lr=self.lr)
        panel = self._panel()
        moments = [
            _seen(self.name, sight, place)
            | _walked(self.name, paths[:, place])
            | _cursor(panel, lam, lowest)
            for place, (lam, lowest) in enumerate(zip(lams, _track(sight), strict=True))
        ]
        says = [self._sentence(sight, place, paths[:, place]) for place in range(len(lams))]
        return {mark: [moment[mark] for moment in moments] for mark in moments[0]}, says

    def _sentence(self, sight, place, path):
        points, tied, lam = sight.points[place], sight.tied[place], sight.lams[place]
        unpenalized = minimizers_without(self.name)
        fixed = not unpenalized[0].any()
        lowest = _lowest(points, tied, sight.lower_outside[place], self.penalty, fixed)
        count = _count(points, lam, len(unpenalized))
        walk = _journey(self.landscape, path, points, tied)
        return f"λ = {decimal(lam)}: {lowest} {count} {walk}"

    def _readouts(self):
        first, second = (decimal(round(w, 3)) for w in self.start_weights)
        return {"start_1": first, "start_2": second, "rate": f"α = {decimal(self.lr)}"}

    def _sight(self):
        """Return the sight at all positions of the λ slider."""
        return look(self.name, self.penalty, tuple(strengths(self.landscape).tolist()))

    def _panel(self):
        """Return the axes of the panel beside: the lowest point's weights against λ."""
        lams, track = strengths(self.landscape), _track(self._sight())
        low, high = min(track.min(), 0), max(track.max(), 0)
        margin = 0.08 * (high - low) or 1.0
        return Axes(
            *PANEL,
            x=(lams[1] / 3, STRONGEST),
            y=(low - margin, high + margin),
            xlog=True,
            xlabel="λ",
        )

    def _landscape_marks(self):
        axes, color = axes_of(self.name), self.penalty.lower()
        levels = len(self.landscape.shares)
        contours = [
            mark(f"level {level}", "lines", _level_style(level, levels), clip=axes.clip)
            for level in reversed(range(levels))
        ]
        return [
            mark("w₁ is 0", "line", "grid thin decor", axes.flat([0, 0], axes.y)),
            mark("w₂ is 0", "line", "grid thin decor", axes.flat(axes.x, [0, 0])),
            *contours,
            mark("path", "lines", color, clip=axes.clip),
            mark("others", "dots", "ring small plain"),
            mark("start", "dots", "square ink", axes.px(*self.start_weights)),
            mark("end", "dots", color),
            mark("lowest", "dots", "star big truth"),
            mark("lowest here", "dots", "diamond big truth"),
            *axes.marks("landscape"),
            _title("title", LEFT, f"{self.name}: J + {PENALTIES[self.penalty]}"),
        ]

    def _panel_marks(self):
        axes, sight, color = self._panel(), self._sight(), self.penalty.lower()
        track = _track(sight)
        x = np.maximum(sight.lams, axes.x[0])
        runs = _runs(sight, track, self.landscape.span)
        lines = [[axes.flat(x[run], w[run]) for run in runs] for w in track.T]
        left, bottom = axes.px(axes.x[0], axes.y[0])
        return [
            *axes.marks("panel"),
            _title("panel title", axes.left, "weights of the lowest point"),
            mark("no penalty", "text", "muted small middle decor", [left, bottom + 16, "0"]),
            mark("zero", "line", "grid thin decor", axes.flat(axes.x, [0, 0])),
            mark("now", "line", "muted thin"),
            mark("w₁", "lines", color, lines[0]),
            mark("w₂", "lines", "ink thin dashed", lines[1]),
            mark("now w₁", "dots", color),
            mark("now w₂", "dots", "ring ink"),
            *_names(axes, track[-1]),
        ]

    def _legend(self):
        rows = [
            ("star big truth", "lowest point"),
            ("diamond big truth", "lowest point of the picture; outside it goes lower"),
            ("ring small plain", "other minimizer"),
            ("square ink", "start of the path"),
            (self.penalty.lower(), f"end of the path: {STEPS} {WALKS[self.penalty]} steps"),
        ]
        if not self._sight().lower_outside.any():
            del rows[1]
        left, top = PANEL[0], HEIGHT - 22 - 19 * len(rows)
        marks = []
        for place, (style, text) in enumerate(rows):
            y = top + 19 * place
            marks.append(mark(f"key {place}", "dots", f"{style} decor", [left, y - 4]))
            marks.append(mark(f"key text {place}", "text", "small decor", [left + 14, y, text]))
        return marks


def _seen(name, sight, place):
    """Return the marks of contour lines and minimizers at one λ."""
    axes, points, tied = axes_of(name), sight.points[place], sight.tied[place]
    lowest, far = axes.px(*points[:tied].T).ravel(), sight.lower_outside[place]
    minima = {
        "others": np.round(axes.px(*points[tied:].T).ravel()),
        "lowest": [] if far else lowest,
        "lowest here": lowest if far else [],
    }
    levels = enumerate(sight.contours[place])
    return minima | {f"level {level}": [line.ravel() for line in lines] for level, lines in levels}


def _walked(name, path):
    """Return the marks of a descent path and of its end, as far as they are in the picture."""
    axes, landscape = axes_of(name), LANDSCAPES[name]
    low, high = np.transpose([landscape.x, landscape.y])
    near = np.clip(path, low - 9 * landscape.span, high + 9 * landscape.span)
    left, top, width, height = axes.clip
    pieces = _pieces(axes.px(*near.T), (left, top, left + width, top + height))
    end = axes.px(*path[-1]) if within(landscape, path[-1]) else []
    return {"path": [np.round(piece, 1).ravel() for piece in pieces], "end": end}


def _cursor(panel, lam, lowest):
    """Return the marks of the present λ in the panel beside."""
    x = np.clip(lam, *panel.x)
    return {
        "now": panel.flat([x, x], panel.y),
        "now w₁": panel.px(x, lowest[0]),
        "now w₂": panel.px(x, lowest[1]),
    }


def _level_style(level, levels):
    """Draw low levels darker than high ones."""
    return "ink thin" if level < levels / 2 else "plain thin"


def _title(name, left, text):
    return mark(name, "text", "bold", [left, TOP - 14, text])


def _names(panel, weights):
    """Return the names of the two lines at their right ends, apart from each other."""
    x, y = panel.px(panel.x[1], weights).T
    gap = max(0, 14 - abs(y[1] - y[0]))
    y = y + np.array([-0.5, 0.5]) * (gap if y[0] <= y[1] else -gap)
    places = zip(("w₁", "w₂"), x + 6, y + 4, strict=True)
    return [mark(f"name {name}", "text", "", [*place, name]) for name, *place in places]


class LossLandscape(LiveFigure):
    """A loss of two weights plus a penalty: contour lines, every minimizer, a descent path.

    Parameters
    ----------
    landscape : str
        A key of `LANDSCAPES`.
    penalty : {"L1", "L2"}
    lam : float
        The strength λ ≥ 0; the slider goes up to 40.
    start_1, start_2 : float
        The start of the path, as shares of the picture's width and height.
    rate : float
        The learning rate, as a multiple of the one that suits the landscape.

    Examples
    --------
    >>> figure = LossLandscape(landscape="Matyas", penalty="L2")
    >>> figure.picture().strips["lam"].says[0].split(".")[0]
    'λ = 0: the lowest point is (0, 0), and no λ moves it'
    """

    landscape = Enum(tuple(LANDSCAPES), "Himmelblau").tag(sync=True)
    penalty = Enum(tuple(PENALTIES), "L1").tag(sync=True)
    lam = Finite(0.0, min=0.0).tag(sync=True)
    start_1 = Finite(0.2, min=0.0, max=1.0).tag(sync=True)
    start_2 = Finite(0.75, min=0.0, max=1.0).tag(sync=True)
    rate = Finite(1.0, min=0.0).tag(sync=True)

    label = "Contours of a loss of two weights plus a penalty, and the weights of its lowest point"
    controls = (
        slider("lam", "strength λ"),
        choice("penalty", "penalty", PENALTIES),
        choice("landscape", "landscape", LANDSCAPES),
        slider("rate", "learning rate", low=0.1, high=10.0, steps=24, log=True),
        slider("start_1", "start, w₁", steps=40),
        slider("start_2", "start, w₂", steps=40),
    )

    def picture(self):
        """Return contours, minimizers and path for every position of the λ slider."""
        return self._view().picture(strengths(LANDSCAPES[self.landscape]))

    def frame(self):
        """Return the exact picture for a λ that is no position of the slider."""
        if np.isclose(strengths(LANDSCAPES[self.landscape]), self.lam, rtol=1e-5, atol=0).any():
            return None
        moving, says = self._view().moving([self.lam])
        at = {name: frames[0] for name, frames in moving.items()}
        return Frame(at, shows={"lam": decimal(self.lam)}, says=says[0])

    def alt(self):
        """Return what kind of picture it is, and what it says."""
        _, says = self._view().moving([self.lam])
        return (
            f"Contour lines of a loss of two weights, {self.landscape}'s function, plus an "
            f"{self.penalty} penalty, with every minimizer and a descent path; beside it the "
            f"weights of the lowest point against λ. {says[0]}"
        )

    def recording(self):
        """Return a picture of each landscape with each penalty, fewer λ and contours in each."""
        settings = [(name, penalty) for name in LANDSCAPES for penalty in PENALTIES]
        settings.sort(key=lambda setting: setting != (self.landscape, self.penalty))
        return [
            (
                self._values() | {"landscape": name, "penalty": penalty},
                _spare(self._view(name, penalty).picture(self._few_strengths(name)).plain()),
            )
            for name, penalty in settings
        ]

    def _view(self, name=None, penalty=None):
        start = (self.start_1, self.start_2)
        return View(name or self.landscape, penalty or self.penalty, start, self.rate)

    def _few_strengths(self, name):
        """Return every third position of the λ slider, the present λ in place of the nearest."""
        few = strengths(LANDSCAPES[name])[::3]
        if name == self.landscape:
            few[np.argmin(np.abs(few - self.lam))] = self.lam
        return few


def _spare(picture):
    """Leave two levels of the contours out of a picture, to save space."""
    moving = picture["strips"]["lam"]["marks"]
    for level in ("level 2", "level 4"):
        if level in moving:
            moving[level] = [[] for _ in moving[level]]
    return picture
