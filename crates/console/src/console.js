// Small helps for pages of the console; every page works without them, passkeys excepted.
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

async function post(address, body, csrf) {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  if (csrf) headers['x-csrf'] = csrf;
  const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error([answer.title, answer.detail].filter(Boolean).join(' '));
  return answer;
}

async function ceremony(place) {
  const { passkey, start, finish, next, csrf, label } = place.dataset;
  const begun = await post(start, {}, csrf);
  let credential;
  if (passkey === 'create') {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options.publicKey ?? begun.options);
    credential = await navigator.credentials.create({ publicKey });
  } else {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options.publicKey ?? begun.options);
    credential = await navigator.credentials.get({ publicKey });
  }
  const body = { ticket: begun.ticket, response: credential.toJSON() };
  if (next) body.next = next;
  if (label) body.label = document.getElementById(label)?.value ?? '';
  const done = await post(finish, body, csrf);
  location.assign(done.location);
}

for (const place of document.querySelectorAll('[data-passkey]')) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  place.hidden = false;
  const button = place.querySelector('button');
  const says = place.querySelector('[data-says]');
  button.addEventListener('click', async () => {
    button.disabled = true;
    says.textContent = '';
    try {
      await ceremony(place);
    } catch (error) {
      // What the browser itself refuses (cancelled, timed out) says nothing a person could use.
      says.textContent = error instanceof DOMException ? place.dataset.failed : error.message;
      button.disabled = false;
    }
  });
}
