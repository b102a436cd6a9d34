// One button for all parts; on request remembers for the visit which are open.
export default function accordion(root) {
  const items = [...root.querySelectorAll(':scope > details')];
  const button = root.querySelector(':scope > button');
  const key = `ds-accordion ${location.pathname} ${root.id}`;
  const { show, hide, remember } = root.dataset;
  const keep = (act) => { try { return remember === undefined ? null : act(sessionStorage); } catch { return null; } };
  const before = keep((store) => store.getItem(key));
  if (before !== null) items.forEach((item) => { item.open = before.split(' ').includes(item.id); });
  const open = () => items.find((item) => `#${item.id}` === location.hash)?.setAttribute('open', '');
  const told = () => {
    button.textContent = items.every((item) => item.open) ? hide : show;
    keep((store) => store.setItem(key, items.filter((item) => item.open).map((item) => item.id).join(' ')));
  };
  button.addEventListener('click', () => {
    const all = items.every((item) => item.open);
    for (const item of items) item.open = !all;
  });
  for (const item of items) item.addEventListener('toggle', told);
  addEventListener('hashchange', open);
  open();
  told();
  button.hidden = items.length < 2;
}
