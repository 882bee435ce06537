"""Exact arithmetic for oracles: every float is a fraction, so nothing is rounded on the way.

The routes differ from those of a solution: a slope comes from the cost itself, a proximal point
from comparing costs, a brightness between pixels from all pixels, each a tent. Least squares under
a penalty or in a ball is in floats: ridge is least squares on more rows, the lasso tries every
pattern of signs, a ball is gone through block by block.
"""

import itertools
import math
from fractions import Fraction

import numpy as np


def entries(weights):
    """Return all entries of a list of arrays as exact fractions."""
    return [Fraction(entry) for array in weights for entry in array.ravel().tolist()]


def entrywise(function, *arrays):
    """Return `function` of the exact entries of arrays of one shape, as an array of floats.

    >>> entrywise(lambda a, b: a * b, np.array([0.5, 2.0]), np.array([4.0, 0.25]))
    array([2. , 0.5])
    """
    rows = zip(*(array.ravel().tolist() for array in arrays), strict=True)
    results = [float(function(*map(Fraction, row))) for row in rows]
    return np.array(results).reshape(arrays[0].shape)


def slope(function, x):
    """Return the slope of a cost at `x` as the exact symmetric difference quotient.

    (f(x + h) − f(x − h)) / 2h is exact for a square, and for |x| as long as h < |x|; at the kink
    of |x| it is 0, the convention sign(0) = 0.

    >>> slope(abs, Fraction(-3)), slope(abs, Fraction(0)), slope(lambda x: x * x, Fraction(3))
    (Fraction(-1, 1), Fraction(0, 1), Fraction(6, 1))
    """
    h = abs(x) / 2 or Fraction(1)
    return (function(x + h) - function(x - h)) / (2 * h)


def proximal_point(z, threshold):
    """Return argmin over x of ½(x − z)² + threshold·|x|: the cheapest of its three candidates.

    >>> proximal_point(Fraction(3), Fraction(1)), proximal_point(Fraction(-1), Fraction(2))
    (Fraction(2, 1), Fraction(0, 1))
    """

    def cost(x):
        return (x - z) ** 2 / 2 + threshold * abs(x)

    return min((Fraction(0), z - threshold, z + threshold), key=cost)


def ridge(X, y, lam):
    """Return argmin ‖y − Xw‖² + λ‖w‖² by least squares on the augmented matrix.

    With the rows of √λ·I under X and zeros under y, the sum of squares is the ridge cost.

    >>> ridge(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]), 5.0)
    array([0.5])
    """
    d = X.shape[1]
    augmented = np.vstack([X, math.sqrt(lam) * np.eye(d)])
    return np.linalg.lstsq(augmented, np.concatenate([y, np.zeros(d)]), rcond=None)[0]


def lasso_by_signs(X, y, lam):
    """Return argmin ‖y − Xw‖² + λ‖w‖₁ as the cheapest over all 3^d patterns of signs.

    Where the signs s of the weights that are not 0 are known, the slope 2Xᵀ(Xw − y) + λs = 0 is
    linear in them. A pattern whose solution contradicts it is no candidate.

    >>> lasso_by_signs(np.eye(3), np.array([3.0, -1.0, 0.5]), 1.0)
    array([ 2.5, -0.5,  0. ])
    """
    best, least = np.zeros(X.shape[1]), float(np.sum(y**2))
    for pattern in itertools.product([0, 1, -1], repeat=X.shape[1]):
        signs = np.array(pattern, dtype=float)
        used = signs != 0
        if not used.any() or np.linalg.matrix_rank(X[:, used]) < used.sum():
            continue
        part, pull = X[:, used], lam / 2 * signs[used]
        w = np.zeros(len(signs))
        w[used] = np.linalg.lstsq(part.T @ part, part.T @ y - pull, rcond=None)[0]
        cost = float(np.sum((y - X @ w) ** 2) + lam * np.sum(np.abs(w)))
        if np.all(np.sign(w) == signs) and cost < least:
            best, least = w, cost
    return best


def nearest_in_l1_ball(w, radius):
    """Return the point of ‖v‖₁ ≤ r that is nearest to `w`: the best of the faces' nearest points.

    A face keeps the signs of w on a set of entries, 0 elsewhere, and has Σ|v| = r: its nearest
    point takes the same amount from each entry of the set. One that changes a sign is off the face.

    >>> nearest_in_l1_ball(np.array([3.0, -1.0, 0.5]), 2.0)
    array([2., 0., 0.])
    """
    sizes, radius = [abs(Fraction(x)) for x in w.tolist()], Fraction(radius)
    if sum(sizes) <= radius:
        return w.copy()
    best, least = None, None
    for count in range(1, len(sizes) + 1):
        for face in itertools.combinations(range(len(sizes)), count):
            share = (sum(sizes[j] for j in face) - radius) / count
            point = [sizes[j] - share if j in face else Fraction(0) for j in range(len(sizes))]
            distance = sum((a - b) ** 2 for a, b in zip(sizes, point, strict=True))
            if min(point) >= 0 and (least is None or distance < least):
                best, least = point, distance
    return np.sign(w) * np.array([float(x) for x in best]) + 0.0


def between_pixels(image, y, x):
    """Return what an image (H, W, C) of exact fractions shows at row `y`, column `x`, per channel.

    Each pixel is a tent one pixel wide to each side, Σ image[r, c]·(1 − |y − r|)·(1 − |x − c|) over
    those it reaches. No neighbors are looked up and nothing is rounded.

    >>> image = exact_image(np.array([[[0.0], [1.0]], [[4.0], [5.0]]]))
    >>> between_pixels(image, Fraction(1, 2), Fraction(1, 4))
    [2.25]
    """
    rows = [(r, 1 - abs(y - r)) for r in range(len(image)) if abs(y - r) < 1]
    columns = [(c, 1 - abs(x - c)) for c in range(len(image[0])) if abs(x - c) < 1]
    return [
        float(sum(image[r][c][ch] * a * b for r, a in rows for c, b in columns))
        for ch in range(len(image[0][0]))
    ]


def exact_image(image):
    """Return an image (H, W, C) as nested lists of exact fractions."""
    return [[[Fraction(v) for v in pixel] for pixel in row] for row in image.tolist()]


def bisect(rises, low, high):
    """Return where a condition that is false at `low` becomes true, to the last digit.

    >>> bisect(lambda x: x * x > 2, 0.0, 2.0)
    1.414213562373095
    """
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return low
        low, high = (low, middle) if rises(middle) else (middle, high)


def least_in_ball(X, y, ball, radius):
    """Return argmin ‖y − Xw‖² over a ball, block by block, each solved exactly, others held.

    The blocks are those of the ball, single weights of a box or pairs in discs. Each round lowers
    the cost; with separate blocks it ends at the minimum only.

    >>> ball = {"form": "box", "sides": np.ones(2)}
    >>> least_in_ball(np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([3.0, 1.0]), ball, 1.5)
    array([1.5 , 1.25])
    """
    d = X.shape[1]
    width = 1 if ball["form"] == "box" else 2
    sides = ball["sides"] if width == 1 else np.ones(d)
    w = np.zeros(d)
    for _ in range(20_000):
        before = w.copy()
        for start in range(0, d, width):
            block = slice(start, start + width)
            rest = y - X @ w + X[:, block] @ w[block]
            w[block] = _least_in_disc(X[:, block], rest, radius * sides[start])
        if np.max(np.abs(w - before)) <= 1e-15 * np.max(np.abs(w)):
            break
    return w


def _least_in_disc(X, y, radius):
    """Return argmin ‖y − Xw‖² with ‖w‖ ≤ r: the ridge solution whose λ brings it to the rim."""
    values, axes = np.linalg.eigh(X.T @ X)
    pull = axes.T @ (X.T @ y)

    def length(lam):
        return math.hypot(*(pull / (values + lam)).tolist())

    if length(0.0) <= radius:
        return axes @ (pull / values)
    lam = bisect(lambda lam: length(lam) < radius, 0.0, math.hypot(*pull.tolist()) / radius)
    return axes @ (pull / (values + lam))
