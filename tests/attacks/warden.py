"""Run a command and tell, as JSON, its exit code, its output and which processes it left.

A process that loses its parent becomes a child of this one, however far it moved away from its
group and session. Usage: python warden.py SECONDS WORD…
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE = 5.0


def main(seconds, *words):
    """Run the command, then wait a little for what it left, and print the report."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        done = subprocess.run(words, capture_output=True, timeout=float(seconds), check=False)
        report = {"code": done.returncode, "out": _text(done.stdout), "err": _text(done.stderr)}
    except subprocess.TimeoutExpired as late:
        report = {"code": None, "out": _text(late.stdout), "err": _text(late.stderr)}
    print(json.dumps(report | {"survivors": survivors(time.monotonic() + GRACE)}))


def _text(data):
    return (data or b"").decode("utf-8", "replace")


def survivors(until):
    """Return the command lines of the processes that do not end by themselves, and end them."""
    while living() and time.monotonic() < until:
        time.sleep(0.05)
    found = []
    while left := living():
        for process in left:
            found.append(command_of(process))
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)
    return found


def living():
    """Return the children of this process, after those that ended were waited for."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return [int(word) for word in Path("/proc/thread-self/children").read_text().split()]


def command_of(process):
    """Return how a process was started."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return str(process)


if __name__ == "__main__":
    main(*sys.argv[1:])
