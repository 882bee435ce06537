"""A lesson's text and the solution notebook that it becomes, in both directions.

The text is py:percent. A cell header may give a role: `role="answer" key="l1_update"`,
`role="check" key="l1_update" points=2` or, on Markdown, `role="reflect" key="why" points=3`.
In the notebook the role is nbgrader's metadata and the cell's id.
"""

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat

from utils.commands import full_name

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
ROLES = {  # role: (cell type, solution, grade, locked)
    "answer": ("code", True, False, False),
    "check": ("code", False, True, True),
    "reflect": ("markdown", True, True, False),
}
HEADER_KEYS = {"role", "key", "points"}
SPACING_KEYS = ("lines_to_next_cell", "lines_to_end_of_cell_marker")  # jupytext's own
TEXT_FORMAT = {"extension": ".py", "format_name": "percent"}
# nbval takes what an Output widget holds for the cell's own output; and what own_answers finds
# depends on the notebooks beside.
NOT_COMPARED = ("show_interactive(", "own_answers(")
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


class LessonError(ValueError):
    """A fault in a lesson's text; the message names file and line."""


@dataclass(frozen=True)
class Lesson:
    """A lesson's name, its solution notebook without outputs, and where its points are.

    `points` maps the key of each check to its points, `by_hand` the key of each cell that a
    teacher grades.
    """

    name: str
    notebook: nbformat.NotebookNode
    points: dict
    by_hand: dict


def read_lesson(path, questions):
    """Read a lesson's text and return it as a `Lesson`.

    Parameters
    ----------
    path : pathlib.Path
        `lessons/NN_name.py`.
    questions : container of str
        The names that may be checked.

    Raises
    ------
    LessonError
        For an unknown role, a duplicate key, points without a question, an answer without markers
        and the like; the message names file and line.
    """
    text, place = path.read_text(encoding="utf-8"), os.path.relpath(path)
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(r"# %%(\s|$)", line)]
    if not lines or text.splitlines()[0].strip() not in ("# %%", "# %% [markdown]"):
        raise LessonError(f"{place}:1: a lesson begins with a cell, `# %% [markdown]`")
    notebook = jupytext.reads(text, TEXT_FORMAT)
    if len(lines) != len(notebook.cells):
        raise LessonError(f"{place}:1: {len(lines)} cell headers, {len(notebook.cells)} cells")
    seen, points, by_hand = set(), {}, {}
    for cell, line in zip(notebook.cells, lines, strict=True):
        _check_cell(cell, f"{place}:{line}", seen, questions)
        match cell.metadata.get("role"):
            case "check":
                points[cell.metadata["key"]] = cell.metadata["points"]
            case "reflect":
                by_hand[cell.metadata["key"]] = cell.metadata["points"]
    _check_pairs(place, seen)
    for number, cell in enumerate(notebook.cells, 1):
        _expand(cell, f"{path.stem[:2]}-{number:03d}")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return Lesson(path.stem, notebook, points, by_hand)


def _check_cell(cell, place, seen, questions):
    header = cell.metadata
    for spacing in SPACING_KEYS:
        header.pop(spacing, None)
    unknown = set(header) - HEADER_KEYS
    if unknown:
        raise LessonError(f"{place}: unknown in a cell header: {', '.join(sorted(unknown))}")
    role, key = header.get("role"), header.get("key")
    if role is None:
        _check_plain(cell, place)
        return
    if role not in ROLES:
        raise LessonError(f'{place}: unknown role "{role}"; a role is one of {", ".join(ROLES)}')
    if not isinstance(key, str) or not key.isidentifier():
        raise LessonError(f'{place}: a {role} cell needs a key, such as key="l1_update"')
    if (role, key) in seen:
        raise LessonError(f'{place}: the key "{key}" has a cell of role "{role}" already')
    seen.add((role, key))
    if cell.cell_type != ROLES[role][0]:
        raise LessonError(f"{place}: a {role} cell is a {ROLES[role][0]} cell")
    _check_role(cell, place, role, key, questions)


def _check_plain(cell, place):
    if {"key", "points"} & set(cell.metadata):
        raise LessonError(f"{place}: a key or points without a role")
    if any(mark.removeprefix("# ") in cell.source for mark in (BEGIN, END)):
        raise LessonError(f"{place}: solution markers outside an answer cell")


def _check_role(cell, place, role, key, questions):
    points = cell.metadata.get("points")
    if role == "answer":
        if points is not None:
            raise LessonError(f'{place}: points belong to the check of "{key}", not to its answer')
        if cell.source.count(BEGIN) != 1 or cell.source.count(END) != 1:
            raise LessonError(f"{place}: an answer cell needs one `{BEGIN}` and one `{END}`")
        return
    if isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0:
        raise LessonError(f"{place}: a {role} cell needs points, such as points=2")
    if role == "check" and key not in questions:
        known = ", ".join(sorted(questions)) or "none"
        raise LessonError(f'{place}: points without a question "{key}"; there is {known}')
    if role == "check" and cell.source.strip() != f'check("{key}")':
        raise LessonError(f'{place}: the source of this cell should be `check("{key}")`')


def _check_pairs(place, seen):
    for role, key in sorted(seen):
        if role in ("answer", "check"):
            other = "check" if role == "answer" else "answer"
            if (other, key) not in seen:
                raise LessonError(f'{place}:1: "{key}" has no {other} cell')


def _expand(cell, default_id):
    """Turn the header of a cell into nbgrader's metadata and the cell's id."""
    role, key = cell.metadata.pop("role", None), cell.metadata.pop("key", None)
    points = cell.metadata.pop("points", None)
    if any(call in cell.source for call in NOT_COMPARED):
        cell.metadata["tags"] = ["nbval-ignore-output"]
    if role is None:
        cell.id = default_id
        return
    _, solution, grade, locked = ROLES[role]
    cell.id = f"check_{key}" if role == "check" else key
    settings = {"grade_id": cell.id, "solution": solution, "grade": grade, "locked": locked}
    settings |= {"task": False, "schema_version": 3}
    cell.metadata["nbgrader"] = settings | ({"points": points} if grade else {})


def lesson_text(notebook):
    """Return the text of a lesson, given its solution notebook; the inverse of `read_lesson`."""
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    cells = [make[cell.cell_type](cell.source, metadata=_collapse(cell)) for cell in notebook.cells]
    for cell, following in itertools.pairwise(cells):
        apart = _ends_with_definition(cell) or _starts_with_definition(following)
        cell.metadata["lines_to_next_cell"] = 2 if apart else 1
    settings = {"cell_metadata_filter": "role,key,points", "notebook_metadata_filter": "-all"}
    plain = nbformat.v4.new_notebook(cells=cells, metadata={"jupytext": settings})
    return jupytext.writes(plain, TEXT_FORMAT)


# Blank lines about a definition as the formatter sets them.


def _starts_with_definition(cell):
    return cell.cell_type == "code" and cell.source.startswith(("def ", "class ", "@"))


def _ends_with_definition(cell):
    top = [line for line in cell.source.splitlines() if line and not line[0].isspace()]
    return cell.cell_type == "code" and bool(top) and top[-1].startswith(("def ", "class "))


def _collapse(cell):
    settings = cell.metadata.get("nbgrader")
    if not settings:
        return {}
    kind = (cell.cell_type, settings["solution"], settings["grade"], settings["locked"])
    role = next((role for role, meaning in ROLES.items() if meaning == kind), None)
    if role is None:
        raise LessonError(f"cell {settings['grade_id']}: nbgrader metadata of no known role")
    header = {"role": role, "key": settings["grade_id"].removeprefix("check_")}
    return header | ({"points": settings["points"]} if settings["grade"] else {})


def lesson_paths(root, names=()):
    """Return the texts of the named lessons, of all when none is named.

    The beginning of a name is enough where only one lesson has it: "01".

    Raises
    ------
    LessonError
        If a name is not a lesson.
    """
    paths = {path.stem: path for path in sorted(Path(root, "lessons").glob("[0-9][0-9]_*.py"))}
    full = [full_name(name, paths) for name in names]
    for name, found in zip(names, full, strict=True):
        if found not in paths:
            raise LessonError(f'no lesson "{name}"; the lessons are {", ".join(paths)}')
    return [paths[name] for name in full or paths]
