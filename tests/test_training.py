"""The training loop: its steps, its plugs, what it records, and its progress bar."""

import numpy as np
import pytest
import tqdm.std
from threadpoolctl import threadpool_info, threadpool_limits

from utils.network import Network
from utils.training import History, progress_bar, train


@pytest.fixture(autouse=True)
def _default_progress(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)


def data(n=30, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 5))
    return X, (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def network(dtype=np.float32, seed=1):
    return Network((5, 7, 3), np.random.default_rng(seed), dtype=dtype)


def run(trained=None, n=30, **settings):
    trained = network() if trained is None else trained
    defaults = {"epochs": 3, "lr": 0.1, "rng": np.random.default_rng(2), "batch_size": 8}
    return trained, train(trained, *data(n), **(defaults | settings))


def parameters(trained):
    return trained.weights + trained.biases


def assert_same(a, b):
    for first, second in zip(parameters(a), parameters(b), strict=True):
        np.testing.assert_array_equal(first, second)


def scaled_dropout(x, rng):
    mask = (rng.random(x.shape) < 0.5) / 0.5
    return x * mask, mask


def test_one_full_batch_is_one_gradient_step():
    X, y = data()
    trained, expected = network(np.float64), network(np.float64)
    loss, weight_grads, bias_grads = expected.gradients(X, y)
    _, history = run(trained, epochs=1, batch_size=1000)
    for parameter, before, grad in zip(
        parameters(trained), parameters(expected), weight_grads + bias_grads, strict=True
    ):
        np.testing.assert_allclose(parameter, before - 0.1 * grad, rtol=1e-12)
    assert history.loss == [pytest.approx(loss)]


def test_logistic_regression_reaches_its_optimum():
    """With labels in even odds at each input, the optimum's probabilities are those odds."""
    X = np.array([[1.0], [1.0], [1.0], [1.0]])
    y = np.array([0, 0, 0, 1])
    trained = Network((1, 2), np.random.default_rng(0), dtype=np.float64)
    train(trained, X, y, epochs=500, lr=1.0, rng=np.random.default_rng(0), batch_size=4)
    log_odds = np.diff(trained.logits(X[:1])).item()
    assert log_odds == pytest.approx(np.log(1 / 3), abs=1e-6)


def test_every_row_is_seen_once_an_epoch_in_a_new_order():
    seen = []

    def transform(X_batch, rng):
        seen.append(X_batch[:, 0].copy())
        return X_batch

    run(epochs=2, transform=transform)
    assert [len(rows) for rows in seen] == [8, 8, 8, 6] * 2
    first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    expected = np.sort(data()[0][:, 0].astype(np.float32))
    np.testing.assert_array_equal(np.sort(first), expected)
    np.testing.assert_array_equal(np.sort(second), expected)
    assert (first != second).any()


def test_the_loss_of_an_epoch_weighs_batches_by_their_rows():
    """With steps too small to change anything, the epoch's loss is the loss of the whole data."""
    trained, history = run(network(np.float64), epochs=1, lr=1e-12)
    assert history.loss == [pytest.approx(trained.loss(*data()))]


def test_the_same_seed_gives_the_same_run():
    (first, one), (second, two) = (
        run(dropout=scaled_dropout, transform=lambda X, rng: X + rng.normal(size=X.shape))
        for _ in range(2)
    )
    assert_same(first, second)
    assert one == two
    other, _ = run(rng=np.random.default_rng(3))
    assert (other.weights[0] != first.weights[0]).any()


def test_dropout_and_transform_leave_the_order_of_batches_alone():
    orders = {}

    def noting(name, draws):
        def transform(X_batch, rng):
            orders.setdefault(name, []).extend(X_batch[:, 0])
            rng.random(draws)
            return X_batch

        return transform

    run(transform=noting("plain", 0))
    run(transform=noting("greedy", 100), dropout=scaled_dropout)
    assert orders["plain"] == orders["greedy"]


def test_a_second_run_on_the_same_generator_draws_anew():
    rng = np.random.default_rng(2)
    first, _ = run(rng=rng)
    second, _ = run(rng=rng)
    assert (first.weights[0] != second.weights[0]).any()


def test_the_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run(dropout=scaled_dropout)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_plain_update_equals_no_update():
    plain, _ = run()
    plugged, _ = run(update=lambda w, grad, lr: w - lr * grad)
    for first, second in zip(parameters(plain), parameters(plugged), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-7)


def test_update_takes_weight_matrices_only_and_gets_the_gradient_of_the_loss():
    X, y = data()
    start = network(np.float64)
    _, weight_grads, bias_grads = start.gradients(X, y)
    calls = []

    def update(w, grad, lr):
        calls.append((w.copy(), grad.copy(), lr))
        return w - lr * (grad + 3 * w)

    trained, _ = run(start.copy(), epochs=1, batch_size=30, update=update)
    assert [lr for *_, lr in calls] == [0.1, 0.1]
    for (w, grad, _), before, expected, after in zip(
        calls, start.weights, weight_grads, trained.weights, strict=True
    ):
        np.testing.assert_array_equal(w, before)
        np.testing.assert_allclose(grad, expected, rtol=1e-10)
        np.testing.assert_allclose(after, 0.7 * before - 0.1 * expected, rtol=1e-10)
    for before, expected, after in zip(start.biases, bias_grads, trained.biases, strict=True):
        np.testing.assert_allclose(after, before - 0.1 * expected, rtol=1e-10)


def test_training_with_update_descends_the_penalized_objective():
    """A full-batch run with a quadratic pull ends where the gradient of loss + pull is 0."""
    X, y = data()
    pull = 0.05
    trained = Network((5, 3), np.random.default_rng(1), dtype=np.float64)
    train(
        trained,
        X,
        y,
        epochs=2000,
        lr=0.5,
        rng=np.random.default_rng(0),
        update=lambda w, grad, lr: w - lr * (grad + pull * w),
    )
    _, (weight_grad,), (bias_grad,) = trained.gradients(X, y)
    np.testing.assert_allclose(weight_grad, -pull * trained.weights[0], atol=1e-8)
    np.testing.assert_allclose(bias_grad, 0, atol=1e-8)


def test_everything_stays_in_float32():
    trained, _ = run(
        lr=np.float64(0.1),
        update=lambda w, grad, lr: (w - lr * grad).astype(np.float64),
        dropout=scaled_dropout,
        transform=lambda X, rng: X + rng.normal(size=X.shape),
    )
    assert {p.dtype for p in parameters(trained)} == {np.dtype(np.float32)}


def test_weights_shrunk_to_denormals_become_zero():
    tiny = np.finfo(np.float32).tiny
    trained, _ = run(
        epochs=1, batch_size=30, update=lambda w, grad, lr: np.where(w > 0, tiny / 2, -1e-20)
    )
    for w in trained.weights:
        assert set(np.unique(w)) == {np.float32(-1e-20), np.float32(0)}


def test_an_update_that_returns_its_argument_freezes_the_weights():
    trained, _ = run(update=lambda w, grad, lr: w)
    for w, before in zip(trained.weights, network().weights, strict=True):
        np.testing.assert_array_equal(w, before)
    assert trained.biases[0].any()


def test_dropout_is_on_in_training_and_off_in_prediction():
    calls = []

    def dropout(x, rng):
        calls.append(x.shape)
        return scaled_dropout(x, rng)

    trained, _ = run(epochs=1, dropout=dropout)
    assert calls == [(8, 7), (8, 7), (8, 7), (6, 7)]
    trained.error(*data())
    assert len(calls) == 4
    plain, _ = run(epochs=1)
    assert (trained.weights[0] != plain.weights[0]).any()


def test_transform_is_what_the_network_learns_from():
    X, y = data()
    mirrored, _ = run(transform=lambda X_batch, rng: -X_batch)
    expected = network()
    train(expected, -X, y, epochs=3, lr=0.1, rng=np.random.default_rng(2), batch_size=8)
    assert_same(mirrored, expected)


def test_a_transform_in_place_does_not_reach_the_data():
    X, y = data()
    X = X.astype(np.float32)
    before = X.copy()

    def transform(X_batch, rng):
        X_batch *= 0
        return X_batch

    train(network(), X, y, epochs=1, lr=0.1, rng=np.random.default_rng(0), transform=transform)
    np.testing.assert_array_equal(X, before)


def test_on_epoch_is_called_after_each_epoch_with_the_network():
    calls = []
    trained, history = run(on_epoch=lambda epoch, network: calls.append((epoch, network)))
    assert [epoch for epoch, _ in calls] == [1, 2, 3]
    assert all(seen is trained for _, seen in calls)
    assert len(history) == 3


@pytest.mark.parametrize("true", [True, np.True_])
def test_true_from_on_epoch_ends_the_training(true):
    trained, history = run(epochs=10, on_epoch=lambda epoch, network: true if epoch == 2 else None)
    expected, _ = run(epochs=2)
    assert len(history) == 2
    assert_same(trained, expected)


@pytest.mark.parametrize("answer", [False, np.False_, None, 1, [0], "go on"])
def test_anything_else_from_on_epoch_goes_on(answer):
    assert len(run(on_epoch=lambda epoch, network: answer)[1]) == 3


def test_history_holds_what_is_tracked_and_before_on_epoch():
    lengths = []
    trained, history = run(
        track={"error": lambda net: net.error(*data()), "norm": lambda net: net.weights[0].max()},
        on_epoch=lambda epoch, net: lengths.append(epoch),
    )
    assert [len(history[name]) for name in ("loss", "error", "norm")] == [3, 3, 3]
    assert history["error"][-1] == trained.error(*data())
    assert history["loss"] is history.loss
    assert lengths == [1, 2, 3]


def test_an_unknown_name_in_history_is_a_key_error():
    with pytest.raises(KeyError, match="dev"):
        History()["dev"]


def test_histories_share_nothing():
    run(track={"error": lambda net: 0})
    assert History().loss == []
    assert History().tracked == {}


def test_a_network_learns_noisy_labels_by_heart():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 20)), rng.integers(0, 3, 40)
    trained = Network((20, 64, 3), rng)
    history = train(trained, X, y, epochs=200, lr=0.3, rng=rng, batch_size=10)
    assert trained.error(X, y) == 0
    assert history.loss[-1] < 0.05 < history.loss[0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "epochs must be a whole number ≥ 1; it was 0"),
        ({"epochs": 2.0}, "epochs must be a whole number ≥ 1; it was 2.0"),
        ({"batch_size": 0}, "batch_size must be a whole number ≥ 1; it was 0"),
        ({"lr": 0}, "lr must be a number > 0, like 0.1; it was 0"),
        ({"lr": float("nan")}, "lr must be .*; it was nan"),
        ({"lr": "fast"}, "lr must be .*; it was 'fast'"),
        ({"track": {"loss": len}}, 'track must not hold "loss"'),
        ({"update": lambda w, grad, lr: w[:1]}, r"update must .* \(5, 7\); it was \(1, 7\)"),
        ({"update": lambda w, grad, lr: None}, r"update must .* \(5, 7\); it was \(\)"),
        (
            {"transform": lambda X, rng: X[:, :2]},
            r"transform must keep .*, \(8, 5\); it was \(8, 2\)",
        ),
        ({"transform": lambda X, rng: None}, r"transform must keep .*; it was \(\)"),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        run(**settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rng": 0}, "rng must be a numpy.random.Generator; it was 0"),
        ({"update": 0.1}, "update must be a function or None; it was 0.1"),
        ({"dropout": 0.5}, "dropout must be a function or None; it was 0.5"),
        ({"transform": "flip"}, "transform must be a function or None; it was 'flip'"),
        ({"on_epoch": True}, "on_epoch must be a function or None; it was True"),
        ({"track": len}, "track must be a dict"),
        ({"track": {"error": 0.5}}, "track must be a dict .*; it was {'error': 0.5}"),
    ],
)
def test_bad_plugs_are_named(settings, words):
    with pytest.raises(TypeError, match=words):
        run(**settings)


def test_data_with_nan_are_refused():
    X, y = data()
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match="X must be finite; it holds nan or inf"):
        train(network(), X, y, epochs=1, lr=0.1, rng=np.random.default_rng(0))


def test_a_run_that_diverges_says_so_without_a_warning():
    with pytest.raises(
        FloatingPointError, match=r"the loss became nan in epoch \d+: .*than 1e\+30"
    ):
        run(epochs=50, lr=1e30)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(tqdm.std, "time", lambda: self.now)

    def wait(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def slow(clock, seconds):
    return lambda epoch, network: clock.wait(seconds)


def test_a_training_under_two_seconds_shows_no_bar(clock, capsys):
    run(on_epoch=slow(clock, 0.5))
    assert capsys.readouterr() == ("", "")


def test_a_longer_training_shows_a_bar_on_standard_output(clock, capsys):
    run(epochs=10, on_epoch=slow(clock, 0.5))
    out, err = capsys.readouterr()
    assert err == ""
    assert "epoch 1 of 10" not in out
    assert "epoch 6 of 10" in out
    assert "epoch 10 of 10: 100%" in out


def test_the_bar_can_be_had_at_once_or_never(clock, capsys):
    run(progress=True)
    assert "epoch 3 of 3: 100%" in capsys.readouterr().out
    run(epochs=10, on_epoch=slow(clock, 9), progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("progress", [None, True])
def test_the_environment_silences_the_bar(clock, capsys, monkeypatch, progress):
    monkeypatch.setenv("COURSE_PROGRESS", "0")
    run(epochs=10, on_epoch=slow(clock, 9), progress=progress)
    assert capsys.readouterr() == ("", "")


def test_an_error_closes_the_bar_and_no_thread_is_left(capsys):
    def fail(epoch, network):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        run(on_epoch=fail, progress=True)
    assert capsys.readouterr().out.endswith("\n")
    with progress_bar(3, progress=True) as bar:
        assert "monitor" not in vars(type(bar))


def blas_threads():
    """Return how many threads each BLAS library of this process may use."""
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def seen_threads(sizes):
    """Return the threads seen inside one training step and after the training."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(128, sizes[0])), rng.integers(sizes[-1], size=128)
    seen = []

    def look(batch, _):
        seen.append(blas_threads())
        return batch

    with threadpool_limits(limits=2, user_api="blas"):
        train(Network(sizes, rng), X, y, epochs=1, lr=0.1, rng=rng, transform=look)
        return seen[0], blas_threads()


def test_a_small_step_keeps_to_one_thread():
    inside, after = seen_threads((784, 50, 10))
    assert set(inside) == {1}
    with threadpool_limits(limits=2, user_api="blas"):
        assert after == blas_threads()


def test_a_large_step_uses_the_threads_there_are():
    inside, after = seen_threads((784, 256, 128, 10))
    assert inside == after
