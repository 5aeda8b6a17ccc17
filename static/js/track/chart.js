/** The line of the track: bars of traffic, marks above them, times below, and the head. */

import { hourMinute, ms } from "../graph/words.js";
import { svg } from "./svg.js";

const TOP = 14;
const BASE = 40;
const TICKS = 56;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240].map((minutes) => minutes * 60_000);
const TICK_ROOM = 84;

/** Draws a window of traffic into an SVG and knows which instant lies where. */
export class Chart {
  #bars = [];
  #marks = [];

  constructor() {
    this.root = svg("svg", { "aria-hidden": "true", focusable: "false" });
    this.width = 600;
    this.range = { from: 0, to: 1 };
    this.#frame();
  }

  #frame() {
    this.past = svg("rect", { class: "track-past", y: 6, height: BASE - 6, x: 0, width: 0 });
    this.base = svg("line", { class: "track-base", x1: 0, y1: BASE + 0.5, y2: BASE + 0.5 });
    [this.bars, this.marks, this.ticks] = [svg("g"), svg("g"), svg("g")];
    this.knob = svg("circle", { cx: 0, cy: BASE, r: 5 });
    this.head = svg("g", { class: "track-head" }, svg("line", { x1: 0, x2: 0, y1: 4, y2: BASE }), this.knob);
    this.root.append(this.past, this.base, this.bars, this.marks, this.ticks, this.head);
  }

  /** Draw traffic as the server gave it. */
  draw(traffic) {
    this.traffic = traffic;
    this.range = { from: ms(traffic.from), to: ms(traffic.to) };
    this.resize(this.width);
  }

  /** Draw again for another width. */
  resize(width) {
    this.width = Math.max(60, width);
    this.root.setAttribute("viewBox", `0 0 ${this.width} 60`);
    this.base.setAttribute("x2", this.width);
    if (!this.traffic) return;
    this.#drawBars();
    this.#drawMarks();
    this.#drawTicks();
  }

  #drawBars() {
    const { bars } = this.traffic;
    const step = this.width / bars.length;
    const most = Math.max(4, ...bars.map(([speech, work]) => speech + work));
    const high = (count) => (count ? Math.max(1.5, (count / most) * (BASE - TOP)) : 0);
    this.#bars = bars.map(([speech, work], at) => {
      const bar = svg("g");
      const [wide, x] = [Math.max(1, step - (step > 4 ? 1.6 : 0.6)), at * step];
      const [under, over] = [high(speech), high(work)];
      bar.append(svg("rect", { class: "track-speech", x, y: BASE - under - over, width: wide, height: under, rx: 1 }));
      bar.append(svg("rect", { class: "track-work", x, y: BASE - over, width: wide, height: over, rx: over > 3 ? 1 : 0 }));
      return bar;
    });
    this.bars.replaceChildren(...this.#bars);
  }

  #drawMarks() {
    this.#marks = (this.traffic.marks ?? []).map((mark) => {
      const x = this.place(ms(mark.at));
      const drawn = svg("g", { class: `track-mark ${mark.kind}`, transform: `translate(${x} 0)` }, svg("title"));
      drawn.firstChild.textContent = `${hourMinute(ms(mark.at))} ${mark.title ?? mark.kind}`;
      drawn.append(svg("line", { x1: 0, x2: 0, y1: 10, y2: BASE }), shape(mark.kind));
      return { x, drawn };
    });
    this.marks.replaceChildren(...this.#marks.map(({ drawn }) => drawn));
  }

  #drawTicks() {
    const { from, to } = this.range;
    const most = Math.max(2, Math.floor(this.width / TICK_ROOM));
    const step = STEPS.find((each) => (to - from) / each <= most) ?? STEPS.at(-1);
    const ticks = [];
    for (let at = Math.ceil(from / step) * step; at < to; at += step) {
      const x = this.place(at);
      if (x < 18 || x > this.width - 18) continue;
      const tick = svg("text", { class: "track-tick", x, y: TICKS });
      tick.textContent = hourMinute(at);
      ticks.push(tick);
    }
    this.ticks.replaceChildren(...ticks);
  }

  /** Where an instant lies. */
  place(at) {
    const { from, to } = this.range;
    return Math.min(this.width, Math.max(0, ((at - from) / (to - from)) * this.width));
  }

  /** Which instant lies at a pixel. */
  instant(x) {
    const { from, to } = this.range;
    return from + (to - from) * Math.min(1, Math.max(0, x / this.width));
  }

  /** Put the head; what is later is pale, what was replayed since `since` is shaded. */
  point(at, since) {
    const x = this.place(at);
    this.head.setAttribute("transform", `translate(${x} 0)`);
    const step = this.width / Math.max(1, this.#bars.length);
    this.#bars.forEach((bar, index) => bar.classList.toggle("track-future", index * step >= x));
    this.#marks.forEach((mark) => mark.drawn.classList.toggle("track-future", mark.x > x + 1));
    const start = since === null ? x : Math.min(x, this.place(since));
    this.past.setAttribute("x", start);
    this.past.setAttribute("width", Math.max(0, x - start));
  }

  /** Count an event that just happened in the last bar. */
  bump(isWork) {
    const last = this.traffic?.bars.at(-1);
    if (!last) return;
    last[isWork ? 1 : 0] += 1;
    this.#drawBars();
  }
}

/** A red triangle, a green diamond, an amber square. */
function shape(kind) {
  if (kind === "failed") return svg("path", { d: "M0 2 4.6 10H-4.6z", stroke: "none" });
  if (kind === "completed") return svg("path", { d: "M0 1.5 4.5 6 0 10.5-4.5 6z", stroke: "none" });
  return svg("rect", { x: -3.8, y: 2.2, width: 7.6, height: 7.6, rx: 1, stroke: "none" });
}
