// The page Topics: rows follow what is posted; a thread, where one is open, has its own modules.

import { arrivals, isRead } from "./arrivals.js";
import "./thread/thread.js";
import "./thread/map.js";
import "./thread/hits.js";
import "./thread/composer.js";

const KEPT = ["workspace", "state", "name"];
const query = () => new URLSearchParams(location.search);

/** Say whether a topic fits the filter of this page. */
function fits(row) {
  const state = query().get("state") || "open";
  const text = (query().get("name") ?? "").toLowerCase();
  return (state === "all" || state === row.dataset.state) && row.dataset.name.toLowerCase().includes(text);
}

/** Put the topics in the order of their last posts, unless somebody is at the list. */
function order() {
  const list = document.querySelector("#topic-rows[data-following=yes]");
  if (!list || isRead(list, document.querySelector("#fresh-topics"))) return;
  const rows = [...list.children];
  const sorted = [...rows].sort((a, b) => Number(b.dataset.at) - Number(a.dataset.at));
  if (sorted.some((row, place) => row !== rows[place])) list.append(...sorted);
}

/** Mark the topic whose thread is open, and let links of rows that came live keep the filters of this page. */
function dress() {
  const here = document.querySelector(".thread-page")?.dataset.topic;
  for (const link of document.querySelectorAll("#topic-rows a[data-topic]")) {
    const url = new URL(link.href);
    for (const name of KEPT) if (query().get(name)) url.searchParams.set(name, query().get(name));
    link.setAttribute("href", url.pathname + url.search);
    const isHere = link.closest("li").dataset.item === here;
    link.closest("li").classList.toggle("is-here", isHere);
    if (isHere) link.setAttribute("aria-current", "page");
  }
}

arrivals({ list: "#topic-rows", button: "#fresh-topics", one: "new topic", many: "new topics", most: 200, fits });
window.addEventListener("nexus:swapped", order);
window.addEventListener("nexus:swapped", dress);
window.addEventListener("nexus:settled", dress);
dress();

// A click anywhere in a row opens its thread.
document.addEventListener("click", (event) => {
  if (event.target.closest("a, button, summary, form") || getSelection().toString()) return;
  event.target.closest(".topic-row")?.querySelector("a[data-topic]").click();
});
