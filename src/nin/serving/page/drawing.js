// Strokes of a pen, and the image of them that looks like those the network was trained on.

// Width of the pen on the page, as a part of the drawing area.
const PEN = 0.055;

// UCI's 8×8 digits fill their image; MNIST's lie in 20 of 28 pixels, the centre of mass in the middle.
const UCI = { fill: 1, pen: 0.17, byMass: false };
const MNIST = { fill: 20 / 28, pen: 0.09, byMass: true };

export class Pad {
  constructor(svg, path, changed) {
    Object.assign(this, { svg, path, changed, strokes: [] });
    path.setAttribute("stroke-width", PEN);
    svg.addEventListener("pointerdown", (event) => this.#begin(event));
    svg.addEventListener("pointermove", (event) => this.#go(event));
  }

  clear() {
    this.strokes = [];
    this.#show();
  }

  #begin(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    this.svg.setPointerCapture(event.pointerId);
    this.strokes.push([this.#at(event)]);
    this.#show();
  }

  #go(event) {
    if (!this.svg.hasPointerCapture(event.pointerId)) return;
    if (!this.strokes.length) this.strokes.push([]); // Cleared meanwhile: a new one begins.
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) this.strokes.at(-1).push(this.#at(each));
    this.#show();
  }

  #at(event) {
    const { left, top, width, height } = this.svg.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  #show() {
    this.path.setAttribute("d", this.strokes.map(line).join(""));
    this.changed();
  }
}

// A canvas draws no line without a length: the last point is one, if a short one.
function line(points) {
  const [x, y] = points.at(-1);
  return `M${points[0]}L${[...points.slice(1), [x + 1e-4, y]].join(" ")}`;
}

// The image, white on black, and the square of the drawing area that it shows.
export function normalised(strokes, { input_shape: [height, width], provenance }) {
  const set = provenance?.data?.name ?? (height < 16 ? "digits" : "mnist");
  const style = set === "digits" ? UCI : MNIST;
  const square = around(strokes, style);
  let canvas = render(strokes, square, style.pen, width, height);
  if (style.byMass) {
    const [x, y] = centreOfMass(canvas);
    square.x += (x - 0.5) * square.side;
    square.y += (y - 0.5) * square.side;
    canvas = render(strokes, square, style.pen, width, height);
  }
  return { canvas, square };
}

function around(strokes, { fill, pen }) {
  const points = strokes.flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right] = [xs.reduce(least), xs.reduce(most)];
  const [top, bottom] = [ys.reduce(least), ys.reduce(most)];
  // The pen's own width belongs to the digit; a dot is not blown up to a blot.
  const side = Math.max(0.3, Math.max(right - left, bottom - top) / (fill - pen));
  return { x: (left + right - side) / 2, y: (top + bottom - side) / 2, side };
}

const least = (a, b) => Math.min(a, b);
const most = (a, b) => Math.max(a, b);

function render(strokes, { x, y, side }, pen, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, width, height);
  context.setTransform(width / side, 0, 0, height / side, (-x * width) / side, (-y * height) / side);
  context.lineWidth = pen * side;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = "white";
  context.stroke(new Path2D(strokes.map(line).join("")));
  return canvas;
}

function centreOfMass(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [mass, x, y] = [0, 0, 0];
  for (let place = 0; place < width * height; place++) {
    const value = data[4 * place];
    mass += value;
    x += value * ((place % width) + 0.5);
    y += value * (Math.floor(place / width) + 0.5);
  }
  return mass ? [x / mass / width, y / mass / height] : [0.5, 0.5];
}
