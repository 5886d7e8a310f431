// What is drawn and where: cards and arrows in their own units, whatever draws them.

import { nameOf, refOf, shortType } from "../dom.js";

// Cards are higher than the boxes that the server places, for they have two lines, and wider.
const STRETCH = 2.1;
const WIDER = 22;
export const CARD = 60;

export class Scene {
  constructor(told) {
    this.told = told;
    this.cards = told.nodes.map((node) => ({
      node,
      key: node.key,
      x: node.x,
      y: node.y * STRETCH,
      w: node.w + WIDER,
      h: CARD,
      kind: shortType(node.type),
      name: node.count ? `× ${node.count.toLocaleString("en")}` : nameOf(node),
      hue: hueOf(node),
      failed: node.state === "FAILED" || Boolean(node.states?.FAILED),
    }));
    // Cards of one column are as wide as the widest of them.
    const columns = new Map();
    for (const card of this.cards) columns.set(card.x, Math.max(columns.get(card.x) ?? 0, card.w));
    for (const card of this.cards) card.w = columns.get(card.x);
    const shift = (CARD - told.box_height * STRETCH) / 2;
    this.arrows = told.edges.map(([source, target, label, count, points], index) => ({
      index, source, target, label, count,
      points: [this.#right(source), ...points.map(([x, y]) => [x, y * STRETCH]), this.#left(target)],
    }));
    for (const card of this.cards) card.y -= shift;
    this.places = new Map(this.cards.map((card, index) => [card.key, index]));
    this.width = told.width + WIDER;
    this.height = told.height * STRETCH;
    this.after = this.cards.map(() => []);
    this.before = this.cards.map(() => []);
    for (const arrow of this.arrows) {
      this.after[arrow.source].push(arrow);
      this.before[arrow.target].push(arrow);
    }
  }

  #right(at) {
    const card = this.cards[at];
    return [card.x + card.w, card.node.y * STRETCH + (this.told.box_height * STRETCH) / 2];
  }

  #left(at) {
    const card = this.cards[at];
    return [card.x, card.node.y * STRETCH + (this.told.box_height * STRETCH) / 2];
  }

  // Everything drawn that leads to a card, or that it leads to, with the arrows between.
  reach(at) {
    const cards = new Set([at]);
    const arrows = new Set();
    for (const [onward, end] of [[this.after, "target"], [this.before, "source"]]) {
      const pending = [at];
      const seen = new Set(pending);
      while (pending.length) {
        for (const arrow of onward[pending.pop()]) {
          arrows.add(arrow.index);
          const next = arrow[end];
          if (seen.has(next)) continue;
          seen.add(next);
          cards.add(next);
          pending.push(next);
        }
      }
    }
    return { cards, arrows };
  }

  // The cards of a chain of references, and the arrows between neighbours.
  chain(refs) {
    const keys = refs.map((ref) => ref.replace(":", ""));
    const way = keys.map((key) => this.places.get(key)).filter((at) => at !== undefined);
    const cards = new Set(way);
    const arrows = new Set();
    for (let at = 0; at + 1 < way.length; at += 1) {
      for (const arrow of this.after[way[at]]) if (arrow.target === way[at + 1]) arrows.add(arrow.index);
    }
    return { cards, arrows };
  }

  at(x, y, slack = 0) {
    let best = -1, nearest = Infinity;
    for (let index = 0; index < this.cards.length; index += 1) {
      const card = this.cards[index];
      const dx = Math.max(card.x - x, 0, x - card.x - card.w);
      const dy = Math.max(card.y - y, 0, y - card.y - card.h);
      const apart = Math.hypot(dx, dy);
      if (apart < nearest) { nearest = apart; best = index; }
    }
    return nearest <= slack ? best : -1;
  }
}

export function hueOf(node) {
  if (node.base === "DEPLOY") return "deploy";
  if (node.kind === "execution") return "step";
  return { DATASET: "dataset", MODEL: "model", METRICS: "metrics", STATISTICS: "statistics" }[node.base] ?? "other";
}

export const referenceOf = (node) => (node.count ? null : refOf(node));

export function say(node) {
  const parts = [node.count ? `${node.count} of type ${shortType(node.type)}` : `${shortType(node.type)} ${nameOf(node)}`];
  if (node.state && node.state !== "UNKNOWN") parts.push(node.state.toLowerCase());
  if (node.tainted) parts.push(node.count ? `${node.tainted} tainted: ${node.labels.join(", ")}` : `tainted: ${node.labels.join(", ")}`);
  if (node.barrier) parts.push(`barrier: ${node.barrier}`);
  return parts.join(", ");
}
