"""How far a run is: a moving bar in a terminal, now and then a line elsewhere."""

import os
import sys
import time

EVERY = 10.0


class Progress:
    """Tells done, failed, rate and time left on standard error.

    Parameters
    ----------
    what : str
        What is counted, as "graded".
    total : int
    """

    def __init__(self, what, total):
        self.what, self.total = what, total
        self.done = self.failed = 0
        self.start = self._told = time.monotonic()
        self._bar = None
        self.shown = os.environ.get("COURSE_PROGRESS") != "0"

    def __enter__(self):
        if self.shown and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=self.total, desc=self.what, unit="", file=sys.stderr)
        return self

    def step(self, failed=0):
        """Count one more; `failed` is how many failed so far."""
        self.done, self.failed = self.done + 1, failed
        if self._bar is not None:
            self._bar.set_postfix(failed=failed, refresh=False)
            self._bar.update()
        elif self.shown and self.done < self.total and time.monotonic() - self._told > EVERY:
            self._tell()

    def _tell(self):
        self._told = time.monotonic()
        print(self.line(self._told - self.start), file=sys.stderr, flush=True)

    def line(self, seconds):
        """Return the state after so many seconds, in words."""
        rate = self.done / max(seconds, 1e-9)
        left = (self.total - self.done) / max(rate, 1e-9)
        return (
            f"{self.what} {self.done} of {self.total}, {self.failed} failed, "
            f"{60 * rate:.0f} a minute, {_duration(left)} left"
        )

    def say(self, sentence):
        """Print a sentence without spoiling the bar."""
        if self._bar is not None:
            self._bar.write(sentence, file=sys.stderr)
        else:
            print(sentence, file=sys.stderr, flush=True)

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()
        elif self.shown and self.done:
            self._tell()


def _duration(seconds):
    """Return a duration in words.

    >>> _duration(5.2), _duration(65.0), _duration(7260.0)
    ('5 s', '1 min 5 s', '2 h 1 min')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
