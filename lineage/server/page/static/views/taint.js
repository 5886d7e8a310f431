import { ask } from "../api.js";
import { address, chip, count, exact, field, h, head, link, markChip, notice, panel, refOf, select, table, value, when } from "../dom.js";

export async function show({ query }) {
  const label = query.get("label"), type = query.get("type") ?? "";
  const [taints, policies] = await Promise.all([ask("page/tainted"), ask("policies")]);
  const body = h("div", { class: "grid" });
  const to = (changes) => { location.hash = address("taint", null, { label, type, ...changes }); };
  const element = h("div", null, head("Taint", { sub: [h("span", null, "What came of data that turned out to be bad, and what stopped it.")], actions: label ? [h("a", { class: "button first", href: address("rebuild", null, { label }) }, "What to run again")] : [] }),
    h("div", { class: "form" }, field("Label", select([["", "every label"], ...taints.map((one) => [one.label, one.label])], label ?? "", (chosen) => to({ label: chosen }))), field("Show", select([["", "everything"], ["MODEL", "models"], ["DATASET", "data"], ["DEPLOY", "deployments"]], type, (chosen) => to({ type: chosen })))), body);
  if (!taints.length) {
    body.replaceChildren(panel("Nothing is marked", h("p", { class: "empty" }, "Mark a data set on its page, or by ", h("code", null, "lineage mark REF --label L"), ".")));
    return { element, title: "Taint" };
  }
  try {
    const told = await ask("taint", { label: label || null, type: type || null });
    body.replaceChildren(
      h("div", { class: "panel" }, h("p", null, h("strong", null, count(told.affected, "node")), ` affected, from ${count(told.sources.length, "source")}; ${count(told.shielded, "more would be", "more would be")} without the barriers. `, told.complete ? "Complete." : h("strong", null, "Not complete."))),
      panel("Sources", table([
        { name: "Marked", of: (row) => [link(row), " ", row.label && chip(row.label, "bad")] },
        { name: "Why", of: (row) => row.marks.map((mark) => h("span", null, mark.reason ?? "–", h("span", { class: "muted small" }, ` ${mark.who ?? ""} ${exact(mark.recorded_ms)}`))) },
        { name: "", of: (row) => h("a", { href: address("graph", refOf(row), { direction: "downstream", label: row.label }) }, "graph") },
      ], told.sources)),
      panel("Affected", table([
        { name: "Node", of: (row) => link(row) }, { name: "Labels", of: (row) => row.labels.map((one) => chip(one ?? "source", "bad")) }, { name: "Events away", num: true, of: (row) => String(row.depth) },
        { name: "From", of: (row) => h("a", { href: address("node", row.source) }, row.source) }, { name: "", of: (row) => h("a", { href: address("graph", refOf(row), { direction: "upstream", label: row.labels[0] }) }, "why") },
      ], told.nodes.slice(0, 500), { hint: "Nothing of that kind.", caption: told.nodes.length > 500 ? `the nearest 500 of ${told.nodes.length}` : null }), { size: "two-thirds" }),
      panel("Barriers", table([
        { name: "Stopped at", of: (row) => link(row) }, { name: "Why", of: (row) => row.why }, { name: "Shielded", num: true, of: (row) => String(row.shielded) },
      ], told.barriers, { hint: "Nothing stopped it." }), { size: "third" }));
  } catch (error) {
    body.replaceChildren(h("div", { class: "panel" }, notice(error.message, "bad")));
  }
  if (policies.length) body.append(panel("Policies", table([
    { name: "Policy", of: (row) => row.name }, { name: "Stops", of: (row) => Object.entries(row.stops ?? {}).map(([of, types]) => h("div", null, chip(of, "bad"), ` at ${[types].flat().join(", ")}`)) }, { name: "In force since", of: (row) => when(row.recorded_ms ?? row.made_ms ?? null) },
  ], policies)));
  return { element, title: "Taint" };
}
