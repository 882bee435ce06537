"""`./course report`: what a class got right and wrong, on one page for its teacher."""

import argparse
import datetime
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NOTHING = "Nothing to report: {} holds no verdicts and no marks; ./course grade makes them"


def main(argv=None, root=ROOT):
    """Run `./course report` and return its exit code."""
    from autograder.grading.material import full_names

    options = make_parser().parse_args(argv)
    grading = options.grading or Path(root) / "grading" / ("demo" if options.demo else "")
    output = options.output or grading / "report.html"
    try:
        lessons = full_names(options.lessons, root)
        remarks = report(grading, output, lessons, options.db, root)
    except (LookupError, OSError) as error:
        print(error.args[0] if isinstance(error, LookupError) else error, file=sys.stderr)
        return 1
    for remark in remarks:
        print(remark, file=sys.stderr)
    print(f"Report: {output} ({output.stat().st_size / 1e6:.2f} MB); open it in a browser")
    return 0


def make_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="course report", description=__doc__.split("`: ")[1])
    add = parser.add_argument
    add(
        "lessons",
        nargs="*",
        metavar="LESSON",
        help="01 or 01_l1_l2_updates; by default all",
    )
    add("--grading", type=Path, metavar="DIR", help="gradebook, verdicts, feedback (grading/)")
    add("--db", metavar="URL", help="the gradebook's database, by default SQLite in the folder")
    add("--demo", action="store_true", help="the class of ./course grade --demo, in grading/demo")
    add("--output", type=Path, metavar="FILE", help="by default report.html in the grading folder")
    return parser


def report(grading, output, lessons=(), db_url=None, root=ROOT):
    """Write the report on a grading folder.

    Parameters
    ----------
    grading, output : path
    lessons : sequence of str
        By default every lesson that was graded.
    db_url : str, optional
        The gradebook's database, by default SQLite in the folder.
    root : path
        The folder that holds `notebooks/`, for the titles of the lessons.

    Returns
    -------
    list of str
        What made reading hard, in words.

    Raises
    ------
    LookupError
        If there is nothing to report, or a lesson was not graded.
    OSError
        If the page cannot be written.
    """
    from autograder.grading.verdict import write_atomically
    from autograder.report.page import Links, make_page
    from autograder.report.reading import read_course
    from autograder.report.view import View
    from utils.figures import use_style

    course = read_course(grading, lessons, db_url)
    there = {lesson.name for lesson in course.lessons}
    for lesson in lessons:
        if lesson not in there:
            raise LookupError(f'no verdict and no mark on lesson "{lesson}" in {grading}')
    if not course.lessons:
        raise LookupError(NOTHING.format(grading))
    use_style()
    alone = len(course.lessons) == 1
    views = [
        View(lesson, lesson_title(lesson.name, root), question_titles(lesson.name), alone)
        for lesson in course.lessons
    ]
    page = make_page(course, views, Links(grading, output), datetime.datetime.now())
    write_atomically(output, page)
    return course.remarks


def lesson_title(lesson, root=ROOT):
    """Return a lesson's number and title: the first heading of its release, else its name."""
    path = Path(root) / "notebooks" / lesson / f"{lesson}.ipynb"
    try:
        source = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
        heading = "".join(source).lstrip().splitlines()[0].lstrip("# ")
    except (OSError, ValueError, LookupError, TypeError):
        return lesson
    first = lesson.partition("_")[0]
    return f"{first} · {heading}" if first.isdigit() else heading


def question_titles(lesson):
    """Return the titles of a lesson's questions, by name; empty where it has no module."""
    from autograder.questions import questions_of

    try:
        return {name: question.title for name, question in questions_of(lesson).items()}
    except (ImportError, IndexError, ValueError):
        return {}
