// The page: images come in, are predicted one after the other, and one of them is shown.

import { Pad, normalised } from "./drawing.js";
import { blank, decode, seenPart } from "./picture.js";
import { label, strip } from "./strip.js";
import { $, View, best, percent } from "./view.js";

const MOST = 100;
const DIGITS = "0123456789";
// Milliseconds between the predictions for a drawing in progress.
const PAUSE = 40;

let backend, view, pad;
let items = [];
let current = null;
// The class whose map is shown; null: the predicted one.
let chosen = null;
let round = new AbortController();

start().catch((error) => fail(error));

async function start() {
  document.querySelector(".late").remove(); // This script runs.
  const { content } = document.querySelector('meta[name="nin-backend"]');
  const { open, where, descriptionAt } = await import(`./${content}.js`);
  $("where").textContent = where;
  $("description").href = descriptionAt;
  // Dropped before there is a network, or if there is none: the browser would show it in our place.
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => event.preventDefault());
  }
  backend = await open();
  const { description } = backend;
  view = new View({ description, choose });
  introduce(description);
  listen();
  const draws = description.draw ?? description.classes.join("") === DIGITS;
  pad = new Pad($("pad"), $("ink"), drawn);
  $("draw").hidden = !draws;
  if (draws) startDrawing();
}

function introduce(description) {
  const { name, classes, input_shape, input, parameters, provenance } = description;
  const [height, width, channels] = input_shape;
  // In fewer bits or at another size it is another network.
  const isResized = input?.size && input.size !== description.trained_size;
  const result = description.quantization || isResized ? null : provenance?.result;
  const facts = [
    `${classes.length} classes`,
    `takes ${width}×${height} pixels in ${channels === 1 ? "grey" : "colour"}`,
    parameters && `${parameters.toLocaleString("en")} parameters`,
    result?.accuracy && `${percent(result.accuracy)} of ${result.split ?? "its"} images right`,
  ];
  document.title = `${name} – nin`;
  $("name").textContent = name;
  $("facts").textContent = facts.filter(Boolean).join(" · ");
}

// Images in

function listen() {
  for (const [button, input] of [["choose", "files"], ["photograph", "camera"]]) {
    $(button).addEventListener("click", () => $(input).click());
    $(input).addEventListener("change", ({ target }) => {
      take(target.files);
      target.value = "";
    });
  }
  $("stage").addEventListener("click", () => $("page").dataset.mode === "empty" && $("files").click());
  $("draw").addEventListener("click", () => {
    startDrawing();
    $("clear").focus(); // The button itself is hidden now.
  });
  $("clear").addEventListener("click", () => pad.clear());
  $("paste").hidden = !navigator.clipboard?.read;
  $("paste").addEventListener("click", pasted);
  document.addEventListener("paste", ({ clipboardData }) => take(clipboardData.files));
  document.addEventListener("dragover", (event) => dragged(event, true));
  document.addEventListener("dragleave", (event) => event.relatedTarget || dragged(event, false));
  document.addEventListener("drop", (event) => {
    dragged(event, false);
    take(event.dataTransfer.files);
  });
}

function dragged(event, isOver) {
  event.preventDefault();
  $("page").classList.toggle("dragging", isOver);
}

async function pasted() {
  try {
    const files = [];
    for (const each of await navigator.clipboard.read()) {
      const type = each.types.find((type) => type.startsWith("image/"));
      if (type) files.push(new File([await each.getType(type)], "pasted image", { type }));
    }
    take(files);
  } catch {
    fail(new Error("the browser does not let this page read the clipboard: press Ctrl+V instead"));
  }
}

async function take(files) {
  if (!files.length) return fail(new Error("that is not an image: drop, paste or choose a file"));
  const signal = begin("image");
  const every = [...files];
  items = every.slice(0, MOST).map((file) => ({ file, name: file.name || "image" }));
  strip(items, switchTo);
  for (const item of items) {
    await read(item, signal);
    if (signal.aborted) return;
    report(item);
  }
  const count = items.filter((item) => item.prediction).length;
  if (items.length > 1) announce(`predictions for ${count} of ${items.length} images`);
  if (every.length > MOST) fail(new Error(`these are the first ${MOST} of ${every.length} images`));
}

async function read(item, signal) {
  try {
    item.canvas = await decode(item.file, needed(backend.description));
  } catch (error) {
    item.error = error;
  }
  if (!current && !signal.aborted) preview(item);
  // A server may read what the browser does not: TIFF.
  if (item.canvas || backend.reads) await predict(item, signal);
}

// Both sides stay at twice what the network takes, as in training: the short one counts.
function needed({ input_shape: [side] }) {
  return 2 * side;
}

function preview(item) {
  place(item);
  view.empty("Predicting …");
}

async function predict(item, signal) {
  try {
    item.prediction = await backend.predict(item, signal);
  } catch (error) {
    item.error = error;
  }
}

function report(item) {
  label(item, item.prediction && backend.description.classes[best(item.prediction)], !current);
  if (!current || current === item) show(item);
}

// A drawing

function startDrawing() {
  begin("draw");
  pad.clear();
}

let isReading = false;
let isChanged = false;

function drawn() {
  isChanged = pad.strokes.length > 0;
  $("page").classList.toggle("drawn", isChanged);
  if (!isChanged) forget();
  else if (!isReading) follow();
}

// One drawing is predicted at a time, and then what has been drawn meanwhile.
async function follow() {
  isReading = true;
  while (isChanged) {
    isChanged = false;
    await readDrawing(pad.strokes, round.signal);
    await new Promise((resume) => setTimeout(resume, PAUSE));
  }
  isReading = false;
}

async function readDrawing(strokes, signal) {
  const { canvas, square } = normalised(strokes, backend.description);
  const item = { name: "The drawing", canvas, square };
  await predict(item, signal);
  if (!signal.aborted && strokes === pad.strokes) show(item);
}

function forget() {
  current = chosen = null;
  clearTimeout(speaking);
  $("status").textContent = "";
  view.empty();
  fail(null);
}

// What is shown

function begin(mode) {
  round.abort();
  round = new AbortController();
  isChanged = false; // No more of a drawing that is given up is predicted.
  items = [];
  $("page").dataset.mode = mode;
  $("strip").hidden = true;
  $("page").setAttribute("aria-busy", mode === "image");
  forget();
  return round.signal;
}

function show(item) {
  current = item;
  $("page").setAttribute("aria-busy", !item.prediction && !item.error);
  fail(item.error, item.prediction ? `${item.name} is predicted, not shown` : item.name);
  place(item);
  if (!item.prediction) return view.empty(item.error ? "No prediction" : "Predicting …");
  announce(view.show(item.prediction, chosen, item.name, hasMargins(item)));
}

function switchTo(item) {
  chosen = null;
  show(item);
}

function choose(index) {
  chosen = index;
  view.show(current.prediction, chosen, current.name, hasMargins(current));
  announce($("caption").textContent);
}

// Whether some of the image is outside what the network sees.
function hasMargins({ canvas, square }) {
  if (square || !canvas) return false;
  const { width, height } = seenPart(canvas, backend.description.fit);
  return width < 1 || height < 1;
}

function place({ canvas, square, name }) {
  $("picture").setAttribute("aria-label", name);
  if (square) return placeDrawing(canvas, square);
  const image = canvas ?? blank();
  const { width, height } = image;
  Object.assign($("picture"), { width, height });
  $("picture").getContext("2d").drawImage(image, 0, 0);
  $("picture").classList.toggle("small", Math.max(width, height) <= 96);
  $("frame").style.setProperty("--ratio", width / height);
  spot(seenPart(image, backend.description.fit));
}

function placeDrawing(canvas, square) {
  const seen = $("seen").querySelector("canvas");
  Object.assign(seen, { width: canvas.width, height: canvas.height });
  seen.getContext("2d").drawImage(canvas, 0, 0);
  $("seen").hidden = false;
  const { x, y, side } = square;
  spot({ x, y, width: side, height: side });
}

function spot(part) {
  const [left, top, width, height] = [part.x, part.y, part.width, part.height].map(
    (share) => `${100 * share}%`,
  );
  Object.assign($("overlay").style, { left, top, width, height });
}

// Words

function fail(error, subject) {
  const words = error ? [subject, error.message].filter(Boolean).join(": ") : "";
  $("error").textContent = words;
  if (error && !backend) $("facts").textContent = "";
}

let speaking = null;

// Not every stroke of a drawing is read aloud.
function announce(words) {
  clearTimeout(speaking);
  speaking = setTimeout(() => ($("status").textContent = words), 500);
}
