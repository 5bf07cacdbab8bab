// The camera as a scanner: its picture, its lamp, which of several cameras it is, and what it reads.

import { reader } from "./reading.js";
import { remember, remembered } from "./remembering.js";

const PAUSE = 60; // ms between two looks: a picture is read in a few of them
const SAME = 3000; // ms: a ticket held before the camera is one scan
const CHOSEN = "desk camera"; // remembered on this device, for every event
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 } };

export class Camera {
  cameras = []; // {id, name} of those there are, once one of them is on
  lamp = null; // whether it is lit; null where there is none
  #video;
  #seen;
  #changed;
  #awake = null;
  #stream = null;
  #last = { text: null, at: 0 };

  // `seen(text)` is called once for each code that comes into sight; `changed(error)` after what is here may have changed,
  // with an error when the camera is taken away: unplugged, forbidden, or wanted by a call.
  constructor(video, { seen, changed }) {
    this.#video = video;
    this.#seen = seen;
    this.#changed = changed;
    document.addEventListener("visibilitychange", () => this.#stayAwake());
    navigator.mediaDevices.addEventListener?.("devicechange", () => this.runs && this.#list());
  }

  get runs() {
    return this.#stream !== null;
  }

  get chosen() {
    return this.#track?.getSettings().deviceId ?? null;
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0] ?? null;
  }

  // Rejects with the browser's own error: NotAllowedError, NotFoundError, …
  async start() {
    const read = await reader();
    const stream = await this.#open();
    this.#stream = stream;
    this.#video.srcObject = stream;
    this.#track.addEventListener("ended", () => this.#track?.readyState === "ended" && this.#lost());
    this.lamp = this.#track.getCapabilities?.().torch ? false : null;
    await this.#video.play();
    this.#look(stream, read);
    await this.#stayAwake();
    await this.#list();
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
    this.lamp = null;
    this.#awake?.release();
    this.#awake = null;
  }

  async light(lit) {
    await this.#track?.applyConstraints({ advanced: [{ torch: lit }] });
    this.lamp = lit;
  }

  async choose(id) {
    remember(CHOSEN, id);
    this.stop();
    await this.start();
  }

  // The one that was chosen last, if it is still there; else the one at the back.
  async #open() {
    const id = remembered(CHOSEN);
    const ask = (which) => navigator.mediaDevices.getUserMedia({ video: { ...PICTURE, ...which } });
    if (!id) return ask({ facingMode: "environment" });
    return ask({ deviceId: { exact: id } }).catch((error) => {
      if (!["OverconstrainedError", "NotFoundError"].includes(error.name)) throw error;
      return ask({ facingMode: "environment" });
    });
  }

  // Their names are told only once a camera may be used.
  async #list() {
    const all = await navigator.mediaDevices.enumerateDevices();
    this.cameras = all.filter(({ kind }) => kind === "videoinput").map(({ deviceId: id, label: name }) => ({ id, name }));
    this.#changed();
  }

  #lost() {
    this.stop();
    this.#changed(new DOMException("the camera was taken away", "AbortError"));
  }

  // Between two arrivals the screen would go dark. A browser lets go of it whenever the page is hidden.
  async #stayAwake() {
    if (!this.#stream || document.hidden) return;
    const awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    if (this.#stream) this.#awake = awake;
    else awake?.release();
  }

  async #look(stream, read) {
    while (this.#stream === stream) {
      const text = this.#video.readyState >= 2 ? await read(this.#video).catch(() => null) : null;
      const now = performance.now();
      if (text && (text !== this.#last.text || now - this.#last.at > SAME)) this.#seen(text);
      if (text) this.#last = { text, at: now };
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
