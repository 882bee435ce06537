"""The debugging exercise: a listing with six flaws, each hidden behind the one before it.

Its part of the check fails on a listing with just that flaw left in, whatever the other flaws that
run: for this the scripts of errors end in inf, so that training stops even where the best error
is never lowered.
"""

import math

import numpy as np

from autograder.question import Case, Misconception, Question
from autograder.questions.early_stopping.stopping import scripted, walk

COMPILES = "it compiles"
PERIOD = "eval_freq steps, then an evaluation"
LOWERED = "the best error is lowered"
KEPT = "the best model is kept"
STEPS = "stop_wait is in steps"
RETURNED = "what train returns is used"

FLAWED = '''
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
MENDS = (  # what is wrong and what is right, for each of the flaws in turn
    ("      return best_model", "    return best_model"),
    ("range(eval_every)", "range(eval_freq)"),
    (
        "best_model, best_step = current.copy(), step",
        "best_model, best_error, best_step = current.copy(), error, step",
    ),
    ("            current = best_model\n", ""),
    ("waited += 1", "waited += eval_freq"),
    ("            current.train(", "            current = current.train("),
)


def mended(*flaws):
    """Return the listing with these flaws mended, each a number from 1 to 6."""
    text = FLAWED
    for flaw in flaws:
        wrong, right = MENDS[flaw - 1]
        text = text.replace(wrong, right)
    return text


def left(*flaws):
    """Return the listing with only these flaws left in."""
    return mended(*(flaw for flaw in range(1, 7) if flaw not in flaws))


FIXED = left()


def _cases(rng):
    def case(label, part, driver, errors, eval_freq, stop_wait, trains="returned"):
        inputs = {"model": scripted(errors, trains), "eval_freq": eval_freq, "stop_wait": stop_wait}
        return Case(label, inputs, part, _expected(driver, inputs), driver)

    def drawn(falls, *after):
        errors = np.sort(rng.choice(np.arange(10, 90), falls, replace=False))[::-1] / 10
        return [9.5, *errors.tolist(), *after]

    inf = math.inf
    seldom, kept, stop, made = rng.integers(4, 16, 4).tolist()  # the result is any of a dozen
    rise = [9, 9, 5, 9, 6, 9, 3, 9, 4]
    lasting, again = [9, 8, 7, 6, 5, 4, 3, 2, 1, inf], [9, 5, 4, 3, 2, 1, 2, 3, 4]
    return [
        case("compiled by Python", COMPILES, "listing", drawn(4, 9.1, 9.2), 1, 3),
        case("each step evaluated", PERIOD, "listing_loop", again, 1, 3),
        case("evaluated at every third step", PERIOD, "listing_loop", again, 3, 4),
        case("evaluated seldom", PERIOD, "listing_loop", again, seldom, seldom + 1),
        case("lowest after 5 steps", LOWERED, "listing_result", again, 1, 3),
        case("up for a while, then lower", LOWERED, "listing_result", [9, 4, 5, 6, 3, 7, 8], 1, 4),
        case("every second step", LOWERED, "listing_result", [9, 6, 5, 1, 4, 2, 3, 5, 6], 2, 4),
        case("lower just before the stop", LOWERED, "listing_result", rise, 2, 3),
        case("random errors", LOWERED, "listing_result", drawn(4, 9.1, 9.2), 1, 3),
        case("lowest after 8 steps, then inf", KEPT, "listing_model", lasting, 1, 3),
        case("random errors, then inf", KEPT, "listing_model", drawn(kept, inf, inf), 1, 3),
        case("the model handed in stays as it was", KEPT, "listing_given", lasting, 1, 3),
        case("every second step: which stop?", STEPS, "listing_steps", drawn(2 * stop, inf), 2, 4),
        case("train makes a new model", RETURNED, "listing_model", drawn(made, inf), 1, 3, "new"),
    ]


def _expected(driver, inputs):
    """Return what a driver reports on a right listing, from the script of errors alone."""
    error, step, last = walk(inputs["model"]["errors"], inputs["eval_freq"], inputs["stop_wait"])
    return {
        "listing": "a function",
        "listing_loop": {"training steps before the first evaluation": inputs["eval_freq"]},
        "listing_result": ["a model", error, step],
        "listing_model": {"best model": f"a model after {step} step{'' if step == 1 else 's'}"},
        "listing_given": {"model afterwards": "a model after 0 steps"},
        "listing_steps": {"training steps": last},
    }[driver]


INSIDE = ("    return best_model", "        return best_model")

_WRONG = (
    Misconception(
        "E1: a line of no block",
        "Python cannot compile the listing: a line is indented so that it belongs to no block. To "
        "which block should `return` belong, and when should it run?",
        left(1),
    ),
    Misconception(
        "E1: not compiled",
        "Python cannot compile the listing. The message names the line: look at it, and at the "
        "one before it.",
        FIXED.replace("stop_wait:\n", "stop_wait\n"),
    ),
    Misconception(
        "E1: return inside the loop",
        "It compiles, but `return` is inside the loop now: the function is over after one "
        "evaluation. It should run when the loop has ended.",
        FIXED.replace(*INSIDE),
    ),
    Misconception(
        "E1: return inside the loop, and more",
        "`return` is inside the loop: the function is over after one evaluation. Put it where it "
        "runs when the loop has ended; the other flaws show then.",
        mended(1, 2).replace(*INSIDE),
    ),
    Misconception(
        "E2: a name that does not exist",
        "The listing uses a name that was never given a value, as eval_every. Which argument says "
        "how many steps lie between two evaluations?",
        left(2),
    ),
    Misconception(
        "E2: one step an evaluation",
        "It runs, but it trains a single step before each evaluation. It should take eval_freq of "
        "them.",
        FIXED.replace("range(eval_freq)", "range(1)").replace("waited += eval_freq", "waited += 1"),
    ),
    Misconception(
        "E3: the best error never lowered",
        "Training does not end. Follow best_error by hand: it is inf at first. What is it after an "
        "error of 5, and is an error of 6 then better or not?",
        left(3),
    ),
    Misconception(
        "E4: the best model goes on training",
        "The best model is trained further than the step that it is said to be from: it is the one "
        "that is in training. Does one object have two names, or is the wrong one returned?",
        left(4),
    ),
    Misconception(
        "the model handed in is trained",
        "The model that was handed in has been trained. Train a copy of it, as the first line of "
        "the listing did, and leave the caller's model alone.",
        FIXED.replace("    current = model.copy()", "    current = model"),
    ),
    Misconception(
        "E5: patience in evaluations",
        "It stops too late: `waited` counts evaluations. What does the docstring say that "
        "stop_wait counts, and how many of them pass from one evaluation to the next?",
        left(5),
    ),
    Misconception(
        "E6: the trained model dropped",
        "With a model whose `train` leaves it as it is and returns a new one, nothing is ever "
        "trained. What does the docstring say about `train`, and what becomes of its result?",
        left(6),
    ),
    Misconception(
        "never waits anew",
        "`waited` is not set back to 0 where the error is lower, so it stops while the error still "
        "falls.",
        FIXED.replace("            waited = 0\n", ""),
    ),
)

_BY_COUNTING = """
# early stopping, mended
from itertools import count


def stop_early(net, X, T, X_dev, T_dev, period: int = 1, patience: int = 100) -> tuple:
\tnet, best = net.copy(), (net.copy(), np.inf, 0)
\tfor step in count(1):
\t\tnet = net.train(X, T)
\t\tif step % period == 0:
\t\t\terror = net.eval(X_dev, T_dev)
\t\t\tif error < best[1]:
\t\t\t\tbest = net.copy(), error, step
\t\t\tif step - best[2] >= patience:
\t\t\t\treturn best
"""

_OTHER_NAMES = """
import copy
def _one_round(current, X, Y, steps):
    for _ in range(steps):
        current = current.train(X, Y)
    return current


def train_with_patience(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    current, kept = copy.deepcopy(model), {"model": copy.deepcopy(model), "error": math.inf}
    step = found = 0
    while step < found + stop_wait:
        current = _one_round(current, X_train, Y_train, eval_freq)
        step = step + eval_freq
        error = current.eval(X_dev, Y_dev)
        if not (error < kept["error"]):
            continue
        found, kept = step, {"model": copy.deepcopy(current), "error": error}
    return kept["model"], kept["error"], found
"""

_KEEPS_THE_LINE = (
    FIXED.replace(
        "            waited = 0\n",
        "            current = best_model.copy()\n            waited = 0\n",
    )
    .replace("waited += eval_freq", "waited = step - best_step")
    .replace("            waited = 0\n", "            waited = 0  # step - best_step is 0, too\n")
)

fixed_listing = Question(
    "fixed_listing",
    "Mend a listing",
    _cases,
    lambda **inputs: _expected("listing", inputs),
    driver="listing",
    parts={COMPILES: 0.25, PERIOD: 0.15, LOWERED: 0.15, KEPT: 0.15, STEPS: 0.15, RETURNED: 0.15},
    misconceptions=_WRONG,
    hint="Take the flaws in the order in which they show: read the message or the result, find the "
    "line, mend it, and run the check again. The docstring says what the function should do.",
    references=(FIXED, _BY_COUNTING, _OTHER_NAMES, _KEEPS_THE_LINE),
    atol=0.0,
)

QUESTIONS = (fixed_listing,)
