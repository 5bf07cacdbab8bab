// The camera as a scanner: the browser's own BarcodeDetector, or the decoder that comes with this page.

const EVERY = 100; // ms between two looks
const SAME = 3000; // ms: a ticket held before the camera is one scan
const SIDE = 720; // pixels: more only takes longer

export class Camera {
  #video;
  #seen;
  #stream = null;
  #last = { text: null, at: 0 };

  // `seen(text)` is called once for each code that comes into sight.
  constructor(video, seen) {
    this.#video = video;
    this.#seen = seen;
  }

  get runs() {
    return this.#stream !== null;
  }

  // Rejects with the browser's own error: NotAllowedError, NotFoundError, …
  async start() {
    const [stream, read] = await Promise.all([
      navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }),
      reader(),
    ]);
    this.#stream = stream;
    this.#video.srcObject = stream;
    await this.#video.play();
    this.#look(read);
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
  }

  async #look(read) {
    while (this.#stream) {
      const text = this.#video.readyState >= 2 ? await read(this.#video).catch(() => null) : null;
      const now = performance.now();
      if (text && (text !== this.#last.text || now - this.#last.at > SAME)) this.#seen(text);
      if (text) this.#last = { text, at: now };
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }
}

async function reader() {
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (formats.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { decodeQR } = await import("../vendor/qr/decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = video.videoWidth * scale;
    canvas.height = video.videoHeight * scale;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
  };
}
