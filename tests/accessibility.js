// Rules of WCAG 2.2 (A and AA) that a page can be held to by itself; gives a list of sentences.
(() => {
  const problems = [];
  const say = (rule, element) => {
    const text = (element?.outerHTML ?? "").replace(/\s+/g, " ").slice(0, 90);
    problems.push(text ? `${rule}: ${text}` : rule);
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isShown = (element) => element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });
  const named = (element) =>
    element.getAttribute("aria-label")?.trim() || element.getAttribute("aria-labelledby") ||
    element.textContent.trim() || element.querySelector("img[alt]:not([alt=''])") || element.title;

  // the document
  if (!document.documentElement.lang) say("the page has no language");
  if (!document.title.trim()) say("the page has no title");
  if (all("main, [role=main]").length !== 1) say("the page must have one main landmark");
  if (all("h1").filter(isShown).length !== 1) say("the page must have one first heading");
  const viewport = document.querySelector("meta[name=viewport]")?.content ?? "";
  if (/user-scalable\s*=\s*no|maximum-scale\s*=\s*1(\.0)?\b/.test(viewport)) say("zoom is switched off");
  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6").filter(isShown)) {
    const next = Number(heading.tagName[1]);
    if (level && next > level + 1) say(`heading jumps from ${level} to ${next}`, heading);
    if (!heading.textContent.trim()) say("heading without text", heading);
    level = next;
  }

  // ids and what refers to them
  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) say(`id twice: ${id}`);
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls", "for"])
    for (const element of all(`[${name}]`))
      for (const id of element.getAttribute(name).split(/\s+/))
        if (id && !document.getElementById(id)) say(`${name} names nothing`, element);

  // names
  for (const image of all("img")) if (!image.hasAttribute("alt")) say("image without alt", image);
  for (const image of all("svg").filter(isShown)) {
    const isHidden = image.closest("[aria-hidden=true]");
    if (!isHidden && !image.getAttribute("aria-label") && !image.querySelector(":scope > title"))
      say("picture without a name", image);
    // what has the role of an image hides its links from screen readers
    if (image.getAttribute("role") === "img" && image.querySelector("a, [tabindex]"))
      say("picture with the role img holds links", image);
  }
  for (const field of all("input:not([type=hidden]), select, textarea").filter(isShown))
    if (!field.labels?.length && !field.getAttribute("aria-label") && !field.getAttribute("aria-labelledby"))
      say("field without label", field);
  for (const element of all("a[href], button, summary").filter(isShown)) if (!named(element)) say("no name", element);
  for (const region of all("[role=group], [role=region], nav + nav, section[role]").filter(isShown))
    if (!region.getAttribute("aria-label") && !region.getAttribute("aria-labelledby")) say("no name", region);

  // structure
  for (const table of all("table").filter(isShown)) if (!table.querySelector("th")) say("table without heads", table);
  for (const head of all("th").filter(isShown)) if (!head.textContent.trim()) say("empty head of a table", head);
  for (const item of all("li")) if (!item.closest("ul, ol, menu, [role=list]")) say("item without list", item);
  for (const item of all("dt, dd")) if (!item.closest("dl")) say("definition without list", item);
  for (const list of all("ul, ol"))
    for (const child of list.children) if (!/^(LI|SCRIPT|TEMPLATE)$/.test(child.tagName)) say("list with other children", child);

  // keyboard and touch
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) say("tabindex above 0", element);
  for (const element of all("[onclick]"))
    if (!element.matches("a[href], button, input, select, textarea, summary, [tabindex]")) say("click without key", element);
  for (const element of all("body *").filter(isShown)) {
    const style = getComputedStyle(element);
    const scrolls = /auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    if (scrolls && element.tabIndex < 0 && !element.querySelector("a[href], button, input, [tabindex]"))
      say("scrolls, but not by keyboard", element);
  }
  for (const element of all("button, input, select, summary").filter(isShown)) {
    const box = element.getBoundingClientRect();
    const inLabel = element.closest("label")?.getBoundingClientRect() ?? box;
    if (Math.max(box.height, inLabel.height) < 24 || Math.max(box.width, inLabel.width) < 24) say("smaller than 24 pixels", element);
  }

  // contrast, as WCAG 2.2 reckons it
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, bottom) => [0, 1, 2].map((i) => top[i] * top[3] + bottom[i] * (1 - top[3])).concat(1);
  const luminance = (colour) => {
    const [red, green, blue] = colour.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (first, second) => {
    const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const page = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
  const behindShape = (element) => {
    const box = element.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const shapes = [...element.ownerSVGElement.querySelectorAll("rect")].filter((shape) => {
      const place = shape.getBoundingClientRect();
      return place.x <= x && x <= place.right && place.y <= y && y <= place.bottom;
    });
    return shapes.map((shape) => getComputedStyle(shape)).filter((style) => style.fill !== "none").at(-1)?.fill;
  };
  const background = (element) => {
    const layers = [];
    if (element.ownerSVGElement) layers.push(parsed(behindShape(element) ?? "transparent"));
    for (let node = element; node; node = node.parentElement) layers.push(parsed(getComputedStyle(node).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), page);
  };
  const opacity = (element) => {
    let share = 1;
    for (let node = element; node; node = node.parentElement) share *= Number(getComputedStyle(node).opacity);
    return share;
  };
  const seen = new Set();
  for (const element of all("body *").filter(isShown)) {
    const holds = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!holds || /^(SCRIPT|STYLE|TITLE|OPTION)$/i.test(element.tagName) || element.closest(":disabled, [aria-hidden=true]")) continue;
    const style = getComputedStyle(element);
    const colour = parsed(element.ownerSVGElement ? style.fill : style.color);
    colour[3] *= opacity(element);
    const ground = background(element);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const found = ratio(over(colour, ground), ground);
    const key = `${element.tagName}.${element.getAttribute("class")} ${found.toFixed(2)}`;
    if (found < least - 0.01 && !seen.has(key)) say(`contrast ${found.toFixed(2)} of ${least}`, element);
    seen.add(key);
  }
  return problems;
})()
