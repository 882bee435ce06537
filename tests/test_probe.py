"""The student's process and its trusted side, over real processes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.grading.run import run, steps_of
from autograder.grading.transplant import transplant
from autograder.sandbox import workshop as sandbox
from autograder.sandbox.limits import Limits
from autograder.sandbox.workshop import CancelledError, ChildError, Workshop
from tests.toy import LIMITS, RIGHT, answered, cell_of, file_of, material, release


@pytest.fixture
def child(workshop):
    started = workshop.start(LIMITS)
    started.wait_until_ready()
    yield started
    workshop.end(started)


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return material(tmp_path_factory.mktemp("course")).questions


def run_answers(workshop, questions, limits=LIMITS, **answers):
    planted = transplant(file_of(answered(**answers)), release())
    return run(planted.notebook, questions, workshop, limits)


def execute(child, source, seconds=20.0):
    return child.ask({"do": "run", "source": source}, seconds)


def observe(child, name, inputs=None):
    request = {"do": "observe", "name": name, "driver": "function"}
    return child.ask(request | {"inputs": {"$dict": inputs or {}}}, 20.0)


def value(child, expression):
    """What an expression is in the child, told through the protocol."""
    execute(child, f"def tell(): return {expression}")
    return observe(child, "tell")["record"]["$dict"].get("value")


def lives(process, seconds):
    """Whether a process still runs after so many seconds; a zombie does not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except ProcessLookupError:
            return False
        except FileNotFoundError:  # no /proc on macOS, or it ended just now
            pass
        time.sleep(0.1)
    return True


def test_magics_and_shell_commands_run_and_print_nowhere(child):
    assert "error" not in execute(child, "%matplotlib inline\n%timeit -n 1 -r 1 1 + 1")
    assert "error" not in execute(child, "!echo hello\nprint('x' * 10**6)")
    assert "error" not in execute(child, "import os; os.write(1, b'noise\\n'); os.write(2, b'x')")
    assert value(child, "1") == 1


def test_an_error_is_reported_by_type_and_line(child):
    reply = execute(child, "x = 1\ny = undefined\n")
    assert (reply["error"], reply["line"]) == ("NameError", 2)
    reply = execute(child, "def f(:\n    pass")
    assert (reply["error"], reply["line"]) == ("SyntaxError", 1)


def test_input_and_exit_do_not_stop_the_process(child):
    assert execute(child, "input('?')")["error"] == "EOFError"
    assert execute(child, "import sys; sys.exit(3)")["error"] == "SystemExit"
    assert value(child, "1") == 1


def test_the_child_knows_nothing_of_the_teachers_side(child):
    assert execute(child, "import autograder")["error"] == "ModuleNotFoundError"
    assert execute(child, "import nbgrader_config")["error"] == "ModuleNotFoundError"
    assert "error" not in execute(child, "import utils.checking")
    repository = str(Path(sandbox.__file__).parent.parent.parent)
    assert value(child, "__import__('utils').__path__[0]") != f"{repository}/utils"
    assert value(child, f"any(p == {repository!r} for p in __import__('sys').path)") is False


def test_nothing_of_the_teachers_environment_goes_in(workshop, monkeypatch):
    monkeypatch.setenv("A_SECRET", "token")
    child = workshop.start(LIMITS)
    child.wait_until_ready()
    assert value(child, "'A_SECRET' in __import__('os').environ") is False
    assert value(child, "'PROBE' in __import__('os').environ") is False
    workshop.end(child)


def test_a_child_of_its_own_works_in_an_empty_folder_that_goes_away():
    with Workshop(trusted=True, level="process") as workshop:
        child = workshop.start(LIMITS)
        child.wait_until_ready()
        execute(child, "open('left.txt', 'w').write('x')")
        assert value(child, "__import__('os').getcwd()") == str(child.home.resolve())
        assert (child.home / "left.txt").exists()
        workshop.end(child)
        assert not child.home.exists()


def test_a_missing_name_is_told(child):
    assert observe(child, "nobody")["missing"] is True


def test_even_a_keyboard_interrupt_of_an_answer_is_a_record(child):
    execute(child, "def f(): raise KeyboardInterrupt")
    record = observe(child, "f")["record"]["$dict"]
    assert record["raised"]["$dict"]["types"][0] == "KeyboardInterrupt"


def test_a_reply_that_is_too_long_is_left_out(workshop):
    child = workshop.start(Limits(reply=10_000))
    child.wait_until_ready()
    execute(child, "import numpy as np\ndef f(): return np.ones(10**5)")
    assert "long" in observe(child, "f")
    assert value(child, "1") == 1
    workshop.end(child)


@pytest.mark.parametrize("source", ["import os\nos._exit(0)", "import os\nos.abort()"])
def test_a_process_that_ends_is_told(child, source):
    with pytest.raises(ChildError, match="ended the process"):
        execute(child, source)


def test_a_loop_is_stopped_in_time(child):
    start = time.monotonic()
    with pytest.raises(ChildError, match=r"did not finish within 0\.5 s"):
        execute(child, "while True: pass", seconds=0.5)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("line", ["{}", "x" * 100, '{"number": 99}', '{"number": NaN}', "[" * 9999])
def test_a_forged_line_ends_the_process(child, line):
    forge = (
        "import os\nfor n in range(3, 20):\n    try: os.write(n, LINE)\n    except OSError: pass"
    )
    with pytest.raises(ChildError):
        execute(child, f"LINE = {(line + chr(10)).encode()!r}\n{forge}\nos._exit(1)")


@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory hold on Linux")
def test_memory_and_files_are_limited(child):
    assert execute(child, "x = bytearray(10 * 2**30)")["error"] == "MemoryError"
    assert "error" in execute(child, "open('big', 'wb').write(b'x' * 10**8)")


@pytest.mark.skipif(os.name == "nt", reason="process groups are of Unix")
def test_processes_that_an_answer_started_end_with_it():
    with Workshop(trusted=True, level="process") as workshop:
        child = workshop.start(LIMITS)
        child.wait_until_ready()
        execute(child, "import subprocess\np = subprocess.Popen(['sleep', '600'])")
        other = value(child, "p.pid")
        workshop.end(child)
    assert not lives(other, seconds=5)


def test_a_cancelled_workshop_starts_nothing():
    with Workshop() as made:
        made.cancel()
        with pytest.raises(CancelledError):
            made.start(LIMITS)
    assert not made.path.exists()


def test_steps_end_with_the_last_check():
    planted = transplant(file_of(answered(**RIGHT)), release())
    kinds = [step.kind for step in steps_of(planted.notebook)]
    assert kinds == ["set-up", "answer", "check", "answer", "check", "answer", "check"]


def statuses(result):
    return {name: outcome.status for name, outcome in result.outcomes.items()}


def test_every_case_is_asked(workshop, questions):
    result = run_answers(workshop, questions, **RIGHT)
    assert statuses(result) == dict.fromkeys(questions, "right")
    assert (result.starts, result.limits) == (1, [])


def test_a_check_is_asked_where_it_stands(workshop, questions):
    later = RIGHT["half"] + "\ndef double(x): return None"
    result = run_answers(workshop, questions, **RIGHT | {"half": later})
    assert statuses(result) == dict.fromkeys(questions, "right")


@pytest.mark.parametrize("deadly", ["while True: pass", "import os; os._exit(1)"])
def test_a_deadly_answer_loses_its_own_check_only(workshop, questions, deadly):
    broken = f"def double(x):\n    {deadly}"
    result = run_answers(workshop, questions, **RIGHT | {"double": broken})
    assert "On the case “one”" in result.answers["double"].reason
    assert statuses(result) == {"double": "died", "half": "right", "pick": "right"}
    assert result.starts == 2


def test_a_deadly_answer_cell_loses_its_own_check_only(workshop, questions):
    looping = RIGHT["double"] + "\nwhile True: pass"
    result = run_answers(workshop, questions, **RIGHT | {"double": looping})
    assert "answer cell double: it did not finish" in result.answers["double"].reason
    assert statuses(result) == {"double": "died", "half": "right", "pick": "right"}


def test_the_time_of_the_whole_submission_is_limited(workshop, questions):
    limits = Limits(case=60, question=60, answer=60, total=2.5)
    loop = "def double(x):\n    while True: pass"
    start = time.monotonic()
    result = run_answers(workshop, questions, limits, **RIGHT | {"double": loop})
    assert time.monotonic() - start < 10
    assert all("used up" in result.answers[name].reason for name in ("half", "pick"))


def test_a_process_that_keeps_dying_is_given_up(workshop, questions):
    limits = Limits(restarts=0)
    broken = "def double(x):\n    import os\n    os._exit(1)"
    result = run_answers(workshop, questions, limits, **RIGHT | {"double": broken})
    assert "ended 1 times" in result.answers["half"].reason


def test_how_an_answer_cell_stopped_is_told_with_the_students_own_line(workshop, questions):
    result = run_answers(workshop, questions, **RIGHT | {"half": "x = 1\nhalf = no_such / 2"})
    assert result.answers["half"].missing
    expected = "The cell of half stopped with NameError in line 2: half = no_such / 2"
    assert result.answers["half"].error == expected


def test_a_set_up_cell_that_fails_is_not_the_students_fault(workshop, questions):
    notebook = transplant(file_of(answered(**RIGHT)), release()).notebook
    cell_of(notebook, "90-002").source = "import no_such_module"
    with pytest.raises(RuntimeError, match="set-up cell of the lesson does not run"):
        run(notebook, questions, workshop, LIMITS)


@pytest.mark.skipif(os.name == "nt", reason="signal 0 is of Unix")
def test_the_child_ends_when_its_parent_is_gone(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os\nfrom autograder.sandbox.limits import Limits\n"
        "from autograder.sandbox.workshop import Workshop\n"
        "child = Workshop().start(Limits())\nchild.wait_until_ready()\n"
        "print(child.number, flush=True)\nos._exit(0)\n"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, env=environment
    )
    assert not lives(int(done.stdout), seconds=10)


def test_settings_are_plain_data():
    assert json.loads(json.dumps(Limits().settings()))["resources"]["RLIMIT_CORE"] == 0
