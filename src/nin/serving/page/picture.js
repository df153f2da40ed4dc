// A file as the browser shows it: turned as its EXIF says, on white, and no larger than needed.

// Networks see a few hundred pixels at most; a photograph of a phone has thousands.
const SIDE = 800;
const THUMBNAIL = 112;
// Of a panorama: larger canvases are not everywhere to be had.
const MOST = 4096;

// At least `least` pixels are left of the short side, where the image has as many.
export async function decode(file, least = 0) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error(why(file));
  }
  const canvas = fitted(bitmap, longest(bitmap, least));
  bitmap.close();
  return canvas;
}

// The part of an image that the network sees, in shares of its sides: all, or the middle square.
export function seenPart({ width, height }, fit) {
  const side = Math.min(width, height);
  const [wide, high] = fit === "crop" ? [side / width, side / height] : [1, 1];
  return { x: (1 - wide) / 2, y: (1 - high) / 2, width: wide, height: high };
}

export function thumbnail(canvas) {
  return fitted(canvas, THUMBNAIL);
}

export function blank() {
  return Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
}

function longest({ width, height }, least) {
  const needed = (least * Math.max(width, height)) / Math.min(width, height);
  return Math.min(MOST, Math.max(SIDE, needed));
}

function fitted(image, side) {
  const scale = Math.min(1, side / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function why(file) {
  if (!file.size) return "the file is empty";
  if (/hei[cf]/i.test(file.type + file.name)) {
    return "this browser cannot read HEIC photographs: save it as JPEG";
  }
  if (file.type && !file.type.startsWith("image/")) return `not an image (${file.type})`;
  return "a broken image, or of a kind that this browser cannot read";
}
