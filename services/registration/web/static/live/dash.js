// Has Shaka Player play MPEG-DASH.

import "../vendor/shaka/shaka.js";

const { shaka } = globalThis;
const CRITICAL = shaka.util.Error.Severity.CRITICAL;

// Each of its tracks of captions begins as an empty file at a data: address, which the policy of the page forbids, and
// a browser lists no track that failed; from here that file may come.
const EMPTY = URL.createObjectURL(new Blob(["WEBVTT"], { type: "text/vtt" }));
const tracks = new MutationObserver((changes) => {
  const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
  for (const track of added.filter(({ localName }) => localName === "track")) track.src = EMPTY;
});

// Gives what takes it away again; `least`: of several qualities the lowest; `from`: the second to begin at; `fail` is
// called when it cannot go on. Of a stream in a sound's element no picture is asked for.
export async function attach(element, address, { least, from, fail }) {
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  player.configure({
    manifest: { disableVideo: element.localName === "audio" },
    preferredAudio: [{ language: document.documentElement.lang }],
    ...(least && { abr: { enabled: false, useNetworkInformation: false, defaultBandwidthEstimate: 1 } }),
  });
  // What is missing of a live stream is asked for again, which is decided right after it was told as an error.
  player.addEventListener("error", ({ detail }) => queueMicrotask(() => detail.severity === CRITICAL && fail()));
  tracks.observe(element, { childList: true });
  try {
    await player.attach(element);
    await player.load(address, from);
  } catch (error) {
    await player.destroy();
    throw error;
  }
  return () => player.destroy();
}
