"""The edition that runs in a browser alone: JupyterLite with the lessons, `utils` and a Python.

It is built from what is installed, without a network. The Python itself is Pyodide, which the
reader's browser fetches with NumPy and the like from one content network (`NETWORK`) when a lesson
is opened. That is the one place where the course needs one, so the edition is called experimental.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import urllib.parse
import zipfile
from importlib import metadata
from pathlib import Path, PurePosixPath

from autograder.bundle import EPOCH, BundleError, bundled, check_clean

ROOT = Path(__file__).resolve().parent.parent.parent
KERNEL = "@jupyterlite/pyodide-kernel-extension"
KERNELSPEC = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
EXTENSIONS = (KERNEL, "@jupyter-widgets/jupyterlab-manager", "anywidget")
# Pyodide's own distribution has these. A cell that imports `utils` does not name them, so they are
# loaded when the kernel starts.
LOADED = ("numpy", "matplotlib", "contourpy", "pillow", "scikit-learn", "threadpoolctl", "tqdm")
LOADED += ("typing-extensions",)
# It does not have these: they are put beside the lessons, as they are installed here.
SHIPPED = ("anywidget", "comm", "ipywidgets", "psygnal")
COMPILED = (".so", ".pyd", ".dylib", ".pyc")
WHEEL = "Wheel-Version: 1.0\nGenerator: course site\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# A package is named by its address, and an address counts from where the kernel's program lies.
FROM_KERNEL = "../../../../{}"
SECONDS = 1_767_225_600  # the first of January 2026, as in every archive of the course
NOTICE = """\
> **Experimental: this lesson runs in your browser alone.**
> Nothing is installed.
> Your browser now fetches Python from {host}, about 50 MB the first time:
> the first cell that you run waits for it, a minute or so.
> Your work is kept in this browser only.
> Download it (*File → Download*) before you close the page for good, and to hand it in.
> `README.md`, in the list of files, says what does not work here.
"""
README = """\
# Regularization, in your browser alone (experimental)

Open a folder on the left, then its lesson.
Nothing is installed on your computer, and nothing that you write leaves it.

**Experimental** means: the course is tested in JupyterLab on a computer.
This edition is tested as far as that goes without a network:
it is built, opens, shows the lessons and starts its Python.
What NumPy, Matplotlib and scikit-learn do in it is not tested with every change.

## Where it comes from

The lessons, JupyterLab and `utils` come from this site.
Python and its packages come from a content network, `{network}`:
your browser fetches them when a lesson starts its kernel, about 50 MB the first time.
No other address is used.

## Where your work is

It is saved in this browser's storage, and only there.
Clear the browser's data, or open a private window, and it is gone.
To keep it or to hand it in, download the notebook: *File → Download*.

## What is different here

- The **Validate** button is missing. The checks inside a lesson work.
- There is no terminal, and no `course` command.
- A running cell cannot be interrupted: restart the kernel instead.
- It computes more slowly: a training of seconds can take a minute.
- `own_answers` in lesson 6 finds your earlier lessons only where the browser lets pages keep files,
  so not in a private window. Without them it offers the functions of `utils.earlier`.
- Other packages cannot be added: `%pip install` finds only what is here.

For the whole course, install it: the site's start page says how.
"""


class LiveError(Exception):
    """Says in one sentence why there is no edition, and what to do."""


def address(lesson):
    """Return where a lesson opens, seen from the edition's folder.

    Examples
    --------
    >>> address("04_dropout")
    'lab/index.html?path=04_dropout/04_dropout.ipynb'
    """
    return f"lab/index.html?path={urllib.parse.quote(f'{lesson}/{lesson}.ipynb')}"


def network():
    """Return the content network's folder of Pyodide, which the installed kernel names."""
    return _kernel().PYODIDE_CDN_URL


def pyodide_version():
    """Return the version of Pyodide that the installed kernel is made for."""
    return _kernel().PYODIDE_VERSION


def python_version():
    """Return the version of Python that this Pyodide is, such as "3.14"."""
    return _kernel().PYODIDE_PYTHON_VERSION


def build(out, root=ROOT, pyodide=None):
    """Write the edition to a folder, whole or not at all.

    Parameters
    ----------
    out : pathlib.Path
        A folder that is not there yet, in one that is.
    root : pathlib.Path
        The course, with notebooks/ and utils/.
    pyodide : pathlib.Path, optional
        Pyodide's distribution, unpacked. It is served with the edition, which then needs no
        content network: for a school without one.

    Raises
    ------
    LiveError
        If something is missing, or a file holds what a student must not get.
    """
    if out.exists():
        raise LiveError(f"{out} is there already: delete it, or name another folder.")
    if pyodide and not (pyodide / "pyodide.mjs").is_file():
        raise LiveError(f"{pyodide} has no pyodide.mjs: name a folder of Pyodide's distribution.")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        wheels = _lay_out(work, root)
        _write(work / "jupyter-lite.json", _settings(wheels))
        _write(work / "overrides.json", OVERRIDES)
        _write(work / "jupyter_lite_config.json", _build_config())
        if pyodide:
            shutil.copytree(pyodide, work / "static" / "pyodide")  # where JupyterLite looks for it
        _run_jupyterlite(work)
        shutil.move(work / "out", out)


OVERRIDES = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


# ---- what goes in ----


def _lay_out(work, root):
    """Write lessons, notice and wheels where JupyterLite looks for them; return the wheels."""
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in _student_files(root)}
    try:
        for name, content in files.items():
            check_clean(name, content)
    except BundleError as error:
        raise LiveError(str(error).replace("bundle", "edition")) from None
    lessons = {name: files[name] for name in files if name.startswith("notebooks/")}
    if not lessons:
        raise LiveError("There are no lessons in notebooks/: run `course build` first.")
    host = urllib.parse.urlsplit(network()).hostname
    for name, content in lessons.items():
        path = work / "lessons" / name.removeprefix("notebooks/")
        path.parent.mkdir(parents=True, exist_ok=True)
        here = path.suffix == ".ipynb" and _for_here(content, NOTICE.format(host=host))
        path.write_bytes(here or content)
    (work / "lessons" / "README.md").write_text(README.format(network=network()), encoding="utf-8")
    wheels = [installed_wheel(name, work / "pypi") for name in SHIPPED]
    return [*wheels, _utils_wheel(files, root, work / "pypi")]


def _student_files(root):
    """Return the lessons and `utils`, as in a bundle."""
    return [path for path in bundled(root) if path.relative_to(root).parts[0] in STUDENTS]


STUDENTS = ("notebooks", "utils")


def _for_here(content, notice):
    """Return a notebook whose first cell says where it runs. Grading passes over such a cell.

    It names the kernel of the edition, and its language, by which JupyterLab elsewhere finds its
    own: without them both ask the reader.
    """
    notebook = json.loads(content)
    cell = {"cell_type": "markdown", "id": "browser-edition", "metadata": {}, "source": notice}
    notebook["cells"].insert(0, cell)
    notebook["metadata"] |= {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()


# ---- wheels ----


def installed_wheel(name, folder):
    """Write the wheel of an installed package, without what is compiled, and return its path.

    A package that is compiled for speed carries its Python beside it, which runs everywhere.
    """
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise LiveError(f"{name} is not installed: run `pip install {name}`.") from None
    files = {}
    for file in found.files or ():
        path = PurePosixPath(file)
        inside = ".." not in path.parts and not path.is_absolute()
        generated = path.name in ("RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json")
        if inside and path.suffix not in COMPILED and not generated:
            files[str(path)] = Path(found.locate_file(file)).read_bytes()
    if not any(path.endswith("__init__.py") for path in files) and f"{name}.py" not in files:
        raise LiveError(f"{name} is installed from a folder: run `pip install {name}`.")
    return write_wheel(name, found.version, files, folder)


def _utils_wheel(files, root, folder):
    """Write `utils` as a wheel that bears the course's name, and return its path."""
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    name, version = project["name"], project["version"]
    inside = {path: files[path] for path in files if path.startswith("utils/")}
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    info = f"{_file_name(name)}-{version}.dist-info"
    return write_wheel(name, version, inside | {f"{info}/METADATA": about.encode()}, folder)


def write_wheel(name, version, files, folder):
    """Write a pure wheel, the same bytes for the same files, and return its path.

    Parameters
    ----------
    name, version : str
        Of the package.
    files : dict of str to bytes
        By their place in the wheel, METADATA included.
    folder : pathlib.Path
        Is made if it is not there.
    """
    info = f"{_file_name(name)}-{version}.dist-info"
    known = next(path.split("/")[0] for path in files if path.endswith(".dist-info/METADATA"))
    files = files | {f"{known}/WHEEL": WHEEL.encode()}
    rows = [_record(path, files[path]) for path in sorted(files)] + [f"{known}/RECORD,,\n"]
    files[f"{known}/RECORD"] = "".join(rows).encode()
    path = folder / f"{info.removesuffix('.dist-info')}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in sorted(files):
            entry = zipfile.ZipInfo(place, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[place])
    os.utime(path, (SECONDS, SECONDS))  # the index of wheels tells it
    return path


def _record(path, content):
    """Return a wheel's row about one of its files."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(content)}\n"


def _file_name(name):
    return name.replace("-", "_")


# ---- JupyterLite ----


def _settings(wheels):
    """Return what the edition tells JupyterLite and its kernel when a page is opened."""
    packages = [*LOADED, *(FROM_KERNEL.format(f"pypi/{path.name}") for path in wheels)]
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": packages}}
    data = {
        "appName": "Regularization (experimental)",
        "litePluginSettings": {f"{KERNEL}:kernel": kernel},
    }
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}


def _build_config():
    """Return what JupyterLite is told when the edition is built."""
    lite = {
        "apps": ["lab"],
        "contents": ["lessons"],
        "ignore_sys_prefix": ["federated_extensions"],  # nbgrader's needs a server
        "federated_extensions": [str(_extension(name)) for name in EXTENSIONS],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    return {"LiteBuildConfig": lite}


def _extension(name):
    """Return the folder of an installed extension of JupyterLab."""
    from jupyter_core.paths import jupyter_path

    for folder in jupyter_path("labextensions"):
        if (Path(folder) / name / "package.json").is_file():
            return Path(folder) / name
    raise LiveError(f"JupyterLab's extension {name} is not installed: run `course site` again.")


def _kernel():
    try:
        import jupyterlite_core  # noqa: F401
        from jupyterlite_pyodide_kernel import constants
    except ImportError as error:
        raise LiveError(
            f"{error.name} is not installed: "
            "run `pip install jupyterlite-core jupyterlite-pyodide-kernel`."
        ) from None
    return constants


def _run_jupyterlite(work):
    """Build the edition in `work`, with no setting of the user's, into its folder `out`."""
    own = {f"JUPYTER_{name}_DIR": str(work / "jupyter") for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"SOURCE_DATE_EPOCH": str(SECONDS), "PYTHONHASHSEED": "0"}
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("JUPYTERLITE_")}
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--output-dir", work / "out"]
    run = subprocess.run(
        command, cwd=work, env=kept | own, capture_output=True, text=True, check=False
    )
    if run.returncode or not (work / "out" / "lab" / "index.html").is_file():
        lines = [line for line in (run.stdout + run.stderr).splitlines() if "Error: " in line]
        raise LiveError(f"JupyterLite could not build the edition: {(lines or ['no reason'])[-1]}")


def _write(path, content):
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
