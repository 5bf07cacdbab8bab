// What the door knows and decides without the network: the tickets, who is in, and the answer to a scan. The same rules
// as services/registration/domain/checkins.py, which has the last word once the scan is sent.

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ALPHABET = /^[0-9A-HJKMNP-TV-Z]{12}$/;

// The code that somebody typed or scanned (a link may end with it), or null: as services/registration/domain/tickets.py.
export function readTicket(typed) {
  const last = /^https?:/.test(typed) ? typed.split(/[/#?=]/).pop() : typed;
  const code = last.replace(/[ \-_.\t\r\n\u00a0\u2010\u2011\u2013]/g, "").toUpperCase();
  const read = code.replace(/O/g, "0").replace(/[IL]/g, "1");
  return ALPHABET.test(read) ? read : null;
}

// The same for a ticket of another office, by what its QR code reads. Where the browser has none, the server does.
export async function readTicketOfAnother(eventId, typed) {
  const text = typed.trim();
  if (!/^[A-Za-z0-9+/=_.:-]{16,300}$/.test(text) || !/\d/.test(text)) return null;
  if (!crypto.subtle) return text;
  const made = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${eventId}:${text}`));
  const bits = new DataView(made).getBigUint64(0) >> 4n;
  return Array.from({ length: 12 }, (_, place) => LETTERS[Number((bits >> BigInt(5 * (11 - place))) & 31n)]).join("");
}

export class Door {
  event = null; // the last state that the server told, without its tickets
  #tickets = new Map(); // by participant
  #codes = new Map(); // by digest
  #walkedIn = []; // walk-ins that the server has, and this list not yet
  #waiting; // gives the entries that the server was not told of yet

  constructor(waiting) {
    this.#waiting = waiting;
  }

  get known() {
    return this.event !== null;
  }

  get size() {
    return this.#tickets.size;
  }

  // `whole` replaces the list; else only what changed is told. Scans that wait to be sent stay on top of it.
  learn(state, { whole }) {
    if (whole) this.#tickets.clear();
    for (const ticket of state.tickets) this.#tickets.set(ticket.participant_id, { ...ticket });
    this.#codes = new Map([...this.#tickets.values()].map((ticket) => [ticket.digest, ticket]));
    this.#walkedIn = [];
    const { tickets, ...event } = state;
    this.event = event;
    for (const entry of this.#waiting()) if (!entry.undone) this.admit(entry);
  }

  remember() {
    return { ...this.event, tickets: [...this.#tickets.values()] };
  }

  participant(id) {
    return this.#tickets.get(id) ?? null;
  }

  async holder(code) {
    return this.#codes.get(await digest(this.event?.event_id, code)) ?? null;
  }

  search(text) {
    const words = plain(text).split(" ").filter(Boolean);
    const named = [...this.#tickets.values()].filter(({ name }) => name);
    return named.filter(({ name }) => words.every((word) => plain(name).includes(word)));
  }

  // Those who have this very name and may be who is at the door.
  namesakes(name) {
    const same = plain(name);
    return this.search(name).filter((ticket) => plain(ticket.name) === same && ticket.status !== "cancelled");
  }

  // {outcome, reason, earlier}: `ticket` null is a code that is not on the list.
  decide(ticket, { action, place_id: place }) {
    const closed = this.#closedFor(action);
    if (closed) return refused(closed);
    if (!ticket) return refused("unknown_ticket");
    if (action === "in") {
      if (ticket.status === "cancelled") return refused("registration_cancelled");
      if (ticket.status !== "confirmed") return refused("waitlisted");
      if (ticket.mode === "remote") return { ...refused("remote_ticket"), seats_left: this.#seatsLeft() };
      if (this.#lacksSeatIn(ticket, place)) return { ...refused("not_in_session"), seats_left: this.#seatsLeft(place) };
    }
    const entry = place ? ticket.entries.find(({ place_id: id }) => id === place) : ticket.last;
    const inside = place ? Boolean(entry) : entry?.action === "in";
    if (action === "in") return inside ? { outcome: "already_in", earlier: entry } : { outcome: "checked_in" };
    return inside ? { outcome: "checked_out" } : { outcome: "not_in", earlier: entry };
  }

  decideWalkIn() {
    const closed = this.#closedFor("in");
    if (closed) return refused(closed);
    return this.#seatsLeft() === 0 ? refused("room_full") : { outcome: "checked_in" };
  }

  // The seats that somebody takes who is let in all the same: the room's, and that of a session.
  seatsToTake(participant, place) {
    const ticket = this.#tickets.get(participant);
    if (!ticket) return null;
    const room = ticket.mode !== "in_person";
    const session = this.#lacksSeatIn(ticket, place) ? place : null;
    return room || session ? { room, session } : null;
  }

  // What a scan changes, at once; what it was before comes back, for its undoing.
  admit({ participant, action, place_id: place, gate, at, id, fact_id: fact, takes }) {
    const ticket = this.#tickets.get(participant);
    if (!ticket) return null;
    const { last, entries, mode, status, sessions } = ticket;
    const before = takes ? { last, entries, mode, status, sessions } : { last, entries };
    const others = ticket.entries.filter(({ place_id: known }) => known !== place);
    if (place) ticket.entries = action === "in" ? [...others, { place_id: place, at, gate }] : others;
    else if (action === "out") ticket.entries = [];
    if (takes?.room) Object.assign(ticket, { mode: "in_person", status: "confirmed" });
    if (takes?.session) ticket.sessions = [...ticket.sessions, takes.session];
    if (!place || action === "in") {
      // A scan that the server has recorded later than this one is the newer word.
      if (!ticket.last || ticket.last.at <= at || ticket.last.entry === id) {
        ticket.last = { action, at, gate, entry: id, fact_id: fact ?? null };
      }
    }
    return before;
  }

  putBack(participant, before) {
    Object.assign(this.#tickets.get(participant) ?? {}, before);
  }

  // In the room, or with `session` there.
  giveSeat(participant, session) {
    const ticket = this.#tickets.get(participant);
    const counted = session ? this.#place(session) : this.event;
    if (session && ticket && !ticket.sessions.includes(session)) ticket.sessions = [...ticket.sessions, session];
    if (!session) Object.assign(ticket ?? {}, { mode: "in_person", status: "confirmed" });
    if (counted?.seats_left) counted.seats_left -= 1;
  }

  // Each person once: by the gate where they came in last, and in each room.
  counts() {
    const counts = { onSite: 0, gates: new Map(), places: new Map() };
    const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
    for (const { gate } of this.event?.gates ?? []) if (gate) counts.gates.set(gate, 0);
    for (const ticket of this.#tickets.values()) {
      if (ticket.last?.action === "in") {
        counts.onSite += 1;
        add(counts.gates, ticket.last.gate ?? "");
      }
      for (const { place_id: place } of ticket.entries) add(counts.places, place);
    }
    for (const { gate, place_id: place } of this.#walkIns()) {
      counts.onSite += 1;
      add(counts.gates, gate ?? "");
      if (place) add(counts.places, place);
    }
    return counts;
  }

  // Walk-ins that the server was told of: they count here until its list has them.
  welcome(entries) {
    this.#walkedIn.push(...entries.filter(({ kind, undone }) => kind === "walk-in" && !undone));
  }

  lastScans(number) {
    const walkIns = this.#walkIns().map(({ id, name, ...last }) => ({ name, last: { ...last, entry: id } }));
    const seen = [...this.#tickets.values(), ...walkIns].filter(({ last }) => last);
    seen.sort((one, other) => (one.last.at < other.last.at ? 1 : -1));
    return seen.slice(0, number);
  }

  // Whether the event takes place on this day, where it takes place.
  takesPlaceOn(now) {
    if (!this.event) return true;
    const day = (instant) => dayThere(new Date(instant), this.event.timezone);
    return day(now) >= day(this.event.starts_at) && day(now) <= day(this.event.ends_at);
  }

  // Those who have no ticket on the list yet.
  #walkIns() {
    const waiting = this.#waiting().filter(({ kind, undone, trouble }) => kind === "walk-in" && !undone && !trouble);
    return [...this.#walkedIn, ...waiting];
  }

  #closedFor(action) {
    const status = this.event?.status;
    if (status === "draft") return "event_not_published";
    if (status === "cancelled") return "event_cancelled";
    return status === "closed" && action === "in" ? "event_closed" : null;
  }

  #place(id) {
    return this.event?.places.find(({ place_id: known }) => known === id);
  }

  #lacksSeatIn(ticket, place) {
    return Boolean(this.#place(place)?.registration_needed) && !ticket.sessions.includes(place);
  }

  // In the room or a session, without those that this device has promised meanwhile; null is without limit.
  #seatsLeft(session) {
    const told = (session ? this.#place(session) : this.event)?.seats_left ?? null;
    const promised = this.#waiting().filter(({ undone, trouble, takes }) => {
      return takes && !undone && !trouble && (session ? takes.session === session : takes.room);
    });
    return told === null ? null : Math.max(0, told - promised.length);
  }
}

// crypto.randomUUID is there over TLS only, and a desk without it still works.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function dayThere(date, timeZone) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(date);
}

async function digest(eventId, code) {
  if (!crypto.subtle || !eventId) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${eventId}:${code}`)));
  const text = btoa(String.fromCharCode(...bytes.subarray(0, 16)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().split(/\s+/).join(" ").trim();
}

function refused(reason) {
  return { outcome: "refused", reason };
}
