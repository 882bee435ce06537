"""The questions of lesson 01, one module a topic."""

from autograder.questions.l1_l2_updates import (
    decay,
    gradient,
    penalties,
    predictions,
    thresholds,
    updates,
)

_TOPICS = (penalties, gradient, updates, decay, thresholds, predictions)
QUESTIONS = tuple(question for topic in _TOPICS for question in topic.QUESTIONS)
