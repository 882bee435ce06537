"""Results of TensorFlow, Keras and PyTorch, to compare with where none of them is installed.

`make.py` made the file once with the real libraries; the entry "versions" says with which.
"""

from importlib.resources import files

import numpy as np

__all__ = ["load_golden"]


def load_golden():
    """Load what the frameworks gave for small inputs.

    Returns
    -------
    dict of str -> array
        New arrays, by these names:

        ======================== ==================================================================
        versions                 texts such as "keras 3.15.1"
        images                   (2, 9, 13, 3) float32, two photographs of few pixels
        flip_tf, rot90_tf        `tf.image.flip_left_right` and `rot90` of the images; "_half": two
                                 quarter turns; "_back": one clockwise
        resize_tf1               (2, 14, 20, 3), TensorFlow 1's `resize_images`; "_corners": with
                                 align_corners; "_smaller": to (4, 6); "_ratio": to (14, 14) with
                                 preserve_aspect_ratio, which is (10, 14)
        resize_tf2               (2, 14, 20, 3), `tf.image.resize`
        resize_torch             (2, 14, 20, 3), PyTorch's `interpolate`; "_corners": align_corners
        boxes, box_indices       (4, 4) and (4,), for `crop_and_resize`
        crop_tf, crop_tf_point   (4, 5, 6, 3) with an extrapolation_value of 0.5, and (4, 1, 1, 3)
        offsets, pixel_offsets   (2, 2), for glimpses
        glimpse_tf2              (2, 6, 8, 3), `tf.image.extract_glimpse`, no noise, at `offsets`;
                                 "_corner": not centered; "_pixels", "_pixel_corner": the same
                                 two with normalized=False, at `pixel_offsets`
        glimpse_tf1_pixels       centered, not normalized, in TensorFlow 1
        noisy_images             (2, 2, 2, 2) float32, no two channels of the same range
        glimpse_tf2_uniform, …   (2, 30, 40, 2), their glimpses with noise; "_gaussian"
        dropout_torch_x, …       (4, 6), p = 0.2: input "_x", output "_out", gradient of the loss
                                 with respect to the output "_dout" and to the input "_dx"
        dropout_torch_maps_x, …  (2, 8, 3, 3), channels first, `Dropout2d` with p = 0.5: and "_out",
                                 "_dout", "_dx"
        dropout_tf_maps_x, …     (2, 3, 3, 8), rate 0.2, noise_shape (2, 1, 1, 8): and "_out"
        dropout_tf1_flip         `dropout(x, 0.8)` of 1,000 ones in TensorFlow 1: keeps 80 %
        dropout_tf2_flip         the same line in TensorFlow 2: drops 80 %
        dropout_keras_x, …       (4, 6), `Dropout(0.2)`: "_train" and "_eval", by `training`
        dropout_keras_shared_x   (3, 5, 6), noise_shape (None, 1, 6), rate 0.5: and "_out"
        dropout_keras_seed       (2, 1000), two layers of one seed, on ones
        stopping_errors, …       (39, 12), dev errors for Keras' `EarlyStopping` with "_patience",
                                 "_min_delta" and "_start" (start_from_epoch) (39,). What stands in
                                 it after each epoch (39, 12): "_best" (inf before it has one),
                                 "_best_epoch" (from 0), "_wait", and "_stop", whether it says stop;
                                 the epochs go on all the same
        penalty_…, step_…,       penalties, steps, weights in a ball, and descents of networks, of
        taken_…, ball_…,         two weights: `descent.py` beside this file says what each is
        histogram_torch,
        sweep_torch,
        landscape_ends
        ======================== ==================================================================

    Examples
    --------
    >>> golden = load_golden()
    >>> golden["resize_tf1"].shape, golden["dropout_tf2_flip"].max().round(3)
    ((2, 14, 20, 3), np.float32(5.0))
    """
    with files(__name__).joinpath("frameworks.npz").open("rb") as file, np.load(file) as archive:
        return dict(archive)
