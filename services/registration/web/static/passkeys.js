// The ceremonies of passkeys. All else works without this file: where a browser has none, the section stays hidden.

const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;

const CEREMONIES = {
  "sign-in": {
    options: "/sign-in/passkey/options",
    answer: "/sign-in/passkey",
    ask: (json) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(json) }),
    more: (section) => ({ next: section.dataset.next }),
  },
  add: {
    options: "/account/passkeys/options",
    answer: "/account/passkeys",
    ask: (json) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(json) }),
    more: (section) => ({ label: section.querySelector("input").value.trim() || null }),
  },
};

async function post(address, body) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(response.status === 403 ? "refused" : "failed");
  return response.json();
}

async function perform(section, ceremony) {
  const credential = await ceremony.ask(await post(ceremony.options, {}));
  const { to } = await post(ceremony.answer, { credential: credential.toJSON(), ...ceremony.more(section) });
  location.assign(to);
}

for (const section of able ? document.querySelectorAll("[data-passkey]") : []) {
  const ceremony = CEREMONIES[section.dataset.passkey];
  const button = section.querySelector("button");
  const said = section.querySelector("[role=alert]");
  section.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "";
    button.disabled = true;
    try {
      await perform(section, ceremony);
    } catch (error) {
      said.textContent = error.message === "refused" ? said.dataset.refused : said.dataset.failed;
    } finally {
      button.disabled = false;
    }
  });
}
