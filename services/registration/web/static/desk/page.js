// The desk's page without loading again. Its forms are the ones that work without this module; what they would send, a
// `Desk` judges at once. Words and panels are in the page, so that they are in the reader's language.

import { Desk } from "./desk.js";
import { dayThere, readTicket, readTicketOfAnother } from "./door.js";

const POLL = 5000;
const SHOWN = 8;
const part = (id) => document.getElementById(id);
const root = part("desk");
const typed = part("typed");
const { event: eventId, worker } = root.dataset;
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const words = JSON.parse(part("words").textContent);
const remembered = `desk ${eventId} `;
let camera = null;
let asked = null; // what is being judged: a handheld scanner that reads a ticket twice has scanned it once
let shown = 0; // the number of the answer on the screen: a late word about an earlier scan does not take its place

restore();
const desk = await Desk.open(eventId, draw);
root.addEventListener("submit", onSubmit);
root.addEventListener("change", remember);
part("camera-toggle").addEventListener("click", toggleCamera);
document.addEventListener("keydown", catchScanner);
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", leave);
for (const name of ["online", "visibilitychange"]) addEventListener(name, () => document.hidden || desk.refresh());
part("camera").hidden = !navigator.mediaDevices;
draw(desk);
root.dataset.ready = "";
await desk.refresh();
setInterval(() => document.hidden || desk.refresh(), POLL);
navigator.storage?.persist?.();
navigator.serviceWorker?.register(worker, { scope: root.dataset.scope });

async function onSubmit(event) {
  event.preventDefault();
  const form = event.target;
  const given = Object.fromEntries(new FormData(form));
  const path = form.getAttribute("action");
  if (path.endsWith("/undo")) await undo(given);
  else if (path.endsWith("/walk-ins")) await walkIn(form, given);
  else if (given.settle) await desk.settle(given.settle);
  else if (given.typed !== undefined) await check(given.typed);
  else await scan(given);
}

async function check(text) {
  typed.value = "";
  const code = readTicket(text) ?? (await readTicketOfAnother(eventId, text));
  // A word of twelve letters may be a name too, unless it is on the list of tickets.
  const named = !code || (!/\d/.test(code) && !(await desk.door.holder(code)));
  if (!named) return scan({ code });
  const found = await desk.search(text);
  if (found.length === 0) return code ? scan({ code }) : show({ outcome: "nobody" });
  show({ outcome: "choose" });
  showPeople(found);
}

function showPeople(found) {
  const people = document.createElement("ul");
  people.className = "found";
  people.append(...found.slice(0, SHOWN).map(person));
  part("found").replaceChildren(people);
  if (found.length > SHOWN) part("found").append(words.more_people);
  part("found").querySelector("button")?.focus();
}

async function scan({ code, participant_id: participant, switch: moves, join, unknown, action }) {
  const request = { code, participant, ...where(), ...(action && { action }) };
  const what = JSON.stringify(request);
  if (what === asked) return null;
  const number = ++shown;
  const tell = (answer) => number === shown && show({ participant_id: participant, code, ...answer }, number);
  if (unknown) return tell(await desk.letIn(request));
  if (moves || join) {
    const moved = await desk.giveSeat(participant, join && request.place_id);
    const reason = join ? "not_in_session" : "remote_ticket";
    if (moved === "full") return tell({ outcome: "refused", reason, seats_left: 0 });
    if (moved === "away") return tell(await desk.letIn(request));
  }
  root.setAttribute("aria-busy", "true");
  asked = what;
  const answer = await desk.scan(request, tell).finally(() => (asked = null));
  if (number === shown) root.removeAttribute("aria-busy");
  tell(answer);
}

async function walkIn(form, { name, email, anyway }) {
  const number = ++shown;
  const request = { name, email, language: document.documentElement.lang, ...where(), action: "in" };
  const answer = await desk.walkIn(request, { anyway: Boolean(anyway) });
  if (answer.outcome === "checked_in" || answer.outcome === "known") form.reset();
  if (answer.outcome === "checked_in" || answer.outcome === "known") form.closest("details")?.removeAttribute("open");
  show({ ...request, ...answer }, number);
  if (answer.outcome === "known") showPeople(answer.people);
}

async function undo({ entry, fact_id: fact }) {
  await desk.undo({ entry, fact });
  show({ outcome: "undone" });
}

// The panel of an answer, with its sound, and the field ready for the next one.
function show(answer, number = ++shown) {
  shown = number;
  const panel = filled(`answer-${nameOf(answer)}`, {
    name: answer.name ?? "",
    time: answer.earlier ? time(answer.earlier.at) : "",
    gate: answer.earlier?.gate ?? "",
    seats: answer.seats_left ?? "",
    title: answer.other_event?.title ?? "",
    day: answer.other_event ? day(answer.other_event.starts_at, answer.other_event.timezone) : "",
    time_of_list: answer.as_of ? time(answer.as_of) : "",
    ticket: answer.ticket ?? "",
  });
  const { participant_id: participant, code, email } = answer;
  for (const [name, value] of Object.entries({ participant_id: participant, code, name: answer.name, email })) {
    for (const input of panel.querySelectorAll(`[name=${name}]`)) input.value = value ?? "";
  }
  const body = panel.querySelector(".answer > div");
  if (answer.provisional && answer.outcome !== "refused") {
    panel.querySelector(".answer").classList.add("provisional");
    body.append(filled(answer.seatless ? "provisional-seat" : "provisional", {}));
  }
  const fact = answer.outcome.startsWith("checked") && (answer.fact_id ?? answer.entry);
  if (fact) body.append(undoing({ ...answer, entry: answer.fact_id ? "" : answer.entry }, words.undo));
  const kind = panel.querySelector(".answer").dataset.kind;
  part("result").replaceChildren(panel);
  part("found").replaceChildren();
  part("result").scrollIntoView({ block: "nearest" });
  import("./feedback.js").then(({ tell }) => tell(kind, { silent: part("silent").checked }));
  if (camera?.runs) return;
  const first = part("result").querySelector("button[data-first]");
  // On a telephone the field's keyboard would cover the answer.
  if (first || !matchMedia("(pointer: coarse)").matches) (first ?? typed).focus();
  else typed.blur();
}

function nameOf(answer) {
  const { outcome, reason, earlier, seats_left: left, other_event: other, provisional, ticket } = answer;
  if (answer.signed_out) return "signed_out";
  if (outcome === "already_in") return earlier ? (earlier.gate ? "already_in_by" : "already_in_since") : "already_in";
  if (outcome === "checked_in" && ticket) return "walked_in";
  if (outcome !== "refused") return outcome;
  if (reason === "remote_ticket" && left === 0) return "remote_full";
  if (reason === "remote_ticket" && left > 0) return "remote_left";
  if (reason === "not_in_session") return left === 0 ? "session_full" : left > 0 ? "session_left" : "session_open";
  if (reason === "unknown_ticket" && provisional) return desk.door.known ? "unknown_here" : "no_list";
  if (reason !== "other_event" || !other) return reason;
  const own = desk.door.event;
  const dayOf = ({ starts_at: start }) => dayThere(new Date(start), other.timezone);
  return own?.title === other.title && dayOf(own) !== dayOf(other) ? "other_day" : "other_event_named";
}

function draw(desk) {
  const network = part("network");
  const unsent = desk.waiting.filter(({ trouble }) => !trouble);
  const { ready: known, server, outbox } = desk;
  const state = server.standing(known);
  network.hidden = false;
  network.dataset.state = state;
  const said = words[desk.lasting ? state : `${state}_unkept`] ?? words[state];
  const about = { time: known ? time(desk.asOf) : "", n: desk.door.size };
  const text = fill(said, about);
  // Said once: what is written anew is read out anew.
  if (part("network-state").textContent !== text) part("network-state").replaceChildren(text);
  part("network-list").replaceChildren(state === "online" ? fill(words.list, about) : "");
  const { sent = 0, of = 0 } = outbox.progress ?? {};
  const waits = of > SHOWN ? fill(words.sending, { n: sent, of }) : fill(words.waiting, { n: unsent.length });
  part("network-waiting").replaceChildren(unsent.length ? waits : "");
  part("sign-in").hidden = !server.signedOut;
  part("waiting").replaceChildren(...desk.waiting.filter(({ trouble }) => trouble).map(trouble));
  part("troubles").hidden = !part("waiting").childElementCount;
  if (!desk.door.known) return;
  drawCounts(desk.door);
  part("other-day").hidden = desk.door.takesPlaceOn(desk.now());
  const rows = desk.door.lastScans(SHOWN).map((ticket) => scanned(ticket, unsent));
  part("scan-list").replaceChildren(...rows);
  part("no-scans").hidden = rows.length > 0;
}

function drawCounts({ event, counts }) {
  const { onSite, gates, places } = counts.call(desk.door);
  const inRoom = fill(event.capacity === null ? words.in_room : words.in_room_of, { n: onSite, seats: event.capacity });
  part("count").replaceChildren(`${inRoom} ${fill(words.expected, { n: event.expected })}`);
  const rows = [...gates].map(([gate, inside]) => [gate || words.no_gate, inside, null]);
  for (const place of event.places) rows.push([place.name, places.get(place.place_id) ?? 0, place.capacity]);
  part("doors").replaceChildren(
    ...rows.map(([name, inside, seats]) =>
      filled("door", { name, inside: seats === null ? inside : fill(words.of, { n: inside, seats }) }),
    ),
  );
}

function scanned({ name, last }, unsent) {
  const waits = unsent.find(({ id }) => id === last.entry);
  const row = filled("scan", {
    time: time(last.at, true),
    name: name ?? words.erased,
    what: [words[last.action], last.gate, waits && words.waits].filter(Boolean).join(" · "),
  });
  const label = fill(words.undo_of, { name: name ?? words.erased });
  row.firstElementChild.append(undoing({ entry: waits?.id, fact_id: last.fact_id }, words.undo, label));
  return row;
}

function trouble({ id, name, code, trouble, earlier, at }) {
  const before = { gate: earlier?.gate ?? words.no_gate, since: earlier ? time(earlier.at) : "" };
  const about = { name: name ?? code ?? "", time: time(at), ...before };
  const row = filled("trouble", { what: fill(words.troubles[trouble] ?? words.troubles.other, about) });
  row.querySelector("[name=settle]").value = id;
  return row;
}

function person({ participant_id: id, name, mode, status }) {
  const row = filled("person", { name, what: `${words[mode] ?? mode}, ${words[status] ?? status}` });
  row.querySelector("[name=participant_id]").value = id;
  return row;
}

function undoing({ entry, fact_id: fact }, text, label) {
  const form = filled("undo", { text });
  form.querySelector("[name=entry]").value = entry ?? "";
  form.querySelector("[name=fact_id]").value = fact ?? "";
  if (label) form.querySelector("button").setAttribute("aria-label", label);
  return form;
}

function filled(name, values) {
  const copy = part(name).content.cloneNode(true);
  const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = fill(texts.currentNode.data, values);
  return copy;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function where() {
  const { action, gate, place_id: place } = Object.fromEntries(new FormData(part("desk-form")));
  return { action, gate: gate.trim(), place_id: place };
}

function time(instant, seconds = false) {
  const format = { timeZone: root.dataset.timezone, timeStyle: seconds ? "medium" : "short" };
  return new Date(instant).toLocaleTimeString(language, format);
}

function day(instant, timeZone) {
  return new Date(instant).toLocaleDateString(language, { timeZone, dateStyle: "full" });
}

// Where a volunteer stands, on this device.
function remember({ target: { name, value, type, checked } }) {
  if (!["gate", "place_id", "silent"].includes(name)) return;
  localStorage.setItem(remembered + name, type === "checkbox" ? checked : value);
}

function restore() {
  for (const name of ["gate", "place_id"]) {
    const value = localStorage.getItem(remembered + name);
    const field = part("desk-form").elements[name];
    if (value && (name === "gate" || [...field.options].some((option) => option.value === value))) field.value = value;
  }
  part("silent").checked = localStorage.getItem(`${remembered}silent`) === "true";
}

// A handheld scanner types, wherever the focus is.
function catchScanner({ key, target, ctrlKey, metaKey, altKey }) {
  const types = key.length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey;
  if (types && !target.closest("input, select, textarea")) typed.focus();
}

async function toggleCamera() {
  if (camera?.runs) camera.stop();
  else {
    try {
      const { Camera } = await import("./camera.js");
      camera ??= new Camera(part("camera-view"), check, drawCamera);
      await camera.start();
      part("camera-trouble").replaceChildren();
    } catch (error) {
      part("camera-trouble").replaceChildren(words.camera[error.name] ?? words.camera.other);
    }
  }
  drawCamera();
}

function drawCamera() {
  part("camera-view").hidden = !camera?.runs;
  part("camera-toggle").setAttribute("aria-pressed", String(Boolean(camera?.runs)));
}

async function leave(event) {
  event.preventDefault();
  await desk.leave();
  event.target.submit();
}
