"""One student's way through lesson 00: open, run, answer wrong and right, validate, feedback."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.browser import WIDGET

ROOT = Path(__file__).parent.parent.parent
LESSON = "00_start_here"
PATH = f"{LESSON}/{LESSON}.ipynb"
STUB = 'raise NotImplementedError("your code here")'
WRONG = "return float(np.sum((y_true - y_pred) ** 2))"  # as the lesson asks for
RIGHT = """if y_true.shape != y_pred.shape:
        raise ValueError("shapes differ")
    return float(np.mean((y_true - y_pred) ** 2))"""
NONE_WAITS = (  # a cell that is run before the kernel has dropped the others is dropped with them
    f"() => {WIDGET}.sessionContext.session.kernel.status === 'idle'"
    f" && {WIDGET}.content.widgets.every(cell => !cell.promptNode?.innerText.includes('*'))"
)
SOURCE = f"id => [...{WIDGET}.content.model.cells].find(c => c.id === id).sharedModel.getSource()"


@pytest.fixture
def student(lab):
    """Return the page with the lesson open."""
    lab.open(PATH)
    return lab


def answer(lab, name, old, new):
    """Replace a part of an answer by typing, run it, and return what its check says."""
    lab.write(name, lab.page.evaluate(SOURCE, name).replace(old, new))
    lab.run(name)
    return lab.run(f"check_{name}")


def validate(lab):
    """Save, press the button Validate, and return what the dialog says."""
    lab.save()
    lab.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
    dialog = lab.page.locator(".jp-Dialog")
    dialog.wait_for(timeout=120_000)
    text = dialog.inner_text()
    lab.screenshot("student-validate")
    dialog.get_by_role("button").last.click()
    return text


def feedback(lab, folder):
    """Hand the saved notebook in, grade it in a class of its own, and open its feedback page."""
    shutil.copytree(lab.folder / LESSON, folder / "submitted" / "ana" / LESSON)
    command = [sys.executable, str(ROOT / "utils" / "commands.py"), "grade", LESSON]
    command += ["--grading", str(folder), "--no-sandbox"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    lab.page.goto((folder / "feedback" / "ana" / LESSON / f"{LESSON}.html").as_uri())
    lab.screenshot("student-feedback")
    return lab.page.locator("body").inner_text()


def test_the_way_from_opening_a_lesson_to_its_feedback(student, tmp_path):
    student.command("notebook:run-all-cells")  # to the first exercise, where it stops
    student.page.wait_for_function(NONE_WAITS)
    assert "NotImplementedError" in student.cell("mean_squared_error").inner_text()
    assert "not answered yet" in student.run("check_mean_squared_error")
    said = answer(student, "mean_squared_error", STUB, WRONG)
    assert "not right yet, 0 of 1 point" in said
    assert "You added the squares up." in " ".join(said.split())
    student.screenshot("student-wrong")
    assert "right, 1 of 1 point" in answer(student, "mean_squared_error", WRONG, RIGHT)
    said = validate(student)
    assert 'check("memorization")' in said
    assert 'check("mean_squared_error")' not in said
    said = answer(student, "memorization", "= None", '= "a"')
    assert "not right yet" in said
    assert "right, 1 of 1 point" in answer(student, "memorization", '"a"  #', '"c"  #')
    student.save()
    assert f"{LESSON} (Score: 2.0 / 2.0)" in feedback(student, tmp_path / "grading")
