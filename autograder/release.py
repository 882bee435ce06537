"""From solutions to the notebooks that students get, by nbgrader's own `generate_assignment`.

`nbgrader_config.py` names the preprocessors of this module, so that `./course build` and
`nbgrader generate_assignment` write the same bytes.
"""

import logging
import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from traitlets.config import PyFileConfigLoader

from autograder.grading.gradebook import find_alembic
from autograder.stamp import notebook_digest


class ClearAnswers(ClearSolutions):
    """Take the solutions out of the answer cells.

    An indented region becomes a line that raises `NotImplementedError`. A region that is not
    indented gives a variable its value: it is taken out and leaves the line above it, which
    names the variable.
    """

    def _replace_solution_region(self, cell, language):
        """Replace the solution region of a cell and return whether there was one."""
        kept, inside, found = [], False, False
        for line in cell.source.split("\n"):
            if self.begin_solution_delimeter in line:
                inside, found = True, True
                indent = line[: len(line) - len(line.lstrip())]
                kept += [indent + self.code_stub[language]] if indent else []
            elif self.end_solution_delimeter in line:
                inside = False
            elif not inside:
                kept.append(line)
        cell.source = "\n".join(kept).rstrip()
        return found


class Stamp(NbGraderPreprocessor):
    """Write the digest of a notebook's content into its metadata, so that drift is noticed."""

    def preprocess(self, nb, resources):
        """Return the notebook with its digest."""
        nb.metadata.setdefault("course", {})["content"] = notebook_digest(nb)
        return nb, resources


def release(root, names, solutions, folder):
    """Write the student release of the named lessons, with a throw-away gradebook.

    Parameters
    ----------
    root : pathlib.Path
        The repository, with `nbgrader_config.py`.
    names : list of str
    solutions, folder : pathlib.Path
        Where the solution notebooks lie and where the release goes, each as
        `NAME/NAME.ipynb`.
    """
    find_alembic()
    with tempfile.TemporaryDirectory() as scratch:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.db_url = f"sqlite:///{Path(scratch).as_posix()}/gradebook.db"
        config.CourseDirectory.source_directory = str(solutions)
        config.CourseDirectory.release_directory = str(folder)
        log = logging.getLogger("course.release")
        log.setLevel(logging.WARNING)
        for name in names:
            config.CourseDirectory.assignment_id = name
            course = CourseDirectory(config=config, log=log)
            GenerateAssignment(coursedir=course, config=config, force=True, log=log).start()
