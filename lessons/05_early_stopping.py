# %% [markdown]
# # Stop in time: early stopping
#
# A network that trains too long stores wrong labels.
# In lesson 0 you saw its dev error fall first and rise later.
# The cheapest remedy is to keep the weights from the bottom of that curve:
# no term in the cost, no change of the network, only a loop that knows when to stop.
# Such a loop has about ten lines, and it is easy to get wrong.
# So this lesson begins with a broken one.
# Then you write your own, use it on wrong labels,
# and derive what stopping does to the weights: on a quadratic loss it is L2 in disguise.
#
# **After this lesson you can**
#
# - find six faults in a training loop, one at a time, with a test for each;
# - write early stopping that returns the best model, and say at which step it stops;
# - follow gradient descent in closed form, and compute the L2 penalty that a stopping time amounts to;
# - say where the rule of thumb for that penalty fails, and by how much;
# - name what a stopping rule can miss, and measure how far the best dev error is from the truth.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Mend a loop that does not stop | 20 | 4 |
# | 2. Stop, and return the best | 16 | 5 |
# | 3. Stop in time where labels are wrong | 10 | |
# | 4. Follow gradient descent in closed form | 10 | 2 |
# | 5. Find the penalty that stopping amounts to | 17 | 4 |
# | **core path** | **73** | **15** |
# | 6. Take the rule out of the loop | 13 | 3 |
# | 7. Ask what the rule misses | 6 | |
# | 8. Compare with ridge on real data | 6 | |
# | 9. Do not believe the best dev error | 5 | |
# | In practice, further reading | 5 | |
# | **second part** | **35** | **3** |
#
# The minutes are estimates, made as lesson 0, unit 1 tells.
# The second part can wait for another day.
# So can the extension at the end, which is not graded.

# %% [markdown]
# Run the set-up cell first.
# It imports what you need, and loads three sets of real data: digits, 97 men with a cancer of the prostate,
# and 442 patients with diabetes.
# Your answers may use all of it, since grading runs this cell before them.

# %%
import copy

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.checking import check, scorecard
from utils.data import flip_labels, load_diabetes, load_digits, load_mnist, load_prostate, split
from utils.golden import load_golden
from utils.network import Network
from utils.training import train

figures.use_style()
mnist, prostate, diabetes = load_mnist(), load_prostate(), load_diabetes()


def standardize(X):
    """Return X with its columns scaled to mean 0 and standard deviation 1."""
    return (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)


# %% [markdown]
# ## 1. Mend a loop that does not stop
#
# **Derive** a test for a loop.
# Early stopping needs two sets of data.
# The network learns from the *training* set.
# The *dev* set is kept apart: every few steps the network is evaluated on it, and it learns nothing from it.
# As long as the dev error falls, training goes on.
# When it has not fallen for a while, training ends, and the weights with the lowest dev error are returned.
#
# Below you find a listing that should do this.
# It is held as a text, since Python cannot even read it as it stands.
# It has six flaws, and you meet them one at a time.
# That is how it is with most programs: a fault hides others, and you have to mend it to see the next.
#
# To find a fault you need a case whose answer you know.
# No network is needed for that.
# The class below acts out a script: its dev error after $k$ training steps is `errors[k]`.
# It can do what a model has to: train for one step, evaluate, and copy itself.
# If training goes on past the end of the script, it raises an error, so that nothing runs forever.


# %%
class Script:
    """A model that acts out a script: after k training steps its error is errors[k]."""

    def __init__(self, errors, step=0, trained=None):
        self.errors, self.step = errors, step
        self.trained = [] if trained is None else trained  # all copies share this list

    def train(self, X, Y):
        self.trained.append(self.step)
        if len(self.trained) >= len(self.errors):
            raise TimeoutError(f"no end after {len(self.trained)} training steps")
        self.step += 1
        return self

    def eval(self, X, Y):
        return self.errors[self.step]

    def copy(self):
        return type(self)(self.errors, self.step, self.trained)

    def __deepcopy__(self, memo):
        return self.copy()


# %% [markdown]
# The next class does the same, but its `train` leaves the model as it is and returns a new one.
# Both are allowed by the listing's docstring: it says that `train` *returns the trained model*.


# %%
class FreshScript(Script):
    """The same, but train leaves the model as it is and returns a new one."""

    def train(self, X, Y):
        return Script.train(self.copy(), X, Y)


# %% [markdown]
# The next function compiles a listing, runs it on such a model, and tells what happened:
# the fault that Python met, or what was returned.
# `stop_early` is the function that the listing defines.


# %%
def trial(listing, model, **settings):
    """Run the function of a listing on a model; return the fault, or what came of it."""
    names = {}
    try:
        exec(compile(listing, "listing", "exec"), names)
        best, error, step = names["stop_early"](model, None, None, None, None, **settings)
    except Exception as fault:
        return {"fault": f"{type(fault).__name__}: {fault}"}
    steps = len(model.trained)
    return {"trained": steps, "error": error, "step": step, "step of the model": best.step}


# %% [markdown]
# Now the tests, one for each flaw.
# They need three runs.
# `valley` has its lowest error, 1, after step 5.
# With a patience of 3 steps, training should end after step 8, and the model of step 5 should come back.
# The first run is on a `Script`, the third on a `FreshScript`.
#
# In the second run the error is looked at after every second step only: 5, 2, 3, 3, …
# The lowest so far is after step 4.
# Three steps later is step 7, where nobody looks, so training should end after step 8.

# %%
valley = [6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 7]
two_valleys = [9, 9, 5, 9, 2, 9, 3, 9, 3, 9, 1, 9, 2, 9, 3, 9, 3]


def six_tests(listing):
    """Return for each test its name, whether the listing passes it, and what was seen."""
    one = trial(listing, Script(valley), stop_wait=3)
    two = trial(listing, Script(two_valleys), eval_freq=2, stop_wait=3)
    three = trial(listing, FreshScript(valley), stop_wait=3)
    fault = one.get("fault", "")
    unreadable = fault.startswith(("SyntaxError", "IndentationError", "TabError"))
    return [
        ("1 Python can read it", not unreadable, one),
        ("2 it trains and evaluates", not fault or fault.startswith("TimeoutError"), one),
        ("3 it stops and finds the lowest error", one.get("error") == 1, one),
        ("4 its model is from the step that it says", one.get("step of the model") == 5, one),
        ("5 it waits for steps, not evaluations", two.get("trained") == 8, two),
        ("6 it uses what train returns", three.get("step of the model") == 5, three),
    ]


# %% [markdown]
# **Predict.**
# Read the listing below before you touch it.
# Suppose that the first three flaws are mended, and only they.
# On `valley`, with a patience of 3: which step does it say the best model is from?
# And how far has the model been trained that it returns?
#
# **Implement** `fixed_listing`: mend the text between the three quotes.
# Run it, then run the six tests below, and mend what the first failing one shows.
# Keep the name of the function and its arguments. All else may change, as long as it does what its docstring says.
#
# <details><summary>Hint for test 1</summary>
#
# The error names a line; the line with the opening quotes is line 1.
# That line must begin exactly below a line of the block to which it belongs.
# There are several blocks to choose from: when should the function return?
#
# </details>
# <details><summary>Hint for tests 2 and 3</summary>
#
# Test 2: the error names the name that nobody defined.
# Test 3: the error is compared with `best_error`. Follow this variable by hand through the first three evaluations.
#
# </details>
# <details><summary>Hint for test 4</summary>
#
# After `a = b`, `a` and `b` are two names for *one* object.
# Train one, and the other is trained, too.
#
# </details>
# <details><summary>Hint for tests 5 and 6</summary>
#
# Here nothing is wrong with the code as such: it does not do what the docstring says.
# What does `stop_wait` count, and what does `waited` count?
# What does `train` return, and who takes it?
#
# </details>

# %% role="answer" key="fixed_listing"
fixed_listing = '''
def stop_early(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Train a model until its dev error has not fallen for a while.

    A model has train(X, Y), which takes one step and returns the trained model,
    eval(X, Y), which returns its error, and copy().
    eval_freq: training steps from one evaluation to the next
    stop_wait: training steps without a lower dev error after which to stop
    Return the best model, its dev error and the step that it is from.
    """
    current = model.copy()
    best_model, best_error, best_step = model.copy(), float("inf"), 0
    step, waited = 0, 0
    while waited < stop_wait:
        for _ in range(eval_every):
            current.train(X_train, Y_train)
            step += 1
        error = current.eval(X_dev, Y_dev)
        waited += 1
        if error < best_error:
            best_model, best_step = current.copy(), step
            current = best_model
            waited = 0
      return best_model, best_error, best_step
'''
# BEGIN SOLUTION
fixed_listing = '''
def stop_early(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Train a model until its dev error has not fallen for a while.

    A model has train(X, Y), which takes one step and returns the trained model,
    eval(X, Y), which returns its error, and copy().
    eval_freq: training steps from one evaluation to the next
    stop_wait: training steps without a lower dev error after which to stop
    Return the best model, its dev error and the step that it is from.
    """
    current = model.copy()
    best_model, best_error, best_step = model.copy(), float("inf"), 0
    step, waited = 0, 0
    while waited < stop_wait:
        for _ in range(eval_freq):
            current = current.train(X_train, Y_train)
            step += 1
        error = current.eval(X_dev, Y_dev)
        waited += eval_freq
        if error < best_error:
            best_model, best_error, best_step = current.copy(), error, step
            waited = 0
    return best_model, best_error, best_step
'''
# END SOLUTION

# %% [markdown]
# **Try** your text, as often as you like.
# The cell goes through the six tests and ends at the first that fails.

# %%
for test_name, passed, seen in six_tests(fixed_listing):
    print("passed " if passed else "FAILED ", test_name)
    if not passed:
        print("saw    ", seen)
        break

# %% role="check" key="fixed_listing" points=4
check("fixed_listing")

# %% [markdown]
# **Read it.**
# Python complained about two of the six flaws.
# The third made itself felt: the loop did not end.
# The last three ran, ended, and returned something that looked right.
# They are the dangerous ones, and only a case with a known answer finds them.
#
# <details><summary>The six flaws, once you have found them</summary>
#
# | number | flaw | how it shows |
# |---|---|---|
# | 1 | the line with `return` belongs to no block | `IndentationError`, before anything runs |
# | 2 | `eval_every` does not exist; `eval_freq` is meant | `NameError`, at the first step |
# | 3 | `best_error` is never lowered | each error is below infinity, so it never stops |
# | 4 | `current = best_model` | the model is from step 8, its label says step 5 |
# | 5 | `waited` counts evaluations, the docstring says steps | it trains for 16 steps in place of 8 |
# | 6 | what `train` returns is dropped | a model that returns a new one is never trained |
#
# If you push the `return` of flaw 1 to the right instead of to the left, Python can read it.
# But then it is inside the loop, and the function returns after the first evaluation.
#
# </details>

# %% [markdown]
# ## 2. Stop, and return the best
#
# **Derive** what the rule does, before you write it.
# Let $e(k)$ be the dev error after $k$ training steps, a number.
# Let $m \ge 1$ be the number of steps from one evaluation to the next, `eval_freq`,
# and $s \ge 1$ the patience in steps, `stop_wait`.
# The error is looked at after the steps $m, 2m, 3m, \dots$, and only there.
# After each evaluation, at step $k$, do two things in this order:
#
# 1. if $e(k)$ is *strictly* lower than all before, keep a copy of the model, its error, and $b = k$, the best step;
# 2. if $k - b \ge s$, stop.
#
# At the start $b = 0$ and the lowest error is $\infty$.
# A tie is not better.
# Nor is an error that is not a number (NaN): every comparison with NaN is false.
# If no evaluation is ever better than $\infty$, what comes back is a copy of the model as it was, with the error $\infty$ and the step 0.
#
# The rule stops at the first multiple of $m$ that is $s$ or more steps after $b$, and $b$ itself is a multiple of $m$.
# So the steps after the best one, which are thrown away, number
#
# $$k - b = m\,\lceil s / m \rceil ,$$
#
# where $\lceil x \rceil$ is $x$ rounded up to a whole number.
# That is what the method costs in time.
# In memory it costs one more copy of the model.

# %% [markdown]
# **Predict.**
# With `eval_freq=5` and `stop_wait=12` the dev error is
#
# | after step | 5 | 10 | 15 | 20 | 25 | 30 | 35 | 40 | later |
# |---|---:|---:|---:|---:|---:|---:|---:|---:|---|
# | dev error | .40 | .30 | .25 | .27 | .25 | .26 | .27 | .28 | higher and higher |
#
# Which model is returned, and after which step does the training stop?
#
# - **a** The model of step 15; it stops after step 27.
# - **b** The model of step 15; it stops after step 30.
# - **c** The model of step 25; it stops after step 40.
# - **d** The model of step 15; it stops after step 75.

# %% role="answer" key="stopping_step"
stopping_step = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
stopping_step = "b"
# END SOLUTION

# %% role="check" key="stopping_step" points=1
check("stopping_step")

# %% [markdown]
# **Implement** `early_stopping`.
# It differs from the listing in one point: a model of this course trains *in place*,
# so that what `train` returns does not count.
# Work on a copy, and leave the model that you were handed as it was.
# The data sets go to `train` and `eval` untouched.
#
# <details><summary>Hint: the order</summary>
#
# In a loop without end: train for `eval_freq` steps and count them, evaluate, update the best, then ask whether to return.
#
# </details>
# <details><summary>Hint: what to keep</summary>
#
# Keep `current.copy()`, never `current` itself: the next step would change what you keep.
#
# </details>


# %% role="answer" key="early_stopping"
def early_stopping(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Train until the dev error has not fallen for `stop_wait` steps; return the best model.

    Parameters
    ----------
    model : object
        With `train(X, Y)`, one step in place; `eval(X, Y)`, its error, a float; `copy()`.
        Left as it was.
    X_train, Y_train, X_dev, Y_dev : ndarray
        For `train` and for `eval`.
    eval_freq : int
        Training steps from one evaluation to the next, at least 1.
    stop_wait : int
        Stop at the first evaluation with step − best_step ≥ stop_wait, at least 1.

    Returns
    -------
    best_model : object
        A copy, from the step with the lowest dev error; of the start if no error is below inf.
    best_dev_error : float
        Its dev error; ties and NaN are no improvement.
    best_step : int
        The number of training steps behind it.
    """
    # BEGIN SOLUTION
    current, step = model.copy(), 0
    best_model, best_dev_error, best_step = model.copy(), float("inf"), 0
    while True:
        for _ in range(eval_freq):
            current.train(X_train, Y_train)
            step += 1
        error = current.eval(X_dev, Y_dev)
        if error < best_dev_error:
            best_model, best_dev_error, best_step = current.copy(), error, step
        if step - best_step >= stop_wait:
            return best_model, best_dev_error, best_step
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on `valley`, which needs no data.
# With a patience of 3 it should return the error 1 of step 5 and the model of step 5.
# The model that was handed in should not be trained at all: its step is still 0.

# %%
handed_in = Script(valley)
best_of_valley = early_stopping(handed_in, None, None, None, None, stop_wait=3)
print("error and step:", best_of_valley[1:], "  model of step:", best_of_valley[0].step)
print(
    "the model handed in: step", handed_in.step, "  steps trained in all:", len(handed_in.trained)
)

# %% role="check" key="early_stopping" points=4
check("early_stopping")

# %% [markdown]
# **Explore.**
# Is the cost really $m\,\lceil s/m \rceil$?
# The next cell stops 200 random curves, each with a random period and a random patience,
# and compares the steps after the best one with the formula.
# It also counts how often a lower error would have come later on the curve.

# %%
as_derived, too_early = [], []
for seed in range(200):
    rng = np.random.default_rng(seed)
    period, patience = (int(number) for number in rng.integers(1, (8, 30)))
    walk = 100 + np.cumsum(rng.normal(size=300))  # a curve that goes up and down
    acted = Script([*walk, *np.full(100, 999.0)])
    _, lowest_seen, at_step = early_stopping(acted, *[None] * 4, period, patience)
    as_derived.append(len(acted.trained) - at_step == period * -(-patience // period))
    too_early.append(walk[period::period].min() < lowest_seen)
print("as derived:", all(as_derived), f"  a lower error came later: {np.mean(too_early):.0%}")

# %% [markdown]
# **Read it.**
# The cost is as derived, for every curve.
# `-(-s // m)` is Python's way to round $s/m$ up.
#
# These curves are random walks: whether they rise or fall next does not depend on how they came, and for most of them a lower error came after the stop.
# A stopping rule knows the past only.
# Whether it is any good depends on the dev curves of real training, and these you look at next.

# %% [markdown]
# ## 3. Stop in time where labels are wrong
#
# Now for real digits.
# A network of 784 inputs, 50 hidden units and 10 outputs learns from 1,000 digits, forty times over.
# It has about forty weights for each digit, more than enough to store all labels.
#
# **Predict.**
# Once all the labels are right, and once 12 % of the training labels are wrong, at random.
# In which of the two does the dev error rise again, and by how much: not at all, by a point or less, or by several points?
#
# The next cell trains five networks of each kind, from five seeds.
# After each epoch it keeps what each network says about 2,500 digits that it never learns from.
# The first 500 are the dev set, the other 2,000 the test set. Their labels are all right.
# You will use these records again, so they are worth a few seconds.


# %%
def memorize(seed, share):
    """Train on 1,000 digits, a share of them with wrong labels; return a record of the epochs.

    "train" (40,): the error on the training labels. "predicted" (40, 2500): what the network
    says about other digits, whose labels are "labels" (2500,).
    """
    rng = np.random.default_rng(seed)
    (X, y), (X_rest, y_rest) = split(mnist.X, mnist.y, (1000, 2500), rng)
    y = flip_labels(y, share, rng)
    network, track = Network((784, 50, 10), rng), {}
    track["train"] = lambda net: net.error(X, y)
    track["predicted"] = lambda net: net.predict(X_rest)
    record = train(network, X, y, epochs=40, lr=0.2, rng=rng, batch_size=50, track=track)
    return {name: np.array(kept) for name, kept in record.tracked.items()} | {"labels": y_rest}


records = {share: [memorize(seed, share) for seed in range(5)] for share in (0.0, 0.12)}

# %% [markdown]
# The next function turns a record into errors in percent after each epoch:
# on the training labels, on the dev set and on the test set.


# %%
def error_curves(record):
    """Return the errors in % after each epoch: train, dev and test, (3, 40)."""
    wrong = record["predicted"] != record["labels"]
    return 100 * np.array(
        [record["train"], wrong[:, :500].mean(axis=1), wrong[:, 500:].mean(axis=1)]
    )


# %% [markdown]
# Now draw training and dev error, as the mean of five networks within their range.

# %%
curves_of_share = {share: np.array([error_curves(r) for r in rs]) for share, rs in records.items()}
noise_figure, noise_axes = figures.pair(sharey=True)
titles = ("Right labels: the dev error stays down", "12 % wrong labels: it turns")
for ax, title, by_seed in zip(noise_axes, titles, curves_of_share.values(), strict=True):
    figures.plot_learning_curves({"train": by_seed[:, 0], "dev": by_seed[:, 1]}, ax, "error in %")
    ax.set(ylim=(0, 40), title=title)
figures.show(
    noise_figure,
    alt="Training and dev error in percent against epochs, each as the mean of five networks within its range. "
    "Left, right labels: the training error falls to 0, the dev error falls and stays near 10. "
    "Right, 12 percent wrong labels: the dev error falls below 15 and rises to more than 15, while the "
    "training error falls to nearly 0.",
)

# %% [markdown]
# By how much does the dev error rise from its lowest point to the end, on the mean of the five?

# %%
for share, by_seed in curves_of_share.items():
    rises = by_seed[:, 1, -1] - by_seed[:, 1].min(axis=1)
    print(f"{share:4.0%} wrong labels: mean rise over 2 points: {bool(rises.mean() > 2)}")

# %% [markdown]
# With right labels the network stores all of them, too, and its dev error stays near its lowest point.
# There is next to nothing to gain from stopping, except time.
# With wrong labels it learns what digits have in common first. Then it stores the exceptions, too, and the dev error climbs.
# Whoever wants to see early stopping at work has to look where there is noise.
#
# **Explore.**
# Move the patience in the live figure, and see where it stops: too early, in time, or too late.
# The dev curve is a recorded one, of a smaller training set.
# Then turn the noise up to 40 % and the period to 100 steps: what do so few evaluations miss?
# Then turn the noise down to 0 %: what does stopping gain there?

# %%
from utils import widgets

widgets.EarlyStoppingCurve()

# %% [markdown]
# **Read it.**
# A patience of 10 or 20 steps falls for one of the first bumps of the curve. One of 200 reaches the bottom, and pays for it in steps.
# At 40 % the bottom is narrow: a look every 10 steps finds 29.6 %, one every 100 steps finds 35.0 %.
# At 0 % the dev error hardly rises again, and stopping saves time only.
# This is one run of one network. So far it shows how the rule works, not what it is worth.
#
# **Explore** with your own function.
# It needs a model with `train`, `eval` and `copy`.
# The class below wraps the course's network: here a training step is one epoch, 20 batches of 50 digits in a random order.
# `copy.deepcopy` copies the network and also the generator, so that a copy goes on as the original would have done.


# %%
class DigitModel:
    """A network for `early_stopping`: one step of it is one pass over the digits."""

    def __init__(self, rng):
        self.rng, self.network = rng, Network((784, 50, 10), rng)

    def train(self, X, Y):
        train(self.network, X, Y, epochs=1, lr=0.2, rng=self.rng, batch_size=50, progress=False)

    def eval(self, X, Y):
        return self.network.error(X, Y)

    def copy(self):
        return copy.deepcopy(self)


# %% [markdown]
# The next function stops a network with a patience of 10 steps.
# Then it lets it, from its start again, run for 40 steps.
# Both are compared on the test set, which had no part in the stopping.
# `early_stopping` leaves the model that it is handed as it was, and here you profit from that.


# %%
def stop_and_run_on(seed, share):
    """Return the test error in % of a stopped network and of one after 40 steps, and the best step."""
    rng = np.random.default_rng(seed)
    (X, y), dev, test = split(mnist.X, mnist.y, (1000, 500, 2000), rng)
    y = flip_labels(y, share, rng)
    model = DigitModel(rng)
    stopped, _, step = early_stopping(model, X, y, *dev, stop_wait=10)
    for _ in range(40):
        model.train(X, y)
    return 100 * stopped.eval(*test), 100 * model.eval(*test), step


# %% [markdown]
# The next cell draws a line for each network, from the step and the test error of what stopping kept
# to the test error after 40 steps.
# Which way do you expect the lines to go?

# %%
stops = np.array([[stop_and_run_on(seed, share) for seed in range(5)] for share in (0.0, 0.12)])
stop_figure, stop_axes = figures.pair(sharey=True)
for ax, networks in zip(stop_axes, stops, strict=True):
    for stopped_error, late_error, best_step in networks:
        ax.plot([best_step, 40], [stopped_error, late_error], "o-", color="black", lw=1)
    ax.set(xlim=(0, 42), ylim=(8, 22), xlabel="step of the weights", ylabel="test error in %")
stop_axes[0].set_title("Right labels: nothing gained")
stop_axes[1].set_title("12 % wrong: running on makes it worse")
gains = (stops[:, :, 1] - stops[:, :, 0]).mean(axis=1)
print("mean gain of more than 2 points, right and wrong labels:", (gains > 2).tolist())
figures.show(
    stop_figure,
    alt="Test errors of ten networks, each a line from the step of early stopping to step 40. Right labels: the "
    "lines are level or fall by a point, to 10 to 13 percent. 12 percent wrong labels: they rise, most by about three "
    "points, to 16 to 20 percent.",
)

# %% [markdown]
# **Read it.**
# On wrong labels running on costs about three points on average.
# And the stopped networks needed less time, the waiting included.
# On right labels the lines are nearly level, and some of them fall: there stopping gains nothing,
# and now and then it comes too early and costs a point.

# %% [markdown]
# ## 4. Follow gradient descent in closed form
#
# **Derive.**
# Why does it help to stop?
# On a network this is hard to say exactly.
# On a quadratic loss it can be computed to the last digit,
# and near a minimum that is curved in every direction a smooth loss is nearly quadratic.
#
# Let $w^\ast$, of shape $(n{,})$, be the minimum of the training loss, and $H$, of shape $(n, n)$, its matrix of second derivatives, with positive eigenvalues.
# Up to a constant the loss is
#
# $$J(w) = \tfrac12 (w - w^\ast)^\top H\, (w - w^\ast), \qquad \nabla J(w) = H\,(w - w^\ast) .$$
#
# For linear regression, $J = \|y - Xw\|^2$ with independent columns of $X$, this is exact, with $H = 2X^\top X$.
# (Then $n$, the number of weights, is the $d$ of lesson 2.)
#
# A step with the learning rate $\alpha$ multiplies the distance to $w^\ast$ by a matrix:
#
# $$w_{k+1} - w^\ast = w_k - w^\ast - \alpha H (w_k - w^\ast) = (I - \alpha H)(w_k - w^\ast) .$$
#
# Turn the axes into the directions of the eigenvectors of $H$.
# Then $H$ is diagonal, with the eigenvalues $h_1, \dots, h_n$, which say how curved the loss is in each direction,
# and each direction goes its own way: in direction $j$ the distance is multiplied by $1 - \alpha h_j$ at each step.
# Start at 0, where the distance is $-w^\ast_j$. After $k$ steps
#
# $$w_{k,j} = \bigl(1 - (1 - \alpha h_j)^k\bigr)\, w^\ast_j .$$
#
# So stopping after $k$ steps multiplies the full solution by a *share* between 0 and 1, if $0 < \alpha h_j \le 1$.
# For $1 < \alpha h_j < 2$ the weight jumps across $w^\ast_j$ at each step and still arrives.
# For $\alpha h_j > 2$ the distance grows: gradient descent diverges.

# %% [markdown]
# **Predict.**
# The eigenvalues are 5 and 1, and $\alpha = 0.05$.
# Which direction is learned first, and about how many times faster?
#
# **Implement** `gradient_descent_path`.
# All steps can be had at once, without a loop.
#
# <details><summary>Hint</summary>
#
# With `k` of shape (steps + 1, 1) and `base` of shape (n,), `base**k` has shape (steps + 1, n).
# `np.arange(steps + 1)[:, None]` is such a `k`.
#
# </details>


# %% role="answer" key="gradient_descent_path"
def gradient_descent_path(eigenvalues, w_star, lr, steps):
    """Return w_0 … w_steps of gradient descent from 0 on ½ (w − w*)ᵀ diag(h) (w − w*).

    Parameters
    ----------
    eigenvalues : ndarray of shape (n,)
        The curvatures h of the directions.
    w_star : ndarray of shape (n,)
        The minimum w*.
    lr : float
        The learning rate.
    steps : int
        How many steps to take, 0 or more.

    Returns
    -------
    ndarray of shape (steps + 1, n)
        Row k is (1 − (1 − lr·h)^k) · w*.
    """
    # BEGIN SOLUTION
    k = np.arange(steps + 1)[:, None]
    return (1 - (1 - lr * eigenvalues) ** k) * w_star
    # END SOLUTION


# %% [markdown]
# **Try** it by hand: with $h = (1, 2)$, $w^\ast = (8, 8)$ and $\alpha = 0.5$ the factors are ½ and 0.
# So the first weight goes 0, 4, 6, 7, and the second is at 8 after one step.

# %%
gradient_descent_path(np.array([1.0, 2.0]), np.array([8.0, 8.0]), lr=0.5, steps=3)

# %% role="check" key="gradient_descent_path" points=2
check("gradient_descent_path")

# %% [markdown]
# **Explore.**
# First the shares of five directions over the steps.

# %%
curvatures = np.arange(1.0, 6.0)
shares = gradient_descent_path(curvatures, np.ones(5), lr=0.05, steps=60)  # (61, 5)
calm_axes = plt.subplots()[1]
for j, curvature in enumerate(curvatures):
    calm_axes.plot(shares[:, j], color=plt.cm.cividis(j / 6), label=f"h = {curvature:.0f}")
calm_axes.set(xlabel="step", ylabel="share of w*", title="Curved directions are learned first")
figures.show(
    figures.label_lines(calm_axes).figure,
    alt="The share of the full solution against the step for curvatures 1 to 5; all rise from 0 toward 1, the "
    "larger the curvature the sooner.",
)

# %% [markdown]
# And what happens if the step is too long? Here $\alpha h$ is 0.5, 1.5 and 2.1.

# %%
pulls = (0.5, 1.5, 2.1)  # αh
jumps = gradient_descent_path(np.array(pulls), np.ones(3), lr=1.0, steps=10)
wild_axes = plt.subplots()[1]
for j, look in enumerate(("o-", "s--", "^:")):
    wild_axes.plot(jumps[:, j], look, markersize=4, color="black", label=f"αh = {pulls[j]}")
wild_axes.set(xlabel="step", ylabel="share of w*", ylim=(-2, 4))
wild_axes.set_title("Beyond 1 they jump, beyond 2 they run away")
figures.show(
    figures.label_lines(wild_axes).figure,
    alt="The share of the full solution against the step. For αh = 0.5 it rises steadily, for 1.5 it jumps across "
    "1 in ever smaller jumps, for 2.1 the jumps grow.",
)

# %% [markdown]
# The formula should also hold when the directions are not those of the axes.
# The next cell makes five random matrices $H$ with turned eigenvectors, takes 20 gradient steps one by one,
# and compares with the formula: turned into the eigenvectors, computed there, and turned back.


# %%
def turned_problem(seed):
    """Return eigenvalues h (4,), eigenvectors as columns of Q (4, 4), and a minimum w* (4,)."""
    rng = np.random.default_rng(seed)
    return rng.uniform(1, 5, 4), np.linalg.qr(rng.normal(size=(4, 4)))[0], rng.normal(size=4)


def stopped_by_formula(h, Q, w_star):
    """Return where 20 steps of gradient descent end, by the formula in turned directions, (4,)."""
    return Q @ gradient_descent_path(h, Q.T @ w_star, lr=0.05, steps=20)[-1]


def stopped_step_by_step(h, Q, w_star):
    """Return where 20 steps of gradient descent end, one by one, (4,)."""
    w = np.zeros(4)
    for _ in range(20):
        w = w - 0.05 * (Q * h) @ Q.T @ (w - w_star)
    return w


for seed in range(5):
    miss = stopped_step_by_step(*turned_problem(seed)) - stopped_by_formula(*turned_problem(seed))
    print(f"seed {seed}: step by step equals the formula:", abs(miss).max() < 1e-12)

# %% [markdown]
# **Read it.**
# What is strongly curved is learned first.
# For the same share, the curvature 5 takes between five and six times fewer steps than the curvature 1: $\log 0.95$ goes into $\log 0.75$ so many times.
# For data this means: the directions in which the inputs vary most come first, and those in which they hardly vary come last.
# You have met this order in lesson 2, unit 2:
# ridge shrinks the former little and the latter much.

# %% [markdown]
# ## 5. Find the penalty that stopping amounts to
#
# **Derive.**
# Add a penalty $\frac12 a\, w_j^2$ to the loss in direction $j$, with a number $a > 0$, and minimize to the end:
#
# $$h_j (w_j - w^\ast_j) + a\, w_j = 0 \qquad\Longrightarrow\qquad w_j = \frac{h_j}{h_j + a}\; w^\ast_j .$$
#
# This, too, multiplies the full solution by a share.
# After $\tau$ steps of gradient descent, without any penalty, the share is $1 - (1 - \alpha h_j)^\tau$.
# Stopping and penalizing give the same weight if the shares are the same. Write $q = (1 - \alpha h_j)^\tau$ for what is still missing, and solve for $a$:
#
# $$\frac{h_j}{h_j + a} = 1 - q \qquad\Longleftrightarrow\qquad a = \frac{h_j\, q}{1 - q} .$$
#
# For every direction with $0 < \alpha h_j < 2$ there is such an $a$, whatever $w^\ast$ is.
# For $0 < \alpha h_j < 1$ it is positive; for $\alpha h_j = 1$ it is 0, since the first step arrives.
# For $1 < \alpha h_j < 2$ and an odd $\tau$ it is negative: the weight has jumped past $w^\ast_j$, which no penalty brings about.
#
# **Implement** `equivalent_l2`.
# Check your result where the formula needs no thought: at $\alpha h = 1$.


# %% role="answer" key="equivalent_l2"
def equivalent_l2(eigenvalues, lr, steps):
    """Return for each direction the a with h / (h + a) = 1 − (1 − lr·h)^steps.

    Parameters
    ----------
    eigenvalues : ndarray of shape (n,)
        The curvatures h > 0.
    lr : float
        The learning rate; (1 − lr·h)^steps ≠ 1.
    steps : int
        How many steps are taken, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        The weights a of penalties ½ a w² whose minimum is where gradient descent stops.
    """
    # BEGIN SOLUTION
    missing = (1 - lr * eigenvalues) ** steps
    return eigenvalues * missing / (1 - missing)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand: with $h = 1$, $\alpha = \frac12$ and two steps, $q = \frac14$ is missing, so $a = \frac14 / \frac34 = \frac13$.
# With $h = 2$ the first step arrives, and $a = 0$.

# %%
equivalent_l2(np.array([1.0, 2.0]), lr=0.5, steps=2).round(6)

# %% role="check" key="equivalent_l2" points=2
check("equivalent_l2")

# %% [markdown]
# **Predict.**
# `equivalent_l2` says $a = 0.6$ for one direction: stopping there is the same as adding the penalty $\frac12 a w^2$ to $J$ and minimizing to the end.
# In the course's convention the cost is $J + \lambda w^2$.
# Which $\lambda$ is the same?
#
# - **a** $\lambda = 0.6$
# - **b** $\lambda = 0.3$
# - **c** $\lambda = 1.2$
# - **d** No single $\lambda$: it depends on $w^\ast$, since $\lambda w^2$ charges a large weight more than a small one.

# %% role="answer" key="equivalent_lambda"
equivalent_lambda = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
equivalent_lambda = "b"
# END SOLUTION

# %% role="check" key="equivalent_lambda" points=1
check("equivalent_lambda")

# %% [markdown]
# **Explore.**
# Take the five turned problems again.
# Stop gradient descent after 20 steps, then solve for the minimum of the loss plus the penalty:
# $(H + A)\, w = H w^\ast$, where $A$ has the eigenvectors of $H$ and the eigenvalues $a_1, \dots, a_4$.


# %%
def penalized(h, Q, w_star):
    """Return the minimum of the loss plus the equivalent penalty of 20 steps, (4,)."""
    H, A = (Q * h) @ Q.T, (Q * equivalent_l2(h, lr=0.05, steps=20)) @ Q.T
    return np.linalg.solve(H + A, H @ w_star)


for seed in range(5):
    apart = penalized(*turned_problem(seed)) - stopped_step_by_step(*turned_problem(seed))
    print(f"seed {seed}: stopped equals penalized:", abs(apart).max() < 1e-12)

# %% [markdown]
# **Derive** the rule of thumb.
# Books say that $\alpha\tau$, the learning rate times the number of steps, plays the role of $1/a$: few steps are a strong penalty.
# Where does that come from?
# If $\alpha\tau h$ is small, then $q \approx 1 - \alpha\tau h$, and the share is about $\alpha\tau h$.
# If $a$ is much larger than $h$, the share of the penalty is about $h/a$.
# Equate the two: $a \approx 1/(\alpha\tau)$, the same for every direction.
#
# How far is the exact $a$ from this? Let $x = \alpha h$ and $0 < x < 1$. Since $(1 - x)(1 + x) < 1$, and by Bernoulli's inequality,
#
# $$\frac1q = \Bigl(\frac{1}{1 - x}\Bigr)^{\tau} > (1 + x)^\tau \ge 1 + \tau x ,
# \qquad\text{so}\qquad
# a = \frac{h}{1/q - 1} < \frac{h}{\tau x} = \frac{1}{\alpha\tau} .$$
#
# So for $\alpha h < 1$ the rule always names too strong a penalty.
#
# **Predict.**
# Where does $1/(\alpha\tau)$ come near the exact $a$, if $0 < \alpha h < 1$?
#
# - **a** In every direction, once there are enough steps.
# - **b** In the directions with large $h$, which are learned first.
# - **c** In the directions with $\alpha\tau h$ well below 1, which have hardly been learned.
# - **d** Wherever $\alpha h$ is small, however many steps are taken.

# %% role="answer" key="rule_of_thumb"
rule_of_thumb = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
rule_of_thumb = "c"
# END SOLUTION

# %% role="check" key="rule_of_thumb" points=1
check("rule_of_thumb")

# %% [markdown]
# **Explore.**
# First in numbers, for a learning rate of 0.05, curvatures from 1 to 5, and 20 or 100 steps.

# %%
print("steps  rule    exact a for h = 1, 2, 3, 4, 5             largest exact / rule")
for steps in (20, 100):
    exact = equivalent_l2(np.arange(1.0, 6.0), lr=0.05, steps=steps)
    ratio = exact.max() * 0.05 * steps
    print(
        f"{steps:4}   {1 / (0.05 * steps):.2f}  ",
        "  ".join(f"{a:.5f}" for a in exact),
        f"  {ratio:.2f}",
    )

# %% [markdown]
# After 20 steps the rule says 1, and the exact $a$ are from 0.56 down to 0.016.
# After 100 steps it says 0.2, and the largest of them is about a thirtieth of that.
# Now draw the quotient of the exact $a$ and the rule against $z = \alpha\tau h$.
# For small $\alpha h$ we have $q \approx e^{-z}$, so the quotient should come near $z / (e^z - 1)$, which depends on $z$ alone.


# %%
def draw_quotients(ax):
    """Draw the exact a over the rule 1/(ατ) against z = ατh, for three numbers of steps."""
    z = np.geomspace(0.02, 20, 80)
    for n_steps, dash in ((5, ":"), (20, "--"), (100, "-")):
        below = z[z < n_steps]  # αh = z/τ is below 1
        quotient = equivalent_l2(below, lr=1 / n_steps, steps=n_steps)  # with ατ = 1 the rule is 1
        ax.plot(below, quotient, dash, color="black", label=f"{n_steps} steps")
    gray = figures.COLORS["plain"]
    ax.plot(z, z / np.expm1(z), "x", color=gray, markersize=4, label="z / (eᶻ − 1)")
    ax.set(xscale="log", yscale="log", ylim=(1e-4, 2), xlabel="z = ατh", ylabel="exact a / rule")
    ax.legend()


# %% [markdown]
# Where will the curves leave 1?

# %%
quotient_axes = plt.subplots()[1]
draw_quotients(quotient_axes)
quotient_axes.set_title("The rule of thumb holds for small z only")
figures.show(
    quotient_axes.figure,
    alt="Logarithmic axes: the exact a divided by the rule of thumb, against z, for 5, 20 and 100 steps. It "
    "is near 1 for z below 0.1, about 0.6 at z = 1, and falls steeply beyond. The more steps, the nearer it "
    "is to z over e to the z minus 1.",
)

# %% [markdown]
# At $z = 1$, when a direction has been learned to about two thirds, the rule is off by a factor of nearly 2, at $z = 5$ by about 30 or more.
# What does this mean for the weights?
# The next figure shows two ways from 0 to $w^\ast$ in a plane: stopping later and later,
# and a smaller and smaller penalty that is the same for both directions.

# %%
two_h, two_stars = np.array([4.0, 0.5]), np.ones(2)
stopped_way = gradient_descent_path(two_h, two_stars, lr=0.1, steps=120)
penalized_way = two_h / (two_h + np.geomspace(1e-3, 1e3, 200)[:, None])
way_axes = plt.subplots()[1]
way_axes.plot(*stopped_way.T, "o", ms=3, color=figures.COLORS["train"])
way_axes.plot(*penalized_way.T, **figures.series_style("L2"))
way_axes.plot(1, 1, "*", ms=12, color=figures.COLORS["truth"])
for text, place in (("stopped", (0.88, 0.06)), ("L2, one λ", (0.42, 0.25)), ("w*", (1.03, 0.93))):
    way_axes.annotate(text, place)
way_axes.set(xlabel="w₁, curvature 4", ylabel="w₂, curvature 0.5", aspect="equal", xlim=(0, 1.15))
way_axes.set_title("Stopping turns later and more sharply")
figures.show(
    way_axes.figure,
    alt="Two ways from the origin to the minimum, which meet at both ends. Stopping goes along the curved "
    "direction first, and then up; it runs below the way of the penalized solutions.",
)

# %% [markdown]
# **Read it.**
# On a quadratic loss, from the start 0 and with $\alpha h_j \le 1$ in every direction,
# stopping after $\tau$ steps is exactly L2, with a penalty of its own for each direction.
# It is not L2 with *one* penalty: that would need the same $a$ everywhere, and it only comes near that where hardly anything has been learned.
# In the directions that have been learned, stopping leaves almost no penalty, far less than the rule says:
# $a$ falls exponentially with the steps, the rule like $1/\tau$.
# So the two ways start and end together, and differ in between.
# Stopping separates the directions more sharply: what is curved is nearly there when the rest has hardly begun.
#
# This ends the core path.
# The second part takes the rule out of the loop, asks what it misses,
# compares stopping with ridge on real data, and asks what a best dev error is worth.

# %% [markdown]
# ## 6. Take the rule out of the loop
#
# *The second part starts here.*
#
# **Derive.**
# In your `early_stopping` the loop and the rule are one.
# Libraries keep them apart: there is a training loop that reports an error now and then, and a small object that decides.
# Then the loop can have a bound on the steps, a progress bar, several rules at once.
#
# Such an object sees errors only, no steps.
# So its *patience* counts evaluations: it wants to stop when so many in a row brought no improvement.
# And it may ask for more than a little: with a number $\delta \ge 0$, called `min_delta`, an error counts as better only if
#
# $$\text{error} < \text{best} - \delta .$$
#
# `best` is the last error that counted as better, $\infty$ at the start; smaller gains leave it where it is.
# `wait` is the number of evaluations since then. A NaN is no improvement, so it adds 1 to `wait`.
# The object wants to stop as long as `wait` has reached the patience; if a better error comes after all, it changes its mind.
#
# **Predict.**
# Each evaluation is better than the one before by 0.4, and $\delta = 1$.
# With a patience of 2, does it stop? With a patience of 3?

# %% [markdown]
# **Implement** `PatienceMonitor`: a class with the methods `__init__` and `update`,
# the attributes `best` and `wait`, and `should_stop`, an attribute or a property.
# The cell holds the beginning only: fill in `__init__`, and write the rest below it.
#
# <details><summary>Hint: a property</summary>
#
# With `@property` above `def should_stop(self):`, `monitor.should_stop` calls the method without parentheses.
#
# </details>
# <details><summary>Hint: NaN</summary>
#
# Ask whether the error *is* better, not whether it is worse: every comparison with NaN is false.
#
# </details>


# %% role="answer" key="PatienceMonitor"
class PatienceMonitor:
    """Count the evaluations since the error last improved.

    Parameters
    ----------
    patience : int
        So many evaluations in a row without an improvement are enough, at least 1.
    min_delta : float
        An error is better if it is below best − min_delta.

    Attributes
    ----------
    best : float
        The last error that counted as better; inf at the start.
    wait : int
        Evaluations since then.
    should_stop : bool
        Whether wait ≥ patience, at any time.

    Methods
    -------
    update(error)
        Take in an error and return True if it is better, else False.
    """

    def __init__(self, patience, min_delta=0.0):
        # BEGIN SOLUTION
        self.patience, self.min_delta = patience, min_delta
        self.best, self.wait = float("inf"), 0

    @property
    def should_stop(self):
        return self.wait >= self.patience

    def update(self, error):
        better = bool(error < self.best - self.min_delta)
        if better:
            self.best, self.wait = error, 0
        else:
            self.wait += 1
        return better
        # END SOLUTION


# %% [markdown]
# **Try** it by hand on the question above.
# The first error is better than $\infty$. Then 4.6 and 4.2 are not better than $5 - 1$, but 3.8 is.

# %%
monitor = PatienceMonitor(patience=2, min_delta=1.0)
for error in (5.0, 4.6, 4.2, 3.8):
    better = monitor.update(error)
    print(f"{error} better: {better}  wait: {monitor.wait}  stop: {monitor.should_stop}")

# %% role="check" key="PatienceMonitor" points=3
check("PatienceMonitor")

# %% [markdown]
# **Explore.**
# The course's `train` calls `on_epoch(epoch, network)` after each epoch and ends when it returns True.
# That is where the monitor goes.
# Keeping the best network is up to you: copy it whenever `update` says True.
# And there is a bound: `epochs` is the most that can happen.


# %%
def train_watched(seed, monitor):
    """Train on 12 % wrong labels until a monitor stops it; return test error in %, best and last epoch."""
    rng = np.random.default_rng(seed)
    (X, y), dev, test = split(mnist.X, mnist.y, (1000, 500, 2000), rng)
    y = flip_labels(y, 0.12, rng)
    kept = {}

    def on_epoch(epoch, network):
        if monitor.update(network.error(*dev)):
            kept.update(epoch=epoch, network=network.copy())
        return monitor.should_stop

    network = Network((784, 50, 10), rng)
    history = train(network, X, y, epochs=60, lr=0.2, rng=rng, batch_size=50, on_epoch=on_epoch)
    return 100 * kept["network"].error(*test), kept["epoch"], len(history)


watched = np.array([train_watched(seed, PatienceMonitor(patience=10)) for seed in range(5)])
print(f"test error, mean of five: {watched[:, 0].mean():.0f} %")
print("stopped before the bound of 60 epochs:", bool(np.all(watched[:, 2] < 60)))

# %% [markdown]
# How much patience is enough?
# Hand the recorded dev curves of unit 3 to monitors of different patience:
# for each, how many epochs it trains, and the test error of what it keeps.


# %%
def replay(curves, patience):
    """Return the epochs that a patience trains, and the test error of what it keeps."""
    monitor, kept = PatienceMonitor(patience), 0
    for epoch, dev_error in enumerate(curves[1]):
        if monitor.update(dev_error):
            kept = epoch
        if monitor.should_stop:
            break
    return epoch + 1, curves[2][kept]


def draw_mean_and_range(ax, x, values, dash, label):
    """Draw the mean of the rows of `values` against x, within their range."""
    ax.plot(x, values.mean(axis=0), dash, color="black", label=label)
    ax.fill_between(x, values.min(axis=0), values.max(axis=0), color="black", alpha=0.12, lw=0)


# %% [markdown]
# One more function replays all curves with patience 1 to 20 and draws both, for right and for wrong labels.


# %%
def draw_patience(axes, curves_of):
    """Draw epochs trained and test error against the patience, for curves (seeds, 3, epochs)."""
    patiences = np.arange(1, 21)
    for (label, curves), dash in zip(curves_of.items(), ("-", "--"), strict=True):
        replays = np.array([[replay(c, n) for n in patiences] for c in curves])  # (seeds, 20, 2)
        for i, ax in enumerate(axes):
            draw_mean_and_range(ax, patiences, replays[:, :, i], dash, label)
    for ax, ylabel in zip(axes, ("epochs trained", "test error in %"), strict=True):
        ax.set(xlabel="patience in epochs", ylabel=ylabel, xticks=(1, 5, 10, 15, 20))
        figures.label_lines(ax)


# %% [markdown]
# Which patience would you take?

# %%
patience_figure, patience_axes = figures.pair()
curves_of_labels = dict(zip(("right labels", "12 % wrong"), curves_of_share.values(), strict=True))
draw_patience(patience_axes, curves_of_labels)
patience_axes[0].set_title("Much patience costs time")
patience_axes[1].set_title("Little patience costs more")
figures.show(
    patience_figure,
    alt="Against the patience from 1 to 20 epochs, mean and range of five networks on right and on 12 percent "
    "wrong labels. Left: the epochs trained rise steadily, from about 4 to about 30. Right: the test error of what is kept "
    "falls by three points from patience 1 to 4, on right labels to below 12 percent, on wrong ones to about 14, and "
    "is nearly level from there on.",
)

# %% [markdown]
# **Read it.**
# The monitor does in an existing loop what your function does in its own.
# With a patience of 1 the first chance rise ends it, a few epochs after the start, and it keeps a network that has not learned enough, on right and on wrong labels.
# From a patience of five or so on, the error of what is kept hardly changes any more, only the time.
# So rather too much patience than too little, as long as you keep the best and not the last.

# %% [markdown]
# ## 7. Ask what the rule misses
#
# **Derive** what the rule does not see.
# The rule that you wrote is the usual one, and it has gaps.
# Each can be shown on a script of a few numbers.
# The next function runs `early_stopping` on one and says what came of it.


# %%
def outcome(errors, **settings):
    """Run `early_stopping` on a script and say in words what came of it."""
    model = Script(errors)
    try:
        _, error, step = early_stopping(model, None, None, None, None, **settings)
    except TimeoutError as fault:
        return str(fault)
    return f"error {error} of step {step}, after {len(model.trained)} steps"


# %% [markdown]
# **Predict** what each line of the next cell prints, before you run it.
#
# 1. An error that falls forever, if only by a little: 1, ½, ⅓, ¼, …
# 2. A model that comes in well trained, with an error of 0.1, and gets worse at once.
# 3. An error that becomes NaN after two steps, and one that is NaN from the first.
# 4. An error that stays the same, so that every evaluation ties with the first.

# %%
nan = float("nan")
print("1 falls forever:   ", outcome([1 / (k + 1) for k in range(5000)], stop_wait=10))
print("2 starts well:     ", outcome([0.1, 0.5, 0.4, 0.3, 0.4, 0.5, 0.6], stop_wait=3))
print("3 NaN after two:   ", outcome([0.9, 0.8, 0.7, nan, nan, nan, nan, nan], stop_wait=3))
print("  NaN at once:     ", outcome([0.9, nan, nan, nan, nan, nan, nan, nan], stop_wait=3))
print("4 stays the same:  ", outcome([0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], stop_wait=3))

# %% [markdown]
# **Read it.**
#
# 1. **No bound.** It stopped only because the script was over.
#    Each error is strictly lower, so nothing ends it. Give every loop a largest number of steps, as `epochs` does in `train`.
# 2. **The start is never evaluated.** It returns a model with the error 0.3, though it was handed one with 0.1.
#    This matters as soon as you go on from a trained network.
#    Evaluate the start yourself, and keep it if nothing was better.
# 3. **NaN is silent.** The first answer looks like any other: nothing says that the training broke down.
#    The second returns the untrained model, and only the error `inf` of step 0 tells.
#    The course's `train` looks at the loss and raises a `FloatingPointError` instead. So should your loop.
# 4. **Ties.** The wait goes on from step 1, since a tie is not better.
#    With a dev set of 500 digits the error is a multiple of 0.2 %, so ties are common.
#    With `<=` for `<`, a flat curve would never stop.
#
# Three more gaps.
# A gain may be too small to be worth a step: this is what `min_delta` is for.
# And `eval_freq` is not a frequency. It is a *period*, the number of steps from one look to the next: the larger it is, the less often you look.
# The last one is not about the rule. A listing that uses `np.inf` and never imports NumPy runs in a notebook in which another cell has done so, and fails in a fresh one.

# %%
slow = [0.5 - 0.0001 * k for k in range(2000)]  # falls by 0.01 points a step
print("no min_delta:  ", outcome(slow, stop_wait=20))
picky, steps_taken = PatienceMonitor(patience=20, min_delta=0.01), 0
while not picky.should_stop:
    steps_taken += 1
    picky.update(slow[steps_taken])
print("min_delta 0.01:", f"error {picky.best:.4f} when it stops, after {steps_taken} steps")
for look_every in (1, 2, 4):
    print(
        f"eval_freq={look_every}:   ", outcome([*valley, 8, 9], eval_freq=look_every, stop_wait=3)
    )

# %% [markdown]
# And the two that need no script: a training that breaks down, and a name that another cell has imported.
# The learning rate of $10^{30}$ is of course absurd.

# %%
rng_lost = np.random.default_rng(0)
try:
    train(Network((784, 50, 10), rng_lost), mnist.X, mnist.y, epochs=9, lr=1e30, rng=rng_lost)
except FloatingPointError:
    print("train raises a FloatingPointError")
try:
    exec("def worst(): return np.inf\nworst()", {})
except NameError as fault:
    print("in a fresh notebook:", fault)

# %% [markdown]
# **Read it.**
# Without `min_delta` the slow curve goes on to the end of the script.
# With it, the monitor stops after 21 steps: the first error counts, and 20 more together do not bring 0.01.
# With a patience of 110 they would: `best` stays where it is, so small gains add up.
#
# With a period of 2 or 4 the bottom at step 5 falls between two looks.
# The best that is seen is the error 2 of step 4, and four steps are spent to wait for three.
# With a patience below the period, one evaluation without an improvement ends it.
#
# `Restart Kernel and Run All Cells` is the test for a missing import.

# %% [markdown]
# ## 8. Compare with ridge on real data
#
# **Derive.**
# For linear regression the quadratic of unit 4 is exact: $J(w) = \|y - Xw\|^2$ has $H = 2X^\top X$.
# With the singular values $d_j$ of $X$ the curvatures are $h_j = 2d_j^2$, along the directions $v_j$ of lesson 2.
# The weight $\frac12 a_j$ of the penalty in direction $j$ is $\lambda_j = a_j / 2$, and
#
# $$\frac{h_j}{h_j + a_j} = \frac{2d_j^2}{2d_j^2 + 2\lambda_j} = \frac{d_j^2}{d_j^2 + \lambda_j},$$
#
# which is the shrinkage factor of ridge, with a λ for each direction.
#
# **Predict.**
# On the prostate data, is there one λ for which ridge equals gradient descent after 10 steps?
# If not, how different are the eight λ's: by some percent, or by a factor of a hundred?


# %%
def regression(X, y):
    """Return curvatures h (d,), directions as columns of V (d, d), and a learning rate with lr·h ≤ ½."""
    h, V = np.linalg.eigh(2 * X.T @ X)
    return h, V, 0.5 / h.max()


def descend(X, y, lr, steps):
    """Return the weights after each step of gradient descent on ‖y − Xw‖² from 0, (steps + 1, d)."""
    ws = [np.zeros(X.shape[1])]
    for _ in range(steps):
        ws.append(ws[-1] + 2 * lr * X.T @ (y - X @ ws[-1]))
    return np.array(ws)


def ridge_path(X, y, lams):
    """Return the weights of ridge for each λ, (len(lams), d)."""
    return np.array([np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y) for lam in lams])


# %% [markdown]
# The comparison is on the training men of the prostate data, with columns scaled and the response centered.
# The next cell computes the two ways to the least-squares solution: 1,000 steps of gradient descent, and ridge for 400 λ's.

# %%
X_pro = standardize(prostate.X[prostate.train])  # (67, 8)
y_pro = prostate.y[prostate.train] - prostate.y[prostate.train].mean()
h_pro, V_pro, lr_pro = regression(X_pro, y_pro)
descent_pro = descend(X_pro, y_pro, lr_pro, 1000)
ridge_pro = ridge_path(X_pro, y_pro, np.geomspace(1e-2, 1e5, 400))
squares_pro = np.linalg.lstsq(X_pro, y_pro, rcond=None)[0]
print(
    "the last step is least squares to 1e-6:", np.allclose(descent_pro[-1], squares_pro, atol=1e-6)
)

# %% [markdown]
# For three stopping times the next cell prints the λ of the rule of thumb and the largest and the smallest of the exact ones,
# solves for the weights with a λ for each direction, and looks for the one λ whose ridge comes nearest.
# "Off by" is the distance of the weights as a part of the norm of least squares.

# %%
print("steps     rule   exact λ, from    to   equal to 1e-10   one λ is off by")
for steps in (1, 10, 100):
    lams = equivalent_l2(h_pro, lr_pro, steps) / 2
    gram = X_pro.T @ X_pro + (V_pro * lams) @ V_pro.T
    gap = np.linalg.solve(gram, X_pro.T @ y_pro) - descent_pro[steps]
    equal = np.abs(gap).max() < 1e-10
    distances = np.linalg.norm(ridge_pro - descent_pro[steps], axis=1)
    off = distances.min() / np.linalg.norm(squares_pro)
    rule = 1 / (2 * lr_pro * steps)
    print(f"{steps:5}{rule:9.1f}{lams.max():16.2f}{lams.min():8.2f}{equal!s:>15}{off:16.0%}")

# %% [markdown]
# With a λ for each direction ridge equals gradient descent, as derived.
# With one λ for all it comes near, but not there.
# Does the difference matter for new patients?
# The next function takes 60 random patients of the diabetes data to train on, and the other 382 to test.
# It looks for the lowest test error along each of the two ways, and divides it by that of least squares.
# (The lowest on a test set is too good to be true, as unit 9 shows. Here both ways have the same advantage.
# And neither can lose much, since least squares is at the end of both.)


# %%
def lowest_along(seed):
    """Return the lowest test error along gradient descent and along ridge, relative to least squares."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(442)
    fit, new = rows[:60], rows[60:]
    mean, scale = diabetes.X[fit].mean(axis=0), diabetes.X[fit].std(axis=0)
    X, X_new = (diabetes.X[fit] - mean) / scale, (diabetes.X[new] - mean) / scale
    y, y_new = diabetes.y[fit] - diabetes.y[fit].mean(), diabetes.y[new] - diabetes.y[fit].mean()
    squares = np.linalg.lstsq(X, y, rcond=None)[0]
    stopped = descend(X, y, regression(X, y)[2], 3000)
    ways = stopped, ridge_path(X, y, np.geomspace(1e-2, 1e4, 400))
    errors = [np.mean((y_new - way @ X_new.T) ** 2, axis=1).min() for way in ways]
    return np.array(errors) / np.mean((y_new - X_new @ squares) ** 2)


# %% [markdown]
# Which of the two do you expect to come lower? By how much?

# %%
lowest = np.array([lowest_along(seed) for seed in range(20)])  # (20, 2)
print("lowest error over that of least squares, mean of 20:", lowest.mean(axis=0).round(2))
of_ridge = lowest[:, 0] / lowest[:, 1]
print(f"gradient descent over ridge: from {of_ridge.min():.2f} to {of_ridge.max():.2f}")

# %% [markdown]
# Here are both: the eight weights of the prostate data along the two ways, and the 20 lowest errors.

# %%
both_figure, (weight_axes, error_axes) = figures.pair()
for label, way in (("train", descent_pro), ("L2", ridge_pro)):
    weight_axes.plot(np.linalg.norm(way, axis=1), way, **figures.series_style(label))
weight_axes.set(xlabel="norm of w", ylabel="weight", title="Solid: stopped. Dash-dotted: ridge")
error_axes.plot(*lowest.T, "o", color=figures.COLORS["train"])
error_axes.plot([0.65, 1], [0.65, 1], color=figures.COLORS["plain"], linewidth=1)
error_axes.set(
    xlabel="stopped, relative to least squares", ylabel="ridge, relative to it", aspect="equal"
)
error_axes.set_title("Both win, and about as much")
figures.show(
    both_figure,
    alt="Left: the eight weights of the prostate data against the norm of all, once for gradient descent and "
    "once for ridge: the lines run close to each other, and are apart a little in the middle. Right: lowest test "
    "errors of 20 splits of the diabetes data, of ridge against gradient descent, all close to the diagonal.",
)

# %% [markdown]
# **Read it.**
# After 10 steps the λ's differ by a factor of nearly two hundred, after 100 steps by far more.
# Yet the two ways run close to each other.
# And on new patients the best point of one is as good as the best point of the other, within a few percent for each of the 20 splits.
# So the choice between them is one of convenience:
# ridge asks for a solution for each λ, while one run of gradient descent passes all stopping times.

# %% [markdown]
# ## 9. Do not believe the best dev error
#
# **Derive.**
# The dev error of a fixed network is an honest estimate of its error on new data: sometimes too high, sometimes too low.
# Early stopping takes the *lowest* of many dev errors.
# Write $e(k) = t(k) + \varepsilon(k)$: the true error after epoch $k$ plus the chance error of this dev set, both numbers, where $\varepsilon(k)$ has mean 0.
# For any fixed epoch $k_0$,
#
# $$\mathrm{E}\,\min_k e(k) \;\le\; \mathrm{E}\, e(k_0) = t(k_0) .$$
#
# With the best epoch for $k_0$: on average the lowest dev error is at most the lowest true error,
# though the network that goes with it is at best as good as that.
# So the best dev error is too optimistic, for two reasons that add up.
# It happened to be low by chance, and the epoch that was chosen by it is not quite the best one.
#
# **Predict.**
# With a dev set of 100 digits and an error of about 14 %: how large is the optimism on average, 0.1, 1 or 3 points?
# And with 1,000 digits?
#
# **Explore.**
# The records of unit 3 hold what each network says about 2,500 digits.
# Draw a dev set from these at random, choose the best epoch on it, and look at the same epoch on all the other digits.
# Do this 200 times for each of the five networks with wrong labels.
# For comparison, do the same with epoch 20, which nobody chose.


# %%
def gaps(record, size, seed, share=0.0):
    """Return other error minus dev error in %, over 200 dev sets: best epoch, epoch 20; other error of best."""
    rng, predicted, labels = np.random.default_rng(seed), record["predicted"], record["labels"]
    found = []
    for _ in range(200):
        order = rng.permutation(2500)
        dev, other = order[:size], order[size:]
        dev_labels = flip_labels(labels[dev], share, rng)
        dev_errors = 100 * np.mean(predicted[:, dev] != dev_labels, axis=1)
        other_errors = 100 * np.mean(predicted[:, other] != labels[other], axis=1)
        best = dev_errors.argmin()
        gap = other_errors - dev_errors
        found.append((gap[best], gap[19], other_errors[best]))
    return np.mean(found, axis=0)


# %% [markdown]
# The next cell does this for five sizes of the dev set.

# %%
sizes = np.array([50, 100, 200, 500, 1000])
gaps_found = np.array([[gaps(r, n, seed) for n in sizes] for seed, r in enumerate(records[0.12])])
print("100 digits, chosen epoch: over 2 points each:", bool(np.all(gaps_found[:, 1, 0] > 2)))
of_epoch_20 = abs(gaps_found[:, :, 1].mean(axis=0))
print("epoch 20, mean: under half a point:", bool(np.all(of_epoch_20 < 0.5)))

# %% [markdown]
# Draw the optimism in points: mean and range of the five networks.

# %%
gap_axes = plt.subplots()[1]
draw_mean_and_range(gap_axes, sizes, gaps_found[:, :, 0], "--", "chosen epoch")
draw_mean_and_range(gap_axes, sizes, gaps_found[:, :, 1], "-", "epoch 20")
gap_axes.set(xscale="log", xticks=sizes, xticklabels=sizes, xlabel="digits in the dev set")
gap_axes.set_ylabel("other − dev error, in points")
gap_axes.minorticks_off()
gap_axes.set_title("The lowest dev error is too good to be true")
figures.show(
    figures.label_lines(gap_axes).figure,
    alt="Error on other digits minus dev error, in points, against the size of the dev set from 50 to 1,000, as "
    "mean and range of five networks. For the epoch chosen on the dev set it falls from nearly 5 to about half a "
    "point. For epoch 20 it stays near 0.",
)

# %% [markdown]
# **Read it.**
# For an epoch that nobody chose, dev and other digits agree on average.
# For the chosen one, the dev error is too good, for every network and every size, and the more so the smaller the dev set.
# The same holds for everything that you choose by a dev error: a λ, a network, a seed.
# So report the error on a test set that took no part in any choice, and look at it once.
#
# One more worry: up to now the labels of the dev set were right.
# If your training labels are wrong here and there, your dev labels will be, too.

# %%
wrong_dev = np.array(
    [gaps(r, 500, seed, share=0.12) for seed, r in enumerate(records[0.12])]
)  # (5, 3)
print(
    "wrong dev labels: the dev error is too high by more than 5 points:",
    bool(np.all(wrong_dev[:, 0] < -5)),
)
cost = wrong_dev[:, 2].mean() - gaps_found[:, 3, 2].mean()  # against 500 right dev labels
print("the epoch chosen differs on other digits by less than a point:", bool(abs(cost) < 1))

# %% [markdown]
# Wrong dev labels raise the whole dev curve, by nearly as much as there are wrong labels, and hardly move its bottom.
# What you read off is far too high, but the epoch that it chooses is about as good.
# A dev set with some wrong labels still tells when to stop. It does not tell how good you are.

# %% [markdown]
# ## In practice
#
# These are the calls, by their current names.
#
# | library | call | what it does |
# |---|---|---|
# | Keras | `keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, min_delta=0.0, restore_best_weights=True, start_from_epoch=0)` | patience in epochs |
# | PyTorch | none: write the loop, as you did | |
# | Lightning | `lightning.pytorch.callbacks.EarlyStopping("val_loss", patience=10, min_delta=0.0, check_finite=True)` | patience in validation runs |
# | scikit-learn | `MLPClassifier(early_stopping=True, n_iter_no_change=10, tol=1e-4)`, also `SGDClassifier` | patience in epochs, dev set taken from the training data |
#
# Where they differ from your monitor, and from one another:
#
# - **Keras** gives you the *last* weights, unless you say `restore_best_weights=True`.
#   Its patience of 0 acts like 1. If the first error is NaN, it takes that for its best, and then nothing is ever better.
#   Epochs before `start_from_epoch` do not count at all.
# - **Lightning** stops at once at an error that is NaN or infinite, and leaves it to `ModelCheckpoint` to keep the best weights.
# - **scikit-learn**'s `MLPClassifier` stops when *more than* `n_iter_no_change` epochs in a row brought no gain of `tol`, `SGDClassifier` at that number.
#   And both move their best score at every gain, however small, so that small gains do not add up.
#   `MLPClassifier` gives you the best weights, `SGDClassifier` the last.
#
# The next cell compares your monitor with Keras' callback.
# What Keras gave for sequences of errors, with ties, NaN, several patiences and values of `min_delta`, is stored with the course:
# after each error its best, its wait, and whether it said stop.
# The comparison leaves out a patience of 0, a first NaN and `start_from_epoch`.

# %%
golden = load_golden()
usual = (golden["stopping_patience"] > 0) & (golden["stopping_start"] == 0)
usual &= ~np.isnan(golden["stopping_errors"][:, 0])
agree = []
for i in np.flatnonzero(usual):
    twin = PatienceMonitor(golden["stopping_patience"][i], golden["stopping_min_delta"][i])
    ours = []
    for dev_error in golden["stopping_errors"][i]:
        twin.update(dev_error)
        ours.append((twin.best, twin.wait, twin.should_stop))
    theirs = [golden[f"stopping_{what}"][i] for what in ("best", "wait", "stop")]
    agree.append(np.allclose(np.transpose(ours), theirs, rtol=1e-6))
print("equal to Keras:", sum(agree), "of", len(agree))
of_nan = golden["stopping_best"][np.isnan(golden["stopping_errors"][:, 0])]
print("Keras' best after a first NaN stays NaN:", np.isnan(of_nan).all())

# %% [markdown]
# scikit-learn keeps the scores of its dev set, so that its rule can be replayed.
# With a small `tol` and scores that are multiples of 1 %, any gain counts for both,
# so your monitor with a patience of `n_iter_no_change + 1` should stop in the same epoch.

# %%
from sklearn.neural_network import MLPClassifier

digits = load_digits()
for seed in range(5):
    library = MLPClassifier(50, early_stopping=True, n_iter_no_change=5, random_state=seed)
    library.fit(digits.X[:1000], digits.y[:1000])
    ours_too, epochs = PatienceMonitor(patience=6), 0
    while not ours_too.should_stop:
        ours_too.update(1 - library.validation_scores_[epochs])
        epochs += 1
    same_best = np.isclose(ours_too.best, 1 - library.best_validation_score_)
    print(f"seed {seed}: same epoch {epochs == library.n_iter_}, same best {bool(same_best)}")

# %% [markdown]
# Last, ask both classes how patient they are, with a `tol` that no gain after the first epoch can reach.

# %%
from sklearn.linear_model import SGDClassifier

for kind in (SGDClassifier, MLPClassifier):
    hopeless = kind(early_stopping=True, n_iter_no_change=5, tol=1e9)
    hopeless.fit(digits.X[:300], digits.y[:300])
    print(kind.__name__, "with n_iter_no_change=5 goes on for", hopeless.n_iter_ - 1, "epochs")

# %% [markdown]
# ## Extension, not graded: use the dev set, too
#
# *About 2 minutes to read and run, longer if you play with it.*
#
# Once the best epoch is known, the dev set has done its work, and its digits could be learned from.
# One way: start again from the same first weights, with training and dev set together, for as many epochs as were best.
# It is a bet, since more data may want another number of epochs, and there is nothing left to check it by.
#
# **Predict.**
# Here 12 % of *all* labels are wrong, those of the dev set, too, and the dev set adds half as many digits again.
# Is it worth it? For every seed?


# %%
def retrained(seed):
    """Return the test error in % of the stopped network, and of one retrained with the dev set."""
    rng = np.random.default_rng(seed)
    (X, y), (X_test, y_test) = split(mnist.X, mnist.y, (1500, 2000), rng)
    y, first = flip_labels(y, 0.12, rng), Network((784, 50, 10), rng)
    options, errors = {"lr": 0.2, "batch_size": 50}, {}
    errors["dev"] = lambda net: net.error(X[1000:], y[1000:])
    errors["test"] = lambda net: net.error(X_test, y_test)
    record = train(first.copy(), X[:1000], y[:1000], epochs=40, rng=rng, track=errors, **options)
    best = int(np.argmin(record["dev"]))
    again = first.copy()
    train(again, X, y, epochs=best + 1, rng=rng, **options)
    return 100 * record["test"][best], 100 * again.error(X_test, y_test)


pairs = np.array([retrained(seed) for seed in range(5)])
print("retrained is better on average:    ", bool(pairs[:, 1].mean() < pairs[:, 0].mean()))
print("retrained is better for every seed:", bool(np.all(pairs[:, 1] < pairs[:, 0])))

# %% [markdown]
# More digits help on average, but not every time.
# If you retrain, you cannot know which it was.

# %% [markdown]
# ## Further reading
#
# - I. Goodfellow, Y. Bengio and A. Courville, *Deep Learning* (2016), section 7.8.
#   Early stopping as a meta-algorithm, the derivation of units 4 and 5, and two ways to use the dev set afterwards.
# - L. Prechelt, *Early stopping – but when?* (1998), in *Neural Networks: Tricks of the Trade*.
#   Fourteen stopping rules compared on many networks: what more patience buys, and what it costs.
# - A. Ali, J. Z. Kolter and R. Tibshirani, *A continuous-time view of early stopping for least squares* (2019), AISTATS, arXiv:1810.10082.
#   How close stopping stays to ridge: with infinitely short steps, and the λ that goes with the time of the stop, its risk is at most 1.69 times that of ridge.
# - N. Morgan and H. Bourlard, *Generalization and parameter estimation in feedforward nets: some experiments* (1990), NIPS 2.
#   Stopping by a second data set, before it had its name.
# - G. Cawley and N. Talbot, *On over-fitting in model selection and subsequent selection bias in performance evaluation* (2010), JMLR 11.
#   Unit 9 taken further: how choosing by a dev error spoils comparisons between methods.
#
# ## See what you have earned

# %%
scorecard("05_early_stopping")
