"""Faults of the machine while a class is graded: a full disk, a gradebook that is locked."""

import contextlib
import errno
import os
import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from autograder.grading import batch, ledger, machine, verdict
from autograder.grading.grade import main
from autograder.grading.seeds import seed_of
from tests.runs import hand_in, judged, marks
from tests.toy import here, write_course

STUDENTS = ("ada", "ben", "cyd")
ALL = dict.fromkeys(STUDENTS, 4.0)


@pytest.fixture(scope="module", autouse=True)
def _in_this_process():
    with here() as Here, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Pool", Here)
        patch.setattr(machine, "WAIT_SECONDS", 1.0)
        patch.setattr(machine, "RETRY_SECONDS", 0.1)
        patch.setattr(ledger, "LOCKED_SECONDS", 0.2)
        yield


@pytest.fixture
def course(tmp_path):
    for student in STUDENTS:
        hand_in(write_course(tmp_path) if student == "ada" else tmp_path, student)
    return tmp_path


def grade(course, *words):
    """Grade into a gradebook that is waited for a moment only, where SQLite waits 5 s."""
    if "--db" not in words:
        place = (course / "grading" / "gradebook.db").as_posix()
        words += ("--db", f"sqlite:///{place}?timeout=0.2")
    return main(["--no-sandbox", *words], root=course, questions="tests.toy")


def halves(course):
    return list((course / "grading").rglob("*.part"))


@contextlib.contextmanager
def small_disk(folder):
    """Mount a small file system in memory, or say why that is not possible."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    folder.mkdir(exist_ok=True)
    if not shutil.which("mount") or subprocess.call(mount, stderr=subprocess.DEVNULL):
        pytest.skip(
            "needs the right to mount: sudo .venv/bin/python -m pytest tests/test_machine.py"
        )
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("free", [0, 300, 480])
def test_a_full_disk_is_told_and_the_next_run_goes_on(course, capsys, free):
    inbox = (course / "grading" / "submitted").rename(course / "inbox")
    words = ["--submissions", str(inbox)]
    with small_disk(course / "grading"):
        ballast = course / "grading" / "ballast"
        ballast.write_bytes(bytes((1020 - free) * 1024))
        assert grade(course, *words) == 1
        error = capsys.readouterr().err
        assert f"the disk of {course / 'grading'} is full; make room" in error, error
        assert error.count("is full") == 1
        assert "Traceback" not in error
        assert not halves(course)
        first = judged(course)
        ballast.unlink()
        assert grade(course, *words) == 0
        assert first.items() <= judged(course).items()
        assert marks(course) == ALL
        assert len(list(course.glob("grading/feedback/*/*/*.html"))) == len(ALL)


def test_no_half_verdict_and_no_half_seed_is_left_where_there_is_no_room(tmp_path, monkeypatch):
    original = Path.write_text

    def write_text(self, text, **words):
        original(self, text[:3], **words)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_text", write_text)
    with pytest.raises(OSError, match="No space left"):
        verdict.write_atomically(tmp_path / "a.json", "{}")
    with pytest.raises(OSError, match="No space left"):
        seed_of(tmp_path, "90_toy")
    assert not list(tmp_path.iterdir())


def test_a_broken_file_of_seeds_is_told(course, capsys):
    (course / "grading" / "seeds.json").write_text("")
    assert grade(course) == 1
    assert "seeds.json holds no JSON; put back a copy" in capsys.readouterr().err


@contextlib.contextmanager
def locked(course):
    """Hold the gradebook as another program does."""
    path = course / "grading" / "gradebook.db"
    with contextlib.closing(sqlite3.connect(path, check_same_thread=False)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield database
        database.rollback()


@pytest.fixture
def opened(course, monkeypatch):
    """Lock the gradebook when the first verdict is there; the fixture is the list of locks."""
    stack, kept, original = contextlib.ExitStack(), [], batch.Batch._write

    def write(self, submission, notebook):
        if not kept:
            kept.append(stack.enter_context(locked(course)))
        original(self, submission, notebook)

    monkeypatch.setattr(batch.Batch, "_write", write)
    with stack:
        yield kept


def test_a_locked_gradebook_is_waited_for(course, opened, monkeypatch, capsys):
    monkeypatch.setattr(machine, "WAIT_SECONDS", 60.0)
    say = machine.Patience._begin

    def begin(self, reason):
        threading.Timer(0.5, opened[0].rollback).start()
        return say(self, reason)

    monkeypatch.setattr(machine.Patience, "_begin", begin)
    assert grade(course) == 0
    error = capsys.readouterr().err
    assert "Waiting up to 60 s: the gradebook sqlite:///" in error
    assert "is locked by another program (formgrader" in error
    assert marks(course) == ALL


def test_marks_that_a_locked_gradebook_does_not_take_are_written_by_the_next_run(
    course, opened, capsys
):
    assert grade(course) == 1
    error = capsys.readouterr().err
    assert error.count("Waiting up to") == 2
    assert "3 judged submissions wait to be written there" in error
    assert "the same command goes on from here" in error
    first = judged(course)
    assert set(first) == set(STUDENTS)
    opened[0].rollback()
    assert grade(course) == 0
    assert judged(course) == first
    assert marks(course) == ALL


def test_a_gradebook_that_cannot_be_reached_is_told_before_anything_is_judged(course, capsys):
    assert grade(course, "--db", "sqlite:////nowhere/at/all.db") == 1
    error = capsys.readouterr().err
    assert "the gradebook sqlite:////nowhere/at/all.db does not answer (unable to open" in error
    assert not judged(course)
