// The link that leads to the dialog becomes a button that opens it; the browser keeps the focus inside and gives it back.
const asButton = (link) => {
  const button = document.createElement('button');
  for (const { name, value } of link.attributes) {
    if (name !== 'href' && name !== 'data-ds') button.setAttribute(name, value);
  }
  button.type = 'button';
  button.append(...link.childNodes);
  link.replaceWith(button);
  return button;
};

export default function dialog(root) {
  const box = document.getElementById(root.hash.slice(1));
  if (!box?.showModal) return;
  const opener = asButton(root);
  opener.setAttribute('aria-haspopup', 'dialog');
  opener.addEventListener('click', () => box.showModal());
  if (box.dataset.ready === undefined) {
    box.dataset.ready = '';
    for (const link of box.querySelectorAll('[data-close]')) asButton(link).addEventListener('click', () => box.close());
  }
  if (location.hash === `#${box.id}`) {
    opener.focus();
    box.showModal();
  }
}
