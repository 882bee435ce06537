"""Eight losses of two weights with their slopes, and what minimizes them under a penalty.

Arrays in, arrays out: every minimizer of J + λ·penalty in a box, and descent paths. The losses are
test functions of optimization, as collected by M. Jamil and X.-S. Yang (2013), arXiv:1308.4008.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = [
    "LANDSCAPES",
    "STEPS",
    "Landscape",
    "descent",
    "grid",
    "lost",
    "minimizers",
    "objective",
    "within",
]

STEPS = 300  # of a descent path
CELLS = 200  # of the search for minimizers, along each side of the box


@dataclass(frozen=True)
class Landscape:
    """A loss J(w₁, w₂) and the box that it is drawn on.

    Parameters
    ----------
    loss : callable
        ``loss(x, y)`` is J at w₁ = x and w₂ = y, arrays that broadcast.
    slope : callable
        ``slope(x, y)`` is the pair ∂J/∂w₁, ∂J/∂w₂. Both take complex numbers, too.
    x, y : pair of float
        The box; 0 is inside.
    lr : float
        A learning rate that suits most of the box.
    weakest : float
        The smallest λ > 0 that is worth a look.
    shares : tuple of float
        The share of the box that each contour line encloses.
    """

    loss: Callable
    slope: Callable
    x: tuple[float, float]
    y: tuple[float, float]
    lr: float
    weakest: float
    shares: tuple[float, ...] = (0.02, 0.08, 0.18, 0.34, 0.55, 0.78)

    @property
    def span(self):
        """The sides of the box, (2,)."""
        return np.array([self.x[1] - self.x[0], self.y[1] - self.y[0]])


# ---- the eight losses


def _himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _himmelblau_slope(x, y):
    p, q = x**2 + y - 11, x + y**2 - 7
    return 4 * x * p + 2 * q, 2 * p + 4 * y * q


def _styblinski_tang(x, y):
    return (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y) / 2


def _styblinski_tang_slope(x, y):
    return 2 * x**3 - 16 * x + 2.5, 2 * y**3 - 16 * y + 2.5


def _mccormick(x, y):
    return np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


def _mccormick_slope(x, y):
    wave, trough = np.cos(x + y), 2 * (x - y)
    return wave + trough - 1.5, wave - trough + 2.5


def _matyas(x, y):
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


def _matyas_slope(x, y):
    return 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x


def _rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_slope(x, y):
    m = y - x**2
    return 2 * (x - 1) - 400 * x * m, 200 * m


_BEALE = ((1, 1.5), (2, 2.25), (3, 2.625))


def _beale(x, y):
    return sum((c - x + x * y**k) ** 2 for k, c in _BEALE)


def _beale_slope(x, y):
    residuals = [(k, 2 * (c - x + x * y**k)) for k, c in _BEALE]
    return (
        sum(r * (y**k - 1) for k, r in residuals),
        sum(r * k * x * y ** (k - 1) for k, r in residuals),
    )


def _goldstein_price(x, y):
    s, d = x + y, 2 * x - 3 * y
    p = 1 + (s + 1) ** 2 * (19 - 14 * s + 3 * s**2)
    q = 30 + d**2 * (18 - 16 * d + 3 * d**2)
    return p * q


def _goldstein_price_slope(x, y):
    s, d = x + y, 2 * x - 3 * y
    p = 1 + (s + 1) ** 2 * (19 - 14 * s + 3 * s**2)
    q = 30 + d**2 * (18 - 16 * d + 3 * d**2)
    by_s = 12 * (s + 1) * (s - 1) * (s - 2) * q
    by_d = 12 * d * (d - 1) * (d - 3) * p
    return by_s + 2 * by_d, by_s - 3 * by_d


def _rastrigin(x, y):
    return 20 + x**2 - 10 * np.cos(2 * np.pi * x) + y**2 - 10 * np.cos(2 * np.pi * y)


def _rastrigin_slope(x, y):
    wave = 20 * np.pi
    return 2 * x + wave * np.sin(2 * np.pi * x), 2 * y + wave * np.sin(2 * np.pi * y)


def _square(half):
    return {"x": (-half, half), "y": (-half, half)}


LANDSCAPES = {
    "Himmelblau": Landscape(_himmelblau, _himmelblau_slope, **_square(5.0), lr=0.002, weakest=0.1),
    "Styblinski–Tang": Landscape(
        _styblinski_tang, _styblinski_tang_slope, **_square(5.0), lr=0.003, weakest=0.1
    ),
    "McCormick": Landscape(
        _mccormick, _mccormick_slope, x=(-1.5, 4.0), y=(-3.0, 4.0), lr=0.05, weakest=0.01
    ),
    "Matyas": Landscape(_matyas, _matyas_slope, **_square(10.0), lr=0.1, weakest=0.01),
    "Rosenbrock": Landscape(_rosenbrock, _rosenbrock_slope, **_square(2.0), lr=0.001, weakest=0.01),
    "Beale": Landscape(_beale, _beale_slope, **_square(4.5), lr=0.0004, weakest=0.01),
    "Goldstein–Price": Landscape(
        _goldstein_price, _goldstein_price_slope, x=(-1.5, 1.5), y=(-2.0, 1.0), lr=4e-5, weakest=0.5
    ),
    "Rastrigin": Landscape(
        _rastrigin, _rastrigin_slope, **_square(5.12), lr=0.0005, weakest=1.0, shares=(0.3,)
    ),
}


def objective(landscape, penalty, lam, x, y):
    """Return J + λ(|w₁| + |w₂|) for "L1" or J + λ(w₁² + w₂²) for "L2", at w₁ = x and w₂ = y.

    Parameters
    ----------
    landscape : Landscape
    penalty : {"L1", "L2"}
    lam : float or array
        The strength λ ≥ 0.
    x, y : float or array

    Examples
    --------
    >>> float(objective(LANDSCAPES["Matyas"], "L1", 2.0, 1.0, -1.0))
    5.0
    """
    size = np.abs(x) + np.abs(y) if penalty == "L1" else x**2 + y**2
    return landscape.loss(x, y) + lam * size


# ---- every minimizer in the box


def minimizers(landscape, penalty, lams):
    """Return every local minimizer of J + λ·penalty in the box, the lowest first.

    Where the objective is smooth these are the points with slope 0 and a positive definite matrix
    of second derivatives; for L1 that is inside each quadrant, with the slope λ·sign(w) added.
    For L1 a point with w₁ = 0 is a minimizer where |∂J/∂w₁| ≤ λ and it is one along its axis;
    likewise w₂ = 0, and both for the origin.

    Parameters
    ----------
    landscape : Landscape
    penalty : {"L1", "L2"}
    lams : (n,) array
        The strengths λ ≥ 0.

    Returns
    -------
    list of n (k, 2) arrays
        Coordinates at a kink are exactly 0.

    Examples
    --------
    >>> minimizers(LANDSCAPES["Matyas"], "L1", [1.0])[0].tolist()
    [[0.0, 0.0]]
    """
    lams = np.asarray(lams, dtype=float)
    found = [_smooth_minimizers(landscape, penalty, lams)]
    if penalty == "L1":
        found += [_axis_minimizers(landscape, lams, axis) for axis in (0, 1)]
        found.append(_origin_minimizer(landscape, lams))
    which, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
    inside = within(landscape, points)
    which, points = which[inside], points[inside]
    points = np.where(np.abs(points) < 1e-9 * landscape.span, 0.0, points)
    return [
        _lowest_first(landscape, penalty, lam, _distinct(points[which == place], landscape.span))
        for place, lam in enumerate(lams)
    ]


def within(landscape, points):
    """Say which points (…, 2) are in the box."""
    low, high = np.transpose([landscape.x, landscape.y])
    return ((points >= low) & (points <= high)).all(axis=-1)


def _smooth_minimizers(landscape, penalty, lams):
    """Return the minimizers off the kinks: number of the λ (k,), and points (k, 2)."""
    which, start, cell = _candidates(landscape, penalty, lams)
    lam = lams[which]
    tilt = lam[:, None] * np.sign(start) if penalty == "L1" else np.zeros_like(start)
    bend = 2 * lam if penalty == "L2" else np.zeros_like(lam)
    points, minimal = _newton(landscape, start, tilt=tilt, bend=bend, cell=cell)
    if penalty == "L1":  # the tilt is that of the quadrant in which the search began
        minimal &= (points * tilt >= 0).all(axis=1) & ((points != 0).all(axis=1) | (lam == 0))
    return which[minimal], points[minimal]


def _candidates(landscape, penalty, lams):
    """Return the middles of all grid cells on which both slopes take both signs (or 0)."""
    x, y, low, high = _slopes_on_cells(landscape)
    middles = np.stack(np.meshgrid(_middle(x), _middle(y), indexing="ij"))
    here = []
    for lam in lams:
        if penalty == "L1":
            least, most = low + lam * np.sign(middles), high + lam * np.sign(middles)
        else:
            ends = np.stack(np.meshgrid(x, y, indexing="ij"))
            least, most = _range_on_cells(_slopes_on_nodes(landscape) + 2 * lam * ends)
        here.append(np.argwhere(((least <= 0) & (most >= 0)).all(axis=0)))
    which = np.repeat(np.arange(len(lams)), [len(cells) for cells in here])
    i, j = np.concatenate(here).T
    return which, middles[:, i, j].T, np.array([np.diff(x).max(), np.diff(y).max()])


@cache
def _slopes_on_nodes(landscape):
    nodes = np.meshgrid(grid(landscape.x), grid(landscape.y), indexing="ij")
    return np.stack(landscape.slope(*nodes))


@cache
def _slopes_on_cells(landscape):
    """Return the nodes along x and y, and each slope's range on each cell, (2, n_x, n_y) twice."""
    low, high = _range_on_cells(_slopes_on_nodes(landscape))
    return grid(landscape.x), grid(landscape.y), low, high


def _range_on_cells(values):
    corners = [values[:, :-1, :-1], values[:, 1:, :-1], values[:, :-1, 1:], values[:, 1:, 1:]]
    return np.minimum.reduce(corners), np.maximum.reduce(corners)


def grid(ends, cells=CELLS):
    """Return a grid over an interval that has 0 as one of its nodes."""
    low, high = ends
    left = round(cells * -low / (high - low))
    return np.concatenate(
        [np.linspace(low, 0, left + 1)[:-1], np.linspace(0, high, cells - left + 1)]
    )


def _middle(nodes):
    return (nodes[:-1] + nodes[1:]) / 2


def _newton(landscape, start, *, tilt, bend, cell, iterations=30):
    """Search for slope(w) + tilt + bend·w = 0 from each start, by steps of at most two cells.

    Returns
    -------
    points : (k, 2) array
    minimal : (k,) bool
        Where the search has settled and the second derivatives are positive definite.
    """
    x, y = start.T
    for _ in range(iterations):
        xx, xy, yy = _second_derivatives(landscape, x, y)
        xx, yy = xx + bend, yy + bend
        determinant = xx * yy - xy**2
        slope_x, slope_y = landscape.slope(x, y)
        slope_x, slope_y = slope_x + tilt[:, 0] + bend * x, slope_y + tilt[:, 1] + bend * y
        divisor = np.where(determinant == 0, np.finfo(float).tiny, determinant)
        step = np.stack([yy * slope_x - xy * slope_y, xx * slope_y - xy * slope_x]) / divisor
        step /= np.maximum(1, np.abs(step / (2 * cell[:, None])).max(axis=0))
        x, y = x - step[0], y - step[1]
    settled = (np.abs(step) < 1e-9 * cell[:, None]).all(axis=0)
    return np.stack([x, y], axis=1), settled & (determinant > 0) & (xx + yy > 0)


def _second_derivatives(landscape, x, y, tiny=1e-30):
    """Return ∂²J/∂x², ∂²J/∂x∂y and ∂²J/∂y² by Im slope(w + i·tiny)/tiny, exact to rounding."""
    along_x, along_y = landscape.slope(x + 1j * tiny, y), landscape.slope(x, y + 1j * tiny)
    return along_x[0].imag / tiny, along_x[1].imag / tiny, along_y[1].imag / tiny


def _axis_minimizers(landscape, lams, axis):
    """Return the minimizers under L1 at which the weight number `axis` is exactly 0, not both."""

    def slopes(along):
        """Return the slopes across and along the axis."""
        found = landscape.slope(*((0.0 * along, along) if axis == 0 else (along, 0.0 * along)))
        return found[axis], found[1 - axis]

    nodes = grid((landscape.y, landscape.x)[axis], 10 * CELLS)
    tilt = lams[:, None] * np.sign(_middle(nodes))
    level = slopes(nodes)[1]
    which, place = np.nonzero((level[:-1] + tilt < 0) & (level[1:] + tilt > 0))
    root = _bisect(lambda w: slopes(w)[1] + tilt[which, place], nodes[place], nodes[place + 1])
    minimal = (np.abs(slopes(root)[0]) <= lams[which]) & (lams[which] > 0)
    pair = (np.zeros_like(root), root) if axis == 0 else (root, np.zeros_like(root))
    return which[minimal], np.stack(pair, axis=1)[minimal]


def _bisect(rising, low, high, halvings=60):
    """Return where functions that rise from below 0 to above it are 0, all at once."""
    for _ in range(halvings):
        middle = (low + high) / 2
        above = rising(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def _origin_minimizer(landscape, lams):
    steepest = np.abs(landscape.slope(0.0, 0.0)).max()
    which = np.flatnonzero((steepest <= lams) & (lams > 0))
    return which, np.zeros((len(which), 2))


def _distinct(points, span):
    """Return one of each group of points that are closer than a millionth of the box."""
    kept = np.empty((0, 2))
    for point in np.unique(np.round(points, 12) + 0.0, axis=0):
        if not (np.abs(kept - point) < 1e-6 * span).all(axis=1).any():
            kept = np.vstack([kept, point])
    return kept


def _lowest_first(landscape, penalty, lam, points):
    return points[np.argsort(objective(landscape, penalty, lam, *points.T), kind="stable")]


# ---- a descent path


def descent(landscape, penalty, lams, *, start, lr, steps=STEPS):
    """Return descent paths on J + λ·penalty from one start, for all λ at once.

    L2 takes the gradient step w − α(∇J + 2λw). L1 takes the proximal step: w − α∇J, and then
    the soft threshold αλ, so that a weight can be exactly 0.

    Parameters
    ----------
    landscape : Landscape
    penalty : {"L1", "L2"}
    lams : (n,) array
    start : (2,) array
    lr : float
        The learning rate α.
    steps : int

    Returns
    -------
    (steps + 1, n, 2) array
        A path that has left ten boxes stays where it is.

    Examples
    --------
    >>> matyas = LANDSCAPES["Matyas"]
    >>> descent(matyas, "L1", [1.0], start=[1.0, 0.0], lr=0.5, steps=1).round(2).tolist()
    [[[1.0, 0.0]], [[0.24, 0.0]]]
    """
    lams = np.asarray(lams, dtype=float)[:, None]
    path = [np.tile(np.asarray(start, dtype=float), (len(lams), 1))]
    for _ in range(steps):
        w = path[-1]
        slope = np.stack(landscape.slope(*w.T), axis=1)
        if penalty == "L1":
            moved = w - lr * slope
            moved = np.sign(moved) * np.maximum(np.abs(moved) - lr * lams, 0.0)
        else:
            moved = w - lr * (slope + 2 * lams * w)
        path.append(np.where(lost(landscape, w)[:, None], w, moved))
    return np.array(path)


def lost(landscape, w):
    """Say which points are so far from the box that they will hardly come back."""
    return (np.abs(w) > 10 * landscape.span).any(axis=-1)
