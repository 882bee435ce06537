"""From what is known of a class to one HTML page that needs nothing else."""

import os
import re
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.report import findings, summary
from autograder.report.findings import plural
from autograder.report.summary import bare, number, share

MAX_NAMES = 6_000  # links in one report: about 0.8 MB
LEAST_NAMES = 10  # a list is never cut below
INLINE = 6  # names that are shown without opening a list
EVERYONE = 60  # students, up to whom a table shows all
LOOKED_AT = 25  # students to look at first
FIRST = 8  # misconceptions that are shown without opening a list


def shown(text):
    r"""Return text in which what is not printable has become visible and harmless.

    Examples
    --------
    >>> shown("ada\u202e\n")
    'ada��'
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text))


def words(text):
    """Return a sentence as HTML; what stands between backticks is code.

    Examples
    --------
    >>> print(words("`a < b` & so on"))
    <code>a &lt; b</code> &amp; so on
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(shown(text)))))


def anchor(lesson):
    """Return the id of a lesson's section."""
    return "lesson-" + re.sub(r"[^\w-]", "-", shown(lesson))


class Links:
    """Relative links from the report to the feedback pages, so that the folder can be moved."""

    def __init__(self, grading, output):
        self.feedback = Path(grading).resolve() / "feedback"
        home = Path(output).resolve().parent
        try:
            parts = Path(os.path.relpath(self.feedback, home)).parts
            self.start = "/".join(_quoted(part) for part in parts)
        except ValueError:  # Windows, another drive
            self.start = self.feedback.as_uri()
        self._known = {}

    def there(self, student, lesson):
        """Return whether a student's feedback page is there."""
        pair = student, lesson
        if pair not in self._known:
            path = self.feedback / student / lesson / f"{lesson}.html"
            self._known[pair] = path.is_file()
        return self._known[pair]

    def href(self, student, lesson, question=""):
        """Return the address of a feedback page at a check, "" where there is no page."""
        if not lesson or not self.there(student, lesson):
            return ""
        place = f"#check_{quote(question, safe='')}" if question else ""
        name = _quoted(lesson)
        return f"{self.start}/{_quoted(student)}/{name}/{name}.html{place}"


def _quoted(name):
    return quote(os.fsencode(name), safe="")


def names_shown(lengths, most=MAX_NAMES):
    """Return how many names a list may show, so that all lists together stay below `most`.

    Examples
    --------
    >>> names_shown([3, 5], 100), names_shown([40, 40, 10], 50)
    (5, 20)
    """
    longest = max(lengths, default=0)
    while longest > LEAST_NAMES and sum(min(length, longest) for length in lengths) > most:
        longest -= 1
    return longest


def matrix(course):
    """Return the rows of the table of everyone: (student, [(lesson, points)], all points)."""
    marks = {(e.student, n.name): e for n in course.lessons for e in n.entries}
    rows = []
    for student in course.students:
        entries = [marks.get((student, lesson.name)) for lesson in course.lessons]
        row = [(n.name, _cell(e)) for n, e in zip(course.lessons, entries, strict=True)]
        total = sum(entry.points for entry in entries if entry)
        rows.append((student, row, f"{total:.4g}"))
    return rows


def _cell(entry):
    if entry is None:
        return "–"
    if entry.refused:
        return "refused"
    if not entry.cells:
        return "not graded"
    return f"{entry.points:.3g} of {entry.max_points:g}{' *' if entry.waiting else ''}"


def make_page(course, views, links, now):
    """Return the report as HTML.

    Parameters
    ----------
    course : autograder.report.records.Course
    views : list of View
    links : Links
    now : datetime.datetime
    """
    lengths = [length for view in views for length in view.lists()]
    most = names_shown(lengths)
    text = (
        _environment()
        .get_template("page.html")
        .render(
            **_of_the_class(course),
            views=views,
            links=links,
            now=f"{now:%Y-%m-%d %H:%M}",
            shown_attention=LOOKED_AT,
            most=most,
            inline=INLINE,
            first=FIRST,
            cut=max(lengths, default=0) > most,
        )
    )
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line).encode("utf-8", "replace").decode() + "\n"


def _of_the_class(course):
    entries = [entry for lesson in course.lessons for entry in lesson.entries]
    return {
        "course": course,
        "total": len(entries),
        "verdicts": sum(entry.record is not None for entry in entries),
        "top": summary.top_misconceptions(course.lessons),
        "say": summary.class_sentences(course),
        "to_do": summary.to_do(course),
        "attention": findings.attention(course),
        "matrix": matrix(course) if len(course.students) <= EVERYONE else [],
    }


def _environment():
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"shown": shown, "words": words, "anchor": anchor, "number": number, "bare": bare}
    environment.filters.update(filters, counted=plural, big="{:,}".format)
    environment.globals["share"] = share
    return environment
