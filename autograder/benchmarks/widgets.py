"""From key press to changed pixels: the live figures in a real JupyterLab, and a naive redraw.

Every slider gets its presses in turns with all others, at the pace of a person, in one page. A
press is timed in the page: from the key's own time stamp to the end of the first frame that is
painted after the picture has changed. The naive peer draws the constraint figure with Matplotlib
under `ipywidgets.interact`; its picture has changed when the new image is decoded and painted.
"""

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.benchmarks import MissingPeer, Row
from autograder.browser import Figure, Lab, chromium, live_figures, missing, server

ROUNDS = 40
REST = 0.12  # seconds between the picture and the next key
REACH = 5  # positions to each side of where a slider stands at first
BUDGETS = {"λ": 50.0, "other": 100.0}  # milliseconds: still felt as at once; still felt as smooth
FRAME_BUDGET = 50.0  # milliseconds: twenty frames a second
NAIVE_GOAL = 0.1
HELD = "λ slider, key held at 30 a second, against 20 frames a second"
HELD_KEYS, KEY_EVERY = 60, 1 / 30

FIRST = "ConstraintGeometry"  # which the naive one draws, too
FIGURES = sorted(live_figures(), key=lambda name: name != FIRST)
LINKED = """import ipywidgets
log = ipywidgets.FloatLogSlider(value=1, min=-2, max=2, step=1 / 15)
linked = widgets.ConstraintGeometry()
ipywidgets.dlink((log, "value"), (linked, "lam"))
linked.show(log)"""
NAIVE = """import matplotlib.pyplot as plt
import numpy as np
from utils.widgets import geometry
figure = widgets.ConstraintGeometry()
A = geometry.quadratic_form(figure.correlation, figure.eccentricity)
optimum = np.array([figure.optimum1, figure.optimum2])
grid = np.linspace(-3, 3, 61)
off = np.stack(np.meshgrid(grid, grid), axis=-1) - optimum
J = ((off @ A) * off).sum(axis=-1)
lams = np.geomspace(0.01, 100, 61)
path = geometry.solve_penalized(A, optimum, lams, 1)

def draw(lam):
    w = geometry.solve_penalized(A, optimum, np.array([lam]), 1)[0]
    t = np.abs(w).sum()
    figure, (plane, right) = plt.subplots(1, 2, figsize=(7.4, 3.8))
    plane.contour(grid, grid, J, levels=8, colors="0.7")
    plane.contour(grid, grid, J, levels=[(w - optimum) @ A @ (w - optimum) + 1e-9])
    plane.fill([t, 0, -t, 0], [0, t, 0, -t], alpha=0.2)
    plane.plot(*optimum, "*")
    plane.plot(*w, "D")
    plane.set(aspect="equal", xlabel="w1", ylabel="w2", title=f"budget {t:.2f}")
    right.semilogx(lams, path)
    right.axvline(lam)
    right.set(xlabel="strength", ylabel="weights")
    plt.show()

ipywidgets.interact(draw, lam=ipywidgets.FloatLogSlider(value=1, min=-2, max=2, step=1 / 15))"""

# Time one press: `root` holds what changes, an image counts once it is another one and decoded.
WATCH = """([root, image]) => {
  window.pressTimed = new Promise((resolve, reject) => {
    const source = () => root.querySelector('img')?.src;
    const before = source();
    let pressed, changed = false;
    addEventListener('keydown', key => (pressed = key.timeStamp), { capture: true, once: true });
    const observer = new MutationObserver(async () => {
      if (changed || pressed === undefined || (image && (!source() || source() === before))) return;
      changed = true;
      observer.disconnect();
      if (image) await root.querySelector('img').decode();
      requestAnimationFrame(() => {
        const painted = new MessageChannel();
        painted.port1.onmessage = () => resolve(performance.now() - pressed);
        painted.port2.postMessage(null);
      });
    });
    const all = { childList: true, subtree: true, attributes: true, characterData: true };
    observer.observe(root, all);
    setTimeout(() => reject(new Error('the picture did not change in 10 s')), 10000);
  });
}"""
COUNT = """root => {
  const seen = (window.framesSeen = { frames: 0, first: 0, last: 0 });
  let dirty = false;
  const all = { childList: true, subtree: true, attributes: true, characterData: true };
  new MutationObserver(() => (dirty = true)).observe(root, all);
  const frame = now => {
    if (dirty) {
      if (!seen.frames++) seen.first = now;
      seen.last = now;
    }
    dirty = false;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


@dataclass
class Press:
    """One slider that gets a key in every round.

    Parameters
    ----------
    name : str
    kind : str
        "λ", "other", "linked" or "naive".
    handle, root : playwright.sync_api.ElementHandle
        What gets the key, and what holds the picture.
    """

    name: str
    kind: str
    handle: object
    root: object
    room: tuple = (REACH, REACH)  # positions to the left and to the right

    def __post_init__(self):
        self.at, self.step, self.times = 0, 1, []

    def run(self, page):
        """Press a key, wait for the picture and keep the milliseconds."""
        left, right = self.room
        if not -left <= self.at + self.step <= right:
            self.step = -self.step
        self.handle.focus()
        page.evaluate(WATCH, [self.root, self.kind == "naive"])
        page.keyboard.press("ArrowRight" if self.step > 0 else "ArrowLeft")
        self.times.append(page.evaluate("window.pressTimed"))
        self.at += self.step
        time.sleep(REST)

    @property
    def p95(self):
        """Return the time within which 95 of 100 presses are painted, in ms."""
        return p95(self.times)


def p95(times):
    """Return the 95th percentile by nearest rank.

    >>> p95(range(1, 41))
    38
    """
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def rows():
    """Time every slider of the live figures and the naive redraw in turns.

    Raises
    ------
    MissingPeer
        If there is no Chromium or no playwright.
    """
    reason = missing()
    if reason:
        raise MissingPeer(f"The live figures are timed in a browser. {reason}")
    with tempfile.TemporaryDirectory() as home, chromium() as browser:
        folder = Path(home, "work")
        folder.mkdir()
        nbformat.write(notebook(), folder / "figures.ipynb")
        with server(folder, Path(home)) as address:
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            presses, milliseconds = measure(Lab(page, address, folder))
    return [*compared(presses), Row(HELD, milliseconds, FRAME_BUDGET, "ms/frame", 1.0)]


def notebook():
    """Return a notebook that shows each figure once, one with a stock slider, and the naive one."""
    cells = [("imports", "from utils import widgets")]
    cells += [(name, f"widgets.{name}()") for name in FIGURES]
    cells += [("linked", LINKED), ("naive", NAIVE)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name) for name, source in cells],
        metadata={"kernelspec": kernel},
    )


def measure(lab, rounds=ROUNDS):
    """Return every slider with its times, and the milliseconds of a frame while a key is held."""
    lab.open("figures.ipynb")
    lab.run_all()
    presses = sliders(lab)
    for press in presses:
        press.run(lab.page)  # the first one warms up
        press.times.clear()
    for _ in range(rounds):
        for press in presses:
            press.run(lab.page)
    return presses, hold(lab.page, presses[0])


def sliders(lab):
    """Return the sliders to press, the λ slider of the constraint figure first."""
    found = []
    for name in FIGURES:
        figure = Figure(lab.page, name, within=lab.cell(name)).wait()
        svg = figure.root.locator("svg").element_handle()
        for control in figure.controls():
            if control["role"] == "slider":
                found.append(_own(figure, control["name"], svg))
    linked = Figure(lab.page, FIRST, within=lab.cell("linked")).wait()
    svg = linked.root.locator("svg").element_handle()
    handle = lab.cell("linked").locator(".noUi-handle").element_handle()
    found.append(Press("stock slider linked to λ", "linked", handle, svg))
    cell = lab.cell("naive")
    cell.locator("img").wait_for()
    output = cell.locator(".jp-OutputArea").first.element_handle()
    handle = cell.locator(".noUi-handle").element_handle()
    return [*found, Press("interact", "naive", handle, output)]


def _own(figure, name, svg):
    handle = figure.control(name).element_handle()
    place, last = figure.place(name), int(handle.get_attribute("max"))
    room = min(REACH, place), min(REACH, last - place)
    kind = "λ" if name == "lam" else "other"
    return Press(f"{name} of {figure.name}", kind, handle, svg, room)


def hold(page, press):
    """Return the milliseconds of a painted frame while keys come at 30 a second."""
    press.handle.focus()
    page.evaluate(COUNT, press.root)
    start = time.monotonic()
    for k in range(HELD_KEYS):
        page.keyboard.press("ArrowRight" if k // 10 % 2 else "ArrowLeft")
        time.sleep(max(0, start + (k + 1) * KEY_EVERY - time.monotonic()))
    time.sleep(REST)
    seen = page.evaluate("window.framesSeen")
    return (seen["last"] - seen["first"]) / (seen["frames"] - 1)


def compared(presses):
    """Return the rows: the slowest slider of each kind, and the λ slider beside the naive one."""
    result = []
    for kind, budget in BUDGETS.items():
        group = [press for press in presses if press.kind == kind]
        slowest = max(group, key=lambda press: press.p95)
        name = f"{kind} sliders, p95 of the slowest of {len(group)} ({slowest.name}) against budget"
        result.append(Row(name, slowest.p95, budget, "ms", 1.0))
    linked, naive = (next(p for p in presses if p.kind == kind) for kind in ("linked", "naive"))
    result.append(Row(f"{linked.name}, p95 against budget", linked.p95, BUDGETS["other"], "ms", 1))
    name = "λ slider, p95 against interact + plt.show"
    return [*result, Row(name, presses[0].p95, naive.p95, "ms", NAIVE_GOAL)]
