// The composer of a thread: it posts without leaving the page; the post comes back by the socket, as everybody gets it.

import { show } from "../acts.js";

const DARK = "The server does not answer. What you wrote is still here; try again in a moment.";
const form = () => document.querySelector("form[data-post]");

document.addEventListener("submit", (event) => {
  const sent = event.target.closest("form[data-post]");
  if (!sent || event.submitter?.hasAttribute("data-preview")) return;
  event.preventDefault();
  post(sent, event.submitter);
});

async function post(sent, button) {
  const body = new URLSearchParams(new FormData(sent));
  const said = sent.querySelector(".refusal");
  button?.setAttribute("disabled", "");
  try {
    const answer = await fetch(sent.action, { method: "POST", body, headers: { "HX-Request": "true" } });
    const html = await answer.text();
    if (answer.headers.get("HX-Trigger")?.includes("nexus:acted")) done(sent, html);
    else said.textContent = new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
  } catch {
    said.textContent = DARK;
  } finally {
    button?.removeAttribute("disabled");
  }
}

/** Empty the composer that posted; somebody may be in another thread by now. */
function done(written, html) {
  written.reset();
  written.querySelector(".refusal").textContent = "";
  written.querySelector(".compose-preview").hidden = true;
  written.elements.client_id.value = crypto.getRandomValues(new Uint32Array(4)).join("-");
  answer(null, written);
  show(html);
  if (!written.isConnected) return;
  const box = document.getElementById("thread-scroll");
  box.scrollTop = box.scrollHeight;
  if (document.querySelector("ol.posts").dataset.following === "no") document.getElementById("thread-new").click();
}

/** Let a composer answer a post, or none. */
function answer(link, written = form()) {
  const said = written.querySelector(".thread-answers");
  written.elements.reply_to.value = link?.dataset.reply ?? "";
  said.hidden = !link;
  said.querySelector("b").textContent = link?.dataset.name ?? "";
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-reply]");
  const undo = event.target.closest("[data-unreply]");
  if (!(link || undo) || !form()) return;
  event.preventDefault();
  answer(link);
  form().elements.body.focus();
});

document.addEventListener("keydown", (event) => {
  const typed = event.target.closest?.("form[data-post]");
  if (typed && event.key === "Enter" && (event.ctrlKey || event.metaKey)) typed.requestSubmit(typed.querySelector(".btn-primary"));
});
