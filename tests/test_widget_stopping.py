"""The early-stopping curve: its rule and its recording against other routes, and its picture."""

import json

import numpy as np
import pytest
from ipywidgets import IntSlider, link
from traitlets import TraitError

from utils import widgets
from utils.data import flip_labels, load_mnist, split
from utils.network import Network
from utils.widgets.recordings import load_stopping_curves, make
from utils.widgets.still import still
from utils.widgets.stopping import (
    PATIENCES,
    PERIODS,
    PLOT,
    SHARES,
    Course,
    EarlyStoppingCurve,
    ends,
    measured,
    moving_marks,
    sentence,
    stairs,
)


@pytest.fixture
def figure():
    made = EarlyStoppingCurve()
    yield made
    made.close()


def drawn(figure):
    """Return where each mark is, for the present patience."""
    placed = {drawn["name"]: drawn["at"] for drawn in figure._picture["marks"]}
    strip = figure._picture["strips"]["stop_wait"]
    place = strip["values"].index(figure.stop_wait)
    return placed | {name: at[place] for name, at in strip["marks"].items()}


# ---- the rule, walked through step by step


def walk(errors, eval_freq, stop_wait):
    """Train one step after the other as lesson 05 does; return (best step, stop or None)."""
    best_error, best_step = np.inf, 0
    for step in range(1, len(errors)):
        if step % eval_freq:
            continue
        if errors[step] < best_error:
            best_error, best_step = errors[step], step
        if step - best_step >= stop_wait:
            return best_step, step
    return best_step, None


def test_the_ends_are_those_of_a_walk_through_the_training():
    rng = np.random.default_rng(0)
    for _ in range(500):
        n = int(rng.integers(1, 80))
        errors = rng.integers(0, int(rng.integers(2, 40)), n + 1) / 40  # with many ties
        eval_freq = int(rng.integers(1, n + 1))
        patiences = rng.integers(1, 100, 8)
        steps, seen = measured(errors, eval_freq)
        best, stop = ends(steps, seen, patiences)
        for patience, kept, end in zip(patiences, best, stop, strict=True):
            found = int(steps[kept]), int(steps[end]) if end >= 0 else None
            assert found == walk(errors, eval_freq, patience)


@pytest.mark.parametrize("noise", SHARES)
@pytest.mark.parametrize("eval_freq", [*PERIODS, 7, 500])
def test_every_frame_shows_the_walk_through_the_recorded_errors(noise, eval_freq):
    course = Course(noise, eval_freq)
    dev = load_stopping_curves().dev[SHARES.index(noise)]
    evaluated = range(eval_freq, 1001, eval_freq)
    lowest = min(evaluated, key=lambda step: dev[step])
    for outcome in course.outcomes(PATIENCES):
        best, stop = walk(dev, eval_freq, outcome.stop_wait)
        assert (outcome.best, outcome.stop) == (best, stop)
        assert outcome.missed == (lowest if dev[lowest] < dev[best] else None)
        assert outcome.missed is None or outcome.missed > outcome.stop
        assert outcome.wasted == (stop or 1000) - best


@pytest.mark.parametrize("noise", SHARES)
@pytest.mark.parametrize("eval_freq", PERIODS)
def test_every_position_of_the_patience_looks_different(noise, eval_freq):
    seen = [json.dumps(moving_marks(o)) for o in Course(noise, eval_freq).outcomes(PATIENCES)]
    assert len(set(seen)) == len(PATIENCES)


def test_a_larger_patience_keeps_no_worse_weights_and_stops_no_earlier():
    for noise in SHARES:
        for eval_freq in PERIODS:
            outcomes = Course(noise, eval_freq).outcomes(PATIENCES)
            dev = [outcome.course.errors["dev"][outcome.best] for outcome in outcomes]
            assert np.all(np.diff(dev) <= 0)
            assert np.all(np.diff([outcome.end for outcome in outcomes]) >= 0)


# ---- the recording


def test_the_recording_is_what_training_gives_here():
    """Trainings differ between platforms in the last digits, and the differences grow.

    At the start all counts are the same; over the first 60 steps errors agree within 0.02.
    """
    kept, again = load_stopping_curves(), make.record_errors(shares=(0.2,), steps=60)
    place = SHARES.index(0.2)
    for name, size in zip(("train", "dev", "test"), kept.sizes, strict=True):
        ours, theirs = getattr(kept, name)[place, :61], again[name][0] / size
        assert ours[0] == theirs[0]
        np.testing.assert_allclose(ours, theirs, atol=0.02)
    assert kept.sizes.tolist() == again["sizes"].tolist() == list(make.SIZES.values())


def test_the_first_step_follows_the_slope_of_the_loss():
    """By central differences in float64, at thirty weights and three biases a layer."""
    rng = np.random.default_rng(0)
    digits = load_mnist()
    (X, y), *_ = split(digits.X, digits.y, (400, 500, 2000), rng)
    network = Network((784, 50, 10), rng, dtype=np.float64)
    y = flip_labels(y, 0.2, rng)
    rows = np.random.default_rng(1).choice(400, 20, replace=False)
    moved = network.copy()
    make._descend(moved, X, y, rows)
    for before, after in zip(
        network.weights + network.biases, moved.weights + moved.biases, strict=True
    ):
        for place in np.random.default_rng(2).integers(before.size, size=30):
            kept = before.flat[place]
            losses = []
            for shift in (1e-6, -1e-6):
                before.flat[place] = kept + shift
                losses.append(network.loss(X[rows], y[rows]))
            before.flat[place] = kept
            expected = kept - 0.05 * (losses[0] - losses[1]) / 2e-6
            assert after.flat[place] == pytest.approx(expected, abs=1e-7)


def test_wrong_labels_are_learned_and_cost_dev_and_test_error():
    """What lesson 05 says of the recorded curves: the more wrong labels, the more to lose."""
    curves = load_stopping_curves()
    assert curves.train[:, -1].max() <= 0.03
    lowest = curves.dev[:, 1:].min(axis=1)
    rise = curves.dev[:, -100:].mean(axis=1) - lowest
    assert np.all(np.diff(rise) > 0)
    assert rise[0] < 0.02
    assert rise[-1] > 0.15


def test_the_file_of_the_recording_is_small():
    assert (make.FOLDER / "stopping_curves.npz").stat().st_size < 40_000


# ---- the picture


@pytest.mark.parametrize("noise", SHARES)
@pytest.mark.parametrize("eval_freq", [1, 10, 100])
def test_the_table_has_the_recorded_errors(figure, noise, eval_freq):
    figure.noise, figure.eval_freq = noise, eval_freq
    curves, row = load_stopping_curves(), SHARES.index(noise)
    for patience in PATIENCES.tolist():
        figure.stop_wait = patience
        marks = drawn(figure)
        best, stop = walk(curves.dev[row], eval_freq, patience)
        assert marks["kept step"][2] == f"{best:,}"
        assert marks["last step"][2] == f"{stop or 1000:,}"
        for name in ("train", "dev", "test"):
            assert marks[f"kept {name}"][2] == f"{100 * getattr(curves, name)[row, best]:.1f} %"
        assert (marks["stop line"] is None) == (stop is None)
        lowest = np.argmin(curves.dev[row, eval_freq::eval_freq]) + 1
        assert marks["lowest step"][2] == f"{eval_freq * lowest:,}"
        assert "last test" not in marks  # test is looked at for what is given back alone


def test_marks_stand_where_the_errors_are(figure):
    marks = drawn(figure)
    outcome = figure.outcome()
    dev = outcome.course.errors["dev"]
    for name, step in (("kept", outcome.best), ("lowest", outcome.missed)):
        x, y = marks[name]
        assert x == pytest.approx(46 + 0.6 * step, abs=0.5)
        assert y == pytest.approx(326 - 220 / 70 * 100 * dev[step], abs=0.5)
    assert marks["stop line"][0] == pytest.approx(46 + 0.6 * outcome.stop, abs=0.5)
    left, right = min(marks["wait"][::2]), max(marks["wait"][::2])
    assert (left, right) == (marks["kept line"][0], marks["stop line"][0])
    assert max(marks["not trained"][::2]) == 646
    assert max(marks["patience"][::2]) - min(marks["patience"][::2]) == 60  # of 100 steps


def test_the_outline_stands_as_high_as_the_errors():
    errors = load_stopping_curves().train[2]
    left, step, *heights = stairs(errors, 5)
    assert len(heights) == 200
    for k, y in enumerate(heights):
        assert left + step * (k + 0.5) == pytest.approx(PLOT.px(5 * (k + 1), 0)[0], abs=0.01)
        assert y == pytest.approx(PLOT.px(0, 100 * errors[5 * (k + 1)])[1], abs=0.5)


def test_texts_stay_inside_the_picture():
    """A letter takes at most 7.5 pixels, a bold one 8."""
    for noise in SHARES:
        for eval_freq in PERIODS:
            for outcome in Course(noise, eval_freq).outcomes(PATIENCES):
                marks = moving_marks(outcome)
                for name in ("kept", "wait", "stop", "missed", "not trained"):
                    if marks[f"{name} label"]:
                        x, _, text = marks[f"{name} label"]
                        wide = 7.5 * len(text)
                        start = {"kept": x - wide, "stop": x, "missed": x}.get(name, x - wide / 2)
                        assert start >= 20
                        assert start + wide <= 740


def test_the_sentence_says_what_is_seen(figure):
    assert sentence(figure.outcome()) == (
        "Stops at step 280, keeps the weights of step 180: dev error 22.2 %, 1.0 point above the "
        "lowest, of step 300. 100 steps wasted. Test error 24.6 %."
    )
    figure.stop_wait = 120
    assert "dev error 21.2 %, the lowest of all evaluations. 120 steps" in sentence(
        figure.outcome()
    )
    figure.stop_wait, figure.eval_freq = 10, 50
    assert sentence(figure.outcome()).endswith("The first evaluation that is not better ends it.")
    figure.stop_wait, figure.noise = 1000, 0.0
    assert sentence(figure.outcome()).startswith("Not stopped by step 1,000, where the recording")


def test_every_sentence_fits_below_the_still_picture():
    for noise in SHARES:
        for eval_freq in (*PERIODS, 500):
            for outcome in Course(noise, eval_freq).outcomes(PATIENCES):
                assert len(sentence(outcome)) <= 225


def test_a_patience_between_two_positions_is_shown_exactly(figure):
    figure.stop_wait = 111
    assert figure._moment["shows"] == {"stop_wait": "111 steps"}
    best, stop = walk(load_stopping_curves().dev[2], 10, 111)
    assert figure._moment["marks"]["stop label"][2] == f"stop: step {stop:,}"
    assert figure._moment["marks"]["kept step"][2] == f"{best:,}"
    figure.stop_wait = 120
    assert "marks" not in figure._moment


def test_a_stock_slider_moves_the_figure_and_follows_it(figure):
    slider = IntSlider(value=100, min=1, max=1000)
    link((slider, "value"), (figure, "stop_wait"))
    slider.value = 42
    assert figure.stop_wait == 42
    figure.stop_wait = 77
    assert slider.value == 77


@pytest.mark.parametrize(
    ("trait", "value"),
    [("stop_wait", 0), ("stop_wait", 1.5), ("eval_freq", 0), ("noise", 0.25), ("noise", np.nan)],
)
def test_what_the_recording_cannot_answer_is_refused(figure, trait, value):
    before = getattr(figure, trait)
    with pytest.raises(TraitError):
        setattr(figure, trait, value)
    assert getattr(figure, trait) == before


# ---- without a kernel


def test_a_page_without_a_kernel_has_several_shares_and_is_small(figure):
    recorded = figure.recording()
    assert [values["noise"] for values, _ in recorded] == [0.2, 0.0, 0.4]
    for _, picture in recorded:
        assert picture["strips"]["stop_wait"]["values"] == PATIENCES.tolist()
        assert json.loads(json.dumps(picture)) == picture
    assert len(figure.page()) < 100_000


def test_the_still_picture_shows_the_present_stop(figure):
    texts = [text.get_text() for text in still(figure._picture, figure._values()).axes[0].texts]
    assert "stop: step 280" in texts
    assert "missed: step 300" in texts
    assert figure.alt().endswith(sentence(figure.outcome()))
    assert "20 % of the labels wrong" in figure.alt()


# ---- the rest


def test_the_figure_is_offered_to_lessons():
    assert widgets.EarlyStoppingCurve is EarlyStoppingCurve
