"""The verdict on one submission: all that explains a mark, and that grades again to the same."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.grading.transplant import Note

FORMAT = 2
# What a submission can run into, by the kind of a note in `Verdict.limits`.
LIMITS = {
    "time": "a call or a cell took too long",
    "died": "the process ended",
    "size": "a result was too large",
    "output": "it printed too much",
    "total": "the time of the whole submission was used up",
    "restarts": "the process ended too often",
}
TIMES = ("seconds", "cpu")


@dataclass(frozen=True)
class Check:
    """The result of one check.

    `status` is "right", "partly", "wrong", "unanswered" or "died"; `parts` maps each part to
    whether it was passed; `diagnosis` names the misconception that was recognised, `sentence` is
    what helps; `reason` says why the check was not asked to its end; `message` is the text that
    the student reads; `needs` names the answers that this one uses and that are not right
    themselves. `seconds` is what its cases took, `cpu` what of it the student's process computed.
    """

    name: str
    status: str
    points: float
    max_points: float
    parts: dict
    diagnosis: str
    sentence: str
    reason: str
    message: str
    needs: list = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """The verdict on one submission to one lesson.

    Parameters
    ----------
    lesson : str
    key : str
        Hash of submission, lesson, questions, seed and grader: the same key, the same verdict.
    submission : str
        SHA-256 of the submitted file.
    seed : str
        The secret seed of the hidden cases.
    checks : list of Check
    notes : list of Note
        What was tampered with or put right; the kinds are `autograder.grading.transplant.KINDS`.
    refused : str
        Why the file could not be graded, "" where it was.
    limits : list of Note
        Limits that were hit; the kinds are `LIMITS`.
    settings : dict
        The limits in force.
    sandbox : str
        How far the student's code was confined: the level, a colon, what it means.
    starts : int
        How many processes the submission took; each above one replaced one that died.
    seconds : dict
        Of "transplant", "run" and "judge".
    cpu : float
        The seconds that the student's processes computed.
    versions : dict
        Of Python, of packages, of the release of the lesson and of the grader itself.
    """

    lesson: str
    key: str
    submission: str
    seed: str
    checks: list
    notes: list = field(default_factory=list)
    refused: str = ""
    limits: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    sandbox: str = ""
    starts: int = 0
    seconds: dict = field(default_factory=dict)
    cpu: float = 0.0
    versions: dict = field(default_factory=dict)

    @property
    def level(self):
        """The sandbox level, one word."""
        return self.sandbox.partition(":")[0]

    @property
    def points(self):
        """The points earned on all checks."""
        return round(sum(check.points for check in self.checks), 2)

    @property
    def max_points(self):
        """The points of all checks."""
        return sum(check.max_points for check in self.checks)

    def findings(self):
        """Return what grading the same file again, with the same seed, must find again."""
        data = self.to_json()
        kept = ("lesson", "submission", "seed", "points", "notes", "refused", "limits")
        checks = [{k: v for k, v in check.items() if k not in TIMES} for check in data["checks"]]
        return {name: data[name] for name in kept} | {"checks": checks}

    def to_json(self):
        """Return the verdict as an object for `json.dumps`."""
        totals = {"format": FORMAT, "points": self.points, "max_points": self.max_points}
        return totals | asdict(self)

    @classmethod
    def from_json(cls, data):
        """Return the verdict that `to_json` made into `data`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is of another form, or its totals are not those of its checks.
        """
        rest = {k: v for k, v in data.items() if k not in ("format", "points", "max_points")}
        rest["checks"] = [Check(**check) for check in rest["checks"]]
        rest |= {kind: [Note(**note) for note in rest[kind]] for kind in ("notes", "limits")}
        verdict = cls(**rest)
        totals = (FORMAT, verdict.points, verdict.max_points)
        if (data["format"], data["points"], data["max_points"]) != totals:
            raise ValueError("format or totals of a verdict are not as expected")
        return verdict


def verdict_path(grading, student, lesson):
    """Return where the verdict on a student's submission to a lesson lies."""
    return Path(grading) / "verdicts" / student / f"{lesson}.json"


def write_verdict(path, verdict):
    """Write a verdict so that a reader never sees half of it."""
    write_atomically(path, json.dumps(verdict.to_json(), ensure_ascii=False, indent=1) + "\n")


def read_verdict(path):
    """Return the verdict in a file, or None where there is none that can be read."""
    try:
        return Verdict.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def is_on(grading, student, lesson, notebook):
    """Return whether the verdict of a student is on the notebook that this file holds now."""
    verdict = read_verdict(verdict_path(grading, student, lesson))
    digest = hashlib.sha256(Path(notebook).read_bytes()).hexdigest()
    return verdict is not None and verdict.submission == digest


def write_atomically(path, text):
    """Write a text file in one step; where there is no room, nothing is left behind."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    try:
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
