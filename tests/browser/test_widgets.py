"""Every live figure by keyboard: in JupyterLab and Notebook 7, opened again, and as a page."""

import re
import shutil
import warnings

import nbformat
import pytest

from autograder.browser import Figure, Lab, live_figures
from tests.accessibility import violations

FIGURES = live_figures()
KEYS = {  # where a slider goes from `at`, if `last` is its end; None: somewhere else
    "ArrowRight": lambda at, last: min(at + 1, last),
    "ArrowLeft": lambda at, last: max(at - 1, 0),
    "PageUp": lambda at, last: last if at == last else None,
    "PageDown": lambda at, last: 0 if at == 0 else None,
    "Home": lambda at, last: 0,
    "End": lambda at, last: last,
}
IMPORTS = """import ipywidgets
from utils import widgets"""
LOG = "FloatLogSlider(value=1, min=-2, max=2)"
LEADS = {  # where it is not λ: a slider, two values for it, and a stock slider that has the second
    "AugmentationGallery": ("angle", 40, 70, "IntSlider(value=100, min=-180, max=180)"),
    "DropoutNetwork": ("keep_prob", 0.37, 0.6, "FloatSlider(value=0.5, min=0.1, max=1, step=0.01)"),
    "EarlyStoppingCurve": ("stop_wait", 42, 70, "IntSlider(value=100, min=1, max=1000)"),
}
LINKED = """linked, stock = widgets.{name}(), ipywidgets.{stock}
ipywidgets.dlink((stock, "value"), (linked, "{lead}"))
linked.show(stock)"""
BROKEN = """class Broken(widgets.{name}):
    _esm = str(widgets.{name}._esm).replace("() => slide(spec, input)", "() => {{}}")
Broken()"""
APPLICATION = re.compile(r"/static/(lab|notebook)/|/lab/extensions/(?!anywidget)")
FAULTS = re.compile("Error displaying widget|Loading widget|Javascript Error|Error creating widget")


# ---- a notebook with every figure, run in both applications ----


def notebook():
    """A figure alone, moved from Python, and with a stock slider linked to it; one broken."""
    cells = [code("imports", IMPORTS), code("broken", BROKEN.format(name=FIGURES[0]))]
    for name in FIGURES:
        cells.append(code(name, f"{name} = widgets.{name}()\n{name}"))
        lead, value, _, stock = lead_of(name)
        cells.append(code(f"{name}-moved", f"{name}.{lead} = {value}"))
        cells.append(code(f"{name}-linked", LINKED.format(name=name, lead=lead, stock=stock)))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def lead_of(name):
    return LEADS.get(name, ("lam", 0.02, 0.01, LOG))


def code(cell_id, source):
    return nbformat.v4.new_code_cell(source, id=cell_id)


def keep(errors, message, stack=""):
    """Keep an error, unless every place on its way is in the code of others."""
    places = re.findall(r"(?:http://127|blob:|file:)\S+|<anonymous>:", stack or message)
    if not places or any(not APPLICATION.search(place) for place in places):
        errors.append(message)


@pytest.fixture(scope="module")
def new_lab(browser, served):
    """Return a function that makes a page of its own, whose errors are kept."""
    contexts = []

    def make(**options):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 1000}, **options))
        lab = Lab(contexts[-1].new_page(), *served)
        lab.page.set_default_timeout(20_000)
        lab.errors = []
        lab.page.on("pageerror", lambda error: keep(lab.errors, error.message, error.stack))
        lab.page.on("console", lambda said: said.type == "error" and keep(lab.errors, said.text))
        return lab

    yield make
    for context in contexts:
        context.close()


def run_in(new_lab, app):
    lab = new_lab()
    nbformat.write(notebook(), lab.folder / f"{app}.ipynb")
    lab.open(f"{app}.ipynb", app=app)
    if app == "lab":
        lab.command("application:toggle-left-area")
    lab.run_all()
    lab.save()
    return lab


@pytest.fixture(scope="module")
def jupyterlab(new_lab):
    return run_in(new_lab, "lab")


@pytest.fixture(scope="module")
def notebook7(new_lab):
    return run_in(new_lab, "notebook")


@pytest.fixture(scope="module", params=["jupyterlab", "notebook7"])
def lab(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=FIGURES)
def figure(request, lab):
    return figure_in(lab, request.param)


def figure_in(lab, name, cell_id=None):
    figure = Figure(lab.page, name, within=lab.cell(cell_id or name)).wait()
    figure.root.scroll_into_view_if_needed()
    return figure


# ---- by keyboard ----

ROLES = {}  # of the controls of each figure, which are the same wherever it is shown


def assert_keys_move(figure, name):
    """Press every key of a slider: position, readout, voice, marks and sentence follow."""
    last = int(figure.control(name).get_attribute("max"))
    sentences = set()
    figure.focus(name)
    at, before = figure.place(name), figure.seen()
    for key, target in KEYS.items():
        figure.page.keyboard.press(key)
        place, goal = figure.place(name), target(at, last)
        if at == goal:
            continue
        assert place == goal if goal is not None else place != at, (name, key, at, place)
        after = figure.moved(before)
        assert after["marks"] != before["marks"], (name, key)
        assert after["readouts"][name] != before["readouts"][name], (name, key)
        assert figure.told(name) == after["readouts"][name], (name, key)
        assert not after["problem"]
        sentences.add(after["says"])
        at, before = place, after
    assert sentences, name
    if len(sentences) == 1:  # one that the kernel writes may come after the marks
        says = figure.root.locator("[data-says]").element_handle()
        another = "([says, sentence]) => says.innerText !== sentence"
        figure.page.wait_for_function(another, arg=[says, *sentences], timeout=5_000)


def roles_of(figure):
    """Return the role of every control by its name; the browser is asked once a figure."""
    if figure.name not in ROLES:
        ROLES[figure.name] = figure.roles()
    return ROLES[figure.name]


def of_role(figure, role):
    return [name for name, found in roles_of(figure).items() if found == role]


def test_tab_reaches_every_control_and_each_has_a_name(figure):
    controls = figure.controls()
    assert all(control["label"].strip() for control in controls), controls
    assert all(control["role"] == roles_of(figure)[control["name"]] for control in controls)
    assert figure.root.evaluate(
        "root => [...root.querySelectorAll('fieldset')].every(group => group.computedName)"
    )
    names = list(dict.fromkeys(control["name"] for control in controls))
    figure.focus(names[0])
    figure.page.keyboard.press("Shift+Tab")
    reached = []
    while names[-1] not in reached and len(reached) < len(names) + 3:
        figure.page.keyboard.press("Tab")
        reached.append(figure.page.evaluate("document.activeElement.dataset.control"))
    before_the_figure = reached.index(names[0])  # an output that scrolls is a stop of its own
    assert reached[before_the_figure:] == names


def test_sliders_move_the_figure(figure):
    for name in reversed(of_role(figure, "slider")):  # λ last: at its ends little else matters
        assert_keys_move(figure, name)


@pytest.mark.parametrize(("role", "key"), [("radio", "ArrowRight"), ("combobox", "ArrowDown")])
def test_choices_change_the_figure(figure, role, key):
    for name in of_role(figure, role):
        before = figure.seen()
        figure.press(name, key)
        after = figure.moved(before, seconds=10)  # a photograph comes with scikit-learn's import
        assert after["marks"] != before["marks"], name


def test_boxes_and_buttons_answer_a_key(figure):
    for name in of_role(figure, "checkbox"):
        before = figure.seen()
        figure.press(name, "Space")
        assert figure.moved(before)["marks"] != before["marks"], name
    changes = []
    for name in of_role(figure, "button"):
        before = figure.seen()
        figure.press(name, "Enter")
        changes.append(figure.moved(before, seconds=1)["marks"] != before["marks"])
    assert not changes or any(changes)
    assert not figure.seen()["problem"]


def test_the_same_keys_find_a_broken_handler(lab):
    figure = figure_in(lab, "Broken", "broken")
    with pytest.raises(AssertionError):
        assert_keys_move(figure, lead_of(FIGURES[0])[0])


# ---- from Python and from a stock slider ----


def test_a_value_set_from_python_moves_the_figure(lab, figure):
    lead, value, *_ = lead_of(figure.name)
    figure.press(lead, "End")
    before = figure.seen()
    lab.run(f"{figure.name}-moved")
    assert_moved_to(figure, before, lead, value)


def test_a_stock_slider_moves_the_figure(lab, figure):
    """By its number: its handle gets no arrow keys in Notebook 7."""
    lead, _, value, _ = lead_of(figure.name)
    cell = f"{figure.name}-linked"
    figure = figure_in(lab, figure.name, cell)
    before = figure.seen()
    lab.cell(cell).locator(".widget-readout").click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.type(str(value))
    lab.page.keyboard.press("Enter")
    assert_moved_to(figure, before, lead, value)


def assert_moved_to(figure, before, lead, value):
    """A figure comes to a value of its slider `lead` that something else has set."""
    figure.page.wait_for_function(
        "([node, value]) => parseFloat(node.innerText) === value",
        arg=[figure.root.locator(f'[data-readout="{lead}"]').element_handle(), value],
        timeout=5_000,
    )
    assert float(figure.told(lead).split()[0]) == value
    assert figure.moved(before)["marks"] != before["marks"]


# ---- themes, motion, zoom ----

CONTRASTS = """root => {
  const parse = text => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = (top, part, under) => top.map((value, k) => part * value + (1 - part) * under[k]);
  const linear = v => v <= .04045 * 255 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const chain = node => node ? [node, ...chain(node.parentElement)] : [];
  const paper = node => {
    for (const one of chain(node)) {
      const [r, g, b, a = 1] = parse(getComputedStyle(one).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const contrast = (node, color) => {
    const under = paper(node), [r, g, b, a = 1] = parse(color);
    const part = chain(node).reduce((part, one) => part * getComputedStyle(one).opacity, a);
    const lights = [light(over([r, g, b], part, under)), light(under)];
    return (Math.max(...lights) + .05) / (Math.min(...lights) + .05);
  };
  const found = [];
  for (const node of root.querySelectorAll('*')) {
    const look = getComputedStyle(node), svg = node.closest('svg');
    const own = [...node.childNodes].some(part => part.nodeType === 3 && part.data.trim());
    if (!node.checkVisibility() || node.disabled || 'decor' in node.dataset) continue;
    const name = node.dataset.mark ?? (node.className || node.tagName);
    if (own) found.push(['text', name, contrast(node, svg ? look.fill : look.color)]);
    else if (node.dataset.mark && !node.matches('.m-fill, image')) {
      const solid = node.classList.contains('cf-dots') && look.fill !== 'none';
      found.push(['mark', name, contrast(node, solid ? look.fill : look.stroke)]);
    }
  }
  return found }"""
LEAST = {"text": 4.5, "mark": 3.0}


def axe_finds(figure):
    """Return what axe-core finds in the figure, which has the form for a kernel."""
    return violations(figure.page, ['[data-form="live"]'])


def test_axe_finds_nothing_and_a_missing_label(jupyterlab):
    figure = figure_in(jupyterlab, FIGURES[0])
    assert axe_finds(figure) == []
    lead, *_ = lead_of(FIGURES[0])
    control = figure.control(lead)
    label = control.get_attribute("aria-label")
    text = control.locator("xpath=preceding-sibling::span")
    control.evaluate("node => node.removeAttribute('aria-label')")
    text.evaluate("node => node.setAttribute('aria-hidden', 'true')")
    try:
        assert "label" in {rule for rule, *_ in axe_finds(figure)}
    finally:
        text.evaluate("node => node.removeAttribute('aria-hidden')")
        control.evaluate("(node, label) => node.setAttribute('aria-label', label)", label)


TARGETS = """root => [...root.querySelectorAll('input, select, button')].map(node => {
  const { width, height } = (node.closest('label') ?? node).getBoundingClientRect();
  return [node.dataset.control, width, height] })"""


def test_every_control_is_large_enough_to_hit(figure):
    """At least 24 by 24 pixels, as WCAG 2.5.8 asks."""
    assert all(min(size) >= 24 for _, *size in figure.root.evaluate(TARGETS))


def test_the_focus_is_seen(figure):
    for name in roles_of(figure):
        figure.press(name, "Shift")  # from here on the keyboard has the focus
        width, style = figure.control(name).evaluate(
            "node => [getComputedStyle(node).outlineWidth, getComputedStyle(node).outlineStyle]"
        )
        assert (style, float(width[:-2]) >= 2) == ("solid", True), name


SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
word-spacing: .16em !important } p { margin-bottom: 2em !important }"""


def test_nothing_is_cut_off_with_more_space_in_the_text(lab, figure):
    """As WCAG 1.4.12 asks, for whoever reads better so."""
    style = lab.page.add_style_tag(content=SPACING)
    wider, beyond = figure.root.evaluate(OVERFLOW)
    style.evaluate("node => node.remove()")
    assert (wider <= 1, beyond) == (True, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_have_contrast_where_the_system_forces_its_colors(jupyterlab, scheme):
    page = jupyterlab.page
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    try:
        for name in FIGURES:
            found = figure_in(jupyterlab, name).root.evaluate(CONTRASTS)
            assert [one for one in found if one[2] < LEAST[one[0]]] == [], name
    finally:
        page.emulate_media(forced_colors="none", color_scheme="light")


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_text_and_marks_have_contrast(lab, theme):
    lab.theme(theme)
    for name in FIGURES:
        found = figure_in(lab, name).root.evaluate(CONTRASTS)
        assert {kind for kind, *_ in found} == {"text", "mark"}, name
        assert [one for one in found if one[2] < LEAST[one[0]]] == [], name
        lab.screenshot(f"{name}-{theme}", name)


def test_nothing_is_animated_where_less_motion_is_asked_for(lab, figure):
    lab.page.emulate_media(reduced_motion="reduce")
    before = figure.seen()
    lead, *_ = lead_of(figure.name)
    figure.press(lead, "ArrowLeft" if figure.place(lead) else "ArrowRight")
    assert figure.root.evaluate("root => root.getAnimations({ subtree: true }).length") == 0
    assert figure.moved(before)["marks"] != before["marks"]
    lab.page.emulate_media(reduced_motion="no-preference")


OVERFLOW = """root => {
  const output = root.closest('.jp-OutputArea-output');
  const edge = output.getBoundingClientRect().right + 1;
  const beyond = [...root.querySelectorAll(':not(svg, svg *)')] // a picture scrolls in its frame
      .filter(node => node.checkVisibility() && node.getBoundingClientRect().right > edge);
  return [output.scrollWidth - output.clientWidth, beyond.map(node => node.outerHTML)] }"""


def test_a_wide_picture_scrolls_by_keyboard(jupyterlab):
    page, size = jupyterlab.page, jupyterlab.page.viewport_size
    figure = figure_in(jupyterlab, FIGURES[0])
    view = figure.root.locator(".cf-picture")
    assert view.get_attribute("tabindex") is None
    page.set_viewport_size({"width": 400, "height": 800})
    try:
        page.wait_for_function("node => node.tabIndex === 0", arg=view.element_handle())
        view.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("node => node.scrollLeft > 0", arg=view.element_handle())
        assert axe_finds(figure) == []
    finally:
        page.set_viewport_size(size)


def test_nothing_is_cut_off_at_200_percent(lab, figure):
    """Twice the zoom is half the page, in the pixels that the page counts."""
    size = lab.page.viewport_size
    lab.page.set_viewport_size({side: length // 2 for side, length in size.items()})
    try:
        lab.page.wait_for_timeout(200)
        wider, beyond = figure.root.evaluate(OVERFLOW)
        lab.screenshot(f"{figure.name}-zoomed", figure.name)
        assert wider <= 1
        assert beyond == []
    finally:
        lab.page.set_viewport_size(size)


def test_the_console_has_no_errors(lab):
    assert lab.errors == []


# ---- opened again ----


@pytest.fixture(scope="module")
def saved(jupyterlab):
    """The notebook as it was saved after every cell was run."""
    return jupyterlab.folder / "lab.ipynb"


def assert_slides_alone(page, name, within=None):
    """The form without a kernel is there once and its λ slider, or first one, moves it."""
    figure = Figure(page, name, form="page", within=within).wait()
    assert figure.root.count() == 1
    sliders = of_role(figure, "slider")
    name = "lam" if "lam" in sliders else sliders[0]
    before = figure.seen()
    figure.press(name, "ArrowLeft" if figure.place(name) else "ArrowRight")
    after = figure.moved(before)
    assert after["marks"] != before["marks"]
    assert after["readouts"][name] != before["readouts"][name]
    assert figure.told(name) == after["readouts"][name]


@pytest.mark.parametrize("how", ["no kernel", "new kernel", "new kernel, Notebook 7"])
def test_a_notebook_opened_again_has_live_figures(new_lab, saved, how):
    lab, name = new_lab(), f"again, {how}.ipynb"
    shutil.copy(saved, saved.with_name(name))
    if how == "no kernel":
        lab.open_without_kernel(name)
        assert not lab.has_kernel()
    else:
        lab.open(name, app="notebook" if how.endswith("7") else "lab")
    for figure in FIGURES:
        cell = lab.cell(figure)
        assert_slides_alone(lab.page, figure, cell)
        assert cell.locator(".jp-OutputArea-output").get_by_role("img").count() == 1
        assert lab.cell(figure).locator('[data-form="live"]').count() == 0
    assert lab.page.get_by_text(FAULTS).filter(visible=True).count() == 0
    assert [error for error in lab.errors if "widget model not found" not in error] == []
    lab.screenshot(f"again-{how}", FIGURES[0])


def test_a_notebook_of_somebody_else_shows_still_pictures(new_lab, saved):
    notebook = nbformat.read(saved, as_version=4)
    notebook.metadata["author"] = "somebody else"  # and so the signature does not fit
    for cell in notebook.cells:
        cell.metadata.pop("trusted", None)
        cell.source += " "
    nbformat.write(notebook, saved.with_name("untrusted.ipynb"))
    lab = new_lab()
    lab.open_without_kernel("untrusted.ipynb")
    for name in FIGURES:
        image = lab.cell(name).get_by_role("img", name=alt_text(notebook, name), exact=True)
        assert image.evaluate("image => image.naturalWidth") > 300
    assert lab.page.locator('[data-form="page"]').count() == 0
    assert lab.page.get_by_text(FAULTS).filter(visible=True).count() == 0


def alt_text(notebook, cell_id):
    cell = next(cell for cell in notebook.cells if cell.id == cell_id)
    return next(output.data["text/plain"] for output in cell.outputs if "text/html" in output.data)


VIEW = "application/vnd.jupyter.widget-view+json"


def keep_state(notebook):
    """Put into a notebook what JupyterLab's "Save Widget State" does, as far as a page reads it."""
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    views = [output.data[VIEW] for output in outputs if VIEW in output.get("data", {})]
    model = {"model_name": "AnyModel", "model_module": "anywidget", "state": {}}
    model["model_module_version"] = "*"
    state = {"state": {view["model_id"]: model for view in views}}
    state |= {"version_major": 2, "version_minor": 0}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}


@pytest.fixture(scope="module", params=["without state", "with state"])
def html(request, saved, tmp_path_factory):
    from nbconvert import HTMLExporter

    notebook = nbformat.read(saved, as_version=4)
    if request.param == "with state":
        keep_state(notebook)
    with warnings.catch_warnings():  # the live form, which a page cannot have
        warnings.filterwarnings("ignore", "Your element with mimetype")
        body, _ = HTMLExporter().from_notebook_node(notebook)
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(body, encoding="utf-8")
    return path.as_uri()


def test_a_converted_page_is_live_without_network(new_lab, html):
    lab = new_lab(offline=True)
    lab.page.goto(html, wait_until="domcontentloaded")
    for name in FIGURES:
        cell = lab.page.locator(".jp-Cell", has=lab.page.locator(f'[data-figure="{name}"]')).first
        assert_slides_alone(lab.page, name, cell)


def test_a_page_without_scripts_has_pictures_with_alt_text(new_lab, html, saved):
    lab = new_lab(java_script_enabled=False, offline=True)
    lab.page.goto(html, wait_until="domcontentloaded")
    notebook = nbformat.read(saved, as_version=4)
    for name in FIGURES:
        image = lab.page.get_by_role("img", name=alt_text(notebook, name), exact=True).first
        assert image.is_visible()


def test_a_screen_reader_hears_the_sentence_when_the_figure_rests(browser, tmp_path):
    from utils import widgets

    path = tmp_path / "page.html"
    path.write_text(f"<meta charset='utf-8'>{widgets.ConstraintGeometry().page()}", "utf-8")
    page = browser.new_page()
    page.clock.install(time="2026-01-01T00:00:00Z")
    page.goto(path.as_uri())
    figure = Figure(page, "ConstraintGeometry", "page").wait()
    page.clock.pause_at("2026-01-01T01:00:00Z")
    aloud = figure.root.locator("[role=status]")
    assert aloud.inner_text() == ""
    sentences = set()
    for _ in range(10):
        figure.press("lam", "ArrowLeft")
        page.clock.run_for(100)
        sentences.add(figure.seen()["says"])
        assert aloud.inner_text() == ""
    assert len(sentences) > 1
    page.clock.run_for(1000)
    assert aloud.inner_text() == figure.seen()["says"]
    page.close()
