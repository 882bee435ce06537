"""When a submission came in, as far as a download tells."""

import contextlib
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

PACKING = timedelta(minutes=10)
OLDEST = datetime(2000, 1, 1)
MAX_DEPTH = 10  # of a folder or archive in which a platform puts the class
AHEAD = timedelta(days=2)  # of this computer's clock


class Clock:
    """When files came in, UTC and without a time zone, as nbgrader keeps times.

    Parameters
    ----------
    entries : list of Entry
        All files of the downloads.
    timezone : str
        The time zone of times that have none; "" is that of this computer.
    wanted : str
        "use" or "ignore" the files' times. "auto" uses them where they are spread: Canvas and new
        versions of Moodle write when the archive was packed, old ones when a file came in.
    """

    def __init__(self, entries, timezone="", wanted="auto"):
        self.zone, self.wanted = ZoneInfo(timezone) if timezone else None, wanted
        self.times, self.inside = {}, {}
        for entry in entries:
            time = self.utc(entry.time)
            if time:
                self.times[entry.parts] = time
                for depth in range(min(len(entry.parts), MAX_DEPTH)):
                    self.inside.setdefault(entry.parts[:depth], []).append(time)
        self.newest = {place: max(times) for place, times in self.inside.items()}
        self.packing = {place: are_packing_times(times) for place, times in self.inside.items()}

    def utc(self, time):
        """Return a time in UTC, or None for none, and for one that cannot be."""
        if time is None:
            return None
        if time.tzinfo is None and self.zone:
            time = time.replace(tzinfo=self.zone)
        with contextlib.suppress(OverflowError, OSError, ValueError):
            time = time.astimezone(UTC).replace(tzinfo=None)
            return time if OLDEST < time < datetime.now() + AHEAD else None
        return None

    def time(self, attempt):
        """Return when an attempt came in, or None where nobody knows."""
        if attempt.created:
            return self.utc(attempt.created)
        if attempt.owner.platform == "plain" or not self._tells(attempt.place):
            return None
        times = [self.times.get(f.entry.parts) for f in attempt.files if f.entry.kind != "other"]
        return max((time for time in times if time), default=None)

    def _tells(self, place):
        spread = not self.packing.get(place, True)
        return self.wanted == "use" or (self.wanted == "auto" and spread)

    def order(self, attempt):
        """Return what is larger for a later attempt.

        It is when it came in, Canvas's number, and when the archive was packed, in seconds.
        """
        created = self.utc(attempt.created) or OLDEST
        packed = self.newest.get(attempt.place, OLDEST)
        return (created - OLDEST).total_seconds(), attempt.number, (packed - OLDEST).total_seconds()


def are_packing_times(times):
    """Tell whether most times are those at which an archive was packed, all within minutes.

    >>> are_packing_times([datetime(2024, 5, 1, 9, minute) for minute in range(5)])
    True
    >>> are_packing_times([datetime(2024, 5, day) for day in range(1, 5)])
    False
    """
    middle = statistics.median_low(times)
    return 2 * sum(abs(time - middle) <= PACKING for time in times) > len(times)


def due_date(db_url, lesson):
    """Return a lesson's due date in the gradebook, UTC, or None; no gradebook is made."""
    from nbgrader.api import Gradebook, MissingEntry

    if db_url.startswith("sqlite:///") and not Path(db_url.removeprefix("sqlite:///")).is_file():
        return None
    with Gradebook(db_url) as book:
        try:
            return book.find_assignment(lesson).duedate
        except MissingEntry:
            return None
