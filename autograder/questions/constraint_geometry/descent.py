"""The question on projected gradient descent.

The ball that is handed in is a box or pairs of weights in discs: a student's answer may rely on
nothing but `project`. A result is judged by where it is and by its cost, so any method passes.
"""

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions import oracles
from autograder.questions.inputs import design, signed
from utils.checking.codec import Optimum
from utils.checking.judgement import UNCHANGED

BOUNDARY = "the minimum in the ball"
SCALES = "any scale of X"
INSIDE = "least squares in the ball"
SHARE = 1e-6
BEYOND = 1e-9

BOX = "clips each weight to ±radius"
SIDES = "clips w_j to ±sides_j·radius"
DISCS = "pulls each of the pairs (w_0, w_1), (w_2, w_3) into the disc of radius `radius`"


def _box(sides, text=SIDES):
    return {"text": text, "form": "box", "sides": np.array(sides)}


def _cube(d):
    return _box(np.ones(d), BOX)


_DISCS = {"text": DISCS, "form": "discs"}


def _cases(rng):
    def case(label, X, y, ball, *, radius, part=BOUNDARY):
        inputs = {"X": np.array(X), "y": np.array(y), "project": ball, "radius": radius}
        return Case(label, inputs, part)

    def drawn(label, n, d, ball, *, share, part=BOUNDARY, scale=1.0):
        X, y = _drawn(rng, n, d, ball, share)
        radius = _share(scale * X, y, ball, share)
        return case(label, scale * X, y, ball, radius=radius, part=part)

    tilted, y = [[1.0, 1.0], [0.0, 1.0], [2.0, 0.5]], [2.0, -1.0, 3.0]
    one, tall = [[1.0], [2.0], [2.0]], [[4.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    shared, beyond = np.vstack([np.full(5, 2.0), np.eye(5)]), [1.0, 3.0, -2.0, 2.5, -1.0, 0.5]
    long = np.diag([5.0, 1.0, 2.0])
    scales, inside = {"part": SCALES}, {"part": INSIDE}
    return [
        case("a box, two correlated columns", tilted, y, _cube(2), radius=0.5),
        case("one column, xᵀx = 9 and xᵀy = 6", one, [3.0, 1.5, 0.0], _cube(1), radius=0.5),
        case("a disc, two correlated columns", tilted, y, _DISCS, radius=1.0),
        case("a box with other sides", tilted, y, _box([0.5, 2.0]), radius=0.5),
        case("only w_1 meets the box", tall, [2.0, 3.0, 1.0], _cube(2), radius=1.0),
        case("five columns that share a row", shared, beyond, _cube(5), radius=2.6),
        drawn("a random problem in a box", 6, 3, _cube(3), share=0.4),
        drawn("a random problem in discs", 8, 4, _DISCS, share=0.5),
        case("X times a million", np.multiply(tilted, 1e6), y, _cube(2), radius=0.5e-6, **scales),
        case("X divided by 1000", np.divide(tilted, 1000), y, _cube(2), radius=500.0, **scales),
        case("long and short columns", long, [3.0, 0.7, 4.0], _cube(3), radius=0.8, **scales),
        drawn("a random problem, X times 100", 7, 3, _cube(3), share=0.5, scale=100.0, **scales),
        case("least squares in a large box", tall, [2.0, 3.0, 1.0], _cube(2), radius=4.0, **inside),
        case("ŵ = (0.7, -0.65)", tilted, [-0.95, 0.1, 1.575], _cube(2), radius=0.75, **inside),
        case(
            "one column, least squares inside", one, [3.0, 1.5, 0.0], _cube(1), radius=4.0, **inside
        ),
        case("five columns, least squares inside", shared, beyond, _cube(5), radius=8.0, **inside),
        case("least squares in a disc", tilted, y, _DISCS, radius=4.0, **inside),
        drawn("a random problem, least squares inside", 6, 3, _cube(3), share=1.5, **inside),
    ]


def _drawn(rng, n, d, ball, share):
    """Return X and y whose solution in the ball costs clearly more than least squares."""
    while True:
        X, y = design(rng, n, d, 3.0), signed(rng, n, high=4.0)
        if share > 1:
            return X, y
        w = oracles.least_in_ball(X, y, ball, _share(X, y, ball, share))
        least = oracles.ridge(X, y, 0.0)
        if np.sum((X @ (w - least)) ** 2) > 0.05 * np.sum(y**2):
            return X, y


def _share(X, y, ball, share):
    """Return a radius, this share of the one that would hold the least-squares solution."""
    least = oracles.ridge(X, y, 0.0)
    pairs = least[0::2] + 1j * least[1::2] if ball["form"] == "discs" else least
    return float(f"{share * np.max(np.abs(pairs)):.3g}")


def _projected_gradient_descent(X, y, project, radius):
    w = oracles.least_in_ball(X, y, project, radius)
    problem = {"kind": "ball", "X": X, "y": y, "ball": project, "radius": radius}
    problem |= {"least": float(np.sum((y - X @ w) ** 2)), "share": SHARE, "beyond": BEYOND}
    return Optimum(w, problem)


def _largest(X):
    """Return the largest eigenvalue of XᵀX."""
    return np.linalg.norm(X, 2) ** 2


def _slope(X, y, w):
    return 2 * X.T @ (X @ w - y)


def _descent(step=lambda X: 0.5 / _largest(X), slope=_slope, move=None, steps=400):
    """Return projected gradient descent with another step, slope or move.

    `move(project, radius, w, change)` gives the next weights. 400 steps are as good as 1000 here.
    """

    def answer(X, y, project, radius, n_steps=1000):
        w, size = np.zeros(X.shape[1]), step(X)
        for _ in range(steps):
            before, change = w, size * slope(X, y, w)
            w = move(project, radius, w, change) if move else project(w - change, radius)
            if not abs(w - before).max() > 1e-11 * abs(w).max():  # nan ends it, too
                break
        return w

    return answer


_RIGHT = _descent()


def _at_the_end(X, y, project, radius, n_steps=1000):
    return project(oracles.ridge(X, y, 0.0), radius)


def _least_squares(X, y, project, radius, n_steps=1000):
    return oracles.ridge(X, y, 0.0)


def _into_disc(project, radius, w, change):
    w = w - change
    return w * min(1.0, radius / max(np.linalg.norm(w), 1e-300))


def _into_diamond(project, radius, w, change):
    w = w - change
    if np.sum(np.abs(w)) <= radius:
        return w
    sizes = np.sort(np.abs(w))[::-1]
    theta = np.max((np.cumsum(sizes) - radius) / np.arange(1, len(w) + 1))
    return np.sign(w) * np.maximum(np.abs(w) - theta, 0)


def _clipped(project, radius, w, change):
    return np.clip(w - change, -radius, radius)


def _project_first(project, radius, w, change):
    return project(w, radius) - change


def _cost(X, y, project, radius, n_steps=1000):
    return float(np.sum((y - X @ _RIGHT(X, y, project, radius)) ** 2))


_WRONG = (
    Misconception(
        "projected at the end",
        "You are at the projection of least squares: the nearest point of the ball to ŵ, not the "
        "one of least cost. Project after every gradient step, one step size for all weights.",
        _at_the_end,
    ),
    Misconception(
        "never projected",
        "You ended at least squares, outside the ball. Hand the weights themselves to `project` "
        "after every step, and go on from what it returns.",
        _least_squares,
    ),
    Misconception(
        "projected before the step",
        "You returned w after a gradient step and before its projection, so it may be outside. "
        "First the step, then the projection.",
        _descent(move=_project_first),
    ),
    Misconception(
        "step 1/‖X‖²",
        "Your step is twice too long: the slope is 2Xᵀ(Xw - y), so it changes by up to "
        "2‖X‖² per unit, and the step is 1 over that.",
        _descent(step=lambda X: 1 / _largest(X)),
    ),
    Misconception(
        "step 1/‖X‖",
        "You took 1 over the largest singular value of X as the step. The slope changes by twice "
        "its square.",
        _descent(step=lambda X: 1 / np.linalg.norm(X, 2)),
    ),
    Misconception(
        "step 0.1",
        "Your step is a fixed 0.1. The same data in other units need another step: take it from "
        "the largest singular value of X.",
        _descent(step=lambda X: 0.1),
    ),
    Misconception(
        "step 0.01",
        "Your step is a fixed 0.01. The same data in other units need another step: take it from "
        "the largest singular value of X.",
        _descent(step=lambda X: 0.01, steps=1000),
    ),
    Misconception(
        "step 0.001",
        "Your step is a fixed 0.001. The same data in other units need another step: take it from "
        "the largest singular value of X.",
        _descent(step=lambda X: 0.001, steps=1000),
    ),
    Misconception(
        "one step",
        "You took one step. Repeat step and projection `n_steps` times.",
        _descent(steps=1),
    ),
    Misconception(
        "ten steps",
        "You took ten steps. Repeat step and projection `n_steps` times.",
        _descent(steps=10),
    ),
    Misconception(
        "uphill",
        "You went uphill, to where the residual is large: subtract the gradient.",
        _descent(slope=lambda X, y, w: -_slope(X, y, w)),
    ),
    Misconception(
        "sign of y",
        "Your gradient is 2Xᵀ(Xw + y). The residual is the difference of Xw and y.",
        _descent(slope=lambda X, y, w: 2 * X.T @ (X @ w + y)),
    ),
    Misconception(
        "radius 1",
        "You projected onto the ball of radius 1. Hand `radius` to `project`.",
        _descent(move=lambda project, radius, w, change: project(w - change, 1.0)),
    ),
    Misconception(
        "radius squared",
        "You handed the square of the radius to `project`. It takes the radius itself.",
        _descent(move=lambda project, radius, w, change: project(w - change, radius**2)),
    ),
    Misconception(
        "L2 ball whatever comes",
        "You projected onto the L2 ball, whatever `project` was. The ball belongs to the caller: "
        "use the function that is handed in.",
        _descent(move=_into_disc),
    ),
    Misconception(
        "L1 ball whatever comes",
        "You projected onto the L1 ball, whatever `project` was. The ball belongs to the caller: "
        "use the function that is handed in.",
        _descent(move=_into_diamond),
    ),
    Misconception(
        "box whatever comes",
        "You clipped each weight to ±radius, whatever `project` was. The ball belongs to the "
        "caller: use the function that is handed in.",
        _descent(move=_clipped),
    ),
    Misconception(
        "start",
        "You returned the start, w = 0. Is the result of `project` kept from step to step?",
        lambda X, y, project, radius, n_steps=1000: np.zeros(X.shape[1]),
    ),
    Misconception(
        "cost",
        "You returned the least cost, one number. What is asked is where it is reached: the "
        "weights.",
        _cost,
    ),
)


def _by_steps(X, y, project, radius, n_steps=1000):
    step = 1 / (2 * np.linalg.norm(X, ord=2) ** 2)
    w = np.zeros(X.shape[1])
    for _ in range(n_steps):
        new = project(w - step * 2 * X.T @ (X @ w - y), radius)
        if abs(new - w).max() <= 1e-14 * abs(w).max():
            break
        w = new
    return w


def _by_safe_bound(X, y, project, radius, n_steps=1000):
    """Take the sum of all squares for the largest eigenvalue, and precompute XᵀX."""
    gram, pull = X.T @ X, X.T @ y
    w = np.zeros(len(pull))
    for _ in range(n_steps):
        before, w = w, project(w + (pull - gram @ w) / np.trace(gram), radius)
        if abs(w - before).max() <= 1e-14 * abs(w).max():
            break
    return w


def _by_backtracking(X, y, project, radius, n_steps=1000):
    w, step = np.zeros(X.shape[1]), 1.0
    for _ in range(n_steps):
        slope, step = 2 * X.T @ (X @ w - y), 2 * step
        while True:
            new = project(w - step * slope, radius)
            move = new - w
            if (X @ move) @ (X @ move) <= move @ move / (2 * step) * (1 + 1e-12):
                break
            step /= 2
        if np.linalg.norm(move) <= 1e-13 * np.linalg.norm(new):
            break
        w = new
    return w


def _by_momentum(X, y, project, radius, n_steps=1000):
    values = np.linalg.eigvalsh(X.T @ X)
    ratio = np.sqrt(max(values[0], 0.0) / values[-1])
    w = z = np.zeros(X.shape[1])
    for _ in range(n_steps):
        new = project(z - X.T @ (X @ z - y) / values[-1], radius)
        if np.array_equal(new, w) and np.array_equal(w, z):
            break
        z, w = new + (1 - ratio) / (1 + ratio) * (new - w), new
    return w


def _by_power_iteration(X, y, project, radius, n_steps=1000):
    v = np.ones(X.shape[1])
    for _ in range(60):
        v = X.T @ (X @ v)
        v = v / np.sqrt(v @ v)
    bound = 2.02 * (v @ (X.T @ (X @ v)))
    w = 0 * v
    for _ in range(n_steps):
        before, slope = w, [2 * float(x @ (X @ w - y)) for x in X.T]
        w = project([a - s / bound for a, s in zip(w, slope, strict=True)], radius)
        if np.linalg.norm(w - before) <= 1e-13 * np.linalg.norm(w):
            break
    return w


projected_gradient_descent = Question(
    "projected_gradient_descent",
    "Projected gradient descent",
    _cases,
    _projected_gradient_descent,
    driver="projection",
    parts={BOUNDARY: 0.5, SCALES: 0.2, INSIDE: 0.2, UNCHANGED: 0.1},
    misconceptions=_WRONG,
    hint="Each step: w minus step times 2Xᵀ(Xw - y), then `project(w, radius)`. The step 1/(2σ²), "
    "with σ the largest singular value of X, converges whatever the units of X are.",
    references=(
        _by_steps,
        _by_safe_bound,
        _by_backtracking,
        _by_momentum,
        _by_power_iteration,
    ),
    atol=1e-14,
)

QUESTIONS = (projected_gradient_descent,)
