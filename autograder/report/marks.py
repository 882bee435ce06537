"""Marks from nbgrader's gradebook, read in two queries and never written."""

from pathlib import Path

from autograder.report.records import Cell, Mark

NO_GRADEBOOK = "There is no gradebook in {}: all marks are those of the verdicts."
UNREADABLE = "The gradebook {} cannot be read ({}): all marks are those of the verdicts."


def read_marks(grading, db_url=None):
    """Return the marks of a class.

    Parameters
    ----------
    grading : path
    db_url : str, optional
        By default `gradebook.db` in the grading folder.

    Returns
    -------
    marks : dict
        From (student, lesson) to `Mark`.
    students : set of str
        All whom the gradebook knows.
    remarks : list of str
        Why it could not be read, empty where it was.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import Session

    path = Path(grading).resolve() / "gradebook.db"
    if not db_url and not path.is_file():  # opening would make one
        return {}, set(), [NO_GRADEBOOK.format(path.parent)]
    try:
        engine = create_engine(db_url or f"sqlite:///{path.as_posix()}")
    except (SQLAlchemyError, ImportError) as error:
        return {}, set(), [UNREADABLE.format("named by --db", type(error).__name__)]
    try:
        with Session(engine) as session:
            return *_read(session), []
    except SQLAlchemyError as error:
        name = engine.url.render_as_string(hide_password=True)
        return {}, set(), [UNREADABLE.format(name, type(error).__name__)]
    finally:
        engine.dispose()


def _read(session):
    from nbgrader.api import Student

    marks = {
        (student, lesson): Mark({}, _seconds_late(*times), penalty or 0.0)
        for student, lesson, penalty, *times in session.execute(_submissions())
    }
    for student, lesson, name, cell in map(_cell, session.execute(_grades())):
        marks[student, lesson].cells[name] = cell
    return marks, {row[0] for row in session.query(Student.id)}


def _submissions():
    from nbgrader.api import Assignment, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import select

    columns = (
        SubmittedAssignment.student_id,
        Assignment.name,
        SubmittedNotebook.late_submission_penalty,
        SubmittedAssignment.timestamp,
        Assignment.duedate,
        SubmittedAssignment.extension,
    )
    handed_in = SubmittedAssignment.assignment_id == Assignment.id
    notebook = SubmittedNotebook.assignment_id == SubmittedAssignment.id
    query = select(*columns).select_from(SubmittedAssignment).join(Assignment, handed_in)
    return query.join(SubmittedNotebook, notebook)


def _grades():
    from nbgrader.api import Assignment, BaseCell, Grade, GradeCell, SubmittedAssignment, TaskCell
    from nbgrader.api import SubmittedNotebook as Notebook
    from sqlalchemy import func, select

    columns = (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
    grade_cells, task_cells = GradeCell.__table__, TaskCell.__table__
    full = func.coalesce(grade_cells.c.max_score, task_cells.c.max_score)
    names = (SubmittedAssignment.student_id, Assignment.name, BaseCell.__table__.c.name)
    base = BaseCell.__table__
    return (
        select(*names, full, *columns)
        .select_from(Grade)
        .join(base, Grade.cell_id == base.c.id)
        .outerjoin(grade_cells, grade_cells.c.id == base.c.id)
        .outerjoin(task_cells, task_cells.c.id == base.c.id)
        .join(Notebook, Grade.notebook_id == Notebook.id)
        .join(SubmittedAssignment, Notebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
    )


def _cell(row):
    student, lesson, name, full, auto, manual, extra, waiting = row
    given = manual if manual is not None else auto
    score = None if waiting else (given or 0.0) + (extra or 0.0)
    by_hand = manual is not None and manual != auto
    return student, lesson, name, Cell(score, full or 0.0, auto, by_hand or bool(extra))


def _seconds_late(handed_in, due, extension):
    """Return how late a submission came: nbgrader's `total_seconds_late`."""
    if handed_in is None or due is None:
        return 0.0
    due = due if extension is None else due + extension
    return max(0.0, (handed_in - due).total_seconds())
