"""Results that were recorded, made up or claimed earn nothing: the judge counts for itself.

A student has the public cases with all that they expect, and rules over the process that answers
the hidden ones: it may send whatever it likes. What it sends is made here, and judged.
"""

import functools
import json
from dataclasses import replace

import numpy as np
import pytest

from autograder.grading.judge import checked_record
from autograder.grading.material import lessons_in
from autograder.question import Choice, compile_question, public_rng
from autograder.questions import questions_of
from autograder.sandbox.limits import Limits
from utils.checking import masks
from utils.checking.codec import (
    FEW,
    MAX_ENTRIES,
    Interval,
    NotPlainError,
    Optimum,
    Raises,
    Zeros,
    decode,
    encode,
)
from utils.checking.drivers import DRIVERS, observe, observe_results, request_of
from utils.checking.judgement import CompiledCase, compare_record, judge
from utils.checking.laws import Law

SEEDS = range(6)
ASKED = {
    (lesson, name): question
    for lesson in lessons_in()
    for name, question in questions_of(lesson).items()
}
# Here the answer is the knowledge: the same for everybody, to be worked out or read off a figure.
CHOICES = {key for key, question in ASKED.items() if isinstance(question, Choice)}
VALUES = {
    ("01_l1_l2_updates", "lasso_minimizer"),
    ("01_l1_l2_updates", "penalty_slopes"),
    ("01_l1_l2_updates", "ridge_minimizer"),
    ("02_constraint_geometry", "orthonormal_estimates"),
    ("02_constraint_geometry", "outlier_row"),
    ("02_constraint_geometry", "prostate_ridge"),
    ("04_dropout", "network_ensemble"),
}
TRAINED = "06_capstone"  # asked in `test_questions_capstone`, where trainings are shared
CODE = sorted(key for key in set(ASKED) - CHOICES - VALUES if key[0] != TRAINED)
BLANK = {"changed": {}, "shares": [], "printed": "", "warned": []}
MADE_UP = BLANK | {"raised": {"types": ["Exception"], "message": "", "line": ""}}


@functools.cache
def compiled(lesson, name, seed=None):
    """Return the public question, or with a seed one as in grading; wrong answers are left out."""
    question = ASKED[lesson, name]
    rng = public_rng(question) if seed is None else np.random.default_rng(seed)
    return compile_question(replace(question, misconceptions=()), rng, 1, lesson)


def law_cases(seed=0):
    return [
        (key, case)
        for key in CODE
        for case in compiled(*key, seed).cases
        if isinstance(DRIVERS[case.driver], Law)
    ]


def sent(record):
    """Return what comes out of the pipe."""
    return json.loads(json.dumps(encode(record, packed=True), allow_nan=False))


def honest(case, answer):
    return checked_record(sent(observe_results(case.driver, answer, case.inputs)), (), case)


# Results of the public cases, sent for the hidden ones.


def claimed(expected):
    """Return a result that is as expected."""
    match expected:
        case Interval(low=low, high=high):
            return float(np.clip((low + high) / 2, -1e300, 1e300))
        case Zeros(array=array) | Optimum(example=array):
            return array
        case list():
            return [claimed(item) for item in expected]
        case dict():
            return {key: claimed(item) for key, item in expected.items()}
    return expected


def claims(expected):
    """Yield what a process may send to have this taken for its result, also as results of calls."""
    if isinstance(expected, Raises):
        yield BLANK | {"raised": {"types": [expected.type], "message": "", "line": ""}}
        return
    value = claimed(expected)
    yield BLANK | {"value": value}
    pair = list(value.values()) if isinstance(value, dict) else value
    first = pair[0] if isinstance(pair, list) and pair else value
    for result in (value, pair, first):
        for count in (1, 2, masks.REPEATS):
            yield BLANK | {"value": [[result] * count]}


def accepted(question, case, record):
    """Return the record as the judge takes it if it is as expected, else None."""
    checked = record
    if isinstance(DRIVERS[case.driver], Law):
        try:
            checked = checked_record(encode(record, packed=True), (), case)
        except NotPlainError:
            return None
    wrong = compare_record(case.expected, checked, question.rtol, question.atol)
    return None if wrong else checked


def replayed(lesson, name, seed):
    """Return the outcome if each case is answered with whichever public result is right for it.

    That is more than any student can do: to choose by label, by place or by inputs may go wrong.
    """
    hidden, known = compiled(lesson, name, seed), {}
    for case in compiled(lesson, name).cases:
        sent_for = list(claims(case.expected))
        law = isinstance(DRIVERS[case.driver], Law)
        known.setdefault(case.driver, []).extend(sent_for if law else sent_for[:1])
    records = []
    for case in hidden.cases:
        tried = (accepted(hidden, case, record) for record in known[case.driver])
        records.append(next((record for record in tried if record), MADE_UP))
    return judge(hidden, records)


@pytest.mark.parametrize("key", CODE, ids="-".join)
def test_public_results_earn_nothing_in_grading(key):
    outcomes = [replayed(*key, seed) for seed in SEEDS]
    question = compiled(*key)
    core, *others = [part for part in question.parts if part in {c.part for c in question.cases}]
    assert [outcome.points for outcome in outcomes] == [0.0] * len(SEEDS)
    assert not any(outcome.parts[core] for outcome in outcomes)
    for part in others:  # of few results that are possible, a public one may be right by chance
        assert sum(outcome.parts[part] for outcome in outcomes) <= len(SEEDS) / 2, part


def test_only_knowledge_is_asked_alike_of_everybody():
    assert {k for k, q in ASKED.items() if getattr(q, "driver", "") == "value"} == VALUES
    trained = [key for key in ASKED if key[0] == TRAINED]
    assert len(CHOICES) + len(VALUES) + len(CODE) + len(trained) == len(ASKED)
    for key in VALUES:
        assert compiled(*key).to_json() == compiled(*key, 1).to_json()


# Laws: the judge counts the results.


def test_every_reference_is_judged_alike_here_and_from_another_process():
    for key in CODE:
        question = compiled(*key, 0)
        for case in question.cases:
            answer = ASKED[key].references[0]
            here = observe(case.driver, answer, case.inputs)
            there = honest(case, answer)
            assert encode(there.get("value")) == encode(here.get("value")), case.label
            if "raised" in here:
                assert there["raised"]["types"][0] == here["raised"]["types"][0]
            assert not compare_record(case.expected, there, question.rtol, question.atol)


def test_the_statistics_themselves_are_no_results():
    for key, case in law_cases():
        statistics = BLANK | {"value": claimed(case.expected)}
        assert not accepted(compiled(*key, 0), case, statistics)


def mutilated(results):
    """Yield rounds of results of other forms, some of which fill the rounds."""
    yield from (None, 5, "text", {}, [], [[]], [results], results[:-1], [*results, []])
    yield [calls[:-1] for calls in results]
    yield [[*calls, calls[0]] for calls in results]
    fillings = [None, True, 2**64 - 1, float("nan"), "text", [], [[]], {}, {"out": 1}]
    fillings += [np.zeros(0), np.array(3.0), np.zeros((2, 0, 3)), np.ones((1,) * 20)]
    fillings += [[0.0] * 2_000, [[[0.0] * 10] * 10] * 10, [np.zeros(1)] * 100]
    fillings += [np.full((8, 12), np.inf), np.full((2, 3), 2**63, np.uint64), np.ones(3, bool)]
    for one in fillings:
        for filling in (one, [one, one], [one, None], [[one]]):
            yield [[filling] * len(calls) for calls in results]


def test_whatever_is_sent_for_the_results_of_a_law_is_wrong_at_most():
    for (lesson, name), case in {case.driver: (key, case) for key, case in law_cases()}.values():
        if case.driver == "listing":
            continue
        question, answer = compiled(lesson, name, 0), ASKED[lesson, name].references[0]
        results = observe_results(case.driver, answer, case.inputs)["value"]
        for value in mutilated(results):
            assert not accepted(question, case, BLANK | {"value": value})


@pytest.mark.parametrize("name", ["dropout_forward", "dropout_backward"])
def test_one_result_for_all_calls_is_no_law(name):
    key = "04_dropout", name
    for case in compiled(*key, 0).cases:
        if case.driver in ("dropout_spread", "dropout_shared"):
            results = observe_results(case.driver, ASKED[key].references[0], case.inputs)["value"]
            alike = [[calls[0]] * len(calls) for calls in results]
            assert not accepted(compiled(*key, 0), case, BLANK | {"value": alike})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a function",
        "def f(x): return x",
        "return 1",
        "x = (" * 150,
        "-" * 20_000,
        "\0",
        3,
        None,
    ],
)
def test_a_listing_is_compiled_by_the_judge(text):
    key = "05_early_stopping", "fixed_listing"
    case = compiled(*key, 0).cases[0]
    assert not accepted(compiled(*key, 0), case, BLANK | {"value": text})


def test_the_judge_does_not_compile_what_grows_when_it_is_compiled():
    """Each of the nested `finally` doubles the code; that of 19 is larger than any memory."""
    lines = ["def stop_early(*a):"]
    for depth in range(1, 20):
        space = " " * depth
        lines += [f"{space}try:", f"{space} return 1", f"{space}finally:"]
    text = "\n".join([*lines, " " * 20 + "pass"])
    assert DRIVERS["listing"].tell(text, {}) == "a function"
    with pytest.raises((ValueError, SyntaxError)):
        DRIVERS["listing"].tell("(" * 19_000, {})


def test_the_judge_does_not_run_a_listing():
    key = "05_early_stopping", "fixed_listing"
    case = compiled(*key, 0).cases[0]
    text = "raise SystemExit\ndef f(*a): pass"
    assert accepted(compiled(*key, 0), case, BLANK | {"value": text})


def test_a_process_is_told_no_more_of_a_case_than_it_needs():
    for _, case in law_cases():
        request = request_of(case.driver, case.inputs)
        assert set(request) == {"driver", "inputs"}
        told = set(decode(request["inputs"]))
        unseen = {"corner", "levels", "bins"} if case.driver == "noise" else set()
        assert told == set(case.inputs) - unseen


# Arrays as bytes.


@pytest.mark.parametrize(
    "array",
    [
        np.arange(20.0).reshape(4, 5)[:, ::-1],
        np.arange(20, dtype=">i4"),
        np.arange(40) % 3 == 0,
        np.full((2, 9), np.nan, dtype=np.float16),
        np.full((3, 3, 3), 2**64 - 1, dtype=np.uint64),
        np.zeros((0, 3)),
        np.array(2.5),
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
def test_an_array_comes_back_from_its_bytes(array):
    data = json.loads(json.dumps(encode([array], packed=True), allow_nan=False))
    assert ("$packed" in data[0]) == (array.size > FEW)
    (back,) = decode(data)
    assert back.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(back, array)
    back[...] = 0  # it is no view of something that cannot be written to


def packed(text="AAAA" * 6, shape=(18,), dtype="uint8"):
    return {"$packed": text, "shape": list(shape), "dtype": dtype}


@pytest.mark.parametrize(
    "data",
    [
        packed(text="no base64 !"),
        packed(text="AAAA" * 5),
        packed(text="ÄÄÄÄ" * 6),
        packed(text=5),
        packed(dtype="object"),
        packed(dtype="S1"),
        packed(dtype="float64"),
        packed(shape=["18"]),
        packed(shape=[10**30]),
        packed(shape=[3, -4]),
        packed() | {"more": 1},
        packed(text="A" * (4 * MAX_ENTRIES), shape=(3 * MAX_ENTRIES,)),
    ],
    ids=lambda data: f"{data['$packed']!r:.9}-{data['dtype']}-{data['shape']}",
)
def test_bytes_that_are_no_array_are_refused(data):
    with pytest.raises(NotPlainError):
        decode(data)


def test_any_byte_of_a_truth_value_is_true_or_false():
    odd = decode(packed(text="/wIA" * 6, dtype="bool"))
    assert odd.tolist() == [True, True, False] * 6
    assert int(odd.sum()) == 12


# Objects that lie about what they are.


class LyingArray(np.ndarray):
    """Equal to all, of no distance from anything."""

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    __hash__ = None

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)

    def __array__(self, *arguments, **named):
        return np.zeros(self.shape)


class LyingFloat(float):
    def __eq__(self, other):
        return True

    def __float__(self):
        return 7.0

    __hash__ = None


class LyingList(list):
    def __len__(self):
        return 3

    def __eq__(self, other):
        return True

    __hash__ = None


class ClassOf:
    """Says that it is of a class, and is not."""

    def __init__(self, kind):
        self.kind = kind

    __class__ = property(lambda self: self.kind)


LIES = [np.arange(3.0).view(LyingArray), LyingFloat(2.5), LyingList([1.0]), Raises("ValueError")]
LIES += [Interval(0.0, 1.0), Zeros(np.zeros(3)), np.float64(3), [LyingFloat(2.5)] * 3]
LIES += [ClassOf(k) for k in (bool, float, int, str, list, dict, np.ndarray, np.bool_, Interval)]
TRUE = [np.zeros(3), 1.5, [1.5] * 3, {"a": 1.5}, True, "text", Raises("ValueError")]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: type(lie).__name__)
def test_a_lying_object_is_taken_as_data(lie):
    for expected in (*TRUE, Interval(1.0, 2.0), Zeros(np.zeros(3)), [Interval(1.0, 2.0)] * 3):
        case = CompiledCase("lies", "core", "function", {}, expected)
        record = honest(case, lambda: lie)
        assert compare_record(expected, record, 1e-5, 1e-8) or "raised" in record, expected


def test_lying_masks_are_counted_as_the_numbers_that_they_hold():
    key = "04_dropout", "dropout_forward"
    question = compiled(*key, 0)

    def answer(x, keep_prob, rng, train=True, noise_shape=None):
        return x.view(LyingArray), np.ones(x.shape).view(LyingArray)

    for case in question.cases:
        if case.driver.startswith("dropout_s"):
            record = honest(case, answer)
            assert compare_record(case.expected, record, question.rtol, question.atol)


# Real processes.


@pytest.fixture
def child(workshop):
    started = workshop.start(Limits())
    started.wait_until_ready()
    yield started
    workshop.end(started)


def execute(child, source):
    assert "error" not in child.ask({"do": "run", "source": source}, 20.0)


def ask(child, name, case):
    reply = child.ask({"do": "observe", "name": name} | request_of(case.driver, case.inputs), 20.0)
    return reply["record"]


FORGE = """
import json
from utils.checking import PUBLIC, drivers
from utils.checking.judgement import Compiled

path = PUBLIC / "04_dropout" / "dropout_forward.json"
public = Compiled.from_json(json.loads(path.read_text(encoding="utf-8")))

def middle(expected):
    return (expected.low + expected.high) / 2 if hasattr(expected, "low") else expected

def claim(driver, target, inputs, *printed):
    case = next(case for case in public.cases if case.driver == driver)
    value = {name: middle(interval) for name, interval in case.expected.items()}
    return {"value": value, "changed": {}, "shares": [], "printed": "", "warned": []}

drivers.observe = drivers.observe_results = claim
for law in drivers.DRIVERS.values():
    if hasattr(law, "tell"):
        object.__setattr__(law, "ask", lambda target, inputs: claim("dropout_values", 0, 0))

def dropout_forward(*arguments):
    pass
"""


def test_a_process_that_counts_for_itself_is_not_believed(child):
    execute(child, FORGE)
    for case in compiled("04_dropout", "dropout_forward", 0).cases:
        if case.driver in ("dropout_values", "dropout_spread", "dropout_shared"):
            record = ask(child, "dropout_forward", case)
            assert masks.FORM in decode(record)["value"], "the forgery works"
            with pytest.raises(NotPlainError):
                checked_record(record, (), case)


SPY = """
import gc
import inspect
import sys

def spy(x):
    words, number = ["-".join(["a", "secret", "label"]), "-".join(["a", "known", "text"])], 31337
    numbers = {"expected": number + 0.25, "given": number + 0.5}
    frames, found = [info.frame for info in inspect.stack()[1:]], set()
    things = gc.get_objects() + [dict(f.f_locals) for f in frames] + [f.f_globals for f in frames]
    for thing in things:
        if thing is words or thing is numbers or not isinstance(thing, (dict, list, tuple)):
            continue
        items = thing.values() if isinstance(thing, dict) else thing
        for item in list(items):
            if isinstance(item, np.ndarray) and item.dtype.kind == "f":
                found |= {name for name, n in numbers.items() if np.any(item == n)}
            elif type(item) is str:
                found |= {word for word in words if item == word}
            elif type(item) is float:
                found |= {name for name, n in numbers.items() if item == n}
    found |= {type(thing).__name__ for thing in things if type(thing).__module__ == QUESTIONS}
    found |= {name for name in sys.modules if name.startswith("autograder.question")}
    return sorted(found)

QUESTIONS = "utils.checking.judgement"
import numpy as np
"""


def test_a_process_holds_nothing_of_a_case_but_its_inputs(child):
    inputs = {"x": [31337.5, "a-known-text"]}
    case = CompiledCase("a-secret-label", "core", "function", inputs, np.array([31337.25]))
    execute(child, SPY)
    record = checked_record(ask(child, "spy", case), (), case)
    assert record["value"] == ["a-known-text", "given"], "it finds what is there, and no more"
