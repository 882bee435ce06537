"""The loss landscape: losses, minimizers and paths by independent routes, and what is drawn."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from utils.widgets import landscape as figures
from utils.widgets.landscape import LossLandscape, View, look, strengths
from utils.widgets.losses import LANDSCAPES, descent, minimizers, objective, within

NAMES = list(LANDSCAPES)
PAIRS = [(name, penalty) for name in NAMES for penalty in ("L1", "L2")]
# From the literature: the least value, and where it is.
PUBLISHED = {
    "Himmelblau": (
        0.0,
        [[3, 2], [-2.805118, 3.131312], [-3.779310, -3.283186], [3.584428, -1.848126]],
    ),
    "Styblinski–Tang": (-78.33233, [[-2.903534, -2.903534]]),
    "McCormick": (-1.9132229, [[-0.54719, -1.54719]]),
    "Matyas": (0.0, [[0, 0]]),
    "Rosenbrock": (0.0, [[1, 1]]),
    "Beale": (0.0, [[3, 0.5]]),
    "Goldstein–Price": (3.0, [[0, -1]]),
    "Rastrigin": (0.0, [[0, 0]]),
}


def random_points(landscape, rng, n):
    return rng.uniform(*np.transpose([landscape.x, landscape.y]), size=(n, 2))


def in_order(points):
    return points[np.lexsort(points.T)]


def multistart(landscape, penalty, lam, starts):
    """Return where scipy ends; for L1 with w = p − n, p ≥ 0 and n ≥ 0, so that it is smooth."""

    def smooth(w):
        value = objective(landscape, "L2", lam, *w)
        return value, np.array(landscape.slope(*w)) + 2 * lam * w

    def split(z):
        w = z[:2] - z[2:]
        slope = np.array(landscape.slope(*w))
        return landscape.loss(*w) + lam * z.sum(), np.concatenate([slope, -slope]) + lam

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000}
    search = {"jac": True, "method": "L-BFGS-B", "options": options}
    if penalty == "L2":
        return np.array([minimize(smooth, w, **search).x for w in starts])
    pairs = np.concatenate([np.maximum(starts, 0), np.maximum(-starts, 0)], axis=1)
    ends = np.array([minimize(split, z, bounds=[(0, None)] * 4, **search).x for z in pairs])
    return ends[:, :2] - ends[:, 2:]


def higher_around(landscape, penalty, lam, points):
    """Say where the objective is higher on a small ellipse around a point, (n,) bool."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    around = points[:, None] + 1e-3 * landscape.span * np.stack(
        [np.cos(turn), np.sin(turn)], axis=1
    )
    here = objective(landscape, penalty, lam, *points.T)
    there = objective(landscape, penalty, lam, *np.moveaxis(around, 2, 0))
    return (there > here[:, None]).all(axis=1)


# ---- losses


@pytest.mark.parametrize("name", NAMES)
def test_the_published_minimum_is_the_lowest_point_of_the_box(name):
    landscape, (least, where) = LANDSCAPES[name], PUBLISHED[name]
    points = minimizers(landscape, "L2", [0.0])[0]
    heights = landscape.loss(*points.T)
    assert heights[0] == pytest.approx(least, abs=1e-5)
    lowest = points[heights < heights[0] + 1e-9]
    np.testing.assert_allclose(in_order(lowest), in_order(np.array(where)), atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_slopes_are_those_of_the_loss(name):
    landscape = LANDSCAPES[name]
    x, y = random_points(landscape, np.random.default_rng(0), 50).T
    eps = 1e-6
    by_x = (landscape.loss(x + eps, y) - landscape.loss(x - eps, y)) / (2 * eps)
    by_y = (landscape.loss(x, y + eps) - landscape.loss(x, y - eps)) / (2 * eps)
    scale = np.abs([by_x, by_y]).max()
    np.testing.assert_allclose(landscape.slope(x, y), [by_x, by_y], atol=1e-6 * scale)


def test_known_numbers_of_minimizers():
    counts = {name: len(minimizers(LANDSCAPES[name], "L2", [0.0])[0]) for name in NAMES}
    assert counts == {
        "Himmelblau": 4,
        "Styblinski–Tang": 4,
        "McCormick": 2,
        "Matyas": 1,
        "Rosenbrock": 1,
        "Beale": 1,
        "Goldstein–Price": 3,
        "Rastrigin": 121,
    }


def test_goldstein_and_price_have_a_fourth_minimum_outside_the_box():
    wide = replace(LANDSCAPES["Goldstein–Price"], x=(-2.0, 2.0), y=(-2.0, 2.0))
    points = minimizers(wide, "L2", [0.0])[0]
    expected = [[0, -1], [-0.6, -0.4], [1.8, 0.2], [1.2, 0.8]]
    np.testing.assert_allclose(points, expected, atol=1e-9)
    np.testing.assert_allclose(wide.loss(*points.T), [3, 30, 84, 840])


# ---- minimizers


@pytest.mark.parametrize(("name", "penalty"), PAIRS)
def test_scipy_finds_no_minimizer_that_is_not_marked(name, penalty):
    landscape, rng = LANDSCAPES[name], np.random.default_rng(1)
    for lam in (0.0, *np.exp(rng.uniform(np.log(0.05), np.log(40), size=2))):
        points = minimizers(landscape, penalty, [lam])[0]
        ends = multistart(landscape, penalty, lam, random_points(landscape, rng, 20))
        ends = ends[within(landscape, ends)]
        ends = ends[higher_around(landscape, penalty, lam, ends)]  # scipy gives some up early
        away = (np.abs(ends[:, None] - points) / landscape.span).max(axis=2).min(axis=1)
        assert len(ends) >= 8
        assert away.max() < 1e-4, (lam, ends[np.argmax(away)])


@pytest.mark.parametrize(("name", "penalty"), PAIRS)
def test_all_around_a_minimizer_it_is_higher(name, penalty):
    landscape = LANDSCAPES[name]
    lams = [0.0, 0.13, 1.7, 6.1, 23.0]
    for lam, points in zip(lams, minimizers(landscape, penalty, lams), strict=True):
        assert higher_around(landscape, penalty, lam, points).all(), lam


@pytest.mark.parametrize("penalty", ["L1", "L2"])
@pytest.mark.parametrize(
    "name", ["Himmelblau", "Styblinski–Tang", "McCormick", "Matyas", "Rastrigin"]
)
def test_a_fine_grid_has_as_many_minima(name, penalty):
    landscape = LANDSCAPES[name]
    x, y = (
        np.arange(np.ceil(low * 128), high * 128 + 1) / 128
        for low, high in (landscape.x, landscape.y)
    )
    for lam in (0.0, 0.9, 7.0, 31.0):
        heights = objective(landscape, penalty, lam, x[:, None], y)
        inner = heights[1:-1, 1:-1]
        lowest = np.ones(inner.shape, dtype=bool)
        for i in range(3):
            for j in range(3):
                if (i, j) != (1, 1):
                    shifted = heights[i : i + inner.shape[0], j : j + inner.shape[1]]
                    lowest &= inner < shifted
        assert lowest.sum() == len(minimizers(landscape, penalty, [lam])[0]), lam


@pytest.mark.parametrize(("name", "penalty"), PAIRS)
def test_the_lowest_point_of_a_box_is_never_on_its_edge(name, penalty):
    landscape = LANDSCAPES[name]
    along = np.linspace(0, 1, 2001)
    x, y = (low + along * (high - low) for low, high in (landscape.x, landscape.y))
    lams = strengths(landscape)
    for lam, points in zip(lams, minimizers(landscape, penalty, lams), strict=True):
        edges = [objective(landscape, penalty, lam, x, end).min() for end in landscape.y]
        edges += [objective(landscape, penalty, lam, end, y).min() for end in landscape.x]
        assert min(edges) > objective(landscape, penalty, lam, *points[0])


@pytest.mark.parametrize("name", NAMES)
def test_each_coordinate_under_l1_is_clearly_nonzero_or_exactly_zero(name):
    landscape = LANDSCAPES[name]
    for lam, points in zip(
        strengths(landscape)[1:], minimizers(landscape, "L1", strengths(landscape)[1:]), strict=True
    ):
        slopes = np.stack(landscape.slope(*points.T), axis=1)
        scale = 1e-6 * max(1.0, np.abs(landscape.slope(*landscape.span)).max())
        on_kink = points == 0
        assert (np.abs(slopes[on_kink]) <= lam).all()
        assert np.abs(slopes + lam * np.sign(points))[~on_kink].max(initial=0) < scale


def test_a_kink_makes_new_minimizers():
    styblinski = LANDSCAPES["Styblinski–Tang"]
    before, after = minimizers(styblinski, "L1", [2.4, 2.6])  # ∂J/∂w is 2.5 at w = 0
    assert (len(before), len(after)) == (4, 9)
    assert (after == 0).any(axis=1).sum() == 5


def test_any_strength_has_a_lowest_point():
    lams = np.concatenate([[0], np.geomspace(1e-4, 1000, 60)])
    for name, penalty in PAIRS:
        assert all(len(points) for points in minimizers(LANDSCAPES[name], penalty, lams))


# ---- descent


def test_the_path_takes_the_course_steps():
    landscape, lam, lr = LANDSCAPES["Beale"], 0.7, 0.002
    w = np.array([1.0, -0.2])
    path_1 = descent(landscape, "L1", [lam], start=w, lr=lr, steps=2)[:, 0]
    path_2 = descent(landscape, "L2", [lam], start=w, lr=lr, steps=2)[:, 0]
    for step in range(2):
        z = path_1[step] - lr * np.array(landscape.slope(*path_1[step]))
        soft = np.sign(z) * np.maximum(np.abs(z) - lr * lam, 0)
        np.testing.assert_allclose(path_1[step + 1], soft)
        slope = np.array(landscape.slope(*path_2[step])) + 2 * lam * path_2[step]
        np.testing.assert_allclose(path_2[step + 1], path_2[step] - lr * slope)


def test_proximal_paths_end_in_exact_zeros():
    end = descent(LANDSCAPES["Himmelblau"], "L1", [40.0], start=[-3.0, 2.5], lr=0.002)[-1, 0]
    assert end[0] == 0
    assert end[1] == pytest.approx(2.0829, abs=1e-3)


def test_a_path_that_diverges_stays_finite():
    path = descent(LANDSCAPES["Goldstein–Price"], "L2", [0.0, 40.0], start=[1.5, 1.0], lr=1.0)
    assert np.isfinite(path).all()
    assert not within(LANDSCAPES["Goldstein–Price"], path[-1]).any()


# ---- the figure


@pytest.fixture(scope="module")
def pictures():
    return {pair: LossLandscape(landscape=pair[0], penalty=pair[1]).picture() for pair in PAIRS}


def weights(axes, pixels):
    pixels = np.reshape(pixels, (-1, 2))
    x = axes.x[0] + (pixels[:, 0] - axes.left) / axes.width * (axes.x[1] - axes.x[0])
    y = axes.y[1] - (pixels[:, 1] - axes.top) / axes.height * (axes.y[1] - axes.y[0])
    return np.stack([x, y], axis=1)


def test_pictures_are_small_and_have_equally_many_frames(pictures):
    for (name, _), picture in pictures.items():
        plain = picture.plain()
        data = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
        assert len(data) < (100_000 if name == "Rastrigin" else 60_000)
        assert len(plain["strips"]["lam"]["values"]) == figures.FRAMES
        assert plain["strips"]["lam"]["values"][-1] == 40


def test_every_minimizer_of_every_frame_is_marked(pictures):
    for (name, penalty), picture in pictures.items():
        landscape, axes = LANDSCAPES[name], figures.axes_of(name)
        strip = picture.strips["lam"]
        expected = minimizers(landscape, penalty, strip.values)
        for place, points in enumerate(expected):
            marked = [strip.marks[key][place] for key in ("lowest", "lowest here", "others")]
            marked = np.concatenate([weights(axes, at) for at in marked])
            tolerance = 0.6 / 300 * landscape.span.max()
            np.testing.assert_allclose(marked, points, atol=tolerance)


def test_ties_are_all_stars_and_mccormick_is_lower_outside(pictures):
    first = {
        name: {key: ats[0] for key, ats in pictures[name, "L1"].strips["lam"].marks.items()}
        for name in NAMES
    }
    assert len(first["Himmelblau"]["lowest"]) == 8
    assert len(first["Rastrigin"]["lowest"]) == 2
    assert [name for name in NAMES if len(first[name]["lowest here"])] == ["McCormick"]
    assert "outside it goes lower still" in pictures["McCormick", "L1"].strips["lam"].says[0]


def test_mccormick_is_lower_outside_for_weak_penalties_only():
    sight = look("McCormick", "L1", (0.0, 0.4, 0.49, 0.51, 1.0))
    assert sight.lower_outside.tolist() == [True, True, True, False, False]
    for name in set(NAMES) - {"McCormick"}:
        for penalty in ("L1", "L2"):
            assert not look(name, penalty, (0.0, 0.3, 9.0)).lower_outside.any()


@pytest.mark.parametrize("penalty", ["L1", "L2"])
def test_a_contour_line_is_level_and_encloses_its_share(penalty):
    landscape, axes = LANDSCAPES["Himmelblau"], figures.axes_of("Himmelblau")
    x, y = random_points(landscape, np.random.default_rng(0), 200_000).T
    pixel = landscape.span[0] / 300
    for lines, share in zip(
        look("Himmelblau", penalty, (3.0,)).contours[0], landscape.shares, strict=True
    ):
        points = weights(axes, np.concatenate(lines))
        heights = objective(landscape, penalty, 3.0, *points.T)
        steepness = np.hypot(*(np.array(landscape.slope(*points.T)) + 6 * points.T))
        off = np.abs(heights - np.median(heights)) / np.maximum(steepness, 1)
        assert np.quantile(off, 0.9) < 1.5 * pixel
        enclosed = np.mean(objective(landscape, penalty, 3.0, x, y) < np.median(heights))
        assert enclosed == pytest.approx(share, abs=0.03)


def test_paths_stay_in_the_picture(pictures):
    for (name, _), picture in pictures.items():
        left, top, width, height = figures.axes_of(name).clip
        for lines in picture.strips["lam"].marks["path"]:
            for line in lines:
                x, y = np.reshape(line, (-1, 2)).T
                assert left - 2 <= x.min() <= x.max() <= left + width + 2
                assert top - 2 <= y.min() <= y.max() <= top + height + 2


def test_the_frame_between_two_positions_is_exact():
    figure = LossLandscape(penalty="L2", lam=0.0)
    assert figure.frame() is None
    figure.lam = 3.3333
    frame = figure.frame()
    expected = minimizers(LANDSCAPES["Himmelblau"], "L2", [3.3333])[0]
    assert weights(figures.axes_of("Himmelblau"), frame.marks["lowest"]) == pytest.approx(
        expected[:1], abs=1e-9
    )
    assert frame.says.startswith("λ = 3.33: the lowest point is")
    assert set(frame.marks) == set(figure.picture().strips["lam"].marks)


def says(name, penalty, lam, **options):
    return LossLandscape(landscape=name, penalty=penalty, **options)._view().moving([lam])[1][0]


def test_sentences_tell_what_is_seen():
    assert says("Himmelblau", "L1", 40.0) == (
        "λ = 40: the lowest point is (2.87, 0); w₂ is exactly 0. "
        "3 minimizers in the picture, 4 without a penalty. "
        "The path takes 111 steps to another minimizer, (0, 2.08)."
    )
    assert "4 points tie for the lowest" in says("Himmelblau", "L2", 0.0)
    assert "no λ moves it" in says("Matyas", "L2", 3.0)
    assert "both weights are exactly 0" in says("Rosenbrock", "L1", 10.0)
    assert "exactly" not in says("Rosenbrock", "L2", 10.0)
    assert "The path diverges" in says("Matyas", "L2", 40.0)
    assert "and still moves" in says("Rosenbrock", "L1", 0.0)
    beside = says("Goldstein–Price", "L2", 0.0, start_1=1.0, start_2=0.7)
    assert beside.endswith("at (1.76, 0.17), outside the picture, and hardly moves.")
    assert "(1.00, 1.00). It is the only one in the picture." in says("Rosenbrock", "L2", 0.0)


def test_a_path_that_only_passes_a_minimizer_is_not_said_to_arrive():
    oscillating = says("Rastrigin", "L1", 5.0, rate=16.0)
    assert "and still moves" in oscillating


def test_the_page_carries_all_landscapes_in_little_space():
    figure = LossLandscape(lam=11.0)
    recording = figure.recording()
    values, picture = recording[0]
    assert (values["landscape"], values["penalty"]) == ("Himmelblau", "L1")
    assert 11.0 in picture["strips"]["lam"]["values"]
    assert len(recording) == 16
    assert len({len(kept["strips"]["lam"]["values"]) for _, kept in recording}) == 1
    data = re.search(r'<script type="application/json">(.*?)</script>', figure.page(), re.DOTALL)
    assert len(data[1].encode()) < 250_000


def test_the_readouts_are_in_the_units_of_the_landscape():
    shows = View("Rosenbrock", "L1", (0.2, 0.75), 2.0).picture([0.0, 1.0]).shows
    assert shows == {"start_1": "−1.2", "start_2": "1", "rate": "α = 0.002"}
