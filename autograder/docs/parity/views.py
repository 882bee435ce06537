"""Rows on the section's figures: the histogram, the landscape, the constraint view."""

from functools import partial

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import Lasso, Ridge

from autograder.docs.parity.row import Row
from utils.data import load_prostate
from utils.golden.descent import (
    HISTOGRAM,
    LANDSCAPE,
    LOSSES,
    RADII,
    W,
    histogram_start,
    weight_histogram,
)
from utils.training import train
from utils.widgets.losses import LANDSCAPES

# ---- the histogram of the weights


def _histogram(ours, theirs):
    updates = (None, partial(ours["l1_update"], lam=0.01), partial(ours["l2_update"], lam=0.01))
    for update, counts in zip(updates, theirs["histogram_torch"], strict=True):
        X, y, network = histogram_start()
        steps, lr = HISTOGRAM["steps"], HISTOGRAM["lr"]
        options = {"batch_size": len(X), "update": update, "rng": np.random.default_rng(0)}
        train(network, X, y, epochs=steps, lr=lr, **options)
        yield "weights in a bin", weight_histogram(network.weights), counts
        small = np.abs(np.concatenate([w.ravel() for w in network.weights])) < 0.002
        yield "share of the two bins at 0", np.mean(small), counts[99:101].sum() / small.size
        yield "sparsity", ours["sparsity"](network.weights, tol=0.002), np.mean(small)


# ---- the landscape of the loss


def _landscape(ours, theirs):
    lam, steps = LANDSCAPE["lam"], LANDSCAPE["steps"]
    for (name, (_, start, lr)), ends in zip(LOSSES.items(), theirs["landscape_ends"], strict=True):
        slope = LANDSCAPES[name].slope
        for update, end in zip(("proximal_l1_update", "l2_update"), ends, strict=True):
            w = np.array(start)
            for _ in range(steps):
                w = ours[update](w, np.array(slope(*w)), lr, lam)
            yield "where the descent ends", w, end


# ---- the constraint


def _prostate():
    """Return the training rows of the prostate data, scaled but not centered, with 67 responses."""
    men = load_prostate()
    X = (men.X - men.X.mean(axis=0)) / men.X.std(axis=0, ddof=1)
    return X[men.train], -men.y[men.train]  # negative, so that signs count


def _within_ball(X, y, radius):
    """Return the minimum of ‖y − Xw‖² on the ball by a general solver, SciPy's SLSQP."""
    start = np.full(X.shape[1], radius / X.shape[1])
    return minimize(
        lambda w: np.sum((y - X @ w) ** 2),
        start,
        jac=lambda w: -2 * X.T @ (y - X @ w),
        constraints={
            "type": "ineq",
            "fun": lambda w: radius**2 - w @ w,
            "jac": lambda w: -2 * w,
        },
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    ).x


def _ball(ours, theirs):
    X, y = _prostate()
    largest = np.linalg.norm(np.linalg.lstsq(X, y, rcond=None)[0])
    for share in (0.3, 0.6, 0.9, 1.2):
        radius = share * largest
        lam = ours["ridge_lambda_for_radius"](X, y, radius)
        priced = Ridge(alpha=lam, fit_intercept=False).fit(X, y).coef_
        bound = _within_ball(X, y, radius)
        descent = ours["projected_gradient_descent"](X, y, ours["project_l2_ball"], radius)
        yield "weights at a price, scikit-learn", ours["ridge"](X, y, lam), priced
        yield "weights in a budget, SciPy", ours["ridge"](X, y, lam), bound
        yield "weights in a budget, SciPy", descent, bound
    rows = [[ours["project_l2_ball"](row, radius) for row in W] for radius in RADII]
    yield "projection, Keras", np.array(rows), theirs["ball_keras"]
    yield "projection, PyTorch", np.array(rows), theirs["ball_torch"]


def _diamond(ours, theirs):
    X, y = _prostate()
    for lam in (3.0, 30.0, 100.0):
        options = {"fit_intercept": False, "tol": 1e-14, "max_iter": 100_000}
        priced = Lasso(alpha=lam / (2 * len(y)), **options).fit(X, y).coef_
        yield "weights at a price", ours["lasso"](X, y, lam), priced
        budget = np.abs(priced).sum()
        descent = ours["projected_gradient_descent"](X, y, ours["project_l1_ball"], budget)
        yield "weights in a budget", descent, priced
        zeros = [int(np.sum(w == 0)) for w in (ours["lasso"](X, y, lam), priced)]
        yield "number of zeros", *zeros
    least = ours["lasso_lambda_max"](X, y) / (2 * len(y))
    just = [Lasso(alpha=least * part, **options).fit(X, y).coef_ for part in (0.999, 1.001)]
    yield "number of zeros", [8, 7], [int(np.sum(w == 0)) for w in just[::-1]]


_NONE = dict.fromkeys(("TensorFlow", "Keras", "PyTorch", "scikit-learn"), "none")
ROWS = (
    Row(
        "weight_histogram",
        "the weight histogram",
        "01_l1_l2_updates",
        ("l1_update", "l2_update", "sparsity"),
        "a figure: the weights without a penalty (red) beside those with L1 or L2 (blue), 200 bins "
        "on ±0.2, a 784-100-50-10 tanh network",
        _NONE
        | {
            "TensorFlow": "`tf.histogram_fixed_width(w, [-0.2, 0.2], nbins=200)`",
            "Keras": "`keras.callbacks.TensorBoard(histogram_freq=1)`",
            "PyTorch": "`torch.histc(w, bins=200, min=-0.2, max=0.2)`",
        },
        "the same network trained in PyTorch, SGD with the penalty in the loss: the counts of all "
        "200 bins",
        {"weights in a bin": 5.0, "share of the two bins at 0": 1e-4, "sparsity": 1e-9},
        _histogram,
    ),
    Row(
        "loss_landscape",
        "the loss landscape",
        "01_l1_l2_updates",
        ("proximal_l1_update", "l2_update"),
        "a figure: contours of J + penalty over two weights, λ from 0 to 40, eight functions",
        _NONE,
        "the eight formulas that Jamil and Yang (2013) print, differentiated by PyTorch; where 200 "
        "steps end, by TensorFlow's `ResourceApplyProximalGradientDescent` (L1) and "
        "`torch.optim.SGD(weight_decay=2λ)` (L2)",
        {"where the descent ends": 1e-6},
        _landscape,
    ),
    Row(
        "constraint_l2",
        "the constraint view, L2",
        "02_constraint_geometry",
        (
            "ridge",
            "ridge_lambda_for_radius",
            "project_l2_ball",
            "projected_gradient_descent",
        ),
        "a figure: ‖w‖² ≤ t² and the contours of J; *The Elements of Statistical Learning*, "
        "Figure 3.11, right",
        {
            "TensorFlow": "`tf.keras.constraints.MaxNorm(t)`",
            "Keras": "`keras.constraints.MaxNorm(t)`",
            "PyTorch": "`torch.renorm(w, p=2, dim=0, maxnorm=t)`",
            "scikit-learn": "none for a budget; at a price `sklearn.linear_model.Ridge(alpha=lam)`",
        },
        "scikit-learn's `Ridge`; SciPy's `minimize` with the constraint; `MaxNorm` and `renorm`",
        {
            "weights at a price, scikit-learn": 1e-10,
            "weights in a budget, SciPy": 1e-5,
            "projection, Keras": 1e-6,
            "projection, PyTorch": 1e-6,
        },
        _ball,
    ),
    Row(
        "constraint_l1",
        "the constraint view, L1",
        "02_constraint_geometry",
        ("lasso", "lasso_lambda_max", "project_l1_ball", "projected_gradient_descent"),
        "a figure: Σ\\|w\\| ≤ t and the contours of J; *The Elements of Statistical Learning*, "
        "Figure 3.11, left",
        _NONE
        | {
            "scikit-learn": "none for a budget; at a price "
            "`sklearn.linear_model.Lasso(alpha=lam / (2 * n))`"
        },
        "scikit-learn's `Lasso`, as the minimum at a price and in the budget that it uses",
        {"weights at a price": 1e-6, "weights in a budget": 1e-5, "number of zeros": 0.0},
        _diamond,
    ),
)
