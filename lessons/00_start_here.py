# %% [markdown]
# # Start here: solve one exercise, see one network memorize
#
# This course is about one problem:
# a network that does well on the digits it was trained on
# and badly on digits it has never seen.
# You will derive, write and measure five ways to fight it.
# This first lesson shows you how a lesson works, and what the problem looks like.
#
# **After this lesson you can**
#
# - run a lesson, answer an exercise and read what its check says;
# - compute a mean squared error and refuse arrays that do not belong together;
# - recognize a network that has memorized its training labels;
# - save, validate and hand in your work.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Find your way around | 5 | |
# | 2. Write your first answer | 7 | 1 |
# | 3. Watch a network memorize | 9 | 1 |
# | 4. Hand in your work | 1 | |
# | In practice, further reading | 2 | |
# | **all** | **24** | **2** |
#
# Unit 1 tells how the minutes are estimated.

# %% [markdown]
# Every lesson has one set-up cell, and this is it.
# It imports what the lesson needs and loads the data.
# Click on the cell and press **Shift+Enter**: that runs it and goes on to the next cell.

# %%
import sys

import numpy as np

from utils.checking import check, scorecard
from utils.data import flip_labels, load_mnist, split
from utils.figures import plot_digits, plot_learning_curves, show, use_style
from utils.network import Network
from utils.training import train

use_style()
mnist = load_mnist()

# %% [markdown]
# ## 1. Find your way around
#
# A lesson is made of small units, which go through the same stages in the same order.
# **Derive** gives you the mathematics.
# **Predict** asks what you expect, before a figure can tell you.
# **Implement** is a function for you to write.
# **Try** calls it on a case that you can work out by hand.
# **Check** judges it.
# **Explore** uses it in an experiment, and **Read it** says what the experiment has shown.
# A short unit leaves a stage out, and a long one goes around twice.
# Where you are asked to **find what is wrong**, you meet the faults of others, in a text or a program.
#
# A table at the top of each lesson lists its units.
# Its minutes are an estimate, made in the same way for all:
#
# - one for 150 words of text, with formulas, tables and hints;
# - a half for a cell that only runs;
# - two for a live figure, which has sliders or buttons, and for a question with options;
# - three for any other answer, and two more for each point after its first.
#
# From lesson 1 on there is a *core path* of 60 to 90 minutes, and a *second part*.
# What is called an *extension* has no points.
#
# Three kinds of cells are yours:
#
# - a function with `raise NotImplementedError("your code here")`: replace that line with your own;
# - a variable set to `None`: write the letter or the number that you think is right below it;
# - any cell that you add yourself, to try something out.
#
# Leave the name of a function as it is, and do not edit or delete the check cells.
# If you do so by accident, nothing is lost: grading puts the original checks back.
# Hints are folded. Click on one to open it.
#
# Run the cells from top to bottom.
# An exercise that you skip does not block the next one:
# only the experiments that use your function have to wait for it.

# %% [markdown]
# Now look at the environment.
# The next cell asks whether Python and NumPy are recent enough,
# then prints the size of the data that most lessons use:
# real handwritten digits, a small part of the MNIST collection.
# Each row of `X` is an image of 28 × 28 gray levels, laid out as 784 numbers between 0 and 1.
# Each entry of `y` is the digit that the image shows.

# %%
print("Python 3.11 or newer:", sys.version_info >= (3, 11))
print("NumPy 2 or newer:", int(np.__version__.split(".")[0]) >= 2)
print("images X:", mnist.X.shape, "  labels y:", mnist.y.shape)

# %% [markdown]
# If the first two lines say True and the shapes are (5000, 784) and (5000,), all is well.
# You work on your own copy of each lesson, in the folder `my-work`.
# It is never overwritten, not even when the course is updated.

# %% [markdown]
# ## 2. Write your first answer
#
# **Derive.**
# Let $y$ hold $n$ true numbers and $\hat y$ the $n$ numbers that a model predicts, both of shape $(n{,})$.
# The error of prediction $i$ is the number $y_i - \hat y_i$.
# Square it, so that errors to both sides count alike, and take the mean over all $n$:
#
# $$\mathrm{MSE}(y, \hat y) = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2 .$$
#
# For arrays of any other shape, the same sum runs over all their entries,
# and $n$ is the number of entries.
#
# **Predict.**
# Suppose `y_true` has shape (3,) and `y_pred`, by mistake, shape (3, 1).
# NumPy does not complain when you subtract them.
# How many differences do you get: 3, or more?
# Decide before you run the next cell.

# %%
print(np.subtract([1, 2, 3], [[1], [2], [3]]))

# %% [markdown]
# You get nine.
# NumPy *broadcasts*: it repeats the row and the column until their shapes fit.
# All three predictions are right, and yet six of the nine differences are not 0.
# A mean over them is a wrong number that looks like a right one.
# So your function has to refuse: different shapes raise a `ValueError`.

# %% [markdown]
# **Implement** `mean_squared_error`.
# First run the cell as it stands, and then its check two cells further down.
# The check says that the exercise is *not answered yet*: that is how every exercise begins.
#
# Then give a wrong answer on purpose.
# Replace the last line with `return float(np.sum((y_true - y_pred) ** 2))`, run the cell and run its check.
# You see the first case that fails, what was expected, what your function returned,
# and a sentence on what probably went wrong.
#
# Finally, write it properly, and watch the same check pass.
# You can run a check as often as you like.
#
# <details><summary>Hint: the shapes</summary>
#
# Compare `y_true.shape` with `y_pred.shape` before you subtract,
# and write `raise ValueError("a message")` where they differ.
#
# </details>
# <details><summary>Hint: the mean</summary>
#
# `np.mean(array)` is the mean over all entries, whatever the shape.
#
# </details>


# %% role="answer" key="mean_squared_error"
def mean_squared_error(y_true, y_pred):
    """Return the mean of the squared differences, 1/n Σᵢ (yᵢ − ŷᵢ)².

    Parameters
    ----------
    y_true, y_pred : ndarray
        Of one and the same shape, whatever it is; n is the number of entries.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    # BEGIN SOLUTION
    if y_true.shape != y_pred.shape:
        raise ValueError(f"y_true has shape {y_true.shape}, but y_pred has {y_pred.shape}")
    return float(np.mean((y_true - y_pred) ** 2))
    # END SOLUTION


# %% [markdown]
# **Try** it on a case that you can work out by hand.
# The errors are 1 and −3, their squares 1 and 9, so the mean is 5.

# %%
mean_squared_error(np.array([2.0, 0.0]), np.array([1.0, 3.0]))

# %% role="check" key="mean_squared_error" points=1
check("mean_squared_error")

# %% [markdown]
# **Read it.**
# Where an answer is partly right, its check names the parts that passed and those that are missed.
# A check tries your function on cases that you can see.
# When your work is graded, the same kinds of cases come with other numbers:
# a function that is right passes both.

# %% [markdown]
# ## 3. Watch a network memorize
#
# Now for the picture that the whole course is about.
# The next cell takes 1,000 digits to train on
# and gives 200 of them a wrong label on purpose:
# a seven that is called a four, and so on.
# Real data have such labels, too, only that nobody tells you which they are.

# %%
(X_sample, y_sample), _ = split(mnist.X, mnist.y, (1000, 1000), np.random.default_rng(0))
y_spoiled = flip_labels(y_sample, 0.2, np.random.default_rng(0))
print("labels in all:", len(y_sample), "  wrong ones:", int(np.sum(y_sample != y_spoiled)))

# %% [markdown]
# Here are the first ten of them, with the label that the network is told.
# A cross marks a wrong one.

# %%
marks = ["" if told == true else " ✗" for told, true in zip(y_spoiled, y_sample, strict=True)]
titles = [f"{told}{mark}" for told, mark in zip(y_spoiled, marks, strict=True)]
digit_axes = plot_digits(X_sample[:10], titles[:10])
show(
    digit_axes[0].figure,
    alt="Ten handwritten digits, each below the label that the network is told. Three of the labels are "
    "wrong and have a cross: a 0 is called 7, a 6 is called 0, and a 1 is called 6.",
)

# %% [markdown]
# The network has 784 inputs, one hidden layer of 50 units and 10 outputs, one for each digit.
# A hidden unit adds up its inputs, each times a weight, and a number of its own, its *bias*.
# It passes on the sum if that is positive, else 0 (a *ReLU*).
# The outputs are turned into ten probabilities (a *softmax*).
# The loss, a number, is the mean of $-\log q$ over the digits,
# where the number $q$ is the probability that the network gives to the label it is told.
# This is the *cross-entropy*.
#
# Training goes in steps.
# Each step takes a *minibatch*, here 50 of the digits, computes the gradient of their loss,
# and moves all weights a little against it.
# How far is set by a number, the *learning rate*.
# One pass over all digits, 20 steps here, is an *epoch*.

# %% [markdown]
# **Predict.**
# The network has 39,200 weights into the hidden layer and 500 out of it, about forty for each label.
# You train it for a long time on the 1,000 digits, wrong labels included.
# After each epoch you measure two errors:
# the fraction of the training labels that it does not reproduce, the *training error*,
# and the fraction of 1,000 other digits, the *dev set*, that it gets wrong, the *dev error*.
# All labels of the dev set are right.
# What happens?
#
# - **a** The training error stops near 20 %: labels that are wrong at random cannot be learned.
# - **b** Both errors go to 0: with enough training the network sees through the noise.
# - **c** The training error goes to 0, and the dev error falls first and then rises.
# - **d** Both errors rise: wrong labels pull the weights apart.
#
# Write your letter below the comment, in quotes: `memorization = "a"`, for instance.

# %% role="answer" key="memorization"
memorization = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
memorization = "c"
# END SOLUTION

# %% role="check" key="memorization" points=1
check("memorization")

# %% [markdown]
# **Explore.**
# One run proves little: another split or another start may tell another story.
# So the experiment is a function of a seed.
# The seed decides on the split, on the wrong labels, on the first weights and on the order of the digits.
# You need not write anything here.


# %%
def train_on_noise(seed):
    """Return the training error and the dev error after each epoch, two lists."""
    rng = np.random.default_rng(seed)
    (X, y), dev = split(mnist.X, mnist.y, (1000, 1000), rng)
    y = flip_labels(y, 0.2, rng)
    track = {
        "train": lambda network: network.error(X, y),
        "dev": lambda network: network.error(*dev),
    }
    network = Network((784, 50, 10), rng)
    history = train(network, X, y, epochs=80, lr=0.1, rng=rng, batch_size=50, track=track)
    return history["train"], history["dev"]


# %% [markdown]
# The next cell trains five networks, from five seeds.
# Each line is the mean of the five, and the band around it goes from the lowest to the highest.

# %%
errors = 100 * np.array([train_on_noise(seed) for seed in range(5)])  # (seeds, 2, epochs), in %
noise_axes = plot_learning_curves({"train": errors[:, 0], "dev": errors[:, 1]}, ylabel="error in %")
noise_axes.set(ylim=(0, 60), title="The network stores wrong labels and gets worse on new digits")
show(
    noise_axes.figure,
    alt="Error in percent against epochs, five networks. The training error falls to nearly 0 "
    "by epoch 80. The dev error falls to about 16 within ten epochs, and then rises to about 23 while "
    "training goes on. The curves cross near epoch 20.",
)

# %% [markdown]
# The same result in numbers: the mean over the five seeds.
# "Best" is the lowest point of the mean dev curve.

# %%
curves = errors.mean(axis=0)
print("training error at the end under 1 %:", bool(curves[0, -1] < 1))
print(f"dev error at its best      {curves[1].min():3.0f} %")
print(f"dev error at the end       {curves[1, -1]:3.0f} %")
rises = errors[:, 1, -1] - errors[:, 1].min(axis=1)
print("dev error rises by 3 points or more for each seed:", bool(np.all(rises > 3)))

# %% [markdown]
# **Read it.**
# For some epochs the network learns what digits have in common, and both errors fall.
# Then it begins to store single labels, wrong ones included, and its training error goes on to nearly nothing.
# The price shows on new digits: the dev error climbs by several percentage points, for each of the five seeds.
# The network is not too weak, it is too free.
# Whatever takes some of that freedom away is called *regularization*.
# The course takes it away in five ways:
#
# 1. it charges for the size of each weight, which is called L1 (lessons 1 and 2);
# 2. it charges for its square, which is called L2 (the same lessons);
# 3. it shows each digit in many versions (lesson 3);
# 4. it switches units off at random (lesson 4);
# 5. it stops in time (lesson 5).
#
# In lesson 6 you combine them.

# %% [markdown]
# ## 4. Hand in your work
#
# 1. **Run all from the top**: menu *Run*, then *Restart Kernel and Run All Cells*.
#    This finds answers that work only because of a cell that you have deleted since.
#    It stops at the first exercise that is still open.
# 2. **Save**: Ctrl+S, or Command+S on a Mac.
# 3. **Validate**: the *Validate* button above the notebook runs it once more
#    and names each check that does not pass yet.
# 4. **Hand in the file** in the way that your teacher has told you.
#    Do not rename it: its name tells which lesson it is.
#
# You may hand in a lesson with open exercises.
# Each check counts for itself, and a part that is right earns its share.

# %% [markdown]
# ## In practice
#
# Libraries bring the mean squared error along.
# These are its current names:
#
# | library | call |
# |---|---|
# | scikit-learn | `sklearn.metrics.mean_squared_error(y_true, y_pred)` |
# | Keras | `keras.losses.MeanSquaredError()` |
# | PyTorch | `torch.nn.functional.mse_loss(input, target)` |
#
# The next cell compares yours with scikit-learn's on 20 arrays of random numbers.
# They should agree to one part in 10¹².

# %%
from sklearn import metrics

pairs = np.random.default_rng(1).normal(size=(20, 2, 50, 3))
ours = np.array([mean_squared_error(true, predicted) for true, predicted in pairs])
theirs = np.array([metrics.mean_squared_error(true, predicted) for true, predicted in pairs])
print("equal to scikit-learn:", np.allclose(ours, theirs, rtol=1e-12))

# %% [markdown]
# ## Further reading
#
# - C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals,
#   *Understanding deep learning requires rethinking generalization* (2017), arXiv:1611.03530.
#   The experiment of unit 3 taken to the end: large networks that fit labels drawn at random.
# - D. Arpit and others, *A closer look at memorization in deep networks* (2017), arXiv:1706.05394.
#   Why the shared patterns come first and the single labels later.
#
# ## See what you have earned

# %%
scorecard("00_start_here")
