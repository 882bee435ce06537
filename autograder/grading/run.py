"""Run a rebuilt notebook in a student's process and ask it the hidden cases.

Cells run in the order of the notebook, and each check is asked where it stands, as it is in a
kernel. When the process dies, a new one runs the cells again; the cell or the check that was
deadly is left out, and loses its own marks only.
"""

import re
import time
from dataclasses import dataclass, field

from autograder.grading.judge import ERRORS, checked_record
from autograder.grading.sandbox import CancelledError, ChildError
from autograder.grading.transplant import Note
from utils.checking.codec import NotPlainError
from utils.checking.drivers import request_of

RAN_OUT = "The time for the whole submission, {:.3g} s, was used up before this check."
TOO_OFTEN = "The process of this submission ended {} times; the rest was not run."


@dataclass(frozen=True)
class Step:
    """A cell to run (`kind` "set-up", "answer" or "added") or a check to ask ("check")."""

    kind: str
    name: str
    source: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of one check: records, or why there are none.

    `missing` says that there is no such name, `error` how its answer cell ended, `reason` why
    the check could not be asked to its end; `seconds` is what its cases took, `cpu` what of it
    the process computed.
    """

    records: tuple = ()
    missing: bool = False
    error: str = ""
    reason: str = ""
    seconds: float = 0.0
    cpu: float = 0.0


@dataclass
class Run:
    """What a run brought: the answer to each check, what was noted, limits hit, and starts."""

    answers: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    limits: list = field(default_factory=list)
    starts: int = 0
    cpu: float = 0.0


def steps_of(notebook):
    """Return the steps of a rebuilt notebook, up to its last check."""
    steps = []
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code":
            continue
        if settings.get("grade") and not settings.get("solution"):
            steps.append(Step("check", settings["grade_id"].removeprefix("check_")))
        elif cell.metadata.get("transplant") in ("set-up", "answer", "added"):
            name = settings.get("grade_id") or cell.get("id", "")
            steps.append(Step(cell.metadata["transplant"], name, cell.source))
    while steps and steps[-1].kind != "check":
        steps.pop()
    return steps


def run(notebook, questions, workshop, limits):
    """Run a rebuilt notebook and return what became of each check.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        From `transplant`.
    questions : dict
        From the name of a check to its `Compiled`.
    workshop : autograder.grading.sandbox.Workshop
    limits : autograder.grading.sandbox.Limits

    Returns
    -------
    Run
    """
    runner = _Runner(steps_of(notebook), questions, workshop, limits)
    while not runner.attempt():
        pass
    return runner.result


class _Runner:
    def __init__(self, steps, questions, workshop, limits):
        self.steps, self.questions = steps, questions
        self.workshop, self.limits = workshop, limits
        self.until = time.monotonic() + limits.total
        self.source = "\n".join(step.source for step in steps)
        self.result = Run()
        self.dead = {}  # place of a cell that is not run again -> why
        self.errors = {}  # name of an answer -> how its cell ended

    def attempt(self):
        """Run through the notebook; return False if the process died before the last check."""
        if self.result.starts > self.limits.restarts:
            return self._give_up(TOO_OFTEN.format(self.result.starts))
        self.result.starts += 1
        child = self.workshop.start(self.limits)
        try:
            child.wait_until_ready()
            for place, step in enumerate(self.steps):
                if time.monotonic() >= self.until:
                    return self._give_up(RAN_OUT.format(self.limits.total))
                if not self._take(child, place, step):
                    return not self._open()
            return True
        finally:
            self.workshop.end(child)

    def _open(self):
        return [
            s.name for s in self.steps if s.kind == "check" and s.name not in self.result.answers
        ]

    def _give_up(self, reason):
        for name in self._open():
            self.result.answers[name] = Answer(reason=reason)
        self.result.limits.append(Note("total", "", reason))
        return True

    def _take(self, child, place, step):
        """Take one step; return False if the process died of it."""
        if place in self.dead or (step.kind == "check" and step.name in self.result.answers):
            return True
        try:
            if step.kind == "check":
                self.result.answers[step.name] = self._ask(child, step.name)
            else:
                self._run(child, place, step)
        except ChildError as error:
            if self.workshop.cancelled:
                raise CancelledError from None
            self._bury(place, step, str(error))
            return False
        return True

    def _bury(self, place, step, reason):
        if step.kind == "check":
            self.result.answers[step.name] = Answer(reason=reason)
            self.result.limits.append(Note("died", step.name, f"{step.name}: {reason}"))
            return
        where = {"set-up": "the set-up cell", "answer": f"the answer cell {step.name}"}
        sentence = f"Running {where.get(step.kind, 'a cell that you added')}: {_lower(reason)}"
        self.dead[place] = sentence
        self.result.limits.append(Note("died", step.name, sentence))
        self._refuse_to_blame(place, step, sentence)

    def _refuse_to_blame(self, place, step, sentence):
        """Raise if the set-up cell failed before any code of the student ran."""
        if step.kind == "set-up" and place == 0:
            raise RuntimeError(f"the set-up cell of the lesson does not run here: {sentence}")

    def _left(self, seconds):
        return max(0.05, min(seconds, self.until - time.monotonic()))

    def _run(self, child, place, step):
        seconds = self.limits.added if step.kind == "added" else self.limits.answer
        seconds = 60.0 if step.kind == "set-up" else seconds
        reply = child.ask({"do": "run", "source": step.source}, self._left(seconds))
        if "error" in reply:
            sentence = self._error(step, reply)
            self.errors[step.name] = sentence
            self._refuse_to_blame(place, step, sentence)

    def _error(self, step, reply):
        """Return how a cell ended, quoting nothing but the student's own line."""
        kind = reply["error"] if reply["error"] in ERRORS else "an exception"
        line, lines = reply.get("line"), step.source.splitlines()
        sentence = f"The cell of {step.name} stopped with {kind}"
        if isinstance(line, int) and 0 < line <= len(lines):
            return f"{sentence} in line {line}: {lines[line - 1].strip()[:80]}"
        return sentence + "."

    def _ask(self, child, name):
        for place, sentence in self.dead.items():
            if self.steps[place].kind == "answer" and self.steps[place].name == name:
                return Answer(reason=sentence)
        records, until = [], time.monotonic() + self.limits.question
        for case in self.questions[name].cases:
            request = {"do": "observe", "name": name} | request_of(case.driver, case.inputs)
            seconds = self._left(min(self.limits.case, until - time.monotonic()))
            try:
                reply = child.ask(request, seconds)
                if reply.get("missing"):
                    return Answer(missing=True, error=self.errors.get(name, ""))
                records.append(self._record(child, reply, case))
            except ChildError as error:
                raise ChildError(f"On the case “{case.label}”: {_lower(str(error))}") from None
        return Answer(tuple(records))

    def _record(self, child, reply, case):
        if "long" in reply:
            child.kill()
            raise ChildError("It returned more than can be read.")
        try:
            return checked_record(reply.get("record"), self.source, case)
        except (NotPlainError, RecursionError):
            child.kill()
            raise ChildError("It sent something that is no result.") from None


def _lower(sentence):
    return re.sub(r"^[A-Z]", lambda match: match[0].lower(), sentence)
