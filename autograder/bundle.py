"""`./course bundle OUT.zip [LESSON ...]`: what a student gets, and nothing of what a teacher has.

An allow-list of paths decides, and what it lets through is searched for answers all the same.
With lessons named, the others stay out, and so do the functions that a later lesson hands out.
With ``--wheels``, the packages are in it as files, and setting up needs no network.
"""

import argparse
import fnmatch
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "regularization-course"
INCLUDED = ("notebooks", "utils", "course", "constraints.txt", "environment.yml", "pyproject.toml")
INCLUDED += ("LICENSE",)
PLATFORMS = {
    "linux": "Linux",
    "linux-arm": "Linux on ARM",
    "macos-arm": "macOS on Apple silicon",
    "macos-intel": "macOS on Intel",
    "windows": "Windows",
}
PUBLIC = "utils/checking/public/"
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints", "*.pyc", ".DS_Store", "*.part", "*.egg-info")
# No student's file has any of these; `autograder` is only named where a command says it is absent.
FORBIDDEN = (b"BEGIN SOLUTION", b"END SOLUTION", b"BEGIN HIDDEN TESTS", b"import autograder")
FORBIDDEN += (b"from autograder",)
README = """# Learn regularization by writing it in NumPy

## Start

1. {python}
2. Unpack the zip file into a folder of your own: do not run it from inside the zip.
   On Windows choose a short place, such as `C:\\course`.
3. Open a terminal in the folder that holds this file.
   Windows: type `cmd` into the address bar of the folder's window.
   macOS: click on the folder with the right button, *Services*, *New Terminal at Folder*.
   Linux: click into the folder with the right button, *Open in Terminal*.
4. Type

       py course lab          on Windows
       python3 course lab     on macOS and Linux

The first time, this installs what the course needs into the folder `.venv` here, which takes a few
minutes and about 1 GB of disk. {network}
Then JupyterLab opens in your browser, with your copies of the lessons, in `my-work/`.
Begin with `{first}`. From now on the same command needs no network and fetches nothing.

Your work is never overwritten: `course lab --fresh LESSON` adds a new copy of a lesson beside
yours. To stop, press Ctrl+C in the terminal. If a set-up is interrupted, the same command goes on.

## Hand in a lesson

Send its notebook from `my-work/`, under the name it has there.

## Use conda

With a network, `conda env create`, `conda activate regularization` and `course lab` do the same.
"""
NETWORK = "It fetches them over the network, this once."
FILES = """No network is needed: they are in
`wheels/`, for {platforms} with Python {pythons}. On another system or with another
Python, what does not fit is fetched over the network."""
ANY_PYTHON = "You need Python 3.11 to 3.14 (https://www.python.org/downloads)."
THIS_PYTHON = "You need Python {pythons} (https://www.python.org/downloads)."
EPOCH = (2026, 1, 1, 0, 0, 0)  # the same bytes whenever it is made


def main(argv=None, root=ROOT):
    """Run `./course bundle` and return its exit code."""
    options = _parse(argv)
    from autograder.lesson import LessonError, lesson_paths  # not needed for --help

    try:
        chosen = [path.stem for path in lesson_paths(root, options.lessons) if options.lessons]
        check_place(options.out)
        names = write_bundle(root, options.out, chosen, packages(root, options))
    except (BundleError, LessonError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"course bundle: {error}.", file=sys.stderr)
        return 1
    print(summary(options, names))
    return 0


def _parse(argv):
    parser = argparse.ArgumentParser(prog="course bundle", description=__doc__.splitlines()[0])
    parser.add_argument("out", metavar="OUT.zip", type=Path, help="the file to write")
    parser.add_argument(
        "lessons", metavar="LESSON", nargs="*", help="01 or 01_l1_l2_updates; default: all"
    )
    parser.add_argument(
        "--wheels",
        metavar="PLATFORM",
        nargs="+",
        choices=PLATFORMS,
        default=[],
        help=f"put the packages into it, for a set-up without a network: {', '.join(PLATFORMS)}",
    )
    here = ".".join(map(str, sys.version_info[:2]))
    parser.add_argument(
        "--python",
        metavar="X.Y",
        nargs="+",
        type=python_version,
        default=[here],
        help=f"the Python versions that the packages are for; default: {here}",
    )
    return parser.parse_args(argv)


def python_version(text):
    """Return a Python version that the course supports, or raise an argparse error.

    >>> python_version("3.13")
    '3.13'
    """
    match = re.fullmatch(r"3\.(\d\d)", text)
    if not match or int(match[1]) < 11:
        raise argparse.ArgumentTypeError(f"{text!r} is no Python version from 3.11 on, as 3.13 is")
    return text


def packages(root, options):
    """Return the files of `wheels/` by name, none without the option; fetch what is missing."""
    if not options.wheels:
        return Packages()
    from autograder import wheels

    systems, pythons = (list(dict.fromkeys(names)) for names in (options.wheels, options.python))
    try:
        return Packages(wheels.collect(root, systems, pythons), tuple(systems), tuple(pythons))
    except wheels.WheelError as error:
        raise BundleError(f"{error} No bundle was written.") from None


@dataclass(frozen=True)
class Packages:
    """The packages that go into a bundle as files, and what they are made for.

    Parameters
    ----------
    paths : dict of str to pathlib.Path
    platforms, pythons : tuple of str
    """

    paths: dict = field(default_factory=dict)
    platforms: tuple = ()
    pythons: tuple = ()

    @property
    def note(self):
        """Return what `course` reads before it installs them."""
        made_for = {"platforms": self.platforms, "pythons": self.pythons}
        return json.dumps(made_for, indent=1).encode() + b"\n"


def summary(options, names):
    """Return the line that says what is in the bundle."""
    lessons = sum(name.startswith("notebooks/") and name.endswith(".ipynb") for name in names)
    size = options.out.stat().st_size / 1e6
    text = f"{options.out}: {lessons} lesson{'s' * (lessons != 1)}, {len(names)} files, "
    text += f"{size:.1f} MB, no answers"
    if options.wheels:
        count = sum(name.endswith(".whl") for name in names)
        text += f"; {count} packages for {', '.join(options.wheels)}"
        text += f" with Python {', '.join(options.python)}"
    return text


class BundleError(Exception):
    """Says why nothing was written."""


def check_place(out):
    """Raise a BundleError if the file cannot be written there."""
    if out.is_dir():
        raise BundleError(f"{out} is a folder: name the file to write, such as course.zip.")
    if not out.absolute().parent.is_dir():
        raise BundleError(f"There is no folder {out.absolute().parent}: make it first.")


def write_bundle(root, out, lessons=(), packages=None):
    """Write the zip file in one step and return the names in it, or raise a BundleError.

    `lessons` are those that go in; none means all. `packages` are the files of `wheels/`.
    """
    packages = packages or Packages()
    files = contents(root, lessons)
    files["README.md"] = readme(files, packages).encode()
    if packages.paths:
        files["wheels/made-for.json"] = packages.note
    part = out.with_name(out.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                archive.writestr(entry(name), files[name])
            for name in sorted(packages.paths):  # compressed already
                wheel = entry(f"wheels/{name}", zipfile.ZIP_STORED)
                archive.writestr(wheel, packages.paths[name].read_bytes())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return sorted([*files, *(f"wheels/{name}" for name in packages.paths)])


def contents(root, lessons):
    """Return the course's own files of a bundle by name, or raise a BundleError."""
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in bundled(root)}
    files = {name: files[name] for name in files if _belongs(name, lessons)}
    if not any(name.startswith("notebooks/") for name in files):
        raise BundleError("There are no lessons in notebooks/: run `course build` first.")
    for name, content in files.items():
        check_clean(name, content)
    return files


def readme(names, packages):
    """Return the text that tells a student how to begin."""
    first = min(name.split("/")[1] for name in names if name.startswith("notebooks/"))
    pythons = " or ".join(packages.pythons)
    platforms = " or ".join(PLATFORMS[platform] for platform in packages.platforms)
    return README.format(
        python=(THIS_PYTHON if packages.paths else ANY_PYTHON).format(pythons=pythons),
        network=FILES.format(platforms=platforms, pythons=pythons) if packages.paths else NETWORK,
        first=first,
    )


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


def entry(name, compression=zipfile.ZIP_DEFLATED):
    """Return the archive entry of a file: fixed time, the command executable."""
    info = zipfile.ZipInfo(f"{FOLDER}/{name}", EPOCH)
    info.compress_type = compression
    info.external_attr = (0o100755 if name == "course" else 0o100644) << 16
    return info
