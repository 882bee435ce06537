"""Workers of a Dask cluster: the same tasks, sent to an existing scheduler.

Dask moves tasks and results by pickle, so a scheduler and its workers can run code on each other
and on this machine: use machines of your own, in a network of your own.
"""

import contextlib
import itertools
import logging
import queue
import time
import traceback
import warnings

from autograder.grading.material import versions
from autograder.grading.pool import TOO_LONG, TOO_OFTEN, TRIES, WorkerError
from autograder.grading.tasks import Outcome, do, end, level_here
from autograder.sandbox.limits import GradingError

CONNECT_SECONDS = 15.0
WORKER_SECONDS = 60.0
POLL_SECONDS = 1.0
RESTART_SECONDS = 5.0
AHEAD = 2  # tasks a worker, so that none waits for the next
NOT_INSTALLED = (
    "grading on a cluster needs the package distributed: type ./course grade --cluster, "
    "or install it with pip install -c constraints.txt -e '.[cluster]'"
)
NO_SCHEDULER = (
    "no Dask scheduler answers at {}; start one with .venv/bin/dask scheduler, and workers on each "
    "machine with .venv/bin/dask worker {}"
)
NO_WORKERS = "the scheduler at {0} has no workers; start one with .venv/bin/dask worker {0}"
LOST = "the scheduler at {} is gone"


class _Given:
    """A task that was given to the scheduler, when it is late, and how often it was given."""

    def __init__(self, task, tries):
        self.task, self.tries = task, tries
        self.until = time.monotonic() + AHEAD * task.seconds


class Cluster:
    """The workers of a Dask scheduler.

    Parameters
    ----------
    setting : Setting
    address : str
        Of the scheduler, as `tcp://host:8786`.
    """

    def __init__(self, setting, address):
        self.setting, self.address = setting, address
        self.levels = set()

    def __enter__(self):
        self._client = _connect(self.address)
        try:
            self._await_workers()
            self._compare()
        except BaseException:
            self._client.close(timeout=CONNECT_SECONDS)
            raise
        return self

    def _await_workers(self):
        if not self._workers():
            print(f"Waiting for a worker at {self.address}", flush=True)
        until = time.monotonic() + WORKER_SECONDS
        while not self._workers():
            if time.monotonic() > until:
                raise GradingError(NO_WORKERS.format(self.address))
            time.sleep(POLL_SECONDS)

    def _workers(self):
        """Return the addresses of the workers that are there now."""
        if self._client.status != "running":  # it would try for half a minute, and forget all
            raise WorkerError(LOST.format(self.address))
        try:
            return sorted(self._client.nthreads())
        except (OSError, TimeoutError):
            raise WorkerError(LOST.format(self.address)) from None

    def _compare(self):
        """Raise if a worker is another version of the course, or of what a mark rests on."""
        ours, wrong = versions(), []
        asked = {
            worker: self._client.submit(describe, self.setting, workers=[worker], pure=False)
            for worker in self._workers()
        }
        for worker, future in asked.items():
            theirs = _described(future)
            if isinstance(theirs, str):
                wrong.append(f"{worker} {theirs}")
                continue
            self.levels.add(theirs.pop("level"))
            other = [f"{name} {theirs[name]}" for name in ours if theirs[name] != ours[name]]
            if other:
                wrong.append(f"{worker} has {', '.join(other)}")
        if wrong:
            known = ", ".join(f"{name} {version}" for name, version in ours.items())
            raise GradingError(
                f"workers differ from this machine ({known}): {'; '.join(wrong)}; "
                "copy the course there, start ./course grade once, and the worker anew"
            )

    def run(self, tasks):
        """Yield (task, outcome) as tasks are done, taking few of them at a time.

        Raises
        ------
        WorkerError
            If the scheduler is lost.
        """
        tasks, done, running = iter(tasks), queue.SimpleQueue(), {}
        looked = time.monotonic()
        while True:
            room = AHEAD * max(1, len(self._workers())) - len(running)
            for task in itertools.islice(tasks, max(0, room)):
                self._give(task, running, done)
            if not running:
                return
            with contextlib.suppress(queue.Empty):
                yield from self._take(done.get(timeout=POLL_SECONDS), running, done)
            if time.monotonic() - looked > POLL_SECONDS:
                looked = time.monotonic()
                yield from self._end_late(running)

    def _take(self, future, running, done):
        """Yield a task and its outcome, or give it once more where workers died of it."""
        given = running.pop(future, None)
        if given is None:  # it was given up
            return
        outcome = self._outcome(future)
        if outcome is None and given.tries < TRIES:
            self._give(given.task, running, done, given.tries + 1)
        else:
            yield given.task, outcome or Outcome(fault=TOO_OFTEN.format(TRIES, ""))

    def _give(self, task, running, done, tries=1):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")
            future = self._client.submit(do, self.setting, task, pure=False)
        running[future] = _Given(task, tries)
        future.add_done_callback(done.put)

    def _outcome(self, future):
        """Return the outcome of a task, or None where workers died of it."""
        from distributed import KilledWorker

        if future.status == "cancelled":
            raise WorkerError(LOST.format(self.address))
        try:
            return future.result()
        except KilledWorker:
            return None
        except Exception:
            return Outcome(fault=traceback.format_exc())

    def _end_late(self, running):
        """Replace workers that hang; yield the tasks that are given up."""
        late = {f.key: f for f, given in running.items() if time.monotonic() > given.until}
        if not late:
            return
        held = [w for w, keys in self._client.processing().items() if late.keys() & set(keys)]
        given_up = []
        for future in late.values():
            given = running.pop(future)
            if given.tries < TRIES:  # the scheduler gives it to the next worker
                running[future] = _Given(given.task, given.tries + 1)
            else:
                future.cancel()
                given_up.append(given.task)
        self._client.restart_workers(held, timeout=RESTART_SECONDS, raise_for_error=False)
        for task in given_up:
            hung = TOO_LONG.format(task.seconds)
            yield task, Outcome(fault=TOO_OFTEN.format(TRIES, hung))

    def __exit__(self, *_):
        with contextlib.suppress(Exception):  # the scheduler may be gone
            if self._client.status == "running":
                self._client.run(end, self.setting, wait=False)
        self._client.close(timeout=CONNECT_SECONDS)


def _connect(address):
    try:
        from distributed import Client
    except ImportError:
        raise GradingError(NOT_INSTALLED) from None
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("distributed"):  # what they say in a page is told in a sentence
            logging.getLogger(name).setLevel(logging.CRITICAL)
    client = Client.__new__(Client)  # in hand also where its start fails
    try:
        client.__init__(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError):
        with contextlib.suppress(Exception):  # else it is closed at exit, when its thread is gone
            client.close(timeout=CONNECT_SECONDS)
        raise GradingError(NO_SCHEDULER.format(address, address)) from None
    return client


def describe(setting):
    """Return what a worker's marks rest on, and its sandbox level."""
    return versions() | {"level": level_here(setting)}


def _described(future):
    """Return what a worker answered, or in words what is wrong with it."""
    try:
        return future.result(timeout=WORKER_SECONDS)
    except TimeoutError:
        return "does not answer"
    except Exception as error:
        return f"cannot run the course ({type(error).__name__}: {error})"
