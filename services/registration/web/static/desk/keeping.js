// What this device keeps of a desk: the list of tickets and the scans that wait to be sent. Both are sealed with a key
// that this browser made and gives to nobody (AES-GCM, not extractable), so that a copy of its files tells nothing.
// Where a browser cannot do that (an address without TLS), the page goes on from memory and says so (`lasting`).

const NAME = "passerelle-desk";
const STORES = ["keys", "snapshots", "queue", "settings"];

export async function openKeeping() {
  try {
    if (globalThis.crypto?.subtle && globalThis.indexedDB) {
      const database = await open();
      return new Keeping(database, await ownKey(database));
    }
  } catch {
    // A browser that forbids it, in a private window for instance: some do when they are asked whether they have it.
  }
  return new Memory();
}

class Keeping {
  lasting = true;
  #database;
  #key;

  constructor(database, key) {
    this.#database = database;
    this.#key = key;
  }

  async snapshot(eventId) {
    const kept = await this.#run("snapshots", "readonly", (store) => store.get(eventId));
    return kept && this.#open(kept, eventId);
  }

  async keepSnapshot(eventId, value, until) {
    const sealed = await this.#seal(value, eventId);
    await this.#run("snapshots", "readwrite", (store) => store.put({ ...sealed, until }, eventId));
  }

  async dropSnapshot(eventId) {
    await this.#run("snapshots", "readwrite", (store) => store.delete(eventId));
  }

  // Lists of events that are over are nobody's business any more. The queue is never emptied like this.
  async dropOldSnapshots(now) {
    const database = this.#database;
    await finished(database, "snapshots", (store) => {
      store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return;
        if (cursor.value.until < now) cursor.delete();
        cursor.continue();
      };
    });
  }

  // Oldest first. What cannot be opened (a damaged file) is left where it is.
  async queued(eventId) {
    const kept = await this.#run("queue", "readonly", (store) => store.index("event").getAll(eventId));
    kept.sort((one, other) => one.order - other.order);
    const opened = await Promise.all(kept.map((entry) => this.#open(entry, entry.id).catch(() => null)));
    return opened.filter(Boolean);
  }

  // Returns once they are on the disk: the battery may be empty a moment later.
  async keep(entries) {
    const rows = await Promise.all(entries.map((entry) => this.#row(entry)));
    await this.#run("queue", "readwrite", (store) => rows.forEach((row) => store.put(row)));
  }

  async forget(ids) {
    await this.#run("queue", "readwrite", (store) => ids.forEach((id) => store.delete(id)));
  }

  async secret(name) {
    const kept = await this.#run("settings", "readonly", (store) => store.get(name));
    return kept && this.#open(kept, name).catch(() => null);
  }

  async keepSecret(name, value) {
    const sealed = await this.#seal(value, name);
    await this.#run("settings", "readwrite", (store) => store.put(sealed, name));
  }

  async dropSecret(name) {
    await this.#run("settings", "readwrite", (store) => store.delete(name));
  }

  setting(name) {
    return this.#run("settings", "readonly", (store) => store.get(name));
  }

  async keepSetting(name, value) {
    await this.#run("settings", "readwrite", (store) => store.put(value, name));
  }

  #run(name, mode, ask) {
    return finished(this.#database, name, ask, mode);
  }

  async #row(entry) {
    return { ...(await this.#seal(entry, entry.id)), id: entry.id, event: entry.event, order: entry.order };
  }

  async #seal(value, name) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const clear = new TextEncoder().encode(JSON.stringify(value));
    return { iv, sealed: await crypto.subtle.encrypt(algorithm(iv, name), this.#key, clear) };
  }

  async #open({ iv, sealed }, name) {
    const clear = await crypto.subtle.decrypt(algorithm(iv, name), this.#key, sealed);
    return JSON.parse(new TextDecoder().decode(clear));
  }
}

class Memory {
  lasting = false;
  #snapshots = new Map();
  #queue = new Map();
  #settings = new Map();

  snapshot = async (eventId) => this.#snapshots.get(eventId);
  keepSnapshot = async (eventId, value) => void this.#snapshots.set(eventId, value);
  dropSnapshot = async (eventId) => void this.#snapshots.delete(eventId);
  dropOldSnapshots = async () => {};
  queued = async () => [...this.#queue.values()];
  keep = async (entries) => entries.forEach((entry) => this.#queue.set(entry.id, entry));
  forget = async (ids) => ids.forEach((id) => this.#queue.delete(id));
  secret = async (name) => this.#settings.get(name);
  keepSecret = async (name, value) => void this.#settings.set(name, value);
  dropSecret = async (name) => void this.#settings.delete(name);
  setting = async (name) => this.#settings.get(name);
  keepSetting = async (name, value) => void this.#settings.set(name, value);
}

// The name is sealed in too: what is kept for one event or scan cannot be passed off as another's.
function algorithm(iv, name) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) };
}

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      for (const name of STORES) {
        const store = asked.result.createObjectStore(name, name === "queue" ? { keyPath: "id" } : undefined);
        if (name === "queue") store.createIndex("event", "event");
      }
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

// Two tabs that open for the first time together must end with one key: `add` lets only the first one in.
async function ownKey(database) {
  const find = () => finished(database, "keys", (store) => store.get("desk"), "readonly");
  const known = await find();
  if (known) return known;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await finished(database, "keys", (store) => store.add(key, "desk")).catch(() => {});
  return find();
}

function finished(database, name, ask, mode = "readwrite") {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, mode, { durability: "strict" });
    const asked = ask(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onabort = () => reject(transaction.error);
  });
}
