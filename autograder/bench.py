"""``./course bench``: our numbers beside those of a peer, measured in one run.

To add a benchmark, write a module in `autograder.benchmarks` and name it in `BENCHMARKS`.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from autograder.benchmarks import MissingPeer

BENCHMARKS = {
    "grading": "autograder.benchmarks.grading",
    "network": "autograder.benchmarks.network",
    "resizing": "autograder.benchmarks.resizing",
    "start": "autograder.benchmarks.start",
    "widgets": "autograder.benchmarks.widgets",
}

COLUMNS = ("name", "ours", "peer", "unit", "ratio", "goal", "met")


def main(argv=None):
    """Run the benchmarks asked for and print a row for each comparison.

    Parameters
    ----------
    argv : list of str, optional
        ``[NAME] [--json FILE]``; without a name every benchmark runs.

    Returns
    -------
    int
        0 if every goal is met, 1 if one is missed, 2 if something could not be measured.
    """
    args = _parse(argv)
    names = [args.name] if args.name else list(BENCHMARKS)
    rows, missing = measure(names)
    if rows:
        print(table(rows))
    if args.json and not missing:
        args.json.write_text(json.dumps([row.as_dict() for row in rows], indent=1) + "\n")
    for sentence in missing:
        print(sentence, file=sys.stderr)
    return 2 if missing else int(not all(row.met for row in rows))


def measure(names):
    """Return the rows of the named benchmarks and a sentence for each one whose peer is missing."""
    rows, missing = [], []
    for name in names:
        try:
            rows += importlib.import_module(BENCHMARKS[name]).rows()
        except MissingPeer as reason:
            missing.append(str(reason))
    return rows, missing


def table(rows):
    """Return the rows as text in columns, numbers to at least three figures.

    Examples
    --------
    >>> from autograder.benchmarks import Row
    >>> print(table([Row("sorting", ours=3.0, peer=2.0, unit="ms", goal=1.2)]))
    name     ours  peer  unit  ratio  goal  met
    sorting  3     2     ms    1.5    1.2   no
    """
    lines = [COLUMNS, *([_cell(value) for value in row.as_dict().values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _parse(argv):
    parser = argparse.ArgumentParser(
        prog="course bench", description="Measure ours beside a peer, in one run."
    )
    parser.add_argument("name", nargs="?", choices=list(BENCHMARKS), help="default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    args = parser.parse_args(argv)
    if args.json and not args.json.resolve().parent.is_dir():
        parser.error(f"--json: there is no folder {args.json.resolve().parent}; make it first")
    return args


if __name__ == "__main__":
    sys.exit(main())
