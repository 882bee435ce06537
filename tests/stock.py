"""Grade lessons with nbgrader's own autograder, in its own way: the slow reference.

`python stock.py FOLDER LESSON…` in a course folder whose `nbgrader_config.py` does not name the
course's grading; one process for many submissions, since starting nbgrader costs seconds.
"""

import os
import sys
import warnings


def main(folder, lessons):
    """Autograde every submission to these lessons; return the failures in words."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    os.chdir(folder)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    api, failures = NbGraderAPI(config=config), []
    for lesson in lessons:
        results = {"the release": api.generate_assignment(lesson)}
        for student in sorted(api.get_submitted_students(lesson)):
            results[student] = api.autograde(lesson, student)
        failures += [f"{lesson}, {n}: {r['log']}" for n, r in results.items() if not r["success"]]
    return failures


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit("\n".join(main(sys.argv[1], sys.argv[2:])) or None)
