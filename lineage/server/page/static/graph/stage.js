// The stage: sigma moves, zooms and draws dots and lines by WebGL; near by, cards are drawn over it.

import { colourOf, paint, readColours } from "./painter.js";

// Pixels a unit; below, a card is a dot.
const CARDS_FROM = 0.26;
const READABLE = 0.42;

let loading = null;
function load() {
  loading ??= ["graphology-0.26.0.umd.min.js", "sigma-4.0.4.min.js"].reduce((before, file) => before.then(() => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `/static/vendor/${file}`;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${file} can't be loaded`));
    document.head.append(script);
  })), Promise.resolve());
  return loading;
}

export class Stage {
  #sigma = null;
  #canvas;
  #frame = 0;
  frames = 0;

  constructor(container, { onchoose, onopen, onhover }) {
    this.container = container;
    this.place = document.createElement("div");
    this.place.className = "sigma";
    this.#canvas = document.createElement("canvas");
    this.#canvas.className = "cards";
    container.prepend(this.place, this.#canvas);
    this.hovered = -1;
    this.chosen = -1;
    this.lit = null;
    Object.assign(this, { onchoose, onopen, onhover });
    this.watcher = new ResizeObserver(() => { if (this.#sigma && container.clientWidth && container.clientHeight) { this.#sigma.resize(); this.#sigma.scheduleRender(); } });
    this.watcher.observe(container);
  }

  static ready = load;

  show(scene, { keep = false } = {}) {
    const camera = keep && this.#sigma ? this.#view() : null;
    this.#sigma?.kill();
    this.scene = scene;
    this.chosen = -1;
    this.hovered = -1;
    this.lit = null;
    this.colours = readColours();
    const { Graph } = graphology;
    const graph = new Graph({ multi: true, type: "directed" });
    for (const card of scene.cards) {
      graph.addNode(card.key, { x: card.x + card.w / 2, y: -(card.y + card.h / 2), size: card.node.count ? 6 : 3, color: colourOf(card, this.colours) });
    }
    for (const arrow of scene.arrows) {
      graph.addEdgeWithKey(String(arrow.index), scene.cards[arrow.source].key, scene.cards[arrow.target].key, { size: 0.7, color: this.colours["strong-line"] });
    }
    this.#sigma = new Sigma(graph, this.place, {
      settings: { allowInvalidContainer: true, renderLabels: false, enableCameraRotation: false, stagePadding: 40, minCameraRatio: null, maxCameraRatio: 4, enableEdgeEvents: false, nodeLabelEvents: "none", doubleClickZoomingRatio: 1 },
      styles: { nodes: { size: { attribute: "size" }, color: { attribute: "color" } }, edges: { size: { attribute: "size" }, color: { attribute: "color" } } },
    });
    this.#sigma.setCustomBBox({ x: [0, Math.max(scene.width, 1)], y: [-Math.max(scene.height, 1), 0] });
    this.#sigma.refresh();
    const pointed = ({ event }) => this.#under(event);
    for (const name of ["clickStage", "clickNode"]) this.#sigma.on(name, (payload) => this.choose(pointed(payload)));
    for (const name of ["doubleClickStage", "doubleClickNode"]) {
      this.#sigma.on(name, (payload) => {
        payload.preventSigmaDefault();
        const at = pointed(payload);
        if (at >= 0) this.onopen(scene.cards[at]);
      });
    }
    this.#sigma.on("moveBody", (payload) => this.#hover(pointed(payload)));
    this.#sigma.on("afterRender", () => this.#paint());
    if (camera) this.#aim(camera);
    else this.fit();
  }

  // What is in the middle, and how large it is, in the scene's own units.
  #view() {
    const { width, height } = this.#sigma.getDimensions();
    const middle = this.#sigma.viewportToGraph({ x: width / 2, y: height / 2 });
    return { x: middle.x, y: middle.y, scale: this.scale };
  }

  #aim({ x, y, scale }) {
    const camera = this.#sigma.getCamera();
    const framed = this.#sigma.graphToFramedGraph({ x, y });
    camera.setState({ x: framed.x, y: framed.y, ratio: camera.ratio * (this.scale / scale), angle: 0 });
    // Drawn at once, for the next aim starts from what was drawn; no node or edge is another one.
    this.#sigma.refresh({ partialGraph: { nodes: [], edges: [] }, skipIndexation: true });
  }

  get scale() {
    const origin = this.#sigma.graphToViewport({ x: 0, y: 0 });
    return (this.#sigma.graphToViewport({ x: 1000, y: 0 }).x - origin.x) / 1000;
  }

  get near() {
    return this.scale >= CARDS_FROM;
  }

  fit() {
    const { width, height } = this.#sigma.getDimensions();
    const { scene } = this;
    const whole = Math.min((width - 40) / scene.width, (height - 100) / scene.height, 1.15);
    // A whole that nobody can read is of less use than the part around the start.
    const scale = Math.max(whole, READABLE);
    const start = scene.cards.find((card) => card.node.start) ?? scene.cards[0];
    const room = { x: width / 2 / scale, y: height / 2 / scale };
    const clamp = (at, apart, all) => (2 * apart >= all ? all / 2 : Math.min(Math.max(at, apart - 20), all - apart + 20));
    this.#aim({
      x: start ? clamp(start.x + start.w / 2, room.x, scene.width) : 0,
      y: -(start ? clamp(start.y, room.y, scene.height) : 0),
      scale,
    });
  }

  whole() {
    const { width, height } = this.#sigma.getDimensions();
    const scale = Math.min((width - 40) / this.scene.width, (height - 60) / this.scene.height, 1.15);
    this.#aim({ x: this.scene.width / 2, y: -this.scene.height / 2, scale });
  }

  zoom(by) {
    const view = this.#view();
    this.#aim({ ...view, scale: view.scale * by });
  }

  pan(dx, dy) {
    const view = this.#view();
    this.#aim({ x: view.x + dx / view.scale, y: view.y - dy / view.scale, scale: view.scale });
  }

  #under({ x, y }) {
    const point = this.#sigma.viewportToGraph({ x, y });
    return this.scene.at(point.x, -point.y, this.near ? 4 : 10 / this.scale);
  }

  #hover(at) {
    if (at === this.hovered) return;
    this.hovered = at;
    this.place.style.cursor = at >= 0 ? "pointer" : "grab";
    this.onhover(at >= 0 ? this.scene.cards[at] : null);
    this.redraw();
  }

  choose(at, { bring = false } = {}) {
    this.chosen = at;
    this.lit = at >= 0 ? this.scene.reach(at) : null;
    if (at >= 0 && bring) this.bring(at);
    this.onchoose(at >= 0 ? this.scene.cards[at] : null);
    this.redraw();
  }

  // Highlights a chain of cards.
  light(lit) {
    this.lit = lit;
    this.redraw();
  }

  bring(at) {
    const card = this.scene.cards[at];
    this.#aim({ x: card.x + card.w / 2, y: -(card.y + card.h / 2), scale: Math.max(this.scale, READABLE * 1.6) });
  }

  // The neighbour of the chosen card in a direction.
  step(way) {
    const { scene, chosen } = this;
    if (chosen < 0) return scene.cards.findIndex((card) => card.node.start);
    if (way === "left") return scene.before[chosen][0]?.source ?? chosen;
    if (way === "right") return scene.after[chosen][0]?.target ?? chosen;
    const here = scene.cards[chosen];
    let best = chosen, nearest = Infinity;
    scene.cards.forEach((card, at) => {
      const apart = way === "up" ? here.y - card.y : card.y - here.y;
      if (card.x === here.x && apart > 0 && apart < nearest) { nearest = apart; best = at; }
    });
    return best;
  }

  recolour() {
    if (!this.#sigma) return;
    this.colours = readColours();
    const graph = this.#sigma.getGraph();
    for (const card of this.scene.cards) graph.setNodeAttribute(card.key, "color", colourOf(card, this.colours));
    this.redraw();
  }

  // The same places with other states, such as what a label taints.
  repaint(scene) {
    const chosen = this.scene.cards[this.chosen]?.key;
    this.scene = scene;
    this.chosen = scene.places.get(chosen) ?? -1;
    this.lit = this.chosen >= 0 ? scene.reach(this.chosen) : null;
    this.recolour();
  }

  redraw() {
    this.#sigma?.scheduleRender();
  }

  #paint() {
    const { width, height } = this.#sigma.getDimensions();
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const canvas = this.#canvas;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.frames += 1;
    const { scale, near } = this;
    this.place.style.opacity = near ? "0" : "1";
    const origin = this.#sigma.graphToViewport({ x: 0, y: 0 });
    const put = ([x, y]) => [origin.x + x * scale, origin.y + y * scale];
    if (near) {
      paint(context, this.scene, { place: put, scale, width, height, colours: this.colours, lit: this.lit, chosen: this.chosen, hovered: this.hovered });
    } else if (this.lit) {
      context.fillStyle = this.colours.accent;
      for (const at of this.lit.cards) {
        const card = this.scene.cards[at];
        const [x, y] = put([card.x + card.w / 2, card.y + card.h / 2]);
        context.beginPath();
        context.arc(x, y, at === this.chosen ? 7 : 3.5, 0, 7);
        context.fill();
      }
    }
  }

  kill() {
    this.watcher.disconnect();
    this.#sigma?.kill();
    this.#sigma = null;
  }
}
