"""The functions of a lesson as its solution has them, for benchmarks and tests."""

from pathlib import Path

import nbformat
from matplotlib import rc_context

ROOT = Path(__file__).resolve().parent.parent


def functions_of(lesson, root=ROOT):
    """Run the set-up cell and the answer cells of a solution.

    Parameters
    ----------
    lesson : str
        For example "03_data_augmentation".
    root : Path

    Returns
    -------
    dict
        All names that they define.

    Raises
    ------
    FileNotFoundError
        If the solution is not built yet.

    Examples
    --------
    >>> callable(functions_of("00_start_here")["mean_squared_error"])
    True
    """
    path = root / "solutions" / lesson / f"{lesson}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path.relative_to(root)}; run ./course build first")
    names = {}
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    with rc_context():  # a set-up chooses the style of the figures
        for place, cell in enumerate(code):
            graded = cell.metadata.get("nbgrader", {})
            if place == 0 or graded.get("solution"):
                exec(compile(cell.source, f"{lesson}, {cell.id}", "exec"), names)
    return names
