"""What the judge holds of a lesson: the release, the hidden questions and the seed."""

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import nbformat

from autograder.grading.judge import hidden_questions
from autograder.grading.seeds import seed_of
from autograder.sandbox.limits import GradingError, Limits
from utils.commands import full_name

ROOT = Path(__file__).parent.parent.parent
QUESTIONS = "autograder.questions"
GRADER = ("transplant", "names", "run", "judge", "verdict", "submission")


@dataclass(frozen=True)
class Material:
    """A lesson as the judge knows it.

    `digest` covers the release, the hidden questions, the seed, the limits, the names of the files
    that are out of reach (`hidden`) and the grader itself.
    """

    lesson: str
    release: nbformat.NotebookNode
    questions: dict
    seed: str
    digest: str
    limits: Limits
    lesson_digest: str = ""
    hidden: tuple = ()

    def key(self, planted):
        """Return the key of the verdict on a rebuilt notebook."""
        return key_of(self.digest, planted.submission or planted.refused)


def key_of(digest, submission):
    """Return the key of a verdict: of a lesson's digest, and of a file or why there is none."""
    return hashlib.sha256(f"{digest}:{submission}".encode()).hexdigest()


def lessons_in(root=ROOT):
    """Return the names of the lessons that were released."""
    found = sorted((Path(root) / "notebooks").glob("*/*.ipynb"))
    return [path.stem for path in found if path.stem == path.parent.name]


def full_names(names, root=ROOT):
    """Return names of lessons in full: the beginning is enough where only one has it, as "01"."""
    known = lessons_in(root)
    return [full_name(name, known) for name in names]


def release_path(lesson, root=ROOT):
    """Return where the release of a lesson lies."""
    return Path(root) / "notebooks" / lesson / f"{lesson}.ipynb"


def load_material(lesson, seed, root=ROOT, questions=QUESTIONS, limits=None):
    """Return what the judge needs of a lesson.

    Parameters
    ----------
    lesson : str
    seed : str
        The secret seed.
    root : path
        The folder that holds `notebooks/`.
    questions : str
        The module that is asked for the questions and the limits of a lesson: it has
        `questions_of(lesson)`, `limits_of(lesson)` and, if anything is, `out_of_reach(lesson)`.
    limits : dict, optional
        What the teacher wants other than the lesson does, by the names in `Limits`.

    Raises
    ------
    GradingError
        If there is no such lesson, or a check has no question.
    """
    path = release_path(lesson, root)
    if not path.is_file():
        raise no_such_lesson(lesson, root)
    text = path.read_text(encoding="utf-8")
    release = nbformat.reads(text, as_version=4)
    asked = import_module(questions)
    limits = Limits().changed(asked.limits_of(lesson), limits)
    hidden = asked.out_of_reach(lesson) if hasattr(asked, "out_of_reach") else ()
    compiled = hidden_questions(asked.questions_of(lesson), lesson, points_of(release), seed)
    digest = _digest(text, compiled, seed, limits, hidden)
    own = hashlib.sha256(text.encode()).hexdigest()
    return Material(lesson, release, compiled, seed, digest, limits, own[:16], hidden)


def no_such_lesson(lesson, root=ROOT):
    """Return the error that names the lessons there are."""
    known = ", ".join(lessons_in(root)) or "none yet; run ./course build"
    return GradingError(f'no lesson "{lesson}"; the lessons are {known}')


def points_of(release):
    """Return the points of each check of a release, by the name of its question."""
    settings = [cell.metadata.get("nbgrader", {}) for cell in release.cells]
    return {
        s["grade_id"].removeprefix("check_"): float(s["points"])
        for s in settings
        if s.get("grade") and not s.get("solution")
    }


def _digest(text, compiled, seed, limits, hidden):
    total = hashlib.sha256()
    data = [question.to_json() for question in compiled.values()]
    settings = (repr(limits), repr(hidden), grader_digest())
    for part in (text, json.dumps(data, sort_keys=True), seed, *settings):
        total.update(part.encode() + b"\0")
    return total.hexdigest()


@cache
def grader_digest():
    """Return the digest of the code that decides about marks."""
    files = [ROOT / "autograder" / "grading" / f"{name}.py" for name in GRADER]
    files += sorted((ROOT / "autograder/sandbox").glob("*.py"))
    files += sorted((ROOT / "utils").glob("*.py")) + sorted((ROOT / "utils/checking").glob("*.py"))
    total = hashlib.sha256()
    for path in files:
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


@cache
def versions():
    """Return the versions that a verdict rests on."""
    packages = {name: version(name) for name in ("numpy", "ipython", "nbgrader")}
    return {"python": platform.python_version(), "grader": grader_digest()} | packages


class Shelf:
    """The material of the lessons of one grading folder, each loaded once a seed and release.

    Formgrader keeps it for days; meanwhile another process may draw or build anew.

    Parameters
    ----------
    grading : path
        Where the secret seeds are kept.
    root : path
        The folder that holds `notebooks/`.
    seed : str, optional
        Replaces the seeds that were kept.
    limits : dict, optional
        What the teacher wants other than a lesson does, by the names in `Limits`.
    questions : str
        The module that is asked for questions and limits, see `load_material`.
    """

    def __init__(self, grading, root=ROOT, seed=None, limits=None, questions=QUESTIONS):
        self.grading, self.root, self.seed = Path(grading), Path(root), seed
        self.limits, self.questions = limits, questions
        self._loaded = {}

    def __getitem__(self, lesson):
        """Return the material of a lesson."""
        if lesson not in lessons_in(self.root):  # before a seed is drawn for a wrong name
            raise no_such_lesson(lesson, self.root)
        seed = seed_of(self.grading, lesson, self.seed)
        kept = (seed, release_path(lesson, self.root).stat().st_mtime_ns)
        if self._loaded.get(lesson, (None,))[0] != kept:
            wanted = (lesson, seed, self.root, self.questions, self.limits)
            self._loaded[lesson] = kept, load_material(*wanted)
        return self._loaded[lesson][1]
