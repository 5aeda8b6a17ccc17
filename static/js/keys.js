// The keyboard: g and a letter goes to a page, j and k walk a list, Enter opens, Esc closes, / searches, c composes, ? shows all keys.

import { close } from "./links.js";
import { open as search } from "./palette.js";

const WAIT = 1200;
let going = 0;

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable], dialog[open]");
}

/** Return the rows that j and k walk: those of the list in front, else of the page. */
function rows() {
  const list = document.querySelector("#main [data-list]");
  return list ? [...list.querySelectorAll("[data-item], [data-step]")].filter((each) => each.checkVisibility()) : [];
}

function walk(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((each) => each.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  const link = next.matches("a[href], [tabindex]") ? next : next.querySelector("a[data-opens]") ?? next.querySelector("a[href], button");
  link?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function go(letter) {
  document.querySelector(`.rail [data-go="${CSS.escape(letter)}"]`)?.click();
}

function escape() {
  const open = document.querySelector("details[open]:is(.filter, .places, .more, .acts)");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else if (!document.getElementById("inspector").hidden) close();
}

const KEYS = {
  j: () => walk(1),
  k: () => walk(-1),
  c: () => document.querySelector("[data-compose]")?.click(),
  g: () => (going = performance.now()),
  f: () => document.querySelector("#main [data-find]")?.focus(),
  n: () => document.querySelector('#main [data-hit="next"]')?.click(),
  N: () => document.querySelector('#main [data-hit="before"]')?.click(),
  "?": () => document.querySelector('[data-open="#shortcuts"]')?.click(),
  "/": () => search(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) return escape();
  if (isTyping(event.target)) return;
  if (going && performance.now() - going < WAIT) {
    going = 0;
    event.preventDefault();
    go(event.key);
    return;
  }
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// A menu closes when the focus or a click goes elsewhere.
for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    for (const open of document.querySelectorAll("details[open]:is(.filter, .places, .more, .acts)")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
}
