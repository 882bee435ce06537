// What the pages need beyond their theme.

// From disk a page cannot read others, so search shows titles without the text around a word.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Paper is white, whatever the screen is.
matchMedia("print").addEventListener("change", (print) => {
  const root = document.documentElement;
  if (print.matches) root.dataset.screen = root.dataset.theme;
  root.dataset.theme = print.matches ? "light" : root.dataset.screen;
});

// Sphinx leaves the words in the browser's storage, which a page from disk may read too early.
function tellWords() {
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("#search-results a");
    const words = localStorage.getItem("sphinx_highlight_terms");
    if (link && words) link.search = new URLSearchParams({ highlight: words });
  });
}

document.addEventListener("DOMContentLoaded", () => {
  // What is wider than the page scrolls, for a keyboard, too.
  const wide = document.querySelectorAll(".course-formula, .cf-picture, .cell_output .output");
  const update = () => {
    for (const part of wide) part.tabIndex = part.scrollWidth > part.clientWidth ? 0 : -1;
  };
  update();
  addEventListener("resize", update);

  // Come from the search, begin where its word is, in a folded hint, too. The theme keeps Sphinx
  // from marking words, which a timer then does.
  if (document.getElementById("search-results")) return tellWords();
  SphinxHighlight.highlightSearchWords();
  setTimeout(() => {
    const words = document.querySelectorAll("article .highlighted");
    for (const word of words) word.closest("details")?.setAttribute("open", "");
    if (!location.hash) words[0]?.scrollIntoView({ block: "center" });
  }, 100);
});
