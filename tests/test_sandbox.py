"""The sandbox, over real processes: what it refuses, what it bounds, and that nothing is left."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from autograder.questions import limits_of
from autograder.sandbox import seccomp
from autograder.sandbox import workshop as sandbox
from autograder.sandbox.limits import GradingError, Limits
from autograder.sandbox.workshop import (
    ChildError,
    LostError,
    Workshop,
    WorkshopError,
    best_level,
    why_not,
)

LIMITS = Limits(case=2.0, patience=3.0)
OPEN = "sudo sysctl user.max_user_namespaces=9999 kernel.apparmor_restrict_unprivileged_userns=0"
CONFINED = ("namespaces", "landlock")
# Where Python or its packages lie in /tmp, the room shows them, and a child writes elsewhere.
PLACES = [sys.prefix, sys.base_prefix, *sys.path] if sys.platform == "linux" else []
TEMPORARY = "/home/tmp" if any(path.startswith("/tmp/") for path in PLACES) else "/tmp"
HERE = Path(sandbox.__file__)
linux = pytest.mark.skipif(
    sys.platform != "linux", reason="the sandbox is of Linux; ./course test runs this there"
)
root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="to become another user, a test has to be root: sudo ./course test",
)


@pytest.fixture(scope="module", params=CONFINED)
def workshop(request):
    if why_not(request.param):
        pytest.skip(f"{why_not(request.param)}; {OPEN} opens it")
    with Workshop(level=request.param) as made:
        yield made


@pytest.fixture(scope="module")
def best():
    with Workshop(trusted=True) as made:
        yield made


@pytest.fixture
def child(workshop):
    yield from started(workshop)


def started(workshop, limits=LIMITS, **options):
    child = workshop.start(limits, **options)
    child.wait_until_ready()
    yield child
    workshop.end(child)


def execute(child, source, seconds=20.0):
    return child.ask({"do": "run", "source": textwrap.dedent(source)}, seconds)


def observe(child, name, seconds=20.0):
    request = {"do": "observe", "name": name, "driver": "function", "inputs": {"$dict": {}}}
    return child.ask(request, seconds)


def value(child, expression, seconds=20.0):
    """What an expression is in the child: its value, or the type of its error."""
    execute(child, f"import os, sys, threading\ndef tell(): return {expression}")
    record = observe(child, "tell", seconds)["record"]["$dict"]
    return record["raised"]["$dict"]["types"][0] if "raised" in record else record["value"]


def processes(user=None):
    """The ids of the living processes, of a user if one is named."""
    found = set()
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                of, state = place.stat().st_uid, (place / "stat").read_text()
            except OSError:  # it has ended
                continue
            if user in (None, of) and state.rpartition(")")[2].split()[0] != "Z":
                found.add(int(place.name))
    return found


def below(ancestor):
    """The ids of the living descendants of a process."""
    parents = {}
    for number in processes():
        try:
            state = Path(f"/proc/{number}/stat").read_text()
        except OSError:
            continue
        parents[number] = int(state.rpartition(")")[2].split()[1])
    family = {ancestor}
    while more := {n for n, parent in parents.items() if parent in family} - family:
        family |= more
    return family - {ancestor}


def space_of(number):
    """The process namespace of a process, "" if it has ended."""
    try:
        return os.readlink(f"/proc/{number}/ns/pid")
    except OSError:
        return ""


def gone(numbers, seconds=5.0):
    """Whether all of these processes end within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not processes() & set(numbers):
            return True
        time.sleep(0.05)
    return False


# What is refused.

PERMISSION = "PermissionError"
REFUSED = {
    "os.fork()": PERMISSION,
    "os.posix_spawn(sys.executable, ['python'], {})": PERMISSION,
    "os.execv(sys.executable, ['python'])": PERMISSION,
    "__import__('subprocess').run(['true'])": PERMISSION,
    "__import__('multiprocessing').get_context('fork').Process(target=print).start()": PERMISSION,
    "__import__('socket').socket()": PERMISSION,
    "__import__('socket').socket(1, 1)": PERMISSION,
    "__import__('socket').create_connection(('127.0.0.1', 80))": PERMISSION,
    "__import__('urllib.request').request.urlopen('http://127.0.0.1')": "URLError",
    "__import__('socket').socketpair(1, 2)": PERMISSION,
    "os.setsid()": PERMISSION,
    "os.kill(-1, 9)": PERMISSION,
    "os.kill(0, 9)": PERMISSION,
    "os.kill(os.getppid(), 9)": PERMISSION,
    "os.kill(2, 0)": PERMISSION,
    "os.killpg(os.getpgid(0), 9)": PERMISSION,
    "os.pidfd_open(os.getpid())": PERMISSION,
    "os.setuid(0)": PERMISSION,
    "os.chroot('.')": PERMISSION,
    "os.nice(5)": PERMISSION,
    "os.mkfifo('pipe')": PERMISSION,
    "os.memfd_create('hidden')": PERMISSION,
    "__import__('fcntl').flock(os.open(os.__file__, 0), 2)": PERMISSION,
    "__import__('fcntl').fcntl(0, 8, 1)": PERMISSION,  # F_SETOWN: signals to another process
    "__import__('resource').setrlimit(7, (10**6, 10**6))": "ValueError",
}


@linux
@pytest.mark.parametrize("expression", REFUSED)
def test_what_reaches_beyond_the_process_is_refused(shared, expression):
    assert value(shared, expression) == REFUSED[expression]


@pytest.fixture(scope="module")
def shared(workshop):
    """One child for what does it no harm."""
    yield from started(workshop)


@linux
def test_every_refused_call_is_refused_by_the_kernel_itself(shared):
    numbers = seccomp.numbers(seccomp._REFUSED, platform.machine())
    execute(
        shared,
        f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def refused():
            kept = []
            for name, number in {numbers!r}.items():
                ctypes.set_errno(0)
                found = libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0)
                if (found, ctypes.get_errno()) != (-1, 1):
                    kept.append(name)
            return kept
        """,
    )
    assert observe(shared, "refused")["record"]["$dict"]["value"] == []


@linux
def test_calls_that_nobody_knows_are_not_there(shared):
    execute(
        shared,
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def errors():
            found = []
            for number in (435, 600, 10_000, 0x40000000 + 57):  # clone3, none, none, x32's fork
                libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0)
                found.append(ctypes.get_errno())
            return found
        """,
    )
    assert observe(shared, "errors")["record"]["$dict"]["value"] == [38] * 4


@linux
def test_a_message_through_a_pair_of_sockets_reaches_its_peer_only(shared):
    assert (
        value(shared, "[s.sendall(b'x') for s in __import__('socket').socketpair()]") == [None] * 2
    )
    beyond = "__import__('socket').socketpair()[0].sendto(b'x', '/dev/log')"
    assert value(shared, beyond) == PERMISSION


# What can be seen.


@linux
def test_nothing_of_the_teacher_can_be_read(shared, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    hidden = [HERE, HERE.parent.parent / "questions" / "__init__.py", tmp_path / "secret.txt"]
    hidden += [Path(f"/proc/{os.getpid()}/environ"), Path(f"/proc/{os.getpid()}/mem")]
    for path in [*hidden, "/etc/shadow", "/etc/passwd"]:
        assert value(shared, f"open({str(path)!r})") in (PERMISSION, "FileNotFoundError")
    for folder in (tmp_path, HERE.parent, Path.home() / ".ssh"):
        assert value(shared, f"os.listdir({str(folder)!r})") in (PERMISSION, "FileNotFoundError")


@linux
def test_what_can_be_read_cannot_be_changed(shared):
    python = "__import__('numpy').__file__"
    course = "__import__('utils').__file__"
    for path in (python, course):
        for change in ("open({}, 'a')", "os.remove({})", "os.chmod({}, 0)", "os.utime({})"):
            assert value(shared, change.format(path)) in (PERMISSION, "OSError")
        assert value(shared, f"os.truncate({path}, 0)") in (PERMISSION, "OSError")
    for folder in ("/", "/usr", "/course", "/dev", "/proc", "/etc"):
        assert value(shared, f"open('{folder}/new', 'w')") in (
            PERMISSION,
            "OSError",
            "FileNotFoundError",
        )


@linux
def test_no_descriptor_but_its_own_is_open(child):
    execute(
        child,
        """
        import os
        def is_open(number):
            try:
                os.fstat(number)
            except OSError:
                return False
            return True
        """,
    )
    assert len(value(child, "[n for n in range(3, 1000) if is_open(n)]")) == 2


@linux
def test_the_room_shows_python_and_the_course_and_no_other_process(workshop):
    if workshop.level != "namespaces":
        return
    for child in started(workshop):
        found = value(child, "sorted(os.listdir('/'))")
        assert set(found) <= {
            *("course", "dev", "etc", "home", "lib", "lib64", "proc", "tmp", "usr", "nix", "gnu"),
            *(Path(path).parts[1] for path in (sys.prefix, sys.base_prefix)),
        }
        assert value(child, "[n for n in os.listdir('/proc') if n.isdigit()]") in (["1"], [])
        assert value(child, "os.getpid(), os.getcwd()") == [1, "/home/student"]
        assert value(child, "sorted(os.listdir('/course'))") == ["fonts", "utils"]
        assert value(child, "os.listdir('.')") == []
        assert value(child, f"open({TEMPORARY!r} + '/x', 'w').write('x')") == 1
        assert value(child, "open('y', 'w').write('y')") == 1
        assert value(child, "sorted(os.listdir('/dev'))") == sorted(
            ["fd", "full", "null", "random", "shm", "urandom", "zero"]
        )


@linux
def test_an_identity_without_any_right(shared):
    status = "dict(line.split(':\\t') for line in open('/proc/self/status').read().splitlines())"
    if value(shared, "os.path.exists('/proc/self/status')") is not True:
        return
    kept = value(shared, f"[{status}[name] for name in ('CapEff', 'CapPrm', 'CapBnd', 'CapAmb')]")
    if kept != PERMISSION:
        assert [int(text, 16) for text in kept] == [0, 0, 0, 0]
        assert value(shared, f"{status}['Seccomp'], {status}['NoNewPrivs']") == ["2", "1"]


# What goes on working.


@linux
def test_late_imports_and_plots_work(child):
    execute(child, "import numpy as np")
    for source in (
        "import sklearn.linear_model\nsklearn.linear_model.Ridge().fit([[0.0], [1.0]], [0.0, 1.0])",
        "import scipy.stats, decimal, sqlite3, asyncio, ctypes, csv, zoneinfo, multiprocessing",
        "import threading\nthread = threading.Thread(target=print)\nthread.start(); thread.join()",
        "import matplotlib.pyplot as plt, io\nplt.plot([1, 2])\nplt.title('$x^2$')\nplt.show()",
        "plt.imshow(np.eye(3))\nplt.savefig(io.BytesIO())\ndisplay(plt.gcf())",
        "import asyncio\nawait asyncio.sleep(0.01)",
        "%timeit -n 1 -r 1 1 + 1",
        "found = !ls\n%sx ls\nget_ipython().system('ls')\n!!ls",
        "%%bash\nls",
        "%matplotlib inline",
        "np.linalg.svd(np.random.rand(200, 200))\nnp.random.default_rng().random()",
    ):
        assert "error" not in execute(child, source), source


@linux
def test_a_refused_command_says_so(child):
    source = (
        "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as told:\n    !ls"
    )
    execute(child, source)
    assert "not run here" in value(child, "told.getvalue()")


@linux
def test_files_of_its_own_go_away_with_the_child(workshop):
    if workshop.level != "namespaces":
        return
    for child in started(workshop):
        assert "error" not in execute(
            child, "open('x', 'w').write('x')\nimport os; os.chmod('x', 0o600)"
        )
        assert "error" not in execute(child, "import matplotlib.pyplot as p; p.savefig('x.png')")
    for child in started(workshop):
        places = f"os.listdir('.') + os.listdir({TEMPORARY!r}) + os.listdir('/dev/shm')"
        assert value(child, places) == []


# Bombs.


@linux
def test_memory_is_bounded_above_what_the_set_up_takes(workshop):
    for child in started(workshop, Limits(memory=300 * 2**20)):
        assert value(child, "len(bytearray(150 * 2**20))") == 150 * 2**20
        assert value(child, "len(bytearray(400 * 2**20))") == "MemoryError"


@linux
def test_files_are_bounded_in_size_and_number(workshop):
    if workshop.level != "namespaces":
        return
    for child in started(workshop, Limits(home=10 * 2**20, file_size=4 * 2**20, files=100)):
        assert value(child, "open('big', 'wb').write(bytes(5 * 2**20))") == "OSError"
        assert (
            value(child, "[open(f'b{n}', 'wb').write(bytes(3 * 2**20)) for n in range(5)]")
            == "OSError"
        )
        assert value(child, "[open(f'n{n}', 'w').close() for n in range(200)]") == "OSError"
        assert value(child, "[open('/dev/null') for _ in range(200)]") == "OSError"
        assert value(child, "[os.pipe() for _ in range(200)]") == "OSError"


@linux
def test_threads_are_bounded(workshop):
    if workshop.level != "namespaces":
        return
    for child in started(workshop, Limits(processes=20)):
        execute(child, "import time, threading\ndef wait(): time.sleep(60)")
        many = "[threading.Thread(target=wait).start() for _ in range(99)]"
        assert value(child, many) == "RuntimeError"


@linux
def test_a_flood_of_output_is_dropped_and_told(workshop):
    for child in started(workshop, Limits(output=1_000)):
        assert execute(child, "print('x' * 10**6)")["printed"] > 10**6
        assert "printed" not in execute(child, "print('x')")


@linux
@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import threading\nthreading.Thread(target=all, args=[iter(int, 1)]).start()",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)",
    ],
)
def test_a_loop_ends_by_its_processor_time(workshop, source):
    for child in started(workshop, Limits(patience=100.0)):
        with pytest.raises(ChildError, match=r"did not finish within 0\.3 s"):
            execute(child, source + "\nwhile True: pass", seconds=0.3)


@linux
def test_waiting_ends_by_the_clock_on_the_wall(workshop):
    for child in started(workshop, Limits(patience=3.0)):
        start = time.monotonic()
        with pytest.raises(ChildError, match=r"within 0\.6 s: it was waiting"):
            execute(child, "import time; time.sleep(600)", seconds=0.2)
        assert time.monotonic() - start < 10


@linux
def test_a_child_that_stops_reading_ends_in_time(workshop):
    for child in started(workshop, Limits(patience=2.0)):
        execute(child, "import threading\nthreading.Thread(target=threading.Event().wait).start()")
        with pytest.raises(ChildError, match="did not finish"):
            execute(child, "import time; time.sleep(60)\n#" + "x" * 10**6, seconds=0.3)


# Forged replies.

PIPES = """
import os
def forge(line):
    for number in range(3, 64):
        try: os.write(number, line)
        except OSError: pass
"""


@linux
@pytest.mark.parametrize(
    "line",
    [
        b"{}\n",
        b"half a line",
        b"x" * 5_000 + b"\n",
        b'{"number": 0, "ready": true}\n',
        b'{"number": "0123456789abcdef", "record": {"$dict": {}}}\n',
        b'{"number": NaN}\n',
        b"[" * 100_000 + b"\n",
        b'{"a":' * 50_000 + b"\n",
        b"\xff\xfe\n",
        b"1" * 5_000 + b"\n",
        b"[]," * 300_000 + b"\n",
    ],
)
def test_a_reply_that_nobody_asked_for_ends_the_child(child, line):
    execute(child, PIPES + "\nimport threading")
    with pytest.raises(ChildError):
        execute(
            child, f"forge({line!r})" if len(line) < 10_000 else f"forge({line[:6]!r} * 60_000)"
        )
    with pytest.raises(ChildError):
        observe(child, "tell")


@linux
def test_a_reply_sent_ahead_or_twice_helps_nobody(workshop):
    for ahead in (
        "forge(b'{}\\n')",
        "real = json.dumps\njson.dumps = lambda *a, **k: real(*a, **k) + '\\n' + real(*a, **k)",
    ):
        for child in started(workshop):
            execute(child, PIPES + "\nimport json, time, threading")
            delayed = f"threading.Timer(0.2, lambda: exec({ahead!r}, globals())).start()"
            execute(child, delayed)
            time.sleep(0.5)
            with pytest.raises(ChildError, match="no result"):
                [execute(child, "1") for _ in range(2)]


@linux
def test_a_reply_longer_than_the_limit_ends_in_a_sentence_or_a_death(workshop):
    for child in started(workshop, Limits(reply=10_000)):
        execute(child, "import numpy as np\ndef tell(): return np.random.rand(10**5)")
        assert "long" in observe(child, "tell")
        execute(child, PIPES)
        with pytest.raises(ChildError, match="no result"):
            execute(child, "forge(b'x' * 50_000)")


# Nothing is left.

DAEMON = """
import threading, time, signal, os
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
for _ in range(5):
    threading.Thread(target=time.sleep, args=[600]).start()
try: os.fork()
except OSError: pass
"""


@linux
def test_nothing_of_a_child_is_left(workshop):
    for child in started(workshop):
        before = below(os.getpid())
        execute(child, DAEMON)
        number = child.number
        assert number in below(os.getpid()) == before  # it could start nothing
        space = space_of(number)
        user = Path(f"/proc/{number}").stat().st_uid
        assert child.cpu() > 0
    assert below(os.getpid()) == before - {number}
    assert child.usage["ended"] == -9
    if workshop.level == "namespaces" and space:
        assert space not in {space_of(process) for process in processes()}
    if user not in (0, os.geteuid()):
        assert not processes(user)


WORKER = """
import os, sys, time
from autograder.sandbox.limits import Limits
from autograder.sandbox.workshop import Workshop
workshop = Workshop(level={level!r})
child = workshop.start(Limits())
child.wait_until_ready()
source = "import threading, time\\nthreading.Thread(target=time.sleep, args=[99]).start()"
child.ask({{"do": "run", "source": source}}, 10)
print(child.number, workshop.path, flush=True)
child.ask({{"do": "run", "source": {last!r}}}, 600)
"""


def worker(level, tmp_path, last="while True: pass"):
    """Start a worker whose child is busy; return it, its descendants and its workshop."""
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(sandbox.SOURCE)}
    source = WORKER.format(level=level, last=last)
    started = subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, env=environment
    )
    number, path = started.stdout.readline().split()
    family = below(started.pid)
    assert int(number) in family
    assert len(family) >= 3  # keeper, fork server, child
    return started, family, Path(path)


@linux
def test_a_killed_worker_leaves_no_process_and_the_next_run_removes_its_folder(
    workshop, tmp_path, monkeypatch
):
    started, family, path = worker(workshop.level, tmp_path)
    started.kill()
    with started:
        started.wait()
    assert gone(family)
    assert path.exists()
    link = tmp_path / f"{sandbox.PREFIX}link"
    link.symlink_to(tmp_path)
    os.utime(path, (1, 1))
    monkeypatch.setattr(sandbox.tempfile, "gettempdir", lambda: str(tmp_path))
    sandbox.remove_stale()
    assert not path.exists()
    assert link.is_symlink()


@linux
def test_the_folder_of_a_living_run_stays(best):
    os.utime(best.path, (1, 1))
    sandbox.remove_stale()
    assert (best.path / "course" / "utils").is_dir()


@linux
def test_a_killed_keeper_takes_all_with_it(workshop, tmp_path):
    started, family, _ = worker(workshop.level, tmp_path)
    keeper = next(n for n in family if parent_of(n) == started.pid)
    os.kill(keeper, signal.SIGKILL)
    assert gone(family - {keeper})
    started.kill()
    with started:
        started.wait()


def parent_of(number):
    state = Path(f"/proc/{number}/stat").read_text()
    return int(state.rpartition(")")[2].split()[1])


@linux
def test_a_killed_fork_server_is_nobodys_fault_and_the_next_start_makes_one(workshop):
    child = workshop.start(LIMITS)
    child.wait_until_ready()
    os.kill(parent_of(child.number), signal.SIGKILL)
    with pytest.raises(LostError):
        execute(child, "while True: pass")
    workshop.end(child)
    for again in started(workshop):
        assert value(again, "1") == 1


@linux
def test_a_worker_killed_while_the_set_up_runs_leaves_nothing(workshop, tmp_path):
    source = "from autograder.sandbox.limits import Limits\n"
    source += "from autograder.sandbox.workshop import Workshop\n"
    source += f"made = Workshop(level={workshop.level!r})\nprint(flush=True)\n"
    source += "made.start(Limits(), 'while True: pass')"
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(sandbox.SOURCE)}
    command = [sys.executable, "-c", source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as started:
        started.stdout.readline()
        until = time.monotonic() + 60
        while len(family := below(started.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        started.kill()
    assert len(family) == 2
    assert gone(family)


# The fork server.


@linux
def test_the_set_up_runs_once_and_each_child_has_its_own_copy(best):
    setup = "import time\nmade, kept = time.time(), []"
    seen = []
    for _ in range(2):
        for child in started(best, setup=setup):
            execute(child, "kept.append(1)")
            seen.append((value(child, "made"), value(child, "len(kept)")))
    assert seen[0] == seen[1]


@linux
def test_a_set_up_that_fails_is_told_with_its_reason(best):
    with pytest.raises(WorkshopError, match=r"set-up cell(.|\n)*NameError: name 'no_such'"):
        best.start(LIMITS, setup="no_such")
    with pytest.raises(WorkshopError, match="starts a thread"):
        best.start(
            LIMITS,
            setup="import threading\nthreading.Thread(target=threading.Event().wait).start()",
        )


@linux
def test_only_a_few_fork_servers_are_kept(best, monkeypatch):
    monkeypatch.setattr(sandbox, "KEPT_SERVERS", 1)
    for number in range(2):
        for child in started(best, setup=f"number = {number}"):
            assert value(child, "number") == number
    assert list(best._servers) == [("number = 1", ())]


@linux
def test_the_same_submission_draws_the_same_numbers(workshop):
    drawn = []
    draw = "np.random.rand(), random.random(), np.random.default_rng().random(), hash('x')"
    for seed in (b"one", b"one", b"two"):
        for child in started(workshop, seed=seed):
            execute(child, "import numpy as np, random")
            drawn.append(value(child, draw))
    assert drawn[0] == drawn[1] != drawn[2]


# Another user, closed namespaces.

TRY = """
import json, os
from autograder.sandbox.limits import Limits
from autograder.sandbox.workshop import *
with Workshop() as workshop:
    child = workshop.start(Limits())
    child.wait_until_ready()
    tell = '''
import os
def errors():
    found = [str(os.getuid())]
    for call in (os.fork, lambda: open({hidden!r}), lambda: os.kill({other}, 0),
                 lambda: open(os.__file__, 'a'), lambda: __import__('socket').socket()):
        try: found.append(str(call()))
        except OSError as error: found.append(type(error).__name__)
    return found
'''
    child.ask(dict(do="run", source=tell), 20)
    request = dict(do="observe", name="errors", driver="function", inputs={{"$dict": {{}}}})
    found = child.ask(request, 20)["record"]["$dict"]["value"]
    workshop.end(child)
print(json.dumps([int(found[0]), workshop.level, why_not("namespaces"), found[1:]]))
"""


def as_user(tmp_path, user, access):
    """What a run as another user sees: the child's user, level, reason, errors."""
    home = tmp_path / "home"
    home.mkdir()
    tmp_path.chmod(0o755)
    home.chmod(0o777)
    (home / "secret").write_text("secret")
    source = TRY.format(hidden=str(home / "secret"), other=os.getpid())
    ordinary = [sys.executable, str(Path(__file__).parent / "ordinary.py"), user, access]
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(home)}
    done = subprocess.run(
        [*ordinary, sys.executable, "-c", source],
        env=environment | {"PYTHONPATH": str(sandbox.SOURCE), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@linux
@root
@pytest.mark.parametrize("user", ["12345", "0"])
@pytest.mark.parametrize("access", ["open", "closed"])
def test_another_user_has_a_sandbox_too(user, access):
    folder = Path("/tmp") / f"sandbox-{os.getpid()}-{user}-{access}"
    folder.mkdir()
    try:
        own, level, reason, found = as_user(folder, user, access)
    finally:
        shutil.rmtree(folder)
    assert own == 12_345 if user == "12345" else own > 10**9
    assert level == ("landlock" if access == "closed" else best_level())
    assert ("Operation not permitted" in reason) is (access == "closed")
    assert set(found) <= {PERMISSION, "OSError", "FileNotFoundError", "ProcessLookupError"}


# Levels, limits and where there is no sandbox.


def test_work_of_strangers_is_refused_without_a_sandbox():
    with pytest.raises(GradingError, match=r"--no-sandbox"):
        Workshop(level="process")
    with pytest.raises(GradingError, match="the levels are namespaces, landlock, process"):
        Workshop(level="jail")


def test_a_level_that_does_not_work_is_refused_with_the_reason(monkeypatch):
    monkeypatch.setattr(sandbox, "why_not", lambda level: "it rains")
    with pytest.raises(GradingError, match=r"namespaces.*it rains"):
        Workshop(level="namespaces")


@linux
def test_the_best_level_is_the_strongest_that_works(monkeypatch):
    for closed, expected in (((), 0), (("namespaces",), 1), (("namespaces", "landlock"), 2)):
        monkeypatch.setattr(sandbox, "why_not", lambda level, closed=closed: level in closed)
        assert best_level.__wrapped__() == list(sandbox.LEVELS)[expected]


def test_a_process_of_its_own_runs_the_set_up_and_answers():
    with Workshop(trusted=True, level="process") as workshop:
        for child in started(workshop, setup="x = 41", seed=b"s"):
            assert value(child, "x + 1") == 42
            with pytest.raises(ChildError):
                execute(child, "while True: pass", seconds=0.3)
        for child in started(workshop):
            with pytest.raises(ChildError, match="no result"):
                execute(child, PIPES + "\nforge(b'{}\\n')")
        failing = workshop.start(LIMITS, setup="1 / 0")
        with pytest.raises(WorkshopError, match="ZeroDivisionError"):
            failing.wait_until_ready()


def test_limits_are_changed_in_order_and_as_numbers():
    limits = Limits().changed({"case": 10, "files": "20"}, None, {"case": "2.5", "restarts": 0})
    assert (limits.case, limits.files, limits.restarts, limits.total) == (2.5, 20, 0, 120.0)
    assert Limits().changed() == Limits()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cases": 1}, 'no limit "cases"; the limits are case, question'),
        ({"case": "soon"}, "the limit case is 'soon'; it should be a number greater than 0"),
        ({"case": 0}, "number greater than 0"),
        ({"memory": -1}, "number greater than 0"),
        ({"total": float("nan")}, "number greater than 0"),
        ({"total": float("inf")}, "number greater than 0"),
        ({"case": True}, "number greater than 0"),
        ({"case": None}, "number greater than 0"),
        ({"files": 1.5}, "whole number"),
        ({"memory": "4"}, r"memory is '4'; it should be 67108864 bytes \(64 MiB\) or more"),
        ({"reply": 32}, r"reply is 32; it should be 10000 bytes \(10 kB\) or more"),
        ({"patience": 0.5}, "should be 1 times the processor time or more"),
    ],
)
def test_a_limit_that_is_none_says_so(settings, message):
    with pytest.raises(GradingError, match=message):
        Limits().changed(settings)


def test_a_lesson_may_set_its_own_limits(monkeypatch):
    from autograder.questions import l1_l2_updates

    assert limits_of("01_l1_l2_updates") == {}
    monkeypatch.setattr(l1_l2_updates, "LIMITS", {"total": 300}, raising=False)
    assert limits_of("01_l1_l2_updates") == {"total": 300}
    assert limits_of("99_no_such_lesson") == {}


def test_a_hidden_folder_is_left_out_of_what_is_shown(tmp_path):
    for name in ("lib/a", "lib/repo/.venv", "lib/repo/questions", "lib/b"):
        (tmp_path / name).mkdir(parents=True)
    hidden = {str(tmp_path / "lib" / "repo")}
    shown = sandbox.without(str(tmp_path / "lib"), hidden)
    assert sorted(Path(path).name for path in shown) == ["a", "b"]
    own = str(tmp_path / "lib/repo/.venv")
    assert sandbox.without(own, hidden) == [own]
    assert sandbox.without(str(tmp_path / "none"), hidden) == []


def test_a_hidden_file_is_left_out_under_all_its_names(tmp_path):
    lib = tmp_path / "lib"
    (lib / "data").mkdir(parents=True)
    for name in ("digits", "irises"):
        (lib / "data" / name).touch()
    (lib / "link").symlink_to(lib / "data")
    (lib / "up").symlink_to(tmp_path)
    (lib / "file").symlink_to(lib / "data" / "digits")
    (lib / "elsewhere").symlink_to(sys.prefix)
    shown = sandbox.without(str(lib), {str(lib / "data" / "digits")})
    assert sorted(Path(path).name for path in shown) == ["elsewhere", "irises"]


HIDDEN = ("utils/earlier.py", "utils/data/prostate.csv", "numpy/__init__.pyi", "no/such.py")
SOURCES = """
import importlib.util, numpy, utils

def opens(path):
    try:
        return len(open(path, "rb").read()) > 0
    except OSError:
        return False

def within_reach():
    names = ["earlier.py", "data/prostate.csv", "__init__.pyi", "network.py"]
    paths = [f"{place}/{n}" for place in [*utils.__path__, *numpy.__path__] for n in names]
    paths += [importlib.util.cache_from_source(p) for p in paths if p.endswith(".py")]
    return [path for path in paths if opens(path)]
"""


@linux
@pytest.mark.parametrize("level", ["namespaces", "landlock"])
def test_a_hidden_file_is_out_of_reach(level):
    if sandbox.why_not(level):
        pytest.skip(f"{level}: {sandbox.why_not(level)}; a kernel with it runs this")
    with sandbox.Workshop(level=level) as made:
        for hidden in (HIDDEN, ()):
            for child in started(made, hidden=hidden):
                execute(child, SOURCES)
                found = value(child, "within_reach()")
                ends = ["utils/earlier.py", "utils/data/prostate.csv", "numpy/__init__.pyi"]
                for end in ends:
                    assert any(path.endswith(end) for path in found) == (not hidden)
                caches = [path for path in found if "earlier.cpython" in path]
                assert bool(caches) == (not hidden)
                assert any(path.endswith("utils/network.py") for path in found)
        assert len(made._courses) == 1


@linux
def test_a_file_of_the_system_s_packages_is_hidden_as_well(monkeypatch, tmp_path):
    system = tmp_path / "usr" / "lib"
    packages = system / "python3" / "dist-packages" / "some"
    packages.mkdir(parents=True)
    for name in ("digits.gz", "__init__.py"):
        (packages / name).touch()
    folders = {"/usr": [str(packages.parent)]}
    monkeypatch.setattr(sandbox, "_packages_in", lambda prefix: folders.get(prefix, []))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(system))
    (system / "lib.so").touch()
    shown = [path for path in sandbox.readable(("some/digits.gz",)) if path.startswith(str(system))]
    assert sorted(Path(path).name for path in shown) == ["__init__.py", "lib.so"]


def test_what_is_shown_holds_neither_the_repository_nor_the_home():
    for path in sandbox.readable() if sys.platform == "linux" else ():
        for hidden in (sandbox.SOURCE, Path.home()):
            assert not Path(hidden).is_relative_to(path)


@pytest.mark.parametrize("machine", seccomp.PLATFORMS)
def test_the_filter_is_a_program_the_kernel_takes(machine):
    program = seccomp.filter_program(machine, 1, marks=True)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096
    allowed = [seccomp.numbers(table, machine) for table in seccomp._ALLOWED]
    refused = seccomp.numbers(seccomp._REFUSED, machine)
    assert not set().union(*(set(t.values()) for t in allowed)) & set(refused.values())
