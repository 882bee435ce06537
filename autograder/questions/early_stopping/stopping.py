"""The question on early stopping, asked with models whose dev errors are given in advance."""

import copy
import itertools
import math

import numpy as np

from autograder.question import Case, Misconception, Question

RESULT = "the best error and its step"
MODEL = "the best model"
STOP = "when it stops"
CORNERS = "ties, nan and inf"
GIVEN = "model left as it was"
WAIT = 100


def scripted(errors, trains="in place", taken=0):
    """Return a model as plain data, with its dev errors after 0, 1, 2, … training steps.

    `taken` is how many it has taken before it is handed in.
    """
    listed = ", ".join(f"{error:.10g}" for error in errors)
    text = f"dev error {listed} after 0, 1, 2, … steps, then the last"
    before = {"taken": taken} if taken else {}
    text += f"; {taken} steps before it is handed in" if taken else ""
    return {"text": text, "errors": [float(error) for error in errors], "trains": trains} | before


def drawn_errors(rng, eval_freq, falls):
    """Return dev errors that fall for `falls` evaluations, but once, and rise from then on.

    Between the evaluations they are lower than at any, which nobody sees.
    """
    levels = np.sort(rng.choice(np.arange(100, 900), falls, replace=False))[::-1] / 100
    levels[[1, 2]] = levels[[2, 1]]
    best = levels[-1]
    seen = [*levels, best + 0.7, best + 0.4, best + 0.9]
    between = [round(float(best) - 0.5, 2)] * (eval_freq - 1)
    return [9.5, *itertools.chain(*([*between, round(float(error), 2)] for error in seen))]


def _cases(rng):
    def case(label, errors, *settings, part=RESULT, driver="stopping", **kind):
        numbers = dict(zip(("eval_freq", "stop_wait"), settings, strict=False))
        inputs = {"model": scripted(errors, **kind)} | numbers
        return Case(label, inputs, part, _expected(driver, inputs), driver)

    def drawn(label, eval_freq, waits, **kind):
        errors = drawn_errors(rng, eval_freq, int(rng.integers(4, 7)))
        return case(label, errors, eval_freq, waits * eval_freq + eval_freq // 2, **kind)

    nan, inf, taken = math.nan, math.inf, int(rng.integers(2, 18))
    valley, other = [9, 5, 4, 3, 2, 1, 2, 3, 4], [9, 6, 5, 1, 4, 2, 3, 5, 6, 7, 5]
    # After the stop a lower error, nan and a higher one: what each wrong way with nan ends at.
    between, only = [9, 3, nan, 2, *[nan] * 4, 1, nan, 4], [9, *[inf] * 3, *[nan] * 6, 3, 3, nan, 4]
    model = {"part": MODEL, "driver": "stopping_model"}
    stop = {"part": STOP, "driver": "stopping_steps"}
    corner, given = {"part": CORNERS}, {"part": GIVEN, "driver": "stopping_given"}
    return [
        case("a valley, evaluated at every step", valley, 1, 3),
        case("evaluated at every second step", other, 2, 4),
        case("best at the first evaluation", [9, 2, 3, 4, 5], 1, 3),
        case("up for a while, then better", [9, 4, 5, 6, 3, 7, 8], 1, 4),
        case("a start better than all that follows", [1, 5, 4, 3, 6, 7], 1, 3),
        drawn("random errors, every step", 1, 3),
        drawn("random errors, every third step", 3, 3),
        case("a valley: which model?", valley, 1, 3, **model),
        case("every second step: which model?", other, 2, 4, **model),
        drawn("random errors: which model?", 2, 3, **model),
        case("stop_wait is no multiple of eval_freq", [9, 6, 5, 4, 2, 3, 6, 7], 2, 3, **stop),
        case("stop_wait is a multiple of eval_freq", [9, 6, 5, 4, 2, 3, 6, 7], 2, 4, **stop),
        case("stop_wait is less than eval_freq", [9, 8, 7, 6, 5, 4, 5, 6, 7], 5, 2, **stop),
        case("better one step after the stop", [9, 4, 3, 5, 6, 1, 7], 1, 2, **stop),
        case("better just when it would stop", [9, 4, 5, 6, 3, 7, 8], 1, 3, **stop),
        case("eval_freq and stop_wait left out", [9, 5, 4, 4.5], **stop),
        case("random errors: when does it stop?", *_settings(rng), **stop),
        case("the same error again", _tied(rng), 1, 6, **corner),
        case("lower by a billionth", [9, 0.5, 0.499999999, 0.6], 1, 3, **corner),
        case("nan in between, then only nan by the stop", between, 1, 3, **corner),
        case("nan first, then large errors", [9, nan, 4e12, 3e12, 5e12], 1, 3, **corner),
        case("an error of 0, then one below 0", [9, 2, 3, 0, 4, -1, 1], 1, 3, **corner),
        case("only inf and nan by the stop", only, 2, 3, **corner | {"driver": "stopping_model"}),
        case("trained before", [*[9] * taken, *other], 2, 4, **given, taken=taken),
        case("nothing is better by the stop", [9, nan, 3], 1, 1, **given),
    ]


def _settings(rng):
    """Return errors, eval_freq and stop_wait with a stop after any of some forty numbers."""
    eval_freq, waits, falls = (int(rng.integers(low, low + 5)) for low in (2, 2, 4))
    return drawn_errors(rng, eval_freq, falls), eval_freq, waits * eval_freq + eval_freq // 2


def _tied(rng):
    """Return errors of which the lowest comes three times."""
    best = float(rng.integers(100, 800)) / 100
    return [9, *(round(best + more, 2) for more in (1, 0, 0, 0, 3))]


def _expected(driver, inputs):
    """Return what a driver reports on a right answer, from the script of errors alone.

    Of a model that has taken steps before, only what becomes of itself.
    """
    errors, eval_freq = inputs["model"]["errors"], inputs.get("eval_freq", 1)
    error, step, last = walk(errors, eval_freq, inputs.get("stop_wait", WAIT))
    if driver == "stopping_steps":
        return {"training steps": last}
    if driver == "stopping_given":
        taken = inputs["model"].get("taken", 0)
        return {"model afterwards": f"a model after {taken} steps", "best_model": "another object"}
    name = f"a model after {step} step{'' if step == 1 else 's'}"
    return ["a model" if driver == "stopping" else name, error, step]


def walk(errors, eval_freq, stop_wait):
    """Return the best error, its step and the step of the stop.

    For each evaluation in turn: is it the first at which all of the last `stop_wait` steps bring
    nothing better? Then the earliest lowest error up to it is the best.

    >>> walk([9.0, 2.0, 3.0, 3.0], 1, 2)
    (2.0, 1, 3)
    """
    stop, error, step = 0, math.inf, 0
    while stop == 0 or stop - step < stop_wait:
        stop += eval_freq
        seen = [(math.inf, 0)]
        for place in range(eval_freq, stop + 1, eval_freq):
            found = errors[min(place, len(errors) - 1)]
            seen += [(found, place)] if found < math.inf else []
        error, step = min(seen)
    return error, step, stop


def _loop(
    better=lambda error, best, last: error < best,
    enough=lambda step, best_step, wait, freq: step - best_step >= wait,
    begin=lambda model: model.copy(),
    keep=lambda work: work.copy(),
    first=lambda model: model.copy(),
    trained=lambda train, dev: train,
    judged=lambda train, dev: dev,
    period=lambda freq: (freq, freq),
    finish=lambda best, now: best,
):
    """Return early stopping with some of its pieces exchanged.

    `period` gives how many steps are taken and how many are counted between two evaluations;
    `finish` gets (best_model, best_dev_error, best_step) and the same of the last evaluation.
    """

    def answer(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
        train, dev = (X_train, Y_train), (X_dev, Y_dev)
        taken, counted = period(eval_freq)
        work, best, step, last = begin(model), (first(model), math.inf, 0), 0, math.inf
        while True:
            for _ in range(taken):
                work.train(*trained(train, dev))
            step += counted
            error = work.eval(*judged(train, dev))
            if better(error, best[1], last):
                best = (keep(work), error, step)
            if enough(step, best[2], stop_wait, eval_freq):
                return finish(best, (work, error, step))
            last = error

    return answer


_RIGHT = _loop()


def _start_counted(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    work = model.copy()
    best, best_model, best_step, step = work.eval(X_dev, Y_dev), model.copy(), 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


def _evaluated_before(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    work = model.copy()
    best, best_model, best_step, step = math.inf, model.copy(), 0, 0
    while step - best_step < stop_wait:
        error = work.eval(X_dev, Y_dev)
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


def _stop_first(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    work = model.copy()
    best, best_model, best_step, step = math.inf, model.copy(), 0, 0
    while True:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if step - best_step >= stop_wait:
            return best_model, best, best_step
        if error < best:
            best_model, best, best_step = work.copy(), error, step


def _ended_by_nan(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    work = model.copy()
    best, best_model, best_step, step = math.inf, model.copy(), 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if math.isnan(error):
            break
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


def _ended_by_a_rise(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    work = model.copy()
    best, best_model, best_step, step = math.inf, model.copy(), 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error >= best:
            break
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


def _stops_in_between(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    work = model.copy()
    best, best_model, best_step, step = math.inf, model.copy(), 0, 0
    while step - best_step < stop_wait:
        work.train(X_train, Y_train)
        step += 1
        if step % eval_freq == 0:
            error = work.eval(X_dev, Y_dev)
            if error < best:
                best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


def _two_names(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    work = best_model = model.copy()
    best, best_step, step = math.inf, 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            work.train(X_train, Y_train)
            step += 1
        error = work.eval(X_dev, Y_dev)
        if error < best:
            best_model, best, best_step = work.copy(), error, step
    return best_model, best, best_step


def _in_evaluations(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=WAIT):
    best_model, best, best_step = _loop(
        enough=lambda step, best_step, wait, freq: (step - best_step) // freq >= wait
    )(model, X_train, Y_train, X_dev, Y_dev, eval_freq, stop_wait)
    return best_model, best, best_step // eval_freq


_WRONG = (
    Misconception(
        "best error never lowered",
        "Your training never ended. Does best_dev_error become the new error whenever that one is "
        "lower? While it stays inf, every error beats it. And does your step grow?",
        _loop(better=lambda error, best, last: error < math.inf),
    ),
    Misconception(
        "best model goes on training",
        "Your best model is trained up to the stop: it and the model in training are one object "
        "with two names, or you return the latter. Keep a copy, `model.copy()`, and return it.",
        _loop(keep=lambda work: work),
    ),
    Misconception(
        "nothing copied",
        "The model that was handed in is trained, and what you return is trained up to the stop. "
        "Use `model.copy()` at the start and where the error is lower; `copy.copy` shares weights.",
        _loop(begin=lambda model: model, keep=lambda work: work),
    ),
    Misconception(
        "given model trained",
        "The result is right, but the model that was handed in has been trained along the way. "
        "Train a copy of it, and leave the caller's model alone.",
        _loop(begin=lambda model: model),
    ),
    Misconception(
        "given model returned",
        "Where no error is ever lower you return the model that was handed in. Return a copy: "
        "whoever trains the result shall not change the start.",
        _loop(first=lambda model: model),
    ),
    Misconception(
        "two names at the start",
        "Where no error is ever lower, the model that you return has been trained: `a = b = …` is "
        "one object with two names. Make two copies of the start.",
        _two_names,
    ),
    Misconception(
        "patience in evaluations",
        "You wait for stop_wait evaluations. Its unit is training steps, as that of best_step: "
        "compare step - best_step with it.",
        _loop(enough=lambda step, best, wait, freq: (step - best) // freq >= wait),
    ),
    Misconception(
        "evaluations for steps",
        "You count evaluations in place of training steps. best_step and stop_wait are both in "
        "steps, and there are eval_freq of them from one evaluation to the next.",
        _in_evaluations,
    ),
    Misconception(
        "one evaluation late",
        "You stop when step - best_step is more than stop_wait. It stops as soon as the two are "
        "equal.",
        _loop(enough=lambda step, best, wait, freq: step - best > wait),
    ),
    Misconception(
        "stop before the update",
        "You look whether to stop before you look whether the new error is lower. An error that is "
        "lower at the last moment counts: update the best first.",
        _stop_first,
    ),
    Misconception(
        "waits from the start",
        "You stop after stop_wait steps in all. The wait begins anew with each error that is "
        "lower: compare step - best_step with stop_wait.",
        _loop(enough=lambda step, best, wait, freq: step >= wait),
    ),
    Misconception(
        "stops at the first rise",
        "You stop at the first error that is not lower, or go back to the best model there. A dev "
        "error is noisy: train on from where you are until step - best_step reaches stop_wait.",
        _ended_by_a_rise,
    ),
    Misconception(
        "stops in between",
        "You look after every step whether to stop, also between two evaluations. Look only after "
        "an evaluation: until then nothing new is known.",
        _stops_in_between,
    ),
    Misconception(
        "ties count",
        "You take an error that equals the best for better. Only a strictly lower one is: on a "
        "plateau the earliest step is the best.",
        _loop(better=lambda error, best, last: error <= best),
    ),
    Misconception(
        "nan counts",
        "You take nan for better. Every comparison with nan is False, so `not error >= best` holds "
        "for it, and `error < best` does not.",
        _loop(better=lambda error, best, last: not error >= best),
    ),
    Misconception(
        "nan ends it",
        "You stop as soon as an error is nan. It is no improvement, and that is all: the wait goes "
        "on.",
        _ended_by_nan,
    ),
    Misconception(
        "lower than the last",
        "You compare each error with the one before it. It should be lower than the best so far.",
        _loop(better=lambda error, best, last: error < last),
    ),
    Misconception(
        "start evaluated",
        "You evaluate the model before its first step, too. The first evaluation comes after "
        "eval_freq steps, however good the start is.",
        _start_counted,
    ),
    Misconception(
        "evaluated before training",
        "You evaluate first and train then, so each error belongs to the model eval_freq steps "
        "earlier. First the steps, then the evaluation.",
        _evaluated_before,
    ),
    Misconception(
        "eval_freq ignored",
        "You evaluate after every step. Take eval_freq steps from one evaluation to the next.",
        _loop(period=lambda freq: (1, 1)),
    ),
    Misconception(
        "one step for eval_freq",
        "Your step count grows by eval_freq, but you train a single step. Call `train` eval_freq "
        "times between two evaluations.",
        _loop(period=lambda freq: (1, freq)),
    ),
    Misconception(
        "train error",
        "You stop by the error on the train data, which goes on falling while the model overfits. "
        "Evaluate on X_dev and Y_dev.",
        _loop(judged=lambda train, dev: train),
    ),
    Misconception(
        "trained on dev",
        "You train on the dev data, so their error says nothing on new data any more. Train on "
        "X_train and Y_train, evaluate on X_dev and Y_dev.",
        _loop(trained=lambda train, dev: dev),
    ),
    Misconception(
        "last error returned",
        "You return the error of the last evaluation with the best model. Return the error that "
        "belongs to it.",
        _loop(finish=lambda best, now: (best[0], now[1], best[2])),
    ),
    Misconception(
        "last step returned",
        "You return the step at which you stopped. best_step is the step of the best model.",
        _loop(finish=lambda best, now: (best[0], best[1], now[2])),
    ),
)


def _by_counting(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    current = copy.deepcopy(model)
    best_model, best_error, best_step = copy.deepcopy(model), np.inf, 0
    for step in itertools.count(1):
        current.train(X_train, Y_train)
        if step % eval_freq:
            continue
        error = current.eval(X_dev, Y_dev)
        if error < best_error:
            best_model, best_error, best_step = copy.deepcopy(current), error, step
        elif step - best_step >= stop_wait:
            break
    return best_model, best_error, best_step


def _by_history(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Keep every model, and look for the lowest error among all so far."""
    models, errors = [model.copy()], [float("inf")]
    best = 0
    while (len(errors) - 1 - best) * eval_freq < stop_wait or len(errors) == 1:
        models.append(models[-1].copy())
        for _ in range(eval_freq):
            models[-1].train(X_train, Y_train)
        error = models[-1].eval(X_dev, Y_dev)
        errors.append(float("inf") if np.isnan(error) else error)
        best = int(np.argmin(errors))
    return [models[best], np.float64(errors[best]), np.int64(best * eval_freq)]


def _by_wait(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Count the steps since the last improvement; say how the train error goes."""
    net, best_net = model.copy(), model.copy()
    best, best_step, step, wait = float("inf"), 0, 0, 0
    while wait < stop_wait:
        for _ in range(eval_freq):
            net.train(X_train, Y_train)
        step, wait = step + eval_freq, wait + eval_freq
        print(step, net.eval(X_train, Y_train), net.eval(X_dev, Y_dev))
        if net.eval(X_dev, Y_dev) < best:
            best_net, best, best_step, wait = net.copy(), net.eval(X_dev, Y_dev), step, 0
    return best_net, best, best_step


def _by_training_again(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    """Find the step of the best model, and train another copy up to it."""
    explorer, best, step = model.copy(), (math.inf, 0), 0
    while step < best[1] + stop_wait:
        for _ in range(eval_freq):
            explorer.train(X_train, Y_train)
        step += eval_freq
        found = explorer.eval(X_dev, Y_dev)
        best = (found, step) if found < best[0] else best
    again = model.copy()
    for _ in range(best[1]):
        again.train(X_train, Y_train)
    return again, *best


def _by_recursion(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    def go_on(current, step, best):
        for _ in range(eval_freq):
            current.train(X_train, Y_train)
        step += eval_freq
        error = current.eval(X_dev, Y_dev)
        if error < best[1]:
            best = current.copy(), error, step
        return best if step - best[2] >= stop_wait else go_on(current, step, best)

    return go_on(model.copy(), 0, (model.copy(), math.inf, 0))


early_stopping = Question(
    "early_stopping",
    "Early stopping",
    _cases,
    lambda **inputs: _expected("stopping", inputs),
    driver="stopping",
    parts={RESULT: 0.4, MODEL: 0.2, STOP: 0.2, CORNERS: 0.1, GIVEN: 0.1},
    misconceptions=_WRONG,
    hint="Keep a table of the evaluations: step, error, best error, best step. Each time: train "
    "eval_freq steps, evaluate, update the best, then look whether step - best_step has reached "
    "stop_wait.",
    references=(
        _RIGHT,
        _by_counting,
        _by_history,
        _by_wait,
        _by_training_again,
        _by_recursion,
    ),
    atol=0.0,
)

QUESTIONS = (early_stopping,)
