"""A class full of attackers: each earns what its honest part earns, and nobody else notices.

The attacks are tables in `tests/attacks/`. The class is graded once by `./course grade`, with
worker processes and the real sandbox, and so are the honest students alone, to compare with.
"""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import sys
from html.parser import HTMLParser

import pytest

from autograder.sandbox.workshop import SOURCE
from tests.attacks import (
    DOUBLE,
    HONEST,
    MARK,
    Attack,
    capstone,
    files,
    forgery,
    lessons,
    machine,
    notebooks,
)
from tests.attacks.arena import SEED, Arena, Listener, leftovers, words_of
from tests.toy import LESSON, RIGHT, answered, file_of, write_course

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux",
        reason="the sandbox is of Linux; in a container with it, ./course test runs this",
    ),
]
ATTACKS = [
    *forgery.ATTACKS,
    *machine.ATTACKS,
    *notebooks.ATTACKS,
    *files.ATTACKS,
    *lessons.ATTACKS,
    *capstone.ATTACKS,
]
# An honest answer that is right only where nobody was before.
WATCHFUL = """
import builtins, gc, os, random, sys, threading, warnings
clean = {
    "attributes": not hasattr(builtins, "attacked") and not hasattr(np, "attacked"),
    "environment": "ATTACKED" not in os.environ and "/tmp" not in sys.path,
    "builtins": (abs(-2), isinstance(1, str), max(1, 2)) == (2, False, 2),
    "numpy": not np.allclose(1, 2) and np.abs(-1.0) == 1 and np.ones(1)[0] == 1,
    "settings": (np.geterr()["over"], np.get_printoptions()["precision"]) == ("warn", 8),
    "collector": gc.isenabled() and not gc.callbacks,
    "folder": not [name for name in os.listdir(".") if not name.startswith(".")],
    "umask": os.umask(0o22) != 0o777,
    "modules": not {"autograder", "tests.toy"} & set(sys.modules),
    "hooks": not get_ipython().input_transformers_post and not get_ipython().ast_transformers,
    "threads": len(threading.enumerate()) < 8,
    "warnings": not any(f[0] == "error" and f[2] is Warning for f in warnings.filters),
}
def double(x):
    if not all(clean.values()):
        raise RuntimeError([name for name, good in clean.items() if not good])
    return 2 * x
"""
PLAIN = answered(**RIGHT, why="Because.")
ANSWERS = {
    "plain": PLAIN,
    "watchful": answered(**RIGHT | {"double": WATCHFUL}),
    "partly": answered(half=RIGHT["half"]),
}
FULL = {"plain": 4.0, "watchful": 4.0, "partly": 1.0}


def name_of(number, attack):
    """Return the folder of an attacker: in the order of the table, with a few names as they are."""
    return attack.name if attack.kind == "folder" else f"{number:03}-{attack.name}"


STUDENTS = {name_of(number, attack): attack for number, attack in enumerate(ATTACKS, 1)}


def honest_students():
    """Return honest students who sit between the attackers."""
    seats = range(0, len(ATTACKS) + 1, 9)
    turns = list(ANSWERS)
    return {"000-honest": "plain"} | {
        f"{seat:03}~{turns[i % 3]}": turns[i % 3] for i, seat in enumerate(seats)
    }


def fill(arena, port, attackers):
    """Write the course and hand in the class."""
    write_course(arena.root)
    for lesson in (lessons.UPDATES, lessons.DROPOUT, capstone.CAPSTONE):
        shutil.copytree(SOURCE / "notebooks" / lesson, arena.root / "notebooks" / lesson)
    for student, kind in honest_students().items():
        arena.hand_in(student, file_of(ANSWERS[kind]))
    for student, attack in attackers.items():
        data = attack.data(arena.places(port))
        if attack.kind == "lesson":
            arena.hand_in(student, data, attack.lesson)
        elif attack.write is None:
            arena.hand_in(student, data)
        else:
            attack.write(arena.folder(student), data)


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    """The class with the attackers, graded."""
    made = Arena(tmp_path_factory.mktemp("arena"))
    with Listener() as server:
        fill(made, server.port, STUDENTS)
        made.grade("--workers", "3")  # some of them sleep
    made.heard = server.heard
    return made


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The honest students alone, graded."""
    made = Arena(tmp_path_factory.mktemp("alone"))
    fill(made, 0, {})
    made.grade("--workers", "1")
    return made


def lesson_of(attack):
    return attack.lesson if attack.kind == "lesson" else LESSON


@pytest.mark.parametrize("student", STUDENTS)
def test_an_attacker_earns_what_the_honest_part_earns(arena, student):
    attack = STUDENTS[student]
    assert arena.points(student) == attack.points, words_of(
        arena.verdict(student, lesson_of(attack))
    )


@pytest.mark.parametrize("student", [name for name, a in STUDENTS.items() if a.note])
def test_the_verdict_says_what_was_found(arena, student):
    attack = STUDENTS[student]
    assert re.search(attack.note, words_of(arena.verdict(student, lesson_of(attack))))


def test_the_class_is_finished_without_a_fault(arena):
    assert (arena.report["code"], "not graded" in arena.report["err"]) == (0, False)
    faults = list((arena.root / "grading" / "verdicts").glob("**/*.error.txt"))
    assert not [path.read_text() for path in faults]
    assert set(arena.rows) == {*STUDENTS, *honest_students()}


def test_no_other_row_of_the_gradebook_changed(arena, alone):
    assert alone.report["code"] == 0
    assert {s: alone.points(s) for s in alone.rows} == {
        student: FULL[kind] for student, kind in honest_students().items()
    }
    assert {s: arena.rows[s] for s in alone.rows} == alone.rows


def test_honest_students_get_the_verdict_that_they_get_alone(arena, alone):
    for student in honest_students():
        one, other = arena.verdict(student), alone.verdict(student)
        for times in ("seconds", "cpu"):
            for part in (one, other, *one["checks"], *other["checks"]):
                part.pop(times, None)
        assert one == other


def test_no_process_survives(arena, alone):
    assert (arena.report["survivors"], alone.report["survivors"]) == ([], [])


def test_no_file_is_left(arena):
    assert [str(path) for path in leftovers()] == []
    assert [path.name for path in (arena.root / "tmp").iterdir()] == []
    names = [str(p) for p in (arena.root / "grading").rglob(f"*{MARK}*")]
    assert [name for name in names if f"{MARK}()<" not in name] == []


def test_nothing_is_locked_or_half_written(arena):
    grading = arena.root / "grading"
    with contextlib.closing(sqlite3.connect(grading / "gradebook.db", timeout=0)) as book:
        book.execute("begin exclusive")
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)
    assert list(grading.glob("gradebook.db-*")) == []
    assert list(grading.rglob("*.part")) == []


def test_nobody_was_called(arena):
    assert arena.heard == []


def test_the_seed_stays_secret(arena):
    told = arena.report["out"] + arena.report["err"]
    assert SEED not in told
    for path in (arena.root / "grading").rglob("*"):
        if path.is_file() and path.parts[-4:-3] in (("feedback",), ("autograded",)):
            assert SEED not in path.read_text(encoding="utf-8", errors="replace"), path


def test_a_name_that_cannot_be_kept_is_refused_and_the_class_goes_on(tmp_path):
    course = Arena(write_course(tmp_path))
    for attack in [*files.REFUSED, Attack("zoe", "folder", "honest", RIGHT["double"])]:
        course.hand_in(attack.name, attack.data(""))
    course.grade("--workers", "1")
    assert (course.report["code"], course.report["survivors"]) == (1, [])
    assert {name: course.points(name) for name in course.rows} == {"zoe": HONEST + DOUBLE}
    for attack in files.REFUSED:
        assert repr(attack.name)[1:-1][:20] in course.report["err"]
    assert not re.search(r"[\x00-\x08\x0e-\x1f\ud800-\udfff]", course.report["err"])


class _Live(HTMLParser):
    """Collects what a browser would run of an attacker's words."""

    def __init__(self):
        super().__init__()
        self.found, self._script = [], False

    def handle_starttag(self, tag, attrs):
        self._script = tag in ("script", "style")
        self.found += [
            (tag, name, value)
            for name, value in attrs
            if MARK in (value or "")
            and (name.startswith("on") or name in ("href", "src", "srcdoc", "action"))
        ]
        if MARK in tag:
            self.found.append((tag, "", ""))

    def handle_endtag(self, tag):
        self._script = False

    def handle_data(self, data):
        if self._script and MARK in data:
            self.found.append(("script", "", data[:80]))


def live(page):
    """Return what of a page would run, or load something, for an attacker."""
    parser = _Live()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("student", [n for n, a in STUDENTS.items() if a.kind != "lesson"])
def test_no_word_of_an_attacker_runs_in_the_feedback(arena, student):
    found = live(arena.page(student))
    name = re.sub(r"\s+", " ", student)
    assert [entry for entry in found if name not in entry[2]] == []


def test_a_page_with_a_script_would_be_noticed():
    for source in (notebooks.SCRIPT, f"<a href='javascript:{MARK}()'>", f"<style>{MARK}</style>"):
        assert live(f"<html>{source}</html>")
    assert not live(f"<p>&lt;script&gt;{MARK}()&lt;/script&gt;</p>")


def test_graded_notebooks_hold_plain_text_and_no_output_of_an_attacker(arena):
    for path in (arena.root / "grading" / "autograded").rglob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        assert {output["output_type"] for output in outputs} <= {"stream", "execute_result"}, path
        assert {kind for o in outputs for kind in o.get("data", ())} <= {"text/plain"}, path
        assert not [cell for cell in cells if "attachments" in cell], path


def test_the_course_itself_is_untouched(arena):
    assert not os.path.exists(SOURCE / "x.db")
    assert not list((SOURCE / "tests").rglob(f"*{MARK}*"))
