// Warns before a session ends. Counts by the clock, not by timers, so that it is right after sleep or a tab in the background.
// Nothing but the button extends: neither keys nor the mouse. Closing the warning changes nothing.
export default function sessionTimeout(root) {
  const box = root.querySelector('dialog');
  if (!box?.showModal) return;
  const { dataset } = root;
  const warn = Number(dataset.warn);
  const moments = [warn, 60, 20].filter((moment, index) => !index || moment < warn);
  const clock = box.querySelector('.ds-session__clock');
  const live = box.querySelector('[aria-live]');
  const failed = box.querySelector('[role=alert]');
  const opener = root.querySelector('[aria-haspopup]');
  const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(`ds-session ${root.id}`) : null;
  let ends = performance.timeOrigin + dataset.seconds * 1000;
  let told = 0;
  let timer;
  let over = false;
  let busy = false;

  const format = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const at = () => new Intl.DateTimeFormat(root.closest('[lang]')?.lang || undefined, format).format(ends);
  const say = (left) => {
    const minutes = Math.round(left / 60);
    const words = left < 60 ? dataset.moments : minutes === 1 ? dataset.minute : dataset.minutes;
    live.textContent = words.replace('{n}', left < 60 ? left : minutes).replace('{time}', at());
  };
  const open = (left) => {
    if (!box.open) {
      failed.hidden = true;
      live.textContent = '';
      box.showModal();
    }
    // Later than the title, so that both are read.
    setTimeout(() => { if (box.open) say(left); }, 500);
  };
  const tick = () => {
    clearTimeout(timer);
    if (over) return;
    const left = Math.ceil((ends - Date.now()) / 1000);
    if (left <= 0) {
      over = true;
      box.close();
      location.assign(dataset.ended || location.pathname + location.search);
      return;
    }
    const stage = moments.filter((moment) => left <= moment).length;
    if (stage > told) {
      const first = told < 2;
      told = stage;
      // Somebody who closed the first warning gets one more in the last minute.
      if (first) open(left);
      else if (box.open) say(left);
    }
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    const ahead = left - (moments[stage] ?? 0);
    timer = setTimeout(tick, box.open ? 1000 : Math.min(ahead, 60) * 1000);
  };
  const extended = (until) => {
    ends = until;
    told = 0;
    if (box.open) box.close();
    const time = root.querySelector('time');
    time.textContent = at();
    time.dateTime = new Date(ends).toISOString();
    tick();
  };

  box.addEventListener('submit', async (event) => {
    if (event.submitter?.dataset.extend === undefined) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    failed.hidden = true;
    try {
      const form = event.target;
      const headers = { Accept: 'application/json' };
      const body = new URLSearchParams(new FormData(form));
      const began = Date.now();
      const answer = await fetch(form.getAttribute('action'), { method: 'POST', headers, body, redirect: 'error' });
      if (!answer.ok) throw new Error(answer.status);
      const more = await answer.json().catch(() => null);
      extended(began + (Number(more?.seconds) || Number(dataset.seconds)) * 1000);
      channel?.postMessage(ends);
      root.querySelector('[role=status]').textContent = dataset.extended.replace('{time}', at());
    } catch {
      failed.textContent = dataset.failed;
      failed.hidden = false;
    }
    busy = false;
  });
  box.querySelector('[data-close]')?.addEventListener('click', () => box.close());
  opener.addEventListener('click', () => {
    open(Math.ceil((ends - Date.now()) / 1000));
    tick();
  });
  // A page loaded or extended in another tab has given the session more time.
  channel?.addEventListener('message', ({ data }) => { if (data > ends) extended(data); });
  channel?.postMessage(ends);
  document.addEventListener('visibilitychange', tick);
  addEventListener('pageshow', tick);
  opener.hidden = false;
  tick();
}
