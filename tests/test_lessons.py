"""All lessons keep to the same rules, and a lesson that breaks one is found out."""

import re
from functools import cache
from pathlib import Path

import pytest

from autograder.lesson import lesson_paths
from tests.lesson_rules import NAMES, ORDER, POINTS, RULES, WORDS, headings_of, read_text

ROOT = Path(__file__).parent.parent
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in lesson_paths(ROOT)}
HEADINGS = {int(name[:2]): headings_of(text) for name, text in TEXTS.items()}
GOOD = '''# %% [markdown]
# # Double it: the smallest lesson
#
# In this lesson you double a number, as in lesson 2, unit 1.
#
# **After this lesson you can**
#
# - double a number;
# - halve it again.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Double a number | 61 | 12 |
# | 2. Guess it | 4 | 2 |
# | **core path** | **65** | **14** |
# | 3. Halve a number | 9 | 4 |
# | In practice, further reading | 1 | |
# | **second part** | **10** | **4** |
#
# The minutes are estimates, made as lesson 0, unit 1 tells.
# The second part can wait for another day.
# So can the extension at the end, which is not graded.

# %% [markdown]
# Run the set-up cell first.
# It imports what you need.

# %%
import numpy as np

from utils.checking import check, scorecard

# %% [markdown]
# ## 1. Double a number
#
# **Derive.**
# Twice $x$, of shape $(n{,})$, is
#
# $$x + x .$$
#
# PADDING
#
# **Predict.**
# What is twice 2?
#
# **Implement** `double`.
#
# <details><summary>Hint</summary>
#
# Add `x` to itself.
#
# </details>


# %% role="answer" key="double"
def double(x, lam=1):
    """Return 2x."""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


# %% [markdown]
# **Try** it by hand: twice 2 is 4.

# %%
double(2)

# %% role="check" key="double" points=12
check("double")

# %% [markdown]
# **Explore** more numbers.

# %%
for x in range(3):
    print(double(x))

# %% [markdown]
# **Read it.**
# All are even.

# %% [markdown]
# ## 2. Guess it
#
# **Predict.**
# Is twice 3 **a** 6 or **b** 5?

# %% role="answer" key="first"
first = None  # "a" or "b"
# BEGIN SOLUTION
first = "a"
# END SOLUTION

# %% role="check" key="first" points=1
check("first")

# %% [markdown]
# **Predict.**
# Is twice 4 **a** 7 or **b** 8?

# %% role="answer" key="second"
second = None  # "a" or "b"
# BEGIN SOLUTION
second = "b"
# END SOLUTION

# %% role="check" key="second" points=1
check("second")

# %% [markdown]
# This ends the core path.

# %% [markdown]
# ## 3. Halve a number
#
# *The second part starts here.*
#
# **Predict.**
# Is half of 4 **a** 2 or **b** 3?

# %% role="answer" key="third"
third = None  # "a" or "b"
# BEGIN SOLUTION
third = "a"
# END SOLUTION

# %% role="check" key="third" points=1
check("third")

# %% [markdown]
# **Implement** `halves`, of 2 and of 3, with what you know from unit 1.

# %% role="answer" key="halves"
halves = None  # two numbers
# BEGIN SOLUTION
halves = [1, 1.5]
# END SOLUTION

# %% role="check" key="halves" points=3
check("halves")

# %% [markdown]
# ## In practice
#
# Keras, PyTorch and scikit-learn can add.

# %%
from sklearn import metrics

# %% [markdown]
# ## Extension, not graded: add three times
#
# *About 1 minutes to read and run, longer if you play with it.*

# %%
print(3 * double(1))

# %% [markdown]
# ## Further reading
#
# - Euclid, *Elements* (300 BC), section 1.
#   How to double without a number.
#
# ## See what you have earned

# %%
scorecard("03_toy")
'''.replace("PADDING", "word " * 5000)
TOO_LONG = "\n".join(f"    a{number} = {number}" for number in range(26))
BAD = [  # the rule, and what in the good lesson to replace by what
    ("titles_agree", "| 3. Halve a number |", "| 3. Halve it |"),
    ("titles_agree", "# ## 2. Guess it", "# ## 2. Guess"),
    ("sums_agree", "| **65** |", "| **66** |"),
    ("sums_agree", "| **10** | **4** |", "| **10** | **5** |"),
    ("sums_agree", "**core path**", "**first part**"),
    ("points_agree", 'key="double" points=12', 'key="double" points=11'),
    ("points_agree", "| 61 | 12 |", "| 61 | 11 |"),
    ("minutes_agree", "| 61 |", "| 63 |"),
    ("minutes_agree", "word " * 200, ""),
    ("minutes_agree", "    print(double(x))", "    widgets.Doubling(x)"),
    ("core_is_an_hour_or_more", "| **65** |", "| **59** |"),
    ("core_is_an_hour_or_more", "| **65** |", "| **91** |"),
    ("opening_has_its_form", "| unit | minutes |", "| part | minutes |"),
    ("opening_has_its_form", "lesson 0, unit 1 tells", "you know"),
    ("opening_has_its_form", "# So can the extension at the end, which is not graded.\n", ""),
    ("opening_has_its_form", "Run the set-up cell first.", "Here we go."),
    ("second_part_is_marked", "# *The second part starts here.*\n#\n", ""),
    ("second_part_is_marked", "This ends the core path.", "So far, so good."),
    ("closing_has_its_form", "# ## In practice", "# ## Practice"),
    ("closing_has_its_form", "Keras, PyTorch", "PyTorch"),
    ("closing_has_its_form", 'scorecard("03_toy")', 'scorecard("02_toy")'),
    ("extension_tells_its_minutes", "*About 1 minutes", "*About 4 minutes"),
    ("extension_tells_its_minutes", "# *About 1 minutes", "# *Some minutes"),
    ("reading_has_a_reason", "\n#   How to double without a number.", ""),
    ("stages_are_in_order", "# **Predict.**\n# Is half", "# **Implement** this. Is half"),
    ("stages_are_in_order", "**Implement** `double`.\n", "**Implement** it.\n\n# %%\n1 + 1\n"),
    ("stages_are_in_order", "**Try** it by hand", "**Explore** it"),
    ("stages_are_in_order", "# **Predict.**\n# Is twice 4", "# **Try** it.\n# Is twice 4"),
    ("stages_are_in_order", "# %%\nfor x in range(3):\n    print(double(x))\n\n", ""),
    ("stages_are_in_order", "# **Derive.**", "# **Read it.**"),
    ("stages_are_in_order", "# **Read it.**\n# All", "# All"),
    ("stages_are_in_order", "# This ends the core", "# **Predict.**\n# This ends the core"),
    (
        "functions_are_tried",
        "# %% [markdown]\n# **Try** it by hand: twice 2 is 4.\n\n# %%\ndouble(2)\n\n",
        "",
    ),
    ("marks_are_spelled_alike", "**Predict.**\n# Is twice 3", "**Predict:**\n# Is twice 3"),
    ("marks_are_spelled_alike", "**Predict.**\n# Is twice 3", "**Predict**\n# Is twice 3"),
    ("predictions_are_graded", 'third = None  # "a" or "b"', "third = None  # a letter"),
    ("hints_fold_out", "# <details><summary>Hint</summary>\n#\n", "# Hint: "),
    ("hints_fold_out", "<summary>Hint</summary>\n#\n", "<summary>Hint</summary>\n"),
    ("references_resolve", "with what you know from unit 1", "with what you know from unit 4"),
    ("references_resolve", "as in lesson 2, unit 1", "as in lesson 2, units 1 and 11"),
    ("references_resolve", "as in lesson 2, unit 1", "as in lessons 2 and 7"),
    ("references_have_one_form", "as in lesson 2, unit 1", "as in unit 1 of lesson 2"),
    ("references_have_one_form", "as in lesson 2, unit 1", "as in lesson 02"),
    ("references_have_one_form", "from unit 1", "from section 1"),
    ("words_are_those_of_the_course", "All are even", "All are regularised"),
    ("words_are_those_of_the_course", "All are even", "All colours are even"),
    ("words_are_those_of_the_course", "All are even", "Obviously all are even, or simply two"),
    ("words_are_those_of_the_course", "All are even", "All noisy labels are even"),
    ("words_are_those_of_the_course", "All are even", r"All $\eta$ are even"),
    ("words_are_those_of_the_course", "$(n{,})$", "$(n,)$"),
    ("words_are_those_of_the_course", "Return 2x.", "Return the centre."),
    ("words_are_those_of_the_course", "All are even", r"All $\mathbb{E}\, x$ are even"),
    ("words_are_those_of_the_course", "All are even", "All $S(x, t)$ are even"),
    ("parameters_have_their_names", "lam=1", "lambd=1"),
    ("parameters_have_their_names", "lam=1", "rate=0.5"),
    ("parameters_have_their_names", "lam=1", "random_state=1"),
    ("parameters_have_their_names", "(x, lam=1)", "(x, *, learning_rate=1)"),
    ("cells_are_short", "    print(double(x))\n", TOO_LONG + "\n"),
    ("prose_outweighs_code", "    print(double(x))\n", "    print(x)\n" * 700),
    ("prose_parts_code", "# %% [markdown]\n# **Explore** more numbers.\n\n", ""),
    ("equations_are_few", "# $$x + x .$$\n", "# $$x + x$$ $$x$$\n#\n# $$x$$\n#\n# $$x$$\n"),
    ("names_keep_their_meaning", "for x in range(3):", "for double in range(3):"),
    ("names_keep_their_meaning", "print(3 * double(1))", "third = 3 * double(1)"),
    ("names_keep_their_meaning", "print(3 * double(1))", "x = 3 * double(1)"),
    ("imports_stand_at_the_top", "for x in range(3):", "import math\n\nfor x in range(3):"),
    ("nothing_is_timed", "    print(double(x))", "    %time double(x)"),
    ("nothing_is_timed", "    print(double(x))", "    print(double(x), time.perf_counter())"),
]


@cache
def parsed(text, name):
    return read_text(name, text, HEADINGS)


def breaches(rule, text, name="03_toy"):
    return rule(parsed(text, name))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", TEXTS)
def test_each_lesson_keeps_the_rule(name, rule):
    assert breaches(rule, TEXTS[name], name) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_lesson_keeps_the_rule(rule):
    assert breaches(rule, GOOD) == []


@pytest.mark.parametrize(("name", "old", "new"), BAD)
def test_a_bad_lesson_is_found_out(name, old, new):
    (rule,) = [rule for rule in RULES if rule.__name__ == name]
    assert old in GOOD
    assert breaches(rule, GOOD.replace(old, new, 1)) != []


def test_no_rule_is_there_that_cannot_fail():
    assert {rule.__name__ for rule in RULES} == {name for name, *_ in BAD}
    rules = {rule.__name__: rule for rule in RULES}
    bad = [(rules[name], GOOD.replace(old, new, 1), new) for name, old, new in BAD]
    said = "\n".join(breach for rule, text, _ in bad for breach in breaches(rule, text))
    assert [fault for fault in ORDER.values() if fault not in said] == []
    assert [name for name in NAMES if f" is {name}" not in said] == []
    assert [word for word in WORDS if not any(re.search(word, new) for *_, new in bad)] == []


def test_the_lessons_share_120_points():
    assert sum(POINTS.values()) == 120
    assert {int(name[:2]) for name in TEXTS} <= set(POINTS)


def test_lesson_0_states_the_estimate_that_is_used():
    text = re.sub(r"\n# ?", "\n", TEXTS["00_start_here"])
    for line in (
        "one for 150 words of text",
        "a half for a cell that only runs",
        "two for a live figure",
        "three for any other answer, and two more for each point after its first",
    ):
        assert f"\n- {line}" in text
