"""The toy lesson with a grader that has faults: a stand-in for `tests.toy` in worker processes.

What is wrong is written in the submission; the worker finds it in the bytes before it judges.
"""

import time
from pathlib import Path

from autograder.grading import submission
from autograder.grading.feedback import Press
from tests.chores import end_at_once
from tests.runs import WORDS
from tests.toy import limits_of, questions_of

__all__ = ["limits_of", "questions_of"]
_judge, _page = submission.grade_submission, Press.page


def grade_submission(data, material, workshop):
    """Grade as always, unless the submission says otherwise."""
    text = data.decode(errors="replace") if isinstance(data, bytes) else ""
    said = {kind for kind, word in WORDS.items() if word + "\\n" in text}
    if "raise" in said:
        raise ZeroDivisionError("inside the grader")
    if "die" in said or ("die once" in said and _first(text)):
        end_at_once()
    if "slow" in said:
        time.sleep(1.0)
    return _judge(data, material, workshop)


def _first(text):
    """Tell whether this is the first time; the submission names a file that remembers."""
    path = Path(text.partition("# once: ")[2].partition("\\n")[0])
    if path.exists():
        return False
    path.touch()
    return True


def page(self, text, grades):
    """Make a page as always, unless the notebook says otherwise."""
    if WORDS["page"] in text:
        raise ZeroDivisionError("inside the page")
    return _page(self, text, grades)


submission.grade_submission = grade_submission
Press.page = page
