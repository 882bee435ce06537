"""Draw the course's figures in one style, and publish each once with its alt text.

A lesson calls `use_style` in its set-up cell, draws with a `plot_*` function or with Matplotlib,
sets a title that states the finding, and ends the cell with `show`.
The `plot_*` functions draw what they are given: they make no data, and they return their axes.
"""

import base64
import html
import io
import re
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image  # Matplotlib needs it and brings it

__all__ = [
    "COLORS",
    "LINESTYLES",
    "MARKERS",
    "image_html",
    "label_lines",
    "pair",
    "plot_decay",
    "plot_digits",
    "plot_learning_curves",
    "series_style",
    "show",
    "to_png",
    "use_style",
]

# What a colour means, in text, formula and figure alike; dash and marker say it a second time.
COLORS = {
    "train": "#0072B2",
    "dev": "#D55E00",
    "l2": "#009E73",
    "l1": "#CC79A7",
    "truth": "#000000",
    "plain": "#6E6E6E",
}
LINESTYLES = {
    "train": "-",
    "dev": "--",
    "l2": "-.",
    "l1": (0, (1.2, 0.8)),
    "truth": ":",
    "plain": (0, (7, 2)),
}
MARKERS = {"train": "o", "dev": "s", "l2": "^", "l1": "D", "truth": "*", "plain": "x"}

LARGEST_PNG = 100_000  # bytes; a notebook with ten figures stays under 1.5 MB
INK = "#222222"


def use_style():
    """Draw every figure from now on in the course's style (`course.mplstyle`)."""
    plt.style.use(Path(__file__).with_name("course.mplstyle"))


def pair(**options):
    """Make a figure of two plots side by side, 10 x 3.6 inches.

    Parameters
    ----------
    **options
        What `matplotlib.pyplot.subplots` takes, for example ``sharey=True``.

    Returns
    -------
    figure, (left, right)
        The figure and its two axes.
    """
    return plt.subplots(1, 2, figsize=(10, 3.6), **options)


def show(figure, alt):
    """Publish a figure once, as a PNG image with its alt text, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        One to three sentences that carry the figure's message to somebody who does not see it.
        Line breaks and repeated spaces count as one space.

    Raises
    ------
    ValueError
        If `alt` is empty.

    Warns
    -----
    UserWarning
        If the image is larger than 100 KB.

    Notes
    -----
    The image goes out inside an ``<img>`` element, not as Jupyter's own image type:
    for that, neither JupyterLab nor nbconvert's default page writes any alt text.
    Where there is no HTML (a terminal, a LaTeX export), the alt text itself is shown.
    """
    alt = " ".join(alt.split())
    if not alt:
        raise ValueError("alt is empty: say in one to three sentences what the figure shows")
    png = to_png(figure)
    plt.close(figure)  # or the inline backend shows it a second time
    if len(png) > LARGEST_PNG:
        warnings.warn(
            f"the figure takes {len(png) // 1000} KB, more than {LARGEST_PNG // 1000} KB: "
            "draw fewer points or a smaller figure",
            stacklevel=2,
        )
    _publish({"text/html": image_html(png, alt), "text/plain": alt})


def to_png(figure):
    """Return a figure as PNG bytes, the same bytes each time: no date and no program's name.

    Its colours are rounded to the 256 that cover them best, which nobody sees
    and which takes a third of the space.
    """
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    colours = Image.open(drawn).convert("RGB")
    rounded = colours.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    dots_per_inch = (figure.dpi, figure.dpi)
    rounded.save(small, format="png", optimize=True, dpi=dots_per_inch)
    return small.getvalue()


def image_html(png, alt):
    r"""Return an HTML image that carries its own bytes.

    The alt text has a line to itself, so that a notebook's difference shows when it changes.

    Examples
    --------
    >>> image_html(b"png", 'Error < 1 "always"')
    '<img alt="Error &lt; 1 &quot;always&quot;"\nsrc="data:image/png;base64,cG5n">'
    """
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{html.escape(alt)}"\nsrc="data:image/png;base64,{data}">'


def _publish(bundle):
    """Hand a bundle of forms to Jupyter, or print the text where there is no Jupyter."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = lambda: None  # noqa: E731
    if get_ipython() is None:
        print(bundle["text/plain"])
    else:
        display(bundle, raw=True)


def series_style(name):
    """Return colour and dash of the first word in a name that has a meaning in `COLORS`.

    A name without one gets an empty dict: Matplotlib's next colour and dash.

    Examples
    --------
    >>> series_style("dev error") == {"color": COLORS["dev"], "linestyle": "--"}
    True
    >>> series_style("L2, λ = 0.01")["color"] == COLORS["l2"]
    True
    >>> series_style("accuracy")
    {}
    """
    for word in re.findall(r"\w+", name.lower()):
        if word in COLORS:
            return {"color": COLORS[word], "linestyle": LINESTYLES[word]}
    return {}


def label_lines(ax, gap=0.08):
    """Write the label of each labelled line to the right of the axes, in place of a legend.

    A thin line of the same colour leads from the line's end to its label.
    Call it last: labels too close are moved apart for the limits that the axes then have.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    gap : float
        The least distance between two labels, as a part of the axes' height.

    Returns
    -------
    matplotlib.axes.Axes
        `ax` itself.
    """
    lines = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
    ends = [_end(line) for line in lines]
    ax.autoscale_view()  # Matplotlib puts it off; the heights need the limits now
    to_axes = ax.transData + ax.transAxes.inverted()
    heights = [to_axes.transform(end)[1] for end in ends]
    for line, end, height in zip(lines, ends, _spread(heights, gap), strict=True):
        _label(
            ax, line.get_label(), line.get_color(), xy=end, at=(1.02, height), of="axes fraction"
        )
    return ax


def _label(ax, text, colour, *, xy, at, of):
    """Write dark text, legible where the colour is not, joined to the point xy by a thin line."""
    leader = {"arrowstyle": "-", "color": colour, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    leader["relpos"] = (0, 0.5)  # from the middle of the text it would cross its neighbours
    ax.annotate(
        text, xy=xy, xytext=at, textcoords=of, va="center", color=INK, fontsize=9, arrowprops=leader
    )


def _end(line):
    """Return the last finite point of a line."""
    points = line.get_xydata()
    return points[np.isfinite(points).all(axis=1)][-1]


def _spread(heights, gap):
    """Move heights apart to at least gap, in their order and within 0 to 1 if they fit."""
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(heights))
    # Take the gaps out, make the rest nondecreasing from below and from above, put the gaps back.
    rest = np.asarray(heights, dtype=float)[order] - steps
    low = np.maximum.accumulate(rest)
    high = np.minimum.accumulate(rest[::-1])[::-1]
    spread = np.empty(len(heights))
    spread[order] = np.clip((low + high) / 2, 0, max(0, 1 - steps[-1:].sum())) + steps
    return spread


def plot_learning_curves(curves, ax=None, ylabel="error", epochs=None):
    """Draw one curve per name against the epoch, several seeds as their mean within their range.

    Parameters
    ----------
    curves : dict of name -> (n_epochs,) or (n_seeds, n_epochs) array
        A name that holds "train", "dev", "l1", "l2", "truth" or "plain" gets that colour and dash.
    ax : matplotlib.axes.Axes, optional
        A new figure if not given.
    ylabel : str
    epochs : (n_epochs,) array, optional
        1, 2, ... if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = ax or plt.subplots()[1]
    for name, curve in curves.items():
        seeds = np.atleast_2d(np.asarray(curve, dtype=float))
        x = np.arange(1, seeds.shape[1] + 1) if epochs is None else epochs
        (line,) = ax.plot(x, seeds.mean(axis=0), label=name, **series_style(name))
        if len(seeds) > 1:
            low, high = seeds.min(axis=0), seeds.max(axis=0)
            ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    ax.set(xlabel="epoch", ylabel=ylabel)
    return label_lines(ax)


def plot_decay(paths, ax=None):
    """Draw the path of one weight per name against the step, with a thin line at zero.

    Parameters
    ----------
    paths : dict of name -> (steps + 1,) array
        The weight before the first step and after each one.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = ax or plt.subplots()[1]
    ax.axhline(0, color=INK, linewidth=0.8)
    for name, path in paths.items():
        ax.plot(np.arange(len(path)), path, label=name, **series_style(name))
    ax.set(xlabel="step", ylabel="weight")
    return label_lines(ax)


def plot_digits(images, titles=None, axes=None):
    """Draw square grey images in a row, each with its title.

    Parameters
    ----------
    images : (n, side * side) or (n, side, side) array
        From 0 (white) to 1 (black).
    titles : n values, optional
    axes : n matplotlib.axes.Axes, optional
        A new figure if not given.

    Returns
    -------
    (n,) array of matplotlib.axes.Axes
    """
    images = np.asarray(images)
    side = round(images[0].size ** 0.5)
    if axes is None:
        size = (min(1.4 * len(images), 10), 1.4)
        axes = plt.subplots(1, len(images), figsize=size, squeeze=False)[1][0]
    titles = [""] * len(images) if titles is None else titles
    for ax, image, title in zip(axes, images, titles, strict=True):
        ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
        ax.set_title(str(title), loc="center", fontsize=10)
        ax.set_axis_off()
    return np.asarray(axes)
