// Frames as high as what they show, again whenever it changes.
for (const frame of document.querySelectorAll('iframe.docs-frame')) {
  const fit = () => {
    // The body, not the root: the root is never lower than the frame.
    const body = frame.contentDocument?.body;
    if (body) frame.height = Math.max(64, Math.ceil(body.getBoundingClientRect().height));
  };
  const watch = () => {
    fit();
    new ResizeObserver(fit).observe(frame.contentDocument.body);
  };
  frame.addEventListener('load', watch);
  if (frame.contentDocument?.readyState === 'complete') watch();
}
// Copies the code of an example.
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}
