"""The side-by-side benchmarks: rows, fair turns, equal work. No test here measures time."""

import importlib
import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from autograder import bench, browser
from autograder.benchmarks import (
    MissingPeer,
    Row,
    grading,
    interleaved,
    network,
    resizing,
    start,
    widgets,
)

FAST = Row("fast", ours=1.0, peer=2.0, unit="ms", goal=1.2)
SLOW = Row("slow", ours=3.0, peer=2.0, unit="ms", goal=1.2)


def missing():
    raise MissingPeer("It needs a peer.")


@pytest.fixture
def offer(monkeypatch):
    """Return a function that replaces the registered benchmarks by fakes, name -> rows()."""

    def replace(**fakes):
        for name, rows in fakes.items():
            module = types.ModuleType(f"fake_{name}")
            module.rows = rows
            monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(bench, "BENCHMARKS", {name: f"fake_{name}" for name in fakes})

    return replace


def test_every_registered_benchmark_has_rows():
    for module in bench.BENCHMARKS.values():
        assert callable(importlib.import_module(module).rows)


def test_a_name_runs_one_and_no_name_runs_all(offer, capsys):
    offer(a=lambda: [FAST], b=lambda: [FAST, SLOW])
    assert bench.main(["a"]) == 0
    assert capsys.readouterr().out == (
        "name  ours  peer  unit  ratio  goal  met\nfast  1     2     ms    0.5    1.2   yes\n"
    )
    assert bench.main([]) == 1
    assert capsys.readouterr().out.split("\n")[1:3] == [
        "fast  1     2     ms    0.5    1.2   yes",
        "fast  1     2     ms    0.5    1.2   yes",
    ]


def test_large_numbers_are_written_out():
    row = Row("long", ours=1093.6, peer=99.44, unit="ms", goal=12)
    assert bench.table([row]).endswith("\nlong  1094  99.4  ms    11     12    yes")


def test_json_holds_the_same_rows(offer, capsys, tmp_path):
    offer(a=lambda: [SLOW])
    assert bench.main(["a", "--json", str(tmp_path / "rows.json")]) == 1
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert list(row) == list(bench.COLUMNS)
    assert row == SLOW.as_dict()
    assert row["ratio"] == 1.5
    assert row["met"] is False


def test_a_missing_peer_is_one_sentence_and_exit_2(offer, capsys, tmp_path):
    offer(a=missing, b=lambda: [FAST])
    assert bench.main(["--json", str(tmp_path / "rows.json")]) == 2
    out, err = capsys.readouterr()
    assert "fast" in out
    assert err == "It needs a peer.\n"


def test_without_pytorch_the_network_benchmark_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert bench.main(["network"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "PyTorch, which is not installed: run `" in err
    assert "-m pip install torch`" in err


def test_without_tensorflow_the_resizing_benchmark_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(resizing, "find_spec", lambda name: None)
    assert bench.main(["resizing"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "TensorFlow, which is not installed: run `" in err
    assert "-m pip install tensorflow`" in err


def test_without_the_lesson_the_resizing_benchmark_says_how_to_build_it(monkeypatch, capsys):
    monkeypatch.setattr(resizing, "find_spec", lambda name: "there")
    monkeypatch.setattr(resizing, "LESSON", "99_no_lesson")
    assert bench.main(["resizing"]) == 2
    assert "99_no_lesson.ipynb; run ./course build first" in capsys.readouterr().err


def test_without_chromium_the_widgets_benchmark_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(browser, "chromium_path", lambda: None)
    assert bench.main(["widgets"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Chromium is not installed: run `apt-get install chromium`" in err


def test_without_playwright_the_widgets_benchmark_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(browser, "chromium_path", lambda: "/usr/bin/chromium")
    monkeypatch.setitem(sys.modules, "playwright", None)
    assert bench.main(["widgets"]) == 2
    assert "-m pip install playwright`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "words"),
    [(["nothing"], "invalid choice"), (["--json", "no/such/folder/x.json"], "there is no folder")],
)
def test_bad_arguments_end_before_anything_is_measured(argv, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        bench.main(argv)
    assert words in capsys.readouterr().err


def test_the_grading_benchmark_takes_the_answers_off_and_shares_the_start_up(tmp_path, monkeypatch):
    """100 in 50 s and 90 core-seconds, 60 of them answers; nbgrader takes 10 s and 5 to start."""
    verdict = tmp_path / "verdicts" / "ada" / "90.json"
    verdict.parent.mkdir(parents=True)
    verdict.write_text('{"cpu": 60.0}', encoding="utf-8")

    class Stock(grading.Stock):
        def __init__(self, root, lessons):
            self.lessons, self.done = lessons, set()

        def _nbgrader(self, *words):
            again = words in self.done
            self.done.add(words)
            return 2.5 if again else 12.5

        def marks(self):
            return {}

    def run(folder, students, lessons):
        answers = grading.answers_in(tmp_path)
        return grading.Run(folder, lessons, students, students / 2, students * 0.9, 100.0, answers)

    monkeypatch.setattr(grading, "Stock", Stock)
    monkeypatch.setattr(grading, "our_run", run)
    monkeypatch.setattr(grading.Run, "marks", lambda self, students: {})
    pace, beyond, growth, memory = grading.group("one lesson", ["90"])
    assert (pace.ours, pace.peer) == (0.5, 10.05)
    assert pace.met
    assert beyond.ours == pytest.approx(0.3)
    assert not beyond.met
    assert (growth.ratio, memory.ratio) == (1.0, 1.0)


def test_of_a_lesson_that_trains_the_grading_benchmark_counts_what_is_not_training(monkeypatch):
    """36 in 180 core-seconds, 171 of them answers."""

    def run(folder, students, lessons):
        return grading.Run(folder, lessons, students, 100.0, 5.0 * students, 100.0, 171.0)

    monkeypatch.setattr(grading, "our_run", run)
    row = grading.alone("90")
    assert (row.ours, row.peer, row.met) == (0.25, grading.OVERHEAD, True)


def test_runs_take_turns_and_medians_are_kept():
    """On a clock that each run puts forward: ours takes 1, 9, 2 seconds, the peer's 5, 5, 7."""
    now, order = [0.0], []

    def taking(name, seconds):
        def run(repetition):
            order.append((name, repetition))
            now[0] += seconds[repetition]

        return run

    medians = interleaved(
        taking("A", [1, 9, 2]),
        taking("B", [5, 5, 7]),
        repetitions=3,
        clock=lambda: now[0],
        sleep=lambda seconds: order.append("rest"),
    )
    assert medians == (2, 5)
    turns = [entry for entry in order if entry != "rest"]
    assert turns == [("A", 0), ("B", 0), ("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert order[::2] == ["rest"] * 6


def small_data():
    rng = np.random.default_rng(0)
    return rng.random((256, network.SIZES[0]), dtype=np.float32), rng.integers(0, 10, 256)


def test_both_networks_do_the_same_work():
    torch = pytest.importorskip("torch", reason="./course bench installs PyTorch")
    network.assert_same_work(torch, *small_data())


def test_unequal_work_is_noticed(monkeypatch):
    torch = pytest.importorskip("torch", reason="./course bench installs PyTorch")
    peer = network.Peer.epoch
    monkeypatch.setattr(network.Peer, "epoch", lambda self, seed: peer(self, seed + 1))
    with pytest.raises(AssertionError, match="differ"):
        network.assert_same_work(torch, *small_data())


def test_both_sides_get_the_same_threads_and_give_them_back():
    torch = pytest.importorskip("torch", reason="./course bench installs PyTorch")
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = torch.get_num_threads()
    with network.threads(torch, 1):
        pools = threadpoolctl.threadpool_info()
        assert {p["num_threads"] for p in pools if p["user_api"] == "blas"} == {1}
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


# ---- resizing ----


class Resized:
    """Stands in for a tensor."""

    def __init__(self, images):
        self.images = images

    def numpy(self):
        return self.images


def halves(images, size, align_corners=False):
    return images[:, ::2, ::2] + align_corners


def test_resizing_must_give_the_same_bits():
    def peer(*args, **options):
        return Resized(halves(*args, **options))

    def other_bit(*args, **options):
        return Resized(np.nextafter(halves(*args, **options), np.float32(9)))

    given = np.random.default_rng(0).random((5, 4, 4, 1), dtype=np.float32)
    resizing.assert_same_work(halves, peer, given)
    with pytest.raises(AssertionError, match="the resized images differ"):
        resizing.assert_same_work(halves, other_bit, given)


def test_resizing_is_timed_in_turns_from_an_array_and_from_a_tensor(monkeypatch):
    given = []
    monkeypatch.setattr(resizing, "SIZE", (2, 2))
    monkeypatch.setattr(resizing, "interleaved", lambda *runs, repetitions: [r(0) for r in runs])

    def peer(array, size):
        given.append(array)
        return Resized(np.float64(2))

    row = resizing._row(lambda array, size: array + 1, peer, np.float64(3), "resize", "a tensor")
    assert row == Row("resize", 4000, 2000, "ms/batch", 2.0)
    assert given == ["a tensor"]


# ---- the live figures ----


class Page:
    """Stands in for a page and a slider in it: notes keys, tells one time after another."""

    def __init__(self, times=()):
        self.keys, self.times, self.keyboard = [], iter(times), self

    def press(self, key):
        self.keys.append(key)

    def evaluate(self, code, *_):
        return next(self.times) if code == "window.pressTimed" else None

    def focus(self):
        pass


def slider(name, kind, times=(), room=(1, 2)):
    press = widgets.Press(name, kind, Page(), None, room)
    press.times.extend(times)
    return press


def test_keys_go_to_and_fro_within_the_room_of_a_slider(monkeypatch):
    monkeypatch.setattr(widgets.time, "sleep", lambda seconds: None)
    page, press = Page(range(7)), slider("t", "other", room=(1, 2))
    for _ in range(7):
        press.run(page)
    places = np.cumsum([1 if key == "ArrowRight" else -1 for key in page.keys])
    assert places.tolist() == [1, 2, 1, 0, -1, 0, 1]
    assert press.times == list(range(7))


def test_the_slowest_slider_of_a_kind_is_compared():
    presses = [
        slider("lam of A", "λ", [10, 20]),
        slider("lam of B", "λ", [30, 40]),
        slider("t of A", "other", [50, 150]),
        slider("stock", "linked", [60]),
        slider("interact", "naive", [1000]),
    ]
    first, second, linked, naive = widgets.compared(presses)
    assert (first.ours, first.peer, first.met) == (40, 50, True)
    assert "slowest of 2 (lam of B)" in first.name
    assert (second.ours, second.peer, second.met) == (150, 100, False)
    assert (linked.ours, linked.peer) == (60, 100)
    assert (naive.ours, naive.peer, naive.ratio) == (20, 1000, 0.02)


# ---- from nothing to the first passed check ----


def test_every_way_begins_with_what_is_given_and_ends_in_jupyterlab(tmp_path):
    for name, way in start.WAYS.items():
        assert way.lines[-1].endswith(" lab")
        assert ("course.zip" in way.lines[0]) == ("bundle" in name)
    start.prepare("local clone", tmp_path)
    assert (tmp_path / "origin" / "course").is_file()


def test_each_way_has_its_commands_and_seconds_beside_those_by_hand():
    seconds = dict(zip(start.WAYS, (100.0, 50.0, 60.0, 70.0), strict=True))
    rows = start.compared(seconds, site=1.0)
    assert [(row.ours, row.peer) for row in rows if row.unit == "commands"] == [(3.0, 6.0)] * 3
    assert [row.ours for row in rows if row.unit == "s"] == [50.0, 60.0, 70.0, 1.0]
    assert all(row.met for row in rows)
    assert any("no network" in row.name for row in rows)


def test_the_home_is_empty_and_the_environment_of_others(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_PATH", "mine")
    monkeypatch.setenv("VIRTUAL_ENV", "mine")
    environ = start.empty_home(tmp_path)
    assert environ["HOME"] == str(tmp_path / "home")
    assert {"JUPYTER_PATH", "VIRTUAL_ENV"}.isdisjoint(environ)
    path = environ["PATH"].split(":")
    assert (str(Path(sys.executable).parent) in path) == (sys.prefix == sys.base_prefix)


def test_a_first_line_that_fails_is_told_with_its_output(tmp_path):
    way = start.Way(("echo no such thing; false", "true"))
    with pytest.raises(RuntimeError, match="no such thing"), start.running(way, tmp_path):
        pass


def test_the_address_is_read_from_what_jupyterlab_prints(tmp_path):
    address = "http://127.0.0.1:8890/lab?token=0a1b"
    way = start.Way((f"echo {address}; exec sleep 60 #",))
    with start.running(way, tmp_path) as found:
        assert found == address


def test_the_answer_is_that_of_the_first_exercise():
    assert start.answer().startswith("def mean_squared_error(")


def test_without_chromium_the_start_is_not_measured(monkeypatch, capsys):
    monkeypatch.setattr(browser, "chromium_path", lambda: None)
    assert bench.main(["start"]) == 2
    assert "Chromium is not installed" in capsys.readouterr().err
