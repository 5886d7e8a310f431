import { ask } from "../api.js";
import { address, chip, count, field, h, head, link, notice, panel, table, value } from "../dom.js";

export async function show({ ref, query }) {
  const type = query.get("type"), metric = query.get("metric"), below = query.get("below"), above = query.get("above"), context = query.get("context");
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    location.hash = address("blame", null, given);
  };
  const input = (name, of, more) => h("input", { name, value: of ?? "", size: 14, ...more });
  const body = h("div");
  const element = h("div", null, head("What is to blame?", { sub: [h("span", null, "Parameters, data and code that the bad runs have and the good ones lack, the most suspicious first.")] }),
    h("form", { class: "form", onsubmit: submit },
      field("Failed runs of, or models of type", input("type", type ?? (ref ? "" : "Train"))), field("Metric", input("metric", metric, { placeholder: "accuracy" })), field("is bad below", input("below", below, { type: "number", step: "any" })), field("or above", input("above", above, { type: "number", step: "any" })), field("In", input("context", context, { placeholder: "Pipeline:churn" })),
      h("button", { class: "button first", type: "submit" }, "Ask")), body);
  try {
    const told = await ask("blame", { bad: ref, type: ref ? null : type ?? "Train", metric, below, above, context });
    body.replaceChildren(panel(`${count(told.bad.length, "bad one")}, ${count(told.good.length, "good one")}`, table([
      { name: "Rank", num: true, of: (row) => String(row.rank) }, { name: "Suspect", of: (row) => row.artifact ? link(row.artifact) : [h("strong", null, `${row.step ? `${row.step} ` : ""}${row.name}`), row.value === null ? "" : ` = ${value(row.value)}`] },
      { name: "What", of: (row) => chip(row.what) }, { name: "Score", num: true, of: (row) => row.score.toFixed(2) },
      { name: "Bad with", num: true, of: (row) => `${row.bad_with} of ${row.bad_with + row.bad_without}` }, { name: "Good with", num: true, of: (row) => `${row.good_with} of ${row.good_with + row.good_without}` },
    ], told.suspects, { hint: "Nothing tells the bad ones from the good ones.", caption: `by ${told.formula}` })));
  } catch (error) {
    body.replaceChildren(notice(error.message, "bad"));
  }
  return { element, title: "Blame" };
}
