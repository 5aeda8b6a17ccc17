// Links that replace a part of the page and push their URL: [data-swap] the page, [data-inspect] and [data-close] the inspector.

import { released } from "./press.js";

const LATE = 400;
const OF_THE_TALK = ["peer", "find", "line"];
const main = () => document.getElementById("main");
let last = Promise.resolve();
const repeats = new Set();
let openings = 0;
let focused = ""; // the row or card that had the focus last

/**
 * Fetch a URL and put its inspector, or its whole page part, in place of this one's; one after another.
 *
 * htmx would only note what is asked for meanwhile, and say that it is done before it is.
 */
export function visit(url, part) {
  openings += 1;
  return inTurn(() => fetched(url, part, true));
}

/** Read a part of the page again at the address that the page has by then; asked for twice, it is read once. */
function repeat(part) {
  if (repeats.has(part)) return last;
  repeats.add(part);
  return inTurn(() => {
    repeats.delete(part);
    if (part === "inspector" && isInUse(document.getElementById(part))) return undefined;
    return fetched(asItIs(), part, false);
  });
}

function inTurn(work) {
  const done = last.then(work);
  last = done.catch(() => {});
  return done;
}

async function fetched(url, part, push) {
  const running = setTimeout(() => document.getElementById("progress").removeAttribute("hidden"), LATE);
  window.dispatchEvent(new CustomEvent("nexus:reading"));
  try {
    await htmx.ajax("GET", url, {
      target: `#${part}`,
      swap: "outerHTML",
      select: `#${part}`,
      push: push ? url : undefined,
      isRepeat: !push,
      fetch: push ? undefined : unpressed,
      headers: { "HX-Target": part === "inspector" ? "aside#inspector" : `div#${part}` },
    });
    settle();
  } finally {
    clearTimeout(running);
    document.getElementById("progress").setAttribute("hidden", "");
    window.dispatchEvent(new CustomEvent("nexus:read"));
  }
}

/** Fetch what is read again by itself, and hold it until nothing is pressed. */
async function unpressed(...asked) {
  const answer = await fetch(...asked);
  await answer.clone().arrayBuffer();
  await released();
  return answer;
}

/** Say to styles and other modules whether the inspector is open. */
function settle() {
  const inspector = document.getElementById("inspector");
  document.body.classList.toggle("inspecting", !inspector.hidden);
  markSelected();
  window.dispatchEvent(new CustomEvent("nexus:settled"));
}

/** Mark the row or card that the inspector shows. */
function markSelected() {
  const name = new URLSearchParams(location.search).get("inspect");
  for (const each of document.querySelectorAll(".is-selected")) each.classList.remove("is-selected");
  if (!name) return;
  for (const each of document.querySelectorAll("[data-item]")) {
    if (each.dataset.item === name) each.classList.add("is-selected");
  }
}

/** Open a thing in the inspector: "msg_…", "hnd_…", "@name", "evt_…". */
export function inspect(name, more = {}) {
  const url = new URL(location.href);
  for (const each of OF_THE_TALK) url.searchParams.delete(each);
  url.searchParams.set("inspect", name);
  for (const [key, value] of Object.entries(more)) url.searchParams.set(key, value);
  return visit(pretty(url), "inspector");
}

/** Open what a link names beside this page, wherever the link was rendered. */
function beside(wanted) {
  const url = new URL(location.href);
  for (const name of ["inspect", "peer", "act", "find", "line"]) {
    if (wanted.has(name)) url.searchParams.set(name, wanted.get(name));
    else url.searchParams.delete(name);
  }
  return visit(pretty(url), "inspector");
}

/** Close the inspector and give the focus back to what opened it. */
export async function close() {
  const url = new URL(location.href);
  const name = url.searchParams.get("inspect");
  url.searchParams.delete("inspect");
  for (const each of OF_THE_TALK) url.searchParams.delete(each);
  await visit(pretty(url), "inspector");
  const opener = [...document.querySelectorAll("[data-item]")].find((each) => each.dataset.item === name);
  (opener?.querySelector("a[href]") ?? opener ?? main())?.focus({ preventScroll: true });
}

function pretty(url) {
  return url.pathname + url.search.replaceAll("%40", "@");
}

function isPlain(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap], a[data-inspect], a[data-close]");
  if (link && isPlain(event) && !event.defaultPrevented) {
    event.preventDefault();
    follow(link);
    return;
  }
  if (event.target.closest("a, button, input, select, textarea, summary, label, form, dialog")) return;
  const item = event.target.closest("[data-item]");
  if (item && isPlain(event) && !getSelection().toString()) (item.querySelector("a[data-opens]") ?? item.querySelector("a[data-inspect]"))?.click();
});

async function follow(link) {
  if (link.hasAttribute("data-close")) return close();
  const url = link.getAttribute("href");
  if (link.hasAttribute("data-inspect")) {
    await beside(new URL(url, location.href).searchParams);
    const inspector = document.getElementById("inspector");
    if (!inspector.contains(document.activeElement)) inspector.focus({ preventScroll: true });
    return undefined;
  }
  return visit(url, "page");
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-swap]");
  if (!form) return;
  event.preventDefault();
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(filled).toString();
  visit(`${form.getAttribute("action") || location.pathname}${query ? "?" : ""}${query}`, "page");
});

window.addEventListener("nexus:inspect", (event) => (event.detail ? inspect(event.detail) : close()));
window.addEventListener("nexus:go", (event) => visit(event.detail, "page"));
window.addEventListener("nexus:resync", () => refresh());
document.addEventListener("nexus:acted", () => refresh());

/** Read the inspector again when what it shows has changed, unless somebody is writing in it. */
async function reread() {
  const inspector = document.getElementById("inspector");
  if (!inspector.querySelector("[data-changed]") || isInUse(inspector)) return;
  const body = inspector.querySelector(".inspector-body");
  const place = body?.scrollTop;
  await repeat("inspector");
  const again = document.querySelector("#inspector .inspector-body");
  if (again && place) again.scrollTop = place;
}

window.addEventListener("nexus:swapped", reread);

/** The page's URL without the form that was opened by it, which is not to open, nor to answer, again by itself. */
function asItIs() {
  const url = new URL(location.href);
  for (const name of ["act", "reply"]) url.searchParams.delete(name);
  return pretty(url);
}

/** Whether somebody has a form of the inspector open, or writes in it. */
function isInUse(inspector) {
  const at = document.activeElement;
  return Boolean(inspector.querySelector(".act[open]")) || (inspector.contains(at) && at.matches("input, textarea, select"));
}

// What was asked for before somebody opened a form may come after that: then it is not put in place.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx.isRepeat && ctx.target?.id === "inspector" && isInUse(ctx.target)) event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  focused = (main().contains(event.target) && event.target.closest("[data-item]")?.dataset.item) || "";
});

/** Read a part of the page again; what was scrolled to and what had the focus stay. */
async function again(part) {
  const place = main().scrollTop;
  await repeat(part);
  main().scrollTop = place;
  const item = focused && main().querySelector(`[data-item="${CSS.escape(focused)}"]`);
  if (item && !document.querySelector(":focus")) (item.querySelector("a[href]") ?? item).focus({ preventScroll: true });
}

/** Read the page and the inspector again, at the same URL. */
export async function refresh() {
  const part = document.querySelector("[data-keep]") ? "dock" : "page";
  const known = openings;
  if (document.getElementById(part)) await again(part);
  if (known !== openings) return;
  const inspector = document.getElementById("inspector");
  if (!inspector.hidden && !isInUse(inspector)) await repeat("inspector");
}

/** Begin; who went back or forward before this page could hear it is shown what the address names. */
function begin() {
  const read = new URL(performance.getEntriesByType("navigation")[0].name);
  const isRead = read.pathname + read.search === location.pathname + location.search;
  if (isRead || !history.state?.htmx) settle();
  else location.reload();
}

addEventListener("DOMContentLoaded", begin, { once: true });
if (document.readyState !== "loading") begin();
