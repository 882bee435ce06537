"""The constraint geometry: its solutions against other routes to them, its sentences, its marks."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import FloatLogSlider, link
from scipy.optimize import brentq
from sklearn.linear_model import ElasticNet, Lasso, Ridge
from traitlets import TraitError

from utils.widgets import geometry
from utils.widgets.geometry import (
    LOOKS,
    PLANE,
    SHARES,
    STRENGTHS,
    ConstraintGeometry,
    Problem,
    sentence,
)
from utils.widgets.quadratic import (
    budget,
    disc_strength,
    kkt_residual,
    quadratic_form,
    solve_constrained,
    solve_penalized,
    zero_from,
)

MIXES = (1.0, 0.5, 0.0)
SHAPES = {
    "default": (0.5, 0.6, (2.0, 0.8)),
    "uncorrelated": (0.0, 0.0, (1.0, -2.0)),
    "long valley": (0.95, 0.95, (-1.2, 1.6)),
    "the other way": (-0.95, 0.3, (2.0, -2.0)),
    "on an axis": (0.7, 0.5, (0.0, 1.5)),
    "both pull alike": (0.5, 0.0, (1.0, 1.0)),
}
shapes = pytest.mark.parametrize(
    ("A", "optimum"),
    [(quadratic_form(rho, e), np.array(best)) for rho, e, best in SHAPES.values()],
    ids=SHAPES,
)
mixes = pytest.mark.parametrize("mix", MIXES, ids=["L1", "elastic net", "L2"])

# Slider positions at their ends, or anything between.
correlations = st.sampled_from([-0.95, 0.0, 0.95]) | st.floats(-0.95, 0.95)
eccentricities = st.sampled_from([0.0, 0.95]) | st.floats(0, 0.95)
optima = st.tuples(*[st.integers(-20, 20).map(lambda tenths: tenths / 10)] * 2).map(np.array)


def problem_of(correlation, eccentricity, optimum, penalty):
    return Problem(quadratic_form(correlation, eccentricity), np.array(optimum), LOOKS[penalty])


def loss(A, optimum, w):
    distance = w - optimum
    return np.einsum("...i,ij,...j->...", distance, A, distance)


def objective(A, optimum, lam, mix, w):
    penalty = mix * np.abs(w).sum(axis=-1) + (1 - mix) * (w**2).sum(axis=-1)
    return loss(A, optimum, w) + lam * penalty


def on_boundary(angles, t, mix):
    """Return the boundary points of the region in these directions, by bisection of the budget."""
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    low, high = np.zeros(len(angles)), np.full(len(angles), 10.0)
    for _ in range(60):
        middle = (low + high) / 2
        inside = budget(middle[:, None] * directions, mix) < t
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low[:, None] * directions


# ---- the loss


def test_quadratic_form_is_xtx_of_two_such_columns():
    A = quadratic_form(0.3, 0.8)
    assert A[0, 1] / np.sqrt(A[0, 0] * A[1, 1]) == pytest.approx(0.3)
    assert A[0, 0] == 1
    semiaxes = 1 / np.sqrt(np.linalg.eigvalsh(quadratic_form(0, 0.8)))
    assert np.sqrt(1 - (semiaxes.min() / semiaxes.max()) ** 2) == pytest.approx(0.8)


# ---- solutions


@mixes
@shapes
def test_penalized_solutions_beat_every_point_of_a_grid(A, optimum, mix):
    grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 301)] * 2), axis=-1)
    lam = np.array([0.01, 0.3, 1.0, 4.0, 30.0])
    for one, w in zip(lam, solve_penalized(A, optimum, lam, mix), strict=True):
        best = objective(A, optimum, one, mix, w)
        assert best <= objective(A, optimum, one, mix, grid).min() + 1e-12
        near = w + 1e-5 * grid
        assert best <= objective(A, optimum, one, mix, near).min() + 1e-12


@mixes
@shapes
def test_constrained_solutions_are_the_best_of_the_boundary(A, optimum, mix):
    shares = np.array([0.05, 0.3, 0.6, 0.95])
    t = shares * budget(optimum, mix)
    w, lam = solve_constrained(A, optimum, t, mix)
    assert (lam > 0).all()
    for one, solution in zip(t, w, strict=True):
        angles = np.linspace(-np.pi, np.pi, 2001)
        for _ in range(4):  # closer and closer around the best
            losses = loss(A, optimum, on_boundary(angles, one, mix))
            step = angles[1] - angles[0]
            angles = np.linspace(-step, step, 401) + angles[int(np.argmin(losses))]
        assert loss(A, optimum, solution) == pytest.approx(losses.min(), rel=1e-9)
        assert loss(A, optimum, solution) <= losses.min() + 1e-12
        assert budget(solution, mix) == pytest.approx(one, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_scikit_learn_finds_the_same_weights(seed):
    rng = np.random.default_rng(seed)
    n = 40
    X = rng.normal(size=(n, 2)) @ rng.normal(size=(2, 2))
    y = X @ rng.normal(size=2) + rng.normal(size=n)
    A, optimum = X.T @ X, np.linalg.lstsq(X, y)[0]
    for share in (0.001, 0.02, 0.2, 0.7):
        lam = share * 2 * np.abs(X.T @ y).max()
        settled = {"fit_intercept": False, "tol": 1e-14, "max_iter": 100_000}
        peers = {
            0.0: Ridge(alpha=lam, fit_intercept=False),
            1.0: Lasso(alpha=lam / (2 * n), **settled),
            # α·l1_ratio = λ/(4n) and α(1 − l1_ratio)/2 = λ/(4n) for ½‖w‖₁ + ½‖w‖²
            0.5: ElasticNet(alpha=3 * lam / (4 * n), l1_ratio=1 / 3, **settled),
        }
        for mix, peer in peers.items():
            ours = solve_penalized(A, optimum, np.array([lam]), mix)[0]
            theirs = peer.fit(X, y).coef_
            np.testing.assert_allclose(ours, theirs, atol=1e-7)
            assert ((ours == 0) == (np.abs(theirs) < 1e-9)).all()


def test_disc_strength_is_found_by_bisection_too():
    rng = np.random.default_rng(0)
    for _ in range(50):
        A = quadratic_form(rng.uniform(-0.95, 0.95), rng.uniform(0, 0.95))
        optimum = rng.normal(size=(1, 2))
        radius = np.linalg.norm(optimum) * 10 ** rng.uniform(-6, -0.01)

        def excess(log, A=A, optimum=optimum, radius=radius):
            w = np.linalg.solve(A + np.exp(log) * np.eye(2), A @ optimum[0])
            return np.log(np.linalg.norm(w) / radius)

        lam = np.exp(brentq(excess, -30, 30, xtol=1e-14))
        assert disc_strength(A, optimum, np.array([radius]))[0] == pytest.approx(lam, rel=1e-9)


@given(correlations, eccentricities, optima, st.sampled_from(MIXES) | st.floats(0.05, 0.95))
@settings(max_examples=300, deadline=None)
def test_residual_is_at_rounding_everywhere(correlation, eccentricity, optimum, mix):
    A = quadratic_form(correlation, eccentricity)
    lam = np.array([0, *np.geomspace(1e-8, 1e8, 60)])
    w = solve_penalized(A, optimum, lam, mix)
    assert kkt_residual(A, optimum, w, lam, budget(w, mix), mix=mix).max() < 1e-11
    shares = np.array([*np.geomspace(1e-9, 1, 40), *SHARES])
    t = shares * (budget(optimum, mix) or 1)
    w, lam = solve_constrained(A, optimum, t, mix)
    assert kkt_residual(A, optimum, w, lam, t, mix=mix).max() < 1e-11
    assert (lam >= 0).all()


def test_residual_over_thousands_of_shapes():
    rng = np.random.default_rng(1)
    worst = 0
    for _ in range(2000):
        A = quadratic_form(rng.uniform(-0.95, 0.95), rng.uniform(0, 0.95))
        optimum, mix = rng.uniform(-2, 2, 2), MIXES[rng.integers(3)]
        t = np.array([1e-6, 0.01, *rng.uniform(0.01, 1.2, 20)]) * budget(optimum, mix)
        w, lam = solve_constrained(A, optimum, t, mix)
        worst = max(worst, kkt_residual(A, optimum, w, lam, t, mix=mix).max())
    assert worst < 1e-12


@shapes
@mixes
def test_residual_notices_what_is_wrong(A, optimum, mix):
    t = np.array([0.4 * budget(optimum, mix)])
    w, lam = solve_constrained(A, optimum, t, mix)
    for wrong in ((w + 1e-6, lam, t), (w, lam * 1.00001, t), (w, lam, t * 1.00001), (w, -lam, t)):
        assert kkt_residual(A, optimum, *wrong, mix=mix)[0] > 1e-8
    inside = np.array([2 * budget(optimum, mix)])
    assert kkt_residual(A, optimum, w, lam, inside, mix=mix)[0] > 0.1  # λ > 0 in the inside


# ---- λ and t


@mixes
@shapes
def test_strength_and_budget_are_inverse_to_each_other(A, optimum, mix):
    shares = np.linspace(0.01, 0.99, 60)
    t = shares * budget(optimum, mix)
    w, lam = solve_constrained(A, optimum, t, mix)
    again = solve_penalized(A, optimum, lam, mix)
    np.testing.assert_allclose(budget(again, mix), t, rtol=1e-12)
    np.testing.assert_allclose(again, w, atol=1e-12)
    assert (np.diff(lam) < 0).all()
    back = solve_constrained(A, optimum, budget(again, mix), mix)[1]
    np.testing.assert_allclose(back, lam, rtol=1e-10)


@mixes
@shapes
def test_a_budget_that_is_large_enough_changes_nothing(A, optimum, mix):
    enough = float(budget(optimum, mix))
    w, lam = solve_constrained(A, optimum, np.array([enough, 1.2 * enough, 1e6]), mix)
    assert (lam == 0).all()
    assert (w == optimum).all()


@pytest.mark.parametrize("mix", [1.0, 0.5])
@shapes
def test_weights_are_zero_from_there_on_and_not_before(A, optimum, mix):
    since = zero_from(A, optimum, mix)
    assert since.max() == pytest.approx(2 * np.abs(A @ optimum).max() / mix)
    for place in (0, 1):
        after = since[place] * np.array([1 + 1e-9, 1.01, 1.5, 3, 100]) + 1e-300
        assert (solve_penalized(A, optimum, after, mix)[:, place] == 0.0).all()
        if since[place] > 0:
            before = np.array([since[place] * (1 - 1e-6)])
            assert solve_penalized(A, optimum, before, mix)[0, place] != 0


def test_no_budget_at_all_is_the_least_strength_that_zeroes_both():
    A, optimum = quadratic_form(0.5, 0.6), np.array([2.0, 0.8])
    for mix in (1.0, 0.5):
        w, lam = solve_constrained(A, optimum, np.zeros(1), mix)
        assert (w == 0).all()
        assert lam[0] == pytest.approx(zero_from(A, optimum, mix).max())


# ---- sentences


@given(correlations, eccentricities, optima, st.sampled_from(list(LOOKS)))
@settings(max_examples=60, deadline=None)
def test_sentences_are_true(correlation, eccentricity, optimum, penalty):
    problem = problem_of(correlation, eccentricity, optimum, penalty)
    for solutions in (
        problem.at_strengths(STRENGTHS),
        problem.at_budgets(SHARES * (problem.enough or 1)),
    ):
        for lam, t, w in zip(solutions.lam, solutions.t, solutions.w, strict=True):
            check_sentence(problem, lam, t, w, sentence(problem, lam, t, w))


def check_sentence(problem, lam, t, w, said):
    a, b = (abs(w) > 0).tolist()
    best = problem.optimum
    assert ("inactive" in said) == (lam == 0 and t > problem.enough * 1.00001 and best.any())
    assert ("both weights are exactly 0" in said) == (not a and not b and best.any())
    assert ("both weights are nonzero" in said) == (a and b and lam > 0)
    for name, value, star, since in zip(("w₁", "w₂"), w, best, problem.zero_from, strict=True):
        if f"{name} is exactly 0" in said:
            assert value == 0.0
            assert "corner" in said
        if f"{name} is exactly 0, from" in said:
            assert lam >= since * (1 - 1e-9)
        if f"{name} will be exactly 0" in said:
            assert lam <= since
        if f"{name} is 0 as in w*" in said:
            assert value == star == 0
        if f"{name} even with the other sign" in said:
            assert value * star < 0
        if f"{name} even larger" in said:
            assert abs(value) > abs(star)
    share = re.search(r"t is (\d+) % of", said)
    if share:
        assert int(share[1]) == pytest.approx(100 * t / problem.enough, abs=0.51)


def said_at(penalty, **values):
    figure = ConstraintGeometry(penalty=penalty, **values)
    problem = figure.problem()
    solutions = problem.at_strengths([figure.lam])
    return sentence(problem, figure.lam, figure.t, solutions.w[0])


def test_sentences_name_what_is_seen():
    assert "w₂ is exactly 0, from λ = 1.28 on" in said_at("L1", lam=2.2)
    assert "an edge of the diamond: both weights are nonzero" in said_at("L1", lam=1.0)
    assert "will be exactly 0 from λ = 1.28 on" in said_at("L1", lam=1.0)
    assert "w* takes 2.8 of the budget t = 4" in said_at("L1", t=4.0)
    assert "just reaches w*" in said_at("L1", lam=0.0)
    assert "both weights are exactly 0, from λ = 4.64 on" in said_at("L1", lam=9.0)
    assert "it has no corners" in said_at("L2", lam=50.0)
    assert "w₂ is 0 as in w*" in said_at("L2", optimum2=0.0, correlation=0.0)
    assert "for every λ" in said_at("L1", optimum2=0.0, correlation=0.0)
    assert "w* is 0 itself" in said_at("L2", optimum1=0.0, optimum2=0.0)
    assert "w₂ even with the other sign" in said_at("L2", optimum2=-0.3, correlation=0.9, lam=1.0)


# ---- the figure


def test_setting_one_of_the_pair_sets_the_other():
    figure = ConstraintGeometry()
    assert (figure.lam, figure.t) == (2.2, pytest.approx(1.22))
    figure.t = 1.0
    assert figure.lam == pytest.approx(2.64)
    figure.lam = 1.0
    assert figure.t == pytest.approx(1.925)
    figure.t = 5.0
    assert (figure.lam, figure.t) == (0, 5.0)
    figure.lam = 50.0
    assert (figure.lam, figure.t) == (50.0, 0)
    figure.t = 0.5
    assert figure.lam == pytest.approx(3.64)
    figure.t = 0
    assert figure.lam == pytest.approx(4.64)
    figure.lam = 0
    assert figure.t == pytest.approx(2.8)


def test_the_first_move_counts_like_any_other():
    figure = ConstraintGeometry()
    figure.t = 1.0
    assert figure.lam == pytest.approx(2.64)
    assert ConstraintGeometry(t=1.0).lam == pytest.approx(2.64)
    assert ConstraintGeometry(t=1.0, lam=1.0).t == pytest.approx(1.925)


def test_a_new_shape_keeps_the_strength():
    figure = ConstraintGeometry(lam=1.5)
    for name, value in (("penalty", "L2"), ("correlation", -0.9), ("optimum1", 0.0)):
        setattr(figure, name, value)
        assert figure.lam == 1.5
        assert figure.t == figure.problem().at_strengths([1.5]).t[0]
    figure.t = 10.0
    figure.optimum1 = 1.0
    assert (figure.lam, figure.t) == (0, 10.0)  # still inactive


def test_ridge_takes_no_budget_of_zero():
    figure = ConstraintGeometry(penalty="L2")
    figure.t = 0
    assert figure.t == pytest.approx(1e-9 * np.hypot(2, 0.8))
    assert np.isfinite(figure.lam)
    assert figure._problem == ""


@pytest.mark.parametrize("value", [-1, np.nan, np.inf])
@pytest.mark.parametrize("name", ["lam", "t"])
def test_impossible_values_are_refused(name, value):
    figure = ConstraintGeometry()
    with pytest.raises(TraitError):
        setattr(figure, name, value)
    assert (figure.lam, figure.t) == (2.2, pytest.approx(1.22))


@pytest.mark.parametrize("penalty", LOOKS)
def test_what_a_slider_sends_is_taken_as_it_is(penalty):
    figure = ConstraintGeometry(penalty=penalty)
    for name, other in (("lam", "t"), ("t", "lam")):
        strip = figure._picture["strips"][name]
        for value, follows in zip(strip["values"], strip["moves"][other], strict=True):
            figure.set_state({name: value, other: follows})  # what a message from a browser does
            assert getattr(figure, name) == value
            assert getattr(figure, other) == pytest.approx(follows, rel=1e-5)
            assert figure.frame() is None


def test_a_stock_slider_moves_the_figure_between_its_frames():
    figure = ConstraintGeometry()
    stock = FloatLogSlider(value=2.2, base=10, min=-2, max=2, step=0.1)
    link((stock, "value"), (figure, "lam"))
    stock.value = 10**-0.3
    assert figure.lam == stock.value
    moment = figure._moment
    assert moment["values"] == {"lam": figure.lam, "t": figure.t}
    assert moment["shows"]["lam"] == "0.501"
    w = figure.problem().at_strengths([figure.lam]).w
    assert moment["marks"]["solution"] == PLANE.px(*w[0]).round(1).tolist()
    figure.lam = 0
    assert stock.value == pytest.approx(0.01)  # its own end; the figure is not pulled back
    assert figure.frame() is None


@pytest.mark.parametrize("penalty", LOOKS)
def test_a_frame_is_what_the_strip_has_there(penalty):
    figure = ConstraintGeometry(penalty=penalty)
    plain = figure._picture["strips"]["lam"]
    for place in (0, 20, 40, 61):
        figure.lam = plain["values"][place]
        figure._picture = figure._picture | {"strips": {}}  # so that nothing is known
        frame = figure.frame().plain()
        figure._picture = figure.picture().plain()
        assert frame["marks"] == {name: at[place] for name, at in plain["marks"].items()}
        assert frame["shows"] == {name: texts[place] for name, texts in plain["shows"].items()}
        assert frame["says"] == plain["sentences"][plain["says"][place]]


EXTREMES = [
    {},
    {"correlation": 0.95, "eccentricity": 0.95, "optimum1": 2.0, "optimum2": 2.0},
    {"correlation": -0.95, "eccentricity": 0.0, "optimum1": -2.0, "optimum2": -2.0},
    {"optimum1": 0.0, "optimum2": 0.0},
    {"optimum1": 0.0, "optimum2": -2.0, "correlation": 0.95},
]


def places(picture):
    """Return (mark, at) for all that is ever drawn of a plain picture."""
    marks = {drawn["name"]: drawn for drawn in picture["marks"]}
    seen = [(drawn, drawn["at"]) for drawn in picture["marks"]]
    for strip in picture["strips"].values():
        seen += [(marks[name], at) for name, frames in strip["marks"].items() for at in frames]
    return [(drawn, at) for drawn, at in seen if at]


def points(drawn, at):
    if drawn["kind"] == "text":
        return np.array([at[:2]], dtype=float)
    if drawn["kind"] == "lines":
        at = [number for line in at for number in line]
    return np.reshape(at, (-1, 2))


@pytest.mark.parametrize("penalty", LOOKS)
@pytest.mark.parametrize("values", EXTREMES, ids=["default", "long", "other", "zero", "axis"])
def test_every_mark_is_on_the_canvas(penalty, values):
    picture = ConstraintGeometry(penalty=penalty, **values)._picture
    left, top, width, height = PLANE.clip
    for drawn, at in places(picture):
        if "clip" in drawn:
            x, y, across, down = drawn["clip"]
            assert left <= x < x + across <= left + width
            assert top <= y < y + down <= top + height
        else:
            pixels = points(drawn, at)
            assert (pixels >= 0).all()
            assert (pixels <= [picture["width"], picture["height"]]).all()


def share_of_ellipse(at, pixel):
    """Return (distance from the center / that of the ellipse in this direction)²."""
    cx, cy, rx, ry, angle = at
    turn = np.radians(angle)
    x, y = pixel[0] - cx, pixel[1] - cy
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return (along / rx) ** 2 + (across / ry) ** 2


@pytest.mark.parametrize("penalty", LOOKS)
def test_contour_and_region_meet_in_the_solution(penalty):
    values = {"correlation": -0.4, "optimum1": -1.6}
    strip = ConstraintGeometry(penalty=penalty, **values).picture().strips["t"]
    marks = strip.marks
    for k in range(10, 48):  # neither tiny nor inactive
        pixel = marks["solution"][k] or marks["solution on a corner"][k]
        assert share_of_ellipse(marks["touching contour"][k], pixel) == pytest.approx(1)
        if penalty == "L1":
            x, y = np.subtract(pixel, PLANE.px(0, 0)) / 50  # pixels of a step of 1
            assert abs(x) + abs(y) == pytest.approx(strip.values[k])
            assert marks["region"][k][0] == PLANE.px(strip.values[k], 0)[0]
        elif penalty == "L2":
            assert share_of_ellipse(marks["region"][k], pixel) == pytest.approx(1)
        else:
            parts = [share_of_ellipse(marks[f"region {part}"][k], pixel) for part in range(4)]
            assert max(parts) == pytest.approx(1)  # the region is where all four discs overlap


def test_a_rounded_diamond_is_made_of_four_discs_each_in_its_quadrant():
    figure = ConstraintGeometry(penalty="elastic net", t=2.0)
    picture, frame = figure.picture(), figure.frame()
    clips = {drawn["name"]: drawn["clip"] for drawn in picture.marks if "clip" in drawn}
    grid = np.stack(np.meshgrid(*[np.linspace(-2.95, 2.95, 119)] * 2), axis=-1).reshape(-1, 2)
    grid = grid[np.abs(budget(grid, 0.5) - 2.0) > 1e-9]
    drawn = np.zeros(len(grid), dtype=bool)
    for part in range(4):
        x, y, width, height = clips[f"region {part}"]
        pixels = PLANE.px(*grid.T)
        seen = ((pixels >= [x, y]) & (pixels <= [x + width, y + height])).all(axis=1)
        drawn |= seen & (share_of_ellipse(frame.marks[f"region {part}"], pixels.T) <= 1)
    assert (drawn == (budget(grid, 0.5) <= 2.0)).all()


@pytest.mark.parametrize("penalty", ["L1", "elastic net"])
def test_on_a_corner_the_slope_is_in_the_normal_cone(penalty):
    strip = ConstraintGeometry(penalty=penalty).picture().strips["lam"]
    corners = [k for k, cone in enumerate(strip.marks["normal cone"]) if cone]
    assert len(corners) > 3
    for k in corners:
        tip, one, other = np.reshape(strip.marks["normal cone"][k], (3, 2))
        assert strip.marks["solution on a corner"][k] == tip.tolist()
        assert not strip.marks["solution"][k]
        assert "corner" in strip.says[k]
        tail, head = np.reshape(strip.marks["slope"][k], (-1, 2))[:2]
        weights = np.linalg.solve(np.column_stack([one - tip, other - tip]), head - tail)
        assert (weights > -1e-9).all()


def test_nothing_pulls_where_the_constraint_is_inactive():
    strip = ConstraintGeometry().picture().strips["t"]
    for k in np.flatnonzero(SHARES >= 1):
        assert strip.moves["lam"][k] == 0
        for name in ("touching contour", "slope", "slope label", "normal cone"):
            assert strip.marks[name][k] == []


@pytest.mark.parametrize("values", EXTREMES, ids=["default", "long", "other", "zero", "axis"])
@pytest.mark.parametrize("penalty", LOOKS)
def test_the_residual_shown_is_below_rounding_in_every_frame(penalty, values):
    for strip in ConstraintGeometry(penalty=penalty, **values).picture().strips.values():
        assert all(at[2].endswith("KKT residual < 1e−12") for at in strip.marks["readout"])


def test_a_residual_that_is_large_would_be_shown():
    assert geometry._bound(3.2e-7) == "3e−07"


def test_sliders_begin_at_no_penalty_and_reach_beyond_the_optimum():
    picture = ConstraintGeometry().picture()
    assert STRENGTHS[0] == 0
    assert (STRENGTHS[1], STRENGTHS[-1], len(STRENGTHS)) == (0.01, 100, 62)
    assert 2.2 in STRENGTHS  # what the form without a kernel begins with
    assert picture.strips["t"].values[-1] == pytest.approx(1.2 * 2.8)
    assert (np.diff(picture.strips["lam"].moves["t"]) <= 0).all()


def test_the_plane_has_equal_steps_both_ways():
    step = PLANE.px(1, 1) - PLANE.px(0, 0)
    assert step[0] == -step[1] == 50


@pytest.mark.parametrize("penalty", LOOKS)
def test_a_picture_is_small(penalty):
    data = ConstraintGeometry(penalty=penalty)._picture
    assert len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()) < 68_000


def test_the_form_without_a_kernel_has_all_penalties():
    recorded = ConstraintGeometry().recording()
    assert [values["penalty"] for values, _ in recorded] == list(LOOKS)
    assert {values["lam"] for values, _ in recorded} == {2.2}
    alt = ConstraintGeometry().alt()
    assert "diamond" in alt
    assert "w₂ is exactly 0" in alt
