"""Fetch what the test of the browser edition serves in place of the content network.

    .venv/bin/python tests/pyodide.py

fetches Pyodide's core from npm and the pure packages of its distribution from PyPI, in the versions
that the installed kernel names, into `.pyodide/` here. NumPy for Pyodide is in neither.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from autograder.site import live

FOLDER = Path(__file__).resolve().parent.parent / ".pyodide"
KERNEL = ("micropip", "ipython", "jedi")  # the kernel itself needs these


def core():
    """Return the folder that holds what was fetched, or would."""
    return FOLDER / live.pyodide_version()


def missing():
    """Return a sentence that says what is not fetched and how to fetch it, or None."""
    try:
        version = live.pyodide_version()
    except live.LiveError as error:
        return str(error)
    if (core() / "pyodide-lock.json").is_file():
        return None
    return f"Pyodide {version} is not here: install npm and run `python tests/pyodide.py`."


def main():
    """Fetch all of it, whole or not at all, and return the exit code."""
    if missing() is None:
        return 0
    if shutil.which("npm") is None:
        print("npm is not installed: run `apt-get install npm`, or your system's way.")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        work = Path(name)
        package = _unpacked(work)
        lock = json.loads((package / "pyodide-lock.json").read_text(encoding="utf-8"))
        _fetch(_needed(lock["packages"]), package)
        _write_lock(lock, package)
        package.rename(core())
    print(f"Pyodide {live.pyodide_version()} is in {core()}")
    return 0


def _unpacked(work):
    """Return the folder of npm's package, which holds the core and no Python package."""
    command = ["npm", "pack", "--silent", f"pyodide@{live.pyodide_version()}"]
    subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(work.glob("*.tgz"))) as archive:
        archive.extractall(work, filter="data")
    return work / "package"


def _needed(packages):
    """Return the pure packages that the kernel and the lessons load, with all they need."""
    needed, waiting = {}, [*KERNEL, *live.LOADED]
    while waiting:
        name = _name(waiting.pop())
        if packages[name]["file_name"].endswith("none-any.whl") and name not in needed:
            needed[name] = packages[name]["version"]
            waiting += packages[name]["depends"]
    return needed


def _fetch(needed, folder):
    """Put the wheels of these packages into a folder."""
    words = [f"{name}=={version}" for name, version in sorted(needed.items())]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    command += ["--only-binary", ":all:", "--python-version", live.python_version()]
    command += ["--disable-pip-version-check", *words]
    subprocess.run(command, check=True)


def _write_lock(lock, folder):
    """Tell Pyodide the names and sums of the wheels here: its own are packed anew."""
    wheels = {_name(path.name.split("-")[0]): path for path in folder.glob("*.whl")}
    for name, package in lock["packages"].items():
        if path := wheels.get(name):
            package["file_name"] = path.name
            package["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def _name(name):
    return name.lower().replace("_", "-")


if __name__ == "__main__":
    sys.exit(main())
