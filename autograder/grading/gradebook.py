"""The gradebook: nbgrader's own, written by nbgrader's own steps, by one process only."""

import contextlib
import json
import math
import os
import re
import sysconfig
import warnings
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import parse_utc
from sqlalchemy.exc import OperationalError, SAWarning
from traitlets.config import PyFileConfigLoader

from autograder.grading.ledger import STEPS, ClosingGradebook, Ledger, handed, log
from autograder.grading.machine import without_password
from autograder.grading.material import ROOT
from autograder.grading.verdict import write_atomically
from autograder.sandbox.limits import GradingError

READ_ONLY, WRITABLE = 0o444, 0o644
MAX_TIMESTAMP = 200
MAX_STUDENT = 128  # characters of a student's name in the gradebook
# Formgrader's pages take a name as it is, in HTML and in quotes; the rest is no text.
NO_NAME = re.compile(r'[<>"&`\\\x00-\x1f\x7f\ud800-\udfff]')
NOT_WRITTEN = (
    "{}/{} was not written, the gradebook cannot be reached or is locked: {} "
    "(is formgrader or another run at work? then wait for it and run the same command again)"
)


@dataclass(frozen=True)
class Grades:
    """What a feedback page shows of the gradebook, as plain data that can be sent to a worker.

    `score` counts the late penalty in; `cells` maps a cell's name to its score, its full score and
    its comment, each None where the gradebook keeps none.
    """

    student: str
    lesson: str
    score: float = 0.0
    max_score: float = 0.0
    late_penalty: float = 0.0
    cells: dict = field(default_factory=dict)


class Book:
    """The gradebook of one grading folder.

    Parameters
    ----------
    grading : path
        The grading folder.
    db_url : str, optional
        By default `gradebook.db` in the grading folder.
    """

    def __init__(self, grading, db_url=None):
        self.grading = Path(grading).resolve()
        self.grading.mkdir(parents=True, exist_ok=True)
        self.db_url = db_url or f"sqlite:///{(self.grading / 'gradebook.db').as_posix()}"
        self.config = load_config()
        find_alembic()
        self._ledger = cache(lambda: Ledger(self.db_url))
        self._steps = cache(lambda: [step(config=self.config, log=log) for step in STEPS])

    @contextlib.contextmanager
    def open(self):
        """Open nbgrader's gradebook, in a `with` statement."""
        with _quiet(), ClosingGradebook(self.db_url) as book:
            yield book

    def ensure_lesson(self, lesson, release):
        """Make the entries of a lesson, or bring them up to date with its release.

        Raises
        ------
        GradingError
            If cells came or went since the first submission was graded.
        """
        if self._knows(lesson, release):
            return
        with self.open() as book:
            book.update_or_create_assignment(lesson)
        resources = self._resources("", lesson)
        try:
            with _quiet():
                SaveCells(config=self.config, log=log).preprocess(release, resources)
        except RuntimeError:
            raise GradingError(
                f"{lesson}: graded cells came or went since the gradebook "
                f"{without_password(self.db_url)} was made; "
                "grade into another folder (--grading DIR), or put the old lesson back"
            ) from None

    def _knows(self, lesson, release):
        cells = [c.metadata.nbgrader for c in release.cells if "nbgrader" in c.metadata]
        wanted = {(s.grade_id, s.get("checksum")) for s in cells}
        points = {(s.grade_id, float(s.points)) for s in cells if s.grade}
        with self.open() as book:
            try:
                notebook = book.find_notebook(lesson, lesson)
            except MissingEntry:
                return False
            kept = {(cell.name, cell.checksum) for cell in notebook.source_cells}
            return (
                kept == wanted and {(c.name, c.max_score) for c in notebook.grade_cells} == points
            )

    def _resources(self, student, lesson):
        names = {"student": student, "assignment": lesson, "notebook": lesson}
        return {"nbgrader": names | {"db_url": self.db_url}, "unique_key": lesson}

    def save(self, student, lesson, notebook, timestamp=None):
        """Write the marks in a graded notebook to the gradebook, then the notebook to its folder.

        Parameters
        ----------
        student, lesson : str
        notebook : nbformat.NotebookNode
        timestamp : datetime.datetime, optional
            When it was submitted, UTC.
        """
        check_student(student)
        resources = self._resources(student, lesson)
        try:
            with _quiet(), self._ledger().transaction() as ledger, handed(ledger):
                ledger.update_or_create_student(student)
                given = {} if timestamp is None else {"timestamp": timestamp}
                ledger.update_or_create_submission(lesson, student, **given)
                for step in self._steps():
                    notebook, resources = step.preprocess(notebook, resources)
        except OperationalError as error:
            raise GradingError(NOT_WRITTEN.format(student, lesson, error.orig)) from error
        self._keep(self.autograded(student, lesson), notebook)

    def _keep(self, path, notebook):
        if path.exists():
            path.chmod(WRITABLE)  # Windows replaces no file that is read-only
        write_atomically(path, json.dumps(notebook, ensure_ascii=False, sort_keys=True) + "\n")
        path.chmod(READ_ONLY)

    def autograded(self, student, lesson):
        """Return where a graded notebook lies."""
        return self.grading / "autograded" / student / lesson / f"{lesson}.ipynb"

    def marks(self, lessons):
        """Return the marks as {(student, lesson): (points, full points, whether all is graded)}.

        A late penalty is taken off, as in the exported file.
        """
        marks = {}
        with self.open() as book:
            for lesson in lessons:
                penalties = {row.student_id: row.penalty or 0.0 for row in _late(book, lesson)}
                for row in book.submission_dicts(lesson):
                    points = max(0.0, row["score"] - penalties.get(row["student"], 0.0))
                    graded = not row["needs_manual_grade"]
                    marks[row["student"], lesson] = (points, row["max_score"], graded)
        return marks

    def written(self, lessons):
        """Return {(student, lesson): (time, settled)} of what is written.

        `time` is when it came in, UTC, or None; `settled` tells whether the late penalty is what
        the due date, the marks and the rule in `nbgrader_config.py` give now.
        """
        step, found = AssignLatePenalties(config=self.config, log=log), {}
        step.init_plugin()
        rule = step.plugin_inst.late_submission_penalty
        with self.open() as book:
            for lesson in lessons:
                due = book.find_assignment(lesson).duedate
                for row in _late(book, lesson):
                    settled = _is_settled(row, due, rule)
                    found[row.student_id, lesson] = row.timestamp, settled
        return found

    def grades(self, lesson):
        """Return {student: Grades} of a lesson: a few queries, whatever the size of the class.

        Marks and comments that a teacher gave by hand are part of it.
        """
        with self.open() as book:
            scores = _rows(book, Grade, lesson, Grade.score, Grade.max_score)
            comments = _rows(book, Comment, lesson, Comment.comment)
        cells, penalties = {}, {}
        for student, penalty, cell, score, full in scores:
            penalties[student] = penalty or 0.0
            cells.setdefault(student, {})[cell] = (score, full, None)
        for student, _, cell, comment in comments:
            score, full, _ = cells.setdefault(student, {}).get(cell, (None, None, None))
            cells[student][cell] = (score, full, comment)
        return {
            student: _grades(student, lesson, penalties.get(student, 0.0), cells[student])
            for student in sorted(cells)
        }


def _grades(student, lesson, penalty, cells):
    score = sum(score for score, _, _ in cells.values() if score is not None)
    full = sum(full for _, full, _ in cells.values() if full is not None)
    return Grades(student, lesson, score - penalty, full, penalty, cells)


def _late(book, lesson):
    """Return student, time, extension, late penalty and score of every submission to a lesson."""
    notebook, submission = SubmittedNotebook, SubmittedAssignment
    query = book.db.query(
        submission.student_id,
        submission.timestamp,
        submission.extension,
        notebook.late_submission_penalty.label("penalty"),
        notebook.score.label("score"),
    ).join(notebook, notebook.assignment_id == submission.id)
    return query.filter(submission.assignment_id == book.find_assignment(lesson).id).all()


def _is_settled(row, due, rule):
    """Return whether a penalty is the rule's, between 0 and the score as nbgrader keeps it."""
    late = 0.0
    if due is not None and row.timestamp is not None:
        late = (row.timestamp - due - (row.extension or timedelta())).total_seconds()
    try:
        wanted = rule(row.student_id, row.score, late) if late > 0 else None
    except Exception:  # told when the submission is written
        return False
    return math.isclose(row.penalty or 0.0, min(max(wanted or 0.0, 0.0), row.score), abs_tol=1e-9)


def _rows(book, table, lesson, *columns):
    """Return (student, late penalty, cell, *columns) of every submission to a lesson."""
    late = SubmittedNotebook.late_submission_penalty
    query = book.db.query(SubmittedAssignment.student_id, late, BaseCell.name, *columns)
    query = query.select_from(table).join(
        SubmittedNotebook, table.notebook_id == SubmittedNotebook.id
    )
    query = query.join(
        SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id
    ).join(BaseCell, table.cell_id == BaseCell.id)
    lesson_id = book.find_assignment(lesson).id
    return [tuple(row) for row in query.filter(SubmittedAssignment.assignment_id == lesson_id)]


@contextlib.contextmanager
def _quiet():
    """Silence what nbgrader makes SQLAlchemy warn of at each new submission."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


def check_student(student):
    """Raise a `GradingError` if a student's name cannot be entered, or would be read as markup."""
    if NO_NAME.search(student) or not 0 < len(student) <= MAX_STUDENT:
        raise GradingError(
            f"the folder of the student {student[:MAX_STUDENT]!a} should have a name of at "
            f'most {MAX_STUDENT} characters without < > " & ` \\ and line breaks; rename it'
        )


def load_config(root=ROOT):
    """Return the settings in `nbgrader_config.py`."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def find_alembic():
    """Put the environment's own folder of commands on PATH: nbgrader calls `alembic` by name."""
    scripts = sysconfig.get_path("scripts")
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + os.environ.get("PATH", "")


def read_timestamp(folder):
    """Return when a submission came in, from its `timestamp.txt`, or None where there is none.

    The file decides about a late penalty, so it has to be the teacher's: nbgrader's exchange and
    `nbgrader zip_collect` write it, from the clock and from the archive of the learning platform,
    over one that a student put there. Whoever copies a student's folder by hand trusts theirs.
    """
    path = Path(folder) / "timestamp.txt"
    if path.is_symlink() or not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_TIMESTAMP).strip()
        return parse_utc(text) if text else None
    except (OSError, ValueError, OverflowError):
        log.warning("%s holds no date; the submission counts as in time", path)
        return None
