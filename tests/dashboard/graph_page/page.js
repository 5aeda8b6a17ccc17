/** Puts a made-up state on the page and hands the graph to the test. */

import { fold, foldAll } from "/static/js/graph/fold.js";
import { createGraph } from "/static/js/graph/graph.js";
import { createTrack } from "/static/js/track/track.js";

import { made, traffic } from "./states.js";

const query = new URLSearchParams(location.search);
const now = Date.parse(query.get("now") ?? "2026-11-26T14:06:41Z");
const [picked, asked] = [[], []];
const note = (name) => (value) => asked.push([name, value ?? null]);
const state = made(Number(query.get("agents") ?? 6), now);
if (query.has("topics")) state.topics = [{ name: "checkout-api", peers: ["claude-impl", "gemini-research", "cursor-ui"] }];
const graph = createGraph(document.getElementById("graph"), {
  state, now: () => now, workspace: "made-up", onSelect: (name) => picked.push(name),
});
const track = createTrack(document.getElementById("track"), {
  fetchTraffic: async () => traffic(now), onSeek: note("seek"), onLive: note("live"), onStep: note("step"), onPlay: note("play"),
  onPause: note("pause"), onSpeed: note("speed"),
});
track.show({ at: now, now, live: true, playing: true, speed: 1 });
Object.assign(window, { fold, foldAll, made, graph, track, state, picked, asked });
document.documentElement.dataset.ready = "yes";
