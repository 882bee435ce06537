"""The report in a few sentences: what to say in class, and what to do before."""

import re

from autograder.report import findings
from autograder.report.findings import plural
from autograder.report.statistics import quartiles

MOST = 3  # misconceptions that are worth a sentence
A_CLASS = 40  # students, from whom on a share says more than a number


def class_sentences(course):
    """Return what is worth saying of all lessons, beside the misconceptions."""
    found = class_hardest(course.lessons)
    said = []
    if found is not None and found[2].mean < 1:
        said += hardest_sentence(found[0], number(found[0].name) if len(course.lessons) > 1 else "")
    if len(course.lessons) == 1:
        return [*said, *open_sentence(course.lessons[0])]
    there = [entry for lesson in course.lessons for entry in lesson.gradable]
    found = _left_open(there)
    if found:
        refused = _refused([entry for lesson in course.lessons for entry in lesson.entries])
        more = f" ({refused:,} more {'was' if refused == 1 else 'were'} refused)" if refused else ""
        said.append(f"Of {plural(len(there), 'submission')}{more}, {' and '.join(found)}.")
    return said


def lesson_sentences(lesson):
    """Return what is worth saying about one lesson: the points, then what to explain."""
    return [points_sentence(lesson), *hardest_sentence(lesson), *open_sentence(lesson)]


def points_sentence(lesson):
    """Return how many handed in, and the median of their points."""
    there = lesson.gradable
    count = plural(len(lesson.entries), "submission")
    if not there:
        return f"{count}; none could be graded."
    refused = _refused(lesson.entries)
    count += f", {refused:,} of them refused" if refused else ""
    median = quartiles([entry.points for entry in there])[2]
    full = max(entry.max_points for entry in there)
    return f"{count}; the median is {median:.3g} of {full:g} points."


def _refused(entries):
    return sum(bool(entry.refused) for entry in entries)


def hardest_sentence(lesson, where=""):
    """Return which question was the hardest, in a list that is empty where nobody missed one."""
    found = findings.hardest(lesson)
    if found is None or found[1].mean > 1 - 1e-9:
        return []
    name, item = found
    where = f" ({where})" if where else ""
    full = share(item.full, item.n)
    return [
        f"The hardest question is `{bare(name)}`{where}: {full} have full marks, "
        f"the mean is {item.mean:.0%} of the points."
    ]


def open_sentence(lesson):
    """Return how many left questions open, in a list that is empty where nobody did."""
    said = _left_open(lesson.gradable)
    said += [f"{len(lesson.absent):,} handed in nothing"] * bool(lesson.absent)
    return [f"Not answered: {', '.join(said)}."] if said else []


def _left_open(entries):
    blank = sum(entry.blank for entry in entries)
    some = sum(bool(entry.unanswered) and not entry.blank for entry in entries)
    said = [f"{blank:,} answered nothing at all"] * bool(blank)
    return said + [f"{some:,} left some questions open"] * bool(some)


def share(count, n):
    """Return how many of how many, with the share where it is a class.

    Examples
    --------
    >>> share(2, 10), share(150, 1000)
    ('2 of 10', '150 of 1,000 (15%)')
    """
    return f"{count:,} of {n:,}" + (f" ({count / n:.0%})" if n >= A_CLASS else "")


def top_misconceptions(lessons, most=MOST):
    """Return the misconceptions of most students, each with the number of those who answered."""
    found = [(f, len(n.answered)) for n in lessons for f in findings.misconceptions(n)]
    return sorted(found, key=lambda pair: (-pair[0].count, -pair[0].lost))[:most]


def class_hardest(lessons):
    """Return (lesson, name, statistics) of the hardest question of all, or None."""
    found = [(lesson, *findings.hardest(lesson)) for lesson in lessons if findings.hardest(lesson)]
    return min(found, key=lambda f: f[2].mean, default=None)


def to_do(course):
    """Return what waits for the teacher, in words, each with the names of the lessons."""
    said = []
    for lesson in course.lessons:
        for words, number in _waiting(lesson).items():
            if number:
                said.append((words, lesson.name, number))
    kinds = dict.fromkeys(words for words, _, _ in said)
    return [(kind, [(name, n) for words, name, n in said if words == kind]) for kind in kinds]


def _waiting(lesson):
    refused, reports = findings.files(lesson), findings.disagreements(lesson)
    lost = [item for item in findings.questions(lesson).values() if item.n >= 3 and item.mean == 0]
    faults = [entry for entry in lesson.entries if entry.fault]
    return {
        "to grade by hand (Formgrader)": sum(bool(e.waiting) for e in lesson.gradable),
        "handed in, not graded yet (`./course grade`)": len(lesson.waiting),
        "not graded, since the grader stopped": len(faults) + bool(lesson.fault),
        "questions in which nobody has a point: is the question at fault, or the grader?": len(
            lost
        ),
        "refused files: ask for them again": sum(f.count for f in refused),
        "gradebook and verdict disagree": sum(f.count for f in reports),
    }


def number(lesson):
    """Return the number of a lesson in words, or its name where it has none.

    Examples
    --------
    >>> number("01_l1_l2_updates"), number("toy")
    ('lesson 01', 'toy')
    """
    found = re.match(r"[0-9]+(?=_)", lesson)
    return f"lesson {found[0]}" if found else lesson


def bare(cell):
    """Return the name of a question, given that of its cell.

    Examples
    --------
    >>> bare("check_ridge"), bare("why")
    ('ridge', 'why')
    """
    return cell.removeprefix("check_")
