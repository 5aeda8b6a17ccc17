/** How much of an agent is drawn: a card, a tile with its name, or a disc. */

import { around } from "./geometry.js";
import { font } from "./theme.js";

export const CARD = { w: 178, h: 56 };
const CARDS = 24;
const MANY = 200;
const NARROW = 560;
const FOOT = { card: { w: 186, h: 68 }, big: { w: 58, h: 64 }, tile: { w: 48, h: 50 } };
const ROOM = { card: 24_000, big: 11_000, tile: 4_300, captions: 9_000 };

/** The level for a number of agents on a field at a zoom: each needs room for each agent, and none may lie on another. */
export function levelOf(count, field, k, width, points = []) {
  const room = (field.w * field.h * k * k) / Math.max(1, count);
  const may = {
    card: count <= CARDS && k >= 0.7 && width >= NARROW && room >= ROOM.card,
    big: count <= CARDS && room >= ROOM.big,
    tile: room >= ROOM.tile,
  };
  const name = ["card", "big", "tile"].find((each) => may[each] && (points.length > MANY || areApart(points, k, FOOT[each])));
  return level(name ?? "disc", room, width);
}

/** Whether boxes of a size round these points keep apart. */
function areApart(points, k, { w, h }) {
  return points.every((a, at) =>
    points.slice(at + 1).every((b) => Math.abs(a.x - b.x) * k >= w || Math.abs(a.y - b.y) * k >= h));
}

const SHAPES = {
  card: { size: 36, label: null, ring: false, radii: [130, 150, 172, 200], seat: 21, cell: { w: 236, h: 128 }, pills: true },
  big: { size: 46, label: font(11.5, 600), ring: false, radii: [74, 90, 108, 130], seat: 21, cell: { w: 112, h: 112 }, pills: true },
  tile: { size: 30, label: font(10.5, 500), ring: true, radii: [40, 52, 66, 84, 104], seat: 13, cell: { w: 112, h: 78 }, pills: false },
  disc: { size: 10, label: font(10.5, 500), ring: true, radii: [16, 22, 32, 44], seat: 7, cell: { w: 22, h: 22 }, pills: false },
};

function level(name, room, width) {
  const brief = name === "big" && (width < NARROW || room < ROOM.captions * 2);
  return { name, ...SHAPES[name], captions: name === "card" ? "full" : name === "big" ? (brief ? "brief" : "full") : "none" };
}

/** The box of an agent around its place. */
export function boxOf(shape, at, holding) {
  if (shape.name === "card") return around(at.x, at.y, CARD.w, CARD.h);
  const size = shape.ring && holding ? (shape.name === "tile" ? 44 : 18) : shape.size;
  return around(at.x, at.y, size, size);
}

/** The box of an unread counter on a node's top right corner. */
export const counterBox = (node) => around(node.tile.x + node.tile.w - 3, node.tile.y + 3, 20, 20);
