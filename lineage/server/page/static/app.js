// The frame: addresses, search, colours, and what changes while somebody looks.

import { ask } from "./api.js";
import { address, h, learnTypes, link, notice, refOf } from "./dom.js";

const main = document.getElementById("main");
const told = document.getElementById("told");
const VIEWS = {
  "": () => import("./views/start.js"),
  node: () => import("./views/node.js"),
  graph: () => import("./views/graph.js"),
  columns: () => import("./views/columns.js"),
  model: () => import("./views/model.js"),
  failure: () => import("./views/failure.js"),
  blame: () => import("./views/blame.js"),
  compare: () => import("./views/compare.js"),
  taint: () => import("./views/taint.js"),
  rebuild: () => import("./views/rebuild.js"),
  impact: () => import("./views/impact.js"),
  runs: () => import("./views/runs.js"),
  metrics: () => import("./views/metrics.js"),
  list: () => import("./views/list.js"),
  query: () => import("./views/query.js"),
};

let shown = { leave() {} };
let turn = 0;

function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", ref = null] = path.split("/", 2);
  let named = ref;
  try {
    named = ref === null ? null : decodeURIComponent(ref);
  } catch {
    // A broken escape is looked for as it stands, and not found.
  }
  return { view, ref: named, query: new URLSearchParams(query) };
}

async function go({ quiet = false } = {}) {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const at = place();
  const mine = ++turn;
  const load = VIEWS[at.view];
  for (const anchor of document.querySelectorAll("#views a")) {
    if (anchor.getAttribute("href") === `#/${at.view}`) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  main.setAttribute("aria-busy", "true");
  try {
    if (!load) throw new Error(`there is no view ${JSON.stringify(at.view)}`);
    const view = await (await load()).show(at);
    if (mine !== turn) {
      view.leave?.();
      return;
    }
    shown.leave?.();
    shown = view;
    main.className = view.wide ? "wide" : "";
    main.replaceChildren(view.element);
    view.entered?.();
    document.title = view.title ? `${view.title} · Lineage` : "Lineage";
  } catch (error) {
    if (mine !== turn) return;
    shown.leave?.();
    shown = {};
    main.className = "";
    document.title = "Lineage";
    main.replaceChildren(notice(error.message, "bad"), h("p", null, h("a", { href: "#/" }, "Start page")));
  } finally {
    if (mine === turn) main.removeAttribute("aria-busy");
  }
  if (!quiet) {
    scrollTo(0, 0);
    (main.querySelector("h1") ?? main).focus({ preventScroll: true });
  }
}

addEventListener("hashchange", () => go());

// Search
const form = document.getElementById("search");
const text = document.getElementById("search-text");
const found = document.getElementById("search-found");
let options = [];
let chosen = -1;
let waiting = null;
let controller = null;

function close() {
  found.hidden = true;
  text.setAttribute("aria-expanded", "false");
  text.removeAttribute("aria-activedescendant");
}

function choose(at) {
  chosen = at;
  options.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
  if (options[at]) {
    text.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  } else text.removeAttribute("aria-activedescendant");
}

function list(nodes, notes) {
  options = nodes.map((node, index) => {
    const line = link(node);
    line.tabIndex = -1;
    return h("div", { class: "option", role: "option", id: `found-${index}`, "aria-selected": "false", "data-ref": refOf(node), onclick: () => leadTo(node) },
      h("span", { class: "name" }, [...line.childNodes].map((child, at) => at === 0 ? h("span", { class: line.className }, child) : child)),
      h("span", { class: "muted small nowrap" }, node.why === "reference" ? refOf(node) : node.why));
  });
  found.replaceChildren(...options, ...notes.map((note) => h("div", { class: "note" }, note)));
  found.hidden = false;
  text.setAttribute("aria-expanded", "true");
  choose(options.length ? 0 : -1);
}

function leadTo(node) {
  close();
  text.blur();
  location.hash = address("node", refOf(node));
}

async function search() {
  const asked = text.value.trim();
  controller?.abort();
  if (!asked) return close();
  controller = new AbortController();
  const { signal } = controller;
  try {
    const first = await ask("page/search", { q: asked, limit: 12 }, { signal });
    const more = first.complete ? [] : ["There are more: type more of it."];
    list(first.nodes, first.nodes.length ? more : ["Looking into properties…"]);
    const second = await ask("page/search-properties", { q: asked, limit: 8 }, { signal });
    const known = new Set(first.nodes.map(refOf));
    const all = [...first.nodes, ...second.nodes.filter((node) => !known.has(refOf(node)))];
    const at = chosen;
    list(all, all.length ? more : ["Nothing has that in its name, uri, type, properties or marks."]);
    if (at > 0) choose(at);
  } catch (error) {
    if (error.name !== "AbortError") list([], [error.message]);
  }
}

text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, 120);
});
text.addEventListener("focus", () => { if (text.value.trim() && found.hidden) search(); });
text.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (options.length) choose((chosen + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
  } else if (event.key === "Escape") {
    close();
    text.blur();
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (options[chosen] && !found.hidden) options[chosen].click();
  else search();
});
document.addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    text.focus();
    text.select();
  }
});

document.getElementById("theme").addEventListener("click", () => {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("lineage-theme", next);
  } catch {
    // It lasts as long as the page, then.
  }
  shown.recolour?.();
});

// What changes meanwhile
let revision = null;
async function look() {
  if (!document.hidden) {
    try {
      const answer = await ask("page/revision");
      if (revision !== null && answer.revision !== revision) {
        if (shown.live) go({ quiet: true });
        else told.replaceChildren(h("div", { class: "toast" }, "The store has changed.",
          h("button", { type: "button", onclick: () => { told.replaceChildren(); go({ quiet: true }); } }, "Show")));
      }
      revision = answer.revision;
    } catch {
      // The server is away for a moment; the next look tells.
    }
  }
  setTimeout(look, 4_000);
}

async function begin() {
  try {
    learnTypes((await ask("page/overview")).types);
  } catch {
    // The view tells what is wrong.
  }
  await go();
  look();
}
begin();
