"""README and CONTRIBUTING say what is true: links, places, commands, examples."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from autograder.lesson import read_lesson
from autograder.question import compile_question, public_rng
from autograder.sandbox.workshop import LEVELS
from utils.checking.drivers import observe
from utils.checking.judgement import judge
from utils.checking.messages import render
from utils.commands import HELP, TEACHER

ROOT = Path(__file__).parent.parent
GUIDES = ("docs/teaching.md", "docs/platforms.md", "docs/jupyterhub.md")
PAGES = ("README.md", "CONTRIBUTING.md", "autograder/README.md", *GUIDES)
EXAMPLE = "90_label_smoothing"
MADE = ("my-work", "grading", ".venv", "site/")  # there only after a command
HUB = ("HUB/", "etc/", "jupyterhub_config.py")  # of a JupyterHub
PLACE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|txt|toml|yml))`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", text_of("CONTRIBUTING.md"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_lead_somewhere(page):
    links = [link for link in LINK.findall(text_of(page)) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_is_there(page):
    verbs = re.findall(r"(?:\./|py )course +(\w+)", text_of(page))
    assert len(verbs) > 3
    assert set(verbs) <= set(HELP)
    for verb in set(verbs) & set(TEACHER):
        assert find_spec(TEACHER[verb][0]) is not None, verb


@pytest.mark.parametrize("page", PAGES)
def test_every_place_named_is_there(page):
    places = {place for place in PLACE.findall(text_of(page)) if not place.startswith(MADE + HUB)}
    example = {f"lessons/{EXAMPLE}.py", "autograder/questions/label_smoothing.py"}
    example |= {"autograder/questions/l1_l2_updates/mixed.py"}
    in_grading = {"feedback/", "verdicts/", "timestamp.txt", "STUDENT/LESSON.ipynb", "submitted/"}
    missing = {place for place in places - example - in_grading if not (ROOT / place).exists()}
    assert len(places) > 3
    assert missing == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_lesson_named_is_there(page):
    names = set(re.findall(r"\b\d\d_[a-z]\w+", text_of(page))) - {EXAMPLE}
    lessons = {path.stem for path in (ROOT / "lessons").glob("*.py")}
    assert names <= lessons | {"lesson_01"}
    if page == "README.md":
        assert names == lessons


def test_the_picture_is_small_and_described():
    (alt, path), *_ = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", text_of("README.md"))
    assert len(alt) > 100
    assert (ROOT / path).stat().st_size < 150_000


def test_the_readme_tells_how_far_the_sandbox_goes():
    assert all(f"`{level}`" in text_of("README.md") for level in LEVELS)


@pytest.fixture
def example(tmp_path):
    """Return the lesson and the questions of the worked example."""
    lesson, questions, _ = blocks("python")
    path = tmp_path / f"{EXAMPLE}.py"
    path.write_text(lesson, encoding="utf-8")
    names = {}
    exec(questions, names)
    asked = {question.name: question for question in names["QUESTIONS"]}
    return read_lesson(path, asked), asked


def answer(question, target):
    """Return the outcome of an answer to a question of the example, worth two points."""
    compiled = compile_question(question, public_rng(question), 2, EXAMPLE)
    return judge(compiled, [observe(c.driver, target, c.inputs) for c in compiled.cases])


def test_the_example_reads_as_a_lesson(example):
    lesson, asked = example
    assert lesson.points == {"smooth_labels": 2, "best_probability": 1}
    assert lesson.by_hand == {"why_smoothing": 2}
    assert set(asked) == set(lesson.points)


def test_the_solution_of_the_example_is_right(example):
    lesson, asked = example
    for name, question in asked.items():
        cell = next(cell for cell in lesson.notebook.cells if cell.id == name)
        namespace = {"np": np}
        exec(cell.source, namespace)
        for target in (namespace[name], *question.references):
            assert answer(question, target).status == "right"


def test_the_example_is_told_what_the_page_shows(example):
    _, asked = example
    question = asked["smooth_labels"]
    (shown,) = blocks("text")
    for misconception in question.misconceptions:
        outcome = answer(question, misconception.answer)
        assert outcome.diagnosis == misconception.name
        assert render(outcome) == shown.rstrip("\n")


def test_the_example_of_a_live_figure_is_one():
    names = {}
    exec(blocks("python")[2], names)
    figure = names["RidgeShrinkage"]()
    assert "leaves 50%" in figure.page()
    before = figure._picture
    figure.d = 2.0
    assert figure._picture != before
    assert figure._problem == ""
