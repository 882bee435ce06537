"""The child side: requests in, plain data out, one JSON a line, from a process without secrets.

It is started as a script in one of two ways. `serve` is a fork server: it runs the lesson's set-up
cell once, before any student's code, and forks a confined child for each submission. `once` is
such a child alone, for platforms on which forking is not safe. Either holds no expected result
and is told one case at a time. What a student's code prints goes nowhere.
"""

import contextlib
import gc
import io
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback

MAX_TRACEBACK = 1_000
MAX_ORDER = 65_536
SPARE = 500  # threads that a user who has others may yet start elsewhere
NO_SHELL = "Commands of the shell are not run here: grading runs the Python code only."
SCRIPTS = ("script", "bash", "sh", "perl", "ruby", "pypy", "python", "python2", "python3", "cmd")
LEAST_KERNEL = (5, 14)  # counts the processes of a user for each user namespace


def main():
    """Be what the first argument says."""
    {"serve": serve, "once": once}[sys.argv[1]]()


# A child of its own, where there is no fork server.


def once():
    """Serve the requests on standard input until it ends."""
    requests, replies = take_pipes()
    settings = json.loads(requests.readline())
    leave_repository(settings)
    watch_parent(os.getppid())
    fault, shell = "", make_shell()
    try:
        set_up(shell, settings["setup"])
    except SetupError as error:
        fault = str(error)
    limit_resources(settings["resources"])
    reseed(bytes.fromhex(settings["seed"]))
    answer_all(shell, requests, replies, settings, fault)


def take_pipes():
    """Return the pipes of the protocol; standard input and output become the null device."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence()
    return requests, replies


def silence():
    """Connect standard input and output with the null device."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.close(null)
    sys.stdout, sys.stderr = quiet(1), quiet(2)


def quiet(number):
    """Return a text stream that counts what is written to it."""
    raw = Null(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", errors="replace", line_buffering=True)


class Null(io.FileIO):
    """A file that drops and counts what is written to it."""

    count = 0

    def write(self, data):
        """Drop the data."""
        Null.count += len(data)
        return len(data)


def limit_resources(resources):
    """Limit memory, processor time and file size, where the platform can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in resources.items():
        kind = getattr(resource, name, None)
        if kind is None or name == "RLIMIT_NPROC":
            continue
        hard = resource.getrlimit(kind)[1]
        wanted = value + address_space() if name == "RLIMIT_AS" else value
        wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(kind, (wanted, wanted))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS but does not set it
            continue


def watch_parent(parent):
    """End this process soon after its parent ended."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# The fork server and its keeper.


def serve():
    """Split into a keeper, which only waits, and the fork server."""
    settings = json.load(sys.stdin)
    control = socket.socket(fileno=int(sys.argv[2]))
    sys.path.insert(0, settings["server"])
    from autograder.sandbox import confine

    confine.die_first()
    if settings["level"] == "namespaces":
        confine.enter_namespaces()
    server = os.fork()
    if server:
        keep(server, control)
    try:
        ForkServer(settings, control, confine).run()
    except BaseException:
        tell(control, {"error": traceback.format_exc()})
        os._exit(1)


def keep(server, control):
    """End the fork server, and with it its namespace, when the worker ends; wait for it."""
    ended = os.pidfd_open(server)
    poll = select.poll()
    poll.register(control, 0)  # hang-up is always told
    poll.register(ended, select.POLLIN)
    poll.poll()
    os.kill(server, signal.SIGKILL)
    os.waitpid(server, 0)
    os._exit(0)


def tell(channel, message, *descriptors):
    """Send a message and descriptors; whether there is somebody to read it does not matter."""
    with contextlib.suppress(OSError):
        socket.send_fds(channel, [json.dumps(message).encode()], descriptors)


class ForkServer:
    """A warm process in which the set-up cell has run; it runs no student's code.

    It stays single-threaded, so that a fork is a whole copy.
    """

    def __init__(self, settings, control, confine):
        self.settings, self.control, self.confine = settings, control, confine
        self.namespaces = settings["level"] == "namespaces"
        self.number, self.users = os.getpid(), confine.user_numbers()
        needed = [*settings["paths"], sys.prefix, sys.base_prefix, settings["home"]]
        self.apart = self.namespaces or (  # whether a child can be another user
            bool(self.users) and all(confine.open_to_all(path) for path in needed)
        )
        self.crowd = confine.threads_of(os.geteuid()) + SPARE
        self.own = os.open("/proc/self/ns/pid", os.O_RDONLY) if self.namespaces else None
        self.children = {}  # descriptor of a process -> (its number, its status channel)
        self.poll = select.poll()

    def run(self):
        """Get warm, say so, and fork a child for each order until the worker closes."""
        self.confine.die_with_parent()
        self._enter()
        silence()  # here, so that these descriptors too are of the room, read-only
        if self.settings["setup"] is not None:
            self.shell = make_shell()
            set_up(self.shell, self.settings["setup"])
        self._freeze()
        tell(self.control, {"ready": True})
        self.poll.register(self.control, select.POLLIN)
        while True:
            for descriptor, _ in self.poll.poll():
                if descriptor == self.control.fileno():
                    self._start()
                elif descriptor in self.children:
                    self._bury(descriptor)
                else:
                    self._abandon(descriptor)

    def _enter(self):
        """Go where the children will be, and take the teacher's side off the import path."""
        settings = self.settings
        sys.path.remove(settings["server"])
        for name in [name for name in sys.modules if name.split(".")[0] == "autograder"]:
            del sys.modules[name]
        leave_repository(settings)
        if self.namespaces:
            self.confine.enter_room(settings["root"], settings["shown"], settings["course"])
        self.home = self.confine.HOME if self.namespaces else settings["home"]
        adopt(settings, self.home)
        self.confine.bound_capabilities()

    def _freeze(self):
        """Keep the garbage collector's hands off what children share, and check for threads."""
        if threads() > 1:
            raise SetupError("it starts a thread, which no forked child would have")
        gc.collect()
        gc.freeze()
        self.size = address_space()

    def _start(self):
        flags = socket.MSG_CMSG_CLOEXEC
        data, descriptors, _, _ = socket.recv_fds(self.control, MAX_ORDER, 3, flags)
        if not data:
            os._exit(0)
        order = json.loads(data)
        requests, replies, status = descriptors
        number = self.confine.fork_as_first(self.own) if self.namespaces else os.fork()
        if number == 0:
            self._be_child(order, requests, replies)
        os.close(requests)
        os.close(replies)
        channel = socket.socket(fileno=status)
        descriptor = os.pidfd_open(number)
        tell(channel, {"started": True}, descriptor)
        self.children[descriptor] = number, channel
        self.poll.register(descriptor, select.POLLIN)
        self.poll.register(channel, 0)

    def _bury(self, descriptor):
        """Wait for a child that ended and tell how."""
        number, channel = self.children.pop(descriptor)
        self.poll.unregister(descriptor)
        with contextlib.suppress(KeyError):  # abandoned
            self.poll.unregister(channel)
        os.close(descriptor)
        _, status, usage = os.wait4(number, 0)
        cpu = usage.ru_utime + usage.ru_stime
        code = os.waitstatus_to_exitcode(status)
        tell(channel, {"ended": code, "cpu": cpu, "memory": usage.ru_maxrss * 1024})
        channel.close()

    def _abandon(self, channel):
        """Kill the child whose worker let go of it; `_bury` follows."""
        self.poll.unregister(channel)
        for descriptor, (_, own) in self.children.items():
            if own.fileno() == channel:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)

    def _be_child(self, order, requests, replies):
        """Be the child, which never comes back."""
        try:
            os.setsid()
            self.control.detach()
            self.confine.close_others({requests, replies})
            requests = os.fdopen(requests, encoding="utf-8")
            replies = os.fdopen(replies, "w", encoding="utf-8")
            self._confine(order)
            if self.settings["setup"] is None:
                try_out(order)
                send(replies, {"number": 0, "ready": True}, order["reply"])
                os._exit(0)
            reseed(bytes.fromhex(order["seed"]))
        except BaseException:
            send(replies, {"number": 0, "error": traceback.format_exc()}, MAX_ORDER)
            os._exit(1)
        try:
            answer_all(self.shell, requests, replies, order)
        finally:
            os._exit(0)

    def _confine(self, order):
        """Take on every limit; the order of the steps is the order of what each still needs."""
        confine = self.confine
        user, group = confine.user_for(order["user"], self.users)
        resources = self._resources(order["resources"], user)
        if self.namespaces:
            confine.private_places(user, group, order["home"], order["files"])
        if self.apart:
            confine.become(user, group)
        if self.namespaces:
            confine.make_home("/home")
        os.chdir(self.home)
        confine.limit(resources)
        confine.give_up_capabilities()
        confine.die_with_parent()
        confine.hide_memory()
        if not self.namespaces:
            if os.getppid() != self.number:  # it ended before the line above
                os._exit(1)
            confine.restrict_paths([*self.settings["shown"], self.settings["course"], self.home])
        confine.filter_calls(own_files=self.namespaces)

    def _resources(self, resources, user):
        """Return limits that count from what this process and its user have already."""
        alone = self.apart and user >= self.confine.FIRST_USER
        counted = alone or (self.namespaces and kernel() >= LEAST_KERNEL)
        others = 0 if counted else self.crowd
        return resources | {
            "RLIMIT_AS": resources["RLIMIT_AS"] + self.size,
            "RLIMIT_NPROC": resources["RLIMIT_NPROC"] + others,
        }


def try_out(order):
    """Use what every child uses, and see that what none may do is refused.

    Raises
    ------
    RuntimeError
        If it is not.
    """
    import decimal  # noqa: F401 -- a compiled module of Python's
    from importlib.util import find_spec

    for name in ("numpy", "utils"):
        with open(find_spec(name).origin, "rb") as file:
            file.read(1)
    for attempt in (socket.socket, os.fork, lambda: os.open(order["hidden"], os.O_RDONLY)):
        try:
            attempt()
        except OSError:
            continue
        raise RuntimeError("a confined process could do what it should not")


def adopt(settings, home):
    """Make `home` the home of everything that is imported from now on."""
    import shutil

    os.environ.update(HOME=home, TMPDIR=home, IPYTHONDIR=f"{home}/.ipython")
    os.environ.update(MPLCONFIGDIR=f"{home}/.matplotlib")
    shutil.copytree(settings["paths"][0] + "/fonts", f"{home}/.matplotlib", dirs_exist_ok=True)
    os.chdir(home)


def threads():
    """Return the number of this process's threads, those of libraries included."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:  # no /proc in the room
        return threading.active_count()


def address_space():
    """Return the size of this process's address space in bytes."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # no /proc in the room
        return 2**30


def kernel():
    """Return the version of the kernel as two numbers."""
    return tuple(int(part) for part in os.uname().release.split(".")[:2])


# What every child does.


class SetupError(RuntimeError):
    """The set-up cell of the lesson does not run."""


def leave_repository(settings):
    """Put the workshop's copy first on the import path and take the teacher's side off it.

    An editable install puts the repository there.
    """
    paths, repository = settings["paths"], settings["repository"]
    left = [folder for folder in sys.path if os.path.realpath(folder) != repository]
    sys.path[:] = paths + [folder for folder in left if folder not in paths]


def make_shell():
    """Return an IPython shell without history, tracebacks, graphics and commands."""
    from traitlets.config import Config

    shell = shell_class().instance(config=Config({"HistoryManager": {"enabled": False}}))
    for name in SCRIPTS:
        shell.register_magic_function(refuse, "line_cell", name)
    return shell


def shell_class():
    """Return the class of the shell: IPython is slow to import, and a keeper does not need it."""
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        def enable_matplotlib(self, gui=None):
            return gui, "agg"

        def enable_gui(self, gui=None):
            pass

        def showtraceback(self, *args, **kwargs):
            pass

        def showsyntaxerror(self, *args, **kwargs):
            pass

        def system(self, cmd):
            print(NO_SHELL)

        system_raw = system_piped = system

        def getoutput(self, cmd, split=True, depth=0):
            print(NO_SHELL)
            return [] if split else ""

    return Shell


def refuse(line, cell=None):
    """Stand in for the magics that run a program."""
    print(NO_SHELL)


def set_up(shell, source):
    """Run the set-up cell and import what every lesson needs.

    Raises
    ------
    SetupError
        If it does not run.
    """
    import matplotlib.pyplot as plt
    import tqdm

    import utils.checking.drivers  # noqa: F401

    plt.show = close_figures
    tqdm.tqdm.monitor_interval = 0  # no thread
    result = shell.run_cell(source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        lines = traceback.format_exception(error, limit=-3)
        raise SetupError("".join(lines))


def close_figures(*_, **__):
    """Stand in for `show`: the figures are closed, as they are after a cell of a notebook."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def reseed(seed):
    """Seed the generators that need no generator of the student's own, from a submission."""
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(list(random.Random(seed).randbytes(32)))  # noqa: NPY002 -- students use it
    np.random.bit_generator.randbits = random.Random(seed).getrandbits  # default_rng()


def answer_all(shell, requests, replies, settings, fault=""):
    """Say that the child is ready, then answer requests until there are no more."""
    first = {"number": 0, "error": fault} if fault else {"number": 0, "ready": True}
    send(replies, first, settings["reply"])
    for line in requests:
        request = json.loads(line)
        start, Null.count = time.process_time(), 0
        reply = answer(shell, request)
        reply |= {"number": request["number"], "cpu": time.process_time() - start}
        if Null.count > settings["output"]:
            reply["printed"] = Null.count
        send(replies, reply, settings["reply"])


def answer(shell, request):
    """Carry out one request."""
    if request["do"] == "run":
        return run(shell, request["source"])
    return observe_case(shell, request)


def run(shell, source):
    """Run the source of a cell; return the type and the line of its error, if it ends with one."""
    try:
        result = shell.run_cell(source, store_history=False)
        close_figures()
    except BaseException as error:  # an async cell that was cancelled, a signal
        return {"error": type(error).__name__, "line": 0}
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return {}
    return {"error": type(error).__name__[:100], "line": line_of(error)}


def line_of(error):
    """Return the line of a cell at which an error came up, 0 where it is not known."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    step, count = error.__traceback__, 0
    while step is not None and count < MAX_TRACEBACK:
        code = step.tb_frame.f_code
        if code.co_name == "<module>" and code.co_filename.startswith("<ipython-input"):
            return step.tb_lineno
        step, count = step.tb_next, count + 1
    return 0


def observe_case(shell, request):
    """Run one case on an answer and return the record, or that there is no such name."""
    from utils.checking.codec import decode, encode
    from utils.checking.drivers import Printed, describe, observe_results

    target = shell.user_ns.get(request["name"])
    if target is None:
        return {"missing": True}
    inputs, printed = decode(request["inputs"]), Printed()
    try:
        record = observe_results(request["driver"], target, inputs, printed)
    except BaseException as error:  # what even the driver lets through, such as KeyboardInterrupt
        record = {
            "raised": describe(error),
            "changed": {},
            "shares": [],
            "printed": "",
            "warned": [],
        }
    Null.count += printed.count
    return {"record": encode(record, packed=True)}


def send(replies, reply, limit):
    """Send one reply; in place of one that is too long, say so."""
    text = json.dumps(reply, allow_nan=False)
    if len(text) > limit:
        text = json.dumps({"number": reply["number"], "long": len(text)})
    replies.write(text + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
