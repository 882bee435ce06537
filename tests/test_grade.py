"""`./course grade` over a toy class: gradebook, feedback, verdicts, resuming, faults."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading import batch
from autograder.grading.feedback import Press
from autograder.grading.grade import find_submissions, main
from autograder.grading.gradebook import Book, read_timestamp
from autograder.grading.overview import shown, summary, table
from autograder.grading.seeds import seed_of
from autograder.grading.tasks import Judge
from autograder.grading.verdict import read_verdict
from autograder.sandbox.workshop import SOURCE
from tests.marked import rows
from tests.toy import LESSON, RIGHT, answered, file_of, here, release, write_course

CLASS = {
    "ada": answered(**RIGHT, why="Because."),
    "ben": release(),
    "dee": answered(**RIGHT | {"double": "def double(x):\n    return x ** 2"}),
}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A course of the toy lesson, with a class of three and a broken file."""
    root = write_course(tmp_path_factory.mktemp("fresh"))
    for student, notebook in CLASS.items():
        hand_in(root, student, file_of(notebook))
    hand_in(root, "cyd", file_of(answered(**RIGHT))[:400])
    return root


@pytest.fixture(scope="module", autouse=True)
def _in_this_process():
    """Do the work of the workers here: it is quick, and can be patched (tests/test_pool.py)."""
    with here() as Here, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Pool", Here)
        yield


@pytest.fixture(scope="module")
def done(fresh, tmp_path_factory):
    """The same course after its class was graded."""
    root = tmp_path_factory.mktemp("done")
    shutil.copytree(fresh, root, dirs_exist_ok=True)
    assert grade(root) == 0
    return root


@pytest.fixture
def course(fresh, tmp_path):
    """A copy of the course before it is graded."""
    return Path(shutil.copytree(fresh, tmp_path, dirs_exist_ok=True))


@pytest.fixture
def graded(done, tmp_path):
    """A copy of the course after it was graded."""
    return Path(shutil.copytree(done, tmp_path, dirs_exist_ok=True))


def hand_in(course, student, data):
    path = course / "grading" / "submitted" / student / LESSON / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def grade(course, *words):
    return main(["--workers", "2", "--no-sandbox", *words], root=course, questions="tests.toy")


def marks(course):
    book = Book(course / "grading")
    return {student: mark[:2] for (student, _), mark in book.marks([LESSON]).items()}


def verdict(course, student):
    path = course / "grading" / "verdicts" / student / f"{LESSON}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def page(course, student):
    path = course / "grading" / "feedback" / student / LESSON / f"{LESSON}.html"
    return path.read_text(encoding="utf-8")


def test_a_class_is_graded_end_to_end(graded, capsys):
    course = graded
    assert grade(course) == 0
    assert marks(course) == {"ada": (4, 7), "ben": (0, 7), "cyd": (0, 7), "dee": (2, 7)}
    out = capsys.readouterr().out
    assert re.search(r"ada +4 of 7 \*", out)
    assert "Sandbox: " in out
    assert "You squared x." in page(course, "dee")
    assert "JSON is broken" in page(course, "cyd")
    assert verdict(course, "cyd")["refused"]
    assert not list((course / "notebooks").glob("**/*.part"))
    assert (course / "grading" / "autograded" / "ada" / LESSON / f"{LESSON}.ipynb").is_file()


def test_a_second_run_grades_only_what_changed(graded, monkeypatch):
    judged, saved = [], []
    original = Judge.do

    def count(task, bench):
        judged.append((task.student, task.verdict is None))
        return original(task, bench)

    monkeypatch.setattr(Judge, "do", count)
    monkeypatch.setattr(Book, "save", _recording(Book.save, saved))
    grade(graded)
    assert (judged, saved) == ([], [])
    hand_in(graded, "ben", file_of(answered(half=RIGHT["half"])))
    grade(graded)
    assert (judged, saved) == ([("ben", True)], ["ben"])
    assert marks(graded)["ben"] == (1, 7)
    grade(graded, "--force", "--only", "a*", "--only", "dee")
    assert judged[1:] == [("ada", True), ("dee", True)]


def test_a_student_who_is_not_there_is_told(graded, capsys):
    assert grade(graded, "--only", "daa", "--only", "ada") == 1
    told = "--only daa: no such student has submitted anything; there are ada and 3 more\n"
    assert told in capsys.readouterr().err


def test_the_marks_of_those_who_were_asked_for_are_shown(graded, capsys):
    assert grade(graded, "--only", "a*") == 0
    out = capsys.readouterr().out
    assert ("ada  " in out, "ben  " in out) == (True, False)


def _recording(save, students):
    def recorded(self, student, *rest):
        students.append(student)
        return save(self, student, *rest)

    return recorded


def test_a_lost_gradebook_or_graded_notebook_is_made_again(graded):
    before = marks(graded)
    (graded / "grading" / "gradebook.db").unlink()
    shutil.rmtree(graded / "grading" / "autograded" / "ada")
    grade(graded)
    assert marks(graded) == before
    assert (graded / "grading" / "autograded" / "ada" / LESSON / f"{LESSON}.ipynb").is_file()


def test_marks_given_by_hand_are_kept_and_reach_the_feedback(graded):
    with Book(graded / "grading").open() as book:
        mark = book.find_grade("why", LESSON, LESSON, "ada")
        mark.manual_score, mark.needs_manual_grade = 2.5, False
        book.find_comment("why", LESSON, LESSON, "ada").manual_comment = "Well argued."
        book.db.commit()
    assert grade(graded) == 0
    assert marks(graded)["ada"] == (6.5, 7)
    assert "Well argued." in page(graded, "ada")


def test_a_fault_of_the_grader_stays_with_its_submission(course, monkeypatch, capsys):
    original = Judge.do

    def judge(task, bench):
        if b"x ** 2" in task.data:
            raise ZeroDivisionError("inside the grader")
        return original(task, bench)

    monkeypatch.setattr(Judge, "do", judge)
    assert grade(course) == 1
    assert set(marks(course)) == {"ada", "ben", "cyd"}
    assert f"dee/{LESSON}: ZeroDivisionError: inside the grader" in capsys.readouterr().err
    log = course / "grading" / "verdicts" / "dee" / f"{LESSON}.error.txt"
    assert "Traceback" in log.read_text()
    monkeypatch.undo()
    with here() as Here:
        monkeypatch.setattr(batch, "Pool", Here)
        assert grade(course) == 0
    assert marks(course)["dee"] == (2, 7)
    assert not log.exists()


def test_a_feedback_page_that_cannot_be_made_stops_no_other(graded, monkeypatch, capsys):
    original = Press.page

    def page_of(self, text, grades):
        if grades.student == "ada":
            raise ZeroDivisionError("inside the page")
        return original(self, text, grades)

    monkeypatch.setattr(Press, "page", page_of)
    shutil.rmtree(graded / "grading" / "feedback")
    assert grade(graded) == 1
    assert f"no feedback page: ada/{LESSON}: ZeroDiv" in capsys.readouterr().err
    pages = (graded / "grading" / "feedback").glob("*/*/*.html")
    assert {path.parts[-3] for path in pages} == {"ben", "cyd", "dee"}
    monkeypatch.setattr(Press, "page", original)
    assert grade(graded) == 0
    assert page(graded, "ada")


def test_a_graded_notebook_is_writable_when_it_is_replaced(graded, monkeypatch):
    """Windows replaces no file that is read-only."""
    modes, original = [], Path.replace

    def replace(self, target):
        if Path(target).suffix == ".ipynb":
            modes.append(os.access(target, os.W_OK) and Path(target).stat().st_mode & 0o200)
        return original(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    assert grade(graded, "--force") == 0
    assert modes == [0o200] * 4
    kept = (graded / "grading" / "autograded").glob("*/*/*.ipynb")
    assert not any(path.stat().st_mode & 0o222 for path in kept)


def test_an_interrupt_leaves_what_is_done_and_the_next_run_goes_on(course, monkeypatch, capsys):
    kept, original = [], batch.Batch._keep

    def interrupt(self, submission, *rest):
        if kept:
            raise KeyboardInterrupt
        kept.append(submission.student)
        original(self, submission, *rest)

    monkeypatch.setattr(batch.Batch, "_keep", interrupt)
    assert grade(course) == 130
    assert "the same command goes on from here" in capsys.readouterr().out
    assert grade(course, "--force") == 130
    assert "the same command without --force goes on from here" in capsys.readouterr().out
    monkeypatch.setattr(batch.Batch, "_keep", original)
    assert grade(course) == 0
    assert marks(course) == {"ada": (4, 7), "ben": (0, 7), "cyd": (0, 7), "dee": (2, 7)}


def test_submissions_elsewhere_are_graded_and_left_as_they_are(course, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("inbox")
    path = elsewhere / "eve" / LESSON / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(file_of(answered(half=RIGHT["half"])))
    (path.parent / "notes.txt").write_text("mine")
    before = {p: p.read_bytes() for p in elsewhere.rglob("*") if p.is_file()}
    assert grade(course, "--submissions", str(elsewhere)) == 0
    assert marks(course) == {"eve": (1, 7)}
    assert {p: p.read_bytes() for p in elsewhere.rglob("*") if p.is_file()} == before


def test_a_grading_folder_and_a_database_elsewhere(course, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    url = f"sqlite:///{other.as_posix()}/marks.db"
    inbox = str(course / "grading" / "submitted")
    words = ["--submissions", inbox, "--grading", str(other / "a b"), "--db", url]
    assert grade(course, LESSON, *words) == 0
    assert (other / "marks.db").is_file()
    assert not (other / "a b" / "gradebook.db").exists()
    assert sorted(p.name for p in (other / "a b").iterdir()) == [
        "autograded",
        "feedback",
        "run.lock",
        "seeds.json",
        "verdicts",
    ]


def test_a_late_submission_is_late(graded):
    from datetime import datetime

    with Book(graded / "grading").open() as book:
        book.update_or_create_assignment(LESSON, duedate=datetime(2026, 1, 1))
    folder = hand_in(graded, "ada", file_of(CLASS["ada"])).parent
    (folder / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    grade(graded, "--force")
    with Book(graded / "grading").open() as book:
        assert book.find_submission(LESSON, "ada").total_seconds_late == 86_400


def test_a_timestamp_that_is_none_counts_as_in_time(tmp_path):
    assert read_timestamp(tmp_path) is None
    for text in ("", "yesterday-ish", "9" * 500):
        (tmp_path / "timestamp.txt").write_text(text)
        assert read_timestamp(tmp_path) is None


def test_the_seed_is_drawn_once_and_changed_only_on_demand(graded, capsys):
    path = graded / "grading" / "seeds.json"
    first = json.loads(path.read_text())[LESSON]
    assert path.stat().st_mode & 0o077 == 0 or os.name == "nt"
    grade(graded)
    assert verdict(graded, "ada")["seed"] == first == seed_of(graded / "grading", LESSON)
    capsys.readouterr()
    grade(graded, "--seed", "2027")
    assert verdict(graded, "ada")["seed"] == "2027" == seed_of(graded / "grading", LESSON)
    assert f"{LESSON}: the kept seed is replaced" in capsys.readouterr().out
    grade(graded, "--seed", "2027")
    assert "replaced" not in capsys.readouterr().out


def test_a_class_gets_no_mixed_seeds(graded, tmp_path_factory, capsys):
    kept = seed_of(graded / "grading", LESSON)
    assert grade(graded, "--seed", "2027", "--only", "ada") == 1
    assert "use another folder with --grading" in capsys.readouterr().err
    assert seed_of(graded / "grading", LESSON) == kept
    other = tmp_path_factory.mktemp("again")
    words = ["--submissions", str(graded / "grading" / "submitted"), "--grading", str(other)]
    for seed in ("2027", "2028"):
        assert grade(graded, "--seed", seed, "--only", "ada", *words) == 0
        assert seed_of(other, LESSON) == seed


def test_the_number_of_a_lesson_is_enough(graded, capsys):
    assert grade(graded, LESSON[:2]) == 0
    assert grade(graded, LESSON[1:]) == 1
    assert f'no lesson "{LESSON[1:]}"' in capsys.readouterr().err


def test_an_unknown_lesson_is_an_error_that_names_the_lessons(course, capsys):
    assert grade(course, "91_no") == 1
    assert f'no lesson "91_no"; the lessons are {LESSON}' in capsys.readouterr().err
    assert not (course / "grading" / "seeds.json").exists()


def test_what_is_not_graded_for_its_name_is_said(graded, capsys):
    for name in ("ada/90_tyo", "ben/.ipynb_checkpoints"):
        (graded / "grading" / "submitted" / name).mkdir()
    assert grade(graded) == 0
    error = capsys.readouterr().err
    assert f"no lesson has this name: ada/90_tyo; the lessons are {LESSON}" in error


def test_a_folder_whose_name_is_no_text_stops_nobody(graded, capsys):
    for name in (f"eve\n/{LESSON}".encode(), b"\xff/" + LESSON.encode()):
        try:
            os.makedirs(os.path.join(os.fsencode(graded), b"grading/submitted", name))
        except OSError:
            pytest.skip("this system has no such names; nothing has to be installed")
    assert grade(graded) == 0
    error = capsys.readouterr().err
    assert "the name is not plain text: 'eve\\n/90_toy', '\\udcff/90_toy'" in error


def test_a_release_that_is_older_than_its_lesson_is_said(graded, capsys):
    assert grade(graded) == 0
    assert "older than its lesson" not in capsys.readouterr().err
    (graded / "lessons").mkdir()
    (graded / "lessons" / f"{LESSON}.py").write_text("# %% [markdown]\n# # New\n")
    assert grade(graded) == 0
    assert f"{LESSON}: the release is older than its lesson" in capsys.readouterr().err


def test_one_submission_is_counted_as_one(course, tmp_path_factory, capsys):
    inbox = tmp_path_factory.mktemp("one")
    shutil.copytree(course / "grading" / "submitted" / "ben", inbox / "ben")
    assert grade(course, "--submissions", str(inbox)) == 0
    assert "Grading 1 submission from" in capsys.readouterr().out


def test_nothing_to_grade_is_said(course, tmp_path_factory, capsys):
    assert grade(course, "--submissions", str(tmp_path_factory.mktemp("empty"))) == 1
    assert "Nothing to grade" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--workers", "0"], "--workers 0: should be 1 or more"),
        (["--workers", "two"], "argument --workers: invalid int value: 'two'"),
        (["--limit", "case"], "--limit case: should be a name, = and a number, as case=10"),
        (["--limit", "case=long"], "--limit case=long: the limit case is 'long'; it should be"),
        (["--limit", "cast=3"], '--limit cast=3: no limit "cast"; the limits are case, question'),
        (["--limit", "case=-1"], "--limit case=-1: the limit case is '-1'; it should be a number"),
        (["--onl", "ada"], "unrecognized arguments: --onl"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(course, capsys, words, told):
    with pytest.raises(SystemExit) as end:
        grade(course, *words)
    assert end.value.code == 2
    assert told in capsys.readouterr().err


def test_a_changed_lesson_cannot_be_mixed_with_old_marks(graded, capsys):
    changed = release()
    changed.cells = [cell for cell in changed.cells if "half" not in cell.id]
    (graded / "notebooks" / LESSON / f"{LESSON}.ipynb").write_bytes(file_of(changed))
    assert grade(graded) == 1
    assert "graded cells came or went" in capsys.readouterr().err


def test_changed_points_reach_the_gradebook(graded):
    changed = release()
    for cell in changed.cells:
        if cell.id == "check_half":
            cell.metadata.nbgrader["points"] = 5
    (graded / "notebooks" / LESSON / f"{LESSON}.ipynb").write_bytes(file_of(changed))
    assert grade(graded) == 0
    assert marks(graded)["ada"] == (8, 11)


def test_folders_that_are_no_lessons_are_left_alone(tmp_path):
    for folder in ("ada/90_toy", "ada/homework", ".git/90_toy", "ben"):
        (tmp_path / folder).mkdir(parents=True)
    assert [(s.student, s.lesson) for s in find_submissions(tmp_path, [LESSON])] == [
        ("ada", LESSON)
    ]


def test_the_table_shows_what_is_missing_and_what_waits():
    text = table({("ada", "00"): (2.0, 2.0, True), ("ben", "01"): (1.25, 20.0, False)})
    assert text.splitlines() == [
        "student  00      01            total",
        "───────  ──────  ────────────  ─────",
        "ada      2 of 2  –             2",
        "ben      –       1.25 of 20 *  1.25",
        "* parts wait for a teacher to grade them by hand: type jupyter lab, "
        "choose Formgrader in the menu Nbgrader",
    ]


def test_a_large_class_is_shown_as_a_distribution():
    marks = {(f"s{i}", "00"): (float(i % 3), 2.0, i > 0) for i in range(60)}
    text = shown(marks)
    assert text == summary(marks)
    assert text.splitlines()[2].split() == ["00", "60", "*", "2", "1", "0", "0", "1", "2", "2"]
    assert "nbgrader export" in text
    assert summary({("ada", "00"): (1.0, 2.0, True)}).splitlines()[2].split()[3:] == ["1"] * 6


@pytest.fixture
def nbgrader(graded):
    """Run one of nbgrader's own commands in a course with the real configuration."""
    config = (SOURCE / "nbgrader_config.py").read_text(encoding="utf-8")
    asked = 'c.GradeAnswers.questions = "tests.toy"\n'
    (graded / "nbgrader_config.py").write_text(config + asked, encoding="utf-8")
    shutil.copytree(graded / "notebooks", graded / "solutions")
    scripts = Path(sys.executable).parent
    path = os.pathsep.join([str(scripts), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(SOURCE)}

    def call(*words):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=graded,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return call


@pytest.mark.slow
def test_nbgraders_own_commands_give_the_same_marks(graded, nbgrader):
    course = graded
    expected = marks(course)
    shutil.move(course / "grading", course / "ours")
    (course / "grading").mkdir()
    shutil.copytree(course / "ours" / "submitted", course / "grading" / "submitted")
    shutil.copy(course / "ours" / "seeds.json", course / "grading")
    nbgrader("generate_assignment", LESSON, "--force")
    shutil.copytree(course / "solutions", course / "notebooks", dirs_exist_ok=True)  # as handed out
    assert "JSON is broken" in nbgrader("autograde", LESSON)
    nbgrader("generate_feedback", LESSON)
    nbgrader("export")
    assert marks(course) == expected
    assert rows(Book(course / "grading")) == rows(Book(course / "ours"))
    with (course / "grading" / "grades.csv").open(encoding="utf-8") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == {student: mark[0] for student, mark in expected.items()}
    for student in expected:
        name = Path("verdicts", student, f"{LESSON}.json")
        ours, theirs = (read_verdict(course / folder / name) for folder in ("ours", "grading"))
        assert ours.findings() == theirs.findings()
        feedback = course / "grading" / "feedback" / student / LESSON / f"{LESSON}.html"
        assert "You squared x." in feedback.read_text() or student != "dee"
