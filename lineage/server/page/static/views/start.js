import { ask } from "../api.js";
import { address, chip, count, h, learnTypes, link, notice, panel, state, when } from "../dom.js";

function rows(nodes, hint, { view, states = true } = {}) {
  if (!nodes.length) return h("p", { class: "empty" }, hint);
  return h("ul", { class: "rows" }, nodes.map((node) => h("li", null,
    h("span", { class: "grow" }, link(node, view)), states && state(node.state), when(node.created_ms))));
}

export async function show() {
  const [start, taints, deployments] = await Promise.all([
    ask("page/overview"), ask("page/tainted"), ask("deployments"),
  ]);
  learnTypes(start.types);
  const live = deployments.filter((one) => one.took_effect && one.until_ms === null).reverse();
  const { counts } = start;
  const empty = counts.artifacts + counts.executions === 0;
  const element = h("div", null,
    h("h1", { class: "unseen", tabindex: "-1" }, "Start page"),
    empty && notice([
      h("h2", null, "Nothing is recorded yet"),
      h("p", null, "Run ", h("code", null, "lineage demo"), " for a pipeline to look at, or record a step of your own: ", h("code", null, "lineage exec -- python train.py"), "."),
    ]),
    h("dl", { class: "figures" }, [["artifacts", "artifact"], ["executions", "execution"], ["contexts", "context"], ["events", null]].map(([name, kind]) =>
      h("div", null, h("dt", null, kind ? h("a", { href: address("list", null, { kind }) }, name) : name), h("dd", null, counts[name].toLocaleString("en"))))),
    h("div", { class: "grid" },
      panel("Tainted", taints.length ? h("ul", { class: "rows" }, taints.map((taint) => h("li", null,
        h("span", { class: "grow" }, h("a", { class: "chip bad", href: address("taint", null, { label: taint.label }) }, taint.label),
          h("span", { class: "muted small" }, " ", taint.marks[0]?.reason ?? "")),
        h("span", { class: "nowrap small" }, count(taint.models, "model"), ", ", count(taint.affected, "node")),
      ))) : h("p", { class: "empty" }, "Nothing is marked: no data is known to be bad."), { size: "half", more: taints.length ? h("a", { href: "#/taint" }, "all of it") : null }),
      panel("Failed", rows(start.failed, "No run has failed.", { view: "failure", states: false }), { size: "half", more: start.more_failed && h("a", { href: address("list", null, { kind: "execution", match: "state=FAILED" }) }, "all of them") }),
      panel("Deployed", live.length ? h("ul", { class: "rows" }, live.slice(0, 8).map((one) => h("li", null,
        h("span", { class: "grow" }, one.models.map((model) => link(model, "model")), " ", chip(one.where ?? "place unknown", "accent")), when(one.time_ms),
      ))) : h("p", { class: "empty" }, "Nothing is deployed."), { size: "half" }),
      panel("Pipelines", rows(start.pipelines, "No pipeline is recorded.", { view: "runs", states: false }), { size: "half" }),
      panel("New data and models", rows(start.artifacts, "No artifact yet."), { size: "half", more: h("a", { href: address("list", null, { kind: "artifact" }) }, "all of them") }),
      panel("Latest steps", rows(start.executions, "No step yet."), { size: "half", more: h("a", { href: address("list", null, { kind: "execution" }) }, "all of them") }),
    ));
  return { element, title: "", live: true };
}
