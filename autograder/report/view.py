"""What the page shows of one lesson."""

import datetime
import re
from dataclasses import dataclass, field
from functools import cached_property

from markupsafe import Markup

from autograder.report import findings, summary
from autograder.report.figures import points_image, questions_image
from autograder.report.findings import plural
from autograder.report.statistics import quartiles
from autograder.report.summary import bare

GROUPS = 12  # rows of a table of what went wrong otherwise


@dataclass
class Row:
    """A question in the table of a lesson."""

    name: str
    title: str
    points: str
    item: object
    open: int

    @property
    def mean(self):
        """The mean share of the points."""
        return f"{self.item.mean:.0%}" if self.item.mean >= 0 else "–"

    @property
    def r(self):
        """The discrimination, or why there is none."""
        item = self.item
        if item.r is None:
            return f"– {item.why}"
        return minus(f"{item.r:.2f} ({item.low:.2f} to {item.high:.2f})")


def minus(text):
    """Return text in which a hyphen before a digit is a minus."""
    return re.sub(r"-(?=\d)", "−", text)


@dataclass
class View:
    """What the page shows of one lesson."""

    lesson: object
    title: str
    titles: dict = field(default_factory=dict)
    alone: bool = False  # the page begins with what there is to say of its only lesson

    def __post_init__(self):
        self.statistics = findings.questions(self.lesson)
        self.misconceptions = findings.misconceptions(self.lesson)
        self.unrecognised = findings.unrecognised(self.lesson)[:GROUPS]
        self.dependent = findings.dependent(self.lesson)
        self.unanswered = findings.unanswered(self.lesson)
        self.stopped = findings.stopped(self.lesson)[:GROUPS]
        self.changes = findings.changes(self.lesson)
        self.hardest = findings.hardest(self.lesson)
        self.blank = [e.student for e in self.lesson.gradable if e.blank]

    @property
    def say(self):
        """The lesson in a few sentences."""
        return summary.lesson_sentences(self.lesson)[: 1 if self.alone else None]

    @property
    def median(self):
        """The median of the points."""
        there = [entry.points for entry in self.lesson.gradable]
        full = max((entry.max_points for entry in self.lesson.gradable), default=0)
        return f"{quartiles(there)[2]:.3g} of {full:g}" if there else "–"

    @property
    def open(self):
        """How many left some questions open, or all."""
        return sum(bool(entry.unanswered) for entry in self.lesson.gradable)

    @cached_property
    def points_image(self):
        """The figure of the points."""
        return Markup(points_image(self.lesson))

    @cached_property
    def questions_image(self):
        """The figure of the questions."""
        return Markup(questions_image(self.statistics))

    @property
    def questions(self):
        """The rows of the table of questions."""
        left = {f.question: f.count for f in self.unanswered}
        rows = []
        for cell, full in self.lesson.cells.items():
            name = bare(cell)
            words = (self.titles.get(name, ""), f"{full:g}")
            rows.append(Row(name, *words, self.statistics[cell], left.get(name, 0)))
        return rows

    @property
    def basis(self):
        """Which submissions the statistics rest on."""
        left = [f"{len(self.blank)} without any answer"] * bool(self.blank)
        refused = sum(bool(e.refused) for e in self.lesson.entries)
        left += [f"{refused} refused"] * bool(refused)
        aside = f", not on {' and '.join(left)}" if left else ""
        there = plural(len(self.lesson.answered), "submission")
        return f"It rests on {there}{aside}; a question left open counts as 0 points."

    @property
    def notes(self):
        """What to know about the points."""
        entries = self.lesson.gradable
        waits = [entry.waiting for entry in entries if entry.waiting]
        by_hand = sum(cell.by_hand for e in entries for cell in e.cells.values())
        late = sum(bool(entry.mark and entry.mark.penalty) for entry in self.lesson.entries)
        said = {
            f"{plural(len(waits), 'submission')} with points that wait for a manual grade, "
            f"up to {max(waits, default=0):g} each: these are the points so far.": waits,
            f"{plural(by_hand, 'mark')} given or changed by hand.": by_hand,
            f"{plural(late, 'submission')} with a late penalty, not taken off here.": late,
        }
        return [sentence for sentence, there in said.items() if there]

    @property
    def odd(self):
        """Pairs of words and students: files refused, late, not graded, not in agreement."""
        lesson = self.lesson
        found = [(f"Refused: {f.sentence}", f.students) for f in findings.files(lesson)]
        late = [e for e in lesson.entries if e.mark and e.mark.seconds_late]
        if late:
            most = max(e.mark.seconds_late for e in late)
            found.append((f"Late, by up to {duration(most)}", [e.student for e in late]))
        kinds = {"The grader stopped": findings.faults(lesson)}
        kinds |= {"Look again": findings.disagreements(lesson)}
        for words, groups in kinds.items():
            found += [(f"{words}: {f.sentence}", f.students) for f in groups[:GROUPS]]
        found.append(("Handed in, not graded yet", lesson.waiting))
        found.append(("Handed in nothing", lesson.absent))
        return [pair for pair in found if pair[1]]

    @property
    def made(self):
        """What the verdicts were made with: [(kind, [(value, count)])]."""
        records = [e.record for e in self.lesson.entries if e.record]
        made = [(kind, counts.most_common(GROUPS)) for kind, counts in self.lesson.made().items()]
        if records:
            times = [datetime.datetime.fromtimestamp(r.written) for r in records]
            spent = f"{min(times):%Y-%m-%d %H:%M} to {max(times):%Y-%m-%d %H:%M}"
            made.append(("verdicts written", [(spent, len(records))]))
            cpu = sum(record.cpu for record in records)
            made += [("computing time of the answers", [(duration(cpu), len(records))])] * bool(cpu)
        return made

    def lists(self):
        """Return the lengths of all lists of names."""
        groups = (self.misconceptions, self.unrecognised, self.dependent, self.unanswered)
        groups += (self.stopped, self.changes)
        counts = [finding.count for group in groups for finding in group]
        return [*counts, len(self.blank), *(len(students) for _, students in self.odd)]


def duration(seconds):
    """Return a time in words.

    Examples
    --------
    >>> duration(12.3), duration(7500), duration(200_000)
    ('12 s', '2 h 5 min', '2 d 7 h')
    """
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
