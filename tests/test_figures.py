"""Tests of utils.figures: what a figure holds and how it is published, never its pixels."""

import base64
import html
import io
import os
import re
import struct
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from nbconvert import HTMLExporter
from PIL import Image

from utils import figures
from utils.figures import (
    COLORS,
    LINESTYLES,
    MARKERS,
    label_lines,
    pair,
    plot_decay,
    plot_digits,
    plot_learning_curves,
    show,
    to_png,
    use_style,
)


@pytest.fixture(autouse=True)
def course_style():
    with mpl.rc_context():
        mpl.use("agg")
        use_style()
        yield
        plt.close("all")


@pytest.fixture
def published(monkeypatch):
    bundles = []
    monkeypatch.setattr(figures, "_publish", bundles.append)
    return bundles


def decoded(bundle):
    return base64.b64decode(re.search(r'base64,([^"]+)"', bundle["text/html"])[1])


def contrast_with_white(colour):
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in mpl.colors.to_rgb(colour)
    ]
    return 1.05 / (np.dot([0.2126, 0.7152, 0.0722], linear) + 0.05)


def labels_of(ax):
    return [text.get_text() for text in ax.texts]


def test_style_sets_size_colours_and_a_white_page():
    figure, ax = plt.subplots()
    assert figure.get_size_inches().tolist() == [6, 3.6]
    assert figure.dpi == 100
    assert to_hex(figure.get_facecolor()) == to_hex(ax.get_facecolor()) == "#ffffff"
    assert Image.open(io.BytesIO(to_png(figure))).size == (600, 360)


def test_style_sheet_and_colours_say_the_same():
    cycle = plt.rcParams["axes.prop_cycle"].by_key()
    names = ["train", "dev", "l2", "l1", "truth", "plain"]
    assert cycle["color"] == [COLORS[name] for name in names]
    assert cycle["linestyle"] == [LINESTYLES[name] for name in names]


def test_each_meaning_has_a_colour_a_dash_and_a_marker_of_its_own():
    for cue in (COLORS, LINESTYLES, MARKERS):
        assert cue.keys() == COLORS.keys()
        assert len({str(value) for value in cue.values()}) == len(COLORS)


def test_words_and_most_lines_stand_out_from_the_page():
    for setting in ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"):
        assert contrast_with_white(plt.rcParams[setting]) > 7
    # The colour of L1 is given and light: its label is written in ink beside it.
    assert all(contrast_with_white(COLORS[name]) > 3 for name in COLORS.keys() - {"l1"})


def test_pair_is_wide_and_takes_the_options_of_subplots():
    figure, (left, right) = pair(sharey=True)
    assert figure.get_size_inches().tolist() == [10, 3.6]
    left.set_ylim(0, 7)
    assert right.get_ylim() == (0, 7)


def test_show_publishes_one_image_with_its_alt_text_and_closes_the_figure(published):
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    show(
        figure,
        """Error < 1 & "falling"
           in every epoch.""",
    )
    (bundle,) = published
    text = 'Error < 1 & "falling" in every epoch.'
    assert bundle["text/plain"] == text
    assert html.unescape(re.search(r'alt="([^"]*)"', bundle["text/html"])[1]) == text
    assert bundle["text/html"].count("data:image/png") == 1
    assert bundle.keys() == {"text/html", "text/plain"}  # the picture is not stored twice
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_a_page_made_by_nbconvert_keeps_the_alt_text(template, published):
    text = 'Error < 1 & "falling".'
    show(plt.figure(), text)
    output = nbformat.v4.new_output("display_data", published[0])
    cell = nbformat.v4.new_code_cell("show()", outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    (quoted,) = re.findall(r"""<img alt=("[^"]*"|'[^']*')""", page)
    assert html.unescape(quoted[1:-1]) == text


@given(alt=st.text(min_size=1).filter(lambda text: text.strip()))
def test_any_alt_text_survives_the_markup(alt):
    markup = figures.image_html(b"png", alt)
    assert html.unescape(re.fullmatch(r'<img alt="([^"]*)"\nsrc="[^"]*">', markup)[1]) == alt


@pytest.mark.parametrize("alt", ["", " \n "])
def test_show_refuses_an_empty_alt_text(alt, published):
    with pytest.raises(ValueError, match="alt is empty: say in one to three sentences"):
        show(plt.figure(), alt)
    assert not published


def test_show_warns_about_a_large_image(published):
    figure, ax = plt.subplots()
    ax.imshow(np.random.default_rng(0).random((360, 600, 3)), aspect="auto")
    with pytest.warns(UserWarning, match=r"the figure takes \d+ KB, more than 100 KB"):
        show(figure, "Noise.")
    assert len(published) == 1


def test_png_is_the_same_each_time_and_tells_no_program_and_no_date():
    def draw():
        ax = plot_decay({"l1": np.arange(5)})
        return to_png(ax.figure)

    png = draw()
    assert png == draw()
    kinds, position = [], 8
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        kinds.append(kind.decode())
        position += length + 12
    assert set(kinds) <= {"IHDR", "PLTE", "pHYs", "IDAT", "IEND"}


def test_png_keeps_the_colours_that_have_a_meaning():
    figure, ax = plt.subplots()
    for height, colour in enumerate(COLORS.values()):
        ax.axhspan(height, height + 1, color=colour)
    ax.imshow(np.linspace(0, 1, 64).reshape(8, 8), extent=(0, 1, 7, 8), aspect="auto")
    ax.set_ylim(0, 8)
    pixels = np.asarray(Image.open(io.BytesIO(to_png(figure))).convert("RGB")).reshape(-1, 3)
    counts = dict(zip(*np.unique(pixels @ [65536, 256, 1], return_counts=True), strict=True))
    for colour in ("#FFFFFF", *COLORS.values()):
        assert counts.get(int(colour[1:], 16), 0) > 1000, colour


def test_outside_jupyter_show_prints_the_alt_text():
    code = """
import matplotlib.pyplot as plt
from utils.figures import show, use_style
use_style()
show(plt.subplots()[0], "An empty plot.")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "MPLBACKEND": "agg"},
    )
    assert done.stdout == "An empty plot.\n"


def test_learning_curves_draw_the_mean_within_the_range_of_the_seeds():
    seeds = np.array([[3.0, 2.0, 1.0], [5.0, 2.0, 3.0]])
    ax = plot_learning_curves({"train error": seeds, "dev error": np.array([4.0, 5.0, 6.0])})
    train, dev = ax.get_lines()
    np.testing.assert_array_equal(train.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(train.get_ydata(), [4, 2, 2])
    np.testing.assert_array_equal(dev.get_ydata(), [4, 5, 6])
    assert (train.get_color(), dev.get_color()) == (COLORS["train"], COLORS["dev"])
    (band,) = ax.collections
    corners = {tuple(point) for point in band.get_paths()[0].vertices.tolist()}
    assert {(1, 3), (1, 5), (3, 1), (3, 3)} <= corners
    assert labels_of(ax) == ["train error", "dev error"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "error")


def test_learning_curves_take_other_epochs_another_label_and_given_axes():
    _, (left, right) = pair()
    curves = {"accuracy": [0.1, 0.9]}
    ax = plot_learning_curves(curves, right, ylabel="share right", epochs=[0, 10])
    assert ax is right
    assert not left.lines
    assert right.get_lines()[0].get_xdata().tolist() == [0, 10]
    assert right.get_ylabel() == "share right"


def test_decay_starts_at_step_zero():
    ax = plot_decay({"L1": [1.0, 0.5, 0.0], "L2": [1.0, 0.5, 0.25]})
    zero, l1, l2 = ax.get_lines()
    assert set(zero.get_ydata()) == {0}
    assert l1.get_xdata().tolist() == [0, 1, 2]
    assert l2.get_ydata().tolist() == [1, 0.5, 0.25]
    assert (l1.get_color(), l2.get_color()) == (COLORS["l1"], COLORS["l2"])


@pytest.mark.parametrize("shape", [(3, 16), (3, 4, 4)])
def test_digits_are_drawn_ink_on_paper_with_their_titles(shape):
    images = np.linspace(0, 1, 48).reshape(shape)
    axes = plot_digits(images, [7, 1, 2])
    assert [ax.get_title() for ax in axes] == ["7", "1", "2"]
    for ax, image in zip(axes, images, strict=True):
        (drawn,) = ax.images
        np.testing.assert_array_equal(drawn.get_array(), image.reshape(4, 4))
        assert drawn.get_clim() == (0, 1)
        assert drawn.get_cmap().name == "gray_r"


def test_digits_take_given_axes():
    _, axes = pair()
    assert plot_digits(np.zeros((2, 16)), axes=axes).tolist() == axes.tolist()


@given(
    heights=st.lists(st.floats(0, 1), min_size=1, max_size=8),
    gap=st.floats(0.02, 0.12),
)
def test_labels_are_kept_apart_in_their_order_and_inside(heights, gap):
    spread = figures._spread(heights, gap)
    in_order = spread[np.argsort(heights, kind="stable")]
    assert (np.diff(in_order) >= gap - 1e-9).all()
    assert spread.min() >= -1e-9
    assert spread.max() <= 1 + 1e-9


def test_labels_that_do_not_collide_stay_where_their_lines_end():
    ax = label_lines(plot_decay({}))
    for height in (0.2, 0.7):
        ax.plot([0, 1, 2], [0, height, np.nan], label=str(height))
    ax.set_ylim(0, 1)
    label_lines(ax)
    assert [text.get_position()[1] for text in ax.texts] == pytest.approx([0.2, 0.7])
    assert [tuple(text.xy) for text in ax.texts] == [(1, 0.2), (1, 0.7)]
    assert {text.arrowprops["relpos"] for text in ax.texts} == {(0, 0.5)}  # the text's left edge
