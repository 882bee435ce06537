"""From a submitted file to the notebook that is graded: the release with the student's answers.

The notebook is rebuilt from the instructor's release. From the submission come the sources of the
answer cells and the code cells that the student added, in their place; whatever else was edited,
tagged, duplicated or deleted is noted and has no effect.
"""

import ast
import copy
import difflib
import gc
import hashlib
import itertools
import json
import os
import re
import stat
import warnings
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

MAX_BYTES = 20_000_000
MAX_OLD_BYTES = 1_000_000  # a file of format 3: to convert it takes 300 times as much memory
MAX_CELLS = 1_000
MAX_SOURCE = 100_000
MAX_ADDED, MAX_ADDED_SOURCE = 100, 200_000  # cells, and characters in all of them
MAX_PARSED = 20_000
MAX_WRITTEN = 20_000  # Markdown takes its time for text that is made to take it
SIMILAR = 0.6
NOTEBOOK_FORMAT = 4
# Metadata of nbgrader that a student has no reason to change.
SETTINGS = ("grade", "solution", "locked", "task", "points")
# What can be noted of a submission, by the kind of a `Note`.
KINDS = {
    "deleted": "a cell of the lesson was missing",
    "duplicated": "a graded cell was there more than once",
    "type": "a graded cell had become a cell of another type",
    "edited": "a check or the set-up cell was edited",
    "tagged": "the settings of a graded cell were changed",
    "unknown": "a cell called itself a graded cell that the lesson does not have",
    "added": "more cells were added than are run",
    "forged": "the process sent what no answer sends",
}

# TeX that sets links, styles and names in the page, loads more, or gives commands other names.
COMMANDS = (
    "href|url|html|class|cssid|data|style|bbox|require|unicode|mmltoken|enclose|action|toggle|"
    "tooltip|texttip|mathtip|include|input|def|gdef|edef|xdef|let|futurelet|global|catcode|csname|"
    "newcommand|renewcommand|providecommand|newenv|renewenv|newdocument|declare"
)
BEGINNINGS = tuple(
    re.compile(pattern)
    for pattern in (
        r"<(?=[A-Za-z/!?])",  # a tag or a comment
        r"\](?=[(:])",  # the address of a link or an image
        r":(?=//)",  # an address that is a link by itself
        r"(?i)\bwww(?=\.)",
        r"(?i)(?:javascript|vbscript)(?=:)",
        r"&(?=#|\w+;)",  # the name of a character: it would hide the others from this list
        rf"\\(?=(?i:{COMMANDS}))",
    )
)
# A block of code in another language: a program may draw it (mermaid) in place of showing it.
FENCE = re.compile(r"(?m)^([ \t>*+.\d-]*(?:`{3,}(?!`)|~{3,}(?!~)))[ \t]*(?=\S)(?!python\b)")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class RefusedError(ValueError):
    """A submission that is no notebook; the message says why, in words for the student."""


@dataclass(frozen=True)
class Note:
    """Something in a submission that was put right: what, in which cell, and in words."""

    kind: str
    cell: str
    sentence: str


@dataclass(frozen=True)
class Planted:
    """A notebook to be graded, and what is known of the submission it was made from.

    In `notebook` the metadata `transplant` of a code cell says how it is run: "set-up", "answer",
    "added", or "missing" for an answer cell that was deleted.
    """

    notebook: nbformat.NotebookNode
    submission: str
    refused: str = ""
    notes: list = field(default_factory=list)

    def to_notebook(self):
        """Return the notebook with what is known of the submission in its metadata."""
        notebook = copy.deepcopy(self.notebook)
        known = asdict(self)
        known.pop("notebook")
        notebook.metadata["transplant"] = nbformat.from_dict(known)
        return notebook

    @classmethod
    def from_notebook(cls, notebook):
        """Return what `to_notebook` made into a notebook."""
        notebook = copy.deepcopy(notebook)
        known = notebook.metadata.pop("transplant")
        notes = [Note(**note) for note in known["notes"]]
        return cls(notebook, known["submission"], known["refused"], notes)


@dataclass(frozen=True)
class Submitted:
    """A cell of the submission: all that is ever looked at."""

    kind: str
    source: str
    id: str
    settings: dict

    @property
    def grade_id(self):
        """The nbgrader id that the cell claims, or "" where it claims none."""
        claimed = self.settings.get("grade_id")
        return claimed if isinstance(claimed, str) else ""


def read_submission(path):
    """Return the bytes of a submitted file.

    Raises
    ------
    RefusedError
        If it is missing, a link, no plain file, or larger than `MAX_BYTES`.
    """
    path = Path(path)
    if any(part.is_symlink() for part in (path, path.parent, path.parent.parent)):
        raise RefusedError("The submitted file is a link to another file.")
    if not path.exists():
        others = sorted(p.name for p in path.parent.glob("*.ipynb"))
        found = f"; the folder holds {', '.join(others[:3])}" if others else ""
        raise RefusedError(f"There is no file {path.name} in the submission{found}.")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise RefusedError("What was submitted is not a file.")
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RefusedError(f"The submitted file is larger than {MAX_BYTES // 10**6} MB.")
    return data


def transplant(data, release):
    """Rebuild the notebook to be graded.

    Parameters
    ----------
    data : bytes or RefusedError
        The submitted file, or why there is none.
    release : nbformat.NotebookNode
        The instructor's release of the lesson.

    Returns
    -------
    Planted
        A refused submission gives the blank release.
    """
    notebook = _blank(release)
    if isinstance(data, RefusedError):
        return Planted(notebook, "", str(data))
    digest = hashlib.sha256(data).hexdigest()
    try:
        submitted = read_cells(data)
    except RefusedError as refusal:
        return Planted(notebook, digest, str(refusal))
    notes = []
    targets = _targets(submitted, notebook.cells)
    _notice(submitted, targets, notebook.cells, notes)
    added = _plant(submitted, targets, notebook.cells)
    kept = _first_of(added)
    if len(kept) < len(added):
        sentence = f"Only the first {len(kept)} of the {len(added)} cells you added were run."
        notes.append(Note("added", "", sentence))
    _insert(notebook, kept)
    return Planted(notebook, digest, "", notes)


def _first_of(added):
    """Return as many of the added cells as may be run."""
    total = itertools.accumulate(len(source) for _, source in added)
    fits = sum(size <= MAX_ADDED_SOURCE for size in total)
    return added[: min(fits, MAX_ADDED)]


def _blank(release):
    """Return the release without outputs, each code cell marked with how it is run."""
    notebook = copy.deepcopy(release)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs, cell.execution_count = [], None
        if _is(cell, "solution"):
            cell.metadata["transplant"] = "missing"
    for cell in code[:1]:
        cell.metadata["transplant"] = "set-up"
    return notebook


def _is(cell, setting):
    return bool(cell.metadata.get("nbgrader", {}).get(setting, False))


def read_cells(data):
    """Return the cells of a notebook file as `Submitted`, whatever else the file holds.

    Raises
    ------
    RefusedError
        If it is no JSON or no notebook.
    """
    try:
        content = _parsed(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise RefusedError(
            f"The submitted file is no readable notebook: its JSON is broken{where}."
        ) from None
    cells = _raw_cells(content, len(data))
    if len(cells) > MAX_CELLS:
        raise RefusedError(f"The notebook has {len(cells)} cells, the limit is {MAX_CELLS}.")
    try:
        return [_submitted(cell) for cell in cells if isinstance(cell, dict)]
    except RecursionError:
        raise RefusedError("The submitted file is nested too deep for a notebook.") from None


def _parsed(text):
    """Parse JSON while the garbage collector waits: millions of lists keep it busy for long."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return json.loads(text)
    finally:
        if collects:
            gc.enable()


def _raw_cells(content, size):
    refusal = RefusedError("The submitted file is JSON, but no Jupyter notebook.")
    if not isinstance(content, dict):
        raise refusal
    if content.get("nbformat") in (1, 2, 3):
        if size > MAX_OLD_BYTES:
            raise RefusedError(
                f"The submitted file is of an old format and larger than {MAX_OLD_BYTES // 10**6} "
                "MB; open it in JupyterLab, clear its outputs and save it."
            )
        content = _upgraded(content, refusal)
    if content.get("nbformat") != NOTEBOOK_FORMAT or not isinstance(content.get("cells"), list):
        raise refusal
    return content["cells"]


def _upgraded(content, refusal):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = nbformat.reader.reads(json.dumps(content))  # joins the lines of sources
            return nbformat.convert(old, NOTEBOOK_FORMAT)
    except Exception:  # whatever an old format's converter trips over
        raise refusal from None


def _submitted(cell):
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    source = source if isinstance(source, str) else ""
    source = source.encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    metadata = cell.get("metadata")
    settings = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return Submitted(
        str(cell.get("cell_type"))[:20],
        source if len(source) <= MAX_SOURCE else "raise ValueError('this cell is too long')",
        str(cell.get("id", ""))[:64],
        settings if isinstance(settings, dict) else {},
    )


def _targets(submitted, cells):
    """Return for each submitted cell the index of the release cell that it is, or None.

    A graded cell is known by its grade_id, or by its cell id where another tool dropped the
    metadata; any other cell by its id, by its source, or by a source that is similar.
    """
    graded = {
        c.metadata.nbgrader.grade_id: i for i, c in enumerate(cells) if "nbgrader" in c.metadata
    }
    plain = {c.id: i for i, c in enumerate(cells) if "nbgrader" not in c.metadata and "id" in c}
    targets = [_by_name(cell, cells, graded, plain) for cell in submitted]
    free = set(plain.values()) - set(targets)
    unknown = [place for place, target in enumerate(targets) if target is None]
    for number, place in enumerate(unknown):
        if submitted[place].kind in ("code", "markdown"):
            targets[place] = _by_source(submitted[place], cells, free, number < MAX_ADDED)
            free.discard(targets[place])
    return targets


def _by_name(cell, cells, graded, plain):
    if cell.grade_id in graded:
        return graded[cell.grade_id]
    if not cell.settings and cell.id in graded:
        return graded[cell.id]
    index = plain.get(cell.id)
    if index is None or cells[index].cell_type != cell.kind:
        return None
    if cell.kind == "code" and cells[index].metadata.get("transplant") != "set-up":
        return index if _similar(cell.source, cells[index].source) else None
    return index


def _by_source(cell, cells, free, similar):
    candidates = sorted(i for i in free if cells[i].cell_type == cell.kind)
    for index in candidates:
        if cells[index].source.strip() == cell.source.strip():
            return index
    if cell.kind != "code" or not similar:
        return None
    return next((i for i in candidates if _similar(cell.source, cells[i].source)), None)


def _similar(one, other):
    if max(len(one), len(other)) > 200:  # whole lines: a comparison stays below some milliseconds
        one, other = one.splitlines(), other.splitlines()
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= SIMILAR and matcher.ratio() >= SIMILAR


def _notice(submitted, targets, cells, notes):
    """Note what was done to the cells that grading rests on, in the order of the release."""
    for index, cell in enumerate(cells):
        found = [s for s, target in zip(submitted, targets, strict=True) if target == index]
        if "nbgrader" in cell.metadata:
            notes.extend(_graded_notes(cell, found))
        elif cell.metadata.get("transplant") == "set-up":
            notes.extend(_setup_notes(cell, found))
    known = {c.metadata.nbgrader.grade_id for c in cells if "nbgrader" in c.metadata}
    for cell in submitted:
        if cell.grade_id and cell.grade_id not in known:
            name = re.sub(r"[^\w-]", "?", cell.grade_id)[:40]
            notes.append(Note("unknown", name, f"A cell calls itself {name}; there is none."))


def _graded_notes(cell, found):
    name = cell.metadata.nbgrader.grade_id
    if not found:
        what = "answer" if _is(cell, "solution") else "check"
        yield Note("deleted", name, f"The {what} cell {name} was missing and was put back.")
        return
    if len(found) > 1:
        yield Note("duplicated", name, f"The cell {name} was there {len(found)} times.")
    first = found[0]
    if first.kind != cell.cell_type:
        yield Note("type", name, f"The cell {name} had become a {first.kind[:10]} cell.")
    if not _is(cell, "solution") and first.source.strip() != cell.source.strip():
        yield Note("edited", name, f"The cell {name} had been edited; the original was graded.")
    kept = cell.metadata.nbgrader
    if any(first.settings[key] != kept.get(key) for key in SETTINGS if key in first.settings):
        yield Note("tagged", name, f"The settings of the cell {name} had been changed.")


def _setup_notes(cell, found):
    if not found:
        yield Note("deleted", "set-up", "The set-up cell was missing and was put back.")
    elif found[0].source.strip() != cell.source.strip():
        sentence = "The set-up cell had been edited; the original was run, then yours."
        yield Note("edited", "set-up", sentence)


def _plant(submitted, targets, cells):
    """Put the answers in place and return the added cells as pairs (anchor, source).

    A further copy of an answer cell runs where it stands, as it did for the student.
    """
    added, planted, anchor = [], set(), -1
    for cell, target in zip(submitted, targets, strict=True):
        anchor = anchor if target is None else target
        if target is None or (target in planted and _is(cells[target], "solution")):
            added.append((anchor, cell))
        elif target not in planted:
            planted.add(target)
            if _is_explore(cells[target]):
                added.append((anchor, replace(cell, source=helpers(cell, cells[target]))))
            elif not _fill(cells[target], cell):
                added.append((anchor, cell))
    _write(submitted, targets, cells)
    return [(a, c.source) for a, c in added if c.kind == "code" and c.source.strip()]


def _write(submitted, targets, cells):
    """Put the answers in words in place.

    One may go on in the text cells that follow it: some write there, or split the cell. Nothing
    written leaves the release's text, by which nbgrader knows that there is no answer.
    """
    pieces, place = {}, None
    for cell, target in zip(submitted, targets, strict=True):
        place = target if target is not None or cell.kind != "markdown" else place
        if place is not None and _is_written(cells[place]):
            blank = cell.source.strip() in ("", cells[place].source.strip())
            pieces.setdefault(place, []).extend([] if blank else [cell.source.strip()])
    for place, found in pieces.items():
        if found:
            cells[place].source = harmless("\n\n".join(found))


def _is_written(cell):
    return cell.cell_type == "markdown" and _is(cell, "solution")


def _is_explore(cell):
    graded = "nbgrader" in cell.metadata
    return cell.cell_type == "code" and not graded and "transplant" not in cell.metadata


def helpers(submitted, original):
    """Return the imports, functions and classes that a student wrote into an explore cell.

    The experiment itself is not run: grading does not pay for it. An answer may need a helper.
    """
    if len(submitted.source) > MAX_PARSED or submitted.source.strip() == original.source.strip():
        return ""
    known = {ast.dump(node) for node in _definitions(original.source)}
    try:
        new = [node for node in _definitions(submitted.source) if ast.dump(node) not in known]
    except RecursionError:  # no person writes code that is nested so deep
        return ""
    lines = submitted.source.splitlines()
    first = [min([n.lineno, *(d.lineno for d in getattr(n, "decorator_list", ()))]) for n in new]
    parts = [lines[start - 1 : node.end_lineno] for start, node in zip(first, new, strict=True)]
    return "\n".join(line for part in parts for line in part)


def _definitions(source):
    """Return the top-level imports, functions and classes of a cell, none if it does not parse."""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a student's escapes, such as "\d"
        try:
            return [node for node in ast.parse(source).body if isinstance(node, kinds)]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []


def _fill(cell, submitted):
    """Fill a cell of the release from the submission; return False if it should run as well."""
    if cell.metadata.get("transplant") == "set-up":
        return submitted.source.strip() == cell.source.strip()
    if not _is(cell, "solution"):
        return True
    if cell.cell_type == "code":
        cell.source, cell.metadata["transplant"] = submitted.source, "answer"
    return True


def harmless(text):
    r"""Return Markdown that shows what a student wrote, in which nothing is a tag or a link.

    A space at each place where markup would begin keeps it from beginning, in whatever program
    the notebook is opened. So no script runs, nothing is fetched, nothing can be clicked; lists,
    emphasis, code and mathematics stay. Text that is longer than `MAX_WRITTEN` is cut.

    >>> harmless("If $a<b$: [here](data:text/html,x) <img src=x> $\\href{x}{y}$")
    'If $a< b$: [here] (data:text/html,x) < img src=x> $\\ href{x}{y}$'
    """
    text = CONTROL.sub("", re.sub(r"\r\n?", "\n", text))
    if len(text) > MAX_WRITTEN:
        text = f"{text[:MAX_WRITTEN]} … ({len(text) - MAX_WRITTEN} more characters)"
    text = FENCE.sub(r"\1\n", text)
    for beginning in BEGINNINGS:
        text = beginning.sub(r"\g<0> ", text)
    return text


def _insert(notebook, added):
    """Insert the added code cells, each after its anchor."""
    cells = [[] for _ in range(len(notebook.cells) + 1)]
    for number, (anchor, source) in enumerate(added, 1):
        cell = new_code_cell(source, metadata={"transplant": "added"}, id=f"added-{number}")
        cells[anchor + 1].append(cell)
    for place, cell in enumerate(notebook.cells, 1):
        cells[place].insert(0, cell)
    notebook.cells = [cell for group in cells for cell in group]
