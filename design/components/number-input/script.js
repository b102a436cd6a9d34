// Digits of full width become plain ones when the field is left; the buttons count within the limits.
const tidy = (text) => text.normalize('NFKC').replace(/[\s\u200B-\u200D\u2060\uFEFF]/g, '').replace(/\u2212/g, '-');
// 12,345 is one number; anything else stays as typed for the server to explain.
const number = (text) => {
  const plain = tidy(text).replace(/,(?=\d{3}(\D|$))/g, '');
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
};

export default function numberInput(root) {
  const input = root.querySelector('input');
  const buttons = [...root.querySelectorAll('[data-by]')];
  const status = root.querySelector('[role="status"]');
  const unit = root.querySelector('.ds-affix__text:last-child');
  const { min, max, step } = root.dataset;
  const low = min === undefined ? -Infinity : Number(min);
  const high = max === undefined ? Infinity : Number(max);
  // A button that can do nothing keeps the focus and says so.
  const limits = () => {
    const now = number(input.value);
    for (const button of buttons) button.setAttribute('aria-disabled', String(button.dataset.by < 0 ? now <= low : now >= high));
  };
  const count = (by) => {
    const now = number(input.value);
    const start = Number.isNaN(now) ? Math.min(Math.max(0, low), high) : now + by * step;
    // Sums such as 0.1 + 0.2 are rounded to what a person would write.
    const next = String(Number(Math.min(Math.max(start, low), high).toFixed(6)));
    if (next === input.value) return;
    input.value = next;
    status.textContent = next + (unit ? ` ${unit.textContent}` : '');
    for (const name of ['input', 'change']) input.dispatchEvent(new Event(name, { bubbles: true }));
  };
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener('click', () => count(Number(button.dataset.by)));
  }
  input.addEventListener('blur', () => {
    const found = tidy(input.value);
    const value = Number.isNaN(number(found)) ? found : found.replace(/,/g, '');
    if (value !== input.value) input.value = value;
  });
  input.addEventListener('input', limits);
  input.form?.addEventListener('reset', () => setTimeout(limits));
  addEventListener('pageshow', limits);
  limits();
}
