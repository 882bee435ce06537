"""An answer in words, graded by hand in formgrader: from the list of a class to the exported file.

The rubric and the cell for the answer are those of lesson 06; the toy lesson stands in for the
trainings around them, so that the class is graded in a second.
"""

import copy
import csv
import os

import nbformat
import pytest

from autograder.browser import server
from autograder.grading import batch
from autograder.grading.export import SafeCsvExportPlugin
from autograder.grading.grade import main
from autograder.grading.gradebook import Book
from autograder.grading.material import ROOT
from tests import toy
from tests.marked import WORST

LESSON, CAPSTONE, ARGUMENT = toy.LESSON, "06_capstone", "capstone_argument"
CODE, FULL = 4.0, 5.0
SCRIPT = f"<script>alert(1)</script>\n\n{WORST}"
WRITTEN = {
    "ada": "Augmentation gave most: *accuracy on dev rose from 0.46 to 0.55*.\n\n"
    "1. There are $28^2$ pixels and 500 digits.\n2. A shifted digit keeps its label.",
    "ben": None,  # hands in the cell as it was
    "cyd": "",
    "mallory": SCRIPT,
}
SETTINGS = 'c.GradeAnswers.questions, c.GradeAnswers.no_sandbox = "tests.toy", True\n'


def capstone():
    """Return the rubric of lesson 06 and the cell below it, in which the argument is written."""
    path = ROOT / "notebooks" / CAPSTONE / f"{CAPSTONE}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    place = next(i for i, cell in enumerate(cells) if cell.id == ARGUMENT)
    return cells[place - 1 : place + 1]


def release():
    """Return the toy lesson with these two cells in place of its own answer in words."""
    notebook = copy.deepcopy(toy.release())
    place = [cell.id for cell in notebook.cells].index("why")
    notebook.cells[place : place + 1] = capstone()
    return notebook


def hand_in(root, student, written):
    notebook = release()
    for cell in notebook.cells:
        cell.source = toy.RIGHT.get(cell.id, cell.source)
    if written is not None:
        toy.cell_of(notebook, ARGUMENT).source = written
    folder = root / "grading" / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.ipynb").write_bytes(toy.file_of(notebook))


def grade(root, *words):
    """Do what `./course grade` does."""
    words = ["--grading", str(root / "grading"), "--no-sandbox", *words]
    assert main(words, root=root, questions="tests.toy") == 0


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose class was graded, with the settings of the real one."""
    root = toy.write_course(tmp_path_factory.mktemp("course"))
    (root / "notebooks" / LESSON / f"{LESSON}.ipynb").write_bytes(toy.file_of(release()))
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + SETTINGS
    (root / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    for student, written in WRITTEN.items():
        hand_in(root, student, written)
    with toy.here() as Here, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Pool", Here)
        patch.chdir(root)  # where formgrader looks for nbgrader_config.py
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        grade(root)
        yield root


class Formgrader:
    """Formgrader's pages, as a teacher clicks through them."""

    def __init__(self, page, address):
        self.page, self.address = page, address

    def waiting(self):
        """Open the list of the class; return {student: (points, full points, still to grade)}."""
        self.page.goto(f"{self.address}/formgrader/gradebook/{LESSON}/{LESSON}")
        self.page.wait_for_function("window.models?.loaded")
        self.page.get_by_role("button", name="Show All Names").click()
        found = {}
        for row in self.page.locator("tbody tr").all():
            score, waits = row.locator(".score"), row.locator(".needs-manual-grade span")
            points, full = map(float, score.inner_text().split(" / "))
            found[row.locator(".name-shown").last.inner_text()] = points, full, waits.count() == 1
        return found

    def submissions(self):
        """Open the first submission in the list, then go on to the next; yield each student."""
        self.page.locator("td.name a:visible").first.click()
        for _ in WRITTEN:
            self.panel().wait_for()
            self.page.wait_for_load_state("networkidle")  # the fields are filled
            yield self.page.locator(".breadcrumb a.name-shown").text_content().strip()
            self.page.get_by_role("link", name="Next").click()
        self.page.wait_for_function("window.models?.loaded")  # after the last, the list again

    def panel(self):
        """Return the panel of the answer in words."""
        return self.page.locator(".nbgrader_cell", has=self.page.locator(f"#{ARGUMENT}"))

    def saving(self, kind):
        """Wait for a mark ("grade") or a comment to be saved, in a `with` statement."""
        return self.page.expect_response(lambda r: f"/api/{kind}/" in r.url and r.ok)

    def shot(self, name):
        """Keep a picture where `COURSE_SCREENSHOTS` says."""
        folder = os.environ.get("COURSE_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=f"{folder}/{name}.png")


@pytest.fixture(scope="module")
def address(course, tmp_path_factory):
    """The address of a JupyterLab with nbgrader's formgrader on that course."""
    with server(course, tmp_path_factory.mktemp("home")) as address:
        yield address


def exported(course):
    """Return the points of each student in the file that `nbgrader export` writes."""
    path = course / "grading" / "grades.csv"
    with Book(course / "grading").open() as book:
        SafeCsvExportPlugin(to=str(path)).export(book)
    with path.open(encoding="utf-8", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def _give_points_and_a_comment(form):
    panel = form.panel()
    rubric = form.page.locator(".rendered_html table").last
    assert rubric.bounding_box()["y"] < panel.bounding_box()["y"]
    assert rubric.locator("tr").count() >= 3
    assert rubric.locator("td").first.evaluate("cell => parseFloat(getComputedStyle(cell).padding)")
    assert "accuracy on dev rose" in panel.locator(".rendered_html em").inner_text()
    points = panel.locator(f"#{ARGUMENT}")
    with form.saving("grade"):
        points.fill("3.5")
        points.press("Tab")
    with form.saving("comment"):
        panel.locator("textarea").fill("Well *argued*. Which seed?")
        panel.locator("textarea").press("Tab")
    panel.scroll_into_view_if_needed()
    form.shot("manual_ada")


def _no_response(form):
    panel = form.panel()
    assert panel.locator(f"#{ARGUMENT}").get_attribute("placeholder") == "0"
    assert panel.locator("textarea").get_attribute("placeholder") == "No response."


def _refuse(form):
    panel = form.panel()
    answer = panel.locator(".rendered_html")
    assert "script>alert(1)" in answer.inner_text()
    assert answer.locator("a, img, svg, script, iframe, style, input, [id]").count() == 0
    with form.saving("grade"):
        panel.get_by_role("button", name="No credit").click()
    panel.scroll_into_view_if_needed()
    form.shot("manual_mallory")


DEEDS = {
    "ada": _give_points_and_a_comment,
    "ben": _no_response,
    "cyd": _no_response,
    "mallory": _refuse,
}


def _read_the_feedback(form, course):
    page, folder = form.page, course / "grading" / "feedback"
    page.goto((folder / "ada" / LESSON / f"{LESSON}.html").as_uri())
    assert f"(Score: {CODE + 3.5} / {CODE + FULL})" in page.locator(".title").inner_text()
    panel = page.locator(".nbgrader_cell", has_text="accuracy on dev rose")
    assert "Score: 3.5 / 5.0" in panel.inner_text()
    assert panel.locator(".panel-footer em", has_text="argued").count() == 1
    panel.scroll_into_view_if_needed()
    form.shot("manual_feedback")
    page.goto((folder / "ben" / LESSON / f"{LESSON}.html").as_uri())
    assert page.locator(".panel-footer", has_text="No response.").count() == 1


def test_the_argument_is_graded_by_hand_from_the_list_to_the_exported_file(
    course, address, guarded
):
    page, seen = guarded
    form = Formgrader(page, address)
    unread = {"ada": True, "ben": False, "cyd": False, "mallory": True}
    full = CODE + FULL
    assert form.waiting() == {who: (CODE, full, waits) for who, waits in unread.items()}
    form.shot("manual_list")
    met = set()
    for student in form.submissions():
        DEEDS[student](form)
        met.add(student)
    assert met == set(WRITTEN)
    after = {"ada": CODE + 3.5, "ben": CODE, "cyd": CODE, "mallory": CODE}
    assert form.waiting() == {who: (points, full, False) for who, points in after.items()}
    form.shot("manual_done")
    grade(course)  # nothing new came in: pages are made anew, marks stay
    assert form.waiting() == {who: (points, full, False) for who, points in after.items()}
    assert exported(course) == after
    _read_the_feedback(form, course)
    grade(course, "--force")  # graded again: the marks stay, and are to be looked at
    given = {who: (points, full, unread[who]) for who, points in after.items()}
    assert form.waiting() == given
    assert exported(course) == after
    assert seen == []
