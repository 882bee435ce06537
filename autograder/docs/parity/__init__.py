"""The parity table: what the section names, our function, and how far it is from the real thing."""

from autograder.docs.parity import asked, dropping, images, penalties, stopping, views
from autograder.docs.parity.page import render, same_page
from autograder.docs.parity.results import ask
from autograder.docs.parity.row import measure
from autograder.solutions import functions_of

ROWS = (
    *images.ROWS,
    *stopping.ROWS,
    *penalties.ROWS,
    *dropping.ROWS,
    *views.ROWS,
    *asked.ROWS,
)


def pages():
    """Return the page by its path under `docs/`, made with the frameworks if they are installed."""
    theirs = ask()
    print(f"docs: parity, {theirs.said}", flush=True)
    return {"parity.md": render(ROWS, measured(theirs), theirs.said)}


def measured(theirs):
    """Return the differences of all rows, by key and by what is compared."""
    answers = {lesson: functions_of(lesson) for lesson in {row.lesson for row in ROWS}}
    return {row.key: measure(row, answers[row.lesson], theirs.arrays, theirs.live) for row in ROWS}


def same(path, old, new):
    """Tell whether two versions of the page differ in nothing but versions and differences seen."""
    return same_page(old.decode("utf-8"), new.decode("utf-8"))
