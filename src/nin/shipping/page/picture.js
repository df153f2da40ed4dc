// A file as the browser shows it: turned as its EXIF says, on white, and no larger than needed.

// Networks see a few hundred pixels at most; a photograph of a phone has thousands.
const SIDE = 800;
const THUMBNAIL = 112;

export async function decode(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error(why(file));
  }
  const canvas = fitted(bitmap, SIDE);
  bitmap.close();
  return canvas;
}

export function thumbnail(canvas) {
  return fitted(canvas, THUMBNAIL);
}

export function blank() {
  return Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
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
