"""The capstone's lesson: what it says of its task, its formulas, its figures and the grading."""

import copy
import re
from statistics import NormalDist

import nbformat
import numpy as np
import pytest
from matplotlib import rc_context

from autograder.grading.material import ROOT
from autograder.grading.run import steps_of
from autograder.grading.transplant import transplant
from autograder.questions import questions_of
from autograder.questions.capstone import study, task
from utils.answers import own_answers
from utils.data import flip_labels, load_capstone, split
from utils.earlier import LESSONS, proximal_l1_update

LESSON = "06_capstone"
TEXT = (ROOT / "lessons" / f"{LESSON}.py").read_text(encoding="utf-8")
FIVE = {"l1", "l2", "augmentation", "dropout", "early_stopping"}
PASTE = "# Paste your functions here."
EXPECTED_FALSE = {"gain of l1 above 0, each seed"}


def read(kind):
    return nbformat.read(ROOT / kind / LESSON / f"{LESSON}.ipynb", as_version=4)


def answer(key):
    """Return what the solution's set-up cell and one of its answers define."""
    cells, names = read("solutions").cells, {}
    sources = [c.source for c in cells if c.cell_type == "code"][:1]
    with rc_context():  # a set-up chooses the style of the figures
        for source in sources + [c.source for c in cells if c.id == key]:
            exec(source, names)
    return names[key]


# ---- what it says of the task


def test_the_tiers_are_those_of_grading():
    rows = re.findall(r"^# \| (\w+) \| (\d+) % \| (\d)( more)? \|$", TEXT, re.MULTILINE)
    assert {name: int(least) / 100 for name, least, *_ in rows} == task.TIERS
    parts = questions_of(LESSON)["train_regularized"].parts
    assert [int(points) for *_, points, _ in rows] == [8 * part for part in parts.values()]


def test_sizes_and_wrong_labels_are_those_of_grading():
    data = load_capstone()
    assert (len(data.X_train), len(data.X_dev)) == (task.N_TRAIN, task.N_DEV) == (500, 300)
    share = f"{task.WRONG:.0%}".replace("%", " %")
    assert f"{share} of the labels are wrong, in both sets" in TEXT
    assert f"deals 500 + 300 digits anew, out of 5,000, with {share} wrong labels" in TEXT
    assert f"{task.N_TEST:,} digits more" in TEXT


def test_neither_set_up_nor_answers_load_the_full_digits():
    cells = [cell for cell in read("solutions").cells if cell.cell_type == "code"]
    graded = [c for c in cells if c is cells[0] or c.metadata.get("nbgrader", {}).get("solution")]
    assert len(graded) == 4
    assert not any("mnist" in cell.source for cell in graded)


# ---- its formulas


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 0.85, 1.0])
def test_agreement_with_wrong_labels_is_what_unit_1_derives(accuracy):
    rng, n = np.random.default_rng(0), 200_000
    truth = rng.integers(0, 10, n)
    said = np.where(rng.random(n) < accuracy, truth, truth // 2)  # errors of one kind only
    right = np.mean(said == truth)
    agreement = np.mean(said == flip_labels(truth, task.WRONG, rng))
    assert agreement == pytest.approx(1 / 30 + 2 / 3 * right, abs=0.006)
    assert 1.5 * (agreement - 1 / 30) == pytest.approx(right, abs=0.009)


def test_the_step_with_both_penalties_arrives_at_the_elastic_net():
    rng, lam_l1, lam_l2 = np.random.default_rng(0), 3.0, 2.0
    X, y, w = rng.normal(size=(40, 6)), rng.normal(size=40), np.zeros(6)
    lr = 0.5 / (np.linalg.norm(X, 2) ** 2 + lam_l2)
    for _ in range(5_000):
        grad = -2 * X.T @ (y - X @ w)
        w = proximal_l1_update(w, grad + 2 * lam_l2 * w, lr, lam_l1)
    slope = -2 * X.T @ (y - X @ w) + 2 * lam_l2 * w  # of all that is smooth
    assert 0 < np.sum(w == 0) < 6
    assert slope[w != 0] == pytest.approx(-lam_l1 * np.sign(w[w != 0]), abs=1e-8)
    assert np.all(abs(slope[w == 0]) <= lam_l1)


# ---- what it prints and shows


def outputs(notebook):
    return [output for c in notebook.cells if c.cell_type == "code" for output in c.outputs]


def test_every_claim_that_is_printed_holds():
    printed = "".join(o.text for o in outputs(read("solutions")) if o.output_type == "stream")
    claims = dict(re.findall(r"^(.+): (True|False)$", printed, re.MULTILINE))
    assert {claim for claim, held in claims.items() if held == "False"} == EXPECTED_FALSE
    assert len(claims) > 15
    assert "False}" not in printed.replace(" ", "")


def test_every_figure_has_an_alt_text_that_says_something():
    images = [o.get("data", {}).get("text/html", "") for o in outputs(read("solutions"))]
    alts = re.findall(r'<img alt="([^"]+)"', "".join(images))
    assert len(alts) == TEXT.count("figures.show(") == 5
    assert all(len(alt.split()) > 20 for alt in alts)


def agreements(trainer, names, seed):
    """Return the agreement with training and dev labels on another deal of the digits."""
    data = load_capstone()
    X, Y = np.concatenate([data.X_train, data.X_dev]), np.r_[data.Y_train, data.Y_dev]
    (X, Y), dev = split(X, Y, (500, 300), np.random.default_rng(seed))
    predict = trainer(set(names), X, Y, *dev, np.random.default_rng(seed))
    return np.mean(predict(X) == Y), np.mean(predict(dev[0]) == dev[1])


def test_the_figures_say_the_same_for_another_seed():
    trainer, seed = answer("train_with"), 20
    plain, plain_dev = agreements(trainer, (), seed)
    shifted, shifted_dev = agreements(trainer, ("augmentation",), seed)
    mixed_dev = agreements(trainer, ("augmentation", "dropout"), seed)[1]
    assert plain > 0.99
    assert 0.6 < shifted < 0.8
    assert agreements(trainer, ("dropout",), seed)[0] > 0.95
    assert mixed_dev > shifted_dev > plain_dev + 0.02
    assert agreements(trainer, FIVE, seed)[1] < mixed_dev


# ---- the way of a student's own functions


def test_what_is_pasted_reaches_grading_and_the_answers_use_it():
    code = own_answers(LESSONS, ROOT / "solutions")
    release = read("notebooks")
    right = {cell.id: cell.source for cell in read("solutions").cells}
    submitted = copy.deepcopy(release)
    for cell in submitted.cells:
        if cell.source == PASTE:
            cell.source = code
        elif cell.id == "train_with":
            cell.source = right[cell.id].replace("earlier.", "")
    steps = steps_of(transplant(nbformat.writes(submitted).encode(), release).notebook)
    kinds = [(step.kind, step.name) for step in steps]
    assert kinds[:3] == [("set-up", "06-003"), ("added", "added-1"), ("answer", "train_with")]
    names = {}
    with rc_context():
        for step in steps[:3]:
            exec(step.source, names)
    data = load_capstone()
    few = data.X_train[:30], data.Y_train[:30], data.X_dev[:30], data.Y_dev[:30]
    assert names["train_with"].__globals__["random_augment"].__module__ != "utils.earlier"
    said = names["train_with"](FIVE, *few, np.random.default_rng(0))(few[0])
    assert (said.shape, said.dtype.kind) == ((30,), "i")


def test_a_cell_that_is_left_as_it_was_adds_nothing():
    release = read("notebooks")
    steps = steps_of(transplant(nbformat.writes(release).encode(), release).notebook)
    assert [step.kind for step in steps].count("added") == 0
    assert sum(cell.source == PASTE for cell in release.cells) == 1


# ---- what it quotes of the study

ROW = r"^# \| ([^|]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \| (\d+) \| (\d+) \|$"


def test_the_rows_of_the_argument_are_those_of_the_study():
    found, quoted = study.read(), re.findall(ROW, TEXT, re.MULTILINE)
    assert len(quoted) == 10
    for name, mean, sd, *reached in quoted:
        row = study.summary(found[study.REFERENCE if name == "this answer" else name])
        assert row["seeds"] == 50
        assert (mean, sd) == (f"{100 * row['mean']:.1f}", f"{100 * row['sd']:.1f}"), name
        assert [int(n) for n in reached] == [round(50 * share) for share in row["shares"].values()]
    assert quoted[0][3:] == ("0", "0", "0"), "plain training stays below the first tier"
    assert quoted[-1][3:] == ("50", "50", "50"), "this answer reaches the last one"


def test_what_is_said_below_the_tiers_is_what_the_study_found():
    found = study.read()
    plain = study.summary(found["none"])
    assert f"named {100 * plain['mean']:.1f} % of the test digits rightly on average" in TEXT
    assert f"standard deviation of {100 * plain['sd']:.1f} points from task to task" in TEXT
    assert len(study.NAIVE) == 7
    bronze, silver, gold = task.TIERS
    for name in study.NAIVE:
        assert study.summary(found[name])["shares"][bronze] == 0
        assert study.false_award(found[name], bronze) < 1e-3
    assert study.summary(found["augmentation"])["shares"][bronze] > 0.95
    for name in ("augmentation + dropout", "augmentation + early_stopping"):
        shares = study.summary(found[name])["shares"]
        assert shares[silver] > 0.6
        assert shares[gold] < 0.95
        assert 0.015 < study.summary(found[name])["sd"] < 0.025
        above = NormalDist(0, study.summary(found[name])["sd"]).cdf(-0.01)
        assert 1 / 4 < above < 2 / 5


# ---- the argument


def test_the_argument_keeps_to_its_own_rules():
    argument = next(c.source for c in read("solutions").cells if c.id == "capstone_argument")
    prose = re.sub(r"^\|.*$|\$[^$]*\$", "", argument, flags=re.MULTILINE)
    assert 150 <= len(prose.split()) <= 400
    rubric = read("notebooks").cells
    place = next(i for i, cell in enumerate(rubric) if cell.id == "capstone_argument")
    assert "| 0 | ½ point | 1 point |" in rubric[place - 1].source
    assert rubric[place - 1].source.count("\n| **") == rubric[place].metadata.nbgrader.points == 5
