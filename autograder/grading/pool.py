"""Workers on this machine: one process each, replaced when it dies or hangs."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import queue
import signal
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace

from autograder.grading.tasks import Bench, Outcome, keep_to_one_thread, level_here

START_SECONDS = 120.0
END_SECONDS = 10.0
TRIES = 2
NO_START = "the worker processes do not start; what they said stands above"
TOO_OFTEN = "the worker ended {} times at this task{}; it is left out"
STOPPED = "the run was stopped"
TOO_LONG = ": it was at it for {:.3g} s or more"


class WorkerError(RuntimeError):
    """No worker can be had; the message says why."""


class Pool:
    """Worker processes on this machine.

    Parameters
    ----------
    setting : Setting
    workers : int
        How many tasks are done at the same time.
    """

    def __init__(self, setting, workers):
        setting = replace(setting, level=level_here(setting))
        self.levels = {setting.level}
        self._slots = [_Slot(setting) for _ in range(workers)]
        self._idle = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(workers)

    def __enter__(self):
        for slot in self._slots:
            slot.start()
            self._idle.put(slot)
        return self

    def __exit__(self, *_):
        for slot in self._slots:
            slot.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for slot in self._slots:
            slot.join()
        from autograder.sandbox.workshop import remove_stale

        remove_stale()  # what a worker left that was killed

    def run(self, tasks):
        """Yield (task, outcome) as tasks are done, taking few of them at a time.

        A task is any object with `do(bench)` and `seconds`, the time after which it hangs.

        Raises
        ------
        WorkerError
            If no worker starts.
        """
        tasks, running = iter(tasks), {}
        while True:
            while len(running) <= len(self._slots):
                task = next(tasks, None)
                if task is None:
                    break
                running[self._threads.submit(self._do, task)] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()

    def _do(self, task):
        slot = self._idle.get()
        try:
            for _ in range(TRIES):
                outcome = slot.do(task)
                if outcome is not None:
                    return outcome
            hung = TOO_LONG.format(task.seconds) if slot.hung else ""
            return Outcome(fault=TOO_OFTEN.format(TRIES, hung))
        finally:
            self._idle.put(slot)


class _Slot:
    """The place of one worker; when the worker is gone, the next task gets a new one."""

    def __init__(self, setting):
        self.setting = setting
        self.hung = self._busy = self._closed = False
        self._process = None

    def start(self):
        """Start a worker, without waiting until it is ready."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        words = (theirs, self.setting)
        self._process = context.Process(target=serve, args=words, daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False

    def do(self, task):
        """Return the outcome of a task, or None if the worker died of it or was too slow."""
        if self._closed:
            return Outcome(fault=STOPPED)
        if self._process is None:
            self.start()
        self._await()
        self.hung = False
        outcome = self._ask(task, task.seconds)
        if outcome is None:
            self._bury()
        return outcome

    def _await(self):
        """Wait until the worker is ready; one that was killed on the way is replaced once."""
        for _ in range(TRIES):
            if self._ready or self._ask(None, START_SECONDS):
                self._ready = True
                return
            self._bury()
            self.start()
        raise WorkerError(NO_START)

    def _ask(self, task, seconds):
        """Send a task, if there is one, and receive the answer; None if the worker ends."""
        timer = threading.Timer(seconds, self._kill)
        timer.daemon = self._busy = True
        timer.start()
        try:
            if task is not None:
                self._connection.send(task)
            return self._connection.recv()
        except (EOFError, OSError):
            return None
        finally:
            self._busy = False
            timer.cancel()

    def _kill(self):
        self.hung = True
        self._process.kill()

    def _bury(self):
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._process = None

    def close(self):
        """Tell the worker that there is nothing more to do, whatever it is at."""
        self._closed = True
        if self._process is not None and self._busy:
            self._process.terminate()
        elif self._process is not None:
            self._connection.close()

    def join(self):
        """Wait until the worker has cleaned up and ended."""
        if self._process is None:
            return
        self._process.join(END_SECONDS)
        self._bury()


def serve(connection, setting):
    """Be a worker: do one task after the other until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process gets it too, and decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=_follow_parent, daemon=True).start()
    keep_to_one_thread()
    with Bench(setting) as bench, contextlib.suppress(EOFError, OSError):
        connection.send(True)
        while True:
            connection.send(bench.do(connection.recv()))


def _follow_parent():
    """End this process when the main process ends, even by kill -9."""
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os._exit(1)
