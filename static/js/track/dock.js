/** The lists under the graph in a replay: the latest events up to the instant, as the server tells them. */

import { released } from "../press.js";

const PACE = 2000;
const LIST = "ticker";
const PAST = "ticker-past";
const MOVED = ["nexus:swapped", "nexus:settled"];

/** Asks for the list at an instant; while it shows the past, the live socket finds nothing to replace. */
export class Dock {
  #wanted = null;
  #shown = null;
  #running = false;
  #timer = 0;
  #mark = () => {
    const list = this.#list();
    if (list && this.#wanted) list.id = PAST; // also where the page was read again
    document.querySelector(".needs-now")?.toggleAttribute("hidden", list?.id !== PAST);
  };

  /** Begin; what needs the operator is of now, also beside the past, and says so then. */
  constructor() {
    for (const name of MOVED) window.addEventListener(name, this.#mark);
  }

  /** Show what happened up to an instant, at most every two seconds. */
  past(at) {
    const list = this.#list();
    if (!list) return;
    this.#ask(at);
    this.#mark();
  }

  /** Show the latest again. */
  now() {
    if (this.#shown === null && this.#wanted === null) return;
    this.#ask("");
  }

  #list() {
    return document.getElementById(LIST) ?? document.getElementById(PAST);
  }

  #ask(at) {
    if (at === this.#wanted) return;
    this.#wanted = at;
    if (!at) clearTimeout(this.#timer);
    if (!this.#running || !at) this.#fetch();
  }

  async #fetch() {
    this.#running = true;
    const asked = this.#wanted;
    const found = await this.#page(asked).catch(() => null);
    await released();
    if (found) this.#put(found, asked);
    this.#timer = setTimeout(() => {
      this.#running = false;
      if (this.#wanted !== null && this.#wanted !== asked) this.#fetch();
    }, PACE);
  }

  /** The same page at another instant. */
  async #page(at) {
    const url = new URL(location.href);
    url.searchParams.delete("inspect");
    if (at) url.searchParams.set("at", at);
    else url.searchParams.delete("at");
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  }

  #put(found, at) {
    const list = this.#list();
    if (!list || (this.#wanted === "" && at !== "")) return;
    list.replaceChildren(...(found.getElementById(LIST)?.childNodes ?? []));
    list.id = at ? PAST : LIST;
    this.#shown = at || null;
    if (!at && this.#wanted === "") this.#wanted = null;
    window.dispatchEvent(new CustomEvent("nexus:swapped"));
  }

  /** Take everything back. */
  destroy() {
    clearTimeout(this.#timer);
    for (const name of MOVED) window.removeEventListener(name, this.#mark);
  }
}
