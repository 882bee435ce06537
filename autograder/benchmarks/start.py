"""From nothing to the first passed check: the commands to type, and the seconds they take.

Nothing means an empty home and no environment. Each way is a list of lines for a shell, which is
run as it stands; then a browser types the answer to the first exercise of lesson 0 and runs its
check, with real keys. The peer is what a course's page usually asks for: clone, make an
environment, activate it, install, start. One row is measured in a namespace without a network. For
the reading site it is the seconds until a live figure follows a key; nothing is typed for it.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from autograder.benchmarks import MissingPeer, Row
from autograder.browser import Figure, Lab, chromium, missing

ROOT = Path(__file__).resolve().parent.parent.parent
LESSON = "00_start_here"
SETUP, KEY = "00-003", "mean_squared_error"
FIGURE, CONTROL = "ConstraintGeometry", "lam"
PATIENCE = 1800  # seconds: a slow network is part of what is measured
ADDRESS = r"http://127\.0\.0\.1:\d+/(?:lab|tree)\?token=\w+"
DRIVEN = (  # which a person does not type
    "--no-browser",
    "--ServerApp.allow_root=True",
    "--LabApp.expose_app_in_browser=True",
)
COMMANDS_GOAL, SECONDS_GOAL, SITE_GOAL = 0.5, 1.2, 0.1


@dataclass(frozen=True)
class Way:
    """A way to the first exercise.

    Parameters
    ----------
    lines : tuple of str
        What is typed; the last one starts JupyterLab.
    folder : str
        Where JupyterLab then shows the lessons.
    offline : bool
        Whether it has no network.
    """

    lines: tuple
    folder: str = ""
    offline: bool = False


UNPACK = ("unzip course.zip", "cd regularization-course", "python3 course lab")
WAYS = {
    "by hand": Way(
        (
            "git clone origin course",
            "cd course",
            "python3 -m venv .venv",
            "source .venv/bin/activate",
            "pip install -c constraints.txt -e .",
            "jupyter lab",
        ),
        folder="notebooks/",
    ),
    "local clone": Way(("git clone origin course", "cd course", "./course lab")),
    "class bundle": Way(UNPACK),
    "class bundle with wheels, no network": Way(UNPACK, offline=True),
}


def rows():
    """Take every way once, each from nothing.

    Raises
    ------
    MissingPeer
        If there is no Chromium, no git, no unzip or no network namespace.
    """
    _check_programs()
    with tempfile.TemporaryDirectory() as scratch:
        seconds = {}
        for name in tqdm(WAYS, desc="from nothing", unit=" ways", file=sys.stderr):
            folder = Path(scratch, name)
            folder.mkdir()
            prepare(name, folder)
            seconds[name] = in_child(name, folder)
            shutil.rmtree(folder)
        return compared(seconds, site_seconds(Path(scratch)))


def _check_programs():
    reason = missing()
    if reason:
        raise MissingPeer(f"The first check is run in a browser. {reason}")
    for program in ("git", "unzip", "unshare"):
        if shutil.which(program) is None:
            raise MissingPeer(f"The ways to a lesson need {program}: install it.")
    if subprocess.run(["unshare", "--map-root-user", "--net", "true"], check=False).returncode:
        raise MissingPeer("A set-up without a network needs a network namespace (Linux).")


def compared(seconds, site):
    """Return the rows: commands and seconds of each way beside those by hand."""
    result, peer = [], seconds["by hand"]
    for name, way in list(WAYS.items())[1:]:
        counts = float(len(way.lines)), float(len(WAYS["by hand"].lines))
        result += [
            Row(
                f"{name}, to the first passed check, against by hand",
                *counts,
                "commands",
                COMMANDS_GOAL,
            ),
            Row(f"{name}, the same", seconds[name], peer, "s", SECONDS_GOAL),
        ]
    return [*result, Row("reading site, to a figure that moves", site, peer, "s", SITE_GOAL)]


def prepare(name, folder):
    """Put there what somebody is given: the address of a repository, or a zip file."""
    from autograder import bundle

    if WAYS[name].lines != UNPACK:
        (folder / "origin").symlink_to(ROOT)
        return
    words = [str(folder / "course.zip")]
    if WAYS[name].offline:
        words += ["--wheels", "linux-arm" if os.uname().machine == "aarch64" else "linux"]
    with contextlib.redirect_stdout(sys.stderr):
        if bundle.main(words) != 0:
            raise MissingPeer("The class bundle could not be written; the reason stands above.")


def in_child(name, folder):
    """Return the seconds that a way takes, measured in a process that may have no network."""
    command = [sys.executable, "-m", "autograder.benchmarks.start", name, str(folder)]
    if WAYS[name].offline:
        command = ["unshare", "--map-root-user", "--net", *command]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def main(name, folder):
    """Print the seconds of one way as JSON, in this process and its network."""
    way = WAYS[name]
    if way.offline:
        start_loopback()
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        print(json.dumps(first_check(way, Path(folder), page)))


def start_loopback():
    """Let programs of this namespace talk to each other, and make sure that there is no other."""
    import fcntl
    import socket
    import struct

    set_flags, up = 0x8914, 1  # SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", up))
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


def first_check(way, folder, page):
    """Type the lines, open the lesson, answer it and run its check; return the seconds."""
    start = time.perf_counter()
    with running(way, folder) as address:
        page.goto(address)
        lab = Lab(page, re.match(r"http://[^/]+", address)[0], folder)
        lab.open(f"{way.folder}{LESSON}/{LESSON}.ipynb")
        lab.run(SETUP)
        lab.write(KEY, answer())
        lab.run(KEY)
        said = lab.run(f"check_{KEY}")
        seconds = time.perf_counter() - start
    assert said.startswith("✓"), said
    return seconds


def answer():
    """Return the right answer to the first exercise."""
    solution = nbformat.read(ROOT / "solutions" / LESSON / f"{LESSON}.ipynb", as_version=4)
    return next(cell.source for cell in solution.cells if cell.id == KEY)


@contextlib.contextmanager
def running(way, folder):
    """Run the lines of a way in a shell, and yield the address that JupyterLab prints."""
    script = "\n".join(["set -e", *way.lines]) + " ".join(["", *DRIVEN, "\n"])
    log = folder / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=empty_home(folder),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield printed_address(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def printed_address(process, log):
    """Wait for JupyterLab and return its address, with the token."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(ADDRESS, log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")


def empty_home(folder):
    """Return an environment of variables that knows nothing of this user's files."""
    home = folder / "home"
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    every_cell = json.dumps({"windowingMode": "none"})  # so that a cell is found by its number
    (settings / "tracker.jupyterlab-settings").write_text(every_cell)
    foreign = re.compile(r"HOME|XDG_|JUPYTER|IPYTHON|PYTHON|VIRTUAL_ENV|CONDA|PIP_CACHE_DIR")
    kept = {name: value for name, value in os.environ.items() if not foreign.match(name)}
    own = str(Path(sys.executable).parent)
    base = str(Path(sys._base_executable).resolve().parent)
    path = [base, *(place for place in os.get_exec_path() if place not in (own, base))]
    return kept | {
        "HOME": str(home),
        "PATH": os.pathsep.join(path),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
    }


# ---- the reading site ----


def site_seconds(scratch):
    """Build the site, open a page from disk and press a key; return the seconds after the build."""
    from autograder.site import SiteError, write_site

    try:
        write_site(ROOT, scratch / "site")
    except SiteError as error:
        raise MissingPeer(f"There is no reading site: {error}") from None
    (page_file,) = (scratch / "site").glob("*_constraint_geometry.html")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        start = time.perf_counter()
        page.goto(page_file.as_uri())
        figure = Figure(page, FIGURE, form="page", within=page.locator("main")).wait()
        before = figure.seen()
        figure.press(CONTROL, "ArrowRight")
        assert figure.moved(before)["marks"] != before["marks"]
        return time.perf_counter() - start


if __name__ == "__main__":
    main(*sys.argv[1:])
