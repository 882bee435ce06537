"""What one submission may use, and how that is changed."""

from dataclasses import asdict, dataclass, fields, replace


class GradingError(LookupError):
    """Grading is not possible as asked; the message says why and what to do."""


MIB = 2**20
LEAST = {  # below it no honest answer could run: a unit was left out
    "case": (0.05, "seconds"),
    "question": (0.05, "seconds"),
    "answer": (0.05, "seconds"),
    "added": (0.05, "seconds"),
    "total": (1, "seconds"),
    "patience": (1, "times the processor time"),
    "memory": (64 * MIB, "bytes (64 MiB)"),
    "file_size": (10_000, "bytes (10 kB)"),
    "home": (10_000, "bytes (10 kB)"),
    "files": (20, "files"),
    "processes": (1, "threads"),
    "reply": (10_000, "bytes (10 kB)"),
    "output": (1_000, "bytes (1 kB)"),
}


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    `case` is for one call of an answer, `question` for all cases of a question, `answer` for
    running an answer cell, `added` for a cell that the student added, `total` for the
    submission, all in seconds of processor time; on the clock it may take `patience` times as
    much. `memory`, `file_size` (of one file), `home` (of all files) and `reply` (of one result)
    are in bytes, `output` (of one cell or call) in bytes beyond which it is reported; `files` is
    the number of files, and of open files; `processes` the number of threads; `restarts` how
    often the process is started again after a death.
    """

    case: float = 5.0
    question: float = 20.0
    answer: float = 10.0
    added: float = 5.0
    total: float = 120.0
    patience: float = 4.0
    memory: int = 2 * 2**30
    file_size: int = 32 * 2**20
    home: int = 64 * 2**20
    files: int = 512
    processes: int = 64
    reply: int = 32 * 2**20
    output: int = 10 * 2**20
    restarts: int = 20

    def changed(self, *settings):
        """Return the limits with changes, the last one that names a limit counts.

        Parameters
        ----------
        *settings : dict or None
            From the name of a limit to its value.

        Raises
        ------
        GradingError
            If there is no such limit, or the value is no number, or too small.

        Examples
        --------
        >>> Limits().changed({"case": 10}, {"case": 20}).case
        20.0
        """
        kinds = {field.name: field.type for field in fields(self)}
        wanted = {name: value for s in settings for name, value in (s or {}).items()}
        for name, value in wanted.items():
            if name not in kinds:
                raise GradingError(f'no limit "{name}"; the limits are {", ".join(kinds)}')
            wanted[name] = _number(name, value, kinds[name])
        return replace(self, **wanted)

    def settings(self):
        """Return what the child is told about its limits."""
        resources = {
            "RLIMIT_AS": self.memory,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_CPU": int(self.total) + 30,
            "RLIMIT_NOFILE": self.files,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CORE": 0,
        }
        known = {"reply": self.reply, "output": self.output, "home": self.home}
        return known | {"files": self.files, "resources": resources}

    def to_json(self):
        """Return the limits as a plain dict."""
        return asdict(self)


def _number(name, value, kind):
    """Return the value of a limit as its kind of number."""
    wrong = GradingError(f"the limit {name} is {value!r}; it should be a number greater than 0")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise wrong from None
    least = 0 if name == "restarts" else 1e-9
    if isinstance(value, bool) or not least <= number < float("inf"):
        raise wrong
    if kind is int and number != int(number):
        raise GradingError(f"the limit {name} is {value!r}; it should be a whole number")
    smallest, unit = LEAST.get(name, (0, ""))
    if number < smallest:
        raise GradingError(f"the limit {name} is {value!r}; it should be {smallest} {unit} or more")
    return kind(number)
