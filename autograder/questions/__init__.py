"""The questions of each lesson, one module a lesson, found by the lesson's name."""

from importlib import import_module
from importlib.util import find_spec


def questions_of(lesson):
    """Return the questions of a lesson as a dict from name to question.

    The module of lesson "01_l1_l2_updates" is `autograder.questions.l1_l2_updates`; a lesson
    without a module has no questions.
    """
    module = f"{__name__}.{lesson.split('_', 1)[1]}"
    if find_spec(module) is None:
        return {}
    return {question.name: question for question in import_module(module).QUESTIONS}
