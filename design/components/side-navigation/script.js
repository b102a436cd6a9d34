// Older browsers cannot show a closed details element on wide pages by style alone.
export default function sideNavigation(root) {
  const summary = root.querySelector('summary');
  if (CSS.supports('selector(::details-content)')) return;
  const wide = matchMedia('(min-width: 56.25em)');
  const fit = () => {
    root.open = wide.matches;
    summary.hidden = wide.matches;
  };
  wide.addEventListener('change', fit);
  fit();
}
