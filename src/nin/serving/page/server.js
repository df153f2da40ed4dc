// Predictions by `nin serve`: the file itself is sent, and decoded there as in training.

const WORDS = {
  413: "too large for this server",
  415: "not a kind of image that this server reads",
  503: "the server is busy: try again in a moment",
  504: "the server took too long: try again in a moment",
};

export const where = "Images go to this server and nowhere else.";
export const descriptionAt = "model";

export async function open() {
  const description = await (await request(descriptionAt)).json();
  const run = (source, signal) => predict(description, source, signal);
  return { description, predict: run, reads: true };
}

async function predict(description, { file, canvas }, signal) {
  let response;
  try {
    response = await sent(description, file ?? (await png(canvas)), signal);
  } catch (error) {
    // A kind that this browser reads and the server may not: HEIC on an iPhone.
    if (error.status !== 415 || !canvas || !file) throw error;
    response = await sent(description, await png(canvas), signal);
  }
  const [first] = (await response.json()).predictions;
  const likely = new Map(first.top.map(({ label, probability }) => [label, probability]));
  return {
    probabilities: description.classes.map((name) => likely.get(name) ?? 0),
    maps: first.maps && decodeMaps(first.maps),
  };
}

// With the class maps; without them if they, and not the image, are too large for the server.
async function sent({ maps }, body, signal) {
  try {
    return await send(body, maps ? "values" : "none", signal);
  } catch (error) {
    if (error.status !== 413 || !maps) throw error;
    return send(body, "none", signal);
  }
}

function send(body, maps, signal) {
  const headers = { "Content-Type": body.type || "application/octet-stream" };
  return request(`predict?maps=${maps}`, { method: "POST", body, headers, signal });
}

async function request(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (options?.body && !(await isReadable(options.body))) {
      throw new Error("it cannot be read: a folder, or a file that has changed since");
    }
    throw new Error("the server does not respond: is nin serve still running?");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const words = WORDS[response.status] ?? `the server returned status ${response.status}`;
  const detail = typeof problem.detail === "string" ? problem.detail : words;
  throw Object.assign(new Error(detail), { status: response.status });
}

function isReadable(body) {
  return body.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

function decodeMaps({ shape: [height, width, classes], values }) {
  const bytes = Uint8Array.from(atob(values), (character) => character.charCodeAt(0));
  return { height, width, classes, values: new Float32Array(bytes.buffer) };
}

function png(canvas) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
