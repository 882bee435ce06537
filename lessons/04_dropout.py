# %% [markdown]
# # Switch units off at random: dropout
#
# In lesson 0 a network stored wrong labels, with all its units there all the time.
# Dropout takes that certainty away: at each step of the training, each unit is switched off with some probability.
# It takes one line of code.
# In this lesson you find out what that line does to a sum, to a gradient, to a linear model and to a network,
# and what is lost when a single factor in it goes wrong.
#
# **After this lesson you can**
#
# - write dropout forward and backward, and explain the factor $1/p$ in it;
# - compute the mean and the variance that it leaves behind, and verify both;
# - tell what to do with it on new examples, and recognize a program that does something else;
# - state what a network without dropout has to do with an average over all thinned networks, and where this is exact;
# - derive ridge from dropout, and say what a spread of predictions tells and what it does not.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Switch units off, and keep the mean | 28 | 6 |
# | 2. Go back through the same mask | 10 | 2 |
# | 3. Know how much noise you add | 12 | 3 |
# | 4. Switch it off for new examples | 7 | 1 |
# | 5. See what it brings on few digits | 9 | |
# | 6. Average over all thinned networks | 11 | 1 |
# | **core path** | **77** | **13** |
# | 7. Recognize ridge | 18 | 5 |
# | 8. Ask a network how sure it is | 14 | 2 |
# | In practice, further reading | 5 | |
# | **second part** | **37** | **7** |
#
# The minutes are estimates, made as lesson 0, unit 1 tells.
# The second part can wait for another day.

# %% [markdown]
# Run the set-up cell first.
# It imports what you need, and loads the digits, the prostate data of lesson 2,
# and a few results of other libraries to compare with.
# Your answers may use all of it, since grading runs this cell before them.

# %%
from functools import cache, partial
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.checking import check, scorecard
from utils.data import flip_labels, load_mnist, load_prostate, split
from utils.golden import load_golden
from utils.images import warp
from utils.network import Network
from utils.training import train

figures.use_style()
mnist, prostate, golden = load_mnist(), load_prostate(), load_golden()

# %% [markdown]
# ## 1. Switch units off, and keep the mean
#
# **Derive.**
# Let $x$, of shape $(n, d)$, hold the activations of a layer: $n$ examples, $d$ units.
# For each of its entries toss a coin of its own.
# Let $R_{ij}$ be 1 with probability $p$ and 0 with probability $1 - p$, all of them independent of each other.
# The number $p$, with $0 < p \le 1$, is the probability of *keeping* a unit. In code it is `keep_prob`.
# Dropout in its first form passes on $R \circ x$, of shape $(n, d)$, where $\circ$ multiplies entry by entry.
# Each step of the training tosses anew.
#
# The next layer forms sums of this, with weights $w_j$, numbers.
# Since $\mathrm{E}\, R_{ij} = p \cdot 1 + (1 - p) \cdot 0 = p$, where $\mathrm{E}$ is the expectation,
#
# $$\mathrm{E} \sum_{j=1}^{d} w_j R_{ij} x_{ij} = p \sum_{j=1}^{d} w_j x_{ij} .$$
#
# On a new example you want no coins. All units are there, and the sum on the right has no factor $p$.
# So it is $1/p$ times as large as the mean that the next layer has learned from.
# There are two ways out.
#
# 1. Multiply the weights by $p$ once the training is over. The paper that made dropout known does this.
# 2. Divide by $p$ during the training. This is called *inverted dropout*, and libraries do it today.

# %% [markdown]
# The second way leaves nothing to do afterwards.
# Put the factor into the mask, $M_{ij} = R_{ij} / p$, which is 0 or $1/p$. Then
#
# $$\mathrm{E}\, M_{ij} = p \cdot \frac1p + (1 - p) \cdot 0 = 1,
# \qquad
# \mathrm{E}\,(M_{ij}\, x_{ij}) = x_{ij},
# \qquad
# \mathrm{E} \sum_{j=1}^{d} w_j M_{ij} x_{ij} = \sum_{j=1}^{d} w_j x_{ij} .$$
#
# This explains the $1/p$: it keeps the mean of each entry, and so of each sum.
# Note what it does not say.
# A single sum may be far from its mean: unit 3 is about that.
# And the mean of a *curved* function of a sum is something else again: see unit 6.
#
# Note also that each entry has a coin of its own.
# The number of kept units is random, too. To keep exactly $pd$ of them in each row would be another method.

# %% [markdown]
# **Derive** how the two ways of counting are related.
# Some count by `keep_prob`, the probability of keeping, and others by the `rate` $1 - p$, the probability of dropping.
# A unit that is kept with 0.8 is dropped with 0.2.
# The value 0.5 means the same in both, which does not help to tell them apart.
# TensorFlow changed from one to the other between its versions 1 and 2: `tf.nn.dropout(x, keep_prob)` became `tf.nn.dropout(x, rate)`.

# %% [markdown]
# **Predict.**
# A program of 2018 holds the line `h = tf.nn.dropout(h, 0.8)`, with the second argument given by its place.
# `h` is an array of 1,000 ones.
# You run the line under TensorFlow 1 and, unchanged, under TensorFlow 2.
# What comes out?
#
# - **a** Both times about 800 entries are 1.25 and the others 0.
# - **b** TensorFlow 1: about 800 entries are 1, the others 0. TensorFlow 2: about 200 entries are 5, the others 0.
# - **c** TensorFlow 1: about 800 entries are 1.25, the others 0. TensorFlow 2: about 200 entries are 5, the others 0.
# - **d** TensorFlow 1: about 800 entries are 1.25, the others 0. TensorFlow 2 stops with an error, since the argument has another name now.

# %% role="answer" key="keep_or_rate"
keep_or_rate = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
keep_or_rate = "c"
# END SOLUTION

# %% role="check" key="keep_or_rate" points=1
check("keep_or_rate")

# %% [markdown]
# **Explore.**
# `golden`, from the set-up cell, holds what the two versions returned for this very line.
# The cell counts the values in each.

# %%
for version in ("tf1", "tf2"):
    entries, counts = np.unique(golden[f"dropout_{version}_flip"], return_counts=True)
    found = {round(float(v), 2): int(c) for v, c in zip(entries, counts, strict=True)}
    mean_out = golden[f"dropout_{version}_flip"].mean()
    print(f"{version}: value and how often: {found}, mean {mean_out:.2f}")

# %% [markdown]
# **Read it.**
# Both means are close to 1, as they should be, so no later sum looks suspicious.
# But TensorFlow 2 has dropped four units in five.
# Its present version does so without a word.
# If you meet an old program, look for this line first, and name the argument: `rate=0.2`.

# %% [markdown]
# **Derive** one more thing: masks that are shared.
# A mask need not have the shape of $x$. It only has to *broadcast* against it:
# where an axis of the mask has size 1, all entries of $x$ along this axis share one coin.
# TensorFlow and Keras call the shape of the mask `noise_shape`, and so do we.
# It has one entry for each axis of $x$, which is 1 or the size of that axis.
# For $x$ of shape $(n, d)$, the `noise_shape` `(1, d)` drops the same units for all examples.
#
# This is of use for images.
# The values of a feature map at neighboring places are much alike.
# If one of them is dropped, its neighbors still tell what it was. So one drops whole maps.

# %% [markdown]
# **Predict.**
# `x` holds the outputs of a convolution: shape (32, 28, 28, 16), for 32 images with 16 feature maps of 28 × 28 each.
# You call `dropout_forward(x, 0.8, rng, noise_shape=(32, 1, 1, 16))`.
# How many numbers of the mask are drawn independently, and what is dropped?
#
# - **a** 512: each feature map of each image is dropped or kept as a whole.
# - **b** 401,408: one for each entry of `x`, as without `noise_shape`.
# - **c** 16: the same feature maps are dropped in all 32 images.
# - **d** 784: a place of the image is dropped in all images and feature maps.

# %% role="answer" key="shared_mask"
shared_mask = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
shared_mask = "a"
# END SOLUTION

# %% role="check" key="shared_mask" points=1
check("shared_mask")

# %% [markdown]
# **Implement** `dropout_forward`.
# It returns the output and the mask, since the way back will need the mask.
# With `train=False` there are no coins: `x` comes back unchanged, with a mask of ones.
# A `keep_prob` of 0 would divide by 0, and one above 1 is no probability:
# both must raise a `ValueError`, whatever `train` is.
#
# <details><summary>Hint: how to toss the coins</summary>
#
# `rng.random(shape)` draws numbers that are uniform between 0 and 1.
# Such a number is smaller than $p$ with probability $p$.
#
# </details>
# <details><summary>Hint: the shape of the mask</summary>
#
# `x.shape if noise_shape is None else noise_shape`. NumPy broadcasts by itself when you write `x * mask`.
#
# </details>


# %% role="answer" key="dropout_forward"
def dropout_forward(x, keep_prob, rng, train=True, noise_shape=None):
    """Return inverted dropout of x and its mask: out = x ∘ M, with M = 1/p with probability p, else 0.

    Parameters
    ----------
    x : ndarray
        Activations, of any shape; not changed.
    keep_prob : float
        The probability p of keeping an entry, 0 < p ≤ 1.
    rng : numpy.random.Generator
        Tosses the coins.
    train : bool
        False: no dropout, as for new examples.
    noise_shape : tuple of int, optional
        The shape of the mask: for each axis of `x` its size, or 1 to share the coin along it.

    Returns
    -------
    out : ndarray
        In the shape of `x`; `x` itself for train=False.
    mask : ndarray
        Entries 0 or 1/p, in the shape of `x` or `noise_shape`; ones for train=False.

    Raises
    ------
    ValueError
        If `keep_prob` is not in (0, 1].
    """
    # BEGIN SOLUTION
    if not 0 < keep_prob <= 1:
        raise ValueError(f"keep_prob must be in (0, 1]; it was {keep_prob}")
    shape = x.shape if noise_shape is None else noise_shape
    if not train:
        return x, np.ones(shape)
    mask = (rng.random(shape) < keep_prob) / keep_prob
    return x * mask, mask
    # END SOLUTION


# %% [markdown]
# **Try** it on an array of ones with $p = 0.8$.
# Entries must be 0 or $1/0.8 = 1.25$, four in five of them 1.25.
# With $p = 1$ and with `train=False` nothing may happen at all.

# %%
ones = np.ones((100, 1000))
tried = dropout_forward(ones, 0.8, np.random.default_rng(0))[0]
print("entries:", np.unique(tried), "  share kept:", round(float(np.mean(tried > 0)), 2))
for options in ({"keep_prob": 1.0}, {"keep_prob": 0.8, "train": False}):
    same = dropout_forward(ones, rng=np.random.default_rng(0), **options)[0] == ones
    print(options, "changes nothing:", bool(same.all()))

# %% role="check" key="dropout_forward" points=4
check("dropout_forward")

# %% [markdown]
# **Explore** the mean.
# A layer has 100 activations and one row of weights, all random.
# The next function puts 10,000 copies of it through your `dropout_forward`
# and returns the mean of the next layer's sum, as a part of the sum without dropout:
# first with masks of 0 and 1, then with your masks.


# %%
def mean_of_sums(keep_prob, seed):
    """Return the mean of the next layer's sum over 10,000 masks, plain and inverted, relatively."""
    rng = np.random.default_rng(seed)
    x, w = rng.uniform(0.5, 1, size=(2, 100))
    out, mask = dropout_forward(np.tile(x, (10_000, 1)), keep_prob, rng)
    sums = np.array([np.mean((x * (mask > 0)) @ w), np.mean(out @ w)])
    return sums / (x @ w)


for keep_prob in (0.9, 0.5, 0.1):
    ratios = np.array([mean_of_sums(keep_prob, seed) for seed in range(5)])  # (5, 2)
    print(f"p = {keep_prob}: plain {ratios[:, 0].round(2)}  inverted {ratios[:, 1].round(2)}")

# %% [markdown]
# With plain masks the mean is $p$ times the sum, with inverted masks it is the sum itself.
#
# Next, look at shared masks.
# Eight copies of a digit stand for eight feature maps.
# The upper row has a coin for each pixel, the lower row one for each map. In both, $p = 0.7$.

# %%
maps = np.repeat(mnist.X[2500].reshape(1, 28, 28, 1), 8, axis=3)  # (1, 28, 28, 8)
mask_figure, mask_axes = plt.subplots(2, 8, figsize=(10, 2.8))
for row, shape in zip(mask_axes, (None, (1, 1, 1, 8)), strict=True):
    dropped = dropout_forward(maps, 0.7, np.random.default_rng(1), noise_shape=shape)[0]
    figures.plot_digits(dropped[0].transpose(2, 0, 1), axes=row)
mask_axes[0, 0].set_title("noise_shape=None: a coin for each pixel", loc="left", fontsize=10)
mask_axes[1, 0].set_title("noise_shape=(1, 1, 1, 8): a coin for each map", loc="left", fontsize=10)
figures.show(
    mask_figure,
    alt="Eight copies of a handwritten five, twice. Upper row: each has lost pixels here and there, and can "
    "still be read. Lower row: some copies are complete, the others are blank, since "
    "one coin is thrown for a whole copy.",
)

# %% [markdown]
# **Explore** the live figure.
# It shows a network with two hidden layers of 6 and 5 units, which thin out as you lower `keep_prob`.
# On the right are the activations of the first hidden layer, before and after dropout in one draw.
# Below are means over up to 1,000 draws, with the exact expected values:
# of the sum $z$ that the ringed unit gets, of what its ReLU makes of it, and of an output.
#
# Before you touch anything: what happens to the mean of $z$, with and without the division by `keep_prob`, as $p$ falls to 0.1?
# What happens to the few activations that are kept?
# And does the division hold the other two means, too?

# %%
from utils import widgets

widgets.DropoutNetwork()

# %% [markdown]
# **Read it.**
# The factor $1/p$ holds the mean of $z$ where it was, for every $p$.
# It pays for this with size: what is kept gets larger as $p$ gets smaller, ten times as large at $p = 0.1$.
# Behind the ReLU the mean is no longer held: it is 0.58 without dropout and 0.67 at $p = 0.5$. Unit 6 comes back to this.
#
# And about the picture of the digits: a pixel that is lost in the upper row can be guessed from its neighbors.
# A map that is lost in the lower row is lost.

# %% [markdown]
# ## 2. Go back through the same mask
#
# **Derive.**
# To train through dropout you need its gradient.
# Let $J$, a number, be the loss, and $\partial J / \partial \mathrm{out}$, of the shape of $x$, its gradient with respect to the output.
# Each $x_{ij}$ appears in one entry of the output, $\mathrm{out}_{ij} = M_{ij}\, x_{ij}$, and $M_{ij}$ does not depend on $x$. So
#
# $$\frac{\partial J}{\partial x_{ij}} = \frac{\partial J}{\partial \mathrm{out}_{ij}}\; M_{ij} .$$
#
# If the mask is shared, $M_{ij}$ is whatever was broadcast to the entry $ij$. Nothing is summed:
# the gradient is with respect to $x$, and $x$ is not shared.
#
# A unit that was dropped gets the gradient 0.
# So in this step, the weights that lead into it learn nothing from this example.
# A unit that was kept gets $1/p$ times what came back.
#
# The mask has to be the one of the way forward.
# This is why `dropout_forward` returns it, and why the function for the way back has no `rng`.

# %% [markdown]
# **Predict.**
# A program draws a *new* mask on the way back, with $p = 0.5$.
# For what share of the entries is its gradient wrong?
# And would you notice it, looking at the training?
#
# **Implement** `dropout_backward`.


# %% role="answer" key="dropout_backward"
def dropout_backward(dout, mask):
    """Return the gradient of the loss with respect to the input of dropout.

    Parameters
    ----------
    dout : ndarray
        ∂J/∂out, in the shape of the output; not changed.
    mask : ndarray
        The mask that `dropout_forward` returned, which broadcasts against `dout`.

    Returns
    -------
    ndarray
        ∂J/∂x, in the shape of `dout`.
    """
    # BEGIN SOLUTION
    return dout * mask
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# With $p = 0.5$ the first and the third of three units were kept.
# The gradient with respect to the output is $(3, 1, 0.5)$, so you should get $(6, 0, 1)$.

# %%
dropout_backward(np.array([[3.0, 1.0, 0.5]]), np.array([[2.0, 0.0, 2.0]]))

# %% role="check" key="dropout_backward" points=2
check("dropout_backward")

# %% [markdown]
# **Explore.**
# Check the gradient with central differences, as in lesson 1, unit 2.
# The loss is $\sum_{ij} g_{ij}\,\mathrm{out}_{ij}$ with random numbers $g$, of the shape of $x$, so that $g$ is the gradient with respect to the output.
# Each evaluation of the loss begins with the same seed, and so with the same mask.
# The last column takes the mask of another seed on the way back.


# %%
def gradient_misses(seed, noise_shape, eps=1e-5):
    """Return the share of wrong entries, in %, with the right mask and with a new one."""
    x, g = np.random.default_rng(seed).normal(size=(2, 20, 30))

    def forward(values, seed):
        return dropout_forward(values, 0.5, np.random.default_rng(seed), noise_shape=noise_shape)

    def loss(values):
        return np.sum(g * forward(values, seed)[0])

    shifts = eps * np.eye(600).reshape(600, 20, 30)
    numerical = [(loss(x + shift) - loss(x - shift)) / (2 * eps) for shift in shifts]
    analytic = [dropout_backward(g, forward(x, s)[1]).ravel() for s in (seed, seed + 1000)]
    return [round(100 * np.mean(np.abs(a - numerical) > 1e-6)) for a in analytic]


for noise_shape in (None, (1, 30)):
    rows = [gradient_misses(seed, noise_shape) for seed in range(5)]
    same_mask, new_one = np.transpose(rows).tolist()
    print(f"noise_shape {noise_shape!s:8} wrong in %: mask kept {same_mask}, drawn anew {new_one}")

# %% [markdown]
# With a new mask half of the entries are wrong:
# the two masks differ wherever one coin of the two shows heads and the other tails.
# With a mask that is shared by the rows there are only 30 coins, and so the share varies more.
#
# Would you notice it in a training?
# The course's network takes dropout as a function of `x` and `rng` that returns the pair `(out, mask)`,
# and multiplies by that mask on its way back.
# So the mistake is easy to make on purpose.
# The last of the next three functions trains a network with two hidden layers on 500 digits.


# %%
def kept_mask(x, rng):
    """Return dropout with p = 0.5 and its mask."""
    return dropout_forward(x, 0.5, rng)


def new_mask(x, rng):
    """Return dropout with p = 0.5 and, by mistake, a mask drawn anew."""
    return dropout_forward(x, 0.5, rng)[0], dropout_forward(x, 0.5, rng)[1]


def errors_with(dropout, seed):
    """Return the training and the dev error, in %, after training with this dropout."""
    rng = np.random.default_rng(seed)
    digits, dev = split(mnist.X, mnist.y, (500, 1000), rng)
    network = Network((784, 100, 100, 10), rng)
    train(network, *digits, epochs=25, lr=0.2, rng=rng, batch_size=50, dropout=dropout)
    return 100 * network.error(*digits), 100 * network.error(*dev)


# %% [markdown]
# Train with both, from five seeds, and look at what the mistake costs, in points.
# Do you expect it to show on the training digits, on the dev digits, or on both?

# %%
both_masks = np.array(
    [[errors_with(dropout, seed) for seed in range(5)] for dropout in (kept_mask, new_mask)]
)  # (2, 5, 2)
worse = both_masks[1] - both_masks[0]  # (5, 2): what the mistake costs, in points
for name, points in zip(("training", "dev"), worse.T, strict=True):
    print(
        f"a mask drawn anew makes the {name} error larger in each seed: {bool(np.all(points > 0))},"
    )
    print(f"  and by more than 5 points on average: {bool(points.mean() > 5)}")
most_read = bool(np.all(both_masks[1, :, 1] < 50))
print("even so, most dev digits are read right in each seed:", most_read)

# %% [markdown]
# **Read it.**
# The training with wrong gradients does not break. It ends, and it reads most digits.
# But it is worse, on the training digits and on others, for each of the five seeds, though by more for some than for others.
# Nothing in such errors says "wrong mask". A gradient check says so at once.

# %% [markdown]
# ## 3. Know how much noise you add
#
# **Derive.**
# The mean stays. What about the spread around it?
# An entry $x_{ij}$ becomes $M_{ij} x_{ij}$, with the variance $\mathrm{Var}(M_{ij}\, x_{ij}) = x_{ij}^2\, \mathrm{Var}\, M_{ij}$.
# $M_{ij}^2$ is $1/p^2$ with probability $p$ and otherwise 0, so
#
# $$\mathrm{Var}\, M_{ij} = \mathrm{E}\, M_{ij}^2 - (\mathrm{E}\, M_{ij})^2 = p \cdot \frac{1}{p^2} - 1 = \frac{1 - p}{p},
# \qquad
# \mathrm{Var}(M_{ij}\, x_{ij}) = \frac{1 - p}{p}\; x_{ij}^2 .$$
#
# The standard deviation is proportional to $|x_{ij}|$: a unit that is 0 has no noise.
#
# **Predict.**
# By which factor is the variance larger for $p = 0.1$ than for $p = 0.5$?
# And does a sum of many equal activations with dropout have more noise, relative to its mean, than a single one, or less?
#
# **Implement** `dropout_moments`: the mean and the variance of inverted dropout's output, entry by entry.
# Both are exact. Nothing is drawn.


# %% role="answer" key="dropout_moments"
def dropout_moments(x, keep_prob):
    """Return mean and variance of inverted dropout's output, entry by entry.

    Parameters
    ----------
    x : ndarray
        Activations, of any shape; not changed.
    keep_prob : float
        The probability p of keeping an entry, 0 < p ≤ 1.

    Returns
    -------
    mean, variance : ndarray
        In the shape of `x`.
    """
    # BEGIN SOLUTION
    return x.copy(), (1 - keep_prob) / keep_prob * x**2
    # END SOLUTION


# %% [markdown]
# **Try** it by hand with $p = 0.8$, where $(1 - p)/p = 1/4$.
# The means of 2, −3 and 0 are themselves, and the variances are 4/4, 9/4 and 0.

# %%
for moment in dropout_moments(np.array([2.0, -3.0, 0.0]), 0.8):
    print(moment.round(6))

# %% role="check" key="dropout_moments" points=3
check("dropout_moments")

# %% [markdown]
# **Derive** the noise of a sum.
# The masks are independent, so the variances add up:
#
# $$\mathrm{Var} \sum_{j=1}^{d} w_j M_{ij} x_{ij} = \frac{1 - p}{p} \sum_{j=1}^{d} w_j^2\, x_{ij}^2 .$$
#
# If all $d$ contributions $w_j x_{ij}$ are equal, the standard deviation is $\sqrt{(1 - p)/(p\,d)}$ of the mean:
# the noise averages out as $d$ grows.
# If the $d$ units share one coin, the whole sum is multiplied by it,
# the variance is $\frac{1 - p}{p} \bigl(\sum_j w_j x_{ij}\bigr)^2$, and nothing averages out.
#
# **Explore.**
# Measure both against the formulas, with 40,000 masks for each of five seeds.
# The first column is the variance of 50 single entries, measured over `dropout_moments`, on average.
# The other two are variances of sums, over the two formulas.


# %%
def variance_ratios(keep_prob, seed):
    """Return measured over derived variance: of entries, of a sum, of a sum with a shared coin."""
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=50), rng.uniform(0.5, 1, size=50)
    copies = np.tile(x, (40_000, 1))
    own = dropout_forward(copies, keep_prob, rng)[0]
    shared = dropout_forward(copies, keep_prob, rng, noise_shape=(40_000, 1))[0]
    variance = dropout_moments(x, keep_prob)[1]
    of_sum, of_shared = w**2 @ variance, (1 - keep_prob) / keep_prob * (w @ x) ** 2
    entries = np.mean(own.var(axis=0) / variance)
    return entries, (own @ w).var() / of_sum, (shared @ w).var() / of_shared


for keep_prob in (0.8, 0.5, 0.2):
    measured_over = np.array([variance_ratios(keep_prob, seed) for seed in range(5)])  # (5, 3)
    low, high = measured_over.min(axis=0).round(2), measured_over.max(axis=0).round(2)
    print(f"p = {keep_prob}: measured / derived from {low} to {high}")

# %% [markdown]
# All lie within a few percent of 1, as they should for measured variances.
# The figure shows what follows: the standard deviation of a sum of $d$ equal contributions, as a part of its mean.
# Lines are the formula, dots are measured with your `dropout_forward`, from five seeds.


# %%
def relative_spread(d, keep_prob, seed):
    """Return sd over mean of a sum of d equal contributions, measured with 2,000 masks."""
    out = dropout_forward(np.ones((2000, d)), keep_prob, np.random.default_rng(seed))[0]
    return out.sum(axis=1).std() / d


# %% [markdown]
# Where will the three curves begin and end? Decide before you draw them.

# %%
spread_axes = plt.subplots()[1]
p_line, p_dots = np.linspace(0.05, 1, 200), np.array([0.1, 0.3, 0.5, 0.7, 0.9])
for d, dash in ((1, "-"), (10, "--"), (100, ":")):
    spread_axes.plot(p_line, np.sqrt((1 - p_line) / (p_line * d)), dash, color="black")
    spread_axes.annotate(f"d = {d}", (0.15, np.sqrt(0.85 / 0.15 / d) + 0.1))
    for p in p_dots:
        measured = [relative_spread(d, p, seed) for seed in range(5)]
        spread_axes.plot([p] * 5, measured, "o", color=figures.COLORS["train"], markersize=4)
spread_axes.set(xlabel="keep_prob p", ylabel="standard deviation / mean", ylim=(0, 4))
spread_axes.set_title("The noise grows steeply for small p, and averages out over many units")
figures.show(
    spread_axes.figure,
    alt="Standard deviation over mean of a sum of d equal contributions, against keep_prob: three falling "
    "curves for d = 1, 10 and 100, the last close to 0 for most p. Measured dots lie on the curves.",
)

# %% [markdown]
# **Read it.**
# $(1 - p)/p$ is 9 for $p = 0.1$ and 1 for $p = 0.5$, so the factor is 9.
# It is ¼ for $p = 0.8$: going from 0.8 to 0.5 quadruples the variance.
# Relative to the mean, a sum of many equal contributions has less noise than a single one.
# So the same $p$ means less noise behind a wide layer than behind a narrow one.
# This needs contributions that do not cancel: where they do, the mean is small, and the variances add up all the same.
# And $p$ is not the whole story: a shared coin has the same $p$ and, on a sum, far more noise.

# %% [markdown]
# ## 4. Switch it off for new examples
#
# **Derive.**
# Dropout is for training. When you use the network, you want its best answer, and the same one each time.
# So a network with dropout has two modes.
# In *training mode* the masks are drawn. In *evaluation mode* the layer hands on what it gets.
# For inverted dropout this is all: the sums right behind the layer have the mean that they had in training.
# Whoever trains with plain masks has to multiply by $p$ in evaluation mode.
#
# Libraries do not know by themselves which of the two you want, at least not everywhere.
# In PyTorch `model.train()` and `model.eval()` switch a whole model, and a new model is in training mode.
# In Keras `fit` and `predict` choose for you, and a direct call takes `training=True` or `training=False`.
#
# **Find what is wrong.**
# An early tutorial for TensorFlow 1 builds a network like this:
#
# > `h = dropout(relu(x @ W1 + b1), 0.8)`, then `scores = h @ W2 + b2`.
# > The loss on the training digits is computed from `scores`, and so is the accuracy on the test digits.
#
# <details><summary>One fault</summary>
#
# There is no switch. The test digits go through dropout as well.
# One would hand in the probability with the data: 0.8 for training, 1 for the test.
#
# </details>

# %% [markdown]
# **Predict.**
# Two programs train the same network with dropout after its hidden layer, `keep_prob` = 0.5, and then read new digits.
# Program A uses inverted dropout, and forgets to switch it off for the new digits.
# Program B has masks of 0 and 1, without the $1/p$. For the new digits it switches dropout off and changes nothing else.
# What is wrong with their results?
#
# - **a** Nothing in either: on average the masks do no harm.
# - **b** A: two runs differ for some digits, and more are misread. B: the output layer gets sums twice as large as it learned from.
# - **c** A: the output layer gets sums twice as large as it learned from. B: two runs differ for some digits.
# - **d** A misreads fewer digits, since each is read by a thinned network like those in training. B: nothing.

# %% role="answer" key="evaluation_mode"
evaluation_mode = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
evaluation_mode = "b"
# END SOLUTION

# %% role="check" key="evaluation_mode" points=1
check("evaluation_mode")

# %% [markdown]
# **Explore.**
# The next cell has three functions for this unit and later ones.
# `dropout_network` trains a network on 1,000 digits, with your function as its dropout.
# `@cache` keeps the result: the same seed with the same function is trained only once.
# `scores` is the way forward through a network's layers, with whatever you want to do to the activations of its hidden layer.


# %%
@cache
def dropout_network(seed, forward):
    """Return a network trained with dropout, p = 0.5, and 1,000 other digits with their labels."""
    rng = np.random.default_rng(seed)
    digits, others = split(mnist.X.astype(np.float32), mnist.y, (1000, 1000), rng)
    network = Network((784, 100, 10), rng)
    options = {"epochs": 40, "lr": 0.2, "batch_size": 100}
    train(network, *digits, rng=rng, dropout=lambda x, rng: forward(x, 0.5, rng), **options)
    return network, others


def scores(network, X, change=lambda a: a):
    """Return the scores of the classes, (n, 10), with `change` applied to the hidden activations."""
    a = change(np.maximum(X @ network.weights[0] + network.biases[0], 0))
    return a @ network.weights[1] + network.biases[1]


def softmax(z):
    """Return the probabilities of the classes, in the shape of z: exp(z), scaled to a sum of 1."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# %% [markdown]
# With them, the two programs are a few lines.
# For plain masks, note that a network trained with masks of 0 and 1 is one trained with `plain_forward` below.
# Each program is compared with the right way to use the same network: dropout switched off for A, times $p$ for B.
# What counts is the share of misread digits, and the mean cross-entropy, which also notices if a network is too sure.


# %%
def plain_forward(x, keep_prob, rng):
    """Return dropout with a mask of 0 and 1, without the 1/p."""
    out, mask = dropout_forward(x, keep_prob, rng)
    return out * keep_prob, mask * keep_prob


def judged(z, y):
    """Return the share of misread digits in % and the mean cross-entropy of scores z."""
    return 100 * np.mean(z.argmax(axis=1) != y), -np.mean(np.log(softmax(z)[np.arange(len(y)), y]))


def compare_programs(seed):
    """Return error and cross-entropy of inverted, A, plain, B, and where A's calls differ, in %."""
    rng = np.random.default_rng(seed)
    network, (X, y) = dropout_network(seed, dropout_forward)
    calls = [scores(network, X, lambda a: dropout_forward(a, 0.5, rng)[0]) for _ in range(2)]
    plain, (X_b, y_b) = dropout_network(seed, plain_forward)
    found = [judged(scores(network, X), y), judged(calls[0], y)]
    found += [judged(scores(plain, X_b, lambda a: 0.5 * a), y_b), judged(scores(plain, X_b), y_b)]
    differ = 100 * np.mean(calls[0].argmax(axis=1) != calls[1].argmax(axis=1))
    return np.array(found), differ


# %% [markdown]
# Ten networks are trained now, two for each of five seeds.

# %%
results = [compare_programs(seed) for seed in range(5)]
table, differ = np.array([r[0] for r in results]), np.array([r[1] for r in results])  # (5, 4, 2)
for label, right in (("A: inverted, left on", 0), ("B: plain, as they are", 2)):
    more = table[:, right + 1, 0] - table[:, right, 0]
    times = table[:, right + 1, 1] / table[:, right, 1]
    print(
        f"{label:22} misreads {more.mean().round() + 0.0:2.0f} points more, in each seed:",
        bool(np.all(more > 0)),
    )
    print(
        f"{'':22} cross-entropy {times.mean():.1f} times as large, larger in each seed:",
        bool(np.all(times > 1)),
    )
print(f"two calls of A differ on {differ.mean():.0f} % of the digits")

# %% [markdown]
# **Read it.**
# A misreads more digits than the same network in evaluation mode, and two of its calls disagree on about one digit in eight.
# It reads each digit with a single thinned network, and a single one is worse than all of them together.
# B misreads about as many as it would with the factor $p$: twice the sums hardly change which class has the highest score.
# But it is too sure of itself, and the cross-entropy shows it.
# Whoever looks at the accuracy alone will not notice this mistake.

# %% [markdown]
# ## 5. See what it brings on few digits
#
# **Derive** a fair comparison.
# The paper of Srivastava and others (2014) has a table of regularized networks that read the digits of MNIST.
# They are trained on tens of thousands of digits, with 784 inputs, three hidden layers of 1024, 1024 and 2048 units, and 10 outputs.
#
# | method | misread test digits, as published |
# |---|---:|
# | L2 | 1.62 % |
# | L2 + L1 | 1.60 % |
# | L2 + KL-sparsity | 1.55 % |
# | max-norm | 1.35 % |
# | dropout + L2 | 1.25 % |
# | dropout + max-norm | 1.05 % |
#
# *KL-sparsity* charges for hidden units that are active too often.
# *Max-norm* is a budget for each unit: after a step, the weights that lead into it are projected onto a ball, as in lesson 2, unit 7.
#
# You have less: 1,000 digits, 100 hidden units, and some seconds. So expect larger errors.
# Is the order the same?
# Each run draws 1,000 digits to train on, 1,000 for the dev set and 2,000 for the test set.
# There are two versions: with the right labels, and with one training label in five changed to a wrong one, as in lesson 0.
#
# All runs take 30 epochs with the same learning rate.
# Dropout has the keep probabilities of the paper, 0.8 for the inputs and 0.5 for the hidden units. They are not tuned.
# The strengths of L2 and max-norm are chosen by the dev error, alone and with dropout.
# To save time, only L2 and dropout run with the right labels.

# %% [markdown]
# **Predict.**
# Which methods will beat the network without any, with right labels, and with wrong ones?
# Will L2 or max-norm add something to dropout?
#
# The cell below has the two other methods as updates, which take a step for one weight matrix.


# %%
def l2_step(w, grad, lr, lam):
    """Return the weights after a step on J + λ‖w‖²."""
    return w - lr * (grad + 2 * lam * w)


def max_norm_step(w, grad, lr, radius):
    """Return the weights after a step on J, with those into each unit projected on ‖w‖ ≤ radius."""
    stepped = w - lr * grad
    norms = np.linalg.norm(stepped, axis=0)  # one for each unit of the next layer
    return stepped * (radius / np.maximum(norms, radius))


# %% [markdown]
# The inputs go through your dropout by `transform`, the network's plug for augmentation:
# nothing lies before them, so they need no way back.


# %%
def error_after(seed, wrong, dropout=False, update=None, judged_on="test"):
    """Return the error in % after training on 1,000 digits, a share of them labeled wrong."""
    rng = np.random.default_rng(seed)
    (X, y), test, dev = split(mnist.X.astype(np.float32), mnist.y, (1000, 2000, 1000), rng)
    network, y = Network((784, 100, 10), rng), flip_labels(y, wrong, rng)
    plugs = {"update": update, "epochs": 30, "lr": 0.2, "batch_size": 100}
    if dropout:
        plugs["transform"] = lambda x, rng: dropout_forward(x, 0.8, rng)[0]
        plugs["dropout"] = lambda x, rng: dropout_forward(x, 0.5, rng)
    train(network, X, y, rng=rng, **plugs)
    return 100 * network.error(*(dev if judged_on == "dev" else test))


# %% [markdown]
# First choose the strengths.
# You will try three of each on the dev digits of two seeds.
# The one in the middle, drawn as a star, is the one that the comparison will use.
# What do you expect to its left, and to its right?

# %%
strengths_tried = {
    "L2, right labels": (0.0, l2_step, {}, (0.001, 0.003, 0.01)),
    "L2": (0.2, l2_step, {}, (0.003, 0.01, 0.03)),
    "L2 with dropout": (0.2, l2_step, {"dropout": True}, (0.001, 0.003, 0.01)),
    "max-norm": (0.2, max_norm_step, {}, (0.4, 0.8, 1.6)),
    "max-norm with dropout": (0.2, max_norm_step, {"dropout": True}, (0.75, 1.5, 3.0)),
}

# %% [markdown]
# Each row names the share of wrong labels, the update, what else is plugged in, and the three strengths.
# The next function draws what came of them.


# %%
def draw_tuning(dev_errors):
    """Draw the dev errors of each method against the strength, L2 left and max-norm right."""
    figure, axes = figures.pair(sharey=True)
    for name, errors in dev_errors.items():
        strengths, ax = strengths_tried[name][3], axes[int("max" in name)]
        dash = "--" if "dropout" in name else ":" if "right" in name else "-"
        ax.plot(strengths[1], errors[1], "*", color="black", markersize=13)
        ax.plot(strengths, errors, f"o{dash}", color="black", markersize=4, label=name)
    axes[0].set(xlabel="λ", ylabel="dev error in %", title="Too strong an L2 does harm")
    axes[1].set(xlabel="radius", title="So does too small a ball")
    for ax, ticks in zip(axes, ((0.001, 0.003, 0.01, 0.03), (0.4, 0.8, 1.6, 3.2)), strict=True):
        ax.set(xscale="log", xticks=ticks, xticklabels=ticks)
        ax.minorticks_off()
        figures.label_lines(ax)
    return figure


# %% [markdown]
# Now train the 30 networks, and draw. The scale of the strengths is logarithmic.

# %%
dev_errors = {}
for name, (wrong, step, options, strengths) in strengths_tried.items():
    name_of_strength = "lam" if step is l2_step else "radius"
    for strength in strengths:
        plugs = options | {"update": partial(step, **{name_of_strength: strength})}
        of_seeds = [error_after(seed, wrong, judged_on="dev", **plugs) for seed in (0, 1)]
        dev_errors.setdefault(name, []).append(np.mean(of_seeds))
behind = [errors[1] - min(errors) for errors in dev_errors.values()]
print("each star within a point of the best that was tried:", bool(max(behind) < 1))
tuning_figure = draw_tuning(dev_errors)
figures.show(
    tuning_figure,
    alt="Dev error against the strength, mean of two seeds, three strengths each. With wrong labels and without "
    "dropout, L2 has a valley at 0.01, near 15 percent, and max-norm falls from 22 to under 16 at a radius of 0.8. "
    "With dropout, and with right labels, the weaker two strengths are level and the strongest is worse by a point "
    "or two. A star marks the strength that is taken.",
)

# %% [markdown]
# Too strong a penalty and too small a ball do harm, with dropout and without.
# For L2 alone and wrong labels too weak a penalty is worse, too: it has a valley.
# With right labels, and with dropout, the weaker strengths are level, so there is little to choose.
#
# Now name the methods with the strengths of the stars, for the comparison on the test set.

# %%
with_right_labels = {
    "none": {},
    "L2": {"update": partial(l2_step, lam=0.003)},
    "dropout": {"dropout": True},
}
with_wrong_labels = {
    "none": {},
    "L2": {"update": partial(l2_step, lam=0.01)},
    "max-norm": {"update": partial(max_norm_step, radius=0.8)},
    "dropout": {"dropout": True},
    "dropout + L2": {"dropout": True, "update": partial(l2_step, lam=0.003)},
    "dropout + max-norm": {"dropout": True, "update": partial(max_norm_step, radius=1.5)},
}

# %% [markdown]
# Two functions: one trains, the other draws a dot for each seed, here and again in unit 8.


# %%
def errors_of(methods, wrong):
    """Return the test errors of each method for five seeds, in %."""
    return {
        name: np.array([error_after(seed, wrong, **options) for seed in range(5)])
        for name, options in methods.items()
    }


def draw_seeds(ax, values_of, xlabel):
    """Draw a dot for each seed and a bar at each mean, one row a method."""
    for row, (name, values) in enumerate(values_of.items()):
        color = figures.COLORS["train" if "dropout" in name else "plain"]
        ax.plot(values, np.full(len(values), -row), "o", color=color, markersize=5)
        ax.plot([values.mean()] * 2, [-row - 0.3, -row + 0.3], "k-", linewidth=2)
    ax.set(yticks=-np.arange(len(values_of)), yticklabels=list(values_of), xlabel=xlabel)


# %% [markdown]
# 45 networks are trained now, which takes some seconds.
# Within a seed all methods see the same digits, the same wrong labels and the same first weights.
# So what counts is the gain in each seed, the error without a method minus the error with it.

# %%
error_figure, error_axes = figures.pair()
for axis, methods, wrong in zip(
    error_axes, (with_right_labels, with_wrong_labels), (0.0, 0.2), strict=True
):
    test_errors = errors_of(methods, wrong)
    draw_seeds(axis, test_errors, "test error in %")
    print(f"{100 * wrong:.0f} % wrong labels, gain over the network without a method:")
    for name, values in list(test_errors.items())[1:]:
        gain = test_errors["none"] - values
        print(f"  {name:18} {gain.mean().round() + 0.0:.0f} points on average,", end=" ")
        print("better in each seed:", bool(np.all(gain > 0)))
error_axes[0].set_title("Right labels: dropout helps")
error_axes[1].set_title("Wrong labels: all help, dropout most")
figures.show(
    error_figure,
    alt="Test errors of five seeds for each method. With right labels the means of none and L2 are near "
    "11 percent, that of dropout is near 10. With wrong labels none has 19 percent on the mean, L2 and max-norm "
    "have 16, and the three rows with dropout 13: they cannot be told apart.",
)

# %% [markdown]
# **Read it.**
# With right labels dropout takes about one point off the error on average, and some for each of these five seeds.
# (With other seeds the gain may be nothing now and then.)
# L2 does next to nothing there, though its strength was chosen for it.
# With wrong labels all methods help for each seed: on average L2 and max-norm by about three points, dropout by about six.
#
# In the published table L2 and max-norm are worse than the same with dropout, and so it is here with wrong labels.
# There, max-norm goes better with dropout than L2 does. Our seeds do not tell these two apart, and neither from dropout alone.
# The published table has no row for dropout alone, so it does not say what the other methods add to it.
#
# Do not take the order for a law: the numbers of units and of digits are quite different from the paper's,
# and where labels are right, one point is what you can expect here.

# %% [markdown]
# ## 6. Average over all thinned networks
#
# **Derive.**
# Why does one evaluation without masks serve as the answer of a network that was never trained so?
# A mask picks the units that are kept: a *thinned network*.
# With $n$ units (here $n$ counts units, not examples) there are $2^n$ masks, and so $2^n$ thinned networks, which share their weights.
# If $k$ units are kept, the mask has the probability $\pi(m) = p^k (1 - p)^{n-k}$.
# Training with dropout trains one of them at a time, drawn with these probabilities.
#
# Let $a$, of shape $(n{,})$, be the activations of the *last* hidden layer, and let the output have weights $V$ of shape $(n, c)$ and biases $b$ of shape $(c{,})$.
# The thinned network with the mask $m$, of shape $(n{,})$ with entries 0 and $1/p$, has the output $f(m) = V^\top (m \circ a) + b$.
# Average over all of them, with their probabilities. Since $\sum_m \pi(m)\, m_j = \mathrm{E}\, M_j = 1$,
#
# $$\sum_m \pi(m)\, f(m) = V^\top a + b .$$
#
# This is the network in evaluation mode.
# So one pass without masks is *exactly* the mean output of all $2^n$ thinned networks.
# With plain masks and weights multiplied by $p$ it is the same, and this has given the rule its name: *weight scaling*.

# %% [markdown]
# **Derive** what is left of this behind a softmax.
# The thinned network gives class $j$ the probability $P_m(j) = e^{f_j(m)} / Z(m)$, where $Z(m)$ makes the sum over the classes 1.
# Take the *geometric mean* of these over all masks, with the exponents $\pi(m)$:
#
# $$\prod_m P_m(j)^{\pi(m)} = \frac{\exp\bigl(\sum_m \pi(m)\, f_j(m)\bigr)}{\prod_m Z(m)^{\pi(m)}} .$$
#
# The denominator is the same for all classes.
# So if you scale these numbers to a sum of 1, you get the softmax of the mean output, and this is the softmax in evaluation mode.
# Evaluation mode is *exactly* the normalized geometric mean of the thinned networks' probabilities.
#
# All this needs that the scores are linear in the mask, up to a constant.
# They are if dropout is applied to the last hidden layer only, whatever lies below it.
# In three cases evaluation mode only *approximates* the average:
#
# 1. you want the ordinary, arithmetic mean of the probabilities, not the geometric one;
# 2. dropout is also applied to a lower layer or to the inputs, with a curved function such as ReLU above it,
#    so that the scores are no longer linear in the mask;
# 3. something else that is curved follows: the mean of $\max(f(m), 0)$ is not $\max$ of the mean and 0.
#
# Work out the third case on paper.

# %% [markdown]
# **Implement** `network_ensemble`.
# A network has three hidden units, with the activations $(1, 2, 3)$ for some input.
# They lead to one output with the weights $(2, 1, -1)$, without a bias.
# There is inverted dropout on the hidden units, with `keep_prob` = 0.5. Each choice of the kept units is a thinned network.
# Write down a dictionary of three numbers:
# `"networks"`, how many thinned networks there are, the one without any unit included;
# `"mean"`, the mean of their outputs; and `"relu_mean"`, the mean of $\max(\text{output}, 0)$ over them.
#
# <details><summary>Hint</summary>
#
# With $p = 0.5$ all masks are equally probable.
# A kept unit contributes its activation times its weight, times $1/p$.
# Write down the outputs of all thinned networks.
#
# </details>

# %% role="answer" key="network_ensemble"
network_ensemble = None  # {"networks": a number, "mean": a number, "relu_mean": a number}
# BEGIN SOLUTION
network_ensemble = {"networks": 8, "mean": 1, "relu_mean": 2.25}
# END SOLUTION

# %% role="check" key="network_ensemble" points=1
check("network_ensemble")

# %% [markdown]
# <details><summary>Compare with evaluation mode, once the check has passed</summary>
#
# In evaluation mode the output is $2 + 2 - 3 = 1$, and so is the mean.
# With $\max(\cdot, 0)$ behind it, 1 stays 1, but the mean is more than twice as large.
#
# </details>
#
# **Explore** a network with two hidden layers of 5 and 6 units by brute force.
# It has 4 inputs, 3 classes and random weights, and its hidden units compute a tanh.
# Dropout on the upper layer alone makes $2^6$ thinned networks, dropout on both layers $2^{11}$.
# All of them are enumerated.


# %%
def all_masks(n, keep_prob):
    """Return all masks of n units, (2ⁿ, n), and their probabilities, (2ⁿ,)."""
    kept = np.array(list(product((0, 1), repeat=n)))
    return kept / keep_prob, np.prod(np.where(kept, keep_prob, 1 - keep_prob), axis=1)


def ensemble_gaps(seed, both_layers, keep_prob=0.5):
    """Return how far evaluation mode is from three means over all thinned networks."""
    rng = np.random.default_rng(seed)
    x, W1, W2, V = (rng.normal(size=shape) for shape in ((4,), (4, 5), (5, 6), (6, 3)))
    masks, chance = all_masks(11 if both_layers else 6, keep_prob)
    lower = np.tanh(x @ W1) * (masks[:, :5] if both_layers else 1)
    thinned = (np.tanh(lower @ W2) * masks[:, -6:]) @ V  # (2ⁿ, 3): the scores of each network
    whole = np.tanh(np.tanh(x @ W1) @ W2) @ V  # (3,): the scores in evaluation mode
    geometric = np.exp(chance @ np.log(softmax(thinned)))
    means = chance @ thinned, geometric / geometric.sum(), chance @ softmax(thinned)
    targets = whole, softmax(whole), softmax(whole)
    return [np.abs(mean - target).max() for mean, target in zip(means, targets, strict=True)]


# %% [markdown]
# Three means and two places for dropout make six cases. In which of them is evaluation mode exact?

# %%
for both_layers in (False, True):
    gaps = np.array([ensemble_gaps(seed, both_layers) for seed in range(5)])  # (5, 3)
    print("dropout on", "both layers" if both_layers else "the upper layer")
    for mean, gap in zip(("scores", "geometric", "arithmetic"), gaps.T, strict=True):
        print(f"  {mean:10} exact: {bool(gap.max() < 1e-12)!s:5}  gaps {gap.round(2) + 0.0}")

# %% [markdown]
# **Read it.**
# With dropout on the last hidden layer, the mean score and the geometric mean are exact. The arithmetic mean is not.
# With dropout below a curved layer, none of the three is.
# So the sentence "evaluation mode averages over all thinned networks" is exact for scores and geometric means, with dropout on the last hidden layer only.
# Otherwise it is an approximation.
#
# **Predict.**
# How good is it for the network that you trained in unit 4?
# It has 100 hidden units, so nobody will enumerate its $2^{100}$ thinned networks. But you can draw some.
# How many of them do you have to average to read as well as evaluation mode does?
#
# **Explore.**
# For each of five networks, 50 thinned ones are drawn, and the probabilities of the first 1, 2, 5 … are averaged.

# %%
sizes = np.array([1, 2, 5, 10, 20, 50])


def errors_of_averages(seed):
    """Return the error in % of averages over thinned networks, (6,), and in evaluation mode."""
    network, (X, y) = dropout_network(seed, dropout_forward)
    rng, total, errors = np.random.default_rng(seed), np.zeros((1000, 10)), []
    for _ in range(sizes[-1]):
        total += softmax(scores(network, X, lambda a: dropout_forward(a, 0.5, rng)[0]))
        errors.append(100 * np.mean(total.argmax(axis=1) != y))
    return np.array(errors)[sizes - 1], judged(scores(network, X), y)[0]


# %% [markdown]
# Draw how many points each average lies above evaluation mode.

# %%
averaged, switched_off = zip(*(errors_of_averages(seed) for seed in range(5)), strict=True)
excess = np.array(averaged) - np.array(switched_off)[:, None]  # (5, 6)
average_axes = figures.plot_learning_curves({"dev error": excess}, epochs=sizes)
average_axes.axhline(0, color="black", linewidth=0.8)
average_axes.set(
    xscale="log", xticks=sizes, xticklabels=sizes, ylabel="points above evaluation mode"
)
average_axes.set(xlabel="thinned networks averaged")
average_axes.set_title("Many thinned networks together come close to one pass without masks")
figures.show(
    average_axes.figure,
    alt="Dev error of the average over 1 to 50 thinned networks, as points above the error in evaluation mode. "
    "It falls from about 4 points for a single one to a few tenths from 10 on.",
)

# %% [markdown]
# **Read it.**
# A single thinned network is clearly worse. The average over ten or more gets close to evaluation mode, and on average it is not better.
# So evaluation mode gives for the price of one pass what the average gives for many.
# What the many passes offer beyond their mean is the subject of unit 8.
#
# This ends the core path.
# The second part finds out what dropout does to a linear model, exactly, and what the spread of its answers can tell.

# %% [markdown]
# ## 7. Recognize ridge
#
# *The second part starts here.*
#
# **Derive.**
# Take a linear model and drop its *inputs*.
# $X$ has shape $(n, d)$, $y$ shape $(n{,})$ and the weights $w$ shape $(d{,})$. The mask $M$ has the shape of $X$.
# The loss with dropout is random. Look at its mean:
#
# $$\mathrm{E}\,\|y - (M \circ X) w\|^2 = \sum_{i=1}^{n} \mathrm{E}\, r_i^2,
# \qquad r_i = y_i - \sum_{j=1}^{d} M_{ij} X_{ij} w_j .$$
#
# For any random number, $\mathrm{E}\, r_i^2 = (\mathrm{E}\, r_i)^2 + \mathrm{Var}\, r_i$. Both are known from units 1 and 3:
#
# $$\mathrm{E}\, r_i = y_i - \sum_j X_{ij} w_j,
# \qquad
# \mathrm{Var}\, r_i = \frac{1 - p}{p} \sum_j X_{ij}^2\, w_j^2 .$$
#
# Sum over the examples. $\sum_i X_{ij}^2 = (X^\top X)_{jj}$ is the squared length of column $j$, so
#
# $$\mathrm{E}\,\|y - (M \circ X) w\|^2 = \|y - Xw\|^2 + \frac{1 - p}{p} \sum_{j=1}^{d} (X^\top X)_{jj}\, w_j^2 .$$
#
# This is least squares with an L2 penalty. Dropout on the inputs of a linear model is, on average, ridge,
# with a strength of its own for each weight: $\lambda_j = \frac{1 - p}{p}\,(X^\top X)_{jj}$.
# It is called *adaptive*, since the data set it.

# %% [markdown]
# With plain masks $R$ of 0 and 1, the mean of $r_i$ is $y_i - p \sum_j X_{ij} w_j$ and the variance $p(1 - p) \sum_j X_{ij}^2 w_j^2$.
# This gives the form in which Srivastava and others print it:
#
# $$\mathrm{E}\,\|y - (R \circ X) w\|^2 = \|y - p X w\|^2 + p(1 - p) \sum_{j=1}^{d} (X^\top X)_{jj}\, w_j^2 .$$
#
# Put $u = p\,w$, of shape $(d{,})$, and you have the first form for $u$.
# So the best weights under plain masks are $1/p$ times those under inverted masks, and weight scaling brings them back.
#
# **Explore.**
# The identity is exact, so a computer can verify it without drawing anything:
# enumerate every mask, weight each loss with its probability, and add up.
# $X$ has shape (3, 4), so there are $2^{12}$ = 4,096 masks. $X$, $y$ and $w$ are random.


# %%
def identity_gaps(seed, keep_prob):
    """Return the relative gap between both sides, for inverted and for plain masks."""
    rng = np.random.default_rng(seed)
    X, y, w = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)
    masks, chance = all_masks(12, keep_prob)
    masks = masks.reshape(-1, 3, 4)
    inverted = chance @ np.sum((y - (masks * X) @ w) ** 2, axis=1)
    plain = chance @ np.sum((y - (keep_prob * masks * X) @ w) ** 2, axis=1)
    squares = np.diag(X.T @ X) @ w**2
    ours = np.sum((y - X @ w) ** 2) + (1 - keep_prob) / keep_prob * squares
    theirs = np.sum((y - keep_prob * X @ w) ** 2) + keep_prob * (1 - keep_prob) * squares
    return abs(inverted / ours - 1), abs(plain / theirs - 1)


found_gaps = [identity_gaps(seed, p) for seed in range(5) for p in (0.9, 0.5, 0.2)]
print("both forms hold to 1e-12 in 15 cases:", bool(np.max(found_gaps) < 1e-12))

# %% [markdown]
# **Predict.**
# $X$ has two orthogonal columns, each of length 1, and least squares gives the weights $(1, 1)$.
# Ridge with $\lambda = 0.25$ and dropout on the inputs with `keep_prob` = 0.8, averaged over all masks, both give $(0.8, 0.8)$.
# Now you measure the second input in another unit: its column gets ten times as long, and its least-squares weight is 0.1.
# What share of this 0.1 do the two methods leave?
#
# - **a** Both leave 0.998: a longer column is shrunk less.
# - **b** Ridge leaves 0.8, dropout 0.998.
# - **c** Ridge leaves 0.998, dropout 0.04: its penalty on this weight is now 25, a hundred times as large.
# - **d** Ridge leaves 0.998, dropout still 0.8.

# %% role="answer" key="adaptive_shrinkage"
adaptive_shrinkage = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
adaptive_shrinkage = "d"
# END SOLUTION

# %% role="check" key="adaptive_shrinkage" points=1
check("adaptive_shrinkage")

# %% [markdown]
# **Derive** the best weights.
# Set the gradient to 0, as for ridge in lesson 2, unit 2. With the diagonal matrix $D$, of shape $(d, d)$, that has the diagonal of $X^\top X$,
#
# $$\Bigl(X^\top X + \frac{1 - p}{p}\, D\Bigr)\, w = X^\top y .$$
#
# These are called *marginalized* weights: the masks have been averaged out, and no random number is left.
#
# **Implement** `marginalized_dropout_weights`.
#
# <details><summary>Hint</summary>
#
# `np.diag` of a matrix is its diagonal, of shape $(d{,})$, and `np.diag` of that is a diagonal matrix.
# `np.linalg.solve(A, b)` solves $Aw = b$.
#
# </details>


# %% role="answer" key="marginalized_dropout_weights"
def marginalized_dropout_weights(X, y, keep_prob):
    """Return the minimizer over w of E‖y − (M∘X)w‖², M the masks of inverted dropout.

    It solves (XᵀX + ((1−p)/p) diag(XᵀX)) w = Xᵀy (Srivastava et al., 2014, section 9.1).

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Inputs, without a column of zeros.
    y : ndarray of shape (n,)
        Responses.
    keep_prob : float
        The probability p of keeping an entry, 0 < p ≤ 1; 1 only if the columns are independent.

    Returns
    -------
    ndarray of shape (d,)
    """
    # BEGIN SOLUTION
    gram = X.T @ X
    strengths = (1 - keep_prob) / keep_prob * np.diag(gram)
    return np.linalg.solve(gram + np.diag(strengths), X.T @ y)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# With the columns (1, 0) and (0, 2), $X^\top X$ has 1 and 4 on its diagonal. With $p = 0.5$ these are added once more: 2 and 8.
# With $y = (3, 5)$, $X^\top y$ is $(3, 10)$, and the weights are 3/2 and 10/8.
# Least squares has 3 and 2.5: both are halved, whatever the length of the column.

# %%
marginalized_dropout_weights(np.diag([1.0, 2.0]), np.array([3.0, 5.0]), keep_prob=0.5).round(6)

# %% role="check" key="marginalized_dropout_weights" points=4
check("marginalized_dropout_weights")

# %% [markdown]
# **Explore** on the prostate data: the eight inputs of 67 men, centered, but not scaled.
# Does dropout with real coins lead to these weights?
# Write the data down many times, drop the entries with your `dropout_forward`, and take least squares of that.
# The more copies, the closer you should get.
# The second question is about units: write `pgg45`, a percentage, as a fraction, so that its column is divided by 100,
# and compare the predictions for the men before and after, for ridge with $\lambda = 24$ and for dropout.

# %%
X_men = prostate.X[prostate.train] - prostate.X[prostate.train].mean(axis=0)  # (67, 8)
y_men = prostate.y[prostate.train] - prostate.y[prostate.train].mean()


def miss_of_copies(copies, seed):
    """Return how far least squares on copies with coins is from the marginalized fit, relatively."""
    noisy = dropout_forward(np.tile(X_men, (copies, 1)), 0.8, np.random.default_rng(seed))[0]
    w = np.linalg.lstsq(noisy, np.tile(y_men, copies), rcond=None)[0]
    fit = X_men @ marginalized_dropout_weights(X_men, y_men, 0.8)
    return np.linalg.norm(X_men @ w - fit) / np.linalg.norm(fit)


# %% [markdown]
# Print the distance of the two fits, relative to the fit, for five seeds, and then the second question's answer.

# %%
for copies in (1, 10, 100, 1000):
    print(f"copies {copies:4}:", np.round([miss_of_copies(copies, seed) for seed in range(5)], 3))
X_unit = X_men * np.where(np.arange(8) == 7, 0.01, 1.0)
ridge_fits = [X @ np.linalg.solve(X.T @ X + 24 * np.eye(8), X.T @ y_men) for X in (X_men, X_unit)]
dropout_fits = [X @ marginalized_dropout_weights(X, y_men, 0.8) for X in (X_men, X_unit)]
for name, fits in {"ridge": ridge_fits, "dropout": dropout_fits}.items():
    print(f"{name:7} predictions change by up to {np.abs(fits[1] - fits[0]).max() + 0.0:.3f}")

# %% [markdown]
# **Read it.**
# The fits come closer as the copies grow: a hundred times as many bring them about ten times as close.
# So a training with dropout looks for these weights, and its noise averages out along the way.
#
# The unit of an input changes what ridge does, and leaves dropout as it was.
# The longer the column, the larger $\lambda_j$, in just the right proportion.
# You know another remedy: scale the columns first.
# If all columns have the mean 0 and the standard deviation 1 (`ddof=1`), then $(X^\top X)_{jj} = n - 1$ for each, and dropout is plain ridge with $\lambda = (n - 1)(1 - p)/p$.
# In a network the hidden units have lengths of their own, which change as they learn, and the penalty follows them.
# But there it is an approximation: the derivation needs the squared loss and a linear model.

# %% [markdown]
# ## 8. Ask a network how sure it is
#
# **Derive.**
# In evaluation mode a network gives one answer.
# Leave dropout on, and it gives another one each time. Where the answers differ, it depends on which units were there.
# *Monte-Carlo dropout* takes this for a measure of doubt:
# call the network $T$ times in training mode, on the same input, with outputs $f_1, \dots, f_T$ of one and the same shape, and report
#
# $$\bar f = \frac1T \sum_{t=1}^{T} f_t,
# \qquad
# s = \sqrt{\frac1T \sum_{t=1}^{T} (f_t - \bar f)^2}\, ,$$
#
# both entry by entry.
# It is an attractive idea, as it needs no new training. Gal and Ghahramani (2016) relate it to a Bayesian posterior, under assumptions on the prior and on the network.
# Whether $s$ means something in a given case has to be measured.
#
# **Implement** `mc_dropout_predict`.
# The function `predict` that it is given draws its own random numbers.
# Call it exactly `n_samples` times.


# %% role="answer" key="mc_dropout_predict"
def mc_dropout_predict(predict, x, n_samples):
    """Return mean and standard deviation of repeated stochastic predictions, entry by entry.

    Parameters
    ----------
    predict : callable
        ``predict(x)`` returns an array, another one each time; called n_samples times.
    x : ndarray
        What `predict` is called with; not changed.
    n_samples : int
        The number T of calls, at least 1.

    Returns
    -------
    mean, std : ndarray
        In the shape of what `predict` returns; std divides by T (ddof=0).
    """
    # BEGIN SOLUTION
    samples = np.array([predict(x) for _ in range(n_samples)])
    return samples.mean(axis=0), samples.std(axis=0)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# A `predict` that returns $x$ and $3x$ in turn has the mean $2x$ and the standard deviation $|x|$.

# %%
turns = iter([1.0, 3.0, 1.0, 3.0])
for moment in mc_dropout_predict(lambda x: next(turns) * x, np.array([1.0, -2.0]), n_samples=4):
    print(moment)

# %% role="check" key="mc_dropout_predict" points=2
check("mc_dropout_predict")

# %% [markdown]
# **Predict.**
# The networks of unit 4 read 1,000 digits that they have not seen, 30 times each, with dropout on.
# The class with the highest mean probability is their answer, and the doubt $s$ is the standard deviation of its probability.
# Is the doubt larger for the digits that they misread?
# Is it larger for digits that lie on their side, which they have never met?
# And does it tell more than what one pass in evaluation mode gives for free: 1 minus the highest probability?
#
# **Explore.**
# A common score for such a question is the *AUC*.
# Draw one misread digit and one that is read right: with what probability does the misread one have the larger doubt?
# 0.5 is no better than guessing, 1 is perfect.
# Three kinds of doubt compete: $s$; 1 minus the highest *mean* probability of the 30 passes, which is in $\bar f$;
# and 1 minus the highest probability of the single pass.


# %%
def auc(doubt, is_odd):
    """Return the probability that an odd case has more doubt than another one; a tie counts half."""
    odd, other = doubt[is_odd][:, None], doubt[~is_odd]
    return np.mean(odd > other) + np.mean(odd == other) / 2


def doubts(seed, X, n_samples=30):
    """Return the answers (n,) and three kinds of doubt, a dict of (n,) arrays."""
    network, rng = dropout_network(seed, dropout_forward)[0], np.random.default_rng(seed)

    def predict(X):
        return softmax(scores(network, X, lambda a: dropout_forward(a, 0.5, rng)[0]))

    mean, std = mc_dropout_predict(predict, X, n_samples)
    answers, single = mean.argmax(axis=1), softmax(scores(network, X))
    s = std[np.arange(len(X)), answers]
    return answers, {"s": s, "mean": 1 - mean.max(axis=1), "single pass": 1 - single.max(axis=1)}


# %% [markdown]
# There are two tasks: to tell misread digits from the others,
# and to tell digits that lie on their side from upright ones.
# For the second, each of the 1,000 digits is shown once as it is and once after a quarter turn.


# %%
def auc_of_tasks(seed):
    """Return the AUC of each kind of doubt, for misread digits and for turned ones, a dict."""
    X, y = dropout_network(seed, dropout_forward)[1]
    turned = np.rot90(X.reshape(-1, 28, 28), axes=(1, 2)).reshape(X.shape)
    answers, found = doubts(seed, np.concatenate([X, turned]))
    misread, on_side = answers[:1000] != y, np.arange(2000) >= 1000
    return {kind: (auc(d[:1000], misread), auc(d, on_side)) for kind, d in found.items()}


# %% [markdown]
# Each dot of the figure is one of the five networks, and each bar the mean of its row.


# %%
def draw_aucs(aucs, kinds):
    """Draw the AUC (seeds, kinds, tasks), a panel for each of the two tasks."""
    figure, axes = figures.pair()
    for ax, values in zip(axes, aucs.T, strict=True):
        draw_seeds(ax, dict(zip(kinds, values, strict=True)), "AUC")
        ax.set(xlim=(0.78, 0.94))
    axes[0].set_title("Misread or not: all three help, s least")
    axes[1].set_title("On the side or not: the mean leads a little")
    return figure


# %% [markdown]
# Which kind of doubt will win which task?

# %%
tasks = [auc_of_tasks(seed) for seed in range(5)]
kinds = ("s", "mean", "single pass")
aucs = np.array([[task[kind] for kind in kinds] for task in tasks])  # (5, 3, 2)
s_auc, mean_auc, single_auc = aucs.swapaxes(0, 1)  # (5, 2) each: misread, turned
print("s beats guessing in each seed:", bool(np.all(s_auc > 0.5)))
print("misread: the single pass beats s in each seed:", bool(np.all(single_auc > s_auc, axis=0)[0]))
ahead = bool(np.all(mean_auc > single_auc, axis=0)[1])
print("turned: the mean beats the single pass in each seed:", ahead)
auc_figure = draw_aucs(aucs, kinds)
figures.show(
    auc_figure,
    alt="AUC of three kinds of doubt, five seeds each. For misread digits s lies near 0.87, the mean of "
    "30 passes and the single pass near 0.90. For turned digits all lie between 0.81 and 0.87, "
    "the mean of 30 passes a little to the right of the others.",
)

# %% [markdown]
# Then turn 100 digits little by little, and watch $s$ and the share of misread digits together.
# (Upside down, some digits look like digits again: 0, 1 and 8 like themselves, 6 like 9.)


# %%
def doubt_and_errors(seed, angles):
    """Return the mean s and the share of misread digits in %, for each angle, (2, n_angles)."""
    X, y = (array[:100] for array in dropout_network(seed, dropout_forward)[1])
    found = []
    for angle in angles:
        turned = warp(X.reshape(-1, 28, 28, 1), angle=float(angle)).reshape(X.shape)
        answers, doubt = doubts(seed, turned, n_samples=10)
        found.append([doubt["s"].mean(), 100 * np.mean(answers != y)])
    return np.transpose(found)


# %% [markdown]
# Which of the two will grow more?

# %%
angles = np.arange(0, 181, 30)
turning = np.array([doubt_and_errors(seed, angles) for seed in range(5)])  # (5, 2, 7)
turn_figure, turn_axes = figures.pair()
for axis, name, values in zip(turn_axes, ("s", "misread"), turning.swapaxes(0, 1), strict=True):
    figures.plot_learning_curves({name: values}, ax=axis, epochs=angles)
    axis.set(xlabel="turned by, degrees", ylim=(0, None), xticks=angles)
turn_axes[0].set(ylabel="mean of s", title="The doubt about doubles")
turn_axes[1].set(ylabel="misread, in %", title="The errors grow far more")
figures.show(
    turn_figure,
    alt="Against the angle from 0 to 180 degrees, five seeds. Left: the mean of s rises from 0.12 to about 0.22 "
    "at 60 degrees and stays there. Right: the share of misread digits rises from 10 to over 80 percent.",
)

# %% [markdown]
# **Read it.**
# The doubt $s$ means something: it is larger for misread and for unfamiliar digits far more often than not, for each of the five networks.
# But look at what it has to compete with.
# For misread digits the single pass, which costs a thirtieth, tells more.
# For turned digits the mean of the 30 passes tells a little more than the single pass. The spread $s$, on average, does not.
# And no kind of doubt is a probability of being wrong:
# from 60 degrees on about eight digits in ten are misread, against one in ten upright, and $s$ is only about twice what it was.

# %% [markdown]
# **Predict.**
# More data should leave less doubt. You write each man of the prostate data down ten times.
# Least squares then believes that it has ten times as many men, and its standard errors fall by $\sqrt{10}$.
# What happens to the doubt of Monte-Carlo dropout, with marginalized weights?
#
# **Explore.**
# The cell prints the standard error of a prediction and $s$, both averaged over the men, with the noise of $y$ taken to have variance 0.5.


# %%
def doubt_with_copies(copies, seed):
    """Return the mean s of the predictions when each man is written down several times."""
    rng = np.random.default_rng(seed)
    w = marginalized_dropout_weights(np.tile(X_men, (copies, 1)), np.tile(y_men, copies), 0.8)
    s = mc_dropout_predict(lambda X: dropout_forward(X, 0.8, rng)[0] @ w, X_men, 2000)[1]
    return s.mean()


leverage = np.sum(X_men * np.linalg.solve(X_men.T @ X_men, X_men.T).T, axis=1)  # (67,)
for copies in (1, 10, 100):
    error_of_fit = np.sqrt(0.5 * leverage / copies).mean()
    s = np.array([doubt_with_copies(copies, seed) for seed in range(5)])
    print(f"copies {copies:3}: standard error {error_of_fit:.2f}, s for five seeds {s.round(2)}")

# %% [markdown]
# **Read it.**
# The doubt does not change at all.
# Unit 7 says why: the data term and the penalty both grow with the copies, so the weights stay the same,
# and by unit 3 the variance of a prediction is $\frac{1 - p}{p} \sum_j x_j^2 w_j^2$, which knows nothing of $n$.
# So $s$ is no standard error. It ranks inputs, it does not tell how far off an answer may be.
# Before you rely on it, measure it on cases like yours, as you have just done.

# %% [markdown]
# ## In practice
#
# These are the calls, by their current names.
#
# | library | dropout | shared masks | new examples |
# |---|---|---|---|
# | Keras | `keras.layers.Dropout(rate)` | `keras.layers.Dropout(rate, noise_shape=(None, 1, 1, c))`, or `SpatialDropout2D(rate)` | `predict` and `evaluate` switch it off; `model(x, training=True)` leaves it on |
# | PyTorch | `torch.nn.Dropout(p)` | `torch.nn.Dropout2d(p)`, channels first | `model.eval()`, and back by `model.train()` |
# | TensorFlow | `tf.nn.dropout(x, rate=rate)` | `noise_shape=(k, 1, 1, c)` | do not call it |
# | scikit-learn | none | | |
#
# All count by what is *dropped*: `rate` and PyTorch's `p` are $1 -$ `keep_prob`. All are inverted.
# In PyTorch's `p` you meet a letter that means the opposite in the paper and in this lesson.
# scikit-learn's networks, `MLPClassifier` and `MLPRegressor`, have L2 and early stopping, but no dropout.
#
# Marginalized dropout on a linear model can be had from scikit-learn all the same.
# Let $\ell_j$ be the length of column $j$. With columns $x_j / \ell_j$ and weights $v_j = \ell_j w_j$ the penalty is $\frac{1 - p}{p} \|v\|^2$:
# plain ridge. There must be no intercept, since it would be a weight without dropout.
#
# The next cell compares the two on 20 random problems, half of them with fewer examples than inputs, to a relative $10^{-8}$.

# %%
from sklearn.linear_model import Ridge


def ridge_on_scaled(X, y, keep_prob):
    """Return marginalized dropout's weights by scikit-learn's ridge on columns of length 1."""
    lengths = np.linalg.norm(X, axis=0)
    alpha = (1 - keep_prob) / keep_prob
    return Ridge(alpha=alpha, fit_intercept=False).fit(X / lengths, y).coef_ / lengths


agree = []
for seed in range(20):
    rng = np.random.default_rng(seed)
    X_any = rng.normal(size=((40, 8)[seed % 2], 12)) * rng.uniform(0.1, 10, size=12)
    y_any = rng.normal(size=len(X_any))
    pair = [fit(X_any, y_any, 0.7) for fit in (marginalized_dropout_weights, ridge_on_scaled)]
    agree.append(np.linalg.norm(pair[0] - pair[1]) <= 1e-8 * np.linalg.norm(pair[1]))
print("equal to scikit-learn's ridge on scaled columns:", sum(agree), "of 20")

# %% [markdown]
# Masks of two libraries cannot be equal, for they are drawn by different generators.
# What can be compared is the rule.
# `golden` holds inputs and outputs of PyTorch, TensorFlow and Keras, in 32 bits.
# The output divided by the input is the mask that was drawn.
# With that mask your backward pass must give PyTorch's gradient,
# the kept entries must be $1/p$ times the input, and shared masks must be constant along their axes.


# %%
def drawn_mask(name):
    """Return the mask that a library has drawn: its output over its input."""
    out = {"dropout_keras": "dropout_keras_train"}.get(name, f"{name}_out")
    return golden[out] / golden[f"{name}_x"]


rules = {"dropout_torch": 0.8, "dropout_torch_maps": 0.5, "dropout_tf_maps": 0.8}
rules |= {"dropout_keras": 0.8, "dropout_keras_shared": 0.5}
for name, keep_prob in rules.items():
    mask = drawn_mask(name)
    by_rule = np.isclose(mask, 0) | np.isclose(mask, 1 / keep_prob, rtol=1e-5)
    print(f"{name:21} entries 0 or 1/p: {bool(by_rule.all())}")

# %% [markdown]
# Next the shared masks, PyTorch's gradient, and what Keras does with `training=False`.

# %%
axes_shared = {
    "dropout_torch_maps": (2, 3),
    "dropout_tf_maps": (1, 2),
    "dropout_keras_shared": (1,),
}
for name, axes in axes_shared.items():
    print(
        f"{name:21} shared along {axes}: {bool(np.all(np.ptp(drawn_mask(name), axis=axes) < 1e-5))}"
    )
gradient = dropout_backward(golden["dropout_torch_dout"], drawn_mask("dropout_torch"))
print("gradient of PyTorch:", np.allclose(gradient, golden["dropout_torch_dx"], rtol=1e-5))
print(
    "Keras, training=False:",
    np.array_equal(golden["dropout_keras_eval"], golden["dropout_keras_x"]),
)

# %% [markdown]
# ## Further reading
#
# - N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov,
#   *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15 (2014).
#   The paper of the table; section 9.1 has the identity of unit 7, section 10 the noise that is multiplied in place of coins.
# - S. Wager, S. Wang and P. Liang, *Dropout training as adaptive regularization*, NIPS (2013).
#   What becomes of unit 7 for logistic regression, and why dropout is good for rare inputs.
# - P. Baldi and P. Sadowski, *Understanding dropout*, NIPS (2013).
#   The normalized geometric mean, and how good the approximation is in deeper networks.
# - I. Goodfellow, Y. Bengio and A. Courville, *Deep Learning* (2016), section 7.12.
#   Dropout beside bagging, with the geometric mean derived.
# - J. Tompson, R. Goroshin, A. Jain, Y. LeCun and C. Bregler,
#   *Efficient object localization using convolutional networks*, CVPR (2015).
#   Where whole feature maps are dropped, and why.
# - Y. Gal and Z. Ghahramani, *Dropout as a Bayesian approximation*, ICML (2016).
#   Monte-Carlo dropout, and the assumptions under which its spread is a posterior's.
# - I. Osband, *Risk versus uncertainty in deep learning* (2016), a workshop paper at NIPS.
#   The objection that you have met: the spread does not shrink with more data.
#
# ## See what you have earned

# %%
scorecard("04_dropout")
