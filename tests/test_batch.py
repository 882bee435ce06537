"""A run over a class: what a second one does anew."""

from datetime import datetime

import pytest

from autograder.grading import batch
from autograder.grading.grade import main
from autograder.grading.gradebook import Book
from tests.runs import hand_in, judged
from tests.toy import LESSON, here, write_course


@pytest.fixture(scope="module", autouse=True)
def _in_this_process():
    with here() as Here, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Pool", Here)
        yield


def grade(course):
    assert main(["--no-sandbox"], root=course, questions="tests.toy") == 0


def late(course):
    with Book(course / "grading").open() as book:
        return {s: book.find_submission(LESSON, s).total_seconds_late for s in ("ada", "ben")}


def test_a_time_that_is_known_later_reaches_the_gradebook_and_nothing_is_judged_anew(tmp_path):
    """As when a due date is entered, and the download of Canvas is collected once more."""
    course = write_course(tmp_path)
    path, _ = hand_in(course, "ada"), hand_in(course, "ben")
    grade(course)
    first = judged(course)
    with Book(course / "grading").open() as book:
        book.update_or_create_assignment(LESSON, duedate=datetime(2026, 1, 1))
    path.with_name("timestamp.txt").write_text("2026-01-01 00:00:01 UTC")
    for _ in range(2):
        grade(course)
        assert late(course) == {"ada": 1.0, "ben": 0.0}
    assert judged(course) == first
