// A desk: judges scans at once by what it knows, keeps each on this device before anything else, and tells the server,
// now or when the network is back. Whoever was let in without the server's word is `provisional` until it is told.

import { Door, newId } from "./door.js";
import { openKeeping } from "./keeping.js";

const PATIENCE = 120; // ms from the scan: then what this device knows is shown, until the server's word comes
const TIMEOUT = 4000; // ms: then the network counts as away
const WHOLE_EVERY = 10 * 60 * 1000;
const KEPT_AFTER_END = 24 * 3600 * 1000;
const RECORDED = new Set(["checked_in", "checked_out", "not_in"]);

export class Desk {
  door = new Door();
  waiting = []; // entries to be sent, oldest first; those with `trouble` need somebody's look
  online = navigator.onLine;
  signedOut = false;
  asOf = null; // when the list was last told, by the server's clock
  lasting = false;
  #eventId;
  #api;
  #changed;
  #keeping;
  #device;
  #offset = null; // ms to add to this device's clock
  #wholeAt = -Infinity;
  #tick = 0;
  #sending = null;
  #refreshing = null;
  #asked = new Set(); // entries whose asking came to nothing

  // `changed(desk)` is called after whatever may have to be drawn anew.
  static async open(eventId, changed) {
    const desk = new Desk();
    desk.#eventId = eventId;
    desk.#api = `/api/v1/events/${eventId}`;
    desk.#changed = () => changed(desk);
    desk.#keeping = await openKeeping();
    desk.lasting = desk.#keeping.lasting;
    desk.#device = (await desk.#keeping.setting("device")) ?? `desk-${newId().slice(0, 8)}`;
    await desk.#keeping.keepSetting("device", desk.#device);
    desk.#offset = (await desk.#keeping.setting("offset")) ?? null;
    await desk.#keeping.dropOldSnapshots(Date.now());
    desk.waiting = await desk.#keeping.queued(eventId);
    const kept = await desk.#keeping.snapshot(eventId).catch(() => null);
    if (kept) {
      desk.asOf = kept.now;
      desk.door.learn(kept, desk.waiting, { whole: true });
    }
    return desk;
  }

  // The server's state, then what waits is sent. Called again and again; the first of an hour is whole.
  refresh() {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #refresh() {
    const whole = !this.door.known || performance.now() - this.#wholeAt > WHOLE_EVERY;
    const since = whole ? "" : `?since=${encodeURIComponent(this.asOf)}`;
    const asked = Date.now();
    const response = await this.#ask("GET", `/desk${since}`);
    if (response?.ok) {
      const state = await response.json();
      this.#offset = Math.round(Date.parse(state.now) - (asked + Date.now()) / 2);
      await this.#onDisk(this.#keeping.keepSetting("offset", this.#offset));
      this.door.learn(state, this.waiting, { whole });
      this.asOf = state.now;
      if (whole) this.#wholeAt = performance.now();
      const until = Date.parse(state.ends_at) + KEPT_AFTER_END;
      if (whole || state.tickets.length) {
        const list = { ...this.door.remember(), now: this.asOf };
        await this.#onDisk(this.#keeping.keepSnapshot(this.#eventId, list, until));
      }
      this.#changed();
      await this.send();
    }
    this.#changed();
  }

  // `request`: {action, gate, place_id} with a ticket `code` or a `participant`. Calls `show` with what this device knows
  // if the server is slow or away, and returns the last word: {outcome, …, provisional, entry}.
  async scan(request, show) {
    const { code, participant } = request;
    const started = performance.now();
    const ticket = participant ? this.door.participant(participant) : await this.door.holder(code);
    const local = { ...this.door.decide(ticket, request), participant_id: ticket?.participant_id, name: ticket?.name };
    const entry = this.#entry("scan", { ...request, participant: ticket?.participant_id ?? participant });
    if (RECORDED.has(local.outcome)) await this.#keep(entry);
    const known = { ...local, provisional: true, entry: entry.id, as_of: this.asOf };
    if (!this.online) return this.#ending(known, entry);
    const left = PATIENCE - (performance.now() - started);
    const slow = setTimeout(() => local.reason !== "unknown_ticket" && show(known), left);
    const response = await this.#ask("POST", "/check-ins", this.#body(entry));
    clearTimeout(slow);
    if (!this.#final(response)) return this.#ending(known, entry);
    const answer = response.ok ? await response.json() : { outcome: "failed" };
    await this.#drop(entry);
    this.#believe(answer, entry);
    this.#changed();
    return { ...answer, provisional: false };
  }

  // Without the server's word: somebody whom this device does not know may be let in all the same, to be checked later.
  async admitUnknown(request) {
    const entry = this.#entry("scan", request);
    await this.#keep(entry);
    return { outcome: "checked_in", provisional: true, entry: entry.id };
  }

  async walkIn(request) {
    const entry = this.#entry("walk-in", request);
    await this.#keep(entry);
    const known = { outcome: "checked_in", name: request.name, provisional: true, entry: entry.id };
    if (!this.online) return known;
    const response = await this.#ask("POST", "/walk-ins", this.#body(entry));
    if (!this.#final(response)) return this.#ending(known, entry);
    const answer = await response.json();
    await this.#drop(entry);
    await this.refresh();
    if (response.ok) return { ...answer.check_in, ticket: answer.ticket };
    return answer.reason === "mode_full" ? { outcome: "refused", reason: "room_full" } : { outcome: "failed" };
  }

  async giveSeat(participant, session) {
    const one = `${session ? `/sessions/${session}` : ""}/registrations/${participant}`;
    const response = await (session ? this.#ask("PUT", one) : this.#ask("PATCH", one, { mode: "in_person" }));
    if (response?.ok) this.door.giveSeat(participant, session);
    if (response?.status === 409) return (await response.json()).reason.endsWith("_full") ? "full" : "refused";
    return response?.ok ? "done" : "away";
  }

  // By the entry that waits, or by the fact that the server knows.
  async undo({ entry: id, fact }) {
    const entry = this.waiting.find((one) => one.id === id);
    if (entry) {
      this.door.putBack(entry.participant, entry.before);
      if (entry.tried || entry.body) await this.#keep(Object.assign(entry, { undone: true }));
      else await this.#drop(entry);
    } else if (fact) {
      await this.#keep(this.#entry("void", { fact }));
    }
    this.#changed();
    await this.send();
    if (this.online) await this.refresh();
  }

  async search(text) {
    const found = this.door.search(text);
    if (found.length || this.door.known) return found;
    const response = await this.#ask("GET", `/registrations?limit=9&search=${encodeURIComponent(text)}`);
    return response?.ok ? (await response.json()).items : [];
  }

  // What waits, oldest first, one at a time, and in one tab only. Returns when there is nothing more to be done now.
  async send() {
    this.#sending ??= this.#alone(() => this.#sendAll()).finally(() => (this.#sending = null));
    return this.#sending;
  }

  async settle(id) {
    const entry = this.waiting.find((one) => one.id === id);
    if (entry) await this.#drop(entry);
    this.#changed();
  }

  // Signing out takes the list away, and what waits stays: only the server may have it.
  async leave() {
    await this.#keeping.dropSnapshot(this.#eventId);
  }

  async #sendAll() {
    // As it is kept: another tab may have sent some of it.
    const kept = await this.#keeping.queued(this.#eventId);
    const unkept = this.waiting.filter(({ unkept, id }) => unkept && !kept.some((one) => one.id === id));
    this.waiting = [...kept, ...unkept];
    for (const entry of this.waiting.filter((one) => !one.trouble && !this.#isBeingAsked(one))) {
      if (!(await this.#sendOne(entry))) return;
      this.#changed();
    }
  }

  async #sendOne(entry) {
    const told = entry.kind === "void" || entry.answered;
    const response = told ? null : await this.#post(entry);
    if (!told && !this.#final(response)) return false;
    const answer = told ? entry.answered : await response.json().catch(() => ({}));
    const scan = answer?.check_in ?? answer;
    if (!told && !(response.ok && scan.outcome !== "refused")) {
      if (entry.undone) return this.#drop(entry).then(() => true);
      const trouble = scan?.reason ?? `error_${response.status}`;
      return this.#keep(Object.assign(entry, { trouble, name: entry.name ?? scan?.name ?? null }));
    }
    const fact = entry.fact ?? (entry.undone ? scan.fact_id : null);
    if (fact) {
      if (!told) await this.#keep(Object.assign(entry, { answered: answer }));
      const voided = await this.#ask("POST", `/check-ins/${encodeURIComponent(fact)}/void`, {}, entry.id);
      if (!this.#final(voided)) return false;
    }
    const twice = !entry.undone && scan?.outcome === "already_in" && scan.earlier;
    if (twice) await this.#keep(Object.assign(entry, { trouble: "twice", earlier: scan.earlier, name: scan.name }));
    else await this.#drop(entry);
    return true;
  }

  // What is sent is kept first, and never changes then: it can be sent again and be the same.
  async #post(entry) {
    if (!entry.body) {
      const offset = Math.round(entry.offset ?? this.#offset ?? 0);
      const latest = Date.now() + Math.round(this.#offset ?? 0);
      const at = new Date(Math.min(entry.clock + offset, latest)).toISOString();
      await this.#keep(Object.assign(entry, { body: { ...this.#body(entry), at, clock_offset_ms: offset } }));
    }
    const path = entry.kind === "walk-in" ? "/walk-ins" : "/check-ins";
    return this.#ask("POST", path, entry.body, entry.id);
  }

  // Asked at this moment, by this tab or another: sent beside it as late word, it would be told twice.
  #isBeingAsked({ id, tried, body, clock }) {
    return tried && !body && !this.#asked.has(id) && Math.abs(Date.now() - clock) < TIMEOUT + 1000;
  }

  // Whether the server has said its word: not "later", not "who are you?", not nothing.
  #final(response) {
    return Boolean(response) && !this.signedOut && response.status < 500 && !response.headers.has("Retry-After");
  }

  #body({ id, code, participant, name, email, language, action, gate, place_id: place, kind }) {
    const where = { gate: gate || null, device: this.#device, place_id: place || null, scan_id: id };
    if (kind === "walk-in") return { name, email: email || null, language, ...where };
    return { ...(code ? { ticket: code } : { participant_id: participant }), action, ...where };
  }

  #entry(kind, request) {
    const clock = Date.now();
    const at = new Date(clock + (this.#offset ?? 0)).toISOString();
    const named = { kind, id: newId(), event: this.#eventId, order: clock + this.#tick++ / 1000 };
    return { ...request, ...named, clock, at, offset: this.#offset, tried: this.online && kind !== "void" };
  }

  async #ending(known, entry) {
    this.#asked.add(entry.id);
    this.#changed();
    if (this.signedOut && !RECORDED.has(known.outcome)) return { ...known, signed_out: true };
    return { ...known, code: entry.code };
  }

  #believe(answer, entry) {
    const { outcome, participant_id: participant, fact_id: fact, at } = answer;
    if (!participant || outcome === "refused") return;
    if (outcome === "already_in" && !entry.place_id) {
      this.door.admit({ ...answer.earlier, participant, action: "in", fact_id: fact });
    } else if (outcome === "checked_in" || outcome === "checked_out") {
      this.door.admit({ ...entry, participant, at, fact_id: fact });
    }
  }

  async #keep(entry) {
    if (!this.waiting.some(({ id }) => id === entry.id)) {
      entry.before = this.door.admit(entry);
      this.waiting.push(entry);
    }
    entry.unkept = !(await this.#onDisk(this.#keeping.keep({ ...entry, unkept: false })));
    return true;
  }

  async #drop(entry) {
    this.waiting = this.waiting.filter(({ id }) => id !== entry.id);
    if (entry.before && !entry.body) this.door.putBack(entry.participant, entry.before);
    await this.#onDisk(this.#keeping.forget(entry.id));
  }

  // Whether it was written. If the disk is full, say, the page goes on from memory and says so.
  async #onDisk(writing) {
    return writing.then(() => true).catch(() => (this.lasting = false));
  }

  // null: nobody answered.
  async #ask(method, path, body, key) {
    const headers = { Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const signal = AbortSignal.timeout(TIMEOUT);
    try {
      const response = await fetch(this.#api + path, { method, headers, body: body && JSON.stringify(body), signal });
      this.online = response.status < 502;
      this.signedOut = response.status === 401 || response.status === 403;
      return response;
    } catch {
      this.online = false;
      return null;
    }
  }

  async #alone(work) {
    if (!navigator.locks) return work();
    return navigator.locks.request(`passerelle-desk-${this.#eventId}`, { ifAvailable: true }, (lock) => lock && work());
  }
}
