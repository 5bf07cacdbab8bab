// One player of the page: starts and stops its beats, and has a script play what the browser does not.

import { Beats } from "./beats.js";

// Each has a module of its name, which is loaded when it is to play.
const TYPES = { hls: "application/vnd.apple.mpegurl", dash: "application/dash+xml" };
// Who moves along the time line pauses for a moment.
const PAUSE = 5000;

export class Player {
  #element;
  #beats;
  #tell;
  #framed;
  #stream;
  #scripted = false;
  #detach;
  #reached;
  #button;
  #heardUntil = -1;
  #pausedAt;
  #gone = false;

  constructor(element, tell) {
    this.#element = element;
    this.#tell = tell;
    this.#framed = element.localName === "iframe";
    this.#beats = new Beats(element.dataset.token, { plays: () => this.#advances(), tell });
    for (const event of ["playing", "pause", "ended"]) element.addEventListener(event, () => this.follow(event));
    element.addEventListener("error", () => this.#fail());
    const { stream, least } = element.dataset;
    if (stream) {
      this.#stream = { kind: stream, address: element.src, least: least !== undefined };
      if (this.#stream.least || !element.canPlayType(TYPES[stream])) this.#offerScript();
    }
    this.follow();
  }

  // A video counts while it plays before somebody; a sound while it plays; what a frame does nobody can see.
  get #counts() {
    const seen = document.visibilityState === "visible";
    if (this.#framed) return seen;
    const { paused, ended, localName } = this.#element;
    return !paused && !ended && (seen || localName === "audio");
  }

  follow(event) {
    clearTimeout(this.#pausedAt);
    if (this.#gone) return;
    if (this.#counts) this.#beats.start();
    else if (event === "ended") this.#stop();
    else if (event === "pause") {
      const at = Date.now();
      this.#pausedAt = setTimeout(() => this.#stop(at), PAUSE);
    } else if (this.#beats.going) {
      this.#beats.rest();
      this.#tell("stopped");
    }
  }

  // A page that goes is hidden afterwards: that its sound still plays then is no coming back.
  leave({ stopped }) {
    this.#gone ||= stopped;
    this.#beats.leave({ stopped });
  }

  comeBack() {
    this.#gone = false;
    this.follow();
  }

  #stop(at) {
    this.#beats.stop(at);
    this.#tell("stopped");
  }

  // What stands still for want of network is not watched.
  #advances() {
    if (this.#framed) return this.#counts;
    const { paused, currentTime } = this.#element;
    const advances = !paused && currentTime !== this.#heardUntil;
    this.#heardUntil = currentTime;
    return advances;
  }

  // Its own buttons would do nothing until there is something to play.
  #offerScript() {
    this.#element.controls = false;
    this.#element.removeAttribute("src");
    this.#element.load();
    this.#button ??= this.#newButton();
    this.#button.disabled = false;
    this.#element.before(this.#button);
  }

  #newButton() {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.#element.dataset.play;
    button.addEventListener("click", () => {
      button.disabled = true;
      this.#playByScript();
    });
    return button;
  }

  async #playByScript() {
    const { kind, address, least } = this.#stream;
    this.#scripted = true;
    this.#element.controls = true;
    this.#tellTrouble(false);
    try {
      const { attach } = await import(`./${kind}.js`);
      this.#detach = await attach(this.#element, address, { least, from: this.#reached, fail: () => this.#fail() });
      await this.#element.play();
    } catch (error) {
      // Paused before it began, or the browser wants its own button pressed: it is there, and can be played.
      if (!this.#detach || !["AbortError", "NotAllowedError"].includes(error.name)) {
        this.#fail();
        return;
      }
    }
    const chosen = this.#button?.isConnected;
    this.#button?.remove();
    if (chosen) this.#element.focus();
  }

  #fail() {
    // Some browsers say that they play HLS, and then do not play this one.
    if (this.#stream && !this.#scripted) {
      this.#playByScript();
      return;
    }
    this.#tellTrouble(true);
    if (this.#beats.going) this.#stop();
    if (!this.#stream) return;
    // A stream begins late, or breaks off for a while: it can be tried again, and goes on where it was.
    const { currentTime, duration } = this.#element;
    if (currentTime && Number.isFinite(duration)) this.#reached = currentTime;
    const detach = this.#detach;
    this.#detach = undefined;
    detach?.();
    this.#offerScript();
  }

  #tellTrouble(there) {
    const trouble = this.#element.parentElement.querySelector("[data-trouble]");
    if (trouble) trouble.hidden = !there;
  }
}
