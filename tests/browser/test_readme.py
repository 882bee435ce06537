"""The picture in README.md: lesson 01 in JupyterLab, a wrong answer and what its check says.

`COURSE_SCREENSHOTS=tests/browser ./course test tests/browser/test_readme.py` takes it again.
"""

import io
import os
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
LESSON = "01_l1_l2_updates"
STUB = 'raise NotImplementedError("your code here")'
FACTOR_2 = "return w - lr * (grad + 2 * lam * np.sign(w))"
SIZE = {"width": 960, "height": 780}
TABBAR = "application:toggle-side-tabbar"
TOP = "window.jupyterapp.shell.currentWidget.node.querySelector('.jp-WindowedPanel-outer')"


@pytest.fixture
def page(lab):
    """Return the page with the factor-2 mistake made and checked, scrolled to the diagnosis."""
    lab.page.set_viewport_size(SIZE)
    path = f"{LESSON}/{LESSON}.ipynb"
    lab.open(path)
    lab.command("application:toggle-left-area")
    for side in ("left", "right"):
        lab.page.evaluate(f"jupyterapp.commands.execute('{TABBAR}', {{ side: '{side}' }})")
    cells = nbformat.read(lab.folder / path, as_version=4).cells
    answer = next(cell for cell in cells if cell.id == "l1_update")
    lab.run(next(cell.id for cell in cells if cell.cell_type == "code"))
    lab.write("l1_update", answer.source.replace(STUB, FACTOR_2))
    lab.run("l1_update")
    lab.run(cells[cells.index(answer) + 2].id)  # the cell that tries it
    lab.run("check_l1_update")
    return lab


def test_the_picture_shows_what_its_alt_text_says(page):
    check = page.cell("check_l1_update")
    check.evaluate(f"node => {{ {TOP}.scrollTop += node.getBoundingClientRect().bottom - 750 }}")
    page.page.wait_for_timeout(500)
    text = " ".join(check.inner_text().split())
    assert "l1_update: not right yet, 0 of 2 points" in text
    assert "The 2 belongs to L2" in text
    alt = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert '"not right yet, 0 of 2 points"' in alt
    assert "the 2 belongs to L2" in alt
    save(page.page.screenshot(), "lesson_01.png")


def save(png, name):
    """Keep a picture in 64 colours, a third of its size, where `COURSE_SCREENSHOTS` says."""
    from PIL import Image

    folder = os.environ.get("COURSE_SCREENSHOTS")
    if folder:
        picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(64, dither=0)
        picture.save(Path(folder, name), optimize=True)
