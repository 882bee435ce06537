"""Tests of utils.lab: working copies appear, and no work of a student is ever overwritten."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import lab

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def root(tmp_path):
    """Return a course with two released lessons, one of them with a side file."""
    release(tmp_path, "00_one", "first")
    release(tmp_path, "01_two", "second")
    (tmp_path / "notebooks" / "01_two" / "data").mkdir()
    (tmp_path / "notebooks" / "01_two" / "data" / "side.csv").write_text("1,2")
    return tmp_path


def release(root, name, text):
    """Write the release of a lesson."""
    folder = root / "notebooks" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ipynb").write_text(text)


def copy(root, fresh=None):
    """Copy the lessons as `course lab` does."""
    return lab.copy_lessons(root / "notebooks", root / "my-work", fresh)


def read(root, name, folder=None):
    """Return the working copy of a lesson."""
    return (root / "my-work" / (folder or name) / f"{name}.ipynb").read_text()


def test_lessons_and_side_files_are_copied(root, capsys):
    assert copy(root) is None
    assert read(root, "00_one") == "first"
    assert (root / "my-work" / "01_two" / "data" / "side.csv").read_text() == "1,2"
    assert capsys.readouterr().out == "New in my-work: 00_one\nNew in my-work: 01_two\n"
    copy(root)
    assert capsys.readouterr().out == ""


def test_work_is_never_overwritten(root, capsys):
    copy(root)
    (root / "my-work" / "00_one" / "00_one.ipynb").write_text("my answers")
    release(root, "00_one", "first, revised")
    capsys.readouterr()
    copy(root)
    assert read(root, "00_one") == "my answers"
    said = capsys.readouterr().out
    assert "00_one has changed" in said
    assert "--fresh 00_one" in said
    copy(root)
    assert capsys.readouterr().out == "", "it is said once"


def test_a_later_change_is_said_again(root, capsys):
    copy(root)
    for text in ("second, revised", "second, revised again"):
        release(root, "01_two", text)
        capsys.readouterr()
        copy(root)
        assert "01_two has changed" in capsys.readouterr().out


def test_fresh_copies_stand_beside(root):
    copy(root)
    (root / "my-work" / "00_one" / "00_one.ipynb").write_text("my answers")
    release(root, "00_one", "first, revised")
    copy(root, fresh="00_one")
    copy(root, fresh="00")
    assert read(root, "00_one") == "my answers"
    assert read(root, "00_one", "00_one-2") == "first, revised"
    assert read(root, "00_one", "00_one-3") == "first, revised"


def test_an_unknown_lesson_is_named_with_the_known(root):
    assert "choose one of 00_one, 01_two" in copy(root, fresh="07")
    assert "choose one of 00_one, 01_two" in copy(root, fresh="0")


def test_no_release_is_said(tmp_path):
    assert "course build" in copy(tmp_path)


def test_lost_or_broken_notes_lose_no_work(root):
    copy(root)
    (root / "my-work" / "00_one" / "00_one.ipynb").write_text("my answers")
    for notes in ("{", "[]", ""):
        (root / "my-work" / lab.NOTES).write_text(notes)
        copy(root)
        assert read(root, "00_one") == "my answers"


def test_a_copy_does_not_win_over_a_file_that_appeared(root, monkeypatch):
    place = root / "mine.ipynb"
    place.write_text("my answers")
    lab.copy_new(root / "notebooks" / "00_one" / "00_one.ipynb", place)
    assert place.read_text() == "my answers"

    def no_links(*paths):
        raise OSError("links are not supported")

    monkeypatch.setattr(os, "link", no_links)
    lab.copy_new(root / "notebooks" / "00_one" / "00_one.ipynb", place)
    assert place.read_text() == "my answers"
    lab.copy_new(root / "notebooks" / "00_one" / "00_one.ipynb", root / "new.ipynb")
    assert (root / "new.ipynb").read_text() == "first"
    assert not list(root.glob(".*.part"))


steps = st.lists(st.sampled_from(["lab", "fresh", "work", "release", "delete"]), max_size=8)


@settings(max_examples=25, deadline=None)
@given(steps=steps)
def test_whatever_happens_every_saved_answer_stays(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("root")
    release(root, "00_one", "first")
    saved = {}
    for number, step in enumerate(steps):
        if step == "release":
            release(root, "00_one", f"revised {number}")
        elif step == "delete":
            for path in saved:
                path.unlink()
            saved.clear()
        elif step == "work":
            for path in root.glob("my-work/*/00_one.ipynb"):
                path.write_text(f"answers {number}")
                saved[path] = f"answers {number}"
        else:
            copy(root, fresh="00" if step == "fresh" else None)
        assert {path: path.read_text() for path in saved} == saved


# ---- ports and options ----


@pytest.mark.parametrize(
    ("words", "port"),
    [
        ([], None),
        (["--port", "9000"], 9000),
        (["--port=9000", "--no-browser"], 9000),
        (["--ServerApp.port=9000"], 9000),
        (["--port", "9000", "--port=9001"], 9001),
        (["--port-retries", "3"], None),
    ],
)
def test_the_requested_port_is_found(words, port):
    assert lab.requested_port(words) == port


def test_a_taken_port_is_one_sentence(root, capsys):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert lab.main(["--port", str(port)], root) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"Port {port} is taken")
    assert error.count("\n") == 1
    assert "is not a port" in lab.port_problem(["--port=70000"])


def test_own_words_replace_the_defaults(tmp_path):
    options = " ".join(lab.defaults(tmp_path, ["--ip=0.0.0.0", "--ServerApp.root_dir=/x"]))
    assert "ip" not in options
    assert "root_dir" not in options
    assert "127.0.0.1" in " ".join(lab.defaults(tmp_path, []))


def test_jupyterlab_answers_with_the_lessons(root):
    """Start the real JupyterLab, and ask it for its lessons and settings."""
    code = "import sys; from pathlib import Path; from utils import lab;"
    code += "sys.exit(lab.main(sys.argv[2:], Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(root), "--no-browser"]
    environ = {**os.environ, "HOME": str(root), "JUPYTER_CONFIG_DIR": str(root / "config")}
    log = root / "log"
    with log.open("w") as file, subprocess.Popen(command, stderr=file, env=environ) as process:
        try:
            address, token = wait_for_address(log, process)
            contents = json.loads(ask(f"{address}/api/contents", token))["content"]
            assert sorted(item["name"] for item in contents) == ["00_one", "01_two"]
            page = ask(f"{address}/lab", token)
            disabled = re.search(r'"disabledExtensions":\s*\[([^]]*)\]', page)[1]
            assert "announcements" in disabled
            assert "formgrader" in disabled
            assert "validate" not in disabled
        finally:
            process.terminate()


def wait_for_address(log, process):
    """Return the address and the token that JupyterLab prints."""
    for _ in range(600):
        found = re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=(\w+)", log.read_text())
        if found:
            return found.groups()
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(url, token):
    """Return what the server answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()
