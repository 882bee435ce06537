"""What formgrader and nbgrader's own feedback need to show a stranger's work without harm.

`nbgrader_config.py` hands it to nbconvert's exporter, which both use. The notebooks are harmless
already (`autograder.grading.transplant.harmless`, `autograder.grading.submission.mark`).
"""

from html import escape

from nbconvert.preprocessors import Preprocessor

NAMES = ("student", "first_name", "last_name", "notebook_path", "filename")
TABLES = """

<style>
.rendered_html table { border-collapse: collapse; margin: 0.5em 0; }
.rendered_html td, .rendered_html th { padding: 0.3em 0.7em; border: 1px solid #bbb; }
.rendered_html td { vertical-align: top; }
</style>
"""  # formgrader's page has no rules for them: the cells of a rubric would touch each other


class PlainNames(Preprocessor):
    """Keeps the names of people and files, which formgrader's page takes as HTML, plain text."""

    def preprocess(self, nb, resources):
        """Return the notebook as it is, and the resources with names that are text."""
        for name in NAMES:
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        return nb, resources


class PlainTables(Preprocessor):
    """Gives the cells of tables a border and room, so that a rubric can be read."""

    def preprocess(self, nb, resources):
        """Return the notebook with a style in its first text, which is the lesson's or ours."""
        texts = (cell for cell in nb.cells if cell.cell_type == "markdown")
        for cell in texts:
            if "nbgrader" not in cell.metadata:
                cell.source += TABLES
                break
        return nb, resources
