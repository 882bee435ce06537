"""Turn, zoom and shift images about their center, for figures and for training.

Lesson 03 has its students write what TensorFlow does to images; nothing here answers that.
"""

import numpy as np

BLOCK = 200_000  # pixels at a time: the work on them takes ten times their memory


def warp(images, angle=0.0, zoom=1.0, shift=(0.0, 0.0)):
    """Turn images counter-clockwise, then zoom, then shift them; what comes from outside is 0.

    With c the center of the image and R the rotation, the output at p is the input at
    c + R⁻¹(p − c − shift) / zoom, between the pixels by bilinear interpolation (Gonzalez and Woods,
    *Digital Image Processing*, section 2.4).

    Parameters
    ----------
    images : (n, H, W, C) float array
    angle : float or (n,) array
        In degrees, counter-clockwise as one looks at the image.
    zoom : float or (n,) array
        Greater than 0; 2 shows everything twice as large.
    shift : pair of float, or (n, 2) array
        Pixels down and to the right.

    Returns
    -------
    (n, H, W, C) array
        A new array of the dtype of `images`.

    Raises
    ------
    ValueError
        If the images are not four-dimensional floats, or a zoom is not greater than 0.

    Examples
    --------
    >>> image = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    >>> warp(image, angle=90)[0, :, :, 0].round(6).tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    >>> warp(image, shift=(0, 1))[0, :, :, 0].tolist()
    [[0.0, 1.0], [0.0, 3.0]]
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype.kind != "f":
        raise ValueError(
            f"images must be floats of shape (n, H, W, C); they are {images.dtype} {images.shape}"
        )
    n, height, width, _ = images.shape
    angle, zoom = np.broadcast_to(angle, n), np.broadcast_to(zoom, n)
    if not np.all(zoom > 0):
        raise ValueError(f"zoom must be greater than 0; it is {zoom}")
    sources = _sources(np.deg2rad(angle), zoom, np.broadcast_to(shift, (n, 2)), height, width)
    warped = np.empty_like(images)
    at_once = max(1, BLOCK // (height * width))
    for start in range(0, n, at_once):
        rows = slice(start, start + at_once)
        warped[rows] = _interpolated(images[rows], *(each[rows] for each in sources))
    return warped


def _sources(angle, zoom, shift, height, width):
    """Return the row and the column of the input that each output pixel comes from, (n, H, W)."""
    down = np.arange(height) - (height - 1) / 2 - shift[:, :1]  # (n, H)
    right = np.arange(width) - (width - 1) / 2 - shift[:, 1:]
    down, right = down[:, :, None], right[:, None, :]
    cos, sin = (each[:, None, None] for each in (np.cos(angle) / zoom, np.sin(angle) / zoom))
    rows = right * sin + down * cos + (height - 1) / 2
    columns = right * cos - down * sin + (width - 1) / 2
    return rows, columns


def _interpolated(images, rows, columns):
    n, height, width, channels = images.shape
    padded = np.zeros((n, height + 3, width + 3, channels), images.dtype)
    padded[:, 1:-2, 1:-2] = images
    rows, columns = np.clip(rows, -1, height) + 1, np.clip(columns, -1, width) + 1
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down = (rows - top).astype(images.dtype)[..., None]
    right = (columns - left).astype(images.dtype)[..., None]
    corner = (np.arange(n)[:, None, None] * (height + 3) + top) * (width + 3) + left
    pixels = padded.reshape(-1, channels)
    above = pixels[corner] * (1 - right) + pixels[corner + 1] * right
    corner += width + 3
    below = pixels[corner] * (1 - right) + pixels[corner + 1] * right
    return above * (1 - down) + below * down
