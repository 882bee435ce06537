"""The gradebook: nbgrader's rows, whole submissions, the same cost in any class."""

import sqlite3
from datetime import datetime

import nbformat
import pytest
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    GetGrades,
    LimitOutput,
    SaveAutoGrades,
)
from sqlalchemy import event

from autograder.grading import ledger
from autograder.grading.gradebook import MAX_STUDENT, Book, check_student, read_timestamp
from autograder.sandbox.limits import GradingError
from tests.marked import marked, rows, toy_book
from tests.toy import LESSON, RIGHT, answered, file_of, release

TABLES = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")
LATE = datetime(2026, 1, 2)


def notebook(share=0.5, **answers):
    return marked(file_of(answered(**answers)), release(), share=share)


def counts(book):
    with sqlite3.connect(book.grading / "gradebook.db") as database:
        found = [database.execute(f"SELECT count(*) FROM {name}").fetchone() for name in TABLES]
    database.close()
    return found


@pytest.fixture
def late():
    """Make every submission late, and worth nothing for that."""

    def settle(book):
        book.config.LateSubmissionPlugin.penalty_method = "zero"
        with book.open() as opened:
            opened.update_or_create_assignment(LESSON, duedate=datetime(2026, 1, 1))
        return book

    return settle


def save_as_nbgrader_does(book, student, graded, timestamp):
    """Write a submission by nbgrader's steps as they are."""
    with book.open() as opened:
        opened.update_or_create_student(student)
        opened.update_or_create_submission(LESSON, student, timestamp=timestamp)
    resources = book._resources(student, LESSON)
    for step in (LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata):
        graded, resources = step(config=book.config).preprocess(graded, resources)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own, see `_quiet`
def test_the_rows_are_those_of_nbgraders_own_steps(tmp_path, late):
    books = []
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        books.append(late(toy_book(tmp_path / name)))
    class_of = {
        "ada": (notebook(1.0, **RIGHT, why="So."), datetime(2025, 12, 1)),
        "ben": (notebook(0.0), LATE),
        "cyd": (notebook(0.6, double=RIGHT["double"], why="Why?"), LATE),
    }
    for student, (graded, timestamp) in class_of.items():
        books[0].save(student, LESSON, nbformat.from_dict(graded), timestamp)
        save_as_nbgrader_does(books[1], student, graded, timestamp)
    for book in books:  # a mark by hand, then graded again
        with book.open() as opened:
            opened.find_grade("why", LESSON, LESSON, "ada").manual_score = 2.5
            opened.find_grade("check_half", LESSON, LESSON, "cyd").extra_credit = 1.0
            opened.find_comment("why", LESSON, LESSON, "ada").manual_comment = "Good."
            opened.db.commit()
    books[0].save("ada", LESSON, class_of["ada"][0], LATE)
    save_as_nbgrader_does(books[1], "ada", class_of["ada"][0], LATE)
    assert rows(books[0]) == rows(books[1])
    assert books[0].marks([LESSON]) == books[1].marks([LESSON])
    assert {penalty for *_, penalty in rows(books[0])[0]} == {0.0, 2.4, 6.5}


def test_grades_are_what_nbgrader_puts_into_a_page(tmp_path, late):
    book = late(toy_book(tmp_path))
    book.save("ada", LESSON, notebook(0.5, **RIGHT, why="So."), LATE)
    book.save("ben", LESSON, notebook(0.25))
    with book.open() as opened:
        grade = opened.find_grade("why", LESSON, LESSON, "ben")
        grade.manual_score, grade.extra_credit = 2.5, 0.5
        opened.find_comment("why", LESSON, LESSON, "ben").manual_comment = "Nearly."
        opened.db.commit()
    for student, grades in book.grades(LESSON).items():
        graded = nbformat.read(book.autograded(student, LESSON), as_version=4)
        graded, resources = GetGrades().preprocess(graded, book._resources(student, LESSON))
        shown = resources["nbgrader"]
        assert (grades.score, grades.max_score) == (shown["score"], shown["max_score"])
        assert grades.late_penalty == shown["late_penalty"]
        for cell in graded.cells:
            settings = cell.metadata.get("nbgrader", {})
            score, points, comment = grades.cells.get(settings.get("grade_id"), (None,) * 3)
            if settings.get("grade"):
                assert (score, points) == (settings["score"], settings["points"])
            if settings.get("solution"):
                assert comment == settings["comment"]


@pytest.mark.parametrize("step", ["LimitOutput", "SaveAutoGrades", "AssignLatePenalties"])
def test_a_submission_is_written_whole_or_not_at_all(tmp_path, monkeypatch, step):
    book = toy_book(tmp_path, ada={})
    before = rows(book), counts(book)
    cls = next(s for s in ledger.STEPS if s.__name__ == step)
    original = cls.preprocess

    def fail(self, nb, resources):
        original(self, nb, resources)
        raise OSError("the disk is full")

    monkeypatch.setattr(cls, "preprocess", fail)
    for student in ("ada", "ben"):
        with pytest.raises(OSError, match="disk is full"):
            book.save(student, LESSON, notebook(1.0, **RIGHT))
    assert (rows(book), counts(book)) == before
    assert not book.autograded("ben", LESSON).exists()
    monkeypatch.undo()
    book.save("ada", LESSON, notebook(1.0, **RIGHT))
    assert rows(book) != before[0]


def test_a_submission_costs_the_same_in_any_class(tmp_path):
    """Neither a statement more nor one that reads the rows of others, whatever the class."""
    book, statements = toy_book(tmp_path), []
    event.listen(
        book._ledger().engine, "before_cursor_execute", lambda *a: statements.append(a[2:4])
    )
    sizes = []
    for number in range(4):
        statements.clear()
        book.save(f"student-{number}", LESSON, notebook(share=0.5, **RIGHT))
        sizes.append(len(statements))
    assert len(set(sizes)) == 1
    with sqlite3.connect(tmp_path / "gradebook.db") as database:
        for statement, values in statements:
            first = values[0] if isinstance(values, list) else values
            plan = [step[3] for step in database.execute(f"EXPLAIN QUERY PLAN {statement}", first)]
            scanned = {step.split()[1] for step in plan if step.startswith("SCAN")}
            assert not scanned & {*TABLES, *(f"{name}_1" for name in TABLES)}, statement
    database.close()


def test_a_submission_is_one_commit_and_leaves_nothing_open(tmp_path):
    book, commits = toy_book(tmp_path), []
    event.listen(book._ledger().engine, "commit", commits.append)
    book.save("ada", LESSON, notebook(share=0.5, **RIGHT))
    assert len(commits) == 1
    assert book._ledger().engine.pool.checkedout() == 0
    (tmp_path / "gradebook.db").rename(tmp_path / "moved.db")  # Windows: no file that is open


def test_a_gradebook_that_stays_locked_is_told_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "LOCKED_SECONDS", 0.1)
    book = toy_book(tmp_path, ada={})
    other = sqlite3.connect(tmp_path / "gradebook.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(GradingError, match=r"ada/90_toy was not written.*database is locked"):
        book.save("ada", LESSON, notebook(1.0, **RIGHT))
    other.rollback()
    other.close()
    book.save("ada", LESSON, notebook(1.0, **RIGHT))
    assert book.marks([LESSON])["ada", LESSON][0] == 4.0


@pytest.mark.parametrize("name", ["O'Brien, Ann", "李雷", "a.b+c@d.e", "é" * MAX_STUDENT])
def test_a_students_name_is_taken(name):
    check_student(name)


@pytest.mark.parametrize(
    "name",
    ["", "a\nb", "<img src=x onerror=alert(1)>", 'a"b', "a&lt;b", "\udcff", "a\\b", "a" * 129],
)
def test_a_name_that_is_markup_or_no_text_is_refused(tmp_path, name):
    with pytest.raises(GradingError, match="rename it"):
        check_student(name)


def test_a_timestamp_is_read_as_a_date_or_not_at_all(tmp_path):
    (tmp_path / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    assert read_timestamp(tmp_path) == LATE
    (tmp_path / "timestamp.txt").write_text("9" * 500)
    assert read_timestamp(tmp_path) is None


def test_a_gradebook_is_made_where_there_is_none(tmp_path):
    book = Book(tmp_path / "new")
    book.ensure_lesson(LESSON, release())
    book.save("ada", LESSON, notebook(1.0, **RIGHT))
    assert book.marks([LESSON]) == {("ada", LESSON): (4.0, 7.0, True)}
