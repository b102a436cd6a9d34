// One box selects the page, Shift selects a stretch, and the number of selected rows is told.
export default function dataGrid(root) {
  const all = root.querySelector('[data-all]');
  if (!all) return;
  const boxes = [...root.querySelectorAll('tbody [type=checkbox]')];
  const status = root.querySelector('[role=status]');
  let last = -1;
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
    status.textContent = count ? root.dataset.selected.replace('{n}', count) : '';
  };
  root.addEventListener('click', (event) => {
    const at = boxes.indexOf(event.target);
    if (at < 0) return;
    if (event.shiftKey && last >= 0) {
      for (const box of boxes.slice(Math.min(at, last), Math.max(at, last))) box.checked = event.target.checked;
      boxes[last].checked = event.target.checked;
    }
    last = at;
    tell();
  });
  root.addEventListener('change', ({ target }) => {
    if (target === all) for (const box of boxes) box.checked = all.checked;
    tell();
  });
  addEventListener('pageshow', tell);
  all.closest('label').hidden = false;
  tell();
}
