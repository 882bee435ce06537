"""What axe-core finds in a page, and faults of alt texts that it does not know."""

import re

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RUN = """async ([parts, options]) => {
  const include = parts.filter(part => document.querySelector(part)).map(part => [part]);
  const where = { exclude: [['math']], ...(parts.length && { include }) };
  const preload = location.protocol !== 'file:' || !document.querySelector('link[rel=stylesheet]');
  const found = await axe.run(where, { ...options, preload });  // it cannot fetch from disk
  return found.violations.flatMap(({ id, nodes }) => nodes.map(
    node => [id, node.target.flat().join(' '), node.html.slice(0, 200)])) }"""
LEAST_WORDS = 12  # in an alt text: fewer cannot say what is seen and what follows
EMPTY_WORDS = re.compile(
    r"^(an? |the )?(image|picture|figure|plot|graph|chart|screenshot|diagram|placeholder|todo)\b"
    r"( of\b|$|[.:])|\.(png|svg|jpe?g)$",
    re.IGNORECASE,
)


def violations(page, parts=(), rules=None, without=()):
    """Return what axe-core finds in parts of a page, as [rule, place, markup] each.

    Formulas are left out: no rule is about MathML, and a lesson's take a minute.

    Parameters
    ----------
    page : playwright.sync_api.Page
    parts : sequence of str
        Selectors; the whole page if there are none.
    rules : list of str, optional
        All rules of WCAG 2.2 AA and the best practices if not given.
    without : sequence of str
        Rules to leave out.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    chosen = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    options = {"runOnly": chosen, "rules": {rule: {"enabled": False} for rule in without}}
    options["resultTypes"] = ["violations"]
    return page.evaluate(RUN, [list(parts), options])


def alt_faults(alt):
    """Return what is wrong with an alt text, in words.

    Examples
    --------
    >>> alt_faults("figure 3.png")
    ['names a picture, not what is seen', 'has fewer than 12 words']
    """
    faults = []
    if EMPTY_WORDS.search(alt.strip()):
        faults.append("names a picture, not what is seen")
    if len(alt.split()) < LEAST_WORDS:
        faults.append(f"has fewer than {LEAST_WORDS} words")
    return faults
