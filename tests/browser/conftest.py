"""A real JupyterLab in headless Chromium, as a fixture."""

import os
import shutil
import urllib.parse
from pathlib import Path

import pytest

from autograder.browser import Lab, chromium, missing, server
from utils.lab import SETTINGS

ROOT = Path(__file__).parent.parent.parent


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, and skip it with the way out where there is no Chromium."""
    here, reason = Path(__file__).parent, missing()
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")  # playwright keeps an event loop running, which others need
def browser():
    """Return a headless Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def shot():
    """Return what keeps a picture of a whole page where `COURSE_SCREENSHOTS` says."""
    folder = os.environ.get("COURSE_SCREENSHOTS")

    def keep(page, name):
        if folder:
            page.screenshot(path=f"{folder}/{name}.png", full_page=True)

    return keep


@pytest.fixture(scope="session")  # for all files of tests that a process has
def served(tmp_path_factory):
    """Return the address and the folder of a JupyterLab, as `./course lab` sets it up."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "work"
    folder.mkdir()
    with server(folder, home, environ={"JUPYTER_CONFIG_PATH": str(SETTINGS)}) as address:
        yield address, folder


@pytest.fixture
def lab(browser, served):
    """Return a page of JupyterLab, which shows new copies of the releases."""
    shutil.copytree(ROOT / "notebooks", served[1], dirs_exist_ok=True)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield Lab(page, *served)
    context.close()


@pytest.fixture
def guarded(browser):
    """A page, and a list of all that it should not have done: scripts and requests outside."""
    context, seen = browser.new_context(viewport={"width": 1280, "height": 1000}), []

    def judge(route):
        url = route.request.url
        if urllib.parse.urlsplit(url).hostname == "127.0.0.1" or url.startswith("file:"):
            route.continue_()
            return
        seen.append(url)
        route.abort()

    def dialog(found):
        seen.append(found.message)
        found.dismiss()

    context.route("**/*", judge)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("dialog", dialog)
    yield page, seen
    context.close()
