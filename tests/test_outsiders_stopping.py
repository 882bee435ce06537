"""Answers to lesson 05 that the authors of the questions did not have in mind.

The right ones are in unusual styles; each wrong one goes wrong in a corner only.
"""

import copy
import dataclasses
import functools
import itertools
import math
import types
import warnings
from collections import namedtuple
from fractions import Fraction

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.signal

from tests.outsiders import SEEDS, Outsiders, label
from utils.checking.messages import render

ASKED = Outsiders("05_early_stopping")
RIGHT, WRONG = ASKED.rights, ASKED.wrongs
right, wrong, outcome = ASKED.right, ASKED.wrong, ASKED.outcome


# early_stopping

Best = namedtuple("Best", "model error step")


@right("early_stopping")
def stopping_with_a_named_tuple(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    best, work = Best(model.copy(), math.inf, 0), model.copy()
    for step in itertools.count(eval_freq, eval_freq):
        for _ in range(eval_freq):
            work.train(X=X_train, Y=Y_train)
        error = work.eval(X=X_dev, Y=Y_dev)
        best = Best(work.copy(), error, step) if error < best.error else best
        if step >= best.step + stop_wait:
            break
    return best


@right("early_stopping")
def stopping_by_patience_rounded_up(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    patience = -(-stop_wait // eval_freq)
    work, kept = copy.deepcopy(model), (copy.deepcopy(model), np.inf, 0)
    bad = evaluations = 0
    while bad < patience:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
        evaluations += 1
        error = work.eval(X_dev, Y_dev)
        if math.isfinite(error) and error < kept[1]:
            bad, kept = 0, (copy.deepcopy(work), error, evaluations * eval_freq)
        else:
            bad += 1
    return kept


@right("early_stopping")
def stopping_with_a_monitor(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    monitor = Slots(math.ceil(stop_wait / eval_freq))
    work, best_model, best_step, step = model.copy(), model.copy(), 0, 0
    while not monitor.should_stop:
        step += len([work.train(X_train, Y_train) for _ in range(eval_freq)])
        if monitor.update(work.eval(X_dev, Y_dev)):
            best_model, best_step = work.copy(), step
    return best_model, monitor.best, best_step


@right("early_stopping")
def stopping_by_a_generator(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    def evaluations(work):
        for step in itertools.count(1):
            work.train(X_train, Y_train)
            if step % eval_freq == 0:
                yield step, work.eval(X_dev, Y_dev), work.copy()

    best = (0, float("inf"), model.copy())
    for found in evaluations(model.copy()):
        best = found if found[1] < best[1] else best
        if found[0] - best[0] >= stop_wait:
            return best[2], best[1], best[0]
    return None


@right("early_stopping")
def stopping_with_a_shelf_of_models(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    shelf = {0: (math.inf, model.copy())}
    step, best = 0, 0
    while step - best < stop_wait:
        work = shelf[step][1].copy()
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
        error = work.eval(X_dev, Y_dev)
        step += eval_freq
        shelf[step] = (math.inf if math.isnan(error) else error, work)
        best = min(shelf, key=lambda place: (shelf[place][0], place))
    return shelf[best][1], shelf[best][0], best


@right("early_stopping")
def stopping_that_looks_at_the_start(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    """Print errors before the first step, too, and warn; evaluate more often than needed."""
    work, best_model = model.copy(), model.copy()
    best, best_step, step = np.float64("inf"), np.int64(0), 0
    print("start", work.eval(X_dev, Y_dev), work.eval(X_train, Y_train))
    while True:
        for _ in range(eval_freq):
            work.train(X_train.copy(), Y_train.copy())
            work.eval(X_dev, Y_dev)
            step += 1
        error = np.float64(work.eval(X_dev.copy(), Y_dev))
        if np.isnan(error):
            warnings.warn("nan", stacklevel=2)
        if np.less(error, best):
            best_model, best, best_step = work.copy(), error, np.int64(step)
        if step - best_step >= stop_wait:
            return best_model, best, best_step


@right("early_stopping")
def stopping_that_restores_the_model(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    """Train the given model itself, and put its state back in the end."""
    start = model.copy()
    best_model, best, best_step, step = model.copy(), float("inf"), 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            model.train(X_train, Y_train)
        step += eval_freq
        error = model.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = model.copy(), error, step
    model.__dict__.update(start.__dict__)
    return best_model, best, best_step


@right("early_stopping")
def stopping_by_swapping_names(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Keep the model itself as the best and go on with its copy."""
    best_model, best, best_step = model.copy(), float("inf"), 0
    current, step = model.copy(), 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            current.train(X_train, Y_train)
            step += 1
        error = current.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = current, error, step
            current = current.copy()
    return best_model, best, best_step


@right("early_stopping")
def stopping_by_a_class(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    class Trainer:
        def __init__(self):
            self.net, self.record, self.step = model.copy(), [model.copy(), float("inf"), 0], 0

        def go(self):
            self.net.train(X_train, Y_train)
            self.step += 1
            return self.step % eval_freq == 0 and self.judge()

        def judge(self):
            error = self.net.eval(X_dev, Y_dev)
            if error < self.record[1]:
                self.record = [self.net.copy(), error, self.step]
            return self.step - self.record[2] >= stop_wait

    trainer = Trainer()
    while not trainer.go():
        pass
    return tuple(trainer.record)


@right("early_stopping")
def stopping_by_history_and_nan_safe_minimum(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    history, models, net = [np.inf], [model.copy()], model.copy()
    while True:
        for _ in range(eval_freq):
            net.train(X_train, Y_train)
        history = [*history, net.eval(X_dev, Y_dev)]
        models.append(net.copy())
        best = int(np.nanargmin(history))
        if (len(history) - 1 - best) * eval_freq >= stop_wait:
            return models[best], np.array(history[best]), np.array(best * eval_freq)


@right("early_stopping")
def stopping_by_reduction(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Count down what is left of the wait."""
    net, best, left, step = model.copy(), (model.copy(), math.inf, 0), stop_wait, 0
    while left > 0:
        [net.train(X_train, Y_train) for _ in range(eval_freq)]
        step, error = step + eval_freq, net.eval(X_dev, Y_dev)
        improved = error < best[1]
        best = (net.copy(), error, step) if improved else best
        left = stop_wait if improved else left - eval_freq
    return best


def stopping(
    *,
    seen=lambda error: error,
    first=math.inf,
    enough=lambda step, best_step, wait, freq: step - best_step >= wait,
    most=math.inf,
    result=lambda *best: best,
    defaults=(1, 100),
    begin=0,
    both=False,
):
    """Return early stopping with one piece that goes wrong."""

    def answer(model, X_train, Y_train, X_dev, Y_dev, eval_freq=None, stop_wait=None):
        freq, wait = eval_freq or defaults[0], stop_wait or defaults[1]
        work, best = model.copy(), (model.copy(), first, 0)
        step = begin
        while step < most:
            for _ in range(freq):
                work.train(X_train, Y_train)
                if both:
                    model.train(X_train, Y_train)
            step += freq
            error = seen(work.eval(X_dev, Y_dev))
            if error < best[1]:
                best = (work.copy(), error, step)
            if enough(step, best[2], wait, freq):
                break
        return result(*best)

    return answer


def wrong_stopping(name, **pieces):
    answer = stopping(**pieces)
    answer.__name__ = name
    wrong("early_stopping")(answer)


wrong_stopping("one_early", enough=lambda s, b, wait, f: s - b >= wait - f and s > b)
wrong_stopping("patience_rounded_down", enough=lambda s, b, wait, f: (s - b) // f >= wait // f)
wrong_stopping("at_most_a_hundred_steps", most=100)
wrong_stopping("rounded", seen=lambda error: round(error, 4))
wrong_stopping("large_start", first=1e9)
wrong_stopping("nan_to_num", seen=lambda error: float(np.nan_to_num(error)))
wrong_stopping("nan_as_minus_one", seen=lambda error: -1.0 if math.isnan(error) else error)
wrong_stopping("short_default", defaults=(1, 10))
wrong_stopping("step_from_one", begin=1)
wrong_stopping("trains_both", both=True)
wrong_stopping("as_a_dict", result=lambda m, e, s: {"model": m, "error": e, "step": s})
wrong_stopping("model_last", result=lambda m, e, s: (e, s, m))
wrong_stopping("no_step", result=lambda m, e, s: (m, e))
wrong_stopping("step_as_text", result=lambda m, e, s: (m, e, str(s)))
wrong_stopping("error_rounded", result=lambda m, e, s: (m, round(e, 1), s))
wrong_stopping("wait_and_freq", enough=lambda s, b, wait, f: s - b >= wait * f)
wrong_stopping("wait_plus_freq", enough=lambda s, b, wait, f: s - b >= wait + f)


@wrong("early_stopping")
def stopping_with_a_tolerance(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best and not np.isclose(error, best):
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_copies_in_the_end(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best, best_step, step = model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        if work.eval(X_dev, Y_dev) < best:
            best, best_step = work.eval(X_dev, Y_dev), step
    return work.copy(), best, best_step


@wrong("early_stopping")
def stopping_copies_too_early(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        before = work.copy()
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = before, error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_with_shallow_copies(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = copy.copy(model), copy.copy(model), math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = copy.copy(work), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_evaluates_the_given(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = model.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_goes_back_to_the_best(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    """Start again from the best model after each evaluation that is no better."""
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
        else:
            work = best_model.copy()
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_trains_to_the_wait_first(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step < stop_wait or step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best and step >= 2 * eval_freq:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_mixes_the_data(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    X, Y = np.concatenate([X_train, X_dev]), np.concatenate([Y_train, Y_dev])
    return stopping_with_a_named_tuple(model, X, Y, X_dev, Y_dev, eval_freq, stop_wait)


@wrong("early_stopping")
def stopping_forgets_the_step(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        work.train(X_train, Y_train)
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_skips_nan(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    error = best
    while step - best_step < stop_wait or math.isnan(error):
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_waits_anew_at_nan(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step, since = model.copy(), model.copy(), math.inf, 0, 0, 0
    while step - since < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
        if math.isnan(error) or best_step == step:
            since = step
    return best_model, best, best_step


wrong_stopping("size_of_the_error", seen=abs)
wrong_stopping("zero_as_inf", seen=lambda error: error or math.inf)


@wrong("early_stopping")
def stopping_when_perfect(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait and best != 0:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_at_a_rise(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step, step = model.copy(), model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error > best:
            break
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_with_two_names(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work = best_model = copy.deepcopy(model)
    best, best_step, step = math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_between_evaluations(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    work, best_model, best, best_step = model.copy(), model.copy(), math.inf, 0
    for step in itertools.count(1):
        work.train(X_train, Y_train)
        error = math.inf if step % eval_freq else work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
        if step - best_step >= stop_wait:
            break
    return best_model, best, best_step


@wrong("early_stopping")
def stopping_returns_the_last_model(
    model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100
):
    work, best, best_step, step = model.copy(), math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best, best_step = error, step
    return work if best < math.inf else model.copy(), best, best_step


# PatienceMonitor


@right("PatienceMonitor")
class Slots:
    __slots__ = ("best", "delta", "patience", "wait")

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.delta = patience, min_delta
        self.best, self.wait = np.inf, 0

    def update(self, error):
        improved = np.less(error, self.best - self.delta)
        self.best = np.where(improved, error, self.best)
        self.wait = np.where(improved, 0, self.wait + 1)
        return improved

    @property
    def should_stop(self):
        return np.greater_equal(self.wait, self.patience)


@right("PatienceMonitor")
@dataclasses.dataclass
class AsDataclass:
    patience: int
    min_delta: float = 0.0
    best: float = dataclasses.field(default=math.inf, init=False)
    wait: int = dataclasses.field(default=0, init=False)

    def update(self, error: float) -> bool:
        if self.best - error > self.min_delta:
            self.best, self.wait = error, 0
        else:
            self.wait += 1
        return not self.wait

    @functools.cached_property
    def name(self):
        return "monitor"

    should_stop = property(lambda self: not self.wait < self.patience)


@right("PatienceMonitor")
def a_function_in_place_of_a_class(patience, min_delta=0.0):
    monitor = types.SimpleNamespace(best=float("inf"), wait=0, should_stop=False)

    def update(error):
        better = error < monitor.best - min_delta
        monitor.best = error if better else monitor.best
        monitor.wait = 0 if better else monitor.wait + 1
        monitor.should_stop = bool(monitor.wait >= patience)
        return better

    monitor.update = update
    return monitor


@right("PatienceMonitor")
class ClassAttributes:
    best = float("inf")
    wait = 0
    should_stop = False

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta

    def update(self, error):
        better = error < self.best - self.min_delta
        if better:
            self.best = error
        self.wait = (self.wait + 1) * (not better)
        self.should_stop = self.patience <= self.wait
        return bool(better)


@right("PatienceMonitor")
class CountsDown(ClassAttributes):
    """Keep how many are left, and derive wait."""

    def __init__(self, patience, min_delta=0.0):
        self.patience = self.left = patience
        self.min_delta = min_delta

    def update(self, error):
        improved = math.isfinite(error) and error < self.best - self.min_delta
        if not improved:
            self.left -= 1
            return False
        self.best, self.left = error, self.patience
        return True

    wait = property(lambda self: self.patience - self.left)
    should_stop = property(lambda self: self.left <= 0)


@right("PatienceMonitor")
class Goal:
    """Keep the goal that an error has to be below."""

    def __init__(self, patience, min_delta=0.0):
        self._p, self._d, self._marks = patience, min_delta, [np.inf]
        self.wait = 0

    @property
    def best(self):
        return self._marks[-1]

    def update(self, error):
        if not error < self._marks[-1] - self._d:
            self.wait += 1
            return False
        self._marks.append(error)
        self.wait = 0
        return True

    def __getattr__(self, name):
        if name == "should_stop":
            return self.wait >= self._p
        raise AttributeError(name)


@right("PatienceMonitor")
class InADict(dict):
    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience=patience, min_delta=min_delta, best=math.inf, wait=0)

    best = property(lambda self: self["best"])
    wait = property(lambda self: self["wait"])
    should_stop = property(lambda self: self["wait"] >= self["patience"])

    def update(self, error):  # another meaning than dict's
        lower = error < self["best"] - self["min_delta"]
        self["wait"] = 0 if lower else self["wait"] + 1
        self["best"] = [self["best"], error][lower]
        return lower


@right("PatienceMonitor")
class Float32:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = np.int64(patience), np.float32(min_delta)
        self.best, self.wait, self.should_stop = np.float32(np.inf), np.int64(0), np.bool_(False)

    def update(self, error):
        better = np.float32(error) < self.best - self.min_delta
        if better:
            self.best, self.wait = np.float32(error), np.int64(0)
        else:
            self.wait = self.wait + 1
        self.should_stop = self.wait >= self.patience
        return np.bool_(better)


@right("PatienceMonitor")
class Walks:
    """Walk through all errors again at each call."""

    def __init__(self, patience, min_delta=0.0):
        self.errors, self.patience, self.min_delta = (), patience, min_delta
        self.walk()

    def walk(self):
        self.best, self.wait, better = math.inf, 0, False
        for error in self.errors:
            better = error + self.min_delta < self.best
            self.best, self.wait = (error, 0) if better else (self.best, self.wait + 1)
        self.should_stop = self.wait >= self.patience
        return better

    def update(self, error):
        self.errors += (error,)
        return self.walk()


@right("PatienceMonitor")
class Raises:
    def __init__(self, patience, min_delta=0.0):
        self.best, self.wait, self.patience, self.min_delta = math.inf, 0, patience, min_delta

    def update(self, error):
        try:
            assert error < self.best - self.min_delta
        except AssertionError:
            self.wait += 1
            return False
        self.best, self.wait = error, 0
        return True

    should_stop = property(lambda self: self.wait in range(self.patience, 10**6))


class Correct:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.best, self.wait = patience, min_delta, math.inf, 0

    def update(self, error):
        if error < self.best - self.min_delta:
            self.best, self.wait = error, 0
            return True
        self.wait += 1
        return False

    @property
    def should_stop(self):
        return self.wait >= self.patience


@wrong("PatienceMonitor")
class SharedList:
    errors = []  # noqa: RUF012 - the mistake: all monitors share it

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.wait = math.inf, 0

    def update(self, error):
        better = all(error < e - self.min_delta for e in self.errors)
        self.errors.append(error)
        self.best, self.wait = (error, 0) if better else (self.best, self.wait + 1)
        return better

    should_stop = property(lambda self: self.wait >= self.patience)


@wrong("PatienceMonitor")
class CountsHigherOnly(Correct):
    def update(self, error):
        if error < self.best - self.min_delta:
            self.best, self.wait = error, 0
            return True
        if error > self.best:
            self.wait += 1
        return False


@wrong("PatienceMonitor")
class StopsOnceOnly(Correct):
    should_stop = property(lambda self: self.wait == self.patience)


@wrong("PatienceMonitor")
class SetsStopInUpdateOnly:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.best, self.wait = patience, min_delta, math.inf, 0

    def update(self, error):
        better = error < self.best - self.min_delta
        self.best, self.wait = (error, 0) if better else (self.best, self.wait + 1)
        self.should_stop = self.wait >= self.patience
        return better


@wrong("PatienceMonitor")
class WaitHasACeiling(Correct):
    def update(self, error):
        better = super().update(error)
        self.wait = min(self.wait, self.patience)
        return better


@wrong("PatienceMonitor")
class RaisesAtTheStop(Correct):
    def update(self, error):
        better = super().update(error)
        if self.wait >= self.patience:
            raise StopIteration
        return better


@wrong("PatienceMonitor")
class StopsBeforePatience(Correct):
    should_stop = property(lambda self: self.wait >= self.patience - 1)


@wrong("PatienceMonitor")
class StopAsANumber(Correct):
    should_stop = property(lambda self: self.patience - self.wait)


@wrong("PatienceMonitor")
class ReturnsAPair(Correct):
    def update(self, error):
        return super().update(error), self.best


@wrong("PatienceMonitor")
class ReturnsTheBest(Correct):
    def update(self, error):
        super().update(error)
        return self.best


@wrong("PatienceMonitor")
class ZeroIsFalse(Correct):
    def update(self, error):
        return super().update(error or math.inf)


@wrong("PatienceMonitor")
class StartsAtAMillion(Correct):
    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta)
        self.best = 1e6


@wrong("PatienceMonitor")
class FirstIsNoImprovement(Correct):
    def update(self, error):
        if self.best == math.inf:
            self.best = error
            return False
        return super().update(error)


@wrong("PatienceMonitor")
class FirstCountsWhatever(Correct):
    """Take the first error as it is, nan included."""

    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta)
        self.started = False

    def update(self, error):
        if not self.started:
            self.best, self.started = error, True
            return True
        return super().update(error)


@wrong("PatienceMonitor")
class Rounds(Correct):
    def update(self, error):
        return super().update(round(error, 1) if math.isfinite(error) else error)


@wrong("PatienceMonitor")
class DefaultDelta(Correct):
    def __init__(self, patience, min_delta=0.3):
        super().__init__(patience, min_delta)


@wrong("PatienceMonitor")
class LowersBestAlways(Correct):
    def update(self, error):
        better = super().update(error)
        self.best = np.fmin(self.best, error)
        return better


@wrong("PatienceMonitor")
class ExactDeltaCounts(Correct):
    def update(self, error):
        exact = self.min_delta > 0 and error == self.best - self.min_delta
        return super().update(error) or (exact and super().update(-math.inf))


@wrong("PatienceMonitor")
class NanStops(Correct):
    def update(self, error):
        better = super().update(error)
        self.wait = self.patience if math.isnan(error) else self.wait
        return better


@wrong("PatienceMonitor")
class ShortMemory(Correct):
    """Take the lowest of the last two errors for the best."""

    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta)
        self.last = []

    def update(self, error):
        self.best = min([math.inf, *self.last[-2:]])
        self.last.append(error)
        return super().update(error)


@wrong("PatienceMonitor")
class TrueAtTheStop(Correct):
    def update(self, error):
        return super().update(error) or self.should_stop


@wrong("PatienceMonitor")
class InfImproves(Correct):
    def update(self, error):
        if self.best == error == math.inf:
            self.wait = 0
            return True
        return super().update(error)


@wrong("PatienceMonitor")
class SmallDelta(Correct):
    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta or 1e-8)


@wrong("PatienceMonitor")
class RoundsBest(Correct):
    def update(self, error):
        better = super().update(error)
        self.best = round(self.best, 4) if math.isfinite(self.best) else self.best
        return better


@wrong("PatienceMonitor")
class ComparesSizes(Correct):
    def update(self, error):
        if abs(error) < abs(self.best) - self.min_delta:
            self.best, self.wait = error, 0
            return True
        self.wait += 1
        return False


@wrong("PatienceMonitor")
class StopsOneLate(Correct):
    """Set should_stop before the error is counted."""

    should_stop = False

    def update(self, error):
        self.should_stop = self.wait >= self.patience
        return super().update(error)


@wrong("PatienceMonitor")
class StaysTrueAfterAnImprovement(Correct):
    should_stop = False

    def update(self, error):
        better = super().update(error)
        if not better:
            self.should_stop = self.wait >= self.patience
        return better


@wrong("PatienceMonitor")
class NoneAtFirst(Correct):
    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta)
        self.best = None

    def update(self, error):
        if self.best is None:
            self.best = error
            return True
        return super().update(error)


@wrong("PatienceMonitor")
class Underscored:
    def __init__(self, patience, min_delta=0.0):
        self._patience, self._min_delta = patience, min_delta
        self._best, self._wait = math.inf, 0

    def update(self, error):
        if error < self._best - self._min_delta:
            self._best, self._wait = error, 0
            return True
        self._wait += 1
        return False

    @property
    def should_stop(self):
        return self._wait >= self._patience


@wrong("PatienceMonitor")
class LowerThanTheLast(Correct):
    last = math.inf

    def update(self, error):
        better = error < self.last - self.min_delta
        self.last = error
        if better:
            self.best, self.wait = min(self.best, error), 0
        else:
            self.wait += 1
        return better


@wrong("PatienceMonitor")
class StateOfTheClass:
    best, wait = math.inf, 0

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta

    def update(self, error):
        mine = type(self)
        better = error < mine.best - self.min_delta
        mine.best, mine.wait = (error, 0) if better else (mine.best, mine.wait + 1)
        return better

    should_stop = property(lambda self: self.wait >= self.patience)


def test_a_state_on_the_class_is_told_in_words():
    for seed in SEEDS:
        text = " ".join(render(outcome("PatienceMonitor", StateOfTheClass, seed)).split())
        assert "a second monitor, which was told nothing, has changed as well" in text
        assert "belong to self, not to the class" in text


# gradient_descent_path


@right("gradient_descent_path")
def path_by_filter(eigenvalues, w_star, lr, steps):
    """Each direction is a first-order filter of a constant input."""
    pushes = np.ones(steps)
    columns = [
        scipy.signal.lfilter([lr * h * goal], [1, lr * h - 1], pushes)
        for h, goal in zip(eigenvalues, w_star, strict=True)
    ]
    return np.vstack([np.zeros(len(w_star)), np.transpose(columns)])


@right("gradient_descent_path")
def path_by_accumulate(eigenvalues, w_star, lr, steps):
    def step(w, _):
        return w + lr * eigenvalues * (w_star - w)

    return np.array(list(itertools.accumulate(range(steps), step, initial=0 * w_star)))


@right("gradient_descent_path")
def path_by_geometric_sum(eigenvalues, w_star, lr, steps):
    ratio = 1 - lr * eigenvalues
    moves = [lr * eigenvalues * w_star * ratio**k for k in range(steps)]
    return np.cumsum(np.vstack([np.zeros((1, len(ratio))), *moves]), axis=0)


@right("gradient_descent_path")
def path_by_fractions(eigenvalues, w_star, lr, steps):
    rows = [
        [
            float(Fraction(g) * (1 - (1 - Fraction(lr) * Fraction(h)) ** k))
            for h, g in zip(eigenvalues.tolist(), w_star.tolist(), strict=True)
        ]
        for k in range(steps + 1)
    ]
    return np.array(rows)


@right("gradient_descent_path")
def path_in_float32(eigenvalues, w_star, lr, steps):
    w = np.zeros((steps + 1, len(w_star)), dtype=np.float32)
    for k in range(steps):
        slope = np.float32(eigenvalues) * (w[k] - np.float32(w_star))
        w[k + 1] = w[k] - np.float32(lr) * slope
    return w


@right("gradient_descent_path")
def path_by_recursion(eigenvalues, w_star, lr, steps):
    if steps == 0:
        return np.zeros((1, w_star.size))
    before = path_by_recursion(eigenvalues, w_star, lr, steps - 1)
    last = before[-1]
    return np.vstack([before, last - lr * (np.diag(eigenvalues) @ (last - w_star))])


@right("gradient_descent_path")
def path_by_einsum(eigenvalues, w_star, lr, steps):
    powers = np.vander(1 - lr * eigenvalues, steps + 1, increasing=True)
    return np.einsum("ik,i->ki", 1 - powers, w_star)


@right("gradient_descent_path")
def path_by_fromfunction(eigenvalues, w_star, lr, steps):
    def entry(k, i):
        i = i.astype(int)
        return w_star[i] - w_star[i] * np.power(1 - lr * eigenvalues[i], k)

    return np.fromfunction(entry, (steps + 1, len(w_star)))


@right("gradient_descent_path")
def path_by_complex_logarithm(eigenvalues, w_star, lr, steps):
    factor = (1 - lr * eigenvalues).astype(complex)
    small = np.where(factor == 0, 1e-300, factor)
    return w_star * (1 - np.exp(np.arange(steps + 1)[:, None] * np.log(small))).real


@right("gradient_descent_path")
def path_of_the_distance(eigenvalues, w_star, lr, steps):
    distance = [-w_star]
    for _ in range(steps):
        distance += [distance[-1] * (1 - lr * eigenvalues)]
    return np.stack(distance) + w_star


def closed(eigenvalues, w_star, lr, steps):
    return w_star * (1 - (1 - lr * eigenvalues) ** np.arange(steps + 1)[:, None])


@wrong("gradient_descent_path")
def path_of_one_array(eigenvalues, w_star, lr, steps):
    """Append one array again and again while it changes."""
    w, path = np.zeros_like(w_star), []
    for _ in range(steps + 1):
        path.append(w)
        w -= lr * eigenvalues * (w - w_star)
    return np.array(path)


@wrong("gradient_descent_path")
def path_in_whole_numbers(eigenvalues, w_star, lr, steps):
    out = np.zeros((steps + 1, len(w_star)), dtype=int)
    out[:] = closed(eigenvalues, w_star, lr, steps)
    return out


@wrong("gradient_descent_path")
def path_changes_w_star(eigenvalues, w_star, lr, steps):
    path = closed(eigenvalues, w_star, lr, steps)
    w_star *= 0.5
    return path


@wrong("gradient_descent_path")
def path_in_order_of_eigenvalues(eigenvalues, w_star, lr, steps):
    order = np.argsort(eigenvalues)[::-1]
    return closed(eigenvalues[order], w_star[order], lr, steps)


@wrong("gradient_descent_path")
def path_with_momentum(eigenvalues, w_star, lr, steps):
    path = [np.zeros_like(w_star), lr * eigenvalues * w_star][: steps + 1]
    while len(path) <= steps:
        w = path[-1]
        path.append(w - lr * eigenvalues * (w - w_star) + 0.1 * (w - path[-2]))
    return np.array(path)


@wrong("gradient_descent_path")
def path_rounded(eigenvalues, w_star, lr, steps):
    return np.round(closed(eigenvalues, w_star, lr, steps), 3)


@wrong("gradient_descent_path")
def path_of_the_flow(eigenvalues, w_star, lr, steps):
    times = lr * np.arange(steps + 1)
    solved = scipy.integrate.solve_ivp(
        lambda t, w: -eigenvalues * (w - w_star),
        (0, max(times[-1], 1e-9)),
        np.zeros_like(w_star),
        t_eval=times if steps else [0.0],
        rtol=1e-8,
    )
    return solved.y.T


@wrong("gradient_descent_path")
def path_as_lists(eigenvalues, w_star, lr, steps):
    return closed(eigenvalues, w_star, lr, steps).tolist()


@wrong("gradient_descent_path")
def path_flat(eigenvalues, w_star, lr, steps):
    return closed(eigenvalues, w_star, lr, steps).ravel()


@wrong("gradient_descent_path")
def path_implicit(eigenvalues, w_star, lr, steps):
    return w_star * (1 - (1 + lr * eigenvalues) ** -np.arange(steps + 1.0)[:, None])


@wrong("gradient_descent_path")
def path_scaled_to_the_largest(eigenvalues, w_star, lr, steps):
    return closed(eigenvalues / eigenvalues.max(), w_star, lr, steps)


@wrong("gradient_descent_path")
def path_one_by_one(eigenvalues, w_star, lr, steps):
    """Move one direction a step, the others held."""
    path = [np.zeros_like(w_star)]
    for k in range(steps):
        w, i = path[-1].copy(), k % len(w_star)
        w[i] -= lr * eigenvalues[i] * (w[i] - w_star[i])
        path.append(w)
    return np.array(path)


@wrong("gradient_descent_path")
def path_stops_when_close(eigenvalues, w_star, lr, steps):
    path = closed(eigenvalues, w_star, lr, steps)
    return path[: 1 + np.argmax(np.all(np.isclose(path, w_star), axis=1))] if steps else path


@wrong("gradient_descent_path")
def path_without_a_start_for_no_steps(eigenvalues, w_star, lr, steps):
    return closed(eigenvalues, w_star, lr, steps) if steps else np.zeros((0, len(w_star)))


@wrong("gradient_descent_path")
def path_by_real_logarithm(eigenvalues, w_star, lr, steps):
    logs = np.log1p(-np.minimum(lr * eigenvalues, 0.999999999))
    return -w_star * np.expm1(np.arange(steps + 1)[:, None] * logs)


@wrong("gradient_descent_path")
def path_of_one_direction_too_many(eigenvalues, w_star, lr, steps):
    path = closed(eigenvalues, w_star, lr, steps)
    return np.column_stack([np.arange(steps + 1), path])


@wrong("gradient_descent_path")
def path_with_a_falling_rate(eigenvalues, w_star, lr, steps):
    path = [np.zeros_like(w_star)]
    for k in range(steps):
        path.append(path[-1] - lr / (1 + 0.01 * k) * eigenvalues * (path[-1] - w_star))
    return np.array(path)


@wrong("gradient_descent_path")
def path_never_runs_away(eigenvalues, w_star, lr, steps):
    factor = np.clip(1 - lr * eigenvalues, -1, 1)
    return w_star * (1 - factor ** np.arange(steps + 1)[:, None])


@wrong("gradient_descent_path")
def path_divides_by_the_eigenvalues(eigenvalues, w_star, lr, steps):
    with np.errstate(invalid="ignore"):
        moved = closed(eigenvalues, eigenvalues * w_star, lr, steps)
        return moved / eigenvalues


# equivalent_l2


@right("equivalent_l2")
def weight_by_expm1(eigenvalues, lr, steps):
    with np.errstate(divide="ignore", invalid="ignore"):
        a = eigenvalues / np.expm1(-steps * np.log1p(-lr * eigenvalues))
    q = (1 - lr * eigenvalues) ** steps
    return np.where(lr * eigenvalues < 1, a, eigenvalues * q / (1 - q))


@right("equivalent_l2")
def weight_by_fractions(eigenvalues, lr, steps):
    found = []
    for h in map(Fraction, eigenvalues.tolist()):
        q = (1 - Fraction(lr) * h) ** steps
        found.append(float(h * q / (1 - q)))
    return np.array(found)


@right("equivalent_l2")
def weight_with_division_by_zero(eigenvalues, lr, steps):
    """Divide by q: inf on the way, and 0 in the end, with a warning."""
    return eigenvalues / ((1 - lr * eigenvalues) ** (-float(steps)) - 1)


@right("equivalent_l2")
def weight_by_newton(eigenvalues, lr, steps):
    share = 1 - (1 - lr * eigenvalues) ** steps
    a = np.zeros_like(eigenvalues)
    for _ in range(200):  # of h/s − (h + a), which is linear
        a = a + (eigenvalues / share - (eigenvalues + a))
    return a


@right("equivalent_l2")
def weight_by_python_floats(eigenvalues, lr, steps):
    out = []
    for h in eigenvalues.tolist():
        left = 1.0
        for _ in range(steps):
            left *= 1 - lr * h
        out.append(h * left / (1 - left))
    return np.array(out)


@right("equivalent_l2")
def weight_by_the_path(eigenvalues, lr, steps):
    w = closed(eigenvalues, np.ones(len(eigenvalues)), lr, steps)[-1]
    return eigenvalues / w - eigenvalues


@right("equivalent_l2")
def weight_by_bisection(eigenvalues, lr, steps):
    share = 1 - (1 - lr * eigenvalues) ** steps
    low, high = -0.999 * eigenvalues, np.full(len(eigenvalues), 10 / lr)
    for _ in range(200):
        middle = (low + high) / 2
        above = eigenvalues / (eigenvalues + middle) > share
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


@right("equivalent_l2")
def weight_in_long_double(eigenvalues, lr, steps):
    q = (1 - np.longdouble(lr) * eigenvalues.astype(np.longdouble)) ** steps
    return eigenvalues / (1 - q) - eigenvalues


@right("equivalent_l2")
def weight_by_least_squares(eigenvalues, lr, steps):
    """Solve (1 − q)·a = h·q as a diagonal system."""
    q = np.power(1 - lr * eigenvalues, steps)
    return np.linalg.solve(np.diag(1 - q), eigenvalues * q)


@right("equivalent_l2")
def weight_vectorized(eigenvalues, lr, steps):
    @np.vectorize
    def weight(h):
        return 0.0 if lr * h == 1 else h / (1 - (1 - lr * h) ** steps) - h

    return weight(eigenvalues)


def exact(h, lr, steps):
    q = (1 - lr * h) ** steps
    return h * q / (1 - q)


@wrong("equivalent_l2")
def weight_of_second_order(h, lr, steps):
    return 1 / (lr * steps) - h / 2 + 0 * h


@wrong("equivalent_l2")
def weight_by_the_rule_where_it_is_small(h, lr, steps):
    return np.where(lr * h * steps < 0.1, 1 / (lr * steps), exact(h, lr, steps))


@wrong("equivalent_l2")
def weight_guarded(h, lr, steps):
    q = (1 - lr * h) ** steps
    return h * q / (1 - q + 1e-3)


@wrong("equivalent_l2")
def weight_at_least_a_little(h, lr, steps):
    return np.maximum(exact(h, lr, steps), 1e-4)


@wrong("equivalent_l2")
def weight_changes_the_eigenvalues(h, lr, steps):
    a = exact(h, lr, steps)
    h += a
    return a


@wrong("equivalent_l2")
def weight_sorted(h, lr, steps):
    return np.sort(exact(h, lr, steps))[::-1]


@wrong("equivalent_l2")
def weight_absolute(h, lr, steps):
    return np.abs(exact(h, lr, steps))


@wrong("equivalent_l2")
def weight_rounded(h, lr, steps):
    return np.round(exact(h, lr, steps), 3)


@wrong("equivalent_l2")
def weight_of_the_mean_rate(h, lr, steps):
    return exact(h, lr, steps).mean() + 0 * h


@wrong("equivalent_l2")
def weight_over_the_rate(h, lr, steps):
    return exact(h, lr, steps) / lr


@wrong("equivalent_l2")
def weight_refuses_fast_directions(h, lr, steps):
    if np.any(lr * h >= 1):
        raise ValueError("lr·h must be below 1")
    return exact(h, lr, steps)


@wrong("equivalent_l2")
def weight_as_a_column(h, lr, steps):
    return exact(h, lr, steps)[:, None]


@wrong("equivalent_l2")
def weight_as_a_list(h, lr, steps):
    return exact(h, lr, steps).tolist()


@wrong("equivalent_l2")
def weight_by_real_logarithm(h, lr, steps):
    with np.errstate(all="ignore"):
        return h / np.expm1(-steps * np.log(1 - lr * h))


@wrong("equivalent_l2")
def weight_by_python_division(h, lr, steps):
    return np.array([x / ((1 - lr * x) ** -steps - 1) for x in h.tolist()])


@wrong("equivalent_l2")
def weight_per_step(h, lr, steps):
    return exact(h, lr, 1) / steps


@wrong("equivalent_l2")
def weight_by_root_finder_of_few_digits(h, lr, steps):
    share = 1 - (1 - lr * h) ** steps
    grid = np.linspace(-h.max() / 2, 2 / lr, 2001)
    return grid[np.argmin(np.abs(h[:, None] - share[:, None] * (h[:, None] + grid)), axis=1)]


# fixed_listing: texts

SIGNATURE = "model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100"
LISTING = f"""
def stop_early({SIGNATURE}):
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
"""


def edited(*changes):
    text = LISTING
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


RETURN = "    return best_model, best_error, best_step\n"
BEST = "best_model, best_error, best_step = current.copy(), error, step"
TRAIN = "current = current.train(X_train, Y_train)"
EVAL = "        error = current.eval(X_dev, Y_dev)"
COUNT, ANEW, WHILE = "waited += eval_freq", "            waited = 0\n", "while waited < stop_wait"
PERIOD = "for _ in range(eval_freq):"
BREAK = "        if waited >= stop_wait:\n            break\n"
IN_LINES = "best_model = current.copy()\n            best_error = error; best_step = step"
HANDED_OVER = BEST.replace("current.copy()", "current") + "\n            current = current.copy()"
WAIT_ROUNDED_DOWN = edited((COUNT, "waited += 1"), (WHILE, WHILE + " // eval_freq"))
TRAINS_THE_CALLERS_MODEL = edited(("current = model.copy()", "current = model"))
RETURNS_THE_MODEL_IN_TRAINING = edited((RETURN, RETURN.replace("best_model", "current")))
TWO_LINES = f"trained = {TRAIN[10:]}\n            current = trained"

for text in (
    edited(),
    LISTING.strip() + "\n\n\nprint('defined')",
    LISTING.replace("    ", "\t"),
    LISTING.replace("    ", "  "),
    LISTING.replace("\n", "\r\n"),
    LISTING.replace("best_model", "θ_best").replace("current", "net"),
    edited((BEST, IN_LINES)),
    edited((BEST, HANDED_OVER)),
    edited((BEST, BEST + "\n            current = best_model.copy()")),
    edited((COUNT, "waited = step - best_step")),
    edited((COUNT, "pass"), (ANEW, ""), (WHILE, "while step - best_step < stop_wait")),
    edited((PERIOD, "target = step + eval_freq\n        while step < target:")),
    edited(('float("inf")', "np.inf")),
    edited((TRAIN, TWO_LINES)),
    edited(("def stop_early(", "# mended\ndef early_stopping(")),
    edited((SIGNATURE, SIGNATURE.replace("=100", ": int = 100") + ", verbose=False")),
    edited((WHILE, "while True"), (ANEW, ANEW + BREAK)),
    edited(("current = model.copy()", "import copy; current = copy.deepcopy(model)")),
    edited((EVAL, EVAL + "\n        print(step, error, current.eval(X_train, Y_train))")),
    "from __future__ import annotations\n" + LISTING,
    "class Trainer:\n    pass\n" + LISTING + "\nif __name__ == '__main__':\n    1 / 0\n",
):
    right("fixed_listing")(text)

for text in (
    "",
    "pass",
    "def",
    " " + LISTING[1:],
    edited((RETURN, "    " + RETURN)),
    edited((RETURN, "        " + RETURN)),
    edited((RETURN, "")),
    edited((PERIOD, "for _ in range(stop_wait):")),
    edited((PERIOD, "for _ in range(1, eval_freq):")),
    edited((PERIOD, "for _ in eval_freq:")),
    edited((PERIOD, "for _ in range(0, step, eval_freq):")),
    edited((BEST, "best_model, best_step = current.copy(), step")),
    edited((BEST, "best_model, best_step, best_error = current.copy(), step, 0.0")),
    edited((BEST, BEST.replace("current.copy()", "current"))),
    edited((BEST, BEST.replace("current.copy()", "model.copy()"))),
    edited((BEST, BEST + "\n            current = best_model")),
    edited((COUNT, "waited += 1")),
    edited((COUNT, "waited += 2")),
    WAIT_ROUNDED_DOWN,
    TRAINS_THE_CALLERS_MODEL,
    RETURNS_THE_MODEL_IN_TRAINING,
    edited((COUNT, "waited += step")),
    edited((WHILE, "while waited < stop_wait / eval_freq")),
    edited((WHILE, "while waited <= stop_wait")),
    edited((TRAIN, "current.train(X_train, Y_train)")),
    edited((TRAIN, "current = model.train(X_train, Y_train)")),
    edited((TRAIN, "model = current.train(X_train, Y_train)")),
    edited((ANEW, "")),
    edited(("step, waited = 0, 0", "step, waited = 1, 0")),
    edited(("error < best_error", "error > best_error")),
    edited((EVAL, EVAL.replace("dev", "train"))),
    edited(("            step += 1\n", "")),
    edited(("            step += 1\n", "        step += 1\n")),
    LISTING.replace("stop_early(model, ", "stop_early("),
    LISTING + "\nraise SystemExit\n",
    LISTING + "\nstop_early = None\n",
):
    wrong("fixed_listing")(text)


@pytest.mark.parametrize("row", RIGHT, ids=label)
def test_an_unusual_right_answer_earns_full_marks(row):
    ASKED.assert_right(*row)


@pytest.mark.parametrize("row", WRONG, ids=label)
def test_a_subtly_wrong_answer_loses_something(row):
    ASKED.assert_wrong(*row)


DIAGNOSED = [
    (stopping_goes_back_to_the_best, "stops at the first rise"),  # its sentence names both
    (stopping_at_a_rise, "stops at the first rise"),
    (stopping_with_two_names, "two names at the start"),
    (stopping_between_evaluations, "stops in between"),
    (stopping_returns_the_last_model, "best model goes on training"),  # its sentence names both
    (stopping_skips_nan, ""),
    (stopping_waits_anew_at_nan, ""),
    (StopsOneLate, "one evaluation late"),
    (StaysTrueAfterAnImprovement, "latched"),
    (NoneAtFirst, "best starts as None"),
    (SetsStopInUpdateOnly, "should_stop set in update only"),
    (Underscored, "attributes under other names"),
    (LowerThanTheLast, "lower than the last, and the best"),
    (TRAINS_THE_CALLERS_MODEL, "the model handed in is trained"),
    (RETURNS_THE_MODEL_IN_TRAINING, "E4: the best model goes on training"),
]


@pytest.mark.parametrize(
    ("answer", "diagnosis"), DIAGNOSED, ids=lambda part: getattr(part, "__name__", "text")
)
def test_a_diagnosis_fits_what_the_answer_does(answer, diagnosis):
    name = next(name for name, other in WRONG if other is answer)
    ASKED.assert_told(name, answer, diagnosis)


def test_every_function_has_outsiders():
    ASKED.assert_enough(rights=10, wrongs=15)
