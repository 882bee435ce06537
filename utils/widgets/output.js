// Decide which form of an output is seen, in a page that holds both.
//
// In a notebook the live widget lies in the output above. As long as it is alive, the form that
// needs no kernel is out of sight; when the notebook is opened again without its kernel, the
// widget's place is taken by an error, and that is what goes out of sight.

const WIDGET = ".jp-OutputArea-output:not([data-mime-type])"; // all other kinds name their type
const PATIENCE = 1500; // milliseconds that a widget has to appear

function handOver(here, mount) {
  const mine = here.closest(".jp-OutputArea-child");
  let mounted = false;

  function becomeLive() {
    const data = here.querySelector('script[type="application/json"]');
    if (mounted || !mount || !data) return;
    mounted = true;
    const root = document.createElement("div");
    mount(root, JSON.parse(data.textContent));
    here.querySelector("img").style.display = "none";
    here.removeAttribute("data-form");
    here.append(root);
  }

  const widget = () => mine?.previousElementSibling?.querySelector(WIDGET);
  // A converted notebook may hold a script there, for a widget manager that is not at hand.
  const alive = () => [...(widget()?.children ?? [])].some((child) => child.tagName !== "SCRIPT");

  function look() {
    mine.style.display = alive() ? "none" : "";
    if (widget()) mine.previousElementSibling.style.display = alive() ? "" : "none";
  }

  if (!mine) return becomeLive();
  const start = () => {
    const observer = new MutationObserver(look);
    observer.observe(mine.parentElement, { childList: true, subtree: true });
    look();
    setTimeout(() => {
      look();
      if (alive()) observer.disconnect();
      else becomeLive();
    }, PATIENCE);
  };
  // A notebook runs scripts before it puts the output into the page.
  if (mine.parentElement) start();
  else requestAnimationFrame(start);
}
