// Has hls.js play HLS.

import Hls from "../vendor/hls/hls.js";

// Gives what takes it away again; `least`: of several qualities the lowest; `from`: the second to begin at; `fail` is
// called when it cannot go on.
export async function attach(element, address, { least, from, fail }) {
  if (!Hls.isSupported()) {
    // Old telephones play HLS by themselves only, in a quality of their choice.
    element.src = address;
    return () => element.removeAttribute("src");
  }
  const hls = new Hls({ enableWorker: false, ...(least && { startLevel: 0 }), ...(from && { startPosition: from }) });
  hls.on(Hls.Events.ERROR, (_, { fatal }) => fatal && fail());
  hls.loadSource(address);
  if (least) hls.autoLevelCapping = 0;
  hls.attachMedia(element);
  return () => hls.destroy();
}
