"""The live figure "early stopping": where a patience stops a training, on recorded dev errors."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from traitlets import Enum, Int

from utils.widgets.figure import LiveFigure, slider
from utils.widgets.recordings import load_stopping_curves
from utils.widgets.scene import Axes, Frame, Picture, Strip, mark

PERIODS = (1, 2, 5, 10, 20, 50, 100)
PATIENCES = np.array(
    [
        *(1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100, 120),
        *(150, 200, 250, 300, 350, 400, 500, 600, 800, 1000),
    ]
)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4)
IN_A_PAGE = (0.0, 0.2, 0.4)  # without a kernel, beside the present one

WIDTH, HEIGHT = 740, 366
PLOT = Axes(
    *(46, 106, 600, 220),
    x=(0, 1000),
    y=(0, 70),
    xlabel="training step",
    yticks=range(0, 70, 10),
)
FIRST_ROW, ROW = 36, 18
COLUMNS = {  # where the numbers of the table end, in pixels
    "step": ("step", 250),
    "train": ("train error", 360),
    "dev": ("dev error", 470),
    "test": ("test error", 580),
}
ROWS = {"kept": tuple(COLUMNS), "last": ("step", "dev"), "lowest": ("step", "dev")}
LABEL_ROWS = (120, 135, 155, 170)  # of best step, wait, stop and later minimum: they never meet


def measured(errors, eval_freq):
    """Return the steps eval_freq, 2·eval_freq, … and the errors after them.

    Parameters
    ----------
    errors : (n_steps + 1,) array
        Entry k is the error after step k.
    eval_freq : int

    Returns
    -------
    steps : (n,) int array
    errors : (n,) array

    Examples
    --------
    >>> steps, seen = measured(np.array([0.9, 0.5, 0.4, 0.3, 0.2, 0.1]), 2)
    >>> steps.tolist(), seen.tolist()
    ([2, 4], [0.4, 0.2])
    """
    steps = np.arange(eval_freq, len(errors), eval_freq)
    return steps, np.asarray(errors)[steps]


def ends(steps, errors, patiences):
    """Return what each patience keeps, and where it ends the training.

    An evaluation is better if its error is strictly lower than all before. The training ends at the
    first evaluation with step − best step ≥ patience.

    Parameters
    ----------
    steps : (n,) int array
        When the error was measured, increasing.
    errors : (n,) array
    patiences : (m,) int array
        In training steps.

    Returns
    -------
    best, stop : (m,) int arrays
        Places in `steps`; `stop` is −1 where no evaluation ends the training, and `best` is then
        the best of all.

    Examples
    --------
    >>> steps, errors = np.array([10, 20, 30, 40, 50]), np.array([3, 2, 2, 4, 1])
    >>> best, stop = ends(steps, errors, np.array([10, 20, 30]))
    >>> steps[best].tolist(), stop.tolist()
    ([20, 20, 50], [2, 3, -1])
    """
    before = np.minimum.accumulate([np.inf, *errors[:-1]])
    best = np.maximum.accumulate(np.where(errors < before, np.arange(len(steps)), 0))
    over = steps - steps[best] >= np.asarray(patiences)[:, None]
    stop = np.where(over.any(axis=1), over.argmax(axis=1), -1)
    return best[stop], stop


@dataclass(frozen=True)
class Course:
    """A recorded training with evaluations every `eval_freq` steps."""

    noise: float
    eval_freq: int

    @cached_property
    def errors(self):
        """Return the recorded errors by "train", "dev" and "test", each (n_steps + 1,)."""
        curves = _curves()
        place = int(np.abs(curves.shares - self.noise).argmin())
        return {name: getattr(curves, name)[place] for name in ("train", "dev", "test")}

    @cached_property
    def evaluations(self):
        """Return steps and dev errors of all evaluations, each (n,)."""
        return measured(self.errors["dev"], self.eval_freq)

    @property
    def last(self):
        """Return the last recorded step."""
        return len(self.errors["dev"]) - 1

    @property
    def lowest(self):
        """Return the first step with the lowest dev error of all evaluations."""
        steps, errors = self.evaluations
        return int(steps[errors.argmin()])

    def outcomes(self, patiences):
        """Return an `Outcome` for each of some patiences (n,)."""
        steps, errors = self.evaluations
        best, stop = ends(steps, errors, patiences)
        return [
            Outcome(self, int(patience), int(steps[kept]), int(steps[end]) if end >= 0 else None)
            for patience, kept, end in zip(patiences, best, stop, strict=True)
        ]


@dataclass(frozen=True)
class Outcome:
    """What a patience makes of a training: the step it keeps, and the step it stops at, or None."""

    course: Course
    stop_wait: int
    best: int
    stop: int | None

    @property
    def end(self):
        """Return the last step of the training."""
        return self.course.last if self.stop is None else self.stop

    @property
    def wasted(self):
        """Return the steps after the one that is kept."""
        return self.end - self.best

    @property
    def missed(self):
        """Return the step of a lower dev error that comes after the stop, or None."""
        dev, lowest = self.course.errors["dev"], self.course.lowest
        return lowest if dev[lowest] < dev[self.best] else None


@cache
def _curves():
    return load_stopping_curves()


# ---- what is said


def rate(error):
    """Return an error as text in percent, with one digit after the point.

    >>> rate(0.208), rate(0.0)
    ('20.8 %', '0.0 %')
    """
    return f"{100 * error:.1f} %"


def steps_of(count):
    """Return a number of steps in words.

    >>> steps_of(1), steps_of(1000)
    ('1 step', '1,000 steps')
    """
    return f"{count:,} step{'' if count == 1 else 's'}"


def sentence(outcome):
    """Say in two to four short sentences what is seen."""
    course, errors = outcome.course, outcome.course.errors
    dev, test = rate(errors["dev"][outcome.best]), rate(errors["test"][outcome.best])
    if outcome.stop is None:
        return (
            f"Not stopped by step {course.last:,}, where the recording ends. Best so far is step "
            f"{outcome.best:,}: dev error {dev}, {_says_gap(outcome)}. Test error {test}."
        )
    return (
        f"Stops at step {outcome.stop:,}, keeps the weights of step {outcome.best:,}: "
        f"dev error {dev}, {_says_gap(outcome)}. "
        f"{steps_of(outcome.wasted)} wasted. Test error {test}.{_says_hasty(outcome)}"
    )


def _says_gap(outcome):
    if outcome.missed is None:
        return "the lowest of all evaluations"
    dev = outcome.course.errors["dev"]
    points = f"{100 * (dev[outcome.best] - dev[outcome.missed]):.1f}"
    unit = "point" if points == "1.0" else "points"
    return f"{points} {unit} above the lowest, of step {outcome.missed:,}"


def _says_hasty(outcome):
    if outcome.stop_wait > outcome.course.eval_freq:
        return ""
    return " The first evaluation that is not better ends it."


# ---- what is drawn


def across(steps):
    """Return where steps are, in pixels."""
    return PLOT.px(steps, 0)[..., 0]


def stairs(errors, every=1):
    """Return the outline of the errors after each step from 1 on, for a mark, in whole pixels.

    Of every `every` steps, only the last is drawn.
    """
    shown = errors[every::every]
    heights = np.rint(PLOT.px(0, 100 * shown)[:, 1])
    return [float(across(every / 2)), every * PLOT.width / PLOT.x[1], *heights.tolist()]


def curve_marks(course):
    """Return what no patience changes: the recorded errors and their names."""
    drawn = [_curve("train error", "train thin", stairs(course.errors["train"], 5))]
    if course.eval_freq == 1:
        drawn.append(_curve("dev error", "dev thin", stairs(course.errors["dev"])))
    else:
        steps, errors = course.evaluations
        points = np.rint(PLOT.px(steps, 100 * errors)).ravel().tolist()
        all_steps = stairs(course.errors["dev"], 5)
        drawn.append(_curve("dev all the time", "dev thin faint decor", all_steps))
        drawn.append(mark("dev error", "line", "dev", points, PLOT.clip))
        if course.eval_freq >= 20:  # closer, they would hide the line
            drawn.append(mark("evaluations", "dots", "dev square small", points, PLOT.clip))
    drawn.append(mark("lowest", "dots", KEYS["lowest"], _point(course, course.lowest)))
    for name in ("train", "dev"):
        x, y = PLOT.px(course.last, 100 * course.errors[name][-1]).tolist()
        drawn.append(mark(f"{name} label", "text", "ink", [x + 8, y + 4, f"{name} error"]))
    return drawn


def _curve(name, style, at):
    return mark(name, "stairs", style, at, PLOT.clip)


def moving_marks(outcome):
    """Return where every mark is that the patience moves, by its name."""
    return {
        "wait": _column(outcome.best, outcome.end),
        "not trained": _column(outcome.end, outcome.course.last),
        "kept line": _upright(outcome.best),
        "stop line": _upright(outcome.stop),
        "patience": _span(outcome.best, outcome.stop_wait),
        "kept": _point(outcome.course, outcome.best),
        **_labels(outcome),
        **_row(outcome.course, "kept", outcome.best),
        **_row(outcome.course, "last", outcome.end),
    }


def _point(course, step):
    return np.rint(PLOT.px(step, 100 * course.errors["dev"][step])).tolist()


def _column(first, last):
    """Return the area between two steps, nothing where they are the same."""
    low, high = PLOT.y
    area = PLOT.px([first, last, last, first], [low, low, high, high])
    return np.rint(area).ravel().tolist() if first < last else None


def _upright(step):
    return None if step is None else np.rint(PLOT.px([step] * 2, PLOT.y)).ravel().tolist()


def _span(first, steps):
    """Return a bar as long as the patience, as far as the axes go."""
    left, right = across(np.array([first, first + steps])).tolist()
    y = LABEL_ROWS[1] + 6
    return [left, y, min(right, PLOT.left + PLOT.width), y]


def _labels(outcome):
    """Return the texts above the curve, each in a row of its own and inside the axes."""
    best, end = np.rint(across(np.array([outcome.best, outcome.end]))).tolist()
    left, right = PLOT.left, PLOT.left + PLOT.width
    row = dict(zip(("kept", "wait", "stop", "missed"), LABEL_ROWS, strict=True))
    middle = float(np.clip((best + end) // 2, left + 62, right - 80))
    waited = f"{steps_of(outcome.wasted)} wasted"
    if outcome.stop is None:
        waited = f"waited {outcome.wasted:,} of {steps_of(outcome.stop_wait)}"
    found = {
        "kept label": [max(best - 6, left + 104), row["kept"], f"kept: step {outcome.best:,}"],
        "wait label": [middle, row["wait"], waited],
    }
    room = outcome.stop is not None and right - end >= 112
    stop = [min(end + 6, right - 98), row["stop"], f"stop: step {outcome.end:,}"]
    found["stop label"] = None if outcome.stop is None else stop
    found["not trained label"] = [(end + right) // 2, row["kept"], "not trained"] if room else None
    found["missed label"] = None
    if outcome.missed is not None:
        x = min(round(float(across(outcome.missed))) + 6, right - 110)
        found["missed label"] = [x, row["missed"], f"missed: step {outcome.missed:,}"]
    return found


def _row(course, row, step):
    """Return the numbers of a row. The test error is looked at only for what is given back."""
    texts = {"step": f"{step:,}"}
    texts |= {name: rate(errors[step]) for name, errors in course.errors.items()}
    y = FIRST_ROW + ROW * list(ROWS).index(row)
    return {f"{row} {column}": [COLUMNS[column][1], y, texts[column]] for column in ROWS[row]}


KEYS = {"kept": "ink diamond big", "lowest": "dev ring big"}
SHADES = {"wait": ("area", "dev fill"), "not trained": ("area", "plain fill")}
MOVING = {
    "kept line": ("line", "ink thin dotted"),
    "stop line": ("line", "ink"),
    "patience": ("line", "ink thick"),
    "kept": ("dots", KEYS["kept"]),
    "kept label": ("text", "ink bold end"),
    "wait label": ("text", "ink middle"),
    "stop label": ("text", "ink bold start"),
    "missed label": ("text", "ink start"),
    "not trained label": ("text", "muted middle"),
    **{f"{row} {column}": ("text", "ink end") for row in ("kept", "last") for column in ROWS[row]},
}


def picture_of(course, strip, shows):
    """Return the picture of a course, with the strip of the patience."""
    shades = [mark(name, *style) for name, style in SHADES.items()]
    moving = [mark(name, *style) for name, style in MOVING.items()]
    drawn = [*shades, *_table(course), *PLOT.marks("plot"), *curve_marks(course), *moving]
    return Picture(WIDTH, HEIGHT, drawn, {"stop_wait": strip}, shows=shows)


def _table(course):
    """Return what no patience changes: heads, names and keys of the rows, and the last row."""
    drawn = [
        mark(f"head {name}", "text", "muted small end", [x, FIRST_ROW - ROW, title])
        for name, (title, x) in COLUMNS.items()
    ]
    names = ("given back", "last step", "lowest of all evaluations")
    for place, (row, name) in enumerate(zip(ROWS, names, strict=True)):
        y = FIRST_ROW + ROW * place
        drawn.append(mark(f"{row} name", "text", "ink", [30, y, name]))
        if row in KEYS:
            drawn.append(mark(f"{row} key", "dots", KEYS[row], [17, y - 4]))
    for name, at in _row(course, "lowest", course.lowest).items():
        drawn.append(mark(name, "text", "ink end", at))
    return [*drawn, mark("unit", "text", "ink", [12, PLOT.top - 10, "error in %"])]


class EarlyStoppingCurve(LiveFigure):
    """The stopping point on a recorded dev curve, for a patience, a period and a share of noise.

    A network learned 1,000 steps on 400 digits; its errors after each step are kept as data. The
    rule is that of lesson 05: evaluate every `eval_freq` steps, count strictly lower dev errors as
    better, and stop at the first evaluation `stop_wait` or more steps after the best one.

    Parameters
    ----------
    stop_wait : int
        The patience, in training steps, 1 or more.
    eval_freq : int
        Training steps from one evaluation to the next, 1 to 500.
    noise : float
        The share of wrong labels among the 400: 0, 0.1, 0.2, 0.3 or 0.4.

    Examples
    --------
    >>> figure = EarlyStoppingCurve(stop_wait=40, eval_freq=20, noise=0.4)
    >>> figure.outcome().best, figure.outcome().stop
    (160, 200)
    """

    stop_wait = Int(100, min=1).tag(sync=True)
    eval_freq = Int(10, min=1, max=500).tag(sync=True)
    noise = Enum(SHARES, 0.2).tag(sync=True)

    label = "Train and dev error of a network against the training step, and where it stops"
    controls = (
        slider("stop_wait", "patience stop_wait"),
        slider("eval_freq", "period eval_freq") | {"values": list(PERIODS)},
        slider("noise", "noise: wrong labels", low=0, high=0.4, step=0.1),
    )

    def course(self):
        """Return the recorded training in view."""
        return Course(self.noise, self.eval_freq)

    def outcome(self):
        """Return what the present patience makes of it."""
        return self.course().outcomes([self.stop_wait])[0]

    def picture(self):
        """Return the picture with a frame for each patience."""
        course = self.course()
        outcomes = course.outcomes(PATIENCES)
        each = [moving_marks(outcome) for outcome in outcomes]
        strip = Strip(
            PATIENCES,
            {name: [at[name] for at in each] for name in each[0]},
            shows={"stop_wait": [steps_of(outcome.stop_wait) for outcome in outcomes]},
            says=[sentence(outcome) for outcome in outcomes],
        )
        shows = {"eval_freq": steps_of(self.eval_freq), "noise": f"{100 * self.noise:.0f} %"}
        return picture_of(course, strip, shows)

    def frame(self):
        """Return the frame for a patience between those of the strip."""
        if self.stop_wait in PATIENCES:
            return None
        outcome = self.outcome()
        shows = {"stop_wait": steps_of(self.stop_wait)}
        return Frame(moving_marks(outcome), shows=shows, says=sentence(outcome))

    def alt(self):
        """Return what the still picture shows."""
        course = self.course()
        train, dev = course.errors["train"], course.errors["dev"]
        return (
            f"Train and dev error over {course.last:,} steps on 400 digits, "
            f"{100 * self.noise:.0f} % of the labels wrong. The train error falls to "
            f"{rate(train[-1])}; the dev error falls to {rate(dev[course.lowest])} and ends "
            f"at {rate(dev[-1])}. {sentence(self.outcome())}"
        )

    def variants(self):
        """Return other shares of wrong labels."""
        return [{"noise": share} for share in IN_A_PAGE if share != self.noise]
