// A second press within a second is taken for a slip of the hand.
export default function button(root) {
  let last = 0;
  root.addEventListener('click', (event) => {
    if (event.timeStamp - last < 1000 && last) event.preventDefault();
    else last = event.timeStamp;
  });
}
