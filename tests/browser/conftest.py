"""A real JupyterLab in headless Chromium, driven by keys and commands as a person would."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {  # every cell in the page, no news, a choice of theme
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
}


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, and skip it with the way out where there is no Chromium."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                reason = "needs Chromium: apt-get install chromium (or your system's package)"
                item.add_marker(pytest.mark.skip(reason=reason))


class Lab:
    """A JupyterLab page with one notebook open.

    Parameters
    ----------
    page : playwright.sync_api.Page
    address : str
        Where the server answers.
    folder : pathlib.Path
        The folder that the server shows.
    """

    def __init__(self, page, address, folder):
        self.page, self.address, self.folder = page, address, folder
        self.notebook = None

    def open(self, path):
        """Open a notebook and wait until its kernel is ready."""
        self.notebook = Path(path).name
        self.page.goto(f"{self.address}/lab/tree/{path}?reset")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        self.page.wait_for_function(
            "() => { const p = window.jupyterapp?.shell.currentWidget;"
            " return p?.sessionContext?.session?.kernel?.status === 'idle' }",
            timeout=60_000,
        )

    def command(self, name):
        """Run a command of JupyterLab and wait for its end."""
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    def cell(self, cell_id):
        """Return the locator of the cell with this id."""
        index = self.page.evaluate(
            "id => [...window.jupyterapp.shell.currentWidget.content.model.cells]"
            ".findIndex(cell => cell.id === id)",
            cell_id,
        )
        assert index >= 0, f"no cell {cell_id}"
        return self.page.locator(".jp-NotebookPanel:visible .jp-Notebook .jp-Cell").nth(index)

    def write(self, cell_id, source):
        """Replace the source of a cell by typing, and return its locator."""
        cell = self.cell(cell_id)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        return cell

    def run(self, cell_id):
        """Run a cell with Control+Enter and return its text output."""
        cell = self.cell(cell_id)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            "id => { const w = window.jupyterapp.shell.currentWidget;"
            " const cell = w.content.widgets.find(c => c.model.id === id);"
            " return w.sessionContext.session.kernel.status === 'idle' && cell.model.executionCount"
            " && !cell.promptNode.innerText.includes('*') }",
            arg=cell_id,
            timeout=60_000,
        )
        return cell.locator(".jp-OutputArea").first.inner_text()

    def screenshot(self, name, cell_id=None):
        """Keep a picture of a cell, or of the page, where `COURSE_SCREENSHOTS` says."""
        folder = os.environ.get("COURSE_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            target = self.cell(cell_id) if cell_id else self.page
            target.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return the address and the folder of a JupyterLab that shows copies of the releases."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "work"
    shutil.copytree(ROOT / "notebooks", folder)
    write_settings(home / "settings")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            lab_command(port, folder),
            env=lab_environment(home),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(f"{address}/api/status", process, home / "log")
            yield address, folder
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def lab(browser, server):
    """Return a page of JupyterLab."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield Lab(page, *server)
    context.close()


def lab_command(port, folder):
    options = {
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "jupyter", "lab", *words]


def lab_environment(home):
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {key: str(home / name) for key, name in places.items()} | {"PATH": path}


def write_settings(folder):
    for name, values in SETTINGS.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address, process, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer at {address}:\n{log.read_text()[-2000:]}")
