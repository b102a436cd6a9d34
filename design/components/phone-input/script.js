// Takes phone numbers as people write them: full width becomes half width, and an extension written after the number moves to its own box.
export function tidy(text) {
  const plain = text.normalize('NFKC').replace(/[\u200B-\u200D\u2060\uFEFF]/g, '').replace(/[‐‑‒–—―−]/g, '-').trim();
  const found = /^(.*?\d.*?)\s*[,，;；(（]?\s*(?:#|轉|分機|ext\.?|extension|x)\s*[:：#]?\s*(\d{1,6})\s*[)）]?$/i.exec(plain);
  return found ? [found[1].trim(), found[2]] : [plain, ''];
}

export default function phoneInput(root) {
  const [number, extension] = root.querySelectorAll('input');
  const set = (input, text) => {
    if (text === input.value) return;
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  };
  number.addEventListener('blur', () => {
    const [text, rest] = tidy(number.value);
    if (!rest) return set(number, text);
    if (!extension || (extension.value && extension.value !== rest)) return set(number, `${text}#${rest}`);
    set(extension, rest);
    return set(number, text);
  });
  extension?.addEventListener('blur', () => set(extension, extension.value.normalize('NFKC').replace(/[^0-9]/g, (letter) => (/[\s#\u200B-\u200D\u2060\uFEFF]/.test(letter) ? '' : letter))));
}
