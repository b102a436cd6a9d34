// ARIA 1.2 combobox with a listbox over a native select, or over an input with a datalist.
const MOST = 200;

// 台 is found by 臺, full width by half width, and spaces and points do not matter.
const plain = (text) => text.normalize('NFKC').toLowerCase().replace(/台/g, '臺').replace(/[\s\p{P}]/gu, '');

// How well an option fits: 0 begins with the query, 1 holds it, 2 has another name with it, 3 is shortened to it (北檢), -1 not.
export function rank({ key, others }, query) {
  if (key.startsWith(query)) return 0;
  if (key.includes(query)) return 1;
  if (others.some((name) => name.includes(query))) return 2;
  const letters = [...query];
  if (letters.length < 2 || !/\p{Script=Han}/u.test(query)) return -1;
  let at = 0;
  for (const letter of key) if (letter === letters[at]) at += 1;
  return at === letters.length ? 3 : -1;
}

export default function combobox(root) {
  const source = root.querySelector('select, input');
  const free = source.matches('input');
  const { id } = source;
  const words = root.dataset;
  const make = (tag, attributes) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  // The input takes the id, so that label, hint and error summary lead to it; the select keeps the name and the value.
  let input = source;
  if (!free) {
    input = make('input', { type: 'text', class: source.className, spellcheck: 'false', autocapitalize: 'none' });
    for (const name of ['aria-describedby', 'aria-invalid', 'aria-required', 'disabled']) {
      if (source.hasAttribute(name)) input.setAttribute(name, source.getAttribute(name));
    }
    source.id = `${id}-value`;
    source.hidden = true;
    input.id = id;
    source.before(input);
  }
  const found = [...(free ? source.list : source).options].filter((option) => option.value);
  const options = found.map((option, index) => {
    const text = free ? option.value : option.text;
    const others = (option.dataset.keywords || '').split(/[,，、]/).map(plain).filter(Boolean);
    return { text, value: option.value, key: plain(text), others, disabled: option.disabled, index };
  });
  input.removeAttribute('list');
  const listId = `${id}-listbox`;
  const set = { role: 'combobox', autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': listId };
  for (const [name, value] of Object.entries(set)) input.setAttribute(name, value);
  const title = input.labels[0]?.textContent || words.open;
  const list = make('ul', { id: listId, role: 'listbox', class: 'ds-combobox__list', hidden: '', 'aria-label': title });
  const button = make('button', { type: 'button', class: 'ds-combobox__button', tabindex: '-1', 'aria-label': words.open, 'aria-expanded': 'false', 'aria-controls': listId });
  button.disabled = input.disabled;
  button.append(root.querySelector('.ds-icon'));
  const status = make('div', { class: 'ds-sr', role: 'status' });
  root.append(button, list);
  root.after(status);

  let shown = [];
  let active = -1;
  let timer;
  const chosen = () => options.find((option) => (free ? option.text === input.value : option.value === source.value));
  const isOpen = () => !list.hidden;
  const tell = (text, seen) => {
    clearTimeout(timer);
    status.className = seen ? 'ds-hint' : 'ds-sr';
    if (seen || !text) status.textContent = text;
    else timer = setTimeout(() => { status.textContent = text; }, 600);
  };
  const expand = (open) => {
    list.hidden = !open;
    for (const element of [input, button]) element.setAttribute('aria-expanded', String(open));
  };
  const point = (index) => {
    shown[active]?.element.setAttribute('aria-selected', 'false');
    active = index;
    const option = shown[active];
    if (!option) return input.removeAttribute('aria-activedescendant');
    option.element.setAttribute('aria-selected', 'true');
    option.element.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.element.id);
  };
  const close = () => {
    point(-1);
    expand(false);
  };
  const open = (query) => {
    point(-1);
    const fits = query ? options.map((option) => ({ option, order: rank(option, query) })).filter(({ order }) => order >= 0) : [];
    const all = query ? fits.sort((a, b) => a.order - b.order).map(({ option }) => option) : options;
    shown = all.slice(0, MOST);
    for (const option of shown) {
      if (option.element) continue;
      option.element = make('li', { id: `${listId}-${option.index}`, role: 'option', 'aria-selected': 'false' });
      if (option.disabled) option.element.setAttribute('aria-disabled', 'true');
      option.element.textContent = option.text;
    }
    list.replaceChildren(...shown.map(({ element }) => element));
    const box = root.getBoundingClientRect();
    list.classList.toggle('ds-combobox__list--up', innerHeight - box.bottom < 240 && box.top > innerHeight - box.bottom);
    expand(shown.length > 0);
    if (!shown.length) tell(free ? '' : words.none, true);
    else tell((all.length > MOST ? words.more : words.count).replace('{n}', all.length).replace('{m}', MOST));
  };
  // An untouched choice opens the whole list, as a select does.
  const query = () => (chosen()?.text === input.value ? '' : plain(input.value));
  const changed = () => source.dispatchEvent(new Event('change', { bubbles: true }));
  const choose = (option) => {
    input.value = option.text;
    if (!free) source.value = option.value;
    tell('');
    close();
    changed();
  };
  const show = () => { input.value = chosen()?.text ?? ''; };
  // What the field holds when it is left: true if that is now settled.
  const settle = () => {
    const option = shown[active];
    const typed = input.value.trim();
    const key = plain(typed);
    if (isOpen() && option) choose(option);
    close();
    if (free || option || typed === (chosen()?.text ?? '')) {
      tell('');
      return true;
    }
    const same = options.find((other) => !other.disabled && (other.key === key || other.others.includes(key)));
    if (key && same) choose(same);
    else if (!typed) {
      source.value = '';
      tell('');
      changed();
    } else {
      show();
      tell(words.unknown.replace('{text}', () => typed), true);
      return false;
    }
    return true;
  };
  const step = (by) => {
    let next = active;
    for (let tries = 0; tries < shown.length; tries += 1) {
      next = next < 0 && by < 0 ? shown.length - 1 : (next + by + shown.length) % shown.length;
      if (!shown[next].disabled) return point(next);
    }
  };

  const typed = (event) => {
    if (!event.isComposing) open(plain(input.value));
  };
  input.addEventListener('input', typed);
  input.addEventListener('compositionend', typed);
  input.addEventListener('mousedown', () => { if (!isOpen() && !input.disabled) open(query()); });
  input.addEventListener('focus', () => { if (!free) input.select(); });
  input.addEventListener('blur', settle);
  input.addEventListener('keydown', (event) => {
    // Keys that belong to an input method are left to it; Safari tells by the code 229 only.
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
    const { key, altKey } = event;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault();
      const down = key === 'ArrowDown';
      if (isOpen() && altKey && !down) settle();
      else if (isOpen()) step(down ? 1 : -1);
      else {
        open(query());
        const at = shown.indexOf(chosen());
        if (altKey || !isOpen()) return;
        if (at >= 0) point(at);
        else step(down ? 1 : -1);
      }
    } else if (key === 'Enter') {
      const opened = isOpen();
      if (opened && active < 0 && !free && shown.length === 1 && !shown[0].disabled) point(0);
      const stay = opened && (active >= 0 || !free);
      if (!settle() || stay) event.preventDefault();
    } else if (key === 'Escape') {
      if (isOpen()) close();
      else if (input.value) {
        input.value = '';
        if (!free) settle();
      } else return;
      event.preventDefault();
    } else if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) point(-1);
  });
  // The focus stays in the input, so that its loss always means leaving.
  for (const element of [list, button]) element.addEventListener('mousedown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => {
    const option = shown.find(({ element }) => element === event.target.closest('li'));
    if (option && !option.disabled) choose(option);
  });
  button.addEventListener('click', () => {
    input.focus();
    if (isOpen()) close();
    else open(query());
  });
  if (!free) {
    source.form?.addEventListener('reset', () => setTimeout(show));
    addEventListener('pageshow', show);
    show();
  }
}
