"""The verdict on one submission: all that is needed to explain a mark, as JSON."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.grading.transplant import Note

FORMAT = 1


@dataclass(frozen=True)
class Check:
    """The result of one check.

    `status` is "right", "partly", "wrong", "unanswered" or "died"; `parts` maps each part to
    whether it was passed; `diagnosis` names the misconception that was recognised, `sentence` is
    what helps; `message` is the text that the student reads.
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
        What was tampered with or put right.
    refused : str
        Why the file could not be graded, "" where it was.
    limits : list of str
        Limits that were hit, in words.
    sandbox : str
        How far the student's code was confined.
    seconds, versions : dict
    """

    lesson: str
    key: str
    submission: str
    seed: str
    checks: list
    notes: list = field(default_factory=list)
    refused: str = ""
    limits: list = field(default_factory=list)
    sandbox: str = ""
    seconds: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)

    @property
    def points(self):
        """The points earned on all checks."""
        return round(sum(check.points for check in self.checks), 2)

    @property
    def max_points(self):
        """The points of all checks."""
        return sum(check.max_points for check in self.checks)

    def to_json(self):
        """Return the verdict as an object for `json.dumps`."""
        totals = {"format": FORMAT, "points": self.points, "max_points": self.max_points}
        return totals | asdict(self)

    @classmethod
    def from_json(cls, data):
        """Return the verdict that `to_json` made into `data`."""
        rest = {k: v for k, v in data.items() if k not in ("format", "points", "max_points")}
        rest["checks"] = [Check(**check) for check in rest["checks"]]
        rest["notes"] = [Note(**note) for note in rest["notes"]]
        return cls(**rest)


def verdict_path(grading, student, lesson):
    """Return where the verdict on a student's submission to a lesson lies."""
    return Path(grading) / "verdicts" / student / f"{lesson}.json"


def write_verdict(path, verdict):
    """Write a verdict so that a reader never sees half of it."""
    write_atomically(path, json.dumps(verdict.to_json(), ensure_ascii=False, indent=1) + "\n")


def read_verdict(path):
    """Return the verdict in a file, or None where there is none that can be read."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        return Verdict.from_json(data) if data["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_atomically(path, text):
    """Write a text file in one step."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_text(text, encoding="utf-8", newline="\n")
    half.replace(path)
