// What reads QR codes in a camera's picture: the browser's own BarcodeDetector, or the decoder that comes with this page,
// in a worker where there can be one, so that the page answers meanwhile.

// How many pixels the longer side has that is looked at: more only takes longer. A ticket that is held far away is small,
// so every other look is at the middle alone, as sharp as it is.
const SIDE = 640;

// Returns `read(video)`: the text of a code that is in sight, or null.
export async function reader() {
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (formats.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue || null;
  }
  let decode = (await elsewhere().catch(() => null)) ?? (await here());
  let whole = false;
  return async (video) => {
    whole = !whole;
    const region = whole ? all(video) : middle(video);
    try {
      return await decode(video, region);
    } catch {
      decode = await here(); // A browser that gives a worker no pictures, or took the worker away.
      return null;
    }
  };
}

// {x, y, width, height} of the picture, and the `scale` at which it is looked at.
function all({ videoWidth: width, videoHeight: height }) {
  return { x: 0, y: 0, width, height, scale: Math.min(1, SIDE / Math.max(width, height)) };
}

function middle({ videoWidth, videoHeight }) {
  const side = Math.round(Math.min(videoWidth, videoHeight) / 1.5);
  const [x, y] = [Math.round((videoWidth - side) / 2), Math.round((videoHeight - side) / 2)];
  return { x, y, width: side, height: side, scale: Math.min(1, SIDE / 1.5 / side) };
}

async function elsewhere() {
  if (!globalThis.VideoFrame || !globalThis.OffscreenCanvas) return null;
  const worker = new Worker(new URL("./decoder.js", import.meta.url), { type: "module" });
  const told = () =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    });
  await told();
  return (video, region) => {
    const frame = new VideoFrame(video, { timestamp: 0 });
    const answer = told();
    worker.postMessage({ frame, region }, [frame]);
    return answer;
  };
}

async function here() {
  const { decoded } = await import("./decoder.js");
  const canvas = document.createElement("canvas");
  return async (video, region) => decoded(video, region, canvas);
}
