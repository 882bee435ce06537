"""The questions of lesson 02, one module a topic."""

from autograder.questions.constraint_geometry import (
    balls,
    descent,
    lasso,
    predictions,
    prostate,
    radius,
    ridge,
)

_TOPICS = (ridge, radius, lasso, prostate, balls, descent, predictions)
QUESTIONS = tuple(question for topic in _TOPICS for question in topic.QUESTIONS)
