"""Lessons as text: roles become nbgrader's metadata and come back."""

from pathlib import Path

import pytest

from autograder.lesson import LessonError, lesson_paths, lesson_text, read_lesson

ROOT = Path(__file__).parent.parent
TEXT = '''# %% [markdown]
# # A lesson
#
# $a + b$

# %%
from utils.checking import check


# %% role="answer" key="double"
def double(x):
    """Return 2x."""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


# %% role="check" key="double" points=2
check("double")

# %% [markdown] role="reflect" key="why" points=3
# Because.
'''


def read(tmp_path, text):
    path = tmp_path / "90_toy.py"
    path.write_text(text, encoding="utf-8")
    return read_lesson(path, {"double"})


def test_roles_become_nbgrader_metadata_and_ids(tmp_path):
    lesson = read(tmp_path, TEXT)
    ids = [cell.id for cell in lesson.notebook.cells]
    assert ids == ["90-001", "90-002", "double", "check_double", "why"]
    answer, check, reflect = (cell.metadata["nbgrader"] for cell in lesson.notebook.cells[2:])
    assert (answer["solution"], answer["grade"], answer["locked"]) == (True, False, False)
    assert "points" not in answer
    assert (check["solution"], check["grade"], check["locked"]) == (False, True, True)
    assert check["points"] == 2
    assert (reflect["solution"], reflect["grade"], reflect["points"]) == (True, True, 3)
    assert lesson.points == {"double": 2}
    assert lesson.by_hand == {"why": 3}


def test_text_comes_back_from_the_notebook(tmp_path):
    assert lesson_text(read(tmp_path, TEXT).notebook) == TEXT


@pytest.mark.parametrize("path", lesson_paths(ROOT), ids=lambda path: path.stem)
def test_each_lesson_is_in_the_form_that_pull_writes(path):
    from autograder.questions import questions_of

    lesson = read_lesson(path, questions_of(path.stem))
    assert lesson_text(lesson.notebook) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", lesson_paths(ROOT), ids=lambda path: path.stem)
def test_each_question_of_a_lesson_has_its_check(path):
    from autograder.questions import questions_of

    questions = questions_of(path.stem)
    assert set(read_lesson(path, questions).points) == set(questions)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('role="answer"', 'role="anwser"', 10, 'unknown role "anwser"'),
        (' key="double"\n', "\n", 10, "needs a key"),
        ("    # BEGIN SOLUTION\n", "", 10, "needs one `# BEGIN SOLUTION`"),
        ("    # END SOLUTION\n", "", 10, "needs one `# BEGIN SOLUTION` and one `# END SOLUTION`"),
        (' key="double" points=2', ' key="triple" points=2', 18, 'a question "triple"'),
        (" points=2", "", 18, "needs points"),
        (" points=2", " points=0", 18, "needs points"),
        ('check("double")\n', 'check("triple")\n', 18, 'should be `check("double")`'),
        ("# # A lesson", "# BEGIN SOLUTION", 1, "markers outside an answer cell"),
        ('[markdown] role="reflect"', 'role="reflect"', 21, "a reflect cell is a markdown cell"),
        ('role="reflect"', 'role="reflect" colour="red"', 21, "colour"),
        ('key="double"\ndef', 'key="double" points=2\ndef', 10, "points belong to the check"),
        ("# %%\nfrom", '# %% key="x"\nfrom', 6, "without a role"),
        ("# %% [markdown]\n# # A lesson", "# # A lesson", 1, "begins with a cell"),
    ],
)
def test_a_fault_is_told_with_file_and_line(tmp_path, old, new, line, words):
    assert old in TEXT
    with pytest.raises(LessonError) as caught:
        read(tmp_path, TEXT.replace(old, new, 1))
    assert f"90_toy.py:{line}: " in str(caught.value)
    assert words in str(caught.value)


def test_a_key_is_unique_per_role(tmp_path):
    twice = TEXT + '\n# %% role="check" key="double" points=1\ncheck("double")\n'
    with pytest.raises(
        LessonError, match=r'90_toy.py:24: the key "double" has a cell of role "check"'
    ):
        read(tmp_path, twice)


def test_an_answer_without_a_check_is_a_fault(tmp_path):
    alone = TEXT.replace('# %% role="check" key="double" points=2\ncheck("double")\n', "")
    with pytest.raises(LessonError, match="no check cell"):
        read(tmp_path, alone)


def test_an_unknown_lesson_is_named_with_the_known(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "90_toy.py").write_text(TEXT, encoding="utf-8")
    for name in ("90_toy", "90"):
        assert [path.stem for path in lesson_paths(tmp_path, [name])] == ["90_toy"]
    with pytest.raises(LessonError, match='no lesson "91_x"; the lessons are 90_toy'):
        lesson_paths(tmp_path, ["91_x"])


def test_a_cell_that_shows_an_interactive_widget_is_marked_for_nbval(tmp_path):
    path = tmp_path / "90_toy.py"
    path.write_text("# %% [markdown]\n# A\n\n# %%\nwidgets.show_interactive(slider)\n\n# %%\n1\n")
    tags = [cell.metadata.get("tags") for cell in read_lesson(path, {}).notebook.cells]
    assert tags == [None, ["nbval-ignore-output"], None]
