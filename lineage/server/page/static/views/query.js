import { ask } from "../api.js";
import { address, button, chip, count, download, field, h, head, link, notice, panel, refOf, select, table, value } from "../dom.js";

const EXAMPLES = [
  ["The best models", "MATCH (m:Model)-[:INPUT]->(:Execution)-[:OUTPUT]->(e:Metrics)\nWHERE e.accuracy IS NOT NULL\nRETURN m, e.accuracy AS accuracy\nORDER BY accuracy DESC LIMIT 20"],
  ["What came of a data set", "MATCH (d:Dataset)-[:INPUT|OUTPUT*]->(m:Model)\nRETURN DISTINCT d.name AS data, m ORDER BY data LIMIT 50"],
  ["Runs that failed", "MATCH (e:Execution {state: 'FAILED'}) RETURN e, e.error AS error LIMIT 50"],
];
const WORDS = ["MATCH", "OPTIONAL MATCH", "WHERE", "RETURN", "DISTINCT", "ORDER BY", "LIMIT", "WITH", "UNWIND", "AS", "AND", "OR", "NOT", "IN", "CONTAINS", "STARTS WITH", "IS NOT NULL", "count(", "collect(", "shortestPath(", "EXPLAIN", "PROFILE"];
const isNode = (of) => of && typeof of === "object" && typeof of.kind === "string" && typeof of.id === "number" && "custom_properties" in of;

function cell(of) {
  if (isNode(of)) return link(of);
  if (Array.isArray(of) && of.some(isNode)) return of.map((one) => h("span", null, cell(one), " "));
  return h("span", { class: typeof of === "string" ? null : "num" }, value(of));
}

function operators(plan, depth = 0) {
  return [{ ...plan, depth }, ...(plan.children ?? []).flatMap((child) => operators(child, depth + 1))];
}

function completion(box, vocabulary) {
  const list = h("div", { class: "completions", role: "listbox", "aria-label": "Completions", hidden: true, id: "completions" });
  let chosen = 0, options = [], from = 0;
  const close = () => { list.hidden = true; box.setAttribute("aria-expanded", "false"); };
  function take(at) {
    const end = box.selectionStart;
    box.setRangeText(options[at].text, from, end, "end");
    close();
    box.focus();
  }
  function draw() {
    list.replaceChildren(...options.map((one, at) => h("div", { role: "option", id: `completion-${at}`, "aria-selected": String(at === chosen), onmousedown: (event) => { event.preventDefault(); take(at); } }, h("span", null, one.text), h("span", { class: "muted" }, one.what))));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    box.setAttribute("aria-activedescendant", `completion-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }
  box.addEventListener("input", () => {
    const text = box.value.slice(0, box.selectionStart);
    const [, sign, word] = /([:.|]?)\s*([A-Za-z_][A-Za-z0-9_]*)?$/.exec(text);
    const inside = text.lastIndexOf("[") > text.lastIndexOf("]");
    const pool = sign === "." ? vocabulary.properties.map((one) => ({ text: one, what: "property" }))
      : sign && inside ? vocabulary.relationships.map((one) => ({ text: one, what: "relationship" }))
      : sign === ":" ? vocabulary.labels.map((one) => ({ text: one, what: "label" })) : WORDS.map((one) => ({ text: one, what: "" }));
    const low = (word ?? "").toLowerCase();
    options = pool.filter((one) => one.text.toLowerCase().startsWith(low) && one.text !== word).slice(0, 12);
    from = box.selectionStart - (word ?? "").length;
    chosen = 0;
    if (options.length && (word || sign)) draw();
    else close();
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length; draw(); }
    else if (event.key === "Tab" || (event.key === "Enter" && !event.ctrlKey && !event.metaKey)) take(chosen);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  box.addEventListener("blur", close);
  return list;
}

export async function show({ query }) {
  const [vocabulary, saved] = await Promise.all([ask("vocabulary"), ask("queries")]);
  const kept = Object.entries(saved.queries ?? saved);
  const box = h("textarea", { rows: 6, id: "cypher", spellcheck: "false", autocomplete: "off", role: "combobox", "aria-expanded": "false", "aria-controls": "completions", "aria-autocomplete": "list", value: query.get("cypher") ?? EXAMPLES[0][1] });
  const given = h("input", { value: query.get("parameters") ?? "", placeholder: '{"name": "churn"}', size: 28, spellcheck: "false" });
  const out = h("div", { class: "stack", "aria-live": "polite" });
  const parametersOf = () => (given.value.trim() ? JSON.parse(given.value) : {});
  let shownAs = query.get("as") ?? "table";
  function remember() {
    history.replaceState(null, "", address("query", null, { cypher: box.value, parameters: given.value, as: shownAs === "table" ? null : shownAs }));
  }
  function showPlan(told) {
    const rows = operators(told.plan);
    const cells = [["Operator", (row) => h("span", { class: "mono", style: `padding-left: ${row.depth * 14}px` }, row.operator)], ["Details", (row) => h("span", { class: "mono small" }, row.details ?? "")], ["Estimated rows", (row) => row.estimated_rows], ["Rows", (row) => row.rows], ["Turns to the store", (row) => row.hits], ["ms", (row) => row.milliseconds]];
    out.replaceChildren(panel(told.profiled ? "How it was answered" : "How it would be answered", table(cells.map(([name, of], at) => ({ name, of, num: at > 1 })), rows)));
  }
  function showRows(told) {
    const nodes = new Map();
    const collect = (of) => { if (isNode(of)) nodes.set(refOf(of), of); else if (Array.isArray(of)) of.forEach(collect); };
    told.rows.forEach(collect);
    const graphable = [...nodes.values()].filter((node) => node.kind !== "context").slice(0, 200);
    const csv = () => download("rows.csv", new Blob([[told.columns, ...told.rows].map((row) => row.map((of) => `"${(isNode(of) ? refOf(of) : value(of)).replaceAll('"', '""')}"`).join(",")).join("\r\n")], { type: "text/csv" }));
    out.replaceChildren(panel(h("span", null, count(told.rows.length, "row"), " ", told.complete ? chip("complete", "good") : chip("not complete: there are more", "warn")), [
      h("div", { class: "actions" }, graphable.length > 0 && h("a", { class: "button", href: address("graph", null, { also: graphable.map(refOf), direction: "between" }) }, `As a graph (${graphable.length})`), button("CSV", csv)),
      table(told.columns.map((name, at) => ({ name, of: (row) => cell(row[at]) })), told.rows.slice(0, 1_000), { hint: "No rows.", caption: told.rows.length > 1_000 ? "the first 1,000" : null }),
    ]));
  }
  async function run(how) {
    remember();
    out.setAttribute("aria-busy", "true");
    try {
      const body = { cypher: box.value, parameters: parametersOf(), limit: 5_000 };
      if (how === "explain") showPlan(await ask("explain", null, { body }));
      else if (how === "profile") showPlan(await ask("explain", { profile: true }, { body }));
      else {
        const told = await ask("query", null, { body });
        if (told.plan) showPlan({ ...told, plan: told.plan.plan ?? told.plan });
        else showRows(told);
      }
    } catch (error) {
      out.replaceChildren(notice(h("pre", { class: "text" }, error.message), "bad"));
    }
    out.removeAttribute("aria-busy");
  }
  box.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); } });
  const name = h("input", { size: 14, maxlength: 200 });
  const load = (chosen) => { const found = [...EXAMPLES, ...kept].find(([one]) => one === chosen); if (found) { box.value = found[1]; run(); } };
  const keep = async () => {
    try {
      await ask(`queries/${encodeURIComponent(name.value)}`, null, { method: "PUT", body: { cypher: box.value } });
      kept.push([name.value, box.value]);
      out.replaceChildren(notice(`Kept as ${name.value}.`, "good"));
    } catch (error) {
      out.replaceChildren(notice(error.message, "bad"));
    }
  };
  const element = h("div", null, head("Query", { sub: [h("span", null, "Cypher, read-only. Ctrl+Enter runs it.")] }),
    h("div", { class: "panel" }, h("label", { class: "unseen", for: "cypher" }, "The query, in Cypher"), h("div", { class: "query-box" }, box, completion(box, vocabulary)),
      h("div", { class: "form", style: "margin: 12px 0 0" }, button("Run", () => run(), "first"), button("Explain", () => run("explain")), button("Profile", () => run("profile")),
        field("Parameters, as JSON", given), field("Load", select([["", "…"], ...EXAMPLES.map(([one]) => [one, one]), ...kept.map(([one]) => [one, `kept: ${one}`])], "", load)), field("Keep as", name), button("Keep", keep))),
    h("div", { style: "margin-top: 16px" }, out));
  return { element, title: "Query", entered: () => { if (query.get("cypher")) run(); } };
}
