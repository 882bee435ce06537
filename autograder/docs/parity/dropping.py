"""Rows on dropout: no two libraries draw one mask, so rules are compared, and shares."""

import numpy as np

from autograder.docs.parity.row import Row

LESSON = "04_dropout"
DRAWS = 100
WHOLE = {  # input: output, probability of keeping
    "dropout_torch_x": ("dropout_torch_out", 0.8),
    "dropout_keras_x": ("dropout_keras_train", 0.8),
}
SHARED = {  # input: output, probability of keeping, shape of the mask
    "dropout_torch_maps_x": ("dropout_torch_maps_out", 0.5, (2, 8, 1, 1)),
    "dropout_tf_maps_x": ("dropout_tf_maps_out", 0.8, (2, 1, 1, 8)),
    "dropout_keras_shared_x": ("dropout_keras_shared_out", 0.5, (3, 1, 6)),
}


def _draws(ours, x, keep_prob, **options):
    """Return many outputs of our dropout, (DRAWS, *x.shape)."""
    rng = np.random.default_rng(4)
    forward = ours["dropout_forward"]
    return np.array([forward(x, keep_prob, rng, **options)[0] for _ in range(DRAWS)])


def _kept(draws, out):
    """Return the least and the largest value that our draws keep where the library kept one."""
    sizes = np.where(draws == 0, np.nan, draws)[:, out != 0]
    found = np.array([np.nanmin(sizes, axis=0), np.nanmax(sizes, axis=0)])
    return found, np.stack([out[out != 0]] * 2)


def _coins(draws):
    """Return how many entries have a fate of their own over all draws."""
    return np.unique((draws != 0).reshape(DRAWS, -1), axis=1).shape[1]


def _forward(ours, theirs):
    forward, ones = ours["dropout_forward"], np.ones(100_000)
    for given, (name, keep_prob) in WHOLE.items():
        x = theirs[given].astype(float)
        draws = _draws(ours, x, keep_prob)
        yield "kept values", *_kept(draws, theirs[name])
        yield "number of coins", _coins(draws), x.size
    for version, keep_prob in (("tf1", 0.8), ("tf2", 0.2)):  # dropout(ones, 0.8) in both
        out = theirs[f"dropout_{version}_flip"]
        found, mask = forward(ones, keep_prob, np.random.default_rng(4))
        yield "kept values", [found.max(), mask.max()], [out.max()] * 2
        yield "share kept", np.mean(found > 0), np.mean(out > 0)
    twice = [forward(ones[:1000], 0.5, np.random.default_rng(4))[0] for _ in range(2)]
    other = forward(ones[:1000], 0.5, np.random.default_rng(5))[0]
    first, second = theirs["dropout_keras_seed"]
    yield "same seed", np.mean(twice[0] != twice[1]), np.mean(first != second)
    yield "share kept", np.mean(twice[0] != other), 0.5  # another seed, another mask
    x = theirs["dropout_keras_x"]
    found = forward(x, 0.8, np.random.default_rng(4), train=False)[0]
    yield "new examples", found, theirs["dropout_keras_eval"]


def _noise_shape(ours, theirs):
    for given, (name, keep_prob, shape) in SHARED.items():
        x, out = theirs[given].astype(float), theirs[name]
        draws = _draws(ours, x, keep_prob, noise_shape=shape)
        yield "kept values", *_kept(draws, out)
        yield "number of coins", _coins(draws), int(np.prod(shape))
        axes = tuple(axis for axis, size in enumerate(shape) if size < x.shape[axis])
        apart = [np.ptp((each != 0).astype(int), axis=axes).sum() for each in (draws[0], out)]
        yield "coins that are not shared", *apart


def _backward(ours, theirs):
    backward = ours["dropout_backward"]
    for name, shape in (("torch", None), ("torch_maps", (2, 8, 1, 1))):
        mask = theirs[f"dropout_{name}_out"] / theirs[f"dropout_{name}_x"]
        if shape:  # one number for each map, which broadcasts
            mask = mask.max(axis=(2, 3), keepdims=True)
        found = backward(theirs[f"dropout_{name}_dout"], mask)
        yield "gradient", found, theirs[f"dropout_{name}_dx"]


def _unseen_backward(ours):
    import torch

    torch.manual_seed(41)
    for _ in range(100):
        x = torch.randn(5, 7, requires_grad=True)
        out = torch.nn.functional.dropout(x, p=0.3, training=True)
        dout = torch.randn(5, 7)
        out.backward(dout)
        mask = (out / x).detach().numpy()
        yield "gradient", ours["dropout_backward"](dout.numpy(), mask), x.grad.numpy()


ROWS = (
    Row(
        "dropout",
        "dropout: keep_prob, seed",
        LESSON,
        ("dropout_forward",),
        "`tf.nn.dropout(x, keep_prob, noise_shape=None, seed=None)`",
        {
            "TensorFlow": "`tf.nn.dropout(x, rate=1 - keep_prob, seed=None)`: the second argument "
            "is what is *dropped*",
            "Keras": "`keras.layers.Dropout(rate=1 - keep_prob, seed=None)`",
            "PyTorch": "`torch.nn.Dropout(p=1 - keep_prob)`; its seed: `torch.manual_seed(0)`",
            "scikit-learn": "none",
        },
        "`tf.nn.dropout`, `tf.compat.v1.nn.dropout`, `keras.layers.Dropout` with one seed twice, "
        "`torch.nn.functional.dropout`",
        {
            "kept values": 1e-5,
            "number of coins": 0.0,
            "share kept": 0.08,
            "same seed": 0.0,
            "new examples": 0.0,
        },
        _forward,
    ),
    Row(
        "dropout_noise_shape",
        "dropout: noise_shape",
        LESSON,
        ("dropout_forward",),
        "`tf.nn.dropout(x, keep_prob, noise_shape=(k, 1, 1, n))`",
        {
            "TensorFlow": "`tf.nn.dropout(x, rate=1 - keep_prob, noise_shape=(k, 1, 1, n))`",
            "Keras": "`keras.layers.Dropout(rate=1 - keep_prob, noise_shape=(None, 1, 1, n))`, "
            "`keras.layers.SpatialDropout2D(rate=1 - keep_prob)`",
            "PyTorch": "`torch.nn.Dropout2d(p=1 - keep_prob)`, channels first",
            "scikit-learn": "none",
        },
        "the three of them",
        {"kept values": 1e-5, "number of coins": 0.0, "coins that are not shared": 0.0},
        _noise_shape,
    ),
    Row(
        "dropout_gradient",
        "dropout: the way back",
        LESSON,
        ("dropout_backward",),
        "part of `tf.nn.dropout`",
        {
            "TensorFlow": "`tf.GradientTape()` around `tf.nn.dropout(x, rate=1 - keep_prob)`",
            "Keras": "part of `keras.layers.Dropout`",
            "PyTorch": "`torch.nn.functional.dropout(x, p=1 - keep_prob)` and then `backward()`",
            "scikit-learn": "none",
        },
        "PyTorch's gradient through `torch.nn.functional.dropout` and `torch.nn.Dropout2d`, "
        "given the mask that it drew",
        {"gradient": 1e-5},
        _backward,
        _unseen_backward,
    ),
)
