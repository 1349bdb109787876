// Makes elements of what the server says; text goes in as text, never as markup.

import { product } from "./api.js";

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const HIDDEN = new Set(["product_id", "available", "created_at"]);

export function describe(row) {
  const texts = Object.entries(row).filter(([name, value]) => !HIDDEN.has(name) && typeof value === "string" && value);
  return texts.map(([, value]) => value).slice(0, 4).join(" · ");
}

// One line of a list: rank, name, what stands at its side, the id, and why.
export function line({ product_id, rank = "", side = [], why = "" }, actions) {
  const open = element("button", { type: "button", className: "product", title: "Show its neighbours" }, product_id);
  open.addEventListener("click", () => actions.similar(product_id));
  const add = small("+", "add", "Add to an invented history", product_id, actions.invent);
  const ask = small("?", "ask", "Why it stands where it stands", product_id, actions.why);
  const id = element("span", { className: "text" });
  product(product_id).then((row) => {
    const name = describe(row);
    if (!name) return;
    open.textContent = name;
    id.textContent = product_id;
  });
  const made = element("li", {}, element("span", { className: "rank" }, String(rank)), open, element("span", { className: "side" }, ...side, add, ask), id);
  if (why) made.append(element("span", { className: "text" }, why));
  made.dataset.product = product_id;
  return made;
}

function small(text, name, title, productId, act) {
  const made = element("button", { type: "button", className: name, title }, text);
  made.setAttribute("aria-label", `${title}: ${productId}`);
  made.addEventListener("click", () => act(productId));
  return made;
}

export function list(target, items, actions, empty = "Nothing.") {
  target.replaceChildren(...items.map((item) => line(item, actions)));
  if (!items.length) target.replaceChildren(element("li", {}, element("span", { className: "text" }, empty)));
}

export const chip = (text) => element("span", { className: "chip" }, text);
export const score = (value) => element("span", {}, Number(value).toFixed(2));

// How far a product has moved on the way from one list to the next.
export function moved(before, after) {
  if (before === undefined) return element("span", { className: "up" }, "new");
  const by = before - after;
  if (!by) return element("span", { className: "quiet" }, "=");
  const made = element("span", { className: by > 0 ? "up" : "down" }, (by > 0 ? "▲" : "▼") + Math.abs(by));
  made.setAttribute("aria-label", by > 0 ? `up ${by}` : `down ${-by}`);
  return made;
}

// Sources, the largest first; each folds, and is filled when it is opened.
export function candidates(target, sources, actions) {
  const parts = Object.entries(sources).sort(([, a], [, b]) => b.count - a.count).map(([name, found], place) => {
    const items = element("ol", { className: "list" });
    const made = element("details", {}, element("summary", {}, `${name.replaceAll("_", " ")} (${found.count})`), items);
    made.addEventListener("toggle", () => list(items, found.items.map((item) => ({ ...item, side: [score(item.two_tower)] })), actions), { once: true });
    made.open = place === 0;
    return made;
  });
  target.replaceChildren(...parts);
  if (!parts.length) target.append(element("p", { className: "quiet" }, "None."));
}

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

function duration(seconds) {
  const [size, unit] = UNITS.find(([length]) => seconds >= 2 * length) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}

// How old the parts of an answer are.
export function ages(found) {
  const parts = Object.entries(found ?? {}).map(([name, seconds]) => `${name} ${seconds < 1 ? "live" : duration(seconds)}`);
  return parts.length ? `Age of the data: ${parts.join(", ")}` : "";
}

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);

// Events over time as bars, one for each fiftieth of the span.
export function timeline(target, events) {
  target.replaceChildren();
  if (events.length < 2) return;
  const [first, last] = [events[0].occurred_at, events[events.length - 1].occurred_at];
  const count = 50, span = Math.max(last - first, 1), bars = new Array(count).fill(0);
  for (const event of events) bars[Math.min(count - 1, Math.floor(((event.occurred_at - first) / span) * count))] += 1;
  const most = Math.max(...bars);
  const picture = shape("svg", { role: "img", "aria-label": `${events.length} events from ${day(first)} to ${day(last)}, at most ${most} in one of ${count} bars` });
  picture.append(shape("line", { x1: "0", x2: "100%", y1: 52, y2: 52 }));
  bars.forEach((value, place) => {
    const height = value ? Math.max(2, (value / most) * 50) : 0;
    picture.append(shape("rect", { x: `${(place / count) * 100}%`, y: 52 - height, width: "1.6%", height }));
  });
  picture.append(shape("text", { x: "0", y: 68 }, day(first)), shape("text", { x: "100%", y: 68, "text-anchor": "end" }, day(last)));
  target.append(picture);
}
