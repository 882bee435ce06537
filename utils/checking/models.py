"""Drivers of lesson 05: models and curves that are rebuilt from data.

A scripted model has no weights but counts of its training steps, and its dev error for each number
of steps is given in advance. So a result tells which model came back, and how far it was trained.

A process knows the script, and could claim a model that nobody trained. But which model it should
be, and when training should stop, is the answer: the script alone does not tell. That the model
handed in is as it was may be claimed, and is had for a copy of it just as well.
"""

import ast
import copy
import hashlib
import inspect
import linecache
import math
from types import FunctionType

import numpy as np

from utils.checking.codec import MAX_TEXT, Other
from utils.checking.laws import law

TRAIN, DEV = 0, 1
DATA = {
    "X_train": np.array([[1.0], [2.0]]),
    "Y_train": np.array([0.0, 1.0]),
    "X_dev": np.array([[3.0]]),
    "Y_dev": np.array([1.0]),
}
SOURCE = "<fixed_listing>"
FUNCTION = "stop_early"
# The listing as it is handed out, known by the digest of its text.
UNTOUCHED = "4ed4938da8d3904de268dfdf6b5f8ba278599b6c4f7e6a5e2f7aaf16f1dfe152"


class Script:
    """What all copies of a scripted model share: data, errors and a record of the calls.

    Parameters
    ----------
    inputs : dict
        "model", a dict whose "errors" is the list of dev errors after 0, 1, 2, … training steps,
        the last one for any further step, and "taken" how many it has taken before; "eval_freq" and
        "stop_wait", which may be left out.
    """

    def __init__(self, inputs):
        self.errors = inputs["model"]["errors"]
        length = len(self.errors) + inputs.get("eval_freq", 1) + inputs.get("stop_wait", 100)
        self.bounds = {"train": length**2, "eval": 4 * length**2}
        self.calls = dict.fromkeys(self.bounds, 0)
        self.endless = False
        self.furthest = 0
        self.evaluated = []

    def call(self, method, X, Y):
        """Count a call and return which data it was given, `TRAIN` or `DEV`."""
        self.calls[method] += 1
        if self.calls[method] > self.bounds[method]:
            self.endless = True
            raise RuntimeError(
                f"{method} was called more than {self.bounds[method]} times: this does not end"
            )
        for place, name in enumerate(("train", "dev")):
            if _equal(X, DATA[f"X_{name}"]) and _equal(Y, DATA[f"Y_{name}"]):
                return place
        raise ValueError(
            f"{method} was called with X of shape {np.shape(X)} and Y of shape {np.shape(Y)}; "
            "it takes X_train and Y_train, or X_dev and Y_dev, unchanged"
        )

    def error(self, steps, place):
        """Return the error on the data of `place` of a model that took `steps`, (2,) counts.

        On data that it was trained on, a model comes to an error of 0, as one that memorizes.
        """
        on_train, on_dev = steps.tolist()
        if place == DEV and not on_dev:
            return self.errors[min(on_train, len(self.errors) - 1)]
        way = (2 + place) * len(self.errors)
        return max(0.0, 1 - (on_train + on_dev) / way)


def _equal(array, own):
    """Return `np.array_equal(array, own)`, quickly for the arrays that were handed out."""
    if type(array) is np.ndarray and array.dtype == own.dtype and array.shape == own.shape:
        return array.tobytes() == own.tobytes()
    return np.array_equal(array, own)


class ScriptedModel:
    """A model that trains in place, with its errors from a script.

    Parameters
    ----------
    script : Script
    steps : (2,) array of int
        The training steps that it took on the train data and on the dev data.
    """

    def __init__(self, script, steps=(0, 0)):
        self.script, self.steps = script, np.array(steps)

    def __repr__(self):
        count = int(self.steps.sum())
        return f"a model after {count} step{'' if count == 1 else 's'}"

    def __deepcopy__(self, memo):
        return self.copy()

    def train(self, X, Y):
        """Take one training step, in place."""
        self.steps[self.script.call("train", X, Y)] += 1
        self.script.furthest = max(self.script.furthest, sum(self.steps.tolist()))

    def eval(self, X, Y):
        """Return the error on the data."""
        place = self.script.call("eval", X, Y)
        if place == DEV:
            self.script.evaluated.append(self.script.calls["train"])
        return float(self.script.error(self.steps, place))

    def copy(self):
        """Return a model of its own that took the same steps."""
        return type(self)(self.script, self.steps)


class ReturningModel(ScriptedModel):
    """A model whose `train` works in place and returns the model."""

    def train(self, X, Y):
        """Take one training step, in place, and return the model."""
        super().train(X, Y)
        return self


class RenewedModel(ScriptedModel):
    """A model whose `train` leaves it as it was and returns a new one."""

    def train(self, X, Y):
        """Return a new model, one training step further."""
        new = self.copy()
        ScriptedModel.train(new, X, Y)
        return new


TRAINS = {"in place": ScriptedModel, "returned": ReturningModel, "new": RenewedModel}


def arguments_of(inputs):
    """Return the arguments of a call: a scripted model, four arrays and the other inputs."""
    kind, taken = inputs["model"].get("trains", "in place"), inputs["model"].get("taken", 0)
    model = TRAINS[kind](Script(inputs), (taken, 0))
    return [*({"model": model} | copy.deepcopy(DATA) | inputs | {"model": model}).values()]


def call_with_model(target, inputs):
    """Hand `target` a scripted model and the other inputs; return the model and the result."""
    arguments = arguments_of(inputs)
    try:
        return arguments[0], target(*arguments)
    except AttributeError as error:
        if "NoneType" not in str(error) or type(arguments[0]) is not ScriptedModel:
            raise
        words = f"{error}; train takes its step in place and returns nothing"
        raise AttributeError(words).with_traceback(error.__traceback__) from None


def _told(value, describe):
    """Return a result with each model in words, and tuples as lists."""
    if isinstance(value, ScriptedModel):
        return describe(value)
    if isinstance(value, (list, tuple)):
        return [_told(item, describe) for item in value]
    return value


def _told_of(target, inputs, describe):
    result = call_with_model(target, inputs)[1]
    return Other("model") if isinstance(result, ScriptedModel) else _told(result, describe)


def report_result(target, inputs):
    """Return the result, a model in it as "a model"."""
    return _told_of(target, inputs, lambda model: "a model")


def report_model(target, inputs):
    """Return the result, a model in it with the steps that it took by the end of the call."""
    return _told_of(target, inputs, repr)


def report_steps(target, inputs):
    """Return how many steps the model that was trained furthest took."""
    model, _ = call_with_model(target, inputs)
    return {"training steps": model.script.furthest}


def report_given(target, inputs):
    """Return what became of the model that was handed in, and whether it came back itself."""
    model, result = call_with_model(target, inputs)
    items = result if isinstance(result, (list, tuple)) else [result]
    itself = any(item is model for item in items)
    return {
        "model afterwards": repr(model),
        "best_model": "model itself" if itself else "another object",
    }


report_result.call = report_model.call = report_steps.call = report_given.call = (
    "model, X_train, Y_train, X_dev, Y_dev, eval_freq, stop_wait"
)


# Listings: the text of a program in place of a function.


def digest(text):
    """Return the digest of a text, whatever the spaces and line breaks at the ends of its lines."""
    lines = [line.rstrip() for line in text.splitlines()]
    return hashlib.sha256("\n".join(lines).strip("\n").encode()).hexdigest()


def listed_function(text):
    """Compile and run the text of a listing, and return the function that it defines.

    Of several functions it is the one with the name that it had, else the last one that takes a
    model, four arrays and two numbers.

    Raises
    ------
    NotImplementedError
        If the listing is as it was handed out.
    SyntaxError
        If Python cannot compile it.
    ValueError
        If it is no text, or defines no such function.
    """
    if not isinstance(text, str):
        raise ValueError(f"the listing is a text, in three quotes; this is {type(text).__name__}")
    if digest(text) == UNTOUCHED:
        raise NotImplementedError("the listing is as it was")
    linecache.cache[SOURCE] = (len(text), None, text.splitlines(keepends=True), SOURCE)
    names = {"__name__": "fixed_listing", "copy": copy, "math": math, "np": np}
    exec(compile(text, SOURCE, "exec", dont_inherit=True), names)
    found = {name: thing for name, thing in names.items() if _takes_seven(thing)}
    if not found:
        raise ValueError(
            f"the listing defines no function that takes what {FUNCTION} takes: "
            "a model, four arrays, eval_freq and stop_wait"
        )
    return found.get(FUNCTION, list(found.values())[-1])


def _takes_seven(thing):
    if not isinstance(thing, FunctionType) or thing.__code__.co_filename != SOURCE:
        return False
    try:
        inspect.signature(thing).bind(*range(7))
    except TypeError:
        return False
    return True


def _ask_listing(target, inputs):
    listed_function(target)
    return target


@law(_ask_listing)
def parse_listing(text, inputs):
    """Return in words that a listing compiles and defines a function of seven arguments.

    A law, for "a function" is easily claimed: whoever judges parses the text, and neither compiles
    it (a few nested `finally` take gigabytes) nor runs it.
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise ValueError("the listing is no text, or a very long one")
    try:
        nodes = ast.walk(ast.parse(text, SOURCE))
    except (RecursionError, MemoryError):
        raise ValueError("the listing is nested too deeply") from None
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            taken = node.args.posonlyargs + node.args.args
            if len(taken) >= 7 or node.args.vararg:
                return "a function"
    raise ValueError(f"the listing defines no function that takes what {FUNCTION} takes")


def count_to_evaluation(target, inputs):
    """Return how many training steps a listing takes before it evaluates, endless or not."""
    function, arguments = listed_function(target), arguments_of(inputs)
    script = arguments[0].script
    try:
        function(*arguments)
    except RuntimeError:
        if not script.endless:
            raise
    trained = [count for count in script.evaluated if count]
    return {"training steps before the first evaluation": trained[0] if trained else 0}


def report_listed_result(target, inputs):
    """Return the result of a listing, a model in it as "a model"."""
    return report_result(listed_function(target), inputs)


def report_listed_model(target, inputs):
    """Return the first item of the result of a listing, with the steps that it took."""
    result = report_model(listed_function(target), inputs)
    return {"best model": result[0] if isinstance(result, list) and result else result}


def report_listed_given(target, inputs):
    """Return what became of the model that a listing was handed."""
    return {"model afterwards": report_given(listed_function(target), inputs)["model afterwards"]}


def report_listed_steps(target, inputs):
    """Return how many training steps a listing took."""
    return report_steps(listed_function(target), inputs)


# A monitor is told one error after the other.


def watch(target, inputs):
    """Make a monitor of the class `target`, hand it the errors, and yield it with each answer.

    A second monitor is told nothing. That it did not change may be claimed, and is had for less:
    attributes of self.

    Parameters
    ----------
    target : type
        The student's class.
    inputs : dict
        "errors", a list, and the arguments of the constructor in their order.

    Yields
    ------
    tuple
        The monitor and what `update` returned, None before the first error.

    Raises
    ------
    RuntimeError
        If the second monitor has changed by the end.
    """
    arguments = dict(inputs)
    errors = arguments.pop("errors")
    monitor, other = target(*arguments.values()), target(*arguments.values())
    before = _state(other)
    yield monitor, None
    for error in errors:
        yield monitor, monitor.update(error)
    if _state(other) != before:
        raise RuntimeError(
            "a second monitor, which was told nothing, has changed as well: best and wait belong "
            "to self, not to the class"
        )


def _state(monitor):
    return [repr(getattr(monitor, name, None)) for name in ("best", "wait")]


def watch_best(target, inputs):
    """Return the answer of `update` to each error, and `best` after it."""
    seen = [(answer, monitor.best) for monitor, answer in watch(target, inputs)]
    return {"update": [answer for answer, _ in seen[1:]], "best": [best for _, best in seen[1:]]}


def watch_wait(target, inputs):
    """Return `wait` after each error."""
    return {"wait": [monitor.wait for monitor, _ in watch(target, inputs)][1:]}


def watch_stop(target, inputs):
    """Return `wait` and `should_stop` after each error."""
    seen = [(monitor.wait, monitor.should_stop) for monitor, _ in watch(target, inputs)]
    return {"wait": [wait for wait, _ in seen[1:]], "should_stop": [stop for _, stop in seen[1:]]}


def watch_start(target, inputs):
    """Return the three attributes before the first error."""
    monitor, _ = next(watch(target, inputs))
    return {name: getattr(monitor, name) for name in ("best", "wait", "should_stop")}


watch_best.call = watch_wait.call = watch_stop.call = watch_start.call = "patience, min_delta"


DRIVERS = {
    "stopping": report_result,
    "stopping_model": report_model,
    "stopping_steps": report_steps,
    "stopping_given": report_given,
    "listing": parse_listing,
    "listing_loop": count_to_evaluation,
    "listing_result": report_listed_result,
    "listing_model": report_listed_model,
    "listing_given": report_listed_given,
    "listing_steps": report_listed_steps,
    "monitor_best": watch_best,
    "monitor_wait": watch_wait,
    "monitor_stop": watch_stop,
    "monitor_start": watch_start,
}
