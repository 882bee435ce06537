"""What all tests share: a quiet, headless run, and which tests wait for an option."""

import os

import pytest

from autograder.docs.parity.results import installed, which
from autograder.sandbox.workshop import Workshop

os.environ.setdefault("COURSE_PROGRESS", "0")
os.environ.setdefault("MPLBACKEND", "agg")


def pytest_configure():
    """Import the frameworks, if they are asked for, in the right order, in every process."""
    if os.environ.get("COURSE_FRAMEWORKS") and installed():
        which(live=True)


def pytest_report_header():
    """Say which frameworks the answers are compared with."""
    asked, there = bool(os.environ.get("COURSE_FRAMEWORKS")), installed()
    missing = " (the real ones are not installed)" if asked and not there else ""
    return f"frameworks: {which(live=asked and there)}{missing}"


def pytest_collection_modifyitems(items):
    """Skip the comparisons with frameworks unless `course test --frameworks` asked for them."""
    if os.environ.get("COURSE_FRAMEWORKS"):
        return
    for item in items:
        if item.get_closest_marker("frameworks"):
            item.add_marker(pytest.mark.skip(reason="./course test --frameworks runs it"))


@pytest.fixture(scope="module")
def workshop():
    """Return a workshop that the tests of a module share."""
    with Workshop() as made:
        yield made
