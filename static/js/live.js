// The live socket: what is committed arrives at most four times a second; what was missed is read again from the cursor.

import { dropDoubles } from "./arrivals.js";
import { correct } from "./clocks.js";
import { released } from "./press.js";

const PATIENCE = [0.5, 1, 2, 4, 8, 15];
const SILENCE = 45000;
const body = document.body;
const pill = document.getElementById("pill");

let socket = null;
let cursor = body.dataset.cursor;
let failures = 0;
let paused = false;
let heard = 0;
let retry = 0;
let last = Promise.resolve();
let meanwhile = null; // the fragments that came while a part of the page was being read

function say(state, text) {
  if (pill.dataset.held) return;
  pill.dataset.state = state;
  const label = pill.querySelector("span");
  if (label.textContent !== text) label.textContent = text;
}

function address() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const query = new URLSearchParams({ view: body.dataset.view, workspace: body.dataset.workspace, after: cursor });
  return `${scheme}//${location.host}/ws/dashboard?${query}`;
}

function connect() {
  clearTimeout(retry);
  if (paused || document.hidden || socket) return;
  const opened = new WebSocket(address());
  socket = opened;
  heard = performance.now();
  opened.addEventListener("message", (event) => opened === socket && hear(JSON.parse(event.data)));
  opened.addEventListener("close", (event) => lost(opened, event.code));
}

function hear(frame) {
  heard = performance.now();
  failures = 0;
  correct(frame.now);
  say("live", "Live");
  if (frame.cursor) cursor = frame.cursor;
  if (frame.resync) window.dispatchEvent(new CustomEvent("nexus:resync"));
  if (frame.html) {
    meanwhile?.push(frame.html);
    swap(frame.html);
  }
  if (frame.events || frame.resync) window.dispatchEvent(new CustomEvent("nexus:events", { detail: frame }));
}

/** Put fragments in place, one after another in the order in which they came. */
function swap(text) {
  last = last.catch(() => {}).then(released).then(() => put(text));
}

/** Put the fragments where they belong; htmx leaves out those whose place is not on this page. */
async function put(text) {
  window.dispatchEvent(new CustomEvent("nexus:before-swap"));
  await htmx.swap({ text, sourceElement: body, target: document.getElementById("sink"), swap: "none" });
  document.querySelectorAll("ol.talk-items[id]").forEach(dropDoubles);
  entitle();
  window.dispatchEvent(new CustomEvent("nexus:swapped"));
}

// What was read may be older than what came meanwhile: that is put in place once more.
window.addEventListener("nexus:reading", () => (meanwhile = []));
window.addEventListener("nexus:read", () => {
  meanwhile?.forEach(swap);
  meanwhile = null;
});

/** Say in the title how many things wait for the operator. */
function entitle() {
  const waiting = document.getElementById("count-waiting")?.textContent.trim();
  const plain = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting ? `(${waiting}) ${plain}` : plain;
}

function lost(which, code) {
  if (which !== socket) return;
  socket = null;
  if (paused || document.hidden) return;
  if (code === 4401) {
    location.reload();
    return;
  }
  const wait = PATIENCE[Math.min(failures, PATIENCE.length - 1)];
  failures += 1;
  countDown(wait);
}

function countDown(seconds) {
  if (socket || paused || document.hidden) return;
  if (seconds <= 0) return connect();
  say("reconnecting", `Reconnecting ${Math.ceil(seconds)} s`);
  retry = setTimeout(() => countDown(seconds - 0.5), 500);
}

function drop() {
  const open = socket;
  socket = null;
  if (open?.readyState === WebSocket.CONNECTING) open.addEventListener("open", () => open.close());
  else open?.close();
}

pill.addEventListener("click", () => {
  if (pill.dataset.held) return;
  paused = !paused;
  if (paused) {
    drop();
    say("paused", "Paused");
  } else connect();
});

// A hidden tab costs nothing: it lets go, and reads on from its cursor when it is seen again.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) drop();
  else connect();
});

window.addEventListener("online", connect);
window.addEventListener("pagehide", drop);
setInterval(() => {
  if (socket && performance.now() - heard > SILENCE) {
    const dead = socket;
    dead.close();
    lost(dead, 0);
  }
}, 5000);

say("reconnecting", "Connecting");
connect();
