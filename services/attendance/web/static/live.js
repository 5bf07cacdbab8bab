// Keeps an open live page up to date. The server draws every part; this puts the parts in their place.
// Without it the page is as it was when it was asked for.

const ANNOUNCE_MS = 10_000;
const CURVE_MS = 5_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

const live = document.getElementById("live");
const now = document.getElementById("now");
const timeline = document.getElementById("timeline");
const announced = document.getElementById("announced");
const pause = document.getElementById("pause");
const refresh = document.getElementById("refresh");

let source;
let cursor;
let curveAt = performance.now();
let curveAsked = false;
let announcedAt = -Infinity;
let announcing;
let said = words();
let wait = FIRST_WAIT_MS;

function follow() {
  const address = new URL(live.dataset.stream, location.href);
  if (cursor) address.searchParams.set("after", cursor);
  source = new EventSource(address);
  source.addEventListener("entry", (message) => remember(message, showEntry));
  source.addEventListener("stats", (message) => remember(message, showFigures));
  source.addEventListener("snapshot", (message) => remember(message, readAnew));
  source.addEventListener("open", () => stand(true));
  source.addEventListener("error", comeBack);
}

// The browser comes back by itself after a network error, but not after an answer that says "not now".
function comeBack() {
  stand(false);
  if (source.readyState !== EventSource.CLOSED) return;
  setTimeout(() => { if (!paused()) follow(); }, wait);
  wait = Math.min(2 * wait, LONGEST_WAIT_MS);
}

function stand(connected) {
  live.classList.toggle("cut-off", !connected);
  refresh.hidden = connected;
  if (connected) wait = FIRST_WAIT_MS;
}

function paused() {
  return pause.getAttribute("aria-pressed") === "true";
}

function remember(message, show) {
  cursor = message.lastEventId;
  show(message.data);
}

// What became known last is first; an entry that is told again, because it changed, comes up again.
function showEntry(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const entry = template.content.firstElementChild;
  document.getElementById(entry.id)?.remove();
  entry.classList.add("fresh");
  timeline.prepend(entry);
  while (timeline.children.length > Number(live.dataset.rows)) timeline.lastElementChild.remove();
  document.getElementById("nothing").hidden = true;
}

function showFigures(html) {
  now.innerHTML = html;
  announceSoon();
  drawSoon();
}

// A screen reader is told at most every ten seconds, and then how things stand at that moment.
function announceSoon() {
  clearTimeout(announcing);
  announcing = setTimeout(announce, Math.max(0, announcedAt + ANNOUNCE_MS - performance.now()));
}

function announce() {
  if (words() === said) return;
  said = words();
  announcedAt = performance.now();
  announced.textContent = said;
}

function words() {
  return now.querySelector("[data-words]").dataset.words;
}

function drawSoon() {
  if (curveAsked) return;
  curveAsked = true;
  setTimeout(drawCurve, Math.max(0, curveAt + CURVE_MS - performance.now()));
}

async function drawCurve() {
  curveAsked = false;
  curveAt = performance.now();
  if (paused()) return;
  const answer = await fetch(live.dataset.curve, { headers: { Accept: "text/html" } });
  if (answer.ok) replaceCurve(await answer.text());
}

function replaceCurve(html) {
  const curve = document.getElementById("curve");
  const open = curve.querySelector("details")?.open;
  const focused = curve.querySelector("summary")?.matches(":focus");
  curve.innerHTML = html;
  if (open) curve.querySelector("details").open = true;
  if (focused) curve.querySelector("summary").focus();
}

// Too much was missed to be told one by one.
async function readAnew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["now", "timeline"]) {
    document.getElementById(id).replaceChildren(...page.getElementById(id).children);
  }
  replaceCurve(page.getElementById("curve").innerHTML);
}

pause.addEventListener("click", () => {
  pause.setAttribute("aria-pressed", !paused());
  live.classList.toggle("paused", paused());
  if (paused()) source.close();
  else follow();
});

// What becomes known after the end comes in still, too seldom to be held up.
pause.hidden = "over" in live.dataset;
refresh.hidden = true;
follow();
