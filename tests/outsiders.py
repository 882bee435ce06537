"""Right and wrong answers to the questions of some lessons, and how a check finds them."""

import functools

import numpy as np

from autograder.question import compile_question, public_rng
from autograder.questions import questions_of
from utils.checking.drivers import observe
from utils.checking.judgement import judge
from utils.checking.messages import render

SEEDS = (None, *range(5))


class Outsiders:
    """Collect answers that the authors of the questions did not have in mind.

    `rights` and `wrongs` hold pairs of a graded name and an answer.
    """

    def __init__(self, *lessons):
        self.questions = {n: q for lesson in lessons for n, q in questions_of(lesson).items()}
        self.rights, self.wrongs = [], []

    def right(self, name):
        """Decorate a right answer to the question of this name."""
        return lambda answer: self.rights.append((name, answer)) or answer

    def wrong(self, name):
        """Decorate a wrong answer to the question of this name."""
        return lambda answer: self.wrongs.append((name, answer)) or answer

    @functools.cache  # noqa: B019 - as many as the test modules
    def compiled(self, name, seed):
        """Return the public question, or with a seed one as in grading."""
        question = self.questions[name]
        rng = public_rng(question) if seed is None else np.random.default_rng(seed)
        return compile_question(question, rng, 1, "lesson")

    def outcome(self, name, answer, seed=None):
        """Return what a check finds."""
        question = self.compiled(name, seed)
        records = [observe(case.driver, answer, case.inputs) for case in question.cases]
        return judge(question, records)

    def assert_right(self, name, answer):
        """Require full marks for an answer, in the lesson and in grading."""
        for seed in SEEDS:
            result = self.outcome(name, answer, seed)
            assert result.status == "right", f"seed {seed}\n{render(result)}"

    def assert_wrong(self, name, answer):
        """Require that an answer loses something, in the lesson and in grading."""
        for seed in SEEDS:
            result = self.outcome(name, answer, seed)
            assert result.status in {"partly", "wrong"}, f"seed {seed}"
            assert result.points < result.max_points

    def assert_told(self, name, answer, diagnosis):
        """Require that an answer is told this misconception, in the lesson and in grading."""
        for seed in SEEDS:
            result = self.outcome(name, answer, seed)
            assert result.diagnosis == diagnosis, f"seed {seed}\n{render(result)}"

    def assert_enough(self, rights, wrongs):
        """Require so many right and so many wrong answers to each function."""
        for rows, least in ((self.rights, rights), (self.wrongs, wrongs)):
            counts = {name: sum(row[0] == name for row in rows) for name in self.functions()}
            assert min(counts.values()) >= least, counts

    def functions(self):
        """Return the names of the questions that ask for a function."""
        drivers = {name: getattr(q, "driver", "") for name, q in self.questions.items()}
        return {name for name, driver in drivers.items() if driver not in {"", "value"}}


def label(row):
    """Return the id of a test on one answer."""
    name, answer = row
    return f"{name}-{getattr(answer, '__name__', type(answer).__name__)}"
