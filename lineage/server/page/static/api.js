// Calls of the server. A token is kept for the tab alone.

import { h } from "./dom.js";

export class Refusal extends Error {
  constructor(status, told) {
    super(told.message ?? `the server answered ${status}`);
    this.status = status;
    this.kind = told.error;
  }
}

let token = null;
try {
  token = sessionStorage.getItem("lineage-token");
} catch {
  // Without storage the token lasts as long as the page.
}

export function parameters(of) {
  const pairs = [];
  for (const [name, value] of Object.entries(of ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") pairs.push([name, String(one)]);
    }
  }
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

export async function ask(path, query, { body, method, signal } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(`/api/v1/${path}${parameters(query)}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  });
  if (response.status === 204) return null;
  let told = {};
  try {
    told = await response.json();
  } catch {
    // A proxy may answer with something else; the status says enough.
  }
  if (response.status === 401) {
    token = await askForToken(told.message);
    return ask(path, query, { body, method, signal });
  }
  if (!response.ok) throw new Refusal(response.status, told);
  return told;
}

let asking = null;
function askForToken(message) {
  asking ??= new Promise((resolve) => {
    const input = h("input", { type: "password", name: "token", autocomplete: "off", required: true });
    const dialog = h("dialog", { "aria-labelledby": "token-title" },
      h("form", { class: "stack", onsubmit: (event) => {
        event.preventDefault();
        const given = input.value.trim();
        try {
          sessionStorage.setItem("lineage-token", given);
        } catch {
          // It lasts as long as the page, then.
        }
        dialog.remove();
        asking = null;
        resolve(given);
      } },
      h("h2", { id: "token-title" }, "This server asks for a token"),
      h("p", { class: "muted small" }, message ?? ""),
      h("label", { class: "field" }, "Token", input),
      h("button", { class: "button first", type: "submit" }, "Go on")));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}
