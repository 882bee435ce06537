"""From an outcome to text: short, the same in a notebook, a terminal and a feedback page."""

import textwrap

import numpy as np

from utils.checking.codec import Interval, Optimum, Other, Raises, Zeros
from utils.checking.drivers import DRIVERS
from utils.checking.judgement import UNCHANGED, as_array, kind_of

WIDTH = 92
MARKS = {"right": "✓", "partly": "◐", "wrong": "✗", "unanswered": "○", "died": "✗"}


def render(outcome, hidden=False, first=""):
    """Return the message of an outcome.

    Parameters
    ----------
    outcome : Outcome
    hidden : bool
        True for a hidden check: inputs, expected and got are left out, and no number and no word
        of the result is told.
    first : str
        What to mend before this answer, as `uses_what_is_not_right` says it.

    Returns
    -------
    str
        Its lines: mark, name, points; what was passed; the first failing case with inputs,
        expected, got and difference; what was recognised; what to mend first; the next step.
    """
    lines = [headline(outcome)]
    if outcome.status == "unanswered":
        return "\n".join([*lines, *_paragraph("next", _how_to_answer(outcome.question))])
    if outcome.status == "died":
        lines += _paragraph("why", outcome.reason)
        return "\n".join(lines + (_paragraph("first", first) if first else []))
    if outcome.failure:
        lines += _parts(outcome) + _failure(outcome, hidden)
    if outcome.sentence:
        label = "because" if outcome.status == "right" else "why"
        lines += _paragraph(label, outcome.sentence)
    if first:
        lines += _paragraph("first", first)
    if outcome.failure and not outcome.sentence and not _says_all(outcome.failure, hidden):
        step = _next_step(outcome)
        lines += _paragraph("next", step) if step else []
    return "\n".join(lines)


def uses_what_is_not_right(others, verb="calls", recognised=False):
    """Return the sentence on an answer that uses others which are not right, "" where none is.

    Parameters
    ----------
    others : dict
        From the name of each answer that is used to the status of its own check.
    verb : str
        "calls" or "uses".
    recognised : bool
        Whether a fault of the answer itself was recognised: the others may only look like it.

    Examples
    --------
    >>> uses_what_is_not_right({"l1_penalty": "wrong"})
    'It calls l1_penalty, whose own check is not right yet; mend that first, then look here again.'
    >>> uses_what_is_not_right({"ridge": "unanswered", "lasso": "wrong"}, "uses")
    'It uses ridge and lasso, whose own checks are not right yet; mend those first, then look here \
again.'
    """
    if not others:
        return ""
    names, one = " and ".join(others), len(others) == 1
    that = "that" if one else "those"
    if set(others.values()) == {"unanswered"}:
        state, mend = f"which {'is' if one else 'are'} not answered yet", "answer"
    else:
        state, mend = f"whose own {'check is' if one else 'checks are'} not right yet", "mend"
    if recognised:
        return f"It also {verb} {names}, {state}; that may be behind this, so {mend} {that} first."
    return f"It {verb} {names}, {state}; {mend} {that} first, then look here again."


def headline(outcome):
    """Return the first line: mark, name, verdict and points."""
    words = {
        "right": "right",
        "partly": "partly right",
        "wrong": "not right yet",
        "unanswered": "not answered yet",
        "died": "stopped",
    }
    unit = "point" if outcome.max_points == 1 else "points"
    points = f"{outcome.points:g} of {outcome.max_points:g} {unit}"
    return f"{MARKS[outcome.status]} {outcome.question.name}: {words[outcome.status]}, {points}"


def _how_to_answer(question):
    if question.choices:
        letters = ", ".join(f'"{letter}"' for letter in question.choices["letters"])
        return (
            f"Set {question.name} to one of {letters} in the cell above and run it, then this one."
        )
    if all(case.driver == "value" for case in question.cases):
        return f"Set {question.name} in the cell above and run it, then this one."
    if question.cases[0].driver == "listing":
        return f"Mend the text of {question.name} in the cell above and run it, then this one."
    return (
        f"Write your answer for {question.name} in the cell above in place of the line "
        "`raise NotImplementedError`, run that cell, then this one."
    )


def _next_step(outcome):
    """Return what to do next where no misconception was recognised."""
    question, failure = outcome.question, outcome.failure
    raised, expected = failure.record.get("raised"), failure.case.expected
    if isinstance(expected, Raises) and not raised:
        return (
            f"These arguments should be refused: check them at the start of {question.name}, "
            f"before anything is computed, and `raise {expected.type}(…)` with a word on what is "
            "wrong."
        )
    if not raised:
        return "Let the function return its result." if _is_none(failure) else question.hint
    if isinstance(expected, Raises):
        return _another_exception(question, raised["types"][0], expected.type)
    if raised["line"]:
        return f"Your code stopped at {raised['line']}"
    if "TypeError" not in raised["types"]:
        return question.hint
    call = getattr(DRIVERS.get(failure.case.driver), "call", "")
    arguments = call or ", ".join(failure.case.inputs)
    return f"It is called as {question.name}({arguments}), in this order."


def _another_exception(question, found, asked):
    """Return what to do next where a case was refused, but not with the right exception."""
    advice = (
        f"These arguments should be refused with a {asked}: check them at the start of "
        f"{question.name}, and `raise {asked}(…)` with a word on what is wrong."
    )
    aside = f" `assert` raises an AssertionError, which is no {asked}."
    return advice + aside if found == "AssertionError" else advice


def _says_all(failure, hidden):
    """Return whether the fault is the kind or a shape that is told: there is no more to say."""
    shape = not hidden and " came back, the shape should be " in failure.difference
    return shape or "makes an array of it" in failure.difference


def _is_none(failure):
    return failure.record.get("value", "") is None and failure.case.driver != "value"


def _parts(outcome):
    if outcome.status != "partly":
        return []
    passed = [part for part, good in outcome.parts.items() if good]
    missed = [part for part, good in outcome.parts.items() if not good]
    return _paragraph("passed", "; ".join(passed)) + _paragraph("missed", "; ".join(missed))


def _failure(outcome, hidden):
    failure = outcome.failure
    lines = _paragraph("case", failure.case.label)
    if hidden:
        lines += _paragraph("result", outcome.reason or _without_numbers(failure))
        return lines + _besides(outcome)
    record = failure.record
    shown = getattr(DRIVERS[failure.case.driver], "shown", failure.case.inputs)
    for name in shown:
        lines += _entry(f"  {name} =", short(failure.case.inputs[name]))
    if failure.difference.startswith(("after the call", "the result shares")):
        return lines + _paragraph("fault", failure.difference)
    raised, expected, value = record.get("raised"), failure.case.expected, record.get("value")
    wanted, got = short(expected), short(value)
    if raised:
        got = f"{raised['types'][0]}: {raised['message']}"
    elif failure.case.driver != "value":
        wanted, got = _told_apart(*_failing_share(expected, value, failure.difference))
    if failure.case.driver != "value":
        lines += _entry("expected", wanted)
    lines += _entry("got", got) + _paragraph("fault", failure.difference)
    if record.get("printed"):
        lines += _entry("printed", record["printed"])
    if record.get("warned"):
        lines += _entry("warned", record["warned"][0])
    return lines


def _besides(outcome):
    """Return the line on changed arguments of an answer whose result is wrong, too."""
    told = outcome.status == "partly" or outcome.failure.difference.startswith("after the call")
    if told or outcome.parts.get(UNCHANGED, True):
        return []
    names = " and ".join(outcome.failure.record["changed"]) or "an argument"
    return _paragraph("besides", f"the call changes {names}, which should stay as before")


def _failing_share(expected, value, difference):
    """Return of two dicts the entry that the difference is about, of anything else all."""
    if isinstance(expected, dict) and isinstance(value, dict):
        for key in expected:
            if difference.startswith(f"{key}: ") and key in value:
                return {key: expected[key]}, {key: value[key]}
    return expected, value


def _without_numbers(failure):
    """Return how a result differs, in words that tell nothing that was computed from the inputs.

    A difference would tell what is expected, and a shape or a text may be made of an input.
    """
    expected, record = failure.case.expected, failure.record
    arguments = failure.difference.startswith(("after the call", "the result shares"))
    if arguments or "raised" in record or isinstance(expected, Raises):
        return failure.difference
    return _in_words(expected, record.get("value"), failure.difference)


def _in_words(expected, value, difference):
    place, found, rest = difference.partition(": ")
    if isinstance(expected, dict) and isinstance(value, dict):
        if found and place in expected and place in value:
            return f"{place}: {_in_words(expected[place], value[place], rest)}"
        return "a dict with other keys came back"
    if isinstance(expected, list) and np.ndim(as_array(value)):
        value = list(value)
    if isinstance(expected, list) and isinstance(value, list):
        number = place.removeprefix("item ")
        if found and number.isdecimal() and int(number) < min(len(expected), len(value)):
            return f"{place}: {_in_words(expected[int(number)], value[int(number)], rest)}"
        return "a list of another length came back"
    return _value_in_words(expected, value, difference)


def _value_in_words(expected, value, difference):
    if "makes an array of it" in difference:
        return "a list came back; np.array(…) makes an array of it"
    wanted, array = _kind(expected), as_array(value)
    if wanted == "a number" and array is not None and array.ndim == 0:
        return "nan came back" if np.isnan(array) else "not the right value"
    if wanted != "an array" or array is None:
        kind = _kind(value)
        missing = "; is a return missing?" if value is None else ""
        return (
            "not the right value" if kind == wanted else f"{kind} came back, not {wanted}{missing}"
        )
    example = getattr(expected, "array", getattr(expected, "example", expected))
    if array.shape != example.shape:
        bare = not isinstance(value, (np.ndarray, list))
        return (
            f"{_kind(value)} {'came back, not an array' if bare else 'of another shape came back'}"
        )
    if "instead of exactly 0" in difference:
        return "not exactly 0 where it should be"
    return "nan came back" if difference.startswith("nan") else "not the right values"


def _kind(value):
    """Return in a word or two what kind of thing a result is, whatever its size."""
    kinds = {
        (bool, np.bool_): "a bool",
        (int, float, Interval): "a number",
        str: "a text",
        (np.ndarray, Zeros, Optimum): "an array",
        list: "a list",
        dict: "a dict",
    }
    return next((word for kind, word in kinds.items() if isinstance(value, kind)), kind_of(value))


def _told_apart(*values):
    """Return values in short form, with one digit more than it takes to tell them apart."""
    for more in range(12):
        if len({short(value, more) for value in values}) > 1:
            return [short(value, more + 1 if more else 0) for value in values]
    return [short(value) for value in values]


def short(value, more=0):
    """Return plain data in short form: arrays with their shape, four digits and `more`."""
    match value:
        case Raises(type=name):
            return f"a {name}"
        case Interval(low=low, high=high):
            between = f"between {low:.4g} and {high:.4g}"
            return between if value.center is None else short(value.center, more)
        case Zeros(array=array) | Optimum(example=array):
            return short(array, more)
        case Other():
            return kind_of(value)
        case np.ndarray():
            return _short_array(value, more)
        case list():
            shown = ", ".join(short(item, more) for item in value[:6])
            return f"[{shown}, …] ({len(value)} entries)" if len(value) > 6 else f"[{shown}]"
        case {"text": str(text)}:
            return text
        case dict():
            return ", ".join(f"{key}: {short(item, more)}" for key, item in value.items())
        case bool():
            return str(value)
        case float():
            return f"{value:.{6 + more}g}"
    return repr(value)


def _short_array(array, more):
    text = np.array2string(
        array,
        precision=4 + more,
        threshold=12,
        edgeitems=2,
        max_line_width=WIDTH,
        suppress_small=False,
    )
    text = " ".join(text.split())
    return f"{text}  shape {array.shape}" if array.size > 4 or array.ndim > 1 else text


def _entry(label, text):
    """Return the lines of a value: three at most, since a value may be long."""
    body = textwrap.wrap(text, WIDTH - 12, max_lines=3, placeholder=" …") or [""]
    return [f"  {label:<9} {body[0]}", *(" " * 12 + line for line in body[1:])]


def _paragraph(label, text):
    body = textwrap.wrap(text, WIDTH - 12, break_long_words=False) or [""]
    return [f"  {label:<9} {body[0]}", *(" " * 12 + line for line in body[1:])]
