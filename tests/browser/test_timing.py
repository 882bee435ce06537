"""The stopwatch of `./course bench widgets`: a delay that was put in is measured."""

import pytest

from autograder.benchmarks import widgets

DELAY = 80  # milliseconds
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
PAGE = f"""<input type="range"><div><svg><path id="mark"></path></svg><img src="{PIXEL}"></div>
<script>
const change = {{
  figure: () => mark.setAttribute("d", "M0 0h" + performance.now()),
  image: () => (document.querySelector("img").src = "{PIXEL}#" + performance.now()),
}};
const start = (what, how) => document.querySelector("input").addEventListener("keydown", () => {{
  if (how === "at once") return change[what]();
  if (how === "later") return setTimeout(change[what], {DELAY});
  const end = performance.now() + {DELAY};
  while (performance.now() < end);  // as a slow handler does
  change[what]();
}});
</script>"""


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_content(PAGE)
    yield page
    page.close()


@pytest.mark.parametrize("what", ["figure", "image"])
@pytest.mark.parametrize("how", ["at once", "busy", "later"])
def test_a_delay_is_measured(page, what, how):
    page.evaluate(f"start('{what}', '{how}')")
    root = page.locator("svg" if what == "figure" else "div").element_handle()
    kind = "naive" if what == "image" else "other"
    press = widgets.Press(what, kind, page.locator("input").element_handle(), root)
    for _ in range(3):
        press.run(page)
    if how == "at once":
        assert 0 < min(press.times) < DELAY
    else:
        assert min(press.times) >= DELAY


def test_a_picture_that_stays_is_no_success(page, monkeypatch):
    monkeypatch.setattr(widgets, "WATCH", widgets.WATCH.replace("10000", "200"))
    handle = page.locator("input").element_handle()
    press = widgets.Press("still", "other", handle, page.locator("svg").element_handle())
    with pytest.raises(Exception, match="did not change"):
        press.run(page)
    assert press.times == []
