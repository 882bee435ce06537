"""What nbgrader's own `autograde` takes from this course, without a student's process."""

import pytest

from autograder.grading.material import GradingError
from autograder.grading.preprocessors import clear, shelf
from tests.toy import LESSON, write_course


def test_limits_reach_the_judge_and_a_wrong_name_is_told(tmp_path):
    root = write_course(tmp_path)
    lessons = shelf(str(tmp_path / "g"), str(root), (("case", 7.5),), "tests.toy")
    assert lessons[LESSON].limits.case == 7.5
    with pytest.raises((GradingError, ValueError, LookupError), match="cast"):
        shelf(str(tmp_path / "g"), str(root), (("cast", 7.5),), "tests.toy")[LESSON]


def test_what_lies_beside_the_notebook_is_not_taken_along(tmp_path):
    for name in (f"{LESSON}.ipynb", "timestamp.txt", "page.html", "more/page.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    clear(tmp_path, LESSON)
    assert {path.name for path in tmp_path.iterdir()} == {f"{LESSON}.ipynb", "timestamp.txt"}
