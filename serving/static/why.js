// Shows why a product is, or is not, in the list, and what would bring it in.

import { element } from "./views.js";

const plain = (text) => text.replaceAll("`", ""); // marks of code are for terminals
const MARKS = { true: ["✓", "passed"], false: ["✗", "kept out"], null: ["·", "not reached"] };

function stage({ stage: name, passed, text }) {
  const [mark, told] = MARKS[passed];
  const sign = element("span", { className: passed === false ? "down" : passed ? "up" : "quiet" }, mark);
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", told);
  return element("li", {}, sign, element("strong", {}, name.replaceAll("_", " ")), element("span", { className: "text" }, plain(text)));
}

function part({ contribution, text }) {
  const number = element("span", { className: contribution < 0 ? "down" : "up" }, (contribution < 0 ? "−" : "+") + Math.abs(contribution).toFixed(3));
  return element("li", {}, number, element("span", { className: "text" }, text));
}

// Only what a request can say can be tried here.
function change(found, apply) {
  const made = element("li", {}, element("span", {}, `${plain(found.text)}: rank ${found.rank}`));
  const fields = Object.assign({}, ...found.steps.map((step) => step.request ?? { other: true }));
  if (Object.keys(fields).every((name) => ["top_k", "diversity", "exclude_purchased"].includes(name))) {
    const button = element("button", { type: "button" }, "Apply");
    button.setAttribute("aria-label", `Apply: ${plain(found.text)}`);
    button.addEventListener("click", () => apply(fields));
    made.append(button);
  }
  return made;
}

function titled(title, name, items) {
  return items.length ? [element("h3", {}, title), element(name, { className: "plain" }, ...items)] : [];
}

export function explanation(target, answer, apply) {
  const { score } = answer;
  const head = element("p", {}, element("strong", {}, answer.description || answer.product_id));
  if (answer.description) head.append(` ${answer.product_id}`);
  const told = score
    ? `What the ranker sees in it (score ${score.score.toFixed(2)}, that of the mean candidate ${score.baseline.toFixed(2)}${score.as_if_candidate ? ", as if it were one" : ""})`
    : "";
  target.replaceChildren(
    head,
    element("p", { className: answer.in_list ? "up" : "down" }, `${plain(answer.verdict.text)}.`),
    ...titled("What would bring it in", "ul", answer.changes.map((found) => change(found, apply))),
    ...titled("Stage by stage", "ol", answer.stages.map(stage)),
    ...titled(told, "ul", (score?.contributions ?? []).map(part)),
    ...answer.notes.map((note) => element("p", { className: "quiet" }, plain(note))),
  );
}
