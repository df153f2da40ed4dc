// ONNX Runtime for Node.js and, as it runs in browsers, in WebAssembly.
//
// Run: node onnxruntime.mjs PACKAGE MODULES FILE FORM PICTURES [COUNT]
// MODULES is the folder where `npm install PACKAGE` was typed; the rest as of worker.py, JSON lines.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const [name, modules, file, form, pictures, count] = process.argv.slice(2);
const { layout, type } = JSON.parse(form);

let version;

function tell(line) {
  process.stdout.write(`${JSON.stringify({ version, ...line })}\n`);
}

/** The values of one picture in the form that the file takes, and their shape. */
function batch(values, [height, width, channels]) {
  const made = type === "float" ? new Float32Array(values.length) : new Uint8Array(values.length);
  if (layout === "nhwc") {
    made.set(values);
    return [made, [1, height, width, channels]];
  }
  const area = height * width;
  for (let at = 0; at < area; at += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      made[channel * area + at] = values[at * channels + channel];
    }
  }
  return [made, [1, channels, height, width]];
}

function load() {
  try {
    const about = join(modules, "node_modules", name, "package.json");
    version = JSON.parse(readFileSync(about)).version;
    return createRequire(join(resolve(modules), "/"))(name);
  } catch (error) {
    if (!["ENOENT", "MODULE_NOT_FOUND"].includes(error.code)) throw error;
    tell({ not_installed: `npm install ${name}` });
    return null;
  }
}

async function answerAll(ort) {
  const session = await ort.InferenceSession.create(file);
  const listed = JSON.parse(readFileSync(pictures)).slice(0, Number(count ?? 1e6));
  for (const each of listed) {
    const values = readFileSync(join(dirname(pictures), each.file));
    const started = performance.now();
    const [data, shape] = batch(values, each.shape);
    const images = new ort.Tensor(type === "float" ? "float32" : "uint8", data, shape);
    const found = await session.run({ images }, ["probabilities"]);
    const ms = performance.now() - started;
    tell({ probabilities: [...found.probabilities.data].map(Number), ms });
  }
}

try {
  const ort = load();
  if (ort) await answerAll(ort);
} catch (error) {
  tell({ refused: String(error.message ?? error).split("\n")[0].slice(0, 300) });
}
