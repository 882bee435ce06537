"""What formgrader and nbgrader's own feedback need to show a stranger's work without harm.

`nbgrader_config.py` hands it to nbconvert's exporter, which both use. The notebooks are harmless
already (`autograder.grading.transplant.harmless`, `autograder.grading.submission.mark`).
"""

from html import escape

from nbconvert.preprocessors import Preprocessor

NAMES = ("student", "first_name", "last_name", "notebook_path", "filename")


class PlainNames(Preprocessor):
    """Keeps the names of people and files, which formgrader's page takes as HTML, plain text."""

    def preprocess(self, nb, resources):
        """Return the notebook as it is, and the resources with names that are text."""
        for name in NAMES:
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        return nb, resources
