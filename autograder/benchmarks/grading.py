"""A class graded by `./course grade`, against nbgrader's own `autograde` and `generate_feedback`.

Both sides grade the same notebooks in the same run: we the whole class, start-up and feedback
included; nbgrader, without our configuration, a sample of two honest students. Its start-up is
shared among as many submissions as ours has, so that only its own pace is compared.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from autograder.benchmarks import MissingPeer, Row
from autograder.grading import demo
from autograder.grading.gradebook import Book

ROOT = Path(__file__).parent.parent.parent
STUDENTS = 100
FEW = len(demo.STUDENTS)
SAMPLE = ("ada-perfect", "dina-factor-2")  # both are graded to the end by nbgrader as well
TOGETHER = demo.LESSONS[1:6]
APART = demo.LESSONS[6:]  # the capstone trains networks: nearly all of it is the answers' own time
SEVERAL = 3 * FEW  # students whose networks are trained
PACE = 1 / 20
OVERHEAD = 0.25  # core-seconds a submission, beyond what the answers themselves compute
GROWTH = 1.2


def rows():
    """Grade a class and a sample of it, and return a row for each goal.

    Raises
    ------
    MissingPeer
        On Windows, which does not tell what the processes of a run cost.
    AssertionError
        If nbgrader's own way gives an honest student other marks.
    """
    if not hasattr(os, "wait4"):
        raise MissingPeer("This benchmark needs os.wait4: run it on Linux or macOS.")
    result = group("lessons 01 to 05", TOGETHER)
    for lesson in APART:
        result.append(alone(lesson))
    return result


def alone(lesson):
    """Return the row of a lesson whose answers train: what it costs beyond their training.

    nbgrader's own way trains as long, on fewer digits, so that neither pace nor marks compare.
    """
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        run = our_run(Path(folder), SEVERAL, [lesson])
    name = f"{SEVERAL} students, {lesson}: overhead against budget"
    return Row(name, run.beyond, OVERHEAD, "core-s/submission", 1.0)


def group(name, lessons):
    """Return the rows of some lessons."""
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        stock = Stock(Path(folder) / "stock", lessons)
        few = our_run(Path(folder) / "few", FEW, lessons)
        many = our_run(Path(folder) / "many", STUDENTS, lessons)
        peer = stock.seconds(many.submissions)
        assert stock.marks() == many.marks(SAMPLE), "nbgrader's own way gives other marks"
    students = f"{STUDENTS} students, {name}"
    each, unit = many.core_seconds / many.submissions, "core-s/submission"
    before = few.core_seconds / few.submissions
    return [
        Row(students, many.seconds / many.submissions, peer, "s/submission", PACE),
        Row(f"{name}: overhead against budget", many.beyond, OVERHEAD, unit, 1.0),
        Row(f"{name}: cost with {STUDENTS} students against {FEW}", each, before, unit, GROWTH),
        Row(f"{name}: memory, the same", many.megabytes, few.megabytes, "MB", GROWTH),
    ]


@dataclass(frozen=True)
class Run:
    """A run of ours: what it cost, its largest process, the core-seconds of the answers in it."""

    grading: Path
    lessons: list
    submissions: int
    seconds: float
    core_seconds: float
    megabytes: float
    answers: float

    @property
    def beyond(self):
        """The core-seconds a submission beyond those of its answers."""
        return (self.core_seconds - self.answers) / self.submissions

    def marks(self, students):
        """Return the marks of some students."""
        marks = Book(self.grading).marks(self.lessons)
        return {key: mark for key, mark in marks.items() if key[0] in students}


def our_run(grading, students, lessons):
    """Grade a demo class of this size by `./course grade` and return what it cost."""
    submitted = grading / "submitted"
    demo.make_class(submitted, ROOT, students, lessons)
    words = ["grade", "--submissions", str(submitted), "--grading", str(grading)]
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "utils.commands", *words], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "./course grade failed; its message is above"
    kilo = 1024 if sys.platform == "darwin" else 1  # there ru_maxrss counts bytes
    return Run(
        grading,
        list(lessons),
        students * len(lessons),
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / kilo / 1024,
        answers_in(grading),
    )


def answers_in(grading):
    """Return the core-seconds that students' answers took, as measured from outside."""
    verdicts = grading.glob("verdicts/*/*.json")
    return sum(json.loads(path.read_text(encoding="utf-8"))["cpu"] for path in verdicts)


class Stock:
    """nbgrader without our three lines of configuration, on the sample."""

    def __init__(self, root, lessons):
        self.root, self.lessons = root, list(lessons)
        for lesson in lessons:
            for kind in demo.KINDS:
                shutil.copytree(ROOT / kind / lesson, root / kind / lesson)
        config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
        (root / "nbgrader_config.py").write_text(config + "\ndel c.Autograde\n", encoding="utf-8")
        whole = root / "class"
        demo.make_class(whole, ROOT, FEW, lessons)
        for student in SAMPLE:
            shutil.copytree(whole / student, root / "grading" / "submitted" / student)
        for lesson in lessons:
            self._nbgrader("generate_assignment", lesson, "--force")

    def seconds(self, submissions):
        """Return the seconds a submission, start-up shared by this many submissions."""
        total = 0.0
        for lesson in self.lessons:
            for command in ("autograde", "generate_feedback"):
                both = self._nbgrader(command, lesson)
                start_up = self._nbgrader(command, lesson)  # finds everything done
                total += (both - start_up) / len(SAMPLE)
                total += start_up * len(self.lessons) / submissions
        return total / len(self.lessons)

    def marks(self):
        """Return the marks of the sample."""
        return Book(self.root / "grading").marks(self.lessons)

    def _nbgrader(self, *words):
        """Run one of nbgrader's commands and return its seconds."""
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return time.perf_counter() - start
