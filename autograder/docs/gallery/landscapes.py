"""The loss landscapes of the explorable that the section links to, with every minimizer."""

from functools import cache

import numpy as np

from autograder.docs.gallery.compare import Comparison, digits, table, tally
from autograder.docs.gallery.exhibit import Exhibit
from autograder.docs.gallery.printed import LOWEST
from autograder.docs.gallery.svg import drawn
from utils import figures
from utils.widgets.losses import LANDSCAPES, grid, minimizers

__all__ = ["exhibits"]

LAMS = np.concatenate([[0.0], np.geomspace(0.01, 40, 99)])  # the explorable's slider ends at 40
KINDS = {"L1": ("l1", "D", "-", 3.6), "L2": ("l2", "^", "-.", 1.6)}
JUMP = 0.1  # of the box: where the lowest point moves by more, it is another one, and no line


@cache
def lowest(name, penalty):
    """Return the lowest minimizer in the box for each λ of `LAMS`, (100, 2)."""
    found = minimizers(LANDSCAPES[name], penalty, LAMS)
    return np.array([points[0] for points in found])


@cache
def compared(name):
    """Set the printed lowest points and values of a landscape against ours."""
    landscape, found = LANDSCAPES[name], []
    points = minimizers(landscape, "L1", [0.0])[0]
    for k, printed in enumerate(LOWEST[name], 1):
        there = np.array([float(printed.x), float(printed.y)])
        ours = points[np.abs(points - there).sum(axis=1).argmin()]
        value = float(landscape.loss(*ours))
        for what, text, number in zip(
            ("w₁", "w₂", "J"), (printed.x, printed.y, printed.value), (*ours, value), strict=True
        ):
            found.append(Comparison(f"{name} {k}, {what}", text, float(number)))
    return found


def exhibits():
    """Return the eight landscapes with where L1 and L2 move the lowest point."""
    everything = tuple(one for name in LANDSCAPES for one in compared(name))
    wrong = [one for one in everything if not one.equal]
    without_zero = [name for name in LANDSCAPES if np.all(lowest(name, "L1")[0] != 0)]
    zeros = {p: sum(np.any(lowest(name, p)[-1] == 0) for name in without_zero) for p in KINDS}
    values = {
        "landscape_table": _table(),
        "landscape_tally": tally(everything),
        "landscape_wrong": str(len(wrong)),
        "landscape_more": ", ".join(digits(one.ours, one.decimals + 2) for one in wrong),
        "without_zero": str(len(without_zero)),
        "zeros_l1": str(zeros["L1"]),
        "zeros_l2": str(zeros["L2"] or "none"),
    }
    options = {"rows": 2, "columns": 4, "coarse": True}
    picture = drawn(_draw, size=(10, 5.4), title="Eight landscapes", **options)
    return [Exhibit(values, {"landscapes": picture}, _claims(wrong), everything)]


def _claims(wrong):
    """Return what the page says of the ways to λ = 40, and of the numbers that differ."""
    still = [name for name in LANDSCAPES if np.all(lowest(name, "L1")[0] == 0)]
    return {
        "where the lowest point is the origin, nothing moves": all(
            np.all(lowest(name, penalty) == 0) for name in still for penalty in KINDS
        ),
        "under L1 the lowest points end on an axis": all(
            np.any(lowest(name, "L1")[-1] == 0) for name in LANDSCAPES
        ),
        "the others are within one unit of the last digit": all(
            one.gap < 10.0**-one.decimals for one in wrong
        ),
    }


def _table():
    rows = []
    for name in LANDSCAPES:
        cells = [one.cell for one in compared(name)]
        rows += [(name, *cells[k : k + 3]) for k in range(0, len(cells), 3)]
    return table(("landscape", "w₁", "w₂", "J"), rows)


def _draw(axes):
    for ax, name in zip(axes.flat, LANDSCAPES, strict=True):
        _draw_landscape(ax, name)
    marks, names = axes[0, 0].get_legend_handles_labels()
    axes[0, 0].figure.legend(marks, names, loc="outside lower center", ncols=3)


def _draw_landscape(ax, name):
    """Draw contours that enclose given shares of the box, and the ways of the lowest points."""
    landscape = LANDSCAPES[name]
    x, y = grid(landscape.x, 64), grid(landscape.y, 64)
    heights = landscape.loss(*np.meshgrid(x, y))
    shares = landscape.shares[1::2] or landscape.shares  # half of them, to save space
    look = {"colors": "#B5B5B5", "linewidths": 0.8, "linestyles": "solid"}
    ax.contour(x, y, heights, levels=np.quantile(heights, shares), **look)
    for line in (ax.axhline, ax.axvline):
        line(0, color=figures.INK, linewidth=0.8)
    for penalty, (series, marker, dash, width) in KINDS.items():
        color = figures.COLORS[series]
        ax.plot(*_broken(landscape, lowest(name, penalty)), dash, color=color, linewidth=width)
        ends = {"label": f"{penalty}, λ = 40", "markeredgecolor": figures.INK, "linestyle": "none"}
        ax.plot(*lowest(name, penalty)[-1:].T, marker, color=color, markersize=7, **ends)
    star = {"color": figures.COLORS["truth"], "markersize": 9, "linestyle": "none"}
    ax.plot(*lowest(name, "L1")[:1].T, "*", label="lowest J", **star)
    ax.set(xlim=landscape.x, ylim=landscape.y, title=name)
    ax.locator_params(nbins=4)
    ax.grid(visible=False)


def _broken(landscape, places):
    """Return coordinates (2, n) with a gap where a way jumps, without points that hardly differ."""
    cells = np.round(places / landscape.span * 150)
    places = places[np.append(True, np.any(np.diff(cells, axis=0) != 0, axis=1))]
    jumps = (np.abs(np.diff(places, axis=0)) > JUMP * landscape.span).any(axis=1)
    return np.insert(places, np.flatnonzero(jumps) + 1, np.nan, axis=0).T
