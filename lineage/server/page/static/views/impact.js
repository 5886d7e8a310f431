import { ask } from "../api.js";
import { address, bytes, button, captionOf, chip, count, field, h, head, link, nameOf, notice, panel, properties, refOf, select, shortType, table } from "../dom.js";

const POLICIES = [["restrict", "restrict: refuse if anything live depends on it"], ["tombstone", "tombstone: its contents go, lineage stays"], ["cascade", "cascade: what was derived goes with it"]];

function deletion(target) {
  const out = h("div", { class: "stack" });
  let policy = "restrict";
  const reason = h("input", { maxlength: 1000, size: 30 });
  async function plan() {
    let made;
    try {
      made = await ask("plans/deletion", null, { body: { refs: [refOf(target)], policy, reason: reason.value || null } });
    } catch (error) {
      out.replaceChildren(notice(error.message, "bad"));
      return;
    }
    const name = nameOf(target);
    const blocked = made.blockers.length > 0;
    const typed = h("input", { autocomplete: "off", spellcheck: "false", size: Math.min(name.length + 4, 40), "aria-describedby": "typed-why", oninput: () => { apply.disabled = typed.value !== name; } });
    const apply = button("Delete it", async () => {
      apply.disabled = true;
      try {
        const receipt = await ask("plans/apply", null, { body: { plan: made } });
        out.replaceChildren(notice([h("strong", null, "Done. "), `The receipt is ${receipt.id}. `, h("a", { href: address("node", refOf(target)) }, "What is left of it")], "good"));
      } catch (error) {
        out.replaceChildren(notice(error.message, "bad"));
      }
    }, "danger first");
    apply.disabled = true;
    out.replaceChildren(
      h("h3", null, `The plan: ${count(made.nodes.length, "node")} would go`),
      h("ul", { class: "rows" }, made.nodes.slice(0, 200).map((one) => h("li", null, link(one), h("span", { class: "muted small" }, one.why)))),
      blocked ? notice([h("p", null, h("strong", null, `Refused: ${count(made.blockers.length, "node")} in its way.`)), h("ul", { class: "rows" }, made.blockers.slice(0, 50).map((one) => h("li", null, link(one), h("span", { class: "small" }, one.why)))), made.blockers.length > 50 ? h("p", { class: "small" }, `and ${made.blockers.length - 50} more`) : null], "bad")
        : h("div", { class: "stack" }, h("p", { id: "typed-why" }, "This can't be undone. To go on, type the name: ", h("code", null, name)), h("div", { class: "actions" }, h("label", { class: "unseen", for: "typed" }, "The name of what is deleted"), (typed.id = "typed", typed), apply)));
  }
  return h("div", { class: "stack" }, h("div", { class: "form" }, field("Policy", select(POLICIES, policy, (chosen) => { policy = chosen; out.replaceChildren(); })), field("Reason", reason), button("Plan it", plan)), out);
}

export async function show({ ref }) {
  const told = await ask("impact", { ref });
  const [target] = told.targets;
  const element = h("div", null, head(`If ${nameOf(target)} goes`, { crumb: [shortType(target.type), ` · ${refOf(target)}`], sub: [chip(`${bytes(told.bytes)} in storage`), told.unsized ? chip(`${told.unsized} of unknown size`, "warn") : null, told.complete ? null : chip("not complete", "warn")],
    actions: [h("a", { class: "button", href: address("graph", refOf(target), { direction: "downstream" }) }, "Graph"), h("a", { class: "button", href: address("node", refOf(target)) }, "Node")] }),
  h("div", { class: "grid" },
    panel("Models that are live or deployed", table([
      { name: "Model", of: (row) => link(row, "model") }, { name: "Events away", num: true, of: (row) => String(row.depth) }, { name: "", of: (row) => [row.live && chip("live", "good"), " ", row.deployed.map((place) => chip(`deployed to ${place}`, "accent"))].filter(Boolean) },
    ], told.models, { hint: "None." }), { size: "two-thirds" }),
    panel("Downstream", properties(told.downstream.map((one) => [shortType(one.type), one.count]), "Nothing came of it."), { size: "third" }),
    panel("Uses it directly", h("ul", { class: "rows" }, told.direct.length ? told.direct.map((one) => h("li", null, link(one))) : h("li", { class: "empty" }, "Nothing.")), { size: "third" }),
    panel("Could no longer be rebuilt", h("ul", { class: "rows" }, told.lost.length ? told.lost.slice(0, 50).map((one) => h("li", null, link(one))) : h("li", { class: "empty" }, "Nothing.")), { size: "third" }),
    panel("Touches", [h("ul", { class: "rows" }, told.contexts.map((one) => h("li", null, link(one), h("span", { class: "muted small" }, count(one.nodes, "node"))))), properties(Object.entries(told.owners), "No owners are recorded.")], { size: "third" }),
    panel("Delete it", deletion(target))));
  return { element, title: `Impact of ${captionOf(target)}` };
}
