"""The real TensorFlow, Keras and PyTorch: what is stored of them, their names, and AdamW.

The comparisons of the answers with them are the rows of `test_parity`.
"""

import re

import numpy as np
import pytest

from autograder.docs import parity
from autograder.docs.parity import results
from autograder.solutions import ROOT
from tests.test_golden import assert_dropped
from tests.test_parity import assert_there, calls
from utils.golden import load_golden, make
from utils.golden.descent import GRAD, LAM, LR, W

INSTALL = "not installed; pip install -c constraints.txt -e '.[frameworks]'"
PACKAGES = ["tf", "keras", "torch"]
ROWS = {row.key: row for row in parity.ROWS}

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module", autouse=True)
def tf():
    """Return TensorFlow, imported after PyTorch."""
    if not results.installed():
        pytest.skip(f"TensorFlow or PyTorch is {INSTALL}")
    return make.load_frameworks()[0]


def test_the_stored_results_are_still_those_of_the_frameworks():
    stored, fixed, drawn = load_golden(), make.fixed(), make.drawn()
    for name, result in fixed.items():
        np.testing.assert_allclose(result, stored[name], rtol=1e-6, atol=1e-6, err_msg=name)
    assert_dropped(drawn)
    assert {*fixed, *drawn, "versions"} == set(stored)


def test_adamw_decays_apart_from_the_gradient_and_adam_does_not():
    plain = adam_step("Adam")
    decoupled = adam_step("AdamW", weight_decay=2 * LAM)
    inside = adam_step("Adam", weight_decay=2 * LAM)
    np.testing.assert_allclose(decoupled, plain - LR * 2 * LAM * W, rtol=1e-9, atol=1e-12)
    assert np.abs(inside - decoupled).max() > 1e-3


def adam_step(optimizer, **options):
    """Return W after one step of a PyTorch optimizer on Σ GRAD·w."""
    import torch

    w = torch.tensor(W, requires_grad=True)
    step = getattr(torch.optim, optimizer)([w], lr=LR, **options)
    (torch.tensor(GRAD) * w).sum().backward()
    step.step()
    return w.detach().numpy()


# ---- names


@pytest.mark.parametrize("key", ROWS)
def test_the_names_of_today_are_there(key):
    today = ROWS[key].today
    for library, root in zip(("TensorFlow", "Keras", "PyTorch"), PACKAGES, strict=True):
        named = list(calls(today[library], PACKAGES))
        assert all(name.startswith(f"{root}.") for name, _ in named)
        for name, words in named:
            assert_there(name, words)


def test_the_original_calls_had_these_arguments(tf):
    """TensorFlow 2 keeps most of version 1, with its signatures, in `tf.compat.v1`."""
    found = set()
    for row in parity.ROWS:
        for name, words in calls(row.original, ["tf"]):
            if name.startswith("tf.contrib.") or "noise" in words:  # gone; of version 2
                continue
            assert_there(name.replace("tf.", "tf.compat.v1.", 1), words)
            found.add(name)
    assert len(found) >= 7
    assert not hasattr(tf, "contrib")
    assert not hasattr(tf.image, "resize_images")
    assert not hasattr(tf.train, "GradientDescentOptimizer")


@pytest.mark.parametrize("path", sorted(ROOT.glob("lessons/0[0-5]*.py")), ids=lambda p: p.stem)
def test_the_names_that_a_lesson_gives_in_practice_are_there(path):
    text = path.read_text(encoding="utf-8").partition("# ## In practice")[2]
    named = list(calls(re.sub(r"(?m)^# ?", "", text), PACKAGES))
    assert named
    for name, words in named:
        assert_there(name, words)
