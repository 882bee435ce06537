"""`nbgrader export`: a CSV file that no spreadsheet runs."""

import csv

import pytest
from nbgrader.plugins import CsvExportPlugin

from autograder.grading.export import COLUMNS, SafeCsvExportPlugin, safe
from tests.marked import toy_book
from tests.toy import LESSON, RIGHT

FORMULAS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    '"=1',
    "'=1",
    "  =1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    "＝1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "﹦1",
    "x;=1",
    "x,=1",
    'x;"=1',
    "x\t=1",
    '=HYPERLINK("http://a","b")',
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text(text):
    for cut in (",", ";", "\t"):  # what the spreadsheets of different countries cut cells at
        for cell in safe(text).split(cut):
            shown = cell.strip(' \u00a0\ufeff\u200b"')
            assert shown[:1] not in tuple("=+-@\t\r＝＋－＠﹦")
    assert not set(safe(text)) & set("\t\r\n")


@pytest.mark.parametrize("text", ["Ada", "Jean-Luc O'Neill", "a+b@c.d", "李雷", "2026-01-02", ""])
def test_other_text_and_numbers_stay_as_they_are(text):
    assert safe(text) == text
    assert (safe(-2.5), safe(0), safe(None)) == (-2.5, 0, "")


@pytest.fixture
def book(tmp_path):
    """A gradebook in which two students submitted something and one did not."""
    made = toy_book(tmp_path, ada=RIGHT, ben={})
    with made.open() as opened:
        opened.update_or_create_student("cyd", first_name="Cyd", last_name="Charisse")
    return made


def exported(book, plugin, **words):
    made = plugin(to=str(book.grading / "grades.csv"), **words)
    with book.open() as opened:
        made.export(opened)
    return (book.grading / "grades.csv").read_text(encoding="utf-8")


def test_the_file_is_nbgraders_own_where_nothing_is_to_be_made_safe(book):
    assert exported(book, SafeCsvExportPlugin) == exported(book, CsvExportPlugin)
    words = {"student": ["ada", "cyd"], "assignment": [LESSON]}
    ours = exported(book, SafeCsvExportPlugin, **words)
    assert ours == exported(book, CsvExportPlugin, **words)
    assert ours.count("\n") == 3


def test_names_are_cells_of_their_own_and_no_formulas(book):
    with book.open() as opened:
        opened.update_or_create_student("-1+1")
        opened.update_or_create_student(
            "ada", first_name='=HYPERLINK("http://a")', last_name="King, Countess", email="@SUM(1)"
        )
    lines = exported(book, SafeCsvExportPlugin).splitlines()
    found = {row["student_id"]: row for row in csv.DictReader(lines)}
    assert tuple(found["ada"]) == COLUMNS
    assert found["ada"]["first_name"] == '\'=HYPERLINK("http://a")'
    assert found["ada"]["last_name"] == "King, Countess"
    assert found["ada"]["email"] == "'@SUM(1)"
    assert float(found["ada"]["score"]) == 2.0
    assert set(found) == {"'-1+1", "ada", "ben", "cyd"}
