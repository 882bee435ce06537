"""Questions on the projections onto the L2 and the L1 ball."""

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.inputs import number, signed
from autograder.questions.oracles import bisect, nearest_in_l1_ball
from utils.checking.judgement import UNCHANGED

OUTSIDE = "w outside the ball"
INSIDE = "w inside the ball"
ZERO = "w = 0"


def _case(label, w, radius, part=OUTSIDE):
    return Case(label, {"w": np.array(w), "radius": radius}, part)


def _share(w, low, high, rng, order=2):
    """Return a radius that is a random share of the norm of `w`, with four digits."""
    return float(f"{rng.uniform(low, high) * np.linalg.norm(w, order):.4g}")


def _l2_cases(rng):
    five, nine, inside = signed(rng, 5), signed(rng, 9, high=4.0), signed(rng, 6)
    return [
        _case("(3, 4) and radius 2", [3.0, 4.0], 2.0),
        _case("negative entries", [-2.0, 1.0, 2.0], 1.5),
        _case("entries of 0", [0.0, -5.0, 0.0, 12.0], 6.5),
        _case("one entry", [-3.0], 0.5),
        _case("a little outside", [3.0, -4.0], 4.9),
        _case("a large radius, a larger w", [300.0, -400.0, 1200.0], 26.0),
        _case("a small radius", [0.03, -0.04], 0.01),
        _case("five random weights", five, _share(five, 0.2, 0.45, rng)),
        _case("nine random weights", nine, _share(nine, 0.55, 0.9, rng)),
        _case("inside, and longer than 1", [2.0, -1.0, 1.0], 3.0, INSIDE),
        _case("longer than 1, well inside", [1.0, -1.0, 0.5], 3.0, INSIDE),
        _case("inside a small ball", [0.1, -0.2], 0.5, INSIDE),
        _case("on the boundary", [3.0, -4.0], 5.0, INSIDE),
        _case("one entry, inside", [-0.75], 2.0, INSIDE),
        _case("six random weights, inside", inside, _share(inside, 1.2, 1.9, rng), INSIDE),
        _case("three weights of 0", [0.0, 0.0, 0.0], 1.5, ZERO),
        _case("one weight of 0", [0.0], 0.5, ZERO),
        _case("some weights of 0", np.zeros(rng.integers(4, 40)), number(rng, 0.5, 2.0), ZERO),
    ]


def _project_l2_ball(w, radius):
    """Return w / (1 + μ) with the multiplier μ ≥ 0 that brings its length down to the radius."""
    length = np.linalg.norm(w)
    if length <= radius:
        return w.copy()
    return w / (1 + bisect(lambda mu: length / (1 + mu) < radius, 0.0, length / radius))


def _scaled(w, radius, length):
    """Return `w` scaled to the radius where its `length` is larger."""
    return w * radius / length if length > radius else w.copy()


def _zero_safe(w, radius, length):
    return w * radius / length if length > 0 else w.copy()


def _quietly(function):
    """Return `function` without the warnings of 0/0."""

    def answer(w, radius):
        with np.errstate(invalid="ignore", divide="ignore"):
            return function(w, radius)

    return answer


def _outside_to_zero(w, radius):
    return w * (np.linalg.norm(w) <= radius)


def _soft(w, threshold):
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0.0)


_norm = np.linalg.norm
_WRONG_L2 = (
    Misconception(
        "always to the boundary",
        "You moved a w that was inside out to the boundary. The nearest point of the ball to a "
        "point inside is that point: the constraint is inactive there.",
        lambda w, r: _zero_safe(w, r, _norm(w)),
    ),
    Misconception(
        "always to the boundary, nan at 0",
        "You scale every w to length `radius`: one inside is stretched, and w = 0 gives 0/0 = nan. "
        "A w inside the ball stays where it is.",
        _quietly(lambda w, r: w * r / _norm(w)),
    ),
    Misconception(
        "nan at 0",
        "At w = 0 your result is nan: you divide by a length of 0. A w inside the ball needs no "
        "division.",
        _quietly(lambda w, r: w / _norm(w) * np.minimum(_norm(w), r)),
    ),
    Misconception(
        "clipping",
        "You clipped each entry to ±radius: that projects onto a box. The ball bounds the length "
        "of w; scale all entries by one factor.",
        lambda w, r: np.clip(w, -r, r),
    ),
    Misconception(
        "clipped from above",
        "You cut each entry at the radius from above only. The ball bounds the length of w; scale "
        "all entries by one factor.",
        np.minimum,
    ),
    Misconception(
        "L1 norm",
        "You measured w by Σ|w|. The length of the L2 ball is √Σw².",
        lambda w, r: _scaled(w, r, _norm(w, 1)),
    ),
    Misconception(
        "largest entry",
        "You measured w by its largest entry. The length of the L2 ball is √Σw².",
        lambda w, r: _scaled(w, r, _norm(w, np.inf)),
    ),
    Misconception(
        "squared length",
        "You measured w by Σw², the square of its length: the square root is missing.",
        lambda w, r: _scaled(w, r, float(w @ w)),
    ),
    Misconception(
        "root of the radius",
        "Your result has the length √radius: you compared Σw² with the radius. Compare it with "
        "radius², or the length with the radius.",
        lambda w, r: _scaled(w, np.sqrt(r), _norm(w)),
    ),
    Misconception(
        "squared radius",
        "Your result has the length radius². The ball is ‖v‖ ≤ radius.",
        lambda w, r: _scaled(w, r**2, _norm(w)),
    ),
    Misconception(
        "condition with the square",
        "You scale when Σw² is above the radius. Compare the length, √Σw², with it.",
        lambda w, r: w * r / _norm(w) if w @ w > r else w.copy(),
    ),
    Misconception(
        "condition with 1",
        "You scale when the length is above 1. Compare it with the radius.",
        lambda w, r: w * r / _norm(w) if _norm(w) > 1 else w.copy(),
    ),
    Misconception(
        "unit ball",
        "Your result has length 1 at most: you did not multiply by the radius.",
        lambda w, r: _scaled(w, 1.0, _norm(w)),
    ),
    Misconception(
        "unit vector",
        "A w outside came out with length 1. That is its direction: multiply it by the radius.",
        lambda w, r: w / _norm(w) if _norm(w) > r else w.copy(),
    ),
    Misconception(
        "nothing done",
        "You returned w as it is. Compare its length with the radius first.",
        lambda w, r: w.copy(),
    ),
    Misconception(
        "inside and outside swapped",
        "You left a w outside as it is and stretched one inside. It is the other way round.",
        lambda w, r: w.copy() if _norm(w) > r else _zero_safe(w, r, _norm(w)),
    ),
    Misconception(
        "outside to 0",
        "You set a w outside to 0. The nearest point of the ball lies on its boundary, in the "
        "direction of w.",
        _outside_to_zero,
    ),
    Misconception(
        "soft threshold",
        "You took the same amount from each entry, which turns the direction of w. The nearest "
        "point of the disc lies on the straight line from w to 0: multiply.",
        _soft,
    ),
    Misconception(
        "factor alone",
        "You returned the factor. Multiply w by it.",
        lambda w, r: float(min(1.0, r / max(_norm(w), 1e-300))),
    ),
)


def _l2_by_loop(w, radius):
    total = 0.0
    for entry in w:
        total += entry * entry
    length = total**0.5
    result = w.copy()
    if length > radius:
        for j in range(len(w)):
            result[j] *= radius / length
    return result


def _l2_by_float32(w, radius):
    w = w.astype(np.float32)
    return w * np.float32(min(1.0, radius / max(float(np.linalg.norm(w)), 1e-30)))


def _l2_by_hypot(w, radius):
    return w / max(1.0, np.hypot.reduce(w) / radius)


def _l2_by_multiplier(w, radius):
    mu = max(np.sqrt(np.dot(w, w)) / radius - 1, 0.0)
    return np.array([entry / (1 + mu) for entry in w])


def _l2_by_polar(w, radius):
    length = np.sqrt((w**2).sum())
    direction = np.divide(w, length, out=np.zeros_like(w), where=length > 0)
    return min(length, radius) * direction


project_l2_ball = Question(
    "project_l2_ball",
    "The nearest point of the L2 ball",
    _l2_cases,
    _project_l2_ball,
    parts={OUTSIDE: 0.5, INSIDE: 0.25, ZERO: 0.1, UNCHANGED: 0.15},
    misconceptions=_WRONG_L2,
    hint="Draw w and the disc in two dimensions. If w is inside, you are there. If not, walk "
    "straight toward 0 until the length is the radius: which factor is that?",
    references=(
        lambda w, radius: w * min(1.0, radius / np.linalg.norm(w)) if np.any(w) else w,
        lambda w, radius: w if w @ w <= radius**2 else radius * w / np.sqrt(w @ w),
        _l2_by_loop,
        _l2_by_float32,
        _l2_by_hypot,
        _l2_by_multiplier,
        _l2_by_polar,
    ),
    atol=1e-12,
)


def _l1_cases(rng):
    six, seven, inside = signed(rng, 6), signed(rng, 7), signed(rng, 5)
    return [
        _case("(3, 1) and radius 2: onto the corner", [3.0, 1.0], 2.0),
        _case("(2, 1) and radius 2: onto the edge", [2.0, 1.0], 2.0),
        _case("negative entries", [-2.0, 0.5, 1.5], 2.5),
        _case("an entry that becomes 0", [3.0, -0.25, 2.0, 1.0], 3.0),
        _case("equal entries", [1.0, -1.0, 1.0, 0.25], 1.5),
        _case("entries of 0", [0.0, -4.0, 0.0, 2.5], 3.0),
        _case("not in order", [0.5, -3.0, 1.0, 2.0, -0.1], 2.75),
        _case("one entry", [-3.0], 0.5),
        _case("a larger radius", [20.0, -35.0, 50.0, 5.0], 60.0),
        _case("one after the other runs out", [14.5, -10.75, 7.75, -6.25, 5.0, -4.5, 2.5], 1.0),
        _case("a little outside", [1.0, -0.5, 0.5], 1.98),
        _case("inside the disc of this radius, but not inside the diamond", [0.7, -0.6, 0.1], 1.0),
        _case("six random weights", six, _share(six, 0.2, 0.4, rng, order=1)),
        _case("seven random weights", seven, _share(seven, 0.5, 0.8, rng, order=1)),
        _case("well inside", [0.5, -0.25, 1.0], 3.0, INSIDE),
        _case("inside, entries of 0", [0.0, -0.5, 0.25], 1.25, INSIDE),
        _case("on the boundary", [1.5, -0.5, 1.0], 3.0, INSIDE),
        _case("w = 0", [0.0, 0.0, 0.0], 1.5, INSIDE),
        _case("one entry, inside", [-0.75], 2.0, INSIDE),
        _case("five random weights, inside", inside, _share(inside, 1.2, 1.9, rng, 1), INSIDE),
    ]


def _threshold(sizes, radius):
    """Return θ with Σ max(sizes − θ, 0) = radius; negative where the sum is below the radius."""
    return bisect(lambda t: np.sum(np.maximum(sizes - t, 0)) < radius, -radius - 1.0, sizes.max())


def _unless_inside(function):
    def answer(w, radius):
        return w.copy() if np.sum(np.abs(w)) <= radius else function(w, radius)

    return answer


def _to_threshold(w, radius):
    return _soft(w, _threshold(np.abs(w), radius))


def _inflated(w, radius):
    sizes = np.abs(w)
    return np.sign(w) * np.maximum(sizes - _threshold(sizes, radius), 0)


def _equal_shares(w, radius):
    return _soft(w, (np.sum(np.abs(w)) - radius) / len(w))


def _past_zero(w, radius):
    return w - np.sign(w) * (np.sum(np.abs(w)) - radius) / len(w)


def _off_by(shift):
    """Return the projection whose count of weights is off by `shift` in the threshold."""

    def answer(w, radius):
        sizes = np.sort(np.abs(w))[::-1]
        excess = np.cumsum(sizes) - radius
        counts = np.arange(1, len(w) + 1)
        last = int(np.flatnonzero(sizes - excess / counts > 0)[-1])
        return _soft(w, excess[last] / max(last + 1 + shift, 0.5))

    return _unless_inside(answer)


def _sorted_result(w, radius):
    return np.sort(np.abs(_to_threshold(w, radius)))[::-1]


def _sorted_with_signs(w, radius):
    thetas = (np.cumsum(np.sort(w)[::-1]) - radius) / np.arange(1, len(w) + 1)
    return _soft(w, max(thetas.max(), 0.0))


def _corner(w, radius):
    result = np.zeros(len(w))
    place = int(np.argmax(np.abs(w)))
    result[place] = np.sign(w[place]) * radius
    return result


def _simplex(w, radius):
    return np.maximum(w - _threshold(w, radius), 0)


def _signed_test(w, radius):
    return w.copy() if w.sum() <= radius else _to_threshold(w, radius)


def _wrong_test(order):
    def answer(w, radius):
        return w.copy() if _norm(w, order) <= radius else _right_l1(w, radius)

    return answer


_right_l1 = _unless_inside(_to_threshold)
_WRONG_L1 = (
    Misconception(
        "rescaled",
        "You multiplied w by radius/Σ|w|. That lands on the boundary, but not at its nearest "
        "point. The way to a diamond's edge is a right angle: the same amount off each entry.",
        _unless_inside(lambda w, r: w * r / np.sum(np.abs(w))),
    ),
    Misconception(
        "rescaled, inside too",
        "You multiplied every w by radius/Σ|w|, even one inside. A w inside stays; one outside "
        "goes to the nearest point, where each entry lost the same amount.",
        _quietly(lambda w, r: w * r / np.sum(np.abs(w))),
    ),
    Misconception(
        "always to the boundary",
        "You moved a w that was inside out to the boundary: the threshold came out negative. The "
        "nearest point of the ball to a point inside is that point.",
        _inflated,
    ),
    Misconception(
        "L2 ball",
        "You projected onto the L2 ball, where √Σw² is bounded. Here Σ|w| is.",
        lambda w, r: _scaled(w, r, _norm(w)),
    ),
    Misconception(
        "clipping",
        "You clipped each entry to ±radius: that projects onto a box. The L1 ball bounds Σ|w|, "
        "all entries together.",
        lambda w, r: np.clip(w, -r, r),
    ),
    Misconception(
        "threshold at the radius",
        "You took the radius off each entry. The amount is the one that brings Σ|w| down to the "
        "radius: it has to be found first.",
        _unless_inside(_soft),
    ),
    Misconception(
        "threshold at the radius, inside too",
        "You took the radius off each entry, even of a w inside. A w inside stays; outside, take "
        "the amount that brings Σ|w| down to the radius.",
        _soft,
    ),
    Misconception(
        "one equal share",
        "You took (Σ|w| - radius)/d off each entry. Those that hit 0 give less, so the others must "
        "give more. If you sort: the largest |w| first, and of (Σ of the first k - radius)/k the "
        "largest.",
        _unless_inside(_equal_shares),
    ),
    Misconception(
        "past 0",
        "You took (Σ|w| - radius)/d off each entry, and small ones went through 0 to the other "
        "side. They stop at 0, and the others give more.",
        _unless_inside(_past_zero),
    ),
    Misconception(
        "signs lost",
        "All your entries are positive. Work with |w| and put the signs back at the end.",
        lambda w, r: np.abs(_right_l1(w, r)),
    ),
    Misconception(
        "sorted",
        "Your entries are sorted by size. Sorting finds the amount to take; take it from w in its "
        "own order.",
        _unless_inside(_sorted_result),
    ),
    Misconception(
        "simplex",
        "You projected w itself in place of |w|: negative entries end at 0. Work with |w| and put "
        "the signs back.",
        _unless_inside(_simplex),
    ),
    Misconception(
        "sorted with signs",
        "You looked for the amount in w itself, where negative entries sort last and lower the "
        "sums. Sort |w|.",
        _sorted_with_signs,
    ),
    Misconception(
        "corner",
        "You put everything on the largest entry. That is the nearest point only when the others "
        "fall to 0 on the way.",
        _unless_inside(_corner),
    ),
    Misconception(
        "one too many",
        "Your count of the entries that stay is one too large when you divide by it. Python's "
        "index k belongs to k + 1 entries.",
        _off_by(1),
    ),
    Misconception(
        "one too few",
        "Your count of the entries that stay is one too small when you divide by it. Python's "
        "index k belongs to k + 1 entries.",
        _off_by(-1),
    ),
    Misconception(
        "signed sum inside",
        "You took w for inside where Σw is at most the radius. Negative entries count, too: Σ|w|.",
        _signed_test,
    ),
    Misconception(
        "L2 norm inside",
        "You took w for inside where √Σw² is at most the radius. The diamond is smaller than the "
        "disc: compare Σ|w|.",
        _wrong_test(2),
    ),
    Misconception(
        "largest entry inside",
        "You took w for inside where each |w_j| is at most the radius. Compare Σ|w|.",
        _wrong_test(np.inf),
    ),
    Misconception(
        "unit ball",
        "You projected onto the ball of radius 1, whatever the radius was.",
        lambda w, r: _right_l1(w, 1.0),
    ),
    Misconception(
        "nothing done",
        "You returned w as it is. Compare Σ|w| with the radius first.",
        lambda w, r: w.copy(),
    ),
)


def _l1_by_sorting(w, radius):
    if np.abs(w).sum() <= radius:
        return w.copy()
    sizes = np.sort(np.abs(w))[::-1]
    excess = np.cumsum(sizes) - radius
    count = np.count_nonzero(sizes * np.arange(1, len(w) + 1) > excess)
    return _soft(w, excess[count - 1] / count)


def _l1_by_bisection(w, radius):
    low, high = 0.0, np.max(np.abs(w))
    if np.linalg.norm(w, ord=1) <= radius:
        return w
    for _ in range(80):
        middle = 0.5 * (low + high)
        if np.maximum(np.abs(w) - middle, 0).sum() > radius:
            low = middle
        else:
            high = middle
    return np.sign(w) * np.maximum(np.abs(w) - high, 0)


def _l1_by_rounds(w, radius):
    """Take equal shares from those that are left until none of them hits 0."""
    sizes = np.abs(w)
    if sizes.sum() <= radius:
        return w
    left = np.ones(len(w), dtype=bool)
    while True:
        share = (sizes[left].sum() - radius) / left.sum()
        if np.all(sizes[left] >= share):
            return np.where(left, np.sign(w) * (sizes - share), 0)
        left &= sizes > share


def _l1_by_breakpoints(w, radius):
    """Walk down the sorted sizes on the piecewise linear Σ max(|w| − θ, 0)."""
    sizes = sorted(map(abs, w.tolist()))
    total, theta = sum(sizes), 0.0
    for place, size in enumerate(sizes):
        if total <= radius:
            break
        step = min(size - theta, (total - radius) / (len(sizes) - place))
        theta += step
        total -= step * (len(sizes) - place)
    return np.array([np.sign(x) * max(abs(x) - theta, 0.0) for x in w])


def _l1_by_candidates(w, radius):
    """Try every number of entries that stay, and keep the feasible point that is nearest."""
    sizes = np.abs(w)
    order = np.argsort(-sizes, kind="stable")
    candidates = [w] if sizes.sum() <= radius else []
    for count in range(1, len(w) + 1):
        theta = (sizes[order[:count]].sum() - radius) / count
        point = np.sign(w) * np.maximum(sizes - max(theta, 0), 0)
        if np.abs(point).sum() <= radius * (1 + 1e-9):
            candidates.append(point)
    return min(candidates, key=lambda v: float(np.sum((v - w) ** 2)))


def _l1_by_newton(w, radius):
    sizes, theta = np.abs(w), 0.0
    for _ in range(len(w) + 2):
        active = sizes > theta
        if not active.any():
            break
        theta = max(theta, (sizes[active].sum() - radius) / active.sum())
    return np.clip(w, None, 0) * 0 + np.where(w > 0, 1, -1) * np.clip(sizes - theta, 0, None)


def _l1_by_float32(w, radius):
    return _l1_by_sorting(w.astype(np.float32), np.float32(radius))


project_l1_ball = Question(
    "project_l1_ball",
    "The nearest point of the L1 ball",
    _l1_cases,
    nearest_in_l1_ball,
    parts={OUTSIDE: 0.6, INSIDE: 0.25, UNCHANGED: 0.15},
    misconceptions=_WRONG_L1,
    hint="The nearest point is a soft threshold of w: which amount brings Σ|w| down to the radius? "
    "Try it on (3, 1) with radius 2, where one entry runs out.",
    references=(
        _l1_by_sorting,
        _l1_by_bisection,
        _l1_by_rounds,
        _l1_by_breakpoints,
        _l1_by_candidates,
        _l1_by_newton,
        _l1_by_float32,
    ),
    atol=1e-12,
)

QUESTIONS = (project_l2_ball, project_l1_ball)
