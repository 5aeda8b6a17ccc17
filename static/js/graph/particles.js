/** What moves: particles, rings, washes. Frames run only while there is something to move. */

import { length, point } from "./geometry.js";
import { font } from "./theme.js";
import { clipped, measure } from "./work.js";

const TURN = 2 * Math.PI;
const GAP = 80;
const LONGEST = 1400;
const TAIL = 14;
const HALO = 1200;
const WASH = 600;

/** `cubic-bezier(.45,.05,.35,1)` in a table. */
const EASE = bezier(0.45, 0.05, 0.35, 1);

function bezier(x1, y1, x2, y2) {
  const table = new Float32Array(101);
  const at = (a, b, t) => 3 * a * t * (1 - t) ** 2 + 3 * b * t * t * (1 - t) + t ** 3;
  for (let step = 0, t = 0; step <= 100; step += 1) {
    while (t < 1 && at(x1, x2, t) < step / 100) t += 0.002;
    table[step] = Math.min(1, at(y1, y2, t));
  }
  return (share) => table[Math.round(Math.min(1, Math.max(0, share)) * 100)];
}

/** Swings over its goal by a little and comes to rest. */
const spring = (t) => (t >= 1 ? 1 : 1 - Math.exp(-6.5 * t) * Math.cos(7.5 * t));

/** The moving layer. */
export class Effects {
  #ctx;
  #list = [];
  #frame = 0;
  #last = new Map();
  #moves = new Map();

  /** `kit`: theme; `look()` gives the scene; `still()` asks for the still layer to be drawn again. */
  constructor(ctx, { theme, look, still, calm }) {
    Object.assign(this, { theme, look, still, calm, paused: false, captions: false, frames: 0 });
    this.#ctx = ctx;
  }

  /** How many things move. */
  get count() {
    return this.#list.length + this.#moves.size;
  }

  /** The kinds of what moves on this layer. */
  kinds() {
    return this.#list.map((effect) => effect.kind);
  }

  /** Where work nodes are while they spring to a new place. */
  get moving() {
    return this.#moves;
  }

  /** Stop everything. */
  clear() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#list = [];
    this.#moves.clear();
    this.#wipe();
  }

  /** Hold or go on. */
  pause(paused) {
    this.paused = paused;
    if (paused) this.clear();
  }

  #wipe() {
    const { camera } = this.look();
    this.#ctx.clearRect(0, 0, camera.width, camera.height);
  }

  #add(effect) {
    if (this.paused || document.hidden) return;
    this.#list.push({ start: performance.now() + (effect.delay ?? 0), ...effect });
    this.#run();
  }

  #run() {
    if (!this.#frame) this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  #tick(now) {
    this.#frame = 0;
    this.frames += 1;
    this.#wipe();
    const scene = this.look();
    if (this.#moves.size) this.still();
    for (const [name, move] of this.#moves) if (now - move.start > WASH) this.#moves.delete(name);
    this.#ctx.save();
    this.#ctx.translate(Math.round(scene.camera.x), Math.round(scene.camera.y));
    const landed = [];
    this.#list = this.#list.filter((effect) => this.#step(effect, now, scene, landed));
    this.#ctx.restore();
    landed.forEach((effect) => this.#add(effect));
    if (this.count) this.#run();
  }

  /** Draw one effect; false when it is over. */
  #step(effect, now, scene, landed) {
    const share = (now - effect.start) / effect.time;
    if (share < 0) return true;
    if (share >= 1) {
      if (effect.then) landed.push(effect.then);
      return false;
    }
    effect.draw(this.#ctx, share, scene, this.theme);
    return true;
  }

  /** A message flies from one agent to another; in calm mode its edge is washed once. */
  send({ id, from, to, color, title, delay = 0 }) {
    const line = directed(this.look(), id, from);
    if (!line) return false;
    if (this.calm()) return this.#add({ kind: "wash", time: WASH, draw: wash(id, color) });
    const now = performance.now();
    if (now + delay - (this.#last.get(`${id}/${from}`) ?? 0) < GAP) return false;
    this.#last.set(`${id}/${from}`, now + delay);
    if (this.#last.size > 2000) this.#last.clear();
    const time = Math.min(LONGEST, 500 + 0.8 * length(line));
    const said = this.captions && this.#list.length < 4 ? title : null;
    return this.#add({ kind: "particle", time, delay, draw: fly(id, from, color, said), then: { kind: "halo", time: HALO, draw: halo(to, color) } });
  }

  /** A ring opens round a sender that speaks to everyone. */
  ring(name) {
    if (this.calm()) return;
    this.#add({ kind: "ring", time: 500, draw: (ctx, share, scene, theme) => {
      const node = scene.nodes.get(name);
      if (!node) return;
      ctx.beginPath();
      ctx.arc(node.x, node.y, 60 * share, 0, TURN);
      Object.assign(ctx, { strokeStyle: theme.color("teal", 0.9 * (1 - share)), lineWidth: 2.5 });
      ctx.stroke();
    } });
  }

  /** A work node springs from where it was to its new place. */
  pull(handoff, from) {
    if (this.paused || this.calm() || document.hidden) return;
    const start = performance.now();
    const move = (to) => {
      const share = spring(Math.min(1, Math.max(0, (performance.now() - start) / WASH)));
      return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
    };
    this.#moves.set(handoff, Object.assign(move, { start }));
    this.#run();
  }
}

/** The line of a pair, or from an agent to a topic. */
const lineOf = (scene, id) => scene.lines.get(id) ?? scene.spokes.get(id);

/** The way of a pair in the direction of the speaker. */
function directed(scene, id, from) {
  const found = lineOf(scene, id);
  if (!found) return null;
  const { line, pair } = found;
  return pair.ends[0] === from ? line : { from: line.to, via: line.via, to: line.from };
}

/** A particle: halo, shrinking tail, core and white heart. */
function fly(id, from, color, title) {
  return (ctx, share, scene, theme) => {
    const line = directed(scene, id, from);
    if (!line) return;
    const t = EASE(share);
    const size = scene.shape.name === "disc" ? 0.6 : 1;
    for (let dot = TAIL; dot > 0; dot -= 1) {
      const at = point(line, Math.max(0, t - dot * 0.018));
      blob(ctx, at, size * 4.4 * (1 - dot / (TAIL + 1)), theme.color(color, 0.5 * (1 - dot / (TAIL + 1))));
    }
    const head = point(line, t);
    blob(ctx, head, size * 11, theme.color(color, 0.18));
    blob(ctx, head, size * 5, theme.color(color));
    blob(ctx, head, size * 2.3, "#fff");
    if (title) bubble(ctx, head, title, theme);
  };
}

function blob(ctx, at, radius, color) {
  ctx.beginPath();
  ctx.arc(at.x, at.y, radius, 0, TURN);
  ctx.fillStyle = color;
  ctx.fill();
}

/** What a message says, above its particle. */
function bubble(ctx, at, title, theme) {
  const face = font(12.5, 600);
  const label = clipped(title, face, 260);
  const [w, h] = [measure(label, face) + 28, 28];
  const [x, y] = [at.x - w / 2, at.y - 24 - h];
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, 8);
  ctx.moveTo(at.x - 6, y + h);
  ctx.lineTo(at.x, y + h + 6);
  ctx.lineTo(at.x + 6, y + h);
  Object.assign(ctx, { fillStyle: theme.color("raised"), strokeStyle: theme.color("line-2"), lineWidth: 1 });
  ctx.stroke();
  ctx.fill();
  Object.assign(ctx, { fillStyle: theme.color("ink"), font: face, textAlign: "center", textBaseline: "middle" });
  ctx.fillText(label, at.x, y + h / 2 + 1);
}

/** The glow of a node that was just reached. */
function halo(name, color) {
  return (ctx, share, scene, theme) => {
    const node = scene.nodes.get(name);
    if (!node) return;
    const { x, y, w, h } = node.tile;
    ctx.beginPath();
    ctx.roundRect(x - 3, y - 3, w + 6, h + 6, w > 60 ? 18 : w * 0.3 + 3);
    Object.assign(ctx, { strokeStyle: theme.color(color, 0.24 * (1 - share)), lineWidth: 6 });
    ctx.stroke();
  };
}

/** An edge is brightened once, without travel. */
function wash(id, color) {
  return (ctx, share, scene, theme) => {
    const found = lineOf(scene, id);
    if (!found) return;
    const { from, via, to } = found.line;
    ctx.beginPath();
    ctx.moveTo(from.x, from.y);
    ctx.quadraticCurveTo(via.x, via.y, to.x, to.y);
    Object.assign(ctx, { strokeStyle: theme.color(color, 0.5 * (1 - share)), lineWidth: 6, lineCap: "round" });
    ctx.stroke();
  };
}
