// What stands around the camera's picture: its button, its lamp, the choice between several, and what to do without it.

const part = (id) => document.getElementById(id);

export class CameraPanel {
  #words;
  #seen;
  #camera = null;

  // `seen(text)` is called for each code that comes into sight.
  constructor(words, seen) {
    this.#words = words;
    this.#seen = seen;
    part("camera").hidden = false;
    part("camera-toggle").hidden = !navigator.mediaDevices;
    if (!navigator.mediaDevices) this.#draw(new DOMException("", isSecureContext ? "NotFoundError" : "InsecureError"));
    part("camera-toggle").addEventListener("click", () => this.#toggle());
    part("camera-lamp").addEventListener("click", () => this.#try(() => this.#camera.light(!this.#camera.lamp)));
    part("camera-which").addEventListener("change", ({ target }) => this.#try(() => this.#camera.choose(target.value)));
  }

  get runs() {
    return Boolean(this.#camera?.runs);
  }

  #toggle() {
    if (this.runs) {
      this.#camera.stop();
      this.#draw();
    } else this.#try(() => this.#start());
  }

  async #start() {
    const { Camera } = await import("./camera.js");
    const changed = (error) => this.#draw(error);
    this.#camera ??= new Camera(part("camera-view"), { seen: this.#seen, changed });
    await this.#camera.start();
  }

  async #try(act) {
    await act().then(
      () => this.#draw(),
      (error) => this.#draw(error),
    );
  }

  #draw(error) {
    const { lamp, cameras, chosen } = this.#camera ?? { lamp: null, cameras: [], chosen: null };
    part("camera-view").hidden = !this.runs;
    part("camera-toggle").setAttribute("aria-pressed", String(this.runs));
    part("camera-lamp").hidden = lamp === null;
    part("camera-lamp").setAttribute("aria-pressed", String(Boolean(lamp)));
    part("camera-choice").hidden = !this.runs || cameras.length < 2;
    const options = cameras.map(({ id, name }, place) => new Option(name || `${this.#words.camera} ${place + 1}`, id));
    const which = part("camera-which");
    if ([...which.options].map(({ text }) => text).join() !== options.map(({ text }) => text).join()) {
      which.replaceChildren(...options);
    }
    if (chosen) which.value = chosen;
    const trouble = error ? `${this.#words[error.name] ?? this.#words.other} ${this.#words.instead}` : "";
    if (part("camera-trouble").textContent !== trouble) part("camera-trouble").replaceChildren(trouble);
  }
}
