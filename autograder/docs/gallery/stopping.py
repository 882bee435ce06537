"""Early stopping as L2 on a quadratic, and where the rule of thumb fails: lesson 5."""

from functools import cache

import numpy as np

from autograder.docs.gallery.compare import digits, table
from autograder.docs.gallery.exhibit import Exhibit, answers
from autograder.docs.gallery.svg import drawn
from utils import figures

__all__ = ["exhibits", "identity_gaps", "rule_rows"]

LR = 0.05
CURVATURES = np.arange(1.0, 6.0)
EXACT = 1e-12


@cache
def identity_gaps():
    """Return the largest gaps between 20 steps, one by one, and two other ways to their end.

    The first is the closed form, the second the minimum of the loss with a penalty of its own for
    each direction; over five random problems with turned directions, (2,).
    """
    return np.max([_gaps_of(seed) for seed in range(5)], axis=0)


def _gaps_of(seed, steps=20):
    lesson, rng = answers("05_early_stopping"), np.random.default_rng(seed)
    h, w_star = rng.uniform(1, 5, 4), rng.normal(size=4)
    Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    H, A = (Q * h) @ Q.T, (Q * lesson.equivalent_l2(h, LR, steps)) @ Q.T
    stepped = np.zeros(4)
    for _ in range(steps):
        stepped = stepped - LR * H @ (stepped - w_star)
    closed = Q @ lesson.gradient_descent_path(h, Q.T @ w_star, LR, steps)[-1]
    penalized = np.linalg.solve(H + A, H @ w_star)
    return [np.abs(stepped - closed).max(), np.abs(stepped - penalized).max()]


def rule_rows(counts=(5, 20, 100)):
    """Return for each number of steps the rule's a, the exact ones (5,), and the largest share."""
    exact, found = answers("05_early_stopping").equivalent_l2, []
    for steps in counts:
        rule, a = 1 / (LR * steps), exact(CURVATURES, LR, steps)
        found.append((steps, rule, a, a.max() / rule))
    return found


def exhibits():
    """Return the identity, the rule of thumb and its failure."""
    rows = rule_rows()
    cells = [
        (str(steps), digits(rule, 2), *(f"{one:.2g}" for one in a), digits(share, 2))
        for steps, rule, a, share in rows
    ]
    header = ("steps τ", "rule", *(f"h = {h:g}" for h in CURVATURES), "largest exact / rule")
    z = np.geomspace(0.001, 10, 2001)
    share = answers("05_early_stopping").equivalent_l2(z, 1 / 100, 100)  # the rule says 1
    values = {
        "stopping_lr": f"{LR}",
        "rule_table": table(header, cells, align="r" * len(header)),
        "last_steps": str(rows[-1][0]),
        "rule_times": str(int(1 / rows[-1][3])),
        "rule_good": digits(z[share > 0.95].max(), 2),
        "rule_double": digits(z[share > 0.5].max(), 1),
    }
    closed, penalized = identity_gaps()
    claims = {
        "the closed form is gradient descent": closed < EXACT,
        "stopping is L2 in each direction": penalized < EXACT,
        "every exact a lies below the rule": all(np.all(a < rule) for _, rule, a, _ in rows),
    }
    picture = drawn(_draw, size=(10, 3.8), title="Early stopping and L2", columns=2)
    return [Exhibit(values, {"early_stopping": picture}, claims)]


def _draw(axes):
    _draw_rule(axes[0])
    _draw_ways(axes[1])


def _draw_rule(ax):
    """Draw the exact a, divided by the rule of thumb, against z = ατh."""
    exact, z = answers("05_early_stopping").equivalent_l2, np.geomspace(0.02, 20, 80)
    ax.axhline(1, color=figures.COLORS["plain"], linewidth=1, linestyle="-")
    for steps, dash in ((5, ":"), (20, "--"), (100, "-")):
        below = z[z < steps]  # αh is below 1
        quotient = exact(below, 1 / steps, steps)  # with ατ = 1 the rule says 1
        ax.plot(below, quotient, dash, color=figures.INK, label=f"{steps} steps")
    ax.set(xscale="log", yscale="log", ylim=(1e-4, 2), xlabel="z = ατh", ylabel="exact a / rule")
    ax.set_title("The rule of thumb holds for small z only")
    ax.minorticks_off()
    ax.legend(loc="lower left")


def _draw_ways(ax):
    """Draw where stopping and one penalty for both directions lead, from 0 to the minimum."""
    h, w_star = np.array([4.0, 0.5]), np.ones(2)
    stopped = answers("05_early_stopping").gradient_descent_path(h, w_star, 0.1, 120)
    penalized = h / (h + np.geomspace(1e-3, 1e3, 200)[:, None])
    ax.plot(*stopped.T, "o", markersize=3, color=figures.COLORS["train"])
    ax.plot(*penalized.T, **figures.series_style("L2"))
    ax.plot(1, 1, "*", markersize=12, color=figures.COLORS["truth"])
    names = {"stopped": (0.86, 0.05), "L2, one λ": (0.4, 0.25), "w*": (1.03, 0.94)}
    for name, place in names.items():
        ax.annotate(name, place)
    ax.set(xlabel="w₁, curvature 4", ylabel="w₂, curvature 0.5", xlim=(0, 1.15), ylim=(0, 1.08))
    ax.set_title("Stopping turns later and more sharply")
