// Before anything is drawn, so that the page does not flash in the wrong colours.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem("lineage-theme");
  } catch {
    // Storage may be forbidden; the system's own setting holds.
  }
  const dark = kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
