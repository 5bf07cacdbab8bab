// The page of an event that is held: what is on now, and players that tell that somebody watches.

import { followAgenda } from "./now.js";
import { Player } from "./player.js";

const now = document.querySelector("#now");
if (now) followAgenda(now);
for (const note of document.querySelectorAll("[data-until-script]")) note.remove();

const line = document.querySelector("#counting");
const { lang } = document.documentElement;
const time = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { timeStyle: "short" });
let since;
let said;

// Said once each time it changes: a reader of screens reads it aloud.
function tell(what) {
  const from = new Date(line.dataset.from);
  const early = what === "counted" && Date.now() < from;
  const state = early ? "early" : what;
  if (state === said) return;
  if (state === "counted" && !(said === "waiting" && since)) since = new Date();
  said = state;
  line.textContent = line.dataset[state].replace("{time}", time.format(early ? from : since));
}

if (line) tell("stopped");
const players = [...document.querySelectorAll("[data-token]")].map((element) => new Player(element, tell));

document.addEventListener("visibilitychange", () => {
  for (const player of players) {
    // A telephone may end a page that it hides: what is kept leaves while it can.
    if (document.visibilityState === "hidden") player.leave({ stopped: false });
    player.follow();
  }
});
addEventListener("pagehide", () => players.forEach((player) => player.leave({ stopped: true })));
addEventListener("pageshow", ({ persisted }) => persisted && players.forEach((player) => player.comeBack()));
