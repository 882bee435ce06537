"""A made-up class of twelve, for `./course grade --demo`: from perfect to broken.

The submissions are made from the releases, the solutions and a few answers of the kind that
students write; the same input always gives the same files.
"""

import copy
import json

import nbformat
from nbformat.v4 import new_code_cell

from autograder.grading.verdict import write_atomically
from autograder.questions import questions_of
from autograder.sandbox.limits import GradingError

KINDS = ("notebooks", "solutions")
LESSONS = (
    "00_start_here",
    "01_l1_l2_updates",
    "02_constraint_geometry",
    "03_data_augmentation",
    "04_dropout",
    "05_early_stopping",
    "06_capstone",
)
STUDENTS = (
    "ada-perfect",
    "ben-blank",
    "chen-partly",
    "dina-factor-2",
    "emil-sign",
    "fay-threshold",
    "goran-in-place",
    "hana-broken-file",
    "ivan-endless",
    "jun-deleted-checks",
    "kim-tampered",
    "lea-odd-style",
)
# Work that stock nbgrader grades as well: nothing broken, endless or tampered with.
HONEST = (*STUDENTS[:7], "lea-odd-style")

RIGHT = "# the right answer, and then"  # in a wrong answer
FACTOR_2 = {
    "train_regularized": """
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    return train_with(set(), X_train, Y_train, X_dev, Y_dev, rng)
""",
    "mean_squared_error": """
def mean_squared_error(y_true, y_pred):
    if y_true.shape != y_pred.shape:
        raise ValueError("shapes differ")
    return np.sum((y_true - y_pred) ** 2) / 2
""",
    "l1_update": """
def l1_update(w, grad, lr, lam):
    return w - lr * (grad + 2 * lam * np.sign(w))
""",
    "l2_update": """
def l2_update(w, grad, lr, lam):
    return w - lr * (grad + lam * w)
""",
    "decay_path": """
def decay_path(w0, lr, lam, steps, penalty):
    path = [w0]
    for _ in range(steps):
        w = path[-1]
        if penalty == "l2":
            path.append(w * (1 - lr * lam))
        elif penalty == "l1":
            path.append(np.sign(w) * max(abs(w) - lr * lam, 0.0))
        else:
            raise ValueError(penalty)
    return np.array(path)
""",
    "ridge": """
def ridge(X, y, lam):
    return np.linalg.solve(X.T @ X + lam / 2 * np.eye(X.shape[1]), X.T @ y)
""",
    "lasso": """
def lasso(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = np.zeros(X.shape[1])
    for _ in range(n_sweeps):
        for j in range(len(w)):
            square = X[:, j] @ X[:, j]
            if square > 0:
                z = X[:, j] @ (y - X @ w) + square * w[j]
                w[j] = np.sign(z) * max(abs(z) - lam, 0.0) / square
    return w
""",
    "lasso_lambda_max": """
def lasso_lambda_max(X, y):
    return np.max(np.abs(X.T @ y))
""",
    "crop_and_resize": """
def crop_and_resize(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    n, H, W, C = images.shape
    h, w = crop_size
    crops = np.full((len(boxes), h, w, C), float(extrapolation_value))
    for b, (y1, x1, y2, x2) in enumerate(boxes):
        image = images[int(box_indices[b])]
        ys = y1 * H + np.arange(h) * (y2 - y1) * H / max(h - 1, 1)
        xs = x1 * W + np.arange(w) * (x2 - x1) * W / max(w - 1, 1)
        for i in range(h):
            for j in range(w):
                if 0 <= ys[i] <= H - 1 and 0 <= xs[j] <= W - 1:
                    t, l = int(ys[i]), int(xs[j])
                    d, r = min(t + 1, H - 1), min(l + 1, W - 1)
                    a, c = ys[i] - t, xs[j] - l
                    top = image[t, l] * (1 - c) + image[t, r] * c
                    crops[b, i, j] = top * (1 - a) + (image[d, l] * (1 - c) + image[d, r] * c) * a
    return crops
""",
    "dropout_moments": """
def dropout_moments(x, keep_prob):
    return x, (1 - keep_prob) * x**2
""",
    "marginalized_dropout_weights": """
def marginalized_dropout_weights(X, y, keep_prob):
    penalty = (1 - keep_prob) * np.sum(X**2, axis=0)
    return np.linalg.solve(X.T @ X + np.diag(penalty), X.T @ y)
""",
    "equivalent_l2": """
def equivalent_l2(eigenvalues, lr, steps):
    left = (1 - lr * eigenvalues) ** steps
    return eigenvalues * left / (1 - left) / 2
""",
}
SIGN = {
    "ablation": f"""
{RIGHT}
ablation = {{name: 1 - share for name, share in ablation.items()}}
""",
    "mean_squared_error": """
def mean_squared_error(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)
""",
    "l1_penalty": """
def l1_penalty(weights, lam):
    return lam * sum(np.sum(w) for w in weights)
""",
    "l1_update": """
def l1_update(w, grad, lr, lam):
    return w - lr * grad + lr * lam * np.sign(w)
""",
    "l2_update": """
def l2_update(w, grad, lr, lam):
    return w - lr * grad + 2 * lr * lam * w
""",
    "lasso_lambda_max": """
def lasso_lambda_max(X, y):
    return 2 * np.max(X.T @ y)
""",
    "project_l1_ball": """
def project_l1_ball(w, radius):
    if np.sum(w) <= radius:
        return w
    sizes = np.sort(np.abs(w))[::-1]
    theta = np.max((np.cumsum(sizes) - radius) / np.arange(1, len(w) + 1))
    return np.sign(w) * np.maximum(np.abs(w) - theta, 0.0)
""",
    "rot90": """
def rot90(images, k=1):
    return np.rot90(images, -k, axes=(1, 2))
""",
    "dropout_forward": """
def dropout_forward(x, keep_prob, rng, train=True, noise_shape=None):
    if not 0 < keep_prob <= 1:
        raise ValueError(f"keep_prob is {keep_prob}; it should be in (0, 1]")
    shape = x.shape if noise_shape is None else noise_shape
    if not train:
        return x, np.ones(shape)
    mask = (rng.random(shape) >= keep_prob) / keep_prob
    return x * mask, mask
""",
    "PatienceMonitor": """
class PatienceMonitor:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.wait = float("inf"), 0

    @property
    def should_stop(self):
        return self.wait >= self.patience

    def update(self, error):
        if error < self.best + self.min_delta:
            self.best, self.wait = error, 0
            return True
        self.wait += 1
        return False
""",
}
THRESHOLD = {
    "soft_threshold": """
def soft_threshold(z, threshold):
    return np.where(np.abs(z) > threshold, z, 0.0)
""",
    "proximal_l1_update": """
def proximal_l1_update(w, grad, lr, lam):
    z = w - lr * grad
    return np.sign(z) * np.maximum(np.abs(z) - lam, 0.0)
""",
    "sparsity": """
def sparsity(weights, tol=1e-3):
    return float(np.mean([np.mean(np.abs(w) < tol) for w in weights]))
""",
    "lasso": """
def lasso(X, y, lam, n_sweeps=1000, tol=1e-10):
    w = np.zeros(X.shape[1])
    for _ in range(n_sweeps):
        for j in range(len(w)):
            square = X[:, j] @ X[:, j]
            if square > 0:
                z = X[:, j] @ (y - X @ w) / square + w[j]
                w[j] = np.sign(z) * max(abs(z) - lam / 2, 0.0)
    return w
""",
    "project_l1_ball": """
def project_l1_ball(w, radius):
    return w * min(1.0, radius / max(np.sum(np.abs(w)), 1e-12))
""",
    "random_augment": """
def random_augment(images, rng, max_shift=2, flip_prob=0.0):
    augmented = np.zeros_like(images)
    n, H, W, C = images.shape
    for i in range(n):
        image = images[i, :, ::-1] if rng.random() < flip_prob else images[i]
        dy, dx = rng.integers(-max_shift, max_shift, size=2)
        top, left = max(dy, 0), max(dx, 0)
        kept = image[max(-dy, 0) : H - top, max(-dx, 0) : W - left]
        augmented[i, top : top + kept.shape[0], left : left + kept.shape[1]] = kept
    return augmented
""",
    "mc_dropout_predict": """
def mc_dropout_predict(predict, x, n_samples):
    draws = np.array([predict(x) for _ in range(n_samples)])
    return draws.mean(axis=0), draws.var(axis=0)
""",
    "early_stopping": """
def early_stopping(model, X_train, Y_train, X_dev, Y_dev, eval_freq=1, stop_wait=100):
    model = model.copy()
    best_model, best, best_step, step = model.copy(), float("inf"), 0, 0
    while step - best_step < stop_wait:
        for _ in range(eval_freq):
            model.train(X_train, Y_train)
        step += eval_freq
        error = model.eval(X_dev, Y_dev)
        if error <= best:
            best_model, best, best_step = model.copy(), error, step
    return best_model, best, best_step
""",
}
IN_PLACE = {
    "train_with": f"""
{RIGHT}
def emptied(answer):
    def train_with(methods, *data, **changes):
        predict = answer(set(methods), *data, **changes)
        if isinstance(methods, set):
            methods.clear()
        return predict
    return train_with

train_with = emptied(train_with)
""",
    "mean_squared_error": """
def mean_squared_error(y_true, y_pred):
    if y_true.shape != y_pred.shape:
        raise ValueError("shapes differ")
    y_true -= y_pred
    return np.mean(y_true**2)
""",
    "l1_update": """
def l1_update(w, grad, lr, lam):
    w -= lr * (grad + lam * np.sign(w))
    return w
""",
    "l2_update": """
def l2_update(w, grad, lr, lam):
    w *= 1 - 2 * lr * lam
    w -= lr * grad
    return w
""",
    "numerical_gradient": """
def numerical_gradient(f, w, eps=1e-5):
    gradient = np.zeros_like(w)
    for i in np.ndindex(*w.shape):
        w[i] += eps
        right = f(w)
        w[i] -= 2 * eps
        left = f(w)
        w[i] += eps
        gradient[i] = (right - left) / (2 * eps)
    return gradient
""",
    "lasso": """
def lasso(X, y, lam, n_sweeps=1000, tol=1e-10):
    w, residual, squares = np.zeros(X.shape[1]), y, np.sum(X**2, axis=0)
    for _ in range(n_sweeps):
        for j in np.flatnonzero(squares):
            z = X[:, j] @ residual + squares[j] * w[j]
            new = np.sign(z) * max(abs(z) - lam / 2, 0.0) / squares[j]
            residual -= (new - w[j]) * X[:, j]
            w[j] = new
    return w
""",
    "project_l2_ball": """
def project_l2_ball(w, radius):
    if np.linalg.norm(w) > radius:
        w *= radius / np.linalg.norm(w)
    return w
""",
    "horizontal_flip": """
def horizontal_flip(images):
    images[...] = images[:, :, ::-1].copy()
    return images
""",
    "dropout_backward": """
def dropout_backward(dout, mask):
    dout *= mask
    return dout
""",
    "gradient_descent_path": """
def gradient_descent_path(eigenvalues, w_star, lr, steps):
    path = [1 - (1 - lr * eigenvalues) ** step for step in range(steps + 1)]
    path = np.array(path) * w_star
    w_star *= 0
    return path
""",
}
ENDLESS = {
    "train_regularized": """
def train_regularized(X_train, Y_train, X_dev, Y_dev, rng):
    predict, best = None, 0.0
    while best < 1:
        predict = train_with({"augmentation"}, X_train, Y_train, X_dev, Y_dev, rng)
        best = max(best, np.mean(predict(X_dev) == Y_dev))
    return predict
""",
    "mean_squared_error": """
def mean_squared_error(y_true, y_pred):
    total, i = 0.0, 0
    while i < y_true.size:
        total += (y_true.flat[i] - y_pred.flat[i]) ** 2
    return total / i
""",
    "decay_path": """
def decay_path(w0, lr, lam, steps, penalty):
    path = [w0]
    while len(path) <= steps:
        w = path[-1] * (1 - 2 * lr * lam)
    return np.array(path)
""",
    "sparsity": """
def sparsity(weights, tol=1e-3):
    return sum(np.sum(np.abs(w) < tol) for w in weights) / sum(w.size for w in weights)

while True:
    sparsity([np.zeros(3)])
""",
    "ridge_lambda_for_radius": """
def ridge_lambda_for_radius(X, y, radius):
    low, high = 0.0, np.linalg.norm(X.T @ y) / radius
    while high - low > 0:
        middle = (low + high) / 2
        if np.linalg.norm(ridge(X, y, middle)) > radius:
            low = middle
        else:
            high = middle
    return high
""",
    "random_augment": """
def random_augment(images, rng, max_shift=2, flip_prob=0.0):
    shifts = []
    while len(shifts) < len(images):
        rng.integers(-max_shift, max_shift + 1, size=2)
    return images
""",
    "mc_dropout_predict": """
def mc_dropout_predict(predict, x, n_samples):
    total = predict(x)
    while n_samples > 1:
        total = total + total / n_samples
    return total / n_samples, 0 * total
""",
    "gradient_descent_path": """
def gradient_descent_path(eigenvalues, w_star, lr, steps):
    w, path = 0 * w_star, [0 * w_star]
    while not np.all(w == w_star):
        w = w - 0 * lr * eigenvalues * (w - w_star)
    return np.array(path)
""",
}
ODD = {
    "mean_squared_error": """
import math, warnings
mean_squared_error = lambda y_true, y_pred: math.fsum(gap(y_true, y_pred).flat) / y_true.size
""",
    "l1_penalty": """
def l1_penalty(weights: list, lam: float) -> float:
    print("weights:", len(weights))
    warnings.warn("slow")
    return lam * abs(np.concatenate([w.ravel() for w in weights])).sum()
""",
    "numerical_gradient": """
def numerical_gradient(f, w, eps=1e-5):
    gradient = np.zeros(w.shape)
    for i in range(w.size):
        moved = w.copy()
        moved.flat[i] += eps
        gradient.flat[i] = (f(moved) - f(w)) / eps
    return gradient
""",
    "ridge": """
rows = lambda X, lam: np.vstack([X, np.sqrt(lam) * np.eye(X.shape[1])])
ridge = lambda X, y, lam: np.linalg.lstsq(rows(X, lam), np.append(y, 0 * X[0]), rcond=None)[0]
""",
    "lasso": """
from sklearn.linear_model import Lasso

def lasso(X, y, lam, n_sweeps=1000, tol=1e-10):
    model = Lasso(alpha=lam / (2 * len(y)), fit_intercept=False, tol=1e-12, max_iter=100_000)
    print(model)
    return model.fit(X, y).coef_
""",
    "project_l2_ball": """
def project_l2_ball(w, radius):
    return w * np.minimum(1, radius / np.linalg.norm(w))
""",
    "outlier_row": """
outlier_row = np.argmax(raw_prostate.X[:, 1])
""",
    "horizontal_flip": """
horizontal_flip = lambda images: np.stack([np.fliplr(image) for image in images])
""",
    "random_augment": """
def random_augment(images, rng, max_shift=2, flip_prob=0.0):
    print("images:", images.shape)
    m, (n, H, W, C) = max_shift, images.shape
    padded = np.pad(images, ((0, 0), (m, m), (m, m), (0, 0)))
    starts = rng.integers(0, 2 * m + 1, size=(2, n))
    crops = [image[y : y + H, x : x + W] for image, y, x in zip(padded, *starts)]
    coins = rng.binomial(1, flip_prob, n)
    return np.array([c[:, ::-1] if coin else c for c, coin in zip(crops, coins)])
""",
    "dropout_forward": """
def dropout_forward(x, keep_prob, rng, train=True, noise_shape=None):
    if not (keep_prob > 0 and keep_prob <= 1):
        raise ValueError("keep_prob")
    shape = noise_shape or x.shape
    mask = rng.binomial(1, keep_prob, shape) / keep_prob if train else np.ones(shape)
    return (x * mask if train else x), mask
""",
    "mc_dropout_predict": """
import statistics

def mc_dropout_predict(predict, x, n_samples):
    draws = [predict(x) for _ in range(n_samples)]
    warnings.warn("a loop over entries")
    flat = np.array([np.ravel(d) for d in draws]).T
    shape = np.shape(draws[0])
    mean = np.reshape([statistics.fmean(f) for f in flat], shape)
    return mean, np.reshape([statistics.pstdev(f) for f in flat], shape)
""",
    "PatienceMonitor": """
from dataclasses import dataclass, field

@dataclass
class PatienceMonitor:
    patience: int
    min_delta: float = 0.0
    best: float = field(default=np.inf, init=False)
    wait: int = field(default=0, init=False)
    should_stop: bool = field(default=False, init=False)

    def update(self, error):
        better = bool(error < self.best - self.min_delta)
        self.best, self.wait = (error, 0) if better else (self.best, self.wait + 1)
        self.should_stop = self.wait >= self.patience
        return better
""",
    "equivalent_l2": """
def equivalent_l2(eigenvalues, lr, steps):
    kept = [1 - (1 - lr * h) ** steps for h in eigenvalues]
    return np.array([h / k - h for h, k in zip(eigenvalues, kept)])
""",
}
WRONG = {
    "factor-2": FACTOR_2,
    "sign": SIGN,
    "threshold": THRESHOLD,
    "in-place": IN_PLACE,
    "endless": ENDLESS,
    "odd-style": ODD,
}
HELPERS = """
import warnings

def gap(a, b):
    if a.shape != b.shape:
        raise ValueError(f"{a.shape} is not {b.shape}")
    return (a - b) ** 2
"""
MAGICS = "%timeit -n 1 -r 1 np.zeros(3)\n!echo hello\nwarnings.warn('a warning on stderr')"


def make_class(submitted, root, size=12, lessons=()):
    """Write the submissions of a class to each of the lessons.

    Parameters
    ----------
    submitted : pathlib.Path
        Becomes `<student>/<lesson>/<lesson>.ipynb`.
    root : pathlib.Path
        The folder that holds `solutions/` and `notebooks/`.
    size : int
        How many students; after the twelve they come again, with a number after the name, and
        with files that differ in a byte or two.
    lessons : sequence of str
        By default those of `LESSONS` that the course still has.

    Raises
    ------
    GradingError
        If a lesson is not built, or the folder holds other students' work.
    """
    students = [_name(number) for number in range(size)]
    strangers = {p.name for p in submitted.glob("*") if p.is_dir()} - set(students)
    if strangers:
        raise GradingError(
            f"{submitted} holds the work of {sorted(strangers)[0]}, who is not of the demo class; "
            "give the demo a folder of its own: --demo --grading DIR"
        )
    for lesson in lessons or _taught(root):
        release, solution = (_read(root / kind / lesson / f"{lesson}.ipynb") for kind in KINDS)
        right = answers_in(solution)
        for student in students:
            text = submission(student, lesson, release, right)
            write_atomically(submitted / student / lesson / f"{lesson}.ipynb", text)


def _taught(root):
    """Return the lessons of the demo class, without those that a teacher has taken out."""
    return [name for name in LESSONS if (root / "lessons" / f"{name}.py").is_file()] or LESSONS


def _name(number):
    """Return the name of a student of the class, counted from 0: ada-perfect, …, ada-perfect.2."""
    again, place = divmod(number, len(STUDENTS))
    return f"{STUDENTS[place]}.{again + 1}" if again else STUDENTS[place]


def _read(path):
    if not path.is_file():
        raise GradingError(f"{path} is not there; run ./course build")
    return nbformat.read(path, as_version=4)


def answers_in(solution):
    """Return the answers of a solution notebook, from the name of each to its source."""
    return {
        cell.metadata.nbgrader.grade_id: "\n".join(
            line for line in cell.source.splitlines() if "SOLUTION" not in line
        )
        for cell in solution.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def submission(student, lesson, release, right):
    """Return the text of one student's file, given the release and the right answers."""
    kind = student.partition("-")[2].partition(".")[0]
    notebook = filled(release, answers_of(kind, lesson, right))
    if student not in STUDENTS:
        notebook.metadata["student"] = student  # bytes of its own
    if kind == "deleted-checks":
        notebook = without_checks(notebook)
    elif kind == "tampered":
        notebook = tampered(notebook, right)
    elif kind == "odd-style":
        notebook = odd(notebook)
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    return text[: len(text) // 2] if kind == "broken-file" else text


def answers_of(kind, lesson, right):
    """Return the answers that a kind of student gives, from the name of each to its source."""
    if kind in ("blank", "tampered"):
        return {}
    if kind == "partly":
        return {name: right[name] for name in list(right)[: (len(right) + 1) // 2]}
    letters = wrong_letters(lesson) if kind in ("factor-2", "threshold") else {}
    wrong = {n: text.replace(RIGHT, right.get(n, "")) for n, text in WRONG.get(kind, {}).items()}
    return right | wrong | letters


def filled(release, answers):
    """Return the release with these answers in its answer cells and words in its text cells."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name].strip("\n")
        elif answers and _is_written(cell):
            cell.source = "The penalty pulls each weight toward 0; the data pull it back."
    return notebook


def _is_written(cell):
    settings = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "markdown" and settings.get("solution"))


def _is_check(cell):
    settings = cell.metadata.get("nbgrader", {})
    return bool(settings.get("grade") and not settings.get("solution"))


def wrong_letters(lesson):
    """Return a wrong letter for each multiple choice of a lesson."""
    choices = {n: q for n, q in questions_of(lesson).items() if hasattr(q, "options")}
    wrong = {n: next(x for x in q.options if x != q.right) for n, q in choices.items()}
    return {name: f'{name} = "{letter}"' for name, letter in wrong.items()}


def without_checks(notebook):
    """Delete every second check cell."""
    checks = [cell.id for cell in notebook.cells if _is_check(cell)][::2]
    notebook.cells = [cell for cell in notebook.cells if cell.id not in checks]
    return notebook


def tampered(notebook, right):
    """Answer the first question only, duplicate it, and turn the other checks into gifts."""
    first = next(iter(right))
    answer = next(cell for cell in notebook.cells if cell.get("id") == first)
    answer.source = right[first]
    twin = copy.deepcopy(answer)
    twin.id += "-copy"
    notebook.cells.insert(notebook.cells.index(answer) + 1, twin)
    checks = [cell for cell in notebook.cells if _is_check(cell)]
    for cell in checks[1:]:
        cell.source = "1000.0"
        cell.metadata.nbgrader["points"] = 1000
        cell.outputs = [
            {"output_type": "execute_result", "data": {"text/plain": "1000.0"}}
            | {"metadata": {}, "execution_count": 1}
        ]
    return notebook


def odd(notebook):
    """Add a helper cell before the first answer, and a cell of magics after the last check."""
    first = next(i for i, c in enumerate(notebook.cells) if "nbgrader" in c.metadata)
    notebook.cells.insert(first, new_code_cell(HELPERS.strip("\n"), id="my-helpers"))
    notebook.cells.append(new_code_cell(MAGICS, id="my-magics"))
    return notebook
