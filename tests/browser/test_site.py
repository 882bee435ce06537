"""The reading site in Chromium, opened from disk: live, searchable, printable, for everybody."""

import pytest

from autograder import site
from autograder.browser import Figure, live_figures
from tests.accessibility import violations

pytest.importorskip("sphinx", reason="no Sphinx: pip install -c constraints.txt -e '.[site]'")

LESSONS = sorted(path.stem for path in site.ROOT.glob("notebooks/*/*.ipynb"))
PAGES = ["index", *LESSONS, "parity", "gallery", "search"]
KEYS = {"slider": ("ArrowRight", "ArrowLeft"), "combobox": ("ArrowDown", "ArrowUp")}
KEYS |= {"radio": ("ArrowRight", "ArrowLeft"), "checkbox": ("Space",)}
FORMS = """() => [...document.querySelectorAll(".course-figure")].map(figure =>
  [...figure.children].filter(form => form.matches("img, .course-live") && form.checkVisibility())
  .map(form => form.tagName))"""
SIZES = """() => [...document.querySelectorAll("article math")]
  .filter(node => node.checkVisibility())
  .filter(node => !node.getBoundingClientRect().width || !node.getBoundingClientRect().height)
  .map(node => node.outerHTML)"""
CONTRAST = ["color-contrast"]
CUT = """() => {  // colored code is half of a lesson: leave what has each kind of word once
  const met = new Set()
  for (const block of document.querySelectorAll('.highlight pre')) {
    const kinds = [...block.querySelectorAll('span')].map(word => word.className)
    if (kinds.every(kind => met.has(kind))) block.textContent = block.textContent
    kinds.forEach(kind => met.add(kind))
  }
  for (const hint of document.querySelectorAll('details')) hint.open = true }"""
LOOKS = """() => {  // mark one text of each look: axe takes five times as long for all
  const met = new Set(), papers = new Map()
  const paper = node => {  // what a text lies on
    if (!node) return ''
    if (!papers.has(node)) {
      const { backgroundColor, opacity } = getComputedStyle(node), own = backgroundColor + opacity
      const clear = own === 'rgba(0, 0, 0, 0)1'
      papers.set(node, paper(node.parentElement) + (clear ? '' : own))
    }
    return papers.get(node)
  }
  for (const node of document.querySelectorAll('body *')) {
    delete node.dataset.look
    const written = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim())
    if (!written && !node.matches('input, select') || node.closest('math, svg')) continue
    if (!node.checkVisibility()) continue
    const { color, fontSize, fontWeight } = getComputedStyle(node)
    const look = [node.tagName, node.className, color, fontSize, fontWeight, paper(node)].join()
    if (!met.has(look)) node.dataset.look = ''
    met.add(look)
  }
  return met.size }"""
LEAST_LOOKS = 40
WIDTH = "() => document.scrollingElement.scrollWidth"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a site of all lessons."""
    out = tmp_path_factory.mktemp("reading") / "site"
    site.write_site(site.ROOT, out)
    return out


@pytest.fixture(scope="module")
def reader(browser, folder):
    """Return a page, and what it asked for outside the site or complained about."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, color_scheme="light")
    page, said = context.new_page(), []
    page.set_default_timeout(60_000)
    page.on("request", lambda request: said.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    yield page, said
    context.close()


@pytest.fixture
def page(reader, folder):
    """Return a page; at the end nothing outside the site was asked for, and nothing failed."""
    page, said = reader
    said.clear()
    page.emulate_media(media="screen", color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 1000})
    yield page
    assert [line for line in said if not line.startswith(("data:", folder.as_uri()))] == []


def open_page(page, folder, name):
    page.goto((folder / f"{name}.html").as_uri())
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-form=page]')]"
        ".every(figure => figure.dataset.state === 'ready')"
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_nobody_out(page, folder, name):
    open_page(page, folder, name)
    assert all(len(forms) == 1 for forms in page.evaluate(FORMS))
    assert page.evaluate(SIZES) == []
    page.evaluate(CUT)
    assert violations(page, without=CONTRAST) == []
    for theme in ("light", "dark"):
        page.evaluate("name => { document.documentElement.dataset.theme = name }", theme)
        page.wait_for_function("() => !document.getAnimations().length")
        long = name in LESSONS[1:]
        assert not long or page.evaluate(LOOKS) >= LEAST_LOOKS
        assert violations(page, ["[data-look]"] if long else (), CONTRAST) == []
    page.set_viewport_size({"width": 320, "height": 640})  # 400 % on a screen of 1280
    assert page.evaluate(WIDTH) <= 320
    title, button = page.locator(".logo__title"), page.locator(".navbar-persistent--mobile")
    assert title.bounding_box()["x"] + title.bounding_box()["width"] <= button.bounding_box()["x"]


def test_every_live_figure_moves_by_keyboard(page, folder):
    met = set()
    for name in LESSONS:
        open_page(page, folder, name)
        for shown in page.locator("[data-form=page]").all():
            figure = Figure(page, shown.get_attribute("data-figure"), form="page").wait()
            for control, role in figure.roles().items():
                if role in KEYS and figure.control(control).is_enabled():
                    move(figure, control, role)
                    met.add(figure.name)
    assert met == set(live_figures())


def move(figure, control, role):
    """Press keys until one changes what is seen."""
    before = figure.seen()
    for key in KEYS[role]:
        figure.press(control, key)
        after = figure.moved(before, seconds=1.0)
        if after != before:
            return
    pytest.fail(f"{figure.name}: nothing follows the keys on {control}")


def test_search_finds_a_word_without_a_server(page, folder):
    open_page(page, folder, "index")
    page.keyboard.press("Control+K")
    page.keyboard.type("shrinkage")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    names = [link.get_attribute("href").split(".html")[0] for link in found.all()]
    assert "02_constraint_geometry" in names
    page.add_init_script("localStorage.clear()")  # the link tells the word, if storage is late
    found.first.click()
    page.locator("article .highlighted").first.wait_for()


def test_light_and_dark_are_a_button_away(page, folder, shot):
    open_page(page, folder, LESSONS[1])
    button = page.locator(".theme-switch-button").first
    for mode in ("dark", "light"):
        button.focus()
        page.keyboard.press("Enter")
        page.locator(f"[data-mode={mode}].theme-change-button").first.press("Enter")
        scheme = "() => getComputedStyle(document.querySelector('.course-live')).colorScheme"
        assert page.evaluate(scheme) == mode
        assert page.evaluate("() => document.documentElement.dataset.theme") == mode
        shot(page, f"site-{mode}")


def test_the_keyboard_is_seen_and_leads_past_the_menu(page, folder):
    open_page(page, folder, LESSONS[0])
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to main content"
    page.wait_for_function("() => document.activeElement.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => !!document.activeElement.closest('main')")
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_on_paper_figures_stand_still_and_hints_are_open(page, folder):
    page.emulate_media(color_scheme="dark")
    open_page(page, folder, LESSONS[5])
    page.emulate_media(media="print")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'light'")
    assert {tuple(forms) for forms in page.evaluate(FORMS)} == {("IMG",)}
    hidden = ".bd-header, .bd-sidebar-primary, .prev-next-footer, .course-open"
    assert not any(part.is_visible() for part in page.locator(hidden).all())
    assert page.locator("details:not(.course-open *) > p").first.is_visible()
    assert len(page.pdf()) > 100_000


def test_the_lessons_are_linked_in_their_order(page, folder):
    open_page(page, folder, "index")
    for name in LESSONS:
        page.locator(".right-next").click()
        page.wait_for_url(f"**/{name}.html")
    assert page.locator(".left-prev").get_attribute("href") == f"{LESSONS[-2]}.html"
