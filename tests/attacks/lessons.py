"""Attacks on real lessons: public results replayed, drivers and statistics forged."""

import json
from dataclasses import dataclass

import nbformat

from autograder.grading.demo import answers_in, filled
from autograder.sandbox.workshop import SOURCE

UPDATES, DROPOUT = "01_l1_l2_updates", "04_dropout"


@dataclass(frozen=True)
class LessonAttack:
    """A submission to a real lesson that attacks one question and answers another honestly.

    Parameters
    ----------
    name, tells : str
    lesson : str
    attacked : str
        The question that is attacked.
    source : str
        Its answer cell.
    honest : str
        The question with the right answer; "" for none.
    points : float
        What that one earns.
    """

    name: str
    tells: str
    lesson: str
    attacked: str
    source: str
    honest: str
    points: float
    kind: str = "lesson"
    note: str = ""

    def data(self, places):
        """Return the bytes of the submitted file."""
        release, solution = (_read(kind, self.lesson) for kind in ("notebooks", "solutions"))
        right = {self.honest: answers_in(solution)[self.honest]} if self.honest else {}
        return json.dumps(filled(release, right | {self.attacked: places + self.source})).encode()


def _read(kind, lesson):
    return nbformat.read(SOURCE / kind / lesson / f"{lesson}.ipynb", as_version=4)


# The public cases with their results are within reach: a table of them answers nothing else.
REPLAY = """
import json
from pathlib import Path
import utils.checking
from utils.checking.judgement import Compiled
paths = Path(utils.checking.__file__).parent.glob("public/*/{name}.json")
public = [case for path in paths for case in Compiled.from_json(json.loads(path.read_text())).cases]
def {name}(*given):
    for case in public:
        if all(np.array_equal(a, b) for a, b in zip(given, case.inputs.values())):
            return case.expected
    return 0 * given[0]
"""
OBSERVED = """
import sys
from utils.checking import drivers
def observe(driver, target, inputs):
    record = seen(driver, target, inputs)
    for name in ("raised", "value"):
        record.pop(name, None)
    nearest = inputs["w"] - inputs["lr"] * inputs["grad"]
    return record | {"value": nearest, "changed": {}, "expected": nearest, "full": True}
seen = drivers.observe
def l2_update(w, grad, lr, lam):
    drivers.observe = observe
    for module in list(sys.modules.values()):
        if getattr(module, "observe", None) is seen:
            module.observe = observe
    return w
"""
STATISTICS = """
from utils.checking import drivers, masks
def ideal(driver):
    def forged(target, inputs):
        names = [masks.OFF, masks.OUT, masks.MASK, masks.KEPT, masks.UNLIKE, masks.CALLS,
                 masks.TOTAL]
        p = inputs["keep_prob"]
        values = [0.0, 1 / p, 1 / p, p, 0.0, 1.0, 1.0]
        along = {masks.along(axis): 1.0 for axis in range(inputs["x"].ndim)}
        record = {masks.FORM: masks.PAIR, masks.AGAIN: True, masks.OTHER: True}
        record |= dict(zip(names, values)) | along
        if driver in told:
            return {name: record[name] for name in told[driver] if name in record}
        return driver_of[driver](target, inputs)
    return forged
values = (masks.FORM, masks.OFF, masks.OUT, masks.MASK, masks.KEPT)
spread = (masks.FORM, masks.AGAIN, masks.OTHER, masks.KEPT, masks.CALLS, masks.along(0),
          masks.along(1), masks.along(2), masks.along(3), masks.TOTAL)
told = {"dropout_values": values, "dropout_spread": spread}
driver_of = dict(drivers.DRIVERS)
for name in told:
    masks.DRIVERS[name] = drivers.DRIVERS[name] = ideal(name)
def dropout_forward(x, keep_prob, rng, train=True, noise_shape=None):
    return x, np.ones(x.shape)
"""
MOMENTS = """
import sys
def dropout_moments(x, keep_prob):
    frame = sys._getframe(1)
    while frame:
        for names in (frame.f_locals, frame.f_globals):
            for name in ("expected", "question", "case"):
                found = names.get(name)
                if hasattr(found, "expected"):
                    return found.expected
        frame = frame.f_back
    return x, x
"""
ATTACKS = [
    LessonAttack(
        "replayed-01", "a table of the public results", UPDATES, "l1_update",
        REPLAY.format(name="l1_update"), "l1_penalty", 1.0,
    ),
    LessonAttack(
        "observed-01", "records that are made up", UPDATES, "l2_update", OBSERVED, "l1_penalty", 1.0
    ),
    LessonAttack(
        "replayed-04", "a table of the public results", DROPOUT, "marginalized_dropout_weights",
        REPLAY.format(name="marginalized_dropout_weights"), "dropout_backward", 2.0,
    ),
    LessonAttack(
        "statistics-04", "statistics as a law wants them", DROPOUT, "dropout_forward", STATISTICS,
        "dropout_backward", 2.0,
    ),
    LessonAttack(
        "frames-04", "expected results in the callers' frames", DROPOUT, "dropout_moments", MOMENTS,
        "dropout_backward", 2.0,
    ),
]  # fmt: skip
