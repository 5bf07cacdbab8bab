// What an answer sounds and feels like: rising for in, falling for out, twice the same for "look", low for no.

const TONES = { in: [660, 990], out: [880, 587], again: [520, 520], refused: [196, 165] };
const SHAKES = { in: 80, out: 80, again: [80, 80, 80], refused: 500 };
let sound = null;

export function tell(kind, { silent }) {
  if (silent) return;
  navigator.vibrate?.(SHAKES[kind] ?? 0);
  if (!TONES[kind]) return;
  sound ??= new AudioContext();
  sound.resume();
  TONES[kind].forEach((frequency, index) => play(frequency, sound.currentTime + index * 0.14));
}

function play(frequency, start) {
  const tone = new OscillatorNode(sound, { frequency, type: "triangle" });
  const volume = new GainNode(sound, { gain: 0 });
  volume.gain.setValueAtTime(0.25, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.13);
  tone.connect(volume).connect(sound.destination);
  tone.start(start);
  tone.stop(start + 0.14);
}
