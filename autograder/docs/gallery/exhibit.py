"""What the gallery shows: an exhibit fills a part of the page and holds its pictures and claims."""

from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace

from autograder.docs.gallery.compare import Comparison
from autograder.solutions import functions_of

__all__ = ["Exhibit", "answers"]


@dataclass(frozen=True)
class Exhibit:
    """What one published table or figure becomes with us.

    Attributes
    ----------
    values : dict of str -> str
        What stands in the page, `page.md`, for ``{name}``.
    pictures : dict of str -> str
        SVG files by name, without the suffix.
    claims : dict of str -> bool
        Whether each statement holds that the page makes without a number.
    comparisons : tuple of Comparison
        Every number that is set against a printed one.
    """

    values: dict[str, str]
    pictures: dict[str, str] = field(default_factory=dict)
    claims: dict[str, bool] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()


@cache
def answers(lesson):
    """Return what the set-up and the answers of a lesson's solution define, as attributes."""
    return SimpleNamespace(**functions_of(lesson))
