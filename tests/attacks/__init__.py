"""Attacks on grading: what a student might hand in to get marks, to stop the class or to harm.

An attack stands in the answer cell of `double` in the toy lesson, where nothing is earned unless
it succeeds; `half`, in a later cell, is answered honestly and must earn its point. So the mark of
an attacker tells whether the attack got through. Attacks are bounded: should a defense be missing,
they harm the test and nothing else. Bombs stop at a number, files bear `MARK` in their name, and
signals that could reach a stranger have number 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.toy import RIGHT, answered, file_of

MARK = "course_attack"
HONEST = 1.0  # the point for `half`, which every attacker answers
DOUBLE = 2.0  # the points for `double`, which is attacked


@dataclass(frozen=True)
class Attack:
    """One submission of an attacker.

    Parameters
    ----------
    name : str
        The folder of the student is called so.
    kind : str
        What is attacked: "forgery", "process", "machine", "notebook", "file", "folder", "lesson".
    tells : str
        What it does, in one line.
    source : str
        The answer cell of `double`; `PLACES` go before it.
    points : float
        What its honest part earns.
    note : str
        A regular expression that the verdict must hold: in its notes, limits, refusal or in the
        words on a check.
    change : callable, optional
        What is done to the notebook: `change(notebook)` changes it in place, or returns a new one.
    write : callable, optional
        Writes the submission: `write(folder, data)`, by default to the notebook's place.
    half : str
        The answer cell of `half`.
    """

    name: str
    kind: str
    tells: str
    source: str = ""
    points: float = HONEST
    note: str = ""
    change: Callable | None = None
    write: Callable | None = None
    half: str = RIGHT["half"]

    def data(self, places):
        """Return the bytes of the submitted file."""
        cells = {"double": places + self.source.strip("\n")} if self.source else {}
        notebook = answered(half=self.half, **cells)
        if self.change:
            changed = self.change(notebook)
            notebook = notebook if changed is None else changed
        return notebook if isinstance(notebook, bytes) else file_of(notebook)
