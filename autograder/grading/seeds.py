"""The secret seeds of the hidden cases: drawn once per lesson and grading folder, and kept."""

import json
import os
import secrets
from pathlib import Path

from autograder.grading.verdict import write_atomically


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
    seeds = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    kept = seeds.get(lesson)
    seeds[lesson] = str(wanted) if wanted is not None else kept or secrets.token_hex(16)
    if seeds[lesson] != kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        write_atomically(path, json.dumps(dict(sorted(seeds.items())), indent=1) + "\n")
        os.chmod(path, 0o600)
    return seeds[lesson]
