"""Verdicts: what they hold, grading again, who loses what, and what a student is told."""

import json
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell

from autograder.grading.demo import answers_in
from autograder.grading.judge import checked_record, message, outcome_of
from autograder.grading.material import ROOT, lessons_in, load_material
from autograder.grading.run import FAR, Answer, Step, _error
from autograder.grading.submission import grade_submission
from autograder.grading.transplant import KINDS
from autograder.grading.verdict import LIMITS, Verdict, read_verdict, verdict_path, write_verdict
from autograder.sandbox.limits import Limits
from tests.toy import LESSON, RIGHT, answered, cell_of, file_of, material, write_course
from utils.checking.codec import NotPlainError, encode

QUICK = Limits(
    case=0.4, question=2.0, answer=0.6, added=0.4, total=30.0, patience=30.0, memory=2**30
)
FULL = {"double": 2.0, "half": 1.0, "pick": 1.0}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return replace(material(tmp_path_factory.mktemp("course")), limits=QUICK)


def verdict_on(workshop, toy, notebook):
    return grade_submission(file_of(notebook), toy, workshop).verdict


def points(verdict):
    return {check.name: check.points for check in verdict.checks}


def check_of(verdict, name):
    return next(check for check in verdict.checks if check.name == name)


def words(check):
    return " ".join(check.message.split())


MIXED = {
    "double": "def double(x):\n    if x[0] < 0: raise ValueError('no')\n    return 2 * x",
    "half": "def half(x):\n    while True: pass",
    "pick": 'pick = "a"',
}


def test_a_verdict_holds_what_explains_a_mark(workshop, toy, tmp_path):
    notebook = answered(**MIXED)
    notebook.cells.append(cell_of(notebook, "check_double"))
    verdict = verdict_on(workshop, toy, notebook)
    assert points(verdict) == {"double": 1.2, "half": 0, "pick": 0}
    data = verdict.to_json()
    assert data["format"] == 2
    assert data["settings"] == QUICK.to_json()
    assert set(data["versions"]) >= {"python", "numpy", "ipython", "nbgrader", "grader", "lesson"}
    assert set(data["seconds"]) == {"transplant", "run", "judge"}
    assert (data["seed"], data["starts"], verdict.level) == ("secret", 2, workshop.level)
    assert [note["kind"] for note in data["notes"]] == ["duplicated"]
    assert [note["kind"] for note in data["limits"]] == ["time"]
    double, half, pick = data["checks"]
    assert double["parts"] == {"positive": True, "negative": False, "arguments unchanged": True}
    assert "did not finish within 0.4 s" in half["reason"]
    assert (half["cpu"] >= 0, half["seconds"] > 0.3) == (True, True)
    assert pick["diagnosis"] == 'chose "a"'
    assert {n["kind"] for n in data["notes"]} <= set(KINDS)
    assert {n["kind"] for n in data["limits"]} <= set(LIMITS)


def test_grading_again_finds_the_same(workshop, toy, tmp_path):
    """What a verdict holds is enough, in another folder, for the same marks and messages."""
    draws = "def half(x):\n    return x / 2 + (np.random.rand() < 0.5)"
    for number, answers in enumerate([MIXED, MIXED | {"half": draws}]):
        data = file_of(answered(**answers))
        path = verdict_path(tmp_path, "ada", LESSON)
        write_verdict(path, grade_submission(data, toy, workshop).verdict)
        kept = read_verdict(path)
        root = write_course(tmp_path / f"elsewhere-{number}")
        again = load_material(kept.lesson, kept.seed, root, "tests.toy", kept.settings)
        verdict = grade_submission(data, again, workshop).verdict
        assert verdict.findings() == kept.findings()
        assert verdict.key == kept.key or kept.settings == toy.limits.to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"format": 1},
        {"format": 3},
        {"points": 99.0},
        {"checks": None},
        {"checks": [{}]},
        {"notes": [{"kind": "x"}]},
        {"limits": ["too long"]},
        {"surplus": 1},
    ],
)
def test_an_old_or_broken_verdict_counts_as_none(workshop, toy, tmp_path, change):
    data = verdict_on(workshop, toy, answered()).to_json()
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(data))
    assert read_verdict(path) == Verdict.from_json(data)
    path.write_text(json.dumps(data | change))
    assert read_verdict(path) is None


# Who loses what: a deadly answer costs its own marks only.

GARBAGE = """import os
for n in range(3, 40):
    try:
        os.write(n, b'{"number": 99}\\n')
    except OSError:
        pass
"""
LATER = """import os, threading, time
def end():
    time.sleep({}); {}
threading.Thread(target=end, daemon=True).start()
"""
BODIES = {
    "ends the process": "import os; os._exit(3)",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "a segmentation fault": "import ctypes; ctypes.string_at(0)",
    "an endless loop": "while True: pass",
    "recursion without end": "def f(): return f()\nf()",
    "recursion beyond the stack": (
        "import sys; sys.setrecursionlimit(10**9)\nf = lambda v: sorted([v], key=f)\nf(0)"
    ),
    "garbage in the pipes": GARBAGE,
    "closed pipes": "import os; os.closerange(3, 99)",
    "an exit": "import sys; sys.exit('bye')",
    "an interrupt": "raise KeyboardInterrupt",
    "all memory": "v = [bytearray(10**9) for _ in range(99)]",
    "no more processor time": (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (0, 0))\nwhile True: pass"
    ),
}


def body(source, name="half"):
    """An answer that does this when it is called."""
    return f"def {name}(x):\n" + "\n".join(f"    {line}" for line in source.splitlines())


@pytest.mark.parametrize("source", BODIES.values(), ids=BODIES.keys())
def test_a_call_that_is_deadly_costs_its_own_check(workshop, toy, source):
    verdict = verdict_on(workshop, toy, answered(**RIGHT | {"half": body(source)}))
    assert points(verdict) == FULL | {"half": 0}
    first = verdict_on(workshop, toy, answered(**RIGHT | {"double": body(source, "double")}))
    assert points(first) == FULL | {"double": 0}


@pytest.mark.parametrize("source", BODIES.values(), ids=BODIES.keys())
def test_a_cell_that_is_deadly_costs_its_own_check(workshop, toy, source):
    verdict = verdict_on(workshop, toy, answered(**RIGHT | {"double": source}))
    assert points(verdict) == FULL | {"double": 0}


@pytest.mark.parametrize("source", BODIES.values(), ids=BODIES.keys())
def test_an_added_cell_that_is_deadly_costs_nothing(workshop, toy, source):
    notebook = answered(**RIGHT)
    notebook.cells.insert(2, new_code_cell(source))
    assert points(verdict_on(workshop, toy, notebook)) == FULL


SPOILERS = {
    "a thread that ends the process soon": LATER.format(0.002, "os._exit(1)"),
    "a thread that ends the process later": LATER.format(0.1, "os._exit(1)"),
    "a thread that writes garbage": LATER.format(
        0.01, "[os.write(n, b'x\\n') for n in range(3, 9) if os.path.exists(f'/proc/self/fd/{n}')]"
    ),
    "a busy thread": LATER.format(0, "\n    while True: pass"),
    "an alarm": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.02)",
    "something at exit": "import atexit, os; atexit.register(os._exit, 1)",
    "isinstance": "import builtins; builtins.isinstance = lambda *a: True",
    "json": "import json; json.dumps = json.loads = None",
    "numpy": "np.asarray = np.array = np.ndarray = None",
    "the checks": "import utils.checking.drivers as d; d.DRIVERS.clear(); d.observe = None",
    "a trace": "import sys, os; sys.settrace(lambda *a: os._exit(1))",
    "a collector": "import gc, os; gc.set_threshold(1)\n"
    "gc.callbacks.append(lambda *a: os._exit(1))",
    "the shell": "get_ipython().run_cell = None; get_ipython().user_ns = {}",
    "a name of the set-up": "np = None",
    "a name of Python": "float = len = abs = None",
    "warnings as errors": "import warnings; warnings.simplefilter('error')\n"
    "warnings.filterwarnings = warnings.catch_warnings = None",
}


@pytest.mark.parametrize("source", SPOILERS.values(), ids=SPOILERS.keys())
def test_an_answer_that_spoils_the_process_costs_no_other(workshop, toy, source):
    half = "def half(x):\n    return float(np.sum(x)) / 2"
    spoiling = f"{RIGHT['double']}\n{source}"
    answers = RIGHT | {"double": spoiling, "half": half}
    verdict = verdict_on(workshop, toy, answered(**answers))
    assert points(verdict) | {"double": 0} == FULL | {"double": 0}


def test_a_case_that_is_deadly_costs_its_part_only(workshop, toy):
    source = "def double(x):\n    import os\n    {} and os._exit(1)\n    return 2 * x"
    for test, earned in (("x[0] < 0", 1.2), ("x[0] == 1", 0.0), ("len(x) > 1", 0.0)):
        verdict = verdict_on(workshop, toy, answered(**RIGHT | {"double": source.format(test)}))
        assert points(verdict) == FULL | {"double": earned}
        assert "ended the process" in check_of(verdict, "double").reason
        assert "ended the process" in words(check_of(verdict, "double"))


def test_an_answer_that_kills_at_its_second_call_costs_its_own_check(workshop, toy):
    source = "seen = []\ndef double(x):\n    import os\n    seen and os._exit(1)\n"
    source += "    seen.append(1); return 2 * x"
    verdict = verdict_on(workshop, toy, answered(**RIGHT | {"double": source}))
    assert points(verdict) | {"double": 0} == FULL | {"double": 0}


def test_printing_without_end_is_told_once_and_costs_nothing(workshop, toy):
    quiet = replace(toy, limits=replace(toy.limits, output=1_000))
    double = RIGHT["double"] + "\nprint('x' * 2_000)"
    verdict = verdict_on(workshop, quiet, answered(**RIGHT | {"double": double}))
    assert points(verdict) == FULL
    assert [(note.kind, note.cell) for note in verdict.limits] == [("output", "double")]


@pytest.mark.parametrize(
    ("prints", "noted"), [("print('x' * 200)", ["output"]), ("print('x' * 20)", [])]
)
def test_a_call_that_prints_line_by_line_is_told_once(workshop, toy, prints, noted):
    quiet = replace(toy, limits=replace(toy.limits, output=1_000))
    loud = f"def double(x):\n    for _ in range(9): {prints}\n    return 2 * x"
    verdict = verdict_on(workshop, quiet, answered(**RIGHT | {"double": loud}))
    assert [(note.kind, note.cell) for note in verdict.limits] == [(k, "double") for k in noted]
    assert all("the check of double: it printed" in note.sentence for note in verdict.limits)
    assert points(verdict) == FULL


@pytest.mark.parametrize("kind", [[], {}, None, 7, "Evil", True])
def test_a_strange_error_of_a_cell_is_an_exception(kind):
    step = Step("answer", "double", "x = 1\ny = 2")
    assert _error(step, {"error": kind, "line": 2}) == (
        "The cell of double stopped with an exception in line 2: y = 2"
    )


def test_dying_everywhere_ends(workshop, toy):
    """The costs are bounded: one start for each death, and one more for what it may have cost."""
    deadly = {name: body("import os; os._exit(1)", name) for name in RIGHT}
    verdict = verdict_on(workshop, toy, answered(**deadly))
    assert points(verdict) == dict.fromkeys(FULL, 0)
    assert verdict.starts <= 2 * len(deadly) + 1
    none = replace(toy, limits=replace(QUICK, restarts=0))
    verdict = verdict_on(workshop, none, answered(**deadly))
    assert verdict.starts == 1
    assert [note.kind for note in verdict.limits] == ["died", "restarts"]


def test_the_time_of_a_check_is_limited_over_its_cases(workshop, toy):
    source = "import time\ndef double(x):\n    [0 for _ in range(3_000_000)]; return 2 * x"
    short = replace(toy, limits=replace(QUICK, question=0.05))
    verdict = verdict_on(workshop, short, answered(**RIGHT | {"double": source}))
    assert points(verdict) == FULL | {"double": 0}
    assert check_of(verdict, "double").reason


# An answer that uses another one that is not right.

USES = {
    "a call": "def half(x):\n    return float(double(np.array([x]))[0]) / 4",
    "a helper": "def v(x): return double(x)\n"
    "def half(x):\n    return float(v(np.array([x]))[0]) / 4",
    "a default": "def half(x, f=double):\n    return float(f(np.array([x]))[0]) / 4",
    "a lambda": "half = lambda x: float(double(np.array([x]))[0]) / 4",
}
WRONG = "def double(x):\n    return 3 * x"
MEND = "It calls double, whose own check is not right yet; mend that first, then look here again."


@pytest.mark.parametrize("source", USES.values(), ids=USES.keys())
def test_who_calls_a_wrong_answer_is_told(workshop, toy, source):
    verdict = verdict_on(workshop, toy, answered(**RIGHT | {"half": source, "double": WRONG}))
    half = check_of(verdict, "half")
    assert (half.status, half.needs, check_of(verdict, "double").needs) == ("wrong", ["double"], [])
    assert MEND in words(half)
    right = verdict_on(workshop, toy, answered(**RIGHT | {"half": source}))
    assert points(right) == FULL
    assert check_of(right, "half").needs == []


def test_who_calls_an_unanswered_one_is_not_called_unanswered(workshop, toy):
    verdict = verdict_on(workshop, toy, answered(half=USES["a call"]))
    half = check_of(verdict, "half")
    assert half.status == "wrong"
    assert "It calls double, which is not answered yet; answer that first" in words(half)
    assert check_of(verdict, "double").status == "unanswered"


def test_who_calls_a_deadly_one_is_told(workshop, toy):
    deadly = body("import os; os._exit(1)", "double")
    verdict = verdict_on(
        workshop, toy, answered(**RIGHT | {"half": USES["a call"], "double": deadly})
    )
    assert check_of(verdict, "half").status == "died"
    assert MEND in words(check_of(verdict, "half"))


def test_a_diagnosis_of_its_own_comes_first(workshop, toy):
    """`double` squares, and calls `half` from its own cell."""
    square = "def half(x): return 3 * x\ndef double(x):\n    half(1)\n    return x ** 2"
    verdict = verdict_on(workshop, toy, answered(double=square, half="def half(x): return 5 * x"))
    double = check_of(verdict, "double")
    assert double.diagnosis == "square"
    assert "You squared x." in words(double)
    also = "It also calls half, whose own check is not right yet; that may be behind this"
    assert words(double).index("You squared x.") < words(double).index(also)


def test_those_who_call_each_other_are_not_sent_in_circles(workshop, toy):
    each = {
        "double": "def double(x):\n    return half(x) if x[0] > 99 else 7 * x",
        "half": "def half(x):\n    return double(x) if x > 99 else 7 * x",
    }
    verdict = verdict_on(workshop, toy, answered(**each))
    assert [check.needs for check in verdict.checks] == [[], [], []]


def test_who_is_only_near_is_not_blamed(workshop, toy):
    near = "def half(x):\n    return 9 * x\nprint(double(3))  # double"
    verdict = verdict_on(workshop, toy, answered(**RIGHT | {"half": near, "double": WRONG}))
    assert check_of(verdict, "half").needs == []


# Nothing of a hidden case is told.

TELLING = {
    "an exception": "raise ValueError(str(x))",
    "a note on an exception": "e = ValueError(); e.add_note(str(x)); raise e",
    "a class named after it": "raise type('X' + str(x), (ValueError,), {})(str(x))",
    "a class of the result": "return type(str(x), (), {})()",
    "an assertion": "assert False, x",
    "a text": "return str(x)",
    "a list of texts": "return [str(x)] * len(np.atleast_1d(x))",
    "an array of texts": "return np.array(str(x))",
    "a long text": "return 'y' * int(1000 * np.ravel(x)[-1])",
    "an array of long texts": "return np.array('y' * int(1000 * np.ravel(x)[-1]))",
    "a shape": "return np.zeros(int(1000 * np.ravel(x)[-1]))",
    "a length": "return [0] * int(1000 * np.ravel(x)[-1])",
    "zeros, whose distance is the result": "return 0 * x",
    "a key": "return {str(x): x}",
    "the input itself": "return x",
    "itself twice and one": "return 2 * x + x",
    "a print": "print(x); print(x, file=__import__('sys').stderr); return None",
    "a warning": "import warnings; warnings.warn(str(x)); return None",
    "a variable": "globals()['v' + str(x)] = x; return undefined",
    "code that is made": "exec('raise ValueError(' + repr(list(np.ravel(x))) + ')')",
    "a name that is not there": "return globals()[str(x)]",
    "an attribute": "return getattr(x, 'a' + str(np.ravel(x)[-1]).replace('.', '_'))",
    "a complex number": "return x * 1j",
    "a nan": "return x * np.nan",
}


@pytest.mark.parametrize("source", TELLING.values(), ids=TELLING.keys())
def test_nothing_of_a_hidden_case_is_told(workshop, toy, source):
    answers = {name: body(source, name) for name in ("double", "half")}
    graded = grade_submission(file_of(answered(**answers)), toy, workshop)
    told = [cell.get("outputs", cell.source) for cell in graded.notebook.cells]
    told += [[c.message, c.sentence, c.reason, c.diagnosis] for c in graded.verdict.checks]
    text = json.dumps(told).replace(json.dumps(source)[1:-1], "")
    assert graded.verdict.points == 0
    assert toy.seed not in text
    assert not [secret for secret in secrets(toy) if secret in text]


def secrets(toy):
    """The first digits of what is drawn for the hidden cases, and of what should come back."""
    for name in ("double", "half"):
        case = toy.questions[name].cases[1]
        for number in [*np.ravel(case.inputs["x"]), *np.ravel(case.expected)]:
            yield from (f"{number * factor:.9f}"[:5] for factor in (1, 0.5, 3))
            yield f"{number:.9f}".replace(".", "")[:4]  # 1000 times as much, in a shape
            yield f"{number:.9f}".replace(".", "_")[:5]


def test_the_words_on_a_hidden_case_are_the_same_for_every_seed(tmp_path, workshop):
    """So they cannot hold anything of its numbers."""
    one, two = (
        replace(material(tmp_path / seed, seed), limits=QUICK) for seed in ("first", "second")
    )
    for source in ("return 3 * x", "return x[:0]", "return x + 0j", "return 2 * x + 1e-3 * x"):
        data = file_of(answered(double=body(source, "double")))
        messages = [
            [check.message for check in grade_submission(data, toy, workshop).verdict.checks]
            for toy in (one, two)
        ]
        assert messages[0] == messages[1]


# Strange records: whatever a process claims, the check is wrong and the class goes on.

KEYS = "$dict $array shape dtype $float $other $zeros where $packed value raised changed shares"
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4)
    ),
    max_leaves=12,
)
shapes = st.lists(st.integers(-2, 4), max_size=3)
arrays = st.fixed_dictionaries(
    {
        "$array": st.lists(st.floats() | st.integers() | st.booleans(), max_size=4),
        "shape": shapes,
        "dtype": st.sampled_from(["float64", "float16", "bool", "uint8", "int64", "object", "U3"]),
    }
)
values = plain_json | arrays | st.lists(arrays, max_size=3)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(values, min_size=3, max_size=3), form=st.booleans())
def test_no_strange_record_is_a_fault_of_the_class(toy, values, form):
    if form:
        blank = {"changed": encode({}), "shares": [], "printed": "", "warned": []}
        values = [{"$dict": blank | {"value": value}} for value in values]
    for question in toy.questions.values():
        judged(question, values)


def judged(question, claims):
    """Judge claims as a run does; return the outcome."""
    records = []
    for case, claim in zip(question.cases, claims, strict=False):
        try:
            records.append(checked_record(claim, "", case))
        except NotPlainError:
            return outcome_of(question, Answer(reason="It sent something that is no result."))
    outcome = outcome_of(question, Answer(tuple(records)))
    assert message(outcome)
    assert outcome.points <= outcome.max_points
    return outcome


@pytest.mark.parametrize(
    "claim",
    [
        float("nan"),
        "x" * 10**6,
        [[[]]] * 1000,
        {"$dict": {str(i): i for i in range(1000)}},
        {"$array": [], "shape": [0] * 40, "dtype": "float64"},
        {"$array": [1e308] * 3, "shape": [3], "dtype": "float64"},
        {"$array": [1], "shape": [-1], "dtype": "uint8"},
        {"$other": "\x1b[31m" * 99},
        10**18,
        -0.0,
    ],
)
def test_strange_results_are_wrong(toy, claim):
    entries = {"changed": encode({}), "shares": [], "printed": "", "warned": [], "value": claim}
    for question in toy.questions.values():
        assert judged(question, [{"$dict": entries}] * 3).points == 0


@pytest.mark.parametrize("lesson", lessons_in())
def test_the_words_of_a_question_hold_nothing_of_its_seed(lesson):
    one, two = (load_material(lesson, seed).questions for seed in ("first", "second"))
    for name, question in one.items():
        other = two[name]
        assert [case.label for case in question.cases] == [case.label for case in other.cases]
        said = [[(m.name, m.sentence) for m in q.misconceptions] for q in (question, other)]
        assert said[0] == said[1]
        assert (question.hint, question.parts) == (other.hint, other.parts)


def test_ordinary_answers_reach_no_further_than_their_names():
    """So that no check is asked twice for nothing in an honest class."""
    for lesson in lessons_in():
        path = ROOT / "solutions" / lesson / f"{lesson}.ipynb"
        answers = answers_in(nbformat.read(path, as_version=4))
        assert [name for name, source in answers.items() if FAR.search(source)] == []


def test_all_that_a_check_returns_is_bounded_and_so_is_all_of_a_submission(workshop, toy):
    """Many replies that are long, each within the limit, would fill the memory of the judge."""
    small = replace(toy, limits=replace(QUICK, reply=10_000))
    much = "def half(x):\n    return np.arange(600.0) * x"
    verdict = verdict_on(workshop, small, answered(**RIGHT | {"half": much}))
    assert points(verdict) == {"double": 2.0, "half": 0.0, "pick": 1.0}
    assert "more than can be read" in check_of(verdict, "half").reason
    assert [note.kind for note in verdict.limits] == ["size"]


def test_a_value_is_no_second_guess(workshop, toy):
    """A check that may be spoiled is asked again, where a cell could tell and answer anew."""
    notebook = answered(**RIGHT | {"pick": "pick = 'a' if 'spoilt' in globals() else 'b'"})
    notebook.cells.insert(2, new_code_cell("spoilt = 1\nimport threading", id="spoilt"))
    assert points(verdict_on(workshop, toy, notebook))["pick"] == 0


def test_the_line_of_an_error_is_counted_as_the_student_sees_it(workshop, toy):
    source = "\n\nx = 1\nundefined\ndef half(x):\n    return x / 2"
    verdict = verdict_on(workshop, toy, answered(**RIGHT | {"half": source}))
    assert "in line 4: undefined" in words(check_of(verdict, "half"))
