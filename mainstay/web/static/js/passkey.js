// Passkeys: what HTML cannot do. A form marked data-passkey="get" signs in, one marked "create" makes a passkey.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const send = async (form, address, body) => {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), redirect: "error" });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error || answer.statusText);
  return told;
};

const opened = (options) => {
  const open = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
  if (open.user) open.user = { ...open.user, id: bytes(open.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (open[list]) open[list] = open[list].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return { publicKey: open };
};

const plain = (found) => {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (found.response[part]) response[part] = text(found.response[part]);
  }
  return { id: found.id, rawId: text(found.rawId), type: found.type, response, clientExtensionResults: {} };
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) {
    form.querySelector("[data-failed]").hidden = false;
    continue;
  }
  form.querySelector("button").disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      const options = opened(await send(form, form.dataset.options, {}));
      const found = await navigator.credentials[form.dataset.passkey](options);
      const answer = { ...plain(found), name: form.elements.name ? form.elements.name.value : "" };
      location.assign((await send(form, form.action, answer)).next);
    } catch (error) {
      if (error.name === "Error") failed.textContent = error.message;
      failed.hidden = false;
    }
  });
}
