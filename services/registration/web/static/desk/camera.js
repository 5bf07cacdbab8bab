// The camera as a scanner: the browser's own BarcodeDetector, or the decoder that comes with this page.

const EVERY = 100; // ms between two looks
const SAME = 3000; // ms: a ticket held before the camera is one scan
const SIDE = 720; // pixels: more only takes longer

export class Camera {
  #video;
  #seen;
  #ended;
  #awake = null;
  #stream = null;
  #last = { text: null, at: 0 };

  // `seen(text)` is called once for each code that comes into sight, `ended()` when the camera is taken away: unplugged,
  // forbidden, or wanted by a call.
  constructor(video, seen, ended) {
    this.#video = video;
    this.#seen = seen;
    this.#ended = ended;
    document.addEventListener("visibilitychange", () => this.#stayAwake());
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
    stream.getVideoTracks()[0].addEventListener("ended", () => {
      this.stop();
      this.#ended();
    });
    await this.#video.play();
    this.#look(read);
    await this.#stayAwake();
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
    this.#awake?.release();
    this.#awake = null;
  }

  // Between two arrivals the screen would go dark. A browser lets go of it whenever the page is hidden.
  async #stayAwake() {
    if (!this.#stream || document.hidden) return;
    const awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    if (this.#stream) this.#awake = awake;
    else awake?.release();
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
