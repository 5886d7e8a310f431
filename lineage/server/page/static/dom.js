// Elements. Everything from the store enters as text, never as markup, and never as a link's scheme.

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (name === "checked" || name === "selected" || name === "disabled" || name === "hidden") element[name] = true;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

const SVG = "http://www.w3.org/2000/svg";
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

export const refOf = (node) => `${node.kind}:${node.id}`;
export const shortType = (type) => (type.split(".").length > 2 ? type.split(".").pop() : type);
// A later version is named as references name it; the first has the name alone.
export const nameOf = (node) => (node.name ? (node.version > 1 ? `${node.name}@${node.version}` : node.name) : refOf(node));
export const captionOf = (node) => `${shortType(node.type)}:${nameOf(node)}`;

export function address(view, ref, query) {
  const path = ref === undefined || ref === null ? `#/${view}` : `#/${view}/${encodeURIComponent(ref)}`;
  const pairs = [];
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") pairs.push([name, String(one)]);
    }
  }
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

// The base type of each type, for colours; the start page's answer fills it.
const bases = new Map();
export function learnTypes(types) {
  for (const type of types) bases.set(`${type.kind}/${type.name}`, type.base);
}
export const baseOf = (node) => node.base ?? bases.get(`${node.kind}/${node.type}`) ?? null;
export function classOf(node) {
  const base = baseOf(node);
  return [`kind-${node.kind}`, node.kind === "execution" && "step", base && `base-${base}`].filter(Boolean).join(" ");
}

export function link(node, view = "node", query) {
  return h("a", { class: `node ${classOf(node)}`, href: address(view, refOf(node), query) },
    h("span", { class: "type" }, shortType(node.type)), nameOf(node));
}

const STATES = { COMPLETE: "good", LIVE: "good", CACHED: "accent", RUNNING: "accent", NEW: "accent", PENDING: "accent", FAILED: "bad", CANCELED: "warn", DELETED: "warn", ABANDONED: "warn", MARKED_FOR_DELETION: "warn" };
export function state(value) {
  if (!value || value === "UNKNOWN") return null;
  return h("span", { class: `chip ${STATES[value] ?? ""}` }, value.toLowerCase().replaceAll("_", " "));
}

export function chip(text, kind = "") {
  return h("span", { class: `chip ${kind}` }, text);
}

export function markChip(mark) {
  const over = mark.lifted_ms !== null && mark.lifted_ms !== undefined;
  return h("span", { class: `chip ${over ? "" : mark.clean ? "good" : "bad"}` },
    over ? `${mark.label}, lifted` : mark.clean ? `clean of ${mark.label}` : mark.label);
}

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["year", 31536e6], ["month", 2592e6], ["day", 864e5], ["hour", 36e5], ["minute", 6e4]];
export function ago(ms) {
  const apart = ms - Date.now();
  for (const [unit, size] of UNITS) {
    if (Math.abs(apart) >= size) return RELATIVE.format(Math.round(apart / size), unit);
  }
  return "just now";
}
export function exact(ms) {
  return `${new Date(ms).toISOString().replace("T", " ").replace(/\.\d+Z$/, "")} UTC`;
}
export function when(ms) {
  if (ms === null || ms === undefined) return h("span", { class: "when" }, "–");
  return h("time", { class: "when", datetime: new Date(ms).toISOString(), title: exact(ms) }, ago(ms));
}

export function bytes(count) {
  if (count === null || count === undefined) return "–";
  let size = Number(count), unit = 0;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit += 1; }
  return `${unit ? size.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0) : size} ${units[unit]}`;
}
export const count = (number, one, many) => `${Number(number).toLocaleString("en")} ${number === 1 ? one : many ?? `${one}s`}`;

export function value(of) {
  if (of === null || of === undefined) return "–";
  if (typeof of === "number") return Number.isInteger(of) ? String(of) : String(Number(of.toPrecision(8)));
  if (typeof of === "string") return of;
  if (typeof of === "object" && "$bytes" in of) return `${count(Math.floor(of.$bytes.length * 0.75), "byte")}`;
  return JSON.stringify(of, null, 1).replaceAll(/\n\s*/g, " ");
}

export function properties(pairs, hint = "no properties") {
  const entries = pairs.filter(([, one]) => one !== null && one !== undefined);
  if (!entries.length) return h("p", { class: "empty" }, hint);
  return h("dl", { class: "properties" }, entries.map(([name, one]) => [
    h("dt", null, name),
    one instanceof Node ? h("dd", { class: "plain" }, one) : h("dd", null, value(one)),
  ]));
}

export function table(columns, rows, { caption, hint = "nothing", of } = {}) {
  if (!rows.length) return h("p", { class: "empty" }, hint);
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption ?? of ?? "table" }, h("table", { class: of },
    caption && h("caption", null, caption),
    h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col", class: column.num && "num" }, column.name)))),
    h("tbody", null, rows.map((row) => h("tr", null, columns.map((column) => {
      const shown = column.of(row);
      return h("td", { class: [column.num && "num", column.class?.(row)].filter(Boolean).join(" ") || null }, shown instanceof Node || Array.isArray(shown) ? shown : value(shown));
    }))))));
}

export function panel(title, content, { size = "", more, id } = {}) {
  return h("section", { class: `panel ${size}`, id }, h("h2", null, h("span", null, title), more && h("span", { class: "more" }, more)), content);
}

export function head(title, { crumb, sub = [], actions = [] } = {}) {
  return h("div", { class: "head" },
    h("div", { class: "title" }, crumb && h("p", { class: "crumb" }, crumb), h("h1", { tabindex: "-1" }, title), h("div", { class: "sub" }, sub)),
    h("div", { class: "actions" }, actions));
}

export function button(text, onclick, kind = "") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, text);
}

export function field(label, control) {
  return h("label", { class: "field" }, h("span", null, label), control);
}

export function select(options, chosen, onchange) {
  return h("select", { onchange: (event) => onchange(event.target.value) },
    options.map(([name, text]) => h("option", { value: name, selected: name === (chosen ?? "") }, text)));
}

export function notice(text, kind = "") {
  return h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : null }, text);
}

export function download(name, blob) {
  const place = URL.createObjectURL(blob);
  const anchor = h("a", { href: place, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(place), 10_000);
}
