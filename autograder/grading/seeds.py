"""The secret seeds of the hidden cases: drawn once per lesson and grading folder, and kept."""

import json
import secrets
from pathlib import Path

from autograder.grading.verdict import verdict_path, write_atomically
from autograder.sandbox.limits import GradingError


def seed_of(grading, lesson, wanted=None):
    """Return the secret seed of a lesson, drawing and keeping one where there is none.

    Parameters
    ----------
    grading : path
        The grading folder; the seeds lie in `seeds.json`, readable by its owner only.
    lesson : str
    wanted : str, optional
        Replaces the seed that was kept.
    """
    path = Path(grading) / "seeds.json"
    seeds = _read(path)
    kept = seeds.get(lesson)
    seeds[lesson] = str(wanted) if wanted is not None else kept or secrets.token_hex(16)
    if seeds[lesson] != kept:
        _write(path, seeds)
    return seeds[lesson]


def is_replaced(grading, lesson, wanted):
    """Tell whether a wanted seed, or None, is another one than the kept one of a lesson."""
    kept = _read(Path(grading) / "seeds.json").get(lesson)
    return None not in (kept, wanted) and str(wanted) != kept


def judged(grading, lesson):
    """Return the students whose submissions to a lesson have a verdict."""
    paths = (Path(grading) / "verdicts").glob("*")
    return {path.name for path in paths if verdict_path(grading, path.name, lesson).is_file()}


def _read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        raise GradingError(
            f"{path} holds no JSON; put back a copy of it, or delete it to draw new hidden cases "
            "and grade all anew"
        ) from None


def _write(path, seeds):
    """Write the seeds in one step; at no time can others read them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".part").touch(mode=0o600)
    write_atomically(path, json.dumps(dict(sorted(seeds.items())), indent=1) + "\n")
