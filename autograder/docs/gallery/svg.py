"""Draw a picture of the gallery as a small SVG file, the same bytes each time.

Letters are drawn as outlines, so that a reader needs no font. Coordinates are rounded to a tenth
of a point, and looks that return are written once: nobody sees it, it takes less than half of the
space, and it levels platforms.
"""

import html
import io
import re
from collections import Counter

from matplotlib import rc_context
from matplotlib.figure import Figure

from utils import figures

__all__ = ["TOLERANCE", "alike", "drawn", "words"]

_SVG = {"svg.hashsalt": "gallery", "svg.fonttype": "path"}
TOLERANCE = 1.5  # points by which two platforms may differ in where a thing is
_COORDINATES = re.compile(r'\b(?:d|x|y)="[^"]*"')
_LINES = re.compile(r'\bd="[ML\d\s.z-]*"')  # after M and L a further point needs no letter
_PLACES = re.compile(r"translate\([^)]*\)")
_NUMBER = re.compile(r"-?\d+\.\d+")
_ANY_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORDS = re.compile(r"<!-- (.*?) -->")
_LOOKS = re.compile(
    r'<title>.*?</title>|class="s\d+"|#[0-9a-f]{6}\b|stroke-(?:width|dasharray): [^;"}]*'
)
_STYLE = re.compile(r'style="([^"]*)"')


def drawn(draw, *, size, title, rows=1, columns=1, coarse=False, **options):
    """Return a picture in the course's style as the text of an SVG file.

    Parameters
    ----------
    draw : callable
        ``draw(axes)`` draws on the axes, an array if there are several.
    size : pair of float
        Width and height in inches.
    title : str
        What a browser shows for the file; the page's alt text says more.
    rows, columns : int
    coarse : bool
        Leave out points of curves that are less than a pixel from the line between others.
    **options
        For `Figure.subplots`, as ``sharey=True``.
    """
    with rc_context():
        figures.use_style()
        simplify = {"path.simplify_threshold": 1.0} if coarse else {}
        with rc_context(_SVG | simplify):
            figure = Figure(figsize=size)
            draw(figure.subplots(rows, columns, **options))
            written = io.StringIO()
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            figure.savefig(written, format="svg", metadata=nothing)
    return _small(written.getvalue(), title)


def _small(svg, title):
    """Round coordinates, and put a title in the place of what matplotlib says of itself."""
    svg = _COORDINATES.sub(lambda part: _rounded(part.group(), 1), svg)
    svg = _PLACES.sub(lambda part: _rounded(part.group(), 2), svg)
    svg = re.sub(r"<!DOCTYPE.*?>\n", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = _LINES.sub(lambda part: part.group().replace("\nL ", " "), _styled_once(svg))
    head, tag, rest = re.split(r"(<svg[^>]*>)", svg, maxsplit=1)
    lines = f"{head}{tag}\n<title>{html.escape(title)}</title>{rest}".split("\n")
    return "\n".join(line.strip() for line in lines)


def _styled_once(svg):
    """Give a name to each look that returns, and write it once, in the style sheet."""
    often = [look for look, n in Counter(_STYLE.findall(svg)).most_common() if n > 2]
    names = {look: f"s{k}" for k, look in enumerate(often)}

    def named(found):
        look = found.group(1)
        return f'class="{names[look]}"' if look in names else found.group()

    sheet = "".join(f".{name}{{{look}}}" for look, name in names.items())
    return _STYLE.sub(named, svg).replace("</style>", f"{sheet}</style>", 1)


def _rounded(text, decimals):
    return _NUMBER.sub(lambda number: f"{round(float(number.group()), decimals) + 0.0:g}", text)


def words(svg):
    """Return the texts that a picture shows, in their order."""
    return [html.unescape(found) for found in _WORDS.findall(svg)]


def alike(one, other):
    """Say whether two pictures show the same: words, looks, and marks at nearly the same places.

    Letters are compared by the words that they make up, not by their outlines.
    """
    if words(one) != words(other) or _LOOKS.findall(one) != _LOOKS.findall(other):
        return False
    one, other = _places(one), _places(other)
    return len(one) == len(other) and all(
        abs(a - b) <= TOLERANCE for a, b in zip(one, other, strict=True)
    )


def _places(svg):
    """Return all coordinates of what is drawn, without the outlines of letters."""
    body = re.sub(r"<defs>.*?</defs>", "", svg, flags=re.DOTALL)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    found = _COORDINATES.findall(body) + _PLACES.findall(body)
    return [float(number) for part in found for number in _ANY_NUMBER.findall(part)]
