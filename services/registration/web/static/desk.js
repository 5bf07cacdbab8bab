// The desk without reloading: each form is sent in the background, and the parts that changed are taken from the answer.
// Without this module the same forms work as ordinary pages.

const parts = ["result", "found", "count", "scans"];
const typed = document.getElementById("typed");

async function send(form) {
  // Not form.action: that is the choice between entry and exit.
  const response = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!response.ok) throw new Error(`${response.status}`);
  const answer = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!answer.getElementById("desk")) throw new Error("not the desk");
  for (const part of parts) {
    document.getElementById(part).replaceChildren(...answer.getElementById(part).childNodes);
  }
  document.querySelector(".desk-form [name=form_id]").value = answer.querySelector(".desk-form [name=form_id]").value;
}

document.getElementById("desk").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  form.setAttribute("aria-busy", "true");
  try {
    await send(form);
    typed.value = "";
  } catch {
    // The ordinary way shows what is wrong: signed out, event gone, network away.
    form.submit();
    return;
  } finally {
    form.removeAttribute("aria-busy");
  }
  const choice = document.querySelector("#found button");
  (choice ?? typed).focus();
});
