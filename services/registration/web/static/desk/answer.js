// The panel of an answer, as it is shown and as it is read out.

import { dayThere } from "./door.js";
import { day, filled, part, time, undoing } from "./words.js";

let said = { number: 0, text: "" };

// Puts the panel there. `event` is what the desk knows of its own; returns what kind of answer it is.
export function drawAnswer(answer, event) {
  const panel = filled(`answer-${panelOf(answer, event)}`, {
    name: answer.name ?? "",
    time: answer.earlier ? time(answer.earlier.at) : "",
    gate: answer.earlier?.gate ?? "",
    seats: answer.seats_left ?? "",
    title: answer.other_event?.title ?? "",
    day: answer.other_event ? day(answer.other_event.starts_at, answer.other_event.timezone) : "",
    time_of_list: answer.as_of ? time(answer.as_of) : "",
    ticket: answer.ticket ?? "",
  });
  const { participant_id: participant, code, name: person, email } = answer;
  for (const [name, value] of Object.entries({ participant_id: participant, code, name: person, email })) {
    for (const input of panel.querySelectorAll(`[name=${name}]`)) input.value = value ?? "";
  }
  // Who is not known here cannot sign yet.
  if (!participant) panel.querySelector(".desk-sign")?.remove();
  const box = panel.querySelector(".answer");
  if (answer.provisional && !["refused", "already_in"].includes(answer.outcome)) {
    box.classList.add("provisional");
    box.dataset.entry = answer.entry ?? "";
    box.lastElementChild.append(filled(answer.seatless ? "provisional-seat" : "provisional", {}));
  }
  const fact = answer.outcome.startsWith("checked") && (answer.fact_id ?? answer.entry);
  if (fact) box.lastElementChild.append(undoing({ ...answer, entry: answer.fact_id ? "" : answer.entry }));
  part("result").replaceChildren(panel);
  part("found").replaceChildren();
  return box.dataset.kind;
}

// Once for each scan: the server's word after this device's is read out only if it is another one.
export function readOut(number) {
  const sentences = [...part("result").querySelectorAll(".answer > div > p:not(.hint)")];
  const text = sentences.map(({ textContent }) => textContent).join(". ");
  if (number === said.number && text === said.text) return;
  said = { number, text };
  part("said").replaceChildren(text);
}

function panelOf(answer, event) {
  const { outcome, reason, earlier, seats_left: left, other_event: other, provisional, ticket, foreign } = answer;
  if (answer.signed_out) return "signed_out";
  if (outcome === "already_in") return earlier ? (earlier.gate ? "already_in_by" : "already_in_since") : "already_in";
  if (outcome === "not_in" && earlier) return "not_in_since";
  if (outcome === "checked_in" && ticket) return "walked_in";
  if (outcome !== "refused") return outcome;
  if (reason === "remote_ticket" && left === 0) return "remote_full";
  if (reason === "remote_ticket" && left > 0) return "remote_left";
  if (reason === "not_in_session") return left === 0 ? "session_full" : left > 0 ? "session_left" : "session_open";
  if (reason === "unknown_ticket" && provisional) return event ? "unknown_here" : "no_list";
  if (reason === "unknown_ticket" && foreign) return "unknown_foreign";
  if (reason !== "other_event" || !other) return reason;
  const dayOf = ({ starts_at: start }) => dayThere(new Date(start), other.timezone);
  return event?.title === other.title && dayOf(event) !== dayOf(other) ? "other_day" : "other_event_named";
}
