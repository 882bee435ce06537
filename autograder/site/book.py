"""From sources to pages, by Sphinx: offline, without running a cell, no fault let through."""

import html
import io
import os
import re
import warnings
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import docutils_namespace
from tqdm import tqdm

from autograder.site import SiteError
from utils.mathml import mathml, unbroken

HERE = Path(__file__).parent
TITLE = "Learn regularization by writing it in NumPy"
MARKDOWN = ["myst_line_comment", "myst_block_break", "myst_target", "myst_role"]
MENTION = re.compile(r"\b[Ll]esson (\d)(?:,\s+units? (\d+))?")
SETTINGS = {
    "project": TITLE,
    "html_title": TITLE,
    "copyright": "2026, the authors of the regularization course. "
    "Text and figures: CC BY 4.0; code: BSD 3-Clause",
    "language": "en",
    "extensions": ["myst_nb", "autograder.site.book"],
    "exclude_patterns": [],
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "nb_ipywidgets_js": {},
    "myst_enable_extensions": ["dollarmath", "strikethrough"],
    "myst_disable_syntax": MARKDOWN,  # a notebook knows Markdown, and nothing more
    "myst_dmath_allow_labels": False,
    "myst_heading_anchors": 3,
    "html_math_renderer": "mathml",
    "html_theme": "pydata_sphinx_theme",
    "html_static_path": [str(HERE / "theme")],
    "templates_path": [str(HERE / "templates")],
    "html_css_files": ["site.css"],
    "html_js_files": ["site.js"],
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_use_index": False,
    "html_domain_indices": False,
    "html_sidebars": {"**": ["lessons.html"]},
    "html_context": {"default_mode": "auto"},
    "html_theme_options": {
        "logo": {"text": "Regularization in NumPy"},
        "navbar_center": [],
        "navbar_end": ["theme-switcher"],
        "navbar_persistent": ["search-button-field"],
        "article_header_start": [],
        "secondary_sidebar_items": ["page-toc"],
        "primary_sidebar_end": [],
        "footer_start": ["copyright"],
        "footer_end": [],
        "search_bar_text": "Search the course",
        "show_toc_level": 2,
    },
}


def build(sources, out):
    """Write the pages.

    Parameters
    ----------
    sources, out : pathlib.Path

    Raises
    ------
    SiteError
        If Sphinx has anything to complain about.
    """
    faults = io.StringIO()
    with warnings.catch_warnings(), docutils_namespace():
        # Sphinx and its extensions use each other in ways that are to end some day.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        _run_sphinx(sources, out, faults)
    if faults.getvalue():
        told = re.sub(r"\x1b\[[\d;]*m", "", faults.getvalue()).rstrip()
        raise SiteError(f"the pages have faults, so none was written:\n{told}")


def _run_sphinx(sources, out, faults):
    places = {"confdir": None, "outdir": out, "doctreedir": sources.with_name("doctrees")}
    options = {"buildername": "html", "confoverrides": SETTINGS, "status": None}
    app = Sphinx(sources, **places, **options, warning=faults)
    pages = len(list(sources.glob("*.ipynb"))) + len(list(sources.glob("*.md")))
    with tqdm(total=2 * pages, desc="pages", leave=False, disable=_silence()) as bar:

        def advance(*page):
            bar.update()

        app.connect("source-read", advance)
        app.connect("html-page-context", advance)
        app.build()


def _silence():
    """Return True where no progress is wanted; None lets a terminal alone have it."""
    return True if os.environ.get("COURSE_PROGRESS") == "0" else None


# ---- as an extension of Sphinx ----


def setup(app):
    """Add mathematics without a script."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("html-page-context", _keep_together)
    app.add_post_transform(RawMathematics)
    app.add_post_transform(LessonLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer, node):
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _keep_together(app, name, template, context, doctree):
    if "body" in context:
        context["body"] = unbroken(context["body"])


def _block(writer, node):
    writer.body.append(f'<div class="course-formula">{mathml(node.astext(), True)}</div>\n')
    raise nodes.SkipNode


class RawMathematics(SphinxPostTransform):
    """Turns formulas inside HTML that a text cell holds, such as the summary of a hint."""

    default_priority = 600

    def run(self, **options):
        """Replace them; what a cell put out is left alone."""
        for raw in self.document.findall(nodes.raw):
            if raw.get("format") == "html" and not _is_output(raw):
                text = formulas_in_html(raw.astext())
                raw.children = [nodes.Text(text)]


def _is_output(node):
    while node is not None:
        if isinstance(node, nodes.Element) and "cell_output" in node["classes"]:
            return True
        node = node.parent
    return False


def formulas_in_html(text):
    r"""Return HTML in which formulas between dollar signs are MathML.

    Examples
    --------
    >>> formulas_in_html("<summary>Why $a &lt; b$</summary>")
    '<summary>Why <math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math></summary>'
    """
    return re.sub(
        r"\$([^$\s](?:[^$]*[^$\s])?)\$", lambda found: mathml(html.unescape(found[1])), text
    )


class LessonLinks(SphinxPostTransform):
    """Turns "lesson 2, unit 7" in a text into a link."""

    default_priority = 600

    def run(self, **options):
        """Link each mention outside code, headings and links."""
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, (nodes.paragraph, nodes.emphasis, nodes.strong)):
                text.parent.replace(text, list(self.linked(text.astext())))

    def linked(self, text):
        """Yield the parts of a text, mentions as links."""
        end = 0
        for found in MENTION.finditer(text):
            yield nodes.Text(text[end : found.start()])
            end = found.end()
            target = self.target(found[1], found[2])
            words = nodes.Text(found[0])
            yield nodes.reference("", "", words, refuri=target, internal=True) if target else words
        yield nodes.Text(text[end:])

    def target(self, lesson, unit):
        """Return the address of a lesson, or of a unit of it; None if there is no such lesson."""
        names = [name for name in self.env.found_docs if name.startswith(f"{int(lesson):02}_")]
        if not names:
            return None
        links = self.env.tocs[names[0]].findall(nodes.reference)
        anchors = [link["anchorname"] for link in links if link.astext().startswith(f"{unit}. ")]
        return f"{names[0]}.html{anchors[0] if anchors else ''}"
