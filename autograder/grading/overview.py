"""The marks of a class as text: all of a small class, the distribution of a large one."""

import statistics

SMALL = 40
WAITING = (
    "* parts wait for a teacher to grade them by hand: type jupyter lab, "
    "choose Formgrader in the menu Nbgrader"
)
EXPORT = "The marks of each student: .venv/bin/nbgrader export, or Formgrader"


def shown(marks):
    """Return the marks as text: a row for each student, for more than 40 a row for each lesson.

    Parameters
    ----------
    marks : dict
        {(student, lesson): (points, full points, whether everything is graded)}
    """
    small = len({student for student, _ in marks}) <= SMALL
    return table(marks) if small else summary(marks)


def table(marks):
    """Return a row for each student, a column for each lesson.

    >>> print(table({("ada", "00"): (2.0, 2.0, True)}))
    student  00      total
    ───────  ──────  ─────
    ada      2 of 2  2
    """
    lessons = sorted({lesson for _, lesson in marks})
    rows = [["student", *lessons, "total"]]
    for student in sorted({student for student, _ in marks}):
        cells = [marks.get((student, lesson)) for lesson in lessons]
        total = sum(cell[0] for cell in cells if cell)
        rows.append([student, *map(_cell, cells), f"{total:.4g}"])
    return _lined_up(rows, any(not graded for _, _, graded in marks.values()))


def summary(marks):
    """Return a row for each lesson: how many submitted, and how the points are distributed.

    >>> print(summary({(student, "00"): (float(student), 2.0, True) for student in "012"}))
    lesson  submissions  of  mean  lowest  quarter  median  three quarters  highest
    ──────  ───────────  ──  ────  ──────  ───────  ──────  ──────────────  ───────
    00      3            2   1     0       0.5      1       1.5             2
    The marks of each student: .venv/bin/nbgrader export, or Formgrader
    """
    columns = ("submissions", "of", "mean", "lowest", "quarter", "median", "three quarters")
    rows = [["lesson", *columns, "highest"]]
    for lesson in sorted({lesson for _, lesson in marks}):
        of_lesson = [mark for (_, name), mark in marks.items() if name == lesson]
        points = [mark[0] for mark in of_lesson]
        quarters = statistics.quantiles(points, n=4, method="inclusive") if points[1:] else points
        waits = "" if all(graded for _, _, graded in of_lesson) else " *"
        numbers = [len(points), max(full for _, full, _ in of_lesson), statistics.mean(points)]
        numbers += [min(points), *(quarters if points[1:] else 3 * points), max(points)]
        rows.append([lesson, *(f"{number:.4g}" for number in numbers)])
        rows[-1][1] += waits
    return _lined_up(rows, any(not mark[2] for mark in marks.values())) + "\n" + EXPORT


def _lined_up(rows, waits):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines + [WAITING] * waits)


def _cell(mark):
    if mark is None:
        return "–"
    points, full, graded = mark
    return f"{points:.4g} of {full:g}{'' if graded else ' *'}"
