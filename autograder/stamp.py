"""The stamp of a built file: what it was built from, and the digest of what it holds."""

import hashlib
import json


def read_stamp(product):
    """Return the stamp that a product carries and the digest of its content now.

    Parameters
    ----------
    product : pathlib.Path
        A built notebook, or the index `lesson.json` of a lesson's public checks.

    Returns
    -------
    stamp : dict
        "inputs" and "content", as they were when it was built.
    content : str
    """
    data = json.loads(product.read_text(encoding="utf-8"))
    if product.name == "lesson.json":
        return data, files_digest(product.parent)
    return data["metadata"].get("course", {}), notebook_digest(data)


def notebook_digest(notebook):
    """Return the digest of a notebook's cells, however their lines are split."""
    cells = json.loads(json.dumps(notebook["cells"]))
    for cell in cells:
        cell["source"] = "".join(cell["source"])
    return digest(cells)


def files_digest(folder):
    """Return the digest of the compiled questions in a folder."""
    files = sorted(path for path in folder.glob("*.json") if path.name != "lesson.json")
    return digest([[path.name, path.read_text(encoding="utf-8")] for path in files])


def digest(data):
    """Return a short SHA-256 of plain data."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
