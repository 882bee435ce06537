"""The trusted judge: hidden questions, and what a student's process says about its answers.

A record from a student's process is a claim, not a fact: its form is checked here before anything
reads it, and words that the student chose do not get into the feedback of a hidden check. What a
law counts is counted here. Two claims are left to the process: that arguments are unchanged, and
that the result is a new array. Its memory is its own, so nobody else can see. But who claims them
falsely gains no more than who lets the function copy its arguments, or its result.
"""

import builtins
import hashlib
import re
import warnings
from dataclasses import replace

import numpy as np

from autograder.question import compile_question
from utils.checking.codec import (
    Interval,
    NotPlainError,
    Optimum,
    Other,
    Raises,
    Zeros,
    decode,
)
from utils.checking.drivers import DRIVERS, counted, joined
from utils.checking.judgement import Outcome, died, judge
from utils.checking.messages import headline, render, uses_what_is_not_right

ERRORS = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
} | {"LinAlgError", "AxisError", "NotPlainError", "UFuncTypeError"}
TYPES = {name for name, value in vars(builtins).items() if isinstance(value, type)} | {
    "function",
    "method",
    "module",
    "generator",
    "map",
    "DataFrame",
    "Series",
    "Generator",
}
DTYPE = re.compile(r"array of dtype (object|complex64|complex128)")
TEXTS = re.compile(r"array of dtype [<>|]?[US]\d*")
MAX_NAMES = 50
MAX_QUOTED = 120  # characters of a line, as many as `observe` sends
LOST = "lost"
NOT_COMPARED = "The results are of a form that could not be compared."


def hidden_questions(questions, lesson, points, seed):
    """Compile the questions of a lesson with the secret seed.

    Parameters
    ----------
    questions : dict
        From name to `Question` or `Choice`.
    lesson : str
    points : dict
        From name to points, for each check of the lesson.
    seed : str
        The secret; each question draws from a generator of its own.

    Returns
    -------
    dict
        From name to `Compiled`.

    Raises
    ------
    LookupError
        If a check has no question.
    """
    missing = sorted(set(points) - set(questions))
    if missing:
        raise LookupError(f"{lesson}: no question for the checks {', '.join(missing)}")
    return {
        name: compile_question(questions[name], secret_rng(seed, lesson, name), worth, lesson)
        for name, worth in points.items()
    }


def secret_rng(seed, lesson, name):
    """Return the generator of a question's hidden cases."""
    digest = hashlib.sha256(f"{seed}/{lesson}/{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest))


def quotable(sources):
    """Return the lines of cells as `observe` quotes them: "line 2: return x"."""
    return frozenset(
        f"line {number}: {line.strip()[:MAX_QUOTED]}"
        for source in sources
        for text in {source, source.lstrip("\r\n")}  # IPython drops empty lines at the start
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip()
    )


def checked_record(data, lines, case=None):
    """Return a record from a student's process, in the form that `observe` gives.

    What a law counts is counted here, of the results that were sent.

    Parameters
    ----------
    data : object
        What the process sent, decoded from JSON.
    lines : collection of str
        The lines of the student's code that may be quoted, from `quotable`; nothing else is.
    case : utils.checking.judgement.CompiledCase, optional
        What was asked; without it nothing is counted.

    Raises
    ------
    NotPlainError
        If it is of another form.
    """
    with np.errstate(all="ignore"):
        record = decode(data)
    if not isinstance(record, dict) or ("value" in record) == ("raised" in record):
        raise NotPlainError("a record holds a value or an exception")
    checked = {
        "changed": _names(record.get("changed"), dict, case),
        "shares": _names(record.get("shares"), list, case),
        "printed": "",
        "warned": [],
    }
    if "raised" in record:
        return checked | {"raised": _raised(record["raised"], lines)}
    checked["value"] = _value(record["value"])
    if case is None:
        return checked
    told = counted(case.driver, checked, case.inputs)
    return told | {"raised": _raised(told["raised"], lines)} if "raised" in told else told


def joined_record(requests, records, lines, case):
    """Return the record of a case, given those of its requests, each from `checked_record`.

    Raises
    ------
    NotPlainError
        If their results are of a form that no process sends.
    """
    told = counted(case.driver, joined(requests, records), case.inputs)
    return told | {"raised": _raised(told["raised"], lines)} if "raised" in told else told


def _names(names, kind, case):
    if not isinstance(names, kind) or len(names) > MAX_NAMES:
        raise NotPlainError("the names of arguments are not as expected")
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or len(name) > MAX_NAMES:
            raise NotPlainError("the name of an argument is not as expected")
        if case is not None and name not in case.inputs:
            raise NotPlainError("there is no argument of this name")
        if kind is dict and names[name] not in ("values", "rounding"):
            raise NotPlainError("an argument changed in an unknown way")
    return names


def _raised(raised, lines):
    if not isinstance(raised, dict) or not isinstance(raised.get("types"), list):
        raise NotPlainError("an exception is not as expected")
    types = [name for name in raised["types"] if isinstance(name, str) and name in ERRORS]
    line = raised.get("line")
    known = isinstance(line, str) and line != "" and line in lines
    return {"types": types or ["Exception"], "message": "", "line": line if known else ""}


def _value(value):
    """Return a result without type names that the student chose, and without what is expected."""
    if isinstance(value, (Raises, Interval, Zeros, Optimum)):
        return Other("another type")
    if isinstance(value, Other):
        if TEXTS.fullmatch(value.type):
            return Other("array of texts")
        known = value.type in TYPES or DTYPE.fullmatch(value.type)
        return value if known else Other("another type")
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    return value


def outcome_of(question, answer):
    """Return the outcome of a question, given what its run brought.

    Parameters
    ----------
    question : Compiled
    answer : autograder.grading.run.Answer

    Returns
    -------
    Outcome
    """
    if answer.reason:
        return died(question, answer.reason)
    if answer.missing:
        if answer.error:
            return Outcome(question, "wrong", sentence=answer.error)
        return Outcome(question, "unanswered")
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _explained(judge(question, answer.records))
    except Exception:  # whatever a strange result breaks is no fault of the class
        return Outcome(question, "wrong", sentence=NOT_COMPARED)


def lost_record(reason):
    """Return the record of a case of which there is none: the process died, or time was up."""
    return _no_record("Exception") | {LOST: reason}


def not_answered():
    """Return the record of a call of another answer that is not there."""
    return _no_record("NotImplementedError")


def _no_record(kind):
    raised = {"types": [kind], "message": "", "line": ""}
    return {"raised": raised, "changed": {}, "shares": [], "printed": "", "warned": []}


def _explained(outcome):
    """Return an outcome that says why there is no record where the first failing case has none."""
    reason = outcome.failure.record.get(LOST) if outcome.failure else None
    if reason is None:
        return outcome
    core = outcome.status == "wrong"
    return died(outcome.question, reason) if core else replace(outcome, reason=reason)


def needs_of(outcomes, names):
    """Return for each answer that is not right which others it uses that are not right either.

    Parameters
    ----------
    outcomes : dict
        From the name of each check to its `Outcome`.
    names : autograder.grading.names.Names

    Returns
    -------
    dict
        From each name to a list of names. Answers that use each other are not blamed for each
        other.
    """
    open_ = [name for name, outcome in outcomes.items() if outcome.status != "right"]
    if len(open_) < 2:
        return {name: [] for name in outcomes}
    reach = {name: names.reach(name) | others_of(outcomes[name]) for name in open_}
    return {
        name: [n for n in open_ if n != name and n in reach.get(name, ()) and name not in reach[n]]
        for name in outcomes
    }


def others_of(outcome):
    """Return the names of the other answers that the cases of an answered question call."""
    if outcome.status == "unanswered":
        return set()
    drivers = (DRIVERS[case.driver] for case in outcome.question.cases)
    return {name for driver in drivers for name in getattr(driver, "others", ())}


def uses_unanswered(outcome, needs, names):
    """Return an outcome that is not "unanswered" where an answer calls one that is."""
    own = names.direct(outcome.question.name)
    if outcome.status != "unanswered" or not needs or "NotImplementedError" in own:
        return outcome
    return Outcome(outcome.question, "wrong")


def message(outcome, needs=None):
    """Return the text of a hidden check for the feedback.

    Parameters
    ----------
    outcome : Outcome
    needs : dict, optional
        From the name of each answer that is used and not right to its own `Outcome`.
    """
    used = (needs or {}).values()
    values = all(c.driver in ("value", "choice") for o in used for c in o.question.cases)
    states = {name: other.status for name, other in (needs or {}).items()}
    first = uses_what_is_not_right(states, "uses" if values else "calls", bool(outcome.diagnosis))
    try:
        return render(outcome, hidden=True, first=first)
    except Exception:  # whatever a strange result breaks is no fault of the class
        return f"{headline(outcome)}\n  why       {NOT_COMPARED}"
