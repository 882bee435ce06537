"""A run over many submissions: workers judge, this process alone writes."""

import contextlib
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.grading.feedback import Feedback
from autograder.grading.gradebook import Book, read_timestamp
from autograder.grading.machine import MachineError, Patience, check_url, full_disk
from autograder.grading.material import key_of, release_path
from autograder.grading.overview import shown
from autograder.grading.pool import Pool, WorkerError
from autograder.grading.progress import Progress
from autograder.grading.seeds import is_replaced, judged, seed_of
from autograder.grading.tasks import Judge, Load, Page
from autograder.grading.transplant import RefusedError, read_submission
from autograder.grading.verdict import (
    Verdict,
    read_verdict,
    verdict_path,
    write_atomically,
    write_verdict,
)

INTERRUPTED = 130
GOES_ON = "What is done is kept; the same command goes on from here."
FORCED = (
    "What is done is kept; the same command without --force goes on from here, but leaves earlier "
    "verdicts that still hold; with --force it begins again."
)
NEW_SEED = (
    "{}: the kept seed is replaced; the hidden cases are new, and the whole class is judged anew"
)


@dataclass(frozen=True)
class Submission:
    """Where a student's submission to a lesson lies."""

    student: str
    lesson: str
    folder: Path

    @property
    def path(self):
        """The notebook."""
        return self.folder / f"{self.lesson}.ipynb"

    @property
    def name(self):
        """Student and lesson."""
        return f"{self.student}/{self.lesson}"


class Batch:
    """A run over many submissions.

    Parameters
    ----------
    setting : autograder.grading.tasks.Setting
    grading : path
        The grading folder.
    db_url, seed : str, optional
    workers : int
        How many tasks are done at the same time on this machine.
    cluster : str, optional
        The address of a Dask scheduler, whose workers are used in place of this machine's.
    force : bool
        Whether to judge what was judged before.
    """

    def __init__(
        self, setting, grading, db_url=None, seed=None, workers=1, cluster=None, force=False
    ):
        self.setting, self.grading, self.seed, self.force = setting, Path(grading), seed, force
        self.workers, self.cluster = workers, cluster
        self.goes_on = FORCED if force else GOES_ON
        self.faults, self.unwritten, self.loaded = [], [], {}
        self.progress = Progress("graded", 0)
        if db_url:
            check_url(db_url)
        self.book = Book(grading, db_url)
        self.patience = Patience(self.book.db_url, self._say)

    def grade(self, submissions):
        """Judge, write, make the feedback pages; return the exit code."""
        try:
            with self._open_workers() as workers:
                ready = self._prepare(workers, submissions)
                self._judge(workers, ready)
                self._write_rest(workers)
                self._make_pages(workers, ready)
            self._show_marks(ready)
        except KeyboardInterrupt:
            print(f"\nStopped. {self.goes_on}")
            return INTERRUPTED
        except (WorkerError, MachineError, OSError) as error:
            self.faults.append(self._told(error))
        for fault in self.faults:
            print(fault, file=sys.stderr)
        return 1 if self.faults else 0

    def _told(self, error):
        """Return what stops the run, in words."""
        sentence = full_disk(error, self.grading) or str(error)
        if self.unwritten:
            sentence += f"; {len(self.unwritten)} judged submissions wait to be written there"
        return f"Stopped: {sentence}. {self.goes_on}"

    @contextlib.contextmanager
    def _open_workers(self):
        """Open the workers and tell how they confine a student's code."""
        from autograder.sandbox.workshop import LEVELS

        if self.cluster:
            from autograder.grading.cluster import Cluster

            opened = Cluster(self.setting, self.cluster)
        else:
            opened = Pool(self.setting, self.workers)
        with opened as workers:
            for level in sorted(workers.levels):
                print(f"Sandbox: {level}: {LEVELS[level]}", flush=True)
            yield workers

    def _prepare(self, workers, submissions):
        """Load the lessons and return the submissions to those that can be graded."""
        lessons = sorted({submission.lesson for submission in submissions})
        tasks = [Load(name, self._seed(name)) for name in lessons]
        for task, outcome in workers.run(tasks):
            if self._is_ready(task, outcome):
                self.loaded[task.lesson] = task.seed, outcome.value
        return [s for lesson in lessons for s in submissions if s.lesson == lesson in self.loaded]

    def _seed(self, lesson):
        """Return the seed of a lesson, and say so where it takes the place of another one."""
        if is_replaced(self.grading, lesson, self.seed) and judged(self.grading, lesson):
            print(NEW_SEED.format(lesson), flush=True)
        return seed_of(self.grading, lesson, self.seed)

    def _is_ready(self, task, outcome):
        """Tell whether a lesson and its entry in the gradebook are there; the others go on."""
        if outcome.fault:
            self._report(task.lesson, outcome.fault)
            return False
        try:
            release = nbformat.read(release_path(task.lesson, self.setting.root), as_version=4)
            self.patience(self.book.ensure_lesson, task.lesson, release)
        except MachineError:
            raise
        except Exception as error:
            self._report(task.lesson, _traceback(error), error)
            return False
        self._fault_file(task.lesson).unlink(missing_ok=True)
        return True

    def _judge(self, workers, submissions):
        """Judge in workers, and save each result as it comes."""
        if not submissions:
            return
        places = {(s.student, s.lesson): s for s in submissions}
        with Progress("graded", len(submissions)) as self.progress:
            for task, outcome in workers.run(self._tasks(submissions)):
                self._keep(places[task.student, task.lesson], task, outcome)
                self.progress.step(len(self.faults))

    def _tasks(self, submissions):
        """Yield what workers have to do; what is done is counted at once."""
        written = self.patience(self.book.written, sorted({s.lesson for s in submissions}))
        for submission in submissions:
            try:
                task = self._task(submission, _is_saved(submission, written))
            except OSError as error:
                self._report(submission.name, _traceback(error))
                task = None
            if task is not None:
                yield task
            else:
                self.progress.step(len(self.faults))

    def _task(self, submission, saved):
        """Return what a worker has to do for a submission, None where it is done."""
        seed, loaded = self.loaded[submission.lesson]
        data, refused = b"", ""
        try:
            data = read_submission(submission.path)
        except RefusedError as error:
            refused = str(error)
        key = key_of(loaded.digest, refused or hashlib.sha256(data).hexdigest())
        verdict = self._kept_verdict(submission, key)
        if verdict is not None and saved:
            autograded = self.book.autograded(submission.student, submission.lesson)
            if _verdict_key(autograded) == key:
                self._fault_file(submission.name).unlink(missing_ok=True)
                return None
        kept = verdict and verdict.to_json()
        names = submission.student, submission.lesson, seed
        return Judge(*names, loaded.digest, loaded.seconds, data, refused, kept)

    def _kept_verdict(self, submission, key):
        path = verdict_path(self.grading, submission.student, submission.lesson)
        verdict = None if self.force else read_verdict(path)
        return verdict if verdict is not None and verdict.key == key else None

    def _keep(self, submission, task, outcome):
        """Keep a verdict, then write it to the gradebook."""
        if outcome.fault:
            self._report(submission.name, outcome.fault)
            return
        self._fault_file(submission.name).unlink(missing_ok=True)
        student, lesson = submission.student, submission.lesson
        if task.verdict is None:
            verdict = Verdict.from_json(outcome.value.verdict)
            write_verdict(verdict_path(self.grading, student, lesson), verdict)
        if self.patience.reason:  # it was waited for; once more at the end
            self.unwritten.append(submission)
            return
        notebook = nbformat.from_dict(json.loads(outcome.value.notebook))
        self._write(submission, notebook)

    def _write(self, submission, notebook):
        student, lesson = submission.student, submission.lesson
        timestamp = read_timestamp(submission.folder)
        try:
            self.patience(self.book.save, student, lesson, notebook, timestamp)
        except MachineError:
            if not self.patience.reason:
                raise
            self.unwritten.append(submission)
        except Exception as error:  # one entry that cannot be written does not stop the class
            if full_disk(error, self.grading):
                raise
            self._report(submission.name, _traceback(error), error)

    def _write_rest(self, workers):
        """Write what the gradebook did not take before."""
        if not self.unwritten:
            return
        self.patience(self.book.marks, sorted({s.lesson for s in self.unwritten}))
        again, self.unwritten, self.force = self.unwritten, [], False
        self._judge(workers, again)
        if self.unwritten:
            raise MachineError(self.patience.reason)

    def _say(self, sentence):
        self.progress.say(sentence)

    def _report(self, name, fault, sentence="", what="not graded"):
        """Keep a traceback beside the verdict; a sentence or its last line is told at the end."""
        self.faults.append(f"{what}: {name}: {sentence or fault.strip().splitlines()[-1]}")
        write_atomically(self._fault_file(name), fault)

    def _fault_file(self, name):
        return self.grading / "verdicts" / f"{name}.error.txt"

    def _show_marks(self, submissions):
        """Print the marks of these submissions, and where everything lies."""
        marks = self.patience(self.book.marks, sorted({s.lesson for s in submissions}))
        asked = {(s.student, s.lesson) for s in submissions}
        print(shown({place: mark for place, mark in marks.items() if place in asked}))
        print(f"Feedback: {self.grading / 'feedback'}\nVerdicts: {self.grading / 'verdicts'}")

    def _make_pages(self, workers, submissions):
        """Write the feedback pages that are not up to date."""
        pages = Feedback(self.book)
        wanted = []
        for lesson in sorted({s.lesson for s in submissions}):
            students = [s.student for s in submissions if s.lesson == lesson]
            wanted += self.patience(lambda x, y: list(pages.outdated(x, y)), students, lesson)
        if not wanted:
            return
        with Progress("feedback", len(wanted)) as self.progress, _keeping(pages):
            for task, outcome in workers.run(self._page(*one) for one in wanted):
                if outcome.fault:
                    name = f"{task.grades.student}/{task.grades.lesson}"
                    self._report(name, outcome.fault, what="no feedback page")
                else:
                    pages.write(task.grades, task.digest, outcome.value)
                self.progress.step(len(self.faults))

    def _page(self, grades, digest):
        path = self.book.autograded(grades.student, grades.lesson)
        return Page(path.read_text(encoding="utf-8"), grades, digest)


def _is_saved(submission, written):
    """Return whether the gradebook has a submission, with its time and penalty as of now."""
    kept, settled = written.get((submission.student, submission.lesson), (None, False))
    return settled and read_timestamp(submission.folder) in (None, kept)


@contextlib.contextmanager
def _keeping(pages):
    """Write down which pages were made, however the run ends."""
    try:
        yield
    finally:
        pages.keep()


def _traceback(error):
    import traceback

    return "".join(traceback.format_exception(error))


def _verdict_key(path):
    """Return the key of the verdict that a graded notebook carries, "" where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"].get("verdict", "")
    except (OSError, ValueError, KeyError):
        return ""
