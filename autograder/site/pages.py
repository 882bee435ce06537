"""The sources of the pages: the releases with what their cells show, without any answer.

A page is the student's notebook. Outputs come from the executed solution, cell by cell, and only
where the release has the very same cell. Answer cells stay as they are released, and checks get
a word in place of what they print.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.site import SiteError

HERE = Path(__file__).parent
TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"), undefined=StrictUndefined, trim_blocks=True
)
DOCS = ("parity", "gallery")
ANSWERED = ("check(", "scorecard(")  # what they print is the answers' result
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
LINK = re.compile(r"\[([^\]]*)\]\((\.\./[^)]*)\)")
LESSON_LINK = re.compile(r"\.\./notebooks/([^/]+)/\1\.ipynb")
SHARED_DIGITS = 5e-4  # an answer that a cell prints to three decimals is printed


@dataclass(frozen=True)
class Lesson:
    """What the pages need to know of a lesson: its release, and what its cells showed."""

    name: str
    notebook: nbformat.NotebookNode
    outputs: dict

    @property
    def title(self):
        """The lesson's first heading."""
        return self.notebook.cells[0].source.splitlines()[0].removeprefix("# ")

    @property
    def number(self):
        """The lesson's number, as the lessons call each other."""
        return int(self.name.split("_")[0])

    def sums(self):
        """Return minutes and points, summed over the parts of the lesson.

        The table of units has them in the rows whose name is bold.
        """
        cells = re.findall(
            r"^\| \*\*.+?\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\* \|",
            self.notebook.cells[0].source,
            re.MULTILINE,
        )
        return tuple(map(sum, zip(*(map(int, row) for row in cells), strict=True))) or (0, 0)


def read_lessons(root):
    """Return the lessons in their order.

    Raises
    ------
    SiteError
        If a notebook is missing or cannot be read.
    """
    names = sorted(path.stem for path in root.glob("notebooks/*/*.ipynb"))
    if not names:
        raise SiteError(
            f"there are no lessons in {root / 'notebooks'}: run `./course build` first."
        )
    return [_read_lesson(root, name) for name in names]


def _read_lesson(root, name):
    release, solution = (
        _read(root / folder / name / f"{name}.ipynb") for folder in ("notebooks", "solutions")
    )
    solved = {cell.id: cell for cell in solution.cells}
    outputs = {
        cell.id: solved[cell.id].outputs
        for cell in release.cells
        if cell.cell_type == "code" and _is_open(cell) and _is_same(cell, solved.get(cell.id))
    }
    return Lesson(name, release, outputs)


def _read(path):
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise SiteError(f"{path} is missing: run `./course build` first.") from None
    except (ValueError, KeyError, AttributeError):
        raise SiteError(f"{path} is no notebook: run `./course build --force`.") from None


def _is_open(cell):
    """Return whether what a cell shows may be shown: no answer, and no result of one."""
    graded = cell.metadata.get("nbgrader", {})
    if graded.get("solution") or graded.get("grade"):
        return False
    return not any(word in cell.source for word in ANSWERED)


def _is_same(cell, other):
    return other is not None and other.cell_type == "code" and other.source == cell.source


def write_sources(root, folder, address=None):
    """Write what the pages are made from.

    Parameters
    ----------
    root : pathlib.Path
        The course.
    folder : pathlib.Path
        A new folder.
    address : callable, optional
        Returns, under live/, the place that opens a lesson in the browser's own JupyterLab.
    """
    folder.mkdir(parents=True)
    lessons = read_lessons(root)
    for lesson in lessons:
        place = f"live/{address(lesson.name)}" if address else ""
        opening = TEMPLATES.get_template("open.html").render(
            name=lesson.name, number=lesson.number, live=place
        )
        nbformat.write(lesson_page(lesson, opening), folder / f"{lesson.name}.ipynb")
    live = f"live/{address(lessons[0].name)}" if address else ""
    start = TEMPLATES.get_template("index.md").render(lessons=lessons, docs=DOCS, live=live)
    (folder / "index.md").write_text(start, encoding="utf-8")
    for name in DOCS:
        text = (root / "docs" / f"{name}.md").read_text(encoding="utf-8")
        (folder / f"{name}.md").write_text(site_links(text), encoding="utf-8")
    shutil.copytree(root / "docs" / "gallery", folder / "gallery")


def lesson_page(lesson, opening=""):
    """Return a lesson's page as a notebook.

    Parameters
    ----------
    lesson : Lesson
    opening : str
        HTML to stand below the title: how to open the lesson live.
    """
    values = graded_values(lesson.name)
    cells = [
        _page_cell(cell, lesson.outputs.get(cell.id, []), values) for cell in lesson.notebook.cells
    ]
    title, _, rest = cells[0].source.partition("\n")
    cells[0].source = f"{title}\n\n{opening}\n{rest}"
    page = nbformat.v4.new_notebook(cells=cells)
    page.metadata.language_info = LANGUAGE
    return page


def _page_cell(cell, outputs, values):
    role = _role(cell)
    if cell.cell_type != "code":
        source = _note("write", cell.source) if role else cell.source
        return nbformat.v4.new_markdown_cell(source, id=cell.id)
    shown = [_html(_note(role, ""))] if role else [_shown(output, values) for output in outputs]
    return nbformat.v4.new_code_cell(
        cell.source,
        id=cell.id,
        metadata={"tags": [role]} if role else {},
        outputs=[output for output in shown if output],
    )


def _role(cell):
    """Return "exercise", "check" or, for all other cells, nothing."""
    graded = cell.metadata.get("nbgrader", {})
    if graded.get("solution"):
        return "exercise"
    scores = graded.get("grade") or (cell.cell_type == "code" and not _is_open(cell))
    return "check" if scores else ""


NOTES = {
    "exercise": "An exercise. Write it in JupyterLab.",
    "check": "A check. It runs in JupyterLab and judges your answer.",
    "write": "An exercise in words. Write it in JupyterLab; your teacher reads it.",
    "answer": "This output is left out: it holds the answer to the exercise {}.",
}


def _note(kind, words):
    text = NOTES[kind].format(words) if kind == "answer" else NOTES[kind]
    return f'<p class="course-note course-{kind}">{text}</p>'


def _html(text):
    return nbformat.v4.new_output("display_data", {"text/html": text})


def _shown(output, values):
    """Return the one form of an output that a page shows, or None."""
    if output.output_type == "stream":
        return _kept(output, output.text, values)
    if output.output_type not in ("display_data", "execute_result"):
        return None
    data = output.data
    kind = next((kind for kind in ("text/html", "text/plain") if kind in data), None)
    if kind is None:  # the widget itself: its HTML comes next
        return None
    if kind == "text/html":
        return _html(data[kind])
    return _kept(nbformat.v4.new_output("display_data", {kind: data[kind]}), data[kind], values)


def _kept(output, text, values):
    told = next((name for name, value in values.items() if tells(text, value)), None)
    return _html(_note("answer", f"<code>{told}</code>")) if told else output


# ---- answers ----


def graded_values(lesson):
    """Return what has to be kept back: the numbers of each answer that is a value, by its name.

    One or two numbers are left alone: they turn up in many a table by chance, and the text of a
    lesson tells them itself.
    """
    from autograder.questions import questions_of

    try:
        questions = questions_of(lesson)
    except LookupError:
        return {}
    values = {
        name: _numbers(question.oracle())
        for name, question in questions.items()
        if getattr(question, "driver", "") == "value"
    }
    return {name: value for name, value in values.items() if len(set(value)) > 2}


def _numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in _numbers(item)]
    array = np.asarray(value)
    return array.ravel().tolist() if array.dtype.kind in "if" else []


def tells(text, value):
    """Return whether a printed text holds the numbers of an answer in a row, to three decimals.

    Examples
    --------
    >>> tells("ridge  2.452  0.420 -0.046", [2.4523, 0.4202, -0.0462])
    True
    >>> tells("ridge  2.452  0.420", [2.4523, 0.4202, -0.0462])
    False
    """
    printed = np.array([float(word) for word in re.findall(r"-?\d+(?:\.\d+)?", text)])
    if printed.size < len(value):
        return False
    rows = np.lib.stride_tricks.sliding_window_view(printed, len(value))
    return bool((np.abs(rows - value) <= SHARED_DIGITS).all(axis=1).any())


def site_links(text):
    """Return a page of docs/ with links to lessons' pages, and none to files that are not here.

    Examples
    --------
    >>> site_links("[a](../notebooks/01_x/01_x.ipynb), [b](../tests/test_b.py), [c](#there)")
    '[a](01_x.ipynb), b, [c](#there)'
    """

    def page(link):
        words, target = link.groups()
        lesson = LESSON_LINK.fullmatch(target)
        return f"[{words}]({lesson[1]}.ipynb)" if lesson else words

    return LINK.sub(page, text)
