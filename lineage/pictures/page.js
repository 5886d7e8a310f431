"use strict";
(() => {
  const { nodes, colours } = JSON.parse(document.getElementById("data").textContent);
  const picture = document.getElementById("picture");
  const svg = picture.querySelector("svg");
  const details = document.getElementById("details");
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  const boxes = new Map([...svg.querySelectorAll(".box")].map((g) => [g.dataset.key, g]));
  const paths = [...svg.querySelectorAll(".arrows path")];
  const after = new Map(), before = new Map();
  for (const path of paths) {
    const { source, target } = path.dataset;
    after.set(source, [...(after.get(source) || []), target]);
    before.set(target, [...(before.get(target) || []), source]);
  }
  const whole = svg.viewBox.baseVal, full = { width: whole.width, height: whole.height };
  let view;

  function show(next) {
    view = next;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }
  function fit() { show({ x: 0, y: 0, ...full }); }
  // Units of the picture for one pixel: the picture keeps its proportions.
  function scale() {
    return Math.max(view.width / picture.clientWidth, view.height / picture.clientHeight);
  }
  function at(event) {
    const point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(svg.getScreenCTM().inverse());
  }
  function zoom(factor, about) {
    const wide = Math.min(Math.max(view.width * factor, 120), full.width * 4 + 2000);
    factor = wide / view.width;
    about = about || { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    show({
      x: about.x - (about.x - view.x) * factor, y: about.y - (about.y - view.y) * factor,
      width: view.width * factor, height: view.height * factor,
    });
  }
  // Where the picture goes on, no room is left empty beside it.
  function within(start, size, all) {
    return size < all ? Math.min(Math.max(start, 0), all - size) : (all - size) / 2;
  }
  function centre(key) {
    const box = boxes.get(key), size = box.getBBox(), { e, f } = box.transform.baseVal[0].matrix;
    const unit = Math.min(scale(), 1);
    const width = picture.clientWidth * unit, height = picture.clientHeight * unit;
    show({
      x: within(e + size.width / 2 - width / 2, width, full.width),
      y: within(f + size.height / 2 - height / 2, height, full.height), width, height,
    });
  }

  const held = new Map();
  let moved = 0;
  picture.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 300), at(event));
  }, { passive: false });
  picture.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, event);
    moved = 0;
  });
  picture.addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const unit = scale(), others = [...held.values()].filter((e) => e.pointerId !== event.pointerId);
    if (others.length) {
      const far = (e) => Math.hypot(e.clientX - others[0].clientX, e.clientY - others[0].clientY);
      zoom(far(last) / Math.max(far(event), 1), at(others[0]));
    } else {
      const dx = event.clientX - last.clientX, dy = event.clientY - last.clientY;
      moved += Math.abs(dx) + Math.abs(dy);
      show({ ...view, x: view.x - dx * unit, y: view.y - dy * unit });
    }
    held.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    picture.addEventListener(end, (event) => held.delete(event.pointerId));
  }

  function reached(key, way) {
    const found = new Set([key]), waiting = [key];
    while (waiting.length) {
      for (const next of way.get(waiting.pop()) || []) {
        if (!found.has(next)) { found.add(next); waiting.push(next); }
      }
    }
    return found;
  }
  function element(name, text, parent) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }
  function table(title, rows) {
    rows = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
    if (!rows.length) return;
    if (title) element("h3", title, details);
    const body = element("table", undefined, details);
    for (const [name, value] of rows) {
      const row = element("tr", undefined, body);
      element("th", name, row);
      element("td", typeof value === "object" ? JSON.stringify(value, null, 1) : String(value), row);
    }
  }
  // 0 is what a database says that kept no times; what is no date is shown as it is.
  function time(ms) {
    const date = new Date(ms);
    if (!ms || isNaN(date)) return ms || null;
    return date.toISOString().replace("T", " ").slice(0, 19) + "Z";
  }

  function choose(key) {
    boxes.forEach((box) => box.classList.remove("chosen", "on"));
    paths.forEach((path) => path.classList.remove("on"));
    svg.classList.toggle("dim", Boolean(key));
    details.hidden = !key;
    if (!key) return;
    const up = reached(key, before), down = reached(key, after);
    for (const one of [...up, ...down]) boxes.get(one).classList.add("on");
    for (const path of paths) {
      const { source, target } = path.dataset;
      const on = (up.has(source) && up.has(target)) || (down.has(source) && down.has(target));
      path.classList.toggle("on", on);
    }
    boxes.get(key).classList.add("chosen");
    const node = nodes[key];
    details.replaceChildren();
    const close = element("button", "×", details);
    close.className = "close";
    close.setAttribute("aria-label", "Close");
    close.onclick = () => choose(null);
    element("h2", node.caption, details);
    table("", [
      ["id", `${node.kind}:${node.id}`], ["type", node.type], ["version", node.type_version],
      ["name", node.name], ["uri", node.uri], ["external id", node.external_id],
      ["state", node.state], ["recorded", time(node.created_ms)], ["changed", time(node.updated_ms)],
      ["upstream", up.size - 1], ["downstream", down.size - 1],
    ]);
    table("Properties", Object.entries({ ...node.properties, ...node.custom_properties }));
    for (const [title, way] of [["Comes from", before], ["Goes to", after]]) {
      const near = way.get(key) || [];
      if (near.length) element("h3", title, details);
      for (const other of near) {
        element("button", nodes[other].caption, details).onclick = () => { choose(other); centre(other); };
      }
    }
  }

  const texts = new Map(Object.entries(nodes).map(([key, node]) => [
    key,
    [node.caption, node.type, node.uri, node.external_id, `${node.kind}:${node.id}`, node.state,
      JSON.stringify(node.properties), JSON.stringify(node.custom_properties)].join("\n").toLowerCase(),
  ]));
  let hits = [], place = -1;
  function find() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits = words.length
      ? [...texts].filter(([, text]) => words.every((word) => text.includes(word))).map(([key]) => key)
      : [];
    place = -1;
    boxes.forEach((box, key) => box.classList.toggle("found", hits.includes(key)));
    count.textContent = words.length ? `${hits.length} found` : "";
  }
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && hits.length) {
      place = (place + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
      choose(hits[place]);
      centre(hits[place]);
      count.textContent = `${place + 1} of ${hits.length}`;
    }
  });

  boxes.forEach((box, key) => {
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    box.setAttribute("aria-label", nodes[key].caption);
    box.addEventListener("click", () => { if (moved < 5) choose(key); });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(key); }
    });
  });
  svg.addEventListener("click", (event) => { if (event.target === svg && moved < 5) choose(null); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose(null);
    if (event.target === search) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "+") zoom(0.8);
    if (event.key === "-") zoom(1.25);
    if (event.key === "0") fit();
  });
  document.getElementById("fit").onclick = fit;
  document.getElementById("in").onclick = () => zoom(0.7);
  document.getElementById("out").onclick = () => zoom(1.4);
  const legend = document.getElementById("legend");
  for (const { type, colour, step } of colours) {
    const row = element("li", undefined, legend), swatch = element("i", undefined, row);
    swatch.style.background = colour;
    if (step) swatch.className = "step";
    row.append(type);
  }

  svg.removeAttribute("width");
  svg.removeAttribute("height");
  fit();
  // What is wider than can be read begins at what was asked about.
  const asked = document.querySelector('.box rect[stroke-width="2.5"]');
  if (asked && scale() > 2) centre(asked.parentElement.dataset.key);
})();
