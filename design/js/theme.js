// Remembers the chosen mode in this browser. A classic script in the head, so that no page flashes in the wrong mode.
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem('ds-theme') || ''; } catch { return ''; } };
  const set = (theme) => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; };
  set(read());
  document.addEventListener('DOMContentLoaded', () => {
    for (const input of document.getElementsByName('ds-theme')) input.checked = input.value === read();
  });
  document.addEventListener('change', (event) => {
    if (event.target.name !== 'ds-theme') return;
    set(event.target.value);
    // A private window may refuse: the mode then holds for this page.
    try { localStorage.setItem('ds-theme', event.target.value); } catch { return; }
  });
  addEventListener('storage', (event) => { if (event.key === 'ds-theme') set(event.newValue || ''); });
})();
