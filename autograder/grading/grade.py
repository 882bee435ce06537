"""`./course grade`: grade a class, write the gradebook and the feedback."""

import argparse
import contextlib
import os
import sys
import traceback
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
INTERRUPTED = 130
NO_CLUSTER = (
    "--cluster comes with a later release of the course; "
    "leave it out to grade on this machine with --workers processes"
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


@dataclass(frozen=True)
class Result:
    """What became of one submission: verdict and graded notebook, or a traceback."""

    submission: Submission
    verdict: object = None
    notebook: object = None
    again: bool = False
    fault: str = ""


def main(argv=None, root=ROOT):
    """Run `./course grade` and return its exit code."""
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.cluster:
        parser.error(NO_CLUSTER)
    if options.workers < 1 or options.case_seconds <= 0:
        parser.error("--workers and --case-seconds should be greater than 0")
    from autograder.grading.material import GradingError

    try:
        return grade(options, Path(root))
    except GradingError as error:
        print(error, file=sys.stderr)
        return 1


def make_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="course grade", description=__doc__.split("`: ")[1])
    add = parser.add_argument
    add("lessons", nargs="*", metavar="LESSON", help="default: every lesson that was submitted")
    add("--submissions", type=Path, metavar="DIR", help="DIR/<student>/<lesson>/<lesson>.ipynb")
    add("--grading", type=Path, metavar="DIR", help="gradebook, verdicts, feedback (grading/)")
    add("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="at the same time")
    add("--cluster", metavar="ADDRESS", help="a Dask scheduler; comes with a later release")
    add("--db", metavar="URL", help="the gradebook's database, by default SQLite in the folder")
    add("--seed", metavar="S", help="draw the hidden cases from this seed instead of the kept one")
    add("--demo", action="store_true", help="make a class of 12 and grade it, in grading/demo")
    add("--force", action="store_true", help="grade even what was graded before")
    add(
        "--case-seconds",
        type=float,
        default=5.0,
        metavar="S",
        help="time for one call of an answer",
    )
    return parser


def grade(options, root):
    """Grade the submissions and return the exit code."""
    from autograder.grading.material import lessons_in, no_such_lesson

    grading, submitted = places(options, root)
    known = lessons_in(root)
    for lesson in options.lessons:
        if lesson not in known:
            raise no_such_lesson(lesson, root)
    if options.demo:
        from autograder.grading.demo import make_class

        make_class(submitted, root)
    submissions = find_submissions(submitted, options.lessons or known)
    if not submissions:
        print(f"Nothing to grade: there is no {submitted}/<student>/<lesson>/", file=sys.stderr)
        print(f"The lessons are {', '.join(known) or 'not built yet'}", file=sys.stderr)
        return 1
    unit = "submission" if len(submissions) == 1 else "submissions"
    print(f"Grading {len(submissions)} {unit} from {submitted}", flush=True)
    lessons = {submission.lesson for submission in submissions}
    for remark in old_releases(root, lessons) + strangers(submitted, known):
        print(remark, file=sys.stderr, flush=True)
    return Batch(options, root, grading).grade(submissions)


def old_releases(root, lessons):
    """Return a sentence for each lesson whose release is not what its text gives now."""
    from autograder.build import drift

    texts = {lesson: root / "lessons" / f"{lesson}.py" for lesson in sorted(lessons)}
    return [
        f"{lesson}: the release is older than its lesson, or was edited; "
        "./course build makes it anew"
        for lesson, path in texts.items()
        if path.is_file() and any(drift(root, path))
    ]


def strangers(submitted, known):
    """Return a sentence on the folders of students that are named like no lesson, if any."""
    folders = (path.relative_to(submitted) for path in submitted.glob("*/*") if path.is_dir())
    names = sorted(
        path.as_posix()
        for path in folders
        if path.name not in known and not any(part.startswith(".") for part in path.parts)
    )
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    sentence = f"not graded, since no lesson has this name: {', '.join(names[:3])}{more}; "
    return [sentence + f"the lessons are {', '.join(known)}"] if names else []


def places(options, root):
    """Return the grading folder and the folder of the submissions."""
    grading = options.grading or root / "grading" / ("demo" if options.demo else "")
    submitted = grading / "submitted" if options.demo else options.submissions
    return Path(grading), Path(submitted or grading / "submitted")


def find_submissions(submitted, lessons):
    """Return the submissions in a folder, by lesson, then by student."""
    students = sorted(p for p in Path(submitted).glob("*") if p.is_dir() and p.name[0] != ".")
    return [
        Submission(student.name, lesson, student / lesson)
        for lesson in lessons
        for student in students
        if (student / lesson).is_dir()
    ]


class Batch:
    """A run over many submissions: workers judge, this process alone writes the gradebook."""

    def __init__(self, options, root, grading):
        from autograder.grading.gradebook import Book
        from autograder.grading.material import Shelf
        from autograder.grading.sandbox import Limits, level

        self.options, self.grading = options, grading
        self.book = Book(grading, options.db)
        limits = Limits(case=options.case_seconds)
        self.shelf = Shelf(grading, root, options.seed, limits)
        self.faults = []
        print(f"Sandbox level: {level()}. Grade only people you trust.", flush=True)

    def grade(self, submissions):
        """Grade, write, print the table; return the exit code."""
        ready = self._prepare(submissions)
        try:
            self._judge_all(ready)
            feedback = self._write_feedback(ready)
        except KeyboardInterrupt:
            print("\nStopped. What is done is kept; the same command goes on from here.")
            return INTERRUPTED
        print(table(self.book.marks(sorted({s.lesson for s in ready}))))
        print(f"Feedback: {feedback}\nVerdicts: {self.grading / 'verdicts'}")
        for fault in self.faults:
            print(fault, file=sys.stderr)
        return 1 if self.faults else 0

    def _prepare(self, submissions):
        """Load the lessons and return the submissions to those that can be graded."""
        ready = []
        for lesson in sorted({submission.lesson for submission in submissions}):
            try:
                self.book.ensure_lesson(lesson, self.shelf[lesson].release)
            except Exception as error:  # a fault of the course: the other lessons go on
                self._report(lesson, traceback.format_exc(), error)
                continue
            self._fault_file(lesson).unlink(missing_ok=True)
            ready += [s for s in submissions if s.lesson == lesson]
        return ready

    def _judge_all(self, submissions):
        """Judge in workers, and save each result as it comes."""
        from tqdm import tqdm

        from autograder.grading.sandbox import Workshop

        saved = self.book.marks(sorted({s.lesson for s in submissions}))
        bar = tqdm(total=len(submissions), desc="graded", unit="", file=sys.stderr)
        pool = ThreadPoolExecutor(self.options.workers)
        with Workshop() as workshop, bar, _stopping(pool, workshop):
            for result in self._results(pool, workshop, submissions):
                self._keep(result, saved)
                bar.set_postfix(failed=len(self.faults), refresh=False)
                bar.update()

    def _results(self, pool, workshop, submissions):
        """Yield results as they come, with few submissions in memory at a time."""
        waiting, running = iter(submissions), set()
        while True:
            while len(running) < 2 * self.options.workers:
                submission = next(waiting, None)
                if submission is None:
                    break
                running.add(pool.submit(self._judge, submission, workshop))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()

    def _judge(self, submission, workshop):
        """Judge one submission; a fault of the grader stays with this submission."""
        from autograder.grading.sandbox import CancelledError

        try:
            return self._verdict(submission, workshop)
        except CancelledError:
            raise
        except Exception:
            return Result(submission, fault=traceback.format_exc())

    def _verdict(self, submission, workshop):
        from autograder.grading.submission import judge_planted, mark
        from autograder.grading.transplant import RefusedError, read_submission, transplant
        from autograder.grading.verdict import read_verdict, verdict_path, write_verdict

        material = self.shelf[submission.lesson]
        try:
            data = read_submission(submission.path)
        except RefusedError as refusal:
            data = refusal
        planted = transplant(data, material.release)
        path = verdict_path(self.grading, submission.student, submission.lesson)
        verdict = None if self.options.force else read_verdict(path)
        again = verdict is not None and verdict.key == material.key(planted)
        if not again:
            verdict = judge_planted(planted, material, workshop)
            write_verdict(path, verdict)
        return Result(submission, verdict, mark(planted, verdict), again)

    def _keep(self, result, saved):
        """Save a result in the gradebook, unless it is there already."""
        from autograder.grading.gradebook import read_timestamp

        submission = result.submission
        name = f"{submission.student}/{submission.lesson}"
        if result.fault:
            self._report(name, result.fault)
            return
        self._fault_file(name).unlink(missing_ok=True)
        autograded = self.book.autograded(submission.student, submission.lesson)
        known = (submission.student, submission.lesson) in saved and result.again
        if known and _verdict_key(autograded) == result.verdict.key:
            return
        try:
            timestamp = read_timestamp(submission.folder)
            self.book.save(submission.student, submission.lesson, result.notebook, timestamp)
        except Exception as error:  # one entry that cannot be written does not stop the class
            self._report(name, traceback.format_exc(), error)

    def _report(self, name, fault, sentence="", what="not graded"):
        """Keep a traceback beside the verdict; a sentence or its last line is told at the end."""
        self.faults.append(f"{what}: {name}: {sentence or fault.strip().splitlines()[-1]}")
        path = self._fault_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fault, encoding="utf-8")

    def _fault_file(self, name):
        return self.grading / "verdicts" / f"{name}.error.txt"

    def _write_feedback(self, submissions):
        """Write the feedback pages that are not up to date, and return where they are."""
        from tqdm import tqdm

        from autograder.grading.feedback import Feedback

        pages = Feedback(self.book)
        with tqdm(total=len(submissions), desc="feedback", unit="", file=sys.stderr) as bar:
            for lesson in sorted({s.lesson for s in submissions}):
                students = [s.student for s in submissions if s.lesson == lesson]
                for student, fault in pages.write_changed(students, lesson, bar.update).items():
                    self._report(f"{student}/{lesson}", fault, what="no feedback page")
        return self.grading / "feedback"


@contextlib.contextmanager
def _stopping(pool, workshop):
    """End the students' processes and the workers, however the run ends."""
    try:
        yield
    except BaseException:
        workshop.cancel()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _verdict_key(path):
    """Return the key of the verdict that a graded notebook carries, "" where there is none."""
    import json

    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"].get("verdict", "")
    except (OSError, ValueError, KeyError):
        return ""


def table(marks):
    """Return the gradebook as text: a row for each student, a column for each lesson.

    Parameters
    ----------
    marks : dict
        {(student, lesson): (points, full points, whether everything is graded)}
    """
    lessons = sorted({lesson for _, lesson in marks})
    rows = [["student", *lessons, "total"]]
    for student in sorted({student for student, _ in marks}):
        cells = [marks.get((student, lesson)) for lesson in lessons]
        total = sum(cell[0] for cell in cells if cell)
        rows.append([student, *map(_cell, cells), f"{total:g}"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    if any(not graded for _, _, graded in marks.values()):
        lines.append(
            "* parts wait for a teacher to grade them by hand: type jupyter lab, "
            "choose Formgrader in the menu Nbgrader"
        )
    return "\n".join(line.rstrip() for line in lines)


def _cell(mark):
    if mark is None:
        return "–"
    points, full, graded = mark
    return f"{points:.4g} of {full:g}{'' if graded else ' *'}"
