"""`./course site`: the lessons as pages to read, print and search, without the answers.

The pages need no server and no network: they open from disk, live figures and search included.
"""

import argparse
import importlib.util
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDED = ("sphinx", "myst_nb", "pydata_sphinx_theme")
MARK = ".course-site"  # a folder that holds it is ours to replace


class SiteError(Exception):
    """Says in one sentence why there is no site, and what to do."""


def main(argv=None, root=ROOT):
    """Run `./course site` and return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        ``[OUT] [--live] [--pyodide FOLDER] [--serve]``
    root : pathlib.Path
        The course.

    Returns
    -------
    int
    """
    options = _parse(argv)
    out = options.out or root / "site"
    start = time.perf_counter()
    print(f"Making the pages in {out} …", flush=True)
    try:
        write_site(
            root, out, live=options.live or options.pyodide is not None, pyodide=options.pyodide
        )
        seconds = time.perf_counter() - start
        print(f"The site is made, in {seconds:.0f} s. Open {out / 'index.html'}")
        if options.serve:
            from autograder.site.serve import serve

            serve(out)
    except SiteError as error:
        print(f"course site: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"course site: {error}.", file=sys.stderr)
        return 1
    return 0


def _parse(argv):
    parser = argparse.ArgumentParser(prog="course site", description=__doc__.splitlines()[0])
    parser.add_argument("out", metavar="OUT", type=Path, nargs="?", help="folder; default: site")
    parser.add_argument(
        "--live",
        action="store_true",
        help="add the edition that runs in the browser (experimental)",
    )
    parser.add_argument(
        "--pyodide",
        metavar="FOLDER",
        type=Path,
        help="add that edition with its Python: an unpacked distribution of Pyodide, with NumPy",
    )
    parser.add_argument(
        "--serve", action="store_true", help="then show it at an address of your own"
    )
    return parser.parse_args(argv)


def write_site(root, out, live=False, pyodide=None):
    """Write the site to a folder, whole or not at all.

    Parameters
    ----------
    root : pathlib.Path
        The course, with notebooks/ and solutions/.
    out : pathlib.Path
        A new or empty folder, or an earlier site.
    live : bool
        Add the edition of JupyterLab that runs in the browser.
    pyodide : pathlib.Path, optional
        The distribution of Pyodide that this edition then takes from the site, not a network.

    Raises
    ------
    SiteError
        If a package or a notebook is missing, if `out` is something else, or if a page has faults.
    """
    _check_packages()
    out = out.absolute()
    _check_place(out)
    from autograder.site import book, pages

    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        made, sources = Path(scratch, "made"), Path(scratch, "sources")
        made.mkdir()
        address = _add_live(made / "live", pyodide) if live else None
        pages.write_sources(root, sources, address)
        book.build(sources, made)
        _add_downloads(root, made)
        (made / ".nojekyll").touch()  # GitHub's Jekyll would leave out what begins with _
        (made / MARK).write_text("Made by `./course site`, which may replace this folder.\n")
        earlier = Path(scratch, "earlier")
        if out.exists():
            out.rename(earlier)
        try:
            made.rename(out)
        except OSError:
            if earlier.exists():
                earlier.rename(out)
            raise


def _check_packages():
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SiteError(
            f"not installed: {', '.join(missing)}; "
            "run `pip install -c constraints.txt -e '.[site]'` in the course's folder."
        )


def _check_place(out):
    if not out.parent.is_dir():
        raise SiteError(f"there is no folder {out.parent}: make it first.")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise SiteError(f"{out} is not a folder: name another place for the site.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise SiteError(f"{out} holds files that are not of a site: name another folder.")


def _add_live(folder, pyodide):
    """Build the edition for the browser and return the function that links to a lesson in it."""
    from autograder.site import live

    try:
        live.build(folder, pyodide=pyodide)
    except live.LiveError as error:
        raise SiteError(str(error)) from None
    return live.address


def _add_downloads(root, made):
    """Put what a reader can take along beside the pages: the notebooks, and the whole course."""
    from autograder.bundle import BundleError, write_bundle

    for notebook in sorted(root.glob("notebooks/*/*.ipynb")):
        (made / "download").mkdir(exist_ok=True)
        shutil.copyfile(notebook, made / "download" / notebook.name)
    try:
        write_bundle(root, made / "download" / "course.zip")
    except BundleError as error:
        raise SiteError(str(error)) from None
