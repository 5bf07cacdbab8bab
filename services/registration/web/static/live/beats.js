// Tells every half minute that somebody watches. What cannot be sent is kept, and sent later with its age.

const EVERY = 30_000;
const MOST_KEPT = 60;
const LONGEST_WAIT = 15_000;

const randomId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Beats {
  #page = randomId();
  #token;
  #tell;
  #plays;
  #kept = [];
  #next = 0;
  #timer;
  #retry;
  #sending = false;
  #over = false;

  // `plays` says whether it really does at this moment; `tell` is told what became of it: counted, waiting, refused.
  constructor(token, { plays, tell }) {
    this.#token = token;
    this.#plays = plays;
    this.#tell = tell;
    addEventListener("online", () => this.#send());
  }

  get going() {
    return this.#timer !== undefined;
  }

  start() {
    if (this.going || this.#over) return;
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), EVERY);
  }

  // Without a word: if it does not go on, silence tells.
  rest() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  // It stopped at this instant, as was seen.
  stop(at = Date.now()) {
    if (!this.going) return;
    this.rest();
    this.#keep({ at, stopped: true });
    this.#send();
  }

  // The page goes, perhaps for ever: nobody waits for an answer.
  leave({ stopped }) {
    if (stopped && this.going) {
      this.rest();
      this.#keep({ at: Date.now(), stopped: true });
    }
    if (this.#kept.length && !this.#over) navigator.sendBeacon("/beats", this.#message());
  }

  #beat() {
    if (!this.#plays()) return;
    this.#keep({ at: Date.now() });
    this.#send();
  }

  #keep(beat) {
    this.#kept.push({ ...beat, number: this.#next++ });
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
  }

  #message() {
    const now = Date.now();
    const beats = this.#kept.map(({ at, stopped }) => ({ age: Math.max(0, now - at), ...(stopped && { stopped }) }));
    const told = { token: this.#token, page: this.#page, first: this.#kept[0].number, beats };
    return new Blob([JSON.stringify(told)], { type: "application/json" });
  }

  async #send() {
    if (this.#sending || this.#over || !this.#kept.length) return;
    this.#sending = true;
    const last = this.#kept.at(-1).number;
    let again;
    try {
      const signal = AbortSignal.timeout(LONGEST_WAIT);
      const answer = await fetch("/beats", { method: "POST", body: this.#message(), keepalive: true, signal });
      if (answer.ok) {
        this.#kept = this.#kept.filter(({ number }) => number > last);
        // What was told last may be that it stopped.
        this.#tell(this.going ? "counted" : "stopped");
      } else if (answer.status === 429 || answer.status >= 500) {
        again = Number(answer.headers.get("Retry-After")) || 5;
        this.#tell("waiting");
      } else {
        this.#over = true;
        this.rest();
        this.#tell("refused");
      }
    } catch {
      again = 5;
      this.#tell("waiting");
    } finally {
      this.#sending = false;
    }
    // Not all at once: when the server is back, every page has something to say.
    clearTimeout(this.#retry);
    if (again) this.#retry = setTimeout(() => this.#send(), 1000 * again + Math.random() * 10_000);
    else if (this.#kept.length) this.#send();
  }
}
