"""Attacks from inside the process on the machine: other processes, files, network, limits.

Here `double` is right if, and only if, what was tried has worked.
"""

from tests.attacks import DOUBLE, HONEST, Attack

SUCCESS = "\ndef double(x):\n    return 2 * x\n"
# Numbers of system calls, which have no function in Python.
SYSCALL = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
column = ("x86_64", "aarch64").index(platform.machine())
numbers = {
    "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51), "clone": (56, 220),
    "clone3": (435, 435), "fsopen": (430, 430), "handle_at": (304, 265), "io_uring": (425, 425),
    "kcmp": (312, 272), "keyctl": (250, 219), "mount": (165, 40), "mq_open": (240, 180),
    "msgget": (68, 186), "open_tree": (428, 428), "perf": (298, 241), "pivot": (155, 41),
    "ptrace": (101, 117), "semget": (64, 190), "setns": (308, 268), "shmget": (29, 194),
    "tgkill": (234, 131), "unshare": (272, 97), "userfaultfd": (323, 282), "vm_readv": (310, 270),
    "vm_writev": (311, 271),
}
def syscall(name, *arguments):
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return libc.syscall(ctypes.c_long(numbers[name][column]), *words)
"""


def attempt(name, tells, source, kind="machine", note=""):
    """Return an attack whose source raises unless it works."""
    return Attack(name, kind, tells, source + SUCCESS, HONEST, note)


def harm(name, tells, source, points=HONEST, note="", kind="process"):
    """Return an attack that says itself what `double` is."""
    return Attack(name, kind, tells, source, points, note)


ENDINGS = [
    harm("exit", "leaves with sys.exit in the cell", "import sys\nsys.exit(0)"),
    harm(
        "exit-at-once", "leaves with os._exit", "import os\nos._exit(0)", note="ended the process"
    ),
    harm(
        "exceptions-of-the-interpreter",
        "raises what only the interpreter raises",
        """
def double(x):
    raise [KeyboardInterrupt, GeneratorExit, SystemExit, MemoryError][len(x)]
""",
    ),
    harm(
        "recursion",
        "recurses without end, in Python and in C",
        """
import sys
sys.setrecursionlimit(10**8)
def double(x):
    return double(x)
""",
    ),
    harm(
        "segmentation-fault",
        "reads address 0",
        "import ctypes\ndef double(x):\n    return ctypes.string_at(0)",
        note="ended the process",
    ),
    harm(
        "endless-cell", "loops in the answer cell", "while True:\n    pass", note="did not finish"
    ),
    harm(
        "endless-call",
        "loops in the call, and ignores whatever can be ignored",
        """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
def double(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
        note="did not finish",
    ),
    harm(
        "sleep",
        "sleeps, which takes no time of the processor",
        "import time\ndef double(x):\n    time.sleep(1000)",
        note="did not finish",
    ),
    harm(
        "stops-itself",
        "stops its process with a signal",
        "import os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    return x",
    ),
    harm(
        "dies-of-each-signal",
        "kills itself with a real-time signal",
        "import os\ndef double(x):\n    os.kill(os.getpid(), 40)\n    return x",
    ),
    harm(
        "memory",
        "asks for all the memory there is, touching none",
        "import mmap\nblocks = [mmap.mmap(-1, 2**28) for _ in range(64)]" + SUCCESS,
        note="OSError|MemoryError",
    ),
    harm(
        "threads",
        "starts 2,000 threads that never end",
        """
import threading
stop = threading.Event()
for _ in range(2000):
    threading.Thread(target=stop.wait, daemon=True).start()
"""
        + SUCCESS,
    ),
    harm(
        "late-exit",
        "a thread ends the process when the honest part is asked",
        """
import os, threading, time
def later():
    while "half" not in globals():
        time.sleep(0.001)
    time.sleep(0.01)
    os._exit(0)
threading.Thread(target=later, daemon=True).start()
def double(x):
    return x
""",
    ),
    harm(
        "alarm-later",
        "an alarm raises in whatever runs then",
        """
import signal
def ring(*a):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.01)
def double(x):
    return x
""",
    ),
]

FORKS = [
    attempt("fork", "forks", "import os\nif os.fork() == 0:\n    os._exit(0)", "process"),
    attempt(
        "fork-bomb",
        "forks 300 times, and each child forks once more",
        """
import os, time
born = 0
for _ in range(300):
    try:
        if os.fork() == 0:
            try:
                os.fork()
            finally:
                time.sleep(20)
                os._exit(0)
        born += 1
    except OSError:
        pass
assert born
""",
        "process",
    ),
    attempt(
        "daemon",
        "forks twice into a session of its own, to outlive its grading",
        """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(20)
        open(f"/tmp/{MARK}_daemon", "w").close()
    os._exit(0)
""",
        "process",
    ),
    attempt(
        "subprocesses",
        "starts programs in every way that Python has",
        """
import os, subprocess, multiprocessing, pty
def spawn(how):
    try:
        how()
        return True
    except (OSError, ValueError, RuntimeError, AssertionError):
        return False
ways = [
    lambda: subprocess.run(["sleep", "0"], check=True),
    lambda: subprocess.run("true", shell=True, check=True),
    lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
    lambda: os.waitpid(os.spawnv(os.P_NOWAIT, "/bin/true", ["true"]), 0),
    lambda: pty.fork()[0] or os._exit(0),
    lambda: multiprocessing.get_context("fork").Process(target=print).start(),
    lambda: (_ for _ in ()).throw(OSError) if os.system("true") else None,
]
worked = [spawn(way) for way in ways]
assert any(worked), worked
""",
        "process",
    ),
    attempt(
        "another-program",
        "becomes another program",
        """
import os
os.execv("/bin/sleep", ["sleep", "20"])
""",
        "process",
    ),
    attempt(
        "raw-clone",
        "forks by a system call: clone with nothing shared, clone3",
        SYSCALL
        + """
import os
SIGCHLD = 17
child = syscall("clone", SIGCHLD, 0, 0, 0, 0)
if child == 0:
    os._exit(0)
arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, SIGCHLD)
other = syscall("clone3", arguments, 88)
if other == 0:
    os._exit(0)
assert child > 0 or other > 0
""",
        "process",
    ),
]

SIGNALS = [
    attempt(
        "kills-its-parent",
        "sends SIGKILL to its parent",
        "import os\nassert os.getppid() > 1\nos.kill(os.getppid(), 9)",
        "process",
    ),
    attempt(
        "signals-to-all",
        "may it send a signal to any other process?",
        """
import os
def reaches(how, *arguments):
    try:
        how(*arguments)
        return True
    except OSError:
        return False
me = os.getpid()
others = [n for n in range(1, 5000) if n != me]
assert reaches(os.kill, -1, 0) or any(reaches(os.kill, n, 0) for n in others)
""",
        "process",
    ),
    attempt(
        "signals-by-other-ways",
        "signals by tgkill, by a pidfd, by the owner of a file, by a resource limit of another",
        SYSCALL
        + """
import os, resource, signal
def works(way, *arguments):
    try:
        way(*arguments)
        return True
    except OSError:
        return False
def reaches(other):
    return (
        works(lambda: signal.pidfd_send_signal(os.pidfd_open(other), 0))
        or works(resource.prlimit, other, resource.RLIMIT_CPU)
        or works(os.setpriority, os.PRIO_PROCESS, other, 5)
        or works(os.sched_setaffinity, other, {0})
        or syscall("tgkill", other, other, 0) == 0
    )
assert any(reaches(other) for other in range(1, 500) if other != os.getpid())
""",
        "process",
    ),
]

KERNEL = [
    attempt(
        "system-calls",
        "mounts, namespaces, tracing, bpf, keys, rings, foreign memory, by their system calls",
        SYSCALL
        + """
import os
parent = os.getppid() or 1
buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
CLONE_NEWUSER, PTRACE_SEIZE = 0x10000000, 0x4206
tried = {
    "mount": syscall("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "unshare": syscall("unshare", CLONE_NEWUSER),
    "setns": syscall("setns", 0, 0),
    "ptrace": syscall("ptrace", PTRACE_SEIZE, parent, 0, 0),
    "bpf": syscall("bpf", 0, buffer, 64),
    "io_uring": syscall("io_uring", 4, buffer),
    "userfaultfd": syscall("userfaultfd", 0),
    "perf": syscall("perf", buffer, 0, -1, -1, 0),
    "add_key": syscall("add_key", b"user", MARK.encode(), b"x", 1, -3),
    "keyctl": syscall("keyctl", 0, -3, 1),
    "vm_readv": syscall("vm_readv", parent, vector, 1, vector, 1, 0),
    "vm_writev": syscall("vm_writev", parent, vector, 0, vector, 0, 0),
    "chroot": syscall("chroot", b"/"),
    "pivot": syscall("pivot", b"/", b"/"),
    "fsopen": syscall("fsopen", b"tmpfs", 0),
    "open_tree": syscall("open_tree", -100, b"/", 1),
    "handle_at": syscall("handle_at", -100, buffer, 0),
    "kcmp": syscall("kcmp", parent, parent, 0, 0, 0),
}
assert any(result >= 0 for result in tried.values()), tried
""",
    ),
    attempt(
        "memory-that-stays",
        "shared memory, queues and semaphores that outlive their maker",
        SYSCALL
        + """
CREATE = 0o1666
tried = [syscall("shmget", 0, 2**20, CREATE), syscall("msgget", 0, CREATE),
         syscall("semget", 0, 1, CREATE), syscall("mq_open", MARK.encode(), 0o102, 0o666, None)]
assert any(result >= 0 for result in tried), tried
""",
    ),
    attempt(
        "memory-in-a-file",
        "memory that no limit counts: a file in memory, 512 MB of it",
        """
import os
files, block = [], bytes(2**20)
for _ in range(16):
    files.append(os.memfd_create(MARK))
    for _ in range(32):
        os.write(files[-1], block)
""",
    ),
    attempt(
        "root-again",
        "becomes root, or takes back a right",
        """
import ctypes, os
libc = ctypes.CDLL(None)
ways = [lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0]),
        lambda: os.setresgid(0, 0, 0), lambda: os.mknod(MARK, 0o60666, os.makedev(7, 0))]
def works(way):
    try:
        way()
        return True
    except OSError:
        return False
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 38, 47
assert os.geteuid() == 0 or any(works(way) for way in ways)
""",
    ),
    attempt(
        "out-of-its-limits",
        "raises its own limits",
        """
import resource
for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
    resource.setrlimit(kind, (resource.RLIM_INFINITY,) * 2)
""",
    ),
]

READING = [
    attempt(
        "reads-solutions",
        "reads the solutions and the questions of the course",
        """
import os
def readable(path):
    try:
        return bool(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError:
        return False
names = ("solutions", "autograder/questions/__init__.py", "lessons", "tests/toy.py", "notebooks")
assert any(readable(f"{REPO}/{name}") for name in names)
""",
    ),
    attempt(
        "reads-the-seed",
        "reads the secret seeds",
        'assert SEED_BEGINS in open(f"{GRADING}/seeds.json").read()',
    ),
    attempt(
        "reads-the-class",
        "lists the submissions of the others, and what was graded",
        """
import os
assert os.listdir(f"{GRADING}/submitted") or os.listdir(f"{GRADING}/verdicts")
""",
    ),
    attempt(
        "walks-the-tree",
        "looks everywhere for a file that belongs to grading",
        """
import os
wanted = {"seeds.json", "gradebook.db", "submitted", "solutions", "questions", "verdicts"}
def found():
    for top in ("/", "..", "../..", "/proc/1/root", "/proc/self/root", "/proc/self/cwd/../.."):
        for folder, folders, files in os.walk(top):
            if wanted & {*folders, *files} and "packages" not in folder:
                return True
            folders[:] = set(folders) - {"proc", "sys", "usr", "lib", "lib64", "site-packages"}
assert found()
""",
    ),
    attempt(
        "reads-other-environments",
        "reads environments, memory and open files of all processes it sees",
        """
import glob, os
mine = str(os.getpid())
def readable(path):
    try:
        with open(path, "rb") as file:
            return bool(file.read(1))
    except OSError:
        return False
paths = [p for kind in ("environ", "maps") for p in glob.glob(f"/proc/[0-9]*/{kind}")]
foreign = [p for p in paths if p.split("/")[2] != mine]
assert any(readable(p) for p in foreign)
""",
    ),
    attempt(
        "climbs-out-by-open-folders",
        "uses each open file as a way to a folder outside",
        """
import os
def is_folder(n):
    try:
        return os.listdir(n) is not None
    except OSError:
        return False
assert any(is_folder(n) for n in range(256))
""",
    ),
    attempt(
        "reads-secrets-of-the-machine",
        "reads passwords, keys and tokens",
        """
import os
paths = ("/etc/shadow", "/root/.ssh", "/root/.bashrc", "/root/.netrc", "/proc/1/cmdline",
         "/var/run/docker.sock", "/etc/ssh", os.path.expanduser("~/.ssh"), "/proc/kcore")
def readable(path):
    try:
        return bool(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(9))
    except OSError:
        return False
assert any(readable(path) and path != "/proc/1/cmdline" for path in paths)
""",
    ),
    attempt(
        "teachers-environment",
        "finds the teacher's own variables, or the way to the teacher's code",
        """
import os, sys
import importlib.util
names = ("SSH_AUTH_SOCK", "GITHUB_TOKEN", "PROBE", "COURSE_SECRET", "VIRTUAL_ENV", "PYTEST_VERSION")
assert any(n in os.environ for n in names) or importlib.util.find_spec("autograder")
""",
    ),
]

WRITING = [
    attempt(
        "writes-marks",
        "gives itself full marks in the gradebook",
        """
import sqlite3
book = sqlite3.connect(f"{GRADING}/gradebook.db", timeout=0.2)
book.execute("update grade set auto_score = 1000, manual_score = 1000")
book.commit()
""",
    ),
    attempt(
        "locks-the-gradebook",
        "holds a lock on the gradebook",
        """
import sqlite3
book = sqlite3.connect(f"{GRADING}/gradebook.db", timeout=0.2)
book.execute("begin exclusive")
""",
    ),
    attempt(
        "writes-verdicts",
        "writes a verdict, a graded notebook and a page where grading keeps them",
        """
import os
assert os.listdir(f"{GRADING}/submitted")  # not a private folder of the same name
for folder in ("verdicts", "autograded", "feedback", "submitted"):
    os.makedirs(f"{GRADING}/{folder}/{MARK}", exist_ok=True)
    open(f"{GRADING}/{folder}/{MARK}/{MARK}.json", "w").write("{}")
""",
    ),
    attempt(
        "writes-into-the-library",
        "writes beside utils, into site-packages and into caches of bytecode",
        """
import os, site, sys, utils
folders = [os.path.dirname(utils.__file__), os.path.dirname(np.__file__), *site.getsitepackages(),
           os.path.dirname(utils.__file__) + "/__pycache__", REPO, sys.prefix, *sys.path]
def writable(folder):
    try:
        open(f"{folder}/{MARK}.pth", "w").close()
        return True
    except OSError:
        return False
home = os.path.realpath(os.getcwd())
assert any(writable(f) for f in folders if f and not os.path.realpath(f).startswith(home))
""",
    ),
    attempt(
        "writes-through-open-files",
        "opens for writing what was opened for reading",
        """
import os, stat
def writable(n):
    try:
        kind = os.fstat(n).st_mode
        os.close(os.open(f"/proc/self/fd/{n}", os.O_WRONLY))
        return not stat.S_ISCHR(kind) and not stat.S_ISFIFO(kind)
    except OSError:
        return False
assert any(writable(n) for n in range(256))
""",
    ),
    attempt(
        "chmod-and-links",
        "changes rights, times and owners of shared files, links and moves them",
        """
import os, utils
path = utils.__file__
ways = [lambda: os.chmod(path, 0o777), lambda: os.utime(path, (0, 0)), lambda: os.chown(path, 0, 0),
        lambda: os.link(path, f"{path}.{MARK}"), lambda: os.setxattr(path, b"user.a", b"x"),
        lambda: os.rename(path, f"{path}.{MARK}"), lambda: os.unlink(f"{path}.{MARK}")]
def works(way):
    try:
        way()
        return True
    except OSError:
        return False
assert any(works(way) for way in ways)
""",
    ),
    attempt(
        "fills-the-disk",
        "writes 1 GB in all places that take it",
        """
import os
written, block = 0, bytes(2**22)
for folder in (".", "/tmp", "/dev/shm", "/var/tmp", "/run"):
    for n in range(25):
        try:
            with open(f"{folder}/{MARK}_{n}", "wb", buffering=0) as file:
                for _ in range(10):
                    written += file.write(block)
        except OSError:
            break
assert written >= 2**30 * 0.9
""",
    ),
    attempt(
        "fills-the-inodes",
        "makes 50,000 files",
        """
import os
for n in range(50_000):
    os.mknod(f"{MARK}_{n}")
""",
    ),
]

LEAVING = [
    harm(
        "leaves-files",
        "leaves files wherever it can",
        """
import os
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", os.path.expanduser("~"), "/root", ROOT):
    try:
        open(f"{folder}/{MARK}_left", "w").close()
    except OSError:
        pass
"""
        + SUCCESS,
        HONEST + DOUBLE,
        kind="machine",
    ),
    harm(
        "leaves-settings",
        "start-up files of IPython, Matplotlib and Python for whoever comes next",
        """
import os
code = "import builtins\\nbuiltins.attacked = True\\n"
os.makedirs(".ipython/profile_default/startup", exist_ok=True)
for name in (".ipython/profile_default/startup/0.py", "sitecustomize.py", "usercustomize.py",
             "numpy.py", "json.py", "utils.py", "matplotlibrc", ".matplotlib/matplotlibrc",
             f"{os.path.expanduser('~')}/.bashrc", "/tmp/sitecustomize.py"):
    try:
        open(name, "w").write(code)
    except OSError:
        pass
"""
        + SUCCESS,
        HONEST + DOUBLE,
        kind="machine",
    ),
    harm(
        "leaves-pickles",
        "files that run code when they are loaded",
        """
import os, pickle
class Bomb:
    def __reduce__(self):
        return os.system, (f"touch /tmp/{MARK}_bomb",)
for name in ("cache.pkl", "data.npy", ".matplotlib/fontlist-v390.json", "x.npz"):
    try:
        open(name, "wb").write(pickle.dumps(Bomb()))
    except OSError:
        pass
"""
        + SUCCESS,
        HONEST + DOUBLE,
        kind="machine",
    ),
    harm(
        "leaves-locks",
        "locks every file that it can open",
        """
import fcntl, glob, utils, os
kept = []
for path in [utils.__file__, np.__file__, *glob.glob(os.path.dirname(utils.__file__) + "/*/*")]:
    try:
        kept.append(open(path))
        fcntl.flock(kept[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pass
"""
        + SUCCESS,
        HONEST + DOUBLE,
        kind="machine",
    ),
    harm(
        "leaves-state",
        "changes all state of a process that the next one might inherit",
        """
import builtins, gc, locale, os, random, sys, warnings, decimal
builtins.attacked = np.attacked = True
os.environ.update(ATTACKED="1", PYTHONPATH="/tmp", OMP_NUM_THREADS="99")
np.random.seed(0), random.seed(0), np.seterr(all="raise"), np.set_printoptions(precision=1)
warnings.simplefilter("error"), gc.disable(), os.umask(0o777)
decimal.getcontext().prec = 1
sys.path.insert(0, "/tmp")
import utils.checking.drivers as drivers
drivers.MAX_PRINTED = 0
try:
    locale.setlocale(locale.LC_ALL, "C")
    os.makedirs("deep", exist_ok=True)
    os.chdir("deep")
except (OSError, locale.Error):
    pass
def double(x):
    return 2 * x
""",
        HONEST + DOUBLE,
        kind="machine",
    ),
]

NETWORK = [
    attempt(
        "calls-a-server",
        "reaches a server on this machine over TCP",
        "import socket\nsocket.create_connection(('127.0.0.1', PORT), timeout=1).send(b'x')",
    ),
    attempt(
        "calls-an-abstract-socket",
        "reaches a server on this machine by an abstract name",
        """
import socket
line = socket.socket(socket.AF_UNIX)
line.settimeout(1)
line.connect(f"\\0{MARK}{PORT}")
""",
    ),
    attempt(
        "sends-a-datagram",
        "sends over UDP, to this machine and to the world; opens raw and other sockets",
        """
import socket
def sends(family, kind, place, protocol=0):
    try:
        with socket.socket(family, kind, protocol) as line:
            return place is None or line.sendto(b"x", place) > 0
    except OSError:
        return False
ways = [(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", PORT)),
        (socket.AF_INET6, socket.SOCK_DGRAM, ("::1", PORT)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)),
        (socket.AF_INET, socket.SOCK_RAW, None, 1), (socket.AF_PACKET, socket.SOCK_RAW, None),
        (socket.AF_NETLINK, socket.SOCK_RAW, None), (40, socket.SOCK_STREAM, None)]
assert any(sends(*way) for way in ways)
""",
    ),
    attempt(
        "listens",
        "opens a port for others",
        "import socket\nsocket.create_server(('127.0.0.1', 0))",
    ),
    attempt(
        "asks-for-names",
        "looks up a name that is in no file",
        "import socket\nsocket.getaddrinfo(f'{MARK}.example.com', 80)",
    ),
]

ATTACKS = ENDINGS + FORKS + SIGNALS + KERNEL + READING + WRITING + LEAVING + NETWORK
