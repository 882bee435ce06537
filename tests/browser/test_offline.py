"""Nothing is asked of another host: a lesson that is run, what the menu exports, the report.

`test_accessibility.py` opens every lesson, and holds the same.
"""

import shutil

import pytest

from autograder.browser import Figure
from autograder.grading.material import ROOT
from autograder.report import report
from tests.classroom import large_class, write_class

LESSON = "01_l1_l2_updates"


@pytest.fixture
def asked(lab):
    """Every address on another host that the page asks for."""
    found = []
    lab.page.on("request", lambda request: found.append(request.url))
    return lambda: [url for url in found if not url.startswith((lab.address, "data:", "blob:"))]


def test_jupyterlab_with_a_lesson_open_and_run_asks_nobody(lab, asked):
    lab.open("00_start_here/00_start_here.ipynb")
    lab.run("00-003")
    lab.page.wait_for_load_state("networkidle")
    assert asked() == []


def test_the_class_report_asks_nobody(lab, asked, tmp_path):
    write_class(tmp_path, large_class(8, 2, 3))
    report(tmp_path, tmp_path / "report.html")
    lab.page.goto((tmp_path / "report.html").as_uri())
    lab.page.wait_for_load_state("networkidle")
    assert asked() == [(tmp_path / "report.html").as_uri()]


def test_the_menus_export_has_formulas_and_live_figures_and_asks_nobody(lab, asked):
    solution = f"{LESSON}/solution.ipynb"  # with its figures
    shutil.copy(ROOT / "solutions" / LESSON / f"{LESSON}.ipynb", lab.folder / solution)
    address = f"{lab.address}/nbconvert/html/{solution}"  # what the menu asks the server for
    lab.page.goto(address, referer=f"{lab.address}/lab")
    lab.page.locator("math").first.wait_for()
    assert lab.page.locator("script[src]").count() == 0
    assert lab.page.title().startswith("Charge for large weights")
    figure = Figure(lab.page, "WeightHistogram", "page").wait()
    before = figure.seen()
    figure.press("lam", "ArrowRight")
    assert figure.moved(before)["marks"] != before["marks"]
    assert asked() == []
