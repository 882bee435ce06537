"""Tests of autograder.bundle: a student gets a course that runs, and no answers."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder import bundle, wheels

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(
    not list(ROOT.glob("notebooks/*/*.ipynb")), reason="nothing is built yet"
)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Return the folder that a student has after unpacking the bundle."""
    folder = tmp_path_factory.mktemp("bundle")
    assert bundle.main([str(folder / "out.zip")]) == 0
    with zipfile.ZipFile(folder / "out.zip") as archive:
        archive.extractall(folder)
    return folder / bundle.FOLDER


def test_no_answer_and_no_question_is_in_it(unpacked):
    assert sorted(path.name for path in unpacked.iterdir()) == sorted(
        (*bundle.INCLUDED, "README.md")
    )
    for path in unpacked.rglob("*"):
        if path.is_file() and path.suffix != ".npz":
            content = path.read_text(encoding="utf-8")
            assert "BEGIN SOLUTION" not in content, path
            assert "from autograder" not in content, path
            assert "import autograder" not in content, path


def test_its_names_can_be_unpacked_everywhere(unpacked):
    names = [path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")]
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_.\-@/]+", name), name
        assert not re.search(r"(^|/)(con|prn|aux|nul|com\d|lpt\d)(\.|/|$)|\.(/|$)", name.lower())
        assert len(name) < 120, name  # Windows: 260 with the place where it is unpacked
    assert not any(path.is_symlink() for path in unpacked.rglob("*"))
    assert b"\r" not in (unpacked / "course").read_bytes()


def test_its_page_says_how_to_begin_on_each_system(unpacked):
    text = (unpacked / "README.md").read_text(encoding="utf-8")
    for words in ("py course lab", "python3 course lab", "Python 3.11 to 3.14", "00_start_here"):
        assert words in text
    assert "over the network, this once" in text


def test_packages_go_into_it_as_files(course, monkeypatch, capsys):
    made = course / "tool-1-py3-none-any.whl"
    made.write_bytes(b"PK")
    monkeypatch.setattr(wheels, "collect", lambda root, *target: {made.name: made})
    words = ["--wheels", "windows", "macos-arm", "--python", "3.13"]
    assert bundle.main([str(course / "out.zip"), *words], root=course) == 0
    assert "1 packages for windows, macos-arm with Python 3.13" in capsys.readouterr().out
    with zipfile.ZipFile(course / "out.zip") as archive:
        made_for = json.loads(archive.read(f"{bundle.FOLDER}/wheels/made-for.json"))
        text = archive.read(f"{bundle.FOLDER}/README.md").decode()
        assert archive.read(f"{bundle.FOLDER}/wheels/{made.name}") == b"PK"
    assert made_for == {"platforms": ["windows", "macos-arm"], "pythons": ["3.13"]}
    assert "You need Python 3.13 " in text
    assert "Windows or macOS on Apple silicon" in text


def test_packages_that_cannot_be_had_leave_no_file(course, monkeypatch, capsys):
    def fail(root, *target):
        raise wheels.WheelError("There is no wheel.")

    monkeypatch.setattr(wheels, "collect", fail)
    assert bundle.main([str(course / "out.zip"), "--wheels", "linux"], root=course) == 1
    assert capsys.readouterr().err == "There is no wheel. No bundle was written.\n"
    assert not list(course.glob("out.zip*"))


@pytest.mark.parametrize("version", ["3.9", "3", "4.0", "3.1x", "3.10"])
def test_a_python_that_is_none_is_refused(course, capsys, version):
    with pytest.raises(SystemExit):
        bundle.main([str(course / "out.zip"), "--wheels", "linux", "--python", version])
    assert "is no Python version from 3.11 on" in capsys.readouterr().err


def test_the_commands_run_from_it(unpacked):
    def course(*words):
        return subprocess.run(
            [sys.executable, "-P", unpacked / "utils" / "commands.py", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=unpacked,
            env={**os.environ, "PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"},
        )

    assert course("lab", "--help").returncode == 0
    assert "--fresh" in course("lab", "--help").stdout
    shown = subprocess.run(
        [sys.executable, unpacked / "course", "--help"], capture_output=True, text=True, check=True
    )
    assert "usage: course" in shown.stdout


def test_the_same_bytes_come_out_twice(tmp_path):
    for name in ("a.zip", "b.zip"):
        bundle.write_bundle(ROOT, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert not list(tmp_path.glob("*.part"))


@pytest.fixture
def course(tmp_path):
    """Return a small course with a released lesson."""
    (tmp_path / "notebooks" / "00_one").mkdir(parents=True)
    (tmp_path / "notebooks" / "00_one" / "00_one.ipynb").write_text("{}")
    return tmp_path


def test_a_release_with_an_answer_stops_the_bundle(course, capsys):
    (course / "notebooks" / "00_one" / "00_one.ipynb").write_text("# BEGIN SOLUTION")
    assert bundle.main([str(course / "out.zip")], root=course) == 1
    assert "00_one.ipynb holds 'BEGIN SOLUTION'" in capsys.readouterr().err
    assert not (course / "out.zip").exists()


def test_what_a_session_leaves_behind_stays_out(course):
    for name in ("__pycache__/x.pyc", ".ipynb_checkpoints/00_one-checkpoint.ipynb"):
        path = course / "notebooks" / "00_one" / name
        path.parent.mkdir()
        path.write_text("left")
    assert bundle.write_bundle(course, course / "out.zip") == [
        "README.md",
        "notebooks/00_one/00_one.ipynb",
    ]


def test_a_folder_that_is_not_there_is_said(course, capsys):
    assert bundle.main([str(course / "no" / "out.zip")], root=course) == 1
    assert f"There is no folder {course / 'no'}: make it first." in capsys.readouterr().err


def test_nothing_built_is_said(tmp_path, capsys):
    assert bundle.main([str(tmp_path / "out.zip")], root=tmp_path) == 1
    assert "course build" in capsys.readouterr().err


def test_a_folder_is_no_file_to_write(course, capsys):
    assert bundle.main([str(course)], root=course) == 1
    assert f"{course} is a folder: name the file to write" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_gets_one_sentence(course, capsys):
    (course / "out.zip.part").mkdir()
    assert bundle.main([str(course / "out.zip")], root=course) == 1
    error = capsys.readouterr().err
    assert error.startswith("course bundle: ")
    assert "out.zip.part" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(("lessons", "helper"), [(["00", "05"], False), (["06"], True), ([], True)])
def test_a_bundle_of_some_lessons_holds_no_answers_to_them(tmp_path, capsys, lessons, helper):
    assert bundle.main([str(tmp_path / "out.zip"), *lessons]) == 0
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names = {name.removeprefix(bundle.FOLDER + "/") for name in archive.namelist()}
    notebooks = {name[10:12] for name in names if name.startswith("notebooks/")}
    public = {name[22:24] for name in names if name.startswith("utils/checking/public/")}
    assert notebooks == public == (set(lessons) or {f"0{n}" for n in range(7)})
    assert ("utils/earlier.py" in names) == helper
    assert f"{len(notebooks)} lesson{'s' * (len(notebooks) > 1)}," in capsys.readouterr().out


def test_a_lesson_that_is_not_there_is_said(tmp_path, capsys):
    assert bundle.main([str(tmp_path / "out.zip"), "17"]) == 1
    assert 'no lesson "17"; the lessons are 00_start_here' in capsys.readouterr().err
