/** Sparkline and scrubber in one: shows the traffic of a window, and takes the page to any instant of it. */

import { span, withSeconds } from "../graph/words.js";
import { Chart } from "./chart.js";
import { PATHS, html, icon } from "./svg.js";

export const SPEEDS = [1, 2, 5, 10, 25, 50, 100];
const SAID = new Set(["message.created", "topic.posted"]);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PAUSE = 200;
const COPIED = 1600;

/** An address as people read it: colons and at signs need no escape in a query. */
export const readable = (url) => url.href.replaceAll("%3A", ":").replaceAll("%40", "@");

/** Make the track in a host; see `Track` for what the answer can do. */
export const createTrack = (host, options) => new Track(host, options);

class Track {
  #host;
  #acts;
  #shown = { at: Date.now(), live: true, playing: true, since: null, now: Date.now() };
  #dragging = false;
  #wait = 0;
  #asked = 0;

  /** `acts`: fetchTraffic(range|null), onSeek(iso), onLive(), onStep(by), onPlay(), onPause(), onSpeed(times). */
  constructor(host, acts) {
    this.#host = host;
    this.#acts = { onStep: () => {}, onPlay: () => {}, onPause: () => {}, onSpeed: () => {}, ...acts };
    this.chart = new Chart();
    this.#parts();
    this.#listen();
    this.resized = new ResizeObserver(() => this.#fit());
    this.resized.observe(this.line);
    this.refresh();
  }

  #parts() {
    this.play = html("button", { type: "button", class: "track-play" });
    this.speed = html("select", { class: "track-speed", "aria-label": "Replay speed" });
    this.speed.append(...SPEEDS.map((times) => new Option(`${times}x`, times)));
    this.line = html("div", { class: "track-line", role: "slider", tabindex: "0", "aria-label": "Time" }, this.chart.root);
    [this.clock, this.ago] = [html("span", { class: "track-clock" }), html("span", { class: "track-ago" })];
    this.time = html("div", { class: "track-time" }, this.clock, this.ago);
    this.copy = html("button", { type: "button", class: "track-copy", "aria-label": "Copy a link to this instant" }, icon(PATHS.link));
    this.back = html("button", { type: "button", class: "track-back btn btn-primary" }, "Back to live");
    this.voice = html("span", { class: "visually-hidden", role: "status" });
    this.#host.classList.add("track");
    this.#host.replaceChildren(this.play, this.speed, this.line, this.time, this.copy, this.back, this.voice);
  }

  #listen() {
    this.play.addEventListener("click", () => (this.#shown.playing ? this.#acts.onPause() : this.#acts.onPlay()));
    this.speed.addEventListener("change", () => this.#acts.onSpeed(Number(this.speed.value)));
    this.back.addEventListener("click", () => this.#acts.onLive());
    this.copy.addEventListener("click", () => this.#copyLink());
    this.line.addEventListener("keydown", (event) => this.#press(event));
    this.line.addEventListener("pointerdown", (event) => this.#grab(event));
    this.line.addEventListener("pointermove", (event) => this.#dragging && this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.line.addEventListener(end, (event) => this.#drop(event));
  }

  /** Ask for the traffic again; of the whole window or of the hour round an instant. */
  async refresh(range = this.range ?? null) {
    const asked = (this.#asked += 1);
    const traffic = await this.#acts.fetchTraffic(range).catch(() => null);
    if (!traffic || asked !== this.#asked) return;
    this.range = range;
    this.chart.draw(traffic);
    this.#point();
  }

  #fit() {
    this.chart.resize(this.line.clientWidth);
    this.#point();
  }

  /** Show an instant: `{at, live, playing, speed, since, now}`. */
  show(fields) {
    const before = this.#shown.live;
    Object.assign(this.#shown, fields);
    if (fields.speed) this.speed.value = String(fields.speed);
    if (this.#shown.live && !before && this.range) this.refresh(null);
    else if (!this.#shown.live) this.#follow();
    if (!this.#dragging) this.#point();
  }

  /** Let the window hold the instant. */
  #follow() {
    const { at } = this.#shown;
    const { from, to } = this.chart.range;
    if (!this.chart.traffic || (at >= from && at <= to)) return;
    if (this.range && at >= this.range.from && at <= this.range.to) return;
    this.range = { from: at - HOUR / 2, to: Math.min(this.#shown.now, at + HOUR / 2) };
    this.refresh(this.range);
  }

  /** An event just happened. */
  bump(event) {
    const [noun] = event.type.split(".");
    if (this.range || (noun !== "handoff" && !SAID.has(event.type))) return;
    this.chart.bump(noun === "handoff");
    this.#point();
  }

  #point(at = this.#shown.at) {
    const { live, playing, since, now } = this.#shown;
    const ago = live ? "now" : `${span(now - at)} ago`;
    this.chart.point(live ? this.chart.range.to : at, live ? null : since);
    this.clock.textContent = withSeconds(at);
    this.ago.textContent = live && !playing ? "paused" : ago;
    if (!this.#dragging) this.back.hidden = live; // it takes room from the line, which must not shift under a pointer
    this.#host.classList.toggle("is-replay", !live);
    this.#sayPlay(playing, live);
    const { from, to } = this.chart.range;
    const values = { valuemin: 0, valuemax: Math.round((to - from) / 1000), valuenow: Math.round(((live ? to : at) - from) / 1000), valuetext: `${withSeconds(at)}, ${ago}` };
    for (const [name, value] of Object.entries(values)) this.line.setAttribute(`aria-${name}`, value);
  }

  #sayPlay(playing, live) {
    const label = playing ? (live ? "Pause the graph" : "Pause the replay") : live ? "Go on" : "Play";
    if (this.play.getAttribute("aria-label") === label) return;
    this.play.setAttribute("aria-label", label);
    this.play.replaceChildren(playing ? icon(PATHS.pause) : icon(PATHS.play, { class: "full" }));
  }

  #press(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const jumps = { PageDown: -5 * MINUTE, PageUp: 5 * MINUTE };
    const { at } = this.#shown;
    if (by && event.shiftKey) this.#seek(at + by * MINUTE);
    else if (by) this.#acts.onStep(by);
    else if (jumps[event.key]) this.#seek(at + jumps[event.key]);
    else if (event.key === "Home") this.#seek(this.chart.range.from);
    else if (event.key === "End") this.#acts.onLive();
    else if (event.key === " ") this.play.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #seek(at) {
    if (at >= this.#shown.now) return this.#acts.onLive();
    this.#shown.at = at;
    return this.#acts.onSeek(new Date(at).toISOString());
  }

  #instantOf(event) {
    return this.chart.instant(event.clientX - this.line.getBoundingClientRect().left);
  }

  #grab(event) {
    if (event.button) return;
    this.#dragging = true;
    this.line.setPointerCapture(event.pointerId);
    this.line.focus();
    this.#drag(event);
  }

  /** While dragging the head follows at once, the graph a little later. */
  #drag(event) {
    const at = this.#instantOf(event);
    Object.assign(this.#shown, { live: false, since: null });
    this.#point(at);
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => this.#seek(at), PAUSE);
  }

  #drop(event) {
    if (!this.#dragging) return;
    this.#dragging = false;
    clearTimeout(this.#wait);
    const at = this.#instantOf(event);
    this.#point(at);
    if (at >= this.chart.range.to - 1000 && !this.range) this.#acts.onLive();
    else this.#seek(at);
  }

  async #copyLink() {
    const link = new URL(location.href);
    link.searchParams.set("at", new Date(this.#shown.at).toISOString());
    const done = await navigator.clipboard?.writeText(readable(link)).then(() => true, () => false);
    this.voice.textContent = done ? "Link copied" : readable(link);
    if (!done) return;
    this.copy.replaceChildren(icon(PATHS.check));
    setTimeout(() => this.copy.replaceChildren(icon(PATHS.link)), COPIED);
  }

  /** Take everything back. */
  destroy() {
    clearTimeout(this.#wait);
    this.resized.disconnect();
    this.#host.replaceChildren();
  }
}
