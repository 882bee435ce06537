"""The questions of lesson 03: their oracles, what their cases keep to, their laws, the drivers."""

import functools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from autograder.question import public_rng
from autograder.questions import bounds, questions_of
from autograder.questions.data_augmentation import augment, crop, glimpse, noise, resize
from autograder.questions.data_augmentation.pixels import random_images
from utils.checking import images as drivers
from utils.checking.codec import Interval
from utils.checking.drivers import observe
from utils.checking.judgement import compare, compare_record
from utils.golden import load_golden

ASKED = questions_of("03_data_augmentation")
RANDOM = {name: ASKED[name] for name in ("extract_glimpse", "random_augment")}
LAWS = {"noise", "moves", "moves_with_dtype"}
RUNS = 10_000
SEEDS = (None, *range(20))


@functools.cache
def cases(name, seed=None):
    question = ASKED[name]
    return question.cases(public_rng(question) if seed is None else np.random.default_rng(seed))


def law_cases(name, seed=None):
    return [case for case in cases(name, seed) if case.driver in LAWS]


@pytest.fixture(scope="module")
def golden():
    return load_golden()


# The oracles against the real TensorFlow, as it is stored.


@pytest.mark.parametrize(
    ("name", "stored", "arguments"),
    [
        ("horizontal_flip", "flip_tf", ()),
        ("resize_bilinear", "resize_tf1", ((14, 20),)),
        ("resize_bilinear", "resize_tf1_corners", ((14, 20), True)),
        ("resize_bilinear", "resize_tf1_ratio", ((14, 14), False, True)),
        ("resize_bilinear", "resize_tf1_smaller", ((4, 6),)),
        ("crop_and_resize", "crop_tf", ("boxes", "box_indices", (5, 6), 0.5)),
        ("crop_and_resize", "crop_tf_point", ("boxes", "box_indices", (1, 1), 0.5)),
        ("extract_glimpse", "glimpse_tf2", ((6, 8), "offsets")),
        ("extract_glimpse", "glimpse_tf2_corner", ((6, 8), "offsets", False)),
        ("extract_glimpse", "glimpse_tf2_pixels", ((6, 8), "pixel_offsets", True, False)),
        ("extract_glimpse", "glimpse_tf2_pixel_corner", ((6, 8), "pixel_offsets", False, False)),
    ],
)
def test_an_oracle_gives_what_tensorflow_gives(golden, name, stored, arguments):
    arguments = [golden[a] if isinstance(a, str) else a for a in arguments]
    expected = ASKED[name].oracle(golden["images"], *arguments)
    np.testing.assert_allclose(expected, golden[stored], atol=1e-6)


def test_the_turns_are_tensorflows(golden):
    turns = [ASKED["rot90"].oracle(golden["images"], k) for k in range(-4, 5)]
    stored = golden["rot90_tf"]
    equal = [t.shape == stored.shape and np.allclose(t, stored) for t in turns]
    assert equal == [False, True, False, False, False, True, False, False, False]


def test_a_glimpse_of_pixels_of_tensorflow_1_is_a_misconception(golden):
    wrong = next(m for m in ASKED["extract_glimpse"].misconceptions if m.name == "TensorFlow 1")
    got = wrong.answer(golden["images"], (6, 8), golden["pixel_offsets"], True, False)
    np.testing.assert_array_equal(got, golden["glimpse_tf1_pixels"])


def test_half_pixel_centers_are_those_of_tensorflow_2(golden):
    wrong = ASKED["resize_bilinear"].misconceptions[0]
    got = wrong.answer(golden["images"].astype(float), (14, 20))
    np.testing.assert_allclose(got, golden["resize_tf2"], atol=1e-6)


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip(
        "tensorflow", reason="./course test --frameworks installs TensorFlow"
    )


def in_tensorflow(tf, name, inputs):
    given = dict(inputs)
    if name == "resize_bilinear":
        return tf.compat.v1.image.resize_images(given.pop("images"), given.pop("size"), **given)
    if name == "crop_and_resize":
        given["box_indices"] = given["box_indices"].astype(np.int32)
        return tf.image.crop_and_resize(given.pop("images"), **given)
    images, size, offsets, *modes = given.values()
    modes = dict(zip(("centered", "normalized"), modes, strict=False))
    images, offsets = images.astype(np.float32), offsets.astype(np.float32)
    return tf.image.extract_glimpse(images, size, offsets, noise="zero", **modes)


@pytest.mark.frameworks
@pytest.mark.parametrize("name", ["resize_bilinear", "crop_and_resize", "extract_glimpse"])
def test_tensorflow_passes_every_case(tf, name):
    for seed in SEEDS:
        for case in cases(name, seed):
            if case.driver not in LAWS:
                got = in_tensorflow(tf, name, case.inputs).numpy()
                expected = ASKED[name].oracle(**case.inputs)
                np.testing.assert_allclose(got, expected, atol=1e-6, err_msg=case.label)


@pytest.mark.frameworks
def test_tensorflow_passes_the_law_of_the_noise(tf):
    def glimpses(images, size, offsets, centered, normalized, noise, rng):
        tf.random.set_seed(int(rng.integers(2**31)))
        images, offsets = images.astype(np.float32), offsets.astype(np.float32)
        modes = {"centered": centered, "normalized": normalized, "noise": noise}
        return tf.image.extract_glimpse(images, size, offsets, **modes).numpy()

    for seed in SEEDS:
        for case in law_cases("extract_glimpse", seed):
            got = observe(case.driver, glimpses, case.inputs)["value"]
            got["same seed, same result"] = True  # TensorFlow counts its calls, too
            assert compare(case.expected, got, 0, resize.NEAR) == "", case.label


# The oracles by other routes, on random inputs.


def test_the_resizing_of_a_ramp_is_the_place_itself():
    """A ramp shows at each pixel where the pixel looks: src = i·scale, the last one repeated."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        (height, width), new = rng.integers(1, 9, 2), rng.integers(1, 9, 2).tolist()
        align = bool(rng.integers(2))
        ramp = np.arange(width) + 10.0 * np.arange(height)[:, None]
        got = ASKED["resize_bilinear"].oracle(ramp[None, :, :, None], new, align)[0, :, :, 0]
        rows, columns = (
            np.minimum(np.arange(n) * ((o - 1) / (n - 1) if align and n > 1 else o / n), o - 1)
            for o, n in zip((height, width), new, strict=True)
        )
        np.testing.assert_allclose(got, columns + 10 * rows[:, None], atol=1e-12)


def test_the_crop_of_a_ramp_is_the_place_itself():
    rng = np.random.default_rng(1)
    for _ in range(300):
        height, width = rng.integers(2, 8, 2)
        size, box = rng.integers(1, 6, 2).tolist(), rng.uniform(-0.7, 1.7, 4)
        ramp = np.arange(width) + 10.0 * np.arange(height)[:, None]
        got = ASKED["crop_and_resize"].oracle(ramp[None, :, :, None], box[None], [0], size, -99.0)
        places = [
            (box[a] + box[a + 2]) / 2 * np.ones(1) * (n - 1)
            if k == 1
            else np.linspace(box[a], box[a + 2], k) * (n - 1)
            for a, n, k in zip((0, 1), (height, width), size, strict=True)
        ]
        expected = places[1] + 10 * places[0][:, None]
        for axis, (p, n) in enumerate(zip(places, (height, width), strict=True)):
            beyond = (p < 0) | (p > n - 1)
            expected[(beyond, slice(None)) if axis == 0 else (slice(None), beyond)] = -99
        np.testing.assert_allclose(got[0, :, :, 0], expected, atol=1e-12)


def test_a_glimpse_of_numbered_pixels_tells_its_corner():
    rng = np.random.default_rng(2)
    for _ in range(300):
        height, width = rng.integers(1, 8, 2).tolist()
        size, centered, normalized = [20, 24], bool(rng.integers(2)), bool(rng.integers(2))
        offset = rng.uniform(-1, 1, 2) if normalized else rng.uniform(-6, 1, 2)
        numbered = 1.0 + np.arange(height * width).reshape(1, height, width, 1)
        got = ASKED["extract_glimpse"].oracle(numbered, size, offset[None], centered, normalized)
        half = np.array(size) / 2 if centered and normalized else 0
        scale = np.array([height, width])
        start = offset * scale * (0.5 if centered else 1) if normalized else offset
        start = np.trunc(start + scale / 2 * centered - half).astype(int)
        for value in got[got > 0]:
            row, column = np.argwhere(got[0, :, :, 0] == value)[0] + start
            assert numbered[0, row, column, 0] == value
        shown = np.clip(np.minimum(start + size, scale) - np.maximum(start, 0), 0, None)
        assert np.count_nonzero(got) == shown.prod()


@pytest.mark.parametrize("k", range(-9, 10))
def test_turns_add_up(k):
    turn, flip = ASKED["rot90"].oracle, ASKED["horizontal_flip"].oracle
    x = random_images(np.random.default_rng(3), 2, 3, 4, 2)
    np.testing.assert_array_equal(turn(turn(x, k), -k), x)
    np.testing.assert_array_equal(turn(turn(x, k), 1), turn(x, k + 1))
    np.testing.assert_array_equal(flip(turn(flip(x), k)), turn(x, -k))
    np.testing.assert_array_equal(flip(flip(x)), x)


# What the cases keep to, so that every right answer passes.


def test_images_are_float64_and_float32_of_a_range_of_1():
    for name in ASKED.keys() - {"pixel_centers", "glimpse_in_pixels", "kept_labels"}:
        for seed in SEEDS:
            ordinary = [c for c in cases(name, seed) if c.driver not in LAWS]
            kinds = {c.inputs["images"].dtype.name for c in ordinary}
            assert kinds == {"float32", "float64"}
            drawn = [c.inputs["images"] for c in ordinary if c.inputs["images"].max() <= 1]
            assert all(math.isclose(np.ptp(x), 1, abs_tol=1e-6) for x in drawn)
            assert len(drawn) >= len(ordinary) - 2
            shapes = [c.inputs["images"].shape for c in ordinary]
            assert any(s[0] > 1 for s in shapes)
            assert any(s[1] != s[2] for s in shapes)
            assert {1, 2} <= {s[3] for s in shapes}


def test_no_new_size_is_0_or_rounds_differently_in_float32():
    for seed in SEEDS:
        for case in cases("resize_bilinear", seed):
            old, size = case.inputs["images"].shape[1:3], case.inputs["size"]
            keep = case.inputs.get("preserve_aspect_ratio", False)
            exact = resize._new_size(old, size, keep)
            assert min(exact) >= 1
            for kind in (np.float32, np.float64) if keep else ():
                sides = np.array(old, dtype=kind)
                scaled = np.min(np.array(size, dtype=kind) / sides) * sides
                assert tuple(np.rint(scaled)) == exact
                factor = min(Fraction(n, o) for n, o in zip(size, old, strict=True))
                ties = [(factor * o).denominator == 2 for o in old]
                apart = np.abs(scaled % 1 - 0.5)
                assert np.all((apart > 0.01) | (np.array(ties) & (apart == 0)))


def test_no_sample_is_within_rounding_of_a_border():
    for seed in SEEDS:
        on_it = set()
        for case in cases("crop_and_resize", seed):
            (height, width), size = case.inputs["images"].shape[1:3], case.inputs["crop_size"]
            for y1, x1, y2, x2 in case.inputs["boxes"].tolist():
                for ends, n, count in (
                    ((y1, y2), height, size[0]),
                    ((x1, x2), width, size[1]),
                ):
                    for place in crop._samples(*ends, n, count):
                        distance = crop.border_distance(place, n)
                        if distance <= crop.MARGIN:
                            on_it.add(case.label)
                            # Every product and quotient on the way is exact in float32.
                            assert distance == 0
                            assert set(ends) == {0.0, 1.0}
                            assert (count - 1).bit_count() == 1
        assert on_it == {"the whole image, to its border"}


def test_no_start_is_within_rounding_of_a_whole_number():
    for seed in SEEDS:
        for case in cases("extract_glimpse", seed):
            inputs = case.inputs
            modes = inputs.get("centered", True), inputs.get("normalized", True)
            shape, offsets = inputs["images"].shape[1:3], inputs["offsets"]
            starts = glimpse._starts(shape, inputs["size"], offsets, *modes)
            for pair, numbers in zip(starts, offsets.tolist(), strict=True):
                for start, number in zip(pair, numbers, strict=True):
                    if abs(start - round(start)) <= glimpse.MARGIN:
                        assert start == round(start)
                        assert float(np.float16(number)) == number


def test_numbered_pixels_can_be_told_apart():
    for seed in SEEDS:
        for case in law_cases("random_augment", seed):
            numbered, m = case.inputs["images"], case.inputs.get("max_shift", 2)
            assert numbered.ravel().tolist() == list(range(1, numbered.size + 1))
            assert numbered.size < 1000, "so that a message shows them as whole numbers"
            assert len(numbered) % 2 == 0
            assert m < numbered.shape[1]
            assert m + 2 <= numbered.shape[2], "two columns are left: mirrored or not can be told"


# The bounds.


@pytest.mark.parametrize("n", [1, 10, 200, 2000])
@pytest.mark.parametrize("p", [0.01, 0.2, 0.5, 0.96])
@pytest.mark.parametrize("tail", [0.05, 1e-9])
def test_counts_leave_the_tails_that_they_should(n, p, tail):
    low, high = bounds.counts(n, p, tail)
    assert binom.cdf(low - 1, n, p) <= tail * (1 + 1e-6) < binom.cdf(low, n, p) * (1 + 2e-6)
    assert binom.sf(high, n, p) <= tail * (1 + 1e-6) < binom.sf(high - 1, n, p) * (1 + 2e-6)
    interval = bounds.share(n, p, tail)
    inside = [k for k in range(n + 1) if compare(interval, k / n, 0, 0) == ""]
    assert (inside[0], inside[-1]) == (low, high)
    assert bounds.miss(n, p, interval) == pytest.approx(
        binom.cdf(high, n, p) - binom.cdf(low - 1, n, p)
    )


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.9])
def test_an_average_stays_in_its_interval(p):
    n, tail = 200, 1e-3
    interval = bounds.average(n, p, tail)
    wide = bounds.share(n, p, tail)
    assert interval.low <= wide.low + 1e-3
    assert interval.high >= wide.high - 1e-3, "a share is an average, so its bound is no wider"
    draws = np.random.default_rng(0).random((20_000, n)) < p
    outside = (draws.mean(1) < interval.low) | (draws.mean(1) > interval.high)
    assert outside.mean() <= 2 * tail
    a = interval.high
    divergence = a * math.log(a / p) + (1 - a) * math.log((1 - a) / (1 - p))
    assert math.exp(-n * divergence) == pytest.approx(tail, rel=0.05)


# The laws: how seldom a right answer falls outside, and how surely a wrong one does.


def tails(case):
    """Return how many tails the intervals of a case leave: of a rarest or commonest, one a cell."""
    cells = (2 * case.inputs.get("max_shift", 2) + 1) ** 2
    named = [(k, v) for k, v in case.expected.items() if isinstance(v, Interval) and v.low < v.high]
    return sum(cells if k.startswith(("rarest", "commonest")) else 2 for k, _ in named)


@pytest.mark.parametrize(("name", "stated"), [("extract_glimpse", 7e-8), ("random_augment", 3e-7)])
def test_the_false_alarm_bound_of_a_whole_check(name, stated):
    assert sum(map(tails, law_cases(name))) * bounds.TAIL < stated < 1e-6


def test_the_tails_of_the_moves_are_as_many_as_stated():
    assert [tails(case) for case in law_cases("random_augment")] == [74, 56, 56, 34]


def alarm(question, case, answer, seed):
    record = observe(case.driver, answer, case.inputs | {"seed": seed})
    return compare_record(case.expected, record, question.rtol, question.atol)


@pytest.mark.parametrize("name", RANDOM)
def test_references_raise_no_alarm(name):
    question = ASKED[name]
    for seed in range(100):
        for case in law_cases(name, seed % 5):
            answer = question.references[seed % 3]
            assert alarm(question, case, answer, seed) == "", (case.label, seed)


@pytest.mark.slow
def test_ten_thousand_runs_of_a_case_raise_no_alarm_by_the_noise():
    question = ASKED["extract_glimpse"]
    for seed in range(RUNS // 3):
        for case in law_cases("extract_glimpse", seed % 5):
            assert alarm(question, case, question.references[0], seed) == "", (case.label, seed)


@pytest.mark.slow
def test_ten_thousand_runs_raise_no_alarm_by_the_moves():
    """Count moves that are drawn at once: that they are read off the images is tested below."""
    rng = np.random.default_rng(0)
    for case in law_cases("random_augment"):
        s = augment._setting(case.inputs)
        kept = {k: v for k, v in case.expected.items() if not isinstance(v, bool)}
        for run in range(RUNS):
            down, right = rng.integers(-s.m, s.m + 1, (2, s.calls, s.images))
            mirrored = rng.random(down.shape) < s.p
            shares = drivers._shares_of_moves(down, right, mirrored, np.ones(down.shape, bool), s.m)
            assert compare(kept, shares, 0, 0) == "", (case.label, run)


def chance_of_a_miss(case, signature, draws):
    """Return a bound on the chance that an answer with these shares passes the case.

    Where an interval of its shares is apart from that of a right answer, it passes only outside its
    own. Else it is bounded by the smallest chance of a single share whose draws are known: the
    middle of its interval is about its probability.
    """
    least = 1.0
    for key, expected in case.expected.items():
        told = signature[key]
        if isinstance(expected, bool):
            least = least if told == expected else 0.0
        elif told.low >= expected.high or told.high <= expected.low:
            least = min(least, 2 * bounds.TAIL)
        elif draws(case, key) and 0 < told.low < told.high < 1:
            middle = (told.low + told.high) / 2
            least = min(least, bounds.miss(draws(case, key), middle, expected))
    return least


def draws_of(case, key):
    """Return the number of independent draws of a share, 0 where it is of something else."""
    if case.driver.startswith("moves"):
        return augment._setting(case.inputs).draws * (
            key == "mirrored" or key.startswith("moved by")
        )
    height, width = case.inputs["size"]
    return 2 * (height * width - 8) * (key in case.inputs["bins"])


@pytest.mark.parametrize("name", RANDOM)
def test_the_power_against_each_misconception(name):
    """Each is found with a probability of 0.999 at least, in one of the cases under a law alone."""
    for seed in (None, 1, 2):
        for misconception in ASKED[name].misconceptions:
            missed = []
            for case in law_cases(name, seed):
                signature = misconception.signature and misconception.signature(case)
                if signature and signature != case.expected:
                    missed.append(chance_of_a_miss(case, signature, draws_of))
            assert not missed or min(missed) < 0.001, misconception.name


WRONG_MOMENTS = {
    "moments of the image": noise._bell_of(noise._moments_of(noise._image), noise._channel),
    "mean of the image": noise._bell_of(
        noise._moments_of(noise._image, noise._channel), noise._channel
    ),
    "sd of the image": noise._bell_of(
        noise._moments_of(noise._channel, noise._image), noise._channel
    ),
    "moments of the batch": noise._bell_of(
        noise._moments_of(noise._channel_of_batch), noise._channel
    ),
    "moments of everything": noise._bell_of(noise._moments_of(noise._batch), noise._channel),
    "variance": noise.VARIANCE["gaussian"][0],
    "standard normal": noise.STANDARD["gaussian"][0],
    "sd of 1": noise.STANDARD["gaussian"][1],
    "ddof = 1": noise.DDOF["gaussian"][0],
}


@pytest.mark.parametrize("name", WRONG_MOMENTS)
def test_the_power_against_wrong_moments(name):
    """Each is found in the images of few pixels alone, whatever the seed."""
    for seed in SEEDS:
        case = next(c for c in law_cases("extract_glimpse", seed) if c.label == "gaussian noise")
        told = noise.law(case.inputs, WRONG_MOMENTS[name])
        assert chance_of_a_miss(case, told, draws_of) < 0.001


@pytest.mark.parametrize("name", RANDOM)
def test_the_power_as_measured(name):
    question = ASKED[name]
    for misconception in question.misconceptions:
        told = {}
        for seed in range(30):
            for case in law_cases(name, seed % 3):
                signature = misconception.signature and misconception.signature(case)
                if signature and signature != case.expected:
                    found = alarm(question, case, misconception.answer, seed) != ""
                    told.setdefault(seed, []).append(found)
        assert all(any(found) for found in told.values()), misconception.name


# The drivers.


def test_sizes_are_tuples_and_seeds_generators():
    def answer(images, size, boxes, rng):
        assert isinstance(size, tuple)
        return images + rng.random(), boxes

    inputs = {"images": np.zeros(2), "size": [1, 2], "boxes": [3], "seed": 5}
    record = observe("images", answer, inputs)
    assert record["value"][0].tolist() == [np.random.default_rng(5).random()] * 2
    assert record["value"][1] == [3]


def test_the_dtype_is_told():
    def halve(x):
        return x.astype(np.float16)

    record = observe("images_with_dtype", halve, {"images": np.ones((1, 2, 2, 1))})
    assert record["value"]["dtype"] == "float16"
    record = observe("images_with_dtype", lambda x: None, {"images": np.ones(1)})
    assert record["value"] == {"images": None, "dtype": "no array"}


def test_the_dtype_of_moved_images_is_told_where_it_is_asked_for():
    inputs = {"images": np.arange(1.0, 25).reshape(2, 3, 4, 1), "seed": 0, "calls": 2}
    for kind, kept in ((np.float32, False), (np.float64, True)):
        record = observe("moves_with_dtype", lambda x, rng, kind=kind: x.astype(kind), inputs)
        assert record["value"].pop("dtype kept") is kept
        assert record["value"] == observe("moves", lambda x, rng: x, inputs)["value"]
    record = observe("moves_with_dtype", lambda x, rng: None, inputs)
    assert record["value"]["dtype kept"] is False


def moves(change, **flags):
    """Return what is counted of an answer that changes one image at a time."""
    numbered = np.arange(1.0, 4 * 3 * 4 * 2 + 1).reshape(4, 3, 4, 2)

    def answer(images, rng, *rest):
        return np.array([change(image, n) for n, image in enumerate(images)])

    inputs = {"images": numbered, "seed": 0, "calls": 3} | flags
    return observe("moves", answer, inputs)


def shifted(image, dy, dx):
    return augment._moved(image[None], np.array([[dy, dx]]))[0]


@pytest.mark.parametrize("dy", range(-2, 3))
@pytest.mark.parametrize("dx", range(-2, 3))
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("flip_first", [False, True])
def test_a_move_is_read_off_the_pixels(dy, dx, flip, flip_first):
    def change(image, n):
        if flip and flip_first:
            image = image[:, ::-1]
        image = shifted(image, dy, dx)
        return image[:, ::-1] if flip and not flip_first else image

    found = moves(change)["value"]
    across = -dx if flip and not flip_first else dx
    names = [drivers.named_steps(what, 2) for what in ("row", "column")]
    assert [k for k in names[0] if found[k]] == [names[0][dy + 2]]
    assert [k for k in names[1] if found[k]] == [names[1][across + 2]]
    assert found["moved whole, zeros behind"] == found["commonest move"] == 1
    assert found["mirrored"] == float(flip)
    assert found["same move as the image beside"] == found["same move as in the call before"] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda x, n: np.roll(x, 1, axis=0),
        lambda x, n: np.roll(x, (1, 2), axis=(0, 1)),
        lambda x, n: x[::-1],
        lambda x, n: x[::-1, ::-1],
        lambda x, n: x[..., ::-1],
        lambda x, n: x + 1,
        lambda x, n: x - 24,
        lambda x, n: x + 24,
        lambda x, n: x + 0.1,
        lambda x, n: 0 * x,
        lambda x, n: np.where(x == x.max(), 0, x),
        lambda x, n: np.where(shifted(x, 1, 0) == 0, x, shifted(x, 1, 0)),
        lambda x, n: np.concatenate([shifted(x[..., :1], 1, 0), shifted(x[..., 1:], 0, 1)], axis=2),
        lambda x, n: np.concatenate([x[:2], x[:1]]),
        lambda x, n: np.full_like(x, np.nan),
        lambda x, n: x * 1e9,
    ],
)
def test_what_is_not_moved_as_a_whole_counts_for_nothing(change):
    found = moves(change)["value"]
    assert found["shape kept"]
    assert found["moved whole, zeros behind"] == found["commonest move"] == found["mirrored"] == 0


def test_a_move_that_is_too_long_is_counted_apart():
    found = moves(lambda x, n: shifted(x, 2, 0), max_shift=1)["value"]
    assert (found["farther than max_shift"], found["commonest move"]) == (1, 0)


def test_pairs_beside_and_before_are_told():
    found = moves(lambda x, n: shifted(x, n % 2, 0))["value"]
    assert found["same move as the image beside"] == 0
    assert found["same move as in the call before"] == 1
    found = moves(lambda x, n: x[:, ::-1] if n < 2 else x)["value"]
    assert (found["mirrored"], found["mirrored as the image beside"]) == (0.5, 1)


def test_a_wrong_shape_and_no_result_are_told():
    for change in (lambda x, n: x[:2], lambda x, n: x[..., 0], lambda x, n: "x"):
        record = moves(change)
        assert record["value"]["shape kept"] is False
        assert record["value"]["commonest move"] == 0
    inputs = {"images": np.ones((2, 3, 4, 1)), "seed": 0, "calls": 2}
    assert observe("moves", lambda x, rng: None, inputs)["value"]["shape kept"] is False


def test_a_law_sees_a_changed_argument():
    def answer(images, rng):
        images[0] = 0
        return images

    inputs = {"images": np.arange(1.0, 25).reshape(2, 3, 4, 1), "seed": 0, "calls": 2}
    assert observe("moves", answer, inputs)["changed"] == {"images": "values"}
    assert np.all(inputs["images"] > 0), "the case itself stays as it was"


def noise_of(answer):
    case = law_cases("extract_glimpse")[0]
    return case, observe(case.driver, answer, case.inputs)["value"]


def test_noise_is_counted_in_its_bins():
    case, _ = noise_of(ASKED["extract_glimpse"].references[0])
    levels, (top, left) = case.inputs["levels"], case.inputs["corner"]
    images = case.inputs["images"]
    middles = np.concatenate([levels[..., :1] - 1, levels[..., :-1] + np.diff(levels) / 2], axis=2)
    middles = np.concatenate([middles, levels[..., -1:] + 1], axis=2)
    for place, name in enumerate(case.inputs["bins"]):

        def answer(images, size, *rest, place=place):
            window = np.zeros((2, *size, 2)) + middles[:, None, None, :, place]
            window[:, top : top + 2, left : left + 4] = images
            return window

        _, found = noise_of(answer)
        assert [found[n] for n in case.inputs["bins"]] == [n == name for n in case.inputs["bins"]]
        assert found["off within the image"] == 0
        assert found["alike beside each other"] == found["alike in two calls"] == 1
    assert images.shape == (2, 2, 4, 2)


def test_a_window_of_another_shape_has_no_shares():
    _, found = noise_of(lambda images, size, *rest: images)
    assert found["shape right"] is False
    assert found["off within the image"] == math.inf
    assert found["alike beside each other"] == 0


def test_other_noise_in_each_call_is_told_from_the_same():
    right = ASKED["extract_glimpse"].references[0]
    _, found = noise_of(right)
    assert found["same seed, same result"] is True
    assert 0.4 < found["alike in two calls"] < 0.6
    _, found = noise_of(lambda *a: right(*a[:-1], np.random.default_rng()))
    assert found["same seed, same result"] is False


def test_few_pixels_and_skewed_ones_are_what_they_say():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        few, skewed = noise.few_pixels(rng), noise.skewed(rng)
        assert few.shape == (2, 1, 2, 2)
        assert len(np.unique(few)) == 8
        assert skewed.shape == (2, 2, 4, 2)
        assert skewed.dtype == np.float32
        low, high, mean = (f(skewed, axis=(1, 2)) for f in (np.min, np.max, np.mean))
        assert np.all(mean < low + 0.35 * (high - low))
        for levels in (few, skewed):
            ends = np.array([levels.min((1, 2)), levels.max((1, 2))]).reshape(2, -1)
            assert ends.min() >= 0
            assert ends.max() <= 1
            low, high = ends[:, ends[0].argsort()]
            assert np.all(high[:-1] < low[1:]), "no levels in common"
            assert len(set(np.round(high - low, 6).tolist())) == 4
        images = noise.uneven(random_images(rng, 2, 2, 4, 2))
        ends = [(x.min(), x.max()) for x in images]
        channels = [(c.min(), c.max()) for x in images for c in np.moveaxis(x, 2, 0)]
        assert len({*ends, *channels, (images.min(), images.max())}) >= 6
