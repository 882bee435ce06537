"""Transplanting answers: what of a submission is taken, noted or refused."""

import contextlib
import copy
import json
import os

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading.transplant import (
    MAX_ADDED,
    MAX_BYTES,
    Planted,
    RefusedError,
    Submitted,
    harmless,
    helpers,
    read_cells,
    read_submission,
    transplant,
)
from tests.toy import RIGHT, answer, answered, cell_of, file_of, release


def planted(notebook):
    return transplant(file_of(notebook), release())


def kinds(result):
    return [(note.kind, note.cell) for note in result.notes]


def ran(result):
    """The code cells that would be run, by how and what."""
    cells = [c for c in result.notebook.cells if "transplant" in c.metadata]
    return [(c.metadata.transplant, c.source) for c in cells if c.metadata.transplant != "missing"]


def test_answers_come_from_the_submission_and_all_else_from_the_release():
    result = planted(answered(**RIGHT))
    assert ran(result) == [("set-up", "import numpy as np")] + [
        ("answer", source) for source in RIGHT.values()
    ]
    assert result.notes == []
    assert result.refused == ""


def test_the_release_is_not_changed():
    master = release()
    transplant(file_of(answered(**RIGHT)), master)
    assert master == release()


def test_outputs_and_metadata_of_a_submission_are_left_behind():
    notebook = answered(**RIGHT)
    notebook.metadata["widgets"] = {"evil": 1}
    cell_of(notebook, "check_double")["outputs"] = [{"output_type": "stream", "text": "<script>"}]
    text = json.dumps(planted(notebook).notebook)
    assert "evil" not in text
    assert "<script>" not in text


def test_an_answer_is_known_by_its_grade_id_when_cell_ids_were_regenerated():
    notebook = answered(**RIGHT)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"new-{number}"
    assert ran(planted(notebook)) == ran(planted(answered(**RIGHT)))


def test_an_answer_is_known_by_its_cell_id_when_the_metadata_were_dropped():
    notebook = answered(**RIGHT)
    for cell in notebook.cells:
        cell.metadata = {}
    assert ran(planted(notebook)) == ran(planted(answered(**RIGHT)))


def test_without_ids_and_metadata_answers_run_as_added_cells():
    notebook = answered(**RIGHT)
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"new-{number}", {}
    result = planted(notebook)
    assert ("added", RIGHT["double"]) in ran(result)
    assert ("deleted", "double") in kinds(result)


def test_added_code_cells_keep_their_place_and_added_prose_is_dropped():
    notebook = answered(**RIGHT)
    notebook.cells.insert(2, new_code_cell("import math"))
    notebook.cells.insert(2, new_markdown_cell("<b>mine</b>"))
    result = planted(notebook)
    assert ran(result)[1] == ("added", "import math")
    assert "mine" not in json.dumps(result.notebook)
    assert result.notes == []


def test_an_edited_explore_cell_is_neither_run_nor_noted():
    notebook = answered(**RIGHT)
    cell_of(notebook, "90-005").source = "spent = [double(np.ones(9)) for _ in range(10**9)]\n1"
    assert planted(notebook).notes == []
    assert ran(planted(notebook)) == ran(planted(answered(**RIGHT)))


HELPERS = """import math
from math import (
    tau,
)
print("much work")
@staticmethod
def half(x):
    return x / 2

class Box:
    pass
"""


def test_a_helper_written_into_an_explore_cell_runs_without_its_experiment():
    notebook = answered(**RIGHT)
    cell = cell_of(notebook, "90-005")
    cell.source = "import math\n" + cell.source
    assert ("added", "import math") in ran(planted(notebook))
    assert not any("spent" in source for _, source in ran(planted(notebook)))
    assert planted(notebook).notes == []


def test_helpers_are_imports_functions_and_classes_that_are_new():
    original = Submitted("code", "import math\nprint(math.pi)", "", {})
    kept = HELPERS.replace("import math\n", "", 1).replace('print("much work")\n', "")
    edited = Submitted("code", HELPERS + "print(math.pi)", "", {})
    assert helpers(edited, original) == kept.replace("\n\n", "\n").rstrip()
    assert helpers(original, original) == ""


NESTED = "def f(x): return " + "1+" * 1500 + "1"


@pytest.mark.parametrize(
    "source",
    ["def broken(:", "%timeit 1", "(" * 5000, "-" * 15_000 + "1", "x = '\0'", "'\\d'", NESTED],
)
def test_an_explore_cell_that_cannot_be_read_holds_no_helpers(source):
    notebook = answered(**RIGHT)
    cell = cell_of(notebook, "90-005")
    cell.source += "\n" + source
    assert ran(planted(notebook)) == ran(planted(answered(**RIGHT)))


def test_an_explore_cell_that_became_something_else_runs_as_an_added_cell():
    notebook = answered(**RIGHT)
    cell_of(notebook, "90-005").source = "def my_helper(q):\n    return q"
    assert ("added", "def my_helper(q):\n    return q") in ran(planted(notebook))


def test_an_edited_set_up_cell_is_noted_and_runs_after_the_original():
    notebook = answered(**RIGHT)
    cell_of(notebook, "90-002").source = "import numpy as np\nimport math"
    result = planted(notebook)
    assert ran(result)[:2] == [
        ("set-up", "import numpy as np"),
        ("added", "import numpy as np\nimport math"),
    ]
    assert kinds(result) == [("edited", "set-up")]


def test_edited_tagged_and_deleted_checks_have_no_effect():
    notebook = answered(**RIGHT)
    cell_of(notebook, "check_double").source = "2.0"
    cell_of(notebook, "check_half").metadata.nbgrader["points"] = 100
    notebook.cells.remove(cell_of(notebook, "check_pick"))
    result = planted(notebook)
    expected = [("edited", "check_double"), ("tagged", "check_half"), ("deleted", "check_pick")]
    assert kinds(result) == expected
    clean = planted(answered(**RIGHT)).notebook
    assert result.notebook == clean


def test_a_duplicated_check_is_noted_and_has_no_effect():
    notebook = answered(**RIGHT)
    notebook.cells.append(cell_of(notebook, "check_double"))
    assert kinds(planted(notebook)) == [("duplicated", "check_double")]
    assert ran(planted(notebook)) == ran(planted(answered(**RIGHT)))


def test_a_copy_of_an_answer_runs_where_it_stands():
    notebook = answered(**RIGHT)
    notebook.cells.insert(3, answer("double", "double = None"))
    result = planted(notebook)
    assert ran(result)[1:3] == [("answer", RIGHT["double"]), ("added", "double = None")]
    assert kinds(result) == [("duplicated", "double")]


def test_a_deleted_answer_leaves_the_stub_in_sight_but_does_not_run_it():
    notebook = answered(**RIGHT)
    notebook.cells.remove(cell_of(notebook, "half"))
    result = planted(notebook)
    assert kinds(result) == [("deleted", "half")]
    assert cell_of(result.notebook, "half").metadata.transplant == "missing"


def test_a_made_up_grade_id_is_noted_with_harmless_words():
    notebook = answered(**RIGHT)
    stranger = answer("stranger", "1")
    stranger.metadata.nbgrader["grade_id"] = "<img src=x>"
    notebook.cells.append(stranger)
    note = planted(notebook).notes[0]
    assert note.kind == "unknown"
    assert "<" not in note.sentence


def test_an_answer_that_became_markdown_is_still_the_answer():
    notebook = answered(**RIGHT)
    cell_of(notebook, "half")["cell_type"] = "markdown"
    result = planted(notebook)
    assert ("answer", RIGHT["half"]) in ran(result)
    assert kinds(result) == [("type", "half")]


def test_written_answers_come_without_html():
    notebook = answered(
        why="I <b>think</b> <script>alert(1)</script> [x](javascript:alert(1)) 1 < 2"
    )
    source = cell_of(planted(notebook).notebook, "why").source
    assert "<script" not in source
    assert "javascript:" not in source
    assert "1 < 2" in source


@pytest.mark.parametrize(
    ("words", "mark"), [({}, 0), ({"why": ""}, 0), ({"why": " \n"}, 0), ({"why": "So."}, None)]
)
def test_an_unanswered_text_cell_keeps_nbgraders_checksum(words, mark):
    from nbgrader.utils import determine_grade

    cell = cell_of(planted(answered(**words)).notebook, "why")
    assert determine_grade(cell) == (mark, 3.0)


def test_an_answer_in_words_goes_on_in_the_text_cells_that_follow_it():
    notebook = answered(**RIGHT)
    place = [cell.id for cell in notebook.cells].index("why")
    half = copy.deepcopy(notebook.cells[place]) | {"source": "Second, <b>bold</b>."}  # a split cell
    below = [new_markdown_cell("First."), half, new_markdown_cell("Third."), new_code_cell("1")]
    notebook.cells[place + 1 : place + 1] = [*below, new_markdown_cell("A note.")]
    source = cell_of(planted(notebook).notebook, "why").source
    assert source == "First.\n\nSecond, < b>bold< /b>.\n\nThird."


def test_harmless_leaves_plain_text_and_mathematics_alone():
    text = "$a < b$ and a <= 3, lists:\n\n- *one*\n- `x < y`"
    assert harmless(text) == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b'{"cells": 3, "nbformat": 4}',
        b'{"cells": []}',
        b'{"cells": [], "nbformat": 9}',
        b'{"nbformat": 3, "worksheets": 5}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"cells": [' + b"{}," * 2000 + b'{}], "nbformat": 4}',
    ],
)
def test_what_is_no_notebook_is_refused_and_gives_the_blank_release(data):
    result = transplant(data, release())
    assert result.refused.startswith("The ")
    assert [c.source for c in result.notebook.cells] == [c.source for c in release().cells]


@pytest.mark.parametrize(
    "cell",
    [3, {}, {"cell_type": "code"}, {"cell_type": "code", "source": 5}, {"source": ["a", 3]}]
    + [{"cell_type": "code", "source": "1", "metadata": m} for m in (None, [], {"nbgrader": 3})]
    + [
        {
            "cell_type": "code",
            "source": "\ud800",
            "id": 5,
            "metadata": {"nbgrader": {"grade_id": []}},
        }
    ],
)
def test_strange_cells_stop_nothing(cell):
    notebook = json.loads(file_of(answered(**RIGHT)))
    notebook["cells"].append(cell)
    result = transplant(json.dumps(notebook).encode(), release())
    assert result.refused == ""
    assert [kind for kind, _ in ran(result)][:4] == ["set-up", "answer", "answer", "answer"]
    json.dumps(result.to_notebook()).encode()


def test_an_old_notebook_format_is_read():
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    cell = {"cell_type": "code", "input": "x = 1", "outputs": [], "language": "python"}
    old["worksheets"] = [{"cells": [cell | {"metadata": {}, "collapsed": False}], "metadata": {}}]
    assert ("added", "x = 1") in ran(transplant(json.dumps(old).encode(), release()))


def test_added_cells_are_limited():
    notebook = answered(**RIGHT)
    notebook.cells += [new_code_cell(f"n = {n}") for n in range(MAX_ADDED + 5)]
    result = planted(notebook)
    assert [kind for kind, _ in ran(result)].count("added") == MAX_ADDED
    assert kinds(result) == [("added", "")]


def test_what_added_cells_hold_is_limited_together():
    notebook = answered(**RIGHT)
    notebook.cells += [new_code_cell(f"{n} + 1\n" * 10_000) for n in range(9)]
    result = planted(notebook)
    assert [kind for kind, _ in ran(result)].count("added") == 3
    assert result.notes[0].sentence == "Only the first 3 of the 9 cells you added were run."


def test_what_was_noted_survives_in_the_notebook():
    notebook = answered(**RIGHT)
    cell_of(notebook, "check_double").source = "2.0"
    result = planted(notebook)
    assert Planted.from_notebook(result.to_notebook()) == result


def test_a_missing_file_is_refused_and_what_is_there_is_named(tmp_path):
    folder = tmp_path / "ada" / "90_toy"
    folder.mkdir(parents=True)
    (folder / "mine.ipynb").write_text("{}")
    with pytest.raises(RefusedError, match=r"no file 90_toy.ipynb .* holds mine.ipynb"):
        read_submission(folder / "90_toy.ipynb")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_link_is_refused_wherever_it_stands(tmp_path, depth):
    real = tmp_path / "real" / "90_toy" / "90_toy.ipynb"
    real.parent.mkdir(parents=True)
    real.write_text("{}")
    path = tmp_path / "ada" / "90_toy" / "90_toy.ipynb"
    places = [(path, real), (path.parent, real.parent), (path.parent.parent, real.parent.parent)]
    link, target = places[depth]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    with pytest.raises(RefusedError, match="link"):
        read_submission(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_a_pipe_is_refused_and_does_not_block(tmp_path):
    path = tmp_path / "a" / "b" / "c.ipynb"
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with pytest.raises(RefusedError, match="not a file"):
        read_submission(path)


def test_a_huge_file_is_refused(tmp_path):
    path = tmp_path / "a" / "b" / "c.ipynb"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(RefusedError, match="larger than 20 MB"):
        read_submission(path)


@pytest.mark.parametrize("place", ["id", "cell_type", "source", "metadata"])
def test_a_file_nested_as_deep_as_json_goes_is_read_or_refused(place):
    cell = {"cell_type": "code", "metadata": {}, "source": "x"}
    for depth in range(900, 1000):
        nested = json.dumps(cell | {place: 0}).replace(f'"{place}": 0', f'"{place}": NESTED')
        nested = nested.replace("NESTED", "[" * depth + "]" * depth)
        with contextlib.suppress(RefusedError):
            read_cells(f'{{"nbformat": 4, "cells": [{nested}]}}'.encode())


def test_a_large_file_of_an_old_format_is_refused_before_it_is_converted(monkeypatch):
    monkeypatch.setattr("nbformat.convert", None)
    cells = '{"cell_type": "code", "input": ""}, ' * 40_000
    data = f'{{"nbformat": 3, "worksheets": [{{"cells": [{cells}{{}}]}}]}}'.encode()
    with pytest.raises(RefusedError, match="old format and larger than 1 MB"):
        read_cells(data)
