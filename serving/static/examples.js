// A few users and the beginnings of their lists, so that the page does not open empty.

import * as api from "./api.js";
import { describe, element } from "./views.js";

const USERS = 3, PRODUCTS = 5;

function card(user, choose) {
  const open = element("button", { type: "button", className: "product" }, `User ${user}`);
  open.addEventListener("click", () => choose(user));
  const items = element("ol", { className: "plain numbered" });
  for (let place = 0; place < PRODUCTS; place++) items.append(element("li", { className: "skeleton" }, "…"));
  return { made: element("div", { className: "card" }, element("h3", {}, open), items), items };
}

async function fill(user, items) {
  const answer = await api.recommend({ user_id: user, top_k: PRODUCTS });
  const rows = await Promise.all(answer.items.map((item) => api.product(item.product_id)));
  items.replaceChildren(...answer.items.map((item, place) => {
    const made = element("li", {}, describe(rows[place]) || item.product_id, element("span", { className: "text" }, item.reason));
    made.dataset.product = item.product_id;
    return made;
  }));
}

export async function examples(target, choose) {
  const { users } = await api.users("", USERS);
  const cards = users.map((user) => ({ user, ...card(user, choose) }));
  target.replaceChildren(...cards.map(({ made }) => made));
  if (!users.length) target.append(element("p", { className: "quiet" }, "The model's snapshot knows no users."));
  for (const { user, items } of cards) await fill(user, items);
}
