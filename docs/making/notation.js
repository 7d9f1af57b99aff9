(() => {
  const root = document.documentElement;
  const buttons = document.querySelectorAll(".notation-switch button");
  const choose = (wanted) => {
    const notation = wanted === "index" ? "index" : "matrix";
    root.dataset.notation = notation;
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.notation === notation);
  };
  const asked = () => new URLSearchParams(location.search).get("notation");
  const keep = (notation) => {
    const address = new URL(location.href);
    if (notation === "index") address.searchParams.set("notation", "index");
    else address.searchParams.delete("notation");
    history.replaceState(null, "", address);
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const shown = [...document.querySelectorAll("h2, h3, .equations")].find((x) => x.getBoundingClientRect().bottom > 0 && x.offsetParent);
      const anchor = shown?.closest("section") ?? root;
      const before = anchor.getBoundingClientRect().top;
      choose(button.dataset.notation);
      keep(button.dataset.notation);
      scrollBy(0, anchor.getBoundingClientRect().top - before);
    });
  }
  addEventListener("popstate", () => choose(asked()));
  addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll('a[href*="chapter.html"]')) {
      link.addEventListener("click", () => {
        const address = new URL(link.href);
        if (root.dataset.notation === "index") address.searchParams.set("notation", "index");
        else address.searchParams.delete("notation");
        link.href = address;
      });
    }
  });
  choose(asked());
})();
