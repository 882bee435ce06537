"""Rows on penalties and updates, against TensorFlow, Keras and PyTorch."""

import numpy as np

from autograder.docs.parity.row import Row
from utils.golden import descent
from utils.golden.descent import GRAD, LAM, LR, MORE, RATES, W

LESSON = "01_l1_l2_updates"


def _drawn(seed, n=20):
    """Yield weights, gradient, learning rate and λ."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        w, grad = rng.normal(size=(2, 3, 4))
        w[0, 0] = 0.0
        yield w, grad, rng.uniform(0.01, 1), rng.uniform(0, 0.5)


# ---- values


def _l2_loss(ours, theirs):
    beta = 0.7  # 2λ
    first, second = beta * theirs["penalty_tf_l2_loss"]
    yield "value", ours["l2_penalty"]([W], beta / 2), first
    yield "value", ours["l2_penalty"]([W, MORE], beta / 2), first + second


def _l1_regularizer(ours, theirs):
    yield "value", ours["l1_penalty"]([W], LAM), theirs["penalty_keras_l1"]


def _apply_regularization(ours, theirs):
    yield "value", ours["l1_penalty"]([W, MORE], LAM), theirs["penalty_keras_layers"]


def _unseen_penalty(what):
    """Return the comparer of one of the three values on random weights."""

    def unseen(ours):
        for w, grad, _, lam in _drawn(seed=11):
            theirs = descent.penalties_in_keras(w, grad.T, lam)
            if what == "l2_loss":
                yield "value", ours["l2_penalty"]([w], 0.5), theirs["penalty_tf_l2_loss"][0]
            else:
                arrays = [w] if what == "l1" else [w, grad.T]
                yield "value", ours["l1_penalty"](arrays, lam), theirs[f"penalty_keras_{what}"]

    return unseen


# ---- steps


def _plain(ours, theirs, w=W, grad=GRAD, rates=RATES):
    for name in ("l1_update", "l2_update"):
        found = np.array([ours[name](w, grad, lr, 0.0) for lr in rates])
        for library, key in (("TensorFlow", "tf"), ("Keras", "keras"), ("PyTorch", "torch")):
            yield library, found, theirs[f"step_{key}_plain_rates"]


def _unseen_plain(ours):
    for w, grad, lr, _ in _drawn(seed=12):
        yield from _plain(ours, descent.plain_steps(w, grad, (lr,)), w, grad, (lr,))


def _step(name, keys):
    """Return the two comparers of an update; `keys` tells the results by what is compared."""

    def of(ours, theirs, case):
        found = ours[name](*case)
        return [(what, found, theirs[key]) for what, key in keys.items()]

    def compare(ours, theirs):
        return of(ours, theirs, (W, GRAD, LR, LAM))

    def unseen(ours):
        for case in _drawn(seed=13):
            theirs = descent.steps_in_pytorch(*case) | descent.steps_in_tensorflow(*case)
            yield from of(ours, theirs, case)

    return {"compare": compare, "unseen": unseen}


# ---- the rows

_L1_TODAY = {
    "TensorFlow": "`tf.keras.regularizers.L1(l1)`",
    "Keras": "`keras.layers.Dense(units, kernel_regularizer=keras.regularizers.L1(lam))`",
    "PyTorch": "none; add `lam * w.abs().sum()` to the loss",
    "scikit-learn": '`sklearn.linear_model.SGDClassifier(penalty="l1", alpha=lam)`, '
    "`sklearn.linear_model.Lasso(alpha=lam / (2 * n))`",
}
_L2_TODAY = {
    "TensorFlow": "`tf.keras.regularizers.L2(l2)`",
    "Keras": "`keras.layers.Dense(units, kernel_regularizer=keras.regularizers.L2(lam))`",
    "PyTorch": "`torch.optim.SGD(params, lr=lr, weight_decay=2 * lam)`",
    "scikit-learn": '`sklearn.linear_model.SGDClassifier(penalty="l2", alpha=2 * lam)`, '
    "`sklearn.linear_model.Ridge(alpha=lam)`",
}
ROWS = (
    Row(
        "l2_loss",
        "l2_loss",
        LESSON,
        ("l2_penalty",),
        "`tf.nn.l2_loss(t)`, half the sum of squares: β in front of it is 2λ of the text",
        {
            "TensorFlow": "`tf.nn.l2_loss(t)`",
            "Keras": "`keras.regularizers.L2(beta / 2)`",
            "PyTorch": "none; write `w.square().sum() / 2`",
            "scikit-learn": "none",
        },
        "`tf.nn.l2_loss`",
        {"value": 1e-12},
        _l2_loss,
        _unseen_penalty("l2_loss"),
    ),
    Row(
        "l1_regularizer",
        "l1_regularizer",
        LESSON,
        ("l1_penalty",),
        "`tf.contrib.layers.l1_regularizer(scale)`, removed; `scale` had to be a float",
        _L1_TODAY | {"scikit-learn": "none"},
        "`keras.regularizers.L1`, by the formula scale·Σ\\|w\\| that both print",
        {"value": 1e-6},
        _l1_regularizer,
        _unseen_penalty("l1"),
    ),
    Row(
        "apply_regularization",
        "apply_regularization",
        LESSON,
        ("l1_penalty",),
        "`tf.contrib.layers.apply_regularization(regularizer, weights_list=None)`, removed; it "
        "also filed the sum in a collection",
        {
            "TensorFlow": "`tf.add_n(model.losses)`",
            "Keras": "`model.losses`, summed and added by `fit`",
            "PyTorch": "none; sum over the parameters",
            "scikit-learn": "none",
        },
        "`model.losses` of a Keras model of two layers",
        {"value": 1e-6},
        _apply_regularization,
        _unseen_penalty("layers"),
    ),
    Row(
        "gradient_descent",
        "GradientDescentOptimizer",
        LESSON,
        ("l1_update", "l2_update"),
        "`tf.train.GradientDescentOptimizer(learning_rate)`, with 0.7 and 0.05 in the section",
        {
            "TensorFlow": "`tf.keras.optimizers.SGD(learning_rate)`; the old one: "
            "`tf.compat.v1.train.GradientDescentOptimizer(learning_rate)`",
            "Keras": "`keras.optimizers.SGD(learning_rate)`",
            "PyTorch": "`torch.optim.SGD(params, lr=lr)`",
            "scikit-learn": "`sklearn.linear_model.SGDClassifier(penalty=None, "
            'learning_rate="constant", eta0=lr)`',
        },
        "all three, one step with each of the two rates, λ = 0",
        {"TensorFlow": 1e-6, "Keras": 1e-6, "PyTorch": 1e-12},
        _plain,
        _unseen_plain,
    ),
    Row(
        "l1_update",
        "L1 update",
        LESSON,
        ("l1_update",),
        "w − α·∂J/∂w − αλ·sign(w)",
        _L1_TODAY,
        "PyTorch's gradient of λΣ\\|w\\|, one step of `torch.optim.SGD`; `keras.regularizers.L1`",
        {"PyTorch": 1e-12, "Keras": 1e-6},
        **_step("l1_update", {"PyTorch": "step_torch_l1", "Keras": "step_keras_l1"}),
    ),
    Row(
        "l2_update",
        "L2 update",
        LESSON,
        ("l2_update",),
        "w − α·∂J/∂w − 2αλw",
        _L2_TODAY,
        "`torch.optim.SGD(weight_decay=2λ)`; 2λ·`tf.nn.l2_loss`; `keras.regularizers.L2`",
        {"PyTorch": 1e-12, "TensorFlow": 1e-6, "Keras": 1e-6},
        **_step(
            "l2_update",
            {"PyTorch": "step_torch_l2", "TensorFlow": "step_tf_l2_loss", "Keras": "step_keras_l2"},
        ),
    ),
    Row(
        "proximal_l1_update",
        "L1 update with exact zeros",
        LESSON,
        ("proximal_l1_update",),
        "not in the section, which says that weights become 0: its step gives no exact zeros",
        {
            "TensorFlow": "`tf.compat.v1.train.ProximalGradientDescentOptimizer(learning_rate, "
            "l1_regularization_strength=lam)`",
            "Keras": "none; by another rule "
            "`keras.optimizers.Ftrl(l1_regularization_strength=lam)`",
            "PyTorch": "none; after the step `torch.nn.functional.softshrink(w, lr * lam)`",
            "scikit-learn": '`sklearn.linear_model.SGDClassifier(penalty="l1", alpha=lam)`',
        },
        "`tf.compat.v1.train.ProximalGradientDescentOptimizer`, in float32",
        {"TensorFlow": 2e-6},
        **_step("proximal_l1_update", {"TensorFlow": "step_tf_proximal"}),
    ),
)
