"""Each row of docs/parity.md: our answers against the real libraries, or what is stored of them."""

import ast
import inspect
import os
import re
from dataclasses import replace
from functools import cache
from importlib import import_module

import numpy as np
import pytest

from autograder.docs import parity
from autograder.docs.parity import page, results, row
from autograder.docs.parity.row import difference, holds, measure
from autograder.questions import questions_of
from autograder.solutions import ROOT, functions_of

ROWS = {each.key: each for each in parity.ROWS}
PAIRS = [(each.key, name) for each in parity.ROWS for name in each.functions]
NAMED = {  # what the section names
    *("resize", "crop_and_resize", "glimpse_zero", "glimpse_uniform", "glimpse_gaussian"),
    *("rot90", "flip", "early_stopping", "l2_loss", "l1_regularizer", "apply_regularization"),
    *("gradient_descent", "dropout", "dropout_noise_shape", "l1_update", "l2_update"),
    *("weight_histogram", "loss_landscape", "constraint_l1", "constraint_l2"),
    *("question_difference", "question_optimum", "question_strength"),
}
TRAINED = {"weight_histogram", "question_strength"}  # takes a second each time
CODE = re.compile(r"`([^`]+)`")


@pytest.fixture(scope="module")
def theirs():
    """Return what the frameworks give if `course test --frameworks` asked, else what is stored."""
    return results.ask(live=bool(os.environ.get("COURSE_FRAMEWORKS")) and results.installed())


@cache
def answers_of(lesson):
    return functions_of(lesson)


@pytest.fixture(scope="module")
def found(theirs):
    """Return a function that measures a row, once."""
    return cache(
        lambda key: measure(ROWS[key], answers_of(ROWS[key].lesson), theirs.arrays, theirs.live)
    )


@pytest.mark.parametrize("key", ROWS)
def test_row(found, key):
    here, seen = ROWS[key], found(key)
    assert {what: (seen[what], here.bounds[what]) for what in here.beyond(seen)} == {}


def test_every_operation_of_the_section_has_a_row():
    assert len(ROWS) == len(parity.ROWS)
    assert set(ROWS) >= NAMED


# ---- a wrong answer is seen


def wrong_answers(lesson, name):
    """Yield wrong answers to a question: other letters, or those of its misconceptions."""
    question, right = questions_of(lesson)[name], answers_of(lesson)[name]
    if isinstance(right, str) and len(right) == 1:
        yield from set("abcd") - {right}
    else:
        yield from (each.answer for each in question.misconceptions)


def is_seen(key, name, wrong):
    """Tell whether a row fails with one of its answers replaced."""
    answers = answers_of(ROWS[key].lesson) | {name: wrong}
    stored = results.ask(live=False).arrays
    with np.errstate(all="ignore"):
        try:
            return not holds(ROWS[key], answers, stored)
        except Exception:  # the answer's own, or that of a training that does not end
            return True


@pytest.mark.parametrize(("key", "name"), PAIRS)
@pytest.mark.filterwarnings("ignore")
def test_wrong_answers_fail_the_row(key, name):
    seen, enough = 0, 1 if key in TRAINED else 3
    for wrong in wrong_answers(ROWS[key].lesson, name):
        seen += is_seen(key, name, wrong)
        if seen == enough:
            return
    pytest.fail(f"only {seen} wrong answers make {key} fail")


def test_a_difference_that_is_not_compared_is_an_error():
    extra = replace(ROWS["flip"], bounds={"pixels": 0.0, "colors": 0.0})
    stored = results.ask(live=False).arrays
    with pytest.raises(ValueError, match="nothing was compared for \\['colors'\\]"):
        measure(extra, answers_of(extra.lesson), stored)


def test_no_page_is_made_with_a_difference_above_its_bound():
    flip = ROWS["flip"]
    assert "pixels: equal" in page.render([flip], {"flip": {"pixels": 0.0}}, "none")
    for apart in (1e-9, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"does not hold: flip, pixels\. Find out why"):
            page.render([flip], {"flip": {"pixels": apart}}, "none")


def test_to_the_bit_means_the_dtype_too():
    ones = np.ones(3, dtype=np.float32)
    assert difference(ones, ones.astype(float)) == 0
    assert difference(ones, ones.astype(float), exact=True) == np.inf
    assert difference(np.array([True]), np.array([False])) == 1


# ---- the page


@pytest.fixture(scope="module")
def committed():
    return (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_rows_give(committed, found, theirs):
    made = page.render(parity.ROWS, {key: found(key) for key in ROWS}, theirs.said)
    assert parity.same("parity.md", committed.encode(), made.encode()), "run ./course docs"


def test_the_page_was_made_with_the_real_libraries(committed):
    assert re.search(
        r"(?m)^Frameworks used: live: TensorFlow \d\S+, Keras \d\S+, PyTorch \d", committed
    )
    differences = re.findall(r"(\S+) ≤ (\S+?)(?=<br>| \|)", committed)
    assert len(differences) > len(ROWS)
    assert all(float(seen) <= float(most) for seen, most in differences)


def test_other_digits_are_no_drift_but_another_bound_is(committed):
    other = re.sub(r"\S+ ≤", "7e-09 ≤", committed).replace("live: ", "stored results of ")
    assert page.same_page(committed, other)
    assert not page.same_page(other, committed)  # the real libraries are better than what is stored
    assert not page.same_page(committed, committed.replace("≤ 1e-12", "≤ 1e-11"))
    assert not page.same_page(committed, committed.replace("tf.nn.l2_loss", "tf.l2_loss"))


def test_the_page_leads_to_lessons_that_ask_for_the_functions(committed):
    for link in re.findall(r"\]\(([^)]+)\)", committed):
        assert (ROOT / "docs" / link).exists(), link
    for key, name in PAIRS:
        assert re.search(r", unit \d+$", page.taught(ROWS[key].lesson, name))


# ---- the names of today


def calls(text, roots):
    """Yield (dotted name, names of its keywords) of the code in a text, of these packages."""
    for code in CODE.findall(text):
        try:
            tree = ast.parse(code)
        except SyntaxError:
            continue
        nodes = list(ast.walk(tree))
        inner = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        inner |= {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            if isinstance(node, ast.Call):
                name, words = ast.unparse(node.func), [word.arg for word in node.keywords]
            elif isinstance(node, ast.Attribute) and id(node) not in inner:
                name, words = ast.unparse(node), []
            else:
                continue
            if re.fullmatch(rf"({'|'.join(roots)})(\.\w+)+", name):
                yield name, words


def assert_there(name, words):
    """Find what a dotted name means, and all keywords in its signature if it tells one."""
    root, *parts = name.split(".")
    thing = import_module({"tf": "tensorflow"}.get(root, root))
    for k, part in enumerate(parts):
        if not hasattr(thing, part) and root == "sklearn":
            import_module(".".join([root, *parts[: k + 1]]))
        thing = getattr(thing, part)
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return
    if all(each.kind is not each.VAR_KEYWORD for each in parameters.values()):
        assert set(words) <= set(parameters), name


@pytest.mark.parametrize("key", ROWS)
def test_each_row_names_all_libraries_and_scikit_learns_names_are_there(key):
    today = ROWS[key].today
    assert set(today) == set(row.LIBRARIES)
    assert all(today.values())
    named = list(calls(today["scikit-learn"], ["sklearn"]))
    assert named or today["scikit-learn"].startswith("none")
    for name, words in named:
        assert_there(name, words)
