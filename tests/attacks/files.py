"""Attacks by what is handed in: files that are no notebooks, odd folders, names of students."""

import json
import os
import socket

from tests.attacks import DOUBLE, HONEST, MARK, Attack
from tests.toy import LESSON, RIGHT

ALL = HONEST + DOUBLE


def content(name, tells, change, points=0.0, note="no readable notebook"):
    """Return an attack by the bytes of the file."""
    return Attack(name, "file", tells, RIGHT["double"], points, note, change)


def placed(name, tells, write, points=0.0, note=""):
    """Return an attack by what lies in the place of the file, or beside it."""
    return Attack(name, "file", tells, RIGHT["double"], points, note, write=write)


def student(name, tells):
    """Return an honest submission in a folder with this name."""
    return Attack(name, "folder", tells, RIGHT["double"], ALL)


def text_of(made):
    """Return a notebook as JSON."""
    return json.dumps(made)


def notebook_path(folder):
    """Return where the notebook of a submission lies, and make the folder."""
    folder.mkdir(parents=True)
    return folder / f"{LESSON}.ipynb"


def beside(**files):
    """Return a writer that puts files beside the notebook; "__" stands for "."."""

    def write(folder, data):
        notebook_path(folder).write_bytes(data)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)

    return write


def link_to_a_stranger(folder, data):
    """Link to another student's file."""
    notebook_path(folder).symlink_to(folder.parents[1] / "000-honest" / LESSON / f"{LESSON}.ipynb")


def link_to_the_seeds(folder, data):
    """Link to the secret seeds, the hard way: a second name for the same file."""
    path = notebook_path(folder)
    secret = folder.parents[2] / "seeds.json"
    secret.write_text("{}")
    os.link(secret, path)


def folder_link(folder, data):
    """Link the lesson's folder to another student's."""
    folder.parent.mkdir()
    folder.symlink_to(folder.parents[1] / "000-honest" / LESSON)


def student_link(folder, data):
    """Link the student's folder to another student's."""
    folder.parent.symlink_to(folder.parents[1] / "000-honest")


def folder_for_a_file(folder, data):
    """Make a folder that is named like the notebook, with a file in it."""
    path = notebook_path(folder)
    path.mkdir()
    (path / f"{LESSON}.ipynb").write_bytes(data)


def fifo(folder, data):
    """Make a pipe, which a reader waits at for ever."""
    os.mkfifo(notebook_path(folder))


def device(folder, data):
    """Link to a device that never ends; a socket where devices need rights."""
    path = notebook_path(folder)
    try:
        os.mknod(path, 0o20666, os.makedev(1, 5))
    except PermissionError:
        socket.socket(socket.AF_UNIX).bind(os.path.relpath(path))


def sparse(folder, data):
    """Make a file of 100 GB that takes no space."""
    with notebook_path(folder).open("wb") as file:
        file.truncate(100 * 10**9)


def another_name(folder, data):
    """Hand in under another name."""
    (notebook_path(folder).parent / "my solution (final) 2.ipynb").write_bytes(data)


def nothing(folder, data):
    """Hand in an empty folder."""
    folder.mkdir(parents=True)


def unreadable_neighbors(folder, data):
    """Put links, pipes and deep folders beside the notebook."""
    notebook_path(folder).write_bytes(data)
    (folder / "up").symlink_to("../../..")
    (folder / "etc").symlink_to("/etc")
    (folder / "timestamp.txt").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    deep = folder
    for _ in range(20):
        deep = deep / "deep"
    deep.mkdir(parents=True)


CONTENTS = [
    content("empty", "no byte at all", lambda made: b""),
    content("binary", "random bytes", lambda made: bytes(range(256)) * 100),
    content("cut-off", "half a notebook", lambda made: text_of(made)[:700].encode()),
    content(
        "too-large", "21 MB", lambda made: text_of(made).encode() + b" " * 21_000_000, note="larger"
    ),
    content("deep-json", "100,000 levels", lambda made: b"[" * 10**5 + b"]" * 10**5),
    content("number-of-100000-digits", "a number", lambda made: b'{"nbformat": ' + b"9" * 10**5),
    content("no-notebook", "JSON, no notebook", lambda made: b'"double"', note="no Jupyter"),
    content(
        "duplicate-keys",
        "the key cells twice: the last one counts, as in any reader",
        lambda made: (text_of(made)[:-1] + ', "cells": []}').encode(),
        note="was missing",
    ),
    content(
        "nan-in-json",
        "NaN and Infinity as numbers",
        lambda made: text_of(made | {"x": float("nan"), "y": [float("inf")]}).encode(),
        ALL,
        "",
    ),
    content("utf-16", "another encoding", lambda made: text_of(made).encode("utf-16")),
    content("byte-order-mark", "a BOM", lambda made: text_of(made).encode("utf-8-sig"), ALL, ""),
    content(
        "invalid-utf-8",
        "bytes that are no text",
        lambda made: text_of(made).encode().replace(b"A toy", b"A \xff\xfe\xed\xa0\x80"),
    ),
    content(
        "another-format",
        "format 4 of a far future",
        lambda made: text_of(made | {"nbformat_minor": 10**9}).encode(),
        ALL,
        "",
    ),
    content(
        "format-text",
        "a format that is no number",
        lambda made: text_of(made | {"nbformat": "4"}).encode(),
        note="no Jupyter",
    ),
    content(
        "format-3",
        "says it is format 3, and is not",
        lambda made: text_of(made | {"nbformat": 3}).encode(),
        note="no Jupyter",
    ),
]
PLACED = [
    placed("link", "a link to a stranger's file", link_to_a_stranger, note="is a link"),
    placed("hard-link", "a second name of the secret seeds", link_to_the_seeds),
    placed("lesson-link", "a link for the lesson's folder", folder_link, note="is a link"),
    placed("student-link", "a link for the student's folder", student_link, note="is a link"),
    placed(
        "folder-for-file", "a folder named like the notebook", folder_for_a_file, note="not a file"
    ),
    placed("pipe", "a named pipe", fifo, note="not a file"),
    placed("device", "a device without end", device, note="not a file"),
    placed("sparse", "100 GB that take no space", sparse, note="larger"),
    placed("another-name", "a notebook of another name", another_name, note="There is no file"),
    placed("nothing", "an empty folder", nothing, note="There is no file"),
    placed("neighbors", "links, pipes and folders beside it", unreadable_neighbors, ALL),
    placed(
        "modules-beside",
        "modules and settings for whoever runs in this folder",
        beside(
            numpy__py=f"open('/tmp/{MARK}_numpy', 'w')\n",
            sitecustomize__py=f"open('/tmp/{MARK}_site', 'w')\n",
            conftest__py=f"open('/tmp/{MARK}_conftest', 'w')\n",
            utils__py="raise SystemExit\n",
            nbgrader_config__py="c = get_config()\nc.CourseDirectory.db_url = 'sqlite:///x.db'\n",
            matplotlibrc="backend: WebAgg\n",
            course="#!/bin/sh\nexit 1\n",
        ),
        ALL,
    ),
    placed(
        "time-travel", "a time in the far future", beside(timestamp__txt="9999-12-31 23:59"), ALL
    ),
    placed("time-of-nonsense", "no time at all", beside(timestamp__txt="\x00🕰" * 10**5), ALL),
    placed(
        "verdict-beside",
        "a verdict, a seed and a gradebook of its own",
        beside(
            seeds__json='{"90_toy": "0"}',
            verdict__json='{"points": 1000}',
            gradebook__db="SQLite format 3",
            pages__json="{}",
        ),
        ALL,
    ),
]
NAMES = [
    student("-rf", "a name that looks like an option"),
    student("two  words ", "spaces inside and at the end"),
    student("ünïcødé-学生-\U0001f393", "letters of all alphabets"),
    student("=cmd|' -C calc'!A0", "a formula of a spreadsheet"),
    student("'; drop table student; --", "SQL"),
    student("%s{0}$HOME *?", "templates of many languages"),
    student("CON", "a device of Windows"),
    student("Ada", "a name that differs from another one by a capital"),
    student("ada", "a name that differs from another one by a capital"),
]
# Names that no gradebook, file system or page takes as they are: refused, and the class goes on.
REFUSED = [
    student("n" * 200, "as long as a file system takes"),
    student("two\nlines\t\x1b[31m", "a new line and an escape sequence"),
    student(f"<script>{MARK}()<", "HTML"),
    student("{{ 7 * 7 }}`id`", "code in a template and in a shell"),
    student("not-utf-8-\udcff", "bytes that are no text"),
]
ATTACKS = CONTENTS + PLACED + NAMES
