// Turns the list of contents into a row of tabs. Arrows move and open at once, since everything is already on the page.
export default function tabs(root) {
  const list = root.querySelector(':scope > ul');
  const links = [...list.querySelectorAll('a')];
  const panels = links.map((link) => document.getElementById(link.hash.slice(1)));
  if (panels.some((panel) => !panel)) return;
  list.setAttribute('role', 'tablist');
  links.forEach((link, index) => {
    const panel = panels[index];
    link.parentElement.setAttribute('role', 'presentation');
    link.setAttribute('role', 'tab');
    link.setAttribute('aria-controls', panel.id);
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', link.id);
    panel.tabIndex = 0;
  });
  const open = (index) => links.forEach((link, at) => {
    const chosen = at === index;
    link.setAttribute('aria-selected', chosen);
    link.tabIndex = chosen ? 0 : -1;
    panels[at].toggleAttribute('data-open', chosen);
  });
  const choose = (index) => {
    open(index);
    links[index].focus();
    // The address names the open tab, so that it can be passed on; going back leaves the page.
    history.replaceState(history.state, '', links[index].hash);
  };
  list.addEventListener('click', (event) => {
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(links.indexOf(link));
  });
  list.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = links.indexOf(event.target.closest('a'));
    if (at < 0) return;
    const ahead = getComputedStyle(root).direction === 'rtl' ? -1 : 1;
    const last = links.length - 1;
    const to = { ArrowRight: at + ahead, ArrowLeft: at - ahead, Home: 0, End: last, ' ': at }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose((to + links.length) % links.length);
  });
  // An address may point to a part or to anything inside one.
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const index = target ? panels.findIndex((panel) => panel.contains(target)) : -1;
    if (index >= 0) {
      open(index);
      if (target !== panels[index]) target.scrollIntoView();
    }
    return index >= 0;
  };
  addEventListener('hashchange', follow);
  if (!follow()) open(Math.max(0, links.findIndex((link) => link.dataset.open !== undefined)));
  root.dataset.ready = '';
}
