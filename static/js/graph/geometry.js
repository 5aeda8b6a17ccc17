/** Boxes, curves and a grid that knows what is taken. */

/** A box around a centre. */
export const around = (x, y, w, h) => ({ x: x - w / 2, y: y - h / 2, w, h });

/** A box made larger on every side. */
export const grown = (box, by) => ({ x: box.x - by, y: box.y - by, w: box.w + 2 * by, h: box.h + 2 * by });

/** Whether two boxes share a point. */
export const overlaps = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Whether one box lies inside another. */
export const within = (box, room) =>
  box.x >= room.x && box.y >= room.y && box.x + box.w <= room.x + room.w && box.y + box.h <= room.y + room.h;

/** Whether a box holds a point. */
export const holds = (box, x, y) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;

/** Where the way from a box's centre to a point leaves the box. */
export function exit(box, to) {
  const [cx, cy] = [box.x + box.w / 2, box.y + box.h / 2];
  const [dx, dy] = [to.x - cx, to.y - cy];
  const share = Math.min(box.w / 2 / Math.max(1e-6, Math.abs(dx)), box.h / 2 / Math.max(1e-6, Math.abs(dy)), 1);
  return { x: cx + dx * share, y: cy + dy * share };
}

/** A curve between two boxes: it bends to one side and ends a little before the borders. */
export function curve(from, to, bend) {
  const a = { x: from.x + from.w / 2, y: from.y + from.h / 2 };
  const b = { x: to.x + to.w / 2, y: to.y + to.h / 2 };
  const via = { x: (a.x + b.x) / 2 - (b.y - a.y) * bend, y: (a.y + b.y) / 2 + (b.x - a.x) * bend };
  return { from: exit(grown(from, 4), via), via, to: exit(grown(to, 4), via) };
}

/** The point of a curve at a share of its way. */
export function point({ from, via, to }, t) {
  const [a, b, c] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
  return { x: a * from.x + b * via.x + c * to.x, y: a * from.y + b * via.y + c * to.y };
}

/** Some points along a curve, without its ends. */
export function points(line, count) {
  return Array.from({ length: count }, (_, step) => point(line, (step + 1) / (count + 1)));
}

/** About how long a curve is. */
export function length({ from, via, to }) {
  const chord = Math.hypot(to.x - from.x, to.y - from.y);
  return (chord + Math.hypot(via.x - from.x, via.y - from.y) + Math.hypot(to.x - via.x, to.y - via.y)) / 2;
}

const CELL = 64;

/** What is taken on screen: boxes that nothing may touch, and points that one rather avoids. */
export class Taken {
  #boxes = new Map();
  #points = new Map();

  #cells(box) {
    const cells = [];
    for (let x = Math.floor(box.x / CELL); x <= Math.floor((box.x + box.w) / CELL); x += 1) {
      for (let y = Math.floor(box.y / CELL); y <= Math.floor((box.y + box.h) / CELL); y += 1) cells.push(x * 8192 + y);
    }
    return cells;
  }

  /** Take a box. */
  add(box) {
    for (const cell of this.#cells(box)) {
      if (!this.#boxes.has(cell)) this.#boxes.set(cell, []);
      this.#boxes.get(cell).push(box);
    }
  }

  /** Note points of an edge. */
  note(list) {
    for (const at of list) {
      const cell = Math.floor(at.x / CELL) * 8192 + Math.floor(at.y / CELL);
      if (!this.#points.has(cell)) this.#points.set(cell, []);
      this.#points.get(cell).push(at);
    }
  }

  /** Whether a box is free; `but` is a box that does not count. */
  free(box, but = null) {
    return !this.#cells(box).some((cell) => this.#boxes.get(cell)?.some((other) => other !== but && overlaps(box, other)));
  }

  /** How many points of edges a box would cover. */
  covers(box) {
    let count = 0;
    for (const cell of this.#cells(box)) {
      for (const at of this.#points.get(cell) ?? []) count += holds(box, at.x, at.y) ? 1 : 0;
    }
    return count;
  }
}

/** The best of several boxes: free by a margin, covering the fewest points, the earliest; null where none is free. */
export function choose(candidates, taken, room, margin = 1) {
  let best = null;
  candidates.forEach((candidate, order) => {
    if ((room && !within(candidate, room)) || !taken.free(grown(candidate, margin))) return;
    const cost = taken.covers(candidate) + (candidate.cost ?? order * 2.5);
    if (!best || cost < best.cost) best = { box: candidate, cost };
  });
  return best?.box ?? null;
}
