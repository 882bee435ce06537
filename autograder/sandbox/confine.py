"""Linux's means to confine a process: rooms, users, limits and filters, over ctypes alone.

A *room* is a root folder of its own that shows an allow-list of paths, read-only, without network
and without other processes. The fork server enters it once; each child adds a process namespace,
an empty home in memory, a user of its own, limits and a filter of system calls. Where namespaces
are closed, Landlock takes the place of the room.

Sources, all of the Linux manual pages: unshare(2), setns(2), namespaces(7), pid_namespaces(7),
user_namespaces(7), mount(2), mount_setattr(2), mount_namespaces(7), pivot_root(2), tmpfs(5),
proc(5), capabilities(7), capset(2), prctl(2), PR_SET_PDEATHSIG(2const), setrlimit(2), seccomp(2),
landlock(7), close_range(2), pidfd_open(2).
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import stat
import struct
from pathlib import Path

from autograder.sandbox.seccomp import filter_program

NOBODY = 65534
FIRST_USER, USERS = 0x70000000, 0x10000000  # numbers that no real user has, for children
HOME = "/home/student"  # in a room
COURSE = "/course"  # where a room shows the copy of `utils`
DEVICES = ("null", "zero", "full", "random", "urandom")
LANDLOCK_WITH_TRUNCATE = 3  # the first version that guards a file against being cut short

_NEWNS, _NEWUTS, _NEWIPC = 0x00020000, 0x04000000, 0x08000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = (
    1, 2, 4, 8, 32, 4096, 16384, 1 << 18,
)  # fmt: skip
_MOUNT_SETATTR, _LANDLOCK, _SECCOMP = 442, 444, {"x86_64": 317, "aarch64": 277}
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_DETACH, _RECURSIVE, _AT_CWD = 2, 0x8000, -100
_PR_PDEATHSIG, _PR_DUMPABLE, _PR_CAPBSET_DROP, _PR_NO_NEW_PRIVS = 1, 4, 24, 38
_CAPABILITY_VERSION = 0x20080522
_CAP_SETGID, _CAP_SETUID, _CAP_SYS_ADMIN = 6, 7, 21

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class ConfineError(OSError):
    """The kernel refused a step; the message names the step."""


def _checked(result, step):
    if result < 0:
        number = ctypes.get_errno()
        raise ConfineError(number, f"{step}: {os.strerror(number)}")
    return result


def _syscall(step, number, *arguments):
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *wide), step)


def _prctl(step, option, value):
    rest = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    return _checked(_libc.prctl(option, *rest), step)


def _mount(source, target, kind=None, flags=0, data=None):
    texts = [None if t is None else os.fsencode(t) for t in (source, target, kind, data)]
    result = _libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3])
    _checked(result, f"mount on {target}")


def _may(*capabilities):
    """Return whether this process has these capabilities in its user namespace."""
    rows = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    effective = int(rows["CapEff"], 16)
    return all(effective >> capability & 1 for capability in capabilities)


def enter_namespaces():
    """Leave the machine's namespaces; the next fork is process 1 of a namespace of its own.

    A process without CAP_SYS_ADMIN first makes a user namespace, in which it has every capability
    (user_namespaces(7)).
    """
    if not _may(_CAP_SYS_ADMIN):
        _enter_user_namespace()
    _unshare(_NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS, "namespaces")
    _mount(None, "/", None, _REC | _PRIVATE)


def _enter_user_namespace():
    """Be in a user namespace, in which one is oneself.

    Where one may change users, the namespace knows the users of children, too; such a map is
    written by a process that has stayed outside.
    """
    user, group, me = os.geteuid(), os.getegid(), os.getpid()
    if not _may(_CAP_SETUID, _CAP_SETGID):
        _unshare(_NEWUSER, "a user namespace")
        Path("/proc/self/setgroups").write_text("deny")
        _map_users("self", f"{user} {user} 1", f"{group} {group} 1")
        return
    ready, entered = os.pipe()
    helper = os.fork()
    if helper == 0:
        try:
            os.read(ready, 1)
            more = f"\n{FIRST_USER} {FIRST_USER} {USERS}"
            _map_users(me, f"{user} {user} 1{more}", f"{group} {group} 1{more}")
            os._exit(0)
        finally:
            os._exit(1)
    _unshare(_NEWUSER, "a user namespace")
    os.write(entered, b".")
    if os.waitpid(helper, 0)[1]:
        raise ConfineError("no users can be mapped in a user namespace")
    os.close(ready)
    os.close(entered)


def _map_users(process, users, groups):
    Path(f"/proc/{process}/uid_map").write_text(users)
    Path(f"/proc/{process}/gid_map").write_text(groups)


def _unshare(flags, step):
    _checked(_libc.unshare(flags), step)


def enter_room(folder, paths, course):
    """Make `folder` the root: `paths` read-only in their places, `course` as `COURSE`.

    The caller is process 1 of the namespaces of `enter_namespaces`.

    Parameters
    ----------
    folder : str
        An empty folder.
    paths : list of str
        Files and folders to show.
    course : str
        The workshop's copy of what a lesson imports.
    """
    _mount("room", folder, "tmpfs", _NOSUID | _NODEV, "mode=755,size=1m")
    os.umask(0o022)
    for path in sorted(paths):
        _show(path, folder + path, _NOSUID | _NODEV)
    _show(course, folder + COURSE, _NOSUID | _NODEV)
    for name in filter(lambda name: os.path.exists(f"/dev/{name}"), DEVICES):
        _show(f"/dev/{name}", f"{folder}/dev/{name}", _NOSUID)
    _furnish(Path(folder))
    _pivot(folder)
    _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    os.environ["HOME"] = HOME
    _checked(_libc.sethostname(b"sandbox", 7), "sethostname")


def _show(source, target, flags):
    """Bind a file or folder at `target`, read-only with all that is mounted in it."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    _mount(source, target, None, _BIND | _REC)
    try:
        _set_flags(target, _RDONLY | flags)
    except ConfineError:  # a kernel before 5.12, or flags that a user namespace keeps
        _remount(target, _RDONLY | flags)


def _set_flags(target, flags):
    """Set flags on a mount and all below it: struct mount_attr of mount_setattr(2)."""
    wanted = struct.pack("<4Q", flags, 0, 0, 0)
    path = os.fsencode(target)
    _syscall("mount_setattr", _MOUNT_SETATTR, _AT_CWD, path, _RECURSIVE, wanted, len(wanted))


def _remount(target, flags):
    """Set flags on a mount and all below it, one by one, keeping the flags that they have."""
    rows = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    places = [row[4].encode().decode("unicode_escape") for row in rows]
    for place in places:
        if place == target or place.startswith(target + "/"):
            kept = os.statvfs(place).f_flag & (_NOSUID | _NODEV | _NOEXEC)
            _mount(None, place, None, _REMOUNT | _BIND | flags | kept)


def _furnish(root):
    """Make the folders that a child mounts on, and the links into its home."""
    for name in ("home", "proc"):
        (root / name).mkdir(exist_ok=True)
    _mount("home", str(root / "home"), "tmpfs", _NOSUID | _NODEV, "mode=755,size=16m")
    make_home(str(root / "home"))
    links = {"dev/fd": "/proc/self/fd", "dev/shm": "/home/shm", "tmp": "/home/tmp"}
    for name, target in links.items():
        if not (root / name).exists():  # /tmp may hold the Python installation
            (root / name).symlink_to(target)
    with contextlib.suppress(ConfineError):  # a container that covers parts of /proc
        _mount("proc", str(root / "proc"), "proc", _RDONLY | _NOSUID | _NODEV | _NOEXEC)


def make_home(folder):
    """Make the folders of a home: its own, a temporary one, one for shared memory."""
    for name in ("student", "tmp", "shm"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)


def _pivot(folder):
    """Make `folder` the root and let go of the old one (the last example of pivot_root(2))."""
    os.chdir(folder)
    _syscall("pivot_root", _PIVOT_ROOT[platform.machine()], b".", b".")
    _checked(_libc.umount2(b".", _DETACH), "umount of the old root")
    os.chdir("/")


def fork_as_first(own):
    """Fork; the child is process 1 of a namespace of its own, which ends with it.

    `own` is a descriptor of the caller's own process namespace, to which it returns.
    """
    _unshare(_NEWPID, "a process namespace")
    try:
        number = os.fork()
    except OSError:
        _checked(_libc.setns(own, _NEWPID), "setns")
        raise
    if number:
        _checked(_libc.setns(own, _NEWPID), "setns")
    return number


def private_places(user, group, size, files):
    """Give the caller an empty home in memory and a /proc that shows nobody else.

    Parameters
    ----------
    user, group : int
        Whom the home belongs to.
    size, files : int
        How many bytes and how many files the home may hold.
    """
    _unshare(_NEWNS, "a mount namespace")
    options = f"mode=755,uid={user},gid={group},size={size},nr_inodes={files}"
    _mount("home", "/home", "tmpfs", _NOSUID | _NODEV | _NOEXEC, options)
    flags = _RDONLY | _NOSUID | _NODEV | _NOEXEC
    try:
        _mount("proc", "/proc", "proc", flags)
    except ConfineError:
        _mount("none", "/proc", "tmpfs", flags, "mode=555,size=0,nr_inodes=1")


def user_numbers():
    """Return (first, count) for each run of users that this process can become."""
    if not _may(_CAP_SETUID, _CAP_SETGID):
        return []
    rows = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return [(int(first), int(count)) for first, _, count in rows]


def user_for(place, known):
    """Return the user and the group that a child takes on.

    Parameters
    ----------
    place : int
        Where among the users for children its own is.
    known : list
        What `user_numbers` returned.

    Returns
    -------
    tuple of int
        A number of its own, or `NOBODY`, where it may change its user, or else what it is.
    """
    for number in (FIRST_USER + place % USERS, NOBODY):
        if any(first <= number < first + count for first, count in known):
            return number, number
    return os.geteuid(), os.getegid()


def open_to_all(path):
    """Return whether every user may read a file or folder and enter the folders above it."""
    real = Path(os.path.realpath(path))
    entered = all(folder.stat().st_mode & 0o001 for folder in real.parents)
    return entered and bool(real.stat().st_mode & 0o004)


def threads_of(user):
    """Return how many threads a user has on this machine."""
    count = 0
    for place in os.scandir("/proc"):
        with contextlib.suppress(OSError):  # it has ended
            if place.name.isdigit() and place.stat().st_uid == user:
                count += len(os.listdir(f"{place.path}/task"))
    return count


def become(user, group):
    """Take on a user and a group, and no other group."""
    if user == os.geteuid():
        return
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def close_others(kept):
    """Close every descriptor but 0, 1, 2 and those in `kept`."""
    low = 3
    for number in [*sorted(kept), os.sysconf("SC_OPEN_MAX")]:
        os.closerange(low, number)
        low = number + 1


def limit(resources):
    """Set limits, {name of the resource module: value}; the soft and the hard one."""
    for name, value in resources.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (wanted, wanted))


def bound_capabilities():
    """Let no descendant ever gain a capability by running a program."""
    for capability in range(64):
        try:
            _prctl("bounding set", _PR_CAPBSET_DROP, capability)
        except ConfineError:  # there are no more, or it may not
            break


def give_up_capabilities():
    """Drop every capability for good."""
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")
    _prctl("no_new_privs", _PR_NO_NEW_PRIVS, 1)


def die_first():
    """Ask the kernel to end this process and its children first where memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def die_with_parent():
    """Ask the kernel for SIGKILL when the parent ends; a change of user forgets it."""
    _prctl("parent-death signal", _PR_PDEATHSIG, signal.SIGKILL)


def hide_memory():
    """Let no process of the same user read or trace this one."""
    _prctl("dumpable", _PR_DUMPABLE, 0)


def filter_calls(own_files):
    """Install the filter of system calls, for the caller and all its threads to come."""
    machine = platform.machine()
    program = filter_program(machine, os.getpid(), own_files)
    kept = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))
    _syscall("seccomp", _SECCOMP[machine], 1, 1 << 2, header)  # a filter, speculation as it was


_EXECUTE, _WRITE, _READ, _READ_FOLDER, _TRUNCATE = 1, 2, 4, 8, 1 << 14


def landlock_version():
    """Return the version of the kernel's Landlock, 0 where there is none."""
    try:
        return _syscall("landlock", _LANDLOCK, None, 0, 1)
    except ConfineError:
        return 0


def restrict_paths(paths):
    """Let the caller read these paths and the null device, and nothing else (landlock(7)).

    Nothing can be written, made, moved or removed; from version 4 on no TCP, from version 6 on no
    signal to other processes and no abstract socket.
    """
    version = landlock_version()
    if version < LANDLOCK_WITH_TRUNCATE:
        raise ConfineError(f"Landlock has version {version}; it should have 3 (Linux 6.2)")
    rights = (1 << (16 if version >= 5 else 15)) - 1
    rules = struct.pack("<3Q", rights, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _syscall("landlock", _LANDLOCK, rules, size, 0)
    for path in paths:
        _permit(ruleset, path, _EXECUTE | _READ | _READ_FOLDER)
    _permit(ruleset, "/dev/null", _READ | _WRITE | _TRUNCATE)
    for name in ("zero", "random", "urandom"):
        _permit(ruleset, f"/dev/{name}", _READ)
    _prctl("no_new_privs", _PR_NO_NEW_PRIVS, 1)
    _syscall("landlock", _LANDLOCK + 2, ruleset, 0)
    os.close(ruleset)


def _permit(ruleset, path, rights):
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # it is not there
        return
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        rights &= ~_READ_FOLDER
    rule = struct.pack("<Qi", rights, place)
    _syscall("landlock", _LANDLOCK + 1, ruleset, 1, rule, 0)
    os.close(place)
