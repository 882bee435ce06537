"""From the inputs of a case to a call, and from its result to plain data.

A driver runs beside the student's code, in a lesson as in grading. It holds no answer:
it only knows how to call. `observe` runs a driver and records what happened.

In grading that process may say what it likes: a record is its claim. Of a driver that is a law it
sends the results themselves (`observe_results`), and whoever judges counts them (`counted`; see
`utils.checking.laws`). Any other driver hands on what came back. To claim that takes what an answer
takes: the right result on inputs that nobody saw before. Where a driver says more than what came
back, its docstring tells why it may.
"""

import contextlib
import copy
import hashlib
import io
import itertools
import json
import linecache
import os
import warnings
from pathlib import Path

import numpy as np

from utils.checking import images, masks, models, trained
from utils.checking.codec import NotPlainError, encode, plain
from utils.checking.laws import Joint, Law, Request

HERE = Path(__file__).parent
MAX_PRINTED = 2_000
MAX_PROJECTIONS = 100_000


def call_function(target, inputs):
    """Call `target` with the inputs in their order."""
    return _function(target)(*inputs.values())


def _function(target):
    if not callable(target):
        raise TypeError(f"a function is asked for; this is {type(target).__name__}: {target!r:.40}")
    return target


def read_value(target, inputs):
    """Return `target` itself: the answer is a variable."""
    return target


def run_object(target, inputs):
    """Make an object of the class `target` and run a script on it.

    A process could make up the result of a step without an object; it is none the easier to know.

    Parameters
    ----------
    target : type
        The student's class.
    inputs : dict
        "arguments", a list for the constructor, and "script", a list of steps: `[method, argument,
        ...]` calls a method, `["read", name]` reads an attribute.

    Returns
    -------
    list
        The result of each step.
    """
    instance = target(*inputs["arguments"])
    results = []
    for name, *arguments in inputs["script"]:
        if name == "read":
            results.append(getattr(instance, arguments[0]))
        else:
            results.append(getattr(instance, name)(*arguments))
    return results


def differentiate(target, inputs):
    """Hand `target` a scalar function that is built from data, and the other inputs as they are.

    A process could read the coefficients and claim the slopes without a call of the function: it
    would have to differentiate a polynomial of many variables, and has answered another question.
    """
    arguments = dict(inputs)
    function = scalar_function(arguments.pop("f"), np.shape(inputs["w"]))
    return _function(target)(function, *arguments.values())


def scalar_function(spec, shape):
    """Return f(w) = Σ c₃w³ + c₂w² + c₁w + m·(Σ w)² for arrays `w` of the given shape.

    Parameters
    ----------
    spec : dict
        "cubic", "square" and "linear" coefficients, each a number or an array of `shape`, and
        "mixed", a number.
    shape : tuple
        The only shape that the function takes.
    """

    def f(w):
        w = np.asarray(w)
        if w.shape != shape:
            raise ValueError(
                f"f was called with an array of shape {w.shape}; "
                f"it is defined for shape {shape}, the shape of w"
            )
        terms = spec["cubic"] * w**3 + spec["square"] * w**2 + spec["linear"] * w
        return float(np.sum(terms) + spec["mixed"] * np.sum(w) ** 2)

    return f


def call_with_projection(target, inputs):
    """Hand `target` a projection that is built from data, and the other inputs as they are.

    A process could claim weights that it found without the projection. They are judged by the
    optimum alone, as those of any method are.
    """
    project = projection(inputs["project"], inputs["X"].shape[1])
    return _function(target)(*(inputs | {"project": project}).values())


def projection(ball, size):
    """Return `project(w, radius)`, the Euclidean projection of `size` weights onto a ball.

    Parameters
    ----------
    ball : dict
        The form of the ball, as `utils.checking.optima.ball_size` takes it: a box or pairs in
        discs.
    size : int
        The only length of `w` that the function takes.
    """
    calls = itertools.count(1)

    def project(w, radius):
        w = np.asarray(w, dtype=float)
        if w.shape != (size,):
            raise ValueError(
                f"project was called with w of shape {w.shape}; it takes the weights, "
                f"one for each column of X: shape ({size},)"
            )
        if next(calls) > MAX_PROJECTIONS:
            raise RuntimeError(f"project was called more than {MAX_PROJECTIONS} times")
        if ball["form"] == "box":
            return np.clip(w, -radius * ball["sides"], radius * ball["sides"])
        pairs = w[0::2] + 1j * w[1::2]
        pairs /= np.maximum(1.0, np.abs(pairs) / radius)
        return np.column_stack([pairs.real, pairs.imag]).ravel()

    return project


DRIVERS = {
    "function": call_function,
    "value": read_value,
    "choice": read_value,
    "object": run_object,
    "differentiate": differentiate,
    "projection": call_with_projection,
    **images.DRIVERS,
    **masks.DRIVERS,
    **models.DRIVERS,
    **trained.DRIVERS,
}


class Printed(io.StringIO):
    """A text stream that keeps the first characters, and drops but counts the rest."""

    count = 0

    def write(self, text):
        """Write what there is room for; return how long the text is."""
        self.count += len(text)
        room = MAX_PRINTED - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


def observe(driver, target, inputs, others=None, seen=None):
    """Run a driver on an answer and record what happened.

    Output, standard error and warnings of the answer are caught. The inputs are copied first, so
    the case stays as it was whatever the answer does to its arguments.

    Parameters
    ----------
    driver : str
        A name in `DRIVERS`.
    target : object
        The student's function, class or value.
    inputs : dict
        The inputs of the case, plain data.
    others : dict, optional
        From their names to the other answers of the lesson, for a driver that calls some.
    seen : dict, optional
        What came of the requests of a `Joint` so far: they are not asked again, and new ones are
        kept in it.

    Returns
    -------
    dict
        "value" (plain data) or "raised" ({"types", "message", "line"}); "changed", which arguments
        are no longer bit for bit what they were ("values" or "rounding"); "shares", which arguments
        share memory with the result; "printed", the start of what was printed; "warned", the
        warnings.
    """
    if not isinstance(DRIVERS[driver], Joint):
        return counted(driver, observe_results(driver, target, inputs), inputs)
    seen = {} if seen is None else seen
    requests = requests_of(driver, inputs)
    for request in requests:
        if key_of(request) not in seen:
            answer = (others or {}).get(request.of) if request.of else target
            seen[key_of(request)] = observe_results(request.driver, answer, request.inputs)
    return counted(driver, joined(requests, [seen[key_of(r)] for r in requests]), inputs)


def requests_of(driver, inputs):
    """Return the requests that a case comes to, each to be asked of a student's process."""
    if isinstance(DRIVERS[driver], Joint):
        return DRIVERS[driver].requests(inputs)
    unseen = getattr(DRIVERS[driver], "unseen", ())
    given = {name: value for name, value in inputs.items() if name not in unseen}
    return [Request(driver, given)]


def key_of(request):
    """Return the digest of a request, by which another one of the same is known."""
    text = json.dumps([request.of, request.driver, encode(request.inputs, packed=True)])
    return hashlib.sha256(text.encode()).hexdigest()


def joined(requests, records):
    """Return one record of those of several requests: all their values, or the first exception."""
    whole = {"changed": {}, "shares": [], "printed": "", "warned": []}
    for request, record in zip(requests, records, strict=True):
        if "raised" in record:
            return record | {"raised": _of_another(request.of, record["raised"])}
        whole["printed"] = whole["printed"] or record["printed"]
        whole["warned"] = whole["warned"] or record["warned"]
        if not request.of:
            whole["changed"] |= record["changed"]
    return whole | {"value": [record["value"] for record in records]}


def _of_another(name, raised):
    """Return an exception as it is, or that of another answer as one of this name."""
    if not name:
        return raised
    message = f"{name} stopped with {raised['types'][0]}: {raised['message']}"
    return raised | {"types": ["LookupError"], "message": message[:500]}


def observe_results(driver, target, inputs, printed=None):
    """Run a driver as `observe` does, but count nothing: under a law "value" is all results.

    What is printed goes to `printed`, a `Printed`.
    """
    arguments = copy.deepcopy(inputs)
    run = DRIVERS[driver].ask if isinstance(DRIVERS[driver], Law) else DRIVERS[driver]
    printed = Printed() if printed is None else printed
    record, value = {}, None
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(printed):
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(printed), _no_progress_bars():
            try:
                value = run(target, arguments)
                record["value"] = plain(value)
            except NotPlainError as error:
                record["raised"] = {"types": ["NotPlainError"], "message": str(error), "line": ""}
            except (Exception, SystemExit) as error:
                record["raised"] = describe(error)
    record["changed"] = _changes(inputs, arguments)
    record["shares"] = [name for name in arguments if _shares(value, arguments[name])]
    record["printed"] = printed.getvalue()
    record["warned"] = [f"{w.category.__name__}: {w.message}"[:300] for w in caught[:3]]
    return record


@contextlib.contextmanager
def _no_progress_bars():
    """Silence the bars of `utils.training.train`: what an answer printed is shown as its words."""
    before = os.environ.get("COURSE_PROGRESS")
    os.environ["COURSE_PROGRESS"] = "0"
    try:
        yield
    finally:
        os.environ.pop("COURSE_PROGRESS", None)
        if before is not None:
            os.environ["COURSE_PROGRESS"] = before


def counted(driver, record, inputs):
    """Return a record of `observe_results` with what a law tells in place of the results.

    Raises
    ------
    NotPlainError
        If the results are of a form that no such driver sends.
    """
    law = DRIVERS[driver]
    if "value" not in record or not isinstance(law, Law | Joint):
        return record
    rest = {name: kept for name, kept in record.items() if name != "value"}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return rest | {"value": plain(law.tell(record["value"], inputs))}
    except NotPlainError:
        raise
    except Exception as error:
        return rest | {"raised": describe(error)}


def request_of(driver, inputs):
    """Return what a student's process is told of a case, for JSON: no more than it needs."""
    (request,) = requests_of(driver, inputs)
    return told(request)


def told(request):
    """Return a request as it is told, for JSON."""
    return {"driver": request.driver, "inputs": encode(request.inputs, packed=True)}


def describe(error):
    """Return an exception as plain data: its types, its message and the student's line."""
    return {
        "types": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error)[:500],
        "line": _line(error),
    }


def _line(error):
    """Return the last line of the traceback that is neither in this package nor in a library."""
    found, step = "", error.__traceback__
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if not Path(filename).is_relative_to(HERE) and "site-packages" not in filename:
            text = linecache.getline(filename, step.tb_lineno, step.tb_frame.f_globals).strip()
            if text:
                found = f"line {step.tb_lineno}: {text[:120]}"
        step = step.tb_next
    return found


def _changes(before, after):
    changes = {name: _change(before[name], after[name]) for name in before}
    return {name: kind for name, kind in changes.items() if kind}


def _change(before, after):
    """Return "" if nothing changed, "rounding" if only the last digits did, else "values"."""
    if isinstance(before, np.ndarray):
        return _array_change(before, after)
    if isinstance(before, (list, dict)):
        if type(before) is not type(after) or len(before) != len(after):
            return "values"
        keys = before if isinstance(before, dict) else range(len(before))
        if isinstance(before, dict) and list(before) != list(after):
            return "values"
        kinds = {_change(before[key], after[key]) for key in keys}
        return "values" if "values" in kinds else "rounding" if "rounding" in kinds else ""
    return ""


def _array_change(before, after):
    if not isinstance(after, np.ndarray) or before.shape != after.shape:
        return "values"
    if before.dtype == after.dtype and before.tobytes() == after.tobytes():
        return ""
    scale = np.max(np.abs(before), initial=1.0)
    with np.errstate(invalid="ignore"):
        distance = np.max(np.abs(after.astype(float) - before), initial=0)
    return "rounding" if distance <= 1e-6 * scale else "values"


def _shares(value, argument):
    if isinstance(value, (list, tuple)):
        return any(_shares(item, argument) for item in value)
    if isinstance(argument, list):
        return any(_shares(value, item) for item in argument)
    arrays = isinstance(value, np.ndarray) and isinstance(argument, np.ndarray)
    return bool(arrays and np.may_share_memory(value, argument))
