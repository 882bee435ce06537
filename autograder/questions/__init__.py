"""The questions of each lesson, one module a lesson, found by the lesson's name."""

from importlib import import_module
from importlib.util import find_spec

HIDDEN = ("earlier.py",)


def questions_of(lesson):
    """Return the questions of a lesson as a dict from name to question.

    The module of lesson "01_l1_l2_updates" is `autograder.questions.l1_l2_updates`; a lesson
    without a module has no questions.
    """
    return {question.name: question for question in getattr(_module(lesson), "QUESTIONS", ())}


def limits_of(lesson):
    """Return the limits that a lesson sets, by the names in `Limits`: the `LIMITS` of its module.

    >>> limits_of("01_l1_l2_updates")
    {}
    """
    return getattr(_module(lesson), "LIMITS", {})


def hidden_of(lesson):
    """Return the files of `utils` that are out of reach when a lesson is graded: its `HIDDEN`.

    A lesson that says nothing hides the functions that lesson 06 hands out of those before it.

    >>> hidden_of("01_l1_l2_updates")
    ('earlier.py',)
    """
    return getattr(_module(lesson), "HIDDEN", HIDDEN)


def out_of_reach(lesson):
    """Return all files that are out of reach when a lesson is graded, as an import would find them.

    They are those of `hidden_of` and, of other packages, the `HIDDEN_PACKAGES` of its module.

    >>> out_of_reach("01_l1_l2_updates")
    ('utils/earlier.py',)
    """
    own = (f"utils/{name}" for name in hidden_of(lesson))
    return (*own, *getattr(_module(lesson), "HIDDEN_PACKAGES", ()))


def _module(lesson):
    """Return the module of a lesson, None where there is none."""
    module = f"{__name__}.{lesson.split('_', 1)[1]}"
    return import_module(module) if find_spec(module) is not None else None
