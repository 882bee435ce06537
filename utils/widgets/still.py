"""The still form of a live figure: its picture drawn by Matplotlib, in the course's colors."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle
from matplotlib.patheffects import withStroke

from utils.figures import COLORS as SERIES
from utils.figures import INK
from utils.widgets.scene import pixels_of

COLORS = SERIES | {"ink": INK, "muted": "#5A5A5A", "grid": "#D0D0D0"}
DASHES = {"dashed": (0, (5, 3)), "dotted": (0, (1, 2)), "dashdot": (0, (6, 2, 1, 2))}
WIDTHS = {"thin": 1.0, "thick": 3.0}
SYMBOLS = {"circle": "o", "ring": "o", "square": "s", "diamond": "D", "star": "*", "cross": "x"}
SIZES = {"small": 5.0, "big": 11.0}
ANCHORS = {"start": "left", "middle": "center", "end": "right"}
PIXELS = 100  # per inch
LINE = 14  # pixels from one line of the sentence to the next


def freeze(picture, values):
    """Return the marks of a picture, and what it says, as they are for the given values.

    Parameters
    ----------
    picture : dict
        As `Picture.plain` makes it.
    values : dict
        The value of each control; the first strip that has one decides on the frame.

    Returns
    -------
    marks : list of dict
    says : str
    """
    for name, strip in picture["strips"].items():
        distances = np.abs(np.asarray(strip["values"]) - values[name])
        place = int(np.argmin(distances))
        at = {moved: frames[place] for moved, frames in strip["marks"].items()}
        marks = [drawn | {"at": at.get(drawn["name"], drawn["at"])} for drawn in picture["marks"]]
        says = strip["sentences"][strip["says"][place]] if strip["says"] else picture["says"]
        return marks, says
    return picture["marks"], picture["says"]


def still(picture, values):
    """Return a Matplotlib figure that shows a picture for the given values, its sentence below."""
    marks, says = freeze(picture, values)
    width = picture["width"]
    words = _wrapped(says, width)
    room = max(44, 20 + LINE * (words.count("\n") + 1)) if says else 0
    height = picture["height"] + room
    with rc_context({"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"]}):
        inches = (width / PIXELS, height / PIXELS)
        figure = Figure(figsize=inches, dpi=PIXELS, layout="none")  # whatever the style says
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, width), ylim=(height, 0))
        ax.set_axis_off()
        for drawn in marks:
            if drawn["at"]:
                _draw(ax, drawn)
        ax.text(12, height - room + 14, words, color=INK, fontsize=8, va="top")
    return figure


def _draw(ax, drawn):
    known = set(ax.get_children())
    _DRAW[drawn["kind"]](ax, drawn["at"], drawn["style"].split())
    if "clip" in drawn:
        left, top, width, height = drawn["clip"]
        for artist in set(ax.get_children()) - known:
            artist.set_clip_path(Rectangle((left, top), width, height, transform=ax.transData))


def _wrapped(text, width):
    import textwrap

    return "\n".join(textwrap.wrap(text, int(width / 6.2)))


def _color(words):
    return next((COLORS[word] for word in words if word in COLORS), INK)


def _stroke(words):
    return {
        "color": _color(words),
        "linewidth": 0.72 * next((WIDTHS[word] for word in words if word in WIDTHS), 2.0),
        "linestyle": next((DASHES[word] for word in words if word in DASHES), "-"),
        "alpha": 0.35 if "faint" in words else 1.0,
    }


def _line(ax, at, words):
    ax.plot(at[0::2], at[1::2], **_stroke(words), solid_joinstyle="round")


def _stairs(ax, at, words):
    left, step, *heights = at
    edges = left + step * np.arange(len(heights) + 1)
    ax.plot(np.repeat(edges, 2)[1:-1], np.repeat(heights, 2), **_stroke(words))


def _lines(ax, at, words):
    for line in at:
        _line(ax, line, words)


def _area(ax, at, words):
    if "fill" in words:
        look = {"color": _color(words), "alpha": 0.18, "linewidth": 0}
        ax.fill(at[0::2], at[1::2], **look, linestyle="-")  # a style may cycle through dashes
    if "fill" not in words or "outlined" in words:
        _line(ax, [*at, *at[:2]], words)


def _ellipse(ax, at, words):
    x, y, rx, ry, angle = at
    look = {"xy": (x, y), "width": 2 * rx, "height": 2 * ry, "angle": angle}
    if "fill" in words:
        ax.add_patch(Ellipse(**look, color=_color(words), alpha=0.18, linewidth=0))
    if "fill" not in words or "outlined" in words:
        ax.add_patch(Ellipse(**look, fill=False, **_stroke(words)))


def _dots(ax, at, words):
    symbol = next((word for word in words if word in SYMBOLS), "circle")
    size = next((SIZES[word] for word in words if word in SIZES), 7.5)
    ax.plot(
        at[0::2],
        at[1::2],
        SYMBOLS[symbol],
        color=_color(words),
        markersize=0.72 * size * (1.6 if symbol == "star" else 1),
        markerfacecolor="none" if symbol == "ring" else _color(words),
        markeredgewidth=1.4 if symbol in ("ring", "cross") else 0,
        alpha=0.35 if "faint" in words else 1.0,
    )


def _text(ax, at, words):
    x, y, string = at
    ax.text(
        x,
        y,
        string,
        color=_color(words) if {"ink", "muted"} & set(words) else INK,
        fontsize=7.5 if "small" in words else 9,
        fontweight="bold" if "bold" in words else "normal",
        ha=next((ANCHORS[word] for word in words if word in ANCHORS), "left"),
        va="baseline",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )


def _image(ax, at, words):
    left, top, width, height, uri = at
    ax.imshow(
        pixels_of(uri),
        extent=(left, left + width, top + height, top),
        aspect="auto",
        interpolation="nearest" if "pixelated" in words else "antialiased",
        cmap="gray",
        vmin=0,
        vmax=255,
    )


_DRAW = {
    "line": _line,
    "lines": _lines,
    "stairs": _stairs,
    "area": _area,
    "ellipse": _ellipse,
    "dots": _dots,
    "text": _text,
    "image": _image,
}
