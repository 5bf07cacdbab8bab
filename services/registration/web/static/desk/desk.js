// A desk: judges scans at once by what it knows, keeps each on this device before anything else, and tells the server,
// now or when the network is back. Whoever was let in without the server's word is `provisional` until it is told.

import { Door, newId } from "./door.js";
import { openKeeping } from "./keeping.js";
import { alone, bodyOf, lateBodyOf, Link, refusalOf, Sending, troubleOf } from "./sending.js";

const PATIENCE = 80; // ms from the scan: then what this device knows is shown, until the server's word comes
const BEING_ASKED = 5000; // ms from the scan: so long another tab may be waiting for the server's word on it
const WHOLE_EVERY = 10 * 60 * 1000;
const KEPT_AFTER_END = 24 * 3600 * 1000;
const RECORDED = new Set(["checked_in", "checked_out", "not_in"]);

export class Desk {
  waiting = []; // entries to be sent, oldest first; those with `trouble` need somebody's look
  door = new Door(() => this.waiting);
  asOf = null; // when the list was last told, by the server's clock
  ready = false; // whether the list is kept: a desk may lose the network from then on
  stores = false; // whether this browser has a place to keep anything, and whether all of it is kept there
  lasting = false;
  server; // a Link: whether it answers, and to whom
  outbox; // a Sending: how far it got
  #eventId;
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
    desk.#changed = () => changed(desk);
    desk.#keeping = await openKeeping();
    desk.server = await Link.open(eventId, desk.#keeping);
    desk.outbox = new Sending(desk.server);
    desk.lasting = desk.stores = desk.#keeping.lasting;
    desk.#device = (await desk.#keeping.setting("device")) ?? `desk-${newId().slice(0, 8)}`;
    await desk.#onDisk(desk.#keeping.keepSetting("device", desk.#device));
    desk.#offset = (await desk.#keeping.setting("offset")) ?? null;
    await desk.#onDisk(desk.#keeping.dropOldSnapshots(desk.now()));
    desk.waiting = await desk.#keeping.queued(eventId);
    const kept = await desk.#keeping.snapshot(eventId).catch(() => null);
    if (kept?.tickets.every(({ entries }) => entries)) {
      desk.asOf = kept.now;
      desk.door.learn(kept, { whole: true });
      desk.ready = true;
    }
    return desk;
  }

  // By the server's clock, as far as it is known.
  now() {
    return Date.now() + (this.#offset ?? 0);
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
    const response = await this.server.ask("GET", `/desk${since}`);
    const state = response?.ok ? await response.json().catch(() => null) : null;
    if (state) {
      this.#offset = Math.round(Date.parse(state.now) - (asked + Date.now()) / 2);
      await this.#onDisk(this.#keeping.keepSetting("offset", this.#offset));
      this.door.learn(state, { whole });
      this.asOf = state.now;
      if (whole) await this.server.renewPass();
      if (whole) this.#wholeAt = performance.now();
      const until = Date.parse(state.ends_at) + KEPT_AFTER_END;
      if (whole || state.tickets.length) {
        const list = { ...this.door.remember(), now: this.asOf };
        await this.#onDisk(this.#keeping.keepSnapshot(this.#eventId, list, until));
      }
      this.ready = true;
      this.#changed();
      await this.send();
    }
    this.#changed();
  }

  // `request`: {action, gate, place_id} with a ticket `code` or a `participant`. Calls `show` with what this device
  // knows if the server is slow or away, and returns the last word: {outcome, …, provisional, entry}.
  async scan(request, show) {
    const { code, participant } = request;
    const started = performance.now();
    const ticket = participant ? this.door.participant(participant) : await this.door.holder(code);
    const local = { ...this.door.decide(ticket, request), participant_id: ticket?.participant_id, name: ticket?.name };
    const entry = this.#entry("scan", { ...request, participant: ticket?.participant_id ?? participant });
    // Kept and told at the same time. Nobody sees an answer before one of the two is done: what is shown is not lost.
    const kept = RECORDED.has(local.outcome) ? this.#keep(entry) : Promise.resolve();
    const known = { ...local, provisional: true, entry: entry.id, as_of: this.asOf };
    if (!this.server.online) return kept.then(() => this.#ending(known, entry));
    let late = true;
    const showKnown = () => kept.then(() => late && local.reason !== "unknown_ticket" && show(known));
    const slow = setTimeout(showKnown, PATIENCE - (performance.now() - started));
    const response = await this.server.ask("POST", "/check-ins", bodyOf(entry));
    clearTimeout(slow);
    const told = this.server.isFinal(response) ? await response.json().catch(() => null) : null;
    late = false;
    if (!told) return kept.then(() => this.#ending(known, entry));
    const answer = response.ok ? told : { outcome: "failed" };
    kept.then(() => this.#answered(entry, answer));
    return { ...answer, earlier: answer.earlier ?? local.earlier, provisional: false };
  }

  // Without the server's word: whoever has no seat here, or is not on this device's list, may be let in all the same.
  // Their seat is asked for once the network is back.
  async letIn(request) {
    const { participant, place_id: place } = request;
    const takes = this.door.seatsToTake(participant, place);
    const entry = this.#entry("scan", { ...request, takes });
    await this.#keep(entry);
    const name = this.door.participant(participant)?.name;
    return { outcome: "checked_in", name, provisional: true, seatless: Boolean(takes), entry: entry.id };
  }

  // {outcome: "known", people}: somebody of this name or address is registered; `anyway` registers another one.
  async walkIn(request, { anyway = false } = {}) {
    const local = this.door.decideWalkIn();
    const namesakes = anyway ? [] : this.door.namesakes(request.name);
    const known = { ...local, name: request.name, provisional: true };
    if (!this.server.online && local.outcome === "refused") return known;
    if (!this.server.online && namesakes.length) return { outcome: "known", people: namesakes };
    const entry = this.#entry("walk-in", { ...request, look: !anyway, takes: { room: true, session: null } });
    await this.#keep(entry);
    known.entry = entry.id;
    if (!this.server.online) return known;
    const response = await this.server.ask("POST", "/walk-ins", bodyOf(entry));
    const answer = this.server.isFinal(response) ? await response.json().catch(() => null) : null;
    if (!answer) return this.#withoutAnswer(local, namesakes, known, entry);
    await this.#drop(entry);
    await this.refresh();
    if (response.ok) return { ...answer.check_in, ticket: answer.ticket };
    if (answer.reason === "already_registered") return { outcome: "known", people: answer.participants };
    return response.status === 409 ? { outcome: "refused", reason: refusalOf(answer) } : { outcome: "failed" };
  }

  // "done", "full", "refused", or "away": then `letIn` is for the volunteer to say.
  async giveSeat(participant, session) {
    if (!this.server.online) return "away";
    const one = `${session ? `/sessions/${session}` : ""}/registrations/${participant}`;
    const response = session
      ? await this.server.ask("PUT", one)
      : await this.server.ask("PATCH", one, { mode: "in_person" });
    if (!this.server.isFinal(response)) return "away";
    if (response.ok) this.door.giveSeat(participant, session);
    if (response.status === 409) return (await response.json()).reason.endsWith("_full") ? "full" : "refused";
    return response.ok ? "done" : "refused";
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
    if (this.server.online) await this.refresh();
  }

  async search(text) {
    const found = this.door.search(text);
    if (found.length || this.door.known) return found;
    const response = await this.server.ask("GET", `/registrations?limit=9&search=${encodeURIComponent(text)}`);
    return response?.ok ? (await response.json()).items : [];
  }

  // What waits, oldest first, and in one tab only. Returns when there is nothing more to be done now.
  async send() {
    const sent = () => alone(`passerelle-desk-${this.#eventId}`, () => this.#sendAll());
    this.#sending ??= sent().finally(() => (this.#sending = null));
    return this.#sending;
  }

  async settle(id) {
    await this.#drop(...this.waiting.filter((one) => one.id === id));
    this.#changed();
  }

  // Signing out takes the list away, and what waits stays: only the server may have it.
  async leave() {
    await this.#keeping.dropSnapshot(this.#eventId);
    await this.server.leave();
  }

  async #sendAll() {
    // As it is kept: another tab may have sent some of it.
    const kept = await this.#keeping.queued(this.#eventId);
    const unkept = this.waiting.filter(({ unkept, id }) => unkept && !kept.some((one) => one.id === id));
    this.waiting = [...kept, ...unkept];
    const due = this.waiting.filter((one) => !one.trouble && !this.#isBeingAsked(one));
    const settle = (told) => this.#settle(told);
    if (due.length) await this.outbox.send(due, { freeze: (batch) => this.#freeze(batch), settle });
  }

  // What is sent is kept first, and never changes then: it can be sent again and be the same.
  async #freeze(entries) {
    const fresh = entries.filter(({ body, kind }) => !body && kind !== "void");
    for (const entry of fresh) entry.body = lateBodyOf(entry, this.#offset);
    if (fresh.length) await this.#keep(...fresh);
    this.#changed();
  }

  // A refusal is never dropped: it stays to be looked at. What the server could not do just now stays to be sent.
  async #settle(told) {
    const [done, troubled] = [[], []];
    for (const [entry, answer, changed] of told) {
      if (changed || answer.problem?.status >= 500) continue;
      const trouble = troubleOf(entry, answer);
      if (trouble) troubled.push(Object.assign(entry, trouble));
      else done.push(entry);
    }
    if (troubled.length) await this.#keep(...troubled);
    this.door.welcome(done);
    if (done.length) await this.#drop(...done);
    this.#changed();
  }

  // Asked at this moment, by this tab or another: sent beside it as late word, it would be told twice.
  #isBeingAsked({ id, tried, body, clock }) {
    return tried && !body && !this.#asked.has(id) && Math.abs(Date.now() - clock) < BEING_ASKED;
  }

  #entry(kind, request) {
    const clock = Date.now();
    const order = clock + this.#tick++ / 1000;
    const named = { kind, id: newId(), event: this.#eventId, device: this.#device, unkept: true };
    const when = { clock, order, at: new Date(this.now()).toISOString(), offset: this.#offset };
    return { ...request, ...named, ...when, tried: this.server.online && kind !== "void" };
  }

  #ending(known, entry) {
    this.#asked.add(entry.id);
    this.#changed();
    if (this.server.signedOut && !RECORDED.has(known.outcome)) return { ...known, signed_out: true };
    return { ...known, code: entry.code };
  }

  // The server may have it all the same: it is asked again, and what was refused here meanwhile is taken back then.
  async #withoutAnswer(local, namesakes, known, entry) {
    if (local.outcome === "refused" || namesakes.length) await this.undo({ entry: entry.id });
    if (namesakes.length && local.outcome !== "refused") return { outcome: "known", people: namesakes };
    return this.#ending(known, entry);
  }

  #answered(entry, answer) {
    const forgotten = this.#drop(entry);
    this.#believe(answer, entry);
    return forgotten.then(() => this.#changed());
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

  async #keep(...entries) {
    for (const entry of entries) {
      if (this.waiting.some(({ id }) => id === entry.id)) continue;
      entry.before = this.door.admit(entry);
      this.waiting.push(entry);
    }
    const written = await this.#onDisk(this.#keeping.keep(entries.map((entry) => ({ ...entry, unkept: false }))));
    for (const entry of entries) entry.unkept = !written;
  }

  async #drop(...entries) {
    const gone = entries.map(({ id }) => id);
    this.waiting = this.waiting.filter(({ id }) => !gone.includes(id));
    for (const { before, body, participant } of entries) if (before && !body) this.door.putBack(participant, before);
    await this.#onDisk(this.#keeping.forget(gone));
  }

  // Whether it was written. If the disk is full, say, the page goes on from memory and says so.
  async #onDisk(writing) {
    return writing.then(() => true).catch(() => (this.lasting = false));
  }
}
