"""The packages of the course as files, for a computer that sets up without a network.

The versions are those of constraints.txt. What a package needs depends on the system and on the
Python, so its own metadata are read with the markers of the target, not of this machine.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from importlib.metadata import PathDistribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename
from tqdm import tqdm

CACHE = ".venv-wheels"  # beside the environment, ignored like it
BATCH = 8  # packages a call of pip: what one call has brought is not fetched again
NO_WHEEL = r"No matching distribution found for (\S+)"


class WheelError(Exception):
    """Says which package cannot be had as a file, or why none could be fetched."""


def manylinux(machine, newest=28):
    """Return the tags of C libraries up to 2.28, which every Linux since 2019 has.

    >>> manylinux("x86_64")[0], manylinux("x86_64")[-1]
    ('manylinux_2_28_x86_64', 'manylinux1_x86_64')
    """
    names = [f"manylinux_2_{minor}" for minor in range(newest, 4, -1)]
    names += ["manylinux2014", "manylinux2010", "manylinux1"]
    return [f"{name}_{machine}" for name in names]


def macos(machine, newest=(12, 0)):
    """Return the tags of macOS up to 12, of 2021."""
    return list(mac_platforms(newest, machine))


# What a package can ask of a system (PEP 508), and the tags of the files that run there.
SYSTEMS = {
    "linux": ("posix", "linux", "Linux", "x86_64", manylinux("x86_64")),
    "linux-arm": ("posix", "linux", "Linux", "aarch64", manylinux("aarch64")),
    "macos-arm": ("posix", "darwin", "Darwin", "arm64", macos("arm64")),
    "macos-intel": ("posix", "darwin", "Darwin", "x86_64", macos("x86_64")),
    "windows": ("nt", "win32", "Windows", "AMD64", ["win_amd64"]),
}


@dataclass(frozen=True)
class Target:
    """A system with a Python, such as windows with 3.13.

    Parameters
    ----------
    system : str
        A key of `SYSTEMS`.
    python : str
        Major and minor version.
    """

    system: str
    python: str

    def __str__(self):
        return f"{self.system} with Python {self.python}"

    @property
    def tags(self):
        """Return the platform tags of the files that run there."""
        return SYSTEMS[self.system][4]

    @property
    def markers(self):
        """Return the values of the environment markers there."""
        os_name, sys_platform, platform_system, machine, _ = SYSTEMS[self.system]
        return {
            "os_name": os_name,
            "sys_platform": sys_platform,
            "platform_system": platform_system,
            "platform_machine": machine,
            "platform_release": "",
            "platform_version": "",
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "platform_python_implementation": "CPython",
        }


def collect(root, systems, pythons):
    """Return the wheels for all these systems and Pythons, fetching those not yet kept.

    Returns
    -------
    dict of str to pathlib.Path
        File by name; a package without compiled code is there once.

    Raises
    ------
    WheelError
        If a package is not pinned, has no wheel for a target, or cannot be fetched.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    pinned = pins(root / "constraints.txt")
    found = {}
    for target in (Target(system, python) for system in systems for python in pythons):
        folder = root / CACHE / f"{target.system}-{target.python}"
        folder.mkdir(parents=True, exist_ok=True)
        with tqdm(desc=str(target), unit=" packages", file=sys.stderr) as bar:
            kept = closure(needed, pinned, target, Shelf(folder, target, bar))
        found |= {path.name: path for path in kept}
    return found


def pins(path):
    """Return the pinned versions by canonical name."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name): version.strip() for name, version in rows}


def closure(needed, pinned, target, shelf):
    """Return the wheels of the requirements and of all that they need on the target.

    Parameters
    ----------
    needed : list of str
    pinned : dict of str to str
    target : Target
    shelf : callable
        Takes {name: version}, returns {name: path} of their wheels.
    """
    wheels, done = {}, set()
    waiting = [Requirement(text) for text in needed]
    while waiting:
        wanted = {step for requirement in waiting for step in steps(requirement, target)} - done
        done |= wanted
        names = sorted({name for name, _ in wanted} - set(wheels))
        for name in names:
            if name not in pinned:
                raise WheelError(f"{name}, needed on {target}, is not in constraints.txt: add it.")
        wheels |= shelf({name: pinned[name] for name in names})
        waiting = [need for name, extra in wanted for need in needs(wheels[name], extra, target)]
    return sorted(wheels.values())


def steps(requirement, target):
    """Return (name, extra) for a requirement that holds on the target, its extras included."""
    if requirement.marker and not requirement.marker.evaluate(target.markers | {"extra": ""}):
        return set()
    return {(canonicalize_name(requirement.name), extra) for extra in {"", *requirement.extras}}


def needs(wheel, extra, target):
    """Return the requirements that a wheel has on the target, by an extra or without one."""
    name = "-".join(wheel.name.split("-")[:2])
    metadata = PathDistribution(zipfile.Path(wheel, f"{name}.dist-info/"))
    found = [Requirement(text) for text in metadata.requires or ()]
    markers = target.markers | {"extra": extra}
    return [_plain(need) for need in found if not need.marker or need.marker.evaluate(markers)]


def _plain(requirement):
    """Return the requirement without its marker, which has been judged."""
    requirement.marker = None
    return requirement


class Shelf:
    """The wheels of one target that are kept in a folder; pip fetches those that are not there.

    Parameters
    ----------
    folder : pathlib.Path
    target : Target
    bar : tqdm.tqdm
        Counts the packages.
    """

    def __init__(self, folder, target, bar):
        self.folder, self.target, self.bar = folder, target, bar

    def __call__(self, versions):
        """Return the wheels of these packages, {name: path}."""
        here = self.here()
        missing = [item for item in versions.items() if item not in here]
        self.bar.update(len(versions) - len(missing))
        for first in range(0, len(missing), BATCH):
            batch = missing[first : first + BATCH]
            self.fetch([f"{name}=={version}" for name, version in batch])
            self.bar.update(len(batch))
        here = self.here()
        return {name: here[name, version] for name, version in versions.items()}

    def here(self):
        """Return the wheels in the folder by name and version."""
        found = {}
        for path in self.folder.glob("*.whl"):
            name, version, *_ = parse_wheel_filename(path.name)
            found[name, str(version)] = path
        return found

    def fetch(self, pinned):
        """Bring the wheels of pinned packages into the folder, each whole or not at all."""
        with tempfile.TemporaryDirectory(dir=self.folder) as part:
            done = subprocess.run(
                self.command(pinned, part),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
            if done.returncode != 0:
                raise WheelError(reason(done.stdout, self.target))
            for path in Path(part).iterdir():
                path.replace(self.folder / path.name)

    def command(self, pinned, part):
        """Return the command that fetches wheels for the target, and nothing that they need."""
        options = ["--no-deps", "--only-binary=:all:", "--progress-bar=off", "--no-input"]
        options += ["--disable-pip-version-check", "--implementation=cp", f"--dest={part}"]
        options += [f"--python-version={self.target.python}"]
        options += [f"--platform={tag}" for tag in self.target.tags]
        return [sys.executable, "-m", "pip", "download", *options, *pinned]


def reason(output, target):
    """Say in one sentence why pip fetched nothing."""
    package = re.search(NO_WHEEL, output)
    if package and "Retrying" not in output:
        return (
            f"There is no wheel of {package[1]} for {target}: name another Python with --python, "
            "leave this platform out, or pin a version in constraints.txt that has one."
        )
    if package or re.search(r"Retrying|Could not fetch|Connection|SSLError|Timeout", output):
        return "The package index cannot be reached: check the network and run this again."
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "no output")
    return f"pip could not fetch the packages for {target}: {last.strip()}"
