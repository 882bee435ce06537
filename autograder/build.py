"""`./course build`: lessons to solutions, releases and public checks.

Everything built keeps a hash of what it was built from and of itself, so `--check` finds drift
without running anything, and a build makes only what changed.
"""

import argparse
import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.stamp import files_digest, notebook_digest, read_stamp

ROOT = Path(__file__).parent.parent
# What every lesson is built from, beside its own text and its questions.
SHARED = (
    "utils/*.py",
    "utils/*.mplstyle",
    "utils/data/*",
    "utils/checking/*.py",
    "utils/widgets/**/*",
    "autograder/lesson.py",
    "autograder/question.py",
    "autograder/questions/__init__.py",
    "autograder/questions/inputs.py",
    "autograder/questions/oracles.py",
    "autograder/release.py",
    "autograder/build.py",
    "autograder/stamp.py",
    "nbgrader_config.py",
    "constraints.txt",
)
RELEASE = ("c.ClearSolutions", "c.GenerateAssignment")  # how settings of a release begin
APART = {  # no lesson imports them, and no question
    "utils/commands.py",
    "utils/lab.py",
    "utils/mathml.py",
    "utils/pages.py",
    "autograder/questions/capstone/rivals.py",
    "autograder/questions/capstone/study.py",
}
PICTURES = ("image/png", "image/svg+xml")
PICTURE_BYTES = re.compile(r"base64,[A-Za-z0-9+/=]+")
FIGURE_DATA = re.compile(r'"shared":\[.*')  # of a live figure, to the end of the line
WIDGET = "application/vnd.jupyter.widget-view+json"


def main(argv=None, root=ROOT):
    """Run `./course build` and return its exit code."""
    parser = argparse.ArgumentParser(prog="course build", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="default: all that changed")
    parser.add_argument("--check", action="store_true", help="compare only; fails on drift")
    parser.add_argument("--full", action="store_true", help="with --check: build again and compare")
    parser.add_argument("--force", action="store_true", help="build even what did not change")
    options = parser.parse_args(argv)
    if options.full and not options.check:
        parser.error("--full goes with --check")
    from autograder.lesson import LessonError, lesson_paths

    try:
        paths = lesson_paths(root, options.lessons)
        if options.check:
            return check(root, paths, options.full)
        return build(root, paths, options.force)
    except LessonError as error:
        print(error, file=sys.stderr)
        return 1


def check(root, paths, full=False):
    """Print what drifted and return 1, or 0 when every product is what its inputs give."""
    faults = [fault for path in paths for fault in drift(root, path)] + strays(root)
    if full and not faults:
        faults = rebuild_and_compare(root, paths)
    for fault in faults:
        print(fault)
    names = ", ".join(path.stem for path in paths)
    print("run ./course build and commit the result" if faults else f"up to date: {names}")
    return 1 if faults else 0


def build(root, paths, force=False):
    """Build the lessons that changed, all in this process; return 0, or 1 if one failed."""
    failed = False
    for path in paths:
        if not force and not list(drift(root, path)):
            print(f"{path.stem}: up to date")
        elif not force and edited_solution(root, path):
            place = products(root, path.stem)[0].relative_to(root)
            print(
                f"{place} was edited by hand: ./course pull {path.stem} brings the edit into the "
                "lesson, ./course build --force builds over it"
            )
            failed = True
        else:
            failed |= not build_one(root, path)
    return int(failed)


def build_one(root, path):
    """Build one lesson into the repository; return whether it went well, else undo it."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from autograder.lesson import LessonError

    checks = products(root, path.stem)[2].parent
    with tempfile.TemporaryDirectory() as scratch:
        before = shutil.copytree(checks, Path(scratch, "before")) if checks.exists() else None
        try:
            make(root, path, Path(scratch))
        except LessonError as error:
            print(error, file=sys.stderr)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"a cell failed, so nothing was released\n{error}")
            install(before, checks) if before else shutil.rmtree(checks)
        else:
            for made, place in product_folders(root, path.stem, Path(scratch)):
                install(made, place)
            return True
    return False


def edited_solution(root, path):
    """Tell whether a solution holds an edit that was not pulled: it is not what was built."""
    solution = products(root, path.stem)[0]
    if not solution.is_file():
        return False
    stamp, content = read_stamp(solution)
    return stamp.get("content") != content and lesson_differs(path, solution)


def lesson_differs(path, solution):
    """Tell whether a solution notebook and a lesson's text are two different lessons."""
    import nbformat

    from autograder.lesson import lesson_text

    return lesson_text(nbformat.read(solution, as_version=4)) != path.read_text(encoding="utf-8")


def products(root, name):
    """Return where a lesson's products lie: solution, release and the index of its checks."""
    return (
        root / "solutions" / name / f"{name}.ipynb",
        root / "notebooks" / name / f"{name}.ipynb",
        root / "utils" / "checking" / "public" / name / "lesson.json",
    )


def inputs_hash(root, path):
    """Return the hash of everything that a lesson is built from."""
    questions = root / "autograder" / "questions"
    topic = path.stem.split("_", 1)[1]
    sources = {path, *questions.glob(f"{topic}.py"), *questions.glob(f"{topic}/*.py")}
    for pattern in SHARED:
        found = {path for path in root.glob(pattern) if path.is_file()}
        sources |= {path for path in found if "__pycache__" not in path.parts}
    total = hashlib.sha256()
    for source in sorted(sources):
        name = source.relative_to(root).as_posix()
        if source.is_file() and name not in APART:
            total.update(name.encode() + b"\0" + _content(source) + b"\0")
    return total.hexdigest()[:16]


def _content(source):
    """Return the bytes of an input that count; of nbgrader's settings, those of the release."""
    content = source.read_bytes().replace(b"\r\n", b"\n")
    if source.name != "nbgrader_config.py":
        return content
    try:
        statements = map(ast.unparse, ast.parse(content).body)
    except SyntaxError:
        return content
    return "\n".join(text for text in statements if text.startswith(RELEASE)).encode()


def drift(root, path):
    """Yield a sentence for each product of a lesson that is not what its inputs give."""
    wanted = inputs_hash(root, path)
    for product in products(root, path.stem):
        place = product.relative_to(root)
        if not product.is_file():
            yield f"{place}: missing"
            continue
        stamp, content = read_stamp(product)
        if stamp.get("inputs") != wanted:
            yield f"{place}: built from something older"
        elif stamp.get("content") != content:
            yield f"{place}: edited by hand (./course pull brings an edit back to the lesson)"


def strays(root):
    """Return a sentence for each built folder that belongs to no lesson."""
    names = {path.stem for path in (root / "lessons").glob("*.py")}
    folders = [p.parent.parent for p in products(root, "x")]
    return [
        f"{found.relative_to(root)}: belongs to no lesson"
        for folder in folders
        for found in sorted(folder.glob("*"))
        if found.is_dir() and found.name not in names and found.name != "__pycache__"
    ]


def make(root, path, folder):
    """Build one lesson into `folder`, laid out as the repository is.

    The checks go into the repository at once when they are new, since the lesson runs them.
    """
    from autograder.lesson import read_lesson
    from autograder.questions import questions_of
    from autograder.release import release

    start = time.perf_counter()
    questions = questions_of(path.stem)
    lesson = read_lesson(path, questions)
    stamp = inputs_hash(root, path)
    solution, _, index = products(folder, path.stem)
    compile_checks(lesson, questions, index, stamp)
    install(index.parent, products(root, path.stem)[2].parent)
    print(f"{path.stem}: {len(lesson.points)} checks, ", end="", flush=True)
    execute(lesson.notebook)
    lesson.notebook.metadata["course"] = {"lesson": path.stem, "inputs": stamp}
    write_notebook(lesson.notebook, solution)
    release(root, [path.stem], folder / "solutions", folder / "notebooks")
    print(f"executed and released in {time.perf_counter() - start:.0f} s")


def compile_checks(lesson, questions, index, stamp):
    """Write the public checks of a lesson, one file a question, and their index."""
    from autograder.question import compile_question, public_rng

    index.parent.mkdir(parents=True, exist_ok=True)
    for name, points in lesson.points.items():
        question = questions[name]
        rng = public_rng(question)
        data = compile_question(question, rng, points, lesson.name, public=True).to_json()
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        write_text(index.parent / f"{name}.json", text + "\n")
    data = {"points": lesson.points, "by_hand": lesson.by_hand, "inputs": stamp}
    data["content"] = files_digest(index.parent)
    write_text(index, json.dumps(data, indent=1) + "\n")


def execute(notebook):
    """Run a solution notebook in a fresh kernel, in an empty folder, and tidy its outputs."""
    from nbclient import NotebookClient

    environment = os.environ | {"COURSE_PROGRESS": "0"}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=environment, stderr=subprocess.DEVNULL)  # the kernel's own log
    notebook.metadata.pop("language_info", None)
    drop_widgets(notebook)


def drop_widgets(notebook):
    """Take out what only a running kernel can show; a live figure leaves a form that needs none."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [
                output for output in cell.outputs if WIDGET not in output.get("data", ())
            ]


def write_notebook(notebook, path):
    """Write a notebook with the digest of its content."""
    import nbformat

    text = nbformat.writes(notebook)
    notebook.metadata["course"]["content"] = notebook_digest(json.loads(text))
    write_text(path, nbformat.writes(notebook) + "\n")


def write_text(path, text):
    """Write a text file so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_text(text, encoding="utf-8", newline="\n")
    half.replace(path)


def product_folders(root, name, folder):
    """Return the folders of a lesson's products under `folder`, each with its place in `root`."""
    pairs = zip(products(folder, name), products(root, name), strict=True)
    return [(made.parent, place.parent) for made, place in pairs]


def install(made, place):
    """Make the files of one folder those of another; a file that is the same stays untouched."""
    place.mkdir(parents=True, exist_ok=True)
    for old in place.iterdir():
        if old.is_file() and not (made / old.name).exists():
            old.unlink()
    for new in sorted(path for path in made.iterdir() if path.is_file()):
        target = place / new.name
        if not target.exists() or target.read_bytes() != new.read_bytes():
            write_text(target, new.read_text(encoding="utf-8"))


def rebuild_and_compare(root, paths):
    """Build the lessons elsewhere and return what differs from the products, pictures aside."""
    faults = []
    with tempfile.TemporaryDirectory() as scratch:
        for path in paths:
            before = [comparable(product) for product in products(root, path.stem)]
            make(root, path, Path(scratch))
            for product, old in zip(products(Path(scratch), path.stem), before, strict=True):
                if comparable(product) != old:
                    place = product.relative_to(scratch)
                    faults.append(f"{place}: a new build gives something else")
    return faults


def comparable(product):
    """Return what of a product is the same on every platform: no pixels, no figure's data."""
    data = json.loads(product.read_text(encoding="utf-8"))
    if product.name == "lesson.json":
        return data
    data["metadata"]["course"].pop("content")
    for cell in data["cells"]:
        for output in cell.get("outputs", ()):
            for kind in PICTURES:
                if kind in output.get("data", {}):
                    output["data"][kind] = "a picture"
            if "text/html" in output.get("data", {}):  # utils.figures.show puts its picture there
                markup = "".join(output["data"]["text/html"])
                markup = PICTURE_BYTES.sub("base64,", markup)
                output["data"]["text/html"] = FIGURE_DATA.sub('"shared":', markup)
    return data


def pull(argv=None, root=ROOT):
    """Run `./course pull LESSON`: bring an edit of a solution notebook back to the lesson."""
    parser = argparse.ArgumentParser(prog="course pull", description=pull.__doc__.splitlines()[0])
    parser.add_argument("lesson", metavar="LESSON")
    options = parser.parse_args(argv)
    import nbformat

    from autograder.lesson import LessonError, lesson_paths, lesson_text

    try:
        path = lesson_paths(root, [options.lesson])[0]
        solution = products(root, path.stem)[0]
        # What nobody edited is at best as new as the text: bringing it back would undo an edit.
        if solution.is_file() and not edited_solution(root, path):
            print(f"{path.relative_to(root)}: nothing to bring back")
            return 0
        text = lesson_text(nbformat.read(solution, as_version=4))
    except (LessonError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    write_text(path, text)
    print(f"{path.relative_to(root)}: brought back; look at it with git diff, then ./course build")
    return 0
