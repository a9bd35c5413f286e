// Asks the browser for a passkey and sends its answer with the form around the button. A page has one at most.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (credential) => ({ ...credential, id: bytes(credential.id) });

async function create({ publicKey: q }) {
  const made = await navigator.credentials.create({ publicKey: { ...q, challenge: bytes(q.challenge), user: named(q.user),
    excludeCredentials: (q.excludeCredentials ?? []).map(named) } });
  return { made, response: { attestationObject: text(made.response.attestationObject), transports: made.response.getTransports?.() ?? [] } };
}

async function get({ publicKey: q }) {
  const made = await navigator.credentials.get({ publicKey: { ...q, challenge: bytes(q.challenge),
    allowCredentials: (q.allowCredentials ?? []).map(named) } });
  const handle = made.response.userHandle;
  return { made, response: { authenticatorData: text(made.response.authenticatorData), signature: text(made.response.signature),
    ...(handle ? { userHandle: text(handle) } : {}) } };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const [fault, unable] = ["[data-fault]", "[data-unable]"].map((which) => form.querySelector(which));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fault.hidden = unable.hidden = true;
    if (!window.PublicKeyCredential) {
      unable.hidden = false;
      return;
    }
    try {
      const { made, response } = await { create, get }[form.dataset.passkey](JSON.parse(form.dataset.question));
      form.elements.answer.value = JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type,
        response: { ...response, clientDataJSON: text(made.response.clientDataJSON) }, clientExtensionResults: {} });
      form.submit();
    } catch {
      fault.hidden = false;
    }
  });
}
