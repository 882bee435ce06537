// What the pages need beyond their theme.

// From disk a page cannot read others, so search shows titles without the text around a word.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

document.addEventListener("DOMContentLoaded", () => {
  // What is wider than the page scrolls, for a keyboard, too.
  const wide = document.querySelectorAll(".course-formula, .cf-picture, .cell_output .output");
  const update = () => {
    for (const part of wide) part.tabIndex = part.scrollWidth > part.clientWidth ? 0 : -1;
  };
  update();
  addEventListener("resize", update);

  // Come from the search, begin where its word is.
  if (!location.hash) document.querySelector("article .highlighted")?.scrollIntoView({ block: "center" });
});
