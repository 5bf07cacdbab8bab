// The decoder of QR codes, in the page or as a worker of its own.

import { decodeQR } from "../vendor/qr/decode.js";

// The text of a code in this region of a picture, drawn on `canvas` for it, or null.
export function decoded(picture, { x, y, width, height, scale }, canvas) {
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, x, y, width, height, 0, 0, wide, high);
  try {
    return decodeQR(context.getImageData(0, 0, wide, high)) || null;
  } catch {
    return null; // No code in sight: the decoder says so with an error.
  }
}

if (globalThis.WorkerGlobalScope) {
  const canvases = new Map(); // by size: two regions take turns
  globalThis.onmessage = ({ data: { frame, region } }) => {
    if (!canvases.has(region.width)) canvases.set(region.width, new OffscreenCanvas(1, 1));
    const text = decoded(frame, region, canvases.get(region.width));
    frame.close();
    postMessage(text);
  };
  postMessage(null);
}
