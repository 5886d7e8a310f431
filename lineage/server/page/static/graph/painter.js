// Cards and arrows on a two-dimensional canvas; the stage and the exported picture both use it.

export function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(["ground", "panel", "line", "strong-line", "text", "muted", "accent", "accent-soft", "good", "good-soft", "bad", "bad-soft", "dataset", "model", "metrics", "statistics", "step", "deploy", "sans"].map((name) => [name, read(name)]).concat([["other", read("muted")]]));
}

const widths = new Map();
function fit(context, text, room) {
  if (room < 8) return "";
  const key = `${context.font}|${text}|${Math.round(room)}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  let shown = text;
  if (context.measureText(text).width > room) {
    const last = text.split("/").pop();
    shown = last;
    if (context.measureText(last).width > room) {
      let low = 0, high = last.length;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (context.measureText(`${last.slice(0, middle)}…`).width <= room) low = middle;
        else high = middle - 1;
      }
      shown = low > 0 ? `${last.slice(0, low)}…` : "";
    }
  }
  if (widths.size > 20_000) widths.clear();
  widths.set(key, shown);
  return shown;
}

export function colourOf(card, colours, lit) {
  if (card.node.tainted || card.node.source) return colours.bad;
  if (card.node.barrier) return colours.good;
  if (card.failed && !card.node.count) return colours.bad;
  return lit ? colours.accent : colours[card.hue];
}

function way(context, points, place) {
  const [first, ...rest] = points.map(place);
  context.moveTo(...first);
  let [x, y] = first;
  for (const [toX, toY] of rest) {
    const bend = Math.max(Math.abs(toX - x) * 0.5, 6);
    context.bezierCurveTo(x + bend, y, toX - bend, toY, toX, toY);
    [x, y] = [toX, toY];
  }
}

// Draws what of a scene is in view. `place` turns a point of the scene into one of the canvas,
// `scale` is how many pixels a unit has.
export function paint(context, scene, { place, scale, width, height, colours, lit = null, chosen = -1, hovered = -1, arrows = true }) {
  const seen = (x1, y1, x2, y2) => x2 >= -40 && y2 >= -40 && x1 <= width + 40 && y1 <= height + 40;
  const dim = lit !== null;
  if (arrows) {
    for (const pass of dim ? [false, true] : [true]) {
      for (const arrow of scene.arrows) {
        const on = !dim || lit.arrows.has(arrow.index);
        if (dim && on !== pass) continue;
        const [a, b] = [place(arrow.points[0]), place(arrow.points.at(-1))];
        if (!seen(Math.min(a[0], b[0]), Math.min(a[1], b[1]) - 200, Math.max(a[0], b[0]), Math.max(a[1], b[1]) + 200)) continue;
        const source = scene.cards[arrow.source], target = scene.cards[arrow.target];
        const tainted = (source.node.tainted || source.node.source) && target.node.tainted;
        context.globalAlpha = on ? 1 : 0.16;
        context.strokeStyle = dim && on ? (lit.colour ?? colours.accent) : tainted ? colours.bad : colours["strong-line"];
        context.lineWidth = (dim && on ? 2 : 1.25) * Math.min(1 + Math.log10(arrow.count), 4) * Math.max(Math.min(scale, 1), 0.5);
        context.beginPath();
        way(context, arrow.points, place);
        context.stroke();
        if (scale > 0.3) {
          context.fillStyle = context.strokeStyle;
          const size = 5 * Math.max(scale, 0.6);
          context.beginPath();
          context.moveTo(b[0], b[1]);
          context.lineTo(b[0] - size * 1.5, b[1] - size);
          context.lineTo(b[0] - size * 1.5, b[1] + size);
          context.fill();
        }
      }
    }
  }
  for (let at = 0; at < scene.cards.length; at += 1) {
    const card = scene.cards[at];
    const [x, y] = place([card.x, card.y]);
    const w = card.w * scale, h = card.h * scale;
    if (!seen(x, y, x + w, y + h)) continue;
    const on = !dim || lit.cards.has(at);
    context.globalAlpha = on ? 1 : 0.28;
    const { node } = card;
    const hue = colours[card.hue];
    const edge = colourOf(card, colours, false);
    const soft = node.tainted || node.source ? colours["bad-soft"] : node.barrier ? colours["good-soft"] : node.start ? colours["accent-soft"] : colours.panel;
    const radius = node.kind === "execution" ? h / 2 : Math.min(8 * scale, h / 3);
    if (node.count) {
      for (const step of [2, 1]) {
        context.beginPath();
        context.roundRect(x + step * 3 * scale, y + step * 3 * scale, w, h, radius);
        context.fillStyle = colours.panel;
        context.fill();
        context.strokeStyle = colours["strong-line"];
        context.lineWidth = 1;
        context.stroke();
      }
    }
    context.beginPath();
    context.roundRect(x, y, w, h, radius);
    context.fillStyle = soft;
    context.fill();
    const strong = at === chosen || at === hovered;
    context.strokeStyle = strong ? colours.accent : edge === hue ? colours["strong-line"] : edge;
    context.lineWidth = at === chosen ? 2.5 : node.tainted || node.source || node.barrier || card.failed || strong ? 1.75 : 1;
    if (node.barrier) context.setLineDash([5, 3]);
    context.stroke();
    context.setLineDash([]);
    const size = Math.min(Math.max(13 * scale, 10.5), 15);
    const left = x + Math.max(12 * scale, 7);
    const room = w - Math.max(12 * scale, 7) - Math.max(10 * scale, 5);
    context.textBaseline = "middle";
    const two = h >= 24;
    // The dot says the type by its colour where there is no room to write it.
    const dot = Math.max(4 * scale, 2.5);
    context.fillStyle = hue;
    context.beginPath();
    if (node.kind === "execution") context.arc(left + dot, y + h * (two ? 0.3 : 0.5), dot, 0, Math.PI * 2);
    else context.roundRect(left, y + h * (two ? 0.3 : 0.5) - dot, dot * 2, dot * 2, dot / 2);
    context.fill();
    if (two) {
      context.font = `600 ${Math.max(size * 0.83, 9)}px ${colours.sans}`;
      const flag = card.failed ? (node.count ? `${node.states.FAILED.toLocaleString("en")} failed` : "failed") : node.barrier ? "barrier" : node.source ? "source" : node.tainted ? (node.count ? `${node.tainted.toLocaleString("en")} tainted` : "tainted") : "";
      const wanted = context.measureText(flag).width + context.measureText(card.kind).width + 12;
      context.fillText(fit(context, card.kind, room - dot * 2 - 5), left + dot * 2 + 5, y + h * 0.3);
      // Its colour tells as much; the word is left out before the type is.
      if (flag && wanted <= room - dot * 2 - 5) {
        context.fillStyle = card.failed || node.tainted || node.source ? colours.bad : colours.good;
        context.textAlign = "right";
        context.fillText(flag, left + room, y + h * 0.3);
        context.textAlign = "left";
      }
      context.font = `600 ${size}px ${colours.sans}`;
      context.fillStyle = colours.text;
      context.fillText(fit(context, card.name, room), left, y + h * 0.7);
    } else if (h >= 11) {
      context.font = `600 ${Math.min(size, h * 0.85)}px ${colours.sans}`;
      context.fillStyle = colours.text;
      context.fillText(fit(context, node.count ? `${card.kind} ${card.name}` : card.node.name ? card.name : card.kind, room - dot * 2 - 4), left + dot * 2 + 4, y + h * 0.52);
    }
  }
  context.globalAlpha = 1;
}
