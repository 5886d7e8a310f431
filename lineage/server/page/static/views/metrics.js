import { ask } from "../api.js";
import { address, captionOf, exact, field, h, head, link, nameOf, panel, select, svg, table, value, when } from "../dom.js";

const WIDTH = 1100, HEIGHT = 360, LEFT = 64, RIGHT = 20, TOP = 18, BOTTOM = 36;

function ticks(low, high, many) {
  const raw = (high - low) / many || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((one) => one * unit).find((one) => one >= raw);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

function plot(points, metric, higher) {
  const numbers = points.map((point) => point.values[metric]).filter(Number.isFinite);
  let low = Math.min(...numbers), high = Math.max(...numbers);
  if (low === high) { low -= Math.abs(low) * 0.05 || 1; high += Math.abs(high) * 0.05 || 1; }
  const pad = (high - low) * 0.06;
  low -= pad; high += pad;
  const x = (at) => LEFT + (points.length === 1 ? 0.5 : at / (points.length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (number) => TOP + (1 - (number - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": `${metric} of ${points.length} models, the oldest on the left` });
  for (const tick of ticks(low, high, 5)) {
    picture.append(svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }), svg("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, value(tick)));
  }
  for (const at of points.length > 1 ? [0, points.length - 1] : [0]) {
    picture.append(svg("text", { x: x(at), y: HEIGHT - 12, "text-anchor": points.length === 1 ? "middle" : at ? "end" : "start" }, exact(points[at].created_ms)));
  }
  let best = null, path = "";
  points.forEach((point, at) => {
    const number = point.values[metric];
    if (!Number.isFinite(number)) return;
    if (best === null || (higher ? number > best : number < best)) {
      path += best === null ? `M${x(at)} ${y(number)}` : `H${x(at)}V${y(number)}`;
      best = number;
    }
  });
  if (path) picture.append(svg("path", { class: "best", d: `${path}H${WIDTH - RIGHT}` }));
  const size = points.length > 300 ? 3 : points.length > 80 ? 4 : 6;
  points.forEach((point, at) => {
    const number = point.values[metric];
    if (!Number.isFinite(number)) return;
    const said = `${point.name ?? `artifact:${point.id}`}: ${metric} ${value(number)}, ${exact(point.created_ms)}`;
    picture.append(svg("a", { href: address("model", `artifact:${point.id}`), "aria-label": said, tabindex: points.length > 200 ? "-1" : "0" }, svg("circle", { cx: x(at), cy: y(number), r: size }, svg("title", null, said))));
  });
  return h("figure", { class: "plot" }, picture, h("figcaption", { class: "small muted" }, "Each dot is a model, in the order of recording; the dashed line is the best so far. Click one to open it."));
}

export async function show({ ref, query }) {
  const told = await ask("page/metrics", { context: ref });
  const wanted = query.get("metric");
  const metric = told.metrics.find((one) => one.name === wanted) ?? told.metrics[0];
  const to = (changes) => { location.hash = address("metrics", ref, { metric: metric?.name, ...changes }); };
  const points = told.points.filter((point) => metric && metric.name in point.values).map((point) => ({ ...point, kind: "artifact", base: "MODEL" }));
  const number = (point) => Number(point.values[metric.name]);
  const best = points.slice().sort((a, b) => (metric.higher_is_better ? number(b) - number(a) : number(a) - number(b))).slice(0, 50);
  const element = h("div", null, head(told.context ? `Metrics of ${nameOf(told.context)}` : "Metrics", { sub: [h("span", null, told.context ? link(told.context) : "of all models"), !told.complete && h("span", null, "the newest 2,000 models")] }),
    metric ? [h("div", { class: "form" }, field("Metric", select(told.metrics.map((one) => [one.name, `${one.name} (${one.count})`]), metric.name, (chosen) => to({ metric: chosen })))),
      h("div", { class: "grid" }, panel(`${metric.name}, ${metric.higher_is_better ? "more" : "less"} is better`, plot(points, metric.name, metric.higher_is_better)),
        panel("The best", table([
          { name: "Model", of: (point) => link(point, "model") }, { name: metric.name, num: true, of: (point) => value(Number(number(point).toPrecision(6))) },
          ...told.metrics.filter((one) => one.name !== metric.name).slice(0, 4).map((one) => ({ name: one.name, num: true, of: (point) => one.name in point.values ? value(Number(Number(point.values[one.name]).toPrecision(6))) : "–" })),
          { name: "Recorded", of: (point) => when(point.created_ms) },
        ], best, { caption: points.length > best.length ? `the best ${best.length} of ${points.length}` : captionOf(best[0]) && null })))] : h("div", { class: "panel" }, h("p", { class: "empty" }, "No metric of a model is recorded.")));
  return { element, title: metric ? `${metric.name} over time` : "Metrics" };
}
