// Codes are pasted with spaces, hyphens or full-width digits; only the digits count.
export const tidy = (text) => text.normalize('NFKC').replace(/[\s\u200B-\u200D\u2060\uFEFF-]/g, '');

export default function otpInput(root) {
  const clean = () => {
    const text = tidy(root.value);
    if (text === root.value) return;
    root.value = text;
    root.dispatchEvent(new Event('input', { bubbles: true }));
  };
  root.addEventListener('paste', () => setTimeout(clean));
  root.addEventListener('blur', clean);
  root.form?.addEventListener('submit', clean, true);
}
