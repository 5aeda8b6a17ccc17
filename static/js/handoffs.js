// The board: cards fly to their new column, keys and menus act on a card, and a filtered board reads itself again.

import { toast } from "./acts.js";
import { inspect, refresh } from "./links.js";

const FLIGHT = 280;
const CALM = 1500;
const SECOND = 1000;
const MOST = 60;
const FALLING = new Set(["verifying", "completed", "rejected", "cancelled", "failed", "expired"]);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const ACTS = { m: "reassign", r: "renew", x: "cancel", v: "verify", l: "release" };
let before = new Map();
let focused = "";
let later = 0;

window.addEventListener("nexus:before-swap", () => {
  before = new Map([...document.querySelectorAll(".card")].map((card) => [card.id, card.getBoundingClientRect()]));
  focused = document.activeElement?.closest(".card")?.id ?? "";
});

window.addEventListener("nexus:swapped", () => {
  const news = document.querySelector("#facts [data-moved]");
  if (!news) return;
  news.removeAttribute("data-moved");
  if (document.querySelector(".board[data-filtered]")) readLater();
  else settle();
});

function settle() {
  for (const list of document.querySelectorAll(".cards")) order(list);
  mark();
  if (focused && !document.activeElement?.closest(".card")) {
    document.getElementById(focused)?.querySelector("a").focus({ preventScroll: true });
  }
  if (!still.matches) for (const card of document.querySelectorAll(".card")) fly(card);
}

/** Ask the server for the board, once nobody is at a filter. */
function readLater() {
  later ||= setTimeout(() => {
    later = 0;
    if (document.querySelector("#toolbar :focus, .filter[open]")) return readLater();
    return refresh();
  }, CALM);
}

/** Put the cards of a column in their order, take away what is too much, and its line for an empty one. */
function order(list) {
  const way = FALLING.has(list.dataset.column) ? -1 : 1;
  const cards = [...list.children];
  const wanted = cards.toSorted((a, b) => way * (a.dataset.order < b.dataset.order ? -1 : 1));
  wanted.forEach((card, at) => {
    if (list.children[at] !== card) list.insertBefore(card, list.children[at]);
  });
  while (list.children.length > MOST) list.lastElementChild.remove();
  list.closest(".closed-lane")?.classList.toggle("is-bare", !list.children.length);
  const empty = list.parentElement.querySelector(".column-empty");
  if (empty) empty.hidden = Boolean(list.children.length);
}

/** Mark the card that the inspector shows, where it is now. */
function mark() {
  const shown = new URLSearchParams(location.search).get("inspect");
  for (const card of document.querySelectorAll(".card")) {
    card.classList.toggle("is-selected", card.dataset.item === shown);
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

document.addEventListener("keydown", async (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog[open]")) return;
  const act = ACTS[event.key];
  const card = event.target.closest(".card");
  if (!act || !(card || document.querySelector("#inspector .acts-foot"))) return;
  event.preventDefault();
  if (card) await inspect(card.dataset.item, { act });
  openAct(event.key);
});

/** Open a form of the inspector; say so where the state of the handoff does not allow it. */
function openAct(key) {
  const box = document.querySelector(`#inspector .act[data-key="${key}"]`);
  if (!box) return toast(`This handoff cannot be ${SAID[key]} now`, "red");
  box.open = true;
  enter(box);
  return undefined;
}

/** Go to the first field of a form; a form that has the focus stays open. */
function enter(box) {
  (box.querySelector("textarea, select, input:not([type=hidden])") ?? box.querySelector("summary")).focus();
}

const SAID = { m: "reassigned", r: "renewed by you", x: "cancelled", v: "verified by you", l: "released" };

document.addEventListener("click", (event) => {
  const choice = event.target.closest(".card-acts a");
  if (choice) choice.closest("details").open = false;
});

// A lease that is over puts its card back into the pool, also before the server has written that down.
const over = new Set();
setInterval(() => {
  for (const lease of document.querySelectorAll('.card[data-state="claimed"] .countdown.is-over')) {
    const lapsed = lease.closest(".card").id + lease.dataset.until;
    if (!over.has(lapsed)) readLater();
    over.add(lapsed);
  }
}, SECOND);

// What was opened is not opened again by the next reading of the page.
window.addEventListener("nexus:settled", () => {
  const url = new URL(location.href);
  if (!url.searchParams.has("act")) return;
  const box = document.querySelector("#inspector .act[open]");
  if (box) enter(box);
  url.searchParams.delete("act");
  history.replaceState(history.state, "", url.pathname + url.search.replaceAll("%40", "@"));
});
