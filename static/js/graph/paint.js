/** Draws a scene on the still layer. */

import { ICONS, icon } from "./glyphs.js";
import { counterBox } from "./levels.js";
import { dimNode } from "./scene.js";
import { font } from "./theme.js";
import { RADIUS, clipped, measure } from "./work.js";
import { roleLine } from "./words.js";

const TURN = 2 * Math.PI;

/** Draw everything; `kit` is `{theme, sprites}`. */
export function paint(ctx, scene, kit) {
  const { camera } = scene;
  ctx.clearRect(0, 0, camera.width, camera.height);
  ctx.save();
  ctx.translate(Math.round(camera.x), Math.round(camera.y));
  scene.strokes.draw(ctx, kit.theme);
  if (scene.shape.name === "disc") paintDiscs(ctx, scene, kit);
  else for (const node of scene.nodes.values()) paintNode(ctx, scene, node, kit);
  scene.hubs.forEach((hub) => paintHub(ctx, hub, kit));
  scene.work.forEach((node) => paintWork(ctx, node, kit, Math.min(16, scene.shape.seat)));
  scene.pills.forEach((pill) => paintPill(ctx, pill, kit));
  scene.labels.forEach((label) => paintLabel(ctx, label, kit));
  ctx.restore();
  ctx.globalAlpha = 1;
}

function paintNode(ctx, scene, node, kit) {
  const alpha = node.alpha * dimNode(scene, node);
  if (alpha < 1) {
    // What is under a pale node must not shine through it.
    ctx.globalAlpha = 1;
    ctx.fillStyle = kit.theme.color("bg");
    ctx.beginPath();
    ctx.roundRect(node.tile.x, node.tile.y, node.tile.w, node.tile.h, node.tile.w > 60 ? 15 : node.tile.w * 0.3);
    ctx.fill();
  }
  ctx.globalAlpha = alpha;
  if (scene.shape.name === "card") paintCard(ctx, scene, node, kit);
  else paintTile(ctx, scene, node, kit);
  if (scene.focus === node.name) outline(ctx, node.tile, kit, scene.shape.name === "card" ? 15 : node.tile.w * 0.3);
  if (node.agent.unread > 0) paintCounter(ctx, node, kit);
  ctx.globalAlpha = 1;
}

function outline(ctx, box, { theme }, radius) {
  ctx.beginPath();
  ctx.roundRect(box.x, box.y, box.w, box.h, radius);
  Object.assign(ctx, { strokeStyle: theme.color("ink"), lineWidth: 2 });
  ctx.stroke();
}

function paintCard(ctx, scene, node, kit) {
  const { box, agent } = node;
  kit.sprites.card(ctx, box.x, box.y, box.w, box.h);
  kit.sprites.tile(ctx, agent, box.x + 10, box.y + 10, 36);
  presence(ctx, { x: box.x + 43, y: box.y + 43, r: 5.5 }, agent, kit, "raised");
  const held = scene.filter.work ? agent.held ?? 0 : 0;
  text(ctx, clipped(agent.name, font(13, 600), 112), box.x + 56, box.y + 24.5, { face: font(13, 600), color: kit.theme.color("ink") });
  const line = secondLine(agent, scene.now, held ? 87 : 112);
  text(ctx, line, box.x + 56, box.y + 41, { face: font(11.5), color: kit.theme.color("ink-3") });
  if (held) paintHeld(ctx, box.x + box.w - 10, box.y + box.h - 18, held, kit);
}

/** Role and reason; where both have no room, the reason alone. */
function secondLine(agent, now, room) {
  const face = font(11.5);
  const whole = roleLine(agent, now);
  const reason = roleLine({ ...agent, role: "", harness: "" }, now) || whole;
  const fits = [whole, reason, reason.replace("since ", "")].find((line) => measure(line, face) <= room);
  return fits ?? clipped(reason, face, room);
}

/** A magenta diamond and how many handoffs are held, ending at x. */
function paintHeld(ctx, x, y, held, { theme }) {
  const label = String(held);
  text(ctx, label, x, y + 4, { face: font(12, 600), color: theme.color("pink"), align: "right" });
  ctx.fillStyle = theme.color("pink-fill");
  diamond(ctx, x - 9 - label.length * 7, y, 9, 1.6);
  ctx.fill();
}

function diamond(ctx, x, y, size, radius) {
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(Math.PI / 4);
  ctx.beginPath();
  ctx.roundRect(-size / 2, -size / 2, size, size, radius);
  ctx.restore();
}

function paintTile(ctx, scene, node, kit) {
  const { tile, agent } = node;
  const size = tile.w;
  kit.sprites.tile(ctx, agent, tile.x, tile.y, size);
  const held = scene.filter.work && scene.shape.ring ? scene.held.get(node.name) : null;
  if (held) leaseRing(ctx, node, { radius: 21, width: 2.4 }, soonest(held, scene), kit);
  presence(ctx, { x: tile.x + size - 2, y: tile.y + size - 2, r: size > 40 ? 5.5 : 4 }, agent, kit, "bg");
}

/** The claimed work whose lease ends first. */
const soonest = (held, scene) => [...held].sort((a, b) => String(a.lease_until).localeCompare(String(b.lease_until)))
  .map((item) => scene.ringOf(item))[0];

function leaseRing(ctx, at, { radius, width }, held, { theme }) {
  Object.assign(ctx, { lineWidth: width, lineCap: "round" });
  ctx.beginPath();
  ctx.arc(at.x, at.y, radius, 0, TURN);
  ctx.strokeStyle = theme.color("line-2");
  ctx.stroke();
  const { share } = held;
  if (share <= 0) return;
  ctx.beginPath();
  ctx.arc(at.x, at.y, radius, -TURN / 4, -TURN / 4 + TURN * share);
  ctx.strokeStyle = theme.color(held.tone === "violet" ? "violet" : held.tone === "amber" ? "amber" : `${held.tone}-fill`);
  ctx.stroke();
  ctx.lineCap = "butt";
}

/** Presence by colour and shape: a disc, a half filled ring, a hollow ring; with a cut of what lies behind. */
function presence(ctx, { x, y, r }, agent, { theme }, behind) {
  ctx.beginPath();
  ctx.arc(x, y, r + 2, 0, TURN);
  ctx.fillStyle = theme.color(behind);
  ctx.fill();
  if (agent.presence === "present" || agent.kind === "operator") {
    disc(ctx, x, y, r, theme.color("green-fill"));
    return;
  }
  const tone = theme.color(agent.presence === "stale" ? "amber" : "ink-3");
  ctx.beginPath();
  ctx.arc(x, y, r - 0.8, 0, TURN);
  Object.assign(ctx, { strokeStyle: tone, lineWidth: 1.6 });
  ctx.stroke();
  if (agent.presence !== "stale") return;
  ctx.beginPath();
  ctx.arc(x, y, r - 1.4, -TURN / 4, TURN / 4);
  ctx.fillStyle = tone;
  ctx.fill();
}

function disc(ctx, x, y, radius, color) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, TURN);
  ctx.fillStyle = color;
  ctx.fill();
}

function paintCounter(ctx, node, { theme }) {
  const box = counterBox(node);
  const label = node.agent.unread > 99 ? "99+" : String(node.agent.unread);
  const grow = Math.max(0, label.length - 1) * 5;
  const radius = node.tile.w > 40 ? 9.5 : 8.5;
  const [x, y] = [box.x + 10, box.y + 10];
  ctx.beginPath();
  ctx.roundRect(x - radius - grow / 2 - 2, y - radius - 2, 2 * radius + grow + 4, 2 * radius + 4, radius + 2);
  ctx.fillStyle = theme.color("bg");
  ctx.fill();
  ctx.beginPath();
  ctx.roundRect(x - radius - grow / 2, y - radius, 2 * radius + grow, 2 * radius, radius);
  ctx.fillStyle = theme.color("blue-fill");
  ctx.fill();
  const color = theme.color("light-dark(#fff, oklch(0.2 0.008 65))");
  text(ctx, label, x, y + 4, { face: font(radius > 9 ? 11.5 : 10.5, 650), color, align: "center" });
}

function text(ctx, label, x, y, { face, color, align = "left" }) {
  Object.assign(ctx, { font: face, fillStyle: color, textAlign: align, textBaseline: "alphabetic" });
  ctx.fillText(label, x, y);
}

/** Text with a halo of the ground, so that it reads over a line. */
function haloed(ctx, label, x, y, style, { theme }) {
  Object.assign(ctx, { font: style.face, textAlign: style.align, textBaseline: "alphabetic" });
  Object.assign(ctx, { strokeStyle: theme.color("bg"), lineWidth: 4, lineJoin: "round" });
  ctx.strokeText(label, x, y);
  text(ctx, label, x, y, style);
}

function paintWork(ctx, node, kit, size) {
  const { theme } = kit;
  ctx.globalAlpha = node.dim;
  if (node.item.state === "open") paintOpen(ctx, node, theme, size);
  else {
    disc(ctx, node.x, node.y, RADIUS, theme.color("bg"));
    leaseRing(ctx, node, { radius: RADIUS, width: 2.6 }, node.ring, kit);
    ctx.fillStyle = theme.color("pink-fill");
    diamond(ctx, node.x, node.y, 16, 3.5);
    ctx.fill();
    icon(ctx, ICONS.arrow, { x: node.x, y: node.y, size: 15 }, theme.color("light-dark(#fff, oklch(0.2 0.008 65))"), 1.8);
  }
  if (node.focused) ringAround(ctx, node, theme);
  if (node.caption) paintCaption(ctx, node.caption, kit);
  ctx.globalAlpha = 1;
}

function paintOpen(ctx, node, theme, size) {
  ctx.fillStyle = theme.color("bg");
  diamond(ctx, node.x, node.y, size, size * 0.22);
  ctx.fill();
  Object.assign(ctx, { strokeStyle: theme.color("pink-fill"), lineWidth: 2 });
  ctx.stroke();
}

function ringAround(ctx, node, theme) {
  ctx.beginPath();
  ctx.arc(node.x, node.y, RADIUS + 4, 0, TURN);
  Object.assign(ctx, { strokeStyle: theme.color("ink"), lineWidth: 2 });
  ctx.stroke();
}

function paintCaption(ctx, { rows, box }, kit) {
  const x = box.align === "right" ? box.x + box.w : box.align === "center" ? box.x + box.w / 2 : box.x;
  let y = box.y;
  for (const row of rows) {
    const style = { face: row.face, color: kit.theme.color(row.tone), align: box.align };
    haloed(ctx, row.text, x, y + row.high * 0.76, style, kit);
    y += row.high;
  }
}

function paintPill(ctx, { box, text: label, dim, color }, { theme }) {
  ctx.globalAlpha = dim;
  ctx.beginPath();
  ctx.roundRect(box.x, box.y, box.w, box.h, box.h / 2);
  ctx.fillStyle = theme.color("surface");
  ctx.fill();
  Object.assign(ctx, { strokeStyle: theme.color(`${color}-fill`, 0.7), lineWidth: 1 });
  ctx.stroke();
  icon(ctx, ICONS.message, { x: box.x + 11, y: box.y + 10, size: 10 }, theme.color(color), 2);
  text(ctx, label, box.x + 18.5, box.y + 14, { face: font(11.5, 600), color: theme.color(color) });
  ctx.globalAlpha = 1;
}

function paintLabel(ctx, { name, box, face, tone, dim }, kit) {
  ctx.globalAlpha = dim;
  haloed(ctx, name, box.x + box.w / 2, box.y + 11.5, { face, color: kit.theme.color(tone), align: "center" }, kit);
  ctx.globalAlpha = 1;
}

function paintHub(ctx, hub, { theme }) {
  disc(ctx, hub.x, hub.y, 17, theme.color("surface"));
  Object.assign(ctx, { strokeStyle: theme.color("violet", 0.7), lineWidth: 1.2 });
  ctx.stroke();
  icon(ctx, ICONS.topic, { x: hub.x, y: hub.y, size: 16 }, theme.color("violet"));
}

/** Hundreds of agents: one path for each presence. */
function paintDiscs(ctx, scene, kit) {
  const { theme } = kit;
  const buckets = new Map();
  for (const node of scene.nodes.values()) {
    const key = `${node.agent.kind === "operator" ? "present" : node.agent.presence}/${dimNode(scene, node)}`;
    if (!buckets.has(key)) buckets.set(key, []);
    buckets.get(key).push(node);
    const held = scene.filter.work ? scene.held.get(node.name) : null;
    ctx.globalAlpha = dimNode(scene, node);
    if (held) leaseRing(ctx, node, { radius: 8, width: 1.8 }, soonest(held, scene), kit);
  }
  ctx.globalAlpha = 1;
  for (const [key, nodes] of buckets) drawDiscs(ctx, nodes, key.split("/"), theme);
  for (const node of scene.nodes.values()) if (node.agent.unread > 0) disc(ctx, node.x + 5, node.y - 5, 3, theme.color("blue-fill", dimNode(scene, node)));
  const chosen = scene.nodes.get(scene.focus);
  if (chosen) outline(ctx, { x: chosen.x - 8, y: chosen.y - 8, w: 16, h: 16 }, kit, 8);
}

const LOOKS = {
  present: { fill: "green-fill" },
  stale: { fill: "bg", line: "amber", half: true },
  offline: { fill: "bg", line: "ink-3" },
};

function drawDiscs(ctx, nodes, [presenceOf, dim], theme) {
  const look = LOOKS[presenceOf] ?? LOOKS.offline;
  const trace = (radius, from = 0, to = TURN) => {
    ctx.beginPath();
    for (const { x, y } of nodes) {
      ctx.moveTo(x + radius * Math.cos(from), y + radius * Math.sin(from));
      ctx.arc(x, y, radius, from, to);
    }
  };
  trace(look.line ? 4.2 : 5);
  ctx.fillStyle = theme.color(look.fill, look.line ? 1 : Number(dim));
  ctx.fill();
  if (!look.line) return;
  Object.assign(ctx, { strokeStyle: theme.color(look.line, Number(dim)), lineWidth: 1.6 });
  ctx.stroke();
  if (!look.half) return;
  trace(4.2, -TURN / 4, TURN / 4);
  ctx.fillStyle = theme.color(look.line, Number(dim));
  ctx.fill();
}
