"""The class that attackers and honest students share, graded as a teacher grades it."""

import contextlib
import itertools
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograder.sandbox.workshop import SOURCE
from tests.attacks import MARK
from tests.toy import LESSON

SEED = "5eed0f" + "9d" * 13
SECONDS = 300
WARDEN = Path(__file__).with_name("warden.py")
# Where a submission could leave something for the next one.
OUTSIDE = [Path(place) for place in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/run/lock")]
GRADE = """
import sys
from autograder.grading.grade import main
sys.exit(main(sys.argv[2:], root=sys.argv[1], questions="tests.attacks.course"))
"""
ROWS = """
select student_id, assignment.name, base_cell.name, auto_score, manual_score, extra_credit,
       needs_manual_grade, late_submission_penalty, flagged
from {table} join submitted_notebook on {table}.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join assignment on submitted_assignment.assignment_id = assignment.id
join base_cell on cell_id = base_cell.id
"""
SCORES = ROWS.format(table="grade")
COMMENTS = (
    ROWS.format(table="comment")
    .replace("auto_score, manual_score", "auto_comment, manual_comment")
    .replace("extra_credit,\n       needs_manual_grade, ", "")
)


@dataclass
class Arena:
    """A course in a folder, its class, and what grading it brought."""

    root: Path
    students: list = field(default_factory=list)
    report: dict = field(default_factory=dict)

    def folder(self, student, lesson=LESSON):
        """Return the folder of a submission."""
        return self.root / "grading" / "submitted" / student / lesson

    def hand_in(self, student, data, lesson=LESSON):
        """Write the file of a submission."""
        path = self.folder(student, lesson) / f"{lesson}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def places(self, port):
        """Return the line of code that tells an attacker where everything is."""
        grading = self.root / "grading"
        return (
            f"ROOT, GRADING, REPO = {str(self.root)!r}, {str(grading)!r}, {str(SOURCE)!r}\n"
            f"PORT, MARK, SEED_BEGINS = {port}, {MARK!r}, {SEED[:6]!r}\n"
        )

    def grade(self, *words):
        """Grade the class with the real command."""
        command = [sys.executable, "-c", GRADE, str(self.root), "--seed", SEED]
        (self.root / "tmp").mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, str(WARDEN), str(SECONDS), *command, *words],
            capture_output=True,
            text=True,
            check=True,
            cwd=self.root,
            env=os.environ | {"TMPDIR": str(self.root / "tmp")},
        )
        self.report = json.loads(done.stdout)

    @cached_property
    def rows(self):
        """The rows of the gradebook, as {student: rows}."""
        path = self.root / "grading" / "gradebook.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as book:
            rows = sorted([*book.execute(SCORES), *book.execute(COMMENTS)], key=repr)
        return {name: list(group) for name, group in itertools.groupby(rows, key=lambda r: r[0])}

    def points(self, student):
        """Return the marks of a student by the gradebook, all lessons together."""
        scores = (row[3:6] for row in self.rows.get(student, ()) if len(row) == 9)
        return sum(auto or 0.0 for auto, *_ in scores)

    def verdict(self, student, lesson=LESSON):
        """Return the verdict on a submission, None where there is none."""
        path = self.root / "grading" / "verdicts" / student / f"{lesson}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def page(self, student, lesson=LESSON):
        """Return the feedback page of a submission."""
        path = self.root / "grading" / "feedback" / student / lesson / f"{lesson}.html"
        return path.read_text(encoding="utf-8")


def words_of(verdict):
    """Return all that a verdict says in words about a submission."""
    notes = [note["sentence"] for note in verdict["notes"]]
    checks = [" ".join(check["message"].split()) for check in verdict["checks"]]
    return "\n".join([verdict["refused"], *notes, *map(str, verdict["limits"]), *checks])


def leftovers():
    """Return the files of attackers outside of the class's own folder."""
    site = Path(json.__file__).parent / "site-packages"
    folders = [*OUTSIDE, Path.home(), SOURCE, SOURCE / "utils", Path(sys.prefix), site]
    folders += [Path(entry) for entry in sys.path if "site-packages" in entry]
    return [p for f in dict.fromkeys(folders) if f.is_dir() for p in f.glob(f"*{MARK}*")]


class Listener:
    """A server on this machine that an attacker would like to reach."""

    def __init__(self):
        self.heard = []
        tcp = self._tcp()
        self.port = tcp.getsockname()[1]
        self._sockets = [tcp, self._abstract(self.port)]
        self._threads = [threading.Thread(target=self._serve, args=(s,)) for s in self._sockets]

    @staticmethod
    def _tcp():
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        return server

    @staticmethod
    def _abstract(port):
        server = socket.socket(socket.AF_UNIX)
        server.bind(f"\0{MARK}{port}")
        return server

    def _serve(self, server):
        server.listen()
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                self.heard.append(server.family.name)
                connection.close()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for server, thread in zip(self._sockets, self._threads, strict=True):
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join()
