import { ask } from "../api.js";
import { address, button, chip, count, h, head, link, nameOf, panel, refOf, when } from "../dom.js";

const SIGNS = { COMPLETE: "✓", FAILED: "✕", RUNNING: "…", CACHED: "=", CANCELED: "–", NEW: "·", UNKNOWN: "?" };
const MANY = 24;

function cell(steps) {
  const shown = steps.slice(0, MANY);
  return h("span", { class: "cell" }, shown.map((step) => {
    const said = `${step.type} ${step.name ?? `execution:${step.id}`}: ${step.state.toLowerCase()}`;
    return h("a", { class: `state ${step.state}`, href: address(step.state === "FAILED" ? "failure" : "node", `execution:${step.id}`), title: said, "aria-label": said }, SIGNS[step.state] ?? "?");
  }), steps.length > MANY && h("span", { class: "small muted" }, `+${steps.length - MANY}`));
}

export async function show({ ref }) {
  if (!ref) {
    const { pipelines } = await ask("page/overview");
    const element = h("div", null, head("Runs", { sub: [h("span", null, "Choose a pipeline to see its runs.")] }), panel("Pipelines", pipelines.length ? h("ul", { class: "rows" }, pipelines.map((one) => h("li", null, h("span", { class: "grow" }, link(one, "runs")), when(one.updated_ms)))) : h("p", { class: "empty" }, "No pipeline is recorded.")));
    return { element, title: "Runs", live: true };
  }
  const told = await ask("page/runs", { ref });
  const rows = [...told.runs];
  let before = told.before;
  const body = h("div");
  const columns = [...told.columns];
  function draw() {
    const latest = rows.length ? null : h("p", { class: "empty" }, "No run of it is recorded.");
    body.replaceChildren(latest ?? h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Runs by step" }, h("table", { class: "runs" },
      h("caption", null, "The newest run first; each square is one step that ran."),
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Run"), columns.map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, "Started"))),
      h("tbody", null, rows.map((row) => h("tr", null, h("th", { scope: "row" }, link(row.run)), columns.map((name) => h("td", null, cell(row.steps.filter((step) => step.type === name)))), h("td", null, when(row.steps[0]?.created_ms ?? row.run.created_ms))))))),
    before !== null && button("Older runs", async () => {
      const more = await ask("page/runs", { ref, before });
      rows.push(...more.runs);
      for (const name of more.columns) if (!columns.includes(name)) columns.push(name);
      before = more.before;
      draw();
    }) || "");
  }
  draw();
  const failed = rows.filter((row) => row.steps.some((step) => step.state === "FAILED")).length;
  const element = h("div", null, head(nameOf(told.pipeline), { crumb: [h("a", { href: "#/runs" }, "Runs"), ` · ${refOf(told.pipeline)}`], sub: [chip(told.complete ? count(rows.length, "run") : `the newest ${rows.length} runs`), failed ? chip(`${failed} with a failure`, "bad") : chip("none failed", "good")],
    actions: [h("a", { class: "button", href: address("metrics", refOf(told.pipeline)) }, "Metrics"), h("a", { class: "button", href: address("blame", null, { type: "Train", context: refOf(told.pipeline) }) }, "What is to blame?"), h("a", { class: "button", href: address("node", refOf(told.pipeline)) }, "Node")] }),
  h("p", { class: "key" }, Object.entries(SIGNS).filter(([name]) => name !== "NEW" && name !== "UNKNOWN").map(([name, sign]) => h("span", null, h("span", { class: `state ${name}`, "aria-hidden": "true" }, sign), name.toLowerCase()))),
  h("div", { class: "panel" }, body));
  return { element, title: `Runs of ${nameOf(told.pipeline)}`, live: true };
}
