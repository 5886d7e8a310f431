import { ask } from "../api.js";
import { address, captionOf, chip, field, h, head, learnTypes, link, notice, panel, table, value } from "../dom.js";

export async function show({ query }) {
  const first = query.get("first") ?? "", second = query.get("second") ?? "";
  const input = (name, of, hint) => h("input", { name, value: of, size: 28, placeholder: hint, list: "known", required: true });
  const known = h("datalist", { id: "known" });
  ask("artifacts", { order_by: "created desc", page_size: 200 }).then(({ nodes }) => known.replaceChildren(...nodes.filter((node) => node.name).map((node) => h("option", { value: `${node.type}:${node.name}` })))).catch(() => {});
  const body = h("div", { class: "grid" });
  const element = h("div", null, head("Compare", { sub: [h("span", null, "What differs between two models, runs or data sets: data, parameters, environment, metrics.")] }),
    h("form", { class: "form", onsubmit: (event) => { event.preventDefault(); location.hash = address("compare", null, Object.fromEntries(new FormData(event.target))); } },
      field("First", input("first", first, "Model:churn@1")), field("Second", input("second", second, "Model:churn@2")), h("button", { class: "button first", type: "submit" }, "Compare"), known), body);
  if (!first || !second) return { element, title: "Compare" };
  try {
    const told = await ask("diff", { first, second });
    learnTypes([]);
    const sides = (rows, name) => table([
      { name, of: (row) => row.name }, { name: captionOf(told.first), of: (row) => row.first }, { name: captionOf(told.second), of: (row) => row.second, class: () => "changed" },
      { name: "", of: (row) => row.better === true ? chip("better", "good") : row.better === false ? chip("worse", "bad") : h("span") },
    ], rows, { hint: "Nothing differs." });
    const settings = (part) => told.settings.filter((one) => one.part === part);
    const parts = [...new Set(told.settings.map((one) => one.part))];
    body.replaceChildren(
      h("div", { class: "panel" }, h("p", null, link(told.first), " ↔ ", link(told.second)), told.same ? notice("The same content.", "good") : null, !told.complete && notice("Not complete.", "warn"), h("p", { class: "small muted" }, `${told.shared} steps and data sets are shared by both.`)),
      panel("Metrics", sides(told.metrics, "Metric")),
      ...(parts.length ? parts : ["parameter"]).map((part) => panel(`${part[0].toUpperCase()}${part.slice(1)}s`, sides(settings(part), "Name"))),
      panel("Data", table([
        { name: "What", of: (row) => row.path?.join?.(".") ?? row.what ?? row.part ?? "data" },
        { name: captionOf(told.first), of: (row) => row.first?.kind ? link(row.first) : Array.isArray(row.first) ? row.first.map((one) => link(one)) : value(row.first) },
        { name: captionOf(told.second), of: (row) => row.second?.kind ? link(row.second) : Array.isArray(row.second) ? row.second.map((one) => link(one)) : value(row.second) },
      ], told.data, { hint: "Both were made from the same data." })),
      ...[["only_first", told.first], ["only_second", told.second]].map(([key, node]) => told[key].length ? panel(`Only before ${captionOf(node)}`, h("ul", { class: "rows" }, told[key].map((one) => h("li", null, one?.kind ? link(one) : value(one))))) : null).filter(Boolean));
  } catch (error) {
    body.replaceChildren(h("div", { class: "panel" }, notice(error.message, "bad")));
  }
  return { element, title: "Compare" };
}
