"""The plug-in for nbgrader: `nbgrader autograde` takes the same steps as `./course grade`.

`nbgrader_config.py` names these classes. The first pass of `Autograde` reads the submitted file
and rebuilds the notebook, the second runs and judges it; what follows is nbgrader's own.
"""

import atexit
import shutil
from functools import cache
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Dict, Unicode

from autograder.grading.gradebook import check_student
from autograder.grading.material import QUESTIONS, Shelf
from autograder.grading.submission import judge_planted, mark
from autograder.grading.transplant import Planted, RefusedError, read_submission, transplant
from autograder.grading.verdict import read_verdict, verdict_path, write_verdict
from autograder.sandbox.workshop import Workshop


@cache
def shelf(grading, root, limits, questions):
    """Return the material of a course and its grading folder."""
    return Shelf(grading, root, limits=dict(limits), questions=questions)


@cache
def workshop(trusted):
    """Return the workshop of this process, which ends with it."""
    made = Workshop(trusted=trusted)
    atexit.register(made.__exit__)
    return made


class SubmissionExporter(NotebookExporter):
    """Reads a submitted file whatever is in it, so that a broken one stops nobody.

    The bytes go to `Transplant`; a notebook that the first pass wrote is read as it is.
    """

    def from_filename(self, filename, resources=None, **kwargs):
        """Return the converted notebook, starting from a file's bytes."""
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources=resources, **kwargs)
        resources = {} if resources is None else resources
        try:
            resources["submitted"] = read_submission(filename)
        except RefusedError as refusal:
            resources["submitted"] = refusal
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kwargs)


class Transplant(NbGraderPreprocessor):
    """Put the student's answers into the instructor's release."""

    def preprocess(self, nb, resources):
        """Return the rebuilt notebook; what was noted is in its metadata."""
        course = self.parent.parent.coursedir
        lesson = resources["nbgrader"]["assignment"]
        folder = Path(course.format_path(course.release_directory, ".", lesson))
        release = nbformat.read(folder / f"{lesson}.ipynb", as_version=4)
        planted = transplant(resources.pop("submitted"), release)
        for note in planted.notes:
            self.log.warning(note.sentence)
        if planted.refused:
            self.log.error(planted.refused)
        student = resources["nbgrader"]["student"]
        check_student(student)
        clear(course.format_path(course.autograded_directory, student, lesson), lesson)
        return planted.to_notebook(), resources


def clear(folder, lesson):
    """Remove what nbgrader copied from a submission beside the notebook.

    Formgrader would serve a student's page as one of its own, and a link's target would be
    handed back with the feedback. The files stay in the folder of the submission.
    """
    for path in Path(folder).glob("*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in ("timestamp.txt", f"{lesson}.ipynb"):
            path.unlink()


class GradeAnswers(NbGraderPreprocessor):
    """Run the answers in a process of their own, judge them and write the results."""

    grading_directory = Unicode("grading", help="Where verdicts and seeds are kept").tag(
        config=True
    )
    limits = Dict(
        help='What to allow other than the lessons do, by the names of `--limit`: {"case": 10}'
    ).tag(config=True)
    no_sandbox = Bool(False, help="Grade even where nothing confines a student's code").tag(
        config=True
    )
    questions = Unicode(QUESTIONS, help="The module that has the questions of a lesson").tag(
        config=True
    )

    def preprocess(self, nb, resources):
        """Return the graded notebook; the verdict is kept as `./course grade` keeps it."""
        names, root = resources["nbgrader"], self.parent.parent.coursedir.root
        limits = tuple(sorted(self.limits.items()))
        lessons = shelf(self.grading_directory, root, limits, self.questions)
        material = lessons[names["assignment"]]
        planted = Planted.from_notebook(nb)
        path = verdict_path(self.grading_directory, names["student"], names["assignment"])
        verdict = read_verdict(path)
        if verdict is None or verdict.key != material.key(planted):
            verdict = judge_planted(planted, material, workshop(self.no_sandbox))
            write_verdict(path, verdict)
        return mark(planted, verdict), resources
