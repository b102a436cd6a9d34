// Draws the field as a drop zone and lists what was chosen. The native input stays on top of the zone, unseen, and keeps doing the work.
export const size = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(Math.ceil(bytes / 104857.6) / 10)} MB`);

export default function fileUpload(root) {
  const input = root.querySelector('input');
  const chosen = root.querySelector('[role="status"]');
  const row = root.querySelector('template').content.firstElementChild;
  const { max, over, remove, chosen: count } = root.dataset;
  const label = input.labels[0];
  root.classList.add('ds-file--ready');
  root.querySelector('.ds-file__face').hidden = false;
  // The words in the zone become part of the name, so that they can be spoken to voice control.
  if (label) {
    label.id ||= `${input.id}-label`;
    input.setAttribute('aria-labelledby', `${label.id} ${input.id}-choose`);
  }

  const without = (file) => {
    const rest = new DataTransfer();
    for (const other of input.files) if (other !== file) rest.items.add(other);
    input.files = rest.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.focus();
  };
  const show = () => {
    const files = [...input.files];
    if (!files.length) return chosen.replaceChildren();
    const title = document.createElement('p');
    title.textContent = count.replace('{n}', files.length);
    const list = document.createElement('ul');
    list.append(...files.map((file) => {
      const item = row.cloneNode(true);
      const text = item.querySelector('.ds-file__name');
      const amount = document.createElement('span');
      amount.className = 'ds-secondary';
      amount.textContent = size(file.size);
      text.append(file.name, ' ', amount);
      if (max && file.size > max * 1048576) {
        const error = document.createElement('span');
        error.className = 'ds-error';
        error.textContent = over.replace('{n}', max);
        text.append(' ', error);
      }
      const button = item.querySelector('button');
      button.querySelector('.ds-sr').textContent = remove.replace('{name}', () => file.name);
      button.disabled = input.disabled;
      button.addEventListener('click', () => without(file));
      return item;
    }));
    return chosen.replaceChildren(title, list);
  };

  // Dropping is left to the input; the zone only shows that it would take the files.
  const hover = (on) => root.classList.toggle('ds-file--over', on);
  input.addEventListener('dragenter', () => hover(!input.disabled));
  for (const name of ['dragleave', 'dragend', 'drop']) input.addEventListener(name, () => hover(false));
  input.addEventListener('change', show);
  input.form?.addEventListener('reset', () => setTimeout(show));
  addEventListener('pageshow', show);
  show();
}
