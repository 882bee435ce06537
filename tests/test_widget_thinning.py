"""The dropout network: its means against every mask, and its picture."""

import json
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from ipywidgets import FloatSlider, link
from traitlets import TraitError

from utils import widgets
from utils.widgets.still import still
from utils.widgets.thinning import (
    BARS,
    DRAWS,
    EVERY,
    INPUT,
    KEEP_PROBS,
    LAYERS,
    MEANS,
    SIZES,
    WATCHED,
    DropoutNetwork,
    Thinning,
    bars,
    edges,
    expected,
    full,
    moving_marks,
    network,
    places,
    running_means,
    sentence,
    signals,
)

SEEDS = range(5)


@pytest.fixture
def figure():
    made = DropoutNetwork()
    yield made
    made.close()


def drawn(figure):
    """Return where each mark is, for the present keep_prob."""
    placed = {drawn["name"]: drawn["at"] for drawn in figure._picture["marks"]}
    strip = figure._picture["strips"]["keep_prob"]
    place = strip["values"].index(figure.keep_prob)
    return placed | {name: at[place] for name, at in strip["marks"].items()}


# ---- the network, one unit after the other


def by_hand(mask, factor):
    """Return z and ReLU(z) of the ringed unit and the upper output, in sums over single units."""
    first_weights, second_weights, third_weights = (w.tolist() for w in network().weights)
    a = [
        max(0.0, sum(x * w[j] for x, w in zip(INPUT, first_weights, strict=True))) for j in range(6)
    ]
    a = [factor * value if kept else 0.0 for value, kept in zip(a, mask[:6], strict=True)]
    z = [sum(value * w[j] for value, w in zip(a, second_weights, strict=True)) for j in range(5)]
    relu = [max(0.0, value) for value in z]
    left = [factor * value if kept else 0.0 for value, kept in zip(relu, mask[6:], strict=True)]
    output = sum(value * w[0] for value, w in zip(left, third_weights, strict=True))
    return z[WATCHED], relu[WATCHED], output


@cache
def every_mask(factor):
    """Return all 2¹¹ masks and what is watched under each."""
    masks = list(product((False, True), repeat=11))
    return np.array(masks), np.array([by_hand(mask, factor) for mask in masks])


def moments(keep_prob, divide):
    """Return mean and standard deviation of what is watched over all 2¹¹ masks."""
    masks, values = every_mask(1 / keep_prob if divide else 1.0)
    chances = keep_prob ** masks.sum(axis=1) * (1 - keep_prob) ** (~masks).sum(axis=1)
    assert chances.sum() == pytest.approx(1)
    mean = chances @ values
    return mean, np.sqrt(chances @ (values - mean) ** 2)


def test_the_full_network_is_that_of_the_course():
    logits = network().logits(INPUT[None])[0]
    assert full()["output"] == pytest.approx(logits[0], rel=1e-12)
    assert network().sizes == SIZES
    assert not any(b.any() for b in network().biases)


@pytest.mark.parametrize("divide", [True, False])
@pytest.mark.parametrize("keep_prob", [0.1, 0.35, 0.5, 0.8, 1.0])
def test_the_expected_values_are_the_means_over_every_mask(keep_prob, divide):
    mean, _ = moments(keep_prob, divide)
    np.testing.assert_allclose(list(expected(keep_prob, divide).values()), mean, rtol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_draw_is_a_network_without_the_dropped_units(seed):
    thinning = Thinning(0.6, True, seed)
    for k in range(0, DRAWS, 97):
        kept = thinning.kept[k]
        alone = network().copy()
        alone.weights[1] = alone.weights[1] * kept[:6, None] / 0.6
        alone.weights[2] = alone.weights[2] * kept[6:, None] / 0.6
        values = [thinning.drawn[name][k] for name in MEANS]
        assert values[2] == pytest.approx(alone.logits(INPUT[None])[0, 0], abs=1e-12)
        np.testing.assert_allclose(values, by_hand(kept, 1 / 0.6), atol=1e-12)


@pytest.mark.parametrize("keep_prob", KEEP_PROBS.tolist())
def test_what_the_figure_says_of_the_means_is_true(keep_prob):
    """Exact for z; the ReLU's mean lies above (Jensen), the output's elsewhere."""
    whole, divided = full(), expected(keep_prob, divide=True)
    assert divided["z"] == pytest.approx(whole["z"], rel=1e-12)
    assert expected(keep_prob, divide=False)["z"] == pytest.approx(keep_prob * whole["z"])
    if keep_prob < 1:
        assert divided["relu"] > whole["relu"] + 0.005
        assert divided["output"] > whole["output"] + 0.01
        assert expected(keep_prob, divide=False)["output"] < keep_prob * whole["output"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("divide", [True, False])
@pytest.mark.parametrize("keep_prob", [0.2, 0.5, 0.8])
def test_the_mean_of_the_draws_comes_to_the_expected_values(seed, divide, keep_prob):
    mean, deviation = moments(keep_prob, divide)
    found = [values.mean() for values in Thinning(keep_prob, divide, seed).drawn.values()]
    assert np.all(np.abs(found - mean) < 4.5 * deviation / np.sqrt(DRAWS))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_smaller_keep_prob_drops_more_of_the_same_units(seed):
    kept = [Thinning(float(p), True, seed).kept for p in KEEP_PROBS]
    for fewer, more in pairwise(kept):
        assert np.all(more | ~fewer)
    assert kept[-1].all()
    for p, k in zip(KEEP_PROBS, kept, strict=True):
        assert abs(k.mean() - p) < 4.5 * np.sqrt(p * (1 - p) / k.size) + 1e-12


def test_a_running_mean_is_the_mean_of_the_draws_so_far():
    values = np.random.default_rng(0).normal(size=DRAWS)
    means = running_means(values)
    assert len(means) == DRAWS // EVERY
    for k, mean in enumerate(means.tolist(), start=1):
        assert mean == pytest.approx(values[: k * EVERY].sum() / (k * EVERY))


def test_signals_take_masks_of_any_number():
    one = signals(np.ones(6), np.ones(5))
    many = signals(np.ones((3, 2, 6)), np.ones((3, 2, 5)))
    for name in MEANS:
        np.testing.assert_allclose(many[name], np.full((3, 2), one[name]), rtol=1e-12)


# ---- the picture


def test_the_edges_join_the_units_that_are_kept_and_no_others():
    rng = np.random.default_rng(0)
    for keep_prob in (0.0, 0.3, 0.5, 0.8, 1.0):
        for _ in range(40):
            kept = rng.random(11) < keep_prob
            layers = [np.ones(4, bool), kept[:6], kept[6:], np.ones(2, bool)]
            expected_edges = {
                frozenset([(*a,), (*b,)])
                for k in range(3)
                for a in places(k)[layers[k]].tolist()
                for b in places(k + 1)[layers[k + 1]].tolist()
            }
            found = []
            for line in edges(kept):
                points = list(zip(line[0::2], line[1::2], strict=True))
                found += [frozenset(ends) for ends in pairwise(points)]
            assert set(found) == expected_edges
            assert len(found) == len(expected_edges)  # none twice


def test_bars_stand_on_the_axis_as_high_as_the_activations():
    at = bars(np.array([1.0, 0.0, 3.0, 9.0, 0.5, 2.0]), 0.25)
    x, y = at[0::2], at[1::2]
    assert len(x) == 4 * 5  # a bar of height 0 is none
    assert set(y[0::4]) == {BARS.top + BARS.height}
    heights = [BARS.top + BARS.height - top for top in y[1::4]]
    per_unit = BARS.height / 4
    assert heights == pytest.approx([per_unit * h for h in (1, 3, 4, 0.5, 2)], abs=0.5)
    assert np.mean(x[:4]) == pytest.approx(BARS.px(1, 0)[0], abs=0.5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("divide", [True, False])
def test_graph_bars_and_texts_show_the_first_draw_and_the_means(figure, seed, divide):
    figure.seed, figure.divide = seed, divide
    uniform = np.random.default_rng(seed).random((DRAWS, 11))[0]
    hidden = [(*at,) for layer in (1, 2) for at in places(layer).tolist()]
    for p in KEEP_PROBS[::3].tolist():
        figure.keep_prob = p
        marks, mean = drawn(figure), moments(p, divide)[0]
        kept = uniform < p
        for name, there in (("kept units", kept), ("dropped units", ~kept)):
            at = list(zip(marks[name][0::2], marks[name][1::2], strict=True))
            assert at == [unit for unit, seen in zip(hidden, there, strict=True) if seen]
        assert len(marks["dropped bars"]) == 2 * np.sum(~kept[:6])
        for name, value in zip(MEANS, mean, strict=True):
            assert marks[f"text {name}"][2].startswith(f"expected {value:.2f}, mean ")
            if value < MEANS[name].y[1]:
                level = MEANS[name].px(0, value)[1]
                assert marks[f"expected {name}"][1::2] == pytest.approx([level] * 2, abs=0.5)


def test_bars_beyond_the_axis_are_told(figure):
    figure.keep_prob = 0.2
    highest = figure.thinning().after.max()
    assert (drawn(figure)["beyond"] is None) == (highest <= 4)
    shown = [moving_marks(Thinning(0.2, True, seed))["beyond"] for seed in range(10)]
    assert any(shown)
    assert not any(moving_marks(Thinning(0.2, False, seed))["beyond"] for seed in range(10))


def test_every_text_of_the_means_ends_inside_its_axes():
    """A small letter takes at most 6.2 pixels."""
    for seed in range(10):
        for divide in (True, False):
            for p in KEEP_PROBS:
                marks = moving_marks(Thinning(float(p), divide, seed))
                for name, axes in MEANS.items():
                    x, _, text = marks[f"text {name}"]
                    assert x + 6.2 * len(text) <= axes.left + axes.width + 6


def test_the_sentence_says_what_is_seen(figure):
    assert sentence(figure.thinning()) == (
        "keep_prob 0.5: this draw drops 6 of 11 hidden units; what is kept is divided by 0.5. "
        "Expected z: 0.58, as in the full network. After the ReLU 0.67, not 0.58; "
        "output 2.00, not 1.71."
    )
    figure.divide = False
    assert sentence(figure.thinning()).endswith(
        "Expected z: 0.29, 0.5 times the full network's 0.58. Output 0.50, not 1.71."
    )
    figure.keep_prob, figure.divide = 0.95, True
    assert "After the ReLU 0.584, not 0.576; output 1.73, not 1.71." in sentence(figure.thinning())
    figure.keep_prob = 1
    assert "nothing is dropped" in sentence(figure.thinning())


def test_sentences_fit_and_differ():
    for divide in (True, False):
        said = [sentence(Thinning(float(p), divide, 2296)) for p in KEEP_PROBS]
        assert len(set(said)) == len(said)
        assert max(map(len, said)) <= 225


def test_a_new_draw_changes_the_picture_and_keeps_the_controls(figure):
    before = figure._picture
    figure.pressed("again")
    assert (figure.seed, figure.keep_prob, figure.divide) == (2297, 0.5, True)
    assert figure._picture["strips"] != before["strips"]
    assert figure._problem == ""
    figure.seed = 2296
    assert figure._picture == before


def test_a_keep_prob_between_two_positions_is_shown_exactly(figure):
    figure.keep_prob = 0.33
    value = moments(0.33, True)[0][2]
    assert figure._moment["marks"]["text output"][2].startswith(f"expected {value:.2f}")
    assert figure._moment["says"].startswith("keep_prob 0.33")
    figure.keep_prob = 0.35
    assert "marks" not in figure._moment


def test_a_stock_slider_moves_the_figure_and_follows_it(figure):
    slider = FloatSlider(value=0.5, min=0.1, max=1, step=0.01)
    link((slider, "value"), (figure, "keep_prob"))
    slider.value = 0.62
    assert figure.keep_prob == 0.62
    figure.keep_prob = 0.9
    assert slider.value == 0.9


@pytest.mark.parametrize("value", [0.0, -0.1, 1.1, np.nan])
def test_what_is_no_probability_to_keep_is_refused(figure, value):
    with pytest.raises(TraitError):
        figure.keep_prob = value
    assert figure.keep_prob == 0.5


# ---- without a kernel


@pytest.mark.parametrize("keep_prob", [0.5, 0.33])
def test_a_page_without_a_kernel_has_both_ways_and_is_small(keep_prob):
    figure = DropoutNetwork(keep_prob=keep_prob)
    recorded = figure.recording()
    assert [values["divide"] for values, _ in recorded] == [True, False]
    for values, picture in recorded:
        strip = picture["strips"]["keep_prob"]
        assert keep_prob in strip["values"]
        assert len(strip["values"]) >= 10
        assert values["keep_prob"] == keep_prob
        assert json.loads(json.dumps(picture)) == picture
    assert len(figure.page()) < 100_000
    figure.close()


def test_the_still_picture_shows_the_present_draw(figure):
    values, picture = figure.recording()[0]
    texts = [text.get_text() for text in still(picture, values).axes[0].texts]
    assert "expected 0.67, mean 0.69" in texts
    assert set(LAYERS) <= set(texts)
    assert figure.alt().endswith(sentence(figure.thinning()))


# ---- the rest


def test_the_figure_is_offered_to_lessons():
    assert widgets.DropoutNetwork is DropoutNetwork
