"""The verbs of the `course` command.

Nothing but the standard library is imported before a verb runs, so that `--help` works without an
environment, and nothing of `autograder`, which a student's bundle does not have.
"""

import argparse
import importlib
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HELP = {
    "lab": "open JupyterLab on your working copies of the lessons",
    "test": "run every test; words after it go to pytest instead",
    "build": "lessons to solutions, releases and public checks",
    "pull": "bring edits made in a solution notebook back to its lesson",
    "bundle": "write what a student gets to a zip file",
    "grade": "grade submissions and write the feedback",
    "report": "write the class report",
    "return": "feedback and marks as a platform takes them back",
    "bench": "measure this code beside others",
    "docs": "pages of docs/: parity table, gallery, questions",
    "site": "the lessons as web pages to read, without answers",
}
TEACHER = {  # a verb's module and function
    "build": ("autograder.build", "main"),
    "pull": ("autograder.build", "pull"),
    "bundle": ("autograder.bundle", "main"),
    "grade": ("autograder.grading.grade", "main"),
    "report": ("autograder.report", "main"),
    "return": ("autograder.collecting.returning", "main"),
    "bench": ("autograder.bench", "main"),
    "docs": ("autograder.docs", "main"),
    "site": ("autograder.site", "main"),
}


def main(argv=None):
    """Run one verb of the course and return its exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="course",
        usage="course VERB [...]",
        description="Regularization: a course in notebooks.",
        epilog="`course VERB --help` tells more about a verb.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(metavar="VERB", dest="verb", required=True, title="verbs")
    for verb, text in HELP.items():
        verbs.add_parser(verb, help=text, add_help=False)
    if not argv:
        parser.print_help()
        return 2
    verb = parser.parse_args(argv[:1]).verb
    find_own_programs()
    try:
        return run(verb, argv[1:])
    except KeyboardInterrupt:
        return 130


def run(verb, words):
    """Hand the words over to the verb."""
    if verb == "lab":
        from utils.lab import main as lab

        return lab(words)
    return test(words) if verb == "test" else teach(verb, words)


def find_own_programs():
    """Put this environment's programs and kernel before others of the same name.

    nbgrader runs `alembic` by name; a kernel called python3 may also lie in the user's home.
    """
    own = str(Path(sys.executable).parent)
    if own not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = own + os.pathsep + os.environ.get("PATH", "")
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"


def teach(verb, words):
    """Run a teacher's verb where there is `autograder`."""
    module, function = TEACHER[verb]
    if importlib.util.find_spec("autograder") is None:
        print(f"`course {verb}` is a teacher's command: it is not part of this bundle.")
        return 1
    if importlib.util.find_spec(module) is None:
        print(f"`course {verb}` is not there yet.")
        return 1
    return getattr(importlib.import_module(module), function)(words)


def full_name(name, known):
    """Return the one of the known lessons that begins so; the name itself if no single one does.

    >>> full_name("01", ["00_start_here", "01_l1_l2_updates"])
    '01_l1_l2_updates'
    """
    fitting = [lesson for lesson in known if lesson.startswith(name)]
    return fitting[0] if len(fitting) == 1 and name else name


# ---- test ----

MOST_WORKERS = 4  # some tests start a browser, a database or workers of their own
# Of small matrices more threads make slow work: on a busy machine ten times slower.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def test(words):
    """Run every test, or pytest alone with the words given; return the exit code."""
    options, rest = options_of(words)
    if not (ROOT / "tests").is_dir():
        print("There are no tests in this bundle.")
        return 1
    if not all(map(importlib.util.find_spec, ("pytest", "xdist"))):
        print("The tests need more packages: pip install -c constraints.txt -e '.[test]'")
        return 1
    os.environ["COURSE_PROGRESS"] = "0"
    os.environ["COURSE_FRAMEWORKS"] = "1" if options.frameworks else ""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    # Old packages use each other in ways that newer ones deprecate.
    pytest = ("pytest", *["-Wdefault::DeprecationWarning"] * options.oldest)
    if rest:
        return call(*pytest, *rest)
    # Formatting and built bytes are promised for the pinned versions only.
    pinned = not (options.oldest or options.newest)
    code = run_all(steps((*pytest, *shared()), pinned))
    if code and not pinned:
        tell_versions()
    return code


def options_of(words):
    """Return the options of `course test`, and the words that are pytest's."""
    parser = argparse.ArgumentParser(
        prog="course test",
        allow_abbrev=False,
        usage="course test [--frameworks] [--oldest | --newest] [words for pytest]",
        description="Run every test. With words, run pytest alone and hand them on to it.",
    )
    parser.add_argument(
        "--frameworks", action="store_true", help="compare with TensorFlow and PyTorch too"
    )
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument("--oldest", action="store_true", help="in .venv-oldest: lowest versions")
    ends.add_argument("--newest", action="store_true", help="in .venv-newest: no version pinned")
    options, rest = parser.parse_known_args(words)
    return options, rest[1:] if rest[:1] == ["--"] else rest


def shared():
    """Return the words for pytest by which several processes share the tests.

    A file stays in one of them, in its order: what its tests share is made once.
    """
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    return ("-n", str(workers), "--dist", "loadfile") if workers > 1 else ()


def steps(pytest, pinned):
    """Return the steps of a full test as (name, module and its arguments)."""
    style = [
        ("lint", ("ruff", "check")),
        ("format", ("ruff", "format", "--check")),
        ("build drift", ("utils.commands", "build", "--check")),
    ]
    notebooks = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("solutions/*/*.ipynb"))
    strict = [("notebooks", (*pytest, *NBVAL, *notebooks))] if notebooks else []
    return style * pinned + [("tests", pytest)] + strict


# Every text output of a solution is compared with what a new run gives.
NBVAL = (
    "--nbval",
    "--nbval-current-env",
    "--nbval-sanitize-with=tests/nbval.cfg",
    "--nbval-cell-timeout=300",
)


def run_all(steps):
    """Run all steps, also after one failed, and sum up; return 0 only if all passed."""
    rows = []
    for name, command in steps:
        print(f"\n== {name}", flush=True)
        start = time.perf_counter()
        code = call(*command)
        rows.append((name, code, time.perf_counter() - start))
    print("\n== summary")
    for name, code, seconds in rows:
        print(f"{name:12} {'passed' if code == 0 else f'FAILED ({code})':12} {seconds:6.1f} s")
    failed = sum(code != 0 for _, code, _ in rows)
    print(f"{len(rows) - failed} of {len(rows)} steps passed")
    return int(failed > 0)


def tell_versions():
    """Print which packages are not those of constraints.txt: one of them may have broken a test."""
    from importlib import metadata

    from packaging.utils import canonicalize_name

    print("\n== installed, where constraints.txt has another version")
    installed = {
        canonicalize_name(package.name): package.version for package in metadata.distributions()
    }
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition("==")
        here = installed.get(canonicalize_name(name), version)
        if here != version:
            print(f"{name:30} {here:15} pinned: {version}")


def call(module, *words):
    """Run a module of this environment in the course's folder and return its exit code."""
    return subprocess.call([sys.executable, "-m", module, *words], cwd=ROOT)


if __name__ == "__main__":
    sys.path.append(str(ROOT))  # for --help, before there is an environment
    sys.exit(main())
