"""Where students' code runs: how far it is confined here, and the fork servers that start it."""

import contextlib
import json
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

from autograder.sandbox.children import (
    END_SECONDS,
    SOURCE,
    ForkedChild,
    FreshChild,
    LostError,
    WorkshopError,
    environment,
    package_folders,
    python_command,
    receive,
    what_failed,
)
from autograder.sandbox.limits import GradingError, Limits
from autograder.sandbox.wires import ChildError

__all__ = [
    "LEVELS",
    "SOURCE",
    "CancelledError",
    "ChildError",
    "LostError",
    "Workshop",
    "WorkshopError",
    "best_level",
    "why_not",
]
LEVELS = {
    "namespaces": (
        "each submission runs in a room of its own: it sees Python and the lesson's data, "
        "read-only, and no other file, process or network, and it can start no process; only a "
        "hole in Linux itself would let it out"
    ),
    "landlock": (
        "each submission can read Python and the lesson's data only, write nothing, use no "
        "network and start no process, but it can find out whether a file of some name exists"
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
SET_UP_SECONDS = 120.0
KEPT_SERVERS = 3
FRESH_SECONDS, MARKED_SECONDS = 60.0, 2.0
PREFIX = "course-workshop-"


class CancelledError(Exception):
    """The run was stopped by its user."""


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
        last = str(error).strip().splitlines()[-1]
        return last.removeprefix("autograder.sandbox.confine.ConfineError: ")
    return ""


def readable(hidden=()):
    """Return the paths that a student's process may read, besides the workshop's copy.

    Python, its packages, the system's libraries, fonts and time zones; nothing of the repository
    and of the teacher's home, and not the files of packages that are `hidden`.
    """
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    roots = {path for path in python if path in ("/", "/usr", "/usr/local")}
    paths = python - roots | set(package_folders())
    paths |= {f"{r.rstrip('/')}/{name}" for r in roots for name in ("lib", "lib64", "share")}
    libraries = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    paths |= {path for path in libraries if any(Path(path).glob("*.so*"))}
    paths |= {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store"}
    paths |= {"/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/zoneinfo"}
    paths |= {"/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives"}
    paths |= {os.path.realpath(path) for path in paths}
    prefixes = {*python, "/usr", "/usr/local"}  # the system's packages lie in its libraries
    folders = [*package_folders(), *(folder for p in prefixes for folder in _packages_in(p))]
    files = {f"{folder}/{name}" for folder in folders for name in hidden}
    hidden = {os.path.realpath(path) for path in (SOURCE, Path.home(), *files)}
    hidden |= {f"{path}/{name}" for path in paths for name in ("autograder", "nbgrader_config.py")}
    found = {part for path in paths if os.path.isabs(path) for part in without(path, hidden)}
    return [path for path in sorted(found) if found.isdisjoint(_above(path))]


def _packages_in(prefix):
    """Return the folders of packages of a Python: not all of them need be on the import path."""
    return [str(path) for path in Path(prefix).glob("lib*/python*/*-packages")]


def _above(path):
    """Return the folders that hold a path."""
    return [str(folder) for folder in Path(path).parents]


def without(path, hidden):
    """Return the parts of a folder that hold none of the hidden files and folders.

    A hidden folder that holds `path` itself, as a home holds a Python, hides nothing of it. A link
    in a folder is a part of it, unless it leads to what is hidden, or to a folder above that.
    """
    path = os.path.normpath(path)
    if not os.path.exists(path) or not hidden.isdisjoint((path, os.path.realpath(path))):
        return []
    if not _holds(path, hidden):
        return [path]
    entries = (e.path for e in os.scandir(path) if not (e.is_symlink() and _holds(e.path, hidden)))
    return [part for entry in entries for part in without(entry, hidden)]


def _holds(path, hidden):
    """Return whether something that is hidden lies in a folder."""
    inside = tuple(f"{place.rstrip('/')}/" for place in (path, os.path.realpath(path)))
    return any(place.startswith(inside) and os.path.exists(place) for place in hidden)


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
        self._courses, self._copying = {}, threading.Lock()
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
        sandbox = server / "autograder" / "sandbox"
        sandbox.mkdir(parents=True)
        (server / "autograder" / "__init__.py").touch()
        for name in ("__init__", "probe", "confine", "seccomp"):
            shutil.copy(SOURCE / "autograder" / "sandbox" / f"{name}.py", sandbox)
        for folder in ("root", "home", "homes", "course/fonts", "courses"):
            (self.path / folder).mkdir()
        (self.path / "courses").chmod(0o755)
        if self.level == "landlock":  # there is no room with a way in of its own
            self.path.chmod(0o711)
        self._open_copies()

    def _open_copies(self):
        """Let a child that is another user read the copies."""
        course, home = self.path / "course", self.path / "home"
        for path in (home, course, *course.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def _warm(self):
        """Compile the copies and copy the list of fonts, which every child would make anew."""
        import compileall

        compileall.compile_dir(self.path, quiet=2)
        self._keep_fonts(self.path / "course" / "fonts")
        self._open_copies()

    def _keep_fonts(self, folder):
        with contextlib.suppress(Exception):  # without the list, each fork server makes its own
            import matplotlib
            import matplotlib.font_manager

            for found in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
                shutil.copy(found, folder)

    def _without(self, hidden):
        """Return the copy of what children import that lacks these files, made of links."""
        lacking = tuple(name for name in hidden if name.startswith("utils/"))
        course = self.path / "course"
        if not lacking:
            return course
        folder = self.path / "courses" / secrets.token_hex(4)
        with self._copying:
            if lacking not in self._courses:

                def left_out(place, names):
                    inside = Path(place).relative_to(course).as_posix()
                    return [name for name in names if _source_of(f"{inside}/{name}") in lacking]

                shutil.copytree(course, folder, ignore=left_out, copy_function=os.link)
                self._courses[lacking] = folder
            return self._courses[lacking]

    def start(self, limits, setup="", seed=b"", hidden=()):
        """Return a new child, in which the set-up cell has run.

        Parameters
        ----------
        limits : Limits
        setup : str
            The source of the lesson's set-up cell: the course's own code.
        seed : bytes
            Seeds the generators that a student's code does not seed.
        hidden : tuple of str
            Files that are out of reach, as an import would find them: "utils/earlier.py". At the
            level "process" only the copy of utils lacks them.

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
            child = FreshChild(self, limits, order | {"setup": setup}, self._without(hidden))
        else:
            order["user"] = os.getpid() * 64 + self._numbers % 64
            order["hidden"] = str(Path(__file__))
            child = self._forked((setup, tuple(hidden)), limits, order)
        with self._lock:
            self._children.add(child)
        if self._cancelled:  # while it was started
            self.end(child)
            raise CancelledError
        return child

    def _forked(self, lesson, limits, order):
        """Return a fork of the server of a lesson; of a new one if it has died."""
        try:
            return ForkedChild(self._server(lesson), limits, order)
        except LostError:
            return ForkedChild(self._server(lesson), limits, order)

    def _server(self, lesson):
        """Return the fork server of a lesson, known by its set-up cell and what it hides."""
        with self._starting:
            server = self._servers.pop(lesson, None)
            if server is None or not server.alive:
                if server is not None:
                    server.close()
                setup, hidden = lesson
                server = Server(self, setup, self._without(hidden), readable(hidden))
            self._servers[lesson] = server  # the latest one last
            for old in [s for s in self._servers if not self._servers[s].children]:
                if len(self._servers) > KEPT_SERVERS and old != lesson:
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


def _source_of(name):
    """Return the source that a compiled file belongs to, or the file itself.

    >>> _source_of("utils/__pycache__/earlier.cpython-312.pyc")
    'utils/earlier.py'
    """
    folder, cache, file = name.rpartition("__pycache__/")
    return f"{folder}{file.split('.')[0]}.py" if cache else name


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

    def __init__(self, workshop, setup, course, shown):
        self._course, self._shown = str(course), shown
        self.workshop, self.children, self.alive = workshop, 0, True
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.set_inheritable(theirs.fileno(), True)
        self._log = workshop.path / f"server-{secrets.token_hex(4)}.txt"
        with theirs, open(self._log, "wb") as log:
            self._process = self._popen(theirs.fileno(), log)
        try:
            with self._process.stdin as config:
                config.write(json.dumps(self._settings(setup)).encode())
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _popen(self, control, log):
        home = self.workshop.path / "home"
        return subprocess.Popen(
            [*python_command(self.workshop), "serve", str(control)],
            cwd=home,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=[control],
            start_new_session=True,
        )

    def _settings(self, setup):
        path, namespaces = self.workshop.path, self.workshop.level == "namespaces"
        return {
            "level": self.workshop.level,
            "setup": setup,
            "server": str(path / "server"),
            "course": self._course,
            "root": str(path / "root"),
            "home": str(path / "home"),
            "shown": self._shown,
            "paths": ["/course" if namespaces else self._course, *package_folders()],
            "repository": os.path.realpath(SOURCE),
        }

    def _wait_until_ready(self):
        message = receive(self.control, SET_UP_SECONDS)[0]
        if message is None:
            said = self._log.read_text(errors="replace").strip()
            late = f"its set-up cell had not run after {SET_UP_SECONDS:.3g} s"
            raise WorkshopError(f"the process for students' code does not start: {said or late}")
        if "error" in message:
            raise WorkshopError(what_failed(message["error"]))

    def close(self):
        """End the fork server and all its children, and wait for it."""
        self.alive = False
        self.control.close()
        try:
            self._process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
