"""The question on a monitor that counts evaluations without an improvement."""

import math

import numpy as np

from autograder.question import Case, Misconception, Question

BETTER = "update and best"
WAIT = "wait and should_stop"
DELTA = "ties and min_delta"
CORNERS = "the start, nan and inf"


def _cases(rng):
    def case(label, errors, patience, *min_delta, part=BETTER, driver="monitor_best"):
        names = dict(zip(("min_delta",), min_delta, strict=False))
        inputs = {"patience": patience} | names | {"errors": [float(error) for error in errors]}
        return Case(label, inputs, part, _expected(driver, inputs), driver)

    nan, inf = math.nan, math.inf
    wait = {"part": WAIT, "driver": "monitor_stop"}
    delta, corner = {"part": DELTA}, {"part": CORNERS}
    count = {"driver": "monitor_wait"}
    billionths = [2**-30, 2**-31, 3 * 2**-32]  # exact in float32, too
    return [
        case("each error is lower", [5, 4, 3], 3),
        case("up, and lower again", [5, 4, 6, 5, 3], 3),
        case("an error of 0, patience 1", [2, 0, 1, 0.5], 1),
        case("random errors", _drawn(rng), 4),
        case("lower only at first", [3, 4, 5, 6], 2, **wait),
        case("lower after a while", [5, 4, 6, 5, 3, 4], 3, **wait),
        case("patience 1", [5, 6, 4, 7], 1, **wait),
        case("lower after the stop", [3, 4, 5, 2, 4, 6], 2, **wait),
        case("the same higher error", [2, 3, 3, 3], 3, **wait),
        case("random errors: the wait", _mostly_lower(rng), 2, **wait),
        case("the same error again", [3, 3, 2, 2], 3, **delta),
        case("lower by more than min_delta or not", [4, 3.75, 3, -1, -1.25, -2], 3, 0.5, **delta),
        case("lower by min_delta exactly", [4, 3.5, 3, 2.5], 3, 0.5, **delta),
        case("lower by little, often", [2, 1.875, 1.75, 1.625, 1.5], 3, 0.25, **delta),
        case("lower by little: the wait", [2, 1.875, 1.75, 1.625], 3, 0.25, **delta | count),
        case("large errors", [400, 399, 398.25, 397], 5, 1.0, **delta),
        case("random errors, min_delta 0.5", _drawn(rng), 4, 0.5, **delta),
        case("lower by a billionth", [0.5, 0.5 - 2**-20, *billionths], 3, **delta),
        case("before the first error", [], 3, **corner | {"driver": "monitor_start"}),
        case("nan in between", [4, nan, 3, nan, 3.5], 4, **corner),
        case("nan in between: the wait", [4, 5, nan, nan, 3, nan], 4, **corner | count),
        case("nan first: the wait", [nan, 4, nan, 5], 4, **corner | count),
        case("inf first, as best is", [inf, 5], 3, **corner),
        case("a huge error first, then inf", [1e12, inf, 5], 3, **corner),
        case("random errors with nan between", _mostly_lower(rng, nan, nan), 4, **corner),
    ]


def _mostly_lower(rng, *others):
    """Return eight errors that fall, but not at each step, with the others somewhere between."""
    errors = 1 + 0.25 * np.sort(rng.choice(np.arange(1, 40), 8, replace=False))[::-1]
    order = np.argsort(np.arange(8) + 3 * rng.random(8))
    places = rng.choice(np.arange(1, 8), len(others), replace=False)
    return np.insert(errors[order], places, others).tolist()


def _drawn(rng):
    """Return errors with rises, a fall by 0.25 and falls by more than 0.5."""
    a, b, c, d = (1 + 0.25 * np.cumsum(rng.integers(3, 8, 4))[::-1]).tolist()
    return [b, a, c, c + 0.25, c - 0.25, b, d]


def _expected(driver, inputs):
    """Return what a driver reports on a right answer, from the errors alone.

    Walk back from each error to the last improvement: an error that is lower than the one of the
    improvement before it by more than `min_delta`.
    """
    errors, margin = inputs["errors"], inputs.get("min_delta", 0.0)
    better = []  # places of the improvements
    for place, error in enumerate(errors):
        goal = errors[better[-1]] - margin if better else math.inf
        better += [place] if error < goal else []
    since = [max((p for p in better if p <= place), default=-1) for place in range(len(errors))]
    wait = [place - last for place, last in enumerate(since)]
    if driver == "monitor_start":
        return {"best": math.inf, "wait": 0, "should_stop": False}
    if driver == "monitor_best":
        best = [errors[last] if last >= 0 else math.inf for last in since]
        return {"update": [count == 0 for count in wait], "best": best}
    stops = {"should_stop": [count >= inputs["patience"] for count in wait]}
    return {"wait": wait} | (stops if driver == "monitor_stop" else {})


def _monitor(
    better=lambda error, best, delta, last: error < best - delta,
    answer=lambda better, monitor: better,
    after=lambda wait, better, error: 0 if better else wait + 1,
    start=math.inf,
    first=0,
    lowered=lambda error, best, better, delta: error if better else best,
    stop=lambda monitor: monitor.wait >= monitor.patience,
):
    """Return a monitor with some of its pieces exchanged."""

    class Monitor:
        should_stop = property(stop)

        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best, self.wait, self.last, self.most = start, first, math.inf, 0

        def update(self, error):
            is_better = better(error, self.best, self.min_delta, self.last)
            self.best = lowered(error, self.best, is_better, self.min_delta)
            self.wait, self.last = after(self.wait, is_better, error), error
            self.most = max(self.most, self.wait)
            return answer(is_better, self)

    return Monitor


class _OtherNames:
    def __init__(self, patience, min_delta=0.0):
        self._best, self._wait, self._patience, self._min_delta = math.inf, 0, patience, min_delta

    def update(self, error):
        better = error < self._best - self._min_delta
        self._best, self._wait = (error, 0) if better else (self._best, self._wait + 1)
        return better

    should_stop = property(lambda self: self._wait >= self._patience)


class _StopSetInUpdate(_OtherNames):
    best = property(lambda self: self._best)
    wait = property(lambda self: self._wait)

    @property
    def should_stop(self):
        if math.isinf(self._best) and not self._wait:
            raise AttributeError("should_stop")
        return self._wait >= self._patience


class _BestIsNone(_monitor(start=None)):
    def update(self, error):
        if self.best is None or error < self.best - self.min_delta:
            self.best, self.wait = error, 0
            return True
        self.wait += 1
        return False


class _StopIsAMethod(_monitor()):
    def should_stop(self):
        return self.wait >= self.patience


def _smallest(error, best, better, delta):
    return error if error < best else best


def _goal(error, best, better, delta):
    return error - delta if better else best


_WRONG = (
    Misconception(
        "attributes under other names",
        "An attribute is missing: best, wait and should_stop are read from outside under just "
        "these names. Set them in `__init__` already, with their values before the first error.",
        _OtherNames,
    ),
    Misconception(
        "should_stop set in update only",
        "Before the first error there is no should_stop. Set it to False in `__init__`, or make it "
        "a property.",
        _StopSetInUpdate,
    ),
    Misconception(
        "should_stop is a method",
        "Your should_stop is a method: without brackets it is neither True nor False. Put "
        "`@property` above it, or set `self.should_stop` in `__init__` and in `update`.",
        _StopIsAMethod,
    ),
    Misconception(
        "ties count",
        "You take an error that equals best - min_delta for an improvement. It should be lower.",
        _monitor(lambda error, best, delta, last: error <= best - delta),
    ),
    Misconception(
        "nan counts",
        "You take nan for an improvement. Every comparison with nan is False: `error < …` is never "
        "true for it, and `not error >= …` always.",
        _monitor(lambda error, best, delta, last: not error >= best - delta),
    ),
    Misconception(
        "lower than the last",
        "You compare each error with the one before it. Compare it with the best so far.",
        _monitor(lambda error, best, delta, last: error < last - delta),
    ),
    Misconception(
        "lower than the last, and the best",
        "Your best is the lowest error, but update compares with the one before. Compare with the "
        "best so far: after 4 and 6, an error of 5 is no improvement.",
        _monitor(
            lambda error, best, delta, last: error < last - delta,
            lowered=lambda error, best, better, delta: min(best, error) if better else best,
        ),
    ),
    Misconception(
        "min_delta ignored",
        "You take any lower error for an improvement. It should be lower than the best by more "
        "than min_delta.",
        _monitor(lambda error, best, delta, last: error < best),
    ),
    Misconception(
        "min_delta added",
        "You add min_delta to the best, so that a somewhat higher error counts as better. Subtract "
        "it: `error < best - min_delta`.",
        _monitor(lambda error, best, delta, last: error < best + delta),
    ),
    Misconception(
        "min_delta relative",
        "You take min_delta as a share of the best error. Here it is a difference: "
        "`best - min_delta`.",
        _monitor(lambda error, best, delta, last: error < best * (1 - delta)),
    ),
    Misconception(
        "best follows every lower error",
        "Your best follows errors that are lower by too little to count. Many such steps are then "
        "never an improvement. Change best only where update returns True.",
        _monitor(lowered=_smallest),
    ),
    Misconception(
        "best is lower by min_delta",
        "Your best is the error less min_delta. Keep the error itself of the last improvement, and "
        "subtract min_delta only to compare.",
        _monitor(
            better=lambda error, best, delta, last: error < best,
            lowered=_goal,
        ),
    ),
    Misconception(
        "best starts as None",
        "Before the first error your best is None. It starts at inf, and then the first error "
        "needs no rule of its own.",
        _BestIsNone,
    ),
    Misconception(
        "best starts at 0",
        "Your best starts at 0, which no error is below. Start at inf, and the first error is an "
        "improvement.",
        _monitor(start=0.0),
    ),
    Misconception(
        "nothing returned",
        "Your update returns nothing. It returns True or False: whether this error is an "
        "improvement.",
        _monitor(answer=lambda better, monitor: None),
    ),
    Misconception(
        "only True returned",
        "Your update returns None where the error is no improvement. Return False there.",
        _monitor(answer=lambda better, monitor: True if better else None),
    ),
    Misconception(
        "update says whether to stop",
        "Your update returns whether to stop. That is should_stop; update returns whether the "
        "error is an improvement.",
        _monitor(answer=lambda better, monitor: monitor.wait >= monitor.patience),
    ),
    Misconception(
        "update says whether to go on",
        "Your update returns whether to go on. It returns whether this error is an improvement; "
        "when to stop is for should_stop.",
        _monitor(answer=lambda better, monitor: monitor.wait < monitor.patience),
    ),
    Misconception(
        "one evaluation late",
        "You stop one evaluation late: when wait is more than patience, or because should_stop is "
        "set before this error is counted. It is wait >= patience after the count.",
        _monitor(stop=lambda monitor: monitor.wait > monitor.patience),
    ),
    Misconception(
        "latched",
        "Your should_stop stays True after an improvement. It is always wait >= patience: with an "
        "improvement wait becomes 0, and should_stop False.",
        _monitor(stop=lambda monitor: monitor.most >= monitor.patience),
    ),
    Misconception(
        "wait never reset",
        "Your wait counts all evaluations without an improvement. It counts those since the last "
        "improvement: set it to 0 there.",
        _monitor(after=lambda wait, better, error: wait if better else wait + 1),
    ),
    Misconception(
        "wait counts every update",
        "Your wait grows by 1 with every error, even where that one is an improvement. Set it to "
        "0 there.",
        _monitor(after=lambda wait, better, error: 1 if better else wait + 1),
    ),
    Misconception(
        "wait starts at patience",
        "Your wait counts down from patience. It counts up from 0.",
        _monitor(
            first=3,
            after=lambda wait, better, error: 3 if better else wait - 1,
            stop=lambda monitor: monitor.wait <= 0,
        ),
    ),
    Misconception(
        "nan skipped",
        "You skip nan, so a training that only gives nan is never stopped. It is an evaluation "
        "without an improvement: add 1 to wait.",
        _monitor(
            after=lambda wait, better, error: (
                wait if math.isnan(error) else 0 if better else wait + 1
            )
        ),
    ),
    Misconception(
        "nan resets the wait",
        "A nan sets your wait to 0. It is an evaluation without an improvement: add 1.",
        _monitor(after=lambda wait, better, error: wait + 1 if error >= 0 and not better else 0),
    ),
)


class _Plain:
    def __init__(self, patience, min_delta=0.0):
        self.patience = patience
        self.min_delta = min_delta
        self.best = float("inf")
        self.wait = 0

    def update(self, error):
        if error < self.best - self.min_delta:
            self.best = error
            self.wait = 0
            return True
        self.wait += 1
        return False

    @property
    def should_stop(self):
        return self.wait >= self.patience


class _WithAttribute:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.wait, self.should_stop = math.inf, 0, False

    def update(self, error):
        better = bool(self.best - error > self.min_delta)
        self.best = error if better else self.best
        self.wait = 0 if better else self.wait + 1
        self.should_stop = self.wait >= self.patience
        return better


class _WithHistory:
    """Keep every error, and derive all from it."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.errors = patience, min_delta, []

    def _marks(self):
        marks = [(-1, math.inf)]
        for place, error in enumerate(self.errors):
            if error < marks[-1][1] - self.min_delta:
                marks.append((place, error))
        return marks

    best = property(lambda self: self._marks()[-1][1])
    wait = property(lambda self: len(self.errors) - 1 - self._marks()[-1][0])
    should_stop = property(lambda self: self.wait >= self.patience)

    def update(self, error):
        self.errors.append(error)
        return self.wait == 0


class _Computed:
    def __init__(self, patience, min_delta=0.0):
        self.state = {"best": math.inf, "wait": 0, "patience": patience, "delta": min_delta}

    def __getattr__(self, name):
        if name == "should_stop":
            return self.state["wait"] >= self.state["patience"]
        if name in ("best", "wait"):
            return self.state[name]
        raise AttributeError(name)

    def update(self, error):
        goal = self.state["best"] - self.state["delta"]
        if math.isnan(error) or error >= goal:
            self.state["wait"] += 1
            return False
        self.state |= {"best": error, "wait": 0}
        return True


patience_monitor = Question(
    "PatienceMonitor",
    "A patience monitor",
    _cases,
    lambda **inputs: _expected("monitor_best", inputs),
    driver="monitor_best",
    parts={BETTER: 0.4, WAIT: 0.3, DELTA: 0.15, CORNERS: 0.15},
    misconceptions=_WRONG,
    hint="Write down best and wait after each error. Where the error is lower than "
    "best - min_delta, best becomes the error and wait becomes 0; else wait grows by 1.",
    references=(_Plain, _WithAttribute, _WithHistory, _Computed),
    atol=0.0,
)

QUESTIONS = (patience_monitor,)
