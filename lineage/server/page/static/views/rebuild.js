import { ask } from "../api.js";
import { address, captionOf, chip, count, h, head, link, notice, panel, table } from "../dom.js";

export async function show({ ref, query }) {
  const label = query.get("label");
  const told = await ask("rebuild", { label, source: ref, type: query.get("type") });
  const { progress } = told;
  const place = new Map(told.steps.map((step, at) => [`execution:${step.id}`, at + 1]));
  const element = h("div", null, head("Run again", { crumb: [h("a", { href: address("taint", null, { label }) }, "Taint"), ` · ${told.labels.join(", ")}`],
    sub: [chip(`${progress.dirty.length} dirty`, progress.dirty.length ? "bad" : "good"), chip(`${progress.replaced.length} replaced`, "good"), chip(`${progress.gone.length} gone`), chip(`${count(progress.deployed.length, "affected deployment")}`, progress.deployed.length ? "bad" : "good")] }),
  progress.done && notice("All of it was replaced by something clean.", "good"), !told.complete && notice("The plan is not complete.", "warn"),
  h("div", { class: "grid" },
    panel("First, replace", h("ul", { class: "rows" }, told.inputs.map((one) => h("li", null, link(one), h("span", { class: "muted small mono wrap" }, one.uri ?? "")))), {}),
    panel("Then run again, in this order", table([
      { name: "", num: true, of: (row) => String(place.get(`execution:${row.id}`)) }, { name: "Step", of: (row) => link(row) },
      { name: "From", of: (row) => row.inputs.map((input) => h("div", { class: "small" }, h("span", { class: "mono" }, input.path.join(".")), " ", input.artifact ? `replaced by ${input.artifact}` : input.step ? `anew, by step ${place.get(input.step) ?? input.step}` : "replaced")) },
      { name: "Makes", of: (row) => row.rebuilds.map((one) => h("div", null, link(one))) },
    ], told.steps, { hint: "Nothing has to be run again." })),
    panel("Roll back", table([
      { name: "At", of: (row) => row.deployment.where ?? "an unknown place" }, { name: "Deployed", of: (row) => row.deployment.models.map((one) => link(one, "model")) }, { name: "To", of: (row) => row.to ? [link(row.to), " ", row.models.map((one) => link(one, "model"))] : "nothing clean was there" },
    ], told.rollbacks, { hint: "Nothing that is deployed is affected." })),
    told.lost.length > 0 && panel("Can't be made again", h("ul", { class: "rows" }, told.lost.map((one) => h("li", null, one.kind ? link(one) : captionOf(one)))))));
  return { element, title: "Run again" };
}
