"""The build: what is made, what drifts, what a fault leaves behind."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

import autograder.questions
from autograder import build
from autograder.lesson import lesson_paths, read_lesson
from autograder.question import Case, Choice, Question
from autograder.questions import questions_of
from autograder.release import release

ROOT = Path(__file__).parent.parent
TEXT = '''# %% [markdown]
# # A lesson

# %%
from pathlib import Path

import utils.checking
from utils.checking import check, scorecard

utils.checking.PUBLIC = Path(r"{root}") / "utils" / "checking" / "public"


# %% role="answer" key="double"
def double(x):
    """Return 2x."""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


# %% role="check" key="double" points=2
check("double")

# %% role="answer" key="letter"
letter = None  # "a" or "b"
# BEGIN SOLUTION
letter = "b"
# END SOLUTION

# %% role="check" key="letter" points=1
check("letter")

# %% [markdown] role="reflect" key="why" points=3
# Because.

# %%
scorecard("90_toy")
'''


def toy_questions():
    cases = [Case("a positive number", {"x": 2.0}), Case("a negative number", {"x": -1.5})]
    double = Question("double", "twice", lambda rng: cases, oracle=lambda x: x + x)
    return {
        "double": double,
        "letter": Choice("letter", "a letter", {"a": "No.", "b": "Yes."}, "b"),
    }


@pytest.fixture(scope="module")
def questions():
    """Let the toy lesson have the toy questions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autograder.questions, "questions_of", lambda lesson: toy_questions())
        yield


@pytest.fixture
def root(tmp_path, questions):
    """Return a repository with one lesson."""
    return make_repository(tmp_path)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory, questions):
    """Return a repository whose lesson was built."""
    root = make_repository(tmp_path_factory.mktemp("built"))
    assert build.main([], root) == 0
    return root


@pytest.fixture
def built(built_once, tmp_path):
    """Return a copy of the built repository."""
    return shutil.copytree(built_once, tmp_path / "copy")


def make_repository(folder):
    (folder / "lessons").mkdir()
    text = TEXT.replace("{root}", str(folder))
    (folder / "lessons" / "90_toy.py").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


def cells(path):
    return nbformat.read(path, as_version=4).cells


def files(root):
    folders = ("solutions", "notebooks", "utils")
    paths = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def test_products(built, capsys):
    solution, release, index = build.products(built, "90_toy")
    outputs = {cell.id: cell.get("outputs") for cell in cells(solution)}
    assert outputs["check_double"][-1]["data"]["text/plain"] == "2.0"
    assert "3 of 3 points" in outputs["90-008"][0]["text"]
    by_id = {cell.id: cell for cell in cells(release)}
    assert not any(cell.get("outputs") for cell in by_id.values())
    assert by_id["double"].source.endswith('    raise NotImplementedError("your code here")')
    assert by_id["letter"].source == 'letter = None  # "a" or "b"'
    assert by_id["why"].source == "YOUR ANSWER HERE"
    assert "SOLUTION" not in release.read_text(encoding="utf-8")
    assert "return 2 * x" not in release.read_text(encoding="utf-8")
    data = json.loads(index.read_text(encoding="utf-8"))
    assert data["points"] == {"double": 2, "letter": 1}
    assert data["by_hand"] == {"why": 3}


def test_building_again_gives_the_same_bytes(built):
    before = files(built)
    assert build.main(["--force"], built) == 0
    assert files(built) == before
    assert build.main(["--check", "--full"], built) == 0


def test_what_did_not_change_is_left_alone(built, capsys):
    assert build.main([], built) == 0
    assert "90_toy: up to date" in capsys.readouterr().out
    assert build.main(["--check"], built) == 0


@pytest.mark.parametrize("product", ["solutions", "notebooks"])
def test_an_edit_by_hand_is_drift(built, capsys, product):
    path = built / product / "90_toy" / "90_toy.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("A lesson", "The lesson"), "utf-8")
    assert build.main(["--check"], built) == 1
    assert f"{product}/90_toy/90_toy.ipynb: edited by hand" in capsys.readouterr().out


def test_a_changed_lesson_is_drift_until_it_is_built(built, capsys):
    path = built / "lessons" / "90_toy.py"
    path.write_text(path.read_text(encoding="utf-8").replace("A lesson", "The lesson"), "utf-8")
    assert build.main(["--check"], built) == 1
    assert "built from something older" in capsys.readouterr().out
    assert build.main([], built) == 0
    assert build.main(["--check"], built) == 0


def test_of_nbgraders_settings_those_of_the_release_count(built):
    """A teacher who sets a time zone or a penalty does not change a lesson."""
    config = built / "nbgrader_config.py"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n", "utf-8")
    assert build.main(["--check"], built) == 0
    config.write_text(text + "\nc.ClearSolutions.code_stub = {}\n", "utf-8")
    assert build.main(["--check"], built) == 1


def test_a_changed_check_and_a_stray_folder_are_drift(built, capsys):
    public = built / "utils" / "checking" / "public"
    path = public / "90_toy" / "double.json"
    path.write_text(path.read_text(encoding="utf-8").replace("positive", "nice"), "utf-8")
    (built / "notebooks" / "91_gone").mkdir()
    assert build.main(["--check"], built) == 1
    printed = capsys.readouterr().out
    assert "lesson.json: edited by hand" in printed
    assert "91_gone: belongs to no lesson" in printed


def test_pull_brings_an_edit_back(built, capsys):
    lesson = built / "lessons" / "90_toy.py"
    text = lesson.read_text(encoding="utf-8")
    path = built / "solutions" / "90_toy" / "90_toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "# A better lesson"
    nbformat.write(notebook, path)
    assert build.pull(["90_toy"], built) == 0
    assert lesson.read_text(encoding="utf-8") == text.replace("A lesson", "A better lesson")
    assert build.pull(["90_toy"], built) == 0
    assert "nothing to bring back" in capsys.readouterr().out


def test_pull_leaves_a_lesson_alone_that_was_edited_after_the_build(built, capsys):
    lesson = built / "lessons" / "90_toy.py"
    text = lesson.read_text(encoding="utf-8").replace("A lesson", "A newer lesson")
    lesson.write_text(text, encoding="utf-8")
    assert build.pull(["90_toy"], built) == 0
    assert "nothing to bring back" in capsys.readouterr().out
    assert lesson.read_text(encoding="utf-8") == text


def test_pull_of_a_lesson_that_is_not_built_says_so(root, capsys):
    assert build.pull(["90_toy"], root) == 1
    assert "90_toy.ipynb" in capsys.readouterr().err


def test_an_edit_that_was_not_pulled_is_not_built_over(built, capsys):
    path = built / "solutions" / "90_toy" / "90_toy.ipynb"
    edited = path.read_text(encoding="utf-8").replace("A lesson", "A better lesson")
    path.write_text(edited, encoding="utf-8")
    assert build.main([], built) == 1
    assert "edited by hand: ./course pull 90_toy" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == edited
    assert build.main(["--force"], built) == 0
    assert build.main(["--check"], built) == 0


def test_a_failed_build_leaves_the_products_as_they_were(built, capsys):
    before = files(built)
    path = built / "lessons" / "90_toy.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("return 2 * x", "return x").replace("points=2", "points=4"))
    assert build.main([], built) == 1
    assert files(built) == before


def test_a_failing_cell_releases_nothing(root, capsys):
    path = root / "lessons" / "90_toy.py"
    path.write_text(path.read_text(encoding="utf-8").replace("return 2 * x", "return x"), "utf-8")
    assert build.main([], root) == 1
    assert "a cell failed" in capsys.readouterr().out
    assert files(root) == {}


def test_a_faulty_lesson_is_told_in_one_line(root, capsys):
    path = root / "lessons" / "90_toy.py"
    path.write_text(path.read_text(encoding="utf-8").replace('"answer"', '"answr"', 1), "utf-8")
    assert build.main([], root) == 1
    assert '90_toy.py:13: unknown role "answr"' in capsys.readouterr().err
    assert build.main(["91_x"], root) == 1
    assert 'no lesson "91_x"; the lessons are 90_toy' in capsys.readouterr().err


def test_lessons_of_this_repository_are_built():
    assert build.main(["--check"]) == 0


@pytest.mark.skipif(
    Path(sys.prefix).name in (".venv-oldest", ".venv-newest"),
    reason="built bytes are promised for the pinned versions",
)
@pytest.mark.parametrize("path", lesson_paths(ROOT), ids=lambda path: path.stem)
def test_releases_and_checks_are_what_is_made_of_the_solutions(path, tmp_path):
    """All of a new build but the run of the solution, which the test of the notebooks repeats."""
    release(ROOT, [path.stem], ROOT / "solutions", tmp_path / "notebooks")
    kept, made = (build.products(folder, path.stem) for folder in (ROOT, tmp_path))
    assert made[1].read_bytes() == kept[1].read_bytes()
    questions = questions_of(path.stem)
    lesson = read_lesson(path, questions)
    build.compile_checks(lesson, questions, made[2], build.inputs_hash(ROOT, path))
    texts = [
        {file.name: file.read_text(encoding="utf-8") for file in index.parent.glob("*.json")}
        for index in (kept[2], made[2])
    ]
    assert texts[0] == texts[1]
    solution = [(cell.id, cell.source, cell.metadata) for cell in cells(kept[0])]
    assert solution == [(cell.id, cell.source, cell.metadata) for cell in lesson.notebook.cells]


def test_what_needs_a_kernel_is_dropped_and_a_live_figures_page_is_kept():
    view = {build.WIDGET: {"model_id": "1"}}
    page = {"text/html": '<div>"shared":[1.0],"recorded":[]}\n</div>', "text/plain": "alt"}
    outputs = [nbformat.v4.new_output("display_data", data) for data in (page, view)]
    cell = nbformat.v4.new_code_cell("figure", outputs=outputs)
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    build.drop_widgets(notebook)
    assert [output.data for output in cell.outputs] == [page]
    assert "widgets" not in notebook.metadata


def test_a_figures_coordinates_do_not_count_as_drift(tmp_path):
    texts = []
    for number in ("1.0", "1.1"):
        page = {"text/html": f'<script>\n{{"name":"A","shared":[{number}]}}\n</script>'}
        cell = nbformat.v4.new_code_cell(
            "figure", id="a", outputs=[nbformat.v4.new_output("display_data", page)]
        )
        metadata = {"course": {"content": number}}
        path = tmp_path / "a.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)
        texts.append(build.comparable(path))
    assert texts[0] == texts[1]
    assert "A" in texts[0]["cells"][0]["outputs"][0]["data"]["text/html"]


def test_what_python_caches_does_not_count_as_drift(tmp_path):
    source = tmp_path / "utils" / "widgets" / "figure.py"
    source.parent.mkdir(parents=True)
    source.write_text("1")
    before = build.inputs_hash(tmp_path, tmp_path / "90_toy.py")
    (source.parent / "__pycache__").mkdir()
    (source.parent / "__pycache__" / "figure.cpython-311.pyc").write_bytes(b"2")
    assert build.inputs_hash(tmp_path, tmp_path / "90_toy.py") == before
    source.write_text("3")
    assert build.inputs_hash(tmp_path, tmp_path / "90_toy.py") != before
