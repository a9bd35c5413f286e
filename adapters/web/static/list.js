// In a list of cases the arrows go from one case to the next while one of them has the focus. Everything else the keyboard does is left
// as it is: Tab goes on, Enter opens.
(() => {
  const links = [...document.querySelectorAll('main tbody [role=rowheader] a')];
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  document.addEventListener('keydown', (e) => {
    const from = links.indexOf(document.activeElement);
    if (from < 0 || e.altKey || e.ctrlKey || e.metaKey || e.shiftKey) return;
    const to = e.key === 'Home' ? 0 : e.key === 'End' ? links.length - 1 : e.key in steps ? from + steps[e.key] : -1;
    if (!links[to]) return;
    e.preventDefault();
    links[to].focus();
  });
})();
