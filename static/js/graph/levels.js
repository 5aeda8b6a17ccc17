/** How much of an agent is drawn: a card, a tile with its name, or a disc. */

import { around } from "./geometry.js";
import { font } from "./theme.js";

export const CARD = { w: 178, h: 56 };
const CARDS = 24;
const NARROW = 560;
const ROOM = { card: 24_000, big: 11_000, tile: 4_300, captions: 9_000 };

/** The level for a number of agents on a field at a zoom: each level needs some room for each agent. */
export function levelOf(count, field, k, width) {
  const room = (field.w * field.h * k * k) / Math.max(1, count);
  if (count <= CARDS && k >= 0.7 && width >= NARROW && room >= ROOM.card) return level("card", room, width);
  if (room >= ROOM.big && count <= CARDS) return level("big", room, width);
  return room >= ROOM.tile ? level("tile", room, width) : level("disc", room, width);
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

/** The level at which a field is settled first. */
export const cellFor = (count, field, width) => levelOf(count, field, 1, width).cell;

/** The box of an agent around its place. */
export function boxOf(shape, at, holding) {
  if (shape.name === "card") return around(at.x, at.y, CARD.w, CARD.h);
  const size = shape.ring && holding ? (shape.name === "tile" ? 44 : 18) : shape.size;
  return around(at.x, at.y, size, size);
}

/** The box of an unread counter on a node's top right corner. */
export const counterBox = (node) => around(node.tile.x + node.tile.w - 3, node.tile.y + 3, 20, 20);
