import { ask } from "../api.js";
import { address, bytes, button, captionOf, chip, classOf, count, exact, h, head, learnTypes, link, markChip, nameOf, notice, panel, properties, refOf, shortType, state, table, value, when } from "../dom.js";

const LONG = 80;

function eventTable(events, flow, hint) {
  const shown = events.filter((event) => event.flow === flow);
  return table([
    { name: "Node", of: (event) => [link(event.other), " ", state(event.other.state)] },
    { name: "Path", of: (event) => h("span", { class: "mono nowrap" }, event.path.join(".") || "–") },
    { name: "When", of: (event) => when(event.time_ms) },
  ], shown, { hint });
}

function chain(witness) {
  return h("ol", { class: "chain small" }, witness.nodes.map((node) => h("li", null, link(node))));
}

async function verdict(place, node) {
  if (node.kind === "context") return;
  try {
    const { verdicts } = await ask("check", { ref: refOf(node) });
    const dirty = verdicts.filter((one) => !one.clean);
    place.replaceChildren(...dirty.map((one) => notice([
      h("p", null, h("strong", null, `Not clean of ${one.label}. `), h("a", { href: address("graph", refOf(node), { direction: "upstream", label: one.label }) }, "Show where it comes from")),
      one.witness ? chain(one.witness) : null,
    ], "bad")));
    if (!dirty.length && verdicts.length) place.replaceChildren(notice(`Clean of ${verdicts.map((one) => one.label).join(", ")}.`, "good"));
  } catch {
    // No label is in use, or the question is not for this node.
  }
}

function markForm(node, again) {
  const label = h("input", { name: "label", required: true, maxlength: 200, size: 16 });
  const reason = h("input", { name: "reason", maxlength: 1000, size: 28 });
  const out = h("div");
  return h("form", { class: "form", onsubmit: async (event) => {
    event.preventDefault();
    try {
      await ask("marks", null, { body: { refs: [refOf(node)], label: label.value, reason: reason.value || null } });
      again();
    } catch (error) {
      out.replaceChildren(notice(error.message, "bad"));
    }
  } }, h("label", null, "Label", label), h("label", null, "Reason", reason), h("button", { class: "button", type: "submit" }, "Mark"), out);
}

function marks(node, list, again) {
  const lift = async (mark) => {
    await ask("marks/lift", null, { body: { refs: [refOf(node)], label: mark.label } });
    again();
  };
  return h("div", null, table([
    { name: "Mark", of: (mark) => markChip(mark) },
    { name: "Reason", of: (mark) => mark.reason ?? "–" },
    { name: "Who", of: (mark) => mark.who ?? "–" },
    { name: "Recorded", of: (mark) => when(mark.recorded_ms) },
    { name: "", of: (mark) => mark.lifted_ms ? [chip("lifted"), " ", when(mark.lifted_ms)] : button("Lift", () => lift(mark)) },
  ], list, { hint: "No marks." }), h("details", null, h("summary", { class: "small" }, "Mark it"), markForm(node, again)));
}

// What a version says of itself, where the one before says something else.
function ownChanges(newer, older) {
  const said = (node) => ({ digest: node.digest, uri: node.uri, ...node.properties, ...node.custom_properties });
  const [before, now] = [said(older), said(newer)];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => JSON.stringify(before[name] ?? null) !== JSON.stringify(now[name] ?? null))
    .map((name) => [name, before[name], now[name]]);
}

async function difference(place, newer, older) {
  const own = ownChanges(newer, older);
  const told = await ask("diff", { first: refOf(older), second: refOf(newer) }).catch(() => ({ settings: [], metrics: [], data: [] }));
  const known = new Set(own.map(([name]) => name));
  const rows = [
    ...own,
    ...told.settings.map((one) => [one.name, one.first, one.second]),
    ...told.metrics.filter((one) => !known.has(one.name)).map((one) => [one.name, one.first, one.second]),
    ...told.data.map((one) => ["made of", captionOf(one.first), captionOf(one.second)]),
  ];
  place.replaceChildren(table([
    { name: "What", of: (row) => row[0] }, { name: "Before", of: (row) => row[1] }, { name: "This one", of: (row) => row[2] },
  ], rows, { hint: "Nothing that was recorded differs.", caption: `Version ${older.version} and version ${newer.version}` }),
  h("p", { class: "small" }, h("a", { href: address("compare", null, { first: refOf(older), second: refOf(newer) }) }, "The whole comparison")));
}

function columns(node, known) {
  return table([
    { name: "Column", of: ([name]) => h("a", { class: "mono", href: address("columns", refOf(node), { column: name }) }, name) },
    { name: "Type", of: ([, type]) => type || "–" },
  ], Object.entries(known));
}

export async function show({ ref }) {
  const told = await ask("page/node", { ref });
  const { node } = told;
  learnTypes([{ kind: node.kind, name: node.type, base: told.base }]);
  const own = { ...node.properties, ...node.custom_properties };
  const name = refOf(node);
  const again = () => { dispatchEvent(new HashChangeEvent("hashchange")); };
  const size = ["bytes", "size", "size_bytes", "file_size"].map((key) => own[key]).find((one) => typeof one === "number");
  const actions = [];
  if (node.kind !== "context") {
    actions.push(h("a", { class: "button first", href: address("graph", name) }, "Graph"));
    if (told.base === "MODEL") actions.push(h("a", { class: "button", href: address("model", name) }, "Model"));
    if (node.kind === "execution") actions.push(h("a", { class: "button", href: address("failure", name) }, node.state === "FAILED" ? "Why it failed" : "Beside the last good run"));
    if (node.kind === "artifact") actions.push(h("a", { class: "button", href: address("impact", name) }, "What if it goes?"));
    actions.push(h("a", { class: "button", href: address("compare", null, { first: name }) }, "Compare"));
  } else {
    actions.push(h("a", { class: "button first", href: address("runs", name) }, "Runs"), h("a", { class: "button", href: address("metrics", name) }, "Metrics"));
  }
  const verdicts = h("div");
  const facts = [["id", name], ["type", node.type + (node.type_version ? `@${node.type_version}` : "")], ["version", node.version], ["digest", node.digest],
    ["uri", node.uri], ["external id", node.external_id], ["bytes", size === undefined ? null : bytes(size)], ["recorded", exact(node.created_ms)],
    ["updated", node.updated_ms === node.created_ms ? null : exact(node.updated_ms)]];
  const pairs = Object.entries(own);
  const error = typeof own.error === "string" ? own.error : null;
  const { previous } = told;
  const versionPlace = h("div");
  const element = h("div", { class: classOf(node) },
    head(nameOf(node), {
      crumb: [h("a", { href: address("list", null, { kind: node.kind, match: `type=${node.type}` }) }, shortType(node.type)), ` · ${name}`],
      sub: [chip(shortType(node.type), "hue"), state(node.state), node.version && chip(`version ${node.version}`), told.marks.filter((mark) => mark.lifted_ms === null).map(markChip), h("span", null, "recorded ", when(node.created_ms))],
      actions,
    }),
    verdicts,
    error && node.state === "FAILED" && notice(h("pre", { class: "text" }, error), "bad"),
    h("div", { class: "grid" },
      panel("What it is", properties(facts), { size: "half" }),
      panel("Properties", properties(pairs.filter(([key]) => !(key === "error" && node.state === "FAILED")).map(([key, one]) => [key, value(one).length > LONG && typeof one === "object" ? h("details", null, h("summary", null, `${count(Object.keys(one).length, "entry", "entries")}`), h("pre", { class: "text" }, JSON.stringify(one, null, 2))) : one])), { size: "half" }),
      node.kind === "artifact" && panel("Made by", eventTable(told.events, "output", "Nobody is known to have made it."), { size: "half" }),
      node.kind === "artifact" && panel("Used by", eventTable(told.events, "input", "Nothing used it yet."), { size: "half" }),
      node.kind === "execution" && panel("Inputs", eventTable(told.events, "input", "It read nothing."), { size: "half" }),
      node.kind === "execution" && panel("Outputs", eventTable(told.events, "output", "It wrote nothing."), { size: "half" }),
      told.event_count > told.events.length && h("p", { class: "panel small muted" }, `The latest ${told.events.length} of ${count(told.event_count, "event")} are listed; `, h("a", { href: address("graph", name) }, "the graph has all"), "."),
      told.versions.length > 1 && panel("Versions", [table([
        { name: "Version", of: (one) => h("a", { href: address("node", refOf(one)), "aria-current": one.id === node.id ? "true" : null }, `${one.version ?? one.id}${one.id === node.id ? " (this one)" : ""}`) },
        { name: "Digest", of: (one) => h("span", { class: "mono small" }, one.digest ? `${one.digest.slice(0, 22)}…` : "–") },
        { name: "Recorded", of: (one) => when(one.created_ms) },
      ], told.versions), previous && h("h3", null, "What differs from the version before"), versionPlace], { size: "half" }),
      Object.keys(told.columns).length > 0 && panel("Columns", columns(node, told.columns), { size: "half" }),
      node.kind !== "context" && panel("Marks", marks(node, told.marks, again), { size: "half" }),
      node.kind !== "context" && panel("Where it belongs", told.contexts.length ? h("ul", { class: "rows" }, told.contexts.map((one) => h("li", null, link(one)))) : h("p", { class: "empty" }, "In no context."), { size: "half" }),
      told.history.length && panel("History", h("ol", { class: "timeline" }, told.history.slice().reverse().map((one) => h("li", { class: /mark|delet/.test(one.what) ? "bad" : null },
        h("span", null, one.what, " "), one.other && link(one.other), one.why && h("span", { class: "muted" }, ` ${one.why}`), " ", when(one.time_ms)))), { size: "half" }),
      node.kind === "context" && (told.parents.length || told.children.length) ? panel("Above and below", h("ul", { class: "rows" }, [...told.parents.map((one) => h("li", null, "in ", link(one))), ...told.children.map((one) => h("li", null, link(one)))]), { size: "half" }) : null,
      ...Object.entries(told.members).map(([kind, some]) => panel(`${count(some.count, kind)}`, table([
        { name: "Node", of: (one) => link(one) }, { name: "State", of: (one) => state(one.state) ?? h("span") }, { name: "Recorded", of: (one) => when(one.created_ms) },
      ], some.nodes, { caption: some.count > some.nodes.length ? `the newest ${some.nodes.length}` : null, hint: "None." }), { size: "half" })),
    ));
  verdict(verdicts, node);
  if (previous) difference(versionPlace, node, previous).catch(() => {});
  return { element, title: nameOf(node) };
}
