"""Checks inside a lesson: `check("l1_update")` judges an answer, `scorecard` sums up.

The public cases of every question lie under `public/`, one file a question, built from
`autograder/questions` by `./course build`. They hold inputs, expected results and the results of
known misconceptions, no answer code.
"""

import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

from utils.checking.drivers import DRIVERS, observe
from utils.checking.judgement import Compiled, judge
from utils.checking.messages import MARKS, render, uses_what_is_not_right
from utils.checking.uses import answers_used, raises_not_implemented

__all__ = ["CheckFailed", "NotAnswered", "Points", "check", "scorecard"]

PUBLIC = Path(__file__).parent / "public"
_earned = {}


class Points(float):
    """The points that a check earned, with `full`, `points` and `max_points`."""

    def __new__(cls, points, max_points):
        """Return a float that also knows the points of the question."""
        self = super().__new__(cls, points)
        self.points = float(points)
        self.max_points = float(max_points)
        self.full = self.points >= self.max_points
        return self


class CheckFailed(AssertionError):
    """Raised by a check when nothing is right; its text is the message to the student."""

    def _render_traceback_(self):
        return str(self).splitlines()


class NotAnswered(NotImplementedError):
    """Raised by a check when the exercise is not answered yet."""

    def _render_traceback_(self):
        return str(self).splitlines()


def check(name):
    """Check the answer called `name` in the calling cell and print what was found.

    Parameters
    ----------
    name : str
        The name of a graded function, class or variable of the lesson.

    Returns
    -------
    Points
        The points earned, a float with `.full`, `.points` and `.max_points`.

    Raises
    ------
    NotAnswered
        If the exercise is not answered yet.
    CheckFailed
        If nothing is right.
    ValueError
        If no question has this name.
    """
    question = load_question(name)
    frame = sys._getframe(1)
    names = {**frame.f_globals, **frame.f_locals}
    outcome = _judge(question, names)
    others = {}
    if outcome.status != "right" and not question.choices:
        others = _not_right(name, frame.f_globals, question.lesson)
        stub = raises_not_implemented(names.get(name), frame.f_globals)
        if others and outcome.status == "unanswered" and not stub:
            outcome = replace(outcome, status="wrong")
    return _finish(outcome, uses_what_is_not_right(others, recognised=bool(outcome.diagnosis)))


def _judge(question, names):
    if names.get(question.name) is None:
        return judge(question, [_not_there(question.name)] * len(question.cases))
    target, seen = names[question.name], {}
    return judge(
        question, [observe(c.driver, target, c.inputs, names, seen) for c in question.cases]
    )


def _not_right(name, names, lesson):
    """Return the status of each answer that this one uses and that is not right itself."""
    answers = sorted(path.stem for path in (PUBLIC / lesson).glob("*.json"))
    used = [n for n in answers_used(name, names, answers) if n != "lesson"]
    if names.get(name) is not None:
        drivers = (DRIVERS[case.driver] for case in load_question(name).cases)
        used += [n for driver in drivers for n in getattr(driver, "others", ()) if n not in used]
    used = [n for n in used if name not in answers_used(n, names, answers)]  # not in circles
    status = {n: _judge(load_question(n), names).status for n in used}
    return {n: found for n, found in status.items() if found != "right"}


def _not_there(name):
    types = ["NotImplementedError"]
    return {"raised": {"types": types, "message": f"{name} is not defined", "line": ""}}


def _finish(outcome, first=""):
    """Keep the score, then print the message or raise it."""
    _earned[outcome.question.name] = outcome
    if outcome.points == 0:
        kind = NotAnswered if outcome.status == "unanswered" else CheckFailed
        raise kind(render(outcome, first=first))
    print(render(outcome, first=first))
    return Points(outcome.points, outcome.max_points)


@cache
def load_question(name):
    """Return the compiled public question of this name."""
    paths = sorted(PUBLIC.glob(f"*/{name}.json")) if str(name).isidentifier() else []
    if not paths:
        known = sorted(path.stem for path in PUBLIC.glob("*/*.json") if path.stem != "lesson")
        raise ValueError(
            f"check({name!r}): no question has this name; known are {', '.join(known)}"
        )
    return Compiled.from_json(json.loads(paths[0].read_text(encoding="utf-8")))


def scorecard(lesson):
    """Print the points that the checks of a lesson earned so far in this session.

    Parameters
    ----------
    lesson : str
        The lesson's name, for example "01_l1_l2_updates".

    Raises
    ------
    ValueError
        If there is no such lesson.
    """
    path = PUBLIC / str(lesson) / "lesson.json"
    if not path.is_file():
        known = ", ".join(sorted(path.parent.name for path in PUBLIC.glob("*/lesson.json")))
        raise ValueError(f"scorecard({lesson!r}): no lesson has this name; known are {known}")
    index = json.loads(path.read_text(encoding="utf-8"))
    lines, total = [], 0.0
    for name, max_points in index["points"].items():
        outcome = _earned.get(name)
        mark, points = (MARKS[outcome.status], outcome.points) if outcome else ("○", 0.0)
        total += points
        lines.append(f"  {mark} {name:<28} {points:g} of {max_points:g}")
    full = sum(index["points"].values())
    print(f"Scorecard of {lesson}: {total:g} of {full:g} points on its checks so far")
    print("\n".join(lines))
    for key, points in index["by_hand"].items():
        print(f"  … {key:<28} {points:g} points, read and graded by your teacher")
