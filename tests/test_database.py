"""The gradebook in a real PostgreSQL server, which is also stopped in the middle of a run."""

import csv
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from autograder.grading import batch, machine
from autograder.grading.grade import main
from autograder.grading.gradebook import Book
from tests.runs import ROOT, hand_in, judged
from tests.toy import LESSON, here, write_course

STUDENTS = ("ada", "ben", "cyd")
ALL = dict.fromkeys(STUDENTS, 4.0)
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PROGRAMS and not shutil.which("initdb"),
        reason="needs a PostgreSQL server: sudo apt install postgresql",
    ),
]


class Server:
    """A PostgreSQL server in a temporary folder, run by an ordinary user."""

    def __init__(self, folder):
        self.folder = folder
        self.words = {}
        if os.geteuid() == 0:  # which PostgreSQL refuses
            self.words = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid}
            shutil.chown(folder, "nobody")
        self.call("initdb", "--auth=trust", "--username=teacher", "--no-sync", "--encoding=UTF8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://teacher@127.0.0.1:{self.port}"

    def call(self, program, *words):
        """Run one of PostgreSQL's programs on the folder."""
        place = str(PROGRAMS[0] / program) if PROGRAMS else program
        command = [place, "-D", str(self.folder / "data"), *words]
        log = self.folder / "log"
        with log.open("a") as out:
            done = subprocess.call(command, cwd="/", stdout=out, stderr=out, **self.words)
        assert done == 0, log.read_text()

    def start(self):
        """Start it and wait until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k '' -F"
        self.call("pg_ctl", "start", "-w", "-o", options, "-l", str(self.folder / "server.log"))

    def stop(self):
        """Stop it at once, as a crash does."""
        self.call("pg_ctl", "stop", "-w", "-m", "immediate")

    def execute(self, sentence):
        """Run a command in the database of the server itself."""
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(sentence)


@pytest.fixture(scope="module")
def server():
    folder = Path(tempfile.mkdtemp(prefix="course-postgresql-"))
    made = Server(folder)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def url(server, request):
    """The URL of an empty database."""
    name = f"class_{abs(hash(request.node.name))}"
    server.execute(f"CREATE DATABASE {name}")
    return f"{server.url}/{name}"


@pytest.fixture(scope="module", autouse=True)
def _in_this_process():
    with here() as Here, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Pool", Here)
        patch.setattr(machine, "WAIT_SECONDS", 1.0)
        patch.setattr(machine, "RETRY_SECONDS", 0.1)
        yield


@pytest.fixture
def course(tmp_path):
    write_course(tmp_path)
    for student in STUDENTS:
        hand_in(tmp_path, student)
    return tmp_path


def grade(course, url):
    words = ["--no-sandbox", "--db", url]
    return main(words, root=course, questions="tests.toy")


def marks(course, url):
    return {s: mark[0] for (s, _), mark in Book(course / "grading", url).marks([LESSON]).items()}


def test_a_class_is_graded_again_and_exported(course, url):
    assert grade(course, url) == 0
    first = judged(course)
    assert marks(course, url) == ALL
    assert not (course / "grading" / "gradebook.db").exists()
    assert grade(course, url) == 0
    assert judged(course) == first
    shutil.copy(ROOT / "nbgrader_config.py", course)
    command = [sys.executable, "-m", "nbgrader", "export", "--db", url]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with (course / "grading" / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows == ALL


@pytest.fixture
def second_write(monkeypatch):
    """A list of what to do before the second submission is written."""
    steps, written, original = [], [], batch.Batch._write

    def write(self, submission, notebook):
        written.append(submission)
        while len(written) > 1 and steps:
            steps.pop()()
        original(self, submission, notebook)

    monkeypatch.setattr(batch.Batch, "_write", write)
    return steps


def test_a_connection_that_is_cut_is_made_anew(course, url, server, second_write, capsys):
    sentence = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'class_%'"
    second_write.append(lambda: server.execute(sentence))
    assert grade(course, url) == 0, capsys.readouterr().err
    assert marks(course, url) == ALL


def test_a_server_that_stops_is_told_and_the_next_run_goes_on(
    course, url, server, second_write, capsys
):
    second_write.append(server.stop)
    assert grade(course, url) == 1
    error = capsys.readouterr().err
    assert f"Waiting up to 1 s: the gradebook {url} does not answer (" in error
    assert "2 judged submissions wait to be written there. What is done is kept" in error
    assert "Traceback" not in error
    first = judged(course)
    assert set(first) == set(STUDENTS)
    server.start()
    assert grade(course, url) == 0
    assert judged(course) == first
    assert marks(course, url) == ALL


def test_a_driver_that_is_missing_is_told(course, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert grade(course, "postgresql://127.0.0.1:9/none") == 1
    assert "pip install -c constraints.txt -e '.[postgresql]'" in capsys.readouterr().err


def test_a_url_that_is_none_is_told(course, capsys):
    assert grade(course, "gradebook.db") == 1
    assert "--db gradebook.db: should be a URL, as sqlite:///" in capsys.readouterr().err
