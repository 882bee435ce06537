"""Faults of the machine: a full disk, a gradebook that is locked or gone."""

import errno
import time

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, PendingRollbackError

from autograder.sandbox.limits import GradingError

WAIT_SECONDS = 60.0
RETRY_SECONDS = 1.0
FULL = "the disk of {} is full; make room"
LOCKED = (
    "the gradebook {} is locked by another program (formgrader, an nbgrader command, a database "
    "browser); close it"
)
GONE = "the gradebook {} does not answer ({})"
NO_URL = "--db {}: should be a URL, as sqlite:///class.db or postgresql://teacher@host/class"
NO_DRIVER = (
    "--db {}: the driver of this database is not installed ({}); for PostgreSQL type "
    "./course grade --db postgresql://…, or pip install -c constraints.txt -e '.[postgresql]'"
)


class MachineError(GradingError):
    """The machine, not a submission, stops the work; the message says what and what to do."""


def check_url(db_url):
    """Raise if a database cannot be opened for its URL alone."""
    try:
        make_url(db_url).get_dialect().import_dbapi()
    except ImportError as error:
        raise GradingError(NO_DRIVER.format(without_password(db_url), error)) from None
    except (ArgumentError, ValueError):  # of a port that is no number
        raise GradingError(NO_URL.format(db_url)) from None


def without_password(db_url):
    """Return the URL of a database as it may be shown.

    >>> without_password("postgresql://teacher:secret@localhost/class")
    'postgresql://teacher:***@localhost/class'
    """
    return make_url(db_url).render_as_string(hide_password=True)


def full_disk(error, place):
    """Return a sentence if this error, or one that it came from, is a full disk, else ""."""
    while error is not None:
        number = getattr(error, "errno", None)
        text = str(error) if isinstance(error, DBAPIError) else ""
        if number in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            return FULL.format(place)
        if "disk is full" in text or "No space left on device" in text:
            return FULL.format(place)
        error = error.__cause__ or error.__context__
    return ""


class Patience:
    """Waits for a gradebook that is locked or does not answer, and says so.

    Parameters
    ----------
    db_url : str
    say : callable
        Is handed a sentence when the wait begins.
    """

    def __init__(self, db_url, say=print):
        self.place = without_password(db_url)
        self.say = say
        self.reason = ""

    def __call__(self, action, *words):
        """Return what the action returns, tried anew until the gradebook answers.

        Raises
        ------
        MachineError
            If it does not within `WAIT_SECONDS`; `reason` says why from then on.
        """
        until = None
        while True:
            try:
                result = action(*words)
            except (DBAPIError, PendingRollbackError, GradingError) as error:
                reason = self._reason(error)
                until = until or self._begin(reason)
                if time.monotonic() > until:
                    self.reason = reason
                    raise MachineError(reason) from error
                time.sleep(RETRY_SECONDS)
            else:
                self.reason = ""
                return result

    def _begin(self, reason):
        self.say(f"Waiting up to {WAIT_SECONDS:.0f} s: {reason}")
        return time.monotonic() + WAIT_SECONDS

    def _reason(self, error):
        """Return why the gradebook cannot be used now; raise what no waiting helps against."""
        if full_disk(error, self.place):
            raise MachineError(full_disk(error, self.place)) from error
        if isinstance(error, GradingError):
            if not isinstance(error.__cause__, DBAPIError):
                raise error
            error = error.__cause__
        kind = type(error).__name__
        if "locked" in str(error):
            return LOCKED.format(self.place)
        if kind not in ("OperationalError", "InterfaceError", "PendingRollbackError"):
            raise error
        lines = str(getattr(error, "orig", error)).strip().splitlines()
        return GONE.format(self.place, lines[0] if lines else kind)
