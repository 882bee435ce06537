"""`nbgrader export`: the marks as a CSV file that is safe to open in a spreadsheet.

A spreadsheet runs a cell that begins like a formula, and students choose names. Such a cell gets
an apostrophe in front, which is how a spreadsheet is told that a cell is text.
"""

import csv
import re
from pathlib import Path

from nbgrader.plugins import CsvExportPlugin

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
# Where a formula could begin: at the start, or after what another country's spreadsheet takes for
# the end of a cell; behind what is skipped or not seen; also as a full-width or a small sign.
FORMULA = re.compile(
    "((?:^|[;,|])[\\s\"'`\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*)"
    "(?=[=+\\-@\u2212\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b])"
)
CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")


def safe(value):
    """Return what is written for a value: text that no spreadsheet runs, a number as it is.

    >>> safe("=HYPERLINK(1)"), safe("Jean-Luc"), safe(-2.5), safe(None)
    ("'=HYPERLINK(1)", 'Jean-Luc', -2.5, '')
    """
    if value is None or isinstance(value, (int, float)):
        return "" if value is None else value
    return FORMULA.sub(r"\1'", CONTROL.sub(" ", str(value)))


class SafeCsvExportPlugin(CsvExportPlugin):
    """nbgrader's CSV file, with the same columns, each cell made safe and quoted where needed."""

    def export(self, gradebook):
        """Write the marks to the file `to`, by default grades.csv."""
        path = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", path)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for row in self._rows(gradebook):
                writer.writerow([safe(row.get(column)) for column in COLUMNS])

    def _rows(self, gradebook):
        """Yield a row for each assignment and student, whether or not they submitted."""
        students = [s for s in gradebook.students if _wanted(s.id, self.student)]
        for assignment in gradebook.assignments:
            if _wanted(assignment.name, self.assignment):
                submissions = gradebook.assignment_submissions(assignment.name)
                found = {submission.student_id: submission for submission in submissions}
                for student in students:
                    yield _row(assignment, student) | _score(found.get(student.id))


def _wanted(name, names):
    return not names or name in map(str, names)


def _row(assignment, student):
    return {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "student_id": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "max_score": assignment.max_score,
    }


def _score(submission):
    """Return the marks of a submission, 0 where there is none."""
    if submission is None:
        return dict.fromkeys(("raw_score", "late_submission_penalty", "score"), 0.0)
    penalty = submission.late_submission_penalty or 0.0
    return {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
    }
