"""A question, asked once: cases, oracle, misconceptions; and its compilation to data.

From one `Question` come the public checks, the hidden checks, the feedback and the tests of the
grader. `compile_question` turns it into a `Compiled` of `utils.checking`, which holds no answer
code.
"""

import hashlib
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from utils.checking.codec import Interval, Optimum, Zeros, plain
from utils.checking.drivers import observe
from utils.checking.judgement import (
    Compiled,
    CompiledCase,
    CompiledMisconception,
    choice_digest,
    choice_scramble,
)

DIGITS = 12


@dataclass(frozen=True)
class Case:
    """One call of an answer.

    Parameters
    ----------
    label : str
        What is special about it, as a student reads it: "a weight that is exactly 0".
    inputs : dict
        Plain data in the order of the call.
    part : str
        The part of the question that it belongs to; "" is the first part.
    expected : object
        Overrides the oracle, for example `Raises("ValueError")`.
    driver : str
        Overrides the driver of the question.
    """

    label: str
    inputs: dict = field(default_factory=dict)
    part: str = ""
    expected: object = None
    driver: str = ""


@dataclass(frozen=True)
class Misconception:
    """A named wrong implementation, and the sentence that helps whoever wrote it.

    `answer` is run on every case when the question is compiled. Under a law its results are
    random: then `signature`, the statistics that give it away as intervals, stands for them. Where
    only some cases are under a law it is a function from a case to the statistics, or to None.
    """

    name: str
    sentence: str
    answer: object
    signature: object = None


@dataclass(frozen=True)
class Question:
    """A graded function, class or value.

    Parameters
    ----------
    name : str
        The graded name, the key of its answer cell.
    title : str
        What the answer does, in a few words.
    cases : callable
        `cases(rng)` returns the list of cases: fixed edge cases first, then random ones. Each part
        holds one whose result differs from draw to draw, so that nobody can know it beforehand.
    oracle : callable
        `oracle(**inputs)` returns the expected result by a route that is independent of the
        solution notebook; for a value it takes nothing.
    driver : str
        A name in `utils.checking.drivers.DRIVERS`.
    parts : dict
        Weight of each part, summing to 1. The first is the core: without it nothing is earned.
    misconceptions : tuple of Misconception
    hint : str
        The next step, shown when no misconception is recognised.
    references : tuple
        Right answers, as different as students write them; the tests of the grader run them.
    rtol, atol : float
        Tolerances, see `utils.checking.judgement.compare`.
    public_cases : callable
        Takes the place of `cases` in the lesson, where those are too large to be handed out.
    """

    name: str
    title: str
    cases: Callable
    oracle: Callable
    driver: str = "function"
    parts: dict = field(default_factory=lambda: {"the result": 1.0})
    misconceptions: tuple = ()
    hint: str = ""
    references: tuple = ()
    rtol: float = 1e-5
    atol: float = 1e-8
    public_cases: Callable | None = None


@dataclass(frozen=True)
class Choice:
    """A multiple choice: the answer is a variable that holds a letter.

    `options` maps each letter to the explanation that is shown to whoever chose it.
    """

    name: str
    title: str
    options: dict
    right: str

    @property
    def references(self):
        """The right letter in the forms that students write."""
        return (self.right, self.right.upper(), f"({self.right})", f" {self.right}) ")


def compile_question(question, rng, points, lesson, public=False):
    """Return a question as data: what a check needs, without any answer code.

    Parameters
    ----------
    question : Question or Choice
    rng : numpy.random.Generator
        Draws the random cases: a fixed one for the public checks, a secret one in grading.
    points : float
    lesson : str
    public : bool
        True for the checks that a lesson carries.

    Returns
    -------
    Compiled
    """
    if isinstance(question, Choice):
        return _compile_choice(question, points, lesson)
    first = next(iter(question.parts))
    make = question.public_cases if public and question.public_cases else question.cases
    cases = [
        CompiledCase(
            case.label,
            case.part or first,
            case.driver or question.driver,
            case.inputs,
            rounded(_expected(question, case)),
        )
        for case in make(rng)
    ]
    _check_parts(question, cases)
    misconceptions = [_compile_misconception(m, cases) for m in question.misconceptions]
    return Compiled(
        question.name,
        question.title,
        lesson,
        points,
        dict(question.parts),
        cases,
        misconceptions,
        question.hint,
        question.rtol,
        question.atol,
    )


def public_rng(question):
    """Return the generator of the public cases: fixed, another one for each question."""
    return np.random.default_rng(zlib.crc32(question.name.encode()))


def _check_parts(question, cases):
    unknown = {case.part for case in cases} - set(question.parts)
    if unknown:
        raise ValueError(f"{question.name}: a case names the part {unknown.pop()!r}, not in parts")
    total = sum(question.parts.values())
    if not math.isclose(total, 1):
        raise ValueError(f"{question.name}: the weights of the parts sum to {total:g}, not to 1")


def _expected(question, case):
    return question.oracle(**case.inputs) if case.expected is None else case.expected


def _compile_misconception(misconception, cases):
    records = [_wrong_record(misconception, case) for case in cases]
    return CompiledMisconception(misconception.name, misconception.sentence, records)


def _wrong_record(misconception, case):
    signature = misconception.signature
    if callable(signature):
        signature = signature(case)
    if signature is None:
        return _kept(observe(case.driver, misconception.answer, case.inputs))
    return {"value": rounded(signature), "changed": {}, "shares": [], "signature": True}


def _kept(record):
    """Return what of a record tells a misconception: the result, not its words."""
    kept = {"changed": record["changed"], "shares": record["shares"]}
    if "raised" in record:
        return kept | {"raised": {"types": record["raised"]["types"][:1]}}
    return kept | {"value": rounded(record["value"])}


def rounded(value):
    """Return plain data with every float rounded to 12 significant digits.

    The last digits of an oracle differ between platforms; a built file should not.
    """
    if isinstance(value, Zeros):
        return Zeros(rounded(value.array), value.where)
    if isinstance(value, Optimum):
        return Optimum(rounded(value.example), rounded(value.problem))
    if isinstance(value, Interval):
        return Interval(rounded(value.low), rounded(value.high))
    value = plain(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        entries = [float(f"{entry:.{DIGITS}g}") for entry in value.ravel().tolist()]
        return np.array(entries, dtype=value.dtype).reshape(value.shape)
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def _compile_choice(question, points, lesson):
    salt = hashlib.sha256(f"{lesson}/{question.name}".encode()).hexdigest()[:12]
    explanations = {
        choice_digest(salt, question.name, letter): choice_scramble(
            salt, question.name, letter, text.encode()
        ).hex()
        for letter, text in question.options.items()
    }
    choices = {
        "salt": salt,
        "letters": list(question.options),
        "right": choice_digest(salt, question.name, question.right),
        "explanations": dict(sorted(explanations.items())),
    }
    case = CompiledCase("your choice", "the choice", "choice", {}, None)
    return Compiled(
        question.name, question.title, lesson, points, {"the choice": 1.0}, [case], choices=choices
    )
