"""Feedback pages: those of nbgrader's `GenerateFeedback`, made once for what a class shares."""

import hashlib
import json
import re
from functools import lru_cache
from html import escape
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades

from autograder.grading.gradebook import log
from autograder.grading.verdict import write_atomically
from utils.pages import KEPT

MAX_COLORED, MAX_LINE = 20_000, 400  # characters; coloring takes their square of some sources

LINK = re.compile(r'<a href="#(check_|comment-)([\w-]+)">(Test cell|Comment)</a>')
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
HEAD = f"""<html lang="en">
<head>
<meta http-equiv="Content-Security-Policy" content="{POLICY}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
"""
STYLE = Path(__file__).with_name("feedback.css").read_text(encoding="utf-8")
MARKS = '<div class="panel-heading">'
TITLE = re.compile(r"<h4>(.*?)</h4>")


class PageExporter(HTMLExporter):
    """nbconvert's HTML exporter, which remembers what it made of a text.

    The page is the same but for what `legible` mends. nbconvert parses each whole page once more,
    to give a text to images that have none; here that is done to the pieces that hold an image.
    """

    def __init__(self, config=None, **words):
        super().__init__(config=config, **words)
        self.optimistic_validation = True  # once a page, in place of once a step
        self._colored = lru_cache(KEPT)(self._color)

    def _color(self, source, lexer, magics_language):
        if len(source) > MAX_COLORED or max(map(len, source.splitlines()), default=0) > MAX_LINE:
            return f'<div class=" highlight"><pre>{escape(source)}\n</pre></div>\n'
        metadata = {"magics_language": magics_language} if magics_language else {}
        return Highlight2HTML(pygments_lexer=lexer, parent=self)(source, metadata=metadata)

    def from_notebook_node(self, nb, resources=None, **words):
        """Return the page, and the resources."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))

        def highlight(source, metadata=None):
            return self._colored(source, lexer, (metadata or {}).get("magics_language"))

        resources = self._init_resources(resources)
        kinds = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata, parent=self, resources=resources
        )
        self.register_filter("highlight_code", highlight)
        self.register_filter("filter_data_type", kinds)
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **words)
        return legible(page), resources


def legible(page):
    """Return a page that can be read in light and dark, of which each link names its check.

    It may load nothing and run nothing: a browser keeps to the policy in its head.

    Examples
    --------
    >>> legible('<li><a href="#check_ridge">Test cell</a> (Score: 1.0 / 1.0)</li>')
    '<li><a href="#check_ridge"><code>ridge</code></a> (Score: 1.0 / 1.0)</li>'
    """
    head, body, rest = page.partition('<div class="panel-body">')
    head = TITLE.sub(r'<p class="title">\1</p>', LINK.sub(_named, head))
    head = head.replace(MARKS, f'{MARKS[:-1]} role="navigation" aria-label="Marks">', 1)
    head = head.replace("<html>\n<head>\n", HEAD, 1)
    head = head.replace("</head>", f"<style>\n{STYLE}</style>\n</head>", 1)
    return head + body + rest


def _named(link):
    kind, name, words = link.groups()
    before = f"{words} on " if kind == "comment-" else ""
    return f'<a href="#{kind}{name}">{before}<code>{name}</code></a>'


class PutGrades(GetGrades):
    """nbgrader's step that puts marks and comments into a notebook, without its gradebook."""

    def preprocess(self, nb, resources):
        """Return the notebook with the marks in `resources["grades"]`."""
        self.grades = resources["grades"]
        for index, cell in enumerate(nb.cells):
            nb.cells[index], resources = self.preprocess_cell(cell, resources, index)
        shown = {name: getattr(self.grades, name) for name in ("score", "max_score")}
        resources["nbgrader"].update(shown, late_penalty=self.grades.late_penalty)
        return nb, resources

    def _get_score(self, cell, resources):
        settings = cell.metadata.nbgrader
        settings["score"], settings["points"], _ = self.grades.cells[settings["grade_id"]]

    def _get_comment(self, cell, resources):
        settings = cell.metadata.nbgrader
        settings["comment"] = self.grades.cells[settings["grade_id"]][2]


class Press:
    """Makes feedback pages: text and marks in, a page out, no gradebook and no file.

    Parameters
    ----------
    config : traitlets.config.Config
        nbgrader's settings; see `autograder.grading.gradebook.load_config`.
    """

    def __init__(self, config):
        course = CourseDirectory(config=config, log=log)
        converter = GenerateFeedback(coursedir=course, config=config, log=log)
        self._exporter = PageExporter(parent=converter, config=converter.config)
        for step in converter.preprocessors:
            self._exporter.register_preprocessor(PutGrades if step is GetGrades else step)

    def page(self, text, grades):
        """Return the feedback page, in HTML, of one submission.

        Parameters
        ----------
        text : str
            The graded notebook, as it lies in its file.
        grades : autograder.grading.gradebook.Grades
        """
        names = {"student": grades.student, "assignment": grades.lesson, "notebook": grades.lesson}
        resources = {"nbgrader": names, "unique_key": grades.lesson, "grades": grades}
        resources["metadata"] = {"name": grades.lesson, "path": ""}
        notebook = nbformat.reads(text, as_version=4)
        page, _ = self._exporter.from_notebook_node(notebook, resources=resources)
        return page


class Feedback:
    """Keeps the feedback pages of one grading folder up to date.

    Parameters
    ----------
    book : autograder.grading.gradebook.Book
    """

    def __init__(self, book):
        self.book = book
        self._kept = book.grading / "feedback" / "pages.json"
        self._pages = _read(self._kept)

    def path(self, student, lesson):
        """Return where a feedback page lies."""
        return self.book.grading / "feedback" / student / lesson / f"{lesson}.html"

    def outdated(self, students, lesson):
        """Yield (grades, digest) of the students whose page has to be made.

        A page is made anew when the graded notebook or its entry in the gradebook changed: a mark
        or a comment that a teacher gave by hand is a change.
        """
        grades = self.book.grades(lesson)
        for student in students:
            graded = self.book.autograded(student, lesson)
            if student in grades and graded.is_file():
                content = graded.read_bytes() + repr(grades[student]).encode()
                digest = hashlib.sha256(content).hexdigest()
                done = self._pages.get(f"{student}/{lesson}") == digest
                if not done or not self.path(student, lesson).is_file():
                    yield grades[student], digest

    def write(self, grades, digest, page):
        """Write a page to its file, and remember what it was made from."""
        write_atomically(self.path(grades.student, grades.lesson), page)
        self._pages[f"{grades.student}/{grades.lesson}"] = digest

    def keep(self):
        """Write down what the pages were made from."""
        write_atomically(self._kept, json.dumps(self._pages, indent=0) + "\n")


def _read(path):
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
