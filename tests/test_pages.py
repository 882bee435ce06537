"""``./course docs``: pages are written, checked, and removed when nothing makes them any more."""

import types

import pytest

from autograder import docs


@pytest.fixture
def part():
    """Return a part that makes two pages, in which a number may have other digits."""
    made = types.ModuleType("autograder.docs.shelf")
    made.content = {"shelf.md": "books: 3 within 5\n", "shelf/one.svg": b"<svg/>"}
    made.pages = lambda: made.content
    return made


def test_pages_are_written_once(part, tmp_path):
    assert docs.refresh(part, tmp_path, write=True) == ["shelf.md", "shelf/one.svg"]
    assert (tmp_path / "shelf.md").read_bytes() == b"books: 3 within 5\n"
    assert docs.refresh(part, tmp_path, write=True) == []


def test_a_check_writes_nothing(part, tmp_path):
    assert docs.refresh(part, tmp_path, write=False) == ["shelf.md", "shelf/one.svg"]
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_made_no_more_is_drift_and_is_removed(part, tmp_path):
    docs.refresh(part, tmp_path, write=True)
    (tmp_path / "other.md").write_text("of another part")
    del part.content["shelf/one.svg"]
    assert docs.refresh(part, tmp_path, write=False) == ["shelf/one.svg"]
    assert docs.refresh(part, tmp_path, write=True) == ["shelf/one.svg"]
    assert not (tmp_path / "shelf/one.svg").exists()
    assert (tmp_path / "other.md").exists()


def test_a_part_may_say_what_counts(part, tmp_path):
    docs.refresh(part, tmp_path, write=True)
    part.same = lambda path, old, new: old.split()[0] == new.split()[0]
    part.content["shelf.md"] = "books: 4 within 5\n"
    assert docs.refresh(part, tmp_path, write=True) == []
    assert b"3" in (tmp_path / "shelf.md").read_bytes()


@pytest.fixture
def command(part, tmp_path, monkeypatch):
    """Return the command, on that part alone and in a folder of its own."""
    monkeypatch.setattr(docs, "PARTS", {"shelf": part.__name__})
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs.importlib, "import_module", lambda name: part)
    return docs.main


def test_the_command_fails_on_drift_and_names_it(command, capsys):
    assert command(["--check"]) == 1
    assert "docs/shelf.md: not up to date" in capsys.readouterr().out
    assert command([]) == 0
    assert "docs/shelf.md: written" in capsys.readouterr().out
    assert command(["shelf", "--check"]) == 0
    assert "docs: up to date" in capsys.readouterr().out


def test_frameworks_that_cannot_be_had_are_told(command, monkeypatch, capsys):
    monkeypatch.setattr(docs.importlib.util, "find_spec", lambda name: None)
    assert command(["--frameworks"]) == 1
    assert "not installed: tensorflow, torch; pip install" in capsys.readouterr().out
