"""What all tests share: a quiet, headless run, and which tests wait for an option."""

import os

import pytest

os.environ.setdefault("COURSE_PROGRESS", "0")
os.environ.setdefault("MPLBACKEND", "agg")


def pytest_collection_modifyitems(items):
    """Skip the comparisons with frameworks unless `course test --frameworks` asked for them."""
    if os.environ.get("COURSE_FRAMEWORKS"):
        return
    for item in items:
        if item.get_closest_marker("frameworks"):
            item.add_marker(pytest.mark.skip(reason="./course test --frameworks runs it"))
