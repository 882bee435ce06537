"""What TensorFlow, Keras and PyTorch make of a penalty: its value, one step, a whole descent."""

import numpy as np

from utils.data import load_mnist
from utils.network import Network

LR, LAM = 0.1, 0.03
RATES = (0.7, 0.05)  # of the section that the course is built from
W = np.array([[1.5, -0.25, 0.0, 2e-3], [-2.0, 0.75, 1e-3, -2e-3]])  # αλ is 3e-3
MORE = np.array([[0.5, -1.0], [0.0, 2.0], [-0.25, 0.125], [1.0, 3.0]])  # of a second layer
GRAD = np.array([[0.2, -0.1, 0.3, 0.0], [0.0, 0.5, -0.4, 0.0]])  # ∂J/∂w of J(w) = Σ GRAD·w
RADII = (0.5, 1.0, 2.5)  # the rows of W have norms of 1.5 and 2.1
PRICES = {"l1": (1e-5, 3e-3, 1e-2, 3e-2), "l2": (1e-5, 3e-3, 1e-2, 0.3)}
BINS = np.linspace(-0.2, 0.2, 201)


# ---- values and steps


def penalties_in_keras(w=W, more=MORE, lam=LAM):
    """Return l2_loss of two arrays, the L1 penalty of the first, and that of a model of two layers.

    Parameters
    ----------
    w : (m, n) array
    more : (n, k) array
        The weights of the two layers; the model's biases pay nothing.
    lam : float
        The strength λ.
    """
    import keras
    import tensorflow as tf

    pays = {"kernel_regularizer": keras.regularizers.L1(lam), "dtype": "float64"}
    layers = [keras.layers.Dense(each.shape[1], **pays) for each in (w, more)]
    model = keras.Sequential([keras.Input((len(w),)), *layers])
    model.set_weights([w, np.ones(w.shape[1]), more, np.ones(more.shape[1])])
    results = {
        "penalty_tf_l2_loss": tf.stack([tf.nn.l2_loss(each) for each in (w, more)]),
        "penalty_keras_l1": keras.regularizers.L1(lam)(tf.constant(w)),
        "penalty_keras_layers": tf.add_n(model.losses),
    }
    return {name: result.numpy() for name, result in results.items()}


def steps_in_pytorch(w=W, grad=GRAD, lr=LR, lam=LAM):
    """Return w after one step of SGD on Σ grad·w: plain, with weight_decay = 2λ, with λΣ|w|."""
    import torch

    def step(penalty=0.0, **options):
        at = torch.tensor(w, requires_grad=True)
        optimizer = torch.optim.SGD([at], lr=lr, **options)
        ((torch.tensor(grad) * at).sum() + penalty * at.abs().sum()).backward()
        optimizer.step()
        return at.detach().numpy()

    return {
        "step_torch_plain": step(),
        "step_torch_l2": step(weight_decay=2 * lam),
        "step_torch_l1": step(penalty=lam),
    }


def steps_in_tensorflow(w=W, grad=GRAD, lr=LR, lam=LAM):
    """Return w after one step of gradient descent on Σ grad·w + a penalty, and a proximal step."""
    import keras
    import tensorflow as tf

    v1 = tf.compat.v1.train

    def step(optimizer, penalty=lambda at: 0.0, dtype="float64"):
        at = tf.Variable(w, dtype=dtype)
        with tf.GradientTape() as tape:
            cost = tf.reduce_sum(grad.astype(dtype) * at) + tf.cast(penalty(at), at.dtype)
        optimizer.apply_gradients([(tape.gradient(cost, at), at)])
        return at.numpy()

    proximal = v1.ProximalGradientDescentOptimizer(lr, l1_regularization_strength=lam)
    return {
        "step_keras_plain": step(keras.optimizers.SGD(lr)),
        "step_tf_plain": step(v1.GradientDescentOptimizer(lr)),
        "step_tf_l2_loss": step(
            v1.GradientDescentOptimizer(lr), lambda at: 2 * lam * tf.nn.l2_loss(at)
        ),
        "step_keras_l1": step(v1.GradientDescentOptimizer(lr), keras.regularizers.L1(lam)),
        "step_keras_l2": step(v1.GradientDescentOptimizer(lr), keras.regularizers.L2(lam)),
        "step_tf_proximal": step(proximal, dtype="float32"),  # it takes no float64
    }


def plain_steps(w=W, grad=GRAD, rates=RATES):
    """Return w after one plain step with each learning rate, by both frameworks and Keras."""
    found = [steps_in_pytorch(w, grad, lr) | steps_in_tensorflow(w, grad, lr) for lr in rates]
    names = ("step_torch_plain", "step_keras_plain", "step_tf_plain")
    return {f"{name}_rates": np.array([each[name] for each in found]) for name in names}


def taken_in_pytorch():
    """Return what one step takes from 2.0 and 0.02 by L1 and by L2, α = λ = 0.1, (2, 2)."""
    w = np.array([2.0, 0.02])
    stepped = steps_in_pytorch(w, np.zeros(2), 0.1, 0.1)
    return {"taken_torch": np.array([w - stepped[f"step_torch_{name}"] for name in ("l1", "l2")])}


def balls(w=W, radii=RADII):
    """Return each row of w brought into balls of some radii by Keras and PyTorch."""
    import keras
    import torch

    keras_balls = [keras.constraints.MaxNorm(float(r), axis=1)(w) for r in radii]
    torch_balls = [torch.renorm(torch.tensor(w), 2, 0, r) for r in radii]
    return {
        "ball_keras": np.array([np.array(each) for each in keras_balls]),
        "ball_torch": np.array([each.numpy() for each in torch_balls]),
    }


# ---- whole descents


def descend_in_pytorch(network, X, y, *, lr, steps, l1=0.0, l2=0.0):
    """Return a network's weights and biases after steps of full-batch descent in PyTorch.

    Parameters
    ----------
    network : utils.network.Network
        The start, in float64.
    X, y : array
    lr : float
    steps : int
    l1, l2 : float
        λ of l1·Σ|w| and of l2·Σw² over all weight matrices.
    """
    import torch

    torch.set_num_threads(1)  # more cost more than they bring
    weights, biases = (
        [torch.tensor(each, requires_grad=True) for each in arrays]
        for arrays in (network.weights, network.biases)
    )
    groups = [{"params": weights, "weight_decay": 2 * l2}, {"params": biases}]
    optimizer = torch.optim.SGD(groups, lr=lr)
    X, y = torch.tensor(X), torch.tensor(y)
    for _ in range(steps):
        optimizer.zero_grad()
        out = X
        for w, b in zip(weights, biases, strict=True):
            out = (out if w is weights[0] else getattr(torch, network.activation)(out)) @ w + b
        penalty = l1 * sum(w.abs().sum() for w in weights)
        (torch.nn.functional.cross_entropy(out, y) + penalty).backward()
        optimizer.step()
    return [[each.detach().numpy() for each in arrays] for arrays in (weights, biases)]


HISTOGRAM = {"lr": 0.1, "steps": 60}


def histogram_start():
    """Return 100 digits, their labels, and the network of the section's explorable."""
    mnist, rng = load_mnist(), np.random.default_rng(6)
    network = Network((784, 100, 50, 10), rng, activation="tanh", dtype=np.float64)
    return mnist.X[::50], mnist.y[::50], network  # ten of each digit


def histograms_in_pytorch():
    """Return how many weights are in each of 200 bins on ±0.2: without, with L1, with L2."""
    X, y, start = histogram_start()
    found = [
        descend_in_pytorch(start, X, y, **HISTOGRAM, **prices)[0]
        for prices in ({}, {"l1": 0.01}, {"l2": 0.01})
    ]
    return {"histogram_torch": np.array([weight_histogram(weights) for weights in found])}


def weight_histogram(weights):
    """Return how many entries of all arrays are in each bin of `BINS`, (200,)."""
    return np.histogram(np.concatenate([w.ravel() for w in weights]), BINS)[0]


SWEEP = {"lr": 0.4, "steps": 200}


def sweep_start():
    """Return 200 digits of 14 × 14 pixels, every fifth label wrong, 500 right ones, a network."""
    mnist = load_mnist()
    X = mnist.X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    y = np.where(np.arange(5000) % 125 == 0, (mnist.y + 1) % 10, mnist.y)
    network = Network((196, 50, 10), np.random.default_rng(7), dtype=np.float64)
    return (X[::25], y[::25]), (X[7::10], mnist.y[7::10]), network


def errors_of(network, train, dev):
    """Return the training and the dev error of a network, (2,)."""
    return np.array([network.error(*train), network.error(*dev)])


def sweep_in_pytorch():
    """Return training and dev errors for all `PRICES` under L1 and L2, (2, 4, 2)."""
    train, dev, start = sweep_start()
    found = []
    for penalty, lams in PRICES.items():
        for lam in lams:
            network = start.copy()
            network.weights, network.biases = descend_in_pytorch(
                start, *train, **SWEEP, **{penalty: lam}
            )
            found.append(errors_of(network, train, dev))
    return {"sweep_torch": np.reshape(found, (2, 4, 2))}


# ---- the losses of two weights that the section's explorable draws


def _himmelblau(x, y, f):
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


def _styblinski_tang(x, y, f):
    return 0.5 * sum(v**4 - 16 * v**2 + 5 * v for v in (x, y))


def _mccormick(x, y, f):
    return f.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


def _matyas(x, y, f):
    return 0.26 * x * x + 0.26 * y * y - 0.48 * x * y


def _rosenbrock(x, y, f):
    return 100 * (y - x * x) ** 2 + (x - 1) ** 2


def _beale(x, y, f):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y * y) ** 2 + (2.625 - x + x * y * y * y) ** 2


def _goldstein_price(x, y, f):
    first = 19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2
    second = 18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2
    return (1 + (x + y + 1) ** 2 * first) * (30 + (2 * x - 3 * y) ** 2 * second)


def _rastrigin(x, y, f):
    return 20 + sum(v**2 - 10 * f.cos(2 * np.pi * v) for v in (x, y))


LOSSES = {  # as printed by M. Jamil and X.-S. Yang (2013); a start, a learning rate
    "Himmelblau": (_himmelblau, (4.0, -3.0), 0.002),
    "Styblinski–Tang": (_styblinski_tang, (1.0, -4.0), 0.003),
    "McCormick": (_mccormick, (2.0, 1.0), 0.05),
    "Matyas": (_matyas, (-8.0, 5.0), 0.1),
    "Rosenbrock": (_rosenbrock, (-1.0, 1.5), 0.001),
    "Beale": (_beale, (1.0, 2.0), 0.0004),
    "Goldstein–Price": (_goldstein_price, (1.2, -0.4), 4e-5),
    "Rastrigin": (_rastrigin, (1.7, -2.2), 0.0005),
}
LANDSCAPE = {"lam": 2.0, "steps": 200}


def slope_in_pytorch(loss, w):
    """Return the gradient of a loss of two weights by automatic differentiation, (2,)."""
    import torch

    at = torch.tensor(w, requires_grad=True)
    loss(at[0], at[1], torch).backward()
    return at.grad.numpy()


def landscapes_in_frameworks(lam=LANDSCAPE["lam"], steps=LANDSCAPE["steps"]):
    """Return where descents on all `LOSSES` end under L1 and under L2, (8, 2, 2).

    L1 is TensorFlow's proximal gradient descent, L2 is PyTorch's SGD with weight_decay = 2λ. The
    slopes are PyTorch's in both.
    """
    import tensorflow as tf
    import torch

    ends = []
    for loss, start, lr in LOSSES.values():
        at = tf.Variable(np.array(start))
        prices = {"alpha": np.float64(lr), "l1": np.float64(lam), "l2": np.float64(0)}
        w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        decay = torch.optim.SGD([w], lr=lr, weight_decay=2 * lam)
        for _ in range(steps):
            slope = slope_in_pytorch(loss, at.numpy())
            tf.raw_ops.ResourceApplyProximalGradientDescent(var=at.handle, delta=slope, **prices)
            decay.zero_grad()
            loss(w[0], w[1], torch).backward()
            decay.step()
        ends.append([at.numpy(), w.detach().numpy()])
    return {"landscape_ends": np.array(ends)}


def descents():
    """Return all of this module's results; no random draw changes them."""
    return (
        penalties_in_keras()
        | steps_in_pytorch()
        | steps_in_tensorflow()
        | plain_steps()
        | taken_in_pytorch()
        | balls()
        | histograms_in_pytorch()
        | sweep_in_pytorch()
        | landscapes_in_frameworks()
    )
