// Lets a desk open without the network: the page without names, and what it is made of. It has nothing to do with data:
// what goes to the API passes by. DESK comes before this file, from `desk_app_pages`: {path, shell, files, decoder,
// version}.

const CACHE = `passerelle${DESK.path} ${DESK.version}`;
const PATIENCE = 4000; // ms for a page, before the one kept here is shown

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === DESK.path) event.respondWith(page(event));
  else if (pathname.startsWith("/static/")) event.respondWith(file(request));
});

async function keepAll() {
  const cache = await caches.open(CACHE);
  await cache.addAll([DESK.shell, ...DESK.files, ...((await readsCodes()) ? [] : DESK.decoder)]);
}

// Else the camera needs the decoder, and may be asked for once the network is away.
async function readsCodes() {
  const formats = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []);
  return Boolean(formats?.includes("qr_code"));
}

async function dropOthers() {
  const mine = (await caches.keys()).filter((name) => name.startsWith(`passerelle${DESK.path} `));
  await Promise.all(mine.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
}

async function page(event) {
  try {
    const response = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE) });
    // Led to sign in: the page that is kept knows better, for it may have a pass, and it has what waits to be sent.
    if (response.status < 500 && response.type !== "opaqueredirect") {
      if (response.ok) event.waitUntil(renew().catch(() => {}));
      return response;
    }
  } catch {
    // The network is away, or so slow that it might as well be.
  }
  const cache = await caches.open(CACHE);
  return (await cache.match(DESK.shell)) ?? Response.error();
}

// The event may have been renamed, or the reader changed the language.
async function renew() {
  const response = await fetch(DESK.shell);
  if (response.ok && !response.redirected) await (await caches.open(CACHE)).put(DESK.shell, response);
}

// An address of a static file names its content: what is kept is right for ever.
async function file(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request.url, response.clone());
  return response;
}
