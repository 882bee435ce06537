"""`./course bundle OUT.zip [LESSON ...]`: what a student gets, and nothing of what a teacher has.

An allow-list of paths decides, and what it lets through is searched for answers all the same.
With lessons named, the others stay out, and so do the functions that a later lesson hands out.
"""

import argparse
import fnmatch
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "regularization-course"
INCLUDED = ("notebooks", "utils", "course", "constraints.txt", "environment.yml", "pyproject.toml")
INCLUDED += ("LICENSE",)
PUBLIC = "utils/checking/public/"
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints", "*.pyc", ".DS_Store", "*.part", "*.egg-info")
# No student's file has any of these; `autograder` is only named where a command says it is absent.
FORBIDDEN = (b"BEGIN SOLUTION", b"END SOLUTION", b"BEGIN HIDDEN TESTS", b"import autograder")
FORBIDDEN += (b"from autograder",)
README = """# Regularization, a course in notebooks

You need Python 3.11 or newer (https://www.python.org/downloads). In this folder:

    ./course lab            (Windows: py course lab)

The first time, it installs what the course needs into the folder `.venv` here, which takes a few
minutes. Then JupyterLab opens with your copies of the lessons, in `my-work/`; begin with
`00_start_here`. Your work is never overwritten: `./course lab --fresh LESSON` adds a new copy of a
lesson beside yours.

With conda: `conda env create`, `conda activate regularization`, `course lab`.

To hand in a lesson, send its notebook from `my-work/`, under the name it has there.
"""
EPOCH = (2026, 1, 1, 0, 0, 0)  # the same bytes whenever it is made


def main(argv=None, root=ROOT):
    """Run `./course bundle` and return its exit code."""
    parser = argparse.ArgumentParser(prog="course bundle", description=__doc__.splitlines()[0])
    parser.add_argument("out", metavar="OUT.zip", type=Path, help="the file to write")
    parser.add_argument(
        "lessons", metavar="LESSON", nargs="*", help="01 or 01_l1_l2_updates; default: all"
    )
    options = parser.parse_args(argv)
    out = options.out
    from autograder.lesson import LessonError, lesson_paths  # not needed for --help

    try:
        chosen = [path.stem for path in lesson_paths(root, options.lessons) if options.lessons]
        names = write_bundle(root, out, chosen)
    except (BundleError, LessonError) as error:
        print(error, file=sys.stderr)
        return 1
    count = sum(name.startswith("notebooks/") and name.endswith(".ipynb") for name in names)
    size = out.stat().st_size / 1e6
    print(
        f"{out}: {count} lesson{'s' * (count != 1)}, {len(names)} files, {size:.1f} MB, no answers"
    )
    return 0


class BundleError(Exception):
    """Says why nothing was written."""


def write_bundle(root, out, lessons=()):
    """Write the zip file in one step and return the names in it, or raise a BundleError.

    `lessons` are those that go in; none means all.
    """
    if out.is_dir():
        raise BundleError(f"{out} is a folder: name the file to write, such as course.zip.")
    if not out.absolute().parent.is_dir():
        raise BundleError(f"There is no folder {out.absolute().parent}: make it first.")
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in bundled(root)}
    files = {name: files[name] for name in files if _belongs(name, lessons)}
    if not any(name.startswith("notebooks/") for name in files):
        raise BundleError("There are no lessons in notebooks/: run `course build` first.")
    for name, content in files.items():
        check_clean(name, content)
    files["README.md"] = README.encode()
    part = out.with_name(out.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(entry(name), files[name])
    part.replace(out)
    return sorted(files)


def _belongs(name, lessons):
    """Return whether a file goes into a bundle of these lessons; into that of all, every one."""
    if not lessons:
        return True
    for folder in ("notebooks/", PUBLIC):
        if name.startswith(folder):
            return name.removeprefix(folder).split("/")[0] in lessons
    from autograder.questions import hidden_of

    hidden = set.intersection(*(set(hidden_of(lesson)) for lesson in lessons))
    return name.removeprefix("utils/") not in hidden


def bundled(root):
    """Return the files of a bundle, those that git knows where there is git."""
    known = tracked(root)
    for name in INCLUDED:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            parts = file.relative_to(root).parts
            left_out = any(fnmatch.fnmatch(part, glob) for part in parts for glob in LEFT_OUT)
            if file.is_file() and not left_out and (known is None or file in known):
                yield file


def tracked(root):
    """Return the files that git tracks or would add, or None where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."]
    try:
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return {root / name for name in run.stdout.split("\0") if name}


def check_clean(name, content):
    """Raise a BundleError if a file holds what a student must not get."""
    for mark in FORBIDDEN:
        if mark in content:
            raise BundleError(f"{name} holds {mark.decode()!r}, so no bundle was written.")


def entry(name):
    """Return the archive entry of a file: fixed time, the command executable."""
    info = zipfile.ZipInfo(f"{FOLDER}/{name}", EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if name == "course" else 0o100644) << 16
    return info
