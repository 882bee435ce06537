"""What a class got wrong, and what else was seen: groups of students, the largest first."""

from dataclasses import dataclass

import numpy as np

from autograder.grading.transplant import KINDS
from autograder.grading.verdict import LIMITS
from autograder.report.statistics import items

WRONG = ("wrong", "partly")
LOW, OPEN = 0.5, 0.5  # shares of the points and of the questions that call for attention


@dataclass(frozen=True)
class Finding:
    """Something that was found with some students: on which question, what, and with whom.

    `lost` are the points that it cost all of them together.
    """

    lesson: str
    question: str
    name: str
    sentence: str
    students: tuple
    lost: float = 0.0

    @property
    def count(self):
        """How many students."""
        return len(self.students)


@dataclass(frozen=True)
class Attention:
    """A student to look at first, with the reasons in words."""

    student: str
    share: float
    reasons: tuple
    lesson: str


def _groups(lesson, found):
    """Return findings from tuples (question, name, sentence, student, points lost)."""
    groups = {}
    for question, name, sentence, student, lost in found:
        group = groups.setdefault((question, name, sentence), ({}, []))
        group[0][student] = None
        group[1].append(lost)
    made = [
        Finding(lesson.name, *what, tuple(students), round(sum(lost), 2))
        for what, (students, lost) in groups.items()
    ]
    return sorted(made, key=lambda f: (-f.count, -f.lost))


def _answers(lesson, *statuses):
    for entry in lesson.gradable:
        for answer in entry.record.answers if entry.record else ():
            if answer.status in statuses:
                yield entry.student, answer


def misconceptions(lesson):
    """Return the misconceptions that were recognised."""
    return _groups(
        lesson,
        [
            (a.name, a.diagnosis, a.sentence, student, a.max_points - a.points)
            for student, a in _answers(lesson, *WRONG)
            if a.diagnosis
        ],
    )


def unrecognised(lesson):
    """Return the wrong answers without a recognised misconception, by the first failing case."""
    return _groups(
        lesson,
        [
            (a.name, a.case, a.sentence if not a.case else "", student, a.max_points - a.points)
            for student, a in _answers(lesson, *WRONG)
            if not a.diagnosis and not a.needs
        ],
    )


def dependent(lesson):
    """Return the wrong answers that call another one that is not right: they may be right then."""
    return _groups(
        lesson,
        [
            (a.name, ", ".join(a.needs), "", student, a.max_points - a.points)
            for student, a in _answers(lesson, *WRONG, "died")
            if a.needs and not a.diagnosis
        ],
    )


def unanswered(lesson):
    """Return the questions that were left open, by those who answered something."""
    blank = {entry.student for entry in lesson.entries if entry.blank}
    left = [
        (a.name, "", "", student, a.max_points)
        for student, a in _answers(lesson, "unanswered")
        if student not in blank
    ]
    return _groups(lesson, left)


def stopped(lesson):
    """Return the answers that ended their process or hit a limit; `name` is the kind of limit."""
    limits = {
        (entry.student, cell): LIMITS.get(kind, kind)
        for entry in lesson.gradable
        for kind, cell, _ in (entry.record.limits if entry.record else ())
    }
    found = []
    for student, answer in _answers(lesson, "died"):
        if not answer.needs:
            kind = limits.pop((student, answer.name), "")
            found.append((answer.name, kind, answer.reason, student, answer.max_points))
    rest = [(cell, kind, "", student, 0.0) for (student, cell), kind in limits.items()]
    return _groups(lesson, found + rest)


def changes(lesson):
    """Return what was changed beside the answers, by kind; `name` is the kind."""
    notes = [(e.student, *note) for e in lesson.entries if e.record for note in e.record.notes]
    return _groups(
        lesson,
        [("", kind, KINDS.get(kind, words), student, 0.0) for student, kind, _, words in notes],
    )


def files(lesson):
    """Return the files that were refused, by reason."""
    refused = [("", "", e.refused, e.student, e.max_points) for e in lesson.entries if e.refused]
    return _groups(lesson, refused)


def faults(lesson):
    """Return the submissions where the grader stopped, by the last line of the traceback."""
    found = [("", "", e.fault, e.student, 0.0) for e in lesson.entries if e.fault]
    return _groups(lesson, found)


def disagreements(lesson):
    """Return where gradebook and verdict do not say the same."""
    found = [("", "", line, e.student, 0.0) for e in lesson.entries for line in e.disagreements()]
    return _groups(lesson, found)


def questions(lesson):
    """Return the statistics of each question: {name of its cell: Item}."""
    full = list(lesson.cells.values())
    return dict(zip(lesson.cells, items(lesson.scores, full), strict=True))


def hardest(lesson):
    """Return the name and the statistics of the question with the lowest mean, or None."""
    found = [(name, item) for name, item in questions(lesson).items() if item.mean >= 0]
    return min(found, key=lambda f: f[1].mean, default=None)


@dataclass
class Standing:
    """How a student stands over the lessons of a report; `first` is where to look."""

    points: float = 0.0
    max_points: float = 0.0
    left: int = 0
    asked: int = 0
    refused: int = 0
    absent: int = 0
    first: str = ""

    @property
    def share(self):
        """The share of the points that have been marked, None where there are none."""
        return self.points / self.max_points if self.max_points else None

    def add(self, entry):
        """Count one submission."""
        self.first = self.first or entry.lesson
        self.refused += bool(entry.refused)
        if not entry.refused:
            self.points += entry.points
            self.max_points += entry.max_points - entry.waiting
            self.left += len(entry.unanswered)
            self.asked += len(entry.record.answers) if entry.record else 0

    def reasons(self, low):
        """Return in words why to look at this student, given the share that is low."""
        found = []
        if self.share is not None and self.share <= low:
            found.append(f"{self.share:.0%} of the points")
        if self.asked and self.left >= OPEN * self.asked:
            found.append(f"{self.left} of {self.asked} questions not answered")
        if self.refused:
            found.append(f"{plural(self.refused, 'file')} refused")
        if self.absent:
            found.append(f"nothing handed in to {plural(self.absent, 'lesson')}")
        return tuple(found)


def standings(course):
    """Return how each student stands: {student: Standing}."""
    found = {student: Standing() for student in course.students}
    for lesson in course.lessons:
        for entry in lesson.entries:
            found[entry.student].add(entry)
        for student in lesson.absent:
            found[student].absent += 1
    return found


def attention(course):
    """Return the students to look at first, the lowest share of points first.

    They are in the lowest quarter and have less than half of the points, or left half of the
    questions open, or a file was refused, or they handed in nothing to a lesson.
    """
    found = standings(course)
    shares = [s.share for s in found.values() if s.share is not None]
    low = min(LOW - 1e-9, float(np.quantile(shares, 0.25))) if shares else 0.0
    made = [
        Attention(student, -1.0 if s.share is None else s.share, s.reasons(low), s.first)
        for student, s in found.items()
        if s.reasons(low)
    ]
    return sorted(made, key=lambda a: (a.share, -len(a.reasons)))


def plural(number, word):
    """Return a number with its word.

    Examples
    --------
    >>> plural(1, "file"), plural(1200, "student")
    ('1 file', '1,200 students')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"
