// Passkeys (WebAuthn): a form with data-passkey="create" or "get" asks the browser, then sends the answer as JSON.
// Browsers without passkeys, or without scripts, never see the form.
"use strict";

const fromText = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function optionsOf(form) {
  const { publicKey } = JSON.parse(form.dataset.options);
  publicKey.challenge = fromText(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = fromText(publicKey.user.id);
  for (const list of [publicKey.excludeCredentials, publicKey.allowCredentials]) {
    for (const known of list || []) known.id = fromText(known.id);
  }
  return { publicKey };
}

function asJson(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  const rawId = toText(credential.rawId);
  return JSON.stringify({ id: rawId, rawId, type: credential.type, response, clientExtensionResults: {} });
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const credential = await navigator.credentials[form.dataset.passkey](optionsOf(form));
      form.elements.credential.value = asJson(credential);
    } catch {
      failed.hidden = false;
      return;
    }
    form.submit();
  });
}
