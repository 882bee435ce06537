"""The base of live figures: pictures as data, what follows from a move, what an output holds."""

import json
import re
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from ipywidgets import FloatLogSlider, link
from matplotlib.backends.backend_agg import FigureCanvasAgg
from traitlets import Float, TraitError, Unicode, observe

from utils import figures, widgets
from utils.widgets import figure as base
from utils.widgets.scene import (
    WORDS,
    Axes,
    Frame,
    Picture,
    Strip,
    mark,
    pixels_of,
    png_uri,
    significant,
    tenths,
)
from utils.widgets.still import COLORS, freeze, still

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "utils" / "widgets"
LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("*.py"))
GRID = np.geomspace(0.01, 100, 61)


class Toy(widgets.LiveFigure):
    """One weight, shrunk to (its best value)/(1 + λ); the share t that is left is a slider, too."""

    lam = Float(1.0).tag(sync=True)
    t = Float(0.5).tag(sync=True)
    penalty = Unicode("L1").tag(sync=True)
    best = Float(0.5).tag(sync=True)
    controls = (
        base.slider("lam", "strength λ"),
        base.slider("t", "what is left"),
        base.choice("penalty", "penalty", ("L1", "L2")),
        base.slider("best", "best value", low=-1, high=1, step=0.25),
        base.button("again", "again"),
    )

    @observe("lam")
    def _follow(self, change):
        self.t = 1 / (1 + self.lam)

    def at(self, lam):
        return Axes(40, 20, 100, 100, x=(-1, 1), y=(0, 1)).flat(self.best / (1 + lam), 0.5)

    def picture(self):
        if self.best == -1:
            raise ValueError("best is -1; it should be larger")
        lams = Strip(
            GRID,
            {"w": [self.at(lam) for lam in GRID]},
            {"t": 1 / (1 + GRID)},
            {"lam": [f"λ {lam:.2f}" for lam in GRID]},
            ["small" if lam < 1 else "large" for lam in GRID],
        )
        ts = Strip(np.linspace(0.1, 1, 10), moves={"lam": 1 / np.linspace(0.1, 1, 10) - 1})
        return Picture(160, 140, [mark("w", "dots", "l1 diamond")], {"lam": lams, "t": ts})

    def frame(self):
        near = np.abs(GRID - self.lam).min() < 1e-5 * self.lam
        return None if near else Frame({"w": self.at(self.lam)}, says=f"λ is {self.lam}")

    def pressed(self, name):
        raise RuntimeError(f"{name} went wrong")

    def alt(self):
        return "A weight\n  shrinks."

    def variants(self):
        return [{"penalty": "L2"}]


@pytest.fixture
def toy():
    return Toy()


def sent_by(toy):
    """Record the states that go to the browser, one set of names a message."""
    messages = []
    toy._send = lambda message, buffers=None: messages.append(set(message.get("state", ())))
    return messages


# ---- pictures


def test_a_mark_of_an_unknown_kind_or_style_is_refused():
    with pytest.raises(ValueError, match="kind is 'circle'"):
        mark("a", "circle", "l1")
    with pytest.raises(ValueError, match="purple"):
        mark("a", "line", "purple thin")


def test_a_picture_refuses_marks_that_share_a_name_and_moves_without_a_mark():
    twice = [mark("a", "line", "l1"), mark("a", "dots", "l1")]
    with pytest.raises(ValueError, match=r"named twice: \{'a'\}"):
        Picture(10, 10, twice).plain()
    lost = {"lam": Strip([1.0], {"b": [[1, 2]]})}
    with pytest.raises(ValueError, match=r"absent: \{'b'\}"):
        Picture(10, 10, twice[:1], lost).plain()


def test_pixels_are_rounded_to_tenths_and_values_to_six_digits():
    assert tenths([[1.26, -0.01], [3.0, 2.449]]) == [[1.3, 0], [3, 2.4]]
    assert tenths(np.array([[1.0, 2.0], [3.04, 4.0]])) == [1, 2, 3, 4]
    assert significant(np.array([1 / 3, 1e-9])) == [0.333333, 1e-9]


def test_an_image_keeps_its_pixels_and_its_place():
    grey = np.array([[0.0, 0.5, 1.0], [2.0, -1.0, 0.25]])
    assert pixels_of(png_uri(grey)).tolist() == [[0, 128, 255], [255, 0, 64]]
    color = np.random.default_rng(0).random((4, 5, 3))
    np.testing.assert_allclose(pixels_of(png_uri(color)) / 255, color, atol=0.5 / 255 + 1e-9)
    at = [10.04, 20, 30, 40, png_uri(grey)]
    drawn = mark("digit", "image", "pixelated", at)
    strip = Strip([0.0, 1.0], {"digit": [at, at]})
    plain = Picture(100, 80, [drawn], {"lam": strip}).plain()
    assert plain["marks"][0]["at"] == [10, *at[1:]]
    assert plain["strips"]["lam"]["marks"]["digit"] == [[10, *at[1:]]] * 2
    drawn = FigureCanvasAgg(still(plain, {"lam": 0.0}))
    drawn.draw()
    seen = np.asarray(drawn.buffer_rgba())[..., 0]
    assert (seen[30, 15], seen[30, 35], seen[50, 15]) == (0, 255, 255), "three of the six pixels"


def test_axes_turn_values_into_pixels():
    axes = Axes(50, 10, 200, 100, x=(0.01, 100), y=(-1, 1), xlog=True, xlabel="λ", title="A title")
    np.testing.assert_allclose(axes.px([0.01, 1, 100], 0), [[50, 60], [150, 60], [250, 60]])
    drawn = {drawn["name"]: drawn["at"] for drawn in axes.marks("path")}
    texts = [at[2] for at in drawn.values() if isinstance(at[-1], str)]
    assert {"0.01", "1", "100", "λ", "A title"} <= set(texts)
    assert "−1" in texts  # a minus sign, not a hyphen
    assert axes.clip == [50, 10, 200, 100]


def test_sentences_of_a_strip_are_kept_once(toy):
    strip = toy._picture["strips"]["lam"]
    assert strip["sentences"] == ["small", "large"]
    assert [strip["sentences"][place] for place in strip["says"]][29:32] == [
        "small",
        "large",
        "large",
    ]


# ---- what follows from a move


def test_a_value_between_two_frames_gets_its_exact_frame_in_the_same_message(toy):
    messages = sent_by(toy)
    toy.lam = 0.777
    assert toy.t == pytest.approx(1 / 1.777)
    assert toy._moment["values"] == {"lam": 0.777, "t": toy.t}
    assert toy._moment["marks"]["w"] == tenths(toy.at(0.777))
    assert messages == [{"lam", "t", "_moment"}]


def test_a_frame_that_the_strip_has_is_not_sent_again(toy):
    toy.lam = 0.777
    toy.lam = float(GRID[10])
    assert "marks" not in toy._moment


def test_another_shape_gives_another_picture(toy):
    before = toy._picture["strips"]["lam"]["marks"]["w"]
    messages = sent_by(toy)
    toy.best = 1.0
    assert toy._picture["strips"]["lam"]["marks"]["w"] != before
    assert messages == [{"best", "_picture"}]


def test_an_error_is_shown_in_the_figure_until_all_is_well_again(toy):
    toy.best = -1.0
    assert toy._problem == "ValueError: best is -1; it should be larger"
    toy.best = 0.25
    assert toy._problem == ""
    toy._received(toy, {"press": "again"}, [])
    assert toy._problem == "RuntimeError: again went wrong"


@pytest.mark.parametrize("value", [np.nan, np.inf, "much"])
def test_a_value_that_is_no_number_is_refused_and_loses_nothing(value):
    figure = widgets.ConstraintGeometry()
    before = figure._picture
    with pytest.raises(TraitError, match="correlation"):
        figure.correlation = value
    assert figure.correlation == 0.5
    assert figure._picture is before


def test_a_page_leaves_no_figure_behind(toy):
    from ipywidgets.widgets.widget import _instances

    before = len(_instances)
    toy.page()
    assert len(_instances) == before


def test_texts_among_frames_stay_as_they_are():
    frames = [[1.0, 2.0, "0"], [1.04, 2.0, "0.05"]]
    assert Strip([1, 2], {"a": frames}).plain()["marks"]["a"] == [[1, 2, "0"], [1, 2, "0.05"]]


def test_a_stock_slider_moves_the_figure_and_follows_it(toy):
    stock = FloatLogSlider(value=1, min=-2, max=2)
    link((stock, "value"), (toy, "lam"))
    stock.value = 10
    assert toy.lam == 10
    toy.lam = 0.1
    assert stock.value == pytest.approx(0.1)


def test_streamed_frames_wait_for_the_browser_and_the_newest_wins(toy, monkeypatch):
    monkeypatch.setattr(base.time, "monotonic", lambda: 5.0)
    for number in range(1, 5):
        toy.stream(Frame(says=str(number)))
    assert (toy._moment["says"], toy._moment["serial"]) == ("1", 1)
    toy._drawn = 1
    assert (toy._moment["says"], toy._moment["serial"]) == ("4", 2)
    toy._drawn = 2
    assert toy._moment["serial"] == 2


def test_a_browser_that_says_nothing_does_not_stop_the_stream(toy, monkeypatch):
    now = iter([5.0, 5.0, 5.1, 7.0, 7.0])
    monkeypatch.setattr(base.time, "monotonic", lambda: next(now))
    for number in range(1, 4):
        toy.stream(Frame(says=str(number)))
    assert toy._moment["says"] == "3"


# ---- what an output holds


def data_in(page):
    text = re.search(r'<script type="application/json">\n(.*)\n</script>', page)[1]
    return json.loads(text.replace("<\\/", "</"))


def test_the_page_holds_picture_alt_text_data_and_code_and_asks_the_network_for_nothing(toy):
    page = toy.page()
    assert '<img alt="A weight shrinks."\nsrc="data:image/png;base64,' in page
    data = data_in(page)
    assert [entry["values"] for entry in data["recorded"]] == [
        {"penalty": "L1", "best": 0.5},
        {"penalty": "L2", "best": 0.5},
    ]
    moved = data["recorded"][0]["picture"]["strips"]["lam"]["marks"]["w"]
    assert data["shared"][moved] == toy._picture["strips"]["lam"]["marks"]["w"]
    addresses = set(re.findall(r"https?://[^\s\"']+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, not a place
    assert "import " not in re.sub(r"//.*", "", page)


def test_what_pictures_have_alike_is_there_once(toy):
    shared = data_in(toy.page())["shared"]
    assert len(shared) == len({json.dumps(entry) for entry in shared}) == 2  # the mark, its frames


def test_the_same_figure_gives_the_same_page(toy):
    assert toy.page() == Toy().page()


def test_the_still_picture_shows_the_present_value(toy):
    toy.lam = float(GRID[40])
    marks, says = freeze(toy._picture, {"lam": toy.lam, "t": toy.t})
    assert marks[0]["at"] == toy._picture["strips"]["lam"]["marks"]["w"][40]
    assert says == "large"
    drawn = still(toy._picture, {"lam": toy.lam, "t": toy.t})
    x, y = drawn.axes[0].lines[0].get_xydata()[0]
    assert [x, y] == marks[0]["at"]


def test_colors_are_the_same_in_every_form():
    sheet = (FOLDER / "live.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--cf-(\w+): light-dark\((#\w+),", sheet))
    for name, color in COLORS.items():
        assert light[name].lower() == color.lower(), name
    assert figures.COLORS.items() <= COLORS.items()


def test_every_style_word_is_known_to_the_drawing_layers():
    sheet, code = ((FOLDER / name).read_text(encoding="utf-8") for name in ("live.css", "live.js"))
    drawn = (FOLDER / "still.py").read_text(encoding="utf-8")
    for word in WORDS - {"start", "decor", "circle"}:  # what there is without a word
        assert f".m-{word}" in sheet or f"{word}:" in code, word
        assert re.search(rf'"{word}"', drawn) or word in COLORS, word


def test_code_and_sheet_are_packaged():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = {Path(glob).suffix for glob in settings["tool"]["setuptools"]["package-data"]["*"]}
    files = {path.suffix for path in FOLDER.rglob("*") if path.is_file()}
    assert files - {".py", ".pyc"} <= kinds


def test_a_widget_of_ipywidgets_leaves_a_still_figure(monkeypatch):
    shown = []
    monkeypatch.setattr(base, "get_ipython", lambda: True)
    monkeypatch.setattr(base, "display", lambda data, raw: shown.append(data))
    from matplotlib.figure import Figure

    widgets.show_interactive(FloatLogSlider(), Figure(figsize=(2, 1)), "A  line.")
    view, fragment = shown
    assert fragment["text/plain"] == "A line."
    assert '<img alt="A line."' in fragment["text/html"]
    assert list(view) == ["application/vnd.jupyter.widget-view+json"]


# ---- the figures in the built notebooks


def figures_in(lesson):
    notebook = nbformat.read(ROOT / "solutions" / lesson / f"{lesson}.ipynb", as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            page = output.get("data", {}).get("text/html", "")
            if '"shared":' in page:
                yield data_in(page)


def numbers_in(data):
    """Return every number of plain data, and the pixels in place of an image's bytes."""
    if isinstance(data, str) and data.startswith("data:image/png"):
        return pixels_of(data).ravel().tolist()
    if isinstance(data, (list, dict)):
        items = data.values() if isinstance(data, dict) else data
        return [number for item in items for number in numbers_in(item)]
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", json.dumps(data))]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_saved_figure_holds_what_its_class_computes(lesson):
    for data in figures_in(lesson):
        made = getattr(widgets, data["name"])()
        names = set(made.trait_names()) & set(data["values"])
        for name in names:
            setattr(made, name, data["values"][name])
        again = data_in(made.page())
        assert again["label"] == data["label"]
        np.testing.assert_allclose(
            numbers_in(again["shared"]), numbers_in(data["shared"]), atol=0.11
        )
