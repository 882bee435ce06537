"""The lessons of the arena: the toy and two real ones, as a worker process imports them."""

import autograder.questions as real
from tests import toy


def questions_of(lesson):
    """Return the questions of a lesson."""
    return toy.QUESTIONS if lesson == toy.LESSON else real.questions_of(lesson)


def out_of_reach(lesson):
    """Return the files that are out of reach in a lesson."""
    return () if lesson == toy.LESSON else real.out_of_reach(lesson)


def limits_of(lesson):
    """Return the limits that a lesson sets."""
    return TOY_LIMITS if lesson == toy.LESSON else {}


TOY_LIMITS = {"case": 0.5, "question": 1.5, "answer": 1.0, "added": 0.5, "total": 20.0}
