// New rows of a list: they slide in while it is scrolled to its top and nobody is at it; else they wait behind a number.

/** Return whether somebody reads the list: it is scrolled, or the pointer or the focus is in it or on its button. */
export function isRead(list, button) {
  const scroller = list.closest("main");
  const isAt = (each) => each?.matches(":hover") || each?.contains(document.activeElement);
  return scroller.scrollTop > 4 || isAt(list) || isAt(button);
}

/** Leave each row once, as what was read may hold what comes live a moment later. */
export function dropDoubles(list) {
  const seen = new Set();
  for (const row of [...list.children]) {
    if (seen.has(row.id)) row.remove();
    seen.add(row.id);
  }
}

/**
 * Watch a list that the live socket puts rows into.
 *
 * `fits(row)` says whether a row belongs to the filter of the page, `cannotTell()` that only the server knows.
 */
export function arrivals({ list: where, button: what, one, many, most, fits, cannotTell = () => false }) {
  let held = [];

  const label = () => {
    const button = document.querySelector(what);
    if (!button) return;
    button.hidden = !held.length;
    button.textContent = `${held.length} ${held.length === 1 ? one : many}`;
  };

  const release = () => {
    const list = document.querySelector(where);
    for (const row of held) {
      row.hidden = false;
      row.classList.add("is-new");
    }
    held = [];
    dropDoubles(list);
    while (list.children.length > most) list.lastElementChild.remove();
    label();
  };

  const take = (row, list) => {
    if (row.dataset.seen) return;
    row.dataset.seen = "1";
    if (!row.classList.contains("is-new")) return;
    if (!cannotTell() && !fits(row)) {
      row.remove();
      return;
    }
    row.hidden = true;
    row.classList.remove("is-new");
    held.push(row);
    if (!cannotTell() && !isRead(list, document.querySelector(what))) release();
    else label();
  };

  const open = () => {
    if (!cannotTell()) return release();
    held = [];
    window.dispatchEvent(new CustomEvent("nexus:resync"));
    return undefined;
  };

  window.addEventListener("nexus:swapped", () => {
    const list = document.querySelector(where);
    if (list) for (const row of [...list.children].reverse()) take(row, list);
    if (list?.querySelector(":scope > :not([hidden])")) document.querySelector("main .empty")?.remove();
  });
  window.addEventListener("nexus:settled", () => {
    held = held.filter((row) => row.isConnected);
    label();
  });
  document.addEventListener("click", (event) => event.target.closest(what) && open());
}
