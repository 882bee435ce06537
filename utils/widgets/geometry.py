"""The live figure "constraint geometry": where the contours of a loss touch a penalty's region."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from traitlets import Enum, default, observe

from utils.widgets.figure import Finite, LiveFigure, choice, slider
from utils.widgets.quadratic import (
    budget,
    kkt_residual,
    quadratic_form,
    solve_constrained,
    solve_penalized,
    zero_from,
)
from utils.widgets.scene import Axes, Frame, Picture, Strip, mark
from utils.widgets.words import decimal, hundredths, percent

SUBSCRIPTS = ("w₁", "w₂")

# The slider's strengths, λ = 0 among them, to two digits; its budgets, as parts of that of w*.
STRENGTHS = np.array([0.0, *(float(f"{lam:.2g}") for lam in np.geomspace(0.01, 100, 61))])
SHARES = np.arange(1, 61) / 50
LAST = float(SHARES[-1])

WIDTH, HEIGHT = 760, 400
TICKS = range(-3, 4)
ENDS = (TICKS[0], TICKS[-1])
PLANE = Axes(46, 34, 300, 300, x=ENDS, y=ENDS, xlabel="w₁", ylabel="w₂", xticks=TICKS, yticks=TICKS)
QUADRANTS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
LEVELS = 0.55 * np.arange(1, 13)  # of √J


@dataclass(frozen=True)
class Look:
    """What tells one penalty from the others: its mix, and how the figure draws and names it."""

    mix: float
    color: str
    fill: str
    outline: str
    region: str
    norm: str

    @property
    def norm_of_optimum(self):
        """Return the name of what w* takes of the budget."""
        return self.norm.replace("w", "w*")


LOOKS = {
    "L1": Look(1.0, "l1", "l1", "l1", "diamond", "‖w‖₁"),
    "L2": Look(0.0, "l2", "l2", "l2", "disc", "‖w‖"),
    "elastic net": Look(0.5, "ink", "l2", "l1 dashed", "rounded diamond", "½‖w‖₁ + ½‖w‖²"),
}


@dataclass(frozen=True)
class Problem:
    """A loss and a penalty, and the solutions for any strengths or budgets."""

    A: np.ndarray
    optimum: np.ndarray
    look: Look

    @property
    def mix(self):
        """Return the part of L1 in the penalty."""
        return self.look.mix

    @cached_property
    def enough(self):
        """Return the budget that w* takes; a larger one constrains nothing."""
        return float(budget(self.optimum, self.mix))

    @cached_property
    def zero_from(self):
        """Return the λ from which on each weight is 0, (2,)."""
        return zero_from(self.A, self.optimum, self.mix)

    @cached_property
    def path(self):
        """Return the weights from budget 0 to beyond what w* takes.

        Returns
        -------
        share : (n,) array
            Budgets as parts of what w* takes, 0 to 1.2, with those where a weight becomes 0.
        w : (n, 2) array
        """
        kinks = self.at_strengths(self.zero_from[np.isfinite(self.zero_from)]).share
        share = np.unique([*SHARES[SHARES < 1], *kinks[kinks > 0], 1.0])
        w = self.at_budgets(share * self.enough).w if self.enough else np.zeros((len(share), 2))
        return np.array([0, *share, LAST]), np.vstack([[0, 0], w, self.optimum])

    def at_strengths(self, lam):
        """Return the solutions for strengths (n,)."""
        lam = np.asarray(lam, dtype=float)
        w = np.where(lam[:, None] > 0, solve_penalized(self.A, self.optimum, lam, self.mix), 0)
        w[lam == 0] = self.optimum
        return Solutions(self, lam, budget(w, self.mix), w)

    def at_budgets(self, t):
        """Return the solutions for budgets (n,)."""
        w, lam = solve_constrained(self.A, self.optimum, t, self.mix)
        return Solutions(self, lam, np.asarray(t, dtype=float), w)


@dataclass(frozen=True)
class Solutions:
    """Solutions of one problem: strengths and budgets (n,), weights (n, 2)."""

    problem: Problem
    lam: np.ndarray
    t: np.ndarray
    w: np.ndarray

    @cached_property
    def share(self):
        """Return the budgets as parts of what w* takes, (n,)."""
        return self.t / (self.problem.enough or 1)

    @cached_property
    def residual(self):
        """Return how far each is from the conditions for a solution, (n,)."""
        problem = self.problem
        return kkt_residual(problem.A, problem.optimum, self.w, self.lam, self.t, mix=problem.mix)


def moving_marks(solutions, path):
    """Return where the moving marks are, one entry a solution.

    Parameters
    ----------
    solutions : Solutions
        n of them.
    path : Axes
        Where the weights are drawn against the budget.

    Returns
    -------
    dict of str -> list of n
    """
    problem, w = solutions.problem, solutions.w
    active = solutions.lam > 0
    corner = active & (problem.mix > 0) & ((w == 0).sum(axis=1) == 1)
    at, share = PLANE.px(w[:, 0], w[:, 1]), np.minimum(solutions.share, path.x[1])
    return {
        **_regions(problem, solutions.t),
        "touching contour": _shown(active, _contours(problem, _level(problem, w))),
        "normal cone": _shown(corner, _cones(problem, w)),
        **_arrows(problem, w, active),
        "solution": _shown(~corner, at),
        "solution on a corner": _shown(corner, at),
        "now": np.round(np.hstack([path.px(share, y) for y in path.y])).tolist(),
        "weights now": path.px(share[:, None], w).reshape(-1, 4).tolist(),
        "readout": _readouts(solutions, path),
    }


def _shown(seen, rows):
    """Return rows as lists, empty where there is nothing to see."""
    return [row if is_seen else [] for is_seen, row in zip(seen, rows.tolist(), strict=True)]


def _level(problem, w):
    """Return √J of weights (n, 2), (n,)."""
    distance = w - problem.optimum
    return np.sqrt(np.maximum((distance @ problem.A * distance).sum(axis=1), 0))


def _unit():
    """Return the pixels of a step of 1 in the plane."""
    return PLANE.width / (PLANE.x[1] - PLANE.x[0])


def _contours(problem, level):
    """Return the ellipses √J = level in pixels, (n, 5)."""
    d, Q = np.linalg.eigh(problem.A)
    semiaxes = np.divide.outer(level, np.sqrt(d)) * _unit()
    angle = -np.degrees(np.arctan2(Q[1, 0], Q[0, 0]))  # pixels count downward
    rows = np.ones((len(level), 1))
    return np.hstack([PLANE.px(*problem.optimum) * rows, semiaxes, angle * rows])


def _regions(problem, t):
    """Return the regions of budgets: a diamond, a disc, or a part of a disc in each quadrant."""
    if problem.mix == 1:
        corners = PLANE.px(np.outer(t, [1, 0, -1, 0]), np.outer(t, [0, 1, 0, -1]))
        return {"region": _shown(t > 0, corners.reshape(-1, 8))}
    if problem.mix == 0:
        return {"region": _shown(t > 0, _circles(np.zeros(2), t))}
    shift = problem.mix / (2 * (1 - problem.mix))
    radius = np.sqrt(t / (1 - problem.mix) + 2 * shift**2)
    circles = [_circles(-shift * signs, radius) for signs in QUADRANTS]
    return {name: _shown(t > 0, at) for name, at in zip(_clips(problem), circles, strict=True)}


def _circles(center, radius):
    """Return circles in the plane as ellipses in pixels, (n, 5)."""
    rows = np.ones((len(radius), 1))
    radius = radius[:, None] * _unit()
    return np.hstack([PLANE.px(*center) * rows, radius, radius, 0 * rows])


def _clips(problem):
    """Return the marks that make up the region, and inside which rectangle each is seen."""
    if problem.mix in (0, 1):
        return {"region": PLANE.clip}
    left, top, width, height = PLANE.clip
    half = np.array([width, height]) / 2
    corners = [left, top] + half * (QUADRANTS * [1, -1] > 0)
    return {f"region {k}": [*corner, *half.tolist()] for k, corner in enumerate(corners.tolist())}


def _cones(problem, w, length=56):
    """Return the normal cones at corners: what λ∂P(w) can be there, as triangles, (n, 6)."""
    along = problem.mix * np.sign(w) + 2 * (1 - problem.mix) * w
    across = problem.mix * (w == 0)
    tips = [PLANE.px(w[:, 0], w[:, 1])]
    for side in (1, -1):
        direction = along + side * across
        direction = direction / np.maximum(np.hypot(*direction.T), 1e-300)[:, None]
        tips.append(tips[0] + length * direction * [1, -1])
    return np.hstack(tips)


def _arrows(problem, w, active, longest=44):
    """Return arrows from the solutions along −∇J, shorter as the slope gets less, and labels."""
    slope = (problem.optimum - w) @ problem.A
    steep = np.hypot(*slope.T)
    direction = slope / np.maximum(steep, 1e-300)[:, None] * [1, -1]
    length = longest * (0.4 + 0.6 * steep / max(np.hypot(*(problem.A @ problem.optimum)), 1e-300))
    room = 0.6 * _unit() * np.hypot(*(problem.optimum - w).T)
    length = np.minimum(np.minimum(length, longest), room)[:, None]
    tail, star = PLANE.px(w[:, 0], w[:, 1]), PLANE.px(*problem.optimum)
    tip, side = tail + length * direction, direction[:, ::-1] * [-1, 1]
    barbs = [tip - 7 * direction + sign * 4 * side for sign in (1, -1)]
    seen = active & (length[:, 0] > 9) & _within(tip)
    at = np.hstack([tail, tip, barbs[0], tip, barbs[1]])
    away = np.where((side * (star - tail)).sum(axis=1) > 0, -1, 1)[:, None]
    places = np.round(tail + 0.65 * length * direction + 15 * away * side + [0, 4])
    words = [[*place, "−∇J"] for place in places.tolist()]
    named = seen & (length[:, 0] > 24)  # a shorter one has no room beside it
    labels = [word if is_named else [] for is_named, word in zip(named, words, strict=True)]
    return {"slope": _shown(seen, at), "slope label": labels}


def _within(at):
    """Say which pixels (n, 2) are inside the plane, with room for a label."""
    left, top, width, height = PLANE.clip
    low, high = np.array([left + 28, top + 24]), np.array([left + width - 28, top + height - 24])
    return ((at >= low) & (at <= high)).all(axis=1)


def _readouts(solutions, path):
    """Return weights and residual as texts below the pictures."""
    rows = zip(solutions.w.tolist(), solutions.residual.tolist(), strict=True)
    texts = [
        f"w = ({hundredths(a)}, {hundredths(b)}) \u00a0·\u00a0 KKT residual {_bound(r)}"
        for (a, b), r in rows
    ]
    return [[PLANE.left, HEIGHT - 8, text] for text in texts]


def _bound(residual):
    """Return a residual as a text that is the same on every platform."""
    return "< 1e−12" if residual < 1e-12 else f"{residual:.0e}".replace("-", "−")


def sentence(problem, lam, t, w):
    """Say what is seen: where the contour touches the region, and what that means for the weights.

    Parameters
    ----------
    problem : Problem
    lam, t : float
    w : (2,) array
        The solution for this strength and this budget.

    Returns
    -------
    str
    """
    if not problem.optimum.any():
        return "w* is 0 itself: no budget is too small for it, and λ changes nothing."
    if lam == 0:
        return _says_inactive(problem, t)
    if not w.any():
        return (
            f"The region is a single point: both weights are exactly 0, "
            f"from λ = {decimal(problem.zero_from.max())} on."
        )
    zeros = [place for place in (0, 1) if w[place] == 0]
    if problem.mix == 0:
        return _says_arc(problem, t, w, zeros)
    return _says_corner(problem, lam, t, zeros[0]) if zeros else _says_edge(problem, t, w)


def _says_inactive(problem, t):
    enough = decimal(problem.enough)
    if t <= problem.enough * (1 + 1e-5):
        return f"λ = 0: the region just reaches w*, with the budget t = {enough}. Nothing shrinks."
    return (
        f"The constraint is inactive: w* takes {enough} of the budget t = {decimal(t)}, "
        f"so λ = 0 and the solution is w* itself."
    )


def _says_corner(problem, lam, t, zero):
    since = problem.zero_from[zero]
    if since == 0:
        range_ = "for every λ"
    elif lam < since * (1 - 1e-9):
        range_ = "at this λ"
    else:
        range_ = f"from λ = {decimal(since)} on"
    return (
        f"The contour touches the {problem.look.region} at a corner: {SUBSCRIPTS[zero]} is exactly "
        f"0, {range_}; −∇J is within the wedge of outward directions. {_says_share(problem, t)}"
    )


def _says_edge(problem, t, w):
    first = int(np.argmin(problem.zero_from))
    edge = "an edge" if problem.mix == 1 else "an arc"
    return (
        f"The contour touches {edge} of the {problem.look.region}: both weights are nonzero"
        f"{_says_oddity(problem, w)}. {SUBSCRIPTS[first]} will be exactly 0 from "
        f"λ = {decimal(problem.zero_from[first])} on. {_says_share(problem, t)}"
    )


def _says_arc(problem, t, w, zeros):
    if zeros:
        name = SUBSCRIPTS[zeros[0]]
        reason = "as in w*" if problem.optimum[zeros[0]] == 0 else "at this λ alone"
        seen = f"{name} is 0 {reason}, held there by no corner"
    else:
        seen = f"it has no corners, and both weights are nonzero{_says_oddity(problem, w)}"
    return f"The contour touches the disc: {seen}. {_says_share(problem, t)}"


def _says_oddity(problem, w):
    """Say when a weight does not shrink toward 0, though the budget does."""
    pairs = list(zip(SUBSCRIPTS, w.tolist(), problem.optimum.tolist(), strict=True))
    for name, value, best in pairs:
        if value * best < 0:
            return f", {name} even with the other sign than in w*"
    for name, value, best in pairs:
        if abs(value) > abs(best) + 0.005:
            return f", {name} even larger in size than in w*"
    return ""


def _says_share(problem, t):
    return f"t is {percent(t / problem.enough)} of what w* takes."


class ConstraintGeometry(LiveFigure):
    """Where the contours of a quadratic loss touch the region of a penalty's budget.

    The strength `lam` and the budget `t` belong together: setting one sets the other, so that both
    have the same solution. `lam` is 0 where the budget is larger than the optimum needs, and `t`
    is 0 where λ makes both weights 0. When the shape changes, `lam` stays and `t` follows.

    Parameters
    ----------
    lam, t : float
        One of them, 0 or larger. The least t for ridge is a billionth of ‖w*‖.
    penalty : str
        "L1", "L2" or "elastic net".
    optimum1, optimum2 : float
        w*, where the loss is least.
    correlation, eccentricity : float
        Of the loss, as in `quadratic_form`.
    """

    lam = Finite(2.2, min=0).tag(sync=True)
    t = Finite(min=0).tag(sync=True)
    penalty = Enum(list(LOOKS), "L1").tag(sync=True)
    optimum1 = Finite(2.0, min=-3, max=3).tag(sync=True)
    optimum2 = Finite(0.8, min=-3, max=3).tag(sync=True)
    correlation = Finite(0.5, min=-0.95, max=0.95).tag(sync=True)
    eccentricity = Finite(0.6, min=0, max=0.95).tag(sync=True)

    label = (
        "Contours of a loss of two weights with the region of the budget,"
        " and the weights against the budget"
    )
    controls = (
        slider("lam", "strength λ"),
        slider("t", "budget t"),
        slider("optimum1", "optimum w₁*", low=-2, high=2, step=0.1),
        slider("optimum2", "optimum w₂*", low=-2, high=2, step=0.1),
        slider("correlation", "correlation", low=-0.95, high=0.95, step=0.05),
        slider("eccentricity", "eccentricity", low=0, high=0.95, step=0.05),
        choice("penalty", "penalty", LOOKS),
    )

    def __init__(self, **values):
        self._pair, self._leader = None, "t" if "t" in values and "lam" not in values else "lam"
        super().__init__(**values)
        self._pair = (self.lam, self.t)

    def problem(self):
        """Return the loss and the penalty of the present shape."""
        A = quadratic_form(self.correlation, self.eccentricity)
        return Problem(A, np.array([self.optimum1, self.optimum2]), LOOKS[self.penalty])

    def picture(self):
        """Return the picture with all frames of λ and of t."""
        problem = self.problem()
        path = path_axes(problem)
        budgets = SHARES * (problem.enough or 1)
        strips = {
            "lam": _strip(problem.at_strengths(STRENGTHS), path, leader="lam"),
            "t": _strip(problem.at_budgets(budgets), path, leader="t"),
        }
        return Picture(WIDTH, HEIGHT, _marks(problem, path), strips)

    def frame(self):
        """Return the exact frame for the present pair of λ and t, if no strip has it."""
        if self._has_frame():
            return None
        problem = self.problem()
        solutions = problem.at_strengths([self.lam])
        solutions = Solutions(problem, solutions.lam, np.array([self.t]), solutions.w)
        marks = {name: at[0] for name, at in moving_marks(solutions, path_axes(problem)).items()}
        shows = {name: texts[0] for name, texts in _shows(solutions).items()}
        return Frame(marks, shows=shows, says=sentence(problem, self.lam, self.t, solutions.w[0]))

    def alt(self):
        """Return what the still picture shows."""
        problem = self.problem()
        w = problem.at_strengths([self.lam]).w[0]
        return (
            f"Left: contours of a quadratic loss around its optimum w*, and the "
            f"{problem.look.region} of weights within a budget. "
            f"{sentence(problem, self.lam, self.t, w)} Right: both weights against the budget."
        )

    def variants(self):
        """Return the other penalties."""
        return [{"penalty": name} for name in LOOKS if name != self.penalty]

    @default("t")
    def _first_budget(self):
        return float(self.problem().at_strengths([self.lam]).t[0])

    @observe("lam", "t", "penalty", "optimum1", "optimum2", "correlation", "eccentricity")
    def _keep_together(self, change):
        """Let t follow λ, or λ follow t if only t was set."""
        known, pair = self._pair, (self.lam, self.t)
        if known is None:
            leader = self._leader
        elif change["name"] not in ("lam", "t"):
            leader = "lam"
        elif known == pair or self._has_frame(exactly=True):
            self._pair = pair  # a slider has sent both
            return
        else:
            leader = "t" if known[0] == pair[0] else "lam"
        follow = self._follow_budget if leader == "t" else self._follow_strength
        follow(self.problem())

    def _has_frame(self, *, exactly=False):
        """Say whether λ and t are those of a frame, by default to the digits that are sent."""
        close, found = 0 if exactly else 1e-5, False
        for name, strip in self._picture["strips"].items():
            sent = {name: strip["values"], **strip["moves"]}
            fits = np.isclose(sent["lam"], self.lam, close, 0)
            found = found or bool(np.any(fits & np.isclose(sent["t"], self.t, close, 0)))
        return found

    def _follow_strength(self, problem):
        t = float(problem.at_strengths([self.lam]).t[0])
        self._pair = (self.lam, max(t, self.t) if self.lam == 0 else t)
        self.t = self._pair[1]

    def _follow_budget(self, problem):
        t = max(self.t, 1e-9 * problem.enough) if problem.mix == 0 else self.t
        self._pair = (float(problem.at_budgets(np.array([t])).lam[0]), t)
        self.lam, self.t = self._pair


def path_axes(problem):
    """Return the axes for the weights against the budget, as a part of what w* takes."""
    _, w = problem.path
    low, high = np.floor(2 * w.min()) / 2, np.ceil(2 * w.max()) / 2
    if low == high:  # w* = 0
        low, high = -0.5, 0.5
    pad = 0.06 * (high - low)
    return Axes(
        446,
        PLANE.top,
        262,
        PLANE.height,
        x=(0, LAST),
        y=(low - pad, high + pad),
        xlabel=f"t as a part of {problem.look.norm_of_optimum}",
        xticks=[0, 0.25, 0.5, 0.75, 1],
        title="the weights against the budget",
    )


def _marks(problem, path):
    """Return all marks in the order in which they are drawn."""
    color, mix = problem.look.color, problem.mix
    x, y = path.px((1 + LAST) / 2, path.y[1]).tolist()
    return [
        *_ground(problem),
        *(
            mark(name, "area" if mix == 1 else "ellipse", f"{color} fill outlined", clip=clip)
            for name, clip in _clips(problem).items()
        ),
        mark("normal cone", "area", f"{color} fill", clip=PLANE.clip),
        mark("touching contour", "ellipse", "plain", clip=PLANE.clip),
        mark("route", "line", f"{color} thin dotted", PLANE.flat(*problem.path[1].T), PLANE.clip),
        *_curves(problem, path),
        mark("slope", "line", "ink", clip=PLANE.clip),
        mark("slope label", "text", "ink small middle"),
        mark("solution", "dots", f"{color} circle big", clip=PLANE.clip),
        mark("solution on a corner", "dots", f"{color} diamond big", clip=PLANE.clip),
        mark("optimum", "dots", "truth star big", PLANE.px(*problem.optimum).tolist()),
        mark("optimum label", "text", "ink middle", _beside_optimum(problem)),
        mark("now", "line", "ink thin"),
        mark("inactive", "text", "muted small middle", [x, y - 6, "λ = 0"]),
        mark("weights now", "dots", f"{color} circle"),
        mark("readout", "text", "ink start"),
    ]


def _ground(problem):
    """Return the plane: axes and contours of the loss."""
    left, top, width, height = PLANE.clip
    zero = PLANE.px(0, 0)
    cross = [[left, zero[1], left + width, zero[1]], [zero[0], top, zero[0], top + height]]
    title = f"contours of J, and {problem.look.norm} ≤ t"
    return [
        mark("plane zero", "lines", "grid thin decor", cross),
        *(
            mark(f"contour {place}", "ellipse", "plain thin faint decor", at, clip=PLANE.clip)
            for place, at in enumerate(_contours(problem, LEVELS))
        ),
        *PLANE.marks("plane"),
        mark("plane heading", "text", "ink bold start", [left, top - 12, title]),
    ]


def _beside_optimum(problem):
    """Return the label of w*, on the side away from the region."""
    x, y = PLANE.px(*problem.optimum)
    outward = np.where(problem.optimum < 0, -1, 1)
    return [x + 15 * outward[0], y - 10 * outward[1] + 4, "w*"]


def _curves(problem, path):
    """Return the weights against the budget, each with its dash and its label."""
    color, (share, w) = problem.look.color, problem.path
    rows = zip(SUBSCRIPTS, w.T, ("thick", "dashed"), _label_places(problem, path), strict=True)
    curves = [
        (
            mark(f"curve {name}", "line", f"{color} {dash}", path.flat(share, weights)),
            mark(f"label {name}", "text", "ink start", [*place, name]),
        )
        for name, weights, dash, place in rows
    ]
    return [
        mark("path zero", "line", "grid thin decor", path.flat([0, LAST], [0, 0])),
        mark("enough", "line", "muted thin dotted decor", path.flat([1, 1], path.y)),
        *path.marks("path"),
        *(drawn for pair in curves for drawn in pair),
    ]


def _label_places(problem, path, gap=15):
    """Return where the curves' labels stand: at their ends, moved apart if they are too close."""
    (x, first), (_, second) = path.px(LAST, problem.optimum).tolist()
    move = max(0, gap - abs(first - second)) / 2 * (1 if first > second else -1)
    return [[x + 6, first + 4 + move], [x + 6, second + 4 - move]]


def _strip(solutions, path, leader):
    """Return the frames of the slider of λ or of t, the other following it."""
    problem, follower = solutions.problem, {"lam": "t", "t": "lam"}[leader]
    rows = zip(solutions.lam.tolist(), solutions.t.tolist(), solutions.w, strict=True)
    return Strip(
        getattr(solutions, leader),
        moving_marks(solutions, path),
        {follower: getattr(solutions, follower)},
        _shows(solutions),
        [sentence(problem, lam, t, w) for lam, t, w in rows],
    )


def _shows(solutions):
    """Return what stands beside the sliders."""
    pairs = zip(solutions.t.tolist(), solutions.share.tolist(), strict=True)
    return {
        "lam": [decimal(lam) for lam in solutions.lam.tolist()],
        "t": [f"{decimal(t)} ({100 * share:.0f} %)" for t, share in pairs],
    }
