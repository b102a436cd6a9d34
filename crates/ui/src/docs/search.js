// Finds pages in the index beside this page. Without it the list of all pages stays.
const form = document.querySelector('form[role="search"][data-index]');
const list = document.getElementById('results');
const count = document.getElementById('count');

const han = /[\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[\u{20000}-\u{33fff}]/u;

function terms(text) {
  const out = new Set();
  let word = '';
  let run = [];
  const flush = () => {
    if (word) out.add(word);
    if (run.length === 1) out.add(run[0]);
    for (let i = 1; i < run.length; i++) out.add(run[i - 1] + run[i]);
    word = '';
    run = [];
  };
  for (const c of text.toLowerCase()) {
    if (han.test(c)) {
      if (word) flush();
      run.push(c);
    } else if (/[\p{L}\p{N}]/u.test(c)) {
      if (run.length) flush();
      word += c;
    } else {
      flush();
    }
  }
  flush();
  return [...out];
}

function show(pages) {
  list.replaceChildren(...pages.map(([href, title, summary]) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = href;
    link.textContent = title;
    item.append(link, document.createElement('br'), summary);
    return item;
  }));
  count.textContent = form.dataset.count.replace('{n}', pages.length);
}

if (form) {
  const index = await (await fetch(form.dataset.index)).json();
  const field = form.querySelector('input');
  const all = index.pages;
  const look = () => {
    const wanted = terms(field.value);
    if (!wanted.length) return show(all);
    const sets = wanted.map((term) => new Set(index.terms[term] || []));
    const found = [...sets[0]].filter((n) => sets.every((set) => set.has(n)));
    const inTitle = (n) => wanted.every((term) => terms(all[n][1]).includes(term));
    found.sort((a, b) => inTitle(b) - inTitle(a) || a - b);
    return show(found.map((n) => all[n]));
  };
  field.value = new URLSearchParams(location.search).get('q') || '';
  field.addEventListener('input', look);
  form.addEventListener('submit', (event) => { event.preventDefault(); look(); });
  look();
}
