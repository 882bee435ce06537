"""The documents for teachers say what is true, and what is returned is what platforms take."""

import csv
import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from autograder.collecting import returning
from autograder.collecting.returning import HEADERS, sort, write
from autograder.docs import questions as page
from autograder.docs import refresh
from autograder.grading.demo import make_class
from autograder.grading.gradebook import Book
from autograder.lesson import lesson_paths
from autograder.question import Choice
from autograder.questions import questions_of
from autograder.sandbox.limits import GradingError
from tests.test_collect import ADA, BEN, LESSON, NAME, collect, course, put, zipped  # noqa: F401
from utils import widgets

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
QUESTIONS = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
LESSONS = {path.stem: path.read_text(encoding="utf-8") for path in lesson_paths(ROOT)}
ASKED = {key: one for name in LESSONS for key, one in questions_of(name).items()}


def rows(header):
    """Return the cells of the table of the guide that begins with a header."""
    lines = GUIDE[GUIDE.index(header) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def total(text, *names):
    """Return minutes and points of a row at the top of a lesson, or 0 where it is not there."""
    for name in names:
        if found := re.search(rf"\| \*\*{name}\*\* \| \*\*(\d+)\*\* \| (?:\*\*(\d+)\*\*)?", text):
            return int(found[1]), int(found[2] or 0)
    return 0, 0


def test_minutes_and_points_are_those_of_the_lessons():
    said = {row[0].strip("` "): [int(cell) for cell in row[1:]] for row in rows("| lesson | core")}
    for name, text in LESSONS.items():
        (core, first), (second, more) = total(text, "core path", "all"), total(text, "second part")
        assert said.pop(name) == [core, second, first + more], name
    assert said == {}


def test_each_misconception_of_the_guide_belongs_to_a_check():
    named = [row[0].strip("` ") for row in rows("| check | what they do")]
    assert len(named) > 12
    assert set(named) <= set(ASKED)


def test_each_live_figure_is_in_the_unit_that_the_guide_names():
    shown = rows("| lesson, unit | figure")
    assert {row[1].strip("`") for row in shown} <= set(widgets.__all__)
    for place, figure, _ in shown:
        lesson, unit, *_ = place.split(", ")
        (text,) = (text for name, text in LESSONS.items() if name.startswith(f"0{lesson}_"))
        (here,) = re.findall(rf"^# ## {unit}\. .*?(?=^# ## )", text, re.MULTILINE | re.DOTALL)
        assert f"widgets.{figure.strip('`')}(" in here, place


def test_every_figure_of_the_lessons_has_a_question():
    used = set(re.findall(r"widgets\.([A-Z]\w+)\(", "".join(LESSONS.values())))
    assert used == {row[1].strip("`") for row in rows("| lesson, unit | figure")}


def test_the_page_of_questions_is_fresh():
    assert refresh(page, ROOT / "docs", write=False) == []


def test_the_page_names_each_question_and_each_misconception():
    for key, question in ASKED.items():
        assert f"| `{key}` |" in QUESTIONS
        for one in getattr(question, "misconceptions", ()):
            assert f"- **{one.name}**: {one.sentence}" in QUESTIONS


def test_the_page_tells_no_answer():
    for text in LESSONS.values():
        for answer in re.findall(r"# BEGIN SOLUTION\n(.*?)# END SOLUTION", text, re.DOTALL):
            lines = [line.strip() for line in answer.splitlines()]
            assert not [line for line in lines if len(line) > 12 and line in QUESTIONS]
    for question in ASKED.values():
        if isinstance(question, Choice):
            assert not [text for text in question.options.values() if text in QUESTIONS]


# ---- what goes back to a platform ----


def canvas_reads(name):
    """Return the numbers of student and file as Canvas finds them in a file's name."""
    return tuple(part for part in name.split("_") if part.isdigit())[:2]


def moodle_reads(name):
    """Return the number, the plugin and the file as Moodle finds them in a path."""
    folder, file = name.split("/")
    _, number, kind, plugin, *_ = folder.split("_", 4)
    return number, kind, plugin, file


def returned(root, archive, waiting=()):
    """Collect an archive, make pages, and return the names and rows that go back."""
    put(root, "class.zip", archive)
    collect(root)
    grading = root / "grading"
    students = sorted(path.parent.parent.name for path in grading.glob(f"submitted/*/*/{NAME}"))
    for student in students:
        path = grading / "feedback" / student / LESSON / f"{LESSON}.html"
        path.parent.mkdir(parents=True)
        path.write_text(student, encoding="utf-8")
    marks = {(name, LESSON): (1.5, 2.0, name not in waiting) for name in students}
    ready, late = sort(grading, LESSON, marks)
    files = dict(write(grading / "returned", LESSON, ready))
    (path,) = (path for path in files if path.suffix == ".zip")
    with zipfile.ZipFile(path) as pages:
        names = {name: pages.read(name).decode() for name in pages.namelist()}
    tables = [path for path in files if path.suffix == ".csv"]
    lines = tables[0].read_text(encoding="utf-8").splitlines() if tables else []
    return names, list(csv.reader(lines)), late


def test_canvas_gets_pages_and_marks_by_its_numbers(course):  # noqa: F811
    handed = {f"lovelaceada_11_501_{NAME}": ADA, f"benson_LATE_12_502_{LESSON}-1.ipynb": BEN}
    names, table, late = returned(course, zipped(handed))
    assert {canvas_reads(name): student for name, student in names.items()} == {
        ("11", "501"): "lovelaceada_11",
        ("12", "502"): "benson_12",
    }
    assert table[0] == ["Student", "ID", "Section", LESSON]
    assert sorted(row[1:] for row in table[1:]) == [["11", "", "1.5"], ["12", "", "1.5"]]
    assert late == {}


def test_moodle_gets_pages_and_marks_by_its_numbers(course):  # noqa: F811
    handed = {
        f"Ada Lovelace_901_assignsubmission_file/{NAME}": ADA,
        f"Jörg Müller-Lüdenscheidt_902_assignsubmission_file/{NAME}": BEN,
    }
    names, table, _ = returned(course, zipped(handed))
    assert Counter(map(moodle_reads, names)) == Counter(
        (number, "assignsubmission", "file", f"{LESSON}.html") for number in ("901", "902")
    )
    assert table[0] == list(HEADERS["moodle"])
    assert [row[0] for row in table[1:]] == ["Participant 901", "Participant 902"]
    assert {row[2] for row in table[1:]} == {"1.5"}


def test_others_get_a_folder_each_and_who_waits_for_a_mark_gets_none(course):  # noqa: F811
    handed = {f"ada/{NAME}": ADA, f"ben/{NAME}": BEN}
    names, table, late = returned(course, zipped(handed), waiting={"ben"})
    assert list(names) == [f"ada/{LESSON}.html"]
    assert table == []
    assert list(late.values()) == [["ben"]]


def test_without_a_gradebook_there_is_nothing_to_return(tmp_path, capsys):
    assert returning.main([LESSON, "--grading", str(tmp_path)]) == 1
    assert "./course grade" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_number_of_a_lesson_is_enough(tmp_path, capsys):
    with Book(tmp_path).open():
        pass
    for name, told in {"01": "01_l1_l2_updates", "0": "0", "77": "77"}.items():
        assert returning.main([name, "--grading", str(tmp_path)]) == 1
        assert f"Nothing to return: {told} has no marks" in capsys.readouterr().err


@pytest.mark.parametrize(
    "broken",
    [[], {"ada": None}, {"ada": {"identity": 3}}, {"ada": {"identity": "moodle:ada:7"}}],
)
def test_a_broken_record_returns_by_student(tmp_path, broken):
    record = tmp_path / "downloaded" / LESSON / "collected.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps(broken), encoding="utf-8")
    page = tmp_path / "feedback" / "ada" / LESSON / f"{LESSON}.html"
    page.parent.mkdir(parents=True)
    page.write_text("a page", encoding="utf-8")
    ((ada,), waiting) = sort(tmp_path, LESSON, {("ada", LESSON): (1.0, 2.0, True)})
    assert (ada.platform, ada.path(LESSON), waiting) == ("other", f"ada/{LESSON}.html", {})


def test_what_an_earlier_run_wrote_for_a_platform_goes(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("a page", encoding="utf-8")
    here, gone = (returning.Returned("ada", page, 1.0, name) for name in ("other", "moodle"))
    assert len(dict(write(tmp_path / "out", LESSON, [gone]))) == 2
    (path,) = dict(write(tmp_path / "out", LESSON, [here]))
    assert list((tmp_path / "out").iterdir()) == [path]


# ---- a course with a lesson less ----


def test_the_demo_class_leaves_out_a_lesson_that_was_taken_out(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "01_l1_l2_updates.py").write_text("# %%\n", encoding="utf-8")
    with pytest.raises(GradingError, match="01_l1_l2_updates"):
        make_class(tmp_path / "class", tmp_path)


def test_a_page_that_is_behind_its_mark_stays(tmp_path):
    page = tmp_path / "feedback" / "ada" / LESSON / f"{LESSON}.html"
    page.parent.mkdir(parents=True)
    page.write_text("old", encoding="utf-8")
    marks = {("ada", LESSON): (2, 2, True)}
    assert sort(tmp_path, LESSON, marks, {"ada"}) == ([], {returning.BEHIND: ["ada"]})
    assert sort(tmp_path, LESSON, marks)[1] == {}


def test_a_group_gets_one_page_and_one_mark_at_its_one_place(tmp_path):
    entry = {"identity": "moodle:group 7:12", "order": [0, 0, 0]}
    record = tmp_path / "downloaded" / LESSON / "collected.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"ben": entry, "cy": entry}), encoding="utf-8")
    for student in ("ben", "cy"):
        page = tmp_path / "feedback" / student / LESSON / f"{LESSON}.html"
        page.parent.mkdir(parents=True)
        page.write_text(student, encoding="utf-8")
    marks = {("ben", LESSON): (1, 2, True), ("cy", LESSON): (2, 2, True)}
    ready, waiting = sort(tmp_path, LESSON, marks)
    assert [one.student for one in ready] == ["ben"]
    assert waiting == {returning.GROUP: ["cy"]}
