/** Where agents stand: seeded by their names, settled once off screen, then fixed. */

import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";

import { hash } from "./theme.js";

const TICKS = 300;
const MANY = 150;
const ROUNDS = 6;
const TRIES = 160;

/** A number from 0 to 1 that a name always gives. */
const chance = (name, salt) => hash(`${salt}/${name}`) / 2 ** 32;

/** Places for all agents in a field `{w, h}`, as a map from name to `{x, y}`; `cell` is the room one of them takes. */
export function settle(names, pairs, field, cell) {
  if (!names.length) return new Map();
  const nodes = [...names].sort().map((name) => ({
    name, x: chance(name, "x") * field.w, y: chance(name, "y") * field.h,
  }));
  simulate(nodes, pairs, field);
  const places = spread(nodes, field, cell);
  if (nodes.length <= MANY) untangle(places, pairs);
  return places;
}

/** Let two agents change places while that shortens the lines. */
function untangle(places, pairs) {
  const friends = new Map([...places.keys()].map((name) => [name, []]));
  for (const [a, b] of pairs) if (a !== b && friends.has(a) && friends.has(b)) (friends.get(a).push(b), friends.get(b).push(a));
  const names = [...places.keys()].sort();
  const cost = (name) => friends.get(name).reduce((sum, friend) => sum + stretch(places.get(name), places.get(friend)), 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const swaps = names.flatMap((a, at) => names.slice(at + 1).filter((b) => betterSwapped(a, b, places, cost)));
    if (!swaps.length) return;
  }
}

/** The worth of a line's length: long ones count for more. */
const stretch = (a, b) => (Math.abs(a.x - b.x) + Math.abs(a.y - b.y) * 1.4) ** 1.3;

/** Swap two agents where that is better; otherwise leave them. */
function betterSwapped(a, b, places, cost) {
  const before = cost(a) + cost(b);
  const swap = () => {
    const kept = places.get(a);
    places.set(a, places.get(b));
    places.set(b, kept);
  };
  swap();
  if (cost(a) + cost(b) < before - 1) return true;
  swap();
  return false;
}

/** Let forces bring those together that talk to each other. */
function simulate(nodes, pairs, field) {
  const here = new Set(nodes.map((node) => node.name));
  const links = pairs
    .filter(([from, to]) => here.has(from) && here.has(to))
    .map(([source, target]) => ({ source, target }));
  const gap = Math.sqrt((field.w * field.h) / nodes.length);
  const simulation = forceSimulation(nodes)
    .force("link", forceLink(links).id((node) => node.name).distance(gap).strength(0.25))
    .force("apart", forceManyBody().strength(-gap * 1.6).distanceMax(gap * 5))
    .force("room", forceCollide(gap * 0.45))
    .force("x", forceX(field.w / 2).strength(0.03))
    .force("y", forceY(field.h / 2).strength((0.03 * field.w) / field.h))
    .stop();
  simulation.tick(nodes.length > MANY ? TICKS / 3 : TICKS);
}

/** Fill the field in columns that keep the neighbourhoods, a little off the grid, so that nothing overlaps. */
function spread(nodes, field, cell) {
  const columns = Math.max(1, Math.min(nodes.length, Math.round(columnsFor(nodes.length, field, cell))));
  const byX = [...nodes].sort((a, b) => a.x - b.x || (a.name < b.name ? -1 : 1));
  const places = new Map();
  let from = 0;
  for (let column = 0; column < columns; column += 1) {
    const upTo = Math.round(((column + 1) * nodes.length) / columns);
    stack(byX.slice(from, upTo), { column, columns, field, cell }, places);
    from = upTo;
  }
  return places;
}

const columnsFor = (count, field, cell) => Math.sqrt((count * field.w * cell.h) / (field.h * cell.w));

/** One column, top to bottom. */
function stack(members, { column, columns, field, cell }, places) {
  const wide = field.w / columns;
  const high = field.h / members.length;
  const slack = { x: Math.max(0, wide - cell.w) * 0.42, y: Math.max(0, high - cell.h) * 0.42 };
  members.sort((a, b) => a.y - b.y || (a.name < b.name ? -1 : 1)).forEach((node, row) => {
    places.set(node.name, {
      x: (column + 0.5) * wide + (chance(node.name, "dx") * 2 - 1) * slack.x,
      y: (row + 0.5) * high + (chance(node.name, "dy") * 2 - 1) * slack.y,
    });
  });
}

/** A free place for one newcomer, near those it talks to; nobody else moves. */
export function place({ name, friends, places, field, cell }) {
  const taken = [...places.values()];
  const near = friends.map((friend) => places.get(friend)).filter(Boolean);
  let best = null;
  for (let step = 0; step < TRIES; step += 1) {
    const spot = {
      x: cell.w / 2 + chance(name, `px${step}`) * Math.max(1, field.w - cell.w),
      y: cell.h / 2 + chance(name, `py${step}`) * Math.max(1, field.h - cell.h),
    };
    const worth = roomAt(spot, taken, cell) - far(spot, near) * 0.001;
    if (!best || worth > best.worth) best = { ...spot, worth };
  }
  return { x: best.x, y: best.y };
}

/** How free a spot is, in cells; more than one and a bit is as good as that. */
function roomAt(spot, taken, cell) {
  const gap = (other) => Math.max(Math.abs(other.x - spot.x) / cell.w, Math.abs(other.y - spot.y) / cell.h);
  return Math.min(1.1, ...taken.map(gap));
}

/** How far friends are on average. */
const far = (spot, near) =>
  near.length ? near.reduce((sum, to) => sum + Math.hypot(to.x - spot.x, to.y - spot.y), 0) / near.length : 0;
