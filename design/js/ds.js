// Finds what a page uses and loads just that. Pages work without it.
const here = new URL('.', import.meta.url);
const started = new WeakSet();

export async function start(scope = document) {
  const jobs = [...scope.querySelectorAll('[data-ds]')].map(async (root) => {
    if (started.has(root)) return;
    started.add(root);
    const module = await import(new URL(`modules/${root.dataset.ds}.js`, here));
    module.default(root);
  });
  await Promise.allSettled(jobs);
  document.documentElement.dataset.dsReady = '';
}

start();
