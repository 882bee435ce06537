"""nbgrader's exchange with our settings: released, handed in, collected, graded, given back.

All of it is one user here, so whose a folder is, is told by its name; the users of a real hub are
in docs/jupyterhub.md.
"""

import contextlib
import os
import shutil
import stat
import sys
import warnings
from datetime import timedelta

import pytest

from autograder.collecting import exchange
from autograder.collecting.exchange import RefusedFolderError, handed
from autograder.grading.demo import answers_in, submission
from autograder.grading.grade import main as grade
from autograder.grading.gradebook import Book
from autograder.grading.material import ROOT
from tests.marked import read

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nbgrader has no exchange there")
LESSONS = ("00_start_here", "01_l1_l2_updates")
FIRST = LESSONS[0]
CLASS = {"ana": "ada-perfect", "ben": "dina-factor-2"}  # what each of them answers
COURSE = "regularization"
FULL = {FIRST: 2.0, LESSONS[1]: 20.0}  # without what is graded by hand
SECRET = "0f" * 64
TIME = "2026-10-01 09:30:00.000000 UTC"


def nbgrader(app, place, *words):
    """Run one of nbgrader's commands in this process, in a folder."""
    from nbgrader import apps

    paths, made = list(sys.path), getattr(apps, app)()
    with warnings.catch_warnings(), contextlib.chdir(place):
        warnings.simplefilter("ignore", DeprecationWarning)
        made.initialize([*words, "--log-level=ERROR"])
        made.start()
    sys.path[:] = paths


class Hub:
    """A teacher's course, an exchange, and a home for each student, in one folder."""

    def __init__(self, place, patch):
        self.place, self.patch = place, patch
        self.exchange, self.course = place / "exchange", place / "course"
        self.inbound = self.exchange / COURSE / "inbound"
        self.outbound = self.exchange / COURSE / "outbound"
        self.course.mkdir()
        for kind in ("notebooks", "solutions"):
            for lesson in LESSONS:
                shutil.copytree(ROOT / kind / lesson, self.course / kind / lesson)
        shutil.copy(ROOT / "nbgrader_config.py", self.course)
        self.exchange.mkdir()
        self.exchange.chmod(0o777)
        settings = place / "etc"
        settings.mkdir()
        (settings / "nbgrader_config.py").write_text(
            f"c.Exchange.root, c.CourseDirectory.course_id = {str(self.exchange)!r}, {COURSE!r}\n"
            "c.ExchangeCollect.check_owner = False\n"
        )
        patch.setenv("JUPYTER_CONFIG_PATH", str(settings))
        patch.setenv("JUPYTER_CONFIG_DIR", str(place / "none"))

    def teacher(self, app, lesson, *words):
        """Run a command of nbgrader as the teacher does, in the course folder."""
        nbgrader(app, self.course, lesson, *words)

    def student(self, app, student, lesson):
        """Run a command of nbgrader as a student does, in a home folder."""
        home = self.place / student
        home.mkdir(exist_ok=True)
        self.patch.setenv("JUPYTER_DATA_DIR", str(home / "data"))
        nbgrader(app, home, lesson, f"--student={student}")

    def hand_in(self, student, lesson):
        """Fetch a lesson, answer it and submit it."""
        self.student("FetchAssignmentApp", student, lesson)
        blank, right = read("notebooks", lesson), answers_in(read("solutions", lesson))
        text = submission(CLASS[student], lesson, blank, right)
        (self.place / student / lesson / f"{lesson}.ipynb").write_text(text, encoding="utf-8")
        self.student("SubmitApp", student, lesson)

    def files(self, folder):
        """Return the bytes of each file in a folder of the exchange."""
        place = self.exchange / COURSE / folder
        return {p.relative_to(place).as_posix(): p.read_bytes() for p in place.rglob("*.*")}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A hub on which two lessons have made their whole way."""
    with pytest.MonkeyPatch.context() as patch:
        made = Hub(tmp_path_factory.mktemp("hub"), patch)
        for lesson in LESSONS:
            made.teacher("ReleaseAssignmentApp", lesson)
            for student in CLASS:
                made.hand_in(student, lesson)
            made.teacher("CollectApp", lesson)
        words = ["--grading", str(made.course / "grading"), "--no-sandbox", "--workers", "1"]
        assert grade(words, root=made.course) == 0
        for lesson in LESSONS:
            made.teacher("ReleaseFeedbackApp", lesson)
            for student in CLASS:
                made.student("FetchFeedbackApp", student, lesson)
        yield made


def page_of(hub, student, lesson):
    """Return the text of the one feedback page that a student has of a lesson."""
    (page,) = (hub.place / student / lesson / "feedback").rglob("*.html")
    assert page.name == f"{lesson}.html"
    return page.read_text(encoding="utf-8")


def test_what_is_released_is_the_release_and_nothing_else(hub):
    releases = {
        path.relative_to(ROOT / "notebooks").as_posix(): path.read_bytes()
        for lesson in LESSONS
        for path in (ROOT / "notebooks" / lesson).rglob("*")
        if path.is_file()
    }
    assert hub.files("outbound") == releases
    assert not [name for name, data in releases.items() if b"BEGIN SOLUTION" in data]


def test_what_was_handed_in_gets_its_marks(hub):
    marks = {key: mark[0] for key, mark in Book(hub.course / "grading").marks(LESSONS).items()}
    for lesson in LESSONS:
        assert marks["ana", lesson] == FULL[lesson]
    assert marks["ben", LESSONS[1]] < FULL[LESSONS[1]]


def test_each_student_reads_their_own_feedback(hub):
    ana, ben = (page_of(hub, student, LESSONS[1]) for student in CLASS)
    kept = hub.course / "grading" / "feedback"
    for student, page in {"ana": ana, "ben": ben}.items():
        own = kept / student / LESSONS[1] / f"{LESSONS[1]}.html"
        assert page == own.read_text(encoding="utf-8")
    assert ana != ben


def test_the_pages_names_are_no_ones_to_guess_and_the_folder_shows_none(hub):
    folder = hub.exchange / COURSE / "feedback"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    assert len(list(folder.iterdir())) == len(LESSONS) * len(CLASS)
    for page in folder.iterdir():
        assert stat.S_IMODE(page.stat().st_mode) == 0o644
        assert not any(word in page.name for word in (*CLASS, *LESSONS))


def test_the_folder_of_what_was_handed_in_shows_no_names(hub):
    assert stat.S_IMODE(hub.inbound.stat().st_mode) & 0o777 == 0o733


def test_of_a_submission_only_what_is_graded_is_collected(hub):
    (handed_in,) = hub.inbound.glob(f"ana+{FIRST}+*")
    place = hub.course / "grading" / "submitted" / "ana" / FIRST
    names = {path.name for path in place.iterdir()}
    assert names == {f"{FIRST}.ipynb", "timestamp.txt", "submission_secret.txt"}
    for name in names:
        assert (place / name).read_bytes() == (handed_in / name).read_bytes()


def test_what_was_collected_later_gets_no_older_page(hub, caplog):
    lesson, place = FIRST, hub.course / "grading" / "submitted" / "ben" / FIRST
    for page in (hub.exchange / COURSE / "feedback").iterdir():
        page.unlink()
    hub.student("SubmitApp", "ben", lesson)
    notebook = hub.place / "ben" / lesson / f"{lesson}.ipynb"
    notebook.write_bytes(notebook.read_bytes() + b"\n")
    hub.student("SubmitApp", "ben", lesson)
    hub.teacher("CollectApp", lesson)
    assert (place / f"{lesson}.ipynb").read_bytes() != notebook.read_bytes()
    hub.teacher("CollectApp", lesson, "--update")
    assert (place / f"{lesson}.ipynb").read_bytes() == notebook.read_bytes()
    hub.teacher("ReleaseFeedbackApp", lesson)
    assert len(list((hub.exchange / COURSE / "feedback").iterdir())) == 1  # ana's


# ---- folders that are no honest submission ----


@pytest.fixture
def folder(tmp_path):
    """A submission as `nbgrader submit` leaves it, of whoever runs the tests."""
    place = tmp_path / f"{exchange.user_name(os.getuid())}+{FIRST}+{TIME}+random"
    place.mkdir()
    (place / f"{FIRST}.ipynb").write_text("{}")
    (place / "submission_secret.txt").write_text(SECRET)
    (place / "timestamp.txt").write_text(TIME)
    return place


def refused(folder, **words):
    with pytest.raises(RefusedFolderError) as caught:
        handed(folder, FIRST, **words)
    return str(caught.value)


def test_a_submission_is_read(folder):
    found = handed(folder, FIRST)
    assert (found.notebook, found.secret) == (b"{}", SECRET)
    assert f"{found.student}+" in folder.name


def test_a_time_that_the_file_system_contradicts_does_not_count(folder, tmp_path):
    os.utime(folder / f"{FIRST}.ipynb", (0, 0))  # what a student can set back
    changed = (folder / f"{FIRST}.ipynb").stat().st_ctime
    assert abs(handed(folder, FIRST).time - exchange.utc(changed)) < timedelta(seconds=1)
    honest = exchange.utc(changed) - timedelta(seconds=3)
    place = folder.with_name(folder.name.replace(TIME, honest.strftime(exchange.FORMAT)))
    assert handed(folder.rename(place), FIRST).time == honest


def test_another_ones_name_is_refused(folder):
    stranger = folder.rename(folder.with_name(f"mallory+{FIRST}+{TIME}+random"))
    assert "not to mallory" in refused(stranger)
    assert handed(stranger, FIRST, check_owner=False).student == "mallory"


@pytest.mark.parametrize("name", [f"{FIRST}.ipynb", "submission_secret.txt"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "missing"])
def test_what_is_no_plain_file_is_not_read(folder, tmp_path, name, kind):
    (tmp_path / "private").write_text(SECRET)
    (folder / name).unlink()
    make = {
        "link": lambda: (folder / name).symlink_to(tmp_path / "private"),
        "pipe": lambda: os.mkfifo(folder / name),
        "folder": (folder / name).mkdir,
        "missing": lambda: None,
    }
    make[kind]()
    assert name in refused(folder)


def test_a_link_to_a_folder_is_not_followed(folder, tmp_path):
    elsewhere = folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(elsewhere)
    assert "no folder" in refused(folder)


def test_a_file_too_large_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(exchange, "MAX_BYTES", 1)
    assert "more than 1 bytes" in refused(folder)


def test_a_key_that_nbgrader_did_not_draw_is_refused(folder):
    (folder / "submission_secret.txt").write_text("../../outbound/page")
    assert "key" in refused(folder)


@pytest.mark.parametrize(
    "name", [f"..+{FIRST}+{TIME}+r", f"+{FIRST}+{TIME}+r", f"ana+{FIRST}+soon+r", "ana+other+x+r"]
)
def test_a_name_that_is_none_is_refused(folder, name):
    assert "named" in refused(folder.rename(folder.with_name(name)), check_owner=False)
