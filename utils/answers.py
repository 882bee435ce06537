"""Find a reader's own answers in the notebooks of earlier lessons, for lesson 06 to build on.

Nothing here knows an answer: what is missing is named with the import from `utils.earlier`.
"""

import ast
import dis
import json
import types
from pathlib import Path

import numpy as np

from utils.checking import load_question
from utils.checking.drivers import observe
from utils.checking.judgement import judge
from utils.checking.uses import GLOBALS

__all__ = ["own_answers"]

DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.Import, ast.ImportFrom)
STUB = "NotImplementedError"


def own_answers(lessons, folder=".."):
    """Return the code of the reader's own answers, ready to be pasted into a cell.

    An answer is taken with the helpers, constants and imports of its notebook that it uses, if it
    passes its check. In place of any other stands the import of `utils.earlier`, with the reason.

    Parameters
    ----------
    lessons : dict of str to str
        From the name of each answer to its lesson, such as `utils.earlier.LESSONS`.
    folder : str or pathlib.Path
        Holds the lessons as ``NN_x/NN_x.ipynb``; by default what is around the notebook's folder.

    Returns
    -------
    str
        Python code.

    Examples
    --------
    >>> print(own_answers({"l2_update": "01_l1_l2_updates"}, folder="nowhere"))
    from utils.earlier import l2_update  # lesson 1 is not beside this notebook
    """
    pieces, imports = {}, []
    for name, lesson in lessons.items():
        path = Path(folder) / lesson / f"{lesson}.ipynb"
        found, fault = _answer(name, path)
        if fault:
            imports.append(f"from utils.earlier import {name}  # lesson {int(lesson[:2])} {fault}")
        else:
            pieces |= dict.fromkeys(found)  # a helper of two answers is needed once
    shared = [piece for piece in pieces if piece.startswith(("import ", "from "))]
    own = [piece for piece in pieces if piece not in shared]
    return "\n\n\n".join(filter(None, ["\n".join(imports + shared), *own]))


def _answer(name, path):
    """Return the pieces of code that an answer is made of, and why it is not to be used or ""."""
    if not path.is_file():
        return [], "is not beside this notebook"
    definitions = _definitions(path)
    if name not in definitions or STUB in definitions[name]:
        return [], "has no answer yet"
    pieces = _with_helpers(name, definitions)
    return pieces, "" if _is_right(name, pieces) else "has an answer that is not right yet"


def _definitions(path):
    """Return the code that defines each name of a notebook, in the order of its cells."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        return {}  # no notebook
    found = {}
    for source in sources:
        for node in _statements(source):
            code = _code(node, source)
            for name in _defined(node):
                found.pop(name, None)
                found[name] = code
    return found


def _code(node, source):
    """Return the source of a statement, of a docstring only its first line."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    lines, text = source.splitlines(), ast.get_docstring(node) if _has_body(node) else None
    if text and "\n" in text and not set('\\"') & set(text.splitlines()[0]):
        inside = node.body[0]
        short = " " * inside.col_offset + f'"""{text.splitlines()[0]}"""'
        lines[inside.lineno - 1 : inside.end_lineno] = [short]
        return "\n".join(lines[first - 1 : node.end_lineno - inside.end_lineno + inside.lineno])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _statements(source):
    try:
        return [node for node in ast.parse(source).body if isinstance(node, DEFINITIONS)]
    except SyntaxError:  # a line for IPython, or one that is not finished
        return []


def _defined(node):
    if isinstance(node, ast.Assign):
        return [part.id for target in node.targets for part in ast.walk(target) if _is_name(part)]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    return [node.name]


def _has_body(node):
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _is_name(part):
    return isinstance(part, ast.Name)


def _with_helpers(name, definitions):
    """Return the code of a name and of all that it uses, what is defined first coming first."""
    needed, waiting = set(), [name]
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in needed:
            needed.add(name)
            waiting += _globals_of(compile(definitions[name], "answer", "exec"))
    return [definitions[name] for name in definitions if name in needed]


def _globals_of(code):
    """Return the names that code takes from its notebook, inner functions included."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    own = {step.argval for step in dis.get_instructions(code) if step.opname in GLOBALS}
    return own.union(*map(_globals_of, inner))


def _is_right(name, pieces):
    """Return whether code passes the public check of a name."""
    names = {"np": np}
    try:
        exec("\n".join(pieces), names)
        question = load_question(name)
        records = [observe(case.driver, names[name], case.inputs) for case in question.cases]
    except Exception:  # whatever the code of a notebook may do
        return False
    return judge(question, records).status == "right"
