"""The trusted side of a student's process: what is asked, how long it may take, how it ends."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from autograder.sandbox.wires import NO_RESULT, ChildError, PolledWire, ThreadedWire

START_SECONDS = 60.0
END_SECONDS = 10.0
MAX_MESSAGE = 65_536
MAX_BRACKETS = 200_000
CORES = os.cpu_count() or 1
PACKAGES = ("site-packages", "dist-packages")
SOURCE = Path(__file__).parent.parent.parent
TOO_LONG = "It did not finish within {:.3g} s. Is there a loop that never ends?"
WAITED = "It did not finish within {:.3g} s: it was waiting most of the time."
ENDED = "It ended the process."
LOST = "the process for students' code was ended from outside"


class WorkshopError(RuntimeError):
    """A process for students' code does not start, which is no student's fault."""


class LostError(WorkshopError):
    """The fork server was ended from outside; what ran in its child can be run again."""


class Child:
    """A process that runs one student's code, and the only one that does."""

    def __init__(self, limits, number, wire):
        self.limits, self.number, self._wire = limits, number, wire
        self.received = 0  # characters of all its replies
        self._patience = limits.patience if self.cpu() is not None else 1.0

    def cpu(self):
        """Return the seconds of processor time that it has used, None where that is not known.

        The clock is that of clock_getcpuclockid(3), read from outside.
        """
        if sys.platform != "linux" or self.number <= 0:
            return None
        try:
            return time.clock_gettime(~self.number << 3 | 2)
        except OSError:  # it has ended
            return None

    def wait_until_ready(self):
        """Wait for the first sign of life.

        Raises
        ------
        WorkshopError
            If the child does not start, which is no student's fault.
        """
        until = time.monotonic() + START_SECONDS
        try:
            line = self._wire.read(lambda: max(0.0, until - time.monotonic()))
        except ChildError as error:
            raise WorkshopError(
                f"the process for a student's code does not start: {error}"
            ) from None
        reply = json.loads(line) if line else {}
        if "error" in reply:
            raise WorkshopError(what_failed(reply["error"]))
        if not line:
            raise WorkshopError("the process for a student's code ended before any of it ran")

    def ask(self, request, seconds):
        """Send a request and return the reply.

        Parameters
        ----------
        request : dict
        seconds : float
            Processor time; on the clock `patience` times as much.

        Raises
        ------
        ChildError
            If the child ends or does not reply in time; it is dead then.
        LostError
            If it was ended from outside.
        """
        number = secrets.token_hex(8)  # a reply that was sent ahead cannot know it
        line = json.dumps(request | {"number": number}, allow_nan=False) + "\n"
        try:
            found = self._wire.talk(line.encode(), self._clock(seconds))
            if found is None:
                raise self._ended()
            self.received += len(found)
            return _reply(found, number)
        except ChildError:
            self.kill()
            raise

    def _ended(self):
        """Return the error for a child that has ended."""
        return ChildError(ENDED)

    def _clock(self, seconds):
        """Return a function that says how long to wait before looking again, or raises."""
        start, patience = self.cpu(), self._patience
        until = time.monotonic() + patience * seconds

        def left():
            used, wall = self.cpu(), until - time.monotonic()
            if used is not None and start is not None and used - start >= seconds:
                raise ChildError(TOO_LONG.format(seconds))
            if wall <= 0:
                waited = used is not None and start is not None and used - start < seconds / 2
                raise ChildError((WAITED if waited else TOO_LONG).format(patience * seconds))
            if used is None or start is None:
                return wall
            return min(wall, max(0.01, (seconds - used + start) / CORES))

        return left


def _reply(line, number):
    """Return the reply in a line.

    Raises
    ------
    ChildError
        If it is none, or none to this request.
    """
    try:
        if line.count(b"[") + line.count(b"{") > MAX_BRACKETS:  # each is an object of its own
            raise ValueError("too many objects")
        reply = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict) or reply.get("number") != number:
        raise ChildError(NO_RESULT)
    return reply


def _no_constant(name):
    raise ValueError(f"{name} is no JSON")


class ForkedChild(Child):
    """A child of a fork server."""

    def __init__(self, server, limits, order):
        self._server, self._closing = server, threading.Lock()
        requests, ours = os.pipe()
        theirs, replies = os.pipe()
        self._status, status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = None
        try:
            data = json.dumps(order).encode()
            socket.send_fds(server.control, [data], [requests, replies, status.fileno()])
        except OSError:
            message = None
        else:
            message, descriptors = self._first_message(status)
        finally:
            for descriptor in (requests, replies):
                os.close(descriptor)
            status.close()
        if message is None:
            server.alive = False
            self._status.close()
            os.close(ours)
            os.close(theirs)
            raise LostError(LOST)
        self._process = descriptors[0]
        server.children += 1
        self.usage = None
        super().__init__(limits, _number_of(self._process), PolledWire(ours, theirs, limits.reply))

    def _first_message(self, status):
        status.close()
        return receive(self._status, START_SECONDS)

    def kill(self):
        """End the process, and with it its namespace, at once."""
        with self._closing, contextlib.suppress(OSError):
            if self._process is not None:
                signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def _ended(self):
        self._wait()
        if self.usage is None:
            self._server.alive = False
            return LostError(LOST)
        return ChildError(ENDED)

    def _wait(self):
        if self.usage is None:
            self.usage = receive(self._status, END_SECONDS)[0]

    def close(self):
        """End the process and wait until nothing of it is left."""
        if self._process is None:
            return
        self.kill()
        self._wire.close()
        self._wait()
        self._status.close()
        with self._closing:
            os.close(self._process)
            self._process = None
        self._server.children -= 1


def _number_of(process):
    """Return the id, as seen here, of the process that a descriptor refers to."""
    for line in Path(f"/proc/self/fdinfo/{process}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    return -1


class FreshChild(Child):
    """A child of its own, in a process group and a folder, where nothing confines it."""

    def __init__(self, workshop, limits, order, course):
        self.home = Path(tempfile.mkdtemp(dir=workshop.path / "homes"))
        shutil.copytree(workshop.path / "course" / "fonts", self.home / ".matplotlib")
        self._process = subprocess.Popen(
            [*python_command(workshop), "once"],
            cwd=self.home,
            env=environment(self.home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            **_own_group(),
        )
        order["paths"] = [str(course), *package_folders()]
        order["repository"] = os.path.realpath(SOURCE)
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
        wire = ThreadedWire(self._process, limits.reply)
        super().__init__(limits, self._process.pid, wire)

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
        self._wire.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=END_SECONDS)
        shutil.rmtree(self.home, ignore_errors=True)


def _own_group():
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def what_failed(text):
    """Return a sentence on a process that does not start, given what it said."""
    if "SetupError" in text:
        return f"the set-up cell of the lesson does not run here: {text.strip()}"
    return f"the process for students' code does not start: {text.strip()}"


def receive(channel, seconds):
    """Return a message of the fork server and the descriptors that came with it.

    The message is None if it ended, or said nothing in that time.
    """
    channel.settimeout(seconds)
    try:
        flags = socket.MSG_CMSG_CLOEXEC
        data, descriptors, _, _ = socket.recv_fds(channel, MAX_MESSAGE, 1, flags)
    except OSError:
        return None, []
    return (json.loads(data) if data else None), descriptors


def python_command(workshop):
    """Return the command that starts the child side, without the user's own packages."""
    probe = workshop.path / "server" / "autograder" / "sandbox" / "probe.py"
    return [sys.executable, "-s", "-P", "-B", "-W", "ignore", str(probe)]


def environment(home):
    """Return the whole environment of a child; nothing of the teacher's goes in."""
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "CONDA_PREFIX")
    folders = ("HOME", "USERPROFILE", "TMPDIR", "TEMP")
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return (
        {name: os.environ[name] for name in kept if name in os.environ}
        | dict.fromkeys(folders, str(home))
        | dict.fromkeys((*threads, "NUMEXPR_NUM_THREADS", "PYTHONUTF8"), "1")
        | dict.fromkeys(("PYTHONHASHSEED", "COURSE_PROGRESS"), "0")
        | {"USER": "student", "LOGNAME": "student", "MPLBACKEND": "agg"}
        | {"IPYTHONDIR": str(home / ".ipython"), "MPLCONFIGDIR": str(home / ".matplotlib")}
    )


def package_folders():
    """Return the folders of installed packages on this process's import path, and no other."""
    folders = (os.path.abspath(path) for path in sys.path if path)
    return [path for path in folders if os.path.basename(path) in PACKAGES and os.path.isdir(path)]
