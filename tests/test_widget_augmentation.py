"""The augmentation gallery: images by SciPy's route, the outline, the draws, and what it says."""

import json
import re

import numpy as np
import pytest
import scipy.ndimage
from ipywidgets import IntSlider, link
from matplotlib.path import Path
from traitlets import TraitError

from utils import widgets
from utils.figures import to_png
from utils.widgets.augmentation import (
    DRAWS,
    IMAGES,
    SIZE,
    AugmentationGallery,
    draw,
    image_of,
    outline,
    transformed,
)
from utils.widgets.scene import pixels_of
from utils.widgets.still import still

SETTINGS = (  # angle, zoom, down, right, flip
    (0.0, 1.0, 0.0, 0.0, False),
    (20.0, 0.9, 2.0, -3.0, False),
    (-110.0, 1.7, -5.0, 8.0, True),
    (180.0, 0.5, 0.0, 1.0, False),
    (37.3, 1.04, 2.5, 0.25, True),
)


@pytest.fixture
def made():
    """Return a function that makes a figure for a setting."""
    figures = []

    def make(setting=SETTINGS[1], **values):
        names = ("angle", "zoom", "down", "right", "flip")
        figures.append(AugmentationGallery(**dict(zip(names, setting, strict=True)) | values))
        return figures[-1]

    yield make
    for figure in figures:
        figure.close()


def marks(figure):
    return {drawn["name"]: drawn["at"] for drawn in figure._picture["marks"]}


def pixels(figure, name):
    """Return what the mark of an image shows, from 0 for what lies outside to 1, (H, W, C)."""
    levels = pixels_of(marks(figure)[name][-1]) / 255
    return levels if levels.ndim == 3 else 1 - levels[..., None]


def by_scipy(image, angle, zoom, shift, flipped):
    """Mirror, turn, zoom and shift an image (H, W, C); `shift` in pixels, down and right."""
    theta = np.deg2rad(angle)
    back = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]]) / zoom
    image = np.fliplr(image) if flipped else image
    center = (len(image) - 1) / 2
    offset = center - back @ (center + np.asarray(shift)) + 2
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))
    size = image.shape[:2]
    channels = [
        scipy.ndimage.affine_transform(padded[..., c], back, offset, size, order=1)
        for c in range(image.shape[2])
    ]
    return np.stack(channels, axis=-1)


# ---- the images


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_square_and_from_0_to_1(name):
    image = image_of(name)
    assert image.shape == ((28, 28, 1) if name == "digit" else (84, 84, 3))
    assert 0 <= image.min() < 0.1
    assert 0.9 < image.max() <= 1


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_middle_shows_what_scipy_makes(made, name, setting):
    figure, image = made(setting, image=name), image_of(name)
    angle, zoom, down, right, flip = setting
    shift = np.array([down, right]) * len(image) / 28
    rounding = 1 / 30 if name == "digit" else 1 / 510
    seen = pixels(figure, "transformed")
    expected = by_scipy(image, angle, zoom, shift, flip)
    np.testing.assert_allclose(seen, expected, atol=rounding + 1e-9)
    np.testing.assert_allclose(pixels(figure, "original"), image, atol=rounding + 1e-9)


def test_many_random_transformations_are_scipys():
    rng = np.random.default_rng(0)
    image = rng.random((28, 28, 2))
    values = {
        "angle": rng.uniform(-180, 180, 200),
        "zoom": rng.uniform(0.5, 2, 200),
        "shift": rng.uniform(-8, 8, (200, 2)),
        "flipped": rng.random(200) < 0.5,
    }
    rows = zip(*values.values(), strict=True)
    expected = [by_scipy(image, *row) for row in rows]
    np.testing.assert_allclose(transformed(image, **values), expected, atol=1e-12)


@pytest.mark.parametrize("name", ["digit", "temple"])
def test_each_draw_is_what_scipy_makes_of_its_values(made, name):
    figure = made(SETTINGS[2], image=name, seed=5)
    sheet = pixels(figure, "draws")
    small = image_of(name)
    if name != "digit":
        small = sum(small[i::3, j::3] for i in range(3) for j in range(3)) / 9
    shift = np.array([figure.down, figure.right])
    values = draw(figure.angle, figure.zoom, shift, figure.flip, np.random.default_rng(5))
    for k, row in enumerate(zip(*values.values(), strict=True)):
        top, left = 28 * (k // 3), 28 * (k % 3)
        tile = sheet[top : top + 28, left : left + 28]
        np.testing.assert_allclose(tile, by_scipy(small, *row), atol=1 / 29)


# ---- the outline


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_outline_holds_the_image_and_nothing_else(setting):
    """Pixels of a white image are white well inside the outline, and 0 well outside."""
    angle, zoom, down, right, flip = setting
    n_pixels = 200
    shift = np.array([down, right])
    white = np.ones((n_pixels, n_pixels, 1))
    seen = transformed(white, [angle], [zoom], shift[None], [flip])[0, ..., 0]
    middle = (np.arange(n_pixels) - (n_pixels - 1) / 2) / n_pixels
    x, y = np.meshgrid(middle, middle)
    points = np.column_stack([x.ravel(), y.ravel()])
    corners = outline(angle, zoom, shift, flip)
    center, margin = corners.mean(axis=0), 4 / n_pixels / zoom
    inner = Path(center + (corners - center) * (1 - margin)).contains_points(points)
    outer = Path(center + (corners - center) * (1 + margin)).contains_points(points)
    assert inner.sum() > 5000
    np.testing.assert_allclose(seen.ravel()[inner], 1, atol=1e-9)
    np.testing.assert_allclose(seen.ravel()[~outer], 0, atol=1e-9)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_corners_turn_as_complex_numbers_do(made, setting):
    angle, zoom, down, right, flip = setting
    start = np.array([-1 + 1j, 1 + 1j, 1 - 1j, -1 - 1j]) * SIZE / 2  # y upward
    start = -start.conjugate() if flip else start
    turned = zoom * start * np.exp(1j * np.deg2rad(angle))
    drawn = marks(made(setting))
    left, top, *_ = drawn["transformed"]
    center = np.array([left, top]) + SIZE / 2 + SIZE / 28 * np.array([right, down])
    expected = center + np.column_stack([turned.real, -turned.imag])
    np.testing.assert_allclose(np.reshape(drawn["outline"], (4, 2)), expected, atol=0.051)
    np.testing.assert_allclose(drawn["first corner moved"], expected[0], atol=0.051)


# ---- the draws


def values_of(seed, angle=40.0, zoom=1.5, shift=(3.0, -2.0), flip=True):
    return draw(angle, zoom, np.array(shift), flip, np.random.default_rng(seed))


def test_draws_fill_the_range_of_each_strength():
    many = [values_of(seed) for seed in range(300)]
    each = {name: np.concatenate([values[name] for values in many]) for name in many[0]}
    parts = {
        "angle": each["angle"] / 40,
        "zoom": np.log(each["zoom"]) / np.log(1.5),
        "down": each["shift"][:, 0] / 3,
        "right": each["shift"][:, 1] / 2,
    }
    for name, part in parts.items():
        counts = np.histogram(part, bins=10, range=(-1, 1))[0]
        assert counts.sum() == 300 * DRAWS, name
        assert np.abs(counts - 30 * DRAWS).max() < 6 * np.sqrt(30 * DRAWS), name
    assert abs(each["flipped"].mean() - 0.5) < 0.05
    correlations = np.corrcoef([*parts.values(), each["flipped"]])
    assert np.abs(correlations - np.eye(5)).max() < 0.1


def test_another_strength_stretches_the_same_draws():
    half, whole = values_of(3, angle=20.0, flip=False), values_of(3)
    np.testing.assert_allclose(2 * half["angle"], whole["angle"])
    np.testing.assert_array_equal(half["shift"], whole["shift"])
    assert not half["flipped"].any()


def test_no_strength_draws_the_original_twelve_times(made):
    figure = made(SETTINGS[0])
    sheet = pixels(figure, "draws").reshape(4, 28, 3, 28)
    for row, column in np.ndindex(4, 3):
        np.testing.assert_allclose(
            sheet[row, :, column], pixels(figure, "original")[..., 0], atol=1e-9
        )


def test_the_button_draws_again_and_moves_nothing_else(made):
    figure = made()
    before = marks(figure)
    figure._received(None, {"press": "draw"}, [])
    after = marks(figure)
    assert figure.seed == 1
    assert {name for name in before if before[name] != after[name]} == {"draws"}
    figure.seed = 0
    assert marks(figure) == before


# ---- in words


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (SETTINGS[0], "Nothing is changed, in the draws neither."),
        ((-30.0, 1.0, 0.0, 0.0, False), "Turned by 30° clockwise: "),
        ((30.0, 1.2, 0.0, 0.0, False), "Turned by 30° counter-clockwise, enlarged to 120 %: "),
        (
            (0.0, 0.5, -1.0, 2.0, False),
            "Shrunk to 50 %, moved 1 pixel up and 2 pixels to the r",
        ),
        ((0.0, 2.0, 0.0, 0.0, False), "Enlarged to 200 %: nothing comes in from outside."),
        ((0.0, 1.0, 0.0, 0.0, True), "Mirrored: nothing comes in from outside."),
        ((0.0, 1.0, 0.0, 0.0, True), " Nobody writes a 6 mirrored."),
        ((120.0, 1.0, 0.0, 0.0, False), " Near 180° a 6 reads as a 9, and its label is wrong."),
    ],
)
def test_the_sentence_says_what_is_done(made, setting, words):
    assert words in made(setting).sentence()


def test_a_photograph_has_other_pixels_and_no_nine(made):
    sentence = made((150.0, 1.0, 1.0, -2.0, True), image="flower").sentence()
    assert "moved 3 pixels down and 6 pixels to the left" in sentence
    assert "6 mirrored" not in sentence
    assert "9" not in sentence
    shows = made((0.0, 1.0, 1.0, -2.0, False), image="flower")._picture["shows"]
    assert shows == {"down": "3 px", "right": "−6 px"}


def test_the_share_from_outside_is_counted(made):
    for setting in SETTINGS[1:]:
        angle, zoom, down, right, flip = setting
        shift = np.array([down, right]) * 300 / 28
        share = 1 - by_scipy(np.ones((300, 300, 1)), angle, zoom, shift, flip).mean()
        sentence = made(setting).sentence()
        said = re.search(r": (\d+) % of", sentence)
        said = int(said[1]) if said else 0
        assert said or "less than 1 % of" in sentence
        assert abs(said - 100 * share) < 1


# ---- as a figure


def test_a_stock_slider_and_its_trait_stay_linked(made):
    figure, stock = made(), IntSlider(min=-180, max=180)
    link((stock, "value"), (figure, "angle"))
    stock.value = 70
    assert "Turned by 70°" in figure._picture["says"]
    figure.angle = -5
    assert stock.value == -5


@pytest.mark.parametrize(
    "values", [{"zoom": 0}, {"angle": np.nan}, {"image": "cat"}, {"down": 29}, {"seed": -1}]
)
def test_what_cannot_be_drawn_is_refused(values):
    with pytest.raises(TraitError):
        AugmentationGallery(**values)


def test_the_page_is_small_and_turns_the_digit(made):
    page = made().page()
    assert len(page) < 100_000
    text = page.split('<script type="application/json">\n')[1].split("\n</script>")[0]
    recorded = json.loads(text.replace("<\\/", "</"))["recorded"]
    angles = [entry["values"]["angle"] for entry in recorded]
    assert sorted(angles) == list(range(-180, 181, 40))
    assert angles[0] == 20
    assert len({entry["picture"]["says"] for entry in recorded}) == len(angles)


@pytest.mark.parametrize("name", IMAGES)
def test_the_still_picture_is_small_and_has_words(made, name):
    figure = made(image=name)
    assert len(to_png(still(figure._picture, figure._values()))) < 60_000
    assert figure.sentence() in figure.alt()
    assert figure.alt().startswith("Left: a")


def test_it_is_offered():
    assert widgets.AugmentationGallery is AugmentationGallery


def test_a_photograph_names_who_took_it(made):
    credits = {}
    for name in IMAGES:
        marks = {m["name"]: m["at"] for m in made(image=name).picture().plain()["marks"]}
        credits[name] = marks.get("credit", ["", "", None])[2]
    assert credits == {
        "digit": None,
        "flower": "photograph by vultilion, CC BY 2.0",
        "temple": "photograph by danielbuechele, CC BY 2.0",
    }
