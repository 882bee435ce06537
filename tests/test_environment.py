"""Tests of the environment's files: they name the same packages, all of them, exactly."""

import ast
import importlib.metadata
import re
import runpy
import stat
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from utils import commands

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins(name):
    """Return the versions that a constraints file pins, by name."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(row) == 2 for row in rows)
    return {canonicalize_name(name): version for name, version in rows}


def requirements(*extras):
    """Return what the course requires, directly or by an extra, which may take in others."""
    found, waiting = [Requirement(text) for text in PROJECT["dependencies"]], list(extras or EXTRAS)
    for extra in waiting:
        for wanted in map(Requirement, EXTRAS[extra]):
            if wanted.name == PROJECT["name"]:
                waiting += sorted(wanted.extras)
            else:
                found.append(wanted)
    return found


def everything(requirements):
    """Return the names of all packages that these need here, themselves included."""
    done, waiting = set(), list(requirements)
    while waiting:
        wanted = waiting.pop()
        for extra in {"", *wanted.extras}:
            step = canonicalize_name(wanted.name), extra
            if step not in done:
                done.add(step)
                needs = map(Requirement, importlib.metadata.requires(step[0]) or [])
                waiting += [n for n in needs if not n.marker or n.marker.evaluate({"extra": extra})]
    return {name for name, _ in done}


@pytest.fixture
def pinned():
    """Return the pins, and skip where other versions are installed on purpose."""
    if Path(sys.prefix).name in (".venv-oldest", ".venv-newest"):
        pytest.skip("another set of versions is installed")
    return pins("constraints.txt")


def test_every_package_needed_is_pinned_and_installed_so(pinned):
    needed = everything(requirements("test"))
    assert needed <= set(pinned)
    installed = {name: importlib.metadata.version(name) for name in needed}
    assert installed == {name: pinned[name] for name in needed}


def test_pins_keep_the_bounds():
    versions = pins("constraints.txt")
    for requirement in requirements():
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_the_oldest_set_is_the_lower_bounds():
    versions = pins("constraints-oldest.txt")
    for requirement in requirements("test"):
        lowest = re.fullmatch(r">=(.*)", str(requirement.specifier))[1]
        assert versions[canonicalize_name(requirement.name)] == lowest, requirement


def test_no_package_has_two_bounds():
    bounds = {}
    for extra in ("test", *EXTRAS):
        for requirement in requirements(extra):
            bounds.setdefault(canonicalize_name(requirement.name), set()).add(str(requirement))
    assert {name: texts for name, texts in bounds.items() if len(texts) > 1} == {}


def test_every_command_asks_for_extras_that_there_are():
    """The names in `course`, which reads no file before there is an environment."""
    course = runpy.run_path(str(ROOT / "course"))
    asked = {
        name for names in (course["EXTRAS"] | course["OPTION_EXTRAS"]).values() for name in names
    }
    assert asked <= set(EXTRAS)
    assert set(course["EXTRAS"]) == set(commands.HELP)


def imported(folder):
    """Return the names of packages that the modules of a folder import, ours left out."""
    ours = {"autograder", "utils", "tests"} | sys.stdlib_module_names
    nodes = [
        node
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    names = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    names += [n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level]
    return {name.split(".")[0] for name in names} - ours


@pytest.mark.parametrize("folder", ["utils", "autograder", "lessons", "tests"])
def test_what_is_imported_is_required(folder):
    required = {canonicalize_name(wanted.name) for wanted in requirements()}
    brought = importlib.metadata.packages_distributions() | {"keras": ["tensorflow"]}
    for name in sorted(imported(folder)):
        there = {canonicalize_name(package) for package in brought.get(name, [name])}
        assert there & required, f"{name}, which a module of {folder}/ imports, is not required"


def test_each_dependency_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for line in text.splitlines():
        if re.match(r'    "[\w\[\]-]+>=', line):
            assert re.search(r", # \w.{8}", line), line


def test_conda_and_binder_install_the_same_set():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [item for item in environment["dependencies"] if isinstance(item, str)]
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert pip == ["-c constraints.txt", "-e ."]
    assert [re.match(r"\w+", item)[0] for item in conda] == ["python", "pip"]
    python = next(item for item in conda if item.startswith("python")).split("=")[1]
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(f"{python}.0")


def test_no_pin_is_for_one_platform_only():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "+cpu" not in text
    assert " @ " not in text
    assert {"colorama", "pywinpty", "appnope"} <= set(pins("constraints.txt"))


def test_the_commands_are_executable():
    for name in ("course", ".ci/run"):
        assert (ROOT / name).stat().st_mode & stat.S_IXUSR
        assert b"\r" not in (ROOT / name).read_bytes()


def test_both_licences_are_named():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "BSD 3-Clause License" in text
    assert "CC BY 4.0" in text
