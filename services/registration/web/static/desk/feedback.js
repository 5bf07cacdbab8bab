// What an answer sounds and feels like: rising for in, falling for out, twice the same for "look", low for no, and three
// short ones for a question.

const TONES = { in: [660, 990], out: [880, 587], again: [520, 520], asks: [740, 740, 740], refused: [196, 165] };
const SHAKES = { in: 80, out: [40, 40, 40], again: [80, 80, 80], asks: [40, 40, 40, 40, 40], refused: 500 };
let sound = null;

// A browser lets a page be heard once somebody has touched it, and takes a while to begin: not with the first ticket.
export function prepare() {
  sound ??= new AudioContext();
}

// `silent` is without sound: what shakes in the hand disturbs nobody.
export function tell(kind, { silent }) {
  navigator.vibrate?.(SHAKES[kind] ?? 0);
  if (silent || !TONES[kind]) return;
  prepare();
  sound.resume();
  const length = kind === "asks" ? 0.09 : 0.14;
  TONES[kind].forEach((frequency, index) => play(frequency, sound.currentTime + index * length, length));
}

function play(frequency, start, length) {
  const tone = new OscillatorNode(sound, { frequency, type: "triangle" });
  const volume = new GainNode(sound, { gain: 0 });
  volume.gain.setValueAtTime(0.25, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + length - 0.01);
  tone.connect(volume).connect(sound.destination);
  tone.start(start);
  tone.stop(start + length);
}
