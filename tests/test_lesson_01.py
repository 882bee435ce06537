"""What lesson 01 says without printing it: of landscapes, and of weights that stay at 0."""

from functools import partial

import numpy as np
import pytest

from autograder.solutions import functions_of
from utils.data import flip_labels, load_mnist, split
from utils.network import Network
from utils.training import train
from utils.widgets.losses import LANDSCAPES, minimizers

LESSON = "01_l1_l2_updates"


def found(name, penalty, *lams):
    """Return the minimizers of a landscape for each λ, the lowest first."""
    return minimizers(LANDSCAPES[name], penalty, lams)


# ---- unit 8: the live figure


def test_one_of_himmelblaus_four_points_is_lowest_and_the_others_go_under_l2():
    points = found("Himmelblau", "L2", 0.01, 8, 12, 16, 40)
    assert [len(each) for each in points] == [4, 3, 2, 1, 1]
    assert points[0][0] == pytest.approx([3, 2], abs=0.01)


def test_near_9_himmelblaus_lowest_point_under_l1_is_a_new_one_on_an_axis():
    none, before, after = (each[0] for each in found("Himmelblau", "L1", 0.01, 8.5, 9.5))
    assert none == pytest.approx([3, 2], abs=0.01)
    assert before[1] > 1.5
    assert after[1] == 0


def test_l1_gives_styblinski_and_tang_nine_minimizers_from_its_slope_at_0_on():
    points = found("Styblinski–Tang", "L1", 2.4, 2.6, 14.5, 16)
    assert [len(each) for each in points] == [4, 9, 9, 4]


def test_even_l2_gives_beale_a_new_minimizer():
    assert [len(each) for each in found("Beale", "L2", 0, 0.01, 1)] == [1, 2, 2]


@pytest.mark.parametrize("name", ["Matyas", "Rastrigin"])
@pytest.mark.parametrize("penalty", ["L1", "L2"])
def test_no_strength_moves_a_lowest_point_at_0(name, penalty):
    assert [each[0].tolist() for each in found(name, penalty, 0, 1, 40)] == [[0, 0]] * 3


def test_goldstein_and_price_climb_above_80000():
    landscape = LANDSCAPES["Goldstein–Price"]
    x, y = np.meshgrid(np.linspace(*landscape.x, 101), np.linspace(*landscape.y, 101))
    assert landscape.loss(x, y).max() > 80_000


# ---- unit 6: zeros that no λ calls back


@pytest.mark.parametrize("seed", range(3))
def test_a_weight_without_a_gradient_has_a_blank_pixel_or_a_dead_unit(seed):
    rng = np.random.default_rng(seed)
    (X, y), _ = split(load_mnist().X, load_mnist().y, (1000, 1000), rng)
    y, network = flip_labels(y, 0.2, rng), Network((784, 50, 10), rng)
    step = functions_of(LESSON)["proximal_l1_update"]
    for lam, epochs in ((0.0025, 40), (0.01, 20), (0.0003, 20)):
        rule = partial(step, lam=lam)
        train(network, X, y, epochs=epochs, lr=0.1, rng=rng, batch_size=50, update=rule)
    first, last = network.weights
    blank = X.max(axis=0) == 0
    silent = (X @ first + network.biases[0]).max(axis=0) <= 0
    dead = silent | (last == 0).all(axis=1)
    expected = blank[:, None] | dead
    assert expected.any()
    grad = network.gradients(X, y)[1][0]
    np.testing.assert_array_equal(grad[expected], 0)
    stuck = (grad == 0) & (first == 0)
    assert np.mean(expected[stuck]) > 0.9
