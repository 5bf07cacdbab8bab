// Goes into the desk's page before its own scripts: a camera that sees what is drawn, and a clock for each scan.

const canvas = document.createElement("canvas");
let beat = null;
const picture = canvas.getContext("2d");
[canvas.width, canvas.height] = [1280, 720];
Object.defineProperty(navigator, "mediaDevices", {
  value: {
    getUserMedia: async () => canvas.captureStream(30),
    enumerateDevices: async () => [],
    addEventListener() {},
  },
});

function draw(code) {
  picture.fillStyle = "#889";
  picture.fillRect(0, 0, canvas.width, canvas.height);
  const cell = Math.floor(420 / (code?.length ?? 1));
  code?.forEach((row, y) =>
    row.forEach((dark, x) => {
      picture.fillStyle = dark ? "#111" : "#eee";
      picture.fillRect(430 + x * cell, 150 + y * cell, cell, cell);
    }),
  );
}

const painted = () =>
  new Promise((resolve) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now());
      port2.postMessage(null);
    }),
  );

globalThis.bench = {
  async camera(on) {
    draw(null);
    // A stream of a canvas has a picture whenever something is drawn.
    if (on) beat = setInterval(() => picture.fillRect(0, 0, 1, 1), 33);
    else clearInterval(beat);
    document.getElementById("camera-toggle").click();
    while (document.getElementById("camera-view").hidden === on) await new Promise((next) => setTimeout(next, 50));
    await new Promise((next) => setTimeout(next, 500));
  },

  // `text` comes by the field, or as `code` before the camera. Ends with the server's word, or the device's if `away`.
  scan(text, code, away) {
    const result = document.getElementById("result");
    const field = document.getElementById("typed");
    return new Promise((resolve) => {
      const times = {};
      const began = performance.now();
      const watching = new MutationObserver(async () => {
        const answer = result.querySelector(".answer");
        const provisional = answer.classList.contains("provisional");
        times.kind = answer.dataset.kind;
        const now = (await painted()) - began;
        times.first ??= now;
        if (provisional && !away) return;
        times.last ??= now;
        watching.disconnect();
        performance.mark("bench asked", { startTime: began });
        performance.mark("bench painted", { startTime: began + times.first });
        if (code) draw(null);
        // The next ticket comes when this one's work is done, as people do not arrive in the same instant.
        setTimeout(() => resolve(times), 400);
      });
      watching.observe(result, { childList: true, subtree: true });
      if (code) return draw(code);
      field.value = text;
      field.form.requestSubmit();
    });
  },
};
