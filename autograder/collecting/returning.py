"""`./course return LESSON`: feedback pages and marks in the form that each platform takes back.

Canvas and Moodle tell by a file's name whose it is: collecting has kept the numbers in the names
of what was handed in, so the pages get such names again. No file of a student is returned.
"""

import argparse
import csv
import io
import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from autograder.collecting.archives import listed

ROOT = Path(__file__).parent.parent.parent
HEADERS = {  # of what can be imported: other columns are not needed
    "canvas": ("Student", "ID", "Section"),
    "moodle": ("Identifier", "Full name", "Grade", "Last modified (grade)"),
}
NOTHING = "Nothing to return: {} has no marks in {}; ./course grade gives them"

BEHIND = "not returned, page and mark are not of the same time: type ./course grade first"
GROUP = "not returned, shares its place on the platform with a member of its group: do it by hand"


@dataclass(frozen=True)
class Returned:
    """What goes back to a student: the feedback page, and the points.

    `platform` is "canvas", "moodle" or "other"; `name` and `number` are the student's there, and
    `file` is Canvas's number of what was handed in.
    """

    student: str
    page: Path
    points: float
    platform: str = "other"
    name: str = ""
    number: str = ""
    file: int = 0

    def path(self, lesson):
        """Return the page's name in the zip file.

        >>> Returned("ada_7", Path("l1.html"), 2, "moodle", "ada", "7").path("l1")
        'ada_7_assignsubmission_file/l1.html'
        >>> Returned("ada_7", Path("l1.html"), 2, "canvas", "ada", "7", 31).path("l1")
        'ada_7_31_l1.html'
        """
        if self.platform == "canvas":
            return f"{self.name}_{self.number}_{self.file}_{lesson}.html"
        if self.platform == "moodle":
            return f"{self.name}_{self.number}_assignsubmission_file/{lesson}.html"
        return f"{self.student}/{lesson}.html"

    @property
    def row(self):
        """The row of the marks, for the columns in `HEADERS`."""
        points = f"{self.points:.6g}"
        if self.platform == "canvas":
            return self.name, self.number, "", points
        return f"Participant {self.number}", self.name, points, ""


def main(argv=None, root=ROOT):
    """Run `./course return` and return its exit code."""
    parser = argparse.ArgumentParser(prog="course return", description=__doc__.split("`: ")[1])
    parser.add_argument("lesson", metavar="LESSON", help="01 or 01_l1_l2_updates")
    parser.add_argument("--grading", type=Path, metavar="DIR", help="by default grading/")
    parser.add_argument("--db", metavar="URL", help="the gradebook's database")
    options = parser.parse_args(argv)
    grading = options.grading or Path(root) / "grading"
    from sqlalchemy.exc import DBAPIError

    from autograder.grading.machine import GONE, without_password
    from autograder.grading.material import full_names
    from autograder.sandbox.limits import GradingError

    try:
        return _return(grading, full_names([options.lesson], root)[0], options.db)
    except DBAPIError as error:
        place = without_password(options.db) if options.db else grading / "gradebook.db"
        reason = str(error.orig).partition("\n")[0]
        print(GONE.format(place, reason), file=sys.stderr)
    except (GradingError, OSError) as error:
        print(error, file=sys.stderr)
    return 1


def _return(grading, lesson, db_url):
    """Write what goes back and say what does not; return the exit code."""
    marks, behind = _marks(grading, lesson, db_url)
    if not marks:
        print(NOTHING.format(lesson, grading), file=sys.stderr)
        return 1
    ready, waiting = sort(grading, lesson, marks, behind)
    for path, count in write(grading / "returned", lesson, ready):
        print(f"{path}: {count}")
    for why, students in waiting.items():
        print(f"{why}: {listed(students, 20)}")
    return 0


def _marks(grading, lesson, db_url):
    """Return the marks as `Book.marks` gives them, and the students whose pages are behind.

    There are none where the gradebook lacks the lesson.
    """
    from nbgrader.api import MissingEntry

    from autograder.grading.feedback import Feedback
    from autograder.grading.gradebook import Book
    from autograder.grading.machine import check_url
    from autograder.grading.verdict import is_on

    if db_url:
        check_url(db_url)
    elif not (grading / "gradebook.db").is_file():
        return {}, set()
    book = Book(grading, db_url)
    try:
        marks = book.marks([lesson])
    except MissingEntry:
        return {}, set()
    students = [student for student, _ in marks]
    behind = {grades.student for grades, _ in Feedback(book).outdated(students, lesson)}
    for student in students:
        notebook = grading / "submitted" / student / lesson / f"{lesson}.ipynb"
        if notebook.is_file() and not is_on(grading, student, lesson, notebook):
            behind.add(student)
    return marks, behind


def sort(grading, lesson, marks, behind=()):
    """Return what can go back, and the students for whom something is missing, by what it is.

    Parameters
    ----------
    grading : Path
    lesson : str
    marks : dict
        As `Book.marks` gives them.
    behind : set of str
        Students whose page is older than the mark or the submission.
    """
    record = _record(grading / "downloaded" / lesson / "collected.json")
    ready, waiting = {}, {}
    for (student, _), (points, _, graded) in sorted(marks.items()):
        page = grading / "feedback" / student / lesson / f"{lesson}.html"
        one = Returned(student, page, points, *_place(record.get(student, {})))
        why = _missing(one, graded, behind) or (GROUP if one.path(lesson) in ready else "")
        if why:
            waiting.setdefault(why, []).append(student)
        else:
            ready[one.path(lesson)] = one
    return list(ready.values()), waiting


def _missing(one, graded, behind):
    """Return why a page cannot go back yet, or an empty string."""
    if not graded:
        return "not returned, waits for you to grade it by hand"
    if not one.page.is_file():
        return "not returned, has no feedback page"
    return BEHIND if one.student in behind else ""


def _place(entry):
    """Return the platform, name, number and file number that collecting has kept, or nothing."""
    try:
        platform, _, rest = entry["identity"].partition(":")
        name, _, number = rest.rpartition(":")
        file = int(entry["order"][1])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):  # damaged, or not there
        return ()
    return (platform, name, number, file) if platform in HEADERS and number.isdecimal() else ()


def _record(path):
    """Return what collecting has kept of each student, or nothing."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write(folder, lesson, ready):
    """Write a zip file for each platform and its marks; yield each file and what is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for platform in (*HEADERS, "other"):
        own = [one for one in ready if one.platform == platform]
        path = folder / f"{lesson}-{platform}.zip"
        if not own:  # an earlier run may have had some
            path.unlink(missing_ok=True)
            path.with_suffix(".csv").unlink(missing_ok=True)
            continue
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in own:
                archive.write(one.page, one.path(lesson))
        yield path, f"{len(own)} feedback pages"
        if platform in HEADERS:
            path = path.with_suffix(".csv")
            path.write_text(_table(platform, lesson, own), encoding="utf-8", newline="")
            yield path, f"{len(own)} marks"


def _table(platform, lesson, own):
    from autograder.grading.export import safe

    header = HEADERS[platform] + ((lesson,) if platform == "canvas" else ())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe(cell) for cell in one.row] for one in own)
    return text.getvalue()
