# %% [markdown]
# # Combine what works: the capstone
#
# In lesson 0 a network stored wrong labels and got worse on new digits.
# Since then you have derived and written five ways to fight that, each on a task of its own.
# In real work they come together: few data, some of the labels wrong, little time,
# and nobody who tells you which method is the right one.
# Here you put your own functions into one training loop,
# measure what each of them is worth and which of them get along,
# train a network that is graded on digits which you never see, and argue for your choice in writing.
#
# **After this lesson you can**
#
# - say what an accuracy on partly wrong labels tells about the accuracy on right ones;
# - write the objective that five methods share, and plug each in where it acts;
# - run an ablation, and tell a difference from the spread of seeds;
# - choose among several mixes, and say how far the best one's number is too good;
# - defend a choice by numbers and by mathematics, with what did not work.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Read accuracies off wrong labels | 8 | |
# | 2. Put five methods into one loop | 22 | 6 |
# | 3. Ask what each method is worth | 10 | 3 |
# | 4. Choose a mix, and train it | 24 | 8 |
# | 5. Argue for your choice | 15 | 5 |
# | **core path** | **79** | **22** |
# | In practice, further reading | 4 | |
# | **second part** | **4** | |
#
# The minutes are estimates, made as lesson 0, unit 1 tells.
# The second part can wait for another day.

# %% [markdown]
# Run the set-up cell first.
# It imports what you need, and loads the digits of this lesson.
# Your answers may use all of it, since grading runs this cell before them.

# %%
from functools import cache
from time import process_time

import matplotlib.pyplot as plt
import numpy as np

from utils import earlier, figures
from utils.answers import own_answers
from utils.checking import check, scorecard
from utils.data import load_capstone, split
from utils.network import Network
from utils.training import train

figures.use_style()
capstone = load_capstone()

# %% [markdown]
# ## 1. Read accuracies off wrong labels
#
# `capstone` holds 500 digits to train on and 300 digits for dev.
# `X_train`, of shape (500, 784), and `X_dev`, of shape (300, 784), are images as in lesson 0.
# `Y_train`, of shape (500,), and `Y_dev`, of shape (300,), are their labels.
# Somebody labeled them in a hurry: 30 % of the labels are wrong, in both sets.
# A wrong label is any of the other nine digits, with equal probability.
# Which ones are wrong, nobody knows.
#
# Here are twelve of the training digits with the label that each was given.
# How many of these do you believe?

# %%
shown = figures.plot_digits(capstone.X_train[:12], capstone.Y_train[:12])
figures.show(
    shown[0].figure,
    alt="Twelve handwritten digits, each below the label that it was given. Three of the labels do not fit: "
    "an eight is called 9, a nine is called 1 and a seven is called 2.",
)

# %% [markdown]
# The first is an eight, whatever its label says. I count three of the twelve that are wrong.
# You could go through all 800 like this. Mostly there are too many for that.
#
# **Derive** what an accuracy on such labels tells you.
# Let $a$, a number, be the share of digits that a network names rightly: that is what you want to know.
# Let $d$, a number, be the share of given labels with which it agrees: that is what you can measure.
# Let $r = 0.3$ be the share of wrong labels.
#
# Take a digit that the network names rightly.
# It agrees with the given label if that label is right, with probability $1 - r$.
# Now take one that it names wrongly.
# It agrees with the given label only if that is wrong, too, and wrong in the same way:
# one of nine wrong names, with probability $r/9$. So
#
# $$\mathrm{E}\, d = (1 - r)\, a + \frac{r}{9}\, (1 - a) = \frac{1}{30} + \frac{2}{3}\, a
# \qquad\text{and}\qquad
# a \approx \frac{3}{2} \Bigl( d - \frac{1}{30} \Bigr) .$$
#
# A perfect network reads 70 % on dev, not 100 %.
# A gain of two points on dev stands for three points of $a$, and an error of two points on dev, too.
# With 300 digits, and $d$ near 0.6, the standard error of $d$ is $\sqrt{0.6 \cdot 0.4 / 300} \approx 0.028$.
# That of $a$ is 1.5 times as large, 0.042.
# So 58 % on dev stands for $a \approx 1.5\,(0.58 - 0.033) = 0.82$,
# and two standard errors are eight points of $a$ to either side: a single reading tells little.
# You will have to compare many.
#
# This holds for labels that the network has not seen.
# On the training labels $d$ may go up to 100 %, and that is bad news:
# a network that agrees with all labels has stored the 150 wrong ones.

# %% [markdown]
# **Predict.**
# A network with 784 inputs, 100 hidden units and 10 outputs is trained for 120 epochs, by batches of 50 digits, without any regularization.
# What do the two curves do: how high does the training accuracy get, and where does the dev accuracy end?
#
# **Explore.**
# Chance decides about much here: which digits are in dev, the first weights, the order of the batches.
# So the next cell deals all 800 digits out anew for each seed, and trains one network for each of five seeds.


# %%
def deal(seed):
    """Deal the 800 digits out anew; return X_train, Y_train, X_dev and Y_dev."""
    X = np.concatenate([capstone.X_train, capstone.X_dev])
    Y = np.concatenate([capstone.Y_train, capstone.Y_dev])
    sets = split(X, Y, (500, 300), np.random.default_rng(seed))
    return [array for pair in sets for array in pair]


def train_plainly(seed):
    """Return the accuracies on the training and the dev labels after each epoch, in %, (2, 120)."""
    X, Y, X_dev, Y_dev = deal(seed)
    rng = np.random.default_rng(seed)
    track = {"train": lambda net: net.error(X, Y), "dev": lambda net: net.error(X_dev, Y_dev)}
    network = Network((784, 100, 10), rng)
    history = train(network, X, Y, epochs=120, lr=0.1, rng=rng, batch_size=50, track=track)
    return 100 * (1 - np.array([history["train"], history["dev"]]))


# %% [markdown]
# The dotted line is what a perfect network would read.

# %%
plain = np.array([train_plainly(seed) for seed in range(5)])  # (seeds, 2, epochs)
plain_axes = plt.subplots()[1]
plain_axes.set(ylim=(0, 104), title="It agrees with every wrong label in the end")
plain_axes.axhline(70, **figures.series_style("truth"), linewidth=1)
curves = {"train": plain[:, 0], "dev": plain[:, 1]}
figures.plot_learning_curves(curves, plain_axes, "agreement in %")
lost = plain[:, 1].max(axis=1) - plain[:, 1, -1]
print("over 99 % of the training labels stored, each seed:", bool(np.all(plain[:, 0, -1] > 99)))
print("dev falls by 3 points or more, each seed:", bool(np.all(lost > 3)))
figures.show(
    plain_axes.figure,
    alt="Agreement with the given labels in percent against epochs, five networks. On the training labels it "
    "climbs through the dotted line at 70 percent to 100. On the dev labels it rises to about 55 "
    "within a few epochs and then falls below 50.",
)

# %% [markdown]
# **Read it.**
# The training curve crosses 70 %, where a perfect network would stop, and goes on.
# Each further label that it learns is more and more often a wrong one.
# On dev it falls from its best epoch to the end by three points and more for each of the five seeds, and three points stand for four and a half points of $a$.
# This is the network that you have to beat.

# %% [markdown]
# ## 2. Put five methods into one loop
#
# **Derive** what the five have to do with each other.
# Let $W$ stand for all weight matrices, $f_W(x)$ for the network's output on a digit $x$, of shape (784,),
# and $\ell$ for the cross-entropy of one digit.
# Plain training makes the mean of $\ell(f_W(x_i), y_i)$ over the training digits small.
# With all five methods it becomes
#
# $$\min_W \; \mathrm{E}_{T, M} \Bigl[ \frac1n \sum_{i=1}^{n} \ell\bigl( f_W(T x_i;\, M),\; y_i \bigr) \Bigr]
# \;+\; \lambda_1 \sum |w| \;+\; \lambda_2 \sum w^2 ,$$
#
# and the way down is stopped after $k$ steps, before the bottom.
# Here $T$ is a random shift of the image, $M$ are the masks of dropout on the 100 hidden units,
# and the sums run over all entries of $W$. Biases are not penalized.
# Each method has a place of its own, and `train` has a plug for each place:
#
# | method | where it acts | plug of `train` | your function |
# |---|---|---|---|
# | augmentation | on the data: $T$ | `transform(X_batch, rng)` | `random_augment` |
# | dropout | on the activations: $M$ | `dropout(x, rng)` | `dropout_forward` |
# | L1, L2 | on the step: $\lambda_1$, $\lambda_2$ | `update(w, grad, lr)` | `proximal_l1_update`, `l2_update` |
# | early stopping | on the time: $k$ | `on_epoch(epoch, network)` | `PatienceMonitor` |
#
# The expectation over $T$ and $M$ is never computed.
# Each step draws both anew, and the gradient is right on average, as with minibatches.

# %% [markdown]
# Only L1 and L2 share a place.
# Let $g$, in the shape of $w$, be the gradient of the data loss, and $\alpha$ the learning rate.
# It is wrong to call both of your functions one after the other:
# each of them would step along $g$, so that the step would be taken twice.
# Take the smooth parts together, whose gradient is $g + 2 \lambda_2 w$,
# and let the proximal step deal with what has a corner:
#
# $$w \leftarrow S\bigl( w - \alpha (g + 2 \lambda_2 w),\; \alpha \lambda_1 \bigr) .$$
#
# In code this is `proximal_l1_update(w, grad + 2 * lam_l2 * w, lr, lam_l1)`, with the two strengths.
# For $\lambda_1 = 0$ it is your L2 step, for $\lambda_2 = 0$ your proximal step.
# The penalty with both is called the *elastic net*.
#
# Two methods must be absent when you evaluate.
# A network that is asked for its opinion sees the image as it is, with all units there.
# `network.error` and `network.predict` see to that.

# %% [markdown]
# **Bring your functions.**
# The next cell looks into the notebooks of lessons 1 to 5 that lie beside this one,
# takes out those of your answers that pass their checks, with the helpers that they use,
# and prints them in one piece.
# For a function that is missing it prints an import instead:
# `utils.earlier` has a right version of each, so that an unfinished lesson does not lock you out.

# %%
print(own_answers(earlier.LESSONS))

# %% [markdown]
# Copy all that was printed, paste it into the next cell in place of the comment, and run it.
# Grading takes the functions and imports that stand there along with your answers.
# You need not use all of them, and you may change them.

# %%
# Paste your functions here.

# %% [markdown]
# **Predict.**
# Use each method alone, at the strength that stands at the top of the next cell, for 120 epochs.
# With which of them will the network still store nearly all training labels, wrong ones included?
#
# **Implement** `train_with`.
# It trains a network with any set of the five names and returns a function:
# `predict(X)` takes images of shape (n, 784) and returns n whole numbers from 0 to 9.
# The empty set trains plainly. A name that is not one of the five raises a `ValueError`.
# All chance comes from `rng`: the same seed must give the same predictions.
# The check gives it the first six arguments only.
# The network of unit 1 is a good start: 100 hidden units, 120 epochs, a learning rate of 0.1, batches of 50.
# You may change all of this, and the strengths, too. `progress=False` keeps the bars of `train` away.
#
# <details><summary>Hint: the names</summary>
#
# `set(methods) - {"l1", "l2", "augmentation", "dropout", "early_stopping"}` is what you do not know. It should be empty.
#
# </details>
# <details><summary>Hint: plugs that are not in use</summary>
#
# `train` takes `None` for a plug that is not in use: `dropout=drop if "dropout" in methods else None`.
# For the penalties it is enough to set a strength that is not asked for to 0.
#
# </details>
# <details><summary>Hint: images</summary>
#
# A batch has shape (n, 784), and `random_augment` wants (n, 28, 28, 1). `X.reshape(-1, 28, 28, 1)` goes there, `.reshape(X.shape)` back.
#
# </details>
# <details><summary>Hint: stop, and keep the best</summary>
#
# In `on_epoch`, hand the dev error to `monitor.update`. If that returns True, keep `network.copy()`.
# Return `monitor.should_stop`: `train` ends when it is True. With `early_stopping` of lesson 5 you need a class like its `DigitModel`.
#
# </details>

# %% role="answer" key="train_with"
strengths = {"l1": 0.005, "l2": 0.02, "shift": 2, "keep_prob": 0.5, "patience": 20, "hidden": 100}


def train_with(methods, X_train, Y_train, X_dev, Y_dev, rng, **changes):
    """Train a network with some of the five methods and return its predict function.

    Parameters
    ----------
    methods : set of str
        Out of "l1", "l2", "augmentation", "dropout", "early_stopping"; empty for plain training.
    X_train, X_dev : ndarray of shape (n, 784)
        Images from 0 to 1; any number n of them.
    Y_train, Y_dev : ndarray of int, shape (n,)
        Their given labels, 0 to 9.
    rng : numpy.random.Generator
        The only source of chance.
    **changes
        What to use in place of `strengths`, by the same names, such as keep_prob=0.7.

    Returns
    -------
    predict : function
        From images (n, 784) to n whole numbers from 0 to 9.

    Raises
    ------
    ValueError
        If a name is none of the five.
    """
    # BEGIN SOLUTION
    at = strengths | changes
    if not set(methods) <= {"l1", "l2", "augmentation", "dropout", "early_stopping"}:
        raise ValueError(f"methods must be names out of the five; they are {methods}")
    network, best = Network((784, at["hidden"], 10), rng), []
    watch = earlier.PatienceMonitor(at["patience"])
    lam_l1, lam_l2 = (at[name] * (name in methods) for name in ("l1", "l2"))

    def priced(w, grad, lr):
        return earlier.proximal_l1_update(w, grad + 2 * lam_l2 * w, lr, lam_l1)

    def shifted(X, rng):
        return earlier.random_augment(X.reshape(-1, 28, 28, 1), rng, at["shift"]).reshape(X.shape)

    def thinned(x, rng):
        return earlier.dropout_forward(x, at["keep_prob"], rng)

    def keep_best(epoch, network):
        if watch.update(network.error(X_dev, Y_dev)):
            best[:] = [network.copy()]
        return watch.should_stop

    plugs = {"update": priced if {"l1", "l2"} & set(methods) else None}
    plugs["transform"] = shifted if "augmentation" in methods else None
    plugs["dropout"] = thinned if "dropout" in methods else None
    plugs["on_epoch"] = keep_best if "early_stopping" in methods else None
    plugs |= {"epochs": 120, "lr": 0.1, "batch_size": 50, "progress": False}
    train(network, X_train, Y_train, rng=rng, **plugs)
    return (best or [network])[0].predict
    # END SOLUTION


# %% [markdown]
# **Try** it on 40 digits.
# Plain training must agree with all 40 labels, since forty are quickly stored.
# The same seed must give the same predictions, and `"l3"` is no method.

# %%
few = capstone.X_train[:40], capstone.Y_train[:40], capstone.X_dev[:40], capstone.Y_dev[:40]
for names in (set(), {"dropout"}, {"l3"}):
    try:
        twice = [train_with(names, *few, np.random.default_rng(0))(few[0]) for _ in range(2)]
        print(names or "none", "- all stored:", bool(np.all(twice[0] == few[1])), end=", ")
        print("same again:", np.array_equal(*twice))
    except ValueError as error:
        print(names, "- ValueError:", error)

# %% role="check" key="train_with" points=6
check("train_with")

# %% [markdown]
# **Explore.**
# The next function trains with some methods on the digits of a seed,
# and returns for each training and each dev digit whether the network agrees with its given label.
# It remembers what it has done (`cache`), so that nothing is trained twice.


# %%
@cache
def agreement(trainer, names, seed):
    """Train on the digits of a seed; return with which training and dev labels it agrees."""
    X_train, Y_train, X_dev, Y_dev = deal(seed)
    predict = trainer(set(names), X_train, Y_train, X_dev, Y_dev, np.random.default_rng(seed))
    return predict(X_train) == Y_train, predict(X_dev) == Y_dev


def percent(trainer, names, on):
    """Return the agreement in % on "train" or "dev" for four seeds, shape (4,)."""
    place = ("train", "dev").index(on)
    return np.array([100 * agreement(trainer, names, seed)[place].mean() for seed in range(4)])


def draw_runs(ax, rows):
    """Draw each row of numbers as dots, with a bar at their mean, one row for each name."""
    for place, values in enumerate(rows.values()):
        ax.plot(values, np.full(len(values), place), "o", color=figures.COLORS["plain"])
        ax.plot(values.mean(), place, "|", color="black", markersize=18)
    ax.set(yticks=range(len(rows)), yticklabels=rows, ylim=(len(rows) - 0.5, -0.5))


# %% [markdown]
# Each dot of the figure is a network, from one of four seeds, and the bar is their mean.
# It shows the agreement with the *training* labels, of which 70 % are right.

# %%
singles = {"none": ()}
singles |= {name: (name,) for name in ("l1", "l2", "augmentation", "dropout", "early_stopping")}
stored = {name: percent(train_with, names, "train") for name, names in singles.items()}
stored_axes = plt.subplots()[1]
draw_runs(stored_axes, stored)
stored_axes.axvline(70, **figures.series_style("truth"), linewidth=1)
stored_axes.set(xlim=(50, 102), xlabel="agreement with the training labels in %")
stored_axes.set_title("Dropout alone still stores the wrong labels")
four = [stored[name] for name in ("l1", "l2", "augmentation", "early_stopping")]
print("the four others: from 60 to 80 %, each seed:", bool(np.all(abs(np.array(four) - 70) < 10)))
print("dropout: over 95 %, each seed:", bool(np.all(stored["dropout"] > 95)))
figures.show(
    stored_axes.figure,
    alt="Agreement with the training labels in percent, four networks for each method. None and dropout are "
    "at or close to 100. L1, L2, augmentation and early stopping lie between 60 and 80, about the dotted line at 70.",
)

# %% [markdown]
# **Read it.**
# Four of the methods keep the network near the 70 % at which a perfect one would be.
# To agree with 70 % of the labels is no proof that these are the right 70 %, though. Dev has to tell.
# Dropout with $p = 0.5$ stores nearly all labels, wrong ones included. Its noise slows the network down, and 120 epochs are time enough.

# %% [markdown]
# ## 3. Ask what each method is worth
#
# **Derive** what to compare.
# An *ablation* measures a system with a part and without it, all else being equal.
# Here it goes from nothing to one method at a time.
#
# Let $d_m$ be the dev agreement with method $m$ and $d_0$ that without any, both numbers, from the same seed:
# the same digits, the same first weights, the same order of the batches.
# What the two have in common falls out of their difference, since
#
# $$\mathrm{Var}(d_m - d_0) = \mathrm{Var}(d_m) + \mathrm{Var}(d_0) - 2\, \mathrm{Cov}(d_m, d_0) ,$$
#
# where the covariance is positive if a deal that is hard for one is hard for the other.
# So compare within a seed: where the two have much in common, the differences spread less.
# Then look at their spread over the seeds. If it goes across zero, you have not shown anything.
# If it does not, mind that a method without any effect gains on each of four seeds once in sixteen times.
#
# **Predict.**
# Write down an order of the five by what they gain on dev, before you measure.
# Which one do you expect at the top, and which to gain nothing that can be told from chance?
#
# **Implement** `ablation`: a dict with six entries, `"none"` and the five names.
# Each value is the share of dev labels, from 0 to 1, with which the network of `train_with` agrees,
# with the four arrays of `capstone` and `np.random.default_rng(0)`.
# Grading runs two of the entries again, with your own `train_with`: they must agree to within 0.03.

# %% role="answer" key="ablation"
ablation = None  # a dict from "none" and the five names to the dev agreement
# BEGIN SOLUTION
ablation = {}
for method in ("none", "l1", "l2", "augmentation", "dropout", "early_stopping"):
    sets = capstone.X_train, capstone.Y_train, capstone.X_dev, capstone.Y_dev
    predict = train_with({method} - {"none"}, *sets, np.random.default_rng(0))
    ablation[method] = float(np.mean(predict(capstone.X_dev) == capstone.Y_dev))
# END SOLUTION

# %% [markdown]
# **Try** whether the form is right: six names, each with a number between 0.4 and 0.7.

# %%
for name, share in (ablation or {}).items():
    print(f"{name:15} between 0.4 and 0.7:", 0.4 < share < 0.7)

# %% role="check" key="ablation" points=3
check("ablation")

# %% [markdown]
# **Explore.**
# One seed is one story.
# The next cell has four others, from other deals of the digits: left the agreement, right what each method gains within its seed.
# Where does zero lie?

# %%
on_dev = {name: percent(train_with, names, "dev") for name, names in singles.items()}
gains = {name: values - on_dev["none"] for name, values in on_dev.items() if name != "none"}
worth_figure, (dev_axes, gain_axes) = figures.pair()
draw_runs(dev_axes, on_dev)
dev_axes.set(xlabel="agreement with the dev labels in %", title="Each method alone, four seeds")
draw_runs(gain_axes, gains)
gain_axes.axvline(0, color="black", linewidth=1)
gain_axes.set(xlabel="gain over none within a seed, in points", title="L1's gain is no clear one")
clear = ("l2", "augmentation", "early_stopping")
print("gains over 2 points, each seed:", {name: bool(np.all(gains[name] > 2)) for name in clear})
ahead = on_dev["early_stopping"] > on_dev["l2"]
print("early stopping above l2, each seed:", bool(np.all(ahead)))
print("gain of l1 above 0, each seed:", bool(np.all(gains["l1"] > 0)))
print("largest mean gain:", max(gains, key=lambda name: gains[name].mean()))
figures.show(
    worth_figure,
    alt="Left: agreement with the dev labels in percent, four networks each: none below 50, augmentation close to "
    "60, the others between. Right: gains over none within a seed. Augmentation gains about 8 to 14 points, early "
    "stopping and L2 about 5 to 12, dropout less. The gains of L1 lie on both sides of zero.",
)

# %% [markdown]
# **Read it.**
# Augmentation gains most on average, and L2 and early stopping gain clearly.
# Dropout gains little by itself.
# L1 at this strength gains for some seeds and loses for others: from these four you cannot say that it helps.
# The dots of L2 and early stopping overlap, and yet early stopping is above L2 within each seed: that is what pairs are good for.
# An order that you read off a single seed would be a story about that seed.
#
# Three things to keep in mind.
# Early stopping has chosen its epoch by these same dev labels, so its number is a little too good (lesson 5, unit 9).
# Each method was tried at one strength only. What you see is the worth of that strength.
# And the four deals share the same 800 digits. Over new digits the numbers would spread more.

# %% [markdown]
# ## 4. Choose a mix, and train it
#
# **Predict.**
# Do gains add up? If L2 brings 6 points and dropout 3, do both together bring 9?
# And all five at once: better than any other mix?
#
# **Explore.**
# The next cell trains four mixes on the same four deals.

# %%
mixes = {
    "l2 + dropout": ("l2", "dropout"),
    "augmentation + dropout": ("augmentation", "dropout"),
    "augmentation + stopping": ("augmentation", "early_stopping"),
    "all five": ("l1", "l2", "augmentation", "dropout", "early_stopping"),
}
of_mixes = {name: percent(train_with, names, "dev") for name, names in mixes.items()}
alone = {name: percent(train_with, singles[name], "dev") for name in ("none", "l2", "augmentation")}
mix_axes = plt.subplots()[1]
draw_runs(mix_axes, alone | of_mixes)
mix_axes.set(xlabel="agreement with the dev labels in %", title="All five at once do too much")
pairs = [of_mixes["augmentation + dropout"], of_mixes["augmentation + stopping"]]
print("both add to augmentation, each seed:", bool(np.all(pairs > alone["augmentation"])))
more = of_mixes["l2 + dropout"].mean() - alone["l2"].mean()
print("dropout adds less than 3 points to l2:", bool(more < 3))
three = [values for name, values in of_mixes.items() if name != "all five"]
print("all five lose to each other mix, each seed:", bool(np.all(of_mixes["all five"] < three)))
figures.show(
    mix_axes.figure,
    alt="Agreement with the dev labels in percent, four networks for each mix. Augmentation with dropout and "
    "augmentation with early stopping are at about 62, L2 with dropout about a point above L2 alone, all five together "
    "below 50 like no method.",
)

# %% [markdown]
# **Read it.**
# At these strengths gains do not add up.
# Where L2 has done its work, dropout has little left to do.
# Dropout adds to augmentation for each seed, and so does early stopping for these four, by two points or more on average.
# All five at once, each at the strength that it had alone, lose to each other mix for each seed.
# Each takes some freedom away, and what is left is too little: they are no better than no method at all.
# Whether they would get along at lower strengths is yours to measure.

# %% [markdown]
# **Derive** how to choose without fooling yourself.
# You have tried ten sets of methods, and more strengths will follow.
# Each has a dev agreement $d_j = t_j + \varepsilon_j$: its expected value plus the chance of these 300 labels, with mean 0.
# You choose the largest, which is at least as large as each single one. Take expectations on both sides:
#
# $$\mathrm{E}\, \max_j d_j \;\ge\; \max_j t_j .$$
#
# The winner's own expected value is at most the right side, so its number is too good on average.
# Among candidates that are equally good the winner is the luckiest one: this is the *winner's curse*.
# The more you try, the worse.
#
# **Predict.**
# Ten candidates, a dev set of 50 labels: by how many points is the winner's number too good, 0.2, 2 or 20?
# And with 150 labels?
#
# **Explore.**
# You need no further digits to find out.
# Draw 50 of the 300 dev labels, choose the best of the ten by these, and read it on the other 250, which took no part in the choice.
# Do that 200 times for each of the four deals. For comparison, read a candidate that nobody chose: plain training.


# %%
def too_good(trainer, candidates, seed, size):
    """Return by how many points labels that choose are too good: for the best, for the first."""
    hits = np.array([agreement(trainer, names, seed)[1] for names in candidates])  # (m, 300)
    rng, found = np.random.default_rng(seed), []
    for _ in range(200):
        order = rng.permutation(hits.shape[1])
        gap = hits[:, order[:size]].mean(axis=1) - hits[:, order[size:]].mean(axis=1)
        best = hits[:, order[:size]].mean(axis=1).argmax()
        found.append((100 * gap[best], 100 * gap[0]))
    return np.mean(found, axis=0)


tried = [*singles.values(), *mixes.values()]
gaps = [[too_good(train_with, tried, seed, size) for seed in range(4)] for size in (50, 150)]
few_labels, more_labels = np.array(gaps)  # (4, 2) each: the best one, plain training
print("best by 50 labels, over a point too good, each seed:", bool(np.all(few_labels[:, 0] > 1)))
print("less by 150 labels, mean:", bool(more_labels[:, 0].mean() < few_labels[:, 0].mean()))
print("plain training, 150 labels: within half a point:", bool(abs(more_labels[:, 1].mean()) < 0.5))

# %% [markdown]
# **Read it.**
# The number of a winner among 50 labels is two to three points too good, which stands for three points of $a$ and more.
# With 150 labels it is about one point.
# The candidate that nobody chose reads the same on both parts, but for chance.
# So do three things.
# Try few candidates, each for a reason.
# Compare them over several deals, as above, and prefer the one that wins on each.
# And do not report the winner's dev number as its worth: for that there is a test set.

# %% [markdown]
# **The test** is out of your sight, and you have one look at it: the grade.
#
# - *Other digits.* Grading deals 500 + 300 digits anew, out of 5,000, with 30 % wrong labels in both sets.
#   It gives the ten digits other names, and draws all images anew in a way that is secret.
#   So a network or a table that you bring along is of no use. A shifted digit keeps its label, as it does here.
#   They are harder to tell apart, too: expect some points less than the formula of unit 1 promises for your dev number.
# - *The budget.* `train_regularized` is called once. It may take 10 seconds on one core, with NumPy and `utils`.
# - *The score.* What it returns is asked for 2,000 digits more, whose labels are right. Here $a$ itself is measured.
#
# | tier | accuracy of at least | points |
# |---|---:|---:|
# | bronze | 74 % | 2 |
# | silver | 79 % | 3 more |
# | gold | 82 % | 3 more |
#
# The tiers come from a study of 50 tasks that were dealt out as in grading.
# Plain training named 65.7 % of the test digits rightly on average, with a standard deviation of 1.9 points from task to task.
# It missed bronze on all 50. So did six variants of it: with more units, layers, steps or digits, for instance.
# By a normal curve the luckiest of the seven reaches bronze on fewer than one task in a thousand.
# Augmentation alone reaches bronze, with dropout or early stopping mostly silver, and gold takes some care.
# One and the same mix varies by about two points from task to task.
# Whoever is one point below a tier gets it all the same one time in three, and whoever is one point above misses it as often.
# So aim well above a tier, not at it.
#
# **Implement** `train_regularized`: any mix of the course, at any strength, with any network.
# It may call your `train_with`.
#
# <details><summary>Hint: a start</summary>
#
# One line is enough for a start: `return train_with({...}, X_train, Y_train, X_dev, Y_dev, rng)`, with a mix and strengths that have won above.
#
# </details>
# <details><summary>Hint: other strengths</summary>
#
# In a cell of your own, write `gentle = functools.partial(train_with, keep_prob=0.7)` after `import functools`.
# Then `percent(gentle, ("augmentation", "dropout"), "dev")` measures that strength on the four deals.
#
# </details>
# <details><summary>Hint: what else you may try</summary>
#
# More hidden units, more epochs. A second call of `train` that goes on with a smaller learning rate.
# Turned and zoomed copies of the digits, as in lesson 3. The vote of several networks, as in lesson 4, if the time allows it.
#
# </details>
# <details><summary>Hint: when dev has done its work</summary>
#
# Does your mix need dev labels at all? If not, 300 more digits can be learned from: `np.concatenate([X_train, X_dev])`.
# You cannot measure that here, for nothing is left to measure it by. What did lesson 5 find in its extension?
#
# </details>


# %% role="answer" key="train_regularized"
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    """Train a network on partly wrong labels, as well as you can within 10 seconds.

    Parameters
    ----------
    X_train, X_dev : ndarray of shape (n, 784)
        Images from 0 to 1.
    Y_train, Y_dev : ndarray of int, shape (n,)
        Their given labels, 0 to 9, of which 30 % are wrong.
    rng : numpy.random.Generator
        The only source of chance.

    Returns
    -------
    predict : function
        From images (n, 784) to n whole numbers from 0 to 9.
    """
    # BEGIN SOLUTION
    # Neither method of this mix needs dev, so its digits can be learned from.
    X, Y = np.concatenate([X_train, X_dev]), np.concatenate([Y_train, Y_dev])
    network = Network((784, 300, 10), rng)

    def shifted(X, rng):
        return earlier.random_augment(X.reshape(-1, 28, 28, 1), rng, max_shift=2).reshape(X.shape)

    plugs = {"transform": shifted, "dropout": lambda x, rng: earlier.dropout_forward(x, 0.5, rng)}
    for epochs, lr in ((80, 0.1), (30, 0.02)):  # smaller steps at the end
        rates = {"epochs": epochs, "lr": lr, "batch_size": 50, "progress": False}
        train(network, X, Y, rng=rng, **rates, **plugs)
    return network.predict
    # END SOLUTION


# %% [markdown]
# **Try** it on the digits of the notebook: the form of what it returns, and the time that it takes.

# %%
start = process_time()
final_sets = capstone.X_train, capstone.Y_train, capstone.X_dev, capstone.Y_dev
said = train_regularized(*final_sets, np.random.default_rng(0))(capstone.X_dev)
print("within half of the budget:", process_time() - start < 5)
print("shape:", said.shape, "  whole numbers from 0 to 9:", set(said.tolist()) <= set(range(10)))

# %% role="check" key="train_regularized" points=8
check("train_regularized")

# %% [markdown]
# **Read it.**
# The check has digits of its own, drawn anew as in grading, but always the same ones and fewer of them.
# It is a dev set, too: if you run it again and again until a tier lights up, you choose by it, and grading will tell.

# %% [markdown]
# ## 5. Argue for your choice
#
# A number without an argument convinces nobody, and should not.
# Write 150 to 400 words for a colleague who knows the course but not your notebook.
# Say what you chose and why, what the evidence is, and what it is not.
# You may quote anything that you have measured, and measure more in cells of your own.
# Your teacher reads it, with this table:
#
# | what is read | 0 | ½ point | 1 point |
# |---|---|---|---|
# | **Claim and evidence** | no numbers | numbers of a single seed, or without a spread | a claim that the numbers carry, over several seeds, with their spread |
# | **Why it works** | names of methods only | what one method does to the objective, in a formula or in exact words | the same for two or more, and why they get along or do not |
# | **What did not work, and limits** | nothing | something is named | with a number, and a reason or an honest “I do not know” |
# | **Train, dev and test** | a dev number is taken for the truth | what was chosen by which set | and how far the number is from the truth: wrong labels, winner's curse |
# | **Clear writing** | cannot be followed | can be followed with effort | reads in one go: one idea a sentence, terms of the course |

# %% [markdown] role="reflect" key="capstone_argument" points=5
# I train a network of 300 hidden units for 110 epochs, the last 30 with a learning rate of 0.02, with augmentation (shifts by up to two pixels) and dropout ($p = 0.5$), on all 800 digits, dev included.
#
# **Evidence.**
# On four deals, the mean agreement with the dev labels was 48 % without any method, 54 % with L2, 59 % with augmentation and 62 % with augmentation and dropout.
# The mix beat augmentation alone on each deal, by 1 to 5 points, and plain training by 11 to 16.
# The course's study has the test accuracy on 50 tasks, with its standard deviation from task to task, and how many reached each tier:
#
# | 50 tasks | mean in % | sd | bronze | silver | gold |
# |---|---:|---:|---:|---:|---:|
# | none | 65.7 | 1.9 | 0 | 0 | 0 |
# | l1 | 63.2 | 5.0 | 0 | 0 | 0 |
# | l2 | 69.5 | 3.1 | 2 | 0 | 0 |
# | dropout | 72.2 | 2.0 | 9 | 0 | 0 |
# | early_stopping | 75.0 | 2.3 | 32 | 2 | 0 |
# | augmentation | 79.9 | 2.2 | 49 | 32 | 10 |
# | augmentation + early_stopping | 81.0 | 2.1 | 50 | 40 | 18 |
# | augmentation + dropout | 81.8 | 1.8 | 50 | 46 | 25 |
# | all five | 81.5 | 1.9 | 50 | 45 | 24 |
# | this answer | 87.0 | 1.4 | 50 | 50 | 50 |
#
#
# **Why.**
# Augmentation makes $\mathrm{E}_T\, \ell(f_W(Tx), y)$ small instead of $\ell(f_W(x), y)$.
# A wrong label has to be stored for 25 shifts of its digit, while a right one agrees with what other digits of its class teach anyway.
# So storing gets dear, and learning does not.
# Dropout multiplies each activation $x_j$ by a mask of mean 1 and variance $(1 - p)/p$.
# For a linear unit that adds $\frac{1 - p}{p} \sum_j w_j^2 x_j^2$ to the expected squared error: it prices weights, most of all those on units that are often active.
# One acts on the data and the other on the activations, so neither undoes the other.
#
# **What did not work.**
# All five at the same strengths fell to 43 % on dev, below plain training, and to about 45 % on the training labels.
# So this is bias: the network does not fit the right labels either.
# In the study the two penalties were 50 and 20 times as weak, and all five were as good as augmentation and dropout, not better.
# L1 gained between −2 and 7 points. I cannot say that it helps here.
# Why early stopping added nothing that could be told from dropout's gain, I do not know.
#
# **Limits.**
# A dev agreement of 62 % stands for an accuracy of $1.5 \cdot (0.62 - 0.033) \approx 0.88$, with a standard error of 0.04.
# It is too good, since the mix is one of the best of ten: by two to three points where 50 labels choose, by less with 300.
# Afterwards I have trained on the dev digits. So no honest number of mine is left, and the test has to give one.

# %% [markdown]
# This ends the core path.
# Run the whole notebook once more from the top before you hand it in: grading does the same with your answers, and with nothing else.

# %% [markdown]
# ## In practice
#
# These are the calls for the five, by their current names. With $\lambda$ as in this course:
#
# | method | Keras | PyTorch |
# |---|---|---|
# | L2 | `keras.regularizers.L2(lam)` for a layer's `kernel_regularizer` | `torch.optim.SGD(…, weight_decay=2 * lam)` |
# | L1 | `keras.regularizers.L1(lam)` | none: add it to the loss |
# | augmentation | `keras.layers.RandomTranslation(2 / 28, 2 / 28, fill_mode="constant")` | torchvision's `v2.RandomAffine(0, translate=(2 / 28, 2 / 28))` |
# | dropout | `keras.layers.Dropout(0.5)` | `torch.nn.Dropout(0.5)` |
# | early stopping | `keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)` | none: write the loop |
#
# scikit-learn's `MLPClassifier` has two of them: L2 by `alpha=2 * lam * batch_size`, and `early_stopping=True`, which takes its dev set from the training data.
#
# Augmentation with dropout, for instance, reads like this in Keras, with images of shape (n, 28, 28, 1):
#
# ```python
# model = keras.Sequential([
#     keras.layers.RandomTranslation(2 / 28, 2 / 28, fill_mode="constant"),
#     keras.layers.Flatten(),
#     keras.layers.Dense(100, activation="relu"),
#     keras.layers.Dropout(0.5),
#     keras.layers.Dense(10, activation="softmax"),
# ])
# model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", ["accuracy"])
# model.fit(X_train, Y_train, batch_size=50, epochs=120, validation_data=(X_dev, Y_dev))
# ```
#
# The next cell compares the network itself, without any method, with scikit-learn's.
# Both start from the same weights and take 30 steps along the gradient of all 500 digits, in 64 bits.
# The largest difference of any weight should be below $10^{-9}$.

# %%
from sklearn.neural_network import MLPClassifier

ours = Network((784, 100, 10), np.random.default_rng(0), dtype=np.float64)
theirs = MLPClassifier(
    100, solver="sgd", alpha=0, batch_size=500, learning_rate_init=0.1, momentum=0
)
theirs.partial_fit(capstone.X_train, capstone.Y_train, classes=range(10))  # makes its arrays
theirs.coefs_ = [w.copy() for w in ours.weights]
theirs.intercepts_ = [b.copy() for b in ours.biases]
for _ in range(30):
    theirs.partial_fit(capstone.X_train, capstone.Y_train)
whole = {"epochs": 30, "lr": 0.1, "batch_size": 500, "rng": np.random.default_rng(0)}
train(ours, capstone.X_train, capstone.Y_train, **whole)
both = zip(ours.weights, theirs.coefs_, strict=True)
print("equal to scikit-learn:", max(abs(w - v).max() for w, v in both) < 1e-9)

# %% [markdown]
# ## Further reading
#
# - C. Northcutt, A. Athalye and J. Mueller, *Pervasive label errors in test sets destabilize machine learning benchmarks* (2021), arXiv:2103.14749.
#   Wrong labels in ten well known test sets, MNIST among them, and rankings of networks that turn once they are mended.
# - D. Rolnick, A. Veit, S. Belongie and N. Shavit, *Deep learning is robust to massive label noise* (2017), arXiv:1705.10694.
#   How many wrong labels can be made up for by more data.
# - G. Patrini, A. Rozza, A. Menon, R. Nock and L. Qu, *Making deep neural networks robust to label noise: a loss correction approach* (2017), arXiv:1609.03683.
#   The formula of unit 1 built into the loss: what you can do when you know how labels go wrong.
# - H. Zou and T. Hastie, *Regularization and variable selection via the elastic net* (2005), Journal of the Royal Statistical Society B 67.
#   L1 and L2 in one penalty, and what each contributes.
# - X. Bouthillier and others, *Accounting for variance in machine learning benchmarks* (2021), arXiv:2103.03098.
#   Which sources of chance matter most, and how to compare methods with few runs.
# - C. Dwork and others, *The reusable holdout: preserving validity in adaptive data analysis* (2015), Science 349.
#   How to look at a dev set more often without being fooled.
#
# ## See what you have earned

# %%
scorecard("06_capstone")
