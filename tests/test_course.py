"""Tests of the `course` command: it makes, mends and uses its environment, and explains itself."""

import ast
import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
import zipfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COURSE = ROOT / "course"

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"
{dependencies}

[tool.setuptools]
"""
BACKEND = '''
"""Builds an editable wheel from nothing but the standard library."""
import os, zipfile

METADATA = "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n"

def prepare_metadata_for_build_editable(folder, settings=None):
    os.mkdir(os.path.join(folder, "tiny-1.dist-info"))
    with open(os.path.join(folder, "tiny-1.dist-info", "METADATA"), "w") as file:
        file.write(METADATA + os.environ.get("TINY_NEEDS", ""))
    return "tiny-1.dist-info"

def build_editable(folder, settings=None, metadata=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("tiny.py", "here = True\\n")
        wheel.writestr("tiny-1.dist-info/METADATA", METADATA)
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    return name
'''
COMMANDS = "import sys, tiny\nprint(sys.prefix, sys.argv[1:])\nsys.exit(7)\n"


@pytest.fixture
def course():
    """Return the `course` file as a module."""
    loader = SourceFileLoader("course_bootstrap", str(COURSE))
    spec = importlib.util.spec_from_file_location(loader.name, COURSE, loader=loader)
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module


@pytest.fixture
def tiny(tmp_path):
    """Return a folder with `course` and a project that needs no package."""
    folder = tmp_path / "a course"
    (folder / "utils").mkdir(parents=True)
    shutil.copy(COURSE, folder)
    (folder / "pyproject.toml").write_text(PROJECT.format(dependencies=""))
    (folder / "backend.py").write_text(BACKEND)
    (folder / "constraints.txt").write_text("")
    (folder / "utils" / "commands.py").write_text(COMMANDS)
    return folder


def run(folder, *words, **variables):
    """Run `course` in a folder with this Python's base interpreter."""
    environ = {**os.environ, "PIP_NO_CACHE_DIR": "1", **variables}
    return subprocess.run(
        [getattr(sys, "_base_executable", sys.executable), folder / "course", *words],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def site_of(folder):
    """Return the folder of the packages in a tiny environment."""
    return next((folder / ".venv").glob("[Ll]ib/**/site-packages"))


# ---- from nothing to ready, and back from damage ----


def test_an_environment_is_made_used_and_mended(tiny):
    first = run(tiny, "lab", "--out", "x y")
    assert first.returncode == 7, first.stderr
    assert first.stdout.split(" ", 2)[-1].strip().endswith("['lab', '--out', 'x y']")
    assert str(tiny / ".venv") in first.stdout
    assert "ready" in first.stderr

    again = run(tiny, "lab")
    assert (again.returncode, again.stderr) == (7, "")

    (site_of(tiny) / "tiny.py").unlink()
    mended = run(tiny, "lab")
    assert mended.returncode == 7
    assert "Updating" in mended.stderr
    assert (site_of(tiny) / "tiny.py").exists()

    (tiny / ".venv" / "course.json").unlink()  # as after a set-up that was killed
    shutil.rmtree(site_of(tiny) / "pip" / "_internal")
    made_anew = run(tiny, "lab")
    assert made_anew.returncode == 7
    assert "Removing" in made_anew.stderr

    # A new requirement is fetched; without a network that is said in one sentence.
    (tiny / "pyproject.toml").write_text(
        PROJECT.format(dependencies='dependencies = ["no-such-thing"]')
    )
    lost = run(
        tiny,
        "lab",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="1",
        PIP_CONFIG_FILE=os.devnull,
        PIP_EXTRA_INDEX_URL="",
        TINY_NEEDS="Requires-Dist: no-such-thing\n",
    )
    assert lost.returncode == 1
    last = lost.stderr.splitlines()[-1]
    assert "network" in last
    assert str(tiny / ".venv.log") in last
    assert "no-such-thing" in (tiny / ".venv.log").read_text()


NO_NETWORK = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
    "PIP_CONFIG_FILE": os.devnull,
}


def write_wheel(folder, name):
    """Write a wheel of a package without code."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as archive:
        info = f"{name}-1.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def write_note(folder, platform, python):
    """Say what the files in a folder are made for."""
    made_for = {"platforms": [platform], "pythons": [python]}
    (folder / "made-for.json").write_text(json.dumps(made_for))


def test_packages_that_came_as_files_need_no_network(tiny, course):
    project = PROJECT.format(dependencies='dependencies = ["afar"]')
    (tiny / "pyproject.toml").write_text(project.replace("requires = []", 'requires = ["tool"]'))
    write_wheel(tiny / "wheels", "tool")
    needs = {**NO_NETWORK, "TINY_NEEDS": "Requires-Dist: afar\n"}

    write_note(tiny / "wheels", "another", "3.11")
    other = run(tiny, "lab", **needs)
    assert other.returncode == 1
    assert "are for another with Python 3.11, and this is" in other.stderr
    assert "network" in other.stderr.splitlines()[-1]

    write_wheel(tiny / "wheels", "afar")
    write_note(tiny / "wheels", course.platform_name(), course.python_name())
    made = run(tiny, "lab", **needs)
    assert made.returncode == 7, made.stderr
    assert "Fetching" not in made.stderr
    assert (site_of(tiny) / "afar-1.dist-info").is_dir()


def test_files_that_do_not_fit_after_all_send_it_to_the_network(tiny, course):
    (tiny / "wheels").mkdir()
    write_note(tiny / "wheels", course.platform_name(), course.python_name())
    lost = run(tiny, "lab", **NO_NETWORK, TINY_NEEDS="Requires-Dist: afar\n")
    assert lost.returncode == 1
    assert "do not fit this system" in lost.stderr
    assert "network" in lost.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("windows", "system", "machine", "kind", "name"),
    [
        (True, "win32", "AMD64", "win-amd64", "windows"),
        (True, "win32", "ARM64", "win-amd64", "windows"),  # Intel's Python on ARM
        (True, "win32", "ARM64", "win-arm64", "win-arm64"),
        (False, "darwin", "arm64", "macosx-10.13-universal2", "macos-arm"),
        (False, "darwin", "x86_64", "macosx-10.13-universal2", "macos-intel"),
        (False, "linux", "aarch64", "linux-aarch64", "linux-arm"),
        (False, "linux", "x86_64", "linux-x86_64", "linux"),
    ],
)
def test_a_platform_has_the_name_that_a_bundle_gives_it(
    course, monkeypatch, windows, system, machine, kind, name
):
    monkeypatch.setattr(course, "WINDOWS", windows)
    monkeypatch.setattr(course.sys, "platform", system)
    monkeypatch.setattr(course.platform, "machine", lambda: machine)
    monkeypatch.setattr(course.sysconfig, "get_platform", lambda: kind)
    assert course.platform_name() == name


@pytest.mark.parametrize(("windows", "words"), [(True, "py -3.99 course"), (False, "python3.99")])
def test_the_python_that_fits_is_named(course, tmp_path, monkeypatch, capsys, windows, words):
    monkeypatch.setattr(course, "WHEELS", str(tmp_path))
    monkeypatch.setattr(course, "WINDOWS", windows)
    monkeypatch.setattr(course, "platform_name", lambda: "here")
    write_note(tmp_path, "here", "3.99")
    assert not course.wheels_fit("3.98")
    assert f"`{words}" in capsys.readouterr().err
    assert course.wheels_fit("3.99")


def test_an_environment_of_a_python_that_fits_not_makes_room_for_one_that_does(
    course, tiny, monkeypatch
):
    monkeypatch.setattr(course, "ROOT", str(tiny))
    monkeypatch.setattr(course, "WHEELS", str(tiny / "wheels"))
    environment = course.Environment(["lab"])
    (tiny / ".venv").mkdir()
    (tiny / "wheels").mkdir()
    (tiny / ".venv" / "pyvenv.cfg").write_text("version = 3.99.1\n")
    write_note(tiny / "wheels", "any", course.python_name())
    assert environment.version() == "3.99"
    assert environment.has_other_python()
    (tiny / "wheels" / "made-for.json").unlink()
    assert not environment.has_other_python()


def test_help_needs_no_environment():
    for words in ((), ("--help",)):
        shown = run(ROOT, *words)
        assert shown.returncode == (0 if words else 2), shown.stderr
        assert "usage: course" in shown.stdout
    wrong = run(ROOT, "lap")
    assert wrong.returncode == 2
    assert "lab" in wrong.stderr


VERBS = ["lab", "test", "build", "pull", "bundle", "grade", "bench", "site"]


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_installs_nothing(tmp_path, verb):
    ignore = shutil.ignore_patterns("__pycache__", "data", "public", "questions")
    for folder in ("utils", "autograder"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(COURSE, tmp_path)
    for option in ("--help", "-h"):
        shown = run(tmp_path, verb, option)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert f"usage: course {verb}" in shown.stdout
    assert not list(tmp_path.glob(".venv*"))


def test_help_for_another_program_is_no_help_of_ours(course):
    assert course.own_options(["lab", "--", "--help"]) == ["lab"]
    assert course.own_options(["lab", "--help"]) == ["lab", "--help"]


# ---- what an old Python can do with the file ----


def test_an_old_python_can_read_the_file():
    ast.parse(COURSE.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_only_the_standard_library_is_used():
    tree = ast.parse(COURSE.read_text(encoding="utf-8"))
    names = [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


ENDS = {"old": {"OLDEST": (99, 1)}, "new": {"OLDEST": (3, 1), "NEWEST": (3, 10)}}


@pytest.fixture(params=ENDS)
def fault(request, course, tiny, monkeypatch):
    """What is wrong with the Python that runs `course` where there is no environment yet."""
    for name, version in ENDS[request.param].items():
        monkeypatch.setattr(course, name, version)
    monkeypatch.setattr(course, "ROOT", str(tiny))
    return request.param


def test_a_python_that_does_not_fit_says_so_in_one_sentence(course, fault, monkeypatch, capsys):
    monkeypatch.setattr(course.shutil, "which", lambda name: None)
    assert course.main(["lab"]) == 1
    error = capsys.readouterr().err
    newest = "{}.{}".format(*course.NEWEST)
    assert error.count("\n") == 1
    assert f"too {fault}: install Python {newest} from" in error
    assert f"`python{newest} course lab`" in error


def test_a_python_that_fits_takes_over(course, fault, monkeypatch):
    monkeypatch.setattr(course.shutil, "which", lambda name: sys.executable)
    started = []
    monkeypatch.setattr(course, "replace_process", lambda command, env: started.append(command))
    course.main(["lab", "x"])
    assert started == [[sys.executable, str(COURSE), "lab", "x"]]


def test_a_new_python_may_try_the_newest_packages(course, tiny, monkeypatch):
    (tiny / "autograder").mkdir()
    monkeypatch.setattr(course, "NEWEST", (3, 10))
    monkeypatch.setattr(course, "ROOT", str(tiny))
    monkeypatch.setattr(course.shutil, "which", lambda name: None)
    tried = []
    monkeypatch.setattr(course.Environment, "set_up", lambda self: tried.append(self.newest))
    monkeypatch.setattr(course, "hand_over", lambda python, argv: 0)
    assert course.main(["test", "--newest"]) == 0
    assert tried == [True]


# ---- one sentence for each thing that goes wrong ----


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: ... OSError: [Errno 28] No space left on device", "disk is full"),
        ("OSError: [WinError 112] There is not enough space", "disk is full"),
        ("WARNING: Retrying ... NewConnectionError('...')\nERROR: No match", "network"),
        ("socket.gaierror: [Errno 11001] getaddrinfo failed", "network"),
        ("ERROR: No matching distribution found for numpy==9", "numpy==9 was not found"),
        ("ERROR: [Errno 13] Permission denied: 'x'", "cannot be written"),
        ("HINT: ... does not have Windows Long Path support enabled", "short one"),
        ("error: something else", "stands at the end of"),
    ],
)
def test_the_reason_is_found_in_the_output(course, tmp_path, output, words):
    with course.Log(str(tmp_path / "log")) as log:
        log.write(output)
    sentence = course.diagnosis(log)
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "cannot be written"), (errno.EIO, "x y")],
)
def test_errors_of_the_system_are_explained(course, monkeypatch, capsys, number, words):
    def fail(argv):
        raise OSError(number, os.strerror(number), "x y")

    monkeypatch.setattr(course, "run", fail)
    assert course.main(["lab"]) == 1
    assert words in capsys.readouterr().err


def test_a_python_without_ensurepip_is_told_how_to_get_it(course, monkeypatch, tmp_path):
    monkeypatch.setattr(course, "ROOT", str(tmp_path))
    environment = course.Environment(["lab"])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    pip = course.Pip(environment, None, None, None)
    with pytest.raises(course.Problem, match="python3-venv"):
        pip.make_venv()


def test_interrupting_is_no_traceback(course, monkeypatch, capsys):
    def interrupt(argv):
        raise KeyboardInterrupt

    monkeypatch.setattr(course, "run", interrupt)
    assert course.main(["lab"]) == 130
    assert "goes on where it was" in capsys.readouterr().err


# ---- what counts as whole ----


@pytest.fixture
def site(tmp_path):
    """Return a folder with one package of two files."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.py").write_text("abc")
    (tmp_path / "one" / "b, c.py").write_text("abc")
    info = tmp_path / "one-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text(
        'one/a.py,sha256=x,3\n"one/b, c.py",sha256=x,3\none-1.0.dist-info/RECORD,,\n'
    )
    return tmp_path


def test_a_whole_package_is_not_damaged(course, site):
    assert course.damaged(str(site)) == set()
    assert course.damaged(str(site), ["one-1.0.dist-info"]) == set()


def test_missing_short_and_forgotten_files_are_damage(course, site):
    assert course.damaged(str(site), ["two-1.dist-info"]) == {"two"}
    (site / "one" / "a.py").write_text("ab")
    assert course.damaged(str(site)) == {"one"}
    (site / "one" / "a.py").unlink()
    assert course.damaged(str(site)) == {"one"}
    (site / "one-1.0.dist-info" / "RECORD").unlink()
    assert course.damaged(str(site)) == {"one"}
    course.forget(str(site), {"one"})
    assert course.distributions(str(site)) == []


def test_other_inputs_make_an_environment_not_ready(course, tiny, monkeypatch):
    monkeypatch.setattr(course, "ROOT", str(tiny))
    before = course.Environment(["lab"]).inputs()
    (tiny / "constraints.txt").write_text("numpy==2.0\n")
    assert course.Environment(["lab"]).inputs() != before


def test_extras_and_folders_follow_the_command(course):
    def of(*argv):
        environment = course.Environment(list(argv))
        return Path(environment.folder).name, environment.extras

    assert of("lab") == (".venv", set())
    assert of("test", "-k", "x") == (".venv", {"test"})
    assert of("test", "--frameworks") == (".venv", {"test", "frameworks"})
    assert of("grade") == (".venv", set())
    assert of("grade", "--cluster", "tcp://[::1]:8786") == (".venv", {"cluster"})
    assert of("grade", "--cluster=tcp://[::1]:8786") == (".venv", {"cluster"})
    assert of("grade", "--db", "postgresql://localhost/class") == (".venv", {"postgresql"})
    assert of("grade", "--db=postgresql+psycopg:///class") == (".venv", {"postgresql"})
    assert of("grade", "--db", "sqlite:///postgresql.db") == (".venv", set())
    assert of("bench", "network") == (".venv", {"bench", "site"})
    assert of("site") == (".venv", {"site"})
    assert of("test", "--oldest") == (".venv-oldest", {"test"})
    assert of("test", "--newest") == (".venv-newest", {"test"})
    assert of("test", "--", "--oldest") == (".venv", {"test"})


@pytest.mark.parametrize("verb", ["grade", "build", "test"])
def test_a_bundle_sets_nothing_up_for_what_it_does_not_have(tmp_path, verb):
    ignore = shutil.ignore_patterns("__pycache__", "data", "public")
    shutil.copytree(ROOT / "utils", tmp_path / "utils", ignore=ignore)
    shutil.copy(COURSE, tmp_path)
    shown = run(tmp_path, verb)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "bundle" in shown.stdout
    assert not list(tmp_path.glob(".venv*"))


def test_a_bundle_needs_no_extras(course, tiny, monkeypatch):
    monkeypatch.setattr(course, "ROOT", str(tiny))
    assert course.Environment(["bench"]).extras == set()


# ---- an environment that is already there ----


def test_a_ready_conda_environment_is_used(course, monkeypatch, tmp_path):
    info = tmp_path / "regularization_course-0.1.0.dist-info"
    info.mkdir()
    monkeypatch.setattr(course.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(course.sys, "prefix", str(tmp_path))
    assert not course.in_ready_environment()
    (info / "direct_url.json").write_text(json.dumps({"url": ROOT.as_uri()}))
    assert course.in_ready_environment()
    (info / "direct_url.json").write_text(json.dumps({"url": tmp_path.as_uri()}))
    assert not course.in_ready_environment()


# ---- two at the same time ----


@pytest.mark.skipif(os.name == "nt", reason="holds the lock by flock")
def test_a_second_command_waits_for_the_first(course, tmp_path, capfd):
    path = tmp_path / "lock"
    holder = textwrap.dedent(f"""
        import fcntl, time
        file = open({str(path)!r}, "a")
        fcntl.flock(file, fcntl.LOCK_EX)
        print("held", flush=True)
        time.sleep(1)
    """)
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        start = time.monotonic()
        with course.locked(str(path)):
            waited = time.monotonic() - start
    assert waited > 0.5
    assert "waiting" in capfd.readouterr().err


def test_windows_passes_the_exit_code_on(course, monkeypatch):
    monkeypatch.setattr(course, "WINDOWS", True)
    command = [sys.executable, "-c", "import sys; sys.exit(5)"]
    assert course.replace_process(command, dict(os.environ)) == 5
