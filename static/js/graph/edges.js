/** Who talks to whom: one line a pair, its way and its style. */

import { curve, grown, holds, points } from "./geometry.js";
import { hash } from "./theme.js";
import { ms } from "./words.js";

export const FADE = 15 * 60_000;
const FRESH = 20_000;
const BEND = 0.17;
const STEPS = 8;
const CHUNK = 20;

/** The name of the line between two agents, whoever speaks. */
export const pairOf = (a, b) => (a < b ? `${a}\n${b}` : `${b}\n${a}`);

/** The name of the line from an agent to a topic that it uses. */
export const spokeOf = (topic, name) => `${topic}\n${name}`;

/** Whether an edge is still worth a line: unread, or younger than a quarter of an hour. */
export const alive = (edge, now) => edge.unread > 0 || now - ms(edge.last_at) < FADE;

/** The lines to draw, from directed edges. */
export function pairs(edges, now) {
  const found = new Map();
  for (const edge of edges) {
    if (!alive(edge, now) || edge.from === edge.to) continue;
    const id = pairOf(edge.from, edge.to);
    const pair = found.get(id) ?? { id, ends: id.split("\n"), unread: 0, last: 0, kind: edge.kind };
    const last = ms(edge.last_at) || 0;
    if (last >= pair.last) Object.assign(pair, { last, kind: weightier(pair.kind, edge.kind) });
    pair.unread += edge.unread;
    found.set(id, pair);
  }
  return [...found.values()];
}

/** What was said to one outweighs what was said to all. */
const weightier = (a, b) => (b === "broadcast" ? a : b);

/** The curve between two boxes: bent to the side where fewer other nodes lie. */
export function route(id, from, to, others) {
  const side = hash(id) % 2 ? 1 : -1;
  const ways = [BEND * side, -BEND * side, 0.32 * side, -0.32 * side];
  if (!others) return curve(from, to, ways[0]);
  let best = null;
  for (const bend of ways) {
    const line = curve(from, to, bend);
    const cost = crossed(line, from, to, others) + Math.abs(bend);
    if (!best || cost < best.cost) best = { line, cost };
    if (cost < 1) break;
  }
  return best.line;
}

/** How many points of a curve lie in boxes of others. */
function crossed(line, from, to, others) {
  let count = 0;
  for (const at of points(line, 10)) {
    for (const box of others) if (box !== from && box !== to && holds(grown(box, 4), at.x, at.y)) count += 1;
  }
  return count;
}

/** Colour, opacity, width and dashes of a pair's line. */
export function styleOf(pair, now) {
  const color = pair.kind === "topic" ? "violet" : pair.kind === "broadcast" ? "teal" : pair.kind === "handoff" ? "pink" : "blue";
  const soft = pair.kind === "broadcast" || pair.kind === "handoff" ? 0.6 : 1;
  if (pair.unread > 0) return { color, alpha: 0.9 * soft, width: 1.6, dash: [5, 5] };
  if (pair.kind === "topic") return { color, alpha: 0.5, width: 1.4 };
  const age = now - pair.last;
  if (age < FRESH) return { color, alpha: 0.85 * soft, width: 1.8 };
  const step = Math.min(STEPS, Math.floor((age / FADE) * STEPS));
  return { color, alpha: (0.75 - (0.59 * step) / STEPS) * soft, width: 1.5 };
}

export const CLAIM = { color: "pink", alpha: 1, width: 2 };
export const OFFER = { color: "pink", alpha: 0.75, width: 1.5, dash: [1.5, 5], cap: "round" };
export const HUB = { color: "violet", alpha: 0.5, width: 1.4 };

/** Lines of one style in a few paths: neither a stroke for each nor one that covers the whole canvas. */
export class Strokes {
  #buckets = new Map();

  /** With `thin` lines are one pixel wide, which is many times faster to draw. */
  constructor(thin) {
    this.thin = thin;
  }

  /** Add a curve. */
  add(line, style, dim) {
    const key = `${style.color}/${style.alpha}/${style.width}/${style.dash ?? ""}/${dim}`;
    let bucket = this.#buckets.get(key);
    if (!bucket) this.#buckets.set(key, (bucket = { style, dim, count: 0, paths: [] }));
    if (bucket.count % CHUNK === 0) bucket.paths.push(new Path2D());
    bucket.count += 1;
    const path = bucket.paths.at(-1);
    path.moveTo(line.from.x, line.from.y);
    path.quadraticCurveTo(line.via.x, line.via.y, line.to.x, line.to.y);
  }

  /** Draw them all. */
  draw(ctx, theme) {
    for (const { style, dim, paths } of this.#buckets.values()) {
      ctx.setLineDash(style.dash ?? []);
      Object.assign(ctx, { lineWidth: this.thin ? 1 : style.width, lineCap: style.cap ?? "butt" });
      ctx.strokeStyle = theme.color(style.color, style.alpha * dim);
      for (const path of paths) ctx.stroke(path);
    }
    ctx.setLineDash([]);
  }
}
