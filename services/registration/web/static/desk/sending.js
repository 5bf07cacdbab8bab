// How this device speaks with the server: one question at a time while the network is there, and what waited meanwhile
// in batches, each scan known by its own id. It may be sent as often as need be.

const TIMEOUT = 4000; // ms: then the network counts as away
const PATIENCE = 20000; // ms for a batch, which is longer under way
const BATCH = 100;

export class Link {
  online = navigator.onLine;
  signedOut = false;
  #api;
  #keeping;
  #passName;
  #pass = null; // opens this desk should the browser lose the cookie: one that is killed forgets the last half minute
  #byPass = false;
  #busyUntil = 0;

  static async open(eventId, keeping) {
    const link = new Link();
    link.#api = `/api/v1/events/${eventId}`;
    link.#keeping = keeping;
    link.#passName = `pass ${eventId}`;
    link.#pass = await keeping.secret(link.#passName).catch(() => null);
    return link;
  }

  async renewPass() {
    const response = this.#byPass ? null : await this.ask("POST", "/desk-passes");
    if (!response?.ok) return;
    this.#pass = (await response.json()).token;
    // Without it the desk works as well, until its browser is killed.
    await this.#keeping.keepSecret(this.#passName, this.#pass).catch(() => {});
  }

  async leave() {
    this.#pass = null;
    await this.#keeping.dropSecret(this.#passName);
  }

  get busy() {
    return performance.now() < this.#busyUntil;
  }

  // What to say of it, to somebody whose device has a list of tickets or none.
  standing(known) {
    if (this.signedOut) return "signed_out";
    if (known) return this.online ? "online" : "offline";
    return this.online ? "loading" : "no_list";
  }

  // null: nobody answered, or somebody else in the server's place, such as the sign-in page of a hotel's network.
  async ask(method, path, body, patience = TIMEOUT) {
    const response = await this.#ask(method, path, body, patience);
    if (response?.status !== 401 || !this.#pass) return response;
    this.#byPass = !this.#byPass;
    return this.#ask(method, path, body, patience);
  }

  async #ask(method, path, body, patience) {
    const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) };
    if (this.#byPass) headers.Authorization = `Bearer ${this.#pass}`;
    const signal = AbortSignal.timeout(patience);
    try {
      const response = await fetch(this.#api + path, { method, headers, body: body && JSON.stringify(body), signal });
      const ours = response.status === 204 || /[/+]json\b/.test(response.headers.get("Content-Type"));
      this.online = ours && response.status < 502;
      this.signedOut = ours && (response.status === 401 || response.status === 403);
      const wait = Number(response.headers.get("Retry-After"));
      if (wait) this.#busyUntil = performance.now() + 1000 * Math.min(wait, 60);
      return ours ? response : null;
    } catch {
      this.online = false;
      return null;
    }
  }

  // Whether the server has said its word: not "later", not "who are you?", not nothing.
  isFinal(response) {
    return Boolean(response) && !this.signedOut && response.status < 500 && !response.headers.has("Retry-After");
  }
}

export class Sending {
  progress = null; // {sent, of} while there is something under way
  #link;
  #size = BATCH;

  constructor(link) {
    this.#link = link;
  }

  // Sends these, the oldest first, as far as it gets now. `freeze(entries)` keeps what is sent of each, which never
  // changes then; `settle([[entry, answer, changed]])` is told what became of a batch, before the next one goes.
  async send(entries, { freeze, settle }) {
    const due = [...entries];
    this.progress = { sent: 0, of: due.length };
    try {
      while (due.length && !this.#link.busy) {
        const batch = due.slice(0, this.#size);
        await freeze(batch);
        const items = batch.map(itemOf);
        const response = await this.#link.ask("POST", "/late-scans", { items }, PATIENCE);
        const answers = this.#link.isFinal(response) ? await answersTo(response, batch) : null;
        if (answers) {
          // What was undone while it was under way stays, and is sent once more to be taken back.
          const changed = ({ kind, undone }, place) => kind !== "void" && Boolean(undone) !== items[place].undone;
          await settle(batch.map((entry, place) => [entry, answers[place], changed(entry, place)]));
          due.splice(0, batch.length);
          this.progress = { sent: this.progress.sent + batch.length, of: this.progress.of };
          this.#size = Math.min(BATCH, this.#size * 2);
        } else {
          // Shorter ones get through where the network is thin, and leave alone what cannot be read.
          if (!this.#link.busy) this.#size = Math.ceil(this.#size / 2);
          if (!isTooMuch(response, batch)) return;
        }
      }
    } finally {
      this.progress = null;
    }
  }
}

// What the API is told of an entry at once.
export function bodyOf({ id, kind, code, participant, name, email, language, action, gate, place_id: place, ...more }) {
  const where = { gate: gate || null, device: more.device, place_id: place || null, scan_id: id };
  if (kind === "walk-in") return { name, email: email || null, language, look_first: Boolean(more.look), ...where };
  return { ...(code ? { ticket: code } : { participant_id: participant }), action, ...where };
}

// What it is told later: when it was, by the server's clock; `offset` counts where none was known then.
export function lateBodyOf(entry, offset) {
  const own = Math.round(entry.offset ?? offset ?? 0);
  const at = Math.min(entry.clock + own, Date.now() + (offset ?? own));
  return { ...bodyOf(entry), at: new Date(at).toISOString(), clock_offset_ms: own };
}

// {trouble, name, earlier}: what somebody must look at of an answer to what was sent late, or null.
export function troubleOf({ kind, undone, ...entry }, { check_in: scan, seat, problem }) {
  const refusal = problem ? (problem.reason ?? `error_${problem.status}`) : scan?.reason;
  const twice = scan?.outcome === "already_in" && scan.earlier ? "twice" : null;
  const trouble = refusal ?? (seat === "none_left" ? "no_seat" : twice);
  if (!trouble || undone || kind === "void") return null;
  return { trouble, name: entry.name ?? scan?.name ?? null, earlier: scan?.earlier ?? null };
}

// Why a walk-in is refused, in the words of `desk_result.html`.
export function refusalOf({ reason }) {
  return { mode_full: "room_full", event_draft: "event_not_published" }[reason] ?? reason;
}

// In one tab only, where the browser can say so.
export async function alone(name, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(name, { ifAvailable: true }, (lock) => lock && work());
}

// An answer for each, or null: then none was taken.
async function answersTo(response, batch) {
  const told = await response.json().catch(() => null);
  if (response.ok && told?.items?.length === batch.length) return told.items;
  return isUnreadable(response) && batch.length === 1 ? [{ problem: told ?? {} }] : null;
}

function isUnreadable(response) {
  return response?.status === 400 || response?.status === 413;
}

function isTooMuch(response, batch) {
  return isUnreadable(response) && batch.length > 1;
}

function itemOf({ id, kind, fact, body, undone, takes }) {
  if (kind === "void") return { kind, scan_id: id, fact_id: fact };
  const item = { ...body, undone: Boolean(undone) };
  return kind === "scan" ? { ...item, kind: "check_in", let_in: Boolean(takes) } : { ...item, kind: "walk_in" };
}
