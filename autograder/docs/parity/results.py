"""What the frameworks give: computed now where they are installed, else as stored."""

import os
from importlib.util import find_spec
from typing import NamedTuple

from utils.golden import load_golden, make

NAMES = {"tensorflow": "TensorFlow", "keras": "Keras", "torch": "PyTorch", "numpy": "NumPy"}


class Results(NamedTuple):
    """What TensorFlow, Keras and PyTorch gave.

    Attributes
    ----------
    arrays : dict of str -> array
        By the names of `utils.golden.load_golden`.
    live : bool
        True if they were computed just now.
    said : str
        Which, in one line, with the versions.
    """

    arrays: dict
    live: bool
    said: str


def installed():
    """Tell whether both frameworks are there."""
    return all(find_spec(name) is not None for name in ("tensorflow", "keras", "torch"))


def ask(live=None):
    """Return the results of the frameworks, live if they are installed and nothing else is said."""
    live = installed() if live is None else live
    said = which(live)
    return Results(make.fixed() | make.drawn() if live else load_golden(), live, said)


def which(live):
    """Say in one line whether the frameworks are asked or stand in as stored, with versions.

    >>> which(live=False).partition("TensorFlow")[0]
    'stored results of '
    """
    if not live:
        return f"stored results of {_versions(load_golden()['versions'])}"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow has much to say when it starts
    make.load_frameworks()
    return f"live: {_versions(make.versions())}"


def _versions(texts):
    """Return names and versions as a list in words.

    >>> _versions(["tensorflow 2.21.0", "torch 2.13.0"])
    'TensorFlow 2.21.0, PyTorch 2.13.0'
    """
    pairs = (str(text).split() for text in texts)
    return ", ".join(f"{NAMES[name]} {version}" for name, version in pairs)
