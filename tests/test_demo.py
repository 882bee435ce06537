"""The made-up class: graded end to end, and by stock nbgrader for comparison."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.grading.demo import (
    ENDLESS,
    LESSONS,
    STUDENTS,
    answers_in,
    make_class,
    submission,
)
from autograder.grading.grade import main
from autograder.grading.gradebook import Book
from autograder.grading.material import ROOT
from autograder.questions import questions_of
from autograder.sandbox.limits import GradingError

pytestmark = pytest.mark.skipif(
    not all((ROOT / "notebooks" / lesson).is_dir() for lesson in LESSONS),
    reason="the lessons of the demo are not built",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The grading folder of the demo class."""
    grading = tmp_path_factory.mktemp("demo")
    words = ["--demo", "--grading", str(grading)]
    assert main([*words, *LESSONS[:-1], "--limit", "case=3"]) == 0
    assert main([*words, LESSONS[-1]]) == 0  # its answers train for seconds
    return grading


@pytest.fixture(scope="module")
def marks(demo):
    """From student and lesson to the share of the points of the checks that was earned."""
    return {
        (student, lesson): verdict["points"] / verdict["max_points"]
        for student in STUDENTS
        for lesson in LESSONS
        for verdict in [verdict_of(demo, student, lesson)]
    }


def verdict_of(demo, student, lesson):
    path = demo / "verdicts" / student / f"{lesson}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def read(kind, lesson):
    return nbformat.read(ROOT / kind / lesson / f"{lesson}.ipynb", as_version=4)


def test_there_are_twelve_and_each_hands_in_every_lesson(demo):
    assert len(STUDENTS) == len(set(STUDENTS)) == 12
    files = {path.relative_to(demo / "submitted") for path in demo.glob("submitted/*/*/*")}
    assert files == {Path(s, lesson, f"{lesson}.ipynb") for s in STUDENTS for lesson in LESSONS}


def test_the_same_input_gives_the_same_files(demo, tmp_path):
    make_class(tmp_path, ROOT)
    for path in tmp_path.glob("*/*/*.ipynb"):
        twin = demo / "submitted" / path.relative_to(tmp_path)
        assert path.read_bytes() == twin.read_bytes()


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_perfect_the_blank_and_the_broken(marks, demo, lesson):
    assert marks["ada-perfect", lesson] == 1
    assert marks["ben-blank", lesson] == 0
    assert marks["hana-broken-file", lesson] == 0
    assert "JSON is broken" in verdict_of(demo, "hana-broken-file", lesson)["refused"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_deleted_checks_cost_nothing_and_forged_ones_earn_nothing(marks, demo, lesson):
    assert marks["jun-deleted-checks", lesson] == 1
    forged = verdict_of(demo, "kim-tampered", lesson)
    assert [check["points"] > 0 for check in forged["checks"]].count(True) == 1
    assert {"edited", "tagged", "duplicated"} <= {note["kind"] for note in forged["notes"]}


@pytest.mark.parametrize("lesson", LESSONS)
def test_an_endless_loop_loses_its_own_check_only(demo, lesson):
    checks = verdict_of(demo, "ivan-endless", lesson)["checks"]
    lost = {check["name"]: check for check in checks if check["points"] < check["max_points"]}
    assert set(lost) == set(ENDLESS) & {check["name"] for check in checks}
    assert all("did not finish within" in check["reason"] for check in lost.values())
    assert lost


@pytest.mark.parametrize(
    ("student", "name", "diagnosis"),
    [
        ("dina-factor-2", "l1_update", "factor 2"),
        ("emil-sign", "l1_update", "sign of λ"),
        ("emil-sign", "l1_penalty", "signed sum"),
        ("fay-threshold", "soft_threshold", "hard threshold"),
        ("lea-odd-style", "numerical_gradient", "forward difference"),
        ("dina-factor-2", "ridge", "λ/2"),
        ("dina-factor-2", "prostate_ridge", "λ/2"),
        ("dina-factor-2", "lasso", "threshold λ"),
        ("dina-factor-2", "lasso_lambda_max", "factor 2 forgotten"),
        ("emil-sign", "lasso_lambda_max", "no absolute value"),
        ("emil-sign", "project_l1_ball", "signed sum inside"),
        ("fay-threshold", "lasso", "divided first"),
        ("fay-threshold", "project_l1_ball", "rescaled"),
        ("dina-factor-2", "crop_and_resize", "1 is H"),
        ("emil-sign", "rot90", "clockwise"),
        ("fay-threshold", "random_augment", "upper end left out"),
        ("dina-factor-2", "dropout_moments", "divided by p once"),
        ("dina-factor-2", "marginalized_dropout_weights", "1 - p"),
        ("emil-sign", "dropout_forward", "drop for keep"),
        ("fay-threshold", "mc_dropout_predict", "variance"),
        ("dina-factor-2", "equivalent_l2", "λ in place of a"),
        ("emil-sign", "PatienceMonitor", "min_delta added"),
        ("fay-threshold", "early_stopping", "ties count"),
        ("dina-factor-2", "train_regularized", "learned by heart"),
        ("emil-sign", "ablation", "errors"),
    ],
)
def test_a_misconception_is_recognised_and_told(demo, student, name, diagnosis):
    lesson = next(lesson for lesson in LESSONS if name in questions_of(lesson))
    check = next(c for c in verdict_of(demo, student, lesson)["checks"] if c["name"] == name)
    assert check["diagnosis"] == diagnosis
    page = demo / "feedback" / student / lesson / f"{lesson}.html"
    assert check["sentence"].split(".")[0][:40].split("'")[0] in page.read_text(encoding="utf-8")


def test_work_in_place_loses_only_the_part_on_arguments(demo):
    for lesson in LESSONS:
        checks = verdict_of(demo, "goran-in-place", lesson)["checks"]
        partly = [check for check in checks if check["status"] != "right"]
        assert partly
        for check in partly:
            failed = {part for part, passed in check["parts"].items() if not passed}
            assert failed <= {"arguments unchanged", "a new array"}


def test_odd_but_right_work_gets_its_marks(demo):
    for lesson in LESSONS:
        checks = verdict_of(demo, "lea-odd-style", lesson)["checks"]
        lost = {check["name"] for check in checks if check["points"] < check["max_points"]}
        assert lost <= {"numerical_gradient"}


def test_no_hidden_case_is_in_the_feedback(demo):
    seeds = json.loads((demo / "seeds.json").read_text())
    for path in demo.glob("feedback/*/*/*.html"):
        text = path.read_text(encoding="utf-8")
        assert not any(seed in text for seed in seeds.values())


def test_another_class_is_not_overwritten(tmp_path):
    (tmp_path / "zoe").mkdir()
    with pytest.raises(GradingError, match="holds the work of zoe"):
        make_class(tmp_path, ROOT)


def test_a_lesson_that_is_not_built_is_said(tmp_path):
    with pytest.raises(GradingError, match=r"is not there; run \./course build"):
        make_class(tmp_path / "submitted", tmp_path)


def test_the_perfect_submission_is_the_release_with_the_solutions_answers():
    for lesson in LESSONS:
        right = answers_in(read("solutions", lesson))
        text = submission("ada-perfect", lesson, read("notebooks", lesson), right)
        cells = {cell["id"]: cell["source"] for cell in json.loads(text)["cells"]}
        assert all(cells[name] == source.strip("\n") for name, source in right.items())
        assert "SOLUTION" not in text


# Together they give every kind of answer: right, partly right, wrong, none, in odd style.
COMPARED = ("chen-partly", "dina-factor-2", "fay-threshold", "goran-in-place", "lea-odd-style")


def short(path):
    """Empty the explore cells: they cost minutes, and no mark depends on them."""
    notebook = nbformat.read(path, as_version=4)
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code"][1:]:
        if "nbgrader" not in cell.metadata and not cell.id.startswith("my-"):
            cell.source = ""
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def stock_course(folder, demo, lessons):
    """Make a course that nbgrader grades in its own way, with the demo's honest submissions."""
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(config + "\ndel c.Autograde\n", encoding="utf-8")
    for lesson in lessons:
        for kind in ("solutions", "notebooks"):
            shutil.copytree(ROOT / kind / lesson, folder / kind / lesson)
        for student in COMPARED:
            place = Path("submitted", student, lesson)
            copied = shutil.copytree(demo / place, folder / "grading" / place)
            short(Path(copied) / f"{lesson}.ipynb")
    return folder


@pytest.mark.slow
def test_stock_nbgrader_gives_honest_work_the_same_marks(demo, tmp_path):
    """Partial credit included, in every lesson; explore cells are emptied for nbgrader's run.

    Without the lines of `nbgrader_config.py` on grading, nbgrader runs the checks in the
    student's kernel. Two processes, with a gradebook each, take half of the lessons each.
    """
    compared = LESSONS[:-1]  # the checks of the last one hold fewer digits than grading
    halves = [compared[0::2], compared[1::2]]
    courses = [stock_course(tmp_path / name, demo, h) for name, h in zip("ab", halves, strict=True)]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    stock = Path(__file__).with_name("stock.py")
    runs = [
        subprocess.Popen(
            [sys.executable, str(stock), str(course), *lessons],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for course, lessons in zip(courses, halves, strict=True)
    ]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    found = {}
    for course, lessons in zip(courses, halves, strict=True):
        found |= Book(course / "grading").marks(lessons)
    ours = {key: mark for key, mark in Book(demo).marks(compared).items() if key[0] in COMPARED}
    assert len(found) == len(COMPARED) * len(compared)
    assert found == ours
