/** Work nodes: a place round the claimant (or between those who may claim), and a title on the free side. */

import { around, choose, grown, holds, overlaps, within } from "./geometry.js";
import { font } from "./theme.js";
import { lease, left, workLine } from "./words.js";

export const RADIUS = 19;
const SLOTS = 8;
const TITLE = font(12.5, 600);
const LINE = font(11.5);
const BRIEF = font(11, 600);
const MOST = 212;
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
    return text ? { rows: [{ text, tone, face: BRIEF, high: 14 }], w: Math.max(34, Math.ceil(measure(text, BRIEF))) } : null;
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
    { x: spot.x + gap, y: spot.y - high / 2, w: said.w, h: high, align: "left", cost: 0 },
    { x: spot.x - gap - said.w, y: spot.y - high / 2, w: said.w, h: high, align: "right", cost: 1.5 },
    { x: spot.x - said.w / 2, y: spot.y + RADIUS + 5, w: said.w, h: high, align: "center", cost: 4 },
    { x: spot.x - said.w / 2, y: spot.y - RADIUS - 5 - high, w: said.w, h: high, align: "center", cost: 4 },
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
export function seat(plan) {
  const { item, anchor, radii, former } = plan;
  const said = plan.captions === "none" ? null : caption(item, plan.now, plan.captions === "brief");
  const all = spots(anchor, radii, plan.first);
  const kept = all.find((spot) => spot.id === former);
  const best = (kept && rate(kept, said, plan)) ?? all.map((spot) => rate(spot, said, plan)).reduce(cheaper, null) ?? bare(all, plan);
  if (!best) return null;
  const { spot, box } = best;
  return { item, x: spot.x, y: spot.y, id: spot.id, box: ringBox(spot, plan), caption: box && said ? { ...said, box } : null };
}

const ringBox = (spot, { half }) => around(spot.x, spot.y, 2 * half, 2 * half);
const cheaper = (a, b) => (!a || (b && b.cost < a.cost) ? b : a);

/** How good a place is: its ring must be free, its caption too; null where they are not. */
function rate(spot, said, plan) {
  const { taken, room, anchor } = plan;
  const ring = ringBox(spot, plan);
  if (!within(ring, room) || !taken.free(grown(ring, plan.half / 2))) return null;
  const radius = Number(spot.id.split("/")[0]);
  const cost = taken.covers(grown(ring, 4)) * 3 + radius / 12 + 20 * hidden(anchor, spot, taken);
  if (!said) return { spot, box: null, cost };
  const clear = sides(spot, said).map((side) => ({ ...side, cost: side.cost + 8 * crossings(side, anchor, spot) }));
  const box = choose(clear, taken, room, 4);
  return box ? { spot, box, cost: cost + taken.covers(grown(box, 3)) * 2 + box.cost } : null;
}

/** How much of the way from the anchor lies under other nodes. */
function hidden(anchor, spot, taken) {
  if (!anchor.box) return 0;
  return [0.2, 0.35, 0.5, 0.65, 0.8].filter((t) => {
    const dot = around(anchor.x + (spot.x - anchor.x) * t, anchor.y + (spot.y - anchor.y) * t, 8, 8);
    return !overlaps(dot, anchor.box) && !taken.free(dot, anchor.box);
  }).length;
}

/** How much of the way from the anchor a box would hide. */
function crossings(box, anchor, spot) {
  const steps = [0.3, 0.45, 0.6, 0.75, 0.9];
  return steps.filter((t) => holds(grown(box, 8), anchor.x + (spot.x - anchor.x) * t, anchor.y + (spot.y - anchor.y) * t)).length;
}

/** A place without caption where no other is left. */
function bare(all, plan) {
  const spot = all.find((each) => within(ringBox(each, plan), plan.room) && plan.taken.free(ringBox(each, plan)));
  return spot ? { spot, box: null } : null;
}
