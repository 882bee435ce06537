"""What nbgrader's own `autograde` takes from this course, without a student's process."""

import pytest

from autograder.grading.material import release_path
from autograder.grading.preprocessors import clear, shelf
from autograder.grading.seeds import seed_of
from autograder.sandbox.limits import GradingError
from tests.toy import LESSON, write_course


def test_limits_reach_the_judge_and_a_wrong_name_is_told(tmp_path):
    root = write_course(tmp_path)
    lessons = shelf(str(tmp_path / "g"), str(root), (("case", 7.5),), "tests.toy")
    assert lessons[LESSON].limits.case == 7.5
    with pytest.raises((GradingError, ValueError, LookupError), match="cast"):
        shelf(str(tmp_path / "g"), str(root), (("cast", 7.5),), "tests.toy")[LESSON]


def test_a_seed_and_a_release_that_are_new_count_at_once(tmp_path):
    """Formgrader keeps the shelf while `./course grade` and `./course build` run elsewhere."""
    root = write_course(tmp_path)
    lessons = shelf(str(tmp_path / "g"), str(root), (), "tests.toy")
    first = lessons[LESSON]
    assert lessons[LESSON] is first
    seed_of(tmp_path / "g", LESSON, "another")
    assert lessons[LESSON].seed == "another"
    path = release_path(LESSON, root)
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert lessons[LESSON].lesson_digest != first.lesson_digest


def test_what_lies_beside_the_notebook_is_not_taken_along(tmp_path):
    for name in (f"{LESSON}.ipynb", "timestamp.txt", "page.html", "more/page.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    clear(tmp_path, LESSON)
    assert {path.name for path in tmp_path.iterdir()} == {f"{LESSON}.ipynb", "timestamp.txt"}
