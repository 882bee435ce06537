"""Bilinear resizing of a batch in lesson 03's NumPy against TensorFlow's own operation."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context

import numpy as np

from autograder.benchmarks import MissingPeer, Row, interleaved
from autograder.solutions import functions_of

LESSON = "03_data_augmentation"
SHAPE, SIZE = (32, 224, 224, 3), (160, 160)
GOAL = 2.0
REPETITIONS = 40
THREADS = (1, 2)


def rows():
    """Time `resize_bilinear` and TensorFlow 1's `resize_images` with one and with two threads.

    Ours is NumPy on one thread, whatever TensorFlow may use.

    Raises
    ------
    MissingPeer
        If TensorFlow is not installed, or the lesson is not built.
    AssertionError
        If the results are not the same, bit for bit.
    """
    if not _has_tensorflow():
        raise MissingPeer(
            f"Resizing is timed against TensorFlow, which is not installed: run "
            f"`{sys.executable} -m pip install tensorflow` and try again."
        )
    try:
        functions_of(LESSON)
    except FileNotFoundError as reason:
        raise MissingPeer(f"Resizing is timed as lesson 03 does it, and {reason}.") from reason
    return [row for n in THREADS if n <= (os.cpu_count() or 1) for row in _in_new_process(n)]


def _has_tensorflow():
    return find_spec("tensorflow") is not None


def _in_new_process(n_threads):
    """Return what `measured` does: TensorFlow takes a number of threads once, when it starts."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, n_threads).result()


def measured(n_threads):
    """Return the rows for this number of threads.

    The first is from array to array, as one calls it. In the second TensorFlow starts from a
    tensor of its own, so that its time is without the copy of the array.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    resize, peer = functions_of(LESSON)["resize_bilinear"], tf.compat.v1.image.resize_images
    images = np.random.default_rng(0).random(SHAPE, dtype=np.float32)
    assert_same_work(resize, peer, images)
    name = f"resize, {n_threads} thread{'s' if n_threads > 1 else ''}"
    inputs = {name: images, f"{name}, peer from a tensor": tf.constant(images)}
    return [_row(resize, peer, images, *given) for given in inputs.items()]


def _row(resize, peer, images, name, given):
    ours, theirs = interleaved(
        lambda _: resize(images, SIZE),
        lambda _: peer(given, SIZE).numpy(),
        repetitions=REPETITIONS,
    )
    return Row(name, 1000 * ours, 1000 * theirs, "ms/batch", GOAL)


def assert_same_work(resize, peer, images):
    """Require the same bits of both for a part of the batch, with and without align_corners."""
    for corners in (False, True):
        ours = resize(images[:4], SIZE, align_corners=corners)
        theirs = peer(images[:4], SIZE, align_corners=corners).numpy()
        np.testing.assert_array_equal(ours, theirs, err_msg="the resized images differ")
