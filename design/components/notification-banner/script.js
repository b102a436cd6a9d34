// The result of the last act takes the focus once, so that it is the first thing read.
export default function notificationBanner(root) {
  if (root.dataset.autofocus === 'off' || root.getAttribute('role') !== 'alert') return;
  root.tabIndex = -1;
  root.focus();
  root.addEventListener('blur', () => root.removeAttribute('tabindex'), { once: true });
}
