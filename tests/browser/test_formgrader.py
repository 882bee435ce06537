"""Formgrader and feedback pages in a browser: a class of attackers, and a mark given by hand."""

import json
import os

import pytest

from autograder.browser import Lab, server
from autograder.grading import batch
from autograder.grading.grade import main
from autograder.grading.gradebook import Book
from autograder.grading.material import ROOT
from tests.marked import WORST
from tests.test_feedback import TEXTS
from tests.toy import LESSON, RIGHT, answered, cell_of, file_of, here, write_course

ATTACKERS = ("mallory", "trudy")
TOY = 'c.GradeAnswers.questions, c.GradeAnswers.no_sandbox = "tests.toy", True\n'
FOLDER = f"grading/autograded/{{}}/{LESSON}"


def hand_in(root, student, notebook):
    folder = root / "grading" / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.ipynb").write_bytes(file_of(notebook))
    (folder / "page.html").write_text("<script>alert(1)</script>")


def attack(number):
    """Return a submission in which every field that a student can write holds an attack."""
    texts = list(TEXTS.values())[number :: len(ATTACKERS)]
    notebook = answered(**RIGHT, why="\n\n".join(texts))
    notebook.metadata |= {"title": WORST, "widgets": {WORST: WORST}}
    for cell in notebook.cells:
        cell.metadata |= {"tags": [WORST], "name": WORST}
        if cell.cell_type == "code":
            script = {"text/html": "<script>alert(1)</script>", "image/svg+xml": WORST}
            output = {"output_type": "display_data", "data": script, "metadata": {}}
            cell.outputs = [output]
    cell_of(notebook, "why")["attachments"] = {"x.png": {"image/svg+xml": "PHN2Zz4="}}
    cell_of(notebook, "double").source += f"\nprint({WORST!r})  # {WORST}"
    cell_of(notebook, "half").source = f"def half(x):\n    raise ValueError({WORST!r})"
    return notebook


def grade(root):
    words = ["--grading", str(root / "grading"), "--no-sandbox"]
    assert main(words, root=root, questions="tests.toy") == 0


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A graded course of the toy lesson, with the settings of the real one."""
    root = write_course(tmp_path_factory.mktemp("course"))
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + TOY
    (root / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    hand_in(root, "ada", answered(**RIGHT, why="Because $a < b$."))
    for number, student in enumerate(ATTACKERS):
        hand_in(root, student, attack(number))
    with here() as Here, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Pool", Here)
        patch.chdir(root)  # where formgrader looks for nbgrader_config.py
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        grade(root)
        with Book(root / "grading").open() as book:
            book.update_or_create_student("mallory", first_name=WORST, last_name="</a>" + WORST)
        yield root


@pytest.fixture(scope="module")
def formgrader(course, tmp_path_factory):
    """The address of a JupyterLab with nbgrader's formgrader on that course."""
    with server(course, tmp_path_factory.mktemp("home")) as address:
        yield address


def submission_id(course, student):
    with Book(course / "grading").open() as book:
        return book.find_submission_notebook(LESSON, LESSON, student).id


def settle(page):
    """Wait until handlers of images and the like have had their time."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


def test_a_script_and_a_request_outside_would_be_seen(guarded):
    page, seen = guarded
    page.set_content("<script>alert(1)</script><img src='http://evil.test/a.png'>")
    settle(page)
    assert sorted(seen) == ["1", "http://evil.test/a.png"]


@pytest.mark.parametrize("student", ATTACKERS)
def test_nothing_of_an_attacker_runs_in_the_feedback_page(course, guarded, student):
    page, seen = guarded
    page.goto((course / "grading" / "feedback" / student / LESSON / f"{LESSON}.html").as_uri())
    settle(page)
    assert seen == []
    answer = page.locator(".nbgrader_cell .rendered_html").last
    assert answer.locator("a, img, svg, script, iframe, style, input, [id]").count() == 0
    assert "script>alert(1)" in answer.inner_text()


@pytest.mark.parametrize("student", ATTACKERS)
def test_nothing_of_an_attacker_runs_in_formgrader(course, formgrader, guarded, student):
    page, seen = guarded
    page.goto(f"{formgrader}/formgrader/submissions/{submission_id(course, student)}/?index=0")
    page.locator("#why").wait_for()
    settle(page)
    page.locator(".glyphicon-eye-open").click()
    assert seen == []
    answer = page.locator(".nbgrader_cell .rendered_html").last
    assert answer.locator("a, img, svg, script, iframe, style, input, [id]").count() == 0
    for name in ("why", "check_double", "double-comment"):
        assert page.locator(f'[id="{name}"]').count() == 1


def test_nothing_of_an_attacker_runs_in_formgraders_lists(formgrader, guarded):
    page, seen = guarded
    places = [f"gradebook/{LESSON}/{LESSON}", f"manage_submissions/{LESSON}", "manage_students"]
    for place in [*places, "manage_students/mallory", f"manage_students/mallory/{LESSON}"]:
        page.goto(f"{formgrader}/formgrader/{place}")
        settle(page)
        assert "Error" not in page.title()
    assert seen == []


@pytest.mark.parametrize("student", ATTACKERS)
def test_nothing_of_an_attacker_runs_when_jupyterlab_opens_the_notebook(
    course, formgrader, guarded, student
):
    page, seen = guarded
    lab = Lab(page, formgrader, course)
    lab.open_without_kernel(f"{FOLDER.format(student)}/{LESSON}.ipynb")
    settle(page)
    assert seen == []
    answer = lab.cell("why").locator(".jp-RenderedMarkdown")
    found = answer.locator("a[href], img, iframe, style, [href^=javascript]")
    assert found.evaluate_all("nodes => nodes.map(node => node.outerHTML)") == []


def test_the_button_autograde_gives_the_same_marks(course, formgrader, guarded):
    page, seen = guarded
    verdict = course / "grading" / "verdicts" / "trudy" / f"{LESSON}.json"
    before = Book(course / "grading").marks([LESSON]), json.loads(verdict.read_text())["checks"]
    verdict.unlink()
    page.goto(f"{formgrader}/formgrader/manage_submissions/{LESSON}")
    page.locator("tr", has_text="trudy").locator(".autograde a").click()
    page.locator(".modal-title", has_text="Success").wait_for(timeout=120_000)
    after = json.loads(verdict.read_text())["checks"]
    for check in (*before[1], *after):
        check.pop("seconds"), check.pop("cpu")
    assert (Book(course / "grading").marks([LESSON]), after) == before
    kept = {path.name for path in (course / FOLDER.format("trudy")).iterdir()}
    assert kept == {f"{LESSON}.ipynb"}
    assert seen == []


def test_a_students_files_are_not_served_beside_the_notebook(course, formgrader, guarded):
    page, _ = guarded
    address = f"{formgrader}/formgrader/submissions/{submission_id(course, 'mallory')}"
    assert page.request.get(f"{address}/page.html").status == 404


def test_a_mark_and_a_comment_by_hand_stay_and_reach_the_student(course, formgrader, guarded):
    page, seen = guarded
    before = Book(course / "grading").marks([LESSON])["ada", LESSON]
    assert before == (4.0, 7.0, False)
    page.goto(f"{formgrader}/formgrader/submissions/{submission_id(course, 'ada')}/?index=0")
    page.locator("#why").wait_for()
    settle(page)
    for name, words, kind in (
        ("#why", "2.5", "grade"),
        ("#why-comment", "Well *argued*.", "comment"),
    ):
        with page.expect_response(lambda r, kind=kind: f"/api/{kind}/" in r.url) as answer:
            page.locator(name).fill(words)
            page.locator(name).press("Tab")
        assert answer.value.ok, json.dumps(answer.value.json())
    grade(course)
    assert Book(course / "grading").marks([LESSON])["ada", LESSON] == (6.5, 7.0, True)
    page.goto((course / "grading" / "feedback" / "ada" / LESSON / f"{LESSON}.html").as_uri())
    assert "(Score: 6.5 / 7.0)" in page.locator(".title").inner_text()
    assert page.locator(".panel-footer em", has_text="argued").count() == 1
    assert seen == []
