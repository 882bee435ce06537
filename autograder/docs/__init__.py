"""``./course docs``: the pages of `docs/` that are made by running the course's own code.

Each part is a module with ``pages()``, which returns what the files hold: text or bytes by the
path under `docs/`. Where another machine makes other bytes of the same page, the module's
``same(path, old, new)`` tells whether two versions say the same; without one, bytes count.
"""

import argparse
import importlib
import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = {name: f"autograder.docs.{name}" for name in ("parity", "gallery", "questions")}


def main(argv=None):
    """Write the pages that say something else now, or tell which do.

    Parameters
    ----------
    argv : list of str, optional
        ``[PART] [--check] [--frameworks]``

    Returns
    -------
    int
        0; 1 if --check finds a page that is not as it would be made, or a framework is missing.
    """
    args = _parse(argv)
    if args.frameworks and (missing := _missing_frameworks()):
        print(f"not installed: {missing}; pip install -c constraints.txt -e '.[frameworks]'")
        return 1
    stale = []
    for part in [args.part] if args.part else PARTS:
        print(f"docs: {part} …", flush=True)
        stale += refresh(importlib.import_module(PARTS[part]), ROOT / "docs", write=not args.check)
    for path in stale:
        print(f"docs/{path}: {'not up to date' if args.check else 'written'}")
    if args.check and stale:
        print("make them again: ./course docs")
        return 1
    print("docs: up to date")
    return 0


def refresh(part, folder, write):
    """Return the pages of a part that are not as they would be made; write them if asked to.

    Parameters
    ----------
    part : module
        With ``pages()``, and ``same(path, old, new)`` if bytes say too much.
    folder : Path
        `docs/`.
    write : bool
        Files that a part once made in its own folder and makes no more are removed, too.

    Returns
    -------
    list of str
        Paths under `folder`.
    """
    made = {path: _as_bytes(content) for path, content in part.pages().items()}
    same = getattr(part, "same", lambda path, old, new: old == new)
    stale = []
    for path, new in made.items():
        file = folder / path
        if not file.is_file() or not same(path, file.read_bytes(), new):
            stale.append(path)
            if write:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(new)
    own = folder / part.__name__.rpartition(".")[2]
    left = [file for file in sorted(own.rglob("*")) if file.is_file()]
    left = [file for file in left if file.relative_to(folder).as_posix() not in made]
    for file in left if write else ():
        file.unlink()
    return stale + [file.relative_to(folder).as_posix() for file in left]


def _as_bytes(content):
    return content.encode("utf-8") if isinstance(content, str) else content


def _missing_frameworks():
    names = ("tensorflow", "torch")
    return ", ".join(name for name in names if importlib.util.find_spec(name) is None)


def _parse(argv):
    parser = argparse.ArgumentParser(
        prog="course docs",
        description="Make the pages of docs/ again: parity table, gallery, questions.",
    )
    parser.add_argument("part", nargs="?", choices=list(PARTS), help="default: all")
    parser.add_argument("--check", action="store_true", help="change nothing, fail on drift")
    parser.add_argument(
        "--frameworks", action="store_true", help="install TensorFlow and PyTorch first"
    )
    return parser.parse_args(argv)
