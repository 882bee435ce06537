"""What our pages change in nbconvert's: formulas are MathML, and nothing comes from elsewhere.

`utils/jupyter/jupyter_nbconvert_config.py` and `nbgrader_config.py` hand it to nbconvert's HTML
exporter: for a lesson that is exported, for feedback, and for formgrader.
"""

import json
import re
from functools import lru_cache
from pathlib import Path

from bs4 import BeautifulSoup
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.utils.base import NbConvertBase

from utils.mathml import mathml, unbroken

TEMPLATES = Path(__file__).resolve().parent / "jupyter" / "templates"
KEPT = 2048  # pieces of HTML that are remembered: a lesson has a hundred that all pages share
NO_ALT = "No description has been provided for this image"
HEADING = re.compile(r"(?m)^# +(.+?) *$")


class Renderer(IPythonRenderer):
    """nbconvert's way from Markdown to HTML, with formulas as MathML."""

    def block_math(self, body):
        """Return a formula on a line of its own."""
        return mathml(body, True)

    def inline_math(self, body):
        """Return a formula within a line."""
        return mathml(body)

    def latex_environment(self, name, body):
        r"""Return a formula that is written as ``\begin{name} … \end{name}``."""
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", True)


@pass_context  # the filter is called with the cell, in which attached images are found
class Markdown(NbConvertBase):
    """The filter `markdown2html` of a template, with a memory."""

    def __init__(self, **words):
        super().__init__(**words)
        self.render = lru_cache(KEPT)(self._render)

    def __call__(self, context, source):
        """Turn Markdown into HTML."""
        attachments = context.get("cell", {}).get("attachments", {})
        path = context.get("resources", {}).get("metadata", {}).get("path", "")
        return self.render(source, json.dumps(attachments, sort_keys=True), path)

    def _render(self, source, attachments, path):
        exporter = self.parent
        renderer = Renderer(
            escape=False,
            attachments=json.loads(attachments),
            embed_images=exporter.embed_images,
            path=path,
            anchor_link_text=exporter.anchor_link_text,
            exclude_anchor_links=exporter.exclude_anchor_links,
            **exporter.lexer_options,
        )
        return with_alt(unbroken(MarkdownWithMath(renderer=renderer).render(source)))


def with_alt(html):
    """Return HTML in which each image has a text, as nbconvert gives it."""
    if "<img" not in html:
        return html
    soup = BeautifulSoup(html, features="html.parser")
    for image in soup.select("img:not([alt])"):
        image.attrs["alt"] = NO_ALT
    return str(soup)


def heading(notebook):
    """Return the first heading of a notebook, None if it has none: the title of its page."""
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = next(filter(None, map(HEADING.search, texts)), None)
    return found and found[1]
