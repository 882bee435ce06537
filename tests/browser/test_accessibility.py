"""axe-core and our own rules on lessons and checks in JupyterLab, light and dark: nothing of ours.

Live figures with a kernel are in `test_widgets.py`, the class report in `test_report.py`.
"""

import shutil

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from autograder.browser import Lab, server
from tests.accessibility import alt_faults, violations
from tests.browser.conftest import ROOT

LESSONS = sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb"))
OURS = [".jp-NotebookPanel .jp-RenderedMarkdown", ".jp-NotebookPanel .jp-OutputArea-output"]
IMAGES = """() => [...document.querySelectorAll('.jp-NotebookPanel .jp-OutputArea-output img')]
    .map(image => image.alt)"""
NAMES = """() => [...document.querySelectorAll('.jp-NotebookPanel [data-figure] svg')]
    .map(svg => svg.getAttribute('aria-label'))"""
CHECKED = {  # a cell each: a check, and what is said in words beside the symbol
    "unanswered": ('check("l1_update")', "○ l1_update: not answered yet, 0 of 2 points"),
    "wrong": (
        "def l1_update(w, grad, lr, lam):\n    return w\ncheck('l1_update')",
        "✗ l1_update: not right yet, 0 of 2 points",
    ),
    "right": (
        "import numpy as np\ndef l1_update(w, grad, lr, lam):\n"
        "    return w - lr * (grad + lam * np.sign(w))\ncheck('l1_update')",
        "✓ l1_update: right, 2 of 2 points",
    ),
    "scores": ('scorecard("01_l1_l2_updates")', "✓ l1_update                    2 of 2"),
}
# Not ours: JupyterLab lays every rendered text into a box that scrolls where a formula is wider
# than the window, and gives the box no stop for Tab. Chromium and Firefox make it one themselves.
OTHERS = {("scrollable-region-focusable", "RenderedMarkdown")}
BROKEN = """<main><h1>Broken</h1><img src="data:," ><input type="range">
<p style="color: #999; background: #fff">pale</p></main>"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A JupyterLab that shows the solutions, trusted, so that their figures are live."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "work"
    folder.mkdir()
    (home / "data").mkdir()
    notary = NotebookNotary(data_dir=str(home / "data"))
    for name in LESSONS:
        path = shutil.copy(ROOT / "solutions" / name / f"{name}.ipynb", folder)
        notary.sign(nbformat.read(path, as_version=4))
    notary.store.close()
    with server(folder, home) as address:
        yield address, folder


@pytest.fixture(scope="module")
def opened(browser, shown):
    """A JupyterLab for all tests, since it takes seconds to open, and what it asks for."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page, asked = context.new_page(), []
    page.set_default_timeout(30_000)
    page.on("request", lambda request: asked.append(request.url))
    yield Lab(page, *shown), asked
    context.close()


@pytest.fixture
def lab(opened):
    """Return a JupyterLab without a notebook, which asks no other host for anything."""
    lab, asked = opened
    asked.clear()
    yield lab
    lab.save()  # else closing asks
    lab.command("application:close-all")
    assert [url for url in asked if not url.startswith((lab.address, "data:", "blob:"))] == []


def ours(found):
    """Leave out what `OTHERS` names: a rule, at a place that the selector's words name."""
    return [one for one in found if not any(r == one[0] and at in one[1] for r, at in OTHERS)]


def is_drawn(lab):
    """Wait until each live figure of the notebook is drawn by its form without a kernel."""
    lab.page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-NotebookPanel .course-figure[data-figure]')]"
        ".every(here => !here.dataset.figure || here.querySelector('[data-state=ready]'))"
    )


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_keeps_nobody_out(lab, name):
    lab.open_without_kernel(f"{name}.ipynb")
    is_drawn(lab)
    lab.theme("Light")
    assert ours(violations(lab.page, OURS)) == []
    lab.theme("Dark")
    assert violations(lab.page, OURS, ["color-contrast"]) == []
    alts = lab.page.evaluate(IMAGES)
    assert alts
    assert {alt: alt_faults(alt) for alt in alts if alt_faults(alt)} == {}
    assert all(lab.page.evaluate(NAMES))


def test_a_check_says_in_words_what_its_symbol_says(lab):
    tags = {"tags": ["raises-exception"]}
    cells = [nbformat.v4.new_code_cell("from utils.checking import check, scorecard", id="set-up")]
    for key, (source, _) in CHECKED.items():
        cells.append(nbformat.v4.new_code_cell(source, id=key, metadata=tags))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, lab.folder / "checks.ipynb")
    lab.open("checks.ipynb")
    with pytest.raises(RuntimeError, match="not answered yet"):
        lab.run_all()
    for key, (_, words) in CHECKED.items():
        assert words in lab.cell(key).locator(".jp-OutputArea").first.inner_text()
    for name in ("Light", "Dark"):
        lab.theme(name)
        assert violations(lab.page, OURS) == []
        lab.screenshot(f"checks-{name}")


def test_what_was_broken_on_purpose_is_found(browser):
    page = browser.new_page()
    page.set_content(BROKEN)
    rules = {rule for rule, *_ in violations(page, ["main"])}
    page.close()
    assert {"image-alt", "label", "color-contrast"} <= rules


@pytest.mark.parametrize("alt", ["", "figure", "Image of two curves", "plot.png", "Two curves."])
def test_a_placeholder_is_no_alt_text(alt):
    assert alt_faults(alt)
