// The map of a thread: a bar a post, the window that is in sight, and a click, a drag or a key that goes elsewhere.

import { go, show, sight } from "./thread.js";

const PITCH = 14;
const MOST = 96;
const KEYS = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 };
const map = () => document.getElementById("thread-map");
const last = (svg) => Number(svg.dataset.latest);
const height = (svg) => svg.viewBox.baseVal.height;

/** Draw the window that is in sight. */
function draw(range = sight()) {
  const svg = map();
  if (!svg || !range) return;
  grow(svg);
  const share = height(svg) / last(svg);
  const frame = svg.querySelector(".map-window");
  frame.setAttribute("y", (range[0] - 1) * share + 1);
  frame.setAttribute("height", Math.max(10, (range[1] - range[0] + 1) * share - 2));
  svg.setAttribute("aria-valuenow", range[1]);
  svg.setAttribute("aria-valuetext", `Posts ${range[0]} to ${range[1]} of ${last(svg)}`);
}

/** Take posts that came since the map was drawn; a long thread only grows a little. */
function grow(svg) {
  const latest = Number(document.querySelector(".thread-head [data-latest]").dataset.latest);
  const drawn = svg.querySelectorAll(".map-bar").length;
  if (latest <= last(svg)) return;
  svg.dataset.latest = latest;
  svg.setAttribute("aria-valuemax", latest);
  if (latest > MOST) return;
  for (let seq = drawn + 1; seq <= latest; seq += 1) svg.insertBefore(bar(seq), svg.querySelector(".map-window"));
  svg.setAttribute("viewBox", `0 0 34 ${latest * PITCH}`);
  svg.setAttribute("height", latest * PITCH);
}

function bar(seq) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const said = document.querySelector(`.post[data-seq="${seq}"] .prose`)?.textContent.length ?? 80;
  const width = 8 + 16 * Math.min(1, Math.log1p(said) / Math.log1p(4000));
  const facts = { class: "map-bar", x: 5, y: (seq - 0.5) * PITCH - 4, width, height: 8, rx: 2 };
  for (const [name, value] of Object.entries(facts)) rect.setAttribute(name, value);
  return rect;
}

/** The number of the post at a height of the page. */
function at(svg, y) {
  const box = svg.getBoundingClientRect();
  return Math.min(last(svg), Math.max(1, Math.ceil(((y - box.top) / box.height) * last(svg))));
}

const address = (svg, seq) => svg.dataset.url.replace("SEQ", seq);

document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest?.("#thread-map");
  if (!svg) return;
  svg.setPointerCapture(event.pointerId);
  let seq = at(svg, event.clientY);
  const move = (moved) => {
    seq = at(svg, moved.clientY);
    if (!show(seq)) draw([seq, seq]);
  };
  move(event);
  svg.addEventListener("pointermove", move);
  svg.addEventListener("pointerup", () => {
    svg.removeEventListener("pointermove", move);
    go(seq, address(svg, seq));
  }, { once: true });
});

document.addEventListener("keydown", (event) => {
  const svg = event.target.closest?.("#thread-map");
  if (!svg) return;
  const now = sight();
  const middle = now ? Math.round((now[0] + now[1]) / 2) : last(svg);
  const ends = { Home: 1, End: last(svg) };
  const seq = ends[event.key] ?? (KEYS[event.key] ? middle + KEYS[event.key] : null);
  if (seq === null) return;
  event.preventDefault();
  go(Math.min(last(svg), Math.max(1, seq)), address(svg, Math.min(last(svg), Math.max(1, seq))));
});

window.addEventListener("nexus:thread", () => draw());
window.addEventListener("nexus:settled", () => draw());
draw();
