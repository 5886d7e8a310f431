import { ask } from "../api.js";
import { address, button, captionOf, chip, classOf, count, download, exact, h, link, nameOf, notice, properties, refOf, select, shortType, state, value } from "../dom.js";
import { png, vector } from "../graph/picture.js";
import { hueOf, say, Scene } from "../graph/scene.js";
import { Stage } from "../graph/stage.js";

const LISTED = 400;
const CHEAP = 4_000;
const clean = (name) => name.replaceAll(/[^A-Za-z0-9._-]+/g, "-");

export async function show({ ref, query }) {
  const refs = ref ? [ref, ...query.getAll("also")] : query.getAll("also");
  const asked = {
    direction: query.get("direction") ?? "both", depth: query.get("depth"), type: query.getAll("type"), as_of: query.get("as_of"),
    grouped: query.get("grouped"), open: query.getAll("open"), label: query.get("label"),
  };
  const { label: said, ...plain } = asked;
  const [told, start] = await Promise.all([ask("page/graph", { ref: refs, ...plain }), ask("page/overview"), Stage.ready()]);
  const labels = start.labels;
  // Shown unasked where that is cheap.
  const label = said === "none" ? null : said ?? (labels.length && told.node_count <= CHEAP ? "*" : null);
  let scene = new Scene(told);
  const moments = asked.as_of ? (await ask("page/graph", { ref: refs, direction: asked.direction, depth: 1 })).moments : told.moments;

  // Each change is an address of its own, so that it can be sent to somebody and gone back from.
  const to = (changes) => {
    const next = { also: query.getAll("also"), ...asked, ...changes };
    if (next.direction === "both") delete next.direction;
    location.hash = address("graph", ref, next);
  };

  const side = h("aside", { class: "side", "aria-label": "Beside the graph" });
  const over = h("div", { class: "over", role: "status" });
  const canvas = h("div", { class: "canvas", tabindex: "0", role: "application", "aria-roledescription": "graph", "aria-label": `Lineage graph of ${count(told.nodes.length, "box", "boxes")}. Arrow keys go along the arrows, Enter opens, plus and minus zoom. The table beside it says the same.` });
  const stage = new Stage(canvas, { onchoose: (card) => choose(card), onopen: open, onhover: (card) => { hint(card); } });

  function summary() {
    const parts = [count(told.node_count, "node"), count(told.event_count, "event")];
    if (told.grouped) parts.push(`in ${count(told.nodes.length, "box", "boxes")}`);
    if (scene.told.label) parts.push(`${count(scene.told.affected, "node")} tainted by ${scene.told.label === "*" ? (labels.length === 1 ? labels[0] : "some label") : scene.told.label}`);
    if (told.forced) parts.push("too many to draw one by one");
    parts.push(told.complete ? "complete" : "NOT complete");
    return parts.join(" · ");
  }
  function hint(card) {
    over.textContent = card ? say(card.node) : summary();
  }

  function open(card) {
    if (card.node.count) to({ open: [...asked.open, card.node.group], grouped: "true" });
    else location.hash = address("node", refOf(card.node));
  }

  // The table
  let tab = "table";
  let picked = null;
  function tabs() {
    const choice = (name, text) => h("button", { type: "button", role: "tab", "aria-selected": String(tab === name), onclick: () => { tab = name; draw(); } }, text);
    return h("div", { class: "tabs", role: "tablist", "aria-label": "Beside the graph" }, choice("table", "Table"), choice("node", "Chosen"));
  }
  function listing() {
    const order = scene.cards.map((card, at) => at).sort((a, b) => scene.cards[a].x - scene.cards[b].x || scene.cards[a].y - scene.cards[b].y);
    const shown = order.slice(0, LISTED);
    return h("div", null,
      h("p", { class: "small muted" }, "The graph as a table, from left to right.", shown.length < order.length && ` The first ${LISTED} of ${order.length.toLocaleString("en")} boxes; group or filter to see the others.`),
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "The graph as a table" }, h("table", null,
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Box"), h("th", { scope: "col" }, "From"), h("th", { scope: "col" }, "To"))),
        h("tbody", null, shown.map((at) => {
          const card = scene.cards[at];
          return h("tr", { "aria-selected": String(at === stage.chosen) },
            h("td", null, h("button", { type: "button", class: `link node ${classOf(card.node)}`, onclick: () => stage.choose(at, { bring: true }) }, h("span", { class: "type" }, card.kind), card.name), " ",
              card.failed && chip(card.node.count ? `${card.node.states.FAILED} failed` : "failed", "bad"), card.node.tainted && chip(card.node.count ? `${card.node.tainted} tainted` : "tainted", "bad"), card.node.source && chip("source", "bad"), card.node.barrier && chip("barrier", "good")),
            h("td", { class: "num" }, String(scene.before[at].length)), h("td", { class: "num" }, String(scene.after[at].length)));
        })))));
  }

  let details = null;
  async function choose(card) {
    picked = card;
    details = null;
    if (card) tab = "node";
    draw();
    if (card && !card.node.count) {
      try {
        details = await ask("page/node", { ref: refOf(card.node) });
      } catch (error) {
        details = { error: error.message };
      }
      if (picked === card) draw();
    }
  }

  async function witness(card, name, place) {
    try {
      const { verdicts } = await ask("check", { ref: refOf(card.node), label: name, as_of: asked.as_of });
      const [verdict] = verdicts;
      const chain = verdict?.witness?.nodes ?? [];
      stage.light({ ...scene.chain(chain.map(refOf)), colour: stage.colours.bad });
      place.replaceChildren(h("ol", { class: "timeline" }, chain.map((node) => h("li", null, link(node)))));
    } catch (error) {
      place.replaceChildren(notice(error.message, "bad"));
    }
  }

  function chosen() {
    if (!picked) return h("p", { class: "empty" }, "Click a box, or choose one in the table.");
    const { node } = picked;
    if (node.count) {
      return h("div", { class: "stack" }, h("h2", null, `${picked.kind} ${picked.name}`),
        properties([["type", node.type], ...Object.entries(node.states).filter(([name]) => name !== "UNKNOWN" && name !== "null").map(([name, number]) => [name.toLowerCase(), number]), ["tainted", node.tainted], ["barrier", node.barrier]]),
        h("div", { class: "actions" }, button("Draw one by one", () => open(picked), "first"), h("a", { class: "button", href: address("list", null, { kind: node.kind, match: `type=${node.type}` }) }, "List")));
    }
    const place = h("div");
    const own = details?.node ? { ...details.node.properties, ...details.node.custom_properties } : {};
    return h("div", { class: "stack" },
      h("div", null, h("p", { class: "crumb" }, `${shortType(node.type)} · ${refOf(node)}`), h("h2", { class: "wrap" }, nameOf(node))),
      h("div", { class: "actions" }, state(node.state), (node.labels ?? []).map((name) => chip(name, "bad")), node.barrier && chip(node.barrier, "good")),
      h("div", { class: "actions" }, h("a", { class: "button first", href: address("node", refOf(node)) }, "Open"), h("a", { class: "button", href: address("graph", refOf(node), { label: asked.label }) }, "Start here"),
        node.group && button("Group again", () => to({ open: asked.open.filter((one) => one !== node.group) }))),
      (node.labels ?? []).map((name) => button(`Why ${name}?`, () => witness(picked, name, place), "danger")), place,
      details?.error && notice(details.error, "bad"),
      details?.node && properties([["uri", details.node.uri], ["recorded", exact(details.node.created_ms)], ...Object.entries(own)]));
  }
  function draw() {
    side.replaceChildren(tabs(), h("div", { role: "tabpanel" }, tab === "table" ? listing() : chosen()));
  }

  // What is above the canvas
  const title = told.starts.length === 1 ? scene.cards.find((card) => card.node.start) : null;
  const heading = title ? captionOf(title.node) : count(told.starts.length, "node");
  const pressed = (on) => ({ "aria-pressed": String(on) });
  const at = asked.as_of ? Math.max(moments.findLastIndex((moment) => moment <= Number(asked.as_of)), 0) : moments.length - 1;
  const slider = moments.length > 1 ? h("input", { type: "range", min: 0, max: moments.length - 1, value: at, "aria-label": "As it was known at", "aria-valuetext": asked.as_of ? exact(moments[at]) : "now",
    oninput: (event) => { clock.textContent = Number(event.target.value) === moments.length - 1 ? "now" : exact(moments[event.target.value]); },
    onchange: (event) => { to({ as_of: Number(event.target.value) === moments.length - 1 ? null : moments[event.target.value] }); } }) : null;
  const clock = h("span", { class: "small num" }, asked.as_of ? exact(Number(asked.as_of)) : "now");
  const tools = h("div", { class: "tools" },
    h("h1", { tabindex: "-1" }, heading),
    h("div", { class: "group-of", role: "group", "aria-label": "Direction" }, [["upstream", "Upstream"], ["both", "Both"], ["downstream", "Downstream"]].map(([name, text]) =>
      h("button", { type: "button", ...pressed(asked.direction === name), onclick: () => to({ direction: name, open: [] }) }, text))),
    h("label", { class: "field" }, "Depth", select([["", "all"], ...["1", "2", "4", "6", "10", "20"].map((one) => [one, one])], asked.depth ?? "", (depth) => to({ depth: depth || null }))),
    h("button", { type: "button", class: "button", ...pressed(told.grouped), onclick: () => to({ grouped: String(!told.grouped), open: [] }) }, "Grouped"),
    labels.length > 0 && h("label", { class: "field" }, "Taint", select([["none", "not shown"], ["*", "every label"], ...labels.map((one) => [one, one])], label ?? "none", (name) => to({ label: name }))),
    slider && h("label", { class: "field" }, "As of", slider, clock),
    asked.type.length > 0 && button("All types", () => to({ type: [] })),
    h("span", { class: "group-of", role: "group", "aria-label": "Save what is shown" },
      h("button", { type: "button", onclick: () => download(`${clean(heading)}.svg`, vector(scene)) }, "SVG"),
      h("button", { type: "button", onclick: async () => download(`${clean(heading)}.png`, await png(scene)) }, "PNG")));

  const legend = h("div", { class: "legend", role: "group", "aria-label": "Types; press one to hide it" }, told.types.map((type) => {
    const shown = asked.type.length === 0 || asked.type.includes(type.type) || asked.type.includes(type.base);
    return h("button", { type: "button", class: "chip hue", style: `--hue: var(--${hueOf(type) === "other" ? "muted" : hueOf(type)})`, ...pressed(shown), onclick: () => {
      const all = told.types.map((one) => one.type);
      const before = asked.type.length === 0 ? all : all.filter((name, index) => asked.type.includes(name) || asked.type.includes(told.types[index].base));
      const after = shown ? before.filter((name) => name !== type.type) : [...before, type.type];
      to({ type: after.length === all.length ? [] : after, open: [] });
    } }, `${shortType(type.type)} ${type.count.toLocaleString("en")}`);
  }));
  const icon = (text, name, act) => h("button", { type: "button", class: "icon", "aria-label": name, title: name, onclick: act }, text);
  canvas.append(over, legend, h("div", { class: "corner" }, icon("+", "Zoom in", () => stage.zoom(1.4)), icon("−", "Zoom out", () => stage.zoom(1 / 1.4)), icon("⤢", "Show all of it", () => stage.whole())));
  canvas.addEventListener("keydown", (event) => {
    if (event.target !== canvas) return;
    const way = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (way && event.shiftKey) stage.pan(...{ left: [-80, 0], right: [80, 0], up: [0, -80], down: [0, 80] }[way]);
    else if (way) stage.choose(stage.step(way), { bring: true });
    else if (event.key === "+" || event.key === "=") stage.zoom(1.4);
    else if (event.key === "-") stage.zoom(1 / 1.4);
    else if (event.key === "0") stage.whole();
    else if (event.key === "Escape") stage.choose(-1);
    else if (event.key === "Enter" && picked) open(picked);
    else return;
    event.preventDefault();
  });

  hint(null);
  draw();
  const element = h("div", { class: "graph" }, tools, h("div", { class: "body" }, canvas, side));
  return {
    element, wide: true, title: `${heading}, graph`,
    async entered() {
      stage.show(scene);
      canvas.dataset.drawn = String(scene.cards.length);
      window.lineageStage = stage;
      if (label) {
        try {
          scene = new Scene(await ask("page/graph", { ref: refs, ...plain, label }));
          stage.repaint(scene);
          canvas.dataset.tainted = String(scene.told.affected);
        } catch (error) {
          over.replaceChildren(error.message);
          return;
        }
        hint(null);
        draw();
      }
    },
    recolour: () => stage.recolour(),
    leave: () => { stage.kill(); if (window.lineageStage === stage) delete window.lineageStage; },
  };
}
