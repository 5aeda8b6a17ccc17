/** Drawings: harness glyphs on a 24 grid, icons on a 16 grid, and the tiles that bear them. */

import { font } from "./theme.js";

/** The ten rays of the burst. */
function rays() {
  const path = new Path2D();
  for (let ray = 0; ray < 10; ray += 1) {
    const angle = (ray * 36 - 90) * (Math.PI / 180);
    const far = ray % 2 ? 7.4 : 9;
    path.moveTo(12 + 2.6 * Math.cos(angle), 12 + 2.6 * Math.sin(angle));
    path.lineTo(12 + far * Math.cos(angle), 12 + far * Math.sin(angle));
  }
  return path;
}

/** Head and shoulders. */
function person() {
  const path = new Path2D("M4.8 20c1-4 3.7-6 7.2-6s6.2 2 7.2 6");
  path.moveTo(15.8, 8.4);
  path.arc(12, 8.4, 3.8, 0, 2 * Math.PI);
  return path;
}

const stroked = (path, width = 1.9, fill = 0) => ({ path, width, fill });
const GLYPHS = {
  claude: stroked(rays(), 2),
  codex: stroked(new Path2D("M12 2.8 20 7.4v9.2l-8 4.6-8-4.6V7.4zM8.6 9.2l2.9 2.8-2.9 2.8M13 15h3.2")),
  opencode: stroked(new Path2D("M9 6 3.4 12 9 18M15 6l5.6 6L15 18")),
  operator: stroked(person()),
  gemini: stroked(new Path2D("M12 2c1 5.6 4.4 9 10 10-5.6 1-9 4.4-10 10-1-5.6-4.4-9-10-10 5.6-1 9-4.4 10-10z"), 0, 1),
  cursor: stroked(new Path2D("M5 3.6 20 11.6l-6.6 1.9L10.2 20z"), 1.9, 0.25),
};
const TINT = 0.15;
const RING = 0.22;

/** A message's bubble and a handoff's arrow, 16 grid. */
export const ICONS = {
  message: new Path2D(
    "M2.3 4.4a2 2 0 0 1 2-2h7.4a2 2 0 0 1 2 2v4.4a2 2 0 0 1-2 2H7.2l-3.1 2.7v-2.7a1.8 1.8 0 0 1-1.8-1.9z"),
  arrow: new Path2D("M5 8h5.6M8.2 5.6 10.6 8l-2.4 2.4"),
  topic: new Path2D("M6.2 2.5 5 13.5M11 2.5 9.8 13.5M2.9 5.8h10.6M2.5 10.2h10.6"),
};

/** Draw an icon of the 16 grid with its centre at x, y. */
export function icon(ctx, path, place, colour, width = 1.5) {
  const scale = place.size / 16;
  ctx.save();
  ctx.translate(place.x - place.size / 2, place.y - place.size / 2);
  ctx.scale(scale, scale);
  Object.assign(ctx, { strokeStyle: colour, lineWidth: width, lineCap: "round", lineJoin: "round" });
  ctx.stroke(path);
  ctx.restore();
}

const ALIASES = { "claude-code": "claude", "gemini-cli": "gemini" };

/** The harness whose sign an agent bears. */
export function signOf(agent) {
  if (agent.kind === "operator") return "operator";
  const harness = (agent.harness || agent.name || "").toLowerCase();
  return ALIASES[harness] ?? harness;
}

/** Draw the sign of a harness in the middle of a square of `size` at 0, 0. */
function drawSign(ctx, sign, size, colour) {
  const glyph = GLYPHS[sign];
  if (!glyph) return drawLetters(ctx, sign, size, colour);
  const scale = (size * 0.56) / 24;
  ctx.translate(size * 0.22, size * 0.22);
  ctx.scale(scale, scale);
  Object.assign(ctx, { fillStyle: colour, strokeStyle: colour, lineCap: "round", lineJoin: "round" });
  if (glyph.fill) {
    ctx.globalAlpha = glyph.fill;
    ctx.fill(glyph.path);
    ctx.globalAlpha = 1;
  }
  ctx.lineWidth = glyph.width;
  if (glyph.width) ctx.stroke(glyph.path);
}

/** Draw the first two letters of a harness without a sign of its own. */
function drawLetters(ctx, sign, size, colour) {
  Object.assign(ctx, { fillStyle: colour, font: font(size * 0.38, 600), textAlign: "center", textBaseline: "middle" });
  ctx.fillText((sign || "?").slice(0, 2), size / 2, size / 2 + size * 0.02);
}

/** Tiles and blank cards, drawn once for each theme. */
export class Sprites {
  #theme;
  #ratio;
  #made = new Map();
  #version = -1;

  /** `ratio` is the number of device pixels to one of the page. */
  constructor(theme, ratio) {
    this.#theme = theme;
    this.#ratio = ratio;
  }

  #get(key, width, height, draw) {
    if (this.#version !== this.#theme.version) this.#made.clear();
    this.#version = this.#theme.version;
    let sprite = this.#made.get(key);
    if (!sprite) {
      sprite = document.createElement("canvas");
      Object.assign(sprite, { width: Math.ceil(width * this.#ratio), height: Math.ceil(height * this.#ratio) });
      const ctx = sprite.getContext("2d");
      ctx.scale(this.#ratio, this.#ratio);
      draw(ctx);
      this.#made.set(key, sprite);
    }
    return sprite;
  }

  /** Draw the tile of an agent's harness, its top left corner at x, y. */
  tile(ctx, agent, x, y, size) {
    const sign = signOf(agent);
    const sprite = this.#get(`tile/${sign}/${size}`, size, size, (to) => this.#drawTile(to, sign, size));
    ctx.drawImage(sprite, x, y, size, size);
  }

  #drawTile(ctx, sign, size) {
    const name = this.#theme.harness(sign);
    const radius = size * 0.3;
    ctx.beginPath();
    ctx.roundRect(0.5, 0.5, size - 1, size - 1, radius);
    ctx.fillStyle = this.#theme.mix(name, "raised", TINT);
    ctx.fill();
    ctx.strokeStyle = this.#theme.color(name, RING);
    ctx.stroke();
    drawSign(ctx, sign, size, this.#theme.color(name));
  }

  /** Draw a blank card with its shadow, its top left corner at x, y. */
  card(ctx, x, y, width, height) {
    const edge = 8;
    const sprite = this.#get(`card/${width}`, width + 2 * edge, height + 2 * edge, (to) => {
      to.beginPath();
      to.roundRect(edge, edge, width, height, 15);
      Object.assign(to, { shadowColor: "rgba(30,20,10,.16)", shadowBlur: 5 * this.#ratio, shadowOffsetY: 1.5 * this.#ratio });
      to.fillStyle = this.#theme.color("raised");
      to.fill();
      to.shadowColor = "transparent";
      to.beginPath();
      to.roundRect(edge + 0.5, edge + 0.5, width - 1, height - 1, 14.5);
      to.strokeStyle = this.#theme.color("line-2");
      to.stroke();
    });
    ctx.drawImage(sprite, x - edge, y - edge, width + 2 * edge, height + 2 * edge);
  }
}
