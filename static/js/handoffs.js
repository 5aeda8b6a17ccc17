// The board: cards fly to their new column, keys act on a card, and a filtered board reads itself again.

import { inspect, refresh } from "./links.js";

const FLIGHT = 280;
const CALM = 1000;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const ACTS = { m: "reassign", r: "renew", x: "cancel", v: "verify", l: "release" };
let before = new Map();
let later = 0;

window.addEventListener("nexus:before-swap", () => {
  before = new Map([...document.querySelectorAll(".card")].map((card) => [card.id, card.getBoundingClientRect()]));
});

window.addEventListener("nexus:swapped", () => {
  if (document.querySelector(".board[data-filtered]")) return readLater();
  order();
  if (!still.matches) for (const card of document.querySelectorAll(".card")) fly(card);
  return undefined;
});

/** A filter is the server's to apply; ask for it once things are calm. */
function readLater() {
  clearTimeout(later);
  later = setTimeout(refresh, CALM);
}

/** Take away what a column has too much, and its line for an empty one. */
function order() {
  for (const column of document.querySelectorAll(".column")) {
    const list = column.querySelector(".cards");
    while (list?.children.length > 60) list.lastElementChild.remove();
    const empty = column.querySelector(".column-empty");
    if (empty) empty.hidden = Boolean(list?.children.length);
  }
}

/** Move a card from where it was to where it is. */
function fly(card) {
  const from = before.get(card.id);
  const to = card.getBoundingClientRect();
  if (!from || (from.x === to.x && from.y === to.y) || !from.width) return;
  const start = `translate(${from.x - to.x}px, ${from.y - to.y}px)`;
  card.animate([{ transform: start }, { transform: "none" }], { duration: FLIGHT, easing: "cubic-bezier(.2,.8,.2,1)" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog[open]")) return;
  const act = ACTS[event.key];
  const card = event.target.closest(".card");
  if (!act || !card) return;
  event.preventDefault();
  inspect(card.dataset.item, { act }).then(() => {
    const box = document.querySelector("#inspector .act[open]");
    (box?.querySelector("textarea, select, input:not([type=hidden])") ?? document.getElementById("inspector")).focus();
  });
});
