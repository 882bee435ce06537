"""Formulas as MathML, which browsers draw and screen readers read without a script or a network."""

import html
import re
import unicodedata
from functools import lru_cache

from math_core import LatexError, LatexToMathML

MOST = 150  # backslashes and braces; deeper nesting than some 200 ends the process that converts it
OPENINGS = 16  # brackets that open: each that is never closed doubles the converter's time
OPENS = re.compile(  # all commands that may be such a bracket: \langle, \ulcorner, \bigl|
    r"\\(?:\{|mathopen|[bB]igg?l|[lLuU](?!ambda|eq?(?![a-z])|n(?![a-z])|og|dots|im|eft|nder|parr))"
)
IN_WORDS = re.compile(  # a formula within a line, and what stands next to it without a space
    r"([(\[“‘„–-]{0,2})(<math>(?:(?!</?math>).)*</math>)([^\s<>&]{0,20})", re.DOTALL
)
DEFINITION = re.compile(r"\\(?:\w*command|\w*def|let)(?![A-Za-z])")  # could nest without an end


@lru_cache(4096)
def mathml(tex, display=False):
    r"""Return a formula of LaTeX as a ``<math>`` element.

    Parameters
    ----------
    tex : str
        The formula without its dollar signs.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        HTML. What is not understood, too long or a definition is shown as it was written, in
        ``<code>``. Nothing of it is a tag, an address or a script, whoever wrote it.

    Examples
    --------
    >>> mathml(r"\lambda w")
    '<math><mi>λ</mi><mi>w</mi></math>'
    >>> mathml(r"\unknown <b>")
    '<code class="tex">\\unknown &lt;b&gt;</code>'
    """
    nested = tex.count("\\") + tex.count("{")
    if nested > MOST or _openings(tex) > OPENINGS or DEFINITION.search(tex):
        return _as_written(tex)
    try:
        return LatexToMathML(fancy_error=False).convert_with_local_state(tex, displaystyle=display)
    except LatexError:
        return _as_written(tex)


def _openings(tex):
    marks = sum(mark == "⎰" or unicodedata.category(mark) in ("Ps", "Pi") for mark in tex)
    return marks - tex.count("{") + len(OPENS.findall(tex))


def _as_written(tex):
    return f'<code class="tex">{html.escape(tex)}</code>'


def unbroken(page):
    """Return HTML in which no line ends between a formula and its bracket, comma or full stop.

    Browsers break a line beside a formula as beside a picture, even before a full stop.

    Examples
    --------
    >>> unbroken("<p>a <math><mi>x</mi></math>.</p>")
    '<p>a <span style="white-space: nowrap"><math><mi>x</mi></math>.</span></p>'
    """
    return IN_WORDS.sub(_together, page)


def _together(found):
    if not found[1] and not found[3]:
        return found[0]
    return f'<span style="white-space: nowrap">{found[0]}</span>'
