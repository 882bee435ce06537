"""The page `docs/parity.md`."""

import re
from functools import cache
from pathlib import Path

from autograder.docs.parity.row import LIBRARIES

ROOT = Path(__file__).resolve().parents[3]
LIVE = "\nFrameworks used: live"
HEAD = """\
# Compare with the real libraries

The course grew out of a section of a class of 2018, which used TensorFlow 1.
Each operation and each algorithm that the section names has a row here:
what you write in the course, what the section called, and what it is called today.
The last column says how far our answers are from the real thing.

Made by `./course docs`. Do not edit.
Frameworks used: {said}.

- *Our function* links to the lesson that teaches it.
- *Largest difference* is over all that the row compares;
  *equal* means to the bit, with the same dtype, and ≤ is what the test allows.
- Each row has a test in [tests/test_parity.py](../tests/test_parity.py).
  It takes stored results of the frameworks; `./course test --frameworks` installs the real ones,
  compares with them, and adds random cases that are nowhere stored.
  scikit-learn and SciPy are always there.
"""
TABLE = """
| in the section | our function | the original | today | compared with | largest difference |
|---|---|---|---|---|---|
"""


def render(rows, measured, said):
    """Return the page.

    Parameters
    ----------
    rows : sequence of Row
    measured : dict of str -> dict of str -> float
        The differences of each row, by its key.
    said : str
        Which frameworks were used.

    Raises
    ------
    ValueError
        If a difference is above its bound.
    """
    if far := [f"{row.key}, {what}" for row in rows for what in row.beyond(measured[row.key])]:
        raise ValueError(
            f"the parity table would say what does not hold: {'; '.join(far)}. "
            "Find out why, and mend the answer or the row"
        )
    lines = [_line(row, measured[row.key]) for row in rows]
    return HEAD.format(said=said) + TABLE + "".join(lines)


def _line(row, found):
    cells = (
        row.name,
        "<br>".join(taught(row.lesson, name) for name in row.functions),
        row.original,
        "<br>".join(f"{library}: {row.today[library]}" for library in LIBRARIES),
        f"{row.against}<br>`test_row[{row.key}]`",
        "<br>".join(_cell(what, found[what], bound) for what, bound in row.bounds.items()),
    )
    return f"| {' | '.join(cells)} |\n"


def _cell(what, apart, bound):
    """Return a difference, which is within its bound, in words.

    >>> _cell("pixels", 0.0, 0.0), _cell("value", 3.14e-8, 1e-6), _cell("share", 0.0123, 0.08)
    ('pixels: equal', 'value: 3e-08 ≤ 1e-06', 'share: 0.01 ≤ 0.08')
    """
    return f"{what}: equal" if bound == 0 else f"{what}: {apart:.1g} ≤ {bound:.1g}"


def taught(lesson, name):
    """Return a graded name as a link to its lesson, with the unit that asks for it."""
    place = f"lesson {int(lesson[:2])}, unit {_units(lesson)[name]}"
    return f"[`{name}`](../notebooks/{lesson}/{lesson}.ipynb), {place}"


@cache
def _units(lesson):
    """Return the number of the unit in which each answer of a lesson is asked for."""
    text = (ROOT / "lessons" / f"{lesson}.py").read_text(encoding="utf-8")
    unit, units = None, {}
    for heading, key in re.findall(r'(?m)^# ## (\d+)\. |^# %% role="answer" key="(\w+)"', text):
        unit = heading or unit
        units |= {key: unit} if key else {}
    return units


def same_page(old, new):
    """Tell whether two versions of the page say the same, differences and versions apart.

    A difference of another machine, or of the stored results in place of the frameworks, has other
    digits. Whether it is within its bound is for the tests to say; the bound stands in the page.
    But a page made from stored results is replaced as soon as the frameworks are there. To have new
    digits all the same, delete the page first.
    """
    replaced = LIVE in new and LIVE not in old
    return _masked(old) == _masked(new) and not replaced


def _masked(text):
    text = re.sub(r"(?m)^Frameworks used: .*$", "Frameworks used: …", text)
    return re.sub(r"\S+ ≤", "… ≤", text)
