"""Random images for cases: small, of few digits, with a brightness range of exactly 1."""

import numpy as np


def random_images(rng, *shape, dtype="float64", lowest=0.0):
    """Return images (N, H, W, C) between `lowest` and `lowest` + 1, both of which occur.

    The entries are hundredths, or with float32 sixty-fourths, which it holds exactly. As long as
    there are enough of them, no two are equal.
    """
    steps = 64 if dtype == "float32" else 100
    size = int(np.prod(shape))
    ends = [0, steps][: max(size, 1)]
    between = np.arange(1, steps)
    if size <= steps:
        rest = rng.permutation(between)[: size - len(ends)]
    else:
        rest = rng.choice(between, size - len(ends))
    entries = rng.permutation(np.concatenate([ends, rest]).astype(int))
    return np.round(lowest + entries / steps, 6).reshape(shape).astype(dtype)
