"""Attacks on the notebook: cells, ids, metadata, outputs that are not as they were handed out."""

import copy
import json

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.attacks import DOUBLE, HONEST, MARK, Attack
from tests.toy import RIGHT, cell_of

SCRIPT = f"<script>{MARK}()</script><img src=x onerror={MARK}()>"
GIFT = 'double = lambda x: 0 * x\n"2.0"'


def notebook(name, tells, change, points=HONEST, note="", source=""):
    """Return an attack by a changed notebook; `double` is not answered unless `source` says so."""
    return Attack(name, "notebook", tells, source, points, note, change)


def forge_outputs(made):
    """Put full marks into the outputs of every cell."""
    for cell in made.cells:
        if cell.cell_type == "code":
            data = {"text/plain": "2.0", "text/html": SCRIPT}
            cell.outputs = [new_output("execute_result", data, execution_count=1)]
            cell.execution_count = 1


def raise_points(made):
    """Make each check worth a thousand points, and each text worth the same."""
    for cell in made.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["points"] = 1000


def duplicate_checks(made):
    """Repeat each check cell, with the same ids."""
    checks = [copy.deepcopy(cell) for cell in made.cells if cell.id.startswith("check_")]
    for cell in checks:
        cell.source = "2.0"
    made.cells += checks * 3


def duplicate_answers(made):
    """Repeat each answer cell: the first answers wrongly, the next ones not at all."""
    made.cells += [copy.deepcopy(cell) for cell in made.cells if cell.id in RIGHT] * 3


def one_id_for_all(made):
    """Give all cells one id."""
    for cell in made.cells:
        cell.id = "half"


def swap_names(made):
    """Swap the grade_ids of an answer and a check, and of two checks."""
    one, other = cell_of(made, "double"), cell_of(made, "check_half")
    for cell, name in ((one, "check_half"), (other, "double")):
        cell.metadata.nbgrader["grade_id"] = name


def rename_check_as_answer(made):
    """Let the check of `double` claim to be its answer cell, ahead of the answer itself."""
    check = cell_of(made, "check_double")
    check.metadata.nbgrader.update(grade_id="double", solution=True, grade=True, points=1000)
    check.source = GIFT
    made.cells.remove(check)
    made.cells.insert(0, check)


def edit_checks(made):
    """Write other code into the checks."""
    for cell in made.cells:
        if cell.id.startswith("check_"):
            cell.source = f"print({SCRIPT!r})\n2.0"


def checks_as_text(made):
    """Turn the checks into Markdown, and answers into raw cells."""
    for number, cell in enumerate(made.cells):
        if cell.id.startswith("check_"):
            text = new_markdown_cell("✓ right, 2 of 2 points", metadata=cell.metadata, id=cell.id)
            made.cells[number] = text


def answer_as_text(made):
    """Turn the answer cell of `half` into Markdown."""
    cell = cell_of(made, "half")
    place = made.cells.index(cell)
    made.cells[place] = new_markdown_cell(cell.source, metadata=cell.metadata, id=cell.id)


def unlock(made):
    """Change every setting that nbgrader keeps with a cell."""
    for cell in made.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(locked=False, task=True, checksum="0", cell_type="raw")


def add_graded_cells(made):
    """Add graded cells that the release does not have."""
    for number in range(20):
        settings = {"grade": True, "solution": False, "locked": False, "task": False}
        settings |= {"schema_version": 3, "points": 1000, "grade_id": f"check_bonus{number}"}
        made.cells.append(new_code_cell("1000.0", metadata={"nbgrader": settings}))


def delete_all_but_half(made):
    """Leave nothing but the honest answer."""
    made.cells = [cell_of(made, "half")]


def old_schema(made):
    """Claim nbgrader schemas that are past, future and none."""
    for version, cell in enumerate(c for c in made.cells if "nbgrader" in c.metadata):
        cell.metadata.nbgrader["schema_version"] = [0, 1, 99, "3", None, -1, [3]][version % 7]


def evil_kernel(made):
    """Ask for a kernel and a language of its own."""
    name = f"../../{MARK}; touch /tmp/{MARK}"
    made.metadata["kernelspec"] = {"name": name, "display_name": SCRIPT, "language": "bash"}
    made.metadata["language_info"] = {
        "name": SCRIPT,
        "file_extension": ".sh",
        "nbconvert_exporter": name,
    }


def tags(made):
    """Tag the cells with what tools of Jupyter act on."""
    for cell in made.cells:
        cell.metadata["tags"] = ["raises-exception", "skip-execution", "remove_cell", "hide-input"]
        cell.metadata["deletable"] = cell.metadata["editable"] = False


def odd_types(made):
    """Put every JSON type where a cell, a source, an id and a setting are expected."""
    data = json.loads(json.dumps(made))
    things = [None, True, 3, -1e308, "x", [], ["a", 1, None], {}, {"a": [{}]}, "\ud800"]
    good = next(c for c in data["cells"] if c["id"] == "half")
    for thing in things:
        for key in ("source", "metadata", "cell_type", "id", "outputs"):
            data["cells"].append(good | {"metadata": {}, "id": "odd", "source": "1"} | {key: thing})
        data["cells"] += [
            thing,
            good | {"metadata": {"nbgrader": thing}, "source": "1", "id": "odd"},
        ]
        data["cells"].append(good | {"metadata": {"nbgrader": {"grade_id": thing}}, "source": "1"})
    data["metadata"] = things
    return json.dumps(data).encode()


def cells_as_dict(made):
    """Hand in the cells as a dict."""
    data = json.loads(json.dumps(made))
    return json.dumps(data | {"cells": {c["id"]: c for c in data["cells"]}}).encode()


def heavy_metadata(made):
    """Fill the metadata with megabytes."""
    made.metadata["ballast"] = "x" * 5_000_000
    for cell in made.cells:
        cell.metadata["ballast"] = ["y" * 1000] * 500


def many_cells(count):
    """Return a change that adds so many cells."""

    def change(made):
        made.cells += [new_code_cell(f"x{n} = {n}", id=f"many-{n}") for n in range(count)]

    change.__doc__ = f"Add {count} cells."
    return change


def long_sources(made):
    """Add sources that take a parser, a search or a lexer the square of their length."""
    hostile = ["\n" * 90_000 + "(", " \n" * 45_000 + "(", "a." * 45_000, "x\n" * 45_000]
    hostile += ["f'" + "{a}" * 30_000 + "'", "\n".join(f"x += a{n}" for n in range(9_000))]
    hostile += [
        "(" * 90_000,
        "-" * 90_000 + "1",
        "a" + "+a" * 45_000,
        "if 1:1\n" + "elif 1:1\n" * 9_000,
    ]
    made.cells[2:2] = [new_code_cell(source) for source in hostile]
    cell_of(made, "double").source = hostile[0]


def crowded_json(made):
    """Put a million lists beside the cells."""
    lists = ", ".join(["[]"] * 1_000_000)
    return f'{json.dumps(made)[:-1]}, "ballast": [{lists}]}}'.encode()


def crowded_old_format(made):
    """Say that it is of format 3, with a hundred thousand cells."""
    cells = ", ".join(['{"cell_type": "code", "input": ""}'] * 100_000)
    return f'{{"nbformat": 3, "metadata": {{}}, "worksheets": [{{"cells": [{cells}]}}]}}'.encode()


def odd_names(made):
    """Give cells names that look alike, go up folders, or are code in another language."""
    names = [
        "dоuble",
        "double\u200b",
        "\u202eelbuod",
        "../../../etc/passwd",
        "C:\\nul",
        "half\0",
        "'; drop table grade; --",
        "{{ 7*7 }}{% include 'x' %}",
        SCRIPT,
        "=1+1",
        "",
        "x" * 10**5,
    ]
    for name in names:
        cell = copy.deepcopy(cell_of(made, "check_double"))
        cell.metadata.nbgrader["grade_id"], cell.id = name, name[:60] or "none"
        made.cells.append(cell)
    return json.dumps(made).encode()


def scripts_everywhere(made):
    """Put scripts and templates into sources, outputs, ids, metadata and attachments."""
    made.metadata.update(
        title=SCRIPT, authors=[{"name": SCRIPT}], widgets={SCRIPT: {"state": SCRIPT}}
    )
    cell_of(made, "why").source = (
        f"{SCRIPT} {{{{ self }}}} [a](javascript:{MARK}()) ![b](attachment:x.svg) "
        f'<a href="java&#115;cript:{MARK}()">c</a> <svg onload={MARK}()>'
        f" <{MARK} onclick={MARK}()>\n\n"
        f"<iframe srcdoc='{SCRIPT}'></iframe> [d]: data:text/html,{SCRIPT}\n\n"
        f'<style>@import "http://192.0.2.1/{MARK}"</style> $$\\href{{javascript:{MARK}()}}{{x}}$$'
    )
    cell_of(made, "why")["attachments"] = {"x.svg": {"image/svg+xml": SCRIPT}}
    made.cells[0].source += SCRIPT
    half = cell_of(made, "half")
    half.source = f'"""{SCRIPT} {{{{ 7 * 7 }}}} </pre></div>{SCRIPT}"""\n{half.source}'
    data = {"text/html": SCRIPT, "application/javascript": f"{MARK}()", "image/svg+xml": SCRIPT}
    half.outputs = [new_output("display_data", data)]


def script_as_an_error(made):
    """Raise what a feedback page might show: the student's own line, with a script in it."""
    cell_of(made, "double").source = f"def double(x):\n    raise ValueError('{SCRIPT}')"


def set_up_replaced(made):
    """Write other code into the set-up cell, and other text over the lesson's."""
    made.cells[0].source = "# You earned 4 of 4 points"
    made.cells[
        1
    ].source = (
        "import numpy as np\nnp.ones = None\nimport utils.checking\nutils.checking.check = 2.0"
    )


def check_inside_an_answer(made):
    """Hide a second notebook and the marks of a check in the source of an answer."""
    cell_of(made, "double").source = json.dumps(made)[:50_000]


ATTACKS = [
    notebook("forged-outputs", "full marks in all outputs", forge_outputs),
    notebook("raised-points", "each cell is worth 1000", raise_points, note="settings"),
    notebook("duplicate-checks", "each check four times", duplicate_checks, note="was there"),
    notebook("duplicate-answers", "each answer four times", duplicate_answers, note="was there"),
    notebook("one-id", "one id for all cells", one_id_for_all),
    notebook("swapped-names", "an answer says it is a check", swap_names),
    notebook("check-as-answer", "a check says it is the answer", rename_check_as_answer),
    notebook("edited-checks", "other code in the checks", edit_checks, note="had been edited"),
    notebook("checks-as-text", "checks become Markdown", checks_as_text, note="had become"),
    notebook("answer-as-text", "an answer becomes text", answer_as_text, note="had become"),
    notebook("unlocked", "all settings changed", unlock, note="settings"),
    notebook("graded-cells-added", "20 checks of its own", add_graded_cells, note="there is none"),
    notebook("only-half", "all other cells deleted", delete_all_but_half, note="was missing"),
    notebook("odd-schema", "schemas of other versions", old_schema),
    notebook("evil-kernel", "a kernel of its own", evil_kernel),
    notebook("tagged", "tags of other tools", tags),
    notebook("odd-types", "every JSON type in every place", odd_types),
    notebook("cells-as-dict", "cells are a dict", cells_as_dict, 0.0, note="no Jupyter notebook"),
    notebook("heavy-metadata", "megabytes of metadata", heavy_metadata),
    notebook("900-cells", "900 cells more", many_cells(900), note="Only the first 100"),
    notebook("10000-cells", "10,000 cells more", many_cells(10_000), 0.0, note="the limit is"),
    notebook("long-sources", "what takes the square of its length", long_sources, note="Only the"),
    notebook("crowded-json", "a million lists", crowded_json),
    notebook("crowded-old", "a huge file of format 3", crowded_old_format, 0.0, note="old format"),
    notebook("odd-names", "names that look alike, climb or are code", odd_names),
    notebook("scripts", "HTML and templates in every place", scripts_everywhere),
    notebook("script-as-error", "HTML in an error's line", script_as_an_error),
    notebook("set-up-replaced", "another set-up cell", set_up_replaced, note="set-up cell"),
    notebook("notebook-as-answer", "JSON as an answer", check_inside_an_answer),
    notebook(
        "answer-and-forgery",
        "answers rightly and changes everything else",
        lambda made: (
            [change(made) for change in (forge_outputs, raise_points, edit_checks)] and None
        ),
        HONEST + DOUBLE,
        "settings",
        RIGHT["double"],
    ),
]
