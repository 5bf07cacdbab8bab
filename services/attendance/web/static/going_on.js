// Lets the time of whoever is present go on while the page is open. Nothing is announced: it is read when it is looked for.
// Without it, the lengths are right for the instant that the page names.

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

const note = document.getElementById("going-on");
const hold = note.querySelector("button");
const { countedTo, now, until } = Object.fromEntries(
  ["countedTo", "now", "until"].map((name) => [name, Number(note.dataset[name])]),
);
const opened = performance.now();
// The server writes British English.
const locale = { en: "en-GB" }[document.documentElement.lang] ?? document.documentElement.lang;
const lengths = [...document.querySelectorAll("[data-seconds]")];
const [hours, minutes, seconds] = ["hour", "minute", "second"].map(
  (unit) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }),
);

// As the server writes a length: to the minute, below one to the second.
function words(length) {
  const whole = Math.round(length);
  const [h, m] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (h === 0 && m === 0) return seconds.format(whole);
  return [h && hours.format(h), m && minutes.format(m)].filter(Boolean).join(" ");
}

function show() {
  if (hold.getAttribute("aria-pressed") === "true") return;
  const moment = Math.min(now + performance.now() - opened, until);
  const more = Math.max(0, moment - countedTo) / SECOND_MS;
  for (const place of lengths) {
    const text = words(Number(place.dataset.seconds) + more);
    if (place.textContent !== text) place.textContent = text;
  }
}

hold.addEventListener("click", () => {
  hold.setAttribute("aria-pressed", hold.getAttribute("aria-pressed") !== "true");
  show();
});

if (lengths.length > 0) {
  note.querySelector(".still").hidden = true;
  note.querySelector(".going").hidden = false;
  hold.hidden = false;
  show();
  setInterval(show, matchMedia("(prefers-reduced-motion: reduce)").matches ? MINUTE_MS : SECOND_MS);
}
