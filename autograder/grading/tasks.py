"""What a worker does: plain data in, plain data out, so that any process anywhere can do it."""

import json
import os
import threading
import traceback
from dataclasses import dataclass, field
from functools import cached_property

MARGIN = 60.0  # seconds for what is not the student's: reading a lesson, starting its set-up cell
IDLE = 300.0
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Setting:
    """What holds for all tasks of a run.

    Parameters
    ----------
    root : str
        The folder that holds `notebooks/`; a worker on another machine takes its own course.
    limits : dict
        What the teacher wants other than the lessons do, by the names in `Limits`.
    trusted : bool
        Whether students' code may run where nothing confines it.
    level : str, optional
        The sandbox level, known to work; by default the best one that the worker's machine has.
    questions : str
        The module that is asked for the questions and limits of a lesson.
    """

    root: str
    limits: dict = field(default_factory=dict)
    trusted: bool = False
    level: str | None = None
    questions: str = "autograder.questions"


@dataclass(frozen=True)
class Outcome:
    """What became of a task: its value, or the traceback of a fault that is no student's."""

    value: object = None
    fault: str = ""


@dataclass(frozen=True)
class Loaded:
    """What the main process must know of a lesson: the digest and the time for a submission."""

    digest: str
    seconds: float


@dataclass(frozen=True)
class Judged:
    """A verdict as an object for `json.dumps`, and the graded notebook as JSON."""

    verdict: dict
    notebook: str


class Bench:
    """What a worker keeps from task to task: lessons, a workshop and a press."""

    def __init__(self, setting):
        self.setting = setting
        self._materials = {}

    def material(self, lesson, seed):
        """Return what the judge holds of a lesson, loaded once."""
        from autograder.grading.material import ROOT, load_material

        if (lesson, seed) not in self._materials:
            wanted = self.setting
            root = wanted.root if os.path.isdir(wanted.root) else ROOT
            self._materials[lesson, seed] = load_material(
                lesson, seed, root, wanted.questions, wanted.limits
            )
        return self._materials[lesson, seed]

    @cached_property
    def workshop(self):
        """The place where students' code runs."""
        from autograder.sandbox.workshop import Workshop

        level = self.setting.level  # the main process tried it on this machine
        return Workshop(trusted=self.setting.trusted, level=level, untried=level is not None)

    @cached_property
    def press(self):
        """The maker of feedback pages."""
        from autograder.grading.feedback import Press
        from autograder.grading.gradebook import load_config

        return Press(load_config())

    def do(self, task):
        """Do a task and return its outcome; no fault of it ends the worker."""
        try:
            return Outcome(task.do(self))
        except Exception:
            return Outcome(fault=traceback.format_exc())

    def close(self):
        """End all that runs for the workshop and remove its folder."""
        workshop = self.__dict__.pop("workshop", None)
        if workshop is not None:
            workshop.__exit__(None, None, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@dataclass(frozen=True)
class Load:
    """Read a lesson: the first thing that is done with it."""

    lesson: str
    seed: str
    seconds: float = 2 * MARGIN

    def do(self, bench):
        """Return what the main process must know of it."""
        material = bench.material(self.lesson, self.seed)
        limits = material.limits
        return Loaded(material.digest, limits.total * limits.patience + MARGIN)


@dataclass(frozen=True)
class Judge:
    """Judge a submission: bytes, or why there are none.

    `digest` is that of the lesson where the run was started; `verdict` is the one that was kept,
    where it still holds, and then nothing of the student's is run.
    """

    student: str
    lesson: str
    seed: str
    digest: str
    seconds: float
    data: bytes = b""
    refused: str = ""
    verdict: dict | None = None

    def do(self, bench):
        """Return the verdict and the graded notebook."""
        from autograder.grading.transplant import RefusedError
        from autograder.sandbox.limits import GradingError

        material = bench.material(self.lesson, self.seed)
        if material.digest != self.digest:
            raise GradingError(
                f"the worker's lesson {self.lesson}, or its course, is another version"
            )
        data = RefusedError(self.refused) if self.refused else self.data
        verdict, notebook = self._graded(data, material, bench)
        return Judged(verdict, json.dumps(notebook))

    def _graded(self, data, material, bench):
        from autograder.grading.submission import grade_submission, mark
        from autograder.grading.transplant import transplant
        from autograder.grading.verdict import Verdict

        if self.verdict is None:
            graded = grade_submission(data, material, bench.workshop)
            return graded.verdict.to_json(), graded.notebook
        planted = transplant(data, material.release)
        return self.verdict, mark(planted, Verdict.from_json(self.verdict))


@dataclass(frozen=True)
class Page:
    """Make a feedback page of a graded notebook and its entry in the gradebook."""

    notebook: str
    grades: object
    digest: str
    seconds: float = MARGIN

    def do(self, bench):
        """Return the page."""
        return bench.press.page(self.notebook, self.grades)


def level_here(setting):
    """Return the sandbox level of this machine.

    Raises
    ------
    GradingError
        If there is none, and the students are not trusted.
    """
    from autograder.sandbox.limits import GradingError
    from autograder.sandbox.workshop import REFUSED, best_level, why_not

    level = setting.level or best_level()
    if level == "process" and not setting.trusted:
        raise GradingError(REFUSED.format(why_not("namespaces")))
    return level


def keep_to_one_thread():
    """Let numerical libraries compute on one thread; there is a worker for each core."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")


class _Kept:
    """The bench of a process that serves many runs, one task at a time."""

    def __init__(self):
        self.lock, self.bench, self.timer = threading.Lock(), None, None

    def do(self, setting, task):
        """Do a task at the bench of a setting."""
        with self.lock:
            if self.bench is None or self.bench.setting != setting:
                self._close()
                self.bench = Bench(setting)
            outcome = self.bench.do(task)
            self._close_later()
        return outcome

    def _close_later(self):
        if self.timer is not None:
            self.timer.cancel()
        self.timer = threading.Timer(IDLE, self.close)
        self.timer.daemon = True
        self.timer.start()

    def close(self):
        """Close the bench when its task is done."""
        with self.lock:
            self._close()

    def cancel(self, setting):
        """End what runs now for a run of this setting, then close the bench."""
        if self.bench is None or self.bench.setting != setting:
            return
        workshop = vars(self.bench or object).get("workshop")
        if workshop is not None:
            workshop.cancel()
        threading.Thread(target=self.close, daemon=True).start()

    def _close(self):
        if self.bench is not None:
            self.bench.close()
        self.bench = None


KEPT = _Kept()


def do(setting, task):
    """Do a task in a process that is not this run's own, such as a worker of a cluster."""
    return KEPT.do(setting, task)


def end(setting):
    """End what a run left in such a process, which other runs may use as well."""
    KEPT.cancel(setting)
