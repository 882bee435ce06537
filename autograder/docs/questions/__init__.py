"""docs/questions.md: each graded question, what it measures, and the misconceptions it knows.

The page holds no answer, no case and no expected result. Of a multiple choice it has the title
alone, since what is said about the wrong options would tell the right one.
"""

import re
from dataclasses import dataclass

from autograder.lesson import BEGIN, lesson_paths, read_lesson
from autograder.question import Choice
from autograder.questions import questions_of
from autograder.solutions import ROOT

UNIT = re.compile(r"## (.+)")
TITLE = re.compile(r"# (.+)")
INTRO = """# What each question measures

Made by `./course docs questions`; do not edit it by hand.
It has each graded question of each lesson with its points, its parts, and the misconceptions
that its check recognizes, each with the sentence that a student then reads.
It has no answers, no cases and no seeds; the answers are in `solutions/`.
[teaching.md](teaching.md) tells how to talk about the most common of these.

A question on code is judged in *parts*, and a part counts by its share of the points.
The first part is the core: without it the question earns nothing.
A multiple choice is right or wrong.
Each of its options has a sentence of its own, which only whoever chose it reads:
you find them in `autograder/questions/`.
"""


@dataclass(frozen=True)
class Asked:
    """A question in its place: its key, points and unit, and its `Question` or `Choice`.

    Where a teacher grades it, `question` is None and `rubric` is the text above the answer.
    """

    key: str
    points: float
    unit: str
    question: object = None
    rubric: str = ""


def pages():
    """Return the page by its path under `docs/`."""
    lessons = [_lesson(path) for path in lesson_paths(ROOT, [])]
    return {"questions.md": "\n".join([INTRO, _overview(lessons), *map(_section, lessons)])}


def _lesson(path):
    """Return a lesson's name, its title and its questions in their order."""
    questions = questions_of(path.stem)
    lesson = read_lesson(path, questions)
    title, unit, before, asked = "", "", "", []
    for cell in lesson.notebook.cells:
        if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata:
            title = title or TITLE.match(cell.source)[1]
            unit = ([*UNIT.findall(cell.source)] or [unit])[-1]
            before = cell.source
        key = cell.id.removeprefix("check_")
        if cell.id == f"check_{key}" and key in lesson.points:
            asked.append(Asked(key, lesson.points[key], unit, questions[key]))
        elif key in lesson.by_hand:
            asked.append(Asked(key, lesson.by_hand[key], unit, rubric=before))
    return lesson.name, title, asked


def _overview(lessons):
    rows = []
    for name, _, asked in lessons:
        known = sum(len(getattr(one.question, "misconceptions", ())) for one in asked)
        points = sum(one.points for one in asked)
        rows.append(f"| [`{name}`](#{name}) | {len(asked)} | {known} | {points:g} |")
    head = "| lesson | questions | misconceptions | points |\n|---|---:|---:|---:|"
    return "\n".join([head, *rows, ""])


def _section(lesson):
    name, title, asked = lesson
    head = "| question | unit | points | what it measures |\n|---|---|---:|---|"
    rows = [f"| `{one.key}` | {one.unit} | {one.points:g} | {_measures(one)} |" for one in asked]
    known = [_misconceptions(one) for one in asked if getattr(one.question, "misconceptions", ())]
    rubrics = [_rubric(one) for one in asked if one.rubric]
    return "\n".join([f"## {name}", "", f"*{title}*", "", head, *rows, "", *known, *rubrics])


def _measures(asked):
    """Return what a question asks, in a cell of a table."""
    if asked.question is None:
        return "an answer in words, graded by hand: the rubric is below"
    title = asked.question.title.rstrip(".")
    if isinstance(asked.question, Choice):
        return f"{title} (one of {len(asked.question.options)})"
    parts = asked.question.parts
    if len(parts) == 1:
        return title
    shares = ", ".join(f"{part} {weight:.0%}" for part, weight in parts.items())
    return f"{title}: {shares}"


def _misconceptions(asked):
    lines = [f"- **{one.name}**: {one.sentence}" for one in asked.question.misconceptions]
    return "\n".join([f"### {asked.key}", "", *lines, ""])


def _rubric(asked):
    """Return what stands above an answer in words, without the heading of its unit."""
    assert BEGIN not in asked.rubric
    return f"### {asked.key}\n\n{UNIT.sub('', asked.rubric).strip()}\n"
