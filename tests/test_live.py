"""Tests of autograder.site.live: the edition for the browser is whole, and holds no answers."""

import importlib.util
import json
import shutil
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from autograder.site import live
from tests import pyodide

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(path.parent.name for path in ROOT.glob("notebooks/*/*.ipynb"))
NEEDED = ("jupyterlite_core", "jupyterlite_pyodide_kernel")
pytestmark = [
    pytest.mark.skipif(not LESSONS, reason="nothing is built yet: run `./course build`"),
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, NEEDED)),
        reason=f"JupyterLite is not installed: run `{sys.executable} -m pip install -e '.[site]'`",
    ),
]


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """Return the folder of the edition."""
    out = tmp_path_factory.mktemp("site") / "live"
    live.build(out)
    return out


def settings(edition):
    return json.loads((edition / "jupyter-lite.json").read_text(encoding="utf-8"))[
        "jupyter-config-data"
    ]


def test_the_lessons_are_listed_and_are_the_release(edition):
    listed = json.loads((edition / "api/contents/all.json").read_text(encoding="utf-8"))
    names = [entry["name"] for entry in listed["content"]]
    assert sorted(names) == sorted([*LESSONS, "README.md"])
    for lesson in LESSONS:
        assert (edition / live.address(lesson).split("?")[0]).is_file()
        place = f"{lesson}/{lesson}.ipynb"
        inside = json.loads((edition / "files" / place).read_text(encoding="utf-8"))
        release = json.loads((ROOT / "notebooks" / place).read_text(encoding="utf-8"))
        assert inside["cells"][1:] == release["cells"]
        assert "Experimental" in inside["cells"][0]["source"]
        # the kernel of the edition by its name, any other of JupyterLab's by the language
        assert inside["metadata"]["kernelspec"]["name"] == settings(edition)["defaultKernelName"]
        assert inside["metadata"]["language_info"]["name"] == "python"


def test_it_says_where_its_python_comes_from(edition):
    words = (edition / "files/README.md").read_text(encoding="utf-8")
    assert live.network() in words
    assert "experimental" in words
    assert live.pyodide_version() in live.network()


def test_no_answer_is_in_it(edition):
    for path in edition.rglob("*"):
        if path.is_file() and path.suffix != ".whl":
            assert_clean(path.name, path.read_bytes())
    for path in edition.rglob("*.whl"):
        with zipfile.ZipFile(path) as wheel:
            assert wheel.testzip() is None
            for name in wheel.namelist():
                assert_clean(name, wheel.read(name))


def assert_clean(name, content):
    for mark in (
        b"BEGIN SOLUTION",
        b"BEGIN HIDDEN TESTS",
        b"from autograder",
        b"import autograder",
    ):
        assert mark not in content, name


def test_the_wheels_are_what_the_kernel_is_told_to_load(edition):
    kernel = settings(edition)["litePluginSettings"][f"{live.KERNEL}:kernel"]
    packages = kernel["loadPyodideOptions"]["packages"]
    program = edition / "extensions" / live.KERNEL / "static"  # addresses count from here
    wheels = {(program / name).resolve() for name in packages if name.endswith(".whl")}
    assert wheels == {path.resolve() for path in (edition / "pypi").glob("*.whl")}
    assert set(packages) >= {"numpy", "matplotlib", "scikit-learn"}
    index = json.loads((edition / "pypi/all.json").read_text(encoding="utf-8"))
    assert set(index) == {"regularization-course", *live.SHIPPED}
    assert kernel["disablePyPIFallback"]  # one content network, no second


def test_utils_is_whole_in_its_wheel(edition):
    with zipfile.ZipFile(next((edition / "pypi").glob("regularization_course-*.whl"))) as wheel:
        names = set(wheel.namelist())
        for path in (ROOT / "utils").rglob("*.npz"):
            assert path.relative_to(ROOT).as_posix() in names
        for name in names:
            if name.startswith("utils/"):
                assert wheel.read(name) == (ROOT / name).read_bytes()


def test_what_the_figures_need_is_in_it_and_what_needs_a_server_is_not(edition):
    names = {extension["name"] for extension in settings(edition)["federated_extensions"]}
    assert names == set(live.EXTENSIONS)
    assert not list(edition.rglob("*nbgrader*"))


def test_it_is_small(edition):
    size = sum(path.stat().st_size for path in edition.rglob("*") if path.is_file())
    assert size < 30e6


def test_a_wheel_is_the_same_twice_and_pip_reads_it(tmp_path):
    once, again = (live.installed_wheel("psygnal", tmp_path / name) for name in "ab")
    assert once.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(once) as wheel:
        names = wheel.namelist()
        assert not [name for name in names if name.endswith(live.COMPILED)]
        info = once.name.removesuffix("-py3-none-any.whl") + ".dist-info"
        rows = wheel.read(f"{info}/RECORD").decode().splitlines()
        assert sorted(row.split(",")[0] for row in rows) == sorted(names)


def test_it_says_in_a_sentence_why_there_is_no_edition(tmp_path, monkeypatch):
    with pytest.raises(live.LiveError, match="is there already"):
        live.build(tmp_path)
    with pytest.raises(live.LiveError, match=r"has no pyodide\.mjs"):
        live.build(tmp_path / "live", pyodide=tmp_path)
    with pytest.raises(live.LiveError, match="no lessons in notebooks"):
        live.build(tmp_path / "live", root=course(tmp_path / "empty"))
    leaking = course(tmp_path / "leaking")
    (leaking / "utils/more.py").write_text("# BEGIN SOLUTION\n", encoding="utf-8")
    with pytest.raises(live.LiveError, match=r"more\.py holds 'BEGIN SOLUTION'"):
        live.build(tmp_path / "live", root=leaking)
    with pytest.raises(live.LiveError, match="nosuch is not installed"):
        live.installed_wheel("nosuch", tmp_path)
    monkeypatch.setitem(sys.modules, "jupyterlite_core", None)
    with pytest.raises(live.LiveError, match="jupyterlite_core is not installed"):
        live.network()
    assert not (tmp_path / "live").exists()


def course(folder):
    """Return the folder of a course without lessons."""
    for name in ("notebooks", "utils"):
        (folder / name).mkdir(parents=True)
    for name in ("pyproject.toml", "course", "constraints.txt", "environment.yml", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.mark.skipif(bool(pyodide.missing()), reason=str(pyodide.missing()))
def test_the_packages_of_this_pyodide_are_new_enough_for_the_course():
    lock = json.loads((pyodide.core() / "pyodide-lock.json").read_text(encoding="utf-8"))
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    bounds = {need.name: need.specifier for need in map(Requirement, project["dependencies"])}
    known = [name for name in live.LOADED if name in bounds]
    assert known
    for name in known:
        assert lock["packages"][name]["version"] in bounds[name], name
    assert live.python_version() in SpecifierSet(project["requires-python"])


@pytest.mark.skipif(bool(pyodide.missing()), reason=str(pyodide.missing()))
def test_a_school_can_serve_the_python_itself(tmp_path):
    live.build(tmp_path / "live", pyodide=pyodide.core())
    kernel = settings(tmp_path / "live")["litePluginSettings"][f"{live.KERNEL}:kernel"]
    assert kernel["pyodideUrl"] == "./static/pyodide/pyodide.mjs"
    assert (tmp_path / "live" / kernel["pyodideUrl"]).is_file()
