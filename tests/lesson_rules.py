"""What all lessons keep to, as functions from a lesson's text to its breaches.

Each function in `RULES` takes a `Text` and returns sentences, none where the rule is kept.
`tests/test_lessons.py` holds the lessons to them, and shows of each rule that it can fail.
"""

import ast
import io
import re
import tokenize
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import jupytext

from autograder.lesson import HEADER_KEYS, TEXT_FORMAT

POINTS = {0: 2, 1: 20, 2: 20, 3: 18, 4: 20, 5: 18, 6: 22}
CLOSING = ("In practice", "Extension, not graded", "Further reading", "See what you have earned")
CLOSING_ROW = "In practice, further reading"
STAGES = "Derive|Predict|Implement|Try|Explore|Read it|Find what is wrong"
LIBRARIES = ("Keras", "PyTorch", "scikit-learn")
LETTERS = re.compile(r'^\w+ = None  # "a"', re.MULTILINE)
NUMBERS = r"\d+(?:(?:, | and | to )\d+)*"


@dataclass(frozen=True)
class Cell:
    """A cell, or the part of a Markdown cell under one heading."""

    kind: str
    source: str
    role: str | None = None
    key: str | None = None
    points: float = 0

    @property
    def stage(self):
        """Return one letter for what a code cell is: answer, check or a run."""
        return {"answer": "a", "check": "c"}.get(self.role, ".")


@dataclass(frozen=True)
class Text:
    """A lesson: its number, its cells, and the same by heading, in order; "" is the opening.

    `others` maps the numbers of the lessons to their headings.
    """

    name: str
    cells: tuple
    units: dict
    others: dict

    @property
    def number(self):
        return int(self.name[:2])

    @property
    def numbered(self):
        """Return the cells of each unit, without opening and closing."""
        return {title: cells for title, cells in self.units.items() if title[:1].isdigit()}

    @property
    def prose(self):
        """Return all Markdown as one text."""
        return "\n\n".join(cell.source for cell in self.cells if cell.kind == "markdown")

    @property
    def code(self):
        return [cell for cell in self.cells if cell.kind == "code"]


def read_text(name, text, headings):
    """Return a lesson's text as a `Text`; `headings` are those of all lessons, by number."""
    read = jupytext.reads(text, TEXT_FORMAT).cells
    headers = [
        {key: cell.metadata[key] for key in HEADER_KEYS & set(cell.metadata)} for cell in read
    ]
    cells = tuple(
        Cell(cell.cell_type, cell.source, **header)
        for cell, header in zip(read, headers, strict=True)
    )
    units, title = {"": []}, ""
    for cell in cells:
        heading = r"^## (.+)$" if cell.kind == "markdown" else "(?!)"
        first, *rest = re.split(heading, cell.source, flags=re.MULTILINE)
        units[title].append(replace(cell, source=first))
        for title, body in zip(rest[::2], rest[1::2], strict=True):
            units.setdefault(title, []).append(Cell("markdown", body))
    return Text(name, cells, units, headings)


def headings_of(text):
    """Return the headings of a lesson's text."""
    return re.findall(r"^# ## (.+)$", text, re.MULTILINE)


# The table at the top


def table_of(lesson):
    """Return the rows of the table at the top: name, minutes, points."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) ?\|$", lesson.cells[0].source, re.MULTILINE)
    clean = [[entry.strip("* ") for entry in row] for row in rows[1:] if "---" not in row[1]]
    return [(name, int(minutes), int(points or 0)) for name, minutes, points in clean]


def split_table(lesson):
    """Return the rows of the units, and the rows that sum up, each with the units it sums."""
    rows, sums, since = [], [], []
    for row in table_of(lesson):
        if row[0] in ("core path", "second part", "all"):
            sums.append((row, since))
            since = []
        else:
            rows.append(row)
            since.append(row)
    return rows, sums


def titles_agree(lesson):
    rows = [name for name, *_ in split_table(lesson)[0]]
    wanted = [*lesson.numbered, CLOSING_ROW]
    return [] if rows == wanted else [f"the table has {rows}, the headings are {wanted}"]


def sums_agree(lesson):
    found = []
    for (name, minutes, points), rows in split_table(lesson)[1]:
        right = sum(row[1] for row in rows), sum(row[2] for row in rows)
        if (minutes, points) != right:
            found.append(f"{name}: {minutes} and {points}, but its rows sum to {right}")
    wanted = ["core path", "second part"] if lesson.number else ["all"]
    names = [name for (name, *_), _ in split_table(lesson)[1]]
    return found + ([] if names == wanted else [f"the table sums up {names}, not {wanted}"])


def points_agree(lesson):
    found, total = [], 0
    for name, _, points in split_table(lesson)[0]:
        right = sum(cell.points for cell in lesson.units.get(name, ()))
        total += right
        if points != right:
            found.append(f"{name}: {points} points in the table, {right} in its cells")
    wanted = POINTS[lesson.number]
    return found + ([] if total == wanted else [f"{total} points in all, not {wanted}"])


def words(text):
    """Return how many pieces between blanks have a letter or a digit."""
    return sum(bool(re.search(r"\w", piece)) for piece in re.sub(r"<[^>]*>", " ", text).split())


def minutes_of(cells):
    """Return the minutes of some cells by the estimate that lesson 00 states."""
    cells = tuple(cells)
    points = {cell.key: cell.points for cell in cells}  # the check comes after its answer
    minutes = 0
    for cell in cells:
        if cell.kind == "markdown":
            minutes += words(cell.source) / 150
        if LETTERS.search(cell.source) and cell.role == "answer":
            minutes += 2
        elif cell.role in ("answer", "reflect"):
            minutes += 1 + 2 * points[cell.key]
        elif cell.kind == "code" and cell.role is None:
            minutes += 2 if "widgets." in cell.source else 0.5
    return minutes


def minutes_agree(lesson):
    """Compare each row with the estimate, to a minute; the opening counts with the first unit."""
    closing = [lesson.units.get(title, []) for title in CLOSING if "Extension" not in title]
    estimate = {title: minutes_of(cells) for title, cells in lesson.numbered.items()}
    estimate[next(iter(estimate))] += minutes_of(lesson.units[""])
    estimate[CLOSING_ROW] = minutes_of(chain(*closing))
    found = []
    for name, minutes, _ in split_table(lesson)[0]:
        right = estimate.get(name, minutes)
        if abs(minutes - right) > 1:
            found.append(f"{name}: {minutes} minutes, the estimate gives {right:.1f}")
    return found


def core_is_an_hour_or_more(lesson):
    core = [row[1] for row, _ in split_table(lesson)[1] if row[0] == "core path"]
    return [f"a core path of {minutes} minutes" for minutes in core if not 60 <= minutes <= 90]


# Opening and closing


def opening_has_its_form(lesson):
    first, found = lesson.cells[0].source, []
    estimate = "The minutes are estimates, made as lesson 0, unit 1 tells."
    wanted = [r"\A# [A-Z][^\n]+\n\n[A-Z]", r"^\*\*After this lesson you can\*\*\n\n- [a-z].+;\n- "]
    wanted += [r"^\| unit \| minutes \| points \|\n\|---\|---:\|---:\|$"]
    wanted += [rf"^{estimate}\nThe second part can wait for another day\."] if lesson.number else []
    if lesson.number and any("Extension" in title for title in lesson.units):
        wanted.append(r"^So can the extension at the end, which is not graded\.$")
    found += [want for want in wanted if not re.search(want, first, re.MULTILINE)]
    if not any(cell.source.startswith("Run the set-up cell first.\n") for cell in lesson.cells[:2]):
        found += ["no set-up cell is announced"] if lesson.number else []
    return [f"the opening has no match for {want}" for want in found]


def second_part_is_marked(lesson):
    """Look where the core path ends, and where the second part starts."""
    sums = split_table(lesson)[1]
    if not lesson.number or len(sums) < 2:
        return []
    last, first = sums[0][1][-1][0], sums[1][1][0][0]
    ends = "\n".join(cell.source for cell in lesson.units.get(last, []))
    starts = "\n".join(cell.source for cell in lesson.units.get(first, []))
    found = [] if "\nThis ends the core path." in ends else [f"{last} does not end the core path"]
    marked = starts.startswith("\n\n*The second part starts here.*\n") or first == CLOSING_ROW
    return found + ([] if marked else [f"{first} does not start the second part"])


def closing_has_its_form(lesson):
    titles = [title for title in lesson.units if title and title not in lesson.numbered]
    shape = [title.split(":")[0] for title in titles]
    found = []
    if shape != [title for title in CLOSING if title in shape or "Extension" not in title]:
        found.append(f"the lesson closes with {titles}")
    if [*lesson.units][-len(titles) :] != titles:
        found.append("a unit comes after the closing has begun")
    practice = "".join(cell.source for cell in lesson.units.get("In practice", []))
    found += [f"nothing is said of {name}" for name in LIBRARIES if name not in practice]
    if lesson.cells[-1].source != f'scorecard("{lesson.name}")':
        found.append("the last cell is no scorecard")
    return found


def extension_tells_its_minutes(lesson):
    found = []
    for title, cells in lesson.units.items():
        if not title.startswith("Extension"):
            continue
        told = re.match(r"\s*\*About (\d+) minutes to read and run, ", cells[0].source)
        right = minutes_of(cells)
        if not told or abs(int(told[1]) - right) > 1:
            found.append(f"{title}: the estimate gives {right:.1f} minutes")
    return found


def reading_has_a_reason(lesson):
    text = "".join(cell.source for cell in lesson.units.get("Further reading", []))
    items = re.split(r"^- ", text, flags=re.MULTILINE)[1:]
    bare = [item for item in items if not re.search(r"\.\n  \S[^*]+[.?]\s*\Z", item)]
    found = [f"no reason to read {item.splitlines()[0]}" for item in bare]
    return found if items else ["nothing to read further"]


# The order of a unit


def stages_of(cells):
    """Return a unit as a text: D P I T E R F for its marks, and a c . for its code cells."""
    found = ""
    for cell in cells:
        if cell.kind == "code":
            found += cell.stage
        elif cell.role is None:
            found += "".join(re.findall(rf"(?:\A|\n\n)\s*\*\*(?=(?:{STAGES})\b)(.)", cell.source))
    return found


ORDER = {
    r"^[^DPF.]*I": "an exercise before anything is derived, predicted or shown",
    r"I(?!a)": "**Implement** without an answer cell right after it",
    r"a(?!c|T\.+c)": "an answer that is neither tried nor checked next",
    r"(?<!a)T": "**Try** without an answer cell before it",
    r"E(?!P?\.)": "**Explore** without a cell to run",
    r"(?<![.c])R": "**Read it** with nothing to read before it",
    r"E[^R]*$": "**Explore** that is never read",
    r"P[^.a]*(?:P|$)": "**Predict** that no cell answers",
}


def stages_are_in_order(lesson):
    return [
        f"{title}: {fault} in {stages_of(cells)}"
        for title, cells in lesson.numbered.items()
        for pattern, fault in ORDER.items()
        if re.search(pattern, stages_of(cells))
    ]


def functions_are_tried(lesson):
    """Look for a case worked by hand between each function and its check."""
    return [
        f"{one.key} is checked before it is tried"
        for one, following in pairwise(lesson.code)
        if one.role == "answer" and following.role == "check"
        if re.search(rf"^(def|class) {one.key}\b", one.source, re.MULTILINE)
    ]


def marks_are_spelled_alike(lesson):
    marks = re.findall(rf"^\*\*(?:{STAGES})\b[^*]*\*\*", lesson.prose, re.MULTILINE)
    wrong = [mark for mark in marks if not re.fullmatch(rf"\*\*(?:{STAGES})\.?\*\*", mark)]
    bare = re.findall(rf"^\*\*(?:{STAGES})\*\*$", lesson.prose, re.MULTILINE)
    return [f"{mark} is no mark" for mark in wrong] + [f"{mark} has no full stop" for mark in bare]


def predictions_are_graded(lesson):
    letters = [cell.key for cell in lesson.code if LETTERS.search(cell.source)]
    few = lesson.number in range(1, 6) and len(letters) < 3
    return [f"{len(letters)} questions with options: {letters}"] if few else []


def hints_fold_out(lesson):
    fold = re.compile(r"^<details><summary>[^\n]+</summary>\n\n.*?\n\n</details>$", re.M | re.S)
    found = []
    if 2 * len(fold.findall(lesson.prose)) != len(re.findall(r"</?details>", lesson.prose)):
        found.append("a fold is not opened, closed or set apart by blank lines")
    outside = re.sub(r"<details>.*?</details>", "", lesson.prose, flags=re.DOTALL)
    if re.search(r"^\W*Hint\b", outside, re.MULTILINE):
        found.append("a hint that is not folded")
    return found


# References


def references_resolve(lesson):
    """Follow "unit 3", "lesson 1, unit 5" and "lesson 1, units 5 and 8"."""
    found = []
    for match in re.finditer(rf"[Ll]esson (\d+)|[Ll]essons ({NUMBERS})", lesson.prose):
        numbers = re.findall(r"\d+", match[0])
        found += [f"{match[0]}: no lesson {each}" for each in numbers if int(each) not in POINTS]
    cited = rf"(?:[Ll]esson (\d+), )?[Uu]nits? ({NUMBERS})"
    for match in re.finditer(cited, lesson.prose):
        titles = lesson.others.get(int(match[1]), []) if match[1] else lesson.units
        known = {title.split(".")[0] for title in titles}
        numbers = set(re.findall(r"\d+", match[2]))
        found += [f"{match[0]}: no unit {each}" for each in sorted(numbers - known)]
    return found


def references_have_one_form(lesson):
    reading = "".join(cell.source for cell in lesson.units.get("Further reading", []))
    forms = {
        r"\b[Ll]essons? 0\d": "a lesson is called by its number without a zero",
        r"\bunits? [\d, and]+(?:of|in) lesson": 'it is "lesson 1, unit 5"',
        r"\blesson \d+, in unit": 'it is "lesson 1, unit 5"',
        r"(?<!their )\b(?:[Ss]ection|[Pp]art|[Cc]hapter) \d": "it is a unit",
    }
    text = lesson.prose.replace(reading, "")
    return [
        f"{match[0]}: {fault}" for form, fault in forms.items() for match in re.finditer(form, text)
    ]


# Words and symbols

WORDS = {
    r"\b\w*(?:colour|behaviour|neighbour|favour|labour)\w*": "American spelling",
    r"\b(?:\w+a[lr]|minim|maxim|memor|optim|recogn|summar)is(?:e[ds]?|ing|ations?)\b": "ize",
    r"\b(?:grey|centre[ds]?|analyse\w*|labelled|modelled|travelled)\b": "American spelling",
    r"\b(?:simply|obviously|trivial\w*)\b": "a word that shames who does not see it",
    r"\bnoisy (?:labels?|digits)\b": "they are wrong labels",
    r"\\eta\b|η": "the learning rate is α",
    r"\\mathbb\{E\}": r"the expectation is \mathrm{E}",
    r"(?<!\{),\)\$": "a shape of one axis is (n{,}) in a formula",
    r"\bS\(\w+, t\)": "the threshold is θ, since t is the budget",
}
NAMES = {
    "lam": {"lambda_", "lambd", "lamb", "lmbda", "l1", "l2", "reg", "strength"},
    "lr": {"alpha", "eta", "learning_rate", "step_size"},
    "keep_prob": {"p", "keep", "p_keep", "keep_probability", "rate"},
    "rng": {"generator", "random_state", "random"},
}


def words_are_those_of_the_course(lesson):
    prose = re.sub(r"```.*?```|`[^`]*`", "", lesson.prose, flags=re.DOTALL)
    code = "\n".join(cell.source for cell in lesson.code)
    texts = re.findall(r'""".*?"""|"[^"\n]*"|# .*', code, re.DOTALL)
    return [
        f"{match[0]}: {reason}"
        for text in (prose, *texts)
        for word, reason in WORDS.items()
        for match in re.finditer(word, text)
    ]


def parameters_have_their_names(lesson):
    """Look at the parameters of all functions that a lesson defines."""
    found = []
    for cell in lesson.code:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef):
                given = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
                for name, wrong in NAMES.items():
                    found += [f"{node.name}: {word} is {name}" for word in sorted(given & wrong)]
    return found


# Cells


def lines_of_code(source):
    """Return how many lines hold code: no blanks, comments or docstrings; a text counts as one."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    docs = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            docs |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {t.start[0] for t in tokens if t.type not in skipped and t.string}
    return len(lines - docs)


def cells_are_short(lesson):
    lengths = {cell.source.split("\n")[0]: lines_of_code(cell.source) for cell in lesson.code}
    found = [f"{lines} lines from {first}" for first, lines in lengths.items() if lines > 25]
    long = [first for first, lines in lengths.items() if lines > 15]
    if len(long) > len(lengths) / 4:
        found.append(f"{len(long)} of {len(lengths)} cells have more than 15 lines of code")
    return found


def prose_outweighs_code(lesson):
    lines = sum(lines_of_code(cell.source) for cell in lesson.code)
    ratio = words(lesson.prose) / lines
    return [f"{ratio:.1f} words for a line of code"] if ratio < 8 else []


def prose_parts_code(lesson):
    return [
        f"no prose before {after.source.splitlines()[0]}"
        for before, after in pairwise(lesson.cells)
        if before.kind == after.kind == "code" and after.role != "check"
    ]


def equations_are_few(lesson):
    row = r"(?:\$\$(?:(?!\$\$).)+\$\$\s*){4,}"
    return [f"more than three equations: {m[0][:60]}" for m in re.finditer(row, lesson.prose, re.S)]


class _Bound(ast.NodeVisitor):
    """Collect the names that a cell binds: as assigned, and as the variable of a loop."""

    def __init__(self):
        self.assigned, self.looped = set(), set()

    def visit_FunctionDef(self, node):
        self.assigned.add(node.name)

    visit_ClassDef = visit_FunctionDef

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store) and node.id != "_":
            self.assigned.add(node.id)

    def visit_alias(self, node):
        self.assigned.add((node.asname or node.name).split(".")[0])

    def visit_For(self, node):
        names = {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        self.looped |= names - {"_"}
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def _skip(self, node):
        """Leave alone what has names of its own."""

    visit_Lambda = visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _skip


def names_keep_their_meaning(lesson):
    """Look for a name that two cells bind; only the variable of a loop may serve in several."""
    found, assigned, looped = [], set(), set()
    for cell in lesson.code:
        bound = _Bound()
        bound.visit(ast.parse(cell.source))
        again = (bound.assigned & (assigned | looped)) | (bound.looped & assigned)
        found += [f"{name} again in {cell.source.splitlines()[0]}" for name in sorted(again)]
        assigned |= bound.assigned
        looped |= bound.looped
    return found


def imports_stand_at_the_top(lesson):
    """Allow others only with a live figure, and after the units, for what we compare with."""
    setup = next(cell for cell in lesson.code if cell.role is None)
    late = [cell for title, cells in lesson.units.items() for cell in cells if title[:1].isdigit()]
    found = []
    for cell in late:
        if cell.kind == "code" and cell.source != setup.source and "widgets." not in cell.source:
            lines = re.findall(r"^(?:import|from) \S+", cell.source, re.MULTILINE)
            found += [f"{line} outside the set-up cell" for line in lines]
    return found


def nothing_is_timed(lesson):
    clock = r"^\s*%%?time|\btimeit\b|\bperf_counter\b|\btime\.time\b|^import time\b"
    timed = [cell for cell in lesson.code if re.search(clock, cell.source, re.MULTILINE)]
    return [f"{cell.source.splitlines()[0]} tells the time" for cell in timed]


RULES = (
    titles_agree,
    sums_agree,
    points_agree,
    minutes_agree,
    core_is_an_hour_or_more,
    opening_has_its_form,
    second_part_is_marked,
    closing_has_its_form,
    extension_tells_its_minutes,
    reading_has_a_reason,
    stages_are_in_order,
    functions_are_tried,
    marks_are_spelled_alike,
    predictions_are_graded,
    hints_fold_out,
    references_resolve,
    references_have_one_form,
    words_are_those_of_the_course,
    parameters_have_their_names,
    cells_are_short,
    prose_outweighs_code,
    prose_parts_code,
    equations_are_few,
    names_keep_their_meaning,
    imports_stand_at_the_top,
    nothing_is_timed,
)
