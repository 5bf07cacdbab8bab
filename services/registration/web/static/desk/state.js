// What stands around the answer: the network, what waits, who is in, the last scans.

import { fill, filled, part, time, undoing, words, write } from "./words.js";

export const SHOWN = 8;
const CLOSES_SOON = 3600 * 1000;
const closes = Date.parse(part("desk").dataset.closes); // NaN where it does not by itself

let due = false;

// Once the frame is painted that is under way: an answer does not wait for it.
export function drawSoon(desk) {
  if (due) return;
  due = true;
  requestAnimationFrame(() =>
    setTimeout(() => {
      due = false;
      draw(desk);
    }),
  );
}

export function draw(desk) {
  const unsent = desk.waiting.filter(({ trouble }) => !trouble);
  drawNetwork(desk, unsent.length, desk.now());
  part("waiting").replaceChildren(...desk.waiting.filter(({ trouble }) => trouble).map(trouble));
  part("troubles").hidden = !part("waiting").childElementCount;
  settleAnswer(unsent);
  if (!desk.door.known) return;
  drawCounts(desk.door);
  part("other-day").hidden = desk.door.takesPlaceOn(desk.now());
  const rows = desk.door.lastScans(SHOWN).map((ticket) => scanned(ticket, unsent));
  part("scan-list").replaceChildren(...rows);
  part("no-scans").hidden = rows.length > 0;
}

function drawNetwork({ ready: known, server, outbox, stores, lasting, door, asOf }, unsent, now) {
  const state = server.standing(known);
  part("network").hidden = false;
  part("network").dataset.state = state;
  const about = { time: known ? time(asOf) : "", n: door.size };
  write("network-state", fill(words[state], about));
  write("network-list", state === "online" ? fill(words.list, about) : "");
  const { sent = 0, of = 0 } = outbox.progress ?? {};
  const waits = of > SHOWN ? fill(words.sending, { n: sent, of }) : fill(words.waiting, { n: unsent });
  write("network-waiting", unsent ? waits : "");
  part("sign-in").hidden = !server.signedOut;
  part("closing").hidden = !(now < closes && closes - now < CLOSES_SOON);
  part("unkept").hidden = lasting;
  if (!lasting) write("unkept", words.unkept[!isSecureContext ? "insecure" : stores ? "full" : "forbidden"]);
}

function drawCounts(door) {
  const { event } = door;
  const { onSite, gates, places } = door.counts();
  const seats = event.capacity;
  const known = onSite > seats ? words.in_room_over : words.in_room_of;
  const inRoom = fill(seats === null ? words.in_room : known, { n: onSite, seats });
  write("count", `${inRoom} ${fill(words.expected, { n: event.expected })}`);
  const rows = [...gates].map(([gate, inside]) => [gate || words.no_gate, inside, null]);
  for (const place of event.places) rows.push([place.name, places.get(place.place_id) ?? 0, place.capacity]);
  part("doors").replaceChildren(
    ...rows.map(([name, inside, seats]) => {
      const count = fill(inside > seats ? words.over : words.of, { n: inside, seats });
      return filled("door", { name, inside: seats === null ? inside : count });
    }),
  );
}

// What was provisional is so no longer once it is sent. Its undoing is that of the last scans from then on.
function settleAnswer(unsent) {
  const answer = part("result").querySelector(".answer.provisional");
  if (!answer || unsent.some(({ id }) => id === answer.dataset.entry)) return;
  answer.classList.remove("provisional");
  for (const one of answer.querySelectorAll(".provisional-hint, form[action$='/undo']")) one.remove();
}

function scanned({ name, last }, unsent) {
  const waits = unsent.find(({ id }) => id === last.entry);
  const row = filled("scan", {
    time: time(last.at, true),
    name: name ?? words.erased,
    what: [words[last.action], last.gate, waits && words.waits].filter(Boolean).join(" · "),
  });
  const label = fill(words.undo_of, { name: name ?? words.erased });
  // Just sent: its undoing comes with the server's list.
  const undoable = waits || last.fact_id;
  if (undoable) row.firstElementChild.append(undoing({ entry: waits?.id, fact_id: last.fact_id }, label));
  return row;
}

function trouble({ id, name, code, trouble, earlier, at }) {
  const before = { gate: earlier?.gate ?? words.no_gate, since: earlier ? time(earlier.at) : "" };
  const about = { name: name ?? code ?? "", time: time(at), ...before };
  const row = filled("trouble", { what: fill(words.troubles[trouble] ?? words.troubles.other, about) });
  row.querySelector("[name=settle]").value = id;
  return row;
}
