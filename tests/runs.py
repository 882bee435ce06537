"""Runs of `./course grade` over the toy lesson, as processes that tests can watch and kill."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from autograder.grading.gradebook import Book
from tests.toy import LESSON, RIGHT, answered, file_of

ROOT = Path(__file__).parent.parent
WORDS = {  # what a submission says, and tests/faults.py then does
    "raise": "# the grader raises",
    "die": "# the worker dies",
    "die once": "# the worker dies once",
    "page": "# the page cannot be made",
    "slow": "# the worker takes a second",
}
RUN = """
import sys
from autograder.grading.grade import main
if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], root=sys.argv[1], questions="tests.faults"))
"""


def hand_in(course, student, *words):
    """Hand in right answers, in which a word says what goes wrong."""
    path = course / "grading" / "submitted" / student / LESSON / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    double = "\n".join([RIGHT["double"], *words, ""])
    path.write_bytes(file_of(answered(**RIGHT | {"double": double})))
    return path


def marks(course):
    return {s: mark[0] for (s, _), mark in Book(course / "grading").marks([LESSON]).items()}


class Watched:
    """A run over the class in a process of its own, and all the processes that it ever had."""

    def __init__(self, course, *words):
        script, self.temporary = course / "run.py", course / "temporary"
        self.said = course / f"said-{time.monotonic_ns()}"
        script.write_text(RUN)
        self.temporary.mkdir(exist_ok=True)
        command = [sys.executable, str(script), str(course), "--workers", "2", "--no-sandbox"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary)}
        with self.said.open("w") as out:
            self.process = subprocess.Popen(
                [*command, *words], env=environment, stdout=out, stderr=subprocess.STDOUT
            )
        self.family = set()

    def until(self, condition, seconds=300.0):
        """Wait until a condition holds, and take note of every process meanwhile."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            with contextlib.suppress(psutil.Error):
                self.family |= set(psutil.Process(self.process.pid).children(recursive=True))
            time.sleep(0.02)

    def end(self):
        """Wait for the end; return the exit code and what was printed."""
        self.until(lambda: self.process.poll() is not None)
        return self.process.returncode, self.said.read_text()

    def alive(self):
        """Return the processes that are left of the run."""
        return [process for process in self.family if _lives(process)]

    def left(self):
        """Return the processes and the folders that are left of the run."""
        return self.alive() + list(self.temporary.iterdir())


def _lives(process):
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def judged(course):
    """Return when each student's verdict was written."""
    verdicts = course.glob("grading/verdicts/*/*.json")
    return {path.parent.name: path.stat().st_mtime_ns for path in verdicts}
