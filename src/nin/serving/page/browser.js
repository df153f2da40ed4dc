// Predictions without a server: the exported ONNX model runs here, in a worker of onnxruntime-web.

import * as ort from "./onnxruntime/ort.wasm.min.js";

export const where = "It runs in this browser: no image leaves it.";
export const descriptionAt = "model.json";

export async function open() {
  ort.env.wasm.wasmPaths = { mjs: runtime("js"), wasm: runtime("wasm") };
  ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? 0 : 1;
  ort.env.wasm.proxy = true;
  const description = await (await found(descriptionAt)).json();
  const channels = description.input_shape[2];
  let session = load();
  session.catch(() => {}); // Reported with the first image.
  const run = async (source) => {
    session ??= load();
    const loaded = await session.catch((error) => {
      session = null; // The next image tries again.
      throw error;
    });
    return predict(loaded, source.canvas, channels);
  };
  return { description, predict: run, reads: false };
}

function runtime(ending) {
  return new URL(`onnxruntime/ort-wasm-simd-threaded.${ending}`, document.baseURI).href;
}

async function load() {
  const model = await (await found("model.onnx")).arrayBuffer();
  try {
    return await ort.InferenceSession.create(new Uint8Array(model));
  } catch (error) {
    throw new Error(`this browser cannot run the network (${error.message ?? error})`);
  }
}

async function found(name) {
  const response = await fetch(name).catch(() => {
    throw new Error(`${name} could not be loaded: is this device online?`);
  });
  if (!response.ok) throw new Error(`${name} is not beside this page (${response.status})`);
  return response;
}

async function predict(session, canvas, channels) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const values = inChannels(pixels, channels);
  const images = new ort.Tensor("uint8", values, [1, height, width, channels]);
  const { probabilities, maps } = await session.run({ images });
  return { probabilities: Array.from(probabilities.data), maps: maps && shaped(maps) };
}

/** RGB, or grey, of RGBA; what was transparent is white already. */
function inChannels(pixels, channels) {
  const values = new Uint8Array((pixels.length / 4) * channels);
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += channels) {
    const [red, green, blue] = [pixels[from], pixels[from + 1], pixels[from + 2]];
    if (channels === 1) {
      values[to] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    } else {
      values[to] = red;
      values[to + 1] = green;
      values[to + 2] = blue;
    }
  }
  return values;
}

function shaped({ dims: [, height, width, classes], data: values }) {
  return { height, width, classes, values };
}
