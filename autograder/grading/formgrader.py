"""What formgrader and nbgrader's own feedback need to show a stranger's work without harm.

`nbgrader_config.py` hands it to nbconvert's exporter, which both use. The notebooks are harmless
already (`autograder.grading.transplant.harmless`, `autograder.grading.submission.mark`).
"""

import re
from html import escape

from nbconvert.preprocessors import Preprocessor

NAMES = ("student", "first_name", "last_name", "notebook_path", "filename")
FIELDS = (
    (re.compile(r'<(input)( class="score tabbable" id="([\w-]+)")'), "Points for"),
    (
        re.compile(r'<(input)( class="extra-credit tabbable" id="([\w-]+)_extra_credit")'),
        "Extra for",
    ),
    (re.compile(r'<(textarea)( id="([\w-]+)-comment")'), "Comment on"),
)


class PlainNames(Preprocessor):
    """Keeps the names of people and files, which formgrader's page takes as HTML, plain text."""

    def preprocess(self, nb, resources):
        """Return the notebook as it is, and the resources with names that are text."""
        for name in NAMES:
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        return nb, resources


def labelled(page):
    """Return formgrader's page with a name on each field, for who cannot see beside what it is.

    >>> labelled('<textarea id="why-comment" class="comment tabbable"></textarea>')
    '<textarea aria-label="Comment on why" id="why-comment" class="comment tabbable"></textarea>'
    """
    for field, words in FIELDS:
        page = field.sub(rf'<\1 aria-label="{words} \3"\2', page)
    return page
