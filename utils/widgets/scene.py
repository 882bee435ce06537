"""A picture as plain data: marks in pixels, and what of them moves with a slider.

Python computes every coordinate here or in a figure's own module. `live.js` draws them in a
browser, `still.py` with Matplotlib: the same picture, twice.
"""

import base64
import io
from dataclasses import dataclass, field

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator
from PIL import Image

KINDS = ("line", "lines", "stairs", "area", "ellipse", "dots", "text", "image")
COLORS = ("l1", "l2", "train", "dev", "truth", "plain", "ink", "muted", "grid")
SYMBOLS = ("circle", "ring", "square", "diamond", "star", "cross")
DASHES = ("dashed", "dotted", "dashdot")
OTHERS = (
    "thin",
    "thick",
    "small",
    "big",
    "bold",
    "faint",
    "fill",
    "outlined",
    "start",
    "middle",
    "end",
    "decor",
    "pixelated",
)
WORDS = {*COLORS, *SYMBOLS, *DASHES, *OTHERS}


def mark(name, kind, style, at=None, clip=None):
    """Return a mark: one thing that is drawn.

    Parameters
    ----------
    name : str
        Unique in its picture; strips and frames move a mark by its name.
    kind : str
        "line" (flat x0, y0, x1, y1, …), "area" (the same, closed and filled), "lines" (a list of
        flat lists), "stairs" (left, width of a step, y of each step), "ellipse" (cx,
        cy, rx, ry, angle in degrees), "dots" (flat), "text" (x, y, string) or "image" (left, top,
        width, height, `png_uri`). All in pixels, y downward.
    style : str
        Words out of `WORDS`: one color, and dash, symbol, size or anchor; "fill", or "fill
        outlined" with a border; "pixelated" for an image whose pixels are meant to be seen;
        "decor" for what only helps to read the rest, like ticks.
    at : sequence, optional
        Where it is; nothing is drawn without it.
    clip : sequence, optional
        Left, top, width and height of the rectangle inside which it is seen, as `Axes.clip`.

    Raises
    ------
    ValueError
        For a kind or a style word that no drawing layer knows.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it should be one of {', '.join(KINDS)}")
    unknown = set(style.split()) - WORDS
    if unknown:
        raise ValueError(f"style holds {sorted(unknown)}; the words are {', '.join(sorted(WORDS))}")
    return {"name": name, "kind": kind, "style": style, "at": at} | ({"clip": clip} if clip else {})


def png_uri(pixels):
    """Return an image as the text that a mark of kind "image" takes.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) array
        Grey levels or red, green and blue, from 0 (dark) to 1; what lies outside is cut off.

    Examples
    --------
    >>> png_uri(np.zeros((2, 2)))[:22]
    'data:image/png;base64,'
    """
    levels = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    png = io.BytesIO()
    Image.fromarray(levels).save(png, format="png")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")


def pixels_of(uri):
    """Return the grey levels or colors, 0 to 255, of what `png_uri` made."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


@dataclass
class Strip:
    """The frames of one slider, all computed at once: moving it asks nobody.

    Parameters
    ----------
    values : (n,) array
        The slider's values, one a frame.
    marks : dict of str -> list of n
        Where a mark is in each frame.
    moves : dict of str -> (n,) array
        The values that other controls follow to.
    shows : dict of str -> list of n str
        What is written beside a control.
    says : list of n str
        What is seen in each frame, in words.
    """

    values: np.ndarray
    marks: dict = field(default_factory=dict)
    moves: dict = field(default_factory=dict)
    shows: dict = field(default_factory=dict)
    says: list = field(default_factory=list)

    def plain(self):
        """Return the strip as JSON data; sentences that come up often are kept once."""
        kept = list(dict.fromkeys(self.says))
        places = {sentence: place for place, sentence in enumerate(kept)}
        return {
            "values": significant(self.values),
            "marks": {name: _tenths_of_each(ats) for name, ats in self.marks.items()},
            "moves": {name: significant(values) for name, values in self.moves.items()},
            "shows": {name: list(texts) for name, texts in self.shows.items()},
            "sentences": kept,
            "says": [places[sentence] for sentence in self.says],
        }


@dataclass
class Frame:
    """One moment of a figure: as one frame of a strip, for values that no strip has."""

    marks: dict = field(default_factory=dict)
    moves: dict = field(default_factory=dict)
    shows: dict = field(default_factory=dict)
    says: str = ""

    def plain(self):
        """Return the frame as JSON data."""
        return {
            "marks": {name: tenths(at) for name, at in self.marks.items()},
            "moves": {name: significant(value) for name, value in self.moves.items()},
            "shows": dict(self.shows),
            "says": self.says,
        }


@dataclass
class Picture:
    """Everything that a figure shows for one setting of the controls without a strip.

    Parameters
    ----------
    width, height : int
        In pixels, at most 760 wide.
    marks : list
        As `mark` makes them, drawn in this order.
    strips : dict of str -> Strip
        By the name of the slider that plays it.
    says : str
        What is seen, where no strip says it.
    shows : dict of str -> str
        What is written beside controls, where no strip says it.
    """

    width: int
    height: int
    marks: list
    strips: dict = field(default_factory=dict)
    says: str = ""
    shows: dict = field(default_factory=dict)

    def plain(self):
        """Return the picture as JSON data, pixels rounded to tenths.

        Raises
        ------
        ValueError
            If two marks share a name, or a strip moves one that is not there.
        """
        names = [drawn["name"] for drawn in self.marks]
        moved = {name for strip in self.strips.values() for name in strip.marks}
        if len(set(names)) < len(names) or moved - set(names):
            twice = {name for name in names if names.count(name) > 1}
            raise ValueError(f"marks named twice: {twice}; moved but absent: {moved - set(names)}")
        return {
            "width": self.width,
            "height": self.height,
            "marks": [drawn | {"at": tenths(drawn["at"])} for drawn in self.marks],
            "strips": {name: strip.plain() for name, strip in self.strips.items()},
            "says": self.says,
            "shows": dict(self.shows),
        }


def tenths(at):
    """Return pixel data with every number rounded to a tenth, texts as they are.

    >>> tenths([1.04, np.float64(2), "w₁"]), tenths(None)
    ([1, 2, 'w₁'], None)
    """
    if at is None or isinstance(at, str):
        return at
    if isinstance(at, np.ndarray) or (isinstance(at, (list, tuple)) and _all_numbers(at)):
        return _tenths_of_array(at).ravel().tolist()
    if isinstance(at, (list, tuple)):
        return [tenths(item) for item in at]
    return _tenths_of_array(at).item()


def _tenths_of_each(ats):
    """Return what `tenths` gives for each, in one go where all are numbers and of one length."""
    try:
        array = np.array(None if _ends_with_text(ats[0]) else ats)
    except ValueError:  # of several lengths
        array = np.array(None)
    if array.ndim == 2 and array.dtype.kind in "iuf":
        return _tenths_of_array(array).tolist()
    return [tenths(at) for at in ats]


def _tenths_of_array(numbers):
    tenths = np.rint(10 * np.asarray(numbers, dtype=float))
    return (tenths / 10 + 0.0) if np.any(tenths % 10) else (tenths / 10).astype(int)  # 3, not 3.0


def _ends_with_text(at):
    return isinstance(at, (list, tuple)) and bool(at) and isinstance(at[-1], str)


def _all_numbers(values):
    return all(isinstance(value, (int, float, np.number)) for value in values)


def significant(values, digits=6):
    """Return a number, or an array as a list, rounded to significant digits.

    >>> significant(np.array([0.1234567, 12.0])), significant(2 / 3)
    ([0.123457, 12.0], 0.666667)
    """
    if np.ndim(values):
        return [significant(value) for value in np.ravel(values).tolist()]
    return float(f"{float(values):.{digits}g}")


class Axes:
    """A rectangle of a picture with its own coordinates.

    Parameters
    ----------
    left, top, width, height : float
        The frame in pixels, without ticks and labels.
    x, y : pair of float
        The values at the ends.
    xlabel, ylabel, title : str
    xlog, ylog : bool
    xticks, yticks : sequence of float, optional
        Chosen if not given; the ticks of a log axis are powers of ten.

    Examples
    --------
    >>> axes = Axes(50, 10, 100, 100, x=(0, 1), y=(0, 10))
    >>> axes.px(0.5, 10).tolist()
    [100.0, 10.0]
    """

    def __init__(
        self,
        left,
        top,
        width,
        height,
        *,
        x,
        y,
        xlabel="",
        ylabel="",
        title="",
        xlog=False,
        ylog=False,
        xticks=None,
        yticks=None,
    ):
        self.left, self.top, self.width, self.height = left, top, width, height
        self.x, self.y, self.xlog, self.ylog = x, y, xlog, ylog
        self.xlabel, self.ylabel, self.title = xlabel, ylabel, title
        self.xticks = _ticks(x, xlog, width) if xticks is None else xticks
        self.yticks = _ticks(y, ylog, height) if yticks is None else yticks

    @property
    def clip(self):
        """The rectangle inside the frame, as a mark takes it."""
        return [self.left, self.top, self.width, self.height]

    def px(self, x, y):
        """Return the pixels of points, (…, 2) for `x` and `y` that broadcast to (…)."""
        across = self.left + self.width * _share(x, self.x, self.xlog)
        down = self.top + self.height * (1 - _share(y, self.y, self.ylog))
        return np.stack(np.broadcast_arrays(across, down), axis=-1)

    def flat(self, x, y):
        """Return the pixels of a polyline as the flat list that a mark takes."""
        return self.px(x, y).ravel().tolist()

    def marks(self, prefix):
        """Return frame, ticks and labels as marks whose names begin with `prefix`."""
        right, bottom = self.left + self.width, self.top + self.height
        line, text = "muted thin decor", "muted small decor"
        frame = [self.left, self.top, self.left, bottom, right, bottom]
        drawn = [mark(f"{prefix} frame", "line", line, frame)]
        for place, tick in enumerate(self.xticks):
            x, label = self.px(tick, self.y[0])[0], _label(tick, self.xlog)
            at = [x, bottom, x, bottom + 4]
            drawn.append(mark(f"{prefix} x-{place}", "line", line, at))
            drawn.append(
                mark(f"{prefix} x{place}", "text", f"{text} middle", [x, bottom + 16, label])
            )
        for place, tick in enumerate(self.yticks):
            y, label = self.px(self.x[0], tick)[1], _label(tick, self.ylog)
            at = [self.left - 4, y, self.left, y]
            drawn.append(mark(f"{prefix} y-{place}", "line", line, at))
            drawn.append(
                mark(f"{prefix} y{place}", "text", f"{text} end", [self.left - 7, y + 4, label])
            )
        return drawn + self._labels(prefix, right, bottom)

    def _labels(self, prefix, right, bottom):
        texts = {
            "title": (self.title, "ink bold start", [self.left, self.top - 10]),
            "xlabel": (self.xlabel, "ink middle", [(self.left + right) / 2, bottom + 34]),
            "ylabel": (self.ylabel, "ink start", [self.left + 6, self.top + 12]),
        }
        return [
            mark(f"{prefix} {name}", "text", style, [*at, text])
            for name, (text, style, at) in texts.items()
            if text
        ]


def _share(values, ends, log):
    low, high = np.log(ends) if log else ends
    values = np.log(values) if log else np.asarray(values, dtype=float)
    return (values - low) / (high - low)


def _ticks(ends, log, length):
    wanted = max(2, int(length / 60))
    locator = LogLocator(numticks=wanted + 2) if log else MaxNLocator(wanted, steps=[1, 2, 5, 10])
    low, high = sorted(ends)
    slack = 1e-9 * (high - low)
    return [t for t in locator.tick_values(low, high).tolist() if low - slack <= t <= high + slack]


def _label(tick, log):
    if log and not 0.001 <= tick <= 10_000:
        return "10" + f"{round(np.log10(tick))}".translate(
            str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
        )
    return f"{tick + 0.0:g}".replace("-", "−")
