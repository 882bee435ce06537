"""`course lab`: working copies of the lessons, and JupyterLab on them.

A file of the student is never overwritten: a copy is only made where there is none.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from utils.commands import full_name

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = Path(__file__).resolve().parent / "jupyter"
NOTES = ".course.json"  # which release each copy was made from


def main(words, root=ROOT):
    """Copy what is new and open JupyterLab; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="course lab",
        allow_abbrev=False,
        usage="course lab [--fresh LESSON] [words for jupyter lab]",
        description="Open JupyterLab on your working copies of the lessons, in my-work/. "
        "What you have there is never overwritten.",
    )
    parser.add_argument(
        "--fresh", metavar="LESSON", help="add a new copy of a lesson beside the one you have"
    )
    options, rest = parser.parse_known_args(words)
    rest = rest[1:] if rest[:1] == ["--"] else rest
    problem = copy_lessons(root / "notebooks", root / "my-work", options.fresh)
    problem = problem or port_problem(rest)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    return start(root / "my-work", rest)


# ---- working copies ----


def copy_lessons(releases, work, fresh=None):
    """Copy each lesson that is not yet in `work`; return a sentence if that cannot be done."""
    lessons = sorted(path for path in releases.glob("*") if (path / f"{path.name}.ipynb").is_file())
    if not lessons:
        return f"There are no lessons in {releases}: run `course build` first."
    names = [path.name for path in lessons]
    fresh = fresh and full_name(fresh, names)
    if fresh and fresh not in names:
        return f"There is no single lesson {fresh!r}; choose one of {', '.join(names)}."
    work.mkdir(exist_ok=True)
    notes = read_notes(work)
    for lesson in lessons:
        bring(lesson, work, notes)
    if fresh:
        copy = next_folder(work, fresh)
        add_missing_files(releases / fresh, copy)
        notes[fresh] = note(releases / fresh)
        print(f"A fresh copy of {fresh} is in my-work/{copy.name}.")
    write_notes(work, notes)
    return None


def bring(lesson, work, notes):
    """Copy the files of one lesson that are not there, and say what is new."""
    name, target = lesson.name, work / lesson.name
    if not (target / f"{name}.ipynb").exists():
        print(f"New in my-work: {name}")
        notes[name] = note(lesson)
    add_missing_files(lesson, target)
    known = notes.setdefault(name, note(lesson))
    if note(lesson) not in (known, notes.get(f"{name} told")):
        notes[f"{name} told"] = note(lesson)
        print(
            f"Lesson {name} has changed since your copy was made. Your copy stays as it is; "
            f"`course lab --fresh {name}` adds the new one beside it."
        )


def note(lesson):
    """Return the hash of a lesson's release."""
    digest = hashlib.sha256()
    for file in files_of(lesson):
        digest.update(file.relative_to(lesson).as_posix().encode() + b"\0")
        digest.update(file.read_bytes())
    return digest.hexdigest()


def files_of(lesson):
    """Return the files of a released lesson in order, without what a session leaves behind."""
    skip = {".ipynb_checkpoints", "__pycache__", ".DS_Store"}
    return sorted(
        path
        for path in lesson.rglob("*")
        if path.is_file() and skip.isdisjoint(path.relative_to(lesson).parts)
    )


def add_missing_files(lesson, target):
    """Copy the files of a lesson that `target` does not have."""
    for file in files_of(lesson):
        place = target / file.relative_to(lesson)
        if not os.path.lexists(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            copy_new(file, place)


def copy_new(file, place):
    """Copy a file in one step to a place where there is none; leave one that is there."""
    handle, part = tempfile.mkstemp(prefix=".", suffix=".part", dir=place.parent)
    os.close(handle)
    try:
        shutil.copyfile(file, part)
        os.chmod(part, 0o666 & ~current_umask())
        if os.name == "nt":
            os.rename(part, place)  # fails where there is a file
        else:
            os.link(part, place)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not os.path.lexists(place):
            os.rename(part, place)
    finally:
        Path(part).unlink(missing_ok=True)


def current_umask():
    """Return the permission bits that new files do not get."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def next_folder(work, name):
    """Return the first numbered folder of a lesson that is not there: 01_x-2, 01_x-3, ..."""
    number = 2
    while os.path.lexists(work / f"{name}-{number}"):
        number += 1
    return work / f"{name}-{number}"


def read_notes(work):
    """Return which release each copy was made from."""
    try:
        notes = json.loads((work / NOTES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def write_notes(work, notes):
    """Keep which release each copy was made from."""
    (work / NOTES).write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")


# ---- JupyterLab ----


def start(folder, words):
    """Run JupyterLab on a folder; on POSIX it takes the place of this process."""
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    command = [sys.executable, "-m", "jupyterlab", *defaults(folder, words), *words]
    sys.stdout.flush()
    os.chdir(folder)
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.call(command)


def defaults(folder, words):
    """Return the options of JupyterLab that the words do not set themselves."""
    given = {word.split("=")[0].removeprefix("--").split(".")[-1] for word in words}
    options = {
        "root_dir": f"--ServerApp.root_dir={folder}",
        "ip": "--ServerApp.ip=127.0.0.1",
        "log_level": "--ServerApp.log_level=WARN",
        "extension_manager": "--LabApp.extension_manager=readonly",  # asks no package index
    }
    if requested_port(words):
        options["port_retries"] = "--ServerApp.port_retries=0"
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container, say
        options["allow-root"] = "--allow-root"
    return [option for name, option in options.items() if name not in given]


def requested_port(words):
    """Return the port that the words ask for, or None.

    >>> requested_port(["--no-browser", "--port", "9000"])
    9000
    >>> requested_port(["--ServerApp.port=9001"])
    9001
    """
    found = re.findall(r"(?:^|\n)--(?:ServerApp\.)?port[=\n](\d+)(?=\n|$)", "\n".join(words))
    return int(found[-1]) if found else None


def port_problem(words):
    """Return a sentence if the port that was asked for is taken, else None."""
    port = requested_port(words)
    if not port:
        return None
    with socket.socket() as server:
        if os.name != "nt":
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OverflowError:
            return f"{port} is not a port: choose one between 1024 and 65535."
        except OSError:
            return f"Port {port} is taken: choose another, or leave --port out to get a free one."
    return None
