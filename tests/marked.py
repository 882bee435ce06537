"""Graded notebooks without grading, for the tests of gradebook, feedback and export: quick."""

import sqlite3
import tempfile
from functools import cache
from pathlib import Path

import nbformat

from autograder.grading.demo import answers_in, submission
from autograder.grading.gradebook import Book
from autograder.grading.material import ROOT, points_of
from autograder.grading.submission import mark
from autograder.grading.transplant import transplant
from autograder.grading.verdict import Check, Verdict
from tests.toy import LESSON, answered, file_of, release

ROWS = """
SELECT student_id, base_cell.name, base_cell.type, {columns} FROM {table}
JOIN base_cell ON base_cell.id = cell_id
JOIN submitted_notebook ON submitted_notebook.id = {table}.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
ORDER BY student_id, base_cell.name
"""
WORST = "<img src=x onerror=alert(1)> ]]> \x1b[31mred\x1b[0m **bold** $\\href{javascript:1}{x}$"


def marked(data, release, lesson=LESSON, share=0.5, message="What the judge says."):
    """Return the graded notebook of a file whose checks all earned a share of their points."""
    planted = transplant(data, release)
    checks = [
        Check(name, "partly", share * full, full, {}, "", "", "", f"{name}: {message}")
        for name, full in points_of(release).items()
    ]
    verdict = Verdict(lesson, "key", planted.submission, "seed", checks, planted.notes)
    return mark(planted, verdict)


def read(kind, lesson):
    """Return the release ("notebooks") or the solution of a lesson."""
    return nbformat.read(ROOT / kind / lesson / f"{lesson}.ipynb", as_version=4)


def demo_book(grading, lesson, students):
    """Return a gradebook with some of the demo class, marked."""
    blank, right = read("notebooks", lesson), answers_in(read("solutions", lesson))
    book = Book(grading)
    book.ensure_lesson(lesson, blank)
    for number, student in enumerate(students):
        data = submission(student, lesson, blank, right).encode()
        book.save(student, lesson, marked(data, blank, lesson, number / len(students)))
    return book


@cache
def empty():
    """Return the bytes of a gradebook that knows the toy lesson: nbgrader takes 2 s to make one."""
    with tempfile.TemporaryDirectory() as folder:
        Book(folder).ensure_lesson(LESSON, release())
        return Path(folder, "gradebook.db").read_bytes()


def toy_book(grading, **students):
    """Return a gradebook of the toy lesson, from each student to their answers."""
    Path(grading, "gradebook.db").write_bytes(empty())
    book = Book(grading)
    for student, answers in students.items():
        book.save(student, LESSON, marked(file_of(answered(**answers)), release()))
    return book


def rows(book):
    """Return every mark and comment in a gradebook, without the ids that are drawn."""
    grades = "auto_score, manual_score, extra_credit, needs_manual_grade, late_submission_penalty"
    with sqlite3.connect(book.grading / "gradebook.db") as database:
        found = [
            database.execute(ROWS.format(table=table, columns=columns)).fetchall()
            for table, columns in (("grade", grades), ("comment", "auto_comment, manual_comment"))
        ]
    database.close()
    return found
