import { ask } from "../api.js";
import { address, chip, h, head, learnTypes, link, nameOf, notice, panel, properties, refOf, shortType, table, value, when } from "../dom.js";

export async function show({ ref, query }) {
  const metric = query.get("metric");
  const told = await ask("about", { model: ref });
  const { model } = told;
  learnTypes([{ kind: "artifact", name: model.type, base: "MODEL" }]);
  const name = refOf(model);
  const [siblings, check] = await Promise.allSettled([ask("siblings", { model: name, metric }), ask("check", { ref: name })]);
  const dirty = check.status === "fulfilled" ? check.value.verdicts.filter((one) => !one.clean) : [];
  const metrics = new Map();
  for (const one of told.evaluations) for (const [key, number] of Object.entries({ ...one.properties, ...one.custom_properties, ...one.metrics })) if (typeof number === "number" && key !== "bytes") metrics.set(key, number);
  const live = told.deployments.filter((one) => one.took_effect && one.until_ms === null);
  const element = h("div", { class: "base-MODEL" },
    head(nameOf(model), {
      crumb: [h("a", { href: address("list", null, { kind: "artifact", match: `type=${model.type}` }) }, shortType(model.type)), ` · ${name}`],
      sub: [chip(shortType(model.type), "hue"), ...live.map((one) => chip(`deployed to ${one.where ?? "an unknown place"}`, "accent")), dirty.map((one) => chip(one.label, "bad")), h("span", null, "recorded ", when(model.created_ms))],
      actions: [h("a", { class: "button first", href: address("graph", name, { direction: "upstream" }) }, "Where it came from"), h("a", { class: "button", href: address("node", name) }, "Node"), h("a", { class: "button", href: address("compare", null, { first: name }) }, "Compare"), h("a", { class: "button", href: address("impact", name) }, "What if it goes?")],
    }),
    dirty.map((one) => notice(["Not clean of ", h("strong", null, one.label), ": ", h("a", { href: address("rebuild", null, { label: one.label }) }, "what to run again"), " · ", h("a", { href: address("graph", name, { direction: "upstream", label: one.label }) }, "where it comes from")], "bad")),
    metrics.size > 0 && h("dl", { class: "figures" }, [...metrics].slice(0, 6).map(([key, number]) => h("div", null, h("dt", null, key), h("dd", null, value(Number(number.toPrecision(4))))))),
    h("div", { class: "grid" },
      panel("Trained on", table([
        { name: "Data", of: (row) => link(row) }, { name: "How", of: (row) => row.direct ? chip("directly", "accent") : chip(`${row.depth} events before`) }, { name: "Uri", of: (row) => h("span", { class: "mono small" }, row.uri ?? "–") },
      ], told.trained_on, { hint: "No data is recorded.", of: "data" }), { size: "two-thirds" }),
      panel("Pipeline", properties([...told.pipeline.pipelines.map((one) => ["pipeline", link(one, "runs")]), ...told.pipeline.runs.map((one) => ["run", link(one)]), ...(told.pipeline.others ?? told.pipeline.other ?? []).map((one) => [shortType(one.type).toLowerCase(), link(one)])], "Not known."), { size: "third" }),
      panel("Parameters", properties(told.hyperparameters.map((one) => [one.name, one.value]), "None recorded."), { size: "third" }),
      panel("Environment", properties(told.environment.map((one) => [one.name, one.value]), "Not recorded."), { size: "third" }),
      panel("Measured", properties([...metrics], "Not measured."), { size: "third", more: h("a", { href: address("metrics", null, { metric: [...metrics.keys()][0] }) }, "over time") }),
      panel("Deployments", table([
        { name: "Where", of: (row) => row.where ?? "not known" }, { name: "Since", of: (row) => when(row.time_ms) },
        { name: "Until", of: (row) => row.until_ms === null ? chip(row.took_effect ? "in effect" : "took no effect", row.took_effect ? "good" : "warn") : when(row.until_ms) }, { name: "By", of: (row) => link(row) },
      ], told.deployments, { hint: "Never deployed." })),
      panel("Others trained on the same data", siblings.status === "rejected" ? h("p", { class: "empty" }, siblings.reason.message) : [
        siblings.value.metric && h("p", { class: "small muted" }, `By ${siblings.value.metric} (${siblings.value.higher_is_better ? "more" : "less"} is better); this one has ${value(siblings.value.value)}.`),
        table([
          { name: "Model", of: (row) => link(row, "model") }, { name: siblings.value.metric ?? "Metric", num: true, of: (row) => row.value === null ? "–" : value(Number(Number(row.value).toPrecision(6))) },
          { name: "", of: (row) => row.better === true ? chip("better", "good") : h("span") }, { name: "Data", of: (row) => row.same_data ? chip("the same") : link(row.shared) },
          { name: "", of: (row) => h("a", { href: address("compare", null, { first: name, second: refOf(row) }) }, "what differs") },
        ], siblings.value.siblings, { hint: "Nobody else trained on it." })]),
    ));
  return { element, title: nameOf(model) };
}
