"""Tests of autograder.wheels: the right packages for a system that is not this one."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from autograder import wheels
from autograder.bundle import PLATFORMS
from autograder.wheels import Shelf, Target, WheelError, closure, needs, reason

ROOT = Path(__file__).resolve().parent.parent
WINDOWS, LINUX = Target("windows", "3.13"), Target("linux", "3.11")


def wheel(folder, name, *requires, extras=(), tag="py3-none-any"):
    """Write a wheel that needs others, and return its path."""
    path = folder / f"{name}-1-{tag}.whl"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1"]
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {text}" for text in requires]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-1.dist-info/METADATA", "\n".join(lines) + "\n")
    return path


@pytest.fixture
def shelf(tmp_path):
    """Return a shelf of a terminal, of what it needs on each system, and of an extra."""
    made = {
        "terminal": wheel(
            tmp_path,
            "terminal",
            'colors; sys_platform == "win32"',
            'pty; os_name != "nt"',
            'backport; python_version < "3.12"',
            'tests; extra == "test"',
            "web[fast]",
        ),
        "web": wheel(tmp_path, "web", 'speed; extra == "fast"', extras=["fast"]),
    }
    for name in ("colors", "pty", "backport", "tests", "speed"):
        made[name] = wheel(tmp_path, name)
    return lambda versions: {name: made[name] for name in versions}


PINNED = dict.fromkeys(("terminal", "web", "colors", "pty", "backport", "speed"), "1")


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (WINDOWS, {"terminal", "web", "speed", "colors"}),
        (LINUX, {"terminal", "web", "speed", "pty", "backport"}),
        (Target("macos-arm", "3.12"), {"terminal", "web", "speed", "pty"}),
    ],
)
def test_markers_are_those_of_the_target(shelf, target, names):
    found = closure(["terminal", 'pty; sys_platform == "linux"'], PINNED, target, shelf)
    assert {path.name.split("-")[0] for path in found} == names


def test_a_package_without_a_pin_is_named(shelf):
    pinned = {name: "1" for name in PINNED if name != "colors"}
    with pytest.raises(WheelError, match=r"colors, needed on windows with Python 3.13, is not in"):
        closure(["terminal"], pinned, WINDOWS, shelf)
    assert closure(["terminal"], pinned, LINUX, shelf)


def test_the_course_s_own_requirements_are_read_from_a_wheel(tmp_path):
    path = wheel(tmp_path, "one", 'two>=1; sys_platform == "darwin"', "three")
    assert [str(need) for need in needs(path, "", LINUX)] == ["three"]


def test_every_platform_of_the_command_is_known():
    assert set(wheels.SYSTEMS) == set(PLATFORMS)


@pytest.mark.parametrize(
    ("platform", "fits", "does_not"),
    [
        ("linux", "cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_34_x86_64"),
        ("linux-arm", "cp38-abi3-manylinux2014_aarch64", "cp311-cp311-manylinux2014_x86_64"),
        ("macos-arm", "cp311-cp311-macosx_11_0_arm64", "cp311-cp311-macosx_14_0_arm64"),
        ("macos-intel", "cp311-cp311-macosx_10_9_universal2", "cp311-cp311-macosx_11_0_arm64"),
        ("windows", "py3-none-any", "cp311-cp311-win_arm64"),
    ],
)
def test_files_run_on_systems_of_some_age(platform, fits, does_not):
    tags = Target(platform, "3.11").tags
    known = {*cpython_tags((3, 11), platforms=tags), *compatible_tags((3, 11), platforms=tags)}
    for tag, expected in ((fits, True), (does_not, False)):
        assert bool(parse_wheel_filename(f"x-1-{tag}.whl")[3] & known) == expected


# ---- fetching ----


class Bar:
    count = 0

    def update(self, count):
        self.count += count


@pytest.fixture
def pip(monkeypatch, tmp_path_factory):
    """Replace pip by one that writes wheels, and return what it was asked for."""
    asked = []

    def run(command, **options):
        dest = next(word for word in command if word.startswith("--dest=")).removeprefix("--dest=")
        names = [word.split("==")[0] for word in command if "==" in word]
        asked.append(names)
        if "lost" in names:
            return subprocess.CompletedProcess(command, 1, "Retrying\nERROR: no")
        for name in names:
            wheel(Path(dest), name)
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(wheels.subprocess, "run", run)
    return asked


def test_what_was_fetched_is_kept_also_when_the_network_goes(pip, tmp_path):
    shelf = Shelf(tmp_path, LINUX, Bar())
    names = [f"a{k}" for k in range(wheels.BATCH)]
    with pytest.raises(WheelError, match="cannot be reached"):
        shelf(dict.fromkeys([*names, "lost"], "1"))
    assert len(pip) == 2
    assert set(shelf(dict.fromkeys([*names, "b"], "1"))) == {*names, "b"}
    assert pip[2:] == [["b"]]
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_pip_is_asked_for_the_target(tmp_path):
    command = Shelf(tmp_path, WINDOWS, Bar()).command(["numpy==1"], "part")
    assert {"--platform=win_amd64", "--python-version=3.13", "--only-binary=:all:"} < set(command)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: No matching distribution found for x==1", "no wheel of x==1 for linux with"),
        ("WARNING: Retrying\nERROR: No matching distribution found for x==1", "cannot be reached"),
        ("ERROR: SSLError", "cannot be reached"),
        ("something\nthe end\n", "the end"),
    ],
)
def test_the_reason_is_one_sentence(output, words):
    assert words in reason(output, LINUX)
    assert "\n" not in reason(output, LINUX)


def test_a_wheel_is_there_once_for_two_systems(pip, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["tool>=1"]\n[project]\ndependencies = ["one"]\n'
    )
    (tmp_path / "constraints.txt").write_text("# two\none==1\nTool==1\n")
    found = wheels.collect(tmp_path, ["linux", "windows"], ["3.13"])
    assert sorted(found) == ["one-1-py3-none-any.whl", "tool-1-py3-none-any.whl"]
    assert all(path.is_file() for path in found.values())


def test_the_pins_of_the_course_cover_what_only_other_systems_need():
    assert {"colorama", "pywinpty", "appnope"} <= set(wheels.pins(ROOT / "constraints.txt"))
