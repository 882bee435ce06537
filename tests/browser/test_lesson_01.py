"""A student in lesson 01: wrong in two ways, told so, then right; Validate agrees."""

import nbformat
import pytest

LESSON = "01_l1_l2_updates"
PATH = f"{LESSON}/{LESSON}.ipynb"
STUB = 'raise NotImplementedError("your code here")'
RIGHT = "return w - lr * (grad + lam * np.sign(w))"
WRONG = {
    "factor 2": ("return w - lr * (grad + 2 * lam * np.sign(w))", "2"),
    "sign of λ": ("return w - lr * (grad - lam * np.sign(w))", "away from 0"),
}


def source(folder, cell_id):
    notebook = nbformat.read(folder / PATH, as_version=4)
    return next(cell.source for cell in notebook.cells if cell.id == cell_id)


def first_code_cell(folder):
    notebook = nbformat.read(folder / PATH, as_version=4)
    return next(cell.id for cell in notebook.cells if cell.cell_type == "code")


@pytest.fixture
def lesson(lab):
    """Return the page with lesson 01 open and its set-up cell run."""
    lab.open(PATH)
    lab.run(first_code_cell(lab.folder))
    return lab


def answer(lab, line):
    lab.write("l1_update", source(lab.folder, "l1_update").replace(STUB, line))
    lab.run("l1_update")
    return lab.run("check_l1_update")


def test_wrong_answers_are_diagnosed_and_a_right_one_passes(lesson):
    text = lesson.run("check_l1_update")
    assert "not answered yet" in text
    lesson.screenshot("01-not-answered", "check_l1_update")
    for name, (line, words) in WRONG.items():
        text = answer(lesson, line)
        assert "not right yet, 0 of 2 points" in text, name
        assert words in text, name
        assert "expected" in text
        assert "got" in text
        lesson.screenshot(f"01-{name.replace(' ', '-')}", "check_l1_update")
    text = answer(lesson, RIGHT)
    assert "right, 2 of 2 points" in text
    lesson.screenshot("01-right", "check_l1_update")


def test_mathematics_is_rendered(lesson):
    lesson.page.wait_for_selector("mjx-container")
    assert lesson.page.locator("mjx-container").count() > 20
    assert lesson.page.locator("mjx-merror, .MathJax_Error").count() == 0


def test_validate_agrees_with_the_checks(lesson):
    answer(lesson, RIGHT)
    lesson.command("docmanager:save")
    lesson.page.get_by_text("Validate", exact=True).click()
    dialog = lesson.page.locator(".jp-Dialog")
    dialog.wait_for(timeout=120_000)
    text = dialog.inner_text()
    lesson.screenshot("01-validate")
    notebook = nbformat.read(lesson.folder / PATH, as_version=4)
    checks = [c.source for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    failed = [source for source in checks if source in text]
    assert failed == [source for source in checks if source != 'check("l1_update")']
