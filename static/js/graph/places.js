/** The places of all agents of a workspace: settled once, then changed by the operator's hand alone. */

import { overlaps } from "./geometry.js";
import { place, settle } from "./layout.js";
import { boxOf } from "./levels.js";
import { recall, store } from "./memory.js";

const KNOWN = 0.7;
const SHAPE = 1.6;

/** Where everyone stands in the field. */
export class Places {
  #workspace;
  #plan = "";
  #cell = { w: 60, h: 60 };

  constructor(workspace) {
    this.#workspace = workspace;
    this.all = new Map();
    this.field = { w: 1, h: 1 };
  }

  /** Find places for all agents of a state: those of last time where they still fit, else new ones. */
  settle(state, field, shape) {
    Object.assign(this, { field });
    this.#cell = shape.cell;
    this.#plan = `${this.#workspace}.${shape.name}.${field.w > field.h ? "wide" : "high"}`;
    const names = state.agents.map((agent) => agent.name);
    const kept = recall(this.#plan);
    if (!this.#restore(kept, names, shape)) this.all = settle(names, friendships(state), field, shape.cell);
    for (const [name, at] of Object.entries(kept.moved ?? {})) if (this.all.has(name)) this.all.set(name, this.#place(at));
    this.welcome(state);
    this.#save();
  }

  /** Take the places of last time, if most agents have one and none would lie on another. */
  #restore(kept, names, shape) {
    const known = names.filter((name) => kept.places?.[name]);
    if (!known.length || known.length < names.length * KNOWN || !this.#isLike(kept.aspect)) return false;
    this.all = new Map(known.map((name) => [name, this.#place(kept.places[name])]));
    const boxes = known.map((name) => boxOf(shape, this.all.get(name), true));
    return shape.name === "disc" || !boxes.some((box, at) => boxes.slice(at + 1).some((other) => overlaps(box, other)));
  }

  /** Whether the field has about this proportion. */
  #isLike(aspect) {
    const turn = (this.field.w / this.field.h) / aspect;
    return turn < SHAPE && turn > 1 / SHAPE;
  }

  /** Whether a field has about the proportion of this one. */
  isNear(field) {
    return this.#isLike(field.w / field.h);
  }

  #place([x, y]) {
    return { x: x * this.field.w, y: y * this.field.h };
  }

  #share(name) {
    const at = this.all.get(name);
    return [at.x / this.field.w, at.y / this.field.h].map((part) => Math.round(part * 1e4) / 1e4);
  }

  /** Keep the places for the next visit. */
  #save() {
    const { moved } = recall(this.#plan);
    const aspect = this.field.w / this.field.h;
    store(this.#plan, { aspect, places: Object.fromEntries([...this.all.keys()].map((name) => [name, this.#share(name)])), moved });
  }

  /** Give newcomers a place; nobody else moves. */
  welcome(state) {
    const unknown = state.agents.filter((agent) => !this.all.has(agent.name));
    if (!unknown.length) return;
    const pairs = friendships(state);
    for (const { name } of unknown) {
      const friends = pairs.filter((pair) => pair.includes(name)).map(([a, b]) => (a === name ? b : a));
      this.all.set(name, place({ name, friends, places: this.all, field: this.field, cell: this.#cell }));
    }
    this.#save();
  }

  /** Stretch or shrink the field; everyone keeps their share of it. */
  stretch(field) {
    const [x, y] = [field.w / this.field.w, field.h / this.field.h];
    for (const [name, at] of this.all) this.all.set(name, { x: at.x * x, y: at.y * y });
    this.field = field;
  }

  /** Put an agent where the operator drags it. */
  move(name, at) {
    this.all.set(name, at);
  }

  /** Remember where an agent was dropped. */
  keep(name) {
    if (!this.all.has(name)) return;
    const kept = recall(this.#plan);
    store(this.#plan, { ...kept, moved: { ...kept.moved, [name]: this.#share(name) } });
  }
}

/** Who should stand near whom. */
function friendships(state) {
  const talk = state.edges.filter((edge) => edge.kind !== "broadcast").map((edge) => [edge.from, edge.to]);
  const work = state.work.filter((item) => item.claimant).map((item) => [item.from, item.claimant]);
  return [...talk, ...work];
}
