// Shows and hides what was typed. It is hidden again before the form is sent, so that no browser keeps it as ordinary text.
export default function passwordInput(root) {
  const input = root.querySelector('input');
  const button = root.querySelector('button');
  const status = root.querySelector('[role="status"]');
  const { show, hide, shown, hidden } = root.dataset;
  const set = (open) => {
    input.type = open ? 'text' : 'password';
    button.firstElementChild.textContent = open ? hide : show;
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    const open = input.type === 'password';
    set(open);
    status.textContent = open ? shown : hidden;
  });
  const close = () => {
    set(false);
    status.textContent = '';
  };
  input.form?.addEventListener('submit', close);
  input.form?.addEventListener('reset', close);
  addEventListener('pageshow', (event) => event.persisted && close());
}
