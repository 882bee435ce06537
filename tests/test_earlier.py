"""What lesson 06 hands out of earlier lessons is right, and is what their questions ask for."""

import pytest

from autograder.questions import hidden_of
from tests.outsiders import Outsiders
from utils import earlier

ASKED = Outsiders(*sorted(set(earlier.LESSONS.values())))


@pytest.mark.parametrize("name", earlier.LESSONS)
def test_each_passes_the_checks_of_its_lesson_and_those_of_grading(name):
    ASKED.assert_right(name, getattr(earlier, name))
    assert ASKED.compiled(name, None).name == name


def test_all_that_is_handed_out_is_listed_with_its_lesson():
    assert sorted({"LESSONS", *earlier.LESSONS}) == sorted(earlier.__all__)


@pytest.mark.parametrize("lesson", sorted(set(earlier.LESSONS.values())))
def test_it_is_out_of_reach_where_its_lessons_are_graded(lesson):
    assert "earlier.py" in hidden_of(lesson)
