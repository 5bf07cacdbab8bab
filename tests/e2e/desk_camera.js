// A telephone's camera as the desk's page sees it: two of them, the one at the back with a lamp. What it shows is drawn.

const canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [1280, 720];
const picture = canvas.getContext("2d");

globalThis.camera = {
  asked: [],
  lit: [],
  refusal: null,
  // `code` as rows of 0 and 1, each cell so many pixels wide, in the middle; null is an empty room.
  show(code, cell = 12) {
    picture.fillStyle = "#998";
    picture.fillRect(0, 0, canvas.width, canvas.height);
    const side = (code?.length ?? 0) * cell;
    code?.forEach((row, y) =>
      row.forEach((dark, x) => {
        picture.fillStyle = dark ? "#111" : "#eee";
        picture.fillRect((1280 - side) / 2 + x * cell, (720 - side) / 2 + y * cell, cell, cell);
      }),
    );
  },
  stream(id) {
    const stream = canvas.captureStream(10);
    const [track] = stream.getVideoTracks();
    track.getSettings = () => ({ deviceId: id });
    track.getCapabilities = () => (id === "back" ? { torch: true } : {});
    track.applyConstraints = async ({ advanced: [{ torch }] }) => void camera.lit.push(torch);
    // A stream of a canvas has a picture whenever something is drawn.
    setInterval(() => picture.fillRect(0, 0, 1, 1), 100);
    return stream;
  },
};

Object.defineProperty(navigator, "mediaDevices", {
  value: Object.assign(new EventTarget(), {
    async getUserMedia({ video }) {
      camera.asked.push(video.deviceId?.exact ?? video.facingMode);
      if (camera.refusal) throw new DOMException("", camera.refusal);
      return camera.stream(video.deviceId?.exact ?? "back");
    },
    enumerateDevices: async () => [
      { kind: "videoinput", deviceId: "back", label: "Back camera" },
      { kind: "videoinput", deviceId: "front", label: "Front camera" },
      { kind: "audioinput", deviceId: "microphone", label: "Microphone" },
    ],
  }),
});
