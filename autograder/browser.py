"""Drive a real JupyterLab or Notebook 7 in headless Chromium, by keys as a person does.

The browser tests and ``./course bench widgets`` share it. Chromium is the system's own; playwright
comes from the extras `test` and `bench`.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-blink-features=ComputedAccessibilityInfo",  # what a screen reader is told of a node
]
SETTINGS = {  # every cell in the page, no news, a choice of theme
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
}
PAGES = {"lab": "lab/tree/{}?reset", "notebook": "notebooks/{}"}  # where each application opens one
WIDGET = "window.jupyterapp?.shell.currentWidget"


class BrowserError(RuntimeError):
    """The browser or the server could not be started; the message says what to do next."""


def live_figures():
    """Return the names of the live figures that lessons are offered."""
    from utils import widgets

    offered = {name: getattr(widgets, name) for name in widgets.__all__}
    del offered["LiveFigure"]
    return [
        name
        for name, thing in offered.items()
        if isinstance(thing, type) and issubclass(thing, widgets.LiveFigure)
    ]


# ---- Chromium ----


def chromium_path():
    """Return where the system's Chromium is, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


def missing():
    """Return a sentence that says what is missing to drive a browser and how to get it, or None."""
    if chromium_path() is None:
        return "Chromium is not installed: run `apt-get install chromium`, or your system's way."
    try:
        import playwright  # noqa: F401
    except ImportError:
        return f"playwright is not installed: run `{sys.executable} -m pip install playwright`."
    return None


@contextmanager
def chromium():
    """Start a headless Chromium and close it at the end.

    Yields
    ------
    playwright.sync_api.Browser

    Raises
    ------
    BrowserError
        If Chromium or playwright is not installed.
    """
    reason = missing()
    if reason:
        raise BrowserError(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


# ---- the server ----


@contextmanager
def server(folder, home, settings=None, environ=None):
    """Serve a folder by JupyterLab and Notebook 7, and stop both at the end.

    Parameters
    ----------
    folder : pathlib.Path
        What the server shows.
    home : pathlib.Path
        An empty place for its configuration, so that nothing of the user's is read or written.
    settings : dict, optional
        Settings of JupyterLab, ``{"extension/plugin": values}``, beside `SETTINGS`.
    environ : dict, optional
        Variables of the server's environment, beside those of this process.

    Yields
    ------
    str
        The address, without a slash at its end.

    Raises
    ------
    BrowserError
        If the server does not answer.
    """
    _write_settings(home / "settings", SETTINGS | (settings or {}))
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            _command(port, folder),
            env=_environment(home) | (environ or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(f"{address}/api/status", process, home / "log")
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _command(port, folder):
    options = {
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
        "JupyterNotebookApp.expose_app_in_browser": True,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "jupyter", "lab", *words]


def _environment(home):
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


def _write_settings(folder, settings):
    for name, values in settings.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(address, process, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise BrowserError(f"JupyterLab did not answer at {address}:\n{log.read_text()[-2000:]}")


# ---- a notebook in a page ----


class Lab:
    """A page of JupyterLab or Notebook 7 with one notebook open.

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

    def open(self, path, app="lab"):
        """Open a notebook in "lab" or "notebook" (Notebook 7), and wait for its kernel."""
        self.page.goto(f"{self.address}/{PAGES[app].format(path)}")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        self.page.wait_for_function(
            f"() => {WIDGET}?.sessionContext?.session?.kernel?.status === 'idle'", timeout=60_000
        )

    def open_without_kernel(self, path):
        """Open a notebook in JupyterLab, in the one that the page shows, and start no kernel."""
        if not self.page.evaluate("() => 'jupyterapp' in window"):
            self.page.goto(f"{self.address}/lab?reset")
            self.page.wait_for_function("() => window.jupyterapp?.shell", timeout=60_000)
            self.page.evaluate("() => window.jupyterapp.restored")
        none = {"shouldStart": False, "canStart": False, "autoStartDefault": False}
        words = {"path": path, "factory": "Notebook", "kernelPreference": none}
        self.command("docmanager:open", words)
        self.page.wait_for_function(
            f"path => {WIDGET}?.context?.path === path && {WIDGET}.context.isReady",
            arg=path,
            timeout=60_000,
        )

    def has_kernel(self):
        """Return whether a kernel runs for the notebook."""
        return self.page.evaluate(f"() => !!{WIDGET}?.sessionContext?.session?.kernel")

    def command(self, name, words=None):
        """Run a command of the application and wait for its end."""
        self.page.evaluate(
            "async ([name, words]) => { await window.jupyterapp.commands.execute(name, words) }",
            [name, words or {}],
        )

    def theme(self, name):
        """Change JupyterLab's theme to "Light" or "Dark", and wait until it is seen."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {name}"})
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light"
            " && !document.getElementById('jupyterlab-splash')",
            arg=str(name == "Light").lower(),
        )

    def cell(self, cell_id):
        """Return the locator of the cell with this id."""
        index = self.page.evaluate(
            f"id => [...{WIDGET}.content.model.cells].findIndex(cell => cell.id === id)", cell_id
        )
        if index < 0:
            raise LookupError(f"the notebook has no cell with the id {cell_id!r}")
        return self.page.locator(".jp-NotebookPanel:visible .jp-Notebook .jp-Cell").nth(index)

    def write(self, cell_id, source):
        """Replace the source of a cell by typing, and return its locator."""
        cell = self.cell(cell_id)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        return cell

    def run(self, cell_id, seconds=60):
        """Run a cell with Control+Enter and return its text output."""
        cell = self.cell(cell_id)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            f"id => {{ const w = {WIDGET};"
            " const cell = w.content.widgets.find(c => c.model.id === id);"
            " return w.sessionContext.session.kernel.status === 'idle' && cell.model.executionCount"
            " && !cell.promptNode.innerText.includes('*') }",
            arg=cell_id,
            timeout=1000 * seconds,
        )
        return cell.locator(".jp-OutputArea").first.inner_text()

    def run_all(self):
        """Run every cell and wait until the last is done; raise the first error of a cell."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(
            f"() => {{ const w = {WIDGET};"
            " const code = w.content.widgets.filter(c => c.model.type === 'code');"
            " return w.sessionContext.session.kernel.status === 'idle'"
            " && code.every(c => c.model.executionCount"
            " || c.model.outputs.toJSON().some(o => o.output_type === 'error')) }",
            timeout=120_000,
        )
        errors = self.page.evaluate(
            f"() => [...{WIDGET}.content.model.cells].filter(c => c.type === 'code')"
            ".flatMap(c => c.outputs.toJSON()).filter(o => o.output_type === 'error')"
            ".map(o => `${o.ename}: ${o.evalue}`)"
        )
        if errors:
            raise RuntimeError(f"a cell failed: {errors[0]}")

    def save(self):
        """Save the notebook."""
        self.command("docmanager:save")

    def screenshot(self, name, cell_id=None):
        """Keep a picture of a cell, or of the page, where `COURSE_SCREENSHOTS` says."""
        folder = os.environ.get("COURSE_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            target = self.cell(cell_id) if cell_id else self.page
            target.screenshot(path=str(Path(folder) / f"{name}.png"))


# ---- a live figure in a page ----


CONTROLS = """root => [...root.querySelectorAll('[data-control]')].map(node => ({
    name: node.dataset.control, role: node.computedRole, label: node.computedName,
    off: node.disabled, checked: node.checked, value: node.value }))"""
ROLES = """root => {  // the browser takes some 30 ms for each
  const roles = {};
  for (const node of root.querySelectorAll('[data-control]'))
    roles[node.dataset.control] ??= node.computedRole;
  return roles }"""
SEEN = """root => ({
    marks: Object.fromEntries([...root.querySelectorAll('svg [data-mark]')]
        .map(node => [node.dataset.mark, node.outerHTML])),
    readouts: Object.fromEntries([...root.querySelectorAll('[data-readout]')]
        .map(node => [node.dataset.readout, node.innerText])),
    says: root.querySelector('[data-says]').innerText,
    problem: root.querySelector('[role=alert]').innerText })"""


class Figure:
    """A live figure as somebody meets it who has a keyboard and a screen.

    Parameters
    ----------
    page : playwright.sync_api.Page
    name : str
        The figure's class.
    form : str
        "live" with a kernel, "page" without.
    within : playwright.sync_api.Locator, optional
        A part of the page, if the figure is there more than once.
    """

    def __init__(self, page, name, form="live", within=None):
        self.page, self.name, self.form = page, name, form
        selector = f'[data-figure="{name}"][data-form="{form}"][data-state="ready"]:visible'
        self.root = (within or page).locator(selector)

    def wait(self):
        """Wait until the figure is drawn, and return it."""
        self.root.wait_for()
        return self

    def controls(self):
        """Return name, role, accessible name and state of every control, in their order."""
        return self.root.evaluate(CONTROLS)

    def roles(self):
        """Return the role of every control by its name, in their order."""
        return self.root.evaluate(ROLES)

    def control(self, name):
        """Return the locator of a control: a group's first, if it is one."""
        return self.root.locator(f'[data-control="{name}"]').first

    def focus(self, name):
        """Give a control the focus and return it."""
        control = self.control(name)
        control.focus()
        return control

    def seen(self):
        """Return what is seen: each mark as it is drawn, readouts, sentence and problem."""
        return self.root.evaluate(SEEN)

    def place(self, name):
        """Return the position of a slider, counted from 0."""
        return int(self.control(name).input_value())

    def told(self, name):
        """Return what a screen reader says for a control's value."""
        return self.control(name).get_attribute("aria-valuetext")

    def press(self, name, key):
        """Press a key on a control."""
        self.focus(name)
        self.page.keyboard.press(key)

    def moved(self, before, seconds=2.0):
        """Return what is seen once marks differ from those `before`, or at last as it is."""
        deadline = time.monotonic() + seconds
        while (seen := self.seen())["marks"] == before["marks"] and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        return seen
