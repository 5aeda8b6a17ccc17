/** Work nodes: a place round the claimant (or between those who may claim), and a title on the free side. */

import { around, choose, grown, within } from "./geometry.js";
import { font } from "./theme.js";
import { lease, left, workLine } from "./words.js";

export const RADIUS = 19;
const SLOTS = 8;
const TITLE = font(12.5, 600);
const LINE = font(11.5);
const MOST = 196;
const sizer = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** How wide a text is in a font. */
export function measure(text, face) {
  const key = `${face}\n${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 4000) widths.clear();
    sizer.font = face;
    widths.set(key, (width = sizer.measureText(text).width));
  }
  return width;
}

/** The text, cut with an ellipsis where it is wider than `most`. */
export function clipped(text, face, most) {
  if (measure(text, face) <= most) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${text.slice(0, middle).trimEnd()}…`, face) <= most) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low).trimEnd()}…`;
}

/** What is written beside a work node: title and line, or on small screens the time left alone. */
export function caption(item, now, brief) {
  const line = workLine(item, now);
  const held = lease(item, now);
  if (brief) {
    const text = held ? left(held.rest) : "";
    const tone = held && held.tone !== "pink" ? held.tone : "ink";
    return text ? { rows: [{ text, tone, face: font(11, 600), high: 14 }], w: 34 } : null;
  }
  const title = { text: clipped(item.title || "Untitled", TITLE, MOST), tone: "ink", face: TITLE, high: 17 };
  const below = { text: clipped(line.text, LINE, MOST), tone: line.tone, face: LINE, high: 15 };
  // The line's width is that of its longest wording, so that a countdown moves nothing.
  const w = Math.ceil(Math.max(measure(title.text, TITLE), Math.min(MOST, measure(below.text, LINE) + 8)));
  return { rows: [title, below], w };
}

/** The boxes a caption may take beside a ring: right, left, below, above. */
function sides(spot, said) {
  const high = said.rows.reduce((sum, row) => sum + row.high, 0);
  const gap = RADIUS + 7;
  return [
    { x: spot.x + gap, y: spot.y - high / 2, w: said.w, h: high, align: "left" },
    { x: spot.x - gap - said.w, y: spot.y - high / 2, w: said.w, h: high, align: "right", cost: 1 },
    { x: spot.x - said.w / 2, y: spot.y + RADIUS + 5, w: said.w, h: high, align: "center", cost: 2 },
    { x: spot.x - said.w / 2, y: spot.y - RADIUS - 5 - high, w: said.w, h: high, align: "center", cost: 2 },
  ];
}

/** The places round an anchor, the former one first. */
function spots(anchor, radii, first) {
  const found = [];
  for (const radius of radii) {
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const turn = ((slot * 3 + first) % SLOTS) * (Math.PI / 4);
      found.push({ x: anchor.x + radius * Math.cos(turn), y: anchor.y + radius * Math.sin(turn), id: `${radius}/${slot}` });
    }
  }
  return found;
}

/** A place and a caption for a work node; `former` (an id) is kept where it is still free. */
export function seat({ item, anchor, radii, first, former, now, brief, taken, room }) {
  const said = caption(item, now, brief);
  const all = spots(anchor, radii, first);
  const kept = all.find((spot) => spot.id === former);
  const rated = kept ? rate(kept, said, taken, room) : null;
  const best = rated ?? all.map((spot) => rate(spot, said, taken, room)).reduce(cheaper, null);
  const { spot, box } = best ?? bare(all, taken, room);
  return { item, x: spot.x, y: spot.y, id: spot.id, box: ringBox(spot), caption: box && said ? { ...said, box } : null };
}

const ringBox = (spot) => around(spot.x, spot.y, 2 * RADIUS + 4, 2 * RADIUS + 4);
const cheaper = (a, b) => (!a || (b && b.cost < a.cost) ? b : a);

/** How good a place is: its ring must be free, its caption too; null where they are not. */
function rate(spot, said, taken, room) {
  const ring = ringBox(spot);
  if (!within(ring, room) || !taken.free(ring)) return null;
  const radius = Number(spot.id.split("/")[0]);
  const cost = taken.covers(grown(ring, 4)) * 3 + radius / 12;
  if (!said) return { spot, box: null, cost };
  const box = choose(sides(spot, said), taken, room);
  return box ? { spot, box, cost: cost + taken.covers(grown(box, 3)) * 2 + (box.cost ?? 0) } : null;
}

/** A place without caption where no other is left. */
function bare(all, taken, room) {
  const free = all.find((spot) => within(ringBox(spot), room) && taken.free(ringBox(spot)));
  return { spot: free ?? all.find((spot) => taken.free(ringBox(spot))) ?? all[0], box: null };
}
