// The desk's page without loading again. Its forms are the ones that work without this module; what they would send, a
// `Desk` judges at once.

import { drawAnswer, readOut } from "./answer.js";
import { CameraPanel } from "./camera-panel.js";
import { Desk } from "./desk.js";
import { readTicket, readTicketOfAnother } from "./door.js";
import { prepare, tell as sound } from "./feedback.js";
import { remember, remembered } from "./remembering.js";
import { draw, drawSoon, SHOWN } from "./state.js";
import { notATicket } from "./strangers.js";
import { filled, part, words } from "./words.js";

const POLL = 5000;
const root = part("desk");
const typed = part("typed");
const { event: eventId, worker } = root.dataset;
const here = `desk ${eventId} `;
let asked = null; // what is being judged: a handheld scanner that reads a ticket twice has scanned it once
let shown = 0; // the number of the answer on the screen: a late word about an earlier scan does not take its place

restore();
root.addEventListener("change", onChange); // what is named while the list is still being opened counts too
const desk = await Desk.open(eventId, drawSoon);
const camera = new CameraPanel(words.camera, check);
root.addEventListener("submit", onSubmit);
root.addEventListener("pointerdown", prepare, { once: true });
document.addEventListener("keydown", catchScanner);
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", leave);
for (const name of ["online", "visibilitychange"]) addEventListener(name, () => document.hidden || desk.refresh());
// What is read out is put into words of its own from now on: the panel has buttons besides.
part("result").removeAttribute("role");
part("said").hidden = false;
draw(desk);
root.dataset.ready = "";
await desk.refresh();
// Nothing is kept here that would be of use: the page was opened by somebody who has to sign in first.
const useless = desk.server.signedOut && !desk.door.known && !desk.waiting.length;
if (useless) location.assign(part("sign-in").querySelector("a").href);
setInterval(() => document.hidden || desk.refresh(), POLL);
navigator.storage?.persist?.();
navigator.serviceWorker?.register(worker, { scope: root.dataset.scope });

async function onSubmit(event) {
  const form = event.target;
  // Signing is a page of its own, which needs the network; what this desk keeps is there when it is left.
  if (form.matches(".desk-sign") && desk.server.online) return;
  event.preventDefault();
  if (form.matches(".desk-sign")) return void (form.querySelector(".hint").hidden = false);
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
  const own = readTicket(text);
  const stranger = own ? null : notATicket(text);
  if (stranger) return show({ outcome: stranger });
  const code = own ?? (await readTicketOfAnother(eventId, text));
  // A word of twelve letters may be a name too, unless it is on the list of tickets.
  const named = !code || (!/\d/.test(code) && !(await desk.door.holder(code)));
  if (!named) return scan({ code, foreign: !own });
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

async function scan({ code, foreign, participant_id: participant, switch: moves, join, unknown, action }) {
  const request = { code, participant, ...where(), ...(action && { action }) };
  const what = JSON.stringify(request);
  if (what === asked) return null;
  const number = ++shown;
  const tell = (answer) => number === shown && show({ participant_id: participant, code, foreign, ...answer }, number);
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
  const kind = drawAnswer(answer, desk.door.event);
  readOut(number);
  setTimeout(() => sound(kind, { silent: part("silent").checked }));
  // On a telephone the field's keyboard would cover the answer.
  const first = part("result").querySelector("button[data-first]");
  const types = first || !matchMedia("(pointer: coarse)").matches;
  if (!camera.runs) types ? (first ?? typed).focus() : typed.blur();
  part("result").scrollIntoView({ block: "nearest" });
}

function person({ participant_id: id, name, mode, status }) {
  const row = filled("person", { name, what: `${words[mode] ?? mode}, ${words[status] ?? status}` });
  row.querySelector("[name=participant_id]").value = id;
  return row;
}

function where() {
  const { action, gate, place_id: place } = Object.fromEntries(new FormData(part("desk-form")));
  return { action, gate: gate.trim(), place_id: place };
}

// Where a volunteer stands, on this device.
function onChange({ target: { name, value, type, checked } }) {
  if (["gate", "place_id", "silent"].includes(name)) remember(here + name, type === "checkbox" ? checked : value);
}

// The desk's link tells the gate, once: it takes the place of the one that this device had. What was named before this
// module was there takes the place of both.
function restore() {
  const address = new URL(location.href);
  const told = address.searchParams.get("gate");
  if (told) remember(`${here}gate`, told);
  address.searchParams.delete("gate");
  if (told) history.replaceState(history.state, "", address);
  for (const name of ["gate", "place_id"]) {
    const field = part("desk-form").elements[name];
    if (isChanged(field)) remember(here + name, field.value);
    const value = remembered(here + name);
    if (value && (name === "gate" || [...field.options].some((option) => option.value === value))) field.value = value;
  }
  part("silent").checked = remembered(`${here}silent`) === "true";
}

function isChanged({ value, defaultValue, options }) {
  return value !== (options ? ([...options].find((one) => one.defaultSelected) ?? options[0]).value : defaultValue);
}

// A handheld scanner types, wherever the focus is. A key that is held down must not press the button of the answer.
function catchScanner(event) {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (key === "Enter" && event.repeat) event.preventDefault();
  const types = key.length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey;
  if (types && !target.closest("input:not([type=radio], [type=checkbox]), select, textarea")) typed.focus();
}

async function leave(event) {
  event.preventDefault();
  await desk.leave();
  event.target.submit();
}
