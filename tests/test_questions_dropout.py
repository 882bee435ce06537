"""The questions of lesson 04: their oracles by other routes, their laws, and the drivers."""

import functools
import itertools
import math

import numpy as np
import pytest

from autograder.question import compile_question, public_rng
from autograder.questions import questions_of
from autograder.questions.dropout import intervals
from utils.checking import masks
from utils.checking.drivers import observe
from utils.checking.judgement import UNCHANGED, compare_record, judge
from utils.checking.messages import render

ASKED = questions_of("04_dropout")
FORWARD = ASKED["dropout_forward"]
RUNS = 10_000
POWER_RUNS = 1_000


@functools.cache
def compiled(name, seed=None):
    rng = public_rng(ASKED[name]) if seed is None else np.random.default_rng(seed)
    return compile_question(ASKED[name], rng, 4, "04_dropout")


def outcome(name, answer, seed=None):
    question = compiled(name, seed)
    return judge(question, [observe(c.driver, answer, c.inputs) for c in question.cases])


def case_of(driver, seed=None):
    return next(case for case in compiled("dropout_forward", seed).cases if case.driver == driver)


def fault(case, answer, seed):
    """Return what a case under a law finds, with a generator of this seed."""
    value = masks.DRIVERS[case.driver](answer, case.inputs | {"seed": seed})
    return compare_record(case.expected, {"value": value}, FORWARD.rtol, FORWARD.atol)


# The laws: how seldom a right answer falls outside, and how surely a wrong one does.


def chances_of_spread(m, lines, p):
    """Return all values of the spread of a few small lines, with their probabilities."""
    pmf = [math.comb(m, k) * p**k * (1 - p) ** (m - k) for k in range(m + 1)]
    for counts in itertools.product(range(m + 1), repeat=lines):
        spread = sum((k - m * p) ** 2 for k in counts) / (m * p * (1 - p)) / lines
        yield spread, math.prod(pmf[k] for k in counts)


@pytest.mark.parametrize(("m", "lines"), [(1, 6), (3, 4), (8, 3), (40, 2)])
@pytest.mark.parametrize("p", [0.2, 0.65, 0.8])
@pytest.mark.parametrize("tail", [0.05, 1e-3])
def test_a_spread_is_outside_its_interval_as_seldom_as_stated(m, lines, p, tail):
    ends = intervals.spread(m, lines, p, tail)
    chances = list(chances_of_spread(m, lines, p))
    assert math.isclose(sum(chance for _, chance in chances), 1)
    assert sum(chance for spread, chance in chances if spread > ends.high) <= tail
    assert sum(chance for spread, chance in chances if spread < ends.low) <= tail
    assert ends.low <= 1 <= ends.high


def test_a_whole_check_raises_a_false_alarm_less_than_once_in_a_million():
    for seed in [None, *range(20)]:
        tails = 0.0
        for case in compiled("dropout_forward", seed).cases:
            if case.driver not in intervals.LAWS:
                continue
            p = case.inputs["keep_prob"]
            for name, expected in case.expected.items():
                if case.driver == "dropout_values" and name == masks.KEPT:
                    entries = case.inputs["x"].size * case.inputs["calls"]
                    assert entries >= 1000
                    assert expected.high - p >= min(intervals.ROUGH, 1 - p) - 1e-9
                    tails += 2 * math.exp(-2 * entries * intervals.ROUGH**2)
                elif name == masks.KEPT or name.startswith("spread"):
                    tails += 2 * intervals.TAIL
                elif name == masks.OTHER:
                    tails += (p**2 + (1 - p) ** 2) ** (masks.FEW * case.inputs["x"].size)
        assert 1e-7 < tails < 5e-7


def test_the_reference_raises_no_alarm_in_ten_thousand_runs():
    """Run the first case of each kind of law: three statistics by three as often as stated."""
    reference = FORWARD.references[0]
    for driver in intervals.LAWS:
        case = case_of(driver)
        alarms = [fault(case, reference, seed) for seed in range(RUNS)]
        assert not any(alarms), driver


UNDER_LAWS = [
    m
    for m in FORWARD.misconceptions
    if m.signature and any(map(m.signature, map(case_of, intervals.LAWS)))
]


def test_most_misconceptions_are_told_by_their_statistics():
    assert len(UNDER_LAWS) == 18


@pytest.mark.parametrize("wrong", UNDER_LAWS, ids=lambda m: m.name)
def test_each_misconception_falls_outside_its_law(wrong):
    """Count the misses on the first case that tells: a power of 0.999 allows one of a thousand."""
    question = compiled("dropout_forward")
    tells = next(
        case
        for case in question.cases
        if case.driver in intervals.LAWS and fault(case, wrong.answer, 12345)
    )
    assert all(fault(tells, wrong.answer, seed) for seed in range(POWER_RUNS))


def test_drop_for_keep_cannot_hide_at_one_half():
    """At keep_prob = ½ keeping and dropping are alike: no law may have only such cases."""
    for seed in [None, *range(20)]:
        for case in compiled("dropout_forward", seed).cases:
            if case.driver in intervals.LAWS:
                assert abs(case.inputs["keep_prob"] - 0.5) >= 0.15 - 1e-9


# Any right way of drawing passes.

WAYS = {
    "<": lambda p, rng, shape: rng.random(shape) < p,
    "<=": lambda p, rng, shape: rng.random(shape) <= p,
    ">": lambda p, rng, shape: rng.random(shape) > 1 - p,
    ">=": lambda p, rng, shape: rng.random(shape) >= 1 - p,
    "uniform": lambda p, rng, shape: rng.uniform(0, 1, shape) < p,
    "binomial": lambda p, rng, shape: rng.binomial(1, p, size=shape),
    "choice": lambda p, rng, shape: rng.choice([1, 0], size=shape, p=[p, 1 - p]),
    "permuted": lambda p, rng, shape: rng.permuted(rng.random(shape)) < p,
    "permuted rows": lambda p, rng, shape: rng.permuted(rng.random(shape), axis=-1) < p,
    "transposed": lambda p, rng, shape: np.less(rng.random(shape[::-1]).T, p),
    "one after the other": lambda p, rng, shape: np.reshape(
        [rng.random() < p for _ in range(math.prod(shape))], shape
    ),
    "row by row": lambda p, rng, shape: np.stack(
        [rng.random(shape[1:]) < p for _ in range(shape[0])]
    ),
    "column by column": lambda p, rng, shape: np.stack(
        [rng.random(shape[:-1]) < p for _ in range(shape[-1])], axis=-1
    ),
    "float32": lambda p, rng, shape: rng.random(shape, dtype=np.float32) < np.float32(p),
    "integers": lambda p, rng, shape: rng.integers(2**53, size=shape) < p * 2**53,
    "a generator seeded by rng": lambda p, rng, shape: (
        np.random.default_rng(rng.integers(2**32)).random(shape) < p
    ),
}  # fmt: skip
MASKS = {
    "whole": lambda kept, p, x: kept / p,
    "float32": lambda kept, p, x: (kept / p).astype(np.float32),
    "as x": lambda kept, p, x: np.where(kept, x.dtype.type(1 / p), x.dtype.type(0)),
    "in the shape of x": lambda kept, p, x: np.ones(x.shape) * kept * (1 / p),
    "a view": lambda kept, p, x: np.broadcast_to(kept / p, x.shape),
}


def dropout(draw, make):
    def answer(x, keep_prob, rng, train=True, noise_shape=None):
        if not 0 < keep_prob <= 1:
            raise ValueError("keep_prob")
        if not train:
            return x, np.ones(x.shape)
        mask = make(draw(keep_prob, rng, noise_shape or x.shape), keep_prob, x)
        return x * mask, mask

    return answer


@pytest.mark.parametrize("draw", WAYS)
def test_any_right_way_of_drawing_passes(draw):
    for seed, make in zip([None, 1, 2, 3, 4], MASKS, strict=True):
        result = outcome("dropout_forward", dropout(WAYS[draw], MASKS[make]), seed)
        assert result.status == "right", f"{make}\n{render(result)}"


# The oracles, by other routes.


@pytest.mark.parametrize("seed", range(100))
def test_the_backward_oracle_is_the_slope_of_the_forward_pass(seed):
    rng = np.random.default_rng(seed)
    shape = [(4,), (3, 5), (2, 3, 2)][seed % 3]
    shared = tuple(size if rng.random() < 0.6 else 1 for size in shape)
    mask, x, dout = (rng.random(shared) < 0.6) / 0.6, rng.normal(size=shape), rng.normal(size=shape)
    slopes = np.zeros(shape)
    for index in np.ndindex(shape):
        step = np.zeros(shape)
        step[index] = 1e-3
        slopes[index] = np.sum(dout * ((x + step) * mask - (x - step) * mask)) / 2e-3
    oracle = ASKED["dropout_backward"].oracle(dout, mask)
    np.testing.assert_allclose(oracle, slopes, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(100))
def test_the_moments_oracle_is_that_of_all_masks(seed):
    rng = np.random.default_rng(seed)
    x, p = rng.normal(size=(2, 3)), rng.uniform(0.1, 1)
    mean, square = np.zeros(x.shape), np.zeros(x.shape)
    for kept in itertools.product([0, 1], repeat=x.size):
        chance = p ** sum(kept) * (1 - p) ** (x.size - sum(kept))
        out = x * np.reshape(kept, x.shape) / p
        mean, square = mean + chance * out, square + chance * out**2
    oracle = ASKED["dropout_moments"].oracle(x, p)
    np.testing.assert_allclose(oracle[0], mean, rtol=1e-9)
    np.testing.assert_allclose(oracle[1], square - mean**2, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_the_marginalized_oracle_minimizes_the_mean_over_all_masks(seed):
    """Go through all 2^(n·d) masks of a whole matrix: the mean cost is flat at the oracle."""
    rng = np.random.default_rng(seed)
    n, d = [(2, 2), (3, 2), (2, 3), (1, 3), (3, 3)][seed % 5]
    X, y, p = rng.normal(size=(n, d)), rng.normal(size=n), rng.uniform(0.2, 0.95)
    w = ASKED["marginalized_dropout_weights"].oracle(X, y, p)
    slope, curvature = np.zeros(d), np.zeros((d, d))
    for kept in itertools.product([0, 1], repeat=n * d):
        chance = p ** sum(kept) * (1 - p) ** (n * d - sum(kept))
        Z = X * np.reshape(kept, X.shape) / p
        slope += chance * 2 * Z.T @ (Z @ w - y)
        curvature += chance * 2 * Z.T @ Z
    np.testing.assert_allclose(slope, 0, atol=1e-10)
    assert np.linalg.eigvalsh(curvature)[0] > 0
    ridge = X.T @ X + (1 - p) / p * np.diag(np.diag(X.T @ X))
    np.testing.assert_allclose(w, np.linalg.solve(ridge, X.T @ y), rtol=1e-7, atol=1e-10)


def test_the_marginalized_cases_have_one_solution():
    for seed in range(50):
        for case in compiled("marginalized_dropout_weights", seed).cases:
            X, _, p = case.inputs.values()
            gram = X.T @ X
            assert np.all(np.diag(gram) > 0)
            lengths = np.sqrt(np.diag(gram))
            scaled = gram / np.outer(lengths, lengths) + (1 - p) / p * np.eye(len(gram))
            assert np.linalg.cond(scaled) < 100


@pytest.mark.parametrize("seed", range(50))
def test_the_monte_carlo_oracle_is_that_of_numpy(seed):
    for case in compiled("mc_dropout_predict", seed).cases:
        rows = case.inputs["predictions"][: case.inputs["n_samples"]]
        np.testing.assert_allclose(case.expected["mean"], rows.mean(axis=0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(case.expected["std"], rows.std(axis=0), rtol=1e-7, atol=1e-9)


def test_the_thinned_networks_are_those_of_the_lesson():
    outputs = [4 * a + 4 * b - 6 * c for a, b, c in itertools.product([0, 1], repeat=3)]
    assert sorted(outputs) == [-6, -2, -2, 0, 2, 4, 4, 8]
    expected = ASKED["network_ensemble"].oracle()
    assert expected == {"networks": 8, "mean": 1.0, "relu_mean": 2.25}


# The drivers.


def law_value(answer, driver="dropout_values", **changed):
    case = case_of(driver)
    return masks.DRIVERS[driver](answer, case.inputs | changed)


@pytest.mark.parametrize(
    ("result", "form"),
    [
        (lambda x: x, "no pair (out, mask)"),
        (lambda x: None, "no pair (out, mask)"),
        (lambda x: (x, x, x), "no pair (out, mask)"),
        (lambda x: (x.tolist(), x), "out is no array of numbers"),
        (lambda x: (x, 1.0), "mask is no array of numbers"),
        (lambda x: (x, x.astype(object)), "mask is no array of numbers"),
        (lambda x: (x[:1], x), "out (1, 12), x (8, 12)"),
        (lambda x: (x, x[:, :5]), "mask (8, 5), x (8, 12)"),
        (lambda x: (x, x[None]), "mask (1, 8, 12), x (8, 12)"),
        (lambda x: (np.ones(x.shape), x), "(mask, out)"),
    ],
)
def test_a_result_of_another_form_is_told_in_words(result, form):
    def answer(x, keep_prob, rng, train=True, noise_shape=None):
        return result(x)

    assert law_value(answer)["form"] == form
    assert list(law_value(answer)) == list(case_of("dropout_values").expected)
    found = outcome("dropout_forward", answer)
    assert found.status == "wrong"
    assert found.failure.difference == f"form: {form!r} came back"


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("dropout_forward", "dropout_forward(x, keep_prob, rng)"),
        ("dropout_backward", "dropout_backward(dout, mask)"),
        ("mc_dropout_predict", "mc_dropout_predict(predict, x, n_samples)"),
    ],
)
def test_an_answer_with_other_arguments_is_told_the_call(name, call):
    text = " ".join(render(outcome(name, lambda: None)).split())
    assert f"It is called as {call}, in this order." in text


def test_every_law_returns_the_statistics_that_are_expected():
    for case in compiled("dropout_forward").cases:
        if case.driver in intervals.LAWS:
            right = masks.DRIVERS[case.driver](FORWARD.references[0], dict(case.inputs))
            broken = masks.DRIVERS[case.driver](lambda *arguments: None, dict(case.inputs))
            assert set(right) == set(broken) == set(case.expected)


def test_a_mask_in_a_buffer_that_is_used_again_is_read_in_time():
    buffer = np.empty((8, 12))

    def answer(x, keep_prob, rng):
        buffer[...] = (rng.random(x.shape) < keep_prob) / keep_prob
        return x * buffer, buffer

    assert (
        compare_record(case_of("dropout_values").expected, {"value": law_value(answer)}, 1e-5, 1e-8)
        == ""
    )


@pytest.mark.parametrize("driver", intervals.LAWS)
def test_a_changed_x_is_seen_under_a_law(driver):
    def answer(x, keep_prob, rng, train=True, noise_shape=None):
        mask = (rng.random(noise_shape or x.shape) < keep_prob) / keep_prob
        x *= mask
        return x, mask

    case = case_of(driver)
    record = observe(driver, answer, case.inputs)
    assert record["changed"] == {"x": "values"}
    assert compare_record(case.expected, record, 1e-5, 1e-8) == ""
    float32 = observe(driver, answer, case.inputs | {"dtype": "float32"})
    assert float32["changed"] == {"x": "values"}


def test_x_in_float32_is_no_change_of_x():
    case = next(c for c in compiled("dropout_forward").cases if "dtype" in c.inputs)
    seen = []

    def answer(x, keep_prob, rng):
        seen.append(x.dtype)
        return FORWARD.references[0](x, keep_prob, rng)

    record = observe(case.driver, answer, case.inputs)
    assert record["changed"] == {}
    assert set(seen) == {np.dtype(np.float32)}


def test_an_answer_in_place_loses_its_part_only():
    def answer(x, keep_prob, rng, train=True, noise_shape=None):
        if not 0 < keep_prob <= 1:
            raise ValueError("keep_prob")
        mask = np.ones(x.shape)
        if train:
            mask = (rng.random(noise_shape or x.shape) < keep_prob) / keep_prob
        x *= mask
        return x, mask

    for seed in [None, *range(10)]:
        result = outcome("dropout_forward", answer, seed)
        assert [part for part, good in result.parts.items() if not good] == [UNCHANGED]
        assert result.diagnosis == "argument changed"


def test_results_that_differ_by_rounding_are_taken_for_one():
    tiny = itertools.count()

    def shaky(dout, mask):
        return dout * mask * (1 + 1e-15 * next(tiny))

    assert outcome("dropout_backward", shaky).status == "right"


def test_predict_takes_x_only_and_as_often_as_there_are_rows():
    question = compiled("mc_dropout_predict")

    def first(answer):
        return observe("scripted_predictions", answer, question.cases[0].inputs)["raised"]

    assert "hand it x" in first(lambda predict, x, n: predict(x[:1]))["message"]
    assert "other values" in first(lambda predict, x, n: predict(x + 1))["message"]
    assert "type list" in first(lambda predict, x, n: predict(x.tolist()))["message"]
    many = first(lambda predict, x, n: [predict(x) for _ in range(99)])
    assert many["message"] == "predict was called more than 6 times"


def test_predictions_belong_to_whoever_called():
    def answer(predict, x, n_samples):
        rows = [predict(x) for _ in range(n_samples)]
        mean, std = np.mean(rows, axis=0), np.std(rows, axis=0)
        for row in rows:
            row[...] = 0.0
        return mean, std

    assert outcome("mc_dropout_predict", answer).status == "right"


def test_a_signature_is_like_the_law_but_for_what_it_changes():
    for wrong, driver in itertools.product(UNDER_LAWS, intervals.LAWS):
        case = case_of(driver)
        signature = wrong.signature(case)
        if signature:
            assert set(signature) == set(case.expected)
            assert any(signature[name] != case.expected[name] for name in signature)
