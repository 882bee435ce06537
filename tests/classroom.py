"""A class that was graded, made without grading anybody: verdicts, gradebook, feedback pages."""

import random

from nbgrader.api import (
    Assignment,
    Base,
    BaseCell,
    Grade,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import create_engine, insert

from autograder.grading.transplant import Note
from autograder.grading.verdict import Check, Verdict, verdict_path, write_verdict

LESSON = "90_toy"
SANDBOX = "process: no isolation"


def check(name, points, of=2.0, status="", diagnosis="", case="", **rest):
    """Return a check; its status follows from its points."""
    status = status or ("right" if points == of else "partly" if points else "wrong")
    case = f"\n  case      {case}\n  result    off by 1" if case else ""
    sentence = f"You did: {diagnosis}." if diagnosis else ""
    texts = {"sentence": sentence, "reason": "", "message": f"✗ {name}: a message{case}"}
    return Check(name, status, points, of, {}, diagnosis, **(texts | rest))


def verdict(checks, lesson=LESSON, **rest):
    """Return a verdict on these checks."""
    notes = [Note(*note) for note in rest.pop("notes", ())]
    limits = [Note(*limit) for limit in rest.pop("limits", ())]
    kept = {"sandbox": SANDBOX, "versions": {"python": "3.11.7"}, "seed": "secret", "cpu": 0.5}
    return Verdict(lesson, "key", "file", checks=checks, notes=notes, limits=limits, **kept | rest)


def write_class(grading, verdicts, manual=None, pages=True, **book):
    """Write verdicts, the gradebook that agrees with them, and feedback pages.

    Parameters
    ----------
    grading : pathlib.Path
    verdicts : dict
        From (student, lesson) to `Verdict`.
    manual : dict, optional
        From (student, lesson) to {cell: points, or None where they are still to be given}: for a
        check in place of the points of the verdict, for another name a cell of 3 points.
    pages : bool
        Whether there are feedback pages.
    **book
        `due` and `handed_in`, as `datetime.datetime`.
    """
    for (student, lesson), found in verdicts.items():
        write_verdict(verdict_path(grading, student, lesson), found)
        page = grading / "feedback" / student / lesson / f"{lesson}.html"
        if pages:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("<!DOCTYPE html><title>feedback</title>", encoding="utf-8")
    write_gradebook(grading, verdicts, manual or {}, **book)


def write_gradebook(grading, verdicts, manual, due=None, handed_in=None):
    """Write a gradebook with the marks of these verdicts: nbgrader's tables, row by row."""
    engine = create_engine(f"sqlite:///{(grading / 'gradebook.db').as_posix()}")
    rows = {table: {} for table in Base.metadata.sorted_tables}
    Base.metadata.create_all(engine)

    def add(model, key, **values):
        rows[model.__table__][key] = {"id": key} | values
        return key

    for (student, lesson), found in verdicts.items():
        add(Student, student)
        add(Assignment, lesson, name=lesson, duedate=due, course_id="course")
        notebook = add(Notebook, lesson, name=lesson, assignment_id=lesson)
        there = f"{student} {lesson}"
        ids = {"assignment_id": lesson, "student_id": student}
        add(SubmittedAssignment, there, timestamp=handed_in, **ids)
        add(SubmittedNotebook, there, assignment_id=there, notebook_id=notebook, flagged=False)
        by_hand = manual.get((student, lesson), {})
        full = {f"check_{c.name}": (c.points, c.max_points, "code") for c in found.checks}
        for name in full | by_hand:
            auto, worth, kind = full.get(name, (None, 3.0, "markdown"))
            cell = add(BaseCell, f"{lesson} {name}", name=name, notebook_id=notebook, type="g")
            add(GradeCell, cell, max_score=worth, cell_type=kind)
            given = {"auto_score": auto, "manual_score": by_hand.get(name)}
            waits = name in by_hand and by_hand[name] is None
            ids = {"notebook_id": there, "cell_id": cell, "needs_manual_grade": waits}
            add(Grade, f"{there} {name}", **ids, **given)
    with engine.begin() as connection:
        for table, found in rows.items():
            if found:
                connection.execute(insert(table), list(found.values()))
    engine.dispose()


def large_class(students, lessons, questions=15, seed=0):
    """Return verdicts of a class in which ability and difficulty vary: {(student, lesson): …}."""
    rng = random.Random(seed)
    verdicts = {}
    for number in range(students):
        ability = rng.gauss(0, 1)
        for place in range(lessons):
            name = f"{place:02d}_lesson_{place}"
            checks = [_guess(rng, ability, q, questions) for q in range(questions)]
            notes = [("edited", "check_a", "The cell had been edited.")] * (rng.random() < 0.03)
            limits = [("time", c.name, c.reason) for c in checks if c.status == "died"]
            refused = "no readable notebook" if rng.random() < 0.01 else ""
            found = verdict(checks, name, notes=notes, limits=limits, refused=refused)
            verdicts[f"student-{number:04d}", name] = found
    return verdicts


def _guess(rng, ability, question, questions):
    name = f"question_{question}"
    strength = ability - 2 * question / questions + 1 + rng.gauss(0, 1)
    if strength > 0:
        return check(name, 2.0)
    if rng.random() < 0.25:
        return check(name, 0.0, status="unanswered")
    if rng.random() < 0.05:
        return check(name, 0.0, status="died", reason="It did not finish within 5 s.")
    kind = rng.choice(["factor 2", "sign", "threshold", ""])
    case = "" if kind else rng.choice(["an empty array", "one row"])
    return check(name, rng.choice([0.0, 0.0, 1.2]), diagnosis=kind, case=case)
