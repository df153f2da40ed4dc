// A prediction as it is shown: its words, a bar for each class, the map over the image.

import { mapOf, paint, paintScale, scaleOf, summary } from "./evidence.js";

const LISTED = 12;

export const $ = (id) => document.getElementById(id);

export function element(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

export class View {
  constructor({ description, choose }) {
    this.classes = description.classes;
    this.hasMaps = description.maps;
    this.rows = this.classes.map((name, index) => row(name, index, this.hasMaps));
    this.isLong = this.classes.length > LISTED;
    $("rows").append(...this.rows);
    $("rows").addEventListener("change", (event) => choose(Number(event.target.value)));
    $("classes-title").textContent = this.hasMaps ? "Choose a class to see its map" : "Classes";
    $("more").textContent = `Show all ${this.classes.length} classes`;
    $("more").addEventListener("click", () => this.#expand());
    $("opacity").addEventListener("input", () => this.#blend());
    this.#blend();
    this.empty();
  }

  empty(words = "No prediction yet") {
    $("classes").disabled = true;
    $("page").dataset.maps = "no";
    $("prediction").textContent = words;
    $("sureness").textContent = $("caption").textContent = "";
    $("seen").hidden = true;
    for (const each of this.rows) fill(each, 0, false, false);
    this.#list(this.rows.map((_, index) => index));
  }

  // Returns it in words, for a screen reader.
  show({ probabilities, maps }, chosen, name, isCropped) {
    const first = best({ probabilities });
    const shown = chosen ?? first;
    const sureness = percent(probabilities[first]);
    $("classes").disabled = false;
    $("prediction").textContent = this.classes[first];
    $("sureness").textContent = sureness;
    for (const [index, each] of this.rows.entries()) {
      fill(each, probabilities[index], index === first, this.hasMaps && index === shown);
    }
    const order = [...probabilities.keys()];
    if (this.isLong) order.sort((a, b) => probabilities[b] - probabilities[a]);
    this.#list(order, shown);
    this.#map(maps, shown, name, isCropped);
    return `${this.classes[first]}, ${sureness}`;
  }

  #list(order, shown) {
    if (!this.isLong) return;
    if (order.join() !== this.order) $("rows").append(...order.map((index) => this.rows[index]));
    this.order = order.join();
    for (const [rank, index] of order.entries()) {
      this.rows[index].hidden = !this.expanded && rank >= LISTED && index !== shown;
    }
    $("more").hidden = Boolean(this.expanded);
  }

  #expand() {
    this.expanded = true;
    for (const each of this.rows) each.hidden = false;
    $("more").hidden = true;
    $("rows").tabIndex = -1;
    ($("rows").querySelector("input") ?? $("rows")).focus();
  }

  #map(maps, index, name, isCropped) {
    const isPlace = maps && maps.height * maps.width > 1;
    $("page").dataset.maps = isPlace ? "yes" : "no";
    $("overlay").classList.toggle("cropped", isCropped);
    $("picture").setAttribute("aria-label", name);
    $("caption").textContent = this.hasMaps
      ? "The class maps of this network are too large for its server to send (--max-bytes)."
      : "This network has no class maps: it predicts what, not where.";
    if (!maps) return;
    const label = this.classes[index];
    const map = mapOf(maps, index);
    const sum = summary(map);
    $("caption").textContent = isPlace ? mapWords(label, sum) : pointWords(label, sum);
    if (!isPlace) return;
    if (isCropped) $("caption").textContent += " Dimmed: outside what the network sees.";
    const scale = scaleOf(maps);
    paint($("overlay"), map, scale.limit);
    legend(scale, sum, label);
    $("picture").setAttribute("aria-label", `${name}, with the map of ${label} over it`);
  }

  #blend() {
    $("frame").style.setProperty("--map", Number($("opacity").value) / 100);
    $("opacity").setAttribute("aria-valuetext", `${$("opacity").value} % over the image`);
  }
}

function row(name, index, isChoice) {
  const each = element(isChoice ? "label" : "div", "row");
  if (isChoice) {
    const input = element("input", "unseen");
    each.append(Object.assign(input, { type: "radio", name: "class", value: index }));
  }
  const bar = element("span", "bar");
  bar.append(element("i", ""));
  each.append(element("span", "name", name), bar, element("span", "percent"));
  return each;
}

function fill(each, probability, isBest, isShown) {
  each.classList.toggle("best", isBest);
  each.querySelector("i").style.transform = `scaleX(${probability})`;
  each.querySelector(".percent").textContent = percent(probability);
  const input = each.querySelector("input");
  if (input) input.checked = isShown;
}

function legend({ limit, low }, sum, label) {
  const at = (value) => `${(100 * (value - low)) / (limit - low)}%`;
  paintScale($("ramp"), { limit, low });
  $("range").style.left = at(sum.low);
  $("range").style.right = `calc(100% - ${at(sum.high)})`;
  $("mean").style.left = `${(100 * (sum.mean - sum.low)) / (sum.high - sum.low || 1)}%`;
  $("low").textContent = low ? `${number(low)} against` : "0 no evidence";
  $("zero").hidden = !low;
  $("high").textContent = `${number(limit)} for`;
  const start = low ? `${number(low)}, against a class,` : "0";
  const own = `${label}: ${number(sum.low)} to ${number(sum.high)}, mean ${number(sum.mean)}.`;
  $("scale").ariaLabel = `One scale for all classes: ${start} to ${number(limit)}, for it. ${own}`;
}

function mapWords(label, { low, high, mean, place }) {
  const logit = `The mean of its map, ${number(mean)}, is its logit.`;
  if (high <= 0) return `No evidence for ${label}${low < 0 ? ", only against it" : ""}. ${logit}`;
  return `Most evidence for ${label}: ${place}, ${number(high)}. ${logit}`;
}

function pointWords(label, { mean }) {
  const evidence = `${mean > 0 ? "Evidence" : "No evidence"} for ${label}: ${number(mean)}.`;
  return `The maps of this network are 1×1: they show what, not where. ${evidence}`;
}

export function best({ probabilities }) {
  return probabilities.indexOf(Math.max(...probabilities));
}

export function percent(probability) {
  const value = 100 * probability;
  if (value > 0 && value < 0.1) return "<0.1 %";
  if (value < 100 && value > 99.9) return ">99.9 %";
  return `${value.toFixed(1)} %`;
}

function number(value) {
  const size = Math.abs(value);
  if (size < 0.005) return "0";
  return `${value < 0 ? "−" : "+"}${size.toFixed(size < 10 ? 2 : 1)}`;
}
