"""The trusted side of a student's process: start it, ask it, and end it when its time is up."""

import contextlib
import io
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

SOURCE = Path(__file__).parent.parent.parent
LEVEL = "process: limits on time, memory and file size, no isolation from files and network"
LEVEL_WITHOUT_LIMITS = "process: limits on time, no isolation from memory, files and network"
START_SECONDS = 60.0
TOO_LONG = "It did not finish within {:.3g} s. Is there a loop that never ends?"


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds, bytes, and how often it is started again.

    `case` is for one call of an answer, `question` for all cases of a question, `answer` for
    running an answer cell or the set-up cell, `added` for a cell that the student added, `total`
    for the submission.
    """

    case: float = 5.0
    question: float = 20.0
    answer: float = 10.0
    added: float = 5.0
    total: float = 120.0
    memory: int = 4 * 2**30
    file_size: int = 50 * 2**20
    reply: int = 32 * 2**20
    restarts: int = 20

    def settings(self):
        """Return what the child is told about its limits."""
        resources = {
            "RLIMIT_AS": self.memory,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_CPU": int(self.total) + 30,
            "RLIMIT_CORE": 0,
        }
        return {"reply": self.reply, "resources": resources}

    def to_json(self):
        """Return the limits as a plain dict."""
        return asdict(self)


class ChildError(Exception):
    """The child ended, hung or broke the protocol; the message says which, for the student."""


class CancelledError(Exception):
    """The run was stopped by its user."""


def level():
    """Return how far a student's code is confined on this machine, in words."""
    return LEVEL_WITHOUT_LIMITS if sys.platform == "win32" else LEVEL


class Workshop:
    """A folder with copies of all that a student's code may need, made once a run.

    It holds `utils`, the probe, and matplotlib's list of fonts (which takes seconds to make).
    """

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="course-workshop-"))
        ignore = shutil.ignore_patterns("__pycache__", "*.part")
        shutil.copytree(SOURCE / "utils", self.path / "utils", ignore=ignore)
        shutil.copy(SOURCE / "autograder" / "grading" / "probe.py", self.path / "probe.py")
        (self.path / "fonts").mkdir()
        import compileall

        compileall.compile_dir(self.path, quiet=2)
        self._children = set()
        self._cancelled = False
        self._lock = threading.Lock()
        self._keep_fonts()

    def _keep_fonts(self):
        with contextlib.suppress(Exception):  # without the list, each child makes its own
            import matplotlib
            import matplotlib.font_manager

            for found in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
                shutil.copy(found, self.path / "fonts")

    def start(self, limits):
        """Return a new child."""
        if self._cancelled:
            raise CancelledError
        child = Child(self.path, limits)
        with self._lock:
            self._children.add(child)
        if self._cancelled:  # while it was started
            self.end(child)
            raise CancelledError
        return child

    def end(self, child):
        """End a child, its process group and its folder."""
        child.close()
        with self._lock:
            self._children.discard(child)

    def cancel(self):
        """End every child; nothing can be started any more."""
        self._cancelled = True
        with self._lock:
            children = list(self._children)
        for child in children:
            child.kill()

    @property
    def cancelled(self):
        """Whether the run was stopped."""
        return self._cancelled

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cancel()
        shutil.rmtree(self.path, ignore_errors=True)


class Child:
    """A process that runs one student's code, in a process group and a folder of its own."""

    def __init__(self, workshop, limits):
        self.limits = limits
        self.home = Path(tempfile.mkdtemp(prefix="course-student-"))
        self._number = 0
        self._replies = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-W", "ignore", str(workshop / "probe.py")],
            cwd=self.home,
            env=self._environment(workshop),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            **_own_group(),
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _environment(self, workshop):
        """Return the whole environment of the child; nothing of the teacher's goes in."""
        home = str(self.home)
        config = self.home / ".matplotlib"
        shutil.copytree(workshop / "fonts", config)
        kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "CONDA_PREFIX")
        return {name: os.environ[name] for name in kept if name in os.environ} | {
            "PROBE": json.dumps(self.limits.settings()),
            "PYTHONPATH": str(workshop),
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "HOME": home,
            "USERPROFILE": home,
            "TMPDIR": home,
            "TEMP": home,
            "IPYTHONDIR": str(self.home / ".ipython"),
            "MPLCONFIGDIR": str(config),
            "MPLBACKEND": "agg",
            "COURSE_PROGRESS": "0",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def _read(self):
        """Put each reply in the queue, and None at the end."""
        with contextlib.suppress(OSError), io.BufferedReader(self._process.stdout) as replies:
            while line := replies.readline(self.limits.reply + 2):
                self._replies.put(line)
        self._replies.put(None)

    def wait_until_ready(self):
        """Wait for the first sign of life.

        Raises
        ------
        RuntimeError
            If the child does not start, which is no student's fault.
        """
        try:
            self._receive(0, time.monotonic() + START_SECONDS)
        except ChildError as error:
            raise RuntimeError(
                f"the process for a student's code does not start: {error}"
            ) from None

    def ask(self, request, seconds):
        """Send a request and return the reply.

        Raises
        ------
        ChildError
            If the child ends or does not reply within `seconds`; it is dead then.
        """
        self._number += 1
        until = time.monotonic() + seconds
        line = json.dumps(request | {"number": self._number}, allow_nan=False) + "\n"
        rest = memoryview(line.encode())
        timer = threading.Timer(seconds, self.kill)  # a child that stops reading blocks the pipe
        timer.start()
        try:
            while rest:
                rest = rest[self._process.stdin.write(rest) :]
        except OSError:
            pass
        finally:
            timer.cancel()
        return self._receive(self._number, until, seconds)

    def _receive(self, number, until, seconds=START_SECONDS):
        try:
            line = self._replies.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            self.kill()
            raise ChildError(TOO_LONG.format(seconds)) from None
        if line is None:
            late = time.monotonic() >= until
            self.kill()
            raise ChildError(TOO_LONG.format(seconds) if late else "It ended the process.")
        try:
            reply = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict) or reply.get("number") != number:
            self.kill()
            raise ChildError("It sent something that is no result.")
        return reply

    def kill(self):
        """End the process and its group at once."""
        if sys.platform == "win32":
            self._process.kill()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self):
        """End the process and remove its folder."""
        self.kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        shutil.rmtree(self.home, ignore_errors=True)


def _own_group():
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _no_constant(name):
    raise ValueError(f"{name} is no JSON")
