// What a person sees as one character is one: 𠮷, 👨‍👩‍👧 and a letter with its accents too.
const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;
export const count = (text) => {
  let n = 0;
  for (const part of segmenter ? segmenter.segment(text) : text) if (part) n += 1;
  return n;
};

export default function characterCount(root) {
  const limit = document.getElementById(`${root.id}-count`);
  const { left, over } = root.dataset;
  const max = Number(root.dataset.max);
  const start = max * Number(root.dataset.threshold) / 100;
  // The limit stays as the description of the field; eyes get a line that changes at once, ears one that waits for a pause.
  const seen = document.createElement('div');
  seen.className = limit.className;
  seen.setAttribute('aria-hidden', 'true');
  const heard = document.createElement('div');
  heard.className = 'ds-sr';
  heard.id = `${root.id}-count-status`;
  heard.setAttribute('role', 'status');
  const told = limit.textContent;
  limit.className = 'ds-sr';
  limit.after(seen, heard);
  let timer;
  const message = () => {
    const used = count(root.value);
    const rest = max - used;
    const text = !used || used < start ? told : rest < 0 ? over.replace('{n}', -rest) : left.replace('{n}', rest);
    seen.classList.toggle('ds-error', rest < 0);
    seen.classList.toggle('ds-hint', rest >= 0);
    seen.textContent = text;
    return text;
  };
  // Letters that an input method still composes do not count yet.
  const update = (event) => {
    if (event.isComposing) return;
    const text = message();
    clearTimeout(timer);
    timer = setTimeout(() => { heard.textContent = text === told ? '' : text; }, 1000);
  };
  root.addEventListener('input', update);
  root.addEventListener('compositionend', update);
  root.form?.addEventListener('reset', () => setTimeout(message));
  addEventListener('pageshow', message);
  message();
}
