"""axe-core on the pages that are made of notebooks: exported lessons, feedback, formgrader."""

import os

import pytest
from nbconvert.exporters import HTMLExporter
from traitlets.config import PyFileConfigLoader

from autograder.browser import server
from autograder.grading import batch
from autograder.grading.grade import main
from autograder.grading.gradebook import Book
from autograder.grading.material import ROOT
from tests.accessibility import violations
from tests.toy import LESSON, RIGHT, answered, file_of, here, write_course

LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("*.py"))
# A release has the texts of its solution and less: the first stands for all.
PAGES = [(lesson, "solutions") for lesson in LESSONS] + [(LESSONS[0], "notebooks")]
CONTRAST = ["color-contrast"]
THIN = """() => {  // one of each color of code is enough, and axe takes ten times as long for all
  const met = new Set()
  for (const word of document.querySelectorAll('.highlight span')) {
    if (met.has(word.className)) word.replaceWith(word.textContent)
    met.add(word.className)
  }
  document.body.normalize() }"""
TOY = 'c.GradeAnswers.questions, c.GradeAnswers.no_sandbox = "tests.toy", True\n'
WRITTEN = (
    "Because $a < b$, *surely*.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nif x: pass\n```"
)
COMMENT = "Well *argued*: $x^2$. See `half`.\n\n1. One [link](https://a.test)\n2. Two"
WRONG = {
    "double": "def double(x):\n    return x**2  # squared\n\nassert 'a' not in str(double(2.0))",
    "half": "@cache\nclass half(x)\n    retrun x",
    "pick": 'pick = "a"',
    "why": "No.",
}
CLASS = {
    "right": RIGHT | {"why": WRITTEN},
    "wrong": WRONG,
    "broken": None,
    "blank": {},
    "commented": RIGHT | {"why": WRITTEN},
}
# What nbgrader's own pages do (nbgrader 0.9): {rule: {its element: why it stays}}.
LISTS, BAR = "nbgrader's page of a list", "the bar above nbgrader's page of a submission"
THEIRS = {
    "html-has-lang": {"html": f"{LISTS} names no language"},
    "landmark-one-main": {"html": f"{LISTS} has no landmarks"},
    "region": {
        "body > .container-fluid *": f"{LISTS} has no landmarks",
        "body > .container > .panel-default > .panel-heading": "its title is outside of them",
    },
    "list": {"ul.nav": "items that are no items, for Bootstrap's looks"},
    "heading-order": {
        "h4.panel-title, .panel-heading[role=tab] h4": "h4 after h1: its instructions"
    },
    "nested-interactive": {".panel-heading[role=tab]": "Bootstrap's folded instructions"},
    "link-name": {"td > a[href='#']:has(> .glyphicon)": "symbols that are buttons, without a name"},
    "link-in-text-block": {"#warning-exchange > a": "a link told by its color alone"},
    "empty-table-header": {"th.sorting_asc": "a column of symbols, without a name"},
    "color-contrast": {
        "#warning-exchange > a": "Bootstrap's blue on yellow",
        ".breadcrumb > .active, .breadcrumb > li > a": "Bootstrap's gray and blue on gray",
        ".label-success, .label-info, .label-warning": "Bootstrap's white on a bright color",
        ".navbar-nav > li > a": f"gray on gray: {BAR}",
        ".scoring-buttons > button": "Bootstrap's white on a bright color",
    },
}
IS_ONE = "([place, selector]) => document.querySelector(place).matches(selector)"
PLACES = ["manage_assignments", f"manage_submissions/{LESSON}", "gradebook", f"gradebook/{LESSON}"]
PLACES += [f"gradebook/{LESSON}/{LESSON}", "manage_students", "manage_students/right"]
PLACES += [f"manage_students/right/{LESSON}", "submission/commented", "submission/wrong"]


@pytest.fixture(scope="module")
def page(browser):
    """Return a page for all tests."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def show(page, path):
    page.emulate_media(color_scheme="light")
    page.goto(path.as_uri())


def width_at_twice_the_size(page):
    """Return how wide a page is where 640 px are seen of it: 200 % on a screen of 1280."""
    page.set_viewport_size({"width": 640, "height": 500})
    width = page.evaluate("() => document.scrollingElement.scrollWidth")
    page.set_viewport_size({"width": 1280, "height": 1000})
    return width


def in_the_dark(page):
    """Return what axe finds in the dark theme, in which nothing but colors differs."""
    page.emulate_media(color_scheme="dark")
    return violations(page, rules=CONTRAST)


# ---- lessons ----


@pytest.fixture(scope="module")
def exporter():
    """Return what exports in `./course lab`, and elsewhere with its settings as `--config`."""
    path = ROOT / "utils" / "jupyter" / "jupyter_nbconvert_config.py"
    return HTMLExporter(config=PyFileConfigLoader(str(path)).load_config())


@pytest.mark.parametrize(("lesson", "kind"), PAGES)
def test_a_lesson_that_is_exported_keeps_nobody_out(exporter, page, tmp_path, shot, lesson, kind):
    made, _ = exporter.from_filename(str(ROOT / kind / lesson / f"{lesson}.ipynb"))
    path = tmp_path / "page.html"
    path.write_text(made, encoding="utf-8")
    show(page, path)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        shot(page, f"exported-{kind}-{lesson}-{theme}")
    assert width_at_twice_the_size(page) <= 640
    page.evaluate(THIN)
    assert violations(page) == []
    assert in_the_dark(page) == []


def test_what_was_broken_on_purpose_is_found(exporter, page, tmp_path):
    lesson = LESSONS[0]
    made, _ = exporter.from_filename(str(ROOT / "notebooks" / lesson / f"{lesson}.ipynb"))
    made = made.replace('<html lang="en">', "<html>").replace(
        "</main>", '<img src="data:,"></main>'
    )
    style = "<style>.highlight .k, .highlight .kn { color: light-dark(#bbb, #444) }</style>"
    path = tmp_path / "page.html"
    path.write_text(made.replace("</body>", f"{style}</body>"), encoding="utf-8")
    show(page, path)
    page.evaluate(THIN)
    rules = {rule for rule, *_ in violations(page)}
    assert {"html-has-lang", "image-alt", "color-contrast"} <= rules
    assert {rule for rule, *_ in in_the_dark(page)} == set(CONTRAST)


# ---- feedback and formgrader ----


def hand_in(root):
    for student, answers in CLASS.items():
        folder = root / "grading" / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        data = b'{"cells": [' if answers is None else file_of(answered(**answers))
        (folder / f"{LESSON}.ipynb").write_bytes(data)


def comment(root):
    """Give points and a comment by hand."""
    with Book(root / "grading").open() as book:
        book.update_or_create_student("commented", first_name="Ada", last_name="Lovelace")
        place = "why", LESSON, LESSON, "commented"
        book.find_comment(*place).manual_comment = COMMENT
        grade = book.find_grade(*place)
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.db.commit()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose class was graded, with the settings of the real one."""
    root = write_course(tmp_path_factory.mktemp("course"))
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + TOY
    (root / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    hand_in(root)
    words = ["--grading", str(root / "grading"), "--no-sandbox"]
    with here() as Here, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Pool", Here)
        patch.chdir(root)  # where formgrader looks for nbgrader_config.py
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        for deed in (lambda: None, lambda: comment(root)):
            deed()
            assert main(words, root=root, questions="tests.toy") == 0
        yield root


@pytest.fixture(scope="module")
def formgrader(course, tmp_path_factory):
    """The address of formgrader on that course."""
    with server(course, tmp_path_factory.mktemp("home")) as address:
        yield f"{address}/formgrader"


@pytest.mark.parametrize("student", CLASS)
def test_a_feedback_page_keeps_nobody_out(course, page, shot, student):
    show(page, course / "grading" / "feedback" / student / LESSON / f"{LESSON}.html")
    assert violations(page) == []
    shot(page, f"feedback-{student}-light")
    assert in_the_dark(page) == []
    shot(page, f"feedback-{student}-dark")
    assert width_at_twice_the_size(page) <= 640


def is_theirs(page, rule, place):
    """Return whether `THEIRS` names a fault."""
    return any(page.evaluate(IS_ONE, [place, selector]) for selector in THEIRS.get(rule, ()))


@pytest.mark.parametrize("place", PLACES)
def test_formgrader_has_no_fault_that_is_not_listed(course, formgrader, page, shot, place):
    kind, _, student = place.partition("/")
    if kind == "submission":
        with Book(course / "grading").open() as book:
            found = book.find_submission_notebook(LESSON, LESSON, student)
            place = f"submissions/{found.id}/?index=0"
    page.emulate_media(color_scheme="light")
    page.goto(f"{formgrader}/{place}")
    page.wait_for_load_state("networkidle")
    faults = violations(page)
    assert faults
    assert [fault for fault in faults if not is_theirs(page, *fault[:2])] == []
    shot(page, f"formgrader-{kind}-{student.replace('/', '-')}")
