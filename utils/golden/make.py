"""Make the results of this folder again, with the real TensorFlow, Keras and PyTorch.

It takes a few seconds once they are installed: `pip install -c constraints.txt -e '.[frameworks]'`.
What is drawn at random is another draw with other versions of them; all else should stay as it is,
and `./course test --frameworks` compares it with what is stored:

    python -m utils.golden.make
"""

import os
from pathlib import Path

import numpy as np

from utils.data import load_photographs
from utils.golden.descent import descents

FILE = Path(__file__).parent / "frameworks.npz"
SEED = 20
LARGER, SQUARE, SMALLER, CROP, WINDOW = (14, 20), (14, 14), (4, 6), (5, 6), (6, 8)
NOISY_WINDOW, NOISY_CORNER = (30, 40), (-9.0, -14.0)
NAN = float("nan")
ERRORS = np.array(
    [
        [0.9, 0.7, 0.5, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8],  # one valley
        [0.9, 0.6, 0.5, 0.55, 0.6, 0.4, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55],  # two
        [0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3],  # ties
        [0.9, 0.7, NAN, 0.5, NAN, NAN, 0.4, 0.45, 0.5, NAN, 0.55, 0.6],
        [0.9, 0.88, 0.86, 0.84, 0.82, 0.8, 0.78, 0.76, 0.74, 0.72, 0.7, 0.68],  # a slow fall
        [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.4, 0.3, 0.2, 0.1, 0.05, 0.01],  # worse at once
        [NAN, 0.9, 0.8, 0.7, 0.6, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0],
    ]
)
# Which errors, patience, min_delta, start_from_epoch. No min_delta is a difference of two errors:
# Keras compares in float32, so that chance would decide.
SETTINGS = [
    *((row, patience, 0.0, 0) for row in range(6) for patience in (1, 2, 3, 5)),
    *((row, 3, 0.07, 0) for row in range(6)),
    *((row, 2, 0.13, start) for row in (0, 1, 3) for start in (0, 3)),
    (6, 3, 0.0, 0),
    (0, 0, 0.0, 0),
    (5, 0, 0.0, 0),
]


def inputs():
    """Return what the operations on images get: two thinned photographs, boxes, offsets."""
    photographs = load_photographs()[:, 60:420:40, 20:540:40]
    return {
        "images": photographs.astype(np.float32),  # (2, 9, 13, 3)
        "boxes": np.float32(
            [[0.1, 0.2, 0.8, 0.9], [0.9, 0.75, 0.2, 0.1], [-0.3, 0.4, 0.6, 1.25], [0, 0, 1, 0.5]]
        ),
        "box_indices": np.array([0, 1, 1, 0], dtype=np.int32),
        "offsets": np.float32([[0.3, -0.55], [-0.9, 0.8]]),
        "pixel_offsets": np.float32([[2.0, -3.0], [4.5, 1.5]]),
        "noisy_images": np.float32(  # no two channels have a level in common; the mean is no middle
            [
                [[[-2.0, 4.0], [-1.5, 4.0]], [[-1.5, 4.5], [0.0, 7.0]]],
                [[[9.0, 20.0], [9.25, 20.5]], [[10.0, 20.0], [9.0, 21.0]]],
            ]
        ),
    }


def load_frameworks():
    """Import all of them, PyTorch first.

    What compiles for PyTorch brings a copy of LLVM, which ends the process if TensorFlow's copy is
    there already.
    """
    import torch._dynamo  # isort: skip
    import keras
    import tensorflow as tf

    return tf, keras, torch


def images_in_tensorflow():
    """Return what TensorFlow makes of `inputs`, by the names that `load_golden` lists."""
    import tensorflow as tf

    given, tf1 = inputs(), tf.compat.v1.image
    images, boxes, indices = given["images"], given["boxes"], given["box_indices"]
    results = {
        "flip_tf": tf.image.flip_left_right(images),
        "rot90_tf": tf.image.rot90(images),
        "rot90_tf_half": tf.image.rot90(images, k=2),
        "rot90_tf_back": tf.image.rot90(images, k=-1),
        "resize_tf1": tf1.resize_images(images, LARGER),
        "resize_tf1_corners": tf1.resize_images(images, LARGER, align_corners=True),
        "resize_tf1_ratio": tf1.resize_images(images, SQUARE, preserve_aspect_ratio=True),
        "resize_tf1_smaller": tf1.resize_images(images, SMALLER),
        "resize_tf2": tf.image.resize(images, LARGER),
        "crop_tf": tf.image.crop_and_resize(images, boxes, indices, CROP, extrapolation_value=0.5),
        "crop_tf_point": tf.image.crop_and_resize(images, boxes, indices, (1, 1)),
    }
    return {name: result.numpy() for name, result in results.items()}


def glimpses_in_tensorflow():
    """Return glimpses of `inputs` with zeros outside, by the names that `load_golden` lists."""
    import tensorflow as tf

    given, results = inputs(), {}
    images = given["images"]
    for name, centered, normalized in (
        ("glimpse_tf2", True, True),
        ("glimpse_tf2_corner", False, True),
        ("glimpse_tf2_pixels", True, False),
        ("glimpse_tf2_pixel_corner", False, False),
    ):
        at = {"centered": centered, "normalized": normalized, "noise": "zero"}
        offsets = given["offsets" if normalized else "pixel_offsets"]
        results[name] = tf.image.extract_glimpse(images, WINDOW, offsets, **at)
    at = {"centered": True, "normalized": False, "uniform_noise": False, "noise": "zero"}
    results["glimpse_tf1_pixels"] = tf.raw_ops.ExtractGlimpse(
        input=images, size=WINDOW, offsets=given["pixel_offsets"], **at
    )
    return {name: result.numpy() for name, result in results.items()}


def noise_in_tensorflow():
    """Return large glimpses of small images with noise around them, drawn anew at each call."""
    import tensorflow as tf

    images, offsets = inputs()["noisy_images"], np.float32([NOISY_CORNER, NOISY_CORNER])
    at = {"centered": False, "normalized": False}
    return {
        f"glimpse_tf2_{noise}": tf.image.extract_glimpse(
            images, NOISY_WINDOW, offsets, noise=noise, **at
        ).numpy()
        for noise in ("uniform", "gaussian")
    }


def images_in_pytorch():
    """Return the larger images that PyTorch makes of `inputs`, both its conventions."""
    import torch

    channels_first = torch.tensor(inputs()["images"]).permute(0, 3, 1, 2)
    return {
        name: torch.nn.functional.interpolate(
            channels_first, LARGER, mode="bilinear", align_corners=corners
        )
        .permute(0, 2, 3, 1)
        .numpy()
        for name, corners in (("resize_torch", False), ("resize_torch_corners", True))
    }


def dropout_in_pytorch():
    """Return inputs, outputs and gradients of PyTorch's dropout, drawn anew by each version."""
    import torch

    torch.manual_seed(SEED)
    x, dout = torch.randn(4, 6, requires_grad=True), torch.randn(4, 6)
    out = torch.nn.functional.dropout(x, p=0.2, training=True)
    out.backward(dout)
    maps, dmaps = torch.randn(2, 8, 3, 3, requires_grad=True), torch.randn(2, 8, 3, 3)
    maps_out = torch.nn.Dropout2d(p=0.5)(maps)
    maps_out.backward(dmaps)
    results = {
        "dropout_torch_x": x,
        "dropout_torch_out": out,
        "dropout_torch_dout": dout,
        "dropout_torch_dx": x.grad,
        "dropout_torch_maps_x": maps,
        "dropout_torch_maps_out": maps_out,
        "dropout_torch_maps_dout": dmaps,
        "dropout_torch_maps_dx": maps.grad,
    }
    return {name: result.detach().numpy() for name, result in results.items()}


def dropout_in_tensorflow():
    """Return inputs and outputs of dropout in TensorFlow and Keras, drawn anew by each version."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    x, maps = rng.normal(size=(4, 6)), rng.normal(size=(2, 3, 3, 8))
    x, maps, ones = np.float32(x), np.float32(maps), np.ones(1000, dtype=np.float32)
    steps = np.float32(rng.normal(size=(3, 5, 6)))
    layer, shared = keras.layers.Dropout(0.2), keras.layers.Dropout(0.5, noise_shape=(None, 1, 6))
    results = {
        "dropout_tf_maps_out": tf.nn.dropout(maps, rate=0.2, noise_shape=(2, 1, 1, 8)),
        "dropout_tf2_flip": tf.nn.dropout(ones, 0.8),
        "dropout_tf1_flip": tf.compat.v1.nn.dropout(ones, 0.8),
        "dropout_keras_train": layer(x, training=True),
        "dropout_keras_eval": layer(x, training=False),
        "dropout_keras_shared_out": shared(steps, training=True),
        "dropout_keras_seed": [
            keras.layers.Dropout(0.5, seed=SEED)(ones, training=True) for _ in range(2)
        ],
    }
    given = {"dropout_tf_maps_x": maps, "dropout_keras_x": x, "dropout_keras_shared_x": steps}
    return given | {name: np.array(result) for name, result in results.items()}


def stopping_in_keras(errors=ERRORS, settings=SETTINGS):
    """Return how Keras' EarlyStopping follows dev errors that are handed to it.

    Parameters
    ----------
    errors : (m, epochs) array
    settings : sequence of (row of `errors`, patience, min_delta, start_from_epoch)

    Returns
    -------
    dict of str -> array
        For each of n settings the errors and the rest of it, and (n, epochs) what stands in the
        callback after each epoch. It is asked on after it has said stop.
    """
    import keras

    traces = []
    for row, patience, min_delta, start in settings:
        callback = keras.callbacks.EarlyStopping(
            monitor="dev_error",
            mode="min",
            patience=int(patience),
            min_delta=float(min_delta),
            start_from_epoch=int(start),
        )
        callback.set_model(keras.Sequential())
        callback.on_train_begin()
        traces.append([_after_epoch(callback, *each) for each in enumerate(errors[row])])
    return {f"stopping_{name}": array for name, array in _seen(errors, settings, traces).items()}


def _seen(errors, settings, traces):
    """Return what was handed to the callback and what stood in it, by name."""
    rows, patience, min_delta, start = map(np.array, zip(*settings, strict=True))
    best, best_epoch, wait, stop = np.moveaxis(np.array(traces, dtype=float), 2, 0)
    return {
        "errors": errors[rows],
        "patience": patience,
        "min_delta": min_delta,
        "start": start,
        "best": best,
        "best_epoch": best_epoch.astype(int),
        "wait": wait.astype(int),
        "stop": stop.astype(bool),
    }


def _after_epoch(callback, epoch, error):
    callback.model.stop_training = False
    callback.on_epoch_end(epoch, {"dev_error": float(error)})
    best = np.inf if callback.best is None else callback.best
    return best, callback.best_epoch, callback.wait, callback.model.stop_training


def versions():
    """Return the names and versions of the frameworks and of NumPy, as texts."""
    import keras
    import tensorflow as tf
    import torch

    modules = {"tensorflow": tf, "keras": keras, "torch": torch, "numpy": np}
    return np.array(
        [f"{name} {module.__version__.partition('+')[0]}" for name, module in modules.items()]
    )


def fixed():
    """Return all results that no random draw changes."""
    images = images_in_tensorflow() | glimpses_in_tensorflow() | images_in_pytorch()
    return inputs() | images | stopping_in_keras() | descents()


def drawn():
    """Return all results with a random draw in them."""
    return dropout_in_pytorch() | dropout_in_tensorflow() | noise_in_tensorflow()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow has much to say when it starts
    load_frameworks()
    np.savez_compressed(FILE, versions=versions(), **fixed(), **drawn())
