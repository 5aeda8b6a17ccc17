/** Puts a made-up state on the page and hands the graph to the test. */

import { fold, foldAll } from "/static/js/graph/fold.js";
import { createGraph } from "/static/js/graph/graph.js";

import { made } from "./states.js";

const query = new URLSearchParams(location.search);
const now = Date.parse(query.get("now") ?? "2026-11-26T14:06:41Z");
const picked = [];
const state = made(Number(query.get("agents") ?? 6), now);
if (query.has("topics")) state.topics = [{ name: "checkout-api", peers: ["claude-impl", "gemini-research", "cursor-ui"] }];
const graph = createGraph(document.getElementById("graph"), {
  state, now: () => now, workspace: "made-up", onSelect: (name) => picked.push(name),
});
Object.assign(window, { fold, foldAll, made, graph, state, picked });
document.documentElement.dataset.ready = "yes";
