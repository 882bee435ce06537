"""One writer: two runs cannot mix in a grading folder."""

import contextlib
import errno
import json
import os
import socket
import sys
import time

from autograder.sandbox.limits import GradingError

BUSY = "{}: another run is grading into this folder ({}); wait until it ends"


@contextlib.contextmanager
def one_writer(grading):
    """Hold the lock of a grading folder; the system frees it when the process ends, however.

    Raises
    ------
    GradingError
        If another process holds it.
    """
    path = grading / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if not _try_lock(file):
            raise GradingError(BUSY.format(grading, _holder(path)))
        file.truncate(0)
        holder = {"process": os.getpid(), "machine": socket.gethostname(), "since": time.ctime()}
        with contextlib.suppress(OSError):  # a full disk is told where it matters
            os.write(file.fileno(), json.dumps(holder).encode())
        yield


def _try_lock(file):
    """Take the lock unless another process has it; without locks in the file system, go on."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**20)  # beyond the text, which others may read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def _holder(path):
    try:
        return ", ".join(f"{k} {v}" for k, v in json.loads(path.read_text("utf-8")).items())
    except (OSError, ValueError, AttributeError):
        return "its process number is not known"
