// Full width to half width, no spaces or unseen characters, upper case: 「ａ１２３…」 becomes A123….
export const tidy = (text) => text.normalize('NFKC').replace(/[\s\u200B-\u200F\u2060\uFEFF]/g, '').toUpperCase();

// twid.js may lie beside ds.js; without it a number is only tidied. It is asked for once, and only when a number was typed.
let twid;
const checker = () => {
  twid ||= import('../twid.js').catch(() => ({}));
  return twid;
};

export function watch(root, kind) {
  const message = document.createElement('p');
  message.id = `${root.id}-check`;
  message.setAttribute('role', 'status');
  root.after(message);
  const tell = (word) => {
    message.className = word ? `ds-check ${word === 'invalid' ? 'ds-error' : 'ds-hint'}` : 'ds-sr';
    message.textContent = word ? root.dataset[word] : '';
  };
  tell('');
  root.addEventListener('input', () => tell(''));
  root.addEventListener('change', async () => {
    const value = tidy(root.value);
    if (value !== root.value) root.value = value;
    const { check } = await checker();
    if (!check || !value || root.value !== value) return;
    const found = check(kind, value);
    if (!found.valid) tell('invalid');
    else tell(found.kind === 'arc_old' ? 'old' : 'valid');
  });
}

export default function nationalIdInput(root) {
  watch(root, 'person-id');
}
