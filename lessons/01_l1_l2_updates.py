# %% [markdown]
# # Charge for large weights: the L1 and L2 updates
#
# A network that is too free stores wrong labels: you saw it in lesson 0, unit 3.
# In this lesson you charge it for its weights.
# Two prices are common: the sum of their sizes, called L1, and the sum of their squares, called L2.
# They look alike on paper, and they do different things to a network.
# You derive both updates from the cost, write them, and measure what they do.
# Three questions lead you: what differs between the two, does a penalty move the minimum,
# and what does its strength λ do?
#
# **After this lesson you can**
#
# - derive the L1 and the L2 update from the cost, and check a gradient numerically;
# - explain why the plain L1 step makes weights small but next to never 0, and write the step that does;
# - predict where a penalty moves the minimum, and what a larger λ does;
# - translate λ into the convention of a library without losing a factor of 2.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Write down the two objectives | 16 | 2 |
# | 2. Differentiate the penalties | 13 | 3 |
# | 3. Turn the gradient into an update | 16 | 4 |
# | 4. Ask what happens at zero | 12 | 2 |
# | 5. Take a step that stops at zero | 12 | 2 |
# | 6. Count the zeros of a real network | 15 | 1 |
# | **core path** | **84** | **14** |
# | 7. Follow one weight down | 9 | 2 |
# | 8. Find out where the minimum goes | 15 | 2 |
# | 9. Turn λ up | 5 | 1 |
# | 10. Convert between conventions | 8 | 1 |
# | In practice, further reading | 4 | |
# | **second part** | **41** | **6** |
#
# The minutes are estimates, made as lesson 0, unit 1 tells.
# The second part can wait for another day.
# So can the extension at the end, which is not graded.

# %% [markdown]
# Run the set-up cell first.
# It imports what you need, and loads the digits.
# Your answers may use all of it, since grading runs this cell before them.

# %%
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.checking import check, scorecard
from utils.data import flip_labels, load_diabetes, load_mnist, split
from utils.network import Network
from utils.training import train

figures.use_style()
mnist = load_mnist()

# %% [markdown]
# ## 1. Write down the two objectives
#
# **Derive.**
# A network has $L$ layers.
# Layer $\ell$ multiplies its input by a weight matrix $W^{(\ell)}$ of shape $(n_{\ell-1}, n_\ell)$
# and adds a vector of biases $b^{(\ell)}$ of shape $(n_\ell{,})$,
# where $n_\ell$ is the number of its units and $n_0$ the number of inputs.
# The data loss $J$ is a number: the mean cross-entropy over the training digits, for instance.
# It depends on all the weights and biases.
#
# To charge for weights, add a second number to it.
# Such a number is called a *penalty*, and $J$ with its penalty the *objective*.
# Let $\lambda \ge 0$ be the price, or *strength*, of the penalty, a number that you choose.
# The two objectives are
#
# $$J_{\mathrm{L1}} = J + \lambda \sum_{\ell=1}^{L} \sum_{i,j} \bigl|W^{(\ell)}_{ij}\bigr|,
# \qquad
# J_{\mathrm{L2}} = J + \lambda \sum_{\ell=1}^{L} \sum_{i,j} \bigl(W^{(\ell)}_{ij}\bigr)^2 .$$
#
# With $\lambda = 0$ both are the data loss alone.
# The sums run over every entry of every weight matrix:
# first over the layers $\ell$, then over the rows $i$ and the columns $j$.
# There is no ½ in front of the squares.
# Other books and libraries put one there, and unit 10 is about what follows from that.

# %% [markdown]
# **Find what is wrong.**
# A set of lecture notes has a network of $l$ layers and writes the L1 objective as
#
# $$J + \lambda \sum_{i=1}^{k} |w_i|,$$
#
# where $w_1, w_2, \dots$ are the weight matrices.
# Further down it writes $w_k$ for the weights at step $k$ of the training.
# The notes' program computes `np.linalg.norm(w, 1)` for each matrix.
# Look for three faults before you unfold them.
#
# <details><summary>Three faults</summary>
#
# 1. There are $l$ matrices, but the sum ends at $k$.
# 2. The same $k$ is used again to count steps.
# 3. $w_i$ is a matrix, and the absolute value of a matrix is not a number.
#    What is meant is the sum of the absolute values of its *entries*.
#    But `np.linalg.norm(w, 1)` is something else: the largest of the column sums.
#    In the same way `np.linalg.norm(w, 2)` is the largest singular value of a matrix,
#    not the root of the sum of squares.
#
# </details>
#
# The next cell shows the third fault on a matrix of two rows and two columns.
# The sizes of its entries add up to 10, their squares to 30.

# %%
W_example = np.array([[1.0, -2.0], [3.0, 4.0]])
norms = [np.linalg.norm(W_example, 1), np.linalg.norm(W_example, 2), np.linalg.norm(W_example)]
print("sum of sizes:  ", np.abs(W_example).sum(), "  norm(W, 1):", norms[0])
print("sum of squares:", (W_example**2).sum(), "  norm(W, 2) squared:", round(norms[1] ** 2, 1))
print("norm(W) squared, without a second argument:", round(norms[2] ** 2, 1))

# %% [markdown]
# With the second argument 1 or 2 you get other numbers.
# The last line fits L2: `np.linalg.norm` without a second argument is the Frobenius norm,
# whose square is the sum of the squared entries.
# To be safe, write the sums yourself, as you are about to do.

# %% [markdown]
# **Predict.**
# You double every weight.
# By which factor does each of the two penalties grow?
# And which of the two would rather have one weight of 2 than two weights of 1?
# Note down your answers: a cell below will check them.
#
# **Implement** `l1_penalty`.
# It takes the weight matrices as a list, since their shapes differ.
#
# <details><summary>Hint</summary>
#
# `np.abs(w).sum()` adds up one array of any shape.
# `sum(... for w in weights)` adds up over the list.
#
# </details>


# %% role="answer" key="l1_penalty"
def l1_penalty(weights, lam):
    """Return the L1 penalty λ Σ|w| over all entries of all arrays.

    Parameters
    ----------
    weights : list of ndarray
        Arrays of any shapes, one per layer.
    lam : float
        The strength λ ≥ 0.

    Returns
    -------
    float
    """
    # BEGIN SOLUTION
    return float(lam * sum(np.abs(w).sum() for w in weights))
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# The first array has the sizes 1, 2, 0 and 3, the second ½ and ½.
# They add up to 7, and λ = 0.1 makes it 0.7.

# %%
round(l1_penalty([np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([0.5, -0.5])], lam=0.1), 6)

# %% role="check" key="l1_penalty" points=1
check("l1_penalty")

# %% [markdown]
# **Implement** `l2_penalty`, with squares in place of absolute values.


# %% role="answer" key="l2_penalty"
def l2_penalty(weights, lam):
    """Return the L2 penalty λ Σw² over all entries of all arrays, without a ½.

    Parameters
    ----------
    weights : list of ndarray
        Arrays of any shapes, one per layer.
    lam : float
        The strength λ ≥ 0.

    Returns
    -------
    float
    """
    # BEGIN SOLUTION
    return float(lam * sum((w**2).sum() for w in weights))
    # END SOLUTION


# %% [markdown]
# **Try** it on the same two arrays.
# The squares are 1, 4, 0, 9, ¼ and ¼.
# They add up to 14.5, and λ = 0.1 makes it 1.45.

# %%
round(l2_penalty([np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([0.5, -0.5])], lam=0.1), 6)

# %% role="check" key="l2_penalty" points=1
check("l2_penalty")

# %% [markdown]
# **Explore** your two predictions:
# first the factor by which doubling changes each penalty,
# then the price of one weight of 2 beside that of two weights of 1.

# %%
random_weights = [np.random.default_rng(0).normal(size=shape) for shape in [(4, 3), (3, 2)]]
doubled = [2 * w for w in random_weights]
one_large, two_small = [np.array([2.0, 0.0])], [np.array([1.0, 1.0])]
for penalty in (l1_penalty, l2_penalty):
    factor = penalty(doubled, 0.1) / penalty(random_weights, 0.1)
    print(f"{penalty.__name__}: doubling multiplies it by {factor:.1f}; ", end="")
    print(f"one 2 costs {penalty(one_large, 0.1):.1f}, two 1s cost {penalty(two_small, 0.1):.1f}")

# %% [markdown]
# **Read it.**
# Doubling all weights doubles the L1 penalty and makes the L2 penalty four times as large.
# L1 charges the same for one weight of 2 as for two weights of 1.
# L2 charges the single one twice as much, so it would rather share the work among many small weights.
# This difference is behind most of what follows.

# %% [markdown]
# **Why are the biases left out?**
# A weight says how strongly a unit reacts to an input: large weights make the output change steeply.
# A bias shifts a unit by the same amount for every input, which makes nothing steeper.
# And charging for it ties the result to where you happen to put the zero of your scale.
# The next cell fits a line to 20 points with an L2 penalty, in closed form.
# Then it measures the same points on a scale that starts 100 lower, so that 100 is added to each $y$,
# and fits again.
# A sensible fit moves up by 100 and stays the same otherwise.


# %%
def fitted_line(x, y, lam, charge_bias):
    """Return the values of the line a + b·x that minimizes Σ(y − a − bx)² + λb² (+ λa²)."""
    design = np.column_stack([np.ones_like(x), x])
    penalty = lam * np.diag([float(charge_bias), 1.0])
    return design @ np.linalg.solve(design.T @ design + penalty, design.T @ y)


x_points = np.linspace(-1, 1, 20)
y_points = 2 * x_points + np.random.default_rng(0).normal(0, 0.3, size=20)
for charge in (False, True):
    before, after = (fitted_line(x_points, y_points + up, 5.0, charge) for up in (0, 100))
    print(f"bias charged: {charge!s:5}  the fit moves up by {np.mean(after - before):.0f}")

# %% [markdown]
# With the bias left free, the fit moves by 100 as it should.
# With the bias charged, it moves by only 80: the line lies 20 below its points.
# So in this course penalties are for weight matrices alone.

# %% [markdown]
# ## 2. Differentiate the penalties
#
# **Derive.**
# Gradient descent needs slopes.
# Each weight appears in just one term of a penalty,
# so the derivative with respect to one weight $w$, a number, is the derivative of that term.
#
# For $w > 0$ we have $|w| = w$, with slope 1.
# For $w < 0$ we have $|w| = -w$, with slope −1.
# Both cases together are the sign of $w$.
# The square has slope $2w$. So
#
# $$\frac{d}{dw}\, \lambda |w| = \lambda \,\mathrm{sign}(w) \quad (w \ne 0),
# \qquad
# \frac{d}{dw}\, \lambda w^2 = 2 \lambda w .$$
#
# At $w = 0$ the graph of $|w|$ has a corner, and there is no slope.
# Programs set $\mathrm{sign}(0) = 0$ there, and so do we.
# Unit 4 shows what is behind this.
# For a matrix $W$ of shape $(n_{\ell-1}, n_\ell)$ the rules hold entry by entry,
# and the slopes $\lambda\,\mathrm{sign}(W)$ and $2\lambda W$ have the shape of $W$.
#
# Work it out for three weights.

# %% [markdown]
# **Implement** `penalty_slopes`.
# Let $w = (-2,\ 0.5,\ 3)$ and $\lambda = 0.1$.
# Write down the slope of each penalty with respect to each of the three weights:
# a dictionary with two lists of three numbers, like `{"l1": [0, 0, 0], "l2": [0, 0, 0]}`.

# %% role="answer" key="penalty_slopes"
penalty_slopes = None  # {"l1": [three numbers], "l2": [three numbers]}
# BEGIN SOLUTION
penalty_slopes = {"l1": [-0.1, 0.1, 0.1], "l2": [-0.4, 0.1, 0.6]}
# END SOLUTION

# %% role="check" key="penalty_slopes" points=1
check("penalty_slopes")

# %% [markdown]
# **Read it.**
# For the weight 0.5 the two slopes are the same, since $2w = 1$ there.
# For larger weights L2 has the steeper slope, for smaller ones L1.
# And the slope of L1 does not fade out as the weight gets small.

# %% [markdown]
# **Derive** a way to check any gradient.
# Let $f$ be a smooth function of one number.
# By Taylor's formula, a small step $\varepsilon > 0$ to either side gives
#
# $$f(w + \varepsilon) = f(w) + \varepsilon f'(w) + \tfrac12 \varepsilon^2 f''(w) + O(\varepsilon^3),$$
# $$f(w - \varepsilon) = f(w) - \varepsilon f'(w) + \tfrac12 \varepsilon^2 f''(w) + O(\varepsilon^3).$$
#
# Subtract the second from the first.
# The terms with $f$ and $f''$ cancel, and dividing by $2\varepsilon$ leaves
#
# $$\frac{f(w + \varepsilon) - f(w - \varepsilon)}{2 \varepsilon} = f'(w) + O(\varepsilon^2).$$
#
# This is the *central difference*.
# For a function of an array $w$ of any shape, do it for one entry at a time
# and leave the others as they are.
# The result has the shape of $w$.
#
# **Predict.**
# Is a smaller $\varepsilon$ always better?
# And what does the central difference of $|w|$ give at $w = 0$, where there is no slope?

# %% [markdown]
# **Implement** `numerical_gradient`.
# `f` takes an array of the shape of `w` and returns a number.
# The array that you were handed must be unchanged afterwards.
#
# <details><summary>Hint: how to visit every entry</summary>
#
# `for index in np.ndindex(w.shape):` visits all entries, whatever the shape.
# `w[index]` is one of them.
#
# </details>
# <details><summary>Hint: how to leave w alone</summary>
#
# Make an array of zeros, set its one entry at `index` to `eps`,
# and hand `w + shift` and `w - shift` to `f`.
# Changing `w` itself and undoing it by arithmetic is off by rounding.
#
# </details>


# %% role="answer" key="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    """Return the central differences (f(w + ε eᵢ) − f(w − ε eᵢ)) / 2ε, one for each entry of w.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `w`, returns a number.
    w : ndarray
        Of any shape; not changed.
    eps : float
        The step ε itself, not relative to w.

    Returns
    -------
    ndarray
        The gradient, in the shape of `w`.
    """
    # BEGIN SOLUTION
    grad = np.zeros_like(w)
    for index in np.ndindex(w.shape):
        shift = np.zeros_like(w)
        shift[index] = eps
        grad[index] = (f(w + shift) - f(w - shift)) / (2 * eps)
    return grad
    # END SOLUTION


# %% [markdown]
# **Try** it on $f(w) = \sum w^3$ at $(1, 2)$.
# The derivative is $3w^2$, so you should get 3 and 12.

# %%
numerical_gradient(lambda w: np.sum(w**3), np.array([1.0, 2.0])).round(6)

# %% role="check" key="numerical_gradient" points=2
check("numerical_gradient")

# %% [markdown]
# **Explore.**
# First test the two slopes on a matrix of random weights.
# Then look at weights near the corner of $|w|$: within $\varepsilon = 10^{-5}$ of 0.
# The last lines differentiate $e^w$ at $w = 1$ with three values of $\varepsilon$.

# %%
W_random = np.random.default_rng(0).normal(size=(3, 4))
slope_l1 = numerical_gradient(lambda w: 0.1 * np.abs(w).sum(), W_random)
slope_l2 = numerical_gradient(lambda w: 0.1 * (w**2).sum(), W_random)
print("L1 slope is 0.1 sign(w):", np.allclose(slope_l1, 0.1 * np.sign(W_random), atol=1e-8))
print("L2 slope is 0.2 w:      ", np.allclose(slope_l2, 0.2 * W_random, atol=1e-8))
near_zero = np.array([-0.3, -3e-6, 0.0, 3e-6, 0.3])
print("near the corner:", numerical_gradient(lambda w: np.abs(w).sum(), near_zero).round(2))
for eps in (1e-2, 1e-5, 1e-12):
    miss = abs(numerical_gradient(lambda w: np.exp(w[0]), np.ones(1), eps)[0] - np.e)
    print(f"ε = {eps:5.0e}: right to 8 digits:", bool(miss < 1e-8))

# %% [markdown]
# **Read it.**
# Both formulas pass.
# Across the corner the central difference takes values between −1 and 1,
# and exactly at 0 it gives 0, by symmetry.
# Keep that in mind for unit 4: at the corner, *every* number from −1 to 1 can claim to be the slope.
# And a smaller $\varepsilon$ is not always better.
# The formula's own error shrinks like $\varepsilon^2$,
# but the two values of $f$ agree in more and more digits, and their difference loses them.

# %% [markdown]
# ## 3. Turn the gradient into an update
#
# **Derive.**
# Gradient descent takes a step against the gradient of whatever it minimizes.
# Let $w$ be an array of weights of any shape,
# and $g = \partial J / \partial w$ the gradient of the *data loss*, of the same shape.
# Let $\alpha > 0$ be the learning rate, a number.
# The gradient of $J_{\mathrm{L1}}$ is $g + \lambda\,\mathrm{sign}(w)$, and that of $J_{\mathrm{L2}}$ is $g + 2\lambda w$.
# So the step from $w_k$ to $w_{k+1}$ is
#
# $$\text{L1:}\quad w_{k+1} = w_k - \alpha \bigl(g_k + \lambda\,\mathrm{sign}(w_k)\bigr),$$
# $$\text{L2:}\quad w_{k+1} = w_k - \alpha \bigl(g_k + 2\lambda w_k\bigr) = (1 - 2\alpha\lambda)\, w_k - \alpha g_k .$$
#
# Everything on the right belongs to step $k$: the gradient $g_k$ and the sign are taken at $w_k$, before the step.
# In code, `grad` is $g_k$, `lr` is $\alpha$ and `lam` is $\lambda$.
#
# The L2 rule can be read in two ways.
# It follows a gradient with one more term; or it first shrinks the weight by the factor $1 - 2\alpha\lambda$
# and then takes the plain step.
# The second way gave it the name *weight decay*.

# %% [markdown]
# **Predict.**
# Two weights, 2.0 and 0.02, lie where the loss is flat: $g = 0$ for both.
# Let $\alpha = 0.1$ and $\lambda = 0.1$.
# You take one step of each rule.
# What do the rules do?
#
# - **a** Both rules take the same amount from both weights.
# - **b** L1 multiplies both weights by one factor; L2 takes the same amount from both.
# - **c** Both rules take more from the large weight, L1 more strongly so.
# - **d** L1 takes 0.01 from each, half of the small weight; L2 takes 2 % from each.

# %% role="answer" key="rule_difference"
rule_difference = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
rule_difference = "d"
# END SOLUTION

# %% role="check" key="rule_difference" points=1
check("rule_difference")

# %% [markdown]
# **Implement** `l1_update`.
# Write the rule as it stands, for arrays of any shape, and return a new array.
#
# <details><summary>Hint</summary>
#
# `np.sign` works entry by entry, and `np.sign(0.0)` is 0.
# An assignment like `w -= ...` would change the caller's array: write `w - ...` instead.
#
# </details>


# %% role="answer" key="l1_update"
def l1_update(w, grad, lr, lam):
    """Return the weights after one gradient step on J + λ‖w‖₁: w − α(∂J/∂w + λ sign(w)).

    Parameters
    ----------
    w : ndarray
        Weights, of any shape; not changed.
    grad : ndarray
        ∂J/∂w, the gradient of the data loss without the penalty, in the shape of `w`.
    lr : float
        Learning rate α.
    lam : float
        The strength λ ≥ 0.

    Returns
    -------
    ndarray
        A new array in the shape of `w`. sign(0) counts as 0.
    """
    # BEGIN SOLUTION
    return w - lr * (grad + lam * np.sign(w))
    # END SOLUTION


# %% [markdown]
# **Try** it by hand with $\alpha = 0.1$ and $\lambda = 0.5$.
# The step $\alpha\lambda$ of the penalty is 0.05.
# The first weight goes from 1 by the gradient to 0.8 and by the penalty to 0.75.
# The second has no gradient and goes from −1 to −0.95.
# The third is 0 and has no gradient: it stays.

# %%
l1_update(np.array([1.0, -1.0, 0.0]), np.array([2.0, 0.0, 0.0]), lr=0.1, lam=0.5).round(6)

# %% role="check" key="l1_update" points=2
check("l1_update")

# %% [markdown]
# **Implement** `l2_update`, the same with the slope of the squares.


# %% role="answer" key="l2_update"
def l2_update(w, grad, lr, lam):
    """Return the weights after one gradient step on J + λ‖w‖²: w − α(∂J/∂w + 2λw).

    Parameters
    ----------
    w : ndarray
        Weights, of any shape; not changed.
    grad : ndarray
        ∂J/∂w, the gradient of the data loss without the penalty, in the shape of `w`.
    lr : float
        Learning rate α.
    lam : float
        The strength λ ≥ 0.

    Returns
    -------
    ndarray
        A new array in the shape of `w`.
    """
    # BEGIN SOLUTION
    return w - lr * (grad + 2 * lam * w)
    # END SOLUTION


# %% [markdown]
# **Try** it on the same weights.
# The factor $1 - 2\alpha\lambda$ is 0.9.
# So 1 goes to 0.9 and then, by its gradient, to 0.7, and −1 goes to −0.9.

# %%
l2_update(np.array([1.0, -1.0, 0.0]), np.array([2.0, 0.0, 0.0]), lr=0.1, lam=0.5).round(6)

# %% role="check" key="l2_update" points=1
check("l2_update")

# %% [markdown]
# **Explore.**
# Does each rule really descend on its objective?
# Take $J(w) = \frac12 \sum (w - c)^2$ with a random array $c$ of shape (2, 3), so that $g = w - c$.
# A step, divided by $-\alpha$, is the gradient that the rule has used.
# Compare it with central differences of the whole objective, for ten random arrays.


# %%
def largest_miss(update, penalty, seed, *, lr=0.1, lam=0.3, eps=1e-5):
    """Return how far the gradient inside an update is from central differences of J + penalty."""
    w, c = np.random.default_rng(seed).normal(size=(2, 2, 3))

    def objective(v):
        return 0.5 * np.sum((v - c) ** 2) + lam * penalty(v)

    shifts = eps * np.eye(6).reshape(6, 2, 3)
    numerical = [(objective(w + shift) - objective(w - shift)) / (2 * eps) for shift in shifts]
    return np.abs((w - update(w, w - c, lr, lam)).ravel() / lr - numerical).max()


misses_l1 = [largest_miss(l1_update, lambda v: np.abs(v).sum(), seed) for seed in range(10)]
misses_l2 = [largest_miss(l2_update, lambda v: (v**2).sum(), seed) for seed in range(10)]
print("L1 and L2 pass the gradient check:", max(misses_l1) < 1e-6, max(misses_l2) < 1e-6)

# %% [markdown]
# Now look at what each rule takes from a weight in one step where the loss is flat,
# in units of $\alpha\lambda$.

# %%
w_line = np.linspace(0.01, 1.5, 150)
flat = np.zeros(150)
after_step = {"L1": l1_update(w_line, flat, 0.1, 0.1), "L2": l2_update(w_line, flat, 0.1, 0.1)}
taken_axes = plt.subplots()[1]
for rule_name, after_rule in after_step.items():
    taken = (w_line - after_rule) / (0.1 * 0.1)
    taken_axes.plot(w_line, taken, label=rule_name, **figures.series_style(rule_name))
taken_axes.set(xlabel="weight w", ylabel="taken in one step, in αλ", ylim=(0, 3.2))
taken_axes.set_title("L1 takes a constant; L2 takes in proportion, more above w = ½")
figures.show(
    figures.label_lines(taken_axes).figure,
    alt="What one step takes from a positive weight, in units of αλ. L1 takes 1 whatever the weight. "
    "L2 takes 2w, a line through the origin that crosses L1 at a weight of one half.",
)

# %% [markdown]
# **Read it.**
# This answers the first of the three questions: *what differs between the two?*
# L1 subtracts the constant $\alpha\lambda$ from the size of a weight, be it large or small.
# L2 takes the share $2\alpha\lambda$ of it.
# Large weights suffer more from L2, small ones from L1.
# With L2 a weight gets ever smaller steps on its way down, and so it never arrives.
# With L1 the steps stay as long as they were. Does a weight arrive then?

# %% [markdown]
# ## 4. Ask what happens at zero
#
# **Derive.**
# At 0 the function $|w|$ has no slope, but it has lines that stay below its graph and touch it there.
# A function is *convex* if its graph nowhere rises above a straight line between two of its points.
# For a convex function $f$ of one number, a number $s$ is called a *subgradient* at $w_0$ if
#
# $$f(w) \ge f(w_0) + s\,(w - w_0) \quad \text{for all } w .$$
#
# Where $f$ is smooth, the only such $s$ is the slope $f'(w_0)$.
# For $f(w) = |w|$ at $w_0 = 0$ the condition is $|w| \ge s w$ for all $w$.
# Take $w = 1$ and $w = -1$: it needs $s \le 1$ and $s \ge -1$.
# And every $s$ from −1 to 1 will do, since $s w \le |s|\,|w| \le |w|$.
# So the subgradients of $|w|$ at 0 are the whole interval $[-1, 1]$.
#
# With this, the rule for a minimum is short.
# Put $s = 0$ into the condition: it says $f(w) \ge f(w_0)$ for all $w$.
# So **$w_0$ is a minimum of a convex $f$ exactly if 0 is one of its subgradients there.**

# %% [markdown]
# **Predict.**
# Let $J$ be convex and smooth, with slope $g = \partial J / \partial w$ at $w = 0$.
# The subgradients of $J(w) + \lambda|w|$ at 0 are the numbers $g + \lambda s$ with $-1 \le s \le 1$.
# For which $g$ is $w = 0$ a minimum of $J(w) + \lambda |w|$, with $\lambda > 0$?
#
# - **a** Only for $g = 0$: the slope of $J$ must vanish at a minimum.
# - **b** For every $g$ with $|g| \le \lambda$.
# - **c** For every $g$ with $|g| \ge \lambda$.
# - **d** For none: $|w|$ has no derivative at 0.

# %% role="answer" key="zero_condition"
zero_condition = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
zero_condition = "b"
# END SOLUTION

# %% role="check" key="zero_condition" points=1
check("zero_condition")

# %% [markdown]
# **Explore.**
# Test it by brute force, on $J(w) = \frac12 (w + g)^2$, which has slope $g$ at 0.
# The cell tries every $w$ from −2 to 2 in steps of 0.0001 and takes the lowest.
# The price is $\lambda = 0.5$.

# %%
w_grid = np.arange(-20000, 20001) / 10000
print("slope g at 0   L1 minimum   L2 minimum")
for g in (-1.0, -0.6, -0.5, -0.4, 0.0, 0.4, 0.5, 0.6, 1.0):
    loss = 0.5 * (w_grid + g) ** 2
    lowest = [w_grid[np.argmin(loss + 0.5 * size)] for size in (np.abs(w_grid), w_grid**2)]
    print(f"{g:12.1f} {lowest[0]:12.2f} {lowest[1]:12.2f}")

# %% [markdown]
# **Read it.**
# Under L1 the minimum is 0 for every slope from −0.5 to 0.5, which is $|g| \le \lambda$.
# A digit's pixel has to lower the loss by more than λ per unit of weight, or else its weight is not worth its price.
# Under L2 the minimum is 0 only for $g = 0$:
# the slope $2\lambda w$ of the penalty is nothing at 0, so the least gain is worth a small weight.
#
# This is where L1 gets its fame for *sparse* weights, weights that are exactly 0.
# But it is a statement about the minimum.
# Whether your update ever gets there is another matter.

# %% [markdown]
# **Predict.**
# 1,000 weights start at random places, and the loss is flat: $g = 0$ for all of them, at each step.
# You take 2,000 plain L1 steps, far more than each weight needs to come down to 0.
# How many weights are exactly 0.0 at the end?
#
# - **a** None, or next to none.
# - **b** All 1,000: each arrives at 0, and sign(0) = 0 keeps it there.
# - **c** About half of them.
# - **d** Those that started closer to 0 than $\alpha\lambda$.

# %% role="answer" key="exact_zeros"
exact_zeros = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
exact_zeros = "a"
# END SOLUTION

# %% role="check" key="exact_zeros" points=1
check("exact_zeros")

# %% [markdown]
# **Explore.**
# Follow three weights first, over 24 steps with $\alpha\lambda = 1$, so that the numbers are easy to read.

# %%
paths = np.array([[7.4, -4.7, 2.8]])
for _ in range(24):
    paths = np.vstack([paths, l1_update(paths[-1], np.zeros(3), lr=1.0, lam=1.0)])
rattle_axes = figures.plot_decay({f"L1 from {path[0]}".replace("-", "−"): path for path in paths.T})
rattle_axes.axhspan(-1, 1, color=figures.COLORS["l1"], alpha=0.2, linewidth=0)
rattle_axes.set(
    ylabel="weight, in αλ", title="The plain L1 step comes down to 0 and rattles about it"
)
figures.show(
    rattle_axes.figure,
    alt="Three weights against the step, in units of αλ. Each goes straight toward 0 by 1 a step, "
    "then jumps to and fro across 0 forever, inside the band from −1 to 1.",
)

# %% [markdown]
# **Derive** the band.
# Let the loss be a slope near 0: the gradient is the same number $g$ with $|g| < \lambda$ wherever the weight is.
# From the right of 0, a step moves the weight by $-\alpha(\lambda + g)$, which is to the left.
# From the left, it moves by $\alpha(\lambda - g)$, which is to the right.
# So the weight always walks toward 0, until a step crosses it.
# A crossing to the left starts above 0, so it ends above $-\alpha(\lambda + g)$.
# A crossing to the right starts below 0, so it ends below $\alpha(\lambda - g)$.
# And a weight of exactly 0 moves by $-\alpha g$, to a place between these two ends.
# From then on the weight stays within
#
# $$-\alpha(\lambda + g) < w < \alpha(\lambda - g), \qquad \text{and so within} \quad |w| < 2\alpha\lambda .$$
#
# With $g = 0$ this is $|w| < \alpha\lambda$, the band in the figure.
#
# Two things are missing from this picture.
# A curved loss has a gradient that changes with $w$: it is $g + h w$, with a curvature $h > 0$ and the slope $g$ at 0.
# A step from the right of 0 then ends at $(1 - \alpha h)\, w - \alpha(\lambda + g)$.
# As long as $\alpha h \le 1$, the first term does not fall below 0, and the lower end of the band holds as before.
# The upper end follows in the same way.
# For $\alpha h > 1$ the argument breaks down.
# So it does for the gradient of a minibatch: it is noisy, since it knows only a few of the digits.
# The next function has a switch for each, so that you can try to break the band.


# %%
def rattle(update, *, slope=0.0, noise=0.0, curvature=0.0, seed=0, lr=0.1, lam=0.01):
    """Return 1,000 weights, in αλ, after 2,000 steps with ∂J/∂w = h·w + λ·(slope + noise)."""
    rng = np.random.default_rng(seed)
    w = rng.normal(0, 0.2, size=1000)
    for _ in range(2000):
        grad = curvature * w + lam * (slope + noise * rng.normal(size=w.shape))
        w = update(w, grad, lr, lam)
    return w / (lr * lam)


# %% [markdown]
# The next cell runs it for five kinds of loss, each from three seeds, 3,000 weights in all.
# Before you run it: for which of them do you expect weights outside of $\pm 2\alpha\lambda$?

# %%
losses = {
    "flat": {},
    "slope λ/2": {"slope": 0.5},
    "curved, αh = 0.5": {"slope": 0.5, "curvature": 5.0},
    "curved, αh = 1.8": {"slope": 0.5, "curvature": 18.0},
    "flat, noise of sd λ": {"noise": 1.0},
}
print("loss                 exact zeros   lowest  highest   outside ±2αλ")
for loss_name, loss_options in losses.items():
    ends = np.concatenate([rattle(l1_update, seed=seed, **loss_options) for seed in range(3)])
    outside = 100 * np.mean(np.abs(ends) > 2)
    print(
        f"{loss_name:22}{np.sum(ends == 0):10}{ends.min():9.1f}{ends.max():9.1f}{outside:13.0f} %"
    )

# %% [markdown]
# **Read it.**
# No weight is exactly 0, in any of the five.
# On the flat loss all lie within ±1 in units of $\alpha\lambda$, on the slope between −1.5 and 0.5, as derived.
# The curved loss with $\alpha h = 0.5$ keeps to the same band.
# With $\alpha h = 1.8$ each step overshoots the minimum, and the band breaks.
# So it does with noise, as in any training on minibatches: the weights wander further out.
#
# A smaller learning rate makes the band narrower, but it puts no weight on 0.
# *Almost* none, that is: a weight can hit 0 by luck.
# The next cell counts down in steps of ¼ from ½, and in steps of 0.1 from 0.3.

# %%
quarter_step = partial(l1_update, grad=np.zeros(1), lr=1.0, lam=0.25)
print("from 0.50 by 0.25:", quarter_step(quarter_step(np.array([0.5]))))
print("from 0.30 by 0.10:", 0.3 - 0.1 - 0.1 - 0.1)

# %% [markdown]
# Halves and quarters are exact in binary, so ½ lands on 0 and stays there.
# 0.3 and 0.1 are not, and even a multiple of $\alpha\lambda$ misses 0 by about $3 \cdot 10^{-17}$.
# For random weights, do not count on luck.

# %% [markdown]
# ## 5. Take a step that stops at zero
#
# **Derive.**
# Where does the plain step go wrong?
# It replaces $|w|$ by a straight line, and follows that line across the corner.
# So treat the two parts of the objective differently: straighten $J$, which is smooth, but keep $|w|$ as it is.
#
# A gradient step on $J$ alone is the minimum of the straightened $J$
# plus a term that keeps it near the old weight $w$:
#
# $$v = w - \alpha g = \arg\min_u \; \Bigl\{ g\,(u - w) + \frac{1}{2\alpha} (u - w)^2 \Bigr\} .$$
#
# To see this, set the derivative $g + (u - w)/\alpha$ to 0.
# Completing the square shows that the braces are $\frac{1}{2\alpha}(u - v)^2$ plus a number without $u$.
# Now add the penalty, corner and all:
#
# $$u^\ast = \arg\min_u \; \Bigl\{ \frac{1}{2\alpha} (u - v)^2 + \lambda |u| \Bigr\} .$$
#
# This is called the *proximal step*.
# All symbols here are numbers: entries of an array go their ways one by one.

# %% [markdown]
# The function in braces is convex, so $u$ is its minimum exactly if 0 is a subgradient there.
# Its subgradients are $(u - v)/\alpha + \lambda s$,
# with $s = 1$ for $u > 0$, $s = -1$ for $u < 0$, and any $s$ from −1 to 1 for $u = 0$.
# There are three cases.
#
# - $u > 0$: then $(u - v)/\alpha + \lambda = 0$ gives $u = v - \alpha\lambda$.
#   This is greater than 0 only if $v > \alpha\lambda$.
# - $u < 0$: then $(u - v)/\alpha - \lambda = 0$ gives $u = v + \alpha\lambda$.
#   This is less than 0 only if $v < -\alpha\lambda$.
# - $u = 0$: then $-v/\alpha + \lambda s = 0$ for some $s$ from −1 to 1.
#   This is possible only if $|v| \le \alpha\lambda$.
#
# Each $v$ falls under exactly one of them.
# Together they say: move $v$ toward 0 by $\alpha\lambda$, and stop at 0.
# This is the *soft threshold* $S$ of $v$ at $\theta = \alpha\lambda$, a number:
#
# $$S(v, \theta) = \mathrm{sign}(v)\,\max(|v| - \theta,\ 0) .$$
#
# **Predict.**
# A weight of $0.4\alpha\lambda$ lies where the loss is flat.
# Where is it after one plain step, after two, and after one proximal step?

# %% [markdown]
# **Implement** `soft_threshold` for arrays of any shape.


# %% role="answer" key="soft_threshold"
def soft_threshold(z, threshold):
    """Return z moved toward 0 by the threshold, stopping at 0: sign(z) max(|z| − θ, 0).

    Parameters
    ----------
    z : ndarray
        Of any shape; not changed.
    threshold : float
        θ ≥ 0.

    Returns
    -------
    ndarray
        In the shape of `z`, exactly 0 wherever |z| ≤ θ.
    """
    # BEGIN SOLUTION
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand with the threshold 1.
# −3 goes to −2 and 2.5 to 1.5; −0.5, 0 and 1 go to 0.
# (If you see `-0.`: that is a zero with a minus sign, and it equals 0.)

# %%
soft_threshold(np.array([-3.0, -0.5, 0.0, 1.0, 2.5]), 1.0)

# %% role="check" key="soft_threshold" points=1
check("soft_threshold")

# %% [markdown]
# **Implement** `proximal_l1_update`: a gradient step on $J$ alone, then the soft threshold at $\alpha\lambda$.
# You may call your `soft_threshold`, or write the formula out.
#
# <details><summary>Hint</summary>
#
# The penalty does not appear in the gradient step: `grad` is $\partial J/\partial w$ already.
# The threshold is `lr * lam`.
#
# </details>


# %% role="answer" key="proximal_l1_update"
def proximal_l1_update(w, grad, lr, lam):
    """Return the weights after one proximal step on J + λ‖w‖₁: S(w − α ∂J/∂w, αλ).

    S is the soft threshold, S(v, θ) = sign(v) max(|v| − θ, 0).

    Parameters
    ----------
    w : ndarray
        Weights, of any shape; not changed.
    grad : ndarray
        ∂J/∂w, the gradient of the data loss without the penalty, in the shape of `w`.
    lr : float
        Learning rate α.
    lam : float
        The strength λ ≥ 0.

    Returns
    -------
    ndarray
        A new array in the shape of `w`.
    """
    # BEGIN SOLUTION
    v = w - lr * grad
    return np.sign(v) * np.maximum(np.abs(v) - lr * lam, 0.0)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand with $\alpha = 0.1$ and $\lambda = 0.5$, so that the threshold is 0.05.
# The first weight goes from 1 to 0.8 and then to 0.75, as before.
# The second goes from 0.04 straight to 0.
# The third goes from 0 to −0.1 by its gradient, and then back to −0.05.

# %%
proximal_l1_update(np.array([1.0, 0.04, 0.0]), np.array([2.0, 0.0, 1.0]), lr=0.1, lam=0.5).round(6)

# %% role="check" key="proximal_l1_update" points=1
check("proximal_l1_update")

# %% [markdown]
# **Explore.**
# First check the derivation by brute force:
# for eleven values of $v$, search the lowest point of the function in braces on a fine grid.

# %%
u_grid = np.arange(-20000, 20001) / 10000
v_values = np.linspace(-1.5, 1.5, 11)
searched_for = [
    u_grid[np.argmin((u_grid - v) ** 2 / (2 * 0.8) + 0.5 * np.abs(u_grid))] for v in v_values
]
stepped = proximal_l1_update(v_values, np.zeros(11), lr=0.8, lam=0.5)
print(
    "within a grid step of the lowest point:",
    bool(np.all(np.abs(stepped - searched_for) < 1.01e-4)),
)
print("exact zeros:", int(np.sum(stepped == 0)), "of", len(v_values))

# %% [markdown]
# Now the same weights as in unit 4, the same losses, the same seeds, with the proximal step.
# A last row has a slope of 1.5 λ, more than the price: those weights should not be 0.

# %%
print("loss                 exact zeros in %")
for case_name, case_options in (losses | {"slope 1.5 λ": {"slope": 1.5}}).items():
    stops = [rattle(proximal_l1_update, seed=seed, **case_options) for seed in range(3)]
    print(f"{case_name:22}{100 * np.mean(np.equal(stops, 0)):12.0f}")

# %% [markdown]
# **Read it.**
# The plain step takes a weight of $0.4\alpha\lambda$ to $-0.6\alpha\lambda$ and then back; the proximal step takes it to 0.
# So on the flat, the sloping and the curved losses every single weight is exactly 0,
# even where the step overshoots.
# With noise about two thirds of the weights are 0 at any time:
# now and then a gradient larger than $\lambda$ kicks one out, and it comes back.
# And where the slope exceeds the price, no weight stays at 0, just as the condition $|g| \le \lambda$ says.

# %% [markdown]
# ## 6. Count the zeros of a real network
#
# **Derive.**
# To compare networks you need a number.
# The *sparsity* of a list of weight arrays is the fraction of all their entries that are smaller than a tolerance $\tau$:
#
# $$\text{sparsity} = \frac{\text{number of entries with } |w| < \tau}{\text{number of entries}} .$$
#
# Both numbers are counted over all arrays together, so that a large matrix counts for more than a small one.
#
# **Predict.**
# The network of lesson 0, unit 3 is trained on 1,000 digits, one label in five wrong:
# once without a penalty, once with the plain L1 step, once with the proximal one and once with L2.
# Which of the four has exact zeros?
# Which have many weights below 0.001?
# Does a sparse network read new digits worse, or better?
#
# **Implement** `sparsity`.


# %% role="answer" key="sparsity"
def sparsity(weights, tol=1e-3):
    """Return the fraction of all entries of all arrays with |w| < tol.

    Parameters
    ----------
    weights : list of ndarray
        Arrays of any shapes.
    tol : float
        The tolerance τ; an entry of exactly this size does not count as small.

    Returns
    -------
    float
        From 0 to 1.
    """
    # BEGIN SOLUTION
    entries = np.concatenate([np.ravel(w) for w in weights])
    return float(np.mean(np.abs(entries) < tol))
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# Of the four entries in the matrix one is small, and of the two in the vector both are.
# That makes three out of six.

# %%
sparsity([np.array([[0.5, 0.0], [0.001, -2.0]]), np.array([0.0002, -0.0003])])

# %% role="check" key="sparsity" points=1
check("sparsity")

# %% [markdown]
# **Explore.**
# The next function trains that network with an update of your choice.
# The seed decides on the digits, the wrong labels, the first weights and the order.
# `update` is called as `update(w, grad, lr)`, for each weight matrix and each step;
# `partial(l1_update, lam=0.0025)` is your rule with `lam` filled in.
# The biases always take the plain step.


# %%
def train_digits(update, seed):
    """Return a network trained on digits with wrong labels, its training error and its dev error."""
    rng = np.random.default_rng(seed)
    (X, y), dev = split(mnist.X, mnist.y, (1000, 1000), rng)
    y = flip_labels(y, 0.2, rng)
    network = Network((784, 50, 10), rng)
    train(network, X, y, epochs=80, lr=0.1, rng=rng, batch_size=50, update=update)
    return network, network.error(X, y), network.error(*dev)


# %% [markdown]
# Four rules, six seeds each, make 24 networks.
# For each rule you get the mean over the seeds of the dev accuracy, the share of the dev set that is read right,
# and its standard deviation, of the share of exact zeros and of small weights,
# and of the root of the sum of all squared weights, the norm.
# This takes some seconds.


# %%
def summarize(update):
    """Return dev accuracy, its sd, exact zeros, small weights (all in %) and norm, for six seeds."""
    found = []
    for seed in range(6):
        network, _, dev_error = train_digits(update, seed)
        entries = np.concatenate([w.ravel() for w in network.weights])
        small = sparsity(network.weights, tol=1e-3)
        found.append([1 - dev_error, np.mean(entries == 0), small, np.linalg.norm(entries) / 100])
    accuracy, zeros, small, norm = 100 * np.mean(found, axis=0)
    return accuracy, 100 * np.std(found, axis=0, ddof=1)[0], zeros, small, norm


# %% [markdown]
# Decide what you expect in each row, and run the cell.

# %%
rules = {
    "no penalty": None,
    "L1, plain step": partial(l1_update, lam=0.0025),
    "L1, proximal": partial(proximal_l1_update, lam=0.0025),
    "L2": partial(l2_update, lam=0.02),
}
print("                dev accuracy  exact zeros  |w| < 0.001  norm of w")
for rule_label, rule_update in rules.items():
    row = summarize(rule_update)
    print("{:15}{:7.0f} ± {:.0f} %{:11.0f} %{:11.0f} %{:11.2g}".format(rule_label, *row))

# %% [markdown]
# **Read it.**
# The plain L1 step and the proximal step give networks that look alike:
# the same norm, more than four weights in five below 0.001, the same accuracy within the spread.
# But only the proximal one has exact zeros: three weights in four.
# The plain one has none to speak of: its small weights rattle, with $\alpha\lambda = 0.00025$.
# If all you want is a network that does well, this makes no difference.
# If you want to leave weights out, to save memory or to see which pixels count, you need true zeros.
#
# L2 has no exact zeros.
# It pulls the weights together more evenly: its norm is the smallest, and yet fewer of them lie below 0.001.
# All three penalties beat the network without one, L2 by the most.
# That is a result for *these* digits and *these* values of λ, not a law.

# %% [markdown]
# **Explore**, live.
# The next figure trains the four networks with seed 0, while you watch their weights;
# `penalty` chooses which of them you see beside the one without a penalty.
# One λ, at first 0.0025, holds for all: for the L2 row of the table set 0.02 before you press play.
# The axis of the counts is logarithmic, so that even a single weight can be seen.
# The right half enlarges the middle; the shaded band is the one of unit 4.
# λ is an attribute of the figure, and the upper slider, one of ipywidgets, sets it and does not follow it.
# A new λ holds from the next batch on.
#
# **Predict** before you press play.
#
# - Where do the outlines of the two L1 steps part, and where do they coincide?
# - At epoch 40, turn λ up to 0.01: what happens to the band, and to the exact zeros?
# - At epoch 60, turn λ down to 0.0003: do the zeros go away again?

# %%
from ipywidgets import FloatLogSlider, dlink

from utils import widgets

histogram = widgets.WeightHistogram()
lam_slider = FloatLogSlider(
    value=0.0025, min=np.log10(0.00025), max=-1, description="λ", readout_format=".2g"
)
dlink((lam_slider, "value"), (histogram, "lam"))
histogram.show(lam_slider)

# %% [markdown]
# One run may deceive, so the next function makes such moves for any seed, under the proximal step.
# It returns the share of exact zeros after each λ of a plan,
# and the share of the last zeros whose gradient over all training digits is 0 as well.


# %%
def zeros_along(plan, seed):
    """Train for each (λ, epochs) of a plan; return the zeros after each, and those stuck, in %."""
    rng = np.random.default_rng(seed)
    (X, y), _ = split(mnist.X, mnist.y, (1000, 1000), rng)
    y = flip_labels(y, 0.2, rng)
    network, found = Network((784, 50, 10), rng), []
    for lam, epochs in plan:
        update = partial(proximal_l1_update, lam=lam)
        train(network, X, y, epochs=epochs, lr=0.1, rng=rng, batch_size=50, update=update)
        zero = np.concatenate([w.ravel() for w in network.weights]) == 0
        found.append(zero.mean())
    grad = np.concatenate([g.ravel() for g in network.gradients(X, y)[1]])
    return 100 * np.array([*found, np.mean(grad[zero] == 0)])


# %% [markdown]
# A second plan keeps the small λ all the time. You get means over three seeds.

# %%
plans = {
    "0.0025, 0.01, 0.0003": [(0.0025, 40), (0.01, 20), (0.0003, 20)],
    "0.0003 all the time": [(0.0003, 80)],
}
for plan_name, plan in plans.items():
    *zeros, stuck = np.mean([zeros_along(plan, seed) for seed in range(3)], axis=0)
    print(f"λ {plan_name:22} zeros in %:", *(f"{share:3.0f}" for share in zeros), end="   ")
    print("more than half of them without a gradient:", bool(stuck > 50))

# %% [markdown]
# **Read it.**
# The two L1 outlines part inside the band and near it:
# the plain step fills the band, the proximal step leaves a spike on 0 in its middle.
# Among the large weights, in the left half, they all but coincide.
# A larger λ widens the band and takes more weights to 0, and a smaller λ brings back only some of them:
# about two in three of all weights are 0 at the end, where a network that had this λ from the start has fewer than one in three.
#
# A weight leaves 0 only where $|g| > \lambda$.
# Of the zeros that stay, more than half have no gradient at all, so no λ, however small, calls them back.
# A weight has none if its pixel is blank in every digit, or if its hidden unit is dead:
# the unit is 0 for every digit, or no weight out of it is left.
# So what a penalty leaves depends on the way that λ took, not on its last value alone.

# %% [markdown]
# **Explore** where the zeros are.
# Some pixels at the border have no ink in any of the 1,000 training digits.
# For their weights the gradient $g$ is exactly 0 in each step, and the penalty alone decides.
# The next cell looks at the first layer only, for three seeds:
# at the zeros of the proximal step, and at the largest weight of a blank pixel under the plain step,
# in units of $\alpha\lambda$. Which number do you expect for the latter?

# %%
for sample_seed in range(3):
    (X_seen, _), _ = split(mnist.X, mnist.y, (1000, 1000), np.random.default_rng(sample_seed))
    blank = X_seen.max(axis=0) == 0  # (784,) pixels without ink
    stopped = train_digits(partial(proximal_l1_update, lam=0.0025), sample_seed)[0].weights[0]
    rattling = train_digits(partial(l1_update, lam=0.0025), sample_seed)[0].weights[0]
    print(f"proximal: zeros at blank pixels {100 * np.mean(stopped[blank] == 0):.0f} %,", end=" ")
    print("more than half at the others:", bool(np.mean(stopped[~blank] == 0) > 0.5), end="; ")
    print(f"plain: largest at blank pixels {np.abs(rattling[blank]).max() / (0.1 * 0.0025):.1f} αλ")

# %% [markdown]
# **Read it.**
# Where a pixel is always blank, each of its weights is exactly 0 under the proximal step.
# Nothing was to be learned there: the weight kept its random start until the penalty took it away.
# A network without a penalty keeps such a weight forever.
# Under the plain step the same weights rattle within $\pm\alpha\lambda$: the band of unit 4, in a real network.
# More than half of the other weights are 0, too. For them, the price was higher than the gain.
#
# This ends the core path. The second part answers the two open questions,
# and shows you how to carry λ from one library to another.

# %% [markdown]
# ## 7. Follow one weight down
#
# *The second part starts here.*
#
# **Derive.**
# Take one weight with the start $w_0$, a number, where the loss is flat.
# The L2 step multiplies it by $1 - 2\alpha\lambda$ each time.
# The proximal L1 step takes $\alpha\lambda$ off its size each time, until it is 0.
# So after $k$ steps
#
# $$\text{L2:}\quad w_k = (1 - 2\alpha\lambda)^k\, w_0,
# \qquad
# \text{L1:}\quad w_k = \mathrm{sign}(w_0)\,\max(|w_0| - k\,\alpha\lambda,\ 0) .$$
#
# The first is a geometric sequence: it halves every $\ln 2 / (2\alpha\lambda)$ steps or so.
# The second is a straight line that ends at 0, after $|w_0| / (\alpha\lambda)$ steps.
#
# **Predict.**
# Two weights start at 1 and at 0.01, with the same $\alpha\lambda$.
# Under L2, which of the two first gets down to a hundredth of its start?
# Under L1, which of the two first gets to 0?
#
# **Implement** `decay_path`.
# A loop over the steps is as good as the formula.


# %% role="answer" key="decay_path"
def decay_path(w0, lr, lam, steps, penalty):
    """Return the weights w_0 .. w_steps of one weight under a penalty alone, where ∂J/∂w = 0.

    "l2" is the plain L2 step, w_k = (1 − 2αλ)ᵏ w_0;
    "l1" is the proximal step, w_k = sign(w_0) max(|w_0| − kαλ, 0).

    Parameters
    ----------
    w0 : float
        The start, of either sign.
    lr : float
        Learning rate α.
    lam : float
        The strength λ ≥ 0.
    steps : int
        How many steps to take.
    penalty : {"l1", "l2"}

    Returns
    -------
    ndarray of shape (steps + 1,)
        The start and the weight after each step.

    Raises
    ------
    ValueError
        If `penalty` is neither "l1" nor "l2".
    """
    # BEGIN SOLUTION
    k = np.arange(steps + 1)
    if penalty == "l2":
        return w0 * (1 - 2 * lr * lam) ** k
    if penalty == "l1":
        return np.sign(w0) * np.maximum(abs(w0) - k * lr * lam, 0.0)
    raise ValueError(f'penalty must be "l1" or "l2"; it was {penalty!r}')
    # END SOLUTION


# %% [markdown]
# **Try** it by hand with $\alpha = \lambda = \frac12$.
# L2 halves the weight in each step, and L1 takes off a quarter.

# %%
print("L2:", decay_path(1.0, 0.5, 0.5, 4, "l2"))
print("L1:", decay_path(1.0, 0.5, 0.5, 4, "l1"))

# %% role="check" key="decay_path" points=2
check("decay_path")

# %% [markdown]
# **Explore** two starts under both penalties on the left,
# and L2 alone on the right, on a logarithmic axis, on which 0 has no place.

# %%
both_rules = [(start, name) for start in (1.0, 0.4) for name in ("L1", "L2")]
decays = {
    f"{name} from {w0}": decay_path(w0, 0.1, 0.1, 150, name.lower()) for w0, name in both_rules
}
decay_figure, (linear, logarithmic) = figures.pair()
figures.plot_decay(decays, ax=linear)
linear.set_title("L1 goes down in a straight line and stops at 0")
logarithmic.set(yscale="log", ylim=(0.01, 1.1))
figures.plot_decay({name: path for name, path in decays.items() if "L2" in name}, ax=logarithmic)
logarithmic.set_title("L2 loses the same share in each step")
figures.show(
    decay_figure,
    alt="One weight against the step, from 1 and from 0.4. Under L1 the paths are straight and end at "
    "0, the smaller one first. Under L2 they bend and stay above 0; on a log axis they are parallel "
    "straight lines.",
)

# %% [markdown]
# **Read it.**
# Under L2 both weights get to a hundredth of their start after the same number of steps:
# it shrinks in proportion.
# Under L1 the small weight is gone first: it subtracts.
#
# This also explains the network of unit 6.
# It took 1,600 steps with $\alpha\lambda = 0.00025$ under L1, enough to take 0.4 off a weight.
# The weights of the first layer start with a standard deviation of $\sqrt{2/784} \approx 0.05$,
# so nothing is left of those that the data do not defend.
# Under L2 they were multiplied by $1 - 2\alpha\lambda = 0.996$ just as many times, which leaves less than 1 % of them.
#
# How large may λ get?
# Predict what L2 does with $\alpha = 1$ and $\lambda$ = 0.25, 0.5, 0.75 and 1.25, then run the cell.

# %%
for strength in (0.25, 0.5, 0.75, 1.25):
    print(f"λ = {strength:4}:", decay_path(1.0, 1.0, strength, 4, "l2"))

# %% [markdown]
# The factor is $1 - 2\lambda$: ½, 0, −½ and −1.5.
# With $\alpha\lambda = \frac12$ the weight is 0 at once, beyond that it changes sign in each step,
# and beyond $\alpha\lambda = 1$ it grows without end.
# So a strong L2 penalty needs a small learning rate.

# %% [markdown]
# ## 8. Find out where the minimum goes
#
# **Derive.**
# The second question: *does a penalty move the minimum?*
# Near a minimum $w^\ast$ a smooth loss of one weight looks like a parabola,
#
# $$J(w) = \tfrac12 h\,(w - w^\ast)^2,$$
#
# with a curvature $h > 0$. All of $h$, $w$ and $w^\ast$ are numbers.
#
# With L2 the sum $J(w) + \lambda w^2$ is smooth, so its minimum is where the slope is 0:
# where $h\,(w - w^\ast) + 2\lambda w = 0$. Solve this for $w$.
#
# With L1 the sum $J(w) + \lambda |w|$ is, up to the names,
# the function in braces of unit 5: $v$ is now $w^\ast$, and $1/\alpha$ is now $h$.
# Go through its three cases once more, or put the new names into the result.
#
# **Predict.**
# Is the minimum moved to 0 by a share of $w^\ast$, or by a constant? Which penalty does which?
# Does a steep parabola, with a large $h$, move more or less than a shallow one?

# %% [markdown]
# **Implement** both results as numbers, for $h = 4$, $w^\ast = 3$ and $\lambda = 2$.
# First `ridge_minimizer`, where $J(w) + \lambda w^2$ is lowest.
# (*Ridge* is the name of the L2 penalty in statistics, *lasso* that of L1.)

# %% role="answer" key="ridge_minimizer"
ridge_minimizer = None  # a number
# BEGIN SOLUTION
ridge_minimizer = 4 * 3 / (4 + 2 * 2)
# END SOLUTION

# %% role="check" key="ridge_minimizer" points=1
check("ridge_minimizer")

# %% [markdown]
# Then `lasso_minimizer`, where $J(w) + \lambda |w|$ is lowest, for the same numbers.

# %% role="answer" key="lasso_minimizer"
lasso_minimizer = None  # a number
# BEGIN SOLUTION
lasso_minimizer = 3 - 2 / 4
# END SOLUTION

# %% role="check" key="lasso_minimizer" points=1
check("lasso_minimizer")

# %% [markdown]
# **Explore.**
# The results in general are
#
# $$\text{L2:}\quad w_\lambda = \frac{h}{h + 2\lambda}\, w^\ast,
# \qquad
# \text{L1:}\quad w_\lambda = S(w^\ast,\ \lambda / h) ,$$
#
# where the number $w_\lambda$ is the minimum of the objective.
#
# The next cell compares them with a search on a grid for 200 random triples of $h$, $w^\ast$ and $\lambda$,
# and prints the first four.
# The grid has steps of 0.0001, so a miss of half a step is all that is allowed.


# %%
def grid_and_formula(h, w_star, lam):
    """Return the minimizers under L2 and L1, by search on a grid, and then by the formulas."""
    grid = np.arange(-30000, 30001) / 10000
    data_loss = 0.5 * h * (grid - w_star) ** 2
    searched = [grid[np.argmin(data_loss + lam * size)] for size in (grid**2, np.abs(grid))]
    shrunk = np.sign(w_star) * max(abs(w_star) - lam / h, 0.0)
    return np.array([searched, [h * w_star / (h + 2 * lam), shrunk]])


triples = np.random.default_rng(0).uniform([0.2, -2.5, 0.0], [4.0, 2.5, 2.0], size=(200, 3))
compared = np.array([grid_and_formula(*triple) for triple in triples])  # (200, 2, 2)
print("  h    w*     λ      L2     L1")
for triple, result in zip(triples[:4], compared, strict=False):
    print("{:4.1f} {:5.1f} {:5.1f} {:7.2f} {:6.2f}".format(*triple, *result[1]))
print("all agree:", bool(np.abs(compared[:, 0] - compared[:, 1]).max() < 0.51e-4))

# %% [markdown]
# With two weights there is more to see.
# Let $w$ and $w^\ast$ have shape (2,), and let $H$ be a symmetric matrix of shape (2, 2),
# with positive eigenvalues, in $J(w) = \frac12 (w - w^\ast)^\top H\,(w - w^\ast)$, so that the gradient is $H\,(w - w^\ast)$.
# The next function runs an update from $w^\ast$ until it settles, for 60 values of λ.

# %%
H, w_best = np.array([[1.0, 0.6], [0.6, 1.0]]), np.array([0.6, 1.6])


def minima(update):
    """Return where 500 steps on J + penalty end, for 60 values of λ from 0.003 to 30, (60, 2)."""
    ends = []
    for lam in np.geomspace(0.003, 30, 60):
        w = w_best
        for _ in range(500):
            w = update(w, H @ (w - w_best), 0.5 / (1 + lam), lam)
        ends.append(w)
    return np.array(ends)


# %% [markdown]
# The gray lines of the figure are contours of $J$, and the star is $w^\ast$.

# %%
ends_of_rules = {"L1": minima(proximal_l1_update), "L2": minima(l2_update)}
w_1, w_2 = np.meshgrid(np.linspace(-0.5, 1.5, 81), np.linspace(-0.2, 2.2, 81))
offset = np.stack([w_1 - w_best[0], w_2 - w_best[1]], axis=-1)  # (81, 81, 2)
bowl = 0.5 * np.einsum("...i,ij,...j", offset, H, offset)
path_axes = plt.subplots(figsize=(6, 4.4))[1]
path_axes.contour(w_1, w_2, bowl, levels=12, colors="#BBBBBB", linewidths=0.8)
for path_name, path in ends_of_rules.items():
    path_axes.plot(*path.T, **figures.series_style(path_name))
    path_axes.annotate(path_name, path[38], xytext=(10, -8), textcoords="offset points")
path_axes.plot(*w_best, "*", color=figures.COLORS["truth"], markersize=12)
path_axes.set(xlabel="w₁", ylabel="w₂", aspect="equal", xticks=[-0.5, 0, 0.5, 1, 1.5])
path_axes.set_title("L1 drops one weight, L2 keeps both")
figures.show(
    path_axes.figure,
    alt="Contours of a quadratic loss of two weights with its minimum marked by a star. As λ grows, the "
    "minimum under L1 goes straight to the vertical axis, where the first weight is 0, and down that "
    "axis. The minimum under L2 bends toward the origin and meets no axis on its way.",
)

# %% [markdown]
# **Read it.**
# Yes, a penalty moves the minimum, for every $\lambda > 0$, unless it is at 0 already.
# L2 takes a share: the minimum is multiplied by $h / (h + 2\lambda)$, and comes to 0 only as λ grows without end.
# L1 takes the constant $\lambda / h$, and gives exactly 0 once $\lambda \ge h\,|w^\ast|$.
# In the figure the first weight is 0 from some λ on, while the second lives on:
# L1 has *selected* one of the two.
# L2 keeps both: at first the first weight even grows a little,
# as it takes over some of the work of the second.
#
# Both take less where the curvature $h$ is large, since there the data insist on their value.

# %% [markdown]
# **Predict.**
# A parabola has one minimum, but the loss of a network has many.
# The live figure adds a penalty to one of eight artificial losses of two weights.
# It begins with Himmelblau's function,
#
# $$J(w) = (w_1^2 + w_2 - 11)^2 + (w_1 + w_2^2 - 7)^2,$$
#
# which is 0 at four points, and positive elsewhere.
# How many of the four are still lowest when λ is small, but not 0?
# As λ grows, minimizers may disappear. Can a penalty also make new ones, under L1 or under L2?
#
# Each contour line of $J$ plus the penalty encloses a fixed share of the picture.
# Every minimizer in the picture is marked: the lowest by a star, the others by rings.
# The path begins at the square and takes 300 steps:
# the gradient step of unit 3 under L2, and the proximal step of unit 5 under L1.
#
# Move λ down to 0 and slowly up again, first under L1, then under L2.

# %%
landscape = widgets.LossLandscape(lam=11)
landscape

# %% [markdown]
# **Read it.**
# As soon as λ is above 0, one of Himmelblau's four points is lower than the others:
# the one with the smallest penalty, near $(3, 2)$.
# L2 moves it smoothly toward the origin, and the other three disappear one after the other.
# L1 moves it less, until near λ = 9 another point becomes the lowest, at which $w_2$ is exactly 0.
# That minimizer is new: L1 has a kink on each axis,
# and where the slope of $J$ across the axis is less than λ in size, the kink holds the weight at 0.
# The path ends in a minimizer downhill from its start, which need not be the lowest.
#
# Try other losses, too.
# Styblinski and Tang's has four minimizers, and under L1 nine for λ from 2.5, its slopes at 0, to about 15.
# With Beale's even L2 makes a new one: a long flat valley has none, until a small λ tips it toward the origin.
# Matyas' and Rastrigin's are lowest at 0 already, and no λ moves that point.
# McCormick's falls without end outside the picture;
# L2 puts a floor under it with any λ > 0, L1 from λ = ½ on.
# And Goldstein and Price's climbs above 80,000 in the picture, so that even λ = 40 changes little.
#
# On the training loss a moved minimum is a worse fit, by definition.
# What is gained shows on new data, or not at all. That is the third question.

# %% [markdown]
# ## 9. Turn λ up
#
# **Predict.**
# The third question: *what does λ do?*
# You train networks on digits with wrong labels, with larger and larger λ.
# What happens to the training error and to the dev error?
#
# - **a** Both fall: more regularization means a better network.
# - **b** Both rise: the penalty takes the network away from the minimum of $J$.
# - **c** The training error rises; the dev error falls first and rises when λ is too large.
# - **d** The training error does not change; the dev error falls.

# %% role="answer" key="lambda_effect"
lambda_effect = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
lambda_effect = "c"
# END SOLUTION

# %% role="check" key="lambda_effect" points=1
check("lambda_effect")

# %% [markdown]
# **Explore.**
# Five values of λ, two penalties, three seeds: 30 networks.
# λ is spaced by factors, since what counts is its order of magnitude.

# %%
strengths = [1e-4, 1e-3, 3e-3, 1e-2, 1e-1]


def sweep(rule):
    """Return the training and the dev error in % for three seeds and all strengths, (2, 3, 5)."""
    runs = [
        [train_digits(partial(rule, lam=lam), seed)[1:] for lam in strengths] for seed in range(3)
    ]
    return 100 * np.moveaxis(runs, 2, 0)


# %% [markdown]
# The next cell draws the means over the seeds, and bands from the lowest to the highest.
# It takes as long as the table of unit 6, and a bit more.

# %%
swept = [sweep(l1_update), sweep(l2_update)]
sweep_titles = ["L1: the dev error dips, then rises", "L2: a deeper dip, at a larger λ"]
sweep_figure, sweep_axes = figures.pair(sharey=True)
for sweep_ax, (train_error, dev_error), title in zip(sweep_axes, swept, sweep_titles, strict=True):
    sweep_ax.set(xscale="log", ylim=(0, 95))
    both_errors = {"train": train_error, "dev": dev_error}
    figures.plot_learning_curves(both_errors, ax=sweep_ax, ylabel="error in %", epochs=strengths)
    sweep_ax.set(xlabel="λ", title=title)
figures.show(
    sweep_figure,
    alt="Training and dev error against λ on a log axis, for L1 and L2. The training error rises with "
    "λ. The dev error dips and then rises steeply. Under L1 it is lowest at λ = 0.003, just below 20 percent, and "
    "ends near 90; under L2 it is lowest at 0.01, near 15 percent, and ends below 50.",
)
gains = [errors[:, [0, -1]].T - errors.min(axis=1) for _, errors in swept]
print("best λ beats the smallest and the largest, for each seed:", bool(np.min(gains) > 1))

# %% [markdown]
# **Read it.**
# A tiny λ changes next to nothing: the network stores its wrong labels.
# With a moderate λ the training error rises to 20 % and more, and that is good news:
# one training label in five is wrong, so a network that has understood the digits *must* miss them.
# The dev error is at its lowest about there.
# With a large λ the penalty wins over the data, and both errors rise.
# At λ = 0.1 the network under L1 misses nine digits in ten,
# no better than one that gives the same answer to every image.
# Under L2 it still reads about half of them.
#
# There is no formula for the right λ.
# Try values spaced by factors of 3 or 10, over several seeds, and take the one with the lowest dev error.
# The two penalties need different values: the λ that suits L2 best is too strong for L1.
# And λ belongs to a scale: it changes with the loss, with the size of the inputs and with the convention.

# %% [markdown]
# ## 10. Convert between conventions
#
# **Derive.**
# Every library has its own idea of what λ multiplies.
# Two things differ: a factor ½ in front of the squares,
# and whether the data loss is a mean over the $n$ examples or a sum.
# The recipe is always the same: bring both objectives to the form $J + \lambda \cdot$ penalty, and compare.
# Multiplying a whole objective by a positive number does not move its minimum, so you may do that first.
#
# As an example take scikit-learn's `Lasso`.
# Let $X$ be the inputs, of shape $(n, d)$, $y$ the responses, of shape $(n{,})$, and $w$ the weights, of shape $(d{,})$.
# It minimizes
#
# $$\frac{1}{2n} \|y - Xw\|^2 + a\,\|w\|_1, \qquad \|v\|^2 = \textstyle\sum_i v_i^2, \quad \|w\|_1 = \sum_j |w_j| .$$
#
# Let our data loss be $J = \|y - Xw\|^2$. Multiply by $2n$: the first term is $J$, and so $\lambda = 2na$.
#
# The table does this for the libraries that you are likely to meet.
# The third column says which data loss $J$ it refers to.
#
# | library and parameter | its penalty | next to | λ of this course |
# |---|---|---|---|
# | books with ½: $\lambda'$ | $\frac12 \lambda' \lVert w\rVert^2$ | any $J$ | $\lambda'/2$ |
# | TensorFlow: $\beta$ `* tf.nn.l2_loss(w)` | $\frac12 \beta \lVert w\rVert^2$ | any $J$ | your turn, below |
# | Keras: `regularizers.L2(c)` | $c \lVert w\rVert^2$ | any $J$ | $c$ |
# | Keras: `regularizers.L1(c)` | $c \lVert w\rVert_1$ | any $J$ | $c$ |
# | PyTorch: `SGD(..., weight_decay=c)` | adds $c\,w$ to the gradient | any $J$ | $c/2$ (L2) |
# | scikit-learn: `Ridge(alpha=a)` | $a \lVert w\rVert^2$ | $\lVert y-Xw\rVert^2$ | $a$ |
# | scikit-learn: `Lasso(alpha=a)` | $a \lVert w\rVert_1$ | $\frac{1}{2n}\lVert y-Xw\rVert^2$ | $2na$, for $J=\lVert y-Xw\rVert^2$ |
# | scikit-learn: `SGDClassifier(alpha=a)`, L2 | $\frac12 a \lVert w\rVert^2$ | mean loss | $a/2$ |
# | scikit-learn: `SGDClassifier(alpha=a)`, L1 | $a \lVert w\rVert_1$ | mean loss | $a$ |
# | glmnet: `lambda = a`, `alpha = 1` (L1) | $a \lVert w\rVert_1$ | $\frac{1}{2n}\lVert y-Xw\rVert^2$ | $2na$, for $J=\lVert y-Xw\rVert^2$ |
# | glmnet: `lambda = a`, `alpha = 0` (L2) | $\frac12 a \lVert w\rVert^2$ | $\frac{1}{2n}\lVert y-Xw\rVert^2$ | $na$, for $J=\lVert y-Xw\rVert^2$ |
#
# glmnet's rows hold for its documented objective.
# Unless told otherwise, it also scales the columns of $X$ first.
# And it always scales $y$ to a standard deviation of 1.
# For L1 that cancels out; for L2 it divides your `lambda` by the standard deviation of $y$.
#
# <details><summary>Hint: the steps for glmnet's L2</summary>
#
# $\frac{1}{2n}\|y-Xw\|^2 + \frac{a}{2}\|w\|^2$, multiplied by $2n$, is $\|y-Xw\|^2 + na\,\|w\|^2$.
#
# </details>

# %% [markdown]
# **Predict.**
# A TensorFlow program minimizes `loss + beta * tf.nn.l2_loss(W)` with `beta = 0.02`.
# `tf.nn.l2_loss(W)` is $\sum W^2 / 2$, in spite of its name neither the norm nor its square.
# Which `lam` in your `l2_update` takes the same step?
#
# - **a** `lam = 0.04`
# - **b** `lam = 0.01`
# - **c** `lam = 0.02`
# - **d** It depends on the learning rate.

# %% role="answer" key="tensorflow_lambda"
tensorflow_lambda = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
tensorflow_lambda = "b"
# END SOLUTION

# %% role="check" key="tensorflow_lambda" points=1
check("tensorflow_lambda")

# %% [markdown]
# **Explore.**
# Here is one step of each deep-learning library, written out in NumPy from its documentation.
# If the table is right, your updates take the same step.

# %%
w_now, grad_now = np.random.default_rng(0).normal(size=(2, 4, 3))
lr, c = 0.1, 0.03
steps = {
    "TensorFlow l2_loss": (w_now - lr * (grad_now + c * w_now), l2_update, c / 2),
    "Keras L2": (w_now - lr * (grad_now + 2 * c * w_now), l2_update, c),
    "Keras L1": (w_now - lr * (grad_now + c * np.sign(w_now)), l1_update, c),
    "PyTorch weight_decay": (w_now - lr * (grad_now + c * w_now), l2_update, c / 2),
}
for library, (step, rule_of_mine, lam_of_mine) in steps.items():
    print(
        f"{library:21} same step:",
        np.allclose(step, rule_of_mine(w_now, grad_now, lr, lam_of_mine)),
    )

# %% [markdown]
# **Find what is wrong.**
# Now read a program in the style of TensorFlow 1, as it was common in 2018.
# It is meant to minimize the mean loss plus L1 with $\lambda = 1$.
# It has four faults. Look for them before you unfold.
#
# ```python
# losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)   # shape (N,)
# l1 = tf.contrib.layers.l1_regularizer(scale=1)
# penalty = tf.contrib.layers.apply_regularization(l1, tf.trainable_variables())
# cost = losses + penalty
# cost = cost + tf.losses.get_regularization_loss()
# train_step = tf.train.GradientDescentOptimizer(0.05).minimize(cost)
# ```
#
# <details><summary>Four faults</summary>
#
# 1. `losses` is a vector of $N$ numbers; its mean is missing.
#    TensorFlow differentiates the *sum* of a vector, and `penalty` has been added to each of its entries.
#    So loss and penalty are both $N$ times too large: their balance is right, but each step is $N$ times too long.
#    Had the losses been summed first and the penalty added once, the penalty would be $N$ times too weak.
# 2. `tf.trainable_variables()` holds the biases, too, and they are penalized.
# 3. `apply_regularization` also files the penalty in a collection,
#    and `get_regularization_loss` adds that up: the penalty counts twice.
# 4. `scale=1` is an integer, and this function wants a float: it raises an error.
#
# </details>
#
# The next cell checks the first fault on a linear model with $N = 8$ examples.

# %%
rng_small = np.random.default_rng(0)
X_small, y_small, w_small = (
    rng_small.normal(size=(8, 3)),
    rng_small.normal(size=8),
    np.array([1.0, -2.0, 0.5]),
)
each = 2 * (X_small @ w_small - y_small)[:, None] * X_small  # (8, 3): one gradient an example
meant = each.mean(axis=0) + np.sign(w_small)
vector = (each + np.sign(w_small)).sum(axis=0)
summed = each.sum(axis=0) + np.sign(w_small)
print("a vector of costs: the step is longer by", (vector / meant).round(6))
print(
    "summed losses act as λ/8:", np.allclose(summed / 8, each.mean(axis=0) + np.sign(w_small) / 8)
)

# %% [markdown]
# **Read it.**
# A factor of 2 or of $N$ in front of λ raises no error.
# It trains a different network from the one you meant.
# When you take over a λ from somebody else, ask two things: is there a ½, and is the loss a mean?

# %% [markdown]
# ## In practice
#
# You will seldom write these updates yourself.
# These are the calls, by their current names:
#
# | library | L2 | L1 |
# |---|---|---|
# | Keras | `Dense(50, kernel_regularizer=keras.regularizers.L2(lam))` | `Dense(50, kernel_regularizer=keras.regularizers.L1(lam))` |
# | PyTorch | `torch.optim.SGD(model.parameters(), lr=lr, weight_decay=2 * lam)` | no option: add `lam * sum(p.abs().sum() for p in weights)` to the loss |
# | scikit-learn | `Ridge(alpha=lam)`, `SGDClassifier(penalty="l2", alpha=2 * lam)` | `Lasso(alpha=lam / (2 * n))`, `SGDClassifier(penalty="l1", alpha=lam)` |
#
# Some things to know.
# Keras penalizes weights only, since a layer's `bias_regularizer` is another argument.
# PyTorch's `weight_decay` takes *every* parameter that you hand over, biases included:
# give weights and biases as two groups to avoid that.
# And the L1 of Keras, or of a sum added to a PyTorch loss, is the plain step: no exact zeros.
# scikit-learn's `Lasso` gives exact zeros, and so does its `SGDClassifier`, which cuts the step off at 0.
#
# The next cell lets your updates run to the end on the diabetes data (442 patients, 10 inputs)
# and compares the result with scikit-learn's.
# $J = \|y - Xw\|^2$ has the gradient $2X^\top(Xw - y)$.

# %%
from sklearn.linear_model import Lasso, Ridge

diabetes = load_diabetes()
X_dia, y_dia = diabetes.X, diabetes.y - diabetes.y.mean()
n = len(y_dia)
w_ridge, w_lasso = np.zeros(10), np.zeros(10)
for _ in range(20_000):
    w_ridge = l2_update(w_ridge, 2 * X_dia.T @ (X_dia @ w_ridge - y_dia), 0.09, lam=1.0)
    w_lasso = proximal_l1_update(w_lasso, 2 * X_dia.T @ (X_dia @ w_lasso - y_dia), 0.09, lam=400.0)
ridge = Ridge(alpha=1.0, fit_intercept=False).fit(X_dia, y_dia)
lasso = Lasso(alpha=400.0 / (2 * n), fit_intercept=False, tol=1e-12, max_iter=100_000).fit(
    X_dia, y_dia
)
print("Ridge equal to six digits:", np.allclose(w_ridge, ridge.coef_, rtol=1e-6, atol=1e-6))
print("Lasso equal to six digits:", np.allclose(w_lasso, lasso.coef_, rtol=1e-6, atol=1e-6))
print("exact zeros, ours and theirs:", np.sum(w_lasso == 0), np.sum(lasso.coef_ == 0))

# %% [markdown]
# The next cell checks two more rows of the table.
# `SGDRegressor` takes one step for each patient; with shuffling off, your `l2_update` can follow it step by step.
# And the gradient of glmnet's objective vanishes at the weights that `Ridge(alpha=n * a)` finds.

# %%
from sklearn.linear_model import SGDRegressor

options = {"learning_rate": "constant", "eta0": 0.05, "shuffle": False, "fit_intercept": False}
library_sgd = SGDRegressor(alpha=0.1, max_iter=1, tol=None, **options).fit(X_dia, y_dia)
w_sgd = np.zeros(10)
for x_row, y_row in zip(X_dia, y_dia, strict=True):
    w_sgd = l2_update(w_sgd, (x_row @ w_sgd - y_row) * x_row, 0.05, lam=0.1 / 2)
print("SGDRegressor follows l2_update:", np.allclose(w_sgd, library_sgd.coef_, rtol=1e-9))
w_glm = Ridge(alpha=0.002 * len(y_dia), fit_intercept=False).fit(X_dia, y_dia).coef_
slope_glm = X_dia.T @ (X_dia @ w_glm - y_dia) / len(y_dia) + 0.002 * w_glm
print("glmnet's slope there is 0:", np.allclose(slope_glm, 0, atol=1e-9))

# %% [markdown]
# ## Extension, not graded: weight decay under Adam
#
# *About 2 minutes to read and run, longer if you play with it.*
#
# For plain gradient descent "an L2 term in the loss" and "weight decay" are one rule, as you saw in unit 3.
# For other optimizers they are two.
# Adam divides each step by a running root mean square of the gradients, entry by entry.
# If the slope $2\lambda w$ of the penalty is part of the gradient, it gets divided, too:
# a weight whose gradients are large is hardly decayed.
# AdamW takes the decay out of the gradient and applies it to the weight itself, as the factor $1 - 2\alpha\lambda$.
#
# **Predict.**
# Three groups of weights start at 1.
# Their loss is flat, but their gradients are noisy, with standard deviations of 0.1, 1 and 10.
# You take 1,000 steps with $2\alpha\lambda = 0.001$.
# Plain decay would leave $0.999^{1000} \approx 0.37$ of each weight.
# What is left under Adam with an L2 term, and what under AdamW?


# %%
def mean_after_adam(noise, decoupled, seed, *, lr=0.01, lam=0.05, steps=1000):
    """Return the mean of 400 weights that start at 1, after Adam with an L2 term or AdamW."""
    rng = np.random.default_rng(seed)
    w, m, v = np.ones(400), np.zeros(400), np.zeros(400)
    for k in range(1, steps + 1):
        grad = noise * rng.normal(size=400) + (0 if decoupled else 2 * lam * w)
        m, v = 0.9 * m + 0.1 * grad, 0.999 * v + 0.001 * grad**2
        adam = (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        w = w - lr * adam - (2 * lr * lam * w if decoupled else 0)
    return w.mean()


for noise in (0.1, 1.0, 10.0):
    left = [[mean_after_adam(noise, way, seed) for seed in range(5)] for way in (False, True)]
    in_loss, decoupled = np.round(np.mean(left, axis=1), 1) + 0.0
    print(f"noise {noise:4}: left with an L2 term {in_loss}, with AdamW {decoupled}")

# %% [markdown]
# **Read it.**
# With the L2 term, what is left depends on the noise of the gradient:
# nothing of the quiet weights, nine tenths of the noisy ones.
# AdamW leaves 0.4 of each, as plain decay does.
# So a `weight_decay` of 0.01 means one thing in `torch.optim.Adam` and another in `torch.optim.AdamW`.
# When you take over a λ, take over the optimizer that it was tuned with.

# %% [markdown]
# ## Further reading
#
# - T. Hastie, R. Tibshirani and J. Friedman, *The Elements of Statistical Learning*, 2nd ed. (2009), section 3.4.
#   The same two penalties for linear regression, on data that you will meet in lesson 2.
# - R. Tibshirani, *Regression shrinkage and selection via the lasso*, JRSS B 58 (1996).
#   The paper that made L1 famous; its figure 2 is where lesson 2 begins.
# - N. Parikh and S. Boyd, *Proximal algorithms*, Foundations and Trends in Optimization 1 (2014).
#   What the step of unit 5 is an instance of, and why it converges.
# - Y. Tsuruoka, J. Tsujii and S. Ananiadou,
#   *Stochastic gradient descent training for L1-regularized log-linear models with cumulative penalty*, ACL (2009).
#   How to get exact zeros in spite of noisy gradients; scikit-learn's SGD uses it.
# - I. Loshchilov and F. Hutter, *Decoupled weight decay regularization*, ICLR (2019), arXiv:1711.05101.
#   The extension above, at the scale of real networks.
#
# ## See what you have earned

# %%
scorecard("01_l1_l2_updates")
