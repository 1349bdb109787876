// Talks to the server; knows nothing of the page.

const KEY = "towerline-token";
const rows = new Map(); // product id -> promise of its row

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function useToken(token) {
  sessionStorage.setItem(KEY, token);
}

export async function call(path, body) {
  const headers = {};
  const token = sessionStorage.getItem(KEY);
  if (token) headers.authorization = "Bearer " + token;
  if (body !== undefined) headers["content-type"] = "application/json";
  const options = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(path.replace(/^\//, ""), options);
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, content.detail || answer.statusText);
  return content;
}

export const recommend = (request) => call("/v1/recommendations", request);
export const similar = (product, top_k) => call("/v1/similar", { product_id: product, top_k });
export const search = (text, top_k) => call("/v1/search", { text, top_k });
export const user = (id) => call("/v1/users/" + encodeURIComponent(id));

export const users = (prefix, limit = 20) => call(`/v1/users?prefix=${encodeURIComponent(prefix)}&limit=${limit}`);
export const explain = (request) => call("/v1/explain", request);

export function remember(products) {
  for (const [id, row] of Object.entries(products)) rows.set(id, Promise.resolve(row));
}

export function product(id) {
  if (!rows.has(id)) rows.set(id, call("/v1/products/" + encodeURIComponent(id)).catch(() => ({})));
  return rows.get(id);
}

export async function knownRows() {
  return Promise.all(rows.values());
}
