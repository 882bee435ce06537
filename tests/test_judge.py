"""The trusted judge, and grading one submission from bytes to marks."""

import json

import nbformat
import numpy as np
import pytest
from nbgrader.utils import determine_grade

from autograder.grading.judge import (
    checked_record,
    hidden_questions,
    outcome_of,
    quotable,
    secret_rng,
)
from autograder.grading.material import load_material, points_of
from autograder.grading.run import Answer
from autograder.grading.submission import grade_submission, mark
from autograder.grading.transplant import RefusedError
from autograder.grading.verdict import Verdict, read_verdict, verdict_path, write_verdict
from autograder.sandbox.limits import GradingError
from tests.toy import (
    LESSON,
    QUESTIONS,
    RIGHT,
    answered,
    cell_of,
    file_of,
    material,
    release,
    write_course,
)
from utils.checking.codec import NotPlainError, Other, encode
from utils.checking.drivers import observe

POINTS = {"double": 2.0, "half": 1.0, "pick": 1.0}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return material(tmp_path_factory.mktemp("course"))


def record(**entries):
    blank = {"changed": {}, "shares": [], "printed": "", "warned": []}
    return encode(blank | entries)


def test_the_secret_seed_decides_the_random_cases_only():
    one, same, other = (
        hidden_questions(QUESTIONS, LESSON, POINTS, seed)["double"].cases for seed in "aab"
    )
    assert one[0].inputs["x"] == same[0].inputs["x"] == other[0].inputs["x"]
    assert np.array_equal(one[1].inputs["x"], same[1].inputs["x"])
    assert not np.array_equal(one[1].inputs["x"], other[1].inputs["x"])


def test_each_question_and_lesson_has_a_generator_of_its_own():
    draws = {float(secret_rng("s", a, b).random()) for a, b in ["xy", "xz", "zy"]}
    assert len(draws) == 3


def test_a_check_without_a_question_is_an_error():
    with pytest.raises(LookupError, match="no question for the checks third"):
        hidden_questions(QUESTIONS, LESSON, POINTS | {"third": 1.0}, "s")


def test_what_observe_records_passes_the_check():
    seen = observe("function", lambda x: x[:1], {"x": np.arange(3.0)})
    checked = checked_record(encode(seen), "")
    assert checked["shares"] == ["x"]
    assert checked["value"] == 0


@pytest.mark.parametrize(
    "claim",
    [
        None,
        3,
        encode({}),
        record(),
        record(value=1, raised={"types": []}),
        record(raised=3),
        record(raised={"types": "ValueError"}),
        record(value=1, changed=["x"]),
        record(value=1, changed={"x": "perhaps"}),
        record(value=1, changed={"<b>": "values"}),
        record(value=1, shares={"x": 1}),
        record(value=1, shares=["x"] * 1000),
        {"$dict": {"value": {"$pickle": "…"}}},
        {"$dict": {"value": {"$array": [1, 2], "shape": [3], "dtype": "float64"}}},
        {"$dict": {"value": {"$array": ["x"], "shape": [1], "dtype": "object"}}},
    ],
)
def test_a_record_of_another_form_is_refused(claim):
    with pytest.raises(NotPlainError):
        checked_record(claim, "")


def test_words_of_the_student_do_not_pass_but_lines_of_the_own_code_do():
    raised = {"types": ["0.123 is the secret", "ValueError"], "message": "0.123"}
    lines = quotable(["def f(x):\n    return x / 0"])
    checked = checked_record(record(raised=raised | {"line": "line 2: return x / 0"}), lines)
    assert checked["raised"] == {
        "types": ["ValueError"],
        "message": "",
        "line": "line 2: return x / 0",
    }
    for claim in ("line 2: 0.123", "line 123: return x / 0", "line 2: x / 0", "", 3, ["line 2"]):
        other = checked_record(record(raised=raised | {"line": claim}), lines)
        assert other["raised"]["line"] == ""


def test_no_argument_changed_that_was_not_there(toy):
    case = toy.questions["half"].cases[0]
    assert checked_record(record(value=1, changed={"x": "values"}), (), case)["changed"]
    for kind in ({"changed": {"x_1_53": "values"}}, {"shares": ["x_1_53"]}):
        with pytest.raises(NotPlainError):
            checked_record(record(value=1, **kind), (), case)


def test_a_type_that_the_student_named_gets_no_name():
    checked = checked_record(record(value=[Other("the inputs are 1, 2"), Other("dict")]), "")
    assert checked["value"] == [Other("another type"), Other("dict")]


def test_no_answer_an_error_and_a_death_are_told_apart(toy):
    half = toy.questions["half"]
    assert outcome_of(half, Answer(missing=True)).status == "unanswered"
    failed = outcome_of(half, Answer(missing=True, error="It stopped."))
    assert (failed.status, failed.sentence) == ("wrong", "It stopped.")
    dead = outcome_of(half, Answer(reason="It ended."))
    assert (dead.status, dead.reason, dead.points) == ("died", "It ended.", 0)


def grade(workshop, toy, **answers):
    return grade_submission(file_of(answered(**answers)), toy, workshop)


def test_a_right_submission_gets_all_points(workshop, toy):
    graded = grade(workshop, toy, **RIGHT)
    assert (graded.verdict.points, graded.verdict.max_points) == (4.0, 4.0)
    assert [determine_grade(cell_of(graded.notebook, f"check_{n}")) for n in POINTS] == [
        (p, p) for p in POINTS.values()
    ]
    nbformat.validate(graded.notebook)


def test_a_blank_submission_gets_none_and_hears_that_nothing_was_answered(workshop, toy):
    graded = grade(workshop, toy)
    assert graded.verdict.points == 0
    assert {check.status for check in graded.verdict.checks} == {"unanswered"}
    assert determine_grade(cell_of(graded.notebook, "check_half")) == (0, 1)


def test_partial_credit_and_a_diagnosis_reach_the_check_cell(workshop, toy):
    in_place = "def double(x):\n    x *= 2\n    return x"
    wrong = {"double": "def double(x):\n    return 2 * abs(x)", "pick": 'pick = "a"'}
    assert grade(workshop, toy, **RIGHT | {"double": in_place}).verdict.checks[0].points == 1.8
    graded = grade(workshop, toy, **RIGHT | wrong)
    check = graded.verdict.checks[0]
    assert (check.points, check.diagnosis, check.status) == (1.2, "size", "partly")
    cell = cell_of(graded.notebook, "check_double")
    assert determine_grade(cell) == (1.2, 2.0)
    assert "You doubled the size of x." in cell.outputs[0].text
    assert "No, the other." in cell_of(graded.notebook, "check_pick").outputs[0].text


def test_hidden_numbers_do_not_reach_the_feedback(workshop, toy):
    leak = "def double(x):\n    raise type('X' + str(x), (ValueError,), {})(str(x))"
    graded = grade(workshop, toy, double=leak, half="def half(x):\n    return str(x)")
    text = json.dumps(graded.notebook) + json.dumps([c.message for c in graded.verdict.checks])
    for question in ("double", "half"):
        secret = np.ravel(toy.questions[question].cases[1].inputs["x"])[0]
        assert f"{secret:.6f}"[:7] not in text


def test_a_refused_submission_gets_the_blank_release_and_the_reason(workshop, toy):
    for data in (b"{", RefusedError("The submitted file is a link.")):
        graded = grade_submission(data, toy, workshop)
        assert graded.verdict.points == 0
        assert graded.verdict.refused in graded.verdict.checks[0].message.replace(
            "\n" + " " * 12, " "
        )
        assert "could not be graded" in graded.notebook.cells[0].source


def test_no_submitted_markup_is_in_the_remarks(workshop, toy):
    notebook = answered(**RIGHT)
    notebook.cells.append(cell_of(notebook, "check_double"))
    graded = grade_submission(file_of(notebook), toy, workshop)
    assert graded.notebook.cells[0].source.endswith(
        "- The cell check&#95;double was there 2 times."
    )


def test_the_same_bytes_get_the_same_marks_and_key(workshop, toy):
    one, two = (grade(workshop, toy, **RIGHT) for _ in range(2))
    assert one.notebook == two.notebook
    assert one.verdict.key == two.verdict.key
    assert one.verdict.key != grade(workshop, toy).verdict.key


def test_the_lesson_and_then_the_teacher_change_the_limits(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.toy.limits_of", lambda lesson: {"case": 2, "total": 7})
    made = load_material(LESSON, "s", write_course(tmp_path), "tests.toy", {"case": 3})
    assert (made.limits.case, made.limits.total, made.limits.question) == (3, 7, 20)
    with pytest.raises(GradingError, match='no limit "cases"; the limits are case'):
        load_material(LESSON, "s", tmp_path, "tests.toy", {"cases": 3})


def test_the_key_depends_on_the_seed_and_the_limits(tmp_path, toy):
    other = load_material(LESSON, "other", write_course(tmp_path / "a"), "tests.toy")
    slower = load_material(
        LESSON, toy.seed, write_course(tmp_path / "b"), "tests.toy", {"case": 99}
    )
    assert (other.limits, slower.limits.case) == (toy.limits, 99)
    assert len({toy.digest, other.digest, slower.digest}) == 3


def test_a_verdict_survives_as_json(workshop, toy, tmp_path):
    verdict = grade(workshop, toy, double=RIGHT["double"]).verdict
    path = verdict_path(tmp_path, "ada", LESSON)
    write_verdict(path, verdict)
    assert read_verdict(path) == verdict
    assert Verdict.from_json(json.loads(path.read_text())) == verdict
    data = json.loads(path.read_text())
    assert (data["points"], data["max_points"], data["seed"]) == (2.0, 4.0, "secret")
    assert set(data["versions"]) >= {"python", "numpy", "grader"}


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"format": 0}', '{"format": 1}'])
def test_a_broken_verdict_counts_as_none(tmp_path, text):
    path = tmp_path / "verdict.json"
    path.write_text(text)
    assert read_verdict(path) is None


def test_marking_does_not_change_what_it_marks(workshop, toy):
    from autograder.grading.transplant import transplant

    planted = transplant(file_of(answered(**RIGHT)), release())
    before = nbformat.writes(planted.notebook)
    mark(planted, grade(workshop, toy, **RIGHT).verdict)
    assert nbformat.writes(planted.notebook) == before


def test_an_unknown_lesson_is_an_error_that_names_the_lessons(tmp_path):
    with pytest.raises(GradingError, match='no lesson "91_no"; the lessons are 90_toy'):
        load_material("91_no", "s", write_course(tmp_path), "tests.toy")


def test_points_are_read_from_the_release():
    assert points_of(release()) == POINTS
