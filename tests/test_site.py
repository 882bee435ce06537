"""The reading site: what its pages show, that no answer is among it, and what goes wrong how."""

import json
import re
import threading
import urllib.request

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder import site
from autograder.question import Choice
from autograder.questions import questions_of
from autograder.site import SiteError, book, live, pages, serve
from tests.toy import STUB, answer, check

LESSONS = sorted(path.stem for path in site.ROOT.glob("notebooks/*/*.ipynb"))
LIVE = '<div class="course-figure"><img alt="A curve." src="data:,"><script>1</script></div>'
VIEW = "application/vnd.jupyter.widget-view+json"


def stream(text):
    return new_output("stream", name="stdout", text=text)


def write_course(root):
    """Write a course of one lesson, with all that a site is made from, and return its folder."""
    solved = [
        new_markdown_cell(
            "# Double a number\n\n| unit | minutes | points |\n|---|---:|---:|\n"
            "| **core path** | **20** | **1** |\n| **second part** | **5** | **0** |",
            id="a",
        ),
        new_markdown_cell(
            "Let $\\lambda > 0$.\n\n$$2x$$\n\n<details><summary>Why $x^2$</summary>\n\nSee "
            "lesson 0, unit 1.\n\n</details>\n\n## 1. Begin with $x$\n\n| $x$ |\n|---|\n| $y$ |",
            id="b",
        ),
        answer("double", "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END"),
        new_code_cell("double(2)", id="c", outputs=[stream("4\n")]),
        check("double", 1),
        new_code_cell(
            "Figure()",
            id="d",
            outputs=[
                new_output("display_data", {VIEW: {}}),
                new_output("display_data", {"text/html": LIVE, "text/plain": "A curve."}),
            ],
        ),
        new_code_cell('scorecard("00_toy")', id="e", outputs=[stream("1 of 1 points")]),
    ]
    solved[4].outputs = [stream("✓ double: right")]
    released = [cell.copy() for cell in solved]
    released[2] = answer("double", f"def double(x):\n    {STUB}")
    for folder, cells in {"solutions": solved, "notebooks": released}.items():
        place = root / folder / "00_toy" / "00_toy.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(new_notebook(cells=cells), place)
    (root / "docs" / "gallery").mkdir(parents=True)
    for name in pages.DOCS:
        link = "[double](../notebooks/00_toy/00_toy.ipynb), [a test](../tests/test_a.py)"
        (root / "docs" / f"{name}.md").write_text(f"# {name.title()}\n\n{link}\n")
    return root


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a finished site."""
    root = write_course(tmp_path_factory.mktemp("course"))
    assert site.main([str(root / "site")], root=root) == 0
    return root / "site"


# ---- what a page shows ----


def test_a_page_shows_what_cells_show_but_no_answer(made):
    page = (made / "00_toy.html").read_text(encoding="utf-8")
    assert '<img alt="A curve." src="data:,"><script>1</script>' in page
    assert page.count("A curve.") == 1
    assert re.search(r"</span>4\s", page)
    assert "NotImplementedError" in page
    for leaked in ("SOLUTION", "✓", "1 of 1 points", '<span class="k">return</span>'):
        assert leaked not in page
    assert "It runs in JupyterLab and judges your answer" in page
    assert "An exercise. Write it in JupyterLab" in page


def test_formulas_are_mathml_wherever_they_stand(made):
    page = (made / "00_toy.html").read_text(encoding="utf-8")
    assert "<summary>Why <math>" in page
    assert re.search(r"<h2>1. Begin with <math>", page)
    assert re.search(r"<td[^>]*><p><math>", page)
    assert re.search(r'class="course-formula"><math display="block"', page)
    assert re.search(r'Let <span style="white-space: nowrap"><math>.*</math>.</span>', page)
    assert "$" not in re.sub(r"<(script|style|pre).*?</\1>", "", page, flags=re.DOTALL)


def test_pages_link_to_each_other_and_to_nothing_that_is_not_there(made):
    for page in made.glob("*.html"):
        for target in re.findall(r'href="(?!https:)([^"#?]+)', page.read_text(encoding="utf-8")):
            assert (made / target).exists(), f"{page.name} links to {target}"
    lesson = (made / "00_toy.html").read_text(encoding="utf-8")
    assert 'href="00_toy.html#begin-with-x">lesson 0, unit 1</a>' in " ".join(lesson.split())
    gallery = (made / "gallery.html").read_text(encoding="utf-8")
    assert 'href="00_toy.html"' in gallery
    assert "test_a.py" not in gallery


def test_the_first_page_lists_the_lessons_with_minutes_and_points(made):
    start = (made / "index.html").read_text(encoding="utf-8")
    row = re.sub(
        r"<[^>]*>", " ", start[start.index("<td") : start.index("</tr>", start.index("<td"))]
    )
    assert row.split() == ["0", "Double", "a", "number", "25", "1"]
    assert "experimental" not in start


def test_the_notebook_and_the_course_can_be_taken_along(made):
    cells = json.loads((made / "download" / "00_toy.ipynb").read_text())["cells"]
    assert STUB in str(cells)
    assert (made / "download" / "course.zip").stat().st_size > 0


def test_github_shows_it_with_its_style_sheets(made):
    assert (made / "_static").is_dir()
    assert (made / ".nojekyll").read_bytes() == b""


def test_the_edition_for_the_browser_is_linked_and_called_experimental(course):
    pages.write_sources(course, course / "sources", address=live.address)
    book.build(course / "sources", course / "made")
    link = f'href="live/{live.address("00_toy")}"'
    for page in ("00_toy", "index"):
        text = (course / "made" / f"{page}.html").read_text(encoding="utf-8")
        assert link in text, page
        assert "(experimental)" in text
        assert "<a" not in text.split(link)[1].split("</a>")[0], page  # no link within the link


def test_python_for_the_browser_can_come_from_the_site(course, monkeypatch):
    asked = []
    monkeypatch.setattr(site, "_add_live", lambda *words: asked.append(words) or str)
    monkeypatch.setattr(book, "build", lambda sources, made: None)
    assert site.main([str(course / "out"), "--pyodide", str(course)], root=course) == 0
    assert [pyodide for _, pyodide in asked] == [course]


# ---- no answer gets in, over all lessons ----


@pytest.fixture(scope="module")
def lessons():
    return {lesson.name: lesson for lesson in pages.read_lessons(site.ROOT)}


def solution_cells(name):
    notebook = nbformat.read(site.ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
    return {cell.id: cell for cell in notebook.cells}


def answer_lines(source):
    """Return the lines of an answer that are worth hiding."""
    parts = re.findall(r"# BEGIN SOLUTION\n(.*?)# END SOLUTION", source, re.DOTALL)
    return [line.strip() for part in parts for line in part.splitlines() if len(line.strip()) > 12]


@pytest.mark.parametrize("name", LESSONS)
def test_no_page_has_an_answer(lessons, name):
    page, solved = pages.lesson_page(lessons[name]), solution_cells(name)
    released = {cell.id: cell for cell in lessons[name].notebook.cells}
    assert [cell.id for cell in page.cells] == list(released)
    for cell in page.cells:
        graded = released[cell.id].metadata.get("nbgrader", {})
        assert "SOLUTION" not in cell.source
        if cell.cell_type == "code":
            assert cell.source == released[cell.id].source
            assert "✓" not in str(cell.outputs)
        if graded.get("solution") or graded.get("grade"):
            assert all(
                "course-note" in output.data["text/html"] for output in cell.get("outputs", [])
            )
    for line in (line for cell in solved.values() for line in answer_lines(cell.source)):
        own = sum(line in cell.source for cell in released.values())
        assert own == sum(line in cell.source for cell in page.cells), line


@pytest.mark.parametrize("name", LESSONS)
def test_no_page_prints_a_graded_value(lessons, name):
    values = pages.graded_values(name)
    for cell in pages.lesson_page(lessons[name]).cells:
        for output in cell.get("outputs", []):
            text = output.get("text") or output.data.get("text/plain", "")
            for question, value in values.items():
                assert not pages.tells(text, value), f"{cell.id} prints {question}"


def test_values_are_known_and_one_output_is_kept_back(lessons):
    known = {value for name in LESSONS for value in pages.graded_values(name)}
    assert known >= {
        "penalty_slopes",
        "prostate_ridge",
        "orthonormal_estimates",
        "network_ensemble",
    }
    left_out = [
        (name, re.search(r"<code>(\w+)", str(cell.outputs))[1])
        for name in LESSONS
        for cell in pages.lesson_page(lessons[name]).cells
        if cell.cell_type == "code" and "This output is left out" in str(cell.outputs)
    ]
    assert left_out == [("02_constraint_geometry", "prostate_ridge")]


@pytest.mark.parametrize("name", LESSONS)
def test_no_right_choice_is_told(lessons, name):
    page = pages.lesson_page(lessons[name])
    choices = {key: q for key, q in questions_of(name).items() if isinstance(q, Choice)}
    for key, question in choices.items():
        explained = " ".join(question.options[question.right].split())
        whole = " ".join(str(page).replace("\\n", " ").split())
        assert f'{key} = "{question.right}"' not in whole
        assert explained not in whole, key


@pytest.mark.parametrize("name", LESSONS)
def test_each_figure_is_there_once_with_its_alt_text(lessons, name):
    released = {cell.id for cell in lessons[name].notebook.cells}
    shown = str(pages.lesson_page(lessons[name]))
    images = sum(
        str(cell.get("outputs", "")).count("<img alt=")
        for cell in solution_cells(name).values()
        if cell.id in released
    )
    assert shown.count("<img alt=") == images > 0
    assert '<img alt=""' not in shown
    assert "<img src" not in shown
    assert VIEW not in shown


# ---- what goes wrong ----


def test_faults_of_a_page_are_told_and_nothing_is_written(course, capsys):
    (course / "docs" / "parity.md").write_text("# Parity\n\n[nowhere](#nowhere)\n")
    assert site.main([str(course / "site")], root=course) == 1
    assert "nowhere" in capsys.readouterr().err
    assert sorted(path.name for path in course.iterdir()) == ["docs", "notebooks", "solutions"]


def test_a_folder_of_somebody_else_is_left_alone(course, capsys):
    other = course / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("mine")
    assert site.main([str(other)], root=course) == 1
    assert "name another folder" in capsys.readouterr().err
    assert (other / "chapter.txt").read_text() == "mine"


def test_an_earlier_site_is_replaced_whole(course):
    earlier = course / "site"
    earlier.mkdir()
    (earlier / site.MARK).write_text("")
    (earlier / "old.html").write_text("")
    assert site.main([str(earlier)], root=course) == 0
    assert not (earlier / "old.html").exists()
    assert (earlier / "index.html").exists()


@pytest.mark.parametrize(
    ("break_it", "word"),
    [
        (lambda root: (root / "site").write_text(""), "is not a folder"),
        (lambda root: (root / "notebooks/00_toy/00_toy.ipynb").unlink(), "course build"),
        (lambda root: (root / "solutions/00_toy/00_toy.ipynb").unlink(), "course build"),
        (lambda root: (root / "solutions/00_toy/00_toy.ipynb").write_text("{"), "no notebook"),
        (lambda root: (root / "docs/parity.md").unlink(), "parity.md"),
    ],
)
def test_broken_input_gets_one_sentence(course, capsys, break_it, word):
    break_it(course)
    assert site.main([str(course / "site")], root=course) == 1
    error = capsys.readouterr().err
    assert word in error
    assert error.count("\n") == 1


def test_no_folder_to_write_to_and_missing_packages(course, capsys, monkeypatch):
    assert site.main([str(course / "no" / "site")], root=course) == 1
    assert "make it first" in capsys.readouterr().err
    monkeypatch.setattr(site.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SiteError, match=r"pip install .*\[site\]"):
        site.write_site(course, course / "site")


def test_a_site_is_served_to_this_machine_alone(tmp_path):
    (tmp_path / "index.html").write_text("hello")
    with serve.make_server(tmp_path) as first, serve.make_server(tmp_path) as second:
        assert first.server_address[0] == "127.0.0.1"
        assert first.server_port != second.server_port
        threading.Thread(target=second.handle_request, daemon=True).start()
        address = f"http://127.0.0.1:{second.server_port}/"
        with urllib.request.urlopen(address, timeout=10) as answered:
            assert answered.read() == b"hello"


def test_no_free_port_gets_one_sentence(tmp_path, capsys, monkeypatch):
    def taken(*words):
        raise OSError("Address already in use")

    monkeypatch.setattr(serve, "Server", taken)
    monkeypatch.setattr(site, "write_site", lambda *words, **options: None)
    assert site.main([str(tmp_path), "--serve"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("course site: no free port from 8765 to 8784: ")
    assert error.count("\n") == 1
