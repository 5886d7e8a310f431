// What is drawn, as a file.

import { svg } from "../dom.js";
import { colourOf, paint, readColours } from "./painter.js";

const MARGIN = 24;
const LARGEST = 12_000;

export async function png(scene) {
  const colours = readColours();
  const scale = Math.min(2, LARGEST / (scene.width + 2 * MARGIN), LARGEST / (scene.height + 2 * MARGIN));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((scene.width + 2 * MARGIN) * scale);
  canvas.height = Math.ceil((scene.height + 2 * MARGIN) * scale);
  const context = canvas.getContext("2d");
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  paint(context, scene, { place: ([x, y]) => [x + MARGIN, y + MARGIN], scale: 1, width: scene.width + 2 * MARGIN, height: scene.height + 2 * MARGIN, colours });
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

// XML can't say some characters at all.
const sayable = (text) => text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");

export function vector(scene) {
  const colours = readColours();
  const picture = svg("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `${-MARGIN} ${-MARGIN} ${scene.width + 2 * MARGIN} ${scene.height + 2 * MARGIN}`, width: scene.width + 2 * MARGIN, height: scene.height + 2 * MARGIN, "font-family": "system-ui, sans-serif" },
    svg("rect", { x: -MARGIN, y: -MARGIN, width: scene.width + 2 * MARGIN, height: scene.height + 2 * MARGIN, fill: colours.ground }));
  for (const arrow of scene.arrows) {
    let [x, y] = arrow.points[0];
    let path = `M${x} ${y}`;
    for (const [toX, toY] of arrow.points.slice(1)) {
      const bend = Math.max(Math.abs(toX - x) * 0.5, 6);
      path += `C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
      [x, y] = [toX, toY];
    }
    const source = scene.cards[arrow.source].node, target = scene.cards[arrow.target].node;
    const colour = (source.tainted || source.source) && target.tainted ? colours.bad : colours["strong-line"];
    picture.append(svg("path", { d: path, fill: "none", stroke: colour, "stroke-width": 1.25 * Math.min(1 + Math.log10(arrow.count), 4) }),
      svg("path", { d: `M${x} ${y}l-8 -5v10z`, fill: colour }));
  }
  for (const card of scene.cards) {
    const { node } = card;
    const edge = colourOf(card, colours, false);
    const fill = node.tainted || node.source ? colours["bad-soft"] : node.barrier ? colours["good-soft"] : node.start ? colours["accent-soft"] : colours.panel;
    const text = (shown, x, y, more) => svg("text", { x, y, "font-weight": 600, ...more }, sayable(shown));
    const room = Math.floor((card.w - 22) / 7);
    const name = card.name.length > room ? `${card.name.slice(0, room - 1)}…` : card.name;
    picture.append(svg("g", null, svg("title", null, sayable(`${card.kind}: ${card.name}`)),
      svg("rect", { x: card.x, y: card.y, width: card.w, height: card.h, rx: node.kind === "execution" ? card.h / 2 : 8, fill, stroke: edge === colours[card.hue] ? colours["strong-line"] : edge, "stroke-width": node.tainted || node.source || node.barrier || card.failed ? 1.75 : 1, "stroke-dasharray": node.barrier ? "5 3" : null }),
      text(card.kind, card.x + 12, card.y + 22, { "font-size": 11, fill: colours[card.hue] }),
      text(name, card.x + 12, card.y + 43, { "font-size": 13, fill: colours.text })));
  }
  return new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" });
}
