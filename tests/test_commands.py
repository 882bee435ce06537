"""Tests of utils.commands: each verb gets its words, and the exit codes are right."""

import importlib.metadata
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from utils import commands, lab

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def same_variables(monkeypatch):
    """Undo what a verb sets for its own process."""
    own = ("PATH", "COURSE_PROGRESS", "COURSE_FRAMEWORKS", "JUPYTER_PREFER_ENV_PATH")
    for name in own + commands.THREADS:
        monkeypatch.setenv(name, commands.os.environ.get(name, ""))


@pytest.fixture
def calls(monkeypatch):
    """Record what would be run instead of running it; every call fails with the code set."""
    record = types.SimpleNamespace(commands=[], code=0)

    def call(module, *words):
        record.commands.append((module, *words))
        return record.code

    monkeypatch.setattr(commands, "call", call)
    return record


def test_help_is_short_and_names_every_verb(capsys):
    with pytest.raises(SystemExit) as ended:
        commands.main(["--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert len(shown.splitlines()) < 25
    for verb in ("lab", "test", "build", "pull", "bundle", "grade", "report", "return", "docs"):
        assert f"\n    {verb} " in shown


def test_no_verb_and_a_wrong_verb_are_usage_errors(capsys):
    assert commands.main([]) == 2
    with pytest.raises(SystemExit) as ended:
        commands.main(["lap"])
    assert ended.value.code == 2
    assert "lap" in capsys.readouterr().err


def test_words_after_lab_go_on(monkeypatch):
    got = []
    monkeypatch.setattr(lab, "main", lambda words: got.append(words) or 3)
    assert commands.main(["lab", "--no-browser", "--fresh", "01"]) == 3
    assert got == [["--no-browser", "--fresh", "01"]]


def test_words_after_test_go_to_pytest_alone(calls):
    calls.code = 5
    assert commands.main(["test", "-k", "lab", "--lf"]) == 5
    assert calls.commands == [("pytest", "-k", "lab", "--lf")]


def test_a_full_test_runs_every_step_and_sums_up(calls, capsys):
    assert commands.main(["test"]) == 0
    assert [command[0] for command in calls.commands[:4]] == [
        "ruff",
        "ruff",
        "utils.commands",
        "pytest",
    ]
    assert "passed" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(("cores", "workers"), [(2, 2), (64, 4), (1, 0), (None, 0)])
def test_all_tests_are_shared_among_a_few_processes_file_by_file(
    calls, monkeypatch, cores, workers
):
    monkeypatch.setattr(commands.os, "cpu_count", lambda: cores)
    commands.main(["test"])
    words = ("-n", str(workers), "--dist", "loadfile") if workers else ()
    asked = [command for command in calls.commands if command[0] == "pytest"]
    assert all(command[1 : 1 + len(words)] == words for command in asked)
    assert all(("-n" in command) == bool(workers) for command in asked)


def test_matrix_products_keep_to_one_thread(calls):
    commands.main(["test", "-k", "lab"])
    assert {commands.os.environ[name] for name in commands.THREADS} == {"1"}


def test_a_failed_step_does_not_hide_the_others(calls, capsys):
    calls.code = 1
    assert commands.main(["test"]) == 1
    assert len(calls.commands) >= 4
    assert capsys.readouterr().out.splitlines()[-1].startswith("0 of ")


def test_other_versions_are_not_asked_for_the_pinned_format(calls):
    commands.main(["test", "--oldest"])
    assert {command[0] for command in calls.commands} == {"pytest"}


@pytest.mark.parametrize(("code", "option"), [(0, "--newest"), (1, "--newest"), (1, "-n0")])
def test_a_failure_with_other_versions_names_them(calls, monkeypatch, capsys, code, option):
    packages = [types.SimpleNamespace(name=n, version="0.0") for n in ("NumPy", "a_new-one")]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: packages)
    calls.code = code
    assert commands.main(["test", option]) == code
    named = re.findall(r"^(\S+) +0\.0 +pinned: \d", capsys.readouterr().out, re.MULTILINE)
    assert named == (["numpy"] if code and option == "--newest" else [])


def test_frameworks_are_asked_for_by_a_variable(calls):
    commands.main(["test", "--frameworks", "-k", "keras"])
    assert calls.commands == [("pytest", "-k", "keras")]
    assert commands.os.environ["COURSE_FRAMEWORKS"] == "1"


@pytest.mark.parametrize("verb", sorted(commands.TEACHER))
def test_a_bundle_has_no_teachers_commands(verb, monkeypatch, capsys):
    monkeypatch.setattr(commands.importlib.util, "find_spec", lambda name: None)
    assert commands.main([verb]) == 1
    assert "a teacher's command" in capsys.readouterr().out


def test_a_verb_that_is_not_there_yet_says_so(monkeypatch, capsys):
    monkeypatch.setitem(commands.TEACHER, "report", ("autograder.no_such_module", "main"))
    assert commands.main(["report"]) == 1
    assert "not there yet" in capsys.readouterr().out


def test_a_teachers_verb_gets_its_words(monkeypatch):
    module = types.SimpleNamespace(main=len)
    monkeypatch.setattr(commands.importlib, "import_module", lambda name: module)
    assert commands.main(["grade", "--demo", "--workers", "2"]) == 3


def test_programs_of_the_environment_come_first(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    commands.find_own_programs()
    assert commands.os.environ["PATH"].startswith(str(Path(sys.executable).parent))


def test_the_command_starts_without_heavy_imports():
    code = "import sys, utils.commands; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert {"numpy", "nbgrader", "IPython", "autograder"}.isdisjoint(shown.stdout.split())


def test_the_steps_that_are_modules_of_our_own_do_something_when_run():
    own = [module for _, (module, *_) in commands.steps(("pytest",), pinned=True)]
    for module in own:
        path = commands.ROOT.joinpath(*module.split(".")).with_suffix(".py")
        if path.is_file():
            assert '__name__ == "__main__"' in path.read_text(encoding="utf-8"), module


@pytest.mark.parametrize(
    ("name", "full"),
    [("01", "01_a"), ("01_a", "01_a"), ("02_b", "02_b"), ("0", "0"), ("", ""), ("9", "9")],
)
def test_a_name_of_a_lesson_may_be_cut(name, full):
    """An exact name counts where another goes on; of two that fit, none does."""
    assert commands.full_name(name, ["01_a", "02_b", "02_bc"]) == full
