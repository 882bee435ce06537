"""What the side-by-side benchmarks share: a row of results and fair timing.

A benchmark is one module here with a function ``rows() -> list[Row]``, registered by name in
`autograder.bench`. It raises `MissingPeer` where the thing it compares with is not installed, and
asserts that both sides do the same work before it times them.
"""

import statistics
import time
from dataclasses import dataclass


class MissingPeer(Exception):
    """What we compare with is not installed; the message says in one sentence how to get it."""


@dataclass(frozen=True)
class Row:
    """One measured comparison; less is better.

    Examples
    --------
    >>> row = Row("sorting", ours=3.0, peer=2.0, unit="ms", goal=1.2)
    >>> row.ratio, row.met
    (1.5, False)
    """

    name: str
    ours: float
    peer: float
    unit: str
    goal: float  # the largest ratio that meets the aim

    @property
    def ratio(self):
        """Return how many times the peer's cost ours is."""
        return self.ours / self.peer

    @property
    def met(self):
        """Return whether the ratio is within the goal."""
        return self.ratio <= self.goal

    def as_dict(self):
        """Return the row as plain data, in the order in which it is printed."""
        return {
            "name": self.name,
            "ours": self.ours,
            "peer": self.peer,
            "unit": self.unit,
            "ratio": self.ratio,
            "goal": self.goal,
            "met": self.met,
        }


def interleaved(ours, peer, *, repetitions, pause=0.05, clock=time.perf_counter, sleep=time.sleep):
    """Return the median seconds of two functions run in turns, A B A B ….

    In turns, since a slow minute of the machine then hits both. The pause lets the threads of one
    library, which wait busily for more work, fall asleep before the other starts.

    Parameters
    ----------
    ours, peer : callable
        Called with the number of the repetition, so that both can be given the same batches.
    repetitions : int
    pause : float
        Seconds of rest before each run.
    clock, sleep : callable
        Replaced in tests.

    Returns
    -------
    tuple of float
        The medians of `ours` and of `peer`.
    """
    seconds = ([], [])
    for repetition in range(repetitions):
        for run, times in zip((ours, peer), seconds, strict=True):
            sleep(pause)
            start = clock()
            run(repetition)
            times.append(clock() - start)
    return tuple(statistics.median(times) for times in seconds)
