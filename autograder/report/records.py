"""What is known of a class: lessons, submissions, answers and marks.

Marks come from the gradebook, where a teacher may have changed them, reasons from the verdicts.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

CLOSE = 0.005  # the gradebook and a verdict may differ by so many points


@dataclass(frozen=True)
class Answer:
    """What a verdict says on one check.

    `case` is the first case that failed, `needs` the wrong answers that this one calls.
    """

    name: str
    status: str
    points: float
    max_points: float
    diagnosis: str = ""
    sentence: str = ""
    reason: str = ""
    case: str = ""
    needs: tuple = ()


@dataclass(frozen=True)
class Record:
    """What the report needs of a verdict, whatever its format."""

    answers: tuple
    notes: tuple = ()
    refused: str = ""
    limits: tuple = ()  # like the notes: (kind, cell, sentence)
    made: tuple = ()
    cpu: float = 0.0
    written: float = 0.0


@dataclass(frozen=True)
class Cell:
    """A graded cell of one submission in the gradebook; `score` is None where it waits."""

    score: float | None
    max_score: float
    auto_score: float | None = None
    by_hand: bool = False


@dataclass(frozen=True)
class Mark:
    """What the gradebook says on one submission: {cell: Cell}, and how late it came."""

    cells: dict
    seconds_late: float = 0.0
    penalty: float = 0.0


@dataclass(frozen=True)
class Entry:
    """A student's submission to a lesson, as far as it is known.

    `fault` says why the last run did not grade it, `broken` why its verdict cannot be read.
    """

    student: str
    lesson: str
    record: Record | None = None
    mark: Mark | None = None
    fault: str = ""
    broken: str = ""

    @cached_property
    def cells(self):
        """The marks by cell: those of the gradebook, else those of the verdict."""
        if self.mark is not None:
            return self.mark.cells
        answers = self.record.answers if self.record else ()
        return {f"check_{a.name}": Cell(a.points, a.max_points, a.points) for a in answers}

    @property
    def points(self):
        """The points so far, a late penalty not taken off."""
        return round(sum(cell.score or 0.0 for cell in self.cells.values()), 2)

    @property
    def max_points(self):
        """The points of all cells, those that wait for a manual grade included."""
        return sum(cell.max_score for cell in self.cells.values())

    @property
    def waiting(self):
        """The points that wait for a manual grade."""
        return sum(cell.max_score for cell in self.cells.values() if cell.score is None)

    @property
    def refused(self):
        """Why the file could not be graded, "" where it was."""
        return self.record.refused if self.record else ""

    @property
    def unanswered(self):
        """The names of the checks without an answer."""
        answers = self.record.answers if self.record else ()
        return [a.name for a in answers if a.status == "unanswered"]

    @property
    def blank(self):
        """Whether nothing at all was answered."""
        answers = self.record.answers if self.record else ()
        return bool(answers) and len(self.unanswered) == len(answers)

    def disagreements(self):
        """Return in words where gradebook and verdict do not say the same."""
        if self.record is None:
            missing = "there is no verdict; only marks are known"
            return [] if self.fault else [self.broken or missing]
        if self.mark is None:
            return ["it is not in the gradebook; its marks are those of the verdict"]
        found = []
        for answer in self.record.answers:
            cell = self.mark.cells.get(f"check_{answer.name}")
            if cell is None:
                found.append(f"{answer.name} is not in the gradebook")
            elif cell.auto_score is None or abs(cell.auto_score - answer.points) > CLOSE:
                kept = "nothing" if cell.auto_score is None else f"{cell.auto_score:g}"
                found.append(
                    f"{answer.name}: {kept} in the gradebook, {answer.points:g} in the verdict"
                )
        return found


@dataclass
class Lesson:
    """All that is known of one lesson.

    Parameters
    ----------
    name : str
    entries : list of Entry
        By student.
    absent : list of str
        Students of the class who handed in nothing.
    waiting : list of str
        Students whose submission has not been graded yet.
    fault : str
        Why the lesson as a whole was not graded.
    """

    name: str
    entries: list = field(default_factory=list)
    absent: list = field(default_factory=list)
    waiting: list = field(default_factory=list)
    fault: str = ""

    @cached_property
    def cells(self):
        """The graded cells in the order of the lesson: {name: full points}."""
        seen = {}
        for entry in self.entries:
            for answer in entry.record.answers if entry.record else ():
                seen.setdefault(f"check_{answer.name}", answer.max_points)
        for entry in self.entries:
            for name, cell in sorted(entry.mark.cells.items()) if entry.mark else ():
                seen.setdefault(name, cell.max_score)
        return seen

    @property
    def gradable(self):
        """The submissions that could be graded: their file was not refused."""
        return [e for e in self.entries if e.cells and not e.refused]

    @property
    def answered(self):
        """The submissions with at least one answer: what statistics of questions rest on."""
        return [e for e in self.gradable if not e.blank]

    @cached_property
    def scores(self):
        """The points as an (n, k) array over `answered` and `cells`, nan where a mark waits."""
        rows = [[_score(entry.cells.get(name)) for name in self.cells] for entry in self.answered]
        return np.array(rows, float).reshape(len(rows), len(self.cells))

    def made(self):
        """Return what the verdicts were made with: {kind: Counter of values}."""
        counts = {}
        for entry in self.entries:
            for kind, value in entry.record.made if entry.record else ():
                counts.setdefault(kind, Counter())[value] += 1
        return counts


def _score(cell):
    return np.nan if cell is None or cell.score is None else cell.score


@dataclass
class Course:
    """All lessons of a report, the students of the class, and what made reading hard."""

    lessons: list
    students: list
    remarks: list = field(default_factory=list)
