"""nbgrader's settings for this course, read by every `nbgrader` command and by formgrader.

Classes of the course are named as text, so that nbgrader imports them only when it needs them.
"""

import contextlib
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
GRADING = ROOT / "grading"
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

with contextlib.suppress(OSError):  # SQLite makes the gradebook, but not its folder
    GRADING.mkdir(exist_ok=True)

c = get_config()  # noqa: F821 (nbgrader hands it to this file)

c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solution"
c.CourseDirectory.source_with_tests_directory = "grading/source_with_tests"
c.CourseDirectory.db_url = f"sqlite:///{(GRADING / 'gradebook.db').as_posix()}"
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    "*.part",
    ".DS_Store",
]

# `nbgrader zip_collect LESSON` takes what Canvas, Moodle or Gradescope gives, as it is
# (autograder/collecting/plugins.py). The lines that are commented out show what can be set.
c.ZipCollectApp.downloaded_directory = "grading/downloaded"
c.ZipCollectApp.extractor_plugin = "autograder.collecting.plugins.ArchiveExtractor"
c.ZipCollectApp.collector_plugin = "autograder.collecting.plugins.PlatformCollector"
# c.ArchiveExtractor.timezone = "Europe/Berlin"  # of the times in a zip file of Moodle
# c.ArchiveExtractor.students = {"Ada_Lovelace": "ada", "Group_7": ["ben", "cy"]}
# `nbgrader collect` and `nbgrader release_feedback` of a JupyterHub (docs/jupyterhub.md). A folder
# in the exchange stays the student's, so these take nothing from it on trust.
c.ExchangeFactory.collect = "autograder.collecting.exchange.Collect"
c.ExchangeFactory.release_feedback = "autograder.collecting.exchange.ReleaseFeedback"
c.ExportPlugin.to = str(GRADING / "grades.csv")
c.ExportApp.plugin_class = "autograder.grading.export.SafeCsvExportPlugin"

# The release: an answer becomes a line that raises NotImplementedError (autograder/release.py).
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your code here")'}
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "autograder.release.ClearAnswers",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "autograder.release.Stamp",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Seconds for one cell where nbgrader itself runs a notebook (validate, the Validate button):
# explore cells train networks.
c.Execute.timeout = 180
c.Validator.width = 100  # a line of a check's message and its indent; longer lines are cut

# Grading: the notebook is rebuilt from the release, and judged outside the student's process
# (autograder/grading/preprocessors.py). Without the three lines that name `autograder`, nbgrader
# grades in its own way, in the student's kernel.
c.Autograde.exporter_class = "autograder.grading.preprocessors.SubmissionExporter"
c.Autograde.sanitize_preprocessors = [
    "autograder.grading.preprocessors.Transplant",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.grading.preprocessors.GradeAnswers",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GradeAnswers.grading_directory = str(GRADING)
# c.GradeAnswers.limits = {"case": 10}  # seconds for one call; the names are those of --limit
# c.GradeAnswers.no_sandbox = True  # where nothing confines a student's code, and you trust it

# Formgrader and the feedback pages show what students wrote (autograder/grading/formgrader.py). A
# heading in an answer gets no id: formgrader finds the field for a mark by its id. Formulas are
# MathML (utils/pages.py), so that a page loads nothing from elsewhere.
OURS = Path(find_spec("autograder").origin).parent / "grading" / "templates"
NBGRADERS = Path(find_spec("nbgrader").origin).parent / "server_extensions/formgrader/templates"
c.GenerateFeedback.exporter_class = "autograder.grading.feedback.PageExporter"
c.HTMLExporter.exclude_anchor_links = True
c.HTMLExporter.extra_template_basedirs = [str(OURS), str(NBGRADERS)]
c.HTMLExporter.extra_template_paths = [str(NBGRADERS)]  # which our templates extend
c.HTMLExporter.filters = {
    "markdown2html": "utils.pages.Markdown",
    "labelled": "autograder.grading.formgrader.labelled",
}
c.HTMLExporter.preprocessors = ["autograder.grading.formgrader.PlainNames"]
