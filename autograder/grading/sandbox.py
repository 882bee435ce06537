"""The trusted side of a student's process: start it, ask it, and end it when its time is up."""

import contextlib
import json
import os
import platform
import queue
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent.parent.parent
LEVELS = {
    "namespaces": (
        "each submission runs in a room of its own: it sees Python and the lesson's data, "
        "read-only, and no other file, process or network, and it cannot start a process"
    ),
    "landlock": (
        "each submission can read Python and the lesson's data only, write nothing, use no "
        "network and start no process, but it can tell which files and users there are"
    ),
    "process": (
        "each submission runs in a process with limits on its time, but nothing keeps it from "
        "your files and the network; grade only people you trust"
    ),
}
REFUSED = (
    "students' code cannot be kept from your files and the network here: {}. Grade on Linux 5.12 "
    "or newer with user namespaces open or with Linux 6.2 or newer, or say that you trust these "
    "people: ./course grade --no-sandbox, or c.GradeAnswers.no_sandbox = True for nbgrader"
)
START_SECONDS = 60.0
SET_UP_SECONDS = 120.0
END_SECONDS = 10.0
MAX_MESSAGE = 65_536
MAX_BRACKETS = 200_000
CHUNK = 1 << 20
KEPT_SERVERS = 3
FRESH_SECONDS, MARKED_SECONDS = 60.0, 2.0
CORES = os.cpu_count() or 1
PREFIX = "course-workshop-"
PACKAGES = ("site-packages", "dist-packages")
TOO_LONG = "It did not finish within {:.3g} s. Is there a loop that never ends?"
WAITED = "It did not finish within {:.3g} s: it was waiting most of the time."
ENDED = "It ended the process."
NO_RESULT = "It sent something that is no result."
LOST = "the process for students' code was ended from outside"


class GradingError(LookupError):
    """Grading is not possible as asked; the message says why and what to do."""


class ChildError(Exception):
    """The child ended, hung or broke the protocol; the message says which, for the student."""


class CancelledError(Exception):
    """The run was stopped by its user."""


class WorkshopError(RuntimeError):
    """A process for students' code does not start, which is no student's fault."""


class LostError(WorkshopError):
    """The fork server was ended from outside; what ran in its child can be run again."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    `case` is for one call of an answer, `question` for all cases of a question, `answer` for
    running an answer cell, `added` for a cell that the student added, `total` for the
    submission, all in seconds of processor time; on the clock it may take `patience` times as
    much. `memory`, `file_size` (of one file), `home` (of all files) and `reply` (of one result)
    are in bytes, `output` (of one cell or call) in bytes beyond which it is reported; `files` is
    the number of files, and of open files; `processes` the number of threads; `restarts` how
    often the process is started again after a death.
    """

    case: float = 5.0
    question: float = 20.0
    answer: float = 10.0
    added: float = 5.0
    total: float = 120.0
    patience: float = 4.0
    memory: int = 2 * 2**30
    file_size: int = 32 * 2**20
    home: int = 64 * 2**20
    files: int = 512
    processes: int = 64
    reply: int = 32 * 2**20
    output: int = 10 * 2**20
    restarts: int = 20

    def changed(self, *settings):
        """Return the limits with changes, the last one that names a limit counts.

        Parameters
        ----------
        *settings : dict or None
            From the name of a limit to its value.

        Raises
        ------
        GradingError
            If there is no such limit, or the value is no number greater than 0.

        Examples
        --------
        >>> Limits().changed({"case": 10}, {"case": 20}).case
        20.0
        """
        kinds = {field.name: field.type for field in fields(self)}
        wanted = {name: value for s in settings for name, value in (s or {}).items()}
        for name, value in wanted.items():
            if name not in kinds:
                raise GradingError(f'no limit "{name}"; the limits are {", ".join(kinds)}')
            wanted[name] = _number(name, value, kinds[name])
        return replace(self, **wanted)

    def settings(self):
        """Return what the child is told about its limits."""
        resources = {
            "RLIMIT_AS": self.memory,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_CPU": int(self.total) + 30,
            "RLIMIT_NOFILE": self.files,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CORE": 0,
        }
        known = {"reply": self.reply, "output": self.output, "home": self.home}
        return known | {"files": self.files, "resources": resources}

    def to_json(self):
        """Return the limits as a plain dict."""
        return asdict(self)


def _number(name, value, kind):
    """Return the value of a limit as its kind of number."""
    wrong = GradingError(f"the limit {name} is {value!r}; it should be a number greater than 0")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise wrong from None
    least = 0 if name == "restarts" else 1e-9
    if isinstance(value, bool) or not least <= number < float("inf"):
        raise wrong
    if kind is int and number != int(number):
        raise GradingError(f"the limit {name} is {value!r}; it should be a whole number")
    return kind(number)


# Which confinement there is.


@cache
def best_level():
    """Return the strongest level that works on this machine."""
    return next((level for level in ("namespaces", "landlock") if not why_not(level)), "process")


@cache
def why_not(level):
    """Return why a level does not work here, "" where it does: a child is started to try it."""
    if level == "process":
        return ""
    if not hasattr(os, "pidfd_open"):
        return f"this is {platform.system()}, and the sandbox needs Linux 5.12 or newer"
    try:
        with Workshop(level=level, untried=True) as workshop:
            child = workshop.start(Limits(), setup=None)
            child.wait_until_ready()
            workshop.end(child)
    except (OSError, RuntimeError) as error:
        return str(error).strip().splitlines()[-1]
    return ""


def readable():
    """Return the paths that a student's process may read, besides the workshop's copy.

    Python, its packages, the system's libraries, fonts and time zones; nothing of the repository
    and of the teacher's home.
    """
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    roots = {path for path in python if path in ("/", "/usr", "/usr/local")}
    paths = python - roots | set(package_folders())
    paths |= {f"{r.rstrip('/')}/{name}" for r in roots for name in ("lib", "lib64", "share")}
    paths |= set(filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":")))
    paths |= {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store"}
    paths |= {"/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/zoneinfo"}
    paths |= {"/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives"}
    paths |= {os.path.realpath(path) for path in paths}
    hidden = {os.path.realpath(path) for path in (SOURCE, Path.home())}
    hidden |= {f"{path}/{name}" for path in paths for name in ("autograder", "nbgrader_config.py")}
    found = {part for path in paths if os.path.isabs(path) for part in without(path, hidden)}
    return [path for path in sorted(found) if found.isdisjoint(_above(path))]


def _above(path):
    """Return the folders that hold a path."""
    return [str(folder) for folder in Path(path).parents]


def package_folders():
    """Return the folders of installed packages on this process's import path, and no other."""
    folders = (os.path.abspath(path) for path in sys.path if path)
    return [path for path in folders if os.path.basename(path) in PACKAGES and os.path.isdir(path)]


def without(path, hidden):
    """Return the parts of a folder that hold none of the hidden folders.

    A hidden folder that holds `path` itself, as a home holds a Python, hides nothing of it.
    """
    path = os.path.normpath(path)
    if not os.path.exists(path) or path in hidden:
        return []
    inside = path.rstrip("/") + "/"
    if not any(folder.startswith(inside) and os.path.exists(folder) for folder in hidden):
        return [path]
    inside = (entry.path for entry in os.scandir(path))
    return [part for entry in inside for part in without(entry, hidden)]


# The workshop and its fork servers.


class Workshop:
    """A folder with copies of all that a student's code may need, made once a run.

    It holds `utils`, the child's side, and matplotlib's list of fonts (which takes seconds to
    make), and it owns the fork servers, one for each set-up cell.

    Parameters
    ----------
    trusted : bool
        Whether to go on where nothing confines a student's code.
    level : str, optional
        A key of `LEVELS`; by default the strongest that works here.

    Raises
    ------
    GradingError
        If the level does not work here, or confines nothing and the work is not trusted.
    """

    def __init__(self, trusted=False, level=None, *, untried=False):
        self.level = level or best_level()
        if not untried:
            _permit(self.level, trusted)
        remove_stale()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._mark = _hold(self.path)
        self._fill()
        if not untried:
            self._warm()
        self._servers, self._children, self._numbers = {}, set(), 0
        self._cancelled = False
        self._lock, self._starting = threading.Lock(), threading.Lock()

    @property
    def sentence(self):
        """What the level means, for a teacher."""
        return LEVELS[self.level]

    def _fill(self):
        """Copy what children need."""
        course, server = self.path / "course", self.path / "server"
        ignore = shutil.ignore_patterns("__pycache__", "*.part")
        shutil.copytree(SOURCE / "utils", course / "utils", ignore=ignore)
        grading = server / "autograder" / "grading"
        grading.mkdir(parents=True)
        for name in ("probe", "confine", "calls"):
            shutil.copy(SOURCE / "autograder" / "grading" / f"{name}.py", grading)
        for folder in ("root", "home", "homes", "course/fonts"):
            (self.path / folder).mkdir()
        self._open_course()

    def _open_course(self):
        """Let any user read the copies; the folder around them is the teacher's own."""
        for path in (self.path / "course", *(self.path / "course").rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def _warm(self):
        """Compile the copies and copy the list of fonts, which every child would make anew."""
        import compileall

        compileall.compile_dir(self.path, quiet=2)
        self._keep_fonts(self.path / "course" / "fonts")
        self._open_course()

    def _keep_fonts(self, folder):
        with contextlib.suppress(Exception):  # without the list, each fork server makes its own
            import matplotlib
            import matplotlib.font_manager

            for found in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
                shutil.copy(found, folder)

    def start(self, limits, setup="", seed=b""):
        """Return a new child, in which the set-up cell has run.

        Parameters
        ----------
        limits : Limits
        setup : str
            The source of the lesson's set-up cell: the course's own code.
        seed : bytes
            Seeds the generators that a student's code does not seed.

        Raises
        ------
        WorkshopError
            If the set-up cell does not run, or no process can be started.
        """
        if self._cancelled:
            raise CancelledError
        self._numbers += 1
        order = limits.settings() | {"seed": seed.hex()}
        if self.level == "process":
            child = FreshChild(self, limits, order | {"setup": setup})
        else:
            order["user"] = os.getpid() * 64 + self._numbers % 64
            child = self._forked(setup, limits, order | {"hidden": str(Path(__file__))})
        with self._lock:
            self._children.add(child)
        if self._cancelled:  # while it was started
            self.end(child)
            raise CancelledError
        return child

    def _forked(self, setup, limits, order):
        """Return a fork of the server for this set-up cell; of a new one if it has died."""
        try:
            return ForkedChild(self._server(setup), limits, order)
        except LostError:
            return ForkedChild(self._server(setup), limits, order)

    def _server(self, setup):
        with self._starting:
            server = self._servers.pop(setup, None)
            if server is None or not server.alive:
                if server is not None:
                    server.close()
                server = Server(self, setup)
            self._servers[setup] = server  # the latest one last
            for old in [s for s in self._servers if not self._servers[s].children]:
                if len(self._servers) > KEPT_SERVERS and old != setup:
                    self._servers.pop(old).close()
            return server

    def end(self, child):
        """End a child and all that it left."""
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
        for child in list(self._children):
            self.end(child)
        with self._starting:
            for server in self._servers.values():
                server.close()
            self._servers.clear()
        if self._mark is not None:
            os.close(self._mark)
        shutil.rmtree(self.path, ignore_errors=True)


def _permit(level, trusted):
    """Raise if a level is not to be used here."""
    if level not in LEVELS:
        raise GradingError(f'no sandbox level "{level}"; the levels are {", ".join(LEVELS)}')
    reason = why_not(level)
    if reason:
        raise GradingError(f'the sandbox level "{level}" does not work here: {reason}')
    if level == "process" and not trusted:
        raise GradingError(REFUSED.format(why_not("namespaces") or "it was asked for"))


def _hold(folder):
    """Return a descriptor that marks a folder as in use for as long as this process lives."""
    if sys.platform == "win32":
        return None
    import fcntl

    mark = os.open(folder / "in-use", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(mark, fcntl.LOCK_EX)
    return mark


def remove_stale():
    """Remove the workshops of runs that ended without a chance to do it."""
    if sys.platform == "win32":
        return
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            if _is_stale(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_stale(folder):
    """Return whether a folder is one's own, no link, not new, and held by no process."""
    import fcntl

    found = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or found.st_uid != os.geteuid():
        return False
    marked = (folder / "in-use").exists()
    if time.time() - found.st_mtime < (MARKED_SECONDS if marked else FRESH_SECONDS):
        return False
    with contextlib.suppress(FileNotFoundError):
        mark = os.open(folder / "in-use", os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(mark)
    return True


class Server:
    """A fork server and its keeper: see `probe.serve`."""

    def __init__(self, workshop, setup):
        self.workshop, self.children, self.alive = workshop, 0, True
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.set_inheritable(theirs.fileno(), True)
        self._log = workshop.path / f"server-{secrets.token_hex(4)}.txt"
        with theirs, open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [*_python(workshop), "serve", str(theirs.fileno())],
                cwd=workshop.path / "home",
                env=environment(workshop.path / "home"),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        try:
            with self._process.stdin as config:
                config.write(json.dumps(self._settings(setup)).encode())
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _settings(self, setup):
        path, namespaces = self.workshop.path, self.workshop.level == "namespaces"
        course = str(path / "course")
        return {
            "level": self.workshop.level,
            "setup": setup,
            "server": str(path / "server"),
            "course": course,
            "root": str(path / "root"),
            "home": str(path / "home"),
            "shown": readable(),
            "paths": ["/course" if namespaces else course, *package_folders()],
            "repository": os.path.realpath(SOURCE),
        }

    def _wait_until_ready(self):
        message = receive(self.control, SET_UP_SECONDS)[0]
        if message is None:
            said = self._log.read_text(errors="replace").strip()
            raise WorkshopError(f"the process for students' code does not start: {said}")
        if "error" in message:
            raise WorkshopError(_what_failed(message["error"]))

    def close(self):
        """End the fork server and all its children, and wait for it."""
        self.alive = False
        self.control.close()
        try:
            self._process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _what_failed(text):
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


def _python(workshop):
    """Return the command that starts the child side, without the user's own packages."""
    probe = workshop.path / "server" / "autograder" / "grading" / "probe.py"
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


# Children.


class Child:
    """A process that runs one student's code, and the only one that does."""

    def __init__(self, limits, number, wire):
        self.limits, self.number, self._wire = limits, number, wire
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
            raise WorkshopError(_what_failed(reply["error"]))
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

    def __init__(self, workshop, limits, order):
        self.home = Path(tempfile.mkdtemp(dir=workshop.path / "homes"))
        shutil.copytree(workshop.path / "course" / "fonts", self.home / ".matplotlib")
        self._process = subprocess.Popen(
            [*_python(workshop), "once"],
            cwd=self.home,
            env=environment(self.home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            **_own_group(),
        )
        order["paths"] = [str(workshop.path / "course"), *package_folders()]
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


# Wires: a request goes out, a line comes back, and nothing but that line.


class PolledWire:
    """Two pipes that are watched together, on Unix."""

    def __init__(self, requests, replies, limit):
        self._requests, self._replies, self._limit = requests, replies, limit
        self._found = bytearray()
        for descriptor in (requests, replies):
            os.set_blocking(descriptor, False)

    def read(self, left):
        """Return the next line, None at the end; `left` says how long to wait for it."""
        return self.talk(b"", left)

    def talk(self, data, left):
        """Send data and return the line that comes back, None at the end.

        Raises
        ------
        ChildError
            If something came unasked, or the line is too long; and what `left` raises.
        """
        if data and (self._found or self._has_come()):
            raise ChildError(NO_RESULT)
        rest = memoryview(data)
        while True:
            poll = select.poll()
            poll.register(self._replies, select.POLLIN)
            if rest:
                poll.register(self._requests, select.POLLOUT)
            for descriptor, _ in poll.poll(1_000 * left()):
                if descriptor == self._requests:
                    rest = self._write(rest)
                elif not self._take():
                    return None
            if b"\n" in self._found[-CHUNK:]:
                return self._line(rest)

    def _line(self, rest):
        """Return the line that has come; nothing may be left of it, or of what is to be sent."""
        line, _, after = self._found.partition(b"\n")
        self._found = bytearray()
        if after or rest:
            raise ChildError(NO_RESULT)
        return bytes(line)

    def _has_come(self):
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        return any(event & select.POLLIN for _, event in poll.poll(0))

    def _write(self, rest):
        try:
            return rest[os.write(self._requests, rest) :]
        except BlockingIOError:
            return rest
        except OSError:  # it has ended: the other pipe tells
            return memoryview(b"")

    def _take(self):
        """Read what has come; return False at the end."""
        found = os.read(self._replies, CHUNK)
        self._found += found
        if len(self._found) > self._limit + 2:
            raise ChildError(NO_RESULT)
        return bool(found)

    def close(self):
        """Close both pipes."""
        os.close(self._requests)
        os.close(self._replies)


class ThreadedWire:
    """The pipes of a process, read and written by threads: Windows can watch no pipe."""

    def __init__(self, process, limit):
        self._process, self._limit = process, limit
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        """Put each line in the queue, and None at the end."""
        import io

        with (
            contextlib.suppress(OSError, ValueError),
            io.BufferedReader(self._process.stdout) as replies,
        ):
            while line := replies.readline(self._limit + 2):
                self._lines.put(line)
        self._lines.put(None)

    def _write(self, data):
        rest = memoryview(data)
        with contextlib.suppress(OSError, ValueError):
            while rest:
                rest = rest[self._process.stdin.write(rest) :]

    def read(self, left):
        """Return the next line, None at the end; `left` says how long to wait for it."""
        while True:
            try:
                line = self._lines.get(timeout=left())
            except queue.Empty:
                left()
                continue
            if line is not None and not line.endswith(b"\n"):
                raise ChildError(NO_RESULT)
            return line

    def talk(self, data, left):
        """Send data and return the line that comes back, None at the end.

        Raises
        ------
        ChildError
            If something came unasked, or the line is too long; and what `left` raises.
        """
        if not self._lines.empty():
            early = self._lines.get()
            if early is None:
                return None
            raise ChildError(NO_RESULT)
        threading.Thread(target=self._write, args=[data], daemon=True).start()
        return self.read(left)

    def close(self):
        """Close the way in; the thread that reads closes the way out."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
