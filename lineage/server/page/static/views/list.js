import { ask } from "../api.js";
import { address, button, field, h, head, link, notice, select, state, table, value, when } from "../dom.js";

const HIDDEN = new Set(["sha256", "sha512", "md5", "environment", "digest"]);

function summary(node) {
  const pairs = Object.entries({ ...node.properties, ...node.custom_properties }).filter(([name, one]) => !HIDDEN.has(name) && typeof one !== "object");
  return pairs.slice(0, 4).map(([name, one]) => `${name}=${value(one).slice(0, 40)}`).join("  ");
}

export async function show({ query }) {
  const kind = query.get("kind") ?? "artifact";
  const match = query.get("match") ?? "";
  const terms = match.split(/\s+/).filter(Boolean);
  const body = h("div", { class: "panel" });
  let token = null;
  const nodes = [];
  const next = h("div", { class: "actions" });
  async function more() {
    const found = await ask(`${kind}s`, { match: terms, order_by: "created desc", page_size: 100, page_token: token });
    nodes.push(...found.nodes);
    token = found.next_page_token;
    body.replaceChildren(table([
      { name: kind[0].toUpperCase() + kind.slice(1), of: (node) => link(node) },
      { name: "State", of: (node) => state(node.state) ?? h("span") },
      { name: "Properties", of: (node) => h("span", { class: "muted small" }, summary(node)) },
      { name: "Recorded", of: (node) => when(node.created_ms) },
    ], nodes, { hint: "Nothing is like that.", caption: `${kind}s, the newest first` }), next);
    next.replaceChildren(...(token ? [button("More", more)] : []));
  }
  const element = h("div", null, head(`${kind[0].toUpperCase()}${kind.slice(1)}s`),
    h("form", { class: "form", onsubmit: (event) => {
      event.preventDefault();
      const given = new FormData(event.target);
      location.hash = address("list", null, { kind, match: given.get("match") });
    } },
    field("Kind", select([["artifact", "artifacts"], ["execution", "executions"], ["context", "contexts"]], kind, (chosen) => { location.hash = address("list", null, { kind: chosen, match }); })),
    field("Conditions", h("input", { name: "match", value: match, placeholder: "type=Model accuracy>0.9 name~churn", size: 36 })),
    h("button", { class: "button first", type: "submit" }, "Show")), body);
  try {
    await more();
  } catch (error) {
    body.replaceChildren(notice(error.message, "bad"));
  }
  return { element, title: `${kind}s` };
}
