/** The live graph: a still canvas for nodes and edges, a moving one for particles. */

import { quadtree } from "d3-quadtree";

import { Camera } from "./camera.js";
import { pairOf } from "./edges.js";
import { filterOf } from "./filter.js";
import { foldAll } from "./fold.js";
import { holds } from "./geometry.js";
import { Sprites } from "./glyphs.js";
import { closest, listen, nearest } from "./input.js";
import { levelOf } from "./levels.js";
import { paint } from "./paint.js";
import { Effects } from "./particles.js";
import { Places } from "./places.js";
import { boxes, build } from "./scene.js";
import { show } from "./show.js";
import { Theme } from "./theme.js";
import { agentSentence, graphSentence, ringOf, workLine } from "./words.js";

const SECOND = 1000;
const SLOW = 15 * SECOND;

/** Make the graph in a host element; see `Graph` for what the answer can do. */
export const createGraph = (host, options) => new Graph(host, options);

class Graph {
  #host;
  #options;
  #dirty = true;
  #frame = 0;
  #timer = 0;
  #scene = null;
  #focus = { selected: null, hovered: null, cursor: null };
  #seats = new Map();
  #paints = 0;

  /** `options`: state, reducedMotion, onSelect, now, workspace, filter. */
  constructor(host, options) {
    this.#host = host;
    this.#options = { now: Date.now, onSelect: () => {}, workspace: "all", ...options };
    this.state = options.state;
    this.camera = new Camera();
    this.wanted = filterOf(options.filter);
    this.#layers();
    this.theme = new Theme(host, () => this.#touch());
    this.sprites = new Sprites(this.theme, this.ratio);
    this.places = new Places(this.#options.workspace);
    this.effects = new Effects(this.moving, {
      theme: this.theme, look: () => this.#look(), still: () => this.#paint(true), calm: () => this.#calm(),
    });
    this.#measure();
    this.#settle();
    this.#listen();
    this.#touch();
    this.#wait();
  }

  #layers() {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    const [still, moving] = ["graph-still", "graph-moving"].map((name) => {
      const canvas = Object.assign(document.createElement("canvas"), { className: name });
      canvas.setAttribute("aria-hidden", "true");
      this.#host.append(canvas);
      return canvas;
    });
    this.canvases = [still, moving];
    [this.still, this.moving] = this.canvases.map((canvas) => canvas.getContext("2d"));
    this.voice = Object.assign(document.createElement("p"), { className: "graph-voice visually-hidden" });
    this.voice.setAttribute("aria-live", "polite");
    this.#host.append(this.voice);
    Object.assign(this.#host, { tabIndex: 0, role: "application" });
  }

  /** Take the host's size; its padding is the room that other things need. */
  #measure() {
    const { clientWidth: width, clientHeight: height } = this.#host;
    const pad = getComputedStyle(this.#host);
    const inset = Object.fromEntries(["Top", "Right", "Bottom", "Left"].map((side) => [side.toLowerCase(), parseFloat(pad[`padding${side}`]) || 0]));
    this.camera.resize(width, height, inset);
    for (const canvas of this.canvases) Object.assign(canvas, { width: width * this.ratio, height: height * this.ratio });
    for (const ctx of [this.still, this.moving]) ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
  }

  #settle() {
    const field = this.camera.room();
    this.places.settle(this.state, field, levelOf(this.state.agents.length, field, 1, this.camera.width));
    this.camera.fit(this.places.field);
  }

  #listen() {
    this.stopListening = listen(this.#host, {
      hit: (x, y) => this.hit(x, y),
      hover: (thing) => this.#point("hovered", thing?.name ?? thing?.item?.handoff ?? null),
      choose: (thing) => this.#choose(thing?.name ?? thing?.item?.handoff ?? null),
      move: (name, x, y) => this.#move(name, x, y),
      dropped: (name) => this.places.keep(name),
      pan: (dx, dy) => this.#pan(dx, dy),
      zoom: (k, x, y) => this.zoom(k, x, y),
      fit: () => this.fit(),
      step: (dx, dy) => this.#step(dx, dy),
      enter: () => this.#focus.cursor && this.#choose(this.#focus.cursor),
      escape: () => this.#choose(null),
      blur: () => this.#point("cursor", null),
      chosen: () => this.#focus.selected || this.#focus.cursor,
    });
    this.resized = new ResizeObserver(() => this.#resize());
    this.resized.observe(this.#host);
    this.shown = () => document.hidden || this.#touch();
    document.addEventListener("visibilitychange", this.shown);
  }

  #resize() {
    const { width, height, moved } = this.camera;
    if (this.#host.clientWidth === width && this.#host.clientHeight === height) return;
    this.#measure();
    if (!moved && this.places.isNear(this.camera.room())) {
      this.places.stretch(this.camera.room());
      this.camera.fit(this.places.field);
    } else if (!moved) this.#settle();
    this.#paint(true);
  }

  #calm() {
    return this.#options.reducedMotion ?? matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** Ages and leases go on by themselves: a slow timer, no animation frames. */
  #wait() {
    const counts = this.state.work.some((item) => item.state === "claimed") && !this.effects.paused;
    this.#timer = setTimeout(() => {
      if (!document.hidden && !this.effects.count) this.#paint(true);
      this.#wait();
    }, counts ? SECOND : SLOW);
  }

  #touch() {
    this.#dirty = true;
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #look() {
    if (this.#dirty || !this.#scene) this.#rebuild();
    return this.#scene;
  }

  #rebuild() {
    const focus = this.#focus.cursor ?? this.#focus.hovered ?? this.#focus.selected;
    const now = this.#options.now();
    this.#scene = build({
      state: this.state, places: this.places.all, field: this.places.field, camera: this.camera, filter: this.wanted,
      focus, seats: this.#seats, now, moving: this.effects.moving, ringOf: (item) => ringOf(item, now),
    });
    for (const node of this.#scene.work) node.focused = node.item.handoff === focus;
    const things = [...this.#scene.nodes.values(), ...this.#scene.work, ...this.#scene.hubs];
    this.tree = quadtree(things, (thing) => thing.x, (thing) => thing.y);
    this.#dirty = false;
    this.#describe();
  }

  #describe() {
    const label = graphSentence(this.state);
    if (this.#host.getAttribute("aria-label") !== label) this.#host.setAttribute("aria-label", label);
  }

  #paint(anew = false) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (anew) this.#dirty = true;
    paint(this.still, this.#look(), this);
    this.#paints += 1;
  }

  #point(which, name) {
    if (this.#focus[which] === name) return;
    this.#focus[which] = name;
    this.#host.classList.toggle("is-pointing", Boolean(this.#focus.hovered));
    this.#touch();
  }

  #choose(name) {
    this.#focus.cursor = null;
    this.select(name);
    this.#options.onSelect(name);
  }

  #step(dx, dy) {
    const { nodes, work, hubs, camera } = this.#look();
    const things = [...nodes.values(), ...work, ...hubs];
    const current = things.find((thing) => (thing.name ?? thing.item.handoff) === (this.#focus.cursor ?? this.#focus.selected));
    const middle = { x: camera.width / 2 - camera.x, y: camera.height / 2 - camera.y };
    const next = current ? nearest(things, current, [dx, dy]) : closest(things, middle);
    if (!next) return;
    this.#point("cursor", next.name ?? next.item.handoff);
    this.voice.textContent = this.#sentence(next);
  }

  #sentence(thing) {
    const now = this.#options.now();
    return thing.agent ? agentSentence(thing.agent, now) : thing.label ? `Topic ${thing.label}` : `${thing.item.title}, ${workLine(thing.item, now).text}`;
  }

  #move(name, x, y) {
    this.places.move(name, this.camera.field(x, y));
    this.#touch();
  }

  #pan(dx, dy) {
    this.camera.pan(dx, dy);
    this.#host.style.backgroundPosition = `${this.camera.x}px ${this.camera.y}px`;
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  /** What lies at a point of the host: a node, a work node or null. */
  hit(x, y) {
    const scene = this.#look();
    const [px, py] = [x - scene.camera.x, y - scene.camera.y];
    const near = this.tree.find(px, py, 100);
    const touches = (thing) => holds(thing.box, px, py) || (thing.caption && holds(thing.caption.box, px, py));
    if (near && touches(near)) return near;
    if (scene.shape.name === "disc") return near && Math.hypot(near.x - px, near.y - py) < 12 ? near : null;
    return [...scene.work, ...scene.nodes.values(), ...scene.hubs].find(touches) ?? null;
  }

  /** Apply events of the log, oldest first, and show what they mean. */
  apply(events) {
    const before = new Map(this.#look().work.map((node) => [node.item.handoff, { x: node.x, y: node.y }]));
    this.state = foldAll(this.state, events);
    this.places.welcome(this.state);
    this.#touch();
    if (!document.hidden) show(events, { effects: this.effects, before, filter: this.wanted, pairOf });
  }

  /** Show another state; agents that are known keep their places. */
  load(state) {
    this.effects.clear();
    this.state = state;
    this.places.welcome(state);
    this.#touch();
  }

  /** Select an agent or a handoff, or nothing. */
  select(name) {
    this.#point("selected", name);
  }

  /** Show only some: `{verbs, capability, presence}`. */
  filter(wanted) {
    this.wanted = filterOf(wanted);
    this.#touch();
  }

  /** Show the whole field. */
  fit() {
    this.camera.fit(this.places.field);
    this.#host.style.backgroundPosition = "";
    this.#touch();
  }

  /** Zoom by a factor, round a point or the middle. */
  zoom(factor, x, y) {
    this.camera.zoom(factor, x, y);
    this.#touch();
  }

  /** Hold what moves, or let it go on. */
  pause(paused) {
    this.effects.pause(paused);
  }

  /** Write beside each particle what it says. */
  captions(on) {
    this.effects.captions = on;
  }

  /** Every box that must not touch another, in pixels of the host. */
  boxes() {
    return boxes(this.#look());
  }

  /** Figures for tests: level, paints, frames and what moves. */
  stats() {
    const { shape, nodes, labels } = this.#look();
    const { frames, count } = this.effects;
    const unread = this.state.agents.reduce((sum, agent) => sum + (agent.unread ?? 0), 0);
    return { level: shape.name, nodes: nodes.size, labels: labels.length, paints: this.#paints, frames, moving: count, unread };
  }

  /** Take everything back. */
  destroy() {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.effects.clear();
    this.stopListening();
    this.resized.disconnect();
    document.removeEventListener("visibilitychange", this.shown);
    this.theme.destroy();
    [...this.canvases, this.voice].forEach((part) => part.remove());
  }
}
