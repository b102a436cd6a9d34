// Takes the focus when the page loads and marks the title, so that a screen reader starts with what is wrong.
export default function errorSummary(root) {
  if (root.dataset.autofocus !== 'off') {
    const { prefix } = root.dataset;
    if (prefix && !document.title.startsWith(prefix)) document.title = prefix + document.title;
    root.tabIndex = -1;
    root.focus();
    root.addEventListener('blur', () => root.removeAttribute('tabindex'), { once: true });
  }
  // A link goes to the control with its label in view, not to the edge of the control.
  root.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    const control = link && document.getElementById(link.hash.slice(1));
    if (!control) return;
    const label = control.labels?.[0] || control;
    const legend = control.closest('fieldset')?.querySelector('legend');
    // The question of a group belongs in view too, unless it is far away.
    const top = (element) => element.getBoundingClientRect().top;
    (legend && top(control) - top(legend) < innerHeight / 2 ? legend : label).scrollIntoView();
    control.focus({ preventScroll: true });
    event.preventDefault();
  });
}
