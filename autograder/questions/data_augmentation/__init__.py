"""The questions of lesson 03, one module a topic."""

from autograder.questions.data_augmentation import (
    augment,
    crop,
    glimpse,
    orientation,
    predictions,
    resize,
)

_TOPICS = (orientation, resize, crop, glimpse, augment, predictions)
QUESTIONS = tuple(question for topic in _TOPICS for question in topic.QUESTIONS)
