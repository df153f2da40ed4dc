// Several images in a row, each with its prediction: one of them is shown.

import { thumbnail } from "./picture.js";
import { $, element } from "./view.js";

export function strip(items, choose) {
  $("strip").hidden = items.length < 2;
  $("images").replaceChildren(...items.map((item) => card(item, choose)));
}

function card(item, choose) {
  item.card = element("label", "card");
  item.card.title = item.name;
  const input = Object.assign(element("input", "unseen"), { type: "radio", name: "image" });
  input.setAttribute("aria-label", `${item.name}: not predicted yet`);
  input.addEventListener("change", () => choose(item));
  const thumb = Object.assign(element("span", "thumb"), { ariaHidden: "true" });
  item.card.append(input, thumb, element("span", "name", "…"));
  return item.card;
}

export function label({ card, canvas, name }, prediction, isShown) {
  const [input, thumb, words] = card.children;
  if (canvas) thumb.replaceChildren(thumbnail(canvas));
  if (isShown) input.checked = true;
  card.classList.toggle("failed", !prediction);
  words.textContent = prediction ?? "no prediction";
  input.setAttribute("aria-label", `${name}: ${words.textContent}`);
}
