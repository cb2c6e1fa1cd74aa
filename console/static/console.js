// Keeps the newest message of a transcript in view, unless the reader has scrolled up to read.
(() => {
  const NEAR = 120;
  const follow = (log) => {
    let near = !location.hash;
    const toEnd = () => {
      if (near) log.scrollTop = log.scrollHeight;
    };
    log.addEventListener("scroll", () => {
      near = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    });
    log.addEventListener("load", toEnd, true); // pictures
    new MutationObserver(toEnd).observe(log, { childList: true, subtree: true, characterData: true });
    new ResizeObserver(toEnd).observe(log);
    toEnd();
  };
  const wait = new MutationObserver(() => {
    const log = document.getElementById("log");
    if (!log) return;
    wait.disconnect();
    follow(log);
  });
  wait.observe(document.documentElement, { childList: true, subtree: true });
})();
