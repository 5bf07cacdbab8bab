// Beside the hours of an event, in its time zone, those of whoever looks from another one.

const when = document.querySelector("[data-zone]");
const lang = document.documentElement.lang;
const locale = lang === "en" ? "en-GB" : lang;
const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;

const said = (instant, timeZone, shown) => new Intl.DateTimeFormat(locale, { timeZone, ...shown }).format(instant);
const day = { dateStyle: "short" };
const hour = { timeStyle: "short" };
const both = { ...day, ...hour };

function addHours(line) {
  const instants = [...line.querySelectorAll("time")].map((time) => new Date(time.dateTime));
  const there = when.dataset.zone;
  if (instants.every((instant) => said(instant, here, both) === said(instant, there, both))) return;
  const otherDay = instants.some((instant) => said(instant, here, day) !== said(instant, there, day));
  const hours = instants.map((instant) => said(instant, here, otherDay || line === when ? both : hour)).join(" – ");
  const note = document.createElement("span");
  note.className = "yours";
  note.textContent = when.dataset.yours.replace("{hours}", hours).replace("{zone}", here.replaceAll("_", " "));
  line.append(" ", note);
}

for (const line of [when, ...document.querySelectorAll(".agenda .hours, .zoned")]) addHours(line);
