"""How a lesson becomes a page: by `jupyter nbconvert --to html`, and by JupyterLab's menu.

`./course lab` tells JupyterLab, and the terminals in it, to look here. Elsewhere,
`jupyter nbconvert --config` takes this file.
"""

from importlib.util import find_spec
from pathlib import Path

c = get_config()  # noqa: F821 (Jupyter hands it to this file)

TEMPLATES = Path(find_spec("utils").origin).parent / "jupyter" / "templates"
c.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
c.HTMLExporter.template_name = "lesson"
c.HTMLExporter.theme = "auto"  # light or dark, as the reader's system has it
c.HTMLExporter.filters = {
    "markdown2html": "utils.pages.Markdown",
    "heading": "utils.pages.heading",
}
c.NbConvertBase.display_data_priority = [  # a live figure's page before its widget
    "application/javascript",
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
]
