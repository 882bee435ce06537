"""Grading on a Dask cluster: a real scheduler and two real workers on this machine."""

import os
import re
import subprocess
import sys
import time

import psutil
import pytest

from autograder.grading import cluster
from autograder.grading.cluster import Cluster
from autograder.grading.tasks import Setting
from autograder.sandbox.limits import GradingError
from tests.chores import Task
from tests.runs import ROOT, WORDS, Watched, hand_in, judged, marks
from tests.toy import write_course

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
    # Dask closes its sockets when it is collected.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Dask:
    """A scheduler and workers, each a process started by Dask's own command."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self.read("scheduler", r"Scheduler at: +(tcp://\S+)")

    def start(self, kind, *words):
        """Start one of Dask's processes."""
        words = ["-m", "dask", kind, *words, "--no-dashboard"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.folder)}
        with self.log(kind).open("a") as log:
            process = subprocess.Popen(
                [sys.executable, *words], cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def worker(self, *words):
        """Start a worker."""
        return self.start("worker", self.address, "--nthreads", "1", *words)

    def log(self, kind):
        """Return the file that a kind of process writes to."""
        return self.folder / f"{kind}.log"

    def read(self, kind, pattern, count=1):
        """Wait until a pattern was found in a log so often, and return the last finding."""
        end = time.monotonic() + 300
        while len(found := re.findall(pattern, self.log(kind).read_text())) < count:
            assert time.monotonic() < end, self.log(kind).read_text()
            time.sleep(0.05)
        return found[-1]

    def stop(self):
        """End them all."""
        for process in self.processes:
            for child in [*family(process), process]:
                child.kill()
            process.wait()


def family(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


@pytest.fixture
def dask(tmp_path):
    folder = tmp_path / "dask"
    folder.mkdir()
    made = Dask(folder)
    yield made
    made.stop()


def test_a_worker_and_then_the_scheduler_are_killed_and_no_verdict_is_lost(dask, tmp_path):
    course = write_course(tmp_path / "course")
    students = [f"s{i}" for i in range(8)]
    for student in students:
        hand_in(course, student, WORDS["slow"], f"# {student}")
    dask.worker()
    killed = dask.worker("--no-nanny")
    dask.read("worker", r"Registered to", 2)

    run = Watched(course, "--cluster", dask.address)
    run.until(lambda: len(judged(course)) >= 2)
    killed.kill()
    before = len(judged(course))
    run.until(lambda: len(judged(course)) > before + 1)
    dask.scheduler.kill()
    code, said = run.end()
    first = judged(course)
    assert (code, f"the scheduler at {dask.address} is gone" in said) == (1, True), said
    assert "the same command goes on from here" in said
    assert "Sandbox: " in said
    assert "Traceback" not in said
    assert len(first) < len(students)

    run = Watched(course)
    code, said = run.end()
    assert code == 0, said
    assert first.items() < judged(course).items()
    assert marks(course) == dict.fromkeys(students, 4.0)


def test_a_worker_that_hangs_or_is_of_another_version_is_dealt_with(dask, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "AHEAD", 1)
    monkeypatch.setattr(cluster, "RESTART_SECONDS", 1.0)
    dask.worker()
    setting = Setting(str(tmp_path), trusted=True)
    with Cluster(setting, dask.address) as workers:
        given = [Task("echo"), Task("hang", 1.0), Task("raise")]
        done = dict(workers.run(iter(given)))
    assert done[given[0]].value == "echo"
    assert "ended 2 times at this task: it was at it for 1 s or more" in done[given[1]].fault
    assert "inside the task" in done[given[2]].fault
    ours = cluster.versions() | {"grader": "another"}
    monkeypatch.setattr(cluster, "versions", lambda: ours)
    with pytest.raises(GradingError, match=r"workers differ .*tcp://\S+ has grader \w+"):
        Cluster(setting, dask.address).__enter__()


def test_no_scheduler_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(
        GradingError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9; start"
    ):
        Cluster(Setting(str(tmp_path)), "tcp://127.0.0.1:9").__enter__()
    with pytest.raises(GradingError, match=r"no Dask scheduler answers at nowhere; start"):
        Cluster(Setting(str(tmp_path)), "nowhere").__enter__()


def test_nothing_follows_the_sentence_on_a_missing_scheduler(tmp_path):
    course = write_course(tmp_path)
    hand_in(course, "ada")
    code, said = Watched(course, "--cluster", "nowhere").end()
    assert (code, "no Dask scheduler answers at nowhere" in said) == (1, True), said
    assert not re.search("Traceback|Exception", said)


def test_a_missing_package_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(GradingError, match="needs the package distributed"):
        Cluster(Setting(str(tmp_path)), "tcp://127.0.0.1:9").__enter__()
