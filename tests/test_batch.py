"""A run over a class: what a second one does anew."""

from datetime import datetime

import pytest

from autograder.grading import batch, gradebook
from autograder.grading.grade import main
from autograder.grading.gradebook import Book
from tests.runs import hand_in, judged, marks
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


def test_a_due_date_and_a_penalty_that_are_changed_later_reach_the_marks(tmp_path, monkeypatch):
    course = write_course(tmp_path)
    hand_in(course, "ada").with_name("timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    hand_in(course, "ben")
    grade(course)
    first, saved, original = judged(course), [], Book.save

    def save(self, student, *rest):
        saved.append(student)
        return original(self, student, *rest)

    monkeypatch.setattr(Book, "save", save)
    config = gradebook.load_config()
    config.LateSubmissionPlugin.penalty_method = "zero"
    monkeypatch.setattr(gradebook, "load_config", lambda: config)
    for day, points in ((1, 0.0), (3, 4.0), (1, 0.0)):
        with Book(course / "grading").open() as book:
            book.update_or_create_assignment(LESSON, duedate=datetime(2026, 1, day))
        for _ in range(2):
            grade(course)
        assert marks(course) == {"ada": points, "ben": 4.0}
    page = course / "grading" / "feedback" / "ada" / LESSON / f"{LESSON}.html"
    assert "Score: 0.0 / 7.0" in page.read_text(encoding="utf-8")
    config.LateSubmissionPlugin.penalty_method = "none"
    grade(course)
    assert marks(course) == {"ada": 4.0, "ben": 4.0}
    assert saved == ["ada"] * 4
    assert judged(course) == first
