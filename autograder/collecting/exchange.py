"""nbgrader's exchange, where a student's word is not taken: what to collect, and when it came in.

In the exchange a submission is a folder that stays the student's own. nbgrader copies whatever it
finds there with the teacher's rights, links included, and believes the name and the time on it.
These classes take its place in nbgrader_config.py. `Collect` reads the notebook and the key to its
feedback as plain files of their owner; `ReleaseFeedback` hands back pages of what was graded.
"""

import contextlib
import glob
import os
import re
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import check_mode, notebook_hash, parse_utc

from autograder.grading.gradebook import find_alembic, read_timestamp
from autograder.grading.preprocessors import GradeAnswers
from autograder.grading.transplant import MAX_BYTES
from autograder.grading.verdict import is_on

SECRET, TIMESTAMP = "submission_secret.txt", "timestamp.txt"
HEX = re.compile(r"[0-9a-f]{128}")  # what `nbgrader submit` draws
SLACK = timedelta(minutes=1)  # submitting copies the files after it looked at the clock
FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"


class RefusedFolderError(Exception):
    """Says why a folder of the exchange is no submission."""


@dataclass(frozen=True)
class Handed:
    """One submission as it lies in the exchange; `time` is when it came in, UTC, naive."""

    student: str
    time: datetime
    notebook: bytes
    secret: str


def handed(folder, lesson, check_owner=True):
    """Read one folder of the exchange, ``STUDENT+LESSON+TIME+RANDOM``.

    Links are not followed and files of others not read, so nobody hands in what only the teacher
    can read. The time is the claimed one, unless the file system knows better: it notes when the
    notebook was last written, and nobody can set that back.

    Parameters
    ----------
    folder : pathlib.Path
    lesson : str
    check_owner : bool
        Whether the folder must belong to the user of the student's name.

    Returns
    -------
    Handed

    Raises
    ------
    RefusedFolderError
        If it is not what `nbgrader submit` leaves there.
    """
    student, claimed = _named(folder.name, lesson)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    with _refusing("is no folder that can be read"):
        place = os.open(folder, flags)
    try:
        owner = os.fstat(place).st_uid
        if check_owner and user_name(owner) != student:
            raise RefusedFolderError(f"belongs to {user_name(owner)}, not to {student}")
        notebook, changed = _read(place, f"{lesson}.ipynb", owner, MAX_BYTES)
        secret, _ = _read(place, SECRET, owner, 200)
    finally:
        os.close(place)
    secret = secret.decode("ascii", "replace").strip()
    if not HEX.fullmatch(secret):
        raise RefusedFolderError(f"has no key to its feedback in {SECRET}")
    return Handed(student, changed if changed - claimed > SLACK else claimed, notebook, secret)


def _named(name, lesson):
    student, found, *rest = [*name.split("+"), "", ""]
    try:
        claimed = parse_utc(rest[0])
    except (ValueError, OverflowError):
        claimed = None
    if found != lesson or student[:1] in ("", ".") or claimed is None:
        raise RefusedFolderError("is not named STUDENT+LESSON+TIME+RANDOM")
    return student, claimed


def _read(place, name, owner, most):
    """Return the bytes of a plain file of `owner`, and when it was last changed."""
    with _refusing(f"has no {name} that is a plain file"):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        handle = os.open(name, flags, dir_fd=place)
    known = os.fstat(handle)
    if not stat.S_ISREG(known.st_mode) or known.st_uid != owner:
        os.close(handle)
        raise RefusedFolderError(f"has a {name} that is no plain file of its own")
    with os.fdopen(handle, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise RefusedFolderError(f"has a {name} of more than {most} bytes")
    return data, utc(known.st_ctime)


def utc(seconds):
    """Return a time of the file system as nbgrader keeps times.

    >>> utc(0)
    datetime.datetime(1970, 1, 1, 0, 0)
    """
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


@contextlib.contextmanager
def _refusing(reason):
    try:
        yield
    except OSError as error:
        raise RefusedFolderError(f"{reason}: {error.strerror}") from error


def user_name(number):
    """Return the name of a user of this machine, or the number where it has none."""
    import pwd  # Windows has neither this nor an exchange

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


class Collect(ExchangeCollect):
    """`nbgrader collect`: of each student the notebook that counts, and nothing else."""

    def init_src(self):
        """Read what was handed in to this lesson."""
        if not self.coursedir.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = os.path.join(self.root, self.coursedir.course_id, "inbound")
        if not check_mode(self.inbound_path, read=True, execute=True):
            self.fail(f"There is no folder {self.inbound_path} that you can read.")
        self.duedate = self._due()
        self.src_records = self._chosen(list(self._handed()))

    def _due(self):
        find_alembic()
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as book:
            try:
                return book.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                return None

    def _handed(self):
        lesson, student = self.coursedir.assignment_id, self.coursedir.student_id or "*"
        for folder in sorted(Path(self.inbound_path).glob(f"{student}+{lesson}+*")):
            try:
                yield handed(folder, lesson, self.check_owner)
            except RefusedFolderError as refusal:
                self.log.warning("Not collected: %a %s", folder.name, refusal)

    def _chosen(self, found):
        """Return the latest submission of each student; the latest in time, if so configured."""
        chosen = {}
        for one in sorted(found, key=lambda one: one.time):
            late = self.duedate is not None and one.time > self.duedate
            if not (self.before_duedate and late and one.student in chosen):
                chosen[one.student] = one
        return list(chosen.values())

    def copy_files(self):
        """Write what is new into `submitted/`."""
        lesson = self.coursedir.assignment_id
        if not self.src_records:
            self.log.warning("No submissions of %s to collect", lesson)
        for one in self.src_records:
            submitted = self.coursedir.submitted_directory
            place = Path(self.coursedir.format_path(submitted, one.student, lesson))
            if place.is_dir() and not self._replaces(one, place):
                self.log.info("Already collected: %s %s", one.student, lesson)
                continue
            self.log.info("Collecting submission: %s %s", one.student, lesson)
            keep(one, place, lesson)

    def _replaces(self, one, place):
        """Return whether a submission takes the place of the one that was collected before."""
        known = read_timestamp(place)
        if self.before_duedate:
            return one.time != known
        return self.update and (known is None or one.time > known)


def keep(one, place, lesson):
    """Write a submission into its folder, in place of an older one."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / f"{lesson}.ipynb").write_bytes(one.notebook)
    (place / SECRET).write_text(one.secret, encoding="ascii")
    (place / TIMESTAMP).write_text(one.time.strftime(FORMAT), encoding="ascii")


class ReleaseFeedback(ExchangeReleaseFeedback):
    """`nbgrader release_feedback`: the page of each submission that came by the exchange."""

    def copy_files(self):
        """Put each page where only the student who handed in can find it."""
        lesson = self.coursedir.assignment_id
        left_out = (self.coursedir.student_id_exclude or "").split(",")
        pages = sorted(glob.glob(f"{self.src_path}/{lesson}.html"))
        if not pages:
            self.log.warning("There is no feedback to %s yet: run `course grade` first", lesson)
        for page in pages:
            student = Path(page).parent.parent.name
            if student not in left_out:
                self._release(Path(page), student, lesson)

    def _release(self, page, student, lesson):
        submitted = self.coursedir.submitted_directory
        place = Path(self.coursedir.format_path(submitted, student, lesson))
        problem = self._problem(place, student, lesson)
        if problem:
            self.log.warning("No feedback released for %s: %s", student, problem)
            return
        secret = (place / SECRET).read_text(encoding="ascii")
        put(page, Path(self.dest_path, f"{notebook_hash(secret=secret, notebook_id=lesson)}.html"))
        self.log.info("Released feedback: %s %s", student, lesson)

    def _problem(self, submitted, student, lesson):
        """Return why the page is not that of the submission, or an empty string."""
        if not (submitted / SECRET).is_file():
            return "the submission did not come by the exchange; send the page yourself"
        grading = GradeAnswers(parent=self).grading_directory
        if not is_on(grading, student, lesson, submitted / f"{lesson}.ipynb"):
            return "what was collected last is not graded yet; grade, and type this again"
        return ""


def put(page, place):
    """Copy a page in one step, so that everybody who knows its name can read it."""
    part = place.with_suffix(".part")
    shutil.copyfile(page, part)
    part.chmod(0o644)
    part.replace(place)
