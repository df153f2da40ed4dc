// Answers without a server: the exported ONNX model runs here, in a worker of onnxruntime-web.

import * as ort from "./onnxruntime/ort.wasm.min.mjs";

export const where = "It runs in this browser: no image leaves it.";
export const descriptionAt = "model.json";

export async function open() {
  ort.env.wasm.wasmPaths = new URL("onnxruntime/", document.baseURI).href;
  ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? 0 : 1;
  ort.env.wasm.proxy = true;
  const description = await (await found(descriptionAt)).json();
  const session = load();
  session.catch(() => {}); // Told when the first image is asked about.
  const ask = async (source) => answer(await session, source.canvas);
  return { description, answer: ask, reads: false };
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
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name} is not beside this page (${response.status})`);
  return response;
}

async function answer(session, canvas) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const images = new ort.Tensor("uint8", new Uint8Array(pixels.buffer), [1, height, width, 4]);
  const { probabilities, maps } = await session.run({ images });
  return { probabilities: Array.from(probabilities.data), maps: maps && shaped(maps) };
}

function shaped({ dims: [, height, width, classes], data: values }) {
  return { height, width, classes, values };
}
