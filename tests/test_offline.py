"""No page that is made names anything to load from elsewhere, and formulas need no script."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from traitlets.config import PyFileConfigLoader

from autograder.grading.feedback import Press
from autograder.grading.gradebook import load_config
from autograder.grading.material import ROOT
from tests.marked import demo_book
from utils.mathml import MOST, mathml, unbroken

LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("*.py"))
LOADING = "script[src], link[href], img[src], iframe, object, embed, audio, video, source, use"
ADDRESS = re.compile(r"""(?:url\(|@import|import\(|from)\s*["']?(?:https?:)?//""")
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


def outside(page):
    """Return what a page would load from elsewhere."""
    soup = BeautifulSoup(page, features="html.parser")
    places = [tag.get("src") or tag.get("href", str(tag)[:80]) for tag in soup.select(LOADING)]
    return [place for place in places if not place.startswith("data:")] + ADDRESS.findall(page)


@pytest.fixture(scope="module")
def exporter():
    """Return what exports in `./course lab`, and elsewhere with its settings as `--config`."""
    path = ROOT / "utils" / "jupyter" / "jupyter_nbconvert_config.py"
    return HTMLExporter(config=PyFileConfigLoader(str(path)).load_config())


def test_what_is_loaded_would_be_seen():
    page = '<script src="https://a.b/c.js"></script><style>@import "//a.b/c.css"</style>'
    assert len(outside(page)) == 2


@pytest.mark.parametrize("lesson", ["00_start_here", "02_constraint_geometry"])
def test_a_lesson_that_is_exported_loads_nothing(exporter, lesson):
    page, _ = exporter.from_filename(str(ROOT / "solutions" / lesson / f"{lesson}.ipynb"))
    assert outside(page) == []
    assert "<math" in page
    assert 'class="tex"' not in page
    soup = BeautifulSoup(page, features="html.parser")
    assert soup.html["lang"] == "en"
    assert len(soup.select("h1")) == 1
    assert soup.title.get_text() == soup.h1.get_text().removesuffix("¶")
    assert all(image.get("alt") for image in soup.select("img"))


def test_an_image_keeps_its_text_and_a_widget_its_page(exporter):
    words = {"image/png": {"alt": 'Falls to "0" & stays.'}}
    image = nbformat.v4.new_output("display_data", {"image/png": PIXEL}, metadata=words)
    forms = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/html": "<i>1</i>"}
    widget = nbformat.v4.new_output("display_data", forms)
    cell = nbformat.v4.new_code_cell("x", outputs=[image, widget])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    state = {"state": {"a": {}}, "version_major": 2, "version_minor": 0}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    page, _ = exporter.from_notebook_node(notebook)
    assert outside(page) == []
    soup = BeautifulSoup(page, features="html.parser")
    assert [image["alt"] for image in soup.select("img")] == [words["image/png"]["alt"]]
    assert soup.select_one(".jp-OutputArea-output i").get_text() == "1"


def test_a_feedback_page_loads_nothing_and_a_browser_is_told_so(tmp_path):
    book = demo_book(tmp_path, LESSONS[0], ("ada-perfect",))
    text = book.autograded("ada-perfect", LESSONS[0]).read_text(encoding="utf-8")
    page = Press(book.config).page(text, book.grades(LESSONS[0])["ada-perfect"])
    assert outside(page) == []
    soup = BeautifulSoup(page, features="html.parser")
    assert soup.select("script") == []
    assert "default-src 'none'" in soup.select_one("meta[http-equiv]")["content"]
    assert len(soup.select("h1")) == 1


def test_formgraders_page_loads_only_what_its_server_has():
    exporter = HTMLExporter(config=load_config(), template_name="formgrade")
    cell = nbformat.v4.new_markdown_cell("If $a<b$: $\\href{javascript:alert(1)}{x}$")
    settings = {"grade": True, "solution": True, "grade_id": "why", "points": 3}
    cell.metadata["nbgrader"] = settings
    words = {"base_url": "", "index": 0, "total": 1, "notebook_id": "a", "notebook_path": "a"}
    page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]), words)
    assert all(place.startswith("/formgrader/static/") for place in outside(page))
    soup = BeautifulSoup(page, features="html.parser")
    assert soup.select_one("math mo").get_text() == "<"
    assert soup.select_one("code.tex").get_text().startswith("\\href")
    assert soup.select_one("#why")["aria-label"] == "Points for why"
    assert soup.select_one("textarea")["aria-label"] == "Comment on why"


@pytest.mark.parametrize(
    "piece", ["{", "x^{", "\\frac1{", "\\hat", "\\left(", "\\sqrt[", "\\def\\a{"]
)
def test_no_formula_ends_the_process(piece):
    """The converter's own stack would overflow, which no `except` catches."""
    assert mathml(piece * 10_000).startswith('<code class="tex">')
    assert mathml(piece * (MOST // 2)).startswith(("<code", "<math"))


@pytest.mark.parametrize(
    "piece", ["(", "f(x + ", "[", "{(}", "⟨", "⎰", r"\{", r"\langle ", r"\bigl|"]
)
def test_no_formula_takes_forever(piece):
    """Each bracket that is never closed doubles the converter's time: 40 would be a day."""
    assert mathml(piece * 40).startswith('<code class="tex">')
    assert mathml(piece * 8).startswith("<math")


X = "<math><mi>x</mi></math>"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"a {X}. b", f"{X}."),
        (f"a ({X}) b", f"({X})"),
        (f"a {X}-th b", f"{X}-th"),
        (f"a {X} b", None),
        (f"<b>{X}</b>", None),
        (f"{X}&lt;b", None),
    ],
)
def test_no_line_ends_between_a_formula_and_its_full_stop(text, kept):
    span = f'<span style="white-space: nowrap">{kept}</span>'
    assert unbroken(text) == (text.replace(kept, span) if kept else text)


@pytest.mark.parametrize("piece", ["<math>", "<math>(", "(", "</math>.", "<math></math>((", "a"])
def test_no_text_takes_forever(piece):
    text = piece * 50_000
    assert re.sub(r"</?span[^>]*>", "", unbroken(text)) == text
