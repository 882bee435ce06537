"""Drivers in two halves: who asks an answer need not be who counts its results.

Where an answer draws at random, statistics of many results are judged. In a lesson both halves run
in the student's kernel. In grading the first one runs in the student's process and the second one
where that process has no say: what is counted there is what was sent, result by result.
"""

from collections.abc import Callable
from dataclasses import dataclass

from utils.checking.codec import NotPlainError, plain


@dataclass(frozen=True)
class Law:
    """A driver that asks an answer for results, and tells a value from them.

    Attributes
    ----------
    ask : callable
        `ask(target, inputs)` calls an answer and returns its results as they are, with copies of
        those that a later call may change.
    tell : callable
        `tell(results, inputs)` returns the value, given the results as plain data. It runs on
        whatever a process sent: of results that no `ask` returns it raises `NotPlainError`.
    call : str
        The arguments of the answer, as a message shows them; "" for the names of the inputs.
    unseen : tuple of str
        The inputs that only `tell` reads. In grading they stay with the judge.
    """

    ask: Callable
    tell: Callable
    call: str = ""
    unseen: tuple = ()

    def __call__(self, target, inputs):
        """Ask an answer and tell the value from its results, both here."""
        given = dict(inputs)
        return self.tell(plain(self.ask(target, inputs)), given)


@dataclass(frozen=True, eq=False)
class Request:
    """One call of an answer.

    Attributes
    ----------
    driver : str
        A name in `utils.checking.drivers.DRIVERS`, of a driver that is no law.
    inputs : dict
    of : str
        The name of another answer of the lesson that is called; "" for the one that is checked.
    """

    driver: str
    inputs: dict
    of: str = ""


@dataclass(frozen=True)
class Joint:
    """A law on several calls: each of them is asked once, however many cases rest on it.

    Attributes
    ----------
    requests : callable
        `requests(inputs)` returns the list of `Request`.
    tell : callable
        `tell(results, inputs)` returns the value, given the result of each request as plain data.
        It runs on whatever a process sent, as that of a `Law`.
    call : str
        The arguments of the answer, as a message shows them.
    others : tuple of str
        The names of the other answers that are called.
    shown : tuple of str
        The inputs that a message shows: many images say nothing.
    """

    requests: Callable
    tell: Callable
    call: str = ""
    others: tuple = ()
    shown: tuple = ()


def joint(requests, call="", others=(), shown=()):
    """Return a decorator that makes a `Joint` of the function which tells the value."""
    return lambda tell: Joint(requests, tell, call, tuple(others), tuple(shown))


def law(ask, call="", unseen=()):
    """Return a decorator that makes a `Law` of the function which tells the value."""
    return lambda tell: Law(ask, tell, call, tuple(unseen))


def rounds(results, *counts):
    """Return results as one list for each of the counts, each of that length.

    Raises
    ------
    NotPlainError
        If they are of another form.

    Examples
    --------
    >>> rounds([[1, 2, 3], [4]], 3, 1)
    [[1, 2, 3], [4]]
    """
    if not isinstance(results, list) or len(results) != len(counts):
        raise NotPlainError(f"the results are not {len(counts)} rounds of calls")
    for calls, count in zip(results, counts, strict=True):
        if not isinstance(calls, list) or len(calls) != count:
            raise NotPlainError(f"a round of calls does not hold {count} results")
    return results
