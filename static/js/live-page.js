/** The Live page: puts graph and track on it, feeds them with the socket's events, and travels in time. */

import { asked } from "./graph/filter.js";
import { createGraph } from "./graph/graph.js";
import { withSeconds } from "./graph/words.js";
import { Dock } from "./track/dock.js";
import { Replay } from "./track/replay.js";
import { sign } from "./track/signs.js";
import { createTrack, readable } from "./track/track.js";

const REFRESH = 30_000;
const HELD = 2000;
const URLS = { state: "/live/state", events: "/live/events", traffic: "/live/traffic" };
const ZOOM = 1.25;

class LivePage {
  #mode = "live";
  #waiting = [];
  #speed = 1;
  #skew = 0;
  #written = 0;

  constructor(host) {
    this.host = host;
    this.track = null;
    this.dock = new Dock();
    const state = JSON.parse(document.getElementById("graph-state").textContent);
    this.#skew = Date.parse(state.now ?? state.at) - Date.now() || 0;
    this.workspace = host.dataset.workspace ?? document.body.dataset.workspace ?? "all";
    this.replay = this.#makeReplay();
    if (state.live === false) Object.assign(this.replay, { at: Date.parse(state.at), since: Date.parse(state.at), cursor: state.cursor });
    this.#mode = state.live === false ? "replay" : "live";
    this.graph = createGraph(host, {
      state, workspace: this.workspace, now: () => this.now(), onSelect: (name) => this.#inspect(name), filter: asked(),
    });
    this.#makeTrack();
    host.nexus = { boxes: () => this.graph.boxes(), stats: () => this.graph.stats(), work: (id) => this.graph.state.work.find((item) => item.handoff === id) };
    this.stop = new AbortController();
    this.#listen();
    this.#show();
    this.read();
    this.#tell();
    this.timer = setInterval(() => this.#minute(), REFRESH);
    this.ticking = setInterval(() => this.#mode === "live" && !document.hidden && this.#show(), 1000);
  }

  /** The instant that is shown. */
  now() {
    return this.#mode === "replay" ? this.replay.at : Date.now() + this.#skew;
  }

  #makeReplay() {
    return new Replay({
      getState: (at) => this.#get("state", { at }),
      getEvents: (after) => this.#get("events", { after, limit: 500 }),
      onState: (state) => this.graph.load(state),
      onEvents: (events) => this.#played(events),
      onTime: () => this.#moved(),
      onEnd: () => this.toLive(),
      onFail: (error) => this.#fail(error),
    });
  }

  #makeTrack() {
    const host = document.getElementById("track");
    if (!host) return;
    this.track = createTrack(host, {
      fetchTraffic: (range) => this.#get("traffic", range ? { from: iso(range.from), to: iso(range.to) } : {}),
      onSeek: (at) => this.seek(at),
      onLive: () => this.toLive(),
      onStep: (by) => this.#step(by),
      onPlay: () => this.play(),
      onPause: () => this.pause(),
      onSpeed: (times) => this.#setSpeed(times),
    });
  }

  async #get(what, query) {
    const url = new URL(this.host.dataset[`${what}Url`] ?? URLS[what], location.href);
    for (const [name, value] of Object.entries({ workspace: this.workspace, ...query })) url.searchParams.set(name, value);
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${url.pathname} answered ${answer.status}`);
    return answer.json();
  }

  #listen() {
    const on = (target, type, act) => target.addEventListener(type, act, { signal: this.stop.signal });
    on(window, "nexus:events", ({ detail }) => this.hear(detail));
    on(window, "popstate", () => this.read());
    on(document, "click", ({ target }) => this.#press(target.closest?.("[data-graph]")));
  }

  #press(button) {
    const acts = {
      fit: () => this.graph.fit(), in: () => this.graph.zoom(ZOOM), out: () => this.graph.zoom(1 / ZOOM),
      pause: () => (this.isPlaying ? this.pause() : this.play()),
    };
    acts[button?.dataset.graph]?.();
  }

  /** Whether anything moves by itself. */
  get isPlaying() {
    return this.#mode === "replay" ? this.replay.playing : this.#mode === "live";
  }

  /** Follow the page's address: filters, selection, instant. */
  read() {
    const query = new URLSearchParams(location.search);
    this.graph.filter(asked());
    const inspected = query.get("inspect") ?? "";
    this.graph.select(/^(@|hnd_|top_)/.test(inspected) ? inspected.replace(/^@/, "") : null);
    const at = query.get("at");
    if (at && Math.abs(Date.parse(at) - this.replay.at) > 1000) this.seek(at);
    else if (!at && this.#mode === "replay") this.toLive();
  }

  /** A frame of the socket: shown at once when live, kept while paused, let go in a replay. */
  hear(frame) {
    const events = frame?.events ?? [];
    if (frame?.resync) return this.#mode === "replay" ? undefined : void this.toLive();
    if (frame?.now) this.#skew = Date.parse(frame.now) - Date.now() || this.#skew;
    if (this.#mode === "live") {
      this.graph.apply(events);
      events.forEach((event) => this.track?.bump(event));
    } else if (this.#mode !== "replay" && this.#waiting.length <= HELD) this.#waiting.push(...events);
  }

  /** Show an earlier instant. */
  seek(at) {
    this.#mode = "replay";
    Object.assign(this.replay, { at: Date.parse(at), since: Date.parse(at) });
    this.graph.pause(false);
    this.graph.captions(true);
    this.#show();
    return this.replay.seek(at);
  }

  /** Show what is now, and what comes. */
  async toLive() {
    this.replay.stop();
    this.#mode = "returning";
    this.#waiting = [];
    this.#write(null);
    try {
      const state = await this.#get("state", {});
      if (this.#mode !== "returning") return;
      this.#mode = "live";
      this.graph.captions(false);
      this.graph.pause(false);
      this.graph.load(state);
      this.#catchUp(state.at);
    } catch (error) {
      this.#fail(error);
      setTimeout(() => this.#mode === "returning" && this.toLive(), 2000);
    }
    this.#show();
    this.#tell();
  }

  /** Apply what came in while a state was fetched. */
  #catchUp(after) {
    const late = this.#waiting.filter((event) => !after || event.at > after);
    this.#waiting = [];
    if (late.length) this.graph.apply(late);
  }

  /** Go on: with the replay, or with what was held back. */
  play() {
    if (this.#mode === "replay") {
      this.replay.speed = this.#speed;
      this.replay.play();
    } else if (this.#waiting.length > HELD) return void this.toLive();
    else {
      this.#mode = "live";
      this.graph.pause(false);
      this.#catchUp(null);
      this.#show();
    }
    return this.#tell();
  }

  /** Hold the picture. */
  pause() {
    if (this.#mode === "replay") this.replay.pause();
    else {
      this.#mode = "paused";
      this.graph.pause(true);
      this.#show();
    }
    this.#tell();
  }

  async #step(by) {
    if (this.#mode !== "replay") {
      if (by > 0) return;
      this.replay.at = this.now();
      this.#mode = "replay";
      this.graph.captions(true);
    }
    await this.replay.step(by);
    this.#tell();
  }

  #setSpeed(times) {
    this.#speed = times;
    this.replay.speed = times;
    this.#tell();
  }

  #played(events) {
    this.graph.apply(events);
    window.dispatchEvent(new CustomEvent("nexus:replayed", { detail: { events, at: iso(this.replay.at) } }));
  }

  #moved() {
    if (this.#mode !== "replay") return;
    this.#show();
    this.#write(iso(this.replay.at));
    this.#tell();
  }

  /** Keep the address of what is shown, not more than twice a second. */
  #write(at) {
    const now = performance.now();
    if (at && this.replay.playing && now - this.#written < 500) return;
    this.#written = now;
    const url = new URL(location.href);
    if (at) url.searchParams.set("at", at.replace(/\.\d+Z$/, "Z"));
    else url.searchParams.delete("at");
    if (url.href !== location.href) history.replaceState(history.state, "", readable(url));
  }

  #show() {
    const replay = this.#mode === "replay";
    if (replay) this.dock.past(iso(this.replay.at));
    else this.dock.now();
    this.host.classList.toggle("is-replay", replay);
    this.track?.show({
      at: this.now(), now: Date.now() + this.#skew, live: !replay, playing: this.isPlaying, since: replay ? this.replay.since : null, speed: this.#speed,
    });
  }

  /** Tell the frame what is shown: the pill, the line beside the title. */
  #tell() {
    const at = this.now();
    const said = `${this.#mode}/${this.#speed}/${this.isPlaying}/${this.#mode === "replay" ? withSeconds(at) : ""}`;
    if (said === this.said) return;
    this.said = said;
    const text = this.#mode === "replay" ? `as it was at ${withSeconds(at)}` : "";
    const detail = { mode: this.#mode === "returning" ? "live" : this.#mode, speed: this.#speed, playing: this.isPlaying, at: iso(at), text };
    sign(detail);
    window.dispatchEvent(new CustomEvent("nexus:mode", { detail }));
  }

  #minute() {
    if (!document.hidden && this.#mode !== "replay") this.track?.refresh();
  }

  #inspect(name) {
    const isOpen = new URLSearchParams(location.search).has("inspect");
    if (!name && !isOpen) return;
    const detail = !name || /^(hnd|top)_/.test(name) ? name : `@${name}`;
    window.dispatchEvent(new CustomEvent("nexus:inspect", { detail }));
  }

  #fail(error) {
    window.dispatchEvent(new CustomEvent("nexus:trouble", { detail: String(error.message ?? error) }));
  }

  /** Take everything back. */
  destroy() {
    clearInterval(this.timer);
    clearInterval(this.ticking);
    this.stop.abort();
    this.replay.stop();
    this.graph.destroy();
    this.track?.destroy();
    this.dock.destroy();
  }
}

const iso = (at) => new Date(at).toISOString();

let page = null;

/** Start on this page, once for each host; leave a host that is gone. */
export function start() {
  const host = document.getElementById("graph");
  if (page && page.host === host) {
    page.read();
    return page;
  }
  page?.destroy();
  page = host && document.getElementById("graph-state") ? new LivePage(host) : null;
  return page;
}

window.addEventListener("nexus:settled", start);
start();
