"""The questions of lesson 04, one module a topic."""

from autograder.questions.dropout import (
    backward,
    ensembles,
    forward,
    marginalized,
    moments,
    predictions,
)

_TOPICS = (forward, backward, moments, marginalized, ensembles, predictions)
QUESTIONS = tuple(question for topic in _TOPICS for question in topic.QUESTIONS)
