/** Plays a stretch of the log: the state at an instant, then event after event, faster than it was. */

import { ms } from "../graph/words.js";

const BEAT = 100;
const LOW = 120;
const QUIET = 1200;
const HURRY = 0.4;
const WINDOWS = [60_000, 600_000, 3_600_000, 6 * 3_600_000];
const PAGES = 20;

/** One replay; `acts`: getState(iso), getEvents(cursor), onState(state), onEvents(events), onTime(at), onEnd(), onFail(error). */
export class Replay {
  #acts;
  #timer = 0;
  #turn = 0;
  #buffer = [];
  #more = true;
  #filling = null;

  constructor(acts) {
    this.#acts = acts;
    Object.assign(this, { at: 0, since: 0, speed: 1, playing: false, cursor: null });
  }

  /** Show the state at an instant. */
  async seek(iso) {
    const turn = (this.#turn += 1);
    const state = await this.#try(() => this.#acts.getState(iso));
    if (!state || turn !== this.#turn) return;
    this.#take(state, ms(iso));
  }

  #take(state, at) {
    Object.assign(this, { at, since: at, cursor: state.cursor });
    this.#buffer = [];
    this.#more = true;
    this.#filling = null;
    this.#acts.onState(state);
    this.#acts.onTime(at);
  }

  /** Go on by itself. */
  play() {
    if (this.playing) return;
    this.playing = true;
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#beat(), BEAT);
    this.#acts.onTime(this.at);
  }

  #last = 0;

  /** Stand still. */
  pause() {
    clearInterval(this.#timer);
    this.playing = false;
    this.#acts.onTime(this.at);
  }

  /** Forget what is under way. */
  stop() {
    this.#turn += 1;
    clearInterval(this.#timer);
    this.playing = false;
  }

  #beat() {
    const now = performance.now();
    const passed = Math.min(1000, now - this.#last);
    this.#last = now;
    if (this.#buffer.length < LOW && this.#more) this.#fill();
    if (!this.#buffer.length && this.#more) return;
    if (!this.#buffer.length) return this.#end();
    this.at += this.#advance(passed);
    this.#release();
    this.#acts.onTime(this.at);
  }

  /** How far to go in a beat; a long silence is passed in a few. */
  #advance(passed) {
    const plain = passed * this.speed;
    const quiet = ms(this.#buffer[0].at) - this.at - QUIET * this.speed;
    return Math.max(plain, quiet * HURRY);
  }

  /** Hand over the events that are due. */
  #release() {
    let count = 0;
    while (count < this.#buffer.length && ms(this.#buffer[count].at) <= this.at) count += 1;
    if (count) this.#hand(this.#buffer.splice(0, count));
  }

  #hand(events) {
    this.cursor = events.at(-1).cursor ?? this.cursor;
    this.#acts.onEvents(events);
  }

  #end() {
    this.stop();
    this.#acts.onEnd();
  }

  /** Fetch the next page, once at a time. */
  #fill() {
    this.#filling ??= this.#fetch(this.#turn).finally(() => (this.#filling = null));
    return this.#filling;
  }

  async #fetch(turn) {
    const after = this.#buffer.at(-1)?.cursor ?? this.cursor;
    const page = await this.#try(() => this.#acts.getEvents(after));
    if (!page || turn !== this.#turn) return;
    this.#buffer.push(...page.events);
    this.#more = page.more;
  }

  /** One event forward or back. */
  async step(by) {
    this.pause();
    if (by < 0) return this.#backward();
    if (!this.#buffer.length && this.#more) await this.#fill();
    const next = this.#buffer.shift();
    if (!next) return this.#end();
    this.at = Math.max(this.at, ms(next.at));
    this.#hand([next]);
    return this.#acts.onTime(this.at);
  }

  /** The state just before the event that was shown last. */
  async #backward() {
    const turn = (this.#turn += 1);
    for (const window of WINDOWS) {
      const found = await this.#try(() => this.#before(this.at, window));
      if (turn !== this.#turn || found === null) return;
      if (found.length) return void this.seek(found[0].at);
    }
    this.seek(new Date(this.at - WINDOWS[0]).toISOString());
  }

  /** The event before the one shown at an instant, looked for in a window of time before it. */
  async #before(at, window) {
    const base = await this.#acts.getState(new Date(at - window).toISOString());
    const before = [];
    let cursor = base.cursor;
    for (let page = 0; page < PAGES; page += 1) {
      const got = await this.#acts.getEvents(cursor);
      const early = got.events.filter((event) => ms(event.at) < at);
      before.push(...early);
      if (early.length < got.events.length || !got.more) break;
      cursor = got.cursor;
    }
    return before.slice(-1);
  }

  async #try(act) {
    try {
      return await act();
    } catch (error) {
      this.#acts.onFail?.(error);
      return null;
    }
  }
}
