// Small wishes that this device remembers, where the browser lets it: a private window may not.

export function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It is chosen anew the next time.
  }
}
