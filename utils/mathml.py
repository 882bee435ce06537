"""Formulas as MathML, which browsers draw and screen readers read without a script or a network."""

import html
from functools import lru_cache

from math_core import LatexError, LatexToMathML


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
        HTML. What is not understood is shown as it was written, in ``<code>``.

    Examples
    --------
    >>> mathml(r"\lambda w")
    '<math><mi>λ</mi><mi>w</mi></math>'
    >>> mathml(r"\unknown <b>")
    '<code class="tex">\\unknown &lt;b&gt;</code>'
    """
    try:
        return LatexToMathML(fancy_error=False).convert_with_local_state(tex, displaystyle=display)
    except LatexError:
        return f'<code class="tex">{html.escape(tex)}</code>'
