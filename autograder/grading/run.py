"""Run a rebuilt notebook in a student's process and ask it the hidden cases.

Cells run in the order of the notebook, and each check is asked where it stands, as it is in a
kernel. When the process dies, a new one runs the cells again; the cell or the call that was deadly
is left out, and loses its own marks only. Where a check may have suffered from a cell that it does
not rest on, it is asked once more in a process without that cell.
"""

import contextlib
import re
import time
from dataclasses import dataclass, field, replace
from functools import cached_property

from autograder.grading.judge import (
    ERRORS,
    LOST,
    checked_record,
    joined_record,
    lost_record,
    not_answered,
    others_of,
    outcome_of,
    quotable,
)
from autograder.grading.names import MAX_PARSED, Names, given, spoils
from autograder.grading.transplant import Note
from autograder.sandbox.workshop import CancelledError, ChildError, LostError
from utils.checking.drivers import DRIVERS, key_of, requests_of, told
from utils.checking.laws import Joint

RAN_OUT = "The time for the whole submission, {:.3g} s, was used up before this check."
TOO_OFTEN = "The process of this submission ended {} times; the rest was not run."
TOO_MUCH = "All that this submission returned is more than can be read."
TOO_SLOW = "The time for all cases of a check, {:.3g} s, was used up."
LONG = "It returned more than can be read."
PRINTED = "Running {}: it printed more than {:.3g} MB, which costs nothing."
FORGED = "It sent something that is no result."
ADDED = "a cell that you added"
SPOILED = (
    "While {0} was asked, the process ended, but not because of {0}: it was asked again without "
    "the cells that it does not use."
)
STUB = "NotImplementedError"
VALUES = ("value", "choice")  # drivers that call nothing
MOST_REPLIES = 4  # times what one check may return
ENDED = 3  # how often a process may be ended from outside, which is nobody's fault
# What reaches beyond the names that a cell defines: threads, signals, patched modules. (Lesson 05
# speaks of its model's eval(X, Y).)
FAR = re.compile(
    r"[Tt]hread|Timer|Executor|signal|alarm|itimer|ctypes|asyncio|atexit|_exit|rlimit|recursion"
    r"|settrace|setprofile|callbacks|setattr|delattr|builtins|get_ipython|modules|seterr"
    r"|utils(?!\.(?:data|earlier|images|network|training) import)"
    r"|__(?!init|call|name|main|future|repr|str|len|iter|next|post_init)\w+__|clear\(|globals\(|vars\(|mock|audithook"
    r"|(?<![\w.])(?:exec|eval)\((?!X, Y\))|warnings\.(?!warn\()|std(?:out|err|in)"
    r"|(?:^|;)[ \t]*del\s|(?:^|;)[ \t]*(?!self\.|cls\.)\w[\w.]*\.\w+[ \t]*=(?!=)",
    re.MULTILINE,
)


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
    the check could not be asked to its end; `seconds` is what its cases took on the clock, `cpu`
    what of it the process computed.
    """

    records: tuple = ()
    missing: bool = False
    error: str = ""
    reason: str = ""
    seconds: float = 0.0
    cpu: float = 0.0


@dataclass
class Run:
    """What a run brought: each check's answer and outcome, what was noted, limits, starts."""

    answers: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    limits: list = field(default_factory=list)
    starts: int = 0
    cpu: float = 0.0
    steps: list = field(default_factory=list)
    outcomes: dict = field(default_factory=dict)

    @cached_property
    def names(self):
        """Which names of the notebook rest on which others; a place is that of a step."""
        return Names([step.source for step in self.steps])


@dataclass
class _Asked:
    """A check that is being asked: the records of its cases so far, and the parts lost by death.

    Of a joint law `shared` holds what came of its requests so far, and `deadly` says why one of
    them ended the process, by the digest of each.
    """

    records: dict = field(default_factory=dict)
    lost: dict = field(default_factory=dict)
    shared: dict = field(default_factory=dict)
    deadly: dict = field(default_factory=dict)
    case: object = None
    key: str = ""
    received: int = 0
    seconds: float = 0.0
    cpu: float = 0.0


def steps_of(notebook):
    """Return the steps of a rebuilt notebook."""
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
    return steps


def run(notebook, questions, workshop, limits, seed=b"", hidden=()):
    """Run a rebuilt notebook and return what became of each check.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        From `transplant`.
    questions : dict
        From the name of a check to its `Compiled`.
    workshop : autograder.sandbox.workshop.Workshop
    limits : autograder.sandbox.limits.Limits
    seed : bytes
        Seeds what the answers draw without a seed of their own.
    hidden : tuple of str
        The files that are out of reach, see `Workshop.start`.

    Returns
    -------
    Run
    """
    runner = _Runner(steps_of(notebook), questions, workshop, limits, seed, hidden)
    while not runner.attempt():
        pass
    for name, answer in runner.result.answers.items():
        runner.settle(name, answer)
    for name in list(runner.result.answers):
        runner.ask_alone(name)
    return runner.result


class _Runner:
    def __init__(self, steps, questions, workshop, limits, seed, hidden):
        self.steps, self.questions = steps, questions
        self.workshop, self.limits, self.seed, self.hidden = workshop, limits, seed, hidden
        self.until = time.monotonic() + limits.total * limits.patience
        self.setup = "\n".join(step.source for step in steps if step.kind == "set-up")
        self.lines = quotable(step.source for step in steps)
        self.result = Run(steps=steps)
        self.received = 0
        self.asked = {}  # name of a check -> _Asked
        self.dead = {}  # place of a cell that is not run again -> why
        self.errors = {}  # name of an answer -> how its cell ended
        self.lost = 0

    def attempt(self):
        """Run through the notebook; return False if the process died before the last check."""
        if self.result.starts > self.limits.restarts:
            return self._give_up("restarts", TOO_OFTEN.format(self.result.starts))
        try:
            with self._child() as child:
                return self._go_through(child)
        except LostError:
            self.lost += 1
            if self.lost > ENDED:
                raise
            return False

    def _go_through(self, child):
        for place, step in enumerate(self.steps):
            if not self._open():
                break
            if self._is_over():
                return self._give_up("total", RAN_OUT.format(self.limits.total))
            if self.received > MOST_REPLIES * self.limits.reply:
                return self._give_up("size", TOO_MUCH)
            if not self._take(child, place, step):
                return not self._open()
        return True

    @contextlib.contextmanager
    def _child(self):
        """Start a process in which the set-up cell has run, and end it."""
        self.result.starts += 1
        child = self.workshop.start(self.limits, self.setup, self.seed, self.hidden)
        try:
            child.wait_until_ready()
            yield child
        finally:
            self.workshop.end(child)

    def _open(self):
        return [
            s.name for s in self.steps if s.kind == "check" and s.name not in self.result.answers
        ]

    def _give_up(self, kind, reason):
        for name in self._open():
            self.result.answers[name] = Answer(reason=reason)
        self.result.limits.append(Note(kind, "", reason))
        return True

    def _take(self, child, place, step):
        """Take one step; return False if the process died of it."""
        try:
            if step.kind == "check" and step.name not in self.result.answers:
                self._check(child, step.name)
            elif step.kind in ("answer", "added") and place not in self.dead:
                self._run(child, step, self.errors)
        except ChildError as error:
            if self.workshop.cancelled:
                raise CancelledError from None
            self._bury(place, step, str(error))
            return False
        return True

    def _bury(self, place, step, reason):
        """Note a death, and leave out what it was of when the cells run again."""
        if step.kind == "check":
            sentence = self._lose(step.name, reason)
        else:
            where = f"the answer cell {step.name}" if step.kind == "answer" else ADDED
            sentence = self.dead[place] = f"Running {where}: {_lower(reason)}"
        kind = kind_of_death(reason)
        kept = self.result.notes if kind == "forged" else self.result.limits
        kept.append(Note(kind, step.name, sentence))

    def _lose(self, name, reason):
        """Lose a part of a check of whose case the process died, or all with the core."""
        asked, core = self.asked[name], next(iter(self.questions[name].parts))
        sentence = f"On the case “{asked.case.label}”: {_lower(reason)}"
        asked.deadly[asked.key] = sentence
        if asked.case.part in (core, ""):
            self.result.answers[name] = Answer(
                reason=sentence, seconds=asked.seconds, cpu=asked.cpu
            )
        asked.lost[asked.case.part] = sentence
        return f"{name}: {sentence}"

    def _is_over(self):
        return self.result.cpu >= self.limits.total or time.monotonic() >= self.until

    def _talk(self, child, request, seconds, asked=None):
        """Send a request and return the reply; count what it took."""
        seconds = max(0.05, min(seconds, self.limits.total - self.result.cpu))
        start, before, after = time.monotonic(), child.cpu(), None
        received = child.received
        try:
            reply = child.ask(request, seconds)
            after = child.cpu()
            return reply
        finally:
            took = time.monotonic() - start
            cpu = min(took, seconds) if before is None or after is None else after - before
            self.result.cpu += cpu
            received = child.received - received
            self.received += received
            if asked is not None:
                asked.seconds, asked.cpu = asked.seconds + took, asked.cpu + cpu
                asked.received += received

    def _run(self, child, step, errors):
        """Run a cell, and keep how it ended; return whether it ran to its end."""
        seconds = self.limits.added if step.kind == "added" else self.limits.answer
        reply = self._talk(child, {"do": "run", "source": step.source}, seconds)
        if "printed" in reply:
            self._note_printing(step)
        if "error" in reply:
            errors[step.name] = _error(step, reply)
        return "error" not in reply

    def _note_printing(self, step):
        """Note once that a cell, or a call of a check, printed more than its limit."""
        places = {"answer": "the answer cell {}", "check": "the check of {}"}
        where = places.get(step.kind, ADDED).format(step.name)
        note = Note("output", step.name, PRINTED.format(where, self.limits.output / 1e6))
        if note not in self.result.limits:
            self.result.limits.append(note)

    def _check(self, child, name):
        for place, sentence in self.dead.items():
            if self.steps[place].kind == "answer" and self.steps[place].name == name:
                self.result.answers[name] = Answer(reason=sentence)
                return
        asked = self.asked.setdefault(name, _Asked())
        self.settle(name, self._ask(child, name, asked, self.errors))
        asked.records.clear()
        asked.shared.clear()

    def settle(self, name, answer):
        """Judge an answer, if that is still to be done, and keep what is needed of it."""
        if name not in self.result.outcomes:
            self.result.outcomes[name] = outcome_of(self.questions[name], answer)
        self.result.answers[name] = replace(answer, records=())

    def _ask(self, child, name, asked, errors):
        """Ask the cases of a check that are open, and return what became of all."""
        cases = self.questions[name].cases
        for number, case in enumerate(cases):
            if number in asked.records or case.part in asked.lost:
                continue
            asked.case = case
            if self._took_too_long(asked):
                asked.lost[case.part] = TOO_SLOW.format(self.limits.question)
                continue
            record = self._case(child, name, asked)
            if record is None:
                return Answer(missing=True, error=errors.get(name, ""))
            asked.records[number] = record
        records = [
            asked.records[number] if number in asked.records else lost_record(asked.lost[case.part])
            for number, case in enumerate(cases)
        ]
        return Answer(tuple(records), seconds=asked.seconds, cpu=asked.cpu)

    def _took_too_long(self, asked):
        most = self.limits.question
        return asked.cpu >= most or asked.seconds >= most * self.limits.patience

    def _case(self, child, name, asked):
        """Ask what a case comes to; return its record, None where there is no such name."""
        case, asked.key = asked.case, ""
        if not isinstance(DRIVERS[case.driver], Joint):
            (request,) = requests_of(case.driver, case.inputs)
            return self._request(child, name, request, asked, case)
        requests = requests_of(case.driver, case.inputs)
        records = []
        for request in requests:
            records.append(self._shared(child, name, request, asked))
            if records[-1] is None or LOST in records[-1]:
                return records[-1]
        return self._believed(child, joined_record, requests, records, self.lines, case)

    def _shared(self, child, name, request, asked):
        """Return the record of a request, which is asked once for all cases of a check."""
        asked.key = key = key_of(request)
        if key in asked.deadly or (key not in asked.shared and self._took_too_long(asked)):
            late = TOO_SLOW.format(self.limits.question)
            return lost_record(asked.deadly.get(key, late))
        if key not in asked.shared:
            asked.shared[key] = self._request(child, request.of or name, request, asked, request)
            if asked.shared[key] is None and request.of:
                asked.shared[key] = not_answered()
        return asked.shared[key]

    def _request(self, child, name, request, asked, case):
        """Ask one call of an answer; return its record, None where there is no such name."""
        message = {"do": "observe", "name": name} | told(request)
        left, most = self.limits.question - asked.cpu, self.limits.case
        try:
            reply = self._talk(child, message, min(most, left), asked)
        except ChildError as error:
            if left < most and kind_of_death(str(error)) == "time":
                raise ChildError(TOO_SLOW.format(self.limits.question)) from None
            raise
        if "printed" in reply:
            self._note_printing(Step("check", name))
        if reply.get("missing"):
            return None
        if "long" in reply or asked.received > self.limits.reply:
            child.kill()
            raise ChildError(LONG)
        return self._believed(child, checked_record, reply.get("record"), self.lines, case)

    def _believed(self, child, check, *claims):
        """Return a record if it is of the form of one, else end the process."""
        try:
            return check(*claims)
        except Exception:  # whatever a strange record breaks is the student's own
            child.kill()
            raise ChildError(FORGED) from None

    def ask_alone(self, name):
        """Ask a check again without the cells that may have spoiled it; keep the better answer."""
        spent = self.result.starts > 2 * self.limits.restarts
        if spent or self._is_over() or not self._may_be_spoiled(name):
            return
        try:
            answer = self._alone(name)
        except (ChildError, LostError):
            if self.workshop.cancelled:
                raise CancelledError from None
            return
        outcome = outcome_of(self.questions[name], answer)
        if outcome.points > self.result.outcomes[name].points:
            self.result.answers[name] = replace(answer, records=())
            self.result.outcomes[name] = outcome
            kept = [n for n in self.result.limits if n.cell != name or n.kind == "output"]
            if len(kept) < len(self.result.limits):
                kept.append(Note("died", "", SPOILED.format(name)))
            self.result.limits = kept

    def _may_be_spoiled(self, name):
        """Return whether a check that is not right may be so because of another cell."""
        answer, here = self.result.answers[name], self.steps.index(Step("check", name))
        outcome = self.result.outcomes[name]
        if outcome.status == "right" or name not in self.result.names:
            return False
        if _is_a_guess(self.questions[name], outcome):
            return False  # another value would be a second one
        own = self._own(name)
        if any(place > here for place in own):
            return True  # written, or mended, further down
        others = {i for i in range(here) if self.steps[i].kind in ("answer", "added")} - own
        blank = outcome.status == "unanswered" and STUB in self.result.names.direct(name)
        if blank or not others:
            return False
        if answer.reason and kind_of_death(answer.reason) != "time":
            return True
        killed = {i for i, reason in self.dead.items() if kind_of_death(reason) != "time"} & own
        return bool(killed) or any(self._reaches_far(place) for place in others)

    def _reaches_far(self, place):
        source = self.steps[place].source
        long = len(source) > MAX_PARSED
        return long or FAR.search(source) is not None or spoils(source, self.setup)

    @cached_property
    def given(self):
        """The names that the set-up cell and Python give, to each answer as they are."""
        return given(self.setup)

    def _own(self, name):
        """Return the places of the cells that a check rests on."""
        wanted = {name} | others_of(self.result.outcomes[name])
        places = set().union(*(self.result.names.places(n, but=self.given) for n in wanted))
        return {place for place in places if self.steps[place].kind in ("answer", "added")}

    def _alone(self, name):
        """Run the cells that a check rests on and ask it; what stopped is run once more."""
        errors = {}
        with self._child() as child:
            waiting = [self.steps[place] for place in sorted(self._own(name))]
            for step in [step for step in waiting if not self._run(child, step, errors)]:
                self._run(child, step, errors)
            return self._ask(child, name, _Asked(), errors)


def _is_a_guess(question, outcome):
    """Return whether a value was given where one was asked for."""
    if any(case.driver not in VALUES for case in question.cases):
        return False
    return bool(outcome.diagnosis or (outcome.failure and "value" in outcome.failure.record))


def kind_of_death(reason):
    """Return the kind of a limit that was hit, from the sentence on it."""
    kinds = {
        "did not finish": "time",
        "was used up": "time",
        LONG[3:]: "size",
        FORGED[3:]: "forged",
    }
    return next((kind for words, kind in kinds.items() if words in reason), "died")


def _error(step, reply):
    """Return how a cell ended, quoting nothing but the student's own line."""
    kind = reply["error"]
    if not isinstance(kind, str) or kind not in ERRORS:  # it may be anything
        kind = "an exception"
    line, lines = reply.get("line"), step.source.splitlines()
    skipped = next((i for i, text in enumerate(lines) if text.strip()), 0)  # IPython drops these
    sentence = f"The cell of {step.name} stopped with {kind}"
    if isinstance(line, int) and 0 < line <= len(lines) - skipped:
        line += skipped
        return f"{sentence} in line {line}: {lines[line - 1].strip()[:80]}"
    return sentence + "."


def _lower(sentence):
    return re.sub(r"^[A-Z]", lambda match: match[0].lower(), sentence)
