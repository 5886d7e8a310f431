import { ask } from "../api.js";
import { address, chip, count, h, head, link, nameOf, notice, panel, refOf, select, svg, table } from "../dom.js";

const WIDTH = 220, HEIGHT = 48, ACROSS = 90, DOWN = 16, MARGIN = 8;
const LETTERS = 26;
// So many are drawn; the tables below have all.
const DRAWN = 400;

const keyOf = (dataset, column) => JSON.stringify([dataset, column]);
const short = (text) => (text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text);

function picture(cards, arrows) {
  const byDepth = new Map();
  for (const card of cards) {
    if (!byDepth.has(card.depth)) byDepth.set(card.depth, []);
    byDepth.get(card.depth).push(card);
  }
  const depths = [...byDepth.keys()].sort((a, b) => a - b);
  const rows = Math.max(...[...byDepth.values()].map((some) => some.length));
  const height = rows * (HEIGHT + DOWN) - DOWN;
  const places = new Map();
  depths.forEach((depth, at) => {
    const some = byDepth.get(depth).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : a.column < b.column ? -1 : 1));
    const top = (height - (some.length * (HEIGHT + DOWN) - DOWN)) / 2;
    some.forEach((card, row) => places.set(card.key, [at * (WIDTH + ACROSS), top + row * (HEIGHT + DOWN)]));
  });
  const width = depths.length * (WIDTH + ACROSS) - ACROSS;
  const lines = arrows.map((arrow) => {
    const from = places.get(keyOf(arrow.source.dataset, arrow.source.column)), to = places.get(keyOf(arrow.target.dataset, arrow.target.column));
    if (!from || !to) return null;
    const [x, y, u, v] = [from[0] + WIDTH, from[1] + HEIGHT / 2, to[0], to[1] + HEIGHT / 2];
    const bend = Math.max(Math.abs(u - x) / 2, 30);
    return svg("path", { d: `M${x} ${y} C${x + bend} ${y} ${u - bend} ${v} ${u} ${v}`, class: `way ${arrow.masked ? "masked" : ""} ${arrow.how.startsWith("INDIRECT") ? "indirect" : ""}` }, svg("title", null, `${arrow.how || "how is not known"}${arrow.masked ? ", masked" : ""}`));
  });
  const boxes = cards.map((card) => {
    const [x, y] = places.get(card.key);
    return svg("a", { href: address("columns", refOf(card), { column: card.column }), class: `column ${card.depth === 0 ? "chosen" : ""} ${card.masked ? "masked" : ""}` },
      svg("rect", { x, y, width: WIDTH, height: HEIGHT, rx: 8 }),
      svg("text", { x: x + 12, y: y + 20, class: "of" }, `${short(nameOf(card))} `), svg("text", { x: x + 12, y: y + 38, class: "name" }, `${short(card.column)} `), card.masked && svg("text", { x: x + WIDTH - 12, y: y + 38, class: "of", "text-anchor": "end" }, "masked"));
  });
  return h("div", { class: "scroll columns", tabindex: "0", role: "group", "aria-label": "The columns, from left to right; the tables below say the same" },
    svg("svg", { width: width + 2 * MARGIN, height: height + 2 * MARGIN, viewBox: `${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}` }, lines.filter(Boolean), boxes));
}

function list(found, hint) {
  return table([
    { name: "Column", of: (one) => h("a", { class: "mono", href: address("columns", refOf(one), { column: one.column }) }, one.column) },
    { name: "Dataset", of: (one) => link(one) },
    { name: "How", of: (one) => one.how.toLowerCase() || "–" },
    { name: "Step", of: (one) => (one.step ? h("a", { href: address("node", one.step) }, one.step) : "–") },
    { name: "Steps away", num: true, of: (one) => String(one.depth) },
  ], found, { hint });
}

export async function show({ ref, query }) {
  const column = query.get("column") ?? "";
  const direct = query.get("direct") === "true";
  const [up, down] = await Promise.all([false, true].map((downstream) => ask("column-lineage", { dataset: ref, column, downstream, direct: direct || null })));
  const start = up.columns.find((one) => one.depth === 0);
  const cards = new Map();
  const add = (some, sign, masked) => {
    for (const one of some) {
      const key = keyOf(refOf(one), one.column);
      if (!cards.has(key)) cards.set(key, { ...one, key, depth: sign * one.depth || 0, masked });
    }
  };
  add(up.columns, -1, false);
  add(down.columns, 1, false);
  add(up.masked, -1, true);
  add(down.masked, 1, true);
  const shown = [...cards.values()].sort((a, b) => Math.abs(a.depth) - Math.abs(b.depth)).slice(0, DRAWN);
  const arrows = [...up.arrows, ...down.arrows];
  const gaps = new Map([...up.gaps, ...down.gaps].map((step) => [refOf(step), step]));
  const masked = [...up.masked, ...down.masked];
  const element = h("div", null,
    head(`${nameOf(start)}: ${column}`, {
      crumb: [h("a", { href: address("node", refOf(start)) }, nameOf(start)), " · column"],
      sub: [chip(count(up.columns.length - 1, "column upstream", "columns upstream")), chip(count(down.columns.length - 1, "column downstream", "columns downstream")), masked.length > 0 && chip(`${masked.length} masked`, "good"), chip(up.complete && down.complete ? "complete" : "NOT complete", up.complete && down.complete ? "good" : "warn")],
      actions: [h("label", { class: "field" }, "Follow", select([["", "all influence"], ["true", "values only"]], direct ? "true" : "", (chosen) => { location.hash = address("columns", ref, { column, direct: chosen || null }); })), h("a", { class: "button", href: address("graph", refOf(start)) }, "Whole datasets")],
    }),
    gaps.size > 0 && notice([h("p", null, "Nothing is on record about the columns of these steps; beyond them only the lineage of whole datasets is known."), h("ul", { class: "rows" }, [...gaps.values()].map((step) => h("li", null, link(step))))], "warn"),
    shown.length < cards.size && notice(`The nearest ${shown.length} of ${count(cards.size, "column")} are drawn; the tables have all.`),
    panel("From left to right", picture(shown, arrows)),
    h("div", { class: "grid" },
      panel("It came of", list(up.columns.filter((one) => one.depth), "No column is known that it came of.")),
      panel("What came of it", list(down.columns.filter((one) => one.depth), "No column is known that came of it.")),
      masked.length > 0 && panel("Behind a mask", [h("p", { class: "small muted" }, "A step masked the values; the search stops here."), list(masked)])));
  return { element, title: `${nameOf(start)}: ${column}` };
}
