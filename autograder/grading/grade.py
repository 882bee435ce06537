"""`./course grade`: grade a class, write the gradebook and the feedback."""

import argparse
import os
import sys
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
QUESTIONS = "autograder.questions"
SEED_HELP = (
    "draw the hidden cases from this seed, and keep it in place of the one that was kept: "
    "the whole class is judged anew"
)
MIXED = (
    "--seed with --only: {} has verdicts on others of the class, and they would have other hidden "
    "cases; to look into one mark, use another folder with --grading (and --submissions {})"
)


def main(argv=None, root=ROOT, questions=QUESTIONS):
    """Run `./course grade` and return its exit code.

    `questions` names the module that is asked for the questions and limits of a lesson.
    """
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.workers < 1:
        parser.error(f"--workers {options.workers}: should be 1 or more")
    from autograder.sandbox.limits import GradingError

    try:
        limits = limits_in(options.limit)
    except ValueError as error:
        parser.error(str(error))
    try:
        return grade(options, Path(root).resolve(), questions, limits)
    except GradingError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(_told(error), file=sys.stderr)
        return 1


def make_parser():
    """Return the parser of the command line."""
    description = __doc__.split("`: ")[1]
    parser = argparse.ArgumentParser(
        prog="course grade", description=description, allow_abbrev=False
    )
    add = parser.add_argument
    add(
        "lessons",
        nargs="*",
        metavar="LESSON",
        help="01 or 01_l1_l2_updates; by default all",
    )
    add("--submissions", type=Path, metavar="DIR", help="DIR/<student>/<lesson>/<lesson>.ipynb")
    add("--grading", type=Path, metavar="DIR", help="gradebook, verdicts, feedback (grading/)")
    add("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="at the same time")
    add("--cluster", metavar="ADDRESS", help="the workers of a Dask scheduler, as tcp://host:8786")
    add("--db", metavar="URL", help="the gradebook's database, by default SQLite in the folder")
    add("--seed", metavar="S", help=SEED_HELP)
    add("--demo", action="store_true", help="make a class of 12 and grade it, in grading/demo")
    add("--force", action="store_true", help="grade even what was graded before")
    several = {"action": "append", "default": []}
    add("--only", metavar="STUDENT", help="these students only, as 'a*'; repeatable", **several)
    add("--limit", metavar="NAME=VALUE", help="as case=10; repeatable", **several)
    add("--no-sandbox", action="store_true", help="grade even where nothing confines the answers")
    return parser


def limits_in(words):
    """Return the limits that the teacher wants, by name.

    Raises
    ------
    ValueError
        If one is none; the message says which and what it should be.

    >>> limits_in(["case=10", "memory=1e9"])
    {'case': 10.0, 'memory': 1000000000.0}
    """
    from autograder.sandbox.limits import GradingError, Limits

    limits = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise ValueError(f"--limit {word}: should be a name, = and a number, as case=10")
        try:
            Limits().changed({name: value})
        except GradingError as error:
            raise ValueError(f"--limit {word}: {error}") from None
        limits[name] = float(value)
    return limits


def grade(options, root, questions=QUESTIONS, limits=None):
    """Grade the submissions and return the exit code."""
    from autograder.grading.lock import one_writer

    grading, submitted = places(options, root)
    with one_writer(grading):
        return grade_alone(options, root, grading, submitted, questions, limits)


def grade_alone(options, root, grading, submitted, questions, limits):
    """Grade the submissions while no other run does, and return the exit code."""
    from autograder.grading.batch import Batch
    from autograder.grading.tasks import Setting

    lessons, known = lessons_of(options.lessons, root)
    setting = Setting(str(root), limits or {}, options.no_sandbox, None, questions)
    if options.demo:
        from autograder.grading.demo import make_class

        make_class(submitted, root)
    submissions = chosen(find_submissions(submitted, lessons or known), options.only)
    if not submissions:
        print(f"Nothing to grade: there is no {submitted}/<student>/<lesson>/", file=sys.stderr)
        print(f"The lessons are {', '.join(known) or 'not built yet'}", file=sys.stderr)
        return 1
    if options.only:
        check_seed(options.seed, submissions, grading, submitted)
    announce(submissions, submitted, root, known)
    words = options.db, options.seed, options.workers, options.cluster, options.force
    return Batch(setting, grading, *words).grade(submissions)


def lessons_of(names, root):
    """Return the lessons that were asked for and those there are; raise if one is not there."""
    from autograder.grading.material import full_names, lessons_in, no_such_lesson

    lessons, known = full_names(names, root), lessons_in(root)
    for lesson in lessons:
        if lesson not in known:
            raise no_such_lesson(lesson, root)
    return lessons, known


def check_seed(seed, submissions, grading, submitted):
    """Raise if a new seed would hold for a part of a class only."""
    from autograder.grading.seeds import is_replaced, judged
    from autograder.sandbox.limits import GradingError

    asked = {(submission.student, submission.lesson) for submission in submissions}
    for lesson in sorted({lesson for _, lesson in asked}):
        others = {(student, lesson) for student in judged(grading, lesson)} - asked
        if others and is_replaced(grading, lesson, seed):
            raise GradingError(MIXED.format(lesson, submitted))


def announce(submissions, submitted, root, known):
    """Say what will be graded, and what will not."""
    unit = "submission" if len(submissions) == 1 else "submissions"
    print(f"Grading {len(submissions)} {unit} from {submitted}", flush=True)
    lessons = {submission.lesson for submission in submissions}
    for remark in old_releases(root, lessons) + strangers(submitted, known):
        print(remark, file=sys.stderr, flush=True)


def old_releases(root, lessons):
    """Return a sentence for each lesson whose release is not what its text gives now."""
    from autograder.build import drift

    texts = {lesson: root / "lessons" / f"{lesson}.py" for lesson in sorted(lessons)}
    return [
        f"{lesson}: the release is older than its lesson, or was edited; "
        "./course build makes it anew"
        for lesson, path in texts.items()
        if path.is_file() and any(drift(root, path))
    ]


def strangers(submitted, known):
    """Return a sentence on the folders that are not graded for their names, if any."""
    folders = (path.relative_to(submitted) for path in submitted.glob("*/*") if path.is_dir())
    names = sorted(
        path.as_posix()
        for path in folders
        if not (path.name in known and is_a_name(path.parts[0]))
        and not any(part.startswith(".") for part in path.parts)
    )
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    listed = ", ".join(name if is_a_name(name) else ascii(name) for name in names[:3])
    sentence = f"not graded, since no lesson has this name: {listed}{more}; "
    if not all(is_a_name(name) for name in names):
        sentence = f"not graded, since the name is not plain text: {listed}{more}; "
    return [sentence + f"the lessons are {', '.join(known)}"]


def is_a_name(text):
    """Tell whether a folder's name can be printed and stored as it is.

    >>> is_a_name("Zoë"), is_a_name("a" + chr(10)), is_a_name(chr(0xDCFF))
    (True, False, False)
    """
    return text.isprintable()


def places(options, root):
    """Return the grading folder and the folder of the submissions."""
    grading = options.grading or root / "grading" / ("demo" if options.demo else "")
    submitted = grading / "submitted" if options.demo else options.submissions
    return Path(grading), Path(submitted or grading / "submitted")


def find_submissions(submitted, lessons):
    """Return the submissions in a folder, by lesson, then by student."""
    from autograder.grading.batch import Submission

    students = sorted(p for p in Path(submitted).glob("*") if p.is_dir() and p.name[0] != ".")
    return [
        Submission(student.name, lesson, student / lesson)
        for lesson in lessons
        for student in students
        if is_a_name(student.name) and (student / lesson).is_dir()
    ]


def chosen(submissions, patterns):
    """Return the submissions of the students whose names fit one of the patterns, if any.

    Raises
    ------
    GradingError
        If a pattern fits no student.
    """
    from autograder.sandbox.limits import GradingError

    students = sorted({submission.student for submission in submissions})
    for pattern in patterns:
        if not any(fnmatchcase(student, pattern) for student in students):
            near = get_close_matches(pattern, students) or students[:3]
            more = f" and {len(students) - len(near)} more" if len(students) > len(near) else ""
            like = f"; there are {', '.join(near)}{more}" if near else ""
            raise GradingError(f"--only {pattern}: no such student has submitted anything{like}")
    return [
        submission
        for submission in submissions
        if not patterns or any(fnmatchcase(submission.student, p) for p in patterns)
    ]


def _told(error):
    """Return what the system says about a file, as a sentence."""
    place = f"{error.filename}: " if error.filename else ""
    return f"Stopped: {place}{error.strerror or error}"
