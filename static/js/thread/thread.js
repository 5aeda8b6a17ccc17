// A thread: it stays where it is read, grows at its end, and says how much is new below.

import { visit } from "../links.js";

const NEAR = 60;
const PATIENCE = 1500;
const scroller = () => document.getElementById("thread-scroll");
const list = () => document.querySelector("ol.posts");
const posts = () => [...(list()?.querySelectorAll(":scope > .post") ?? [])];
const latest = () => Number(document.querySelector(".thread-head [data-latest]")?.dataset.latest ?? 0);
const numberOf = (post) => Number(post?.dataset.seq ?? 0);

let place = null; // what was read before the page was read again
let wasAtEnd = true;
let shown = 0; // the newest post that was in sight
let loading = false;
let late = 0;

const isAtEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
const toEnd = (box) => (box.scrollTop = box.scrollHeight);

/** The posts in sight: the numbers of the first and the last. */
export function sight() {
  const box = scroller()?.getBoundingClientRect();
  const seen = box ? posts().filter((post) => {
    const { top, bottom } = post.getBoundingClientRect();
    return bottom > box.top + 8 && top < box.bottom - 8;
  }) : [];
  return seen.length ? [numberOf(seen[0]), numberOf(seen.at(-1))] : null;
}

/** Bring a post into the middle; false where this page does not hold it. */
export function show(seq) {
  const post = posts().find((each) => numberOf(each) === seq);
  const box = scroller();
  if (!post) return false;
  box.scrollTop += post.getBoundingClientRect().top - box.getBoundingClientRect().top - (box.clientHeight - post.offsetHeight) / 2;
  return true;
}

/** Remember what is read, by its first post in sight. */
function remember() {
  const box = scroller();
  const first = sight()?.[0];
  const post = posts().find((each) => numberOf(each) === first);
  const top = post ? post.getBoundingClientRect().top - box.getBoundingClientRect().top : 0;
  place = box ? { url: location.pathname + location.search, seq: first, top, end: isAtEnd(box), box } : null;
}

/** Begin where the address says, or where it was before the same page was read again. */
function begin() {
  const box = scroller();
  if (!box || box.dataset.ready) return;
  box.dataset.ready = "1";
  const again = place?.box !== box && place?.url === location.pathname + location.search ? place : null;
  const post = again && posts().find((each) => numberOf(each) === again.seq);
  if (post && !again.end) box.scrollTop += post.getBoundingClientRect().top - box.getBoundingClientRect().top - again.top;
  else if (!box.dataset.focus || !show(Number(box.dataset.focus))) toEnd(box);
  if (new URLSearchParams(location.search).has("after")) box.scrollTop = 0;
  shown = sight()?.[1] ?? 0;
  wasAtEnd = isAtEnd(box);
  look();
}

/** Say how many posts are below what is in sight. */
function look() {
  const box = scroller();
  const pill = document.getElementById("thread-new");
  if (!box || !pill) return;
  if (isAtEnd(box) && list().dataset.following === "yes") shown = latest();
  shown = Math.max(shown, sight()?.[1] ?? 0);
  const known = box.dataset.known ? Number(box.dataset.known) : (box.dataset.known = latest());
  const count = latest() - Math.max(shown, known);
  pill.hidden = count <= 0;
  pill.textContent = `${count} new`;
  window.dispatchEvent(new CustomEvent("nexus:thread"));
}

/** Take what came live: days and read marks in their places, and the end followed by whom was there. */
function grow() {
  const box = scroller();
  if (!box) return;
  if (isStale() || hasHole()) return again();
  clearTimeout(late);
  if (isShort()) late = setTimeout(() => isShort() && again(), PATIENCE);
  tidy();
  if (wasAtEnd && list().dataset.following === "yes") toEnd(box);
  return look();
}

/** Whether the topic is not as this page shows it any more. */
function isStale() {
  const told = document.querySelector(".thread-stale > *");
  const page = document.querySelector(".thread-page");
  return Boolean(told) && (told.dataset.state !== page.dataset.state || told.dataset.name !== page.dataset.name);
}

const again = () => window.dispatchEvent(new CustomEvent("nexus:resync"));

/** Posts are numbered without gaps; one that is missing was never sent to this page. */
function hasHole() {
  const numbers = posts().map(numberOf);
  return numbers.some((seq, at) => at && seq > numbers[at - 1] + 1);
}

/** Whether the newest post is not here; a number may come a moment before its post. */
function isShort() {
  return list()?.dataset.following === "yes" && latest() > Math.max(0, ...posts().map(numberOf));
}

/** Each post once, a day above its first post, and the faces of those who have read to it. */
export function tidy() {
  const seen = new Set();
  for (const post of posts()) {
    if (seen.has(post.id)) post.remove();
    seen.add(post.id);
  }
  if (posts().length) document.querySelector(".thread-blank")?.remove();
  days();
  marks();
}

function days() {
  let day = "";
  const names = new Map();
  for (const line of list().querySelectorAll(".post-day")) {
    if (names.has(line.dataset.date)) line.remove();
    else names.set(line.dataset.date, line);
  }
  for (const post of posts()) {
    if (post.dataset.day !== day) {
      day = post.dataset.day;
      const line = names.get(day) ?? dayLine(day);
      names.delete(day);
      if (post.previousElementSibling !== line) post.before(line);
    }
  }
  for (const left of names.values()) left.remove();
}

function dayLine(day) {
  const line = document.createElement("li");
  line.className = "post-day";
  line.dataset.date = day;
  const name = document.createElement("span");
  name.textContent = day >= list().dataset.today ? "Today" : day;
  line.append(name);
  return line;
}

/** Draw the cursors anew, from the peers beside the thread. */
function marks() {
  const peers = [...document.querySelectorAll(".topic-side .peer")];
  if (!peers.length) return;
  for (const old of list().querySelectorAll(".read-mark")) old.remove();
  for (const post of posts()) {
    const here = peers.filter((peer) => peer.dataset.seq === post.dataset.seq);
    if (here.length) post.after(mark(here));
  }
}

function mark(peers) {
  const line = document.createElement("li");
  line.className = "read-mark";
  const faces = document.createElement("span");
  faces.className = "read-faces";
  for (const peer of peers.slice(0, 8)) {
    const tile = peer.querySelector(".tile").cloneNode(true);
    tile.classList.replace("tile-26", "tile-20");
    const face = document.createElement("span");
    face.title = peer.querySelector(".who").textContent.trim();
    const name = document.createElement("span");
    name.className = "visually-hidden";
    name.textContent = `${face.title} `;
    face.append(tile, name);
    faces.append(face);
  }
  const said = document.createElement("span");
  said.textContent = "read to here";
  line.append(faces, said);
  return line;
}

/** Put more posts before the first or after the last; what is read stays where it is. */
async function more(link) {
  if (loading) return;
  loading = true;
  try {
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("ol.posts");
    const side = link.dataset.more;
    const next = page.querySelector(`[data-more="${side}"]`);
    const box = scroller();
    const height = box.scrollHeight;
    if (side === "earlier") list().prepend(...fresh.children);
    else list().append(...fresh.children);
    if (side === "later") list().dataset.following = fresh.dataset.following;
    tidy();
    if (next) link.href = next.getAttribute("href");
    else link.closest(".thread-more").remove();
    if (side === "earlier") box.scrollTop += box.scrollHeight - height;
    look();
    window.dispatchEvent(new CustomEvent("nexus:grown"));
  } finally {
    loading = false;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-more]");
  const quote = event.target.closest("[data-to]");
  if (link || (quote && show(Number(quote.dataset.to)))) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  if (link) more(link);
  if (quote) posts().find((each) => each.dataset.seq === quote.dataset.to)?.querySelector("a").focus({ preventScroll: true });
  const pill = event.target.closest("#thread-new");
  if (pill && list().dataset.following === "yes") {
    event.preventDefault();
    event.stopImmediatePropagation();
    toEnd(scroller());
    look();
  }
}, true);

document.addEventListener("scroll", (event) => {
  if (event.target !== scroller()) return;
  wasAtEnd = isAtEnd(event.target);
  if (event.target.scrollTop < NEAR) event.target.querySelector('[data-more="earlier"]')?.click();
  look();
}, true);

/** Go to a post, on this page or another one. */
export function go(seq, url) {
  if (!show(seq)) visit(url, "page");
}

window.addEventListener("nexus:before-swap", () => (wasAtEnd = scroller() ? isAtEnd(scroller()) : true));
window.addEventListener("nexus:swapped", grow);
window.addEventListener("nexus:reading", remember);
window.addEventListener("nexus:settled", begin);
addEventListener("resize", look);
begin();
