"""The two figures of a lesson in the course's style, with the text that says the same."""

import numpy as np
from matplotlib.figure import Figure

from autograder.report.findings import plural
from autograder.report.statistics import quartiles
from autograder.report.summary import bare
from utils.figures import COLORS, INK, image_html, to_png

SHARP = 160  # dots per inch: crisp in print and at twice the size
PARTS = {  # color and hatch, so that color is never alone
    "full marks": (COLORS["train"], ""),
    "part": ("#56B4E9", "////"),
    "no points": ("#EEEEEE", "...."),
}
KINDS = ("full", "part", "none")  # the same, as fields of an `Item`
BINS = 25
NAMED = 5  # questions in the alt text; the table has them all


def points_image(lesson):
    """Return the distribution of points as an image, "" where nothing was graded."""
    points = np.array([entry.points for entry in lesson.gradable])
    if not len(points):
        return ""
    full = max(entry.max_points for entry in lesson.gradable)
    alt = points_alt(points, full)
    return image_html(to_png(plot_points(points, full)), alt)


def points_alt(points, full):
    """Return the distribution in words."""
    low, lower, median, upper, high = quartiles(points)
    return (
        f"Histogram of the points of {plural(len(points), 'submission')}, from {low:.3g} to "
        f"{high:.3g} of {full:g}. The median is {median:.3g}; "
        f"the middle half lies between {lower:.3g} and {upper:.3g}."
    )


def plot_points(points, full):
    """Draw a histogram of points, with the median as a line."""
    figure = Figure(figsize=(6, 2.8), dpi=SHARP)
    ax = figure.add_subplot()
    width = max(1.0, np.ceil(full / BINS))
    edges = np.arange(0, max(full, points.max()) + 2 * width, width) - width / 2
    ax.hist(points, edges, color=COLORS["train"], edgecolor="white", linewidth=0.8)
    ax.margins(y=0.15)  # room for the word
    median = float(np.median(points))
    ax.axvline(median, color=INK, linestyle="--", linewidth=1.5)
    side = -1 if median > full / 2 else 1
    ax.annotate(
        f"median {median:.3g}",
        (median, 1),
        (6 * side, -4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if side < 0 else "left",
        va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
    )
    ax.set(xlabel=f"points of {full:g}", ylabel="submissions", xlim=(edges[0], edges[-1]))
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_major_locator().set_params(integer=True)
    ax.set_title(f"Half of them have {median:.3g} points or more")
    return figure


def questions_image(statistics):
    """Return the difficulty of the questions as an image, "" where nothing was answered."""
    there = {bare(name): item for name, item in statistics.items() if item.mean >= 0}
    if not there:
        return ""
    return image_html(to_png(plot_questions(there)), questions_alt(there))


def questions_alt(statistics):
    """Return the shares of the hardest questions in words."""
    order = sorted(statistics, key=lambda name: statistics[name].mean)
    said = [
        f"{name} {statistics[name].full} full, {statistics[name].part} part, "
        f"{statistics[name].none} no points"
        for name in order[:NAMED]
    ]
    rest = len(order) - NAMED
    more = f"; {plural(rest, 'easier question')} in the table below" if rest > 0 else ""
    return (
        f"Stacked bars, one a question in the order of the lesson. "
        f"Students, from the hardest: {'; '.join(said)}{more}."
    )


def plot_questions(statistics):
    """Draw a stacked bar for each question: full marks, part of them, no points."""
    names = list(statistics)
    figure = Figure(figsize=(6, 1.3 + 0.25 * len(names)), dpi=SHARP)
    ax = figure.add_subplot()
    n = np.array([statistics[name].n for name in names])
    counts = [[getattr(statistics[name], kind) for name in names] for kind in KINDS]
    start = np.zeros(len(names))
    for (label, (color, hatch)), count in zip(PARTS.items(), counts, strict=True):
        share = 100 * np.array(count) / n
        style = {"color": color, "hatch": hatch, "edgecolor": "#555555", "linewidth": 0.5}
        ax.barh(names, share, left=start, height=0.72, label=label, **style)
        start += share
    ax.set(
        xlim=(0, 100), xlabel="% of the submissions with an answer", ylim=(len(names) - 0.4, -0.6)
    )
    ax.grid(visible=False, axis="y")
    hardest = min(names, key=lambda name: statistics[name].mean)
    ax.set_title(f"{hardest} is the hardest: {statistics[hardest].mean:.0%} of its points")
    ax.title.set_x(0)
    figure.legend(loc="outside lower center", ncols=3)
    return figure
