"""The questions of lesson 05, one module a topic."""

from autograder.questions.early_stopping import (
    listing,
    patience,
    predictions,
    quadratic,
    stopping,
)

_TOPICS = (listing, stopping, patience, quadratic, predictions)
QUESTIONS = tuple(question for topic in _TOPICS for question in topic.QUESTIONS)
