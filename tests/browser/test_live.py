"""The edition for the browser alone, opened in one: the lessons, the kernel, `utils`.

NumPy for this Python comes from the content network only, so here no lesson is run. What is served
in the network's place is fetched by `python tests/pyodide.py`.
"""

import json
import mimetypes
import threading
import urllib.parse

import pytest

from autograder.browser import WIDGET, Lab
from autograder.site import live
from autograder.site.serve import make_server
from tests import pyodide

LESSON = "01_l1_l2_updates"
pytest.importorskip(
    "jupyterlite_pyodide_kernel",
    reason="JupyterLite is not installed: run `pip install -e '.[site]'`",
)
PLAIN = """\
import sys
from importlib.resources import files

import utils

print(sys.platform, utils.__doc__)
print((files(utils) / "data" / "prostate.csv").read_text().count("\\n"), "lines of data")
print(open("../README.md").readline())"""
WIDGETS = """\
import anywidget
from ipywidgets import IntSlider, VBox, dlink
from traitlets import Int, Unicode

class Twice(anywidget.AnyWidget):
    value = Int(0).tag(sync=True)
    _esm = Unicode('''export default { render({ model, el }) {
        const show = () => { el.className = "twice"; el.textContent = model.get("value"); };
        model.on("change:value", show); show(); } }''').tag(sync=True)

slider, twice = IntSlider(value=4), Twice()
dlink((slider, "value"), (twice, "value"), lambda value: 2 * value)
VBox([slider, twice])"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Return where the edition is served."""
    out = tmp_path_factory.mktemp("site") / "live"
    live.build(out)
    config = out / "jupyter-lite.json"
    content = json.loads(config.read_text(encoding="utf-8"))
    content["jupyter-config-data"]["exposeAppInBrowser"] = True  # the test asks it for its cells
    config.write_text(json.dumps(content), encoding="utf-8")
    with make_server(out, first=0) as server:  # 0: the system chooses a free port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def opened(browser, address):
    """Return a lesson in the browser, and all addresses that it asked for elsewhere."""
    context, asked = browser.new_context(viewport={"width": 1280, "height": 1000}), []

    def answer(route):
        url = route.request.url
        if urllib.parse.urlsplit(url).hostname == "127.0.0.1":
            route.continue_()
            return
        asked.append(url)
        file = pyodide.core() / url.removeprefix(f"{live.network()}/")
        if not file.is_file():
            route.fulfill(status=404)
            return
        kind = "text/javascript" if file.suffix == ".mjs" else mimetypes.guess_type(file.name)[0]
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": kind or "application/zip"}
        route.fulfill(body=file.read_bytes(), headers=headers)

    context.route("**/*", answer)
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(f"{address}/{live.address(LESSON)}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.wait_for_function(f"() => {WIDGET}?.context?.isReady")
    yield Lab(page, address, None), asked
    context.close()


def test_a_lesson_opens_with_its_mathematics_and_no_question(opened):
    lab, _ = opened
    page = lab.page
    page.wait_for_selector(".jp-NotebookPanel mjx-container")
    assert "Experimental" in page.locator(".jp-NotebookPanel .jp-Cell").first.inner_text()
    assert page.locator(".jp-DirListing-itemText").all_inner_texts() == [f"{LESSON}.ipynb"]
    page.wait_for_function(f"() => {WIDGET}.sessionContext?.session?.kernel")
    assert page.locator("dialog[open], .jp-Dialog").count() == 0
    lab.screenshot("live_light")
    lab.theme("Dark")
    lab.screenshot("live_dark")
    lab.theme("Light")


def test_the_lessons_are_in_the_list_of_files(opened):
    page = opened[0].page
    page.locator(".jp-BreadCrumbs-home").click()
    lessons = [path.parent.name for path in pyodide.FOLDER.parent.glob("notebooks/*/*.ipynb")]
    page.wait_for_function(
        "n => document.querySelectorAll('.jp-DirListing-item').length === n", arg=len(lessons) + 1
    )
    names = page.locator(".jp-DirListing-itemText").all_inner_texts()
    assert sorted(names) == sorted([*lessons, "README.md"])


needs_pyodide = pytest.mark.skipif(bool(pyodide.missing()), reason=str(pyodide.missing()))


@needs_pyodide
def test_the_kernel_starts_and_imports_utils(opened):
    lab, asked = opened
    said = run(lab, PLAIN)
    assert "emscripten What a lesson imports" in said
    assert "98 lines of data" in said  # the files beside the code are there, too
    assert "# Regularization, in your browser alone" in said  # the lessons are its files
    assert asked
    assert [url for url in asked if not url.startswith(f"{live.network()}/")] == []


@needs_pyodide
def test_a_live_widget_follows_a_slider(opened):
    lab, _ = opened
    run(lab, WIDGETS)
    twice = lab.page.locator(".twice")
    twice.wait_for()
    assert twice.inner_text() == "8"
    lab.page.locator(".noUi-handle").first.press("ArrowUp")
    lab.page.wait_for_function("() => document.querySelector('.twice').textContent === '10'")


def run(lab, source):
    """Run something in place of the lesson's set-up cell, and return what it printed."""
    setup = lab.page.evaluate(
        f"() => [...{WIDGET}.content.model.cells].find(cell => cell.type === 'code').id"
    )
    lab.write(setup, source)
    return lab.run(setup, seconds=240)  # the first one waits for the start of the kernel
