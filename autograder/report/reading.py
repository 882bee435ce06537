"""Read what the report is made from: verdicts, tracebacks, folders.

Nothing here trusts a file to be whole: what cannot be read is kept as a sentence.
"""

import json
import math
import re
from pathlib import Path

from autograder.report.marks import read_marks
from autograder.report.records import Answer, Course, Entry, Lesson, Record

MADE = ("sandbox", "seed", "format")  # of a verdict: text that is counted over a lesson


class BrokenError(ValueError):
    """A verdict that cannot be read; the message says why."""


def read_record(path):
    """Return what the report needs of a verdict, tolerant of fields that are not there.

    Raises
    ------
    BrokenError
        If it cannot be read.
    """
    try:
        written = path.stat().st_mtime
        return _record(json.loads(path.read_bytes()), written)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenError(f"the verdict cannot be read ({type(error).__name__})") from None


def _record(data, written):
    versions = {f"version of {k}": str(v) for k, v in dict(data.get("versions") or {}).items()}
    made = {kind: _text(data.get(kind)) for kind in MADE} | versions
    settings = data.get("settings")
    made["limits in force"] = _text(settings)
    return Record(
        answers=tuple(_answer(check) for check in data["checks"]),
        notes=tuple(map(_note, data["notes"])),
        refused=str(data.get("refused") or ""),
        limits=tuple(map(_limit, data.get("limits") or ())),
        made=tuple((kind, value) for kind, value in made.items() if value),
        cpu=_number(data.get("cpu") or 0.0),
        written=written,
    )


def _note(note):
    return str(note["kind"]), str(note["cell"]), str(note["sentence"])


def _limit(limit):
    """Return kind, cell and sentence of a limit that was hit; format 1 kept the sentence only."""
    if isinstance(limit, dict):
        return _note(limit)
    name, _, reason = str(limit).partition(": ")
    return "", name if reason else "", str(limit)


def _answer(check):
    return Answer(
        name=str(check["name"]),
        status=str(check["status"]),
        points=_number(check["points"]),
        max_points=_number(check["max_points"]),
        diagnosis=str(check.get("diagnosis") or ""),
        sentence=str(check.get("sentence") or ""),
        reason=str(check.get("reason") or ""),
        case=str(check.get("case") or case_in(str(check.get("message") or ""))),
        needs=tuple(str(name) for name in check.get("needs") or ()),
    )


def _number(value):
    if isinstance(value, dict):  # seconds by step
        return sum(_number(item) for item in value.values())
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


def _text(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, int) and value >= 2**20:
        return f"{value / 2**20:g} MiB"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def case_in(message):
    r"""Return the case that a check's message names as the first that failed.

    Examples
    --------
    >>> case_in("✗ f: not right yet\n  case      an empty\n            array\n  result    nan")
    'an empty array'
    """
    found = re.search(r"^  case {6}(.*(?:\n {12}.*)*)", message, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def find_verdicts(grading):
    """Return where verdicts and tracebacks lie.

    Returns
    -------
    verdicts, faults : dict
        From (student, lesson) to a path; a fault of a whole lesson has the student "".
    """
    verdicts, faults = {}, {}
    folder = Path(grading) / "verdicts"
    for path in sorted(folder.glob("*.error.txt")) + sorted(folder.glob("*/*")):
        student = "" if path.parent == folder else path.parent.name
        if path.name.endswith(".error.txt"):
            faults[student, path.name.removesuffix(".error.txt")] = path
        elif path.suffix == ".json":
            verdicts[student, path.stem] = path
    return verdicts, faults


def last_line(path):
    """Return the last line of a traceback."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "the grader stopped"


def find_submitted(grading):
    """Return the pairs (student, lesson) that were handed in to the grading folder."""
    folders = (Path(grading) / "submitted").glob("*/*")
    return {(p.parent.name, p.name) for p in folders if p.is_dir() and p.parent.name[0] != "."}


# ---- all together ----


def read_course(grading, wanted=(), db_url=None):
    """Return all that is known of a class.

    Parameters
    ----------
    grading : path
    wanted : sequence of str
        Names of lessons; by default all.
    db_url : str, optional
        The gradebook's database, by default SQLite in the folder.
    """
    marks, known, remarks = read_marks(grading, db_url)
    verdicts, faults = find_verdicts(grading)
    submitted = find_submitted(grading)
    graded = set(verdicts) | set(faults) | set(marks)
    names = sorted({lesson for _, lesson in graded})
    students = sorted({s for s, _ in graded | submitted if s} | known)
    lessons = [
        _lesson(name, verdicts, faults, marks) for name in names if name in wanted or not wanted
    ]
    for lesson in lessons:
        there = {entry.student for entry in lesson.entries}
        lesson.waiting = sorted({s for s, name in submitted if name == lesson.name} - there)
        lesson.absent = sorted(set(students) - there - set(lesson.waiting))
    return Course(lessons, students, remarks)


def _lesson(name, verdicts, faults, marks):
    pairs = sorted({pair for pair in {**verdicts, **faults, **marks} if pair[1] == name})
    fault = last_line(faults["", name]) if ("", name) in faults else ""
    entries = [
        _entry(pair, verdicts.get(pair), faults.get(pair), marks.get(pair))
        for pair in pairs
        if pair[0]
    ]
    return Lesson(name, entries, fault=fault)


def _entry(pair, path, fault, mark):
    sentence = last_line(fault) if fault else ""
    if path is None:
        return Entry(*pair, None, mark, sentence)
    try:
        return Entry(*pair, read_record(path), mark, sentence)
    except BrokenError as error:
        return Entry(*pair, None, mark, sentence, str(error))
