/** Everything that is drawn, with its place: made anew when something changed, never while particles fly. */

import { CLAIM, HUB, OFFER, Strokes, pairs, route, spokeOf, styleOf } from "./edges.js";
import { Taken, around, choose, point, points } from "./geometry.js";
import { boxOf, counterBox, levelOf } from "./levels.js";
import { ms } from "./words.js";
import { measure, seat } from "./work.js";

const DIM = 0.34;
const GONE = 0.5;
const CAREFUL = 70;
const NAMED = 60;
const OPEN = 60;
const LINES = 120;
const IN_USE = 10 * 60_000;

/** Build the scene. `from` holds state, places, field, camera, filter, focus, seats, now. */
export function build(from) {
  const scene = { ...from, shape: shapeOf(from), taken: new Taken(), nodes: new Map(), work: [], lines: new Map(), spokes: new Map(), pills: [], labels: [], hubs: [] };
  scene.room = roomOf(from.camera, from.field);
  scene.held = claims(from.state.work);
  putNodes(scene);
  scene.near = related(scene);
  putLines(scene);
  putHubs(scene);
  putLabels(scene);
  putWork(scene);
  putPills(scene);
  scene.strokes = strokes(scene);
  return scene;
}

function shapeOf({ state, field, camera, places }) {
  const points = state.agents.map((agent) => places.get(agent.name)).filter(Boolean);
  return levelOf(state.agents.length, field, camera.k, camera.width, points);
}

/** Where labels may be: the field and most of its margins. */
function roomOf(camera, field) {
  const { top, right, bottom, left } = camera.inset;
  const [l, t] = [left - 8, Math.min(14, top)];
  return { x: -l, y: -t, w: field.w * camera.k + l + right - 8, h: field.h * camera.k + t + Math.min(16, bottom) };
}

/** The claimed work of each agent. */
function claims(work) {
  const held = new Map();
  for (const item of work) {
    if (item.claimant && item.state !== "open") held.set(item.claimant, [...(held.get(item.claimant) ?? []), item]);
  }
  return held;
}

function putNodes(scene) {
  for (const agent of scene.state.agents) {
    const place = scene.places.get(agent.name);
    if (!place || !scene.filter.agent(agent)) continue;
    const at = scene.camera.scaled(place);
    const box = boxOf(scene.shape, at, scene.filter.work && scene.held.has(agent.name));
    const tile = scene.shape.name === "card" ? box : around(at.x, at.y, scene.shape.size, scene.shape.size);
    const node = { name: agent.name, agent, x: at.x, y: at.y, box, tile, alpha: agent.presence === "offline" ? GONE : 1 };
    scene.nodes.set(agent.name, node);
    scene.taken.add(box);
    if (agent.unread > 0 && scene.shape.name !== "disc") scene.taken.add(counterBox(node));
  }
}

/** What stays bright while something has the focus; null where nothing has. */
function related({ focus, state, nodes }) {
  if (!focus) return null;
  const near = new Set([focus]);
  for (const { from, to } of state.edges) {
    if (from === focus) near.add(to);
    if (to === focus) near.add(from);
  }
  for (const item of state.work) {
    const ends = [item.claimant, item.from, ...(item.state === "open" ? item.eligible ?? [] : [])];
    if (item.handoff === focus) ends.forEach((name) => name && near.add(name));
    else if (item.claimant === focus || ends.includes(focus)) near.add(item.handoff);
  }
  return nodes.has(focus) || state.work.some((item) => item.handoff === focus) ? near : null;
}

/** The opacity of something between these ends. */
const dimOf = (scene, ...ends) =>
  !scene.near || (ends.includes(scene.focus) && ends.every((end) => scene.near.has(end))) ? 1 : DIM;

function putLines(scene) {
  const others = scene.nodes.size <= CAREFUL ? [...scene.nodes.values()].map((node) => node.box) : null;
  scene.others = others;
  for (const pair of pairs(scene.state.edges, scene.now)) {
    const [a, b] = pair.ends.map((name) => scene.nodes.get(name));
    if (!a || !b || !scene.filter.edge(pair)) continue;
    const line = route(pair.id, a.box, b.box, others);
    scene.lines.set(pair.id, { pair, line, dim: dimOf(scene, ...pair.ends) * Math.min(a.alpha, b.alpha) });
    if (others) scene.taken.note(points(line, 14));
  }
}

function putHubs(scene) {
  for (const topic of scene.filter.topics ? scene.state.topics ?? [] : []) {
    if (scene.now - ms(topic.last_at) > IN_USE) continue;
    const peers = (topic.peers ?? []).map((name) => scene.nodes.get(name)).filter(Boolean);
    if (!peers.length) continue;
    const middle = centre(peers);
    const spots = [0, 40, 80, 120].flatMap((far) =>
      [0, 1, 2, 3, 4, 5].map((turn) => around(middle.x + far * Math.cos(turn), middle.y + far * Math.sin(turn), 36, 36)));
    const box = choose(spots, scene.taken, scene.room) ?? spots[0];
    scene.taken.add(box);
    const lines = peers.map((peer) => route(spokeOf(topic.topic, peer.name), peer.box, box, scene.others));
    peers.forEach((peer, at) => scene.spokes.set(spokeOf(topic.topic, peer.name), { line: lines[at], pair: { ends: [peer.name] } }));
    if (scene.others) lines.forEach((line) => scene.taken.note(points(line, 14)));
    scene.hubs.push({ name: topic.topic ?? topic.name, label: topic.name, x: box.x + 18, y: box.y + 18, box, lines });
  }
}

const centre = (nodes) => ({
  x: nodes.reduce((sum, node) => sum + node.x, 0) / nodes.length,
  y: nodes.reduce((sum, node) => sum + node.y, 0) / nodes.length,
});

function putWork(scene) {
  if (!scene.filter.work) return;
  const shown = scene.state.work.filter((item) => !(scene.shape.ring && item.state !== "open")).slice(0, OPEN);
  const firm = [...shown].sort((a, b) => Number(a.state === "open") - Number(b.state === "open"));
  for (const item of firm) {
    const ends = anchorsOf(scene, item);
    const node = ends.length ? seated(scene, item, ends) : null;
    if (node) scene.work.push(node);
  }
}

/** The nodes a work item belongs to: its claimant, those who may claim it, or its creator. */
function anchorsOf(scene, item) {
  const names = item.state === "open" ? [...new Set(item.eligible ?? [])] : [item.claimant];
  const nodes = names.map((name) => scene.nodes.get(name)).filter(Boolean);
  const maker = scene.nodes.get(item.from);
  return nodes.length || !maker || scene.filter.narrow ? nodes : [maker];
}

function seated(scene, item, ends) {
  const [anchor, radii] = ends.length === 1 ? [ends[0], scene.shape.radii] : [centre(ends), [0, ...scene.shape.radii, 240]];
  const node = seat({
    item, anchor, radii, now: scene.now, first: 6, former: scene.seats.get(item.handoff),
    captions: scene.shape.captions, half: scene.shape.seat, taken: scene.taken, room: scene.room,
  });
  if (!node) return null;
  scene.seats.set(item.handoff, node.id);
  scene.taken.add(node.box);
  if (node.caption) scene.taken.add(node.caption.box);
  const shift = scene.moving?.get(item.handoff)?.(node);
  if (shift) Object.assign(node, shift, { box: around(shift.x, shift.y, node.box.w, node.box.h) });
  node.dim = scene.near && !scene.near.has(item.handoff) ? DIM : 1;
  node.ring = scene.ringOf(item);
  node.lines = ends.map((end) => ({
    line: route(`${item.handoff}\n${end.name}`, end.box, node.box, scene.others),
    style: item.claimant ? CLAIM : OFFER, dim: scene.near && !(scene.near.has(item.handoff) && scene.near.has(end.name)) ? DIM : 1,
  }));
  node.lines.forEach(({ line }) => scene.taken.note(points(line, 8)));
  return node;
}

/** Pills with the number of unread messages, near the middle of dashed lines. */
function putPills(scene) {
  if (!scene.shape.pills) return;
  for (const { pair, line, dim } of scene.lines.values()) {
    if (!pair.unread || pair.kind === "broadcast") continue;
    const text = String(pair.unread);
    const spots = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8].map((t) => {
      const at = point(line, t);
      return around(at.x, at.y, 30 + (text.length - 1) * 6, 20);
    });
    const box = spots.find((spot) => scene.taken.free(spot));
    if (!box) continue;
    scene.taken.add(box);
    scene.pills.push({ id: pair.id, text, box, dim, color: pair.kind === "handoff" ? "pink" : "blue" });
  }
}

/** Names beside tiles, hubs and discs: on the side where they touch nothing and cover the fewest lines. */
function putLabels(scene) {
  for (const hub of scene.hubs) label(scene, { name: hub.label, box: hub.box, tone: "violet", bold: true, dim: 1 });
  if (!scene.shape.label) return;
  const nodes = [...scene.nodes.values()].filter((node) => scene.shape.name !== "disc" || isNamed(scene, node));
  nodes.sort((a, b) => weight(scene, b) - weight(scene, a));
  for (const node of scene.shape.name === "disc" ? nodes.slice(0, NAMED) : nodes) {
    label(scene, { name: node.name, box: node.box, tone: "ink-2", dim: node.alpha * dimNode(scene, node) });
  }
}

const isNamed = (scene, { name, agent }) => scene.near?.has(name) || agent.unread > 0 || agent.held > 0;
const weight = (scene, { name, agent }) => (name === scene.focus ? 1e6 : 0) + (agent.held ?? 0) * 10 + (agent.unread ?? 0);

/** The opacity of a node beside what has the focus. */
export const dimNode = (scene, node) => (scene.near && !scene.near.has(node.name) ? DIM : 1);

function label(scene, { name, box, tone, dim }) {
  const face = scene.shape.label ?? "600 11px sans-serif";
  const w = Math.ceil(measure(name, face)) + 2;
  const [cx, cy, h] = [box.x + box.w / 2, box.y + box.h / 2, 15];
  const spot = choose([
    { x: cx - w / 2, y: box.y + box.h + 3, w, h },
    { x: cx - w / 2, y: box.y - h - 3, w, h },
    { x: box.x + box.w + 5, y: cy - h / 2, w, h },
    { x: box.x - w - 5, y: cy - h / 2, w, h },
    ...[cx, cx - w, cx - w / 2].map((x) => ({ x, y: box.y + box.h + 7, w, h })),
    ...[cx, cx - w, cx - w / 2].map((x) => ({ x, y: box.y - h - 7, w, h })),
  ], scene.taken, scene.room) ?? forced(scene, name, { x: cx - w / 2, y: box.y + box.h + 3, w, h });
  if (!spot) return;
  scene.taken.add(spot);
  scene.labels.push({ name, box: spot, face, tone, dim });
}

/** What has the focus always shows its name. */
const forced = (scene, name, box) => (name === scene.focus ? box : null);

/** All lines, in buckets of one style; the more there are, the paler those that nobody looks at. */
function strokes(scene) {
  const under = new Strokes(scene.lines.size > 2 * LINES);
  const crowd = Math.max(0.3, Math.min(1, Math.sqrt(LINES / Math.max(1, scene.lines.size))));
  for (const { pair, line, dim } of scene.lines.values()) {
    under.add(line, styleOf(pair, scene.now), dim * (scene.near && dim === 1 ? 1 : crowd));
  }
  for (const hub of scene.hubs) hub.lines.forEach((line) => under.add(line, HUB, scene.near ? DIM : 1));
  for (const node of scene.work) node.lines.forEach(({ line, style, dim }) => under.add(line, style, dim));
  return under;
}

/** Every box that must not touch another, in screen pixels. */
export function boxes(scene) {
  const { x, y } = scene.camera;
  const moved = (kind, name, box) => ({ kind, name, x: box.x + x, y: box.y + y, w: box.w, h: box.h });
  return [
    ...[...scene.nodes.values()].map((node) => moved("node", node.name, node.box)),
    ...scene.work.map((node) => moved("work", node.item.handoff, node.box)),
    ...scene.work.filter((node) => node.caption).map((node) => moved("label", node.item.title, node.caption.box)),
    ...scene.labels.map((each) => moved("label", each.name, each.box)),
    ...scene.hubs.map((hub) => moved("hub", hub.label, hub.box)),
    ...scene.pills.map((pill) => moved("pill", pill.id, pill.box)),
  ];
}
