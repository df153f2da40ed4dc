// A class map: evidence for the class where it is positive, against it where it is negative.

// Okabe and Ito's vermilion and blue: told apart whatever one's colour vision. Zero is clear.
const FOR = [213, 94, 0];
const AGAINST = [0, 114, 178];

// One scale for all classes of an image.
export function scaleOf({ values }) {
  const [low, high] = ends(values, [0, 0]);
  const limit = Math.max(high, -low) || 1;
  return { limit, low: low < 0 ? -limit : 0 };
}

export function mapOf({ height, width, classes, values }, index) {
  const own = new Float32Array(height * width);
  for (let place = 0; place < own.length; place++) own[place] = values[place * classes + index];
  return { height, width, values: own };
}

export function summary({ values, width, height }) {
  const [low, high] = ends(values);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { low, high, mean, place: place(values.indexOf(high), width, height) };
}

// Of large maps there are more values than a function takes arguments.
function ends(values, [low, high] = [Infinity, -Infinity]) {
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function place(index, width, height) {
  const row = third(Math.floor(index / width), height, ["top", "middle", "bottom"]);
  const column = third(index % width, width, ["left", "centre", "right"]);
  return row === "middle" && column === "centre" ? "in the middle" : `${row} ${column}`;
}

function third(position, count, words) {
  return words[Math.floor((3 * (position + 0.5)) / count)];
}

// The values are stretched first and coloured then: halfway from for to against is nothing.
export function paint(canvas, map, limit, side = 192) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  stretch(map, side, side).forEach((value, index) => color(image.data, index, value / limit));
  context.putImageData(image, 0, 0);
}

export function paintScale(canvas, { limit, low }) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, 1);
  for (let x = 0; x < canvas.width; x++) {
    const value = low + ((limit - low) * (x + 0.5)) / canvas.width;
    color(image.data, x, value / limit);
  }
  context.putImageData(image, 0, 0);
}

function color(data, index, value) {
  data.set(value > 0 ? FOR : AGAINST, 4 * index);
  data[4 * index + 3] = 255 * Math.min(1, Math.abs(value));
}

// Bilinear, pixel centres at ½: each map value lies in the middle of the part it stands for.
export function stretch({ height, width, values }, rows, columns) {
  const down = Array.from({ length: rows }, (_, row) => between(row, rows, height));
  const across = Array.from({ length: columns }, (_, column) => between(column, columns, width));
  const result = new Float32Array(rows * columns);
  let index = 0;
  for (const [top, bottom, y] of down) {
    for (const [left, right, x] of across) {
      const above = values[top * width + left] * (1 - x) + values[top * width + right] * x;
      const below = values[bottom * width + left] * (1 - x) + values[bottom * width + right] * x;
      result[index++] = above * (1 - y) + below * y;
    }
  }
  return result;
}

function between(position, count, side) {
  const there = Math.min(side - 1, Math.max(0, ((position + 0.5) * side) / count - 0.5));
  const before = Math.floor(there);
  return [before, Math.min(side - 1, before + 1), there - before];
}
