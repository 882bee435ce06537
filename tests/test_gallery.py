"""The gallery says what the code computes, beside what was printed, and shows it."""

import re
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from autograder.docs import gallery, refresh
from autograder.docs.gallery import diabetes, landscapes, prostate
from autograder.docs.gallery.compare import Comparison
from autograder.docs.gallery.exhibit import Exhibit
from autograder.docs.gallery.printed import DIABETES_STEPS, LOWEST, METHODS, TABLE_3_3
from autograder.docs.gallery.svg import alike, words
from utils import figures

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
PICTURES = sorted((DOCS / "gallery").glob("*.svg"))
LARGEST = 100_000  # bytes


@pytest.fixture(scope="module")
def pages():
    """What the code makes now, once for all tests of this file."""
    return gallery.pages()


def test_the_page_is_what_the_code_makes(pages):
    assert pages["gallery.md"] == PAGE


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_each_picture_is_what_the_code_makes(pages, path):
    made, kept = pages[f"gallery/{path.name}"], path.read_text(encoding="utf-8")
    assert words(made) == words(kept)
    pinned = f"matplotlib=={version('matplotlib')}\n" in (ROOT / "constraints.txt").read_text()
    assert alike(made, kept) or not pinned  # another version lays out otherwise


def test_each_picture_is_shown_with_its_message(pages):
    shown = {name: " ".join(alt.split()) for alt, name in IMAGE.findall(PAGE)}
    assert sorted(shown) == [f"gallery/{path.name}" for path in PICTURES]
    assert sorted(shown) == sorted(name for name in pages if name.endswith(".svg"))
    assert min(map(len, shown.values())) > 100


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_each_picture_is_small_whole_and_has_a_title(path):
    svg = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)
    assert root.find("{http://www.w3.org/2000/svg}title").text
    assert len(svg) < LARGEST
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", svg)  # nothing is loaded from outside


def test_each_row_of_the_overview_leads_to_its_section():
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert re.findall(r"\]\(#([^)]+)\)", PAGE) == anchors
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        assert "**What matches.**" in section
        assert "**What does not.**" in section


# ---- the numbers, from the page itself


def rows_of(heading):
    """Return the cells of the first table below a heading, without the header."""
    below = PAGE[PAGE.index(f"## {heading}") :]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE).group().splitlines()[2:]
    return [[cell.strip().replace("−", "-") for cell in line.split("|")[1:-1]] for line in lines]


def test_the_page_has_each_number_of_table_3_3_as_the_book_prints_it():
    assert {name: tuple(cells) for name, *cells in rows_of("Table 3.3")} == TABLE_3_3
    compared = prostate.table_comparisons(TABLE_3_3)
    assert len(compared) == sum(cell != "" for cells in TABLE_3_3.values() for cell in cells) == 34
    assert max(one.gap for one in compared.values()) <= 0.0005


def test_least_squares_of_the_table_by_another_way():
    from sklearn.linear_model import LinearRegression

    men = prostate.men()
    fit = LinearRegression().fit(men.X, men.y + men.y_mean)
    ours = prostate.four_columns()["least squares"]
    np.testing.assert_allclose(ours, [fit.intercept_, *fit.coef_], atol=1e-9)


def test_the_steps_on_the_diabetes_data_are_the_printed_ones():
    rows = rows_of("The lasso's path")
    assert [row[1] for row in rows] == [row[2] for row in rows]
    assert tuple(step.mover for step in diabetes.steps()) == DIABETES_STEPS


def test_only_the_numbers_that_the_page_names_differ_from_the_printed_ones():
    named = {number for row in rows_of("The loss landscapes") for number in row if "**" in number}
    different = [
        one for exhibit in gallery.exhibits() for one in exhibit.comparisons if not one.equal
    ]
    assert len(named) == len(different) == 5
    assert all(one.what.startswith(("Himmelblau", "McCormick")) for one in different)
    assert sum(len(exhibit.comparisons) for exhibit in gallery.exhibits()) > 80


def test_every_claim_holds():
    claims = [claim for exhibit in gallery.exhibits() for claim in exhibit.claims.items()]
    assert len(claims) > 20
    assert [claim for claim, holds in claims if not holds] == []


# ---- what if something were wrong


def test_a_wrong_number_shows():
    wrong = TABLE_3_3 | {"lcavol": ("0.681", *TABLE_3_3["lcavol"][1:])}
    compared = prostate.table_comparisons(wrong)
    assert [place for place, one in compared.items() if not one.equal] == [("lcavol", METHODS[0])]
    (exhibit,) = prostate.exhibits(wrong)
    assert "**0.680** (printed 0.681)" in exhibit.values["table_3_3"]
    assert exhibit.values["table_tally"].startswith("34 of 35 printed numbers are equal")


def test_a_wrong_answer_shows(monkeypatch):
    """The lasso with the threshold λ in place of λ/2, a common misconception."""
    men, right = prostate.men(), prostate.men().lesson
    doubled = SimpleNamespace(
        **{**vars(right), "lasso": lambda X, y, lam: right.lasso(X, y, 2 * lam)}
    )
    prostate.four_columns.cache_clear()
    monkeypatch.setattr(men, "lesson", doubled)
    try:
        compared = prostate.table_comparisons(TABLE_3_3)
        different = {method for (_, method), one in compared.items() if not one.equal}
    finally:
        prostate.four_columns.cache_clear()
    assert different == {"lasso"}


def test_a_wrong_step_shows():
    swapped = (*DIABETES_STEPS[:10], "S3", "−S3")
    (exhibit,) = diabetes.exhibits(swapped)
    assert exhibit.values["same_steps"] == "10"


def test_a_wrong_lowest_point_shows(monkeypatch):
    landscapes.compared.cache_clear()
    monkeypatch.setitem(LOWEST, "Beale", (LOWEST["McCormick"][0],))
    try:
        assert not any(one.equal for one in landscapes.compared("Beale"))
    finally:
        landscapes.compared.cache_clear()


def test_a_claim_that_fails_stops_the_page():
    with pytest.raises(ValueError, match=r"claims what does not hold: pigs fly\. Find out why"):
        gallery.page_of([Exhibit({}, claims={"pigs fly": False})])


def test_drift_of_the_page_or_a_picture_is_found(tmp_path, pages):
    picture = next(name for name in pages if name.endswith(".svg"))
    for name, content in pages.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content.encode())
    assert refresh(gallery, tmp_path, write=False) == []
    page, drawn = pages["gallery.md"], pages[picture]
    (tmp_path / "gallery.md").write_bytes(page.replace("0.680", "0.681").encode())
    (tmp_path / picture).write_bytes(re.sub(r"M 0 0", "M 0 9", drawn, count=1).encode())
    (tmp_path / "gallery" / "left_over.svg").write_bytes(b"<svg/>")
    assert refresh(gallery, tmp_path, write=False)[:1] == ["gallery.md"]
    assert "gallery/left_over.svg" in refresh(gallery, tmp_path, write=False)


def test_pictures_are_alike_up_to_a_point_and_not_beyond(pages):
    drawn = pages["gallery/dropout_ensemble.svg"]
    place = re.search(r'<use xlink:href="#m[^>]* x="([\d.]+)"', drawn)

    def moved(by):
        old = place.group()
        return drawn.replace(old, old.replace(place[1], f"{float(place[1]) + by:g}"), 1)

    assert alike(drawn, drawn)
    assert alike(drawn, moved(0.1))
    assert not alike(drawn, moved(20))
    for old, new in (
        ("<!-- output -->", "<!-- input -->"),
        ("<title>", "<title>Not "),
        (figures.COLORS["dev"].lower(), "#ff0000"),
        ("stroke-width: 2", "stroke-width: 3"),
    ):
        assert old in drawn
        assert not alike(drawn, drawn.replace(old, new))
    assert gallery.same("gallery/x.svg", drawn.encode(), moved(0.1).encode())
    assert not gallery.same("gallery.md", b"0.680", b"0.681")


@pytest.mark.parametrize(
    ("printed", "ours", "equal"),
    [("0.680", 0.6804, True), ("0.680", 0.6806, False), ("0", -1e-9, True), ("-0.3", -0.26, True)],
)
def test_equal_means_rounded_to_the_printed_digits(printed, ours, equal):
    assert Comparison("", printed, ours).equal is equal
