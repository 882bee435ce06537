"""The class report in Chromium: whole without a network, readable in both themes and in print."""

from itertools import pairwise

import pytest

from autograder.grading.verdict import verdict_path
from autograder.report import report
from tests.accessibility import violations
from tests.classroom import large_class, write_class

CONTRAST = """
() => {
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const pair = [parse(getComputedStyle(node).color).slice(0, 3), behind(node)].map(light);
    found.push((Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05));
  }
  return [found.length, Math.min(...found)];
}
"""
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])"
UNLABELLED = """
() => [...document.querySelectorAll('img, table, th, a, section, nav, summary')].filter(node => ({
  IMG: () => !node.alt,
  TABLE: () => !node.caption,
  TH: () => !node.scope,
  A: () => !node.textContent.trim(),
  SECTION: () => !document.getElementById(node.getAttribute('aria-labelledby')),
  NAV: () => !node.ariaLabel,
  SUMMARY: () => !node.textContent.trim(),
})[node.tagName]()).map(node => node.outerHTML.slice(0, 100))
"""
TWICE = """
() => [...document.querySelectorAll('[id]')].map(n => n.id)
  .filter((id, i, all) => all.indexOf(id) < i)
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return a report of 80 students and 2 lessons, with something of each kind."""
    grading = tmp_path_factory.mktemp("grading")
    verdicts = large_class(80, 2, 12)
    waiting = {pair: {"why": None} for pair in list(verdicts)[:5]}
    write_class(grading, verdicts, waiting)
    verdict_path(grading, *list(verdicts)[7]).write_text("{", encoding="utf-8")
    report(grading, grading / "report.html")
    return grading / "report.html"


@pytest.fixture(params=["light", "dark"])
def theme(request):
    """Return what the reader's system asks for."""
    return request.param


@pytest.fixture
def page(theme, browser, path):
    """Return the report opened from disk, in a theme; nothing was logged or asked for."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, color_scheme=theme)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(path.as_uri())
    yield page
    asked = [line for line in said if not line.startswith(("data:", path.parent.as_uri()))]
    context.close()
    assert not asked


def test_structure_and_contrast(page):
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    levels = page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.evaluate(UNLABELLED) == []
    assert page.evaluate(TWICE) == []
    assert page.evaluate("() => document.documentElement.lang") == "en"
    texts, worst = page.evaluate(CONTRAST)
    assert texts > 500
    assert worst >= 4.5  # WCAG 2 AA
    assert page.evaluate("() => [...document.images].every(i => i.complete && i.naturalWidth)")


def test_axe_finds_nothing(page, theme, shot):
    shot(page, f"report-{theme}")
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert violations(page) == []


def test_nothing_overflows_at_twice_the_size(page):
    for width in (1100, 550, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_every_list_opens_by_keyboard(page):
    summary = page.locator("details summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert summary.evaluate("node => node.parentElement.open")
    link = summary.locator("xpath=..").get_by_role("link").first
    assert link.get_attribute("href").startswith("feedback/student-")
    link.click()
    assert page.title() == "feedback"
    page.go_back()


def test_print_is_dark_on_white(page):
    page.emulate_media(media="print")
    _, worst = page.evaluate(CONTRAST)
    assert worst >= 4.5
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
