// The state of the page as an address that can be sent: /?user=1004&diversity=.3

export function read() {
  const given = new URLSearchParams(location.search);
  const number = (name) => (given.get(name) && Number.isFinite(Number(given.get(name))) ? Number(given.get(name)) : undefined);
  const [column, ...value] = (given.get("only") ?? "").split(":");
  return {
    user: given.get("user") ?? "",
    top_k: number("top_k"),
    diversity: number("diversity"),
    exclude: ["1", "true"].includes(given.get("exclude_purchased")),
    column,
    value: value.join(":"),
    why: given.get("why") ?? "",
  };
}

// What is as it is without an address is left out.
export function write({ user, top_k, diversity, exclude, column, value, why }) {
  const told = new URLSearchParams();
  if (user) told.set("user", user);
  if (top_k !== 10) told.set("top_k", top_k);
  if (diversity !== undefined) told.set("diversity", diversity);
  if (exclude) told.set("exclude_purchased", "1");
  if (column && value) told.set("only", `${column}:${value}`);
  if (why) told.set("why", why);
  const text = told.toString();
  window.history.replaceState(null, "", text ? `?${text}` : location.pathname);
}
