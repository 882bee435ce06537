"""Feedback pages, made by nbgrader's `GenerateFeedback` from the graded notebooks."""

import hashlib
import json
import traceback
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from autograder.grading.gradebook import log
from autograder.grading.verdict import write_atomically


class Feedback:
    """Writes feedback pages for one gradebook; the exporter is made once."""

    def __init__(self, book):
        self.book = book
        course = CourseDirectory(config=book.config, log=log)
        converter = GenerateFeedback(coursedir=course, config=book.config, log=log)
        self._exporter = converter.exporter_class(parent=converter, config=converter.config)
        for step in converter.preprocessors:
            self._exporter.register_preprocessor(step)
        self._kept = book.grading / "feedback" / "pages.json"
        self._pages = _read(self._kept)

    def path(self, student, lesson):
        """Return where a feedback page lies."""
        return self.book.grading / "feedback" / student / lesson / f"{lesson}.html"

    def write_changed(self, students, lesson, progress=lambda: None):
        """Write the pages of the students whose graded notebook or gradebook entry changed.

        A mark or a comment that a teacher gave by hand is a change. A page that cannot be made
        does not stop the others.

        Returns
        -------
        dict
            From each student without a page to the traceback that says why.
        """
        state, faults = self.book.state(lesson), {}
        for student in students:
            graded = self.book.autograded(student, lesson)
            if graded.is_file():
                content = graded.read_bytes() + state.get(student, "").encode()
                digest = hashlib.sha256(content).hexdigest()
                try:
                    self._write(student, lesson, graded, digest)
                except Exception:
                    faults[student] = traceback.format_exc()
            progress()
        write_atomically(self._kept, json.dumps(self._pages, indent=0) + "\n")
        return faults

    def _write(self, student, lesson, graded, digest):
        path = self.path(student, lesson)
        if path.is_file() and self._pages.get(f"{student}/{lesson}") == digest:
            return
        resources = self.book._resources(student, lesson)
        page, _ = self._exporter.from_filename(str(graded), resources=resources)
        write_atomically(path, page)
        self._pages[f"{student}/{lesson}"] = digest


def _read(path):
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
