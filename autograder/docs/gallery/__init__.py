"""The gallery: published tables and figures, drawn again from the lessons' own answers.

Each exhibit computes what it shows by the functions of the lessons' solutions and sets every number
against the printed one, which `printed` keeps. `page.md` is the page with places for the numbers;
what it says without a number is a claim that the exhibit tests. Made from it are `docs/gallery.md`
and the pictures in `docs/gallery/`.
"""

from functools import cache
from pathlib import Path

from autograder.docs.gallery import (
    diabetes,
    ensemble,
    geometry,
    histogram,
    landscapes,
    masks,
    orthonormal,
    profiles,
    prostate,
    stopping,
)
from autograder.docs.gallery.svg import alike

__all__ = ["exhibits", "page_of", "pages", "same"]

SHOWN = (
    *(prostate, profiles, geometry, orthonormal, diabetes),
    *(masks, ensemble, stopping, histogram, landscapes),
)
PAGE = Path(__file__).with_name("page.md")


@cache
def exhibits():
    """Return all exhibits, in the order of the page; it takes some seconds."""
    return tuple(exhibit for module in SHOWN for exhibit in module.exhibits())


def pages():
    """Return what belongs under `docs/`: the page and its pictures, text by path.

    Raises
    ------
    ValueError
        If a claim of the page does not hold.
    """
    shown = exhibits()
    pictures = {
        f"gallery/{name}.svg": svg for exhibit in shown for name, svg in exhibit.pictures.items()
    }
    return {"gallery.md": page_of(shown), **pictures}


def page_of(shown):
    """Return the page with the numbers of exhibits, or raise ValueError if a claim fails."""
    failed = [claim for exhibit in shown for claim, holds in exhibit.claims.items() if not holds]
    if failed:
        raise ValueError(
            f"the gallery claims what does not hold: {'; '.join(failed)}. "
            f"Find out why, and mend the lesson or {PAGE.name}"
        )
    values = {}
    for exhibit in shown:
        values |= exhibit.values
    return PAGE.read_text(encoding="utf-8").format_map(values)


def same(path, old, new):
    """Say whether two versions of a page say the same; a picture may be off by a point or so.

    Parameters
    ----------
    path : str
        Under `docs/`.
    old, new : bytes
    """
    if not path.endswith(".svg"):
        return old == new
    return alike(old.decode("utf-8"), new.decode("utf-8"))
