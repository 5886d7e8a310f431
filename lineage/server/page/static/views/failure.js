import { ask } from "../api.js";
import { address, chip, h, head, link, nameOf, notice, panel, refOf, shortType, state, table, value, when } from "../dom.js";

export async function show({ ref }) {
  const told = await ask("failure", { run: ref });
  const { run, last_good: good } = told;
  const name = refOf(run);
  const rows = told.differences.filter((row) => row.what !== "error");
  const own = (node) => ({ ...node?.properties, ...node?.custom_properties });
  const error = own(run).error ?? own(run).exception;
  const element = h("div", null,
    head(nameOf(run), {
      crumb: [shortType(run.type), ` · ${name}`], sub: [state(run.state), h("span", null, "started ", when(run.created_ms))],
      actions: [h("a", { class: "button first", href: address("graph", name, { direction: "upstream" }) }, "Graph"), h("a", { class: "button", href: address("blame", name) }, "What is to blame?"), h("a", { class: "button", href: address("node", name) }, "Node")],
    }),
    error && notice([h("h2", null, "The error"), h("pre", { class: "text" }, value(error))], "bad"),
    h("div", { class: "grid" },
      panel(good ? "Beside the last good run" : "There is no good run to compare with", good ? [
        h("p", null, link(good), " ", state(good.state), " ", when(good.created_ms)),
        table([
          { name: "What differs", of: (row) => row.what }, { name: "This run", of: (row) => row.failed, class: () => "changed" }, { name: "Good run", of: (row) => row.good },
        ], rows, { hint: "No parameter or environment that was recorded differs." })] : h("p", { class: "empty" }, "No run of this step succeeded before."), { size: "two-thirds" }),
      panel("Its inputs", table([
        { name: "Input", of: (row) => link(row) }, { name: "Path", of: (row) => h("span", { class: "mono small" }, row.path?.join(".") ?? "") },
      ], told.inputs, { hint: "It read nothing." }), { size: "third" }),
    ));
  return { element, title: `${nameOf(run)}, failure` };
}
