// A choice such as “none of these” clears the others and is cleared by them; what was cleared is said.
export default function checkboxes(root) {
  const boxes = [...root.querySelectorAll(':scope > .ds-choice > [type=checkbox]')];
  const alone = (box) => 'exclusive' in box.dataset;
  if (!boxes.some(alone)) return;
  const status = document.createElement('div');
  status.className = 'ds-sr';
  status.setAttribute('role', 'status');
  root.append(status);
  root.addEventListener('change', ({ target }) => {
    if (!boxes.includes(target)) return;
    const clear = boxes.filter((box) => target.checked && box !== target && box.checked && !box.disabled && (alone(target) || alone(box)));
    for (const box of clear) box.checked = false;
    const names = clear.map((box) => box.labels[0].textContent.trim()).join(root.dataset.join);
    status.textContent = names && root.dataset.cleared.replace('{names}', () => names);
  });
}
