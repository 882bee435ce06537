"""A student in lesson 01: wrong in two ways, told so, then right; mathematics."""

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


def assert_mathematics(page):
    page.wait_for_selector("mjx-container")
    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror, .MathJax_Error").count() == 0


def test_mathematics_is_rendered_and_wrong_answers_are_diagnosed_till_one_is_right(lesson):
    assert_mathematics(lesson.page)
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
