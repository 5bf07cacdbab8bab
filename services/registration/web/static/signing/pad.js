// The box that somebody signs in: strokes of a pointer, a pen or a finger, in units of the box whatever the screen.
// Without this module the form below it does by itself.

const [MOST_STROKES, MOST_POINTS] = [60, 3000];
const NEAR = 3; // units: a point nearer to the last than that says nothing new
const pad = document.getElementById("pad");
const canvas = document.getElementById("pad-canvas");
const state = document.getElementById("pad-state");
const field = document.getElementById("strokes");
const pen = canvas.getContext("2d");
let strokes = [];
let current = null; // the pointer that draws now: a palm beside it does not
let points = 0;

pad.hidden = false;
const keyboard = document.getElementById("by-keyboard");
keyboard.open = "keep" in keyboard.dataset;
Object.assign(pen, { lineWidth: 9, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
canvas.addEventListener("pointerdown", begin);
canvas.addEventListener("pointermove", go);
for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, end);
document.getElementById("pad-clear").addEventListener("click", clear);
addEventListener("pageshow", ({ persisted }) => persisted && clear());
pad.dataset.ready = "";

function begin(event) {
  if (current !== null || event.button !== 0 || strokes.length === MOST_STROKES) return;
  event.preventDefault();
  current = event.pointerId;
  canvas.setPointerCapture(current);
  strokes.push([]);
  add(event);
}

function go(event) {
  if (event.pointerId !== current) return;
  const told = event.getCoalescedEvents?.() ?? [];
  for (const each of told.length ? told : [event]) add(each);
}

function end(event) {
  if (event.pointerId !== current) return;
  current = null;
  keep();
}

function add({ clientX, clientY }) {
  if (points === MOST_POINTS) return;
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const within = (share, most) => Math.min(most, Math.max(0, Math.round(share * most)));
  const point = [within((clientX - left) / width, canvas.width), within((clientY - top) / height, canvas.height)];
  const stroke = strokes.at(-1);
  const last = stroke.at(-1);
  if (last && Math.abs(last[0] - point[0]) + Math.abs(last[1] - point[1]) < NEAR) return;
  stroke.push(point);
  points += 1;
  pen.beginPath();
  pen.moveTo(...(last ?? point));
  pen.lineTo(...point);
  pen.stroke();
}

// A form field that is disabled is not sent: who signs with the keyboard sends no strokes.
function keep() {
  field.disabled = strokes.length === 0;
  field.value = JSON.stringify(strokes);
  state.textContent = strokes.length ? pad.dataset.drawn : pad.dataset.empty;
}

function clear() {
  strokes = [];
  points = 0;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  keep();
}
