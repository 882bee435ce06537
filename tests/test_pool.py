"""Worker processes on this machine: they die, hang, are killed, and the class goes on."""

import os
import signal
import sys

import pytest

from autograder.grading import pool
from autograder.grading.pool import Pool, WorkerError
from autograder.grading.tasks import Outcome, Setting
from tests.chores import Task, end_at_once
from tests.runs import WORDS, Watched, hand_in, judged, marks
from tests.toy import LESSON, write_course

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")


def outcomes(workers, *given):
    return dict(workers.run(iter(given)))


@pytest.fixture
def setting(tmp_path):
    return Setting(str(tmp_path), trusted=True)


def test_a_worker_that_dies_hangs_or_raises_is_replaced_and_the_others_go_on(setting, tmp_path):
    die, hang, fails = Task("die"), Task("hang", 0.5), Task("raise")
    once = Task("die once", place=str(tmp_path / "once"))
    given = [die, hang, fails, once, *(Task(f"task {i}") for i in range(4))]
    with Pool(setting, 2) as workers:
        done = outcomes(workers, *given)
    assert set(done) == set(given)
    assert done.pop(die) == Outcome(fault="the worker ended 2 times at this task; it is left out")
    assert "ended 2 times at this task: it was at it for 0.5 s or more" in done.pop(hang).fault
    assert done.pop(fails).fault.splitlines()[-1] == "ZeroDivisionError: inside the task"
    assert done == {task: Outcome(task.what) for task in done}


def test_a_worker_is_kept_for_all_its_tasks_and_few_are_taken_at_a_time(setting):
    taken, values = [], set()
    with Pool(setting, 1) as workers:
        given = (taken.append(i) or Task("process", 60.0 + i) for i in range(9))
        for done, (_, outcome) in enumerate(workers.run(given)):
            values.add(outcome.value)
            assert len(taken) <= done + 2
    assert (len(values), len(taken)) == (1, 9)


def test_a_worker_that_was_killed_between_two_tasks_is_replaced(setting):
    with Pool(setting, 1) as workers:
        one, two = Task("process"), Task("process", 61)
        before = int(outcomes(workers, one)[one].value.split()[-1])
        os.kill(before, signal.SIGKILL)
        after = int(outcomes(workers, two)[two].value.split()[-1])
    assert before != after


def test_workers_that_do_not_start_are_told(setting, monkeypatch):
    monkeypatch.setattr(pool, "serve", end_at_once)
    with Pool(setting, 1) as workers, pytest.raises(WorkerError, match="do not start"):
        outcomes(workers, Task("echo"))


@pytest.mark.slow
def test_a_run_is_killed_another_is_stopped_and_the_third_ends_with_all_marks(tmp_path):
    """What was judged is not judged again, faults stay with their submissions, nothing is left."""
    course = write_course(tmp_path)
    for student in ("ada", "gil", "gus", "hal", "ida", "jim"):
        hand_in(course, student, WORDS["slow"], f"# {student}")
    for student, kind in {"ben": "die", "dee": "raise", "fay": "page"}.items():
        hand_in(course, student, WORDS[kind])
    hand_in(course, "cyd", WORDS["die once"], f"# once: {course / 'once'}")
    run = Watched(course)
    run.until(lambda: len(judged(course)) >= 2)
    code, said = Watched(course).end()
    busy = f"another run is grading into this folder (process {run.process.pid}, machine "
    assert (code, busy in said) == (1, True)
    run.process.kill()
    run.process.wait()
    first = judged(course)
    assert len(run.family) >= 2
    run.until(lambda: not run.alive())

    run = Watched(course)
    run.until(lambda: len(judged(course)) > len(first))
    run.process.send_signal(signal.SIGINT)
    code, said = run.end()
    assert (code, "goes on from here" in said) == (130, True)
    run.until(lambda: not run.alive())
    second = judged(course)
    assert len(first) < len(second) < 8

    run = Watched(course)
    code, said = run.end()
    assert code == 1, said
    third = judged(course)
    assert first.items() < second.items() < third.items()
    assert marks(course) == dict.fromkeys(third, 4.0)
    assert set(third) == {"ada", "cyd", "fay", "gil", "gus", "hal", "ida", "jim"}
    assert f"not graded: ben/{LESSON}: the worker ended 2 times" in said
    assert f"not graded: dee/{LESSON}: ZeroDivisionError: inside the grader" in said
    assert f"no feedback page: fay/{LESSON}: ZeroDivisionError: inside the page" in said
    faults = {path.parent.name for path in course.glob("grading/verdicts/*/*.error.txt")}
    assert faults == {"ben", "dee", "fay"}
    assert len(list(course.glob("grading/feedback/*/*/*.html"))) == 7
    assert not list(course.glob("grading/**/*.part"))
    run.until(lambda: not run.left())
