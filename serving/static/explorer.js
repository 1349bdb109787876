// The page: what the controls ask, and where the answers go.

import * as api from "./api.js";
import { examples } from "./examples.js";
import * as link from "./link.js";
import { ages, candidates, chip, list, moved, score, timeline } from "./views.js";
import { explanation } from "./why.js";

const AGAIN_MS = 2000; // after which a server that is away or not ready is asked again
const at = (id) => document.getElementById(id);
const invented = [];
let asked = 0; // number of the newest question: answers to older ones are dropped
let history = { of: undefined, events: [] };
let knobMoved = false; // until then the diversity is the configured one
let again; // timer of the next attempt
let running = 0; // questions that wait for an answer

function say(text, isError = false) {
  at("status").textContent = text;
  at("status").classList.toggle("error", isError);
}

async function guarded(work, note = "") {
  clearTimeout(again);
  running += 1;
  document.body.classList.add("busy");
  if (note) say(note);
  try {
    await work();
  } catch (error) {
    const isAway = error.status === 503 || error instanceof TypeError;
    if (error.status === 401) {
      at("unlock").hidden = false;
      at("token").focus();
    }
    say(isAway ? `${error.status ? error.message : "The server does not answer."} Trying again…` : error.message, true);
    if (isAway) again = setTimeout(() => guarded(work), AGAIN_MS);
  } finally {
    running -= 1;
    document.body.classList.toggle("busy", running > 0);
  }
}

function request() {
  const wanted = {
    top_k: Math.min(200, Math.max(1, Number(at("top-k").value) || 10)),
    exclude_purchased: at("exclude").checked,
    explain: true,
  };
  if (knobMoved) wanted.diversity = Number(at("diversity").value);
  if (invented.length) wanted.history = invented;
  else if (at("user").value) wanted.user_id = at("user").value;
  const column = at("filter-column").value, value = at("filter-value").value;
  if (column && value) wanted.filters = { [column]: value };
  return wanted;
}

function linked() {
  const { user_id, top_k, diversity, exclude_purchased } = request();
  const [column, value] = [at("filter-column").value, at("filter-value").value];
  link.write({ user: user_id, top_k, diversity, exclude: exclude_purchased, column, value, why: at("why-product").value });
}

async function eventsOf(userId) {
  if (invented.length) return invented;
  if (!userId) return [];
  if (history.of !== userId) history = { of: userId, events: (await api.user(userId).catch(() => ({ history: [] }))).history };
  return history.events;
}

async function recommend() {
  const number = ++asked;
  const wanted = request();
  const [answer, events] = await Promise.all([api.recommend(wanted), eventsOf(wanted.user_id)]);
  if (number !== asked) return;
  linked();
  const how = answer.explain ?? { candidates: {}, ranked: [], post_ranked: [], products: {} };
  api.remember(how.products);
  if (!knobMoved) at("diversity-value").textContent = at("diversity").value = how.diversity ?? 0;
  showHistory(events, wanted);
  candidates(at("candidates"), how.candidates, actions);
  const rank = new Map(how.ranked.map((item) => [item.product_id, item.rank]));
  list(at("ranked"), how.ranked.slice(0, Math.max(wanted.top_k, 10)).map((item) => ({ ...item, side: [score(item.score)] })), actions);
  list(at("items"), answer.items.map((item) => ({
    ...item,
    side: [moved(rank.get(item.product_id), item.rank), chip(item.source.replaceAll("_", " "))],
    why: `${item.reason} (score ${item.score.toFixed(2)})`,
  })), actions, "Nothing meets the filter.");
  at("model").textContent = `Model ${answer.model_version}`;
  at("ages").textContent = ages(answer.ages_s);
  at("examples-panel").hidden = Boolean(wanted.user_id || invented.length);
  offerFilters();
  const times = Object.entries(answer.timings_ms).map(([name, value]) => `${name.replaceAll("_", " ")} ${value.toFixed(1)} ms`).join(", ");
  const who = invented.length ? "An invented user." : answer.known_user ? "A known user." : "Nobody known.";
  say(`${answer.fallback ? `Fallback: ${answer.fallback.replaceAll("_", " ")}. ` : ""}${who} ${times}`);
}

function showHistory(events, wanted) {
  const who = invented.length ? `${events.length} invented events.` : wanted.user_id ? `${events.length} events of ${wanted.user_id}.` : "None.";
  at("history-note").textContent = `${who} Click + on products to invent a user.`;
  timeline(at("timeline"), events);
  at("history").hidden = !events.length;
  list(at("history"), events.slice(-60).reverse().map((event) => ({
    product_id: event.product_id,
    side: [new Date(event.occurred_at * 1000).toISOString().slice(0, 16).replace("T", " "), ...(event.event_type ? [chip(event.event_type)] : [])],
  })), actions);
  at("forget").hidden = !invented.length;
}

// Columns of texts and their values among the products seen so far.
async function offerFilters() {
  const values = new Map();
  for (const row of await api.knownRows())
    for (const [name, value] of Object.entries(row))
      if (name !== "product_id" && typeof value === "string") values.set(name, (values.get(name) ?? new Set()).add(value));
  const select = at("filter-column"), chosen = select.value;
  const there = new Set([...select.options].map((option) => option.value));
  for (const name of values.keys()) if (!there.has(name)) select.append(new Option(name, name));
  select.value = chosen;
  at("filter-value").disabled = !chosen;
  at("filter-values").replaceChildren(...[...(values.get(chosen) ?? [])].sort().slice(0, 200).map((value) => new Option(value, value)));
}

function showFound(note, items) {
  at("found-note").textContent = note;
  list(at("found"), items, actions, "Nothing shares a word with it.");
}

async function explain() {
  const { explain: _, ...wanted } = request();
  const product_id = at("why-product").value;
  if (!product_id) return;
  linked();
  const answer = await api.explain({ ...wanted, product_id });
  explanation(at("why"), answer, (fields) => {
    if ("top_k" in fields) at("top-k").value = fields.top_k;
    if ("exclude_purchased" in fields) at("exclude").checked = fields.exclude_purchased;
    if ("diversity" in fields) {
      knobMoved = true;
      at("diversity-value").textContent = at("diversity").value = fields.diversity;
    }
    guarded(async () => { await recommend(); await explain(); }, LISTS);
  });
  at("why-panel").hidden = false;
  say(`Explained ${product_id}`);
}

function choose(user) {
  invented.length = 0;
  at("user").value = user;
  guarded(recommend, LISTS);
}

const LISTS = "Computing candidates, ranks and the list…";
const actions = {
  why: (id) => {
    at("why-product").value = id;
    guarded(async () => { await explain(); at("why-panel").scrollIntoView({ block: "nearest" }); }, "Going through the stages…");
  },
  similar: (id) => guarded(async () => {
    const answer = await api.similar(id, 10);
    showFound(`Neighbours of ${id}`, answer.items.map((item) => ({
      ...item,
      side: [score(item.score)],
      why: `bought together ${item.bought_together.toFixed(2)}, content ${item.content.toFixed(2)}`,
    })));
    say(`${answer.items.length} neighbours of ${id}`);
  }),
  invent: (id) => {
    const last = invented.at(-1)?.occurred_at ?? Math.floor(Date.now() / 1000);
    invented.push({ product_id: id, occurred_at: last + 1 });
    at("user").value = "";
    guarded(recommend, LISTS);
  },
};

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (at("user").value) invented.length = 0;
  guarded(recommend, LISTS);
});
at("why-not").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(explain, "Going through the stages…");
});
at("user").addEventListener("input", async () => {
  const prefix = at("user").value;
  const found = await api.users(prefix).catch(() => ({ users: [] }));
  if (prefix === at("user").value) at("users").replaceChildren(...found.users.map((id) => new Option(id, id)));
});
at("diversity").addEventListener("input", () => { knobMoved = true; at("diversity-value").textContent = at("diversity").value; });
for (const id of ["diversity", "exclude", "top-k", "filter-value"]) at(id).addEventListener("change", () => guarded(recommend, LISTS));
at("filter-column").addEventListener("change", () => {
  const hadValue = Boolean(at("filter-value").value);
  at("filter-value").value = "";
  guarded(async () => { await offerFilters(); if (hadValue) await recommend(); });
});
at("forget").addEventListener("click", () => { invented.length = 0; guarded(recommend); at("user").focus(); });
at("find").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    const answer = await api.search(at("text").value, 10);
    showFound(`Found for “${answer.text}”`, answer.items.map((item) => ({ ...item, side: [score(item.score)] })));
    say(`${answer.items.length} products found`);
  });
});
at("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  api.useToken(at("token").value);
  at("unlock").hidden = true;
  guarded(begin, LISTS);
});

// What the address says goes into the controls before the first question.
function opened() {
  const state = link.read();
  at("user").value = state.user;
  at("why-product").value = state.why;
  at("exclude").checked = state.exclude;
  if (state.top_k) at("top-k").value = state.top_k;
  if (state.diversity !== undefined) {
    knobMoved = true;
    at("diversity-value").textContent = at("diversity").value = Math.min(1, Math.max(0, state.diversity));
  }
  if (state.column && state.value) {
    at("filter-column").append(new Option(state.column, state.column, true, true));
    at("filter-value").value = state.value;
  }
}

async function begin() {
  await recommend();
  if (at("why-product").value) await explain();
  if (!at("examples-panel").hidden) await examples(at("examples"), choose);
}

opened();
guarded(begin, LISTS);
