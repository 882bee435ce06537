"""Grading one submission: bytes in, verdict and graded notebook out.

Four steps, each a module: transplant, run, judge, mark. Nothing here knows of a class, a folder
or a gradebook.
"""

import copy
import re
import time
from dataclasses import dataclass, replace

import nbformat
from nbformat.v4 import new_markdown_cell, new_output

from autograder.grading.judge import message, needs_of, outcome_of, uses_unanswered
from autograder.grading.material import versions
from autograder.grading.run import Answer, Run, run
from autograder.grading.transplant import transplant
from autograder.grading.verdict import Check, Verdict

MAX_REMARKS = 12
MAX_SHOWN, MAX_SHOWN_IN_ALL = 10_000, 60_000  # characters of code in the graded notebook
MAX_BLANK = 5  # lines


@dataclass(frozen=True)
class Graded:
    """A verdict, and the notebook with the results in its check cells."""

    verdict: Verdict
    notebook: nbformat.NotebookNode


def grade_submission(data, material, workshop):
    """Grade one submission.

    Parameters
    ----------
    data : bytes or RefusedError
        The submitted file, or why there is none.
    material : Material
    workshop : Workshop

    Returns
    -------
    Graded
    """
    start = time.perf_counter()
    planted = transplant(data, material.release)
    seconds = {"transplant": round(time.perf_counter() - start, 3)}
    verdict = judge_planted(planted, material, workshop)
    verdict = replace(verdict, seconds=seconds | verdict.seconds)
    return Graded(verdict, mark(planted, verdict))


def judge_planted(planted, material, workshop):
    """Run a rebuilt notebook, ask the hidden cases and return the verdict."""
    start = time.perf_counter()
    result = refused(planted, material) if planted.refused else None
    seed = planted.submission.encode()  # the same file grades to the same result
    rest = (workshop, material.limits, seed, material.hidden)
    result = result or run(planted.notebook, material.questions, *rest)
    ran = time.perf_counter()
    checks = checks_of(material.questions, result)
    judged = time.perf_counter()
    return Verdict(
        lesson=material.lesson,
        key=material.key(planted),
        submission=planted.submission,
        seed=material.seed,
        checks=checks,
        notes=planted.notes + result.notes,
        refused=planted.refused,
        limits=result.limits,
        settings=material.limits.to_json(),
        sandbox=f"{workshop.level}: {workshop.sentence}",
        starts=result.starts,
        seconds={"run": round(ran - start, 3), "judge": round(judged - ran, 3)},
        cpu=round(result.cpu, 3),
        versions=versions() | {"lesson": material.lesson_digest},
    )


def refused(planted, material):
    """Return the run of a file that cannot be graded: none of its checks was asked."""
    return Run({name: Answer(reason=planted.refused) for name in material.questions})


def checks_of(questions, result):
    """Return the result of each check, given what the run brought."""
    outcomes = {
        name: result.outcomes.get(name) or outcome_of(question, result.answers[name])
        for name, question in questions.items()
    }
    needs = needs_of(outcomes, result.names)
    outcomes = {n: uses_unanswered(o, needs[n], result.names) for n, o in outcomes.items()}
    return [
        _check(outcome, result.answers[name], {need: outcomes[need] for need in needs[name]})
        for name, outcome in outcomes.items()
    ]


def _check(outcome, answer, needs):
    told = needs if outcome.status != "unanswered" else {}
    return Check(
        name=outcome.question.name,
        status=outcome.status,
        points=outcome.points,
        max_points=outcome.max_points,
        parts=dict(outcome.parts),
        diagnosis=outcome.diagnosis,
        sentence=outcome.sentence,
        reason=outcome.reason,
        message=message(outcome, told),
        needs=list(told),
        seconds=round(answer.seconds, 3),
        cpu=round(answer.cpu, 3),
    )


def mark(planted, verdict):
    """Return the rebuilt notebook with the result of each check in its cell.

    A check cell gets its message and one number: `nbgrader.utils.determine_grade` reads that.
    """
    notebook = copy.deepcopy(planted.notebook)
    notebook.metadata["verdict"] = verdict.key
    results = {f"check_{check.name}": check for check in verdict.checks}
    room = MAX_SHOWN_IN_ALL
    for cell in notebook.cells:
        if cell.metadata.pop("transplant", None) in ("answer", "added"):
            cell.source = _shown(cell.source, min(room, MAX_SHOWN))
            room = max(0, room - len(cell.source))
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("grade") and not settings.get("solution"):
            cell.outputs = outputs_of(results[settings["grade_id"]])
    remarks = remarks_on(verdict)
    if remarks:
        notebook.cells.insert(0, new_markdown_cell(remarks, id="grading-notes"))
    return notebook


def _shown(source, room):
    """Return as much of a student's code as a page can color in good time.

    Pygments takes the square of the number of blank lines that follow each other.
    """
    lines, blank = [], 0
    for line in re.split(r"\r\n|\r|\n", source):
        blank = 0 if line.strip() else blank + 1
        if blank <= MAX_BLANK:
            lines.append(line)
    shown = "\n".join(lines)
    if len(shown) > room:
        more = f"\n# … {len(shown) - room} more characters are in the submitted file"
        shown = shown[:room] + more
    return shown


def outputs_of(check):
    """Return the outputs of a check cell: the message, then the points."""
    text = new_output("stream", name="stdout", text=check.message + "\n")
    points = new_output("execute_result", {"text/plain": repr(float(check.points))})
    return [text, points]


def remarks_on(verdict):
    """Return Markdown for the head of the feedback, "" where there is nothing to say."""
    if verdict.refused:
        head = "This submission could not be graded, so nothing could be earned."
        return f"**Note on grading.** {head}\n\n{_plain(verdict.refused)}"
    lines = [note.sentence for note in verdict.notes + verdict.limits]
    if not lines:
        return ""
    if len(lines) > MAX_REMARKS:
        lines[MAX_REMARKS:] = [f"and {len(lines) - MAX_REMARKS} more of the kind"]
    items = "\n".join(f"- {_plain(line)}" for line in lines)
    return f"**Note on grading.** What was found beside the answers:\n\n{items}"


def _plain(text):
    """Return text as Markdown in which no character is markup."""
    text = re.sub(r"[^\w\s.,;:“”‘’'-]", lambda match: f"&#{ord(match[0])};", text.replace("$", ""))
    return text.replace("_", "&#95;").replace("\n", " ")
