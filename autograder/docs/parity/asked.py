"""Rows on the section's three questions."""

from functools import partial

import numpy as np
from sklearn.linear_model import Lasso, Ridge

from autograder.docs.parity.row import Row
from utils.golden.descent import PRICES, SWEEP, errors_of, sweep_start
from utils.training import train

LESSON = "01_l1_l2_updates"


def _difference(ours, theirs):
    """Take 2.0 and 0.02 through one step of either rule, without a gradient, α = λ = 0.1."""
    w, flat = np.array([2.0, 0.02]), np.zeros(2)
    taken = [w - ours[name](w, flat, 0.1, 0.1) for name in ("l1_update", "l2_update")]
    yield "what is taken", np.array(taken), theirs["taken_torch"]
    shares = theirs["taken_torch"] / w
    seen = {
        "a": np.ptp(theirs["taken_torch"], axis=1).max() < 1e-9,
        "b": np.ptp(shares[0]) < 1e-9,
        "c": theirs["taken_torch"][0, 0] > theirs["taken_torch"][1, 0],
        "d": np.ptp(theirs["taken_torch"][0]) < 1e-9 and np.ptp(shares[1]) < 1e-9,
    }
    yield "the option", ours["rule_difference"], _only(seen)


def _only(seen):
    """Return the one option that was seen to hold."""
    (option,) = (option for option, holds in seen.items() if holds)
    return option


def _optimum(ours, theirs):
    """Minimize ½·4(w − 3)² + the penalty, which is ‖y − xw‖² for x = √2 and y = 3√2."""
    X, y, options = np.array([[2**0.5]]), np.array([3 * 2**0.5]), {"fit_intercept": False}
    ridge = Ridge(alpha=2.0, **options).fit(X, y).coef_[0]
    lasso = Lasso(alpha=2.0 / 2, **options).fit(X, y).coef_[0]
    yield "minimum under L2", ours["ridge_minimizer"], ridge
    yield "minimum under L1", ours["lasso_minimizer"], lasso


def _strength(ours, theirs):
    data, dev, start = sweep_start()
    for (penalty, lams), errors in zip(PRICES.items(), theirs["sweep_torch"], strict=True):
        found = []
        for lam in lams:
            network = start.copy()
            train(
                network,
                *data,
                epochs=SWEEP["steps"],
                lr=SWEEP["lr"],
                rng=np.random.default_rng(0),
                batch_size=len(data[0]),
                update=partial(ours[f"{penalty}_update"], lam=lam),
            )
            found.append(errors_of(network, data, dev))
        yield "errors", np.array(found), errors
        yield "the option", ours["lambda_effect"], _option(*errors.T)


def _option(training, dev):
    """Return the option of the question that errors along a growing λ show."""
    best = int(np.argmin(dev))
    seen = {
        "a": training[-1] < training[0] and dev[-1] < dev[0],
        "b": training[-1] > training[0] and best == 0,
        "c": training[-1] > training[0] and 0 < best < len(dev) - 1,
        "d": training[-1] == training[0],
    }
    return _only(seen)


_NONE = dict.fromkeys(("TensorFlow", "Keras", "PyTorch", "scikit-learn"), "none")
ROWS = (
    Row(
        "question_difference",
        "question 1: what differs between the rules?",
        LESSON,
        ("rule_difference", "l1_update", "l2_update"),
        "αλ·sign(w) beside 2αλw",
        _NONE,
        "one step of `torch.optim.SGD` from 2 and 0.02, where the loss is flat",
        {"what is taken": 1e-12, "the option": 0.0},
        _difference,
    ),
    Row(
        "question_optimum",
        "question 2: does a penalty move the optimum?",
        LESSON,
        ("ridge_minimizer", "lasso_minimizer"),
        "J + λ‖w‖², J + λΣ\\|w\\|",
        _NONE
        | {
            "scikit-learn": "`sklearn.linear_model.Ridge(alpha=lam)`, "
            "`sklearn.linear_model.Lasso(alpha=lam / (2 * n))`"
        },
        "scikit-learn's `Ridge` and `Lasso` on the one example that makes this J",
        {"minimum under L2": 1e-9, "minimum under L1": 1e-9},
        _optimum,
    ),
    Row(
        "question_strength",
        "question 3: what does λ do?",
        LESSON,
        ("lambda_effect", "l1_update", "l2_update"),
        "λ in both updates",
        _NONE
        | {
            "scikit-learn": "`sklearn.model_selection.validation_curve(estimator, X, y, "
            'param_name="alpha", param_range=alphas)`'
        },
        "training and dev errors of a network with wrong labels, for four λ and both penalties, "
        "trained in PyTorch from the same start",
        {"errors": 0.02, "the option": 0.0},
        _strength,
    ),
)
