/** The places of all agents of a workspace: settled once, then changed by the operator's hand alone. */

import { place, remember, remembered, settle } from "./layout.js";

/** Where everyone stands in the field. */
export class Places {
  #workspace;

  constructor(workspace) {
    this.#workspace = workspace;
    this.all = new Map();
    this.field = { w: 1, h: 1 };
  }

  /** Find places for all agents of a state. */
  settle(state, field, cell) {
    this.field = field;
    const names = state.agents.map((agent) => agent.name);
    this.all = settle(names, friendships(state), field, cell);
    const kept = remembered(this.#workspace);
    for (const name of names) if (kept[name]) this.all.set(name, { x: kept[name][0] * field.w, y: kept[name][1] * field.h });
  }

  /** Give newcomers a place; nobody else moves. */
  welcome(state) {
    const unknown = state.agents.filter((agent) => !this.all.has(agent.name));
    if (!unknown.length) return;
    const pairs = friendships(state);
    for (const { name } of unknown) {
      const friends = pairs.filter((pair) => pair.includes(name)).map(([a, b]) => (a === name ? b : a));
      this.all.set(name, place(name, friends, this.all, this.field));
    }
  }

  /** Put an agent where the operator drags it. */
  move(name, at) {
    this.all.set(name, at);
  }

  /** Remember where an agent was dropped. */
  keep(name) {
    const at = this.all.get(name);
    if (at) remember(this.#workspace, name, [at.x / this.field.w, at.y / this.field.h]);
  }
}

/** Who should stand near whom. */
function friendships(state) {
  const talk = state.edges.filter((edge) => edge.kind !== "broadcast").map((edge) => [edge.from, edge.to]);
  const work = state.work.filter((item) => item.claimant).map((item) => [item.from, item.claimant]);
  return [...talk, ...work];
}
