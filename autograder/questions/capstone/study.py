"""What each way to lesson 06 reaches on many hidden tasks: on this the tiers rest.

    python -m autograder.questions.capstone.study          # go on where the study was
    python -m autograder.questions.capstone.study --show   # the table only

The results lie in `study.json`, an accuracy for each way and seed. A study that was stopped goes
on; one of another task starts anew. Its seeds are not those of any class.
"""

import argparse
import hashlib
import io
import json
import math
import sys
import time
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from statistics import NormalDist, mean, stdev

import numpy as np
from threadpoolctl import threadpool_limits

from autograder.grading.progress import Progress
from autograder.grading.verdict import write_atomically
from autograder.questions.capstone import rivals
from autograder.questions.capstone.task import TIERS, make_task
from autograder.solutions import functions_of

RESULTS = Path(__file__).with_name("study.json")
LESSON = "06_capstone"
MANY, SOME = 50, 20  # seeds
FIRST = 1_000  # of the seeds
LAM = {"l1": 1e-3, "l2": 0.01}  # alone
WEAK = {"l1": 1e-4, "l2": 1e-3}  # together with others
WIDE = (784, 300, 10)
AD = ("augmentation", "dropout")

NAIVE = {
    "none": rivals.mixed(),
    "none, on train and dev": rivals.with_dev(steps=3_200),  # 200 epochs, like none
    "none, on dev": rivals.on_dev,
    "none, 400 units": rivals.mixed(size=(784, 400, 10)),
    "none, two hidden layers": rivals.mixed(size=(784, 100, 100, 10)),
    "none, 6,000 steps": rivals.mixed(steps=6_000),
    "none, Adam": rivals.with_adam,
}
MIXES = {
    "l1": rivals.mixed("l1", lam=LAM),
    "l2": rivals.mixed("l2", lam=LAM),
    "augmentation": rivals.mixed("augmentation"),
    "dropout": rivals.mixed("dropout"),
    "early_stopping": rivals.mixed("early_stopping"),
    "l2 + dropout": rivals.mixed("l2", "dropout", lam=LAM),
    "l2 + augmentation": rivals.mixed("l2", "augmentation", lam=LAM),
    "augmentation + early_stopping": rivals.mixed("augmentation", "early_stopping"),
    "dropout + early_stopping": rivals.mixed("dropout", "early_stopping"),
    "augmentation + dropout": rivals.mixed(*AD),
    "augmentation + dropout + early_stopping": rivals.mixed(*AD, "early_stopping"),
    "all five": rivals.mixed("l1", "l2", *AD, "early_stopping", lam=WEAK),
    "augmentation + dropout, 300 units": rivals.mixed(*AD, size=WIDE),
    "augmentation + dropout, 300 units, on train and dev": rivals.with_dev(*AD, size=WIDE),
    "tuned mix": rivals.on_all(rivals.tuned),
}
OTHERS = {
    "none, 200 steps": rivals.mixed(steps=200),
    "none, on train and dev, 125 epochs": rivals.with_dev(),  # not all labels by heart yet
    "none, average of 5": rivals.averaged(),
    "nearest neighbor": rivals.fitted("nearest neighbor"),
    "15 nearest neighbors": rivals.fitted("15 nearest neighbors"),
    "logistic regression, C = 0.01": rivals.fitted("logistic regression, C = 0.01"),
    "support vectors": rivals.fitted("support vectors"),
    "random forest": rivals.fitted("random forest"),
    "table of all digits": rivals.looked_up([(0, False)]),
    "table of all digits, 8 symmetries": rivals.looked_up(rivals.SYMMETRIES),
    "table of all digits, 72 turns": rivals.looked_up(rivals.ALL_ANGLES),
    "trained network, 72 turns": rivals.brought(rivals.ALL_ANGLES),
    "trained network, 72 turns, trained further": rivals.tuned_further(rivals.ALL_ANGLES),
    "trained network, 72 turns, augmentation + dropout": rivals.tuned_further(
        rivals.ALL_ANGLES, *AD
    ),
}
REFERENCE = "the lesson's answer"


def ways():
    """Return each way as {name: (answer, number of seeds)}, what matters most first."""
    reference = {REFERENCE: rivals.on_all(_lessons)} if _lessons_answer() else {}
    groups = ((NAIVE | MIXES | reference, MANY), (OTHERS, SOME))
    return {name: (answer, seeds) for group, seeds in groups for name, answer in group.items()}


@cache
def _lessons_answer():
    try:
        return functions_of(LESSON).get("train_regularized")
    except FileNotFoundError:
        return None


def _lessons(*data):
    return _lessons_answer()(*data)


def accuracy(answer, seed):
    """Return what a way reaches on the task of one seed, rounded, and the seconds it took."""
    task = make_task(np.random.default_rng(seed))
    start = time.process_time()
    with redirect_stdout(io.StringIO()), threadpool_limits(limits=1, user_api="blas"):
        predicted = answer(task, np.random.default_rng([seed, 1]))
    seconds = time.process_time() - start
    return round(float(np.mean(predicted == task.Y_test)), 4), seconds


@cache
def fingerprint():
    """Return a digest of the task, by which results of another task are known."""
    task = make_task(np.random.default_rng(FIRST))
    parts = (task.X_train, task.Y_train, task.X_dev, task.Y_dev, task.X_test, task.Y_test)
    whole = [np.rint(part * 255).astype(np.int32).tobytes() for part in parts]
    return hashlib.sha256(b"".join(whole)).hexdigest()[:16]


def read(path=RESULTS):
    """Return {name: {"seconds": mean, "accuracy": [one a seed]}}, of the present task only."""
    try:
        kept = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return kept["ways"] if kept["task"] == fingerprint() else {}


def run(path=RESULTS):
    """Go on with the study until each way has met its seeds."""
    found, known, mark = read(path), ways(), fingerprint()
    found = {name: found[name] for name in known if name in found}
    left = [
        (seed, name)
        for name, (_, seeds) in known.items()
        for seed in range(len(found.get(name, {}).get("accuracy", ())), seeds)
    ]
    with Progress("trained", len(left)) as progress:
        for seed, name in sorted(left, key=lambda each: each[0]):
            reached, seconds = accuracy(known[name][0], FIRST + seed)
            _add(found.setdefault(name, {"seconds": 0.0, "accuracy": []}), reached, seconds)
            write_atomically(path, _text(mark, {n: found[n] for n in known if n in found}))
            progress.step()
    return found


def _add(row, reached, seconds):
    n = len(row["accuracy"])
    row["seconds"] = round((n * row["seconds"] + seconds) / (n + 1), 2)
    row["accuracy"].append(reached)


def _text(mark, found):
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in found.items())
    return f'{{"task": "{mark}", "first_seed": {FIRST}, "ways": {{\n{lines}\n}}}}\n'


def summary(row):
    """Return mean, sd, min and max of a way, and of each tier the share that reaches it."""
    reached = row["accuracy"]
    shares = {
        tier: sum(a >= least for a in reached) / len(reached) for tier, least in TIERS.items()
    }
    spread = {"mean": mean(reached), "sd": stdev(reached), "min": min(reached), "max": max(reached)}
    return spread | {"seeds": len(reached), "seconds": row["seconds"], "shares": shares}


def false_award(row, tier):
    """Return how often a way is given a tier on one task, by the normal tail of its spread.

    For a way whose mean lies below the tier that is the chance of a false award.
    """
    found = summary(row)
    return 1 - NormalDist(found["mean"], found["sd"]).cdf(TIERS[tier])


def bound(seeds, confidence=0.95):
    """Return the upper confidence bound of a chance of which nothing was seen.

    >>> round(bound(50), 3)  # 0 of 50
    0.058
    """
    return 1 - (1 - confidence) ** (1 / seeds)


def guessed(tier, n_test=2_000):
    """Return log10 of a bound on the chance that a guess of each label reaches a tier (Chernoff).

    >>> guessed(min(TIERS, key=TIERS.get)) < -300
    True
    """
    least, p = TIERS[tier], 0.1
    apart = least * math.log(least / p) + (1 - least) * math.log((1 - least) / (1 - p))
    return -n_test * apart / math.log(10)


def table(found):
    """Return the study as lines of text."""
    head = f"{'way':52s} mean   sd    min    max    s    " + "  ".join(f"{t:>6s}" for t in TIERS)
    lines = [head]
    for name, row in found.items():
        if len(row["accuracy"]) > 1:
            lines.append(f"{name:52s} " + _cells(summary(row)))
    return lines


def chances(found):
    """Return lines on how easily a tier is given to somebody who has not earned it."""
    naive = {name: found[name] for name in NAIVE if name in found}
    spread = math.sqrt(mean(summary(found[name])["sd"] ** 2 for name in MIXES if name in found))
    first = min(TIERS, key=TIERS.get)
    seeds = sum(len(row["accuracy"]) for row in naive.values())
    given = sum(a >= TIERS[first] for row in naive.values() for a in row["accuracy"])
    worst = max(naive, key=lambda name: false_award(naive[name], first))
    lines = [
        f"naive: {given} of {seeds} reach {first}; by the normal tail {worst!r} most often, "
        f"{false_award(naive[worst], first):.1g}; 0 of {seeds} is below {bound(seeds):.1%} "
        "with 95 % confidence",
        f"a guess of each label: below 10^{guessed(first):.0f}",
        f"spread of a mix between tasks: sd {spread:.3f}, so whoever is below a tier gets it",
    ]
    below = (0.01, 0.02, 0.03, 0.04, 0.05)
    return [*lines, *(f"  {d:.2f} below: {1 - NormalDist().cdf(d / spread):.1%}" for d in below)]


def _cells(found):
    spread = " ".join(f"{found[key]:.3f} " for key in ("mean", "sd", "min", "max"))
    shares = "  ".join(f"{share:6.0%}" for share in found["shares"].values())
    return f"{spread}{found['seconds']:5.2f} {shares} of {found['seeds']}"


def main(words=None):
    """Run or show the study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true", help="the table only")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    options = parser.parse_args(words)
    found = read(options.results) if options.show else run(options.results)
    print("\n".join([*table(found), *chances(found)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
