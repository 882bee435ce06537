# %% [markdown]
# # Set a budget for the weights: the geometry of ridge and lasso
#
# In lesson 1 you charged a price λ for large weights.
# In this lesson you set a budget instead: the weights may be as you like, as long as they are not too large together.
# Both ways lead to the same weights, and the second one can be drawn.
# The drawing explains at a glance why L1 drops weights and L2 does not.
# With two functions of a few lines, ridge and lasso, you then reproduce a table from a well-known book, digit by digit.
#
# **After this lesson you can**
#
# - turn a price λ into a budget $t$ and back, and say when a budget has no effect;
# - solve ridge in closed form and the lasso one weight at a time, and prove that a solution is optimal;
# - explain exact zeros by the corners of a diamond;
# - reproduce a published result, and find out where its recipe differs from what you would do;
# - read a penalty as a belief about the weights.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Set a budget in place of a price | 15 | 1 |
# | 2. Solve ridge, and see what it shrinks | 15 | 3 |
# | 3. Find the λ of a budget | 10 | 2 |
# | 4. See why corners give zeros | 13 | 2 |
# | 5. Solve the lasso one weight at a time | 18 | 4 |
# | 6. Reproduce a table from a book | 16 | 2 |
# | **core path** | **87** | **14** |
# | 7. Project onto the ball and the diamond | 13 | 3 |
# | 8. Descend without leaving the budget | 10 | 2 |
# | 9. Follow the path of the lasso | 6 | |
# | 10. Read a penalty as a belief | 7 | 1 |
# | In practice, further reading | 5 | |
# | **second part** | **41** | **6** |
#
# The minutes are estimates, made as lesson 0, unit 1 tells.
# The second part can wait for another day.
# So can the extension at the end, which is not graded.

# %% [markdown]
# Run the set-up cell first.
# It imports what you need, and loads two small sets of real data:
# 97 men with a cancer of the prostate, and 442 patients with diabetes.
# `raw_prostate` is the first set as most copies have it, for unit 6.
# Your answers may use all of it, `standardize` too, since grading runs this cell before them.

# %%
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.checking import check, scorecard
from utils.data import load_diabetes, load_prostate

figures.use_style()
prostate, diabetes = load_prostate(), load_diabetes()
raw_prostate = load_prostate(corrected=False)


def standardize(X):
    """Return X with its columns scaled to mean 0 and standard deviation 1."""
    return (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)


# %% [markdown]
# ## 1. Set a budget in place of a price
#
# **Derive.**
# Throughout this lesson $X$ is a matrix of inputs of shape $(n, d)$: $n$ examples, $d$ inputs.
# The responses $y$ have shape $(n{,})$ and the weights $w$ have shape $(d{,})$.
# The loss is the residual sum of squares, a number:
#
# $$J(w) = \|y - Xw\|^2, \qquad \|v\|^2 = \textstyle\sum_i v_i^2 .$$
#
# Let $p(w)$ be a penalty: $p(w) = \|w\|^2$ for L2, which is called *ridge* here,
# or $p(w) = \|w\|_1 = \sum_j |w_j|$ for L1, which is called the *lasso*.
# You know the problem with a price, a number $\lambda \ge 0$.
# The problem with a budget has a number $c > 0$ that the penalty must not exceed:
#
# $$\text{price:}\quad \min_w \; J(w) + \lambda\, p(w),
# \qquad\qquad
# \text{budget:}\quad \min_w \; J(w) \;\text{ such that }\; p(w) \le c .$$
#
# The weights that are allowed by the budget form a region around the origin.
# For L2 we write $c = t^2$, with a number $t > 0$: the region is a ball of radius $t$, $\|w\| \le t$; for two weights it is a disc.
# For L1 we write $c = t$: the region is $|w_1| + \dots + |w_d| \le t$; for two weights it is a diamond with its corners on the axes.

# %% [markdown]
# **From a price to a budget.**
# Let $w_\lambda$, of shape $(d{,})$, solve the problem with a price.
# Give the other problem just the budget that $w_\lambda$ uses: $c = p(w_\lambda)$.
# Then $w_\lambda$ solves that, too.
# For if $v$ is any weights with $p(v) \le c$, then
#
# $$J(w_\lambda) + \lambda c = J(w_\lambda) + \lambda\, p(w_\lambda) \;\le\; J(v) + \lambda\, p(v) \;\le\; J(v) + \lambda c .$$
#
# The first inequality holds since $w_\lambda$ is best at that price, the second since $v$ keeps to the budget.
# Take away $\lambda c$ on both sides: $J(w_\lambda) \le J(v)$.
#
# **From a budget to a price.**
# Move the constraint into the objective, with a price $\lambda$ for each unit by which the budget is exceeded.
# The result is called the *Lagrangian*, a number for each $w$ and $\lambda$:
#
# $$L(w, \lambda) = J(w) + \lambda\,\bigl(p(w) - c\bigr).$$
#
# A point $w$ with a price $\lambda$ is said to meet the *KKT conditions* (Karush, Kuhn, Tucker) if
#
# 1. $w$ minimizes $L(\cdot, \lambda)$: 0 is the gradient there, or a subgradient where $p$ has a corner;
# 2. the budget is kept: $p(w) \le c$;
# 3. the price is not negative: $\lambda \ge 0$;
# 4. $\lambda\,(p(w) - c) = 0$: either the budget is used up, or it has no price.

# %% [markdown]
# The conditions are enough.
# If $w$ and $\lambda$ meet them and $v$ keeps to the budget, then by 4, by 1, and by 3 with $p(v) \le c$
#
# $$J(w) = J(w) + \lambda\,\bigl(p(w) - c\bigr) \;\le\; J(v) + \lambda\,\bigl(p(v) - c\bigr) \;\le\; J(v) .$$
#
# They are also necessary here: since $J$ and $p$ are convex and $w = 0$ lies strictly inside the budget,
# each solution has a $\lambda$ with which it meets them.
# (That is a theorem; Boyd and Vandenberghe prove it in their chapter 5. For ridge you will find this $\lambda$ yourself, in unit 3.)
#
# For ridge the first condition reads $\nabla J(w) + 2\lambda w = 0$,
# where $\nabla J(w) = -2X^\top(y - Xw)$ is the gradient, of shape $(d{,})$.
# You can see it in a drawing: the downhill direction $-\nabla J$ points straight out of the ball.
# Such a direction is called an *outward normal*.
# So the contour of $J$ through $w$ touches the ball there and does not cut it.

# %% [markdown]
# **Predict.**
# The columns of $X$ are linearly independent, and the least-squares solution $\hat w$, of shape $(d{,})$, has norm $\|\hat w\| = 2$.
# You minimize $J(w) = \|y - Xw\|^2$ subject to $\|w\| \le t$, first with $t = 1.5$, then with $t = 3$.
# Where is the minimum for $t = 3$, and what is its $\lambda$?
#
# - **a** On the sphere $\|w\| = 3$, with $\lambda > 0$: the optimum of a constrained problem lies on the boundary.
# - **b** On the sphere $\|w\| = 3$, with $\lambda < 0$: now the constraint pulls outward.
# - **c** At $\hat w$, with $\lambda = 0$: the constraint is as good as not there.
# - **d** At $\hat w$, with $\lambda > 0$, smaller than for $t = 1.5$: a constraint always costs something.

# %% role="answer" key="inactive_constraint"
inactive_constraint = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
inactive_constraint = "c"
# END SOLUTION

# %% role="check" key="inactive_constraint" points=1
check("inactive_constraint")

# %% [markdown]
# **Explore** by brute force.
# For two weights, the next function tries all points of a fine grid on the disc of radius $t$
# and takes the one with the lowest loss.
# $X$ is random; $y$ is such that $\hat w$ has norm 2.


# %%
def norm_of_best(t, seed):
    """Return the norm of the point of the disc ‖w‖ ≤ t with the lowest loss, on a polar grid."""
    rng = np.random.default_rng(seed)
    X, w_hat = rng.normal(size=(20, 2)), rng.normal(size=2)
    w_hat *= 2 / np.linalg.norm(w_hat)
    radius, angle = np.meshgrid(np.linspace(0, t, 201), np.linspace(0, 2 * np.pi, 721))
    w = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    loss = (((w - w_hat) @ X.T) ** 2).sum(axis=-1)  # ‖X(w − ŵ)‖², the loss above its minimum
    return radius.flat[loss.argmin()]


for t in (0.5, 1.0, 1.5, 2.5, 3.0):
    print(f"t = {t}: norm of the best point", [f"{norm_of_best(t, s):.1f}" for s in range(5)])

# %% [markdown]
# As long as $t$ is less than 2 the budget is used up, and from then on the best point stays where it is.
# Condition 4 says the same in one line: inside the ball the budget is not used up, so its price is 0.
#
# **Explore** the live figure.
# On the left are the contours of a loss of two weights, the region of the budget, and the exact solution.
# The star $w^\ast$ is least squares, our $\hat w$.
# On the right are the two weights for all budgets.
# The sliders for λ and for $t$ move together, since a value of one belongs to a value of the other.
# The slider at the top is an ordinary one of ipywidgets. It sets the figure's λ, as you could from any code, and does not follow it.
#
# Try three things.
# Choose L2, and raise $t$ until nothing moves any more: what is λ there?
# Choose L1, and raise λ slowly: when does a weight become 0, and where on the diamond does it happen?
# Then change the correlation and look again.

# %%
from ipywidgets import FloatLogSlider, dlink, interactive

from utils import widgets

geometry = widgets.ConstraintGeometry()
lam_slider = FloatLogSlider(value=10**0.35, min=-2, max=2, step=0.05, description="λ")
dlink((lam_slider, "value"), (geometry, "lam"))
geometry.show(lam_slider)

# %% [markdown]
# **Read it.**
# Once $t$ reaches the size of the least-squares solution, λ is 0 and the solution is least squares itself.
# Below that, contour and region touch.
# With the disc the point of contact turns steadily, and it meets an axis only in passing.
# With the diamond it moves to a corner, and from some λ on it stays there.
# Unit 4 is about why.

# %% [markdown]
# **Find what is wrong.**
# Some lecture notes sum this up in four sentences.
# Three of them are wrong or say too much. Which?
#
# > L1 adds a linear constraint to the problem, L2 adds a quadratic one, $\|w\|^2 \le t^2$.
# > In both cases the optimum is on the boundary of the region.
# > The smaller the budget $t$, the larger the price $\lambda$ that goes with it, as long as the budget binds.
# > To each $\lambda$ there belongs one $t$, which can be looked up in a table.
#
# <details><summary>Three faults</summary>
#
# 1. $\|w\|_1 \le t$ is not linear: the absolute value has a corner.
#    It amounts to $2^d$ linear inequalities, $\pm w_1 \pm w_2 \dots \pm w_d \le t$, one for each choice of the signs.
#    So the region is a polytope with $2^d$ faces and $2d$ corners.
# 2. The optimum is on the boundary only if the budget is smaller than what least squares uses:
#    $t < \|\hat w\|$ for ridge, $t < \|\hat w\|_1$ for the lasso. Otherwise it is $\hat w$.
# 3. There is no such table: which $t$ goes with a $\lambda$ depends on $X$ and $y$.
#    Unit 3 shows by how much.
#
# The third sentence is right.
#
# </details>

# %% [markdown]
# ## 2. Solve ridge, and see what it shrinks
#
# **Derive.**
# The functions of this lesson know no intercept.
# An intercept, the bias of a linear model, should not be penalized, as you saw in lesson 1, unit 1,
# and it can be taken care of beforehand.
# For given weights $w$, the best intercept is $\bar y - \bar x^\top w$,
# where $\bar y$ is the mean of $y$, a number, and $\bar x$ holds the means of the columns of $X$, of shape $(d{,})$.
# Put this in, and each residual is $(y_i - \bar y) - (x_i - \bar x)^\top w$, where $x_i$, of shape $(d{,})$, is row $i$ of $X$.
# So *center first*: take the mean off $y$ and off each column of $X$, and forget the intercept.
#
# Now set the gradient of $J(w) + \lambda\|w\|^2$ to 0:
#
# $$-2X^\top(y - Xw) + 2\lambda w = 0
# \qquad\Longleftrightarrow\qquad
# (X^\top X + \lambda I)\, w = X^\top y ,$$
#
# with the identity matrix $I$ of shape $(d, d)$.
# For $\lambda > 0$ this always has exactly one solution, even with fewer examples than inputs or with two equal columns:
# for any $v \ne 0$ of shape $(d{,})$ we have $v^\top(X^\top X + \lambda I)v = \|Xv\|^2 + \lambda\|v\|^2 > 0$.
# For $\lambda = 0$ it is least squares, and the columns have to be independent.
#
# **Implement** `ridge`.
#
# <details><summary>Hint</summary>
#
# `np.linalg.solve(A, b)` solves $Aw = b$.
# It is faster and more exact than multiplying by an inverse.
#
# </details>


# %% role="answer" key="ridge"
def ridge(X, y, lam):
    """Return the minimizer of ‖y − Xw‖² + λ‖w‖², from (XᵀX + λI) w = Xᵀy.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Inputs, without a column of ones; n < d and equal columns are fine for λ > 0.
    y : ndarray of shape (n,)
        Responses.
    lam : float
        The strength λ ≥ 0; 0 only if the columns of X are independent.

    Returns
    -------
    ndarray of shape (d,)
    """
    # BEGIN SOLUTION
    return np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# With the columns (1, 0) and (0, 2), $X^\top X$ has 1 and 4 on its diagonal.
# With $y = (3, 5)$, $X^\top y$ is $(3, 10)$, and $\lambda = 1$ gives $3/2$ and $10/5$.

# %%
ridge(np.diag([1.0, 2.0]), np.array([3.0, 5.0]), lam=1.0).round(6)

# %% role="check" key="ridge" points=2
check("ridge")

# %% [markdown]
# **Derive** what ridge does to the least-squares solution.
# In the example the two weights were shrunk by different shares, from 3 to 1.5 and from 2.5 to 2.
# The singular value decomposition shows what is behind this, in general.
# Let $X = U D V^\top$. With $m = \min(n, d)$, $U$ has shape $(n, m)$ and $V$ shape $(d, m)$,
# each with orthonormal columns $u_j$ and $v_j$,
# and $D$, of shape $(m, m)$, is diagonal, with the singular values $d_1 \ge d_2 \ge \dots \ge d_m \ge 0$.
# Put this into the equation of ridge and multiply by $v_j^\top$ from the left:
#
# $$(d_j^2 + \lambda)\; v_j^\top w = d_j\, u_j^\top y
# \qquad\Longrightarrow\qquad
# v_j^\top w_\lambda = \frac{d_j^2}{d_j^2 + \lambda}\; v_j^\top \hat w .$$
#
# So along the direction $v_j$ ridge multiplies least squares by the *shrinkage factor* $d_j^2 / (d_j^2 + \lambda)$.
# The inputs vary most along $v_1$ and least along $v_m$.
# The sum of the factors, $\mathrm{df}(\lambda) = \sum_j d_j^2/(d_j^2 + \lambda)$, goes from $m$ down to 0 as λ grows, if no $d_j$ is 0.
# It is called the *effective degrees of freedom*: it says how many free weights the fit is worth.
#
# **Predict.**
# Which direction does ridge shrink most: the one along which the inputs vary most, or least?
# Is this good or bad?

# %% [markdown]
# **Implement** `shrinkage_factors`.
#
# <details><summary>Hint</summary>
#
# `np.linalg.svd(X, compute_uv=False)` gives the singular values alone, in decreasing order.
#
# </details>


# %% role="answer" key="shrinkage_factors"
def shrinkage_factors(X, lam):
    """Return d_j² / (d_j² + λ) for the singular values d_j of X, the largest first.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Inputs.
    lam : float
        The strength λ ≥ 0; 0 only if no singular value is 0.

    Returns
    -------
    ndarray of shape (min(n, d),)
    """
    # BEGIN SOLUTION
    squares = np.linalg.svd(X, compute_uv=False) ** 2
    return squares / (squares + lam)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on the same matrix, with $\lambda = 1$.
# The singular values are 2 and 1, so the factors are $4/5$ and $1/2$.

# %%
shrinkage_factors(np.diag([1.0, 2.0]), lam=1.0).round(6)

# %% role="check" key="shrinkage_factors" points=1
check("shrinkage_factors")

# %% [markdown]
# **Explore.**
# The prostate data come from a study of 97 men before an operation.
# The response is the logarithm of an antigen in their blood.
# The eight inputs are, among others, the logarithms of the volume of the cancer (`lcavol`) and of the weight of the prostate (`lweight`), and the age.
# 67 of the men are for training, 30 for testing.
# The next cell scales the inputs of the training men, centers the response,
# and measures along each $v_j$ what ridge leaves of least squares.
# `standardize` is in the set-up cell: it takes off each column's mean and divides by its standard deviation.

# %%
X_pro = standardize(prostate.X[prostate.train])  # (67, 8)
y_pro = prostate.y[prostate.train] - prostate.y[prostate.train].mean()
directions = np.linalg.svd(X_pro, full_matrices=False)[2]  # (8, 8): v_j is row j
along = directions @ ridge(X_pro, y_pro, 24.0) / (directions @ ridge(X_pro, y_pro, 0.0))
print("measured:", along.round(2))
print("factors: ", shrinkage_factors(X_pro, 24.0).round(2))

# %% [markdown]
# The factors are as derived.
# Why is it good to shrink the last directions most?
# Along $v_j$ least squares is $v_j^\top \hat w = u_j^\top y / d_j$.
# If the noise in $y$ has the standard deviation $\sigma$, a number, then this has the standard deviation $\sigma / d_j$.
# So where the inputs hardly vary, the data cannot say what the weight is, and ridge takes most of that noise away.
# The price is a bias: these directions are pulled to 0, whatever the truth is.
# Now look at the factors and at their sum as λ grows.

# %%
lams = np.geomspace(0.1, 1e4, 101)
factors = np.array([shrinkage_factors(X_pro, lam) for lam in lams])  # (101, 8)
factor_figure, (each_axes, sum_axes) = figures.pair()
each_axes.plot(lams, factors, color=figures.COLORS["l2"], linestyle="-", linewidth=1.2)
each_axes.annotate("d₁", (lams[70], factors[70, 0]), xytext=(6, 0), textcoords="offset points")
each_axes.annotate("d₈", (lams[40], factors[40, 7]), xytext=(-22, 0), textcoords="offset points")
each_axes.set(xscale="log", xlabel="λ", ylabel="shrinkage factor")
each_axes.set_title("Small singular values are shrunk first")
sum_axes.plot(lams, factors.sum(axis=1), **figures.series_style("L2"))
sum_axes.axhline(5, color=figures.COLORS["plain"], linewidth=1)
sum_axes.set(xscale="log", xlabel="λ", ylabel="df(λ)", title="At λ near 24, five degrees are left")
figures.show(
    factor_figure,
    alt="Left: the eight shrinkage factors of the prostate data against λ on a log axis fall from 1 to "
    "0, that of the smallest singular value first. Right: their sum falls from 8 to 0 and passes 5 "
    "near λ = 24.",
)

# %% [markdown]
# **Read it.**
# Ridge does not shrink all weights alike.
# It leaves alone what the data know well, and pulls to 0 what they hardly know.
# No factor is ever exactly 0: ridge drops nothing.
# With $\lambda = 24$ the eight weights are worth about five free ones. You will meet this number again.

# %% [markdown]
# ## 3. Find the λ of a budget
#
# **Derive.**
# Unit 1 promised a λ for each budget. For ridge you can now find it.
# The directions $v_j$ are orthonormal, so
#
# $$\|w_\lambda\|^2 = \sum_{j=1}^{m} \Bigl(\frac{d_j\, u_j^\top y}{d_j^2 + \lambda}\Bigr)^2 .$$
#
# Each term that is not 0 falls as λ grows, and all go to 0.
# So $\|w_\lambda\|$ falls steadily from $\|\hat w\|$ to 0, and passes each $t$ between exactly once.
# That crossing can be found by halving an interval: go left if $\|w_\lambda\|$ is too small in the middle, else go right.
# The interval starts at 0.
# For its other end, look at the sum: $d_j^2 + \lambda > \lambda$, and so $\|w_\lambda\| < \|X^\top y\| / \lambda$, since $\sum_j (d_j\, u_j^\top y)^2 = \|X^\top y\|^2$.
# At $\lambda = \|X^\top y\| / t$ the norm is below $t$ for sure.
# And if $\|\hat w\| \le t$, there is nothing to find: λ is 0.
#
# **Predict.**
# You write each man down twice, so that $X$ has 134 rows.
# Least squares does not change. You keep the same budget $t$.
# Does the solution change? Does λ?

# %% [markdown]
# **Implement** `ridge_lambda_for_radius`.
#
# <details><summary>Hint: how often to halve</summary>
#
# Each halving adds one binary digit. After 100 of them the interval is as small as a float can tell.
#
# </details>


# %% role="answer" key="ridge_lambda_for_radius"
def ridge_lambda_for_radius(X, y, radius):
    """Return the λ ≥ 0 whose ridge solution has the norm `radius`, 0 where the budget has no effect.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Inputs with independent columns.
    y : ndarray of shape (n,)
        Responses.
    radius : float
        The budget t > 0 on ‖w‖.

    Returns
    -------
    float
        λ with ‖w_λ‖ = t to a relative 1e-8; 0 if least squares has ‖w‖ ≤ t.
    """
    # BEGIN SOLUTION
    if np.linalg.norm(ridge(X, y, 0.0)) <= radius:
        return 0.0
    low, high = 0.0, np.linalg.norm(X.T @ y) / radius
    for _ in range(100):
        middle = (low + high) / 2
        if np.linalg.norm(ridge(X, y, middle)) > radius:
            low = middle
        else:
            high = middle
    return high
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# If $X$ is the identity, ridge is $y / (1 + \lambda)$.
# $y = (3, 4)$ has norm 5, so a budget of 1 needs $\lambda = 4$, and a budget of 6 needs none.

# %%
for radius in (1.0, 6.0):
    print(round(float(ridge_lambda_for_radius(np.eye(2), np.array([3.0, 4.0]), radius)), 6))

# %% role="check" key="ridge_lambda_for_radius" points=2
check("ridge_lambda_for_radius")

# %% [markdown]
# **Explore.**
# Go once around on the prostate data: from a budget to λ, and from λ back to the norm of the solution.
# The last two columns compare λ with a slope:
# how fast the lowest loss falls when the budget $t^2$ grows a little.

# %%
print("    t      λ   norm   slope of the lowest loss")
for t in (0.2, 0.4, 0.6, 0.8, 1.2):
    lam_of_t = ridge_lambda_for_radius(X_pro, y_pro, t)
    losses = []
    for square in (t**2 - 1e-4, t**2 + 1e-4):
        w_t = ridge(X_pro, y_pro, ridge_lambda_for_radius(X_pro, y_pro, square**0.5))
        losses.append(np.sum((y_pro - X_pro @ w_t) ** 2))
    slope = (losses[1] - losses[0]) / 2e-4
    norm_back = np.linalg.norm(ridge(X_pro, y_pro, lam_of_t))
    print(f"{t:5.1f} {lam_of_t:6.1f} {norm_back:6.3f} {slope + 0.0:8.1f}")

# %% [markdown]
# The way back ends at the budget, except for the last one, which is larger than the norm of least squares.
# And the slope is $-\lambda$. This is what makes λ a *price*:
# it is the rate at which more budget lowers the loss.
# A small amount $\varepsilon$ more of $t^2$ takes about $\lambda\varepsilon$ off.
#
# Now test your prediction, and the last of the lecture notes' claims.
# The next function gives λ for 26 budgets, for any rows of the data:
# for all 67 men, for every man written down twice, and for random halves of the men.


# %%
def price_of_budgets(rows):
    """Return the λ of each budget for these rows of the men, centered again, (26,)."""
    X, y = X_pro[rows] - X_pro[rows].mean(axis=0), y_pro[rows] - y_pro[rows].mean()
    return np.array([ridge_lambda_for_radius(X, y, t) for t in budgets])


# %% [markdown]
# Before you run the next cell, decide where the curve of the men written down twice will lie.

# %%
budgets, everybody = np.linspace(0.1, 0.6, 26), np.arange(67)
budget_axes = plt.subplots()[1]
for seed in range(5):
    half_price = price_of_budgets(np.random.default_rng(seed).permutation(67)[:33])
    budget_axes.plot(budgets, half_price, color=figures.COLORS["plain"], ls="--", lw=1)
for label, rows in {"all men": everybody, "all men twice": np.tile(everybody, 2)}.items():
    budget_axes.plot(budgets, price_of_budgets(rows), label=label, **figures.series_style("L2"))
budget_axes.annotate("five halves", (0.17, 30), color=figures.COLORS["plain"])
budget_axes.set(yscale="log", ylim=(3, 2000), xlabel="budget t", ylabel="λ")
budget_axes.set_title("The same budget has another price in each sample")
twofold = price_of_budgets(np.tile(everybody, 2)) / price_of_budgets(everybody)
print("all men twice have twice the λ:", np.allclose(twofold, 2))
figures.show(
    figures.label_lines(budget_axes).figure,
    alt="λ on a log axis against the budget t, falling curves. The curve of all men twice runs above "
    "that of all men by a factor of 2. The curves of five random halves run lower, but for one at its end, and "
    "are spread out.",
)

# %% [markdown]
# **Read it.**
# Writing each man down twice doubles the loss of all weights, so the best weights within the budget stay the same, and λ doubles.
# Random halves differ from one another as well, by more than a factor of 2 at the larger budgets.
# So price and budget are two faces of one problem as long as the data stay the same.
# When you get more data, a fixed budget and a fixed price are two different rules.

# %% [markdown]
# ## 4. See why corners give zeros
#
# **Derive** the conditions for the lasso.
# $J(w) + \lambda\|w\|_1$ is convex, so $w$ is its minimum exactly if 0 is a subgradient there, as in lesson 1, unit 4.
# Let $x_j$, of shape $(n{,})$, be column $j$ of $X$, and $r = y - Xw$, of shape $(n{,})$, the residual.
# The derivative of $J$ with respect to $w_j$ is $-2x_j^\top r$,
# and $|w_j|$ has the slope $\pm 1$, or at 0 any number from −1 to 1.
# So $w$ solves the lasso exactly if for each $j$
#
# $$2 x_j^\top r = \lambda\,\mathrm{sign}(w_j) \;\text{ where } w_j \ne 0,
# \qquad
# |2 x_j^\top r| \le \lambda \;\text{ where } w_j = 0 .$$
#
# A weight that is not 0 must earn its price λ exactly.
# A weight may be 0 if its input would earn no more than that.
#
# The condition is an equation where $w_j \ne 0$ and an inequality where $w_j = 0$.
# Compare it with ridge: $2x_j^\top r = 2\lambda w_j$, an equation for each $j$.
# There a weight is 0 only if $x_j^\top r$ happens to be 0.

# %% [markdown]
# **Predict.**
# There are two weights, and a budget $t$ so small that $\hat w$ lies outside the diamond $|w_1| + |w_2| \le t$
# and outside the disc $\|w\| \le t$.
# You change the data a little, so that $\hat w$ moves a little, again and again.
# With the diamond, $w_2$ often is exactly 0, and stays so. With the disc it is next to never.
# Why?
#
# - **a** The diamond is smaller than the disc, so it leaves less room for $w_2$.
# - **b** At a corner the outward normals fill a whole wedge; at a point of the circle there is one direction only.
# - **c** The contours of $J$ touch at a corner only if their axes are parallel to $w_1$ and $w_2$, and they usually are.
# - **d** $|w|$ is steeper than $w^2$ for every $w$, so L1 shrinks more.

# %% role="answer" key="why_corners"
why_corners = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
why_corners = "b"
# END SOLUTION

# %% role="check" key="why_corners" points=1
check("why_corners")

# %% [markdown]
# **Explore** by brute force once more.
# The next function puts points on the boundary of the diamond or the disc, with $t = 1$, four of them on the axes.
# For each of many losses $(w - \hat w)^\top H (w - \hat w)$, where $\hat w$ has shape (2,) and $H = X^\top X$ shape (2, 2),
# it tells whether the lowest of these points is one on an axis, where a weight is exactly 0.


# %%
def touches_axis(shape, w_hat, H, n_points):
    """Tell for each of m losses whether its lowest point on the boundary is on an axis, (m,)."""
    angle = 2 * np.pi * np.arange(n_points) / n_points
    boundary = np.column_stack([np.cos(angle), np.sin(angle)])  # (n_points, 2)
    if shape == "diamond":
        boundary /= np.abs(boundary).sum(axis=1, keepdims=True)
    square = np.einsum("ni,mij,nj->mn", boundary, H, boundary)
    loss = square - 2 * np.einsum("ni,mij,mj->mn", boundary, H, w_hat)
    return loss.argmin(axis=1) % (n_points // 4) == 0


# %% [markdown]
# Now 500 random losses for each of three seeds, with $\hat w$ at a distance of 1 to 3 from the origin,
# and with 40, 400 and 4,000 points on the boundary.


# %%
def shares_on_axis(shape, seed):
    """Return how many of 500 random losses touch the shape on an axis, in %, for three grids."""
    rng = np.random.default_rng(seed)
    X, angle = rng.normal(size=(500, 3, 2)), rng.uniform(0, 2 * np.pi, size=500)
    w_hat = rng.uniform(1, 3, size=(500, 1)) * np.column_stack([np.cos(angle), np.sin(angle)])
    H = X.swapaxes(1, 2) @ X
    return [round(100 * touches_axis(shape, w_hat, H, n).mean()) for n in (40, 400, 4000)]


for shape in ("diamond", "disc"):
    for seed in range(3):
        print(f"{shape:8} seed {seed}: on an axis, in %:", shares_on_axis(shape, seed))

# %% [markdown]
# With the disc the share is an artifact of the grid: it goes to 0 as the grid gets finer.
# With the diamond it stays, at more than half.
# The next figure keeps $H$ the same for all, and shows *which* $\hat w$ lead to a zero.


# %%
def draw_optima(ax, shape, w_hat):
    """Draw the region and mark the optima ŵ (m, 2) whose constrained solution has a zero."""
    color = figures.COLORS["l1" if shape == "diamond" else "l2"]
    corners = 4 if shape == "diamond" else 200  # a polygon with 200 corners looks like a disc
    turn = 2 * np.pi * np.arange(corners) / corners
    ax.fill(np.cos(turn), np.sin(turn), color=color, alpha=0.3)
    H = np.broadcast_to([[1.0, 0.4], [0.4, 1.0]], (len(w_hat), 2, 2))
    zero = touches_axis(shape, w_hat, H, 4000)
    ax.plot(*w_hat[~zero].T, "x", color=figures.COLORS["plain"], markersize=3)
    ax.plot(*w_hat[zero].T, "D", color=color, markersize=3)
    ax.set(xlabel="ŵ₁", ylabel="ŵ₂", aspect="equal", xlim=(-2.5, 2.5), ylim=(-2.5, 2.5))


# %% [markdown]
# Diamonds mark the $\hat w$ that lead to a zero, crosses the others.

# %%
optima = np.random.default_rng(0).uniform(-2.5, 2.5, size=(1500, 2))
corner_figure, corner_axes = figures.pair()
for axis, shape in zip(corner_axes, ("diamond", "disc"), strict=True):
    draw_optima(axis, shape, optima[np.linalg.norm(optima, axis=1) > 1])
corner_axes[0].set_title("Diamond: four wedges lead to a zero (◆)")
corner_axes[1].set_title("Disc: only thin lines do")
figures.show(
    corner_figure,
    alt="Each point is a least-squares solution outside the region, a diamond mark if the constrained "
    "solution has a zero, else a cross. Left, the diamond: the marks fill four wide wedges, one at each corner. "
    "Right, the disc: nearly all are crosses.",
)

# %% [markdown]
# **Read it.**
# At the corner $(t, 0)$ the downhill direction $-\nabla J$ may be any $(g_1, g_2)$ with $|g_2| \le g_1$.
# This is the inequality $|2x_2^\top r| \le \lambda$ of above, drawn as a wedge.
# So there is a whole wedge of least-squares solutions for which the corner is best,
# and a small change of the data does not lead out of it.
# On the disc each point has one outward direction, and to an axis there belongs no more than a line.
# The correlation in $H$ tilts the wedges, but it does not close them.

# %% [markdown]
# **Derive** a case that can be solved by hand.
# Let the columns of $X$ be *orthonormal*: each has length 1, and any two are orthogonal, so that $X^\top X = I$.
# Then $\hat w = X^\top y$, and by Pythagoras
#
# $$J(w) = \|y - X\hat w\|^2 + \|w - \hat w\|^2 = \text{constant} + \sum_{j=1}^{d} (w_j - \hat w_j)^2 .$$
#
# The weights no longer depend on each other.
# Three methods compete.
# *Best subset* of size $k$ keeps the $k$ weights with which the loss is lowest, and sets the others to 0.
# Ridge and lasso add their penalties.
# Work out what each does to one $\hat w_j$; for the lasso you have done so in lesson 1, units 5 and 8.
#
# **Implement** `orthonormal_estimates`.
# Let $\hat w = (3,\ -1,\ 0.5,\ -0.25)$.
# Write down the weights of the best subset of size 2, of ridge with $\lambda = 1$ and of the lasso with $\lambda = 1$,
# as a dictionary with three lists of four numbers: `{"subset": [...], "ridge": [...], "lasso": [...]}`.
#
# <details><summary>Hint</summary>
#
# Minimize $(w_j - \hat w_j)^2 + \lambda w_j^2$ and $(w_j - \hat w_j)^2 + \lambda |w_j|$.
# There is no ½ in front of the squares, so mind the factor 2.
#
# </details>

# %% role="answer" key="orthonormal_estimates"
orthonormal_estimates = None  # {"subset": [four numbers], "ridge": [...], "lasso": [...]}
# BEGIN SOLUTION
orthonormal_estimates = {
    "subset": [3.0, -1.0, 0.0, 0.0],
    "ridge": [1.5, -0.5, 0.25, -0.125],
    "lasso": [2.5, -0.5, 0.0, 0.0],
}
# END SOLUTION

# %% role="check" key="orthonormal_estimates" points=1
check("orthonormal_estimates")

# %% [markdown]
# **Explore** the three rules as curves: what becomes of a weight $\hat w_j$.
# They are $\hat w_j$ or 0 for the best subset, $\hat w_j / (1 + \lambda)$ for ridge,
# and the soft threshold of $\hat w_j$ at $\lambda / 2$ for the lasso.
# Here $\lambda = 1$, and the best subset drops what is smaller than 0.9.
# (Table 3.4 of *The Elements of Statistical Learning* has the same three rules.
# Its lasso goes with $\frac12 J$, and so its threshold is λ.)

# %%
w_line = np.linspace(-3, 3, 601)
kept_or_not = np.where(np.abs(w_line) > 0.9, w_line, 0.0)
rules = {
    "least squares": (w_line, "truth"),
    "best subset": (kept_or_not, "plain"),
    "ridge": (w_line / 2, "L2"),
    "lasso": (np.sign(w_line) * np.maximum(np.abs(w_line) - 0.5, 0), "L1"),
}
rule_axes = plt.subplots(figsize=(6, 4.4))[1]
for rule, (after, look) in rules.items():
    rule_axes.plot(w_line, after, label=rule, **figures.series_style(look))
rule_axes.set(xlabel="least-squares weight", ylabel="weight of the method", aspect="equal")
rule_axes.set_title("Subset drops, ridge scales, lasso moves and stops")
figures.show(
    figures.label_lines(rule_axes).figure,
    alt="The weight that a method gives against the least-squares weight. Best subset is the diagonal "
    "with a middle part set to 0, and jumps. Ridge is a line of half the slope. The lasso is the "
    "diagonal moved toward 0 by one half, with a flat part at 0.",
)

# %% [markdown]
# **Read it.**
# Best subset keeps large weights as they are and drops the others, with a jump:
# here a small change of the data can bring a weight from 0 to 0.9.
# Ridge scales all weights and drops none.
# The lasso drops weights as the subset does, without a jump, but the large ones pay for it: they are too small by $\lambda/2$.

# %% [markdown]
# ## 5. Solve the lasso one weight at a time
#
# **Derive.**
# Without orthonormal columns the lasso has no closed form.
# But for *one* weight, the others held fixed, it has one.
# Take the other weights' part off $y$: $r_j = y - \sum_{k \ne j} x_k w_k$, of shape $(n{,})$, is what is left for $x_j$ to explain.
# As a function of $w_j$ alone the objective is
#
# $$\|r_j - x_j w_j\|^2 + \lambda |w_j| \;=\; \|x_j\|^2\, w_j^2 - 2\, z_j\, w_j + \lambda |w_j| + \text{constant},
# \qquad z_j = x_j^\top r_j .$$
#
# 0 must be a subgradient: $2\|x_j\|^2 w_j - 2z_j + \lambda s = 0$, where the number $s$ is a subgradient of $|w_j|$.
# The three cases $w_j > 0$, $w_j < 0$ and $w_j = 0$ together give
#
# $$w_j = \frac{S(z_j,\ \lambda/2)}{\|x_j\|^2},
# \qquad S(z, \theta) = \mathrm{sign}(z)\,\max(|z| - \theta,\ 0).$$
#
# Threshold first, divide afterwards.
# A column of zeros would make you divide by 0. Its weight changes nothing but the penalty, so leave it at 0.

# %% [markdown]
# *Coordinate descent* goes through the weights one after the other, again and again, and sets each to its best value.
# One pass over all weights is called a *sweep*.
# Suppose that a sweep changes nothing.
# Then for each $j$, 0 is a subgradient with respect to $w_j$.
# But these are just the conditions of unit 4, so $w$ solves the lasso.
# (For other convex functions this may fail. It works here since $\|w\|_1$, the part with the corners, is a sum of one term a weight.)
#
# There is a λ from which on all weights are 0.
# Put $w = 0$ into the conditions of unit 4 and see what they ask of λ.

# %% [markdown]
# **Implement** `lasso`.
# Start from $w = 0$. Stop when no weight has moved by more than `tol` in a sweep, or after `n_sweeps` sweeps.
#
# <details><summary>Hint: how to save work</summary>
#
# Keep the residual $r = y - Xw$. Then $z_j = x_j^\top r + \|x_j\|^2 w_j$,
# and when $w_j$ changes by $\delta$, the residual changes by $-\delta x_j$.
#
# </details>


# %% role="answer" key="lasso"
def lasso(X, y, lam, n_sweeps=1000, tol=1e-10):
    """Return the minimizer of ‖y − Xw‖² + λ‖w‖₁ by coordinate descent, with exact zeros.

    One step sets w_j to S(z_j, λ/2) / ‖x_j‖², where z_j = x_jᵀ(y − Σ_{k≠j} x_k w_k)
    and S is the soft threshold.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Inputs, without a column of ones. The weight of a zero column stays 0.
    y : ndarray of shape (n,)
        Responses.
    lam : float
        The strength λ ≥ 0; 0 only if the columns of X are independent.
    n_sweeps : int
        The most sweeps over all weights.
    tol : float
        Stop after a sweep in which no weight moved by more than this.

    Returns
    -------
    ndarray of shape (d,)
    """
    # BEGIN SOLUTION
    w, residual, squares = np.zeros(X.shape[1]), y, (X**2).sum(axis=0)
    for _ in range(n_sweeps):
        before = w.copy()
        for j in np.flatnonzero(squares):
            z = X[:, j] @ residual + squares[j] * w[j]
            w[j] = np.sign(z) * max(abs(z) - lam / 2, 0.0) / squares[j]
            residual = residual - (w[j] - before[j]) * X[:, j]
        if np.abs(w - before).max() <= tol:
            break
    return w
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on the orthonormal case of unit 4: take the identity for $X$ and $\hat w$ for $y$, with $\lambda = 1$.
# The soft threshold at ½ gives 2.5, −0.5, 0 and 0.
# (A `-0.` is a zero with a minus sign, and it equals 0.)

# %%
lasso(np.eye(4), np.array([3.0, -1.0, 0.5, -0.25]), lam=1.0).round(6) + 0.0

# %% role="check" key="lasso" points=3
check("lasso")

# %% [markdown]
# **Implement** `lasso_lambda_max`.


# %% role="answer" key="lasso_lambda_max"
def lasso_lambda_max(X, y):
    """Return the smallest λ for which the lasso has all weights at 0.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Inputs.
    y : ndarray of shape (n,)
        Responses.

    Returns
    -------
    float
    """
    # BEGIN SOLUTION
    return float(2 * np.abs(X.T @ y).max())
    # END SOLUTION


# %% [markdown]
# **Try** it on the same case.
# The largest weight of least squares is 3, and the threshold λ/2 reaches it at $\lambda = 6$.

# %%
lasso_lambda_max(np.eye(4), np.array([3.0, -1.0, 0.5, -0.25]))

# %% role="check" key="lasso_lambda_max" points=1
check("lasso_lambda_max")

# %% [markdown]
# **Explore.**
# The conditions of unit 4 allow you to prove that a solution is optimal, without knowing the right answer.
# The next cell does so for 30 random problems, with more or fewer examples than inputs.
# It counts how often the conditions hold, and how many weights are exactly 0, in percent.


# %%
def breach(X, y, w, lam):
    """Return by how much w breaks the conditions of the lasso, as a part of λ."""
    earned = 2 * X.T @ (y - X @ w)
    nonzero = np.abs(earned - lam * np.sign(w))
    return np.where(w != 0, nonzero, np.maximum(np.abs(earned) - lam, 0)).max() / lam


def solve_random(n, seed):
    """Return whether the lasso is optimal on a random problem, and its share of exact zeros."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 20)), rng.normal(size=n)
    lam = 0.3 * lasso_lambda_max(X, y)
    w = lasso(X, y, lam)
    return breach(X, y, w, lam) < 1e-6, np.mean(w == 0)


for n_examples in (100, 30, 10):
    optimal, zero_share = np.transpose([solve_random(n_examples, seed) for seed in range(10)])
    print(f"n = {n_examples:3}, d = 20: optimal {optimal.sum():.0f} of 10,", end=" ")
    print(f"exact zeros {100 * zero_share.mean():.0f} %")

# %% [markdown]
# **Explore** your own two functions with a slider.
# For each λ your `ridge` and your `lasso` run again, and the bars are drawn anew.


# %%
def draw_weights(lam):
    """Draw the eight weights of ridge and of the lasso on the prostate data for one λ."""
    weights = {"L2": ridge(X_pro, y_pro, lam), "L1": lasso(X_pro, y_pro, lam)}
    bar_axes = plt.subplots()[1]
    for place, (name, w) in zip((-0.2, 0.2), weights.items(), strict=True):
        method, hatch = {"L2": ("ridge", ""), "L1": ("lasso", "//")}[name]
        color = figures.COLORS[name.lower()]
        bar_axes.bar(np.arange(8) + place, w, 0.4, color=color, hatch=hatch, label=method)
    bar_axes.axhline(0, color="black", linewidth=0.8)
    bar_axes.set(ylim=(-0.4, 0.8), ylabel="weight", xticks=np.arange(8))
    bar_axes.set_xticklabels(prostate.names, rotation=30)
    bar_axes.set_title(f"λ = {lam:.3g}: the lasso has {np.sum(weights['L1'] == 0)} exact zeros")
    bar_axes.legend(loc="upper right")


# %% [markdown]
# `interactive` of ipywidgets hands the value of a slider to a function whenever the slider moves.
# The whole figure is drawn each time, so it follows less closely than the live figure of unit 1.
# But it takes one line, for any function of your own.
# Find a λ at which the lasso keeps just two inputs, and watch `lcp` under ridge.

# %%
weights_slider = interactive(
    draw_weights, lam=FloatLogSlider(value=24.0, min=-1, max=3, step=0.02, description="λ")
)
draw_weights(24.0)  # once more, for those who read this without a kernel
widgets.show_interactive(
    weights_slider,
    plt.gcf(),
    alt="Bars of the eight weights of ridge and lasso on the prostate data at λ = 24. Ridge has no zeros. "
    "The lasso sets age, lcp and gleason to 0. It keeps lcavol, which is larger than under ridge, and "
    "smaller weights of four others.",
)

# %% [markdown]
# **Read it.**
# As λ rises the lasso's bars vanish one by one; from λ = 48 to 60 it keeps just `lcavol` and `lweight`.
# Under ridge no bar stays at 0. `lcp` starts below 0, crosses it and comes out on the other side,
# while `lcavol`, with which it shares information, gets smaller.

# %% [markdown]
# ## 6. Reproduce a table from a book
#
# A result that you cannot reproduce is a rumor.
# In this unit you compute a well-known table with your own functions:
# Table 3.3 of *The Elements of Statistical Learning* by Hastie, Tibshirani and Friedman.
# But first look at the data, for there is a trap in them.
#
# `raw_prostate`, loaded in the set-up cell, has the numbers as most copies have them, with a typing error.
# One number of one man cannot be right.
# The next cell prints the lowest and the highest value of each column,
# and how many standard deviations these are away from the column's mean.

# %%
print("             lowest   highest    in standard deviations")
for name, column in zip(raw_prostate.names, raw_prostate.X.T, strict=True):
    low, high = column.min(), column.max()
    away = (np.array([low, high]) - column.mean()) / column.std(ddof=1)
    print(f"{name:10} {low:8.2f}  {high:8.2f}    {away[0]:8.1f} {away[1]:8.1f}")

# %% [markdown]
# One column stands out.
# It holds logarithms, so undo them before you judge: what would the number mean for a man?
#
# **Implement** `outlier_row`: find the row of this man in `raw_prostate.X`, counted from 0.

# %% role="answer" key="outlier_row"
outlier_row = None  # a whole number
# BEGIN SOLUTION
outlier_row = 31
# END SOLUTION

# %% role="check" key="outlier_row" points=1
check("outlier_row")

# %% [markdown]
# `lweight` is the logarithm of a weight in grams, and $e^{6.1076}$ is 449.
# A prostate of 449 g would be a sensation.
# With 44.9 g in its place, which is $e^{3.804}$, the number is unremarkable.
# `load_prostate()`, in the set-up cell, has put that in, and so `prostate` is the corrected data.
# The table of the book is made from the corrected number, too, as you will see below.

# %% [markdown]
# **Derive** the recipe for ridge.
# These steps give the numbers of the book:
#
# 1. From each of the eight columns subtract its mean and divide by its standard deviation (`ddof=1`), both over *all 97* men.
# 2. Keep the rows of the 67 men in `prostate.train`.
# 3. From their $y$ subtract its mean over the 67 men.
# 4. Do *not* center the inputs again.
# 5. Take ridge with $\lambda = 24.1764$. At this λ the sum of the shrinkage factors of the scaled inputs of the 67 men is 5.
# 6. Call the mean of step 3 the intercept.
#
# **Predict.**
# In step 4, the columns of the 67 men no longer have mean 0.
# Will the intercept be the best possible one, given the weights?
#
# **Implement** `prostate_ridge`: an array of shape (9,) with the intercept first and then the eight weights.

# %% role="answer" key="prostate_ridge"
prostate_ridge = None  # an array of nine numbers, computed with your ridge
# BEGIN SOLUTION
scaled_97 = (prostate.X - prostate.X.mean(axis=0)) / prostate.X.std(axis=0, ddof=1)
y_67 = prostate.y[prostate.train]
w_67 = ridge(scaled_97[prostate.train], y_67 - y_67.mean(), 24.1764)
prostate_ridge = np.concatenate([[y_67.mean()], w_67])
# END SOLUTION

# %% role="check" key="prostate_ridge" points=1
check("prostate_ridge")

# %% [markdown]
# **Explore** the whole table.
# Its four rows are least squares, the best subset of two inputs, ridge, and the lasso.
# For the subset, `best_pair` tries all 28 pairs.
# The lasso's row needs a recipe of its own: its inputs are centered and scaled once more, over the 67 men,
# λ is 27.814, and its weights are brought back to the first scale.
# The rows for least squares, subset and lasso have the best intercept for their weights, $\bar y - \bar x^\top w$.


# %%
def scale_and_split(data):
    """Return X and y of the training men, then X and y of the test men, scaled over all men."""
    X = standardize(data.X)
    return X[data.train], data.y[data.train], X[~data.train], data.y[~data.train]


def best_pair(X, y):
    """Return the two columns with the smallest residual sum of squares."""

    def loss(pair):
        return np.sum((y - X[:, pair] @ ridge(X[:, pair], y, 0.0)) ** 2)

    return min(map(list, combinations(range(X.shape[1]), 2)), key=loss)


# %% [markdown]
# The next function puts the four rows together: intercepts first, then the weights.
# Compare its line for ridge with the others: it is the only one that sees inputs that are not centered.


# %%
def four_rows(data):
    """Return the intercepts and weights of Table 3.3, (4, 9): the methods are its rows."""
    X, y, _, _ = scale_and_split(data)
    mean, centered, y_centered = X.mean(axis=0), X - X.mean(axis=0), y - y.mean()
    sd, pair = X.std(axis=0, ddof=1), best_pair(centered, y_centered)
    w = np.zeros((4, 8))
    w[0] = ridge(centered, y_centered, 0.0)
    w[1, pair] = ridge(centered[:, pair], y_centered, 0.0)
    w[2] = ridge(X, y_centered, 24.1764)
    w[3] = lasso(centered / sd, y_centered, 27.814) / sd
    intercepts = y.mean() - w @ mean
    intercepts[2] = y.mean()
    return np.column_stack([intercepts, w])


# %% [markdown]
# The last function measures the squared errors of the 30 test men.
# The test error is their mean, and its standard error is their standard deviation, divided by $\sqrt{30}$.


# %%
def test_errors(data):
    """Return the squared errors of the four rows of Table 3.3 on the test men, (4, 30)."""
    _, _, X_test, y_test = scale_and_split(data)
    rows = four_rows(data)
    return (y_test - rows[:, :1] - rows[:, 1:] @ X_test.T) ** 2


names_of_rows = ["least squares", "best subset", "ridge", "lasso"]
print(" " * 15 + "const" + "".join(f"{name:>8}" for name in prostate.names), "  error  std")
for label, row, misses in zip(
    names_of_rows, four_rows(prostate), test_errors(prostate), strict=True
):
    numbers = "".join(f"{number + 0.0:8.3f}" for number in row.round(3))
    print(f"{label:13}{numbers}{misses.mean():7.3f}{misses.std(ddof=1) / 30**0.5:7.3f}")

# %% [markdown]
# **Read it.**
# This is Table 3.3, in each digit that the book prints.
# Ridge and lasso err less on the test men than least squares, and the best pair does as well as ridge with all eight inputs.
# But a digit that matches is not yet an explanation.
#
# **Why 2.452?**
# Ridge has another intercept than the other rows, and you know why: it is the mean of $y$ over the 67 men.
# The best intercept for these weights is $\bar y - \bar x^\top w$. The next cell computes it.
# And **why not center again**, as unit 2 told you to? The cell does that, too, with the same λ.
#
# **Why 0.36?**
# The book gives the budget of its lasso as a ratio, $\|w\|_1 / \|\hat w\|_1 = 0.36$.
# The cell computes this ratio for our λ, and for another λ, which makes it 0.36.

# %%
X_67, y_train, X_30, y_test = scale_and_split(prostate)
mean_67, sd_67 = X_67.mean(axis=0), X_67.std(axis=0, ddof=1)
squares_row, _, ridge_row, _ = four_rows(prostate)
best_intercept = y_train.mean() - mean_67 @ ridge_row[1:]
print(f"mean age of the 67 men, on the scale of all men: {mean_67[2]:.3f}")
print(f"ridge: intercept {ridge_row[0]:.3f} as printed, {best_intercept:.3f} at its best")
w_again = ridge(X_67 - mean_67, y_train - y_train.mean(), 24.1764)
error_again = np.mean((y_test - y_train.mean() - (X_30 - mean_67) @ w_again) ** 2)
most = np.abs(w_again - ridge_row[1:]).max()
print(f"centered again: weights move by up to {most:.3f}, test error {error_again:.3f}")
for lam in (27.814, 30.18):
    w_lam = lasso((X_67 - mean_67) / sd_67, y_train - y_train.mean(), lam)
    part = np.abs(w_lam).sum() / np.abs(squares_row[1:] * sd_67).sum()
    print(
        f"lasso, λ = {lam:6.3f}: ratio {part:.3f}, weights", (w_lam / sd_67)[[0, 1, 3, 4]].round(3)
    )

# %% [markdown]
# **Read it.**
# The printed intercept is not the best one for its weights, since the inputs of the 67 men do not have mean 0:
# their mean age, for one, is 0.118 standard deviations above that of all men.
# Center again, and the intercept is 2.464, the weights hardly move, and the test error is 0.490 instead of 0.492.
# This changes nothing of what the table says. But whoever centers will not find the book's digits.
#
# The ratio that gives the lasso's column is 0.375.
# With 0.36, as printed, `lbph` would be 0, and no weight would agree in its third digit.
# So this number does not go with the table beside it. You can say so, since you can show it.

# %% [markdown]
# **Predict.**
# How much does the typing error matter?
# The man of row 31 is one of the 30 *test* men. Which numbers of the table can his error change?

# %%
his = np.flatnonzero(~prostate.train).tolist().index(31)  # his place among the test men
for label, data in {"corrected": prostate, "error left in": raw_prostate}.items():
    errors = test_errors(data)
    print(
        f"{label:13}: test errors {errors.mean(axis=1).round(3)}, his own", errors[:, his].round(2)
    )
shift = np.abs(four_rows(raw_prostate) - four_rows(prostate))[:, 1:].max(axis=0)  # (8,)
print("weights that move by more than 0.01:", np.array(prostate.names)[shift > 0.01].tolist())

# %% [markdown]
# **Read it.**
# One wrong number in 776 takes the test error of least squares from 0.521 to 0.586.
# That is more than the whole distance between least squares and the lasso.
# The fits hardly know of him, since he is not among the training men:
# only the scale of `lweight`, taken over all 97, has changed.
# It is his own prediction that fails: his squared error, divided by 30, makes up the difference.

# %% [markdown]
# A last question to the table: is the lasso's 0.479 *better* than the 0.521 of least squares?
# Standard errors of about 0.17 say no, but they would do for two methods that were tested on different men.
# Here both were tested on the same 30, so look at the difference for each man.

# %%
errors_of_squares, *errors_of_others = test_errors(prostate)
for label, misses in zip(names_of_rows[1:], errors_of_others, strict=True):
    gain = errors_of_squares - misses
    print(f"least squares minus {label:11}: {gain.mean():.3f} ± {gain.std(ddof=1) / 30**0.5:.3f}")

# %% [markdown]
# Each gain is smaller than its standard error.
# So the table shows how the methods work. Which of them is best, 30 men are too few to tell.
#
# This ends the core path.
# The second part solves the problem with a budget directly, follows the weights as the budget grows,
# and asks what a penalty believes.

# %% [markdown]
# ## 7. Project onto the ball and the diamond
#
# *The second part starts here.*
#
# **Derive.**
# So far you solved the problem with a price and looked up the budget. You can also work with the budget itself.
# You need one tool: the *projection* of a point $w$ onto a region, the point $v$ of the region that is nearest to $w$.
# Both have shape $(d{,})$.
# But you know the problem to minimize $\|w - v\|^2$ over $v$ with a budget: it is $J(v)$ with $w$ for $y$ and the identity for $X$.
# If $w$ keeps to the budget, the projection is $w$ itself.
# If not, there is a λ, and unit 4 tells what the solution looks like:
#
# $$\text{ball:}\quad v = \frac{w}{1 + \lambda},
# \qquad\qquad
# \text{diamond:}\quad v_j = S(w_j, \theta) \;\text{ with }\; \theta = \lambda / 2 .$$
#
# It remains to find λ, or θ, so that the budget is used up exactly.
# For the ball $\|v\| = t$ gives $v = t\, w / \|w\|$: the point is moved straight toward the origin.
# For the diamond it takes one more idea.

# %% [markdown]
# Sort the sizes $|w_j|$ in decreasing order: $a_1 \ge a_2 \ge \dots \ge a_d \ge 0$.
# If the $k$ largest remain after the threshold, the sum of what remains is $a_1 + \dots + a_k - k\theta$. That should be $t$, so
#
# $$\theta_k = \frac{a_1 + \dots + a_k - t}{k} .$$
#
# But how many remain? Compare neighbors.
# Since $(k + 1)\,\theta_{k+1} = k\,\theta_k + a_{k+1}$, the number $\theta_{k+1}$ is a mean of $\theta_k$, taken $k$ times, and $a_{k+1}$.
# As long as $a_{k+1} > \theta_k$, size $k + 1$ remains as well, and $\theta_{k+1} > \theta_k$.
# From the first $k$ on with $a_{k+1} \le \theta_k$, the means go down and stay above the sizes that follow.
# So the right θ is the largest of all: $\theta = \max_k \theta_k$.
#
# **Predict.**
# Project $w = (3, -1, 0.5)$ onto the diamond with $t = 3$.
# Is the result $w$ multiplied by a number?
#
# **Implement** `project_l2_ball`.


# %% role="answer" key="project_l2_ball"
def project_l2_ball(w, radius):
    """Return the point of the ball ‖v‖ ≤ t that is nearest to w: w itself, or t w/‖w‖.

    Parameters
    ----------
    w : ndarray of shape (d,)
        Any point.
    radius : float
        The budget t > 0.

    Returns
    -------
    ndarray of shape (d,)
    """
    # BEGIN SOLUTION
    return w * (radius / max(np.linalg.norm(w), radius))
    # END SOLUTION


# %% [markdown]
# **Try** it by hand: $(3, 4)$ has norm 5, so with $t = 1$ it goes to $(0.6, 0.8)$, and with $t = 6$ it stays.

# %%
for budget in (1.0, 6.0):
    print(project_l2_ball(np.array([3.0, 4.0]), budget).round(6))

# %% role="check" key="project_l2_ball" points=1
check("project_l2_ball")

# %% [markdown]
# **Implement** `project_l1_ball`.
#
# <details><summary>Hint</summary>
#
# `np.sort(np.abs(w))[::-1]` sorts the sizes in decreasing order, and `np.cumsum` gives all the sums $a_1 + \dots + a_k$ at once.
#
# </details>


# %% role="answer" key="project_l1_ball"
def project_l1_ball(w, radius):
    """Return the point of the diamond ‖v‖₁ ≤ t that is nearest to w: w itself, or S(w, θ).

    S is the soft threshold, and θ is such that ‖S(w, θ)‖₁ = t.

    Parameters
    ----------
    w : ndarray of shape (d,)
        Any point.
    radius : float
        The budget t > 0.

    Returns
    -------
    ndarray of shape (d,)
    """
    # BEGIN SOLUTION
    sizes = np.sort(np.abs(w))[::-1]
    thetas = (np.cumsum(sizes) - radius) / np.arange(1, len(w) + 1)
    theta = max(thetas.max(), 0.0)
    return np.sign(w) * np.maximum(np.abs(w) - theta, 0.0)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on the point of the prediction.
# The sums are 3, 4 and 4.5, so the three values of θ are 0, ½ and ½.
# The largest is ½, and the result is $(2.5, -0.5, 0)$. It is not a multiple of $w$.

# %%
project_l1_ball(np.array([3.0, -1.0, 0.5]), 3.0).round(6)

# %% role="check" key="project_l1_ball" points=2
check("project_l1_ball")

# %% [markdown]
# **Explore.**
# No point of the region may be nearer than the projection.
# The next cell tries 20,000 random points of each region for each of three seeds, in five dimensions,
# half of them close to the projection, and counts the exact zeros of 1,000 projections.

# %%
projections = {"ball": (project_l2_ball, 2), "diamond": (project_l1_ball, 1)}


def try_projection(project, order, seed):
    """Return whether no tried point is nearer than the projection, and its share of zeros in %."""
    rng = np.random.default_rng(seed)
    w = 2 * rng.normal(size=5)
    v = project(w, 1.0)
    tried = np.vstack([rng.normal(size=(10_000, 5)), v + rng.normal(size=(10_000, 5)) / 50])
    tried /= np.maximum(1, np.linalg.norm(tried, ord=order, axis=1, keepdims=True))
    nearest = np.linalg.norm(v - w) <= np.linalg.norm(tried - w, axis=1).min()
    others = np.array([project(point, 1.0) for point in 2 * rng.normal(size=(1000, 5))])
    return bool(nearest), round(100 * np.mean(others == 0))


for region, (project, order) in projections.items():
    for seed in range(3):
        print(f"{region:8} seed {seed}: nearest, zeros in %:", try_projection(project, order, seed))

# %% [markdown]
# **Read it.**
# Both projections pass.
# The projection onto the ball keeps the direction of $w$ and has no zeros.
# The projection onto the diamond takes the same amount off each size, and most entries do not survive it.
# Scaling $w$ down would also end on the diamond, but in general not at the nearest point.

# %% [markdown]
# ## 8. Descend without leaving the budget
#
# **Derive.**
# *Projected gradient descent* takes a gradient step on $J$, which may leave the region, and projects the result back:
#
# $$w_{k+1} = P_t\bigl(w_k + 2\alpha X^\top (y - Xw_k)\bigr), \qquad w_0 = 0,$$
#
# where $P_t$ is the projection, $\alpha > 0$ the learning rate and $w_k$, of shape $(d{,})$, the weights after $k$ steps.
# How long may a step be?
# The largest curvature of $J$ is $2d_1^2$, along $v_1$.
# With $\alpha = 1 / (2d_1^2)$ the step $w_{k+1}$ minimizes, over all $v$ in the region, the function
#
# $$J(w_k) + \nabla J(w_k)^\top (v - w_k) + d_1^2 \|v - w_k\|^2 ,$$
#
# which lies above $J(v)$ everywhere and touches it at $w_k$. (To see the minimum, complete the square, as in lesson 1, unit 5.)
# So each step lowers $J$ or leaves it as it is.
# With this step size the method always converges to the minimum over the region, whatever the scale of $X$ (a theorem; Beck, under further reading, proves it),
# though slowly if $d_1$ is much larger than $d_m$.
#
# **Predict.**
# You run it with a budget $t = \|w_\lambda\|_1$ that you took from a lasso solution.
# Where does it end? And where does it end with a budget larger than $\|\hat w\|_1$?

# %% [markdown]
# **Implement** `projected_gradient_descent`.
# `project` is one of your two projections, called as `project(w, radius)`.
#
# <details><summary>Hint</summary>
#
# `np.linalg.norm(X, 2)` is the largest singular value $d_1$ of a matrix.
#
# </details>


# %% role="answer" key="projected_gradient_descent"
def projected_gradient_descent(X, y, project, radius, n_steps=1000):
    """Return the minimizer of ‖y − Xw‖² over the region that `project(w, radius)` projects onto.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Inputs, without a column of ones.
    y : ndarray of shape (n,)
        Responses.
    project : callable
        Takes weights of shape (d,) and the budget, returns the nearest weights in the region.
    radius : float
        The budget t > 0.
    n_steps : int
        How many steps to take, from w = 0.

    Returns
    -------
    ndarray of shape (d,)
    """
    # BEGIN SOLUTION
    w, lr = np.zeros(X.shape[1]), 1 / (2 * np.linalg.norm(X, 2) ** 2)
    for _ in range(n_steps):
        w = project(w + 2 * lr * X.T @ (y - X @ w), radius)
    return w
    # END SOLUTION


# %% [markdown]
# **Try** it by hand, with the identity for $X$ and $y = (3, 4)$.
# The first step leads to $y$, and the projection of $y$ is the answer:
# $(0.6, 0.8)$ in the disc, and $(0, 1)$ in the diamond.

# %%
for project in (project_l2_ball, project_l1_ball):
    print(projected_gradient_descent(np.eye(2), np.array([3.0, 4.0]), project, radius=1.0).round(6))

# %% role="check" key="projected_gradient_descent" points=2
check("projected_gradient_descent")

# %% [markdown]
# **Explore.**
# Do the two faces meet?
# The next cell takes a price, solves ridge and lasso, hands their budgets to projected gradient descent, and compares the weights.
# It does so on the prostate data and for three random problems.
# On the prostate data it also tries a budget of 10, more than least squares needs.
# Then it reads the price back from the solution with a budget:
# by the conditions of optimality $\lambda = \|X^\top r\| / \|w\|$ for ridge, and $\lambda = 2\max_j |x_j^\top r|$ for the lasso.


# %%
def both_faces(X, y, lam):
    """Return whether the weights by budget equal those by price, and the prices read back."""
    w_ridge, w_lasso = ridge(X, y, lam), lasso(X, y, lam)
    t_ridge, t_lasso = np.linalg.norm(w_ridge), np.abs(w_lasso).sum()
    ball = projected_gradient_descent(X, y, project_l2_ball, t_ridge)
    diamond = projected_gradient_descent(X, y, project_l1_ball, t_lasso)
    same = np.allclose(ball, w_ridge, atol=1e-6), np.allclose(diamond, w_lasso, atol=1e-6)
    price_ridge = np.linalg.norm(X.T @ (y - X @ ball)) / t_ridge
    price_lasso = 2 * np.abs(X.T @ (y - X @ diamond)).max()
    return f"same weights {same}, prices {price_ridge:.3f} and {price_lasso:.3f}"


print("prostate:", both_faces(X_pro, y_pro, 20.0))
for project in (project_l2_ball, project_l1_ball):
    w_free = projected_gradient_descent(X_pro, y_pro, project, radius=10.0)
    print("a large budget: least squares", np.allclose(w_free, ridge(X_pro, y_pro, 0.0), atol=1e-6))
for seed in range(3):
    noise = np.random.default_rng(seed).normal(size=(40, 7))
    print(f"random {seed}:", both_faces(noise[:, :6], 3 * noise[:, 6], 20.0))

# %% [markdown]
# The weights agree, and the price that was put in comes out.
# Now watch the steps, for a loss of two weights whose least-squares solution, the star, lies outside both regions.


# %%
def draw_steps(ax, name, project, w_hat, X):
    """Draw twelve steps of projected gradient descent in a region with t = 0.7."""
    w_1, w_2 = np.meshgrid(np.linspace(-0.3, 1.5, 91), np.linspace(-0.5, 0.9, 71))
    heights = ((np.stack([w_1, w_2], axis=-1) @ X.T - X @ w_hat) ** 2).sum(axis=-1)
    ax.contour(w_1, w_2, heights, levels=14, colors="#BBBBBB", linewidths=0.8)
    around = np.linspace(-1.0, 2.6, 145)
    edge = [project(9 * np.array([np.cos(angle), np.sin(angle)]), 0.7) for angle in around]
    ax.plot(*np.transpose(edge), **figures.series_style(name))
    walk = [projected_gradient_descent(X, X @ w_hat, project, 0.7, steps) for steps in range(13)]
    ax.plot(*np.transpose(walk), "o-", color=figures.COLORS["train"], markersize=4, linewidth=1)
    ax.plot(*w_hat, "*", color=figures.COLORS["truth"], markersize=12)
    ax.set(xlabel="w₁", ylabel="w₂", aspect="equal", xlim=(-0.3, 1.5), ylim=(-0.5, 0.9))


# %% [markdown]
# The next cell calls it for both regions.

# %%
step_figure, step_axes = figures.pair()
X_two, w_two = np.array([[1.0, 0.8], [0.0, 0.6]]), np.array([1.3, -0.1])
draw_steps(step_axes[0], "L2", project_l2_ball, w_two, X_two)
draw_steps(step_axes[1], "L1", project_l1_ball, w_two, X_two)
step_axes[0].set_title("Disc: along the circle to the contact")
step_axes[1].set_title("Diamond: along the edge into the corner")
figures.show(
    step_figure,
    alt="Contours of a loss of two weights and the steps of projected gradient descent from the origin. "
    "The first step hits the boundary, the next ones slide along it: in the disc to a point off the "
    "axes, in the diamond into the corner on the first axis.",
)

# %% [markdown]
# **Read it.**
# Price and budget give the same weights, by quite different algorithms.
# In the figure the first step runs into the boundary, and the following ones slide along it, since the projection gives back what sticks out.
# In the diamond they end in the corner, with $w_2$ exactly 0: the projection contains a soft threshold, as the proximal step of lesson 1, unit 5 does.
#
# Neural networks use this, too.
# A *max-norm* constraint limits the norm of each unit's weights by projecting after every step.

# %% [markdown]
# ## 9. Follow the path of the lasso
#
# **Derive** what happens to the solution as λ changes a little.
# Let $A$ be the inputs whose weights are not 0, $k$ in number, $X_A$ their columns, of shape $(n, k)$,
# and $w_A$ their weights, of shape $(k{,})$.
# The equations of unit 4 are $2X_A^\top(y - X_A w_A) = \lambda\,\mathrm{sign}(w_A)$, and so
#
# $$w_A = (X_A^\top X_A)^{-1} \bigl(X_A^\top y - \tfrac12 \lambda\,\mathrm{sign}(w_A)\bigr) .$$
#
# As long as $A$ and the signs stay the same, this is a straight line in λ.
# So the path is made of straight pieces.
# It has a kink where $A$ changes, for one where an input outside of $A$ begins to earn the price λ: it enters.
#
# **Explore** this on the prostate data first.
# These are the two pictures that belong to the table of unit 6:
# the weights of ridge against the effective degrees of freedom,
# and those of the lasso against the ratio $\|w\|_1 / \|\hat w\|_1$.
# Vertical lines mark the two rows of the table.
# (The inputs are scaled over the 67 men here, so the heights differ a little from the table.)
# One input is drawn thick: `lcp`, the odd one.


# %%
def profiles():
    """Return df(λ) and the weights of ridge, the ratio and the weights of the lasso, for 141 λ."""
    ridge_path = np.array([ridge(X_pro, y_pro, lam) for lam in np.geomspace(1e5, 0.01, 141)])
    lasso_path = np.array([lasso(X_pro, y_pro, lam) for lam in np.geomspace(120, 0.02, 141)])
    freedom = [shrinkage_factors(X_pro, lam).sum() for lam in np.geomspace(1e5, 0.01, 141)]
    ratio = np.abs(lasso_path).sum(axis=1) / np.abs(ridge(X_pro, y_pro, 0.0)).sum()
    return np.array(freedom), ridge_path, ratio, lasso_path


def draw_profiles(ax, along_x, path, *, names, thick):
    """Draw one line for each weight, a thick dashed one for the input called `thick`."""
    for name, weight in zip(names, path.T, strict=True):
        style, width = ("--", 2.5) if name == thick else ("-", 1.2)
        ax.plot(along_x, weight, style, color="black", linewidth=width, label=name)
    return figures.label_lines(ax)


# %% [markdown]
# `draw_profiles` takes any horizontal axis, so it serves for both pictures.

# %%
freedom, ridge_path, ratio, lasso_path = profiles()
profile_figure, (ridge_axes, lasso_axes) = figures.pair(sharey=True)
draw_profiles(ridge_axes, freedom, ridge_path, names=prostate.names, thick="lcp")
draw_profiles(lasso_axes, ratio, lasso_path, names=prostate.names, thick="lcp")
ridge_axes.axvline(5, color=figures.COLORS["l2"], linewidth=1.2)
lasso_axes.axvline(0.375, color=figures.COLORS["l1"], linewidth=1.2)
ridge_axes.set(xlabel="df(λ)", ylabel="weight", title="Ridge: all weights move all the time")
lasso_axes.set(xlabel="‖w‖₁ / ‖ŵ‖₁", title="Lasso: one weight after the other enters")
figures.show(
    profile_figure,
    alt="Weights of the eight prostate inputs. Left, ridge against the degrees of freedom from 0 to 8: "
    "smooth curves that leave 0 together. Right, the lasso against the ratio from 0 to 1: straight pieces "
    "that leave 0 one after the other, lcavol first. The weight of lcp ends below 0 in both.",
)

# %% [markdown]
# **Read it.**
# Ridge moves all weights at once. `lcp` first grows with the others, and crosses 0 near 5 degrees of freedom.
# The lasso's weights enter in the order lcavol, lweight, svi, lbph, pgg45, age, lcp, gleason,
# and move on in straight pieces, as derived.
#
# **Predict.**
# As the budget grows, can an input that is in ever leave again?
#
# **Explore** the diabetes data: 442 patients, ten inputs, and how far the disease went within a year.
# The inputs are age, sex, body mass index (BMI), blood pressure (BP) and six blood values, S1 to S6,
# each with mean 0 and sum of squares 1.
# The next cell follows the path down a grid of 100 values of λ
# and notes at which of them an input has come in or gone out.

# %%
X_dia, y_dia = diabetes.X, diabetes.y - diabetes.y.mean()
path_lams = np.geomspace(2000, 1, 100)


def diabetes_path():
    """Return the weights of the lasso on the diabetes data for each λ in path_lams, (100, 10)."""
    return np.array([lasso(X_dia, y_dia, lam, n_sweeps=5000) for lam in path_lams])


path_found = diabetes_path()
print(f"all weights are 0 from λ = {lasso_lambda_max(X_dia, y_dia):.1f} on")
alive = np.vstack([np.zeros(10, dtype=bool), path_found != 0])
for lam, before, now in zip(path_lams, alive, alive[1:], strict=False):
    for j in np.flatnonzero(before != now):
        print(f"λ = {lam:6.1f}: {diabetes.names[j].upper():3} {'enters' if now[j] else 'leaves'}")
breaches = [breach(X_dia, y_dia, w, lam) for w, lam in zip(path_found, path_lams, strict=True)]
print("optimal at each λ:", bool(max(breaches) < 1e-5))

# %% [markdown]
# One input leaves and comes back. Look at its weight.

# %%
dia_figure, dia_axes = figures.pair()
upper_names, path_drawn = [name.upper() for name in diabetes.names], diabetes_path()
dia_axes[0].set(xscale="log", xlim=(2000, 1), xlabel="λ", ylabel="weight")
draw_profiles(dia_axes[0], path_lams, path_drawn, names=upper_names, thick="S3")
dia_axes[0].set_title("Ten inputs enter one after the other")
dia_axes[1].plot(path_lams, path_drawn[:, 6], "k--", linewidth=2.5)
dia_axes[1].set(xscale="log", xlim=(40, 1), ylim=(-200, 50), xlabel="λ", ylabel="weight of S3")
dia_axes[1].set_title("S3 leaves from below and returns above 0")
figures.show(
    dia_figure,
    alt="Weights of the ten diabetes inputs under the lasso against λ, which falls to the right. Left: they "
    "leave 0 one after the other, BMI and S5 first. Right, S3 alone: its weight is negative, rises to "
    "0, stays there for a while, and goes on to positive values.",
)
print("correlation of S3 and S4:", np.corrcoef(X_dia[:, 6], X_dia[:, 7])[0, 1].round(2))

# %% [markdown]
# **Read it.**
# The order is BMI, S5, BP, S3, SEX, S6, S1, S4, S2, AGE; then S3 leaves, and it returns last.
# These are the twelve steps that Efron, Hastie, Johnstone and Tibshirani reported in 2004.
# S3 enters with a negative weight and ends with a positive one.
# It turns back when S4 enters, to which it is related, and it must pass 0.
# There the lasso holds it for a while: a weight at 0 has a whole interval of slopes to rest on.
#
# So "the lasso selects S3" is a statement about one λ.
#
# **Predict.**
# What if two inputs are as related as can be?
# You add a copy of the column `lcavol` to the prostate data.
# How does ridge divide the weight between the two? How does the lasso?

# %%
doubled = np.column_stack([X_pro[:, 0], X_pro])  # (67, 9)
for method in (ridge, lasso):
    both_weights = method(doubled, y_pro, 24.0)[:2]
    print(f"{method.__name__}: weights of lcavol and its copy", both_weights.round(3))

# %% [markdown]
# **Read it.**
# Ridge gives both the same weight: L2 rather pays for two halves than for a whole.
# For L1 all divisions cost the same, so the minimum is not unique.
# Here everything went to the column that coordinate descent visited first.
# Keep this in mind before you read a zero of the lasso as "this input does not matter".
#
# A remark: since the pieces are straight, it is enough to compute the kinks.
# *Least angle regression*, from the same paper, does that, and finds the whole path for about the cost of one least-squares fit.

# %% [markdown]
# ## 10. Read a penalty as a belief
#
# **Derive.**
# Suppose that you believe something about the weights before you see the data: a *prior*, a density $q(w)$.
# And suppose that each $y_i$ is $x_i^\top w$ plus Gaussian noise with mean 0 and variance $\sigma^2$, independent of the others.
# By Bayes' rule the density of $w$, given the data, the *posterior*, is proportional to
#
# $$q(w \mid y) \;\propto\; \exp\Bigl(-\frac{\|y - Xw\|^2}{2\sigma^2}\Bigr)\; q(w) .$$
#
# The most probable weights are those where it is highest: its *mode*, also called the MAP estimate, for maximum a posteriori.
# Take the logarithm, change the sign and multiply by $2\sigma^2$. None of this moves the place, so the mode is
#
# $$\arg\min_w \;\bigl\{\, \|y - Xw\|^2 - 2\sigma^2 \log q(w) \,\bigr\} .$$
#
# A prior is a penalty: $-2\sigma^2 \log q(w)$, up to a constant.
# Two priors are common, each with independent weights.
# The Gaussian has the density $\exp(-w_j^2 / (2\tau^2))$, up to a constant, with a variance $\tau^2$.
# The Laplace has $\exp(-|w_j| / b)$, up to a constant, with a scale $b > 0$, and a corner at 0.

# %% [markdown]
# **Predict.**
# The noise has variance $\sigma^2 = 4$.
# Before you see any data, each $w_j$ is Gaussian with mean 0 and variance $\tau^2 = 0.5$; all are independent.
# Which estimate is the most probable $w$, given the data?
#
# - **a** Ridge with $\lambda = \tau^2 / \sigma^2 = 0.125$.
# - **b** Ridge with $\lambda = 1 / (2\tau^2) = 1$.
# - **c** The lasso: a prior centered at 0 has its highest density there, so some weights become exactly 0.
# - **d** Ridge with $\lambda = \sigma^2 / \tau^2 = 8$.

# %% role="answer" key="map_prior"
map_prior = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
map_prior = "d"
# END SOLUTION

# %% role="check" key="map_prior" points=1
check("map_prior")

# %% [markdown]
# **Explore.**
# If the prior is true, its λ should do well on average.
# The next cell draws 1,000 times five weights from the prior of the question and 12 responses with that noise.
# It prints the mean squared error of ridge's weights for five values of λ, for each of three seeds.


# %%
def misses_of_ridge(seed):
    """Return the mean squared error of ridge's weights for five λ, over 1,000 draws."""
    rng = np.random.default_rng(seed)
    X, w_true = rng.normal(size=(12, 5)), rng.normal(0, 0.5**0.5, size=(1000, 5))
    responses = w_true @ X.T + rng.normal(0, 2, size=(1000, 12))
    fits = [[ridge(X, y, lam) for y in responses] for lam in (0.5, 2.0, 8.0, 32.0, 128.0)]
    return np.mean((np.array(fits) - w_true) ** 2, axis=(1, 2))


print("λ          0.5     2     8    32   128")
for seed in range(3):
    print(f"seed {seed}:  ", "".join(f"{miss:6.2f}" for miss in misses_of_ridge(seed)))

# %% [markdown]
# The error is lowest at $\lambda = 8$, as the prior says.
# In practice nobody tells you $\sigma^2$ and $\tau^2$, but the formula tells how λ has to change:
# noisier data want a larger λ, larger true weights a smaller one.
#
# For the Laplace prior $-2\sigma^2 \log q(w) = (2\sigma^2 / b)\,\|w\|_1$ plus a constant, so the mode is the lasso with $\lambda = 2\sigma^2 / b$.
# Does this mean that the lasso is for those who believe that many weights are 0?
# Draw from the prior and see.
# The next cell takes one weight at a time, with $\sigma^2 = b = 1$:
# $w$ from the Laplace prior, and a single measurement $z = w$ plus noise.
# The mode is the soft threshold of $z$ at $\lambda / 2 = 1$.
# The *mean* of the posterior is computed on a grid.

# %%
grid = np.linspace(-12, 12, 1201)


def posterior(z):
    """Return the posterior density of w on the grid for measurements z (m,), (m, 1201)."""
    density = np.exp(-((z[:, None] - grid) ** 2) / 2 - np.abs(grid))
    return density / density.sum(axis=1, keepdims=True) / (grid[1] - grid[0])


def mode_and_mean(seed):
    """Return zeros of truth, mode and mean in %, then the mean squared errors of the last two."""
    rng = np.random.default_rng(seed)
    w = rng.laplace(0, 1, size=2000)
    z = w + rng.normal(size=2000)
    mode = np.array([lasso(np.ones((1, 1)), z[i : i + 1], 2.0)[0] for i in range(2000)])
    mean = posterior(z) @ grid * (grid[1] - grid[0])
    zeros = [round(100 * np.mean(np.abs(v) < 1e-9)) for v in (w, mode, mean)]
    return zeros, [round(np.mean((v - w) ** 2), 2) for v in (mode, mean)]


for seed in range(3):
    zeros_found, errors_found = mode_and_mean(seed)
    print(f"seed {seed}: zeros of truth, mode, mean in %: {zeros_found}", end="  ")
    print(f"error of mode {errors_found[0]:.2f}, of mean {errors_found[1]:.2f}")

# %% [markdown]
# Here is the posterior for one small and for one large measurement.


# %%
def draw_posterior(ax, z, style):
    """Draw the posterior density for a measurement z, with its mode and its mean."""
    density = posterior(np.array([z]))[0]
    ax.plot(grid, density, style, color=figures.COLORS["l1"])
    marks = (("mode", max(z - 1, 0), "D"), ("mean", density @ grid * (grid[1] - grid[0]), "o"))
    for label, place, marker in marks:
        height = np.interp(place, grid, density)
        ax.plot(place, height, marker, color="black", fillstyle="none")
        offset = (-18, 10) if label == "mode" else (8, 4)
        ax.annotate(label, (place, height), xytext=offset, textcoords="offset points")


posterior_axes = plt.subplots()[1]
draw_posterior(posterior_axes, 0.8, "-")
draw_posterior(posterior_axes, 2.5, "--")
posterior_axes.set(xlim=(-3, 6), xlabel="w", ylabel="posterior density", ylim=(0, 0.75))
posterior_axes.set_title("The mode may be 0 where the mean is not")
figures.show(
    posterior_axes.figure,
    alt="Posterior densities under a Laplace prior for measurements 0.8 (solid) and 2.5 (dashed), each with "
    "a kink at 0. For 0.8 the mode is at 0 and the mean to its right. For 2.5 the mode is at 1.5 "
    "and the mean a little to its right.",
)

# %% [markdown]
# **Read it.**
# No weight drawn from the Laplace prior is 0, and no posterior mean is.
# Yet about half of the modes are exactly 0.
# The zeros do not come from a belief in zeros: they come from taking the *mode* of a density with a corner.
# If the squared error of the weights is what counts, the mean does better.
# For the Gaussian prior, the posterior is Gaussian, and mode and mean are the same: ridge.
#
# So read "ridge is a Gaussian prior" as it stands, and "the lasso is a Laplace prior" with care:
# it is the mode under that prior, and its zeros are a choice of the method.

# %% [markdown]
# ## In practice
#
# These are the calls, by their current names, for $J = \|y - Xw\|^2$ with $n$ examples.
# Keras' `"mse"` and PyTorch's `MSELoss` are $J / n$, so λ is divided by $n$ there.
#
# | library | ridge | lasso | budget $\lVert w\rVert \le t$ |
# |---|---|---|---|
# | scikit-learn | `Ridge(alpha=lam)` | `Lasso(alpha=lam / (2 * n))` | none |
# | Keras | `Dense(1, kernel_regularizer=keras.regularizers.L2(lam / n))` | `keras.regularizers.L1(lam / n)` | `Dense(1, kernel_constraint=keras.constraints.MaxNorm(t))` |
# | PyTorch | `torch.optim.SGD(model.parameters(), lr=lr, weight_decay=2 * lam / n)` | add `lam / n * model.weight.abs().sum()` to the loss | after each step, under `torch.no_grad()`: `model.weight.copy_(torch.renorm(model.weight, 2, 0, t))` |
#
# scikit-learn's `ElasticNet(alpha=a, l1_ratio=q)` has both penalties, as the extension below. It minimizes $\frac{1}{2n}J + a\,q\,\|w\|_1 + \frac12 a\,(1-q)\,\|w\|^2$.
# For $J + \lambda_1 \|w\|_1 + \lambda_2 \|w\|^2$ take `alpha=(lam1 + 2 * lam2) / (2 * n)` and `l1_ratio=lam1 / (lam1 + 2 * lam2)`.
#
# scikit-learn fits an intercept without penalizing it, so it centers for you. It does not scale the inputs: do that first.
# In Keras and PyTorch the L1 term is differentiated, which gives no exact zeros, as you know from lesson 1, unit 4.
# PyTorch's `weight_decay` also takes the bias, unless you hand it over in a group of its own.
# And `RidgeCV` and `LassoCV` choose λ by cross-validation.
#
# The next cell compares your functions with scikit-learn's on the prostate data
# and on 20 random problems, half of them with fewer examples than inputs.
# The objectives must agree to a relative $10^{-8}$.

# %%
from sklearn.linear_model import ElasticNet, Lasso, Ridge


def gaps(X, y, lam):
    """Return how far our objectives of ridge and lasso are from scikit-learn's, relatively, (2,)."""
    options = {"fit_intercept": False, "tol": 1e-12, "max_iter": 100_000}
    their_lasso = Lasso(alpha=lam / (2 * len(y)), **options).fit(X, y).coef_
    their_ridge = Ridge(alpha=lam, fit_intercept=False).fit(X, y).coef_
    w = np.array([[ridge(X, y, lam), their_ridge], [lasso(X, y, lam), their_lasso]])  # (2, 2, d)
    penalties = np.stack([(w[0] ** 2).sum(axis=-1), np.abs(w[1]).sum(axis=-1)])
    objectives = ((y - w @ X.T) ** 2).sum(axis=-1) + lam * penalties  # (2, 2)
    return np.abs(objectives[:, 0] / objectives[:, 1] - 1)


largest = gaps(X_pro, y_pro, 24.0)
for seed in range(20):
    some = np.random.default_rng(seed).normal(size=((40, 8)[seed % 2], 13))
    largest = np.maximum(largest, gaps(some[:, :12], 3 * some[:, 12], 10.0))
print("ridge and lasso equal to 1e-8:", (largest < 1e-8).tolist())

# %% [markdown]
# By default scikit-learn fits an intercept, too.
# It should be the one of unit 2, $\bar y - \bar x^\top w$, with weights from centered data.

# %%
with_intercept = Ridge(alpha=24.0).fit(prostate.X, prostate.y)
mean_all = prostate.X.mean(axis=0)
w_all = ridge(prostate.X - mean_all, prostate.y - prostate.y.mean(), 24.0)
intercept_all = prostate.y.mean() - mean_all @ w_all
print("the same weights:  ", np.allclose(w_all, with_intercept.coef_, rtol=1e-8))
print("the same intercept:", np.isclose(intercept_all, with_intercept.intercept_, rtol=1e-8))

# %% [markdown]
# ## Extension, not graded: mix the two
#
# *About 2 minutes to read and run, longer if you play with it.*
#
# The *elastic net* charges both prices, $\lambda_1$ for L1 and $\lambda_2$ for L2, two numbers:
#
# $$\min_w \; \|y - Xw\|^2 + \lambda_1 \|w\|_1 + \lambda_2 \|w\|^2 .$$
#
# Your `lasso` can solve it.
# Write $\sqrt{\lambda_2}\, I$, of shape $(d, d)$, below $X$, and $d$ zeros below $y$.
# The loss of these new data is $\|y - Xw\|^2 + \lambda_2\|w\|^2$.
# So the lasso on the new data is the elastic net on the old.
#
# **Predict.**
# The lasso gave all the weight to one of two copies of `lcavol`, and ridge gave half of it to each, but dropped nothing.
# What does the mix do?


# %%
def elastic_net(X, y, lam1, lam2):
    """Return the minimizer of ‖y − Xw‖² + λ₁‖w‖₁ + λ₂‖w‖², by the lasso on longer data."""
    longer = np.vstack([X, np.sqrt(lam2) * np.eye(X.shape[1])])
    return lasso(longer, np.append(y, np.zeros(X.shape[1])), lam1)


for lam_l2 in (0.0, 1.0, 24.0):
    w_mix = elastic_net(doubled, y_pro, 24.0, lam_l2)
    kept_inputs = np.sum(np.abs(w_mix) > 1e-9)
    print(f"λ₂ = {lam_l2:4.1f}: copies {w_mix[:2].round(3)}, {kept_inputs} of 9 weights not 0")
a, q = (24.0 + 2 * 24.0) / (2 * 67), 24.0 / (24.0 + 2 * 24.0)
their_mix = ElasticNet(alpha=a, l1_ratio=q, fit_intercept=False, tol=1e-12, max_iter=100_000)
print("equal to 1e-6:", np.allclose(w_mix, their_mix.fit(doubled, y_pro).coef_, atol=1e-6))

# %% [markdown]
# **Read it.**
# With $\lambda_2 > 0$ the two copies share the weight, as under ridge, and there are exact zeros, as under the lasso.
# Choose the elastic net in the live figure of unit 1:
# its region has corners like the diamond, and edges that bulge like the disc.
# The corners give the zeros, the bulge the sharing.

# %% [markdown]
# ## Further reading
#
# - T. Hastie, R. Tibshirani and J. Friedman, *The Elements of Statistical Learning*, 2nd ed. (2009), sections 3.3 and 3.4.
#   The table that you reproduced, and its figures 3.8, 3.10 and 3.11, which you can now draw.
# - S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), chapter 5.
#   Why the KKT conditions are necessary, and what λ means as a price.
# - R. Tibshirani, *Regression shrinkage and selection via the lasso*, JRSS B 58 (1996).
#   The diamond and the disc, as they were first drawn for this purpose.
# - B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, *Least angle regression*, Annals of Statistics 32 (2004).
#   The diabetes data, the twelve steps, and the algorithm that computes them.
# - J. Friedman, T. Hastie and R. Tibshirani,
#   *Regularization paths for generalized linear models via coordinate descent*, Journal of Statistical Software 33 (2010).
#   How your `lasso` becomes fast enough for thousands of inputs.
# - J. Duchi, S. Shalev-Shwartz, Y. Singer and T. Chandra,
#   *Efficient projections onto the ℓ1-ball for learning in high dimensions*, ICML (2008).
#   The projection of unit 7, without the sort.
# - A. Beck, *First-Order Methods in Optimization* (2017), chapter 10.
#   Why the method of unit 8 converges with that step size, and the proximal step of lesson 1, unit 5 as well.
# - T. Park and G. Casella, *The Bayesian lasso*, JASA 103 (2008).
#   What becomes of the lasso if you want the whole posterior, not only its mode.
# - H. Zou and T. Hastie, *Regularization and variable selection via the elastic net*, JRSS B 67 (2005).
#   The extension, and why related inputs should enter together.
#
# ## See what you have earned

# %%
scorecard("02_constraint_geometry")
