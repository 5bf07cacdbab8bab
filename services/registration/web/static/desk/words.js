// The words of the page and what it draws with. Both are in it, so that they are in the reader's language.

export const part = (id) => document.getElementById(id);
export const words = JSON.parse(part("words").textContent);
const { timezone } = part("desk").dataset;
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
// To make one of these takes longer than to judge a scan.
const short = new Intl.DateTimeFormat(language, { timeZone: timezone, timeStyle: "short" });
const medium = new Intl.DateTimeFormat(language, { timeZone: timezone, timeStyle: "medium" });

export function time(instant, seconds = false) {
  return (seconds ? medium : short).format(new Date(instant));
}

export function day(instant, timeZone) {
  return new Date(instant).toLocaleDateString(language, { timeZone, dateStyle: "full" });
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A copy of a template of the page.
export function filled(name, values) {
  const copy = part(name).content.cloneNode(true);
  const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = fill(texts.currentNode.data, values);
  return copy;
}

// Writes only what changed: what is written anew may be read out anew, and costs a slow device time.
export function write(id, text) {
  if (part(id).textContent !== text) part(id).replaceChildren(text);
}

export function undoing({ entry, fact_id: fact }, label) {
  const form = filled("undo", { text: words.undo });
  form.querySelector("[name=entry]").value = entry ?? "";
  form.querySelector("[name=fact_id]").value = fact ?? "";
  if (label) form.querySelector("button").setAttribute("aria-label", label);
  return form;
}
