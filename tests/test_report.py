"""The class report: its numbers by hand, and whatever it may be made from."""

import base64
import datetime
import html.parser
import json
import re
import shutil
import urllib.parse
from pathlib import Path

import numpy as np
import pytest

from autograder.grading.verdict import verdict_path, write_verdict
from autograder.report import figures, findings, main, report
from autograder.report.page import Links, names_shown
from autograder.report.reading import BrokenError, read_course, read_record
from autograder.report.statistics import discrimination, interval, items
from tests.classroom import LESSON, check, large_class, verdict, write_class

# Four students, three checks of 2 points; what the report should say is worked out by hand.
SMALL = {
    "ada": [check("f", 2.0), check("g", 2.0), check("h", 2.0)],
    "ben": [
        check("f", 1.0, diagnosis="factor 2"),
        check("g", 0.0, case="an empty array"),
        check("h", 2.0),
    ],
    "cy": [
        check("f", 0.0, diagnosis="factor 2"),
        check("g", 0.0, status="unanswered"),
        check("h", 0.0, status="died", reason="It did not finish within 5 s."),
    ],
    "dan": [check(name, 0.0, status="unanswered") for name in "fgh"],
}


def small():
    return {(student, LESSON): verdict(checks) for student, checks in SMALL.items()}


class Reader(html.parser.HTMLParser):
    """Collects what the tests ask of a page: text, links, ids, tags with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def page_of(grading, **options):
    output = options.pop("output", grading / "report.html")
    report(grading, output, **options)
    return Reader(output.read_text(encoding="utf-8"))


def lesson_of(grading, name=LESSON):
    return next(lesson for lesson in read_course(grading).lessons if lesson.name == name)


def rows(page, caption):
    """Return the texts of the rows of the table whose caption begins so."""
    text = re.sub(r"\s+", " ", page)
    found = re.search(rf"<caption>{re.escape(caption)}.*?</table>", text)[0]
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row) for row in found.split("<tr>")[2:]]
    return [[re.sub(r"<.*?>", " ", cell).split() for cell in row] for row in cells]


@pytest.fixture(autouse=True)
def small_images(monkeypatch):
    """Draw with fewer dots: most of the time of a small report goes into its figures."""
    monkeypatch.setattr(figures, "SHARP", 40)


@pytest.fixture(scope="module")
def small_class(tmp_path_factory):
    grading = tmp_path_factory.mktemp("small")
    write_class(grading, small())
    return grading


# ---- statistics ----


def test_discrimination_is_the_correlation_with_the_rest():
    scores = np.random.default_rng(1).integers(0, 3, (40, 6)).astype(float)
    for j, r in enumerate(discrimination(scores)):
        rest = np.delete(scores, j, axis=1).sum(axis=1)
        assert r == pytest.approx(np.corrcoef(scores[:, j], rest)[0, 1])


def test_discrimination_by_hand():
    # x = (0, 1, 2), the rest (0, 2, 1): deviations (-1, 0, 1) and (-1, 1, 0), so r = 1 / 2
    assert discrimination([[0, 0], [1, 2], [2, 1]]) == pytest.approx([0.5, 0.5])
    assert discrimination([[0, 2], [1, 1], [2, 0]]) == pytest.approx([-1, -1])


def test_discrimination_means_nothing_without_variance_or_with_one_question():
    assert np.isnan(discrimination(np.ones((5, 3)))).all()
    assert np.isnan(discrimination([[0.0], [1.0], [2.0]])).all()
    assert np.isnan(discrimination([[1.0, 2.0]])).all()
    assert discrimination(np.zeros((0, 4))).shape == (4,)


def test_a_question_that_waits_is_no_part_of_the_rest():
    scores = np.random.default_rng(2).random((12, 3))
    waiting = np.column_stack([scores, np.r_[np.nan, np.ones(11)]])
    r = discrimination(waiting)
    assert r[:3] == pytest.approx(discrimination(scores))
    assert np.isnan(r[3])
    assert items(waiting, np.ones(4))[3].why == "waits for manual grades"


def test_the_interval_is_fishers():
    # artanh 0.5 = 0.549306; 1.96 / 5 = 0.392 with n = 28; tanh 0.157313 and 0.941298
    assert interval(0.5, 28) == pytest.approx((0.15603, 0.73582), abs=2e-5)
    assert interval(1.0, 10)[1] == pytest.approx(1)


def test_a_correlation_that_means_nothing_says_why():
    scores = np.random.default_rng(3).random((12, 3))
    few, same, enough = scores[:9], scores.copy(), items(scores, np.ones(3))[0]
    same[:, 0] = [0, 0, *np.ones(10)]
    assert items(few, np.ones(3))[0].why == "too few students (9)"
    assert items(same, np.ones(3))[0].why == "nearly all have the same mark"
    assert enough.why == ""
    assert enough.low < enough.r < enough.high


def test_difficulty_by_hand(small_class):
    found = findings.questions(lesson_of(small_class))
    f, g, h = (found[f"check_{name}"] for name in "fgh")
    assert [f.n, f.full, f.part, f.none] == [3, 1, 1, 1]  # dan answered nothing and is left out
    assert f.mean == pytest.approx((2 + 1 + 0) / 6)
    assert [g.full, g.part, g.none] == [1, 0, 2]
    assert g.mean == pytest.approx(2 / 6)
    assert h.mean == pytest.approx(4 / 6)
    assert findings.hardest(lesson_of(small_class))[0] == "check_g"


# ---- what was found ----


def test_findings_by_hand(small_class):
    lesson = lesson_of(small_class)
    (factor,) = findings.misconceptions(lesson)
    assert (factor.question, factor.name, factor.students) == ("f", "factor 2", ("ben", "cy"))
    assert factor.lost == 3  # 1 of ben, 2 of cy
    assert factor.sentence == "You did: factor 2."
    (other,) = findings.unrecognised(lesson)
    assert (other.question, other.name, other.students) == ("g", "an empty array", ("ben",))
    assert [(f.question, f.students) for f in findings.unanswered(lesson)] == [("g", ("cy",))]
    (stop,) = findings.stopped(lesson)
    assert (stop.question, stop.sentence) == ("h", "It did not finish within 5 s.")
    assert [entry.student for entry in lesson.gradable if entry.blank] == ["dan"]


def test_an_answer_that_calls_a_wrong_one_is_no_misconception_of_its_own(tmp_path):
    checks = [check("f", 0.0, diagnosis="sign"), check("g", 0.0, needs=["f"])]
    write_class(tmp_path, {("ada", LESSON): verdict(checks)})
    lesson = lesson_of(tmp_path)
    assert [f.question for f in findings.misconceptions(lesson)] == ["f"]
    assert not findings.unrecognised(lesson)
    assert [(f.question, f.name) for f in findings.dependent(lesson)] == [("g", "f")]


def test_misconceptions_are_ranked_by_students_then_by_points(tmp_path):
    kinds = {"a": ["small", "large"], "b": ["small", "large"], "c": ["", "common"]}
    kinds |= {"d": ["", "common"], "e": ["", "common"]}
    verdicts = {}
    for student, (first, second) in kinds.items():
        checks = [check("f", 1.0, diagnosis=first) if first else check("f", 2.0)]
        verdicts[student, LESSON] = verdict([*checks, check("g", 0.0, diagnosis=second)])
    write_class(tmp_path, verdicts)
    names = [f.name for f in findings.misconceptions(lesson_of(tmp_path))]
    assert names == ["common", "large", "small"]


def test_the_page_says_it_all(small_class):
    page = page_of(small_class).words
    assert "2 of 3 in f, factor 2: You did: factor 2." in page
    assert "hardest question is g: 1 of 3 have full marks, the mean is 33% of the points" in page
    assert "Not answered: 1 answered nothing at all, 1 left some questions open." in page
    assert "The most common mistake" in page
    assert "4 submissions; the median is 1.5 of 6 points." in page  # of 6, 3, 0 and 0
    assert "rests on 3 submissions, not on 1 without any answer" in page


def test_the_table_of_questions(small_class):
    report(small_class, small_class / "report.html")
    found = rows((small_class / "report.html").read_text(encoding="utf-8"), "How hard")
    assert [row[0] for row in found] == [["f"], ["g"], ["h"]]
    assert [cell[0] for cell in found[0][1:7]] == ["2", "1", "1", "1", "0", "50%"]
    assert found[0][7] == ["–", "too", "few", "students", "(3)"]


def test_tampering_refusals_and_late_ones_are_named(tmp_path):
    notes = [("edited", f"check_{name}", "It had been edited.") for name in "fg"]
    notes += [("new kind", "f", "A sentence of its own.")]
    refused = verdict([check("f", 0.0, status="died", reason="no notebook")], refused="no notebook")
    verdicts = {
        ("ada", LESSON): verdict([check("f", 2.0)], notes=notes),
        ("ben", LESSON): refused,
    }
    due = datetime.datetime(2026, 11, 1, 12)
    write_class(tmp_path, verdicts, due=due, handed_in=due + datetime.timedelta(hours=2, minutes=5))
    found = {f.name: f for f in findings.changes(lesson_of(tmp_path))}
    assert found["edited"].students == ("ada",)  # once, though two cells were edited
    assert found["new kind"].sentence == "A sentence of its own."
    assert not findings.stopped(lesson_of(tmp_path))  # a refused file was never run
    page = page_of(tmp_path).words
    assert "a check or the set-up cell was edited" in page
    assert "Refused: no notebook (1): ben" in page
    assert "2 submissions, 1 of them refused; the median is" in page
    assert "Late, by up to 2 h 5 min (2): ada, ben" in page


def test_a_sum_of_all_lessons_says_how_many_were_refused(tmp_path):
    refused = verdict([check("f", 0.0, status="died", reason="no notebook")], refused="no notebook")
    blank = verdict([check("f", 0.0, status="unanswered")])
    others = {("ada", "91_other"): blank, ("ben", LESSON): refused}
    write_class(tmp_path, {("ada", LESSON): blank} | others)
    page = page_of(tmp_path).words
    assert "Of 2 submissions (1 more was refused), 2 answered nothing at all." in page


def test_limits_beside_a_check_are_told(tmp_path):
    limits = [("total", "", "The time was used up."), ("died", "g", "It ended.")]
    write_class(tmp_path, {("ada", LESSON): verdict([check("f", 2.0)], limits=limits)})
    told = [(f.question, f.name) for f in findings.stopped(lesson_of(tmp_path))]
    assert ("g", "the process ended") in told
    assert ("", "the time of the whole submission was used up") in told


# ---- marks ----


def test_marks_are_those_of_the_gradebook(tmp_path):
    manual = {("ada", LESSON): {"check_f": 0.5, "why": 2.0}, ("ben", LESSON): {"why": None}}
    write_class(tmp_path, small(), manual)
    ada, ben = lesson_of(tmp_path).entries[:2]
    assert (ada.points, ada.max_points, ada.waiting) == (0.5 + 2 + 2 + 2, 9, 0)
    assert (ben.points, ben.max_points, ben.waiting) == (3, 9, 3)
    assert not ada.disagreements()  # a teacher's mark is no disagreement
    page = page_of(tmp_path).words
    assert "1 submission with points that wait for a manual grade, up to 3 each" in page
    assert "2 marks given or changed by hand" in page
    assert "to grade by hand (Formgrader): 90_toy 1" in page.replace("lesson 90", "90_toy")


def test_a_disagreement_is_said(tmp_path):
    write_class(tmp_path, small())
    newer = small()
    newer["ada", LESSON] = verdict([check("f", 1.0), check("g", 2.0), check("new", 2.0)])
    shutil.rmtree(tmp_path / "verdicts")
    for pair, found in newer.items():
        if pair[0] != "ben":
            write_verdict(verdict_path(tmp_path, *pair), found)
    page = page_of(tmp_path).words
    assert "f: 2 in the gradebook, 1 in the verdict (1): ada" in page
    assert "new is not in the gradebook (1): ada" in page
    assert "there is no verdict; only marks are known (1): ben" in page
    assert "gradebook and verdict disagree: lesson 90 3" in page


def test_without_a_gradebook_the_verdicts_count(tmp_path):
    write_class(tmp_path, small())
    (tmp_path / "gradebook.db").unlink()
    assert lesson_of(tmp_path).entries[1].points == 3
    assert "There is no gradebook" in page_of(tmp_path).words
    assert not (tmp_path / "gradebook.db").exists()  # a report makes none


@pytest.mark.parametrize("url", ["sqlite:///{}/broken.db", "nonsense", "no-such-driver://x/y"])
def test_a_gradebook_that_cannot_be_read_is_said(tmp_path, url):
    write_class(tmp_path, small())
    (tmp_path / "broken.db").write_text("no database", encoding="utf-8")
    assert "cannot be read" in page_of(tmp_path, db_url=url.format(tmp_path)).words


def test_another_gradebook_by_its_address(tmp_path):
    write_class(tmp_path, small(), {("ada", LESSON): {"check_f": 0.0}})
    (tmp_path / "gradebook.db").rename(tmp_path / "other.db")
    course = read_course(tmp_path, db_url=f"sqlite:///{tmp_path}/other.db")
    assert course.lessons[0].entries[0].points == 4
    assert not course.remarks


# ---- files that are not whole ----


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"checks": 3}',
        '{"checks": [{}], "notes": []}',
        '{"checks": [{"name": "f", "status": "x", "points": NaN, "max_points": 1}], "notes": []}',
        "[" * 100_000,
    ],
)
def test_a_broken_verdict_is_told_from_a_whole_one(tmp_path, text):
    (tmp_path / "broken.json").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenError, match="the verdict cannot be read"):
        read_record(tmp_path / "broken.json")


def test_a_broken_verdict_stops_nobody(small_class, tmp_path):
    grading = tmp_path / "grading"
    shutil.copytree(small_class, grading)
    path = grading / "verdicts" / "ada" / f"{LESSON}.json"
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    page = page_of(grading).words
    assert "the verdict cannot be read (JSONDecodeError) (1): ada" in page
    assert "2 of 3 in f, factor 2" in page  # ada's marks still count


def test_a_verdict_of_another_format_is_read(tmp_path):
    old = {
        "format": 1,
        "checks": [
            {"name": "f", "status": "died", "points": 0, "max_points": 2, "reason": "ended"}
        ],
        "notes": [],
        "limits": ["f: ended"],
        "future": {"unknown": True},
    }
    path = tmp_path / "verdicts" / "ada" / f"{LESSON}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(old), encoding="utf-8")
    assert read_record(path).limits == (("", "f", "f: ended"),)
    assert findings.stopped(lesson_of(tmp_path))[0].question == "f"


def test_faults_of_the_grader_are_told(tmp_path):
    write_class(tmp_path, small())
    trace = "Traceback:\n  a line\nMemoryError: no <b>room</b>\n"
    for name in (f"eve/{LESSON}.error.txt", f"ada/{LESSON}.error.txt", "91_other.error.txt"):
        (tmp_path / "verdicts" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "verdicts" / name).write_text(trace, encoding="utf-8")
    page = page_of(tmp_path)
    assert "The grader stopped: MemoryError: no <b>room</b> (2): ada, eve" in page.words
    assert "The lesson was not graded: MemoryError" in page.words


def test_a_missing_feedback_page_is_not_linked(small_class, tmp_path):
    grading = tmp_path / "grading"
    shutil.copytree(small_class, grading)
    (grading / "feedback" / "ben" / LESSON / f"{LESSON}.html").unlink()
    hrefs = [a["href"] for a in page_of(grading).all("a")]
    assert any("/cy/" in href for href in hrefs)
    assert not any("/ben/" in href for href in hrefs)


def test_links_survive_a_move_and_lead_to_the_check(small_class, tmp_path):
    grading = tmp_path / "one"
    shutil.copytree(small_class, grading)
    report(grading, grading / "report.html")
    moved = grading.rename(tmp_path / "two")
    page = Reader((moved / "report.html").read_text(encoding="utf-8"))
    found = [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    assert f"feedback/ben/{LESSON}/{LESSON}.html#check_f" in found
    for href in found:
        assert (moved / urllib.parse.unquote(href.partition("#")[0])).is_file()
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    inside = {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")}
    assert inside <= ids


def test_a_report_elsewhere_links_back(small_class, tmp_path):
    output = tmp_path / "deep" / "er" / "class.html"
    page = page_of(small_class, output=output)
    found = next(a["href"] for a in page.all("a") if "/ben/" in a["href"])
    path = output.parent / urllib.parse.unquote(found.partition("#")[0])
    assert path.resolve().is_file()


# ---- hostile names, odd classes ----

HOSTILE = (
    "<script>alert(1)<",
    'a" onmouseover="alert(1)',
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "50% & more#there?x=1",
    "\u202egnp.exe",
    "-rf",
    "ünï·漢字",
    "x" * 200,
)


def test_hostile_names_are_only_text(tmp_path):
    evil = "</style><img src=x onerror=alert(1)>`<b>`"
    checks = [check("f", 0.0, diagnosis=evil), check(evil, 0.0, status="died", reason=evil)]
    rest = {"notes": [(evil, evil, evil)], "sandbox": evil, "refused": ""}
    write_class(tmp_path, {(name, LESSON): verdict(checks, **rest) for name in HOSTILE})
    page = page_of(tmp_path)
    kinds = {"src", "href", "alt", "id", "class", "lang", "charset", "name", "content", "rel"}
    kinds |= {"http-equiv", "scope", "tabindex", "role", "aria-label", "aria-labelledby"}
    assert {key for _, attrs in page.tags for key in attrs} <= kinds
    assert not {"script", "object", "iframe"} & {tag for tag, _ in page.tags}
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    for name in HOSTILE:
        told = name.replace("\u202e", "\ufffd")
        assert told in "".join(page.text)
    links = [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    assert len(set(links)) >= len(HOSTILE)
    for href in links:
        assert href.startswith("feedback/")
        assert (tmp_path / urllib.parse.unquote(href.partition("#")[0])).is_file()


def test_a_name_that_is_no_unicode(tmp_path):
    links = Links(tmp_path, tmp_path / "report.html")
    links._known["a\udcff", LESSON] = True
    assert links.href("a\udcff", LESSON) == f"feedback/a%FF/{LESSON}/{LESSON}.html"


def test_an_empty_folder_says_what_to_do(tmp_path, capsys):
    assert main(["--grading", str(tmp_path / "nothing")]) == 1
    assert "./course grade makes them" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_a_lesson_that_was_not_graded_is_named(small_class, capsys):
    assert main(["99_none", "--grading", str(small_class)]) == 1
    assert '"99_none"' in capsys.readouterr().err


def test_the_number_of_a_lesson_is_enough(tmp_path, capsys):
    write_class(tmp_path, {("ada", name): verdict([], name) for name in ("01_one", "02_two")})
    for name in ("01_one", "02_two"):
        (tmp_path / "notebooks" / name).mkdir(parents=True)
        (tmp_path / "notebooks" / name / f"{name}.ipynb").write_text("{}")
    assert main(["01", "--grading", str(tmp_path)], root=tmp_path) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "01_one" in page
    assert "02_two" not in page


@pytest.mark.parametrize(
    "verdicts",
    [
        {("ada", LESSON): verdict(SMALL["ada"])},
        {("dan", LESSON): verdict(SMALL["dan"])},
        {("ada", LESSON): verdict([], refused="no notebook")},
        {(f"s{i}", LESSON): verdict(SMALL["ada"]) for i in range(12)},
        {(f"s{i}", LESSON): verdict([check("f", 0.0)]) for i in range(12)},
        {("ada", LESSON): verdict([check("f", 0.0, of=0.0)])},
    ],
    ids=["one student", "one blank", "one refused", "all the same", "all wrong", "worth nothing"],
)
def test_odd_classes(tmp_path, verdicts):
    write_class(tmp_path, verdicts)
    page = page_of(tmp_path)
    assert "nan" not in page.words
    assert "Class report" in page.words


def test_only_the_lessons_asked_for(tmp_path):
    verdicts = {
        (s, f"0{n}_lesson"): verdict(SMALL[s], f"0{n}_lesson") for s in SMALL for n in (1, 2)
    }
    del verdicts["ada", "02_lesson"]
    write_class(tmp_path, verdicts)
    both, one = page_of(tmp_path).words, page_of(tmp_path, lessons=["02_lesson"]).words
    assert "4 students, 7 submissions to 2 lessons" in both
    assert "01_lesson" not in one
    assert "Handed in nothing (1): ada" in one


def test_what_was_handed_in_but_not_graded_is_told(tmp_path):
    write_class(tmp_path, small())
    (tmp_path / "submitted" / "eve" / LESSON).mkdir(parents=True)
    assert "Handed in, not graded yet (1): eve" in page_of(tmp_path).words


def test_a_question_that_nobody_has_a_point_in_is_told(tmp_path):
    checks = [check("f", 2.0), check("g", 0.0)]
    write_class(tmp_path, {(student, LESSON): verdict(checks) for student in "abc"})
    assert "questions in which nobody has a point" in page_of(tmp_path).words


def test_students_to_look_at_first(small_class):
    course = read_course(small_class)
    found = {a.student: a.reasons for a in findings.attention(course)}
    assert list(found) == ["dan", "cy"]
    assert found["dan"] == ("0% of the points", "3 of 3 questions not answered")


# ---- the page ----


def test_the_page_needs_nothing_else(small_class):
    page = page_of(small_class)
    assert not page.all("script")
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    images = page.all("img")
    assert len(images) == 2
    for image in images:
        assert base64.b64decode(image["src"].partition(",")[2]).startswith(b"\x89PNG")
        assert len(image["alt"]) > 60
    assert "The median is 3" not in images[0]["alt"]
    assert "f 1 full, 1 part, 1 no points" in images[1]["alt"]


def test_a_class_of_a_thousand_is_small_and_quick(tmp_path):
    write_class(tmp_path, large_class(1000, 1, 18))
    output = tmp_path / "report.html"
    report(tmp_path, output)
    assert output.stat().st_size < 2_000_000
    text = output.read_text(encoding="utf-8")
    assert text.count("<a href=") < 7_000
    assert "Lists longer than" in text


def test_lists_are_cut_alike():
    assert names_shown([3, 5], 100) == 5
    assert names_shown([400, 400, 3], 103) == 50
    assert names_shown([400] * 100, 5) == 10  # but never to nothing
    assert names_shown([]) == 0


def test_the_command(small_class, tmp_path, capsys):
    words = ["--grading", str(small_class), "--output", str(tmp_path / "r.html"), LESSON]
    assert main(words) == 0
    assert "open it in a browser" in capsys.readouterr().out
    assert main(["--grading", str(small_class), "--output", str(tmp_path)]) == 1
    assert Path(tmp_path / "r.html").is_file()
