"""The weight histogram: networks that train while you watch, with a penalty and without.

`utils.widgets.runs` trains and measures, this module draws what was measured.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from traitlets import Enum

from utils.widgets.figure import Finite, LiveFigure, button, choice, slider
from utils.widgets.recordings import load_weight_histogram
from utils.widgets.runs import BATCHES, LR, Reading, Runs, place_of
from utils.widgets.scene import Axes, Frame, Picture, Strip, mark
from utils.widgets.words import decimal, percent

VIEWS = {
    "L1, plain step": ("none", "l1"),
    "L1, proximal step": ("none", "proximal"),
    "L1, both steps": ("none", "l1", "proximal"),
    "L2": ("none", "l2"),
}
LOOKS = {
    "none": ("no penalty", "plain dashed"),
    "l1": ("L1, plain step", "l1 dotted thick"),
    "proximal": ("L1, proximal step", "l1"),
    "l2": ("L2", "l2 dashdot"),
}
WITH = {
    "none": "without a penalty",
    "l1": "with the plain L1 step",
    "proximal": "with the proximal L1 step",
    "l2": "with L2",
}
EPOCHS = 100  # play stops here; longer, the smallest weights under L2 leave the range of float32
BATCHES_A_FRAME = 4  # five epochs a second
FRAME_SECONDS = 0.04
CHUNK_SECONDS = 0.02  # on a slow machine a frame has fewer batches
REST_SECONDS = 0.005  # for messages, however slow the machine is
TALK_SECONDS = 2.0  # between two sentences while the figure trains

WIDTH, HEIGHT = 740, 352
LOWEST = 0.5  # of the log axis; a bin without a weight stands here
COUNTS = {"y": (LOWEST, 1e6), "ylog": True, "yticks": (1, 10, 100, 1000, 10_000, 100_000)}
AXES = {  # a step of the outlines is a whole number of tenths of a pixel
    "wide": Axes(
        *(52, 112, 307.8, 180),
        x=(-0.4, 0.4),
        xlabel="weight w",
        ylabel="number of weights",
        title="The weights from −0.4 to 0.4",
        **COUNTS,
    ),
    "near": Axes(
        *(424, 112, 298.9, 180),
        x=(-0.003, 0.003),
        xticks=(-0.003, -0.002, -0.001, 0, 0.001, 0.002, 0.003),
        xlabel="weight w",
        title="The same weights near 0, enlarged",
        **COUNTS,
    ),
}
COLUMNS = {  # where the numbers of the table end, in pixels
    "accuracy": ("dev accuracy", 292),
    "zeros": ("exactly 0", 410),
    "small": ("|w| < 0.001", 532),
    "norm": ("‖w‖", 606),
    "beyond": ("beyond ±0.4", 723),
}
ROW, FIRST_ROW = 18, 36


@dataclass(frozen=True)
class Scene:
    """What there is to draw at one moment.

    Attributes
    ----------
    view : str
        A key of `VIEWS`: which networks are seen.
    lam : float
    steps : int
        Batches since the start.
    readings : dict of str -> Reading
        By rule, of the networks in view.
    """

    view: str
    lam: float
    steps: int
    readings: dict[str, Reading]


def stairs(counts, axes):
    """Return the outline of counts (n_bins,) over the whole width, for a mark.

    Heights are rounded to whole pixels, which makes the data a third smaller.
    """
    heights = np.rint(axes.px(axes.x[0], np.maximum(counts, LOWEST))[:, 1])
    return [axes.left, axes.width / len(counts), *heights.tolist()]


def band(lam, axes):
    """Return the area |w| < αλ as far as the axes show it, flat."""
    x, y = min(LR * lam, axes.x[1]), axes.y
    return axes.flat([-x, x, x, -x], [y[1], y[1], y[0], y[0]])


def band_marks(lam, view):
    """Return where the band and its label are, by mark; nothing where there is no L1.

    The plain L1 step rattles a weight inside |w| < αλ forever where ∂J/∂w = g is 0; the proximal
    step makes such a weight exactly 0.
    """
    there = view != "L2"
    half = decimal(LR * lam, 2)
    if view == "L1, proximal step":
        lines = (
            f"±αλ = ±{half}: in here, where g = 0,",
            "the proximal step makes a weight exactly 0",
        )
    else:
        lines = (
            f"band ±αλ = ±{half}: where the plain L1",
            "step rattles a weight with gradient g = 0",
        )
    left, top = AXES["near"].left + 8, AXES["near"].top + 13
    return {f"band {name}": band(lam, axes) if there else None for name, axes in AXES.items()} | {
        f"band line {k}": [left, top + 14 * k, line] if there else None
        for k, line in enumerate(lines)
    }


def scene_marks(scene):
    """Return where every mark is that changes with training, by its name."""
    epoch, batch = place_of(scene.steps)
    progress = f"epoch {epoch}, batch {batch} of {BATCHES}"
    found = {"progress": [12, FIRST_ROW - ROW, progress]}
    for row, rule in enumerate(VIEWS[scene.view]):
        reading, y = scene.readings[rule], FIRST_ROW + ROW * row
        found[f"{rule} wide"] = stairs(reading.wide, AXES["wide"])
        found[f"{rule} near"] = stairs(reading.near, AXES["near"])
        for column, text in cells(reading).items():
            found[f"{rule} {column}"] = [COLUMNS[column][1], y, text]
    if "proximal" in scene.readings:
        found |= _spike(scene.readings["proximal"].zeros)
    return found


def cells(reading):
    """Return the texts of a row of the table, by column."""
    total = _total(reading)
    return {
        "accuracy": f"{100 * reading.accuracy:.0f} %",
        "zeros": _with_share(reading.zeros, total),
        "small": _with_share(reading.small, total),
        "norm": f"{reading.norm:.1f}",
        "beyond": f"{reading.beyond:,}",
    }


def _total(reading):
    return int(reading.wide.sum()) + int(reading.beyond)


def _with_share(count, total):
    return f"{count:,} ({percent(count / total)})" if count >= 0.01 * total else f"{count:,}"


def _spike(zeros):
    """Return the marks on top of the exact zeros of the proximal step."""
    x, y = AXES["near"].px(0, max(zeros, LOWEST)).tolist()
    return {
        "spike": [x, y] if zeros else None,
        "spike label": [x + 9, y + 4, f"exactly 0: {zeros:,}"] if zeros else None,
    }


def sentence(scene):
    """Say in one to three sentences what is seen."""
    if not scene.steps:
        return (
            "Before the first batch the networks are the same, and no weight is exactly 0. "
            f"{_band_words(scene)}Press play."
        )
    paying = [_SAYS[rule](scene) for rule in VIEWS[scene.view][1:]]
    accuracies = [
        f"{100 * reading.accuracy:.0f} % {WITH[rule]}" for rule, reading in scene.readings.items()
    ]
    end = " The last epoch is over: reset starts again." if scene.steps >= EPOCHS * BATCHES else ""
    epoch, _ = place_of(scene.steps)
    return f"Epoch {epoch}. {' '.join(paying)} Dev accuracy: {', '.join(accuracies)}.{end}"


def _band_words(scene):
    if scene.view == "L2":
        return ""
    return f"The band ±αλ goes from −{decimal(LR * scene.lam, 2)} to {decimal(LR * scene.lam, 2)}. "


def _say_plain(scene):
    reading = scene.readings["l1"]
    inside = percent(reading.inside / _total(reading))
    return (
        f"Plain L1 step: {_amount(reading.zeros)} exactly 0; "
        f"{inside} lie inside the band ±αλ = ±{decimal(LR * scene.lam, 2)}."
    )


def _say_proximal(scene):
    reading = scene.readings["proximal"]
    share = percent(reading.zeros / _total(reading))
    return f"Proximal L1 step: {_amount(reading.zeros)} exactly 0, {share} of all."


def _say_l2(scene):
    held, free = scene.readings["l2"], scene.readings["none"]
    return (
        f"L2: {_amount(held.zeros)} exactly 0; the norm is {held.norm:.1f}, "
        f"without a penalty {free.norm:.1f}."
    )


_ALT = {
    "none": "Without a penalty they stay a wide bell.",
    "l1": "Under the plain L1 step they form a peak that fills the band ±αλ; "
    "next to none is exactly 0.",
    "proximal": "Under the proximal L1 step most become exactly 0, a spike.",
    "l2": "Under L2 all draw together to a narrower bell, and none is exactly 0.",
}
_SAYS = {"l1": _say_plain, "proximal": _say_proximal, "l2": _say_l2}


def _amount(count):
    if count == 0:
        return "no weight is"
    return "1 weight is" if count == 1 else f"{count:,} weights are"


def fixed_marks(view):
    """Return what does not change with training: axes, table heads, the key of the outlines."""
    drawn = [*AXES["wide"].marks("wide"), *AXES["near"].marks("near")]
    for column, (title, x) in COLUMNS.items():
        drawn.append(mark(f"head {column}", "text", "muted small end", [x, FIRST_ROW - ROW, title]))
    for row, rule in enumerate(VIEWS[view]):
        (name, look), y = LOOKS[rule], FIRST_ROW + ROW * row
        drawn.append(mark(f"{rule} key", "line", look, [12, y - 4, 46, y - 4]))
        drawn.append(mark(f"{rule} name", "text", "ink", [54, y, name]))
    return drawn


def moving_marks(view):
    """Return the marks that training and λ move, without their places."""
    styles = {"band wide": ("area", "l1 fill"), "band near": ("area", "l1 fill")}
    for rule in VIEWS[view]:
        styles |= {f"{rule} {panel}": ("stairs", LOOKS[rule][1]) for panel in AXES}
        styles |= {f"{rule} {column}": ("text", "ink end") for column in COLUMNS}
    styles |= {f"band line {k}": ("text", "ink small") for k in range(2)}
    if "proximal" in VIEWS[view]:
        styles |= {"spike": ("dots", "l1 diamond"), "spike label": ("text", "ink small")}
    styles["progress"] = ("text", "ink bold")
    return {name: mark(name, kind, style) for name, (kind, style) in styles.items()}


def picture_of(scene, strips):
    """Return the picture of a scene, with the strips of a slider."""
    places = scene_marks(scene) | band_marks(scene.lam, scene.view)
    moving = moving_marks(scene.view)
    drawn = [moving[name] | {"at": places.get(name)} for name in moving]
    return Picture(
        WIDTH, HEIGHT, [*fixed_marks(scene.view), *drawn], strips=strips, says=sentence(scene)
    )


def band_strip(lams, view):
    """Return the strip of the λ slider: the band alone, for training is up to the kernel."""
    each = [band_marks(lam, view) for lam in lams]
    return Strip(np.asarray(lams), {name: [at[name] for at in each] for name in each[0]})


def recorded_picture(recording, view, lam):
    """Return the picture of a recorded run, with a strip for the epochs."""
    scenes = [
        Scene(
            view,
            lam,
            int(epoch) * BATCHES,
            {rule: recording.reading(lam, rule, epoch) for rule in VIEWS[view]},
        )
        for epoch in recording.epochs
    ]
    each = [scene_marks(scene) for scene in scenes]
    strip = Strip(
        recording.epochs,
        {name: [at[name] for at in each] for name in each[0]},
        says=[sentence(scene) for scene in scenes],
    )
    return picture_of(scenes[0], {"recorded_epoch": strip})


class WeightHistogram(LiveFigure):
    """Networks in training: how a penalty and its strength λ change all weights.

    Four networks start alike and see the same batches: one without a penalty, and one each under
    the plain L1 step, the proximal L1 step and L2. `penalty` says which of them are seen. Training
    runs in the kernel, a few batches at a time, and leaves it free for everything else.

    Parameters
    ----------
    seed : int
        Decides on digits, wrong labels, first weights and order, as in `Runs`.
    lam : float
        The strength λ ≥ 0; a new one holds from the next batch on.
    penalty : str
        A key of `VIEWS`.

    Examples
    --------
    >>> figure = WeightHistogram(lam=0.01, penalty="L2")
    >>> figure.step()
    >>> figure.steps, figure.playing
    (1, False)
    """

    lam = Finite(0.0025, min=0.0, max=1000.0).tag(sync=True)
    penalty = Enum(list(VIEWS), "L1, both steps").tag(sync=True)
    recorded_epoch = Finite(40.0).tag(sync=True)

    label = "Histograms of the weights of networks in training"
    controls = (
        choice("penalty", "penalty", VIEWS),
        slider("lam", "strength λ", low=1e-4, high=1e-1, steps=60, log=True),
        slider("recorded_epoch", "epoch", recorded=True),
        button("play", "play"),
        button("pause", "pause"),
        button("step", "step"),
        button("reset", "reset"),
    )

    _in_training: ClassVar[set] = set()
    _task = None

    def __init__(self, seed=0, **values):
        for figure in list(WeightHistogram._in_training):
            figure.pause()  # most likely the cell was run again
        self._runs = Runs(seed)
        self._said, self._said_at = "", 0.0
        super().__init__(**values)
        self.observe(self._say_move, ["lam", "penalty"])  # after what the base does

    @property
    def steps(self):
        """Return the number of batches since the start."""
        return self._runs.steps

    @property
    def playing(self):
        """Say whether the networks are in training."""
        return self._task is not None and not self._task.done()

    def scene(self):
        """Measure the networks in view."""
        readings = {rule: self._runs.read(rule, self.lam) for rule in VIEWS[self.penalty]}
        return Scene(self.penalty, self.lam, self.steps, readings)

    def picture(self):
        """Return the picture of the present moment."""
        lams = next(control["values"] for control in self.controls if control["name"] == "lam")
        return picture_of(self.scene(), {"lam": band_strip(lams, self.penalty)})

    def alt(self):
        """Return what the still picture shows."""
        seen = " ".join(_ALT[rule] for rule in VIEWS[self.penalty])
        return (
            "Two histograms of the weights of networks in training, counts on a log axis: "
            f"all weights, and those near 0. {seen}"
        )

    def recording(self):
        """Return the recorded runs, for a page without a kernel, the present view first."""
        recording = load_weight_histogram()
        views = sorted(VIEWS, key=lambda view: view != self.penalty)
        lams = sorted(recording.lams.tolist(), key=lambda lam: abs(np.log(lam / 0.0025)))
        return [
            (
                {"penalty": view, "lam": lam, "recorded_epoch": self.recorded_epoch},
                recorded_picture(recording, view, lam).plain(),
            )
            for view in views
            for lam in lams
        ]

    def pressed(self, name):
        """Do what the button says."""
        {"play": self.play, "pause": self.pause, "step": self.step, "reset": self.reset}[name]()

    def play(self):
        """Train in the background until the last epoch, `pause` or `reset`.

        Raises
        ------
        RuntimeError
            Where no event loop runs, as outside of Jupyter.
        """
        if not self.playing:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError as error:
                raise RuntimeError(
                    "play trains in the background of a Jupyter kernel, and this is none; "
                    "step(100) trains on 100 batches at once"
                ) from error
            self._task = loop.create_task(self._train())
            WeightHistogram._in_training.add(self)

    def pause(self):
        """Stop training, and keep what was reached."""
        self._stop()
        self._show()

    def step(self, n=1):
        """Train on the next n batches, and then pause."""
        self._advance(n, seconds=np.inf)
        self.pause()

    def reset(self):
        """Pause, and go back to the start."""
        self._runs.reset()
        self._problem = ""
        self.pause()

    def close(self):
        """End the training and the figure."""
        self._stop()
        super().close()

    async def _train(self):
        try:
            while self.steps < EPOCHS * BATCHES:
                began = time.perf_counter()
                with self.guarded():
                    self._advance(BATCHES_A_FRAME)
                    self._show(talk=time.monotonic() - self._said_at > TALK_SECONDS)
                if self._problem:
                    return
                spent = time.perf_counter() - began
                await asyncio.sleep(max(REST_SECONDS, FRAME_SECONDS - spent))
            self._show()
        finally:
            if self._task is asyncio.current_task():  # not one that was started since
                self._end()

    def _advance(self, n, seconds=CHUNK_SECONDS):
        """Train on n batches, or as many as the time and the last epoch leave room for."""
        deadline = time.perf_counter() + seconds
        for _ in range(min(n, EPOCHS * BATCHES - self.steps)):
            self._runs.advance(self.lam)
            if time.perf_counter() > deadline:
                break

    def _stop(self):
        if self.playing:
            self._task.cancel()
        self._end()

    def _end(self):
        self._task = None
        WeightHistogram._in_training.discard(self)

    def _show(self, talk=True):
        """Stream the present moment; a new sentence only if `talk`, for it is read aloud."""
        scene = self.scene()
        if talk:
            self._said, self._said_at = sentence(scene), time.monotonic()
        moved = scene_marks(scene) | self._moved_band()
        self.stream(Frame(moved, says=self._said))

    def _moved_band(self):
        """Return the band for a λ between the slider's positions; at those the browser has it."""
        positions = np.array(self._picture["strips"]["lam"]["values"])
        between = not np.isclose(positions, self.lam, rtol=1e-5, atol=0).any()
        return band_marks(self.lam, self.penalty) if between else {}

    def _say_move(self, change):
        if self.playing:
            self._said_at = -np.inf  # the next frame shows it and says so
        else:
            with self.guarded():
                self._show()
