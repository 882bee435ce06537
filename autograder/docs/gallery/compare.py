"""Compare a number of ours with a printed one, digit by digit, and write it into a table."""

import math
from dataclasses import dataclass

__all__ = ["Comparison", "digits", "signed", "table", "tally"]


@dataclass(frozen=True)
class Comparison:
    """A number of ours beside the printed one.

    Attributes
    ----------
    what : str
        Which number it is.
    printed : str
        As it stands in the source, for example "0.680".
    ours : float
        With all its digits.

    Examples
    --------
    >>> one = Comparison("lcavol", "0.680", 0.67953)
    >>> one.equal, one.cell, round(one.gap, 5)
    (True, '0.680', 0.00047)
    >>> Comparison("s", "0.36", 0.3749).cell
    '**0.37** (printed 0.36)'
    """

    what: str
    printed: str
    ours: float

    @property
    def equal(self):
        """Say whether our number, rounded to the printed digits, is the printed one."""
        return digits(self.ours, self.decimals) == signed(self.printed)

    @property
    def decimals(self):
        """Return how many digits are printed after the point."""
        return len(self.printed.partition(".")[2])

    @property
    def gap(self):
        """Return the distance from the printed number."""
        return abs(self.ours - float(self.printed))

    @property
    def cell(self):
        """Return our number with the printed digits; a different one with the printed beside it."""
        rounded = digits(self.ours, self.decimals)
        return rounded if self.equal else f"**{rounded}** (printed {signed(self.printed)})"


def digits(number, decimals):
    """Return a number with so many digits after the point, a zero without a sign.

    Examples
    --------
    >>> digits(-0.00004, 3), digits(-1.5, 1)
    ('0.000', '−1.5')
    """
    if not math.isfinite(number):
        raise ValueError(f"a number to print must be finite, but it is {number}")
    return signed(f"{round(number, decimals) + 0.0:.{decimals}f}")


def signed(text):
    """Return the text of a number with a true minus sign."""
    return text.replace("-", "−")


def tally(comparisons):
    """Say how many of the printed numbers are equal, and how far the farthest of ours is.

    Examples
    --------
    >>> tally([Comparison("a", "0.1", 0.12), Comparison("b", "0.3", 0.4)])
    '1 of 2 printed numbers are equal to the last printed digit; the largest difference is 0.1'
    """
    equal = sum(one.equal for one in comparisons)
    how_many = "all" if equal == len(comparisons) else f"{equal} of"
    gap = max(one.gap for one in comparisons)
    return (
        f"{how_many} {len(comparisons)} printed numbers are equal to the last printed digit; "
        f"the largest difference is {gap:.2g}"
    )


def table(header, rows, align=None):
    """Return a table in Markdown: the first column to the left, the others to the right.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequences of str
    align : str, optional
        "l" or "r" for each column.

    Examples
    --------
    >>> print(table(("a", "b"), [("x", "1")]))
    | a | b |
    |---|---:|
    | x | 1 |
    """
    align = align or "l" + "r" * (len(header) - 1)
    rule = "".join("---|" if side == "l" else "---:|" for side in align)
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([lines[0], f"|{rule}", *lines[1:]])
